/* rules/engine/timers.c - see timers.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "rules/engine/timers.h"

#include "runtime/mem.h"

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

void ktg_timers_sweep(struct ktg_timers *t, bool (*keep)(void *arg, const struct ktg_timer *timer),
                      void *arg)
{
    size_t kept = 0;
    for (size_t i = 0; i < t->count; i++) {
        if (keep(arg, t->heap[i]))
            t->heap[kept++] = t->heap[i];
        else
            ktg_free(t->heap[i]);
    }
    t->count = kept;
    for (size_t i = kept / 2; i-- > 0;)
        down(t, i);
}
