/* runtime/store/env.h - what store, transactions and cursors share inside this room.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_RUNTIME_STORE_ENV_H
#define KTG_RUNTIME_STORE_ENV_H

#include <lmdb.h>
#include <stdatomic.h>

#include "runtime/lockfile.h"
#include "runtime/store/txn.h"

#if MDB_VERSION_FULL < MDB_VERINT(0, 9, 24)
#error "LMDB 0.9.24 or later"
#endif

struct ktg_store {
    MDB_env *env;
    struct ktg_lockfile *lock; /* NULL: it only looks */
    char *path;
    struct ktg_store_options options;
    atomic_int open_txns;    /* readers that were reset count, too */
    atomic_bool failed;      /* the disk had the last word */
    _Atomic uint64_t writer; /* thread that writes, 0: none */
};

struct ktg_txn {
    struct ktg_store *store;
    MDB_txn *txn;
    bool write, reset;
    int failed;  /* first code that only leaves abort */
    int cursors; /* open ones */
};

/* Text and code for what LMDB or the system said; 0 is KTG_OK.  Marks the store failed on KTG_EIO.
 */
int ktg_env_fail(struct ktg_store *store, int rc, struct ktg_err *err);

/* What a failed commit really was.  LMDB says EIO for a write that was cut short by a full disk,
 * and says ENOSPC when it was the meta page that could not be written, after which nothing works
 * any more. */
int ktg_env_commit_cause(struct ktg_store *store, int rc);

static inline MDB_val ktg_env_val(struct ktg_bytes b)
{
    return (MDB_val){b.size, (void *)(uintptr_t)b.data};
}
static inline struct ktg_bytes ktg_env_bytes(MDB_val v)
{
    return ktg_bytes(v.mv_data, v.mv_size);
}

#endif
