/* tests/unit/brokers/correlation/test_answered.c
 * SPDX-License-Identifier: Apache-2.0
 */
#include "brokers/correlation/answered.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "rules/engine/told.h"
#include "schema/finding.h"
#include "schema/wire.h"
#include "tests/support/cmocka.h"
#define KTG_TMPDIR_MEMORY
#include "tests/support/tmpdir.h"

enum { ENGINE = 3 };

static char dir[KTG_TMPDIR_SIZE];

static struct ktg_answered *open_at(uint64_t from, int code)
{
    struct ktg_journal_options o = {
        .segment_size = 1u << 20, .batch_records = 4, .no_threads = true};
    struct ktg_answered *a = NULL;
    struct ktg_err err = KTG_ERR_INIT;
    int rc = ktg_answered_open(dir, &o, from, ENGINE, &a, &err);
    if (rc != code)
        fail_msg("%d: %s", rc, err.text);
    return a;
}

static int put(struct ktg_answered *a, uint64_t pos, uint32_t n, const char *payload,
               struct ktg_err *err)
{
    struct ktg_op op = {
        .pos = pos, .n = n, .rule = KTG_LIT("a-rule"), .payload = ktg_bytes_str(payload)};
    return ktg_answered_put(a, &op, (ktg_time)pos, err);
}
static void say(struct ktg_answered *a, uint64_t pos, uint32_t n, const char *payload)
{
    struct ktg_err err = KTG_ERR_INIT;
    if (put(a, pos, n, payload, &err))
        fail_msg("%s", err.text);
}
static void commit(struct ktg_answered *a, uint64_t done)
{
    assert_int_equal(ktg_answered_commit(a, (ktg_time)done, done, NULL), KTG_OK);
}

/* What the next tests find: answers of positions 3 (two), 5 and 9, done up to 10. */
static int write_some(void **unused)
{
    (void)unused;
    ktg_tmpdir_make(dir);
    struct ktg_answered *a = open_at(0, KTG_OK);
    assert_false(ktg_answered_repeating(a));
    say(a, 3, 0, "three");
    say(a, 3, 1, "three too");
    commit(a, 4);
    say(a, 5, 0, "five");
    commit(a, 6);
    commit(a, 8); /* nothing said: `done` moves all the same */
    assert_int_equal(ktg_answered_done(a), 8);
    say(a, 9, 0, "nine");
    commit(a, 10);
    ktg_answered_close(a);
    return 0;
}
static int clear(void **unused)
{
    (void)unused;
    ktg_tmpdir_remove(dir);
    return 0;
}

static void test_answered__what_was_said_is_repeated_then_it_goes_on(void **unused)
{
    (void)unused;
    struct ktg_answered *a = open_at(0, KTG_OK);
    assert_true(ktg_answered_repeating(a));
    assert_int_equal(ktg_answered_done(a), 10);
    uint64_t end = ktg_answered_position(a);
    say(a, 3, 0, "three");
    say(a, 3, 1, "three too");
    commit(a, 4);
    say(a, 5, 0, "five");
    assert_int_equal(ktg_answered_position(a), end); /* nothing is written twice */
    say(a, 9, 0, "nine");
    assert_false(ktg_answered_repeating(a));
    assert_int_equal(ktg_answered_repeated(a), 4);
    commit(a, 10);
    assert_int_equal(ktg_answered_position(a), end);
    say(a, 11, 0, "eleven");
    commit(a, 11);
    assert_int_equal(ktg_answered_appended(a), 1);
    assert_true(ktg_answered_position(a) > end && ktg_answered_done(a) == 11);
    ktg_answered_close(a);
}

static void test_answered__any_difference_stops_it_and_tells_the_place(void **unused)
{
    (void)unused;
    static const struct {
        uint64_t pos;
        uint32_t n;
        const char *payload, *told;
    } rows[] = {
        {3, 0, "threE", "answer 0 of event position 3"},
        {3, 0, "three ", "with other bytes"},
        {3, 1, "three", "answer 1 of position 3"},
        {2, 0, "three", "of position 2"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct ktg_answered *a = open_at(0, KTG_OK);
        struct ktg_err err = KTG_ERR_INIT;
        assert_int_equal(put(a, rows[i].pos, rows[i].n, rows[i].payload, &err), KTG_ECORRUPT);
        if (!strstr(err.text, rows[i].told))
            fail_msg("row %zu: %s", i, err.text);
        ktg_answered_close(a);
    }
}

static void test_answered__an_answer_that_is_not_given_again_stops_it(void **unused)
{
    (void)unused;
    struct ktg_err err = KTG_ERR_INIT;
    struct ktg_answered *a = open_at(0, KTG_OK);
    say(a, 3, 0, "three");
    say(a, 3, 1, "three too");
    assert_int_equal(ktg_answered_commit(a, 4, 4, NULL), KTG_OK);
    assert_int_equal(ktg_answered_commit(a, 5, 5, &err), KTG_ECORRUPT);
    assert_non_null(strstr(err.text, "answer 0 of event position 5"));
    ktg_answered_close(a);
}

static void test_answered__an_answer_more_than_before_stops_it(void **unused)
{
    (void)unused;
    struct ktg_err err = KTG_ERR_INIT;
    struct ktg_answered *a = open_at(0, KTG_OK);
    say(a, 3, 0, "three");
    say(a, 3, 1, "three too");
    say(a, 5, 0, "five");
    say(a, 9, 0, "nine");
    assert_int_equal(put(a, 10, 0, "ten", &err),
                     KTG_ECORRUPT); /* position 10 was done, without it */
    assert_non_null(strstr(err.text, "event position 10 was answered before"));
    ktg_answered_close(a);
}

/* A batch is full in the middle of a step: it is durable, `done` is not; after a crash there it is repeated and goes on. */
static void test_answered__a_step_that_was_cut_is_repeated_and_finished(void **unused)
{
    (void)unused;
    struct ktg_answered *a = open_at(0, KTG_OK);
    char text[16];
    say(a, 3, 0, "three");
    say(a, 3, 1, "three too");
    say(a, 5, 0, "five");
    say(a, 9, 0, "nine");
    for (uint32_t n = 0; n < 10; n++) { /* batches of 4: 8 of them are on disk, 2 are not */
        snprintf(text, sizeof text, "long %u", n);
        say(a, 11, n, text);
    }
    assert_int_equal(ktg_answered_done(a), 10);
    ktg_answered_close(a);
    a = open_at(0, KTG_OK);
    assert_int_equal(ktg_answered_done(a), 10);
    say(a, 3, 0, "three");
    say(a, 3, 1, "three too");
    say(a, 5, 0, "five");
    say(a, 9, 0, "nine");
    commit(a, 10);
    for (uint32_t n = 0; n < 10; n++) {
        snprintf(text, sizeof text, "long %u", n);
        say(a, 11, n, text);
    }
    assert_int_equal(ktg_answered_repeated(a), 12);
    assert_int_equal(ktg_answered_appended(a), 2);
    commit(a, 12);
    assert_int_equal(ktg_answered_done(a), 12);
    ktg_answered_close(a);
}

static void test_answered__it_resumes_after_what_the_checkpoint_has_seen(void **unused)
{
    (void)unused;
    struct ktg_answered *a = open_at(0, KTG_OK);
    uint64_t end = ktg_answered_position(a);
    ktg_answered_close(a);
    a = open_at(end, KTG_OK);
    assert_false(ktg_answered_repeating(a));
    ktg_answered_close(a);
    (void)open_at(end + 1, KTG_ENOTFOUND); /* of another journal: the caller rebuilds */
}

/* ---- re-derivation ---- */

/* Written by hand: what engine `engine` said for event position 12, in a journal that `done` covers up to 12. */
static void say_as(int64_t engine, const char *reason)
{
    struct ktg_journal_options o = {.no_threads = true};
    struct ktg_journal *j = NULL;
    struct ktg_buf meta = KTG_BUF_INIT, payload = KTG_BUF_INIT;
    ktg_position pos;
    ktg_finding_meta_encode(
        &(struct ktg_finding_meta){.position = 12, .n = 4, .rev = 1, .engine = engine}, &meta);
    ktg_wire_put_map(&payload, 2);
    ktg_wire_put_text(&payload, "op");
    ktg_wire_put_text(&payload, "raise");
    ktg_wire_put_text(&payload, "reason");
    ktg_wire_put_text(&payload, reason);
    assert_int_equal(ktg_journal_open(dir, &o, &j, NULL), KTG_OK);
    assert_int_equal(ktg_journal_append(j, KTG_FINDING_RECORD, ktg_buf_view(&meta),
                                        ktg_buf_view(&payload), NULL, &pos),
                     KTG_OK);
    assert_int_equal(ktg_journal_seal_and_wait(j, 12, 12, NULL), KTG_OK);
    ktg_journal_close(j);
    ktg_buf_done(&meta);
    ktg_buf_done(&payload);
}

static void test_answered__only_what_this_engine_said_can_be_repeated(void **unused)
{
    (void)unused;
    static const struct {
        int64_t engine;
        const char *reason;
        bool comparable, other;
    } rows[] = {
        {ENGINE, "event", true, false},
        {ENGINE, "engine", false, false}, /* of a re-derivation: no replay says it again */
        {ENGINE, "erased", false, false},
        {ENGINE + 1, "event", false, true},
        {0, "event", false, true}, /* older than the field */
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        clear(NULL);
        write_some(NULL);
        struct ktg_answered *a = open_at(0, KTG_OK);
        uint64_t end = ktg_answered_position(a);
        assert_true(ktg_answered_comparable(a));
        assert_int_equal(ktg_answered_until(a), 10);
        ktg_answered_close(a);
        say_as(rows[i].engine, rows[i].reason);
        for (int half = 0; half < 2; half++) { /* the whole, and what follows a checkpoint */
            a = open_at(half ? end : 0, KTG_OK);
            if (ktg_answered_comparable(a) != rows[i].comparable ||
                ktg_answered_other_engine(a) != rows[i].other)
                fail_msg("row %zu, half %d", i, half);
            assert_int_equal(ktg_answered_until(a), 12);
            ktg_answered_close(a);
        }
    }
}

static void
test_answered__in_silence_nothing_is_written_then_it_goes_on_where_it_ended(void **unused)
{
    (void)unused;
    struct ktg_told *told = NULL;
    struct ktg_err err = KTG_ERR_INIT;
    say_as(ENGINE + 1, "event");
    struct ktg_answered *a = open_at(0, KTG_OK);
    uint64_t end = ktg_answered_position(a);
    ktg_answered_silence(a);
    assert_true(ktg_answered_repeating(a));
    say(a, 3, 0, "something else");
    commit(a, 12);
    assert_int_equal(ktg_answered_position(a), end);
    assert_int_equal(ktg_told_new(&told), KTG_OK);
    assert_int_equal(ktg_answered_told(a, told, &err), KTG_ECORRUPT); /* "three" is no finding */
    ktg_told_free(told);
    ktg_answered_speak(a);
    say(a, 12, 5, "put right"); /* though 12 is done */
    commit(a, 12);
    assert_int_equal(ktg_answered_appended(a), 1);
    assert_int_equal(ktg_answered_done(a), 12);
    assert_int_equal(put(a, 12, 6, "once more", &err), KTG_ECORRUPT); /* one go only */
    say(a, 13, 0, "thirteen");
    commit(a, 13);
    ktg_answered_close(a);
}

/* A limit on the size of files is a disk that is full: the segment that is there takes what fits, the next cannot be made. */
static void make_room(rlim_t bytes)
{
    struct rlimit limit = {.rlim_cur = bytes, .rlim_max = RLIM_INFINITY};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

enum { STEPS = 60, EACH_STEP = 7, LARGE = 6000 };

static struct ktg_answered *open_larger(void)
{
    struct ktg_journal_options o = {
        .segment_size = 2u << 20, .batch_records = 4, .no_threads = true};
    struct ktg_answered *a = NULL;
    assert_int_equal(ktg_answered_open(dir, &o, 0, ENGINE, &a, NULL), KTG_OK);
    say(a, 3, 0, "three");
    say(a, 3, 1, "three too");
    say(a, 5, 0, "five");
    say(a, 9, 0, "nine");
    return a;
}

static void say_step(struct ktg_answered *a, uint64_t pos)
{
    char large[LARGE];
    for (uint32_t n = 0; n < EACH_STEP; n++) {
        memset(large, (int)('a' + (pos + n) % 26), sizeof large - 1);
        large[sizeof large - 1] = 0;
        say(a, pos, n, large);
    }
}

static void test_answered__a_full_disk_holds_what_is_said_and_later_it_is_there_once(void **unused)
{
    (void)unused;
    struct ktg_err err = KTG_ERR_INIT;
    struct ktg_answered *a = open_larger();
    int held = 0;
    signal(SIGXFSZ, SIG_IGN);
    make_room(3u << 19);
    for (uint64_t pos = 11; pos < 11 + STEPS; pos++) {
        say_step(a, pos);
        int rc = ktg_answered_commit(a, (ktg_time)pos, pos, &err);
        if (!rc)
            continue;
        assert_int_equal(rc, KTG_EFULL);
        assert_non_null(strstr(err.text, dir)); /* which disk */
        for (int again = 0; again < 3; again++) {
            assert_int_equal(ktg_answered_commit(a, (ktg_time)pos, pos, &err), KTG_EFULL);
            assert_int_equal(ktg_answered_done(a), pos - 1);
            assert_true(ktg_answered_owed(a) > 0 && ktg_answered_owed(a) <= EACH_STEP);
        }
        held++;
        make_room(RLIM_INFINITY);
        commit(a, pos);
        assert_int_equal(ktg_answered_owed(a), 0);
    }
    assert_int_equal(held, 1);
    assert_int_equal(ktg_answered_appended(a), STEPS * EACH_STEP);
    ktg_answered_close(a);
    a = open_larger();
    for (uint64_t pos = 11; pos < 11 + STEPS; pos++)
        say_step(a, pos); /* any that is missing, twice or out of order stops it */
    assert_false(ktg_answered_repeating(a));
    ktg_answered_close(a);
}

static void test_answered__a_crash_while_it_is_held_says_it_again(void **unused)
{
    (void)unused;
    struct ktg_answered *a = open_larger();
    uint64_t pos = 11;
    signal(SIGXFSZ, SIG_IGN);
    make_room(3u << 19);
    int rc;
    do {
        say_step(a, pos);
        rc = ktg_answered_commit(a, (ktg_time)pos, pos, NULL);
    } while (!rc && pos++ < 11 + STEPS);
    assert_int_equal(rc, KTG_EFULL);
    ktg_answered_close(a); /* what was held is gone ... */
    a = open_larger();
    assert_int_equal(ktg_answered_done(a), pos - 1);
    for (uint64_t p = 11; p <= pos; p++)
        say_step(a, p); /* ... and what was not is compared */
    assert_int_equal(ktg_answered_commit(a, (ktg_time)pos, pos, NULL), KTG_EFULL);
    make_room(RLIM_INFINITY);
    commit(a, pos);
    assert_int_equal(ktg_answered_done(a), pos);
    ktg_answered_close(a);
}

#define EACH(test) cmocka_unit_test_setup_teardown(test, write_some, clear)
int main(void)
{
    const struct CMUnitTest tests[] = {
        EACH(test_answered__what_was_said_is_repeated_then_it_goes_on),
        EACH(test_answered__any_difference_stops_it_and_tells_the_place),
        EACH(test_answered__an_answer_that_is_not_given_again_stops_it),
        EACH(test_answered__an_answer_more_than_before_stops_it),
        EACH(test_answered__a_step_that_was_cut_is_repeated_and_finished),
        EACH(test_answered__it_resumes_after_what_the_checkpoint_has_seen),
        EACH(test_answered__only_what_this_engine_said_can_be_repeated),
        EACH(test_answered__in_silence_nothing_is_written_then_it_goes_on_where_it_ended),
        EACH(test_answered__a_full_disk_holds_what_is_said_and_later_it_is_there_once),
        EACH(test_answered__a_crash_while_it_is_held_says_it_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
