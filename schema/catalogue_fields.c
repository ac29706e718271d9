/* schema/catalogue_fields.c - one field of the catalogue, and shapes of them.
 *
 *   name, name[]          a field, a list
 *   group.name            field `name` of the object field `group`, whose shape is made here
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdlib.h>

#include "schema/catalogue_parts.h"
#include "schema/event_parts.h" /* ktg_field_wire_kind */

#define FAIL KTG_LOAD_FAIL

static const struct {
    const char *name;
    enum ktg_field_type type;
} scalar_types[] = {
    {"string", KTG_F_STRING},   {"text", KTG_F_TEXT},   {"code", KTG_F_CODE},
    {"phone", KTG_F_PHONE},     {"email", KTG_F_EMAIL}, {"int", KTG_F_INT},
    {"money", KTG_F_MONEY},     {"bool", KTG_F_BOOL},   {"date", KTG_F_DATE},
    {"instant", KTG_F_INSTANT}, {"uuid", KTG_F_UUID},   {"object", KTG_F_OBJECT},
};

int ktg_load_no_memory(struct ktg_loading *l)
{
    return ktg_err_set(l->err, KTG_ENOMEM, "catalogue: out of memory");
}

/* --- small readers --- */

static bool is_yes(ktg_node n)
{
    return n && n->text.data && (ktg_bytes_is(n->text, "yes") || ktg_bytes_is(n->text, "true"));
}

int ktg_load_flag(struct ktg_loading *l, ktg_node map, const char *key, bool *ret)
{
    ktg_node n = ktg_yaml_get(map, key);
    const char *text = ktg_yaml_text(n);
    if (!n)
        return KTG_OK;
    if (!text || (!is_yes(n) && strcmp(text, "no") != 0 && strcmp(text, "false") != 0))
        return FAIL(l, n, "'%s' takes yes or no", key);
    *ret = is_yes(n);
    return KTG_OK;
}

int ktg_load_text(struct ktg_loading *l, ktg_node map, const char *key, const char **ret)
{
    ktg_node n = ktg_yaml_get(map, key);
    if (!n)
        return KTG_OK;
    if (!ktg_yaml_text(n))
        return FAIL(l, n, "'%s' takes one text", key);
    *ret = ktg_yaml_text(n);
    return KTG_OK;
}

/* A list of texts (or one text) as an array ended by NULL. */
int ktg_load_words(struct ktg_loading *l, ktg_node map, const char *key, const char *const **ret)
{
    ktg_node n = ktg_yaml_get(map, key);
    if (!n)
        return KTG_OK;
    size_t count = n->kind == KTG_YAML_LIST ? n->count : 1;
    const char **words = ktg_arena_zalloc(&l->c->arena, (count + 1) * sizeof *words);
    if (!words)
        return ktg_load_no_memory(l);
    for (size_t i = 0; i < count; i++) {
        ktg_node item = n->kind == KTG_YAML_LIST ? n->items[i] : n;
        words[i] = ktg_yaml_text(item);
        if (!words[i] || !*words[i])
            return FAIL(l, item, "'%s' takes a list of words", key);
    }
    *ret = words;
    return KTG_OK;
}

int ktg_load_title(struct ktg_loading *l, ktg_node map, const char **id, const char **en)
{
    static const struct ktg_yaml_key keys[] = {{"id", true}, {"en", true}, {0}};
    ktg_node n = ktg_yaml_get(map, "title");
    int rc = ktg_yaml_check_keys(n, l->name, keys, l->err);
    if (!rc)
        rc = ktg_load_text(l, n, "id", id);
    return rc ? rc : ktg_load_text(l, n, "en", en);
}
/* --- fields and shapes --- */

static int read_type(struct ktg_loading *l, ktg_node map, struct ktg_field *f)
{
    ktg_node n = ktg_yaml_get(map, "type");
    const char *text = ktg_yaml_text(n);
    if (!text)
        return FAIL(l, n ? n : map, "'type' takes one text");
    for (size_t i = 0; i < KTG_COUNT(scalar_types); i++)
        if (strcmp(scalar_types[i].name, text) == 0) {
            f->type = scalar_types[i].type;
            return KTG_OK;
        }
    f->type = KTG_F_OBJECT;
    f->shape = ktg_catalogue_shape(l->c, text);
    if (f->shape)
        return KTG_OK;
    const char *words[64];
    size_t count = 0;
    for (size_t i = 0; i < KTG_COUNT(scalar_types); i++)
        words[count++] = scalar_types[i].name;
    for (size_t i = 0; i < l->c->shape_count && count + 1 < KTG_COUNT(words); i++)
        words[count++] = l->c->shapes[i]->name;
    words[count] = NULL;
    const char *near = ktg_yaml_nearest(text, words);
    return FAIL(l, n, "unknown type '%.40s'%s%s%s", text, near ? " - did you mean '" : "",
                near ? near : "", near ? "'?" : "");
}

static int read_subjects(struct ktg_loading *l, ktg_node map, struct ktg_field *f)
{
    const char *const *words = NULL;
    int rc = ktg_load_words(l, map, "subject", &words);
    for (; !rc && words && *words; words++)
        f->kinds |= 1u << ktg_names_find(&l->c->kinds, ktg_bytes_str(*words));
    const char *role = NULL;
    if (!rc)
        rc = ktg_load_text(l, map, "role", &role);
    if (!rc && role)
        f->role = 1 + ktg_names_find(&l->c->roles, ktg_bytes_str(role));
    return rc;
}

static int read_sens(struct ktg_loading *l, ktg_node map, struct ktg_field *f, bool needed)
{
    const char *text = NULL;
    int rc = ktg_load_text(l, map, "sens", &text);
    if (rc)
        return rc;
    f->sens = -1;
    if (!text)
        return needed ? FAIL(l, map, "key 'sens' is missing: a field has a class of sensitivity")
                      : KTG_OK;
    f->sens = ktg_names_find(&l->c->sens, ktg_bytes_str(text));
    return f->sens < 0
               ? FAIL(l, ktg_yaml_get(map, "sens"), "unknown class of sensitivity '%.40s'", text)
               : KTG_OK;
}

static int read_rules(struct ktg_loading *l, ktg_node map, struct ktg_field *f)
{
    const char *text = NULL;
    int rc = ktg_load_text(l, map, "rules", &text);
    if (rc || !text)
        return rc;
    static const struct {
        const char *name;
        enum ktg_rules_may may;
    } words[] = {{"apart", KTG_RULES_APART},
                 {"identity-only", KTG_RULES_IDENTITY_ONLY},
                 {"forbidden", KTG_RULES_FORBIDDEN}};
    for (size_t i = 0; i < KTG_COUNT(words); i++)
        if (strcmp(text, words[i].name) == 0) {
            f->rules = words[i].may;
            return KTG_OK;
        }
    return FAIL(l, ktg_yaml_get(map, "rules"), "'rules' takes apart, identity-only or forbidden");
}

static int check_default(struct ktg_loading *l, ktg_node map, const struct ktg_field *f)
{
    const char *text = f->default_text;
    bool good = true;
    if (!text)
        return KTG_OK;
    if (f->codes) {
        good = false;
        for (const char *const *w = f->codes; *w; w++)
            good = good || strcmp(*w, text) == 0;
    } else if (f->type == KTG_F_BOOL) {
        good = strcmp(text, "true") == 0 || strcmp(text, "false") == 0;
    } else if (f->type == KTG_F_INT || f->type == KTG_F_MONEY) {
        char *end;
        strtoll(text, &end, 10);
        good = *text && !*end;
    } else {
        good = f->type == KTG_F_STRING || f->type == KTG_F_CODE;
    }
    return good ? KTG_OK
                : FAIL(l, ktg_yaml_get(map, "default"), "'%.40s' is no value of this field", text);
}

static bool is_among(const char *word, const char *const *words)
{
    for (; words && *words; words++)
        if (strcmp(*words, word) == 0)
            return true;
    return false;
}

/* 'right' and 'wrong' are codes of the field, and no code is both. */
static int check_verdicts(struct ktg_loading *l, ktg_node map, const struct ktg_field *f)
{
    for (const char *const *w = f->right; w && *w; w++)
        if (!is_among(*w, f->codes) || is_among(*w, f->wrong))
            return FAIL(l, ktg_yaml_get(map, "right"),
                        "'%.40s' is no code of this field, or both right and wrong", *w);
    for (const char *const *w = f->wrong; w && *w; w++)
        if (!is_among(*w, f->codes))
            return FAIL(l, ktg_yaml_get(map, "wrong"), "'%.40s' is no code of this field", *w);
    return KTG_OK;
}

static int check_sense(struct ktg_loading *l, ktg_node map, const struct ktg_field *f)
{
    if (f->type == KTG_F_CODE && !f->codes && !f->list_name)
        return FAIL(l, map, "a code takes 'codes' or 'list'");
    if (f->partial && f->type != KTG_F_DATE)
        return FAIL(l, ktg_yaml_get(map, "partial"), "'partial' is for dates");
    if (f->around && (!f->shape || f->shape != l->c->place))
        return FAIL(l, ktg_yaml_get(map, "around"), "'around' is for places");
    if (f->type == KTG_F_OBJECT && f->kinds && (!f->shape || f->shape != l->c->doc))
        return FAIL(l, ktg_yaml_get(map, "subject"),
                    "an object that names a subject must be a doc");
    return check_verdicts(l, map, f);
}

static int read_field(struct ktg_loading *l, ktg_node map, bool sens_needed, struct ktg_field *f)
{
    static const struct ktg_yaml_key keys[] = {
        {"type", true},   {"need", false},    {"subject", false},
        {"role", false},  {"ties", false},    {"as", false},
        {"sens", false},  {"rules", false},   {"codes", false},
        {"list", false},  {"default", false}, {"unit", false},
        {"note", false},  {"partial", false}, {"around", false},
        {"right", false}, {"wrong", false},   {0}};
    int rc = ktg_yaml_check_keys(map, l->name, keys, l->err);
    if (rc || (rc = read_type(l, map, f)) || (rc = ktg_load_flag(l, map, "need", &f->required)) ||
        (rc = read_subjects(l, map, f)) || (rc = ktg_load_flag(l, map, "ties", &f->ties)) ||
        (rc = ktg_load_text(l, map, "as", &f->as)) || (rc = read_sens(l, map, f, sens_needed)) ||
        (rc = read_rules(l, map, f)) || (rc = ktg_load_words(l, map, "codes", &f->codes)) ||
        (rc = ktg_load_words(l, map, "right", &f->right)) ||
        (rc = ktg_load_words(l, map, "wrong", &f->wrong)) ||
        (rc = ktg_load_text(l, map, "list", &f->list_name)) ||
        (rc = ktg_load_text(l, map, "default", &f->default_text)) ||
        (rc = ktg_load_text(l, map, "unit", &f->unit)) ||
        (rc = ktg_load_text(l, map, "note", &f->note)) ||
        (rc = ktg_load_flag(l, map, "partial", &f->partial)) ||
        (rc = ktg_load_flag(l, map, "around", &f->around)))
        return rc;
    if (f->list_name)
        f->code_list = ktg_catalogue_codes(l->c, f->list_name);
    if (f->ties && !f->as)
        f->as = f->shape ? f->shape->name : f->name;
    rc = check_default(l, map, f);
    return rc ? rc : check_sense(l, map, f);
}

static int by_field_name(const void *a, const void *b)
{
    return strcmp(((const struct ktg_field *)a)->name, ((const struct ktg_field *)b)->name);
}

/* "name", "name[]", "group.name", "group.name[]" */
struct path {
    const char *group, *name;
    bool list;
};

static int read_path(struct ktg_loading *l, ktg_node key, struct path *ret)
{
    char *text = ktg_arena_strndup(&l->c->arena, (const char *)key->text.data, key->text.size);
    if (!text)
        return ktg_load_no_memory(l);
    size_t size = key->text.size;
    *ret = (struct path){NULL, text, false};
    if (size > 2 && strcmp(text + size - 2, "[]") == 0) {
        ret->list = true;
        text[size - 2] = 0;
    }
    char *dot = strchr(text, '.');
    if (dot) {
        *dot = 0;
        ret->group = text;
        ret->name = dot + 1;
    }
    const char *parts[] = {ret->group ? ret->group : ret->name, ret->name};
    for (size_t i = 0; i < KTG_COUNT(parts); i++)
        if (!*parts[i] ||
            strspn(parts[i], "abcdefghijklmnopqrstuvwxyz0123456789_") != strlen(parts[i]) ||
            strlen(parts[i]) > 40)
            return FAIL(l, key,
                        "a field's name is made of a-z, 0-9 and _, with one '.' for a group and [] "
                        "for a list");
    return KTG_OK;
}

static struct ktg_shape_name encode_name(struct ktg_bytes name)
{
    uint8_t bytes[KTG_SHAPE_NAME + 1 + 8] = {0};
    struct ktg_buf b = {.data = bytes, .cap = sizeof bytes};
    ktg_wire_put_str(&b, name);
    return (struct ktg_shape_name){ktg_get_le64(bytes),
                                   b.size > 8 ? ktg_get_le64(bytes + b.size - 8) : 0};
}

/* True: each name has a slot of its own. */
static bool fill_slots(struct ktg_shape_names *n, const struct ktg_field *fields, size_t count)
{
    memset(n->slots, KTG_SHAPE_FIELDS, (size_t)1 << (64 - n->shift));
    for (size_t i = 0; i < count; i++) {
        if (fields[i].key.size > KTG_SHAPE_NAME)
            continue;
        uint8_t *slot = &n->slots[ktg_shape_slot(n, n->at[i])];
        if (*slot != KTG_SHAPE_FIELDS)
            return false;
        *slot = (uint8_t)i;
    }
    return true;
}

/* Try factors until one gives every name a slot of its own, in ever larger tables.  With none, or too many fields, there
 * is no table. */
static int name_table(struct ktg_loading *l, struct ktg_shape *s)
{
    enum { FEWEST = 4, MOST = 12, TRIES = 64 };
    struct ktg_shape_name *at = ktg_arena_zalloc(&l->c->arena, (s->count + 1) * sizeof *at);
    struct ktg_shape_names *n = ktg_arena_zalloc(&l->c->arena, sizeof *n + (1 << MOST));
    if (!at || !n)
        return ktg_load_no_memory(l);
    for (size_t i = 0; i < s->count; i++)
        if (s->fields[i].key.size <= KTG_SHAPE_NAME)
            at[i] = encode_name(s->fields[i].key);
    n->at = at;
    n->factor = UINT64_C(0x9e3779b97f4a7c15);
    for (int t = FEWEST * TRIES; !s->names && s->count < KTG_SHAPE_FIELDS && t < MOST * TRIES;
         t++) {
        n->factor =
            n->factor * UINT64_C(6364136223846793005) + 1442695040888963407; /* Knuth's MMIX */
        n->factor |= 1;
        n->shift = 64 - (unsigned)(t / TRIES + 1);
        if (fill_slots(n, s->fields, s->count))
            s->names = n;
    }
    return KTG_OK;
}

static int shape_new(struct ktg_loading *l, const char *name, struct ktg_field *fields,
                     size_t count, const struct ktg_shape **ret)
{
    struct ktg_shape *s = ktg_arena_zalloc(&l->c->arena, sizeof *s);
    if (!s)
        return ktg_load_no_memory(l);
    if (count)
        qsort(fields, count, sizeof *fields, by_field_name);
    *s = (struct ktg_shape){.name = name, .fields = fields, .count = count};
    for (size_t i = 0; i < count; i++) {
        fields[i].key = ktg_bytes_str(fields[i].name);
        fields[i].wire = (uint8_t)ktg_field_wire_kind(fields[i].type);
        s->required += fields[i].required;
    }
    if (name_table(l, s))
        return KTG_ENOMEM;
    *ret = s;
    return KTG_OK;
}

static bool is_taken(const struct ktg_field *fields, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(fields[i].name, name) == 0)
            return true;
    return false;
}

/* All fields GROUP.x of the map as one object field. */
static int read_group(struct ktg_loading *l, ktg_node map, const char *group, bool sens_needed,
                      struct ktg_field *f)
{
    struct ktg_field *members = ktg_arena_zalloc(&l->c->arena, map->count * sizeof *members);
    if (!members)
        return ktg_load_no_memory(l);
    size_t count = 0;
    bool required = false;
    for (size_t i = 0; i < map->count; i++) {
        struct path p;
        int rc = read_path(l, map->keys[i], &p);
        if (rc)
            return rc;
        if (!p.group || strcmp(p.group, group) != 0)
            continue;
        struct ktg_field *m = &members[count++];
        m->name = p.name;
        m->list = p.list;
        rc = read_field(l, map->items[i], sens_needed, m);
        if (rc)
            return rc;
        required = required || m->required;
    }
    *f = (struct ktg_field){.name = group, .type = KTG_F_OBJECT, .required = required, .sens = -1};
    return shape_new(l, group, members, count, &f->shape);
}

int ktg_load_fields(struct ktg_loading *l, const char *shape_name, ktg_node map,
                    const struct ktg_shape *above, bool sens_needed, const struct ktg_shape **ret)
{
    size_t most = (map ? map->count : 0) + (above ? above->count : 0);
    if (map && map->kind != KTG_YAML_MAP)
        return FAIL(l, map, "a map of fields must stand here");
    struct ktg_field *fields = ktg_arena_zalloc(&l->c->arena, (most + 1) * sizeof *fields);
    if (!fields)
        return ktg_load_no_memory(l);
    size_t count = 0;
    for (; above && count < above->count; count++)
        fields[count] = above->fields[count];
    for (size_t i = 0; map && i < map->count; i++) {
        struct path p;
        int rc = read_path(l, map->keys[i], &p);
        if (rc)
            return rc;
        const char *name = p.group ? p.group : p.name;
        if (is_taken(fields, count, name)) {
            const struct ktg_field *group = NULL;
            for (size_t k = 0; k < count; k++)
                if (strcmp(fields[k].name, name) == 0)
                    group = &fields[k];
            if (p.group && group->type == KTG_F_OBJECT && group->sens == -1)
                continue; /* the group was read at its first member */
            return FAIL(l, map->keys[i],
                        "field '%s' stands twice (the holder block's fields are there already)",
                        name);
        }
        struct ktg_field *f = &fields[count];
        f->name = name;
        f->list = p.list;
        rc = p.group ? read_group(l, map, p.group, sens_needed, f)
                     : read_field(l, map->items[i], sens_needed, f);
        if (rc)
            return rc;
        count++;
    }
    return shape_new(l, shape_name, fields, count, ret);
}
