/* runtime/store/store.h - a folder of ordered tables that survives kill -9 and power loss: LMDB,
 * safe modes only.
 *
 *     store ──┬── table "events"   key -> value, ordered bytewise by key; keys 1..511 bytes
 *             └── table "meta"     (integers as keys: big-endian, key.h)
 *
 * (1) One process has a store open, once: it holds DIR/store.lock.  A second one is told so.  Others may look
 * (ktg_store_look): they read what is committed, take no lock, and hinder nobody who writes.
 * (2) A write transaction is one: it is synced to the disk when ktg_txn_commit returns KTG_OK, or
 * it never was. (3) Synchronous, read through a read-only map, no duplicate values: no option makes
 * it less safe. (4) A full map or disk loses nothing: the transaction is gone, the store as it was.
 * A disk that fails (KTG_EIO) has the last word: from then on every writer gets KTG_EIO, and the
 * station exits. (5) The folder belongs to us alone (0700).
 *
 * Never fork with an open store.  Writers wait for each other; readers wait for nobody.  Any
 * thread, each transaction by one thread at a time.  With txn.h and cursor.h the only room that
 * knows <lmdb.h>.  Floor 0, needs runtime/ only. SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_RUNTIME_STORE_STORE_H
#define KTG_RUNTIME_STORE_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/bytes.h"
#include "runtime/err.h"

#define KTG_STORE_DBS 64 /* most tables in one call */

struct ktg_store;
typedef unsigned ktg_db; /* a named table of an open store */

struct ktg_store_options {
    uint64_t
        map_size; /* bytes that it may ever hold; only address space until used.  At least 64 KiB */
    unsigned max_dbs;     /* named tables; 0: 16 */
    unsigned max_readers; /* read transactions at once; 0: 126 */
    bool larger_than_ram; /* do not read ahead */
};

struct ktg_store_stat {
    uint64_t map_size;   /* bytes */
    uint64_t used_bytes; /* highest page ever used, in bytes; pages freed below it are used again */
    uint64_t page_size;
    uint64_t last_txn; /* rises by one with each commit */
    unsigned readers, max_readers;
};

/* Open the store in folder `path`, made if missing (its parent must exist).  KTG_ECONFLICT: another
 * process has it; KTG_EDENIED: the folder is not ours alone, or cannot be written; KTG_ECORRUPT: no
 * store of ours; KTG_EFULL: no room on the disk or in the address space; KTG_EIO; KTG_ENOMEM. */
KTG_MUST_CHECK int ktg_store_open(const char *path, const struct ktg_store_options *options,
                                  struct ktg_store **ret_store, struct ktg_err *err);
/* Read what another process has open, or nobody: no lock, no folder is made, no write transaction begins.  Never in the
 * process that has it open.  A read transaction left open keeps the owner from using freed pages again: end it before
 * waiting for anything.  KTG_ENOTFOUND: there is no store; else as ktg_store_open. */
KTG_MUST_CHECK int ktg_store_look(const char *path, const struct ktg_store_options *options,
                                  struct ktg_store **ret_store, struct ktg_err *err);
/* No transaction may be open.  NULL is fine; returns NULL. */
struct ktg_store *ktg_store_close(struct ktg_store *store);

/* The table called `name`, made if missing; KTG_ENOTFOUND if one only looks.  At start, with no transaction open in
 * this thread. */
KTG_MUST_CHECK int ktg_store_db(struct ktg_store *store, const char *name, ktg_db *ret_db,
                                struct ktg_err *err);

/* All tables of `names` (ended by NULL), in one transaction: ret_dbs[i] is that of names[i]. */
KTG_MUST_CHECK int ktg_store_dbs(struct ktg_store *store, const char *const *names, ktg_db *ret_dbs,
                                 struct ktg_err *err);

void ktg_store_stat(const struct ktg_store *store, struct ktg_store_stat *ret_stat);
/* A larger map after KTG_EFULL.  KTG_EAGAIN while any transaction is open; KTG_EINVALID: smaller
 * than what is used. */
KTG_MUST_CHECK int ktg_store_grow(struct ktg_store *store, uint64_t map_size, struct ktg_err *err);
/* Close and open again, with the options that it was opened with: LMDB keeps the pages that a transaction wrote on the heap, as many
 * as the largest one took, until then.  Handles of tables are to be asked for anew.  KTG_EAGAIN while any transaction is open; after
 * another failure only ktg_store_close is left. */
KTG_MUST_CHECK int ktg_store_reopen(struct ktg_store *store, struct ktg_err *err);
/* Free the slots of readers that died: who looked and was killed holds back pages.  How many; a few system calls. */
int ktg_store_check_readers(struct ktg_store *store);
/* A consistent copy into the new folder `path` while others read and write; `compact` leaves free
 * pages out.  It is a long reader: the store grows meanwhile.  KTG_ECONFLICT: the folder holds a
 * store already. */
KTG_MUST_CHECK int ktg_store_copy(struct ktg_store *store, const char *path, bool compact,
                                  struct ktg_err *err);

#endif
