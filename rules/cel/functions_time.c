/* rules/cel/functions_time.c - civil days, ages, and days covered by spans.
 *
 * A date stands in the zone of the environment, an instant in its own.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdlib.h>

#include "rules/cel/functions.h"

static int zone_of(const struct ktg_cel_env *env, const struct ktg_cel_value *v)
{
    return v->kind == KTG_CEL_DATE ? env->offset_min : v->offset_min;
}

struct ktg_cel_value ktg_cel_fn_end_of_day(KTG_CEL_ARGS)
{
    (void)count;
    int zone = zone_of(env, args);
    return ktg_cel_timestamp(ktg_end_of_day(ktg_cel_day(args), zone), zone);
}

struct ktg_cel_value ktg_cel_fn_start_of_day(KTG_CEL_ARGS)
{
    (void)count;
    int zone = zone_of(env, args);
    return ktg_cel_timestamp(ktg_start_of_day(ktg_cel_day(args), zone), zone);
}

struct ktg_cel_value ktg_cel_fn_date_of(KTG_CEL_ARGS)
{
    (void)env, (void)count;
    if (args[0].kind == KTG_CEL_STRING)
        return ktg_cel_as(args[0], KTG_CEL_DATE);
    if (args[0].kind != KTG_CEL_DATE && args[0].kind != KTG_CEL_TIMESTAMP)
        return ktg_cel_absent();
    return ktg_cel_date(ktg_cel_day(args));
}

struct ktg_cel_value ktg_cel_fn_civil_days_since(KTG_CEL_ARGS)
{
    (void)count;
    struct ktg_cel_value now = ktg_cel_timestamp(env->now, env->offset_min);
    if (now.kind == KTG_CEL_ABSENT)
        return now;
    return ktg_cel_int((int64_t)ktg_cel_day(&now) - ktg_cel_day(args));
}

struct ktg_cel_value ktg_cel_fn_days_between(KTG_CEL_ARGS)
{
    (void)env, (void)count;
    return ktg_cel_int((int64_t)ktg_cel_day(&args[1]) - ktg_cel_day(&args[0]));
}

struct ktg_cel_value ktg_cel_fn_days(KTG_CEL_ARGS)
{
    (void)env, (void)count;
    int64_t ms;
    return __builtin_mul_overflow(args[0].i, KTG_DAY_MS, &ms) ? ktg_cel_absent()
                                                              : ktg_cel_duration(ms);
}

struct ktg_cel_value ktg_cel_fn_duration(KTG_CEL_ARGS)
{
    (void)env, (void)count;
    return ktg_cel_as(args[0], KTG_CEL_DURATION);
}

struct ktg_cel_value ktg_cel_fn_timestamp(KTG_CEL_ARGS)
{
    (void)env, (void)count;
    return ktg_cel_as(args[0], KTG_CEL_TIMESTAMP);
}

struct ktg_cel_value ktg_cel_fn_minutes(KTG_CEL_ARGS)
{
    (void)env, (void)count;
    return ktg_cel_int(args[0].i / 60000);
}

struct ktg_cel_value ktg_cel_fn_hours(KTG_CEL_ARGS)
{
    (void)env, (void)count;
    return ktg_cel_int(args[0].i / 3600000);
}

/* A birthday of 29 February is completed on 1 March of a common year. */
struct ktg_cel_value ktg_cel_fn_age(KTG_CEL_ARGS)
{
    (void)env, (void)count;
    int y0, m0, d0, y1, m1, d1;
    if (ktg_cel_day(&args[1]) < ktg_cel_day(&args[0]))
        return ktg_cel_absent();
    ktg_date_to_civil(ktg_cel_day(&args[0]), &y0, &m0, &d0);
    ktg_date_to_civil(ktg_cel_day(&args[1]), &y1, &m1, &d1);
    return ktg_cel_int(y1 - y0 - (m1 < m0 || (m1 == m0 && d1 < d0)));
}

/* As age(): 29 February is 1 March of a common year. */
struct ktg_cel_value ktg_cel_fn_anniversary(KTG_CEL_ARGS)
{
    (void)env, (void)count;
    int year, month, day;
    int64_t n = args[1].i;
    ktg_date_to_civil(ktg_cel_day(&args[0]), &year, &month, &day);
    if (n < 1 - year || n > 9999 - year)
        return ktg_cel_absent();
    return ktg_cel_date(ktg_date_from_civil(year + (int)n, month, 1) + day - 1);
}

struct days { /* civil days, both ends counted */
    int64_t first, last;
};

static int by_first(const void *a, const void *b)
{
    const struct days *x = a, *y = b;
    if (x->first != y->first)
        return x->first < y->first ? -1 : 1;
    return (x->last > y->last) - (x->last < y->last);
}

/* The spans as disjoint runs of days in order.  A span without `until` reaches to `today`; nothing reaches beyond it.
 * *ret_open: first day of the latest span that is open, or INT64_MIN.  False: a span without a beginning, no memory. */
static bool runs_of(struct ktg_cel_env *env, const struct ktg_cel_value *spans, int64_t today,
                    struct days **ret_runs, size_t *ret_count, int64_t *ret_open)
{
    size_t n = spans->list.count, kept = 0;
    struct days *runs = ktg_cel_memory(env, n + 1, sizeof *runs);
    bool sorted = true;
    *ret_open = INT64_MIN;
    for (size_t i = 0; runs && i < n; i++) {
        const struct ktg_cel_value *span = &spans->list.items[i];
        struct ktg_cel_value from = ktg_cel_select(env, span, KTG_LIT("from"));
        struct ktg_cel_value until = ktg_cel_select(env, span, KTG_LIT("until"));
        struct ktg_cel_value open = ktg_cel_select(env, span, KTG_LIT("open"));
        if (!ktg_cel_spend(env, 4) || !ktg_cel_in_calendar(&from))
            return false;
        struct days d = {ktg_cel_day(&from),
                         ktg_cel_in_calendar(&until) ? ktg_cel_day(&until) : today};
        if (open.kind == KTG_CEL_BOOL && open.b && d.first > *ret_open)
            *ret_open = d.first;
        if (d.last > today)
            d.last = today;
        if (d.first > d.last)
            continue;
        sorted &= !kept || by_first(&runs[kept - 1], &d) <= 0;
        runs[kept++] = d;
    }
    if (!runs)
        return false;
    if (!sorted)
        qsort(runs, kept, sizeof *runs, by_first);
    size_t merged = 0;
    for (size_t i = 0; i < kept; i++) {
        if (merged && runs[i].first <= runs[merged - 1].last) {
            if (runs[i].last > runs[merged - 1].last)
                runs[merged - 1].last = runs[i].last;
        } else {
            runs[merged++] = runs[i];
        }
    }
    *ret_runs = runs;
    *ret_count = merged;
    return true;
}

static int64_t days_within(const struct days *runs, size_t count, int64_t first, int64_t last)
{
    int64_t sum = 0;
    for (size_t i = 0; i < count; i++) {
        int64_t a = runs[i].first > first ? runs[i].first : first;
        int64_t b = runs[i].last < last ? runs[i].last : last;
        if (a <= b)
            sum += b - a + 1;
    }
    return sum;
}

static bool today_of(const struct ktg_cel_env *env, int64_t *ret_today)
{
    struct ktg_cel_value now = ktg_cel_timestamp(env->now, env->offset_min);
    if (now.kind == KTG_CEL_ABSENT)
        return false;
    *ret_today = ktg_cel_day(&now);
    return true;
}

struct ktg_cel_value ktg_cel_fn_covered_days(KTG_CEL_ARGS)
{
    (void)count;
    struct days *runs;
    size_t n;
    int64_t today, open;
    if (args[1].i < 1 || args[1].i > KTG_CEL_DATE_MAX || !today_of(env, &today) ||
        !runs_of(env, &args[0], today, &runs, &n, &open))
        return ktg_cel_absent();
    return ktg_cel_int(days_within(runs, n, today - args[1].i + 1, today));
}

/* From the open span's first day on every day is covered, so on day D = open + k the window (D - n, D] holds k + 1 days
 * of it plus what earlier runs put into it: f(k) = k + 1 + earlier(open + k - n + 1 .. open - 1).  f never falls, because
 * at most one earlier day leaves per step while one is gained; so the first k with f(k) >= m is found by halving. */
struct ktg_cel_value ktg_cel_fn_day_reaching(KTG_CEL_ARGS)
{
    (void)count;
    struct days *runs;
    size_t count_runs;
    int64_t today, open, m = args[1].i, n = args[2].i;
    if (m < 1 || n < m || n > KTG_CEL_DATE_MAX || !today_of(env, &today) ||
        !runs_of(env, &args[0], today, &runs, &count_runs, &open) || open == INT64_MIN)
        return ktg_cel_absent();
    int64_t low = 0, high = m - 1; /* f(m - 1) >= m */
    while (low < high) {
        int64_t k = low + (high - low) / 2;
        if (k + 1 + days_within(runs, count_runs, open + k - n + 1, open - 1) >= m)
            high = k;
        else
            low = k + 1;
    }
    return ktg_cel_date(open + low);
}
