/* brokers/alerts/router.c - the picture and the numbered invariants are in router.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "brokers/alerts/router.h"

#define COORDINATES KTG_LIT("IMI")

struct routing {
    const struct ktg_agencies *table;
    const struct ktg_handed *finding;
    struct ktg_routed *to;
    struct ktg_bytes word; /* of `to`, that is being resolved */
};

typedef void resolve(struct routing *r, struct ktg_bytes code);

const char *ktg_miss_name(enum ktg_miss m)
{
    static const char *const names[KTG_MISSES] = {"no-such-agency", "system", "other-district",
                                                  "names-nobody", "too-many"};
    return names[m];
}

void ktg_route_miss(struct ktg_routed *r, struct ktg_bytes word, struct ktg_bytes code,
                    enum ktg_miss why)
{
    if (r->missed_count < KTG_MISSED)
        r->missed[r->missed_count] = (struct ktg_missed){word, code, why};
    r->missed_count++;
}

static void miss(struct routing *r, struct ktg_bytes code, enum ktg_miss why)
{
    ktg_route_miss(r->to, r->word, code, why);
}

static void put(struct routing *r, struct ktg_bytes code)
{
    struct ktg_routed *to = r->to;
    for (size_t i = 0; i < to->told_count; i++)
        if (ktg_bytes_eq(to->told[i], code))
            return;
    if (to->told_count == KTG_TRACKS)
        miss(r, code, KTG_MISS_TOO_MANY);
    else
        to->told[to->told_count++] = code;
}

static void tell(struct routing *r, struct ktg_bytes code)
{
    if (!r->table || ktg_bytes_eq(code, COORDINATES)) {
        put(r, code);
        return;
    }
    const struct ktg_agency *a = ktg_agencies_find(r->table, code);
    if (!a)
        miss(r, code, KTG_MISS_NO_AGENCY);
    else if (a->tier == KTG_TIER_SYSTEM)
        miss(r, code, KTG_MISS_SYSTEM);
    else if (!ktg_agency_reaches(a, r->finding->district))
        miss(r, code, KTG_MISS_DISTRICT);
    else
        put(r, ktg_bytes_str(a->code));
}

/* Who stands above the agency: an installation says it in the table, else the team's coordinator. */
static void tell_superior(struct routing *r, struct ktg_bytes code)
{
    const struct ktg_agency *a = ktg_agencies_find(r->table, code);
    if (!a)
        miss(r, code, KTG_MISS_NO_AGENCY);
    else
        tell(r, a->superior ? ktg_bytes_str(a->superior) : COORDINATES);
}

/* Each text of a value that is one, or a list of some.  How many there were. */
static size_t each_text(struct routing *r, struct ktg_bytes map, const char *key, resolve *each)
{
    struct ktg_wire_value v, item;
    size_t n = 0;
    if (!map.size || !ktg_wire_get(map, key, &v))
        return 0;
    if (v.kind == KTG_WIRE_STR && v.bytes.size) {
        each(r, v.bytes);
        return 1;
    }
    if (v.kind != KTG_WIRE_ARRAY)
        return 0;
    for (struct ktg_wire w = ktg_wire_inside(&v); !ktg_wire_next(&w, &item);)
        if (item.kind == KTG_WIRE_STR && item.bytes.size) {
            each(r, item.bytes);
            n++;
        }
    return n;
}

static size_t each_own(struct routing *r, resolve *each)
{
    const struct ktg_handed *h = r->finding;
    size_t n = each_text(r, h->values, "agency", each);
    if (!n)
        n = each_text(r, h->values, "agencies", each);
    if (!n && ktg_bytes_is(h->kind, "source")) {
        const uint8_t *dot = memchr(h->subject.data, '.', h->subject.size);
        each(r, dot ? ktg_bytes(h->subject.data, (size_t)(dot - h->subject.data)) : h->subject);
        return 1;
    }
    return n ? n : each_text(r, h->route, "agencies", each);
}

static void one(struct routing *r)
{
    size_t n;
    if (ktg_bytes_is(r->word, "SELF")) {
        n = r->table ? each_own(r, tell) : 0;
    } else if (ktg_bytes_is(r->word, "SUPERIOR")) {
        n = r->table ? each_own(r, tell_superior) : 0;
    } else if (ktg_bytes_is(r->word, "LEAD")) {
        n = r->table ? each_text(r, r->finding->values, "lead", tell) : 0;
        if (!n && r->table) {
            tell(r, COORDINATES);
            n = 1;
        }
    } else {
        tell(r, r->word);
        n = 1;
    }
    if (!n)
        miss(r, KTG_BYTES_NONE, KTG_MISS_NOBODY);
}

void ktg_route(const struct ktg_agencies *table, const struct ktg_handed *h,
               struct ktg_routed *ret_r)
{
    struct routing r = {.table = table, .finding = h, .to = ret_r};
    struct ktg_wire w = ktg_wire_open(h->to);
    struct ktg_wire_value list, v;
    ret_r->told_count = ret_r->missed_count = 0;
    put(&r, COORDINATES);
    if (h->to.size && !ktg_wire_next(&w, &list) && list.kind == KTG_WIRE_ARRAY)
        for (w = ktg_wire_inside(&list); !ktg_wire_next(&w, &v);) {
            r.word = v.bytes;
            one(&r);
        }
}
