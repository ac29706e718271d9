/* tests/unit/rules/forms/test_score.c - findings that add up: thresholds that settings move, the explanation, memory.
 *
 * What the grammar says of the form stands in tests/unit/rules/cases/score.yaml.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "rules/ruleset.h"
#include "schema/json.h"
#include "tests/support/cmocka.h"
#include "tests/unit/rules/story.h"

#define LOWER                                                                                \
    "rule: guest\nstatus: internal\nper: person\nwhen: lodging.checkin\nweight: 0.75\n---\n" \
    "rule: seen\nstatus: internal\nper: person\nwhen: border.crossing\nweight: 1.5\n---\n"
#define SCORE                                                                                  \
    "rule: r\nper: person\ntitle: {id: \"{flags} / {agencies} / {score}\", en: b}\nscore:\n  " \
    "from: "                                                                                   \
    "[guest, seen]\n"
#define EVENTS                                                                                  \
    "lodging.checkin {\"doc\":$P1,\"property\":\"H1\"} @2026-03-01T09:00+07:00 from APOA.X.1\n" \
    "lodging.checkin {\"doc\":$P1,\"property\":\"H1\"} @2026-03-02T09:00+07:00 from APOA.X.1\n" \
    "border.crossing {\"doc\":$P1,\"direction\":\"exit\"} @2026-03-05T09:00+07:00 from IMI.A.1\n"
#define NOW "2026-03-06T00:00+07:00"

static struct story lower; /* what is posted points into its events */

static void begin(struct story *s, const char *rules, const char *settings)
{
    story_begin(s, story_rules(rules, NULL, settings, NULL), "person", "doc:UTO:P1");
    story_events(s, EVENTS);
    story_begin(&lower, s->rs, "person", "doc:UTO:P1");
    story_events(&lower, EVENTS);
    story_post(s, &lower, "guest", NOW);
    story_post(s, &lower, "seen", NOW);
}

static void end(struct story *s)
{
    struct ktg_ruleset *rs = s->rs;
    story_done(s);
    story_done(&lower);
    ktg_ruleset_free(rs);
}

static void test_score__thresholds(void **unused)
{
    (void)unused;
    static const struct {
        const char *thresholds, *settings, *expect; /* the values, or "" */
    } table[] = {
        {"  at least: 2.25\n", "a: 1\n",
         "{\"agencies\":[\"APOA\",\"IMI\"],\"flags\":[\"guest\",\"seen\"],\"score\":225}"},
        {"  at least: 2.26\n", "a: 1\n", ""},
        {"  at least: 2.0\n  flags at least: 3\n", "a: 1\n", ""},
        {"  at least: 2.0\n  agencies at least: 3\n", "a: 1\n", ""},
        {"  at least: 2.0\n  flags at least: setting(\"a\", 3)\n", "a: 2\n",
         "{\"agencies\":[\"APOA\",\"IMI\"],\"flags\":[\"guest\",\"seen\"],\"score\":225}"},
        {"  at least: '1 == 1 ? 2.0 : 9.0'\n", "a: 1\n",
         "{\"agencies\":[\"APOA\",\"IMI\"],\"flags\":[\"guest\",\"seen\"],\"score\":225}"},
        {"  at least: 3.0\n  one per: root\n", "a: 1\n",
         "{\"agencies\":[\"APOA\",\"IMI\"],\"flags\":[\"guest\",\"guest\",\"seen\"],\"score\":"
         "300}"},
        {"  at least: 3.0\n  one per: root\n  within: 4d\n", "a: 1\n", ""},
        {"  at least: 2.25\n  one per: root\n  within: 4d\n", "a: 1\n",
         "{\"agencies\":[\"APOA\",\"IMI\"],\"flags\":[\"guest\",\"seen\"],\"score\":225}"},
        {"  at least: 0.0\n", "a: 1\n",
         "{\"agencies\":[\"APOA\"],\"flags\":[\"guest\"],\"score\":75}"}, /* from the first on */
    };
    for (size_t i = 0; i < COUNT(table); i++) {
        struct story s;
        struct ktg_buf rules = KTG_BUF_INIT, got = KTG_BUF_INIT;
        struct ktg_arena arena = KTG_ARENA_INIT;
        size_t count;
        ktg_time wake;
        ktg_buf_printf(&rules, LOWER SCORE "%s", table[i].thresholds);
        begin(&s, ktg_buf_text(&rules), table[i].settings);
        const struct ktg_finding *f =
            story_findings(&s, "r", story_time("2026-03-05T12:00+07:00"), &arena, &count, &wake);
        if (count)
            assert_int_equal(ktg_json_format(f->values, NULL, &got), KTG_OK);
        if (strcmp(count ? ktg_buf_text(&got) : "", table[i].expect) != 0)
            fail_msg("%s: wanted %s, got %s", table[i].thresholds, table[i].expect,
                     ktg_buf_text(&got));
        ktg_buf_done(&rules);
        ktg_buf_done(&got);
        ktg_arena_done(&arena);
        end(&s);
    }
}

static void test_score__says_what_it_weighed(void **unused)
{
    (void)unused;
    struct story s;
    struct ktg_arena arena = KTG_ARENA_INIT;
    struct ktg_buf why = KTG_BUF_INIT, text = KTG_BUF_INIT;
    size_t count;
    ktg_time wake, now = story_time(NOW);
    begin(&s, LOWER SCORE "  at least: 2.0\n  agencies at least: 2\n  within: 30d\n", NULL);
    const struct ktg_finding *f = story_findings(&s, "r", now, &arena, &count, &wake);
    assert_int_equal(count, 1);
    assert_true(ktg_bytes_is(f->title_id, "guest, seen / APOA, IMI / 225"));
    assert_int_equal(f->evidence_total, 2); /* the second night is no flag */
    struct ktg_timeline t = story_timeline(&s, now);
    struct ktg_answer_world w = story_world(&s);
    assert_int_equal(
        ktg_explain(s.rs, ktg_ruleset_find(s.rs, KTG_LIT("r")), &t, f, now, &w, &arena, &why),
        KTG_OK);
    assert_int_equal(ktg_json_format(ktg_buf_view(&why), NULL, &text), KTG_OK);
    static const char *const said[] = {
        "{\"met\":true,\"text\":\"score\",\"value\":\"2.25\",\"want\":\"at least 2.00\"}",
        "{\"met\":true,\"text\":\"flags\",\"value\":\"2: guest 0.75, seen 1.50\",\"want\":\"flags "
        "at "
        "least 1\"}",
        "{\"met\":true,\"text\":\"agencies\",\"value\":\"2: APOA, IMI\",\"want\":\"agencies at "
        "least "
        "2\"}"};
    for (size_t i = 0; i < COUNT(said); i++)
        if (!strstr(ktg_buf_text(&text), said[i]))
            fail_msg("not said: %s\n%s", said[i], ktg_buf_text(&text));
    ktg_buf_done(&why);
    ktg_buf_done(&text);
    ktg_arena_done(&arena);
    end(&s);
}

static void test_score__memory_that_fails_is_said(void **unused)
{
    (void)unused;
    struct story s;
    begin(&s, LOWER SCORE "  at least: 2.0\n", NULL);
    ktg_time now = story_time(NOW);
    struct ktg_timeline t = story_timeline(&s, now);
    struct ktg_answer_world w = story_world(&s);
    for (int64_t n = 0;; n++) {
        struct ktg_arena arena = KTG_ARENA_INIT;
        const struct ktg_finding *f = NULL;
        size_t count = 99;
        ktg_time wake;
        ktg_mem_fail_after(n);
        int rc = ktg_answer(s.rs, ktg_ruleset_find(s.rs, KTG_LIT("r")), &t, now, &w, &arena, &f,
                            &count, &wake);
        int64_t failed = ktg_mem_failed();
        ktg_mem_fail_after(-1);
        ktg_arena_done(&arena);
        assert_int_equal(rc, failed ? KTG_ENOMEM : KTG_OK);
        assert_int_equal(count, failed ? 99 : 1);
        if (!failed)
            break;
    }
    end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_score__thresholds),
                                       cmocka_unit_test(test_score__says_what_it_weighed),
                                       cmocka_unit_test(test_score__memory_that_fails_is_said)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
