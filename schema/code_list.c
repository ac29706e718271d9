/* schema/code_list.c - the code lists of a catalogue: files with the key `codes`.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdlib.h>

#include "schema/catalogue_parts.h"

#define FAIL KTG_LOAD_FAIL

static int read_entry(struct ktg_loading *l, ktg_node map, struct ktg_code_entry *e)
{
    static const struct ktg_yaml_key keys[] = {{"code", true},  {"id", true},        {"en", true},
                                               {"same", false}, {"district", false}, {"lat", false},
                                               {"lon", false},  {"offset", false},   {0}};
    const char *offset = NULL;
    int rc = ktg_yaml_check_keys(map, l->name, keys, l->err);
    if (rc || (rc = ktg_load_text(l, map, "code", &e->code)) ||
        (rc = ktg_load_text(l, map, "id", &e->id)) || (rc = ktg_load_text(l, map, "en", &e->en)) ||
        (rc = ktg_load_text(l, map, "same", &e->same)) ||
        (rc = ktg_load_text(l, map, "district", &e->district)) ||
        (rc = ktg_load_text(l, map, "lat", &e->lat)) ||
        (rc = ktg_load_text(l, map, "lon", &e->lon)) ||
        (rc = ktg_load_text(l, map, "offset", &offset)))
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

static int read_list_file(struct ktg_loading *l, const struct ktg_load_text_file *text)
{
    static const struct ktg_yaml_key keys[] = {
        {"codes", true}, {"title", true}, {"entries", true}, {0}};
    ktg_node root = text->root, entries = ktg_yaml_get(root, "entries");
    const char *name = NULL, *title_id = NULL, *title_en = NULL;
    l->name = text->name;
    int rc = ktg_yaml_check_keys(root, l->name, keys, l->err);
    if (rc || (rc = ktg_load_text(l, root, "codes", &name)) ||
        (rc = ktg_load_title(l, root, &title_id, &title_en)))
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
        return ktg_load_no_memory(l);
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

int ktg_load_code_lists(struct ktg_loading *l)
{
    l->c->lists = ktg_arena_zalloc(&l->c->arena, (l->text_count + 1) * sizeof *l->c->lists);
    if (!l->c->lists)
        return ktg_load_no_memory(l);
    for (size_t i = 0; i < l->text_count; i++) {
        int rc = ktg_yaml_get(l->texts[i].root, "codes") ? read_list_file(l, &l->texts[i]) : KTG_OK;
        if (rc)
            return rc;
    }
    if (l->c->list_count)
        qsort(l->c->lists, l->c->list_count, sizeof *l->c->lists, by_list_name);
    return KTG_OK;
}
