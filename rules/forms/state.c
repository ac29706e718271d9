/* rules/forms/state.c - what is so, as long as it is so (LANGUAGE.md 4.3); aggregates are states too (4.4 to 4.6).
 *
 *   tested at   events that match a step       interval starts and ends      ticks        window expiries
 *   a stretch   may begin                      may begin                     may begin    may only end
 *
 * With `each NAME in LIST` every element has stretches of its own: it is there, and the condition holds for it.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdlib.h>

#include "rules/forms/aggregate.h"

enum { BY_EVENT = 1, BY_EDGE = 2, BY_EXPIRY = 4, BY_TICK = 8 };

struct instant {
    ktg_time t;
    int cause;
    size_t item; /* the event, or the one whose interval starts or ends; SIZE_MAX: none */
};

struct instants { /* that are tested, and the first after now */
    struct instant *at;
    size_t count, cap;
    ktg_time next, next_beginning; /* of all; of those at which something may begin */
};

static void add(struct ktg_answer *a, struct instants *to, ktg_time t, int cause, size_t item)
{
    if (t > a->now) {
        to->next = t < to->next ? t : to->next;
        if ((cause & ~BY_EXPIRY) && t < to->next_beginning)
            to->next_beginning = t;
        return;
    }
    if (a->resume && t < a->resume->since)
        return;
    if (to->count == to->cap) {
        size_t cap = to->cap ? to->cap * 2 : 32;
        struct instant *grown = ktg_answer_alloc(a, sizeof *grown * cap);
        if (!grown)
            return;
        if (to->count)
            memcpy(grown, to->at, sizeof *grown * to->count);
        to->at = grown;
        to->cap = cap;
    }
    to->at[to->count++] = (struct instant){t, cause, item};
}

static int by_time(const void *a, const void *b)
{
    const struct instant *x = a, *y = b;
    if (x->t != y->t)
        return x->t < y->t ? -1 : 1;
    if (x->cause != y->cause) /* events last, so that the last of them is the anchor */
        return (y->cause > x->cause) - (y->cause < x->cause);
    return (x->item > y->item) - (x->item < y->item);
}

static void sort_and_merge(struct instants *s)
{
    size_t n = 0;
    if (s->count)
        qsort(s->at, s->count, sizeof *s->at, by_time);
    for (size_t i = 0; i < s->count; i++) {
        if (n && s->at[n - 1].t == s->at[i].t) {
            s->at[n - 1].cause |= s->at[i].cause;
            if (s->at[i].item != SIZE_MAX && s->at[i].cause != BY_EXPIRY)
                s->at[n - 1].item = s->at[i].item;
        } else {
            s->at[n++] = s->at[i];
            if (s->at[n - 1].cause == BY_EXPIRY)
                s->at[n - 1].item = SIZE_MAX;
        }
    }
    s->count = n;
}

/* The last relevant event at or before t; NULL: none yet. */
static const struct ktg_item *last_relevant(const struct ktg_answer *a, ktg_time t)
{
    for (size_t i = ktg_bound_at(a, t).n; i-- > 0;)
        if (a->relevant[i])
            return &a->items[i];
    return NULL;
}

static int zone_at(const struct ktg_answer *a, ktg_time t)
{
    const struct ktg_item *x = last_relevant(a, t);
    return x ? x->offset_min : a->count ? a->items[0].offset_min : 0;
}

/* Local midnights at which the tick's condition holds; the next one after now is asked beforehand. */
static void add_ticks(struct ktg_answer *a, struct instants *to)
{
    const struct ktg_rule *r = a->rule;
    if (!r->tick || !a->count)
        return;
    ktg_time m = a->items[0].at;
    while (!a->code) {
        int zone = zone_at(a, m);
        m = ktg_midnight_after(m, zone);
        if (a->resume && m < a->resume->since)
            continue; /* not asked for */
        struct ktg_frame f = {.a = a, .b = ktg_bound_at(a, m), .offset_min = zone};
        bool holds = ktg_answer_is_met(&f, r->tick);
        if (m > a->now) {
            if (holds || r->tick_timed)
                ktg_answer_wake(a, m);
            return;
        }
        if (holds)
            add(a, to, m, BY_TICK, SIZE_MAX);
    }
}

struct collecting {
    struct ktg_answer *a;
    struct instants *to;
};
static void add_edge(void *arg, ktg_time t, const struct ktg_item *open)
{
    struct collecting *c = arg;
    add(c->a, c->to, t, open ? BY_EDGE : BY_EXPIRY, open ? open->index : SIZE_MAX);
}

static void collect(struct ktg_answer *a, struct instants *to)
{
    struct collecting c = {a, to};
    ktg_asof_edges(a, add_edge,
                   &c); /* prepares every state form in use, so the relevant events are marked */
    for (size_t i = 0; i < a->count && !a->code; i++) {
        for (size_t k = 0; k < a->rule->until_count && !a->relevant[i]; k++)
            a->relevant[i] = ktg_step_matches(a, &a->rule->until[k], &a->items[i], NULL);
        if (a->relevant[i])
            add(a, to, a->items[i].at, BY_EVENT, i);
    }
    add_ticks(a, to);
    sort_and_merge(to);
}

static bool holds(const struct ktg_frame *f)
{
    const struct ktg_aggregate *g = f->a->rule->form->aggregate;
    return (!g || g->crosses(f)) && ktg_answer_is_met(f, f->a->rule->where) &&
           ktg_answer_is_met(f, f->a->rule->while_);
}

struct thread { /* the stretches of one element, or of the whole */
    struct ktg_bytes key;
    size_t open; /* index of the open finding + 1, 0: none */
    bool muted;  /* an `until` closed it; it must be false once before it begins again */
    bool seen;
    const struct ktg_resumed *still; /* open since before a resumed answer begins */
};

static const struct ktg_item *anchor_of(const struct ktg_answer *a, const struct instant *i)
{
    if (i->item != SIZE_MAX)
        return &a->items[i->item];
    const struct ktg_item *x = last_relevant(a, i->t);
    return x ? x : &a->items[0];
}

/* The first event at t that matches `until`, when the stretch began before t. */
static const struct ktg_item *until_at(struct ktg_answer *a, ktg_time t)
{
    const struct ktg_rule *r = a->rule;
    for (size_t i = ktg_bound_at(a, t).n; i-- > 0 && a->items[i].at == t;)
        for (size_t k = 0; k < r->until_count; k++)
            if (ktg_step_matches(a, &r->until[k], &a->items[i], NULL))
                return &a->items[i];
    return NULL;
}

static void turn(struct ktg_answer *a, struct thread *h, const struct instant *i,
                 struct ktg_bound b, bool is_so)
{
    struct ktg_found *f = h->open ? &a->found[h->open - 1] : NULL;
    const struct ktg_item *closer = NULL;
    if (h->still) {
        if (!is_so && !a->code)
            a->code = KTG_EAGAIN; /* what it was at its end lies further back */
        return;
    }
    if (f && is_so && a->rule->until_count && (closer = until_at(a, i->t))) {
        is_so = false;
        h->muted = true;
    }
    if (f && !is_so) {
        f->until = i->t;
        f->closer = closer;
        h->open = 0;
    } else if (!is_so) {
        h->muted = false;
    } else if (!f && !h->muted && (i->cause & ~BY_EXPIRY)) {
        f = ktg_found_new(a, anchor_of(a, i));
        if (!f)
            return;
        f->from = i->t;
        f->start = b;
        if (h->key.size)
            f->key = h->key;
        h->open = a->found_count;
    }
}

static struct thread *thread_of(struct ktg_answer *a, struct thread **threads, size_t *count,
                                size_t *cap, struct ktg_bytes key)
{
    for (size_t i = 0; i < *count; i++)
        if (ktg_bytes_eq((*threads)[i].key, key))
            return &(*threads)[i];
    uint8_t *copy = ktg_answer_alloc(a, key.size + 1);
    if (!copy)
        return NULL;
    if (key.size)
        memcpy(copy, key.data, key.size);
    if (*count == *cap) {
        size_t more = *cap ? *cap * 2 : 8;
        struct thread *grown = ktg_answer_alloc(a, sizeof *grown * more);
        if (!grown)
            return NULL;
        if (*count)
            memcpy(grown, *threads, sizeof *grown * *count);
        *threads = grown;
        *cap = more;
    }
    struct thread *h = &(*threads)[(*count)++];
    *h = (struct thread){.key = ktg_bytes(copy, key.size)};
    return h;
}

struct testing {
    struct ktg_arena *keep;   /* the caller's: findings and keys */
    struct ktg_arena passing; /* what one instant needs, emptied after it */
    struct thread *threads;
    size_t count, cap;
};

/* The zone in which a stretch is read: that of its anchor, while it is open. */
static int zone_of(const struct ktg_answer *a, const struct thread *h, int otherwise)
{
    return h->still ? h->still->offset_min : h->open ? a->found[h->open - 1].offset_min : otherwise;
}

/* The stretches that are open when a resumed answer begins. */
static void take_open(struct ktg_answer *a, struct testing *x)
{
    const struct ktg_resume *from = a->resume;
    for (size_t i = 0; from && i < from->open_count && !a->code; i++) {
        struct thread *h = thread_of(a, &x->threads, &x->count, &x->cap, from->open[i].key);
        if (h)
            h->still = &from->open[i];
    }
}

/* Those that are open still. */
static void keep_open(struct ktg_answer *a, const struct testing *x)
{
    if (!a->resume || !a->resume->open_count)
        return;
    if (!a->still)
        a->still = ktg_answer_alloc(a, sizeof *a->still * a->resume->open_count);
    for (size_t k = 0; a->still && k < x->count; k++)
        if (x->threads[k].still)
            a->still[a->still_count++] = (struct ktg_still){x->threads[k].still, a->view};
}

static bool is_nothing(struct ktg_cel_value v)
{
    return v.kind == KTG_CEL_NULL || (v.kind == KTG_CEL_INT && v.i == 0) ||
           (v.kind == KTG_CEL_LIST && !v.list.count);
}

/* State forms without which nothing holds (lacks.c) are worth nothing just then. */
static bool lacks(struct ktg_answer *a, struct ktg_bound b)
{
    const struct ktg_rule *r = a->rule;
    for (size_t i = 0; i < r->lack_count && !(a->world && a->world->plain); i++) {
        uint64_t left = r->lacks[i];
        while (left && is_nothing(ktg_asof_value(a, (size_t)__builtin_ctzll(left), b)))
            left &= left - 1;
        if (!left)
            return true;
    }
    return false;
}

/* One instant: `f` reads as of it. */
static void test_instant(struct ktg_answer *a, struct testing *x, const struct instant *at)
{
    const struct ktg_rule *r = a->rule;
    struct ktg_frame f = {.a = a, .b = ktg_bound_at(a, at->t), .offset_min = zone_at(a, at->t)};
    bool is_so;
    a->arena = &x->passing;
    bool barren = lacks(a, f.b);
    if (!r->each_name) {
        f.offset_min = zone_of(a, &x->threads[0], f.offset_min);
        is_so = !barren && holds(&f);
        a->arena = x->keep;
        turn(a, &x->threads[0], at, f.b, is_so);
        return;
    }
    struct ktg_cel_value list = {.kind = KTG_CEL_LIST};
    if (!barren)
        list = ktg_answer_eval(&f, r->each);
    for (size_t k = 0; k < x->count; k++)
        x->threads[k].seen = false;
    for (size_t k = 0; list.kind == KTG_CEL_LIST && k < list.list.count && !a->code; k++) {
        struct ktg_bytes key = ktg_each_key(&f, &list.list.items[k]);
        a->arena = x->keep;
        struct thread *h = key.size ? thread_of(a, &x->threads, &x->count, &x->cap, key) : NULL;
        a->arena = &x->passing;
        if (!h || h->seen)
            continue;
        h->seen = true;
        struct ktg_frame own = f;
        own.has_each = true;
        own.each = list.list.items[k];
        own.offset_min = zone_of(a, h, own.offset_min);
        is_so = holds(&own);
        a->arena = x->keep;
        turn(a, h, at, f.b, is_so);
        a->arena = &x->passing;
    }
    a->arena = x->keep;
    for (size_t k = 0; k < x->count && !a->code; k++)
        if (!x->threads[k].seen)
            turn(a, &x->threads[k], at, f.b, false);
}

int ktg_form_state(struct ktg_answer *a)
{
    struct instants instants = {.next = KTG_NEVER, .next_beginning = KTG_NEVER};
    struct testing x = {.keep = a->arena};
    if (!a->count)
        return KTG_OK;
    collect(a, &instants); /* every state form in use is prepared by it, in the arena that stays */
    if (!a->rule->each_name)
        thread_of(a, &x.threads, &x.count, &x.cap, KTG_BYTES_NONE);
    take_open(a, &x);
    ktg_asof_forget(a);
    for (size_t i = 0; i < instants.count && !a->code; i++) {
        if (!ktg_answer_spend(a, 4))
            break;
        test_instant(a, &x, &instants.at[i]);
        ktg_asof_forget(a);
        ktg_arena_reset(&x.passing);
    }
    ktg_arena_done(&x.passing);
    bool open = false;
    for (size_t k = 0; k < x.count; k++)
        open |= x.threads[k].open != 0 || x.threads[k].still;
    keep_open(a, &x);
    open |= a->rule->tick && a->rule->windowed; /* an expiry may let the ticks begin */
    /* what begins and ends by itself; expiries matter while something holds */
    ktg_answer_wake(a, open ? instants.next : instants.next_beginning);
    return a->code;
}
