/* rules/cel/wire.c - from the catalogue's fields and canonical msgpack to values, and back.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>
#include <stdlib.h>

#include "rules/cel/plan.h"

enum { WIRE_DEPTH = 16 }; /* as the wire limits; also holds for bytes that nobody checked */

static enum ktg_cel_kind kind_of(enum ktg_field_type type)
{
    switch (type) {
    case KTG_F_INT:
    case KTG_F_MONEY:
        return KTG_CEL_INT;
    case KTG_F_BOOL:
        return KTG_CEL_BOOL;
    case KTG_F_DATE:
        return KTG_CEL_DATE;
    case KTG_F_INSTANT:
        return KTG_CEL_TIMESTAMP;
    case KTG_F_OBJECT:
        return KTG_CEL_OBJECT;
    default:
        return KTG_CEL_STRING;
    }
}

struct ktg_cel_type ktg_cel_field_type(const struct ktg_field *field, struct ktg_arena *arena)
{
    struct ktg_cel_type t = {.kind = kind_of(field->type),
                             .shape = field->shape,
                             .rules = field->rules,
                             .codes = field->codes};
    if (field->list) {
        struct ktg_cel_type *elem = ktg_arena_alloc(arena, sizeof *elem);
        if (elem)
            *elem = t;
        t = (struct ktg_cel_type){.kind = KTG_CEL_LIST, .elem = elem, .rules = field->rules};
    }
    t.optional = !field->required && !field->default_text;
    return t;
}

static struct ktg_cel_value id_text(struct ktg_bytes id, struct ktg_arena *arena)
{
    char *to = ktg_arena_alloc(arena, KTG_ID_TEXT);
    if (id.size != KTG_ID_SIZE || !to)
        return ktg_cel_absent();
    ktg_id_format(id.data, to);
    return ktg_cel_string(ktg_bytes(to, KTG_ID_TEXT - 1));
}

static struct ktg_cel_value instant(const struct ktg_wire_value *w)
{
    struct ktg_wire in = ktg_wire_inside(w);
    struct ktg_wire_value t, offset;
    if (w->kind != KTG_WIRE_ARRAY || w->count != 2 || ktg_wire_next(&in, &t) ||
        ktg_wire_next(&in, &offset) || t.kind != KTG_WIRE_INT || offset.kind != KTG_WIRE_INT ||
        offset.integer < -1440 || offset.integer > 1440)
        return ktg_cel_absent();
    return ktg_cel_timestamp(t.integer, (int)offset.integer);
}

/* One value of a field's type, not as a list. */
static struct ktg_cel_value typed(const struct ktg_field *f, const struct ktg_wire_value *w,
                                  struct ktg_arena *arena)
{
    struct ktg_cel_value v = {.kind = kind_of(f->type)};
    ktg_date d;
    switch (f->type) {
    case KTG_F_INT:
    case KTG_F_MONEY:
        v.i = w->integer;
        return w->kind == KTG_WIRE_INT ? v : ktg_cel_absent();
    case KTG_F_BOOL:
        v.b = w->integer != 0;
        return w->kind == KTG_WIRE_BOOL ? v : ktg_cel_absent();
    case KTG_F_DATE: /* with unknown parts it is text, and no age can be taken */
        if (w->kind != KTG_WIRE_STR)
            return ktg_cel_absent();
        return ktg_date_parse(w->bytes, &d) ? ktg_cel_string(w->bytes) : ktg_cel_date(d);
    case KTG_F_INSTANT:
        return instant(w);
    case KTG_F_UUID:
        return w->kind == KTG_WIRE_BIN ? id_text(w->bytes, arena) : ktg_cel_absent();
    case KTG_F_OBJECT:
        v.object.shape = f->shape;
        v.object.raw = w->raw;
        return w->kind == KTG_WIRE_MAP ? v : ktg_cel_absent();
    default:
        return w->kind == KTG_WIRE_STR ? ktg_cel_string(w->bytes) : ktg_cel_absent();
    }
}

static struct ktg_cel_value typed_list(const struct ktg_field *f, const struct ktg_wire_value *w,
                                       struct ktg_arena *arena)
{
    /* an element takes at least a byte, so `count` of checked or cut bytes is bounded by their size */
    if (w->kind != KTG_WIRE_ARRAY || w->count > w->raw.size)
        return ktg_cel_absent();
    struct ktg_cel_value *items = ktg_arena_alloc(arena, (w->count + 1) * sizeof *items);
    struct ktg_wire in = ktg_wire_inside(w);
    for (uint32_t i = 0; i < w->count; i++) {
        struct ktg_wire_value element;
        if (!items || ktg_wire_next(&in, &element))
            return ktg_cel_absent();
        items[i] = typed(f, &element, arena);
        if (items[i].kind == KTG_CEL_ABSENT)
            return ktg_cel_absent();
    }
    return items ? ktg_cel_list_of(items, w->count) : ktg_cel_absent();
}

struct ktg_cel_value ktg_cel_from_field(const struct ktg_shape *shape, struct ktg_bytes object,
                                        struct ktg_bytes name, struct ktg_arena *arena)
{
    struct ktg_wire_value w;
    const struct ktg_field *f = shape ? ktg_shape_field(shape, name) : NULL;
    if (f)
        return ktg_cel_of_field(f, object, arena);
    if (shape || !ktg_wire_find(object, name, &w) || w.kind == KTG_WIRE_NIL)
        return ktg_cel_absent();
    return ktg_cel_from_wire(w.raw, arena);
}

struct ktg_cel_value ktg_cel_of_field(const struct ktg_field *f, struct ktg_bytes object,
                                      struct ktg_arena *arena)
{
    struct ktg_wire_value w;
    return ktg_cel_of_value(f, ktg_wire_find(object, f->key, &w) ? &w : NULL, arena);
}

struct ktg_cel_value ktg_cel_of_value(const struct ktg_field *f, const struct ktg_wire_value *w,
                                      struct ktg_arena *arena)
{
    if (f->rules == KTG_RULES_FORBIDDEN) /* however the name was reached */
        return ktg_cel_absent();
    if (w && w->kind != KTG_WIRE_NIL)
        return f->list ? typed_list(f, w, arena) : typed(f, w, arena);
    if (f->default_text && !f->list)
        return ktg_cel_as(ktg_cel_string(ktg_bytes_str(f->default_text)), kind_of(f->type));
    return ktg_cel_absent();
}

static struct ktg_cel_value from_wire(const struct ktg_wire_value *w, struct ktg_arena *arena,
                                      int depth);

static struct ktg_cel_value from_items(const struct ktg_wire_value *w, struct ktg_arena *arena,
                                       int depth)
{
    bool map = w->kind == KTG_WIRE_MAP;
    size_t count = map ? (size_t)w->count * 2 : w->count;
    struct ktg_cel_value *items = depth >= WIRE_DEPTH || w->count > w->raw.size
                                      ? NULL
                                      : ktg_arena_alloc(arena, (count + 1) * sizeof *items);
    struct ktg_wire in = ktg_wire_inside(w);
    if (!items)
        return ktg_cel_absent();
    for (size_t i = 0; i < count; i++) { /* keys first, then values */
        struct ktg_wire_value element;
        if (ktg_wire_next(&in, &element))
            return ktg_cel_absent();
        size_t at = !map ? i : i % 2 ? w->count + i / 2 : i / 2;
        items[at] = from_wire(&element, arena, depth + 1);
        if (items[at].kind == KTG_CEL_ABSENT)
            return ktg_cel_absent();
    }
    if (!map)
        return ktg_cel_list_of(items, count);
    return (struct ktg_cel_value){.kind = KTG_CEL_MAP, .map = {items, items + w->count, w->count}};
}

static struct ktg_cel_value from_wire(const struct ktg_wire_value *w, struct ktg_arena *arena,
                                      int depth)
{
    switch (w->kind) {
    case KTG_WIRE_NIL:
        return (struct ktg_cel_value){.kind = KTG_CEL_NULL};
    case KTG_WIRE_BOOL:
        return ktg_cel_bool(w->integer != 0);
    case KTG_WIRE_INT:
        return ktg_cel_int(w->integer);
    case KTG_WIRE_STR:
        return ktg_cel_string(w->bytes);
    case KTG_WIRE_BIN:
        return id_text(w->bytes, arena);
    default:
        return from_items(w, arena, depth);
    }
}

struct ktg_cel_value ktg_cel_from_wire(struct ktg_bytes raw, struct ktg_arena *arena)
{
    struct ktg_wire w = ktg_wire_open(raw);
    struct ktg_wire_value v;
    return ktg_wire_next(&w, &v) ? ktg_cel_absent() : from_wire(&v, arena, 0);
}

static int by_key(const void *a, const void *b)
{
    const struct ktg_cel_value *const *x = a, *const *y = b;
    return ktg_cel_compare(*x, *y);
}

static int to_wire(const struct ktg_cel_value *v, struct ktg_cel_env *env, struct ktg_buf *to,
                   int depth);

static int map_to_wire(const struct ktg_cel_value *v, struct ktg_cel_env *env, struct ktg_buf *to,
                       int depth)
{
    const struct ktg_cel_value **keys =
        ktg_arena_alloc(env->arena, (v->map.count + 1) * sizeof(struct ktg_cel_value *));
    if (!keys)
        return KTG_ENOMEM;
    for (size_t i = 0; i < v->map.count; i++) {
        keys[i] = &v->map.keys[i];
        if (keys[i]->kind != KTG_CEL_STRING)
            return KTG_EINVALID;
    }
    qsort(keys, v->map.count, sizeof(struct ktg_cel_value *), by_key);
    ktg_wire_put_map(to, (uint32_t)v->map.count);
    int rc = KTG_OK;
    for (size_t i = 0; i < v->map.count && !rc; i++) {
        ktg_wire_put_str(to, keys[i]->s);
        rc = to_wire(&v->map.values[keys[i] - v->map.keys], env, to, depth + 1);
    }
    return rc;
}

static int to_wire(const struct ktg_cel_value *v, struct ktg_cel_env *env, struct ktg_buf *to,
                   int depth)
{
    int rc = KTG_OK;
    if (depth >= WIRE_DEPTH)
        return KTG_EINVALID;
    switch (v->kind) {
    case KTG_CEL_NULL:
        ktg_wire_put_nil(to);
        return KTG_OK;
    case KTG_CEL_BOOL:
        ktg_wire_put_bool(to, v->b);
        return KTG_OK;
    case KTG_CEL_INT:
        ktg_wire_put_int(to, v->i);
        return KTG_OK;
    case KTG_CEL_LIST:
        ktg_wire_put_array(to, (uint32_t)v->list.count);
        for (size_t i = 0; i < v->list.count && !rc; i++)
            rc = to_wire(&v->list.items[i], env, to, depth + 1);
        return rc;
    case KTG_CEL_MAP:
        return map_to_wire(v, env, to, depth);
    case KTG_CEL_REF: {
        struct ktg_cel_value id = ktg_cel_select(env, v, KTG_LIT("id"));
        return id.kind == KTG_CEL_REF ? KTG_EINVALID : to_wire(&id, env, to, depth + 1);
    }
    default:
        break;
    }
    struct ktg_cel_value text = ktg_cel_text_of(env, v);
    if (text.kind == KTG_CEL_STRING)
        ktg_wire_put_str(to, text.s);
    else if (v->kind == KTG_CEL_OBJECT)
        ktg_buf_put_bytes(to, v->object.raw);
    else
        return KTG_EINVALID;
    return KTG_OK;
}

int ktg_cel_to_wire(const struct ktg_cel_value *v, struct ktg_cel_env *env, struct ktg_buf *to)
{
    size_t before = to->size;
    int rc = to_wire(v, env, to, 0);
    if (!rc)
        rc = ktg_buf_check(to);
    if (rc && !to->bad)
        to->size = before; /* nothing half-written */
    return rc;
}

static void instant_to_text(ktg_time t, int offset_min, struct ktg_buf *to)
{
    static const char *const zones[] = {"WIB", "WITA", "WIT"}; /* +07:00, +08:00, +09:00 */
    int y, m, d,
        minute = (int)((t - ktg_start_of_day(ktg_date_of(t, offset_min), offset_min)) / 60000);
    int off = offset_min < 0 ? -offset_min : offset_min;
    ktg_date_to_civil(ktg_date_of(t, offset_min), &y, &m, &d);
    ktg_buf_printf(to, "%02d-%02d-%04d %02d:%02d ", d, m, y, minute / 60, minute % 60);
    if (offset_min % 60 == 0 && offset_min >= 420 && offset_min <= 540)
        ktg_buf_put_str(to, zones[offset_min / 60 - 7]);
    else
        ktg_buf_printf(to, "%c%02d:%02d", offset_min < 0 ? '-' : '+', off / 60, off % 60);
}

static void to_text(const struct ktg_cel_value *v, struct ktg_cel_env *env, struct ktg_buf *to,
                    int depth)
{
    int y, m, d;
    struct ktg_cel_value text = {.kind = KTG_CEL_ABSENT};
    bool no_day =
        (v->kind == KTG_CEL_DATE || v->kind == KTG_CEL_TIMESTAMP) && !ktg_cel_in_calendar(v);
    switch (depth >= WIRE_DEPTH || no_day ? KTG_CEL_ABSENT : v->kind) {
    case KTG_CEL_DATE:
        ktg_date_to_civil((ktg_date)v->i, &y, &m, &d);
        ktg_buf_printf(to, "%02d-%02d-%04d", d, m, y);
        return;
    case KTG_CEL_TIMESTAMP:
        instant_to_text(v->i, v->offset_min, to);
        return;
    case KTG_CEL_LIST:
        for (size_t i = 0; i < v->list.count; i++) {
            ktg_buf_put_str(to, i ? ", " : "");
            to_text(&v->list.items[i], env, to, depth + 1);
        }
        return;
    case KTG_CEL_REF:
        text = ktg_cel_select(env, v, KTG_LIT("id"));
        text = ktg_cel_text_of(env, &text);
        break;
    case KTG_CEL_ABSENT:
        break;
    default:
        text = ktg_cel_text_of(env, v);
        break;
    }
    if (text.kind == KTG_CEL_STRING)
        ktg_buf_put_bytes(to, text.s);
    else
        ktg_buf_put_str(to, "\xe2\x80\x93"); /* – */
}

void ktg_cel_to_text(const struct ktg_cel_value *v, struct ktg_cel_env *env, struct ktg_buf *to)
{
    to_text(v, env, to, 0);
}
