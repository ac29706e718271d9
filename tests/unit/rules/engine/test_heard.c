/* tests/unit/rules/engine/test_heard.c - what a source vouches for, as its heartbeats say it one after the other.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "rules/engine/heard.h"

#include "runtime/mem.h"
#include "tests/unit/rules/engine/world.h"

static int type_of(const struct world *w, const char *name)
{
    const struct ktg_catalogue *c = ktg_ruleset_catalogue(w->rs);
    for (size_t t = 0; t < ktg_catalogue_type_count(c); t++)
        if (!strcmp(ktg_catalogue_type_at(c, (int)t)->name, name))
            return (int)t;
    fail_msg("no type %s", name);
    return -1;
}

/* Sources in the state, as after a restart. */
static struct ktg_heard *again(struct ktg_heard *h, struct ktg_state *s, const struct world *w)
{
    struct ktg_heard *other;
    ktg_heard_free(h);
    assert_int_equal(ktg_heard_new(s, &other), KTG_OK);
    ktg_heard_bind(other, ktg_ruleset_catalogue(w->rs));
    return other;
}

static void test_heard__a_source_vouches_for_what_its_heartbeats_say_together(void **unused)
{
    (void)unused;
    static const struct {
        const char *source, *type; /* NULL: no list */
        bool regime;               /* every need may be judged otherwise */
        bool crossing, checkin, licence, correction;
    } rows[] = {
        {"IMI.A", "lodging.checkin", true, false, true, false, false},
        {"IMI.A", "lodging.checkin", false, false, true, false, false},
        {"IMI.A", "border.crossing", true, true, true, false, false},
        {"IMI.A", NULL, true, true, true, false, true}, /* all that its agency may send */
        {"IMI.A", NULL, false, true, true, false, true},
        {"IMI.A", "lodging.checkin", false, true, true, false, true},
        {"IMI.A", "licence.status", true, true, true, true, true}, /* what it says counts, too */
        {"NOBODY.A", "lodging.checkin", true, false, true, false, false},
        {"NOBODY.A", NULL, true, true, true, true, true}, /* no type names it: bound by none */
    };
    struct world w;
    struct ktg_state *s;
    struct ktg_heard *h;
    world_init(&w, NULL, NULL);
    assert_int_equal(ktg_state_new(NULL, &s), KTG_OK);
    assert_int_equal(ktg_heard_new(s, &h), KTG_OK);
    ktg_heard_bind(h, ktg_ruleset_catalogue(w.rs));
    for (size_t i = 0; i < KTG_COUNT(rows); i++) {
        struct ktg_bytes type = ktg_bytes_str(rows[i].type ? rows[i].type : ""),
                         source = ktg_bytes_str(rows[i].source);
        struct ktg_beat beat = {
            .source = source, .period = 60, .types = &type, .type_count = rows[i].type != NULL};
        struct ktg_beat_news news;
        const struct {
            const char *type;
            bool sends;
        } asked[] = {{"border.crossing", rows[i].crossing},
                     {"lodging.checkin", rows[i].checkin},
                     {"licence.status", rows[i].licence},
                     {"correction", rows[i].correction}};
        assert_int_equal(ktg_heard_beat(h, &beat, &news), KTG_OK);
        if (news.regime != rows[i].regime)
            fail_msg("row %zu: regime", i);
        for (int restarted = 0; restarted < 2; restarted++) {
            for (size_t t = 0; t < KTG_COUNT(asked); t++)
                if (ktg_heard_sends(h, source, type_of(&w, asked[t].type)) != asked[t].sends)
                    fail_msg("row %zu: %s, %s a restart", i, asked[t].type,
                             restarted ? "after" : "before");
            if (!restarted)
                h = again(h, s, &w);
        }
    }
    ktg_heard_free(h);
    ktg_state_free(s);
    world_done(&w);
}

static void test_heard__only_a_source_with_a_heartbeat_is_under_a_regime(void **unused)
{
    (void)unused;
    struct ktg_state *s;
    struct ktg_heard *h;
    ktg_time at;
    bool grew;
    assert_int_equal(ktg_state_new(NULL, &s), KTG_OK);
    assert_int_equal(ktg_heard_new(s, &h), KTG_OK);
    assert_int_equal(ktg_heard_event(h, KTG_LIT("IMI.A"), 5, &grew), KTG_OK);
    assert_true(grew);
    assert_int_equal(ktg_heard_event(h, KTG_LIT("IMI.A"), 5, &grew), KTG_OK);
    assert_false(grew);
    assert_false(ktg_heard_of(h, KTG_LIT("IMI.A"), &at));
    assert_null(ktg_heard_runs(h, KTG_LIT("IMI.A")));
    struct ktg_beat_news news;
    struct ktg_beat beat = {.source = KTG_LIT("IMI.A"), .complete_until = 4, .period = 60};
    ktg_heard_free(h);
    assert_int_equal(ktg_heard_new(s, &h), KTG_OK);
    assert_int_equal(ktg_heard_beat(h, &beat, &news), KTG_OK);
    assert_false(news.grew);
    assert_true(ktg_heard_of(h, KTG_LIT("IMI.A"), &at));
    assert_int_equal(at, 5); /* of the event, which a restart did not forget */
    ktg_heard_free(h);
    ktg_state_free(s);
}

static void test_heard__a_run_and_an_absence_survive_a_restart(void **unused)
{
    (void)unused;
    struct ktg_state *s;
    struct ktg_heard *h;
    struct ktg_beat_news news;
    bool changed;
    struct ktg_beat beat = {.source = KTG_LIT("IMI.A"), .period = 60, .pos = 3};
    assert_int_equal(ktg_state_new(NULL, &s), KTG_OK);
    assert_int_equal(ktg_heard_new(s, &h), KTG_OK);
    assert_int_equal(ktg_heard_beat(h, &beat, &news), KTG_OK);
    beat.at = 10000000; /* heard of no later: only the run is new */
    assert_int_equal(ktg_heard_beat(h, &beat, &news), KTG_OK);
    assert_true(!news.grew && !news.regime && news.runs.changed);
    assert_int_equal(ktg_heard_away(h, 100, 200, 4, &changed), KTG_OK);
    assert_true(changed);
    assert_int_equal(ktg_heard_away(h, 120, 180, 5, &changed), KTG_OK);
    assert_false(changed);
    ktg_heard_free(h);
    assert_int_equal(ktg_heard_new(s, &h), KTG_OK);
    assert_int_equal(ktg_heard_runs(h, KTG_LIT("IMI.A"))->count, 2);
    const struct ktg_runs *away = ktg_heard_absences(h);
    assert_int_equal(away->count, 1);
    assert_true(away->at[0].from == 100 && away->at[0].until == 200);
    ktg_heard_free(h);
    ktg_state_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_heard__a_source_vouches_for_what_its_heartbeats_say_together),
        cmocka_unit_test(test_heard__only_a_source_with_a_heartbeat_is_under_a_regime),
        cmocka_unit_test(test_heard__a_run_and_an_absence_survive_a_restart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
