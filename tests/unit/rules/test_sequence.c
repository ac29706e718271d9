/* tests/unit/rules/test_sequence.c - LANGUAGE.md 4.1: events and sequences, read as of en⁻.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/support/cmocka.h"
#include "tests/unit/rules/story.h"

#define RULE(body) "rule: r\nstatus: internal\nper: person\n" body

static const struct {
    const char *what, *rule, *events, *now, *expect;
} stories[] = {
    {"one step: each event is its own finding, values as of just before it",
     RULE("with:\n  before: count lodging.checkin\nwhen: lodging.checkin as c\nlet:\n  n: before\n "
          " where: c.property\n"),
     "lodging.checkin {\"doc\":$P1,\"property\":\"H1\"} @2026-03-01T09:00+07:00\n"
     "lodging.checkin {\"doc\":$P1,\"property\":\"H2\"} @2026-03-02T09:00+07:00\n",
     "2026-03-05T00:00+07:00",
     "2026-03-01T09:00:00+07:00 open a=1 e=1 {\"n\":0,\"where\":\"H1\"}\n"
     "2026-03-02T09:00:00+07:00 open a=2 e=1,2 {\"n\":1,\"where\":\"H2\"}\n"},
    {"two steps: the earliest completion, each anchor for itself",
     RULE("when:\n  - border.crossing as a where direction == \"exit\"\n  - border.crossing as b "
          "where direction == \"entry\"\n"),
     "border.crossing {\"doc\":$P1,\"direction\":\"exit\"} @2026-03-01T09:00+07:00\n"
     "border.crossing {\"doc\":$P1,\"direction\":\"exit\"} @2026-03-02T09:00+07:00\n"
     "border.crossing {\"doc\":$P1,\"direction\":\"entry\"} @2026-03-03T09:00+07:00\n"
     "border.crossing {\"doc\":$P1,\"direction\":\"entry\"} @2026-03-04T09:00+07:00\n",
     "2026-03-05T00:00+07:00",
     "2026-03-03T09:00:00+07:00 open a=1 e=1,3 {}\n"
     "2026-03-03T09:00:00+07:00 open a=2 e=2,3 {}\n"},
    {"`within` is the whole length, inclusive to the millisecond",
     RULE("when:\n  - border.crossing as a where direction == \"exit\"\n  - border.crossing as b "
          "where direction == \"entry\"\nwithin: 24h\n"),
     "border.crossing {\"doc\":$P1,\"direction\":\"exit\"} @2026-03-01T09:00+07:00\n"
     "border.crossing {\"doc\":$P1,\"direction\":\"entry\"} @2026-03-02T09:00+07:00\n"
     "border.crossing {\"doc\":$P1,\"direction\":\"exit\"} @2026-03-05T09:00+07:00\n"
     "border.crossing {\"doc\":$P1,\"direction\":\"entry\"} @2026-03-06T09:00:00.001+07:00\n",
     "2026-03-09T00:00+07:00", "2026-03-02T09:00:00+07:00 open a=1 e=1,2 {}\n"},
    {"what must not happen between kills it, and a later completion does not bring it back",
     RULE("when:\n  - border.crossing as a where direction == \"entry\"\n  - border.crossing as b "
          "where direction == \"entry\"\n"
          "unless: border.crossing where direction == \"exit\"\n"),
     "border.crossing {\"doc\":$P1,\"direction\":\"entry\"} @2026-03-01T09:00+07:00\n"
     "border.crossing {\"doc\":$P1,\"direction\":\"exit\"} @2026-03-02T09:00+07:00\n"
     "border.crossing {\"doc\":$P1,\"direction\":\"entry\"} @2026-03-03T09:00+07:00\n"
     "border.crossing {\"doc\":$P1,\"direction\":\"entry\"} @2026-03-04T09:00+07:00\n",
     "2026-03-05T00:00+07:00", "2026-03-04T09:00:00+07:00 open a=3 e=3,4 {}\n"},
    {"steps that refer to each other: earliest-first would fail (A, B(1), B(2), C(2) with C.x == "
     "B.x)",
     RULE("when:\n  - border.crossing as a\n  - lodging.checkin as b\n  - lodging.checkout as c "
          "where c.property == b.property\n"),
     "border.crossing {\"doc\":$P1,\"direction\":\"entry\"} @2026-03-01T09:00+07:00\n"
     "lodging.checkin {\"doc\":$P1,\"property\":\"H1\"} @2026-03-02T09:00+07:00\n"
     "lodging.checkin {\"doc\":$P1,\"property\":\"H2\"} @2026-03-03T09:00+07:00\n"
     "lodging.checkout {\"doc\":$P1,\"property\":\"H2\"} @2026-03-04T09:00+07:00\n",
     "2026-03-05T00:00+07:00", "2026-03-04T09:00:00+07:00 open a=1 e=1,3,4 {}\n"},
    {"ties: the smaller id is earlier, whatever the order of lines",
     RULE("when:\n  - border.crossing as a where direction == \"exit\"\n  - border.crossing as b "
          "where direction == \"entry\"\n"),
     "border.crossing {\"doc\":$P1,\"direction\":\"entry\"} @2026-03-01T09:00+07:00\n"
     "border.crossing {\"doc\":$P1,\"direction\":\"exit\"} @2026-03-01T09:00+07:00\n",
     "2026-03-05T00:00+07:00", ""},
    {"`where` is read as of just before the last event, so that event does not count itself",
     RULE("with:\n  seen: last border.crossing\nwhen: border.crossing as x\nwhere: seen == null\n"),
     "border.crossing {\"doc\":$P1,\"direction\":\"entry\"} @2026-03-01T09:00+07:00\n"
     "border.crossing {\"doc\":$P1,\"direction\":\"exit\"} @2026-03-02T09:00+07:00\n",
     "2026-03-05T00:00+07:00", "2026-03-01T09:00:00+07:00 open a=1 e=1 {}\n"},
    {"once per a value within a time: the first wins, measured from the kept one",
     RULE("when: lodging.checkin as c\nonce per: c.property within 30d\n"),
     "lodging.checkin {\"doc\":$P1,\"property\":\"H1\"} @2026-03-01T09:00+07:00\n"
     "lodging.checkin {\"doc\":$P1,\"property\":\"H1\"} @2026-03-20T09:00+07:00\n"
     "lodging.checkin {\"doc\":$P1,\"property\":\"H2\"} @2026-03-20T09:00+07:00\n"
     "lodging.checkin {\"doc\":$P1,\"property\":\"H1\"} @2026-03-31T09:00+07:00\n",
     "2026-05-01T00:00+07:00",
     "2026-03-01T09:00:00+07:00 open a=1 e=1 {}\n2026-03-20T09:00:00+07:00 open a=3 e=3 "
     "{}\n2026-03-31T09:00:00+07:00 open a=4 e=4 {}\n"},
    {"once per without a time: as long as the kept one is open",
     RULE("when: lodging.checkin as c\nonce per: subject\nuntil: lodging.checkout\n"),
     "lodging.checkin {\"doc\":$P1,\"property\":\"H1\"} @2026-03-01T09:00+07:00\n"
     "lodging.checkin {\"doc\":$P1,\"property\":\"H2\"} @2026-03-02T09:00+07:00\n"
     "lodging.checkout {\"doc\":$P1,\"property\":\"H2\"} @2026-03-03T09:00+07:00\n"
     "lodging.checkin {\"doc\":$P1,\"property\":\"H3\"} @2026-03-04T09:00+07:00\n",
     "2026-05-01T00:00+07:00",
     "2026-03-01T09:00:00+07:00 2026-03-03T09:00:00+07:00 a=1 e=1,3 {}\n2026-03-04T09:00:00+07:00 "
     "open a=4 e=4 {}\n"},
    {"another role is another step: companions do not open a stay",
     RULE("when: border.crossing(companions) as x\nlet:\n  who: x.person\n"),
     "border.crossing {\"doc\":$P2,\"direction\":\"entry\",\"companions\":[$P1]} "
     "@2026-03-01T09:00+07:00 role companions\n"
     "border.crossing {\"doc\":$P1,\"direction\":\"entry\"} @2026-03-01T09:01+07:00\n",
     "2026-05-01T00:00+07:00", "2026-03-01T09:00:00+07:00 open a=1 e=1 {\"who\":\"doc:UTO:P2\"}\n"},
    {"a class stands for its types, and a field that one of them lacks is absent there",
     RULE("when: sighting as s where default(s.outcome, \"\") != \"not-found\"\nlet:\n  as: "
          "s.type\n  p: s.property\n"),
     "lodging.checkin {\"doc\":$P1,\"property\":\"H1\"} @2026-03-01T09:00+07:00\n"
     "inspection.result {\"doc\":$P1,\"outcome\":\"not-found\"} @2026-03-02T09:00+07:00\n"
     "inspection.result {\"doc\":$P1,\"outcome\":\"found\"} @2026-03-03T09:00+07:00\n",
     "2026-05-01T00:00+07:00",
     "2026-03-01T09:00:00+07:00 open a=1 e=1 {\"as\":\"lodging.checkin\",\"p\":\"H1\"}\n"
     "2026-03-03T09:00:00+07:00 open a=3 e=3 {\"as\":\"inspection.result\"}\n"},
    {"order of names: alias, then a field of the event at hand, then with, then let",
     RULE("with:\n  room: count lodging.checkin\nwhen: lodging.checkin as c where room == "
          "\"7\"\nlet:\n  property: room\n"),
     "lodging.checkin {\"doc\":$P1,\"property\":\"H1\",\"room\":\"6\"} @2026-03-01T09:00+07:00\n"
     "lodging.checkin {\"doc\":$P1,\"property\":\"H1\",\"room\":\"7\"} @2026-03-02T09:00+07:00\n",
     "2026-05-01T00:00+07:00", "2026-03-02T09:00:00+07:00 open a=2 e=1,2 {\"property\":1}\n"},
};

static void test_sequence__tells_these_stories(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < COUNT(stories); i++) {
        struct ktg_ruleset *rs = story_rules(stories[i].rule, NULL, NULL, NULL);
        struct story s;
        story_begin(&s, rs, "person", "doc:UTO:P1");
        story_events(&s, stories[i].events);
        const char *got = story_answer(&s, "r", story_time(stories[i].now), false);
        if (strcmp(got, stories[i].expect))
            fail_msg("%s\nwanted\n%sgot\n%s", stories[i].what, stories[i].expect, got);
        story_done(&s);
        ktg_ruleset_free(rs);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_sequence__tells_these_stories)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
