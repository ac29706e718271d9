/* rules/resumed.c - of an answer whose older part stands: where it begins.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "rules/answer.h"
#include "rules/answer_impl.h"

size_t ktg_answer_first_entry(const struct ktg_answer *a)
{
    if (!a->resume || a->rule->reach.lasting)
        return 0;
    ktg_time from = ktg_reach_from(&a->rule->reach, a->resume->since, a->now);
    size_t lo = 0, hi = a->timeline->count;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (a->timeline->entries[mid].at < from)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

void ktg_answer_add_up(struct ktg_answer *a)
{
    if (a->world && a->world->steps)
        *a->world->steps += KTG_ANSWER_STEPS - a->env.steps;
    ktg_buf_done(&a->scratch);
}

int ktg_answer_running_since(const struct ktg_ruleset *rs, const struct ktg_rule *rule,
                             const struct ktg_timeline *t, ktg_time now,
                             const struct ktg_answer_world *world, ktg_time since,
                             struct ktg_arena *arena, ktg_time *ret_since)
{
    struct ktg_answer a = ktg_answer_begin(rs, rule, t, now, world, arena);
    struct ktg_view *view = NULL;
    if (ktg_answer_split(&a, &view)) /* one: `each` has no such reach */
        since = ktg_deadline_running_since(&a, since);
    ktg_answer_add_up(&a);
    if (!a.code)
        *ret_since = since;
    return a.code;
}
