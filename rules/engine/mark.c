/* rules/engine/mark.c - which rules are asked about a subject.
 *
 *     an event of a type, with its traits
 *        ├─ its traits ──> rules whose key it is, and rules without one              asked
 *        └─ rules that only look at it beside their key (an `unless` ...)
 *              ├─ something of theirs stands or waits about the subject              asked
 *              ├─ the traits on its timeline ──> rules whose key is among them       asked
 *              └─ the others, which find nothing                                     not asked, not even counted
 *
 *     a finding that was posted, or is no more
 *        ├─ rules without a key                                                        asked
 *        └─ rules with one, if an entry of the subject has a type of it                asked
 *
 * (1) A rule that is not asked has no findings and no time to wake about the subject, and would have none.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "rules/engine/engine_parts.h"
#include "rules/engine/entries.h"
#include "rules/engine/identity.h"

static bool is_marked(const struct ktg_pool *p, size_t rule)
{
    return p->marked[rule / 64] >> (rule % 64) & 1;
}

static void change_pool(struct ktg_pool *p, ktg_time since, enum ktg_reason why)
{
    p->since = since < p->since ? since : p->since;
    p->reason = why > p->reason ? why : p->reason;
}

int ktg_engine_mark(struct ktg_engine *e, struct ktg_live_subject *s, size_t rule, ktg_time since,
                    enum ktg_reason why)
{
    struct ktg_pool *p = s->pool;
    uint64_t bit = UINT64_C(1) << (rule % 64);
    if (since == KTG_LONG_AGO)
        p->whole[rule / 64] |= bit; /* the others need not be asked for more than the end */
    change_pool(p, since == KTG_LONG_AGO ? KTG_NEVER : since, why);
    if (is_marked(p, rule))
        return KTG_OK;
    p->marked[rule / 64] |= bit;
    struct ktg_queue *q = &e->queues[rule];
    int rc = ktg_grow(&q->pools, &q->cap, q->count + 1, sizeof *q->pools);
    if (rc)
        return rc;
    q->pools[q->count++] = p;
    e->queued[rule / 64] |= bit;
    return KTG_OK;
}

int ktg_engine_mark_all(struct ktg_engine *e, struct ktg_live_subject *s,
                        const struct ktg_rule_list *rules, ktg_time since, enum ktg_reason why)
{
    int rc = KTG_OK;
    for (size_t i = 0; !rc && i < rules->count; i++)
        rc = ktg_engine_mark(e, s, rules->rules[i], since, why);
    return rc;
}

/* ---- what an event touches --------------------------------------------------------------------------------------- */

/* One rule of the type after the other: all that the event may be read by. */
static int mark_each(struct ktg_engine *e, struct ktg_live_subject *s, const struct ktg_touch *t)
{
    const struct ktg_rule_list *rules = ktg_dispatch_type(&e->dispatch, t->kind, t->type);
    int rc = KTG_OK;
    for (size_t i = 0; !rc && i < rules->count; i++)
        if (ktg_rule_may_read(ktg_ruleset_rule(e->rules, rules->rules[i]), t->type, t->traits))
            rc = ktg_engine_mark(e, s, rules->rules[i], t->at, e->reason);
    return rc;
}

/* The rule, if the event may be read by it. */
static int mark_reader(struct ktg_engine *e, struct ktg_live_subject *s, const struct ktg_touch *t,
                       size_t rule)
{
    const struct ktg_rule *r = ktg_ruleset_rule(e->rules, rule);
    if (is_marked(s->pool, rule) || !ktg_rule_reads_type(r, t->type) ||
        !ktg_rule_may_read(r, t->type, t->traits))
        return KTG_OK;
    return ktg_engine_mark(e, s, rule, t->at, e->reason);
}

/* What stands, or waits, is asked again even if its key is no longer there: an event may have been erased. */
static int mark_standing(struct ktg_engine *e, struct ktg_live_subject *s,
                         const struct ktg_touch *t)
{
    int rc = ktg_engine_load(e, s);
    for (size_t p = 0; !rc && p < s->answers.count; p++) {
        const struct ktg_rule *r = ktg_ruleset_find(e->rules, s->answers.parts[p].rule);
        if (r && (ktg_rule_kinds(r) >> s->kind & 1))
            rc = mark_reader(e, s, t, (size_t)ktg_rule_index(r));
    }
    return rc;
}

/* The traits on the timeline, by type (dispatch.h). */
static int on_timeline(struct ktg_engine *e, const struct ktg_timeline *t, uint64_t **ret_traits)
{
    const struct ktg_dispatch *d = &e->dispatch;
    uint64_t *all = ktg_arena_zalloc(&e->scratch, d->words * sizeof *all + 1);
    if (!all)
        return KTG_ENOMEM;
    for (size_t i = 0; i < t->count; i++) {
        const struct ktg_entry *x = &t->entries[i];
        if (!x->event)
            continue; /* a finding */
        size_t type = (size_t)x->event->type->index;
        for (size_t w = d->first_word[type]; w < d->first_word[type + 1]; w++)
            all[w] |= x->traits[w - d->first_word[type]];
    }
    *ret_traits = all;
    return KTG_OK;
}

/* The rules whose key is on the timeline, if the event may be read by them. */
static int mark_keyed(struct ktg_engine *e, struct ktg_live_subject *s, const struct ktg_touch *t,
                      const uint64_t *traits)
{
    const struct ktg_dispatch *d = &e->dispatch;
    int rc = KTG_OK;
    for (size_t type = 0; type < d->types; type++) {
        const struct ktg_trait_rules *of = &d->by_trait[(size_t)s->kind * d->types + type];
        size_t words = of->first ? d->first_word[type + 1] - d->first_word[type] : 0;
        for (size_t w = 0; !rc && w < words; w++)
            for (uint64_t bits = traits[d->first_word[type] + w]; !rc && bits; bits &= bits - 1) {
                size_t trait = w * 64 + (size_t)__builtin_ctzll(bits);
                for (uint32_t i = of->first[trait]; !rc && i < of->first[trait + 1]; i++)
                    rc = mark_reader(e, s, t, of->rules[i]);
            }
    }
    return rc;
}

/* Rules that look at the event beside their key; what they read lies `back` before `since` at most. */
static int mark_beside(struct ktg_engine *e, struct ktg_live_subject *s, const struct ktg_touch *t,
                       ktg_time back)
{
    uint64_t *traits = NULL;
    ktg_time from = KTG_LONG_AGO;
    if (back != KTG_NEVER && t->at != KTG_LONG_AGO) {
        from = e->now - 2 * KTG_DAY_MS; /* ktg_reach_from() */
        from = (t->at < from ? t->at : from) - back;
    }
    change_pool(s->pool, t->at, e->reason);
    int rc = mark_standing(e, s, t);
    if (!rc && !(rc = ktg_engine_timeline(e, s, from)) &&
        !(rc = on_timeline(e, &s->timeline, &traits)))
        rc = mark_keyed(e, s, t, traits);
    ktg_arena_reset(&e->scratch);
    return rc;
}

int ktg_engine_mark_touched(struct ktg_engine *e, struct ktg_live_subject *s,
                            const struct ktg_touch *t)
{
    const struct ktg_dispatch *d = &e->dispatch;
    const struct ktg_trait_rules *of = &d->by_trait[(size_t)t->kind * d->types + (size_t)t->type];
    if (!of->first)
        return KTG_OK;
    if (s->pool->count > 1 || e->world.answers == KTG_ANSWERS_WHOLE)
        return mark_each(e, s, t);
    ktg_time back = 0;
    bool beside = false;
    int rc = KTG_OK;
    for (size_t w = 0; w < d->first_word[t->type + 1] - d->first_word[t->type]; w++)
        for (uint64_t bits = t->traits[w]; !rc && bits; bits &= bits - 1) {
            size_t trait = w * 64 + (size_t)__builtin_ctzll(bits);
            for (uint32_t i = of->first[trait]; !rc && i < of->first[trait + 1]; i++)
                rc = ktg_engine_mark(e, s, of->rules[i], t->at, e->reason);
            beside |= of->beside[trait] >= 0;
            back = of->beside[trait] > back ? of->beside[trait] : back;
        }
    return rc || !beside ? rc : mark_beside(e, s, t, back);
}

/* ---- what a finding touches -------------------------------------------------------------------------------------- */

/* Of which types the subject has entries, of all its identifiers. */
static int find_types(struct ktg_engine *e, struct ktg_live_subject *s)
{
    const struct ktg_bytes *ids = &s->name;
    size_t count = 1;
    int rc = KTG_OK;
    if (s->types_known)
        return KTG_OK;
    s->types = 0;
    if (s->kind == e->view.source_kind || s->kind == e->view.rule_kind)
        s->types = UINT64_MAX; /* not all that stands on these timelines is an entry */
    else if (s->kind == e->view.person_kind)
        rc = ktg_identity_members(e->state, &e->record, s->name, &ids, &count);
    struct ktg_bytes kind = ktg_bytes_str(ktg_catalogue_kind_name(e->view.catalogue, s->kind));
    for (size_t i = 0; !rc && i < count; i++) {
        struct ktg_entries entries;
        if (!(rc = ktg_entries_open(e->state, kind, ids[i], &entries)))
            s->types |= ktg_entries_types(&entries);
    }
    s->types_known = !rc;
    return rc;
}

int ktg_engine_mark_posted(struct ktg_engine *e, struct ktg_live_subject *s,
                           const struct ktg_rule_list *readers, ktg_time since, enum ktg_reason why)
{
    if (s->pool->count > 1 || e->world.answers == KTG_ANSWERS_WHOLE)
        return ktg_engine_mark_all(e, s, readers, since, why);
    int rc = KTG_OK;
    for (size_t i = 0; !rc && i < readers->count; i++) {
        const struct ktg_rule *r = ktg_ruleset_rule(e->rules, readers->rules[i]);
        bool asked = !ktg_rule_has_key(r);
        if (!asked && !(rc = find_types(e, s)))
            asked = s->types & ktg_rule_key_types(r);
        if (!rc && asked)
            rc = ktg_engine_mark(e, s, readers->rules[i], since, why);
        else
            change_pool(s->pool, since, why);
    }
    return rc;
}
