/* rules/testing/outcomes.c - see outcomes.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "rules/testing/outcomes.h"

#include <stdlib.h>

#include "runtime/hash.h"

static bool text_of(struct ktg_bytes map, const char *key, struct ktg_bytes *to)
{
    struct ktg_wire_value v;
    bool is = ktg_wire_get(map, key, &v) && v.kind == KTG_WIRE_STR;
    *to = is ? v.bytes : KTG_BYTES_NONE;
    return is;
}

static bool id_of(struct ktg_bytes map, const char *key, uint8_t to[16])
{
    struct ktg_wire_value v;
    if (!ktg_wire_get(map, key, &v) || v.bytes.size != 16)
        return false;
    memcpy(to, v.bytes.data, 16);
    return true;
}

static bool instant_of(struct ktg_bytes map, const char *key, ktg_time *to, int *offset)
{
    struct ktg_wire_value v, ms, zone;
    if (!ktg_wire_get(map, key, &v) || v.kind != KTG_WIRE_ARRAY)
        return false;
    struct ktg_wire w = ktg_wire_inside(&v);
    if (ktg_wire_next(&w, &ms) || ktg_wire_next(&w, &zone))
        return false;
    *to = ms.integer;
    *offset = (int)zone.integer;
    return true;
}

/* The outcome of a label, made when there is none.  NULL: no memory. */
static struct ktg_outcome *of_label(struct ktg_outcomes *o, const uint8_t label[16])
{
    if ((o->count + 1) * 2 > o->slot_count) {
        size_t more = o->slot_count ? o->slot_count * 2 : 256;
        uint32_t *slots = ktg_calloc(more, sizeof *slots);
        if (!slots)
            return NULL;
        for (size_t i = 0; i < o->count; i++) {
            size_t at = ktg_hash64(o->list[i].label, 16, 0) & (more - 1);
            while (slots[at])
                at = (at + 1) & (more - 1);
            slots[at] = (uint32_t)i + 1;
        }
        ktg_free(o->slots);
        o->slots = slots;
        o->slot_count = more;
    }
    size_t at = ktg_hash64(label, 16, 0) & (o->slot_count - 1);
    while (o->slots[at] && memcmp(o->list[o->slots[at] - 1].label, label, 16) != 0)
        at = (at + 1) & (o->slot_count - 1);
    if (o->slots[at])
        return &o->list[o->slots[at] - 1];
    if (ktg_grow(&o->list, &o->cap, o->count + 1, sizeof *o->list))
        return NULL;
    struct ktg_outcome *x = &o->list[o->count++];
    *x = (struct ktg_outcome){.until = KTG_NEVER};
    memcpy(x->label, label, 16);
    o->slots[at] = (uint32_t)o->count;
    return x;
}

int ktg_outcomes_take(struct ktg_outcomes *o, struct ktg_bytes payload)
{
    uint8_t label[16];
    struct ktg_bytes op, state;
    int unused;
    if (!id_of(payload, "finding", label) || !text_of(payload, "op", &op) ||
        !text_of(payload, "state", &state))
        return KTG_EINVALID;
    uint8_t *copy = ktg_alloc(payload.size);
    struct ktg_outcome *x = copy ? of_label(o, label) : NULL;
    if (!x) {
        ktg_free(copy);
        return KTG_ENOMEM;
    }
    memcpy(copy, payload.data, payload.size);
    ktg_free((void *)x->payload.data);
    x->payload = payload = ktg_bytes(copy, payload.size);
    x->told++;
    x->raised += ktg_bytes_is(op, "raise");
    x->withdrawn = ktg_bytes_is(state, "withdrawn");
    x->unknown = ktg_bytes_is(state, "unknown");
    x->until = KTG_NEVER;
    if (!text_of(payload, "rule", &x->rule) || !text_of(payload, "subject", &x->subject) ||
        !id_of(payload, "anchor", x->anchor) ||
        !instant_of(payload, "from", &x->from, &x->offset_min))
        return KTG_EINVALID;
    text_of(payload, "key", &x->key);
    instant_of(payload, "until", &x->until, &unused);
    return KTG_OK;
}

static int by_identity(const void *p, const void *q)
{
    const struct ktg_outcome *x = p, *y = q;
    int c = ktg_bytes_cmp(x->rule, y->rule);
    if (!c)
        c = ktg_bytes_cmp(x->subject, y->subject);
    if (!c)
        c = ktg_bytes_cmp(x->key, y->key);
    if (!c)
        c = memcmp(x->anchor, y->anchor, 16);
    if (!c)
        c = (x->from > y->from) - (x->from < y->from);
    if (!c) /* one that was withdrawn and one that stands under another label */
        c = x->withdrawn - y->withdrawn;
    return c ? c : memcmp(x->label, y->label, 16);
}

void ktg_outcomes_sort(struct ktg_outcomes *o)
{
    if (o->count)
        qsort(o->list, o->count, sizeof *o->list, by_identity);
}

void ktg_outcomes_done(struct ktg_outcomes *o)
{
    for (size_t i = 0; i < o->count; i++)
        ktg_free((void *)o->list[i].payload.data);
    ktg_free(o->list);
    ktg_free(o->slots);
    *o = (struct ktg_outcomes){.list = NULL};
}

static bool is_same(const struct ktg_outcome *x, const struct ktg_outcome *y)
{
    static const char *const parts[] = {"level", "values", "evidence", "until", "unknown"};
    for (size_t i = 0; i < KTG_COUNT(parts); i++) {
        struct ktg_wire_value a, b;
        bool in_x = ktg_wire_get(x->payload, parts[i], &a),
             in_y = ktg_wire_get(y->payload, parts[i], &b);
        if (in_x != in_y || (in_x && !ktg_bytes_eq(a.raw, b.raw)))
            return false;
    }
    return true;
}

static int by_finding(const struct ktg_outcome *x, const struct ktg_outcome *y)
{
    struct ktg_outcome a = *x, b = *y;
    a.withdrawn = b.withdrawn = false;
    memset(a.label, 0, 16);
    memset(b.label, 0, 16);
    return by_identity(&a, &b);
}

size_t ktg_outcomes_compare(const struct ktg_outcomes *a, const struct ktg_outcomes *b,
                            ktg_time since, ktg_outcomes_differ *differ, void *arg)
{
    size_t both = 0;
    for (size_t i = 0, k = 0; i < a->count || k < b->count;) {
        const struct ktg_outcome *x = i < a->count ? &a->list[i] : NULL;
        const struct ktg_outcome *y = k < b->count ? &b->list[k] : NULL;
        if (x && (x->withdrawn || x->from < since)) {
            i++;
        } else if (y && (y->withdrawn || y->from < since)) {
            k++;
        } else {
            int c = !x ? 1 : !y ? -1 : by_finding(x, y);
            both += c == 0;
            if (c || !is_same(x, y))
                differ(arg, c <= 0 ? x : NULL, c >= 0 ? y : NULL);
            i += c <= 0;
            k += c >= 0;
        }
    }
    return both;
}

bool ktg_outcome_is_live(const struct ktg_outcome *x)
{
    struct ktg_wire_value route, status;
    return ktg_wire_get(x->payload, "route", &route) &&
           ktg_wire_get(route.raw, "status", &status) && ktg_bytes_is(status.bytes, "live");
}

bool ktg_outcome_agency(const struct ktg_outcome *x, size_t n, struct ktg_bytes *ret_agency)
{
    struct ktg_wire_value route, to, v;
    if (n == 0) {
        *ret_agency = KTG_LIT("IMI");
        return true;
    }
    if (!ktg_wire_get(x->payload, "route", &route) || !ktg_wire_get(route.raw, "to", &to) ||
        to.kind != KTG_WIRE_ARRAY)
        return false;
    struct ktg_wire w = ktg_wire_inside(&to);
    for (uint32_t i = 0; i < to.count && !ktg_wire_next(&w, &v); i++) {
        if (ktg_bytes_is(v.bytes, "IMI")) /* it was the first */
            continue;
        if (--n == 0) {
            *ret_agency = v.bytes;
            return true;
        }
    }
    return false;
}
