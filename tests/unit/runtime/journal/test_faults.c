/* tests/unit/runtime/journal/test_faults.c - the n-th disk call breaks, for every n: nothing that
 * was reported is lost, no half batch is seen, ids are found, and it goes on.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "runtime/mem.h"
#include "tests/unit/runtime/journal/world.h"

enum { ROUNDS = 13, RECORDS = 24 }; /* a few segments */

/* Open and write; stops where the disk does. */
static void live(struct world *w)
{
    if (world_open(w, NULL))
        return;
    while (w->batches < ROUNDS && world_batch(w, RECORDS) == KTG_OK)
        ;
    world_close(w);
}

/* After the fault, on a sound disk: everything that was reported is there. */
static void holds(struct world *w, const char *story, int64_t n)
{
    struct ktg_err err = KTG_ERR_INIT;
    struct ktg_journal_report report;
    w->disk.fault = KTG_DISK_SOUND;
    w->disk.crashed = 0;
    w->disk.after = -1;
    if (world_open(w, &err))
        fail_msg("%s at call %d: %s", story, (int)n, err.text);
    if (ktg_journal_mark(w->j) < w->durable)
        fail_msg("%s at call %d: reported up to %d, found up to %d", story, (int)n, (int)w->durable,
                 (int)ktg_journal_mark(w->j));
    size_t batches = world_check(w);
    w->batches = batches;
    w->appended = batches ? w->upto[batches - 1] : 0;
    world_check_ids(w, w->appended);
    assert_int_equal(world_batch(w, 3), KTG_OK);
    assert_int_equal(world_check(w), batches + 1);
    world_close(w);
    if (ktg_journal_verify(w->dir, &report, &err))
        fail_msg("%s at call %d: %s", story, (int)n, err.text);
}

static const struct {
    const char *story;
    enum ktg_disk_fault fault;
    int error;
} faults[] = {
    {"fails with EIO", KTG_DISK_FAIL, EIO},    {"fails with ENOSPC", KTG_DISK_FAIL, ENOSPC},
    {"writes half", KTG_DISK_SHORT, EIO},      {"the process dies", KTG_DISK_CRASH, 0},
    {"dies inside a write", KTG_DISK_TORN, 0}, {"the power is cut", KTG_DISK_LOSE, 0},
};

static void arm(struct world *w, size_t fault, int64_t n)
{
    w->disk.fault = faults[fault].fault;
    w->disk.error = faults[fault].error;
    w->disk.after = n;
    w->disk.calls = 0;
}

static void test_journal__no_fault_of_the_disk_loses_what_was_reported(void **unused)
{
    (void)unused;
    int deaths = 0;
    for (size_t f = 0; f < COUNT(faults); f++)
        for (int64_t n = 0;; n++) {
            struct world w;
            world_make(&w, false);
            arm(&w, f, n);
            live(&w);
            deaths += w.deaths;
            bool over = w.disk.calls <= n;
            holds(&w, faults[f].story, n);
            world_done(&w);
            if (over)
                break;
            assert_true(n < 1000);
        }
    assert_true(deaths > 100); /* the faults were really met */
}

static void test_recovery__no_fault_while_recovering_loses_anything(void **unused)
{
    (void)unused;
    struct world made;
    uint8_t half[300];
    memset(half, 0x5a, sizeof half);
    world_make(&made, false);
    live(&made);
    /* an end that has work in it: two frames beyond the mark, a torn one behind, an index missing
     */
    world_set_mark(&made, made.ends[ROUNDS - 3]);
    made.durable = made.ends[ROUNDS - 3];
    ktg_position last = 0;
    for (size_t i = 0; i < made.batches; i++)
        if (world_size(&made, world_segment(made.ends[i] + 1, ".log")))
            last = made.ends[i] + 1;
    assert_true(last > 1 && last <= made.ends[ROUNDS - 3]);
    uint64_t at;
    uint32_t size;
    world_find_frame(&made, last, made.ends[ROUNDS - 2] + 1, &at, &size);
    world_patch(&made, world_segment(last, ".log"), at + size, half, sizeof half);
    world_remove(&made, world_segment(1, ".idx"));
    for (size_t f = 0; f < COUNT(faults); f++)
        for (int64_t n = 0;; n++) {
            struct world w;
            world_copy(&made, &w);
            arm(&w, f, n);
            int rc = world_open(&w, NULL);
            world_close(&w);
            bool over = w.disk.calls <= n;
            if (over)
                assert_int_equal(rc, KTG_OK);
            holds(&w, faults[f].story, n);
            world_done(&w);
            if (over)
                break;
            assert_true(n < 1000);
        }
    world_done(&made);
}

static void test_journal__no_lack_of_memory_loses_what_was_reported(void **unused)
{
    (void)unused;
    for (int64_t n = 0;; n++) {
        struct world w;
        world_make(&w, false);
        ktg_mem_fail_after(n);
        live(&w);
        bool over = ktg_mem_failed() == 0;
        ktg_mem_fail_after(-1);
        holds(&w, "no memory", n);
        world_done(&w);
        if (over)
            break;
        assert_true(n < 2000);
    }
}

static void test_recovery__what_it_publishes_survives_the_next_power_cut(void **unused)
{
    (void)unused;
    struct world w;
    world_make(&w, false);
    w.disk.fault = KTG_DISK_LOSE; /* remembers from the beginning what is not synced */
    assert_int_equal(world_open(&w, NULL), KTG_OK);
    assert_int_equal(world_batch(&w, 4), KTG_OK);
    world_close(&w);
    w.options.test_skip_sync =
        true; /* as if killed between write and sync: the frame is in memory only */
    assert_int_equal(world_open(&w, NULL), KTG_OK);
    assert_int_equal(world_batch(&w, 4), KTG_OK);
    world_close(&w);
    world_set_mark(&w, w.ends[0]);
    w.options.test_skip_sync = false;
    assert_int_equal(world_open(&w, NULL), KTG_OK);
    assert_int_equal(ktg_journal_mark(w.j), w.ends[1]); /* published, so readers act on it */
    w.durable = ktg_journal_mark(w.j);
    w.disk.after = 0;
    assert_int_equal(world_batch(&w, 4), KTG_EIO);
    world_close(&w);
    holds(&w, "the power is cut after recovery", 0);
    assert_true(w.batches >= 2);
    world_done(&w);
}

/* How many of the faults above are noticed: a batch was reported and is not there. */
static int lost(bool skip_sync, bool ack_early, enum ktg_disk_fault fault)
{
    int found = 0;
    for (int64_t n = 0;; n++) {
        struct world w;
        world_make(&w, false);
        w.options.test_skip_sync = skip_sync;
        w.options.test_ack_early = ack_early;
        w.disk.fault = fault;
        w.disk.after = n;
        live(&w);
        bool over = w.disk.calls <= n;
        w.disk.fault = KTG_DISK_SOUND;
        w.disk.crashed = 0;
        w.disk.after = -1;
        struct ktg_err err = KTG_ERR_INIT;
        int rc = world_open(&w, &err);
        if (rc || ktg_journal_mark(w.j) < w.durable) {
            assert_true(rc == KTG_OK || rc == KTG_ECORRUPT);
            found++;
        }
        world_done(&w);
        if (over)
            return found;
    }
}

static void test_mutant__ack_before_sync_is_caught(void **unused)
{
    (void)unused;
    assert_int_equal(lost(false, false, KTG_DISK_LOSE), 0);
    assert_int_equal(lost(false, false, KTG_DISK_TORN), 0);
    assert_true(lost(false, true, KTG_DISK_TORN) >
                0); /* reported before the write: a kill shows it */
    assert_true(lost(true, false, KTG_DISK_LOSE) > 0); /* never synced: only a power cut shows it */
}

static void test_mutant__skipping_the_durable_mark_is_caught(void **unused)
{
    (void)unused;
    /* a frame that is written and whose sync fails: a reader that goes by the mark does not see it
     */
    struct world w;
    struct ktg_journal_reader *r = NULL;
    struct ktg_journal_item item;
    world_make(&w, false);
    assert_int_equal(world_open(&w, NULL), KTG_OK);
    assert_int_equal(world_batch(&w, 4), KTG_OK);
    w.disk.fault = KTG_DISK_FAIL;
    w.disk.after = 1; /* pwrite works, fdatasync fails */
    assert_int_equal(world_batch(&w, 4), KTG_EIO);
    assert_int_equal(w.deaths, 1);
    assert_int_equal(w.durable, w.ends[0]);
    assert_int_equal(world_batch(&w, 1), KTG_EIO); /* never tried again */
    for (int mutant = 0; mutant < 2; mutant++) {
        struct ktg_journal_reader_options o = {.test_ignore_mark = mutant};
        ktg_position last = 0;
        assert_int_equal(ktg_journal_reader_open(w.dir, &o, &r, NULL), KTG_OK);
        while (ktg_journal_reader_next(r, &item, NULL) == KTG_OK)
            last = item.pos;
        assert_int_equal(last, w.ends[mutant]);
        ktg_journal_reader_close(r);
    }
    world_done(&w);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_journal__no_fault_of_the_disk_loses_what_was_reported),
        cmocka_unit_test(test_recovery__no_fault_while_recovering_loses_anything),
        cmocka_unit_test(test_recovery__what_it_publishes_survives_the_next_power_cut),
        cmocka_unit_test(test_journal__no_lack_of_memory_loses_what_was_reported),
        cmocka_unit_test(test_mutant__ack_before_sync_is_caught),
        cmocka_unit_test(test_mutant__skipping_the_durable_mark_is_caught),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
