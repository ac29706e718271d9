/* runtime/store/txn.h - reading and changing a store, all or nothing.
 *
 *     ktg_txn_write ─ put get del ... ─┬─ ktg_txn_commit   all of it, synced
 *                                      └─ ktg_txn_abort    nothing of it
 *
 * (1) Views that get and cursors return are valid until the transaction ends; in a write
 * transaction only until the next change. (2) After any failure but KTG_ENOTFOUND, KTG_ECONFLICT
 * and KTG_EINVALID a write transaction can only be aborted: commit says so again. (3) One write
 * transaction at a time; a second one in the same thread is our own mistake. (4) A read transaction
 * sees the store as it was when it began, and keeps the pages of that moment from being used again:
 *     end it, or ktg_txn_reset it, within a second or so.
 *
 * One thread at a time.  Floor 0.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_RUNTIME_STORE_TXN_H
#define KTG_RUNTIME_STORE_TXN_H

#include "runtime/store/store.h"

#define KTG_KEY_MAX 511

struct ktg_txn;

/* KTG_EAGAIN: all reader slots are taken. */
KTG_MUST_CHECK int ktg_txn_read(struct ktg_store *store, struct ktg_txn **ret_txn,
                                struct ktg_err *err);
/* Waits for another thread's write transaction.  KTG_EIO after the disk failed. */
KTG_MUST_CHECK int ktg_txn_write(struct ktg_store *store, struct ktg_txn **ret_txn,
                                 struct ktg_err *err);

/* On the disk when KTG_OK.  KTG_EFULL: map or disk, nothing of it was kept; KTG_EIO: exit.  Takes
 * *take_txn either way. */
KTG_MUST_CHECK int ktg_txn_commit(struct ktg_txn **take_txn, struct ktg_err *err);
struct ktg_txn *
ktg_txn_abort(struct ktg_txn *txn); /* also ends a read transaction; NULL is fine; returns NULL */

/* A read transaction that lets go of its moment but keeps its slot; renew takes the present one. */
void ktg_txn_reset(struct ktg_txn *txn);
KTG_MUST_CHECK int ktg_txn_renew(struct ktg_txn *txn, struct ktg_err *err);

/* KTG_ENOTFOUND leaves err and *ret_value as they are.  An empty key finds nothing. */
KTG_MUST_CHECK int ktg_txn_get(struct ktg_txn *txn, ktg_db db, struct ktg_bytes key,
                               struct ktg_bytes *ret_value, struct ktg_err *err);
/* Replaces.  KTG_EINVALID: the key is empty or over KTG_KEY_MAX; KTG_EFULL: the map. */
KTG_MUST_CHECK int ktg_txn_put(struct ktg_txn *txn, ktg_db db, struct ktg_bytes key,
                               struct ktg_bytes value, struct ktg_err *err);
/* KTG_ECONFLICT: the key is there already, nothing changed. */
KTG_MUST_CHECK int ktg_txn_insert(struct ktg_txn *txn, ktg_db db, struct ktg_bytes key,
                                  struct ktg_bytes value, struct ktg_err *err);
/* For keys that come in order: fast, and fills pages.  KTG_ECONFLICT: not above the last key. */
KTG_MUST_CHECK int ktg_txn_append(struct ktg_txn *txn, ktg_db db, struct ktg_bytes key,
                                  struct ktg_bytes value, struct ktg_err *err);
/* Room for `size` bytes under `key` (replacing), to be written before the next change of the
 * transaction. */
KTG_MUST_CHECK int ktg_txn_reserve(struct ktg_txn *txn, ktg_db db, struct ktg_bytes key,
                                   size_t size, uint8_t **ret_room, struct ktg_err *err);
KTG_MUST_CHECK int ktg_txn_del(struct ktg_txn *txn, ktg_db db, struct ktg_bytes key,
                               struct ktg_err *err); /* KTG_ENOTFOUND */
KTG_MUST_CHECK int ktg_txn_clear(struct ktg_txn *txn, ktg_db db,
                                 struct ktg_err *err); /* the whole table */
KTG_MUST_CHECK int ktg_txn_count(struct ktg_txn *txn, ktg_db db, uint64_t *ret_count,
                                 struct ktg_err *err); /* keys in it */
/* Pages of 4 KiB that hold the table as it is, free ones left out. */
KTG_MUST_CHECK int ktg_txn_pages(struct ktg_txn *txn, ktg_db db, uint64_t *ret_pages,
                                 struct ktg_err *err);

#endif
