/* rules/engine/timeline.c - see timeline.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "rules/engine/timeline.h"

#include <stdlib.h>

#include "rules/engine/identity.h"
#include "rules/engine/keys.h"
#include "rules/engine/posted.h"
#include "rules/engine/record.h"
#include "runtime/hash.h"
#include "schema/wire.h"

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

/* The event at a position, from its slot if that still holds.  KTG_ENOTFOUND: erased. */
static int event_of(const struct ktg_timeline_world *w, uint64_t pos, struct ktg_event *e,
                    uint64_t *ret_traits, struct ktg_judged **ret_judged)
{
    struct ktg_event_slot *slot = &w->slots[pos % KTG_EVENT_SLOTS];
    struct ktg_bytes blob;
    int rc = w->outside->event_at(w->outside->arg, pos, &blob);
    if (rc)
        return rc;
    if (slot->pos != pos || slot->event.blob.data != blob.data ||
        slot->event.blob.size != blob.size) {
        slot->pos = 0;
        if (ktg_event_read(w->catalogue, blob, &slot->event, NULL))
            return KTG_ECORRUPT;
        slot->traits = slot->event.type ? ktg_ruleset_traits(w->rules, &slot->event) : 0;
        slot->holder_known = false;
        slot->judged = (struct ktg_judged){.pos = pos};
        slot->pos = pos;
    }
    *e = slot->event;
    *ret_traits = slot->traits;
    *ret_judged = &slot->judged;
    return KTG_OK;
}

int ktg_timeline_holder(const struct ktg_timeline_world *w, const struct ktg_entry *x,
                        struct ktg_arena *a, struct ktg_bytes *ret_name)
{
    struct ktg_event_slot *slot = &w->slots[x->pos % KTG_EVENT_SLOTS];
    bool ours = slot->pos == x->pos && slot->event.blob.data == x->event->blob.data;
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
    struct ktg_event *e = ktg_arena_alloc(a, sizeof *e);
    uint64_t traits;
    struct ktg_judged *judged;
    if (!e)
        return KTG_ENOMEM;
    int rc = event_of(w, ktg_packed_pos(p), e, &traits, &judged);
    *ret_added = false;
    if (rc == KTG_ENOTFOUND || (!rc && (e->occurred_at > now || !e->type)))
        return KTG_OK; /* erased, not yet, or of a type that is no more */
    if (rc)
        return rc;
    *x = (struct ktg_entry){.at = e->occurred_at,
                            .pos = ktg_packed_pos(p),
                            .role = (int)ktg_packed_role(p),
                            .traits = traits,
                            .judged = judged,
                            .event = e};
    memcpy(x->id + 1, e->id, 16);
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

/* ---- heartbeats -------------------------------------------------------------------------------------------------- */

/* Fields of the type that stands for runs, as the catalogue spells them. */
static const char *const run_fields[] = {"expected", "until"};

static void put_instant(struct ktg_buf *b, const char *key, ktg_time at)
{
    ktg_wire_put_text(b, key);
    ktg_wire_put_array(b, 2);
    ktg_wire_put_int(b, at);
    ktg_wire_put_int(b, 420); /* a heartbeat has no zone: western Indonesian time */
}

/* A name for the run that depends on nothing but it: UUIDv7 (RFC 9562), the rest a hash. */
static void run_id(struct ktg_bytes source, ktg_time from, uint8_t to[static 16])
{
    uint8_t at[8];
    ktg_put_be64(at, (uint64_t)from);
    ktg_blake2b_128((struct ktg_bytes[]){KTG_LIT("run"), source, ktg_bytes(at, 8)}, 3, to);
    ktg_put_be64(at, (uint64_t)from << 16);
    memcpy(to, at, 6);
    to[6] = (uint8_t)(0x70 | (to[6] & 0x0f));
    to[8] = (uint8_t)(0x80 | (to[8] & 0x3f));
}

static int add_run(const struct ktg_timeline_world *w, struct ktg_bytes source,
                   const struct ktg_run *r, struct ktg_arena *a, struct ktg_entry *x)
{
    const struct ktg_type *type = ktg_catalogue_type_at(w->catalogue, w->beats);
    struct ktg_event *e = ktg_arena_alloc(a, sizeof *e);
    struct ktg_buf b = KTG_BUF_INIT;
    uint8_t id[16];
    run_id(source, r->from, id);
    ktg_wire_put_map(&b, 6);
    ktg_wire_put_text(&b, "data");
    ktg_wire_put_map(&b, KTG_COUNT(run_fields));
    put_instant(&b, run_fields[0], r->expected);
    put_instant(&b, run_fields[1], r->until);
    ktg_wire_put_text(&b, "id");
    ktg_wire_put_bin(&b, ktg_bytes(id, sizeof id));
    put_instant(&b, "occurred_at", r->from);
    ktg_wire_put_text(&b, "source");
    ktg_wire_put_str(&b, source);
    ktg_wire_put_text(&b, "type");
    ktg_wire_put_text(&b, type->name);
    ktg_wire_put_text(&b, "v");
    ktg_wire_put_int(&b, type->version);
    char *copy = b.bad || !e ? NULL : ktg_arena_strndup(a, (const char *)b.data, b.size);
    size_t size = b.size;
    ktg_buf_done(&b);
    if (!copy)
        return KTG_ENOMEM;
    if (ktg_event_read(w->catalogue, ktg_bytes(copy, size), e, NULL))
        return KTG_ECORRUPT;
    *x = (struct ktg_entry){.at = r->from,
                            .pos = r->pos,
                            .role = KTG_ROLE_HOLDER,
                            .traits = ktg_ruleset_traits(w->rules, e),
                            .event = e};
    memcpy(x->id + 1, id, 16);
    return KTG_OK;
}

void ktg_timeline_bind(struct ktg_timeline_world *w)
{
    const struct ktg_dispatch *d = w->dispatch;
    const struct ktg_type *beats = ktg_catalogue_heartbeats(w->catalogue);
    w->source_kind = ktg_catalogue_kind(w->catalogue, KTG_LIT("source"));
    w->beats = beats ? beats->index : -1;
    w->only_beats = w->source_kind >= 0;
    for (size_t t = 0; w->only_beats && t < d->types; t++)
        w->only_beats =
            (int)t == w->beats || !d->by_type[(size_t)w->source_kind * d->types + t].count;
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

int ktg_timeline_build(const struct ktg_timeline_world *w, int kind, struct ktg_bytes subject,
                       ktg_time from, ktg_time now, struct ktg_arena *a, struct ktg_timeline *ret_t,
                       ktg_time *ret_from)
{
    const struct ktg_bytes *ids = &subject;
    size_t id_count = 1, room = 0, count = 0;
    bool of_source = kind == w->source_kind && kind >= 0;
    const struct ktg_runs *runs =
        of_source && w->heard && w->beats >= 0 && is_read(w, kind, (uint32_t)w->beats)
            ? ktg_heard_runs(w->heard, subject)
            : NULL;
    int rc = kind == w->person_kind ? ktg_identity_members(w->state, a, subject, &ids, &id_count)
                                    : KTG_OK;
    struct ktg_record *records = ktg_arena_alloc(a, id_count * sizeof *records);
    if (rc || !records)
        return rc ? rc : KTG_ENOMEM;
    struct ktg_bytes kind_name = ktg_bytes_str(ktg_catalogue_kind_name(w->catalogue, kind));
    if (of_source && w->only_beats)
        id_count = 0;
    room += runs ? runs->count : 0;
    for (size_t i = 0; i < id_count; i++) {
        struct ktg_key key;
        struct ktg_bytes value = KTG_BYTES_NONE;
        ktg_key_subject(&key, 't', kind_name, ids[i]);
        rc = ktg_state_get(w->state, ktg_key_view(&key), &value);
        if ((rc && rc != KTG_ENOTFOUND) || (rc = ktg_record_open(value, &records[i])))
            return rc;
        room += records[i].count + records[i].posted_count;
    }
    if (room < w->whole_below || !w->dispatch || runs) /* of runs there are few: always whole */
        from = KTG_LONG_AGO;
    size_t cap = room;
    if (from != KTG_LONG_AGO) { /* most of it stays where it is */
        cap = 0;
        for (size_t i = 0; i < id_count; i++) {
            size_t first = ktg_record_since(&records[i], from);
            cap += records[i].count - first + records[i].posted_count;
            for (size_t e = 0; e < first; e++)
                cap += is_lasting(w, kind, ktg_packed_type(ktg_record_at(&records[i], e)));
        }
    }
    struct ktg_entry *list = ktg_arena_alloc(a, (cap + 1) * sizeof *list);
    if (!list)
        return KTG_ENOMEM;
    for (size_t i = 0; i < id_count; i++) {
        bool added;
        size_t first = from == KTG_LONG_AGO ? 0 : ktg_record_since(&records[i], from);
        for (size_t e = 0; e < records[i].count; e++) {
            struct ktg_packed p = ktg_record_at(&records[i], e);
            if ((e < first && !is_lasting(w, kind, ktg_packed_type(p))) || ktg_packed_is_dead(p) ||
                !is_read(w, kind, ktg_packed_type(p)))
                continue;
            if ((rc = add_ordinary(w, p, now, a, &list[count], &added)))
                return rc;
            count += added;
        }
        for (size_t e = 0; e < records[i].posted_count; e++) {
            ktg_time at;
            uint8_t key[16];
            ktg_record_posted_at(&records[i], e, &at, key);
            if (at > now)
                break; /* in order of from */
            if (at < from && !w->dispatch->lasting_findings[kind])
                continue;
            if ((rc = add_posted(w, key, a, &list[count], &added)))
                return rc;
            count += added;
        }
    }
    for (size_t i = 0; runs && i < runs->count && runs->at[i].from <= now; i++)
        if ((rc = add_run(w, subject, &runs->at[i], a, &list[count++])))
            return rc;
    bool sorted = true;
    for (size_t i = 1; sorted && i < count; i++)
        sorted = by_time(&list[i - 1], &list[i]) < 0;
    if (!sorted) { /* several identifiers, or posted findings */
        qsort(list, count, sizeof *list, by_time);
        size_t kept = 0;
        for (size_t i = 0; i < count; i++) {
            if (!kept || by_time(&list[kept - 1], &list[i]) != 0)
                list[kept++] = list[i];
        }
        count = kept;
    }
    *ret_t = (struct ktg_timeline){kind, subject, list, count};
    *ret_from = from;
    return KTG_OK;
}
