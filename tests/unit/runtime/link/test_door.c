/* tests/unit/runtime/link/test_door.c - who is let in, who is not, and who is thrown out.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/unit/runtime/link/fixture.h"

static void say(struct ktg_link *dealer, const char *text)
{
    assert_int_equal(ktg_link_send(dealer, 0, KTG_BYTES_NONE, ktg_bytes_str(text)), KTG_OK);
}

static void test_door__a_known_key_comes_in_and_every_message_carries_its_user(void **state)
{
    struct bench *b = *state;
    struct ear here = {.messages = 0}, there[2] = {{.messages = 0}};
    struct ktg_link *router = bind_curve(b, &here), *dealers[2];
    for (int i = 0; i < 2; i++) {
        dealers[i] = connect_curve(b, router, i, &there[i]);
        assert_true(wait_for(b, is_up, dealers[i]));
    }
    for (int i = 0; i < 10; i++) {
        say(dealers[i % 2], "event");
        wait_messages(b, &here, i + 1);
        assert_string_equal(here.user, b->users[i % 2]);
        assert_int_equal(ktg_link_send(router, here.peer, KTG_BYTES_NONE, KTG_LIT("ack")), KTG_OK);
        wait_messages(b, &there[i % 2], i / 2 + 1);
        assert_string_equal(there[i % 2].payload, "ack");
    }
    assert_int_equal(here.peers, 2);
    assert_int_equal(b->askings, 2); /* once a connection, not once a message */
    assert_int_equal(b->asked.proof, KTG_PROOF_KEY);
    assert_string_equal(b->asked_domain, "agencies");
    assert_string_equal(b->asked_address, "127.0.0.1");
    assert_int_equal(ktg_context_counts(b->context)->admitted, 2);
    assert_int_equal(ktg_link_counts(router)->accepted, 2);
    assert_int_equal(ktg_link_counts(router)->live, 2);
    for (int i = 0; i < 2; i++)
        ktg_link_close(dealers[i]);
    here.want_gone = 2;
    wait_messages(b, &here, 0);
    assert_int_equal(ktg_link_counts(router)->live, 0);
    ktg_link_close(router);
}

static void
test_door__an_unknown_key_is_refused_and_may_come_in_when_it_was_registered(void **state)
{
    struct bench *b = *state;
    struct ear here = {.messages = 0}, there = {.want_refusals = 1};
    struct ktg_link *router = bind_curve(b, &here), *dealer = connect_curve(b, router, 2, &there);
    wait_messages(b, &there, 0);
    assert_int_equal(there.ups, 0);
    assert_false(ktg_link_is_up(dealer));
    assert_int_equal(ktg_link_send(dealer, 0, KTG_BYTES_NONE, KTG_LIT("?")), KTG_EAGAIN);
    assert_true(ktg_link_counts(router)->failed_auth >= 1);
    assert_true(ktg_context_counts(b->context)->refused >= 1);
    assert_int_equal(here.peers, 0);
    b->users[2] = "UTO.LATE.3";
    assert_true(wait_for(b, is_up, dealer)); /* it tried again by itself */
    say(dealer, "hello");
    wait_messages(b, &here, 1);
    assert_string_equal(here.user, "UTO.LATE.3");
    ktg_link_close(dealer);
    ktg_link_close(router);
}

static void test_door__without_a_key_or_with_another_server_key_nobody_gets_anywhere(void **state)
{
    struct bench *b = *state;
    struct ear here = {.messages = 0}, plain = {.messages = 0}, other = {.messages = 0};
    struct ktg_link *router = bind_curve(b, &here), *dealers[2];
    struct ktg_link_calls calls = calls_of(&plain);
    struct ktg_link_options o = {
        .endpoint = ktg_link_endpoint(router), .plain = true, .retry_min = 20};
    assert_int_equal(ktg_link_connect(b->context, &o, &calls, &dealers[0], NULL), KTG_OK);
    o = (struct ktg_link_options){.endpoint = ktg_link_endpoint(router),
                                  .keys = &b->keys[0],
                                  .server_key = &b->keys[1].public_key,
                                  .retry_min = 20};
    calls = calls_of(&other);
    assert_int_equal(ktg_link_connect(b->context, &o, &calls, &dealers[1], NULL), KTG_OK);
    const struct ktg_link_counts *c = ktg_link_counts(router);
    int64_t deadline = ktg_mono_ms() + PATIENCE;
    while (c->failed_protocol + c->failed_other < 2 && ktg_mono_ms() < deadline)
        let_turn(b, 1);
    assert_true(c->failed_protocol + c->failed_other >= 2);
    assert_int_equal(plain.ups + other.ups, 0);
    assert_int_equal(here.peers + here.messages, 0);
    assert_int_equal(b->askings, 0); /* the doorkeeper is not even asked */
    for (int i = 0; i < 2; i++) {
        assert_int_equal(ktg_link_send(dealers[i], 0, KTG_BYTES_NONE, KTG_LIT("?")), KTG_EAGAIN);
        ktg_link_close(dealers[i]);
    }
    ktg_link_close(router);
}

static void count_peer(void *arg, ktg_peer peer, const char *user)
{
    (void)peer, (void)user;
    ++*(int *)arg;
}

static void test_door__a_revoked_key_is_thrown_out_and_stays_out(void **state)
{
    struct bench *b = *state;
    struct ear here = {.messages = 0}, bad = {.messages = 0}, good = {.messages = 0};
    struct ktg_link *router = bind_curve(b, &here), *evil = connect_curve(b, router, 0, &bad),
                    *honest = connect_curve(b, router, 1, &good);
    assert_true(wait_for(b, is_up, evil) && wait_for(b, is_up, honest));
    say(honest, "hello");
    wait_messages(b, &here, 1);
    say(evil, "hello");
    wait_messages(b, &here, 2);
    ktg_peer peer = here.peer;
    int live = 0;
    ktg_link_peers(router, count_peer, &live);
    assert_int_equal(live, 2);

    for (int i = 0; i < 5; i++)
        say(evil, "still under way");
    b->users[0] = NULL;                                            /* struck off the registry ... */
    assert_int_equal(ktg_link_kick_user(router, "UTO.POST.1"), 1); /* ... and cut */
    assert_int_equal(ktg_link_kick_user(router, "UTO.POST.1"), 0);
    live = 0;
    ktg_link_peers(router, count_peer, &live);
    assert_int_equal(live, 1);
    assert_int_equal(ktg_link_send(router, peer, KTG_BYTES_NONE, KTG_LIT("?")), KTG_EUNREACHABLE);
    here.want_gone = 1;
    bad.want_refusals = 1; /* it comes back, and is refused */
    wait_messages(b, &here, 2);
    wait_messages(b, &bad, 0);
    assert_string_equal(here.gone_user, "UTO.POST.1");
    assert_int_equal(bad.downs, 1);
    assert_int_equal(ktg_link_counts(router)->kicked, 1);
    say(honest, "I am still here");
    wait_messages(b, &here, 3);
    assert_int_equal(here.messages, 3); /* nothing of what was under way */
    assert_string_equal(here.payload, "I am still here");
    assert_int_equal(good.downs, 0);
    ktg_link_close(evil);
    ktg_link_close(honest);
    ktg_link_close(router);
}

static void test_door__on_peer_has_the_last_word(void **state)
{
    struct bench *b = *state;
    struct ear here = {.refuse_peers = true}, there = {.messages = 0};
    struct ktg_link *router = bind_curve(b, &here), *dealer = connect_curve(b, router, 0, &there);
    assert_true(wait_for(b, is_up, dealer));
    say(dealer, "hello");
    int64_t deadline = ktg_mono_ms() + PATIENCE;
    while (there.downs == 0 && ktg_mono_ms() < deadline)
        let_turn(b, 1);
    assert_int_equal(there.downs, 1);
    assert_int_equal(here.messages, 0);
    assert_int_equal(here.gone, 0); /* it was never introduced */
    assert_int_equal(ktg_link_counts(router)->refused_peers, 1);
    ktg_link_close(dealer);
    ktg_link_close(router);
}

static void test_door__is_shut_when_the_house_is_full(void **state)
{
    struct bench *b = *state;
    b->users[2] = "UTO.THIRD.3";
    struct ear here = {.messages = 0}, there[3] = {{.messages = 0}};
    struct ktg_link *router = NULL, *dealers[3];
    struct ktg_link_calls calls = calls_of(&here);
    struct ktg_link_options o = {
        .endpoint = "tcp://127.0.0.1:*", .domain = "agencies", .keys = &b->server, .max_peers = 2};
    assert_int_equal(ktg_link_bind(b->context, &o, &calls, &router, NULL), KTG_OK);
    for (int i = 0; i < 2; i++) {
        dealers[i] = connect_curve(b, router, i, &there[i]);
        assert_true(wait_for(b, is_up, dealers[i]));
        say(dealers[i], "hello");
        wait_messages(b, &here, i + 1);
    }
    dealers[2] = connect_curve(b, router, 2, &there[2]);
    there[2].want_refusals = 1;
    wait_messages(b, &there[2], 0);
    assert_int_equal(b->askings, 2); /* the registry was not even asked */
    ktg_link_close(dealers[0]);
    assert_true(wait_for(b, is_up, dealers[2])); /* now there is room */
    say(dealers[2], "hello");
    wait_messages(b, &here, 3);
    assert_string_equal(here.user, "UTO.THIRD.3");
    ktg_link_close(dealers[1]);
    ktg_link_close(dealers[2]);
    ktg_link_close(router);
}

static void test_door__asks_also_about_plain_loopback_and_about_local_users(void **state)
{
    struct bench *b = *state;
    struct ear here = {.messages = 0}, there = {.want_refusals = 1};
    struct ktg_link *router = NULL, *dealer = NULL;
    char ipc[64];
    snprintf(ipc, sizeof ipc, "ipc://%s/door.ipc", b->dir);
    b->local_user = NULL;
    for (int i = 0; i < 2; i++) {
        struct ktg_link_calls calls = calls_of(&here);
        struct ktg_link_options o = {.endpoint = i ? ipc : "tcp://127.0.0.1:*",
                                     .domain = "demo",
                                     .plain = true,
                                     .retry_min = 20,
                                     .retry_max = 50};
        assert_int_equal(ktg_link_bind(b->context, &o, &calls, &router, NULL), KTG_OK);
        o.endpoint = ktg_link_endpoint(router);
        calls = calls_of(&there);
        assert_int_equal(ktg_link_connect(b->context, &o, &calls, &dealer, NULL), KTG_OK);
        there.want_refusals = there.refusals + 1;
        wait_messages(b, &there, 0);
        assert_int_equal(b->asked.proof, i ? KTG_PROOF_UID : KTG_PROOF_NONE);
        *(i ? &b->local_user : &b->plain_user) = "demo";
        assert_true(wait_for(b, is_up, dealer));
        say(dealer, "hello");
        wait_messages(b, &here, i + 1);
        assert_string_equal(here.user, "demo");
        dealer = ktg_link_close(dealer);
        router = ktg_link_close(router);
    }
}

static void test_door__a_user_id_that_is_none_lets_nobody_in(void **state)
{
    struct bench *b = *state;
    struct ear here = {.messages = 0}, there = {.messages = 0};
    struct ktg_link *router = bind_curve(b, &here), *dealer = connect_curve(b, router, 0, &there);
    static const char *const bad[] = {"", "with blank", "caf\xc3\xa9", "line\n"};
    for (size_t i = 0; i < COUNT(bad); i++) {
        b->users[0] = bad[i];
        there.want_refusals = there.refusals + 2; /* one may have been under way */
        wait_messages(b, &there, 0);
        assert_int_equal(there.ups, 0);
    }
    ktg_link_close(dealer);
    ktg_link_close(router);
}

#define T(name) cmocka_unit_test_setup_teardown(name, bench_open, bench_close)
int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_door__a_known_key_comes_in_and_every_message_carries_its_user),
        T(test_door__an_unknown_key_is_refused_and_may_come_in_when_it_was_registered),
        T(test_door__without_a_key_or_with_another_server_key_nobody_gets_anywhere),
        T(test_door__a_revoked_key_is_thrown_out_and_stays_out),
        T(test_door__on_peer_has_the_last_word),
        T(test_door__is_shut_when_the_house_is_full),
        T(test_door__asks_also_about_plain_loopback_and_about_local_users),
        T(test_door__a_user_id_that_is_none_lets_nobody_in),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
