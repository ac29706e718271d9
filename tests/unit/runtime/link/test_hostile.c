/* tests/unit/runtime/link/test_hostile.c - what a peer may do that does not use our side of the
 * code.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <zmq.h>

#include "runtime/link/socket.h"
#include "tests/unit/runtime/link/fixture.h"

/* A stranger with a socket of its own. */
struct stranger {
    void *context, *socket;
};

static struct stranger stranger_at(const struct ktg_link *router, const char *routing_id)
{
    struct stranger s = {.context = zmq_ctx_new()};
    int none = 0, ms = 20;
    s.socket = zmq_socket(s.context, ZMQ_DEALER);
    zmq_setsockopt(s.socket, ZMQ_LINGER, &none, sizeof none);
    zmq_setsockopt(s.socket, ZMQ_RECONNECT_IVL, &ms, sizeof ms);
    if (routing_id)
        zmq_setsockopt(s.socket, ZMQ_ROUTING_ID, routing_id, strlen(routing_id));
    assert_int_equal(zmq_connect(s.socket, ktg_link_endpoint(router)), 0);
    return s;
}

static void stranger_leaves(struct stranger *s)
{
    zmq_close(s->socket);
    zmq_ctx_term(s->context);
}

static void send_frames(struct stranger *s, int count, size_t size)
{
    static char bytes[4096];
    for (int i = 0; i < count; i++)
        assert_true(zmq_send(s->socket, bytes, size, i + 1 < count ? ZMQ_SNDMORE : 0) >= 0);
}

static struct ktg_link *bind_ipc(struct bench *b, struct ear *e, bool relay)
{
    struct ktg_link *l = NULL;
    char endpoint[64];
    snprintf(endpoint, sizeof endpoint, "ipc://%s/hostile.ipc", b->dir);
    struct ktg_link_calls calls = calls_of(e);
    struct ktg_link_options o = {
        .endpoint = endpoint, .domain = "stations", .relay = relay, .max_frame = 1000};
    assert_int_equal(ktg_link_bind(b->context, &o, &calls, &l, NULL), KTG_OK);
    return l;
}

struct goal {
    const uint64_t *count;
    uint64_t want;
};
static bool is_reached(void *arg)
{
    const struct goal *g = arg;
    return *g->count >= g->want;
}
static void wait_count(struct bench *b, const uint64_t *count, uint64_t want)
{
    struct goal g = {count, want};
    if (!wait_for(b, is_reached, &g))
        fail_msg("counted %llu of %llu", (unsigned long long)*count, (unsigned long long)want);
}

static void test_hostile__other_than_the_agreed_frames_are_dropped_counted_and_cut(void **state)
{
    struct bench *b = *state;
    static const struct {
        bool relay;
        int frames;
        size_t size;
        bool ok;
    } table[] = {
        {false, 1, 1000, true},    {false, 1, 1001, false}, {false, 2, 10, false},
        {false, 5000, 900, false}, {true, 1, 1000, true},   {true, 2, 255, true},
        {true, 2, 256, false},     {true, 3, 10, false},    {true, 2, 1001, false},
        {true, 5000, 900, false},
    };
    for (size_t i = 0; i < COUNT(table); i++) {
        struct ear e = {.messages = 0};
        struct ktg_link *router = bind_ipc(b, &e, table[i].relay);
        const struct ktg_link_counts *c = ktg_link_counts(router);
        struct stranger s = stranger_at(router, NULL);
        send_frames(&s, table[i].frames, table[i].size);
        wait_count(b, table[i].ok ? &c->received : &c->bad_shape, 1);
        assert_int_equal(c->received, table[i].ok);
        assert_int_equal(e.messages, table[i].ok);
        assert_int_equal(c->kicked, !table[i].ok);
        if (!table[i].ok)
            wait_count(b, &c->accepted, 2); /* cut, and libzmq over there came back */
        stranger_leaves(&s);
        ktg_link_close(router);
    }
}

static void test_hostile__a_giant_frame_cuts_the_connection_before_it_is_read(void **state)
{
    struct bench *b = *state;
    struct ear e = {.messages = 0};
    struct ktg_link *router = bind_ipc(b, &e, false);
    struct stranger s = stranger_at(router, NULL);
    send_frames(&s, 1, 1000 + 64 + 1);
    wait_count(b, &ktg_link_counts(router)->closed, 1);
    assert_int_equal(e.messages, 0);
    assert_int_equal(ktg_link_counts(router)->bad_shape, 0); /* we never saw it */
    stranger_leaves(&s);
    ktg_link_close(router);
}

static void
test_hostile__a_peer_that_names_itself_is_cut_and_the_real_one_is_not_disturbed(void **state)
{
    struct bench *b = *state;
    struct ear e = {.messages = 0};
    struct ktg_link *router = bind_ipc(b, &e, false);
    const struct ktg_link_counts *c = ktg_link_counts(router);
    struct stranger honest = stranger_at(router, NULL);
    send_frames(&honest, 1, 5);
    wait_messages(b, &e, 1);
    ktg_peer peer = e.peer;
    static const char *const names[] = {"AGENCY-A", "x", "12345"};
    for (size_t i = 0; i < COUNT(names); i++) {
        struct stranger s = stranger_at(router, names[i]);
        send_frames(&s, 1, 5);
        wait_count(b, &c->bad_id, i + 1);
        stranger_leaves(&s);
    }
    assert_int_equal(e.messages, 1);
    assert_true(c->kicked >= 1);
    assert_int_equal(ktg_link_send(router, peer, KTG_BYTES_NONE, KTG_LIT("ack")), KTG_OK);
    char answer[8];
    assert_int_equal(zmq_recv(honest.socket, answer, sizeof answer, 0), 3);
    stranger_leaves(&honest);
    ktg_link_close(router);
}

static int tcp_to(const struct ktg_link *router)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_port = htons(ktg_endpoint_port(ktg_link_endpoint(router)))};
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof at), 0);
    return fd;
}

static void test_hostile__silence_and_noise_do_not_keep_a_connection(void **state)
{
    struct bench *b = *state;
    struct ear e = {.messages = 0}, there = {.messages = 0};
    struct ktg_link *router = NULL;
    struct ktg_link_calls calls = calls_of(&e);
    struct ktg_link_options o = {
        .endpoint = "tcp://127.0.0.1:*", .domain = "agencies", .keys = &b->server, .handshake = 50};
    assert_int_equal(ktg_link_bind(b->context, &o, &calls, &router, NULL), KTG_OK);
    const struct ktg_link_counts *c = ktg_link_counts(router);
    int silent[20], noisy[20];
    static const char noise[512] = "GET / HTTP/1.1\r\nHost: example.org\r\n\r\n";
    for (int i = 0; i < 20; i++) {
        silent[i] = tcp_to(router);
        noisy[i] = tcp_to(router);
        (void)!send(noisy[i], noise, (size_t)(1 + i * 25), MSG_NOSIGNAL);
    }
    struct ktg_link *dealer = connect_curve(b, router, 0, &there); /* meanwhile */
    assert_true(wait_for(b, is_up, dealer));
    wait_count(b, &c->closed, 40);
    assert_int_equal(c->live, 1);
    assert_int_equal(e.messages + e.peers, 0);
    for (int i = 0; i < 20; i++) {
        close(silent[i]);
        close(noisy[i]);
    }
    ktg_link_close(dealer);
    ktg_link_close(router);
}

static void test_hostile__a_hundred_come_and_go_over_the_same_descriptors(void **state)
{
    struct bench *b = *state;
    struct ear e = {.messages = 0};
    struct ktg_link *router = bind_ipc(b, &e, false);
    for (int i = 0; i < 100; i++) {
        int before = e.messages;
        struct stranger s = stranger_at(router, NULL);
        send_frames(&s, 1, 5);
        if (i % 2 == 0) /* sometimes we have heard something before it leaves, */
            wait_messages(b, &e, before + 1);
        else /* sometimes it leaves in the middle, and its word may be lost with it */
            let_turn(b, 1);
        stranger_leaves(&s);
    }
    const struct ktg_link_counts *c = ktg_link_counts(router);
    int64_t deadline = ktg_mono_ms() + PATIENCE;
    do /* those who never got to the end of the handshake are to be seen off too */
        let_turn(b, 10);
    while ((c->live > 0 || e.gone < e.peers) && ktg_mono_ms() < deadline);
    assert_int_equal(e.gone, e.peers); /* everybody who came has gone */
    assert_in_range(e.peers, 50, 100);
    assert_int_equal(c->live, 0);
    struct stranger s = stranger_at(router, NULL); /* and the house is in order */
    int before = e.messages;
    send_frames(&s, 1, 5);
    wait_messages(b, &e, before + 1);
    assert_int_equal(ktg_link_kick(router, e.peer), KTG_OK);
    wait_count(b, &ktg_link_counts(router)->kicked, 1);
    stranger_leaves(&s);
    ktg_link_close(router);
}

static void test_doorkeeper__answers_nonsense_with_500(void **state)
{
    struct bench *b = *state;
    static const char key[] = "01234567890123456789012345678901";
    static const struct {
        int count;
        const char *frames[8];
        const char *status;
    } table[] = {
        {1, {"1.0"}, "500"},
        {6, {"1.0", "7", "d", "127.0.0.1", "", "NULL"}, "400"}, /* well-formed, unknown */
        {6, {"1.0", "7", "d", "::ffff:192.0.2.7", "", "NULL"}, "400"},
        {6, {"1.1", "7", "d", "127.0.0.1", "", "NULL"}, "500"},
        {5, {"1.0", "7", "d", "127.0.0.1", ""}, "500"},
        {7, {"1.0", "7", "d", "127.0.0.1", "", "NULL", "x"}, "500"},
        {6, {"1.0", "7", "d", "127.0.0.1", "", "CURVE"}, "500"},
        {7, {"1.0", "7", "d", "127.0.0.1", "", "CURVE", "short"}, "500"},
        {7, {"1.0", "7", "d", "127.0.0.1", "", "CURVE", key}, "400"},
        {8, {"1.0", "7", "d", "127.0.0.1", "", "CURVE", key, "more"}, "500"},
        {8, {"1.0", "7", "d", "127.0.0.1", "", "PLAIN", "user", "password"}, "500"},
        {6, {"1.0", "7", "d", "localhost:0:0", "", "NULL"}, "400"},
    };
    for (size_t i = 0; i < COUNT(table); i++) {
        void *s = NULL;
        assert_int_equal(ktg_socket_new(b->context, ZMQ_REQ, &s, NULL), KTG_OK);
        assert_int_equal(zmq_connect(s, "inproc://zeromq.zap.01"), 0);
        for (int f = 0; f < table[i].count; f++)
            zmq_send(s, table[i].frames[f], strlen(table[i].frames[f]),
                     f + 1 < table[i].count ? ZMQ_SNDMORE : 0);
        char answer[6][64];
        int n = 0, len;
        int64_t deadline = ktg_mono_ms() + PATIENCE;
        while (!(ktg_socket_events(s) & ZMQ_POLLIN) && ktg_mono_ms() < deadline)
            let_turn(b, 1);
        while (n < 6 && (len = zmq_recv(s, answer[n], sizeof answer[n] - 1, ZMQ_DONTWAIT)) >= 0)
            answer[n++][len] = 0;
        assert_int_equal(n, 6);
        assert_string_equal(answer[0], "1.0");
        if (strcmp(answer[2], table[i].status) != 0)
            fail_msg("row %zu: %s %s", i, answer[2], answer[3]);
        assert_string_equal(answer[4], "");
        if (strstr(table[i].frames[3] ? table[i].frames[3] : "", "192.0.2.7"))
            assert_string_equal(b->asked_address, "192.0.2.7"); /* one spelling for one address */
        ktg_socket_close(b->context, s);
    }
    assert_int_equal(ktg_context_counts(b->context)->admitted, 0);
}

static void test_socket__to_be_bound_has_a_domain_that_is_enforced(void **state)
{
    struct bench *b = *state;
    void *s = NULL;
    int enforced = 0;
    size_t size = sizeof enforced;
    assert_int_equal(ktg_socket_new(b->context, ZMQ_ROUTER, &s, NULL), KTG_OK);
    assert_int_equal(ktg_socket_guard(b->context, s, "agencies", NULL), KTG_OK);
    assert_int_equal(zmq_getsockopt(s, 93 /* ZAP_ENFORCE_DOMAIN */, &enforced, &size), 0);
    assert_int_equal(enforced, 1);
    ktg_socket_close(b->context, s);
}

#define T(name) cmocka_unit_test_setup_teardown(name, bench_open, bench_close)
int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_hostile__other_than_the_agreed_frames_are_dropped_counted_and_cut),
        T(test_hostile__a_giant_frame_cuts_the_connection_before_it_is_read),
        T(test_hostile__a_peer_that_names_itself_is_cut_and_the_real_one_is_not_disturbed),
        T(test_hostile__silence_and_noise_do_not_keep_a_connection),
        T(test_hostile__a_hundred_come_and_go_over_the_same_descriptors),
        T(test_socket__to_be_bound_has_a_domain_that_is_enforced),
        T(test_doorkeeper__answers_nonsense_with_500),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
