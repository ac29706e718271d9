/* rules/states/asof.h - the state forms of LANGUAGE.md section 5: what a `with` name is worth as of a bound.
 *
 * A form is one file in this folder and one row of the table in asof.c.  Its life in one answer:
 *
 *     prepare   once: which entries match (each at its own x⁻, so it does not depend on the bound), keys, intervals
 *     value     as of a bound
 *     evidence  the entries behind the value as of a bound
 *     instants  when the value can change by time alone: window expiries, interval starts and ends
 *
 * Floor 2, private to rules/.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_RULES_STATES_ASOF_H
#define KTG_RULES_STATES_ASOF_H

#include "rules/answer_impl.h"

enum ktg_asof_key { KTG_KEY_NONE, KTG_KEY_MAY, KTG_KEY_OF }; /* (KEY) none, optional, "(EXPR) of" */

struct ktg_asof_form {
    const char *name, *usage, *help;
    enum ktg_asof_key key;
    bool window, intervals;
    bool by_step; /* without an event that matches its step it is worth null, 0 or the empty list */
    bool one_each; /* an event adds one to the value at most (a list of values in its EXPR more) */
    bool
        spends; /* `value` takes of the budget what it looks at; else the table does, for all events */
    bool nested; /* FORM(W, H) of distinct(EXPR) of STEP */
    /* A form of its own grammar: what stands behind the bracket; false: a message was written.  NULL: a step. */
    bool (*parse)(struct ktg_load *l, struct ktg_rule *r, struct ktg_with *w,
                  const struct ktg_phrase *rest);
    void (*compile)(struct ktg_load *l, struct ktg_rule *r,
                    struct ktg_with *w); /* together with parse */
    /* The static type of the name; w->elem is the type of one element. */
    struct ktg_cel_type (*type)(const struct ktg_with *w);
    void (*prepare)(struct ktg_answer *a, const struct ktg_with *w, struct ktg_asof *s);
    struct ktg_cel_value (*value)(struct ktg_answer *a, const struct ktg_with *w,
                                  struct ktg_asof *s, struct ktg_bound b);
    /* How many elements the value has, asked for bounds that mostly go forward: what a threshold needs. NULL: as `value`. */
    int64_t (*size)(struct ktg_answer *a, const struct ktg_with *w, struct ktg_asof *s,
                    struct ktg_bound b);
    void (*evidence)(struct ktg_answer *a, const struct ktg_with *w, struct ktg_asof *s,
                     struct ktg_bound b, struct ktg_evidence *to);
    /* Beside window expiries and interval edges, when the value changes by itself (`open` as in ktg_asof_edges). */
    void (*instants)(struct ktg_answer *a, const struct ktg_with *w, const struct ktg_asof *s,
                     void (*f)(void *arg, ktg_time t, const struct ktg_item *open), void *arg);
};

const struct ktg_asof_form *ktg_asof_form_find(struct ktg_bytes name); /* NULL: none */
void ktg_asof_form_names(char *to, size_t size);                       /* "last, first, ..." */
const struct ktg_asof_form *ktg_asof_form_at(size_t i);                /* NULL after the last */

/* Helpers that several forms share (asof.c). */
struct ktg_cel_value ktg_asof_list(struct ktg_cel_value *items, size_t count);
size_t ktg_asof_last_by_key(struct ktg_answer *a, struct ktg_asof *s, size_t lo, size_t hi,
                            const struct ktg_item **to);
/* May intervals be looked for from the end?  All that open before one that began before t have ended at t then. */
bool ktg_asof_in_order(const struct ktg_with *w);
/* How many of them have begun as of b. */
size_t ktg_asof_begun(const struct ktg_asof *s, struct ktg_bound b);
/* open.c: the intervals that hold as of b, one per key when keyed (the latest), in order of opening. */
size_t ktg_asof_holding(struct ktg_answer *a, const struct ktg_with *w, struct ktg_asof *s,
                        struct ktg_bound b, const struct ktg_interval **to);

extern const struct ktg_asof_form ktg_asof_last, ktg_asof_first, ktg_asof_all, ktg_asof_count,
    ktg_asof_sum, ktg_asof_distinct, ktg_asof_open, ktg_asof_spans, ktg_asof_baseline,
    ktg_asof_like;
/* of forms, not for `with`: rules/forms/ */
extern const struct ktg_asof_form ktg_asof_score, ktg_asof_together;

#endif
