/* schema/event.c - the envelope, and fields out of data.
 * Checks stand in event_check.c, subjects in subject.c.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "schema/event.h"

#include <stdio.h>

#include "schema/event_parts.h"

/* The envelope, sorted by key as it is on the wire; _common.yaml says the same to people, a test
 * compares. */
const struct ktg_envelope_row ktg_envelope[KTG_ENVELOPE_ROWS] = {
    {"basis", KTG_WIRE_MAP, false, "a map"},
    {"data", KTG_WIRE_MAP, true, "a map"},
    {"id", KTG_WIRE_BIN, true, "16 bytes"},
    {"occurred_at", KTG_WIRE_ARRAY, true, "[milliseconds, minutes of offset]"},
    {"retracts", KTG_WIRE_BIN, false, "16 bytes"},
    {"source", KTG_WIRE_STR, true, "a text"},
    {"supersedes", KTG_WIRE_BIN, false, "16 bytes"},
    {"type", KTG_WIRE_STR, true, "a text"},
    {"v", KTG_WIRE_INT, true, "an int"},
};

/* The same keys with their sizes, for the walk along both. */
#define KEY(text)                                 \
    {                                             \
        (const uint8_t *)(text), sizeof(text) - 1 \
    }
const struct ktg_bytes ktg_envelope_keys[KTG_ENVELOPE_ROWS] = {
    KEY("basis"),  KEY("data"),       KEY("id"),   KEY("occurred_at"), KEY("retracts"),
    KEY("source"), KEY("supersedes"), KEY("type"), KEY("v"),
};

const char *ktg_wire_kind_name(enum ktg_wire_kind kind)
{
    static const char *const names[] = {"nil",   "a bool",   "an int", "a text",
                                        "bytes", "an array", "a map"};
    return (size_t)kind < KTG_COUNT(names) ? names[kind] : "?";
}

bool ktg_instant_is_good(int64_t ms, int64_t offset)
{
    return ms >= KTG_FIRST_INSTANT && ms <= KTG_LAST_INSTANT && offset >= -KTG_OFFSET_MOST &&
           offset <= KTG_OFFSET_MOST;
}

bool ktg_instant_read(const struct ktg_wire_value *v, ktg_time *ret_t, int *ret_offset)
{
    struct ktg_wire_value ms, offset;
    struct ktg_wire w = ktg_wire_inside(v);
    if (v->kind != KTG_WIRE_ARRAY || v->count != 2 || ktg_wire_next(&w, &ms) ||
        ms.kind != KTG_WIRE_INT || ktg_wire_next(&w, &offset) || offset.kind != KTG_WIRE_INT)
        return false;
    if (!ktg_instant_is_good(ms.integer, offset.integer))
        return false;
    *ret_t = ms.integer;
    *ret_offset = (int)offset.integer;
    return true;
}

static int wrong_type(const struct ktg_envelope_row *row, const struct ktg_wire_value *v,
                      struct ktg_err *err)
{
    return ktg_fault_set(err, KTG_FAULT_WRONG_TYPE, ktg_wire_kind_name(v->kind), row->want, "/%s",
                         row->key);
}

int ktg_event_take(struct ktg_event *e, size_t row, const struct ktg_wire_value *v,
                   struct ktg_err *err)
{
    const struct ktg_envelope_row *r = &ktg_envelope[row];
    if (v->kind != r->kind || (r->kind == KTG_WIRE_BIN && v->bytes.size != KTG_ID_SIZE))
        return wrong_type(r, v, err);
    switch (row) {
    case KTG_ENV_BASIS:
        e->basis = v->raw;
        break;
    case KTG_ENV_DATA:
        e->data = v->raw;
        break;
    case KTG_ENV_ID:
        e->id = v->bytes.data;
        break;
    case KTG_ENV_OCCURRED_AT:
        if (!ktg_instant_read(v, &e->occurred_at, &e->offset_min))
            return wrong_type(r, v, err);
        break;
    case KTG_ENV_RETRACTS:
        e->retracts = v->bytes.data;
        break;
    case KTG_ENV_SOURCE:
        e->source = v->bytes;
        break;
    case KTG_ENV_SUPERSEDES:
        e->supersedes = v->bytes.data;
        break;
    case KTG_ENV_TYPE:
        e->type_name = v->bytes;
        break;
    default:
        e->v = v->integer;
    }
    return KTG_OK;
}

static int missing(const struct ktg_envelope_row *row, struct ktg_err *err)
{
    return ktg_fault_set(err, KTG_FAULT_MISSING_FIELD, NULL, row->want, "/%s", row->key);
}

void ktg_event_settle(struct ktg_event *e, const struct ktg_type *type)
{
    const uint8_t *dot = e->source.size ? memchr(e->source.data, '.', e->source.size) : NULL;
    e->agency = ktg_bytes(e->source.data, dot ? (size_t)(dot - e->source.data) : e->source.size);
    e->type = type;
}

int ktg_event_read(const struct ktg_catalogue *c, struct ktg_bytes blob, struct ktg_event *ret_e,
                   struct ktg_err *err)
{
    struct ktg_event e = {.blob = blob};
    struct ktg_wire w = ktg_wire_open(blob);
    struct ktg_wire_value map, key, value;
    if (blob.size == 0)
        return ktg_fault_set(err, KTG_FAULT_MALFORMED, "the end of the bytes", "a whole event",
                             "byte 0");
    if (ktg_wire_enter(&w, &map) || map.kind != KTG_WIRE_MAP)
        return ktg_fault_set(err, KTG_FAULT_WRONG_TYPE, "another value", "a map", "/");
    size_t row = 0;
    for (uint32_t i = 0; i < map.count; i++) {
        if (ktg_wire_next(&w, &key) || key.kind != KTG_WIRE_STR || ktg_wire_next(&w, &value))
            return ktg_fault_set(err, KTG_FAULT_MALFORMED, "another key", "a text as key", "/");
        int order = -1;
        for (; row < KTG_ENVELOPE_ROWS; row++) {
            order = ktg_bytes_cmp(ktg_envelope_keys[row], key.bytes);
            if (order >= 0)
                break;
            if (ktg_envelope[row].required)
                return missing(&ktg_envelope[row], err);
        }
        if (order != 0)
            return ktg_fault_set(err, KTG_FAULT_UNKNOWN_FIELD, NULL, NULL, "/%.*s",
                                 (int)(key.bytes.size < 64 ? key.bytes.size : 64),
                                 (const char *)key.bytes.data);
        int rc = ktg_event_take(&e, row++, &value, err);
        if (rc)
            return rc;
    }
    for (; row < KTG_ENVELOPE_ROWS; row++)
        if (ktg_envelope[row].required)
            return missing(&ktg_envelope[row], err);
    ktg_event_settle(&e, ktg_catalogue_type(c, e.type_name));
    *ret_e = e;
    return KTG_OK;
}

bool ktg_date_is_partial(struct ktg_bytes text)
{
    static const char form[] = "dddd-dd-dd";
    bool partial = false;
    if (text.size != sizeof form - 1)
        return false;
    for (size_t i = 0; i < text.size; i++) {
        uint8_t ch = text.data[i];
        if (form[i] == '-' ? ch != '-' : ch != '<' && (ch < '0' || ch > '9'))
            return false;
        partial = partial || ch == '<';
    }
    return partial;
}

/* The wire kind that each field type has. */
static const enum ktg_wire_kind kind_of[] = {
    [KTG_F_STRING] = KTG_WIRE_STR,    [KTG_F_TEXT] = KTG_WIRE_STR,  [KTG_F_CODE] = KTG_WIRE_STR,
    [KTG_F_PHONE] = KTG_WIRE_STR,     [KTG_F_EMAIL] = KTG_WIRE_STR, [KTG_F_INT] = KTG_WIRE_INT,
    [KTG_F_MONEY] = KTG_WIRE_INT,     [KTG_F_BOOL] = KTG_WIRE_BOOL, [KTG_F_DATE] = KTG_WIRE_STR,
    [KTG_F_INSTANT] = KTG_WIRE_ARRAY, [KTG_F_UUID] = KTG_WIRE_BIN,  [KTG_F_OBJECT] = KTG_WIRE_MAP,
};

enum ktg_wire_kind ktg_field_wire_kind(enum ktg_field_type type)
{
    return kind_of[type];
}

static enum ktg_field_type type_by_wire(enum ktg_wire_kind kind)
{
    switch (kind) {
    case KTG_WIRE_BOOL:
        return KTG_F_BOOL;
    case KTG_WIRE_INT:
        return KTG_F_INT;
    case KTG_WIRE_BIN:
        return KTG_F_UUID;
    case KTG_WIRE_MAP:
    case KTG_WIRE_ARRAY:
        return KTG_F_OBJECT;
    default:
        return KTG_F_STRING;
    }
}

bool ktg_field_take(const struct ktg_field *f, const struct ktg_wire_value *w,
                    struct ktg_field_value *ret_v)
{
    struct ktg_field_value v = {
        .field = f, .raw = w->raw, .bytes = w->bytes, .integer = w->integer};
    if (w->kind == KTG_WIRE_NIL)
        return false;
    v.type = f ? f->type : type_by_wire(w->kind);
    v.list = f ? f->list : w->kind == KTG_WIRE_ARRAY;
    if (v.list) {
        if (w->kind != KTG_WIRE_ARRAY)
            return false;
        *ret_v = v;
        return true;
    }
    if (f && w->kind != kind_of[f->type])
        return false;
    if (v.type == KTG_F_INSTANT && !ktg_instant_read(w, &v.integer, &v.offset_min))
        return false;
    if (v.type == KTG_F_DATE) {
        ktg_date day = 0;
        v.date_ok = ktg_date_parse(w->bytes, &day) == KTG_OK;
        v.integer = day;
    }
    *ret_v = v;
    return true;
}

bool ktg_field_read(const struct ktg_shape *shape, struct ktg_bytes object, struct ktg_bytes name,
                    struct ktg_field_value *ret_v)
{
    struct ktg_wire_value w;
    return ktg_wire_find(object, name, &w) &&
           ktg_field_take(ktg_shape_field(shape, name), &w, ret_v);
}

bool ktg_event_field(const struct ktg_event *e, const char *path, struct ktg_field_value *ret_v)
{
    const struct ktg_shape *shape = e->type ? e->type->data : NULL;
    struct ktg_bytes object = e->data;
    for (;;) {
        const char *dot = strchr(path, '.');
        struct ktg_bytes name = dot ? ktg_bytes(path, (size_t)(dot - path)) : ktg_bytes_str(path);
        struct ktg_field_value v;
        if (!ktg_field_read(shape, object, name, &v))
            return false;
        if (!dot) {
            *ret_v = v;
            return true;
        }
        if (v.list || v.type != KTG_F_OBJECT)
            return false;
        shape = v.field ? v.field->shape : NULL;
        object = v.raw;
        path = dot + 1;
    }
}
