/* brokers/ingest/away.c - see away.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "brokers/ingest/away.h"

void ktg_away_begin(struct ktg_away *a, ktg_time since)
{
    *a = (struct ktg_away){since, since, true};
}

bool ktg_away_look(struct ktg_away *a, bool listening, ktg_time now, ktg_time *ret_from)
{
    if (a->since == KTG_NEVER) {
        if (!listening)
            *a = (struct ktg_away){now, now, false};
        return false;
    }
    bool rest = listening && a->told > a->since; /* of what was said before */
    if (now - a->told >= (rest || a->starts ? 1 : KTG_AWAY_STEP)) {
        *ret_from = a->since;
        return true;
    }
    if (listening)
        a->since = KTG_NEVER;
    return false;
}

void ktg_away_told(struct ktg_away *a, bool listening, ktg_time now)
{
    a->told = now;
    a->starts = false;
    if (listening)
        a->since = KTG_NEVER;
}
