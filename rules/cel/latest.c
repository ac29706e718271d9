/* rules/cel/latest.c - how far from an event a text looks: how long after it the instant lies that the text makes of it, and
 * how many days back it reads the spans of a name.
 *
 *     end_of_day(r.date + days(setting("silent.days", 14)))      r + 14 d + a day + what zones may differ by
 *     covered_days(stays, 180), day_reaching(stays, 90, 180)     180 days; size(stays) has no bound
 *
 * Only what adds a known length to a time of the event itself has a bound; everything else has none.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "rules/cel/plan.h"

#define ZONES (2 * KTG_DAY_MS) /* a civil day read in another zone, and the day itself */

struct bound {
    const struct ktg_cel *plan;
    const struct ktg_cel_times *of;
};

static bool latest(const struct bound *b, uint32_t node, ktg_time *ret_t);

static bool call_is(const struct ktg_cel_node *n, const char *name)
{
    return n->op == KTG_CEL_OP_CALL && !strcmp(n->fn->name, name);
}

static uint32_t operand(const struct bound *b, const struct ktg_cel_node *n, uint32_t i)
{
    return b->plan->kids[n->first + i];
}

/* A number that is written down, or a setting. */
static bool number(const struct bound *b, uint32_t node, int64_t *ret_n)
{
    const struct ktg_cel_node *n = &b->plan->nodes[node];
    struct ktg_cel_value v = {.kind = KTG_CEL_ABSENT};
    if (n->op == KTG_CEL_OP_LIT)
        v = n->value;
    if (n->op == KTG_CEL_OP_SETTING) {
        v = b->of->setting(b->of->arg, n->name);
        if (v.kind == KTG_CEL_ABSENT)
            return number(b, operand(b, n, 0), ret_n);
        v = ktg_cel_as(v, KTG_CEL_INT);
    }
    *ret_n = v.i;
    return v.kind == KTG_CEL_INT && v.i >= 0 && v.i <= 36525;
}

static bool length(const struct bound *b, uint32_t node, ktg_time *ret_t)
{
    const struct ktg_cel_node *n = &b->plan->nodes[node];
    int64_t days;
    if (n->op == KTG_CEL_OP_LIT && n->value.kind == KTG_CEL_DURATION) {
        *ret_t = n->value.i;
        return n->value.i >= 0 && n->value.i <= 36525 * KTG_DAY_MS;
    }
    if (!call_is(n, "days") || !number(b, operand(b, n, 0), &days))
        return false;
    *ret_t = days * KTG_DAY_MS;
    return true;
}

/* Is it the time or the civil day of the event? */
static bool is_its_time(const struct bound *b, const struct ktg_cel_node *n)
{
    if (n->op != KTG_CEL_OP_SELECT)
        return false;
    const struct ktg_cel_node *of = &b->plan->nodes[operand(b, n, 0)];
    return of->op == KTG_CEL_OP_SLOT && b->of->is_time(b->of->arg, of->slot, n->name);
}

static bool latest(const struct bound *b, uint32_t node, ktg_time *ret_t)
{
    const struct ktg_cel_node *n = &b->plan->nodes[node];
    ktg_time more;
    if (is_its_time(b, n)) {
        *ret_t = 0;
        return true;
    }
    if (call_is(n, "end_of_day") || call_is(n, "start_of_day") || call_is(n, "date")) {
        if (!latest(b, operand(b, n, 0), ret_t))
            return false;
        *ret_t += ZONES;
        return true;
    }
    if (n->op != KTG_CEL_OP_ADD || !latest(b, operand(b, n, 0), ret_t) ||
        !length(b, operand(b, n, 1), &more))
        return false;
    *ret_t += more;
    return true;
}

bool ktg_cel_latest(const struct ktg_cel *plan, const struct ktg_cel_times *of, ktg_time *ret_t)
{
    struct bound b = {plan, of};
    return latest(&b, plan->root, ret_t);
}

/* Under `node`; what stands beside the spans is looked at too. */
static bool days_back(const struct bound *b, uint32_t node, int slot, int64_t *days)
{
    const struct ktg_cel_node *n = &b->plan->nodes[node];
    bool reaching = call_is(n, "day_reaching"), covered = call_is(n, "covered_days");
    uint32_t first = 0;
    int64_t width;
    if (n->op == KTG_CEL_OP_SLOT)
        return n->slot != slot;
    if (reaching || covered) {
        const struct ktg_cel_node *spans = &b->plan->nodes[operand(b, n, 0)];
        if (spans->op == KTG_CEL_OP_SLOT && spans->slot == slot) {
            if (!number(b, operand(b, n, reaching ? 2 : 1), &width))
                return false;
            *days = width > *days ? width : *days;
            first = 1;
        }
    }
    for (uint32_t i = first; i < n->count; i++)
        if (!days_back(b, operand(b, n, i), slot, days))
            return false;
    return true;
}

bool ktg_cel_days_back(const struct ktg_cel *plan, int slot, const struct ktg_cel_times *of,
                       int64_t *ret_days)
{
    struct bound b = {plan, of};
    *ret_days = 0;
    return days_back(&b, plan->root, slot, ret_days);
}
