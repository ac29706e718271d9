/* schema/event_glance.c - the three checks of an event in one walk, for what comes by the thousand and is mostly good.
 *
 *   {data, id, occurred_at, source, type, v}      `type` is looked for from the end, for data stands before it
 *    ---------------------------------------> one walk, data along the shape of that type
 *
 * (1) It says yes only to what ktg_wire_check(), ktg_event_read() and ktg_event_check() all take; a test and the fuzz
 *     target `event` hold it to that.  It names no fault: whoever hears no asks those three.
 * (2) What was found from the end is a guess until the walk has come to `type` and found the same there.
 * (3) A key that is one of a shape's, in its order, needs no look at its letters, its order or its repetition.
 * (4) What a value may be is asked of the same functions that the three ask (event_parts.h); only the walk is written twice.
 * (5) Not looked at, so always no: `basis`, fields that the catalogue does not know, free objects, large blobs.
 * Declared in event.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "schema/catalogue_parts.h"
#include "schema/event_parts.h"
#include "schema/wire_head.h"

enum {
    LEVELS = 6, /* of objects within data; with lists between them still above KTG_WIRE_LIMITS */
    NEAR = 64,  /* bytes from the end that `type` is looked for in */
    WORDS = 16, /* bytes that are looked at in two registers */
};

struct glance {
    const struct ktg_catalogue *c;
    const struct ktg_type *type; /* the guess */
    const uint8_t *end;
};

/* All below step over what they name and return the place behind it, or NULL. */

static const uint8_t *long_head(const struct glance *g, const uint8_t *p, struct ktg_wire_head *h)
{
    if (ktg_wire_head(p, (size_t)(g->end - p), h) || !h->shortest)
        return NULL;
    p += h->length;
    bool content = h->kind == KTG_WIRE_STR || h->kind == KTG_WIRE_BIN;
    return content && h->size > (size_t)(g->end - p) ? NULL : p;
}

static inline const uint8_t *head(const struct glance *g, const uint8_t *p, struct ktg_wire_head *h)
{
    if (p < g->end && (*p & 0xe0) == 0xa0) { /* a short text: most values are */
        h->kind = KTG_WIRE_STR;
        h->integer = 0;
        h->size = *p++ & 0x1f;
        return h->size > (size_t)(g->end - p) ? NULL : p;
    }
    return long_head(g, p, h);
}

/* As ktg_text_check() finds it good; most texts are short and plain. */
static bool text_is_good(const struct glance *g, const uint8_t *p, size_t size)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    if (size > WORDS || g->end - p < WORDS)
        return ktg_text_check(ktg_bytes(p, size)) == KTG_TEXT_GOOD;
    uint64_t a = ktg_get_le64(p),
             b = ktg_get_le64(p + 8); /* what lies behind the text becomes ones */
    if (size < 8)
        a = (a & ((UINT64_C(1) << (8 * size)) - 1)) | ones << (8 * size);
    if (size <= 8)
        b = ones;
    else if (size < WORDS)
        b = (b & ((UINT64_C(1) << (8 * (size - 8))) - 1)) | ones << (8 * (size - 8));
    uint64_t bad =
        a | (a - ones) | b | (b - ones); /* a high bit: above 0x7f, or NUL and a borrow */
    return (bad & 0x80 * ones) == 0 || ktg_text_check(ktg_bytes(p, size)) == KTG_TEXT_GOOD;
}

static const uint8_t *text(const struct glance *g, const uint8_t *p, uint64_t size,
                           struct ktg_bytes *ret)
{
    *ret = ktg_bytes(p, (size_t)size);
    return text_is_good(g, p, (size_t)size) ? p + size : NULL;
}

/* ---- data ------------------------------------------------------------------------------------------------------------ */

static const uint8_t *object(const struct glance *g, const struct ktg_shape *shape, int levels,
                             const uint8_t *p, uint64_t pairs);

/* [ms, minutes of offset], from behind the head of the array on. */
static const uint8_t *instant(const struct glance *g, const uint8_t *p, uint64_t count,
                              ktg_time *ret_t, int *ret_offset)
{
    struct ktg_wire_head ms, offset;
    if (count != 2 || !(p = head(g, p, &ms)) || !(p = head(g, p, &offset)) ||
        ms.kind != KTG_WIRE_INT || offset.kind != KTG_WIRE_INT ||
        !ktg_instant_is_good(ms.integer, offset.integer))
        return NULL;
    *ret_t = ms.integer;
    *ret_offset = (int)offset.integer;
    return p;
}

static const uint8_t *value(const struct glance *g, const struct ktg_field *f, int levels,
                            const uint8_t *p)
{
    struct ktg_wire_head h;
    struct ktg_bytes content;
    ktg_time t;
    int offset;
    const uint8_t *start = p;
    p = head(g, p, &h);
    if (!p || h.kind != f->wire)
        return NULL;
    switch (h.kind) {
    case KTG_WIRE_STR:
        p = text(g, p, h.size, &content);
        return p && (h.size || !f->required) && ktg_field_takes(f, content) &&
                       (f != g->c->doc_number || ktg_is_doc_number(content))
                   ? p
                   : NULL;
    case KTG_WIRE_BIN:
        return h.size == KTG_ID_SIZE ? p + h.size : NULL;
    case KTG_WIRE_ARRAY:
        return instant(g, p, h.size, &t, &offset);
    case KTG_WIRE_MAP:
        if (!f->shape || !levels || (f->shape == g->c->doc && !g->c->doc_number))
            return NULL;
        p = object(g, f->shape, levels, p, h.size);
        return p && (f->shape != g->c->place ||
                     ktg_is_on_earth(ktg_bytes(start, (size_t)(p - start))))
                   ? p
                   : NULL;
    default:
        return p;
    }
}

static const uint8_t *field(const struct glance *g, const struct ktg_field *f, int levels,
                            const uint8_t *p)
{
    struct ktg_wire_head h;
    if (p < g->end && *p == 0xc0) /* nil */
        return f->required ? NULL : p + 1;
    if (!f->list)
        return value(g, f, levels, p);
    p = head(g, p, &h);
    if (!p || h.kind != KTG_WIRE_ARRAY || h.size > KTG_LIST_MAX || (f->required && !h.size))
        return NULL;
    for (uint64_t i = 0; p && i < h.size; i++)
        p = value(g, f, levels, p);
    return p;
}

/* The field of the shape, from *next on, whose name stands at p. */
static const uint8_t *name(const struct glance *g, const struct ktg_shape *shape, const uint8_t *p,
                           size_t *next)
{
    if (g->end - p < WORDS || (*p & 0xe0) != 0xa0) /* behind data more bytes than that follow */
        return NULL;
    size_t size = 1u + (*p & 0x1f);
    if (size > (size_t)(g->end - p))
        return NULL;
    struct ktg_shape_name n = {ktg_get_le64(p), 0};
    if (size < 8)
        n.first &= (UINT64_C(1) << (8 * size)) - 1;
    else if (size > 8)
        n.last = ktg_get_le64(p + size - 8);
    size_t i = shape->names->slots[ktg_shape_slot(shape->names, n)];
    if (i >= shape->count || i < *next)
        return NULL;
    const struct ktg_shape_name *its = &shape->names->at[i];
    if (its->first != n.first || its->last != n.last ||
        (size > WORDS && memcmp(p + 1, shape->fields[i].key.data, size - 1) != 0))
        return NULL;
    *next = i;
    return p + size;
}

static const uint8_t *object(const struct glance *g, const struct ktg_shape *shape, int levels,
                             const uint8_t *p, uint64_t pairs)
{
    size_t next = 0, required = 0;
    if (!shape->names)
        return NULL;
    for (; p && pairs; pairs--, next++) {
        p = name(g, shape, p, &next);
        if (!p)
            break;
        required += shape->fields[next].required;
        p = field(g, &shape->fields[next], levels - 1, p);
    }
    return required == shape->required ? p : NULL;
}

static const uint8_t *data(const struct glance *g, const uint8_t *p, struct ktg_event *e)
{
    struct ktg_wire_head h;
    const uint8_t *start = p;
    p = head(g, p, &h);
    p = p && h.kind == KTG_WIRE_MAP ? object(g, g->type->data, LEVELS, p, h.size) : NULL;
    e->data = ktg_bytes(start, p ? (size_t)(p - start) : 0);
    return p;
}

/* ---- the envelope ------------------------------------------------------------------------------------------------------ */

static const uint8_t *occurred_at(const struct glance *g, const uint8_t *p, struct ktg_event *e)
{
    struct ktg_wire_head h;
    p = head(g, p, &h);
    return p && h.kind == KTG_WIRE_ARRAY ? instant(g, p, h.size, &e->occurred_at, &e->offset_min)
                                         : NULL;
}

/* Another value of the envelope: nothing that holds values. */
static const uint8_t *flat(const struct glance *g, const uint8_t *p, struct ktg_wire_value *ret_v)
{
    struct ktg_wire_head h;
    p = head(g, p, &h);
    if (!p || h.kind == KTG_WIRE_MAP || h.kind == KTG_WIRE_ARRAY)
        return NULL;
    ret_v->kind = h.kind;
    ret_v->integer = h.integer;
    if (h.kind == KTG_WIRE_STR)
        return text(g, p, h.size, &ret_v->bytes);
    if (h.kind != KTG_WIRE_BIN)
        return p;
    ret_v->bytes = ktg_bytes(p, (size_t)h.size);
    return p + h.size;
}

static bool envelope(const struct glance *g, struct ktg_event *e)
{
    struct ktg_wire_head map;
    const uint8_t *p = head(g, e->blob.data, &map);
    if (!p || map.kind != KTG_WIRE_MAP)
        return false;
    for (size_t row = 0; row < KTG_ENVELOPE_ROWS; row++) {
        struct ktg_bytes key = ktg_envelope_keys[row];
        struct ktg_wire_value v;
        if (g->end - p <= (ptrdiff_t)key.size || p[0] != (0xa0 | key.size) ||
            memcmp(p + 1, key.data, key.size) != 0) {
            if (ktg_envelope[row].required)
                return false;
            continue;
        }
        p += 1 + key.size;
        map.size--;
        if (row == KTG_ENV_DATA)
            p = data(g, p, e);
        else if (row == KTG_ENV_OCCURRED_AT)
            p = occurred_at(g, p, e);
        else if (!(p = flat(g, p, &v)) || ktg_event_take(e, row, &v, NULL))
            return false;
        if (!p)
            return false;
    }
    return p == g->end && map.size == 0;
}

/* The type that the last key `type` names; NULL: none is near the end, or the catalogue has no such type. */
static const struct ktg_type *guess(const struct glance *g, struct ktg_bytes blob)
{
    struct ktg_bytes key = ktg_envelope_keys[KTG_ENV_TYPE];
    struct ktg_wire_head h;
    for (size_t back = key.size + 1; back <= blob.size && back < NEAR; back++) {
        const uint8_t *p = g->end - back;
        if (*p != (0xa0 | key.size) || memcmp(p + 1, key.data, key.size) != 0)
            continue;
        p = head(g, p + 1 + key.size, &h);
        return p && h.kind == KTG_WIRE_STR ? ktg_catalogue_type(g->c, ktg_bytes(p, (size_t)h.size))
                                           : NULL;
    }
    return NULL;
}

bool ktg_event_glance(const struct ktg_catalogue *c, struct ktg_bytes blob, struct ktg_event *ret_e)
{
    struct ktg_event e = {.blob = blob};
    if (blob.size == 0 || blob.size > KTG_WIRE_LIMITS.nodes)
        return false; /* a value takes a byte at least: so few bytes hold few values */
    struct glance g = {c, NULL, blob.data + blob.size};
    g.type = guess(&g, blob);
    if (!g.type || !envelope(&g, &e) || !ktg_bytes_is(e.type_name, g.type->name))
        return false;
    ktg_event_settle(&e, g.type);
    if (ktg_event_check_envelope(c, &e, NULL))
        return false;
    *ret_e = e;
    return true;
}
