/* tests/unit/producers/agent/fake_gateway.c
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/unit/producers/agent/fake_gateway.h"

#include <stdio.h>
#include <stdlib.h>

void make_event(uint64_t n, const char *source, struct ktg_buf *to)
{
    uint8_t id[16] = {0x01, 0x93, 0x6b, 0x2e, 0x7c, 0x00, 0x70, 0x00, 0x80};
    ktg_put_be32(id + 12, (uint32_t)n);
    ktg_wire_put_map(to, 6);
    ktg_wire_put_text(to, "data");
    ktg_wire_put_map(to, 1);
    ktg_wire_put_text(to, "number");
    ktg_wire_put_int(to, (int64_t)n);
    ktg_wire_put_text(to, "id");
    ktg_wire_put_bin(to, ktg_bytes(id, sizeof id));
    ktg_wire_put_text(to, "occurred_at");
    ktg_wire_put_array(to, 2);
    ktg_wire_put_int(to, (int64_t)n * 1000);
    ktg_wire_put_int(to, 420);
    ktg_wire_put_text(to, "source");
    ktg_wire_put_text(to, source);
    ktg_wire_put_text(to, "type");
    ktg_wire_put_text(to, "border.crossing");
    ktg_wire_put_text(to, "v");
    ktg_wire_put_int(to, 1);
}

int centre_holds(const struct centre *c, uint64_t number)
{
    int n = 0;
    for (size_t i = 0; i < c->count; i++)
        n += c->journal[i].number == number;
    return n;
}

static void say(struct centre *c, struct ktg_msg *m)
{
    struct ktg_buf frame = KTG_BUF_INIT;
    if (c->mute && m->type != KTG_MSG_WELCOME)
        return;
    m->session = c->session;
    if (ktg_protocol_encode(m, &frame, NULL))
        abort();
    (void)!ktg_link_send(c->link, c->peer, KTG_BYTES_NONE, ktg_buf_view(&frame));
    ktg_buf_done(&frame);
}

static void nack(struct centre *c, int nack_class, uint64_t seq, const char *code)
{
    struct ktg_msg m = {.type = KTG_MSG_NACK,
                        .nack = {.nack_class = nack_class,
                                 .seq = seq,
                                 .code = ktg_bytes_str(code),
                                 .where = KTG_LIT("/data/number"),
                                 .retry_after = 20,
                                 .text = KTG_LIT("a story")}};
    say(c, &m);
}

static void hello(struct centre *c, const struct ktg_msg_hello *h)
{
    static const uint8_t boot[KTG_BOOT_SIZE] = {1};
    c->hellos++;
    snprintf(c->sources, sizeof c->sources, "%u", ktg_list_count(h->sources));
    if (c->deny) {
        struct ktg_msg m = {.type = KTG_MSG_BYE, .bye = {.code = KTG_LIT("revoked-key")}};
        say(c, &m);
        return;
    }
    c->session = ++c->sessions;
    if (h->epoch < c->epoch) {
        c->fenced++;
        nack(c, KTG_NACK_FENCED, 0, "fenced");
        return;
    }
    if (h->epoch > c->epoch) {
        c->epoch = h->epoch;
        c->last = 0;
    }
    struct ktg_msg m = {.type = KTG_MSG_WELCOME,
                        .welcome = {.proto = 1,
                                    .session = c->session,
                                    .acked_seq = c->last,
                                    .credit = {c->credit ? c->credit : 1000, 1u << 20},
                                    .limits = {KTG_FRAME_MAX, 200},
                                    .boot = ktg_bytes(boot, sizeof boot)}};
    say(c, &m);
}

/* As ingest: the next number is taken, an old one must be the same event, a gap is refused. */
static int take(struct centre *c, uint64_t seq, struct ktg_bytes blob, struct ktg_run *ret_run)
{
    struct ktg_wire_value v, data;
    struct taken t = {.rejected = false};
    if (ktg_wire_check(blob, &KTG_WIRE_LIMITS, NULL) || !ktg_wire_get(blob, "id", &v))
        abort();
    memcpy(t.id, v.bytes.data, 16);
    if (ktg_wire_get(blob, "data", &data) && ktg_wire_get(data.raw, "number", &v))
        t.number = (uint64_t)v.integer;
    else /* an event of another test: the last bytes of its id tell it */
        t.number = ktg_get_be32(t.id + 12);
    *ret_run = (struct ktg_run){.first_seq = seq, .count = 1};
    if (seq > c->last + 1) {
        c->gaps++;
        return KTG_NACK_SEQ_GAP;
    }
    if (seq <= c->last) {
        if (memcmp(c->last_of_seq[seq - 1].id, t.id, 16) != 0)
            return KTG_NACK_SEQ_CONFLICT;
        c->duplicates++;
        ret_run->status = c->last_of_seq[seq - 1].rejected ? KTG_RUN_REJECTED : KTG_RUN_DUPLICATE;
        return KTG_NACK_RETRY; /* taken before */
    }
    c->last = seq;
    bool known = false;
    for (size_t i = 0; i < c->count && !known; i++)
        known = memcmp(c->journal[i].id, t.id, 16) == 0;
    t.rejected = c->reject_every && t.number % c->reject_every == 0;
    c->last_of_seq[seq - 1] = t;
    if (known) {
        ret_run->status = KTG_RUN_DUPLICATE;
        return KTG_NACK_RETRY;
    }
    c->journal[c->count++] = t;
    ret_run->first_position = c->count;
    ret_run->status = t.rejected ? KTG_RUN_REJECTED : KTG_RUN_ACCEPTED;
    return KTG_NACK_RETRY;
}

static void tell_rejects(struct centre *c, const struct ktg_run *runs, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (runs[i].status == KTG_RUN_REJECTED)
            nack(c, KTG_NACK_REJECT, runs[i].first_seq, "wrong-value");
}

static void publish(struct centre *c, const struct ktg_msg_publish *p)
{
    static struct ktg_run runs[KTG_PUBLISH_EVENTS];
    size_t n = 0;
    struct ktg_wire w = ktg_list_open(p->events);
    struct ktg_wire_value v;
    c->publishes++;
    if (c->retries > 0) {
        c->retries--;
        nack(c, KTG_NACK_RETRY, 0, "busy");
        return;
    }
    uint64_t seq = p->first_seq;
    for (; ktg_wire_next(&w, &v) == KTG_OK; seq++) {
        int fate = take(c, seq, v.bytes, &runs[n]);
        if (fate != KTG_NACK_RETRY) {
            nack(c, fate, seq, fate == KTG_NACK_SEQ_GAP ? "sequence-gap" : "sequence-conflict");
            break;
        }
        n++;
    }
    c->biggest = n > c->biggest ? n : c->biggest;
    if (n == 0)
        return;
    struct ktg_buf raw = KTG_BUF_INIT;
    ktg_wire_put_array(&raw, (uint32_t)n);
    for (size_t i = 0; i < n; i++)
        ktg_run_put(&raw, &runs[i]);
    struct ktg_msg ack = {.type = KTG_MSG_ACK, .ack = {.seq = c->last, .runs = ktg_buf_view(&raw)}};
    if (c->reason_first)
        tell_rejects(c, runs, n);
    say(c, &ack);
    if (c->echo_acks) {
        struct ktg_msg old = {.type = KTG_MSG_ACK, .ack = {.seq = 1, .runs = KTG_LIT("\x90")}};
        say(c, &old);
        say(c, &ack);
    }
    if (!c->reason_first)
        tell_rejects(c, runs, n);
    ktg_buf_done(&raw);
}

static void on_message(void *arg, struct ktg_link *link, const struct ktg_link_message *lm)
{
    struct centre *c = arg;
    struct ktg_msg m;
    c->peer = lm->peer;
    c->messages++;
    bool last = c->cut_after && ++c->messages_here >= c->cut_after;
    if (last && c->cut_before_take) {
        (void)!ktg_link_kick(link, lm->peer);
        return;
    }
    if (ktg_protocol_decode(lm->payload, &m, NULL))
        abort();
    if (m.type != KTG_MSG_HELLO && (!c->welcomed || m.session != c->session)) {
        struct ktg_msg bye = {.type = KTG_MSG_BYE, .bye = {.code = KTG_LIT("no-session")}};
        uint64_t session = c->session;
        c->session = 0;
        c->early++;
        say(c, &bye);
        c->session = session;
        return;
    }
    switch (m.type) {
    case KTG_MSG_HELLO:
        c->welcomed = true;
        hello(c, &m.hello);
        break;
    case KTG_MSG_PUBLISH:
        publish(c, &m.publish);
        break;
    case KTG_MSG_HEARTBEAT:
        c->heartbeats++;
        c->last_until = m.heartbeat.complete_until;
        snprintf(c->last_source, sizeof c->last_source, "%.*s", (int)m.heartbeat.source.size,
                 m.heartbeat.source.data);
        break;
    case KTG_MSG_PING: {
        struct ktg_msg pong = {.type = KTG_MSG_PONG, .pong = {.t = m.ping.t}};
        c->pings++;
        say(c, &pong);
        break;
    }
    case KTG_MSG_BYE:
        c->byes++;
        break;
    default:
        break;
    }
    if (last)
        (void)!ktg_link_kick(link, lm->peer);
}

static int on_peer(void *arg, struct ktg_link *link, ktg_peer peer, const char *user)
{
    struct centre *c = arg;
    (void)link;
    (void)peer;
    (void)user;
    c->messages_here = 0;
    c->welcomed = false;
    return KTG_OK;
}

int centre_open(struct centre *c, struct ktg_context *context, const char *endpoint)
{
    struct ktg_link_options o = {
        .endpoint = endpoint, .domain = KTG_AGENT_DOMAIN, .max_frame = KTG_FRAME_MAX};
    struct ktg_link_calls calls = {.on_message = on_message, .on_peer = on_peer, .arg = c};
    return ktg_link_bind(context, &o, &calls, &c->link, NULL);
}

void centre_close(struct centre *c)
{
    c->link = ktg_link_close(c->link);
}
