/* rules/cel/known.c - what can be said of a text when of some names alone it is known what they are worth.
 *
 *     permit.class == "ITAS" && days > 60       permit is null, days may be anything:  never met
 *     size(near) > 0                            near is [], whatever h is:             never met
 *     permit == null || days > 60               the same:                              may be met
 *
 * A value is KNOWN if it is the same for everything that the other names may be worth; then it is what evaluation gives
 * with ABSENT in their place, because CEL's && and || absorb an error as they would absorb any value.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "rules/cel/plan.h"

typedef enum ktg_cel_shade shade;

struct looking {
    const struct ktg_cel *plan;
    shade (*of_slot)(void *arg, int slot);
    struct ktg_cel_env *env;
    uint8_t *said; /* by node: 1 + its shade, 0: not looked at yet */
};

static shade shade_of(const struct looking *l, uint32_t at);

static uint32_t operand(const struct looking *l, const struct ktg_cel_node *n, uint32_t i)
{
    return l->plan->kids[n->first + i];
}

static struct ktg_cel_value value_of(const struct looking *l, uint32_t at)
{
    struct ktg_cel part = *l->plan;
    part.root = at;
    return ktg_cel_eval(&part, l->env);
}

/* A KNOWN value that is not `true` is never met either. */
static shade weaker(const struct looking *l, uint32_t at)
{
    shade s = shade_of(l, at);
    return s == KTG_CEL_KNOWN && !ktg_cel_is_true(value_of(l, at)) ? KTG_CEL_NEVER : s;
}

static bool is_known(const struct looking *l, uint32_t at)
{
    return shade_of(l, at) == KTG_CEL_KNOWN;
}

static bool all_known(const struct looking *l, const struct ktg_cel_node *n)
{
    for (uint32_t i = 0; i < n->count; i++)
        if (!is_known(l, operand(l, n, i)))
            return false;
    return true;
}

/* && (deciding: false) and || (true): a KNOWN deciding value decides; what is never met leaves && never met, and || if
 * that is so of all. */
static shade chain(const struct looking *l, const struct ktg_cel_node *n, bool deciding)
{
    uint32_t known = 0, never = 0;
    for (uint32_t i = 0; i < n->count; i++) {
        uint32_t at = operand(l, n, i);
        if (is_known(l, at)) {
            struct ktg_cel_value v = value_of(l, at);
            if (v.kind == KTG_CEL_BOOL && v.b == deciding)
                return KTG_CEL_KNOWN;
            known++;
        }
        never += weaker(l, at) == KTG_CEL_NEVER;
    }
    if (known == n->count)
        return KTG_CEL_KNOWN;
    return (deciding ? never == n->count : never > 0) ? KTG_CEL_NEVER : KTG_CEL_UNKNOWN;
}

static shade conditional(const struct looking *l, const struct ktg_cel_node *n)
{
    uint32_t c = operand(l, n, 0);
    if (is_known(l, c)) {
        struct ktg_cel_value v = value_of(l, c);
        return v.kind == KTG_CEL_BOOL ? shade_of(l, operand(l, n, v.b ? 1 : 2)) : KTG_CEL_KNOWN;
    }
    bool never = weaker(l, operand(l, n, 1)) == KTG_CEL_NEVER &&
                 weaker(l, operand(l, n, 2)) == KTG_CEL_NEVER;
    return never ? KTG_CEL_NEVER : KTG_CEL_UNKNOWN;
}

static shade with_default(const struct looking *l, const struct ktg_cel_node *n)
{
    uint32_t at = operand(l, n, 0);
    if (!is_known(l, at))
        return KTG_CEL_UNKNOWN;
    struct ktg_cel_value v = value_of(l, at);
    bool nothing = v.kind == KTG_CEL_ABSENT || v.kind == KTG_CEL_NULL;
    return nothing ? shade_of(l, operand(l, n, 1)) : KTG_CEL_KNOWN;
}

/* Operators that give ABSENT as soon as one operand is. */
static shade strict(const struct looking *l, const struct ktg_cel_node *n)
{
    for (uint32_t i = 0; i < n->count; i++) {
        uint32_t at = operand(l, n, i);
        if (is_known(l, at) && value_of(l, at).kind == KTG_CEL_ABSENT)
            return KTG_CEL_KNOWN;
    }
    return all_known(l, n) ? KTG_CEL_KNOWN : KTG_CEL_UNKNOWN;
}

/* Nothing is gone through, so the body does not matter. */
static shade macro(const struct looking *l, const struct ktg_cel_node *n)
{
    uint32_t in = operand(l, n, 0);
    if (!is_known(l, in))
        return KTG_CEL_UNKNOWN;
    struct ktg_cel_value v = value_of(l, in);
    bool some = (v.kind == KTG_CEL_LIST && v.list.count) || v.kind == KTG_CEL_MAP;
    return some ? KTG_CEL_UNKNOWN : KTG_CEL_KNOWN;
}

/* Functions may read the clock, unless they are folded; of an empty list none makes anything of it. */
static shade called(const struct looking *l, const struct ktg_cel_node *n)
{
    bool timeless = strchr(n->fn->style, 'c') != NULL;
    if (!all_known(l, n))
        return KTG_CEL_UNKNOWN;
    for (uint32_t i = 0; i < n->count && !timeless; i++) {
        struct ktg_cel_value v = value_of(l, operand(l, n, i));
        timeless = !ktg_cel_letter_takes(ktg_cel_fn_letter(n->fn, i), v.kind) ||
                   (v.kind == KTG_CEL_LIST && !v.list.count);
    }
    return timeless ? KTG_CEL_KNOWN : KTG_CEL_UNKNOWN;
}

static shade look_at(const struct looking *l, const struct ktg_cel_node *n)
{
    switch (n->op) {
    case KTG_CEL_OP_LIT:
        return KTG_CEL_KNOWN;
    case KTG_CEL_OP_SLOT:
        return l->of_slot(l->env->arg, n->slot);
    case KTG_CEL_OP_AND:
    case KTG_CEL_OP_OR:
        return chain(l, n, n->op == KTG_CEL_OP_OR);
    case KTG_CEL_OP_COND:
        return conditional(l, n);
    case KTG_CEL_OP_DEFAULT:
        return with_default(l, n);
    case KTG_CEL_OP_SELECT:
    case KTG_CEL_OP_INDEX:
    case KTG_CEL_OP_NEG:
    case KTG_CEL_OP_EQ:
    case KTG_CEL_OP_NE:
    case KTG_CEL_OP_LT:
    case KTG_CEL_OP_LE:
    case KTG_CEL_OP_GT:
    case KTG_CEL_OP_GE:
    case KTG_CEL_OP_IN:
    case KTG_CEL_OP_ADD:
    case KTG_CEL_OP_SUB:
    case KTG_CEL_OP_MUL:
    case KTG_CEL_OP_DIV:
    case KTG_CEL_OP_MOD:
        return strict(l, n);
    case KTG_CEL_OP_HAS:
    case KTG_CEL_OP_NOT:
    case KTG_CEL_OP_SETTING:
    case KTG_CEL_OP_LIST:
    case KTG_CEL_OP_MAP:
        return all_known(l, n) ? KTG_CEL_KNOWN : KTG_CEL_UNKNOWN;
    case KTG_CEL_OP_CALL:
        return called(l, n);
    case KTG_CEL_OP_ALL:
    case KTG_CEL_OP_EXISTS:
    case KTG_CEL_OP_ONE:
    case KTG_CEL_OP_FILTER:
    case KTG_CEL_OP_MAP_TO:
    case KTG_CEL_OP_MAP_IF:
        return macro(l, n);
    default: /* variables of macros; lists, which may be dated; patterns */
        return KTG_CEL_UNKNOWN;
    }
}

static shade shade_of(const struct looking *l, uint32_t at)
{
    if (!l->said[at] && !ktg_cel_spend(l->env, 1))
        return KTG_CEL_UNKNOWN;
    if (!l->said[at])
        l->said[at] = (uint8_t)(1 + look_at(l, &l->plan->nodes[at]));
    return (shade)(l->said[at] - 1);
}

enum ktg_cel_shade ktg_cel_shade_of(const struct ktg_cel *plan,
                                    enum ktg_cel_shade (*of_slot)(void *arg, int slot),
                                    struct ktg_cel_env *env)
{
    struct looking l = {plan, of_slot, env, ktg_cel_memory(env, plan->root + 1, 1)};
    if (!l.said)
        return KTG_CEL_UNKNOWN;
    memset(l.said, 0, plan->root + 1);
    shade s = weaker(&l, plan->root);
    if (!env->steps)
        return KTG_CEL_UNKNOWN;
    return s == KTG_CEL_NEVER && is_known(&l, plan->root) ? KTG_CEL_KNOWN : s;
}
