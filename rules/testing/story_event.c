/* rules/testing/story_event.c - see story_event.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "rules/testing/story_event.h"

#include <stdio.h>

#include "rules/testing/story.h"
#include "runtime/yaml/yaml.h"
#include "schema/json.h"

struct writing {
    const char *file;
    int line;
    struct ktg_buf json;
    struct ktg_err *err;
};

static int write_map(struct writing *w, const struct ktg_shape *shape,
                     const struct ktg_yaml_node *map);

static int fail(struct writing *w, const char *what, struct ktg_bytes got, const char *near)
{
    return ktg_err_set(w->err, KTG_EINVALID, "%s:%d: %s '%.*s'%s%s%s", w->file, w->line, what,
                       (int)(got.size > 60 ? 60 : got.size), (const char *)got.data,
                       near ? " - did you mean '" : "", near ? near : "", near ? "'?" : "");
}

static void put_document(struct writing *w, struct ktg_bytes word)
{
    ktg_buf_put_str(&w->json, "{\"kind\":\"P\",\"issuer\":\"UTO\",\"number\":");
    ktg_json_put_text(&w->json, word);
    ktg_buf_put_str(&w->json, "}");
}

static bool is_document(const struct ktg_shape *s)
{
    return s && ktg_shape_field(s, KTG_LIT("issuer")) && ktg_shape_field(s, KTG_LIT("number"));
}

static int write_scalar(struct writing *w, const struct ktg_field *f, const struct ktg_yaml_node *v)
{
    ktg_time t;
    int offset;
    char text[KTG_INSTANT_TEXT];
    switch (f->type) {
    case KTG_F_INT:
    case KTG_F_MONEY:
    case KTG_F_BOOL:
        ktg_buf_put_bytes(&w->json, v->text); /* the decoder says when it is none */
        return KTG_OK;
    case KTG_F_INSTANT:
        if (ktg_story_time(v->text, &t, &offset))
            return fail(w, "no time:", v->text, NULL);
        ktg_instant_format(t, offset, text);
        ktg_json_put_text(&w->json, ktg_bytes_str(text));
        return KTG_OK;
    case KTG_F_OBJECT:
        if (is_document(f->shape)) {
            put_document(w, v->text);
            return KTG_OK;
        }
        if (!f->shape || !ktg_shape_field(f->shape, KTG_LIT("doc")))
            return fail(w, "a map is wanted here, not", v->text, NULL);
        ktg_buf_put_str(&w->json, "{\"doc\":");
        put_document(w, v->text);
        ktg_buf_put_str(&w->json, "}");
        return KTG_OK;
    default:
        ktg_json_put_text(&w->json, v->text);
        return KTG_OK;
    }
}

static int write_value(struct writing *w, const struct ktg_field *f, const struct ktg_yaml_node *v,
                       bool element)
{
    if (f->list && !element) {
        if (v->kind != KTG_YAML_LIST)
            return fail(w, "a list is wanted for", ktg_bytes_str(f->name), NULL);
        ktg_buf_put_str(&w->json, "[");
        int rc = KTG_OK;
        for (size_t i = 0; !rc && i < v->count; i++) {
            ktg_buf_put_str(&w->json, i ? "," : "");
            rc = write_value(w, f, v->items[i], true);
        }
        ktg_buf_put_str(&w->json, "]");
        return rc;
    }
    if (v->kind == KTG_YAML_MAP)
        return f->type == KTG_F_OBJECT
                   ? write_map(w, f->shape, v)
                   : fail(w, "no map is wanted for", ktg_bytes_str(f->name), NULL);
    if (v->kind == KTG_YAML_LIST)
        return fail(w, "no list is wanted for", ktg_bytes_str(f->name), NULL);
    return write_scalar(w, f, v);
}

/* Fields of an object without a known shape: maps, lists and words as they are. */
static int write_free(struct writing *w, const struct ktg_yaml_node *v)
{
    int rc = KTG_OK;
    if (v->kind == KTG_YAML_SCALAR) {
        ktg_json_put_text(&w->json, v->text);
        return rc;
    }
    bool map = v->kind == KTG_YAML_MAP;
    ktg_buf_put_str(&w->json, map ? "{" : "[");
    for (size_t i = 0; !rc && i < v->count; i++) {
        ktg_buf_put_str(&w->json, i ? "," : "");
        if (map) {
            ktg_json_put_text(&w->json, v->keys[i]->text);
            ktg_buf_put_str(&w->json, ":");
        }
        rc = write_free(w, v->items[i]);
    }
    ktg_buf_put_str(&w->json, map ? "}" : "]");
    return rc;
}

static int write_map(struct writing *w, const struct ktg_shape *shape,
                     const struct ktg_yaml_node *map)
{
    if (!shape)
        return write_free(w, map);
    int rc = KTG_OK;
    const char *comma = "";
    ktg_buf_put_str(&w->json, "{");
    for (size_t i = 0; !rc && i < map->count; i++) {
        struct ktg_bytes name = map->keys[i]->text;
        const struct ktg_field *f = ktg_shape_field(shape, name);
        if (!f && ktg_bytes_is(name, "person") && ktg_yaml_get(map, "doc"))
            continue;                           /* written out as well: that holds */
        if (!f && ktg_bytes_is(name, "person")) /* the short form of a holder block's document */
            f = ktg_shape_field(shape, KTG_LIT("doc"));
        if (!f)
            return fail(w, "unknown field", name, ktg_shape_nearest(shape, name));
        ktg_buf_put_str(&w->json, comma);
        comma = ",";
        ktg_json_put_text(&w->json, ktg_bytes_str(f->name));
        ktg_buf_put_str(&w->json, ":");
        rc = write_value(w, f, map->items[i], false);
    }
    ktg_buf_put_str(&w->json, "}");
    return rc;
}

static void put_id(struct writing *w, const char *key, const uint8_t *id)
{
    char text[KTG_ID_TEXT];
    if (!id)
        return;
    ktg_id_format(id, text);
    ktg_buf_printf(&w->json, ",\"%s\":\"%s\"", key, text);
}

int ktg_story_event_encode(const struct ktg_catalogue *c, const struct ktg_story_event *e,
                           const char *file, int line, struct ktg_arena *a,
                           struct ktg_bytes *ret_blob, struct ktg_err *err)
{
    struct writing w = {file, line, KTG_BUF_INIT, err};
    struct ktg_buf blob = KTG_BUF_INIT;
    const struct ktg_yaml_node **roots;
    struct ktg_yaml_limits limits = KTG_YAML_LIMITS;
    size_t count;
    char where[160], at[KTG_INSTANT_TEXT], id[KTG_ID_TEXT];
    snprintf(where, sizeof where, "%s:%d", file, line);
    int rc = ktg_yaml_parse(e->fields, where, &limits, a, &roots, &count, err);
    if (!rc && (count != 1 || roots[0]->kind != KTG_YAML_MAP))
        rc = fail(&w, "no {fields}:", e->fields, NULL);
    if (rc)
        return rc;
    ktg_instant_format(e->at, e->offset_min, at);
    ktg_id_format(e->id, id);
    ktg_buf_printf(&w.json, "{\"id\":\"%s\",\"type\":\"%s\",\"occurred_at\":\"%s\",\"source\":", id,
                   e->type->name, at);
    ktg_json_put_text(&w.json, e->source);
    put_id(&w, "supersedes", e->supersedes);
    put_id(&w, "retracts", e->retracts);
    ktg_buf_put_str(&w.json, ",\"data\":");
    rc = write_map(&w, e->type->data, roots[0]);
    ktg_buf_put_str(&w.json, "}");
    if (!rc && (rc = ktg_buf_check(&w.json)))
        ktg_err_set(err, rc, "no memory");
    if (!rc && (rc = ktg_json_decode(c, ktg_buf_view(&w.json), &blob, NULL, err)))
        ktg_err_wrap(err, rc, "%s:%d", file, line);
    if (!rc) {
        char *copy = ktg_arena_strndup(a, (const char *)blob.data, blob.size);
        *ret_blob = ktg_bytes(copy, blob.size);
        rc = copy ? KTG_OK : ktg_err_set(err, KTG_ENOMEM, "no memory");
    }
    ktg_buf_done(&w.json);
    ktg_buf_done(&blob);
    return rc;
}
