/* tests/unit/rules/testing/test_variants.c - stories in other orders, sent twice, over restarts; and that a difference is told.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "rules/testing/variants.h"

#include <string.h>

#include "runtime/mem.h"
#include "schema/files.h"
#include "tests/support/cmocka.h"

static const char rules_text[] =
    "rule: late-exit\n"
    "title: {id: a, en: a}\n"
    "status: live\n"
    "per: person\n"
    "when: border.crossing as e where e.direction == \"entry\"\n"
    "unless: border.crossing where direction == \"exit\"\n"
    "by: end_of_day(e.permitted_until)\n"
    "update: daily\n"
    "let:\n"
    "  days: civil_days_since(e.permitted_until)\n"
    "disproved by: {id: a, en: a}\n"
    "tests:\n"
    "  - name: fires, amends daily, closes\n"
    "    events: |\n"
    "      border.crossing {person: P1, direction: entry, permitted_until: 2026-03-03} "
    "@2026-03-01T09:00\n"
    "      border.crossing {person: P2, direction: entry, permitted_until: 2026-03-04} "
    "@2026-03-01T10:00\n"
    "      clock @2026-03-07T00:00\n"
    "      border.crossing {person: P1, direction: exit} @2026-03-08T09:00\n"
    "    expect: |\n"
    "      raise late-exit P1 @2026-03-04T00:00\n"
    "      raise late-exit P2 @2026-03-05T00:00\n"
    "      close late-exit P1 @2026-03-08T09:00\n"
    "  - name: the first of them has not left, the second is not there\n"
    "    events: |\n"
    "      border.crossing {person: P1, direction: entry, permitted_until: 2026-03-03} "
    "@2026-03-01T09:00\n"
    "      clock @2026-03-08T09:00\n"
    "    expect: []\n";

struct world {
    struct ktg_files files;
    struct ktg_ruleset *rs;
    struct ktg_cast cast;
    struct ktg_arena arena;
    struct ktg_compiled compiled;
    struct ktg_scene scenes[2];
};

static int set_up(void **state)
{
    static struct world w;
    struct ktg_notes notes = {.text = KTG_BUF_INIT};
    struct ktg_err err = KTG_ERR_INIT;
    memset(&w, 0, sizeof w);
    assert_int_equal(ktg_files_read(&w.files, KTG_SOURCE_DIR "/schema", "", &err), KTG_OK);
    assert_int_equal(ktg_files_put(&w.files, "rules/own.yaml", ktg_bytes_str(rules_text), &err),
                     KTG_OK);
    if (ktg_ruleset_compile(w.files.at, w.files.count, &w.rs, &notes, &err))
        fail_msg("%s", ktg_buf_text(&notes.text));
    ktg_buf_done(&notes.text);
    w.cast = (struct ktg_cast){.files = w.files.at, .count = w.files.count, .rs = w.rs};
    const struct ktg_rule *rule = ktg_ruleset_rule(w.rs, 0);
    size_t count;
    const struct ktg_rule_test *tests = ktg_rule_tests(rule, &count);
    assert_int_equal(count, 2);
    assert_int_equal(ktg_cast_choose(&w.cast, rule, &tests[0]), KTG_OK);
    for (size_t i = 0; i < 2; i++) {
        w.scenes[i] = (struct ktg_scene){
            .cast = &w.cast, .file = "own.yaml", .compiled = i ? NULL : &w.compiled};
        assert_int_equal(ktg_story_parse(ktg_ruleset_catalogue(w.rs), tests[i].events, "own.yaml",
                                         tests[i].events_line, &w.arena, &w.scenes[i].steps,
                                         &w.scenes[i].count, &err),
                         KTG_OK);
    }
    *state = &w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;
    ktg_compiled_done(&w->compiled);
    ktg_cast_done(&w->cast);
    ktg_ruleset_free(w->rs);
    ktg_files_done(&w->files);
    ktg_arena_done(&w->arena);
    return 0;
}

static void take(const struct ktg_scene *s, const struct ktg_play_how *how, struct ktg_take *t)
{
    struct ktg_err err = KTG_ERR_INIT;
    if (ktg_play(s, how, t, &err))
        fail_msg("%s", err.text);
}

static void test_play__restarted_and_twice_say_the_same(void **state)
{
    struct world *w = *state;
    struct ktg_take written, other;
    take(&w->scenes[0], &(struct ktg_play_how){.way = KTG_PLAY_WRITTEN}, &written);
    assert_true(written.said.count > 3); /* with the daily amends */
    for (int way = KTG_PLAY_TWICE; way <= KTG_PLAY_RESTARTED; way++) {
        take(&w->scenes[0], &(struct ktg_play_how){.way = (enum ktg_play_way)way}, &other);
        assert_int_equal(other.said.count, written.said.count);
        for (size_t i = 0; i < other.said.count; i++)
            assert_true(ktg_bytes_eq(other.said.list[i].payload, written.said.list[i].payload));
        ktg_take_done(&other);
    }
    ktg_take_done(&written);
}

static void test_play__a_shuffle_says_otherwise_and_ends_the_same(void **state)
{
    struct world *w = *state;
    struct ktg_take written, late;
    take(&w->scenes[0], &(struct ktg_play_how){.way = KTG_PLAY_WRITTEN}, &written);
    take(&w->scenes[0], &(struct ktg_play_how){.way = KTG_PLAY_SHUFFLED}, &late);
    assert_true(late.said.count < written.said.count); /* all arrives at the end: no daily amends */
    assert_string_equal(ktg_buf_text(&late.standing), ktg_buf_text(&written.standing));
    assert_non_null(
        strstr(ktg_buf_text(&written.standing),
               "late-exit person doc:UTO:P1 from 2026-03-04T00:00:00+07:00 until "
               "2026-03-08T09:00:00+07:00 medium, anchor line 15, evidence lines 15 18"));
    ktg_take_done(&written);
    ktg_take_done(&late);
}

/* The doctored case: what was "written" is another story, so that every variant must be found to differ. */
static void test_variants__tell_what_differs(void **state)
{
    struct world *w = *state;
    struct ktg_take written;
    struct ktg_buf report = KTG_BUF_INIT;
    struct ktg_err err = KTG_ERR_INIT;
    bool same = false;
    take(&w->scenes[0], &(struct ktg_play_how){.way = KTG_PLAY_WRITTEN}, &written);
    assert_int_equal(ktg_variants_check(&w->scenes[0], &written, 7, &same, &report, &err), KTG_OK);
    assert_true(same);
    assert_int_equal(report.size, 0);
    assert_int_equal(ktg_variants_check(&w->scenes[1], &written, 7, &same, &report, &err), KTG_OK);
    assert_false(same);
    assert_non_null(strstr(ktg_buf_text(&report), "with every event sent twice it says otherwise"));
    assert_non_null(strstr(ktg_buf_text(&report), "- raise late-exit doc:UTO:P2"));
    ktg_buf_clear(&report);
    ktg_expect_done(&written.said); /* nothing said by either: then only the end can differ */
    written.said = (struct ktg_heard_ops){.a = &written.arena};
    struct ktg_scene silent = w->scenes[1];
    silent.count = 1;
    assert_int_equal(ktg_variants_check(&silent, &written, 7, &same, &report, &err), KTG_OK);
    assert_false(same);
    assert_non_null(strstr(ktg_buf_text(&report), "- late-exit person doc:UTO:P2 from "));
    ktg_buf_done(&report);
    ktg_take_done(&written);
}

static void test_play__stops_where_it_is_told(void **state)
{
    struct world *w = *state;
    struct ktg_take t;
    ktg_time until = 0;
    int zone;
    assert_int_equal(ktg_story_time(KTG_LIT("2026-03-04T12:00"), &until, &zone), KTG_OK);
    take(&w->scenes[0], &(struct ktg_play_how){.way = KTG_PLAY_WRITTEN, .until = until}, &t);
    assert_int_equal(t.said.count, 1);
    assert_non_null(strstr(ktg_buf_text(&t.standing), "P1"));
    assert_null(strstr(ktg_buf_text(&t.standing), "P2"));
    ktg_take_done(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_play__restarted_and_twice_say_the_same),
        cmocka_unit_test(test_play__a_shuffle_says_otherwise_and_ends_the_same),
        cmocka_unit_test(test_variants__tell_what_differs),
        cmocka_unit_test(test_play__stops_where_it_is_told),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
