/* tests/unit/rules/cel/test_days.c - covered_days and day_reaching against a calendar that is simply ticked off.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>

#include "tests/support/cmocka.h"
#include "tests/unit/rules/cel/world.h"

enum { YEAR = 400, BASE = 20400 }; /* days of the calendar, and its first one */

static uint32_t seed;
static int dice(int n)
{
    seed = seed * 1664525u + 1013904223u;
    return (int)((seed >> 8) % (uint32_t)n);
}

struct stay {
    int from, until; /* days; until < 0: open */
};

static int covered(const bool *days, int today, int n)
{
    int sum = 0;
    for (int d = today - n + 1; d <= today; d++)
        sum += d >= 0 && d < YEAR && days[d];
    return sum;
}

static void tick(bool *days, const struct stay *stays, size_t count, int today)
{
    memset(days, 0, YEAR);
    for (size_t i = 0; i < count; i++)
        for (int d = stays[i].from;
             d <= (stays[i].until < 0 ? today : stays[i].until) && d <= today; d++)
            days[d] = true;
}

/* The first day from the open span on, its days added one by one; -1: never. */
static int reaching(bool *days, int open, int m, int n)
{
    for (int d = open; d < YEAR; d++) {
        days[d] = true;
        if (covered(days, d, n) >= m)
            return d;
    }
    return -1;
}

static void put_stays(struct ktg_buf *b, const struct stay *stays, size_t count, const char *call)
{
    char from[KTG_DATE_TEXT], until[KTG_DATE_TEXT];
    ktg_buf_clear(b);
    ktg_buf_printf(b, "%s([", call);
    for (size_t i = 0; i < count; i++) {
        ktg_date_format(BASE + stays[i].from, from);
        ktg_date_format(BASE + (stays[i].until < 0 ? 0 : stays[i].until), until);
        ktg_buf_printf(b, "%s{'from': date('%s'), 'open': %s, 'until': ", i ? ", " : "", from,
                       stays[i].until < 0 ? "true" : "false");
        ktg_buf_printf(b, stays[i].until < 0 ? "null}" : "date('%s')}", until);
    }
    ktg_buf_put_str(b, "]");
}

static int64_t eval(struct world *w, struct ktg_buf *b)
{
    struct ktg_cel_value v = world_eval(w, ktg_buf_text(b));
    return v.kind == KTG_CEL_INT ? v.i : v.kind == KTG_CEL_DATE ? v.i - BASE : -1;
}

static void test_days__agree_with_a_ticked_calendar(void **unused)
{
    (void)unused;
    struct ktg_buf b = KTG_BUF_INIT;
    seed = 1;
    for (int round = 0; round < 2000; round++) {
        struct stay stays[6];
        size_t count = (size_t)dice(6);
        int today = 150 + dice(40), at = dice(60), open = -1;
        struct world w;
        for (size_t i = 0; i < count;
             i++) { /* they may touch or overlap, the last one may be open */
            stays[i].from = at;
            stays[i].until = at + dice(30);
            at = stays[i].until + dice(20) - 4;
            if (at < stays[i].from)
                at = stays[i].from;
        }
        if (count && dice(2)) {
            stays[count - 1].until = -1;
            if (stays[count - 1].from > today)
                stays[count - 1].from = today;
            open = stays[count - 1].from;
        }
        world_init(&w);
        w.env.now = ktg_start_of_day(BASE + today, 420) + dice(86400000);
        bool days[YEAR];
        int n = 1 + dice(120), m = 1 + dice(n);
        tick(days, stays, count, today);
        put_stays(&b, stays, count, "covered_days");
        ktg_buf_printf(&b, ", %d)", n);
        assert_int_equal(eval(&w, &b), covered(days, today, n));
        put_stays(&b, stays, count, "day_reaching");
        ktg_buf_printf(&b, ", %d, %d)", m, n);
        int64_t got = eval(&w, &b);
        int want = open < 0 ? -1 : reaching(days, open, m, n);
        if (got != want)
            fprintf(stderr, "%s: %d, not %d\n", ktg_buf_text(&b), (int)got, want);
        assert_int_equal(got, want);
        world_done(&w);
    }
    ktg_buf_done(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_days__agree_with_a_ticked_calendar)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
