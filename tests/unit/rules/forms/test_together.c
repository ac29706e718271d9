/* tests/unit/rules/forms/test_together.c - who keeps appearing together: the search, its bounds, its explanation.
 *
 * What the grammar says of the form stands in tests/unit/rules/cases/together.yaml.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>
#include <stdlib.h>

#include "rules/ruleset.h"
#include "schema/json.h"
#include "tests/support/cmocka.h"
#include "tests/unit/rules/story.h"

enum { PEOPLE_MOST = 64 };

/* Everybody, and who of them is at the post on which day. */
struct crowd {
    struct ktg_ruleset *rs;
    struct story people[PEOPLE_MOST];
    char names[PEOPLE_MOST][16];
    size_t count;
};

static void crowd_begin(struct crowd *c, size_t people, int times, int persons)
{
    char rule[400];
    snprintf(rule, sizeof rule,
             "rule: r\nstatus: internal\nper: person\ntogether:\n  of: border.crossing\n  at: "
             "[post]\n  span: 10m\n  times: %d\n  persons: %d\n  within: 365d\nupdate: change\n",
             times, persons);
    c->rs = story_rules(rule, NULL, NULL, NULL);
    c->count = people;
    for (size_t i = 0; i < people; i++) {
        snprintf(c->names[i], sizeof c->names[i], "doc:UTO:P%02zu", i);
        story_begin(&c->people[i], c->rs, "person", c->names[i]);
        c->people[i].others = c->people; /* with themselves: nobody is their own company */
        c->people[i].other_count = people;
    }
}

static void crowd_end(struct crowd *c)
{
    for (size_t i = 0; i < c->count; i++)
        story_done(&c->people[i]);
    ktg_ruleset_free(c->rs);
}

static void crosses(struct crowd *c, size_t who, int day)
{
    char line[120];
    snprintf(line, sizeof line,
             "border.crossing {\"doc\":$P%02zu,\"post\":\"ARUK\"} @2026-%02d-%02dT09:00+07:00\n",
             who, 1 + day / 28, 1 + day % 28);
    c->people[who].next_id = (int)(who * 200 + (size_t)day);
    story_events(&c->people[who], line);
}

static int answer(struct crowd *c, struct ktg_arena *arena, const struct ktg_finding **ret_f,
                  size_t *ret_count)
{
    ktg_time now = story_time("2026-12-01T00:00+07:00"), wake;
    struct ktg_timeline t = story_timeline(&c->people[0], now);
    struct ktg_answer_world w = story_world(&c->people[0]);
    return ktg_answer(c->rs, ktg_ruleset_rule(c->rs, 0), &t, now, &w, arena, ret_f, ret_count,
                      &wake);
}

/* "P00 P02 P05: 3 occasions" */
static const char *found(struct crowd *c, struct ktg_arena *arena)
{
    static char text[1000];
    const struct ktg_finding *f = NULL;
    size_t count = 0, n = 0;
    struct ktg_buf values = KTG_BUF_INIT;
    assert_int_equal(answer(c, arena, &f, &count), KTG_OK);
    if (!count)
        return "nothing";
    assert_int_equal(count, 1);
    assert_int_equal(ktg_json_format(f->values, NULL, &values), KTG_OK);
    for (const char *at = ktg_buf_text(&values); (at = strstr(at, "doc:UTO:")); at += 8)
        n += (size_t)snprintf(text + n, sizeof text - n, "%s%.3s", n ? " " : "", at + 8);
    snprintf(text + n, sizeof text - n, ": %zu occasions", f->evidence_total);
    ktg_buf_done(&values);
    return text;
}

static void test_together__names_every_member_and_every_occasion_of_some_set(void **unused)
{
    (void)unused;
    static const struct {
        const char *what;
        int times, persons;
        const char *days[8]; /* by day: who is there beside P00, as digits */
        const char *expect;
    } table[] = {
        {"nobody", 1, 2, {"", ""}, "nothing"},
        {"one other, once", 1, 2, {"1"}, "P00 P01: 1 occasions"},
        {"twice is asked", 2, 2, {"1", "2"}, "nothing"},
        {"one of them twice", 2, 2, {"12", "2", "3"}, "P00 P02: 2 occasions"},
        {"each of two twice, never both twice", 2, 3, {"12", "1", "2"}, "nothing"},
        {"a set twice, a third person with half of it",
         2,
         3,
         {"12", "123", "13"},
         "P00 P01 P02 P03: 3 occasions"},
        {"a third person with neither set", 2, 3, {"123", "12", "3"}, "P00 P01 P02: 2 occasions"},
        {"two sets that share nobody",
         2,
         3,
         {"1234", "12", "34"},
         "P00 P01 P02 P03 P04: 3 occasions"},
        {"an occasion too many that no set shares",
         3,
         2,
         {"1", "1", "2", "1"},
         "P00 P01: 3 occasions"},
        {"four persons, three of the sets",
         2,
         4,
         {"1234", "124", "13"},
         "P00 P01 P02 P04: 2 occasions"},
        {"a member whom only occasions that were counted already show",
         2,
         4,
         {"1245", "1345", "124", "134"},
         "P00 P01 P02 P03 P04 P05: 4 occasions"},
        {"found late in the order",
         2,
         4,
         {"123", "234", "345", "345"},
         "P00 P03 P04 P05: 2 occasions"},
    };
    for (size_t i = 0; i < COUNT(table); i++) {
        struct crowd c;
        struct ktg_arena arena = KTG_ARENA_INIT;
        crowd_begin(&c, 7, table[i].times, table[i].persons);
        for (int day = 0; day < 8 && table[i].days[day]; day++) {
            crosses(&c, 0, day);
            for (const char *p = table[i].days[day]; *p; p++)
                crosses(&c, (size_t)(*p - '0'), day);
        }
        const char *got = found(&c, &arena);
        if (strcmp(got, table[i].expect) != 0)
            fail_msg("%s: wanted %s, got %s", table[i].what, table[i].expect, got);
        ktg_arena_done(&arena);
        crowd_end(&c);
    }
}

/* Sixty people on one coach: more sets of twenty than anybody could count, and found at once. */
static void test_together__a_coach_party_is_found_within_the_budget(void **unused)
{
    (void)unused;
    struct crowd c;
    struct ktg_arena arena = KTG_ARENA_INIT;
    const struct ktg_finding *f = NULL;
    size_t count = 0, members = 0;
    struct ktg_buf values = KTG_BUF_INIT;
    crowd_begin(&c, 60, 3, 20);
    for (int day = 0; day < 12; day += 3)
        for (size_t who = 0; who < 60; who++)
            if (day < 9 || who % 2 == 0)
                crosses(&c, who, day);
    assert_int_equal(answer(&c, &arena, &f, &count), KTG_OK);
    assert_int_equal(count, 1);
    assert_int_equal(f->evidence_total, 4);
    assert_int_equal(ktg_json_format(f->values, NULL, &values), KTG_OK);
    for (const char *at = ktg_buf_text(&values); (at = strstr(at, "doc:UTO:")); at++)
        members++;
    assert_int_equal(members, 60);
    ktg_buf_done(&values);
    ktg_arena_done(&arena);
    crowd_end(&c);
}

/* Many who meet often, and no set of all that are asked for: refused, not searched for ever. */
static void test_together__a_search_that_costs_too_much_is_refused(void **unused)
{
    (void)unused;
    struct crowd c;
    struct ktg_arena arena = KTG_ARENA_INIT;
    const struct ktg_finding *f = NULL;
    size_t count = 99;
    uint64_t state = 7;
    crowd_begin(&c, 60, 5, 12);
    for (int day = 0; day < 150; day++)
        for (size_t who = 0; who < 60; who++) {
            state = state * UINT64_C(6364136223846793005) + 1442695040888963407u;
            if (!who || (state >> 33) % 100 < 60)
                crosses(&c, who, day);
        }
    assert_int_equal(answer(&c, &arena, &f, &count), KTG_EFULL);
    assert_int_equal(count, 99);
    ktg_arena_done(&arena);
    crowd_end(&c);
}

/* `times` and `persons` that a setting makes senseless: nothing holds, and nothing breaks. */
static void test_together__senseless_limits_hold_for_nobody(void **unused)
{
    (void)unused;
    static const int limits[][2] = {{0, 2}, {-1, 2}, {1, 1}, {1, 0}, {1, 2000}, {1, 8}, {5, 2}};
    for (size_t i = 0; i < COUNT(limits); i++) {
        struct crowd c;
        struct ktg_arena arena = KTG_ARENA_INIT;
        ktg_time span;
        int64_t times;
        crowd_begin(&c, 4, limits[i][0], limits[i][1]);
        for (size_t who = 0; who < 4; who++)
            crosses(&c, who, 0);
        assert_string_equal(found(&c, &arena), "nothing");
        assert_true(ktg_rule_together(ktg_ruleset_rule(c.rs, 0), &span, &times));
        assert_true(times >= 1);
        ktg_arena_done(&arena);
        crowd_end(&c);
    }
}

static void test_together__what_makes_an_occasion_is_decided_by_the_event_alone(void **unused)
{
    (void)unused;
    struct ktg_ruleset *rs = story_rules(
        "rule: r\nstatus: internal\nper: person\ntogether:\n  of: border.crossing(companions) or "
        "lodging.checkin where default(room, \"\") != \"X\"\n  at: [place.district]\n"
        "  span: 1h\n  times: 1\n  persons: 2\n"
        "---\nrule: plain\nstatus: internal\nper: person\nwhen: lodging.checkin\n",
        NULL, NULL, NULL);
    const struct ktg_rule *r = ktg_ruleset_find(rs, KTG_LIT("r"));
    struct story s;
    struct ktg_arena arena = KTG_ARENA_INIT;
    uint8_t key[16], other[16];
    ktg_time span;
    int64_t times;
    story_begin(&s, rs, "person", "doc:UTO:P1");
    story_events(
        &s,
        "lodging.checkin {\"doc\":$P1,\"place\":{\"district\":\"6101\"}} @2026-03-01T09:00+07:00\n"
        "lodging.checkin {\"doc\":$P1,\"place\":{\"district\":\"6101\"},\"room\":\"9\"} "
        "@2026-03-02T09:00+07:00\n"
        "lodging.checkin {\"doc\":$P1,\"place\":{\"district\":\"6102\"}} @2026-03-03T09:00+07:00\n"
        "lodging.checkin {\"doc\":$P1,\"place\":{\"district\":\"6101\"},\"room\":\"X\"} "
        "@2026-03-04T09:00+07:00\n"
        "lodging.checkin {\"doc\":$P1} @2026-03-05T09:00+07:00\n"
        "border.crossing {\"doc\":$P1,\"place\":{\"district\":\"6101\"}} "
        "@2026-03-06T09:00+07:00\n");
    int companions = ktg_catalogue_role(ktg_ruleset_catalogue(rs), KTG_LIT("companions"));
    const struct {
        size_t event;
        int role, rc;
        bool same; /* as the first one's key */
    } table[] = {{0, KTG_ROLE_HOLDER, KTG_OK, true},
                 {1, KTG_ROLE_HOLDER, KTG_OK, true},
                 {2, KTG_ROLE_HOLDER, KTG_OK, false},
                 {3, KTG_ROLE_HOLDER, KTG_ENOTFOUND, false},
                 {4, KTG_ROLE_HOLDER, KTG_ENOTFOUND, false},
                 {5, KTG_ROLE_HOLDER, KTG_ENOTFOUND, false},
                 {5, companions, KTG_OK, true},
                 {0, companions, KTG_ENOTFOUND, false}};
    assert_int_equal(ktg_rule_occasion(r, s.entries[0].event, KTG_ROLE_HOLDER, &arena, key),
                     KTG_OK);
    for (size_t i = 0; i < COUNT(table); i++) {
        int rc =
            ktg_rule_occasion(r, s.entries[table[i].event].event, table[i].role, &arena, other);
        if (rc != table[i].rc || (!rc && (memcmp(key, other, 16) == 0) != table[i].same))
            fail_msg("row %zu: %s", i, ktg_code_name(rc));
    }
    assert_true(ktg_rule_together(r, &span, &times));
    assert_int_equal(span, 3600000);
    assert_int_equal(times, 1);
    assert_false(ktg_rule_together(ktg_ruleset_find(rs, KTG_LIT("plain")), &span, &times));
    ktg_arena_done(&arena);
    story_done(&s);
    ktg_ruleset_free(rs);
}

static void test_together__says_how_often_and_with_whom(void **unused)
{
    (void)unused;
    struct crowd c;
    struct ktg_arena arena = KTG_ARENA_INIT;
    const struct ktg_finding *f = NULL;
    size_t count = 0;
    struct ktg_buf why = KTG_BUF_INIT, text = KTG_BUF_INIT;
    ktg_time now = story_time("2026-12-01T00:00+07:00");
    crowd_begin(&c, 3, 2, 3);
    for (int day = 0; day < 9; day += 4)
        for (size_t who = 0; who < 3; who++)
            crosses(&c, who, day);
    assert_int_equal(answer(&c, &arena, &f, &count), KTG_OK);
    assert_int_equal(count, 1);
    struct ktg_timeline t = story_timeline(&c.people[0], now);
    struct ktg_answer_world w = story_world(&c.people[0]);
    assert_int_equal(ktg_explain(c.rs, ktg_ruleset_rule(c.rs, 0), &t, f, now, &w, &arena, &why),
                     KTG_OK);
    assert_int_equal(ktg_json_format(ktg_buf_view(&why), NULL, &text), KTG_OK);
    static const char *const said[] = {
        "\"met\":true,\"text\":\"border.crossing\",\"value\":\"3\",\"want\":\"times 2\"",
        "\"met\":true,\"text\":\"group\",\"value\":\"doc:UTO:P00, doc:UTO:P01, "
        "doc:UTO:P02\",\"want\":\"persons 3\""};
    for (size_t i = 0; i < COUNT(said); i++)
        if (!strstr(ktg_buf_text(&text), said[i]))
            fail_msg("not said: %s\n%s", said[i], ktg_buf_text(&text));
    ktg_buf_done(&why);
    ktg_buf_done(&text);
    ktg_arena_done(&arena);
    crowd_end(&c);
}

static void test_together__memory_that_fails_is_said(void **unused)
{
    (void)unused;
    struct crowd c;
    crowd_begin(&c, 5, 2, 3);
    for (int day = 0; day < 9; day += 2)
        for (size_t who = 0; who < 5; who++)
            crosses(&c, who, day);
    for (int64_t n = 0;; n++) {
        struct ktg_arena arena = KTG_ARENA_INIT;
        const struct ktg_finding *f = NULL;
        size_t count = 99;
        ktg_mem_fail_after(n);
        int rc = answer(&c, &arena, &f, &count);
        int64_t failed = ktg_mem_failed();
        ktg_mem_fail_after(-1);
        ktg_arena_done(&arena);
        if (!failed) {
            assert_int_equal(rc, KTG_OK);
            assert_int_equal(count, 1);
            break;
        }
        assert_int_equal(rc, KTG_ENOMEM);
        assert_int_equal(count, 99);
    }
    crowd_end(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_together__names_every_member_and_every_occasion_of_some_set),
        cmocka_unit_test(test_together__a_coach_party_is_found_within_the_budget),
        cmocka_unit_test(test_together__a_search_that_costs_too_much_is_refused),
        cmocka_unit_test(test_together__senseless_limits_hold_for_nobody),
        cmocka_unit_test(test_together__what_makes_an_occasion_is_decided_by_the_event_alone),
        cmocka_unit_test(test_together__says_how_often_and_with_whom),
        cmocka_unit_test(test_together__memory_that_fails_is_said)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
