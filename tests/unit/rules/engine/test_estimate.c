/* tests/unit/rules/engine/test_estimate.c - the estimated state of a rule, worked out by hand; what is counted to make rates.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "rules/estimate.h"

#include <stdio.h>

#include "rules/engine/census.h"
#include "rules/engine/replay.h"
#include "rules/engine/weight.h"
#include "rules/tests_model.h"
#include "tests/unit/rules/engine/world.h"

static const char *const by_hand =
    "events: 10\ndays: 30\nwindows: [1, 7, 28]\nfinding: {mean: 200.5, p99: 400}\n"
    "kinds:\n"
    "  property:\n    subjects: 3\n    name: 4.5\n    entries:\n"
    "      lodging.checkin: {mean: [2, 5.5, 10], p99: [4, 20, 40]}\n"
    "      licence.status: {mean: [0.1, 0.1, 0.2], p99: [1, 1, 1]}\n"
    "  person:\n    subjects: 9\n    name: 12\n    entries:\n"
    "      border.crossing: {mean: [1, 1, 3], p99: [2, 2, 6]}\n"
    "      border.crossing(companions): {mean: [0, 0, 0.5], p99: [0, 0, 4]}\n"
    "      finding.low: {mean: [0.25, 0.25, 0.25], p99: [1, 1, 1]}\n";

static struct ktg_rates *rates_of(const char *text)
{
    struct ktg_rates *r = NULL;
    struct ktg_err err = KTG_ERR_INIT;
    if (ktg_rates_parse(ktg_bytes_str(text), "rates.yaml", &r, &err))
        fail_msg("%s", err.text);
    return r;
}

static void test_rates__the_longer_window_counts_and_beyond_the_longest_it_goes_on(void **unused)
{
    (void)unused;
    static const struct {
        const char *kind, *name;
        ktg_time back;
        bool seen;
        int64_t mean, p99;
    } rows[] = {
        {"property", "lodging.checkin", 1, true, 2000, 4000},
        {"property", "lodging.checkin", KTG_DAY_MS, true, 2000, 4000},
        {"property", "lodging.checkin", KTG_DAY_MS + 1, true, 5500, 20000},
        {"property", "lodging.checkin", 8 * KTG_DAY_MS, true, 10000, 40000},
        {"property", "lodging.checkin", 56 * KTG_DAY_MS, true, 20000, 80000},
        {"property", "licence.status", 365 * KTG_DAY_MS, true, 200 * 365 / 28, 1000 * 365 / 28},
        {"person", "border.crossing(companions)", 20 * KTG_DAY_MS, true, 500, 4000},
        {"person", "licence.status", KTG_DAY_MS, true, 0, 0},    /* of other kinds alone */
        {"source", "border.crossing", KTG_DAY_MS, true, 0, 0},   /* of a kind that is not there */
        {"person", "licence.status(x)", KTG_DAY_MS, true, 0, 0}, /* in other roles alone */
        {"person", "licence", KTG_DAY_MS, false, 0, 0},          /* a beginning is no name */
        {"person", "border.crossings", KTG_DAY_MS, false, 0, 0},
    };
    struct ktg_rates *r = rates_of(by_hand);
    for (size_t i = 0; i < KTG_COUNT(rows); i++) {
        struct ktg_amount x;
        bool seen = ktg_rates_entries(r, rows[i].kind, rows[i].name, rows[i].back, &x);
        if (seen != rows[i].seen || x.mean != rows[i].mean || x.p99 != rows[i].p99)
            fail_msg("row %zu: %d %lld %lld", i, seen, (long long)x.mean, (long long)x.p99);
    }
    assert_int_equal(ktg_rates_name_bytes(r, "property"), 4500);
    assert_int_equal(ktg_rates_finding_bytes(r).mean, 200500);
    ktg_rates_free(r);
}

static void test_rates__what_is_wrong_is_named_with_its_place(void **unused)
{
    (void)unused;
    static const struct {
        const char *text, *wants;
    } rows[] = {
        {"", "one document"},
        {"events: 1\n", "rates.yaml:1:1"},
        {"events: 1\ndays: 1\nwindows: []\nfinding: {mean: 1, p99: 1}\nkinds: {}\n", "3:10"},
        {"events: 1\ndays: 1\nwindows: [7, 7]\nfinding: {mean: 1, p99: 1}\nkinds: {}\n", "3:14"},
        {"events: 1\ndays: 1\nwindows: [1.5]\nfinding: {mean: 1, p99: 1}\nkinds: {}\n", "3:11"},
        {"events: 1\ndays: 1\nwindows: [1]\nfinding: {mean: -1, p99: 1}\nkinds: {}\n", "4:10"},
        {"events: 1\ndays: 1\nwindows: [1]\nfinding: {mean: 1, p99: 1e9}\nkinds: {}\n", "4:10"},
        {"events: 1\ndays: 1\nwindows: [1]\nfinding: {mean: 1, p99: 99999999999999}\nkinds: {}\n",
         "4:10"},
        {"events: 1\ndays: 1\nwindows: [1]\nfinding: {mean: 1, p99: 1}\nkinds: []\n", "5:8"},
        {"events: 1\ndays: 1\nwindows: [1]\nfinding: {mean: 1, p99: 1}\nkinds: {a: b}\n", "5:12"},
        {"events: 1\ndays: 1\nwindows: [1]\nfinding: {mean: 1, p99: 1}\nkinds:\n  a: {subjects: 1, "
         "name: 1, entries: [x]}\n",
         "6:6"},
        {"events: 1\ndays: 1\nwindows: [1]\nfinding: {mean: 1, p99: 1}\nkinds:\n  a: {subjects: 1, "
         "name: 1, entries: {x: {mean: [1, 2], p99: [1]}}}\n",
         "6:42"},
    };
    for (size_t i = 0; i < KTG_COUNT(rows); i++) {
        struct ktg_rates *r = NULL;
        struct ktg_err err = KTG_ERR_INIT;
        assert_int_equal(ktg_rates_parse(ktg_bytes_str(rows[i].text), "rates.yaml", &r, &err),
                         KTG_EINVALID);
        assert_null(r);
        if (!strstr(err.text, rows[i].wants))
            fail_msg("row %zu: %s", i, err.text);
    }
}

#define YEAR(thousandths, days) ((thousandths)*365 / (days))

static void test_estimate__is_what_a_hand_works_out(void **unused)
{
    (void)unused;
    static const struct {
        const char *text;
        bool whole;
        int64_t back_days, mean, p99, steps;
        const char *unknown;
    } rows[] = {
        /* one window; steps: 40 * 365 / 28 = 522 entries a year, of which each takes 2 for `where` and `while`, 1 for the step, 2 for
         * has(room), and looks at 20 for 1 + 20 / 4 */
        {"per: property\ncount: lodging.checkin where has(room)\nat least: 3\nwithin: 3d\n", false,
         3, 5500, 20000, 522 * (2 + 3 + 6), ""},
        {"per: property\ncount: lodging.checkin\nat least: 3\nwithin: 56d\n", false, 56, 20000,
         80000, 522 * (2 + 1 + 21), ""},
        /* a window, and entries of any age: 535 entries a year, one form looks at 20, one at 14; seven nodes */
        {"per: property\nwith:\n  a: count lodging.checkin within 3d\n  b: last licence.status\n"
         "while: a > 1 && b != null\n",
         true, 3, 5500 + YEAR(200, 28), 20000 + YEAR(1000, 28), 535 * (2 + 7 + 2 + 6 + 1 + 14 / 4),
         ""},
        /* no reach: everything, of which a year is told */
        {"per: property\ncount: lodging.checkin\nat least: 3\nwithin: 3d\neach: room\n", true, 0,
         YEAR(10000, 28), YEAR(40000, 28), 522 * (2 + 1 + 6), ""},
        /* only the event itself: the shortest window there is */
        {"per: property\nwhen: lodging.checkin as r\n", false, 0, 2000, 4000, 522 * (2 + 1), ""},
        /* a sequence: behind each of 522 anchors lie 20 */
        {"per: property\nwhen:\n  - lodging.checkin as a\n  - lodging.checkin as b\nwithin: 3d\n",
         false, 3, 5500, 20000, 522 * (2 + 2) + 522 * 20, ""},
        /* the holder alone, and a companion alone */
        {"per: person\nwhen: border.crossing as r\n", false, 0, 1000, 2000, 79 * (2 + 1), ""},
        {"per: person\ncount: border.crossing(companions)\nat least: 3\nwithin: 20d\n", false, 20,
         500, 4000, 53 * (2 + 1 + 2), ""},
        /* findings, with a rate and without */
        {"per: person\ncount: finding.low\nat least: 2\nwithin: 20d\n---\nrule: low\nper: person\n"
         "status: internal\nwhen: border.crossing\n",
         false, 20, 250, 1000, 14 * (2 + 1 + 1), ""},
        {"per: person\ncount: finding.own\nat least: 2\nwithin: 20d\n---\nrule: own\nper: person\n"
         "status: internal\nwhen: border.crossing\n",
         false, 20, 0, 0, 0, "finding.own"},
        /* nobody was seen to have one */
        {"per: property\nwhen:\n  - lodging.checkin\n  - lodging.checkout\nwithin: 1d\n", false, 1,
         2000, 4000, 522 * (2 + 2), "lodging.checkout"},
    };
    struct ktg_rates *rates = rates_of(by_hand);
    for (size_t i = 0; i < KTG_COUNT(rows); i++) {
        char text[600];
        struct world w;
        struct ktg_estimate e;
        size_t count;
        snprintf(text, sizeof text, "rule: r\nstatus: internal\n%s", rows[i].text);
        world_init(&w, text, NULL);
        const struct ktg_rule *r = ktg_ruleset_find(w.rs, KTG_LIT("r"));
        ktg_estimate(r, ktg_rule_per(r, &count)[0], rates, &e);
        if (e.whole != rows[i].whole || e.back != rows[i].back_days * KTG_DAY_MS ||
            e.entries.mean != rows[i].mean || e.entries.p99 != rows[i].p99 ||
            e.steps != rows[i].steps || strcmp(e.unknown, rows[i].unknown) != 0)
            fail_msg("row %zu: %d %lld ms %lld %lld, %lld steps, '%s'", i, e.whole,
                     (long long)e.back, (long long)e.entries.mean, (long long)e.entries.p99,
                     (long long)e.steps, e.unknown);
        world_done(&w);
    }
    ktg_rates_free(rates);
}

static void test_estimate__of_absurd_rates_is_the_most_that_is_told_apart(void **unused)
{
    (void)unused;
    struct ktg_rates *rates = rates_of(
        "events: 1\ndays: 1\nwindows: [1]\nfinding: {mean: 100000000, p99: 100000000}\nkinds:\n"
        "  person:\n    subjects: 1\n    name: 1000\n    entries:\n"
        "      border.crossing: {mean: [100000000], p99: [100000000]}\n");
    struct world w;
    struct ktg_estimate e;
    world_init(&w,
               "rule: r\nper: person\nstatus: internal\ntogether:\n  of: border.crossing\n"
               "  at: [post]\n  span: 10m\n  times: 3\n  persons: 2\n  within: 90000d\n---\n"
               "rule: s\nper: person\nstatus: internal\nwhen:\n  - border.crossing as a\n"
               "  - border.crossing as b where b.post == a.post\n  - border.crossing as c where "
               "c.post == a.post\nwithin: 90000d\n",
               NULL);
    for (size_t i = 0; i < ktg_ruleset_count(w.rs); i++) {
        const struct ktg_rule *r = ktg_ruleset_rule(w.rs, i);
        size_t count;
        ktg_estimate(r, ktg_rule_per(r, &count)[0], rates, &e);
        assert_int_equal(e.entries.mean, KTG_AMOUNT_MOST);
        assert_int_equal(e.entries.p99, KTG_AMOUNT_MOST);
        assert_true(e.steps > e.budget);
        struct ktg_weight x = ktg_weigh(r, rates, &e);
        assert_true(x.shared.mean == 16 * KTG_AMOUNT_MOST && x.own.p99 >= 0);
    }
    world_done(&w);
    ktg_rates_free(rates);
}

static void test_weight__entries_are_shared_and_findings_are_not(void **unused)
{
    (void)unused;
    struct ktg_rates *rates = rates_of(by_hand);
    struct world w;
    world_init(&w,
               "rule: many\nper: property\nstatus: internal\ncount: lodging.checkin\nat least: 3\n"
               "within: 3d\n---\n"
               "rule: met\nper: person\nstatus: internal\ntogether:\n  of: border.crossing\n"
               "  at: [post]\n  span: 10m\n  times: 3\n  persons: 2\n  within: 20d\n",
               NULL);
    struct ktg_estimate e;
    const struct ktg_rule *r = ktg_ruleset_find(w.rs, KTG_LIT("many"));
    ktg_estimate(r, ktg_catalogue_kind(ktg_ruleset_catalogue(w.rs), KTG_LIT("property")), rates,
                 &e);
    struct ktg_weight x = ktg_weigh(r, rates, &e);
    assert_int_equal(x.shared.mean, 5500 * 16);
    assert_int_equal(x.shared.p99, 20000 * 16);
    assert_int_equal(x.own.mean, 200500 + 1000 * (20 + 4)); /* a finding; the part; its name */
    assert_int_equal(x.own.p99, 400000 + 1000 * (20 + 4));
    r = ktg_ruleset_find(w.rs,
                         KTG_LIT("met")); /* and 20 + 12 bytes an occasion, of which all stay */
    ktg_estimate(r, ktg_catalogue_kind(ktg_ruleset_catalogue(w.rs), KTG_LIT("person")), rates, &e);
    x = ktg_weigh(r, rates, &e);
    assert_int_equal(x.shared.mean, 3000 * 16);
    assert_int_equal(x.own.mean, 200500 + 1000 * (20 + 3) + YEAR(3000, 28) * 32);
    assert_int_equal(x.own.p99, 400000 + 1000 * (20 + 3) + YEAR(6000, 28) * 32);
    world_done(&w);
    ktg_rates_free(rates);
}

/* ---- engines ------------------------------------------------------------------------------------------------------ */

struct play {
    size_t at, count;
    int (*write)(size_t i, char *to, size_t size);
    char text[600];
    struct ktg_buf census;
    uint64_t steps;
    size_t complaints;
};
static int line(void *arg, struct ktg_bytes *ret_line)
{
    struct play *p = arg;
    if (p->at == p->count)
        return KTG_ENOTFOUND;
    p->write(p->at++, p->text, sizeof p->text);
    *ret_line = ktg_bytes_str(p->text);
    return KTG_OK;
}
static int out(void *arg, const struct ktg_op *op)
{
    (void)arg, (void)op;
    return KTG_OK;
}
static void complain(void *arg, size_t number, const char *text)
{
    struct play *p = arg;
    p->complaints++;
    print_message("line %zu: %s\n", number, text);
}
static int ask(void *arg, struct ktg_engine *e)
{
    struct play *p = arg;
    p->steps = ktg_engine_steps(e);
    return ktg_census(e, &p->census);
}

static void play(const struct world *w, struct play *p)
{
    struct ktg_err err = KTG_ERR_INIT;
    const struct ktg_replay_options o = {.arg = p,
                                         .line = line,
                                         .out = out,
                                         .ask = ask,
                                         .complain = complain,
                                         .until = KTG_LONG_AGO,
                                         .answers = KTG_ANSWERS_WHOLE};
    p->at = 0;
    ktg_buf_clear(&p->census);
    if (ktg_replay(ktg_buf_view(&w->bundle), &o, NULL, &err))
        fail_msg("%s", err.text);
    assert_int_equal(p->complaints, 0);
}

static int checkin(size_t i, ktg_time t, const char *property, const char *more, char *to,
                   size_t size)
{
    char at[KTG_INSTANT_TEXT];
    ktg_instant_format(t, 420, at);
    return snprintf(to, size,
                    "{\"id\":\"01936b2e-7c00-7000-8000-0000000%05zu\",\"type\":\"lodging.checkin\","
                    "\"source\":\"APOA.H\",\"occurred_at\":\"%s\",\"data\":{\"property\":\"%s\","
                    "\"reported_at\":\"%s\",\"doc\":{\"kind\":\"P\",\"issuer\":\"UTO\","
                    "\"number\":\"P%zu\"},\"surname\":\"SPECIMEN\",\"given\":\"UTO\"%s}}",
                    i, at, property, at, i % 10, more);
}

static const ktg_time begin = INT64_C(1767225600000);

/* Property A: three on a day, one six days later.  B: one, ten days after the first of A. */
static int three_days(size_t i, char *to, size_t size)
{
    static const int hours[] = {0, 1, 2, 6 * 24, 10 * 24};
    return checkin(i, begin + hours[i] * (ktg_time)3600000, i == 4 ? "B" : "A", "", to, size);
}

static void test_census__counts_the_most_within_a_window(void **unused)
{
    (void)unused;
    struct world w;
    struct play p = {.count = 5, .write = three_days, .census = KTG_BUF_INIT};
    world_init(&w, "rule: r\nper: property\nstatus: internal\nwhen: lodging.checkin\n", NULL);
    play(&w, &p);
    const char *text = ktg_buf_text(&p.census);
    /* (3 + 1) / 2 within a day, (4 + 1) / 2 within a week; no longer window was seen */
    static const char *const parts[] = {
        "days: 10\nwindows: [1, 7]\n", "  property:\n    subjects: 2\n    name: 1.000\n",
        "      lodging.checkin: {mean: [2.000, 2.500], p99: [3, 4]}\n",
        "  person:\n    subjects: 5\n"};
    for (size_t i = 0; i < KTG_COUNT(parts); i++)
        if (!strstr(text, parts[i]))
            fail_msg("%s is not in\n%s", parts[i], text);
    char whole[20000];
    snprintf(whole, sizeof whole, "events: 5\n%s", text);
    struct ktg_rates *r = rates_of(whole); /* what is written can be read */
    struct ktg_amount x;
    assert_true(ktg_rates_entries(r, "property", "lodging.checkin", KTG_DAY_MS, &x));
    assert_int_equal(x.mean, 2000);
    ktg_rates_free(r);
    ktg_buf_done(&p.census);
    world_done(&w);
}

/* One an hour. */
static int hourly(size_t i, char *to, size_t size)
{
    char more[40];
    snprintf(more, sizeof more, ",\"room\":\"%zu\"", i);
    return checkin(i, begin + (ktg_time)i * 3600000, "A", more, to, size);
}

/* What the last of n events costs, answered from the whole: not more than the bound, and the bound is not out of sight. */
static void test_estimate__bounds_the_steps_of_an_answer(void **unused)
{
    (void)unused;
    enum { EVENTS = 160, LOOSE = 16 };
    static const char *const rules[] = {
        "count: lodging.checkin\nat least: 150\nwithin: 4d\n",
        "count: distinct(person) of lodging.checkin\nat least: 11\nwithin: 4d\n",
        "with:\n  a: all lodging.checkin within 4d\nwhile: size(a) > 1000\n",
        "with:\n  a: count lodging.checkin where has(room)\n  b: last lodging.checkin as x\n"
        "while: a > 1000 && b != null\n",
        "when:\n  - lodging.checkin as a\n  - lodging.checkin as b where b.room == a.property\n"
        "within: 4d\n",
    };
    static const char *const rates_text =
        "events: 160\ndays: 365\nwindows: [4, 365]\nfinding: {mean: 0, p99: 0}\nkinds:\n"
        "  property:\n    subjects: 1\n    name: 1\n    entries:\n"
        "      lodging.checkin: {mean: [96, 160], p99: [96, 160]}\n";
    struct ktg_rates *rates = rates_of(rates_text);
    for (size_t i = 0; i < KTG_COUNT(rules); i++) {
        char text[400];
        struct world w;
        struct ktg_estimate e;
        struct play p = {.write = hourly, .census = KTG_BUF_INIT};
        snprintf(text, sizeof text, "rule: r\nper: property\nstatus: internal\n%s", rules[i]);
        world_init(&w, text, NULL);
        p.count = EVENTS - 1;
        play(&w, &p);
        uint64_t before = p.steps;
        p.count = EVENTS;
        play(&w, &p);
        int64_t real = (int64_t)(p.steps - before);
        const struct ktg_rule *r = ktg_ruleset_find(w.rs, KTG_LIT("r"));
        ktg_estimate(r, ktg_catalogue_kind(ktg_ruleset_catalogue(w.rs), KTG_LIT("property")), rates,
                     &e);
        if (real > e.steps || real * LOOSE < e.steps)
            fail_msg("rule %zu: %lld steps, at most %lld", i, (long long)real, (long long)e.steps);
        ktg_buf_done(&p.census);
        world_done(&w);
    }
    ktg_rates_free(rates);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rates__the_longer_window_counts_and_beyond_the_longest_it_goes_on),
        cmocka_unit_test(test_rates__what_is_wrong_is_named_with_its_place),
        cmocka_unit_test(test_estimate__is_what_a_hand_works_out),
        cmocka_unit_test(test_estimate__of_absurd_rates_is_the_most_that_is_told_apart),
        cmocka_unit_test(test_weight__entries_are_shared_and_findings_are_not),
        cmocka_unit_test(test_census__counts_the_most_within_a_window),
        cmocka_unit_test(test_estimate__bounds_the_steps_of_an_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
