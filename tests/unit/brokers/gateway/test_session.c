/* tests/unit/brokers/gateway/test_session.c
 * SPDX-License-Identifier: Apache-2.0
 */
#include "brokers/gateway/session.h"
#include "tests/support/cmocka.h"

enum { PUBLISH, ACK, RETRY, CREDIT };

static void test_session__tells_this_story(void **unused)
{
    (void)unused;
    static const struct {
        int what;
        uint64_t first, count, bytes; /* ACK: first = seq; CREDIT: first = events, bytes */
        ktg_time now;
        int verdict;
        ktg_time wait;
    } story[] = {
        {PUBLISH, 1, 1, 10, 0, KTG_EFULL, 0}, /* before WELCOME nothing may be sent           */
        {CREDIT, 100, 0, 1000, 0, 0, 0},      /* 100 events, 1000 bytes                       */
        {PUBLISH, 1, 40, 400, 0, KTG_OK, 0},  /* the burst is 50: 10 are left                 */
        {PUBLISH, 41, 20, 200, 0, KTG_EAGAIN,
         100}, /* 10 missing at 100/s                         */
        {PUBLISH, 41, 20, 200, 99, KTG_EAGAIN,
         1},                                    /* one ms too early                             */
        {PUBLISH, 41, 20, 200, 100, KTG_OK, 0}, /* exactly then                                 */
        {PUBLISH, 61, 41, 100, 9000, KTG_EFULL,
         0}, /* 101 unacknowledged                          */
        {PUBLISH, 61, 10, 401, 9000, KTG_EFULL,
         0},                                     /* 1001 bytes                                  */
        {PUBLISH, 61, 10, 400, 9000, KTG_OK, 0}, /* exactly full                                 */
        {ACK, 40, 0, 0, 0, 0, 0},                /* 400 bytes are back                           */
        {PUBLISH, 71, 40, 400, 9000, KTG_OK, 0}, /* 40 of 50 tokens were left, 110 - 40 = 70     */
        {PUBLISH, 71, 1, 401, 20000, KTG_EFULL, 0},
        {RETRY, 0, 0, 0, 0, 0, 0}, /* all of it will come again                    */
        {PUBLISH, 41, 20, 900, 20000, KTG_OK, 0},
        {CREDIT, 0, 0, 1000, 0, 0, 0}, /* hold                                         */
        {PUBLISH, 61, 1, 10, 30000, KTG_EFULL, 0},
        {CREDIT, 100, 0, 1000, 0, 0, 0},
        {ACK, 60, 0, 0, 0, 0, 0},
        {PUBLISH, 61, 1, 5000, 30000, KTG_OK, 0}, /* one alone may always go                      */
    };
    struct ktg_session s;
    ktg_session_init(&s, 100, 50, 0);
    for (size_t i = 0; i < COUNT(story); i++) {
        ktg_time wait = 0;
        switch (story[i].what) {
        case PUBLISH:
            assert_int_equal(ktg_session_publish(&s, story[i].first, story[i].count, story[i].bytes,
                                                 story[i].now, &wait),
                             story[i].verdict);
            assert_int_equal(wait, story[i].wait);
            break;
        case ACK:
            ktg_session_acked(&s, story[i].first);
            break;
        case RETRY:
            ktg_session_retry(&s);
            break;
        case CREDIT:
            ktg_session_grant(&s, story[i].first, story[i].bytes);
            break;
        }
    }
}

static void test_session__frames_beyond_the_account_are_released_a_little_late(void **unused)
{
    (void)unused;
    struct ktg_session s;
    ktg_time wait;
    ktg_session_init(&s, 0, 0, 0);
    ktg_session_grant(&s, 1000000, KTG_SESSION_FRAMES + 1);
    for (uint64_t i = 1; i <= KTG_SESSION_FRAMES + 1; i++)
        assert_int_equal(ktg_session_publish(&s, i, 1, 1, 0, &wait), KTG_OK);
    assert_int_equal(ktg_session_publish(&s, KTG_SESSION_FRAMES + 2, 1, 1, 0, &wait), KTG_EFULL);
    ktg_session_acked(&s, KTG_SESSION_FRAMES);
    assert_int_equal(s.bytes, 2); /* the last two are one entry */
    ktg_session_acked(&s, KTG_SESSION_FRAMES + 1);
    assert_int_equal(s.bytes, 0);
    ktg_session_resume(&s, 5);
    assert_int_equal(s.acked, 5);
    assert_int_equal(ktg_session_publish(&s, UINT64_MAX, 2, 1, 0, &wait),
                     KTG_EFULL); /* numbers that wrap */
}

/* The client had its whole credit on the way when a retry met it: what crossed the retry comes again, and is no crime. */
static void test_session__what_crosses_a_retry_and_comes_again_is_counted_once(void **unused)
{
    (void)unused;
    struct ktg_session s;
    ktg_time wait;
    ktg_session_init(&s, 0, 0, 0);
    ktg_session_grant(&s, 1000, 1000);
    for (uint64_t i = 1; i <= 10; i++)
        assert_int_equal(ktg_session_publish(&s, i, 1, 100, 0, &wait), KTG_OK);
    ktg_session_retry(&s);             /* of frame 1 */
    for (uint64_t i = 6; i <= 10; i++) /* they were on the wire */
        assert_int_equal(ktg_session_publish(&s, i, 1, 100, 0, &wait), KTG_OK);
    for (uint64_t i = 1; i <= 10; i++)
        assert_int_equal(ktg_session_publish(&s, i, 1, 100, 0, &wait), KTG_OK);
    assert_int_equal(s.bytes, 1000);
    assert_int_equal(ktg_session_publish(&s, 11, 1, 1, 0, &wait), KTG_EFULL);
    ktg_session_acked(&s, 1); /* as the window of the client moves */
    assert_int_equal(ktg_session_publish(&s, 11, 1, 100, 0, &wait), KTG_OK);
    ktg_session_acked(&s, 11);
    assert_int_equal(s.bytes, 0);
    assert_int_equal(s.copies, 0);
}

static void test_session__the_same_frame_over_and_over_is_over_the_credit(void **unused)
{
    (void)unused;
    struct ktg_session s;
    ktg_time wait;
    int passed = 0;
    ktg_session_init(&s, 0, 0, 0);
    ktg_session_grant(&s, 1000, 1000);
    while (ktg_session_publish(&s, 1, 1, 100, 0, &wait) == KTG_OK)
        passed++;
    assert_int_equal(passed, 11); /* itself, and as many copies as the credit holds */
}

static void test_session__what_has_no_number_costs_one_event(void **unused)
{
    (void)unused;
    struct ktg_session s;
    ktg_session_init(&s, 2, 2, 0);
    assert_true(ktg_session_single(&s, 0) && ktg_session_single(&s, 0));
    assert_false(ktg_session_single(&s, 499));
    assert_true(ktg_session_single(&s, 500));
    ktg_session_init(&s, 0, 0, 0);
    for (int i = 0; i < 1000; i++)
        assert_true(ktg_session_single(&s, 0)); /* no rate: unlimited */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_session__tells_this_story),
        cmocka_unit_test(test_session__frames_beyond_the_account_are_released_a_little_late),
        cmocka_unit_test(test_session__what_crosses_a_retry_and_comes_again_is_counted_once),
        cmocka_unit_test(test_session__the_same_frame_over_and_over_is_over_the_credit),
        cmocka_unit_test(test_session__what_has_no_number_costs_one_event),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
