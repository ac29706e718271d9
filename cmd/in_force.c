/* cmd/in_force.c - see in_force.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cmd/in_force.h"

#include <stdio.h>

#include "cmd/texts.h"
#include "rules/ruleset.h"

static int put_bundle(struct ktg_files *files, struct ktg_bytes bundle, struct ktg_err *err)
{
    const struct ktg_file *texts = NULL;
    size_t count = 0;
    int rc = ktg_bundle_decode(bundle, &files->arena, &texts, &count, err);
    for (size_t i = 0; !rc && i < count; i++) {
        char *name =
            ktg_arena_strndup(&files->arena, (const char *)texts[i].name.data, texts[i].name.size);
        rc = name ? ktg_files_put(files, name, texts[i].text, err) : KTG_ENOMEM;
    }
    return rc;
}

int ktg_in_force_texts(struct ktg_call *call, const struct ktg_settings *s, struct ktg_files *files)
{
    struct ktg_buf bundle = KTG_BUF_INIT;
    uint64_t position;
    int rc = ktg_texts_in_force(s, &bundle, &position, &call->err);
    if (!rc)
        rc = put_bundle(files, ktg_buf_view(&bundle), &call->err);
    else if (rc == KTG_ENOTFOUND)
        rc = ktg_texts_gather(s, KTG_BYTES_NONE, files, &call->err);
    ktg_buf_done(&bundle);
    return rc;
}

const char *ktg_in_force_folder(const struct ktg_call *call, const struct ktg_settings *s,
                                const char *option, const char *name,
                                char room[static KTG_IN_FORCE_PATH])
{
    const char *given = ktg_call_text(call, option);
    if (given)
        return given;
    snprintf(room, KTG_IN_FORCE_PATH, "%s/%s", ktg_settings_text(s, KTG_SET_PATHS_DATA), name);
    return room;
}
