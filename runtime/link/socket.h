/* runtime/link/socket.h - inside this room: what all sockets have in common.
 *
 * Endpoints, the options of a socket, and the context's inner side.  Of this room only curve.c,
 * context.c, link.c, hint.c and socket.c see <zmq.h>.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_RUNTIME_LINK_SOCKET_H
#define KTG_RUNTIME_LINK_SOCKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/err.h"
#include "runtime/link/context.h"
#include "runtime/lockfile.h"

/* Asked by the doorkeeper before the lookup: is there room behind this door? */
struct ktg_door {
    const char *domain;
    bool (*is_full)(void *arg);
    void *arg;
    struct ktg_door *next;
};

void *ktg_context_zmq(struct ktg_context *context);
struct ktg_loop *ktg_context_loop(struct ktg_context *context);
bool ktg_context_has_doorkeeper(const struct ktg_context *context);
void ktg_context_add_door(struct ktg_context *context, struct ktg_door *door);
void ktg_context_del_door(struct ktg_context *context, struct ktg_door *door);
void ktg_context_count_socket(struct ktg_context *context, int change); /* +1, -1 */

/* A new socket of `type`, LINGER 0.  KTG_EAGAIN: no socket to be had. */
KTG_MUST_CHECK int ktg_socket_new(struct ktg_context *context, int type, void **ret_socket,
                                  struct ktg_err *err);
void *ktg_socket_close(struct ktg_context *context, void *socket); /* NULL is fine; returns NULL */

/* Each option of the table, in order; the first failure names itself. */
struct ktg_socket_option {
    int option;
    int value;
    const char *name;
};
KTG_MUST_CHECK int ktg_socket_set(void *socket, const struct ktg_socket_option *options,
                                  size_t count, struct ktg_err *err);
/* Domain and its enforcement, for a socket that is going to be bound. */
KTG_MUST_CHECK int ktg_socket_guard(struct ktg_context *context, void *socket, const char *domain,
                                    struct ktg_err *err);
int ktg_socket_events(
    void *socket); /* ZMQ_POLLIN | ZMQ_POLLOUT; handles what the I/O thread told us */
int ktg_socket_fd(void *socket);

/* The path of "ipc://PATH", or NULL.  KTG_EUSAGE: neither ipc nor tcp, or too long. */
KTG_MUST_CHECK int ktg_endpoint_check(const char *endpoint, const char **ret_path,
                                      struct ktg_err *err);
bool ktg_endpoint_is_loopback(const char *endpoint);
bool ktg_endpoint_is_ipv4(const char *endpoint);  /* tcp, and the host is a dotted address */
uint16_t ktg_endpoint_port(const char *endpoint); /* of tcp://HOST:PORT; 0: none */
/* Lock PATH.lock if it is ipc (else *ret_lock is NULL), bind, and set the rights of the socket. */
KTG_MUST_CHECK int ktg_endpoint_bind(void *socket, const char *endpoint, unsigned ipc_mode,
                                     struct ktg_lockfile **ret_lock, struct ktg_err *err);

#endif
