/* rules/engine/entries.h - the entries of one subject, in as many records as they take.
 *
 *     e KIND 0 SUBJECT 0 NUMBER   part: a record (record.h), entries only  ┐ older, each before the next and all before
 *     e KIND 0 SUBJECT 0 NUMBER   part                                     ┘ those of `t`
 *     t KIND 0 SUBJECT            the newest entries, and what was posted
 *     d KIND 0 SUBJECT            header 8: version 1 | 0 0 0 | u32 next number, then 32 bytes for each part, in order:
 *                                   u64 first key | u64 last key | u32 entries | u32 number | u64 types, bit (type mod 64)
 *
 * (1) A busy post has millions of entries, and nearly every event is put at the end: what is copied, written and looked through
 *     for it is the newest record, not all of them.
 * (2) Parts are split where the key changes, so a key alone says in which record an entry lies; equal keys stay together.
 * (3) A short subject is the one record `t`, without `d`.
 * Pure.  Floor 2.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_RULES_ENGINE_ENTRIES_H
#define KTG_RULES_ENGINE_ENTRIES_H

#include "rules/engine/record.h"
#include "rules/engine/state.h"

#define KTG_ENTRIES_PART 128 /* entries of a part when it is split off */

struct ktg_entries { /* a view: valid as those of state.h */
    struct ktg_state *state;
    struct ktg_bytes kind, subject;
    struct ktg_record newest;
    const uint8_t *rows; /* of the parts */
    size_t parts, older; /* parts, and entries in them */
};

/* Of a subject that has none: empty.  KTG_ECORRUPT. */
KTG_MUST_CHECK int ktg_entries_open(struct ktg_state *s, struct ktg_bytes kind,
                                    struct ktg_bytes subject, struct ktg_entries *ret_e);
static inline size_t ktg_entries_count(const struct ktg_entries *e)
{
    return e->older + e->newest.count;
}
/* Record i of parts + 1, in timeline order; the last one is the newest. */
KTG_MUST_CHECK int ktg_entries_record(const struct ktg_entries *e, size_t i,
                                      struct ktg_record *ret_r);
/* May record i hold an entry at `from` or later, or one of a type whose bit (type mod 64) is in `types`? */
bool ktg_entries_may_have(const struct ktg_entries *e, size_t i, ktg_time from, uint64_t types);

/* The types of all entries, dead ones too, as bits (type mod 64). */
uint64_t ktg_entries_types(const struct ktg_entries *e);

/* Put an entry where it belongs; it is not there yet.  A record of twice `part` entries is split. */
KTG_MUST_CHECK int ktg_entries_insert(struct ktg_state *s, struct ktg_bytes kind,
                                      struct ktg_bytes subject, struct ktg_packed p,
                                      const struct ktg_record_order *order, size_t part);
/* Set or clear the dead bit of (pos, role) under `p.key`.  KTG_ENOTFOUND. */
KTG_MUST_CHECK int ktg_entries_mark(struct ktg_state *s, struct ktg_bytes kind,
                                    struct ktg_bytes subject, struct ktg_packed p, bool dead);

#endif
