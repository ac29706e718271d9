/* schema/json.c - JSON out: events, and any value.  JSON in stands in json_read.c.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "schema/json.h"

#include "schema/event_parts.h"

void ktg_json_put_text(struct ktg_buf *to, struct ktg_bytes text)
{
    ktg_buf_put_u8(to, '"');
    size_t from = 0;
    for (size_t i = 0; i < text.size; i++) {
        uint8_t ch = text.data[i];
        if (ch >= 0x20 && ch != '"' && ch != '\\' && ch != 0x7f)
            continue;
        ktg_buf_put(to, text.data + from, i - from);
        from = i + 1;
        if (ch == '"' || ch == '\\')
            ktg_buf_printf(to, "\\%c", ch);
        else if (ch == '\n')
            ktg_buf_put_str(to, "\\n");
        else if (ch == '\t')
            ktg_buf_put_str(to, "\\t");
        else
            ktg_buf_printf(to, "\\u%04x", ch);
    }
    if (text.size > from)
        ktg_buf_put(to, text.data + from, text.size - from);
    ktg_buf_put_u8(to, '"');
}

static void put_hex(struct ktg_buf *to, struct ktg_bytes bytes)
{
    uint8_t *at = ktg_buf_extend(to, 2 * bytes.size + 1);
    if (!at)
        return;
    ktg_hex(bytes.data, bytes.size, (char *)at);
    to->size--; /* the NUL */
}

static int put_value(struct ktg_buf *to, const struct ktg_shape *shape, const struct ktg_field *f,
                     bool list, const struct ktg_wire_value *v, int levels);

static int put_map(struct ktg_buf *to, const struct ktg_shape *shape,
                   const struct ktg_wire_value *map, int levels)
{
    struct ktg_wire w = ktg_wire_inside(map);
    ktg_buf_put_u8(to, '{');
    for (uint32_t i = 0; i < map->count; i++) {
        struct ktg_wire_value key, value;
        if (ktg_wire_next(&w, &key) || key.kind != KTG_WIRE_STR || ktg_wire_next(&w, &value))
            return KTG_EINVALID;
        if (i)
            ktg_buf_put_u8(to, ',');
        ktg_json_put_text(to, key.bytes);
        ktg_buf_put_u8(to, ':');
        const struct ktg_field *f = ktg_shape_field(shape, key.bytes);
        int rc = put_value(to, f ? f->shape : NULL, f, f && f->list, &value, levels - 1);
        if (rc)
            return rc;
    }
    ktg_buf_put_u8(to, '}');
    return KTG_OK;
}

static int put_array(struct ktg_buf *to, const struct ktg_shape *shape, const struct ktg_field *f,
                     const struct ktg_wire_value *v, int levels)
{
    struct ktg_wire w = ktg_wire_inside(v);
    ktg_buf_put_u8(to, '[');
    for (uint32_t i = 0; i < v->count; i++) {
        struct ktg_wire_value item;
        if (ktg_wire_next(&w, &item))
            return KTG_EINVALID;
        if (i)
            ktg_buf_put_u8(to, ',');
        int rc = put_value(to, shape, f, false, &item, levels - 1);
        if (rc)
            return rc;
    }
    ktg_buf_put_u8(to, ']');
    return KTG_OK;
}

/* Instants and uuids where the catalogue says so; false: write it as it is. */
static bool put_typed(struct ktg_buf *to, const struct ktg_field *f, const struct ktg_wire_value *v)
{
    ktg_time t;
    int offset;
    char text[KTG_INSTANT_TEXT > KTG_ID_TEXT ? KTG_INSTANT_TEXT : KTG_ID_TEXT];
    if (f->type == KTG_F_INSTANT && ktg_instant_read(v, &t, &offset))
        ktg_instant_format(t, offset, text);
    else if (f->type == KTG_F_UUID && v->kind == KTG_WIRE_BIN && v->bytes.size == KTG_ID_SIZE)
        ktg_id_format(v->bytes.data, text);
    else
        return false;
    ktg_json_put_text(to, ktg_bytes_str(text));
    return true;
}

/* `f` types the value itself, or its elements when `list`; `shape` that of the maps. */
static int put_value(struct ktg_buf *to, const struct ktg_shape *shape, const struct ktg_field *f,
                     bool list, const struct ktg_wire_value *v, int levels)
{
    if (levels < 0)
        return KTG_EINVALID;
    if (f && !list && put_typed(to, f, v))
        return KTG_OK;
    switch (v->kind) {
    case KTG_WIRE_NIL:
        ktg_buf_put_str(to, "null");
        return KTG_OK;
    case KTG_WIRE_BOOL:
        ktg_buf_put_str(to, v->integer ? "true" : "false");
        return KTG_OK;
    case KTG_WIRE_INT:
        ktg_buf_printf(to, "%lld", (long long)v->integer);
        return KTG_OK;
    case KTG_WIRE_STR:
        ktg_json_put_text(to, v->bytes);
        return KTG_OK;
    case KTG_WIRE_BIN:
        ktg_buf_put_str(to, "{\"$bin\":\"");
        put_hex(to, v->bytes);
        ktg_buf_put_str(to, "\"}");
        return KTG_OK;
    case KTG_WIRE_ARRAY:
        return put_array(to, shape, list ? f : NULL, v, levels);
    default:
        return put_map(to, shape, v, levels);
    }
}

static void put_key(struct ktg_buf *to, const char *key)
{
    ktg_buf_printf(to, "%s\"%s\":", to->size && to->data[to->size - 1] == '{' ? "" : ",", key);
}

static void put_instant(struct ktg_buf *to, const char *key, ktg_time t, int offset)
{
    char text[KTG_INSTANT_TEXT];
    ktg_instant_format(t, offset, text);
    put_key(to, key);
    ktg_json_put_text(to, ktg_bytes_str(text));
}

static void put_id(struct ktg_buf *to, const char *key, const uint8_t *id)
{
    char text[KTG_ID_TEXT];
    if (!id)
        return;
    ktg_id_format(id, text);
    put_key(to, key);
    ktg_json_put_text(to, ktg_bytes_str(text));
}

static int put_raw(struct ktg_buf *to, const char *key, const struct ktg_shape *shape,
                   struct ktg_bytes raw)
{
    struct ktg_wire w = ktg_wire_open(raw);
    struct ktg_wire_value v;
    if (ktg_wire_next(&w, &v))
        return KTG_EINVALID;
    put_key(to, key);
    return put_value(to, shape, NULL, false, &v, KTG_WIRE_DEPTH);
}

int ktg_json_encode(const struct ktg_event *e, const struct ktg_json_extra *extra,
                    struct ktg_buf *to)
{
    ktg_buf_put_u8(to, '{');
    put_id(to, "id", e->id);
    put_key(to, "type");
    ktg_json_put_text(to, e->type_name);
    if (e->v != 1) {
        put_key(to, "v");
        ktg_buf_printf(to, "%lld", (long long)e->v);
    }
    put_key(to, "source");
    ktg_json_put_text(to, e->source);
    put_instant(to, "occurred_at", e->occurred_at, e->offset_min);
    if (extra && extra->has_recorded)
        put_instant(to, "recorded_at", extra->recorded_at, e->offset_min);
    put_id(to, "supersedes", e->supersedes);
    put_id(to, "retracts", e->retracts);
    int rc = e->basis.size ? put_raw(to, "basis", NULL, e->basis) : KTG_OK;
    if (!rc)
        rc = put_raw(to, "data", e->type ? e->type->data : NULL, e->data);
    ktg_buf_put_u8(to, '}');
    return rc ? rc : ktg_buf_check(to);
}

static bool is_in(const char *const *order, struct ktg_bytes key)
{
    for (; order && *order; order++)
        if (ktg_bytes_is(key, *order))
            return true;
    return false;
}

static int put_pair(struct ktg_buf *to, struct ktg_bytes key, const struct ktg_wire_value *v)
{
    if (to->size && to->data[to->size - 1] != '{')
        ktg_buf_put_u8(to, ',');
    ktg_json_put_text(to, key);
    ktg_buf_put_u8(to, ':');
    return put_value(to, NULL, NULL, false, v, KTG_WIRE_DEPTH);
}

int ktg_json_format(struct ktg_bytes value, const char *const *order, struct ktg_buf *to)
{
    struct ktg_wire w = ktg_wire_open(value);
    struct ktg_wire_value v, key;
    int rc = ktg_wire_next(&w, &v);
    if (rc)
        return rc;
    if (v.kind != KTG_WIRE_MAP || !order) {
        rc = put_value(to, NULL, NULL, false, &v, KTG_WIRE_DEPTH);
        return rc ? rc : ktg_buf_check(to);
    }
    ktg_buf_put_u8(to, '{');
    for (const char *const *o = order; *o && !rc; o++)
        if (ktg_wire_get(value, *o, &v))
            rc = put_pair(to, ktg_bytes_str(*o), &v);
    w = ktg_wire_open(value);
    if (!rc)
        rc = ktg_wire_next(&w, &v);
    w = ktg_wire_inside(&v);
    for (uint32_t pairs = v.count; pairs && !rc; pairs--) {
        struct ktg_wire_value its;
        if (ktg_wire_next(&w, &key) || ktg_wire_next(&w, &its))
            return KTG_EINVALID;
        if (!is_in(order, key.bytes))
            rc = put_pair(to, key.bytes, &its);
    }
    ktg_buf_put_u8(to, '}');
    return rc ? rc : ktg_buf_check(to);
}
