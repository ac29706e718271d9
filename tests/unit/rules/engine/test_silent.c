/* tests/unit/rules/engine/test_silent.c - who is missed now, and what is unknown for want of it.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>

#include "rules/engine/player.h"
#include "rules/engine/silent.h"
#include "tests/unit/rules/engine/world.h"

/* One rule waits for crossings; one that is on trial waits for marriages. */
#define LOST(name, status, type)                                                   \
    "rule: " name "\ntitle: {id: a, en: a}\nper: document\nstatus: " status        \
    "\nlevel: medium\nto: [IMI]\nwhen: document.status where status == \"lost\"\n" \
    "needs: [\"" type " fresh within 5m from all\"]\n"                             \
    "disproved by: {id: a, en: a}\n"                                               \
    "tests:\n  - name: lost\n    events: |\n"                                      \
    "      document.status {doc: P1, status: lost} @2026-03-01T09:00+07:00\n"      \
    "    expect: |\n      raise " name " P1 @2026-03-01T09:00+07:00\n"             \
    "  - name: found\n    events: |\n"                                             \
    "      document.status {doc: P1, status: found} @2026-03-01T09:00+07:00\n"     \
    "    expect: []\n"
static const char rules[] =
    LOST("lost", "live", "border.crossing") "---\n" LOST("trial", "shadow", "marriage.registered");

#define BEAT  "heartbeat IMI.A.1 @2026-03-01T09:00+07:00 sends border.crossing\n"
#define OTHER "heartbeat KUA.B.1 @2026-03-01T09:00+07:00 sends marriage.registered\n"
#define LOSE \
    "document.status {doc: P1, status: lost} @2026-03-01T09:20+07:00 from POL.C.1 as lost\n"
#define LATER "clock @2026-03-01T09:30+07:00\n"

static const struct {
    const char *story;
    struct ktg_silent want;
} rows[] = {
    {"clock @2026-03-01T09:00+07:00\n", {0, 0, 0, 0}},
    /* a heartbeat vouches for two minutes ... */
    {BEAT "clock @2026-03-01T09:02+07:00\n", {1, 0, 0, 0}},
    {BEAT "clock @2026-03-01T09:02:00.001+07:00\n", {1, 1, 0, 0}},
    /* ... or for two of the periods that it promises */
    {"heartbeat IMI.A.1 @2026-03-01T09:00+07:00 every 600 sends border.crossing\n"
     "clock @2026-03-01T09:20+07:00\n",
     {1, 0, 0, 0}},
    /* nobody listened: not its silence */
    {BEAT "away 2026-03-01T09:01+07:00 until 2026-03-01T09:30+07:00\n"
          "clock @2026-03-01T09:31+07:00\n",
     {1, 0, 0, 0}},
    {BEAT "away 2026-03-01T09:01+07:00 until 2026-03-01T09:30+07:00\n"
          "clock @2026-03-01T09:32+07:00\n",
     {1, 1, 0, 0}},
    /* whom no live rule waits for is not missed */
    {OTHER LATER, {0, 0, 0, 0}},
    {BEAT OTHER LATER, {1, 1, 0, 0}},
    /* it holds the finding of the live rule; what is on trial nobody misses */
    {BEAT LOSE LATER, {1, 1, 1, 1}},
    {BEAT OTHER LOSE LATER, {1, 1, 1, 1}},
    {BEAT LOSE
     "document.status {doc: P2, status: lost} @2026-03-01T09:21+07:00 from POL.C.1\n" LATER,
     {1, 1, 2, 2}},
    {BEAT LOSE LATER "retract lost @2026-03-01T09:31+07:00\n", {1, 1, 0, 0}},
    {BEAT LOSE LATER "heartbeat IMI.A.1 @2026-03-01T09:30+07:00 sends border.crossing\n",
     {1, 0, 0, 0}},
    /* who is retired is missed no more, until it is heard, or the word taken back */
    {BEAT LOSE LATER "retired IMI.A.1 at 2026-03-01T09:30+07:00\n", {0, 0, 0, 0}},
    {BEAT LOSE LATER "retired IMI.A.1 at 2026-03-01T09:30+07:00\n"
                     "restored IMI.A.1 at 2026-03-01T09:31+07:00\n",
     {1, 1, 1, 1}},
};

static int compiled(void *arg, struct ktg_bytes bundle, struct ktg_ruleset **ret_rs)
{
    (void)bundle; /* there is one */
    *ret_rs = ktg_ruleset_share(((struct world *)arg)->rs);
    return KTG_OK;
}

static int take(struct ktg_player *p, const struct ktg_story_step *s, struct ktg_err *err)
{
    const struct ktg_retirement word = {s->name, s->happens, !s->undone};
    const struct ktg_beat beat = {s->name, s->happens, s->happens,   s->period,
                                  0,       s->types,   s->type_count};
    bool again;
    switch (s->kind) {
    case KTG_STORY_CLOCK:
        return ktg_player_reach(p, s->at, err);
    case KTG_STORY_HEARTBEAT:
        return ktg_player_heartbeat(p, &beat, s->at, err);
    case KTG_STORY_AWAY:
        return ktg_player_away(p, s->happens, s->until, s->at, err);
    case KTG_STORY_RETIRED:
        return ktg_player_retired(p, &word, s->at, err);
    default:
        return ktg_player_event(p, s->blob, s->at, &again, err);
    }
}

static int pass_over(void *arg, const struct ktg_op *op)
{
    (void)arg, (void)op;
    return KTG_OK;
}

static struct ktg_silent play(struct world *w, const char *story, bool restarts)
{
    struct ktg_arena a = KTG_ARENA_INIT;
    struct ktg_err err = KTG_ERR_INIT;
    struct ktg_player *p;
    const struct ktg_story_step *steps;
    size_t count;
    const struct ktg_player_options o = {.arg = w,
                                         .out = pass_over,
                                         .ahead = KTG_DAY_MS,
                                         .lenient = true,
                                         .restarts = restarts,
                                         .compiled = compiled};
    if (ktg_story_parse(ktg_ruleset_catalogue(w->rs), ktg_bytes_str(story), "story", 1, &a, &steps,
                        &count, &err) ||
        ktg_player_new(ktg_buf_view(&w->bundle), &o, &p, &err))
        fail_msg("%s", err.text);
    for (size_t i = 0; i < count; i++)
        if (take(p, &steps[i], &err))
            fail_msg("line %d: %s", steps[i].line, err.text);
    struct ktg_silent got = ktg_engine_silent(ktg_player_engine(p));
    ktg_player_free(p);
    ktg_arena_done(&a);
    return got;
}

static void test_silent__who_is_missed_and_what_is_unknown_for_it(void **unused)
{
    (void)unused;
    struct world w;
    world_init(&w, rules, NULL);
    for (size_t i = 0; i < KTG_COUNT(rows); i++)
        for (int restarts = 0; restarts < 2; restarts++) {
            const struct ktg_silent *want = &rows[i].want, got = play(&w, rows[i].story, restarts);
            if (got.awaited != want->awaited || got.silent != want->silent ||
                got.held != want->held || got.unknown != want->unknown)
                fail_msg("row %zu, %d: %zu awaited, %zu silent, %zu held, %zu unknown", i, restarts,
                         got.awaited, got.silent, got.held, got.unknown);
        }
    world_done(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_silent__who_is_missed_and_what_is_unknown_for_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
