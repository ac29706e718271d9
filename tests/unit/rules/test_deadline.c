/* tests/unit/rules/test_deadline.c - LANGUAGE.md 4.2 and 4.7: watches, movers, stretches of breach, refreshing, wakes.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/support/cmocka.h"
#include "tests/unit/rules/story.h"

#define RULE(body) "rule: r\nstatus: internal\nper: person\n" body
#define ENTRY(until, at)                                                                           \
    "border.crossing {\"doc\":$P1,\"direction\":\"entry\",\"permitted_until\":\"" until "\"} @" at \
    "\n"
#define EXIT(at) "border.crossing {\"doc\":$P1,\"direction\":\"exit\"} @" at "\n"
#define EXTENDED(until, at) \
    "permit.status {\"doc\":$P1,\"action\":\"extended\",\"until\":\"" until "\"} @" at "\n"
#define STAY                                                                                      \
    "when: border.crossing as entry where direction == \"entry\"\nunless: border.crossing where " \
    "direction in [\"exit\", \"entry\"]\n"                                                        \
    "by: end_of_day(entry.permitted_until)\n"
#define MOVED "moved by: permit.status as p where p.action == \"extended\" to end_of_day(p.until)\n"
#define DAYS  "let:\n  days: civil_days_since(deadline)\n  until: date(deadline)\n"

static const struct {
    const char *what, *rule, *events, *now, *expect;
} stories[] = {
    {"before the deadline there is nothing but the wake one millisecond after it", RULE(STAY),
     ENTRY("2026-03-31", "2026-03-01T09:00+07:00"), "2026-03-31T23:59:59.999+07:00",
     "wake 2026-04-01T00:00:00+07:00\n"},
    {"passed", RULE(STAY), ENTRY("2026-03-31", "2026-03-01T09:00+07:00"), "2026-04-01T00:00+07:00",
     "2026-04-01T00:00:00+07:00 open a=1 e=1 {}\nwake never\n"},
    {"closed by what should have happened; read at the last instant before, the closer is evidence",
     RULE(STAY DAYS "update: daily\n"),
     ENTRY("2026-03-31", "2026-03-01T09:00+07:00") EXIT("2026-04-05T18:00+07:00"),
     "2026-04-06T00:00+07:00",
     "2026-04-01T00:00:00+07:00 2026-04-05T18:00:00+07:00 a=1 e=1,2 "
     "{\"days\":5,\"until\":\"2026-03-31\"}\nwake never\n"},
    {"exactly at the deadline is in time; so is its last millisecond", RULE(STAY),
     ENTRY("2026-03-31", "2026-03-01T09:00+07:00") EXIT("2026-04-01T00:00+07:00"),
     "2026-04-06T00:00+07:00", "wake never\n"},
    {"no date, no watch", RULE(STAY),
     "border.crossing {\"doc\":$P1,\"direction\":\"entry\"} @2026-03-01T09:00+07:00\n",
     "2026-04-06T00:00+07:00", "wake never\n"},
    {"values refresh at the midnights of the place, not with every answer",
     RULE(STAY DAYS "update: daily\n"), ENTRY("2026-03-31", "2026-03-01T09:00+09:00"),
     "2026-04-03T21:59+07:00",
     "2026-04-01T00:00:00+09:00 open a=1 e=1 {\"days\":3,\"until\":\"2026-03-31\"}\nwake "
     "2026-04-03T22:00:00+07:00\n"},
    {"an extension in time moves the deadline; the anchor is what set the one that passed",
     RULE(STAY MOVED DAYS),
     ENTRY("2026-03-31", "2026-03-01T09:00+07:00") EXTENDED("2026-04-30", "2026-03-25T10:00+07:00"),
     "2026-05-02T12:00+07:00",
     "2026-05-01T00:00:00+07:00 open a=2 e=1,2 {\"days\":1,\"until\":\"2026-04-30\"}\nwake "
     "never\n"},
    {"an extension too late closes one finding, and its own date opens another", RULE(STAY MOVED),
     ENTRY("2026-03-31", "2026-03-01T09:00+07:00") EXTENDED("2026-04-30", "2026-04-10T10:00+07:00"),
     "2026-05-02T12:00+07:00",
     "2026-04-01T00:00:00+07:00 2026-04-10T10:00:00+07:00 a=1 e=1,2 {}\n2026-05-01T00:00:00+07:00 "
     "open a=2 e=1,2 {}\nwake never\n"},
    {"a mover into the past during the breach changes nothing: the stretch and its anchor stay",
     RULE(STAY MOVED DAYS),
     ENTRY("2026-03-31", "2026-03-01T09:00+07:00") EXTENDED("2026-04-05", "2026-04-10T10:00+07:00"),
     "2026-04-12T12:00+07:00",
     "2026-04-01T00:00:00+07:00 open a=1 e=1 {\"days\":1,\"until\":\"2026-03-31\"}\nwake never\n"},
    {"a mover may shorten: in breach from its own time", RULE(STAY MOVED),
     ENTRY("2026-03-31", "2026-03-01T09:00+07:00") EXTENDED("2026-03-05", "2026-03-10T10:00+07:00"),
     "2026-03-12T12:00+07:00", "2026-03-10T10:00:00+07:00 open a=2 e=1,2 {}\nwake never\n"},
    {"two movers of one instant: the second undoes the first, and the breach goes on",
     RULE(STAY MOVED),
     ENTRY("2026-03-31", "2026-03-01T09:00+07:00") EXTENDED("2026-04-10", "2026-04-05T10:00+07:00")
         EXTENDED("2026-04-02", "2026-04-05T10:00+07:00"),
     "2026-04-06T12:00+07:00", "2026-04-01T00:00:00+07:00 open a=1 e=1 {}\nwake never\n"},
    {"... and in the other order the second closes it", RULE(STAY MOVED),
     ENTRY("2026-03-31", "2026-03-01T09:00+07:00") EXTENDED("2026-04-02", "2026-04-05T10:00+07:00")
         EXTENDED("2026-04-10", "2026-04-05T10:00+07:00"),
     "2026-04-06T12:00+07:00",
     "2026-04-01T00:00:00+07:00 2026-04-05T10:00:00+07:00 a=1 e=1,3 {}\n"
     "wake 2026-04-11T00:00:00+07:00\n"},
    {"`to` reads the deadline as it stood: max() never shortens",
     RULE(STAY "moved by: permit.status as p where p.action == \"extended\" to max(deadline, "
               "end_of_day(p.until))\n"),
     ENTRY("2026-03-31", "2026-03-01T09:00+07:00") EXTENDED("2026-03-05", "2026-03-10T10:00+07:00"),
     "2026-03-12T12:00+07:00", "wake 2026-04-01T00:00:00+07:00\n"},
    {"a mover whose date is absent is ignored", RULE(STAY MOVED),
     ENTRY("2026-03-31",
           "2026-03-01T09:00+07:00") "permit.status {\"doc\":$P1,\"action\":\"extended\"} "
                                     "@2026-03-10T09:00+07:00\n",
     "2026-04-12T12:00+07:00", "2026-04-01T00:00:00+07:00 open a=1 e=1 {}\nwake never\n"},
    {"movers after the end of the watch do not count", RULE(STAY MOVED),
     ENTRY("2026-03-31", "2026-03-01T09:00+07:00") EXIT("2026-03-20T09:00+07:00")
         EXTENDED("2026-03-05", "2026-03-25T10:00+07:00"),
     "2026-04-12T12:00+07:00", "wake never\n"},
    {"the late one makes a later one count (ENGINE trap 9): 10; at 15 to 30; at 8 to 20",
     RULE(STAY MOVED),
     ENTRY("2026-03-10", "2026-03-01T09:00+07:00") EXTENDED("2026-03-30", "2026-03-15T10:00+07:00")
         EXTENDED("2026-03-20", "2026-03-08T10:00+07:00"),
     "2026-03-29T12:00+07:00", "wake 2026-03-31T00:00:00+07:00\n"},
    {"`since` before the anchor lets an earlier event excuse",
     RULE("when: permit.status as p where p.action == \"issued\"\nunless: marriage.registered\n"
          "since: timestamp(\"1900-01-01T00:00:00Z\")\nby: end_of_day(p.date + days(60))\n"),
     "marriage.registered {\"act_no\":\"A1\",\"date\":\"2025-01-01\",\"foreigner\":{\"doc\":$P1}} "
     "@2025-01-02T09:00+07:00\n"
     "permit.status {\"doc\":$P1,\"action\":\"issued\"} @2026-01-02T09:00+07:00\n",
     "2026-12-01T00:00+07:00", "wake never\n"},
    {"`while` closes for good at the first midnight at which it is false",
     RULE(STAY "while: days <= 2\nupdate: daily\nlet:\n  days: civil_days_since(deadline)\n"),
     ENTRY("2026-03-31", "2026-03-01T09:00+07:00"), "2026-04-08T12:00+07:00",
     "2026-04-01T00:00:00+07:00 2026-04-03T00:00:00+07:00 a=1 e=1 {\"days\":2}\nwake never\n"},
    {"`daily where` filters what refreshes, never what `while` sees",
     RULE(STAY "while: days <= 9\nupdate: daily where days in [3, 5]\nlet:\n  days: "
               "civil_days_since(deadline)\n"),
     ENTRY("2026-03-31", "2026-03-01T09:00+07:00"), "2026-04-07T12:00+07:00",
     "2026-04-01T00:00:00+07:00 open a=1 e=1 {\"days\":5}\nwake 2026-04-08T00:00:00+07:00\n"},
    {"`where` is read as the breach begins, and once",
     RULE("with:\n  seen: last lodging.checkin\n" STAY "where: seen == null\n"),
     ENTRY("2026-03-31",
           "2026-03-01T09:00+07:00") "lodging.checkin {\"doc\":$P1,\"property\":\"H1\"} "
                                     "@2026-04-02T09:00+07:00\n",
     "2026-04-07T12:00+07:00", "2026-04-01T00:00:00+07:00 open a=1 e=1 {}\nwake never\n"},
    {"the end of the watch before the last step: no watch",
     RULE("when:\n  - border.crossing as e where direction == \"entry\"\n  - lodging.checkin as "
          "l\nunless: border.crossing where direction == \"exit\"\n"
          "by: end_of_day(e.permitted_until)\n"),
     ENTRY("2026-03-31", "2026-03-01T09:00+07:00")
         EXIT("2026-03-02T09:00+07:00") "lodging.checkin {\"doc\":$P1,\"property\":\"H1\"} "
                                        "@2026-03-03T09:00+07:00\n",
     "2026-04-07T12:00+07:00", "wake never\n"},
    {"a deadline that had passed before the last step: from that step on",
     RULE("when:\n  - border.crossing as e where direction == \"entry\"\n  - lodging.checkin as "
          "l\nby: end_of_day(e.permitted_until)\n"),
     ENTRY("2026-03-31",
           "2026-03-01T09:00+07:00") "lodging.checkin {\"doc\":$P1,\"property\":\"H1\"} "
                                     "@2026-04-03T09:00+07:00\n",
     "2026-04-07T12:00+07:00", "2026-04-03T09:00:00+07:00 open a=1 e=1,2 {}\nwake never\n"},
    {"each value has a watch of its own; what has none is in all",
     "rule: r\nstatus: internal\nper: employer\neach: person\nwhen: tka.employment as t where "
     "t.action == \"start\"\n"
     "unless:\n  - tka.employment where action == \"end\"\n  - rptka.status where status == "
     "\"revoked\"\nby: end_of_day(t.date + days(10))\n",
     "tka.employment {\"doc\":$P1,\"action\":\"start\",\"nib\":\"912\"} @2026-03-01T09:00+07:00\n"
     "tka.employment {\"doc\":$P2,\"action\":\"start\",\"nib\":\"912\"} @2026-03-01T09:00+07:00\n"
     "tka.employment {\"doc\":$P2,\"action\":\"end\",\"nib\":\"912\"} @2026-03-05T09:00+07:00\n"
     "rptka.status {\"rptka_no\":\"R1\",\"nib\":\"912\",\"status\":\"revoked\"} "
     "@2026-03-20T09:00+07:00\n",
     "2026-04-07T12:00+07:00",
     "2026-03-12T00:00:00+07:00 2026-03-20T09:00:00+07:00 a=1 e=1,4 {} k=doc:UTO:P1\nwake never\n"},
};

static void test_deadline__tells_these_stories(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < COUNT(stories); i++) {
        struct ktg_ruleset *rs = story_rules(stories[i].rule, NULL, NULL, NULL);
        struct story s;
        story_begin(&s, rs, strstr(stories[i].rule, "per: employer") ? "employer" : "person",
                    "doc:UTO:P1");
        story_events(&s, stories[i].events);
        const char *got = story_answer(&s, "r", story_time(stories[i].now), true);
        if (strcmp(got, stories[i].expect))
            fail_msg("%s\nwanted\n%sgot\n%s", stories[i].what, stories[i].expect, got);
        story_done(&s);
        ktg_ruleset_free(rs);
    }
}

/* `needs`: may we speak? */
static void test_deadline__is_unknown_while_a_source_is_silent(void **unused)
{
    (void)unused;
    static const struct {
        const char *heard, *now, *expect;
    } table[] = {
        /* fresh at the deadline: trusted until it stops being so */
        {"2026-03-31T20:00+07:00", "2026-04-01T00:00+07:00",
         "2026-04-01T00:00:00+07:00 open a=1 e=1 {}\nwake 2026-04-01T02:00:00.001+07:00\n"},
        {"2026-03-31T20:00+07:00", "2026-04-01T02:00+07:00",
         "2026-04-01T00:00:00+07:00 open a=1 e=1 {}\nwake 2026-04-01T02:00:00.001+07:00\n"},
        {"2026-03-31T20:00+07:00", "2026-04-01T02:00:00.001+07:00",
         "2026-04-01T00:00:00+07:00 open a=1 e=1 {} unknown=IMI.POST.1\nwake never\n"},
        /* spoke at or after `from`: decided for ever */
        {"2026-04-01T00:00+07:00", "2026-06-01T02:00+07:00",
         "2026-04-01T00:00:00+07:00 open a=1 e=1 {}\nwake never\n"},
        {"2026-03-31T23:59:59.999+07:00", "2026-06-01T02:00+07:00",
         "2026-04-01T00:00:00+07:00 open a=1 e=1 {} unknown=IMI.POST.1\nwake never\n"},
    };
    struct ktg_ruleset *rs =
        story_rules(RULE(STAY "needs: [\"border.crossing fresh within 6h\"]\n"), NULL, NULL, NULL);
    for (size_t i = 0; i < COUNT(table); i++) {
        struct story s;
        story_begin(&s, rs, "person", "doc:UTO:P1");
        story_events(&s, ENTRY("2026-03-31", "2026-03-01T09:00+07:00"));
        story_silent(&s, "IMI.POST.1", table[i].heard);
        story_silent(&s, "OTHER.POST.1",
                     "2026-01-01T00:00+07:00"); /* not in scope: sent nothing of the evidence */
        const char *got = story_answer(&s, "r", story_time(table[i].now), true);
        if (strcmp(got, table[i].expect))
            fail_msg("%zu\nwanted\n%sgot\n%s", i, table[i].expect, got);
        story_done(&s);
    }
    ktg_ruleset_free(rs);
    rs = story_rules(RULE(STAY "needs: [\"border.crossing fresh within 6h from all\"]\n"), NULL,
                     NULL, NULL);
    struct story s;
    story_begin(&s, rs, "person", "doc:UTO:P1");
    story_events(&s, ENTRY("2026-03-31", "2026-03-01T09:00+07:00"));
    story_silent(&s, "OTHER.POST.1", "2026-01-01T00:00+07:00");
    assert_string_equal(story_answer(&s, "r", story_time("2026-04-02T00:00+07:00"), false),
                        "2026-04-01T00:00:00+07:00 open a=1 e=1 {} unknown=OTHER.POST.1\n");
    story_done(&s);
    ktg_ruleset_free(rs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_deadline__tells_these_stories),
        cmocka_unit_test(test_deadline__is_unknown_while_a_source_is_silent)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
