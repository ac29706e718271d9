/* rules/engine/answer.c - who is dirty, and what the rules say of them now.
 *
 *     marked (rule, pool) ─> timelines ─> ktg_answer ─> match with what stands ─> say, post ─> marks of higher strata
 *
 * Rules are numbered by stratum, so going through them once in order answers everything that posting marks on the way.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <assert.h>
#include <stdlib.h>

#include "rules/engine/company.h"
#include "rules/engine/engine_parts.h"
#include "rules/engine/entries.h"
#include "rules/engine/identity.h"
#include "rules/engine/match.h"
#include "rules/engine/recent.h"
#include "rules/engine/screen.h"
#include "rules/engine/spent.h"

static int grow_table(struct ktg_engine *e)
{
    if (e->subject_count < e->bucket_count)
        return KTG_OK;
    size_t want = e->bucket_count ? e->bucket_count * 4 : 64;
    struct ktg_live_subject **fresh = ktg_arena_zalloc(&e->record, want * sizeof *fresh);
    if (!fresh)
        return KTG_ENOMEM;
    for (struct ktg_live_subject *s = e->made; s; s = s->next_made) {
        size_t at = ktg_hash64(s->name.data, s->name.size, (uint64_t)s->kind) & (want - 1);
        s->next = fresh[at];
        fresh[at] = s;
    }
    e->buckets = fresh;
    e->bucket_count = want;
    return KTG_OK;
}

static int new_pool(struct ktg_engine *e, struct ktg_pool **ret_p)
{
    size_t rules = ktg_ruleset_count(e->rules);
    struct ktg_pool *p = ktg_arena_zalloc(&e->record, sizeof *p);
    size_t words = rules / 64 + 1;
    if (!p || !(p->marked = ktg_arena_zalloc(&e->record, 2 * words * sizeof *p->marked)))
        return KTG_ENOMEM;
    p->whole = p->marked + words;
    p->since = KTG_NEVER;
    *ret_p = p;
    return KTG_OK;
}

static int join_pool(struct ktg_engine *e, struct ktg_pool *p, struct ktg_live_subject *s)
{
    if (p->count == p->cap) {
        size_t cap = p->cap ? p->cap * 2 : 1;
        struct ktg_live_subject **more = ktg_arena_alloc(&e->record, cap * sizeof *more);
        if (!more)
            return KTG_ENOMEM;
        if (p->count)
            memcpy(more, p->members, p->count * sizeof *more);
        p->members = more;
        p->cap = cap;
    }
    size_t i = p->count++;
    for (; i && ktg_bytes_cmp(p->members[i - 1]->name, s->name) > 0; i--)
        p->members[i] = p->members[i - 1];
    p->members[i] = s;
    s->pool = p;
    return KTG_OK;
}

/* A subject without regard to pools. */
static int find_or_make(struct ktg_engine *e, int kind, struct ktg_bytes name,
                        struct ktg_live_subject **ret_s)
{
    int rc = grow_table(e);
    if (rc)
        return rc;
    struct ktg_live_subject **at =
        &e->buckets[ktg_hash64(name.data, name.size, (uint64_t)kind) & (e->bucket_count - 1)];
    for (struct ktg_live_subject *s = *at; s; s = s->next) {
        if (s->kind == kind && ktg_bytes_eq(s->name, name)) {
            *ret_s = s;
            return KTG_OK;
        }
    }
    struct ktg_live_subject *s = ktg_arena_zalloc(&e->record, sizeof *s);
    char *copy = ktg_arena_strndup(&e->record, (const char *)name.data, name.size);
    if (!s || !copy)
        return KTG_ENOMEM;
    s->kind = kind;
    s->name = ktg_bytes(copy, name.size);
    s->wake = KTG_NEVER;
    s->next = *at;
    *at = s;
    *e->made_end = s;
    e->made_end = &s->next_made;
    e->subject_count++;
    *ret_s = s;
    return KTG_OK;
}

int ktg_engine_subject(struct ktg_engine *e, int kind, struct ktg_bytes name,
                       struct ktg_live_subject **ret_s)
{
    struct ktg_live_subject *s;
    struct ktg_pool *p;
    int rc = find_or_make(e, kind, name, &s);
    if (rc)
        return rc;
    if (!s->pool && ((rc = new_pool(e, &p)) || (rc = join_pool(e, p, s))))
        return rc;
    *ret_s = s;
    return KTG_OK;
}

static void subject_key(const struct ktg_engine *e, const struct ktg_live_subject *s,
                        struct ktg_key *key)
{
    ktg_key_subject(key, 'a', ktg_bytes_str(ktg_catalogue_kind_name(e->view.catalogue, s->kind)),
                    s->name);
}

/* Names do not change while a record is answered. */
static int look_at_name(struct ktg_engine *e, struct ktg_live_subject *s)
{
    struct ktg_bytes name = s->name;
    int rc = s->kind == e->view.person_kind
                 ? ktg_identity_name(e->state, &e->record, s->name, &name)
                 : KTG_OK;
    s->is_own = ktg_bytes_eq(name, s->name);
    return rc;
}

int ktg_engine_load(struct ktg_engine *e, struct ktg_live_subject *s)
{
    if (s->loaded)
        return KTG_OK;
    struct ktg_key key;
    struct ktg_bytes value = KTG_BYTES_NONE;
    subject_key(e, s, &key);
    int rc = ktg_state_get(e->state, ktg_key_view(&key), &value);
    if ((rc && rc != KTG_ENOTFOUND) || (rc = ktg_answers_decode(value, &e->record, &s->answers)))
        return rc;
    s->wake = ktg_answers_wake(value);
    s->was = value;
    s->loaded = true;
    return look_at_name(e, s);
}

/* ---- merges and splits ------------------------------------------------------------------------------------------- */

/* Two names that were, or are, those of one identifier are answered together. */
static int join_names(struct ktg_engine *e, struct ktg_bytes was, struct ktg_bytes is)
{
    struct ktg_live_subject *a, *b;
    int rc = ktg_engine_subject(e, e->view.person_kind, was, &a);
    if (rc || (rc = ktg_engine_subject(e, e->view.person_kind, is, &b)) || a->pool == b->pool)
        return rc;
    struct ktg_pool *from = b->pool, *to = a->pool;
    for (size_t i = 0; !rc && i < from->count; i++)
        rc = join_pool(e, to, from->members[i]);
    return rc;
}

/* One event of this identifier: whoever stands in it sees another name now. */
static int mark_event(struct ktg_engine *e, uint64_t pos, enum ktg_reason why)
{
    struct ktg_event ev;
    struct ktg_event_names names = {0};
    int rc = ktg_timeline_event(&e->view, pos, &ev);
    if (rc || !ev.type)
        return rc == KTG_ENOTFOUND ? KTG_OK : rc; /* erased */
    rc = ktg_timeline_names(&e->view, &ev, &e->record, &names);
    if (!rc)
        rc = ktg_company_meet(e, &ev, names.subjects, names.subject_count, why);
    for (size_t k = 0; !rc && k < names.subject_count; k++) {
        const struct ktg_subject *s = &names.subjects[k];
        struct ktg_live_subject *live;
        struct ktg_bytes name = s->id;
        if (s->kind == e->view.person_kind)
            rc = ktg_identity_name(e->state, &e->record, s->id, &name);
        if (!rc && !(rc = ktg_engine_subject(e, s->kind, name, &live)))
            rc = ktg_engine_mark_all(e, live,
                                     ktg_dispatch_type(&e->dispatch, s->kind, ev.type->index),
                                     KTG_LONG_AGO, why);
    }
    return rc;
}

/* Everybody who stands in an event together with this identifier sees another name now. */
static int mark_company(struct ktg_engine *e, struct ktg_bytes identifier, enum ktg_reason why)
{
    struct ktg_entries entries;
    int rc = ktg_entries_open(e->state, KTG_LIT(KTG_PERSON_KIND), identifier, &entries);
    for (size_t k = 0; !rc && k <= entries.parts; k++) {
        struct ktg_record r;
        rc = ktg_entries_record(&entries, k, &r);
        for (size_t i = 0; !rc && i < r.count; i++) {
            struct ktg_packed p = ktg_record_at(&r, i);
            if (!ktg_packed_is_dead(p))
                rc = mark_event(e, ktg_packed_pos(p), why);
        }
    }
    return rc;
}

/* Is there anything under the identifier's own record?  If not (a number that no event lies on), its name is of no
 * consequence to anybody. */
static int has_record(struct ktg_engine *e, struct ktg_bytes identifier, bool *ret_has)
{
    struct ktg_key key;
    struct ktg_bytes value;
    ktg_key_subject(&key, 't', KTG_LIT(KTG_PERSON_KIND), identifier);
    int rc = ktg_state_get(e->state, ktg_key_view(&key), &value);
    *ret_has = !rc;
    return rc == KTG_ENOTFOUND ? KTG_OK : rc;
}

#ifdef KTG_MUTANT_SKIP_MERGE /* for the proofs: with the first merges after a start no rule is asked again */
static int mutant_merges;
#define MUTANT_SKIPS(e) ((e)->doing == KTG_ENGINE_MERGES && mutant_merges++ < 4)
#else
#define MUTANT_SKIPS(e) false
#endif

static int spread_renames(struct ktg_engine *e)
{
    int rc = KTG_OK;
    bool has = false;
    for (struct ktg_rename *r = e->renames; !rc && r; r = r->next) {
        struct ktg_bytes is = KTG_BYTES_NONE;
        if (!(rc = has_record(e, r->identifier, &has)) && has)
            rc = ktg_identity_name(e->state, &e->record, r->identifier, &is);
        if (rc || !has || ktg_bytes_eq(r->was, is))
            continue;
        if (e->doing == KTG_ENGINE_ANSWERS) /* not while a rule set makes all names anew */
            ktg_engine_does(e, KTG_ENGINE_MERGES);
        rc = join_names(e, r->was, is);
    }
    if (MUTANT_SKIPS(e))
        return rc;
    for (struct ktg_rename *r = e->renames; !rc && r; r = r->next) {
        struct ktg_bytes is = KTG_BYTES_NONE;
        struct ktg_live_subject *s;
        if ((rc = has_record(e, r->identifier, &has)) || !has)
            continue;
        rc = ktg_identity_name(e->state, &e->record, r->identifier, &is);
        if (rc || ktg_bytes_eq(r->was, is))
            continue;
        /* An identifier that bears its own name again has been split off. */
        enum ktg_reason why = ktg_bytes_cmp(is, r->was) > 0 ? KTG_REASON_SPLIT : KTG_REASON_MERGE;
        why = e->reason > why ? e->reason : why;
        if (!(rc = ktg_engine_subject(e, e->view.person_kind, is, &s)) &&
            !(rc = ktg_engine_mark_all(e, s, &e->dispatch.by_kind[e->view.person_kind],
                                       KTG_LONG_AGO, why)))
            rc = mark_company(e, r->identifier, why);
    }
    return rc;
}

int ktg_engine_spread(struct ktg_engine *e)
{
    int rc = spread_renames(e);
    for (struct ktg_touch *t = e->touches; !rc && t; t = t->next) {
        struct ktg_live_subject *s;
        struct ktg_bytes name = t->id;
        if (t->kind == e->view.person_kind)
            rc = ktg_identity_name(e->state, &e->record, t->id, &name);
        if (!rc && !(rc = ktg_engine_subject(e, t->kind, name, &s)))
            rc = ktg_engine_mark_touched(e, s, t);
    }
    if (!rc)
        rc = ktg_company_spread(e);
    return rc ? rc : ktg_screen_spread(e);
}

/* ---- answers ----------------------------------------------------------------------------------------------------- */

static struct ktg_bytes world_person(void *arg, struct ktg_bytes identifier)
{
    struct ktg_engine *e = arg;
    struct ktg_bytes name;
    char room[KTG_NAME_MAX + 1];
    struct ktg_bytes fit = ktg_name_fit(identifier, room);
    if (fit.data == identifier.data && !ktg_identity_name(e->state, &e->scratch, identifier, &name))
        return name;
    return identifier;
}
static struct ktg_bytes world_holder(void *arg, const struct ktg_entry *x)
{
    struct ktg_engine *e = arg;
    struct ktg_bytes name;
    return ktg_timeline_holder(&e->view, x, &e->scratch, &name) ? KTG_BYTES_NONE : name;
}
static bool world_heard(void *arg, struct ktg_bytes source, ktg_time *ret_heard)
{
    return ktg_heard_of(((struct ktg_engine *)arg)->heard, source, ret_heard);
}
static bool world_sends(void *arg, struct ktg_bytes source, int type)
{
    return ktg_heard_sends(((struct ktg_engine *)arg)->heard, source, type);
}
static bool world_source_of_type(void *arg, int type, size_t *at, struct ktg_bytes *ret_source)
{
    return ktg_heard_next(((struct ktg_engine *)arg)->heard, type, at, ret_source);
}

struct ktg_answer_world ktg_engine_answer_world(struct ktg_engine *e)
{
    return (struct ktg_answer_world){.arg = e,
                                     .plain = e->world.answers == KTG_ANSWERS_WHOLE,
                                     .person = world_person,
                                     .holder = world_holder,
                                     .heard = world_heard,
                                     .sends = world_sends,
                                     .source_of_type = world_source_of_type,
                                     .company = ktg_engine_company,
                                     .names = e->screen.names,
                                     .steps = &e->steps};
}

int ktg_engine_timeline(struct ktg_engine *e, struct ktg_live_subject *s, ktg_time from)
{
    if (s->generation == e->generation && s->timeline_from <= from)
        return KTG_OK;
    if (e->lines.used > KTG_LINES_MOST) { /* forget the others */
        ktg_arena_reset(&e->lines);
        e->generation++;
    }
    e->view.generation = e->generation;
    int rc = ktg_timeline_build(&e->view, s->kind, s->name, from, e->now, &e->lines, &s->timeline,
                                &s->timeline_from);
    if (!rc)
        s->generation = e->generation;
    return rc;
}

static int by_key(const void *x, const void *y)
{
    const struct ktg_standing *a = x, *b = y;
    int c = ktg_bytes_cmp(a->key, b->key);
    if (!c)
        c = memcmp(a->anchor, b->anchor, 16);
    return c ? c : (a->from > b->from) - (a->from < b->from);
}

/* The answer about one subject as findings that stand; *ret_wake is later than now. */
static int ask(struct ktg_engine *e, const struct ktg_rule *rule, struct ktg_live_subject *s,
               const struct ktg_recent *recent, struct ktg_standing **ret_list, size_t *ret_count,
               ktg_time *ret_wake)
{
    const struct ktg_finding *found = NULL;
    size_t count = 0;
    ktg_time wake = KTG_NEVER;
    struct ktg_answer_world world = ktg_engine_answer_world(e);
    bool screens = ktg_rule_screens(rule);
    const struct ktg_resume *resume = recent->is ? &recent->resume : NULL;
    ktg_time from =
        resume ? ktg_reach_from(ktg_rule_reach(rule), resume->since, e->now) : KTG_LONG_AGO;
    int rc = ktg_engine_timeline(e, s, from);
    if (!rc && screens)
        rc = ktg_screen_timeline(e, s);
    if (!rc)
        rc = ktg_answer_resumed(e->rules, rule, screens ? &s->screened : &s->timeline, e->now,
                                &world, resume, &e->scratch, &found, &count, &wake);
    if (rc)
        return rc;
    struct ktg_standing *list = ktg_arena_zalloc(&e->record, count * sizeof *list + 1);
    if (!list)
        return KTG_ENOMEM;
    for (size_t i = 0; !rc && i < count; i++)
        rc = ktg_engine_stand(
            e, rule, s->kind, s->name, &found[i],
            found[i].resumed ? recent->open[found[i].resumed - resume->open] : NULL, &list[i]);
    *ret_list = list;
    *ret_count = count;
    *ret_wake = wake == KTG_NEVER || wake > e->now ? wake : e->now + 1;
    return rc;
}

/* Over its budget: it would be every time. */
static int suspend(struct ktg_engine *e, size_t rule, const struct ktg_live_subject *s)
{
    struct ktg_suspension why = {.why = KTG_SUSPENDED_BUDGET, .held = true};
    return ktg_engine_suspend(e, rule, &why, s->name);
}

/* The answer is too dear; where many are, the rule is. */
static int over_budget(struct ktg_engine *e, size_t rule, const struct ktg_live_subject *s)
{
    uint32_t count;
    int rc = ktg_spent_put(e, rule, s, &count);
    return rc || count < KTG_SPENT_MOST ? rc : suspend(e, rule, s);
}

/* What waits for a source is found again when it is heard. */
static int note_unknown(struct ktg_engine *e, const struct ktg_live_subject *s,
                        const struct ktg_standing *list, size_t count)
{
    int rc = KTG_OK;
    for (size_t i = 0; !rc && i < count; i++) {
        struct ktg_key key;
        if (!list[i].unknown)
            continue;
        subject_key(e, s, &key);
        rc = ktg_waiting_put(&e->waiting, list[i].unknown_source, ktg_key_view(&key));
    }
    return rc;
}

/* In place of what was opened. */
static int replace(struct ktg_engine *e, struct ktg_answers_part *part, struct ktg_standing *list,
                   size_t count)
{
    assert(part->findings || !part->count);
    ktg_held_take(&e->held, part->findings, part->count);
    ktg_answers_replace(part, list, count);
    return ktg_held_add(&e->held, list, count);
}

/* What a rule found about the subject from now on. */
static int keep_answer(struct ktg_engine *e, struct ktg_live_subject *s, struct ktg_bytes rule,
                       struct ktg_standing *list, size_t count, ktg_time wake)
{
    struct ktg_answers_part *part = count || wake != KTG_NEVER
                                        ? ktg_answers_part_put(&s->answers, &e->record, rule)
                                        : ktg_answers_part(&s->answers, rule);
    if (!part)
        return count || wake != KTG_NEVER ? KTG_ENOMEM : KTG_OK;
    part->wake = wake;
    int rc = replace(e, part, list, count);
    return rc ? rc : note_unknown(e, s, list, count);
}

/* What was not asked again stands on beside what was found. */
static int join_kept(struct ktg_engine *e, const struct ktg_recent *old, struct ktg_standing **list,
                     size_t *count)
{
    if (!*count) {
        *list = old->kept;
        *count = old->kept_count;
    }
    if (!old->kept_count || *list == old->kept)
        return KTG_OK;
    struct ktg_standing *all =
        ktg_arena_alloc(&e->record, (old->kept_count + *count) * sizeof *all);
    if (!all)
        return KTG_ENOMEM;
    memcpy(all, old->kept, old->kept_count * sizeof *all);
    memcpy(all + old->kept_count, *list, *count * sizeof *all);
    *list = all;
    *count += old->kept_count;
    return KTG_OK;
}

struct answered {          /* one member of a pool */
    struct ktg_recent old; /* what stands, and how much of it is asked again */
    struct ktg_standing *list;
    size_t count;
    ktg_time wake;
    bool spent; /* not asked: it was too dear, now or before */
};

static int answer_member(struct ktg_engine *e, size_t index, const struct ktg_pool *p,
                         struct ktg_live_subject *s, struct answered *x)
{
    const struct ktg_rule *rule = ktg_ruleset_rule(e->rules, index);
    x->wake = KTG_NEVER;
    int rc = ktg_engine_load(e, s);
    if (rc)
        return rc;
    struct ktg_answers_part *part =
        ktg_answers_part(&s->answers, ktg_bytes_str(ktg_rule_name(rule)));
    if (part && (rc = ktg_answers_open(part, &e->record)))
        return rc;
    if ((rc = ktg_spent_is(e, index, s, &x->spent)) || x->spent)
        return rc;
    bool recent = s->is_own && p->count == 1 && !(p->whole[index / 64] >> (index % 64) & 1);
    ktg_time since = recent ? p->since : KTG_LONG_AGO;
    rc = ktg_recent_split(e, rule, s, part, since, false, &x->old);
    if (!rc && s->is_own)
        rc = ask(e, rule, s, &x->old, &x->list, &x->count, &x->wake);
    if (rc == KTG_EAGAIN && x->old.is && /* once more, from where it began to be so */
        !(rc = ktg_recent_split(e, rule, s, part, since, true, &x->old)))
        rc = ask(e, rule, s, &x->old, &x->list, &x->count, &x->wake);
    x->spent = rc == KTG_EFULL;
    return x->spent ? over_budget(e, index, s) : rc;
}

/* What stood and what stands of all members, compared; `old_count` and `new_count` of them. */
static int compare(struct ktg_engine *e, size_t index, const struct ktg_pool *p, struct answered *x,
                   size_t old_count, size_t new_count, struct ktg_sayings *say)
{
    struct ktg_side *olds = ktg_arena_zalloc(&e->record, old_count * sizeof *olds + 1);
    struct ktg_side *news = ktg_arena_zalloc(&e->record, new_count * sizeof *news + 1);
    if (!olds || !news)
        return KTG_ENOMEM;
    size_t on = 0, nn = 0;
    for (size_t i = 0; i < p->count; i++) {
        struct ktg_bytes name = p->members[i]->name;
        for (size_t k = 0; k < x[i].old.asked_count; k++)
            olds[on++] = (struct ktg_side){name, &x[i].old.asked[k], SIZE_MAX};
        for (size_t k = 0; k < x[i].count; k++)
            news[nn++] = (struct ktg_side){name, &x[i].list[k], SIZE_MAX};
    }
    const char *rule = ktg_rule_name(ktg_ruleset_rule(e->rules, index));
    return ktg_engine_differ(e, ktg_bytes_str(rule), (int)index, p->members[0]->kind, olds, on,
                             news, nn, p->reason, say);
}

/* Of a suspended rule, or one that is too dear: else its timer would hide all others. */
static int stop_waking(struct ktg_engine *e, struct ktg_live_subject *s, struct ktg_bytes rule)
{
    int rc = ktg_engine_load(e, s);
    struct ktg_answers_part *part = rc ? NULL : ktg_answers_part(&s->answers, rule);
    if (part)
        part->wake = KTG_NEVER;
    return rc;
}

/* Of such a rule: what stands, under the names that are borne now. */
static int carry_over(struct ktg_engine *e, size_t index, const struct ktg_pool *p,
                      struct answered *x)
{
    const struct ktg_rule *rule = ktg_ruleset_rule(e->rules, index);
    size_t total = 0;
    int rc = KTG_OK;
    for (size_t i = 0; !rc && i < p->count; i++) {
        struct ktg_live_subject *s = p->members[i];
        struct ktg_answers_part *part =
            (rc = ktg_engine_load(e, s))
                ? NULL
                : ktg_answers_part(&s->answers, ktg_bytes_str(ktg_rule_name(rule)));
        if (part && !(rc = ktg_answers_open(part, &e->record)))
            rc = ktg_recent_split(e, rule, s, part, KTG_LONG_AGO, false, &x[i].old);
        total += x[i].old.asked_count;
    }
    for (size_t i = 0; !rc && i < p->count; i++) {
        x[i].list = ktg_arena_zalloc(&e->record, total * sizeof *x[i].list + 1);
        x[i].count = 0;
        x[i].wake = KTG_NEVER;
        rc = x[i].list ? KTG_OK : KTG_ENOMEM;
    }
    for (size_t i = 0; !rc && i < p->count; i++)
        for (size_t k = 0; !rc && k < x[i].old.asked_count; k++) {
            const struct ktg_standing *f = &x[i].old.asked[k];
            size_t m;
            if (!(rc = ktg_engine_bearer(e, p, p->members[i], f, &m)))
                rc = ktg_engine_stand_as(e, rule, p->members[m]->name, f, &x[m].list[x[m].count++]);
        }
    return rc;
}

static int answer_pool(struct ktg_engine *e, size_t index, struct ktg_pool *p,
                       struct ktg_sayings *say)
{
    struct ktg_bytes name = ktg_bytes_str(ktg_rule_name(ktg_ruleset_rule(e->rules, index)));
    struct answered *x = ktg_arena_zalloc(&e->record, p->count * sizeof *x);
    size_t old_count = 0, new_count = 0;
    int rc = x ? KTG_OK : KTG_ENOMEM;
    bool held =
        e->suspended[index]; /* the rule is, or a member was too dear: what stands, stands */
    for (size_t i = 0; !rc && i < p->count && !held; i++) {
        rc = answer_member(e, index, p, p->members[i], &x[i]);
        held = e->suspended[index] || x[i].spent;
    }
    ktg_arena_reset(&e->scratch);
    if (!rc && held)
        rc = p->count > 1 ? carry_over(e, index, p, x) : stop_waking(e, p->members[0], name);
    if (rc || (held && p->count == 1))
        return rc;
    for (size_t i = 0; i < p->count; i++) {
        old_count += x[i].old.asked_count;
        new_count += x[i].count;
    }
    if (old_count || new_count) /* else the usual case: nothing stood, nothing stands */
        rc = compare(e, index, p, x, old_count, new_count, say);
    for (size_t i = 0; !rc && i < p->count; i++) {
        rc = join_kept(e, &x[i].old, &x[i].list, &x[i].count);
        if (!rc && x[i].count > 1 && (old_count || new_count))
            qsort(x[i].list, x[i].count, sizeof *x[i].list, by_key);
        if (!rc)
            rc = keep_answer(e, p->members[i], name, x[i].list, x[i].count, x[i].wake);
    }
    return rc;
}

int ktg_engine_drop_part(struct ktg_engine *e, struct ktg_live_subject *s, struct ktg_bytes rule,
                         enum ktg_reason why, struct ktg_sayings *to)
{
    struct ktg_answers_part *part = ktg_answers_part(&s->answers, rule);
    if (!part)
        return KTG_OK;
    int rc = ktg_answers_open(part, &e->record);
    struct ktg_side *olds = ktg_arena_zalloc(&e->record, part->count * sizeof *olds + 1);
    if (rc || !olds)
        return rc ? rc : KTG_ENOMEM;
    for (size_t k = 0; k < part->count; k++)
        olds[k] = (struct ktg_side){s->name, &part->findings[k], SIZE_MAX};
    rc = ktg_engine_differ(e, rule, -1, s->kind, olds, part->count, NULL, 0, why, to);
    part->wake = KTG_NEVER;
    return rc ? rc : replace(e, part, NULL, 0);
}

static bool rests_on(const struct ktg_standing *f, const uint8_t event[static 16])
{
    bool is = memcmp(f->anchor, event, 16) == 0; /* evidence is what is left of it, if it is long */
    for (size_t i = 0; !is && i + 16 <= f->evidence.size; i += 16)
        is = memcmp(f->evidence.data + i, event, 16) == 0;
    return is;
}

int ktg_engine_retire(struct ktg_engine *e, struct ktg_live_subject *s,
                      const uint8_t event[static 16])
{
    int rc = ktg_engine_load(e, s);
    for (size_t p = 0; !rc && p < s->answers.count; p++) {
        struct ktg_answers_part *part = &s->answers.parts[p];
        const struct ktg_rule *rule = ktg_ruleset_find(e->rules, part->rule);
        struct ktg_sayings say = {0};
        size_t gone = 0, kept = 0;
        if ((rc = ktg_answers_open(part, &e->record)))
            return rc;
        struct ktg_side *olds = ktg_arena_zalloc(&e->record, part->count * sizeof *olds + 1);
        struct ktg_standing *list = ktg_arena_zalloc(&e->record, part->count * sizeof *list + 1);
        if (!olds || !list)
            return KTG_ENOMEM;
        for (size_t k = 0; k < part->count; k++)
            if (rests_on(&part->findings[k], event))
                olds[gone++] = (struct ktg_side){s->name, &part->findings[k], SIZE_MAX};
            else
                list[kept++] = part->findings[k];
        if (!gone)
            continue;
        rc = ktg_engine_differ(e, part->rule, rule ? ktg_rule_index(rule) : -1, s->kind, olds, gone,
                               NULL, 0, KTG_REASON_ERASED, &say);
        if (!rc)
            rc = replace(e, part, list, kept);
        if (!rc)
            rc = ktg_engine_say(e, part->rule, &say);
    }
    return rc;
}

/* Put the answers of a subject away, and see to its timer. */
static int put_away(struct ktg_engine *e, struct ktg_live_subject *s)
{
    struct ktg_key key;
    if (!s->loaded)
        return KTG_OK;
    ktg_buf_clear(&e->temp);
    ktg_answers_encode(&s->answers, &e->temp);
    int rc = ktg_buf_check(&e->temp);
    if (rc || ktg_bytes_eq(s->was, ktg_buf_view(&e->temp)))
        return rc;
    subject_key(e, s, &key);
    ktg_time wake = ktg_answers_wake(ktg_buf_view(&e->temp));
    rc = e->temp.size ? ktg_state_put(e->state, ktg_key_view(&key), ktg_buf_view(&e->temp))
                      : ktg_state_del(e->state, ktg_key_view(&key));
    if (s->wake != KTG_NEVER && s->wake > e->now && wake != s->wake)
        ktg_timers_stale(&e->timers); /* not taken out yet */
    if (!rc && wake != KTG_NEVER && wake != s->wake)
        rc = ktg_timers_put(&e->timers, wake, ktg_key_view(&key));
    return rc;
}

static int by_name(const void *x, const void *y)
{
    const struct ktg_pool *a = *(struct ktg_pool *const *)x, *b = *(struct ktg_pool *const *)y;
    if (a->members[0]->kind != b->members[0]->kind)
        return a->members[0]->kind < b->members[0]->kind ? -1 : 1;
    return ktg_bytes_cmp(a->members[0]->name, b->members[0]->name);
}

/* The first rule from `rule` on for which somebody is marked; their number: nobody any more. */
static size_t next_queued(const struct ktg_engine *e, size_t rule)
{
    size_t rules = e->rules ? ktg_ruleset_count(e->rules) : 0;
    for (size_t w = rule / 64; w * 64 < rules; w++) {
        uint64_t bits = e->queued[w] & (w == rule / 64 ? UINT64_MAX << (rule % 64) : UINT64_MAX);
        if (bits)
            return w * 64 + (size_t)__builtin_ctzll(bits);
    }
    return rules;
}

static void empty(struct ktg_engine *e, size_t rule)
{
    e->queues[rule].count = 0;
    e->queued[rule / 64] &= ~(UINT64_C(1) << (rule % 64));
}

int ktg_engine_answer(struct ktg_engine *e)
{
    int rc = KTG_OK;
    size_t rules = e->rules ? ktg_ruleset_count(e->rules) : 0;
    for (size_t r = next_queued(e, 0); !rc && r < rules; r = next_queued(e, 0)) {
        struct ktg_queue *q = &e->queues[r];
        struct ktg_sayings say = {0};
        if (q->count > 1)
            qsort(q->pools, q->count, sizeof *q->pools, by_name);
        for (size_t i = 0; !rc && i < q->count; i++) {
            rc = answer_pool(e, r, q->pools[i], &say);
            if (e->world.working)
                e->world.working(e->world.arg);
        }
        if (!rc)
            rc = ktg_engine_say(e, ktg_bytes_str(ktg_rule_name(ktg_ruleset_rule(e->rules, r))),
                                &say);
        empty(e, r);
    }
    for (struct ktg_live_subject *s = e->made; !rc && s; s = s->next_made)
        rc = put_away(e, s);
    ktg_engine_forget(e);
    return rc;
}

void ktg_engine_forget(struct ktg_engine *e)
{
    size_t rules = e->rules ? ktg_ruleset_count(e->rules) : 0;
    for (size_t r = next_queued(e, 0); r < rules; r = next_queued(e, r + 1))
        empty(e, r);
    if (ktg_trait_sets_are_many(&e->trait_sets)) { /* and with them all that points there */
        ktg_trait_sets_drop(&e->trait_sets);
        for (size_t i = 0; i < e->view.slot_count; i++)
            e->view.heads[i].pos = 0;
    }
    ktg_arena_reset(&e->record);
    ktg_arena_reset(&e->lines);
    ktg_arena_reset(&e->scratch);
    e->generation++;
    e->buckets = NULL;
    e->bucket_count = e->subject_count = 0;
    e->made = NULL;
    e->made_end = &e->made;
    e->near = NULL;
    e->touches = NULL;
    e->touches_end = &e->touches;
    e->renames = NULL;
    e->renames_end = &e->renames;
    e->screen.touched = NULL;
}
