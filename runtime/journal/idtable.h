/* runtime/journal/idtable.h - ids of the open segment and of batches on their way, in memory.
 *
 *   slots    [ 0 | 7 | 0 | 2 | ... ]     open addressing; half a hash and number of an entry + 1, 0: free; doubles at two thirds
 *   chunks   [ entry, entry, ... ] [ ... ]   in order of arrival; an entry never moves
 *
 * (1) The first position of an id stays.  (2) An entry never moves, so that the committer may fill in its content hash
 * while the owner puts others; the owner reads that field only when the entry's position is durable.
 * Internal to the room.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_RUNTIME_JOURNAL_IDTABLE_H
#define KTG_RUNTIME_JOURNAL_IDTABLE_H

#include "runtime/journal/journal.h"

struct ktg_identry {
    uint8_t id[16];
    uint8_t pos[8]; /* little-endian */
    uint8_t content[16];
};
_Static_assert(sizeof(struct ktg_identry) == 40, "the layout of an index entry");

struct ktg_idtable {
    uint64_t *slots;
    size_t slot_count; /* 0 or a power of two */
    struct ktg_identry **chunks;
    size_t chunk_count, chunk_cap, count;
    uint64_t seed; /* random: ids come from strangers */
};

void ktg_idtable_done(struct ktg_idtable *t);
KTG_MUST_CHECK int ktg_idtable_reserve(struct ktg_idtable *t,
                                       size_t more); /* room for so many puts */
/* So many ids will come: slots for them now, so that none are moved later. */
KTG_MUST_CHECK int ktg_idtable_expect(struct ktg_idtable *t, size_t count);
/* The new entry, its content zero; NULL: the id was there.  Needs reserved room. */
struct ktg_identry *ktg_idtable_put(struct ktg_idtable *t, const uint8_t *id, ktg_position pos);
/* Begin to fetch what a get or put of this id will look at. */
void ktg_idtable_prefetch(const struct ktg_idtable *t, const uint8_t *id);
const struct ktg_identry *ktg_idtable_get(const struct ktg_idtable *t, const uint8_t *id);
const struct ktg_identry *ktg_idtable_at(const struct ktg_idtable *t, size_t i); /* i < count */

#endif
