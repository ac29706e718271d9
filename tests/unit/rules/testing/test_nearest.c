/* tests/unit/rules/testing/test_nearest.c - a failed test says which condition was unmet, and with what value.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "rules/testing/runner.h"
#include "runtime/mem.h"
#include "schema/files.h"
#include "tests/support/cmocka.h"

#define ENTRY                                                                      \
    "border.crossing {person: P1, direction: entry, permitted_until: 2026-03-03} " \
    "@2026-03-01T09:00\n"
#define EXIT  "border.crossing {person: P1, direction: exit} @"
#define CLOCK "clock @2026-03-08T09:00\n"

static const char deadline[] =
    "when: border.crossing as e where e.direction == \"entry\"\n"
    "unless: border.crossing where direction == \"exit\"\n"
    "by: end_of_day(e.permitted_until)\n"
    "moved by:\n"
    "  - permit.status as p where p.action == \"extended\" to end_of_day(p.until)\n"
    "let:\n  days: civil_days_since(e.permitted_until)\n";
static const char sequence[] = "when:\n"
                               "  - border.crossing as e where direction == \"entry\"\n"
                               "  - lodging.checkin as c where property == \"H1\"\n"
                               "unless: permit.status\n"
                               "within: 2d\n"
                               "where: subject != \"doc:UTO:P1\"\n";
static const char count[] = "count: distinct(property) of lodging.checkin\n"
                            "at least: 3\n"
                            "within: 10d\n";
static const char each[] = "with:\n"
                           "  stays: open(property) lodging.checkin until lodging.checkout\n"
                           "each: s in stays\n"
                           "while: s.property == \"H9\" && !has(s.planned_out)\n";

static const char together[] =
    "together: {of: border.crossing, at: [post], span: 10m, times: 2, persons: 2, within: 30d}\n";

static const struct {
    const char *form, *events, *expect;
    const char *want[3]; /* parts of the report */
} story[] = {
    /* what was said, but not so */
    {deadline,
     ENTRY CLOCK,
     "raise it P1 @2026-03-04T00:00 days=2",
     {"- raise it P1 @2026-03-04T00:00 days=2", "+ raise it doc:UTO:P1",
      "said then with days=1, wanted 2"}},
    {deadline,
     ENTRY CLOCK,
     "raise it P1 @2026-03-05T00:00",
     {"said at another time: @2026-03-04T00:00:00+07:00", NULL, NULL}},
    {deadline,
     ENTRY CLOCK,
     "raise nobody P1 @2026-03-04T00:00",
     {"there is no rule 'nobody'", NULL, NULL}},
    /* deadlines */
    {deadline,
     "border.crossing {person: P1, direction: exit, permitted_until: 2026-03-03} "
     "@2026-03-01T09:00\n" CLOCK,
     "raise it P1 @2026-03-04T00:00",
     {"UNMET  e.direction == \"entry\": exit, wanted == entry", NULL, NULL}},
    {deadline,
     ENTRY
     "permit.status {person: P1, action: extended, until: 2026-03-20} @2026-03-02T09:00\n" CLOCK,
     "raise it P1 @2026-03-04T00:00",
     {"met    e.direction == \"entry\"",
      "UNMET  end_of_day(e.permitted_until): 2026-03-20T23:59:59.999+07:00 by "
      "permit.status of 2026-03-02T09:00:00+07:00, wanted passed",
      NULL}},
    {deadline,
     ENTRY EXIT "2026-03-02T09:00\n" CLOCK,
     "raise it P1 @2026-03-04T00:00",
     {"UNMET  border.crossing where direction == \"exit\": border.crossing of "
      "2026-03-02T09:00:00+07:00, wanted none "
      "until then",
      NULL, NULL}},
    {deadline,
     "border.crossing {person: P1, direction: entry} @2026-03-01T09:00\n" CLOCK,
     "raise it P1 @2026-03-04T00:00",
     {"UNMET  end_of_day(e.permitted_until): absent, wanted an instant", NULL, NULL}},
    /* sequences: the deepest attempt */
    {sequence,
     ENTRY CLOCK,
     "raise it P1 @2026-03-02T09:00",
     {"UNMET  lodging.checkin as c where property == \"H1\": none, wanted one within 172800 s",
      NULL, NULL}},
    {sequence,
     ENTRY "lodging.checkin {person: P1, property: H2} @2026-03-02T09:00\n" CLOCK,
     "raise it P1 @2026-03-02T09:00",
     {"UNMET  property == \"H1\": H2, wanted == H1", NULL, NULL}},
    {sequence,
     ENTRY "lodging.checkin {person: P1, property: H1} @2026-03-04T09:00\n" CLOCK,
     "raise it P1 @2026-03-04T09:00",
     {"259200 s after the first, wanted one within 172800 s", NULL, NULL}},
    {sequence,
     ENTRY "permit.status {person: P1, action: issued} @2026-03-01T10:00\n"
           "lodging.checkin {person: P1, property: H1} @2026-03-02T09:00\n" CLOCK,
     "raise it P1 @2026-03-02T09:00",
     {"UNMET  permit.status: permit.status of 2026-03-01T10:00:00+07:00, wanted none in between",
      NULL, NULL}},
    {sequence,
     ENTRY "lodging.checkin {person: P1, property: H1} @2026-03-02T09:00\n" CLOCK,
     "raise it P1 @2026-03-02T09:00",
     {"UNMET  subject != \"doc:UTO:P1\": doc:UTO:P1, wanted != doc:UTO:P1", NULL, NULL}},
    /* states and counts */
    {count,
     "lodging.checkin {person: P1, property: H1} @2026-03-01T09:00\n"
     "lodging.checkin {person: P1, property: H2} @2026-03-02T09:00\n"
     "lodging.checkin {person: P1, property: H2} @2026-03-03T09:00\n",
     "raise it P1 @2026-03-03T09:00",
     {"UNMET  distinct(property) of lodging.checkin: 2: H1, H2, wanted at least 3", NULL, NULL}},
    {each,
     "lodging.checkin {person: P1, property: H1} @2026-03-01T09:00\n",
     "raise it P1 @2026-03-01T09:00",
     {"UNMET  s.property == \"H9\": H1, wanted == H9", "met    !has(s.planned_out)", NULL}},
    {each,
     "lodging.checkin {person: P1, property: H9} @2026-03-01T09:00\n"
     "lodging.checkout {person: P1, property: H9} @2026-03-01T10:00\n",
     "raise it P1 @2026-03-02T09:00",
     {"said at another time: @2026-03-01T09:00:00+07:00", NULL, NULL}},
    {together,
     "border.crossing {person: P1, direction: entry, post: A} @2026-03-01T09:00\n"
     "border.crossing {person: P2, direction: entry, post: A} @2026-03-01T09:05\n",
     "raise it P1 @2026-03-01T09:05",
     {"UNMET  border.crossing: 0, wanted times 2", "UNMET  group: , wanted persons 2", NULL}},
    {count,
     "border.crossing {person: P1, direction: entry} @2026-03-01T09:00\n",
     "raise it P1 @2026-03-01T09:00",
     {"nothing on the timeline of doc:UTO:P1 comes near", NULL, NULL}},
};

static void put_lines(struct ktg_buf *b, const char *text)
{
    while (*text) {
        size_t n = strcspn(text, "\n");
        ktg_buf_printf(b, "      %.*s\n", (int)n, text);
        text += n + (text[n] == '\n');
    }
}

static void listen(void *arg, const struct ktg_test_result *r)
{
    assert_false(r->passed);
    ktg_buf_put_bytes(arg, r->report);
}

static void test_nearest__tells_what_was_unmet(void **unused)
{
    (void)unused;
    struct ktg_buf text = KTG_BUF_INIT, report = KTG_BUF_INIT;
    for (size_t i = 0; i < COUNT(story); i++) {
        struct ktg_files files = KTG_FILES_INIT;
        struct ktg_notes notes = {.text = KTG_BUF_INIT};
        struct ktg_err err = KTG_ERR_INIT;
        struct ktg_ruleset *rs = NULL;
        size_t failed = 0;
        ktg_buf_clear(&text);
        ktg_buf_clear(&report);
        ktg_buf_printf(
            &text,
            "rule: it\ntitle: {id: a, en: a}\nper: person\n%stests:\n  - name: t\n    events: |\n",
            story[i].form);
        put_lines(&text, story[i].events);
        ktg_buf_put_str(&text, "    expect: |\n");
        put_lines(&text, story[i].expect);
        assert_int_equal(ktg_files_read(&files, KTG_SOURCE_DIR "/schema", "", &err), KTG_OK);
        assert_int_equal(ktg_files_put(&files, "rules/own.yaml", ktg_buf_view(&text), &err),
                         KTG_OK);
        if (ktg_ruleset_compile(files.at, files.count, &rs, &notes, &err))
            fail_msg("%zu: %s", i, ktg_buf_text(&notes.text));
        if (ktg_runner_run(files.at, files.count, rs, KTG_BYTES_NONE, listen, &report, &failed,
                           NULL, &err))
            fail_msg("%zu: %s", i, err.text);
        assert_int_equal(failed, 1);
        for (size_t k = 0; k < COUNT(story[i].want) && story[i].want[k]; k++)
            if (!strstr(ktg_buf_text(&report), story[i].want[k]))
                fail_msg("%zu: no \"%s\" in\n%s", i, story[i].want[k], ktg_buf_text(&report));
        ktg_ruleset_free(rs);
        ktg_buf_done(&notes.text);
        ktg_files_done(&files);
    }
    ktg_buf_done(&text);
    ktg_buf_done(&report);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_nearest__tells_what_was_unmet)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
