/* rules/engine/timers.c - see timers.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "rules/engine/timers.h"

#include "runtime/mem.h"

enum { ROUND_LEAST = 4096, ROUND_STEP = 8 };

void ktg_timers_done(struct ktg_timers *t)
{
    for (size_t i = 0; i < t->count; i++)
        ktg_free(t->heap[i]);
    ktg_free(t->heap);
    *t = (struct ktg_timers)KTG_TIMERS_INIT;
}

static bool before(const struct ktg_timer *a, const struct ktg_timer *b)
{
    if (a->due != b->due)
        return a->due < b->due;
    return ktg_bytes_cmp(ktg_bytes(a->name, a->size), ktg_bytes(b->name, b->size)) < 0;
}

static void up(struct ktg_timers *t, size_t i)
{
    struct ktg_timer *moved = t->heap[i];
    for (; i && before(moved, t->heap[(i - 1) / 2]); i = (i - 1) / 2)
        t->heap[i] = t->heap[(i - 1) / 2];
    t->heap[i] = moved;
}

static void down(struct ktg_timers *t, size_t i)
{
    struct ktg_timer *moved = t->heap[i];
    for (size_t child; (child = 2 * i + 1) < t->count; i = child) {
        if (child + 1 < t->count && before(t->heap[child + 1], t->heap[child]))
            child++;
        if (!before(t->heap[child], moved))
            break;
        t->heap[i] = t->heap[child];
    }
    t->heap[i] = moved;
}

int ktg_timers_put(struct ktg_timers *t, ktg_time due, struct ktg_bytes name)
{
    int rc = ktg_grow(&t->heap, &t->cap, t->count + 1, sizeof *t->heap);
    if (rc)
        return rc;
    struct ktg_timer *timer = ktg_alloc(sizeof *timer + name.size);
    if (!timer)
        return KTG_ENOMEM;
    timer->due = due;
    timer->size = (uint32_t)name.size;
    memcpy(timer->name, name.data, name.size);
    t->heap[t->count++] = timer;
    up(t, t->count - 1);
    return KTG_OK;
}

ktg_time ktg_timers_next(const struct ktg_timers *t)
{
    return t->count ? t->heap[0]->due : KTG_NEVER;
}

struct ktg_timer *ktg_timers_take(struct ktg_timers *t)
{
    if (!t->count)
        return NULL;
    struct ktg_timer *first = t->heap[0];
    t->heap[0] = t->heap[--t->count];
    if (t->count)
        down(t, 0);
    return first;
}

static void drop(struct ktg_timers *t, size_t i)
{
    ktg_free(t->heap[i]);
    struct ktg_timer *last = t->heap[--t->count];
    if (i == t->count)
        return;
    t->heap[i] = last;
    down(t, i);
    up(t, i);
}

void ktg_timers_stale(struct ktg_timers *t)
{
    t->stale++;
    t->late++;
}

void ktg_timers_tidy(struct ktg_timers *t, bool (*keep)(void *arg, const struct ktg_timer *timer),
                     void *arg)
{
    if (!t->in_round && (t->count < ROUND_LEAST || t->count > 2 * t->stale))
        return;
    if (!t->in_round)
        t->at = t->late = 0;
    t->in_round = true;
    for (int n = 0; n < ROUND_STEP && t->at < t->count; n++) {
        if (keep(arg, t->heap[t->at]))
            t->at++;
        else
            drop(t,
                 t->at); /* another stands there now; one that went up is seen in the next round */
    }
    if (t->at < t->count)
        return;
    t->in_round = false;
    t->stale = t->late;
}
