/* rules/engine/recent.c - see recent.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "rules/engine/recent.h"

enum fate { KEPT, OPEN, ASKED, WHOLE };

static enum fate of_state(const struct ktg_standing *f, ktg_time since)
{
    if (f->from >= since)
        return ASKED;
    if (f->until == KTG_NEVER)
        return OPEN;
    return f->until < since ? KEPT : WHOLE; /* it may end elsewhere, and be worth something else */
}

/* Nothing that comes at `since` or later, and no time that passes, changes it.  What is unknown waits for its source, and is
 * asked whole when that is heard. */
static bool is_settled(const struct ktg_standing *f, const struct ktg_reach *reach, ktg_time since)
{
    return (reach->endless || f->until < since) && f->from + reach->silence < since;
}

/* The first anchor that is asked again: one whose time may run still, or whose finding may change. */
static int first_anchor(struct ktg_engine *e, const struct ktg_reach *reach,
                        const struct ktg_answers_part *part, ktg_time since, ktg_time *ret_first)
{
    *ret_first = reach->by_end ? since : since - reach->ahead;
    for (size_t i = 0; part && i < part->count; i++) {
        struct ktg_event anchor;
        if (is_settled(&part->findings[i], reach, since))
            continue;
        int rc = ktg_timeline_event(&e->view, part->findings[i].anchor_pos, &anchor);
        if (rc)
            return rc;
        if (anchor.occurred_at < *ret_first)
            *ret_first = anchor.occurred_at;
    }
    return KTG_OK;
}

/* A state is asked from the beginning of what was so at `since` or later. */
static ktg_time from_start(const struct ktg_answers_part *part, ktg_time since)
{
    for (size_t i = 0; part && i < part->count; i++)
        if (part->findings[i].from < since && part->findings[i].until >= since) {
            since = part->findings[i].from;
            i = SIZE_MAX; /* another may end behind it: from the first once more */
        }
    return since;
}

/* A deadline with `unless` is asked from the first event whose watch still ran. */
static int first_running(struct ktg_engine *e, const struct ktg_rule *rule,
                         struct ktg_live_subject *s, ktg_time *first)
{
    struct ktg_answer_world world = ktg_engine_answer_world(e);
    const struct ktg_reach *reach = ktg_rule_reach(rule);
    ktg_time watch = *first - reach->watch, answer = ktg_reach_from(reach, *first, e->now);
    int rc = ktg_engine_timeline(e, s, watch < answer ? watch : answer);
    return rc ? rc
              : ktg_answer_running_since(e->rules, rule, &s->timeline, e->now, &world, *first,
                                         &e->scratch, first);
}

/* An anchor never lies after its finding begins. */
static int of_deadline(struct ktg_engine *e, const struct ktg_standing *f, ktg_time first,
                       enum fate *ret_fate)
{
    struct ktg_event anchor = {.occurred_at = f->from};
    int rc = f->from < first ? KTG_OK : ktg_timeline_event(&e->view, f->anchor_pos, &anchor);
    *ret_fate = anchor.occurred_at < first ? KEPT : ASKED;
    return rc;
}

static bool is_open_twice(const struct ktg_recent *r, struct ktg_bytes key)
{
    for (size_t i = 0; i < r->resume.open_count; i++)
        if (ktg_bytes_eq(r->resume.open[i].key, key))
            return true;
    return false;
}

/* From when on the rule is asked; KTG_ENOTFOUND: for the whole. */
static int find_first(struct ktg_engine *e, const struct ktg_rule *rule, struct ktg_live_subject *s,
                      const struct ktg_answers_part *part, bool again, ktg_time *first)
{
    const struct ktg_reach *reach = ktg_rule_reach(rule);
    int rc = KTG_OK;
    if (!reach->by_anchor && (again || reach->from_start))
        *first = from_start(part, *first);
    if (reach->by_anchor)
        rc = first_anchor(e, reach, part, *first, first);
    if (!rc && reach->by_end)
        rc = first_running(e, rule, s, first);
    return rc == KTG_EFULL ? KTG_ENOTFOUND : rc;
}

int ktg_recent_split(struct ktg_engine *e, const struct ktg_rule *rule, struct ktg_live_subject *s,
                     const struct ktg_answers_part *part, ktg_time since, bool again,
                     struct ktg_recent *ret_r)
{
    const struct ktg_reach *reach = ktg_rule_reach(rule);
    size_t count = part ? part->count : 0;
    struct ktg_recent whole = {.asked = count ? part->findings : NULL, .asked_count = count},
                      r = {.is = true};
    *ret_r = whole;
    if (e->world.answers == KTG_ANSWERS_WHOLE || !reach->is || since == KTG_LONG_AGO)
        return KTG_OK;
    ktg_time first = since < e->now ? since : e->now;
    int rc = find_first(e, rule, s, part, again, &first);
    if (rc)
        return rc == KTG_ENOTFOUND ? KTG_OK : rc; /* an erased anchor tells no time */
    struct ktg_resumed *open = ktg_arena_alloc(&e->record, count * sizeof *open + 1);
    r.open = ktg_arena_alloc(&e->record, count * sizeof(struct ktg_standing *) + 1);
    r.kept = ktg_arena_alloc(&e->record, count * sizeof *r.kept + 1);
    r.asked = ktg_arena_alloc(&e->record, count * sizeof *r.asked + 1);
    r.resume.open = open;
    if (!open || !r.open || !r.kept || !r.asked)
        return KTG_ENOMEM;
    for (size_t i = 0; !rc && i < count; i++) {
        struct ktg_standing *f = &part->findings[i];
        enum fate fate = of_state(f, first);
        if (reach->by_anchor)
            rc = of_deadline(e, f, first, &fate);
        if (!rc && fate == WHOLE && !again)
            return ktg_recent_split(e, rule, s, part, since, true, ret_r);
        if (rc || fate == WHOLE || (fate == OPEN && is_open_twice(&r, f->key)))
            return rc == KTG_ENOTFOUND ? KTG_OK : rc;
        if (fate == KEPT) {
            r.kept[r.kept_count++] = *f;
            continue;
        }
        if (fate == OPEN) {
            open[r.resume.open_count] = (struct ktg_resumed){f->key, f->from, f->offset_min};
            r.open[r.resume.open_count++] = f;
        }
        r.asked[r.asked_count++] = *f;
    }
    r.resume.since = first;
    *ret_r = r;
    return KTG_OK;
}
