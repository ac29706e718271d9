/* tests/unit/rules/testing/test_outcomes.c - ops folded to findings, and two runs side by side.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "rules/testing/outcomes.h"

#include <stdio.h>
#include <string.h>

#include "runtime/buf.h"
#include "schema/wire.h"
#include "tests/support/cmocka.h"

struct op { /* one op of a story */
    char label, anchor;
    const char *op, *state, *rule, *subject, *level;
    ktg_time from, until;
};

static void put_instant(struct ktg_buf *b, const char *key, ktg_time t)
{
    ktg_wire_put_text(b, key);
    ktg_wire_put_array(b, 2);
    ktg_wire_put_int(b, t);
    ktg_wire_put_int(b, 420);
}

static void put_id(struct ktg_buf *b, const char *key, char c)
{
    uint8_t id[16];
    memset(id, c, sizeof id);
    ktg_wire_put_text(b, key);
    ktg_wire_put_bin(b, ktg_bytes(id, sizeof id));
}

static void put_text(struct ktg_buf *b, const char *key, const char *text)
{
    ktg_wire_put_text(b, key);
    ktg_wire_put_text(b, text);
}

static void take(struct ktg_outcomes *o, const struct op *x)
{
    struct ktg_buf b = KTG_BUF_INIT;
    ktg_wire_put_map(&b, x->until ? 11 : 10);
    put_id(&b, "anchor", x->anchor);
    put_id(&b, "finding", x->label);
    put_instant(&b, "from", x->from);
    put_text(&b, "key", "");
    put_text(&b, "level", x->level);
    put_text(&b, "op", x->op);
    ktg_wire_put_text(&b, "route");
    ktg_wire_put_map(&b, 2);
    put_text(&b, "status", strcmp(x->level, "high") == 0 ? "shadow" : "live");
    ktg_wire_put_text(&b, "to");
    ktg_wire_put_array(&b, 3);
    ktg_wire_put_text(&b, "NAK");
    ktg_wire_put_text(&b, "IMI"); /* named or not, it is told once */
    ktg_wire_put_text(&b, "POL");
    put_text(&b, "rule", x->rule);
    put_text(&b, "state", x->state);
    put_text(&b, "subject", x->subject);
    if (x->until)
        put_instant(&b, "until", x->until);
    assert_int_equal(ktg_outcomes_take(o, ktg_buf_view(&b)), KTG_OK);
    ktg_buf_done(&b);
}

static const struct op before[] = {
    {1, 'a', "raise", "open", "r", "S1", "low", 100, 0},         /* closes: the last op counts */
    {2, 'b', "raise", "open", "r", "S2", "low", 100, 0},         /* only before */
    {3, 'c', "raise", "open", "r", "S3", "low", 100, 0},         /* withdrawn: never was */
    {1, 'a', "amend", "closed", "r", "S1", "low", 100, 200},     /**/
    {3, 'c', "withdraw", "withdrawn", "r", "S3", "low", 100, 0}, /**/
    {4, 'd', "raise", "open", "q", "S1", "low", 50, 0},          /* too early */
};
static const struct op after[] = {
    {9, 'a', "raise", "open", "r", "S1", "low", 100, 0},  /* another label, another end */
    {8, 'e', "raise", "open", "r", "S4", "high", 100, 0}, /* only after */
    {7, 'b', "raise", "open", "r", "S2", "low", 101, 0},  /* begins later: another finding */
};

static void listen(void *arg, const struct ktg_outcome *a, const struct ktg_outcome *b)
{
    struct ktg_buf *to = arg;
    const struct ktg_outcome *x = a ? a : b;
    ktg_buf_printf(to, "%c%.*s@%lld ",
                   !a   ? '+'
                   : !b ? '-'
                        : '~',
                   (int)x->subject.size, (const char *)x->subject.data, (long long)x->from);
}

static void test_outcomes__two_runs_side_by_side(void **unused)
{
    (void)unused;
    struct ktg_outcomes a = {.list = NULL}, b = {.list = NULL};
    struct ktg_buf told = KTG_BUF_INIT;
    struct ktg_bytes agency;
    for (size_t i = 0; i < COUNT(before); i++)
        take(&a, &before[i]);
    for (size_t i = 0; i < COUNT(after); i++)
        take(&b, &after[i]);
    assert_int_equal(a.count, 4);
    ktg_outcomes_sort(&a);
    ktg_outcomes_sort(&b);
    assert_int_equal(ktg_outcomes_compare(&a, &b, 100, listen, &told), 1);
    assert_string_equal(ktg_buf_text(&told), "~S1@100 -S2@100 +S2@101 +S4@100 ");
    ktg_buf_clear(&told);
    assert_int_equal(ktg_outcomes_compare(&a, &a, 0, listen, &told), 3);
    assert_int_equal(told.size, 0);
    assert_true(a.list[1].told == 2 && a.list[1].raised == 1 && a.list[1].until == 200);
    for (size_t i = 0; i < 3; i++) {
        static const char *const names[] = {"IMI", "NAK", "POL"};
        assert_true(ktg_outcome_agency(&a.list[0], i, &agency) && ktg_bytes_is(agency, names[i]));
    }
    assert_false(ktg_outcome_agency(&a.list[0], 3, &agency));
    for (size_t i = 0; i < b.count; i++) /* S4 alone is of a shadow */
        assert_int_equal(ktg_outcome_is_live(&b.list[i]), !ktg_bytes_is(b.list[i].subject, "S4"));
    assert_int_equal(ktg_outcomes_take(&a, KTG_LIT("\x80")), KTG_EINVALID);
    ktg_buf_done(&told);
    ktg_outcomes_done(&a);
    ktg_outcomes_done(&b);
}

static void test_outcomes__many_labels(void **unused)
{
    (void)unused;
    struct ktg_outcomes o = {.list = NULL};
    char subject[16];
    for (int i = 0; i < 2000; i++) {
        struct op x = {
            (char)(i % 200 + 1), (char)(i % 200 + 1), "raise", "open", "r", subject, "low", i, 0};
        snprintf(subject, sizeof subject, "S%d", i % 200);
        take(&o, &x);
    }
    assert_int_equal(o.count, 200);
    ktg_outcomes_sort(&o);
    for (size_t i = 0; i < o.count; i++)
        assert_true(o.list[i].told == 10 && o.list[i].from >= 1800);
    ktg_outcomes_done(&o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_outcomes__two_runs_side_by_side),
        cmocka_unit_test(test_outcomes__many_labels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
