/* rules/engine/heard.c - see heard.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "rules/engine/heard.h"

#include <stdlib.h>

#include "rules/engine/keys.h"
#include "rules/engine/pack.h"
#include "runtime/mem.h"

#define MAX_TYPES 256 /* that one source may list */

struct source {
    char *name;
    size_t size;
    ktg_time heard;
    bool regime, all;
    char **types; /* sorted */
    size_t type_count, type_cap;
    uint64_t *sends; /* bit per type of the catalogue */
    struct ktg_runs runs, retired;
};

struct ktg_heard {
    struct ktg_state *state;
    const struct ktg_catalogue *catalogue;
    struct source **sources; /* sorted by name */
    size_t count, cap;
    struct ktg_runs absences;
};

static struct ktg_bytes name_of(const struct source *s)
{
    return ktg_bytes(s->name, s->size);
}

static bool is_under(const struct source *s)
{
    const struct ktg_runs *beats = &s->runs, *ends = &s->retired;
    return s->regime && !(ends->count && beats->count &&
                          ends->at[ends->count - 1].from >= beats->at[beats->count - 1].until);
}

static struct source *source_free(struct source *s)
{
    if (s) {
        for (size_t i = 0; i < s->type_count; i++)
            ktg_free(s->types[i]);
        ktg_free(s->types);
        ktg_free(s->sends);
        ktg_runs_done(&s->runs);
        ktg_runs_done(&s->retired);
        ktg_free(s->name);
        ktg_free(s);
    }
    return NULL;
}

static size_t lower(const struct ktg_heard *h, struct ktg_bytes name)
{
    size_t lo = 0, hi = h->count;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (ktg_bytes_cmp(name_of(h->sources[mid]), name) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

static struct source *find(const struct ktg_heard *h, struct ktg_bytes source)
{
    char room[KTG_NAME_MAX + 1];
    struct ktg_bytes name = ktg_name_fit(source, room);
    size_t i = lower(h, name);
    return i < h->count && ktg_bytes_eq(name_of(h->sources[i]), name) ? h->sources[i] : NULL;
}

static struct ktg_bytes agency_of(const struct source *s)
{
    size_t dot = 0;
    while (dot < s->size && s->name[dot] != '.')
        dot++;
    return ktg_bytes(s->name, dot);
}

static bool names(const struct ktg_type *type, struct ktg_bytes agency)
{
    for (const char *const *from = type->from; from && *from; from++) {
        if (ktg_bytes_is(agency, *from))
            return true;
    }
    return false;
}

/* Does any type name the agency?  One that none names is bound by none: the catalogue cannot say what it may send. */
static bool is_agency(const struct ktg_catalogue *c, struct ktg_bytes agency)
{
    for (size_t t = 0; t < ktg_catalogue_type_count(c); t++) {
        if (names(ktg_catalogue_type_at(c, (int)t), agency))
            return true;
    }
    return false;
}

static int bind_one(const struct ktg_heard *h, struct source *s)
{
    if (!h->catalogue)
        return KTG_OK;
    size_t types = ktg_catalogue_type_count(h->catalogue);
    ktg_free(s->sends);
    s->sends = ktg_calloc(types / 64 + 1, sizeof *s->sends);
    if (!s->sends)
        return KTG_ENOMEM;
    bool anything = s->all && !is_agency(h->catalogue, agency_of(s));
    for (size_t t = 0; t < types; t++) {
        const struct ktg_type *type = ktg_catalogue_type_at(h->catalogue, (int)t);
        bool sends = anything || (s->all && (type->any || names(type, agency_of(s))));
        for (size_t i = 0; !sends && i < s->type_count; i++)
            sends = strcmp(s->types[i], type->name) == 0;
        if (sends)
            s->sends[t / 64] |= UINT64_C(1) << (t % 64);
    }
    return KTG_OK;
}

void ktg_heard_bind(struct ktg_heard *h, const struct ktg_catalogue *c)
{
    h->catalogue = c;
    for (size_t i = 0; i < h->count; i++) {
        ktg_free(h->sources[i]->sends);
        h->sources[i]->sends = NULL; /* made again on demand */
    }
}

static int get(struct ktg_heard *h, struct ktg_bytes source, struct source **ret_s)
{
    char room[KTG_NAME_MAX + 1];
    struct ktg_bytes name = ktg_name_fit(source, room);
    size_t i = lower(h, name);
    if (i < h->count && ktg_bytes_eq(name_of(h->sources[i]), name)) {
        *ret_s = h->sources[i];
        return KTG_OK;
    }
    int rc = ktg_grow(&h->sources, &h->cap, h->count + 1, sizeof *h->sources);
    if (rc)
        return rc;
    struct source *s = ktg_zalloc(sizeof *s);
    if (!s || !(s->name = ktg_strndup((const char *)name.data, name.size))) {
        source_free(s);
        return KTG_ENOMEM;
    }
    s->size = name.size;
    s->heard = KTG_LONG_AGO;
    memmove(h->sources + i + 1, h->sources + i, (h->count - i) * sizeof *h->sources);
    h->sources[i] = s;
    h->count++;
    *ret_s = s;
    return KTG_OK;
}

static void pack_runs(struct ktg_buf *b, const struct ktg_runs *runs)
{
    ktg_pack_u32(b, (uint32_t)runs->count);
    for (size_t i = 0; i < runs->count; i++) {
        const struct ktg_run *r = &runs->at[i];
        ktg_pack_i64(b, r->from);
        ktg_pack_i64(b, r->until);
        ktg_pack_i64(b, r->expected);
        ktg_pack_u64(b, r->pos);
    }
}

static int unpack_runs(struct ktg_unpack *u, struct ktg_runs *to)
{
    int rc = KTG_OK;
    for (uint32_t n = ktg_unpack_count(u, 32); !rc && n && !u->bad; n--) {
        struct ktg_run r = {.from = ktg_unpack_i64(u)};
        r.until = ktg_unpack_i64(u);
        r.expected = ktg_unpack_i64(u);
        r.pos = ktg_unpack_u64(u);
        rc = ktg_runs_put(to, &r);
    }
    return rc;
}

static int put(struct ktg_heard *h, const struct source *s)
{
    struct ktg_key key;
    struct ktg_bytes name = name_of(s);
    struct ktg_buf *b;
    ktg_key_put(&key, 'h', &name, 1);
    int rc = ktg_state_edit(h->state, ktg_key_view(&key), &b);
    if (rc)
        return rc;
    ktg_buf_clear(b);
    ktg_pack_i64(b, s->heard);
    ktg_pack_u8(b, (uint8_t)(s->regime | s->all << 1));
    ktg_pack_u32(b, (uint32_t)s->type_count);
    for (size_t i = 0; i < s->type_count; i++)
        ktg_pack_bytes(b, ktg_bytes_str(s->types[i]));
    pack_runs(b, &s->runs);
    pack_runs(b, &s->retired);
    return ktg_buf_check(b);
}

/* *ret_new: the source did not say so before. */
static int add_type(struct source *s, struct ktg_bytes type, bool *ret_new)
{
    size_t i = 0;
    while (i < s->type_count && ktg_bytes_cmp(ktg_bytes_str(s->types[i]), type) < 0)
        i++;
    if (s->type_count == MAX_TYPES || (i < s->type_count && ktg_bytes_is(type, s->types[i])))
        return KTG_OK;
    int rc = ktg_grow(&s->types, &s->type_cap, s->type_count + 1, sizeof *s->types);
    char *copy = rc ? NULL : ktg_strndup((const char *)type.data, type.size);
    if (!copy)
        return KTG_ENOMEM;
    memmove(s->types + i + 1, s->types + i, (s->type_count - i) * sizeof *s->types);
    s->types[i] = copy;
    s->type_count++;
    *ret_new = true;
    return KTG_OK;
}

static int load(void *arg, struct ktg_bytes key, struct ktg_bytes value)
{
    struct ktg_heard *h = arg;
    struct source *s;
    int rc = get(h, ktg_bytes(key.data + 1, key.size - 1), &s);
    if (rc)
        return rc;
    struct ktg_unpack u = ktg_unpack_open(value);
    s->heard = ktg_unpack_i64(&u);
    uint8_t flags = ktg_unpack_u8(&u);
    s->regime = flags & 1;
    s->all = flags & 2;
    bool unused = false;
    for (uint32_t n = ktg_unpack_count(&u, 4); !rc && n && !u.bad; n--)
        rc = add_type(s, ktg_unpack_bytes(&u), &unused);
    if (!rc)
        rc = unpack_runs(&u, &s->runs);
    if (!rc)
        rc = unpack_runs(&u, &s->retired);
    return rc ? rc : ktg_unpack_done(&u) ? KTG_OK : KTG_ECORRUPT;
}

static struct ktg_bytes absences_key(void)
{
    return KTG_LIT("y");
}

static int load_absences(struct ktg_heard *h)
{
    struct ktg_bytes value;
    int rc = ktg_state_get(h->state, absences_key(), &value);
    if (rc)
        return rc == KTG_ENOTFOUND ? KTG_OK : rc;
    struct ktg_unpack u = ktg_unpack_open(value);
    rc = unpack_runs(&u, &h->absences);
    return rc ? rc : ktg_unpack_done(&u) ? KTG_OK : KTG_ECORRUPT;
}

int ktg_heard_new(struct ktg_state *state, struct ktg_heard **ret_h)
{
    struct ktg_heard *h = ktg_zalloc(sizeof *h);
    if (!h)
        return KTG_ENOMEM;
    h->state = state;
    int rc = ktg_state_scan(state, KTG_LIT("h"), load, h);
    if (!rc)
        rc = load_absences(h);
    if (rc) {
        ktg_heard_free(h);
        return rc;
    }
    *ret_h = h;
    return KTG_OK;
}

struct ktg_heard *ktg_heard_free(struct ktg_heard *h)
{
    if (h) {
        for (size_t i = 0; i < h->count; i++)
            source_free(h->sources[i]);
        ktg_free(h->sources);
        ktg_runs_done(&h->absences);
        ktg_free(h);
    }
    return NULL;
}

int ktg_heard_event(struct ktg_heard *h, struct ktg_bytes source, ktg_time at, bool *ret_grew)
{
    struct source *s;
    int rc = get(h, source, &s);
    *ret_grew = false;
    if (rc || at <= s->heard)
        return rc;
    s->heard = at;
    *ret_grew = true;
    return put(h, s);
}

int ktg_heard_beat(struct ktg_heard *h, const struct ktg_beat *beat, struct ktg_beat_news *ret_news)
{
    struct source *s;
    int rc = get(h, beat->source, &s);
    *ret_news = (struct ktg_beat_news){0};
    bool was = !rc && is_under(s);
    if (!rc)
        rc = ktg_runs_add(&s->runs, beat->at, beat->period, beat->pos, &ret_news->runs);
    if (rc)
        return rc;
    ret_news->grew = beat->complete_until > s->heard;
    s->regime = true;
    ret_news->regime = is_under(s) != was || (!beat->type_count && !s->all);
    s->all |= !beat->type_count;
    if (ret_news->grew)
        s->heard = beat->complete_until;
    for (size_t i = 0; !rc && i < beat->type_count; i++)
        rc = add_type(s, beat->types[i], &ret_news->regime);
    if (!rc && ret_news->regime) {
        ktg_free(s->sends);
        s->sends = NULL;
    }
    bool changed = ret_news->grew || ret_news->regime || ret_news->runs.changed;
    return rc || !changed ? rc : put(h, s);
}

int ktg_heard_away(struct ktg_heard *h, ktg_time from, ktg_time until, uint64_t pos,
                   bool *ret_changed)
{
    struct ktg_buf *b;
    int rc = ktg_runs_unite(&h->absences, (struct ktg_run){from, until, until, pos}, ret_changed);
    if (rc || !*ret_changed || (rc = ktg_state_edit(h->state, absences_key(), &b)))
        return rc;
    ktg_buf_clear(b);
    pack_runs(b, &h->absences);
    return ktg_buf_check(b);
}

int ktg_heard_retire(struct ktg_heard *h, const struct ktg_retirement *r, uint64_t pos,
                     struct ktg_retired_news *ret_news)
{
    struct source *s;
    int rc = get(h, r->source, &s);
    *ret_news = (struct ktg_retired_news){0};
    if (rc)
        return rc;
    bool was = is_under(s);
    if (r->retired)
        rc = ktg_runs_unite(&s->retired, (struct ktg_run){r->at, r->at, r->at, pos},
                            &ret_news->changed);
    else
        ret_news->changed = ktg_runs_take(&s->retired, r->at);
    ret_news->regime = is_under(s) != was;
    return rc || !ret_news->changed ? rc : put(h, s);
}

const struct ktg_runs *ktg_heard_retirements(const struct ktg_heard *h, struct ktg_bytes source)
{
    const struct source *s = find(h, source);
    return s && s->regime ? &s->retired : NULL;
}

const struct ktg_runs *ktg_heard_absences(const struct ktg_heard *h)
{
    return &h->absences;
}

bool ktg_heard_regime(const struct ktg_heard *h, size_t n, struct ktg_bytes *ret_source)
{
    for (size_t i = 0; i < h->count; i++) {
        if (h->sources[i]->regime && n-- == 0) {
            *ret_source = name_of(h->sources[i]);
            return true;
        }
    }
    return false;
}

const struct ktg_runs *ktg_heard_runs(const struct ktg_heard *h, struct ktg_bytes source)
{
    const struct source *s = find(h, source);
    return s && s->regime ? &s->runs : NULL;
}

bool ktg_heard_of(const struct ktg_heard *h, struct ktg_bytes source, ktg_time *ret_heard)
{
    const struct source *s = find(h, source);
    if (!s || !is_under(s))
        return false;
    *ret_heard = s->heard;
    return true;
}

static bool sends(const struct ktg_heard *h, struct source *s, int type)
{
    if (!is_under(s) || type < 0 || (!s->sends && bind_one(h, s)) || !s->sends)
        return false;
    return s->sends[type / 64] >> (type % 64) & 1;
}

bool ktg_heard_sends(const struct ktg_heard *h, struct ktg_bytes source, int type)
{
    struct source *s = find(h, source);
    return s && sends(h, s, type);
}

bool ktg_heard_next(const struct ktg_heard *h, int type, size_t *at, struct ktg_bytes *ret_source)
{
    while (*at < h->count) {
        struct source *s = h->sources[(*at)++];
        if (sends(h, s, type)) {
            *ret_source = name_of(s);
            return true;
        }
    }
    return false;
}

/* When its next heartbeat had to come; KTG_NEVER: of none is anything known.  Whoever was away listens for as long afterwards. */
static ktg_time due(const struct ktg_heard *h, const struct source *s)
{
    if (!s->runs.count)
        return KTG_NEVER;
    const struct ktg_run *last = &s->runs.at[s->runs.count - 1];
    ktg_time t = last->expected;
    for (size_t i = 0; i < h->absences.count && h->absences.at[i].from <= t; i++) {
        const struct ktg_run *away = &h->absences.at[i];
        ktg_time from = away->from > last->until ? away->from : last->until;
        t += away->until > from ? away->until - from : 0;
    }
    return t;
}

bool ktg_heard_awaited(const struct ktg_heard *h, const uint64_t *types, ktg_time now, size_t *at,
                       struct ktg_bytes *ret_source, bool *ret_silent)
{
    size_t words = h->catalogue ? ktg_catalogue_type_count(h->catalogue) / 64 + 1 : 0;
    while (*at < h->count) {
        struct source *s = h->sources[(*at)++];
        bool is = false;
        if (!sends(h, s, 0) && !s->sends)
            continue;
        for (size_t w = 0; w < words && !is; w++)
            is = is_under(s) && s->sends[w] & types[w];
        if (!is)
            continue;
        *ret_source = name_of(s);
        *ret_silent = due(h, s) < now;
        return true;
    }
    return false;
}
