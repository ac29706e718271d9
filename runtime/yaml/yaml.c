/* runtime/yaml/yaml.c - the tree is built from libyaml's events, one at a time.
 *
 * Open containers stand on a stack of frames; their finished children wait on one shared pile:
 *
 *     frames   map ──┐        list ──┐
 *     pile      k v k v k             i i i     at its end a container takes all above its `first`
 *
 * libyaml reads from memory, so an event costs what its own text costs, and the limits on nodes,
 * depth and bytes are checked before a node is made.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "runtime/yaml/yaml.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <yaml.h>

struct frame {
    struct ktg_yaml_node *node;
    size_t first; /* index in the pile of its first child */
};

struct reading {
    yaml_parser_t parser;
    struct ktg_bytes text;
    const char *name;
    struct ktg_yaml_limits limits;
    struct ktg_arena *arena;
    struct ktg_err *err;
    struct frame *frames;
    size_t depth, frames_cap;
    const struct ktg_yaml_node **pile;
    size_t piled, pile_cap;
    size_t nodes;
    size_t mark_index, mark_byte; /* libyaml counts characters; this pair follows it in bytes */
};

static int fail_at(struct reading *r, yaml_mark_t mark, const char *format, ...) KTG_PRINTF(3, 4);

static int fail_at(struct reading *r, yaml_mark_t mark, const char *format, ...)
{
    char text[300];
    va_list ap;
    va_start(ap, format);
    vsnprintf(text, sizeof text, format, ap);
    va_end(ap);
    return ktg_err_set(r->err, KTG_EINVALID, "%s:%zu:%zu: %s", r->name, mark.line + 1,
                       mark.column + 1, text);
}

static int no_memory(struct reading *r)
{
    return ktg_err_set(r->err, KTG_ENOMEM, "%s: out of memory", r->name);
}

int ktg_yaml_fail(const struct ktg_yaml_node *at, const char *name, struct ktg_err *err,
                  const char *format, ...)
{
    char text[400];
    va_list ap;
    va_start(ap, format);
    vsnprintf(text, sizeof text, format, ap);
    va_end(ap);
    if (!at)
        return ktg_err_set(err, KTG_EINVALID, "%s: %s", name, text);
    return ktg_err_set(err, KTG_EINVALID, "%s:%d:%d: %s", name, at->line, at->column, text);
}

/* The byte at a mark; marks of node events never go back. */
static uint8_t byte_at(struct reading *r, yaml_mark_t mark)
{
    while (r->mark_index < mark.index && r->mark_byte < r->text.size) {
        r->mark_byte++;
        while (r->mark_byte < r->text.size && (r->text.data[r->mark_byte] & 0xc0) == 0x80)
            r->mark_byte++;
        r->mark_index++;
    }
    return r->mark_byte < r->text.size ? r->text.data[r->mark_byte] : 0;
}

static int push(struct reading *r, const struct ktg_yaml_node *node)
{
    if (ktg_grow(&r->pile, &r->pile_cap, r->piled + 1, sizeof(struct ktg_yaml_node *)))
        return no_memory(r);
    r->pile[r->piled++] = node;
    return KTG_OK;
}

static bool is_key_next(const struct reading *r)
{
    if (r->depth == 0)
        return false;
    const struct frame *f = &r->frames[r->depth - 1];
    return f->node->kind == KTG_YAML_MAP && (r->piled - f->first) % 2 == 0;
}

/* A new node at the event, refused when it bears what we do not take. */
static int node_new(struct reading *r, const yaml_event_t *e, const yaml_char_t *anchor,
                    const yaml_char_t *tag, struct ktg_yaml_node **ret)
{
    if (anchor)
        return fail_at(r, e->start_mark,
                       "anchors are not taken: quote a text that begins with '&'");
    if (tag || byte_at(r, e->start_mark) == '!')
        return fail_at(r, e->start_mark, "tags are not taken: quote a text that begins with '!'");
    if (++r->nodes > r->limits.nodes)
        return fail_at(r, e->start_mark, "more than %zu values", r->limits.nodes);
    struct ktg_yaml_node *n = ktg_arena_zalloc(r->arena, sizeof *n);
    if (!n)
        return no_memory(r);
    n->line = (int)e->start_mark.line + 1;
    n->column = (int)e->start_mark.column + 1;
    *ret = n;
    return KTG_OK;
}

static int take_scalar(struct reading *r, const yaml_event_t *e)
{
    struct ktg_yaml_node *n;
    int rc = node_new(r, e, e->data.scalar.anchor, e->data.scalar.tag, &n);
    if (rc)
        return rc;
    const char *text = (const char *)e->data.scalar.value;
    size_t size = e->data.scalar.length;
    if (memchr(text, 0, size))
        return fail_at(r, e->start_mark, "a NUL character in a text");
    char *copy = ktg_arena_strndup(r->arena, text, size);
    if (!copy)
        return no_memory(r);
    yaml_scalar_style_t style = e->data.scalar.style;
    n->kind = KTG_YAML_SCALAR;
    n->text = ktg_bytes(copy, size);
    n->plain = style == YAML_PLAIN_SCALAR_STYLE;
    n->block = style == YAML_LITERAL_SCALAR_STYLE || style == YAML_FOLDED_SCALAR_STYLE;
    return push(r, n);
}

static int open_container(struct reading *r, const yaml_event_t *e, enum ktg_yaml_kind kind)
{
    bool map = kind == KTG_YAML_MAP;
    if (is_key_next(r))
        return fail_at(r, e->start_mark, "a key must be a text: quote one that begins with '%s'",
                       map ? "{" : "[");
    if (r->depth >= r->limits.depth)
        return fail_at(r, e->start_mark, "nested deeper than %zu", r->limits.depth);
    struct ktg_yaml_node *n;
    int rc = node_new(r, e, map ? e->data.mapping_start.anchor : e->data.sequence_start.anchor,
                      map ? e->data.mapping_start.tag : e->data.sequence_start.tag, &n);
    if (rc)
        return rc;
    n->kind = kind;
    if (ktg_grow(&r->frames, &r->frames_cap, r->depth + 1, sizeof *r->frames))
        return no_memory(r);
    r->frames[r->depth++] = (struct frame){n, r->piled};
    return KTG_OK;
}

static int by_text_then_line(const void *a, const void *b)
{
    const struct ktg_yaml_node *x = *(const struct ktg_yaml_node *const *)a;
    const struct ktg_yaml_node *y = *(const struct ktg_yaml_node *const *)b;
    int c = ktg_bytes_cmp(x->text, y->text);
    if (c)
        return c;
    if (x->line != y->line)
        return x->line < y->line ? -1 : 1;
    return (x->column > y->column) - (x->column < y->column);
}

static int check_twice(struct reading *r, const struct ktg_yaml_node *map)
{
    const struct ktg_yaml_node **sorted = ktg_calloc(map->count, sizeof(struct ktg_yaml_node *));
    if (!sorted)
        return no_memory(r);
    if (map->count)
        memcpy(sorted, map->keys, map->count * sizeof(struct ktg_yaml_node *));
    qsort(sorted, map->count, sizeof(struct ktg_yaml_node *), by_text_then_line);
    int rc = KTG_OK;
    for (size_t i = 1; i < map->count && !rc; i++)
        if (ktg_bytes_eq(sorted[i - 1]->text, sorted[i]->text))
            rc = ktg_yaml_fail(sorted[i], r->name, r->err,
                               "key '%.64s' stands twice, first on line %d",
                               ktg_yaml_text(sorted[i]), sorted[i - 1]->line);
    ktg_free(sorted);
    return rc;
}

static int close_container(struct reading *r)
{
    struct frame f = r->frames[--r->depth];
    size_t children = r->piled - f.first;
    const struct ktg_yaml_node **from = children ? r->pile + f.first : NULL;
    bool map = f.node->kind == KTG_YAML_MAP;
    size_t count = map ? children / 2 : children;
    const struct ktg_yaml_node **items =
        ktg_arena_alloc(r->arena, (count + 1) * sizeof(struct ktg_yaml_node *));
    const struct ktg_yaml_node **keys =
        map ? ktg_arena_alloc(r->arena, (count + 1) * sizeof(struct ktg_yaml_node *)) : NULL;
    if (!items || (map && !keys))
        return no_memory(r);
    for (size_t i = 0; i < count; i++) {
        items[i] = map ? from[2 * i + 1] : from[i];
        if (map)
            keys[i] = from[2 * i];
    }
    f.node->count = count;
    f.node->items = items;
    f.node->keys = keys;
    r->piled = f.first;
    if (map) {
        int rc = check_twice(r, f.node);
        if (rc)
            return rc;
    }
    return push(r, f.node);
}

/* The root of the document that just ended is all that lies on the pile above `roots`; empty ones
 * leave. */
static void close_document(struct reading *r)
{
    const struct ktg_yaml_node *root = r->pile[r->piled - 1];
    if (root->kind == KTG_YAML_SCALAR && root->plain && root->text.size == 0)
        r->piled--;
}

static int take(struct reading *r, const yaml_event_t *e)
{
    switch (e->type) {
    case YAML_SCALAR_EVENT:
        return take_scalar(r, e);
    case YAML_SEQUENCE_START_EVENT:
        return open_container(r, e, KTG_YAML_LIST);
    case YAML_MAPPING_START_EVENT:
        return open_container(r, e, KTG_YAML_MAP);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        return close_container(r);
    case YAML_DOCUMENT_END_EVENT:
        close_document(r);
        return KTG_OK;
    case YAML_ALIAS_EVENT:
        return fail_at(r, e->start_mark,
                       "aliases are not taken: quote a text that begins with '*'");
    default: /* stream and document starts */
        return KTG_OK;
    }
}

static int fail_syntax(struct reading *r)
{
    const yaml_parser_t *p = &r->parser;
    if (p->error == YAML_MEMORY_ERROR)
        return no_memory(r);
    if (p->error == YAML_READER_ERROR)
        return ktg_err_set(r->err, KTG_EINVALID, "%s: %s at byte %zu", r->name,
                           p->problem ? p->problem : "unreadable", p->problem_offset);
    return fail_at(r, p->problem_mark, "%s%s%s", p->problem ? p->problem : "not YAML",
                   p->context ? ", " : "", p->context ? p->context : "");
}

static int read_events(struct reading *r)
{
    for (bool more = true; more;) {
        yaml_event_t e;
        if (!yaml_parser_parse(&r->parser, &e))
            return fail_syntax(r);
        more = e.type != YAML_STREAM_END_EVENT;
        int rc = take(r, &e);
        yaml_event_delete(&e);
        if (rc)
            return rc;
    }
    return KTG_OK;
}

int ktg_yaml_parse(struct ktg_bytes text, const char *name, const struct ktg_yaml_limits *limits,
                   struct ktg_arena *arena, const struct ktg_yaml_node ***ret_roots,
                   size_t *ret_count, struct ktg_err *err)
{
    struct reading r = {.text = text, .name = name, .limits = *limits, .arena = arena, .err = err};
    if (text.size > limits->bytes)
        return ktg_err_set(err, KTG_EINVALID, "%s: %zu bytes are more than %zu", name, text.size,
                           limits->bytes);
    if (!yaml_parser_initialize(&r.parser))
        return no_memory(&r);
    if (text.size >= 3 && memcmp(text.data, "\xef\xbb\xbf", 3) == 0)
        r.text = ktg_bytes(text.data + 3, text.size - 3);
    yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING); /* else UTF-16 would be guessed */
    yaml_parser_set_input_string(&r.parser, r.text.data ? r.text.data : (const uint8_t *)"",
                                 r.text.size);
    int rc = read_events(&r);
    if (rc)
        goto out;
    const struct ktg_yaml_node **roots =
        ktg_arena_alloc(arena, (r.piled + 1) * sizeof(struct ktg_yaml_node *));
    if (!roots) {
        rc = no_memory(&r);
        goto out;
    }
    if (r.piled)
        memcpy(roots, r.pile, r.piled * sizeof(struct ktg_yaml_node *));
    *ret_roots = roots;
    *ret_count = r.piled;
out:
    yaml_parser_delete(&r.parser);
    ktg_free(r.frames);
    ktg_free(r.pile);
    return rc;
}

const struct ktg_yaml_node *ktg_yaml_get(const struct ktg_yaml_node *map, const char *key)
{
    if (!map || map->kind != KTG_YAML_MAP)
        return NULL;
    for (size_t i = 0; i < map->count; i++)
        if (ktg_bytes_is(map->keys[i]->text, key))
            return map->items[i];
    return NULL;
}

const char *ktg_yaml_text(const struct ktg_yaml_node *node)
{
    return node && node->kind == KTG_YAML_SCALAR ? (const char *)node->text.data : NULL;
}

static bool is_known(const struct ktg_yaml_key *keys, struct ktg_bytes name)
{
    for (; keys->name; keys++)
        if (ktg_bytes_is(name, keys->name))
            return true;
    return false;
}

static int fail_unknown(const struct ktg_yaml_node *key, const char *name,
                        const struct ktg_yaml_key *keys, struct ktg_err *err)
{
    const char *words[128];
    size_t n = 0;
    for (; keys[n].name && n + 1 < KTG_COUNT(words); n++)
        words[n] = keys[n].name;
    words[n] = NULL;
    const char *near = ktg_yaml_nearest(ktg_yaml_text(key), words);
    if (!near)
        return ktg_yaml_fail(key, name, err, "unknown key '%.64s'", ktg_yaml_text(key));
    return ktg_yaml_fail(key, name, err, "unknown key '%.64s' - did you mean '%s'?",
                         ktg_yaml_text(key), near);
}

int ktg_yaml_check_keys(const struct ktg_yaml_node *map, const char *name,
                        const struct ktg_yaml_key *keys, struct ktg_err *err)
{
    if (!map || map->kind != KTG_YAML_MAP)
        return ktg_yaml_fail(map, name, err, "a map of keys must stand here");
    for (size_t i = 0; i < map->count; i++)
        if (!is_known(keys, map->keys[i]->text))
            return fail_unknown(map->keys[i], name, keys, err);
    for (; keys->name; keys++)
        if (keys->required && !ktg_yaml_get(map, keys->name))
            return ktg_yaml_fail(map, name, err, "key '%s' is missing", keys->name);
    return KTG_OK;
}
