/* tests/unit/rules/test_state.c - LANGUAGE.md 4.3, 4.4 and 5: states, counts, and what a `with` name is worth as of a bound.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/support/cmocka.h"
#include "tests/unit/rules/story.h"

#define RULE(body)       "rule: r\nstatus: internal\nper: person\n" body
#define ENTRY(at)        "border.crossing {\"doc\":$P1,\"direction\":\"entry\"} @" at "\n"
#define EXIT(at)         "border.crossing {\"doc\":$P1,\"direction\":\"exit\"} @" at "\n"
#define GUEST(house, at) "lodging.checkin {\"doc\":$P1,\"property\":\"" house "\"} @" at "\n"
#define STAY                                                                                 \
    "  stay: open border.crossing where direction == \"entry\" until border.crossing where " \
    "direction == \"exit\"\n"
/* An event that looks: its value is the name as of just before it. */
#define LOOK(form) RULE("with:\n" form "when: removal as x\nlet:\n")
#define AT(at)     "removal {\"doc\":$P1} @" at "\n"

static const struct {
    const char *what, *rule, *events, *now, *expect;
} stories[] = {
    /* ---- the state form ---- */
    {"begins and ends at the events; expiry and time alone say nothing",
     RULE("with:\n" STAY "while: stay != null\n"),
     ENTRY("2026-03-01T09:00+07:00") EXIT("2026-03-05T09:00+07:00") ENTRY("2026-03-07T09:00+07:00"),
     "2026-03-09T00:00+07:00",
     "2026-03-01T09:00:00+07:00 2026-03-05T09:00:00+07:00 a=1 e=1 {}\n2026-03-07T09:00:00+07:00 "
     "open a=3 e=3 {}\nwake never\n"},
    {"nothing is tested between events of one instant",
     RULE("with:\n" STAY "while: stay != null\n"),
     ENTRY("2026-03-01T09:00+07:00") EXIT("2026-03-01T09:00+07:00"), "2026-03-09T00:00+07:00",
     "wake never\n"},
    {"past: holds through its last millisecond",
     RULE("with:\n  p: open permit.status as q past end_of_day(q.until)\nwhile: p != null\n"),
     "permit.status {\"doc\":$P1,\"action\":\"issued\",\"until\":\"2026-03-10\"} "
     "@2026-03-01T09:00+07:00\n",
     "2026-03-10T23:59:59.999+07:00",
     "2026-03-01T09:00:00+07:00 open a=1 e=1 {}\nwake 2026-03-11T00:00:00+07:00\n"},
    {"past: over",
     RULE("with:\n  p: open permit.status as q past end_of_day(q.until)\nwhile: p != null\n"),
     "permit.status {\"doc\":$P1,\"action\":\"issued\",\"until\":\"2026-03-10\"} "
     "@2026-03-01T09:00+07:00\n",
     "2026-03-20T00:00+07:00",
     "2026-03-01T09:00:00+07:00 2026-03-11T00:00:00+07:00 a=1 e=1 {}\nwake never\n"},
    {"absence is a state too: it begins where the interval ends, anchored at the event whose "
     "interval ended",
     RULE("with:\n  p: open permit.status as q past end_of_day(q.until)\n  seen: last "
          "lodging.checkin\nwhile: p == null && seen != null\n"),
     "lodging.checkin {\"doc\":$P1,\"property\":\"H1\"} @2026-03-01T08:00+07:00\n"
     "permit.status {\"doc\":$P1,\"action\":\"issued\",\"until\":\"2026-03-10\"} "
     "@2026-03-01T09:00+07:00\n",
     "2026-03-20T00:00+07:00",
     "2026-03-01T08:00:00+07:00 2026-03-01T09:00:00+07:00 a=1 e=1 {}\n2026-03-11T00:00:00+07:00 "
     "open a=2 e=1 {}\nwake never\n"},
    {"an interval that begins later begins by itself",
     RULE("with:\n  p: open permit.status as q from start_of_day(q.from) past "
          "end_of_day(q.until)\nwhile: p != null\n"),
     "permit.status "
     "{\"doc\":$P1,\"action\":\"issued\",\"from\":\"2026-03-05\",\"until\":\"2026-03-10\"} "
     "@2026-03-01T09:00+07:00\n",
     "2026-03-02T00:00+07:00", "wake 2026-03-05T00:00:00+07:00\n"},
    {"... and one known only later has held since its beginning",
     RULE("with:\n  p: open permit.status as q from start_of_day(q.from)\nwhile: p != null\n"),
     "permit.status {\"doc\":$P1,\"action\":\"issued\",\"from\":\"2026-02-05\"} "
     "@2026-03-01T09:00+07:00\n",
     "2026-03-02T00:00+07:00", "2026-02-05T00:00:00+07:00 open a=1 e=1 {}\nwake never\n"},
    {"removed before it began: it never holds",
     RULE("with:\n  p: open permit.status as q where q.action == \"issued\" from "
          "start_of_day(q.from) until permit.status where action == \"revoked\"\nwhile: p != "
          "null\n"),
     "permit.status {\"doc\":$P1,\"action\":\"issued\",\"from\":\"2026-03-05\"} "
     "@2026-03-01T09:00+07:00\n"
     "permit.status {\"doc\":$P1,\"action\":\"revoked\"} @2026-03-02T09:00+07:00\n",
     "2026-03-20T00:00+07:00", "wake never\n"},
    {"the state needs a fresh beginning: expiry alone never raises, the next event does",
     RULE("with:\n  all: count lodging.checkin within 10d\n  late: count lodging.checkin where "
          "room == \"L\" within 10d\nwhile: late >= 1 && percent(late, all) >= 50\n"),
     GUEST("H1", "2026-03-01T09:00+07:00")
         GUEST("H1", "2026-03-01T10:00+07:00") "lodging.checkin "
                                               "{\"doc\":$P1,\"property\":\"H1\",\"room\":\"L\"} "
                                               "@2026-03-05T09:00+07:00\n" GUEST(
                                                   "H1", "2026-03-12T09:00+07:00"),
     "2026-03-13T00:00+07:00",
     "2026-03-12T09:00:00+07:00 open a=4 e=3,4 {}\nwake 2026-03-15T09:00:00+07:00\n"},
    {"ticks: a condition on covered days is tested at midnights while the tick holds",
     RULE("with:\n  stays: spans border.crossing where direction == \"entry\" until "
          "border.crossing where direction == \"exit\"\n"
          "while: used >= 5\ntick: daily while stays.exists(s, s.open)\nlet:\n  used: "
          "covered_days(stays, 30)\n"),
     ENTRY("2026-03-01T09:00+07:00"), "2026-03-06T12:00+07:00",
     "2026-03-05T00:00:00+07:00 open a=1 e=1 {\"used\":6}\nwake 2026-03-07T00:00:00+07:00\n"},
    {"`until` closes a state for good, until it was false once",
     RULE("with:\n" STAY "while: stay != null\nuntil: lodging.checkin\n"),
     ENTRY("2026-03-01T09:00+07:00") GUEST("H1", "2026-03-02T09:00+07:00")
         GUEST("H1", "2026-03-03T09:00+07:00") EXIT("2026-03-05T09:00+07:00")
             ENTRY("2026-03-07T09:00+07:00"),
     "2026-03-09T00:00+07:00",
     "2026-03-01T09:00:00+07:00 2026-03-02T09:00:00+07:00 a=1 e=1,2 {}\n2026-03-07T09:00:00+07:00 "
     "open a=5 e=5 {}\nwake never\n"},
    {"values of a state refresh at midnight; until then those of its beginning stand",
     RULE("with:\n" STAY "  n: count lodging.checkin\nwhile: stay != null\nlet:\n  n2: n\n"),
     ENTRY("2026-03-01T09:00+07:00") GUEST("H1", "2026-03-01T10:00+07:00"),
     "2026-03-01T12:00+07:00",
     "2026-03-01T09:00:00+07:00 open a=1 e=1 {\"n2\":0}\nwake 2026-03-02T00:00:00+07:00\n"},
    {"... and at midnight they are fresh; with nothing new there is nothing to wake for",
     RULE("with:\n" STAY "  n: count lodging.checkin\nwhile: stay != null\nlet:\n  n2: n\n"),
     ENTRY("2026-03-01T09:00+07:00") GUEST("H1", "2026-03-01T10:00+07:00"),
     "2026-03-02T12:00+07:00", "2026-03-01T09:00:00+07:00 open a=1 e=1,2 {\"n2\":1}\nwake never\n"},
    {"update: change refreshes with each event that matters",
     RULE("with:\n" STAY
          "  n: count lodging.checkin\nwhile: stay != null\nupdate: change\nlet:\n  n2: n\n"),
     ENTRY("2026-03-01T09:00+07:00") GUEST("H1", "2026-03-01T10:00+07:00"),
     "2026-03-01T12:00+07:00", "2026-03-01T09:00:00+07:00 open a=1 e=1,2 {\"n2\":1}\nwake never\n"},
    {"each element has its own stretches, keyed by the form's key; only its own event is evidence",
     RULE("with:\n" STAY "  cases: open(case_no) case.reference where stage == \"open\" until "
          "case.reference where stage == \"closed\"\n"
          "each: c in cases\nwhile: stay != null\nlet:\n  no: c.case_no\n"),
     "case.reference {\"doc\":$P1,\"case_no\":\"K1\",\"stage\":\"open\"} @2026-02-01T09:00+07:00\n"
     "case.reference {\"doc\":$P1,\"case_no\":\"K2\",\"stage\":\"open\"} "
     "@2026-02-02T09:00+07:00\n" ENTRY(
         "2026-03-01T09:00+07:00") "case.reference "
                                   "{\"doc\":$P1,\"case_no\":\"K1\",\"stage\":\"closed\"} "
                                   "@2026-03-05T09:00+07:00\n",
     "2026-03-09T00:00+07:00",
     "2026-03-01T09:00:00+07:00 2026-03-05T09:00:00+07:00 a=3 e=1,3 {\"no\":\"K1\"} k=K1\n"
     "2026-03-01T09:00:00+07:00 open a=3 e=2,3 {\"no\":\"K2\"} k=K2\nwake never\n"},

    {"each value of a distinct: its first event in the window is evidence, not those of others",
     RULE("with:\n" STAY "  rooms: distinct(property) of lodging.checkin within 2d\n"
          "each: r in rooms\nwhile: stay != null\nlet:\n  which: r\n"),
     ENTRY("2026-03-01T08:00+07:00") GUEST("H1", "2026-03-01T09:00+07:00")
         GUEST("H1", "2026-03-01T10:00+07:00") GUEST("H2", "2026-03-01T11:00+07:00"),
     "2026-03-01T12:00+07:00",
     "2026-03-01T09:00:00+07:00 open a=2 e=1,2 {\"which\":\"H1\"} k=H1\n"
     "2026-03-01T11:00:00+07:00 open a=4 e=1,4 {\"which\":\"H2\"} k=H2\n"
     "wake 2026-03-02T00:00:00+07:00\n"},
    {"a new opening and a closing in one instant: what comes first on the timeline ends the span",
     RULE("with:\n  rooms: spans lodging.checkin until lodging.checkout\n"
          "while: size(rooms) == 2\nlet:\n  ends: rooms.map(r, r.end.type)\n"),
     GUEST("H1", "2026-03-01T09:00+07:00")
         GUEST("H1", "2026-03-01T10:00+07:00") "lodging.checkout {\"doc\":$P1,\"property\":\"H1\"} "
                                               "@2026-03-01T10:00+07:00\n",
     "2026-03-01T12:00+07:00",
     "2026-03-01T10:00:00+07:00 open a=3 e=1,2,3 "
     "{\"ends\":[\"lodging.checkin\",\"lodging.checkout\"]}\nwake never\n"},
    {"each span of a keyed form: an element of its own, with its opening and its closing",
     RULE("with:\n  rooms: spans(property) lodging.checkin until lodging.checkout\n"
          "each: r in rooms\nwhile: \"!r.open\"\n"),
     GUEST("H1", "2026-03-01T09:00+07:00") GUEST("H1", "2026-03-01T10:00+07:00")
         GUEST("H2", "2026-03-01T11:00+07:00"),
     "2026-03-01T12:00+07:00",
     "2026-03-01T10:00:00+07:00 open a=2 e=1,2 {} k=00000000-0000-7000-8000-000000000001\n"
     "wake 2026-03-02T00:00:00+07:00\n"},

    /* ---- counts ---- */
    {"t - W < e.t <= t: at W exactly the first has gone, and expiry closes",
     RULE("count: lodging.checkin\nat least: 2\nwithin: 24h\n"),
     GUEST("H1", "2026-03-01T09:00+07:00") GUEST("H1", "2026-03-02T09:00+07:00")
         GUEST("H1", "2026-03-02T10:00+07:00"),
     "2026-03-09T00:00+07:00",
     "2026-03-02T10:00:00+07:00 2026-03-03T09:00:00+07:00 a=3 e=2,3 {\"count\":2}\nwake never\n"},
    {"open: the wake is the expiry that may close it",
     RULE("count: lodging.checkin\nat least: 2\nwithin: 24h\n"),
     GUEST("H1", "2026-03-02T09:00+07:00") GUEST("H1", "2026-03-02T10:00+07:00"),
     "2026-03-02T11:00+07:00",
     "2026-03-02T10:00:00+07:00 open a=2 e=1,2 {\"count\":2}\nwake 2026-03-03T09:00:00+07:00\n"},
    {"more than", RULE("count: lodging.checkin\nmore than: 2\n"),
     GUEST("H1", "2026-03-02T09:00+07:00") GUEST("H1", "2026-03-02T10:00+07:00")
         GUEST("H1", "2026-03-02T11:00+07:00"),
     "2026-03-02T11:00+07:00",
     "2026-03-02T11:00:00+07:00 open a=3 e=1,2,3 {\"count\":3}\nwake never\n"},
    {"distinct: the first event per value is evidence; the last relevant event of the instant is "
     "the anchor",
     RULE("count: distinct(property) of lodging.checkin\nat least: 2\n"),
     GUEST("H1", "2026-03-02T09:00+07:00") GUEST("H1", "2026-03-02T10:00+07:00")
         GUEST("H2", "2026-03-02T11:00+07:00") GUEST("H1", "2026-03-02T11:00+07:00"),
     "2026-03-02T12:00+07:00",
     "2026-03-02T11:00:00+07:00 open a=4 e=1,3 {\"count\":2}\nwake never\n"},
    {"one instant at which one expires and another comes: the breach goes on (ENGINE trap 7)",
     RULE("count: lodging.checkin\nat least: 2\nwithin: 24h\n"),
     GUEST("H1", "2026-03-01T09:00+07:00") GUEST("H1", "2026-03-01T10:00+07:00")
         GUEST("H1", "2026-03-02T09:00+07:00"),
     "2026-03-02T09:30+07:00",
     "2026-03-01T10:00:00+07:00 open a=2 e=1,2 {\"count\":2}\nwake 2026-03-02T10:00:00+07:00\n"},
    {"a list counts its elements; sums add, what has no number adds nothing",
     RULE("with:\n  t: sum(days_granted) of border.crossing\ncount: distinct(mrz_failed) of "
          "border.crossing\nat least: 3\nlet:\n  total: t\n"),
     "border.crossing "
     "{\"doc\":$P1,\"direction\":\"entry\",\"days_granted\":10,\"mrz_failed\":[\"a\",\"b\"]} "
     "@2026-03-01T09:00+07:00\n"
     "border.crossing {\"doc\":$P1,\"direction\":\"entry\"} @2026-03-02T09:00+07:00\n"
     "border.crossing "
     "{\"doc\":$P1,\"direction\":\"entry\",\"days_granted\":-3,\"mrz_failed\":[\"b\",\"c\"]} "
     "@2026-03-03T09:00+07:00\n",
     "2026-03-03T12:00+07:00",
     "2026-03-03T09:00:00+07:00 open a=3 e=1,3 {\"count\":3,\"total\":7}\nwake never\n"},

    /* ---- what a name is worth, as of just before the task ---- */
    {"last, with a window, which is half open at its far end",
     LOOK("  a: last lodging.checkin\n  b: last lodging.checkin within 24h\n") "  a2: a.property\n "
                                                                               " b2: b == null\n",
     GUEST("H1", "2026-03-01T09:00+07:00") GUEST("H2", "2026-03-02T09:00+07:00")
         AT("2026-03-03T09:00+07:00"),
     "2026-03-05T00:00+07:00",
     "2026-03-03T09:00:00+07:00 open a=3 e=2,3 {\"a2\":\"H2\",\"b2\":true}\nwake never\n"},
    {"first, all, count, distinct by first appearance",
     LOOK("  f: first lodging.checkin\n  l: all lodging.checkin\n  n: count lodging.checkin\n  d: "
          "distinct(property) of lodging.checkin\n") "  d2: d\n  f2: f.property\n  l2: l.map(x, "
                                                     "x.property)\n  n2: n\n",
     GUEST("H2", "2026-03-01T09:00+07:00") GUEST("H1", "2026-03-02T09:00+07:00")
         GUEST("H2", "2026-03-02T10:00+07:00") AT("2026-03-03T09:00+07:00")
             GUEST("H9", "2026-03-04T09:00+07:00"),
     "2026-03-05T00:00+07:00",
     "2026-03-03T09:00:00+07:00 open a=4 e=1,2,3,4 "
     "{\"d2\":[\"H2\",\"H1\"],\"f2\":\"H2\",\"l2\":[\"H2\",\"H1\",\"H2\"],\"n2\":3}\nwake never\n"},
    {"last per key, in order of the events",
     LOOK("  k: last(property) lodging.checkin\n") "  k2: k.map(x, x.property + string(x.date))\n",
     GUEST("H2", "2026-03-01T09:00+07:00") GUEST("H1", "2026-03-02T09:00+07:00")
         GUEST("H2", "2026-03-03T09:00+07:00") AT("2026-03-04T09:00+07:00"),
     "2026-03-05T00:00+07:00",
     "2026-03-04T09:00:00+07:00 open a=4 e=2,3,4 "
     "{\"k2\":[\"H12026-03-02\",\"H22026-03-03\"]}\nwake never\n"},
    {"open: an end of the same instant and a smaller id has come, one with a greater id has not",
     LOOK(STAY) "  s: stay.id\n  none: stay == null\n",
     ENTRY("2026-03-01T09:00+07:00") AT("2026-03-02T09:00+07:00") EXIT("2026-03-02T09:00+07:00")
         AT("2026-03-02T09:00+07:00"),
     "2026-03-05T00:00+07:00",
     "2026-03-02T09:00:00+07:00 open a=2 e=1,2 "
     "{\"none\":false,\"s\":\"00000000-0000-7000-8000-000000000001\"}\n"
     "2026-03-02T09:00:00+07:00 open a=4 e=4 {\"none\":true}\nwake never\n"},
    {"open per key: each key has its own end; a second opening begins a new interval",
     LOOK("  o: open(property) lodging.checkin until lodging.checkout\n") "  o2: o.map(x, "
                                                                          "x.property + \" \" + "
                                                                          "x.room)\n",
     "lodging.checkin {\"doc\":$P1,\"property\":\"H1\",\"room\":\"1\"} @2026-03-01T09:00+07:00\n"
     "lodging.checkin {\"doc\":$P1,\"property\":\"H2\",\"room\":\"2\"} @2026-03-01T10:00+07:00\n"
     "lodging.checkin {\"doc\":$P1,\"property\":\"H1\",\"room\":\"3\"} @2026-03-01T11:00+07:00\n"
     "lodging.checkout {\"doc\":$P1,\"property\":\"H2\"} @2026-03-01T12:00+07:00\n" AT(
         "2026-03-02T09:00+07:00"),
     "2026-03-05T00:00+07:00",
     "2026-03-02T09:00:00+07:00 open a=5 e=3,5 {\"o2\":[\"H1 3\"]}\nwake never\n"},
    {"spans, cut at the bound: a second entry without an exit ends the first stay where it begins",
     LOOK("  v: spans border.crossing where direction == \"entry\" until border.crossing where "
          "direction == \"exit\"\n") "  v2: >-\n    v.map(x, string(date(x.from)) + (x.open ? \" "
                                     "open\" : string(date(x.until))))\n",
     ENTRY("2026-03-01T09:00+07:00") ENTRY("2026-03-05T09:00+07:00") EXIT("2026-03-07T09:00+07:00")
         ENTRY("2026-03-09T09:00+07:00") AT("2026-03-10T09:00+07:00")
             EXIT("2026-03-11T09:00+07:00"),
     "2026-03-15T00:00+07:00",
     "2026-03-10T09:00:00+07:00 open a=5 e=1,2,3,4,5 "
     "{\"v2\":[\"2026-03-012026-03-05\",\"2026-03-052026-03-07\",\"2026-03-09 open\"]}\nwake "
     "never\n"},
};

static void test_state__tells_these_stories(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < COUNT(stories); i++) {
        struct ktg_ruleset *rs = story_rules(stories[i].rule, NULL, NULL, NULL);
        struct story s;
        story_begin(&s, rs, "person", "doc:UTO:P1");
        story_events(&s, stories[i].events);
        const char *got = story_answer(&s, "r", story_time(stories[i].now), true);
        if (strcmp(got, stories[i].expect))
            fail_msg("%s\nwanted\n%sgot\n%s", stories[i].what, stories[i].expect, got);
        story_done(&s);
        ktg_ruleset_free(rs);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_state__tells_these_stories)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
