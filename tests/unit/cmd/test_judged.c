/* tests/unit/cmd/test_judged.c - what agencies said of alerts, as rows of counts.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cmd/judged.h"

#include "rules/testing/story.h"
#include "schema/files.h"
#include "tests/support/cmocka.h"

#define RAISED(alert, rule, agency, at)                                                \
    "alert.raised {alert: " alert ", finding: F, rule: " rule ", level: low, rev: 1, " \
    "agency_code: " agency "} @2026-03-" at "T09:00\n"
#define CLOSED(alert, as, agency, at)                                                       \
    "alert.closed {alert: " alert ", officer: O, disposition: " as ", agency_code: " agency \
    "} @2026-03-" at "T10:00\n"

static const char story[] = CLOSED("A1", "dismissed", "IMI", "01") /* before it was told */
    RAISED("A1", "one", "IMI", "01") RAISED("A1", "one", "POL", "01")
        RAISED("A2", "two", "IMI", "01") RAISED("A3", "one", "IMI", "01")
            RAISED("A4", "one", "IMI", "01") RAISED("A5", "three", "IMI", "01")
                CLOSED("A1", "dismissed", "IMI", "02")
                    CLOSED("A1", "confirmed", "IMI", "02") /* a second officer's */
    CLOSED("A1", "confirmed", "POL", "03") CLOSED("A1", "confirmed", "NAK", "03") /* was not told */
    CLOSED("A2", "data-error", "IMI", "03") CLOSED("A3", "not-match", "IMI", "04")
        CLOSED("A4", "duplicate", "IMI", "04") RAISED("A1", "one", "IMI", "05") /* it came back */
    CLOSED("A1", "confirmed", "IMI", "06");

static const char *const codes[] = {"confirmed", "dismissed", "duplicate", "not-match", NULL};

struct world {
    struct ktg_files files;
    struct ktg_catalogue *catalogue;
    struct ktg_arena arena;
    struct ktg_judged_rows j;
};

static void count(struct world *w, ktg_time since)
{
    const struct ktg_story_step *steps;
    struct ktg_err err = KTG_ERR_INIT;
    struct ktg_event e;
    size_t n;
    *w = (struct world){.arena = KTG_ARENA_INIT};
    assert_int_equal(ktg_files_read(&w->files, KTG_SOURCE_DIR "/schema", "", &err), KTG_OK);
    assert_int_equal(ktg_catalogue_load(w->files.at, w->files.count, &w->catalogue, &err), KTG_OK);
    if (ktg_story_parse(w->catalogue, ktg_bytes_str(story), "story", 1, &w->arena, &steps, &n,
                        &err))
        fail_msg("%s", err.text);
    ktg_judged_begin(&w->j, w->catalogue, codes, since);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(ktg_event_read(w->catalogue, steps[i].blob, &e, &err), KTG_OK);
        assert_int_equal(ktg_judged_event(&w->j, &e), KTG_OK);
    }
    assert_int_equal(ktg_judged_end(&w->j), KTG_OK);
}

static void done(struct world *w)
{
    ktg_judged_done(&w->j);
    ktg_catalogue_free(w->catalogue);
    ktg_files_done(&w->files);
    ktg_arena_done(&w->arena);
}

static void says(const struct world *w, const char *expected)
{
    struct ktg_buf b = KTG_BUF_INIT;
    for (size_t i = 0; i < w->j.count; i++) {
        const struct ktg_judged_row *r = &w->j.rows[i];
        ktg_buf_printf(&b, "%.*s %.*s: %d/%d", (int)r->rule.size, (const char *)r->rule.data,
                       r->agency.size ? (int)r->agency.size : 3,
                       r->agency.size ? (const char *)r->agency.data : "all", (int)r->right,
                       (int)(r->right + r->wrong));
        for (size_t k = 0; k < 4; k++)
            ktg_buf_printf(&b, " %d", (int)r->as[k]);
        ktg_buf_printf(&b, " %d\n", (int)r->as[KTG_JUDGED_CODES - 1]);
    }
    assert_string_equal(ktg_buf_text(&b), expected);
    ktg_buf_done(&b);
}

static void test_judged__are_counted_by_rule_and_agency(void **unused)
{
    (void)unused;
    struct world w;
    count(&w, KTG_LONG_AGO);
    says(&w, "one IMI: 1/3 1 1 1 1 0\n"
             "one POL: 1/1 1 0 0 0 0\n"
             "one all: 2/4 2 1 1 1 0\n"
             "two IMI: 0/0 0 0 0 0 1\n" /* a code that is not on the list */
             "two all: 0/0 0 0 0 0 1\n");
    done(&w);
}

/* What was closed before does not count, and is closed all the same. */
static void test_judged__since_a_day(void **unused)
{
    (void)unused;
    struct world w;
    ktg_time since;
    int offset;
    assert_int_equal(ktg_story_time(KTG_LIT("2026-03-03T10:00"), &since, &offset), KTG_OK);
    count(&w, since);
    says(&w, "one IMI: 1/2 1 0 1 1 0\n"
             "one POL: 1/1 1 0 0 0 0\n"
             "one all: 2/3 2 0 1 1 0\n"
             "two IMI: 0/0 0 0 0 0 1\n"
             "two all: 0/0 0 0 0 0 1\n");
    done(&w);
}

static void test_judged__many_alerts_find_their_rows(void **unused)
{
    (void)unused;
    enum { MANY = 900 };
    struct world w;
    struct ktg_judged_rows j;
    struct ktg_buf text = KTG_BUF_INIT;
    const struct ktg_story_step *steps;
    struct ktg_err err = KTG_ERR_INIT;
    struct ktg_event e;
    size_t n;
    count(&w, KTG_LONG_AGO);
    for (int i = 0; i < MANY; i++)
        ktg_buf_printf(&text, RAISED("A%d", "rule-%d", "IMI", "01"), i, i % 3);
    for (int i = 0; i < MANY; i++)
        ktg_buf_printf(&text, CLOSED("A%d", "%s", "IMI", "02"), i,
                       i % 3 ? "confirmed" : "dismissed");
    if (ktg_story_parse(w.catalogue, ktg_buf_view(&text), "story", 1, &w.arena, &steps, &n, &err))
        fail_msg("%s", err.text);
    ktg_judged_begin(&j, w.catalogue, codes, KTG_LONG_AGO);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(ktg_event_read(w.catalogue, steps[i].blob, &e, &err), KTG_OK);
        assert_int_equal(ktg_judged_event(&j, &e), KTG_OK);
    }
    assert_int_equal(ktg_judged_end(&j), KTG_OK);
    assert_int_equal(j.count, 6);
    assert_int_equal(j.rows[0].wrong, (MANY + 2) / 3);
    assert_int_equal(j.rows[2].right, (MANY + 1) / 3);
    assert_int_equal(j.rows[4].right, MANY / 3);
    ktg_judged_done(&j);
    ktg_buf_done(&text);
    done(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_judged__are_counted_by_rule_and_agency),
        cmocka_unit_test(test_judged__since_a_day),
        cmocka_unit_test(test_judged__many_alerts_find_their_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
