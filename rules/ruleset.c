/* rules/ruleset.c - from the texts of a bundle to rules that can be answered; and what the engine asks of them.
 *
 *   sort by name ─> catalogue ─> lists, settings ─> rule documents ─> strata ─> compile, from below ─> check
 * SPDX-License-Identifier: Apache-2.0
 */
#include "rules/ruleset.h"

#include <stdlib.h>

#include "rules/model.h"

enum {
    LOADED_AS_CATALOGUE,
    LOADED_AS_RULES,
    LOADED_AS_LISTS,
    LOADED_AS_SETTINGS,
    LOADED_AS_LOCAL,
    LEFT_TO_OTHERS, /* no rule reads it: it is in no hash */
    NOT_KNOWN
};
static const struct {
    const char *prefix;
    int as;
} places[] = {{"events/", LOADED_AS_CATALOGUE},      {"codes/", LOADED_AS_CATALOGUE},
              {"rules/", LOADED_AS_RULES},           {"lists/", LOADED_AS_LISTS},
              {"settings.yaml", LOADED_AS_SETTINGS}, {"local.yaml", LOADED_AS_LOCAL},
              {"agencies.yaml", LEFT_TO_OTHERS},     {KTG_BUNDLE_OWN, LEFT_TO_OTHERS}};

static int place_of(struct ktg_bytes name)
{
    for (size_t i = 0; i < KTG_COUNT(places); i++) {
        size_t n = strlen(places[i].prefix);
        bool folder = places[i].prefix[n - 1] == '/';
        if (name.size >= n && memcmp(name.data, places[i].prefix, n) == 0 &&
            (folder || name.size == n))
            return places[i].as;
    }
    return NOT_KNOWN;
}

static int by_name(const void *a, const void *b)
{
    return ktg_bytes_cmp(((const struct ktg_file *)a)->name, ((const struct ktg_file *)b)->name);
}

static struct ktg_hash hash_files(const struct ktg_file *files, size_t count, int *ret_code)
{
    struct ktg_hash none = {{0}};
    struct ktg_bytes *parts = ktg_calloc(4 * count + 1, sizeof *parts);
    uint8_t(*sizes)[16] = ktg_calloc(count + 1, sizeof *sizes);
    if (!parts || !sizes) {
        *ret_code = KTG_ENOMEM;
    } else {
        size_t n = 0;
        for (size_t i = 0; i < count; i++) {
            if (place_of(files[i].name) == LEFT_TO_OTHERS)
                continue;
            ktg_put_le64(sizes[i], files[i].name.size);
            ktg_put_le64(sizes[i] + 8, files[i].text.size);
            parts[n++] = ktg_bytes(sizes[i], 16);
            parts[n++] = files[i].name;
            parts[n++] = files[i].text;
        }
        none = ktg_blake2b(parts, n);
    }
    ktg_free(parts);
    ktg_free(sizes);
    return none;
}

/* A rule's version: its document, what its names may come from, and the catalogue it reads. */
static void hash_rule(const struct ktg_ruleset *rs, struct ktg_rule *r,
                      const struct ktg_file *files, size_t count)
{
    struct ktg_bytes text = KTG_BYTES_NONE;
    for (size_t i = 0; i < count; i++)
        if (ktg_bytes_is(ktg_file_shown(&files[i]), r->file))
            text = files[i].text;
    /* the lines of the document: from its line to the next "---" */
    size_t from = 0, end;
    for (int line = 1; from < text.size && line < r->line; from++)
        line += text.data[from] == '\n';
    for (end = from; end < text.size; end++)
        if ((end == 0 || text.data[end - 1] == '\n') && text.size - end >= 3 &&
            memcmp(text.data + end, "---", 3) == 0)
            break;
    struct ktg_bytes parts[64];
    size_t n = 0;
    parts[n++] = ktg_bytes(text.data + from, end - from);
    for (size_t i = 0; i < r->with_count && n < 60; i++)
        if (r->withs[i].shared)
            parts[n++] = r->withs[i].text.text;
    for (size_t i = 0; i < r->let_count && n < 60; i++)
        if (r->lets[i].shared)
            parts[n++] = r->lets[i].text.text;
    struct ktg_hash c = ktg_catalogue_hash(rs->catalogue);
    parts[n++] = ktg_bytes(c.b, sizeof c.b);
    ktg_blake2b_128(parts, n, r->hash);
}

static int by_rule_name(const void *x, const void *y)
{
    return strcmp((*(struct ktg_rule *const *)x)->name, (*(struct ktg_rule *const *)y)->name);
}

static void sort_names(struct ktg_load *l)
{
    struct ktg_ruleset *rs = l->rs;
    if (!(rs->by_name = ktg_load_alloc(l, (rs->count + 1) * sizeof(struct ktg_rule *))))
        return;
    memcpy(rs->by_name, rs->rules, rs->count * sizeof(struct ktg_rule *));
    qsort(rs->by_name, rs->count, sizeof(struct ktg_rule *), by_rule_name);
}

static void load_all(struct ktg_load *l, const struct ktg_file *files, size_t count)
{
    struct ktg_ruleset *rs = l->rs;
    for (size_t i = 0; i < count; i++) {
        switch (place_of(files[i].name)) {
        case LOADED_AS_LISTS:
            ktg_load_lists(l, &files[i]);
            break;
        case LOADED_AS_SETTINGS:
            ktg_load_settings(l, &files[i]);
            break;
        case LOADED_AS_RULES:
            ktg_load_rules(l, &files[i]);
            break;
        case NOT_KNOWN:
            ktg_buf_put_bytes(&l->notes->text, ktg_file_shown(&files[i]));
            ktg_buf_put_str(&l->notes->text, ":1:1: error: a file of a bundle is events/X.yaml, "
                                             "codes/X.yaml, rules/X.yaml, lists/X.yaml, "
                                             "settings.yaml or local.yaml\n");
            l->notes->errors++;
            break;
        default:
            break;
        }
    }
    for (size_t i = 0; i < count; i++)
        if (place_of(files[i].name) == LOADED_AS_LOCAL)
            ktg_load_local(l, &files[i]);
    ktg_load_reference_sort(l);
    if (l->code)
        return;
    ktg_load_finish(l);
    if (l->code || !ktg_load_strata(l))
        return;
    for (size_t i = 0; i < rs->count && !l->code; i++)
        ktg_rule_compile(l, rs->rules[i]);
    ktg_ruleset_traits_ready(l);
    sort_names(l);
    for (size_t i = 0; i < rs->count && !l->code; i++) {
        ktg_rule_check(l, rs->rules[i]);
        hash_rule(rs, rs->rules[i], files, count);
        const struct ktg_rule *r = rs->rules[i];
        for (size_t k = 0; rs->cell_kind >= 0 && r->reads_rules && k < rs->count; k++)
            rs->cell_read |= (r->kinds >> rs->cell_kind & 1) && r->reads_rules[k];
    }
}

static bool keep_bytes(struct ktg_arena *a, struct ktg_bytes from, struct ktg_bytes *to)
{
    char *copy = ktg_arena_strndup(a, from.size ? (const char *)from.data : "", from.size);
    *to = copy ? ktg_bytes(copy, from.size) : KTG_BYTES_NONE;
    return copy;
}

static bool keep_file(struct ktg_arena *a, const struct ktg_file *from, struct ktg_file *to)
{
    return keep_bytes(a, from->name, &to->name) && keep_bytes(a, from->text, &to->text) &&
           keep_bytes(a, from->path, &to->path);
}

int ktg_ruleset_compile(const struct ktg_file *given, size_t count, struct ktg_ruleset **ret_rs,
                        struct ktg_notes *notes, struct ktg_err *err)
{
    struct ktg_load l = {.notes = notes};
    int rc = KTG_OK;
    struct ktg_file *files = ktg_calloc(count + 1, sizeof *files);
    struct ktg_file *catalogue = ktg_calloc(count + 1, sizeof *catalogue);
    struct ktg_ruleset *rs = ktg_zalloc(sizeof *rs);
    size_t catalogue_count = 0;
    if (!files || !catalogue || !rs) {
        rc = ktg_err_set(err, KTG_ENOMEM, "rules: out of memory");
        goto out;
    }
    rs->person_kind = rs->cell_kind = -1;
    /* the set keeps its own copy of the texts: phrases and titles point into them */
    for (size_t i = 0; i < count; i++) {
        if (!keep_file(&rs->arena, &given[i], &files[i])) {
            rc = ktg_err_set(err, KTG_ENOMEM, "rules: out of memory");
            goto out;
        }
    }
    qsort(files, count, sizeof *files, by_name);
    for (size_t i = 0; i < count; i++)
        if (place_of(files[i].name) == LOADED_AS_CATALOGUE)
            catalogue[catalogue_count++] = files[i];
    struct ktg_err why = KTG_ERR_INIT;
    rc = ktg_catalogue_load(catalogue, catalogue_count, &rs->catalogue, &why);
    if (rc) {
        if (rc == KTG_EINVALID) {
            ktg_buf_printf(&notes->text, "%s\n", why.text);
            notes->errors++;
        }
        rc = ktg_err_set(err, rc, "rules: %s", why.text);
        goto out;
    }
    rs->rules = ktg_arena_zalloc(&rs->arena, sizeof(struct ktg_rule *) * KTG_MAX_RULES);
    rs->hash = hash_files(files, count, &rc);
    if (!rs->rules || rc) {
        rc = ktg_err_set(err, KTG_ENOMEM, "rules: out of memory");
        goto out;
    }
    rs->person_kind = ktg_catalogue_kind(rs->catalogue, KTG_LIT("person"));
    rs->cell_kind = ktg_catalogue_kind(rs->catalogue, KTG_LIT("cell"));
    rs->traits = ktg_arena_zalloc(&rs->arena, (ktg_catalogue_type_count(rs->catalogue) + 1) *
                                                  sizeof *rs->traits);
    rs->judging = ktg_arena_zalloc(&rs->arena, (ktg_catalogue_type_count(rs->catalogue) + 1) *
                                                   sizeof *rs->judging);
    if (!rs->traits || !rs->judging) {
        rc = ktg_err_set(err, KTG_ENOMEM, "rules: out of memory");
        goto out;
    }
    rs->place = ktg_catalogue_shape(rs->catalogue, "place");
    l.rs = rs;
    l.files = files;
    l.file_count = count;
    load_all(&l, files, count);
    rc = l.code ? ktg_err_set(err, l.code, "rules: out of memory") : KTG_OK;
    if (!rc && notes->text.bad)
        rc = ktg_err_set(err, KTG_ENOMEM, "rules: out of memory");
    if (!rc && notes->errors) {
        const char *text = ktg_buf_text(&notes->text), *end = strchr(text, '\n');
        rc = ktg_err_set(err, KTG_EINVALID, "rules: %zu error%s; the first: %.*s", notes->errors,
                         notes->errors == 1 ? "" : "s", end ? (int)(end - text) : 0, text);
    }
    if (!rc) {
        *ret_rs = rs;
        rs = NULL;
    }
out:
    ktg_free(files);
    ktg_free(catalogue);
    ktg_ruleset_free(rs);
    return rc;
}

struct ktg_ruleset *ktg_ruleset_free(struct ktg_ruleset *rs)
{
    if (!rs)
        return NULL;
    if (rs->sharers) {
        rs->sharers--;
        return NULL;
    }
    ktg_catalogue_free(rs->catalogue);
    ktg_arena_done(&rs->arena);
    ktg_free(rs);
    return NULL;
}

struct ktg_ruleset *ktg_ruleset_share(struct ktg_ruleset *rs)
{
    rs->sharers++;
    return rs;
}

struct ktg_hash ktg_ruleset_hash(const struct ktg_ruleset *rs)
{
    return rs->hash;
}
const struct ktg_catalogue *ktg_ruleset_catalogue(const struct ktg_ruleset *rs)
{
    return rs->catalogue;
}
size_t ktg_ruleset_count(const struct ktg_ruleset *rs)
{
    return rs->count;
}
const struct ktg_rule *ktg_ruleset_rule(const struct ktg_ruleset *rs, size_t i)
{
    return i < rs->count ? rs->rules[i] : NULL;
}

const struct ktg_rule *ktg_ruleset_find(const struct ktg_ruleset *rs, struct ktg_bytes name)
{
    size_t lo = 0, hi = rs->count;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        int c = ktg_bytes_cmp_str(name, rs->by_name[mid]->name);
        if (!c)
            return rs->by_name[mid];
        if (c < 0)
            hi = mid;
        else
            lo = mid + 1;
    }
    return NULL;
}

const char *ktg_rule_name(const struct ktg_rule *r)
{
    return r->name;
}
int ktg_rule_index(const struct ktg_rule *r)
{
    return r->index;
}
int ktg_rule_stratum(const struct ktg_rule *r)
{
    return r->stratum;
}
enum ktg_rule_status ktg_rule_status(const struct ktg_rule *r)
{
    return r->status;
}
uint32_t ktg_rule_kinds(const struct ktg_rule *r)
{
    return r->kinds;
}
uint8_t ktg_rule_version_hash(const struct ktg_rule *r, uint8_t to[static 16])
{
    memcpy(to, r->hash, 16);
    return 16;
}
bool ktg_rule_reads_type(const struct ktg_rule *r, int type)
{
    return r->reads_types[type] != 0;
}
bool ktg_rule_reads_finding(const struct ktg_rule *r, int rule)
{
    return r->reads_rules[rule] != 0;
}
bool ktg_rule_screens(const struct ktg_rule *r)
{
    return r->screens;
}
bool ktg_ruleset_screens(const struct ktg_ruleset *rs)
{
    for (size_t i = 0; i < rs->count; i++)
        if (rs->rules[i]->status != KTG_RULE_OFF && ktg_rule_screens(rs->rules[i]))
            return true;
    return false;
}
const struct ktg_reach *ktg_rule_reach(const struct ktg_rule *r)
{
    return &r->reach;
}
bool ktg_rule_reads_sources(const struct ktg_rule *r)
{
    return r->need_count > 0;
}
int ktg_rule_need(const struct ktg_rule *r, size_t i)
{
    return i < r->need_count ? r->needs[i].type : -1;
}
enum ktg_update ktg_rule_update(const struct ktg_rule *r)
{
    return r->update;
}
bool ktg_rule_is_untested(const struct ktg_rule *r)
{
    return r->untested;
}
bool ktg_rule_is_read(const struct ktg_rule *r)
{
    return r->is_read;
}

static const char *of_title(const struct ktg_title *t)
{
    return t->text.text.size ? (const char *)t->text.text.data : NULL;
}

const char *ktg_rule_text(const struct ktg_rule *r, const char *what)
{
    const struct {
        const char *what, *text;
    } table[] = {
        {"name", r->name},
        {"title.id", of_title(&r->title_id)},
        {"title.en", of_title(&r->title_en)},
        {"legal", r->legal},
        {"owner", r->owner},
        {"disproved_by.id", r->disproved_id},
        {"disproved_by.en", r->disproved_en},
        {"falsepositives", r->falsepositives},
        {"level", r->level_plan ? (const char *)r->level_text.text.data : ktg_level_name(r->level)},
        {"form", r->form->key},
        {"file", r->file},
    };
    for (size_t i = 0; i < KTG_COUNT(table); i++)
        if (!strcmp(what, table[i].what))
            return table[i].text;
    return NULL;
}

const struct ktg_rule_test *ktg_rule_tests(const struct ktg_rule *r, size_t *ret_count)
{
    *ret_count = r->test_count;
    return r->tests;
}
const char *ktg_rule_file(const struct ktg_rule *r, int *ret_line)
{
    *ret_line = r->line;
    return r->file;
}
const int *ktg_rule_per(const struct ktg_rule *r, size_t *ret_count)
{
    *ret_count = r->per_count;
    return r->per;
}
