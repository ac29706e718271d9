/* tests/conformance/cel/vector.c - see vector.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/conformance/cel/vector.h"

#include <stdio.h>
#include <stdlib.h>

#include "runtime/buf.h"

#define NAMES_MAX 8

struct vector {
    struct ktg_arena arena;
    struct {
        struct ktg_bytes name;
        struct ktg_cel_type type;
        struct ktg_cel_value value;
    } names[NAMES_MAX];
    int name_count;
};

/* ---- values --------------------------------------------------------------------------------------------------------- */
static bool read_value(struct vector *v, const json_t *from, struct ktg_cel_value *ret);

static bool read_list(struct vector *v, const json_t *from, struct ktg_cel_value *ret)
{
    const json_t *values = json_object_get(from, "values");
    size_t n = json_array_size(values);
    struct ktg_cel_value *items = ktg_arena_alloc(&v->arena, (n + 1) * sizeof *items);
    for (size_t i = 0; i < n; i++)
        if (!read_value(v, json_array_get(values, i), &items[i]))
            return false;
    *ret = (struct ktg_cel_value){.kind = KTG_CEL_LIST, .list = {items, n}};
    return true;
}

struct pair {
    struct ktg_cel_value key, value;
};

static int by_key(const void *a, const void *b)
{
    return ktg_cel_compare(&((const struct pair *)a)->key, &((const struct pair *)b)->key);
}

static bool read_map(struct vector *v, const json_t *from, struct ktg_cel_value *ret)
{
    const json_t *entries = json_object_get(from, "entries");
    size_t n = json_array_size(entries);
    struct pair *pairs = ktg_arena_alloc(&v->arena, (n + 1) * sizeof *pairs);
    struct ktg_cel_value *keys = ktg_arena_alloc(&v->arena, (n + 1) * sizeof *keys * 2);
    for (size_t i = 0; i < n; i++) {
        const json_t *entry = json_array_get(entries, i);
        if (!read_value(v, json_object_get(entry, "key"), &pairs[i].key) ||
            !read_value(v, json_object_get(entry, "value"), &pairs[i].value))
            return false;
    }
    qsort(pairs, n, sizeof *pairs, by_key);
    for (size_t i = 0; i < n; i++) {
        keys[i] = pairs[i].key;
        keys[n + i] = pairs[i].value;
    }
    *ret = (struct ktg_cel_value){.kind = KTG_CEL_MAP, .map = {keys, keys + n, n}};
    return true;
}

/* Durations and instants; other messages are not ours. */
static bool read_message(struct vector *v, const json_t *from, struct ktg_cel_value *ret)
{
    const char *type = json_string_value(json_object_get(from, "@type"));
    const char *text = json_string_value(json_object_get(from, "value"));
    struct ktg_cel_value s = {.kind = KTG_CEL_STRING, .s = ktg_bytes_str(text ? text : "")};
    (void)v;
    if (type && !strcmp(type, "type.googleapis.com/google.protobuf.Duration"))
        *ret = ktg_cel_as(s, KTG_CEL_DURATION);
    else if (type && !strcmp(type, "type.googleapis.com/google.protobuf.Timestamp"))
        *ret = ktg_cel_as(s, KTG_CEL_TIMESTAMP);
    else
        return false;
    return ret->kind != KTG_CEL_ABSENT;
}

/* False: a kind of value that the subset does not have. */
static bool read_value(struct vector *v, const json_t *from, struct ktg_cel_value *ret)
{
    const char *kind = json_object_iter_key(json_object_iter((json_t *)from));
    const json_t *x = json_object_iter_value(json_object_iter((json_t *)from));
    if (!kind)
        return false;
    *ret = (struct ktg_cel_value){.kind = KTG_CEL_NULL};
    if (!strcmp(kind, "nullValue"))
        return true;
    if (!strcmp(kind, "boolValue")) {
        *ret = (struct ktg_cel_value){.kind = KTG_CEL_BOOL, .b = json_is_true(x)};
        return true;
    }
    if (!strcmp(kind, "int64Value")) {
        *ret = (struct ktg_cel_value){.kind = KTG_CEL_INT,
                                      .i = strtoll(json_string_value(x), NULL, 10)};
        return true;
    }
    if (!strcmp(kind, "stringValue")) {
        *ret = (struct ktg_cel_value){.kind = KTG_CEL_STRING,
                                      .s = ktg_bytes(json_string_value(x), json_string_length(x))};
        return true;
    }
    if (!strcmp(kind, "listValue"))
        return read_list(v, x, ret);
    if (!strcmp(kind, "mapValue"))
        return read_map(v, x, ret);
    return !strcmp(kind, "objectValue") && read_message(v, x, ret);
}

/* ---- types ---------------------------------------------------------------------------------------------------------- */
static bool is_primitive(const json_t *type, const char *word)
{
    const char *is = json_string_value(json_object_get(type, "primitive"));
    return is && !strcmp(is, word);
}

/* KTG_CEL_REF: a type that the subset does not have. */
static enum ktg_cel_kind read_kind(const json_t *type)
{
    const char *known = json_string_value(json_object_get(type, "wellKnown"));
    if (is_primitive(type, "BOOL"))
        return KTG_CEL_BOOL;
    if (is_primitive(type, "INT64"))
        return KTG_CEL_INT;
    if (is_primitive(type, "STRING"))
        return KTG_CEL_STRING;
    if (known && !strcmp(known, "TIMESTAMP"))
        return KTG_CEL_TIMESTAMP;
    if (known && !strcmp(known, "DURATION"))
        return KTG_CEL_DURATION;
    if (json_object_get(type, "null"))
        return KTG_CEL_NULL;
    if (json_object_get(type, "dyn"))
        return KTG_CEL_DYN;
    if (json_object_get(type, "listType"))
        return KTG_CEL_LIST;
    return json_object_get(type, "mapType") ? KTG_CEL_MAP : KTG_CEL_REF;
}

/* Is what we know of a text's type what the suite deduces?  We know nothing of what stands in a map. */
static bool is_type(const struct ktg_cel_type *have, const json_t *want)
{
    enum ktg_cel_kind kind = read_kind(want);
    const json_t *elem = json_object_get(json_object_get(want, "listType"), "elemType");
    const struct ktg_cel_type any = {.kind = KTG_CEL_DYN};
    if (have->kind != kind)
        return false;
    return kind != KTG_CEL_LIST || !elem || is_type(have->elem ? have->elem : &any, elem);
}

/* ---- names ---------------------------------------------------------------------------------------------------------- */
static int scope_name(void *arg, struct ktg_bytes name, int *ret_slot,
                      struct ktg_cel_type *ret_type)
{
    struct vector *v = arg;
    for (int i = 0; i < v->name_count; i++) {
        if (!ktg_bytes_eq(v->names[i].name, name))
            continue;
        *ret_slot = i;
        *ret_type = v->names[i].type;
        return KTG_OK;
    }
    return KTG_ENOTFOUND;
}

static struct ktg_cel_value env_slot(void *arg, int slot)
{
    struct vector *v = arg;
    return v->names[slot].value;
}

/* The declared names, with what they are bound to; those that are bound and not declared are of any type. */
static bool read_names(struct vector *v, const json_t *test)
{
    const char *name;
    json_t *bound, *declared = json_object_get(test, "typeEnv");
    json_object_foreach(json_object_get(test, "bindings"), name, bound)
    {
        struct ktg_cel_value value;
        if (v->name_count == NAMES_MAX || strchr(name, '.') || /* of a container */
            !read_value(v, json_object_get(bound, "value"), &value))
            return false;
        v->names[v->name_count].name = ktg_bytes_str(name);
        v->names[v->name_count].type.kind = declared ? value.kind : KTG_CEL_DYN;
        v->names[v->name_count++].value = value;
    }
    for (size_t i = 0; i < json_array_size(declared); i++) {
        const json_t *d = json_array_get(declared, i);
        const json_t *type = json_object_get(json_object_get(d, "ident"), "type");
        struct ktg_bytes word = ktg_bytes_str(json_string_value(json_object_get(d, "name")));
        int slot;
        struct ktg_cel_type ignored;
        if (!type || scope_name(v, word, &slot, &ignored) == KTG_OK)
            continue;
        if (v->name_count == NAMES_MAX || read_kind(type) == KTG_CEL_REF)
            return false;
        v->names[v->name_count].name = word;
        v->names[v->name_count++].type.kind = read_kind(type);
    }
    return true;
}

/* ---- texts ---------------------------------------------------------------------------------------------------------- */
/* Where the bracket that opens at `at` is closed; strings are passed over.  `end`: nowhere. */
static const char *closing(const char *at, const char *end)
{
    int depth = 0;
    for (char quote = 0; at < end; at++) {
        if (quote) {
            if (*at == '\\' && at + 1 < end)
                at++;
            else if (*at == quote)
                quote = 0;
        } else if (*at == '"' || *at == '\'') {
            quote = *at;
        } else if (*at == '(') {
            depth++;
        } else if (*at == ')' && --depth == 0) {
            return at;
        }
    }
    return end;
}

static bool is_letter(char ch)
{
    return (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || ch == '_' || ch == '.';
}

static void translate(const char *at, const char *end, struct ktg_buf *to)
{
    for (const char *start = at; at < end; at++) {
        const char *close = end;
        if (end - at > 4 && !memcmp(at, "dyn(", 4) && (at == start || !is_letter(at[-1])))
            close = closing(at + 3, end);
        if (close == end) {
            ktg_buf_put(to, at, 1);
            continue;
        }
        ktg_buf_put_str(to, "{'v': ");
        translate(at + 4, close, to);
        ktg_buf_put_str(to, "}.v");
        at = close;
    }
}

/* ---- the outcome ---------------------------------------------------------------------------------------------------- */
static void say_value(const struct ktg_cel_value *value, struct ktg_cel_env *env, char say[300])
{
    struct ktg_buf text = KTG_BUF_INIT;
    ktg_cel_to_text(value, env, &text);
    snprintf(say, 300, "gives %s of kind %d", ktg_buf_text(&text), (int)value->kind);
    ktg_buf_done(&text);
}

static enum outcome compared(struct vector *v, const struct ktg_cel *plan, const json_t *test,
                             char say[300])
{
    static const json_t *const nothing = NULL;
    struct ktg_cel_env env = {.arg = v, .arena = &v->arena, .steps = 1000000, .slot = env_slot};
    const json_t *typed = json_object_get(test, "typedResult");
    const json_t *want = json_object_get(test, "value"), *type = nothing;
    struct ktg_cel_value wanted = {.kind = KTG_CEL_BOOL, .b = true}; /* nothing said: true */
    struct ktg_cel_type have = ktg_cel_type_of(plan);
    if (typed) {
        want = json_object_get(typed, "result");
        type = json_object_get(typed, "deducedType");
    }
    if (type && !is_type(&have, type)) {
        snprintf(say, 300, "is of type %d", (int)have.kind);
        return OTHER;
    }
    if (json_is_true(json_object_get(test, "checkOnly")))
        return SAME;
    struct ktg_cel_value value = ktg_cel_eval(plan, &env);
    say_value(&value, &env, say);
    if (json_object_get(test, "evalError"))
        return value.kind == KTG_CEL_ABSENT && env.steps ? SAME : OTHER;
    if (want && !read_value(v, want, &wanted))
        return OTHER;
    return value.kind == wanted.kind && ktg_cel_compare(&value, &wanted) == 0 ? SAME : OTHER;
}

enum outcome vector_run(const json_t *test, char say[static 300])
{
    struct vector v = {0};
    struct ktg_cel_scope scope = {.arg = &v, .name = scope_name};
    struct ktg_buf text = KTG_BUF_INIT;
    const struct ktg_cel *plan;
    struct ktg_err err = KTG_ERR_INIT;
    const json_t *expr = json_object_get(test, "expr");
    const char *start = json_string_value(expr);
    bool error = json_object_get(test, "evalError") != NULL;
    enum outcome outcome = error ? EARLY : REFUSED;
    translate(start, start + json_string_length(expr), &text);
    if (!read_names(&v, test))
        snprintf(say, 300, "a name is bound to what the subset does not have");
    else if (ktg_cel_compile(ktg_buf_view(&text), "", 1, 1, &scope, &v.arena, &plan, &err))
        snprintf(say, 300, "refused: %s", err.text);
    else
        outcome = compared(&v, plan, test, say);
    ktg_buf_done(&text);
    ktg_arena_done(&v.arena);
    return outcome;
}
