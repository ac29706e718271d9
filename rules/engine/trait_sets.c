/* rules/engine/trait_sets.c - see trait_sets.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "rules/engine/trait_sets.h"

struct ktg_trait_set {
    uint64_t hash;
    size_t count;
    uint64_t words[];
};

static bool make_room(struct ktg_trait_sets *s, size_t words)
{
    if (s->room_words < words) {
        uint64_t *more = ktg_realloc(s->room, words * sizeof *more);
        if (!more)
            return false;
        s->room = more;
        s->room_words = words;
    }
    if (s->count * 2 < s->size)
        return true;
    size_t size = s->size ? s->size * 2 : 64;
    struct ktg_trait_set **slots = ktg_calloc(size, sizeof(struct ktg_trait_set *));
    if (!slots)
        return false;
    for (size_t i = 0; i < s->size; i++) {
        size_t at = s->slots[i] ? s->slots[i]->hash : 0;
        if (!s->slots[i])
            continue;
        while (slots[at & (size - 1)])
            at++;
        slots[at & (size - 1)] = s->slots[i];
    }
    ktg_free(s->slots);
    s->slots = slots;
    s->size = size;
    return true;
}

int ktg_trait_sets_of(struct ktg_trait_sets *s, const struct ktg_ruleset *rs,
                      const struct ktg_event *e, const uint64_t **ret_traits)
{
    if (!make_room(s, ktg_ruleset_trait_room(rs)))
        return KTG_ENOMEM;
    size_t count = ktg_ruleset_traits_into(rs, e, s->room), bytes = count * sizeof *s->room;
    uint64_t hash = ktg_hash64(s->room, bytes, 0);
    size_t at = hash & (s->size - 1);
    for (; s->slots[at]; at = (at + 1) & (s->size - 1)) {
        const struct ktg_trait_set *x = s->slots[at];
        if (x->hash == hash && x->count == count && !memcmp(x->words, s->room, bytes)) {
            *ret_traits = x->words;
            return KTG_OK;
        }
    }
    struct ktg_trait_set *x = ktg_arena_alloc(&s->arena, sizeof *x + bytes);
    if (!x)
        return KTG_ENOMEM;
    *x = (struct ktg_trait_set){.hash = hash, .count = count};
    memcpy(x->words, s->room, bytes);
    s->slots[at] = x;
    s->count++;
    *ret_traits = x->words;
    return KTG_OK;
}

bool ktg_trait_sets_are_many(const struct ktg_trait_sets *s)
{
    return s->arena.used > s->most;
}

void ktg_trait_sets_drop(struct ktg_trait_sets *s)
{
    ktg_arena_done(&s->arena);
    ktg_free(s->slots);
    ktg_free(s->room);
    *s = (struct ktg_trait_sets){.arena = KTG_ARENA_INIT, .most = s->most};
}
