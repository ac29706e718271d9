/* tests/unit/runtime/journal/test_copy.c
 * SPDX-License-Identifier: Apache-2.0
 */
#include <pthread.h>
#include <string.h>

#include "tests/unit/runtime/journal/world.h"

/* Record numbers go on in the copy as they would have in the original. */
static void take_place(struct world *copy, const struct world *of, ktg_position last)
{
    copy->batches = 0;
    while (copy->batches < of->batches && of->ends[copy->batches] <= last) {
        copy->ends[copy->batches] = of->ends[copy->batches];
        copy->upto[copy->batches] = of->upto[copy->batches];
        copy->batches++;
    }
    copy->appended = copy->batches ? copy->upto[copy->batches - 1] : 0;
}

static void test_copy__stands_at_the_mark_and_can_be_written_on(void **unused)
{
    (void)unused;
    struct world w, copy;
    struct ktg_journal_report report;
    struct ktg_err err = KTG_ERR_INIT;
    world_make(&w, false);
    world_make(&copy, false);
    assert_int_equal(world_open(&w, &err), KTG_OK);
    for (unsigned i = 0; i < 60; i++) /* several segments */
        assert_int_equal(world_batch(&w, 1 + i % 9), KTG_OK);
    assert_int_equal(ktg_journal_copy(w.dir, copy.dir, &report, &err),
                     KTG_OK); /* the writer has it open */
    assert_true(report.segments > 1);
    assert_int_equal(report.last, ktg_journal_mark(w.j));
    assert_int_equal(report.mark, report.last);
    assert_int_equal(ktg_journal_copy(w.dir, copy.dir, &report, &err), KTG_ECONFLICT);
    assert_int_equal(world_batch(&w, 5), KTG_OK); /* the original goes on, the copy does not move */
    take_place(&copy, &w, report.last);
    assert_int_equal(world_check(&copy), 60);
    assert_int_equal(world_open(&copy, &err), KTG_OK);
    world_check_ids(&copy, copy.appended);
    assert_int_equal(world_batch(&copy, 7), KTG_OK);
    world_close(&copy);
    assert_int_equal(world_check(&copy), 61);
    world_done(&w);
    world_done(&copy);
}

static void *write_on(void *arg)
{
    struct world *w = arg;
    int rc = KTG_OK;
    for (unsigned i = 0; !rc && i < 400; i++)
        rc = world_batch(w, 3);
    return rc ? w : NULL;
}

static void test_copy__is_sound_at_whatever_instant_it_is_taken(void **unused)
{
    (void)unused;
    struct world w;
    pthread_t thread;
    void *failed = NULL;
    struct ktg_err err = KTG_ERR_INIT;
    world_make(&w, true);
    assert_int_equal(world_open(&w, &err), KTG_OK);
    assert_int_equal(world_batch(&w, 3), KTG_OK);
    assert_int_equal(pthread_create(&thread, NULL, write_on, &w), 0);
    for (int i = 0; i < 10; i++) {
        struct world copy;
        struct ktg_journal_report report;
        world_make(&copy, false);
        assert_int_equal(ktg_journal_copy(w.dir, copy.dir, &report, &err), KTG_OK);
        assert_int_equal(report.mark, report.last);
        assert_int_equal(report.tail_bytes, 0);
        world_done(&copy);
    }
    pthread_join(thread, &failed);
    assert_null(failed);
    world_done(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_copy__stands_at_the_mark_and_can_be_written_on),
        cmocka_unit_test(test_copy__is_sound_at_whatever_instant_it_is_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
