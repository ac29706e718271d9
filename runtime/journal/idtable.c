/* runtime/journal/idtable.c - see idtable.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "runtime/journal/idtable.h"

#include <assert.h>

#include "runtime/mem.h"

void ktg_idtable_done(struct ktg_idtable *t)
{
    ktg_free(t->slots);
    *t = (struct ktg_idtable){0};
}

/* The slot of id, or the free one where it belongs. */
static struct ktg_identry *slot(struct ktg_identry *slots, size_t cap, uint64_t seed,
                                const uint8_t *id)
{
    size_t at = (size_t)ktg_hash64(id, 16, seed) & (cap - 1);
    while (ktg_get_le64(slots[at].pos) != 0 && memcmp(slots[at].id, id, 16) != 0)
        at = (at + 1) & (cap - 1);
    return &slots[at];
}

int ktg_idtable_reserve(struct ktg_idtable *t, size_t more)
{
    size_t cap = t->cap ? t->cap : 1024;
    while ((t->count + more) * 3 > cap * 2) {
        if (cap > SIZE_MAX / 128)
            return KTG_ENOMEM;
        cap *= 2;
    }
    if (cap == t->cap)
        return KTG_OK;
    if (t->cap == 0)
        ktg_random(&t->seed, sizeof t->seed);
    struct ktg_identry *slots = ktg_calloc(cap, sizeof *slots);
    if (!slots)
        return KTG_ENOMEM;
    for (size_t i = 0; i < t->cap; i++)
        if (ktg_get_le64(t->slots[i].pos) != 0)
            *slot(slots, cap, t->seed, t->slots[i].id) = t->slots[i];
    ktg_free(t->slots);
    t->slots = slots;
    t->cap = cap;
    return KTG_OK;
}

void ktg_idtable_put(struct ktg_idtable *t, const uint8_t *id, ktg_position pos,
                     const uint8_t content[static 16])
{
    assert(t->count < t->cap);
    struct ktg_identry *e = slot(t->slots, t->cap, t->seed, id);
    if (ktg_get_le64(e->pos) != 0)
        return;
    memcpy(e->id, id, 16);
    ktg_put_le64(e->pos, pos);
    memcpy(e->content, content, 16);
    t->count++;
}

const struct ktg_identry *ktg_idtable_get(const struct ktg_idtable *t, const uint8_t *id)
{
    if (t->cap == 0)
        return NULL;
    const struct ktg_identry *e = slot(t->slots, t->cap, t->seed, id);
    return ktg_get_le64(e->pos) ? e : NULL;
}
