/* rules/engine/record.h - a timeline record of one subject: packed entries, and what was posted to it.
 *
 *     header 12   version 2 | older 0, 1 | 0 0 | u32 entries | u32 posted
 *     entries     16 bytes each, in timeline order
 *                   u64 key    occurred_at in ms (42 bits) << 22 | tie (22 bits)
 *                   u32 word   type 12 | role 8 | dead 1 | 3 spare | position, high 8 bits
 *                   u32 pos    position, low 32 bits
 *     posted      24 bytes each, in order of (from, id):   i64 from | 16 bytes id
 *
 * (1) tie = id's own milliseconds - occurred_at + 1024, cut to 22 bits: it never contradicts the order of ids.  Entries
 *     with equal keys are ordered by the caller's `order` (occurred_at and full id, read from the journal).
 * (2) An entry is (position, role); it is there once.  A dead one (corrected, retracted) stays under its key.
 * (3) `older`: it is the newest of several (entries.h).
 * (4) Type and role are numbers of the catalogue in record `b`; another one makes all records anew.
 * Pure.  Floor 2.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_RULES_ENGINE_RECORD_H
#define KTG_RULES_ENGINE_RECORD_H

#include "runtime/buf.h"
#include "runtime/clock.h"

struct ktg_packed {
    uint64_t key;
    uint32_t word, pos;
};
#define KTG_PACKED_SIZE 16
#define KTG_PACKED_DEAD (1u << 11)
#define KTG_POSTED_REF  24

uint64_t ktg_packed_key(ktg_time at, const uint8_t id[static 16]);
uint64_t ktg_packed_key_since(ktg_time at); /* no entry at `at` or later has a key below it */
struct ktg_packed ktg_packed_make(ktg_time at, const uint8_t id[static 16], uint64_t pos,
                                  uint32_t type, uint32_t role);
static inline uint64_t ktg_packed_pos(struct ktg_packed p)
{
    return (uint64_t)(p.word & 0xff) << 32 | p.pos;
}
static inline uint32_t ktg_packed_type(struct ktg_packed p)
{
    return p.word >> 20;
}
static inline uint32_t ktg_packed_role(struct ktg_packed p)
{
    return p.word >> 12 & 0xff;
}
static inline bool ktg_packed_is_dead(struct ktg_packed p)
{
    return (p.word & KTG_PACKED_DEAD) != 0;
}

struct ktg_record { /* a view over the bytes of a record */
    const uint8_t *entries, *posted;
    size_t count, posted_count;
    bool has_older;
};
/* An empty value is an empty record.  KTG_ECORRUPT: not a record of this version. */
KTG_MUST_CHECK int ktg_record_open(struct ktg_bytes value, struct ktg_record *ret_r);
/* The index of the first entry at `at` or later. */
size_t ktg_record_since(const struct ktg_record *r, ktg_time at);
struct ktg_packed ktg_record_at(const struct ktg_record *r, size_t i);
void ktg_record_posted_at(const struct ktg_record *r, size_t i, ktg_time *ret_from,
                          uint8_t ret_id[static 16]);

/* Below, equal or above 0: the event at position `a` stands before, is, stands after the one at `b`. */
struct ktg_record_order {
    void *arg;
    int (*order)(void *arg, uint64_t a, uint64_t b);
};
/* Put an entry where it belongs; it is not there yet. */
KTG_MUST_CHECK int ktg_record_insert(struct ktg_buf *value, struct ktg_packed p,
                                     const struct ktg_record_order *order);
/* Set or clear the dead bit of (pos, role) under `p.key`.  KTG_ENOTFOUND. */
KTG_MUST_CHECK int ktg_record_mark(struct ktg_buf *value, struct ktg_packed p, bool dead);
/* Move the first `count` entries into the empty record `to`. */
KTG_MUST_CHECK int ktg_record_split(struct ktg_buf *value, size_t count, struct ktg_buf *to);
void ktg_record_set_older(struct ktg_buf *value);

KTG_MUST_CHECK int ktg_record_post(struct ktg_buf *value, ktg_time from,
                                   const uint8_t id[static 16]);
/* KTG_ENOTFOUND.  *ret_empty: nothing is left in the record. */
KTG_MUST_CHECK int ktg_record_unpost(struct ktg_buf *value, ktg_time from,
                                     const uint8_t id[static 16], bool *ret_empty);

#endif
