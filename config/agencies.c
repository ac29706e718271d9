/* config/agencies.c - see agencies.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config/agencies.h"

#include <stdio.h>

#include "config/faults.h"
#include "config/textfile.h"
#include "runtime/mem.h"

#define AGENCIES_MOST 1000
#define FILE_MOST     (1u << 20)

static const char *const tiers[] = {
    [KTG_TIER_CENTRAL] = "central",   [KTG_TIER_PROVINCE] = "province",
    [KTG_TIER_DISTRICT] = "district", [KTG_TIER_SUBDISTRICT] = "subdistrict",
    [KTG_TIER_SYSTEM] = "system",     NULL,
};

struct ktg_agencies {
    struct ktg_arena arena;
    struct ktg_agency *rows;
    size_t count;
};

const char *ktg_tier_name(enum ktg_tier tier)
{
    return tiers[tier];
}

static bool is_code(const char *s)
{
    size_t n = strlen(s);
    if (n < 2 || n >= KTG_AGENCY_CODE || s[0] < 'A' || s[0] > 'Z')
        return false;
    return strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") == n;
}

static bool is_district(const char *s)
{
    size_t n = strlen(s);
    return strcmp(s, "*") == 0 || (n == 4 && strspn(s, "0123456789") == n);
}

static int wrong(const struct ktg_yaml_node *at, const char *name, const char *got,
                 const char *want, struct ktg_err *err)
{
    return ktg_config_fail_at(err, KTG_CONFIG_AGENCY_WRONG, at, name, got, want);
}

static int read_names(const struct ktg_yaml_node *map, const char *name, struct ktg_agency *a,
                      struct ktg_err *err)
{
    static const struct ktg_yaml_key keys[] = {{"id", true}, {"en", true}, {NULL, false}};
    int r = ktg_yaml_check_keys(map, name, keys, err);
    if (r)
        return r;
    a->name_id = ktg_yaml_text(ktg_yaml_get(map, "id"));
    a->name_en = ktg_yaml_text(ktg_yaml_get(map, "en"));
    if (!a->name_id || !a->name_en || !*a->name_id || !*a->name_en)
        return wrong(map, name, NULL, "a name in both languages", err);
    return KTG_OK;
}

static int read_tier(const struct ktg_yaml_node *node, const char *name, struct ktg_agency *a,
                     struct ktg_err *err)
{
    const char *text = ktg_yaml_text(node);
    for (int i = 0; text && tiers[i]; i++)
        if (strcmp(tiers[i], text) == 0) {
            a->tier = (enum ktg_tier)i;
            return KTG_OK;
        }
    return wrong(node, name, text, "tier: central, province, district, subdistrict or system", err);
}

static int read_districts(struct ktg_arena *arena, const struct ktg_yaml_node *list,
                          const char *name, struct ktg_agency *a, struct ktg_err *err)
{
    if (list->kind != KTG_YAML_LIST)
        return wrong(list, name, NULL, "districts: a list of codes", err);
    const char **codes = ktg_arena_zalloc(arena, (list->count + 1) * sizeof *codes);
    if (!codes)
        return ktg_err_set(err, KTG_ENOMEM, "%s: no memory", name);
    for (size_t i = 0; i < list->count; i++) {
        codes[i] = ktg_yaml_text(list->items[i]);
        if (!codes[i] || !is_district(codes[i]))
            return wrong(list->items[i], name, codes[i], "a district's four digits, or \"*\"", err);
    }
    a->districts = codes;
    a->district_count = list->count;
    return KTG_OK;
}

/* Once all rows are there: a superior is one of them, and no chain of superiors comes back to where it began. */
static int check_superiors(const struct ktg_agencies *as, const struct ktg_yaml_node *list,
                           const char *name, struct ktg_err *err)
{
    for (size_t i = 0; i < as->count; i++) {
        const char *code = as->rows[i].superior;
        if (code && !ktg_agencies_find(as, ktg_bytes_str(code)))
            return wrong(ktg_yaml_get(list->items[i], "superior"), name, code,
                         "superior: the code of an agency of this list", err);
    }
    for (size_t i = 0; i < as->count; i++) {
        const struct ktg_agency *above = &as->rows[i];
        for (size_t n = 0; above->superior; n++) {
            if (n == as->count)
                return wrong(ktg_yaml_get(list->items[i], "superior"), name, as->rows[i].superior,
                             "a superior that does not stand below it", err);
            above = ktg_agencies_find(as, ktg_bytes_str(above->superior));
        }
    }
    return KTG_OK;
}

static int read_agency(struct ktg_agencies *as, const struct ktg_yaml_node *map, const char *name,
                       struct ktg_err *err)
{
    static const struct ktg_yaml_key keys[] = {{"code", true},      {"name", true},
                                               {"tier", true},      {"districts", true},
                                               {"superior", false}, {NULL, false}};
    int r = ktg_yaml_check_keys(map, name, keys, err);
    if (r)
        return r;
    struct ktg_agency *a = &as->rows[as->count];
    const struct ktg_yaml_node *code = ktg_yaml_get(map, "code");
    a->code = ktg_yaml_text(code);
    if (!a->code || !is_code(a->code))
        return ktg_config_fail_at(err, KTG_CONFIG_AGENCY_CODE, code, name, a->code, NULL);
    if (ktg_agencies_find(as, ktg_bytes_str(a->code)))
        return ktg_config_fail_at(err, KTG_CONFIG_AGENCY_TWICE, code, name, a->code, NULL);
    r = read_names(ktg_yaml_get(map, "name"), name, a, err);
    if (!r)
        r = read_tier(ktg_yaml_get(map, "tier"), name, a, err);
    if (!r)
        r = read_districts(&as->arena, ktg_yaml_get(map, "districts"), name, a, err);
    const struct ktg_yaml_node *superior = ktg_yaml_get(map, "superior");
    a->superior = superior ? ktg_yaml_text(superior) : NULL;
    if (!r && superior && !a->superior)
        r = wrong(superior, name, NULL, "superior: the code of an agency", err);
    if (!r)
        as->count++;
    return r;
}

int ktg_agencies_parse(struct ktg_bytes text, const char *name, struct ktg_agencies **ret_a,
                       struct ktg_err *err)
{
    const struct ktg_yaml_node **roots = NULL;
    size_t count = 0;
    struct ktg_agencies *as = ktg_zalloc(sizeof *as);
    if (!as)
        return ktg_err_set(err, KTG_ENOMEM, "%s: no memory", name);
    int r = ktg_config_yaml(
        err, ktg_yaml_parse(text, name, &KTG_YAML_LIMITS, &as->arena, &roots, &count, err));
    if (r)
        goto out;
    if (count != 1 || roots[0]->kind != KTG_YAML_LIST || roots[0]->count > AGENCIES_MOST) {
        r = wrong(count ? roots[0] : NULL, name, NULL, "one list of at most 1000 agencies", err);
        goto out;
    }
    as->rows = ktg_calloc(roots[0]->count + 1, sizeof *as->rows);
    if (!as->rows) {
        r = ktg_err_set(err, KTG_ENOMEM, "%s: no memory", name);
        goto out;
    }
    for (size_t i = 0; i < roots[0]->count && !r; i++)
        r = read_agency(as, roots[0]->items[i], name, err);
    if (!r)
        r = check_superiors(as, roots[0], name, err);
    if (r)
        goto out;
    *ret_a = as;
    as = NULL;
out:
    ktg_agencies_free(as);
    return r;
}

int ktg_agencies_load(const char *path, struct ktg_agencies **ret_a, struct ktg_err *err)
{
    struct ktg_buf text = KTG_BUF_INIT;
    int r = ktg_textfile_read(path, FILE_MOST, &text, err);
    if (!r)
        r = ktg_agencies_parse(ktg_buf_view(&text), path, ret_a, err);
    ktg_buf_done(&text);
    return r;
}

struct ktg_agencies *ktg_agencies_free(struct ktg_agencies *a)
{
    if (!a)
        return NULL;
    ktg_free(a->rows);
    ktg_arena_done(&a->arena);
    ktg_free(a);
    return NULL;
}

size_t ktg_agencies_count(const struct ktg_agencies *a)
{
    return a->count;
}

const struct ktg_agency *ktg_agencies_at(const struct ktg_agencies *a, size_t i)
{
    return &a->rows[i];
}

const struct ktg_agency *ktg_agencies_find(const struct ktg_agencies *a, struct ktg_bytes code)
{
    for (size_t i = 0; i < a->count; i++)
        if (ktg_bytes_is(code, a->rows[i].code))
            return &a->rows[i];
    return NULL;
}

const char *ktg_agencies_nearest(const struct ktg_agencies *a, const char *code)
{
    const char *best = NULL;
    for (size_t i = 0; i < a->count;
         i++) { /* codes are short: one wrong letter of three is near enough */
        const char *pair[] = {a->rows[i].code, NULL};
        if (!best && ktg_yaml_nearest(code, pair))
            best = a->rows[i].code;
    }
    return best;
}

bool ktg_agency_reaches(const struct ktg_agency *a, struct ktg_bytes district)
{
    if (district.size == 0)
        return true;
    for (size_t i = 0; i < a->district_count; i++)
        if (strcmp(a->districts[i], "*") == 0 || ktg_bytes_is(district, a->districts[i]))
            return true;
    return false;
}

static void put_text(struct ktg_buf *to, const char *text)
{
    ktg_buf_put_u8(to, '\'');
    for (; *text; text++) {
        if (*text == '\'')
            ktg_buf_put_u8(to, '\'');
        ktg_buf_put_u8(to, (uint8_t)*text);
    }
    ktg_buf_put_u8(to, '\'');
}

int ktg_agencies_add(const char *path, const struct ktg_agency *agency, struct ktg_err *err)
{
    struct ktg_buf text = KTG_BUF_INIT;
    struct ktg_agencies *before = NULL, *after = NULL;
    int r = ktg_textfile_read(path, FILE_MOST, &text, err);
    if (!r)
        r = ktg_agencies_parse(ktg_buf_view(&text), path, &before, err);
    if (r)
        goto out;
    if (ktg_agencies_find(before, ktg_bytes_str(agency->code))) {
        r = ktg_config_fail(err, KTG_CONFIG_AGENCY_TWICE, path, agency->code, NULL);
        goto out;
    }
    if (text.size && text.data[text.size - 1] != '\n')
        ktg_buf_put_u8(&text, '\n');
    ktg_buf_printf(&text, "- code: ");
    put_text(&text, agency->code);
    ktg_buf_put_str(&text, "\n  name: {id: ");
    put_text(&text, agency->name_id);
    ktg_buf_put_str(&text, ", en: ");
    put_text(&text, agency->name_en);
    ktg_buf_printf(&text, "}\n  tier: %s\n  districts: [", ktg_tier_name(agency->tier));
    for (size_t i = 0; i < agency->district_count; i++) {
        ktg_buf_put_str(&text, i ? ", " : "");
        put_text(&text, agency->districts[i]);
    }
    ktg_buf_put_str(&text, "]\n");
    if (agency->superior) {
        ktg_buf_put_str(&text, "  superior: ");
        put_text(&text, agency->superior);
        ktg_buf_put_u8(&text, '\n');
    }
    r = ktg_buf_check(&text) ? ktg_err_set(err, KTG_ENOMEM, "%s: no memory", path) : KTG_OK;
    if (!r) /* what we are about to write must be readable, whatever the names hold */
        r = ktg_agencies_parse(ktg_buf_view(&text), path, &after, err);
    if (!r)
        r = ktg_textfile_write(path, ktg_buf_view(&text), 0644, false, err);
out:
    ktg_agencies_free(before);
    ktg_agencies_free(after);
    ktg_buf_done(&text);
    return r;
}
