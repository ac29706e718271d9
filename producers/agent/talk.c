/* producers/agent/talk.c - the agent's talk with the gateway: KTG/1 as a producer speaks it (schema/PROTOCOL.md).
 *
 *     link up -> HELLO -> WELCOME -> PUBLISH ... ACK ...          what to send and when: the pure sender
 *     NACK reject        its number is consumed; the reason is joined with its receipt
 *     NACK retry, gap    back to what is acknowledged
 *     NACK conflict      the outbox was lost or restored: a new epoch, HELLO anew
 *     NACK fenced, BYE   with a reason that a person must look at: silence until then
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <inttypes.h>
#include <stdio.h>

#include "producers/agent/agent_parts.h"
#include "runtime/mem.h"
#include "schema/faults.h"

#define CLIENT         "kentongan/1"
#define BATCH_BYTES    (512u << 10) /* of one PUBLISH */
#define WINDOW_BYTES   (64u << 20)
#define FRAME_OVERHEAD 128 /* head, keys and lengths of a PUBLISH without its events */
#define EVENT_OVERHEAD 5   /* length of a bin */

enum {
#define X(name, label, code, what, apa, next, langkah) FAULT_##name,
#include "producers/agent/faults.def"
#undef X
};
static const struct ktg_fault faults[] = {
#define X(name, label, code, what, apa, next, langkah) {label, code, what, apa, next, langkah},
#include "producers/agent/faults.def"
#undef X
};

static void say(struct ktg_agent *a, const struct ktg_fault *fault, const char *got)
{
    struct ktg_err err = KTG_ERR_INIT;
    (void)ktg_err_fault(&err, fault, a->o.name, got, NULL);
    ktg_agent_trouble(a, &err);
}

/* ---- sending ---- */

static int send_message(struct ktg_agent *a, const struct ktg_msg *m)
{
    struct ktg_err err = KTG_ERR_INIT;
    ktg_buf_clear(&a->frame);
    int r = ktg_protocol_encode(m, &a->frame, &err);
    return r ? r : ktg_link_send(a->link, 0, KTG_BYTES_NONE, ktg_buf_view(&a->frame));
}

static int send_hello(struct ktg_agent *a)
{
    struct ktg_outbox_stat st;
    size_t n = 0;
    int r = ktg_outbox_stat(a->outbox, &st, NULL);
    if (r)
        return r;
    while (a->sources[n])
        n++;
    ktg_buf_clear(&a->list);
    ktg_wire_put_array(&a->list, 1);
    ktg_wire_put_text(&a->list, "publish");
    size_t caps = a->list.size;
    bool listed = n > 0 && n <= 256; /* more than a HELLO takes: then those of the key */
    if (listed) {
        ktg_wire_put_array(&a->list, (uint32_t)n);
        for (size_t i = 0; i < n; i++)
            ktg_wire_put_text(&a->list, a->sources[i]);
    }
    if (ktg_buf_check(&a->list))
        return KTG_ENOMEM;
    struct ktg_msg m = {
        .type = KTG_MSG_HELLO,
        .hello = {.proto_min = KTG_PROTO_VERSION,
                  .proto_max = KTG_PROTO_VERSION,
                  .epoch = st.epoch,
                  .next_seq = ktg_sender_acked_seq(a->sender) + 1,
                  .producer = ktg_bytes_str(a->o.name),
                  .client = KTG_LIT(CLIENT),
                  .caps = ktg_bytes(a->list.data, caps),
                  .sources = listed ? ktg_bytes(a->list.data + caps, a->list.size - caps)
                                    : KTG_BYTES_NONE}};
    r = send_message(a, &m);
    if (!r) {
        a->counts.hellos++;
        a->epoch = st.epoch;
    }
    return r;
}

struct gathering {
    struct ktg_agent *a;
    struct ktg_sender_order order;
    uint64_t bytes_most, events_most, bytes, count, last;
    bool too_large; /* the first does not fit into any frame */
};

static int gather(void *arg, uint64_t seq, struct ktg_bytes blob)
{
    struct gathering *g = arg;
    uint64_t size = blob.size + EVENT_OVERHEAD;
    if (g->count == g->events_most)
        return KTG_EAGAIN;
    if (g->bytes + size > g->a->frame_max) {
        g->too_large = g->count == 0;
        return KTG_EAGAIN;
    }
    if (g->bytes + size > g->bytes_most && !(g->count == 0 && g->order.alone))
        return KTG_EAGAIN;
    ktg_wire_put_bin(&g->a->list, blob);
    g->bytes += size;
    g->last = seq;
    g->count++;
    return KTG_OK;
}

/* Follow the order; true: something went out. */
static bool publish(struct ktg_agent *a, struct ktg_sender_order order, ktg_time now)
{
    struct ktg_err err = KTG_ERR_INIT;
    struct gathering g = {
        .a = a, .order = order, .bytes = FRAME_OVERHEAD, .bytes_most = order.bytes};
    g.events_most = order.items < a->publish_max ? order.items : a->publish_max;
    ktg_buf_clear(&a->list);
    int r = ktg_outbox_peek(a->outbox, order.first, gather, &g, &err);
    if (r && r != KTG_EAGAIN) {
        if (r == KTG_ENOMEM)
            ktg_agent_trouble(a, &err);
        else
            ktg_agent_break(a, &err);
        return false;
    }
    if (g.too_large && !a->full_said) {
        a->full_said = true;
        say(a, &faults[FAULT_SMALL_FRAMES], NULL);
    }
    if (g.count == 0 || ktg_buf_check(&a->list))
        return false;
    struct ktg_buf events =
        KTG_BUF_INIT; /* an array's head stands before its items: they are counted now */
    ktg_wire_put_array(&events, (uint32_t)g.count);
    ktg_buf_put_bytes(&events, ktg_buf_view(&a->list));
    struct ktg_msg m = {.type = KTG_MSG_PUBLISH,
                        .session = a->session,
                        .publish = {.first_seq = order.first, .events = ktg_buf_view(&events)}};
    r = ktg_buf_check(&events) ? KTG_ENOMEM : send_message(a, &m);
    ktg_buf_done(&events);
    if (r)
        return false; /* EAGAIN: on_writable asks for another tick */
    ktg_sender_sent(a->sender, g.last, g.bytes, now);
    a->counts.sent += g.count;
    return true;
}

/* complete_until of one source: what waits in the outbox and what has not even come so far. */
static int complete_until(struct ktg_agent *a, struct ktg_bytes source, ktg_time at,
                          ktg_time *ret_until)
{
    ktg_time oldest = KTG_NEVER;
    int r = ktg_outbox_oldest(a->outbox, source, &oldest, NULL);
    if (r && r != KTG_ENOTFOUND)
        return r;
    const struct queue *q = &a->queue;
    for (size_t i = q->done; i < q->count; i++)
        if (q->items[i].occurred_at < oldest &&
            ktg_bytes_eq(source,
                         ktg_bytes(q->bytes.data + q->items[i].source_at, q->items[i].source_size)))
            oldest = q->items[i].occurred_at;
    *ret_until = oldest <= at ? oldest - 1 : at;
    return KTG_OK;
}

static void send_heartbeats(struct ktg_agent *a)
{
    struct ktg_outbox_stat st;
    if (ktg_outbox_stat(a->outbox, &st, NULL))
        return;
    for (size_t i = 0; a->sources[i]; i++) {
        struct ktg_msg m = {.type = KTG_MSG_HEARTBEAT,
                            .session = a->session,
                            .heartbeat = {.source = ktg_bytes_str(a->sources[i]),
                                          .at = ktg_clock_now(&a->o.clock),
                                          .queued = st.waiting + a->queue.count - a->queue.done,
                                          .period = a->beat_seconds}};
        if (complete_until(a, m.heartbeat.source, m.heartbeat.at, &m.heartbeat.complete_until) ||
            send_message(a, &m))
            return; /* the next ones will tell */
        a->counts.heartbeats++;
    }
}

static void send_ping(struct ktg_agent *a, enum ktg_msg_type type, ktg_time t)
{
    struct ktg_msg m = {.type = type, .session = a->session, .ping = {.t = t}};
    (void)!send_message(a, &m); /* a lost ping is what pings are for */
}

/* ---- the connection ---- */

int ktg_talk_new_sender(struct ktg_agent *a, struct ktg_err *err)
{
    struct ktg_outbox_stat st;
    struct ktg_sender *sender = NULL;
    struct ktg_sender_limits limits = {
        .window_items = a->o.window,
        .window_bytes = WINDOW_BYTES,
        .batch_items = a->o.batch_events,
        .batch_bytes = BATCH_BYTES,
        .answer_within = a->o.answer_within,
        .rest_min = a->o.retry_min,
        .rest_max = a->o.retry_max,
    };
    int r = ktg_outbox_stat(a->outbox, &st, err);
    if (!r && (r = ktg_sender_new(st.acked_seq, st.next_seq - 1, &limits, &sender)))
        r = ktg_err_set(err, r, "agent: %s",
                        r == KTG_ENOMEM ? "no memory" : "its limits contradict each other");
    if (r)
        return r;
    ktg_sender_free(a->sender);
    a->sender = sender;
    a->epoch = st.epoch;
    a->acked = st.acked_seq;
    return KTG_OK;
}

static void end_session(struct ktg_agent *a)
{
    a->session = 0;
    ktg_sender_disconnected(a->sender, ktg_mono_ms(), ktg_agent_random());
    ktg_talk_tell_reasons(a);
}

/* Say HELLO again on a fresh connection, when the tick comes to it. */
static void start_over(struct ktg_agent *a)
{
    end_session(a);
    a->reopen = true;
    ktg_agent_wake(a);
}

static void stop_for_a_person(struct ktg_agent *a, struct ktg_bytes code, struct ktg_bytes text)
{
    struct ktg_err err = KTG_ERR_INIT;
    const struct ktg_fault *fault = ktg_fault_named(code);
    char got[96];
    snprintf(got, sizeof got, "%.*s", (int)(text.size ? text.size : code.size),
             (const char *)(text.size ? text.data : code.data));
    if (fault)
        (void)ktg_err_fault(&err, fault, a->o.name, got, NULL);
    else
        (void)ktg_err_set(&err, KTG_EDENIED, "%s: the centre ended the session: %.*s: %s",
                          a->o.name, (int)(code.size < 64 ? code.size : 64),
                          (const char *)code.data, got);
    a->fenced = true;
    end_session(a);
    ktg_agent_enter(a, KTG_AGENT_FENCED, &err);
    ktg_agent_wake(a); /* closes the link */
}

int ktg_talk_renew(struct ktg_agent *a, uint64_t at_least, struct ktg_err *err)
{
    int r = ktg_talk_apply_acks(a, err); /* they belong to the old numbers */
    if (!r)
        r = ktg_outbox_renew(a->outbox, at_least, ktg_agent_true_time(), err);
    if (!r)
        r = ktg_talk_new_sender(a, err);
    if (r)
        return r;
    a->counts.epochs++;
    a->session = 0;
    a->reason_count = 0; /* they belong to the old numbers */
    a->reopen = true;
    ktg_agent_wake(a);
    return KTG_OK;
}

static void renew(struct ktg_agent *a, const struct ktg_fault *why, const char *got)
{
    struct ktg_err err = KTG_ERR_INIT;
    ktg_talk_tell_reasons(a);
    if (++a->renewals > KTG_AGENT_RENEWALS) {
        stop_for_a_person(a, ktg_bytes_str(faults[FAULT_RENEWING].name),
                          ktg_bytes_str(faults[FAULT_RENEWING].what));
        return;
    }
    say(a, why, got);
    int r = ktg_talk_renew(a, 0, &err);
    if (r == KTG_EFULL ||
        r == KTG_ENOMEM) { /* the next session meets the same conflict and tries again */
        a->renewals--;
        ktg_agent_trouble(a, &err);
        start_over(a);
    } else if (r) {
        ktg_agent_break(a, &err);
    }
}

/* ---- acknowledgements ---- */

/* The i-th goes out, with its reason or without. */
static void tell_reason(struct ktg_agent *a, size_t i, const struct ktg_outbox_fault *fault)
{
    struct reason r = a->reasons[i];
    memmove(&a->reasons[i], &a->reasons[i + 1], (a->reason_count - i - 1) * sizeof *a->reasons);
    a->reason_count--;
    ktg_agent_tell_receipt(a, &r.receipt, fault);
}

void ktg_talk_tell_reasons(struct ktg_agent *a)
{
    while (a->reason_count)
        tell_reason(a, 0, NULL);
}

/* It waits for its reason.  False: it cannot. */
static bool await_reason(struct ktg_agent *a, uint64_t seq,
                         const struct ktg_outbox_receipt *receipt)
{
    if (a->reason_count == KTG_AGENT_REASONS)
        tell_reason(a, 0, NULL); /* the oldest goes without */
    if (ktg_grow(&a->reasons, &a->reason_cap, a->reason_count + 1, sizeof *a->reasons))
        return false;
    a->reasons[a->reason_count++] =
        (struct reason){.seq = seq, .since = ktg_mono_ms(), .receipt = *receipt};
    return true;
}

struct telling {
    struct ktg_agent *agent;
    const struct ktg_outbox_receipt *receipt;
};
static int tell_explained(void *arg, const struct ktg_outbox_fault *fault)
{
    struct telling *t = arg;
    ktg_agent_tell_receipt(t->agent, t->receipt, fault);
    return KTG_OK;
}

static void on_receipt(void *arg, uint64_t seq, const struct ktg_outbox_receipt *receipt)
{
    struct ktg_agent *a = arg;
    struct telling t = {a, receipt};
    bool rejected = receipt->status == KTG_RECEIPT_REJECTED;
    a->counts.acked++;
    if (rejected && !ktg_outbox_reason(a->outbox, seq, tell_explained, &t, NULL))
        return;
    /* the reason of a number that an earlier session was told comes no more */
    if (!rejected || seq <= a->welcomed || !await_reason(a, seq, receipt))
        ktg_agent_tell_receipt(a, receipt, NULL);
}

int ktg_talk_apply_acks(struct ktg_agent *a, struct ktg_err *err)
{
    int r = ktg_outbox_ack(a->outbox, a->acked, a->runs, a->run_count, ktg_agent_true_time(),
                           on_receipt, a, err);
    if (!r)
        a->run_count = 0;
    return r;
}

static bool note_run(struct ktg_agent *a, const struct ktg_run *run)
{
    static const enum ktg_receipt_status status[] = {[KTG_RUN_ACCEPTED] = KTG_RECEIPT_ACCEPTED,
                                                     [KTG_RUN_DUPLICATE] = KTG_RECEIPT_DUPLICATE,
                                                     [KTG_RUN_REJECTED] = KTG_RECEIPT_REJECTED};
    if (run->status < 0 || (size_t)run->status >= KTG_COUNT(status) ||
        a->run_count >= KTG_AGENT_RUNS ||
        ktg_grow(&a->runs, &a->run_cap, a->run_count + 1, sizeof *a->runs))
        return false;
    a->runs[a->run_count++] = (struct ktg_outbox_run){.first_seq = run->first_seq,
                                                      .count = run->count,
                                                      .first_position = run->first_position,
                                                      .status = status[run->status]};
    return true;
}

/* A number is acknowledged when a run says what became of it.  `seq` alone is not enough: a centre that took those numbers
 * from a lost outbox would have us delete events that it never saw. */
static void on_ack(struct ktg_agent *a, const struct ktg_msg_ack *ack, ktg_time now)
{
    struct ktg_wire w = ktg_list_open(ack->runs);
    struct ktg_run run;
    uint64_t upto = a->acked;
    while (ktg_run_next(&w, &run) == KTG_OK) {
        uint64_t last = run.count ? run.first_seq + run.count - 1 : 0;
        if (last <= upto || last < run.first_seq)
            continue; /* an echo */
        if (run.first_seq > upto + 1 || last > ack->seq || !note_run(a, &run))
            break; /* what is behind it comes again */
        upto = last;
    }
    if (ktg_sender_acked(a->sender, upto, now)) {
        struct ktg_err err = KTG_ERR_INIT;
        (void)ktg_err_set(&err, KTG_EINVALID,
                          "%s: the centre acknowledges %" PRIu64 ", which was never sent",
                          a->o.name, upto);
        a->run_count = 0;
        ktg_agent_trouble(a, &err);
        start_over(a);
        return;
    }
    if (upto > a->acked) {
        a->acked = upto;
        a->renewals = 0;
    }
    ktg_agent_wake(a);
}

/* ---- what the gateway says ---- */

static uint64_t next_seq(struct ktg_agent *a)
{
    struct ktg_outbox_stat st;
    return ktg_outbox_stat(a->outbox, &st, NULL) ? 0 : st.next_seq;
}

static void on_welcome(struct ktg_agent *a, const struct ktg_msg_welcome *w, ktg_time now)
{
    char got[64];
    uint32_t credit = w->credit.events < UINT32_MAX ? (uint32_t)w->credit.events : UINT32_MAX;
    snprintf(got, sizeof got, "number %" PRIu64, w->acked_seq);
    /* What it has beyond our own count is sent again all the same: the answer says what became of it, and if those
     * numbers were other events (this outbox is a restored copy) it says that, before anything is deleted. */
    uint64_t own = ktg_sender_acked_seq(a->sender), acked = w->acked_seq;
    if (acked > own && acked < next_seq(a))
        acked = own;
    switch (ktg_sender_opened(a->sender, acked, credit, w->credit.bytes, now)) {
    case KTG_OK:
        break;
    case KTG_ECORRUPT:
        renew(a, &faults[FAULT_CENTRE_BEHIND], got);
        return;
    case KTG_ECONFLICT:
        renew(a, &faults[FAULT_OUTBOX_BEHIND], got);
        return;
    default: /* we did not ask */
        return;
    }
    a->session = w->session;
    a->frame_max =
        w->limits.frame && w->limits.frame < KTG_FRAME_MAX ? w->limits.frame : KTG_FRAME_MAX;
    a->publish_max = w->limits.events && w->limits.events < KTG_PUBLISH_EVENTS ? w->limits.events
                                                                               : KTG_PUBLISH_EVENTS;
    a->welcomed = w->acked_seq;
    a->beat_at = KTG_LONG_AGO;
    ktg_agent_enter(a, KTG_AGENT_ONLINE, NULL);
    ktg_agent_wake(a);
}

static void on_reject(struct ktg_agent *a, const struct ktg_msg_nack *n)
{
    struct ktg_err err = KTG_ERR_INIT;
    struct ktg_outbox_fault fault = {
        .code = n->code, .where = n->where, .got = n->got, .want = n->want, .text = n->text};
    int r = ktg_outbox_reject(a->outbox, n->seq, &fault, ktg_agent_true_time(), &err);
    if (r == KTG_EINVALID || r == KTG_EFULL ||
        r == KTG_ENOMEM) { /* the event is safe in quarantine; its reason stands there, too */
        ktg_agent_trouble(a, &err);
        return;
    }
    if (r) {
        ktg_agent_break(a, &err);
        return;
    }
    a->counts.rejected++;
    for (size_t i = 0; i < a->reason_count; i++)
        if (a->reasons[i].seq == n->seq) {
            tell_reason(a, i, &fault);
            break;
        }
}

static void on_nack(struct ktg_agent *a, const struct ktg_msg_nack *n, ktg_time now)
{
    char got[96];
    const struct ktg_fault *conflict = &ktg_faults[KTG_FAULT_SEQUENCE_CONFLICT];
    snprintf(got, sizeof got, "number %" PRIu64, n->seq);
    switch (n->nack_class) {
    case KTG_NACK_RETRY:
        ktg_sender_retry(a->sender, n->retry_after ? (ktg_time)n->retry_after : a->o.retry_min,
                         now);
        break;
    case KTG_NACK_REJECT:
        on_reject(a, n);
        break;
    case KTG_NACK_SEQ_GAP:
        if (n->expected && n->expected <= ktg_sender_acked_seq(a->sender))
            renew(a, &faults[FAULT_CENTRE_BEHIND], got); /* it wants what it had acknowledged */
        else
            ktg_sender_retry(a->sender, 0, now);
        break;
    case KTG_NACK_SEQ_CONFLICT:
        renew(a, conflict, got);
        break;
    case KTG_NACK_FENCED:
    case KTG_NACK_DENIED:
        stop_for_a_person(a, n->code, n->text);
        break;
    default:
        break;
    }
    ktg_agent_wake(a);
}

static void on_bye(struct ktg_agent *a, const struct ktg_msg_bye *b)
{
    const struct ktg_fault *fault = ktg_fault_named(b->code);
    bool passing = (fault && fault->code == KTG_EAGAIN) || ktg_bytes_is(b->code, "goodbye") ||
                   ktg_bytes_is(b->code, ktg_faults[KTG_FAULT_NO_SESSION].name);
    if (a->session == 0 && ktg_bytes_is(b->code, ktg_faults[KTG_FAULT_NO_SESSION].name))
        return; /* to what we sent before we knew that the connection was another one; our HELLO is under way */
    if (!passing) {
        stop_for_a_person(a, b->code, b->text);
        return;
    }
    end_session(a);
    ktg_agent_enter(a, KTG_AGENT_CALLING, NULL);
    ktg_agent_wake(a);
}

static void on_message(void *arg, struct ktg_link *link, const struct ktg_link_message *lm)
{
    struct ktg_agent *a = arg;
    struct ktg_err err = KTG_ERR_INIT;
    struct ktg_msg m;
    (void)link;
    if (a->broken || a->fenced)
        return;
    if (ktg_protocol_decode(lm->payload, &m, &err)) {
        (void)ktg_err_wrap(&err, err.code, "%s: from the centre", a->o.name);
        ktg_agent_trouble(a, &err);
        return;
    }
    a->heard_at = ktg_mono_ms();
    bool between = m.type == KTG_MSG_WELCOME || (a->session == 0 || m.session == 0);
    bool about_hello = m.type == KTG_MSG_WELCOME || m.type == KTG_MSG_BYE || m.type == KTG_MSG_NACK;
    if (!(about_hello && between) && (a->session == 0 || m.session != a->session))
        return; /* a late word of an earlier session */
    switch (m.type) {
    case KTG_MSG_WELCOME:
        on_welcome(a, &m.welcome, a->heard_at);
        break;
    case KTG_MSG_ACK:
        on_ack(a, &m.ack, a->heard_at);
        break;
    case KTG_MSG_NACK:
        on_nack(a, &m.nack, a->heard_at);
        break;
    case KTG_MSG_CREDIT:
        ktg_sender_credit(a->sender,
                          m.credit.events < UINT32_MAX ? (uint32_t)m.credit.events : UINT32_MAX,
                          m.credit.bytes);
        ktg_agent_wake(a);
        break;
    case KTG_MSG_PING:
        send_ping(a, KTG_MSG_PONG, m.ping.t);
        break;
    case KTG_MSG_BYE:
        on_bye(a, &m.bye);
        break;
    default: /* PONG was heard; the rest is not for a producer */
        break;
    }
}

static void on_state(void *arg, struct ktg_link *link, enum ktg_link_state state)
{
    struct ktg_agent *a = arg;
    (void)link;
    if (a->broken || a->fenced)
        return;
    switch (state) {
    case KTG_LINK_UP:
        a->heard_at = ktg_mono_ms();
        ktg_agent_enter(a, KTG_AGENT_CALLING, NULL);
        break;
    case KTG_LINK_DOWN:
        end_session(a);
        ktg_agent_enter(a, KTG_AGENT_OFFLINE, NULL);
        break;
    case KTG_LINK_REFUSED: {
        struct ktg_err err = KTG_ERR_INIT;
        (void)ktg_err_fault(&err, &ktg_faults[KTG_FAULT_WRONG_KEY], a->o.name, NULL, NULL);
        end_session(a);
        if (a->state != KTG_AGENT_REFUSED)
            ktg_agent_enter(a, KTG_AGENT_REFUSED, &err);
        break;
    }
    }
    ktg_agent_wake(a);
}

static void on_writable(void *arg, struct ktg_link *link)
{
    (void)link;
    ktg_agent_wake(arg);
}

int ktg_talk_open_link(struct ktg_agent *a, struct ktg_err *err)
{
    struct ktg_link_options o = {
        .endpoint = a->o.endpoint,
        .keys = a->o.keys,
        .server_key = a->o.server_key,
        .plain = a->o.plain,
        .max_frame = KTG_FRAME_MAX,
        .retry_min = (uint32_t)a->o.retry_min,
        .retry_max = (uint32_t)a->o.retry_max,
        .retry_jitter = (uint32_t)a->o.retry_min,
    };
    struct ktg_link_calls calls = {
        .on_message = on_message, .on_state = on_state, .on_writable = on_writable, .arg = a};
    return ktg_link_connect(a->o.context, &o, &calls, &a->link, err);
}

void ktg_talk_close_link(struct ktg_agent *a, bool polite)
{
    if (!a->link)
        return;
    if (polite && a->session) {
        struct ktg_msg m = {
            .type = KTG_MSG_BYE, .session = a->session, .bye = {.code = KTG_LIT("goodbye")}};
        (void)!send_message(a, &m); /* whether it arrives changes nothing */
    }
    end_session(a);
    a->link = ktg_link_close(a->link);
}

/* ---- the tick's part ---- */

static bool is_silent(const struct ktg_agent *a, ktg_time now)
{
    return a->session && now - a->heard_at > a->o.answer_within;
}

void ktg_talk_drive(struct ktg_agent *a, ktg_time now)
{
    struct ktg_outbox_stat st;
    if (!a->link || !ktg_link_is_up(a->link) || a->fenced || a->reopen)
        return;
    if (is_silent(a, now)) {
        ktg_agent_enter(a, KTG_AGENT_OFFLINE, NULL);
        start_over(a);
        return;
    }
    if (ktg_outbox_stat(a->outbox, &st, NULL) == KTG_OK)
        ktg_sender_newest(a->sender, st.next_seq - 1);
    for (bool more = true; more && !a->broken;) {
        struct ktg_sender_order order = ktg_sender_next(a->sender, now, ktg_agent_random());
        more = false;
        if (order.wish == KTG_SENDER_HELLO) {
            a->session = 0;
            if (send_hello(a))
                ktg_sender_disconnected(a->sender, now, ktg_agent_random());
        } else if (order.wish == KTG_SENDER_SEND) {
            more = publish(a, order, now);
        }
    }
    if (!a->session || a->broken)
        return;
    ktg_agent_pace(a, now);
    if (now >= a->beat_at) {
        a->beat_at = now + a->beat_every;
        send_heartbeats(a);
    }
    while (a->reason_count && now - a->reasons[0].since > a->o.answer_within)
        tell_reason(a, 0, NULL);
    ktg_time quiet = a->heard_at > a->pinged_at ? a->heard_at : a->pinged_at;
    if (now - quiet >= a->o.answer_within / 3) {
        a->pinged_at = now;
        send_ping(a, KTG_MSG_PING, ktg_agent_true_time());
    }
}

ktg_time ktg_talk_wake_at(const struct ktg_agent *a)
{
    if (!a->link || !ktg_link_is_up(a->link) || a->fenced)
        return KTG_NEVER;
    ktg_time at = ktg_sender_wake_at(a->sender);
    if (!a->session)
        return at;
    ktg_time quiet = a->heard_at > a->pinged_at ? a->heard_at : a->pinged_at;
    at = quiet + a->o.answer_within / 3 < at ? quiet + a->o.answer_within / 3 : at;
    return a->beat_at < at ? a->beat_at : at;
}
