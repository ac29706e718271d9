/* tests/unit/rules/test_traits.c - several hundred constant tests on one event type: what is settled by them and what not.
 *
 * Random crossings, seeded.  Each answer is asked for with traits and without (story.c); what traits say of an event and of a
 * whole timeline is compared with what the rule finds without them.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>
#include <stdlib.h>

#include "tests/support/cmocka.h"
#include "tests/unit/rules/story.h"

enum { RULES = 420, EVENTS = 12, STORIES = 12, POSTS = 20 };

static const char *const forms[] = {
    /* a test, and a conjunction that shares one of its parts with all the others */
    "when: border.crossing as e where direction == \"entry\" && post == \"P%d\"\n"
    "unless: border.crossing where direction == \"exit\"\nby: e.occurred_at + duration(\"9h\")\n",
    /* lists that overlap, a literal twice */
    "when: border.crossing where post in [\"P%d\", \"P1\", \"P1\"] && mode in [\"air\", \"sea\"]\n",
    /* numbers and truth values, absent or not */
    "when: border.crossing where days_granted == %d && chip_match == true\n",
    "count: border.crossing where days_granted in [%d, 3] && direction == \"exit\"\nat least: 1\n"
    "within: 3d\n",
    /* part of the condition is no constant test */
    "when: border.crossing as e where e.post == \"P%d\" && size(carrier) > 1\n",
    "count: border.crossing where post != \"P%d\" && traveller == \"crew\"\nmore than: 0\n"
    "within: 2d\n",
    /* two steps, and one that looks on */
    "when:\n  - border.crossing as a where post == \"P%d\"\n"
    "  - border.crossing as b where direction == \"exit\" && mode == \"air\"\nwithin: 2d\n",
    /* these look at every event */
    "with:\n  l: last border.crossing where post == \"P%d\"\n"
    "while: l != null && l.direction == \"entry\"\n",
    "when: border.crossing as e where post == \"P%d\" && mode == \"sea\"\n"
    "while: n < 3\nwith:\n  n: count border.crossing within 5d\n",
    "with:\n  l: count border.crossing where days_granted == %d\nwhile: l < 1\ntick: daily while l "
    "< 2\n",
};

static uint64_t state;
static uint32_t roll(uint32_t n)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)((state >> 33) % n);
}

static struct ktg_ruleset *make_rules(void)
{
    struct ktg_buf b = KTG_BUF_INIT;
    for (int i = 0; i < RULES; i++) {
        ktg_buf_printf(&b, "%srule: r%d\nper: person\nstatus: internal\n", i ? "---\n" : "", i);
        int number = i / (int)KTG_COUNT(forms);
        const char *form = forms[i % (int)KTG_COUNT(forms)], *at = strstr(form, "%d");
        ktg_buf_printf(&b, "%.*s%d%s", (int)(at - form), form, number, at + 2);
    }
    struct ktg_ruleset *rs = story_rules(ktg_buf_text(&b), NULL, NULL, NULL);
    ktg_buf_done(&b);
    return rs;
}

static void make_events(struct story *s)
{
    static const char *const directions[] = {"entry", "exit", "refused"};
    static const char *const modes[] = {"air", "sea", "land"};
    char line[400];
    int hour = 0;
    for (int i = 0; i < EVENTS; i++) {
        hour += (int)roll(20);
        int n = snprintf(line, sizeof line,
                         "border.crossing {\"doc\":$P1,\"direction\":\"%s\",\"mode\":\"%s\","
                         "\"post\":\"P%u\"",
                         directions[roll(3)], modes[roll(3)], roll(POSTS));
        if (roll(2))
            n += snprintf(line + n, sizeof line - (size_t)n, ",\"days_granted\":%u", roll(POSTS));
        if (roll(2))
            n += snprintf(line + n, sizeof line - (size_t)n, ",\"chip_match\":%s",
                          roll(2) ? "true" : "false");
        if (roll(2))
            n += snprintf(line + n, sizeof line - (size_t)n, ",\"carrier\":\"%s\"",
                          roll(2) ? "C" : "CC");
        if (roll(3) == 0)
            n += snprintf(line + n, sizeof line - (size_t)n, ",\"traveller\":\"crew\"");
        snprintf(line + n, sizeof line - (size_t)n, "} @2026-03-%02dT%02d:00+07:00\n",
                 1 + hour / 24, hour % 24);
        story_events(s, line);
    }
}

/* What the rule finds on a timeline whose entries have no traits. */
static size_t found_without(struct story *s, const struct ktg_rule *r, struct ktg_timeline t,
                            ktg_time now)
{
    struct ktg_entry plain[EVENTS];
    struct ktg_answer_world w = story_world(s);
    w.plain = true;
    const struct ktg_finding *f;
    size_t count = 0;
    ktg_time wake;
    for (size_t i = 0; i < t.count; i++) {
        plain[i] = t.entries[i];
        plain[i].traits = NULL;
    }
    t.entries = plain;
    assert_int_equal(ktg_answer(s->rs, r, &t, now, &w, &s->arena, &f, &count, &wake), KTG_OK);
    return count;
}

static bool is_met(const uint64_t *traits, size_t trait)
{
    return traits[trait / 64] >> (trait % 64) & 1;
}

/* No key, no finding; and a key is there whenever there is a finding. */
static void check_key(struct story *s, const struct ktg_rule *r, ktg_time now, ktg_time wake,
                      size_t *ret_keyless)
{
    struct ktg_timeline t = story_timeline(s, now);
    bool there = !ktg_rule_has_key(r);
    for (size_t i = 0; i < t.count && !there; i++) {
        size_t keys;
        const uint16_t *key = ktg_rule_key(r, t.entries[i].event->type->index, &keys);
        for (size_t k = 0; k < keys; k++)
            there |= is_met(t.entries[i].traits, key[k]);
    }
    if (there)
        return;
    assert_int_equal(found_without(s, r, t, now), 0);
    assert_true(wake == KTG_NEVER);
    ++*ret_keyless;
}

/* An event that the rule does not read adds nothing to its answer and takes nothing from it. */
static void check_reading(struct story *s, const struct ktg_rule *r, size_t *ret_unread)
{
    for (size_t i = 0; i < s->count; i++) {
        const struct ktg_entry *e = &s->entries[i];
        if (ktg_rule_may_read(r, e->event->type->index, e->traits))
            continue;
        struct ktg_timeline with = story_timeline(s, e->at), without = with;
        if (with.count != i + 1)
            continue; /* others at the same instant */
        without.count--;
        assert_int_equal(found_without(s, r, with, e->at), found_without(s, r, without, e->at));
        ++*ret_unread;
    }
}

static void test_traits__hundreds_of_tests_settle_what_the_conditions_say(void **unused)
{
    (void)unused;
    struct ktg_ruleset *rs = make_rules();
    size_t found = 0, keyless = 0, unread = 0;
    int crossing = -1;
    state = 9;
    for (int i = 0; i < STORIES; i++) {
        struct story s;
        story_begin(&s, rs, "person", "doc:P:UTO:P1");
        make_events(&s);
        crossing = s.entries[0].event->type->index;
        ktg_time now = s.entries[EVENTS - 1].at + (ktg_time)roll(12) * 3600000;
        for (int n = 0; n < RULES; n++) {
            struct ktg_arena arena = KTG_ARENA_INIT;
            char name[16];
            size_t count;
            ktg_time wake;
            snprintf(name, sizeof name, "r%d", n);
            const struct ktg_rule *r = ktg_ruleset_find(rs, ktg_bytes_str(name));
            assert_string_equal(ktg_rule_name(r), name);
            story_findings(&s, name, now, &arena, &count, &wake); /* with and without */
            found += count;
            check_key(&s, r, now, wake, &keyless);
            if (n % 7 == i % 7)
                check_reading(&s, r, &unread);
            ktg_arena_done(&arena);
        }
        story_done(&s);
    }
    assert_true(ktg_ruleset_trait_count(rs, crossing) > 256);
    assert_true(found > 500);
    assert_true(keyless > 500);
    assert_true(unread > 500);
    assert_null(ktg_ruleset_find(rs, KTG_LIT("r")));
    assert_null(ktg_ruleset_find(rs, KTG_LIT("r420")));
    ktg_ruleset_free(rs);
}

/* Which rules have a key. */
static void test_traits__a_key_follows_from_the_text(void **unused)
{
    (void)unused;
    static const struct {
        const char *text;
        bool has;
    } rows[] = {
        {"when: border.crossing\n", true},
        {"when: border.crossing where size(post) > 1\n", true},
        {"when: finding.other\n", false},
        {"when:\n  - finding.other\n  - border.crossing\nwithin: 2d\n", true},
        {"count: border.crossing\nat least: 1\nwithin: 2d\n", true},
        {"count: distinct(post) of border.crossing\nmore than: 0\nwithin: 2d\n", true},
        {"count: border.crossing\nat least: 0\nwithin: 2d\n", false},
        {"count: border.crossing\nat least: setting(\"a.b\", 3)\nwithin: 2d\n", false},
        {"count: sum(days_granted) of border.crossing\nat least: 1\nwithin: 2d\n", false},
        {"with:\n  l: last border.crossing\nwhile: l == null\n", false},
        {"with:\n  l: last border.crossing\nwhile: l != null\n", true},
        {"with:\n  l: last border.crossing\n  c: last lodging.checkin\nwhile: l != null || c != "
         "null\n",
         true},
        {"with:\n  l: last border.crossing\n  o: count finding.other\nwhile: l != null || o > 0\n",
         false},
    };
    for (size_t i = 0; i < KTG_COUNT(rows); i++) {
        char text[400];
        snprintf(text, sizeof text,
                 "rule: r\nper: person\nstatus: internal\n%s---\nrule: other\nper: person\n"
                 "status: internal\nwhen: lodging.checkin\n",
                 rows[i].text);
        struct ktg_ruleset *rs = story_rules(text, NULL, NULL, NULL);
        if (ktg_rule_has_key(ktg_ruleset_find(rs, KTG_LIT("r"))) != rows[i].has)
            fail_msg("%s", rows[i].text);
        ktg_ruleset_free(rs);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_traits__hundreds_of_tests_settle_what_the_conditions_say),
        cmocka_unit_test(test_traits__a_key_follows_from_the_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
