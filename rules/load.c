/* rules/load.c - rule files into rules: keys, texts and their places; what they mean is compiled later.
 *
 * One table says which keys a document may hold.  Every fault is written to the notes with its place and the reading goes on,
 * so that one check shows all of them.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>

#include "rules/phrase.h"
#include "rules/states/asof.h"

static const struct ktg_yaml_key rule_keys[] = {{"rule", true},
                                                {"title", false},
                                                {"status", false},
                                                {"level", false},
                                                {"to", false},
                                                {"legal", false},
                                                {"disproved by", false},
                                                {"falsepositives", false},
                                                {"weight", false},
                                                {"per", true},
                                                {"each", false},
                                                {"with", false},
                                                {"let", false},
                                                {"when", false},
                                                {"unless", false},
                                                {"by", false},
                                                {"moved by", false},
                                                {"since", false},
                                                {"within", false},
                                                {"where", false},
                                                {"while", false},
                                                {"until", false},
                                                {"count", false},
                                                {"at least", false},
                                                {"more than", false},
                                                {"score", false},
                                                {"together", false},
                                                {"tick", false},
                                                {"update", false},
                                                {"once per", false},
                                                {"needs", false},
                                                {"about", false},
                                                {"tests", false},
                                                {"survives", false},
                                                {NULL, false}};
static const struct ktg_yaml_key define_keys[] = {
    {"define", true}, {"with", false}, {"let", false}, {NULL, false}};

__attribute__((format(printf, 6, 0))) static void note(struct ktg_load *l, const char *what,
                                                       const char *file, int line, int column,
                                                       const char *format, va_list ap)
{
    struct ktg_buf *b = &l->notes->text;
    ktg_buf_printf(b, "%s:%d:%d: %s: ", file, line, column, what);
    ktg_buf_vprintf(b, format, ap);
    ktg_buf_put_u8(b, '\n');
    if (b->bad)
        l->code = KTG_ENOMEM;
}

void ktg_load_error(struct ktg_load *l, const char *file, int line, int column, const char *format,
                    ...)
{
    va_list ap;
    va_start(ap, format);
    note(l, "error", file, line, column, format, ap);
    va_end(ap);
    l->notes->errors++;
}

void ktg_load_warning(struct ktg_load *l, const char *file, int line, int column,
                      const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    note(l, "warning", file, line, column, format, ap);
    va_end(ap);
    l->notes->warnings++;
}

void ktg_rule_error(struct ktg_load *l, struct ktg_rule *r, const struct ktg_phrase *at,
                    const char *format, ...)
{
    va_list ap;
    char text[600];
    va_start(ap, format);
    vsnprintf(text, sizeof text, format, ap);
    va_end(ap);
    r->broken = true;
    if (at && at->line)
        ktg_load_error(l, at->file, at->line, at->column, "%s", text);
    else
        ktg_load_error(l, r->file, r->line, 1, "%s", text);
}

bool ktg_load_line_has_comment(const struct ktg_load *l, const struct ktg_phrase *at)
{
    for (size_t i = 0; i < l->file_count; i++) {
        if (!ktg_bytes_is(l->files[i].name, at->file))
            continue;
        struct ktg_bytes t = l->files[i].text;
        int line = 1;
        for (size_t k = 0; k < t.size && line <= at->line; k++) {
            if (t.data[k] == '\n')
                line++;
            else if (line == at->line && t.data[k] == '#' && k > 0 && t.data[k - 1] == ' ')
                return true;
        }
    }
    return false;
}

void *ktg_load_alloc(struct ktg_load *l, size_t size)
{
    void *p = ktg_arena_zalloc(&l->rs->arena, size);
    if (!p)
        l->code = KTG_ENOMEM;
    return p;
}

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

void ktg_load_rules(struct ktg_load *l, const struct ktg_file *file)
{
    struct ktg_ruleset *rs = l->rs;
    struct ktg_err err = KTG_ERR_INIT;
    const struct ktg_yaml_node **roots = NULL;
    size_t count = 0;
    char *name = ktg_arena_strndup(&rs->arena, (const char *)file->name.data, file->name.size);
    if (!name) {
        l->code = KTG_ENOMEM;
        return;
    }
    int code = ktg_yaml_parse(file->text, name, &KTG_YAML_LIMITS, &rs->arena, &roots, &count, &err);
    if (code == KTG_ENOMEM) {
        l->code = code;
        return;
    }
    if (code) {
        ktg_buf_printf(&l->notes->text, "%s\n", err.text);
        l->notes->errors++;
        return;
    }
    for (size_t i = 0; i < count; i++) {
        const struct ktg_yaml_node *doc = roots[i];
        bool define = ktg_yaml_get(doc, "define") != NULL;
        if (doc->kind != KTG_YAML_MAP || (!define && !ktg_yaml_get(doc, "rule"))) {
            ktg_load_error(l, name, doc->line, doc->column,
                           "a document is a 'rule:' or a 'define:'");
            continue;
        }
        bool wrong = false;
        for (size_t k = 0; k < doc->count; k++) { /* every unknown key, not only the first */
            const struct ktg_yaml_key *keys = define ? define_keys : rule_keys;
            struct ktg_yaml_node one = *doc;
            const struct ktg_yaml_node *key = doc->keys[k], *value = doc->items[k];
            size_t at = 0;
            while (keys[at].name && !ktg_bytes_is(key->text, keys[at].name))
                at++;
            if (keys[at].name)
                continue;
            struct ktg_yaml_key table[KTG_COUNT(rule_keys)];
            memset(table, 0, sizeof table);
            for (size_t t = 0; keys[t].name; t++)
                table[t].name = keys[t].name;
            one.count = 1;
            one.keys = &key;
            one.items = &value;
            if (ktg_yaml_check_keys(&one, name, table, &err)) {
                ktg_buf_printf(&l->notes->text, "%s\n", err.text);
                l->notes->errors++;
                wrong = true;
            }
        }
        if (!wrong && ktg_yaml_check_keys(doc, name, define ? define_keys : rule_keys, &err)) {
            ktg_buf_printf(&l->notes->text, "%s\n", err.text);
            l->notes->errors++;
            wrong = true;
        }
        if (wrong)
            continue;
        if (define) {
            const char *kind = ktg_yaml_text(ktg_yaml_get(doc, "define"));
            if (!kind || ktg_catalogue_kind(rs->catalogue, ktg_bytes_str(kind)) < 0) {
                ktg_load_error(l, name, doc->line, doc->column, "'define' names a kind of subject");
                continue;
            }
            struct ktg_define *grown = ktg_load_alloc(l, sizeof *grown * (rs->define_count + 1));
            if (!grown)
                return;
            if (rs->define_count)
                memcpy(grown, rs->defines, sizeof *grown * rs->define_count);
            grown[rs->define_count++] = (struct ktg_define){kind, name, doc->line, doc};
            rs->defines = grown;
            continue;
        }
        const struct ktg_yaml_node *rule_name = ktg_yaml_get(doc, "rule");
        if (rule_name->kind != KTG_YAML_SCALAR || !name_ok(rule_name->text)) {
            ktg_load_error(l, name, rule_name->line, rule_name->column,
                           "a rule's name is made of a-z, 0-9 and -");
            continue;
        }
        if (rs->count == KTG_MAX_RULES) {
            ktg_load_error(l, name, doc->line, doc->column, "more than %d rules", KTG_MAX_RULES);
            return;
        }
        for (size_t k = 0; k < rs->count; k++)
            if (ktg_bytes_is(rule_name->text, rs->rules[k]->name)) {
                ktg_load_error(l, name, rule_name->line, rule_name->column,
                               "rule '%s' stands twice: also %s:%d", rs->rules[k]->name,
                               rs->rules[k]->file, rs->rules[k]->line);
                wrong = true;
            }
        struct ktg_rule *r = wrong ? NULL : ktg_load_alloc(l, sizeof *r);
        if (!r)
            continue;
        r->name = (const char *)rule_name->text.data;
        r->file = name;
        r->line = doc->line;
        r->rs = rs;
        r->identity = is_identity_file(name);
        r->doc = doc;
        rs->rules[rs->count++] = r;
    }
}

void ktg_load_finish(struct ktg_load *l)
{
    for (size_t i = 0; i < l->rs->count && !l->code; i++)
        ktg_load_rule(l, l->rs->rules[i], l->rs->rules[i]->doc);
}
