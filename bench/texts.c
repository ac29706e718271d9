/* bench/texts.c - see texts.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bench/texts.h"

#include <string.h>

#include "cmd/shipped.h"
#include "rules/ruleset.h"

enum { MOST_FOLDERS = 8 };

int ktg_texts_open(const char *rules, struct ktg_texts *ret_t, struct ktg_err *err)
{
    const char *folders[MOST_FOLDERS];
    char *words = rules ? ktg_strdup(rules) : NULL, *rest = words;
    struct ktg_shipped_choice choice = {.rules = folders};
    *ret_t = (struct ktg_texts){0};
    if (rules && !words)
        return KTG_ENOMEM;
    while (rest && *rest && choice.rule_count < MOST_FOLDERS)
        folders[choice.rule_count++] = strsep(&rest, ",");
    int rc = ktg_shipped_gather(&choice, &ret_t->files, err);
    if (!rc)
        rc = ktg_shipped_catalogue(ret_t->files.at, ret_t->files.count, &ret_t->catalogue, err);
    if (!rc)
        rc = ktg_bundle_encode(ret_t->files.at, ret_t->files.count, &ret_t->bundle);
    ktg_free(words);
    return rc;
}

void ktg_texts_done(struct ktg_texts *t)
{
    ktg_catalogue_free(t->catalogue);
    ktg_files_done(&t->files);
    ktg_buf_done(&t->bundle);
    *t = (struct ktg_texts){0};
}
