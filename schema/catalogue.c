/* schema/catalogue.c - asking a loaded catalogue.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "schema/catalogue.h"

#include "runtime/yaml/yaml.h"
#include "schema/catalogue_parts.h"

/* In an array of `count` elements of `size` bytes that begin with their name, sorted by it; NULL:
 * none. */
static const void *find(const void *array, size_t count, size_t size, struct ktg_bytes name)
{
    size_t low = 0, high = count;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        const void *element = (const uint8_t *)array + mid * size;
        const char *its = *(const char *const *)element;
        int c = -ktg_bytes_cmp_str(name, its);
        if (c == 0)
            return element;
        if (c < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return NULL;
}

int ktg_names_find(const struct ktg_names *n, struct ktg_bytes name)
{
    const char *const *at = find(n->at, n->count, sizeof *n->at, name);
    return at ? (int)(at - (const char *const *)n->at) : -1;
}

struct ktg_catalogue *ktg_catalogue_free(struct ktg_catalogue *c)
{
    if (!c)
        return NULL;
    ktg_free(c->kinds.at);
    ktg_free(c->roles.at);
    ktg_free(c->classes.at);
    ktg_free(c->sens.at);
    ktg_arena_done(&c->arena);
    ktg_free(c);
    return NULL;
}

struct ktg_hash ktg_catalogue_hash(const struct ktg_catalogue *c)
{
    return c->hash;
}

const struct ktg_type *ktg_catalogue_type(const struct ktg_catalogue *c, struct ktg_bytes name)
{
    return find(c->types, c->type_count, sizeof *c->types, name);
}

const struct ktg_type *ktg_catalogue_type_at(const struct ktg_catalogue *c, int index)
{
    return index >= 0 && (size_t)index < c->type_count ? &c->types[index] : NULL;
}

const struct ktg_type *ktg_catalogue_heartbeats(const struct ktg_catalogue *c)
{
    for (size_t i = 0; i < c->type_count; i++)
        if (c->types[i].heartbeats)
            return &c->types[i];
    return NULL;
}

const struct ktg_type *ktg_catalogue_suspensions(const struct ktg_catalogue *c)
{
    for (size_t i = 0; i < c->type_count; i++)
        if (c->types[i].suspensions)
            return &c->types[i];
    return NULL;
}

const struct ktg_type *ktg_catalogue_absences(const struct ktg_catalogue *c)
{
    for (size_t i = 0; i < c->type_count; i++)
        if (c->types[i].absences)
            return &c->types[i];
    return NULL;
}

const struct ktg_type *ktg_catalogue_retirements(const struct ktg_catalogue *c)
{
    for (size_t i = 0; i < c->type_count; i++)
        if (c->types[i].retirements)
            return &c->types[i];
    return NULL;
}

size_t ktg_catalogue_type_count(const struct ktg_catalogue *c)
{
    return c->type_count;
}

bool ktg_type_is_from(const struct ktg_type *t, struct ktg_bytes agency)
{
    if (t->any || (t->system && ktg_bytes_is(agency, "SYSTEM")))
        return true;
    for (const char *const *w = t->from; *w; w++)
        if (ktg_bytes_is(agency, *w))
            return true;
    return false;
}

static const char *name_at(const struct ktg_names *n, int i)
{
    return i >= 0 && (size_t)i < n->count ? n->at[i] : NULL;
}

int ktg_catalogue_kind(const struct ktg_catalogue *c, struct ktg_bytes name)
{
    return ktg_names_find(&c->kinds, name);
}
const char *ktg_catalogue_kind_name(const struct ktg_catalogue *c, int kind)
{
    return name_at(&c->kinds, kind);
}
size_t ktg_catalogue_kind_count(const struct ktg_catalogue *c)
{
    return c->kinds.count;
}

/* Role 0 is the holder and has no name in the list; the others follow in order. */
int ktg_catalogue_role(const struct ktg_catalogue *c, struct ktg_bytes name)
{
    int i = ktg_names_find(&c->roles, name);
    return i < 0 ? -1 : i + 1;
}

const char *ktg_catalogue_role_name(const struct ktg_catalogue *c, int role)
{
    return role == KTG_ROLE_HOLDER ? "holder" : name_at(&c->roles, role - 1);
}

int ktg_catalogue_class(const struct ktg_catalogue *c, struct ktg_bytes name)
{
    return ktg_names_find(&c->classes, name);
}
const char *ktg_catalogue_sens_name(const struct ktg_catalogue *c, int sens)
{
    return name_at(&c->sens, sens);
}
int ktg_catalogue_sens(const struct ktg_catalogue *c, struct ktg_bytes name)
{
    return ktg_names_find(&c->sens, name);
}

bool ktg_catalogue_sens_quotable(const struct ktg_catalogue *c, int sens)
{
    return sens >= 0 && (c->quotable >> sens & 1);
}

const struct ktg_shape *ktg_catalogue_shape(const struct ktg_catalogue *c, const char *name)
{
    for (size_t i = 0; i < c->shape_count; i++)
        if (strcmp(c->shapes[i]->name, name) == 0)
            return c->shapes[i];
    return NULL;
}

static const char *nearest(struct ktg_bytes name, const char *const *words)
{
    char text[65];
    if (name.size >= sizeof text)
        return NULL;
    memcpy(text, name.data, name.size);
    text[name.size] = 0;
    return ktg_yaml_nearest(text, words);
}

const char *ktg_catalogue_nearest_type(const struct ktg_catalogue *c, struct ktg_bytes name)
{
    return nearest(name, c->type_names);
}

const struct ktg_field *ktg_shape_field(const struct ktg_shape *s, struct ktg_bytes name)
{
    size_t low = 0, high = s ? s->count : 0;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        int c = ktg_bytes_cmp(s->fields[mid].key, name);
        if (c == 0)
            return &s->fields[mid];
        if (c < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return NULL;
}

const char *ktg_shape_nearest(const struct ktg_shape *s, struct ktg_bytes name)
{
    const char *words[256];
    size_t n = 0;
    for (; n < s->count && n + 1 < KTG_COUNT(words); n++)
        words[n] = s->fields[n].name;
    words[n] = NULL;
    return nearest(name, words);
}

const struct ktg_code_list *ktg_catalogue_codes(const struct ktg_catalogue *c,
                                                const char *list_name)
{
    return find(c->lists, c->list_count, sizeof *c->lists, ktg_bytes_str(list_name));
}

const struct ktg_code_entry *ktg_code_list_find(const struct ktg_code_list *l,
                                                struct ktg_bytes code)
{
    return l ? find(l->entries, l->count, sizeof *l->entries, code) : NULL;
}

bool ktg_catalogue_code_ok(const struct ktg_catalogue *c, const char *list_name,
                           struct ktg_bytes code)
{
    const struct ktg_code_list *l = ktg_catalogue_codes(c, list_name);
    return !l || ktg_code_list_find(l, code);
}
