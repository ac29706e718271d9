/* runtime/link/link.c - see link.h.
 *
 * How a peer's end is told apart from its last messages: libzmq's I/O thread first hands over the
 * messages, then the monitor event "disconnected" with the descriptor.  So when the event has been
 * read and after that the socket is found empty, the peer has said all it will ever say
 * (reap_the_gone).  Descriptors are used again quickly, so before a new peer is entered the monitor
 * is read to its end (introduce).
 * SPDX-License-Identifier: Apache-2.0
 */
#include "runtime/link/link.h"

#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <zmq.h>

#include "runtime/link/faults.h"
#include "runtime/link/peers.h"
#include "runtime/link/socket.h"
#include "runtime/mem.h"

enum {
    ROUTING_ID = 5,         /* 0 and four bytes: one that libzmq gave; anything else a peer chose */
    RELAYED_MOST = 255,     /* bytes of "for whom" */
    CURVE_OVERHEAD = 64,    /* 33 are added to each frame */
    MONITOR_QUEUE = 100000, /* beyond that libzmq's I/O thread waits for us */
    ENDPOINT_SIZE = 256,
};

struct ktg_link {
    struct ktg_context *context;
    struct ktg_link_options o; /* defaults filled in; pointers only valid during open, but domain */
    struct ktg_link_calls calls;
    void *socket, *monitor;
    struct ktg_pump *pump, *monitor_pump;
    struct ktg_timer *again; /* dealer: after a refusal libzmq does not try any more */
    struct ktg_lockfile *lock;
    struct ktg_door door;
    struct ktg_peers peers;
    bool is_router, has_door, up, wants_out;
    int inside; /* depth of callbacks */
    char endpoint[ENDPOINT_SIZE];
    struct ktg_link_counts counts;
};

/* ---- sending ---- */

static struct ktg_bytes routing_id(ktg_peer peer, uint8_t to[static ROUTING_ID])
{
    to[0] = 0;
    ktg_put_be32(to + 1, (uint32_t)peer);
    return ktg_bytes(to, ROUTING_ID);
}

/* libzmq looks at what its I/O thread has to say only now and then; before we believe a "no", make
 * it look. */
static int send_first(struct ktg_link *l, const void *data, size_t size, int flags)
{
    for (int attempt = 0;; attempt++) {
        if (zmq_send(l->socket, data, size, flags | ZMQ_DONTWAIT) >= 0)
            return KTG_OK;
        if (attempt == 1)
            return errno == EHOSTUNREACH ? KTG_EUNREACHABLE : KTG_EAGAIN;
        ktg_socket_events(l->socket);
    }
}

int ktg_link_send(struct ktg_link *l, ktg_peer peer, struct ktg_bytes relayed,
                  struct ktg_bytes payload)
{
    assert(l->is_router == (peer != 0));
    assert(relayed.size == 0 || l->o.relay);
    if (payload.size > l->o.max_frame || relayed.size > RELAYED_MOST)
        return KTG_EINVALID;
    int rc = KTG_OK;
    bool begun = false;
    if (l->is_router) {
        const struct ktg_peer_entry *e = ktg_peers_get(&l->peers, peer);
        if (!e || e->gone || e->kicked)
            return KTG_EUNREACHABLE;
        uint8_t id[ROUTING_ID];
        struct ktg_bytes to = routing_id(peer, id);
        rc = send_first(l, to.data, to.size, ZMQ_SNDMORE);
        begun = true;
    }
    if (rc == KTG_OK && relayed.size > 0) {
        rc = begun
                 ? (zmq_send(l->socket, relayed.data, relayed.size, ZMQ_SNDMORE | ZMQ_DONTWAIT) >= 0
                        ? KTG_OK
                        : KTG_EAGAIN)
                 : send_first(l, relayed.data, relayed.size, ZMQ_SNDMORE);
        begun = true;
    }
    if (rc == KTG_OK)
        rc = begun
                 ? (zmq_send(l->socket, payload.data, payload.size, ZMQ_DONTWAIT) >= 0 ? KTG_OK
                                                                                       : KTG_EAGAIN)
                 : send_first(l, payload.data, payload.size, 0);
    if (rc == KTG_EAGAIN) {
        l->counts.full++;
        l->wants_out = !l->is_router;
    }
    if (rc == KTG_OK) {
        l->counts.sent++;
        l->counts.sent_bytes += payload.size;
    }
    return rc;
}

/* ---- cutting connections ---- */

/* Does this descriptor end at our own address?  Then shutting it down can only cut a peer of ours.
 */
static bool is_our_connection(const struct ktg_link *l, int fd)
{
    struct sockaddr_storage at;
    socklen_t size = sizeof at;
    if (getsockname(fd, (struct sockaddr *)&at, &size) != 0)
        return false;
    uint16_t port = ktg_endpoint_port(l->endpoint);
    switch (at.ss_family) {
    case AF_INET:
        return ntohs(((const struct sockaddr_in *)&at)->sin_port) == port;
    case AF_INET6:
        return ntohs(((const struct sockaddr_in6 *)&at)->sin6_port) == port;
    case AF_UNIX:
        return strncmp(l->endpoint, "ipc://", 6) == 0 &&
               strncmp(l->endpoint + 6, ((const struct sockaddr_un *)&at)->sun_path,
                       sizeof((const struct sockaddr_un *)&at)->sun_path) == 0;
    default:
        return false;
    }
}

static ino_t inode_of(int fd)
{
    struct stat st;
    return fd >= 0 && fstat(fd, &st) == 0 && S_ISSOCK(st.st_mode) ? st.st_ino : 0;
}

static void cut(struct ktg_link *l, int fd)
{
    if (fd >= 0 && is_our_connection(l, fd)) {
        shutdown(fd, SHUT_RDWR); /* the stable way to end one peer: libzmq notices and cleans up */
        l->counts.kicked++;
    }
}

static void kick_entry(struct ktg_link *l, struct ktg_peer_entry *e)
{
    e->kicked = true;
    if (!e->gone && inode_of(e->fd) == e->inode)
        cut(l, e->fd);
}

int ktg_link_kick(struct ktg_link *l, ktg_peer peer)
{
    struct ktg_peer_entry *e = l->is_router ? ktg_peers_get(&l->peers, peer) : NULL;
    if (!e || e->gone || e->kicked)
        return KTG_ENOTFOUND;
    kick_entry(l, e);
    return KTG_OK;
}

size_t ktg_link_kick_user(struct ktg_link *l, const char *user)
{
    size_t at = 0, n = 0;
    for (struct ktg_peer_entry *e = NULL; l->is_router && (e = ktg_peers_next(&l->peers, &at, e));)
        if (!e->gone && !e->kicked && strcmp(e->user, user) == 0) {
            kick_entry(l, e);
            n++;
        }
    return n;
}

void ktg_link_peers(const struct ktg_link *l,
                    void (*each)(void *arg, ktg_peer peer, const char *user), void *arg)
{
    size_t at = 0;
    for (struct ktg_peer_entry *e = NULL; l->is_router && (e = ktg_peers_next(&l->peers, &at, e));)
        if (!e->gone && !e->kicked)
            each(arg, e->id, e->user);
}

/* ---- what the monitor tells ---- */

static void tell_state(struct ktg_link *l, enum ktg_link_state state)
{
    if (l->is_router)
        return;
    if (state != KTG_LINK_REFUSED) {
        if (l->up == (state == KTG_LINK_UP))
            return; /* an attempt that failed is no news */
        l->up = state == KTG_LINK_UP;
    } else {
        ktg_timer_start(l->again, l->o.retry_max, 0);
    }
    l->inside++;
    if (l->calls.on_state)
        l->calls.on_state(l->calls.arg, l, state);
    l->inside--;
}

static void take_event(struct ktg_link *l, unsigned event, int fd)
{
    switch (event) {
    case ZMQ_EVENT_ACCEPTED:
        l->counts.accepted++;
        l->counts.live++;
        if (l->is_router && ktg_peers_open_fd(&l->peers, fd) != KTG_OK)
            cut(l, fd);
        break;
    case ZMQ_EVENT_HANDSHAKE_SUCCEEDED:
        l->counts.opened++;
        tell_state(l, KTG_LINK_UP);
        break;
    case ZMQ_EVENT_DISCONNECTED:
        l->counts.closed++;
        if (l->is_router) {
            if (l->counts.live > 0)
                l->counts.live--;
            ktg_peers_close_fd(&l->peers, fd);
        }
        tell_state(l, KTG_LINK_DOWN);
        break;
    case ZMQ_EVENT_HANDSHAKE_FAILED_AUTH:
        l->counts.failed_auth++;
        tell_state(l, KTG_LINK_REFUSED);
        break;
    case ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL:
        l->counts.failed_protocol++;
        tell_state(l, KTG_LINK_REFUSED);
        break;
    case ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL:
        l->counts.failed_other++;
        break;
    default:
        break;
    }
}

/* One event: a frame of event (2 bytes) and value (4), in host order, and a frame with the address.
 */
static bool read_event(struct ktg_link *l)
{
    uint8_t head[6] = {0};
    char address[ENDPOINT_SIZE];
    int n = zmq_recv(l->monitor, head, sizeof head, ZMQ_DONTWAIT), more = 0;
    if (n < 0)
        return false;
    size_t size = sizeof more;
    while (zmq_getsockopt(l->monitor, ZMQ_RCVMORE, &more, &size) == 0 && more)
        if (zmq_recv(l->monitor, address, sizeof address, ZMQ_DONTWAIT) < 0)
            break;
    if (n == sizeof head)
        take_event(l, ktg_get_le16(head), (int)ktg_get_le32(head + 2));
    return true;
}

static void read_events(void *arg)
{
    struct ktg_link *l = arg;
    while (read_event(l))
        ;
}

static bool has_events(void *arg)
{
    struct ktg_link *l = arg;
    return ktg_socket_events(l->monitor) & ZMQ_POLLIN;
}

static void connect_again(void *arg)
{
    struct ktg_link *l = arg;
    if (l->up)
        return;
    zmq_disconnect(l->socket, l->endpoint); /* it may have given up by itself already */
    zmq_connect(l->socket, l->endpoint);
}

/* ---- receiving ---- */

static void reap_the_gone(struct ktg_link *l)
{
    for (struct ktg_peer_entry *e; (e = ktg_peers_take_gone(&l->peers));) {
        l->inside++;
        if (e->introduced && l->calls.on_gone)
            l->calls.on_gone(l->calls.arg, l, e->id, e->user);
        l->inside--;
        ktg_free(e);
    }
}

/* A peer that was not heard before.  NULL: it may not stay. */
static struct ktg_peer_entry *introduce(struct ktg_link *l, ktg_peer id, int fd, const char *user)
{
    struct ktg_peer_entry *e = NULL;
    read_events(
        l); /* the descriptor's last owner, if any, is marked gone before it gets a new one */
    if (ktg_peers_add(&l->peers, id, fd, user, &e) != KTG_OK) {
        l->counts.refused_peers++;
        cut(l, fd);
        return NULL;
    }
    e->inode = inode_of(e->fd);
    l->inside++;
    int rc = l->calls.on_peer ? l->calls.on_peer(l->calls.arg, l, id, user) : KTG_OK;
    l->inside--;
    e->introduced = rc == KTG_OK;
    if (rc != KTG_OK) {
        l->counts.refused_peers++;
        kick_entry(l, e);
    }
    return e;
}

/* The peer that a message came from, or NULL: drop it. */
static struct ktg_peer_entry *find_sender(struct ktg_link *l, zmq_msg_t *id, zmq_msg_t *message)
{
    const uint8_t *raw = zmq_msg_data(id);
    int fd = zmq_msg_get(message, ZMQ_SRCFD);
    if (zmq_msg_size(id) != ROUTING_ID || raw[0] != 0) {
        l->counts.bad_id++;
        cut(l, fd);
        return NULL;
    }
    const char *user = zmq_msg_gets(message, "User-Id");
    if (!user || !user[0] || strlen(user) >= KTG_USER_SIZE) {
        l->counts.bad_user++;
        cut(l, fd);
        return NULL;
    }
    ktg_peer peer = (ktg_peer)1 << 32 | ktg_get_be32(raw + 1);
    struct ktg_peer_entry *e = ktg_peers_get(&l->peers, peer);
    if (!e)
        e = introduce(l, peer, fd, user);
    if (!e || e->kicked)
        return NULL;
    if (strcmp(e->user, user) != 0) { /* cannot be: one connection, one handshake */
        l->counts.bad_user++;
        kick_entry(l, e);
        return NULL;
    }
    return e;
}

static struct ktg_bytes view(zmq_msg_t *m)
{
    return ktg_bytes(zmq_msg_data(m), zmq_msg_size(m));
}

/* frames[0] is the first after the routing id; `count` may be larger than what was kept. */
static void deliver(struct ktg_link *l, zmq_msg_t *id, zmq_msg_t frames[2], size_t count)
{
    struct ktg_peer_entry *e = NULL;
    struct ktg_link_message m = {.user = "", .relayed = KTG_BYTES_NONE};
    if (l->is_router) {
        e = count > 0 ? find_sender(l, id, &frames[0]) : NULL;
        if (!e)
            return;
        m.peer = e->id;
        m.user = e->user;
    }
    size_t most = l->o.relay ? 2 : 1;
    if (count >= 1 && count <= most) {
        m.payload = view(&frames[count - 1]);
        if (count == 2)
            m.relayed = view(&frames[0]);
    }
    if (count < 1 || count > most || m.payload.size > l->o.max_frame ||
        m.relayed.size > RELAYED_MOST) {
        l->counts.bad_shape++;
        if (e)
            kick_entry(l, e);
        return;
    }
    l->counts.received++;
    l->counts.received_bytes += m.payload.size;
    l->inside++;
    l->calls.on_message(l->calls.arg, l, &m);
    l->inside--;
}

/* Take one message with all its frames.  false: the socket is empty. */
static bool receive(struct ktg_link *l)
{
    zmq_msg_t id, frames[2], rest;
    zmq_msg_init(&id);
    zmq_msg_init(&frames[0]);
    zmq_msg_init(&frames[1]);
    zmq_msg_init(&rest);
    bool any = true, more = true;
    if (l->is_router) {
        any = zmq_msg_recv(&id, l->socket, ZMQ_DONTWAIT) >= 0;
        more = any && zmq_msg_more(&id);
    }
    size_t count = 0;
    while (any && more) {
        zmq_msg_t *to = count < 2 ? &frames[count] : &rest;
        if (zmq_msg_recv(to, l->socket, ZMQ_DONTWAIT) <
            0) { /* only for the first: messages come whole */
            any = count > 0 || l->is_router;
            break;
        }
        count++;
        more = zmq_msg_more(to);
    }
    if (any)
        deliver(l, &id, frames, count);
    zmq_msg_close(&id);
    zmq_msg_close(&frames[0]);
    zmq_msg_close(&frames[1]);
    zmq_msg_close(&rest);
    return any;
}

static void step(void *arg)
{
    struct ktg_link *l = arg;
    read_events(l);
    uint32_t n = 0;
    while (n < l->o.budget && receive(l))
        n++;
    if (n < l->o.budget && l->peers.gone > 0)
        reap_the_gone(l);
    l->inside++;
    if (l->wants_out && ktg_socket_events(l->socket) & ZMQ_POLLOUT) {
        l->wants_out = false;
        if (l->calls.on_writable)
            l->calls.on_writable(l->calls.arg, l);
    }
    if (n > 0 && l->calls.on_burst)
        l->calls.on_burst(l->calls.arg, l);
    l->inside--;
}

/* Asked right before the loop waits, so after every send and receive of the turn: the descriptor
 * alone would not tell what they have left. */
static bool is_ready(void *arg)
{
    struct ktg_link *l = arg;
    int events = ktg_socket_events(l->socket);
    return events & ZMQ_POLLIN || (l->wants_out && events & ZMQ_POLLOUT) || l->peers.gone > 0;
}

/* ---- life ---- */

static bool is_full(void *arg)
{
    struct ktg_link *l = arg;
    read_events(l);
    return l->peers.count - l->peers.gone >= l->peers.limit;
}

static void fill_in_defaults(struct ktg_link_options *o)
{
    if (!o->max_frame)
        o->max_frame = 1 << 20;
    struct {
        uint32_t *at, value;
    } defaults[] = {
        {&o->send_queue, 1024}, {&o->recv_queue, 64},   {&o->budget, 64},
        {&o->max_peers, 1024},  {&o->handshake, 2000},  {&o->heartbeat, 2000},
        {&o->retry_min, 250},   {&o->retry_max, 30000}, {&o->ipc_mode, 0600},
    };
    for (size_t i = 0; i < KTG_COUNT(defaults); i++)
        if (!*defaults[i].at)
            *defaults[i].at = defaults[i].value;
}

static int set_options(struct ktg_link *l, struct ktg_err *err)
{
    const struct ktg_link_options *o = &l->o;
#define OPTION(name, value)             \
    {                                   \
        ZMQ_##name, (int)(value), #name \
    }
    const struct ktg_socket_option common[] = {
        OPTION(SNDHWM, o->send_queue),
        OPTION(RCVHWM, o->recv_queue),
        OPTION(HANDSHAKE_IVL, o->handshake),
        OPTION(HEARTBEAT_IVL, o->heartbeat),
        OPTION(HEARTBEAT_TIMEOUT, o->heartbeat * 3),
        OPTION(HEARTBEAT_TTL, o->heartbeat * 3),
        OPTION(TCP_KEEPALIVE, 1),
        OPTION(TCP_KEEPALIVE_IDLE, 60),
        OPTION(TCP_KEEPALIVE_INTVL, 10),
        OPTION(TCP_KEEPALIVE_CNT, 3),
        OPTION(IPV6, !ktg_endpoint_is_ipv4(o->endpoint)),
        OPTION(BACKLOG, 1024),
    };
    const struct ktg_socket_option router[] = {OPTION(ROUTER_MANDATORY, 1),
                                               OPTION(ROUTER_HANDOVER, 0)};
    const struct ktg_socket_option dealer[] = {
        OPTION(IMMEDIATE, 1),
        OPTION(CONNECT_TIMEOUT, 5000),
        OPTION(RECONNECT_IVL, o->retry_min + o->retry_jitter),
        OPTION(RECONNECT_IVL_MAX, o->retry_max),
    };
#undef OPTION
    int64_t most = (int64_t)o->max_frame + CURVE_OVERHEAD;
    if (zmq_setsockopt(l->socket, ZMQ_MAXMSGSIZE, &most, sizeof most) != 0)
        return ktg_err_set(err, KTG_EUSAGE, "socket option MAXMSGSIZE: %s", zmq_strerror(errno));
    int rc = ktg_socket_set(l->socket, common, KTG_COUNT(common), err);
    if (rc == KTG_OK)
        rc = l->is_router ? ktg_socket_set(l->socket, router, KTG_COUNT(router), err)
                          : ktg_socket_set(l->socket, dealer, KTG_COUNT(dealer), err);
    return rc;
}

static int set_keys(struct ktg_link *l, const char *path, struct ktg_err *err)
{
    const struct ktg_link_options *o = &l->o;
    if (path)
        return KTG_OK; /* the kernel vouches for the uid */
    if (o->plain)
        return ktg_endpoint_is_loopback(o->endpoint)
                   ? KTG_OK
                   : ktg_err_fault(err, ktg_link_fault(KTG_LINK_NOT_LOOPBACK), o->endpoint, NULL,
                                   NULL);
    if (!o->keys || (!l->is_router && !o->server_key))
        return ktg_err_fault(err, ktg_link_fault(KTG_LINK_NO_KEYS), o->endpoint, NULL, NULL);
    int yes = 1;
    const struct {
        int option;
        const void *value;
        size_t size;
    } all[] = {
        {ZMQ_CURVE_SERVER, &yes, l->is_router ? sizeof yes : 0},
        {ZMQ_CURVE_SERVERKEY, o->server_key, l->is_router ? 0 : KTG_CURVE_KEY},
        {ZMQ_CURVE_PUBLICKEY, o->keys->public_key.b, KTG_CURVE_KEY},
        {ZMQ_CURVE_SECRETKEY, o->keys->secret_key.b, KTG_CURVE_KEY},
    };
    for (size_t i = 0; i < KTG_COUNT(all); i++)
        if (all[i].size && zmq_setsockopt(l->socket, all[i].option, all[i].value, all[i].size) != 0)
            return ktg_err_set(err, KTG_EUSAGE, "%s: CURVE: %s", o->endpoint, zmq_strerror(errno));
    return KTG_OK;
}

static int open_monitor(struct ktg_link *l, struct ktg_err *err)
{
    static atomic_uint number; /* the name only has to be new in this context */
    char name[48];
    snprintf(name, sizeof name, "inproc://monitor-%u", atomic_fetch_add(&number, 1));
    const int events = ZMQ_EVENT_ACCEPTED | ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_HANDSHAKE_SUCCEEDED |
                       ZMQ_EVENT_HANDSHAKE_FAILED_AUTH | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL |
                       ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL;
    int rc = ktg_socket_new(l->context, ZMQ_PAIR, &l->monitor, err);
    if (rc != KTG_OK)
        return rc;
    const struct ktg_socket_option queue[] = {{ZMQ_RCVHWM, MONITOR_QUEUE, "RCVHWM"}};
    rc = ktg_socket_set(l->monitor, queue, KTG_COUNT(queue), err);
    if (rc != KTG_OK)
        return rc;
    if (zmq_socket_monitor(l->socket, name, events) != 0 || zmq_connect(l->monitor, name) != 0)
        return ktg_err_set(err, KTG_EAGAIN, "%s: monitor: %s", l->o.endpoint, zmq_strerror(errno));
    return ktg_pump_new(ktg_context_loop(l->context), ktg_socket_fd(l->monitor), has_events,
                        read_events, l, &l->monitor_pump, err);
}

static int begin(struct ktg_link *l, const char *path, struct ktg_err *err)
{
    struct ktg_loop *loop = ktg_context_loop(l->context);
    int rc = KTG_OK;
    if (l->is_router) {
        rc = ktg_socket_guard(l->context, l->socket, l->o.domain, err);
        if (rc != KTG_OK)
            return rc;
        if (ktg_peers_init(&l->peers, l->o.max_peers) != KTG_OK)
            return ktg_err_set(err, KTG_ENOMEM, "%s: no memory", l->o.endpoint);
        l->door = (struct ktg_door){.domain = l->o.domain, .is_full = is_full, .arg = l};
        ktg_context_add_door(l->context, &l->door);
        l->has_door = true;
        rc = ktg_endpoint_bind(l->socket, l->o.endpoint, l->o.ipc_mode, &l->lock, err);
    } else {
        rc = ktg_timer_new(loop, connect_again, l, &l->again, err);
        if (rc == KTG_OK && zmq_connect(l->socket, l->o.endpoint) != 0)
            rc = ktg_err_fault(err, ktg_link_fault(KTG_LINK_BAD_ENDPOINT), l->o.endpoint,
                               zmq_strerror(errno), NULL);
    }
    if (rc != KTG_OK)
        return rc;
    size_t size = sizeof l->endpoint;
    if (path || zmq_getsockopt(l->socket, ZMQ_LAST_ENDPOINT, l->endpoint, &size) != 0)
        snprintf(l->endpoint, sizeof l->endpoint, "%s", l->o.endpoint);
    return ktg_pump_new(loop, ktg_socket_fd(l->socket), is_ready, step, l, &l->pump, err);
}

static int open_link(struct ktg_context *context, bool is_router,
                     const struct ktg_link_options *options, const struct ktg_link_calls *calls,
                     struct ktg_link **ret_link, struct ktg_err *err)
{
    const char *path = NULL;
    int rc = ktg_endpoint_check(options->endpoint, &path, err);
    if (rc != KTG_OK)
        return rc;
    assert(calls->on_message && (path || !options->relay));
    struct ktg_link *l = ktg_zalloc(sizeof *l);
    if (!l)
        return ktg_err_set(err, KTG_ENOMEM, "%s: no memory", options->endpoint);
    l->context = context;
    l->o = *options;
    l->calls = *calls;
    l->is_router = is_router;
    fill_in_defaults(&l->o);
    l->o.domain = options->domain ? ktg_strdup(options->domain) : NULL;
    if (options->domain && !l->o.domain) {
        rc = ktg_err_set(err, KTG_ENOMEM, "%s: no memory", options->endpoint);
        goto out;
    }
    rc = ktg_socket_new(context, is_router ? ZMQ_ROUTER : ZMQ_DEALER, &l->socket, err);
    if (rc == KTG_OK)
        rc = set_options(l, err);
    if (rc == KTG_OK)
        rc = set_keys(l, path, err);
    if (rc == KTG_OK)
        rc = open_monitor(l, err);
    if (rc == KTG_OK)
        rc = begin(l, path, err);
    if (rc != KTG_OK)
        goto out;
    l->o.endpoint = l->endpoint; /* the caller's keys and names are not kept */
    l->o.keys = NULL;
    l->o.server_key = NULL;
    *ret_link = l;
    l = NULL;
out:
    ktg_link_close(l);
    return rc;
}

int ktg_link_bind(struct ktg_context *context, const struct ktg_link_options *options,
                  const struct ktg_link_calls *calls, struct ktg_link **ret_link,
                  struct ktg_err *err)
{
    return open_link(context, true, options, calls, ret_link, err);
}

int ktg_link_connect(struct ktg_context *context, const struct ktg_link_options *options,
                     const struct ktg_link_calls *calls, struct ktg_link **ret_link,
                     struct ktg_err *err)
{
    return open_link(context, false, options, calls, ret_link, err);
}

struct ktg_link *ktg_link_close(struct ktg_link *l)
{
    if (!l)
        return NULL;
    assert(l->inside == 0);
    ktg_pump_free(l->pump);
    ktg_pump_free(l->monitor_pump);
    ktg_timer_free(l->again);
    if (l->has_door)
        ktg_context_del_door(l->context, &l->door);
    if (l->socket)
        zmq_socket_monitor(l->socket, NULL, 0);
    l->monitor = ktg_socket_close(l->context, l->monitor);
    l->socket = ktg_socket_close(l->context, l->socket);
    ktg_lockfile_close(l->lock);
    ktg_peers_done(&l->peers);
    ktg_free((char *)(uintptr_t)l->o.domain);
    ktg_free(l);
    return NULL;
}

const char *ktg_link_endpoint(const struct ktg_link *l)
{
    return l->endpoint;
}
bool ktg_link_is_up(const struct ktg_link *l)
{
    return l->up;
}
const struct ktg_link_counts *ktg_link_counts(const struct ktg_link *l)
{
    return &l->counts;
}
