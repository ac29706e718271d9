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

static void issuers_of(struct ktg_bytes object, const struct naming *by, struct ktg_tokens *n)
{
    struct ktg_wire_value v, item;
    if (by->document && ktg_wire_get(object, by->document, &v) && v.kind == KTG_WIRE_MAP)
        n->issuers[0] = ktg_issuer_pack(text_of(v.raw, by->issuer));
    if (!by->issuers || !ktg_wire_get(object, by->issuers, &v) || v.kind != KTG_WIRE_ARRAY)
        return;
    struct ktg_wire in = ktg_wire_inside(&v);
    size_t count = 0;
    for (uint32_t i = 0; i < v.count && count < KTG_NAME_ISSUERS && !ktg_wire_next(&in, &item); i++)
        if (item.kind == KTG_WIRE_STR && ktg_issuer_pack(item.bytes))
            n->issuers[count++] = ktg_issuer_pack(item.bytes);
}

/* The one or two names of an object, behind those that are there; there is room for two. */
static int read_object(struct ktg_normaliser *n, const struct naming *by, struct ktg_bytes object,
                       struct ktg_arena *a, struct ktg_tokens *to, size_t *count)
{
    struct ktg_name_text t = {text_of(object, by->surname), text_of(object, by->given),
                              text_of(object, by->born)};
    struct ktg_bytes native = text_of(object, by->native);
    for (int i = 0; i < 2; i++) {
        if (i)
            t = (struct ktg_name_text){.surname = native, .born = t.born};
        if (!t.surname.size && !t.given.size)
            continue;
        int rc = ktg_name_read(n, &t, a, &to[*count]);
        if (rc)
            return rc;
        issuers_of(object, by, &to[*count]);
        *count += to[*count].full > 0;
    }
    return KTG_OK;
}

int ktg_called_holder(const struct ktg_catalogue *c, struct ktg_normaliser *n,
                      const struct ktg_event *e, struct ktg_arena *a,
                      const struct ktg_tokens **ret_names, size_t *ret_count)
{
    const struct ktg_field *f =
        e->type && !e->type->holder ? field_of(c, e->type, &holder_naming) : NULL;
    struct ktg_wire_value v = {.raw = e->data};
    *ret_count = 0;
    if (!e->type || (!e->type->holder && (!f || f->list || !ktg_wire_get(e->data, f->name, &v) ||
                                          v.kind != KTG_WIRE_MAP)))
        return KTG_OK;
    struct ktg_tokens *names = ktg_arena_alloc(a, 2 * sizeof *names);
    if (!names)
        return KTG_ENOMEM;
    *ret_names = names;
    return read_object(n, &holder_naming, v.raw, a, names, ret_count);
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
        int rc = item.kind == KTG_WIRE_MAP
                     ? read_object(n, &list_naming, item.raw, a, names, ret_count)
                     : KTG_OK;
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
