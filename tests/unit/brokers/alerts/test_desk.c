/* tests/unit/brokers/alerts/test_desk.c - the station itself: findings and events are written by the test, which also is the
 * gateway on one side and ingest on the other.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "brokers/alerts/alerts.h"

#include "rules/ruleset.h"
#include "runtime/hash.h"
#include "runtime/journal/journal.h"
#include "schema/finding.h"
#include "schema/record.h"
#define KTG_TMPDIR_MEMORY
#include "tests/support/tmpdir.h"
#include "tests/unit/brokers/alerts/finding.h"
#include "tests/unit/brokers/line.h"

static char dir[KTG_TMPDIR_SIZE], run[96], events_dir[96], findings_dir[96], casebook_dir[96],
    endpoint[128];
static struct ktg_journal *events, *findings;
static struct ktg_link *ingest;
static const char *reject; /* what our ingest says to officers' events; NULL: takes them */
static uint64_t taken;     /* acknowledged by our ingest */
static struct line *l;
static pid_t pid;
static char said[128]; /* where the station writes what it logs; empty: where we do */

/* ---- the station ---- */

static int user_named(void *arg, struct ktg_bytes name, struct ktg_alerts_user *ret_user)
{
    (void)arg;
    static const struct {
        const char *name, *agency;
        bool acts;
    } users[] = {{"POL.DESK", "POL", true},
                 {"POL.READ", "POL", false},
                 {"IMI.DESK", "IMI", true},
                 {"KUA.DESK", "KUA", true}};
    for (size_t i = 0; i < COUNT(users); i++)
        if (ktg_bytes_is(name, users[i].name)) {
            *ret_user = (struct ktg_alerts_user){.subscribes = true, .acts = users[i].acts};
            snprintf(ret_user->agency, sizeof ret_user->agency, "%s", users[i].agency);
            return KTG_OK;
        }
    return KTG_ENOTFOUND;
}
static int run_alerts(void *arg)
{
    struct ktg_err err = KTG_ERR_INIT;
    if (said[0] && !freopen(said, "a", stderr))
        return 1;
    int rc = ktg_alerts_run(arg, &err);
    if (rc)
        fprintf(stderr, "alerts: %s\n", err.text);
    return rc ? ktg_code_exit_status(rc) : 0;
}

/* ---- journals ---- */

static uint64_t answered_upto; /* the last `done` */
static void answered(void)
{
    answered_upto = ktg_journal_mark(events);
    assert_int_equal(ktg_journal_seal_and_wait(findings, 1, answered_upto, NULL), KTG_OK);
}
/* A difference for an event position, not durable yet. */
static uint64_t say(ktg_position pos, uint8_t kind, const struct difference *d)
{
    struct ktg_buf meta = KTG_BUF_INIT, payload = KTG_BUF_INIT;
    struct ktg_finding_meta m = {.position = pos, .rev = (uint32_t)d->rev, .engine = 1};
    ktg_position at;
    memset(m.finding, d->label, sizeof m.finding);
    ktg_finding_meta_encode(&m, &meta);
    assert_int_equal(ktg_journal_append(findings, kind, ktg_buf_view(&meta),
                                        difference_bytes(d, &payload), NULL, &at),
                     KTG_OK);
    ktg_buf_done(&meta);
    ktg_buf_done(&payload);
    return at;
}
/* An event, and the difference that it brings about. */
static uint64_t differ(const struct difference *d)
{
    struct ktg_buf meta = KTG_BUF_INIT;
    struct ktg_record_meta m = {KTG_LIT("UTO.A"), 1, 1, 0};
    ktg_position pos;
    ktg_record_meta_encode(&m, &meta);
    assert_int_equal(ktg_journal_append(events, KTG_RECORD_EVENT, ktg_buf_view(&meta),
                                        KTG_LIT("\x80"), NULL, &pos),
                     KTG_OK);
    assert_int_equal(ktg_journal_seal_and_wait(events, 1, 0, NULL), KTG_OK);
    ktg_buf_done(&meta);
    uint64_t at = say(pos, KTG_FINDING_RECORD, d);
    answered();
    return at;
}
static uint64_t raised(uint8_t label)
{
    return differ(&(struct difference){label, 1, "raise", "open", NULL, {"POL"}, NULL, NULL, NULL});
}

/* ---- our ingest ---- */

static void answer(struct ktg_link *link, ktg_peer peer, const struct ktg_msg *m)
{
    struct ktg_buf out = KTG_BUF_INIT;
    assert_int_equal(ktg_protocol_encode(m, &out, NULL), KTG_OK);
    assert_int_equal(ktg_link_send(link, peer, KTG_BYTES_NONE, ktg_buf_view(&out)), KTG_OK);
    ktg_buf_done(&out);
}

static void take(struct ktg_link *link, ktg_peer peer, uint64_t seq, struct ktg_bytes blob)
{
    struct ktg_wire_value id, type;
    struct ktg_buf meta = KTG_BUF_INIT;
    struct ktg_record_meta m = {KTG_LIT("SYSTEM.ALERTS"), 1, seq, 0};
    ktg_position pos;
    assert_true(ktg_wire_get(blob, "id", &id) && ktg_wire_get(blob, "type", &type));
    if (reject &&
        (ktg_bytes_is(type.bytes, "alert.ack") || ktg_bytes_is(type.bytes, "alert.closed"))) {
        struct ktg_msg n = {.type = KTG_MSG_NACK};
        n.nack = (struct ktg_msg_nack){
            .nack_class = KTG_NACK_REJECT, .seq = seq, .code = ktg_bytes_str(reject)};
        answer(link, peer, &n);
        return;
    }
    ktg_record_meta_encode(&m, &meta);
    assert_int_equal(ktg_journal_append(events, KTG_RECORD_EVENT, ktg_buf_view(&meta), blob,
                                        id.bytes.data, &pos),
                     KTG_OK);
    ktg_buf_done(&meta);
}

static void on_ingest(void *arg, struct ktg_link *link, const struct ktg_link_message *lm)
{
    struct ktg_msg m, a = {.type = KTG_MSG_ACK};
    (void)arg;
    assert_int_equal(ktg_protocol_decode(lm->payload, &m, NULL), KTG_OK);
    if (m.type == KTG_MSG_HELLO) {
        static const uint8_t boot[16] = {1};
        taken = 0;
        a = (struct ktg_msg){.type = KTG_MSG_WELCOME};
        a.welcome = (struct ktg_msg_welcome){.proto = 1,
                                             .credit = {4096, 1u << 20},
                                             .limits = {KTG_FRAME_MAX, 1024},
                                             .boot = ktg_bytes(boot, 16)};
        answer(link, lm->peer, &a);
    } else if (m.type == KTG_MSG_PUBLISH) {
        struct ktg_wire w = ktg_list_open(m.publish.events);
        struct ktg_wire_value v;
        struct ktg_buf runs = KTG_BUF_INIT;
        for (uint64_t seq = m.publish.first_seq; !ktg_wire_next(&w, &v); seq++)
            if (seq == taken + 1) {
                take(link, lm->peer, seq, v.bytes);
                taken = seq;
            }
        assert_int_equal(ktg_journal_seal_and_wait(events, 1, 0, NULL), KTG_OK);
        answered();
        ktg_wire_put_array(&runs, 0);
        a.ack = (struct ktg_msg_ack){taken, ktg_buf_view(&runs)};
        answer(link, lm->peer, &a);
        ktg_buf_done(&runs);
    }
}

static void begin(void)
{
    struct ktg_alerts_options o = {.run_dir = run,
                                   .journal_dir = events_dir,
                                   .findings_dir = findings_dir,
                                   .casebook_dir = casebook_dir,
                                   .clock = KTG_CLOCK_REAL,
                                   .log_level = said[0] ? KTG_LOG_WARNING : KTG_LOG_ERROR,
                                   .map_size = 16u << 20,
                                   .retry_min = 200,
                                   .retry_max = 400,
                                   .user_named = user_named};
    char in[128];
    struct ktg_link_calls calls = {.on_message = on_ingest};
    snprintf(in, sizeof in, "ipc://%s/ingest.ipc", run);
    pid = station_start(run_alerts, &o);
    l = line_open(endpoint);
    struct ktg_link_options lo = {
        .endpoint = in, .domain = "ingest", .relay = true, .max_frame = KTG_FRAME_MAX};
    assert_int_equal(ktg_link_bind(l->context, &lo, &calls, &ingest, NULL), KTG_OK);
}
static void end(int signal_number)
{
    ingest = ktg_link_close(ingest);
    line_close(l);
    l = NULL;
    assert_int_equal(station_end(pid, signal_number), signal_number == SIGKILL ? -SIGKILL : 0);
    pid = 0;
}

/* ---- talk ---- */

static void hello(const char *user, uint64_t session)
{
    struct ktg_msg m = {.type = KTG_MSG_HELLO, .session = session};
    m.hello =
        (struct ktg_msg_hello){.proto_min = 1, .proto_max = 1, .producer = ktg_bytes_str(user)};
    line_say(l, user, &m);
    assert_int_equal(line_expect(l, KTG_MSG_WELCOME).session, session);
}
static void subscribe(const char *user, uint64_t session, int from, uint64_t window)
{
    struct ktg_msg m = {.type = KTG_MSG_SUBSCRIBE, .session = session};
    m.subscribe = (struct ktg_msg_subscribe){.sub = KTG_LIT("t"), .from = from, .window = window};
    line_say(l, user, &m);
}
static void confirm(const char *user, uint64_t session, uint64_t cursor)
{
    struct ktg_msg m = {.type = KTG_MSG_CONFIRM, .session = session};
    m.confirm = (struct ktg_msg_confirm){KTG_LIT("t"), cursor};
    line_say(l, user, &m);
}
static void bye(const char *user, uint64_t session)
{
    struct ktg_msg m = {.type = KTG_MSG_BYE, .session = session};
    m.bye.code = KTG_LIT("goodbye");
    line_say(l, user, &m);
}
/* "3 6": the cursors of the next DELIVERs of this session, until `n` items came. */
static const char *items(uint64_t session, int n)
{
    static char text[512];
    size_t at = 0;
    text[0] = 0;
    for (int got = 0; got < n;) {
        struct ktg_msg m = line_expect(l, KTG_MSG_DELIVER);
        struct ktg_wire w = ktg_list_open(m.deliver.items);
        struct ktg_item item;
        if (m.session < session) /* a repeat to the session before, already on its way */
            continue;
        assert_int_equal(m.session, session);
        for (; !ktg_item_next(&w, &item); got++)
            at += (size_t)snprintf(text + at, sizeof text - at, "%s%d", at ? " " : "",
                                   (int)item.cursor);
    }
    return text;
}
static const char *cursors(const uint64_t *at, int from, int to)
{
    static char text[512];
    size_t n = 0;
    text[0] = 0;
    for (int i = from; i < to; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, "%s%d", n ? " " : "", (int)at[i]);
    return text;
}
static void expect_bye(const char *code)
{
    struct ktg_msg m = line_expect(l, KTG_MSG_BYE);
    if (!ktg_bytes_is(m.bye.code, code))
        fail_msg("%.*s", (int)m.bye.code.size, (const char *)m.bye.code.data);
}

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
    end(SIGKILL);
    begin(); /* what was confirmed is on disk, what was not comes again */
    hello("POL.DESK", 1);
    subscribe("POL.DESK", 1, KTG_FROM_CURSOR, 9);
    assert_string_equal(items(1, 2), cursors(at, 3, 5));
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

/* ---- filters ---- */

static void filtered(uint64_t session, int from, const char *filter)
{
    struct ktg_msg m = {.type = KTG_MSG_SUBSCRIBE, .session = session};
    m.subscribe = (struct ktg_msg_subscribe){
        .sub = KTG_LIT("t"), .from = from, .window = 9, .filter = ktg_bytes_str(filter)};
    line_say(l, "POL.DESK", &m);
}
static uint64_t of_rule(uint8_t label, uint64_t rev, const char *op, const char *state,
                        const char *rule, const char *level)
{
    return differ(&(struct difference){.label = label,
                                       .rev = rev,
                                       .op = op,
                                       .state = state,
                                       .rule = rule,
                                       .to = {"POL"},
                                       .level = level});
}

static void test_desk__a_filter_has_a_cursor_of_its_own_and_tells_on_what_it_told(void **unused)
{
    (void)unused;
    uint64_t at[8];
    at[0] = of_rule(1, 1, "raise", "open", "overstay-fee", "medium");
    at[1] = of_rule(2, 1, "raise", "open", "case-linked", "high");
    at[2] = of_rule(1, 2, "amend", "open", "overstay-fee", "high");
    at[3] = of_rule(2, 2, "amend", "open", "case-linked", "low"); /* it was high: told on */
    begin();
    hello("POL.DESK", 1);
    filtered(1, KTG_FROM_CURSOR, "level == 'high'");
    assert_string_equal(items(1, 3), cursors(at, 1, 4));
    confirm("POL.DESK", 1, at[3]);
    hello("POL.DESK",
          2); /* another filter of the same name: what the first passed over is not lost */
    filtered(2, KTG_FROM_CURSOR, "rule.startsWith('overstay-')");
    uint64_t stay[] = {at[0], at[2]};
    assert_string_equal(items(2, 2), cursors(stay, 0, 2));
    confirm("POL.DESK", 2, at[2]);
    (void)line_is_quiet(l, "POL.DESK");
    at[4] = of_rule(1, 3, "withdraw", "withdrawn", "overstay-fee", "low");
    at[5] = of_rule(3, 1, "raise", "open", "overstay-deport", "low");
    uint64_t later[] = {at[4], at[5]};
    assert_string_equal(items(2, 2), cursors(later, 0, 2));
    end(SIGKILL);
    begin(); /* each goes on where it was confirmed */
    hello("POL.DESK", 1);
    filtered(1, KTG_FROM_CURSOR, "level == 'high'");
    assert_string_equal(items(1, 1), cursors(at, 4, 5));
    confirm("POL.DESK", 1, at[4]);
    at[6] = of_rule(4, 1, "raise", "open", "case-linked", "low");
    at[7] = of_rule(5, 1, "raise", "open", "case-linked", "high");
    assert_string_equal(items(1, 1), cursors(at, 7, 8));
    hello("POL.DESK", 2);
    filtered(2, KTG_FROM_CURSOR, "rule.startsWith('overstay-')");
    assert_string_equal(items(2, 2), cursors(later, 0, 2));
    hello("POL.DESK", 3);
    filtered(3, KTG_FROM_CURSOR, "district == '6105'");
    uint64_t more = of_rule(6, 1, "raise", "open", "case-linked", "high");
    hello("POL.DESK", 4);
    filtered(4, KTG_FROM_CURSOR, "district == 'sanggau' && level == 'high' && state == 'open'");
    uint64_t there[] = {at[1], at[2], at[3], at[4], at[7], more}; /* nothing for 3 in between */
    assert_string_equal(items(4, 6), cursors(there, 0, 6));
    end(SIGTERM);
}

/* ---- routing ---- */

static void texts(const char *name, const char *text)
{
    struct ktg_buf meta = KTG_BUF_INIT, bundle = KTG_BUF_INIT;
    struct ktg_record_meta m = {KTG_LIT("SYSTEM.INGEST"), 0, 0, 0};
    const struct ktg_file files[] = {{KTG_LIT("settings.yaml"), KTG_LIT("a: 1")},
                                     {ktg_bytes_str(name), ktg_bytes_str(text)}};
    ktg_position pos;
    ktg_record_meta_encode(&m, &meta);
    assert_int_equal(ktg_bundle_encode(files, COUNT(files), &bundle), KTG_OK);
    assert_int_equal(ktg_journal_append(events, KTG_RECORD_RULESET, ktg_buf_view(&meta),
                                        ktg_buf_view(&bundle), NULL, &pos),
                     KTG_OK);
    assert_int_equal(ktg_journal_seal_and_wait(events, 1, 0, NULL), KTG_OK);
    ktg_buf_done(&meta);
    ktg_buf_done(&bundle);
}
static uint64_t for_whom(uint8_t label, const char *to, const char *agency)
{
    return differ(
        &(struct difference){label, 1, "raise", "open", "alert-stale", {to}, NULL, agency, NULL});
}

static bool has_counted(void *arg)
{
    return station_metric(run, "alerts", "kentongan_alerts_unrouted_total") >= *(uint64_t *)arg;
}

static void test_desk__words_reach_whom_they_mean_and_nobody_else(void **unused)
{
    (void)unused;
    static const char text[] =
        "- {code: IMI, name: {id: a, en: b}, tier: district, districts: ['*']}\n"
        "- {code: POL, name: {id: a, en: b}, tier: district, districts: ['*'], superior: KUA}\n"
        "- {code: KUA, name: {id: a, en: b}, tier: province, districts: ['*']}\n";
    uint64_t at[5], all = 3;
    snprintf(said, sizeof said, "%s/said", dir);
    at[0] = for_whom(1, "SUPERIOR", "POL"); /* no agencies in the journal yet: IMI alone */
    texts("agencies.yaml", text);
    at[1] = for_whom(2, "SELF", "POL");
    at[2] = for_whom(3, "SUPERIOR", "POL");
    at[3] = for_whom(4, "NOBODY", "POL");
    at[4] = for_whom(5, "NOBODY", "POL");
    begin();
    hello("POL.DESK", 1);
    hello("KUA.DESK", 2);
    hello("IMI.DESK", 3);
    while (line_is_quiet(l, "POL.DESK") < at[4])
        ;
    subscribe("POL.DESK", 1, KTG_FROM_EARLIEST, 9);
    assert_string_equal(items(1, 1), cursors(at, 1, 2));
    subscribe("KUA.DESK", 2, KTG_FROM_EARLIEST, 9);
    assert_string_equal(items(2, 1), cursors(at, 2, 3));
    subscribe("IMI.DESK", 3, KTG_FROM_EARLIEST, 9);
    assert_string_equal(items(3, 5), cursors(at, 0, 5));
    assert_true(line_wait(has_counted, &all, LINE_PATIENCE));
    assert_int_equal(station_metric(run, "alerts", "kentongan_alerts_unrouted_total"), 3);
    end(SIGKILL);
    begin(); /* it goes on with the agencies that it had met */
    hello("KUA.DESK", 1);
    uint64_t more = for_whom(6, "SUPERIOR", "POL");
    subscribe("KUA.DESK", 1, KTG_FROM_CURSOR, 9);
    uint64_t both[] = {at[2], more};
    assert_string_equal(items(1, 2), cursors(both, 0, 2));
    end(SIGTERM);
    char log[8192] = "";
    FILE *f = fopen(said, "r");
    assert_non_null(f);
    log[fread(log, 1, sizeof log - 1, f)] = 0;
    fclose(f);
    static const char word[] = "rule=alert-stale to=SUPERIOR agency=- why=names-nobody",
                      code[] = "rule=alert-stale to=NOBODY agency=NOBODY why=no-such-agency";
    const char *first = strstr(log, code);
    if (!strstr(log, word) || !first || strstr(first + 1, code)) /* said, and said once */
        fail_msg("%s", log);
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

static struct ktg_msg act(const char *user, uint64_t session, int action, const char *alert,
                          const char *reason)
{
    struct ktg_msg m = {.type = KTG_MSG_ACTION, .session = session};
    m.action =
        (struct ktg_msg_action){.ref = 5,
                                .action = action,
                                .alert = ktg_bytes_str(alert),
                                .officer = KTG_LIT("piket-1"),
                                .disposition = reason ? KTG_LIT("dismissed") : KTG_BYTES_NONE,
                                .reason = ktg_bytes_str(reason ? reason : "")};
    line_say(l, user, &m);
    m = line_expect(l, KTG_MSG_RESULT);
    assert_int_equal(m.result.ref, 5);
    return m;
}
static bool is_status(struct ktg_msg m, const char *status)
{
    if (!ktg_bytes_is(m.result.status, status))
        fprintf(stderr, "%.*s\n", (int)m.result.status.size, (const char *)m.result.status.data);
    return ktg_bytes_is(m.result.status, status);
}

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

static int make(void **unused)
{
    (void)unused;
    struct ktg_journal_options o = {.segment_size = 1u << 20, .no_threads = true, .salted = true};
    ktg_tmpdir_make(dir);
    snprintf(run, sizeof run, "%s/run", dir);
    snprintf(events_dir, sizeof events_dir, "%s/j", dir);
    snprintf(findings_dir, sizeof findings_dir, "%s/f", dir);
    snprintf(casebook_dir, sizeof casebook_dir, "%s/c", dir);
    snprintf(endpoint, sizeof endpoint, "ipc://%s/alerts.ipc", run);
    reject = NULL;
    said[0] = 0;
    if (mkdir(run, 0700) || mkdir(events_dir, 0700) || mkdir(findings_dir, 0700) ||
        ktg_journal_open(events_dir, &o, &events, NULL))
        return -1;
    o.salted = false;
    return ktg_journal_open(findings_dir, &o, &findings, NULL);
}
static int clear(void **unused)
{
    (void)unused;
    ingest = ktg_link_close(ingest);
    if (l)
        line_close(l);
    l = NULL;
    if (pid > 0) {
        kill(pid, SIGCONT);
        (void)station_end(pid, SIGKILL);
    }
    pid = 0;
    events = ktg_journal_close(events);
    findings = ktg_journal_close(findings);
    ktg_tmpdir_remove(dir);
    return 0;
}

#define EACH(test) cmocka_unit_test_setup_teardown(test, make, clear)
int main(void)
{
    const struct CMUnitTest tests[] = {
        EACH(test_desk__a_window_is_kept_and_silence_repeats_it),
        EACH(test_desk__a_confirmation_outlives_its_session),
        EACH(test_desk__begins_where_it_was_asked_to),
        EACH(test_desk__a_filter_has_a_cursor_of_its_own_and_tells_on_what_it_told),
        EACH(test_desk__words_reach_whom_they_mean_and_nobody_else),
        EACH(test_desk__lists_in_pages_newest_first),
        EACH(test_desk__a_rederivation_is_told_and_what_left_is_forgotten),
        EACH(test_desk__an_action_is_done_when_the_journal_has_it),
        EACH(test_desk__an_action_that_ingest_refuses_is_told),
        EACH(test_desk__the_second_of_two_officers_is_told_so),
        EACH(test_desk__a_casebook_of_another_findings_journal_is_built_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
