/* rules/engine/apply.c - an event changes timelines and identity.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <assert.h>

#include "rules/engine/company.h"
#include "rules/engine/corrections.h"
#include "rules/engine/engine_parts.h"
#include "rules/engine/entries.h"
#include "rules/engine/identity.h"
#include "rules/engine/placed.h"
#include "rules/engine/screen.h"

/* The record order of two events with equal keys, read from the journal. */
static int order(void *arg, uint64_t a, uint64_t b)
{
    struct ktg_engine *e = arg;
    struct ktg_event x, y;
    if (ktg_timeline_event(&e->view, a, &x) || ktg_timeline_event(&e->view, b, &y))
        return (a > b) - (a < b); /* an erased one: it will be in no answer */
    if (x.occurred_at != y.occurred_at)
        return x.occurred_at < y.occurred_at ? -1 : 1;
    return memcmp(x.id, y.id, KTG_ID_SIZE);
}

int ktg_engine_renamed(void *arg, struct ktg_bytes identifier, struct ktg_bytes was,
                       struct ktg_bytes is)
{
    struct ktg_engine *e = arg;
    (void)is; /* more renames may follow: the name at the end is asked for at the end */
    for (struct ktg_rename *r = e->renames; r; r = r->next) {
        if (ktg_bytes_eq(r->identifier, identifier))
            return KTG_OK;
    }
    struct ktg_rename *r = ktg_arena_zalloc(&e->record, sizeof *r);
    char *id = ktg_arena_strndup(&e->record, (const char *)identifier.data, identifier.size);
    char *old = ktg_arena_strndup(&e->record, (const char *)was.data, was.size);
    if (!r || !id || !old)
        return KTG_ENOMEM;
    r->identifier = ktg_bytes(id, identifier.size);
    r->was = ktg_bytes(old, was.size);
    *e->renames_end = r;
    e->renames_end = &r->next;
    return KTG_OK;
}

static int touch(struct ktg_engine *e, const struct ktg_event *ev, const uint64_t *traits,
                 const struct ktg_subject *s)
{
    struct ktg_touch *t = ktg_arena_zalloc(&e->record, sizeof *t);
    char *copy = ktg_arena_strndup(&e->record, (const char *)s->id.data, s->id.size);
    if (!t || !copy)
        return KTG_ENOMEM;
    *t = (struct ktg_touch){.kind = s->kind,
                            .type = ev->type->index,
                            .traits = traits,
                            .at = ev->occurred_at,
                            .id = ktg_bytes(copy, s->id.size)};
    *e->touches_end = t;
    e->touches_end = &t->next;
    return KTG_OK;
}

/* One that only takes back stands on no timeline: it names nobody but its source. */
static bool only_retracts(const struct ktg_event *ev, int source_kind, const struct ktg_subject *s,
                          size_t count)
{
    if (!ev->retracts || ev->supersedes)
        return false;
    for (size_t i = 0; i < count; i++) {
        if (s[i].kind != source_kind)
            return false;
    }
    return true;
}

struct places { /* of an event */
    const uint64_t *traits;
    struct ktg_subject *at; /* on whose records it lies: each once per role, persons on the smallest
                               identifier of a block */
    size_t count;
    const struct ktg_tie *ties;
    size_t tie_count;
};

static int places(struct ktg_engine *e, const struct ktg_event *ev, struct places *ret_p)
{
    struct ktg_event_names n;
    int rc = ktg_timeline_names(&e->view, ev, &e->record, &n);
    if (rc)
        return rc;
    struct ktg_subject *s = ktg_arena_alloc(&e->record, n.subject_count * sizeof *s + 1);
    if (!s)
        return KTG_ENOMEM;
    size_t kept = 0;
    int source_kind = ktg_catalogue_kind(e->view.catalogue, KTG_LIT("source"));
    const struct ktg_subject *all = n.subjects;
    bool nowhere = only_retracts(ev, source_kind, all, n.subject_count);
    for (size_t i = 0; i < n.subject_count && !nowhere; i++) { /* sorted by kind, role, id */
        bool again = false;
        for (size_t k = kept;
             k > 0 && !again && s[k - 1].kind == all[i].kind && s[k - 1].role == all[i].role; k--)
            again = (all[i].block >= 0 && s[k - 1].block == all[i].block) ||
                    ktg_bytes_eq(s[k - 1].id, all[i].id);
        if (!again)
            s[kept++] = all[i];
    }
    const uint64_t *traits;
    if ((rc = ktg_trait_sets_of(&e->trait_sets, e->rules, ev, &traits)))
        return rc;
    *ret_p = (struct places){traits, s, kept, n.ties, n.tie_count};
    return KTG_OK;
}

/* The identifier on whose record the holder's event lies; empty: none. */
static struct ktg_bytes holder_of(const struct ktg_engine *e, const struct places *p)
{
    for (size_t i = 0; i < p->count; i++)
        if (p->at[i].kind == e->view.person_kind && p->at[i].role == KTG_ROLE_HOLDER &&
            p->at[i].block >= 0)
            return p->at[i].id;
    return KTG_BYTES_NONE;
}

int ktg_engine_touch(struct ktg_engine *e, const struct ktg_event *ev)
{
    struct places p;
    int rc = places(e, ev, &p);
    for (size_t i = 0; !rc && i < p.count; i++)
        rc = touch(e, ev, p.traits, &p.at[i]);
    return rc ? rc : ktg_company_meet(e, ev, p.at, p.count, KTG_REASON_CLOCK);
}

static int tie(struct ktg_engine *e, const struct places *p, int by)
{
    const struct ktg_tie *ties = p->ties;
    int rc = KTG_OK;
    for (size_t t = 0; !rc && t < p->tie_count; t++) {
        if (ties[t].count < 2)
            continue;
        struct ktg_bytes *ids = ktg_arena_alloc(&e->record, ties[t].count * sizeof *ids);
        if (!ids)
            return KTG_ENOMEM;
        size_t n = 0;
        for (size_t i = 0; i < ties[t].count; i++) {
            char room[KTG_NAME_MAX + 1];
            struct ktg_bytes name = ktg_name_fit(ties[t].ids[i], room);
            char *copy = ktg_arena_strndup(&e->record, (const char *)name.data, name.size);
            if (!copy)
                return KTG_ENOMEM;
            ids[n++] = ktg_bytes(copy, name.size);
        }
        rc = ktg_identity_tie(e->state, &e->record, ids, n, by, ktg_engine_renamed, e);
    }
    return rc;
}

static int kind_name(struct ktg_engine *e, const struct ktg_subject *s, struct ktg_bytes *ret_name)
{
    const char *kind = ktg_catalogue_kind_name(e->view.catalogue, s->kind);
    *ret_name = kind ? ktg_bytes_str(kind) : KTG_BYTES_NONE;
    return kind ? KTG_OK : KTG_EINVALID;
}

static struct ktg_packed packed(const struct ktg_event *ev, uint64_t pos,
                                const struct ktg_subject *s)
{
    return ktg_packed_make(ev->occurred_at, ev->id, pos, (uint32_t)ev->type->index,
                           (uint32_t)s->role);
}

static int insert(struct ktg_engine *e, uint64_t pos, const struct ktg_event *ev, bool live,
                  const struct ktg_subject *s)
{
    const struct ktg_record_order by = {e, order};
    struct ktg_bytes kind;
    struct ktg_packed p = packed(ev, pos, s);
    if (!live)
        p.word |= KTG_PACKED_DEAD;
    int rc = kind_name(e, s, &kind);
    return rc ? rc : ktg_entries_insert(e->state, kind, s->id, p, &by, e->part);
}

int ktg_engine_place(struct ktg_engine *e, uint64_t pos, const struct ktg_event *ev, bool live)
{
    struct places at;
    int rc = places(e, ev, &at);
    for (size_t i = 0; !rc && i < at.count; i++) {
        if (!ktg_placed(e, at.at[i].kind, ev->type->index))
            continue;
        rc = insert(e, pos, ev, live, &at.at[i]);
        if (!rc && live)
            rc = touch(e, ev, at.traits, &at.at[i]);
    }
    if (!rc && live)
        rc = ktg_company_put(e, pos, ev, at.at, at.count, true);
    if (!rc && live)
        rc = ktg_screen_place(e, pos, ev, holder_of(e, &at), true);
    return !rc && live ? tie(e, &at, 1) : rc;
}

int ktg_engine_is_live(struct ktg_engine *e, const struct ktg_event *ev, bool *ret_live)
{
    char room[KTG_NAME_MAX + 1];
    return ktg_corrections_live(e->state, ev->id, ktg_name_fit(ev->source, room), ret_live);
}

int ktg_engine_place_fresh(struct ktg_engine *e, uint64_t pos, const struct ktg_event *ev)
{
    struct places at;
    bool live = true;
    int rc = places(e, ev, &at);
    if (!rc)
        rc = ktg_engine_is_live(e, ev, &live);
    for (size_t i = 0; !rc && i < at.count; i++)
        if (e->fresh[(size_t)at.at[i].kind * e->dispatch.types + (size_t)ev->type->index])
            rc = insert(e, pos, ev, live, &at.at[i]);
    return rc;
}

/* An event that came earlier is live now, or is no more. */
static int flip(struct ktg_engine *e, const struct ktg_flip *f)
{
    struct ktg_event ev;
    struct places at;
    int rc = ktg_timeline_event(&e->view, f->pos, &ev);
    if (rc == KTG_ENOTFOUND || (!rc && !ev.type))
        return KTG_OK; /* erased */
    if (rc || (rc = places(e, &ev, &at)))
        return rc;
    for (size_t i = 0; !rc && i < at.count; i++) {
        struct ktg_bytes kind;
        struct ktg_packed p = packed(&ev, f->pos, &at.at[i]);
        if (!ktg_placed(e, at.at[i].kind, ev.type->index))
            continue;
        if ((rc = kind_name(e, &at.at[i], &kind)) ||
            (rc = ktg_entries_mark(e->state, kind, at.at[i].id, p, !f->live)))
            break;
        rc = touch(e, &ev, at.traits, &at.at[i]);
    }
    if (!rc)
        rc = ktg_company_put(e, f->pos, &ev, at.at, at.count, f->live);
    if (!rc)
        rc = ktg_screen_place(e, f->pos, &ev, holder_of(e, &at), f->live);
    return rc ? rc : tie(e, &at, f->live ? 1 : -1);
}

/* Dated ahead of the clock: its subjects are looked at again when its time comes. */
static int remember_future(struct ktg_engine *e, uint64_t pos, ktg_time at)
{
    uint8_t raw[16] = {0};
    struct ktg_key key;
    struct ktg_bytes name = ktg_bytes(raw, sizeof raw);
    ktg_put_be64(raw, (uint64_t)at);
    ktg_put_be64(raw + 8, pos);
    ktg_key_put(&key, 'f', &name, 1);
    int rc = ktg_state_put(e->state, ktg_key_view(&key), KTG_LIT("\1"));
    return rc ? rc : ktg_timers_put(&e->timers, at, ktg_key_view(&key));
}

int ktg_engine_apply(struct ktg_engine *e, uint64_t pos, const struct ktg_event *ev,
                     uint64_t target)
{
    const uint8_t *corrects = ev->supersedes ? ev->supersedes : ev->retracts;
    if (corrects && memcmp(corrects, ev->id, KTG_ID_SIZE) >= 0)
        corrects = NULL;      /* ingest refuses it; here it corrects nothing */
    if (corrects && target) { /* of another source: no target of ours */
        struct ktg_event there;
        if (ktg_timeline_event(&e->view, target, &there) ||
            memcmp(there.id, corrects, KTG_ID_SIZE) != 0 || !ktg_bytes_eq(there.source, ev->source))
            target = 0;
    }
    bool live = true;
    const struct ktg_flip *flips;
    size_t count;
    int rc = ktg_corrections_add(e->state, &e->record, ev->id, pos, ev->source, corrects, target,
                                 &live, &flips, &count);
    for (size_t i = 0; !rc && i < count; i++)
        rc = flip(e, &flips[i]);
    if (!rc && corrects)
        e->reason = ev->supersedes ? KTG_REASON_CORRECTION : KTG_REASON_RETRACTION;
    if (!rc)
        rc = ktg_engine_place(e, pos, ev, live);
    if (!rc && ev->occurred_at > e->now)
        rc = remember_future(e, pos, ev->occurred_at);
    return rc;
}
