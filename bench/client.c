/* bench/client.c - see client.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bench/client.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <time.h>
#include <zmq.h>

enum { PATIENCE_MS = 10000 };

static int complain(const char *what)
{
    fprintf(stderr, "bench: %s: %s\n", what, zmq_strerror(errno));
    return -1;
}

static int set_keys(void *socket, const struct ktg_client_options *o)
{
    char public_key[41];
    if (!o->server_key)
        return 0;
    if (zmq_curve_public(public_key, o->secret_key) ||
        zmq_setsockopt(socket, ZMQ_CURVE_SERVERKEY, o->server_key, 41) ||
        zmq_setsockopt(socket, ZMQ_CURVE_PUBLICKEY, public_key, 41) ||
        zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, o->secret_key, 41))
        return complain("keys");
    return 0;
}

static int greet(struct ktg_client *c, const struct ktg_client_options *o)
{
    struct ktg_buf caps = KTG_BUF_INIT;
    struct ktg_msg m = {.type = KTG_MSG_HELLO}, answer;
    static uint8_t buffer[KTG_FRAME_MAX];
    ktg_wire_put_array(&caps, 1);
    ktg_wire_put_text(&caps, o->wants);
    m.hello = (struct ktg_msg_hello){.proto_min = 1,
                                     .proto_max = 1,
                                     .epoch = (uint64_t)ktg_clock_now(&KTG_CLOCK_REAL),
                                     .next_seq = 1,
                                     .producer = ktg_bytes_str(o->producer),
                                     .caps = ktg_buf_view(&caps)};
    int rc = -1;
    for (int64_t until = ktg_mono_ms() + PATIENCE_MS; rc && ktg_mono_ms() < until;) {
        ktg_client_send(c, &m);
        ktg_client_wait(c, 500000000);
        int got = ktg_client_receive(c, buffer, sizeof buffer, &answer);
        if (got > 0 && answer.type == KTG_MSG_WELCOME) {
            c->session = answer.welcome.session;
            c->welcome = answer.welcome;
            rc = 0;
        } else if (got < 0) {
            ktg_client_wait(c, 200000000);
        }
    }
    ktg_buf_done(&caps);
    if (rc)
        fprintf(stderr, "bench: %s: no welcome\n", o->endpoint);
    return rc;
}

int ktg_client_open(struct ktg_client *c, const struct ktg_client_options *o)
{
    const int linger = 0, room = 100000;
    *c = (struct ktg_client){0};
    prctl(PR_SET_TIMERSLACK, 1);
    c->context = zmq_ctx_new();
    c->socket = c->context ? zmq_socket(c->context, ZMQ_DEALER) : NULL;
    if (!c->socket || zmq_setsockopt(c->socket, ZMQ_LINGER, &linger, sizeof linger) ||
        zmq_setsockopt(c->socket, ZMQ_SNDHWM, &room, sizeof room) ||
        zmq_setsockopt(c->socket, ZMQ_RCVHWM, &room, sizeof room))
        return complain("socket");
    if (set_keys(c->socket, o))
        return -1;
    return zmq_connect(c->socket, o->endpoint) ? complain(o->endpoint) : greet(c, o);
}

void ktg_client_close(struct ktg_client *c)
{
    if (c->socket)
        zmq_close(c->socket);
    if (c->context)
        zmq_ctx_term(c->context);
    ktg_buf_done(&c->frame);
    *c = (struct ktg_client){0};
}

int ktg_client_send_frame(struct ktg_client *c, const void *frame, size_t size)
{
    return zmq_send(c->socket, frame, size, 0) < 0 ? complain("send") : 0;
}

int ktg_client_send(struct ktg_client *c, const struct ktg_msg *m)
{
    ktg_buf_clear(&c->frame);
    if (ktg_protocol_encode(m, &c->frame, NULL))
        return complain("encode");
    return ktg_client_send_frame(c, c->frame.data, c->frame.size);
}

int ktg_client_receive(struct ktg_client *c, uint8_t *buffer, size_t size, struct ktg_msg *ret_m)
{
    int n = zmq_recv(c->socket, buffer, size, ZMQ_DONTWAIT);
    if (n < 0)
        return errno == EAGAIN ? 0 : complain("receive");
    struct ktg_err err = KTG_ERR_INIT;
    if ((size_t)n > size || ktg_protocol_decode(ktg_bytes(buffer, (size_t)n), ret_m, &err)) {
        fprintf(stderr, "bench: a frame of %d bytes: %s\n", n, err.text);
        return -1;
    }
    if (ret_m->type != KTG_MSG_BYE)
        return 1;
    fprintf(stderr, "bench: goodbye: %.*s %.*s\n", (int)ret_m->bye.code.size,
            (const char *)ret_m->bye.code.data, (int)ret_m->bye.text.size,
            (const char *)ret_m->bye.text.data);
    return -1;
}

void ktg_client_wait(struct ktg_client *c, int64_t ns)
{
    if (ns < 1000000) { /* finer than a poll: what comes meanwhile is seen at its end */
        struct timespec t = {0, ns};
        nanosleep(&t, NULL);
        return;
    }
    zmq_pollitem_t item = {c->socket, 0, ZMQ_POLLIN, 0};
    zmq_poll(&item, 1, (long)(ns / 1000000));
}
