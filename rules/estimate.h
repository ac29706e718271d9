/* rules/estimate.h - what a rule may be expected to find on one subject's timeline, and to take of its budget.
 *
 *     steps of the rule ──> names, each within the rule's reach ─┐
 *     rates.h ───────────────────────────────────────────────────┴──> entries ──> steps of an answer
 *
 *     entries = sum over the names that the rule reads of  rate(kind, name, reach of that name)
 *
 * (1) The reach is the one by which the engine leaves out old entries (answer.h); where it has no bound, or entries of some name are
 *     read whatever their age, that is the whole history: it grows, and what is told of it is one year of it.
 * (2) Conditions are not counted: an entry lies there and is looked at whether or not it is an entry ("direction == ...").  The
 *     99th percentiles are added as if one subject had them all.  Both make the figure too large, never too small.
 * (3) What the engine makes up while it answers (heartbeats of a source, that a rule is suspended) lies on no timeline.
 * (4) Steps of an answer: each entry of a year asks every condition once, and each state form looks at what lies in its window then, four
 *     entries a step; each later step of a sequence is asked of what lies behind each anchor.  The whole history is answered whenever
 *     the text of a rule changes, whatever its reach.  Window expiries, values and the company of a `together` are not in it.
 * docs/adr/0024-state-estimate.md has the reasons.  Bytes: rules/engine/weight.h.
 * Pure.  Floor 2.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_RULES_ESTIMATE_H
#define KTG_RULES_ESTIMATE_H

#include "rules/rates.h"
#include "rules/ruleset.h"

#define KTG_ESTIMATE_UNKNOWN 96 /* bytes of the names that have no rate */

struct ktg_estimate {
    const char *kind;          /* its name */
    bool whole;                /* something is read whatever its age */
    ktg_time back;             /* ms; of what is not */
    struct ktg_amount entries; /* within `back`, and within a year where `whole` */
    struct ktg_amount posted;  /* of these, findings of other rules */
    struct ktg_amount
        year; /* all that lies there after a year, however little of it is read again */
    int64_t
        steps; /* of an answer about the 99th percentile that reads this year: an upper bound (4) */
    int64_t budget; /* steps that one answer may take */
    char unknown
        [KTG_ESTIMATE_UNKNOWN]; /* names that nobody was seen to have, "a, b, ..."; "": all have a rate */
};

/* `kind` is one of the rule's. */
void ktg_estimate(const struct ktg_rule *r, int kind, const struct ktg_rates *rates,
                  struct ktg_estimate *ret_e);

#endif
