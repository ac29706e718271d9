/* tests/unit/cmd/test_progress.c
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cmd/progress.h"

#include "tests/support/cmocka.h"

static void test_progress__says_share_rate_and_time_left(void **unused)
{
    (void)unused;
    static const struct {
        uint64_t done, total;
        int64_t elapsed_ms;
        enum ktg_lang lang;
        const char *line;
    } story[] = {
        {0, 2600, 0, KTG_LANG_EN, "x  [>                   ]   0 %  0 of 2,600  0/s"},
        {1204, 2600, 12040, KTG_LANG_EN,
         "x  [=========>          ]  46 %  1,204 of 2,600  100/s  14 s left"},
        {1204, 2600, 12040, KTG_LANG_ID,
         "x  [=========>          ]  46 %  1.204 dari 2.600  100/dtk  sisa 14 dtk"},
        {2600, 2600, 1000, KTG_LANG_EN,
         "x  [====================] 100 %  2,600 of 2,600  2,600/s  0 s left"},
        {9999, 2600, 0, KTG_LANG_EN, "x  [====================] 100 %  9,999 of 2,600  0/s"},
        {1234567, 0, 1000, KTG_LANG_EN, "x  1,234,567  1,234,567/s"},
    };
    char line[160];
    for (size_t i = 0; i < COUNT(story); i++) {
        ktg_progress_line("x", story[i].done, story[i].total, story[i].elapsed_ms, story[i].lang,
                          line, sizeof line);
        assert_string_equal(line, story[i].line);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_progress__says_share_rate_and_time_left)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
