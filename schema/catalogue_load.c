/* schema/catalogue_load.c - from YAML texts to a catalogue.
 *
 *     texts, sorted by name --> trees --> names (kinds, roles, classes)  --> shapes --> person -->
 * types
 *                                    \-> code lists
 *
 * Names are gathered from all trees before a field is built, so that their numbers do not depend on
 * the order of files. SPDX-License-Identifier: Apache-2.0
 */
#include <stddef.h>
#include <stdlib.h>

#include "runtime/yaml/yaml.h"
#include "schema/catalogue_parts.h"

_Static_assert(offsetof(struct ktg_type, name) == 0 && offsetof(struct ktg_field, name) == 0 &&
                   offsetof(struct ktg_code_list, name) == 0 &&
                   offsetof(struct ktg_code_entry, code) == 0,
               "what is looked up by name begins with it");

typedef const struct ktg_yaml_node *node;

struct text { /* a file and its tree */
    const char *name;
    struct ktg_bytes bytes;
    node root;
};

struct loading {
    struct ktg_catalogue *c;
    struct text *texts;
    size_t text_count;
    const struct text *common;
    struct ktg_err *err;
    const char *name; /* of the file at hand */
};

static int no_memory(struct loading *l)
{
    return ktg_err_set(l->err, KTG_ENOMEM, "catalogue: out of memory");
}

#define FAIL(l, at, ...) ktg_yaml_fail(at, (l)->name, (l)->err, __VA_ARGS__)

static const struct {
    const char *name;
    enum ktg_field_type type;
} scalar_types[] = {
    {"string", KTG_F_STRING},   {"text", KTG_F_TEXT},   {"code", KTG_F_CODE},
    {"phone", KTG_F_PHONE},     {"email", KTG_F_EMAIL}, {"int", KTG_F_INT},
    {"money", KTG_F_MONEY},     {"bool", KTG_F_BOOL},   {"date", KTG_F_DATE},
    {"instant", KTG_F_INSTANT}, {"uuid", KTG_F_UUID},   {"object", KTG_F_OBJECT},
};

static const char *const computed_kinds[] = {"person", "biodata", "cell", "key", "source"};

/* --- small readers --- */

static bool is_yes(node n)
{
    return n && n->text.data && (ktg_bytes_is(n->text, "yes") || ktg_bytes_is(n->text, "true"));
}

static int read_flag(struct loading *l, node map, const char *key, bool *ret)
{
    node n = ktg_yaml_get(map, key);
    const char *text = ktg_yaml_text(n);
    if (!n)
        return KTG_OK;
    if (!text || (!is_yes(n) && strcmp(text, "no") != 0 && strcmp(text, "false") != 0))
        return FAIL(l, n, "'%s' takes yes or no", key);
    *ret = is_yes(n);
    return KTG_OK;
}

static int read_text(struct loading *l, node map, const char *key, const char **ret)
{
    node n = ktg_yaml_get(map, key);
    if (!n)
        return KTG_OK;
    if (!ktg_yaml_text(n))
        return FAIL(l, n, "'%s' takes one text", key);
    *ret = ktg_yaml_text(n);
    return KTG_OK;
}

/* A list of texts (or one text) as an array ended by NULL. */
static int read_words(struct loading *l, node map, const char *key, const char *const **ret)
{
    node n = ktg_yaml_get(map, key);
    if (!n)
        return KTG_OK;
    size_t count = n->kind == KTG_YAML_LIST ? n->count : 1;
    const char **words = ktg_arena_zalloc(&l->c->arena, (count + 1) * sizeof *words);
    if (!words)
        return no_memory(l);
    for (size_t i = 0; i < count; i++) {
        node item = n->kind == KTG_YAML_LIST ? n->items[i] : n;
        words[i] = ktg_yaml_text(item);
        if (!words[i] || !*words[i])
            return FAIL(l, item, "'%s' takes a list of words", key);
    }
    *ret = words;
    return KTG_OK;
}

static int read_title(struct loading *l, node map, const char **id, const char **en)
{
    static const struct ktg_yaml_key keys[] = {{"id", true}, {"en", true}, {0}};
    node n = ktg_yaml_get(map, "title");
    int rc = ktg_yaml_check_keys(n, l->name, keys, l->err);
    if (!rc)
        rc = read_text(l, n, "id", id);
    return rc ? rc : read_text(l, n, "en", en);
}

/* --- names --- */

static int names_add(struct loading *l, struct ktg_names *names, const char *word)
{
    if (ktg_grow(&names->at, &names->cap, names->count + 1, sizeof *names->at))
        return no_memory(l);
    names->at[names->count++] = word;
    return KTG_OK;
}

static int names_add_node(struct loading *l, struct ktg_names *names, node n)
{
    int rc = KTG_OK;
    if (n && n->kind == KTG_YAML_LIST)
        for (size_t i = 0; i < n->count && !rc; i++)
            rc = names_add_node(l, names, n->items[i]);
    else if (ktg_yaml_text(n))
        rc = names_add(l, names, ktg_yaml_text(n));
    return rc;
}

static int by_word(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void names_sort(struct ktg_names *names)
{
    size_t kept = 0;
    if (names->count)
        qsort(names->at, names->count, sizeof *names->at, by_word);
    for (size_t i = 0; i < names->count; i++)
        if (kept == 0 || strcmp(names->at[kept - 1], names->at[i]) != 0)
            names->at[kept++] = names->at[i];
    names->count = kept;
}

static int gather_fields(struct loading *l, node fields)
{
    int rc = KTG_OK;
    if (!fields || fields->kind != KTG_YAML_MAP)
        return KTG_OK;
    for (size_t i = 0; i < fields->count && !rc; i++) {
        rc = names_add_node(l, &l->c->kinds, ktg_yaml_get(fields->items[i], "subject"));
        if (!rc)
            rc = names_add_node(l, &l->c->roles, ktg_yaml_get(fields->items[i], "role"));
    }
    return rc;
}

static int gather_names(struct loading *l)
{
    int rc = KTG_OK;
    for (size_t i = 0; i < KTG_COUNT(computed_kinds) && !rc; i++)
        rc = names_add(l, &l->c->kinds, computed_kinds[i]);
    for (size_t i = 0; i < l->text_count && !rc; i++) {
        node root = l->texts[i].root;
        rc = gather_fields(l, ktg_yaml_get(root, "fields"));
        if (!rc)
            rc = gather_fields(l, ktg_yaml_get(root, "person"));
        if (!rc)
            rc = names_add_node(l, &l->c->classes, ktg_yaml_get(root, "class"));
    }
    if (!rc)
        rc = names_add_node(l, &l->c->sens, ktg_yaml_get(l->common->root, "sensitivity"));
    if (rc)
        return rc;
    names_sort(&l->c->kinds);
    names_sort(&l->c->roles);
    names_sort(&l->c->classes);
    names_sort(&l->c->sens);
    l->name = l->common->name;
    const struct ktg_names *all[] = {&l->c->kinds, &l->c->classes, &l->c->sens};
    for (size_t i = 0; i < KTG_COUNT(all); i++)
        if (all[i]->count > KTG_MAX_KINDS)
            return FAIL(l, NULL, "more than %d kinds, classes or sensitivities", KTG_MAX_KINDS);
    l->c->person_kind = ktg_names_find(&l->c->kinds, KTG_LIT("person"));
    l->c->biodata_kind = ktg_names_find(&l->c->kinds, KTG_LIT("biodata"));
    l->c->cell_kind = ktg_names_find(&l->c->kinds, KTG_LIT("cell"));
    l->c->key_kind = ktg_names_find(&l->c->kinds, KTG_LIT("key"));
    l->c->source_kind = ktg_names_find(&l->c->kinds, KTG_LIT("source"));
    return KTG_OK;
}

/* --- fields and shapes --- */

static int read_type(struct loading *l, node map, struct ktg_field *f)
{
    node n = ktg_yaml_get(map, "type");
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

static int read_subjects(struct loading *l, node map, struct ktg_field *f)
{
    const char *const *words = NULL;
    int rc = read_words(l, map, "subject", &words);
    for (; !rc && words && *words; words++)
        f->kinds |= 1u << ktg_names_find(&l->c->kinds, ktg_bytes_str(*words));
    const char *role = NULL;
    if (!rc)
        rc = read_text(l, map, "role", &role);
    if (!rc && role)
        f->role = 1 + ktg_names_find(&l->c->roles, ktg_bytes_str(role));
    return rc;
}

static int read_sens(struct loading *l, node map, struct ktg_field *f, bool needed)
{
    const char *text = NULL;
    int rc = read_text(l, map, "sens", &text);
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

static int read_rules(struct loading *l, node map, struct ktg_field *f)
{
    const char *text = NULL;
    int rc = read_text(l, map, "rules", &text);
    if (rc || !text)
        return rc;
    f->rules = strcmp(text, "forbidden") == 0 ? KTG_RULES_FORBIDDEN : KTG_RULES_IDENTITY_ONLY;
    if (f->rules == KTG_RULES_IDENTITY_ONLY && strcmp(text, "identity-only") != 0)
        return FAIL(l, ktg_yaml_get(map, "rules"), "'rules' takes identity-only or forbidden");
    return KTG_OK;
}

static int check_default(struct loading *l, node map, const struct ktg_field *f)
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

static int check_sense(struct loading *l, node map, const struct ktg_field *f)
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
    return KTG_OK;
}

static int read_field(struct loading *l, node map, bool sens_needed, struct ktg_field *f)
{
    static const struct ktg_yaml_key keys[] = {
        {"type", true},   {"need", false},    {"subject", false}, {"role", false},
        {"ties", false},  {"as", false},      {"sens", false},    {"rules", false},
        {"codes", false}, {"list", false},    {"default", false}, {"unit", false},
        {"note", false},  {"partial", false}, {"around", false},  {0}};
    int rc = ktg_yaml_check_keys(map, l->name, keys, l->err);
    if (rc || (rc = read_type(l, map, f)) || (rc = read_flag(l, map, "need", &f->required)) ||
        (rc = read_subjects(l, map, f)) || (rc = read_flag(l, map, "ties", &f->ties)) ||
        (rc = read_text(l, map, "as", &f->as)) || (rc = read_sens(l, map, f, sens_needed)) ||
        (rc = read_rules(l, map, f)) || (rc = read_words(l, map, "codes", &f->codes)) ||
        (rc = read_text(l, map, "list", &f->list_name)) ||
        (rc = read_text(l, map, "default", &f->default_text)) ||
        (rc = read_text(l, map, "unit", &f->unit)) || (rc = read_text(l, map, "note", &f->note)) ||
        (rc = read_flag(l, map, "partial", &f->partial)) ||
        (rc = read_flag(l, map, "around", &f->around)))
        return rc;
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

static int read_path(struct loading *l, node key, struct path *ret)
{
    char *text = ktg_arena_strndup(&l->c->arena, (const char *)key->text.data, key->text.size);
    if (!text)
        return no_memory(l);
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

static int shape_new(struct loading *l, const char *name, struct ktg_field *fields, size_t count,
                     const struct ktg_shape **ret)
{
    struct ktg_shape *s = ktg_arena_zalloc(&l->c->arena, sizeof *s);
    if (!s)
        return no_memory(l);
    if (count)
        qsort(fields, count, sizeof *fields, by_field_name);
    *s = (struct ktg_shape){name, fields, count};
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
static int read_group(struct loading *l, node map, const char *group, bool sens_needed,
                      struct ktg_field *f)
{
    struct ktg_field *members = ktg_arena_zalloc(&l->c->arena, map->count * sizeof *members);
    if (!members)
        return no_memory(l);
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

static int read_fields(struct loading *l, const char *shape_name, node map,
                       const struct ktg_shape *above, bool sens_needed,
                       const struct ktg_shape **ret)
{
    size_t most = (map ? map->count : 0) + (above ? above->count : 0);
    if (map && map->kind != KTG_YAML_MAP)
        return FAIL(l, map, "a map of fields must stand here");
    struct ktg_field *fields = ktg_arena_zalloc(&l->c->arena, (most + 1) * sizeof *fields);
    if (!fields)
        return no_memory(l);
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

static int shape_keep(struct loading *l, const struct ktg_shape *s)
{
    enum { MOST_SHAPES = 32 };
    if (!l->c->shapes)
        l->c->shapes = ktg_arena_zalloc(&l->c->arena, MOST_SHAPES * sizeof(struct ktg_shape *));
    if (!l->c->shapes)
        return no_memory(l);
    if (l->c->shape_count == MOST_SHAPES)
        return FAIL(l, NULL, "more than %d shapes", MOST_SHAPES);
    l->c->shapes[l->c->shape_count++] = s;
    if (strcmp(s->name, "doc") == 0)
        l->c->doc = s;
    if (strcmp(s->name, "place") == 0)
        l->c->place = s;
    if (strcmp(s->name, "person") == 0)
        l->c->person = s;
    return KTG_OK;
}

static int read_kinds(struct loading *l, node map)
{
    static const struct {
        const char *name;
        enum ktg_kind_form form;
    } forms[] = {{"words", KTG_KIND_WORDS}, {"contact", KTG_KIND_CONTACT}};
    for (size_t i = 0; map && i < map->count; i++) {
        int kind = ktg_names_find(&l->c->kinds, map->keys[i]->text);
        const char *text = ktg_yaml_text(map->items[i]);
        if (kind < 0)
            continue; /* no type names it yet */
        for (size_t k = 0; k < KTG_COUNT(forms); k++)
            if (text && strcmp(text, forms[k].name) == 0)
                l->c->kind_forms[kind] = forms[k].form;
        if (l->c->kind_forms[kind] == KTG_KIND_AS_IS)
            return FAIL(l, map->items[i], "a kind's form is words or contact");
    }
    return KTG_OK;
}

static int read_common(struct loading *l)
{
    static const struct ktg_yaml_key keys[] = {{"envelope", true},
                                               {"person", true},
                                               {"shapes", true},
                                               {"kinds", false},
                                               {"sensitivity", true},
                                               {"quotable", false},
                                               {0}};
    node root = l->common->root, shapes = ktg_yaml_get(root, "shapes");
    l->name = l->common->name;
    int rc = ktg_yaml_check_keys(root, l->name, keys, l->err);
    if (rc)
        return rc;
    const char *const *quotable = NULL;
    rc = read_words(l, root, "quotable", &quotable);
    for (; !rc && quotable && *quotable; quotable++) {
        int sens = ktg_names_find(&l->c->sens, ktg_bytes_str(*quotable));
        if (sens < 0)
            return FAIL(l, ktg_yaml_get(root, "quotable"), "unknown class of sensitivity '%.40s'",
                        *quotable);
        l->c->quotable |= 1u << sens;
    }
    for (size_t i = 0; !rc && shapes->kind == KTG_YAML_MAP && i < shapes->count; i++) {
        const struct ktg_shape *s;
        rc = read_fields(l, ktg_yaml_text(shapes->keys[i]), shapes->items[i], NULL, false, &s);
        if (!rc)
            rc = shape_keep(l, s);
    }
    const struct {
        const char *key;
        bool sens_needed;
    } blocks[] = {{"person", true}, {"envelope", false}};
    for (size_t i = 0; !rc && i < KTG_COUNT(blocks); i++) {
        const struct ktg_shape *s;
        rc = read_fields(l, blocks[i].key, ktg_yaml_get(root, blocks[i].key), NULL,
                         blocks[i].sens_needed, &s);
        if (!rc)
            rc = shape_keep(l, s);
    }
    if (!rc && (!l->c->doc || !ktg_shape_field(l->c->doc, KTG_LIT("issuer")) ||
                !ktg_shape_field(l->c->doc, KTG_LIT("number"))))
        return FAIL(
            l, shapes,
            "shape 'doc' with 'issuer' and 'number' must be there: identifiers are made of them");
    if (!rc && (!l->c->place || !ktg_shape_field(l->c->place, KTG_LIT("lat")) ||
                !ktg_shape_field(l->c->place, KTG_LIT("lon"))))
        return FAIL(l, shapes,
                    "shape 'place' with 'lat' and 'lon' must be there: cells are made of them");
    return rc ? rc : read_kinds(l, ktg_yaml_get(root, "kinds"));
}

/* --- types --- */

static int read_ties(struct loading *l, node list, struct ktg_type *t)
{
    static const struct ktg_yaml_key keys[] = {
        {"fields", true}, {"when", false}, {"is", false}, {0}};
    if (!list)
        return KTG_OK;
    if (list->kind != KTG_YAML_LIST)
        return FAIL(l, list, "'ties' takes a list");
    struct ktg_tie_rule *rules = ktg_arena_zalloc(&l->c->arena, (list->count + 1) * sizeof *rules);
    if (!rules)
        return no_memory(l);
    for (size_t i = 0; i < list->count; i++) {
        node map = list->items[i];
        int rc = ktg_yaml_check_keys(map, l->name, keys, l->err);
        if (rc || (rc = read_words(l, map, "fields", &rules[i].fields)) ||
            (rc = read_text(l, map, "when", &rules[i].when)) ||
            (rc = read_words(l, map, "is", &rules[i].is)))
            return rc;
        if (!rules[i].when != !rules[i].is)
            return FAIL(l, map, "'when' and 'is' stand together");
        if (rules[i].when && !ktg_shape_field(t->data, ktg_bytes_str(rules[i].when)))
            return FAIL(l, map, "unknown field '%.40s'", rules[i].when);
        for (const char *const *f = rules[i].fields; *f; f++) {
            const struct ktg_field *field = ktg_shape_field(t->data, ktg_bytes_str(*f));
            if (!field || field->shape != l->c->doc)
                return FAIL(l, map, "'%.40s' is no field of type doc", *f);
        }
    }
    t->tie_rules = rules;
    t->tie_rule_count = list->count;
    return KTG_OK;
}

static int read_envelope(struct loading *l, node root, struct ktg_type *t)
{
    const char *const *words = NULL;
    int rc = read_words(l, root, "envelope", &words);
    if (rc || !words)
        return rc;
    if (strcmp(words[0], "retracts") != 0 || words[1])
        return FAIL(l, ktg_yaml_get(root, "envelope"), "'envelope' takes [retracts]");
    t->needs_retracts = true;
    return KTG_OK;
}

static int read_type_file(struct loading *l, const struct text *text, struct ktg_type *t)
{
    static const struct ktg_yaml_key keys[] = {{"type", true},      {"title", true},
                                               {"version", false},  {"from", true},
                                               {"class", false},    {"holder", false},
                                               {"envelope", false}, {"ties", false},
                                               {"fields", true},    {0}};
    node root = text->root;
    l->name = text->name;
    int rc = ktg_yaml_check_keys(root, l->name, keys, l->err);
    const char *version = NULL;
    const char *const *classes = NULL;
    if (rc || (rc = read_text(l, root, "type", &t->name)) ||
        (rc = read_title(l, root, &t->title_id, &t->title_en)) ||
        (rc = read_words(l, root, "from", &t->from)) ||
        (rc = read_flag(l, root, "holder", &t->holder)) ||
        (rc = read_words(l, root, "class", &classes)) ||
        (rc = read_text(l, root, "version", &version)) ||
        (rc = read_fields(l, t->name, ktg_yaml_get(root, "fields"), t->holder ? l->c->person : NULL,
                          true, &t->data)) ||
        (rc = read_ties(l, ktg_yaml_get(root, "ties"), t)) || (rc = read_envelope(l, root, t)))
        return rc;
    if (strspn(t->name, "abcdefghijklmnopqrstuvwxyz0123456789.-") != strlen(t->name) || !*t->name ||
        strlen(t->name) > 64)
        return FAIL(l, ktg_yaml_get(root, "type"),
                    "a type's name is made of a-z, 0-9, '.' and '-'");
    t->version = 1;
    if (version) {
        char *end;
        long v = strtol(version, &end, 10);
        if (!*version || *end || v < 1 || v > 1000)
            return FAIL(l, ktg_yaml_get(root, "version"), "'version' is a number from 1 to 1000");
        t->version = (int)v;
    }
    for (const char *const *w = t->from; *w; w++) {
        t->system = t->system || strcmp(*w, "system") == 0;
        t->any = t->any || strcmp(*w, "any") == 0;
    }
    for (; classes && *classes; classes++)
        t->classes |= 1u << ktg_names_find(&l->c->classes, ktg_bytes_str(*classes));
    return KTG_OK;
}

static int by_type_name(const void *a, const void *b)
{
    return strcmp(((const struct ktg_type *)a)->name, ((const struct ktg_type *)b)->name);
}

static int read_types(struct loading *l)
{
    struct ktg_catalogue *c = l->c;
    c->types = ktg_arena_zalloc(&c->arena, (l->text_count + 1) * sizeof *c->types);
    c->type_names = ktg_arena_zalloc(&c->arena, (l->text_count + 1) * sizeof *c->type_names);
    if (!c->types || !c->type_names)
        return no_memory(l);
    for (size_t i = 0; i < l->text_count; i++) {
        if (!ktg_yaml_get(l->texts[i].root, "type"))
            continue;
        int rc = read_type_file(l, &l->texts[i], &c->types[c->type_count++]);
        if (rc)
            return rc;
        const char *name = c->types[c->type_count - 1].name;
        for (size_t k = 0; k + 1 < c->type_count; k++)
            if (strcmp(c->types[k].name, name) == 0)
                return FAIL(l, ktg_yaml_get(l->texts[i].root, "type"),
                            "type '%s' stands in another file too", name);
    }
    qsort(c->types, c->type_count, sizeof *c->types, by_type_name);
    for (size_t i = 0; i < c->type_count; i++) {
        c->types[i].index = (int)i;
        c->type_names[i] = c->types[i].name;
    }
    return KTG_OK;
}

/* --- code lists --- */

static int read_entry(struct loading *l, node map, struct ktg_code_entry *e)
{
    static const struct ktg_yaml_key keys[] = {{"code", true},  {"id", true},        {"en", true},
                                               {"same", false}, {"district", false}, {"lat", false},
                                               {"lon", false},  {"offset", false},   {0}};
    const char *offset = NULL;
    int rc = ktg_yaml_check_keys(map, l->name, keys, l->err);
    if (rc || (rc = read_text(l, map, "code", &e->code)) ||
        (rc = read_text(l, map, "id", &e->id)) || (rc = read_text(l, map, "en", &e->en)) ||
        (rc = read_text(l, map, "same", &e->same)) ||
        (rc = read_text(l, map, "district", &e->district)) ||
        (rc = read_text(l, map, "lat", &e->lat)) || (rc = read_text(l, map, "lon", &e->lon)) ||
        (rc = read_text(l, map, "offset", &offset)))
        return rc;
    e->offset_min = KTG_NO_OFFSET;
    if (offset) {
        char *end;
        long v = strtol(offset, &end, 10);
        if (!*offset || *end || v < -14 * 60 || v > 14 * 60)
            return FAIL(l, ktg_yaml_get(map, "offset"), "'offset' is minutes east of UTC");
        e->offset_min = (int)v;
    }
    return *e->code && strlen(e->code) <= KTG_CODE_MAX
               ? KTG_OK
               : FAIL(l, map, "a code has 1 to %d characters", KTG_CODE_MAX);
}

static int by_code(const void *a, const void *b)
{
    return strcmp(((const struct ktg_code_entry *)a)->code,
                  ((const struct ktg_code_entry *)b)->code);
}

static struct ktg_code_list *list_named(struct ktg_catalogue *c, const char *name)
{
    for (size_t i = 0; i < c->list_count; i++)
        if (strcmp(c->lists[i].name, name) == 0)
            return &c->lists[i];
    return NULL;
}

static int read_list_file(struct loading *l, const struct text *text)
{
    static const struct ktg_yaml_key keys[] = {
        {"codes", true}, {"title", true}, {"entries", true}, {0}};
    node root = text->root, entries = ktg_yaml_get(root, "entries");
    const char *name = NULL, *title_id = NULL, *title_en = NULL;
    l->name = text->name;
    int rc = ktg_yaml_check_keys(root, l->name, keys, l->err);
    if (rc || (rc = read_text(l, root, "codes", &name)) ||
        (rc = read_title(l, root, &title_id, &title_en)))
        return rc;
    if (entries->kind != KTG_YAML_LIST)
        return FAIL(l, entries, "'entries' takes a list");
    struct ktg_code_list *list = list_named(l->c, name);
    if (!list) {
        list = &l->c->lists[l->c->list_count++];
        *list = (struct ktg_code_list){name, title_id, title_en, NULL, 0};
    }
    struct ktg_code_entry *all =
        ktg_arena_zalloc(&l->c->arena, (list->count + entries->count + 1) * sizeof *all);
    if (!all)
        return no_memory(l);
    for (size_t i = 0; i < list->count; i++)
        all[i] = list->entries[i];
    for (size_t i = 0; i < entries->count; i++) {
        rc = read_entry(l, entries->items[i], &all[list->count + i]);
        if (rc)
            return rc;
    }
    list->count += entries->count;
    qsort(all, list->count, sizeof *all, by_code);
    for (size_t i = 1; i < list->count; i++)
        if (strcmp(all[i - 1].code, all[i].code) == 0)
            return FAIL(l, root, "code '%s' stands twice in list '%s'", all[i].code, name);
    list->entries = all;
    return KTG_OK;
}

static int by_list_name(const void *a, const void *b)
{
    return strcmp(((const struct ktg_code_list *)a)->name, ((const struct ktg_code_list *)b)->name);
}

static int read_lists(struct loading *l)
{
    l->c->lists = ktg_arena_zalloc(&l->c->arena, (l->text_count + 1) * sizeof *l->c->lists);
    if (!l->c->lists)
        return no_memory(l);
    for (size_t i = 0; i < l->text_count; i++) {
        int rc = ktg_yaml_get(l->texts[i].root, "codes") ? read_list_file(l, &l->texts[i]) : KTG_OK;
        if (rc)
            return rc;
    }
    if (l->c->list_count)
        qsort(l->c->lists, l->c->list_count, sizeof *l->c->lists, by_list_name);
    return KTG_OK;
}

/* --- files --- */

static bool begins(struct ktg_bytes b, const char *with)
{
    size_t n = strlen(with);
    return b.size >= n && memcmp(b.data, with, n) == 0;
}

static bool is_ours(struct ktg_bytes name)
{
    if (name.size < 5 || memcmp(name.data + name.size - 5, ".yaml", 5) != 0)
        return false;
    return !memchr(name.data, '/', name.size) || begins(name, "events/") || begins(name, "codes/");
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct text *)a)->name, ((const struct text *)b)->name);
}

static int parse_text(struct loading *l, struct text *t)
{
    const struct ktg_yaml_node **roots;
    size_t count;
    int rc =
        ktg_yaml_parse(t->bytes, t->name, &KTG_YAML_LIMITS, &l->c->arena, &roots, &count, l->err);
    if (rc)
        return rc;
    l->name = t->name;
    if (count != 1)
        return FAIL(l, count > 1 ? roots[1] : NULL, "one document must stand in this file");
    t->root = roots[0];
    const char *base = strrchr(t->name, '/') ? strrchr(t->name, '/') + 1 : t->name;
    if (strcmp(base, "_common.yaml") == 0)
        l->common = t;
    else if (!ktg_yaml_get(t->root, "type") && !ktg_yaml_get(t->root, "codes"))
        return FAIL(l, t->root, "neither an event type (key 'type') nor a code list (key 'codes')");
    return KTG_OK;
}

static int parse_texts(struct loading *l, const struct ktg_file *files, size_t count)
{
    l->texts = ktg_arena_zalloc(&l->c->arena, (count + 1) * sizeof *l->texts);
    if (!l->texts)
        return no_memory(l);
    for (size_t i = 0; i < count; i++) {
        if (!is_ours(files[i].name))
            continue;
        struct text *t = &l->texts[l->text_count++];
        t->bytes = files[i].text;
        t->name =
            ktg_arena_strndup(&l->c->arena, (const char *)files[i].name.data, files[i].name.size);
        if (!t->name)
            return no_memory(l);
    }
    if (l->text_count)
        qsort(l->texts, l->text_count, sizeof *l->texts, by_name);
    for (size_t i = 0; i < l->text_count; i++) {
        if (i && strcmp(l->texts[i - 1].name, l->texts[i].name) == 0)
            return ktg_err_set(l->err, KTG_EINVALID, "%s: this file is there twice",
                               l->texts[i].name);
        int rc = parse_text(l, &l->texts[i]);
        if (rc)
            return rc;
    }
    if (!l->common)
        return ktg_err_set(l->err, KTG_EINVALID, "catalogue: _common.yaml is missing");
    return KTG_OK;
}

static int take_hash(struct loading *l)
{
    struct ktg_bytes *parts =
        ktg_arena_zalloc(&l->c->arena, (4 * l->text_count + 1) * sizeof *parts);
    uint8_t *sizes = ktg_arena_zalloc(&l->c->arena, 16 * l->text_count + 1);
    if (!parts || !sizes)
        return no_memory(l);
    for (size_t i = 0; i < l->text_count; i++) {
        const struct text *t = &l->texts[i];
        size_t name_size = strlen(t->name);
        ktg_put_le64(sizes + 16 * i, name_size);
        ktg_put_le64(sizes + 16 * i + 8, t->bytes.size);
        parts[4 * i] = ktg_bytes(sizes + 16 * i, 8);
        parts[4 * i + 1] = ktg_bytes(t->name, name_size);
        parts[4 * i + 2] = ktg_bytes(sizes + 16 * i + 8, 8);
        parts[4 * i + 3] = t->bytes;
    }
    l->c->hash = ktg_blake2b(parts, 4 * l->text_count);
    return KTG_OK;
}

int ktg_catalogue_load(const struct ktg_file *files, size_t count, struct ktg_catalogue **ret_c,
                       struct ktg_err *err)
{
    struct ktg_catalogue *c = ktg_zalloc(sizeof *c);
    if (!c)
        return ktg_err_set(err, KTG_ENOMEM, "catalogue: out of memory");
    struct loading l = {.c = c, .err = err};
    int rc = parse_texts(&l, files, count);
    if (rc || (rc = gather_names(&l)) || (rc = read_common(&l)) || (rc = read_lists(&l)) ||
        (rc = read_types(&l)) || (rc = take_hash(&l))) {
        ktg_catalogue_free(c);
        return rc;
    }
    *ret_c = c;
    return KTG_OK;
}
