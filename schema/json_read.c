/* schema/json_read.c - JSON in: a bounded line, through jansson, into canonical bytes.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "schema/event_parts.h"
#include "schema/json.h"
#include "schema/text.h"

struct reading {
    struct ktg_buf *to;
    struct ktg_err *err;
};

static int fail(const struct reading *r, enum ktg_fault_no fault, const struct ktg_pointer *at,
                const char *got, const char *want)
{
    char where[96];
    ktg_pointer_format(at, where, sizeof where);
    return ktg_fault_set(r->err, fault, got, want, "%s", where[0] ? where : "/");
}

static const char *kind_name(const json_t *j)
{
    switch (json_typeof(j)) {
    case JSON_OBJECT:
        return "an object";
    case JSON_ARRAY:
        return "an array";
    case JSON_STRING:
        return "a text";
    case JSON_INTEGER:
        return "an integer";
    case JSON_REAL:
        return "a number with a fraction";
    case JSON_NULL:
        return "null";
    default:
        return "true or false";
    }
}

static struct ktg_bytes text_of(const json_t *j)
{
    return ktg_bytes(json_string_value(j), json_string_length(j));
}

/* --- keys in order --- */

static int by_key(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool is_good_key(const char *key)
{
    size_t n = strlen(key);
    if (n == 0 || n > KTG_WIRE_KEY || key[0] == '$')
        return false;
    for (size_t i = 0; i < n; i++)
        if ((uint8_t)key[i] <= 0x20 || (uint8_t)key[i] >= 0x7f)
            return false;
    return true;
}

/* The keys of an object, sorted; *ret_keys is to be freed. */
static int sorted_keys(const struct reading *r, json_t *object, const struct ktg_pointer *at,
                       const char ***ret_keys)
{
    const char *key;
    json_t *value;
    size_t n = 0;
    const char **keys = ktg_calloc(json_object_size(object) + 1, sizeof *keys);
    if (!keys)
        return KTG_ENOMEM;
    json_object_foreach(object, key, value)
    {
        if (!is_good_key(key)) {
            ktg_free(keys);
            return fail(r, KTG_FAULT_NOT_CANONICAL, at, "another kind of name",
                        "names of 1 to 64 printable ASCII characters without blanks");
        }
        keys[n++] = key;
    }
    if (n)
        qsort(keys, n, sizeof *keys, by_key);
    *ret_keys = keys;
    return KTG_OK;
}

/* --- values --- */

static int put_text(const struct reading *r, const json_t *j, const struct ktg_pointer *at)
{
    struct ktg_buf nfc = KTG_BUF_INIT;
    struct ktg_bytes text = text_of(j);
    int rc = KTG_OK;
    if (ktg_text_check(text) == KTG_TEXT_GOOD) {
        ktg_wire_put_str(r->to, text);
        return KTG_OK;
    }
    rc = ktg_text_put_nfc(&nfc, text);
    if (rc == KTG_EINVALID)
        rc = fail(r, KTG_FAULT_WRONG_VALUE, at, "a letter with too many marks",
                  "at most 31 marks on a letter");
    if (!rc)
        ktg_wire_put_str(r->to, ktg_buf_view(&nfc));
    ktg_buf_done(&nfc);
    return rc;
}

static int put_value(const struct reading *r, json_t *j, const struct ktg_pointer *at);

static int put_array(const struct reading *r, const struct ktg_field *f, json_t *j,
                     const struct ktg_pointer *at);
static int put_object(const struct reading *r, const struct ktg_shape *shape, json_t *j,
                      const struct ktg_pointer *at);

/* {"$bin": "00ff"} */
static bool put_bin(const struct reading *r, json_t *j)
{
    json_t *hex = json_object_size(j) == 1 ? json_object_get(j, "$bin") : NULL;
    size_t size = json_is_string(hex) ? json_string_length(hex) / 2 : 0;
    struct ktg_buf bytes = KTG_BUF_INIT;
    uint8_t *at = json_is_string(hex) ? ktg_buf_extend(&bytes, size + 1) : NULL;
    bool good = at && ktg_unhex(json_string_value(hex), json_string_length(hex), at) == KTG_OK;
    if (good)
        ktg_wire_put_bin(r->to, ktg_bytes(at, size));
    ktg_buf_done(&bytes);
    return good;
}

static int put_value(const struct reading *r, json_t *j, const struct ktg_pointer *at)
{
    switch (json_typeof(j)) {
    case JSON_OBJECT:
        return put_bin(r, j) ? KTG_OK : put_object(r, NULL, j, at);
    case JSON_ARRAY:
        return put_array(r, NULL, j, at);
    case JSON_STRING:
        return put_text(r, j, at);
    case JSON_INTEGER:
        ktg_wire_put_int(r->to, json_integer_value(j));
        return KTG_OK;
    case JSON_REAL:
        return fail(r, KTG_FAULT_WRONG_TYPE, at, kind_name(j), "an integer, or text");
    case JSON_NULL:
        ktg_wire_put_nil(r->to);
        return KTG_OK;
    default:
        ktg_wire_put_bool(r->to, json_is_true(j));
        return KTG_OK;
    }
}

static int put_instant(const struct reading *r, const json_t *j, const struct ktg_pointer *at)
{
    ktg_time t;
    int offset;
    if (ktg_instant_parse(text_of(j), false, &t, &offset) || t < KTG_FIRST_INSTANT ||
        t > KTG_LAST_INSTANT)
        return fail(
            r, KTG_FAULT_WRONG_VALUE, at, NULL,
            "RFC 3339 with its zone, no finer than a millisecond: 2026-03-01T09:00:00+07:00");
    ktg_wire_put_array(r->to, 2);
    ktg_wire_put_int(r->to, t);
    ktg_wire_put_int(r->to, offset);
    return KTG_OK;
}

static int put_uuid(const struct reading *r, const json_t *j, const struct ktg_pointer *at)
{
    uint8_t id[KTG_ID_SIZE];
    if (ktg_id_parse(text_of(j), id))
        return fail(r, KTG_FAULT_WRONG_VALUE, at, NULL,
                    "a UUID as 01936b2e-7c00-7000-8000-000000000001");
    ktg_wire_put_bin(r->to, ktg_bytes(id, sizeof id));
    return KTG_OK;
}

static const struct {
    json_type json;
    const char *want;
} wanted[] = {
    [KTG_F_STRING] = {JSON_STRING, "a text"},
    [KTG_F_TEXT] = {JSON_STRING, "a text"},
    [KTG_F_CODE] = {JSON_STRING, "a code"},
    [KTG_F_PHONE] = {JSON_STRING, "a phone number as text"},
    [KTG_F_EMAIL] = {JSON_STRING, "a mail address"},
    [KTG_F_INT] = {JSON_INTEGER, "an integer"},
    [KTG_F_MONEY] = {JSON_INTEGER, "an integer, whole rupiah"},
    [KTG_F_BOOL] = {JSON_TRUE, "true or false"},
    [KTG_F_DATE] = {JSON_STRING, "a date as text"},
    [KTG_F_INSTANT] = {JSON_STRING, "an instant as RFC 3339 text"},
    [KTG_F_UUID] = {JSON_STRING, "a UUID as text"},
    [KTG_F_OBJECT] = {JSON_OBJECT, "an object"},
};

static int put_typed(const struct reading *r, const struct ktg_field *f, json_t *j,
                     const struct ktg_pointer *at)
{
    json_type type = json_typeof(j) == JSON_FALSE ? JSON_TRUE : json_typeof(j);
    if (type == JSON_NULL)
        return put_value(r, j, at);
    if (type != wanted[f->type].json)
        return fail(r, KTG_FAULT_WRONG_TYPE, at, kind_name(j), wanted[f->type].want);
    if (f->type == KTG_F_INSTANT)
        return put_instant(r, j, at);
    if (f->type == KTG_F_UUID)
        return put_uuid(r, j, at);
    return f->type == KTG_F_OBJECT && f->shape ? put_object(r, f->shape, j, at)
                                               : put_value(r, j, at);
}

static int put_field(const struct reading *r, const struct ktg_field *f, json_t *j,
                     const struct ktg_pointer *at)
{
    if (!f)
        return put_value(r, j, at);
    if (!f->list || json_is_null(j))
        return put_typed(r, f, j, at);
    if (!json_is_array(j))
        return fail(r, KTG_FAULT_WRONG_TYPE, at, kind_name(j), "an array");
    return put_array(r, f, j, at);
}

static int put_array(const struct reading *r, const struct ktg_field *f, json_t *j,
                     const struct ktg_pointer *at)
{
    size_t i;
    json_t *item;
    ktg_wire_put_array(r->to, (uint32_t)json_array_size(j));
    json_array_foreach(j, i, item)
    {
        struct ktg_pointer here = {.up = at, .index = (uint32_t)i};
        int rc = f ? put_typed(r, f, item, &here) : put_value(r, item, &here);
        if (rc)
            return rc;
    }
    return KTG_OK;
}

static int put_object(const struct reading *r, const struct ktg_shape *shape, json_t *j,
                      const struct ktg_pointer *at)
{
    const char **keys = NULL;
    int rc = sorted_keys(r, j, at, &keys);
    if (rc)
        return rc;
    ktg_wire_put_map(r->to, (uint32_t)json_object_size(j));
    for (const char **key = keys; *key && !rc; key++) {
        struct ktg_bytes name = ktg_bytes_str(*key);
        struct ktg_pointer here = {.up = at, .key = name};
        ktg_wire_put_str(r->to, name);
        rc = put_field(r, ktg_shape_field(shape, name), json_object_get(j, *key), &here);
    }
    ktg_free(keys);
    return rc;
}

/* --- lines --- */

/* Bounded before the library looks: size, and brackets outside of texts. */
static int check_bounds(const struct reading *r, struct ktg_bytes text)
{
    int depth = 0;
    bool quoted = false;
    if (text.size > KTG_JSON_LINE_MAX)
        return ktg_fault_set(r->err, KTG_FAULT_OVERSIZE, "a longer line", "at most 262144 bytes",
                             "/");
    for (size_t i = 0; i < text.size; i++) {
        uint8_t ch = text.data[i];
        if (quoted) {
            if (ch == '\\')
                i++;
            else if (ch == '"')
                quoted = false;
        } else if (ch == '"') {
            quoted = true;
        } else if (ch == '{' || ch == '[') {
            if (++depth > KTG_JSON_DEPTH)
                return ktg_fault_set(r->err, KTG_FAULT_TOO_DEEP, NULL, "at most 20 levels",
                                     "column %zu", i + 1);
        } else if (ch == '}' || ch == ']') {
            depth--;
        }
    }
    return KTG_OK;
}

static const char *complaint(enum json_error_code code)
{
    switch (code) {
    case json_error_premature_end_of_input:
        return "the end of the line";
    case json_error_end_of_input_expected:
        return "something after the object";
    case json_error_invalid_utf8:
        return "bytes that are no UTF-8";
    case json_error_duplicate_key:
        return "a name twice";
    case json_error_numeric_overflow:
        return "a number beyond 64 bits";
    case json_error_null_character:
    case json_error_null_byte_in_key:
        return "a NUL in a text";
    default:
        return "something else";
    }
}

static int load(const struct reading *r, struct ktg_bytes text, json_t **ret)
{
    json_error_t problem;
    int rc = check_bounds(r, text);
    if (rc)
        return rc;
    json_t *j = json_loadb((const char *)text.data, text.size,
                           JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &problem);
    if (!j && json_error_code(&problem) == json_error_out_of_memory)
        return KTG_ENOMEM;
    if (!j)
        return ktg_fault_set(r->err, KTG_FAULT_NOT_JSON, complaint(json_error_code(&problem)),
                             "JSON", "column %d", problem.position);
    *ret = j;
    return KTG_OK;
}

/* The buffer as it was when it went wrong. */
static int finish(const struct reading *r, size_t before, int rc)
{
    if (!rc)
        rc = ktg_buf_check(r->to);
    if (rc == KTG_ENOMEM)
        ktg_err_set(r->err, KTG_ENOMEM, "json: out of memory");
    if (rc)
        r->to->size = before < r->to->size ? before : r->to->size;
    return rc;
}

int ktg_json_parse(struct ktg_bytes text, struct ktg_buf *to, struct ktg_err *err)
{
    struct reading r = {to, err};
    size_t before = to->size;
    json_t *j = NULL;
    int rc = load(&r, text, &j);
    if (!rc)
        rc = put_value(&r, j, NULL);
    json_decref(j);
    return finish(&r, before, rc);
}

static int check_envelope(const struct reading *r, json_t *line)
{
    const char *key;
    json_t *value;
    json_object_foreach(line, key, value)
    {
        bool known = strcmp(key, "recorded_at") == 0;
        for (size_t i = 0; i < KTG_ENVELOPE_ROWS && !known; i++)
            known = strcmp(key, ktg_envelope[i].key) == 0;
        struct ktg_pointer here = {.key = ktg_bytes_str(key)};
        if (!known)
            return fail(r, KTG_FAULT_UNKNOWN_FIELD, &here, NULL,
                        "fields of the type stand in data");
    }
    for (size_t i = 0; i < KTG_ENVELOPE_ROWS; i++) {
        struct ktg_pointer here = {.key = ktg_bytes_str(ktg_envelope[i].key)};
        if (ktg_envelope[i].required && i != KTG_ENV_V &&
            !json_object_get(line, ktg_envelope[i].key))
            return fail(r, KTG_FAULT_MISSING_FIELD, &here, NULL, NULL);
    }
    return KTG_OK;
}

static int put_envelope(const struct reading *r, const struct ktg_shape *data, json_t *line)
{
    static const enum ktg_field_type types[KTG_ENVELOPE_ROWS] = {
        [KTG_ENV_BASIS] = KTG_F_OBJECT,    [KTG_ENV_DATA] = KTG_F_OBJECT,
        [KTG_ENV_ID] = KTG_F_UUID,         [KTG_ENV_OCCURRED_AT] = KTG_F_INSTANT,
        [KTG_ENV_RETRACTS] = KTG_F_UUID,   [KTG_ENV_SOURCE] = KTG_F_STRING,
        [KTG_ENV_SUPERSEDES] = KTG_F_UUID, [KTG_ENV_TYPE] = KTG_F_STRING,
        [KTG_ENV_V] = KTG_F_INT,
    };
    bool recorded = json_object_get(line, "recorded_at"), version = json_object_get(line, "v");
    ktg_wire_put_map(r->to, (uint32_t)(json_object_size(line) - recorded + !version));
    for (size_t i = 0; i < KTG_ENVELOPE_ROWS; i++) {
        const char *key = ktg_envelope[i].key;
        json_t *value = json_object_get(line, key);
        struct ktg_pointer here = {.key = ktg_bytes_str(key)};
        struct ktg_field f = {
            .name = key, .type = types[i], .shape = i == KTG_ENV_DATA ? data : NULL};
        if (!value && i != KTG_ENV_V)
            continue;
        ktg_wire_put_text(r->to, key);
        if (!value) {
            ktg_wire_put_int(r->to, 1);
            continue;
        }
        if (json_is_null(value))
            return fail(r, KTG_FAULT_WRONG_TYPE, &here, "null", wanted[f.type].want);
        int rc = put_typed(r, &f, value, &here);
        if (rc)
            return rc;
    }
    return KTG_OK;
}

static int read_extra(const struct reading *r, json_t *line, struct ktg_json_extra *ret)
{
    struct ktg_pointer here = {.key = KTG_LIT("recorded_at")};
    json_t *j = json_object_get(line, "recorded_at");
    struct ktg_json_extra extra = {.has_recorded = j != NULL};
    int offset;
    if (j &&
        (!json_is_string(j) || ktg_instant_parse(text_of(j), false, &extra.recorded_at, &offset)))
        return fail(r, KTG_FAULT_WRONG_VALUE, &here, NULL, "RFC 3339 with its zone");
    if (ret)
        *ret = extra;
    return KTG_OK;
}

static int decode(const struct reading *r, const struct ktg_catalogue *c, json_t *line,
                  struct ktg_json_extra *ret)
{
    struct ktg_pointer at_type = {.key = KTG_LIT("type")};
    if (!json_is_object(line))
        return ktg_fault_set(r->err, KTG_FAULT_NOT_JSON, kind_name(line), "an object", "/");
    int rc = check_envelope(r, line);
    if (rc)
        return rc;
    json_t *name = json_object_get(line, "type");
    if (!json_is_string(name))
        return fail(r, KTG_FAULT_WRONG_TYPE, &at_type, kind_name(name), "a text");
    const struct ktg_type *type = ktg_catalogue_type(c, text_of(name));
    if (!type)
        return ktg_event_fail_type(c, text_of(name), r->err);
    struct ktg_json_extra extra;
    rc = read_extra(r, line, &extra);
    if (!rc)
        rc = put_envelope(r, type->data, line);
    if (!rc && ret)
        *ret = extra;
    return rc;
}

int ktg_json_decode(const struct ktg_catalogue *c, struct ktg_bytes line, struct ktg_buf *to,
                    struct ktg_json_extra *ret_extra, struct ktg_err *err)
{
    struct reading r = {to, err};
    size_t before = to->size;
    json_t *j = NULL;
    int rc = load(&r, line, &j);
    if (!rc)
        rc = decode(&r, c, j, ret_extra);
    if (!rc && !to->bad) {
        rc = ktg_wire_check(ktg_bytes(to->data + before, to->size - before), &KTG_WIRE_LIMITS, err);
    }
    json_decref(j);
    return finish(&r, before, rc);
}
