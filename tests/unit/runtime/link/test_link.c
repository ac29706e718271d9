/* tests/unit/runtime/link/test_link.c - messages between two ends that mean well.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "runtime/link/hint.h"
#include "runtime/mem.h"
#include "tests/unit/runtime/link/fixture.h"

static void test_link__brings_20000_messages_and_their_echoes_and_never_stalls(void **state)
{
    struct bench *b = *state;
    struct ear here = {.echo = true}, there = {.messages = 0};
    struct ktg_link *router = NULL, *dealer = NULL;
    open_ipc(b, (struct ktg_link_options){.send_queue = 30000, .budget = 1}, &here, &router, &there,
             &dealer);
    for (int i = 0; i < 20000; i++) /* all of them before the loop turns again */
        assert_int_equal(ktg_link_send(dealer, 0, KTG_BYTES_NONE, KTG_LIT("event")), KTG_OK);
    wait_messages(b, &there, 20000);
    assert_int_equal(here.messages, 20000);
    assert_int_equal(here.max_per_burst, 1); /* the budget was kept: one a turn */
    assert_int_equal(here.bursts, 20000);
    assert_int_equal(ktg_link_counts(router)->received_bytes, 5 * 20000);
    assert_int_equal(ktg_link_counts(router)->sent, 20000);
    ktg_link_close(dealer);
    ktg_link_close(router);
}

static void test_link__relays_for_whom_it_speaks_and_answers_the_same(void **state)
{
    struct bench *b = *state;
    struct ear here = {.echo = true}, there = {.messages = 0};
    struct ktg_link *router = NULL, *dealer = NULL;
    open_ipc(b, (struct ktg_link_options){.relay = true}, &here, &router, &there, &dealer);
    assert_int_equal(ktg_link_send(dealer, 0, KTG_LIT("UTO.POST.1"), KTG_LIT("hello")), KTG_OK);
    wait_messages(b, &there, 1);
    assert_string_equal(here.user, "gateway");
    assert_string_equal(here.relayed, "UTO.POST.1");
    assert_string_equal(here.payload, "hello");
    assert_string_equal(there.user, "");
    assert_string_equal(there.relayed, "UTO.POST.1");
    assert_int_equal(ktg_link_send(dealer, 0, KTG_BYTES_NONE, KTG_LIT("")),
                     KTG_OK); /* for itself, empty */
    wait_messages(b, &there, 2);
    assert_string_equal(here.relayed, "");
    assert_int_equal(here.last_size, 0);
    assert_int_equal(b->asked.proof, KTG_PROOF_UID);
    assert_string_equal(b->asked_domain, "stations");
    assert_string_equal(b->asked_address, "localhost");
    assert_int_equal(b->asked.uid, geteuid());
    assert_int_equal(b->asked.gid, getegid());
    assert_int_equal(b->asked.pid, getpid());
    ktg_link_close(dealer);
    ktg_link_close(router);
}

static void test_link__full_is_eagain_and_then_it_tells_when_there_is_room(void **state)
{
    struct bench *b = *state;
    struct ear here = {.messages = 0}, there = {.messages = 0};
    struct ktg_link *router = NULL, *dealer = NULL;
    open_ipc(b, (struct ktg_link_options){.send_queue = 4, .recv_queue = 4}, &here, &router, &there,
             &dealer);
    static uint8_t big[200000]; /* more than the kernel's buffers take of a few */
    int sent = 0, rc;
    while ((rc = ktg_link_send(dealer, 0, KTG_BYTES_NONE, ktg_bytes(big, sizeof big))) == KTG_OK)
        assert_in_range(++sent, 1, 1000);
    assert_int_equal(rc, KTG_EAGAIN);
    assert_int_equal(ktg_link_counts(dealer)->full, 1);
    wait_messages(b, &here, sent); /* what was accepted has come */
    assert_int_equal(here.messages, sent);
    assert_in_range(there.writable, 0, 1);
    let_turn(b, 5);
    assert_int_equal(there.writable, 1);
    ktg_peer peer = here.peer; /* and the other way: a router does not drop either */
    sent = 0;
    while ((rc = ktg_link_send(router, peer, KTG_BYTES_NONE, ktg_bytes(big, sizeof big))) == KTG_OK)
        assert_in_range(++sent, 1, 1000);
    assert_int_equal(rc, KTG_EAGAIN);
    wait_messages(b, &there, sent);
    ktg_link_close(dealer);
    ktg_link_close(router);
}

static void test_link__without_a_peer_a_router_says_so_and_a_dealer_waits(void **state)
{
    struct bench *b = *state;
    struct ear here = {.messages = 0}, there = {.messages = 0};
    struct ktg_link *router = NULL, *dealer = NULL;
    open_ipc(b, (struct ktg_link_options){0}, &here, &router, &there, &dealer);
    assert_int_equal(ktg_link_send(router, ((ktg_peer)1 << 32) + 5, KTG_BYTES_NONE, KTG_LIT("?")),
                     KTG_EUNREACHABLE);
    assert_int_equal(ktg_link_kick(router, ((ktg_peer)1 << 32) + 5), KTG_ENOTFOUND);
    assert_int_equal(ktg_link_send(dealer, 0, KTG_BYTES_NONE, KTG_LIT("last words")), KTG_OK);
    wait_messages(b, &here, 1);
    ktg_peer peer = here.peer;
    assert_int_equal(ktg_link_send(router, peer, KTG_BYTES_NONE, KTG_LIT("I hear")), KTG_OK);
    wait_messages(b, &there, 1);
    ktg_link_close(dealer);
    here.want_gone = 1;
    wait_messages(b, &here, 1);
    assert_string_equal(here.gone_user, "gateway");
    assert_int_equal(ktg_link_send(router, peer, KTG_BYTES_NONE, KTG_LIT("?")), KTG_EUNREACHABLE);
    assert_int_equal(ktg_link_kick(router, peer), KTG_ENOTFOUND);

    struct ktg_link_calls calls = calls_of(&there);
    char endpoint[64];
    snprintf(endpoint, sizeof endpoint, "ipc://%s/nobody.ipc", b->dir);
    struct ktg_link_options o = {.endpoint = endpoint};
    assert_int_equal(ktg_link_connect(b->context, &o, &calls, &dealer, NULL), KTG_OK);
    assert_int_equal(ktg_link_send(dealer, 0, KTG_BYTES_NONE, KTG_LIT("anybody?")), KTG_EAGAIN);
    assert_false(ktg_link_is_up(dealer));
    ktg_link_close(dealer);
    ktg_link_close(router);
}

static void test_link__a_goodbye_comes_after_the_last_message(void **state)
{
    struct bench *b = *state;
    for (int round = 0; round < 20; round++) {
        struct ear here = {.messages = 0}, there = {.messages = 0};
        struct ktg_link *router = NULL, *dealer = NULL;
        /* two words a turn: when the connection ends most of them are still to be read */
        open_ipc(b, (struct ktg_link_options){.budget = 2, .recv_queue = 1000}, &here, &router,
                 &there, &dealer);
        for (int i = 0; i < 200; i++)
            assert_int_equal(ktg_link_send(dealer, 0, KTG_BYTES_NONE, KTG_LIT("word")), KTG_OK);
        wait_messages(b, &here, 10);
        ktg_link_close(dealer);
        here.want_gone = 1;
        wait_messages(b, &here, 10);
        assert_false(here.gone_before_message);
        assert_int_equal(here.peers, 1);
        let_turn(b, 1);
        assert_int_equal(here.gone, 1);
        assert_false(here.gone_before_message);
        ktg_link_close(router);
    }
}

static void test_link__comes_back_after_the_other_end_was_away(void **state)
{
    struct bench *b = *state;
    struct ear here = {.messages = 0}, there = {.messages = 0};
    struct ktg_link *router = NULL, *dealer = NULL;
    open_ipc(b, (struct ktg_link_options){0}, &here, &router, &there, &dealer);
    for (int i = 1; i <= 3; i++) {
        assert_int_equal(ktg_link_send(dealer, 0, KTG_BYTES_NONE, KTG_LIT("x")), KTG_OK);
        wait_messages(b, &here, i);
        char endpoint[64];
        snprintf(endpoint, sizeof endpoint, "%s", ktg_link_endpoint(router));
        ktg_link_close(router);
        struct ktg_link_calls calls = calls_of(&here);
        struct ktg_link_options o = {.endpoint = endpoint, .domain = "stations"};
        struct ktg_err err = KTG_ERR_INIT;
        while (there.downs < i)
            let_turn(b, 1);
        assert_int_equal(ktg_link_bind(b->context, &o, &calls, &router, &err), KTG_OK);
        assert_true(wait_for(b, is_up, dealer));
    }
    assert_int_equal(there.ups, 4);
    ktg_link_close(dealer);
    ktg_link_close(router);
}

static void test_link__an_ipc_path_cannot_be_taken_twice(void **state)
{
    struct bench *b = *state;
    struct ear here = {.messages = 0}, there = {.messages = 0}, thief = {.messages = 0};
    struct ktg_link *router = NULL, *dealer = NULL, *second = NULL;
    struct ktg_context *other = NULL;
    struct ktg_err err = KTG_ERR_INIT;
    open_ipc(b, (struct ktg_link_options){0}, &here, &router, &there, &dealer);
    assert_int_equal(ktg_context_new(b->loop, look_up, b, &other, &err), KTG_OK);
    struct ktg_link_options o = {.endpoint = ktg_link_endpoint(router), .domain = "stations"};
    struct ktg_link_calls calls = calls_of(&thief);
    assert_int_equal(ktg_link_bind(other, &o, &calls, &second, &err), KTG_ECONFLICT);
    assert_string_equal(err.fault->name, "already-running");
    assert_null(second);
    assert_int_equal(ktg_link_send(dealer, 0, KTG_BYTES_NONE, KTG_LIT("still me")), KTG_OK);
    wait_messages(b, &here, 1);
    ktg_link_close(dealer);
    ktg_link_close(router);
    ktg_context_free(other);
}

static void test_link__says_what_is_wrong_with_an_address(void **state)
{
    struct bench *b = *state;
    struct ear e = {.messages = 0};
    struct ktg_link *router = bind_curve(b, &e), *second = NULL;
    struct ktg_link_calls calls = calls_of(&e);
    char long_path[200] = "ipc://", just_too_long[6 + 108 + 1] = "ipc://",
         fits[6 + 107 + 1] = "ipc://", holder[32];
    memset(long_path + 6, 'x', sizeof long_path - 7);
    memset(just_too_long + 6, 'x', 108);
    snprintf(fits, sizeof fits, "ipc://%s/", b->dir);
    memset(fits + strlen(fits), 'x', sizeof fits - 1 - strlen(fits));
    snprintf(holder, sizeof holder, "pid %ld", (long)getpid());
    const struct {
        bool connect;
        struct ktg_link_options o;
        int rc;
        const char *fault, *got;
    } table[] = {
        {false,
         {.endpoint = ktg_link_endpoint(router), .domain = "d", .keys = &b->server},
         KTG_ECONFLICT,
         "port-in-use",
         holder},
        {false, {.endpoint = long_path, .domain = "d"}, KTG_EUSAGE, "path-too-long", "193 bytes"},
        {true, {.endpoint = just_too_long}, KTG_EUSAGE, "path-too-long", "108 bytes"},
        {false, {.endpoint = "inproc://x", .domain = "d"}, KTG_EUSAGE, "bad-endpoint", "inproc"},
        {false, {.endpoint = "ipc://", .domain = "d"}, KTG_EUSAGE, "bad-endpoint", ""},
        {false,
         {.endpoint = "tcp://127.0.0.1", .domain = "d", .keys = &b->server},
         KTG_EUSAGE,
         "bad-endpoint",
         ""},
        {false, {.endpoint = "tcp://127.0.0.1:*", .domain = "d"}, KTG_EUSAGE, "no-keys", ""},
        {true, {.endpoint = "tcp://127.0.0.1:9", .keys = &b->keys[0]}, KTG_EUSAGE, "no-keys", ""},
        {false,
         {.endpoint = "tcp://0.0.0.0:*", .domain = "d", .plain = true},
         KTG_EUSAGE,
         "not-loopback",
         ""},
        {false,
         {.endpoint = "tcp://127.0.0.1:*", .keys = &b->server},
         KTG_EUSAGE,
         "no-doorkeeper",
         ""},
        {false,
         {.endpoint = "tcp://127.0.0.1:*", .domain = "", .keys = &b->server},
         KTG_EUSAGE,
         "no-doorkeeper",
         ""},
    };
    for (size_t i = 0; i < COUNT(table); i++) {
        struct ktg_err err = KTG_ERR_INIT;
        int rc = table[i].connect ? ktg_link_connect(b->context, &table[i].o, &calls, &second, &err)
                                  : ktg_link_bind(b->context, &table[i].o, &calls, &second, &err);
        if (rc != table[i].rc || !err.fault || strcmp(err.fault->name, table[i].fault) != 0 ||
            !strstr(err.got, table[i].got) || !strstr(err.text, err.fault->next))
            fail_msg("row %zu: %d %s", i, rc, err.text);
        assert_null(second);
    }
    struct ktg_link_options o = {.endpoint = fits, .domain = "d"};
    assert_int_equal(ktg_link_bind(b->context, &o, &calls, &second, NULL), KTG_OK); /* 107 bytes */
    second = ktg_link_close(second);
    struct ktg_context *unguarded = NULL; /* a context without a doorkeeper binds nothing */
    struct ktg_err err = KTG_ERR_INIT;
    assert_int_equal(ktg_context_new(b->loop, NULL, NULL, &unguarded, NULL), KTG_OK);
    assert_int_equal(ktg_link_bind(unguarded, &o, &calls, &second, &err), KTG_EUSAGE);
    assert_string_equal(err.fault->name, "no-doorkeeper");
    ktg_context_free(unguarded);
    ktg_link_close(router);
}

static void test_link__without_memory_opens_nothing_and_loses_nothing(void **state)
{
    struct bench *b = *state;
    struct ear e = {.messages = 0};
    struct ktg_link_calls calls = calls_of(&e);
    struct ktg_err err = KTG_ERR_INIT;
    char endpoint[64];
    snprintf(endpoint, sizeof endpoint, "ipc://%s/memory.ipc", b->dir);
    struct ktg_link_options o = {.endpoint = endpoint, .domain = "d"};
    for (int kind = 0; kind < 3; kind++) {
        int rc = KTG_ENOMEM;
        for (int n = 0; rc == KTG_ENOMEM; n++) {
            struct ktg_link *l = NULL;
            struct ktg_context *c = NULL;
            ktg_mem_fail_after(n);
            rc = kind == 0   ? ktg_link_bind(b->context, &o, &calls, &l, &err)
                 : kind == 1 ? ktg_link_connect(b->context, &o, &calls, &l, &err)
                             : ktg_context_new(b->loop, look_up, b, &c, &err);
            bool injected = ktg_mem_failed() > 0;
            ktg_mem_fail_after(-1);
            assert_true(injected == (rc == KTG_ENOMEM));
            assert_true((rc == KTG_OK) == (l || c));
            ktg_link_close(l);
            ktg_context_free(c);
            assert_in_range(n, 0, 20);
        }
        assert_int_equal(rc, KTG_OK);
    }
}

static uint64_t hinted;
static void on_hint(void *arg, uint64_t upto)
{
    (void)arg;
    hinted = upto;
}
static bool is_hinted(void *arg)
{
    return hinted >= *(uint64_t *)arg;
}

static void test_hint__tells_the_latest_and_survives_a_publisher_that_comes_later(void **state)
{
    struct bench *b = *state;
    struct ktg_hint *out = NULL, *in = NULL, *thief = NULL;
    struct ktg_err err = KTG_ERR_INIT;
    char endpoint[64];
    snprintf(endpoint, sizeof endpoint, "ipc://%s/hint.ipc", b->dir);
    assert_int_equal(ktg_hint_connect(b->context, endpoint, on_hint, NULL, &in, &err), KTG_OK);
    assert_int_equal(ktg_hint_bind(b->context, endpoint, "hints", &out, &err), KTG_OK);
    assert_int_equal(ktg_hint_bind(b->context, endpoint, "hints", &thief, &err), KTG_ECONFLICT);
    uint64_t upto = 0;
    int64_t deadline = ktg_mono_ms() + PATIENCE;
    for (bool done = false;
         !done && ktg_mono_ms() < deadline;) { /* may be lost: so say it again, higher */
        ktg_hint_send(out, ++upto);
        done = ktg_loop_run_until(b->loop, is_hinted, &(uint64_t){1}, ktg_mono_ms() + 10);
    }
    assert_in_range(hinted, 1, upto);
    for (int i = 0; i < 10000; i++) /* nobody turns the loop: nothing waits, nothing piles up */
        ktg_hint_send(out, ++upto);
    for (bool done = false;
         !done && ktg_mono_ms() < deadline;) { /* the last may be lost, like any */
        ktg_hint_send(out, upto);
        done = ktg_loop_run_until(b->loop, is_hinted, &upto, ktg_mono_ms() + 10);
    }
    assert_int_equal(hinted, upto);
    ktg_hint_close(out);
    ktg_hint_close(in);
    assert_int_equal(ktg_hint_bind(b->context, "tcp://127.0.0.1:*", "hints", &out, &err),
                     KTG_EUSAGE);
}

static void test_curve__keys_are_40_characters_and_nothing_else(void **unused)
{
    (void)unused;
    struct ktg_curve_pair pair;
    struct ktg_curve_key back, derived;
    struct ktg_err err = KTG_ERR_INIT;
    char text[KTG_CURVE_TEXT];
    assert_int_equal(ktg_curve_generate(&pair, NULL), KTG_OK);
    ktg_curve_format(&pair.public_key, text);
    assert_int_equal(strlen(text), 40);
    assert_int_equal(ktg_curve_parse(ktg_bytes_str(text), &back, NULL), KTG_OK);
    assert_memory_equal(&back, &pair.public_key, sizeof back);
    assert_int_equal(ktg_curve_derive(&pair.secret_key, &derived, NULL), KTG_OK);
    assert_memory_equal(&derived, &pair.public_key, sizeof derived);
    /* RFC 32: the test vector of Z85 and of the CurveZMQ keys in the zmq_curve manual */
    assert_int_equal(
        ktg_curve_parse(KTG_LIT("JTKVSB%%)wK0E.X)V>+}o?pNmC{O&4W4b!Ni{Lh6"), &back, NULL), KTG_OK);
    assert_int_equal(ktg_curve_derive(&back, &derived, NULL), KTG_OK);
    ktg_curve_format(&derived, text);
    assert_string_equal(text, "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7");
    static const char *const wrong[] = {"",
                                        "short",
                                        "JTKVSB%%)wK0E.X)V>+}o?pNmC{O&4W4b!Ni{Lh6x",
                                        "JTKVSB%%)wK0E.X)V>+}o?pNmC{O&4W4b!Ni{Lh\x80",
                                        "JTKVSB%% wK0E.X)V>+}o?pNmC{O&4W4b!Ni{Lh6",
                                        "########################################"};
    for (size_t i = 0; i < COUNT(wrong); i++) {
        assert_int_equal(ktg_curve_parse(ktg_bytes_str(wrong[i]), &back, &err), KTG_EINVALID);
        assert_string_equal(err.fault->name, "not-a-key");
    }
    ktg_curve_forget(&pair);
    for (size_t i = 0; i < sizeof pair; i++)
        assert_int_equal(((const uint8_t *)&pair)[i], 0);
}

#define T(name) cmocka_unit_test_setup_teardown(name, bench_open, bench_close)
int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_link__brings_20000_messages_and_their_echoes_and_never_stalls),
        T(test_link__relays_for_whom_it_speaks_and_answers_the_same),
        T(test_link__full_is_eagain_and_then_it_tells_when_there_is_room),
        T(test_link__without_a_peer_a_router_says_so_and_a_dealer_waits),
        T(test_link__a_goodbye_comes_after_the_last_message),
        T(test_link__comes_back_after_the_other_end_was_away),
        T(test_link__an_ipc_path_cannot_be_taken_twice),
        T(test_link__says_what_is_wrong_with_an_address),
        T(test_link__without_memory_opens_nothing_and_loses_nothing),
        T(test_hint__tells_the_latest_and_survives_a_publisher_that_comes_later),
        cmocka_unit_test(test_curve__keys_are_40_characters_and_nothing_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
