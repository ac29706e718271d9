/* tests/unit/rules/engine/test_busy.c - somebody who crosses every day costs each day what their windows hold.
 *
 * Counted in steps of the rules' budgets, which no clock and no other work on the machine changes.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>

#include "rules/engine/replay.h"
#include "tests/unit/rules/engine/world.h"

struct play {
    int at, count;
    bool other; /* the last one is somebody else */
    ktg_time every;
    char text[600];
    struct ktg_buf said;
    uint64_t steps;
};

/* Out and in again, in turns. */
static int line(void *arg, struct ktg_bytes *ret_line)
{
    struct play *p = arg;
    char at[KTG_INSTANT_TEXT];
    if (p->at == p->count)
        return KTG_ENOTFOUND;
    ktg_instant_format(INT64_C(1609434000000) + p->at * p->every, 420, at);
    snprintf(p->text, sizeof p->text,
             "{\"id\":\"01936b2e-7c00-7000-8000-%012x\",\"type\":\"border.crossing\","
             "\"source\":\"IMI.ENTIKONG.1\",\"occurred_at\":\"%s\",\"data\":{\"direction\":\"%s\","
             "\"mode\":\"land\",\"post\":\"ENTIKONG\",\"doc\":{\"kind\":\"P\",\"issuer\":\"UTO\","
             "\"number\":\"X%d\"},\"surname\":\"SPECIMEN\",\"given\":\"UTO\",\"visa_index\":\"B1\","
             "\"permitted_until\":\"2027-12-31\"}}",
             (unsigned)p->at, at, p->at % 2 ? "exit" : "entry",
             p->other && p->at + 1 == p->count ? 2 : 1);
    p->at++;
    *ret_line = ktg_bytes_str(p->text);
    return KTG_OK;
}
static int out(void *arg, const struct ktg_op *op)
{
    struct play *p = arg;
    ktg_buf_put_bytes(&p->said, op->payload);
    return KTG_OK;
}
static int ask(void *arg, struct ktg_engine *e)
{
    ((struct play *)arg)->steps = ktg_engine_steps(e);
    return KTG_OK;
}

static struct play cross(const struct world *w, int count, ktg_time every, enum ktg_answers_how how)
{
    struct play p = {.count = count, .every = every, .said = KTG_BUF_INIT};
    struct ktg_err err = KTG_ERR_INIT;
    const struct ktg_replay_options o = {
        .arg = &p, .line = line, .out = out, .ask = ask, .until = KTG_LONG_AGO, .answers = how};
    if (ktg_replay(ktg_buf_view(&w->bundle), &o, NULL, &err))
        fail_msg("%s", err.text);
    return p;
}

/* Twice as many crossings: at most two and a half times as dear each, and a crossing is never dearer than its past is long. */
static void test_busy__a_crossing_costs_what_lies_behind_it_at_most(void **unused)
{
    (void)unused;
    struct world w;
    uint64_t before = 0;
    world_init(&w, NULL, NULL);
    for (int n = 200; n <= 800; n *= 2) {
        struct play p = cross(&w, n, KTG_DAY_MS / 2, KTG_ANSWERS_RECENT);
        uint64_t each = p.steps / (uint64_t)n;
        print_message("%d crossings: %llu steps each\n", n, (unsigned long long)each);
        assert_in_range(each, 1, 200 * (uint64_t)n);
        if (before)
            assert_in_range(each, 1, before * 5 / 2);
        before = each;
        ktg_buf_done(&p.said);
    }
    world_done(&w);
}

static void test_busy__the_whole_says_the_same(void **unused)
{
    (void)unused;
    struct world w;
    world_init(&w, NULL, NULL);
    struct play recent = cross(&w, 260, KTG_DAY_MS, KTG_ANSWERS_RECENT),
                whole = cross(&w, 260, KTG_DAY_MS, KTG_ANSWERS_WHOLE);
    assert_true(recent.said.size > 0 &&
                ktg_bytes_eq(ktg_buf_view(&recent.said), ktg_buf_view(&whole.said)));
    assert_in_range(recent.steps, 1, whole.steps / 2);
    ktg_buf_done(&recent.said);
    ktg_buf_done(&whole.said);
    world_done(&w);
}

static int ask_why(void *arg, struct ktg_engine *e)
{
    struct ktg_err err = KTG_ERR_INIT;
    struct ktg_buf why = KTG_BUF_INIT;
    const struct ktg_bytes rule = KTG_LIT("greedy");
    assert_int_equal(ktg_engine_why_not(e, rule, KTG_LIT("doc:UTO:X1"), &why, &err), KTG_EFULL);
    assert_non_null(strstr(err.text, "more steps about this person"));
    assert_int_equal(ktg_engine_why_not(e, rule, KTG_LIT("doc:UTO:X2"), &why, &err), KTG_OK);
    ktg_buf_done(&why);
    return ask(arg, e);
}

/* Somebody about whom a rule is too dear is one person: what it said of them stands, and others are answered. */
static void test_busy__a_subject_over_the_budget_is_left_as_it_stands(void **unused)
{
    (void)unused;
    struct world w;
    world_init(&w,
               "rule: greedy\ntitle: {id: a, en: a}\nper: person\nstatus: shadow\n"
               "with:\n  xs: all border.crossing\nwhen: border.crossing\n"
               "where: size(xs) < 185 || xs.all(a, xs.all(b, xs.all(c, a.post == c.post)))\n",
               NULL);
    struct play p = {.count = 300, .every = KTG_DAY_MS, .said = KTG_BUF_INIT, .other = true};
    struct ktg_err err = KTG_ERR_INIT;
    const struct ktg_replay_options o = {
        .arg = &p, .line = line, .out = out, .ask = ask_why, .until = KTG_LONG_AGO};
    if (ktg_replay(ktg_buf_view(&w.bundle), &o, NULL, &err))
        fail_msg("%s", err.text);
    assert_non_null(memmem(p.said.data, p.said.size, "doc:UTO:X1", 10));
    assert_non_null(memmem(p.said.data, p.said.size, "doc:UTO:X2", 10));
    assert_null(memmem(p.said.data, p.said.size, "withdraw", 8));
    ktg_buf_done(&p.said);
    world_done(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_busy__a_crossing_costs_what_lies_behind_it_at_most),
        cmocka_unit_test(test_busy__the_whole_says_the_same),
        cmocka_unit_test(test_busy__a_subject_over_the_budget_is_left_as_it_stands),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
