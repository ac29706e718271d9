/* tests/unit/runtime/test_trouble.c
 * SPDX-License-Identifier: Apache-2.0
 */
#include "runtime/trouble.h"

#include "tests/support/cmocka.h"

/* Mono ms may begin at 0. */
static void test_trouble__is_said_at_once_each_minute_and_when_it_is_over(void **unused)
{
    (void)unused;
    struct ktg_trouble t = {0};
    static const struct {
        int64_t at;
        bool bad, line;
        int64_t seconds;
    } story[] = {
        {0, false, false, 0},     {0, true, true, 1},       {999, true, false, 1},
        {2500, true, false, 2},   {60000, true, false, 59}, {60001, true, true, 60},
        {60002, true, false, 60}, {61000, false, true, 0},  {62000, false, false, 0},
        {63000, true, true, 1},
    };
    for (size_t i = 0; i < sizeof story / sizeof *story; i++) {
        bool line = story[i].bad ? ktg_trouble_say(&t, story[i].at) : ktg_trouble_over(&t);
        if (line != story[i].line || ktg_trouble_seconds(&t, story[i].at) != story[i].seconds)
            fail_msg("row %zu", i);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_trouble__is_said_at_once_each_minute_and_when_it_is_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
