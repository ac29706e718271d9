/* runtime/trouble.c - see trouble.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "runtime/trouble.h"

bool ktg_trouble_say(struct ktg_trouble *t, int64_t now)
{
    now = now ? now : 1;
    if (t->since && now - t->said < KTG_TROUBLE_MS)
        return false;
    t->since = t->since ? t->since : now;
    t->said = now;
    return true;
}

bool ktg_trouble_over(struct ktg_trouble *t)
{
    bool was = t->since != 0;
    *t = (struct ktg_trouble){0};
    return was;
}

int64_t ktg_trouble_seconds(const struct ktg_trouble *t, int64_t now)
{
    return !t->since ? 0 : now - t->since < 1000 ? 1 : (now - t->since) / 1000;
}
