/* tests/unit/rules/engine/test_many.c - hundreds of rules of which an event touches few: those that are not asked would
 * have said nothing.
 *
 * Random stories, seeded: late, corrected, taken back, joined by another document.  What the engine says when it asks every
 * rule that reads an event is compared, byte by byte, with what it says when it looks for the rules by traits.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>
#include <stdlib.h>

#include "rules/engine/op.h"
#include "rules/engine/trait_sets.h"
#include "tests/unit/rules/engine/world.h"

enum { RULES = 330, EVENTS = 150, POSTS = 12, PERSONS = 4, STORIES = 3 };

static const struct {
    const char *kind, *text; /* %d: a number of its own */
} forms[] = {
    {"person", "when: border.crossing as e where direction == \"entry\" && post == \"P%d\"\n"
               "unless: border.crossing where direction == \"exit\"\nby: e.occurred_at + "
               "duration(\"50h\")\n"},
    {"person", "when:\n  - border.crossing as a where direction == \"exit\" && post == \"P%d\"\n"
               "  - lodging.checkin as b\nwithin: 3d\n"},
    {"property", "count: lodging.checkin where room == \"R%d\"\nat least: 2\nwithin: 4d\n"
                 "with:\n  all: count lodging.checkin within 2d\nlet:\n  n: all\nupdate: change\n"},
    {"person",
     "when: border.crossing as e where post == \"P%d\"\nby: e.occurred_at + duration(\"30h\")\n"
     "moved by: border.crossing where mode == \"sea\" to deadline + duration(\"1h\")\n"
     "unless: lodging.checkin where property == \"H1\"\n"},
    {"person", "when: border.crossing as e where post == \"P%d\" && direction != \"exit\"\n"
               "until: border.crossing where direction == \"exit\"\n"},
    {"person", "with:\n  l: last border.crossing where post == \"P%d\"\n"
               "  x: last border.crossing where direction == \"exit\"\n"
               "while: l != null && (x == null || x.occurred_at < l.occurred_at)\n"},
    {"person",
     "count: distinct(mode) of border.crossing where post in [\"P%d\", \"P1\"]\nmore than: 1\n"
     "with:\n  s: last lodging.checkin\nwhile: s == null || s.property == \"H2\"\nupdate: daily\n"},
    {"person",
     "when: border.crossing as e where post == \"P%d\" && mode == \"air\"\nwhile: n >= 1\n"
     "with:\n  n: count border.crossing where direction == \"refused\" within 1d\nlet:\n  m: n\n"
     "update: daily\n"},
};

/* The first `count` forms, in turns. */
static const char *make_rules(size_t count, struct ktg_buf *b)
{
    for (size_t i = 0; i < RULES; i++) {
        const char *text = forms[i % count].text, *at = strstr(text, "%d");
        ktg_buf_printf(b, "%srule: r%zu\ntitle: {id: a, en: b}\nlevel: low\nper: %s\n%.*s%zu%s",
                       i ? "---\n" : "", i, forms[i % count].kind, (int)(at - text), text,
                       i / count, at + 2);
    }
    return ktg_buf_text(b);
}

static void put_time(struct ktg_buf *b, const char *before, ktg_time t)
{
    char at[KTG_INSTANT_TEXT];
    ktg_instant_format(t, 420, at);
    ktg_buf_printf(b, "%s%s", before, at);
}

static void put_event(struct random *r, struct ktg_buf *b)
{
    static const char *const directions[] = {"entry", "entry", "entry", "exit", "refused"};
    static const char *const modes[] = {"air", "sea", "land"};
    unsigned who = below(r, PERSONS);
    if (below(r, 3) == 0)
        ktg_buf_printf(b, "lodging.checkin {person: D%u, property: H%u, room: R%u}", who,
                       below(r, 3), below(r, POSTS));
    else
        ktg_buf_printf(b, "border.crossing {person: D%u, direction: %s, mode: %s, post: P%u%s}",
                       who, directions[below(r, 5)], modes[below(r, 3)], below(r, POSTS),
                       below(r, 20) ? "" : ", prev_doc: D9");
}

static void make_story(uint64_t seed, struct ktg_buf *b)
{
    struct random r = {seed * UINT64_C(0x9E3779B97F4A7C15) + 1};
    ktg_time t = INT64_C(1772323200000);
    for (int i = 0; i < EVENTS; i++) {
        t += (ktg_time)below(&r, 100) * 60000;
        uint32_t what = i < 10 ? 9 : below(&r, 10);
        if (what < 2) {
            ktg_buf_printf(b, "retract e%u", (unsigned)i - 1 - below(&r, 8));
            put_time(b, " @", t);
            ktg_buf_printf(b, " as e%d\n", i);
            continue;
        }
        put_event(&r, b);
        put_time(b, " @", t);
        if (below(&r, 4) == 0)
            put_time(b, " arrives ", t + (ktg_time)below(&r, 50) * 3600000);
        ktg_buf_printf(b, " as e%d", i);
        if (what == 2)
            ktg_buf_printf(b, " supersedes e%u", (unsigned)i - 1 - below(&r, 8));
        ktg_buf_put_str(b, "\n");
    }
    put_time(b, "clock @", t + 30 * KTG_DAY_MS);
    ktg_buf_put_str(b, "\n");
}

struct play {
    struct ktg_arena arena;
    const struct ktg_catalogue *catalogue;
    const struct ktg_story_step *steps;
    size_t count;
    struct ktg_bytes blobs[3 * EVENTS + 8]; /* by position */
    uint64_t pos;
    struct ktg_buf said;
    size_t ops;
};

static int event_at(void *arg, uint64_t pos, struct ktg_bytes *ret_blob)
{
    struct play *p = arg;
    if (pos > p->pos || !p->blobs[pos].size)
        return KTG_ENOTFOUND;
    *ret_blob = p->blobs[pos];
    return KTG_OK;
}

static int out(void *arg, const struct ktg_op *op)
{
    struct play *p = arg;
    p->ops++;
    ktg_buf_printf(&p->said, "%llu.%u ", (unsigned long long)op->pos, op->n);
    ktg_buf_put_bytes(&p->said, op->rule);
    ktg_buf_put_bytes(&p->said, op->payload);
    return ktg_buf_check(&p->said);
}

static uint64_t position(const struct play *p, const uint8_t *id)
{
    struct ktg_event e;
    for (uint64_t at = 1; id && at <= p->pos; at++)
        if (p->blobs[at].size && !ktg_event_read(p->catalogue, p->blobs[at], &e, NULL) &&
            !memcmp(e.id, id, KTG_ID_SIZE))
            return at;
    return 0;
}

static int step(struct play *p, struct ktg_engine *e, const struct ktg_story_step *s,
                struct ktg_err *err)
{
    struct ktg_event ev;
    int rc = ktg_engine_clock(e, ++p->pos, s->at, err);
    if (!rc && s->kind == KTG_STORY_EVENT) {
        p->blobs[++p->pos] = s->blob;
        assert_int_equal(ktg_event_read(p->catalogue, s->blob, &ev, NULL), KTG_OK);
        uint64_t target = position(p, ev.supersedes ? ev.supersedes : ev.retracts);
        rc = ktg_engine_event(e, p->pos, s->blob, target, err);
    }
    return rc ? rc : ktg_engine_settle(e, err);
}

static int by_arrival(const void *x, const void *y)
{
    const struct ktg_story_step *a = x, *b = y;
    return a->at != b->at ? (a->at > b->at) - (a->at < b->at) : a->line - b->line;
}

/* Another rule set at every EVERY-th step. */
struct changes {
    const struct world *sets;
    size_t count;
};
enum { EVERY = 13 };

static int change(struct play *p, struct ktg_engine *e, const struct changes *c, size_t step,
                  struct ktg_err *err)
{
    if (!c || !step || step % EVERY != 0)
        return KTG_OK;
    const struct world *w = &c->sets[step / EVERY % c->count];
    int rc = ktg_engine_ruleset(e, ++p->pos, ktg_buf_view(&w->bundle), err);
    return rc ? rc : ktg_engine_settle(e, err);
}

/* What is said.  From step `erase_at` on (0: never) the event at position `erased` is gone. */
static struct play play(const struct world *w, const char *story, enum ktg_answers_how how,
                        size_t erase_at, uint64_t erased, const struct changes *changes)
{
    struct play p = {.arena = KTG_ARENA_INIT, .catalogue = ktg_ruleset_catalogue(w->rs)};
    struct ktg_err err = KTG_ERR_INIT;
    struct ktg_state *state;
    struct ktg_engine *e;
    const struct ktg_engine_world outside = {
        .arg = &p, .event_at = event_at, .out = out, .answers = how};
    if (ktg_story_parse(p.catalogue, ktg_bytes_str(story), "story", 1, &p.arena, &p.steps, &p.count,
                        &err))
        fail_msg("%s", err.text);
    struct ktg_story_step *steps = ktg_arena_alloc(&p.arena, p.count * sizeof *steps);
    memcpy(steps, p.steps, p.count * sizeof *steps);
    qsort(steps, p.count, sizeof *steps, by_arrival);
    assert_int_equal(ktg_state_new(NULL, &state), KTG_OK);
    assert_int_equal(ktg_engine_new(state, &outside, &e, &err), KTG_OK);
    assert_int_equal(ktg_engine_clock(e, ++p.pos, steps[0].at - 1, &err), KTG_OK);
    assert_int_equal(ktg_engine_ruleset(e, ++p.pos, ktg_buf_view(&w->bundle), &err), KTG_OK);
    for (size_t i = 0; i < p.count; i++) {
        if (erase_at && i == erase_at)
            p.blobs[erased] = KTG_BYTES_NONE;
        if (change(&p, e, changes, i, &err) || step(&p, e, &steps[i], &err))
            fail_msg("line %d: %s", steps[i].line, err.text);
    }
    ktg_engine_free(e);
    ktg_state_free(state);
    return p;
}

static void end(struct play *p)
{
    ktg_buf_done(&p->said);
    ktg_arena_done(&p->arena);
}

static void same_in_all_ways(const struct world *w, uint64_t seed, const struct changes *changes)
{
    struct ktg_buf story = KTG_BUF_INIT;
    make_story(seed, &story);
    struct play each = play(w, ktg_buf_text(&story), KTG_ANSWERS_WHOLE, 0, 0, changes);
    assert_true(each.ops > 10);
    for (int how = KTG_ANSWERS_RECENT; how <= KTG_ANSWERS_SHORT; how++) {
        struct play few = play(w, ktg_buf_text(&story), (enum ktg_answers_how)how, 0, 0, changes);
        if (!ktg_bytes_eq(ktg_buf_view(&each.said), ktg_buf_view(&few.said)))
            fail_msg("seed %llu, way %d: something else is said", (unsigned long long)seed, how);
        end(&few);
    }
    end(&each);
    ktg_buf_done(&story);
}

static void test_many__rules_that_are_not_asked_had_nothing_to_say(void **unused)
{
    (void)unused;
    /* of deadlines alone not even the whole timeline is read */
    static const size_t counts[] = {KTG_COUNT(forms), 1};
    for (size_t i = 0; i < KTG_COUNT(counts); i++) {
        struct world w;
        struct ktg_buf rules = KTG_BUF_INIT;
        world_init(&w, make_rules(counts[i], &rules), NULL);
        for (uint64_t seed = 1; seed <= STORIES; seed++)
            same_in_all_ways(&w, seed, NULL);
        world_done(&w);
        ktg_buf_done(&rules);
    }
}

/* What no rule reads about a kind is on no timeline; a rule set that reads it for the first time finds it all the same, with
 * what was late, corrected and taken back before and after. */
static void test_many__another_rule_set_finds_what_was_not_placed(void **unused)
{
    (void)unused;
    static const char head[] = "title: {id: a, en: b}\nlevel: low\n";
    static const char *const counted[][3] = {
        /* per, what, at least */
        {"person", "border.crossing", "3"},
        {"document", "border.crossing", "4"},
        {"property", "lodging.checkin", "5"},
        {"post", "border.crossing where direction == \"entry\"", "3"},
        {"document", "lodging.checkin", "2"}};
    struct world sets[KTG_COUNT(counted)];
    for (size_t i = 0; i < KTG_COUNT(counted); i++) {
        struct ktg_buf b = KTG_BUF_INIT;
        for (size_t k = i; k < KTG_COUNT(counted) && k < i + 1 + (i > 0); k++)
            ktg_buf_printf(&b, "%srule: c%zu\n%sper: %s\ncount: %s\nat least: %s\nwithin: 9d\n",
                           k > i ? "---\n" : "", k, head, counted[k][0], counted[k][1],
                           counted[k][2]);
        world_init(&sets[i], ktg_buf_text(&b), NULL);
        ktg_buf_done(&b);
    }
    const struct changes changes = {sets, KTG_COUNT(sets)};
    for (uint64_t seed = 1; seed <= 4 * STORIES; seed++)
        same_in_all_ways(&sets[0], seed, &changes);
    for (size_t i = 0; i < KTG_COUNT(sets); i++)
        world_done(&sets[i]);
}

/* The crossing that a finding rests on is erased: the next event that the rule looks at takes it back. */
static void test_many__what_stands_is_asked_again_though_its_key_is_erased(void **unused)
{
    (void)unused;
    static const char rule[] = "rule: r\ntitle: {id: a, en: b}\nlevel: low\nper: person\n"
                               "when: border.crossing as e where post == \"P1\"\n"
                               "until: border.crossing where direction == \"exit\"\n";
    static const char story[] =
        "border.crossing {person: D1, direction: entry, post: P1} @2026-03-01T09:00\n"
        "border.crossing {person: D1, direction: exit, post: P2} @2026-03-02T09:00\n";
    struct world w;
    world_init(&w, rule, NULL);
    for (int how = KTG_ANSWERS_RECENT; how <= KTG_ANSWERS_SHORT; how++) {
        struct play p = play(&w, story, (enum ktg_answers_how)how, 1, 4, NULL);
        assert_int_equal(p.ops, 2); /* raised, withdrawn */
        end(&p);
    }
    world_done(&w);
}

static void test_trait_sets__equal_sets_are_one(void **unused)
{
    (void)unused;
    struct world w;
    struct ktg_buf rules = KTG_BUF_INIT, story = KTG_BUF_INIT;
    struct ktg_arena arena = KTG_ARENA_INIT;
    struct ktg_trait_sets sets = {.most = 1000};
    const struct ktg_story_step *steps;
    size_t count;
    struct ktg_err err = KTG_ERR_INIT;
    world_init(&w, make_rules(KTG_COUNT(forms), &rules), NULL);
    make_story(1, &story);
    assert_int_equal(ktg_story_parse(ktg_ruleset_catalogue(w.rs), ktg_buf_view(&story), "story", 1,
                                     &arena, &steps, &count, &err),
                     KTG_OK);
    for (size_t i = 0; i < count; i++) {
        struct ktg_event e;
        if (steps[i].kind != KTG_STORY_EVENT)
            continue;
        assert_int_equal(ktg_event_read(ktg_ruleset_catalogue(w.rs), steps[i].blob, &e, NULL),
                         KTG_OK);
        const uint64_t *own = ktg_ruleset_traits(w.rs, &e, &arena);
        const uint64_t *set, *again;
        assert_int_equal(ktg_trait_sets_of(&sets, w.rs, &e, &set), KTG_OK);
        assert_int_equal(ktg_trait_sets_of(&sets, w.rs, &e, &again), KTG_OK);
        size_t words = (ktg_ruleset_trait_count(w.rs, e.type->index) + 63) / 64;
        assert_memory_equal(own, set, words * sizeof *own);
        assert_ptr_equal(set, again);
    }
    assert_true(sets.count > 40 && sets.count < count);
    assert_true(ktg_trait_sets_are_many(&sets));
    ktg_trait_sets_drop(&sets);
    assert_false(ktg_trait_sets_are_many(&sets));
    ktg_arena_done(&arena);
    ktg_buf_done(&story);
    ktg_buf_done(&rules);
    world_done(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_many__rules_that_are_not_asked_had_nothing_to_say),
        cmocka_unit_test(test_many__another_rule_set_finds_what_was_not_placed),
        cmocka_unit_test(test_many__what_stands_is_asked_again_though_its_key_is_erased),
        cmocka_unit_test(test_trait_sets__equal_sets_are_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
