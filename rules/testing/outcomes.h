/* rules/testing/outcomes.h - what became of every finding that was told: the ops of a run, or of a findings journal, folded.
 *
 *     op, op, op ... ──> one outcome per finding ──> sorted ──> two of them side by side: more, less, otherwise
 *
 * (1) Findings of two runs are the same one when rule, subject, key, anchor and begin are; labels may differ.
 * (2) A withdrawn one is no finding: it is counted, and compared as if it were not there.
 * Pure.  Owned by one thread.  Floor 2.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_RULES_TESTING_OUTCOMES_H
#define KTG_RULES_TESTING_OUTCOMES_H

#include "rules/engine/engine.h"

struct ktg_outcome {
    uint8_t label[16], anchor[16];
    struct ktg_bytes payload;            /* of the last op */
    struct ktg_bytes rule, subject, key; /* views into it */
    ktg_time from, until;                /* until: KTG_NEVER while open */
    int offset_min;
    uint32_t told, raised; /* ops of all kinds; raises */
    bool withdrawn, unknown;
};

struct ktg_outcomes { /* zeroed at first */
    struct ktg_outcome *list;
    size_t count, cap;
    uint32_t *slots; /* by label: index + 1 */
    size_t slot_count;
};

/* The payload of an op (op.h).  KTG_EINVALID: it is none; KTG_ENOMEM. */
KTG_MUST_CHECK int ktg_outcomes_take(struct ktg_outcomes *o, struct ktg_bytes payload);
/* By rule, subject, key, anchor, begin; nothing may be taken any more. */
void ktg_outcomes_sort(struct ktg_outcomes *o);
void ktg_outcomes_done(struct ktg_outcomes *o);

/* `a` NULL: only in b; `b` NULL: only in a; both: the same finding with another end, level, evidence or values. */
typedef void ktg_outcomes_differ(void *arg, const struct ktg_outcome *a,
                                 const struct ktg_outcome *b);
/* Both sorted.  Findings that began before `since` are left out.  The number that both have. */
size_t ktg_outcomes_compare(const struct ktg_outcomes *a, const struct ktg_outcomes *b,
                            ktg_time since, ktg_outcomes_differ *differ, void *arg);
/* Was it said by a rule that is live?  Else nobody was told. */
bool ktg_outcome_is_live(const struct ktg_outcome *x);
/* The n-th agency that it is told to, IMI first; false: no more. */
bool ktg_outcome_agency(const struct ktg_outcome *x, size_t n, struct ktg_bytes *ret_agency);

#endif
