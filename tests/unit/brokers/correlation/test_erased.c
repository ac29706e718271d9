/* tests/unit/brokers/correlation/test_erased.c
 * SPDX-License-Identifier: Apache-2.0
 */
#include "brokers/correlation/erased.h"

#include "tests/support/cmocka.h"
#include "tests/support/erase.h"
#define KTG_TMPDIR_MEMORY
#include "tests/support/tmpdir.h"

static char dir[KTG_TMPDIR_SIZE];

/* Positions 1 clock, 2 and 3 events; 4 clock, 5 an event. */
static void write_events(void)
{
    struct ktg_journal_options o = {.no_threads = true, .salted = true, .strict_clock = true};
    struct ktg_journal *j = NULL;
    ktg_position pos;
    assert_int_equal(ktg_journal_open(dir, &o, &j, NULL), KTG_OK);
    for (uint8_t n = 1; n <= 3; n++) {
        uint8_t id[16] = {n};
        assert_int_equal(
            ktg_journal_append(j, KTG_RECORD_EVENT, KTG_LIT("m"), KTG_LIT("x"), id, &pos), KTG_OK);
        if (n > 1)
            assert_int_equal(ktg_journal_seal_and_wait(j, n, 0, NULL), KTG_OK);
    }
    ktg_journal_close(j);
}

static uint64_t scan(uint64_t after)
{
    struct ktg_journal_reader *r = NULL;
    uint64_t pos = 99;
    assert_int_equal(ktg_journal_reader_open(dir, NULL, &r, NULL), KTG_OK);
    assert_int_equal(ktg_erased_scan(r, after, &(struct ktg_watch){0}, &pos, NULL), KTG_OK);
    ktg_journal_reader_close(r);
    return pos;
}

static void test_erased__an_erasure_is_seen_where_it_is_and_where_it_is_announced(void **unused)
{
    (void)unused;
    struct erase_victim v = {.pos = 5};
    struct ktg_err err = KTG_ERR_INIT;
    ktg_tmpdir_make(dir);
    write_events();
    assert_int_equal(scan(0), 0);
    assert_int_equal(ktg_journal_erase(dir, 3, NULL, NULL), KTG_OK); /* not announced */
    assert_int_equal(scan(0), 1);                                    /* its batch */
    assert_int_equal(scan(1),
                     0); /* a state of position 1 has answered that batch: it is too late to ask */
    if (erase_read(dir, &v, 1, &err) || erase_record(dir, &v, 1, &err))
        fail_msg("%s", err.text);
    assert_int_equal(scan(0), 6); /* announced, and not done yet */
    assert_int_equal(scan(5), 6);
    assert_int_equal(scan(6), 0);
    assert_int_equal(ktg_journal_erase(dir, 5, NULL, NULL), KTG_OK);
    assert_int_equal(scan(1), 6);
    ktg_tmpdir_remove(dir);
}

static void test_erased__knows_the_ids_of_what_is_gone(void **unused)
{
    (void)unused;
    struct ktg_erased e = KTG_ERASED_INIT;
    uint8_t ids[4][16] = {{4}, {2}, {9}, {7}};
    assert_false(ktg_erased_has(&e, ids[0]));
    for (int i = 0; i < 3; i++) {
        struct ktg_journal_item item = {.erased = i < 2, .id = ids[i]};
        assert_int_equal(ktg_erased_note(&e, &item), KTG_OK);
        assert_true(ktg_erased_has(&e, ids[0]));
    }
    assert_true(ktg_erased_has(&e, ids[1]));
    assert_false(ktg_erased_has(&e, ids[2])); /* it is still there */
    assert_false(ktg_erased_has(&e, ids[3]));
    ktg_erased_done(&e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_erased__an_erasure_is_seen_where_it_is_and_where_it_is_announced),
        cmocka_unit_test(test_erased__knows_the_ids_of_what_is_gone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
