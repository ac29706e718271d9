/* rules/engine/state.c - see state.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "rules/engine/state.h"

#include <assert.h>
#include <stdlib.h>

#include "rules/engine/sieve.h"
#include "runtime/mem.h"

struct node {
    struct ktg_buf value;
    bool removed; /* a tombstone ... */
    bool nowhere; /* ... over nothing: it is not written */
    uint32_t key_size;
    uint8_t key[];
};

struct slot {
    uint64_t hash;
    struct node *node; /* NULL: free */
};

/* A hash table with linear probing.  It grows into a second array, a few slots with each record that is added, so that no
 * record of the journal waits until all are put in place anew.  What is in it stays: what is removed is a tombstone.
 * Nodes and values lie in its arena or in an older one's. */
struct ktg_changes {
    struct slot *slots;
    size_t size;       /* a power of two */
    struct slot *past; /* the array before; NULL: all of it is in the new one */
    size_t past_size;
    size_t moved; /* so many slots of it are */
    size_t used;  /* slots */
    size_t count; /* records, those that are nowhere left out */
    struct ktg_arena arena;
    struct ktg_changes *older; /* could not be written: folded into this, only its arena is left */
};

struct ktg_state {
    struct ktg_records store;
    bool has_store;
    struct ktg_changes *changed, *frozen; /* frozen: NULL when nothing is */
    struct ktg_sieve sieve;               /* of the keys that mostly are not there */
    bool sifted;                          /* it holds what the store has of them */
};

/* Corrections and identity: asked for with every event, seldom there. */
static const uint8_t sparse[] = {'c', 'g', 'i'};
static bool is_sparse(uint8_t letter)
{
    return memchr(sparse, letter, sizeof sparse) != NULL;
}

enum { LEAST_SLOTS = 1024, MOVES = 64 };
enum { SLACK = 48 }; /* bytes that an edited record may grow at once without another copy */

/* For about as many records as the one before held. */
static struct ktg_changes *table_new(size_t records)
{
    struct ktg_changes *t = ktg_zalloc(sizeof *t);
    if (!t)
        return NULL;
    t->size = LEAST_SLOTS;
    while (t->size < records)
        t->size *= 2;
    if (!(t->slots = ktg_calloc(t->size, sizeof *t->slots))) {
        ktg_free(t);
        return NULL;
    }
    return t;
}

static void drop_slots(struct ktg_changes *t)
{
    ktg_free(t->slots);
    ktg_free(t->past);
    t->slots = t->past = NULL;
    t->size = t->past_size = t->moved = t->used = t->count = 0;
}

void ktg_changes_free(struct ktg_changes *t)
{
    while (t) {
        struct ktg_changes *older = t->older;
        ktg_arena_done(&t->arena);
        drop_slots(t);
        ktg_free(t);
        t = older;
    }
}

int ktg_state_new(const struct ktg_records *store, struct ktg_state **ret_s)
{
    struct ktg_state *s = ktg_zalloc(sizeof *s);
    if (!s)
        return KTG_ENOMEM;
    if (!(s->changed = table_new(0))) {
        ktg_free(s);
        return KTG_ENOMEM;
    }
    if (store) {
        s->store = *store;
        s->has_store = true;
    }
    *ret_s = s;
    return KTG_OK;
}

struct ktg_state *ktg_state_free(struct ktg_state *s)
{
    if (!s)
        return NULL;
    ktg_changes_free(s->changed);
    ktg_changes_free(s->frozen);
    ktg_sieve_done(&s->sieve);
    ktg_free(s);
    return NULL;
}

static struct node *probe(const struct slot *slots, size_t size, struct ktg_bytes key,
                          uint64_t hash)
{
    for (size_t i = hash & (size - 1); slots[i].node; i = (i + 1) & (size - 1)) {
        struct node *n = slots[i].node;
        if (slots[i].hash == hash && n->key_size == key.size &&
            memcmp(n->key, key.data, key.size) == 0)
            return n;
    }
    return NULL;
}

static struct node *find(const struct ktg_changes *t, struct ktg_bytes key, uint64_t hash)
{
    struct node *n = t->size ? probe(t->slots, t->size, key, hash) : NULL;
    return n || !t->past ? n : probe(t->past, t->past_size, key, hash);
}

static void put_slot(struct ktg_changes *t, struct slot s)
{
    size_t i = s.hash & (t->size - 1);
    while (t->slots[i].node)
        i = (i + 1) & (t->size - 1);
    t->slots[i] = s;
}

static void move_some(struct ktg_changes *t)
{
    for (int i = 0; i < MOVES && t->moved < t->past_size; i++, t->moved++)
        if (t->past[t->moved].node)
            put_slot(t, t->past[t->moved]);
    if (t->moved < t->past_size)
        return;
    ktg_free(t->past);
    t->past = NULL;
}

/* Room for one more.  Without memory for another array the probes grow longer; one slot stays free. */
static int make_room(struct ktg_changes *t)
{
    if (t->past)
        move_some(t);
    if (t->past || t->used < t->size / 4 * 3)
        return KTG_OK;
    struct slot *more = ktg_calloc(2 * t->size, sizeof *more);
    if (!more)
        return t->used + 1 < t->size ? KTG_OK : KTG_ENOMEM;
    t->past = t->slots;
    t->past_size = t->size;
    t->moved = 0;
    t->slots = more;
    t->size *= 2;
    return KTG_OK;
}

/* The record without what is changed now: frozen, or in the store.  KTG_ENOTFOUND. */
static int get_below(struct ktg_state *s, struct ktg_bytes key, uint64_t hash,
                     struct ktg_bytes *ret_value)
{
    const struct node *n = s->frozen ? find(s->frozen, key, hash) : NULL;
    if (n) {
        if (n->removed)
            return KTG_ENOTFOUND;
        *ret_value = ktg_buf_view(&n->value);
        return KTG_OK;
    }
    return s->has_store ? s->store.get(s->store.arg, key, ret_value) : KTG_ENOTFOUND;
}

static int link_node(struct ktg_changes *t, struct node *n, uint64_t hash)
{
    int rc = make_room(t);
    if (rc)
        return rc;
    put_slot(t, (struct slot){hash, n});
    t->used++;
    t->count += !n->nowhere;
    return KTG_OK;
}

static int sift_one(void *arg, struct ktg_bytes key, struct ktg_bytes value)
{
    struct ktg_state *s = arg;
    (void)value;
    ktg_sieve_add(&s->sieve, ktg_hash64(key.data, key.size, 0));
    return KTG_OK;
}
static int count_one(void *arg, struct ktg_bytes key, struct ktg_bytes value)
{
    (void)key;
    (void)value;
    ++*(size_t *)arg;
    return KTG_OK;
}

/* The sieve, over all that there is.  Where that fails there is none. */
static void sift_all(struct ktg_state *s)
{
    size_t count = 0;
    int rc = KTG_OK;
    for (size_t i = 0; !rc && i < KTG_COUNT(sparse); i++)
        rc = ktg_state_scan(s, ktg_bytes(&sparse[i], 1), count_one, &count);
    ktg_sieve_size(&s->sieve, count);
    for (size_t i = 0; !rc && i < KTG_COUNT(sparse); i++)
        rc = ktg_state_scan(s, ktg_bytes(&sparse[i], 1), sift_one, s);
    s->sifted = !rc;
}

int ktg_state_get(struct ktg_state *s, struct ktg_bytes key, struct ktg_bytes *ret_value)
{
    uint64_t hash = ktg_hash64(key.data, key.size, 0);
    if (is_sparse(key.data[0])) {
        if (!s->sifted)
            sift_all(s);
        if (s->sifted && !ktg_sieve_may_have(&s->sieve, hash))
            return KTG_ENOTFOUND;
    }
    const struct node *n = find(s->changed, key, hash);
    if (!n)
        return get_below(s, key, hash, ret_value);
    if (n->removed)
        return KTG_ENOTFOUND;
    *ret_value = ktg_buf_view(&n->value);
    return KTG_OK;
}

/* A new node with a copy of the value, and room to grow by `slack` where it is. */
static int add(struct ktg_state *s, struct ktg_bytes key, uint64_t hash, struct ktg_bytes value,
               size_t slack, struct node **ret_n)
{
    struct ktg_changes *t = s->changed;
    struct node *n = ktg_arena_zalloc(&t->arena, sizeof *n + key.size);
    if (!n)
        return KTG_ENOMEM;
    n->key_size = (uint32_t)key.size;
    memcpy(n->key, key.data, key.size);
    n->value.arena = &t->arena;
    if (value.size + slack && !ktg_buf_extend(&n->value, value.size + slack))
        return KTG_ENOMEM;
    n->value.size = 0;
    ktg_buf_put_bytes(&n->value, value);
    int rc = link_node(t, n, hash);
    if (rc)
        return rc;
    *ret_n = n;
    if (is_sparse(key.data[0]))
        ktg_sieve_add(&s->sieve, hash);
    return KTG_OK;
}

/* Not removed any more. */
static void there(struct ktg_changes *t, struct node *n)
{
    t->count += n->nowhere;
    n->removed = n->nowhere = false;
}

int ktg_state_edit(struct ktg_state *s, struct ktg_bytes key, struct ktg_buf **ret_value)
{
    assert(key.size > 0 && key.size <= KTG_STATE_KEY_MAX);
    uint64_t hash = ktg_hash64(key.data, key.size, 0);
    struct node *n = find(s->changed, key, hash);
    if (!n) {
        struct ktg_bytes below = KTG_BYTES_NONE;
        int rc = get_below(s, key, hash, &below);
        if (rc && rc != KTG_ENOTFOUND)
            return rc;
        if ((rc = add(s, key, hash, below, below.size / 8 + SLACK, &n)))
            return rc;
    }
    there(s->changed, n);
    *ret_value = &n->value;
    return KTG_OK;
}

int ktg_state_put(struct ktg_state *s, struct ktg_bytes key, struct ktg_bytes value)
{
    assert(key.size > 0 && key.size <= KTG_STATE_KEY_MAX);
    uint64_t hash = ktg_hash64(key.data, key.size, 0);
    struct node *n = find(s->changed, key, hash);
    if (!n)
        return add(s, key, hash, value, 0, &n);
    there(s->changed, n);
    ktg_buf_clear(&n->value);
    ktg_buf_put_bytes(&n->value, value);
    return ktg_buf_check(&n->value);
}

int ktg_state_del(struct ktg_state *s, struct ktg_bytes key)
{
    uint64_t hash = ktg_hash64(key.data, key.size, 0);
    struct node *n = find(s->changed, key, hash);
    struct ktg_bytes below;
    if (n && n->removed)
        return KTG_OK;
    int rc = get_below(s, key, hash, &below);
    if (rc && rc != KTG_ENOTFOUND)
        return rc;
    if (!n && rc == KTG_ENOTFOUND)
        return KTG_OK;
    bool nowhere = rc == KTG_ENOTFOUND;
    if (!n && (rc = add(s, key, hash, KTG_BYTES_NONE, 0, &n)))
        return rc;
    n->removed = true;
    n->nowhere = nowhere;
    s->changed->count -= nowhere;
    ktg_buf_clear(&n->value);
    return KTG_OK;
}

/* ---- in order of keys ---- */

static int by_key(const void *a, const void *b)
{
    const struct node *x = *(struct node *const *)a, *y = *(struct node *const *)b;
    return ktg_bytes_cmp(ktg_bytes(x->key, x->key_size), ktg_bytes(y->key, y->key_size));
}

struct walk { /* over the records of a table, in no order */
    const struct ktg_changes *t;
    size_t at;
    bool in_past;
};

static const struct slot *next_slot(struct walk *w)
{
    for (;;) {
        size_t end = w->in_past ? w->t->past_size : w->t->size;
        const struct slot *of = w->in_past ? w->t->past : w->t->slots;
        while (w->at < end)
            if (of[w->at++].node)
                return &of[w->at - 1];
        if (w->in_past || !w->t->past)
            return NULL;
        w->in_past = true;
        w->at = w->t->moved;
    }
}

/* The records of `t` under a prefix that are not in `over` (NULL: nothing is). */
static size_t gather(const struct ktg_changes *t, struct ktg_bytes prefix,
                     const struct ktg_changes *over, struct node **to)
{
    size_t count = 0;
    struct walk w = {.t = t};
    for (const struct slot *s; t && (s = next_slot(&w));) {
        struct ktg_bytes key = ktg_bytes(s->node->key, s->node->key_size);
        if (key.size < prefix.size ||
            (prefix.size && memcmp(key.data, prefix.data, prefix.size) != 0) || s->node->nowhere)
            continue;
        const struct node *hides = over ? find(over, key, s->hash) : NULL;
        if (!hides || hides->nowhere)
            to[count++] = s->node;
    }
    return count;
}

struct merge {
    struct node **list;
    size_t count, next;
    ktg_state_each *each;
    void *arg;
};

/* Give out the changed records below `key` (all: key NULL). */
static int give_below(struct merge *m, const struct ktg_bytes *key)
{
    while (m->next < m->count) {
        struct node *n = m->list[m->next];
        struct ktg_bytes name = ktg_bytes(n->key, n->key_size);
        if (key && ktg_bytes_cmp(name, *key) >= 0)
            break;
        m->next++;
        int rc = n->removed ? KTG_OK : m->each(m->arg, name, ktg_buf_view(&n->value));
        if (rc)
            return rc;
    }
    return KTG_OK;
}

static int merge_committed(void *arg, struct ktg_bytes key, struct ktg_bytes value)
{
    struct merge *m = arg;
    int rc = give_below(m, &key);
    if (rc)
        return rc;
    if (m->next < m->count) {
        struct node *n = m->list[m->next];
        if (ktg_bytes_eq(ktg_bytes(n->key, n->key_size), key)) { /* changed: the change wins */
            m->next++;
            return n->removed ? KTG_OK : m->each(m->arg, key, ktg_buf_view(&n->value));
        }
    }
    return m->each(m->arg, key, value);
}

int ktg_state_scan(struct ktg_state *s, struct ktg_bytes prefix, ktg_state_each *each, void *arg)
{
    size_t most = s->changed->count + (s->frozen ? s->frozen->count : 0);
    struct merge m = {ktg_calloc(most + 1, sizeof *m.list), 0, 0, each, arg};
    if (!m.list)
        return KTG_ENOMEM;
    m.count = gather(s->changed, prefix, NULL, m.list);
    m.count += gather(s->frozen, prefix, s->changed, m.list + m.count);
    qsort(m.list, m.count, sizeof *m.list, by_key);
    int rc = s->has_store ? s->store.scan(s->store.arg, prefix, merge_committed, &m) : KTG_OK;
    if (!rc)
        rc = give_below(&m, NULL);
    ktg_free(m.list);
    return rc;
}

/* ---- a checkpoint ---- */

/* What could not be written goes along: its records, where there is none newer, and its arena. */
static int fold(struct ktg_changes *older, struct ktg_changes *into)
{
    struct walk w = {.t = older};
    int rc = KTG_OK;
    for (const struct slot *s; !rc && (s = next_slot(&w));) {
        struct node *newer = find(into, ktg_bytes(s->node->key, s->node->key_size), s->hash);
        if (!newer)
            rc = link_node(into, s->node, s->hash);
        else if (newer->nowhere && !s->node->nowhere) { /* what lies below is still to be deleted */
            newer->nowhere = false;
            into->count++;
        }
    }
    if (rc)
        return rc;
    drop_slots(older);
    into->older = older;
    return KTG_OK;
}

int ktg_state_freeze(struct ktg_state *s, const struct ktg_changes **ret_f)
{
    assert(s->has_store);
    if (s->frozen && !s->changed->count) { /* nothing since the one that failed */
        *ret_f = s->frozen;
        return KTG_OK;
    }
    struct ktg_changes *fresh = table_new(s->changed->count);
    if (!fresh)
        return KTG_ENOMEM;
    int rc = s->frozen ? fold(s->frozen, s->changed) : KTG_OK;
    if (rc) {
        ktg_changes_free(fresh);
        return rc;
    }
    *ret_f = s->frozen = s->changed;
    s->changed = fresh;
    return KTG_OK;
}

/* The first bytes of a key beside it, as numbers: most keys are told apart without looking at them. */
enum { HEADS = 3, AHEAD = 8 };
struct keyed {
    uint64_t head[HEADS];
    struct node *node;
};

static struct keyed keyed_of(struct node *n)
{
    uint8_t raw[HEADS * 8] = {0};
    struct keyed k = {.node = n};
    memcpy(raw, n->key, n->key_size < sizeof raw ? n->key_size : sizeof raw);
    for (int i = 0; i < HEADS; i++)
        k.head[i] = ktg_get_be64(raw + (size_t)i * 8);
    return k;
}

static int by_head(const void *a, const void *b)
{
    const struct keyed *x = a, *y = b;
    for (int i = 0; i < HEADS; i++)
        if (x->head[i] != y->head[i])
            return x->head[i] < y->head[i] ? -1 : 1;
    return by_key(&x->node, &y->node);
}

int ktg_changes_write(const struct ktg_changes *f, ktg_state_each *put, ktg_state_each *del,
                      void *arg)
{
    struct keyed *list = ktg_calloc(f->count + 1, sizeof *list);
    int rc = list ? KTG_OK : KTG_ENOMEM;
    size_t count = 0;
    struct walk w = {.t = f};
    for (const struct slot *s; list && (s = next_slot(&w));)
        if (!s->node->nowhere)
            list[count++] = keyed_of(s->node);
    if (count)
        qsort(list, count, sizeof *list, by_head);
    for (size_t i = 0; !rc && i < count; i++) {
        struct node *n = list[i].node;
        if (i + AHEAD < count)
            __builtin_prefetch(list[i + AHEAD].node);
        rc = (n->removed ? del : put)(arg, ktg_bytes(n->key, n->key_size), ktg_buf_view(&n->value));
    }
    ktg_free(list);
    return rc;
}

struct ktg_changes *ktg_state_forget(struct ktg_state *s)
{
    struct ktg_changes *f = s->frozen;
    s->frozen = NULL;
    return f;
}

size_t ktg_state_dirty_count(const struct ktg_state *s)
{
    return s->has_store ? s->changed->count + (s->frozen ? s->frozen->count : 0) : 0;
}

size_t ktg_state_dirty_bytes(const struct ktg_state *s)
{
    size_t bytes = s->changed->arena.used;
    for (const struct ktg_changes *t = s->frozen; t; t = t->older)
        bytes += t->arena.used;
    return s->has_store ? bytes : 0;
}
