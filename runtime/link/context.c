/* runtime/link/context.c - see context.h; the doorkeeper's frames are those of ZeroMQ RFC 27.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "runtime/link/context.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <zmq.h>

#include "runtime/link/faults.h"
#include "runtime/link/socket.h"
#include "runtime/mem.h"

enum { SOCKETS_MOST = 1023, ANSWERS_AT_ONCE = 64 };

struct ktg_context {
    struct ktg_loop *loop;
    void *zmq, *zap;
    struct ktg_pump *pump;
    ktg_context_lookup *lookup;
    void *arg;
    struct ktg_door *doors;
    int sockets;
    struct ktg_context_counts counts;
};

void *ktg_context_zmq(struct ktg_context *c)
{
    return c->zmq;
}
struct ktg_loop *ktg_context_loop(struct ktg_context *c)
{
    return c->loop;
}
bool ktg_context_has_doorkeeper(const struct ktg_context *c)
{
    return c->zap != NULL;
}
void ktg_context_count_socket(struct ktg_context *c, int change)
{
    c->sockets += change;
}
const struct ktg_context_counts *ktg_context_counts(const struct ktg_context *c)
{
    return &c->counts;
}

void ktg_context_add_door(struct ktg_context *c, struct ktg_door *door)
{
    door->next = c->doors;
    c->doors = door;
}

void ktg_context_del_door(struct ktg_context *c, struct ktg_door *door)
{
    for (struct ktg_door **at = &c->doors; *at; at = &(*at)->next)
        if (*at == door) {
            *at = door->next;
            return;
        }
}

/* ---- the doorkeeper ---- */

enum { VERSION, REQUEST, DOMAIN, ADDRESS, IDENTITY, MECHANISM, KEY, FRAMES };

struct frame {
    size_t size;
    char data[256]; /* text is terminated; what is longer makes the request malformed */
};

/* How many frames came; FRAMES + 1: more, or one was too long.  -1: nothing there. */
static int read_request(void *zap, struct frame *to)
{
    int n = 0;
    bool bad = false, more = true;
    while (more) {
        zmq_msg_t m;
        zmq_msg_init(&m);
        if (zmq_msg_recv(&m, zap, ZMQ_DONTWAIT) < 0) {
            zmq_msg_close(&m);
            return -1;
        }
        size_t size = zmq_msg_size(&m);
        bad = bad || n >= FRAMES || size >= sizeof to->data;
        if (!bad) {
            memcpy(to[n].data, zmq_msg_data(&m), size);
            to[n].data[size] = 0;
            to[n].size = size;
        }
        n++;
        more = zmq_msg_more(&m);
        zmq_msg_close(&m);
    }
    return bad ? FRAMES + 1 : n;
}

/* Which proof the request carries; false: none that we know. */
static bool read_asker(const struct frame *f, int frames, struct ktg_curve_key *key,
                       struct ktg_asker *asker)
{
    static const char mapped[] = "::ffff:"; /* an IPv4 peer at a socket of both families */
    const char *address = f[ADDRESS].data;
    if (strncmp(address, mapped, sizeof mapped - 1) == 0 && strchr(address, '.'))
        address += sizeof mapped - 1;
    *asker = (struct ktg_asker){.domain = f[DOMAIN].data, .address = address};
    if (frames == KEY + 1 && strcmp(f[MECHANISM].data, "CURVE") == 0 &&
        f[KEY].size == sizeof key->b) {
        memcpy(key->b, f[KEY].data, sizeof key->b);
        asker->proof = KTG_PROOF_KEY;
        asker->key = key;
        return true;
    }
    if (frames != MECHANISM + 1 || strcmp(f[MECHANISM].data, "NULL") != 0)
        return false;
    asker->proof = KTG_PROOF_NONE;
    int end = 0; /* "localhost:UID:GID:PID" is what libzmq makes of SO_PEERCRED */
    if (sscanf(f[ADDRESS].data, "localhost:%" SCNu32 ":%" SCNu32 ":%" SCNd32 "%n", &asker->uid,
               &asker->gid, &asker->pid, &end) == 3 &&
        f[ADDRESS].data[end] == 0) {
        asker->proof = KTG_PROOF_UID;
        asker->address = "localhost";
    }
    return true;
}

static bool is_user(const char *user)
{
    size_t n = strnlen(user, KTG_USER_SIZE);
    for (size_t i = 0; i < n; i++)
        if (user[i] <= ' ' || user[i] > '~')
            return false;
    return n > 0 && n < KTG_USER_SIZE;
}

static void answer(void *zap, const struct frame *request, const char *status, const char *text,
                   const char *user)
{
    /* REP keeps the way back; the other end of it never blocks us */
    zmq_send(zap, "1.0", 3, ZMQ_SNDMORE | ZMQ_DONTWAIT);
    zmq_send(zap, request->data, request->size, ZMQ_SNDMORE | ZMQ_DONTWAIT);
    zmq_send(zap, status, strlen(status), ZMQ_SNDMORE | ZMQ_DONTWAIT);
    zmq_send(zap, text, strlen(text), ZMQ_SNDMORE | ZMQ_DONTWAIT);
    zmq_send(zap, user, strlen(user), ZMQ_SNDMORE | ZMQ_DONTWAIT);
    zmq_send(zap, "", 0, ZMQ_DONTWAIT);
}

static void decide(struct ktg_context *c, const struct frame *f, int frames)
{
    static const struct frame unknown = {0};
    struct ktg_asker asker;
    struct ktg_curve_key key;
    if (frames < MECHANISM + 1 || frames > FRAMES || strcmp(f[VERSION].data, "1.0") != 0 ||
        !read_asker(f, frames, &key, &asker)) {
        c->counts.malformed++;
        answer(c->zap, frames > REQUEST && frames <= FRAMES ? &f[REQUEST] : &unknown, "500",
               "malformed request", "");
        return;
    }
    char user[KTG_USER_SIZE] = "";
    const char *reason = "not admitted";
    int rc = KTG_OK;
    for (struct ktg_door *d = c->doors; d && rc == KTG_OK; d = d->next)
        if (d->is_full && strcmp(d->domain, asker.domain) == 0 && d->is_full(d->arg)) {
            rc = KTG_EFULL;
            reason = "too many connections";
        }
    if (rc == KTG_OK)
        rc = c->lookup(c->arg, &asker, user, &reason);
    if (rc == KTG_OK && is_user(user)) {
        c->counts.admitted++;
        answer(c->zap, &f[REQUEST], "200", "OK", user);
    } else {
        c->counts.refused++;
        answer(c->zap, &f[REQUEST], "400", reason ? reason : "not admitted", "");
    }
}

static bool zap_is_ready(void *arg)
{
    struct ktg_context *c = arg;
    return ktg_socket_events(c->zap) & ZMQ_POLLIN;
}

static void zap_step(void *arg)
{
    struct ktg_context *c = arg;
    struct frame frames[FRAMES];
    for (int i = 0; i < ANSWERS_AT_ONCE; i++) {
        int n = read_request(c->zap, frames);
        if (n < 0)
            return;
        decide(c, frames, n);
    }
}

/* ---- life ---- */

static int check_library(struct ktg_context *c, struct ktg_err *err)
{
    if (!zmq_has("curve"))
        return ktg_err_fault(err, ktg_link_fault(KTG_LINK_ZMQ_TOO_WEAK), NULL, "no CURVE", NULL);
    void *probe = NULL;
    int rc = ktg_socket_new(c, ZMQ_ROUTER, &probe, err);
    if (rc == KTG_OK && c->zap)
        rc = ktg_socket_guard(c, probe, "probe", err);
    ktg_socket_close(c, probe);
    return rc;
}

int ktg_context_own_user(void *arg, const struct ktg_asker *asker, char user[static KTG_USER_SIZE],
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

int ktg_context_new(struct ktg_loop *loop, ktg_context_lookup *lookup, void *arg,
                    struct ktg_context **ret_context, struct ktg_err *err)
{
    int rc = KTG_OK;
    struct ktg_context *c = ktg_zalloc(sizeof *c);
    if (!c)
        return ktg_err_set(err, KTG_ENOMEM, "link context: no memory");
    c->loop = loop;
    c->lookup = lookup;
    c->arg = arg;
    c->zmq = zmq_ctx_new();
    if (!c->zmq) {
        rc = ktg_err_set(err, KTG_ENOMEM, "link context: %s", zmq_strerror(errno));
        goto out;
    }
    zmq_ctx_set(c->zmq, ZMQ_MAX_SOCKETS, SOCKETS_MOST);
    if (lookup) { /* before anything can be bound */
        rc = ktg_socket_new(c, ZMQ_REP, &c->zap, err);
        if (rc != KTG_OK)
            goto out;
        if (zmq_bind(c->zap, "inproc://zeromq.zap.01") != 0) {
            rc = ktg_err_set(err, KTG_EUSAGE, "doorkeeper: %s", zmq_strerror(errno));
            goto out;
        }
        rc = ktg_pump_new(loop, ktg_socket_fd(c->zap), zap_is_ready, zap_step, c, &c->pump, err);
        if (rc != KTG_OK)
            goto out;
    }
    rc = check_library(c, err);
    if (rc != KTG_OK)
        goto out;
    *ret_context = c;
    c = NULL;
out:
    ktg_context_free(c);
    return rc;
}

struct ktg_context *ktg_context_free(struct ktg_context *c)
{
    if (!c)
        return NULL;
    ktg_pump_free(c->pump);
    c->zap = ktg_socket_close(c, c->zap);
    assert(c->sockets ==
           0); /* links and hints are closed first, else the next line waits for ever */
    if (c->zmq)
        zmq_ctx_term(c->zmq);
    ktg_free(c);
    return NULL;
}
