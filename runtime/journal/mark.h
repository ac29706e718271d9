/* runtime/journal/mark.h - the 64 mapped bytes that say how far the journal is durable.
 *
 * docs/journal-format.md section 6.  The writer's side; the outside view is in journal.h.
 * Internal to the room.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_RUNTIME_JOURNAL_MARK_H
#define KTG_RUNTIME_JOURNAL_MARK_H

#include "runtime/disk.h"
#include "runtime/journal/journal.h"

struct ktg_mark_bytes {
    char magic[8];
    _Atomic uint64_t mark;
    uint8_t boot_id[16];
    _Atomic uint32_t phase;
    _Atomic uint32_t clean;
    _Atomic uint64_t tag;
    uint64_t opens;
    uint8_t journal[8];
};
_Static_assert(sizeof(struct ktg_mark_bytes) == 64, "the layout of the page");

struct ktg_mark {
    int fd;
    struct ktg_mark_bytes *at; /* NULL: not there */
};

/* The mark as it stands; *ret_m.at is NULL if there is none.  KTG_ECORRUPT: not this journal's, or
 * damaged. */
KTG_MUST_CHECK int ktg_mark_load(int dir, const uint8_t journal[static 16], struct ktg_mark *ret_m,
                                 struct ktg_err *err);
/* Make one that says `mark`. */
KTG_MUST_CHECK int ktg_mark_make(int dir, struct ktg_disk *disk, const uint8_t journal[static 16],
                                 ktg_position mark, struct ktg_mark *ret_m, struct ktg_err *err);
/* A writer begins: boot id, not clean, idle, `mark` and tag as recovered. */
void ktg_mark_begin(struct ktg_mark *m, ktg_position mark, uint64_t tag);
void ktg_mark_publish(struct ktg_mark *m, ktg_position mark, uint64_t tag);
void ktg_mark_close(struct ktg_mark *m);      /* unmaps; says nothing about clean */
void ktg_mark_boot_id(uint8_t to[static 16]); /* zeros where the system has none */

#endif
