/* bench/client.h - a KTG/1 client's socket for the measuring programs: DEALER, CURVE or plain, hello and welcome.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_BENCH_CLIENT_H
#define KTG_BENCH_CLIENT_H

#include "runtime/buf.h"
#include "schema/protocol.h"

struct ktg_client_options {
    const char *endpoint;
    const char *producer;   /* name of the key */
    const char *server_key; /* Z85; NULL: plain */
    const char *secret_key; /* Z85 */
    const char *wants;      /* "publish" or "subscribe" */
};

struct ktg_client {
    void *context, *socket;
    uint64_t session;
    struct ktg_msg_welcome welcome;
    struct ktg_buf frame;
};

/* Connect, say hello, wait for the welcome.  0, or -1 with a line on stderr. */
int ktg_client_open(struct ktg_client *c, const struct ktg_client_options *o);
void ktg_client_close(struct ktg_client *c);
/* 0, or -1 with a line on stderr. */
int ktg_client_send(struct ktg_client *c, const struct ktg_msg *m);
int ktg_client_send_frame(struct ktg_client *c, const void *frame, size_t size);
/* 1: *ret_m was read (views into `buffer`); 0: nothing is there; -1: the other end said goodbye, or a line on stderr. */
int ktg_client_receive(struct ktg_client *c, uint8_t *buffer, size_t size, struct ktg_msg *ret_m);
/* Wait at most so long for something to receive. */
void ktg_client_wait(struct ktg_client *c, int64_t ns);

#endif
