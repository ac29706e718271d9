/* rules/cel/functions_set.c - lists as sets, least and greatest, exact shares and deviations.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdlib.h>

#include "rules/cel/functions.h"

struct ktg_cel_value ktg_cel_fn_size_of(KTG_CEL_ARGS)
{
    (void)count;
    if (args[0].kind == KTG_CEL_LIST)
        return ktg_cel_int((int64_t)args[0].list.count);
    if (args[0].kind == KTG_CEL_MAP)
        return ktg_cel_int((int64_t)args[0].map.count);
    int64_t n = 0;
    if (!ktg_cel_spend(env, args[0].s.size / 16))
        return ktg_cel_absent();
    for (size_t i = 0; i < args[0].s.size; i++)
        n += (args[0].s.data[i] & 0xc0) != 0x80;
    return ktg_cel_int(n);
}

struct ktg_cel_value ktg_cel_fn_percent(KTG_CEL_ARGS)
{
    (void)env, (void)count;
    __int128 a = (__int128)args[0].i * 100, b = args[1].i;
    if (b <= 0)
        return ktg_cel_absent();
    __int128 q = a / b - (a % b < 0);
    return q > INT64_MAX || q < INT64_MIN ? ktg_cel_absent() : ktg_cel_int((int64_t)q);
}

/* a * b of non-negative numbers below 2^126; false: it would not fit. */
static bool times(unsigned __int128 a, unsigned __int128 b, unsigned __int128 *ret)
{
    const unsigned __int128 most = (unsigned __int128)1 << 126;
    if (b && a > most / b)
        return false;
    *ret = a * b;
    return true;
}

/* x > mean + k sigma over n windows with sum S and sum of squares Q:
 * n x - S > 0 and (n x - S)^2 > k^2 (n Q - S^2).  Exact; ABSENT when it does not fit into 126 bits. */
struct ktg_cel_value ktg_cel_fn_above(KTG_CEL_ARGS)
{
    (void)count;
    struct ktg_cel_value n = ktg_cel_select(env, &args[1], KTG_LIT("n"));
    struct ktg_cel_value sum = ktg_cel_select(env, &args[1], KTG_LIT("sum"));
    struct ktg_cel_value squares = ktg_cel_select(env, &args[1], KTG_LIT("squares"));
    int64_t x = args[0].i, k = args[2].i;
    if (n.kind != KTG_CEL_INT || sum.kind != KTG_CEL_INT || squares.kind != KTG_CEL_INT ||
        n.i < 1 || squares.i < 0 || k < 0)
        return ktg_cel_absent();
    __int128 over = (__int128)n.i * x - sum.i;
    if (over <= 0)
        return ktg_cel_bool(false);
    __int128 spread = (__int128)n.i * squares.i - (__int128)sum.i * sum.i;
    unsigned __int128 left, right;
    if (spread < 0) /* no such numbers exist */
        return ktg_cel_absent();
    if (!times((unsigned __int128)over, (unsigned __int128)over, &left) ||
        !times((unsigned __int128)k, (unsigned __int128)k, &right) ||
        !times(right, (unsigned __int128)spread, &right))
        return ktg_cel_absent();
    return ktg_cel_bool(left > right);
}

static struct ktg_cel_value extreme(const struct ktg_cel_value *args, size_t count, int sign)
{
    if (count == 1 && args[0].kind == KTG_CEL_LIST) {
        count = args[0].list.count;
        args = args[0].list.items;
    }
    if (count == 0)
        return ktg_cel_absent();
    const struct ktg_cel_value *best = &args[0];
    for (size_t i = 0; i < count; i++) {
        bool ordered = args[i].kind == KTG_CEL_INT || args[i].kind == KTG_CEL_DURATION ||
                       args[i].kind == KTG_CEL_TIMESTAMP || args[i].kind == KTG_CEL_DATE ||
                       args[i].kind == KTG_CEL_STRING;
        if (!ordered || args[i].kind != best->kind)
            return ktg_cel_absent();
        if (ktg_cel_compare(&args[i], best) * sign > 0)
            best = &args[i];
    }
    return *best;
}

struct ktg_cel_value ktg_cel_fn_least_of(KTG_CEL_ARGS)
{
    (void)env;
    return extreme(args, count, -1);
}

struct ktg_cel_value ktg_cel_fn_greatest_of(KTG_CEL_ARGS)
{
    (void)env;
    return extreme(args, count, 1);
}

struct ktg_cel_value ktg_cel_fn_first_of(KTG_CEL_ARGS)
{
    (void)env, (void)count;
    return args[0].list.count ? args[0].list.items[0] : ktg_cel_absent();
}

struct ktg_cel_value ktg_cel_fn_last_of(KTG_CEL_ARGS)
{
    (void)env, (void)count;
    return args[0].list.count ? args[0].list.items[args[0].list.count - 1] : ktg_cel_absent();
}

struct numbered { /* an element and where it stood */
    const struct ktg_cel_value *v;
    size_t at;
};

static int by_value(const void *a, const void *b)
{
    const struct numbered *x = a, *y = b;
    int c = ktg_cel_compare(x->v, y->v);
    return c ? c : (x->at > y->at) - (x->at < y->at);
}

/* The elements sorted by value, equal ones by place. */
static struct numbered *sorted(struct ktg_cel_env *env, const struct ktg_cel_value *list)
{
    struct numbered *to = ktg_cel_memory(env, list->list.count + 1, sizeof *to);
    if (!to || !ktg_cel_spend(env, list->list.count * 4))
        return NULL;
    for (size_t i = 0; i < list->list.count; i++)
        to[i] = (struct numbered){&list->list.items[i], i};
    qsort(to, list->list.count, sizeof *to, by_value);
    return to;
}

static bool holds(const struct numbered *set, size_t count, const struct ktg_cel_value *v)
{
    size_t low = 0, high = count;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        int c = ktg_cel_compare(set[mid].v, v);
        if (c == 0)
            return true;
        if (c < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return false;
}

/* The elements of `list` that are in `within` (NULL: all), each once, by first appearance. */
static struct ktg_cel_value distinct(struct ktg_cel_env *env, const struct ktg_cel_value *list,
                                     const struct ktg_cel_value *within)
{
    size_t n = list->list.count, kept = 0;
    struct numbered *order = sorted(env, list), *set = within ? sorted(env, within) : NULL;
    bool *first = ktg_cel_memory(env, n + 1, sizeof *first);
    struct ktg_cel_value *to = ktg_cel_memory(env, n + 1, sizeof *to);
    if (!order || (within && !set) || !first || !to)
        return ktg_cel_absent();
    for (size_t i = 0; i < n; i++)
        first[order[i].at] = (i == 0 || ktg_cel_compare(order[i - 1].v, order[i].v)) &&
                             (!within || holds(set, within->list.count, order[i].v));
    for (size_t i = 0; i < n; i++)
        if (first[i])
            to[kept++] = list->list.items[i];
    return ktg_cel_list_of(to, kept);
}

struct ktg_cel_value ktg_cel_fn_unique(KTG_CEL_ARGS)
{
    (void)count;
    return distinct(env, &args[0], NULL);
}

struct ktg_cel_value ktg_cel_fn_common(KTG_CEL_ARGS)
{
    (void)count;
    return distinct(env, &args[0], &args[1]);
}

struct ktg_cel_value ktg_cel_fn_flatten(KTG_CEL_ARGS)
{
    (void)count;
    size_t n = 0, at = 0;
    for (size_t i = 0; i < args[0].list.count; i++)
        n += args[0].list.items[i].kind == KTG_CEL_LIST ? args[0].list.items[i].list.count : 1;
    struct ktg_cel_value *to = ktg_cel_memory(env, n + 1, sizeof *to);
    if (!to)
        return ktg_cel_absent();
    for (size_t i = 0; i < args[0].list.count; i++) {
        const struct ktg_cel_value *v = &args[0].list.items[i];
        if (v->kind != KTG_CEL_LIST)
            to[at++] = *v;
        for (size_t j = 0; v->kind == KTG_CEL_LIST && j < v->list.count; j++)
            to[at++] = v->list.items[j];
    }
    return ktg_cel_list_of(to, n);
}

static struct ktg_cel_value pair(struct ktg_cel_env *env, struct ktg_bytes a, struct ktg_bytes b)
{
    uint8_t *to = ktg_cel_memory(env, a.size + b.size + 1, 1);
    if (!to)
        return ktg_cel_absent();
    if (a.size)
        memcpy(to, a.data, a.size);
    to[a.size] = '+';
    if (b.size)
        memcpy(to + a.size + 1, b.data, b.size);
    return ktg_cel_string(ktg_bytes(to, a.size + b.size + 1));
}

struct ktg_cel_value ktg_cel_fn_pairs(KTG_CEL_ARGS)
{
    (void)count;
    struct ktg_cel_value set = distinct(env, &args[0], NULL);
    struct numbered *order = set.kind == KTG_CEL_LIST ? sorted(env, &set) : NULL;
    size_t n = order ? set.list.count : 0, at = 0;
    struct ktg_cel_value *to = n < 65536 ? ktg_cel_memory(env, n * n / 2 + 1, sizeof *to) : NULL;
    if (!order || !to)
        return ktg_cel_absent();
    for (size_t i = 0; i < n; i++) {
        if (order[i].v->kind != KTG_CEL_STRING)
            return ktg_cel_absent();
        for (size_t j = i + 1; j < n; j++) {
            if (order[j].v->kind != KTG_CEL_STRING)
                return ktg_cel_absent();
            to[at] = pair(env, order[i].v->s, order[j].v->s);
            if (to[at++].kind == KTG_CEL_ABSENT)
                return ktg_cel_absent();
        }
    }
    return ktg_cel_list_of(to, at);
}

struct ktg_cel_value ktg_cel_fn_disjoint(KTG_CEL_ARGS)
{
    (void)count;
    size_t n = args[0].list.count;
    int64_t kept = 0;
    struct numbered **taken = ktg_cel_memory(env, n + 1, sizeof(struct numbered *));
    size_t *sizes = ktg_cel_memory(env, n + 1, sizeof *sizes);
    for (size_t i = 0; i < n; i++) {
        const struct ktg_cel_value *list = &args[0].list.items[i];
        if (!taken || !sizes || list->kind != KTG_CEL_LIST)
            return ktg_cel_absent();
        bool shares = list->list.count == 0;
        for (size_t k = 0; k < list->list.count && !shares; k++)
            for (size_t t = 0; t < (size_t)kept && !shares; t++) {
                if (!ktg_cel_spend(env, 1))
                    return ktg_cel_absent();
                shares = holds(taken[t], sizes[t], &list->list.items[k]);
            }
        if (shares)
            continue;
        taken[kept] = sorted(env, list);
        sizes[kept] = list->list.count;
        if (!taken[kept++])
            return ktg_cel_absent();
    }
    return ktg_cel_int(kept);
}
