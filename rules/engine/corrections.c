/* rules/engine/corrections.c - see corrections.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "rules/engine/corrections.h"

#include "rules/engine/keys.h"

/* The record: u64 pos | u8 live | u8 corrects something | 6 spare | 16 target | n * 16 correctors, descending */
enum { POS = 0, LIVE = 8, CORRECTS = 9, TARGET = 16, LIST = 32 };

struct work { /* an event to decide on */
    uint8_t id[16];
    bool walk; /* reached along the list of its siblings: go on until one is or was live */
};

struct decide {
    struct ktg_state *s;
    struct ktg_arena *a;
    struct ktg_bytes source;
    struct work *todo;
    size_t count, cap;
    struct ktg_flip *flips;
    size_t flip_count, flip_cap;
};

static void key_of(struct ktg_key *k, const uint8_t id[static 16], struct ktg_bytes source)
{
    ktg_key_put(k, 'c', (struct ktg_bytes[]){ktg_bytes(id, 16), source}, 2);
}

/* KTG_ENOTFOUND: no record.  The view is valid until the next change of the state. */
static int look(struct ktg_state *s, const uint8_t id[static 16], struct ktg_bytes source,
                struct ktg_bytes *ret_value)
{
    struct ktg_key key;
    key_of(&key, id, source);
    int rc = ktg_state_get(s, ktg_key_view(&key), ret_value);
    if (rc)
        return rc;
    return ret_value->size < LIST || (ret_value->size - LIST) % 16 ? KTG_ECORRUPT : KTG_OK;
}

static int edit(struct ktg_state *s, const uint8_t id[static 16], struct ktg_bytes source,
                struct ktg_buf **ret_b)
{
    struct ktg_key key;
    key_of(&key, id, source);
    int rc = ktg_state_edit(s, ktg_key_view(&key), ret_b);
    if (rc || (*ret_b)->size)
        return rc;
    uint8_t empty[LIST] = {0};
    ktg_buf_put(*ret_b, empty, sizeof empty);
    return ktg_buf_check(*ret_b);
}

static int is_live(struct ktg_state *s, const uint8_t id[static 16], struct ktg_bytes source,
                   bool *ret_live)
{
    struct ktg_bytes v;
    int rc = look(s, id, source, &v);
    if (rc == KTG_ENOTFOUND) {
        *ret_live = true;
        return KTG_OK;
    }
    if (!rc)
        *ret_live = v.data[LIVE] != 0;
    return rc;
}

int ktg_corrections_live(struct ktg_state *s, const uint8_t id[static 16], struct ktg_bytes source,
                         bool *ret_live)
{
    return is_live(s, id, source, ret_live);
}

static int push(struct decide *d, const uint8_t id[static 16], bool walk)
{
    for (size_t i = 0; i < d->count; i++) {
        if (memcmp(d->todo[i].id, id, 16) == 0) {
            d->todo[i].walk |= walk;
            return KTG_OK;
        }
    }
    if (d->count == d->cap) {
        size_t cap = d->cap ? d->cap * 2 : 8;
        struct work *more = ktg_arena_alloc(d->a, cap * sizeof *more);
        if (!more)
            return KTG_ENOMEM;
        if (d->count)
            memcpy(more, d->todo, d->count * sizeof *more);
        d->todo = more;
        d->cap = cap;
    }
    memcpy(d->todo[d->count].id, id, 16);
    d->todo[d->count++].walk = walk;
    return KTG_OK;
}

static struct work pop_greatest(struct decide *d)
{
    size_t best = 0;
    for (size_t i = 1; i < d->count; i++) {
        if (memcmp(d->todo[i].id, d->todo[best].id, 16) > 0)
            best = i;
    }
    struct work w = d->todo[best];
    d->todo[best] = d->todo[--d->count];
    return w;
}

/* The greatest corrector of `of` that is live and greater than `above` (NULL: any). */
static int has_live(struct decide *d, const uint8_t of[static 16], const uint8_t *above,
                    bool *ret_has)
{
    struct ktg_bytes v;
    int rc = look(d->s, of, d->source, &v);
    *ret_has = false;
    if (rc)
        return rc == KTG_ENOTFOUND ? KTG_OK : rc;
    for (const uint8_t *c = v.data + LIST; c < v.data + v.size; c += 16) {
        if (above && memcmp(c, above, 16) <= 0)
            break;
        rc = is_live(d->s, c, d->source, ret_has); /* reads only: the view stays */
        if (rc || *ret_has)
            return rc;
    }
    return KTG_OK;
}

/* The corrector that follows `id` in the list of `of`. */
static int push_next_sibling(struct decide *d, const uint8_t of[static 16],
                             const uint8_t id[static 16])
{
    struct ktg_bytes v;
    int rc = look(d->s, of, d->source, &v);
    if (rc)
        return rc;
    for (const uint8_t *c = v.data + LIST; c < v.data + v.size; c += 16) {
        if (memcmp(c, id, 16) < 0)
            return push(d, c, true);
    }
    return KTG_OK;
}

static int add_flip(struct decide *d, uint64_t pos, bool live)
{
    if (d->flip_count == d->flip_cap) {
        size_t cap = d->flip_cap ? d->flip_cap * 2 : 8;
        struct ktg_flip *more = ktg_arena_alloc(d->a, cap * sizeof *more);
        if (!more)
            return KTG_ENOMEM;
        if (d->flip_count)
            memcpy(more, d->flips, d->flip_count * sizeof *more);
        d->flips = more;
        d->flip_cap = cap;
    }
    d->flips[d->flip_count++] = (struct ktg_flip){pos, live};
    return KTG_OK;
}

/* Decide on one event; `fresh`: it has just come, so its state counts as changed in any case. */
static int decide(struct decide *d, struct work w, bool fresh)
{
    struct ktg_bytes v;
    int rc = look(d->s, w.id, d->source, &v);
    if (rc)
        return rc;
    uint64_t pos = ktg_get_le64(v.data + POS);
    bool was = v.data[LIVE] != 0, corrects = v.data[CORRECTS] != 0, dead = false;
    uint8_t target[16];
    memcpy(target, v.data + TARGET, 16);
    if (!pos)
        return KTG_OK; /* waits */
    if ((rc = has_live(d, w.id, NULL, &dead)) ||
        (!dead && corrects && (rc = has_live(d, target, w.id, &dead))))
        return rc;
    bool changed = was == dead;
    if (changed) {
        struct ktg_buf *b;
        if ((rc = edit(d->s, w.id, d->source, &b)))
            return rc;
        b->data[LIVE] = !dead;
        if (!fresh && (rc = add_flip(d, pos, !dead)))
            return rc;
    }
    if (!corrects)
        return KTG_OK;
    if (changed && (rc = push(d, target, false)))
        return rc;
    /* On the way down the list: past those that neither were nor are live; below one that is or was, nothing changes. */
    bool go_on = w.walk ? !changed && !was : changed;
    return go_on ? push_next_sibling(d, target, w.id) : KTG_OK;
}

int ktg_corrections_add(struct ktg_state *s, struct ktg_arena *a, const uint8_t id[static 16],
                        uint64_t pos, struct ktg_bytes source, const uint8_t *corrects,
                        uint64_t target, bool *ret_live, const struct ktg_flip **ret_flips,
                        size_t *ret_count)
{
    char room[KTG_NAME_MAX + 1];
    struct decide d = {.s = s, .a = a, .source = ktg_name_fit(source, room)};
    struct ktg_bytes v;
    struct ktg_buf *b;
    int rc = look(s, id, d.source, &v);
    if (rc && rc != KTG_ENOTFOUND)
        return rc;
    *ret_live = true;
    *ret_flips = NULL;
    *ret_count = 0;
    if (rc == KTG_ENOTFOUND && !corrects)
        return KTG_OK; /* the usual event */
    if ((rc = edit(s, id, d.source, &b)))
        return rc;
    ktg_put_le64(b->data + POS, pos);
    b->data[LIVE] = 0;
    if (corrects) {
        b->data[CORRECTS] = 1;
        memcpy(b->data + TARGET, corrects, 16);
        if ((rc = edit(s, corrects, d.source, &b)))
            return rc;
        if (target && !ktg_get_le64(b->data + POS)) { /* came before, and was live like any other */
            ktg_put_le64(b->data + POS, target);
            b->data[LIVE] = 1;
        }
        size_t i = LIST;
        while (i < b->size && memcmp(b->data + i, id, 16) > 0)
            i += 16;
        if (!ktg_buf_extend(b, 16))
            return KTG_ENOMEM;
        memmove(b->data + i + 16, b->data + i, b->size - 16 - i);
        memcpy(b->data + i, id, 16);
    }
    struct work self = {.walk = false};
    memcpy(self.id, id, 16);
    rc = decide(&d, self, true);
    while (!rc && d.count)
        rc = decide(&d, pop_greatest(&d), false);
    if (!rc)
        rc = is_live(s, id, d.source, ret_live);
    *ret_flips = d.flips;
    *ret_count = d.flip_count;
    return rc;
}
