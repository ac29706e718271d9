/* tests/unit/brokers/ingest/test_retiring.c - the station takes what operators say of sources into a real journal, and the roll that
 * anybody reads from it.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "brokers/ingest/ingest.h"
#include "brokers/ingest/roll.h"
#include "rules/ruleset.h"
#include "schema/files.h"
#define KTG_TMPDIR_MEMORY
#include "tests/support/tmpdir.h"
#include "tests/unit/brokers/line.h"

enum { MANY = 2500 }; /* words: they fill some segments */

static char dir[KTG_TMPDIR_SIZE], run[KTG_TMPDIR_SIZE + 8], journal[KTG_TMPDIR_SIZE + 8];
static pid_t pid;
static ktg_time word_at;
static int many, back; /* sources that are named; so many of the first are taken back */

static struct ktg_rights nobody;
static int rights_of(void *arg, struct ktg_bytes producer, struct ktg_rights *ret_rights)
{
    (void)arg, (void)producer;
    *ret_rights = nobody;
    return KTG_ENOTFOUND;
}
static int load_bundle(void *arg, struct ktg_bytes in_force, struct ktg_buf *to,
                       struct ktg_err *err)
{
    struct ktg_files f = KTG_FILES_INIT;
    (void)arg, (void)in_force;
    int rc = ktg_files_read_one(&f, KTG_SOURCE_DIR "/schema/events/_common.yaml",
                                "events/_common.yaml", err);
    if (!rc)
        rc = ktg_files_read_one(&f, KTG_SOURCE_DIR "/rules/settings.yaml", "settings.yaml", err);
    if (!rc)
        rc = ktg_bundle_encode(f.at, f.count, to);
    ktg_files_done(&f);
    return rc;
}

/* All is said each time: whether it is new is not the affair of whoever says it. */
static int source_words(void *arg, bool again,
                        int (*each)(void *to, const struct ktg_retirement *w), void *to,
                        struct ktg_err *err)
{
    int rc = KTG_OK;
    (void)arg, (void)again, (void)err;
    for (int i = 0; !rc && i < many + back; i++) {
        char name[48];
        snprintf(name, sizeof name, "UTO.A.SOURCE.WITH.A.LONG.NAME.%04d", i < many ? i : i - many);
        rc = each(to, &(struct ktg_retirement){ktg_bytes_str(name), word_at, i < many});
    }
    return rc;
}

static int run_ingest(void *arg)
{
    struct ktg_err err = KTG_ERR_INIT;
    int rc = ktg_ingest_run(arg, &err);
    if (rc)
        fprintf(stderr, "ingest: %s\n", err.text);
    return rc ? ktg_code_exit_status(rc) : 0;
}

static void begin(int named, int taken_back)
{
    static struct ktg_ingest_options o;
    many = named;
    back = taken_back;
    o = (struct ktg_ingest_options){.run_dir = run,
                                    .journal_dir = journal,
                                    .clock = KTG_CLOCK_REAL,
                                    .log_level = KTG_LOG_ERROR,
                                    .journal = {.segment_size = 64 << 10,
                                                .disk_warn_percent = 1,
                                                .disk_stop_percent = 1,
                                                .batch_records = 200},
                                    .clock_period = 50,
                                    .rights_of = rights_of,
                                    .load_bundle = load_bundle,
                                    .source_words = source_words};
    pid = station_start(run_ingest, &o);
}
static void end(int signal_number)
{
    assert_int_equal(station_end(pid, signal_number), signal_number == SIGKILL ? -SIGKILL : 0);
    pid = 0;
}

/* By all that is durable. */
static int count(bool retired)
{
    struct ktg_journal_reader *r = NULL;
    struct ktg_journal_item item;
    struct ktg_retirement w;
    int n = 0;
    if (ktg_journal_reader_open(journal, NULL, &r, NULL))
        return 0;
    while (!ktg_journal_reader_next(r, &item, NULL)) {
        if (item.kind != KTG_RECORD_RETIRED)
            continue;
        assert_int_equal(ktg_record_retired_decode(item.payload, &w), KTG_OK);
        assert_true(w.at <= item.recorded_at); /* else nobody would believe it */
        n += w.retired == retired;
    }
    ktg_journal_reader_close(r);
    return n;
}
static bool has_all(void *arg)
{
    const int *want = arg;
    return count(true) >= want[0] && count(false) >= want[1];
}
static void wait_for(int said, int taken_back)
{
    int want[] = {said, taken_back};
    assert_true(line_wait(has_all, want, LINE_PATIENCE));
}

/* Its clock has turned some times: it has looked at the list. */
static ktg_position durable(void)
{
    struct ktg_journal_reader *r = NULL;
    struct ktg_journal_item item;
    ktg_position last = 0;
    assert_int_equal(ktg_journal_reader_open(journal, NULL, &r, NULL), KTG_OK);
    while (!ktg_journal_reader_next(r, &item, NULL))
        last = item.pos;
    ktg_journal_reader_close(r);
    return last;
}
static bool has_come(void *arg)
{
    return durable() >= *(const ktg_position *)arg;
}
static void wait_for_turns(ktg_position before)
{
    ktg_position want = before + 6;
    assert_true(line_wait(has_come, &want, LINE_PATIENCE));
}

static int standing(void)
{
    struct ktg_roll roll = KTG_ROLL_INIT;
    struct ktg_err err = KTG_ERR_INIT;
    int n = 0;
    assert_int_equal(ktg_roll_read(&roll, journal, &err), KTG_OK);
    for (size_t i = 0; i < roll.retired.count; i++) {
        const struct ktg_retired_word *w = &roll.retired.words[i];
        assert_int_equal(w->at, word_at);
        n += ktg_retired_holds(&roll.retired, ktg_bytes_str(w->source)) == w;
    }
    ktg_roll_done(&roll);
    return n;
}

static void test_retiring__each_word_is_said_once_over_kills_and_segments(void **unused)
{
    (void)unused;
    word_at = ktg_clock_now(&KTG_CLOCK_REAL) + 300; /* not yet: it waits for its time */
    begin(3, 0);
    wait_for(3, 0);
    end(SIGKILL);
    begin(MANY, 1); /* said while nobody ran; more than a batch has room for */
    wait_for(MANY, 1);
    end(SIGKILL);
    assert_int_equal(standing(), MANY - 1);
    begin(MANY, 2);
    wait_for(MANY, 2);
    end(SIGTERM);
    ktg_position last = durable();
    begin(0, 0); /* the list is lost: nothing is taken back */
    wait_for_turns(last);
    end(SIGTERM);
    last = durable();
    begin(1, 0); /* an older list is put back: what was taken back does not stand again */
    wait_for_turns(last);
    end(SIGTERM);
    assert_int_equal(count(true), MANY);
    assert_int_equal(count(false), 2);
    assert_int_equal(standing(), MANY - 2);
}

/* ---- the roll ---- */

static void put(struct ktg_journal *j, enum ktg_record_kind kind, const char *source, ktg_time at)
{
    static ktg_time now = 1000;
    struct ktg_buf meta = KTG_BUF_INIT, body = KTG_BUF_INIT;
    ktg_position pos;
    ktg_record_meta_encode(&(struct ktg_record_meta){KTG_LIT("UTO.A"), 7, 0, 0}, &meta);
    if (kind == KTG_RECORD_RETIRED) {
        ktg_record_retired_encode(&(struct ktg_retirement){ktg_bytes_str(source), at, true}, &body);
    } else {
        ktg_wire_put_map(&body, 2);
        ktg_wire_put_int_pair(&body, "at", at);
        ktg_wire_put_str_pair(&body, "source", ktg_bytes_str(source));
    }
    assert_int_equal(
        ktg_journal_append(j, (uint8_t)kind, ktg_buf_view(&meta), ktg_buf_view(&body), NULL, &pos),
        KTG_OK);
    assert_int_equal(ktg_journal_seal_and_wait(j, ++now, 0, NULL), KTG_OK);
    ktg_buf_done(&meta);
    ktg_buf_done(&body);
}

static void test_retiring__the_roll_says_who_was_heard_and_who_is_retired(void **unused)
{
    (void)unused;
    const struct ktg_journal_options o = {.segment_size = 64 << 10, .no_threads = true};
    struct ktg_roll roll = KTG_ROLL_INIT;
    struct ktg_err err = KTG_ERR_INIT;
    struct ktg_journal *j = NULL;
    bool heard = false;
    assert_int_equal(ktg_roll_read(&roll, "no/such/journal", &err), KTG_ENOTFOUND);
    assert_int_equal(ktg_journal_open(journal, &o, &j, &err), KTG_OK);
    put(j, KTG_RECORD_HEARTBEAT, "UTO.1", 100);
    put(j, KTG_RECORD_EVENT, "UTO.2", 100);
    put(j, KTG_RECORD_RETIRED, "UTO.1", 200);
    put(j, KTG_RECORD_RETIRED, "UTO.3", 200);
    put(j, KTG_RECORD_HEARTBEAT, "UTO.3", 201);
    assert_int_equal(ktg_roll_read(&roll, journal, &err), KTG_OK);
    const struct ktg_tally *t = ktg_tallies_find(&roll.tallies, KTG_LIT("UTO.A"));
    assert_int_equal(t->count, 3);
    assert_true(t->sources[0].heartbeat_at && !t->sources[1].heartbeat_at &&
                t->sources[1].event_at);
    assert_int_equal(ktg_retired_holds(&roll.retired, KTG_LIT("UTO.1"))->at, 200);
    assert_null(ktg_retired_holds(&roll.retired, KTG_LIT("UTO.3"))); /* it was heard again */
    static const struct {
        const char *source;
        bool heard;
    } asked[] = {{"UTO.1", true}, {"UTO.2", false}, {"UTO.3", true}, {"UTO.4", false}};
    for (size_t i = 0; i < COUNT(asked); i++) {
        assert_int_equal(
            ktg_roll_look_for(journal, 0, ktg_bytes_str(asked[i].source), &heard, &err), KTG_OK);
        assert_int_equal(heard, asked[i].heard);
    }
    ktg_roll_done(&roll);
    ktg_journal_close(j);
}

static int make(void **unused)
{
    (void)unused;
    ktg_tmpdir_make(dir);
    snprintf(run, sizeof run, "%s/run", dir);
    snprintf(journal, sizeof journal, "%s/j", dir);
    return mkdir(run, 0700) || mkdir(journal, 0700);
}
static int clear(void **unused)
{
    (void)unused;
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
        EACH(test_retiring__each_word_is_said_once_over_kills_and_segments),
        EACH(test_retiring__the_roll_says_who_was_heard_and_who_is_retired),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
