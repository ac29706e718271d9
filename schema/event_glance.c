/* schema/event_glance.c - the three checks of an event in one walk, for what comes by the thousand and is mostly good.
 *
 *   {data, id, occurred_at, source, type, v}      the envelope, stepping over data: its type stands behind it
 *    ^ then back to data, along its shape         the head must be the shortest, the key the next that the shape knows
 *
 * (1) It says yes only to what ktg_wire_check(), ktg_event_read() and ktg_event_check() all take; a test and the fuzz
 *     target `event` hold it to that.  It names no fault: whoever hears no asks those three.
 * (2) A key that is one of a shape's, in its order, needs no look at its letters, its order or its repetition.
 * (3) What a value may be is asked of the same functions that the three ask (event_parts.h); only the walk is written twice.
 * (4) Not looked at, so always no: `basis`, fields that the catalogue does not know, free objects, large blobs.
 * Declared in event.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "schema/catalogue_parts.h"
#include "schema/event_parts.h"
#include "schema/wire_head.h"

enum {
    LEVELS = 6, /* of objects within data; with lists between them still above KTG_WIRE_LIMITS */
    WORDS = 16, /* bytes that struct ktg_shape_key compares */
};

struct glance {
    const struct ktg_catalogue *c;
    const uint8_t *end;
};

/* All below step over what they name and return the place behind it, or NULL. */

static const uint8_t *head(const struct glance *g, const uint8_t *p, struct ktg_wire_head *h)
{
    if (ktg_wire_head(p, (size_t)(g->end - p), h) || !h->shortest)
        return NULL;
    p += h->length;
    bool content = h->kind == KTG_WIRE_STR || h->kind == KTG_WIRE_BIN;
    return content && h->size > (size_t)(g->end - p) ? NULL : p;
}

static const uint8_t *text(const uint8_t *p, const struct ktg_wire_head *h, struct ktg_bytes *ret)
{
    *ret = ktg_bytes(p, (size_t)h->size);
    return ktg_text_check(*ret) == KTG_TEXT_GOOD ? p + h->size : NULL;
}

/* ---- data ------------------------------------------------------------------------------------------------------------ */

static const uint8_t *object(const struct glance *g, const struct ktg_shape *shape, int levels,
                             const uint8_t *p, uint64_t pairs);

static const uint8_t *instant(const struct glance *g, const uint8_t *p, uint64_t count)
{
    struct ktg_wire_head ms, offset;
    if (count != 2 || !(p = head(g, p, &ms)) || !(p = head(g, p, &offset)) ||
        ms.kind != KTG_WIRE_INT || offset.kind != KTG_WIRE_INT ||
        !ktg_instant_is_good(ms.integer, offset.integer))
        return NULL;
    return p;
}

static const uint8_t *value(const struct glance *g, const struct ktg_field *f, int levels,
                            const uint8_t *p)
{
    struct ktg_wire_head h;
    struct ktg_bytes content;
    const uint8_t *start = p;
    p = head(g, p, &h);
    if (!p || h.kind != ktg_field_wire_kind(f->type))
        return NULL;
    switch (h.kind) {
    case KTG_WIRE_STR:
        p = text(p, &h, &content);
        return p && (h.size || !f->required) && ktg_field_takes(f, content) ? p : NULL;
    case KTG_WIRE_BIN:
        return h.size == KTG_ID_SIZE ? p + h.size : NULL;
    case KTG_WIRE_ARRAY:
        return instant(g, p, h.size);
    case KTG_WIRE_MAP:
        p = f->shape && levels ? object(g, f->shape, levels, p, h.size) : NULL;
        return p && ktg_object_flaw(g->c, f->shape, ktg_bytes(start, (size_t)(p - start))) == 0
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

/* The field of the shape from *next on whose name stands at p. */
static const uint8_t *name(const struct glance *g, const struct ktg_shape *shape, const uint8_t *p,
                           size_t *next)
{
    if (g->end - p < WORDS) /* behind data the envelope goes on for longer than that */
        return NULL;
    uint64_t word[] = {ktg_get_le64(p), ktg_get_le64(p + 8)};
    for (size_t i = *next; i < shape->count; i++) {
        const struct ktg_shape_key *k = &shape->keys[i];
        if ((word[0] & k->mask[0]) != k->word[0] || (word[1] & k->mask[1]) != k->word[1])
            continue;
        size_t rest = k->size > WORDS ? k->size - WORDS : 0;
        struct ktg_bytes key = shape->fields[i].key;
        if (rest && ((size_t)(g->end - p) < k->size ||
                     memcmp(p + WORDS, key.data + key.size - rest, rest) != 0))
            continue;
        *next = i;
        return p + k->size;
    }
    return NULL;
}

static const uint8_t *object(const struct glance *g, const struct ktg_shape *shape, int levels,
                             const uint8_t *p, uint64_t pairs)
{
    size_t next = 0, required = 0;
    for (; p && pairs; pairs--, next++) {
        p = name(g, shape, p, &next);
        if (!p)
            break;
        required += shape->fields[next].required;
        p = field(g, &shape->fields[next], levels - 1, p);
    }
    return required == shape->required ? p : NULL;
}

/* ---- the envelope ------------------------------------------------------------------------------------------------------ */

/* A value beside data: no map, and in an array only integers. */
static const uint8_t *flat(const struct glance *g, const uint8_t *p, struct ktg_wire_value *ret_v)
{
    struct ktg_wire_head h, item;
    const uint8_t *start = p;
    p = head(g, p, &h);
    if (!p || h.kind == KTG_WIRE_MAP)
        return NULL;
    *ret_v =
        (struct ktg_wire_value){.kind = h.kind, .count = (uint32_t)h.size, .integer = h.integer};
    if (h.kind == KTG_WIRE_STR) {
        p = text(p, &h, &ret_v->bytes);
    } else if (h.kind == KTG_WIRE_BIN) {
        ret_v->bytes = ktg_bytes(p, (size_t)h.size);
        p += h.size;
    } else if (h.kind == KTG_WIRE_ARRAY) {
        for (uint64_t i = 0; p && i < h.size; i++)
            p = (p = head(g, p, &item)) && item.kind == KTG_WIRE_INT ? p : NULL;
    }
    if (p)
        ret_v->raw = ktg_bytes(start, (size_t)(p - start));
    return p;
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
        struct ktg_wire w = {p + 1 + key.size, g->end};
        if (row == KTG_ENV_DATA ? ktg_wire_next(&w, &v) != KTG_OK : !(w.at = flat(g, w.at, &v)))
            return false;
        if (ktg_event_take(e, row, &v, NULL))
            return false;
        p = w.at;
        map.size--;
    }
    return p == g->end && map.size == 0;
}

bool ktg_event_glance(const struct ktg_catalogue *c, struct ktg_bytes blob, struct ktg_event *ret_e)
{
    struct glance g = {c, blob.data + blob.size};
    struct ktg_event e = {.blob = blob};
    struct ktg_wire_head h;
    if (blob.size == 0 || blob.size > KTG_WIRE_LIMITS.nodes || !envelope(&g, &e))
        return false; /* a value takes a byte at least: so few bytes hold few values */
    ktg_event_settle(c, &e);
    if (ktg_event_check_envelope(c, &e, NULL))
        return false;
    const uint8_t *p = head(&g, e.data.data, &h);
    if (!p || object(&g, e.type->data, LEVELS, p, h.size) != e.data.data + e.data.size)
        return false;
    *ret_e = e;
    return true;
}
