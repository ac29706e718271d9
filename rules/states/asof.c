/* rules/states/asof.c - the table of state forms, and the work that several of them share.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "rules/states/asof.h"

#include <stdio.h>

static const struct ktg_asof_form *const forms[] = {
    &ktg_asof_last,     &ktg_asof_first, &ktg_asof_all,   &ktg_asof_count,    &ktg_asof_sum,
    &ktg_asof_distinct, &ktg_asof_open,  &ktg_asof_spans, &ktg_asof_baseline, &ktg_asof_like,
};

const struct ktg_asof_form *ktg_asof_form_at(size_t i)
{
    return i < KTG_COUNT(forms) ? forms[i] : NULL;
}

const struct ktg_asof_form *ktg_asof_form_find(struct ktg_bytes name)
{
    for (size_t i = 0; i < KTG_COUNT(forms); i++)
        if (ktg_bytes_is(name, forms[i]->name))
            return forms[i];
    return NULL;
}

void ktg_asof_form_names(char *to, size_t size)
{
    size_t n = 0;
    for (size_t i = 0; i < KTG_COUNT(forms) && n < size; i++)
        n += (size_t)snprintf(to + n, size - n, "%s%s", i ? ", " : "", forms[i]->name);
}

/* ---- interning ---- */

static uint64_t hash_value(const struct ktg_cel_value *v)
{
    switch (v->kind) {
    case KTG_CEL_STRING:
        return ktg_hash64(v->s.data, v->s.size, 1);
    case KTG_CEL_BOOL:
        return v->b ? 3 : 2;
    case KTG_CEL_INT:
    case KTG_CEL_DURATION:
    case KTG_CEL_TIMESTAMP:
    case KTG_CEL_DATE:
        return ktg_hash64(&v->i, sizeof v->i, (uint64_t)v->kind);
    default:
        return (uint64_t)v->kind * 31; /* rare: compared one by one */
    }
}

static bool same(const struct ktg_cel_value *a, const struct ktg_cel_value *b)
{
    return a->kind == b->kind && ktg_cel_compare(a, b) == 0;
}

static bool rehash(struct ktg_answer *a, struct ktg_intern *t)
{
    size_t n = t->slot_count ? t->slot_count * 2 : 16;
    uint32_t *slots = ktg_answer_alloc(a, sizeof *slots * n);
    if (!slots)
        return false;
    for (size_t i = 0; i < t->count; i++) {
        size_t at = hash_value(&t->values[i]) & (n - 1);
        while (slots[at])
            at = (at + 1) & (n - 1);
        slots[at] = (uint32_t)i + 1;
    }
    t->slots = slots;
    t->slot_count = n;
    return true;
}

int ktg_intern(struct ktg_answer *a, struct ktg_intern *t, const struct ktg_cel_value *v)
{
    if (t->count * 2 >= t->slot_count && !rehash(a, t))
        return -1;
    size_t at = hash_value(v) & (t->slot_count - 1);
    while (t->slots[at]) {
        if (same(&t->values[t->slots[at] - 1], v))
            return (int)t->slots[at] - 1;
        at = (at + 1) & (t->slot_count - 1);
    }
    if (t->count == t->cap) {
        size_t cap = t->cap ? t->cap * 2 : 8;
        struct ktg_cel_value *values = ktg_answer_alloc(a, sizeof *values * cap);
        if (!values)
            return -1;
        if (t->count)
            memcpy(values, t->values, sizeof *values * t->count);
        t->values = values;
        t->cap = cap;
    }
    t->values[t->count++] = *v;
    t->slots[at] = (uint32_t)t->count;
    return (int)t->count - 1;
}

/* ---- what matches ---- */

/* KEY or EXPR of an item, read at its own x⁻. */
static struct ktg_cel_value key_of(struct ktg_answer *a, const struct ktg_with *w,
                                   const struct ktg_item *x)
{
    struct ktg_frame f = {.a = a, .b = ktg_bound_before(x), .own = x, .offset_min = x->offset_min};
    return ktg_answer_eval(&f, w->key);
}

static bool hit_keys(struct ktg_answer *a, const struct ktg_with *w, struct ktg_asof *s,
                     const struct ktg_item *x, struct ktg_hit *h)
{
    struct ktg_cel_value v = key_of(a, w, x);
    const struct ktg_cel_value *values = &v;
    size_t count = v.kind == KTG_CEL_ABSENT || v.kind == KTG_CEL_NULL ? 0 : 1;
    if (v.kind == KTG_CEL_LIST) {
        values = v.list.items;
        count = v.list.count;
    }
    if (v.kind == KTG_CEL_INT)
        h->amount = v.i;
    if (!count)
        return false;
    int *keys = ktg_answer_alloc(a, sizeof *keys * count);
    if (!keys)
        return false;
    for (size_t i = 0; i < count; i++) {
        int k = ktg_intern(a, &s->keys, &values[i]);
        if (k < 0)
            return false;
        keys[h->key_count++] = k;
    }
    h->keys = keys;
    return true;
}

void ktg_asof_match(struct ktg_answer *a, const struct ktg_with *w, struct ktg_asof *s)
{
    size_t n = 0;
    for (size_t i = 0; i < a->count; i++)
        n += ktg_step_may_match(&w->step, a->items[i].e);
    s->hits = ktg_answer_alloc(a, sizeof *s->hits * (n + 1));
    for (size_t i = 0; s->hits && i < a->count && !a->code; i++) {
        const struct ktg_item *x = &a->items[i];
        struct ktg_hit h = {.item = (uint32_t)i};
        if (!ktg_step_matches(a, &w->step, x, NULL))
            continue;
        a->relevant[i] = 1;
        if (w->key && !hit_keys(a, w, s, x, &h))
            continue; /* an event without the key opens, closes and counts nothing */
        s->hits[s->hit_count++] = h;
    }
    s->marks = ktg_answer_alloc(a, sizeof *s->marks * (s->keys.count + 1));
}

void ktg_asof_window(const struct ktg_answer *a, const struct ktg_with *w, const struct ktg_asof *s,
                     struct ktg_bound b, size_t *ret_lo, size_t *ret_hi)
{
    size_t lo = 0, hi = s->hit_count;
    while (lo < hi) { /* the first hit that is not seen */
        size_t mid = lo + (hi - lo) / 2;
        if (s->hits[mid].item < b.n)
            lo = mid + 1;
        else
            hi = mid;
    }
    *ret_hi = lo;
    *ret_lo = 0;
    if (!w->within || !lo)
        return;
    hi = lo;
    lo = 0;
    while (lo < hi) { /* the first hit with at > t - W */
        size_t mid = lo + (hi - lo) / 2;
        if (a->items[s->hits[mid].item].at <= b.t - w->within)
            lo = mid + 1;
        else
            hi = mid;
    }
    *ret_lo = lo;
}

/* ---- intervals (LANGUAGE.md section 5) ---- */

bool ktg_interval_has_begun(const struct ktg_interval *i, struct ktg_bound b)
{
    return i->start.kind == KTG_EDGE_ITEM ? i->start.item < b.n : i->start.t <= b.t;
}

bool ktg_interval_has_ended(const struct ktg_interval *i, struct ktg_bound b)
{
    switch (i->end.kind) {
    case KTG_EDGE_ITEM:
        return i->end.item < b.n;
    case KTG_EDGE_PAST:
        return b.t > i->end.t; /* inclusive, like a deadline */
    case KTG_EDGE_UNTIL:
        return b.mode == KTG_BEFORE ? b.t > i->end.t : b.t >= i->end.t; /* a span is half open */
    case KTG_EDGE_INSTANT:
        return b.t >= i->end.t; /* where the next interval begins */
    default:
        return false;
    }
}

/* Neither keys nor `from`: each ends where the next opens, at the latest. */
bool ktg_asof_in_order(const struct ktg_with *w)
{
    return !w->key && !w->from;
}

size_t ktg_asof_begun(const struct ktg_asof *s, struct ktg_bound b)
{
    size_t lo = 0, hi = s->interval_count;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (s->intervals[mid].start.item < b.n)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

bool ktg_interval_is_empty(const struct ktg_interval *i)
{
    if (i->end.kind == KTG_EDGE_NONE || i->end.t > i->start.t)
        return false;
    return i->end.t < i->start.t || i->end.kind == KTG_EDGE_UNTIL ||
           i->end.kind == KTG_EDGE_INSTANT;
}

static ktg_time edge_time(const struct ktg_edge *e)
{
    return e->kind == KTG_EDGE_NONE ? KTG_NEVER : e->t;
}

/* Of two ends the one that comes first; at one instant events in their order, and before an inclusive end. */
static void end_at(struct ktg_edge *end, struct ktg_edge other)
{
    bool tie = edge_time(&other) == edge_time(end);
    bool before =
        end->kind == KTG_EDGE_PAST ||
        (end->kind == KTG_EDGE_ITEM && other.kind == KTG_EDGE_ITEM && other.item < end->item);
    if (other.kind != KTG_EDGE_NONE && (edge_time(&other) < edge_time(end) || (tie && before)))
        *end = other;
}

void ktg_asof_intervals(struct ktg_answer *a, const struct ktg_with *w, struct ktg_asof *s)
{
    size_t n = s->hit_count, enders = 0;
    s->intervals = ktg_answer_alloc(a, sizeof *s->intervals * (n + 1));
    struct ktg_hit *ends = ktg_answer_alloc(a, sizeof *ends * (a->count + 1));
    if (!s->intervals || !ends)
        return;
    for (size_t i = 0; w->until && i < a->count && !a->code; i++) {
        struct ktg_hit h = {.item = (uint32_t)i};
        if (!ktg_step_matches(a, w->until, &a->items[i], NULL))
            continue;
        a->relevant[i] = 1;
        if (w->key && !hit_keys(a, w, s, &a->items[i], &h))
            continue;
        ends[enders++] = h;
    }
    size_t keys = s->keys.count + 1;
    s->marks = ktg_answer_alloc(a, sizeof *s->marks * keys);
    size_t *next_end = ktg_answer_alloc(a, sizeof *next_end * keys),
           *next_open = ktg_answer_alloc(a, sizeof *next_open * keys);
    if (!s->marks || !next_end || !next_open)
        return;
    /* from the last opening to the first, so that the next opening and the next end of each key are known */
    size_t e = enders;
    for (size_t i = n; i-- > 0 && !a->code;) {
        const struct ktg_hit *h = &s->hits[i];
        const struct ktg_item *x = &a->items[h->item];
        struct ktg_interval *v = &s->intervals[i];
        while (e > 0 && ends[e - 1].item > h->item) {
            e--;
            if (ktg_item_is_same(&a->items[ends[e].item], x))
                continue; /* in another role: it does not come after itself */
            next_end[w->key ? (size_t)ends[e].keys[0] : 0] = e + 1;
        }
        size_t key = w->key ? (size_t)h->keys[0] : 0;
        *v = (struct ktg_interval){
            .open = x, .start = {KTG_EDGE_ITEM, x->at, h->item}, .key = (int)key};
        struct ktg_frame f = {
            .a = a, .b = ktg_bound_before(x), .own = x, .offset_min = x->offset_min};
        struct ktg_cel_value t;
        ktg_time instant;
        if (w->from) {
            t = ktg_answer_eval(&f, w->from);
            if (ktg_value_instant(&t, &instant))
                v->start = (struct ktg_edge){KTG_EDGE_INSTANT, instant, h->item};
        }
        size_t first = next_end
            [key]; /* the first end after the opening; an earlier start looks further back */
        if (v->start.kind == KTG_EDGE_INSTANT && v->start.t < x->at)
            for (size_t k = e; k-- > 0 && a->items[ends[k].item].at >= v->start.t;)
                if (ends[k].item != h->item && (!w->key || ends[k].keys[0] == (int)key))
                    first = k + 1;
        if (first)
            end_at(&v->end, (struct ktg_edge){KTG_EDGE_ITEM, a->items[ends[first - 1].item].at,
                                              ends[first - 1].item});
        if (next_open[key])
            end_at(&v->end, s->intervals[next_open[key] - 1].start);
        if (w->past) {
            t = ktg_answer_eval(&f, w->past);
            if (ktg_value_instant(&t, &instant))
                end_at(&v->end, (struct ktg_edge){KTG_EDGE_PAST, instant, h->item});
        }
        if (x->e->posted && x->e->posted->until != KTG_NEVER)
            end_at(&v->end, (struct ktg_edge){KTG_EDGE_UNTIL, x->e->posted->until, h->item});
        next_open[key] = i + 1;
    }
    s->interval_count = n;
}

/* ---- values, remembered for the bound asked last ---- */

struct ktg_asof *ktg_asof_of(struct ktg_answer *a, size_t with)
{
    const struct ktg_with *w = &a->rule->withs[with];
    struct ktg_asof *s = &a->states[with];
    if (!s->ready) {
        s->ready = true;
        w->form->prepare(a, w, s);
    }
    return s;
}

struct ktg_cel_value ktg_asof_value(struct ktg_answer *a, size_t with, struct ktg_bound b)
{
    const struct ktg_with *w = &a->rule->withs[with];
    struct ktg_asof *s = ktg_asof_of(a, with);
    struct ktg_cel_value none = {.kind = KTG_CEL_ABSENT};
    if (s->has_memo && s->memo_bound.mode == b.mode && s->memo_bound.t == b.t &&
        s->memo_bound.n == b.n)
        return s->memo;
    if (a->code || !ktg_answer_spend(a, 1 + (w->form->spends ? 0 : s->hit_count / 4)))
        return none;
    s->memo = w->form->value(a, w, s, b);
    s->memo_bound = b;
    s->has_memo = true;
    return s->memo;
}

bool ktg_asof_size(struct ktg_answer *a, size_t with, struct ktg_bound b, int64_t *ret_n)
{
    const struct ktg_with *w = &a->rule->withs[with];
    struct ktg_asof *s = ktg_asof_of(a, with);
    if (w->form->size) {
        *ret_n = a->code ? 0 : w->form->size(a, w, s, b);
        return !a->code;
    }
    struct ktg_cel_value v = ktg_asof_value(a, with, b);
    *ret_n = v.kind == KTG_CEL_LIST ? (int64_t)v.list.count : v.i;
    return v.kind == KTG_CEL_LIST || v.kind == KTG_CEL_INT;
}

void ktg_asof_forget(struct ktg_answer *a)
{
    for (size_t i = 0; i < a->rule->with_count; i++)
        a->states[i].has_memo = false;
}

void ktg_asof_evidence(struct ktg_answer *a, size_t with, struct ktg_bound b,
                       struct ktg_evidence *to)
{
    const struct ktg_with *w = &a->rule->withs[with];
    struct ktg_asof *s = ktg_asof_of(a, with);
    size_t before = to->count;
    if (a->code || !ktg_answer_spend(a, 1 + (w->form->spends ? 0 : s->hit_count / 4)))
        return;
    w->form->evidence(a, w, s, b, to);
    ktg_answer_spend(a, (to->count - before) / 4);
}

/* A list of values in the arena. */
struct ktg_cel_value ktg_asof_list(struct ktg_cel_value *items, size_t count)
{
    return (struct ktg_cel_value){.kind = items ? KTG_CEL_LIST : KTG_CEL_ABSENT,
                                  .list = {items, count}};
}

/* The last hit of each key in [lo, hi), in timeline order. */
size_t ktg_asof_last_by_key(struct ktg_answer *a, struct ktg_asof *s, size_t lo, size_t hi,
                            const struct ktg_item **to)
{
    size_t n = 0;
    if (!ktg_answer_spend(a, (hi - lo) / 4))
        return 0;
    s->pass++;
    for (size_t i = hi; i-- > lo;) {
        int k = s->hits[i].keys[0];
        if (s->marks[k] == s->pass)
            continue;
        s->marks[k] = s->pass;
        to[n++] = &a->items[s->hits[i].item];
    }
    for (size_t i = 0; i < n / 2; i++) {
        const struct ktg_item *x = to[i];
        to[i] = to[n - 1 - i];
        to[n - 1 - i] = x;
    }
    return n;
}

void ktg_asof_edges(struct ktg_answer *a,
                    void (*f)(void *arg, ktg_time t, const struct ktg_item *open), void *arg)
{
    for (size_t i = 0; i < a->rule->with_count && !a->code; i++) {
        const struct ktg_with *w = &a->rule->withs[i];
        if (!w->used)
            continue;
        const struct ktg_asof *s = ktg_asof_of(a, i);
        if (!ktg_answer_spend(a, s->hit_count))
            return;
        for (size_t k = 0; k < s->interval_count; k++) {
            const struct ktg_interval *v = &s->intervals[k];
            if (ktg_interval_is_empty(v))
                continue;
            if (v->start.kind == KTG_EDGE_INSTANT)
                f(arg, v->start.t, v->open);
            if (v->end.kind == KTG_EDGE_PAST)
                f(arg, ktg_just_after(v->end.t), v->open);
            if (v->end.kind == KTG_EDGE_UNTIL || v->end.kind == KTG_EDGE_INSTANT)
                f(arg, v->end.t, v->open);
        }
        for (size_t k = 0; w->within && k < s->hit_count; k++)
            f(arg, a->items[s->hits[k].item].at + w->within, NULL);
        if (w->form->instants)
            w->form->instants(a, w, s, f, arg);
    }
}

struct next_edge {
    ktg_time after, next;
};
static void take_next(void *arg, ktg_time t, const struct ktg_item *open)
{
    struct next_edge *n = arg;
    (void)open;
    if (t > n->after && t < n->next)
        n->next = t;
}

ktg_time ktg_asof_next_edge(struct ktg_answer *a, ktg_time t)
{
    struct next_edge n = {t, KTG_NEVER};
    ktg_asof_edges(a, take_next, &n);
    return n.next;
}

struct last_joined {
    ktg_time now, last;
};
static void take_last(void *arg, ktg_time t, const struct ktg_item *open)
{
    struct last_joined *l = arg;
    if (open && t > l->last && t <= l->now)
        l->last = t;
}

ktg_time ktg_asof_last_joined(struct ktg_answer *a, ktg_time after)
{
    struct last_joined l = {a->now, after};
    for (size_t i = 0; i < a->rule->with_count && !a->code; i++) {
        const struct ktg_with *w = &a->rule->withs[i];
        if (w->used && w->form->instants)
            w->form->instants(a, w, ktg_asof_of(a, i), take_last, &l);
    }
    return l.last;
}
