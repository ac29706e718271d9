/* runtime/link/socket.c - see socket.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "runtime/link/socket.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <zmq.h>

#include "runtime/link/faults.h"
#include "runtime/link/link.h"
#include "runtime/link/port.h"

/* The header hides it, the library has it; the context checks at start that this is so. */
#ifndef ZMQ_ZAP_ENFORCE_DOMAIN
#define ZMQ_ZAP_ENFORCE_DOMAIN 93
#endif

enum { PATH_MOST = sizeof((struct sockaddr_un *)0)->sun_path - 1 };

static int zmq_code(int e)
{
    return e == ENOMEM                  ? KTG_ENOMEM
           : e == EACCES || e == EPERM  ? KTG_EDENIED
           : e == EMFILE || e == ENFILE ? KTG_EAGAIN
                                        : KTG_EUSAGE;
}

int ktg_socket_new(struct ktg_context *context, int type, void **ret_socket, struct ktg_err *err)
{
    void *s = zmq_socket(ktg_context_zmq(context), type);
    if (!s)
        return ktg_err_set(err, zmq_code(errno), "socket: %s", zmq_strerror(errno));
    ktg_context_count_socket(context, 1);
    int none = 0;
    zmq_setsockopt(s, ZMQ_LINGER, &none, sizeof none); /* the spool is the queue */
    *ret_socket = s;
    return KTG_OK;
}

void *ktg_socket_close(struct ktg_context *context, void *socket)
{
    if (socket) {
        zmq_close(socket);
        ktg_context_count_socket(context, -1);
    }
    return NULL;
}

int ktg_socket_set(void *socket, const struct ktg_socket_option *options, size_t count,
                   struct ktg_err *err)
{
    for (size_t i = 0; i < count; i++)
        if (zmq_setsockopt(socket, options[i].option, &options[i].value, sizeof options[i].value) !=
            0)
            return ktg_err_set(err, KTG_EUSAGE, "socket option %s=%d: %s", options[i].name,
                               options[i].value, zmq_strerror(errno));
    return KTG_OK;
}

int ktg_socket_guard(struct ktg_context *context, void *socket, const char *domain,
                     struct ktg_err *err)
{
    if (!ktg_context_has_doorkeeper(context) || !domain || !domain[0])
        return ktg_err_fault(err, ktg_link_fault(KTG_LINK_NO_DOORKEEPER), NULL, NULL, NULL);
    int yes = 1;
    if (zmq_setsockopt(socket, ZMQ_ZAP_DOMAIN, domain, strlen(domain)) != 0 ||
        zmq_setsockopt(socket, ZMQ_ZAP_ENFORCE_DOMAIN, &yes, sizeof yes) != 0)
        return ktg_err_fault(err, ktg_link_fault(KTG_LINK_ZMQ_TOO_WEAK), NULL, zmq_strerror(errno),
                             NULL);
    return KTG_OK;
}

int ktg_socket_events(void *socket)
{
    int events = 0;
    size_t size = sizeof events;
    return zmq_getsockopt(socket, ZMQ_EVENTS, &events, &size) == 0 ? events : 0;
}

int ktg_socket_fd(void *socket)
{
    int fd = -1;
    size_t size = sizeof fd;
    int rc = zmq_getsockopt(socket, ZMQ_FD, &fd, &size);
    assert(rc == 0); /* every socket has one */
    (void)rc;
    return fd;
}

static const char *after(const char *text, const char *prefix)
{
    size_t n = strlen(prefix);
    return strncmp(text, prefix, n) == 0 ? text + n : NULL;
}

int ktg_endpoint_check(const char *endpoint, const char **ret_path, struct ktg_err *err)
{
    const char *path = after(endpoint, "ipc://");
    if ((!path && !after(endpoint, "tcp://")) || (path && !path[0]))
        return ktg_err_fault(err, ktg_link_fault(KTG_LINK_BAD_ENDPOINT), NULL, endpoint,
                             "tcp:// or ipc://");
    if (path && strlen(path) > PATH_MOST) {
        char got[32], want[32];
        snprintf(got, sizeof got, "%zu bytes", strlen(path));
        snprintf(want, sizeof want, "%d at most", (int)PATH_MOST);
        return ktg_err_fault(err, ktg_link_fault(KTG_LINK_PATH_TOO_LONG), path, got, want);
    }
    *ret_path = path;
    return KTG_OK;
}

bool ktg_endpoint_is_loopback(const char *endpoint)
{
    return after(endpoint, "tcp://127.0.0.1:") || after(endpoint, "tcp://[::1]:");
}

bool ktg_endpoint_is_ipv4(const char *endpoint)
{
    const char *host = after(endpoint, "tcp://");
    return host && host[0] && strspn(host, "0123456789.") == strcspn(host, ":");
}

uint16_t ktg_endpoint_port(const char *endpoint)
{
    const char *host = after(endpoint, "tcp://"), *colon = host ? strrchr(host, ':') : NULL;
    long port = colon ? strtol(colon + 1, NULL, 10) : 0;
    return port > 0 && port <= UINT16_MAX ? (uint16_t)port : 0;
}

static int bind_error(const char *endpoint, int e, struct ktg_err *err)
{
    if (e == EADDRINUSE) {
        char holder[64];
        ktg_port_holder(ktg_endpoint_port(endpoint), holder, sizeof holder);
        return ktg_err_fault(err, ktg_link_fault(KTG_LINK_PORT_IN_USE), endpoint, holder, NULL);
    }
    if (zmq_code(e) != KTG_EUSAGE)
        return ktg_err_set(err, zmq_code(e), "%s: %s", endpoint, zmq_strerror(e));
    return ktg_err_fault(err, ktg_link_fault(KTG_LINK_BAD_ENDPOINT), endpoint, zmq_strerror(e),
                         NULL);
}

int ktg_endpoint_check_free(const char *endpoint, bool plain, struct ktg_err *err)
{
    const char *path = NULL;
    int rc = ktg_endpoint_check(endpoint, &path, err), ipv6 = !ktg_endpoint_is_ipv4(endpoint);
    if (rc || path) /* a socket's own lock tells, once it is bound */
        return rc;
    if (plain && !ktg_endpoint_is_loopback(endpoint))
        return ktg_err_fault(err, ktg_link_fault(KTG_LINK_NOT_LOOPBACK), endpoint, NULL, NULL);
    void *context = zmq_ctx_new(), *socket = context ? zmq_socket(context, ZMQ_ROUTER) : NULL;
    if (!socket)
        rc = ktg_err_set(err, zmq_code(errno), "socket: %s", zmq_strerror(errno));
    else if (zmq_setsockopt(socket, ZMQ_IPV6, &ipv6, sizeof ipv6) || zmq_bind(socket, endpoint))
        rc = bind_error(endpoint, errno, err);
    if (socket)
        zmq_close(socket);
    if (context)
        zmq_ctx_term(context); /* when it returns, the address is free again */
    return rc;
}

int ktg_endpoint_bind(void *socket, const char *endpoint, unsigned ipc_mode,
                      struct ktg_lockfile **ret_lock, struct ktg_err *err)
{
    int rc = KTG_OK;
    const char *path = after(endpoint, "ipc://");
    struct ktg_lockfile *lock = NULL;
    if (path) {
        char lock_path[PATH_MOST + sizeof ".lock"];
        snprintf(lock_path, sizeof lock_path, "%s.lock", path);
        rc = ktg_lockfile_open(lock_path, &lock, err);
        if (rc != KTG_OK)
            goto out;
    }
    if (zmq_bind(socket, endpoint) != 0) {
        rc = bind_error(endpoint, errno, err);
        goto out;
    }
    if (path && chmod(path, (mode_t)ipc_mode) != 0) {
        rc = ktg_err_set(err, KTG_EIO, "%s: cannot set the rights: %s", path, strerror(errno));
        goto out;
    }
    *ret_lock = lock;
    lock = NULL;
out:
    ktg_lockfile_close(lock);
    return rc;
}
