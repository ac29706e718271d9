/* tests/unit/rules/engine/test_suspended.c - what a rule has found that is asked no more: it stands, under the names that are borne.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>

#include "rules/engine/player.h"
#include "schema/wire.h"
#include "tests/unit/rules/engine/world.h"

/* Three events to the power of eighteen, for whoever has some: then it is not asked about them. */
#define GREEDY                                                                                   \
    "where: xs.all(a, xs.all(b, xs.all(c, xs.all(d, xs.all(e, xs.all(f, xs.all(g, xs.all(h, "    \
    "xs.all(i, xs.all(j, xs.all(k, xs.all(l, xs.all(m, xs.all(n, xs.all(o, xs.all(p, xs.all(q, " \
    "xs.all(r, a.property == r.property))))))))))))))))))\n"
#define RULES(where)                                                                              \
    "rule: visit\ntitle: {id: a, en: a}\nper: person\nstatus: shadow\n"                           \
    "with:\n  xs: all lodging.checkin\n"                                                          \
    "when: border.crossing as x where direction == \"entry\"\n"                                   \
    "unless: border.crossing where direction == \"exit\"\n"                                       \
    "by: x.occurred_at + duration(\"1h\")\n" where "---\n"                                        \
    "rule: upper\ntitle: {id: a, en: a}\nper: person\nstatus: shadow\nwhen: finding.visit as f\n" \
    "let:\n  who: f.subject\n"

static struct world greedy, better;

struct heard {
    struct ktg_buf text;
    uint8_t labels[8][16];
    size_t count;
    bool suspended;
};

/* "amend visit P1 a2 who=P1; ": the label by order of appearance, with its revision. */
static int write_short(void *arg, const struct ktg_op *op)
{
    struct heard *h = arg;
    struct ktg_wire_value v, values, who;
    size_t i = 0;
    while (i < h->count && memcmp(h->labels[i], op->finding, 16) != 0)
        i++;
    assert_true(i < COUNT(h->labels));
    if (i == h->count)
        memcpy(h->labels[h->count++], op->finding, 16);
    assert_true(ktg_wire_get(op->payload, "op", &v));
    ktg_buf_printf(&h->text, "%.*s %.*s %.2s %c%u", (int)v.bytes.size, (const char *)v.bytes.data,
                   (int)op->rule.size, (const char *)op->rule.data,
                   (const char *)op->subject.data + op->subject.size - 2, (int)('a' + i), op->rev);
    if (ktg_wire_get(op->payload, "values", &values) && ktg_wire_get(values.raw, "who", &who))
        ktg_buf_printf(&h->text, " who=%.2s", (const char *)who.bytes.data + who.bytes.size - 2);
    ktg_buf_put_str(&h->text, "; ");
    return KTG_OK;
}

static void on_notice(void *arg, const struct ktg_notice *n)
{
    ((struct heard *)arg)->suspended |= strcmp(n->what, "rule-over-budget") == 0;
}

static int compiled(void *arg, struct ktg_bytes bundle, struct ktg_ruleset **ret_rs)
{
    (void)arg;
    const struct world *w = ktg_bytes_eq(bundle, ktg_buf_view(&greedy.bundle)) ? &greedy : &better;
    assert_true(ktg_bytes_eq(bundle, ktg_buf_view(&w->bundle)));
    *ret_rs = ktg_ruleset_share(w->rs);
    return KTG_OK;
}

static void tell(const char *story, bool restarts, const char *want)
{
    struct ktg_arena a = KTG_ARENA_INIT;
    struct heard h = {.text = KTG_BUF_INIT};
    struct ktg_err err = KTG_ERR_INIT;
    struct ktg_player *p;
    const struct ktg_story_step *steps;
    size_t count;
    const struct ktg_player_options o = {.arg = &h,
                                         .out = write_short,
                                         .notice = on_notice,
                                         .ahead = KTG_DAY_MS,
                                         .lenient = true,
                                         .restarts = restarts,
                                         .compiled = compiled};
    if (ktg_story_parse(ktg_ruleset_catalogue(greedy.rs), ktg_bytes_str(story), "story", 1, &a,
                        &steps, &count, &err) ||
        ktg_player_new(ktg_buf_view(&greedy.bundle), &o, &p, &err))
        fail_msg("%s", err.text);
    for (size_t i = 0; i < count; i++) {
        bool again;
        int rc = steps[i].kind == KTG_STORY_CLOCK
                     ? ktg_player_reach(p, steps[i].at, &err)
                     : ktg_player_event(p, steps[i].blob, steps[i].at, &again, &err);
        if (rc)
            fail_msg("line %d: %s", steps[i].line, err.text);
    }
    assert_true(h.suspended);
    if (strcmp(ktg_buf_text(&h.text), want) != 0)
        fail_msg("said:   %s\nwanted: %s", ktg_buf_text(&h.text), want);
    /* with another text it is asked again: what was said of the same things goes on */
    bool asked = strstr(want, "raise visit P9");
    ktg_buf_clear(&h.text);
    if (ktg_player_ruleset(p, ktg_buf_view(&better.bundle), ktg_engine_now(ktg_player_engine(p)),
                           &err))
        fail_msg("%s", err.text);
    assert_null(strstr(ktg_buf_text(&h.text), "withdraw"));
    assert_true(asked || strstr(ktg_buf_text(&h.text), "raise visit P9")); /* it is asked */
    ktg_player_free(p);
    ktg_buf_done(&h.text);
    ktg_arena_done(&a);
}

#define P9                                                           \
    "lodging.checkin {person: P9, property: H1} @2026-03-01T10:01\n" \
    "lodging.checkin {person: P9, property: H1} @2026-03-01T10:02\n" \
    "lodging.checkin {person: P9, property: H1} @2026-03-01T10:03\n" \
    "lodging.checkin {person: P9, property: H1} @2026-03-01T10:04\n" \
    "lodging.checkin {person: P9, property: H1} @2026-03-01T10:05\n" \
    "border.crossing {person: P9, direction: entry} @2026-03-01T10:06\n"

static void test_suspended__its_findings_follow_who_merges_and_who_splits_off(void **unused)
{
    (void)unused;
    for (int restarts = 0; restarts < 2; restarts++)
        tell("border.crossing {person: P2, direction: entry} @2026-03-01T08:00\n"
             "border.crossing {person: P3, direction: entry} @2026-03-01T08:30\n"
             "clock @2026-03-01T10:00\n" P9 "clock @2026-03-01T12:00\n"
             "document.status {doc: P2, status: renewed, replaced_by: P1} @2026-03-01T13:00 as t1\n"
             "document.status {doc: P2, status: renewed, replaced_by: P3} @2026-03-01T14:00 as t2\n"
             "retract t2 @2026-03-01T15:00\n"
             "retract t1 @2026-03-01T16:00\n",
             restarts,
             "raise visit P2 a1; raise upper P2 b1 who=P2; "
             "raise visit P3 c1; raise upper P3 d1 who=P3; "
             "amend visit P1 a2; amend upper P1 b2 who=P1; "
             "amend visit P1 c2; amend upper P1 d2 who=P1; "
             "amend visit P3 c3; amend upper P3 d3 who=P3; "
             "amend visit P2 a3; amend upper P2 b3 who=P2; ");
}

/* The merge itself makes it use up its budget: of the two, one was asked already. */
static void test_suspended__by_the_merge_its_findings_follow_too(void **unused)
{
    (void)unused;
    tell("border.crossing {person: P2, direction: entry} @2026-03-01T08:00\n"
         "clock @2026-03-01T10:00\n"
         "lodging.checkin {person: P1, property: H1} @2026-03-01T07:01\n"
         "lodging.checkin {person: P1, property: H1} @2026-03-01T07:02\n"
         "lodging.checkin {person: P1, property: H1} @2026-03-01T07:03\n"
         "lodging.checkin {person: P1, property: H1} @2026-03-01T07:04\n"
         "lodging.checkin {person: P1, property: H1} @2026-03-01T07:05\n"
         "document.status {doc: P2, status: renewed, replaced_by: P1} @2026-03-01T11:00 as t\n"
         "border.crossing {person: P9, direction: entry} @2026-03-01T12:00\n"
         "clock @2026-03-01T14:00\n"
         "retract t @2026-03-01T15:00\n",
         false,
         "raise visit P2 a1; raise upper P2 b1 who=P2; "
         "amend visit P1 a2; amend upper P1 b2 who=P1; "
         "raise visit P9 c1; raise upper P9 d1 who=P9; " /* who is not too dear */
         "amend visit P2 a3; amend upper P2 b3 who=P2; ");
}

static int make(void **unused)
{
    (void)unused;
    world_init(&greedy, RULES(GREEDY), NULL);
    world_init(&better, RULES(""), NULL);
    return 0;
}
static int clear(void **unused)
{
    (void)unused;
    world_done(&greedy);
    world_done(&better);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_suspended__its_findings_follow_who_merges_and_who_splits_off),
        cmocka_unit_test(test_suspended__by_the_merge_its_findings_follow_too),
    };
    return cmocka_run_group_tests(tests, make, clear);
}
