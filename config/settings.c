/* config/settings.c - see settings.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config/settings.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

#include "config/faults.h"
#include "config/textfile.h"
#include "runtime/civil.h"
#include "runtime/mem.h"
#include "runtime/yaml/yaml.h"

#define KIB    INT64_C(1024)
#define MIB    (KIB * 1024)
#define GIB    (MIB * 1024)
#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)
#define HOUR   (60 * MINUTE)
const struct ktg_setting_row ktg_setting_rows[KTG_SET_COUNT] = {
#define X(symbol, name, kind, initial, unit, min, max, station, help, bantuan) \
    {name, KTG_SETTING_##kind, initial, unit, min, max, station, help, bantuan},
#include "config/settings.def"
#undef X
};

static const struct {
    const char *name, *form;
} kinds[] = {
    [KTG_SETTING_TEXT] = {"text", "text"},
    [KTG_SETTING_INT] = {"number", "a whole number"},
    [KTG_SETTING_TIME] = {"time", "a time such as 250ms, 5m, 1d12h"},
    [KTG_SETTING_BYTES] = {"bytes", "a size such as 4096, 64 KiB, 1 GiB"},
    [KTG_SETTING_PERCENT] = {"percent", "a whole number"},
    [KTG_SETTING_BOOL] = {"yes or no", "true or false"},
    [KTG_SETTING_LEVEL] = {"level", "error, warning, notice, info or debug"},
    [KTG_SETTING_ZONE] = {"zone", "WIB, WITA, WIT, UTC or an offset such as +07:00"},
    [KTG_SETTING_CLOCK] = {"clock", "START,ANCHOR,SCALE or nothing"},
};

static const struct {
    const char *word;
    int64_t value;
} levels[] = {{"error", KTG_LOG_ERROR},
              {"warning", KTG_LOG_WARNING},
              {"notice", KTG_LOG_NOTICE},
              {"info", KTG_LOG_INFO},
              {"debug", KTG_LOG_DEBUG}};

/* Pairs that must agree: the first is not above the second. */
static const struct {
    enum ktg_setting low, high;
} pairs[] = {
    {KTG_SET_DISK_STOP, KTG_SET_DISK_WARN},
    {KTG_SET_ALERTS_RETRY_MIN, KTG_SET_ALERTS_RETRY_MAX},
    {KTG_SET_AGENT_RETRY_MIN, KTG_SET_AGENT_RETRY_MAX},
    {KTG_SET_SUPERVISOR_RESTART_MIN, KTG_SET_SUPERVISOR_RESTART_MAX},
    {KTG_SET_AGENT_BATCH_EVENTS, KTG_SET_AGENT_WINDOW},
    {KTG_SET_GATEWAY_FRAME, KTG_SET_GATEWAY_CREDIT_BYTES},
    {KTG_SET_GATEWAY_CREDIT_BYTES, KTG_SET_INGEST_QUEUE_BYTES},
};

struct value {
    char *text;
    int64_t number;
    char *origin; /* NULL: default */
};

struct ktg_settings {
    struct value values[KTG_SET_COUNT];
};

static bool parse_int(const char *text, int64_t *ret_n)
{
    int64_t n = 0;
    bool minus = *text == '-';
    text += minus;
    if (!*text)
        return false;
    for (; *text; text++) {
        if (*text < '0' || *text > '9' || __builtin_mul_overflow(n, 10, &n) ||
            __builtin_add_overflow(n, *text - '0', &n))
            return false;
    }
    *ret_n = minus ? -n : n;
    return true;
}

/* "64 KiB", "64KiB", "64" */
static bool parse_bytes(const char *text, int64_t *ret_n)
{
    static const struct {
        const char *unit;
        int64_t bytes;
    } units[] = {{"", 1}, {"B", 1}, {"KiB", KIB}, {"MiB", MIB}, {"GiB", GIB}, {"TiB", GIB * 1024}};
    char digits[24];
    size_t n = strspn(text, "0123456789");
    if (n == 0 || n >= sizeof digits)
        return false;
    memcpy(digits, text, n);
    digits[n] = '\0';
    const char *unit = text + n + strspn(text + n, " ");
    for (size_t i = 0; i < KTG_COUNT(units); i++)
        if (strcmp(unit, units[i].unit) == 0)
            return parse_int(digits, ret_n) &&
                   !__builtin_mul_overflow(*ret_n, units[i].bytes, ret_n);
    return false;
}

/* Durations of runtime/civil, and plain milliseconds, which those do not know. */
static bool parse_time(const char *text, int64_t *ret_n)
{
    size_t n = strspn(text, "0123456789");
    if (n > 0 && n < 16 && strcmp(text + n, "ms") == 0) {
        char digits[16];
        memcpy(digits, text, n);
        digits[n] = '\0';
        return parse_int(digits, ret_n);
    }
    if (strcmp(text, "0") == 0) {
        *ret_n = 0;
        return true;
    }
    return ktg_duration_parse(ktg_bytes_str(text), ret_n) == KTG_OK;
}

static bool parse_level(const char *text, int64_t *ret_n)
{
    for (size_t i = 0; i < KTG_COUNT(levels); i++)
        if (strcmp(text, levels[i].word) == 0) {
            *ret_n = levels[i].value;
            return true;
        }
    return false;
}

static bool parse_bool(const char *text, int64_t *ret_n)
{
    *ret_n = strcmp(text, "true") == 0;
    return *ret_n || strcmp(text, "false") == 0;
}

static bool parse_zone(const char *text, int64_t *ret_n)
{
    int minutes;
    if (ktg_zone_parse(ktg_bytes_str(text), &minutes))
        return false;
    *ret_n = minutes;
    return true;
}

static bool is_plain_text(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            return false;
    return true;
}

static bool parse_value(const struct ktg_setting_row *row, const char *text, int64_t *ret_n)
{
    struct ktg_clock clock;
    switch (row->kind) {
    case KTG_SETTING_TEXT:
        *ret_n = (int64_t)strlen(text);
        return is_plain_text(text);
    case KTG_SETTING_INT:
    case KTG_SETTING_PERCENT:
        return parse_int(text, ret_n);
    case KTG_SETTING_TIME:
        return parse_time(text, ret_n);
    case KTG_SETTING_BYTES:
        return parse_bytes(text, ret_n);
    case KTG_SETTING_BOOL:
        return parse_bool(text, ret_n);
    case KTG_SETTING_LEVEL:
        return parse_level(text, ret_n);
    case KTG_SETTING_ZONE:
        return parse_zone(text, ret_n);
    case KTG_SETTING_CLOCK:
        *ret_n = (int64_t)strlen(text);
        return *ret_n == 0 || ktg_clock_parse(text, &clock) == KTG_OK;
    }
    return false;
}

static void format_bound(enum ktg_setting_kind kind, int64_t n, char *to, size_t size)
{
    static const struct {
        int64_t of;
        const char *unit;
    } sizes[] = {{GIB, " GiB"}, {MIB, " MiB"}, {KIB, " KiB"}},
      times[] = {{HOUR, "h"}, {MINUTE, "m"}, {SECOND, "s"}};
    if (kind == KTG_SETTING_BYTES || kind == KTG_SETTING_TIME)
        for (size_t i = 0; i < 3; i++) {
            int64_t of = kind == KTG_SETTING_BYTES ? sizes[i].of : times[i].of;
            if (n && n % of == 0) {
                snprintf(to, size, "%" PRId64 "%s", n / of,
                         kind == KTG_SETTING_BYTES ? sizes[i].unit : times[i].unit);
                return;
            }
        }
    snprintf(to, size, "%" PRId64 "%s", n, kind == KTG_SETTING_TIME && n ? "ms" : "");
}

static bool has_bounds(enum ktg_setting_kind kind)
{
    return kind != KTG_SETTING_BOOL && kind != KTG_SETTING_LEVEL && kind != KTG_SETTING_ZONE &&
           kind != KTG_SETTING_CLOCK;
}

static void format_wanted(const struct ktg_setting_row *row, char *to, size_t size)
{
    char min[32], max[32];
    if (!has_bounds(row->kind)) {
        snprintf(to, size, "%s", kinds[row->kind].form);
        return;
    }
    format_bound(row->kind, row->min, min, sizeof min);
    format_bound(row->kind, row->max, max, sizeof max);
    snprintf(to, size, "%s, %s to %s%s", kinds[row->kind].form, min, max,
             row->kind == KTG_SETTING_TEXT ? " bytes" : "");
}

/* `at` NULL: from a command line, `name` says which. */
static int put_value(struct ktg_settings *s, size_t which, const char *text, const char *origin,
                     const struct ktg_yaml_node *at, const char *name, struct ktg_err *err)
{
    const struct ktg_setting_row *row = &ktg_setting_rows[which];
    int64_t n = 0;
    bool ok = parse_value(row, text, &n);
    if (ok && has_bounds(row->kind))
        ok = n >= row->min && n <= row->max;
    if (!ok) {
        char got[96], want[96];
        snprintf(got, sizeof got, "%s: %s", row->name, text);
        format_wanted(row, want, sizeof want);
        return ktg_config_fail_at(err, KTG_CONFIG_SETTING_VALUE, at, name, got, want);
    }
    char *copy = ktg_strdup(text), *from = origin ? ktg_strdup(origin) : NULL;
    if (!copy || (origin && !from)) {
        ktg_free(copy);
        ktg_free(from);
        return ktg_err_set(err, KTG_ENOMEM, "%s: no memory", name);
    }
    struct value *v = &s->values[which];
    ktg_free(v->text);
    ktg_free(v->origin);
    *v = (struct value){.text = copy, .number = n, .origin = from};
    return KTG_OK;
}

int ktg_settings_new(struct ktg_settings **ret_s, struct ktg_err *err)
{
    struct ktg_settings *s = ktg_zalloc(sizeof *s);
    if (!s)
        return ktg_err_set(err, KTG_ENOMEM, "settings: no memory");
    for (size_t i = 0; i < KTG_SET_COUNT; i++) {
        int r = put_value(s, i, ktg_setting_rows[i].initial, NULL, NULL, "default", err);
        assert(r == KTG_OK || r == KTG_ENOMEM); /* the table contradicts itself */
        if (r) {
            ktg_settings_free(s);
            return r;
        }
    }
    *ret_s = s;
    return KTG_OK;
}

struct ktg_settings *ktg_settings_free(struct ktg_settings *s)
{
    if (!s)
        return NULL;
    for (size_t i = 0; i < KTG_SET_COUNT; i++) {
        ktg_free(s->values[i].text);
        ktg_free(s->values[i].origin);
    }
    ktg_free(s);
    return NULL;
}

static size_t find(const char *name)
{
    size_t i = 0;
    while (i < KTG_SET_COUNT && strcmp(ktg_setting_rows[i].name, name) != 0)
        i++;
    return i;
}

static int unknown(const char *path, const struct ktg_yaml_node *at, const char *name,
                   struct ktg_err *err)
{
    const char *names[KTG_SET_COUNT + 1];
    for (size_t i = 0; i < KTG_SET_COUNT; i++)
        names[i] = ktg_setting_rows[i].name;
    names[KTG_SET_COUNT] = NULL;
    const char *nearest = ktg_yaml_nearest(path, names);
    char want[96] = "";
    if (nearest)
        snprintf(want, sizeof want, "%s", nearest);
    return ktg_config_fail_at(err, KTG_CONFIG_SETTING_UNKNOWN, at, name, path, want);
}

static bool is_group(const char *path)
{
    size_t n = strlen(path);
    for (size_t i = 0; i < KTG_SET_COUNT; i++)
        if (strncmp(ktg_setting_rows[i].name, path, n) == 0 && ktg_setting_rows[i].name[n] == '.')
            return true;
    return false;
}

#define PATH_TEXT 96

static int read_map(struct ktg_settings *s, const struct ktg_yaml_node *map, const char *prefix,
                    bool seen[static KTG_SET_COUNT], const char *name, struct ktg_err *err)
{
    for (size_t i = 0; i < map->count; i++) {
        const struct ktg_yaml_node *key = map->keys[i], *value = map->items[i];
        char path[PATH_TEXT], origin[128];
        snprintf(path, sizeof path, "%s%s%.60s", prefix, *prefix ? "." : "", ktg_yaml_text(key));
        size_t which = find(path);
        int r;
        if (which < KTG_SET_COUNT) {
            if (value->kind != KTG_YAML_SCALAR) {
                char want[96];
                format_wanted(&ktg_setting_rows[which], want, sizeof want);
                return ktg_config_fail_at(err, KTG_CONFIG_SETTING_VALUE, value, name, path, want);
            }
            if (seen[which])
                return ktg_config_fail_at(err, KTG_CONFIG_SETTING_TWICE, key, name, path, NULL);
            seen[which] = true;
            snprintf(origin, sizeof origin, "%s:%d:%d", name, value->line, value->column);
            r = put_value(s, which, ktg_yaml_text(value), origin, value, name, err);
        } else if (is_group(path) && value->kind == KTG_YAML_MAP) {
            r = read_map(s, value, path, seen, name, err);
        } else if (is_group(path) && value->kind == KTG_YAML_SCALAR && value->text.size == 0) {
            r = KTG_OK; /* "gateway:" with nothing below it */
        } else {
            return unknown(path, key, name, err);
        }
        if (r)
            return r;
    }
    return KTG_OK;
}

static int check_pairs(const struct ktg_settings *s, struct ktg_err *err)
{
    for (size_t i = 0; i < KTG_COUNT(pairs); i++) {
        const struct value *low = &s->values[pairs[i].low], *high = &s->values[pairs[i].high];
        if (low->number <= high->number)
            continue;
        char got[96], want[96];
        snprintf(got, sizeof got, "%s %s, %s %s", ktg_setting_rows[pairs[i].low].name, low->text,
                 ktg_setting_rows[pairs[i].high].name, high->text);
        snprintf(want, sizeof want, "%s not above %s", ktg_setting_rows[pairs[i].low].name,
                 ktg_setting_rows[pairs[i].high].name);
        const char *where = low->origin ? low->origin : high->origin;
        return ktg_config_fail(err, KTG_CONFIG_SETTING_PAIR, where, got, want);
    }
    return KTG_OK;
}

int ktg_settings_parse(struct ktg_settings *s, struct ktg_bytes text, const char *name,
                       struct ktg_err *err)
{
    struct ktg_arena arena = KTG_ARENA_INIT;
    const struct ktg_yaml_node **roots = NULL;
    size_t count = 0;
    bool seen[KTG_SET_COUNT] = {false};
    int r = ktg_config_yaml(
        err, ktg_yaml_parse(text, name, &KTG_YAML_LIMITS, &arena, &roots, &count, err));
    if (!r && count > 1)
        r = ktg_config_fail_at(err, KTG_CONFIG_SETTING_SHAPE, roots[1], name, "a second document",
                               NULL);
    if (!r && count == 1 && roots[0]->kind != KTG_YAML_MAP)
        r = ktg_config_fail_at(err, KTG_CONFIG_SETTING_SHAPE, roots[0], name, "something else",
                               NULL);
    if (!r && count == 1)
        r = read_map(s, roots[0], "", seen, name, err);
    if (!r)
        r = check_pairs(s, err);
    ktg_arena_done(&arena);
    return r;
}

int ktg_settings_load(struct ktg_settings *s, const char *path, struct ktg_err *err)
{
    struct ktg_buf text = KTG_BUF_INIT;
    int r = ktg_textfile_read(path, 1u << 20, &text, err);
    if (!r)
        r = ktg_settings_parse(s, ktg_buf_view(&text), path, err);
    ktg_buf_done(&text);
    return r;
}

int ktg_settings_set(struct ktg_settings *s, const char *assignment, struct ktg_err *err)
{
    char name[PATH_TEXT];
    const char *eq = strchr(assignment, '=');
    if (!eq)
        return ktg_config_fail(err, KTG_CONFIG_SETTING_VALUE, "--set", assignment, "NAME=VALUE");
    snprintf(name, sizeof name, "%.*s", (int)(eq - assignment < 90 ? eq - assignment : 90),
             assignment);
    size_t which = find(name);
    if (which == KTG_SET_COUNT)
        return unknown(name, NULL, "--set", err);
    int r = put_value(s, which, eq + 1, "--set", NULL, "--set", err);
    return r ? r : check_pairs(s, err);
}

const char *ktg_settings_text(const struct ktg_settings *s, enum ktg_setting which)
{
    return s->values[which].text;
}

int64_t ktg_settings_int(const struct ktg_settings *s, enum ktg_setting which)
{
    enum ktg_setting_kind kind = ktg_setting_rows[which].kind;
    assert(kind != KTG_SETTING_TEXT && kind != KTG_SETTING_CLOCK);
    return s->values[which].number;
}

bool ktg_settings_bool(const struct ktg_settings *s, enum ktg_setting which)
{
    assert(ktg_setting_rows[which].kind == KTG_SETTING_BOOL);
    return s->values[which].number != 0;
}

struct ktg_clock ktg_settings_clock(const struct ktg_settings *s)
{
    struct ktg_clock clock = KTG_CLOCK_REAL;
    const char *text = s->values[KTG_SET_CLOCK_SCALE].text;
    if (*text) {
        int r = ktg_clock_parse(text, &clock);
        assert(r == KTG_OK); /* was checked when it was taken */
        (void)r;
    }
    return clock;
}

const char *ktg_settings_origin(const struct ktg_settings *s, enum ktg_setting which)
{
    const char *origin = s->values[which].origin;
    return origin ? origin : "default";
}

/* A single-quoted scalar says any line of text without escapes. */
static void put_quoted(struct ktg_buf *to, const char *text)
{
    ktg_buf_put_u8(to, '\'');
    for (; *text; text++) {
        if (*text == '\'')
            ktg_buf_put_u8(to, '\'');
        ktg_buf_put_u8(to, (uint8_t)*text);
    }
    ktg_buf_put_u8(to, '\'');
}

void ktg_settings_show(const struct ktg_settings *s, struct ktg_buf *to)
{
    size_t group = 0; /* length of the group that the last line was in */
    const char *last = "";
    for (size_t i = 0; i < KTG_SET_COUNT; i++) {
        const struct ktg_setting_row *row = &ktg_setting_rows[i];
        size_t n = (size_t)(strchr(row->name, '.') - row->name);
        if (n != group || strncmp(last, row->name, n) != 0)
            ktg_buf_printf(to, "%.*s:\n", (int)n, row->name);
        group = n;
        last = row->name;
        ktg_buf_printf(to, "  %s: ", row->name + n + 1);
        if (row->kind == KTG_SETTING_TEXT || row->kind == KTG_SETTING_CLOCK ||
            row->kind == KTG_SETTING_ZONE)
            put_quoted(to, s->values[i].text);
        else
            ktg_buf_put_str(to, s->values[i].text);
        ktg_buf_printf(to, "  # %s\n", ktg_settings_origin(s, (enum ktg_setting)i));
    }
}

void ktg_settings_reference(struct ktg_buf *to)
{
    ktg_buf_put_str(to, "| Setting | Kind | Default | From | To | Station | Meaning | Arti |\n"
                        "|---|---|---|---|---|---|---|---|\n");
    for (size_t i = 0; i < KTG_SET_COUNT; i++) {
        const struct ktg_setting_row *row = &ktg_setting_rows[i];
        char min[32] = "", max[32] = "";
        if (has_bounds(row->kind) && row->kind != KTG_SETTING_TEXT) {
            format_bound(row->kind, row->min, min, sizeof min);
            format_bound(row->kind, row->max, max, sizeof max);
        }
        ktg_buf_printf(to, "| `%s` | %s%s%s | `%s` | %s | %s | %s | %s | %s |\n", row->name,
                       kinds[row->kind].name, *row->unit ? ", " : "", row->unit, row->initial, min,
                       max, row->station, row->help, row->bantuan);
    }
}
