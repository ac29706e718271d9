/* runtime/store/txn.c - see txn.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "runtime/store/txn.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>

#include "runtime/mem.h"
#include "runtime/store/env.h"

static int txn_begin(struct ktg_store *store, bool write, struct ktg_txn **ret_txn,
                     struct ktg_err *err)
{
    struct ktg_txn *txn = ktg_zalloc(sizeof *txn);
    if (!txn)
        return ktg_err_set(err, KTG_ENOMEM, "%s: no memory", store->path);
    txn->store = store;
    txn->write = write;
    atomic_fetch_add(&store->open_txns, 1);
    int rc = mdb_txn_begin(store->env, NULL, write ? 0 : MDB_RDONLY, &txn->txn);
    if (rc == MDB_MAP_RESIZED && atomic_load(&store->open_txns) == 1) {
        /* Someone made the map larger (a restored copy, an earlier run): take its size. */
        rc = mdb_env_set_mapsize(store->env, 0);
        if (!rc)
            rc = mdb_txn_begin(store->env, NULL, write ? 0 : MDB_RDONLY, &txn->txn);
    }
    if (rc) {
        int r = ktg_env_fail(store, rc, err);
        atomic_fetch_sub(&store->open_txns, 1);
        ktg_free(txn);
        return r;
    }
    *ret_txn = txn;
    return KTG_OK;
}

int ktg_txn_read(struct ktg_store *store, struct ktg_txn **ret_txn, struct ktg_err *err)
{
    return txn_begin(store, false, ret_txn, err);
}

int ktg_txn_write(struct ktg_store *store, struct ktg_txn **ret_txn, struct ktg_err *err)
{
    uint64_t self = (uint64_t)pthread_self();
    assert(store->lock);                         /* who only looks writes nothing */
    assert(atomic_load(&store->writer) != self); /* (3): would wait for itself for ever */
    if (atomic_load(&store->failed))
        return ktg_env_fail(store, EIO, err);
    int r = txn_begin(store, true, ret_txn, err);
    if (!r)
        atomic_store(&store->writer, self);
    return r;
}

static void txn_free(struct ktg_txn *txn)
{
    assert(txn->cursors == 0);
    atomic_fetch_sub(&txn->store->open_txns, 1);
    ktg_free(txn);
}

int ktg_txn_commit(struct ktg_txn **take_txn, struct ktg_err *err)
{
    struct ktg_txn *txn = *take_txn;
    *take_txn = NULL;
    assert(txn->cursors == 0);
    struct ktg_store *store = txn->store;
    if (txn->write)
        atomic_store(&store->writer, 0); /* before LMDB lets the next writer in */
    int r;
    if (txn->failed) {
        mdb_txn_abort(txn->txn);
        r = ktg_env_fail(store, MDB_BAD_TXN, err);
        r = txn->failed ? txn->failed : r;
    } else {
        int rc = mdb_txn_commit(txn->txn);
        r = ktg_env_fail(store, ktg_env_commit_cause(store, rc), err);
    }
    txn_free(txn);
    return r;
}

struct ktg_txn *ktg_txn_abort(struct ktg_txn *txn)
{
    if (!txn)
        return NULL;
    if (txn->write)
        atomic_store(&txn->store->writer, 0);
    mdb_txn_abort(txn->txn);
    txn_free(txn);
    return NULL;
}

void ktg_txn_reset(struct ktg_txn *txn)
{
    assert(!txn->write && txn->cursors == 0);
    if (!txn->reset)
        mdb_txn_reset(txn->txn);
    txn->reset = true;
}

int ktg_txn_renew(struct ktg_txn *txn, struct ktg_err *err)
{
    assert(!txn->write);
    if (!txn->reset)
        ktg_txn_reset(txn);
    int r = ktg_env_fail(txn->store, mdb_txn_renew(txn->txn), err);
    if (!r)
        txn->reset = false;
    return r;
}

/* A failure of the store itself leaves only abort (2). */
static int txn_fail(struct ktg_txn *txn, int rc, struct ktg_err *err)
{
    int r = ktg_env_fail(txn->store, rc, err);
    if (r && r != KTG_ENOTFOUND && txn->write && !txn->failed)
        txn->failed = r;
    return r;
}

static int check_key(struct ktg_txn *txn, struct ktg_bytes key, struct ktg_err *err)
{
    if (key.size == 0 || key.size > KTG_KEY_MAX)
        return ktg_env_fail(txn->store, MDB_BAD_VALSIZE, err);
    return KTG_OK;
}

int ktg_txn_get(struct ktg_txn *txn, ktg_db db, struct ktg_bytes key, struct ktg_bytes *ret_value,
                struct ktg_err *err)
{
    assert(!txn->reset);
    if (key.size == 0 || key.size > KTG_KEY_MAX)
        return KTG_ENOTFOUND; /* such a key was never put */
    MDB_val k = ktg_env_val(key), v;
    int r = txn_fail(txn, mdb_get(txn->txn, db, &k, &v), err);
    if (!r)
        *ret_value = ktg_env_bytes(v);
    return r;
}

static int put(struct ktg_txn *txn, ktg_db db, struct ktg_bytes key, struct ktg_bytes value,
               unsigned flags, struct ktg_err *err)
{
    assert(txn->write);
    int r = check_key(txn, key, err);
    if (r)
        return r;
    MDB_val k = ktg_env_val(key), v = ktg_env_val(value);
    int rc = mdb_put(txn->txn, db, &k, &v, flags);
    if (rc == MDB_KEYEXIST)
        return ktg_err_set(err, KTG_ECONFLICT, "%s: %s", txn->store->path,
                           flags & MDB_APPEND ? "the key is not above the last one"
                                              : "the key is there already");
    return txn_fail(txn, rc, err);
}

int ktg_txn_put(struct ktg_txn *txn, ktg_db db, struct ktg_bytes key, struct ktg_bytes value,
                struct ktg_err *err)
{
    return put(txn, db, key, value, 0, err);
}

int ktg_txn_insert(struct ktg_txn *txn, ktg_db db, struct ktg_bytes key, struct ktg_bytes value,
                   struct ktg_err *err)
{
    return put(txn, db, key, value, MDB_NOOVERWRITE, err);
}

int ktg_txn_append(struct ktg_txn *txn, ktg_db db, struct ktg_bytes key, struct ktg_bytes value,
                   struct ktg_err *err)
{
    return put(txn, db, key, value, MDB_APPEND, err);
}

int ktg_txn_reserve(struct ktg_txn *txn, ktg_db db, struct ktg_bytes key, size_t size,
                    uint8_t **ret_room, struct ktg_err *err)
{
    assert(txn->write);
    int r = check_key(txn, key, err);
    if (r)
        return r;
    MDB_val k = ktg_env_val(key), v = {size, NULL};
    r = txn_fail(txn, mdb_put(txn->txn, db, &k, &v, MDB_RESERVE), err);
    if (!r)
        *ret_room = v.mv_data;
    return r;
}

int ktg_txn_del(struct ktg_txn *txn, ktg_db db, struct ktg_bytes key, struct ktg_err *err)
{
    assert(txn->write);
    if (key.size == 0 || key.size > KTG_KEY_MAX)
        return KTG_ENOTFOUND;
    MDB_val k = ktg_env_val(key);
    return txn_fail(txn, mdb_del(txn->txn, db, &k, NULL), err);
}

int ktg_txn_clear(struct ktg_txn *txn, ktg_db db, struct ktg_err *err)
{
    assert(txn->write);
    return txn_fail(txn, mdb_drop(txn->txn, db, 0), err);
}

int ktg_txn_pages(struct ktg_txn *txn, ktg_db db, uint64_t *ret_pages, struct ktg_err *err)
{
    MDB_stat st;
    int r = txn_fail(txn, mdb_stat(txn->txn, db, &st), err);
    if (!r)
        *ret_pages = st.ms_branch_pages + st.ms_leaf_pages + st.ms_overflow_pages;
    return r;
}

int ktg_txn_count(struct ktg_txn *txn, ktg_db db, uint64_t *ret_count, struct ktg_err *err)
{
    MDB_stat st;
    int r = txn_fail(txn, mdb_stat(txn->txn, db, &st), err);
    if (!r)
        *ret_count = st.ms_entries;
    return r;
}
