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

static uint64_t hash_of(const struct ktg_idtable *t, const uint8_t *id)
{
    return ktg_mix64(ktg_mix64(t->seed ^ ktg_get_le64(id)) ^ ktg_get_le64(id + 8));
}

/* A slot: the upper half of the id's hash, and the entry's number + 1; 0: free.  So another id's slot is told without
 * a look at its entry, which mostly lies in no cache. */
static uint64_t slot_make(uint64_t hash, size_t number)
{
    return hash >> 32 << 32 | (uint32_t)(number + 1);
}

static size_t slot_number(uint64_t slot)
{
    return (size_t)(uint32_t)slot - 1;
}

/* The slot of id, or the free one where it belongs. */
static size_t slot_of(const struct ktg_idtable *t, const uint8_t *id, uint64_t hash)
{
    size_t at = (size_t)hash & (t->slot_count - 1);
    while (t->slots[at] && (t->slots[at] >> 32 != hash >> 32 ||
                            memcmp(ktg_idtable_at(t, slot_number(t->slots[at]))->id, id, 16) != 0))
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
    uint64_t *slots = ktg_calloc(n, sizeof *slots);
    if (!slots)
        return KTG_ENOMEM;
    if (t->slot_count == 0)
        ktg_random(&t->seed, sizeof t->seed);
    ktg_free(t->slots);
    t->slots = slots;
    t->slot_count = n;
    for (size_t i = 0; i < t->count; i++) { /* in order, and all different */
        uint64_t hash = hash_of(t, ktg_idtable_at(t, i)->id);
        size_t at = (size_t)hash & (n - 1);
        while (slots[at])
            at = (at + 1) & (n - 1);
        slots[at] = slot_make(hash, i);
    }
    return KTG_OK;
}

int ktg_idtable_expect(struct ktg_idtable *t, size_t count)
{
    return count < UINT32_MAX / 2 ? grow_slots(t, count) : KTG_ENOMEM;
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
    uint64_t hash = hash_of(t, id);
    size_t at = slot_of(t, id, hash);
    if (t->slots[at])
        return NULL;
    struct ktg_identry *e = &t->chunks[t->count / CHUNK][t->count % CHUNK];
    memcpy(e->id, id, 16);
    ktg_put_le64(e->pos, pos);
    memset(e->content, 0, sizeof e->content);
    t->slots[at] = slot_make(hash, t->count++);
    return e;
}

void ktg_idtable_prefetch(const struct ktg_idtable *t, const uint8_t *id)
{
    if (t->slot_count)
        __builtin_prefetch(&t->slots[hash_of(t, id) & (t->slot_count - 1)], 1);
}

const struct ktg_identry *ktg_idtable_get(const struct ktg_idtable *t, const uint8_t *id)
{
    if (t->slot_count == 0)
        return NULL;
    size_t at = slot_of(t, id, hash_of(t, id));
    return t->slots[at] ? ktg_idtable_at(t, slot_number(t->slots[at])) : NULL;
}
