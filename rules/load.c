/* rules/load.c - rule files into rules: keys, texts and their places; what they mean is compiled later.
 *
 * One table says which keys a document may hold.  Every fault is written to the notes (notes.c) and the reading goes on, so
 * that one check shows all of them.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "rules/phrase.h"
#include "rules/states/asof.h"

static const struct ktg_yaml_key rule_keys[] = {
    {"rule", true},      {"title", false},        {"status", false},
    {"level", false},    {"to", false},           {"owner", false},
    {"legal", false},    {"disproved by", false}, {"falsepositives", false},
    {"weight", false},   {"per", true},           {"each", false},
    {"with", false},     {"let", false},          {"when", false},
    {"unless", false},   {"by", false},           {"moved by", false},
    {"since", false},    {"within", false},       {"where", false},
    {"while", false},    {"until", false},        {"count", false},
    {"at least", false}, {"more than", false},    {"score", false},
    {"together", false}, {"tick", false},         {"update", false},
    {"once per", false}, {"needs", false},        {"about", false},
    {"tests", false},    {"survives", false},     {NULL, false}};
static const struct ktg_yaml_key define_keys[] = {
    {"define", true}, {"with", false}, {"let", false}, {NULL, false}};

static bool name_ok(struct ktg_bytes name)
{
    if (name.size == 0 || name.size > 64)
        return false;
    for (size_t i = 0; i < name.size; i++) {
        uint8_t c = name.data[i];
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'))
            return false;
    }
    return true;
}

/* "rules/B-identity.yaml" and "identity.yaml" are the identity family. */
static bool is_identity_file(const char *file)
{
    const char *slash = strrchr(file, '/'), *base = slash ? slash + 1 : file;
    if (base[0] >= 'A' && base[0] <= 'Z' && base[1] == '-')
        base += 2;
    return !strcmp(base, "identity.yaml");
}

static void note_error(struct ktg_load *l, const struct ktg_err *err)
{
    ktg_buf_printf(&l->notes->text, "%s\n", err->text);
    l->notes->errors++;
}

/* Every key that is not known, not only the first; then whether one is missing. */
static bool keys_ok(struct ktg_load *l, const char *file, const struct ktg_yaml_node *doc,
                    const struct ktg_yaml_key *keys)
{
    struct ktg_err err = KTG_ERR_INIT;
    struct ktg_yaml_key none_needed[KTG_COUNT(rule_keys)] = {{NULL, false}};
    bool ok = true;
    for (size_t t = 0; keys[t].name; t++)
        none_needed[t].name = keys[t].name;
    for (size_t k = 0; k < doc->count; k++) {
        struct ktg_yaml_node one = *doc;
        one.count = 1;
        one.keys = &doc->keys[k];
        one.items = &doc->items[k];
        if (ktg_yaml_check_keys(&one, file, none_needed, &err)) {
            note_error(l, &err);
            ok = false;
        }
    }
    if (ok && ktg_yaml_check_keys(doc, file, keys, &err)) {
        note_error(l, &err);
        ok = false;
    }
    return ok;
}

static void load_define(struct ktg_load *l, const char *file, const struct ktg_yaml_node *doc)
{
    struct ktg_ruleset *rs = l->rs;
    const char *kind = ktg_yaml_text(ktg_yaml_get(doc, "define"));
    if (!kind || ktg_catalogue_kind(rs->catalogue, ktg_bytes_str(kind)) < 0) {
        ktg_load_error(l, file, doc->line, doc->column, "'define' names a kind of subject");
        return;
    }
    struct ktg_define *grown = ktg_load_alloc(l, sizeof *grown * (rs->define_count + 1));
    if (!grown)
        return;
    if (rs->define_count)
        memcpy(grown, rs->defines, sizeof *grown * rs->define_count);
    grown[rs->define_count++] = (struct ktg_define){kind, file, doc->line, doc};
    rs->defines = grown;
}

/* The rule with its name and place; what it says is read when all are known. */
static void load_rule(struct ktg_load *l, const char *file, const struct ktg_yaml_node *doc)
{
    struct ktg_ruleset *rs = l->rs;
    const struct ktg_yaml_node *name = ktg_yaml_get(doc, "rule");
    bool twice = false;
    if (name->kind != KTG_YAML_SCALAR || !name_ok(name->text)) {
        ktg_load_error(l, file, name->line, name->column,
                       "a rule's name is made of a-z, 0-9 and -");
        return;
    }
    for (size_t k = 0; k < rs->count; k++)
        if (ktg_bytes_is(name->text, rs->rules[k]->name)) {
            ktg_load_error(l, file, name->line, name->column, "rule '%s' stands twice: also %s:%d",
                           rs->rules[k]->name, rs->rules[k]->file, rs->rules[k]->line);
            twice = true;
        }
    if (!twice && rs->count == KTG_MAX_RULES) {
        ktg_load_error(l, file, doc->line, doc->column, "more than %d rules", KTG_MAX_RULES);
        return;
    }
    struct ktg_rule *r = twice ? NULL : ktg_load_alloc(l, sizeof *r);
    if (!r)
        return;
    r->name = (const char *)name->text.data;
    r->file = file;
    r->line = doc->line;
    r->rs = rs;
    r->identity = is_identity_file(file);
    r->doc = doc;
    rs->rules[rs->count++] = r;
}

void ktg_load_rules(struct ktg_load *l, const struct ktg_file *file)
{
    struct ktg_arena *arena = &l->rs->arena;
    struct ktg_err err = KTG_ERR_INIT;
    const struct ktg_yaml_node **roots = NULL;
    size_t count = 0;
    struct ktg_bytes shown = ktg_file_shown(file);
    char *name = ktg_arena_strndup(arena, (const char *)shown.data, shown.size);
    int code = name
                   ? ktg_yaml_parse(file->text, name, &KTG_YAML_LIMITS, arena, &roots, &count, &err)
                   : KTG_ENOMEM;
    if (code == KTG_ENOMEM)
        l->code = code;
    else if (code)
        note_error(l, &err);
    for (size_t i = 0; !code && !l->code && i < count; i++) {
        const struct ktg_yaml_node *doc = roots[i];
        bool define = ktg_yaml_get(doc, "define") != NULL;
        if (doc->kind != KTG_YAML_MAP || (!define && !ktg_yaml_get(doc, "rule")))
            ktg_load_error(l, name, doc->line, doc->column,
                           "a document is a 'rule:' or a 'define:'");
        else if (!keys_ok(l, name, doc, define ? define_keys : rule_keys))
            continue;
        else if (define)
            load_define(l, name, doc);
        else
            load_rule(l, name, doc);
    }
}

void ktg_load_finish(struct ktg_load *l)
{
    for (size_t i = 0; i < l->rs->count && !l->code; i++)
        ktg_load_rule(l, l->rs->rules[i], l->rs->rules[i]->doc);
}
