/* tests/unit/brokers/ingest/test_ingest.c - the station itself, on a real journal, with a gateway that is only a line.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "brokers/ingest/ingest.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/syscall.h>

#include "rules/ruleset.h"
#include "schema/event.h"
#include "schema/faults.h"
#include "schema/files.h"
#include "schema/record.h"
#define KTG_TMPDIR_MEMORY
#include "tests/support/tmpdir.h"
#include "tests/unit/brokers/line.h"

static char dir[KTG_TMPDIR_SIZE], run[KTG_TMPDIR_SIZE + 8], journal[KTG_TMPDIR_SIZE + 8],
    hold[KTG_TMPDIR_SIZE + 8], endpoint[KTG_TMPDIR_SIZE + 32];

/* In place of the C library's: while somebody holds the file `hold`, nothing becomes durable. */
int fdatasync(int fd)
{
    int gate = hold[0] ? open(hold, O_RDONLY | O_CLOEXEC) : -1;
    if (gate >= 0) {
        (void)!flock(gate, LOCK_SH); /* until it is let go */
        close(gate);
    }
    return (int)syscall(SYS_fdatasync, fd);
}

static int held = -1;
static void hold_disk(void)
{
    held = open(hold, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    assert_true(held >= 0 && flock(held, LOCK_EX) == 0);
}
static void let_go(void)
{
    if (held >= 0)
        close(held);
    held = -1;
}

/* ---- the station ---- */

static bool may_type(void *arg, struct ktg_bytes type)
{
    (void)arg;
    return ktg_bytes_is(type, "test.note");
}
static bool may_source(void *arg, struct ktg_bytes source)
{
    (void)arg;
    return source.size >= 3 && memcmp(source.data, "UTO", 3) == 0;
}
static int rights_of(void *arg, struct ktg_bytes producer, struct ktg_rights *ret_rights)
{
    (void)arg;
    if (ktg_bytes_is(producer, "UTO.GONE"))
        return KTG_ENOTFOUND;
    *ret_rights = (struct ktg_rights){NULL, may_type, may_source};
    return KTG_OK;
}
static int load_bundle(void *arg, struct ktg_bytes in_force, struct ktg_buf *to,
                       struct ktg_err *err)
{
    static const char note[] = "type: test.note\n"
                               "title: {id: Catatan, en: Note}\n"
                               "from: [UTO]\n"
                               "fields:\n"
                               "  text: {type: string, need: yes, sens: operational}\n";
    struct ktg_files f = KTG_FILES_INIT;
    (void)arg, (void)in_force;
    int rc = ktg_files_read_one(&f, KTG_SOURCE_DIR "/schema/events/_common.yaml",
                                "events/_common.yaml", err);
    if (!rc)
        rc = ktg_files_put(&f, "events/test.note.yaml", ktg_bytes_str(note), err);
    if (!rc)
        rc = ktg_files_read_one(&f, KTG_SOURCE_DIR "/rules/settings.yaml", "settings.yaml", err);
    if (!rc)
        rc = ktg_bundle_encode(f.at, f.count, to);
    ktg_files_done(&f);
    return rc;
}

/* The agencies change whenever the file `agencies` in the folder is there: it is taken away with the reading. */
static int fresh_agencies(void *arg, struct ktg_buf *to, struct ktg_err *err)
{
    char path[KTG_TMPDIR_SIZE + 16];
    (void)arg, (void)err;
    snprintf(path, sizeof path, "%s/agencies", dir);
    FILE *f = fopen(path, "r");
    if (!f)
        return KTG_ENOTFOUND;
    for (int ch; (ch = getc(f)) != EOF;)
        ktg_buf_put_u8(to, (uint8_t)ch);
    fclose(f);
    unlink(path);
    return KTG_OK;
}

static struct ktg_ingest_options plain_options(void)
{
    return (struct ktg_ingest_options){
        .run_dir = run,
        .journal_dir = journal,
        .clock = KTG_CLOCK_REAL,
        .log_level = KTG_LOG_ERROR,
        .journal = {.segment_size = 64 << 10, .disk_warn_percent = 1, .disk_stop_percent = 1},
        .rights_of = rights_of,
        .load_bundle = load_bundle,
        .fresh_agencies = fresh_agencies,
    };
}
static int run_ingest(void *arg)
{
    struct ktg_err err = KTG_ERR_INIT;
    int rc = ktg_ingest_run(arg, &err);
    if (rc)
        fprintf(stderr, "ingest: %s\n", err.text);
    return rc ? ktg_code_exit_status(rc) : 0;
}

static pid_t pid;
static struct line *l;

static void begin_with(struct ktg_ingest_options o)
{
    pid = station_start(run_ingest, &o);
    l = line_open(endpoint);
}
static void begin(void)
{
    begin_with(plain_options());
}
static void end(int signal_number)
{
    line_close(l);
    l = NULL;
    assert_int_equal(station_end(pid, signal_number), signal_number == SIGKILL ? -SIGKILL : 0);
    pid = 0;
}

/* ---- talk ---- */

static struct ktg_bytes event(int n, const char *type, const char *source, int64_t ahead,
                              struct ktg_buf *b)
{
    uint8_t id[16] = {1, 0x93, 0x6b, 0x2e, 0x7c, 0, 0x70, 0, 0x80};
    char text[128];
    snprintf(text, sizeof text, "note %d %0*d", n, 80, n);
    ktg_put_be32(id + 12, (uint32_t)n);
    ktg_buf_clear(b);
    ktg_wire_put_map(b, 6);
    ktg_wire_put_text(b, "data");
    ktg_wire_put_map(b, 1);
    ktg_wire_put_text(b, "text");
    ktg_wire_put_text(b, text);
    ktg_wire_put_text(b, "id");
    ktg_wire_put_bin(b, ktg_bytes(id, 16));
    ktg_wire_put_text(b, "occurred_at");
    ktg_wire_put_array(b, 2);
    ktg_wire_put_int(b, ahead ? ktg_clock_now(&KTG_CLOCK_REAL) + ahead : 1000 + n);
    ktg_wire_put_int(b, 420);
    ktg_wire_put_text(b, "source");
    ktg_wire_put_text(b, source);
    ktg_wire_put_text(b, "type");
    ktg_wire_put_text(b, type);
    ktg_wire_put_text(b, "v");
    ktg_wire_put_int(b, 1);
    return ktg_buf_view(b);
}

static void say_hello(const char *user, uint64_t session, uint64_t epoch)
{
    struct ktg_msg m = {.type = KTG_MSG_HELLO, .session = session};
    m.hello = (struct ktg_msg_hello){
        .proto_min = 1, .proto_max = 1, .producer = ktg_bytes_str(user), .epoch = epoch};
    line_say(l, user, &m);
}
static uint64_t hello(const char *user, uint64_t session, uint64_t epoch)
{
    say_hello(user, session, epoch);
    struct ktg_msg m = line_expect(l, KTG_MSG_WELCOME);
    assert_int_equal(m.session, session);
    assert_int_equal(m.welcome.session, session);
    return m.welcome.acked_seq;
}

/* A session that only asks. */
static void hello_to_ask(const char *user, uint64_t session)
{
    struct ktg_buf caps = KTG_BUF_INIT;
    struct ktg_msg m = {.type = KTG_MSG_HELLO, .session = session};
    ktg_wire_put_array(&caps, 2);
    ktg_wire_put_text(&caps, "query");
    ktg_wire_put_text(&caps, "subscribe");
    m.hello = (struct ktg_msg_hello){.proto_min = 1,
                                     .proto_max = 1,
                                     .producer = ktg_bytes_str(user),
                                     .caps = ktg_buf_view(&caps)};
    line_say(l, user, &m);
    assert_int_equal(line_expect(l, KTG_MSG_WELCOME).welcome.acked_seq, 0);
    ktg_buf_done(&caps);
}

/* Events numbered `first_seq` ...: numbers of notes; 0 ends.  Negative: of a type that the catalogue does not know. */
static void publish(const char *user, uint64_t session, uint64_t first_seq, const int *notes)
{
    struct ktg_buf list = KTG_BUF_INIT, one = KTG_BUF_INIT;
    uint32_t n = 0;
    while (notes[n])
        n++;
    ktg_wire_put_array(&list, n);
    for (uint32_t i = 0; i < n; i++)
        ktg_wire_put_bin(&list, notes[i] > 0 ? event(notes[i], "test.note", "UTO.POST.1", 0, &one)
                                             : event(-notes[i], "no.such", "UTO.POST.1", 0, &one));
    struct ktg_msg m = {.type = KTG_MSG_PUBLISH, .session = session};
    m.publish = (struct ktg_msg_publish){first_seq, ktg_buf_view(&list)};
    line_say(l, user, &m);
    ktg_buf_done(&one);
    ktg_buf_done(&list);
}
#define PUBLISH(user, session, first, ...) \
    publish(user, session, first, (const int[]){__VA_ARGS__, 0})

/* "1+3:0 4+1:2": first, count and status of each run. */
static const char *expect_ack(uint64_t seq)
{
    static char text[512];
    struct ktg_msg m = line_expect(l, KTG_MSG_ACK);
    struct ktg_wire w = ktg_list_open(m.ack.runs);
    struct ktg_run r;
    size_t n = 0;
    text[0] = 0;
    assert_int_equal(m.ack.seq, seq);
    while (!ktg_run_next(&w, &r) && n < 480) {
        n += (size_t)snprintf(text + n, sizeof text - n, "%s%d+%d:%d", n ? " " : "",
                              (int)r.first_seq, (int)r.count, r.status);
        assert_true(r.status == KTG_RUN_DUPLICATE ? r.first_position == 0 : r.first_position > 0);
    }
    return text;
}
static struct ktg_msg expect_nack(int nack_class, uint64_t seq)
{
    struct ktg_msg m = line_expect(l, KTG_MSG_NACK);
    assert_int_equal(m.nack.nack_class, nack_class);
    assert_int_equal(m.nack.seq, seq);
    return m;
}
static void expect_bye(const char *code)
{
    struct ktg_msg m = line_expect(l, KTG_MSG_BYE);
    if (!ktg_bytes_is(m.bye.code, code))
        fail_msg("%.*s", (int)m.bye.code.size, (const char *)m.bye.code.data);
}

/* ---- questions ---- */

static void say_query(const char *user, uint64_t session, int what)
{
    struct ktg_msg m = {.type = KTG_MSG_QUERY, .session = session};
    m.query = (struct ktg_msg_query){.ref = 77, .what = what};
    line_say(l, user, &m);
}
static int64_t number(struct ktg_bytes item, const char *key)
{
    struct ktg_wire_value v;
    return ktg_wire_get(item, key, &v) && v.kind == KTG_WIRE_INT ? v.integer : -1;
}
/* "7/3 q1 | UTO.POST.1 3 +e +h 4": a status without its times, of which only is said that they are there. */
static const char *read_status(const struct ktg_msg *m)
{
    static char text[512];
    struct ktg_wire w = ktg_list_open(m->answer.items);
    struct ktg_wire_value v, source;
    size_t n = 0;
    text[0] = 0;
    assert_int_equal(m->answer.ref, 77);
    if (m->answer.code.size)
        snprintf(text, sizeof text, "%.*s", (int)m->answer.code.size,
                 (const char *)m->answer.code.data);
    while (!ktg_wire_next(&w, &v) && n < 480) {
        if (!ktg_wire_get(v.raw, "source", &source)) {
            n += (size_t)snprintf(text, sizeof text, "%d/%d q%d", (int)number(v.raw, "epoch"),
                                  (int)number(v.raw, "acked_seq"),
                                  (int)number(v.raw, "quarantined"));
            continue;
        }
        n += (size_t)snprintf(text + n, sizeof text - n, " | %.*s %d %s%s%d",
                              (int)source.bytes.size, (const char *)source.bytes.data,
                              (int)number(v.raw, "seq"), number(v.raw, "event_at") ? "+e " : "",
                              number(v.raw, "heartbeat_at") ? "+h " : "",
                              (int)number(v.raw, "queued"));
    }
    return text;
}
static const char *status(const char *user, uint64_t session)
{
    say_query(user, session, KTG_QUERY_STATUS);
    struct ktg_msg m = line_expect(l, KTG_MSG_ANSWER);
    return read_status(&m);
}

/* How many records of a kind the journal holds. */
static int count(enum ktg_record_kind kind)
{
    struct ktg_journal_reader *r = NULL;
    struct ktg_journal_item item;
    int n = 0;
    assert_int_equal(ktg_journal_reader_open(journal, NULL, &r, NULL), KTG_OK);
    while (!ktg_journal_reader_next(r, &item, NULL))
        n += item.kind == kind;
    ktg_journal_reader_close(r);
    return n;
}

/* ---- tests ---- */

static void
test_ingest__what_is_acknowledged_is_durable_and_comes_again_as_a_duplicate(void **unused)
{
    (void)unused;
    begin();
    assert_int_equal(hello("UTO.A", 1, 7), 0);
    PUBLISH("UTO.A", 1, 1, 1, 2, 3);
    assert_string_equal(expect_ack(3), "1+3:0");
    assert_true(line_is_quiet(l, "UTO.A") >= 5); /* the mark covers them */
    assert_int_equal(hello("UTO.A", 2, 7), 3);   /* the ACK was lost */
    PUBLISH("UTO.A", 2, 2, 2, 3, 4);
    assert_string_equal(expect_ack(3), "2+2:1"); /* durable already */
    assert_string_equal(expect_ack(4), "4+1:0");
    end(SIGKILL);
    assert_int_equal(count(KTG_RECORD_EVENT), 4);
}

static void test_ingest__welcome_waits_for_what_is_not_yet_durable(void **unused)
{
    (void)unused;
    begin();
    assert_int_equal(hello("UTO.A", 1, 7), 0);
    hold_disk();
    PUBLISH("UTO.A", 1, 1, 1, 2, 3);
    say_hello("UTO.A", 2, 7);
    for (int i = 0; i < 3; i++)
        (void)line_is_quiet(l, "UTO.A"); /* it answers, but not that */
    let_go();
    bool acked = false, welcome = false;
    while (!welcome) {
        struct ktg_msg m = line_next(l);
        acked = acked || m.type == KTG_MSG_ACK;
        welcome = m.type == KTG_MSG_WELCOME;
        if (welcome)
            assert_int_equal(m.welcome.acked_seq, 3);
    }
    assert_true(acked);
    end(SIGTERM);
}

static void test_ingest__rejects_and_duplicates_keep_their_numbers_over_a_restart(void **unused)
{
    (void)unused;
    begin();
    assert_int_equal(hello("UTO.A", 1, 7), 0);
    PUBLISH("UTO.A", 1, 1, 1, -2, 3);
    struct ktg_msg m = expect_nack(KTG_NACK_REJECT, 2);
    assert_true(ktg_bytes_is(m.nack.code, "unknown-type"));
    assert_string_equal(expect_ack(3), "1+1:0 2+1:2 3+1:0");
    end(SIGKILL);
    begin();
    assert_int_equal(hello("UTO.A", 1, 7), 3);
    assert_int_equal(hello("UTO.A", 2, 8),
                     0); /* the outbox was lost: a new epoch, the same events */
    PUBLISH("UTO.A", 2, 1, 1, -2, 3);
    expect_nack(KTG_NACK_REJECT, 2);
    assert_string_equal(expect_ack(3), "1+1:1 2+1:2 3+1:1");
    end(SIGKILL);
    begin();
    assert_int_equal(hello("UTO.A", 1, 8), 3); /* no number without a record */
    end(SIGTERM);
    assert_int_equal(count(KTG_RECORD_EVENT), 2);
    assert_int_equal(count(KTG_RECORD_QUARANTINE), 1);
    assert_int_equal(count(KTG_RECORD_PROGRESS), 3);
}

/* Had the answer been lost on the way, nobody would ever have told why. */
static void test_ingest__whoever_sends_a_rejected_event_again_is_told_why_again(void **unused)
{
    (void)unused;
    begin();
    assert_int_equal(hello("UTO.A", 1, 7), 0);
    PUBLISH("UTO.A", 1, 1, 1, -2, 3);
    struct ktg_msg first = expect_nack(KTG_NACK_REJECT, 2);
    char want[64];
    snprintf(want, sizeof want, "%.*s", (int)first.nack.code.size,
             (const char *)first.nack.code.data);
    assert_string_equal(expect_ack(3), "1+1:0 2+1:2 3+1:0");
    for (int i = 0; i < 2; i++) { /* it does not matter how often, nor after which start */
        PUBLISH("UTO.A", 1, 1, 1, -2, 3);
        struct ktg_msg again = expect_nack(KTG_NACK_REJECT, 2);
        assert_true(ktg_bytes_is(again.nack.code, want));
        assert_true(again.nack.text.size && again.nack.where.size);
        assert_string_equal(expect_ack(3), "1+1:1 2+1:2 3+1:1");
        end(SIGKILL);
        begin();
        assert_int_equal(hello("UTO.A", 1, 7), 3);
    }
    end(SIGTERM);
    assert_int_equal(count(KTG_RECORD_QUARANTINE), 1);
}

static void test_ingest__a_gap_is_kept_once_and_taken_when_it_is_closed(void **unused)
{
    (void)unused;
    begin();
    assert_int_equal(hello("UTO.A", 1, 7), 0);
    PUBLISH("UTO.A", 1, 3, 3);
    assert_int_equal(expect_nack(KTG_NACK_SEQ_GAP, 3).nack.expected, 1);
    PUBLISH("UTO.A", 1, 4, 4);
    assert_int_equal(expect_nack(KTG_NACK_SEQ_GAP, 4).nack.expected, 1);
    PUBLISH("UTO.A", 1, 1, 1, 2, 3, 4);
    assert_string_equal(expect_ack(4), "1+4:0");
    end(SIGTERM);
    assert_int_equal(count(KTG_RECORD_QUARANTINE), 1);
    assert_int_equal(count(KTG_RECORD_EVENT), 4);
}

static void test_ingest__after_a_conflict_nothing_of_the_session_is_acknowledged(void **unused)
{
    (void)unused;
    begin();
    assert_int_equal(hello("UTO.A", 1, 7), 0);
    PUBLISH("UTO.A", 1, 1, 1, 2);
    assert_string_equal(expect_ack(2), "1+2:0");
    /* the outbox was lost: its numbers begin again, for other events; 3 would be the next number */
    PUBLISH("UTO.A", 1, 1, 11, 12, 13);
    assert_true(ktg_bytes_is(expect_nack(KTG_NACK_SEQ_CONFLICT, 1).nack.code, "sequence-conflict"));
    PUBLISH("UTO.A", 1, 4, 14);
    (void)line_is_quiet(l, "UTO.A");
    assert_int_equal(hello("UTO.A", 2, 8), 0);
    PUBLISH("UTO.A", 2, 1, 11, 12, 13, 14);
    assert_string_equal(expect_ack(4), "1+4:0");
    end(SIGTERM);
    assert_int_equal(count(KTG_RECORD_EVENT), 6);
    assert_int_equal(count(KTG_RECORD_QUARANTINE), 1);
}

/* What each rule-set record says of agencies, and each event's number: "- 1 <new> 2". */
static const char *order_of_records(void)
{
    static char text[256];
    struct ktg_journal_reader *r = NULL;
    struct ktg_journal_item item;
    struct ktg_record_meta meta;
    size_t n = 0;
    text[0] = 0;
    assert_int_equal(ktg_journal_reader_open(journal, NULL, &r, NULL), KTG_OK);
    while (!ktg_journal_reader_next(r, &item, NULL) && n < 200) {
        struct ktg_arena arena = KTG_ARENA_INIT;
        const struct ktg_file *files = NULL;
        size_t count = 0, notes = 0;
        struct ktg_bytes agencies = KTG_LIT("-");
        if (item.kind == KTG_RECORD_EVENT && !ktg_record_meta_decode(item.meta, &meta))
            n += (size_t)snprintf(text + n, sizeof text - n, " %d", (int)meta.seq);
        if (item.kind != KTG_RECORD_RULESET)
            continue;
        assert_int_equal(ktg_bundle_decode(item.payload, &arena, &files, &count, NULL), KTG_OK);
        for (size_t i = 0; i < count; i++) {
            notes += ktg_bytes_is(files[i].name, "events/test.note.yaml");
            if (ktg_bytes_is(files[i].name, "agencies.yaml"))
                agencies = files[i].text;
        }
        assert_int_equal(notes, 1); /* the other texts are as they were */
        n += (size_t)snprintf(text + n, sizeof text - n, " <%.*s>", (int)agencies.size,
                              (const char *)agencies.data);
        ktg_arena_done(&arena);
    }
    ktg_journal_reader_close(r);
    return text;
}
static void change_agencies(const char *to)
{
    char path[KTG_TMPDIR_SIZE + 16], fresh[KTG_TMPDIR_SIZE + 16];
    snprintf(path, sizeof path, "%s/agencies", dir);
    snprintf(fresh, sizeof fresh, "%s/fresh", dir);
    FILE *f = fopen(fresh, "w");
    assert_true(f && fputs(to, f) >= 0 && fclose(f) == 0 && rename(fresh, path) == 0);
}

static void test_ingest__agencies_that_changed_stand_before_the_next_event(void **unused)
{
    (void)unused;
    struct ktg_ingest_options o = plain_options();
    o.clock_period = 3600000; /* by what arrives alone */
    o.journal.batch_records = 3;
    begin_with(o);
    assert_int_equal(hello("UTO.A", 1, 7), 0);
    PUBLISH("UTO.A", 1, 1, 1);
    assert_string_equal(expect_ack(1), "1+1:0");
    change_agencies("new");
    PUBLISH("UTO.A", 1, 2, 2);
    assert_string_equal(expect_ack(2), "2+1:0");
    change_agencies("new"); /* written again, and the same */
    hold_disk();
    PUBLISH("UTO.A", 1, 3, 3, 4, 5);
    (void)line_is_quiet(l, "UTO.A");
    let_go();
    for (uint64_t seq = 0; seq < 5;)
        seq = line_expect(l, KTG_MSG_ACK).ack.seq;
    end(SIGKILL);
    assert_string_equal(order_of_records(), " <-> 1 <new> 2 3 4 5");
}

static void test_ingest__an_older_epoch_is_fenced(void **unused)
{
    (void)unused;
    begin();
    assert_int_equal(hello("UTO.A", 1, 7), 0);
    assert_int_equal(hello("UTO.A", 2, 8), 0);
    PUBLISH("UTO.A", 1, 1, 1);
    expect_bye("fenced");
    say_hello("UTO.A", 3, 6);
    expect_bye("fenced");
    PUBLISH("UTO.A", 9, 1, 1);
    expect_bye("no-session");
    assert_int_equal(hello("UTO.GONE", 4, 1), 0);
    PUBLISH("UTO.GONE", 4, 1, 1);
    expect_bye("revoked-key");
    end(SIGTERM);
    assert_int_equal(count(KTG_RECORD_EVENT), 0);
}

/* 64 KiB segments: the sequences come from the newest snapshot and what follows it. */
static void test_ingest__it_knows_all_producers_again_after_many_segments(void **unused)
{
    (void)unused;
    enum { ROUNDS = 60, EACH = 50 };
    begin();
    assert_int_equal(hello("UTO.EARLY", 1, 3), 0);
    PUBLISH("UTO.EARLY", 1, 1, 9001, 9002);
    assert_string_equal(expect_ack(2), "1+2:0");
    assert_int_equal(hello("UTO.MUCH", 2, 5), 0);
    for (int r = 0; r < ROUNDS; r++) {
        int notes[EACH + 1] = {0};
        for (int i = 0; i < EACH; i++)
            notes[i] = 1 + r * EACH + i;
        publish("UTO.MUCH", 2, (uint64_t)(1 + r * EACH), notes);
        for (uint64_t seq = 0; seq < (uint64_t)((r + 1) * EACH);)
            seq = line_expect(l, KTG_MSG_ACK).ack.seq;
    }
    end(SIGKILL);
    assert_int_equal(count(KTG_RECORD_EVENT), ROUNDS * EACH + 2);
    assert_int_equal(count(KTG_RECORD_RULESET), 1);
    begin();
    assert_int_equal(hello("UTO.EARLY", 1, 3), 2);
    assert_int_equal(hello("UTO.MUCH", 2, 5), ROUNDS * EACH);
    assert_string_equal(status("UTO.EARLY", 1), "3/2 q0 | UTO.POST.1 2 +e 0");
    assert_string_equal(status("UTO.MUCH", 2), "5/3000 q0 | UTO.POST.1 3000 +e 0");
    PUBLISH("UTO.MUCH", 2, 1, 1); /* the oldest is found in the index of its segment */
    assert_string_equal(expect_ack(ROUNDS * EACH), "1+1:1");
    end(SIGTERM);
    assert_int_equal(count(KTG_RECORD_RULESET), 1); /* the same texts are not written again */
}

static void test_ingest__without_room_on_the_disk_it_takes_nothing_and_says_so(void **unused)
{
    (void)unused;
    struct ktg_ingest_options o = plain_options();
    o.journal.disk_warn_percent = o.journal.disk_stop_percent = 100;
    begin_with(o);
    assert_int_equal(hello("UTO.A", 1, 7), 0);
    (void)line_is_quiet(l, "UTO.A");
    PUBLISH("UTO.A", 1, 1, 1, 2);
    struct ktg_msg m = expect_nack(KTG_NACK_RETRY, 1);
    assert_true(ktg_bytes_is(m.nack.code, "disk-low") && m.nack.retry_after > 0);
    end(SIGTERM);
    assert_int_equal(count(KTG_RECORD_EVENT), 0);
    begin();
    assert_int_equal(hello("UTO.A", 1, 7), 0);
    PUBLISH("UTO.A", 1, 1, 1, 2);
    assert_string_equal(expect_ack(2), "1+2:0");
    end(SIGTERM);
}

static void test_ingest__what_finds_no_room_in_the_batch_waits_in_order(void **unused)
{
    (void)unused;
    struct ktg_ingest_options o = plain_options();
    o.journal.batch_records = 3;
    begin_with(o);
    assert_int_equal(hello("UTO.A", 1, 7), 0);
    assert_int_equal(hello("UTO.B", 2, 7), 0);
    hold_disk(); /* one batch is on its way, one is open, the rest waits */
    PUBLISH("UTO.A", 1, 1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10);
    PUBLISH("UTO.B", 2, 1, 101, 102, 103, 104);
    PUBLISH("UTO.A", 1, 11, 11, 12, 13, 14);
    (void)line_is_quiet(l, "UTO.A");
    let_go();
    uint64_t a = 0, b = 0, last = 0;
    while (a < 14 || b < 4) {
        struct ktg_msg m = line_expect(l, KTG_MSG_ACK);
        struct ktg_wire w = ktg_list_open(m.ack.runs);
        struct ktg_run r;
        uint64_t *seq = m.session == 1 ? &a : &b;
        while (!ktg_run_next(&w, &r)) {
            assert_int_equal(r.first_seq, *seq + 1);
            assert_int_equal(r.status, KTG_RUN_ACCEPTED);
            *seq += r.count;
            last = r.first_position > last ? r.first_position : last;
        }
        assert_int_equal(m.ack.seq, *seq);
    }
    assert_true(last >= 18);
    end(SIGTERM);
    assert_int_equal(count(KTG_RECORD_EVENT), 18);
}

static void test_ingest__a_heartbeat_vouches_for_its_own_and_for_nothing_to_come(void **unused)
{
    (void)unused;
    ktg_time now = ktg_clock_now(&KTG_CLOCK_REAL);
    const struct {
        const char *source, *type;
        ktg_time at, until;
    } rows[] = {
        {"UTO.POST.1", NULL, now, now},              /* taken */
        {"UTO.POST.1", "test.note", now, now - 5},   /* taken */
        {"IMI.POST.1", NULL, now, now},              /* not its source */
        {"UTO.POST.1", "border.crossing", now, now}, /* not its type */
        {"UTO.POST.1", NULL, now, now + 86400000},   /* tomorrow */
        {"UTO.POST.1", NULL, now + 86400000, now},   /* a clock that is wrong */
    };
    struct ktg_buf types = KTG_BUF_INIT;
    begin();
    assert_int_equal(hello("UTO.A", 1, 7), 0);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct ktg_msg m = {.type = KTG_MSG_HEARTBEAT, .session = 1};
        m.heartbeat = (struct ktg_msg_heartbeat){.source = ktg_bytes_str(rows[i].source),
                                                 .at = rows[i].at,
                                                 .complete_until = rows[i].until,
                                                 .period = 30};
        ktg_buf_clear(&types);
        if (rows[i].type) {
            ktg_wire_put_array(&types, 1);
            ktg_wire_put_text(&types, rows[i].type);
            m.heartbeat.types = ktg_buf_view(&types);
        }
        line_say(l, "UTO.A", &m);
    }
    (void)line_is_quiet(l, "UTO.A");
    end(SIGTERM);
    assert_int_equal(count(KTG_RECORD_HEARTBEAT), 2);
    ktg_buf_done(&types);
}

static void test_ingest__a_producer_is_told_how_it_stands_and_nobody_else(void **unused)
{
    (void)unused;
    ktg_time now = ktg_clock_now(&KTG_CLOCK_REAL);
    begin();
    assert_int_equal(hello("UTO.A", 1, 7), 0);
    assert_string_equal(status("UTO.A", 1), "7/0 q0");
    PUBLISH("UTO.A", 1, 1, 1, -2, 3);
    expect_nack(KTG_NACK_REJECT, 2);
    assert_string_equal(expect_ack(3), "1+1:0 2+1:2 3+1:0");
    struct ktg_msg m = {.type = KTG_MSG_HEARTBEAT, .session = 1};
    m.heartbeat = (struct ktg_msg_heartbeat){.source = KTG_LIT("UTO.POST.2"),
                                             .at = now,
                                             .complete_until = now,
                                             .period = 30,
                                             .queued = 4};
    line_say(l, "UTO.A", &m);
    static const char a[] = "7/3 q1 | UTO.POST.1 3 +e 0 | UTO.POST.2 0 +h 4";
    assert_string_equal(status("UTO.A", 1), a);
    /* a second client of the same key that only asks does not disturb the outbox at work */
    hello_to_ask("UTO.A", 2);
    assert_string_equal(status("UTO.A", 2), a);
    PUBLISH("UTO.A", 1, 4, 4);
    assert_string_equal(expect_ack(4), "4+1:0");
    hello_to_ask("UTO.B", 3); /* it may speak for the same sources, and has not */
    assert_string_equal(status("UTO.B", 3), "0/0 q0");
    say_query("UTO.B", 3, KTG_QUERY_ALERTS);
    m = line_expect(l, KTG_MSG_ANSWER);
    assert_string_equal(read_status(&m), "denied");
    PUBLISH("UTO.B", 3, 1, 9);
    expect_bye("unexpected-message");
    say_query("UTO.B", 3, KTG_QUERY_STATUS);
    expect_bye("no-session");
    hello_to_ask("UTO.GONE", 4);
    say_query("UTO.GONE", 4, KTG_QUERY_STATUS);
    expect_bye("revoked-key");
    end(SIGKILL);
    begin(); /* from the journal */
    hello_to_ask("UTO.A", 1);
    assert_string_equal(status("UTO.A", 1), "7/4 q1 | UTO.POST.1 4 +e 0 | UTO.POST.2 0 +h 4");
    end(SIGTERM);
    assert_int_equal(count(KTG_RECORD_EVENT), 3);
}

static void test_ingest__a_status_tells_what_is_on_disk(void **unused)
{
    (void)unused;
    begin();
    assert_int_equal(hello("UTO.A", 1, 7), 0);
    hold_disk();
    PUBLISH("UTO.A", 1, 1, 1, 2, 3);
    say_query("UTO.A", 1, KTG_QUERY_STATUS); /* waits, as the ACK does */
    say_query("UTO.A", 1, KTG_QUERY_STATUS); /* one waits, not many */
    struct ktg_msg m = line_expect(l, KTG_MSG_ANSWER);
    assert_string_equal(read_status(&m), "busy");
    (void)line_is_quiet(l, "UTO.A");
    let_go();
    for (m = line_next(l); m.type != KTG_MSG_ANSWER; m = line_next(l))
        assert_int_equal(m.type, KTG_MSG_ACK);
    assert_string_equal(read_status(&m), "7/3 q0 | UTO.POST.1 3 +e 0");
    end(SIGTERM);
}

static void test_ingest__an_event_of_the_future_is_quarantined(void **unused)
{
    (void)unused;
    struct ktg_buf list = KTG_BUF_INIT, one = KTG_BUF_INIT;
    begin();
    assert_int_equal(hello("UTO.A", 1, 7), 0);
    ktg_wire_put_array(&list, 1);
    ktg_wire_put_bin(&list, event(1, "test.note", "UTO.POST.1", 10 * 60000, &one));
    struct ktg_msg m = {.type = KTG_MSG_PUBLISH, .session = 1};
    m.publish = (struct ktg_msg_publish){1, ktg_buf_view(&list)};
    line_say(l, "UTO.A", &m);
    assert_true(ktg_bytes_is(expect_nack(KTG_NACK_REJECT, 1).nack.code, "time-in-future"));
    assert_string_equal(expect_ack(1), "1+1:2");
    end(SIGTERM);
    ktg_buf_done(&one);
    ktg_buf_done(&list);
}

static void test_ingest__a_second_start_is_refused_and_harms_nothing(void **unused)
{
    (void)unused;
    struct ktg_ingest_options o = plain_options();
    begin();
    assert_int_equal(hello("UTO.A", 1, 7), 0);
    fflush(NULL);
    pid_t second = station_start(run_ingest, &o);
    assert_int_equal(station_end(second, 0), ktg_code_exit_status(KTG_ECONFLICT));
    PUBLISH("UTO.A", 1, 1, 1);
    assert_string_equal(expect_ack(1), "1+1:0");
    end(SIGTERM);
}

static int make(void **unused)
{
    (void)unused;
    ktg_tmpdir_make(dir);
    snprintf(run, sizeof run, "%s/run", dir);
    snprintf(journal, sizeof journal, "%s/j", dir);
    snprintf(hold, sizeof hold, "%s/hold", dir);
    snprintf(endpoint, sizeof endpoint, "ipc://%s/ingest.ipc", run);
    return mkdir(run, 0700) || mkdir(journal, 0700);
}
static int clear(void **unused)
{
    (void)unused;
    let_go();
    if (l)
        line_close(l);
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
        EACH(test_ingest__what_is_acknowledged_is_durable_and_comes_again_as_a_duplicate),
        EACH(test_ingest__welcome_waits_for_what_is_not_yet_durable),
        EACH(test_ingest__rejects_and_duplicates_keep_their_numbers_over_a_restart),
        EACH(test_ingest__whoever_sends_a_rejected_event_again_is_told_why_again),
        EACH(test_ingest__a_gap_is_kept_once_and_taken_when_it_is_closed),
        EACH(test_ingest__after_a_conflict_nothing_of_the_session_is_acknowledged),
        EACH(test_ingest__agencies_that_changed_stand_before_the_next_event),
        EACH(test_ingest__an_older_epoch_is_fenced),
        EACH(test_ingest__it_knows_all_producers_again_after_many_segments),
        EACH(test_ingest__without_room_on_the_disk_it_takes_nothing_and_says_so),
        EACH(test_ingest__what_finds_no_room_in_the_batch_waits_in_order),
        EACH(test_ingest__a_heartbeat_vouches_for_its_own_and_for_nothing_to_come),
        EACH(test_ingest__a_producer_is_told_how_it_stands_and_nobody_else),
        EACH(test_ingest__a_status_tells_what_is_on_disk),
        EACH(test_ingest__an_event_of_the_future_is_quarantined),
        EACH(test_ingest__a_second_start_is_refused_and_harms_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
