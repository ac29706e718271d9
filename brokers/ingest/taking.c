/* brokers/ingest/taking.c - events into the open batch, and those that wait for room; see ingest_parts.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "brokers/ingest/ingest_parts.h"

#include <inttypes.h>
#include <stdio.h>

#include "runtime/mem.h"

enum { META_ROOM = 160 }; /* a producer's name and two numbers */

/* ---- the open batch ----------------------------------------------------------------------------------------------- */

int ktg_ingest_append(struct ktg_ingest *in, enum ktg_record_kind kind,
                      const struct ktg_record_meta *meta, struct ktg_bytes payload,
                      const uint8_t *id, ktg_position *ret_pos)
{
    ktg_buf_clear(&in->meta);
    ktg_record_meta_encode(meta, &in->meta);
    if (ktg_buf_check(&in->meta))
        return KTG_ENOMEM;
    return ktg_journal_append(in->journal, (uint8_t)kind, ktg_buf_view(&in->meta), payload, id,
                              ret_pos);
}

/* A number that was taken without a record of its own: a duplicate, or bytes that lie in quarantine already. */
static int append_progress(struct ktg_ingest *in, const struct ktg_ingest_session *s, uint64_t seq)
{
    struct ktg_record_meta meta = {ktg_bytes_str(s->producer), s->epoch, seq, 0};
    ktg_position pos;
    return ktg_ingest_append(in, KTG_RECORD_PROGRESS, &meta, KTG_BYTES_NONE, NULL, &pos);
}

void ktg_ingest_seal(struct ktg_ingest *in)
{
    ktg_position end = 0;
    ktg_time now = ktg_station_now(in->station), mono = ktg_mono_ms();
    if (in->end_count == KTG_COUNT(in->ends))
        return;
    if (mono == in->sealed_mono) {
        ktg_timer_start(in->next_ms, 1, 0);
        return;
    }
    if (ktg_journal_seal(in->journal, now, 0, &end))
        return; /* EAGAIN: busy; EFULL: the disk, which the tick watches; EIO: on_fatal has spoken */
    in->ends[in->end_count++] = (struct ktg_ingest_batch_end){in->open_batch++, end};
    in->sealed_at = now;
    in->sealed_mono = mono;
    ktg_metric_add(&ktg_ingest_metrics[M_BATCHES], 1);
}

void ktg_ingest_seal_if_pending(struct ktg_ingest *in)
{
    if (ktg_journal_pending(in->journal))
        ktg_ingest_seal(in);
}

void ktg_ingest_settle_durable(struct ktg_ingest *in)
{
    ktg_position mark = ktg_journal_mark(in->journal);
    size_t done = 0;
    while (done < in->end_count && in->ends[done].end <= mark)
        in->durable_batch = in->ends[done++].batch;
    in->end_count -= done;
    memmove(in->ends, in->ends + done, in->end_count * sizeof *in->ends);
}

/* Send the open batch on its way and wait until the next one is open: the rule set must not be lost for want of room. */
int ktg_ingest_make_room(struct ktg_ingest *in)
{
    int rc = ktg_journal_wait(in->journal);
    ktg_ingest_settle_durable(in);
    if (!rc)
        ktg_ingest_seal_if_pending(in);
    return rc;
}

static int append_away(struct ktg_ingest *in, ktg_time from, ktg_time until)
{
    struct ktg_record_meta meta = {KTG_INGEST_SELF, 0, 0, 0};
    ktg_position pos;
    ktg_buf_clear(&in->payload);
    ktg_record_away_encode(from, until, &in->payload);
    return ktg_buf_check(&in->payload) ? KTG_ENOMEM
                                       : ktg_ingest_append(in, KTG_RECORD_AWAY, &meta,
                                                           ktg_buf_view(&in->payload), NULL, &pos);
}

void ktg_ingest_look_away(struct ktg_ingest *in)
{
    ktg_time from, now = ktg_station_now(in->station);
    bool listening = in->door_count && in->disk != KTG_JOURNAL_DISK_STOP;
    if (!ktg_away_look(&in->away, listening, now, &from) || append_away(in, from, now))
        return; /* without room it is tried again */
    ktg_away_told(&in->away, listening, now);
    ktg_log(&ktg_ingest_messages[LOG_AWAY], "seconds=%" PRId64, (now - from) / 1000);
}

/* ---- taking events ------------------------------------------------------------------------------------------------ */

static int find_id(void *arg, const uint8_t id[static 16], uint64_t *ret_pos,
                   uint8_t ret_content[static 16])
{
    struct ktg_ingest *in = arg;
    return ktg_journal_find(in->journal, id, ret_pos, ret_content, NULL);
}

/* A durable record; false: there is none, or no more. */
static bool record_at(struct ktg_ingest *in, uint64_t pos, struct ktg_journal_item *ret_item)
{
    if (!in->reader && ktg_journal_reader_open(in->options->journal_dir, NULL, &in->reader, NULL))
        return false;
    return !ktg_journal_reader_at(in->reader, pos, ret_item, NULL) && !ret_item->erased;
}

static int source_at(void *arg, uint64_t pos, struct ktg_bytes *ret_source)
{
    struct ktg_ingest *in = arg;
    struct ktg_journal_item item;
    struct ktg_event e;
    if (!record_at(in, pos, &item))
        return KTG_ENOTFOUND; /* still in an undurable batch: corrections of it are checked by the engine too */
    if (item.kind != KTG_RECORD_EVENT ||
        ktg_event_read(ktg_ruleset_catalogue(in->rules), item.payload, &e, NULL))
        return KTG_ENOTFOUND;
    *ret_source = e.source;
    return KTG_OK;
}

/* Keep the bytes and the fault; once per (why, producer, bytes).  seq 0: the number was not taken by it. */
static int quarantine(struct ktg_ingest *in, const struct ktg_ingest_session *s, uint64_t seq,
                      const char *why, const struct ktg_err *fault, struct ktg_bytes blob,
                      ktg_position *ret_pos)
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
    rc = ktg_ingest_append(in, KTG_RECORD_QUARANTINE, &meta, ktg_buf_view(&in->payload), id,
                           ret_pos);
    if (!rc) {
        ktg_tally_quarantined(ktg_tallies_of(&in->roll.tallies, ktg_bytes_str(s->producer)));
        ktg_metric_add(&ktg_ingest_metrics[M_QUARANTINED], 1);
        ktg_log(&ktg_ingest_messages[LOG_QUARANTINE],
                "producer=%s code=%s where=%s position=%" PRIu64, s->producer,
                fault->fault ? fault->fault->name : "error", fault->where, *ret_pos);
    }
    return rc;
}

int ktg_ingest_note(struct ktg_ingest *in, struct ktg_ingest_session *s, const struct ktg_msg *m)
{
    struct ktg_bytes frame = ktg_ingest_encode(in, m);
    return frame.size ? ktg_receipts_note(&s->receipts, frame, ktg_ingest_answer_batch(in))
                      : KTG_ENOMEM;
}

/* One event of the frame.  It is read while the one before it is judged, so that its id is fetched meanwhile. */
struct arrival {
    struct ktg_bytes blob;
    struct ktg_admission_verdict v;
};

/* What all events of one frame have in common. */
struct taking {
    const struct ktg_catalogue *catalogue;
    struct ktg_bytes producer;
    uint64_t epoch;
    struct ktg_sequence *sequence;
    struct ktg_tally *tally;
    struct ktg_rights rights;
    ktg_time now;
    struct ktg_admission_world world;
    struct ktg_buf meta; /* of its records, but for the number */
    uint8_t meta_room[META_ROOM];
};

static int append_event(struct ktg_ingest *in, const struct taking *t, uint64_t seq,
                        const struct arrival *a, ktg_position *ret_pos)
{
    if (a->v.target) {
        struct ktg_record_meta meta = {t->producer, t->epoch, seq, a->v.target};
        return ktg_ingest_append(in, KTG_RECORD_EVENT, &meta, a->blob, a->v.event.id, ret_pos);
    }
    struct ktg_buf meta = t->meta;
    ktg_wire_put_int(&meta, (int64_t)seq);
    return ktg_journal_append(in->journal, KTG_RECORD_EVENT, ktg_buf_view(&meta), a->blob,
                              a->v.event.id, ret_pos);
}

/* False: there is no further one. */
static bool next_arrival(struct ktg_ingest *in, const struct taking *t, struct ktg_wire *w,
                         struct arrival *ret_a)
{
    struct ktg_wire_value v;
    if (ktg_wire_next(w, &v))
        return false;
    ret_a->blob = v.bytes;
    ktg_admission_read(t->catalogue, v.bytes, &ret_a->v);
    if (ret_a->v.readable)
        ktg_journal_prefetch(in->journal, ret_a->v.event.id);
    return true;
}

/* The next number of the sequence.  KTG_OK: consumed. */
static int take_next(struct ktg_ingest *in, struct ktg_ingest_session *s, const struct taking *t,
                     uint64_t seq, struct arrival *a)
{
    struct ktg_admission_verdict *v = &a->v;
    struct ktg_bytes blob = a->blob;
    ktg_position pos = 0;
    int rc = ktg_admission_judge(t->catalogue, &t->rights, t->now, in->options->skew_ahead,
                                 &t->world, v);
    if (rc)
        return rc;
    int status = KTG_RUN_ACCEPTED;
    if (v->what == KTG_ADMIT_ACCEPT) {
        rc = append_event(in, t, seq, a, &pos);
        if (!rc) {
            ktg_tally_event(&in->roll.tallies, t->tally, v->event.source, t->epoch, seq, t->now);
            ktg_metric_add(&ktg_ingest_metrics[M_EVENTS], 1);
        }
    } else if (v->what == KTG_ADMIT_DUPLICATE) {
        status = KTG_RUN_DUPLICATE;
        rc = append_progress(in, s, seq);
        if (!rc)
            ktg_metric_add(&ktg_ingest_metrics[M_DUPLICATES], 1);
    } else {
        status = KTG_RUN_REJECTED;
        rc = quarantine(in, s, seq, "reject", &v->fault, blob, &pos);
    }
    if (rc)
        return rc;
    ktg_sequence_advance(t->sequence, seq);
    rc = ktg_receipts_add(&s->receipts, seq, status, pos, ktg_ingest_answer_batch(in));
    if (!rc && status == KTG_RUN_REJECTED) {
        struct ktg_msg m = ktg_ingest_nack(s, KTG_NACK_REJECT, seq, &v->fault);
        rc = ktg_ingest_note(in, s, &m);
    }
    return rc;
}

/* Why the bytes at `pos` were rejected, once more: the producer may have heard the first time, or not.  KTG_EAGAIN: they are not
 * durable yet. */
static int repeat_reason(struct ktg_ingest *in, struct ktg_ingest_session *s, uint64_t seq,
                         ktg_position pos)
{
    struct ktg_journal_item item;
    struct ktg_err fault = KTG_ERR_INIT;
    if (pos > ktg_journal_mark(in->journal))
        return KTG_EAGAIN;
    if (!record_at(in, pos, &item) || item.kind != KTG_RECORD_QUARANTINE ||
        !ktg_admission_fault_of(item.payload, &fault))
        return KTG_OK; /* erased: nobody knows any more */
    struct ktg_msg m = ktg_ingest_nack(s, KTG_NACK_REJECT, seq, &fault);
    return ktg_ingest_note(in, s, &m);
}

/* A number that was taken before: the same bytes are a success, others a lost outbox.  Then the session is over: had it gone
 * on, the next new number would have been acknowledged, and with it those that were never taken. */
static int take_old(struct ktg_ingest *in, struct ktg_ingest_session *s, uint64_t seq,
                    struct ktg_bytes blob)
{
    uint8_t id[16], content[16], own[16];
    struct ktg_event e;
    ktg_position pos;
    if (!ktg_wire_check(blob, &KTG_WIRE_LIMITS, NULL) &&
        !ktg_event_read(ktg_ruleset_catalogue(in->rules), blob, &e, NULL)) {
        ktg_journal_content_hash(blob, own);
        if (!ktg_journal_find(in->journal, e.id, &pos, content, NULL) &&
            memcmp(own, content, sizeof own) == 0)
            return ktg_receipts_add(&s->receipts, seq, KTG_RUN_DUPLICATE, 0,
                                    ktg_ingest_answer_batch(in));
    }
    ktg_admission_quarantine_id("reject", ktg_bytes_str(s->producer), blob, id);
    if (!ktg_journal_find(in->journal, id, &pos, content, NULL)) {
        int rc = repeat_reason(in, s, seq, pos);
        return rc ? rc
                  : ktg_receipts_add(&s->receipts, seq, KTG_RUN_REJECTED, pos,
                                     ktg_ingest_answer_batch(in));
    }
    struct ktg_err fault = KTG_ERR_INIT;
    char got[32];
    snprintf(got, sizeof got, "%" PRIu64, seq);
    (void)ktg_fault_set(&fault, KTG_FAULT_SEQUENCE_CONFLICT, got, "the event that had this number",
                        "seq");
    int rc = quarantine(in, s, 0, "conflict", &fault, blob, &pos);
    struct ktg_msg m = ktg_ingest_nack(s, KTG_NACK_SEQ_CONFLICT, seq, &fault);
    s->conflicted = s->conflicted || !rc;
    return rc ? rc : ktg_ingest_note(in, s, &m);
}

static int refuse_gap(struct ktg_ingest *in, struct ktg_ingest_session *s, uint64_t seq,
                      struct ktg_bytes blob)
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
    struct ktg_msg m = ktg_ingest_nack(s, KTG_NACK_SEQ_GAP, seq, &fault);
    m.nack.expected = expected;
    return rc ? rc : ktg_ingest_note(in, s, &m);
}

/* Take the events of a frame from `skip` on.  KTG_EAGAIN: the batch is full; *ret_taken says how far it came. */
static int take_publish(struct ktg_ingest *in, struct ktg_ingest_session *s,
                        const struct ktg_msg_publish *p, uint64_t skip, uint64_t *ret_taken)
{
    struct ktg_wire w = ktg_list_open(p->events);
    struct ktg_wire_value skipped;
    struct arrival arrivals[2];
    struct taking t = {.catalogue = ktg_ruleset_catalogue(in->rules),
                       .producer = ktg_bytes_str(s->producer),
                       .epoch = s->epoch,
                       .now = ktg_station_now(in->station),
                       .world = {in, find_id, source_at}};
    t.meta = (struct ktg_buf){.data = t.meta_room, .cap = sizeof t.meta_room};
    ktg_record_meta_begin(t.producer, t.epoch, &t.meta);
    *ret_taken = skip;
    t.sequence = ktg_sequences_find(&in->sequences, t.producer);
    t.tally = ktg_tallies_of(&in->roll.tallies, t.producer);
    int denied = in->options->rights_of(in->options->arg, t.producer, &t.rights);
    if (denied)
        return denied;
    ktg_ingest_take_agencies(in); /* of a new key, before its first event */
    for (uint64_t i = 0; i < skip && !ktg_wire_next(&w, &skipped);)
        i++;
    bool more = next_arrival(in, &t, &w, &arrivals[skip % 2]);
    for (uint64_t i = skip; more && !s->conflicted; *ret_taken = ++i) {
        struct arrival *a = &arrivals[i % 2];
        more = next_arrival(in, &t, &w, &arrivals[(i + 1) % 2]);
        uint64_t seq = p->first_seq + i;
        int rc = KTG_OK;
        switch (ktg_sequence_place(t.sequence, s->epoch, seq)) {
        case KTG_SEQ_NEXT:
            rc = take_next(in, s, &t, seq, a);
            s->gap_noted = false;
            break;
        case KTG_SEQ_OLD:
            rc = take_old(in, s, seq, a->blob);
            break;
        case KTG_SEQ_GAP:
            rc = refuse_gap(in, s, seq, a->blob);
            return rc == KTG_EFULL ? KTG_EAGAIN : rc;
        case KTG_SEQ_FENCED:
            return KTG_EDENIED;
        }
        if (rc)
            return rc == KTG_EFULL ? KTG_EAGAIN : rc;
    }
    return KTG_OK;
}

void ktg_ingest_wait_for_room(struct ktg_ingest *in, const struct ktg_ingest_session *s,
                              const struct ktg_msg_publish *p, uint64_t skip)
{
    struct ktg_ingest_waiting *wait = in->queued + p->events.size <= in->options->queue_bytes
                                          ? ktg_alloc(sizeof *wait + p->events.size)
                                          : NULL;
    if (!wait) {
        ktg_log(&ktg_ingest_messages[LOG_QUEUE_FULL], "producer=%s", s->producer);
        ktg_ingest_nack_retry(in, s, p->first_seq + skip, KTG_FAULT_BUSY, 200);
        return;
    }
    *wait =
        (struct ktg_ingest_waiting){NULL, s->peer, s->number, p->first_seq, skip, p->events.size};
    memcpy(wait->events, p->events.data, p->events.size);
    if (in->last)
        in->last->next = wait;
    else
        in->first = wait;
    in->last = wait;
    in->queued += wait->size;
}

/* Returns false when the rest of the frame has to wait for room. */
bool ktg_ingest_publish(struct ktg_ingest *in, struct ktg_ingest_session *s,
                        const struct ktg_msg_publish *p, uint64_t skip, uint64_t *ret_taken)
{
    int rc = take_publish(in, s, p, skip, ret_taken);
    if (rc == KTG_EAGAIN)
        return false;
    if (rc == KTG_EDENIED)
        ktg_ingest_say_bye(in, s->peer, s->number, KTG_FAULT_FENCED);
    else if (rc == KTG_ENOTFOUND)
        ktg_ingest_say_bye(in, s->peer, s->number, KTG_FAULT_REVOKED_KEY);
    else if (rc)
        ktg_ingest_nack_retry(in, s, p->first_seq + *ret_taken, KTG_FAULT_BUSY, 500);
    return true;
}

void ktg_ingest_drain_queue(struct ktg_ingest *in)
{
    while (in->first) {
        struct ktg_ingest_waiting *wait = in->first;
        struct ktg_ingest_session *s = ktg_ingest_session_find(in, wait->peer, wait->number);
        const struct ktg_msg_publish p = {wait->first_seq, ktg_bytes(wait->events, wait->size)};
        uint64_t taken;
        if (s && !ktg_ingest_publish(in, s, &p, wait->skip, &taken)) {
            wait->skip = taken;
            return;
        }
        in->first = wait->next;
        if (!in->first)
            in->last = NULL;
        in->queued -= wait->size;
        ktg_free(wait);
    }
}
