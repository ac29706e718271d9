/* rules/engine/timeline.c - see timeline.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "rules/engine/timeline.h"

#include <stdlib.h>

#include "rules/engine/entries.h"
#include "rules/engine/identity.h"
#include "rules/engine/keys.h"
#include "rules/engine/posted.h"
#include "rules/engine/run_entry.h"
#include "rules/engine/suspended.h"

_Static_assert(sizeof(struct ktg_event_head) + sizeof(struct ktg_event_slot) <= KTG_EVENT_BYTES,
               "what memory is bounded by");

int ktg_timeline_event(const struct ktg_timeline_world *w, uint64_t pos, struct ktg_event *ret_e)
{
    struct ktg_bytes blob;
    int rc = w->outside->event_at(w->outside->arg, pos, &blob);
    if (rc)
        return rc;
    return ktg_event_read(w->catalogue, blob, ret_e, NULL) ? KTG_ECORRUPT : KTG_OK;
}

int ktg_timeline_names(const struct ktg_timeline_world *w, const struct ktg_event *e,
                       struct ktg_arena *a, struct ktg_event_names *ret_n)
{
    int rc = ktg_event_names(w->catalogue, e, a, ret_n);
    if (rc)
        return rc;
    struct ktg_subject *fit = NULL;
    for (size_t i = 0; i < ret_n->subject_count; i++) {
        char room[KTG_NAME_MAX + 1];
        struct ktg_bytes name = ktg_name_fit(ret_n->subjects[i].id, room);
        if (name.data == ret_n->subjects[i].id.data)
            continue;
        if (!fit) {
            if (!(fit = ktg_arena_alloc(a, ret_n->subject_count * sizeof *fit)))
                return KTG_ENOMEM;
            memcpy(fit, ret_n->subjects, ret_n->subject_count * sizeof *fit);
            ret_n->subjects = fit;
        }
        char *copy = ktg_arena_strndup(a, (const char *)name.data, name.size);
        if (!copy)
            return KTG_ENOMEM;
        fit[i].id = ktg_bytes(copy, name.size);
    }
    return KTG_OK;
}

/* The smallest identifier of the person in the top holder block, or in the only one that there is; empty: none. */
static int holder_id(const struct ktg_timeline_world *w, const struct ktg_event *e,
                     struct ktg_arena *a, struct ktg_bytes *ret_id)
{
    const struct ktg_tie *ties, *holder = NULL;
    size_t count, blocks = 0;
    *ret_id = KTG_BYTES_NONE;
    int rc = w->person_kind < 0 ? KTG_ENOTFOUND : ktg_event_ties(w->catalogue, e, a, &ties, &count);
    for (size_t i = 0; !rc && i < count; i++) {
        if (ties[i].block < 0 || !ties[i].count)
            continue;
        blocks++;
        if (!holder || ties[i].block < holder->block)
            holder = &ties[i];
    }
    if (rc || !holder || (holder->block > 0 && blocks > 1))
        return rc == KTG_ENOTFOUND ? KTG_OK : rc;
    char room[KTG_NAME_MAX + 1];
    struct ktg_bytes id = ktg_name_fit(holder->ids[0], room);
    char *copy = ktg_arena_strndup(a, (const char *)id.data, id.size);
    *ret_id = ktg_bytes(copy, copy ? id.size : 0);
    return copy ? KTG_OK : KTG_ENOMEM;
}

struct event_at_hand {
    struct ktg_event_head *head;
    struct ktg_event *event;
    struct ktg_event_slot *slot; /* NULL: it is elsewhere, nothing is remembered of it */
};

static bool is_of(const struct ktg_event_head *h, uint64_t pos, struct ktg_bytes blob)
{
    return h->pos == pos && h->blob.data == blob.data && h->blob.size == blob.size;
}

static int fill(const struct ktg_timeline_world *w, uint64_t pos, struct ktg_bytes blob,
                struct event_at_hand e)
{
    int rc = KTG_OK;
    *e.head = (struct ktg_event_head){0};
    if (ktg_event_read(w->catalogue, blob, e.event, NULL))
        return KTG_ECORRUPT;
    if (e.event->type &&
        (rc = ktg_trait_sets_of(w->trait_sets, w->rules, e.event, &e.head->traits)))
        return rc;
    e.head->at = e.event->occurred_at;
    memcpy(e.head->id, e.event->id, sizeof e.head->id);
    e.head->blob = blob;
    if (e.slot) {
        e.slot->holder_known = false;
        e.slot->judged = (struct ktg_judged){.pos = pos};
    }
    e.head->pos = pos;
    return KTG_OK;
}

/* Room in the arena, while another event is held in the slot. */
static int elsewhere(struct ktg_arena *a, struct event_at_hand *e)
{
    *e = (struct event_at_hand){ktg_arena_zalloc(a, sizeof *e->head),
                                ktg_arena_zalloc(a, sizeof *e->event), NULL};
    return e->head && e->event ? KTG_OK : KTG_ENOMEM;
}

/* The event at a position.  KTG_ENOTFOUND: erased. */
static int at_hand(const struct ktg_timeline_world *w, uint64_t pos, struct ktg_arena *a,
                   struct event_at_hand *ret_e)
{
    size_t at = pos & (w->slot_count - 1);
    struct event_at_hand e = {&w->heads[at], &w->slots[at].event, &w->slots[at]};
    struct ktg_bytes blob;
    int rc = w->outside->event_at(w->outside->arg, pos, &blob);
    if (!rc && !is_of(e.head, pos, blob)) {
        if (e.head->pos && e.head->pos != pos && e.head->held == w->generation)
            rc = elsewhere(a, &e);
        if (!rc)
            rc = fill(w, pos, blob, e);
    }
    if (!rc)
        e.head->held = w->generation;
    *ret_e = e;
    return rc;
}

int ktg_timeline_holder(const struct ktg_timeline_world *w, const struct ktg_entry *x,
                        struct ktg_arena *a, struct ktg_bytes *ret_name)
{
    struct ktg_event_slot *slot = &w->slots[x->pos & (w->slot_count - 1)];
    bool ours = x->event == &slot->event;
    struct ktg_bytes id = ktg_bytes(slot->holder, slot->holder_size);
    if (!ours || !slot->holder_known) {
        int rc = holder_id(w, x->event, a, &id);
        if (rc)
            return rc;
        if (ours && id.size <= sizeof slot->holder) {
            slot->holder_known = true;
            slot->holder_size = (uint8_t)id.size;
            if (id.size)
                memcpy(slot->holder, id.data, id.size);
        }
    }
    *ret_name = KTG_BYTES_NONE;
    return id.size ? ktg_identity_name(w->state, a, id, ret_name) : KTG_OK;
}

static int add_ordinary(const struct ktg_timeline_world *w, struct ktg_packed p, ktg_time now,
                        struct ktg_arena *a, struct ktg_entry *x, bool *ret_added)
{
    struct event_at_hand e;
    int rc = at_hand(w, ktg_packed_pos(p), a, &e);
    *ret_added = false;
    if (rc == KTG_ENOTFOUND || (!rc && (e.head->at > now || !e.head->traits)))
        return KTG_OK; /* erased, not yet, or of a type that is no more */
    if (rc)
        return rc;
    x->at = e.head->at; /* each by itself: a timeline may have very many */
    x->id[0] = 0;
    memcpy(x->id + 1, e.head->id, sizeof e.head->id);
    x->pos = e.head->pos;
    x->role = (int)ktg_packed_role(p);
    x->traits = e.head->traits;
    x->judged = e.slot ? &e.slot->judged : NULL;
    x->event = e.event;
    x->posted = NULL;
    x->person = KTG_BYTES_NONE;
    *ret_added = true;
    return KTG_OK;
}

static int add_posted(const struct ktg_timeline_world *w, const uint8_t key[static 16],
                      struct ktg_arena *a, struct ktg_entry *x, bool *ret_added)
{
    struct ktg_key k;
    struct ktg_bytes value, name = ktg_bytes(key, 16);
    struct ktg_posted *p = ktg_arena_alloc(a, sizeof *p);
    if (!p)
        return KTG_ENOMEM;
    ktg_key_put(&k, 'o', &name, 1);
    int rc = ktg_state_get(w->state, ktg_key_view(&k), &value);
    *ret_added = false;
    if (rc)
        return rc == KTG_ENOTFOUND ? KTG_ECORRUPT : rc;
    rc = ktg_posted_decode(value, w->rules, a, p);
    if (rc)
        return rc == KTG_ENOTFOUND ? KTG_OK : rc;
    *x = (struct ktg_entry){.at = p->from, .role = KTG_ROLE_HOLDER, .posted = p};
    x->id[0] = '~';
    memcpy(x->id + 1, p->id, 16);
    *ret_added = true;
    return KTG_OK;
}

void ktg_timeline_bind(struct ktg_timeline_world *w)
{
    const struct ktg_dispatch *d = w->dispatch;
    const struct ktg_type *beats = ktg_catalogue_heartbeats(w->catalogue);
    const struct ktg_type *suspensions = ktg_catalogue_suspensions(w->catalogue);
    w->rule_kind = ktg_catalogue_kind(w->catalogue, KTG_LIT("rule"));
    w->suspensions = suspensions ? suspensions->index : -1;
    const struct ktg_type *away = ktg_catalogue_absences(w->catalogue);
    w->source_kind = ktg_catalogue_kind(w->catalogue, KTG_LIT("source"));
    w->beats = beats ? beats->index : -1;
    w->away = away ? away->index : -1;
    const struct ktg_type *retired = ktg_catalogue_retirements(w->catalogue);
    w->retired = retired ? retired->index : -1;
    w->only_beats = w->source_kind >= 0;
    for (size_t t = 0; w->only_beats && t < d->types; t++)
        w->only_beats = (int)t == w->beats || (int)t == w->away || (int)t == w->retired ||
                        !d->by_type[(size_t)w->source_kind * d->types + t].count;
    for (size_t r = 0; w->only_beats && r < d->rules; r++)
        w->only_beats = !d->by_finding[r * KTG_MAX_KINDS + (size_t)w->source_kind].count;
}

static int by_time(const void *a, const void *b)
{
    const struct ktg_entry *x = a, *y = b;
    if (x->at != y->at)
        return x->at < y->at ? -1 : 1;
    int c = memcmp(x->id, y->id, sizeof x->id);
    return c ? c : (x->role > y->role) - (x->role < y->role);
}

static bool is_read(const struct ktg_timeline_world *w, int kind, uint32_t type)
{
    return !w->dispatch || type >= w->dispatch->types ||
           w->dispatch->by_type[(size_t)kind * w->dispatch->types + type].count > 0;
}

static bool is_lasting(const struct ktg_timeline_world *w, int kind, uint32_t type)
{
    return type < w->dispatch->types &&
           w->dispatch->lasting[(size_t)kind * w->dispatch->types + type];
}

/* ---- building ---------------------------------------------------------------------------------------------------- */

struct gathering { /* one timeline in the making */
    const struct ktg_timeline_world *w;
    struct ktg_arena *a;
    int kind;
    struct ktg_bytes subject;
    ktg_time from, now;
    struct ktg_entries *of; /* of each identifier */
    size_t of_count;
    uint64_t lasting;                /* types that are read whatever their age, bit (type mod 64) */
    const struct ktg_runs *runs;     /* of a source whose heartbeats are read; else NULL */
    const struct ktg_runs *absences; /* of the centre, for the same; NULL: not read */
    const struct ktg_runs *retirements; /* of the same; NULL: not read */
    struct ktg_entry *list;
    size_t count;
};

/* The entries, and how many they are together with what was posted. */
static int open_entries(struct gathering *g, size_t *ret_room)
{
    const struct ktg_timeline_world *w = g->w;
    const struct ktg_bytes *ids = &g->subject;
    size_t count = 1;
    *ret_room = 0;
    if (w->only_beats && g->kind == w->source_kind)
        return KTG_OK;
    int rc = g->kind == w->person_kind
                 ? ktg_identity_members(w->state, g->a, g->subject, &ids, &count)
                 : KTG_OK;
    if (rc || !(g->of = ktg_arena_alloc(g->a, count * sizeof *g->of)))
        return rc ? rc : KTG_ENOMEM;
    struct ktg_bytes kind_name = ktg_bytes_str(ktg_catalogue_kind_name(w->catalogue, g->kind));
    for (; g->of_count < count; g->of_count++) {
        struct ktg_entries *e = &g->of[g->of_count];
        if ((rc = ktg_entries_open(w->state, kind_name, ids[g->of_count], e)))
            break;
        *ret_room += ktg_entries_count(e) + e->newest.posted_count;
    }
    return rc;
}

/* Bits of the types of which older entries are wanted, too; none where all are. */
static uint64_t lasting_types(const struct gathering *g)
{
    uint64_t types = 0;
    for (uint32_t t = 0; g->from != KTG_LONG_AGO && t < g->w->dispatch->types; t++)
        types |= (uint64_t)is_lasting(g->w, g->kind, t) << t % 64;
    return types;
}

/* How many entries there are at most that lie late enough or are read whatever their age. */
static int room_since(const struct gathering *g, size_t *ret_room)
{
    *ret_room = 0;
    for (size_t i = 0; i < g->of_count; i++) {
        *ret_room += g->of[i].newest.posted_count;
        for (size_t k = 0; k <= g->of[i].parts; k++) {
            struct ktg_record r;
            if (!ktg_entries_may_have(&g->of[i], k, g->from, g->lasting))
                continue;
            int rc = ktg_entries_record(&g->of[i], k, &r);
            if (rc)
                return rc;
            size_t first = ktg_record_since(&r, g->from);
            *ret_room += r.count - first;
            for (size_t e = 0; e < first; e++)
                *ret_room += is_lasting(g->w, g->kind, ktg_packed_type(ktg_record_at(&r, e)));
        }
    }
    return KTG_OK;
}

/* What the entries are read from lies far apart: the machine fetches it together. */
static void fetch(const struct gathering *g, const struct ktg_record *r, size_t first)
{
    for (size_t e = first; e < r->count; e++)
        __builtin_prefetch(
            &g->w->heads[ktg_packed_pos(ktg_record_at(r, e)) & (g->w->slot_count - 1)]);
}

static int gather_record(struct gathering *g, const struct ktg_record *r)
{
    size_t first = g->from == KTG_LONG_AGO ? 0 : ktg_record_since(r, g->from);
    fetch(g, r, first);
    for (size_t e = 0; e < r->count; e++) {
        struct ktg_packed p = ktg_record_at(r, e);
        bool added;
        if ((e < first && !is_lasting(g->w, g->kind, ktg_packed_type(p))) ||
            ktg_packed_is_dead(p) || !is_read(g->w, g->kind, ktg_packed_type(p)))
            continue;
        int rc = add_ordinary(g->w, p, g->now, g->a, &g->list[g->count], &added);
        if (rc)
            return rc;
        g->count += added;
    }
    return KTG_OK;
}

static int gather_events(struct gathering *g, const struct ktg_entries *e)
{
    int rc = KTG_OK;
    for (size_t k = 0; !rc && k <= e->parts; k++) {
        struct ktg_record r;
        if (ktg_entries_may_have(e, k, g->from, g->lasting) && !(rc = ktg_entries_record(e, k, &r)))
            rc = gather_record(g, &r);
    }
    return rc;
}

static int gather_posted(struct gathering *g, const struct ktg_record *r)
{
    for (size_t e = 0; e < r->posted_count; e++) {
        ktg_time at;
        uint8_t key[16];
        bool added;
        ktg_record_posted_at(r, e, &at, key);
        if (at > g->now)
            break; /* in order of from */
        if (at < g->from && !g->w->dispatch->lasting_findings[g->kind])
            continue;
        int rc = add_posted(g->w, key, g->a, &g->list[g->count], &added);
        if (rc)
            return rc;
        g->count += added;
    }
    return KTG_OK;
}

static int gather_runs(struct gathering *g)
{
    const struct ktg_type *type = ktg_catalogue_type_at(g->w->catalogue, g->w->beats);
    int rc = KTG_OK;
    for (size_t i = 0; !rc && i < g->runs->count && g->runs->at[i].from <= g->now; i++)
        rc = ktg_run_entry(g->w->rules, type, g->subject, &g->runs->at[i], g->a,
                           &g->list[g->count++]);
    return rc;
}

/* That the subject, a rule, is suspended. */
static int gather_suspension(struct gathering *g)
{
    const struct ktg_type *type = ktg_catalogue_type_at(g->w->catalogue, g->w->suspensions);
    const struct ktg_rule *r = ktg_ruleset_find(g->w->rules, g->subject);
    struct ktg_suspension s;
    struct ktg_bytes value;
    struct ktg_key key;
    if (!type || !r)
        return KTG_OK;
    ktg_key_put(&key, 's', &g->subject, 1);
    int rc = ktg_state_get(g->w->state, ktg_key_view(&key), &value);
    if (!rc)
        rc = ktg_suspension_decode(value, &s);
    if (rc || s.at > g->now)
        return rc == KTG_ENOTFOUND ? KTG_OK : rc;
    return ktg_suspension_entry(g->w->rules, type, r, &s, g->a, &g->list[g->count++]);
}

/* What of the absences lies between two runs, or behind the last: both are in order. */
static int gather_absences(struct gathering *g)
{
    const struct ktg_type *type = ktg_catalogue_type_at(g->w->catalogue, g->w->away);
    const struct ktg_runs *runs = g->runs, *all = g->absences;
    int rc = KTG_OK;
    for (size_t r = 0, i = 0; !rc && r < runs->count && i < all->count;) {
        ktg_time end = r + 1 < runs->count ? runs->at[r + 1].from : KTG_NEVER;
        struct ktg_run x = all->at[i];
        x.from = x.from > runs->at[r].until ? x.from : runs->at[r].until;
        x.until = x.until < end ? x.until : end;
        if (x.from < x.until && x.from <= g->now)
            rc = ktg_run_entry(g->w->rules, type, g->subject, &x, g->a, &g->list[g->count++]);
        if (all->at[i].until <= end)
            i++;
        else
            r++;
    }
    return rc;
}

/* The retirements behind which no heartbeat of the run before comes. */
static int gather_retirements(struct gathering *g)
{
    const struct ktg_type *type = ktg_catalogue_type_at(g->w->catalogue, g->w->retired);
    const struct ktg_runs *runs = g->runs, *all = g->retirements;
    int rc = KTG_OK;
    for (size_t r = 0, i = 0; !rc && r < runs->count && i < all->count;) {
        ktg_time at = all->at[i].from;
        if (r + 1 < runs->count && at >= runs->at[r + 1].from) {
            r++;
            continue;
        }
        if (at >= runs->at[r].until && at <= g->now)
            rc = ktg_run_entry(g->w->rules, type, g->subject, &all->at[i], g->a,
                               &g->list[g->count++]);
        i++;
    }
    return rc;
}

/* In order, each once: several identifiers may hold the same event, and findings come after events. */
static void put_in_order(struct gathering *g)
{
    bool sorted = true;
    for (size_t i = 1; sorted && i < g->count; i++)
        sorted = by_time(&g->list[i - 1], &g->list[i]) < 0;
    if (sorted)
        return;
    qsort(g->list, g->count, sizeof *g->list, by_time);
    size_t kept = 0;
    for (size_t i = 0; i < g->count; i++)
        if (!kept || by_time(&g->list[kept - 1], &g->list[i]) != 0)
            g->list[kept++] = g->list[i];
    g->count = kept;
}

int ktg_timeline_build(const struct ktg_timeline_world *w, int kind, struct ktg_bytes subject,
                       ktg_time from, ktg_time now, struct ktg_arena *a, struct ktg_timeline *ret_t,
                       ktg_time *ret_from)
{
    struct gathering g = {
        .w = w, .a = a, .kind = kind, .subject = subject, .from = from, .now = now};
    size_t room;
    if (kind >= 0 && kind == w->source_kind && w->heard && w->beats >= 0 &&
        is_read(w, kind, (uint32_t)w->beats))
        g.runs = ktg_heard_runs(w->heard, subject);
    if (g.runs && w->away >= 0 && is_read(w, kind, (uint32_t)w->away))
        g.absences = ktg_heard_absences(w->heard);
    if (g.runs && w->retired >= 0 && is_read(w, kind, (uint32_t)w->retired))
        g.retirements = ktg_heard_retirements(w->heard, subject);
    int rc = open_entries(&g, &room);
    if (rc)
        return rc;
    if (room < w->whole_below || !w->dispatch || g.runs) /* of runs there are few: always whole */
        g.from = KTG_LONG_AGO;
    g.lasting = lasting_types(&g);
    if (g.from != KTG_LONG_AGO) /* most of it stays where it is */
        rc = room_since(&g, &room);
    if (rc)
        return rc;
    bool is_rule = kind >= 0 && kind == w->rule_kind && w->suspensions >= 0 && w->rules;
    room += (g.absences ? 2 * g.runs->count + g.absences->count
             : g.runs   ? g.runs->count
                        : 0) +
            (g.retirements ? g.retirements->count : 0) + is_rule;
    if (!(g.list = ktg_arena_alloc(a, (room + 1) * sizeof *g.list)))
        return KTG_ENOMEM;
    for (size_t i = 0; !rc && i < g.of_count; i++)
        if (!(rc = gather_events(&g, &g.of[i])))
            rc = gather_posted(&g, &g.of[i].newest);
    if (!rc && g.runs)
        rc = gather_runs(&g);
    if (!rc && is_rule)
        rc = gather_suspension(&g);
    if (!rc && g.absences)
        rc = gather_absences(&g);
    if (!rc && g.retirements)
        rc = gather_retirements(&g);
    if (rc)
        return rc;
    put_in_order(&g);
    *ret_t = (struct ktg_timeline){kind, subject, g.list, g.count};
    *ret_from = g.from;
    return KTG_OK;
}
