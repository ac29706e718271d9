/* rules/engine/runs.c - see runs.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "rules/engine/runs.h"

#include <string.h>

#include "runtime/mem.h"

int ktg_runs_put(struct ktg_runs *r, const struct ktg_run *run)
{
    int rc = ktg_grow(&r->at, &r->cap, r->count + 1, sizeof *r->at);
    if (!rc)
        r->at[r->count++] = *run;
    return rc;
}

void ktg_runs_done(struct ktg_runs *r)
{
    ktg_free(r->at);
    *r = (struct ktg_runs){0};
}

static void unite(struct ktg_run *to, const struct ktg_run *more)
{
    if (more->from <= to->from) {
        to->from = more->from;
        to->pos = more->pos;
    }
    to->until = more->until > to->until ? more->until : to->until;
    to->expected = more->expected > to->expected ? more->expected : to->expected;
}

int ktg_runs_unite(struct ktg_runs *r, struct ktg_run one, bool *ret_changed)
{
    size_t first = r->count, last;
    *ret_changed = false;
    while (first > 0 && r->at[first - 1].expected >= one.from) /* the latest are the likely ones */
        first--;
    for (last = first; last < r->count && r->at[last].from <= one.expected; last++)
        unite(&one, &r->at[last]);
    if (last == first + 1 && memcmp(&one, &r->at[first], sizeof one) == 0)
        return KTG_OK;
    if (last == first) {
        int rc = ktg_runs_put(r, &one); /* room for one more */
        if (rc)
            return rc;
        memmove(r->at + first + 1, r->at + first, (r->count - 1 - first) * sizeof *r->at);
    } else {
        memmove(r->at + first + 1, r->at + last, (r->count - last) * sizeof *r->at);
        r->count -= last - first - 1;
    }
    r->at[first] = one;
    *ret_changed = true;
    return KTG_OK;
}

bool ktg_runs_take(struct ktg_runs *r, ktg_time from)
{
    for (size_t i = r->count; i-- > 0;) {
        if (r->at[i].from != from)
            continue;
        memmove(r->at + i, r->at + i + 1, (--r->count - i) * sizeof *r->at);
        return true;
    }
    return false;
}

int ktg_runs_add(struct ktg_runs *r, ktg_time at, uint64_t period, uint64_t pos,
                 struct ktg_runs_news *ret_news)
{
    ktg_time vouches = 2000 * (ktg_time)(period < KTG_PERIOD_MOST ? period : KTG_PERIOD_MOST);
    vouches = vouches > KTG_RUN_LEAST ? vouches : KTG_RUN_LEAST;
    *ret_news = (struct ktg_runs_news){.changed = false};
    int rc = ktg_runs_unite(r, (struct ktg_run){at, at, at + vouches, pos}, &ret_news->changed);
    if (!rc && r->count > KTG_RUNS_MOST) {
        ret_news->dropped = true;
        ret_news->gone = r->at[0];
        memmove(r->at, r->at + 1, --r->count * sizeof *r->at);
    }
    return rc;
}
