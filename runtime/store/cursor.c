/* runtime/store/cursor.c - see cursor.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "runtime/store/cursor.h"

#include <assert.h>

#include "runtime/mem.h"
#include "runtime/store/env.h"

enum place {
    BEFORE,  /* the walk has not begun; `from` says where */
    ON_PAIR, /* at what next gave last */
    DELETED, /* that was deleted; its key is in `last` */
    DONE,
};

struct ktg_cursor {
    struct ktg_txn *txn;
    MDB_cursor *cursor;
    struct ktg_bytes from;
    enum ktg_cursor_way way;
    enum place place;
    size_t prefix_size, last_size;
    uint8_t prefix[KTG_KEY_MAX], last[KTG_KEY_MAX];
};

int ktg_cursor_range(struct ktg_cursor *c, const struct ktg_range *range, struct ktg_err *err)
{
    if (range->prefix.size > KTG_KEY_MAX || range->from.size > KTG_KEY_MAX)
        return ktg_env_fail(c->txn->store, MDB_BAD_VALSIZE, err);
    c->from = range->from;
    c->way = range->way;
    c->place = BEFORE;
    c->prefix_size = range->prefix.size;
    if (c->prefix_size)
        memcpy(c->prefix, range->prefix.data, c->prefix_size);
    return KTG_OK;
}

int ktg_cursor_open(struct ktg_txn *txn, ktg_db db, const struct ktg_range *range,
                    struct ktg_cursor **ret_cursor, struct ktg_err *err)
{
    assert(!txn->reset);
    struct ktg_cursor *c = ktg_zalloc(sizeof *c);
    if (!c)
        return ktg_err_set(err, KTG_ENOMEM, "%s: no memory", txn->store->path);
    c->txn = txn;
    int r = ktg_env_fail(txn->store, mdb_cursor_open(txn->txn, db, &c->cursor), err);
    if (r) {
        ktg_free(c);
        return r;
    }
    txn->cursors++;
    r = ktg_cursor_range(c, range, err);
    if (r)
        ktg_cursor_close(c);
    else
        *ret_cursor = c;
    return r;
}

struct ktg_cursor *ktg_cursor_close(struct ktg_cursor *c)
{
    if (!c)
        return NULL;
    mdb_cursor_close(c->cursor);
    c->txn->cursors--;
    ktg_free(c);
    return NULL;
}

/* The smallest key behind all that begin with the prefix, into `to`; 0: there is none (all 0xff, or
 * no prefix). */
static size_t prefix_end(const struct ktg_cursor *c, uint8_t to[static KTG_KEY_MAX])
{
    size_t n = c->prefix_size;
    while (n > 0 && c->prefix[n - 1] == 0xff)
        n--;
    if (n == 0)
        return 0;
    memcpy(to, c->prefix, n);
    to[n - 1]++;
    return n;
}

static int seek_up(struct ktg_cursor *c, MDB_val *k, MDB_val *v)
{
    struct ktg_bytes start = ktg_bytes(c->prefix, c->prefix_size);
    if (c->from.size && ktg_bytes_cmp(c->from, start) > 0)
        start = c->from;
    if (start.size == 0)
        return mdb_cursor_get(c->cursor, k, v, MDB_FIRST);
    *k = ktg_env_val(start);
    return mdb_cursor_get(c->cursor, k, v, MDB_SET_RANGE);
}

static int seek_down(struct ktg_cursor *c, MDB_val *k, MDB_val *v)
{
    uint8_t end_bytes[KTG_KEY_MAX];
    struct ktg_bytes end = ktg_bytes(end_bytes, prefix_end(c, end_bytes)), start = c->from;
    bool included = true;
    if (start.size == 0 || (end.size && ktg_bytes_cmp(start, end) >= 0)) {
        start = end;
        included = false;
    }
    if (start.size == 0)
        return mdb_cursor_get(c->cursor, k, v, MDB_LAST);
    *k = ktg_env_val(start);
    int rc = mdb_cursor_get(c->cursor, k, v, MDB_SET_RANGE);
    if (rc == MDB_NOTFOUND)
        return mdb_cursor_get(c->cursor, k, v, MDB_LAST);
    if (rc == 0 && !(included && ktg_bytes_eq(ktg_env_bytes(*k), start)))
        return mdb_cursor_get(c->cursor, k, v, MDB_PREV);
    return rc;
}

/* Behind (3) the deleted key, in the way of the walk. */
static int seek_past_deleted(struct ktg_cursor *c, MDB_val *k, MDB_val *v)
{
    *k = ktg_env_val(ktg_bytes(c->last, c->last_size));
    int rc = mdb_cursor_get(c->cursor, k, v, MDB_SET_RANGE);
    if (c->way == KTG_CURSOR_UP)
        return rc;
    return rc == MDB_NOTFOUND ? mdb_cursor_get(c->cursor, k, v, MDB_LAST)
           : rc               ? rc
                              : mdb_cursor_get(c->cursor, k, v, MDB_PREV);
}

int ktg_cursor_next(struct ktg_cursor *c, struct ktg_bytes *ret_key, struct ktg_bytes *ret_value,
                    struct ktg_err *err)
{
    MDB_val k = {0, NULL}, v = {0, NULL};
    int rc = MDB_NOTFOUND;
    switch (c->place) {
    case BEFORE:
        rc = c->way == KTG_CURSOR_UP ? seek_up(c, &k, &v) : seek_down(c, &k, &v);
        break;
    case ON_PAIR:
        rc = mdb_cursor_get(c->cursor, &k, &v, c->way == KTG_CURSOR_UP ? MDB_NEXT : MDB_PREV);
        break;
    case DELETED:
        rc = seek_past_deleted(c, &k, &v);
        break;
    case DONE:
        break;
    }
    struct ktg_bytes prefix = ktg_bytes(c->prefix, c->prefix_size);
    if (rc == 0 &&
        (k.mv_size < prefix.size || !ktg_bytes_eq(ktg_bytes(k.mv_data, prefix.size), prefix)))
        rc = MDB_NOTFOUND;
    c->place = rc ? DONE : ON_PAIR;
    if (rc)
        return ktg_env_fail(c->txn->store, rc, err);
    if (ret_key)
        *ret_key = ktg_env_bytes(k);
    if (ret_value)
        *ret_value = ktg_env_bytes(v);
    return KTG_OK;
}

int ktg_cursor_del(struct ktg_cursor *c, struct ktg_err *err)
{
    assert(c->place == ON_PAIR && c->txn->write);
    MDB_val k, v;
    int rc = mdb_cursor_get(c->cursor, &k, &v, MDB_GET_CURRENT);
    if (!rc) {
        c->last_size = k.mv_size;
        memcpy(c->last, k.mv_data, k.mv_size);
        rc = mdb_cursor_del(c->cursor, 0);
    }
    int r = ktg_env_fail(c->txn->store, rc, err);
    if (r && !c->txn->failed)
        c->txn->failed = r;
    c->place = r ? DONE : DELETED;
    return r;
}
