/* rules/reference.c - reference lists and settings: what answers read besides events.
 *
 *   lists/X.yaml     NAME: [word, {id: word, from: 2026-01-01, until: 2026-12-31}, ...]      both days count
 *   settings.yaml    NAME: value      or   NAME: {value: 60, unit: days, note: "..."}
 *   local.yaml       settings: {...}  lists: {...}      replace what was shipped, by name
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdlib.h>

#include "rules/model.h"

struct doc {
    const struct ktg_yaml_node **roots;
    size_t count;
    char *name;
};

static bool open_doc(struct ktg_load *l, const struct ktg_file *file, struct doc *d)
{
    struct ktg_err err = KTG_ERR_INIT;
    struct ktg_bytes shown = ktg_file_shown(file);
    d->name = ktg_arena_strndup(&l->rs->arena, (const char *)shown.data, shown.size);
    if (!d->name) {
        l->code = KTG_ENOMEM;
        return false;
    }
    int code = ktg_yaml_parse(file->text, d->name, &KTG_YAML_LIMITS, &l->rs->arena, &d->roots,
                              &d->count, &err);
    if (code == KTG_ENOMEM)
        l->code = code;
    if (code == KTG_EINVALID) {
        ktg_buf_printf(&l->notes->text, "%s\n", err.text);
        l->notes->errors++;
    }
    return code == KTG_OK;
}

static bool date_in(struct ktg_load *l, const char *file, const struct ktg_yaml_node *n,
                    ktg_date *to)
{
    if (!n)
        return true;
    if (n->kind == KTG_YAML_SCALAR && ktg_date_parse(n->text, to) == KTG_OK)
        return true;
    ktg_load_error(l, file, n->line, n->column, "a day is written 2026-03-31");
    return false;
}

static int by_word(const void *a, const void *b)
{
    const struct ktg_list_entry *x = a, *y = b;
    int c = ktg_bytes_cmp(x->word, y->word);
    if (c)
        return c;
    return x->from != y->from ? (x->from > y->from) - (x->from < y->from)
                              : (x->until > y->until) - (x->until < y->until);
}

static bool read_list(struct ktg_load *l, const char *file, const struct ktg_yaml_node *n,
                      struct ktg_list *to)
{
    static const struct ktg_yaml_key keys[] = {
        {"id", true}, {"from", false}, {"until", false}, {NULL, false}};
    if (n->kind != KTG_YAML_LIST) {
        ktg_load_error(l, file, n->line, n->column, "a list is [word, {id, from, until}, ...]");
        return false;
    }
    to->entries = ktg_load_alloc(l, sizeof *to->entries * (n->count + 1));
    if (!to->entries)
        return false;
    for (size_t i = 0; i < n->count; i++) {
        const struct ktg_yaml_node *e = n->items[i];
        struct ktg_list_entry *entry = &to->entries[to->count];
        struct ktg_err err = KTG_ERR_INIT;
        *entry = (struct ktg_list_entry){KTG_BYTES_NONE, INT32_MIN, INT32_MAX};
        if (e->kind == KTG_YAML_SCALAR) {
            entry->word = e->text;
        } else if (e->kind == KTG_YAML_MAP && ktg_yaml_check_keys(e, file, keys, &err) == KTG_OK &&
                   ktg_yaml_get(e, "id")->kind == KTG_YAML_SCALAR) {
            entry->word = ktg_yaml_get(e, "id")->text;
            if (!date_in(l, file, ktg_yaml_get(e, "from"), &entry->from) ||
                !date_in(l, file, ktg_yaml_get(e, "until"), &entry->until))
                return false;
            to->dated |= e->count > 1;
        } else {
            ktg_load_error(l, file, e->line, e->column, "an entry is a word or {id, from, until}");
            return false;
        }
        to->count++;
    }
    qsort(to->entries, to->count, sizeof *to->entries, by_word);
    return true;
}

static void put_list(struct ktg_load *l, const char *file, const struct ktg_yaml_node *key,
                     const struct ktg_yaml_node *n, bool replace)
{
    struct ktg_ruleset *rs = l->rs;
    struct ktg_list list = {.name = key->text}, *at = NULL;
    if (!read_list(l, file, n, &list))
        return;
    for (size_t i = 0; i < rs->list_count; i++)
        if (ktg_bytes_eq(rs->lists[i].name, list.name))
            at = &rs->lists[i];
    if (at && !replace) {
        ktg_load_error(l, file, key->line, key->column, "list '%.*s' stands twice",
                       (int)key->text.size, (const char *)key->text.data);
        return;
    }
    if (!at) {
        struct ktg_list *grown = ktg_load_alloc(l, sizeof *grown * (rs->list_count + 1));
        if (!grown)
            return;
        if (rs->list_count)
            memcpy(grown, rs->lists, sizeof *grown * rs->list_count);
        rs->lists = grown;
        at = &rs->lists[rs->list_count++];
    }
    *at = list;
}

static bool is_int(struct ktg_bytes t, int64_t *to)
{
    size_t i = t.size && t.data[0] == '-' ? 1 : 0;
    int64_t v = 0;
    if (i == t.size || t.size > 18)
        return false;
    for (; i < t.size; i++) {
        if (t.data[i] < '0' || t.data[i] > '9')
            return false;
        v = v * 10 + (t.data[i] - '0');
    }
    *to = t.data[0] == '-' ? -v : v;
    return true;
}

static void put_setting(struct ktg_load *l, const char *file, const struct ktg_yaml_node *key,
                        const struct ktg_yaml_node *n, bool replace)
{
    static const struct ktg_yaml_key keys[] = {
        {"value", true}, {"unit", false}, {"note", false}, {NULL, false}};
    struct ktg_ruleset *rs = l->rs;
    struct ktg_setting s = {.name = key->text}, *at = NULL;
    struct ktg_err err = KTG_ERR_INIT;
    const struct ktg_yaml_node *value = n;
    if (n->kind == KTG_YAML_MAP) {
        if (ktg_yaml_check_keys(n, file, keys, &err)) {
            ktg_buf_printf(&l->notes->text, "%s\n", err.text);
            l->notes->errors++;
            return;
        }
        value = ktg_yaml_get(n, "value");
        s.unit = ktg_yaml_text(ktg_yaml_get(n, "unit"));
        s.note = ktg_yaml_text(ktg_yaml_get(n, "note"));
    }
    if (value->kind != KTG_YAML_SCALAR) {
        ktg_load_error(l, file, n->line, n->column,
                       "a setting is one value, or {value, unit, note}");
        return;
    }
    int64_t i;
    if (is_int(value->text, &i)) {
        s.value.kind = KTG_CEL_INT;
        s.value.i = i;
    } else if (ktg_bytes_is(value->text, "true") || ktg_bytes_is(value->text, "false")) {
        s.value.kind = KTG_CEL_BOOL;
        s.value.b = value->text.size == 4;
    } else {
        s.value.kind = KTG_CEL_STRING;
        s.value.s = value->text;
    }
    for (size_t k = 0; k < rs->setting_count; k++)
        if (ktg_bytes_eq(rs->settings[k].name, s.name))
            at = &rs->settings[k];
    if (at && !replace) {
        ktg_load_error(l, file, key->line, key->column, "setting '%.*s' stands twice",
                       (int)key->text.size, (const char *)key->text.data);
        return;
    }
    if (!at) {
        struct ktg_setting *grown = ktg_load_alloc(l, sizeof *grown * (rs->setting_count + 1));
        if (!grown)
            return;
        if (rs->setting_count)
            memcpy(grown, rs->settings, sizeof *grown * rs->setting_count);
        rs->settings = grown;
        at = &rs->settings[rs->setting_count++];
    } else {
        s.unit = at->unit;
        s.note = at->note;
    }
    *at = s;
}

static void each_pair(struct ktg_load *l, const char *file, const struct ktg_yaml_node *map,
                      bool replace,
                      void (*put)(struct ktg_load *, const char *, const struct ktg_yaml_node *,
                                  const struct ktg_yaml_node *, bool))
{
    if (!map)
        return;
    if (map->kind != KTG_YAML_MAP) {
        ktg_load_error(l, file, map->line, map->column, "a map NAME: value is wanted");
        return;
    }
    for (size_t i = 0; i < map->count; i++)
        put(l, file, map->keys[i], map->items[i], replace);
}

void ktg_load_lists(struct ktg_load *l, const struct ktg_file *file)
{
    struct doc d = {NULL, 0, NULL};
    if (open_doc(l, file, &d))
        for (size_t i = 0; i < d.count; i++)
            each_pair(l, d.name, d.roots[i], false, put_list);
}

void ktg_load_settings(struct ktg_load *l, const struct ktg_file *file)
{
    struct doc d = {NULL, 0, NULL};
    if (open_doc(l, file, &d))
        for (size_t i = 0; i < d.count; i++)
            each_pair(l, d.name, d.roots[i], false, put_setting);
}

void ktg_load_local(struct ktg_load *l, const struct ktg_file *file)
{
    static const struct ktg_yaml_key keys[] = {
        {"settings", false}, {"lists", false}, {NULL, false}};
    struct doc d = {NULL, 0, NULL};
    if (!open_doc(l, file, &d))
        return;
    for (size_t i = 0; i < d.count; i++) {
        struct ktg_err err = KTG_ERR_INIT;
        if (ktg_yaml_check_keys(d.roots[i], d.name, keys, &err)) {
            ktg_buf_printf(&l->notes->text, "%s\n", err.text);
            l->notes->errors++;
            continue;
        }
        each_pair(l, d.name, ktg_yaml_get(d.roots[i], "settings"), true, put_setting);
        each_pair(l, d.name, ktg_yaml_get(d.roots[i], "lists"), true, put_list);
    }
}

static int lists_by_name(const void *a, const void *b)
{
    return ktg_bytes_cmp(((const struct ktg_list *)a)->name, ((const struct ktg_list *)b)->name);
}
static int settings_by_name(const void *a, const void *b)
{
    return ktg_bytes_cmp(((const struct ktg_setting *)a)->name,
                         ((const struct ktg_setting *)b)->name);
}

void ktg_load_reference_sort(struct ktg_load *l)
{
    struct ktg_ruleset *rs = l->rs;
    if (rs->list_count)
        qsort(rs->lists, rs->list_count, sizeof *rs->lists, lists_by_name);
    if (rs->setting_count)
        qsort(rs->settings, rs->setting_count, sizeof *rs->settings, settings_by_name);
    for (size_t i = 0; i < rs->list_count; i++)
        rs->dated_lists |= rs->lists[i].dated;
}

const struct ktg_list *ktg_ruleset_list(const struct ktg_ruleset *rs, struct ktg_bytes name)
{
    struct ktg_list key = {.name = name};
    return rs->list_count ? bsearch(&key, rs->lists, rs->list_count, sizeof key, lists_by_name)
                          : NULL;
}

const struct ktg_setting *ktg_ruleset_setting(const struct ktg_ruleset *rs, struct ktg_bytes name)
{
    struct ktg_setting key = {.name = name};
    return rs->setting_count
               ? bsearch(&key, rs->settings, rs->setting_count, sizeof key, settings_by_name)
               : NULL;
}

int64_t ktg_ruleset_number(const struct ktg_ruleset *rs, struct ktg_bytes name, int64_t otherwise)
{
    const struct ktg_setting *s = ktg_ruleset_setting(rs, name);
    return s && s->value.kind == KTG_CEL_INT ? s->value.i : otherwise;
}
