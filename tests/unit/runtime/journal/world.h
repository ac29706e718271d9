/* tests/unit/runtime/journal/world.h - a folder with a journal in it, and records that can be known
 * again.
 *
 * Record n has id(n), meta(n) and payload(n): a test needs to remember numbers only.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_TESTS_JOURNAL_WORLD_H
#define KTG_TESTS_JOURNAL_WORLD_H

#include "runtime/disk.h"
#include "runtime/journal/journal.h"
#include "tests/support/cmocka.h"

enum { WORLD_SEGMENT = 64 * 1024 };

struct world {
    char dir[96];
    struct ktg_journal_options options;
    struct ktg_disk disk;
    _Atomic ktg_position durable; /* the last mark that was reported */
    _Atomic int deaths;
    struct ktg_journal *j;
    uint64_t appended;       /* records 1..appended have been appended */
    ktg_position ends[4096]; /* of each sealed batch */
    uint64_t upto[4096];     /* records appended when it was sealed */
    size_t batches;
};

void world_make(struct world *w, bool threads); /* a folder, options for it; no journal yet */
void world_done(struct world *w);               /* closes, removes the folder */
int world_open(struct world *w, struct ktg_err *err);
void world_close(struct world *w);
void world_copy(const struct world *from,
                struct world *to); /* files only; `to` gets a folder of its own */

void world_id(uint64_t n, uint8_t to[static 16]);
struct ktg_bytes world_meta(uint64_t n, uint8_t to[static 64]);
struct ktg_bytes world_payload(uint64_t n, uint8_t to[static 1024]);

/* Append `records` more and seal; waits.  What went wrong, or KTG_OK. */
int world_batch(struct world *w, unsigned records);

/* Every item up to the mark is what was appended, and the mark stands at the end of a batch: that
 * batch's number (1..batches), 0 for an empty journal. */
size_t world_check(const struct world *w);
void world_check_ids(struct world *w,
                     uint64_t upto); /* of an open journal: 1..upto are found, upto + 1 is not */

/* Files of the folder */
void world_patch(const struct world *w, const char *name, uint64_t at, const void *bytes,
                 size_t size);
void world_peek(const struct world *w, const char *name, uint64_t at, void *bytes, size_t size);
uint64_t world_size(const struct world *w, const char *name); /* 0: not there */
void world_remove(const struct world *w, const char *name);
void world_set_mark(const struct world *w, ktg_position mark);
const char *world_segment(ktg_position base, const char *suffix); /* static text */
/* Offset and size of the frame that begins at position `base`, in the segment that holds it. */
void world_find_frame(const struct world *w, ktg_position segment, ktg_position base,
                      uint64_t *ret_at, uint32_t *ret_size);

#endif
