/* tests/unit/cmd/test_output.c - tables for people, lines for programs.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cmd/output.h"

#include <stdlib.h>
#include <string.h>

#include "tests/support/cmocka.h"

static const struct ktg_column columns[] = {
    {.key = "rule", .title = {"RULE", "ATURAN"}},
    {.key = "level", .title = {"LEVEL", "TINGKAT"}, .kind = KTG_CELL_LEVEL},
    {.key = "n", .title = {"N", "N"}, .kind = KTG_CELL_NUMBER},
    {.key = "live", .title = {"LIVE", "AKTIF"}, .kind = KTG_CELL_BOOL, .json_only = true},
};
static const char *const rows[][4] = {
    {"overstay-fee", "high", "7", "true"},
    {"kép\33[2J\"x", "low", "1234", NULL},
};

static void test_output__same_rows_in_both_forms(void **unused)
{
    (void)unused;
    static const struct {
        struct ktg_output_world world;
        enum ktg_output_form form;
        const char *text;
    } story[] = {
        {{.tty = true, .term = "dumb"},
         KTG_OUTPUT_AUTO,
         "RULE          LEVEL     N\n"
         "overstay-fee  high      7\n"
         "kép?[2J\"x     low    1234\n"},
        {{.tty = true, .no_color = "1", .lang = "id_ID.UTF-8"},
         KTG_OUTPUT_AUTO,
         "ATURAN        TINGKAT     N\n"
         "overstay-fee  high        7\n"
         "kép?[2J\"x     low      1234\n"},
        {{.tty = false, .clicolor_force = "1"},
         KTG_OUTPUT_TABLE,
         "\33[1mRULE\33[0m          \33[1mLEVEL\33[0m     \33[1mN\33[0m\n"
         "overstay-fee  \33[31mhigh\33[0m      7\n"
         "kép?[2J\"x     \33[36mlow\33[0m    1234\n"},
        {{.tty = false},
         KTG_OUTPUT_AUTO,
         "{\"rule\":\"overstay-fee\",\"level\":\"high\",\"n\":7,\"live\":true}\n"
         "{\"rule\":\"kép\\u001b[2J\\\"x\",\"level\":\"low\",\"n\":1234,\"live\":null}\n"},
        {{.tty = true},
         KTG_OUTPUT_JSON,
         "{\"rule\":\"overstay-fee\",\"level\":\"high\",\"n\":7,\"live\":true}\n"
         "{\"rule\":\"kép\\u001b[2J\\\"x\",\"level\":\"low\",\"n\":1234,\"live\":null}\n"},
    };
    for (size_t i = 0; i < COUNT(story); i++) {
        char *text = NULL;
        size_t size = 0;
        FILE *f = open_memstream(&text, &size);
        struct ktg_output o;
        ktg_output_init(&o, f, stderr, &story[i].world);
        ktg_output_choose(&o, story[i].form);
        ktg_output_table(&o, columns, COUNT(columns));
        for (size_t k = 0; k < COUNT(rows); k++)
            ktg_output_row(&o, rows[k]);
        ktg_output_end(&o);
        assert_int_equal(ktg_output_flush(&o, NULL), KTG_OK);
        fclose(f);
        assert_string_equal(text, story[i].text);
        free(text);
        ktg_output_done(&o);
    }
}

static void test_output__language_follows_the_locale(void **unused)
{
    (void)unused;
    static const struct {
        const char *lc_all, *lc_messages, *lang;
        enum ktg_lang want;
    } story[] = {
        {NULL, NULL, NULL, KTG_LANG_EN},
        {NULL, NULL, "id_ID.UTF-8", KTG_LANG_ID},
        {NULL, NULL, "id", KTG_LANG_ID},
        {NULL, NULL, "ido", KTG_LANG_EN},
        {NULL, "id_ID", "en_US.UTF-8", KTG_LANG_ID},
        {"C", "id_ID", "id_ID", KTG_LANG_EN},
        {"", "", "id_ID", KTG_LANG_ID},
    };
    for (size_t i = 0; i < COUNT(story); i++) {
        struct ktg_output o;
        ktg_output_init(&o, stdout, stderr,
                        &(struct ktg_output_world){.lc_all = story[i].lc_all,
                                                   .lc_messages = story[i].lc_messages,
                                                   .lang = story[i].lang});
        assert_int_equal(o.lang, story[i].want);
    }
}

static void test_output__a_full_disk_is_told(void **unused)
{
    (void)unused;
    FILE *f = fopen("/dev/full", "w");
    assert_non_null(f);
    struct ktg_output o;
    struct ktg_err err = KTG_ERR_INIT;
    ktg_output_init(&o, f, stderr, &(struct ktg_output_world){0});
    ktg_output_line(&o, KTG_LIT("{}"));
    assert_int_equal(ktg_output_flush(&o, &err), KTG_EIO);
    assert_non_null(strstr(err.text, "standard output"));
    fclose(f);
}

static void test_output__bytes_that_are_not_utf8_become_a_mark(void **unused)
{
    (void)unused;
    static const struct {
        const char *in, *want;
    } story[] = {
        {"a\\b\n", "{\"rule\":\"a\\\\b\\n\"}\n"},
        {"\xC3\xA9", "{\"rule\":\"\xC3\xA9\"}\n"},
        {"\xC3(", "{\"rule\":\"\xEF\xBF\xBD(\"}\n"},
        {"\xF0\x9F\x98\x80", "{\"rule\":\"\xF0\x9F\x98\x80\"}\n"},
    };
    for (size_t i = 0; i < COUNT(story); i++) {
        char *text = NULL;
        size_t size = 0;
        FILE *f = open_memstream(&text, &size);
        struct ktg_output o;
        ktg_output_init(&o, f, stderr, &(struct ktg_output_world){0});
        ktg_output_table(&o, columns, 1);
        ktg_output_row(&o, &story[i].in);
        ktg_output_end(&o);
        fclose(f);
        assert_string_equal(text, story[i].want);
        free(text);
        ktg_output_done(&o);
    }
}

static void test_output__a_table_wider_than_the_screen_folds_between_cells(void **unused)
{
    (void)unused;
    static const struct ktg_column wide[] = {
        {.key = "at", .title = {"AT", "SAAT"}},
        {.key = "hidden", .title = {"HIDDEN", "HIDDEN"}, .json_only = true},
        {.key = "rule", .title = {"RULE", "ATURAN"}},
        {.key = "title", .title = {"TITLE", "JUDUL"}},
    };
    static const struct {
        size_t screen;
        const char *want;
    } story[] = {
        {0, "AT    RULE    TITLE\n0900  a-rule  a title\n"},
        {21, "AT    RULE    TITLE\n0900  a-rule  a title\n"},
        {20, "AT    RULE    \n    TITLE\n0900  a-rule  \n    a title\n"},
        {9, "AT    \n    RULE    \n    TITLE\n0900  \n    a-rule  \n    a title\n"},
        {1, "AT    \n    RULE    \n    TITLE\n0900  \n    a-rule  \n    a title\n"},
    };
    for (size_t i = 0; i < COUNT(story); i++) {
        char *text = NULL;
        size_t size = 0;
        FILE *f = open_memstream(&text, &size);
        struct ktg_output o;
        ktg_output_init(
            &o, f, stderr,
            &(struct ktg_output_world){.tty = true, .screen = story[i].screen, .no_color = "1"});
        ktg_output_table(&o, wide, COUNT(wide));
        ktg_output_row(&o, (const char *const[]){"0900", "x", "a-rule", "a title"});
        ktg_output_end(&o);
        fclose(f);
        assert_string_equal(text, story[i].want);
        free(text);
        ktg_output_done(&o);
    }
}

static void test_output__times_are_short_on_a_terminal_and_whole_elsewhere(void **unused)
{
    (void)unused;
    static const struct ktg_column timed[] = {
        {.key = "at", .title = {"AT", "SAAT"}, .kind = KTG_CELL_INSTANT},
        {.key = "rule", .title = {"RULE", "ATURAN"}},
    };
    static const char *const cells[][2] = {{"2026-05-02T00:00:00+07:00", "a"},
                                           {"2026-05-01T17:12:59.999Z", "b"},
                                           {"2026-05-01T23:59:59+07:00", "c"},
                                           {"2025-12-31T09:00:00+07:00", "d"},
                                           {NULL, "e"},
                                           {"later", "f"}};
    static const struct {
        struct ktg_output_world world;
        int zone;
        enum ktg_output_form form;
        const char *want;
    } story[] = {
        /* now is 2026-05-02T08:00+07:00 */
        {{.tty = true, .no_color = "1", .now = 1777683600000},
         420,
         KTG_OUTPUT_AUTO,
         "         AT (WIB)  RULE\n            00:00  a\n            00:12  b\n     01 May 23:59  "
         "c\n"
         "31 Dec 2025 09:00  d\n                -  e\n            later  f\n"},
        {{.tty = true, .no_color = "1", .now = 1777683600000, .lang = "id_ID"},
         540,
         KTG_OUTPUT_AUTO,
         "       SAAT (WIT)  ATURAN\n            02:00  a\n            02:12  b\n            01:59 "
         " c\n"
         "31 Des 2025 11:00  d\n                -  e\n            later  f\n"},
        {{.tty = false, .now = 1777683600000},
         420,
         KTG_OUTPUT_TABLE,
         "AT                         RULE\n2026-05-02T00:00:00+07:00  a\n2026-05-01T17:12:59.999Z  "
         " b\n"
         "2026-05-01T23:59:59+07:00  c\n2025-12-31T09:00:00+07:00  d\n-                          "
         "e\n"
         "later                      f\n"},
        {{.tty = true, .now = 1777683600000},
         420,
         KTG_OUTPUT_JSON,
         "{\"at\":\"2026-05-02T00:00:00+07:00\",\"rule\":\"a\"}\n"
         "{\"at\":\"2026-05-01T17:12:59.999Z\",\"rule\":\"b\"}\n"
         "{\"at\":\"2026-05-01T23:59:59+07:00\",\"rule\":\"c\"}\n"
         "{\"at\":\"2025-12-31T09:00:00+07:00\",\"rule\":\"d\"}\n"
         "{\"at\":null,\"rule\":\"e\"}\n{\"at\":\"later\",\"rule\":\"f\"}\n"},
    };
    for (size_t i = 0; i < COUNT(story); i++) {
        char *text = NULL;
        size_t size = 0;
        FILE *f = open_memstream(&text, &size);
        struct ktg_output o;
        ktg_output_init(&o, f, stderr, &story[i].world);
        ktg_output_choose(&o, story[i].form);
        o.zone = story[i].zone;
        ktg_output_table(&o, timed, COUNT(timed));
        for (size_t k = 0; k < COUNT(cells); k++)
            ktg_output_row(&o, cells[k]);
        ktg_output_end(&o);
        fclose(f);
        assert_string_equal(text, story[i].want);
        free(text);
        ktg_output_done(&o);
    }
}

static void test_output__a_long_last_cell_goes_on_under_itself(void **unused)
{
    (void)unused;
    static const struct ktg_column two[] = {
        {.key = "check", .title = {"CHECK", "PERIKSA"}},
        {.key = "next", .title = {"DO NEXT", "LANGKAH"}},
    };
    char *text = NULL;
    size_t size = 0;
    FILE *f = open_memstream(&text, &size);
    struct ktg_output o;
    ktg_output_init(&o, f, stderr,
                    &(struct ktg_output_world){.tty = true, .screen = 40, .no_color = "1"});
    ktg_output_table(&o, two, COUNT(two));
    ktg_output_row(
        &o, (const char *const[]){"disk", "make room: under the stop mark no event is taken"});
    ktg_output_row(&o, (const char *const[]){"keys", NULL});
    ktg_output_end(&o);
    fclose(f);
    assert_string_equal(text, "CHECK  DO NEXT\n"
                              "disk   make room: under the stop mark no\n"
                              "       event is taken\n"
                              "keys   -\n");
    free(text);
    ktg_output_done(&o);
}

static void test_output__text_goes_on_under_its_first_column(void **unused)
{
    (void)unused;
    static const struct {
        size_t screen;
        const char *text, *want;
    } story[] = {
        {0, "one two three four five\n", "one two three four five\n"},
        {20, "one two three\n\nfour\n", "one two three\n\nfour\n"},
        {14, "one two three four five\n", "one two three\n    four five\n"},
        {13, "one two three\n", "one two three\n"},
        {20, "  -x  some words that go on\n", "  -x  some words\n      that go on\n"},
        {20, "  --a-long-option  more words\n", "  --a-long-option\n      more words\n"},
        {10, "unbreakable-thing\n", "unbreakable-thing\n"},
        {10, "a unbreakable-thing b\n", "a\n    unbreakable-thing\n    b\n"},
        {12, "\33[31mkritis\33[0m  ééééé é\n", "\33[31mkritis\33[0m\n    ééééé é\n"},
        {9, "no end", "no end\n"},
    };
    for (size_t i = 0; i < COUNT(story); i++) {
        char *text = NULL;
        size_t size = 0;
        FILE *f = open_memstream(&text, &size);
        struct ktg_output o;
        ktg_output_init(&o, f, stderr,
                        &(struct ktg_output_world){.tty = true, .screen = story[i].screen});
        ktg_output_text(&o, ktg_bytes_str(story[i].text));
        fclose(f);
        assert_string_equal(text, story[i].want);
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_output__same_rows_in_both_forms),
        cmocka_unit_test(test_output__language_follows_the_locale),
        cmocka_unit_test(test_output__a_full_disk_is_told),
        cmocka_unit_test(test_output__bytes_that_are_not_utf8_become_a_mark),
        cmocka_unit_test(test_output__times_are_short_on_a_terminal_and_whole_elsewhere),
        cmocka_unit_test(test_output__a_long_last_cell_goes_on_under_itself),
        cmocka_unit_test(test_output__text_goes_on_under_its_first_column),
        cmocka_unit_test(test_output__a_table_wider_than_the_screen_folds_between_cells),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
