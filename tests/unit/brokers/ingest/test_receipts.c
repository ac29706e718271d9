/* tests/unit/brokers/ingest/test_receipts.c
 * SPDX-License-Identifier: Apache-2.0
 */
#include "brokers/ingest/receipts.h"
#include "runtime/mem.h"
#include "tests/support/cmocka.h"

static void expect_runs(struct ktg_buf *runs, const struct ktg_run *want, size_t count)
{
    struct ktg_wire w = ktg_list_open(ktg_buf_view(runs));
    struct ktg_run run;
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(ktg_run_next(&w, &run), KTG_OK);
        assert_int_equal(run.first_seq, want[i].first_seq);
        assert_int_equal(run.count, want[i].count);
        assert_int_equal(run.first_position, want[i].first_position);
        assert_int_equal(run.status, want[i].status);
    }
    assert_int_equal(ktg_run_next(&w, &run), KTG_EINVALID);
    ktg_buf_clear(runs);
}

static void test_receipts__nothing_is_answered_before_its_batch_is_durable(void **unused)
{
    (void)unused;
    struct ktg_receipts r = KTG_RECEIPTS_INIT;
    struct ktg_buf runs = KTG_BUF_INIT;
    struct ktg_bytes note;
    uint64_t seq = 0;
    for (uint64_t i = 1; i <= 40; i++)
        assert_int_equal(ktg_receipts_add(&r, i, KTG_RUN_ACCEPTED, 100 + i, 7), KTG_OK);
    assert_int_equal(ktg_receipts_add(&r, 41, KTG_RUN_REJECTED, 141, 7), KTG_OK);
    assert_int_equal(ktg_receipts_note(&r, KTG_LIT("nack 41"), 7), KTG_OK);
    assert_int_equal(ktg_receipts_add(&r, 42, KTG_RUN_ACCEPTED, 143, 8), KTG_OK);
    assert_int_equal(ktg_receipts_note(&r, KTG_LIT("nack 43"), 8), KTG_OK);

    assert_false(ktg_receipts_take(&r, 6, &seq, &runs));
    assert_false(ktg_receipts_take_note(&r, 6, &note));
    assert_true(ktg_receipts_take_note(&r, 7, &note));
    assert_true(ktg_bytes_is(note, "nack 41"));
    assert_false(ktg_receipts_take_note(&r, 7, &note));
    assert_true(ktg_receipts_take(&r, 7, &seq, &runs));
    assert_int_equal(seq, 41);
    expect_runs(&runs,
                (struct ktg_run[]){{1, 40, 101, KTG_RUN_ACCEPTED}, {41, 1, 141, KTG_RUN_REJECTED}},
                2);
    assert_false(ktg_receipts_take(&r, 7, &seq, &runs));
    assert_true(ktg_receipts_waiting(&r));

    /* a resend starts again lower: the acknowledgement stays cumulative */
    assert_int_equal(ktg_receipts_add(&r, 5, KTG_RUN_DUPLICATE, 0, 8), KTG_OK);
    assert_int_equal(ktg_receipts_add(&r, 6, KTG_RUN_DUPLICATE, 0, 8), KTG_OK);
    assert_true(ktg_receipts_take(&r, 9, &seq, &runs));
    assert_int_equal(seq, 42);
    expect_runs(
        &runs, (struct ktg_run[]){{42, 1, 143, KTG_RUN_ACCEPTED}, {5, 2, 0, KTG_RUN_DUPLICATE}}, 2);
    assert_true(ktg_receipts_take_note(&r, 9, &note));
    assert_true(ktg_bytes_is(note, "nack 43"));
    assert_false(ktg_receipts_waiting(&r));
    ktg_buf_done(&runs);
    ktg_receipts_done(&r);
}

static void test_receipts__positions_with_a_hole_are_two_runs(void **unused)
{
    (void)unused;
    struct ktg_receipts r = KTG_RECEIPTS_INIT;
    struct ktg_buf runs = KTG_BUF_INIT;
    uint64_t seq;
    assert_int_equal(ktg_receipts_add(&r, 1, KTG_RUN_ACCEPTED, 10, 1), KTG_OK);
    assert_int_equal(ktg_receipts_add(&r, 2, KTG_RUN_ACCEPTED, 12, 1), KTG_OK);
    assert_true(ktg_receipts_take(&r, 1, &seq, &runs));
    expect_runs(&runs,
                (struct ktg_run[]){{1, 1, 10, KTG_RUN_ACCEPTED}, {2, 1, 12, KTG_RUN_ACCEPTED}}, 2);
    ktg_buf_done(&runs);
    ktg_receipts_done(&r);
}

static void test_receipts__without_memory_what_waits_stays_whole(void **unused)
{
    (void)unused;
    struct ktg_receipts r = KTG_RECEIPTS_INIT;
    struct ktg_buf runs = KTG_BUF_INIT;
    struct ktg_bytes note;
    uint64_t seq;
    assert_int_equal(ktg_receipts_add(&r, 1, KTG_RUN_ACCEPTED, 10, 1), KTG_OK);
    assert_int_equal(ktg_receipts_note(&r, KTG_LIT("first"), 1), KTG_OK);
    static const uint8_t large[100000];
    ktg_mem_fail_after(0);
    int rc = ktg_receipts_note(&r, ktg_bytes(large, sizeof large), 1);
    ktg_mem_fail_after(-1);
    assert_int_equal(rc, KTG_ENOMEM);
    assert_int_equal(ktg_receipts_note(&r, KTG_LIT("second"), 1), KTG_OK);
    assert_true(ktg_receipts_take_note(&r, 1, &note) && ktg_bytes_is(note, "first"));
    assert_true(ktg_receipts_take_note(&r, 1, &note) && ktg_bytes_is(note, "second"));
    assert_true(ktg_receipts_take(&r, 1, &seq, &runs));
    ktg_buf_done(&runs);
    ktg_receipts_done(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_receipts__nothing_is_answered_before_its_batch_is_durable),
        cmocka_unit_test(test_receipts__positions_with_a_hole_are_two_runs),
        cmocka_unit_test(test_receipts__without_memory_what_waits_stays_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
