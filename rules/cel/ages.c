/* rules/cel/ages.c - an age is not set against another (DOMAIN.md 0.6): what says how old somebody is keeps a mark on its type.
 *
 *     field `rules: apart`, age() ──> age ──lists, maps, ?:, default, functions──> age ──< 18, == 3──> bool, no mark
 *                                      └──< another age, or a value of a macro──> refused
 *
 * (1) Whatever is made of a marked value is marked, but for a bool.  A list or map is marked when something in it is.
 * (2) Two marked values never meet in one operation; nor does a function look through a list of them (style x).
 * (3) Identity rules compare what they read, and the marks go on with their findings.
 * (4) A marked value does not meet the variable of a macro: [10, 20].exists(t, x < t && y > t) would find the gap.
 * What is left to an author is a line for each age that he writes out.
 * Pure.  Floor 2.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "rules/cel/plan.h"

bool ktg_cel_says_age(const struct ktg_cel_type *t)
{
    return t && (t->age || ktg_cel_says_age(t->elem));
}

bool ktg_cel_holds_loop(const struct ktg_cel_type *t)
{
    return t && (t->loop || ktg_cel_holds_loop(t->elem));
}

int ktg_cel_check_ages(struct ktg_cel_checking *c, const struct ktg_cel_tree *t,
                       const struct ktg_cel_type *a, const struct ktg_cel_type *b)
{
    if (c->scope->identity_rule) /* the same person or another: that is what they ask */
        return KTG_OK;
    bool age_a = ktg_cel_says_age(a), age_b = ktg_cel_says_age(b);
    if (age_a && age_b)
        return ktg_cel_fail(c->source, t->start, c->err,
                            "two ages cannot be set against each other");
    if ((age_a && ktg_cel_holds_loop(b)) || (age_b && ktg_cel_holds_loop(a)))
        return ktg_cel_fail(c->source, t->start, c->err,
                            "an age can be compared with what is written down or set, not with one "
                            "value after the other");
    return KTG_OK;
}
