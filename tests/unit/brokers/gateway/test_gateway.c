/* tests/unit/brokers/gateway/test_gateway.c - the station itself; the test is a client on loopback and both stations behind.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "brokers/gateway/gateway.h"

#include "schema/faults.h"
#define KTG_TMPDIR_MEMORY
#include "tests/support/tmpdir.h"
#include "tests/unit/brokers/line.h"

static char dir[KTG_TMPDIR_SIZE], run[96], endpoint_file[96], revoked[96], demoted[96];
static pid_t pid;
static struct line *l; /* the client */

/* ---- the station ---- */

static int64_t rate, burst; /* of the key */
static bool subscribes;
static struct ktg_curve_pair server_keys, client_keys;

static int user_named(void *arg, const char *name, struct ktg_gateway_user *ret_user)
{
    (void)arg, (void)name;
    if (access(revoked, F_OK) == 0)
        return KTG_ENOTFOUND;
    *ret_user = (struct ktg_gateway_user){.name = "UTO.A",
                                          .publishes = access(demoted, F_OK) != 0,
                                          .subscribes = subscribes,
                                          .rate = rate,
                                          .burst = burst};
    return KTG_OK;
}
static int user_of_key(void *arg, const char *key, struct ktg_gateway_user *ret_user,
                       const char **ret_reason)
{
    char text[KTG_CURVE_TEXT];
    ktg_curve_format(&client_keys.public_key, text);
    *ret_reason = "unknown key";
    return strcmp(key, text) == 0 ? user_named(arg, "UTO.A", ret_user) : KTG_EDENIED;
}
static bool registry_changed(void *arg)
{
    (void)arg;
    return false; /* as when a key ends by its date */
}
static int run_gateway(void *arg)
{
    struct ktg_err err = KTG_ERR_INIT;
    int rc = ktg_gateway_run(arg, &err);
    if (rc)
        fprintf(stderr, "gateway: %s\n", err.text);
    return rc ? ktg_code_exit_status(rc) : 0;
}

/* ---- the stations behind ---- */

static struct behind {
    struct ktg_link *link;
    uint8_t boot;
    bool mute;       /* passes over PUBLISH */
    uint64_t credit; /* bytes */
    int hellos, publishes, heartbeats, byes, subscribes, queries;
    uint64_t events;
    char user[64];
} ingest, alerts;

static void on_behind(void *arg, struct ktg_link *link, const struct ktg_link_message *lm)
{
    struct behind *b = arg;
    struct ktg_msg m, a = {0};
    struct ktg_buf out = KTG_BUF_INIT, runs = KTG_BUF_INIT;
    uint8_t boot[16] = {b->boot};
    assert_int_equal(ktg_protocol_decode(lm->payload, &m, NULL), KTG_OK);
    a.session = m.session;
    ktg_wire_put_array(&runs, 0);
    if (m.type == KTG_MSG_PING) {
        a.type = KTG_MSG_PONG;
        a.pong = (struct ktg_msg_ping){m.ping.t, 1, ktg_bytes(boot, 16)};
    } else if (m.type == KTG_MSG_HELLO) {
        b->hellos++;
        snprintf(b->user, sizeof b->user, "%.*s", (int)lm->relayed.size,
                 (const char *)lm->relayed.data);
        a.type = KTG_MSG_WELCOME;
        a.welcome = (struct ktg_msg_welcome){.proto = 1,
                                             .session = m.session,
                                             .credit = {100, b->credit},
                                             .limits = {KTG_FRAME_MAX, 1024},
                                             .boot = ktg_bytes(boot, 16)};
    } else if (m.type == KTG_MSG_PUBLISH) {
        b->publishes++;
        b->events += ktg_list_count(m.publish.events);
        if (!b->mute) {
            a.type = KTG_MSG_ACK;
            a.ack = (struct ktg_msg_ack){m.publish.first_seq + ktg_list_count(m.publish.events) - 1,
                                         ktg_buf_view(&runs)};
        }
    } else {
        b->heartbeats += m.type == KTG_MSG_HEARTBEAT;
        b->byes += m.type == KTG_MSG_BYE;
        b->subscribes += m.type == KTG_MSG_SUBSCRIBE;
        b->queries += m.type == KTG_MSG_QUERY;
    }
    if (a.type) {
        assert_int_equal(ktg_protocol_encode(&a, &out, NULL), KTG_OK);
        assert_int_equal(ktg_link_send(link, lm->peer, KTG_BYTES_NONE, ktg_buf_view(&out)), KTG_OK);
    }
    ktg_buf_done(&out);
    ktg_buf_done(&runs);
}

static void bind_behind(struct behind *b, const char *name)
{
    char endpoint[128];
    struct ktg_link_calls calls = {.on_message = on_behind, .arg = b};
    snprintf(endpoint, sizeof endpoint, "ipc://%s/%s.ipc", run, name);
    struct ktg_link_options o = {
        .endpoint = endpoint, .domain = "behind", .relay = true, .max_frame = KTG_FRAME_MAX};
    assert_int_equal(ktg_link_bind(l->context, &o, &calls, &b->link, NULL), KTG_OK);
}

static char listening[128];
static bool is_listening(void *arg)
{
    (void)arg;
    FILE *f = fopen(endpoint_file, "r");
    bool there = f && fgets(listening, sizeof listening, f) != NULL;
    if (f)
        fclose(f);
    return there;
}

static void begin(void)
{
    struct ktg_gateway_options o = {.run_dir = run,
                                    .listen = "tcp://127.0.0.1:*",
                                    .endpoint_file = endpoint_file,
                                    .keys = server_keys,
                                    .clock = KTG_CLOCK_REAL,
                                    .log_level = KTG_LOG_ERROR,
                                    .user_of_key = user_of_key,
                                    .user_named = user_named,
                                    .registry_changed = registry_changed};
    pid = station_start(run_gateway, &o);
    assert_true(line_wait(is_listening, NULL, LINE_PATIENCE));
    l = line_open_with((struct ktg_link_options){
        .endpoint = listening, .keys = &client_keys, .server_key = &server_keys.public_key});
    bind_behind(&ingest, "ingest");
    bind_behind(&alerts, "alerts");
}

static void end_behind(struct behind *b)
{
    b->link = ktg_link_close(b->link);
}
static void end(void)
{
    end_behind(&ingest);
    end_behind(&alerts);
    line_close(l);
    l = NULL;
    assert_int_equal(station_end(pid, SIGTERM), 0);
    pid = 0;
}

/* ---- talk ---- */

static void say_hello(const char *producer, const char *cap)
{
    struct ktg_buf caps = KTG_BUF_INIT;
    struct ktg_msg m = {.type = KTG_MSG_HELLO};
    ktg_wire_put_array(&caps, 1);
    ktg_wire_put_text(&caps, cap);
    m.hello = (struct ktg_msg_hello){.proto_min = 1,
                                     .proto_max = 1,
                                     .producer = ktg_bytes_str(producer),
                                     .caps = ktg_buf_view(&caps)};
    line_say(l, NULL, &m);
    ktg_buf_done(&caps);
}
/* Until a station behind is there: "restarting" means come back. */
static uint64_t hello(const char *cap)
{
    for (int64_t until = ktg_mono_ms() + LINE_PATIENCE; ktg_mono_ms() < until;
         (void)!ktg_loop_run_until(l->loop, line_has_news, l, ktg_mono_ms() + 10)) {
        say_hello("UTO.A", cap);
        struct ktg_msg m = line_next(l);
        if (m.type == KTG_MSG_WELCOME) {
            assert_true(m.session > 0 && m.session == m.welcome.session);
            return m.session;
        }
        assert_int_equal(m.type, KTG_MSG_BYE);
        assert_true(ktg_bytes_is(m.bye.code, "restarting"));
    }
    fail_msg("not welcome");
    return 0;
}
static void publish(uint64_t session, uint64_t first, uint32_t n, uint32_t bytes)
{
    struct ktg_buf list = KTG_BUF_INIT;
    static const uint8_t blob[60000];
    struct ktg_msg m = {.type = KTG_MSG_PUBLISH, .session = session};
    ktg_wire_put_array(&list, n);
    for (uint32_t i = 0; i < n; i++)
        ktg_wire_put_bin(&list, ktg_bytes(blob, bytes));
    m.publish = (struct ktg_msg_publish){first, ktg_buf_view(&list)};
    line_say(l, NULL, &m);
    ktg_buf_done(&list);
}
static struct ktg_msg expect_bye(const char *code)
{
    struct ktg_msg m = line_expect(l, KTG_MSG_BYE);
    if (!ktg_bytes_is(m.bye.code, code))
        fail_msg("%.*s", (int)m.bye.code.size, (const char *)m.bye.code.data);
    return m;
}
static void say(enum ktg_msg_type type, uint64_t session)
{
    struct ktg_msg m = {.type = type, .session = session};
    if (type == KTG_MSG_SUBSCRIBE)
        m.subscribe =
            (struct ktg_msg_subscribe){.sub = KTG_LIT("t"), .from = KTG_FROM_NOW, .window = 1};
    if (type == KTG_MSG_HEARTBEAT)
        m.heartbeat = (struct ktg_msg_heartbeat){.source = KTG_LIT("UTO.A.1"), .period = 1};
    line_say(l, NULL, &m);
}
/* Everything before was passed on: ask the station behind through the gateway. */
static void passed(uint64_t session)
{
    struct ktg_msg m = {.type = KTG_MSG_PING, .session = session};
    line_say(l, NULL, &m);
    assert_int_equal(line_expect(l, KTG_MSG_PONG).session, session);
}

/* ---- tests ---- */

static void test_gateway__a_session_begins_with_hello_and_keeps_its_number(void **unused)
{
    (void)unused;
    begin();
    publish(0, 1, 1, 10);
    expect_bye("no-session");
    say_hello("UTO.B", "publish"); /* another producer's name */
    expect_bye("wrong-key");
    uint64_t s = hello("publish");
    publish(s + 1, 1, 1, 10); /* somebody else's number */
    expect_bye("no-session");
    publish(s, 1, 2, 10);
    assert_int_equal(line_expect(l, KTG_MSG_ACK).ack.seq, 2);
    assert_string_equal(ingest.user, "UTO.A");
    assert_int_equal(ingest.publishes, 1);
    end();
}

static void test_gateway__a_message_of_the_other_side_ends_the_session(void **unused)
{
    (void)unused;
    begin();
    uint64_t s = hello("publish");
    say(KTG_MSG_SUBSCRIBE, s);
    expect_bye("unexpected-message");
    publish(s, 1, 1, 10);
    expect_bye("no-session");
    s = hello("publish");
    say(KTG_MSG_WELCOME, s); /* of the centre */
    expect_bye("unexpected-message");
    assert_int_equal(alerts.subscribes, 0);
    end();
}

static void test_gateway__the_side_follows_from_what_the_client_wants(void **unused)
{
    (void)unused;
    subscribes = true;
    begin();
    uint64_t s = hello("subscribe");
    say(KTG_MSG_SUBSCRIBE, s);
    passed(s);
    assert_true(alerts.hellos == 1 && alerts.subscribes == 1 && ingest.hellos == 0);
    publish(s, 1, 1, 10);
    expect_bye("unexpected-message");
    s = hello("publish");
    assert_true(ingest.hellos == 1 && alerts.byes == 1); /* the other one was told */
    end();
}

static bool came_again(void *arg)
{
    (void)arg;
    return l->ups > 1 && ktg_link_is_up(l->link);
}
static void test_gateway__who_sends_no_messages_is_cut_in_the_end(void **unused)
{
    (void)unused;
    static const uint8_t bad[] = {0x4b, 0x54, 1, 99, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x80},
                         strange[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17};
    begin();
    (void)hello("publish");
    assert_int_equal(ktg_link_send(l->link, 0, KTG_BYTES_NONE, ktg_bytes(strange, sizeof strange)),
                     KTG_OK);
    int byes = 0;
    for (int i = 0; i < 15; i++) {
        assert_int_equal(ktg_link_send(l->link, 0, KTG_BYTES_NONE, ktg_bytes(bad, sizeof bad)),
                         KTG_OK);
        line_expect(l, KTG_MSG_BYE); /* the strange one was answered with nothing */
        byes++;
    }
    assert_int_equal(ktg_link_send(l->link, 0, KTG_BYTES_NONE, ktg_bytes(bad, sizeof bad)), KTG_OK);
    assert_true(ktg_loop_run_until(l->loop, came_again, NULL, ktg_mono_ms() + LINE_PATIENCE));
    l->taken = l->count;
    (void)hello("publish"); /* a new connection */
    assert_int_equal(byes, 15);
    end();
}

static void test_gateway__over_the_credit_ends_over_the_rate_waits(void **unused)
{
    (void)unused;
    rate = 10;
    burst = 5;
    begin();
    ingest.mute = true;
    uint64_t s = hello("publish");
    publish(s, 1, 5, 100);
    publish(s, 6, 4, 100);
    struct ktg_msg m = line_expect(l, KTG_MSG_NACK);
    assert_int_equal(m.nack.nack_class, KTG_NACK_RETRY);
    assert_int_equal(m.nack.seq, 6);
    assert_true(ktg_bytes_is(m.nack.code, "over-rate") && m.nack.retry_after > 0 &&
                m.nack.retry_after <= 400);
    for (int i = 0; i < 20; i++)
        say(KTG_MSG_HEARTBEAT, s); /* they count, too */
    passed(s);
    assert_int_equal(ingest.events, 5);
    assert_true(ingest.heartbeats <= 5);
    publish(s, 50, 101, 10); /* more events than the credit */
    expect_bye("over-credit");
    end();
}

static void test_gateway__questions_reach_the_station_of_the_session_at_the_keys_rate(void **unused)
{
    (void)unused;
    rate = 1;
    burst = 3;
    begin();
    uint64_t s = hello("query"); /* this key may not subscribe */
    for (uint64_t ref = 1; ref <= 5; ref++) {
        struct ktg_msg m = {.type = KTG_MSG_QUERY, .session = s};
        m.query = (struct ktg_msg_query){.ref = ref, .what = KTG_QUERY_STATUS};
        line_say(l, NULL, &m);
    }
    for (uint64_t ref = 4; ref <= 5; ref++) {
        struct ktg_msg m = line_expect(l, KTG_MSG_ANSWER);
        assert_int_equal(m.answer.ref, ref);
        assert_true(ktg_bytes_is(m.answer.code, "over-rate"));
        assert_int_equal(ktg_list_count(m.answer.items), 0);
    }
    passed(s);
    assert_true(ingest.queries == 3 && alerts.queries == 0);
    end();
}

static bool ingest_was_told(void *arg)
{
    (void)arg;
    return ingest.byes > 0;
}
static void test_gateway__bytes_over_the_credit_end_the_session(void **unused)
{
    (void)unused;
    begin();
    ingest.mute = true;
    ingest.credit = 100000;
    uint64_t s = hello("publish");
    publish(s, 1, 1, 60000);
    publish(s, 2, 1, 60000);
    expect_bye("over-credit");
    assert_true(ktg_loop_run_until(l->loop, ingest_was_told, NULL, ktg_mono_ms() + LINE_PATIENCE));
    assert_int_equal(ingest.publishes, 1); /* the one before, and a goodbye */
    end();
}

static void test_gateway__a_station_that_restarts_ends_its_sessions_once(void **unused)
{
    (void)unused;
    begin();
    uint64_t s = hello("publish");
    passed(s);
    ingest.boot = 2; /* noticed by the next ping, within a second */
    struct ktg_msg m = expect_bye("restarting");
    assert_int_equal(m.session, s);
    s = hello("publish");
    end_behind(&ingest); /* now it dies */
    expect_bye("restarting");
    ingest.boot = 3;
    bind_behind(&ingest, "ingest");
    int hellos = ingest.hellos;
    s = hello("publish");
    assert_int_equal(ingest.hellos, hellos + 1);
    publish(s, 1, 1, 10); /* a new boot behind a new line: nobody is sent away again */
    assert_int_equal(line_expect(l, KTG_MSG_ACK).ack.seq, 1);
    end();
}

static void test_gateway__a_revoked_key_is_out_within_a_second(void **unused)
{
    (void)unused;
    begin();
    uint64_t s = hello("publish");
    int64_t began = ktg_mono_ms();
    fclose(fopen(revoked, "w"));
    bool told = false; /* the goodbye comes before the cut */
    while (ktg_link_is_up(l->link) && ktg_mono_ms() - began < 5000) {
        if (!ktg_loop_run_until(l->loop, line_has_news, l, ktg_mono_ms() + 20))
            continue;
        struct ktg_msg m = line_next(l);
        told = told || (m.type == KTG_MSG_BYE && ktg_bytes_is(m.bye.code, "revoked-key"));
    }
    assert_true(ktg_mono_ms() - began < 1000);
    assert_true(told);
    (void)s;
    assert_int_equal(ingest.publishes, 0);
    end();
}

static void test_gateway__a_role_that_was_taken_away_ends_its_session_alone(void **unused)
{
    (void)unused;
    subscribes = true;
    begin();
    uint64_t s = hello("publish");
    fclose(fopen(demoted, "w"));
    assert_int_equal(expect_bye("denied").session, s);
    s = hello("publish"); /* the same connection; it may still ask */
    assert_true(ingest.hellos == 1 && alerts.hellos == 1);
    say(KTG_MSG_SUBSCRIBE, s);
    passed(s);
    assert_int_equal(alerts.subscribes, 1);
    end();
}

static int make(void **unused)
{
    (void)unused;
    ktg_tmpdir_make(dir);
    snprintf(run, sizeof run, "%s/run", dir);
    snprintf(endpoint_file, sizeof endpoint_file, "%s/endpoint", dir);
    snprintf(revoked, sizeof revoked, "%s/revoked", dir);
    snprintf(demoted, sizeof demoted, "%s/demoted", dir);
    ingest = alerts = (struct behind){.boot = 1, .credit = 1u << 20};
    rate = burst = 0;
    subscribes = false;
    if (ktg_curve_generate(&server_keys, NULL) || ktg_curve_generate(&client_keys, NULL))
        return -1;
    return mkdir(run, 0700);
}
static int clear(void **unused)
{
    (void)unused;
    if (l) {
        end_behind(&ingest);
        end_behind(&alerts);
        line_close(l);
    }
    l = NULL;
    if (pid > 0)
        (void)station_end(pid, SIGKILL);
    pid = 0;
    ktg_tmpdir_remove(dir);
    return 0;
}

#define EACH(test) cmocka_unit_test_setup_teardown(test, make, clear)
int main(void)
{
    const struct CMUnitTest tests[] = {
        EACH(test_gateway__a_session_begins_with_hello_and_keeps_its_number),
        EACH(test_gateway__a_message_of_the_other_side_ends_the_session),
        EACH(test_gateway__the_side_follows_from_what_the_client_wants),
        EACH(test_gateway__who_sends_no_messages_is_cut_in_the_end),
        EACH(test_gateway__over_the_credit_ends_over_the_rate_waits),
        EACH(test_gateway__questions_reach_the_station_of_the_session_at_the_keys_rate),
        EACH(test_gateway__bytes_over_the_credit_end_the_session),
        EACH(test_gateway__a_station_that_restarts_ends_its_sessions_once),
        EACH(test_gateway__a_revoked_key_is_out_within_a_second),
        EACH(test_gateway__a_role_that_was_taken_away_ends_its_session_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
