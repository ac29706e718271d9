/* rules/cel/eval.c - plan and environment to value.
 *
 * Every node costs a step, whatever is gone through or copied costs more; when the steps are used up the whole value is
 * ABSENT, so that no `!has(x)` turns an exhausted budget into true.  Recursion follows the plan: at most KTG_CEL_DEPTH.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "rules/cel/match.h"
#include "rules/cel/plan.h"

struct run {
    struct ktg_cel_env *env;
    const struct ktg_cel *plan;
    struct ktg_cel_value locals[KTG_CEL_DEPTH];
};

typedef struct ktg_cel_value value;

static value eval(struct run *r, uint32_t at);

static value operand(struct run *r, const struct ktg_cel_node *n, uint32_t i)
{
    return eval(r, r->plan->kids[n->first + i]);
}

static bool is_nothing(const value *v)
{
    return v->kind == KTG_CEL_ABSENT || v->kind == KTG_CEL_NULL;
}

/* What the environment answers is taken only inside the calendar, and what lasts only as long as that; and while there is
 * room for what it made on the way. */
static value taken(struct ktg_cel_env *env, value v)
{
    if (env->used_most && env->arena->used > env->used_most) {
        env->steps = 0;
        return ktg_cel_absent();
    }
    if (v.kind == KTG_CEL_DURATION)
        return ktg_cel_duration(v.i);
    if (v.kind == KTG_CEL_TIMESTAMP)
        return ktg_cel_timestamp(v.i, v.offset_min);
    return v.kind == KTG_CEL_DATE ? ktg_cel_date(v.i) : v;
}

/* && and ||: one `deciding` value decides, else anything that is no bool makes the whole ABSENT. */
static value chain(struct run *r, const struct ktg_cel_node *n, bool deciding)
{
    bool sure = true;
    for (uint32_t i = 0; i < n->count; i++) {
        value v = operand(r, n, i);
        if (v.kind != KTG_CEL_BOOL)
            sure = false;
        else if (v.b == deciding)
            return v;
    }
    return sure ? ktg_cel_bool(!deciding) : ktg_cel_absent();
}

static value conditional(struct run *r, const struct ktg_cel_node *n)
{
    value c = operand(r, n, 0);
    if (c.kind != KTG_CEL_BOOL)
        return ktg_cel_absent();
    return operand(r, n, c.b ? 1 : 2);
}

static value compared(struct run *r, const struct ktg_cel_node *n)
{
    value a = operand(r, n, 0), b = operand(r, n, 1);
    bool equality = n->op == KTG_CEL_OP_EQ || n->op == KTG_CEL_OP_NE;
    if (a.kind == KTG_CEL_ABSENT || b.kind == KTG_CEL_ABSENT)
        return ktg_cel_absent();
    if (equality && (a.kind == KTG_CEL_NULL || b.kind == KTG_CEL_NULL))
        return ktg_cel_bool((a.kind == b.kind) == (n->op == KTG_CEL_OP_EQ));
    if (a.kind != b.kind)
        return ktg_cel_absent();
    if (!equality && (a.kind > KTG_CEL_DATE || a.kind < KTG_CEL_BOOL))
        return ktg_cel_absent();
    if (a.kind == KTG_CEL_LIST && !ktg_cel_spend(r->env, a.list.count))
        return ktg_cel_absent();
    int c = ktg_cel_compare(&a, &b);
    switch (n->op) {
    case KTG_CEL_OP_EQ:
        return ktg_cel_bool(c == 0);
    case KTG_CEL_OP_NE:
        return ktg_cel_bool(c != 0);
    case KTG_CEL_OP_LT:
        return ktg_cel_bool(c < 0);
    case KTG_CEL_OP_LE:
        return ktg_cel_bool(c <= 0);
    case KTG_CEL_OP_GT:
        return ktg_cel_bool(c > 0);
    default:
        return ktg_cel_bool(c >= 0);
    }
}

static value is_in(struct run *r, const struct ktg_cel_node *n)
{
    value x = operand(r, n, 0), in = operand(r, n, 1);
    const value *items = in.kind == KTG_CEL_MAP ? in.map.keys : in.list.items;
    size_t count = in.kind == KTG_CEL_MAP ? in.map.count : in.list.count;
    if (is_nothing(&x) || (in.kind != KTG_CEL_LIST && in.kind != KTG_CEL_MAP) ||
        !ktg_cel_spend(r->env, count / 4))
        return ktg_cel_absent();
    for (size_t i = 0; i < count; i++) /* elements of other kinds are not equal */
        if (ktg_cel_compare(&x, &items[i]) == 0)
            return ktg_cel_bool(true);
    return ktg_cel_bool(false);
}

static value is_in_named(struct run *r, const struct ktg_cel_node *n)
{
    value x = operand(r, n, 0);
    if (x.kind == KTG_CEL_OBJECT)
        x = ktg_cel_text_of(r->env, &x); /* a document by its id */
    if (x.kind != KTG_CEL_STRING || !r->env->list_has)
        return ktg_cel_absent();
    return ktg_cel_bool(r->env->list_has(r->env->arg, n->name, x.s, r->env->now));
}

static value setting(struct run *r, const struct ktg_cel_node *n)
{
    value fallback = operand(r, n, 0);
    value v = r->env->setting ? r->env->setting(r->env->arg, n->name) : ktg_cel_absent();
    if (is_nothing(&v))
        return fallback;
    return is_nothing(&fallback)
               ? v
               : taken(r->env,
                       ktg_cel_as(v, fallback.kind)); /* a setting that does not fit is no value */
}

static value joined(struct run *r, const value *a, const value *b)
{
    size_t size = a->s.size + b->s.size;
    uint8_t *to = size <= KTG_CEL_STRING_MAX ? ktg_cel_memory(r->env, size, 1) : NULL;
    if (!to)
        return ktg_cel_absent();
    if (a->s.size)
        memcpy(to, a->s.data, a->s.size);
    if (b->s.size)
        memcpy(to + a->s.size, b->s.data, b->s.size);
    return ktg_cel_string(ktg_bytes(to, size));
}

static value concatenated(struct run *r, const value *a, const value *b)
{
    size_t count = a->list.count + b->list.count;
    value *to = ktg_cel_memory(r->env, count + 1, sizeof *to);
    if (!to)
        return ktg_cel_absent();
    if (a->list.count)
        memcpy(to, a->list.items, a->list.count * sizeof *to);
    if (b->list.count)
        memcpy(to + a->list.count, b->list.items, b->list.count * sizeof *to);
    return ktg_cel_list_of(to, count);
}

/* A date or instant moved by a duration; a date only by whole days. */
static value moved(const value *t, int64_t ms)
{
    int64_t sum;
    if (t->kind == KTG_CEL_TIMESTAMP)
        return __builtin_add_overflow(t->i, ms, &sum) ? ktg_cel_absent()
                                                      : ktg_cel_timestamp(sum, t->offset_min);
    if (ms % KTG_DAY_MS)
        return ktg_cel_absent();
    return __builtin_add_overflow(t->i, ms / KTG_DAY_MS, &sum) ? ktg_cel_absent()
                                                               : ktg_cel_date(sum);
}

static value added(struct run *r, const value *a, const value *b)
{
    value v = *a;
    bool a_time = a->kind == KTG_CEL_TIMESTAMP || a->kind == KTG_CEL_DATE;
    bool b_time = b->kind == KTG_CEL_TIMESTAMP || b->kind == KTG_CEL_DATE;
    if (a_time && b->kind == KTG_CEL_DURATION)
        return moved(a, b->i);
    if (b_time && a->kind == KTG_CEL_DURATION)
        return moved(b, a->i);
    if (a->kind != b->kind)
        return ktg_cel_absent();
    switch (a->kind) {
    case KTG_CEL_INT:
        return __builtin_add_overflow(a->i, b->i, &v.i) ? ktg_cel_absent() : v;
    case KTG_CEL_DURATION:
        return __builtin_add_overflow(a->i, b->i, &v.i) ? ktg_cel_absent() : ktg_cel_duration(v.i);
    case KTG_CEL_STRING:
        return joined(r, a, b);
    case KTG_CEL_LIST:
        return concatenated(r, a, b);
    default:
        return ktg_cel_absent();
    }
}

static value subtracted(const value *a, const value *b)
{
    value v = *a;
    bool time = a->kind == KTG_CEL_TIMESTAMP || a->kind == KTG_CEL_DATE;
    if (time && b->kind == KTG_CEL_DURATION)
        return b->i == INT64_MIN ? ktg_cel_absent() : moved(a, -b->i);
    if (a->kind != b->kind)
        return ktg_cel_absent();
    switch (a->kind) {
    case KTG_CEL_INT:
        return __builtin_sub_overflow(a->i, b->i, &v.i) ? ktg_cel_absent() : v;
    case KTG_CEL_DURATION:
    case KTG_CEL_TIMESTAMP:
        return __builtin_sub_overflow(a->i, b->i, &v.i) ? ktg_cel_absent() : ktg_cel_duration(v.i);
    default:
        return ktg_cel_absent();
    }
}

static value arithmetic(struct run *r, const struct ktg_cel_node *n)
{
    value a = operand(r, n, 0), b = operand(r, n, 1);
    int64_t product;
    if (n->op == KTG_CEL_OP_ADD)
        return added(r, &a, &b);
    if (n->op == KTG_CEL_OP_SUB)
        return subtracted(&a, &b);
    if (a.kind != KTG_CEL_INT || b.kind != KTG_CEL_INT)
        return ktg_cel_absent();
    if (n->op == KTG_CEL_OP_MUL)
        return __builtin_mul_overflow(a.i, b.i, &product) ? ktg_cel_absent() : ktg_cel_int(product);
    if (b.i == 0 || (a.i == INT64_MIN && b.i == -1))
        return ktg_cel_absent();
    return ktg_cel_int(n->op == KTG_CEL_OP_DIV ? a.i / b.i : a.i % b.i);
}

static value indexed(struct run *r, const struct ktg_cel_node *n)
{
    value in = operand(r, n, 0), at = operand(r, n, 1);
    if (in.kind == KTG_CEL_LIST && at.kind == KTG_CEL_INT && at.i >= 0 &&
        (uint64_t)at.i < in.list.count)
        return in.list.items[at.i];
    if (in.kind == KTG_CEL_MAP && !is_nothing(&at) && ktg_cel_spend(r->env, in.map.count / 4))
        for (size_t i = 0; i < in.map.count; i++)
            if (ktg_cel_compare(&in.map.keys[i], &at) == 0)
                return in.map.values[i];
    return ktg_cel_absent();
}

static value list_made(struct run *r, const struct ktg_cel_node *n)
{
    value *items = ktg_cel_memory(r->env, n->count + 1, sizeof *items);
    if (!items)
        return ktg_cel_absent();
    for (uint32_t i = 0; i < n->count; i++) {
        items[i] = operand(r, n, i);
        if (items[i].kind == KTG_CEL_ABSENT)
            return ktg_cel_absent();
    }
    return ktg_cel_list_of(items, n->count);
}

/* Kept in order of the keys, so that equal maps compare equal. */
static value map_made(struct run *r, const struct ktg_cel_node *n)
{
    size_t pairs = n->count / 2, count = 0;
    value *keys = ktg_cel_memory(r->env, (size_t)n->count + 2, sizeof *keys);
    if (!keys)
        return ktg_cel_absent();
    value *values = keys + pairs;
    for (uint32_t i = 0; i < n->count; i += 2) {
        value k = operand(r, n, i), v = operand(r, n, i + 1);
        if (v.kind == KTG_CEL_ABSENT ||
            (k.kind != KTG_CEL_STRING && k.kind != KTG_CEL_INT && k.kind != KTG_CEL_BOOL))
            return ktg_cel_absent();
        size_t at = count;
        while (at > 0 && ktg_cel_compare(&keys[at - 1], &k) > 0)
            at--;
        if ((at > 0 && ktg_cel_compare(&keys[at - 1], &k) == 0) ||
            !ktg_cel_spend(r->env, count - at))
            return ktg_cel_absent(); /* a key twice */
        memmove(keys + at + 1, keys + at, (count - at) * sizeof *keys);
        memmove(values + at + 1, values + at, (count - at) * sizeof *values);
        keys[at] = k;
        values[at] = v;
        count++;
    }
    return (value){.kind = KTG_CEL_MAP, .map = {keys, values, count}};
}

static value called(struct run *r, const struct ktg_cel_node *n)
{
    value few[3],
        *args = n->count <= KTG_COUNT(few) ? few : ktg_cel_memory(r->env, n->count, sizeof *args);
    if (!args)
        return ktg_cel_absent();
    for (uint32_t i = 0; i < n->count; i++) {
        args[i] = operand(r, n, i);
        if (!ktg_cel_letter_takes(ktg_cel_fn_letter(n->fn, i), args[i].kind))
            return ktg_cel_absent();
    }
    return n->fn->eval(r->env, args, n->count);
}

static value matched(struct run *r, const struct ktg_cel_node *n)
{
    value s = operand(r, n, 0);
    if (s.kind != KTG_CEL_STRING || !ktg_cel_spend(r->env, ktg_cel_match_cost(n->match, s.s)))
        return ktg_cel_absent();
    return ktg_cel_bool(ktg_cel_match_run(n->match, s.s));
}

/* all, exists, exists_one: errors are absorbed by the deciding value, and never by exists_one. */
static value quantified(struct run *r, const struct ktg_cel_node *n, const value *items,
                        size_t count)
{
    bool deciding = n->op == KTG_CEL_OP_EXISTS, sure = true;
    size_t hits = 0;
    for (size_t i = 0; i < count; i++) {
        r->locals[n->local] = items[i];
        value v = operand(r, n, 1);
        if (r->env->steps == 0)
            return ktg_cel_absent();
        if (v.kind != KTG_CEL_BOOL)
            sure = false;
        else if (n->op == KTG_CEL_OP_ONE)
            hits += v.b;
        else if (v.b == deciding)
            return v;
    }
    if (!sure)
        return ktg_cel_absent();
    return ktg_cel_bool(n->op == KTG_CEL_OP_ONE ? hits == 1 : !deciding);
}

/* filter, map: an element whose condition or value is ABSENT makes the whole ABSENT, as in CEL. */
static value mapped(struct run *r, const struct ktg_cel_node *n, const value *items, size_t count)
{
    bool conditional_too = n->op != KTG_CEL_OP_MAP_TO;
    size_t kept = 0;
    value *to = ktg_cel_memory(r->env, count + 1, sizeof *to);
    if (!to)
        return ktg_cel_absent();
    for (size_t i = 0; i < count; i++) {
        r->locals[n->local] = items[i];
        if (conditional_too) {
            value c = operand(r, n, 1);
            if (c.kind != KTG_CEL_BOOL)
                return ktg_cel_absent();
            if (!c.b)
                continue;
        }
        to[kept] = n->op == KTG_CEL_OP_FILTER ? items[i] : operand(r, n, conditional_too ? 2 : 1);
        if (to[kept++].kind == KTG_CEL_ABSENT)
            return ktg_cel_absent();
    }
    return ktg_cel_list_of(to, kept);
}

static value macro(struct run *r, const struct ktg_cel_node *n)
{
    value in = operand(r, n, 0);
    const value *items = in.kind == KTG_CEL_MAP ? in.map.keys : in.list.items;
    size_t count = in.kind == KTG_CEL_MAP ? in.map.count : in.list.count;
    if (in.kind != KTG_CEL_LIST && in.kind != KTG_CEL_MAP)
        return ktg_cel_absent();
    if (n->op == KTG_CEL_OP_FILTER || n->op == KTG_CEL_OP_MAP_TO || n->op == KTG_CEL_OP_MAP_IF)
        return mapped(r, n, items, count);
    return quantified(r, n, items, count);
}

static value one_operand(struct run *r, const struct ktg_cel_node *n)
{
    value v = operand(r, n, 0);
    switch (n->op) {
    case KTG_CEL_OP_SELECT:
        return taken(r->env, ktg_cel_select(r->env, &v, n->name));
    case KTG_CEL_OP_HAS:
        return ktg_cel_bool(!is_nothing(&v));
    case KTG_CEL_OP_DEFAULT:
        return is_nothing(&v) ? operand(r, n, 1) : v;
    case KTG_CEL_OP_NOT:
        return v.kind == KTG_CEL_BOOL ? ktg_cel_bool(!v.b) : ktg_cel_absent();
    default: /* NEG */
        return v.kind == KTG_CEL_INT && v.i != INT64_MIN ? ktg_cel_int(-v.i) : ktg_cel_absent();
    }
}

static value eval(struct run *r, uint32_t at)
{
    const struct ktg_cel_node *n = &r->plan->nodes[at];
    if (!ktg_cel_spend(r->env, 1))
        return ktg_cel_absent();
    switch (n->op) {
    case KTG_CEL_OP_LIT:
        return n->value;
    case KTG_CEL_OP_SLOT:
        return r->env->slot ? taken(r->env, r->env->slot(r->env->arg, n->slot)) : ktg_cel_absent();
    case KTG_CEL_OP_LOCAL:
        return r->locals[n->local];
    case KTG_CEL_OP_SELECT:
    case KTG_CEL_OP_HAS:
    case KTG_CEL_OP_DEFAULT:
    case KTG_CEL_OP_NOT:
    case KTG_CEL_OP_NEG:
        return one_operand(r, n);
    case KTG_CEL_OP_AND:
    case KTG_CEL_OP_OR:
        return chain(r, n, n->op == KTG_CEL_OP_OR);
    case KTG_CEL_OP_COND:
        return conditional(r, n);
    case KTG_CEL_OP_EQ:
    case KTG_CEL_OP_NE:
    case KTG_CEL_OP_LT:
    case KTG_CEL_OP_LE:
    case KTG_CEL_OP_GT:
    case KTG_CEL_OP_GE:
        return compared(r, n);
    case KTG_CEL_OP_IN:
        return is_in(r, n);
    case KTG_CEL_OP_IN_NAMED:
        return is_in_named(r, n);
    case KTG_CEL_OP_NAMED:
        return r->env->list ? r->env->list(r->env->arg, n->name) : ktg_cel_absent();
    case KTG_CEL_OP_SETTING:
        return setting(r, n);
    case KTG_CEL_OP_ADD:
    case KTG_CEL_OP_SUB:
    case KTG_CEL_OP_MUL:
    case KTG_CEL_OP_DIV:
    case KTG_CEL_OP_MOD:
        return arithmetic(r, n);
    case KTG_CEL_OP_INDEX:
        return indexed(r, n);
    case KTG_CEL_OP_LIST:
        return list_made(r, n);
    case KTG_CEL_OP_MAP:
        return map_made(r, n);
    case KTG_CEL_OP_CALL:
        return called(r, n);
    case KTG_CEL_OP_MATCHES:
        return matched(r, n);
    default:
        return macro(r, n);
    }
}

struct ktg_cel_value ktg_cel_eval(const struct ktg_cel *plan, struct ktg_cel_env *env)
{
    struct run r; /* locals are written before they are read */
    r.env = env;
    r.plan = plan;
    value v = eval(&r, plan->root);
    return env->steps ? v : ktg_cel_absent();
}

struct ktg_cel_value ktg_cel_eval_side(const struct ktg_cel *plan, uint32_t side,
                                       struct ktg_cel_env *env)
{
    const struct ktg_cel_node *n = &plan->nodes[plan->root];
    if (side >= n->count)
        return n->op == KTG_CEL_OP_IN_NAMED ? ktg_cel_string(n->name) : ktg_cel_absent();
    struct ktg_cel part = *plan;
    part.root = plan->kids[n->first + side];
    return ktg_cel_eval(&part, env);
}
