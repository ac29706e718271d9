/* schema/catalogue_load.c - from YAML texts to a catalogue.
 *
 *     texts, sorted by name --> trees --> names (kinds, roles, classes) --> shapes --> person --> types
 *                                    \-> code lists
 *
 * Names are gathered from all trees before a field is built, so that their numbers do not depend on
 * the order of files.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stddef.h>
#include <stdlib.h>

#include "schema/catalogue_parts.h"

#define FAIL KTG_LOAD_FAIL

_Static_assert(offsetof(struct ktg_type, name) == 0 && offsetof(struct ktg_field, name) == 0 &&
                   offsetof(struct ktg_code_list, name) == 0 &&
                   offsetof(struct ktg_code_entry, code) == 0,
               "what is looked up by name begins with it");

static const char *const computed_kinds[] = {"person", "biodata", "cell", "key", "source"};

/* --- names --- */

static int names_add(struct ktg_loading *l, struct ktg_names *names, const char *word)
{
    if (ktg_grow(&names->at, &names->cap, names->count + 1, sizeof *names->at))
        return ktg_load_no_memory(l);
    names->at[names->count++] = word;
    return KTG_OK;
}

static int names_add_node(struct ktg_loading *l, struct ktg_names *names, ktg_node n)
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

static int gather_fields(struct ktg_loading *l, ktg_node fields)
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

static int gather_names(struct ktg_loading *l)
{
    int rc = KTG_OK;
    for (size_t i = 0; i < KTG_COUNT(computed_kinds) && !rc; i++)
        rc = names_add(l, &l->c->kinds, computed_kinds[i]);
    for (size_t i = 0; i < l->text_count && !rc; i++) {
        ktg_node root = l->texts[i].root;
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
    l->name = l->common->shown;
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

static void keep_doc(struct ktg_catalogue *c, const struct ktg_shape *s)
{
    const struct ktg_field *number = ktg_shape_field(s, KTG_LIT("number"));
    c->doc = s;
    if (number && number->type == KTG_F_STRING && number->required && !number->list)
        c->doc_number = number;
}
static int shape_keep(struct ktg_loading *l, const struct ktg_shape *s)
{
    enum { MOST_SHAPES = 32 };
    if (!l->c->shapes)
        l->c->shapes = ktg_arena_zalloc(&l->c->arena, MOST_SHAPES * sizeof(struct ktg_shape *));
    if (!l->c->shapes)
        return ktg_load_no_memory(l);
    if (l->c->shape_count == MOST_SHAPES)
        return FAIL(l, NULL, "more than %d shapes", MOST_SHAPES);
    l->c->shapes[l->c->shape_count++] = s;
    if (strcmp(s->name, "doc") == 0)
        keep_doc(l->c, s);
    if (strcmp(s->name, "place") == 0)
        l->c->place = s;
    if (strcmp(s->name, "person") == 0)
        l->c->person = s;
    return KTG_OK;
}

static int read_kinds(struct ktg_loading *l, ktg_node map)
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

static int read_common(struct ktg_loading *l)
{
    static const struct ktg_yaml_key keys[] = {{"envelope", true},
                                               {"person", true},
                                               {"shapes", true},
                                               {"kinds", false},
                                               {"sensitivity", true},
                                               {"quotable", false},
                                               {0}};
    ktg_node root = l->common->root, shapes = ktg_yaml_get(root, "shapes");
    l->name = l->common->shown;
    int rc = ktg_yaml_check_keys(root, l->name, keys, l->err);
    if (rc)
        return rc;
    const char *const *quotable = NULL;
    rc = ktg_load_words(l, root, "quotable", &quotable);
    for (; !rc && quotable && *quotable; quotable++) {
        int sens = ktg_names_find(&l->c->sens, ktg_bytes_str(*quotable));
        if (sens < 0)
            return FAIL(l, ktg_yaml_get(root, "quotable"), "unknown class of sensitivity '%.40s'",
                        *quotable);
        l->c->quotable |= 1u << sens;
    }
    for (size_t i = 0; !rc && shapes->kind == KTG_YAML_MAP && i < shapes->count; i++) {
        const struct ktg_shape *s;
        rc = ktg_load_fields(l, ktg_yaml_text(shapes->keys[i]), shapes->items[i], NULL, false, &s);
        if (!rc)
            rc = shape_keep(l, s);
    }
    const struct {
        const char *key;
        bool sens_needed;
    } blocks[] = {{"person", true}, {"envelope", false}};
    for (size_t i = 0; !rc && i < KTG_COUNT(blocks); i++) {
        const struct ktg_shape *s;
        rc = ktg_load_fields(l, blocks[i].key, ktg_yaml_get(root, blocks[i].key), NULL,
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

static int read_ties(struct ktg_loading *l, ktg_node list, struct ktg_type *t)
{
    static const struct ktg_yaml_key keys[] = {
        {"fields", true}, {"when", false}, {"is", false}, {0}};
    if (!list)
        return KTG_OK;
    if (list->kind != KTG_YAML_LIST)
        return FAIL(l, list, "'ties' takes a list");
    struct ktg_tie_rule *rules = ktg_arena_zalloc(&l->c->arena, (list->count + 1) * sizeof *rules);
    if (!rules)
        return ktg_load_no_memory(l);
    for (size_t i = 0; i < list->count; i++) {
        ktg_node map = list->items[i];
        int rc = ktg_yaml_check_keys(map, l->name, keys, l->err);
        if (rc || (rc = ktg_load_words(l, map, "fields", &rules[i].fields)) ||
            (rc = ktg_load_text(l, map, "when", &rules[i].when)) ||
            (rc = ktg_load_words(l, map, "is", &rules[i].is)))
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

static int read_envelope(struct ktg_loading *l, ktg_node root, struct ktg_type *t)
{
    const char *const *words = NULL;
    int rc = ktg_load_words(l, root, "envelope", &words);
    if (rc || !words)
        return rc;
    if (strcmp(words[0], "retracts") != 0 || words[1])
        return FAIL(l, ktg_yaml_get(root, "envelope"), "'envelope' takes [retracts]");
    t->needs_retracts = true;
    return KTG_OK;
}

static int read_type_file(struct ktg_loading *l, const struct ktg_load_text_file *text,
                          struct ktg_type *t)
{
    static const struct ktg_yaml_key keys[] = {
        {"type", true},        {"title", true},        {"version", false},
        {"from", true},        {"class", false},       {"holder", false},
        {"envelope", false},   {"ties", false},        {"fields", true},
        {"heartbeats", false}, {"absences", false},    {"suspensions", false},
        {"judges", false},     {"retirements", false}, {0}};
    ktg_node root = text->root;
    l->name = text->shown;
    int rc = ktg_yaml_check_keys(root, l->name, keys, l->err);
    const char *version = NULL;
    const char *const *classes = NULL;
    if (rc || (rc = ktg_load_text(l, root, "type", &t->name)) ||
        (rc = ktg_load_title(l, root, &t->title_id, &t->title_en)) ||
        (rc = ktg_load_words(l, root, "from", &t->from)) ||
        (rc = ktg_load_flag(l, root, "holder", &t->holder)) ||
        (rc = ktg_load_flag(l, root, "heartbeats", &t->heartbeats)) ||
        (rc = ktg_load_flag(l, root, "suspensions", &t->suspensions)) ||
        (rc = ktg_load_text(l, root, "judges", &t->judges)) ||
        (rc = ktg_load_flag(l, root, "absences", &t->absences)) ||
        (rc = ktg_load_flag(l, root, "retirements", &t->retirements)) ||
        (rc = ktg_load_words(l, root, "class", &classes)) ||
        (rc = ktg_load_text(l, root, "version", &version)) ||
        (rc = ktg_load_fields(l, t->name, ktg_yaml_get(root, "fields"),
                              t->holder ? l->c->person : NULL, true, &t->data)) ||
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

/* What a type judges is another one. */
static int check_judges(struct ktg_loading *l)
{
    for (size_t i = 0; i < l->text_count; i++) {
        ktg_node n = ktg_yaml_get(l->texts[i].root, "judges");
        l->name = l->texts[i].name;
        if (n && !ktg_catalogue_type(l->c, n->text))
            return FAIL(l, n, "'%.40s' is no type", ktg_yaml_text(n));
    }
    return KTG_OK;
}

static int read_types(struct ktg_loading *l)
{
    struct ktg_catalogue *c = l->c;
    c->types = ktg_arena_zalloc(&c->arena, (l->text_count + 1) * sizeof *c->types);
    c->type_names = ktg_arena_zalloc(&c->arena, (l->text_count + 1) * sizeof *c->type_names);
    if (!c->types || !c->type_names)
        return ktg_load_no_memory(l);
    for (size_t i = 0; i < l->text_count; i++) {
        if (!ktg_yaml_get(l->texts[i].root, "type"))
            continue;
        int rc = read_type_file(l, &l->texts[i], &c->types[c->type_count++]);
        if (rc)
            return rc;
        const char *name = c->types[c->type_count - 1].name;
        for (size_t k = 0; k + 1 < c->type_count; k++) {
            if (strcmp(c->types[k].name, name) == 0)
                return FAIL(l, ktg_yaml_get(l->texts[i].root, "type"),
                            "type '%s' stands in another file too", name);
            if (c->types[k].heartbeats && c->types[c->type_count - 1].heartbeats)
                return FAIL(l, ktg_yaml_get(l->texts[i].root, "heartbeats"),
                            "'%s' stands for heartbeats too; one type does", c->types[k].name);
            if (c->types[k].suspensions && c->types[c->type_count - 1].suspensions)
                return FAIL(l, ktg_yaml_get(l->texts[i].root, "suspensions"),
                            "'%s' stands for suspended rules too; one type does", c->types[k].name);
            if (c->types[k].absences && c->types[c->type_count - 1].absences)
                return FAIL(l, ktg_yaml_get(l->texts[i].root, "absences"),
                            "'%s' stands for absences too; one type does", c->types[k].name);
            if (c->types[k].retirements && c->types[c->type_count - 1].retirements)
                return FAIL(l, ktg_yaml_get(l->texts[i].root, "retirements"),
                            "'%s' stands for retirements too; one type does", c->types[k].name);
        }
    }
    qsort(c->types, c->type_count, sizeof *c->types, by_type_name);
    for (size_t i = 0; i < c->type_count; i++) {
        c->types[i].index = (int)i;
        c->type_names[i] = c->types[i].name;
    }
    return check_judges(l);
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
    return strcmp(((const struct ktg_load_text_file *)a)->name,
                  ((const struct ktg_load_text_file *)b)->name);
}

static int parse_text(struct ktg_loading *l, struct ktg_load_text_file *t)
{
    const struct ktg_yaml_node **roots;
    size_t count;
    int rc =
        ktg_yaml_parse(t->bytes, t->shown, &KTG_YAML_LIMITS, &l->c->arena, &roots, &count, l->err);
    if (rc)
        return rc;
    l->name = t->shown;
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

static int parse_texts(struct ktg_loading *l, const struct ktg_file *files, size_t count)
{
    l->texts = ktg_arena_zalloc(&l->c->arena, (count + 1) * sizeof *l->texts);
    if (!l->texts)
        return ktg_load_no_memory(l);
    for (size_t i = 0; i < count; i++) {
        if (!is_ours(files[i].name))
            continue;
        struct ktg_load_text_file *t = &l->texts[l->text_count++];
        t->bytes = files[i].text;
        struct ktg_bytes shown = ktg_file_shown(&files[i]);
        t->name =
            ktg_arena_strndup(&l->c->arena, (const char *)files[i].name.data, files[i].name.size);
        t->shown = ktg_arena_strndup(&l->c->arena, (const char *)shown.data, shown.size);
        if (!t->name || !t->shown)
            return ktg_load_no_memory(l);
    }
    if (l->text_count)
        qsort(l->texts, l->text_count, sizeof *l->texts, by_name);
    for (size_t i = 0; i < l->text_count; i++) {
        if (i && strcmp(l->texts[i - 1].name, l->texts[i].name) == 0)
            return ktg_err_set(l->err, KTG_EINVALID, "%s: this file is there twice",
                               l->texts[i].shown);
        int rc = parse_text(l, &l->texts[i]);
        if (rc)
            return rc;
    }
    if (!l->common)
        return ktg_err_set(l->err, KTG_EINVALID, "catalogue: _common.yaml is missing");
    return KTG_OK;
}

static int take_hash(struct ktg_loading *l)
{
    struct ktg_bytes *parts =
        ktg_arena_zalloc(&l->c->arena, (4 * l->text_count + 1) * sizeof *parts);
    uint8_t *sizes = ktg_arena_zalloc(&l->c->arena, 16 * l->text_count + 1);
    if (!parts || !sizes)
        return ktg_load_no_memory(l);
    for (size_t i = 0; i < l->text_count; i++) {
        const struct ktg_load_text_file *t = &l->texts[i];
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
    struct ktg_loading l = {.c = c, .err = err};
    int rc = parse_texts(&l, files, count);
    if (rc || (rc = gather_names(&l)) || (rc = ktg_load_code_lists(&l)) || (rc = read_common(&l)) ||
        (rc = read_types(&l)) || (rc = take_hash(&l))) {
        ktg_catalogue_free(c);
        return rc;
    }
    *ret_c = c;
    return KTG_OK;
}
