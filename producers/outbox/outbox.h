/* producers/outbox/outbox.h - what one installation has to say and the centre has not yet
 * acknowledged.
 *
 *     add ──> | 4711 | 4712 | 4713 | ... | next_seq          one row an event, numbered in the
 * transaction that stores it ^ acked_seq + 1 ack(4712): rows go, receipts stay (bounded);  a
 * rejected one goes to the rejects until somebody has seen it
 *
 * (1) What ktg_outbox_add says is stored is on the disk, and stays until the centre has it on its
 * own. (2) Numbers rise by one within an epoch, from 1; none is left out, none is given twice to
 * different events. (3) A new store has an epoch higher than any before on this installation:
 * milliseconds of the clock and chance.  A new epoch numbers what waits anew from 1, in the same
 * order. (4) An id is stored once: the same bytes again are known or already receipted, other bytes
 * are a conflict. (5) Full is said before anything is lost: adding is refused while there is still
 * room to acknowledge.
 *
 * It knows bytes, ids and times, no event; what is in a blob is its caller's business.  One thread.
 * Floor 3, needs runtime/ and runtime/store. SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_PRODUCERS_OUTBOX_OUTBOX_H
#define KTG_PRODUCERS_OUTBOX_OUTBOX_H

#include "runtime/bytes.h"
#include "runtime/clock.h"

#define KTG_OUTBOX_ID         16
#define KTG_OUTBOX_SOURCE_MAX 128 /* bytes of a source's name */
#define KTG_OUTBOX_BLOB_MAX   (64u << 10)

struct ktg_outbox;

struct ktg_outbox_options {
    uint64_t map_size; /* bytes; at least 256 KiB */
    uint64_t receipts; /* most receipts that are kept; the oldest go first */
    uint64_t rejects;  /* most rejected events that are kept; the oldest go first */
    /* Whose key it is: numbers and receipts belong to one key.  NULL: whoever's. */
    const char *owner;
};

/* Folder `path`, made if missing.  `now` is true time, for the epoch of a new store.  Errors: those
 * of ktg_store_open; KTG_ECORRUPT: it is no outbox of ours; KTG_ECONFLICT "outbox-of-another": of another key. */
KTG_MUST_CHECK int ktg_outbox_open(const char *path, const struct ktg_outbox_options *options,
                                   ktg_time now, struct ktg_outbox **ret_ob, struct ktg_err *err);
/* To look only (stat, oldest, receipt, rejects), while another process, its agent, has it open, or nobody; of two looks
 * the second sees what was committed between.  KTG_ENOTFOUND "outbox-none": nothing was ever sent from here. */
KTG_MUST_CHECK int ktg_outbox_look(const char *path, const struct ktg_outbox_options *options,
                                   struct ktg_outbox **ret_ob, struct ktg_err *err);
struct ktg_outbox *ktg_outbox_close(struct ktg_outbox *ob);

/* ---- in ---- */
struct ktg_outbox_event {
    struct ktg_bytes blob;
    uint8_t id[KTG_OUTBOX_ID];
    struct ktg_bytes source;
    ktg_time occurred_at;
};

enum ktg_receipt_status {
    KTG_RECEIPT_ACCEPTED = 0, /* in the journal */
    KTG_RECEIPT_DUPLICATE,    /* it was there already: success */
    KTG_RECEIPT_REJECTED,     /* in quarantine, see the rejects */
    KTG_RECEIPT_STORED, /* on disk at the centre; the connection was lost before it said where */
};
const char *ktg_receipt_status_name(enum ktg_receipt_status s);

struct ktg_outbox_receipt {
    uint8_t id[KTG_OUTBOX_ID];
    enum ktg_receipt_status status;
    uint64_t position; /* in the journal; 0: not said */
    ktg_time at;       /* when we heard of it */
};

enum ktg_outbox_verdict_kind {
    KTG_OUTBOX_NEW,      /* stored just now under `seq` */
    KTG_OUTBOX_WAITING,  /* the same event waits already under `seq` */
    KTG_OUTBOX_DONE,     /* the same event has its receipt already */
    KTG_OUTBOX_CONFLICT, /* another event has this id: not stored */
};
struct ktg_outbox_verdict {
    enum ktg_outbox_verdict_kind kind;
    uint64_t seq;
    struct ktg_outbox_receipt receipt; /* KTG_OUTBOX_DONE */
};

/* Store all of them in one synced transaction; verdicts[i] says what became of the i-th. KTG_EFULL:
 * nothing was stored, wait for acknowledgements or give it more room; KTG_EINVALID: an event over
 * the limits above (nothing was stored); KTG_EIO: exit. */
KTG_MUST_CHECK int ktg_outbox_add(struct ktg_outbox *ob, const struct ktg_outbox_event *events,
                                  size_t count, struct ktg_outbox_verdict *verdicts,
                                  struct ktg_err *err);

/* ---- out ---- */
/* What waits, from number `first` on in order, until `each` does not say KTG_OK, which is then
 * returned.  The blob is a view for the time of the call. */
KTG_MUST_CHECK int ktg_outbox_peek(struct ktg_outbox *ob, uint64_t first,
                                   int (*each)(void *arg, uint64_t seq, struct ktg_bytes blob),
                                   void *arg, struct ktg_err *err);

struct ktg_outbox_run { /* numbers that met the same fate */
    uint64_t first_seq, count, first_position;
    enum ktg_receipt_status status;
};
/* The centre has all up to `upto` on disk; what no run covers gets the status STORED.  One synced
 * transaction.  An echo (upto <= acked_seq) changes nothing.  `on_receipt` (may be NULL) is told of
 * each after the commit. KTG_EINVALID: `upto` was never given out. */
KTG_MUST_CHECK int ktg_outbox_ack(struct ktg_outbox *ob, uint64_t upto,
                                  const struct ktg_outbox_run *runs, size_t count, ktg_time now,
                                  void (*on_receipt)(void *arg, uint64_t seq,
                                                     const struct ktg_outbox_receipt *r),
                                  void *arg, struct ktg_err *err);

/* Why the centre rejected number `seq`; may come before its ack or after.  Texts are cut to fit. */
struct ktg_outbox_fault {
    struct ktg_bytes code, where, got, want, text;
};
KTG_MUST_CHECK int ktg_outbox_reject(struct ktg_outbox *ob, uint64_t seq,
                                     const struct ktg_outbox_fault *fault, ktg_time now,
                                     struct ktg_err *err);

/* Start a new epoch, above the present one and at least `at_least`. */
KTG_MUST_CHECK int ktg_outbox_renew(struct ktg_outbox *ob, uint64_t at_least, ktg_time now,
                                    struct ktg_err *err);

/* ---- looking ---- */
struct ktg_outbox_stat {
    uint64_t epoch, acked_seq, next_seq; /* acked_seq < next_seq */
    uint64_t waiting, waiting_bytes;
    ktg_time oldest_at; /* occurred_at of the oldest that waits; KTG_NEVER: none */
    uint64_t stored, accepted, duplicate, rejected; /* in the life of this store */
    uint64_t stored_only;                           /* acknowledged without a word on their fate */
    uint64_t rejects, receipts;                     /* kept now */
    ktg_time last_ack;                              /* KTG_LONG_AGO: never */
    uint64_t map_size, used_bytes;
};
KTG_MUST_CHECK int ktg_outbox_stat(struct ktg_outbox *ob, struct ktg_outbox_stat *ret_stat,
                                   struct ktg_err *err);
/* occurred_at of the oldest event of `source` that waits; KTG_ENOTFOUND: none waits. */
KTG_MUST_CHECK int ktg_outbox_oldest(struct ktg_outbox *ob, struct ktg_bytes source,
                                     ktg_time *ret_at, struct ktg_err *err);
/* KTG_ENOTFOUND: none is kept for this id. */
KTG_MUST_CHECK int ktg_outbox_receipt(struct ktg_outbox *ob, const uint8_t id[static KTG_OUTBOX_ID],
                                      struct ktg_outbox_receipt *ret_receipt, struct ktg_err *err);

struct ktg_outbox_reject_view {
    uint64_t no; /* of the row, for ktg_outbox_seen */
    uint8_t id[KTG_OUTBOX_ID];
    ktg_time at;
    struct ktg_outbox_fault fault;
    struct ktg_bytes blob;
};
/* Rejected events from row `from` on, oldest first, until `each` does not say KTG_OK, which is then returned; views are
 * valid during the call. */
KTG_MUST_CHECK int ktg_outbox_rejects(struct ktg_outbox *ob, uint64_t from,
                                      int (*each)(void *arg,
                                                  const struct ktg_outbox_reject_view *r),
                                      void *arg, struct ktg_err *err);
/* Why number `seq` of this epoch was rejected, if its reason came and is kept still; views are valid during the call.
 * KTG_ENOTFOUND; else what `tell` says. */
KTG_MUST_CHECK int ktg_outbox_reason(struct ktg_outbox *ob, uint64_t seq,
                                     int (*tell)(void *arg, const struct ktg_outbox_fault *fault),
                                     void *arg, struct ktg_err *err);
/* Somebody has seen it (and mended the event): forget it.  KTG_ENOTFOUND. */
KTG_MUST_CHECK int ktg_outbox_seen(struct ktg_outbox *ob, uint64_t no, struct ktg_err *err);

/* A copy while it works (runtime/store). */
KTG_MUST_CHECK int ktg_outbox_copy(struct ktg_outbox *ob, const char *path, struct ktg_err *err);

#endif
