/* tests/unit/config/test_settings.c
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config/settings.h"
#include "config/textfile.h"
#include "runtime/mem.h"
#include "tests/support/cmocka.h"
#include "tests/support/tmpdir.h"

static struct ktg_settings *fresh(void)
{
    struct ktg_settings *s = NULL;
    assert_int_equal(ktg_settings_new(&s, NULL), KTG_OK);
    return s;
}

static void test_settings__defaults_suit_their_rows_and_each_other(void **unused)
{
    (void)unused;
    struct ktg_settings *s = fresh();
    assert_int_equal(ktg_settings_parse(s, KTG_LIT(""), "empty.yaml", NULL),
                     KTG_OK); /* pairs, too */
    assert_int_equal(ktg_settings_int(s, KTG_SET_SKEW_AHEAD), 300000);
    assert_int_equal(ktg_settings_int(s, KTG_SET_JOURNAL_SEGMENT), 256 << 20);
    assert_int_equal(ktg_settings_int(s, KTG_SET_AGENT_MAP), 1 << 30);
    assert_int_equal(ktg_settings_int(s, KTG_SET_LOG_LEVEL), KTG_LOG_INFO);
    assert_string_equal(ktg_settings_text(s, KTG_SET_GATEWAY_LISTEN), "tcp://127.0.0.1:7701");
    assert_int_equal(ktg_settings_clock(s).scale, 1);
    assert_string_equal(ktg_settings_origin(s, KTG_SET_LOG_LEVEL), "default");
    for (size_t i = 0; i < KTG_SET_COUNT; i++) {
        const struct ktg_setting_row *row = &ktg_setting_rows[i];
        assert_non_null(strchr(row->name, '.'));
        assert_true(*row->help && *row->bantuan && *row->station);
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(row->name, ktg_setting_rows[j].name);
    }
    ktg_settings_free(s);
}

static void test_settings__file_then_command_line_and_where_each_came_from(void **unused)
{
    (void)unused;
    struct ktg_settings *s = fresh();
    static const char text[] = "gateway:\n"
                               "  listen: tcp://127.0.0.1:7711\n"
                               "  credit_bytes: 16 MiB\n"
                               "skew.ahead: 90s\n"
                               "alerts:\n"
                               "log: {level: debug}\n"
                               "clock: {scale: '1000,2000,600'}\n";
    struct ktg_err err = KTG_ERR_INIT;
    if (ktg_settings_parse(s, ktg_bytes_str(text), "k.yaml", &err))
        fail_msg("%s", err.text);
    assert_string_equal(ktg_settings_text(s, KTG_SET_GATEWAY_LISTEN), "tcp://127.0.0.1:7711");
    assert_int_equal(ktg_settings_int(s, KTG_SET_GATEWAY_CREDIT_BYTES), 16 << 20);
    assert_int_equal(ktg_settings_int(s, KTG_SET_SKEW_AHEAD), 90000);
    assert_int_equal(ktg_settings_int(s, KTG_SET_LOG_LEVEL), KTG_LOG_DEBUG);
    assert_int_equal(ktg_settings_clock(s).scale, 600);
    assert_string_equal(ktg_settings_origin(s, KTG_SET_GATEWAY_LISTEN), "k.yaml:2:11");
    assert_int_equal(ktg_settings_set(s, "gateway.listen=tcp://127.0.0.1:*", &err), KTG_OK);
    assert_string_equal(ktg_settings_text(s, KTG_SET_GATEWAY_LISTEN), "tcp://127.0.0.1:*");
    assert_string_equal(ktg_settings_origin(s, KTG_SET_GATEWAY_LISTEN), "--set");

    struct ktg_buf shown = KTG_BUF_INIT;
    ktg_settings_show(s, &shown);
    assert_non_null(strstr(ktg_buf_text(&shown), "  ahead: 90s  # k.yaml:4:13\n"));
    struct ktg_settings *again = fresh(); /* what is shown can be read */
    if (ktg_settings_parse(again, ktg_buf_view(&shown), "shown.yaml", &err))
        fail_msg("%s", err.text);
    for (size_t i = 0; i < KTG_SET_COUNT; i++)
        assert_string_equal(ktg_settings_text(s, (enum ktg_setting)i),
                            ktg_settings_text(again, (enum ktg_setting)i));
    ktg_buf_clear(&shown);
    ktg_settings_reference(&shown);
    for (size_t i = 0; i < KTG_SET_COUNT; i++)
        assert_non_null(strstr(ktg_buf_text(&shown), ktg_setting_rows[i].name));
    ktg_buf_done(&shown);
    ktg_settings_free(again);
    ktg_settings_free(s);
}

static void test_settings__each_mistake_says_where_got_and_wanted(void **unused)
{
    (void)unused;
    static const struct {
        const char *text, *fault, *says;
    } cases[] = {
        {"gateway:\n  lisen: tcp://x", "setting-unknown",
         "k.yaml:2:3: there is no such setting (got gateway.lisen); wanted gateway.listen"},
        {"gatewai: {listen: x}", "setting-unknown",
         "k.yaml:1:1: there is no such setting (got gatewai)"},
        {"gateway: tcp://x", "setting-unknown", "k.yaml:1:1"},
        {"skew: {ahead: 5}", "setting-value",
         "k.yaml:1:15: the value does not suit the setting (got skew.ahead: 5); wanted a time such "
         "as 250ms, 5m, 1d12h, 0 to 24h"},
        {"skew: {ahead: 25h}", "setting-value", "got skew.ahead: 25h"},
        {"skew: {ahead: [1]}", "setting-value", "k.yaml:1:15"},
        {"journal: {segment: 1 MB}", "setting-value",
         "wanted a size such as 4096, 64 KiB, 1 GiB, 1 MiB to 4 GiB"},
        {"journal: {segment: 99999999999 GiB}", "setting-value", "1 MiB to 4 GiB"},
        {"journal: {segment: 9223372036854775808}", "setting-value", "1 MiB to 4 GiB"},
        {"gateway: {sessions: 0}", "setting-value", "a whole number, 1 to 100000"},
        {"gateway: {sessions: 12x}", "setting-value", "12x"},
        {"log: {level: loud}", "setting-value", "error, warning, notice, info or debug"},
        {"clock: {scale: '1,2'}", "setting-value", "START,ANCHOR,SCALE or nothing"},
        {"paths: {run: ''}", "setting-value", "text, 1 to 60 bytes"},
        {"paths: {run: \"a\\nb\"}", "setting-value", "text, 1 to 60 bytes"},
        {"skew.ahead: 1m\nskew: {ahead: 2m}", "setting-twice", "k.yaml:2:8"},
        {"disk: {warn: 5, stop: 8}", "setting-pair", "disk.stop not above disk.warn"},
        {"agent: {retry_min: 31s}", "setting-pair", "k.yaml:1:20"},
        {"- a", NULL, "k.yaml:1:1: settings are one map"},
        {"a: 1\n---\nb: 1", NULL, "settings are one map"},
        {"gateway: {listen: a, listen: b}", NULL, "k.yaml:1"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct ktg_settings *s = fresh();
        struct ktg_err err = KTG_ERR_INIT;
        assert_int_equal(ktg_settings_parse(s, ktg_bytes_str(cases[i].text), "k.yaml", &err),
                         KTG_EINVALID);
        if (cases[i].fault)
            assert_string_equal(err.fault ? err.fault->name : err.text, cases[i].fault);
        if (!strstr(err.text, cases[i].says))
            fail_msg("%s\n   does not say\n%s", err.text, cases[i].says);
        ktg_settings_free(s);
    }
    struct ktg_settings *s = fresh();
    struct ktg_err err = KTG_ERR_INIT;
    assert_int_equal(ktg_settings_set(s, "skew.ahed=1m", &err), KTG_EINVALID);
    assert_non_null(strstr(err.text, "wanted skew.ahead"));
    assert_int_equal(ktg_settings_set(s, "skew.ahead", &err), KTG_EINVALID);
    assert_int_equal(ktg_settings_set(s, "disk.warn=1", &err), KTG_EINVALID);
    assert_int_equal(ktg_settings_load(s, "/nonexistent/k.yaml", &err), KTG_ENOTFOUND);
    assert_string_equal(err.fault->name, "config-missing");
    ktg_settings_free(s);
}

static void test_settings__any_allocation_may_fail(void **unused)
{
    (void)unused;
    for (int64_t n = 0;; n++) {
        struct ktg_settings *s = NULL;
        ktg_mem_fail_after(n);
        int r = ktg_settings_new(&s, NULL);
        if (!r)
            r = ktg_settings_parse(s, KTG_LIT("skew: {ahead: 1m}"), "k.yaml", NULL);
        int64_t failed = ktg_mem_failed();
        ktg_mem_fail_after(-1);
        ktg_settings_free(s);
        if (!failed) {
            assert_int_equal(r, KTG_OK);
            return;
        }
        assert_int_equal(r, KTG_ENOMEM);
    }
}

static int count_names(void *arg, const char *name, struct ktg_err *err)
{
    (void)err;
    strcat(strcat(arg, name), " ");
    return KTG_OK;
}

static void test_textfile__is_replaced_whole_and_read_within_bounds(void **unused)
{
    (void)unused;
    char dir[KTG_TMPDIR_SIZE], path[KTG_TMPDIR_SIZE + 16], names[64] = "";
    struct ktg_buf b = KTG_BUF_INIT;
    struct ktg_err err = KTG_ERR_INIT;
    struct stat st;
    ktg_tmpdir_make(dir);
    snprintf(path, sizeof path, "%s/b.yaml", dir);
    assert_int_equal(ktg_textfile_read(path, 10, &b, &err), KTG_ENOTFOUND);
    assert_int_equal(ktg_textfile_write(path, KTG_LIT("old"), 0400, true, &err), KTG_OK);
    assert_int_equal(ktg_textfile_write(path, KTG_LIT("new"), 0644, true, &err), KTG_ECONFLICT);
    assert_int_equal(ktg_textfile_read(path, 3, &b, &err), KTG_OK);
    assert_string_equal(ktg_buf_text(&b), "old");
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0400);
    assert_int_equal(ktg_textfile_write(path, KTG_LIT("newer"), 0644, false, &err), KTG_OK);
    ktg_buf_clear(&b);
    assert_int_equal(ktg_textfile_read(path, 4, &b, &err), KTG_EINVALID);
    assert_string_equal(err.fault->name, "config-large");
    assert_int_equal(ktg_textfile_read(dir, 4, &b, &err), KTG_EINVALID);
    snprintf(path, sizeof path, "%s/a.yaml", dir);
    assert_int_equal(ktg_textfile_write(path, KTG_LIT(""), 0644, false, &err), KTG_OK);
    snprintf(path, sizeof path, "%s/.c.yaml", dir);
    assert_int_equal(ktg_textfile_write(path, KTG_LIT(""), 0644, false, &err), KTG_OK);
    assert_int_equal(ktg_textfile_each(dir, ".yaml", 9, count_names, names, &err), KTG_OK);
    assert_string_equal(names, "a.yaml b.yaml "); /* and no left-over of ours */
    assert_int_equal(ktg_textfile_each(dir, ".yaml", 1, count_names, names, &err), KTG_EINVALID);
    snprintf(path, sizeof path, "%s/no/a.yaml", dir);
    assert_int_equal(ktg_textfile_write(path, KTG_LIT(""), 0644, false, &err), KTG_ENOTFOUND);
    ktg_buf_done(&b);
    ktg_tmpdir_remove(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_settings__defaults_suit_their_rows_and_each_other),
        cmocka_unit_test(test_settings__file_then_command_line_and_where_each_came_from),
        cmocka_unit_test(test_settings__each_mistake_says_where_got_and_wanted),
        cmocka_unit_test(test_settings__any_allocation_may_fail),
        cmocka_unit_test(test_textfile__is_replaced_whole_and_read_within_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
