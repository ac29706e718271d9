/* tests/unit/cmd/test_shipped.c - what the binary carries, and what replaces it.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cmd/shipped.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/cmocka.h"

static char folder[64];

static void put(const char *path, const char *text)
{
    char whole[256];
    snprintf(whole, sizeof whole, "%s/%s", folder, path);
    FILE *f = fopen(whole, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static int setup(void **unused)
{
    (void)unused;
    char path[128];
    snprintf(folder, sizeof folder, "/tmp/ktg-shipped-XXXXXX");
    assert_non_null(mkdtemp(folder));
    static const char *const folders[] = {"own", "own/events", "flat", "site"};
    for (size_t i = 0; i < COUNT(folders); i++) {
        snprintf(path, sizeof path, "%s/%s", folder, folders[i]);
        assert_int_equal(mkdir(path, 0700), 0);
    }
    put("own/a.yaml", "rule: a\n");
    put("own/events/toll.paid.yaml", "type: toll.paid\n");
    put("own/settings.yaml", "x: 1\n");
    put("flat/border.crossing.yaml", "type: border.crossing\n");
    put("site/local.yaml", "settings: {x: 1}\n");
    return 0;
}

static int teardown(void **unused)
{
    (void)unused;
    static const char *const paths[] = {"own/a.yaml",
                                        "own/events/toll.paid.yaml",
                                        "own/settings.yaml",
                                        "own/events",
                                        "own",
                                        "flat/border.crossing.yaml",
                                        "flat",
                                        "site/local.yaml",
                                        "site",
                                        ""};
    for (size_t i = 0; i < COUNT(paths); i++) {
        char path[128];
        snprintf(path, sizeof path, "%s/%s", folder, paths[i]);
        assert_int_equal(remove(path), 0);
    }
    return 0;
}

static const struct ktg_file *find(const struct ktg_files *files, const char *name)
{
    for (size_t i = 0; i < files->count; i++)
        if (ktg_bytes_is(files->at[i].name, name))
            return &files->at[i];
    return NULL;
}

static void test_shipped__is_what_the_sources_hold(void **unused)
{
    (void)unused;
    size_t found = 0;
    for (size_t i = 0; i < ktg_shipped_count; i++) {
        if (i)
            assert_true(ktg_bytes_cmp(ktg_shipped[i - 1].name, ktg_shipped[i].name) < 0);
        if (ktg_bytes_cmp(ktg_bytes(ktg_shipped[i].name.data, 7), KTG_LIT("events/")))
            continue;
        char path[256];
        static char text[1 << 16];
        snprintf(path, sizeof path, "%s/schema/%.*s", KTG_SOURCE_DIR, (int)ktg_shipped[i].name.size,
                 (const char *)ktg_shipped[i].name.data);
        FILE *f = fopen(path, "rb");
        assert_non_null(f);
        size_t n = fread(text, 1, sizeof text, f);
        fclose(f);
        assert_true(ktg_bytes_eq(ktg_shipped[i].text, ktg_bytes(text, n)));
        found++;
    }
    assert_true(found > 30);
}

static void test_shipped__options_add_and_replace(void **unused)
{
    (void)unused;
    char own[96], flat[96];
    snprintf(own, sizeof own, "%s/own", folder);
    snprintf(flat, sizeof flat, "%s/flat", folder);
    struct ktg_files files = KTG_FILES_INIT;
    struct ktg_err err = KTG_ERR_INIT;
    assert_int_equal(ktg_shipped_gather(
                         &(struct ktg_shipped_choice){
                             .rules = (const char *const[]){own}, .rule_count = 1, .schema = flat},
                         &files, &err),
                     KTG_OK);
    assert_non_null(find(&files, "rules/a.yaml"));
    assert_non_null(find(&files, "events/toll.paid.yaml"));
    assert_non_null(find(&files, "settings.yaml"));
    assert_non_null(find(&files, "events/permit.status.yaml")); /* shipped */
    assert_non_null(find(&files, "codes/icao-states.yaml"));
    assert_true(
        ktg_bytes_is(find(&files, "events/border.crossing.yaml")->text, "type: border.crossing\n"));
    for (size_t i = 0; i < files.count; i++) /* no shipped rule beside the own ones */
        assert_true(ktg_bytes_cmp(ktg_bytes(files.at[i].name.data, 6), KTG_LIT("rules/")) != 0 ||
                    ktg_bytes_is(files.at[i].name, "rules/a.yaml"));
    ktg_files_done(&files);
}

static void test_shipped__local_settings_leave_the_shipped_rules_in_force(void **unused)
{
    (void)unused;
    char own[96], site[96];
    snprintf(own, sizeof own, "%s/own", folder);
    snprintf(site, sizeof site, "%s/site", folder);
    const struct ktg_shipped_choice local = {.rules = (const char *const[]){site}, .rule_count = 1};
    struct ktg_files files = KTG_FILES_INIT;
    struct ktg_err err = KTG_ERR_INIT;
    assert_int_equal(ktg_shipped_gather(&local, &files, &err), KTG_OK);
    assert_true(ktg_bytes_is(find(&files, "local.yaml")->text, "settings: {x: 1}\n"));
    assert_non_null(find(&files, "rules/stay.yaml"));
    assert_non_null(find(&files, "settings.yaml"));
    ktg_files_done(&files);
    assert_false(ktg_shipped_are_replaced(&local));
    assert_true(ktg_shipped_are_replaced(
        &(struct ktg_shipped_choice){.rules = (const char *const[]){own}, .rule_count = 1}));
    assert_false(ktg_shipped_are_replaced(&(struct ktg_shipped_choice){0}));
}

static void test_shipped__says_what_is_not_there(void **unused)
{
    (void)unused;
    struct ktg_files files = KTG_FILES_INIT;
    struct ktg_err err = KTG_ERR_INIT;
    assert_int_equal(
        ktg_shipped_gather(&(struct ktg_shipped_choice){.rules = (const char *const[]){"/no/such"},
                                                        .rule_count = 1},
                           &files, &err),
        KTG_ENOTFOUND);
    assert_non_null(strstr(err.text, "/no/such"));
    ktg_files_done(&files);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shipped__is_what_the_sources_hold),
        cmocka_unit_test_setup_teardown(test_shipped__options_add_and_replace, setup, teardown),
        cmocka_unit_test_setup_teardown(
            test_shipped__local_settings_leave_the_shipped_rules_in_force, setup, teardown),
        cmocka_unit_test(test_shipped__says_what_is_not_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
