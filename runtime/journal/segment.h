/* runtime/journal/segment.h - one segment file, mapped read-only, and the folder of them.
 *
 * `seen` is how much of the file exists; beyond it nothing may be touched (SIGBUS).  Frames are
 * handed out only after ktg_frame_check.  docs/journal-format.md section 4. Internal to the room.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_RUNTIME_JOURNAL_SEGMENT_H
#define KTG_RUNTIME_JOURNAL_SEGMENT_H

#include "runtime/journal/frame.h"

enum {
    KTG_SEGMENT_HEADER = 4096,
    KTG_SEGMENT_MIN = 64 * 1024,
    KTG_SEGMENT_MAX = 1024 * 1024 * 1024,
    KTG_SEGMENT_SALTED = 1,
    KTG_SEGMENT_NAME = 40, /* enough for every name in the folder */
};

struct ktg_segment_head {
    uint8_t journal[KTG_JOURNAL_ID_SIZE];
    uint32_t flags;
    ktg_position base;
    uint64_t size, generation;
    struct ktg_hash prev;
};

struct ktg_segment {
    struct ktg_segment_head head;
    int fd;
    const uint8_t *map; /* head.size bytes of address space */
    uint64_t seen;      /* bytes of it that exist */
};

void ktg_segment_name(ktg_position base, const char *suffix, char to[static KTG_SEGMENT_NAME]);
void ktg_segment_head_encode(const struct ktg_segment_head *h,
                             uint8_t to[static KTG_SEGMENT_HEADER]);
bool ktg_segment_head_decode(const uint8_t *p, struct ktg_segment_head *ret_h);
struct ktg_hash ktg_segment_genesis(const uint8_t journal[static 16], uint32_t flags);

/* KTG_ENOTFOUND: no such file; KTG_ECORRUPT: its header is wrong; KTG_EIO; KTG_ENOMEM. */
KTG_MUST_CHECK int ktg_segment_open(int dir, ktg_position base, struct ktg_segment *ret_s,
                                    struct ktg_err *err);
void ktg_segment_close(struct ktg_segment *s); /* unmaps; a zeroed or closed one is fine */
void ktg_segment_look(struct ktg_segment *s);  /* the file may have grown: look again */

bool ktg_segment_frame(const struct ktg_segment *s, uint64_t offset, struct ktg_frame *ret_f);
/* Offset of the first byte at or after `from` that is not zero, or s->seen. */
uint64_t ktg_segment_used(const struct ktg_segment *s, uint64_t from);
/* Offset of the first sound frame after `from`, in steps of 8; 0: none. */
uint64_t ktg_segment_search(const struct ktg_segment *s, uint64_t from);

/* Bases of all segments, rising; *ret_bases belongs to the caller (ktg_free), NULL if there are
 * none. */
KTG_MUST_CHECK int ktg_segment_list(int dir, ktg_position **ret_bases, size_t *ret_count,
                                    struct ktg_err *err);

/* "00000000000000000001.log at 4096", for faults. */
const char *ktg_segment_where(ktg_position base, uint64_t offset, char to[static 64]);

#endif
