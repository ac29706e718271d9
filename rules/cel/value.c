/* rules/cel/value.c - values: making them, reading into them, their order, their text.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <inttypes.h>
#include <stdio.h>

#include "rules/cel/plan.h"

struct ktg_cel_value ktg_cel_timestamp(ktg_time t, int offset_min)
{
    if (t < KTG_CEL_TIME_MIN || t > KTG_CEL_TIME_MAX)
        return ktg_cel_absent();
    return (struct ktg_cel_value){.kind = KTG_CEL_TIMESTAMP, .offset_min = offset_min, .i = t};
}

struct ktg_cel_value ktg_cel_date(int64_t days)
{
    if (days < KTG_CEL_DATE_MIN || days > KTG_CEL_DATE_MAX)
        return ktg_cel_absent();
    return (struct ktg_cel_value){.kind = KTG_CEL_DATE, .i = days};
}

struct ktg_cel_value ktg_cel_duration(int64_t ms)
{
    if (ms < -KTG_CEL_DURATION_MAX || ms > KTG_CEL_DURATION_MAX)
        return ktg_cel_absent();
    return (struct ktg_cel_value){.kind = KTG_CEL_DURATION, .i = ms};
}

bool ktg_cel_in_calendar(const struct ktg_cel_value *v)
{
    if (v->kind == KTG_CEL_TIMESTAMP)
        return v->i >= KTG_CEL_TIME_MIN && v->i <= KTG_CEL_TIME_MAX;
    return v->kind == KTG_CEL_DATE && v->i >= KTG_CEL_DATE_MIN && v->i <= KTG_CEL_DATE_MAX;
}

ktg_date ktg_cel_day(const struct ktg_cel_value *v)
{
    bool date = v->kind == KTG_CEL_DATE;
    int64_t least = date ? KTG_CEL_DATE_MIN : KTG_CEL_TIME_MIN,
            most = date ? KTG_CEL_DATE_MAX : KTG_CEL_TIME_MAX;
    int64_t i = v->i < least ? least : v->i > most ? most : v->i;
    return date ? (ktg_date)i : ktg_date_of(i, v->offset_min);
}

bool ktg_cel_spend(struct ktg_cel_env *env, size_t n)
{
    if (n >= env->steps) {
        env->steps = 0;
        return false;
    }
    env->steps -= (uint32_t)n;
    return true;
}

void *ktg_cel_memory(struct ktg_cel_env *env, size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes) || !ktg_cel_spend(env, bytes / 64 + 1))
        return NULL;
    size_t used = env->arena->used; /* in pieces of 16 */
    bool fits = !env->used_most || (used <= env->used_most && bytes <= env->used_most - used &&
                                    (bytes + 15) / 16 * 16 <= env->used_most - used);
    void *p = fits ? ktg_arena_alloc(env->arena, bytes ? bytes : 1) : NULL;
    if (!p)
        env->steps = 0;
    return p;
}

struct ktg_cel_value ktg_cel_select(struct ktg_cel_env *env, const struct ktg_cel_value *v,
                                    struct ktg_bytes name)
{
    switch (v->kind) {
    case KTG_CEL_REF:
        return env->field ? env->field(env->arg, v, name) : ktg_cel_absent();
    case KTG_CEL_OBJECT:
        return ktg_cel_from_field(v->object.shape, v->object.raw, name, env->arena);
    case KTG_CEL_MAP:
        for (size_t i = 0; i < v->map.count; i++)
            if (v->map.keys[i].kind == KTG_CEL_STRING && ktg_bytes_eq(v->map.keys[i].s, name))
                return v->map.values[i];
        return ktg_cel_absent();
    default:
        return ktg_cel_absent();
    }
}

static bool object_text(const struct ktg_cel_value *v, const char *key, struct ktg_bytes *ret_text)
{
    struct ktg_wire_value w;
    if (!ktg_wire_get(v->object.raw, key, &w) || w.kind != KTG_WIRE_STR)
        return false;
    *ret_text = w.bytes;
    return true;
}

bool ktg_cel_doc_parts(const struct ktg_cel_value *v, struct ktg_bytes *ret_issuer,
                       struct ktg_bytes *ret_number)
{
    if (v->kind != KTG_CEL_OBJECT || !v->object.shape || strcmp(v->object.shape->name, "doc"))
        return false;
    return object_text(v, "issuer", ret_issuer) && object_text(v, "number", ret_number);
}

static int order(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

static int order_objects(const struct ktg_cel_value *a, const struct ktg_cel_value *b)
{
    struct ktg_bytes issuer[2], number[2];
    if (ktg_cel_doc_parts(a, &issuer[0], &number[0]) &&
        ktg_cel_doc_parts(b, &issuer[1], &number[1])) {
        int c = ktg_bytes_cmp(issuer[0], issuer[1]);
        return c ? c : ktg_bytes_cmp(number[0], number[1]);
    }
    return ktg_bytes_cmp(a->object.raw, b->object.raw);
}

static int order_items(const struct ktg_cel_value *a, size_t m, const struct ktg_cel_value *b,
                       size_t n)
{
    for (size_t i = 0; i < m && i < n; i++) {
        int c = ktg_cel_compare(&a[i], &b[i]);
        if (c)
            return c;
    }
    return (m > n) - (m < n);
}

int ktg_cel_compare(const struct ktg_cel_value *a, const struct ktg_cel_value *b)
{
    if (a->kind != b->kind)
        return a->kind < b->kind ? -1 : 1;
    switch (a->kind) {
    case KTG_CEL_BOOL:
        return a->b - b->b;
    case KTG_CEL_INT:
    case KTG_CEL_DURATION:
    case KTG_CEL_TIMESTAMP:
    case KTG_CEL_DATE:
        return order(a->i, b->i);
    case KTG_CEL_STRING:
        return ktg_bytes_cmp(a->s, b->s);
    case KTG_CEL_LIST:
        return order_items(a->list.items, a->list.count, b->list.items, b->list.count);
    case KTG_CEL_MAP: {
        int c = order_items(a->map.keys, a->map.count, b->map.keys, b->map.count);
        return c ? c : order_items(a->map.values, a->map.count, b->map.values, b->map.count);
    }
    case KTG_CEL_OBJECT:
        return order_objects(a, b);
    case KTG_CEL_REF:
        if (a->ref.tag != b->ref.tag)
            return a->ref.tag < b->ref.tag ? -1 : 1;
        return ((uintptr_t)a->ref.p > (uintptr_t)b->ref.p) -
               ((uintptr_t)a->ref.p < (uintptr_t)b->ref.p);
    default:
        return 0;
    }
}

static bool read_int(struct ktg_bytes s, int64_t *ret)
{
    bool minus = s.size > 0 && s.data[0] == '-';
    int64_t v = 0;
    if (s.size == (size_t)minus || s.size > 20)
        return false;
    for (size_t i = minus; i < s.size; i++) {
        if (s.data[i] < '0' || s.data[i] > '9')
            return false;
        int digit = s.data[i] - '0';
        if (__builtin_mul_overflow(v, 10, &v) || __builtin_sub_overflow(v, digit, &v))
            return false; /* counted downwards, so that the least int64 fits */
    }
    return minus ? (*ret = v, true) : !__builtin_sub_overflow(0, v, ret);
}

struct ktg_cel_value ktg_cel_as(struct ktg_cel_value v, enum ktg_cel_kind kind)
{
    if (v.kind == kind || kind == KTG_CEL_DYN)
        return v;
    if (v.kind != KTG_CEL_STRING)
        return ktg_cel_absent();
    struct ktg_cel_value to = {.kind = kind};
    ktg_date d;
    ktg_time t;
    switch (kind) {
    case KTG_CEL_BOOL:
        to.b = ktg_bytes_is(v.s, "true");
        return to.b || ktg_bytes_is(v.s, "false") ? to : ktg_cel_absent();
    case KTG_CEL_INT:
        return read_int(v.s, &to.i) ? to : ktg_cel_absent();
    case KTG_CEL_DURATION: {
        bool minus = v.s.size > 0 && v.s.data[0] == '-';
        if (ktg_duration_parse(ktg_bytes(v.s.data + minus, v.s.size - minus), &t))
            return ktg_cel_absent();
        return ktg_cel_duration(minus ? -t : t);
    }
    case KTG_CEL_TIMESTAMP:
        if (ktg_instant_parse(v.s, false, &t, &to.offset_min))
            return ktg_cel_absent();
        return ktg_cel_timestamp(t, to.offset_min);
    case KTG_CEL_DATE:
        return ktg_date_parse(v.s, &d) ? ktg_cel_absent() : ktg_cel_date(d);
    default:
        return ktg_cel_absent();
    }
}

/* "1d12h" without the day unit: "36h", "1h30m", "0s", "-90s" as "-1m30s", ms as a fraction of the seconds. */
static size_t duration_text(int64_t ms, char to[static 48])
{
    uint64_t left = ms < 0 ? 0 - (uint64_t)ms : (uint64_t)ms;
    uint64_t h = left / 3600000, m = left / 60000 % 60, s = left / 1000 % 60, rest = left % 1000;
    int n = snprintf(to, 48, "%s", ms < 0 ? "-" : "");
    if (h)
        n += snprintf(to + n, 48 - (size_t)n, "%" PRIu64 "h", h);
    if (m)
        n += snprintf(to + n, 48 - (size_t)n, "%" PRIu64 "m", m);
    if (rest)
        n += snprintf(to + n, 48 - (size_t)n, "%" PRIu64 ".%03" PRIu64 "s", s, rest);
    else if (s || (!h && !m))
        n += snprintf(to + n, 48 - (size_t)n, "%" PRIu64 "s", s);
    return (size_t)n;
}

static struct ktg_cel_value copied(struct ktg_cel_env *env, const char *text, size_t size)
{
    uint8_t *to = ktg_cel_memory(env, size, 1);
    if (!to)
        return ktg_cel_absent();
    memcpy(to, text, size);
    return ktg_cel_string(ktg_bytes(to, size));
}

static struct ktg_cel_value doc_text(struct ktg_cel_env *env, struct ktg_bytes issuer,
                                     struct ktg_bytes number)
{
    size_t size = 5 + issuer.size + number.size;
    uint8_t *to = ktg_cel_memory(env, size, 1);
    if (!to)
        return ktg_cel_absent();
    memcpy(to, "doc:", 4);
    if (issuer.size)
        memcpy(to + 4, issuer.data, issuer.size);
    to[4 + issuer.size] = ':';
    if (number.size)
        memcpy(to + 5 + issuer.size, number.data, number.size);
    return ktg_cel_string(ktg_bytes(to, size));
}

struct ktg_cel_value ktg_cel_text_of(struct ktg_cel_env *env, const struct ktg_cel_value *v)
{
    char text[64];
    struct ktg_bytes issuer, number;
    if ((v->kind == KTG_CEL_DATE || v->kind == KTG_CEL_TIMESTAMP) && !ktg_cel_in_calendar(v))
        return ktg_cel_absent();
    switch (v->kind) {
    case KTG_CEL_STRING:
        return *v;
    case KTG_CEL_BOOL:
        return ktg_cel_string(v->b ? KTG_LIT("true") : KTG_LIT("false"));
    case KTG_CEL_INT:
        return copied(env, text, (size_t)snprintf(text, sizeof text, "%" PRId64, v->i));
    case KTG_CEL_DURATION:
        return copied(env, text, duration_text(v->i, text));
    case KTG_CEL_DATE:
        ktg_date_format((ktg_date)v->i, text);
        return copied(env, text, strlen(text));
    case KTG_CEL_TIMESTAMP:
        ktg_instant_format(v->i, v->offset_min, text);
        return copied(env, text, strlen(text));
    case KTG_CEL_OBJECT:
        return ktg_cel_doc_parts(v, &issuer, &number) ? doc_text(env, issuer, number)
                                                      : ktg_cel_absent();
    default:
        return ktg_cel_absent();
    }
}
