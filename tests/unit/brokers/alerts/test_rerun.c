/* tests/unit/brokers/alerts/test_rerun.c
 * SPDX-License-Identifier: Apache-2.0
 */
#include "brokers/alerts/rerun.h"

#include <string.h>

#include "tests/support/cmocka.h"

static struct ktg_msg_replay asked(const char *sub, const char *tag, uint64_t from, uint64_t to)
{
    return (struct ktg_msg_replay){
        .sub = ktg_bytes_str(sub), .tag = ktg_bytes_str(tag), .from = from, .to = to};
}

static void test_rerun__goes_to_what_there_was_when_it_was_asked_for(void **unused)
{
    (void)unused;
    char long_name[KTG_SUB_NAME + 1];
    struct ktg_rerun r = {.sent = 9};
    memset(long_name, 'a', sizeof long_name - 1);
    long_name[sizeof long_name - 1] = 0;
    struct ktg_msg_replay m = asked("t", "x", 5, 100);
    assert_true(ktg_rerun_begin(&r, &m, 40, 7));
    assert_true(r.after == 4 && r.to == 40 && r.sent == 0 && r.since == 7);
    m = asked("t", "x", 0, 30);
    assert_true(ktg_rerun_begin(&r, &m, 40, 7));
    assert_true(r.after == 0 && r.to == 30);
    const struct ktg_msg_replay wrong[] = {asked("", "x", 1, 2),        asked("t", "", 1, 2),
                                           asked(long_name, "x", 1, 2), asked("t", long_name, 1, 2),
                                           asked("t", "x\n", 1, 2),     asked("t", "x", 3, 2)};
    for (size_t i = 0; i < COUNT(wrong); i++)
        assert_false(ktg_rerun_begin(&r, &wrong[i], 40, 9));
    assert_true(r.to == 30 && r.since == 7); /* untouched */
}

static void test_rerun__keeps_its_rate(void **unused)
{
    (void)unused;
    static const struct {
        uint64_t rate, sent;
        ktg_time at;
        uint32_t room;
    } story[] = {
        {0, 1000, 0, 64}, /* no bound but the frame's */
        {10, 0, 0, 1},    /* the first at once */
        {10, 1, 99, 0},   /* the next a tenth of a second later */
        {10, 1, 100, 1},      {10, 1, 1000, 10},      {10, 11, 1000, 0},
        {10, 5, -50, 0}, /* a clock that stands before the beginning */
        {10, 0, 1000000, 64}, {UINT64_MAX, 0, 1, 64}, {UINT64_MAX, 0, 0, 1},
    };
    for (size_t i = 0; i < COUNT(story); i++) {
        struct ktg_rerun r = {.rate = story[i].rate, .sent = story[i].sent, .since = 0};
        assert_int_equal(ktg_rerun_room(&r, story[i].at, 64), story[i].room);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rerun__goes_to_what_there_was_when_it_was_asked_for),
        cmocka_unit_test(test_rerun__keeps_its_rate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
