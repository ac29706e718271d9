/* brokers/gateway/gateway.c - the shell; the picture and the numbered invariants are in gateway.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "brokers/gateway/gateway.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "brokers/gateway/session.h"
#include "runtime/hash.h"
#include "runtime/link/link.h"
#include "runtime/mem.h"
#include "runtime/resident.h"
#include "schema/faults.h"
#include "schema/protocol.h"

static const struct ktg_message messages[] = {
#define X(symbol, id, level, text, action) {id, KTG_LOG_##level, text, action},
#include "brokers/gateway/messages.def"
#undef X
};
enum {
#define X(symbol, id, level, text, action) LOG_##symbol,
#include "brokers/gateway/messages.def"
#undef X
};

static struct ktg_metric metrics[] = {
    {"kentongan_gateway_frames_total", "frames", "frames from clients", KTG_COUNTER, 0, NULL},
    {"kentongan_gateway_bytes_total", "bytes", "bytes from clients", KTG_COUNTER, 0, NULL},
    {"kentongan_gateway_sessions", "sessions", "clients that said hello", KTG_GAUGE, 0, NULL},
    {"kentongan_gateway_refused_total", "handshakes", "keys turned away", KTG_COUNTER, 0, NULL},
    {"kentongan_gateway_cut_total", "sessions", "sessions ended by us", KTG_COUNTER, 0, NULL},
    {"kentongan_gateway_held_total", "frames", "frames held back over their rate", KTG_COUNTER, 0,
     NULL},
    {"kentongan_gateway_full_total", "frames", "frames that a queue had no room for", KTG_COUNTER,
     0, NULL},
    {"kentongan_gateway_memory_bytes", "bytes", "resident", KTG_GAUGE, 0, NULL},
};
enum { MOST_FAULTS = 16, BUSY_MS = 200 };
enum { M_FRAMES, M_BYTES, M_SESSIONS, M_REFUSED, M_CUT, M_HELD, M_FULL, M_MEMORY };

#define PLAIN_DOMAIN "gateway-plain"

enum side { INGEST, ALERTS, SIDES };
static const char *const side_names[SIDES] = {"ingest", "alerts"};

struct client {
    struct ktg_link *front; /* where it came in */
    ktg_peer peer;          /* there */
    uint64_t number;        /* 0: has not said hello */
    uint32_t faults;        /* frames that were none, since it came */
    bool ending; /* its key is no longer good: it was told, and is cut at the next look */
    enum side side;
    struct ktg_session session;
    char user[96];
};

struct behind {
    struct gateway *gateway;
    enum side side;
    struct ktg_link *link;
    uint8_t boot[KTG_BOOT_SIZE];
    bool known; /* boot was heard */
};

struct gateway {
    const struct ktg_gateway_options *options;
    struct ktg_station *station;
    struct ktg_context *context;
    struct ktg_link *front, *plain; /* plain: without CURVE, NULL mostly */
    struct behind behind[SIDES];
    struct ktg_timer *look, *ping;
    struct client *
        *clients; /* sorted by (peer, front); peers only rise, so a new one stands last */
    size_t client_count, client_cap;
    uint64_t next_number;
    struct ktg_buf frame;
};

/* ---- clients ------------------------------------------------------------------------------------------------------ */

static size_t client_place(const struct gateway *g, const struct ktg_link *front, ktg_peer peer)
{
    size_t low = 0, high = g->client_count;
    while (low < high) {
        size_t mid = (low + high) / 2;
        const struct client *c = g->clients[mid];
        if (c->peer < peer || (c->peer == peer && c->front < front))
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

static struct client *client_find(const struct gateway *g, const struct ktg_link *front,
                                  ktg_peer peer)
{
    size_t at = client_place(g, front, peer);
    struct client *c = at < g->client_count ? g->clients[at] : NULL;
    return c && c->peer == peer && c->front == front ? c : NULL;
}

/* Session numbers rise with hello, not with peers: a short scan, sessions are few. */
static struct client *client_numbered(const struct gateway *g, uint64_t number)
{
    for (size_t i = 0; i < g->client_count; i++)
        if (g->clients[i]->number == number)
            return g->clients[i];
    return NULL;
}

static struct client *client_add(struct gateway *g, struct ktg_link *front, ktg_peer peer,
                                 const char *user)
{
    struct client *c = ktg_zalloc(sizeof *c);
    if (!c || ktg_grow(&g->clients, &g->client_cap, g->client_count + 1, sizeof *g->clients)) {
        ktg_free(c);
        return NULL;
    }
    c->front = front;
    c->peer = peer;
    snprintf(c->user, sizeof c->user, "%s", user);
    size_t at = client_place(g, front, peer);
    memmove(&g->clients[at + 1], &g->clients[at], (g->client_count - at) * sizeof *g->clients);
    g->clients[at] = c;
    g->client_count++;
    return c;
}

static struct ktg_bytes encode(struct gateway *g, const struct ktg_msg *m)
{
    ktg_buf_clear(&g->frame);
    return ktg_protocol_encode(m, &g->frame, NULL) ? KTG_BYTES_NONE : ktg_buf_view(&g->frame);
}

/* False: there was no room.  Answers are repeated when the client asks again. */
static bool to_client(const struct client *c, struct ktg_bytes frame)
{
    if (!frame.size || !ktg_link_send(c->front, c->peer, KTG_BYTES_NONE, frame))
        return true;
    ktg_metric_add(&metrics[M_FULL], 1);
    return false;
}

static bool to_behind(struct gateway *g, const struct client *c, struct ktg_bytes frame)
{
    if (!frame.size)
        return false;
    if (!ktg_link_send(g->behind[c->side].link, 0, ktg_bytes_str(c->user), frame))
        return true;
    ktg_metric_add(&metrics[M_FULL], 1);
    return false;
}

/* Tell the station behind that the session is over. */
static void leave(struct gateway *g, struct client *c)
{
    if (!c->number)
        return;
    struct ktg_msg bye = {.type = KTG_MSG_BYE, .session = c->number};
    bye.bye.code = KTG_LIT("goodbye");
    (void)to_behind(g, c,
                    encode(g, &bye)); /* unheard, the session stays there until our link ends */
    c->number = 0;
}

static void say_bye(struct gateway *g, struct client *c, enum ktg_fault_no fault)
{
    struct ktg_msg m = {.type = KTG_MSG_BYE, .session = c->number};
    m.bye.code = ktg_bytes_str(ktg_faults[fault].name);
    m.bye.text = ktg_bytes_str(ktg_faults[fault].what);
    (void)to_client(c, encode(g, &m));
    ktg_metric_add(&metrics[M_CUT], 1);
}

/* ---- from clients --------------------------------------------------------------------------------------------------- */

static void on_hello(struct gateway *g, struct client *c, const struct ktg_msg_hello *hello,
                     struct ktg_bytes frame)
{
    struct ktg_gateway_user user;
    leave(g, c);
    if (hello->proto_min > KTG_PROTO_VERSION || hello->proto_max < KTG_PROTO_VERSION) {
        say_bye(g, c, KTG_FAULT_WRONG_VERSION);
        return;
    }
    if (g->options->user_named(g->options->arg, c->user, &user)) {
        say_bye(g, c, KTG_FAULT_REVOKED_KEY);
        return;
    }
    if (!ktg_bytes_is(hello->producer, user.name)) {
        say_bye(g, c, KTG_FAULT_WRONG_KEY);
        return;
    }
    c->side = user.publishes && (!user.subscribes || ktg_list_has(hello->caps, "publish")) ? INGEST
                                                                                           : ALERTS;
    if (!ktg_link_is_up(g->behind[c->side].link)) {
        say_bye(g, c, KTG_FAULT_RESTARTING);
        return;
    }
    c->number = ++g->next_number;
    ktg_session_init(&c->session, user.rate, user.burst, ktg_mono_ms());
    ktg_buf_clear(&g->frame);
    ktg_buf_put_bytes(&g->frame, frame);
    if (ktg_buf_check(&g->frame)) {
        say_bye(g, c, KTG_FAULT_BUSY);
        c->number = 0;
        return;
    }
    ktg_frame_set_session(g->frame.data, c->number);
    if (!to_behind(g, c, ktg_buf_view(&g->frame))) {
        c->number = 0;
        say_bye(g, c, KTG_FAULT_BUSY);
    }
}

static void hold_back(struct gateway *g, struct client *c, uint64_t seq, enum ktg_fault_no fault,
                      ktg_time wait)
{
    struct ktg_msg m = {.type = KTG_MSG_NACK, .session = c->number};
    m.nack.nack_class = KTG_NACK_RETRY;
    m.nack.seq = seq;
    m.nack.code = ktg_bytes_str(ktg_faults[fault].name);
    m.nack.text = ktg_bytes_str(ktg_faults[fault].what);
    m.nack.retry_after = (uint64_t)wait;
    ktg_session_retry(&c->session);
    (void)to_client(c, encode(g, &m));
}

/* What may pass, passes; false: it was answered here. */
static bool may_publish(struct gateway *g, struct client *c, const struct ktg_msg_publish *p)
{
    ktg_time wait = 0;
    int rc = ktg_session_publish(&c->session, p->first_seq, ktg_list_count(p->events),
                                 p->events.size, ktg_mono_ms(), &wait);
    if (rc == KTG_EAGAIN) {
        ktg_metric_add(&metrics[M_HELD], 1);
        hold_back(g, c, p->first_seq, KTG_FAULT_OVER_RATE, wait);
    } else if (rc) {
        ktg_log(&messages[LOG_OVER_CREDIT], "user=%s", c->user);
        say_bye(g, c, KTG_FAULT_OVER_CREDIT);
        leave(g, c);
    }
    return rc == KTG_OK;
}

/* Who goes on sending what is no message is cut, so that it costs it a handshake and us no endless log. */
static void cut_off(struct gateway *g, struct client *c, enum ktg_fault_no fault)
{
    ktg_log(&messages[LOG_BAD_CLIENT], "user=%s fault=%s", c->user, ktg_faults[fault].name);
    say_bye(g, c, fault);
    leave(g, c);
    if (++c->faults >= MOST_FAULTS && ktg_link_kick(c->front, c->peer))
        return; /* it has just gone */
}

/* Frames for the station behind that found no room there: nothing is lost in silence. */
static void pass_on(struct gateway *g, struct client *c, const struct ktg_msg *m,
                    struct ktg_bytes frame)
{
    if (to_behind(g, c, frame))
        return;
    switch (m->type) {
    case KTG_MSG_PUBLISH:
        hold_back(g, c, m->publish.first_seq, KTG_FAULT_BUSY, BUSY_MS);
        break;
    case KTG_MSG_SUBSCRIBE:
    case KTG_MSG_QUERY:
    case KTG_MSG_ACTION: /* it would wait for ever: let it say hello again */
        say_bye(g, c, KTG_FAULT_BUSY);
        leave(g, c);
        break;
    default: /* HEARTBEAT, PING, PONG, CONFIRM: the next one comes soon, or it is delivered again */
        break;
    }
}

/* A question costs the station behind more than it costs the asker: it counts like an event. */
static bool may_ask(struct gateway *g, struct client *c, const struct ktg_msg_query *q)
{
    static const uint8_t none[] = {0x90};
    if (ktg_session_single(&c->session, ktg_mono_ms()))
        return true;
    struct ktg_msg m = {.type = KTG_MSG_ANSWER, .session = c->number};
    m.answer.ref = q->ref;
    m.answer.items = ktg_bytes(none, 1);
    m.answer.code = ktg_bytes_str(ktg_faults[KTG_FAULT_OVER_RATE].name);
    m.answer.text = ktg_bytes_str(ktg_faults[KTG_FAULT_OVER_RATE].what);
    ktg_metric_add(&metrics[M_HELD], 1);
    (void)to_client(c, encode(g, &m));
    return false;
}

/* False: it was answered here, or it was a heartbeat too many. */
static bool may_pass(struct gateway *g, struct client *c, const struct ktg_msg *m)
{
    switch (m->type) {
    case KTG_MSG_PUBLISH:
        return may_publish(g, c, &m->publish);
    case KTG_MSG_QUERY:
        return may_ask(g, c, &m->query);
    case KTG_MSG_HEARTBEAT: /* unheard, its source is silent: the safe side */
        if (ktg_session_single(&c->session, ktg_mono_ms()))
            return true;
        ktg_metric_add(&metrics[M_HELD], 1);
        return false;
    default:
        return true;
    }
}

/* Which messages a client may send to the station behind its session. */
static bool belongs(enum side side, enum ktg_msg_type type)
{
    switch (type) {
    case KTG_MSG_PING:
    case KTG_MSG_PONG:
        return true;
    case KTG_MSG_QUERY: /* each station knows what it may tell */
        return true;
    case KTG_MSG_PUBLISH:
    case KTG_MSG_HEARTBEAT:
        return side == INGEST;
    case KTG_MSG_SUBSCRIBE:
    case KTG_MSG_CONFIRM:
    case KTG_MSG_REPLAY:
    case KTG_MSG_ACTION:
        return side == ALERTS;
    default:
        return false;
    }
}

static void on_front(void *arg, struct ktg_link *link, const struct ktg_link_message *lm)
{
    struct gateway *g = arg;
    struct client *c = client_find(g, link, lm->peer);
    struct ktg_msg m;
    struct ktg_err err = KTG_ERR_INIT;
    ktg_metric_add(&metrics[M_FRAMES], 1);
    ktg_metric_add(&metrics[M_BYTES], (int64_t)lm->payload.size);
    if (!c || c->ending)
        return;
    if (ktg_protocol_decode(lm->payload, &m, &err)) {
        if (err.fault == &ktg_faults[KTG_FAULT_BAD_FRAME] && strcmp(err.got, "magic") == 0)
            return; /* not ours: no answer */
        cut_off(g, c,
                err.fault ? (enum ktg_fault_no)(err.fault - ktg_faults) : KTG_FAULT_BAD_MESSAGE);
    } else if (m.type == KTG_MSG_HELLO) {
        on_hello(g, c, &m.hello, lm->payload);
    } else if (m.type == KTG_MSG_BYE) {
        leave(g, c);
    } else if (!c->number || m.session != c->number) {
        say_bye(g, c, KTG_FAULT_NO_SESSION);
    } else if (!belongs(c->side, m.type)) {
        cut_off(g, c, KTG_FAULT_UNEXPECTED_MESSAGE);
    } else if (may_pass(g, c, &m)) {
        pass_on(g, c, &m, lm->payload);
    }
}

static int on_peer(void *arg, struct ktg_link *link, ktg_peer peer, const char *user)
{
    return client_add(arg, link, peer, user) ? KTG_OK : KTG_ENOMEM;
}

static void on_gone(void *arg, struct ktg_link *link, ktg_peer peer, const char *user)
{
    struct gateway *g = arg;
    struct client *c = client_find(g, link, peer);
    (void)user;
    if (!c)
        return;
    leave(g, c);
    size_t at = client_place(g, link, peer);
    g->client_count--;
    memmove(&g->clients[at], &g->clients[at + 1], (g->client_count - at) * sizeof *g->clients);
    ktg_free(c);
}

/* ---- from the stations behind ---------------------------------------------------------------------------------------- */

static void restart_sessions(struct gateway *g, enum side side)
{
    for (size_t i = 0; i < g->client_count; i++) {
        struct client *c = g->clients[i];
        if (!c->number || c->side != side)
            continue;
        say_bye(g, c, KTG_FAULT_RESTARTING);
        c->number = 0;
    }
}

static void hear_boot(struct behind *b, struct ktg_bytes boot)
{
    if (boot.size != sizeof b->boot)
        return;
    if (b->known && memcmp(b->boot, boot.data, sizeof b->boot) != 0)
        restart_sessions(b->gateway, b->side);
    memcpy(b->boot, boot.data, sizeof b->boot);
    b->known = true;
}

/* Keep the session's account by what goes through. */
static void account(struct client *c, const struct ktg_msg *m)
{
    switch (m->type) {
    case KTG_MSG_WELCOME:
        ktg_session_grant(&c->session, m->welcome.credit.events, m->welcome.credit.bytes);
        ktg_session_resume(&c->session, m->welcome.acked_seq);
        break;
    case KTG_MSG_CREDIT:
        ktg_session_grant(&c->session, m->credit.events, m->credit.bytes);
        break;
    case KTG_MSG_ACK:
        ktg_session_acked(&c->session, m->ack.seq);
        break;
    case KTG_MSG_NACK:
        if (m->nack.nack_class == KTG_NACK_RETRY || m->nack.nack_class == KTG_NACK_SEQ_GAP)
            ktg_session_retry(&c->session);
        break;
    default:
        break;
    }
}

static void on_behind(void *arg, struct ktg_link *link, const struct ktg_link_message *lm)
{
    struct behind *b = arg;
    struct gateway *g = b->gateway;
    struct ktg_msg m;
    (void)link;
    if (ktg_protocol_decode(lm->payload, &m, NULL))
        return; /* stations of one version speak alike */
    if (m.type == KTG_MSG_WELCOME)
        hear_boot(b, m.welcome.boot);
    if (m.type == KTG_MSG_PONG && m.session == 0) {
        hear_boot(b, m.pong.boot);
        return;
    }
    struct client *c = client_numbered(g, m.session);
    if (!c || !m.session)
        return; /* the client is gone */
    account(c, &m);
    bool reason = m.type == KTG_MSG_NACK && m.nack.nack_class == KTG_NACK_REJECT;
    if (!to_client(c, lm->payload) && reason)
        leave(g, c); /* (8) */
    if (m.type == KTG_MSG_BYE)
        c->number = 0;
}

static void on_behind_state(void *arg, struct ktg_link *link, enum ktg_link_state state)
{
    struct behind *b = arg;
    (void)link;
    ktg_log(&messages[state == KTG_LINK_UP ? LOG_BEHIND_UP : LOG_BEHIND_DOWN], "station=%s",
            side_names[b->side]);
    if (state != KTG_LINK_UP) {
        restart_sessions(b->gateway, b->side);
        b->known = false; /* whoever comes now has no sessions that could be older than it */
    }
}

static void on_ping(void *arg)
{
    struct gateway *g = arg;
    struct ktg_msg m = {.type = KTG_MSG_PING};
    m.ping.t = ktg_station_now(g->station);
    for (int i = 0; i < SIDES; i++)
        if (ktg_link_is_up(g->behind[i].link)) {
            struct ktg_bytes frame = encode(g, &m);
            if (frame.size && ktg_link_send(g->behind[i].link, 0, KTG_LIT("SYSTEM.GATEWAY"), frame))
                ktg_metric_add(&metrics[M_FULL], 1);
        }
}

/* ---- who may come in ------------------------------------------------------------------------------------------------- */

static int on_asker(void *arg, const struct ktg_asker *asker, char user[static KTG_USER_SIZE],
                    const char **ret_reason)
{
    struct gateway *g = arg;
    struct ktg_gateway_user found;
    char text[KTG_CURVE_TEXT];
    int rc = KTG_EDENIED;
    *ret_reason = "no key";
    if (asker->proof == KTG_PROOF_KEY) {
        ktg_curve_format(asker->key, text);
        rc = g->options->user_of_key(g->options->arg, text, &found, ret_reason);
    } else if (asker->proof == KTG_PROOF_NONE && strcmp(asker->domain, PLAIN_DOMAIN) == 0) {
        rc = g->options->user_named(g->options->arg, g->options->plain_user, &found);
    }
    if (rc) {
        ktg_metric_add(&metrics[M_REFUSED], 1);
        ktg_log(&messages[LOG_REFUSED], "address=%s reason=\"%s\"", asker->address, *ret_reason);
        return KTG_EDENIED;
    }
    snprintf(user, KTG_USER_SIZE, "%s", found.name);
    return KTG_OK;
}

/* Keys end by a change of the registry or by their date: ask about everybody.  First the goodbye, and the cut at the next
 * look: a connection that is cut at once takes with it what was said last. */
static void look_at_registry(void *arg)
{
    struct gateway *g = arg;
    struct ktg_gateway_user user;
    (void)g->options->registry_changed(g->options->arg);
    for (size_t i = g->client_count; i-- > 0;) {
        struct client *c = g->clients[i];
        if (c->ending) {
            if (ktg_link_kick(c->front, c->peer))
                continue; /* it has just gone */
        } else if (g->options->user_named(g->options->arg, c->user, &user)) {
            say_bye(g, c, KTG_FAULT_REVOKED_KEY);
            leave(g, c);
            c->ending = true;
            ktg_log(&messages[LOG_KICKED], "user=%s", c->user);
        } else if (c->number && !(c->side == INGEST ? user.publishes : user.subscribes)) {
            say_bye(g, c, KTG_FAULT_DENIED); /* its role is another now */
            leave(g, c);
        }
        if (i > g->client_count) /* on_gone may have taken it away */
            i = g->client_count;
    }
}

static void on_reload(void *arg)
{
    struct gateway *g = arg;
    if (g->options->on_reload)
        g->options->on_reload(g->options->arg);
    look_at_registry(g);
}

/* Once a second.  Clients come back to a station that is small again; one that the system kills takes others with it. */
static void on_metrics(void *arg)
{
    struct gateway *g = arg;
    uint64_t held = ktg_resident_bytes(), limit = g->options->memory;
    ktg_metric_set(&metrics[M_SESSIONS], (int64_t)g->client_count);
    ktg_metric_set(&metrics[M_MEMORY], (int64_t)held);
    if (limit && held > limit) {
        ktg_log(&messages[LOG_MEMORY], "memory=%" PRIu64 " limit=%" PRIu64, held, limit);
        ktg_station_stop(g->station, KTG_ENOMEM);
    }
}

/* ---- life -------------------------------------------------------------------------------------------------------------- */

static int open_behind(struct gateway *g, enum side side, struct ktg_err *err)
{
    struct behind *b = &g->behind[side];
    char endpoint[160];
    snprintf(endpoint, sizeof endpoint, "ipc://%s/%s.ipc", g->options->run_dir, side_names[side]);
    struct ktg_link_calls calls = {.on_message = on_behind, .on_state = on_behind_state, .arg = b};
    struct ktg_link_options options = {.endpoint = endpoint,
                                       .relay = true,
                                       .max_frame = KTG_FRAME_MAX,
                                       .send_queue = 4096,
                                       .recv_queue = 4096,
                                       .retry_min = 50,
                                       .retry_max = 500};
    b->gateway = g;
    b->side = side;
    return ktg_link_connect(g->context, &options, &calls, &b->link, err);
}

static int open_front(struct gateway *g, bool plain, struct ktg_link **ret_link,
                      struct ktg_err *err)
{
    const struct ktg_gateway_options *o = g->options;
    struct ktg_link_calls calls = {
        .on_message = on_front, .on_peer = on_peer, .on_gone = on_gone, .arg = g};
    struct ktg_link_options options = {.endpoint = plain ? o->plain : o->listen,
                                       .domain = plain ? PLAIN_DOMAIN : "gateway",
                                       .keys = plain ? NULL : &o->keys,
                                       .plain = plain,
                                       .max_frame = o->max_frame ? o->max_frame : KTG_FRAME_MAX,
                                       .max_peers = o->max_sessions,
                                       .handshake = (uint32_t)o->handshake,
                                       .heartbeat = (uint32_t)o->heartbeat,
                                       .send_queue = o->answers};
    int rc = ktg_link_bind(g->context, &options, &calls, ret_link, err);
    if (!rc)
        ktg_log(&messages[plain ? LOG_LISTENING_PLAIN : LOG_LISTENING], "endpoint=%s",
                ktg_link_endpoint(*ret_link));
    return rc;
}

static int write_endpoint(const struct gateway *g, struct ktg_err *err)
{
    if (!g->options->endpoint_file)
        return KTG_OK;
    const char *text = ktg_link_endpoint(g->front);
    char fresh[512];
    snprintf(fresh, sizeof fresh, "%s.new", g->options->endpoint_file);
    int fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
    bool ok = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
    if (fd >= 0)
        close(fd);
    if (!ok || rename(fresh, g->options->endpoint_file))
        return ktg_err_set(err, KTG_EIO, "cannot write %s", g->options->endpoint_file);
    return KTG_OK;
}

int ktg_gateway_run(const struct ktg_gateway_options *options, struct ktg_err *err)
{
    struct gateway g = {.options = options};
    struct ktg_station_options station = {.name = "gateway",
                                          .run_dir = options->run_dir,
                                          .clock = options->clock,
                                          .log_level = options->log_level,
                                          .metrics = metrics,
                                          .metric_count = KTG_COUNT(metrics),
                                          .on_metrics = on_metrics,
                                          .on_reload = on_reload,
                                          .arg = &g};
    int rc = ktg_station_open(&station, &g.station, err);
    if (!rc)
        rc = ktg_context_new(ktg_station_loop(g.station), on_asker, &g, &g.context, err);
    for (enum side side = 0; !rc && side < SIDES; side++)
        rc = open_behind(&g, side, err);
    if (!rc)
        rc = open_front(&g, false, &g.front, err);
    if (!rc && options->plain && options->plain[0])
        rc = open_front(&g, true, &g.plain, err);
    if (!rc)
        rc = write_endpoint(&g, err);
    if (!rc)
        rc = ktg_timer_new(ktg_station_loop(g.station), look_at_registry, &g, &g.look, err);
    if (!rc)
        rc = ktg_timer_new(ktg_station_loop(g.station), on_ping, &g, &g.ping, err);
    if (!rc) {
        int64_t poll = options->registry_poll ? options->registry_poll : 250;
        ktg_timer_start(g.look, poll, poll);
        ktg_timer_start(g.ping, 1000, 1000);
        ktg_station_ready(g.station);
        rc = ktg_station_run(g.station);
        if (rc)
            rc = ktg_err_set(err, rc, "gateway.memory is used up");
    }
    g.front = ktg_link_close(g.front);
    g.plain = ktg_link_close(g.plain);
    for (int i = 0; i < SIDES; i++)
        g.behind[i].link = ktg_link_close(g.behind[i].link);
    g.context = ktg_context_free(g.context);
    g.station = ktg_station_close(g.station);
    while (g.client_count)
        ktg_free(g.clients[--g.client_count]);
    ktg_free(g.clients);
    ktg_buf_done(&g.frame);
    return rc;
}
