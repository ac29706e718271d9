/* rules/rates.c - see rates.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "rules/rates.h"

#include "runtime/mem.h"
#include "runtime/yaml/yaml.h"

#define DAY  ((ktg_time)86400000)
#define NAME INT64_C(1000000) /* thousandths of bytes, of a name at most */

struct row {
    const char *kind, *name;
    struct ktg_amount at[KTG_RATES_WINDOWS];
};
struct kind {
    const char *name;
    int64_t name_bytes;
};
struct ktg_rates {
    struct ktg_arena arena;
    ktg_time windows[KTG_RATES_WINDOWS]; /* ascending */
    size_t window_count;
    struct ktg_amount finding;
    struct kind *kinds;
    size_t kind_count;
    struct row *rows;
    size_t row_count;
};

/* "12", "0.25": in thousandths; further digits are cut. */
static bool read_number(const struct ktg_yaml_node *node, int64_t *ret_n)
{
    const char *s = ktg_yaml_text(node);
    int64_t n = 0, unit = 1000;
    if (!s || *s < '0' || *s > '9')
        return false;
    for (; *s >= '0' && *s <= '9' && n < KTG_AMOUNT_MOST; s++)
        n = n * 10 + (*s - '0');
    n *= 1000;
    for (s += *s == '.'; *s >= '0' && *s <= '9'; s++)
        n += (*s - '0') * (unit /= 10);
    if (*s || n > KTG_AMOUNT_MOST)
        return false;
    *ret_n = n;
    return true;
}

static int fail(const struct ktg_yaml_node *at, const char *name, const char *want,
                struct ktg_err *err)
{
    return ktg_yaml_fail(at, name, err, "%s", want);
}

static int read_amount(const struct ktg_yaml_node *map, const char *name, struct ktg_amount *ret_x,
                       struct ktg_err *err)
{
    static const struct ktg_yaml_key keys[] = {{"mean", true}, {"p99", true}, {NULL, false}};
    int rc = ktg_yaml_check_keys(map, name, keys, err);
    if (!rc && (!read_number(ktg_yaml_get(map, "mean"), &ret_x->mean) ||
                !read_number(ktg_yaml_get(map, "p99"), &ret_x->p99)))
        rc = fail(map, name, "mean and p99: numbers", err);
    return rc;
}

static int read_windows(struct ktg_rates *r, const struct ktg_yaml_node *list, const char *name,
                        struct ktg_err *err)
{
    int64_t days, last = 0;
    if (list->kind != KTG_YAML_LIST || !list->count || list->count > KTG_RATES_WINDOWS)
        return fail(list, name, "windows: a list of days", err);
    for (size_t i = 0; i < list->count; i++, last = days) {
        if (!read_number(list->items[i], &days) || days % 1000 || days <= last || days > 36500000)
            return fail(list->items[i], name, "windows: whole days, each more than the last", err);
        r->windows[i] = days / 1000 * DAY;
    }
    r->window_count = list->count;
    return KTG_OK;
}

static int read_row(struct ktg_rates *r, const struct ktg_yaml_node *map, const char *name,
                    struct row *row, struct ktg_err *err)
{
    static const struct ktg_yaml_key keys[] = {{"mean", true}, {"p99", true}, {NULL, false}};
    int rc = ktg_yaml_check_keys(map, name, keys, err);
    if (rc)
        return rc;
    const struct ktg_yaml_node *mean = ktg_yaml_get(map, "mean"), *p99 = ktg_yaml_get(map, "p99");
    if (mean->kind != KTG_YAML_LIST || p99->kind != KTG_YAML_LIST ||
        mean->count != r->window_count || p99->count != r->window_count)
        return fail(map, name, "mean and p99: a number for each window", err);
    for (size_t i = 0; i < r->window_count; i++)
        if (!read_number(mean->items[i], &row->at[i].mean) ||
            !read_number(p99->items[i], &row->at[i].p99))
            return fail(map, name, "mean and p99: a number for each window", err);
    return KTG_OK;
}

static int read_kind(struct ktg_rates *r, const char *kind, const struct ktg_yaml_node *map,
                     const char *name, struct ktg_err *err)
{
    static const struct ktg_yaml_key keys[] = {
        {"subjects", true}, {"name", true}, {"entries", true}, {NULL, false}};
    struct kind *k = &r->kinds[r->kind_count];
    int rc = ktg_yaml_check_keys(map, name, keys, err);
    int64_t subjects; /* for people */
    if (rc)
        return rc;
    const struct ktg_yaml_node *entries = ktg_yaml_get(map, "entries");
    *k = (struct kind){.name = kind};
    if (!read_number(ktg_yaml_get(map, "subjects"), &subjects) ||
        !read_number(ktg_yaml_get(map, "name"), &k->name_bytes) || k->name_bytes > NAME ||
        entries->kind != KTG_YAML_MAP)
        return fail(map, name, "subjects and name: numbers; entries: a map", err);
    r->kind_count++;
    for (size_t i = 0; !rc && i < entries->count; i++) {
        struct row *row = &r->rows[r->row_count++];
        *row = (struct row){.kind = kind, .name = ktg_yaml_text(entries->keys[i])};
        rc = read_row(r, entries->items[i], name, row, err);
    }
    return rc;
}

static int read_kinds(struct ktg_rates *r, const struct ktg_yaml_node *kinds, const char *name,
                      struct ktg_err *err)
{
    size_t rows = 0;
    if (kinds->kind != KTG_YAML_MAP)
        return fail(kinds, name, "kinds: a map", err);
    for (size_t i = 0; i < kinds->count; i++) {
        const struct ktg_yaml_node *entries = ktg_yaml_get(kinds->items[i], "entries");
        rows += entries ? entries->count : 0;
    }
    r->kinds = ktg_arena_zalloc(&r->arena, (kinds->count + 1) * sizeof *r->kinds);
    r->rows = ktg_arena_zalloc(&r->arena, (rows + 1) * sizeof *r->rows);
    int rc = r->kinds && r->rows ? KTG_OK : KTG_ENOMEM;
    for (size_t i = 0; !rc && i < kinds->count; i++)
        rc = read_kind(r, ktg_yaml_text(kinds->keys[i]), kinds->items[i], name, err);
    return rc;
}

static int read_root(struct ktg_rates *r, const struct ktg_yaml_node *root, const char *name,
                     struct ktg_err *err)
{
    static const struct ktg_yaml_key keys[] = {{"events", true},  {"days", true},
                                               {"windows", true}, {"finding", true},
                                               {"kinds", true},   {NULL, false}};
    int rc = ktg_yaml_check_keys(root, name, keys, err);
    if (!rc)
        rc = read_windows(r, ktg_yaml_get(root, "windows"), name, err);
    if (!rc)
        rc = read_amount(ktg_yaml_get(root, "finding"), name, &r->finding, err);
    if (!rc)
        rc = read_kinds(r, ktg_yaml_get(root, "kinds"), name, err);
    return rc;
}

int ktg_rates_parse(struct ktg_bytes text, const char *name, struct ktg_rates **ret_r,
                    struct ktg_err *err)
{
    const struct ktg_yaml_node **roots;
    size_t count;
    struct ktg_rates *r = ktg_zalloc(sizeof *r);
    if (!r)
        return KTG_ENOMEM;
    r->arena = (struct ktg_arena)KTG_ARENA_INIT;
    int rc = ktg_yaml_parse(text, name, &KTG_YAML_LIMITS, &r->arena, &roots, &count, err);
    if (!rc && count != 1)
        rc = fail(NULL, name, "one document", err);
    if (!rc)
        rc = read_root(r, roots[0], name, err);
    if (rc) {
        ktg_rates_free(r);
        return rc;
    }
    *ret_r = r;
    return KTG_OK;
}

struct ktg_rates *ktg_rates_free(struct ktg_rates *r)
{
    if (r) {
        ktg_arena_done(&r->arena);
        ktg_free(r);
    }
    return NULL;
}

static struct ktg_amount within(const struct ktg_rates *r, const struct row *row, ktg_time back)
{
    size_t w = 0, last = r->window_count - 1;
    while (w < last && r->windows[w] < back)
        w++;
    struct ktg_amount x = row->at[w], sum = {0};
    if (back > r->windows[last]) { /* days, of a century at most, so that nothing runs over */
        int64_t days = back < 36500 * DAY ? (back + DAY - 1) / DAY : 36500;
        x.mean = x.mean * days / (r->windows[last] / DAY);
        x.p99 = x.p99 * days / (r->windows[last] / DAY);
    }
    ktg_amount_add(&sum, x);
    return sum;
}

bool ktg_rates_entries(const struct ktg_rates *r, const char *kind, const char *name, ktg_time back,
                       struct ktg_amount *ret_x)
{
    size_t type = strcspn(name, "(");
    bool seen = false;
    *ret_x = (struct ktg_amount){0};
    for (size_t i = 0; i < r->row_count; i++) {
        const struct row *row = &r->rows[i];
        seen |= strncmp(row->name, name, type) == 0 &&
                (row->name[type] == '\0' || row->name[type] == '(');
        if (strcmp(row->name, name) == 0 && strcmp(row->kind, kind) == 0)
            *ret_x = within(r, row, back);
    }
    return seen;
}

int64_t ktg_rates_name_bytes(const struct ktg_rates *r, const char *kind)
{
    for (size_t i = 0; i < r->kind_count; i++)
        if (strcmp(r->kinds[i].name, kind) == 0)
            return r->kinds[i].name_bytes;
    return 0;
}

struct ktg_amount ktg_rates_finding_bytes(const struct ktg_rates *r)
{
    return r->finding;
}
