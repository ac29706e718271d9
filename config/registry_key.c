/* config/registry_key.c - see registry_key.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config/registry_key.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "config/faults.h"
#include "runtime/civil.h"

#define PATTERNS_MOST 256
#define RATE_MOST     1000000

static const struct {
    const char *name;
    enum ktg_role role;
} roles[] = {{"producer", KTG_ROLE_PRODUCER},
             {"subscriber", KTG_ROLE_SUBSCRIBER},
             {"both", KTG_ROLE_BOTH},
             {"officer", KTG_ROLE_OFFICER},
             {"server", KTG_ROLE_SERVER}};

const char *ktg_role_name(enum ktg_role role)
{
    for (size_t i = 0; i < KTG_COUNT(roles); i++)
        if (roles[i].role == role)
            return roles[i].name;
    return "none";
}

int ktg_role_parse(struct ktg_bytes text, enum ktg_role *ret_role)
{
    for (size_t i = 0; i < KTG_COUNT(roles); i++)
        if (ktg_bytes_is(text, roles[i].name)) {
            *ret_role = roles[i].role;
            return KTG_OK;
        }
    return KTG_EINVALID;
}

static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

bool ktg_registry_key_name_ok(const char *name)
{
    size_t n = strlen(name);
    if (n == 0 || n >= KTG_REGISTRY_NAME || !strchr(letters, name[0]))
        return false;
    for (size_t i = 0; i < n; i++)
        if (!strchr(letters, name[i]) && !strchr("0123456789.-_", name[i]))
            return false;
    return name[n - 1] != '.'; /* and so never "..", as it begins with a letter */
}

bool ktg_registry_key_text_ok(const char *text)
{
    static const char z85[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                              ".-:+=^!/*?&<>()[]{}@%$#"; /* ZeroMQ RFC 32 */
    return strlen(text) == KTG_KEY_TEXT - 1 && strspn(text, z85) == KTG_KEY_TEXT - 1;
}

struct reading {
    const char *name;
    const struct ktg_yaml_node *map;
    struct ktg_arena *arena;
    struct ktg_err *err;
};

static int wrong(const struct reading *rd, const struct ktg_yaml_node *at, const char *got,
                 const char *want)
{
    return ktg_config_fail_at(rd->err, KTG_CONFIG_KEY_WRONG, at ? at : rd->map, rd->name, got,
                              want);
}

static int read_text(const struct reading *rd, const char *key, const char *absent,
                     const char **ret_text)
{
    const struct ktg_yaml_node *node = ktg_yaml_get(rd->map, key);
    if (!node) {
        *ret_text = absent;
        return KTG_OK;
    }
    if (!ktg_yaml_text(node) || node->text.size > 512) {
        char want[64];
        snprintf(want, sizeof want, "%s: a text", key);
        return wrong(rd, node, NULL, want);
    }
    *ret_text = ktg_yaml_text(node);
    return KTG_OK;
}

static int read_time(const struct reading *rd, const char *key, ktg_time absent, ktg_time *ret_time)
{
    const char *text = NULL;
    int offset;
    int r = read_text(rd, key, NULL, &text);
    if (r)
        return r;
    *ret_time = absent;
    if (text && ktg_instant_parse(ktg_bytes_str(text), true, ret_time, &offset)) {
        char want[96];
        snprintf(want, sizeof want, "%s: a time such as 2026-03-01T00:00:00+07:00", key);
        return wrong(rd, ktg_yaml_get(rd->map, key), text, want);
    }
    return KTG_OK;
}

static int read_patterns(const struct reading *rd, const char *key,
                         const char *const **ret_patterns)
{
    const struct ktg_yaml_node *list = ktg_yaml_get(rd->map, key);
    size_t n = list ? list->count : 0;
    char want[96];
    snprintf(want, sizeof want, "%s: a list of names, \"A.B.*\" or \"*\"", key);
    if (list && (list->kind != KTG_YAML_LIST || n > PATTERNS_MOST))
        return wrong(rd, list, NULL, want);
    const char **patterns = ktg_arena_zalloc(rd->arena, (n + 1) * sizeof *patterns);
    if (!patterns)
        return ktg_err_set(rd->err, KTG_ENOMEM, "%s: no memory", rd->name);
    for (size_t i = 0; i < n; i++) {
        const char *p = patterns[i] = ktg_yaml_text(list->items[i]);
        const char *star = p ? strchr(p, '*') : NULL;
        if (!p || !*p || strlen(p) > 128 ||
            (star &&
             (star[1] || (star != p && star[-1] != '.')))) /* only alone or after the last dot */
            return wrong(rd, list->items[i], p, want);
    }
    *ret_patterns = patterns;
    return KTG_OK;
}

static int read_whole(const struct reading *rd, const struct ktg_yaml_node *node, const char *key,
                      int64_t *ret_n)
{
    const char *text = ktg_yaml_text(node);
    size_t n = text ? strlen(text) : 0;
    char want[64];
    if (n > 0 && n < 9 && strspn(text, "0123456789") == n) {
        long v = strtol(text, NULL, 10);
        if (v >= 1 && v <= RATE_MOST) {
            *ret_n = v;
            return KTG_OK;
        }
    }
    snprintf(want, sizeof want, "%s: a whole number, 1 to %d", key, RATE_MOST);
    return wrong(rd, node, text, want);
}

static int read_rate(const struct reading *rd, struct ktg_registry_key *k)
{
    static const struct ktg_yaml_key keys[] = {{"events", true}, {"burst", true}, {NULL, false}};
    const struct ktg_yaml_node *map = ktg_yaml_get(rd->map, "rate");
    k->rate = 1000;
    k->burst = 5000;
    if (!map)
        return KTG_OK;
    int r = ktg_yaml_check_keys(map, rd->name, keys, rd->err);
    if (!r)
        r = read_whole(rd, ktg_yaml_get(map, "events"), "events", &k->rate);
    if (!r)
        r = read_whole(rd, ktg_yaml_get(map, "burst"), "burst", &k->burst);
    return r;
}

static int read_status(const struct reading *rd, struct ktg_registry_key *k)
{
    const char *status = NULL;
    int r = read_text(rd, "status", "active", &status);
    if (!r)
        r = read_time(rd, "revoked_at", KTG_LONG_AGO, &k->revoked_at);
    if (!r)
        r = read_text(rd, "reason", "", &k->revoked_reason);
    if (r)
        return r;
    k->revoked = strcmp(status, "revoked") == 0;
    if (!k->revoked && strcmp(status, "active") != 0)
        return wrong(rd, ktg_yaml_get(rd->map, "status"), status, "status: active or revoked");
    return KTG_OK;
}

static int read_names(const struct reading *rd, struct ktg_registry_key *k)
{
    const char *role = NULL;
    int r = read_text(rd, "name", "", &k->name);
    if (!r && !ktg_registry_key_name_ok(k->name))
        r = ktg_config_fail_at(rd->err, KTG_CONFIG_KEY_NAME, ktg_yaml_get(rd->map, "name"),
                               rd->name, k->name, NULL);
    if (!r)
        r = read_text(rd, "agency", "", &k->agency);
    if (!r)
        r = read_text(rd, "role", "", &role);
    if (!r && ktg_role_parse(ktg_bytes_str(role), &k->role))
        r = wrong(rd, ktg_yaml_get(rd->map, "role"), role,
                  "role: producer, subscriber, both, officer or server");
    if (!r)
        r = read_text(rd, "public", "", &k->public_key);
    if (!r && !ktg_registry_key_text_ok(k->public_key))
        r = ktg_config_fail_at(rd->err, KTG_CONFIG_KEY_TEXT, ktg_yaml_get(rd->map, "public"),
                               rd->name, NULL, "40 characters of Z85");
    if (!r)
        r = read_text(rd, "note", "", &k->note);
    return r;
}

int ktg_registry_key_parse(struct ktg_bytes text, const char *name, struct ktg_arena *arena,
                           struct ktg_registry_key *ret_key, struct ktg_err *err)
{
    static const struct ktg_yaml_key keys[] = {
        {"name", true},       {"agency", true},  {"role", true},  {"public", true},
        {"sources", false},   {"types", false},  {"rate", false}, {"not_before", false},
        {"not_after", false}, {"status", false}, {"note", false}, {"revoked_at", false},
        {"reason", false},    {NULL, false}};
    static const struct ktg_yaml_limits limits = {KTG_REGISTRY_FILE, 2000, 4};
    const struct ktg_yaml_node **roots = NULL;
    size_t count = 0;
    struct ktg_registry_key k = {0};
    int r = ktg_config_yaml(err, ktg_yaml_parse(text, name, &limits, arena, &roots, &count, err));
    if (r)
        return r;
    struct reading rd = {name, count ? roots[0] : NULL, arena, err};
    if (count != 1 || roots[0]->kind != KTG_YAML_MAP)
        return wrong(&rd, rd.map, NULL, "one map that describes one key");
    r = ktg_yaml_check_keys(rd.map, name, keys, err);
    if (!r)
        r = read_names(&rd, &k);
    if (!r)
        r = read_patterns(&rd, "sources", &k.sources);
    if (!r)
        r = read_patterns(&rd, "types", &k.types);
    if (!r)
        r = read_rate(&rd, &k);
    if (!r)
        r = read_time(&rd, "not_before", KTG_LONG_AGO, &k.not_before);
    if (!r)
        r = read_time(&rd, "not_after", KTG_NEVER, &k.not_after);
    if (!r)
        r = read_status(&rd, &k);
    if (!r)
        *ret_key = k;
    return r;
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

static void put_line(struct ktg_buf *to, const char *key, const char *text)
{
    ktg_buf_printf(to, "%s: ", key);
    put_text(to, text);
    ktg_buf_put_u8(to, '\n');
}

static void put_time(struct ktg_buf *to, const char *key, ktg_time t)
{
    char text[KTG_INSTANT_TEXT];
    if (t == KTG_LONG_AGO || t == KTG_NEVER)
        return;
    ktg_instant_format(t, 0, text);
    put_line(to, key, text);
}

static void put_patterns(struct ktg_buf *to, const char *key, const char *const *patterns)
{
    ktg_buf_printf(to, "%s: [", key);
    for (size_t i = 0; patterns && patterns[i]; i++) {
        ktg_buf_put_str(to, i ? ", " : "");
        put_text(to, patterns[i]);
    }
    ktg_buf_put_str(to, "]\n");
}

void ktg_registry_key_format(const struct ktg_registry_key *k, struct ktg_buf *to)
{
    put_line(to, "name", k->name);
    put_line(to, "agency", k->agency);
    put_line(to, "role", ktg_role_name(k->role));
    put_line(to, "public", k->public_key);
    put_patterns(to, "sources", k->sources);
    put_patterns(to, "types", k->types);
    ktg_buf_printf(to, "rate: {events: %" PRId64 ", burst: %" PRId64 "}\n", k->rate, k->burst);
    put_time(to, "not_before", k->not_before);
    put_time(to, "not_after", k->not_after);
    put_line(to, "status", k->revoked ? "revoked" : "active");
    if (k->revoked)
        put_time(to, "revoked_at", k->revoked_at);
    if (k->revoked_reason && *k->revoked_reason)
        put_line(to, "reason", k->revoked_reason);
    if (k->note && *k->note)
        put_line(to, "note", k->note);
}
