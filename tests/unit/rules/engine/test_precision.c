/* tests/unit/rules/engine/test_precision.c - a rule that is mostly wrong stops at the floor and not before, and is told of.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "rules/engine/precision.h"

#include <stdio.h>

#include "rules/engine/player.h"
#include "rules/engine/replay.h"
#include "rules/engine/suspended.h"
#include "tests/unit/rules/engine/world.h"

static const uint8_t one[16] = {1}, two[16] = {2};

/* ---- the row ------------------------------------------------------------------------------------------------------- */

static struct ktg_precision add(struct ktg_buf *row, const uint8_t *version, bool right, int times,
                                const struct ktg_floor *floor)
{
    struct ktg_precision p = {0, 0};
    for (int i = 0; i < times; i++)
        assert_int_equal(ktg_precision_add(row, version, right, floor, &p), KTG_OK);
    return p;
}

static void test_precision__tells_this_story(void **unused)
{
    (void)unused;
    static const struct ktg_floor floor = {.percent = 10, .dispositions = 100};
    static const struct {
        const uint8_t *version;
        bool right;
        int times;
        uint32_t sum, of;
        bool below;
    } story[] = {
        {one, true, 9, 9, 9, false},      /* too few to say anything ...                        */
        {one, false, 90, 9, 99, false},   /* ... at 99, too                                     */
        {one, false, 1, 9, 100, true},    /* the hundredth: 9 %                                 */
        {one, true, 1, 9, 100, true},     /* the 101st: the oldest, which was right, leaves     */
        {one, true, 8, 9, 100, true},     /* and so do the other eight of the beginning         */
        {one, true, 1, 10, 100, false},   /* a wrong one leaves: exactly at the floor is enough */
        {one, false, 89, 10, 100, false}, /* the wrong ones leave for wrong ones                */
        {one, false, 1, 10, 100, false},  /* all of the first ninety-one are gone               */
        {one, false, 1, 9, 100, true},    /* and now the first of the ten that were right       */
        {two, true, 1, 1, 1, false},      /* another text begins anew                           */
        {two, true, 99, 100, 100, false}, /* always right                                       */
        {one, false, 100, 0, 100, true},  /* never                                              */
    };
    struct ktg_buf row = KTG_BUF_INIT;
    for (size_t i = 0; i < COUNT(story); i++) {
        struct ktg_precision p =
            add(&row, story[i].version, story[i].right, story[i].times, &floor);
        if (p.right != story[i].sum || p.of != story[i].of ||
            ktg_precision_is_below(p, &floor) != story[i].below)
            fail_msg("line %zu: %u of %u", i, p.right, p.of);
    }
    ktg_buf_done(&row);
}

static void test_precision__follows_the_settings(void **unused)
{
    (void)unused;
    struct ktg_buf row = KTG_BUF_INIT;
    struct ktg_floor hundred = {10, 100}, ten = {10, 10}, two_hundred = {10, 200}, off = {0, 100},
                     none = {10, 0};
    struct ktg_precision p = add(&row, one, false, 100, &hundred);
    assert_true(ktg_precision_is_below(p, &hundred));
    assert_false(ktg_precision_is_below(p, &two_hundred)); /* not so many yet */
    assert_false(ktg_precision_is_below(p, &off));
    assert_false(ktg_precision_is_below(p, &none));
    p = add(&row, one, true, 1, &ten); /* fewer are asked for: the last ten */
    assert_int_equal(p.right, 1);
    assert_int_equal(p.of, 10);
    assert_false(ktg_precision_is_below(p, &ten));
    p = add(&row, one, false, 50, &two_hundred); /* more: those that are left, and what comes */
    assert_int_equal(p.of, 60);
    row.size = 3;
    assert_int_equal(ktg_precision_add(&row, one, true, &ten, &p), KTG_ECORRUPT);
    ktg_buf_done(&row);
}

static void test_suspension__is_read_as_it_was_written(void **unused)
{
    (void)unused;
    struct ktg_suspension s = {.version = {7},
                               .why = KTG_SUSPENDED_PRECISION,
                               .held = true,
                               .counted = {7, 100},
                               .floor = 10,
                               .at = 1775001600000,
                               .pos = 1234567890123},
                          back = {.held = false};
    struct ktg_buf b = KTG_BUF_INIT;
    ktg_suspension_encode(&s, &b);
    assert_int_equal(ktg_suspension_decode(ktg_buf_view(&b), &back), KTG_OK);
    assert_memory_equal(back.version, s.version, 16);
    assert_int_equal(back.why, s.why);
    assert_true(back.held);
    assert_int_equal(back.counted.right, 7);
    assert_int_equal(back.counted.of, 100);
    assert_int_equal(back.floor, 10);
    assert_int_equal(back.at, s.at);
    assert_int_equal(back.pos, s.pos);
    for (size_t i = 0; i < b.size; i++)
        assert_int_equal(ktg_suspension_decode(ktg_bytes(b.data, i), &back), KTG_ECORRUPT);
    b.data[16] = KTG_SUSPENDED_WHYS;
    assert_int_equal(ktg_suspension_decode(ktg_buf_view(&b), &back), KTG_ECORRUPT);
    ktg_buf_done(&b);
}

/* ---- the engine ---------------------------------------------------------------------------------------------------- */

#define TESTS                                                              \
    "tests:\n  - name: fires\n    events: |\n"                             \
    "      lodging.checkin {person: P1, property: H1} @2026-03-01T09:00\n" \
    "    expect: |\n      raise NAME P1 @2026-03-01T09:00\n"               \
    "  - name: is silent\n    events: |\n"                                 \
    "      lodging.checkout {person: P1, property: H1} @2026-03-01T09:00\n    expect: []\n"

/* Three rules that say the same, and one that tells of suspensions; `more` stands in the text of the first. */
static char *rules_of(const char *more)
{
    static const struct {
        const char *name, *level;
    } rules[] = {{"plain", "low"},
                 {"grave", "critical"},
                 {"may-be", "'e.property == \"H9\" ? \"critical\" : \"low\"'"}};
    struct ktg_buf b = KTG_BUF_INIT;
    for (size_t i = 0; i < COUNT(rules); i++) {
        char *tests = ktg_strdup(TESTS);
        ktg_buf_printf(&b,
                       "rule: %s\ntitle: {id: a, en: a}\nstatus: live\nlevel: %s\nper: person\n"
                       "owner: POL\nlegal: \"%s\"\ndisproved by: {id: a, en: a}\n"
                       "when: lodging.checkin as e\n",
                       rules[i].name, rules[i].level, i ? "x" : more);
        char *name = strstr(tests, "NAME");
        ktg_buf_put(&b, tests, (size_t)(name - tests));
        ktg_buf_put_str(&b, rules[i].name);
        ktg_buf_put_str(&b, name + 4);
        ktg_buf_put_str(&b, "---\n");
        ktg_free(tests);
    }
    ktg_buf_put_str(&b, "rule: teller\ntitle: {id: a, en: a}\nstatus: shadow\nper: rule\n"
                        "when: rule.suspended as s\n"
                        "let:\n  held: s.held\n  right: s.right\n  of: s.of\n  floor: s.floor\n"
                        "  lead: s.owner\n");
    char *text = ktg_strdup(ktg_buf_text(&b));
    ktg_buf_done(&b);
    return text;
}

/* A story of dispositions, one after the other: `agency` closes alert n of the rule, of which it was told just before. */
struct told {
    struct ktg_buf story; /* all of it: ids grow by line */
    size_t played;        /* lines */
    int n, minute;
};
static const char *instant(struct told *t)
{
    static char text[32];
    t->minute++;
    snprintf(text, sizeof text, "2026-04-%02dT%02d:%02d", 1 + t->minute / 1440, t->minute / 60 % 24,
             t->minute % 60);
    return text;
}
static void raised(struct told *t, const char *rule, const char *agency)
{
    ktg_buf_printf(&t->story,
                   "alert.raised {alert: A%d, finding: A%d, rule: %s, level: low, rev: 1, "
                   "agency_code: %s} @%s\n",
                   t->n, t->n, rule, agency, instant(t));
}
static void closed(struct told *t, const char *as, const char *agency)
{
    ktg_buf_printf(&t->story,
                   "alert.closed {alert: A%d, officer: O1, agency_code: %s, disposition: %s} @%s\n",
                   t->n, agency, as, instant(t));
}
static void judged(struct told *t, const char *rule, const char *as, int times)
{
    for (int i = 0; i < times; i++) {
        t->n++;
        raised(t, rule, "IMI");
        closed(t, as, "IMI");
    }
}
static void checkin(struct told *t, const char *person)
{
    ktg_buf_printf(&t->story, "lodging.checkin {person: %s, property: H1} @%s\n", person,
                   instant(t));
}

/* What was said of the rule, in short: "raise plain P1; ..." and the notices. */
struct heard {
    struct ktg_buf said, bytes, notices;
};
static int hear(void *arg, const struct ktg_op *op)
{
    struct heard *h = arg;
    static const char *const names[] = {"raise", "amend", "withdraw", "unknown", "none"};
    size_t prefix = op->subject.size > 8 && memcmp(op->subject.data, "doc:UTO:", 8) == 0 ? 8 : 0;
    ktg_buf_printf(&h->said, "%s %.*s %.*s; ", names[op->kind], (int)op->rule.size,
                   (const char *)op->rule.data, (int)(op->subject.size - prefix),
                   (const char *)op->subject.data + prefix);
    ktg_buf_printf(&h->bytes, "%llu.%u ", (unsigned long long)op->pos, op->n);
    int rc = ktg_op_print(op, &h->bytes);
    ktg_buf_put_str(&h->bytes, "\n");
    return rc;
}
static void notice(void *arg, const struct ktg_notice *n)
{
    struct heard *h = arg;
    ktg_buf_printf(&h->notices, "%s %.*s %u of %u; ", n->what, (int)n->rule.size,
                   (const char *)n->rule.data, n->why->counted.right, n->why->counted.of);
}
static void heard_done(struct heard *h)
{
    ktg_buf_done(&h->said);
    ktg_buf_done(&h->bytes);
    ktg_buf_done(&h->notices);
}

struct playing {
    struct world w;
    struct ktg_player *p;
    struct ktg_arena arena;
    struct heard heard;
};

static void begin(struct playing *g, const char *more, const char *local, bool restarts,
                  bool judges_nobody)
{
    struct ktg_err err = KTG_ERR_INIT;
    char *rules = rules_of(more);
    *g = (struct playing){.p = NULL};
    world_init(&g->w, rules, local);
    const struct ktg_player_options o = {.arg = &g->heard,
                                         .out = hear,
                                         .notice = notice,
                                         .ahead = KTG_DAY_MS,
                                         .lenient = true,
                                         .restarts = restarts,
                                         .judges_nobody = judges_nobody};
    if (ktg_player_new(ktg_buf_view(&g->w.bundle), &o, &g->p, &err))
        fail_msg("%s", err.text);
    ktg_free(rules);
}
static void play(struct playing *g, struct told *t)
{
    const struct ktg_story_step *steps;
    struct ktg_err err = KTG_ERR_INIT;
    size_t count;
    bool again;
    if (ktg_story_parse(ktg_ruleset_catalogue(g->w.rs), ktg_buf_view(&t->story), "story", 1,
                        &g->arena, &steps, &count, &err))
        fail_msg("%s", err.text);
    for (; t->played < count; t->played++)
        if (ktg_player_event(g->p, steps[t->played].blob, steps[t->played].at, &again, &err))
            fail_msg("%s", err.text);
}
static void change(struct playing *g, const char *more, const char *local, struct told *t)
{
    struct world w;
    struct ktg_err err = KTG_ERR_INIT;
    ktg_time at;
    int unused;
    char *rules = rules_of(more);
    world_init(&w, rules, local);
    assert_int_equal(ktg_story_time(ktg_bytes_str(instant(t)), &at, &unused), KTG_OK);
    if (ktg_player_ruleset(g->p, ktg_buf_view(&w.bundle), at, &err))
        fail_msg("%s", err.text);
    world_done(&w);
    ktg_free(rules);
}
static void end(struct playing *g)
{
    ktg_player_free(g->p);
    ktg_arena_done(&g->arena);
    heard_done(&g->heard);
    world_done(&g->w);
}
static void says(struct ktg_buf *b, const char *text)
{
    assert_string_equal(ktg_buf_text(b), text);
    ktg_buf_clear(b);
}

static void
test_engine__stops_a_rule_at_the_hundredth_disposition_and_tells_its_owner(void **unused)
{
    (void)unused;
    struct playing g;
    struct told t = {.n = 0};
    begin(&g, "x", NULL, false, false);
    judged(&t, "plain", "confirmed", 9);
    judged(&t, "plain", "dismissed", 45);
    judged(&t, "plain", "not-match", 45);
    checkin(&t, "P1"); /* 99: it is answered */
    play(&g, &t);
    says(&g.heard.said, "raise grave P1; raise may-be P1; raise plain P1; ");
    judged(&t, "plain", "duplicate", 3); /* neither here nor there */
    judged(&t, "plain", "data-error", 3);
    closed(&t, "dismissed",
           "IMI"); /* a second officer's closing, and one by an agency that was not told */
    closed(&t, "dismissed", "POL");
    play(&g, &t);
    says(&g.heard.notices, "");
    judged(&t, "plain", "dismissed", 1);
    play(&g, &t);
    says(&g.heard.notices, "rule-suspended plain 9 of 100; ");
    says(&g.heard.said, "raise teller plain; ");
    const char *values = strstr(ktg_buf_text(&g.heard.bytes), "\"rule\":\"teller\"");
    assert_non_null(values);
    assert_non_null(strstr(values, "\"floor\":10"));
    assert_non_null(strstr(values, "\"held\":true"));
    assert_non_null(strstr(values, "\"lead\":\"POL\""));
    assert_non_null(strstr(values, "\"of\":100"));
    assert_non_null(strstr(values, "\"right\":9"));
    checkin(&t, "P2"); /* what stands is left alone, and nothing is added */
    judged(&t, "plain", "dismissed", 5);
    play(&g, &t);
    says(&g.heard.said, "raise grave P2; raise may-be P2; ");
    says(&g.heard.notices, "");
    end(&g);
    ktg_buf_done(&t.story);
}

static void test_engine__ten_of_a_hundred_are_enough(void **unused)
{
    (void)unused;
    struct playing g;
    struct told t = {.n = 0};
    begin(&g, "x", NULL, false, false);
    judged(&t, "plain", "dismissed", 1);
    judged(&t, "plain", "confirmed", 10);
    judged(&t, "plain", "dismissed", 89);
    play(&g, &t);
    says(&g.heard.notices, "");
    judged(&t, "plain", "dismissed", 1); /* the 101st: a wrong one leaves for it */
    play(&g, &t);
    says(&g.heard.notices, "");
    judged(&t, "plain", "dismissed", 1); /* and now one that was right */
    play(&g, &t);
    says(&g.heard.notices, "rule-suspended plain 9 of 100; ");
    end(&g);
    ktg_buf_done(&t.story);
}

static const char *const three = "settings:\n  precision.dispositions: 3\n";

static void test_engine__dismissals_do_not_stop_what_may_be_critical(void **unused)
{
    (void)unused;
    struct playing g;
    struct told t = {.n = 0};
    begin(&g, "x", three, false, false);
    judged(&t, "grave", "dismissed", 3);
    judged(&t, "may-be", "dismissed", 3);
    checkin(&t, "P1");
    play(&g, &t);
    says(&g.heard.notices, "rule-below-floor grave 0 of 3; rule-below-floor may-be 0 of 3; ");
    says(&g.heard.said, "raise teller grave; raise teller may-be; raise grave P1; raise may-be P1; "
                        "raise plain P1; ");
    assert_non_null(strstr(ktg_buf_text(&g.heard.bytes), "\"held\":false"));
    judged(&t, "grave", "dismissed", 3); /* said once */
    play(&g, &t);
    says(&g.heard.notices, "");
    end(&g);
    ktg_buf_done(&t.story);
}

static void test_engine__each_agency_judges_once_for_each_time_it_was_told(void **unused)
{
    (void)unused;
    struct playing g;
    struct told t = {.n = 1};
    begin(&g, "x", three, false, false);
    closed(&t, "dismissed", "IMI"); /* before anybody was told */
    raised(&t, "plain", "IMI");
    raised(&t, "plain", "POL");
    closed(&t, "dismissed", "IMI"); /* one */
    closed(&t, "dismissed", "IMI");
    closed(&t, "dismissed", "NAK"); /* nobody told it */
    closed(&t, "dismissed", "POL"); /* two */
    raised(&t, "no-such-rule", "NAK");
    closed(&t, "dismissed", "NAK"); /* of a rule that is no more */
    play(&g, &t);
    says(&g.heard.notices, "");
    raised(&t, "plain", "IMI");     /* it came back */
    closed(&t, "dismissed", "IMI"); /* three */
    play(&g, &t);
    says(&g.heard.notices, "rule-suspended plain 0 of 3; ");
    end(&g);
    ktg_buf_done(&t.story);
}

/* So much was told of the alert since that its timeline lies in several records (entries.h). */
static void test_engine__looks_back_as_far_as_the_alert_was_told(void **unused)
{
    (void)unused;
    struct playing g;
    struct told t = {.n = 1};
    begin(&g, "x", "settings:\n  precision.dispositions: 1\n", false, false);
    raised(&t, "plain", "IMI");
    for (int i = 0; i < 300; i++)
        raised(&t, "plain", "POL");
    closed(&t, "dismissed", "IMI");
    play(&g, &t);
    says(&g.heard.notices, "rule-suspended plain 0 of 1; ");
    end(&g);
    ktg_buf_done(&t.story);
}

static void test_engine__goes_on_with_another_text_or_a_lower_floor(void **unused)
{
    (void)unused;
    struct playing g;
    struct told t = {.n = 0};
    begin(&g, "x", three, false, false);
    judged(&t, "plain", "dismissed", 3);
    checkin(&t, "P1");
    play(&g, &t);
    says(&g.heard.said, "raise teller plain; raise grave P1; raise may-be P1; ");
    change(&g, "x", "settings:\n  precision.dispositions: 2\n", &t); /* still below */
    says(&g.heard.said, "");
    ktg_buf_clear(&g.heard.bytes);
    change(&g, "another", three, &t);
    says(&g.heard.said, "raise plain P1; withdraw teller plain; ");
    assert_non_null(strstr(ktg_buf_text(&g.heard.bytes), "rule-changed"));
    judged(&t, "plain", "dismissed", 2); /* begun anew */
    play(&g, &t);
    says(&g.heard.said, "");
    judged(&t, "plain", "dismissed", 1);
    checkin(&t, "P2");
    play(&g, &t);
    says(&g.heard.said, "raise teller plain; raise grave P2; raise may-be P2; ");
    ktg_buf_clear(&g.heard.bytes);
    change(&g, "another", "settings:\n  precision.dispositions: 4\n", &t);
    says(&g.heard.said, "raise plain P2; withdraw teller plain; ");
    assert_non_null(strstr(ktg_buf_text(&g.heard.bytes), "setting-changed"));
    ktg_buf_clear(&g.heard.bytes);
    judged(&t, "plain", "dismissed", 1); /* the fourth */
    play(&g, &t);
    says(&g.heard.said, "raise teller plain; ");
    end(&g);
    ktg_buf_done(&t.story);
}

static void test_engine__judges_nobody_without_a_floor_or_when_told_to(void **unused)
{
    (void)unused;
    static const char *const settings[] = {
        "settings:\n  precision.dispositions: 3\n  precision.floor: 0\n",
        "settings:\n  precision.dispositions: 0\n",
        "settings:\n  precision.dispositions: 3\n  precision.floor: none\n", three};
    for (size_t i = 0; i < COUNT(settings); i++) {
        struct playing g;
        struct told t = {.n = 0};
        begin(&g, "x", settings[i], false, settings[i] == three);
        judged(&t, "plain", "dismissed", 5);
        play(&g, &t);
        says(&g.heard.notices, "");
        says(&g.heard.said, "");
        end(&g);
        ktg_buf_done(&t.story);
    }
}

/* After every record the engine begins anew from its state, and says the same bytes. */
static void test_engine__a_restart_changes_nothing(void **unused)
{
    (void)unused;
    struct ktg_buf said[2] = {KTG_BUF_INIT, KTG_BUF_INIT};
    for (int restarts = 0; restarts < 2; restarts++) {
        struct playing g;
        struct told t = {.n = 0};
        begin(&g, "x", three, restarts, false);
        checkin(&t, "P1");
        judged(&t, "plain", "confirmed", 1);
        judged(&t, "plain", "dismissed", 3);
        judged(&t, "may-be", "dismissed", 3);
        checkin(&t, "P2");
        play(&g, &t);
        change(&g, "another", three, &t);
        judged(&t, "plain", "not-match", 3);
        checkin(&t, "P3");
        play(&g, &t);
        ktg_buf_put_bytes(&said[restarts], ktg_buf_view(&g.heard.bytes));
        end(&g);
        ktg_buf_done(&t.story);
    }
    assert_string_equal(ktg_buf_text(&said[0]), ktg_buf_text(&said[1]));
    ktg_buf_done(&said[0]);
    ktg_buf_done(&said[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_precision__tells_this_story),
        cmocka_unit_test(test_precision__follows_the_settings),
        cmocka_unit_test(test_suspension__is_read_as_it_was_written),
        cmocka_unit_test(
            test_engine__stops_a_rule_at_the_hundredth_disposition_and_tells_its_owner),
        cmocka_unit_test(test_engine__ten_of_a_hundred_are_enough),
        cmocka_unit_test(test_engine__dismissals_do_not_stop_what_may_be_critical),
        cmocka_unit_test(test_engine__each_agency_judges_once_for_each_time_it_was_told),
        cmocka_unit_test(test_engine__looks_back_as_far_as_the_alert_was_told),
        cmocka_unit_test(test_engine__goes_on_with_another_text_or_a_lower_floor),
        cmocka_unit_test(test_engine__judges_nobody_without_a_floor_or_when_told_to),
        cmocka_unit_test(test_engine__a_restart_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
