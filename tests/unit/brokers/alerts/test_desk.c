/* tests/unit/brokers/alerts/test_desk.c - deliveries, questions and actions.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "runtime/civil.h"
#include "schema/event.h"
#include "tests/unit/brokers/alerts/desk_world.h"

/* ---- deliveries ---- */

static void test_desk__a_window_is_kept_and_silence_repeats_it(void **unused)
{
    (void)unused;
    uint64_t at[5];
    for (uint8_t i = 0; i < 5; i++)
        at[i] = raised((uint8_t)(i + 1));
    begin();
    hello("POL.DESK", 1);
    subscribe("POL.DESK", 1, KTG_FROM_CURSOR, 2);
    assert_string_equal(items(1, 2), cursors(at, 0, 2));
    assert_string_equal(items(1, 2), cursors(at, 0, 2)); /* nobody confirmed */
    confirm("POL.DESK", 1, at[0]);
    assert_string_equal(items(1, 1), cursors(at, 2, 3)); /* room for one */
    confirm("POL.DESK", 1, at[2]);
    assert_string_equal(items(1, 2), cursors(at, 3, 5));
    end(SIGTERM);
    begin(); /* what was confirmed is on disk, what was not comes again */
    hello("POL.DESK", 1);
    subscribe("POL.DESK", 1, KTG_FROM_CURSOR, 9);
    assert_string_equal(items(1, 2), cursors(at, 3, 5));
    confirm("POL.DESK", 1, at[3]);
    (void)line_is_quiet(l, "POL.DESK"); /* it was heard, and may not be written */
    end(SIGKILL);
    begin();
    hello("POL.DESK", 1);
    subscribe("POL.DESK", 1, KTG_FROM_CURSOR, 1);
    const char *next = items(1, 1);
    if (strcmp(next, cursors(at, 3, 4)) == 0) { /* what was confirmed just now may come again */
        confirm("POL.DESK", 1, at[3]);
        next = items(1, 1);
    }
    assert_string_equal(next, cursors(at, 4, 5)); /* and nothing is left out */
    confirm("POL.DESK", 1, at[4] + 1000);
    expect_bye("bad-message"); /* never sent */
    end(SIGTERM);
}

static void test_desk__a_confirmation_outlives_its_session(void **unused)
{
    (void)unused;
    uint64_t at[3];
    for (uint8_t i = 0; i < 3; i++)
        at[i] = raised((uint8_t)(i + 1));
    begin();
    hello("POL.DESK", 1);
    subscribe("POL.DESK", 1, KTG_FROM_CURSOR, 9);
    assert_string_equal(items(1, 3), cursors(at, 0, 3));
    kill(pid, SIGSTOP); /* so that these are read at once */
    confirm("POL.DESK", 1, at[1]);
    bye("POL.DESK", 1);
    kill(pid, SIGCONT);
    hello("POL.DESK", 2);
    subscribe("POL.DESK", 2, KTG_FROM_CURSOR, 9);
    assert_string_equal(items(2, 1), cursors(at, 2, 3));
    hello("POL.DESK", 3); /* another session takes the subscription over */
    kill(pid, SIGSTOP);
    confirm("POL.DESK", 2, at[2]);
    subscribe("POL.DESK", 3, KTG_FROM_CURSOR, 9);
    kill(pid, SIGCONT);
    uint64_t more = raised(9);
    assert_string_equal(items(3, 1), cursors(&more, 0, 1)); /* and nothing before it */
    end(SIGTERM);
}

static void test_desk__begins_where_it_was_asked_to(void **unused)
{
    (void)unused;
    uint64_t at[3];
    at[0] = raised(1);
    at[1] = raised(2);
    begin();
    hello("POL.DESK", 1);
    while (line_is_quiet(l, "POL.DESK") < at[1])
        ; /* until it has folded both */
    subscribe("POL.DESK", 1, KTG_FROM_NOW, 9);
    (void)line_is_quiet(l, "POL.DESK");
    at[2] = raised(3);
    assert_string_equal(items(1, 1), cursors(at, 2, 3));
    hello("POL.DESK", 2);
    subscribe("POL.DESK", 2, KTG_FROM_CURSOR, 9); /* `now` was remembered */
    assert_string_equal(items(2, 1), cursors(at, 2, 3));
    confirm("POL.DESK", 2, at[2]);
    hello("POL.DESK", 3);
    subscribe("POL.DESK", 3, KTG_FROM_EARLIEST, 9);
    assert_string_equal(items(3, 3), cursors(at, 0, 3));
    hello("KUA.DESK", 4); /* not told of anything */
    subscribe("KUA.DESK", 4, KTG_FROM_EARLIEST, 9);
    confirm("POL.DESK", 3, at[2]);
    (void)line_is_quiet(l, "KUA.DESK");
    struct ktg_msg m = {.type = KTG_MSG_SUBSCRIBE, .session = 4};
    m.subscribe = (struct ktg_msg_subscribe){
        .sub = KTG_LIT("f"), .filter = KTG_LIT("level == 'hihg'"), .window = 1};
    line_say(l, "KUA.DESK", &m);
    m = line_expect(l, KTG_MSG_BYE); /* not ignored in silence, and it says what is wrong */
    assert_true(ktg_bytes_is(m.bye.code, "bad-filter"));
    assert_non_null(memmem(m.bye.text.data, m.bye.text.size, "hihg", 4));
    hello("KUA.DESK", 4);
    m = (struct ktg_msg){.type = KTG_MSG_SUBSCRIBE, .session = 4};
    m.subscribe = (struct ktg_msg_subscribe){.sub = KTG_LIT("f\n"), .window = 1};
    line_say(l, "KUA.DESK", &m);
    expect_bye("bad-message");
    end(SIGTERM);
}

/* ---- questions ---- */

static struct ktg_msg ask(const char *user, uint64_t session, struct ktg_msg_query q)
{
    struct ktg_msg m = {.type = KTG_MSG_QUERY, .session = session, .query = q};
    line_say(l, user, &m);
    return line_expect(l, KTG_MSG_ANSWER);
}

static void test_desk__lists_in_pages_newest_first(void **unused)
{
    (void)unused;
    uint64_t at[5], n = 0;
    for (uint8_t i = 0; i < 5; i++)
        at[i] = raised((uint8_t)(i + 1));
    begin();
    hello("POL.DESK", 1);
    while (line_is_quiet(l, "POL.DESK") < at[4])
        ;
    char after[24] = "";
    struct ktg_msg a;
    do {
        a = ask(
            "POL.DESK", 1,
            (struct ktg_msg_query){
                .ref = ++n, .what = KTG_QUERY_ALERTS, .limit = 2, .after = ktg_bytes_str(after)});
        assert_int_equal(a.answer.ref, n);
        struct ktg_wire w = ktg_list_open(a.answer.items);
        struct ktg_wire_value v, order;
        for (uint64_t i = 0; !ktg_wire_next(&w, &v); i++) {
            assert_true(ktg_wire_get(v.raw, "order", &order));
            assert_int_equal(order.integer, at[4 - ((n - 1) * 2 + i)]);
            snprintf(after, sizeof after, "%d", (int)order.integer);
            assert_false(memmem(v.raw.data, v.raw.size, PERSON, strlen(PERSON)) != NULL);
        }
    } while (a.answer.more);
    assert_int_equal(n, 3);
    a = ask("POL.DESK", 1,
            (struct ktg_msg_query){.ref = 9, .what = KTG_QUERY_ALERTS, .after = KTG_LIT("7x")});
    assert_true(ktg_bytes_is(a.answer.code, "bad-message"));
    hello("KUA.DESK", 2);
    a = ask("KUA.DESK", 2, (struct ktg_msg_query){.ref = 1, .what = KTG_QUERY_ALERTS});
    assert_int_equal(ktg_list_count(a.answer.items), 0);
    a = ask("KUA.DESK", 2,
            (struct ktg_msg_query){.ref = 1, .what = KTG_QUERY_ALERT, .id = KTG_LIT("0101")});
    assert_true(ktg_bytes_is(a.answer.code, "no-such-alert")); /* as if it were not there */
    a = ask("KUA.DESK", 2, (struct ktg_msg_query){.ref = 2, .what = KTG_QUERY_WHY_NOT});
    assert_true(ktg_bytes_is(a.answer.code, "denied")); /* it does not see all timelines */
    end(SIGTERM);
}

/* "t 3+4 live | f: 0+? filtered": cursor and what is pending of each subscription; first whose it is. */
static const char *status(const char *user, uint64_t session)
{
    static char text[512];
    struct ktg_msg a =
        ask(user, session, (struct ktg_msg_query){.ref = 4, .what = KTG_QUERY_STATUS});
    struct ktg_wire w = ktg_list_open(a.answer.items);
    struct ktg_wire_value v, of, name, flag, cursor, pending;
    size_t n = 0;
    assert_int_equal(a.answer.ref, 4);
    assert_int_equal(a.answer.code.size, 0);
    while (!ktg_wire_next(&w, &v) && n < 480) {
        assert_true(ktg_wire_get(v.raw, "of", &of));
        if (ktg_bytes_is(of.bytes, "desk")) {
            assert_true(ktg_wire_get(v.raw, "agency", &name) &&
                        ktg_wire_get(v.raw, "head", &cursor));
            n += (size_t)snprintf(text + n, sizeof text - n, "%.*s %d", (int)name.bytes.size,
                                  (const char *)name.bytes.data, (int)cursor.integer);
            continue;
        }
        if (ktg_bytes_is(of.bytes, "centre"))
            continue;
        assert_true(ktg_wire_get(v.raw, "sub", &name) && ktg_wire_get(v.raw, "cursor", &cursor));
        bool counted = ktg_wire_get(v.raw, "pending", &pending);
        n += (size_t)snprintf(text + n, sizeof text - n, " | %.*s %d+", (int)name.bytes.size,
                              (const char *)name.bytes.data, (int)cursor.integer);
        n += (size_t)snprintf(text + n, sizeof text - n, counted ? "%d" : "?",
                              counted ? (int)pending.integer : 0);
        for (const char *const *key = (const char *const[]){"filtered", "live", NULL}; *key; key++)
            if (ktg_wire_get(v.raw, *key, &flag) && flag.integer)
                n += (size_t)snprintf(text + n, sizeof text - n, " %s", *key);
    }
    return text;
}

static void test_desk__is_told_where_its_own_subscriptions_stand(void **unused)
{
    (void)unused;
    char want[128];
    uint64_t at[3];
    for (uint8_t i = 0; i < 3; i++)
        at[i] = raised((uint8_t)(i + 1));
    int head = (int)at[2], first = (int)at[0];
    begin();
    hello("POL.DESK", 1);
    while (line_is_quiet(l, "POL.DESK") < at[2])
        ;
    snprintf(want, sizeof want, "POL %d", head);
    assert_string_equal(status("POL.DESK", 1), want);
    subscribe("POL.DESK", 1, KTG_FROM_CURSOR, 9);
    assert_string_equal(items(1, 3), cursors(at, 0, 3));
    confirm("POL.DESK", 1, at[0]);
    struct ktg_msg m = {.type = KTG_MSG_SUBSCRIBE, .session = 1}; /* of these nothing passes */
    m.subscribe = (struct ktg_msg_subscribe){.sub = KTG_LIT("f"),
                                             .filter = KTG_LIT("level == 'low'"),
                                             .window = 1,
                                             .from = KTG_FROM_NOW};
    line_say(l, "POL.DESK", &m);
    (void)line_is_quiet(l, "POL.DESK"); /* and the transaction after it */
    hello("POL.DESK", 2);
    snprintf(want, sizeof want, "POL %d | f %d+0 filtered live | t %d+2 live", head, head, first);
    for (int i = 0; i < 50 && strcmp(status("POL.DESK", 2), want) != 0; i++)
        (void)line_is_quiet(l, "POL.DESK"); /* in order once both are written */
    assert_string_equal(status("POL.DESK", 2), want);
    hello("POL.READ", 3); /* another key of the same agency has cursors of its own */
    snprintf(want, sizeof want, "POL %d", head);
    assert_string_equal(status("POL.READ", 3), want);
    hello("KUA.DESK", 4);
    snprintf(want, sizeof want, "KUA %d", head);
    assert_string_equal(status("KUA.DESK", 4), want);
    end(SIGTERM);
    begin(); /* nobody has said the filter again: what it would let pass nobody knows */
    hello("POL.DESK", 1);
    snprintf(want, sizeof want, "POL %d | f %d+? filtered | t %d+2", head, head, first);
    assert_string_equal(status("POL.DESK", 1), want);
    end(SIGTERM);
}

static int64_t of_centre(const char *key)
{
    struct ktg_msg a =
        ask("POL.DESK", 1,
            (struct ktg_msg_query){.ref = 4, .what = KTG_QUERY_STATUS, .id = KTG_LIT("centre")});
    struct ktg_wire w = ktg_list_open(a.answer.items);
    struct ktg_wire_value item, v;
    assert_int_equal(ktg_wire_next(&w, &item), KTG_OK);
    assert_true(ktg_wire_get(item.raw, "of", &v) && ktg_bytes_is(v.bytes, "centre"));
    assert_true(ktg_wire_get(item.raw, key, &v));
    assert_int_not_equal(ktg_wire_next(&w, &item), KTG_OK); /* and nothing else */
    return v.integer;
}

static bool stands(void *arg)
{
    (void)arg;
    return of_centre("still") >= 2;
}

static void test_desk__is_told_that_the_centre_stands_still(void **unused)
{
    (void)unused;
    assert_int_equal(ktg_journal_seal_and_wait(events, 1, 0, NULL), KTG_OK);
    answered();
    begin();
    hello("POL.DESK", 1);
    while (!of_centre("told_at") || of_centre("behind"))
        ;
    assert_int_equal(of_centre("still_at"), 0);
    assert_int_equal(of_centre("told_at"), 1); /* as our journal says */
    uint64_t told = ktg_journal_mark(events);
    for (int i = 0; i < 3; i++) /* taken, and nobody answers */
        assert_int_equal(ktg_journal_seal_and_wait(events, 1000, 0, NULL), KTG_OK);
    assert_int_equal(of_centre("behind"), ktg_journal_mark(events) - told);
    assert_true(of_centre("late") > 1000);
    assert_true(line_wait(stands, NULL, LINE_PATIENCE));
    assert_true(of_centre("still_at") > 0);
    answered();
    while (of_centre("behind"))
        ;
    assert_int_equal(of_centre("still_at"), 0);
    assert_int_equal(of_centre("late"), 0);
    assert_int_equal(of_centre("told_at"), 1000);
    end(SIGTERM);
}

/* Correlation has derived its findings again: it speaks of positions that it had answered before. */
static void test_desk__a_rederivation_is_told_and_what_left_is_forgotten(void **unused)
{
    (void)unused;
    uint64_t at[3];
    at[0] = raised(1);
    at[1] = raised(2);
    begin();
    hello("POL.DESK", 1);
    subscribe("POL.DESK", 1, KTG_FROM_CURSOR, 9);
    assert_string_equal(items(1, 2), cursors(at, 0, 2));
    confirm("POL.DESK", 1, at[1]);
    (void)say(2, KTG_FINDING_LEFT,
              &(struct difference){1, 2, "none", "", NULL, {NULL}, NULL, NULL, NULL});
    at[2] =
        say(2, KTG_FINDING_RECORD,
            &(struct difference){2, 2, "withdraw", "withdrawn", NULL, {"POL"}, NULL, NULL, NULL});
    assert_int_equal(ktg_journal_seal_and_wait(findings, 1, answered_upto, NULL), KTG_OK);
    assert_string_equal(items(1, 1), cursors(at, 2, 3)); /* of the first nothing is said */
    struct ktg_msg a =
        ask("POL.DESK", 1, (struct ktg_msg_query){.ref = 1, .what = KTG_QUERY_ALERTS});
    assert_int_equal(ktg_list_count(a.answer.items), 1);
    a = ask("POL.DESK", 1,
            (struct ktg_msg_query){.ref = 2, .what = KTG_QUERY_ALERT, .id = KTG_LIT("0101")});
    assert_true(ktg_bytes_is(a.answer.code, "no-such-alert"));
    end(SIGTERM);
}

/* ---- actions ---- */

static void test_desk__an_action_is_done_when_the_journal_has_it(void **unused)
{
    (void)unused;
    uint64_t last = raised(0xab);
    begin();
    hello("POL.DESK", 1);
    hello("POL.READ", 2);
    hello("IMI.DESK", 3);
    while (line_is_quiet(l, "POL.DESK") < last)
        ;
    assert_true(is_status(act("POL.READ", 2, KTG_ACTION_ACK, "abab", NULL), "denied"));
    assert_true(is_status(act("POL.DESK", 1, KTG_ACTION_ACK, "acac", NULL), "no-such-alert"));
    assert_true(is_status(act("POL.DESK", 1, KTG_ACTION_CLOSE, "abab", NULL), "missing-field"));
    struct ktg_msg m = act("POL.DESK", 1, KTG_ACTION_ACK, "abab", NULL);
    assert_true(is_status(m, "done"));
    assert_true(m.result.position > 0 && m.result.position <= ktg_journal_mark(events));
    assert_true(is_status(act("POL.DESK", 1, KTG_ACTION_ACK, "abab", NULL), "wrong-state"));
    m = ask("IMI.DESK", 3, (struct ktg_msg_query){.ref = 1, .what = KTG_QUERY_ALERTS});
    struct ktg_wire w = ktg_list_open(m.answer.items);
    struct ktg_wire_value v, track;
    assert_int_equal(ktg_wire_next(&w, &v), KTG_OK);
    assert_true(ktg_wire_get(v.raw, "track", &track) &&
                ktg_bytes_is(track.bytes, "new")); /* IMI's own */
    assert_true(is_status(act("IMI.DESK", 3, KTG_ACTION_CLOSE, "abab", "left"), "done"));
    assert_true(is_status(act("POL.DESK", 1, KTG_ACTION_CLOSE, "abab", "left"), "done"));
    end(SIGTERM);
}

static void test_desk__an_action_that_ingest_refuses_is_told(void **unused)
{
    (void)unused;
    uint64_t last = raised(0xab);
    reject = "wrong-code";
    begin();
    hello("POL.DESK", 1);
    while (line_is_quiet(l, "POL.DESK") < last)
        ;
    assert_true(is_status(act("POL.DESK", 1, KTG_ACTION_ACK, "abab", NULL), "wrong-code"));
    reject = NULL;
    assert_true(is_status(act("POL.DESK", 1, KTG_ACTION_ACK, "abab", NULL), "done"));
    end(SIGTERM);
}

/* Two officers press at the same moment: both events stand, one of them has moved the track. */
static void test_desk__the_second_of_two_officers_is_told_so(void **unused)
{
    (void)unused;
    uint64_t last = raised(0xab);
    begin();
    hello("POL.DESK", 1);
    while (line_is_quiet(l, "POL.DESK") < last)
        ;
    kill(pid, SIGSTOP);
    for (uint64_t ref = 1; ref <= 2; ref++) {
        struct ktg_msg m = {.type = KTG_MSG_ACTION, .session = 1};
        m.action = (struct ktg_msg_action){.ref = ref,
                                           .action = KTG_ACTION_ACK,
                                           .alert = KTG_LIT("abab"),
                                           .officer = KTG_LIT("piket")};
        line_say(l, "POL.DESK", &m);
    }
    kill(pid, SIGCONT);
    int done = 0, late = 0;
    for (int i = 0; i < 2; i++) {
        struct ktg_msg m = line_expect(l, KTG_MSG_RESULT);
        done += ktg_bytes_is(m.result.status, "done");
        late += ktg_bytes_is(m.result.status, "wrong-state");
    }
    assert_true(done == 1 && late == 1);
    end(SIGTERM);
}

static struct ktg_msg ack_as(uint64_t session, const uint8_t id[16], const char *officer)
{
    struct ktg_msg m = {.type = KTG_MSG_ACTION, .session = session};
    m.action = (struct ktg_msg_action){.ref = 7,
                                       .action = KTG_ACTION_ACK,
                                       .alert = KTG_LIT("abab"),
                                       .officer = ktg_bytes_str(officer),
                                       .id = ktg_bytes(id, 16)};
    return m;
}

/* How many acknowledgements stand in the event journal. */
static int acks(void)
{
    struct ktg_journal_reader *r = NULL;
    struct ktg_journal_item item;
    struct ktg_wire_value type;
    int n = 0;
    assert_int_equal(ktg_journal_reader_open(events_dir, NULL, &r, NULL), KTG_OK);
    while (!ktg_journal_reader_next(r, &item, NULL))
        n += ktg_wire_get(item.payload, "type", &type) && ktg_bytes_is(type.bytes, "alert.ack");
    ktg_journal_reader_close(r);
    return n;
}

/* The line broke before its officer was told: the same act is said again, by a desk that comes back. */
static void test_desk__an_act_that_is_said_again_is_one_act(void **unused)
{
    (void)unused;
    uint64_t last = raised(0xab);
    struct ktg_id_source ids = {.seed = 1};
    uint8_t id[16], other[16], ahead[16];
    ktg_time now = ktg_clock_now(&KTG_CLOCK_REAL);
    ktg_id_next(&ids, now - 1000, id);
    ktg_id_next(&ids, now - 900, other);
    ktg_id_next(&ids, now + 2 * KTG_DAY_MS, ahead);
    begin();
    hello("POL.DESK", 1);
    while (line_is_quiet(l, "POL.DESK") < last)
        ;
    kill(pid, SIGSTOP); /* both come before the first is in the journal */
    struct ktg_msg m = ack_as(1, id, "piket");
    line_say(l, "POL.DESK", &m);
    line_say(l, "POL.DESK", &m);
    kill(pid, SIGCONT);
    for (int i = 0; i < 2; i++) {
        m = line_expect(l, KTG_MSG_RESULT);
        assert_true(ktg_bytes_is(m.result.status, "done"));
        assert_true(m.result.position > 0);
    }
    end(SIGKILL); /* and once more, to a station that has forgotten who said so */
    begin();
    hello("POL.DESK", 1);
    static const struct {
        const char *officer, *status;
        int which;
    } again[] = {
        {"piket", "done", 0},
        {"piket", "wrong-state", 1},  /* another act */
        {"other", "wrong-state", 0},  /* of somebody else */
        {"piket", "wrong-state", 2}}; /* a number that cannot be: one of the centre's own */
    for (size_t i = 0; i < KTG_COUNT(again); i++) {
        const uint8_t *ids_of[] = {id, other, ahead};
        m = ack_as(1, ids_of[again[i].which], again[i].officer);
        line_say(l, "POL.DESK", &m);
        m = line_expect(l, KTG_MSG_RESULT);
        if (!ktg_bytes_is(m.result.status, again[i].status))
            fail_msg("row %zu: %.*s", i, (int)m.result.status.size, m.result.status.data);
    }
    end(SIGTERM);
    assert_int_equal(acks(), 1);
}

/* When the only acknowledgement in the event journal says that it was given. */
static ktg_time acked_at(void)
{
    struct ktg_journal_reader *r = NULL;
    struct ktg_journal_item item;
    struct ktg_wire_value type, at, ms = {0};
    assert_int_equal(ktg_journal_reader_open(events_dir, NULL, &r, NULL), KTG_OK);
    while (!ktg_journal_reader_next(r, &item, NULL))
        if (ktg_wire_get(item.payload, "type", &type) && ktg_bytes_is(type.bytes, "alert.ack") &&
            ktg_wire_get(item.payload, "occurred_at", &at)) {
            struct ktg_wire w = ktg_wire_inside(&at);
            assert_int_equal(ktg_wire_next(&w, &ms), KTG_OK);
        }
    ktg_journal_reader_close(r);
    return ms.integer;
}

/* Else whoever is late would be in time by saying so. */
static void test_desk__nobody_acts_eleven_minutes_ago(void **unused)
{
    (void)unused;
    uint64_t last = raised(0xab);
    struct ktg_id_source ids = {.seed = 1};
    uint8_t id[16];
    ktg_time now = ktg_clock_now(&KTG_CLOCK_REAL);
    ktg_id_next(&ids, now - 11 * 60 * 1000, id);
    begin();
    hello("POL.DESK", 1);
    while (line_is_quiet(l, "POL.DESK") < last)
        ;
    struct ktg_msg m = ack_as(1, id, "piket");
    line_say(l, "POL.DESK", &m);
    m = line_expect(l, KTG_MSG_RESULT);
    assert_true(ktg_bytes_is(m.result.status, "done"));
    end(SIGTERM);
    assert_true(acked_at() >= now);
}

static void test_desk__a_casebook_of_another_findings_journal_is_built_again(void **unused)
{
    (void)unused;
    uint64_t at[3];
    for (uint8_t i = 0; i < 3; i++)
        at[i] = raised((uint8_t)(i + 1));
    begin();
    hello("POL.DESK", 1);
    subscribe("POL.DESK", 1, KTG_FROM_CURSOR, 9);
    assert_string_equal(items(1, 3), cursors(at, 0, 3));
    confirm("POL.DESK", 1, at[2]);
    (void)line_is_quiet(l, "POL.DESK");
    end(SIGTERM);
    /* the findings journal is lost and derived again, in other frames: other positions */
    findings = ktg_journal_close(findings);
    ktg_tmpdir_remove(findings_dir);
    assert_int_equal(mkdir(findings_dir, 0700), 0);
    struct ktg_journal_options o = {.segment_size = 1u << 20, .no_threads = true};
    assert_int_equal(ktg_journal_open(findings_dir, &o, &findings, NULL), KTG_OK);
    for (int i = 0; i < 4; i++)
        answered();
    uint64_t more = raised(9);
    begin();
    hello("POL.DESK", 1);
    subscribe("POL.DESK", 1, KTG_FROM_CURSOR, 9);
    assert_string_equal(items(1, 1), cursors(&more, 0, 1));
    end(SIGTERM);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        EACH(test_desk__a_window_is_kept_and_silence_repeats_it),
        EACH(test_desk__a_confirmation_outlives_its_session),
        EACH(test_desk__begins_where_it_was_asked_to),
        EACH(test_desk__lists_in_pages_newest_first),
        EACH(test_desk__is_told_where_its_own_subscriptions_stand),
        EACH(test_desk__is_told_that_the_centre_stands_still),
        EACH(test_desk__a_rederivation_is_told_and_what_left_is_forgotten),
        EACH(test_desk__an_action_is_done_when_the_journal_has_it),
        EACH(test_desk__an_action_that_ingest_refuses_is_told),
        EACH(test_desk__nobody_acts_eleven_minutes_ago),
        EACH(test_desk__an_act_that_is_said_again_is_one_act),
        EACH(test_desk__the_second_of_two_officers_is_told_so),
        EACH(test_desk__a_casebook_of_another_findings_journal_is_built_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
