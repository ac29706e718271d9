/* tests/unit/rules/engine/test_amid.c - what happens in the midst of something else: late, corrected, merged, split, silent,
 * retired, in the same millisecond, ahead of the clock, under another rule set, over a restart.
 *
 *     a random story ──> whole answers                     ─┐
 *                    ├─> the end of timelines               ├─ the same, byte by byte
 *                    ├─> the end of however short ones      │
 *                    └─> each over a restart at every step ─┘
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>
#include <stdlib.h>

#include "rules/engine/player.h"
#include "rules/engine/replay.h"
#include "runtime/hash.h"
#include "tests/unit/rules/engine/world.h"

enum { LINES = 110, STORIES = 3, SETS = 3, EVERY = 19, AHEAD = 240000 };

#define HEAD  "title: {id: a, en: b}\nlevel: low\n"
#define THEN  "---\n"
#define ENTRY "border.crossing where direction == \"entry\""
#define EXIT  "border.crossing where direction == \"exit\""

static const char stays[] = /* deadlines, steps, states, what they post, and what is made of that */
    "rule: overstay\nper: person\n" HEAD "when: border.crossing as e where direction == \"entry\"\n"
    "unless: border.crossing where direction in [\"entry\", \"exit\"]\n"
    "by: end_of_day(e.permitted_until)\nmoved by:\n"
    "  - permit.status as p where p.action == \"extended\" to end_of_day(p.until)\nupdate: daily\n"
    "let:\n  n: civil_days_since(deadline)\n  more: extended\n"
    "with:\n  extended: count permit.status where action == \"extended\" within 9d\n"
    "needs:\n  - border.crossing fresh within 6h\n" THEN "rule: soon\nper: person\n" HEAD
    "when:\n  - border.crossing as a where has(a.post)\n"
    "  - border.crossing as b where b.post != a.post\nunless: lodging.checkin\nwithin: 36h\n"
    "let:\n  before: stay.post\n  flags: size(all)\n"
    "with:\n  stay: open " ENTRY " until " EXIT "\n  all: all finding.here\n"
    "needs:\n  - lodging.checkin fresh within 12h from all\n" THEN
    "rule: late-guest\nper: person\n" HEAD "when: lodging.checkin as r\nunless: " EXIT "\n"
    "by: r.occurred_at + duration(\"50h\")\nwhere: seen >= 1\n"
    "with:\n  seen: count border.crossing within 4d\nabout:\n  property: r.property\n"
    "needs:\n  - border.crossing fresh within 12h from all\n" THEN
    "rule: here\nper: person\nstatus: internal\nwith:\n"
    "  stay: open " ENTRY " until " EXIT " past occurred_at + days(3)\n"
    "while: stay != null\nupdate: change\nlet:\n  post: stay.post\nabout:\n  property: "
    "stays.map(s, s.property)\n" THEN "rule: often\nper: person\n" HEAD
    "count: distinct(post) of border.crossing\nat least: 2\n"
    "within: 2d\n" THEN "rule: both\nper: person\n" HEAD
    "score: {from: [here, often], at least: 2.0, flags at least: 2, within: 5d}\n" THEN
    "rule: lasting\nper: person\n" HEAD
    "with:\n  ever: count finding.here\nwhile: ever >= %d\nlet:\n  n: ever\n" THEN
    "rule: company\nper: person\n" HEAD "together:\n  of: border.crossing\n  at: [post]\n"
    "  span: 2h\n  times: 1\n  persons: 2\n  within: 6d\n" THEN "rule: guests\nper: property\n" HEAD
    "with:\n  told: count finding.late-guest or finding.here\n  lately: count lodging.checkin "
    "within 3d\nwhile: told >= 1 && lately >= 2\nlet:\n  n: told\n" THEN
    "rule: alike\nper: person\n" HEAD "with:\n  hits: match(name, watched) at least 70\n"
    "  told: count finding.here within 3d\nwhile: size(hits) > 0\nlet:\n  n: told\n" THEN
    "rule: alike-here\nper: person\n" HEAD "with:\n  hits: match(name, watched) at least 70\n"
    "  told: all finding.alike\n  lived: count finding.here within 3d\n"
    "while: size(hits) > 0 && size(told) > 0\nlet:\n  n: size(told) + lived\n" THEN
    "define: person\nwith:\n  stays: all lodging.checkin within 4d\n"
    "  watched: open(entry) watchlist.entry(like) as w where w.op == \"add\" until "
    "watchlist.entry(like) as w where w.op == \"remove\"\n";
static const char houses[] = THEN
    "rule: house\nper: property\n" HEAD "count: distinct(person) of lodging.checkin\nat least: 2\n"
    "within: 3d\nneeds:\n  - lodging.checkin fresh within 12h\n" THEN "rule: post\nper: post\n" HEAD
    "count: border.crossing\nat least: 3\nwithin: 1d\n" THEN "rule: quiet\nper: source\n" HEAD
    "when: producer.heartbeat as b\n"
    "unless: producer.heartbeat or source.retired\nby: b.until + duration(\"1h\")\n";

static void set_init(struct world *w, int which)
{
    struct ktg_buf b = KTG_BUF_INIT;
    ktg_buf_printf(&b, stays, which == 1 ? 3 : 2);
    if (which != 1)
        ktg_buf_put_str(&b, houses);
    world_init(w, ktg_buf_text(&b), NULL);
    ktg_buf_done(&b);
}

static void put_time(struct ktg_buf *b, const char *before, ktg_time t)
{
    char at[KTG_INSTANT_TEXT];
    ktg_instant_format(t, 420, at);
    ktg_buf_printf(b, "%s%s", before, at);
}

static const ktg_time begin = INT64_C(1772323200000);

static void put_event(struct random *r, struct ktg_buf *b, ktg_time t)
{
    static const char *const directions[] = {"entry", "entry", "exit", "refused"};
    unsigned who = below(r, 5);
    char until[KTG_INSTANT_TEXT];
    ktg_instant_format(t + (ktg_time)below(r, 4) * KTG_DAY_MS, 420, until);
    switch (below(r, 7)) {
    case 6:
        ktg_buf_printf(b,
                       "watchlist.entry {op: %s, entry: W%u, list: interest, action: refer, names: "
                       "[{surname: ERIKSSON, given: %s}]}",
                       below(r, 3) ? "add" : "remove", below(r, 2), below(r, 2) ? "ANNA" : "ANA");
        break;
    case 0:
        ktg_buf_printf(b, "permit.status {person: D%u, action: extended, until: %.10s}", who,
                       until);
        break;
    case 1:
    case 2:
        ktg_buf_printf(b, "lodging.checkin {person: D%u, property: H%u}", who, below(r, 2));
        break;
    default:
        ktg_buf_printf(b, "border.crossing {person: D%u, direction: %s, post: P%u", who,
                       directions[below(r, 4)], below(r, 3));
        if (below(r, 3))
            ktg_buf_printf(b, ", permitted_until: %.10s", until);
        if (who < 2)
            ktg_buf_put_str(b, ", surname: ERIKSSON, given: ANNA");
        ktg_buf_printf(b, below(r, 7) ? "}" : ", prev_doc: D%u}", below(r, 5));
    }
}

static void put_word(struct random *r, struct ktg_buf *b, ktg_time t)
{
    static const char *const sources[] = {"IMI.TEST", "APOA.TEST", "APOA.OTHER"};
    const char *source = sources[below(r, 3)];
    switch (below(r, 5)) {
    case 0:
        ktg_buf_printf(b, "retired %s", source);
        put_time(b, " at ", t);
        break;
    case 1:
        put_time(b, "away ", t - 3600000);
        put_time(b, " until ", t);
        break;
    default:
        ktg_buf_printf(b, "heartbeat %s", source);
        put_time(b, " @", t - (ktg_time)below(r, 3) * 3600000);
        ktg_buf_put_str(b, " every 600");
        put_time(b, " arrives ", t);
    }
    ktg_buf_put_str(b, "\n");
}

/* One of the latest eight events. */
static unsigned earlier(struct random *r, const int *events, size_t count)
{
    return (unsigned)events[count - 1 - below(r, count < 8 ? (uint32_t)count : 8)];
}

/* Ids grow by line, so what corrects stands behind what it corrects. */
static void make_story(uint64_t seed, struct ktg_buf *b)
{
    static const int32_t later[] = {0, 0, 0, 0, 0, 1, 60000, 7200000, 86400000, 400000000};
    struct random r = {seed * UINT64_C(0x9E3779B97F4A7C15) + 1};
    ktg_time t = begin, latest = begin;
    int events[LINES];
    size_t count = 0;
    for (int i = 0; i < LINES; i++) {
        if (below(&r, 4)) /* else the same millisecond */
            t += (ktg_time)below(&r, 12) * 1800000;
        ktg_time arrives = t + later[below(&r, KTG_COUNT(later))];
        uint32_t what = i < 10 ? 9 : below(&r, 10);
        if (what < 1) {
            put_word(&r, b, t);
            continue;
        }
        if (what < 3) {
            ktg_buf_printf(b, "retract e%u", earlier(&r, events, count));
            put_time(b, " @", t);
        } else {
            put_event(&r, b, t);
            bool ahead = below(&r, 12) == 0; /* sent before its time */
            put_time(b, " @", t + (ahead ? AHEAD : 0));
            put_time(b, " arrives ", ahead ? t : arrives);
        }
        ktg_buf_printf(b, " as e%d", i);
        if (what == 3)
            ktg_buf_printf(b, " supersedes e%u", earlier(&r, events, count));
        ktg_buf_put_str(b, "\n");
        events[count++] = i;
        latest = arrives > latest ? arrives : latest;
    }
    put_time(b, "clock @", latest + 20 * KTG_DAY_MS);
    ktg_buf_put_str(b, "\n");
}

struct story {
    struct ktg_arena arena;
    struct ktg_buf text;          /* the steps point into it */
    struct ktg_story_step *steps; /* as they arrive */
    size_t count;
};

static int by_arrival(const void *x, const void *y)
{
    const struct ktg_story_step *a = x, *b = y;
    return a->at != b->at ? (a->at > b->at) - (a->at < b->at) : a->line - b->line;
}

static void read_story(uint64_t seed, const struct ktg_catalogue *c, struct story *ret_s)
{
    struct ktg_err err = KTG_ERR_INIT;
    const struct ktg_story_step *steps;
    struct story s = {.arena = KTG_ARENA_INIT, .text = KTG_BUF_INIT};
    make_story(seed, &s.text);
    if (ktg_story_parse(c, ktg_buf_view(&s.text), "story", 1, &s.arena, &steps, &s.count, &err))
        fail_msg("%s", err.text);
    s.steps = ktg_arena_alloc(&s.arena, s.count * sizeof *s.steps);
    memcpy(s.steps, steps, s.count * sizeof *s.steps);
    qsort(s.steps, s.count, sizeof *s.steps, by_arrival);
    *ret_s = s;
}

struct play {
    const struct world *sets;
    struct ktg_buf said;
};

static int out(void *arg, const struct ktg_op *op)
{
    struct ktg_buf *said = &((struct play *)arg)->said, line = KTG_BUF_INIT;
    int rc = ktg_op_print(op, &line);
    ktg_buf_printf(said, "%llu.%u %016llx ", (unsigned long long)op->pos, op->n,
                   (unsigned long long)ktg_hash64(op->payload.data, op->payload.size, 0));
    ktg_buf_put_bytes(said, ktg_buf_view(&line));
    ktg_buf_put_str(said, "\n");
    ktg_buf_done(&line);
    return rc ? rc : ktg_buf_check(said);
}

/* So that a restart costs no compiling. */
static int compiled(void *arg, struct ktg_bytes bundle, struct ktg_ruleset **ret_rs)
{
    const struct play *p = arg;
    for (int i = 0; i < SETS; i++)
        if (ktg_bytes_eq(bundle, ktg_buf_view(&p->sets[i].bundle))) {
            *ret_rs = ktg_ruleset_share(p->sets[i].rs);
            return KTG_OK;
        }
    return KTG_ENOTFOUND;
}

static int take(struct ktg_player *p, const struct ktg_story_step *s, struct ktg_err *err)
{
    bool again;
    switch (s->kind) {
    case KTG_STORY_EVENT:
        return ktg_player_event(p, s->blob, s->at, &again, err);
    case KTG_STORY_HEARTBEAT:
        return ktg_player_heartbeat(p,
                                    &(struct ktg_beat){.source = s->name,
                                                       .at = s->happens,
                                                       .complete_until = s->happens,
                                                       .period = s->period},
                                    s->at, err);
    case KTG_STORY_AWAY:
        return ktg_player_away(p, s->happens, s->until, s->at, err);
    case KTG_STORY_RETIRED:
        return ktg_player_retired(p, &(struct ktg_retirement){s->name, s->happens, !s->undone},
                                  s->at, err);
    default:
        return ktg_player_reach(p, s->at, err);
    }
}

/* What is said, under one rule set after the other. */
static struct ktg_buf play(const struct world *sets, const struct story *s,
                           enum ktg_answers_how how, bool restarts)
{
    struct play play = {sets, KTG_BUF_INIT};
    struct ktg_err err = KTG_ERR_INIT;
    struct ktg_player *p;
    const struct ktg_player_options o = {.arg = &play,
                                         .out = out,
                                         .compiled = compiled,
                                         .ahead = AHEAD,
                                         .lenient = true,
                                         .tell_internal = true,
                                         .answers = how,
                                         .restarts = restarts};
    if (ktg_player_new(ktg_buf_view(&sets[0].bundle), &o, &p, &err))
        fail_msg("%s", err.text);
    for (size_t i = 0; i < s->count; i++) {
        const struct world *next = i % EVERY == EVERY - 1 ? &sets[(i / EVERY + 1) % SETS] : NULL;
        int rc = next ? ktg_player_ruleset(p, ktg_buf_view(&next->bundle), s->steps[i].at, &err)
                      : KTG_OK;
        if (rc || take(p, &s->steps[i], &err))
            fail_msg("line %d: %s", s->steps[i].line, err.text);
    }
    ktg_player_free(p);
    return play.said;
}

/* The first line that is another. */
static void differ(uint64_t seed, int how, bool restarts, struct ktg_buf *a, struct ktg_buf *b)
{
    const char *x = ktg_buf_text(a), *y = ktg_buf_text(b);
    size_t at = 0, line = 0;
    for (; x[at] && x[at] == y[at]; at++)
        line = x[at] == '\n' ? at + 1 : line;
    fail_msg("seed %llu, way %d%s:\n%.*s\n%.*s", (unsigned long long)seed, how,
             restarts ? " over restarts" : "", (int)strcspn(x + line, "\n"), x + line,
             (int)strcspn(y + line, "\n"), y + line);
}

static void test_amid__whatever_happens_meanwhile_the_same_is_said(void **unused)
{
    (void)unused;
    const char *scale = getenv("KTG_PROVE_SCALE");
    uint64_t stories = STORIES * (scale ? (uint64_t)atoi(scale) : 1);
    struct world sets[SETS];
    size_t told = 0;
    for (int i = 0; i < SETS; i++)
        set_init(&sets[i], i);
    for (uint64_t seed = 1; seed <= stories; seed++) {
        struct story s;
        read_story(seed, ktg_ruleset_catalogue(sets[0].rs), &s);
        struct ktg_buf whole = play(sets, &s, KTG_ANSWERS_WHOLE, false);
        told += whole.size;
        for (int how = KTG_ANSWERS_RECENT; how <= KTG_ANSWERS_SHORT; how++)
            for (int restarts = 0; restarts < 2; restarts++) {
                struct ktg_buf other = play(sets, &s, (enum ktg_answers_how)how, restarts);
                if (!ktg_bytes_eq(ktg_buf_view(&whole), ktg_buf_view(&other)))
                    differ(seed, how, restarts, &whole, &other);
                ktg_buf_done(&other);
            }
        ktg_buf_done(&whole);
        ktg_arena_done(&s.arena);
        ktg_buf_done(&s.text);
    }
    assert_true(told > 1000);
    for (int i = 0; i < SETS; i++)
        world_done(&sets[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_amid__whatever_happens_meanwhile_the_same_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
