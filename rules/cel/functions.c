/* rules/cel/functions.c - the table of functions, made from functions.def.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "rules/cel/functions.h"
#include "runtime/yaml/yaml.h" /* ktg_yaml_nearest */

#define ktg_cel_fn_NULL NULL

static const struct ktg_cel_fn rows[] = {
#define KTG_FN(name, eval, least, most, kinds, gives, style, signature, help) \
    {#name, least, most, kinds, gives, style, ktg_cel_fn_##eval},
#include "rules/cel/functions.def"
#undef KTG_FN
};

static const struct ktg_cel_function documented[] = {
#define KTG_FN(name, eval, least, most, kinds, gives, style, signature, help) \
    {#name, signature, help},
#include "rules/cel/functions.def"
#undef KTG_FN
};

static const char *const names[] = {
#define KTG_FN(name, eval, least, most, kinds, gives, style, signature, help) #name,
#include "rules/cel/functions.def"
#undef KTG_FN
    NULL};

const struct ktg_cel_function *ktg_cel_functions(size_t *ret_count)
{
    *ret_count = KTG_COUNT(documented);
    return documented;
}

const struct ktg_cel_fn *ktg_cel_fn_find(struct ktg_bytes name)
{
    for (size_t i = 0; i < KTG_COUNT(rows); i++)
        if (ktg_bytes_is(name, rows[i].name))
            return &rows[i];
    return NULL;
}

const char *ktg_cel_fn_nearest(struct ktg_bytes name)
{
    char word[65];
    if (name.size >= sizeof word)
        return NULL;
    memcpy(word, name.data, name.size);
    word[name.size] = 0;
    return ktg_yaml_nearest(word, names);
}

static const struct {
    char letter;
    uint32_t kinds;
    const char *text;
} letters[] = {
    {'i', 1u << KTG_CEL_INT, "an int"},
    {'s', 1u << KTG_CEL_STRING, "a string"},
    {'b', 1u << KTG_CEL_BOOL, "a bool"},
    {'d', 1u << KTG_CEL_DURATION, "a duration"},
    {'t', 1u << KTG_CEL_TIMESTAMP, "an instant"},
    {'D', 1u << KTG_CEL_DATE, "a date"},
    {'w', 1u << KTG_CEL_DATE | 1u << KTG_CEL_TIMESTAMP, "a date or an instant"},
    {'l', 1u << KTG_CEL_LIST, "a list"},
    {'m', 1u << KTG_CEL_MAP, "a map"},
    {'o', 1u << KTG_CEL_OBJECT | 1u << KTG_CEL_MAP, "a place"},
    {'c', 1u << KTG_CEL_LIST | 1u << KTG_CEL_STRING | 1u << KTG_CEL_MAP,
     "a list, a string or a map"},
    {'*', ~(1u << KTG_CEL_NULL | 1u << KTG_CEL_ABSENT), "a value"},
};

bool ktg_cel_letter_takes(char letter, enum ktg_cel_kind kind)
{
    for (size_t i = 0; i < KTG_COUNT(letters); i++)
        if (letters[i].letter == letter)
            return letters[i].kinds >> kind & 1;
    return false;
}

const char *ktg_cel_letter_text(char letter)
{
    for (size_t i = 0; i < KTG_COUNT(letters); i++)
        if (letters[i].letter == letter)
            return letters[i].text;
    return "a value";
}

const char *ktg_cel_kind_text(enum ktg_cel_kind kind)
{
    static const char *const texts[] = {
        [KTG_CEL_ABSENT] = "nothing",       [KTG_CEL_NULL] = "null",
        [KTG_CEL_BOOL] = "a bool",          [KTG_CEL_INT] = "an int",
        [KTG_CEL_STRING] = "a string",      [KTG_CEL_DURATION] = "a duration",
        [KTG_CEL_TIMESTAMP] = "an instant", [KTG_CEL_DATE] = "a date",
        [KTG_CEL_LIST] = "a list",          [KTG_CEL_MAP] = "a map",
        [KTG_CEL_OBJECT] = "an object",     [KTG_CEL_REF] = "an event",
        [KTG_CEL_DYN] = "a value",
    };
    return kind <= KTG_CEL_DYN ? texts[kind] : "a value";
}
