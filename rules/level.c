/* rules/level.c - see level.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "rules/level.h"

const char *const ktg_level_names[] = {"informational", "low", "medium", "high", "critical", NULL};

const char *ktg_level_name(int level)
{
    return ktg_level_names[level < 0 ? 0 : level > KTG_LEVEL_MOST ? KTG_LEVEL_MOST : level];
}

int ktg_level_of(struct ktg_bytes name, int32_t *ret_level)
{
    for (int32_t i = 0; i <= KTG_LEVEL_MOST; i++)
        if (ktg_bytes_is(name, ktg_level_names[i])) {
            *ret_level = i;
            return KTG_OK;
        }
    return KTG_EINVALID;
}
