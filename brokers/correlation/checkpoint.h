/* brokers/correlation/checkpoint.h - the engine's state in LMDB, and the one transaction that moves it forward.
 *
 *     changed records (rules/engine/state.h) ──one synced transaction, with the mark──> tables "state" and "meta"
 *
 *     loop        freeze ──────────── the engine goes on ──────────── see, forget
 *     thread          └─ write, sync ──────────────────────────────┘
 *
 *     mark = {position answered, chain hash there, journal, findings position, engine version}
 *
 * (1) Either the whole checkpoint is there or the one before: LMDB's transaction.
 * (2) The mark says which journal it belongs to and what its chain was: a state of another journal, or of events that a power cut took
 *     back, is noticed at start and rebuilt.
 *     A mark of engine 0 is nobody's: changes that memory had no room for, before there was a moment to go on from.
 * (3) The state is disposable: whatever is wrong with it, it is cleared and replayed.
 * Shell of the store.  Floor 3.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_BROKERS_CORRELATION_CHECKPOINT_H
#define KTG_BROKERS_CORRELATION_CHECKPOINT_H

#include "rules/engine/state.h"
#include "runtime/hash.h"

struct ktg_checkpoint_mark {
    uint64_t position; /* 0: nothing yet */
    struct ktg_hash chain;
    uint8_t journal[16];
    uint64_t findings; /* end of the findings journal when it was taken */
    int64_t engine;    /* KTG_ENGINE_VERSION */
};

struct ktg_checkpoint;

/* `map_size` bytes.  The errors of ktg_store_open(). */
KTG_MUST_CHECK int ktg_checkpoint_open(const char *path, uint64_t map_size,
                                       struct ktg_checkpoint **ret_c, struct ktg_err *err);
/* Beside the station that has it open, or none: its mark and its records as of now, nothing else.  Close it soon: it holds back
 * pages.  The errors of ktg_store_look(). */
KTG_MUST_CHECK int ktg_checkpoint_look(const char *path, uint64_t map_size,
                                       struct ktg_checkpoint **ret_c, struct ktg_err *err);
struct ktg_checkpoint *ktg_checkpoint_close(struct ktg_checkpoint *c);
/* Let go of pages of the map while reading and storing, so that the process may stay below `limit` bytes (resident.h). */
void ktg_checkpoint_watch(struct ktg_checkpoint *c, uint64_t limit);

/* KTG_ENOTFOUND: none was ever taken; KTG_ECORRUPT: it cannot be read. */
KTG_MUST_CHECK int ktg_checkpoint_mark(struct ktg_checkpoint *c, struct ktg_checkpoint_mark *ret_m,
                                       struct ktg_err *err);
/* What the engine's state stands on: valid as long as the checkpoint. */
const struct ktg_records *ktg_checkpoint_records(struct ktg_checkpoint *c);
/* Write what is frozen and the mark, on any thread, while the records go on showing the moment before.  KTG_EFULL: map or
 * disk, nothing was written; KTG_EIO: exit. */
KTG_MUST_CHECK int ktg_checkpoint_store(struct ktg_checkpoint *c, const struct ktg_changes *changes,
                                        const struct ktg_checkpoint_mark *mark,
                                        struct ktg_err *err);
/* It is stored: the records show it from now on, and the state's changes are the caller's to free. */
KTG_MUST_CHECK int ktg_checkpoint_see(struct ktg_checkpoint *c, struct ktg_state *state,
                                      struct ktg_changes **ret_spent, struct ktg_err *err);
/* Give back the pages that storing took, and the map's.  While nothing is being stored; views are valid no longer. */
KTG_MUST_CHECK int ktg_checkpoint_trim(struct ktg_checkpoint *c, struct ktg_err *err);
/* All of it at once: freeze, store, see.  KTG_EFULL: nothing was written and nothing forgotten. */
KTG_MUST_CHECK int ktg_checkpoint_write(struct ktg_checkpoint *c, struct ktg_state *state,
                                        const struct ktg_checkpoint_mark *mark,
                                        struct ktg_err *err);
KTG_MUST_CHECK int ktg_checkpoint_clear(struct ktg_checkpoint *c,
                                        struct ktg_err *err); /* to rebuild */
KTG_MUST_CHECK int ktg_checkpoint_copy(struct ktg_checkpoint *c, const char *path,
                                       struct ktg_err *err); /* backup */
uint64_t
ktg_checkpoint_pages(struct ktg_checkpoint *c); /* of 4 KiB, that the records seen lie on */
uint64_t ktg_checkpoint_used(const struct ktg_checkpoint *c); /* bytes of the map */

#endif
