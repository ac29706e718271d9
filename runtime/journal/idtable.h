/* runtime/journal/idtable.h - ids of the open segment and of batches on their way, in memory.
 *
 * Open addressing, linear probing, doubles at two thirds.  The first position of an id stays.
 * Any number of threads may look while nobody puts.  Internal to the room.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_RUNTIME_JOURNAL_IDTABLE_H
#define KTG_RUNTIME_JOURNAL_IDTABLE_H

#include "runtime/journal/journal.h"

struct ktg_identry {
    uint8_t id[16];
    uint8_t pos[8]; /* little-endian; 0: free slot */
    uint8_t content[16];
};
_Static_assert(sizeof(struct ktg_identry) == 40, "the layout of an index entry");

struct ktg_idtable {
    struct ktg_identry *slots;
    size_t cap, count; /* cap: 0 or a power of two */
    uint64_t seed;     /* random: ids come from strangers */
};

void ktg_idtable_done(struct ktg_idtable *t);
KTG_MUST_CHECK int ktg_idtable_reserve(struct ktg_idtable *t,
                                       size_t more); /* room for so many puts */
void ktg_idtable_put(struct ktg_idtable *t, const uint8_t *id, ktg_position pos,
                     const uint8_t content[static 16]); /* needs reserved room */
const struct ktg_identry *ktg_idtable_get(const struct ktg_idtable *t, const uint8_t *id);

#endif
