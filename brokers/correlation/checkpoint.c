/* brokers/correlation/checkpoint.c - the picture and the numbered invariants are in checkpoint.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "brokers/correlation/checkpoint.h"

#include "runtime/mem.h"
#include "runtime/resident.h"
#include "runtime/store/cursor.h"
#include "runtime/store/store.h"

#define MARK_KEY KTG_LIT("checkpoint")
enum { LAYOUT = 1, MARK_SIZE = 1 + 8 + KTG_HASH_SIZE + 16 + 8 + 8 };

struct ktg_checkpoint {
    struct ktg_store *store;
    ktg_db state, meta;
    struct ktg_txn *read; /* its views hold until the next write */
    struct ktg_records records;
    struct ktg_watch reads, writes; /* of the two threads */
};

static int get(void *arg, struct ktg_bytes key, struct ktg_bytes *ret_value)
{
    struct ktg_checkpoint *c = arg;
    int rc = ktg_txn_get(c->read, c->state, key, ret_value, NULL);
    ktg_watch_read(&c->reads);
    return rc;
}

static int scan(void *arg, struct ktg_bytes prefix, ktg_state_each *each, void *each_arg)
{
    struct ktg_checkpoint *c = arg;
    struct ktg_range range = {KTG_BYTES_NONE, prefix, KTG_CURSOR_UP};
    struct ktg_cursor *cursor = NULL;
    struct ktg_bytes key, value;
    int rc = ktg_cursor_open(c->read, c->state, &range, &cursor, NULL);
    if (rc)
        return rc;
    while (!(rc = ktg_cursor_next(cursor, &key, &value, NULL)) &&
           !(rc = each(each_arg, key, value)))
        ktg_watch_read(&c->reads);
    ktg_cursor_close(cursor);
    return rc == KTG_ENOTFOUND ? KTG_OK : rc;
}

static int open_tables(struct ktg_checkpoint *c, struct ktg_err *err)
{
    int rc = ktg_store_db(c->store, "state", &c->state, err);
    if (!rc)
        rc = ktg_store_db(c->store, "meta", &c->meta, err);
    return rc ? rc : ktg_txn_read(c->store, &c->read, err);
}

typedef int open_store(const char *path, const struct ktg_store_options *options,
                       struct ktg_store **ret_store, struct ktg_err *err);

static int open_by(open_store *way, const char *path, uint64_t map_size,
                   struct ktg_checkpoint **ret_c, struct ktg_err *err)
{
    struct ktg_store_options options = {.map_size = map_size, .larger_than_ram = true};
    struct ktg_checkpoint *c = ktg_zalloc(sizeof *c);
    if (!c)
        return ktg_err_set(err, KTG_ENOMEM, "checkpoint: out of memory");
    c->records = (struct ktg_records){c, get, scan};
    int rc = way(path, &options, &c->store, err);
    if (!rc)
        rc = open_tables(c, err);
    if (rc) {
        ktg_checkpoint_close(c);
        return rc;
    }
    *ret_c = c;
    return KTG_OK;
}

int ktg_checkpoint_open(const char *path, uint64_t map_size, struct ktg_checkpoint **ret_c,
                        struct ktg_err *err)
{
    return open_by(ktg_store_open, path, map_size, ret_c, err);
}

int ktg_checkpoint_look(const char *path, uint64_t map_size, struct ktg_checkpoint **ret_c,
                        struct ktg_err *err)
{
    return open_by(ktg_store_look, path, map_size, ret_c, err);
}

struct ktg_checkpoint *ktg_checkpoint_close(struct ktg_checkpoint *c)
{
    if (!c)
        return NULL;
    ktg_txn_abort(c->read);
    ktg_store_close(c->store);
    ktg_free(c);
    return NULL;
}

void ktg_checkpoint_watch(struct ktg_checkpoint *c, uint64_t limit)
{
    c->reads.limit = c->writes.limit = limit;
}

int ktg_checkpoint_trim(struct ktg_checkpoint *c, struct ktg_err *err)
{
    c->read = ktg_txn_abort(c->read);
    int rc = ktg_store_reopen(c->store, err);
    return rc ? rc : open_tables(c, err);
}

const struct ktg_records *ktg_checkpoint_records(struct ktg_checkpoint *c)
{
    return &c->records;
}

static void pack_mark(const struct ktg_checkpoint_mark *m, uint8_t to[static MARK_SIZE])
{
    to[0] = LAYOUT;
    ktg_put_le64(to + 1, m->position);
    memcpy(to + 9, m->chain.b, KTG_HASH_SIZE);
    memcpy(to + 9 + KTG_HASH_SIZE, m->journal, 16);
    ktg_put_le64(to + 25 + KTG_HASH_SIZE, m->findings);
    ktg_put_le64(to + 33 + KTG_HASH_SIZE, (uint64_t)m->engine);
}

int ktg_checkpoint_mark(struct ktg_checkpoint *c, struct ktg_checkpoint_mark *ret_m,
                        struct ktg_err *err)
{
    struct ktg_bytes v;
    int rc = ktg_txn_get(c->read, c->meta, MARK_KEY, &v, err);
    if (rc)
        return rc;
    if (v.size != MARK_SIZE || v.data[0] != LAYOUT)
        return ktg_err_set(err, KTG_ECORRUPT, "the checkpoint has another layout");
    ret_m->position = ktg_get_le64(v.data + 1);
    memcpy(ret_m->chain.b, v.data + 9, KTG_HASH_SIZE);
    memcpy(ret_m->journal, v.data + 9 + KTG_HASH_SIZE, 16);
    ret_m->findings = ktg_get_le64(v.data + 25 + KTG_HASH_SIZE);
    ret_m->engine = (int64_t)ktg_get_le64(v.data + 33 + KTG_HASH_SIZE);
    return KTG_OK;
}

struct writing {
    struct ktg_checkpoint *c;
    struct ktg_txn *txn;
    struct ktg_err *err;
};

static int put(void *arg, struct ktg_bytes key, struct ktg_bytes value)
{
    struct writing *w = arg;
    ktg_watch_read(&w->c->writes); /* it reads the page that it changes */
    return ktg_txn_put(w->txn, w->c->state, key, value, w->err);
}

static int del(void *arg, struct ktg_bytes key, struct ktg_bytes value)
{
    struct writing *w = arg;
    (void)value;
    int rc = ktg_txn_del(w->txn, w->c->state, key, w->err);
    return rc == KTG_ENOTFOUND ? KTG_OK : rc;
}

/* Let go of the old moment and see the new one. */
static int look_anew(struct ktg_checkpoint *c, struct ktg_err *err)
{
    ktg_txn_reset(c->read);
    return ktg_txn_renew(c->read, err);
}

int ktg_checkpoint_store(struct ktg_checkpoint *c, const struct ktg_changes *changes,
                         const struct ktg_checkpoint_mark *mark, struct ktg_err *err)
{
    struct writing w = {c, NULL, err};
    c->writes = (struct ktg_watch){.limit = c->writes.limit}; /* another thread than the last */
    uint8_t packed[MARK_SIZE];
    pack_mark(mark, packed);
    int rc = ktg_txn_write(c->store, &w.txn, err);
    if (!rc)
        rc = ktg_changes_write(changes, put, del, &w);
    if (!rc)
        rc = ktg_txn_put(w.txn, c->meta, MARK_KEY, ktg_bytes(packed, sizeof packed), err);
    if (rc) {
        ktg_txn_abort(w.txn);
        return rc;
    }
    return ktg_txn_commit(&w.txn, err);
}

int ktg_checkpoint_see(struct ktg_checkpoint *c, struct ktg_state *state,
                       struct ktg_changes **ret_spent, struct ktg_err *err)
{
    int rc = look_anew(c, err);
    if (!rc)
        *ret_spent = ktg_state_forget(state);
    return rc;
}

int ktg_checkpoint_write(struct ktg_checkpoint *c, struct ktg_state *state,
                         const struct ktg_checkpoint_mark *mark, struct ktg_err *err)
{
    const struct ktg_changes *changes;
    struct ktg_changes *spent = NULL;
    int rc = ktg_state_freeze(state, &changes);
    if (rc)
        return ktg_err_set(err, rc, "checkpoint: out of memory");
    rc = ktg_checkpoint_store(c, changes, mark, err);
    if (!rc)
        rc = ktg_checkpoint_see(c, state, &spent, err);
    ktg_changes_free(spent);
    return rc;
}

int ktg_checkpoint_clear(struct ktg_checkpoint *c, struct ktg_err *err)
{
    struct ktg_txn *txn = NULL;
    int rc = ktg_txn_write(c->store, &txn, err);
    if (!rc)
        rc = ktg_txn_clear(txn, c->state, err);
    if (!rc)
        rc = ktg_txn_clear(txn, c->meta, err);
    if (rc) {
        ktg_txn_abort(txn);
        return rc;
    }
    rc = ktg_txn_commit(&txn, err);
    return rc ? rc : look_anew(c, err);
}

int ktg_checkpoint_copy(struct ktg_checkpoint *c, const char *path, struct ktg_err *err)
{
    return ktg_store_copy(c->store, path, true, err);
}

uint64_t ktg_checkpoint_pages(struct ktg_checkpoint *c)
{
    uint64_t pages = 0;
    int rc = ktg_txn_pages(c->read, c->state, &pages, NULL);
    return rc ? 0 : pages;
}

uint64_t ktg_checkpoint_used(const struct ktg_checkpoint *c)
{
    struct ktg_store_stat stat;
    ktg_store_stat(c->store, &stat);
    return stat.used_bytes;
}
