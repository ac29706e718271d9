/* rules/engine/census.c - see census.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "rules/engine/census.h"

#include <inttypes.h>
#include <stdlib.h>

#include "rules/engine/engine_parts.h"
#include "rules/engine/entries.h"
#include "rules/engine/identity.h"
#include "rules/engine/pack.h"
#include "rules/engine/posted.h"
#include "runtime/hash.h"

#define DAY     ((ktg_time)86400000)
#define FINDING (1u << 31) /* of a name: the rest is the number of a rule, else type << 8 | role */

static const int windows[] = {1, 7, 28, 84, 364}; /* days; whole weeks, as people live */

struct seen {         /* one entry of one subject */
    uint64_t subject; /* hash of kind and name: two that are equal are taken for one */
    uint64_t what;    /* position and role, or the hash of a finding */
    ktg_time at;
    uint32_t name;
    int kind;
};

struct census {
    struct ktg_engine *e;
    struct ktg_arena arena; /* of one subject */
    struct seen *list;
    size_t count, cap;
    uint64_t subjects[KTG_MAX_KINDS];
    uint64_t keys[KTG_MAX_KINDS], key_bytes[KTG_MAX_KINDS]; /* identifiers, and bytes of them */
    uint64_t *peaks; /* of the subjects that have the name at all */
    ktg_time span;
};

/* ---- gathering ---------------------------------------------------------------------------------------------------- */

static int put(struct census *c, struct seen x)
{
    int rc = ktg_grow(&c->list, &c->cap, c->count + 1, sizeof *c->list);
    if (!rc)
        c->list[c->count++] = x;
    return rc;
}

static int take_entries(struct census *c, const struct ktg_record *r, struct seen x)
{
    int rc = KTG_OK;
    for (size_t i = 0; !rc && i < r->count; i++) {
        struct ktg_packed p = ktg_record_at(r, i);
        x.at = (ktg_time)(p.key >> 22);
        x.name = ktg_packed_type(p) << 8 | ktg_packed_role(p);
        x.what = ktg_packed_pos(p);
        rc = put(c, x);
    }
    return rc;
}

static int take_posted(struct census *c, const struct ktg_record *r, struct seen x)
{
    int rc = KTG_OK;
    for (size_t i = 0; !rc && i < r->posted_count; i++) {
        uint8_t id[16];
        struct ktg_bytes value, name = ktg_bytes(id, sizeof id);
        struct ktg_posted p;
        struct ktg_key key;
        ktg_record_posted_at(r, i, &x.at, id);
        ktg_key_put(&key, 'o', &name, 1);
        rc = ktg_state_get(c->e->state, ktg_key_view(&key), &value);
        if (!rc)
            rc = ktg_posted_decode(value, c->e->rules, &c->arena, &p);
        if (rc)
            break;
        x.name = FINDING | (uint32_t)p.rule;
        x.what = ktg_get_le64(id);
        rc = put(c, x);
    }
    return rc;
}

/* A record `t` stands for its subject, with all that is older. */
static int take_subject(void *arg, struct ktg_bytes key, struct ktg_bytes value)
{
    struct census *c = arg;
    struct ktg_bytes kind, id, name;
    struct ktg_entries entries;
    (void)value;
    if (!ktg_key_subject_parts(key, &kind, &id))
        return KTG_ECORRUPT;
    struct seen x = {.kind = ktg_catalogue_kind(c->e->view.catalogue, kind)};
    if (x.kind < 0)
        return KTG_OK;
    name = id;
    int rc = x.kind == c->e->view.person_kind ? ktg_identity_name(c->e->state, &c->arena, id, &name)
                                              : KTG_OK;
    x.subject = ktg_hash64(name.data, name.size, (uint64_t)x.kind);
    if (!rc)
        rc = ktg_entries_open(c->e->state, kind, id, &entries);
    c->keys[x.kind]++;
    c->key_bytes[x.kind] += id.size;
    for (size_t i = 0; !rc && i <= entries.parts; i++) {
        struct ktg_record r;
        rc = ktg_entries_record(&entries, i, &r);
        if (!rc)
            rc = take_entries(c, &r, x);
    }
    if (!rc)
        rc = take_posted(c, &entries.newest, x);
    ktg_arena_reset(&c->arena);
    return rc;
}

/* ---- counting ----------------------------------------------------------------------------------------------------- */

static int order(const void *a, const void *b)
{
    const struct seen *x = a, *y = b;
    if (x->kind != y->kind)
        return x->kind - y->kind;
    if (x->name != y->name)
        return x->name < y->name ? -1 : 1;
    if (x->subject != y->subject)
        return x->subject < y->subject ? -1 : 1;
    if (x->at != y->at)
        return x->at < y->at ? -1 : 1;
    return (x->what > y->what) - (x->what < y->what);
}
static int by_subject(const void *a, const void *b)
{
    const struct seen *x = a, *y = b;
    if (x->kind != y->kind)
        return x->kind - y->kind;
    return (x->subject > y->subject) - (x->subject < y->subject);
}
static int by_time(const void *a, const void *b)
{
    const struct seen *x = a, *y = b;
    return (x->at > y->at) - (x->at < y->at);
}
static int by_size(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* Subjects of each kind, and the time in which nearly all happened.  Sorts. */
static void survey(struct census *c)
{
    qsort(c->list, c->count, sizeof *c->list, by_subject);
    for (size_t i = 0; i < c->count; i++)
        c->subjects[c->list[i].kind] += i == 0 || by_subject(&c->list[i - 1], &c->list[i]) != 0;
    qsort(c->list, c->count, sizeof *c->list, by_time);
    c->span = c->list[c->count - 1 - c->count / 100].at - c->list[c->count / 100].at;
    qsort(c->list, c->count, sizeof *c->list, order);
    size_t kept = 0; /* several identifiers of a person may hold the same event */
    for (size_t i = 0; i < c->count; i++)
        if (!kept || order(&c->list[kept - 1], &c->list[i]) != 0)
            c->list[kept++] = c->list[i];
    c->count = kept;
}

/* The most entries of [from, to) within any stretch of `length`, both ends counted as a window of the language counts them. */
static uint64_t peak_of(const struct census *c, size_t from, size_t to, ktg_time length)
{
    uint64_t most = 0;
    for (size_t first = from, last = from; last < to; last++) {
        while (c->list[first].at <= c->list[last].at - length)
            first++;
        most = last - first + 1 > most ? last - first + 1 : most;
    }
    return most;
}

struct figure {
    uint64_t sum, p99;
};

/* Of sorted values, beside which `none` more are 0: the smallest that 99 in 100 do not go beyond. */
static uint64_t percentile(const uint64_t *values, size_t count, size_t none)
{
    size_t rank = (count + none) - (count + none) / 100;
    return rank <= none ? 0 : values[rank - none - 1];
}

/* One name of one kind: entries [from, to). */
static struct figure measure(const struct census *c, size_t from, size_t to, ktg_time length)
{
    struct figure f = {0};
    size_t have = 0;
    for (size_t i = from, end; i < to; i = end) {
        for (end = i; end < to && c->list[end].subject == c->list[i].subject;)
            end++;
        c->peaks[have] = peak_of(c, i, end, length);
        f.sum += c->peaks[have++];
    }
    qsort(c->peaks, have, sizeof *c->peaks, by_size);
    f.p99 = percentile(c->peaks, have, c->subjects[c->list[from].kind] - have);
    return f;
}

static size_t window_count(const struct census *c)
{
    size_t n = 1;
    while (n < KTG_COUNT(windows) && windows[n] * DAY <= c->span)
        n++;
    return n;
}

/* ---- writing ------------------------------------------------------------------------------------------------------ */

/* sum / of, to thousandths, rounded up: what there is at all is not 0. */
static void put_mean(struct ktg_buf *to, uint64_t sum, uint64_t of)
{
    uint64_t n = of ? (sum * 1000 + of - 1) / of : 0;
    ktg_buf_printf(to, "%" PRIu64 ".%03" PRIu64, n / 1000, n % 1000);
}

static void put_name(const struct census *c, uint32_t name, struct ktg_buf *to)
{
    const struct ktg_catalogue *k = c->e->view.catalogue;
    const struct ktg_type *t = ktg_catalogue_type_at(k, (int)(name >> 8 & 0xffff));
    if (name & FINDING)
        ktg_buf_printf(to, "finding.%s",
                       ktg_rule_name(ktg_ruleset_rule(c->e->rules, name & ~FINDING)));
    else if ((name & 0xff) == KTG_ROLE_HOLDER)
        ktg_buf_put_str(to, t->name);
    else
        ktg_buf_printf(to, "%s(%s)", t->name, ktg_catalogue_role_name(k, (int)(name & 0xff)));
}

static void put_row(const struct census *c, size_t from, size_t to, struct ktg_buf *b)
{
    struct figure f[KTG_COUNT(windows)];
    size_t n = window_count(c);
    for (size_t w = 0; w < n; w++)
        f[w] = measure(c, from, to, windows[w] * DAY);
    ktg_buf_put_str(b, "      ");
    put_name(c, c->list[from].name, b);
    ktg_buf_put_str(b, ": {mean: [");
    for (size_t w = 0; w < n; w++) {
        ktg_buf_put_str(b, w ? ", " : "");
        put_mean(b, f[w].sum, c->subjects[c->list[from].kind]);
    }
    ktg_buf_put_str(b, "], p99: [");
    for (size_t w = 0; w < n; w++)
        ktg_buf_printf(b, "%s%" PRIu64, w ? ", " : "", f[w].p99);
    ktg_buf_put_str(b, "]}\n");
}

static void put_kinds(const struct census *c, struct ktg_buf *b)
{
    ktg_buf_put_str(b, "kinds:\n");
    for (size_t i = 0, end; i < c->count; i = end) {
        int kind = c->list[i].kind;
        for (end = i;
             end < c->count && c->list[end].kind == kind && c->list[end].name == c->list[i].name;)
            end++;
        if (i == 0 || c->list[i - 1].kind != kind) {
            ktg_buf_printf(b, "  %s:\n    subjects: %" PRIu64 "\n    name: ",
                           ktg_catalogue_kind_name(c->e->view.catalogue, kind), c->subjects[kind]);
            put_mean(b, c->key_bytes[kind], c->keys[kind]);
            ktg_buf_put_str(b, "\n    entries:\n");
        }
        put_row(c, i, end, b);
    }
}

struct sizes {
    uint64_t *list, sum;
    size_t count, cap;
};
static int take_finding(void *arg, struct ktg_bytes rule, struct ktg_bytes kind,
                        struct ktg_bytes subject, const struct ktg_standing *finding)
{
    struct sizes *s = arg;
    size_t size;
    (void)rule, (void)kind, (void)subject;
    int rc = ktg_standing_bytes(finding, &size);
    if (rc || (rc = ktg_grow(&s->list, &s->cap, s->count + 1, sizeof *s->list)))
        return rc;
    s->list[s->count++] = size;
    s->sum += size;
    return KTG_OK;
}

static int put_findings(const struct census *c, struct ktg_buf *b)
{
    struct sizes s = {0};
    int rc = ktg_engine_standing(c->e, take_finding, &s);
    if (s.count)
        qsort(s.list, s.count, sizeof *s.list, by_size);
    ktg_buf_put_str(b, "finding: {mean: ");
    put_mean(b, s.sum, s.count);
    ktg_buf_printf(b, ", p99: %" PRIu64 "}\n", s.count ? percentile(s.list, s.count, 0) : 0);
    ktg_free(s.list);
    return rc;
}

int ktg_census(struct ktg_engine *e, struct ktg_buf *to)
{
    struct census c = {.e = e, .arena = KTG_ARENA_INIT};
    int rc = ktg_state_scan(e->state, KTG_LIT("t"), take_subject, &c);
    if (!rc && !c.count)
        rc = KTG_ENOTFOUND;
    if (!rc && !(c.peaks = ktg_calloc(c.count, sizeof *c.peaks)))
        rc = KTG_ENOMEM;
    if (!rc) {
        survey(&c);
        ktg_buf_printf(to, "days: %" PRId64 "\nwindows: [", c.span / DAY);
        for (size_t w = 0; w < window_count(&c); w++)
            ktg_buf_printf(to, "%s%d", w ? ", " : "", windows[w]);
        ktg_buf_put_str(to, "]\n");
        rc = put_findings(&c, to);
    }
    if (!rc) {
        put_kinds(&c, to);
        rc = ktg_buf_check(to);
    }
    ktg_free(c.peaks);
    ktg_free(c.list);
    ktg_arena_done(&c.arena);
    return rc;
}
