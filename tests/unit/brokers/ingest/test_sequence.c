/* tests/unit/brokers/ingest/test_sequence.c
 * SPDX-License-Identifier: Apache-2.0
 */
#include "brokers/ingest/sequence.h"
#include "runtime/mem.h"
#include "schema/wire.h"
#include "tests/support/cmocka.h"

#define A KTG_LIT("IMI.ENTIKONG.1")
#define B KTG_LIT("APOA.SANGGAU.7")

static void test_sequence__tells_this_story(void **unused)
{
    (void)unused;
    struct ktg_sequences s = KTG_SEQUENCES_INIT;
    uint64_t acked = 99;
    assert_int_equal(ktg_sequence_place(ktg_sequences_find(&s, A), 7, 1),
                     KTG_SEQ_FENCED); /* never said hello */
    assert_int_equal(ktg_sequences_hello(&s, A, 7, &acked), KTG_OK);
    assert_int_equal(acked, 0);
    assert_int_equal(ktg_sequence_place(ktg_sequences_find(&s, A), 7, 1), KTG_SEQ_NEXT);
    assert_int_equal(ktg_sequence_place(ktg_sequences_find(&s, A), 7, 2), KTG_SEQ_GAP);
    ktg_sequence_advance(ktg_sequences_find(&s, A), 1);
    ktg_sequence_advance(ktg_sequences_find(&s, A), 2);
    assert_int_equal(ktg_sequence_place(ktg_sequences_find(&s, A), 7, 2), KTG_SEQ_OLD);
    assert_int_equal(ktg_sequence_place(ktg_sequences_find(&s, A), 6, 3), KTG_SEQ_FENCED);
    assert_int_equal(ktg_sequence_place(ktg_sequences_find(&s, A), 8, 3),
                     KTG_SEQ_FENCED); /* not before its hello */
    assert_int_equal(ktg_sequences_hello(&s, A, 7, &acked),
                     KTG_OK); /* the same installation reconnects */
    assert_int_equal(acked, 2);
    assert_int_equal(ktg_sequences_hello(&s, A, 8, &acked), KTG_OK); /* it lost its outbox */
    assert_int_equal(acked, 0);
    acked = 5;
    assert_int_equal(ktg_sequences_hello(&s, A, 7, &acked), KTG_ECONFLICT); /* its twin wakes up */
    assert_int_equal(acked, 5);
    assert_int_equal(ktg_sequence_place(ktg_sequences_find(&s, A), 7, 3), KTG_SEQ_FENCED);
    assert_int_equal(ktg_sequences_hello(&s, KTG_LIT(""), 1, &acked), KTG_EINVALID);
    ktg_sequences_done(&s);
}

static void test_sequence__a_snapshot_and_the_records_after_it_give_the_same(void **unused)
{
    (void)unused;
    struct ktg_sequences s = KTG_SEQUENCES_INIT, t = KTG_SEQUENCES_INIT;
    struct ktg_buf b = KTG_BUF_INIT;
    assert_int_equal(ktg_sequences_recover(&s, A, 7, 40), KTG_OK);
    assert_int_equal(ktg_sequences_recover(&s, B, 3, 9), KTG_OK);
    ktg_sequences_encode(&s, &b);
    assert_int_equal(ktg_wire_check(ktg_buf_view(&b), &KTG_WIRE_LIMITS, NULL), KTG_OK);
    assert_int_equal(ktg_sequences_decode(&t, ktg_buf_view(&b)), KTG_OK);
    assert_int_equal(ktg_sequences_recover(&t, A, 7, 39),
                     KTG_OK); /* older than the snapshot: nothing */
    assert_int_equal(ktg_sequences_recover(&t, A, 6, 99), KTG_OK); /* an older epoch: nothing */
    assert_int_equal(ktg_sequences_recover(&t, A, 7, 41), KTG_OK);
    assert_int_equal(ktg_sequences_recover(&t, B, 4, 1), KTG_OK);
    assert_int_equal(ktg_sequences_find(&t, A)->last, 41);
    assert_int_equal(ktg_sequences_find(&t, B)->epoch, 4);
    assert_int_equal(ktg_sequences_find(&t, B)->last, 1);
    for (size_t cut = 0; cut < b.size; cut++) {
        struct ktg_sequences u = KTG_SEQUENCES_INIT;
        assert_int_equal(ktg_sequences_decode(&u, ktg_bytes(b.data, cut)), KTG_EINVALID);
        ktg_sequences_done(&u);
    }
    ktg_buf_done(&b);
    ktg_sequences_done(&s);
    ktg_sequences_done(&t);
}

static void test_sequence__without_memory_nothing_changes(void **unused)
{
    (void)unused;
    struct ktg_sequences s = KTG_SEQUENCES_INIT;
    uint64_t acked = 5;
    ktg_mem_fail_after(0);
    int rc = ktg_sequences_hello(&s, A, 1, &acked);
    ktg_mem_fail_after(-1);
    assert_int_equal(rc, KTG_ENOMEM);
    assert_int_equal(acked, 5);
    assert_null(ktg_sequences_find(&s, A));
    ktg_sequences_done(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sequence__tells_this_story),
        cmocka_unit_test(test_sequence__a_snapshot_and_the_records_after_it_give_the_same),
        cmocka_unit_test(test_sequence__without_memory_nothing_changes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
