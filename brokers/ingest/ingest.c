/* brokers/ingest/ingest.c - the shell; the picture and the numbered invariants are in ingest.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "brokers/ingest/ingest.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "brokers/ingest/receipts.h"
#include "brokers/ingest/sequence.h"
#include "rules/ruleset.h"
#include "runtime/link/hint.h"
#include "runtime/link/link.h"
#include "runtime/mem.h"
#include "schema/faults.h"
#include "schema/record.h"

#define SELF KTG_LIT("SYSTEM.INGEST")

static const struct ktg_message messages[] = {
#define X(symbol, id, level, text, action) {id, KTG_LOG_##level, text, action},
#include "brokers/ingest/messages.def"
#undef X
};
enum {
#define X(symbol, id, level, text, action) LOG_##symbol,
#include "brokers/ingest/messages.def"
#undef X
};

static struct ktg_metric metrics[] = {
    {"kentongan_ingest_events_total", "events", "events taken into the journal", KTG_COUNTER, 0,
     NULL},
    {"kentongan_ingest_duplicates_total", "events", "events that were there already", KTG_COUNTER,
     0, NULL},
    {"kentongan_ingest_quarantined_total", "events", "events refused and kept in quarantine",
     KTG_COUNTER, 0, NULL},
    {"kentongan_ingest_retries_total", "frames", "frames sent back with NACK retry", KTG_COUNTER, 0,
     NULL},
    {"kentongan_ingest_batches_total", "batches", "batches sealed, empty ones too", KTG_COUNTER, 0,
     NULL},
    {"kentongan_ingest_durable_position", "positions", "end of what is synced", KTG_GAUGE, 0, NULL},
    {"kentongan_ingest_queue_bytes", "bytes", "frames that wait for room in the batch", KTG_GAUGE,
     0, NULL},
    {"kentongan_ingest_sessions", "sessions", "producers connected", KTG_GAUGE, 0, NULL},
    {"kentongan_ingest_heartbeats_total", "heartbeats", "heartbeats journalled", KTG_COUNTER, 0,
     NULL},
};
enum {
    M_EVENTS,
    M_DUPLICATES,
    M_QUARANTINED,
    M_RETRIES,
    M_BATCHES,
    M_DURABLE,
    M_QUEUE,
    M_SESSIONS,
    M_HEARTBEATS
};

enum { HEARTBEAT_BYTES = 8192 }; /* with all its types */

struct session {
    ktg_peer peer;
    uint64_t number; /* the gateway's; 0 for a station that speaks for itself */
    uint64_t epoch;
    bool gap_noted;  /* one quarantine record for a gap, not one for each frame behind it */
    bool conflicted; /* its outbox was lost: nothing of this session is taken any more */
    struct ktg_receipts receipts;
    char producer[96];
};

struct waiting { /* a PUBLISH that found no room in the batch */
    struct waiting *next;
    ktg_peer peer;
    uint64_t number;
    uint64_t skip; /* events of the frame that were taken already */
    size_t size;
    uint8_t frame[];
};

struct batch_end {
    uint64_t batch;
    ktg_position end;
};

struct ingest {
    const struct ktg_ingest_options *options;
    struct ktg_station *station;
    struct ktg_context *context;
    struct ktg_link *link;
    struct ktg_hint *hint;
    struct ktg_wake *durable;
    struct ktg_timer *tick;
    struct ktg_journal *journal;
    struct ktg_journal_reader *reader; /* for the targets of corrections; opened on first use */
    struct ktg_ruleset *rules;
    struct ktg_hash rules_hash; /* of the last ruleset record */
    bool rules_recorded;
    struct ktg_sequences sequences;
    struct session **sessions; /* sorted by (peer, number) */
    size_t session_count, session_cap;
    struct waiting *first, *last;
    uint64_t queued;
    uint64_t open_batch,
        durable_batch; /* the open one is sealed next; all up to durable_batch are on disk */
    struct batch_end
        ends[4]; /* sealed and not durable: at most one, and one more while it is reported */
    size_t end_count;
    enum ktg_journal_disk_state disk;
    ktg_time sealed_at; /* domain */
    uint8_t boot[KTG_BOOT_SIZE];
    struct ktg_buf meta, payload, out, runs;
};

/* ---- sessions ---------------------------------------------------------------------------------------------------- */

static size_t session_place(const struct ingest *in, ktg_peer peer, uint64_t number,
                            bool *ret_found)
{
    size_t low = 0, high = in->session_count;
    while (low < high) {
        size_t mid = (low + high) / 2;
        const struct session *s = in->sessions[mid];
        if (s->peer == peer && s->number == number) {
            *ret_found = true;
            return mid;
        }
        if (s->peer < peer || (s->peer == peer && s->number < number))
            low = mid + 1;
        else
            high = mid;
    }
    *ret_found = false;
    return low;
}

static struct session *session_find(const struct ingest *in, ktg_peer peer, uint64_t number)
{
    bool found;
    size_t at = session_place(in, peer, number, &found);
    return found ? in->sessions[at] : NULL;
}

static struct session *session_free(struct session *s)
{
    if (s)
        ktg_receipts_done(&s->receipts);
    ktg_free(s);
    return NULL;
}

static void session_drop(struct ingest *in, ktg_peer peer, uint64_t number)
{
    bool found;
    size_t at = session_place(in, peer, number, &found);
    if (!found)
        return;
    session_free(in->sessions[at]);
    in->session_count--;
    memmove(&in->sessions[at], &in->sessions[at + 1],
            (in->session_count - at) * sizeof *in->sessions);
}

static struct session *session_add(struct ingest *in, ktg_peer peer, uint64_t number,
                                   struct ktg_bytes producer)
{
    bool found;
    size_t at = session_place(in, peer, number, &found);
    struct session *s = ktg_zalloc(sizeof *s);
    if (!s || (!found && (in->session_count == in->options->max_sessions ||
                          ktg_grow(&in->sessions, &in->session_cap, in->session_count + 1,
                                   sizeof *in->sessions))))
        return session_free(s);
    s->peer = peer;
    s->number = number;
    memcpy(s->producer, producer.data, producer.size); /* the size was checked by its hello */
    if (found) {
        session_free(in->sessions[at]);
    } else {
        memmove(&in->sessions[at + 1], &in->sessions[at],
                (in->session_count - at) * sizeof *in->sessions);
        in->session_count++;
    }
    in->sessions[at] = s;
    return s;
}

/* ---- answers ----------------------------------------------------------------------------------------------------- */

/* The batch after which what was just taken, or was taken before, is durable. */
static uint64_t answer_batch(const struct ingest *in)
{
    return ktg_journal_pending(in->journal) ? in->open_batch : in->open_batch - 1;
}

static struct ktg_bytes encode(struct ingest *in, const struct ktg_msg *m)
{
    ktg_buf_clear(&in->out);
    if (ktg_protocol_encode(m, &in->out, NULL))
        return KTG_BYTES_NONE;
    return ktg_buf_view(&in->out);
}

/* Lossy on purpose: a frame that finds no room is repeated when the producer says hello again. */
static void send_now(struct ingest *in, ktg_peer peer, struct ktg_bytes frame)
{
    if (frame.size && ktg_link_send(in->link, peer, KTG_BYTES_NONE, frame))
        ktg_metric_add(&metrics[M_RETRIES], 1);
}

static void say_bye(struct ingest *in, ktg_peer peer, uint64_t number, enum ktg_fault_no fault)
{
    struct ktg_msg m = {.type = KTG_MSG_BYE, .session = number};
    m.bye.code = ktg_bytes_str(ktg_faults[fault].name);
    m.bye.text = ktg_bytes_str(ktg_faults[fault].what);
    send_now(in, peer, encode(in, &m));
    session_drop(in, peer, number);
}

static struct ktg_msg nack(const struct session *s, int nack_class, uint64_t seq,
                           const struct ktg_err *fault)
{
    struct ktg_msg m = {.type = KTG_MSG_NACK, .session = s->number};
    m.nack.nack_class = nack_class;
    m.nack.seq = seq;
    m.nack.code = ktg_bytes_str(fault->fault ? fault->fault->name : "error");
    m.nack.text = ktg_bytes_str(fault->text);
    m.nack.where = ktg_bytes_str(fault->where);
    m.nack.got = ktg_bytes_str(fault->got);
    m.nack.want = ktg_bytes_str(fault->want);
    return m;
}

static void nack_retry(struct ingest *in, const struct session *s, uint64_t seq,
                       enum ktg_fault_no no, uint64_t after)
{
    struct ktg_err fault = KTG_ERR_INIT;
    (void)ktg_fault_set(&fault, no, NULL, NULL, "centre");
    struct ktg_msg m = nack(s, KTG_NACK_RETRY, seq, &fault);
    m.nack.retry_after = after;
    ktg_metric_add(&metrics[M_RETRIES], 1);
    send_now(in, s->peer, encode(in, &m));
}

static void flush_session(struct ingest *in, struct session *s)
{
    struct ktg_msg m = {.type = KTG_MSG_ACK, .session = s->number};
    struct ktg_bytes note;
    while (ktg_receipts_take_note(&s->receipts, in->durable_batch, &note))
        send_now(in, s->peer, note);
    ktg_buf_clear(&in->runs);
    while (ktg_receipts_take(&s->receipts, in->durable_batch, &m.ack.seq, &in->runs)) {
        m.ack.runs = ktg_buf_view(&in->runs);
        send_now(in, s->peer, encode(in, &m));
        ktg_buf_clear(&in->runs);
    }
}

static void flush_sessions(struct ingest *in)
{
    for (size_t i = 0; i < in->session_count; i++)
        if (ktg_receipts_waiting(&in->sessions[i]->receipts))
            flush_session(in, in->sessions[i]);
}

/* ---- the open batch ----------------------------------------------------------------------------------------------- */

static int append(struct ingest *in, enum ktg_record_kind kind, const struct ktg_record_meta *meta,
                  struct ktg_bytes payload, const uint8_t *id, ktg_position *ret_pos)
{
    ktg_buf_clear(&in->meta);
    ktg_record_meta_encode(meta, &in->meta);
    if (ktg_buf_check(&in->meta))
        return KTG_ENOMEM;
    return ktg_journal_append(in->journal, (uint8_t)kind, ktg_buf_view(&in->meta), payload, id,
                              ret_pos);
}

/* A number that was taken without a record of its own: a duplicate, or bytes that lie in quarantine already. */
static int append_progress(struct ingest *in, const struct session *s, uint64_t seq)
{
    struct ktg_record_meta meta = {ktg_bytes_str(s->producer), s->epoch, seq, 0};
    ktg_position pos;
    return append(in, KTG_RECORD_PROGRESS, &meta, KTG_BYTES_NONE, NULL, &pos);
}

/* Hand the open batch to the committer if it is idle; otherwise its end will bring us here again. */
static void seal(struct ingest *in)
{
    ktg_position end = 0;
    ktg_time now = ktg_station_now(in->station);
    if (in->end_count == KTG_COUNT(in->ends))
        return;
    if (ktg_journal_seal(in->journal, now, 0, &end))
        return; /* EAGAIN: busy; EFULL: the disk, which the tick watches; EIO: on_fatal has spoken */
    in->ends[in->end_count++] = (struct batch_end){in->open_batch++, end};
    in->sealed_at = now;
    ktg_metric_add(&metrics[M_BATCHES], 1);
}

static void seal_if_pending(struct ingest *in)
{
    if (ktg_journal_pending(in->journal))
        seal(in);
}

static void settle_durable(struct ingest *in)
{
    ktg_position mark = ktg_journal_mark(in->journal);
    size_t done = 0;
    while (done < in->end_count && in->ends[done].end <= mark)
        in->durable_batch = in->ends[done++].batch;
    in->end_count -= done;
    memmove(in->ends, in->ends + done, in->end_count * sizeof *in->ends);
}

/* Send the open batch on its way and wait until the next one is open: the rule set must not be lost for want of room. */
static int make_room(struct ingest *in)
{
    int rc = ktg_journal_wait(in->journal);
    settle_durable(in);
    if (!rc)
        seal_if_pending(in);
    return rc;
}

/* ---- taking events ------------------------------------------------------------------------------------------------ */

static int find_id(void *arg, const uint8_t id[static 16], uint64_t *ret_pos,
                   uint8_t ret_content[static 16])
{
    struct ingest *in = arg;
    return ktg_journal_find(in->journal, id, ret_pos, ret_content, NULL);
}

static int source_at(void *arg, uint64_t pos, struct ktg_bytes *ret_source)
{
    struct ingest *in = arg;
    struct ktg_journal_item item;
    struct ktg_event e;
    if (!in->reader && ktg_journal_reader_open(in->options->journal_dir, NULL, &in->reader, NULL))
        return KTG_ENOTFOUND;
    if (ktg_journal_reader_at(in->reader, pos, &item, NULL))
        return KTG_ENOTFOUND; /* still in an undurable batch: corrections of it are checked by the engine too */
    if (item.erased || item.kind != KTG_RECORD_EVENT ||
        ktg_event_read(ktg_ruleset_catalogue(in->rules), item.payload, &e, NULL))
        return KTG_ENOTFOUND;
    *ret_source = e.source;
    return KTG_OK;
}

/* Keep the bytes and the fault; once per (why, producer, bytes).  seq 0: the number was not taken by it. */
static int quarantine(struct ingest *in, const struct session *s, uint64_t seq, const char *why,
                      const struct ktg_err *fault, struct ktg_bytes blob, ktg_position *ret_pos)
{
    uint8_t id[16], content[16];
    ktg_admission_quarantine_id(why, ktg_bytes_str(s->producer), blob, id);
    int rc = ktg_journal_find(in->journal, id, ret_pos, content, NULL);
    if (!rc)
        return seq ? append_progress(in, s, seq) : KTG_OK;
    if (rc != KTG_ENOTFOUND)
        return rc;
    ktg_buf_clear(&in->payload);
    ktg_admission_quarantine(fault, blob, &in->payload);
    if (ktg_buf_check(&in->payload))
        return KTG_ENOMEM;
    struct ktg_record_meta meta = {ktg_bytes_str(s->producer), s->epoch, seq, 0};
    rc = append(in, KTG_RECORD_QUARANTINE, &meta, ktg_buf_view(&in->payload), id, ret_pos);
    if (!rc) {
        ktg_metric_add(&metrics[M_QUARANTINED], 1);
        ktg_log(&messages[LOG_QUARANTINE], "producer=%s code=%s where=%s position=%" PRIu64,
                s->producer, fault->fault ? fault->fault->name : "error", fault->where, *ret_pos);
    }
    return rc;
}

static int note(struct ingest *in, struct session *s, const struct ktg_msg *m)
{
    struct ktg_bytes frame = encode(in, m);
    return frame.size ? ktg_receipts_note(&s->receipts, frame, answer_batch(in)) : KTG_ENOMEM;
}

/* What all events of one frame have in common. */
struct taking {
    struct ktg_bytes producer;
    struct ktg_rights rights;
    ktg_time now;
};

/* The next number of the sequence.  KTG_OK: consumed. */
static int take_next(struct ingest *in, struct session *s, const struct taking *t, uint64_t seq,
                     struct ktg_bytes blob)
{
    struct ktg_admission_world world = {in, find_id, source_at};
    struct ktg_admission_verdict v;
    struct ktg_bytes producer = t->producer;
    ktg_position pos = 0;
    int rc = ktg_admission_check(ktg_ruleset_catalogue(in->rules), blob, &t->rights, t->now,
                                 in->options->skew_ahead, &world, &v);
    if (rc)
        return rc;
    int status = KTG_RUN_ACCEPTED;
    if (v.what == KTG_ADMIT_ACCEPT) {
        struct ktg_record_meta meta = {producer, s->epoch, seq, v.target};
        rc = append(in, KTG_RECORD_EVENT, &meta, blob, v.event.id, &pos);
        if (!rc)
            ktg_metric_add(&metrics[M_EVENTS], 1);
    } else if (v.what == KTG_ADMIT_DUPLICATE) {
        status = KTG_RUN_DUPLICATE;
        rc = append_progress(in, s, seq);
        if (!rc)
            ktg_metric_add(&metrics[M_DUPLICATES], 1);
    } else {
        status = KTG_RUN_REJECTED;
        rc = quarantine(in, s, seq, "reject", &v.fault, blob, &pos);
    }
    if (rc)
        return rc;
    ktg_sequences_advance(&in->sequences, producer, seq);
    rc = ktg_receipts_add(&s->receipts, seq, status, pos, answer_batch(in));
    if (!rc && status == KTG_RUN_REJECTED) {
        struct ktg_msg m = nack(s, KTG_NACK_REJECT, seq, &v.fault);
        rc = note(in, s, &m);
    }
    return rc;
}

/* A number that was taken before: the same bytes are a success, others a lost outbox.  Then the session is over: had it gone
 * on, the next new number would have been acknowledged, and with it those that were never taken. */
static int take_old(struct ingest *in, struct session *s, uint64_t seq, struct ktg_bytes blob)
{
    uint8_t id[16], content[16], own[16];
    struct ktg_event e;
    ktg_position pos;
    if (!ktg_wire_check(blob, &KTG_WIRE_LIMITS, NULL) &&
        !ktg_event_read(ktg_ruleset_catalogue(in->rules), blob, &e, NULL)) {
        ktg_journal_content_hash(blob, own);
        if (!ktg_journal_find(in->journal, e.id, &pos, content, NULL) &&
            memcmp(own, content, sizeof own) == 0)
            return ktg_receipts_add(&s->receipts, seq, KTG_RUN_DUPLICATE, 0, answer_batch(in));
    }
    ktg_admission_quarantine_id("reject", ktg_bytes_str(s->producer), blob, id);
    if (!ktg_journal_find(in->journal, id, &pos, content, NULL))
        return ktg_receipts_add(&s->receipts, seq, KTG_RUN_REJECTED, pos, answer_batch(in));
    struct ktg_err fault = KTG_ERR_INIT;
    char got[32];
    snprintf(got, sizeof got, "%" PRIu64, seq);
    (void)ktg_fault_set(&fault, KTG_FAULT_SEQUENCE_CONFLICT, got, "the event that had this number",
                        "seq");
    int rc = quarantine(in, s, 0, "conflict", &fault, blob, &pos);
    struct ktg_msg m = nack(s, KTG_NACK_SEQ_CONFLICT, seq, &fault);
    s->conflicted = s->conflicted || !rc;
    return rc ? rc : note(in, s, &m);
}

static int refuse_gap(struct ingest *in, struct session *s, uint64_t seq, struct ktg_bytes blob)
{
    struct ktg_err fault = KTG_ERR_INIT;
    char got[32], want[32];
    uint64_t expected = ktg_sequences_find(&in->sequences, ktg_bytes_str(s->producer))->last + 1;
    ktg_position pos;
    snprintf(got, sizeof got, "%" PRIu64, seq);
    snprintf(want, sizeof want, "%" PRIu64, expected);
    (void)ktg_fault_set(&fault, KTG_FAULT_SEQUENCE_GAP, got, want, "seq");
    int rc = s->gap_noted ? KTG_OK : quarantine(in, s, 0, "gap", &fault, blob, &pos);
    s->gap_noted = true;
    struct ktg_msg m = nack(s, KTG_NACK_SEQ_GAP, seq, &fault);
    m.nack.expected = expected;
    return rc ? rc : note(in, s, &m);
}

/* Take the events of a frame from `skip` on.  KTG_EAGAIN: the batch is full; *ret_taken says how far it came. */
static int take_publish(struct ingest *in, struct session *s, const struct ktg_msg_publish *p,
                        uint64_t skip, uint64_t *ret_taken)
{
    struct ktg_wire w = ktg_list_open(p->events);
    struct ktg_wire_value v;
    struct taking t = {.producer = ktg_bytes_str(s->producer), .now = ktg_station_now(in->station)};
    uint64_t i = 0;
    *ret_taken = skip;
    int denied = in->options->rights_of(in->options->arg, t.producer, &t.rights);
    if (denied)
        return denied;
    for (; !s->conflicted && !ktg_wire_next(&w, &v); i++) {
        if (i < skip)
            continue;
        uint64_t seq = p->first_seq + i;
        int rc = KTG_OK;
        switch (ktg_sequences_place(&in->sequences, t.producer, s->epoch, seq)) {
        case KTG_SEQ_NEXT:
            rc = take_next(in, s, &t, seq, v.bytes);
            s->gap_noted = false;
            break;
        case KTG_SEQ_OLD:
            rc = take_old(in, s, seq, v.bytes);
            break;
        case KTG_SEQ_GAP:
            *ret_taken = i;
            rc = refuse_gap(in, s, seq, v.bytes);
            return rc == KTG_EFULL ? KTG_EAGAIN : rc;
        case KTG_SEQ_FENCED:
            return KTG_EDENIED;
        }
        if (rc) {
            *ret_taken = i;
            return rc == KTG_EFULL ? KTG_EAGAIN : rc;
        }
    }
    *ret_taken = i;
    return KTG_OK;
}

static void wait_for_room(struct ingest *in, const struct session *s, struct ktg_bytes frame,
                          uint64_t skip, uint64_t seq)
{
    struct waiting *wait = in->queued + frame.size <= in->options->queue_bytes
                               ? ktg_alloc(sizeof *wait + frame.size)
                               : NULL;
    if (!wait) {
        ktg_log(&messages[LOG_QUEUE_FULL], "producer=%s", s->producer);
        nack_retry(in, s, seq, KTG_FAULT_BUSY, 200);
        return;
    }
    *wait = (struct waiting){NULL, s->peer, s->number, skip, frame.size};
    memcpy(wait->frame, frame.data, frame.size);
    if (in->last)
        in->last->next = wait;
    else
        in->first = wait;
    in->last = wait;
    in->queued += frame.size;
}

/* Returns false when the rest of the frame has to wait for room. */
static bool publish(struct ingest *in, struct session *s, const struct ktg_msg_publish *p,
                    uint64_t skip, uint64_t *ret_taken)
{
    int rc = take_publish(in, s, p, skip, ret_taken);
    if (rc == KTG_EAGAIN)
        return false;
    if (rc == KTG_EDENIED)
        say_bye(in, s->peer, s->number, KTG_FAULT_FENCED);
    else if (rc == KTG_ENOTFOUND)
        say_bye(in, s->peer, s->number, KTG_FAULT_REVOKED_KEY);
    else if (rc)
        nack_retry(in, s, p->first_seq + *ret_taken, KTG_FAULT_BUSY, 500);
    return true;
}

static void drain_queue(struct ingest *in)
{
    while (in->first) {
        struct waiting *wait = in->first;
        struct session *s = session_find(in, wait->peer, wait->number);
        struct ktg_msg m;
        if (s && !ktg_protocol_decode(ktg_bytes(wait->frame, wait->size), &m, NULL)) {
            uint64_t taken;
            if (!publish(in, s, &m.publish, wait->skip, &taken)) {
                wait->skip = taken;
                return;
            }
        }
        in->first = wait->next;
        if (!in->first)
            in->last = NULL;
        in->queued -= wait->size;
        ktg_free(wait);
    }
}

/* ---- messages ------------------------------------------------------------------------------------------------------ */

static void on_hello(struct ingest *in, const struct ktg_link_message *lm, uint64_t number,
                     struct ktg_bytes user, const struct ktg_msg_hello *hello)
{
    uint64_t acked;
    int rc = ktg_sequences_hello(&in->sequences, user, hello->epoch, &acked);
    if (rc == KTG_ECONFLICT) {
        ktg_log(&messages[LOG_FENCED], "producer=%.*s epoch=%" PRIu64, (int)user.size,
                (const char *)user.data, hello->epoch);
        say_bye(in, lm->peer, number, KTG_FAULT_FENCED);
        return;
    }
    struct session *s = rc ? NULL : session_add(in, lm->peer, number, user);
    if (!s) {
        say_bye(in, lm->peer, number, KTG_FAULT_BUSY);
        return;
    }
    s->epoch = hello->epoch;
    s->receipts.acked = acked;
    struct ktg_msg m = {.type = KTG_MSG_WELCOME, .session = number};
    m.welcome =
        (struct ktg_msg_welcome){.proto = KTG_PROTO_VERSION,
                                 .session = number,
                                 .acked_seq = acked,
                                 .credit = {in->options->credit_events, in->options->credit_bytes},
                                 .limits = {KTG_FRAME_MAX, KTG_PUBLISH_EVENTS},
                                 .server_time = ktg_station_now(in->station),
                                 .boot = ktg_bytes(in->boot, sizeof in->boot)};
    if (note(in, s, &m))
        say_bye(in, lm->peer, number, KTG_FAULT_BUSY);
    ktg_log(&messages[LOG_SESSION], "producer=%.*s epoch=%" PRIu64 " acked=%" PRIu64,
            (int)user.size, (const char *)user.data, hello->epoch, acked);
}

/* A heartbeat vouches for its own source and types, and for no time that has not come. */
static bool may_vouch(struct ingest *in, const struct session *s, const struct ktg_msg_heartbeat *h)
{
    struct ktg_rights rights;
    struct ktg_wire w = ktg_list_open(h->types);
    struct ktg_wire_value v;
    ktg_time latest = ktg_station_now(in->station) + in->options->skew_ahead;
    if (in->options->rights_of(in->options->arg, ktg_bytes_str(s->producer), &rights) ||
        !rights.may_speak_for(rights.arg, h->source))
        return false;
    while (!ktg_wire_next(&w, &v))
        if (!rights.may_send_type(rights.arg, v.bytes))
            return false;
    return h->at <= latest && h->complete_until <= latest;
}

/* What is not taken only leaves the source silent, which is the safe side.  The record is encoded anew: fields that we do
 * not know stay outside. */
static void on_heartbeat(struct ingest *in, struct session *s, const struct ktg_msg_heartbeat *h)
{
    struct ktg_msg m = {.type = KTG_MSG_HEARTBEAT, .heartbeat = *h};
    ktg_position pos;
    struct ktg_bytes frame;
    if (in->disk == KTG_JOURNAL_DISK_STOP || !may_vouch(in, s, h) ||
        (frame = encode(in, &m)).size == 0 || frame.size > HEARTBEAT_BYTES)
        return;
    struct ktg_record_meta meta = {ktg_bytes_str(s->producer), 0, 0, 0};
    struct ktg_bytes body = ktg_bytes(frame.data + KTG_FRAME_HEAD, frame.size - KTG_FRAME_HEAD);
    if (!append(in, KTG_RECORD_HEARTBEAT, &meta, body, NULL, &pos))
        ktg_metric_add(&metrics[M_HEARTBEATS], 1);
}

static void on_publish(struct ingest *in, struct session *s, const struct ktg_msg_publish *p,
                       struct ktg_bytes frame)
{
    uint64_t taken = 0;
    if (in->disk == KTG_JOURNAL_DISK_STOP || ktg_journal_disk_full(in->journal)) {
        nack_retry(in, s, p->first_seq, KTG_FAULT_DISK_LOW, 5000);
        return;
    }
    if (in->first) /* in order: nothing overtakes what waits */
        wait_for_room(in, s, frame, 0, p->first_seq);
    else if (!publish(in, s, p, 0, &taken))
        wait_for_room(in, s, frame, taken, p->first_seq + taken);
}

static void on_message(void *arg, struct ktg_link *link, const struct ktg_link_message *lm)
{
    struct ingest *in = arg;
    struct ktg_msg m;
    struct ktg_err err = KTG_ERR_INIT;
    (void)link;
    if (ktg_protocol_decode(lm->payload, &m, &err)) {
        ktg_log(&messages[LOG_BAD_FRAME], "fault=%s", err.fault ? err.fault->name : "?");
        return;
    }
    struct session *s = session_find(in, lm->peer, m.session);
    if (m.type == KTG_MSG_PING) {
        struct ktg_msg pong = {.type = KTG_MSG_PONG, .session = m.session};
        pong.pong = (struct ktg_msg_ping){m.ping.t, ktg_journal_mark(in->journal),
                                          ktg_bytes(in->boot, sizeof in->boot)};
        send_now(in, lm->peer, encode(in, &pong));
    } else if (m.type == KTG_MSG_HELLO) {
        on_hello(in, lm, m.session, lm->relayed, &m.hello);
    } else if (m.type == KTG_MSG_BYE) {
        session_drop(in, lm->peer, m.session);
    } else if (!s) {
        say_bye(in, lm->peer, m.session, KTG_FAULT_NO_SESSION);
    } else if (m.type == KTG_MSG_PUBLISH) {
        on_publish(in, s, &m.publish, lm->payload);
    } else if (m.type == KTG_MSG_HEARTBEAT) {
        on_heartbeat(in, s, &m.heartbeat);
    } else {
        say_bye(in, lm->peer, m.session, KTG_FAULT_BAD_MESSAGE);
    }
}

static void on_burst(void *arg, struct ktg_link *link)
{
    (void)link;
    seal_if_pending(arg);
    flush_sessions(arg);
}

static void on_gone(void *arg, struct ktg_link *link, ktg_peer peer, const char *user)
{
    struct ingest *in = arg;
    (void)link, (void)user;
    for (size_t i = in->session_count; i-- > 0;)
        if (in->sessions[i]->peer == peer)
            session_drop(in, peer, in->sessions[i]->number);
}

/* ---- time and disk ------------------------------------------------------------------------------------------------- */

static void committed(void *arg, ktg_position mark) /* committer's thread */
{
    (void)mark;
    ktg_wake_send(((struct ingest *)arg)->durable);
}

static void on_durable(void *arg)
{
    struct ingest *in = arg;
    settle_durable(in);
    ktg_hint_send(in->hint, ktg_journal_mark(in->journal));
    seal_if_pending(in); /* first: the disk works while the next batch is filled */
    flush_sessions(in);
    drain_queue(in);
    seal_if_pending(in);
}

static void watch_disk(struct ingest *in)
{
    static const int says[] = {LOG_DISK_OK, LOG_DISK_WARN, LOG_DISK_LOW};
    enum ktg_journal_disk_state now = ktg_journal_disk_state(in->journal);
    if (now != in->disk)
        ktg_log(&messages[says[now]], NULL);
    in->disk = now;
}

static void on_tick(void *arg)
{
    struct ingest *in = arg;
    ktg_time now = ktg_station_now(in->station);
    watch_disk(in);
    drain_queue(in);
    if (now - in->sealed_at >= in->options->clock_period || ktg_journal_pending(in->journal))
        seal(in);
    flush_sessions(in);
}

static void on_metrics(void *arg)
{
    struct ingest *in = arg;
    if (in->journal)
        ktg_metric_set(&metrics[M_DURABLE], (int64_t)ktg_journal_mark(in->journal));
    ktg_metric_set(&metrics[M_QUEUE], (int64_t)in->queued);
    ktg_metric_set(&metrics[M_SESSIONS], (int64_t)in->session_count);
}

static void on_fatal(void *arg, const char *text)
{
    (void)arg;
    ktg_log(&messages[LOG_FATAL], "%s", text);
    _exit(74); /* EX_IOERR: never tried again in this process */
}

/* ---- recovery and rule set ------------------------------------------------------------------------------------------ */

static void take_snapshot(void *arg, struct ktg_buf *to)
{
    struct ingest *in = arg;
    ktg_wire_put_map(to, 2);
    ktg_wire_put_text(to, "producers");
    ktg_sequences_encode(&in->sequences, to);
    ktg_wire_put_text(to, "rules");
    ktg_wire_put_bin(to, in->rules_recorded ? ktg_bytes(in->rules_hash.b, sizeof in->rules_hash.b)
                                            : KTG_BYTES_NONE);
}

static void remember_rules(struct ingest *in, const struct ktg_hash *h)
{
    in->rules_hash = *h;
    in->rules_recorded = true;
}

static int recover_snapshot(void *arg, ktg_position upto, struct ktg_bytes bytes)
{
    struct ingest *in = arg;
    struct ktg_wire_value v;
    (void)upto;
    if (!ktg_wire_get(bytes, "rules", &v) || v.kind != KTG_WIRE_BIN)
        return KTG_ECORRUPT;
    if (v.bytes.size == KTG_HASH_SIZE) {
        struct ktg_hash h;
        memcpy(h.b, v.bytes.data, sizeof h.b);
        remember_rules(in, &h);
    }
    if (!ktg_wire_get(bytes, "producers", &v))
        return KTG_ECORRUPT;
    return ktg_sequences_decode(&in->sequences, v.raw) ? KTG_ECORRUPT : KTG_OK;
}

static int recover_item(void *arg, const struct ktg_journal_item *item)
{
    struct ingest *in = arg;
    struct ktg_record_meta meta;
    if (item->kind == KTG_RECORD_CLOCK)
        return KTG_OK;
    if (ktg_record_meta_decode(item->meta, &meta))
        return KTG_ECORRUPT;
    if (item->kind == KTG_RECORD_RULESET) {
        struct ktg_hash h = ktg_blake2b(&item->payload, 1);
        remember_rules(in, &h);
    }
    if (meta.seq ==
        0) /* it took no number: a heartbeat, a rule set, a gap or a conflict in quarantine */
        return KTG_OK;
    return ktg_sequences_recover(&in->sequences, meta.producer, meta.epoch, meta.seq);
}

/* Read the texts; a change that compiles becomes a record.  KTG_EINVALID: they are wrong, nothing changed. */
static int load_rules(struct ingest *in, struct ktg_err *err)
{
    struct ktg_buf bundle = KTG_BUF_INIT;
    struct ktg_arena arena = KTG_ARENA_INIT;
    struct ktg_notes notes = {KTG_BUF_INIT, 0, 0};
    struct ktg_ruleset *rules = NULL;
    const struct ktg_file *files = NULL;
    size_t count = 0;
    ktg_position pos;
    int rc = in->options->load_bundle(in->options->arg, &bundle, err);
    if (!rc)
        rc = ktg_bundle_decode(ktg_buf_view(&bundle), &arena, &files, &count, err);
    if (!rc)
        rc = ktg_ruleset_compile(files, count, &rules, &notes, err);
    if (rc)
        goto out;
    struct ktg_bytes bytes = ktg_buf_view(&bundle);
    struct ktg_hash h = ktg_blake2b(&bytes, 1);
    if (!in->rules_recorded || memcmp(h.b, in->rules_hash.b, sizeof h.b) != 0) {
        struct ktg_record_meta meta = {SELF, 0, 0, 0};
        while ((rc = append(in, KTG_RECORD_RULESET, &meta, bytes, NULL, &pos)) == KTG_EAGAIN ||
               (rc == KTG_EFULL && ktg_journal_pending(in->journal) &&
                !ktg_journal_disk_full(in->journal)))
            if ((rc = make_room(in)))
                break;
        if (rc) {
            rc = ktg_err_set(err, rc, "the rule set could not be written to the journal");
            goto out;
        }
        remember_rules(in, &h);
        ktg_log(&messages[LOG_RULESET], "rules=%zu position=%" PRIu64, ktg_ruleset_count(rules),
                pos);
    }
    ktg_ruleset_free(in->rules);
    in->rules = rules;
    rules = NULL;
out:
    ktg_ruleset_free(rules);
    ktg_buf_done(&notes.text);
    ktg_buf_done(&bundle);
    ktg_arena_done(&arena);
    return rc;
}

static void on_reload(void *arg)
{
    struct ingest *in = arg;
    struct ktg_err err = KTG_ERR_INIT;
    if (in->options->on_reload)
        in->options->on_reload(in->options->arg);
    if (load_rules(in, &err))
        ktg_log(&messages[LOG_RULESET_KEPT], "why=\"%s\"", err.text);
    seal_if_pending(in);
}

/* ---- life ---------------------------------------------------------------------------------------------------------- */

static int admit_station(void *arg, const struct ktg_asker *asker, char user[static KTG_USER_SIZE],
                         const char **ret_reason)
{
    (void)arg;
    if (asker->proof != KTG_PROOF_UID || asker->uid != (uint32_t)geteuid()) {
        *ret_reason = "not a station of this centre";
        return KTG_EDENIED;
    }
    snprintf(user, KTG_USER_SIZE, "station");
    return KTG_OK;
}

static int open_links(struct ingest *in, struct ktg_err *err)
{
    char endpoint[160], hint[160];
    snprintf(endpoint, sizeof endpoint, "ipc://%s/ingest.ipc", in->options->run_dir);
    snprintf(hint, sizeof hint, "ipc://%s/hint.ipc", in->options->run_dir);
    struct ktg_link_calls calls = {
        .on_message = on_message, .on_gone = on_gone, .on_burst = on_burst, .arg = in};
    struct ktg_link_options options = {.endpoint = endpoint,
                                       .domain = "ingest",
                                       .relay = true,
                                       .max_frame = KTG_FRAME_MAX,
                                       .send_queue = 65536,
                                       .recv_queue = 1024};
    int rc = ktg_context_new(ktg_station_loop(in->station), admit_station, in, &in->context, err);
    if (!rc)
        rc = ktg_hint_bind(in->context, hint, "hint", &in->hint, err);
    if (!rc)
        rc = ktg_link_bind(in->context, &options, &calls, &in->link, err);
    return rc;
}

static int open_journal(struct ingest *in, struct ktg_err *err)
{
    struct ktg_journal_options o = in->options->journal;
    o.salted = true;
    o.strict_clock = true;
    o.arg = in;
    o.on_durable = committed;
    o.snapshot = take_snapshot;
    o.on_snapshot = recover_snapshot;
    o.on_recover = recover_item;
    o.on_fatal = on_fatal;
    int rc = ktg_journal_open(in->options->journal_dir, &o, &in->journal, err);
    if (rc)
        return rc;
    ktg_log(&messages[LOG_RECOVERED], "mark=%" PRIu64 " producers=%zu",
            ktg_journal_mark(in->journal), in->sequences.count);
    in->open_batch = 1; /* batch 0 is all that was there */
    return KTG_OK;
}

static void close_all(struct ingest *in)
{
    in->journal = ktg_journal_close(in->journal); /* first: its committer pokes the wake */
    in->reader = ktg_journal_reader_close(in->reader);
    in->link = ktg_link_close(in->link);
    in->hint = ktg_hint_close(in->hint);
    in->context = ktg_context_free(in->context);
    in->station = ktg_station_close(in->station); /* with its loop: wake and timer */
    while (in->session_count)
        session_drop(in, in->sessions[0]->peer, in->sessions[0]->number);
    ktg_free(in->sessions);
    while (in->first) {
        struct waiting *next = in->first->next;
        ktg_free(in->first);
        in->first = next;
    }
    ktg_ruleset_free(in->rules);
    ktg_sequences_done(&in->sequences);
    ktg_buf_done(&in->meta);
    ktg_buf_done(&in->payload);
    ktg_buf_done(&in->out);
    ktg_buf_done(&in->runs);
}

static void set_defaults(struct ktg_ingest_options *o)
{
    if (!o->clock_period)
        o->clock_period = 1000;
    if (!o->skew_ahead)
        o->skew_ahead = 5 * 60 * 1000;
    if (!o->credit_events)
        o->credit_events = 8192;
    if (!o->credit_bytes)
        o->credit_bytes = 4u << 20;
    if (!o->max_sessions)
        o->max_sessions = 1024;
    if (!o->queue_bytes)
        o->queue_bytes = 64u << 20;
}

int ktg_ingest_run(const struct ktg_ingest_options *options, struct ktg_err *err)
{
    struct ktg_ingest_options o = *options;
    struct ingest in = {.options = &o};
    set_defaults(&o);
    struct ktg_station_options station = {.name = "ingest",
                                          .run_dir = o.run_dir,
                                          .clock = o.clock,
                                          .log_level = o.log_level,
                                          .metrics = metrics,
                                          .metric_count = KTG_COUNT(metrics),
                                          .on_metrics = on_metrics,
                                          .on_reload = on_reload,
                                          .arg = &in};
    ktg_random(in.boot, sizeof in.boot);
    int rc = ktg_station_open(&station, &in.station, err);
    if (!rc)
        rc = ktg_wake_new(ktg_station_loop(in.station), on_durable, &in, &in.durable, err);
    if (!rc)
        rc = ktg_timer_new(ktg_station_loop(in.station), on_tick, &in, &in.tick, err);
    if (!rc)
        rc = open_journal(&in, err);
    if (!rc)
        rc = load_rules(&in, err);
    if (!rc)
        rc = open_links(&in, err);
    if (!rc) {
        /* real ms; a fast clock is not followed below 50 ms, and one that may change is taken for fast */
        ktg_time period = o.clock.file ? 50 : o.clock_period / o.clock.scale;
        period = period < 50 ? 50 : period;
        ktg_timer_start(in.tick, 0, period);
        ktg_station_ready(in.station);
        rc = ktg_station_run(in.station);
        if (!rc &&
            ktg_journal_pending(in.journal)) /* what was taken is kept, though nobody hears of it */
            rc = ktg_journal_seal_and_wait(in.journal, ktg_station_now(in.station), 0, NULL);
    }
    close_all(&in);
    return rc;
}
