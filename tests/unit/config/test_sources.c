/* tests/unit/config/test_sources.c
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config/sources.h"
#include "config/textfile.h"
#include "tests/support/cmocka.h"
#include "tests/support/tmpdir.h"

#define AT "'2026-03-01T09:00:00.250Z'"

static void test_sources__each_mistake_says_where_got_and_wanted(void **unused)
{
    (void)unused;
    static const struct {
        const char *text, *says;
    } cases[] = {
        {"", "one list"},
        {"a: b", "s.yaml:1:1"},
        {"- {source: imi, at: " AT ", retired: yes}", "s.yaml:1:12"},
        {"- {source: IMI., at: " AT ", retired: yes}", "got IMI."},
        {"- {source: IMI.A, at: today, retired: yes}", "got today"},
        {"- {source: IMI.A, at: '2026-03-01T09:00:00', retired: yes}", "with a zone"},
        {"- {source: IMI.A, at: " AT ", retired: maybe}", "yes or no"},
        {"- {source: IMI.A, at: " AT "}", "retired"},
        {"- {source: IMI.A, at: " AT ", retired: yes, by: me}", "by"},
        {"- {source: IMI.A, at: " AT ", retired: no}", "before"},
        {"- {source: IMI.A, at: " AT ", retired: yes}\n- {source: IMI.B, at: " AT ", retired: no}",
         "s.yaml:2"},
        {"- {source: IMI.A, at: " AT ", retired: yes}\n- {source: IMI.A, at: " AT ", retired: yes}",
         "each word once"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct ktg_source_words *w = NULL;
        struct ktg_err err = KTG_ERR_INIT;
        assert_int_equal(ktg_source_words_parse(ktg_bytes_str(cases[i].text), "s.yaml", &w, &err),
                         KTG_EINVALID);
        assert_null(w);
        if (!strstr(err.text, cases[i].says))
            fail_msg("%s\n   does not say\n%s", err.text, cases[i].says);
    }
}

static void test_sources__the_list_only_grows_and_comments_stay(void **unused)
{
    (void)unused;
    static const struct {
        struct ktg_source_word word;
        int rc;
        size_t count;
    } story[] = {
        {{"IMI.A.1", 1000, false}, KTG_EINVALID, 0}, /* nothing was said */
        {{"IMI.A.1", 1000, true}, KTG_OK, 1},        {{"IMI.A.1", 1000, true}, KTG_EINVALID, 1},
        {{"IMI.A.1", 1001, false}, KTG_EINVALID, 1}, {{"IMI.A.1", 1000, false}, KTG_OK, 2},
        {{"IMI.A.1", 1000, false}, KTG_EINVALID, 2}, {{"IMI.A.1", 2001, true}, KTG_OK, 3},
        {{"it's", 2001, true}, KTG_EINVALID, 3},
    };
    char dir[KTG_TMPDIR_SIZE], path[KTG_TMPDIR_SIZE + 16];
    struct ktg_err err = KTG_ERR_INIT;
    struct ktg_buf text = KTG_BUF_INIT;
    struct ktg_source_words *w = NULL;
    ktg_tmpdir_make(dir);
    snprintf(path, sizeof path, "%s/s.yaml", dir);
    assert_int_equal(ktg_source_words_load(path, &w, &err), KTG_ENOTFOUND);
    for (size_t i = 0; i < COUNT(story); i++) {
        assert_int_equal(ktg_source_words_add(path, &story[i].word, &err), story[i].rc);
        int rc = ktg_source_words_load(path, &w, &err);
        assert_int_equal(rc ? 0 : ktg_source_words_count(w), story[i].count);
        if (!rc) {
            const struct ktg_source_word *last = ktg_source_words_at(w, story[i].count - 1);
            assert_true(story[i].rc ||
                        (!strcmp(last->source, story[i].word.source) &&
                         last->at == story[i].word.at && last->retired == story[i].word.retired));
            w = ktg_source_words_free(w);
        }
    }
    assert_int_equal(ktg_textfile_read(path, 4096, &text, &err), KTG_OK);
    assert_true(text.data[0] == '#');
    ktg_buf_done(&text);
    ktg_tmpdir_remove(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sources__each_mistake_says_where_got_and_wanted),
        cmocka_unit_test(test_sources__the_list_only_grows_and_comments_stay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
