/* rules/engine/state.c - see state.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "rules/engine/state.h"

#include <assert.h>
#include <stdlib.h>

#include "runtime/mem.h"

struct node {
    uint64_t hash;
    struct node *next; /* in its bucket */
    struct ktg_buf value;
    size_t counted; /* of the value's memory, in `bytes` of the state */
    bool removed;   /* a tombstone over a committed record */
    uint32_t key_size;
    uint8_t key[];
};

struct ktg_state {
    struct ktg_records store;
    bool has_store;
    struct node **buckets;
    size_t bucket_count; /* a power of two */
    size_t count, bytes;
};

int ktg_state_new(const struct ktg_records *store, struct ktg_state **ret_s)
{
    struct ktg_state *s = ktg_zalloc(sizeof *s);
    if (!s)
        return KTG_ENOMEM;
    s->bucket_count = 1024;
    s->buckets = ktg_calloc(s->bucket_count, sizeof *s->buckets);
    if (!s->buckets) {
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

static void node_free(struct node *n)
{
    ktg_buf_done(&n->value);
    ktg_free(n);
}

void ktg_state_clean(struct ktg_state *s)
{
    if (!s->has_store)
        return;
    for (size_t i = 0; i < s->bucket_count; i++) {
        while (s->buckets[i]) {
            struct node *n = s->buckets[i];
            s->buckets[i] = n->next;
            node_free(n);
        }
    }
    s->count = s->bytes = 0;
}

struct ktg_state *ktg_state_free(struct ktg_state *s)
{
    if (!s)
        return NULL;
    s->has_store = true; /* let clean empty the map */
    ktg_state_clean(s);
    ktg_free(s->buckets);
    ktg_free(s);
    return NULL;
}

static struct node **find(struct ktg_state *s, struct ktg_bytes key, uint64_t hash)
{
    struct node **at = &s->buckets[hash & (s->bucket_count - 1)];
    while (*at && ((*at)->hash != hash || (*at)->key_size != key.size ||
                   memcmp((*at)->key, key.data, key.size) != 0))
        at = &(*at)->next;
    return at;
}

static int grow(struct ktg_state *s)
{
    if (s->count < s->bucket_count)
        return KTG_OK;
    size_t want = s->bucket_count * 2;
    struct node **fresh = ktg_calloc(want, sizeof *fresh);
    if (!fresh)
        return KTG_ENOMEM;
    for (size_t i = 0; i < s->bucket_count; i++) {
        while (s->buckets[i]) {
            struct node *n = s->buckets[i];
            s->buckets[i] = n->next;
            n->next = fresh[n->hash & (want - 1)];
            fresh[n->hash & (want - 1)] = n;
        }
    }
    ktg_free(s->buckets);
    s->buckets = fresh;
    s->bucket_count = want;
    return KTG_OK;
}

int ktg_state_get(struct ktg_state *s, struct ktg_bytes key, struct ktg_bytes *ret_value)
{
    struct node *n = *find(s, key, ktg_hash64(key.data, key.size, 0));
    if (n) {
        if (n->removed)
            return KTG_ENOTFOUND;
        *ret_value = ktg_buf_view(&n->value);
        return KTG_OK;
    }
    return s->has_store ? s->store.get(s->store.arg, key, ret_value) : KTG_ENOTFOUND;
}

/* Count what the value has grown by since it was last looked at; a buffer in the caller's hands grows unseen until then. */
static void count_value(struct ktg_state *s, struct node *n)
{
    s->bytes += n->value.cap - n->counted;
    n->counted = n->value.cap;
}

static int add(struct ktg_state *s, struct ktg_bytes key, uint64_t hash, struct node **ret_n)
{
    int rc = grow(s);
    if (rc)
        return rc;
    struct node *n = ktg_zalloc(sizeof *n + key.size);
    if (!n)
        return KTG_ENOMEM;
    n->hash = hash;
    n->key_size = (uint32_t)key.size;
    memcpy(n->key, key.data, key.size);
    struct node **at = &s->buckets[hash & (s->bucket_count - 1)];
    n->next = *at;
    *at = n;
    s->count++;
    s->bytes += sizeof *n + key.size;
    *ret_n = n;
    return KTG_OK;
}

int ktg_state_edit(struct ktg_state *s, struct ktg_bytes key, struct ktg_buf **ret_value)
{
    assert(key.size > 0 && key.size <= KTG_STATE_KEY_MAX);
    uint64_t hash = ktg_hash64(key.data, key.size, 0);
    struct node *n = *find(s, key, hash);
    if (!n) {
        struct ktg_bytes committed = KTG_BYTES_NONE;
        int rc = s->has_store ? s->store.get(s->store.arg, key, &committed) : KTG_ENOTFOUND;
        if (rc && rc != KTG_ENOTFOUND)
            return rc;
        struct ktg_buf copy = KTG_BUF_INIT;
        ktg_buf_put_bytes(&copy, committed);
        if ((rc = ktg_buf_check(&copy)) || (rc = add(s, key, hash, &n))) {
            ktg_buf_done(&copy);
            return rc;
        }
        n->value = copy;
    }
    count_value(s, n);
    if (n->removed) {
        n->removed = false;
        ktg_buf_clear(&n->value);
    }
    *ret_value = &n->value;
    return KTG_OK;
}

int ktg_state_put(struct ktg_state *s, struct ktg_bytes key, struct ktg_bytes value)
{
    assert(key.size > 0 && key.size <= KTG_STATE_KEY_MAX);
    uint64_t hash = ktg_hash64(key.data, key.size, 0);
    struct node *n = *find(s, key, hash);
    int rc = n ? KTG_OK : add(s, key, hash, &n);
    if (rc)
        return rc;
    n->removed = false;
    ktg_buf_clear(&n->value);
    ktg_buf_put_bytes(&n->value, value);
    count_value(s, n);
    return ktg_buf_check(&n->value);
}

int ktg_state_del(struct ktg_state *s, struct ktg_bytes key)
{
    uint64_t hash = ktg_hash64(key.data, key.size, 0);
    struct node **at = find(s, key, hash), *n = *at;
    struct ktg_bytes committed;
    int rc = s->has_store ? s->store.get(s->store.arg, key, &committed) : KTG_ENOTFOUND;
    if (rc && rc != KTG_ENOTFOUND)
        return rc;
    if (rc == KTG_ENOTFOUND) { /* nothing below: forget it */
        if (n) {
            *at = n->next;
            s->bytes -= sizeof *n + n->key_size + n->counted;
            node_free(n);
            s->count--;
        }
        return KTG_OK;
    }
    if (!n && (rc = add(s, key, hash, &n)))
        return rc;
    n->removed = true;
    ktg_buf_done(&n->value);
    count_value(s, n);
    return KTG_OK;
}

static int by_key(const void *a, const void *b)
{
    const struct node *x = *(struct node *const *)a, *y = *(struct node *const *)b;
    return ktg_bytes_cmp(ktg_bytes(x->key, x->key_size), ktg_bytes(y->key, y->key_size));
}

/* The changed records under a prefix, sorted. */
static int changed(const struct ktg_state *s, struct ktg_bytes prefix, struct node ***ret_list,
                   size_t *ret_count)
{
    struct node **list = ktg_calloc(s->count + 1, sizeof *list);
    if (!list)
        return KTG_ENOMEM;
    size_t count = 0;
    for (size_t i = 0; i < s->bucket_count; i++) {
        for (struct node *n = s->buckets[i]; n; n = n->next) {
            if (n->key_size >= prefix.size &&
                (!prefix.size || memcmp(n->key, prefix.data, prefix.size) == 0))
                list[count++] = n;
        }
    }
    qsort(list, count, sizeof *list, by_key);
    *ret_list = list;
    *ret_count = count;
    return KTG_OK;
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
    struct merge m = {NULL, 0, 0, each, arg};
    int rc = changed(s, prefix, &m.list, &m.count);
    if (rc)
        return rc;
    if (s->has_store)
        rc = s->store.scan(s->store.arg, prefix, merge_committed, &m);
    if (!rc)
        rc = give_below(&m, NULL);
    ktg_free(m.list);
    return rc;
}

int ktg_state_flush(struct ktg_state *s, ktg_state_each *put, ktg_state_each *del, void *arg)
{
    if (!s->has_store)
        return KTG_OK;
    struct node **list = NULL;
    size_t count = 0;
    int rc = changed(s, KTG_BYTES_NONE, &list, &count);
    for (size_t i = 0; !rc && i < count; i++) {
        struct node *n = list[i];
        rc = (n->removed ? del : put)(arg, ktg_bytes(n->key, n->key_size), ktg_buf_view(&n->value));
    }
    ktg_free(list);
    return rc;
}

size_t ktg_state_dirty_count(const struct ktg_state *s)
{
    return s->has_store ? s->count : 0;
}

size_t ktg_state_dirty_bytes(const struct ktg_state *s)
{
    return s->has_store ? s->bytes : 0;
}
