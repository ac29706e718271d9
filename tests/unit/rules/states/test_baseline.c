/* tests/unit/rules/states/test_baseline.c - what was usual: where its windows begin and end, and what it costs.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>

#include "schema/json.h"
#include "tests/support/cmocka.h"
#include "tests/unit/rules/story.h"

#define GUEST(house, at) "lodging.checkin {\"doc\":$P1,\"property\":\"" house "\"} @" at "\n"
#define LOOK(at)         "removal {\"doc\":$P1} @" at "\n"
#define NOON             "2026-03-10T12:00+07:00"

/* A look at NOON sees {n, squares, sum} of windows of a day: (8 12:00, 9 12:00], (7 12:00, 8 12:00], ... */
static const struct {
    const char *what, *form, *events, *expect;
} stories[] = {
    {"nothing was: all windows are empty", "baseline(1d, 5d)", "",
     "{\"n\":4,\"squares\":0,\"sum\":0}"},
    {"a time that is no whole number of windows is cut", "baseline(1d, 4d23h)", "",
     "{\"n\":3,\"squares\":0,\"sum\":0}"},
    {"what is in the current window is not usual yet", "baseline(1d, 5d)",
     GUEST("H1", "2026-03-09T12:00:01+07:00") GUEST("H2", NOON),
     "{\"n\":4,\"squares\":0,\"sum\":0}"},
    {"the current window begins just after a day ago", "baseline(1d, 5d)",
     GUEST("H1", "2026-03-09T12:00+07:00"), "{\"n\":4,\"squares\":1,\"sum\":1}"},
    {"the earliest window begins just after five days ago", "baseline(1d, 5d)",
     GUEST("H1", "2026-03-05T12:00+07:00"), "{\"n\":4,\"squares\":0,\"sum\":0}"},
    {"... and holds what came a second later", "baseline(1d, 5d)",
     GUEST("H1", "2026-03-05T12:00:01+07:00"), "{\"n\":4,\"squares\":1,\"sum\":1}"},
    {"distinct in each window, again in the next", "baseline(1d, 5d)",
     GUEST("H1", "2026-03-08T13:00+07:00") GUEST("H1", "2026-03-08T14:00+07:00")
         GUEST("H2", "2026-03-08T15:00+07:00") GUEST("H1", "2026-03-07T13:00+07:00"),
     "{\"n\":4,\"squares\":5,\"sum\":3}"},
    {"an event on which the value is absent counts nothing", "baseline(1d, 5d)",
     "lodging.checkin {\"doc\":$P1} @2026-03-08T13:00+07:00\n",
     "{\"n\":4,\"squares\":0,\"sum\":0}"},
    {"a thousand windows", "baseline(1m, 16h40m)",
     GUEST("H1", "2026-03-10T11:00+07:00") GUEST("H2", "2026-03-10T11:00+07:00"),
     "{\"n\":999,\"squares\":4,\"sum\":2}"},
};

static void test_baseline__windows_are_open_at_their_beginning(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < COUNT(stories); i++) {
        char rule[400], events[1200], want[200];
        snprintf(
            rule, sizeof rule,
            "rule: r\nstatus: internal\nper: person\nwith:\n  b: %s of distinct(property) of "
            "lodging.checkin\nwhen: removal\nlet:\n  n: b.n\n  squares: b.squares\n  sum: b.sum\n",
            stories[i].form);
        snprintf(events, sizeof events, "%s" LOOK(NOON), stories[i].events);
        struct ktg_ruleset *rs = story_rules(rule, NULL, NULL, NULL);
        struct story s;
        story_begin(&s, rs, "person", "doc:UTO:P1");
        story_events(&s, events);
        const char *got = story_answer(&s, "r", story_time("2026-03-11T00:00+07:00"), false);
        snprintf(want, sizeof want, " %s\n", stories[i].expect);
        if (!strstr(got, want))
            fail_msg("%s: wanted %s, got %s", stories[i].what, stories[i].expect, got);
        int events_seen = 0; /* the look is the last event, and the only evidence */
        for (const char *p = events; (p = strchr(p, '\n')); p++)
            events_seen++;
        snprintf(want, sizeof want, " e=%d {", events_seen);
        assert_non_null(strstr(got, want));
        story_done(&s);
        ktg_ruleset_free(rs);
    }
}

static void test_baseline__is_told_with_what_it_was_compared(void **unused)
{
    (void)unused;
    struct ktg_ruleset *rs = story_rules(
        "rule: r\nstatus: internal\nper: person\nwith:\n  usual: baseline(1d, 5d) of "
        "distinct(property) of lodging.checkin\n  fresh: distinct(property) of lodging.checkin "
        "within 1d\nwhile: above(new, usual, 1)\nlet:\n  new: size(fresh)\n",
        NULL, NULL, NULL);
    struct story s;
    struct ktg_arena arena = KTG_ARENA_INIT;
    struct ktg_buf why = KTG_BUF_INIT, text = KTG_BUF_INIT;
    size_t count;
    ktg_time wake, now = story_time("2026-03-10T13:00+07:00");
    story_begin(&s, rs, "person", "doc:UTO:P1");
    story_events(&s, GUEST("H1", "2026-03-08T13:00+07:00") GUEST("H1", "2026-03-10T11:00+07:00")
                         GUEST("H2", NOON));
    const struct ktg_finding *f = story_findings(&s, "r", now, &arena, &count, &wake);
    assert_int_equal(count, 2); /* the first house, and the two of the last day */
    f += f[1].from > f[0].from;
    struct ktg_timeline t = story_timeline(&s, now);
    struct ktg_answer_world w = story_world(&s);
    assert_int_equal(ktg_explain(rs, ktg_ruleset_rule(rs, 0), &t, f, now, &w, &arena, &why),
                     KTG_OK);
    assert_int_equal(ktg_json_format(ktg_buf_view(&why), NULL, &text), KTG_OK);
    if (!strstr(ktg_buf_text(&text), "\"text\":\"above(new, usual, 1)\",\"value\":\"new=1, "
                                     "usual={n: 4, squares: 1, sum: 1}\""))
        fail_msg("%s", ktg_buf_text(&text));
    ktg_buf_done(&why);
    ktg_buf_done(&text);
    ktg_arena_done(&arena);
    story_done(&s);
    ktg_ruleset_free(rs);
}

/* More stairs and windows than anybody should ask for: refused, not worked through for ever. */
static void test_baseline__costs_are_bounded(void **unused)
{
    (void)unused;
    struct ktg_ruleset *rs =
        story_rules("rule: r\nstatus: internal\nper: person\nwith:\n  b: baseline(1m, 16h40m) of "
                    "distinct(property) of lodging.checkin\nwhile: b.sum > 0\n",
                    NULL, NULL, NULL);
    struct story s;
    struct ktg_arena arena = KTG_ARENA_INIT;
    const struct ktg_finding *f = NULL;
    size_t count = 99;
    ktg_time wake, now = story_time("2026-04-01T00:00+07:00");
    story_begin(&s, rs, "person", "doc:UTO:P1");
    for (int i = 0; i < 300; i++) {
        char line[120];
        snprintf(
            line, sizeof line,
            "lodging.checkin {\"doc\":$P1,\"property\":\"H%d\"} @2026-03-01T%02d:%02d:%02d+07:00\n",
            i % 7, i / 20, i % 20 * 3, i * 17 % 60);
        story_events(&s, line);
    }
    struct ktg_timeline t = story_timeline(&s, now);
    struct ktg_answer_world w = story_world(&s);
    assert_int_equal(
        ktg_answer(rs, ktg_ruleset_rule(rs, 0), &t, now, &w, &arena, &f, &count, &wake), KTG_EFULL);
    assert_int_equal(count, 99);
    ktg_arena_done(&arena);
    story_done(&s);
    ktg_ruleset_free(rs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_baseline__windows_are_open_at_their_beginning),
        cmocka_unit_test(test_baseline__is_told_with_what_it_was_compared),
        cmocka_unit_test(test_baseline__costs_are_bounded)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
