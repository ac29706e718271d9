/* runtime/link/hint.c - see hint.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "runtime/link/hint.h"

#include <errno.h>
#include <zmq.h>

#include "runtime/bytes.h"
#include "runtime/link/faults.h"
#include "runtime/link/socket.h"
#include "runtime/mem.h"

struct ktg_hint {
    struct ktg_context *context;
    void *socket;
    struct ktg_pump *pump; /* listener */
    struct ktg_lockfile *lock;
    void (*on_hint)(void *arg, uint64_t upto);
    void *arg;
};

static bool is_ready(void *arg)
{
    struct ktg_hint *h = arg;
    return ktg_socket_events(h->socket) & ZMQ_POLLIN;
}

static void step(void *arg)
{
    struct ktg_hint *h = arg;
    uint8_t frame[8];
    uint64_t upto = 0;
    bool any = false;
    for (int n; (n = zmq_recv(h->socket, frame, sizeof frame, ZMQ_DONTWAIT)) >= 0;)
        if (n == sizeof frame) {
            upto = ktg_get_be64(frame);
            any = true;
        }
    if (any)
        h->on_hint(h->arg, upto);
}

/* CONFLATE keeps only the latest; it must be set before bind and connect. */
static int open_hint(struct ktg_context *context, int type, const char *endpoint,
                     struct ktg_hint **ret_h, struct ktg_err *err)
{
    const char *path = NULL;
    int rc = ktg_endpoint_check(endpoint, &path, err);
    if (rc != KTG_OK)
        return rc;
    if (!path)
        return ktg_err_fault(err, ktg_link_fault(KTG_LINK_BAD_ENDPOINT), NULL, endpoint, "ipc://");
    struct ktg_hint *h = ktg_zalloc(sizeof *h);
    if (!h)
        return ktg_err_set(err, KTG_ENOMEM, "%s: no memory", endpoint);
    h->context = context;
    rc = ktg_socket_new(context, type, &h->socket, err);
    const struct ktg_socket_option options[] = {{ZMQ_CONFLATE, 1, "CONFLATE"},
                                                {ZMQ_RECONNECT_IVL, 100, "RECONNECT_IVL"},
                                                {ZMQ_RECONNECT_IVL_MAX, 2000, "RECONNECT_IVL_MAX"}};
    int64_t most = 64;
    if (rc == KTG_OK)
        rc = ktg_socket_set(h->socket, options, KTG_COUNT(options), err);
    if (rc == KTG_OK)
        zmq_setsockopt(h->socket, ZMQ_MAXMSGSIZE, &most, sizeof most);
    if (rc == KTG_OK)
        *ret_h = h;
    else
        ktg_hint_close(h);
    return rc;
}

int ktg_hint_bind(struct ktg_context *context, const char *endpoint, const char *domain,
                  struct ktg_hint **ret_hint, struct ktg_err *err)
{
    struct ktg_hint *h = NULL;
    int rc = open_hint(context, ZMQ_PUB, endpoint, &h, err);
    if (rc == KTG_OK)
        rc = ktg_socket_guard(context, h->socket, domain, err);
    if (rc == KTG_OK)
        rc = ktg_endpoint_bind(h->socket, endpoint, 0600, &h->lock, err);
    if (rc == KTG_OK)
        *ret_hint = h;
    else
        ktg_hint_close(h);
    return rc;
}

int ktg_hint_connect(struct ktg_context *context, const char *endpoint,
                     void (*on_hint)(void *arg, uint64_t upto), void *arg,
                     struct ktg_hint **ret_hint, struct ktg_err *err)
{
    struct ktg_hint *h = NULL;
    int rc = open_hint(context, ZMQ_SUB, endpoint, &h, err);
    if (rc != KTG_OK)
        return rc;
    h->on_hint = on_hint;
    h->arg = arg;
    if (zmq_setsockopt(h->socket, ZMQ_SUBSCRIBE, "", 0) != 0 ||
        zmq_connect(h->socket, endpoint) != 0)
        rc = ktg_err_set(err, KTG_EUSAGE, "%s: %s", endpoint, zmq_strerror(errno));
    if (rc == KTG_OK)
        rc = ktg_pump_new(ktg_context_loop(context), ktg_socket_fd(h->socket), is_ready, step, h,
                          &h->pump, err);
    if (rc == KTG_OK)
        *ret_hint = h;
    else
        ktg_hint_close(h);
    return rc;
}

void ktg_hint_send(struct ktg_hint *h, uint64_t upto)
{
    uint8_t frame[8];
    ktg_put_be64(frame, upto);
    zmq_send(h->socket, frame, sizeof frame, ZMQ_DONTWAIT); /* may be lost: that is the contract */
}

struct ktg_hint *ktg_hint_close(struct ktg_hint *h)
{
    if (!h)
        return NULL;
    ktg_pump_free(h->pump);
    ktg_socket_close(h->context, h->socket);
    ktg_lockfile_close(h->lock);
    ktg_free(h);
    return NULL;
}
