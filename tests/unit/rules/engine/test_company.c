/* tests/unit/rules/engine/test_company.c - the index of who was where: what it holds, and who is answered again.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>

#include "rules/engine/op.h"
#include "tests/unit/rules/engine/world.h"

enum { ITEMS_MOST = 32 };

static const char rules[] =
    "rule: pair\ntitle: {id: a, en: a}\nper: person\nstatus: shadow\ntogether:\n  of: "
    "border.crossing where direction != \"refused\"\n  at: [post]\n  span: 10m\n  times: 2\n  "
    "persons: 2\n  within: 30d\nupdate: change\n";
static const char other_rules[] =
    "rule: pair\ntitle: {id: a, en: a}\nper: person\nstatus: shadow\nwhen: lodging.checkin\n";

struct journal {
    struct ktg_arena arena;
    const struct ktg_story_step *steps;
    size_t count;
    struct ktg_bytes blobs[ITEMS_MOST]; /* by position */
    bool erased[ITEMS_MOST];
    struct ktg_buf said, why; /* "raise P1 P2;"  "merge;" */
    struct world world;
    struct ktg_state *state;
    struct ktg_engine *engine;
    uint64_t pos;
    ktg_time clock;
};

static int event_at(void *arg, uint64_t pos, struct ktg_bytes *ret_blob)
{
    struct journal *j = arg;
    if (pos >= ITEMS_MOST || j->erased[pos] || !j->blobs[pos].size)
        return KTG_ENOTFOUND;
    *ret_blob = j->blobs[pos];
    return KTG_OK;
}
static int out(void *arg, const struct ktg_op *op)
{
    struct journal *j = arg;
    ktg_buf_printf(&j->said, "%s %.*s;", ktg_op_name(op->kind), (int)op->subject.size - 8,
                   (const char *)op->subject.data + 8);
    struct ktg_wire_value reason;
    if (ktg_wire_get(op->payload, "reason", &reason))
        ktg_buf_printf(&j->why, "%.*s;", (int)reason.bytes.size, (const char *)reason.bytes.data);
    return ktg_buf_check(&j->said);
}

static void begin(struct journal *j, const char *story)
{
    static struct ktg_engine_world outside;
    struct ktg_err err = KTG_ERR_INIT;
    *j = (struct journal){.arena = KTG_ARENA_INIT};
    world_init(&j->world, rules, NULL);
    outside = (struct ktg_engine_world){.arg = j, .event_at = event_at, .out = out};
    if (ktg_story_parse(ktg_ruleset_catalogue(j->world.rs), ktg_bytes_str(story), "story", 1,
                        &j->arena, &j->steps, &j->count, &err))
        fail_msg("%s", err.text);
    assert_int_equal(ktg_state_new(NULL, &j->state), KTG_OK);
    assert_int_equal(ktg_engine_new(j->state, &outside, &j->engine, &err), KTG_OK);
    assert_int_equal(ktg_engine_clock(j->engine, ++j->pos, j->steps[0].at - 1, &err), KTG_OK);
    assert_int_equal(ktg_engine_ruleset(j->engine, ++j->pos, ktg_buf_view(&j->world.bundle), &err),
                     KTG_OK);
}

static void end(struct journal *j)
{
    ktg_engine_free(j->engine);
    ktg_state_free(j->state);
    ktg_buf_done(&j->said);
    ktg_buf_done(&j->why);
    ktg_arena_done(&j->arena);
    world_done(&j->world);
}

/* Position of the event with that id; 0: none. */
static uint64_t position(const struct journal *j, const uint8_t *id)
{
    struct ktg_event e;
    for (uint64_t p = 1; id && p <= j->pos; p++)
        if (j->blobs[p].size &&
            !ktg_event_read(ktg_ruleset_catalogue(j->world.rs), j->blobs[p], &e, NULL) &&
            !memcmp(e.id, id, KTG_ID_SIZE))
            return p;
    return 0;
}

/* What the i-th line of the story makes it say; a code other than OK ends it. */
static int step(struct journal *j, size_t i)
{
    struct ktg_err err = KTG_ERR_INIT;
    const struct ktg_story_step *s = &j->steps[i];
    struct ktg_event e;
    ktg_buf_clear(&j->said);
    j->clock = s->at > j->clock ? s->at : j->clock + 1;
    int rc = ktg_engine_clock(j->engine, ++j->pos, j->clock, &err);
    if (!rc && s->kind == KTG_STORY_EVENT) {
        j->blobs[++j->pos] = s->blob;
        assert_int_equal(ktg_event_read(ktg_ruleset_catalogue(j->world.rs), s->blob, &e, NULL),
                         KTG_OK);
        rc = ktg_engine_event(j->engine, j->pos, s->blob,
                              position(j, e.supersedes ? e.supersedes : e.retracts), &err);
    }
    return rc ? rc : ktg_engine_settle(j->engine, &err);
}

static void expect(struct journal *j, size_t i, const char *said)
{
    assert_int_equal(step(j, i), KTG_OK);
    if (strcmp(ktg_buf_text(&j->said), said) != 0)
        fail_msg("line %d: wanted '%s', said '%s'", j->steps[i].line, said, ktg_buf_text(&j->said));
}

static int count_one(void *arg, struct ktg_bytes key, struct ktg_bytes value)
{
    size_t *n = arg;
    (void)key;
    *n += value.size > 0;
    return KTG_OK;
}
static size_t buckets(struct journal *j)
{
    size_t n = 0;
    assert_int_equal(ktg_state_scan(j->state, KTG_LIT("w"), count_one, &n), KTG_OK);
    return n;
}

#define CROSS(who, at) \
    "border.crossing {person: " who ", direction: exit, post: ARUK} @2026-03-" at "\n"

static void test_company__a_retraction_leaves_nothing_behind(void **unused)
{
    (void)unused;
    struct journal j;
    begin(&j, "border.crossing {person: P1, direction: exit, post: ARUK} @2026-03-01T09:00 as a\n"
              "border.crossing {person: P2, direction: exit, post: ARUK} @2026-03-01T09:05 as b\n"
              "border.crossing {person: P1, direction: refused, post: ARUK} @2026-03-01T11:00\n"
              "retract a @2026-03-02T09:00\nretract b @2026-03-02T09:10\n");
    expect(&j, 0, "");
    assert_int_equal(buckets(&j), 1);
    expect(&j, 1, "");
    assert_int_equal(buckets(&j), 1); /* ten minutes are one bucket */
    expect(&j, 2, "");
    assert_int_equal(buckets(&j), 1); /* no occasion */
    expect(&j, 3, "");
    assert_int_equal(buckets(&j), 1);
    expect(&j, 4, "");
    assert_int_equal(buckets(&j), 0);
    end(&j);
}

static void test_company__an_event_dated_ahead_is_company_from_its_time(void **unused)
{
    (void)unused;
    struct journal j;
    begin(&j,
          CROSS("P1", "01T09:00") CROSS("P2", "01T09:00") CROSS(
              "P1",
              "05T09:00") "border.crossing {person: P2, direction: exit, post: ARUK} "
                          "@2026-03-05T09:04 arrives "
                          "2026-03-05T09:01\nclock @2026-03-05T09:03\nclock @2026-03-05T09:05\n");
    for (size_t i = 0; i < 5; i++)
        expect(&j, i, "");
    expect(&j, 5, "raise P1;raise P2;");
    end(&j);
}

static void test_company__who_is_erased_was_not_there(void **unused)
{
    (void)unused;
    struct journal j;
    begin(&j, CROSS("P1", "01T09:00") CROSS("P2", "01T09:00") CROSS("P1", "03T09:00")
                  CROSS("P2", "03T09:00"));
    for (size_t i = 0; i < 3; i++)
        expect(&j, i, "");
    j.erased[6] = true; /* the first crossing of P2 */
    expect(&j, 3, "");
    end(&j);
}

/* Who has fewer entries than `times` cannot hold, and who is further off than the span is nobody's company. */
static void test_company__answers_those_within_reach(void **unused)
{
    (void)unused;
    struct journal j;
    begin(&j, CROSS("P1", "01T09:00") CROSS("P2", "01T09:10") CROSS("P3", "01T09:11")
                  CROSS("P1", "02T09:00") CROSS("P3", "02T09:11") CROSS("P2", "02T08:50")
                      CROSS("P3", "03T09:00") CROSS("P1", "03T09:10"));
    for (size_t i = 0; i < 5; i++)
        expect(&j, i, "");
    expect(&j, 5, "raise P1;raise P2;");
    expect(&j, 6, "");
    expect(&j, 7, "");
    end(&j);
}

static void test_company__another_rule_set_builds_it_anew(void **unused)
{
    (void)unused;
    struct journal j;
    struct world w;
    struct ktg_err err = KTG_ERR_INIT;
    begin(&j, CROSS("P1", "01T09:00") CROSS("P2", "01T09:00") CROSS("P1", "03T09:00")
                  CROSS("P2", "03T09:00") CROSS("P2", "04T09:00"));
    world_init(&w, other_rules, NULL);
    for (size_t i = 0; i < 3; i++)
        expect(&j, i, "");
    assert_int_equal(buckets(&j), 2);
    assert_int_equal(ktg_engine_ruleset(j.engine, ++j.pos, ktg_buf_view(&w.bundle), &err), KTG_OK);
    assert_int_equal(buckets(&j), 0);
    expect(&j, 3, ""); /* nobody looks */
    assert_int_equal(buckets(&j), 0);
    ktg_buf_clear(&j.said);
    assert_int_equal(ktg_engine_ruleset(j.engine, ++j.pos, ktg_buf_view(&j.world.bundle), &err),
                     KTG_OK);
    assert_string_equal(ktg_buf_text(&j.said), "raise P1;raise P2;");
    assert_int_equal(buckets(&j), 2);
    expect(&j, 4, "");
    assert_int_equal(buckets(&j), 3);
    world_done(&w);
    end(&j);
}

static void test_company__built_anew_it_holds_what_is_live(void **unused)
{
    (void)unused;
    struct journal j;
    struct world w;
    struct ktg_err err = KTG_ERR_INIT;
    begin(&j, CROSS("P1", "01T09:00") "border.crossing {person: P2, direction: exit, post: ARUK} "
                                      "@2026-03-03T09:00 as a\nretract a @2026-03-04T09:00\n");
    world_init(&w, other_rules, NULL);
    for (size_t i = 0; i < 3; i++)
        expect(&j, i, "");
    assert_int_equal(buckets(&j), 1);
    assert_int_equal(ktg_engine_ruleset(j.engine, ++j.pos, ktg_buf_view(&w.bundle), &err), KTG_OK);
    assert_int_equal(ktg_engine_ruleset(j.engine, ++j.pos, ktg_buf_view(&j.world.bundle), &err),
                     KTG_OK);
    assert_int_equal(buckets(&j), 1); /* what was retracted was nowhere */
    world_done(&w);
    end(&j);
}

/* Two who were each met once are one: whoever met them is told why, though nothing of theirs came. */
static void test_company__of_a_merge_elsewhere_says_so(void **unused)
{
    (void)unused;
    struct journal j;
    begin(&j,
          CROSS("P1", "01T09:00") CROSS("P2", "01T09:00") CROSS("P1", "02T09:00")
              CROSS("P3", "02T09:00") "border.crossing {person: P2, direction: entry, post: BADAU, "
                                      "prev_doc: P3} @2026-03-05T09:00\n");
    for (size_t i = 0; i < 4; i++)
        expect(&j, i, "");
    ktg_buf_clear(&j.why);
    expect(&j, 4, "raise P1;raise P2;");
    assert_string_equal(ktg_buf_text(&j.why), "merge;merge;");
    end(&j);
}

static void test_company__no_memory_is_an_error(void **unused)
{
    (void)unused;
    bool ended = false;
    for (int64_t n = 0; !ended; n += n < 300 ? 1 : 29) {
        struct journal j;
        int rc = KTG_OK;
        begin(&j, "border.crossing {person: P1, direction: exit, post: ARUK} @2026-03-01T09:00\n"
                  "border.crossing {person: P2, direction: exit, post: ARUK, prev_doc: P3} "
                  "@2026-03-01T09:00 as a\n" CROSS("P1", "02T09:00") CROSS("P3", "02T09:00")
                      CROSS("P2", "02T09:01") "retract a @2026-03-03T09:00\n");
        ktg_mem_fail_after(n);
        for (size_t i = 0; i < j.count && !rc; i++)
            rc = step(&j, i);
        ended = ktg_mem_failed() == 0;
        ktg_mem_fail_after(-1);
        if (!ended && rc)
            assert_int_equal(rc, KTG_ENOMEM);
        end(&j);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_company__a_retraction_leaves_nothing_behind),
        cmocka_unit_test(test_company__an_event_dated_ahead_is_company_from_its_time),
        cmocka_unit_test(test_company__who_is_erased_was_not_there),
        cmocka_unit_test(test_company__answers_those_within_reach),
        cmocka_unit_test(test_company__another_rule_set_builds_it_anew),
        cmocka_unit_test(test_company__built_anew_it_holds_what_is_live),
        cmocka_unit_test(test_company__of_a_merge_elsewhere_says_so),
        cmocka_unit_test(test_company__no_memory_is_an_error)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
