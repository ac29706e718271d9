/* rules/forms/aggregate.h - forms that are a state over a window: `count`, `score`, `together`.
 *
 *     the rule's key ──load──> a state form of its own (rule->withs[rule->counted])     hits, window, edges, evidence
 *                                   │ value as of a bound
 *                                   v
 *     crosses: is the threshold met?        values: what conditions, titles and readers of the finding see
 *
 * (1) Stretches, anchors and expiries are those of forms/state.c; an aggregate only says when it holds and what it is worth.
 * (2) A value may be seen in one way by conditions and travel in another: flags are findings, and travel as names of rules.
 * One file and one row of the table in form.c each.
 * Floor 2, private to rules/.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_RULES_FORMS_AGGREGATE_H
#define KTG_RULES_FORMS_AGGREGATE_H

#include "rules/answer_impl.h"

enum { KTG_VALUES_MOST = 3, KTG_SHOWN_MOST = 3 };

struct ktg_form_value {
    const char *name;
    /* as conditions see it; NULL: as it travels */
    struct ktg_cel_type (*type)(const struct ktg_rule *r);
    struct ktg_cel_type travels;
};

struct ktg_shown { /* one condition of an explanation */
    bool met;
    struct ktg_bytes text;
    struct ktg_buf value; /* the caller's: ktg_buf_done() */
    char want[48];
};

struct ktg_aggregate {
    struct ktg_form_value values[KTG_VALUES_MOST]; /* by name, ended by one without */
    bool (*crosses)(const struct ktg_frame *f);
    struct ktg_cel_value (*value)(const struct ktg_frame *f, size_t which);
    /* as it travels; NULL: the same */
    struct ktg_cel_value (*travels)(const struct ktg_frame *f, size_t which);
    size_t (*shows)(const struct ktg_frame *f, struct ktg_shown to[KTG_SHOWN_MOST]);
};

extern const struct ktg_aggregate ktg_aggregate_count, ktg_aggregate_score, ktg_aggregate_together;

/* Of a rule: how many values its form gives; 0 without an aggregate. */
size_t ktg_form_value_count(const struct ktg_rule *r);
/* The value of that name; -1: none. */
int ktg_form_value_find(const struct ktg_rule *r, struct ktg_bytes name);
/* The value of the aggregate's own state form as of the frame. */
struct ktg_cel_value ktg_aggregate_value(const struct ktg_frame *f);

#endif
