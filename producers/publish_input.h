/* producers/publish_input.h - lines out of pieces, and which line an id came from.
 *
 * Lines: pieces go in as they come, whole lines come out; one that is too long is told once and skipped.
 * Pending: a table id -> first line, and how many more lines had the same id.
 * Pure.  Floor 3, needs runtime/ only.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_PRODUCERS_PUBLISH_INPUT_H
#define KTG_PRODUCERS_PUBLISH_INPUT_H

#include "producers/outbox/outbox.h"
#include "runtime/buf.h"

struct ktg_lines_in {
    struct ktg_buf bytes;
    size_t at;       /* what is before it was given out */
    uint64_t number; /* of the line that was given last */
    bool ended, skipping;
};
/* Append a piece; size 0: that was the last. */
KTG_MUST_CHECK int ktg_lines_in_put(struct ktg_lines_in *l, struct ktg_bytes piece);
/* The next line without its end (and without a carriage return), valid until the next call.  KTG_ENOTFOUND: more is
 * needed, or it is the end; KTG_EINVALID: the line was longer than `max` and is skipped. */
KTG_MUST_CHECK int ktg_lines_in_next(struct ktg_lines_in *l, size_t max,
                                     struct ktg_bytes *ret_line);
void ktg_lines_in_done(struct ktg_lines_in *l);

struct ktg_pending_row {
    uint8_t id[KTG_OUTBOX_ID];
    uint64_t line; /* from 1; 0: free place */
    uint64_t more;
};
struct ktg_pending {
    struct ktg_pending_row *rows;
    size_t count, cap; /* cap is a power of two */
};
/* Note that `line` waits for the receipt of `id`. */
KTG_MUST_CHECK int ktg_pending_put(struct ktg_pending *p, const uint8_t id[static KTG_OUTBOX_ID],
                                   uint64_t line);
/* Take the row of an id out.  false: it is not there. */
bool ktg_pending_take(struct ktg_pending *p, const uint8_t id[static KTG_OUTBOX_ID],
                      struct ktg_pending_row *ret_row);
void ktg_pending_done(struct ktg_pending *p);

#endif
