/* rules/engine/told.c - see told.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "rules/engine/told.h"

#include <stdlib.h>

#include "rules/engine/op.h"
#include "runtime/hash.h"
#include "schema/wire.h"

struct entry {
    uint8_t label[16];
    uint32_t rev;
    bool used, stands;
    struct ktg_bytes payload; /* none: erased */
};

struct ktg_told {
    struct entry *table;
    size_t count, slots, standing; /* slots: a power of two */
};

int ktg_told_new(struct ktg_told **ret_t)
{
    struct ktg_told *t = ktg_zalloc(sizeof *t);
    if (t && !(t->table = ktg_calloc(t->slots = 1024, sizeof *t->table)))
        t = ktg_told_free(t);
    if (!t)
        return KTG_ENOMEM;
    *ret_t = t;
    return KTG_OK;
}

struct ktg_told *ktg_told_free(struct ktg_told *t)
{
    if (t) {
        ktg_free(t->table);
        ktg_free(t);
    }
    return NULL;
}

static struct entry *slot(struct entry *table, size_t slots, const uint8_t *label)
{
    size_t i = ktg_hash64(label, 16, 0) & (slots - 1);
    while (table[i].used && memcmp(table[i].label, label, 16) != 0)
        i = (i + 1) & (slots - 1);
    return &table[i];
}

static int make_room(struct ktg_told *t)
{
    if (t->count * 2 < t->slots)
        return KTG_OK;
    struct entry *more = ktg_calloc(t->slots * 2, sizeof *more);
    if (!more)
        return KTG_ENOMEM;
    for (size_t i = 0; i < t->slots; i++) {
        if (t->table[i].used)
            *slot(more, t->slots * 2, t->table[i].label) = t->table[i];
    }
    ktg_free(t->table);
    t->table = more;
    t->slots *= 2;
    return KTG_OK;
}

/* withdraw and none end it; an erased record says nothing but that there is one. */
static int does_stand(struct ktg_bytes payload, bool *ret_stands)
{
    struct ktg_wire_value op;
    *ret_stands = true;
    if (!payload.size)
        return KTG_OK;
    if (!ktg_wire_get(payload, "op", &op) || op.kind != KTG_WIRE_STR)
        return KTG_ECORRUPT;
    *ret_stands = !ktg_bytes_is(op.bytes, ktg_op_name(KTG_OP_WITHDRAW)) &&
                  !ktg_bytes_is(op.bytes, ktg_op_name(KTG_OP_NONE));
    return KTG_OK;
}

int ktg_told_put(struct ktg_told *t, const uint8_t finding[static 16], uint32_t rev,
                 struct ktg_bytes payload)
{
    bool stands;
    int rc = make_room(t);
    if (rc || (rc = does_stand(payload, &stands)))
        return rc;
    struct entry *e = slot(t->table, t->slots, finding);
    t->count += !e->used;
    t->standing += stands;
    t->standing -= e->stands;
    memcpy(e->label, finding, 16);
    e->used = true;
    e->stands = stands;
    e->rev = rev;
    e->payload = payload;
    return KTG_OK;
}

size_t ktg_told_standing(const struct ktg_told *t)
{
    return t->standing;
}

/* ---- a payload as a finding that stands ---------------------------------------------------------------------------- */

static bool get(struct ktg_bytes map, const char *key, enum ktg_wire_kind kind,
                struct ktg_wire_value *ret_v)
{
    return ktg_wire_get(map, key, ret_v) && ret_v->kind == kind;
}

static bool get_instant(struct ktg_bytes map, const char *key, ktg_time *ret_t, int32_t *ret_offset)
{
    struct ktg_wire_value v, ms, offset;
    if (!get(map, key, KTG_WIRE_ARRAY, &v))
        return false;
    struct ktg_wire w = ktg_wire_inside(&v);
    if (ktg_wire_next(&w, &ms) || ktg_wire_next(&w, &offset))
        return false;
    *ret_t = ms.integer;
    *ret_offset = (int32_t)offset.integer;
    return true;
}

/* The ids of an array, one after the other. */
static int get_evidence(struct ktg_bytes map, struct ktg_arena *a, struct ktg_standing *to)
{
    struct ktg_wire_value list, v, total;
    if (!get(map, "evidence", KTG_WIRE_ARRAY, &list) ||
        !get(map, "evidence_total", KTG_WIRE_INT, &total))
        return KTG_ECORRUPT;
    uint8_t *ids = ktg_arena_alloc(a, (size_t)list.count * 16 + 1);
    size_t n = 0;
    if (!ids)
        return KTG_ENOMEM;
    for (struct ktg_wire w = ktg_wire_inside(&list); n < list.count && !ktg_wire_next(&w, &v);) {
        if (v.bytes.size != 16)
            return KTG_ECORRUPT;
        memcpy(ids + 16 * n++, v.bytes.data, 16);
    }
    to->evidence = ktg_bytes(ids, n * 16);
    to->evidence_total = (uint64_t)total.integer;
    return KTG_OK;
}

/* What of the route counts as a difference, as ktg_op_route() writes it. */
static int get_heed(struct ktg_bytes map, struct ktg_arena *a, struct ktg_told_finding *f)
{
    struct ktg_wire_value route, status, to, kind;
    struct ktg_buf b = KTG_BUF_INIT;
    if (!get(map, "route", KTG_WIRE_MAP, &route) || !get(route.raw, "kind", KTG_WIRE_STR, &kind) ||
        !get(route.raw, "status", KTG_WIRE_STR, &status) ||
        !get(route.raw, "to", KTG_WIRE_ARRAY, &to))
        return KTG_ECORRUPT;
    f->kind = kind.bytes;
    ktg_wire_put_array(&b, 2);
    ktg_wire_put_str(&b, status.bytes);
    ktg_buf_put_bytes(&b, to.raw);
    char *copy = ktg_arena_strndup(a, (const char *)b.data, b.size);
    f->finding.heed = ktg_bytes(copy, copy ? b.size : 0);
    f->finding.route = route.raw;
    int rc = ktg_buf_check(&b);
    ktg_buf_done(&b);
    return rc || !copy ? KTG_ENOMEM : KTG_OK;
}

static int get_unknown(struct ktg_bytes map, struct ktg_standing *to)
{
    struct ktg_wire_value state, unknown, source;
    int32_t offset;
    if (!get(map, "state", KTG_WIRE_STR, &state))
        return KTG_ECORRUPT;
    to->unknown = ktg_bytes_is(state.bytes, "unknown");
    if (!to->unknown)
        return KTG_OK;
    if (!get(map, "unknown", KTG_WIRE_MAP, &unknown) ||
        !get(unknown.raw, "source", KTG_WIRE_STR, &source) ||
        !get_instant(unknown.raw, "since", &to->unknown_since, &offset))
        return KTG_ECORRUPT;
    to->unknown_source = source.bytes;
    return KTG_OK;
}

static int read_payload(struct ktg_bytes map, struct ktg_arena *a, struct ktg_told_finding *f)
{
    struct ktg_standing *to = &f->finding;
    struct ktg_wire_value anchor, key, level, rule, subject, values;
    int32_t offset;
    if (!get(map, "anchor", KTG_WIRE_BIN, &anchor) || anchor.bytes.size != 16 ||
        !get(map, "key", KTG_WIRE_STR, &key) || !get(map, "level", KTG_WIRE_STR, &level) ||
        !get(map, "rule", KTG_WIRE_STR, &rule) || !get(map, "subject", KTG_WIRE_STR, &subject) ||
        !get(map, "values", KTG_WIRE_MAP, &values) ||
        !get_instant(map, "from", &to->from, &to->offset_min) ||
        ktg_level_of(level.bytes, &to->level))
        return KTG_ECORRUPT;
    if (!get_instant(map, "until", &to->until, &offset))
        to->until = KTG_NEVER;
    memcpy(to->anchor, anchor.bytes.data, 16);
    to->key = key.bytes;
    to->values = values.count ? values.raw : KTG_BYTES_NONE;
    f->rule = rule.bytes;
    f->subject = subject.bytes;
    int rc = get_evidence(map, a, to);
    if (!rc)
        rc = get_heed(map, a, f);
    return rc ? rc : get_unknown(map, to);
}

static int by_place(const void *x, const void *y)
{
    const struct ktg_told_finding *a = x, *b = y;
    int c = ktg_bytes_cmp(a->kind, b->kind);
    if (!c)
        c = ktg_bytes_cmp(a->subject, b->subject);
    if (!c)
        c = ktg_bytes_cmp(a->rule, b->rule);
    return c ? c : memcmp(a->label, b->label, 16);
}

int ktg_told_list(const struct ktg_told *t, struct ktg_arena *a, struct ktg_told_finding **ret_list,
                  size_t *ret_count)
{
    struct ktg_told_finding *list = ktg_arena_zalloc(a, t->count * sizeof *list + 1);
    size_t n = 0;
    if (!list)
        return KTG_ENOMEM;
    for (size_t i = 0; i < t->slots; i++) {
        const struct entry *e = &t->table[i];
        if (!e->used)
            continue;
        struct ktg_told_finding *f = &list[n++];
        memcpy(f->label, e->label, 16);
        f->rev = f->finding.rev = e->rev;
        f->stands = e->stands;
        f->is_erased = e->stands && !e->payload.size;
        f->finding.told = true;
        memcpy(f->finding.label, e->label, 16);
        int rc = f->stands && !f->is_erased ? read_payload(e->payload, a, f) : KTG_OK;
        if (rc)
            return rc;
    }
    if (n > 1)
        qsort(list, n, sizeof *list, by_place);
    *ret_list = list;
    *ret_count = n;
    return KTG_OK;
}
