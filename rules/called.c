/* rules/called.c - see called.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "rules/called.h"

/* The fields of a name, by the shape that holds them. */
struct naming {
    const char *shape, *surname, *given, *native, *born, *document, *issuer, *issuers;
};
static const struct naming holder_naming = {.shape = "person",
                                            .surname = "surname",
                                            .given = "given",
                                            .native = "name_native",
                                            .born = "dob",
                                            .document = "doc",
                                            .issuer = "issuer"};
static const struct naming list_naming = {.shape = "variant",
                                          .surname = "surname",
                                          .given = "given",
                                          .born = "dob",
                                          .issuers = "issuers"};

static const struct ktg_field *field_of_shape(const struct ktg_shape *data,
                                              const struct ktg_shape *shape)
{
    for (size_t i = 0; data && shape && i < data->count; i++)
        if (data->fields[i].shape == shape && data->fields[i].role == KTG_ROLE_HOLDER)
            return &data->fields[i];
    return NULL;
}

static const struct ktg_field *field_of(const struct ktg_catalogue *c, const struct ktg_type *t,
                                        const struct naming *by)
{
    return field_of_shape(t->data, ktg_catalogue_shape(c, by->shape));
}

bool ktg_called_has_holder(const struct ktg_catalogue *c, const struct ktg_type *t)
{
    return t->holder || field_of(c, t, &holder_naming);
}

bool ktg_called_has_list(const struct ktg_catalogue *c, const struct ktg_type *t)
{
    return field_of(c, t, &list_naming) != NULL;
}

static struct ktg_bytes text_of(struct ktg_bytes object, const char *key)
{
    struct ktg_wire_value v;
    if (!key || !ktg_wire_get(object, key, &v) || v.kind != KTG_WIRE_STR)
        return KTG_BYTES_NONE;
    return v.bytes;
}

/* The issuers of the documents that a variant names. */
static void issuers_in(const struct ktg_wire_value *v, uint32_t *to)
{
    struct ktg_wire in = ktg_wire_inside(v);
    struct ktg_wire_value item;
    size_t count = 0;
    for (uint32_t i = 0; i < v->count && count < KTG_NAME_ISSUERS && !ktg_wire_next(&in, &item);
         i++)
        if (item.kind == KTG_WIRE_STR && ktg_issuer_pack(item.bytes))
            to[count++] = ktg_issuer_pack(item.bytes);
}

/* One field of an object, if it is one of a name. */
static void take_field(const struct naming *by, struct ktg_bytes key,
                       const struct ktg_wire_value *v, struct ktg_called *to)
{
    const struct {
        const char *key;
        struct ktg_bytes *to;
    } texts[] = {{by->surname, &to->surname},
                 {by->given, &to->given},
                 {by->native, &to->native},
                 {by->born, &to->born}};
    for (size_t i = 0; v->kind == KTG_WIRE_STR && i < KTG_COUNT(texts); i++)
        if (texts[i].key && ktg_bytes_is(key, texts[i].key))
            *texts[i].to = v->bytes;
    if (v->kind == KTG_WIRE_MAP && by->document && ktg_bytes_is(key, by->document))
        to->issuers[0] = ktg_issuer_pack(text_of(v->raw, by->issuer));
    if (v->kind == KTG_WIRE_ARRAY && by->issuers && ktg_bytes_is(key, by->issuers))
        issuers_in(v, to->issuers);
}

static struct ktg_called read_object(const struct naming *by, struct ktg_bytes object)
{
    struct ktg_called c = {.surname = KTG_BYTES_NONE};
    struct ktg_wire at = ktg_wire_open(object);
    struct ktg_wire_value map, key, v;
    if (ktg_wire_enter(&at, &map) || map.kind != KTG_WIRE_MAP)
        return c;
    for (uint32_t i = 0; i < map.count && !ktg_wire_next(&at, &key) && !ktg_wire_next(&at, &v); i++)
        take_field(by, key.bytes, &v, &c);
    return c;
}

/* The one or two names, behind those that are there; there is room for two. */
static int tokens_of(struct ktg_normaliser *n, const struct ktg_called *c, struct ktg_arena *a,
                     struct ktg_tokens *to, size_t *count)
{
    const struct ktg_name_text texts[] = {{c->surname, c->given, c->born},
                                          {.surname = c->native, .born = c->born}};
    for (size_t i = 0; i < KTG_COUNT(texts); i++) {
        if (!texts[i].surname.size && !texts[i].given.size)
            continue;
        int rc = ktg_name_read(n, &texts[i], a, &to[*count]);
        if (rc)
            return rc;
        memcpy(to[*count].issuers, c->issuers, sizeof c->issuers);
        *count += to[*count].full > 0;
    }
    return KTG_OK;
}

struct ktg_called ktg_called_read(const struct ktg_catalogue *c, const struct ktg_event *e)
{
    struct ktg_wire_value v;
    if (e->type && e->type->holder)
        return read_object(&holder_naming, e->data);
    const struct ktg_field *f = e->type ? field_of(c, e->type, &holder_naming) : NULL;
    bool is = f && !f->list && ktg_wire_get(e->data, f->name, &v) && v.kind == KTG_WIRE_MAP;
    return read_object(&holder_naming, is ? v.raw : KTG_BYTES_NONE);
}

bool ktg_called_alike(const struct ktg_called *a, const struct ktg_called *b)
{
    return ktg_bytes_eq(a->surname, b->surname) && ktg_bytes_eq(a->given, b->given) &&
           ktg_bytes_eq(a->native, b->native) && ktg_bytes_eq(a->born, b->born) &&
           !memcmp(a->issuers, b->issuers, sizeof a->issuers);
}

int ktg_called_names(struct ktg_normaliser *n, const struct ktg_called *called, struct ktg_arena *a,
                     const struct ktg_tokens **ret_names, size_t *ret_count)
{
    *ret_count = 0;
    if (!called->surname.size && !called->given.size && !called->native.size)
        return KTG_OK;
    struct ktg_tokens *names = ktg_arena_alloc(a, 2 * sizeof *names);
    if (!names)
        return KTG_ENOMEM;
    *ret_names = names;
    return tokens_of(n, called, a, names, ret_count);
}

int ktg_called_holder(const struct ktg_catalogue *c, struct ktg_normaliser *n,
                      const struct ktg_event *e, struct ktg_arena *a,
                      const struct ktg_tokens **ret_names, size_t *ret_count)
{
    struct ktg_called called = ktg_called_read(c, e);
    return ktg_called_names(n, &called, a, ret_names, ret_count);
}

int ktg_called_list(const struct ktg_catalogue *c, struct ktg_normaliser *n,
                    const struct ktg_event *e, struct ktg_arena *a,
                    const struct ktg_tokens **ret_names, size_t *ret_count)
{
    const struct ktg_field *f = e->type ? field_of(c, e->type, &list_naming) : NULL;
    struct ktg_wire_value v, item;
    *ret_count = 0;
    if (!f || !ktg_wire_get(e->data, f->name, &v))
        return KTG_OK;
    if (!f->list)
        item = v;
    else if (v.kind != KTG_WIRE_ARRAY)
        return KTG_OK;
    struct ktg_wire in = ktg_wire_inside(&v);
    uint32_t many = f->list ? v.count : 1;
    struct ktg_tokens *names = ktg_arena_alloc(a, ((size_t)many * 2 + 1) * sizeof *names);
    if (!names)
        return KTG_ENOMEM;
    *ret_names = names;
    for (uint32_t i = 0; i < many && (!f->list || !ktg_wire_next(&in, &item)); i++) {
        struct ktg_called called =
            read_object(&list_naming, item.kind == KTG_WIRE_MAP ? item.raw : KTG_BYTES_NONE);
        int rc = tokens_of(n, &called, a, names, ret_count);
        if (rc)
            return rc;
    }
    return KTG_OK;
}

bool ktg_name_is_same(const struct ktg_tokens *a, const struct ktg_tokens *b)
{
    if (a->count != b->count || a->born.year != b->born.year || a->born.month != b->born.month ||
        a->born.day != b->born.day || memcmp(a->issuers, b->issuers, sizeof a->issuers) != 0)
        return false;
    for (size_t i = 0; i < a->count; i++)
        if (strcmp(a->tokens[i]->text, b->tokens[i]->text) != 0)
            return false;
    return true;
}
