/* tests/unit/rules/engine/test_census.c - the shipped rates against what an engine holds of a country that they were not made from.
 *
 *     simulate, seed 2 ─> engine ─> timelines as answers read them ─> per rule: the most that lies within its reach
 *     rules/rates.yaml (seed 1) ─> estimate ──────────────────────────────┴─> within FACTOR of each other
 *
 * What lies beyond the twelve weeks that the country has goes on in proportion, there as here.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "producers/simulate/simulate.h"
#include "rules/engine/engine_parts.h"
#include "rules/engine/identity.h"
#include "rules/engine/replay.h"
#include "rules/estimate.h"
#include "rules/tests_model.h"
#include "tests/unit/rules/engine/world.h"

#define SEEN (84 * KTG_DAY_MS)
/* An estimate is SHORT_PERCENT of the truth at least and LONG times the truth at most: the next longer window may be four times as long;
 * 99th percentiles of several types are added, LONG_P99.  What is rarer than RARE thousandths, or of fewer than LEAST subjects, is too little
 * to tell two countries apart. */
enum { RARE = 200, SHORT_PERCENT = 80, LONG = 2, LONG_P99 = 4, SUBJECTS = 20000, LEAST = 100 };

struct country {
    struct ktg_simulate *s;
    struct ktg_buf line;
    struct ktg_rates *rates;
    size_t compared;
};

static int line(void *arg, struct ktg_bytes *ret_line)
{
    struct country *c = arg;
    struct ktg_simulate_event e;
    if (!ktg_simulate_next(c->s, &e))
        return KTG_ENOTFOUND;
    ktg_buf_clear(&c->line);
    ktg_simulate_print(&e, true, &c->line);
    *ret_line = ktg_buf_view(&c->line);
    return KTG_OK;
}
static int out(void *arg, const struct ktg_op *op)
{
    (void)arg, (void)op;
    return KTG_OK;
}

/* ---- the truth ---------------------------------------------------------------------------------------------------- */

struct subjects { /* of one kind, each name once */
    struct ktg_engine *e;
    struct ktg_arena arena;
    int kind;
    struct ktg_bytes names[SUBJECTS];
    size_t count;
};

static int take_subject(void *arg, struct ktg_bytes key, struct ktg_bytes value)
{
    struct subjects *s = arg;
    struct ktg_bytes kind, id, name;
    (void)value;
    assert_true(ktg_key_subject_parts(key, &kind, &id));
    if (ktg_catalogue_kind(s->e->view.catalogue, kind) != s->kind)
        return KTG_OK;
    name = id;
    if (s->kind == s->e->view.person_kind)
        assert_int_equal(ktg_identity_name(s->e->state, &s->arena, id, &name), KTG_OK);
    char *copy = ktg_arena_strndup(&s->arena, (const char *)name.data, name.size);
    assert_true(copy && s->count < SUBJECTS);
    s->names[s->count++] = ktg_bytes(copy, name.size);
    return KTG_OK;
}
static int by_name(const void *a, const void *b)
{
    return ktg_bytes_cmp(*(const struct ktg_bytes *)a, *(const struct ktg_bytes *)b);
}
static int by_size(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static void find_subjects(struct subjects *s, int kind)
{
    ktg_arena_reset(&s->arena);
    s->kind = kind;
    s->count = 0;
    assert_int_equal(ktg_state_scan(s->e->state, KTG_LIT("t"), take_subject, s), KTG_OK);
    qsort(s->names, s->count, sizeof *s->names, by_name);
    size_t kept = 0;
    for (size_t i = 0; i < s->count; i++)
        if (!kept || by_name(&s->names[kept - 1], &s->names[i]) != 0)
            s->names[kept++] = s->names[i];
    s->count = kept;
}

/* Does the rule read the entry: one that it reads whatever its age, or one of its reach? */
static bool reads(const struct ktg_rule *r, const struct ktg_entry *x, bool lasting)
{
    const struct ktg_reach *reach = ktg_rule_reach(r);
    bool lasts = !reach->is || (x->posted ? reach->findings : reach->types[x->event->type->index]);
    return lasts == lasting && (x->posted ? ktg_rule_reads_finding(r, x->posted->rule)
                                          : ktg_rule_reads_type(r, x->event->type->index));
}

/* The most of them within `back`, thousandths: seen in twelve weeks, and so on in proportion. */
static int64_t most(const struct ktg_rule *r, const struct ktg_timeline *t, bool lasting,
                    ktg_time back)
{
    ktg_time window = back < SEEN ? back : SEEN;
    int64_t best = 0, now = 0;
    for (size_t first = 0, last = 0; last < t->count; last++) {
        now += reads(r, &t->entries[last], lasting);
        for (; t->entries[first].at <= t->entries[last].at - window; first++)
            now -= reads(r, &t->entries[first], lasting);
        best = now > best ? now : best;
    }
    return best * 1000 * (back / KTG_DAY_MS) / (window / KTG_DAY_MS);
}

/* ---- against the estimate ----------------------------------------------------------------------------------------- */

static void compare(const char *what, int64_t most, const struct ktg_rule *r,
                    const struct ktg_estimate *e, int64_t truth, int64_t estimate)
{
    if (estimate * 100 < truth * SHORT_PERCENT || estimate > truth * most)
        fail_msg("%s per %s: %s is %" PRId64 ", the estimate is %" PRId64 " (thousandths)",
                 ktg_rule_name(r), e->kind, what, truth, estimate);
}

static void check_rule(struct country *c, struct subjects *s, const struct ktg_rule *r)
{
    static int64_t sizes[SUBJECTS];
    struct ktg_estimate e;
    ktg_estimate(r, s->kind, c->rates, &e);
    if (e.unknown[0] || s->count < LEAST)
        return;
    ktg_time back = e.back > KTG_DAY_MS ? e.back : KTG_DAY_MS; /* the shortest window there is */
    struct ktg_arena a = KTG_ARENA_INIT;
    int64_t sum = 0;
    for (size_t i = 0; i < s->count; i++) {
        struct ktg_timeline t;
        ktg_time from;
        assert_int_equal(ktg_timeline_build(&s->e->view, s->kind, s->names[i], KTG_LONG_AGO,
                                            ktg_engine_now(s->e), &a, &t, &from),
                         KTG_OK);
        sizes[i] = most(r, &t, true, KTG_YEAR_MS) + most(r, &t, false, back);
        sum += sizes[i];
        ktg_arena_reset(&a);
    }
    ktg_arena_done(&a);
    qsort(sizes, s->count, sizeof *sizes, by_size);
    if (sum / (int64_t)s->count < RARE)
        return;
    compare("the mean", LONG, r, &e, sum / (int64_t)s->count, e.entries.mean);
    compare("the 99th percentile", LONG_P99, r, &e, sizes[s->count - 1 - s->count / 100],
            e.entries.p99);
    c->compared++;
}

static int ask(void *arg, struct ktg_engine *e)
{
    struct country *c = arg;
    static struct subjects s;
    s = (struct subjects){.e = e, .arena = KTG_ARENA_INIT};
    const struct ktg_ruleset *rs = ktg_engine_rules(e);
    for (int kind = 0; kind < (int)ktg_catalogue_kind_count(e->view.catalogue); kind++) {
        find_subjects(&s, kind);
        for (size_t i = 0; i < ktg_ruleset_count(rs); i++)
            if (ktg_rule_kinds(ktg_ruleset_rule(rs, i)) >> kind & 1)
                check_rule(c, &s, ktg_ruleset_rule(rs, i));
    }
    ktg_arena_done(&s.arena);
    return KTG_OK;
}

static void test_rates__foretell_another_country(void **unused)
{
    (void)unused;
    const struct ktg_simulate_options country = {.scenario = "borneo-week", .seed = 2};
    struct country c = {.line = KTG_BUF_INIT};
    struct ktg_err err = KTG_ERR_INIT;
    struct ktg_files files = KTG_FILES_INIT;
    struct world w;
    world_init(&w, NULL, NULL);
    const struct ktg_replay_options o = {
        .arg = &c, .line = line, .out = out, .ask = ask, .until = KTG_LONG_AGO};
    int rc = ktg_files_read_one(&files, KTG_SOURCE_DIR "/rules/rates.yaml", "rates.yaml", &err);
    if (!rc)
        rc = ktg_rates_parse(files.at[0].text, "rates.yaml", &c.rates, &err);
    if (!rc)
        rc = ktg_simulate_new(&country, &c.s, &err);
    if (!rc)
        rc = ktg_replay(ktg_buf_view(&w.bundle), &o, NULL, &err);
    if (rc)
        fail_msg("%s", err.text);
    assert_true(c.compared >= 40);
    ktg_simulate_free(c.s);
    ktg_rates_free(c.rates);
    ktg_files_done(&files);
    ktg_buf_done(&c.line);
    world_done(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_rates__foretell_another_country)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
