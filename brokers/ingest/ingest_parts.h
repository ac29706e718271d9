/* brokers/ingest/ingest_parts.h - the station as its own files see it; internal to the room.
 *
 *     ingest.c    life, messages, time and disk        session.c   who is connected and what they are told
 *     taking.c    the open batch, events, the queue     recovery.c  what a start reads: sequences, the rule set
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_BROKERS_INGEST_INGEST_PARTS_H
#define KTG_BROKERS_INGEST_INGEST_PARTS_H

#include "brokers/ingest/away.h"
#include "brokers/ingest/ingest.h"
#include "brokers/ingest/receipts.h"
#include "brokers/ingest/roll.h"
#include "brokers/ingest/sequence.h"
#include "rules/ruleset.h"
#include "runtime/link/hint.h"
#include "runtime/link/link.h"
#include "schema/faults.h"
#include "schema/record.h"

extern const struct ktg_message ktg_ingest_messages[];
enum {
#define X(symbol, id, level, text, action) LOG_##symbol,
#include "brokers/ingest/messages.def"
#undef X
};

extern struct ktg_metric ktg_ingest_metrics[];
enum {
    M_EVENTS,
    M_DUPLICATES,
    M_QUARANTINED,
    M_RETRIES,
    M_BATCHES,
    M_DURABLE,
    M_QUEUE,
    M_SESSIONS,
    M_HEARTBEATS,
    KTG_INGEST_METRICS
};

#define KTG_INGEST_SELF KTG_LIT("SYSTEM.INGEST") /* who wrote what no producer sent */

struct ktg_ingest_session {
    ktg_peer peer;
    uint64_t number; /* the gateway's; 0 for a station that speaks for itself */
    uint64_t epoch;
    bool
        asks; /* it said hello to ask only: nothing is taken, its outbox may be at work beside it */
    bool gap_noted;        /* one quarantine record for a gap, not one for each frame behind it */
    bool conflicted;       /* its outbox was lost: nothing of this session is taken any more */
    uint64_t answer_batch; /* its last ANSWER leaves with this batch: one waits, not many */
    struct ktg_receipts receipts;
    char producer[96];
};

struct ktg_ingest_waiting { /* a PUBLISH that found no room in the batch */
    struct ktg_ingest_waiting *next;
    ktg_peer peer;
    uint64_t number;
    uint64_t first_seq;
    uint64_t skip; /* events of it that were taken already */
    size_t size;
    uint8_t events[]; /* the checked array */
};

struct ktg_ingest_batch_end {
    uint64_t batch;
    ktg_position end;
};

struct ktg_ingest {
    const struct ktg_ingest_options *options;
    struct ktg_station *station;
    struct ktg_context *context;
    struct ktg_link *link;
    struct ktg_hint *hint;
    struct ktg_wake *durable;
    struct ktg_timer *tick, *next_ms;
    struct ktg_journal *journal;
    struct ktg_journal_reader *reader; /* for the targets of corrections; opened on first use */
    struct ktg_ruleset *rules;
    struct ktg_buf bundle; /* the texts in force, as recorded */
    struct ktg_buf
        agencies; /* a text that takes the place of the one there as soon as there is room */
    struct ktg_hash rules_hash; /* of the last ruleset record */
    ktg_position rules_at;      /* where it stands; 0: an older snapshot did not say */
    bool rules_recorded;
    struct ktg_sequences sequences;
    struct ktg_roll roll;                 /* what QUERY status tells, and who is retired */
    bool words_wait;                      /* some were there, and could not be taken yet */
    struct ktg_ingest_session **sessions; /* sorted by (peer, number) */
    size_t session_count, session_cap;
    struct ktg_ingest_waiting *first, *last;
    uint64_t queued;
    uint64_t open_batch,
        durable_batch; /* the open one is sealed next; all up to durable_batch are on disk */
    struct ktg_ingest_batch_end
        ends[4]; /* sealed and not durable: at most one, and one more while it is reported */
    size_t end_count;
    enum ktg_journal_disk_state disk;
    struct ktg_away away;
    ktg_peer *doors; /* connections that relay: through one of them everybody is heard */
    size_t door_count, door_cap;
    ktg_time sealed_at;   /* domain */
    ktg_time sealed_mono; /* the same, mono ms */
    uint8_t boot[KTG_BOOT_SIZE];
    struct ktg_buf meta, payload, out, runs;
};

/* session.c */
/* The session with this number at this connection; NULL: none. */
struct ktg_ingest_session *ktg_ingest_session_find(const struct ktg_ingest *in, ktg_peer peer,
                                                   uint64_t number);
/* Forget it; what it is owed is told with its next hello. */
void ktg_ingest_session_drop(struct ktg_ingest *in, ktg_peer peer, uint64_t number);
/* In place of one with the same number.  NULL: too many, or no memory. */
struct ktg_ingest_session *ktg_ingest_session_add(struct ktg_ingest *in, ktg_peer peer,
                                                  uint64_t number, struct ktg_bytes producer);
/* The batch after which what was just taken, or was taken before, is durable. */
uint64_t ktg_ingest_answer_batch(const struct ktg_ingest *in);
/* The frame, valid until the next call; empty: no memory. */
struct ktg_bytes ktg_ingest_encode(struct ktg_ingest *in, const struct ktg_msg *m);
/* Lossy on purpose: a frame that finds no room is repeated when the producer says hello again. */
void ktg_ingest_send_now(struct ktg_ingest *in, ktg_peer peer, struct ktg_bytes frame);
/* End a session with the name of a fault. */
void ktg_ingest_say_bye(struct ktg_ingest *in, ktg_peer peer, uint64_t number,
                        enum ktg_fault_no fault);
/* A NACK with what the fault says; the class and more are the caller's. */
struct ktg_msg ktg_ingest_nack(const struct ktg_ingest_session *s, int nack_class, uint64_t seq,
                               const struct ktg_err *fault);
/* Nothing was consumed: try again after so many ms. */
void ktg_ingest_nack_retry(struct ktg_ingest *in, const struct ktg_ingest_session *s, uint64_t seq,
                           enum ktg_fault_no no, uint64_t after);
/* What the producer of this session may ask: how it stands itself. */
void ktg_ingest_query(struct ktg_ingest *in, struct ktg_ingest_session *s,
                      const struct ktg_msg_query *q);
/* Send every session what is durable. */
void ktg_ingest_flush_sessions(struct ktg_ingest *in);

/* taking.c */
/* Put a record into the open batch. */
KTG_MUST_CHECK int ktg_ingest_append(struct ktg_ingest *in, enum ktg_record_kind kind,
                                     const struct ktg_record_meta *meta, struct ktg_bytes payload,
                                     const uint8_t *id, ktg_position *ret_pos);
/* Hand the open batch to the committer if it is idle; otherwise its end will bring us here again.  At most one in a ms:
 * the journal's clock rises with each batch, and on a fast disk it would run ahead of the true time. */
void ktg_ingest_seal(struct ktg_ingest *in);
void ktg_ingest_seal_if_pending(struct ktg_ingest *in);
void ktg_ingest_settle_durable(struct ktg_ingest *in);
/* A frame to send once the batch of what was just taken is durable. */
KTG_MUST_CHECK int ktg_ingest_note(struct ktg_ingest *in, struct ktg_ingest_session *s,
                                   const struct ktg_msg *m);
/* Keep the rest of a frame until there is room, or ask the producer to wait. */
void ktg_ingest_wait_for_room(struct ktg_ingest *in, const struct ktg_ingest_session *s,
                              const struct ktg_msg_publish *p, uint64_t skip);
/* Take a frame's events from `skip` on.  False: the rest has to wait for room. */
bool ktg_ingest_publish(struct ktg_ingest *in, struct ktg_ingest_session *s,
                        const struct ktg_msg_publish *p, uint64_t skip, uint64_t *ret_taken);
/* Take what waits, in order. */
void ktg_ingest_drain_queue(struct ktg_ingest *in);
/* Since when nobody is heard goes into the journal, if it is time to say it. */
void ktg_ingest_look_away(struct ktg_ingest *in);
/* Wait until a record fits into the open batch again: a start may. */
KTG_MUST_CHECK int ktg_ingest_make_room(struct ktg_ingest *in);

/* recovery.c */
/* What of the time before this start nobody was heard, in a batch of its own. */
KTG_MUST_CHECK int ktg_ingest_recover_away(struct ktg_ingest *in, struct ktg_err *err);
void ktg_ingest_take_snapshot(void *arg, struct ktg_buf *to);
int ktg_ingest_recover_snapshot(void *arg, ktg_position upto, struct ktg_bytes bytes);
int ktg_ingest_recover_item(void *arg, const struct ktg_journal_item *item);
/* The rule set that the journal has; the folders are read only if it has none that can be used. */
KTG_MUST_CHECK int ktg_ingest_start_rules(struct ktg_ingest *in, struct ktg_err *err);
/* Read the folders; a change that compiles becomes a record.  KTG_EINVALID: they are wrong, nothing changed. */
KTG_MUST_CHECK int ktg_ingest_load_rules(struct ktg_ingest *in, struct ktg_err *err);
/* Agencies that changed go into the journal, with the rules as they are. */
void ktg_ingest_take_agencies(struct ktg_ingest *in);
/* What operators said of sources that send no more goes into the journal, if they said anything new. */
void ktg_ingest_take_words(struct ktg_ingest *in);
/* SIGHUP */
void ktg_ingest_reload(void *arg);

#endif
