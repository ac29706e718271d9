/* tests/unit/rules/cel/world.c - see world.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/unit/rules/cel/world.h"

#include <inttypes.h>
#include <stdio.h>

#define NAMED(n)                                                                      \
    .name = n, .key = {                                                               \
                   (const uint8_t *)(n), sizeof(n) - 1 /* KTG_LIT() is no constant */ \
    }
#define STRING_FIELD(n)                \
    {                                  \
        NAMED(n), .type = KTG_F_STRING \
    }

static const struct ktg_field place_fields[] = {STRING_FIELD("district"), STRING_FIELD("lat"),
                                                STRING_FIELD("lon")};
static const struct ktg_shape place_shape = {
    .name = "place", .fields = place_fields, .count = KTG_COUNT(place_fields)};
static const struct ktg_field doc_fields[] = {
    {NAMED("expiry"), .type = KTG_F_DATE},
    {NAMED("issuer"), .type = KTG_F_STRING, .required = true},
    {NAMED("number"), .type = KTG_F_STRING, .required = true},
};
static const struct ktg_shape doc_shape = {
    .name = "doc", .fields = doc_fields, .count = KTG_COUNT(doc_fields)};
static const char *const directions[] = {"entry", "exit", "refused", NULL};
static const struct ktg_field event_fields[] = {
    {NAMED("birth_place"), .type = KTG_F_STRING, .rules = KTG_RULES_IDENTITY_ONLY},
    {NAMED("children"), .type = KTG_F_INT},
    {NAMED("companions"), .type = KTG_F_OBJECT, .list = true, .shape = &doc_shape},
    {NAMED("departs_at"), .type = KTG_F_INSTANT},
    {NAMED("direction"), .type = KTG_F_CODE, .required = true, .codes = directions},
    {NAMED("dob"), .type = KTG_F_DATE, .rules = KTG_RULES_APART},
    {NAMED("doc"), .type = KTG_F_OBJECT, .required = true, .shape = &doc_shape},
    {NAMED("id"), .type = KTG_F_UUID, .required = true},
    {NAMED("keys"), .type = KTG_F_STRING, .list = true},
    {NAMED("nationality"), .type = KTG_F_CODE, .rules = KTG_RULES_FORBIDDEN},
    {NAMED("place"), .type = KTG_F_OBJECT, .shape = &place_shape},
    {NAMED("post"), .type = KTG_F_STRING, .required = true},
    {NAMED("transit"), .type = KTG_F_BOOL},
    {NAMED("traveller"), .type = KTG_F_CODE, .default_text = "passenger"},
    {NAMED("until"), .type = KTG_F_DATE},
};
static const struct ktg_shape event_shape = {
    .name = "event", .fields = event_fields, .count = KTG_COUNT(event_fields)};
static const struct ktg_cel_type int_type = {.kind = KTG_CEL_INT};
static const struct ktg_cel_type span_type = {.kind = KTG_CEL_DYN};

#define STR(x)                                                              \
    {                                                                       \
        .kind = KTG_CEL_STRING, .s = {(const uint8_t *)(x), sizeof(x) - 1 } \
    }
#define INT(x)                      \
    {                               \
        .kind = KTG_CEL_INT, .i = x \
    }
#define MAP(k, v)                                          \
    {                                                      \
        .kind = KTG_CEL_MAP, .map = { k, v, KTG_COUNT(k) } \
    }
#define LIST(l)                                           \
    {                                                     \
        .kind = KTG_CEL_LIST, .list = { l, KTG_COUNT(l) } \
    }

static const struct ktg_cel_value numbers[] = {INT(1), INT(2), INT(3)};
static const struct ktg_cel_value mixed[] = {INT(1), STR("foo"), INT(3)};
static const struct ktg_cel_value baseline_keys[] = {STR("n"), STR("squares"), STR("sum")};
static const struct ktg_cel_value baseline_values[] = {INT(10), INT(290),
                                                       INT(50)}; /* mean 5, variance 4 */
static const struct ktg_cel_value place_keys[] = {STR("lat"), STR("lon")};
static const struct ktg_cel_value jakarta[] = {STR("-6.2"), STR("106.8")};
static const struct ktg_cel_value merauke[] = {STR("-8.49"), STR("140.40")};
/* 2026-03-01 .. 2026-03-10 closed, and open since 2026-04-01 09:00 +07 */
static const struct ktg_cel_value span_keys[] = {STR("from"), STR("open"), STR("until")};
#define DAY(d)                       \
    {                                \
        .kind = KTG_CEL_DATE, .i = d \
    }
static const struct ktg_cel_value span_1[] = {
    DAY(20513), {.kind = KTG_CEL_BOOL, .b = false}, DAY(20522)};
static const struct ktg_cel_value span_2[] = {
    DAY(20544), {.kind = KTG_CEL_BOOL, .b = true}, {.kind = KTG_CEL_NULL}};
static const struct ktg_cel_value spans[] = {MAP(span_keys, span_1), MAP(span_keys, span_2)};

#define NOW ((ktg_time)1775754000000) /* 2026-04-10T00:00+07:00 */

static const struct {
    const char *name;
    struct ktg_cel_type type;
    struct ktg_cel_value value;
} names[] = {
    {"e", {.kind = KTG_CEL_REF, .row = &event_shape}, {.kind = KTG_CEL_REF, .ref = {.tag = 1}}},
    {"gone", {.kind = KTG_CEL_REF, .row = &event_shape}, {.kind = KTG_CEL_NULL}},
    {"nobody", {.kind = KTG_CEL_DYN}, {.kind = KTG_CEL_NULL}},
    {"absent", {.kind = KTG_CEL_DYN, .optional = true}, {.kind = KTG_CEL_ABSENT}},
    {"direction", {.kind = KTG_CEL_STRING, .codes = directions}, STR("entry")},
    {"hit", {.kind = KTG_CEL_BOOL}, {.kind = KTG_CEL_BOOL, .b = true}},
    {"seven", {.kind = KTG_CEL_INT}, INT(7)},
    {"any", {.kind = KTG_CEL_DYN}, INT(7)},
    {"word", {.kind = KTG_CEL_DYN}, STR("foo")},
    {"subject", {.kind = KTG_CEL_STRING}, STR("P1")},
    {"now", {.kind = KTG_CEL_TIMESTAMP}, {.kind = KTG_CEL_TIMESTAMP, .offset_min = 420, .i = NOW}},
    {"deadline",
     {.kind = KTG_CEL_TIMESTAMP},
     {.kind = KTG_CEL_TIMESTAMP, .offset_min = 420, .i = NOW - 10 * KTG_DAY_MS - 1}},
    {"eastern",
     {.kind = KTG_CEL_TIMESTAMP},
     {.kind = KTG_CEL_TIMESTAMP, .offset_min = 540, .i = NOW - 7200000}},
    {"never", {.kind = KTG_CEL_TIMESTAMP}, {.kind = KTG_CEL_TIMESTAMP, .i = KTG_NEVER}},
    {"numbers", {.kind = KTG_CEL_LIST, .elem = &int_type}, LIST(numbers)},
    {"mixed", {.kind = KTG_CEL_LIST}, LIST(mixed)},
    {"usual", {.kind = KTG_CEL_MAP}, MAP(baseline_keys, baseline_values)},
    {"jakarta", {.kind = KTG_CEL_OBJECT}, MAP(place_keys, jakarta)},
    {"merauke", {.kind = KTG_CEL_OBJECT}, MAP(place_keys, merauke)},
    {"stays", {.kind = KTG_CEL_LIST, .elem = &span_type}, LIST(spans)},
    {"text", {.kind = KTG_CEL_STRING}, STR("Kopi Tubruk \xc3\xa9")},
};

static int scope_name(void *arg, struct ktg_bytes name, int *ret_slot,
                      struct ktg_cel_type *ret_type)
{
    (void)arg;
    for (size_t i = 0; i < KTG_COUNT(names); i++) {
        if (!ktg_bytes_is(name, names[i].name))
            continue;
        *ret_slot = (int)i;
        *ret_type = names[i].type;
        return KTG_OK;
    }
    return KTG_ENOTFOUND;
}

static int scope_field(void *arg, const void *row, struct ktg_bytes name,
                       struct ktg_cel_type *ret_type)
{
    struct world *w = arg;
    const struct ktg_field *f = ktg_shape_field(row, name);
    if (!f)
        return KTG_ENOTFOUND;
    *ret_type = ktg_cel_field_type(f, &w->arena);
    return KTG_OK;
}

static const char *scope_nearest(void *arg, const void *row, struct ktg_bytes name)
{
    (void)arg, (void)name;
    return row ? ktg_shape_nearest(row, name) : "seven";
}

static void scope_warn(void *arg, int line, int column, const char *text)
{
    struct world *w = arg;
    w->warned++;
    ktg_buf_printf(&w->warnings, "%d:%d: %s\n", line, column, text);
}

static struct ktg_cel_value env_slot(void *arg, int slot)
{
    (void)arg;
    return names[slot].value;
}

static struct ktg_cel_value env_field(void *arg, const struct ktg_cel_value *ref,
                                      struct ktg_bytes name)
{
    struct world *w = arg;
    (void)ref;
    return ktg_cel_from_field(&event_shape, ktg_buf_view(&w->event), name, &w->arena);
}

static struct ktg_cel_value env_setting(void *arg, struct ktg_bytes name)
{
    (void)arg;
    if (ktg_bytes_is(name, "fee.days"))
        return (struct ktg_cel_value)STR("45");
    if (ktg_bytes_is(name, "odd"))
        return (struct ktg_cel_value)STR("many");
    return (struct ktg_cel_value){.kind = KTG_CEL_ABSENT};
}

static bool env_list_has(void *arg, struct ktg_bytes list, struct ktg_bytes word, ktg_time at)
{
    (void)arg;
    if (!ktg_bytes_is(list, "posts"))
        return false;
    return ktg_bytes_is(word, "ARUK") || ktg_bytes_is(word, "doc:UTO:0001") ||
           (ktg_bytes_is(word, "BADAU") && at < NOW); /* dated */
}

static struct ktg_cel_value env_list(void *arg, struct ktg_bytes list)
{
    static const struct ktg_cel_value posts[] = {STR("ARUK")};
    (void)arg, (void)list;
    return (struct ktg_cel_value)LIST(posts);
}

static void put_doc(struct ktg_buf *b, const char *number)
{
    ktg_wire_put_map(b, 3);
    ktg_wire_put_text(b, "expiry");
    ktg_wire_put_text(b, "2026-04-09");
    ktg_wire_put_text(b, "issuer");
    ktg_wire_put_text(b, "UTO");
    ktg_wire_put_text(b, "number");
    ktg_wire_put_text(b, number);
}

static void put_event(struct ktg_buf *b)
{
    static const uint8_t id[KTG_ID_SIZE] = {1, 2, 3};
    ktg_wire_put_map(b, 10);
    ktg_wire_put_text(b, "children");
    ktg_wire_put_nil(b);
    ktg_wire_put_text(b, "companions");
    ktg_wire_put_array(b, 2);
    put_doc(b, "0002");
    put_doc(b, "0003");
    ktg_wire_put_text(b, "departs_at");
    ktg_wire_put_array(b, 2);
    ktg_wire_put_int(b, NOW);
    ktg_wire_put_int(b, 540);
    ktg_wire_put_text(b, "direction");
    ktg_wire_put_text(b, "entry");
    ktg_wire_put_text(b, "dob");
    ktg_wire_put_text(b, "2008-02-29");
    ktg_wire_put_text(b, "doc");
    put_doc(b, "0001");
    ktg_wire_put_text(b, "id");
    ktg_wire_put_bin(b, ktg_bytes(id, sizeof id));
    ktg_wire_put_text(b, "nationality");
    ktg_wire_put_text(b, "UTO");
    ktg_wire_put_text(b, "post");
    ktg_wire_put_text(b, "ARUK");
    ktg_wire_put_text(b, "until");
    ktg_wire_put_text(b, "2026-<<-<<");
}

void world_init(struct world *w)
{
    *w = (struct world){0};
    put_event(&w->event);
    w->scope = (struct ktg_cel_scope){.arg = w,
                                      .name = scope_name,
                                      .field = scope_field,
                                      .nearest = scope_nearest,
                                      .warn = scope_warn};
    w->env = (struct ktg_cel_env){w,         &w->arena,   NOW,          420,      1000000, env_slot,
                                  env_field, env_setting, env_list_has, env_list, 0};
}

void world_done(struct world *w)
{
    ktg_arena_done(&w->arena);
    ktg_buf_done(&w->event);
    ktg_buf_done(&w->warnings);
}

const struct ktg_cel *world_compile(struct world *w, const char *text)
{
    const struct ktg_cel *plan = NULL;
    w->err = (struct ktg_err)KTG_ERR_INIT;
    if (ktg_cel_compile(ktg_bytes_str(text), "a.yaml", 3, 9, &w->scope, &w->arena, &plan, &w->err))
        return NULL;
    return plan;
}

struct ktg_cel_value world_eval(struct world *w, const char *text)
{
    const struct ktg_cel *plan = world_compile(w, text);
    if (!plan)
        return (struct ktg_cel_value){.kind = KTG_CEL_DYN};
    return ktg_cel_eval(plan, &w->env);
}

static void show(struct world *w, const struct ktg_cel_value *v, struct ktg_buf *to)
{
    char text[KTG_INSTANT_TEXT];
    switch (v->kind) {
    case KTG_CEL_ABSENT:
        ktg_buf_put_str(to, "absent");
        break;
    case KTG_CEL_NULL:
        ktg_buf_put_str(to, "null");
        break;
    case KTG_CEL_BOOL:
        ktg_buf_put_str(to, v->b ? "true" : "false");
        break;
    case KTG_CEL_INT:
        ktg_buf_printf(to, "%" PRId64, v->i);
        break;
    case KTG_CEL_STRING:
        ktg_buf_printf(to, "'%.*s'", (int)v->s.size, (const char *)v->s.data);
        break;
    case KTG_CEL_DURATION:
        ktg_buf_printf(to, "%" PRId64 "ms", v->i);
        break;
    case KTG_CEL_TIMESTAMP:
        ktg_instant_format(v->i, v->offset_min, text);
        ktg_buf_put_str(to, text);
        break;
    case KTG_CEL_DATE:
        ktg_date_format((ktg_date)v->i, text);
        ktg_buf_put_str(to, text);
        break;
    case KTG_CEL_LIST:
        for (size_t i = 0; i < v->list.count; i++) {
            ktg_buf_put_str(to, i ? ", " : "[");
            show(w, &v->list.items[i], to);
        }
        ktg_buf_put_str(to, v->list.count ? "]" : "[]");
        break;
    case KTG_CEL_MAP:
        for (size_t i = 0; i < v->map.count; i++) {
            ktg_buf_put_str(to, i ? ", " : "{");
            show(w, &v->map.keys[i], to);
            ktg_buf_put_str(to, ": ");
            show(w, &v->map.values[i], to);
        }
        ktg_buf_put_str(to, v->map.count ? "}" : "{}");
        break;
    default:
        ktg_buf_put_str(to, v->kind == KTG_CEL_DYN ? w->err.text : "thing");
    }
}

const char *world_show(struct world *w, const struct ktg_cel_value *v)
{
    struct ktg_buf b = KTG_BUF_INIT;
    show(w, v, &b);
    const char *text = ktg_arena_strndup(&w->arena, ktg_buf_text(&b), b.size);
    ktg_buf_done(&b);
    return text;
}
