/* brokers/ingest/ingest.c - the shell; the picture and the numbered invariants are in ingest.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "brokers/ingest/ingest_parts.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "runtime/mem.h"

const struct ktg_message ktg_ingest_messages[] = {
#define X(symbol, id, level, text, action) {id, KTG_LOG_##level, text, action},
#include "brokers/ingest/messages.def"
#undef X
};

struct ktg_metric ktg_ingest_metrics[] = {
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

enum { HEARTBEAT_BYTES = 8192 }; /* with all its types */

/* ---- messages ------------------------------------------------------------------------------------------------------ */

static void on_hello(struct ktg_ingest *in, const struct ktg_link_message *lm, uint64_t number,
                     struct ktg_bytes user, const struct ktg_msg_hello *hello)
{
    uint64_t acked = 0;
    bool asks = ktg_list_has(hello->caps, "query") && !ktg_list_has(hello->caps, "publish");
    int rc = asks ? KTG_OK : ktg_sequences_hello(&in->sequences, user, hello->epoch, &acked);
    if (rc == KTG_ECONFLICT) {
        ktg_log(&ktg_ingest_messages[LOG_FENCED], "producer=%.*s epoch=%" PRIu64, (int)user.size,
                (const char *)user.data, hello->epoch);
        ktg_ingest_say_bye(in, lm->peer, number, KTG_FAULT_FENCED);
        return;
    }
    struct ktg_ingest_session *s = rc ? NULL : ktg_ingest_session_add(in, lm->peer, number, user);
    if (!s) {
        ktg_ingest_say_bye(in, lm->peer, number, KTG_FAULT_BUSY);
        return;
    }
    s->asks = asks;
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
    if (ktg_ingest_note(in, s, &m))
        ktg_ingest_say_bye(in, lm->peer, number, KTG_FAULT_BUSY);
    ktg_log(&ktg_ingest_messages[LOG_SESSION], "producer=%.*s epoch=%" PRIu64 " acked=%" PRIu64,
            (int)user.size, (const char *)user.data, hello->epoch, acked);
}

/* A heartbeat vouches for its own source and types, and for no time that has not come. */
static bool may_vouch(struct ktg_ingest *in, const struct ktg_ingest_session *s,
                      const struct ktg_msg_heartbeat *h)
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
static void on_heartbeat(struct ktg_ingest *in, struct ktg_ingest_session *s,
                         const struct ktg_msg_heartbeat *h)
{
    struct ktg_msg m = {.type = KTG_MSG_HEARTBEAT, .heartbeat = *h};
    ktg_position pos;
    struct ktg_bytes frame;
    if (in->disk == KTG_JOURNAL_DISK_STOP || !may_vouch(in, s, h) ||
        (frame = ktg_ingest_encode(in, &m)).size == 0 || frame.size > HEARTBEAT_BYTES)
        return;
    struct ktg_record_meta meta = {ktg_bytes_str(s->producer), 0, 0, 0};
    struct ktg_bytes body = ktg_bytes(frame.data + KTG_FRAME_HEAD, frame.size - KTG_FRAME_HEAD);
    if (ktg_ingest_append(in, KTG_RECORD_HEARTBEAT, &meta, body, NULL, &pos))
        return;
    ktg_tally_heartbeat(&in->roll.tallies, ktg_tallies_of(&in->roll.tallies, meta.producer),
                        h->source, h->queued, ktg_station_now(in->station));
    ktg_retired_heard(&in->roll.retired, h->source, h->at);
    ktg_metric_add(&ktg_ingest_metrics[M_HEARTBEATS], 1);
}

static void on_publish(struct ktg_ingest *in, struct ktg_ingest_session *s,
                       const struct ktg_msg_publish *p)
{
    uint64_t taken = 0;
    if (in->disk == KTG_JOURNAL_DISK_STOP || ktg_journal_disk_full(in->journal)) {
        ktg_ingest_nack_retry(in, s, p->first_seq, KTG_FAULT_DISK_LOW, 5000);
        return;
    }
    if (in->first) /* in order: nothing overtakes what waits */
        ktg_ingest_wait_for_room(in, s, p, 0);
    else if (!ktg_ingest_publish(in, s, p, 0, &taken))
        ktg_ingest_wait_for_room(in, s, p, taken);
}

/* A gateway is on this connection: it pings, and speaks for others. */
static void note_door(struct ktg_ingest *in, ktg_peer peer, const struct ktg_msg *m)
{
    if (!m->session && m->type != KTG_MSG_PING)
        return;
    for (size_t i = 0; i < in->door_count; i++)
        if (in->doors[i] == peer)
            return;
    if (ktg_grow(&in->doors, &in->door_cap, in->door_count + 1, sizeof *in->doors))
        return; /* with its next message */
    in->doors[in->door_count++] = peer;
    ktg_ingest_look_away(in); /* before anything that it brings */
}

static void forget_door(struct ktg_ingest *in, ktg_peer peer)
{
    for (size_t i = in->door_count; i-- > 0;)
        if (in->doors[i] == peer)
            in->doors[i] = in->doors[--in->door_count];
    ktg_ingest_look_away(in);
}

static void on_message(void *arg, struct ktg_link *link, const struct ktg_link_message *lm)
{
    struct ktg_ingest *in = arg;
    struct ktg_msg m;
    struct ktg_err err = KTG_ERR_INIT;
    (void)link;
    if (ktg_protocol_decode(lm->payload, &m, &err)) {
        ktg_log(&ktg_ingest_messages[LOG_BAD_FRAME], "fault=%s", err.fault ? err.fault->name : "?");
        return;
    }
    struct ktg_ingest_session *s = ktg_ingest_session_find(in, lm->peer, m.session);
    note_door(in, lm->peer, &m);
    if (m.type == KTG_MSG_PING) {
        struct ktg_msg pong = {.type = KTG_MSG_PONG, .session = m.session};
        pong.pong = (struct ktg_msg_ping){m.ping.t, ktg_journal_mark(in->journal),
                                          ktg_bytes(in->boot, sizeof in->boot)};
        ktg_ingest_send_now(in, lm->peer, ktg_ingest_encode(in, &pong));
    } else if (m.type == KTG_MSG_HELLO) {
        on_hello(in, lm, m.session, lm->relayed, &m.hello);
    } else if (m.type == KTG_MSG_BYE) {
        ktg_ingest_session_drop(in, lm->peer, m.session);
    } else if (!s) {
        ktg_ingest_say_bye(in, lm->peer, m.session, KTG_FAULT_NO_SESSION);
    } else if (m.type == KTG_MSG_QUERY) {
        ktg_ingest_query(in, s, &m.query);
    } else if (s->asks) {
        ktg_ingest_say_bye(in, lm->peer, m.session, KTG_FAULT_UNEXPECTED_MESSAGE);
    } else if (m.type == KTG_MSG_PUBLISH) {
        on_publish(in, s, &m.publish);
    } else if (m.type == KTG_MSG_HEARTBEAT) {
        on_heartbeat(in, s, &m.heartbeat);
    } else {
        ktg_ingest_say_bye(in, lm->peer, m.session, KTG_FAULT_BAD_MESSAGE);
    }
}

static void on_burst(void *arg, struct ktg_link *link)
{
    (void)link;
    ktg_ingest_seal_if_pending(arg);
    ktg_ingest_flush_sessions(arg);
}

static void on_gone(void *arg, struct ktg_link *link, ktg_peer peer, const char *user)
{
    struct ktg_ingest *in = arg;
    (void)link, (void)user;
    for (size_t i = in->session_count; i-- > 0;)
        if (in->sessions[i]->peer == peer)
            ktg_ingest_session_drop(in, peer, in->sessions[i]->number);
    forget_door(in, peer);
}

/* ---- time and disk ------------------------------------------------------------------------------------------------- */

static void committed(void *arg, ktg_position mark) /* committer's thread */
{
    (void)mark;
    ktg_wake_send(((struct ktg_ingest *)arg)->durable);
}

static void on_durable(void *arg)
{
    struct ktg_ingest *in = arg;
    ktg_ingest_settle_durable(in);
    ktg_hint_send(in->hint, ktg_journal_mark(in->journal));
    ktg_ingest_seal_if_pending(in); /* first: the disk works while the next batch is filled */
    ktg_ingest_flush_sessions(in);
    ktg_ingest_drain_queue(in);
    ktg_ingest_seal_if_pending(in);
}

static void on_next_ms(void *arg)
{
    ktg_ingest_seal_if_pending(arg);
}

static void watch_disk(struct ktg_ingest *in)
{
    static const int says[] = {LOG_DISK_OK, LOG_DISK_WARN, LOG_DISK_LOW};
    enum ktg_journal_disk_state now = ktg_journal_disk_state(in->journal);
    if (now != in->disk)
        ktg_log(&ktg_ingest_messages[says[now]], NULL);
    in->disk = now;
}

static void on_tick(void *arg)
{
    struct ktg_ingest *in = arg;
    ktg_time now = ktg_station_now(in->station);
    watch_disk(in);
    ktg_ingest_look_away(in);
    if (in->options->look_round)
        in->options->look_round(in->options->arg);
    ktg_ingest_take_agencies(in);
    ktg_ingest_take_words(in);
    ktg_ingest_drain_queue(in);
    if (now - in->sealed_at >= in->options->clock_period || ktg_journal_pending(in->journal))
        ktg_ingest_seal(in);
    ktg_ingest_flush_sessions(in);
}

static void on_metrics(void *arg)
{
    struct ktg_ingest *in = arg;
    if (in->journal)
        ktg_metric_set(&ktg_ingest_metrics[M_DURABLE], (int64_t)ktg_journal_mark(in->journal));
    ktg_metric_set(&ktg_ingest_metrics[M_QUEUE], (int64_t)in->queued);
    ktg_metric_set(&ktg_ingest_metrics[M_SESSIONS], (int64_t)in->session_count);
}

static void on_fatal(void *arg, const char *text)
{
    (void)arg;
    ktg_log(&ktg_ingest_messages[LOG_FATAL], "%s", text);
    _exit(74); /* EX_IOERR: never tried again in this process */
}

/* ---- life ---------------------------------------------------------------------------------------------------------- */

static int open_links(struct ktg_ingest *in, struct ktg_err *err)
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
    int rc = ktg_context_new(ktg_station_loop(in->station), ktg_context_own_user, NULL,
                             &in->context, err);
    if (!rc)
        rc = ktg_hint_bind(in->context, hint, "hint", &in->hint, err);
    if (!rc)
        rc = ktg_link_bind(in->context, &options, &calls, &in->link, err);
    return rc;
}

static int open_journal(struct ktg_ingest *in, struct ktg_err *err)
{
    struct ktg_journal_options o = in->options->journal;
    o.salted = true;
    o.strict_clock = true;
    o.arg = in;
    o.on_durable = committed;
    o.snapshot = ktg_ingest_take_snapshot;
    o.on_snapshot = ktg_ingest_recover_snapshot;
    o.on_recover = ktg_ingest_recover_item;
    o.on_fatal = on_fatal;
    int rc = ktg_journal_open(in->options->journal_dir, &o, &in->journal, err);
    if (rc)
        return rc;
    ktg_log(&ktg_ingest_messages[LOG_RECOVERED], "mark=%" PRIu64 " producers=%zu",
            ktg_journal_mark(in->journal), in->sequences.count);
    in->open_batch = 1; /* batch 0 is all that was there */
    return KTG_OK;
}

static void close_all(struct ktg_ingest *in)
{
    in->journal = ktg_journal_close(in->journal); /* first: its committer pokes the wake */
    in->reader = ktg_journal_reader_close(in->reader);
    in->link = ktg_link_close(in->link);
    in->hint = ktg_hint_close(in->hint);
    in->context = ktg_context_free(in->context);
    in->station = ktg_station_close(in->station); /* with its loop: wake and timer */
    while (in->session_count)
        ktg_ingest_session_drop(in, in->sessions[0]->peer, in->sessions[0]->number);
    ktg_free(in->sessions);
    ktg_free(in->doors);
    while (in->first) {
        struct ktg_ingest_waiting *next = in->first->next;
        ktg_free(in->first);
        in->first = next;
    }
    ktg_ruleset_free(in->rules);
    ktg_buf_done(&in->bundle);
    ktg_buf_done(&in->agencies);
    ktg_sequences_done(&in->sequences);
    ktg_roll_done(&in->roll);
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
    struct ktg_ingest in = {.options = &o};
    set_defaults(&o);
    struct ktg_station_options station = {.name = "ingest",
                                          .run_dir = o.run_dir,
                                          .clock = o.clock,
                                          .log_level = o.log_level,
                                          .metrics = ktg_ingest_metrics,
                                          .metric_count = KTG_INGEST_METRICS,
                                          .on_metrics = on_metrics,
                                          .on_reload = ktg_ingest_reload,
                                          .arg = &in};
    ktg_random(in.boot, sizeof in.boot);
    int rc = ktg_station_open(&station, &in.station, err);
    if (!rc)
        rc = ktg_wake_new(ktg_station_loop(in.station), on_durable, &in, &in.durable, err);
    if (!rc)
        rc = ktg_timer_new(ktg_station_loop(in.station), on_tick, &in, &in.tick, err);
    if (!rc)
        rc = ktg_timer_new(ktg_station_loop(in.station), on_next_ms, &in, &in.next_ms, err);
    if (!rc)
        rc = open_journal(&in, err);
    if (!rc)
        rc = ktg_ingest_recover_away(&in, err);
    if (!rc)
        rc = ktg_ingest_start_rules(&in, err);
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
