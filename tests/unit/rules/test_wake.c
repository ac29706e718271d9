/* tests/unit/rules/test_wake.c - nothing changes between wakes, and an answer is a function of its arguments.
 *
 * Random timelines, seeded.  From any instant the answer is asked at random instants before the wake it gave, and at the last
 * millisecond before it: the bytes must be equal.  Then time goes on to the wake.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>
#include <stdlib.h>

#include "tests/support/cmocka.h"
#include "tests/unit/rules/story.h"

/* Beside the shipped rules: every form with everything that time alone can change. */
static const char more_rules[] =
    "define: person\n"
    "with:\n"
    "  stay: open border.crossing where direction == \"entry\" until border.crossing where "
    "direction == \"exit\"\n"
    "---\nrule: count-window\nstatus: internal\nper: person\ncount: distinct(property) of "
    "lodging.checkin\nat least: 2\nwithin: 5d\n"
    "let:\n  nights: n\nwith:\n  n: count lodging.checkin within 3d\n"
    "---\nrule: share\nstatus: internal\nper: person\nwith:\n  n: count lodging.checkin within "
    "9d\n  e: count border.crossing within 4d\n"
    "while: n >= 1 && percent(e, n) <= 50\nlet:\n  n2: n\n"
    "---\nrule: covered\nstatus: internal\nper: person\nwith:\n"
    "  stays: spans border.crossing where direction == \"entry\" until border.crossing where "
    "direction == \"exit\"\n"
    "while: used >= 6\ntick: daily while stays.exists(s, s.open)\nlet:\n  used: "
    "covered_days(stays, 20)\n"
    "---\nrule: permit-holds\nstatus: internal\nper: person\nwith:\n"
    "  p: open permit.status as q from start_of_day(q.from) until permit.status where action == "
    "\"revoked\" past end_of_day(q.until)\n"
    "while: p != null && stay != null\nlet:\n  id: p.id\n"
    "---\nrule: no-permit\nstatus: internal\nper: person\nwith:\n"
    "  p: open permit.status as q from start_of_day(q.from) until permit.status where action == "
    "\"revoked\" past end_of_day(q.until)\n"
    "while: p == null && stay != null\nupdate: change\nlet:\n  a: stay.id\n"
    "---\nrule: filtered\nstatus: internal\nper: person\nwhen: border.crossing as e where "
    "direction == \"entry\"\n"
    "unless: border.crossing where direction == \"exit\"\nby: end_of_day(e.date + days(2))\nwhile: "
    "d <= 7\nupdate: daily where d in [3, 5]\n"
    "let:\n  d: civil_days_since(deadline)\nneeds: [\"border.crossing fresh within 30h\"]\n"
    "---\nrule: daily-window\nstatus: internal\nper: person\nwhen: border.crossing as e\nupdate: "
    "daily\nwith:\n  n: count lodging.checkin within 4d\n"
    "let:\n  n2: n\n"
    "---\nrule: untimed-daily\nstatus: internal\nper: person\nwhen: border.crossing as e\nupdate: "
    "daily\nuntil: lodging.checkout\nwith:\n  n: count lodging.checkin\n"
    "let:\n  n2: n\n"
    "---\nrule: houses\nstatus: internal\nper: person\nwith:\n"
    "  rooms: open(property) lodging.checkin as c until lodging.checkout past "
    "end_of_day(c.planned_out)\neach: h in rooms\nwhile: stay != null\nlet:\n  p: h.property\n"
    "---\nrule: split\nstatus: internal\nper: person\neach: property\nwhen: lodging.checkin as "
    "c\nunless: lodging.checkout\nby: end_of_day(c.date + days(1))\n"
    "once per: subject within 3d\n"
    "---\nrule: usual\nstatus: internal\nper: person\nwith:\n"
    "  b: baseline(36h, 9d) of distinct(property) of lodging.checkin\n"
    "  f: distinct(property) of lodging.checkin within 36h\n"
    "while: above(size(f), b, 1)\nlet:\n  sum: b.sum\n"
    "---\nrule: usual-tick\nstatus: internal\nper: person\nwith:\n"
    "  b: baseline(1d, 6d) of distinct(property) of lodging.checkin\n"
    "while: b.sum >= 2\ntick: daily while stay != null\nlet:\n  squares: b.squares\n"
    "---\nrule: usual-daily\nstatus: internal\nper: person\nwhen: border.crossing as e\nupdate: "
    "daily\nwith:\n  b: baseline(2d, 7d) of distinct(property) of lodging.checkin\n"
    "let:\n  sum: b.sum\n"
    "---\nrule: adds-up\nstatus: internal\nper: person\nscore:\n  from: [count-window, covered, "
    "permit-holds, untimed-daily]\n  at least: 2.0\n  within: 5d\n"
    "---\nrule: adds-up-roots\nstatus: internal\nper: person\nscore:\n  from: "
    "finding.untimed-daily or finding.houses\n  one per: root\n  at least: 1.0\n  within: 3d\n"
    "while: stay != null\nupdate: change\n"
    "---\nrule: meets\nstatus: internal\nper: person\ntogether:\n  of: border.crossing\n  at: "
    "[direction]\n  span: 9h\n  times: 2\n  persons: 2\n  within: 9d\nlet:\n  n: size(group)\n"
    "---\nrule: meets-three\nstatus: internal\nper: person\ntogether:\n  of: border.crossing or "
    "lodging.checkin\n  at: ['\"any\"']\n  span: 1d\n  times: 2\n  persons: 3\n  within: "
    "15d\nwhile: stay == null\nupdate: daily where size(group) > 2\n";

static uint64_t state;
static uint32_t roll(uint32_t n)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)(state % n);
}

static const ktg_time T0 = 1772150400000; /* 2026-02-27T00:00Z */

static void put_at(char *to, size_t size)
{
    static const int offsets[] = {420, 480, 540};
    int offset = offsets[roll(3)];
    ktg_time t = T0 + (ktg_time)roll(20) * KTG_DAY_MS;
    switch (roll(4)) {
    case 0:
        t = ktg_start_of_day(ktg_date_of(t, offset), offset);
        break;
    case 1:
        t = ktg_end_of_day(ktg_date_of(t, offset), offset);
        break;
    default:
        t += (ktg_time)roll(24) * 3600000;
        break;
    }
    ktg_instant_format(t, offset, to);
    (void)size;
}

static void put_day(char to[KTG_DATE_TEXT])
{
    ktg_date_format(ktg_date_of(T0, 420) + (ktg_date)roll(26), to);
}

static void random_line(char *line, size_t size)
{
    static const char *const permits[] = {"issued",  "extended", "applied",
                                          "refused", "revoked",  "converted"};
    char at[KTG_INSTANT_TEXT], day[KTG_DATE_TEXT], day2[KTG_DATE_TEXT];
    put_at(at, sizeof at);
    put_day(day);
    put_day(day2);
    switch (roll(9)) {
    case 0:
    case 1:
        snprintf(line, size,
                 "border.crossing "
                 "{\"doc\":$P1,\"direction\":\"entry\",\"visa_index\":\"B1\",\"permitted_until\":"
                 "\"%s\"} @%s from IMI.POST.%u\n",
                 day, at, 1 + roll(2));
        break;
    case 2:
    case 3:
        snprintf(line, size,
                 "border.crossing {\"doc\":$P1,\"direction\":\"exit\"} @%s from IMI.POST.%u\n", at,
                 1 + roll(2));
        break;
    case 4:
        snprintf(
            line, size,
            "permit.status {\"doc\":$P1,\"action\":\"%s\",\"until\":\"%s\",\"from\":\"%s\"} @%s\n",
            permits[roll(6)], day, day2, at);
        break;
    case 5:
    case 6:
        snprintf(line, size,
                 "lodging.checkin {\"doc\":$P1,\"property\":\"H%u\",\"planned_out\":\"%s\"} @%s "
                 "from APOA.X.1\n",
                 roll(3), day, at);
        break;
    case 7:
        snprintf(line, size, "lodging.checkout {\"doc\":$P1,\"property\":\"H%u\"} @%s\n", roll(3),
                 at);
        break;
    default:
        snprintf(line, size,
                 "watchlist.entry "
                 "{\"op\":\"%s\",\"entry\":\"W%u\",\"list\":\"tangkal\",\"docs\":[$P1],\"from\":\"%"
                 "s\",\"until\":\"%s\"} @%s\n",
                 roll(3) ? "add" : "remove", roll(2), day2, day, at);
        break;
    }
}

static struct ktg_ruleset *shipped, *more;

/* The same events once more, and what these rules say of them posted on `s`; and three others who go about. */
struct around {
    struct story lower, others[3];
};

static void surround(struct around *r, struct story *s, const char *lines, ktg_time *last)
{
    static const char *const posted[] = {"count-window",  "covered", "permit-holds",
                                         "untimed-daily", "houses",  NULL};
    static const char *const names[] = {"doc:UTO:A", "doc:UTO:B", "doc:UTO:C"};
    story_begin(&r->lower, s->rs, "person", "doc:UTO:P1");
    story_events(&r->lower, lines);
    for (size_t i = 0; posted[i]; i++)
        story_post(s, &r->lower, posted[i], "2026-04-20T00:00+07:00");
    for (size_t i = 0; i < 3; i++) {
        story_begin(&r->others[i], s->rs, "person", names[i]);
        for (uint32_t k = 0, n = roll(9); k < n; k++) {
            char line[400];
            random_line(line, sizeof line);
            story_events(&r->others[i], line);
        }
        for (size_t k = 0; k < r->others[i].count; k++)
            if (r->others[i].entries[k].at > *last)
                *last = r->others[i].entries[k].at;
    }
    for (size_t i = 0; i < s->count; i++)
        if (s->entries[i].at > *last)
            *last = s->entries[i].at;
    s->others = r->others;
    s->other_count = 3;
}

static void leave(struct around *r)
{
    story_done(&r->lower);
    for (size_t i = 0; i < 3; i++)
        story_done(&r->others[i]);
}

/* From `now` along the wakes; at most `hops` of them.  Did it find anything on the way? */
static bool walk(struct story *s, const char *rule, ktg_time now, int hops, uint64_t seed)
{
    bool found = false;
    for (int i = 0; i < hops && now != KTG_NEVER; i++) {
        struct ktg_buf a = KTG_BUF_INIT;
        ktg_time wake, other;
        story_bytes(s, rule, now, &a, &wake);
        assert_true(wake > now);
        ktg_time end = wake < now + 12 * KTG_DAY_MS ? wake : now + 12 * KTG_DAY_MS;
        for (int k = 0; k < 5; k++) {
            ktg_time t = k == 0   ? end - 1
                         : k == 1 ? now
                                  : now + (ktg_time)roll((uint32_t)((end - now) / 1000 + 1)) * 1000;
            if (t >= end)
                t = end - 1;
            struct ktg_buf b = KTG_BUF_INIT;
            story_bytes(s, rule, t, &b, &other);
            if (!ktg_bytes_eq(ktg_buf_view(&a), ktg_buf_view(&b)) || other < wake)
                fail_msg("seed %llu, rule %s: asked at %lld, wake %lld, at %lld it differs (wake "
                         "%lld)\n%s\n%s",
                         (unsigned long long)seed, rule, (long long)now, (long long)wake,
                         (long long)t, (long long)other, story_answer(s, rule, now, true),
                         story_answer(s, rule, t, true));
            ktg_buf_done(&b);
        }
        found |= a.size > 0;
        ktg_buf_done(&a);
        now = wake;
    }
    return found;
}

static void test_wake__nothing_changes_before_it(void **unused)
{
    (void)unused;
    bool spoke[64] = {false}; /* of `more`: a rule that never speaks is not tested */
    for (uint64_t seed = 1; seed <= 60; seed++) {
        state = seed * 0x9e3779b97f4a7c15u;
        char lines[16384] = "";
        uint32_t n = 2 + roll(14);
        for (uint32_t i = 0; i < n; i++) {
            char line[400];
            random_line(line, sizeof line);
            strcat(lines, line);
        }
        for (int set = 0; set < 2; set++) {
            struct ktg_ruleset *rs = set ? more : shipped;
            struct story s;
            state =
                (seed + 100 * (uint64_t)set) * 0x9e3779b97f4a7c15u; /* however many are shipped */
            story_begin(&s, rs, "person", "doc:UTO:P1");
            story_events(&s, lines);
            if (roll(2))
                story_silent(&s, "IMI.POST.1", "2026-03-05T00:00+07:00");
            ktg_time last = s.entries[s.count - 1].at;
            struct around around;
            if (set)
                surround(&around, &s, lines, &last);
            for (size_t r = 0; r < ktg_ruleset_count(rs); r++) {
                const struct ktg_rule *rule = ktg_ruleset_rule(rs, r);
                if (ktg_rule_kinds(rule) >>
                        ktg_catalogue_kind(ktg_ruleset_catalogue(rs), KTG_LIT("person")) &
                    1)
                    spoke[set ? r : 63] |= walk(&s, ktg_rule_name(rule), last, 9, seed);
            }
            if (set)
                leave(&around);
            story_done(&s);
        }
    }
    for (size_t r = 0; r < ktg_ruleset_count(more); r++)
        if (!spoke[r])
            fail_msg("%s never said anything", ktg_rule_name(ktg_ruleset_rule(more, r)));
}

/* The same arguments, other memory: the same bytes. */
static void test_wake__same_arguments_same_bytes(void **unused)
{
    (void)unused;
    struct ktg_buf first = KTG_BUF_INIT;
    for (int round = 0; round < 2; round++) {
        struct ktg_buf bytes = KTG_BUF_INIT;
        ktg_time wake;
        struct ktg_ruleset *rs = story_shipped();
        state = 77;
        char lines[16384] = "";
        for (int i = 0; i < 30; i++) {
            char line[400];
            random_line(line, sizeof line);
            strcat(lines, line);
        }
        struct story s;
        story_begin(&s, rs, "person", "doc:UTO:P1");
        story_events(&s, lines);
        for (size_t r = 0; r < ktg_ruleset_count(rs); r++)
            story_bytes(&s, ktg_rule_name(ktg_ruleset_rule(rs, r)), T0 + 40 * KTG_DAY_MS, &bytes,
                        &wake);
        story_done(&s);
        ktg_ruleset_free(rs);
        assert_true(bytes.size > 500);
        if (round)
            assert_true(ktg_bytes_eq(ktg_buf_view(&first), ktg_buf_view(&bytes)));
        else
            ktg_buf_put_bytes(&first, ktg_buf_view(&bytes));
        ktg_buf_done(&bytes);
    }
    ktg_buf_done(&first);
}

static void test_wake__memory_that_fails_is_said(void **unused)
{
    (void)unused;
    struct story s;
    story_begin(&s, shipped, "person", "doc:UTO:P1");
    state = 5;
    char lines[8192] = "";
    for (int i = 0; i < 12; i++) {
        char line[400];
        random_line(line, sizeof line);
        strcat(lines, line);
    }
    story_events(&s, lines);
    const struct ktg_rule *r = ktg_ruleset_find(shipped, KTG_LIT("overstay-fee"));
    struct ktg_timeline t = story_timeline(&s, T0 + 40 * KTG_DAY_MS);
    struct ktg_answer_world w = story_world(&s);
    for (int64_t n = 0;; n++) {
        struct ktg_arena arena = KTG_ARENA_INIT;
        const struct ktg_finding *f = NULL;
        size_t count = 99;
        ktg_time wake = 1;
        ktg_mem_fail_after(n);
        int rc = ktg_answer(shipped, r, &t, T0 + 40 * KTG_DAY_MS, &w, &arena, &f, &count, &wake);
        int64_t failed = ktg_mem_failed();
        ktg_mem_fail_after(-1);
        ktg_arena_done(&arena);
        if (!failed) {
            assert_int_equal(rc, KTG_OK);
            break;
        }
        assert_int_equal(rc, KTG_ENOMEM);
        assert_int_equal(count, 99); /* untouched */
    }
    story_done(&s);
}

/* A budget, not a hang: what cannot be answered within it says so, and gives nothing. */
static void test_wake__a_rule_that_costs_too_much_is_refused(void **unused)
{
    (void)unused;
    struct ktg_ruleset *rs =
        story_rules("rule: r\nstatus: internal\nper: person\nwith:\n  l: all lodging.checkin\n"
                    "while: l.exists(a, l.exists(b, a.room == b.property))\n",
                    NULL, NULL, NULL);
    struct story s;
    story_begin(&s, rs, "person", "doc:UTO:P1");
    for (int i = 0; i < 400; i++) {
        char line[120];
        snprintf(line, sizeof line,
                 "lodging.checkin {\"doc\":$P1,\"property\":\"H\",\"room\":\"1\"} "
                 "@2026-03-01T09:%02d:%02d+07:00",
                 i / 60, i % 60);
        story_events(&s, line);
    }
    struct ktg_arena arena = KTG_ARENA_INIT;
    struct ktg_timeline t = story_timeline(&s, T0 + 9 * KTG_DAY_MS);
    struct ktg_answer_world w = story_world(&s);
    const struct ktg_finding *f = NULL;
    size_t count = 99;
    ktg_time wake = 1;
    assert_int_equal(ktg_answer(rs, ktg_ruleset_rule(rs, 0), &t, T0 + 9 * KTG_DAY_MS, &w, &arena,
                                &f, &count, &wake),
                     KTG_EFULL);
    assert_int_equal(count, 99);
    ktg_arena_done(&arena);
    story_done(&s);
    ktg_ruleset_free(rs);
}

static int setup(void **unused)
{
    (void)unused;
    shipped = story_shipped();
    more = story_rules(more_rules, NULL, NULL, NULL);
    return 0;
}
static int teardown(void **unused)
{
    (void)unused;
    ktg_ruleset_free(shipped);
    ktg_ruleset_free(more);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wake__nothing_changes_before_it),
        cmocka_unit_test(test_wake__same_arguments_same_bytes),
        cmocka_unit_test(test_wake__memory_that_fails_is_said),
        cmocka_unit_test(test_wake__a_rule_that_costs_too_much_is_refused)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
