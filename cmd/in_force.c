/* cmd/in_force.c - see in_force.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cmd/in_force.h"

#include <stdio.h>

#include "cmd/shipped.h"

int ktg_in_force_texts(struct ktg_call *call, const struct ktg_settings *s, struct ktg_files *files)
{
    struct ktg_installation_texts texts;
    ktg_installation_texts(s, &texts);
    return ktg_shipped_gather(&texts.choice, files, &call->err);
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
