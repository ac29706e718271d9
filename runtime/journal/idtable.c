/* runtime/journal/idtable.c - see idtable.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "runtime/journal/idtable.h"

#include <assert.h>

#include "runtime/mem.h"

enum { CHUNK = 512, FIRST_SLOTS = 256 };

void ktg_idtable_done(struct ktg_idtable *t)
{
    for (size_t i = 0; i < t->chunk_count; i++)
        ktg_free(t->chunks[i]);
    ktg_free(t->chunks);
    ktg_free(t->slots);
    *t = (struct ktg_idtable){0};
}

const struct ktg_identry *ktg_idtable_at(const struct ktg_idtable *t, size_t i)
{
    return &t->chunks[i / CHUNK][i % CHUNK];
}

/* The slot of id, or the free one where it belongs. */
static size_t slot_of(const struct ktg_idtable *t, const uint8_t *id)
{
    size_t at = (size_t)ktg_hash64(id, 16, t->seed) & (t->slot_count - 1);
    while (t->slots[at] && memcmp(ktg_idtable_at(t, t->slots[at] - 1)->id, id, 16) != 0)
        at = (at + 1) & (t->slot_count - 1);
    return at;
}

static int grow_slots(struct ktg_idtable *t, size_t want)
{
    size_t n = t->slot_count ? t->slot_count : FIRST_SLOTS;
    while (n * 2 < want * 3)
        n *= 2;
    if (n == t->slot_count)
        return KTG_OK;
    uint32_t *slots = ktg_calloc(n, sizeof *slots);
    if (!slots)
        return KTG_ENOMEM;
    if (t->slot_count == 0)
        ktg_random(&t->seed, sizeof t->seed);
    ktg_free(t->slots);
    t->slots = slots;
    t->slot_count = n;
    for (size_t i = 0; i < t->count; i++) /* in order, and all different */
        t->slots[slot_of(t, ktg_idtable_at(t, i)->id)] = (uint32_t)(i + 1);
    return KTG_OK;
}

int ktg_idtable_reserve(struct ktg_idtable *t, size_t more)
{
    size_t want = t->count + more;
    if (want >= UINT32_MAX / 2)
        return KTG_ENOMEM;
    while (t->chunk_count * CHUNK < want) {
        if (ktg_grow(&t->chunks, &t->chunk_cap, t->chunk_count + 1, sizeof *t->chunks))
            return KTG_ENOMEM;
        t->chunks[t->chunk_count] = ktg_alloc(CHUNK * sizeof **t->chunks);
        if (!t->chunks[t->chunk_count])
            return KTG_ENOMEM;
        t->chunk_count++;
    }
    return grow_slots(t, want);
}

struct ktg_identry *ktg_idtable_put(struct ktg_idtable *t, const uint8_t *id, ktg_position pos)
{
    assert(t->count < t->chunk_count * CHUNK);
    size_t at = slot_of(t, id);
    if (t->slots[at])
        return NULL;
    struct ktg_identry *e = &t->chunks[t->count / CHUNK][t->count % CHUNK];
    memcpy(e->id, id, 16);
    ktg_put_le64(e->pos, pos);
    memset(e->content, 0, sizeof e->content);
    t->slots[at] = (uint32_t)++t->count;
    return e;
}

const struct ktg_identry *ktg_idtable_get(const struct ktg_idtable *t, const uint8_t *id)
{
    if (t->slot_count == 0)
        return NULL;
    size_t at = slot_of(t, id);
    return t->slots[at] ? ktg_idtable_at(t, t->slots[at] - 1) : NULL;
}
