/* tests/unit/cmd/test_texts.c - what may be put in force in place of what is, and what differs.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cmd/texts.h"

#include <sys/stat.h>
#include <unistd.h>

#include "cmd/shipped.h"
#include "rules/ruleset.h"
#include "tests/support/cmocka.h"
#include "tests/support/tmpdir.h"

static char dir[KTG_TMPDIR_SIZE], rules[KTG_TMPDIR_SIZE + 16], lists[KTG_TMPDIR_SIZE + 16];
static struct ktg_output out;
static struct ktg_call call;
static struct ktg_settings *settings;
static struct ktg_buf in_force;

static void write_file(const char *folder, const char *name, const char *text)
{
    char path[2 * KTG_TMPDIR_SIZE];
    (void)mkdir(folder, 0700);
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "w");
    assert_true(f && fputs(text, f) >= 0 && fclose(f) == 0);
}

/* In force from here on: the texts of the program, its rates aside, and but for the shipped rules, of which one is `rule`; what is ours: `own`,
 * NULL: it does not say. */
static void let_hold(const char *rule, const char *own)
{
    struct ktg_files f = KTG_FILES_INIT;
    char name[256];
    for (size_t i = 0; i < ktg_shipped_count; i++) {
        struct ktg_bytes n = ktg_shipped[i].name;
        snprintf(name, sizeof name, "%.*s", (int)n.size, (const char *)n.data);
        if (strcmp(name, KTG_SHIPPED_RATES) != 0 && (!rule || strncmp(name, "rules/", 6) != 0))
            assert_int_equal(ktg_files_put(&f, name, ktg_shipped[i].text, NULL), KTG_OK);
    }
    if (rule)
        assert_int_equal(ktg_files_put(&f, "rules/a.yaml", ktg_bytes_str(rule), NULL), KTG_OK);
    if (own)
        assert_int_equal(ktg_files_put(&f, KTG_BUNDLE_OWN, ktg_bytes_str(own), NULL), KTG_OK);
    ktg_buf_clear(&in_force);
    assert_int_equal(ktg_bundle_encode(f.at, f.count, &in_force), KTG_OK);
    ktg_files_done(&f);
}

/* What a reload would say: which texts come, "none" if it is the same, or the part that is gone. */
static const char *reload(void)
{
    static char text[512];
    struct ktg_files f = KTG_FILES_INIT;
    struct ktg_buf which = KTG_BUF_INIT;
    struct ktg_err err = KTG_ERR_INIT;
    int rc = ktg_texts_gather(settings, ktg_buf_view(&in_force), &f, &err);
    if (rc)
        snprintf(text, sizeof text, "%s: %s", err.fault ? err.fault->name : "?", err.where);
    else
        snprintf(text, sizeof text, "%s",
                 ktg_texts_differ(ktg_buf_view(&in_force), &f, &which) ? ktg_buf_text(&which)
                                                                       : "none");
    ktg_buf_done(&which);
    ktg_files_done(&f);
    return text;
}

static void test_texts__own_ones_that_are_gone_are_missed_and_shipped_ones_are_not(void **unused)
{
    (void)unused;
    assert_non_null(strstr(reload(), " new")); /* nothing is in force yet */
    let_hold(NULL, NULL);
    assert_string_equal(reload(), "none");
    let_hold("of another program", "# none of ours\n"); /* an upgrade, and we never had any */
    assert_non_null(strstr(reload(), " new, rules/"));
    let_hold("of another program", "- rules\n");
    assert_string_equal(reload(), "texts-gone: rules");
    let_hold("of another program", "- lists\n");
    assert_string_equal(reload(), "texts-gone: lists");
    let_hold("of another program", "- agencies\n- schema\n");
    assert_string_equal(reload(), "texts-gone: schema");
    let_hold("of another program", "- agencies\n");
    assert_string_equal(reload(), "texts-gone: agencies");
    let_hold("from before own.yaml", NULL); /* whose they are is seen by what would come */
    assert_string_equal(reload(), "texts-gone: rules");
    assert_int_equal(mkdir(rules, 0700), 0);
    assert_memory_equal(reload(), "texts-missing: ", 15); /* as of a disk that is away */
    write_file(rules, "local.yaml", "settings: {}\n");
    assert_non_null(strstr(reload(), " new, rules/")); /* somebody means it */
}

static void test_texts__what_differs_is_named(void **unused)
{
    (void)unused;
    write_file(rules, "a.yaml", "one");
    let_hold("one", "- rules\n");
    assert_string_equal(reload(), "none");
    write_file(rules, "a.yaml", "two");
    write_file(rules, "b.yaml", "three");
    assert_string_equal(reload(), "rules/a.yaml changed, rules/b.yaml new");
    write_file(lists, "c.yaml", "four"); /* in place of all the shipped ones */
    assert_non_null(strstr(reload(), "lists/c.yaml new, rules/a.yaml changed, rules/b.yaml new, "));
    assert_non_null(strstr(reload(), " gone, "));
}

static int make(void **unused)
{
    static char words[5][KTG_TMPDIR_SIZE + 48];
    char *argv[11] = {"doctor"};
    (void)unused;
    ktg_tmpdir_make(dir);
    snprintf(rules, sizeof rules, "%s/rules", dir);
    snprintf(lists, sizeof lists, "%s/lists", dir);
    static const char *const names[] = {"rules", "lists", "schema", "agencies", "data"};
    for (int i = 0; i < 5; i++) {
        snprintf(words[i], sizeof words[i], "paths.%s=%s/%s", names[i], dir, names[i]);
        argv[1 + 2 * i] = "--set";
        argv[2 + 2 * i] = words[i];
    }
    ktg_output_init(&out, stdout, stderr, &(struct ktg_output_world){0});
    call = (struct ktg_call){.out = &out};
    assert_int_equal(ktg_call_parse(&call, 11, argv), KTG_OK);
    ktg_buf_clear(&in_force);
    return ktg_installation_settings(&call, &settings);
}
static int clear(void **unused)
{
    (void)unused;
    settings = ktg_settings_free(settings);
    ktg_call_done(&call);
    ktg_output_done(&out);
    ktg_buf_done(&in_force);
    in_force = (struct ktg_buf)KTG_BUF_INIT;
    ktg_tmpdir_remove(dir);
    return 0;
}

#define EACH(test) cmocka_unit_test_setup_teardown(test, make, clear)
int main(void)
{
    const struct CMUnitTest tests[] = {
        EACH(test_texts__own_ones_that_are_gone_are_missed_and_shipped_ones_are_not),
        EACH(test_texts__what_differs_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
