/* runtime/journal/frame.h - frames and records as bytes: check, walk, finish, prove.
 *
 * The layout is docs/journal-format.md section 5.  Nothing here trusts a byte: check() is given
 * untrusted memory and afterwards walk and prove may run over it. Pure.  Internal to the room.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_RUNTIME_JOURNAL_FRAME_H
#define KTG_RUNTIME_JOURNAL_FRAME_H

#include "runtime/journal/journal.h"

enum {
    KTG_FRAME_HEADER = 112,
    KTG_RECORD_HEADER = 80,
    KTG_RECORD_ERASED = 1,
};

/* What a frame's CRC is bound to. */
struct ktg_frame_place {
    uint8_t journal[KTG_JOURNAL_ID_SIZE];
    uint64_t segment_base;
    uint64_t offset;
};

struct ktg_frame {
    const uint8_t *bytes; /* of the header */
    uint32_t size, count;
    ktg_position base;
    ktg_time recorded_at;
    uint64_t tag;
    const struct ktg_hash *prev, *chain;
};

struct ktg_frame_record {
    uint32_t size;
    uint8_t kind, flags;
    const uint8_t *id, *salt;
    const struct ktg_hash *hash;
    struct ktg_bytes meta, payload;
};

static inline uint64_t ktg_frame_record_size(size_t meta, size_t payload)
{
    return ((uint64_t)KTG_RECORD_HEADER + meta + payload + 7) & ~(uint64_t)7;
}

/* Is there a sound frame at p, with at most `room` bytes after it?  Magic, sizes, CRC, every
 * record's shape, zeros where zeros belong.  Hashes are not computed. */
bool ktg_frame_check(const struct ktg_frame_place *place, const uint8_t *p, uint64_t room,
                     struct ktg_frame *ret_f);
/* The record at `at` bytes from the frame's start, of a checked frame. */
struct ktg_frame_record ktg_frame_record_at(const uint8_t *frame, uint32_t at);

/* Writes a record at p (ktg_frame_record_size bytes); salt and hash stay zero until finish(). */
void ktg_frame_put_record(uint8_t *p, uint8_t kind, struct ktg_bytes meta, struct ktg_bytes payload,
                          const uint8_t *id);
/* Memory for hashing a frame, kept from one to the next. */
struct ktg_frame_work {
    struct ktg_buf text, chain; /* what is hashed */
    struct ktg_hash *content;   /* of each record's payload */
    uint32_t *at;               /* of walk(): where each record begins */
    size_t content_cap, at_cap;
};
void ktg_frame_work_done(struct ktg_frame_work *w);
/* Where the records of a checked frame begin, into w->at. */
KTG_MUST_CHECK int ktg_frame_walk(const struct ktg_frame *f, struct ktg_frame_work *w);

/* Completes a frame whose records stand at p + at[0..count): header, salts, hashes, chain, CRC.  Leaves the hash of each
 * payload in w->content. */
KTG_MUST_CHECK int ktg_frame_finish(uint8_t *p, uint32_t size, const uint32_t *at, uint32_t count,
                                    ktg_position base, ktg_time recorded_at, uint64_t tag,
                                    const struct ktg_hash *prev, bool salted,
                                    const struct ktg_frame_place *place, struct ktg_frame_work *w);
uint32_t ktg_frame_crc(const struct ktg_frame_place *place, const uint8_t *p, uint32_t size);
/* Recompute every hash of a checked frame.  *ret_bad: position of the first record that is not what
 * its hash says; base itself: the chain hash; 0: all is well. */
KTG_MUST_CHECK int ktg_frame_prove(const struct ktg_frame *f, struct ktg_frame_work *w,
                                   ktg_position *ret_bad);
/* The item at record `at` (0: the clock), the `n`-th position of the frame. */
void ktg_frame_item(const struct ktg_frame *f, uint32_t at, uint32_t n,
                    struct ktg_journal_item *to);

#endif
