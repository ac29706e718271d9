/* brokers/ingest/receipts.h - what one session is owed: answers that wait until their batch is durable.
 *
 *     taken:    [1..40 accepted, batch 7] [41 rejected, batch 7] [42..60 accepted, batch 8] ...
 *     durable 7 -> ACK{seq 41, runs [1..40][41]} and the NACK of 41
 *
 * (1) Nothing is answered before the batch that carries it is durable: an ACK is a promise.
 * (2) Numbers are added in rising order; a resend may start again lower, its runs follow in order of arrival.
 * (3) Bounded by the session's credit: a session in credit never owes more than it sent.
 * Pure.  Floor 3.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_BROKERS_INGEST_RECEIPTS_H
#define KTG_BROKERS_INGEST_RECEIPTS_H

#include "runtime/buf.h"
#include "schema/protocol.h"

struct ktg_receipt {
    struct ktg_run run;
    uint64_t batch;
};

struct ktg_receipts {
    struct ktg_receipt *rows;
    size_t head, count, cap; /* rows[head .. head + count) wait */
    struct ktg_buf notes; /* encoded NACK frames that wait: u64 batch, u32 size, frame; in order */
    size_t note_head;
    uint64_t acked; /* greatest number that was ever answered */
};
#define KTG_RECEIPTS_INIT \
    {                     \
        0                 \
    }

void ktg_receipts_done(struct ktg_receipts *r);
/* `seq` was taken with `status` in `batch`; position 0 when it has none of its own. */
KTG_MUST_CHECK int ktg_receipts_add(struct ktg_receipts *r, uint64_t seq, int status,
                                    uint64_t position, uint64_t batch);
/* A frame to send once `batch` is durable. */
KTG_MUST_CHECK int ktg_receipts_note(struct ktg_receipts *r, struct ktg_bytes frame,
                                     uint64_t batch);

/* The ACK for all that is durable: false when there is none.  `runs` receives the encoded array. */
bool ktg_receipts_take(struct ktg_receipts *r, uint64_t durable_batch, uint64_t *ret_seq,
                       struct ktg_buf *runs);
/* The next durable note; false: none.  The view is valid until the next call on `r`. */
bool ktg_receipts_take_note(struct ktg_receipts *r, uint64_t durable_batch,
                            struct ktg_bytes *ret_frame);
static inline bool ktg_receipts_waiting(const struct ktg_receipts *r)
{
    return r->count > 0 || r->note_head < r->notes.size;
}

#endif
