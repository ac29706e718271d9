/* rules/scope.h - what the names of a rule's texts mean, and of what type they are.
 *
 * Lookup order (LANGUAGE.md section 6): bound names (step aliases, `each`, deadline, subject, now, count), then fields of the
 * event at hand, then `with`, then `let`.  A `with` or `let` is compiled when its name is first met.
 * Private to rules/.  Floor 2.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_RULES_SCOPE_H
#define KTG_RULES_SCOPE_H

#include "rules/model.h"

struct ktg_scope {
    struct ktg_load *l;
    struct ktg_rule *r;
    const struct ktg_row *own;              /* the event at hand, or NULL */
    struct ktg_bytes own_alias, own_alias2; /* its names, beside its bare fields */
    size_t tuple;                           /* steps whose aliases are bound: [0, tuple) */
    int own_step; /* the event at hand is this step of the tuple, else -1 */
    bool deadline, each, count;
    bool aside; /* inside a state form: nothing that only a finding has */
    bool
        alone; /* nothing but the fields of the event at hand: what can be said of it without knowing whose it is */
    bool decimals;
    bool
        keeps_age; /* the result is for people, or goes on with its type: it may say how old somebody is */
    bool *tuple_read; /* set when something of the finding is read; may be NULL */
    const struct ktg_phrase *text;
    const char *hint; /* behind a message about the text; NULL: none */
};

/* Compile one text; NULL (with a message) when it is wrong.  `want`: a bit per ktg_cel_kind that is welcome (DYN always). */
const struct ktg_cel *ktg_scope_compile(struct ktg_scope *s, const struct ktg_phrase *text,
                                        uint32_t want, const char *what);
struct ktg_cel_type ktg_row_field(const struct ktg_row *row, struct ktg_bytes name,
                                  struct ktg_arena *arena, bool *ret_found);
void ktg_with_compile(struct ktg_load *l, struct ktg_rule *r, struct ktg_with *w);
void ktg_let_compile(struct ktg_load *l, struct ktg_rule *r, struct ktg_let *t);

#define KTG_WANT(kind) (1u << (kind))

#endif
