/* rules/engine/company.c - see company.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "rules/engine/company.h"

#include "rules/engine/entries.h"
#include "rules/engine/identity.h"
#include "rules/engine/pack.h"

struct ktg_near { /* those within the rule's span of `at` are marked */
    struct ktg_near *next;
    const struct ktg_together_rule *rule;
    ktg_time at;
    enum ktg_reason why;
    uint8_t key[16];
};

struct seen { /* an entry of a bucket */
    ktg_time at;
    uint64_t pos;
    struct ktg_bytes id;
};

static int64_t bucket_of(ktg_time at, ktg_time span)
{
    return at / span - (at % span < 0);
}

static void bucket_key(struct ktg_key *k, const uint8_t key[static 16], int64_t bucket)
{
    uint8_t raw[8];
    ktg_put_be64(raw, (uint64_t)bucket);
    ktg_key_put(k, 'w', (struct ktg_bytes[]){ktg_bytes(key, 16), ktg_bytes(raw, 8)}, 2);
}

static struct seen next_seen(struct ktg_unpack *u)
{
    struct seen s = {.at = ktg_unpack_i64(u)};
    s.pos = ktg_unpack_u64(u);
    s.id = ktg_unpack_bytes(u);
    return s;
}

/* By time, position and identifier. */
static int order(const struct seen *a, const struct seen *b)
{
    if (a->at != b->at)
        return a->at < b->at ? -1 : 1;
    if (a->pos != b->pos)
        return a->pos < b->pos ? -1 : 1;
    return ktg_bytes_cmp(a->id, b->id);
}

/* Put an entry in, or take it out; once is as good as twice. */
static int change(struct ktg_engine *e, const uint8_t key[static 16], ktg_time span,
                  const struct seen *x, bool live)
{
    struct ktg_key k;
    struct ktg_buf *b;
    bucket_key(&k, key, bucket_of(x->at, span));
    int rc = ktg_state_edit(e->state, ktg_key_view(&k), &b);
    if (rc)
        return rc;
    struct ktg_unpack u = ktg_unpack_open(ktg_buf_view(b));
    size_t begin = 0, end = 0; /* of the first entry that does not stand before x */
    bool there = false;
    while (u.at < u.end) {
        struct seen s = next_seen(&u);
        if (u.bad)
            return KTG_ECORRUPT;
        end = (size_t)(u.at - b->data);
        int c = order(&s, x);
        there = c == 0;
        if (c >= 0)
            break;
        begin = end;
    }
    if (there && !live) {
        memmove(b->data + begin, b->data + end, b->size - end);
        b->size -= end - begin;
    } else if (!there && live) {
        ktg_buf_clear(&e->temp); /* what stands behind it */
        ktg_buf_put_bytes(&e->temp, begin < b->size ? ktg_bytes(b->data + begin, b->size - begin)
                                                    : KTG_BYTES_NONE);
        b->size = begin;
        ktg_pack_i64(b, x->at);
        ktg_pack_u64(b, x->pos);
        ktg_pack_bytes(b, x->id);
        ktg_buf_put_bytes(b, ktg_buf_view(&e->temp));
        if ((rc = ktg_buf_check(&e->temp)))
            return rc;
    }
    return b->size ? ktg_buf_check(b) : ktg_state_del(e->state, ktg_key_view(&k));
}

static int note_near(struct ktg_engine *e, const struct ktg_together_rule *rule,
                     const uint8_t key[static 16], ktg_time at, enum ktg_reason why)
{
    struct ktg_near *n = ktg_arena_zalloc(&e->record, sizeof *n);
    if (!n)
        return KTG_ENOMEM;
    *n = (struct ktg_near){.next = e->near, .rule = rule, .at = at, .why = why};
    memcpy(n->key, key, 16);
    e->near = n;
    return KTG_OK;
}

/* Call for each rule and person of which the event is an occasion; `pos` 0: only to be met. */
static int each(struct ktg_engine *e, uint64_t pos, const struct ktg_event *ev,
                const struct ktg_subject *s, size_t count, bool live, enum ktg_reason why)
{
    const struct ktg_dispatch *d = &e->dispatch;
    int rc = KTG_OK;
    for (size_t r = 0; !rc && r < d->together_count; r++) {
        const struct ktg_together_rule *t = &d->together[r];
        const struct ktg_rule *rule = ktg_ruleset_rule(e->rules, t->rule);
        if (!ktg_rule_reads_type(rule, ev->type->index))
            continue;
        bool noted = false;
        for (size_t i = 0; !rc && i < count; i++) {
            uint8_t key[16];
            if (s[i].kind != e->view.person_kind)
                continue;
            rc = ktg_rule_occasion(rule, ev, s[i].role, &e->scratch, key);
            ktg_arena_reset(&e->scratch);
            if (!rc && pos) {
                struct seen x = {ev->occurred_at, pos, s[i].id};
                rc = change(e, key, t->span, &x, live);
            }
            if (!rc && !noted) {
                rc = note_near(e, t, key, ev->occurred_at, why);
                noted = true;
            }
            if (rc == KTG_ENOTFOUND)
                rc = KTG_OK;
        }
    }
    return rc;
}

int ktg_company_put(struct ktg_engine *e, uint64_t pos, const struct ktg_event *ev,
                    const struct ktg_subject *s, size_t count, bool live)
{
    return each(e, pos, ev, s, count, live, KTG_REASON_CLOCK);
}

int ktg_company_meet(struct ktg_engine *e, const struct ktg_event *ev, const struct ktg_subject *s,
                     size_t count, enum ktg_reason why)
{
    return each(e, 0, ev, s, count, true, why);
}

/* ---- reading ---- */

typedef int seen_each(void *arg, const struct seen *s);

static int within(struct ktg_engine *e, const uint8_t key[static 16], ktg_time span, ktg_time from,
                  ktg_time until, seen_each *f, void *arg)
{
    int rc = KTG_OK;
    for (int64_t b = bucket_of(from, span); !rc && b <= bucket_of(until, span); b++) {
        struct ktg_key k;
        struct ktg_bytes value = KTG_BYTES_NONE;
        bucket_key(&k, key, b);
        rc = ktg_state_get(e->state, ktg_key_view(&k), &value);
        if (rc == KTG_ENOTFOUND)
            rc = KTG_OK;
        struct ktg_unpack u = ktg_unpack_open(value);
        while (!rc && u.at < u.end && !u.bad) {
            struct seen s = next_seen(&u);
            if (!u.bad && s.at >= from && s.at <= until)
                rc = f(arg, &s);
        }
        if (!rc && u.bad)
            rc = KTG_ECORRUPT;
    }
    return rc;
}

struct listing {
    struct ktg_engine *e;
    struct ktg_arena *arena;
    struct ktg_companion *list;
    size_t count, cap;
};
static int list_one(void *arg, const struct seen *s)
{
    struct listing *l = arg;
    struct ktg_bytes blob;
    int rc = l->e->world.event_at(l->e->world.arg, s->pos, &blob);
    if (rc)
        return rc == KTG_ENOTFOUND ? KTG_OK : rc; /* erased: nobody was there */
    if (l->count == l->cap) {
        size_t cap = l->cap ? l->cap * 2 : 16;
        struct ktg_companion *more = ktg_arena_alloc(l->arena, cap * sizeof *more);
        if (!more)
            return KTG_ENOMEM;
        if (l->count)
            memcpy(more, l->list, l->count * sizeof *more);
        l->list = more;
        l->cap = cap;
    }
    struct ktg_companion *c = &l->list[l->count++];
    c->at = s->at;
    return ktg_identity_name(l->e->state, l->arena, s->id, &c->person);
}

int ktg_engine_company(void *arg, const struct ktg_rule *rule, const uint8_t key[static 16],
                       ktg_time from, ktg_time until, struct ktg_arena *arena,
                       const struct ktg_companion **ret_list, size_t *ret_count)
{
    struct listing l = {.e = arg, .arena = arena};
    ktg_time span = 0;
    for (size_t i = 0; i < l.e->dispatch.together_count; i++)
        if (l.e->dispatch.together[i].rule == ktg_rule_index(rule))
            span = l.e->dispatch.together[i].span;
    int rc = span ? within(l.e, key, span, from, until, list_one, &l) : KTG_OK;
    if (rc)
        return rc;
    *ret_list = l.list;
    *ret_count = l.count;
    return KTG_OK;
}

/* ---- marking ---- */

/* Are there enough entries under the person's identifiers for anything to hold?  Dead ones count too: too many answers
 * do no harm. */
static int may_hold(struct ktg_engine *e, struct ktg_bytes name, int64_t times, bool *ret_may)
{
    const struct ktg_bytes *ids;
    size_t id_count;
    int64_t have = 0;
    int rc = ktg_identity_members(e->state, &e->record, name, &ids, &id_count);
    for (size_t i = 0; !rc && i < id_count && have < times; i++) {
        struct ktg_entries entries;
        rc = ktg_entries_open(e->state, KTG_LIT(KTG_PERSON_KIND), ids[i], &entries);
        have += (int64_t)ktg_entries_count(&entries);
    }
    *ret_may = have >= times;
    return rc;
}

struct marking {
    struct ktg_engine *e;
    const struct ktg_near *near;
};
static int mark_one(void *arg, const struct seen *s)
{
    struct marking *m = arg;
    struct ktg_engine *e = m->e;
    struct ktg_bytes name;
    struct ktg_live_subject *live;
    bool may;
    int rc = ktg_identity_name(e->state, &e->record, s->id, &name);
    if (rc || (rc = may_hold(e, name, m->near->rule->times, &may)) || !may ||
        (rc = ktg_engine_subject(e, e->view.person_kind, name, &live)))
        return rc;
    enum ktg_reason why = m->near->why > e->reason ? m->near->why : e->reason;
    /* somebody joins an occasion at their own event or later; of other names nothing is known */
    ktg_time since = m->near->why == KTG_REASON_CLOCK ? m->near->at : KTG_LONG_AGO;
    return ktg_engine_mark(e, live, m->near->rule->rule, since, why);
}

int ktg_company_spread(struct ktg_engine *e)
{
    int rc = KTG_OK;
    for (const struct ktg_near *n = e->near; !rc && n; n = n->next) {
        struct marking m = {e, n};
        ktg_time span = n->rule->span;
        rc = within(e, n->key, span, n->at - span, n->at + span, mark_one, &m);
    }
    e->near = NULL;
    return rc;
}

/* ---- another rule set ---- */

struct keys {
    struct ktg_buf keys;
};
static int collect(void *arg, struct ktg_bytes key, struct ktg_bytes value)
{
    struct keys *k = arg;
    (void)value;
    ktg_pack_bytes(&k->keys, key);
    return ktg_buf_check(&k->keys);
}

int ktg_company_drop(struct ktg_engine *e)
{
    struct keys k = {KTG_BUF_INIT};
    int rc = ktg_state_scan(e->state, KTG_LIT("w"), collect, &k);
    for (struct ktg_unpack u = ktg_unpack_open(ktg_buf_view(&k.keys)); !rc && u.at < u.end;)
        rc = ktg_state_del(e->state, ktg_unpack_bytes(&u));
    ktg_buf_done(&k.keys);
    return rc;
}

/* The live entries of one record; the role is that of the entry. */
static int fill_record(struct ktg_engine *e, struct ktg_bytes id, const struct ktg_record *r)
{
    int rc = KTG_OK;
    for (size_t i = 0; !rc && i < r->count; i++) {
        struct ktg_packed p = ktg_record_at(r, i);
        struct ktg_event ev;
        if (ktg_packed_is_dead(p))
            continue;
        rc = ktg_timeline_event(&e->view, ktg_packed_pos(p), &ev);
        struct ktg_subject s = {
            .kind = e->view.person_kind, .role = (int)ktg_packed_role(p), .id = id};
        if (!rc && ev.type)
            rc = ktg_company_put(e, ktg_packed_pos(p), &ev, &s, 1, true);
        else if (rc == KTG_ENOTFOUND)
            rc = KTG_OK; /* erased */
        e->near = NULL;  /* everybody is asked anyway */
    }
    return rc;
}

static int fill_from(struct ktg_engine *e, struct ktg_bytes key)
{
    struct ktg_bytes kind, id;
    struct ktg_entries entries;
    int rc = ktg_key_subject_parts(key, &kind, &id) ? KTG_OK : KTG_ECORRUPT;
    if (rc || !ktg_bytes_is(kind, KTG_PERSON_KIND) ||
        (rc = ktg_entries_open(e->state, kind, id, &entries)))
        return rc;
    for (size_t k = 0; !rc && k <= entries.parts; k++) {
        struct ktg_record r;
        if (!(rc = ktg_entries_record(&entries, k, &r)))
            rc = fill_record(e, id, &r);
    }
    return rc;
}

int ktg_company_fill(struct ktg_engine *e)
{
    struct keys k = {KTG_BUF_INIT};
    int rc =
        e->dispatch.together_count ? ktg_state_scan(e->state, KTG_LIT("t"), collect, &k) : KTG_OK;
    for (struct ktg_unpack u = ktg_unpack_open(ktg_buf_view(&k.keys)); !rc && u.at < u.end;)
        rc = fill_from(e, ktg_unpack_bytes(&u));
    ktg_buf_done(&k.keys);
    return rc;
}
