/* rules/engine/rederive.c - what stands now against what was told: the end of a silent replay (DECISIONS 13).
 *
 *     told, by (kind, subject, rule)  ──┐
 *                                       ├─ match (match.h) ─> label and revision stay ─> raise, amend, withdraw, unknown, none
 *     answers, by (kind, subject, rule) ┘
 *
 * (1) Labels of the silent replay are forgotten; those that were told, and new ones beside them, take their place.
 * (2) Nothing else of the answers changes: what is posted and when a subject wakes was derived by this engine already.
 * (3) Told and answers are both sorted by subject, so one pass over both is enough.
 *
 * NEEDSWORK: answers and differences of all subjects are held in memory until the end; millions of findings need a pass per rule.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdlib.h>

#include "rules/engine/engine_parts.h"
#include "rules/engine/match.h"
#include "rules/engine/pack.h"
#include "rules/engine/told.h"

struct of_rule { /* differences that wait for their turn */
    struct ktg_bytes rule;
    struct ktg_sayings list;
};

struct rederivation {
    struct ktg_engine *e;
    const struct ktg_rederive *how;
    struct ktg_told_finding *told; /* those that stand and can be read, by subject */
    size_t count;
    struct ktg_told_finding *bare; /* those of which only the label is left */
    size_t bare_count;
    struct of_rule *rules, *gone; /* of the rule set, in its order; of rules that are no more */
    size_t gone_count, gone_cap;
};

static enum ktg_reason why(const struct rederivation *r)
{
    return r->how->other_engine ? KTG_REASON_ENGINE : KTG_REASON_ERASED;
}

/* ---- labels -------------------------------------------------------------------------------------------------------- */

static int collect(void *arg, struct ktg_bytes key, struct ktg_bytes value)
{
    struct ktg_buf *keys = arg;
    (void)value;
    ktg_pack_bytes(keys, key);
    return ktg_buf_check(keys);
}

static int forget_labels(struct ktg_engine *e)
{
    struct ktg_buf keys = KTG_BUF_INIT;
    int rc = ktg_state_scan(e->state, KTG_LIT("l"), collect, &keys);
    for (struct ktg_unpack u = ktg_unpack_open(ktg_buf_view(&keys)); !rc && u.at < u.end;)
        rc = ktg_state_del(e->state, ktg_unpack_bytes(&u));
    ktg_buf_done(&keys);
    return rc;
}

/* Sort out what was told, and bring back its labels. */
static int recall(struct rederivation *r)
{
    struct ktg_told_finding *all;
    size_t count, kept = 0;
    int rc = ktg_told_list(r->how->told, &r->e->record, &all, &count);
    if (!rc)
        rc = forget_labels(r->e);
    if (!rc && !(r->bare = ktg_arena_alloc(&r->e->record, count * sizeof *r->bare + 1)))
        rc = KTG_ENOMEM;
    for (size_t i = 0; !rc && i < count; i++) {
        struct ktg_told_finding *f = &all[i];
        bool readable = f->stands && !f->is_erased;
        rc = ktg_engine_label(r->e, f->label, readable, f->rev, f->rule, f->kind, f->subject);
        if (f->stands && f->is_erased)
            r->bare[r->bare_count++] = *f;
        else if (readable)
            all[kept++] = *f;
    }
    r->told = all;
    r->count = kept;
    return rc;
}

static int by_label(const void *x, const void *y)
{
    const struct ktg_told_finding *a = x, *b = y;
    return memcmp(a->label, b->label, 16);
}

struct subject {
    struct ktg_bytes key, kind, name; /* key: of its answers; none: it has no answers */
};

/* ---- one rule of one subject ---------------------------------------------------------------------------------------- */

static struct ktg_sayings *sayings_of(struct rederivation *r, struct ktg_bytes name)
{
    const struct ktg_rule *rule = ktg_ruleset_find(r->e->rules, name);
    if (rule)
        return &r->rules[ktg_rule_index(rule)].list;
    for (size_t i = 0; i < r->gone_count; i++) {
        if (ktg_bytes_eq(r->gone[i].rule, name))
            return &r->gone[i].list;
    }
    if (ktg_grow(&r->gone, &r->gone_cap, r->gone_count + 1, sizeof *r->gone))
        return NULL;
    r->gone[r->gone_count] = (struct of_rule){.rule = name};
    return &r->gone[r->gone_count++].list;
}

static bool is_erased(const struct rederivation *r, const struct ktg_standing *f)
{
    if (!r->how->is_erased)
        return false;
    bool is = r->how->is_erased(r->how->arg, f->anchor);
    for (size_t i = 0; !is && i + 16 <= f->evidence.size; i += 16)
        is = r->how->is_erased(r->how->arg, f->evidence.data + i);
    return is;
}

static int leave(struct rederivation *r, struct ktg_bytes rule, struct ktg_bytes subject,
                 const struct ktg_standing *f, struct ktg_sayings *to)
{
    int rc =
        ktg_engine_saying(r->e, to, KTG_OP_NONE, KTG_REASON_ERASED, rule, subject, f, f->rev + 1);
    return rc ? rc
              : ktg_engine_label(r->e, f->label, false, f->rev + 1, KTG_BYTES_NONE, KTG_BYTES_NONE,
                                 KTG_BYTES_NONE);
}

/* Those that stand no more because events are gone leave; the others stay in the list. */
static int let_go(struct rederivation *r, struct ktg_bytes rule, struct ktg_side *olds,
                  size_t *count, struct ktg_side *news, size_t new_count, struct ktg_sayings *to)
{
    size_t kept = 0;
    int rc = ktg_match(olds, *count, news, new_count, &r->e->record);
    for (size_t i = 0; !rc && i < *count; i++) {
        bool stays = olds[i].other != SIZE_MAX && news[olds[i].other].finding->told;
        if (!stays && (!r->how->other_engine || is_erased(r, olds[i].finding)))
            rc = leave(r, rule, olds[i].subject, olds[i].finding, to);
        else
            olds[kept++] = olds[i];
    }
    *count = kept;
    return rc;
}

static struct ktg_told_finding *find_bare(struct rederivation *r, const struct ktg_standing *f)
{
    struct ktg_told_finding key;
    memcpy(key.label, f->label, 16);
    return r->bare_count && f->told
               ? bsearch(&key, r->bare, r->bare_count, sizeof *r->bare, by_label)
               : NULL;
}

/* `part`: its answer, or NULL.  Its findings get their labels and revisions. */
static int compare_rule(struct rederivation *r, struct ktg_bytes rule, const struct subject *s,
                        struct ktg_answers_part *part, struct ktg_told_finding *told,
                        size_t told_count)
{
    int rc = KTG_OK, kind = ktg_catalogue_kind(r->e->view.catalogue, s->kind);
    size_t fresh_count = part ? part->count : 0, on = 0;
    struct ktg_arena *a = &r->e->record;
    struct ktg_side *olds = ktg_arena_alloc(a, (told_count + fresh_count) * sizeof *olds + 1);
    struct ktg_side *news = ktg_arena_alloc(a, fresh_count * sizeof *news + 1);
    struct ktg_standing *fresh = ktg_arena_alloc(a, fresh_count * 2 * sizeof *fresh + 1);
    struct ktg_standing *shadows = fresh + fresh_count; /* of bare ones: alike, but for one thing */
    struct ktg_sayings *to = sayings_of(r, rule);
    if (!olds || !news || !fresh || !to)
        return KTG_ENOMEM;
    for (size_t i = 0; i < told_count; i++)
        olds[on++] = (struct ktg_side){s->name, &told[i].finding, SIZE_MAX};
    for (size_t i = 0; !rc && i < fresh_count; i++) {
        struct ktg_standing *f = &fresh[i];
        *f = part->findings[i];
        f->is_posted = false; /* it is, and stays */
        if (f->values.size == 1 && f->values.data[0] == 0x80)
            f->values = KTG_BYTES_NONE; /* as in what was told */
        news[i] = (struct ktg_side){s->name, f, SIZE_MAX};
        struct ktg_told_finding *bare = find_bare(r, f);
        if (!bare)
            continue;
        shadows[i] = *f;
        shadows[i].rev = bare->rev;
        shadows[i].evidence_total = UINT64_MAX; /* what it was is gone: it is said again */
        olds[on++] = (struct ktg_side){s->name, &shadows[i], SIZE_MAX};
        bare->stands = false; /* found */
        rc = ktg_engine_label(r->e, f->label, true, bare->rev, rule, s->kind, s->name);
    }
    if (!rc)
        rc = let_go(r, rule, olds, &on, news, fresh_count, to);
    if (!rc)
        rc = ktg_engine_differ(r->e, rule, -1, kind, olds, on, news, fresh_count, why(r), to);
    for (size_t i = 0; !rc && i < fresh_count; i++) {
        memcpy(part->findings[i].label, fresh[i].label, 16);
        part->findings[i].rev = fresh[i].rev;
    }
    return rc;
}

/* ---- all subjects ---------------------------------------------------------------------------------------------------- */

static int compare_subject(struct rederivation *r, const struct subject *s,
                           struct ktg_told_finding *told, size_t count)
{
    struct ktg_engine *e = r->e;
    struct ktg_answers x = {0};
    struct ktg_bytes value;
    int rc = s->key.size ? ktg_state_get(e->state, s->key, &value) : KTG_OK;
    if (!rc &&
        s->key
            .size) { /* a copy: it is overwritten below, and differences look into it until they are said */
        char *copy = ktg_arena_strndup(&e->record, (const char *)value.data, value.size);
        rc = copy ? ktg_answers_decode(ktg_bytes(copy, value.size), &e->record, &x) : KTG_ENOMEM;
    }
    for (size_t p = 0; !rc && p < x.count; p++)
        rc = ktg_answers_open(&x.parts[p], &e->record);
    for (size_t p = 0, t = 0; !rc && (p < x.count || t < count);) {
        int c = p == x.count ? 1 : t == count ? -1 : ktg_bytes_cmp(x.parts[p].rule, told[t].rule);
        struct ktg_bytes rule = c <= 0 ? x.parts[p].rule : told[t].rule;
        size_t n = 0;
        while (c >= 0 && t + n < count && ktg_bytes_eq(told[t + n].rule, rule))
            n++;
        rc = compare_rule(r, rule, s, c <= 0 ? &x.parts[p] : NULL, told + t, n);
        p += c <= 0;
        t += n;
    }
    if (rc || !s->key.size)
        return rc;
    ktg_buf_clear(&e->temp);
    ktg_answers_encode(&x, &e->temp);
    rc = ktg_buf_check(&e->temp);
    return rc ? rc : ktg_state_put(e->state, s->key, ktg_buf_view(&e->temp));
}

static int order_of(const struct subject *s, const struct ktg_told_finding *f)
{
    int c = ktg_bytes_cmp(s->kind, f->kind);
    return c ? c : ktg_bytes_cmp(s->name, f->subject);
}

/* Both lists in step; `answers`: packed keys, ascending by (kind, subject). */
static int compare_all(struct rederivation *r, struct ktg_bytes answers)
{
    struct ktg_unpack u = ktg_unpack_open(answers);
    struct subject s = {0};
    bool has = false;
    int rc = KTG_OK;
    for (size_t t = 0; !rc && (has || u.at < u.end || t < r->count);) {
        if (!has && u.at < u.end) {
            s.key = ktg_unpack_bytes(&u);
            has = ktg_key_subject_parts(s.key, &s.kind, &s.name);
            if (!has)
                return KTG_ECORRUPT;
        }
        int c = !has ? 1 : t == r->count ? -1 : order_of(&s, &r->told[t]);
        struct subject one =
            c <= 0 ? s : (struct subject){KTG_BYTES_NONE, r->told[t].kind, r->told[t].subject};
        size_t n = 0;
        while (c >= 0 && t + n < r->count && order_of(&one, &r->told[t + n]) == 0)
            n++;
        rc = compare_subject(r, &one, r->told + t, n);
        t += n;
        has = has && c > 0;
    }
    return rc;
}

/* What cannot be read any more and does not stand: it leaves, whatever it was. */
static int let_bare_go(struct rederivation *r)
{
    int rc = KTG_OK;
    for (size_t i = 0; !rc && i < r->bare_count; i++) {
        if (!r->bare[i].stands)
            continue;
        struct ktg_sayings *to = sayings_of(r, KTG_BYTES_NONE);
        rc = to ? leave(r, KTG_BYTES_NONE, KTG_BYTES_NONE, &r->bare[i].finding, to) : KTG_ENOMEM;
    }
    return rc;
}

static int say_all(struct rederivation *r, size_t *ret_said)
{
    size_t count = ktg_ruleset_count(r->e->rules);
    int rc = KTG_OK;
    *ret_said = 0;
    for (size_t i = 0; !rc && i < count; i++) {
        const struct ktg_rule *rule = ktg_ruleset_rule(r->e->rules, i);
        *ret_said += r->rules[i].list.count;
        rc = ktg_engine_say(r->e, ktg_bytes_str(ktg_rule_name(rule)), &r->rules[i].list);
    }
    for (size_t i = 0; !rc && i < r->gone_count; i++) {
        *ret_said += r->gone[i].list.count;
        rc = ktg_engine_say(r->e, r->gone[i].rule, &r->gone[i].list);
    }
    return rc;
}

int ktg_engine_compare(struct ktg_engine *e, const struct ktg_rederive *how, size_t *ret_said)
{
    struct rederivation r = {.e = e, .how = how};
    struct ktg_buf keys = KTG_BUF_INIT;
    size_t rules = ktg_ruleset_count(e->rules);
    int rc = recall(&r);
    if (!rc && !(r.rules = ktg_arena_zalloc(&e->record, rules * sizeof *r.rules + 1)))
        rc = KTG_ENOMEM;
    if (!rc)
        rc = ktg_state_scan(e->state, KTG_LIT("a"), collect, &keys);
    if (!rc)
        rc = compare_all(&r, ktg_buf_view(&keys));
    if (!rc)
        rc = let_bare_go(&r);
    if (!rc)
        rc = say_all(&r, ret_said);
    ktg_free(r.gone);
    ktg_buf_done(&keys);
    return rc;
}
