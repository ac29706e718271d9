/* rules/judged.c - conditions whose answer follows from the event alone are asked once for each event.
 *
 *     where reported_at - occurred_at > duration("24h")      fields, settings, lists: number 5 of lodging.checkin
 *     where has(b.dob) && has(b.surname) && b.dob != a.dob   the first two: number 6; the third is asked anew each time
 *     where size(before) > 3, where person != subject        asked anew each time
 *
 * Constant tests are settled by traits (traits.c); this is for what must be evaluated.  The answers are kept beside the
 * event for as long as it is at hand, KTG_JUDGED_MOST for each type.
 *
 * (1) What a condition took of a rule's budget is remembered with it and taken again, so that no answer depends on what
 *     happens to be remembered.  One that took more than COST_MOST is asked anew each time.
 * (2) Two steps with the same words and the same parts that are asked mean the same: there is nothing else that these
 *     could speak of.  The words alone do not say it: an alias of another rule may bear the name of a field.
 * (3) A condition is met if each of its parts is, in whatever order they are asked.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "rules/answer_impl.h"
#include "rules/phrase.h"

enum { MOST = KTG_JUDGED_MOST, COST_MOST = 126 /* what fits beside the answer in a byte */ };

struct ktg_judging { /* of one event type */
    struct ktg_bytes texts[MOST], aliases[MOST];
    uint64_t parts[MOST];
    uint8_t count;
};

/* Does the part speak of the event at hand, and of nothing that may change? */
static bool is_alone(const struct ktg_rule *r, const struct ktg_cel *part, int own_step)
{
    size_t count = 0;
    const int *slots = ktg_cel_slots(part, &count);
    struct ktg_bytes text = ktg_cel_text(part);
    if (ktg_phrase_mentions(text, "person") || ktg_phrase_mentions(text, "persons"))
        return false; /* who that is, merges decide */
    for (size_t i = 0; i < count; i++) {
        const struct ktg_name *n = &r->names[slots[i]];
        bool own = n->kind == KTG_NAME_FIELD || n->kind == KTG_NAME_OWN ||
                   (n->kind == KTG_NAME_ALIAS && n->index == own_step);
        if (!own)
            return false;
    }
    return true;
}

/* The parts that are, as bits; those beyond the 64th are asked anew. */
static uint64_t parts_alone(const struct ktg_rule *r, const struct ktg_step *s, int own_step)
{
    uint64_t parts = 0;
    size_t count = ktg_cel_conjunct_count(s->where);
    for (size_t i = 0; i < count && i < 64; i++)
        if (is_alone(r, ktg_cel_conjunct(s->where, i), own_step))
            parts |= UINT64_C(1) << i;
    return parts;
}

/* The number of the condition, from 1 on; 0: there are too many. */
static uint8_t number_of(struct ktg_judging *j, const struct ktg_step *s)
{
    size_t i = 0;
    while (i < j->count &&
           !(j->parts[i] == s->parts_judged && ktg_bytes_eq(j->texts[i], s->where_text.text) &&
             ktg_bytes_eq(j->aliases[i], s->alias.text)))
        i++;
    if (i == MOST)
        return 0;
    if (i == j->count) {
        j->texts[i] = s->where_text.text;
        j->aliases[i] = s->alias.text;
        j->parts[i] = s->parts_judged;
        j->count++;
    }
    return (uint8_t)(i + 1);
}

struct numbering {
    struct ktg_load *l;
    struct ktg_rule *r;
};

static void number_step(void *arg, struct ktg_step *s)
{
    struct numbering *n = arg;
    struct ktg_ruleset *rs = n->l->rs;
    size_t types = ktg_catalogue_type_count(rs->catalogue);
    if (!(s->judged = ktg_load_alloc(n->l, types + 1)) || !s->roles || !s->where)
        return;
    s->parts_judged = parts_alone(n->r, s, ktg_rule_step(n->r, s));
    if (!s->parts_judged)
        return;
    for (size_t i = 0; i < types; i++) {
        if (!s->roles[i] || s->settled[i])
            continue;
        if (!rs->judging[i] && !(rs->judging[i] = ktg_load_alloc(n->l, sizeof *rs->judging[i])))
            return;
        s->judged[i] = number_of(rs->judging[i], s);
    }
}

void ktg_rule_judged(struct ktg_load *l, struct ktg_rule *r)
{
    struct numbering n = {l, r};
    ktg_rule_each_step(r, number_step, &n);
}

/* The parts that `judged` says are judged, or the others. */
static bool parts_met(const struct ktg_frame *f, const struct ktg_step *s, bool judged)
{
    size_t count = ktg_cel_conjunct_count(s->where);
    for (size_t i = 0; i < count; i++) {
        bool is = i < 64 && (s->parts_judged >> i & 1);
        if (is == judged && !ktg_answer_is_met(f, ktg_cel_conjunct(s->where, i)))
            return false;
    }
    return true;
}

bool ktg_judged_is_met(const struct ktg_frame *f, const struct ktg_step *s)
{
    struct ktg_answer *a = f->a;
    const struct ktg_entry *e = f->own->e;
    struct ktg_judged *j = e->judged;
    unsigned n = s->judged[e->event->type->index] - 1u;
    if (j->pos != e->pos)
        j = NULL;
    if (j && j->said[n])
        return ktg_answer_spend(a, (j->said[n] - 1u) / 2) && (j->said[n] - 1u) % 2;
    uint32_t before = a->env.steps;
    struct ktg_arena own = KTG_ARENA_INIT, *shared = a->arena;
    a->arena = &own; /* its memory is not the answer's: a remembered one takes none */
    bool met = parts_met(f, s, true);
    ktg_arena_done(&own);
    a->arena = shared;
    uint32_t cost = before - a->env.steps;
    if (j && !a->code && cost <= COST_MOST)
        j->said[n] = (uint8_t)(1 + met + 2 * cost);
    return met && !a->code;
}

bool ktg_judged_and_met(const struct ktg_frame *f, const struct ktg_step *s)
{
    return ktg_judged_is_met(f, s) && parts_met(f, s, false);
}
