/* rules/engine/state.h - all that the engine remembers, as byte records under keys: a map of changes over a store.
 *
 *     get ──> changed ──miss──> frozen ──miss──> committed records (LMDB in life, nothing in tests)
 *     edit, put, del ──> changed │                     ^
 *              freeze ───────────┘── write: in key order, on whatever thread, one transaction with the position
 *              forget (it is committed)
 *
 * (1) Every record of the engine, its clock and its position included, goes through here; so a flush at a record
 *     boundary is a checkpoint, and an engine opened on it continues byte-identically.
 * (2) Without a store the map is all there is, and nothing counts as dirty.
 * (3) What is frozen never changes: a record of it that is changed is copied first.  So it may be written on another
 *     thread while the engine goes on.
 * (4) A view given by get is valid until that record is changed or removed, or forgotten, or the store is looked at anew.
 * Pure.  Owned by one thread, but for what is frozen.  Floor 2.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_RULES_ENGINE_STATE_H
#define KTG_RULES_ENGINE_STATE_H

#include "runtime/buf.h"
#include "runtime/bytes.h"
#include "runtime/err.h"

#define KTG_STATE_KEY_MAX 480 /* below LMDB's 511 */

/* Called for each record, in ascending key order; a code other than 0 stops the walk and is returned. */
typedef int ktg_state_each(void *arg, struct ktg_bytes key, struct ktg_bytes value);

/* The committed records, as the store shows them.  Never written here. */
struct ktg_records {
    void *arg;
    /* KTG_ENOTFOUND.  The view holds until the store is looked at anew. */
    int (*get)(void *arg, struct ktg_bytes key, struct ktg_bytes *ret_value);
    /* All keys that begin with `prefix`, ascending. */
    int (*scan)(void *arg, struct ktg_bytes prefix, ktg_state_each *each, void *each_arg);
};

struct ktg_state;

/* `store` may be NULL: memory only. */
KTG_MUST_CHECK int ktg_state_new(const struct ktg_records *store, struct ktg_state **ret_s);
struct ktg_state *ktg_state_free(struct ktg_state *s);

KTG_MUST_CHECK int ktg_state_get(struct ktg_state *s, struct ktg_bytes key,
                                 struct ktg_bytes *ret_value);
/* The record as bytes to change in place, empty if it was not there; it counts as dirty from now on.  The buffer is
 * valid until the next call with this key, or clean. */
KTG_MUST_CHECK int ktg_state_edit(struct ktg_state *s, struct ktg_bytes key,
                                  struct ktg_buf **ret_value);
KTG_MUST_CHECK int ktg_state_put(struct ktg_state *s, struct ktg_bytes key, struct ktg_bytes value);
KTG_MUST_CHECK int ktg_state_del(struct ktg_state *s, struct ktg_bytes key); /* absent is fine */
/* Everything under the prefix, changes included.  `each` must not change the state. */
KTG_MUST_CHECK int ktg_state_scan(struct ktg_state *s, struct ktg_bytes prefix,
                                  ktg_state_each *each, void *arg);

/* ---- a checkpoint ---- */

/* What was changed up to a record boundary, and with it what an earlier checkpoint could not write. */
struct ktg_changes;
KTG_MUST_CHECK int ktg_state_freeze(struct ktg_state *s, const struct ktg_changes **ret_f);
/* All of it: changed records through `put`, removed ones through `del` (value empty), ascending.  On any thread. */
KTG_MUST_CHECK int ktg_changes_write(const struct ktg_changes *f, ktg_state_each *put,
                                     ktg_state_each *del, void *arg);
/* The store holds it now, and shows it: it is the caller's to free, on any thread.  Where writing failed nothing is to be
 * done: the next freeze holds it all. */
struct ktg_changes *ktg_state_forget(struct ktg_state *s);
void ktg_changes_free(struct ktg_changes *f);

/* Changed since it was committed, what is frozen included. */
size_t ktg_state_dirty_count(const struct ktg_state *s);
size_t ktg_state_dirty_bytes(const struct ktg_state *s); /* keys and values, about */

#endif
