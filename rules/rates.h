/* rules/rates.h - how much there usually is on a subject's timeline: the figures behind estimates of state.
 *
 *     events of a country ──> engine/census.h ──> rates.yaml ──> estimate.h
 *
 *     kinds:
 *       person:
 *         subjects: 4210                        with any entry at all
 *         entries:
 *           border.crossing: {mean: [0.9, 1.2], p99: [2, 4]}
 *                                    └ of windows: [1, 7] days
 *
 * (1) A figure is of the most entries of that name that lie on one subject's timeline within so many days; mean and 99th percentile
 *     are over all subjects of the kind, those that have none included, so means of several names may be added.
 * (2) A name is a step as rules write it: TYPE, TYPE(ROLE) or finding.RULE.
 * (3) Between two windows the longer one counts; beyond the longest, entries go on in proportion: who left is then
 *     counted as if they had stayed, never the other way.
 * (4) Nothing here is in an answer or in the hash of a rule set.
 * Pure.  Floor 2.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_RULES_RATES_H
#define KTG_RULES_RATES_H

#include "runtime/bytes.h"
#include "runtime/clock.h"
#include "runtime/err.h"

#define KTG_RATES_WINDOWS 8                          /* at most */
#define KTG_YEAR_MS       (365 * (ktg_time)86400000) /* what stands for the whole of a history */

struct ktg_amount { /* 0 to KTG_AMOUNT_MOST */
    int64_t mean;   /* thousandths */
    int64_t p99;    /* thousandths, too: beyond the longest window it is no whole number */
};
#define KTG_AMOUNT_MOST INT64_C(100000000000) /* more is not told apart */
static inline void ktg_amount_add(struct ktg_amount *to, struct ktg_amount x)
{
    to->mean = to->mean + x.mean < KTG_AMOUNT_MOST ? to->mean + x.mean : KTG_AMOUNT_MOST;
    to->p99 = to->p99 + x.p99 < KTG_AMOUNT_MOST ? to->p99 + x.p99 : KTG_AMOUNT_MOST;
}

struct ktg_rates;

/* `name` begins every message.  KTG_EINVALID names the place; KTG_ENOMEM. */
KTG_MUST_CHECK int ktg_rates_parse(struct ktg_bytes text, const char *name,
                                   struct ktg_rates **ret_r, struct ktg_err *err);
struct ktg_rates *ktg_rates_free(struct ktg_rates *r);

/* Entries of `name` about a subject of the kind within `back` ms (1 at least).  False: nobody was seen to have any, of whatever kind; what is
 * seen of other kinds alone is 0 of this one. */
bool ktg_rates_entries(const struct ktg_rates *r, const char *kind, const char *name, ktg_time back,
                       struct ktg_amount *ret_x);
/* Bytes of a subject's name, the mean, thousandths; 0: no subject of the kind was seen. */
int64_t ktg_rates_name_bytes(const struct ktg_rates *r, const char *kind);
struct ktg_amount ktg_rates_finding_bytes(const struct ktg_rates *r);

#endif
