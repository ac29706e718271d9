/* runtime/journal/index.h - the .idx file of a sealed segment: ids, Bloom filter, snapshot.
 *
 * A cache: whatever is wrong with it, the answer is to build it again.  docs/journal-format.md
 * section 10. Internal to the room.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_RUNTIME_JOURNAL_INDEX_H
#define KTG_RUNTIME_JOURNAL_INDEX_H

#include "runtime/disk.h"
#include "runtime/journal/idtable.h"

/* What it says of its segment. */
struct ktg_index_head {
    uint8_t journal[KTG_JOURNAL_ID_SIZE];
    ktg_position base, end;
    uint64_t end_offset;
    struct ktg_hash chain; /* at end */
    ktg_time recorded_at;  /* of the last frame */
    uint64_t tag;
    ktg_position snapshot_pos; /* 0: none */
    struct ktg_hash snapshot_chain;
};

struct ktg_index {
    struct ktg_index_head head;
    uint64_t count, bloom_size, snapshot_size;
    const uint8_t *map; /* NULL: closed */
    size_t map_size;
    bool filter_sound, entries_sound; /* their CRCs were looked at */
};

/* Writes <base>.idx: the entries of the table with positions base..end. */
KTG_MUST_CHECK int ktg_index_write(int dir, struct ktg_disk *disk,
                                   const struct ktg_index_head *head,
                                   const struct ktg_idtable *table, struct ktg_bytes snapshot,
                                   struct ktg_err *err);
/* KTG_ENOTFOUND: missing, or its header is not to be believed. */
KTG_MUST_CHECK int ktg_index_open(int dir, const uint8_t journal[static 16], ktg_position base,
                                  struct ktg_index *ret_x);
void ktg_index_close(struct ktg_index *x);
/* KTG_ENOTFOUND: not in it; KTG_ECORRUPT: build it again. */
KTG_MUST_CHECK int ktg_index_find(struct ktg_index *x, const uint8_t id[static 16],
                                  struct ktg_identry *ret_e);
/* KTG_ENOTFOUND: none, or damaged.  Valid until close. */
KTG_MUST_CHECK int ktg_index_snapshot(const struct ktg_index *x, struct ktg_bytes *ret_bytes);

#endif
