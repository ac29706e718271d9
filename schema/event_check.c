/* schema/event_check.c - an event against its catalogue.  Declared in event.h.
 *
 * Objects and shapes are both sorted by name, so one walk along both finds what is wrong and what
 * is missing. The depth of the walk is that of the shapes, never that of the bytes.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>

#include "schema/catalogue_parts.h"
#include "schema/event_parts.h"
#include "schema/place.h"

struct checking {
    const struct ktg_catalogue *c;
    struct ktg_err *err;
};

void ktg_pointer_format(const struct ktg_pointer *p, char *to, size_t size)
{
    const struct ktg_pointer *chain[KTG_WIRE_DEPTH + 2];
    size_t n = 0, at = 0;
    for (; p && n < KTG_COUNT(chain); p = p->up)
        chain[n++] = p;
    to[0] = 0;
    while (n-- && at < size) {
        int took = chain[n]->key.data
                       ? snprintf(to + at, size - at, "/%.*s", (int)chain[n]->key.size,
                                  (const char *)chain[n]->key.data)
                       : snprintf(to + at, size - at, "/%u", chain[n]->index);
        at += took > 0 ? (size_t)took : 0;
    }
}

static int fail(const struct checking *k, enum ktg_fault_no fault, const struct ktg_pointer *at,
                const char *got, const char *want)
{
    char where[96];
    ktg_pointer_format(at, where, sizeof where);
    return ktg_fault_set(k->err, fault, got, want, "%s", where);
}

/* As fail(), with the value itself as `got` where its class may be repeated. */
static int fail_value(const struct checking *k, enum ktg_fault_no fault,
                      const struct ktg_pointer *at, int sens, struct ktg_bytes value,
                      const char *want)
{
    char got[64];
    if (ktg_catalogue_sens_quotable(k->c, sens))
        snprintf(got, sizeof got, "'%.*s'", (int)(value.size < 40 ? value.size : 40),
                 (const char *)value.data);
    else
        snprintf(got, sizeof got, "%zu bytes", value.size);
    return fail(k, fault, at, got, want);
}

static bool is_phone(struct ktg_bytes text)
{
    size_t digits = 0;
    if (text.size == 0 || text.data[0] != '+')
        return false;
    for (size_t i = 1; i < text.size; i++) {
        uint8_t ch = text.data[i];
        if (ch >= '0' && ch <= '9')
            digits++;
        else if (!strchr(" -.()/", ch))
            return false;
    }
    return digits >= 6 && digits <= 15;
}

static bool is_email(struct ktg_bytes text)
{
    const uint8_t *at = text.size ? memchr(text.data, '@', text.size) : NULL;
    if (!at || at == text.data || at + 1 == text.data + text.size)
        return false;
    return !memchr(at + 1, '@', (size_t)(text.data + text.size - at - 1)) &&
           !memchr(text.data, ' ', text.size);
}

static bool takes_code(const struct ktg_field *f, struct ktg_bytes code)
{
    if (!f->codes)
        return !f->code_list || ktg_code_list_find(f->code_list, code);
    for (const char *const *w = f->codes; *w; w++)
        if (ktg_bytes_cmp_str(code, *w) == 0)
            return true;
    return false;
}

bool ktg_field_takes(const struct ktg_field *f, struct ktg_bytes text)
{
    ktg_date day;
    switch (f->type) {
    case KTG_F_TEXT:
        return text.size <= KTG_TEXT_MAX;
    case KTG_F_CODE:
        return text.size <= KTG_CODE_MAX && takes_code(f, text);
    case KTG_F_DATE:
        return ktg_date_parse(text, &day) == KTG_OK || (f->partial && ktg_date_is_partial(text));
    case KTG_F_PHONE:
        return text.size <= KTG_STRING_MAX && is_phone(text);
    case KTG_F_EMAIL:
        return text.size <= KTG_STRING_MAX && is_email(text);
    default:
        return text.size <= KTG_STRING_MAX;
    }
}

static int fail_code(const struct checking *k, const struct ktg_field *f, int sens,
                     const struct ktg_pointer *at, struct ktg_bytes code)
{
    char want[96] = "one of";
    if (code.size > KTG_CODE_MAX)
        return fail(k, KTG_FAULT_TOO_LONG, at, NULL, "at most 64 bytes");
    size_t n = strlen(want);
    if (!f->codes)
        snprintf(want, sizeof want, "a code of the list %s", f->list_name);
    for (const char *const *w = f->codes; w && *w && n < sizeof want; w++)
        n += (size_t)snprintf(want + n, sizeof want - n, " %s", *w);
    return fail_value(k, KTG_FAULT_WRONG_CODE, at, sens, code, want);
}

static int check_text(const struct checking *k, const struct ktg_field *f, int sens,
                      const struct ktg_pointer *at, struct ktg_bytes text)
{
    if (ktg_field_takes(f, text))
        return KTG_OK;
    switch (f->type) {
    case KTG_F_TEXT:
        return fail(k, KTG_FAULT_TOO_LONG, at, NULL, "at most 4096 bytes");
    case KTG_F_CODE:
        return fail_code(k, f, sens, at, text);
    case KTG_F_DATE:
        return fail_value(k, KTG_FAULT_WRONG_VALUE, at, sens, text,
                          f->partial ? "a date as 2026-03-31, unknown parts as <<"
                                     : "a date as 2026-03-31");
    case KTG_F_PHONE:
        return fail_value(k, KTG_FAULT_WRONG_VALUE, at, sens, text, "a number as +62 000 123456");
    case KTG_F_EMAIL:
        return fail_value(k, KTG_FAULT_WRONG_VALUE, at, sens, text,
                          "an address as name@example.org");
    default:
        return fail(k, KTG_FAULT_TOO_LONG, at, NULL, "at most 256 bytes");
    }
}

static int check_object(const struct checking *k, const struct ktg_shape *shape, int sens,
                        const struct ktg_pointer *at, const struct ktg_wire_value *map);

static const char *wanted_kind(const struct ktg_field *f)
{
    if (f->type == KTG_F_INSTANT)
        return "[milliseconds, minutes of offset] (in JSON: RFC 3339)";
    if (f->type == KTG_F_UUID)
        return "16 bytes (in JSON: a UUID)";
    return ktg_wire_kind_name(ktg_field_wire_kind(f->type));
}

static int check_one(const struct checking *k, const struct ktg_field *f, int sens,
                     const struct ktg_pointer *at, const struct ktg_wire_value *v)
{
    ktg_time t;
    int offset;
    if (v->kind != ktg_field_wire_kind(f->type) ||
        (f->type == KTG_F_INSTANT && !ktg_instant_read(v, &t, &offset)) ||
        (f->type == KTG_F_UUID && v->bytes.size != KTG_ID_SIZE))
        return fail(k, KTG_FAULT_WRONG_TYPE, at, ktg_wire_kind_name(v->kind), wanted_kind(f));
    if (v->kind == KTG_WIRE_STR) {
        if (f->required && v->bytes.size == 0)
            return fail(k, KTG_FAULT_MISSING_FIELD, at, "an empty text", NULL);
        return check_text(k, f, sens, at, v->bytes);
    }
    return f->type == KTG_F_OBJECT && f->shape ? check_object(k, f->shape, sens, at, v) : KTG_OK;
}

static int check_field(const struct checking *k, const struct ktg_field *f, int outer_sens,
                       const struct ktg_pointer *at, const struct ktg_wire_value *v)
{
    int sens = f->sens >= 0 ? f->sens : outer_sens;
    if (v->kind == KTG_WIRE_NIL)
        return f->required ? fail(k, KTG_FAULT_MISSING_FIELD, at, "nil", NULL) : KTG_OK;
    if (!f->list)
        return check_one(k, f, sens, at, v);
    if (v->kind != KTG_WIRE_ARRAY)
        return fail(k, KTG_FAULT_WRONG_TYPE, at, ktg_wire_kind_name(v->kind), "an array");
    if (v->count > KTG_LIST_MAX)
        return fail(k, KTG_FAULT_TOO_LONG, at, NULL, "at most 256 elements");
    if (f->required && v->count == 0)
        return fail(k, KTG_FAULT_MISSING_FIELD, at, "an empty array", NULL);
    struct ktg_wire w = ktg_wire_inside(v);
    for (uint32_t i = 0; i < v->count; i++) {
        struct ktg_wire_value item;
        struct ktg_pointer here = {.up = at, .index = i};
        if (ktg_wire_next(&w, &item))
            return fail(k, KTG_FAULT_MALFORMED, &here, NULL, NULL);
        int rc = check_one(k, f, sens, &here, &item);
        if (rc)
            return rc;
    }
    return KTG_OK;
}

static int fail_missing(const struct checking *k, const struct ktg_field *f,
                        const struct ktg_pointer *up)
{
    struct ktg_pointer here = {.up = up, .key = ktg_bytes_str(f->name)};
    return fail(k, KTG_FAULT_MISSING_FIELD, &here, NULL, f->list ? "an array" : wanted_kind(f));
}

bool ktg_is_doc_number(struct ktg_bytes text)
{
    for (size_t i = 0; i < text.size; i++) {
        uint8_t ch = text.data[i];
        if (ch >= 0x80 || (ch >= '0' && ch <= '9') || ((ch | 32) >= 'a' && (ch | 32) <= 'z'))
            return true;
    }
    return false;
}

bool ktg_is_on_earth(struct ktg_bytes place)
{
    struct ktg_wire_value v;
    struct ktg_point p;
    return (!ktg_wire_get(place, "lat", &v) && !ktg_wire_get(place, "lon", &v)) ||
           ktg_point_read(place, &p);
}

static int check_whole(const struct checking *k, const struct ktg_shape *shape,
                       const struct ktg_pointer *at, const struct ktg_wire_value *map)
{
    struct ktg_pointer number = {.up = at, .key = KTG_LIT("number")};
    struct ktg_wire_value v;
    if (shape == k->c->place && !ktg_is_on_earth(map->raw))
        return fail(k, KTG_FAULT_WRONG_VALUE, at, NULL,
                    "lat and lon as decimal text, as \"-8.49\"");
    if (shape == k->c->doc && ktg_wire_find(map->raw, number.key, &v) &&
        !ktg_is_doc_number(v.bytes))
        return fail(k, KTG_FAULT_MISSING_FIELD, &number, "no letter or digit", "a document number");
    return KTG_OK;
}

static int check_object(const struct checking *k, const struct ktg_shape *shape, int sens,
                        const struct ktg_pointer *at, const struct ktg_wire_value *map)
{
    struct ktg_wire w = ktg_wire_open(map->raw);
    struct ktg_wire_value head;
    size_t next = 0;
    if (ktg_wire_enter(&w, &head))
        return fail(k, KTG_FAULT_MALFORMED, at, NULL, NULL);
    for (uint32_t i = 0; i < head.count; i++) {
        struct ktg_wire_value key, value;
        if (ktg_wire_next(&w, &key) || ktg_wire_next(&w, &value))
            return fail(k, KTG_FAULT_MALFORMED, at, NULL, NULL);
        int order = -1;
        for (; next < shape->count; next++) {
            order = ktg_bytes_cmp(shape->fields[next].key, key.bytes);
            if (order >= 0)
                break;
            if (shape->fields[next].required)
                return fail_missing(k, &shape->fields[next], at);
        }
        if (order != 0)
            continue; /* unknown: kept as it is */
        struct ktg_pointer here = {.up = at, .key = key.bytes};
        int rc = check_field(k, &shape->fields[next++], sens, &here, &value);
        if (rc)
            return rc;
    }
    for (; next < shape->count; next++)
        if (shape->fields[next].required)
            return fail_missing(k, &shape->fields[next], at);
    return check_whole(k, shape, at, map);
}

static int fail_envelope(const struct checking *k, enum ktg_fault_no fault, const char *key,
                         const char *got, const char *want)
{
    struct ktg_pointer here = {.key = ktg_bytes_str(key)};
    return fail(k, fault, &here, got, want);
}

/* AGENCY.OFFICE.DEVICE: A-Z, 0-9, '-' and '_' in parts that are not empty. */
static bool is_source(struct ktg_bytes source)
{
    /* a bit for each character */
    static const uint64_t letters[4] = {UINT64_C(0x3ff) << '0' | UINT64_C(3) << '-',
                                        UINT64_C(0x7fffffe) | UINT64_C(1) << ('_' - 64)};
    uint8_t before = '.';
    if (source.size == 0 || source.size > KTG_SOURCE_MAX)
        return false;
    for (size_t i = 0; i < source.size; i++) {
        uint8_t ch = source.data[i];
        if (!(letters[ch >> 6] >> (ch & 63) & 1) || (ch == '.' && before == '.'))
            return false;
        before = ch;
    }
    return before != '.';
}

static int check_correction(const struct checking *k, const struct ktg_event *e)
{
    if (e->supersedes && e->retracts)
        return fail_envelope(k, KTG_FAULT_BAD_CORRECTION, "retracts", "supersedes too",
                             "one of them");
    if (e->supersedes && memcmp(e->supersedes, e->id, KTG_ID_SIZE) >= 0)
        return fail_envelope(k, KTG_FAULT_BAD_CORRECTION, "supersedes", "an id that is not smaller",
                             "an earlier event");
    if (e->retracts && memcmp(e->retracts, e->id, KTG_ID_SIZE) >= 0)
        return fail_envelope(k, KTG_FAULT_BAD_CORRECTION, "retracts", "an id that is not smaller",
                             "an earlier event");
    if (e->type->needs_retracts && !e->retracts)
        return fail_envelope(k, KTG_FAULT_BAD_CORRECTION, "retracts", "nothing",
                             "the id of an earlier event");
    return KTG_OK;
}

int ktg_event_fail_type(const struct ktg_catalogue *c, struct ktg_bytes type_name,
                        struct ktg_err *err)
{
    char got[80], want[96] = "a type of the catalogue";
    const char *near = ktg_catalogue_nearest_type(c, type_name);
    snprintf(got, sizeof got, "'%.*s'", (int)(type_name.size < 64 ? type_name.size : 64),
             (const char *)type_name.data);
    if (near)
        snprintf(want, sizeof want, "perhaps '%s'", near);
    return ktg_fault_set(err, KTG_FAULT_UNKNOWN_TYPE, got, want, "/type");
}

int ktg_event_check_envelope(const struct ktg_catalogue *c, const struct ktg_event *e,
                             struct ktg_err *err)
{
    struct checking k = {c, err};
    if (!e->type)
        return ktg_event_fail_type(c, e->type_name, err);
    if (e->type->heartbeats)
        return fail_envelope(&k, KTG_FAULT_WRONG_VALUE, "type", e->type->name,
                             "an event: heartbeats are messages of their own");
    if (e->type->absences)
        return fail_envelope(&k, KTG_FAULT_WRONG_VALUE, "type", e->type->name,
                             "an event: the centre says itself when it was away");
    if (e->type->retirements)
        return fail_envelope(&k, KTG_FAULT_WRONG_VALUE, "type", e->type->name,
                             "an event: a source is retired by kentongan source retire");
    if (e->id[6] >> 4 != 7 || e->id[8] >> 6 != 2)
        return fail_envelope(&k, KTG_FAULT_WRONG_VALUE, "id", "another kind of UUID", "a UUIDv7");
    if (!is_source(e->source))
        return fail_envelope(&k, KTG_FAULT_WRONG_VALUE, "source", "another form",
                             "AGENCY.OFFICE.DEVICE in upper case");
    if (e->v < 1 || e->v > 1000)
        return fail_envelope(&k, KTG_FAULT_WRONG_VALUE, "v", NULL, "a version from 1 on");
    return check_correction(&k, e);
}

int ktg_event_check(const struct ktg_catalogue *c, const struct ktg_event *e, struct ktg_err *err)
{
    struct checking k = {c, err};
    int rc = ktg_event_check_envelope(c, e, err);
    if (rc)
        return rc;
    struct ktg_wire_value data = {.kind = KTG_WIRE_MAP,
                                  .raw = e->data}; /* as event_read() found it */
    struct ktg_pointer at = {.key = KTG_LIT("data")};
    return check_object(&k, e->type->data, -1, &at, &data);
}
