/* tests/unit/brokers/correlation/test_correlation.c - the station itself, killed in the middle of its steps.
 *
 * A journal of some weeks of border crossings and their overstays; the station answers it in small steps with a checkpoint after
 * each.  DECISIONS 12 is looked at after every kill: state.position <= findings.done <= event mark.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "brokers/correlation/correlation.h"

#include <stdio.h>
#include <string.h>

#include "brokers/correlation/checkpoint.h"
#include "brokers/correlation/repeat.h"
#include "runtime/disk.h"
#include "schema/json.h"
#include "schema/record.h"
#include "tests/support/erase.h"
#define KTG_TMPDIR_MEMORY
#include "tests/support/tmpdir.h"
#include "tests/unit/brokers/correlation/findings.h"
#include "tests/unit/brokers/line.h"
#include "tests/unit/rules/engine/world.h"

enum { PERSONS = 12, DAYS = 45, KILLS = 12 };
#define DAY   INT64_C(86400000)
#define START INT64_C(1772330400000) /* 2026-03-01T09:00+07:00 */

static char dir[KTG_TMPDIR_SIZE], run[96], events_dir[96], findings_dir[96], state_dir[96];
static uint64_t newest, last_input; /* of the engine: an ERASURE record is none */

/* ---- the journal ---- */

static void append(struct ktg_journal *j, enum ktg_record_kind kind, struct ktg_bytes payload,
                   const uint8_t *id)
{
    struct ktg_buf meta = KTG_BUF_INIT;
    struct ktg_record_meta m = {KTG_LIT("IMI.A"), 1, kind == KTG_RECORD_EVENT, 0};
    ktg_position pos;
    ktg_record_meta_encode(&m, &meta);
    assert_int_equal(ktg_journal_append(j, (uint8_t)kind, ktg_buf_view(&meta), payload, id, &pos),
                     KTG_OK);
    ktg_buf_done(&meta);
}

static void write_events(const struct world *w)
{
    struct ktg_journal_options o = {
        .no_threads = true, .salted = true, .strict_clock = true, .segment_size = 4u << 20};
    struct ktg_journal *j = NULL;
    struct ktg_buf blob = KTG_BUF_INIT;
    struct ktg_err err = KTG_ERR_INIT;
    assert_int_equal(ktg_journal_open(events_dir, &o, &j, NULL), KTG_OK);
    append(j, KTG_RECORD_RULESET, ktg_buf_view(&w->bundle), NULL);
    assert_int_equal(ktg_journal_seal_and_wait(j, START - DAY, 0, NULL), KTG_OK);
    for (int day = 0; day < DAYS; day++) {
        char line[512];
        if (day < PERSONS) {
            snprintf(line, sizeof line,
                     "{\"id\":\"01936b2e-7c00-7000-8000-0000000001%02d\",\"type\":\"border."
                     "crossing\",\"source\":\"IMI.ENTIKONG.1\","
                     "\"occurred_at\":\"2026-03-%02dT09:00:00+07:00\",\"data\":{\"direction\":"
                     "\"entry\",\"mode\":\"land\",\"post\":\"ENTIKONG\","
                     "\"doc\":{\"kind\":\"P\",\"issuer\":\"UTO\",\"number\":\"L%05d\"},\"surname\":"
                     "\"SPECIMEN\",\"given\":\"UTO\","
                     "\"permitted_until\":\"2026-03-%02d\"}}",
                     day, day + 1, day, day + 4);
            ktg_buf_clear(&blob);
            if (ktg_json_decode(ktg_ruleset_catalogue(w->rs), ktg_bytes_str(line), &blob, NULL,
                                &err))
                fail_msg("%s", err.text);
            uint8_t id[16] = {
                1,    0x93, 0x6b, 0x2e, 0x7c, 0, 0x70, 0,
                0x80, 0,    0,    0,    0,    0, 1,    (uint8_t)(day / 10 * 16 + day % 10)};
            append(j, KTG_RECORD_EVENT, ktg_buf_view(&blob), id);
            append(j, KTG_RECORD_QUARANTINE, KTG_LIT("\x80"),
                   NULL); /* a batch that ends with what changes no answer */
        }
        ktg_buf_clear(&blob);
        struct ktg_msg beat = {.type = KTG_MSG_HEARTBEAT};
        beat.heartbeat = (struct ktg_msg_heartbeat){.source = KTG_LIT("IMI.ENTIKONG.1"),
                                                    .at = START + day * DAY,
                                                    .complete_until = START + day * DAY,
                                                    .period = 30};
        assert_int_equal(ktg_protocol_encode(&beat, &blob, NULL), KTG_OK);
        append(j, KTG_RECORD_HEARTBEAT,
               ktg_bytes(blob.data + KTG_FRAME_HEAD, blob.size - KTG_FRAME_HEAD), NULL);
        assert_int_equal(ktg_journal_seal_and_wait(j, START + day * DAY, 0, NULL), KTG_OK);
    }
    newest = last_input = ktg_journal_mark(j);
    ktg_journal_close(j);
    ktg_buf_done(&blob);
}

/* ---- the station ---- */

static int run_correlation(void *arg)
{
    struct ktg_err err = KTG_ERR_INIT;
    int rc = ktg_correlation_run(arg, &err);
    if (rc)
        fprintf(stderr, "correlation: %s\n", err.text);
    return rc ? ktg_code_exit_status(rc) : 0;
}
static pid_t begin_on(struct ktg_disk *disk)
{
    char metrics[128];
    snprintf(metrics, sizeof metrics, "%s/correlation.metrics", run);
    unlink(metrics); /* of the run before */
    struct ktg_correlation_options o = {
        .run_dir = run,
        .journal_dir = events_dir,
        .findings_dir = findings_dir,
        .state_dir = state_dir,
        .clock = KTG_CLOCK_REAL,
        .log_level = KTG_LOG_ERROR,
        .findings = {.segment_size = 1u << 20, .batch_records = 3, .disk = disk},
        .map_size = 64u << 20,
        .checkpoint_ms = 1,
        .step = 1};
    return station_start(run_correlation, &o);
}
static pid_t begin(void)
{
    return begin_on(NULL);
}

static uint64_t done(void)
{
    struct ktg_journal_mark *m = NULL;
    if (ktg_journal_mark_open(findings_dir, &m, NULL))
        return 0;
    uint64_t tag = ktg_journal_mark_read(m).tag;
    ktg_journal_mark_close(m);
    return tag;
}

/* state.position <= findings.done <= event mark; how far the state is. */
static uint64_t check_order(void)
{
    struct ktg_checkpoint *c = NULL;
    struct ktg_checkpoint_mark m = {0};
    struct ktg_err err = KTG_ERR_INIT;
    if (access(state_dir, F_OK))
        return 0;
    if (ktg_checkpoint_open(state_dir, 64u << 20, &c, &err))
        fail_msg("%s", err.text);
    int rc = ktg_checkpoint_mark(c, &m, &err);
    ktg_checkpoint_close(c);
    assert_true(rc == KTG_OK || rc == KTG_ENOTFOUND);
    assert_true(m.position <= done());
    assert_true(done() <= newest);
    return m.position;
}

static uint64_t metric(const char *name)
{
    return station_metric(run, "correlation", name);
}
static uint64_t position(void)
{
    return metric("kentongan_correlation_position");
}

static bool is_finished(void *arg)
{
    (void)arg;
    return done() == newest && position() == last_input;
}
static bool has_checkpoint(void *arg)
{
    (void)arg;
    return metric("kentongan_correlation_checkpoint_microseconds_count") > 0;
}
static void finish(pid_t pid)
{
    (void)line_wait(is_finished, NULL, LINE_PATIENCE);
    assert_int_equal(done(), newest);
    assert_int_equal(position(), last_input);
    assert_int_equal(station_end(pid, SIGTERM), 0);
}

static struct ktg_repeat_report report(void)
{
    struct ktg_repeat_report r;
    struct ktg_err err = KTG_ERR_INIT;
    if (ktg_repeat(events_dir, findings_dir, NULL, NULL, &r, &err))
        fail_msg("%s", err.text);
    assert_int_equal(r.unsaid, 0);
    assert_int_equal(r.positions, newest);
    return r;
}

static void
test_correlation__killed_in_its_steps_it_says_the_same_and_never_runs_ahead(void **unused)
{
    (void)unused;
    uint64_t before = 0;
    for (int i = 0; i < KILLS && done() < newest; i++) {
        uint64_t from = done();
        pid_t pid = begin();
        int64_t until =
            ktg_mono_ms() + LINE_PATIENCE; /* a few batches further, then at any instant */
        while (done() < from + 1 + (uint64_t)i % 5 && done() < newest && ktg_mono_ms() < until)
            ;
        assert_int_equal(station_end(pid, SIGKILL), -SIGKILL);
        uint64_t at = check_order();
        assert_true(at >= before);
        before = at;
    }
    if (before == 0) { /* every blow came before the first checkpoint: one more, after it */
        pid_t pid = begin();
        assert_true(line_wait(has_checkpoint, NULL, LINE_PATIENCE));
        assert_int_equal(station_end(pid, SIGKILL), -SIGKILL);
        assert_true(check_order() > 0);
    }
    finish(begin());
    assert_int_equal(check_order(), newest);
    struct ktg_repeat_report r = report();
    assert_true(r.findings > PERSONS);
}

static void test_correlation__without_its_state_or_its_findings_it_comes_to_the_same(void **unused)
{
    (void)unused;
    finish(begin());
    struct ktg_repeat_report first = report();
    ktg_tmpdir_remove(state_dir);
    finish(begin());
    assert_memory_equal(report().digest.b, first.digest.b, sizeof first.digest.b);
    ktg_tmpdir_remove(findings_dir);
    assert_int_equal(mkdir(findings_dir, 0700), 0);
    finish(begin()); /* the state has seen more than there is: built again */
    assert_memory_equal(report().digest.b, first.digest.b, sizeof first.digest.b);
    assert_int_equal(report().findings, first.findings);
}

static void test_correlation__a_state_of_another_journal_is_built_again(void **unused)
{
    (void)unused;
    struct world w;
    finish(begin());
    struct ktg_repeat_report first = report();
    ktg_tmpdir_remove(events_dir);
    ktg_tmpdir_remove(findings_dir);
    assert_true(mkdir(events_dir, 0700) == 0 && mkdir(findings_dir, 0700) == 0);
    world_init(&w, NULL, NULL);
    write_events(&w); /* the same words, another journal */
    world_done(&w);
    finish(begin());
    assert_memory_equal(report().digest.b, first.digest.b, sizeof first.digest.b);
}

/* ---- re-derivation ---- */

/* The findings become those of another engine. */
static size_t as_of_another_engine(void)
{
    char other[96];
    snprintf(other, sizeof other, "%s/other", dir);
    assert_int_equal(mkdir(other, 0700), 0);
    size_t differences = findings_rewrite(findings_dir, other, KTG_ENGINE_VERSION + 1);
    ktg_tmpdir_remove(findings_dir);
    assert_int_equal(rename(other, findings_dir), 0);
    return differences;
}

static void copy_findings(const char *from, const char *to)
{
    struct ktg_journal_report r;
    assert_int_equal(mkdir(to, 0700), 0);
    assert_int_equal(ktg_journal_copy(from, to, &r, NULL), KTG_OK);
}

static void test_correlation__what_another_engine_told_is_put_right_with_the_reason(void **unused)
{
    (void)unused;
    finish(begin());
    struct findings_seen before = findings_look(findings_dir, "engine");
    assert_int_equal(before.raised + before.amended + before.withdrawn, 0);
    size_t differences = as_of_another_engine();
    struct findings_seen wrong = findings_look(findings_dir, "engine");
    struct ktg_repeat_report r = report();
    assert_true(r.by_standing && r.other_engine && !r.erased);
    assert_int_equal(r.differences, differences);
    finish(begin());
    struct findings_seen after = findings_look(findings_dir, "engine");
    assert_true(after.raised > 0 && after.amended > 0 && after.withdrawn > 0);
    assert_int_equal(after.raised + after.amended + after.withdrawn, differences);
    assert_int_equal(after.records, wrong.records + differences);
    assert_int_equal(after.stand, before.stand);
    assert_int_equal(report().differences, 0);
    assert_int_equal(check_order(), newest);
    finish(begin()); /* from its checkpoint */
    ktg_tmpdir_remove(state_dir);
    finish(begin()); /* and without it: in silence again, and nothing to tell */
    assert_memory_equal(findings_look(findings_dir, "engine").digest.b, after.digest.b,
                        sizeof after.digest.b);
}

struct watch {
    pid_t pid;
    int status;
    bool ended;
};
static bool has_ended_or_finished(void *arg)
{
    struct watch *w = arg;
    w->ended = w->ended || waitpid(w->pid, &w->status, WNOHANG) == w->pid;
    return w->ended || is_finished(NULL);
}

/* The disk of the findings dies at its first call, then at its second, and so on, in the middle of a write if it is one. */
static void test_correlation__cut_while_it_puts_right_it_comes_to_the_same(void **unused)
{
    (void)unused;
    char kept[96];
    size_t halfway = 0;
    struct watch w = {.ended = true};
    snprintf(kept, sizeof kept, "%s/kept", dir);
    finish(begin());
    as_of_another_engine();
    copy_findings(findings_dir, kept);
    size_t had = findings_look(findings_dir, "engine").records;
    finish(begin());
    struct findings_seen whole = findings_look(findings_dir, "engine");
    ktg_tmpdir_remove(findings_dir);
    ktg_tmpdir_remove(state_dir);
    copy_findings(kept, findings_dir);
    for (int n = 0; w.ended; n++) {
        struct ktg_disk disk = KTG_DISK_INIT(KTG_DISK_TORN, n);
        w = (struct watch){.pid = begin_on(&disk)};
        assert_true(line_wait(has_ended_or_finished, &w, LINE_PATIENCE));
        size_t has = findings_look(findings_dir, "engine").records;
        halfway += has > had && has < whole.records;
        assert_true(n < 200);
    }
    assert_int_equal(station_end(w.pid, SIGTERM), 0);
    assert_true(halfway > 0);
    assert_memory_equal(findings_look(findings_dir, "engine").digest.b, whole.digest.b,
                        sizeof whole.digest.b);
}

/* Position of the n-th event. */
static ktg_position event_position(int n)
{
    struct ktg_journal_reader *r = NULL;
    struct ktg_journal_item item;
    ktg_position pos = 0;
    assert_int_equal(ktg_journal_reader_open(events_dir, NULL, &r, NULL), KTG_OK);
    while (!pos && !ktg_journal_reader_next(r, &item, NULL))
        if (item.kind == KTG_RECORD_EVENT && n-- == 0)
            pos = item.pos;
    ktg_journal_reader_close(r);
    return pos;
}

static void test_correlation__what_rests_on_erased_events_leaves_without_a_word(void **unused)
{
    (void)unused;
    struct ktg_err err = KTG_ERR_INIT;
    finish(begin());
    struct findings_seen before = findings_look(findings_dir, "erased");
    struct erase_victim victims[] = {{.pos = event_position(2)}, {.pos = event_position(7)}};
    if (erase_events(events_dir, findings_dir, victims, COUNT(victims), &err))
        fail_msg("%s", err.text);
    newest += 2; /* a clock and an ERASURE record */
    last_input++;
    finish(begin());
    struct findings_seen after = findings_look(findings_dir, "erased");
    assert_true(after.left >= COUNT(victims) && after.erased >= after.left);
    assert_int_equal(after.raised + after.withdrawn + after.amended, 0);
    assert_int_equal(after.stand, before.stand - after.left);
    assert_int_equal(after.records, before.records + after.left);
    struct ktg_repeat_report r = report();
    assert_true(r.by_standing && r.erased && !r.other_engine);
    assert_int_equal(r.differences, 0);
    assert_int_equal(check_order(), last_input);
    ktg_tmpdir_remove(state_dir);
    finish(begin());
    assert_memory_equal(findings_look(findings_dir, "erased").digest.b, after.digest.b,
                        sizeof after.digest.b);
}

static int make(void **unused)
{
    struct world w;
    (void)unused;
    ktg_tmpdir_make(dir);
    snprintf(run, sizeof run, "%s/run", dir);
    snprintf(events_dir, sizeof events_dir, "%s/j", dir);
    snprintf(findings_dir, sizeof findings_dir, "%s/f", dir);
    snprintf(state_dir, sizeof state_dir, "%s/s", dir);
    if (mkdir(run, 0700) || mkdir(events_dir, 0700) || mkdir(findings_dir, 0700))
        return -1;
    world_init(&w, NULL, NULL);
    write_events(&w);
    world_done(&w);
    return 0;
}
static int clear(void **unused)
{
    (void)unused;
    ktg_tmpdir_remove(dir);
    return 0;
}

#define EACH(test) cmocka_unit_test_setup_teardown(test, make, clear)
int main(void)
{
    const struct CMUnitTest tests[] = {
        EACH(test_correlation__killed_in_its_steps_it_says_the_same_and_never_runs_ahead),
        EACH(test_correlation__without_its_state_or_its_findings_it_comes_to_the_same),
        EACH(test_correlation__a_state_of_another_journal_is_built_again),
        EACH(test_correlation__what_another_engine_told_is_put_right_with_the_reason),
        EACH(test_correlation__cut_while_it_puts_right_it_comes_to_the_same),
        EACH(test_correlation__what_rests_on_erased_events_leaves_without_a_word),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
