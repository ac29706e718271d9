/* tests/unit/brokers/alerts/test_filter.c
 * SPDX-License-Identifier: Apache-2.0
 */
#include "brokers/alerts/filter.h"

#include <stdio.h>
#include <string.h>

#include "tests/support/cmocka.h"

#define SEEN(d, l, s)                      \
    {                                      \
        KTG_LIT(d), KTG_LIT(l), KTG_LIT(s) \
    }

static void test_filter__asks_what_every_agency_may_see(void **unused)
{
    (void)unused;
    static const struct {
        const char *text;
        bool passes;
    } cases[] = {
        {"level == \"high\"", true},
        {"level in [\"low\", \"critical\"]", false},
        {"rule == \"overstay-deport\"", true},
        {"rule.startsWith(\"overstay-\") && district == \"6105\"", true},
        {"district in [\"6101\", \"6109\"]", false},
        {"state == \"open\" || level == \"critical\"", true},
        {"!(rule in [\"overstay-deport\"])", false},
        {"true", true},
        {"false", false},
    };
    static const struct ktg_seen seen = SEEN("6105", "high", "open");
    static const struct ktg_seen nowhere = SEEN("", "high", "open");
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct ktg_filter *f = NULL;
        struct ktg_err err = KTG_ERR_INIT;
        if (ktg_filter_new(ktg_bytes_str(cases[i].text), &f, &err))
            fail_msg("%s: %s", cases[i].text, err.text);
        if (ktg_filter_passes(f, KTG_LIT("overstay-deport"), &seen, 1) != cases[i].passes)
            fail_msg("%s", cases[i].text);
        if (strstr(cases[i].text, "district")) /* an alert without one is in none */
            assert_false(ktg_filter_passes(f, KTG_LIT("overstay-deport"), &nowhere, 1));
        ktg_filter_free(f);
    }
    ktg_filter_free(NULL);
}

static void test_filter__whoever_was_told_is_told_on(void **unused)
{
    (void)unused;
    static const struct ktg_seen story[] = {
        SEEN("6105", "low", "open"), SEEN("6105", "high", "open"), SEEN("6105", "low", "open"),
        SEEN("6109", "low", "withdrawn")};
    static const struct {
        const char *text;
        bool passes[COUNT(story)];
    } cases[] = {
        {"level == \"high\"", {false, true, true, true}},
        {"level == \"low\"", {true, true, true, true}},
        {"state == \"withdrawn\"", {false, false, false, true}},
        {"level == \"high\" && district == \"6109\"",
         {false, false, false, false}}, /* never at once */
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct ktg_filter *f = NULL;
        assert_int_equal(ktg_filter_new(ktg_bytes_str(cases[i].text), &f, NULL), KTG_OK);
        for (size_t n = 0; n < COUNT(story); n++)
            assert_int_equal(ktg_filter_passes(f, KTG_LIT("r"), story, n + 1), cases[i].passes[n]);
        ktg_filter_free(f);
    }
}

static void test_filter__what_would_pass_nothing_or_ask_too_much_is_refused(void **unused)
{
    (void)unused;
    char deep[KTG_FILTER_MOST + 2];
    memset(deep, '(', sizeof deep - 1);
    deep[sizeof deep - 1] = 0;
    const struct {
        const char *text, *says;
    } cases[] = {
        {"", "1 to 1024"},
        {deep, "1 to 1024"},
        {deep + 2, "filter:1:"},
        {"level = \"high\"", "filter:1:"},
        {"level == \"hihg\"", "hihg"},
        {"level", "neither true nor false"},
        {"subject == \"doc:UTO:1\"", "district, level, rule, state"},
        {"values.spouse == \"x\"", "filter:1:1"},
        {"rule in list(\"place-findings\")", "lists or settings"},
        {"level == setting(\"x\", \"high\")", "lists or settings"},
        {"state == \"new\"", "new"}, /* that is a track */
        {"rule.matches(\"(\")", "filter:1:"},
        {"level > 3", "filter:1:"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct ktg_filter *f = NULL;
        struct ktg_err err = KTG_ERR_INIT;
        assert_int_equal(ktg_filter_new(ktg_bytes_str(cases[i].text), &f, &err), KTG_EINVALID);
        assert_null(f);
        if (!strstr(err.text, cases[i].says))
            fail_msg("%s: %s\n   does not say\n%s", cases[i].text, err.text, cases[i].says);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_filter__asks_what_every_agency_may_see),
        cmocka_unit_test(test_filter__whoever_was_told_is_told_on),
        cmocka_unit_test(test_filter__what_would_pass_nothing_or_ask_too_much_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
