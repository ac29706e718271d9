/* rules/engine/screen.c - see screen.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "rules/engine/screen.h"

#include <stdlib.h>

#include "rules/engine/entries.h"
#include "rules/engine/identity.h"
#include "rules/engine/named.h"
#include "rules/engine/pack.h"

static struct ktg_bytes version_key(void)
{
    return KTG_LIT("nv");
}

static void list_key(struct ktg_key *k, uint64_t pos)
{
    uint8_t raw[9] = {'l'};
    struct ktg_bytes part = ktg_bytes(raw, sizeof raw);
    ktg_put_be64(raw + 1, pos);
    ktg_key_put(k, 'n', &part, 1);
}

void ktg_screen_done(struct ktg_screen *s)
{
    s->index = ktg_name_index_free(s->index);
    s->names = ktg_normaliser_free(s->names);
}

static int version_of(struct ktg_engine *e, uint32_t *ret_version)
{
    struct ktg_bytes value;
    int rc = ktg_state_get(e->state, version_key(), &value);
    *ret_version = !rc && value.size == 4 ? ktg_get_le32(value.data) : 0;
    return rc == KTG_ENOTFOUND ? KTG_OK : rc;
}

int ktg_screen_check(struct ktg_engine *e)
{
    uint32_t version;
    int rc = version_of(e, &version);
    return !rc && version && version != ktg_names_version() ? KTG_ECORRUPT : rc;
}

int ktg_screen_adopt(struct ktg_engine *e, bool *ret_stale)
{
    uint32_t version;
    uint8_t raw[4];
    int rc = version_of(e, &version);
    e->screen.on = ktg_ruleset_screens(e->rules);
    *ret_stale = false;
    if (!rc && e->screen.on && !e->screen.names)
        rc = ktg_normaliser_new(&e->screen.names);
    if (rc || e->screen.on == (version != 0))
        return rc;
    e->screen.index = ktg_name_index_free(e->screen.index);
    ktg_put_le32(raw, ktg_names_version());
    *ret_stale = true;
    return e->screen.on ? ktg_state_put(e->state, version_key(), ktg_bytes(raw, sizeof raw))
                        : KTG_OK;
}

static int collect(void *arg, struct ktg_bytes key, struct ktg_bytes value)
{
    (void)value;
    ktg_pack_bytes(arg, key);
    return ktg_buf_check(arg);
}

int ktg_screen_clear(struct ktg_engine *e)
{
    struct ktg_buf keys = KTG_BUF_INIT;
    uint8_t raw[4];
    int rc = ktg_state_scan(e->state, KTG_LIT("n"), collect, &keys);
    for (struct ktg_unpack u = ktg_unpack_open(ktg_buf_view(&keys)); !rc && u.at < u.end;)
        rc = ktg_state_del(e->state, ktg_unpack_bytes(&u));
    ktg_buf_done(&keys);
    e->screen.index = ktg_name_index_free(e->screen.index);
    ktg_put_le32(raw, ktg_names_version());
    return !rc && e->screen.on ? ktg_state_put(e->state, version_key(), ktg_bytes(raw, sizeof raw))
                               : rc;
}

/* ---- the index ---- */

static int index_event(struct ktg_engine *e, uint64_t pos, const struct ktg_event *ev)
{
    const struct ktg_tokens *names;
    size_t count;
    struct ktg_arena arena = KTG_ARENA_INIT;
    int rc = ktg_called_list(e->view.catalogue, e->screen.names, ev, &arena, &names, &count);
    for (size_t i = 0; !rc && i < count; i++)
        rc = ktg_name_index_add(e->screen.index, pos, &names[i]);
    ktg_arena_done(&arena);
    return rc;
}

static int load_event(void *arg, struct ktg_bytes key, struct ktg_bytes value)
{
    struct ktg_engine *e = arg;
    struct ktg_event ev;
    (void)value;
    if (key.size != 10)
        return KTG_ECORRUPT;
    uint64_t pos = ktg_get_be64(key.data + 2);
    int rc = ktg_timeline_event(&e->view, pos, &ev);
    if (!rc)
        rc = index_event(e, pos, &ev);
    return rc == KTG_ENOTFOUND ? KTG_OK : rc; /* erased */
}

static int ready(struct ktg_engine *e)
{
    if (e->screen.index)
        return KTG_OK;
    int rc = ktg_name_index_new(e->screen.names, &e->screen.index);
    if (!rc)
        rc = ktg_state_scan(e->state, KTG_LIT("nl"), load_event, e);
    if (rc)
        e->screen.index = ktg_name_index_free(e->screen.index);
    return rc;
}

/* ---- events ---- */

int ktg_screen_touch(struct ktg_engine *e, uint64_t pos, const struct ktg_event *ev)
{
    if (!e->screen.on || !ktg_called_has_list(e->view.catalogue, ev->type))
        return KTG_OK;
    struct ktg_listed *x = ktg_arena_zalloc(&e->record, sizeof *x);
    if (!x)
        return KTG_ENOMEM;
    x->pos = pos;
    x->next = e->screen.touched;
    e->screen.touched = x;
    return KTG_OK;
}

static int place_list(struct ktg_engine *e, uint64_t pos, const struct ktg_event *ev, bool live)
{
    struct ktg_key k;
    list_key(&k, pos);
    int rc = live ? ktg_state_put(e->state, ktg_key_view(&k), KTG_LIT("\1"))
                  : ktg_state_del(e->state, ktg_key_view(&k));
    if (!rc && e->screen.index) /* else it is made with everything when it is needed */
        rc = live ? index_event(e, pos, ev) : ktg_name_index_remove(e->screen.index, pos);
    return rc ? rc : ktg_screen_touch(e, pos, ev);
}

int ktg_screen_place(struct ktg_engine *e, uint64_t pos, const struct ktg_event *ev,
                     struct ktg_bytes identifier, bool live)
{
    const struct ktg_tokens *names;
    size_t count = 0;
    int rc = KTG_OK;
    if (!e->screen.on)
        return KTG_OK;
    if (ktg_called_has_list(e->view.catalogue, ev->type))
        rc = place_list(e, pos, ev, live);
    if (rc || !live || !identifier.size || !ktg_called_has_holder(e->view.catalogue, ev->type))
        return rc;
    rc = ktg_called_holder(e->view.catalogue, e->screen.names, ev, &e->record, &names, &count);
    for (size_t i = 0; !rc && i < count; i++)
        rc = ktg_named_add(e->state, identifier, &names[i]);
    return rc;
}

/* ---- entries ---- */

bool ktg_screen_hangs_by(const struct ktg_engine *e, int kind)
{
    static const char *const others[] = {KTG_PERSON_KIND, "document", "source",  "cell",
                                         "key",           "biodata",  "contact", "address"};
    const char *name = ktg_catalogue_kind_name(e->view.catalogue, kind);
    for (size_t i = 0; i < KTG_COUNT(others); i++)
        if (!name || !strcmp(name, others[i]))
            return false;
    return true;
}

struct positions {
    uint64_t *at;
    size_t count, cap;
};

static int put_position(struct positions *p, uint64_t pos)
{
    int rc = ktg_grow(&p->at, &p->cap, p->count + 1, sizeof *p->at);
    if (!rc)
        p->at[p->count++] = pos;
    return rc;
}

static int put_live(const struct ktg_entries *entries, size_t part, struct positions *to)
{
    struct ktg_record r;
    int rc = ktg_entries_record(entries, part, &r);
    for (size_t i = 0; !rc && i < r.count; i++) {
        struct ktg_packed p = ktg_record_at(&r, i);
        if (!ktg_packed_is_dead(p))
            rc = put_position(to, ktg_packed_pos(p));
    }
    return rc;
}

/* All events of the entry that this event is about, itself included. */
static int entry_events(struct ktg_engine *e, uint64_t pos, const struct ktg_event *ev,
                        struct ktg_arena *a, struct positions *to)
{
    struct ktg_event_names names = {0};
    int rc = put_position(to, pos);
    if (!rc)
        rc = ktg_timeline_names(&e->view, ev, a, &names);
    for (size_t i = 0; !rc && i < names.subject_count; i++) {
        const struct ktg_subject *s = names.subjects;
        struct ktg_entries entries;
        if (s[i].role != KTG_ROLE_HOLDER || !ktg_screen_hangs_by(e, s[i].kind))
            continue;
        const char *kind = ktg_catalogue_kind_name(e->view.catalogue, s[i].kind);
        rc = ktg_entries_open(e->state, ktg_bytes_str(kind), s[i].id, &entries);
        for (size_t k = 0; !rc && k <= entries.parts; k++)
            rc = put_live(&entries, k, to);
    }
    return rc;
}

static int by_number(const void *x, const void *y)
{
    uint64_t a = *(const uint64_t *)x, b = *(const uint64_t *)y;
    return (a > b) - (a < b);
}

static void sort_positions(struct positions *p)
{
    size_t n = 0;
    if (p->count)
        qsort(p->at, p->count, sizeof *p->at, by_number);
    for (size_t i = 0; i < p->count; i++)
        if (!n || p->at[n - 1] != p->at[i])
            p->at[n++] = p->at[i];
    p->count = n;
}

/* ---- from an entry to persons ---- */

struct marking {
    struct ktg_engine *e;
    const struct ktg_rule_list *rules;
};

static int mark_person(void *arg, struct ktg_bytes identifier)
{
    struct marking *m = arg;
    struct ktg_engine *e = m->e;
    struct ktg_live_subject *s;
    struct ktg_bytes name;
    int rc = ktg_identity_name(e->state, &e->record, identifier, &name);
    if (!rc)
        rc = ktg_engine_subject(e, e->view.person_kind, name, &s);
    return rc ? rc : ktg_engine_mark_all(e, s, m->rules, KTG_LONG_AGO, e->reason);
}

int ktg_screen_spread(struct ktg_engine *e)
{
    struct positions all = {NULL, 0, 0};
    int rc = KTG_OK;
    for (struct ktg_listed *x = e->screen.touched; !rc && x; x = x->next) {
        struct ktg_event ev;
        rc = ktg_timeline_event(&e->view, x->pos, &ev);
        if (!rc)
            rc = entry_events(e, x->pos, &ev, &e->record, &all);
        rc = rc == KTG_ENOTFOUND ? KTG_OK : rc;
    }
    sort_positions(&all);
    for (size_t i = 0; !rc && i < all.count; i++) {
        const struct ktg_tokens *names;
        struct ktg_event ev;
        size_t count = 0;
        rc = ktg_timeline_event(&e->view, all.at[i], &ev);
        if (rc || !ev.type) {
            rc = rc == KTG_ENOTFOUND ? KTG_OK : rc;
            continue;
        }
        rc = ktg_called_list(e->view.catalogue, e->screen.names, &ev, &e->record, &names, &count);
        struct marking m = {e,
                            &e->dispatch.by_type[(size_t)e->view.person_kind * e->dispatch.types +
                                                 (size_t)ev.type->index]};
        for (size_t k = 0; !rc && k < count; k++)
            rc = ktg_named_find(e->state, &e->record, &names[k], mark_person, &m);
    }
    ktg_free(all.at);
    e->screen.touched = NULL;
    return rc;
}

/* ---- from a person to entries ---- */

/* Entries like this name that have happened, with all that stands about them. */
static int like_name(struct ktg_engine *e, const struct ktg_tokens *name, struct ktg_arena *a,
                     struct positions *to)
{
    const struct ktg_name_hit *hits;
    size_t count;
    int rc = ktg_name_index_find(e->screen.index, name, KTG_SCORE_LEAST, &hits, &count);
    for (size_t i = 0; !rc && i < count; i++) {
        struct ktg_event ev;
        rc = ktg_timeline_event(&e->view, hits[i].ref, &ev);
        if (!rc && ev.type && ev.occurred_at <= e->now)
            rc = entry_events(e, hits[i].ref, &ev, a, to);
        rc = rc == KTG_ENOTFOUND ? KTG_OK : rc;
    }
    return rc;
}

/* The names of the holder, each once; one without a year of birth also with every date that another name gives. */
static int names_of(struct ktg_engine *e, const struct ktg_timeline *t, struct ktg_arena *a,
                    struct ktg_tokens **ret_names, size_t *ret_count)
{
    size_t count = 0, cap = 0, said;
    struct ktg_tokens *list = NULL;
    struct ktg_called last = {.surname = KTG_BYTES_NONE};
    int rc = KTG_OK;
    for (size_t i = 0; !rc && i < t->count; i++) {
        const struct ktg_tokens *names;
        size_t n = 0;
        const struct ktg_entry *x = &t->entries[i];
        if (!x->event || x->role != KTG_ROLE_HOLDER)
            continue;
        struct ktg_called called = ktg_called_read(e->view.catalogue, x->event);
        if (ktg_called_alike(&called, &last)) /* as most events of one person do */
            continue;
        last = called;
        rc = ktg_called_names(e->screen.names, &called, a, &names, &n);
        for (size_t k = 0; !rc && k < n; k++) {
            bool again = false;
            for (size_t j = 0; j < count && !again; j++)
                again = ktg_name_is_same(&list[j], &names[k]);
            if (!again && !(rc = ktg_grow(&list, &cap, count + 1, sizeof *list)))
                list[count++] = names[k];
        }
    }
    said = count;
    for (size_t i = 0; !rc && i < said; i++)
        for (size_t k = 0; !rc && !list[i].born.year && k < said; k++) {
            if (!list[k].born.year || (rc = ktg_grow(&list, &cap, count + 1, sizeof *list)))
                continue;
            list[count] = list[i];
            list[count++].born = list[k].born;
        }
    *ret_names = list;
    *ret_count = count;
    return rc;
}

static int by_time(const void *a, const void *b)
{
    const struct ktg_entry *x = a, *y = b;
    if (x->at != y->at)
        return x->at < y->at ? -1 : 1;
    int c = memcmp(x->id, y->id, sizeof x->id);
    return c ? c : (x->role > y->role) - (x->role < y->role);
}

static int with_entries(struct ktg_engine *e, struct ktg_live_subject *s, struct positions *p)
{
    struct ktg_timeline *t = &s->timeline;
    struct ktg_entry *list = ktg_arena_alloc(&e->lines, (t->count + p->count + 1) * sizeof *list);
    size_t count = t->count;
    if (!list)
        return KTG_ENOMEM;
    if (count)
        memcpy(list, t->entries, count * sizeof *list);
    for (size_t i = 0; i < p->count; i++) {
        struct ktg_event *ev = ktg_arena_alloc(&e->lines, sizeof *ev);
        if (!ev)
            return KTG_ENOMEM;
        int rc = ktg_timeline_event(&e->view, p->at[i], ev);
        if (rc && rc != KTG_ENOTFOUND)
            return rc;
        if (rc || !ev->type || ev->occurred_at > e->now)
            continue;
        struct ktg_entry *x = &list[count++];
        *x = (struct ktg_entry){
            .at = ev->occurred_at, .pos = p->at[i], .role = KTG_ROLE_LIKE, .event = ev};
        memcpy(x->id + 1, ev->id, KTG_ID_SIZE);
    }
    qsort(list, count, sizeof *list, by_time);
    s->screened = (struct ktg_timeline){t->kind, t->subject, list, count};
    return KTG_OK;
}

int ktg_screen_timeline(struct ktg_engine *e, struct ktg_live_subject *s)
{
    struct positions p = {NULL, 0, 0};
    struct ktg_tokens *names = NULL;
    size_t count = 0;
    if (s->screened_at == s->generation)
        return KTG_OK;
    s->screened = s->timeline;
    s->screened_at = s->generation;
    if (!e->screen.on || s->kind != e->view.person_kind)
        return KTG_OK;
    int rc = ready(e);
    if (!rc && ktg_name_index_count(e->screen.index))
        rc = names_of(e, &s->timeline, &e->lines, &names, &count);
    for (size_t i = 0; !rc && i < count; i++)
        rc = like_name(e, &names[i], &e->lines, &p);
    sort_positions(&p);
    if (!rc && p.count)
        rc = with_entries(e, s, &p);
    ktg_free(names);
    ktg_free(p.at);
    return rc;
}
