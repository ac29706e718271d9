/* tests/unit/cmd/test_demo_screen.c
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cmd/demo_screen.h"

#include <stdio.h>
#include <string.h>

#include "runtime/bytes.h"
#include "tests/support/cmocka.h"

static size_t columns_of(const char *s, size_t size)
{
    size_t n = 0;
    for (size_t i = 0; i < size; i++)
        n += ((unsigned char)s[i] & 0xC0) != 0x80;
    return n;
}

static void test_demo_row__fits_every_screen_and_keeps_what_tells_people_apart(void **unused)
{
    (void)unused;
    static const int widths[] = {20, 60, 80, 95, 120, 300};
    const struct ktg_demo_row row = {
        .at = 1772384400000, /* 2026-03-02T00:00+07:00 */
        .offset_min = 420,
        .level = "critical",
        .op = "withdraw",
        .state = "withdrawn",
        .title = "Lewat izin tinggal – dan sebuah judul yang tidak mau berakhir",
        .subject = "doc:UTO:U0002741",
        .place = "",
        .to = "NAK PTSP"};
    for (size_t i = 0; i < KTG_COUNT(widths); i++)
        for (int lang = KTG_LANG_EN; lang <= KTG_LANG_ID; lang++) {
            const struct ktg_demo_style how = {widths[i], false, (enum ktg_lang)lang};
            struct ktg_buf b = KTG_BUF_INIT;
            ktg_demo_screen_row(&how, &row, &b);
            assert_int_equal(ktg_buf_check(&b), KTG_OK);
            size_t most = widths[i] < 60 ? 60 : (size_t)widths[i];
            assert_true(columns_of((const char *)b.data, b.size) <=
                        most); /* its newline counts as one */
            ktg_buf_put_u8(&b, 0);
            assert_non_null(strstr((const char *)b.data, "U0002741"));
            assert_non_null(
                strstr((const char *)b.data, lang == KTG_LANG_ID ? "DICABUT" : "WITHDRAWN"));
            assert_non_null(strstr((const char *)b.data, lang == KTG_LANG_ID ? "Sen" : "Mon"));
            assert_non_null(strstr((const char *)b.data, "00:00"));
            assert_null(strchr((const char *)b.data, '\33'));
            ktg_buf_done(&b);
        }
}

static void test_demo_bursts__tell_this_story(void **unused)
{
    (void)unused;
    static const struct {
        int64_t at;
        const char *rule; /* NULL: nothing comes, ask what is over */
        int64_t value;
        bool show;
        uint64_t hidden; /* what is over: not shown of them; 0: nothing is */
    } story[] = {
        {1000, "a", -1, true, 0},  {1001, "b", 3, true, 0},   {1002, "b", 4, true, 0},
        {1003, "b", 5, true, 0},   {1004, "b", 6, false, 0},  {1005, "b", 7, false, 0},
        {1006, "a", -1, true, 0},  {1700, NULL, 0, false, 0}, /* the moment is not over */
        {1710, NULL, 0, false, 2}, {1711, NULL, 0, false, 0}, /* told once */
        {1712, "b", 1, true, 0},   {1713, "b", 1, true, 0},   {1714, "b", 1, true, 0},
        {1715, "b", 1, false, 0},  {9000, "b", 1, false, 0}, /* some wait to be told: this one with them */
        {9701, NULL, 0, false, 2}, {9702, "b", 1, true, 0},
    };
    struct ktg_demo_bursts b = {.count = 0};
    for (size_t i = 0; i < KTG_COUNT(story); i++) {
        if (story[i].rule) {
            assert_int_equal(
                ktg_demo_bursts_take(&b, story[i].rule, "raise", story[i].value, story[i].at),
                story[i].show);
            continue;
        }
        uint64_t hidden = 0;
        const struct ktg_demo_burst *k = ktg_demo_bursts_next(&b, story[i].at, &hidden);
        assert_int_equal(k != NULL, story[i].hidden > 0);
        assert_int_equal(hidden, story[i].hidden);
    }
    assert_int_equal(b.at[0].sum, -1);
    assert_int_equal(b.at[1].sum, 3 + 4 + 5 + 6 + 7 + 6);
    assert_int_equal(b.at[1].total, 11);
}

/* A hundred rules have spoken in four ways before the one that speaks all at once. */
static void test_demo_bursts__fold_the_last_of_many_kinds(void **unused)
{
    (void)unused;
    static const char *const ways[] = {"raise", "amend", "over", "withdraw"};
    static struct ktg_demo_bursts b;
    char rule[32];
    for (int i = 0; i < 100; i++)
        for (size_t k = 0; k < KTG_COUNT(ways); k++) {
            snprintf(rule, sizeof rule, "rule-%d", i);
            assert_true(ktg_demo_bursts_take(&b, rule, ways[k], -1, 1000));
        }
    int shown = 0;
    for (int i = 0; i < 74; i++)
        shown += ktg_demo_bursts_take(&b, "licence", "raise", 1, 2000);
    assert_int_equal(shown, 3);
}

static void test_demo_percentile__is_the_nearest_rank(void **unused)
{
    (void)unused;
    int64_t values[] = {5, 1, 4, 2, 3}, one[] = {7};
    assert_int_equal(ktg_demo_percentile(values, 5, 50), 3);
    assert_int_equal(ktg_demo_percentile(values, 5, 99), 5);
    assert_int_equal(ktg_demo_percentile(values, 5, 20), 1);
    assert_int_equal(ktg_demo_percentile(one, 1, 50), 7);
    assert_int_equal(ktg_demo_percentile(NULL, 0, 50), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_demo_row__fits_every_screen_and_keeps_what_tells_people_apart),
        cmocka_unit_test(test_demo_bursts__tell_this_story),
        cmocka_unit_test(test_demo_bursts__fold_the_last_of_many_kinds),
        cmocka_unit_test(test_demo_percentile__is_the_nearest_rank),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
