/* brokers/alerts/outward.c - see outward.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "brokers/alerts/outward.h"

#include <stdio.h>

#include "runtime/hash.h"
#include "runtime/link/sender.h"
#include "schema/protocol.h"

#define USER KTG_LIT("SYSTEM.ALERTS")

struct ktg_outward {
    struct ktg_casebook *casebook;
    struct ktg_link *link;
    struct ktg_sender *sender;
    struct ktg_timer *timer;
    struct ktg_outward_calls calls;
    uint64_t session;
    uint64_t acked; /* by ingest, not yet taken from the outbox */
    bool renumber;  /* a new epoch is wanted */
    struct ktg_buf frame, events;
};

static const struct ktg_sender_limits limits = {.window_items = 4096,
                                                .window_bytes = 2u << 20,
                                                .batch_items = 256,
                                                .batch_bytes = 256u << 10,
                                                .answer_within = 10000,
                                                .rest_min = 100,
                                                .rest_max = 5000};

static uint32_t random32(void)
{
    uint32_t r;
    ktg_random(&r, sizeof r);
    return r;
}

static bool send_message(struct ktg_outward *o, const struct ktg_msg *m)
{
    ktg_buf_clear(&o->frame);
    return !ktg_protocol_encode(m, &o->frame, NULL) &&
           !ktg_link_send(o->link, 0, USER, ktg_buf_view(&o->frame));
}

static bool say_hello(struct ktg_outward *o)
{
    struct ktg_casebook_place place = ktg_casebook_place(o->casebook);
    struct ktg_msg m = {.type = KTG_MSG_HELLO};
    if (!ktg_link_is_up(o->link))
        return false;
    m.hello = (struct ktg_msg_hello){.proto_min = KTG_PROTO_VERSION,
                                     .proto_max = KTG_PROTO_VERSION,
                                     .producer = USER,
                                     .epoch = place.epoch,
                                     .next_seq = place.acked + 1};
    return send_message(o, &m);
}

/* Send items from `first` on, as many as the order allows. */
static bool send_items(struct ktg_outward *o, const struct ktg_sender_order *order, int64_t now)
{
    uint64_t seq = order->first, bytes = 0;
    uint32_t n = 0;
    struct ktg_bytes blob;
    ktg_buf_clear(&o->events);
    for (; n < order->items && !ktg_casebook_outbox(o->casebook, seq, &blob); n++, seq++) {
        if (bytes + blob.size > order->bytes && !(order->alone && n == 0))
            break;
        ktg_wire_put_bin(&o->events, blob);
        bytes += blob.size;
    }
    if (n == 0)
        return false;
    struct ktg_buf list = KTG_BUF_INIT; /* the array's head is known only now */
    ktg_wire_put_array(&list, n);
    ktg_buf_put_bytes(&list, ktg_buf_view(&o->events));
    struct ktg_msg m = {.type = KTG_MSG_PUBLISH, .session = o->session};
    m.publish = (struct ktg_msg_publish){order->first, ktg_buf_view(&list)};
    bool sent = !ktg_buf_check(&list) && send_message(o, &m);
    ktg_buf_done(&list);
    if (sent)
        ktg_sender_sent(o->sender, seq - 1, bytes, now);
    return sent;
}

/* ingest knows other numbers than we do: what waits gets new ones. */
static void renumber(struct ktg_outward *o)
{
    if (!o->renumber)
        o->calls.on_renumber(o->calls.arg);
    o->renumber = true;
}

static void pump(void *arg)
{
    struct ktg_outward *o = arg;
    int64_t now = ktg_mono_ms();
    while (!o->renumber) {
        struct ktg_sender_order order = ktg_sender_next(o->sender, now, random32());
        if (order.wish == KTG_SENDER_WAIT)
            break;
        if (order.wish == KTG_SENDER_HELLO) {
            if (!say_hello(o)) {
                ktg_sender_disconnected(o->sender, now, random32());
                break;
            }
        } else if (!send_items(o, &order, now)) {
            break;
        }
    }
    int64_t wake = ktg_sender_wake_at(o->sender);
    /* it may lie at either end of time */
    int64_t delay = o->renumber ? 1000 : wake <= now ? 1 : wake - now > 1000 ? 1000 : wake - now;
    ktg_timer_start(o->timer, delay, 0);
}

static void on_welcome(struct ktg_outward *o, const struct ktg_msg_welcome *w)
{
    o->session = w->session;
    int rc = ktg_sender_opened(o->sender, w->acked_seq, (uint32_t)w->credit.events, w->credit.bytes,
                               ktg_mono_ms());
    if (rc == KTG_ECORRUPT || rc == KTG_ECONFLICT)
        renumber(o);
    else if (!rc)
        o->acked = ktg_sender_acked_seq(o->sender);
    o->calls.on_progress(o->calls.arg);
}

static void on_message(void *arg, struct ktg_link *link, const struct ktg_link_message *lm)
{
    struct ktg_outward *o = arg;
    struct ktg_msg m;
    int64_t now = ktg_mono_ms();
    (void)link;
    if (ktg_protocol_decode(lm->payload, &m, NULL))
        return;
    if (m.type == KTG_MSG_WELCOME) {
        on_welcome(o, &m.welcome);
    } else if (m.type == KTG_MSG_ACK) {
        if (!ktg_sender_acked(o->sender, m.ack.seq, now)) {
            o->acked = ktg_sender_acked_seq(o->sender);
            o->calls.on_progress(o->calls.arg);
        }
    } else if (m.type == KTG_MSG_NACK) {
        if (m.nack.nack_class == KTG_NACK_REJECT)
            o->calls.on_rejected(o->calls.arg, m.nack.seq, m.nack.code);
        else if (m.nack.nack_class == KTG_NACK_SEQ_CONFLICT || m.nack.nack_class == KTG_NACK_FENCED)
            renumber(o);
        else
            ktg_sender_retry(o->sender, (ktg_time)m.nack.retry_after, now);
        if (o->renumber)
            o->calls.on_progress(o->calls.arg);
    } else if (m.type == KTG_MSG_BYE) {
        if (ktg_bytes_is(m.bye.code, "fenced")) {
            renumber(o);
            o->calls.on_progress(o->calls.arg);
        }
        ktg_sender_disconnected(o->sender, now, random32());
    }
    pump(o);
}

static void on_state(void *arg, struct ktg_link *link, enum ktg_link_state state)
{
    struct ktg_outward *o = arg;
    (void)link;
    if (state != KTG_LINK_UP)
        ktg_sender_disconnected(o->sender, ktg_mono_ms(), random32());
    pump(o);
}

static int new_sender(struct ktg_outward *o)
{
    struct ktg_casebook_place place = ktg_casebook_place(o->casebook);
    o->sender = ktg_sender_free(o->sender);
    o->acked = place.acked;
    return ktg_sender_new(place.acked, place.newest, &limits, &o->sender);
}

int ktg_outward_open(struct ktg_context *context, struct ktg_loop *loop, const char *run_dir,
                     struct ktg_casebook *casebook, const struct ktg_outward_calls *calls,
                     struct ktg_outward **ret_o, struct ktg_err *err)
{
    char endpoint[160];
    struct ktg_outward *o = ktg_zalloc(sizeof *o);
    if (!o)
        return ktg_err_set(err, KTG_ENOMEM, "outbox: out of memory");
    snprintf(endpoint, sizeof endpoint, "ipc://%s/ingest.ipc", run_dir);
    struct ktg_link_calls link = {.on_message = on_message, .on_state = on_state, .arg = o};
    struct ktg_link_options options = {.endpoint = endpoint,
                                       .relay = true,
                                       .max_frame = KTG_FRAME_MAX,
                                       .retry_min = 50,
                                       .retry_max = 500};
    o->casebook = casebook;
    o->calls = *calls;
    o->renumber = ktg_casebook_place(casebook).epoch ==
                  0; /* a new casebook knows nothing of what went before */
    int rc = new_sender(o);
    if (!rc)
        rc = ktg_timer_new(loop, pump, o, &o->timer, err);
    if (!rc)
        rc = ktg_link_connect(context, &options, &link, &o->link, err);
    if (rc) {
        ktg_outward_close(o);
        return rc;
    }
    ktg_timer_start(o->timer, 1, 0);
    *ret_o = o;
    return KTG_OK;
}

struct ktg_outward *ktg_outward_close(struct ktg_outward *o)
{
    if (!o)
        return NULL;
    ktg_link_close(o->link);
    ktg_timer_free(o->timer);
    ktg_sender_free(o->sender);
    ktg_buf_done(&o->frame);
    ktg_buf_done(&o->events);
    ktg_free(o);
    return NULL;
}

void ktg_outward_newest(struct ktg_outward *o)
{
    if (o->renumber)
        return;
    ktg_sender_newest(o->sender, ktg_casebook_place(o->casebook).newest);
    pump(o);
}

bool ktg_outward_owes(const struct ktg_outward *o)
{
    return o->renumber || o->acked > ktg_casebook_place(o->casebook).acked;
}

bool ktg_outward_presses(const struct ktg_outward *o)
{
    return o->renumber;
}

int ktg_outward_settle(struct ktg_outward *o, struct ktg_err *err)
{
    struct ktg_casebook_place place = ktg_casebook_place(o->casebook);
    if (o->renumber) {
        uint64_t now =
            (uint64_t)ktg_clock_now(&KTG_CLOCK_REAL); /* epochs are ms, as PROTOCOL.md advises */
        return ktg_casebook_new_epoch(o->casebook, now > place.epoch ? now : place.epoch + 1, err);
    }
    return o->acked > place.acked ? ktg_casebook_sent(o->casebook, o->acked, err) : KTG_OK;
}

void ktg_outward_settled(struct ktg_outward *o)
{
    if (!o->renumber)
        return;
    if (!new_sender(o)) {
        o->renumber = false;
        pump(o);
    }
}
