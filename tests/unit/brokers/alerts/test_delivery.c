/* tests/unit/brokers/alerts/test_delivery.c
 * SPDX-License-Identifier: Apache-2.0
 */
#include "brokers/alerts/delivery.h"
#include "tests/support/cmocka.h"

enum { NONE, SEND, PASS, FULL };

static void test_delivery__tells_this_story(void **unused)
{
    (void)unused;
    static const struct {
        ktg_time at;
        uint64_t confirm; /* first: this confirmation arrives (0: none) ... */
        int verdict;
        int what; /* ... then: send `position`, pass over it, or find the window full */
        uint64_t after, position;
        ktg_time wake;
    } story[] = {
        {0, 0, KTG_OK, PASS, 7, 8, KTG_NEVER}, /* 8 is for somebody else                        */
        {0, 0, KTG_OK, SEND, 8, 10, 10},       /* 10 goes out, the timer runs                   */
        {1, 0, KTG_OK, SEND, 10, 13, 10},      /* 13 rides on the first one's deadline          */
        {2, 14, KTG_EINVALID, FULL, 0, 0, 10}, /* refused, never sent; window of 2 full: wait   */
        {10, 0, KTG_OK, SEND, 7, 10, 30},      /* silence: the oldest again, patience 10 -> 20  */
        {30, 0, KTG_OK, SEND, 7, 10, 55},      /* and again, patience 20 -> 25, the maximum     */
        {32, 13, KTG_OK, SEND, 13, 20, 42},    /* both confirmed, late: moves on, patience 10   */
        {33, 10, KTG_OK, NONE, 20, 0, 42},     /* an old confirmation echoes: harmless          */
        {34, 20, KTG_OK, NONE, 20, 0, KTG_NEVER}, /* all done: the timer is off                    */
        {35, 0, KTG_OK, SEND, 20, 30, 45},        {36, 0, KTG_OK, SEND, 30, 31, 45},
        {40, 30, KTG_OK, NONE, 31, 0, 50}, /* the deadline now belongs to 31                */
    };
    struct ktg_delivery d;
    ktg_delivery_init(&d, 7, 2, 10, 25);
    for (size_t i = 0; i < COUNT(story); i++) {
        uint64_t after = 0;
        if (story[i].confirm)
            assert_int_equal(ktg_delivery_confirm(&d, story[i].confirm, story[i].at),
                             story[i].verdict);
        assert_int_equal(ktg_delivery_look(&d, story[i].at, &after), story[i].what != FULL);
        assert_int_equal(after, story[i].after);
        if (story[i].what == SEND)
            ktg_delivery_sent(&d, story[i].position, story[i].at);
        else if (story[i].what == PASS)
            ktg_delivery_passed(&d, story[i].position);
        assert_int_equal(ktg_delivery_wake_at(&d), story[i].wake);
    }
}

static void test_delivery__a_window_is_cut_to_what_is_granted(void **unused)
{
    (void)unused;
    struct ktg_delivery d;
    uint64_t after;
    ktg_delivery_init(&d, 0, 0, 10, 20);
    assert_int_equal(d.window, 1);
    ktg_delivery_init(&d, 0, 1u << 30, 10, 20);
    assert_int_equal(d.window, KTG_DELIVERY_WINDOW);
    for (uint64_t i = 1; i <= KTG_DELIVERY_WINDOW; i++)
        ktg_delivery_sent(&d, i, 0);
    assert_false(ktg_delivery_look(&d, 1, &after));
    assert_int_equal(ktg_delivery_confirm(&d, KTG_DELIVERY_WINDOW / 2, 1), KTG_OK);
    assert_true(ktg_delivery_look(&d, 1, &after));
    assert_int_equal(after, KTG_DELIVERY_WINDOW);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_delivery__tells_this_story),
        cmocka_unit_test(test_delivery__a_window_is_cut_to_what_is_granted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
