/* tests/unit/brokers/alerts/test_unwritten.c
 * SPDX-License-Identifier: Apache-2.0
 */
#include "brokers/alerts/unwritten.h"

#include "tests/support/cmocka.h"

#define MIB (UINT64_C(1) << 20)

static void fail_at(struct ktg_unwritten *u, uint64_t free, int64_t now)
{
    (void)ktg_trouble_say(&u->trouble, now);
    ktg_unwritten_failed(u, free, now);
}

static void test_unwritten__is_tried_when_there_is_more_room_and_now_and_then(void **unused)
{
    (void)unused;
    struct ktg_unwritten u = {0};
    assert_true(ktg_unwritten_looks(&u, 5) && ktg_unwritten_tries(&u, 1 << 30, 0, 5));
    fail_at(&u, MIB, 10000);
    static const struct {
        int64_t at;
        uint64_t free;
        bool looks, tries, fails;
    } story[] = {
        {10500, 99 * MIB, false, false, false}, /* not every turn asks the disk */
        {11000, MIB, true, true, true},         /* the first rest is a second */
        {12000, MIB, true, false, false},       /* the next one two */
        {12500, MIB, false, false, false},      /* it was asked just now */
        {13000, MIB, true, true, true},         /* then four */
        {14000, 2 * MIB, true, false, false},   /* more, and not enough */
        {15000, 3 * MIB, true, true, false},    /* at once where there is room */
    };
    for (size_t i = 0; i < sizeof story / sizeof *story; i++) {
        bool looks = ktg_unwritten_looks(&u, story[i].at);
        bool tries = looks && ktg_unwritten_tries(&u, MIB, story[i].free, story[i].at);
        if (looks != story[i].looks || tries != story[i].tries)
            fail_msg("row %zu: %d %d", i, looks, tries);
        if (story[i].fails)
            fail_at(&u, story[i].free, story[i].at);
    }
    assert_true(ktg_unwritten_written(&u));
    assert_false(ktg_unwritten_written(&u));
}

static void test_unwritten__rests_a_minute_at_most_and_not_at_all_for_a_full_map(void **unused)
{
    (void)unused;
    struct ktg_unwritten u = {0};
    int64_t now = 1;
    for (int i = 0; i < 20; i++)
        fail_at(&u, 0, now);
    assert_false(ktg_unwritten_tries(&u, 1, 0, now + KTG_UNWRITTEN_REST - 1));
    assert_true(ktg_unwritten_tries(&u, 1, 0, now + KTG_UNWRITTEN_REST));
    u.map = true;
    assert_false(ktg_unwritten_tries(&u, 1, 99 * MIB, now + KTG_UNWRITTEN_REST));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_unwritten__is_tried_when_there_is_more_room_and_now_and_then),
        cmocka_unit_test(test_unwritten__rests_a_minute_at_most_and_not_at_all_for_a_full_map),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
