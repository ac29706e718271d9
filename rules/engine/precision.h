/* rules/engine/precision.h - how often a rule was right, of the last so many times that somebody judged it.
 *
 *     version | oldest  w w r w ... w r w  newest        at most `dispositions` of them, of one text of the rule
 *
 * (1) The first that another text earns begins the row anew.
 * (2) Below the floor: there are as many as are asked for, and right / of < percent / 100.  Exactly at it is enough.
 * Pure.  Floor 2.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_RULES_ENGINE_PRECISION_H
#define KTG_RULES_ENGINE_PRECISION_H

#include "rules/ruleset.h"
#include "runtime/buf.h"

struct ktg_precision {
    uint32_t right, of;
};
struct ktg_floor {
    uint32_t percent, dispositions; /* one of them 0: nobody is judged */
};
#define KTG_PRECISION_MOST 10000 /* dispositions that may be asked for; more counts as so many */

/* By the settings `precision.floor` and `precision.dispositions`. */
struct ktg_floor ktg_floor_of(const struct ktg_ruleset *rs);
/* One more, at the end of the row; *ret_p is of the row as it is then.  KTG_ENOMEM; KTG_ECORRUPT: it is no row. */
KTG_MUST_CHECK int ktg_precision_add(struct ktg_buf *row, const uint8_t version[static 16],
                                     bool right, const struct ktg_floor *floor,
                                     struct ktg_precision *ret_p);
bool ktg_precision_is_below(struct ktg_precision p, const struct ktg_floor *floor);

#endif
