/* producers/outbox/rows.h - what lies in the outbox's tables; shared by the files of this room only.
 *
 *     table     key                                     value
 *     meta      "state"                                 ver u8=1 | the counters of struct state, u64 or i64 each, LE
 *     events    row u64 BE                              ver u8=1 | occurred_at i64 LE | id 16 | source len u8 | source | blob
 *     ids       id 16                                   row u64 LE                      only what waits
 *     times     source NUL | occurred_at | row BE       (empty)                         only what waits
 *     receipts  id 16                                   ver u8=1 | row | status u8 | position | at | hash 16 of the blob
 *     order     row u64 BE                              id 16                           receipts by age
 *     rejects   row u64 BE                              ver u8=1 | at | id 16 | 5 texts (len u16, bytes) | blob
 *
 * Rows rise for ever; a number within an epoch is row - base.  So a new epoch rewrites no event.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_PRODUCERS_OUTBOX_ROWS_H
#define KTG_PRODUCERS_OUTBOX_ROWS_H

#include "producers/outbox/outbox.h"
#include "runtime/buf.h"
#include "runtime/store/cursor.h"
#include "runtime/store/key.h"

#define KTG_OUTBOX_TEXT 256 /* most bytes that are kept of each text of a fault */
#define KTG_OUTBOX_HASH 16

/* Bytes that an event takes in all tables, about; large values fill whole pages. */
static inline uint64_t ktg_outbox_cost(size_t value_size)
{
    return value_size > 2000 ? ((uint64_t)value_size + 4096 + 15) / 4096 * 4096 + 250
                             : (uint64_t)value_size + 250;
}

struct state { /* in this order on disk */
    uint64_t epoch, base;
    uint64_t acked_row, next_row; /* acked_row < next_row; what waits lies between */
    uint64_t waiting_bytes;       /* as ktg_outbox_cost() counts */
    uint64_t stored, accepted, duplicate, rejected, stored_only;
    uint64_t receipts, rejects, reject_bytes;
    int64_t last_ack;
};
#define KTG_OUTBOX_STATE_WORDS 14

struct ktg_outbox {
    struct ktg_store *store;
    struct ktg_outbox_options options;
    struct state s;  /* as committed */
    uint32_t writes; /* transactions that were begun */
    ktg_db meta, events, ids, times, receipts, order, rejects;
};

struct event_row { /* a view into a value of `events` */
    ktg_time occurred_at;
    const uint8_t *id;
    struct ktg_bytes source, blob;
};
bool ktg_event_row_read(struct ktg_bytes value, struct event_row *ret_row);

/* Put the receipt of a row that has left `events`; forgets the oldest when there are too many. */
KTG_MUST_CHECK int ktg_outbox_put_receipt(struct ktg_outbox *ob, struct ktg_txn *t, struct state *s,
                                          uint64_t row, struct ktg_bytes blob,
                                          const struct ktg_outbox_receipt *r, struct ktg_err *err);
/* The receipt of an id, and whether these bytes are what it was given for. */
KTG_MUST_CHECK int ktg_outbox_get_receipt(struct ktg_outbox *ob, struct ktg_txn *t,
                                          const uint8_t *id, struct ktg_bytes blob,
                                          struct ktg_outbox_receipt *ret_r, bool *ret_same,
                                          struct ktg_err *err);
/* Forget it, for an event that was rejected and comes again, mended or not.  KTG_ENOTFOUND: there is none. */
KTG_MUST_CHECK int ktg_outbox_drop_receipt(struct ktg_outbox *ob, struct ktg_txn *t,
                                           struct state *s, const uint8_t *id, struct ktg_err *err);
/* Put or complete the reject of a row. */
KTG_MUST_CHECK int ktg_outbox_put_reject(struct ktg_outbox *ob, struct ktg_txn *t, struct state *s,
                                         uint64_t row, const uint8_t *id, struct ktg_bytes blob,
                                         const struct ktg_outbox_fault *fault, ktg_time now,
                                         struct ktg_err *err);
bool ktg_outbox_read_reject(struct ktg_bytes value, struct ktg_outbox_reject_view *ret_r);
KTG_MUST_CHECK int ktg_outbox_put_state(struct ktg_outbox *ob, struct ktg_txn *t,
                                        const struct state *s, struct ktg_err *err);
/* Begin to write; commit with the new state, or abort: then the committed one stays. */
KTG_MUST_CHECK int ktg_outbox_begin(struct ktg_outbox *ob, struct ktg_txn **ret_t,
                                    struct state *ret_s, struct ktg_err *err);
KTG_MUST_CHECK int ktg_outbox_end(struct ktg_outbox *ob, struct ktg_txn *t, const struct state *s,
                                  int r, struct ktg_err *err);
int ktg_outbox_damaged(struct ktg_outbox *ob, const char *what, struct ktg_err *err);

#endif
