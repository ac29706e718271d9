/* tests/unit/brokers/alerts/desk_world.h - the station itself: findings and events are written by the test, which also is the
 * gateway on one side and ingest on the other.  Tests only; asserts.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_TESTS_UNIT_BROKERS_ALERTS_DESK_WORLD_H
#define KTG_TESTS_UNIT_BROKERS_ALERTS_DESK_WORLD_H

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
static uint64_t map_size; /* of the casebook */
static char said[128];    /* where the station writes what it logs; empty: where we do */

/* ---- the station ---- */

static inline int user_named(void *arg, struct ktg_bytes name, struct ktg_alerts_user *ret_user)
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
static inline int run_alerts(void *arg)
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
static inline void answered(void)
{
    answered_upto = ktg_journal_mark(events);
    assert_int_equal(ktg_journal_seal_and_wait(findings, 1, answered_upto, NULL), KTG_OK);
}
/* A difference for an event position, not durable yet. */
static inline uint64_t say(ktg_position pos, uint8_t kind, const struct difference *d)
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
static inline uint64_t differ(const struct difference *d)
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
static inline uint64_t raised(uint8_t label)
{
    return differ(&(struct difference){label, 1, "raise", "open", NULL, {"POL"}, NULL, NULL, NULL});
}

/* ---- our ingest ---- */

static inline void answer(struct ktg_link *link, ktg_peer peer, const struct ktg_msg *m)
{
    struct ktg_buf out = KTG_BUF_INIT;
    assert_int_equal(ktg_protocol_encode(m, &out, NULL), KTG_OK);
    assert_int_equal(ktg_link_send(link, peer, KTG_BYTES_NONE, ktg_buf_view(&out)), KTG_OK);
    ktg_buf_done(&out);
}

static inline void take(struct ktg_link *link, ktg_peer peer, uint64_t seq, struct ktg_bytes blob)
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
    uint8_t content[16];
    if (!ktg_journal_find(events, id.bytes.data, &pos, content, NULL))
        return; /* it knows the event: the same bytes, as the desk makes them */
    ktg_record_meta_encode(&m, &meta);
    assert_int_equal(ktg_journal_append(events, KTG_RECORD_EVENT, ktg_buf_view(&meta), blob,
                                        id.bytes.data, &pos),
                     KTG_OK);
    ktg_buf_done(&meta);
}

static inline void on_ingest(void *arg, struct ktg_link *link, const struct ktg_link_message *lm)
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

static inline void begin(void)
{
    struct ktg_alerts_options o = {.run_dir = run,
                                   .journal_dir = events_dir,
                                   .findings_dir = findings_dir,
                                   .casebook_dir = casebook_dir,
                                   .clock = KTG_CLOCK_REAL,
                                   .log_level = said[0] ? KTG_LOG_WARNING : KTG_LOG_ERROR,
                                   .map_size = map_size,
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
static inline void end(int signal_number)
{
    ingest = ktg_link_close(ingest);
    line_close(l);
    l = NULL;
    assert_int_equal(station_end(pid, signal_number), signal_number == SIGKILL ? -SIGKILL : 0);
    pid = 0;
}

/* ---- talk ---- */

static inline void hello(const char *user, uint64_t session)
{
    struct ktg_msg m = {.type = KTG_MSG_HELLO, .session = session};
    m.hello =
        (struct ktg_msg_hello){.proto_min = 1, .proto_max = 1, .producer = ktg_bytes_str(user)};
    line_say(l, user, &m);
    assert_int_equal(line_expect(l, KTG_MSG_WELCOME).session, session);
}
static inline void subscribe(const char *user, uint64_t session, int from, uint64_t window)
{
    struct ktg_msg m = {.type = KTG_MSG_SUBSCRIBE, .session = session};
    m.subscribe = (struct ktg_msg_subscribe){.sub = KTG_LIT("t"), .from = from, .window = window};
    line_say(l, user, &m);
}
static inline void confirm(const char *user, uint64_t session, uint64_t cursor)
{
    struct ktg_msg m = {.type = KTG_MSG_CONFIRM, .session = session};
    m.confirm = (struct ktg_msg_confirm){KTG_LIT("t"), cursor};
    line_say(l, user, &m);
}
static inline void bye(const char *user, uint64_t session)
{
    struct ktg_msg m = {.type = KTG_MSG_BYE, .session = session};
    m.bye.code = KTG_LIT("goodbye");
    line_say(l, user, &m);
}
/* "3 6": the cursors of the next DELIVERs of this session, until `n` items came. */
static inline const char *items(uint64_t session, int n)
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
static inline const char *cursors(const uint64_t *at, int from, int to)
{
    static char text[2048];
    size_t n = 0;
    text[0] = 0;
    for (int i = from; i < to; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, "%s%d", n ? " " : "", (int)at[i]);
    return text;
}
static inline struct ktg_msg act(const char *user, uint64_t session, int action, const char *alert,
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
    do /* alerts may be on their way again */
        m = line_next(l);
    while (m.type == KTG_MSG_DELIVER);
    assert_int_equal(m.type, KTG_MSG_RESULT);
    assert_int_equal(m.result.ref, 5);
    return m;
}
static inline bool is_status(struct ktg_msg m, const char *status)
{
    if (!ktg_bytes_is(m.result.status, status))
        fprintf(stderr, "%.*s\n", (int)m.result.status.size, (const char *)m.result.status.data);
    return ktg_bytes_is(m.result.status, status);
}
static inline void expect_bye(const char *code)
{
    struct ktg_msg m = line_expect(l, KTG_MSG_BYE);
    if (!ktg_bytes_is(m.bye.code, code))
        fail_msg("%.*s", (int)m.bye.code.size, (const char *)m.bye.code.data);
}

/* ---- before and after a test ---- */

static inline int make(void **unused)
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
    map_size = 16u << 20;
    if (mkdir(run, 0700) || mkdir(events_dir, 0700) || mkdir(findings_dir, 0700) ||
        ktg_journal_open(events_dir, &o, &events, NULL))
        return -1;
    o.salted = false;
    return ktg_journal_open(findings_dir, &o, &findings, NULL);
}
static inline int clear(void **unused)
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

#endif
