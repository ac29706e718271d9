/* tests/unit/rules/engine/test_outages.c - what is found of a source's silences, for years.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rules/engine/player.h"
#include "rules/engine/runs.h"
#include "rules/engine/standing.h"
#include "tests/unit/rules/engine/world.h"

static int count_ops(void *arg, const struct ktg_op *op)
{
    size_t *counts = arg; /* by kind */
    counts[op->kind]++;
    return KTG_OK;
}

static const char silent[] =
    "rule: silent\ntitle: {id: a, en: a}\nper: source\nstatus: shadow\n"
    "when: producer.heartbeat as h\nunless: producer.heartbeat or source.retired\n"
    "by: max(h.until + duration(\"5m\"), h.expected)\n"
    "moved by: centre.away as c where c.occurred_at <= deadline"
    " to deadline + (c.until - c.occurred_at)\n";

/* What a source was long ago is forgotten in the end, and is not taken back as if it had never been so. */
static void test_outages__those_without_room_leave_and_are_not_withdrawn(void **unused)
{
    (void)unused;
    enum { BEATS = KTG_RUNS_MOST + 3 };
    struct world w;
    struct ktg_err err = KTG_ERR_INIT;
    struct ktg_player *p;
    size_t counts[KTG_OP_NONE + 1] = {0};
    world_init(&w, silent, NULL);
    const struct ktg_player_options o = {
        .arg = counts, .out = count_ops, .ahead = KTG_DAY_MS, .lenient = true};
    assert_int_equal(ktg_player_new(ktg_buf_view(&w.bundle), &o, &p, &err), KTG_OK);
    for (size_t i = 0; i < BEATS; i++) {
        ktg_time at = (ktg_time)20000 * KTG_DAY_MS + (ktg_time)i * 600000;
        struct ktg_beat beat = {
            .source = KTG_LIT("IMI.ARUK.1"), .at = at, .complete_until = at, .period = 60};
        assert_int_equal(ktg_player_heartbeat(p, &beat, at, &err), KTG_OK);
        if (i < BEATS - KTG_RUNS_MOST) /* what leaves has a deadline that an absence moved */
            assert_int_equal(ktg_player_away(p, at + 120000, at + 180000, at + 120000, &err),
                             KTG_OK);
    }
    assert_int_equal(counts[KTG_OP_RAISE], BEATS - 1);
    assert_int_equal(counts[KTG_OP_AMEND], BEATS - 1); /* each ended */
    assert_int_equal(counts[KTG_OP_NONE], BEATS - KTG_RUNS_MOST);
    assert_int_equal(counts[KTG_OP_WITHDRAW], 0);
    ktg_player_free(p);
    world_done(&w);
}

/* ---- silences, absences and retirements against a plain model ----------------------------------------------------- */

#define BEGIN ((ktg_time)20000 * KTG_DAY_MS)
enum { END = 2400, MOST = 14, LIMIT = 300, VOUCHES = 120 }; /* s */

struct said { /* heartbeats at, absences from .. until, retirements at; s */
    enum { BEAT, AWAY, RETIRED } kind;
    int at, until;
};

static uint64_t draw(uint64_t *s)
{
    *s = *s * UINT64_C(6364136223846793005) + 1442695040888963407;
    return *s >> 33;
}

/* "301.001-500 ": in s, second by second: a source may be silent for LIMIT seconds in which somebody listens, unless it is
 * retired; if that comes later, it is the end. */
static void model(const struct said *list, size_t n, char *to, size_t size)
{
    bool beat[END + 1] = {false}, away[END + 1] = {false}, retired[END + 1] = {false};
    size_t used = 0;
    to[0] = 0;
    for (size_t i = 0; i < n; i++) {
        beat[list[i].at] |= list[i].kind == BEAT;
        retired[list[i].at] |= list[i].kind == RETIRED;
        for (int s = list[i].at; list[i].kind == AWAY && s < list[i].until && s <= END; s++)
            away[s] = true;
    }
    for (int last = 0; last <= END; last++) {
        int next = last + 1, t = last, listened = 0, end = last;
        if (!beat[last])
            continue;
        while (next <= END && !beat[next])
            next++;
        if (next <= last + VOUCHES && next <= END)
            continue;
        while (t <= END && (listened < LIMIT || away[t]))
            listened += !away[t++];
        while (end < next && end <= END && !retired[end])
            end++;
        if (t < end && t < END)
            used += (size_t)snprintf(to + used, size - used, end <= END ? "%d.001-%d " : "%d.001- ",
                                     t, end);
    }
}

static int put_standing(void *arg, struct ktg_bytes rule, struct ktg_bytes kind,
                        struct ktg_bytes subject, const struct ktg_standing *f)
{
    char *to = arg;
    size_t used = strlen(to);
    (void)rule, (void)kind, (void)subject;
    int from = (int)(f->from - BEGIN), until = (int)(f->until - BEGIN);
    snprintf(to + used, 512 - used, f->until == KTG_NEVER ? "%d.%03d- " : "%d.%03d-%d ",
             from / 1000, from % 1000, until / 1000);
    return KTG_OK;
}

struct playing {
    size_t counts[KTG_OP_NONE + 1];
    struct ktg_ruleset *rs;
};

static int count_played(void *arg, const struct ktg_op *op)
{
    return count_ops(((struct playing *)arg)->counts, op);
}

static int compiled(void *arg, struct ktg_bytes bundle, struct ktg_ruleset **ret_rs)
{
    (void)bundle; /* there is one */
    *ret_rs = ktg_ruleset_share(((struct playing *)arg)->rs);
    return KTG_OK;
}

/* Each comes at its own time, or all at the end in the order given. */
static void play(const struct world *w, const struct said *list, size_t n, bool late, bool restarts,
                 char *to)
{
    struct ktg_err err = KTG_ERR_INIT;
    struct ktg_player *p;
    struct playing x = {.rs = w->rs};
    const struct ktg_player_options o = {.arg = &x,
                                         .out = count_played,
                                         .ahead = KTG_DAY_MS,
                                         .lenient = true,
                                         .restarts = restarts,
                                         .compiled = compiled};
    assert_int_equal(ktg_player_new(ktg_buf_view(&w->bundle), &o, &p, &err), KTG_OK);
    for (size_t i = 0; i < n; i++) {
        ktg_time at = BEGIN + list[i].at * 1000, comes = late ? BEGIN + END * 1000 : at;
        struct ktg_beat beat = {
            .source = KTG_LIT("IMI.ARUK.1"), .at = at, .complete_until = at, .period = 60};
        const struct ktg_retirement word = {beat.source, at, true};
        assert_int_equal(list[i].kind == AWAY
                             ? ktg_player_away(p, at, BEGIN + list[i].until * 1000, comes, &err)
                         : list[i].kind == RETIRED ? ktg_player_retired(p, &word, comes, &err)
                                                   : ktg_player_heartbeat(p, &beat, comes, &err),
                         KTG_OK);
    }
    assert_int_equal(ktg_player_reach(p, BEGIN + END * 1000, &err), KTG_OK);
    to[0] = 0;
    assert_int_equal(ktg_engine_standing(ktg_player_engine(p), put_standing, to), KTG_OK);
    ktg_player_free(p);
}

static int by_time(const void *x, const void *y)
{
    const struct said *a = x, *b = y;
    return (a->at > b->at) - (a->at < b->at);
}

static int by_from(const void *x, const void *y)
{
    return atoi(*(char *const *)x) - atoi(*(char *const *)y);
}

/* Standing findings are in order of their anchors. */
static void sort_words(char *text)
{
    char copy[512], *words[64], *save = NULL;
    size_t n = 0;
    snprintf(copy, sizeof copy, "%s", text);
    for (char *x = strtok_r(copy, " ", &save); x && n < COUNT(words);
         x = strtok_r(NULL, " ", &save))
        words[n++] = x;
    qsort(words, n, sizeof *words, by_from);
    text[0] = 0;
    for (size_t i = 0; i < n; i++)
        snprintf(text + strlen(text), 512 - strlen(text), "%s ", words[i]);
}

static void test_outages__only_the_time_in_which_somebody_listened_counts(void **unused)
{
    (void)unused;
    struct world w;
    uint64_t seed = 11;
    size_t moved = 0, ended = 0;
    world_init(&w, silent, NULL);
    for (int round = 0; round < 60; round++) {
        struct said list[MOST], order[MOST], alone[MOST];
        size_t n = 2 + draw(&seed) % (MOST - 2), rest = 0, retired = 0;
        char want[512], without[512], got[512];
        for (size_t i = 0; i < n; i++) {
            uint64_t kind = draw(&seed) % 6;
            list[i] = (struct said){kind < 3   ? BEAT
                                    : kind < 5 ? AWAY
                                               : RETIRED,
                                    (int)(draw(&seed) % (END / 30)) * 30, 0};
            list[i].until = list[i].at + 30 + (int)(draw(&seed) % 20) * 30;
            if (list[i].kind != AWAY)
                alone[rest++] = list[i];
            retired += list[i].kind == RETIRED;
        }
        qsort(list, n, sizeof *list, by_time);
        model(list, n, want, sizeof want);
        model(alone, rest, without, sizeof without);
        moved += strcmp(want, without) != 0;
        for (size_t i = rest = 0; i < n; i++)
            if (list[i].kind != RETIRED)
                alone[rest++] = list[i];
        model(alone, rest, without, sizeof without);
        ended += retired && strcmp(want, without) != 0;
        for (int way = 0; way < 4;
             way++) { /* live or in any order, and over restarts now and then */
            memcpy(order, list, sizeof list);
            for (size_t i = n; way >= 2 && i > 1; i--) {
                size_t k = draw(&seed) % i;
                struct said x = order[i - 1];
                order[i - 1] = order[k];
                order[k] = x;
            }
            play(&w, order, n, way >= 2, way % 2 && round % 10 == 0, got);
            sort_words(got);
            if (strcmp(got, want) != 0)
                fail_msg("round %d, way %d: '%s' in place of '%s'", round, way, got, want);
        }
    }
    assert_true(moved > 12 && ended > 12); /* neither absences nor retirements are an ornament */
    world_done(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_outages__those_without_room_leave_and_are_not_withdrawn),
        cmocka_unit_test(test_outages__only_the_time_in_which_somebody_listened_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
