/* tests/unit/rules/test_recipients.c - the agencies that `to` names in so many words.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "rules/ruleset.h"
#include "schema/files.h"
#include "tests/support/cmocka.h"

static void test_agency__is_every_code_that_is_named(void **unused)
{
    (void)unused;
    static const struct {
        const char *to, *codes, *first_place; /* line:column of the first */
    } story[] = {
        {"to: []\n", "", ""},
        {"to: [POL, LEAD, NAK]\n", "POL NAK ", "3:6"},
        {"to:\n  - SELF\n  - KUA\n", "KUA ", "5:5"},
        {"to: \"[e.agency]\"\n", "", ""},
        {"to: 'e.mode == \"LAND\" ? [\"NAK\", \"SUPERIOR\"] : [\"DUK\"]'\n", "NAK DUK ", "3:6"},
        {"to: 'e.mode in [\"AIR\"] ? [\"POL\"] : []'\n", "POL ", "3:6"},
        {"to: [POL, LEAD, NAK]\nowner: KUA\n", "KUA POL NAK ", "4:8"},
        {"owner: KUA\n", "KUA ", "3:8"},
    };
    for (size_t i = 0; i < COUNT(story); i++) {
        struct ktg_files files = KTG_FILES_INIT;
        struct ktg_notes notes = {.text = KTG_BUF_INIT};
        struct ktg_err err = KTG_ERR_INIT;
        struct ktg_ruleset *rs = NULL;
        struct ktg_buf text = KTG_BUF_INIT, codes = KTG_BUF_INIT, place = KTG_BUF_INIT;
        struct ktg_bytes code;
        int line, column;
        ktg_buf_printf(
            &text, "rule: a\ntitle: {id: a, en: a}\n%sper: person\nwhen: border.crossing as e\n",
            story[i].to);
        assert_int_equal(ktg_files_read(&files, KTG_SOURCE_DIR "/schema", "", &err), KTG_OK);
        assert_int_equal(ktg_files_put(&files, "rules/own.yaml", ktg_buf_view(&text), &err),
                         KTG_OK);
        if (ktg_ruleset_compile(files.at, files.count, &rs, &notes, &err))
            fail_msg("%zu: %s", i, ktg_buf_text(&notes.text));
        for (size_t n = 0; ktg_rule_agency(ktg_ruleset_rule(rs, 0), n, &code, &line, &column);
             n++) {
            ktg_buf_printf(&codes, "%.*s ", (int)code.size, (const char *)code.data);
            if (n == 0)
                ktg_buf_printf(&place, "%d:%d", line, column);
        }
        assert_string_equal(ktg_buf_text(&codes), story[i].codes);
        assert_string_equal(ktg_buf_text(&place), story[i].first_place);
        assert_false(ktg_rule_is_untested(ktg_ruleset_rule(rs, 0))); /* shadow by its text */
        ktg_buf_done(&text);
        ktg_buf_done(&codes);
        ktg_buf_done(&place);
        ktg_buf_done(&notes.text);
        ktg_ruleset_free(rs);
        ktg_files_done(&files);
    }
}

static void test_gravest__is_the_gravest_branch_or_critical_when_nobody_knows(void **unused)
{
    (void)unused;
    static const struct {
        const char *level;
        int gravest;
    } story[] = {
        {"", 2}, /* medium */
        {"level: low\n", 1},
        {"level: critical\n", 4},
        {"level: 'e.mode == \"AIR\" ? \"low\" : \"high\"'\n", 3},
        {"level: 'e.mode == \"AIR\" ? \"medium\" : e.mode in [\"SEA\", \"?:\"] ? \"low\" : "
         "\"high\"'\n",
         3},
        {"level: 'e.mode == \"critical\" ? \"medium\" : \"low\"'\n", 2},
        {"level: 'e.mode == \"AIR\" ? \"critical\" : \"low\"'\n", 4},
        {"level: 'e.mode == \"AIR\" ? (\"low\") : \"low\"'\n", 4}, /* not looked into */
        {"level: 'e.mode == \"AIR\" ? e.visa_index : \"low\"'\n", 4},
        {"level: e.visa_index\n", 4},
        {"level: '\"hi\" + \"gh\"'\n", 4},
    };
    for (size_t i = 0; i < COUNT(story); i++) {
        struct ktg_files files = KTG_FILES_INIT;
        struct ktg_notes notes = {.text = KTG_BUF_INIT};
        struct ktg_err err = KTG_ERR_INIT;
        struct ktg_ruleset *rs = NULL;
        struct ktg_buf text = KTG_BUF_INIT;
        ktg_buf_printf(
            &text, "rule: a\ntitle: {id: a, en: a}\n%sper: person\nwhen: border.crossing as e\n",
            story[i].level);
        assert_int_equal(ktg_files_read(&files, KTG_SOURCE_DIR "/schema", "", &err), KTG_OK);
        assert_int_equal(ktg_files_put(&files, "rules/own.yaml", ktg_buf_view(&text), &err),
                         KTG_OK);
        if (ktg_ruleset_compile(files.at, files.count, &rs, &notes, &err))
            fail_msg("%zu: %s", i, ktg_buf_text(&notes.text));
        if (ktg_rule_gravest(ktg_ruleset_rule(rs, 0)) != story[i].gravest)
            fail_msg("%zu: %d", i, ktg_rule_gravest(ktg_ruleset_rule(rs, 0)));
        ktg_buf_done(&text);
        ktg_buf_done(&notes.text);
        ktg_ruleset_free(rs);
        ktg_files_done(&files);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_agency__is_every_code_that_is_named),
        cmocka_unit_test(test_gravest__is_the_gravest_branch_or_critical_when_nobody_knows)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
