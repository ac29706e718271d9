/* tests/unit/rules/cel/test_drafts.c - every condition of the draft rules compiles over the shipped catalogue.
 *
 * drafts.txt: rule TAB scope TAB condition.  The scope names what stands around it: `.=TYPE` the step's own event,
 * `p=TYPE|TYPE` an alias of an event, `links=[TYPE` a list of them, `x=?` not known before evaluation, i an int,
 * m a map, '-' nothing.  A type may be a class or a posted finding (`finding.x`: any field).
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>

#include "rules/cel/cel.h"
#include "schema/files.h"
#include "tests/support/cmocka.h"

struct scene {
    struct ktg_catalogue *catalogue;
    struct ktg_arena arena;
    struct ktg_bytes names; /* the scope column */
    int warnings;
    bool show_warnings;
};

/* The next word up to `end`; false: no more. */
static bool next_word(struct ktg_bytes *text, char end, struct ktg_bytes *ret)
{
    if (text->size == 0)
        return false;
    const uint8_t *at = memchr(text->data, end, text->size);
    size_t n = at ? (size_t)(at - text->data) : text->size;
    *ret = ktg_bytes(text->data, n);
    *text = ktg_bytes(text->data + n, text->size - n);
    if (text->size)
        *text = ktg_bytes(text->data + 1, text->size - 1);
    return true;
}

static bool envelope_type(struct ktg_bytes name, struct ktg_cel_type *ret)
{
    static const struct ktg_cel_type string = {.kind = KTG_CEL_STRING};
    static const struct {
        const char *name;
        struct ktg_cel_type type;
    } rows[] = {
        {"id", {.kind = KTG_CEL_STRING}},
        {"type", {.kind = KTG_CEL_STRING}},
        {"source", {.kind = KTG_CEL_STRING}},
        {"agency", {.kind = KTG_CEL_STRING}},
        {"document", {.kind = KTG_CEL_STRING}},
        {"person", {.kind = KTG_CEL_STRING}},
        {"date", {.kind = KTG_CEL_DATE}},
        {"occurred_at", {.kind = KTG_CEL_TIMESTAMP}},
        {"persons", {.kind = KTG_CEL_LIST, .elem = &string}},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        if (!ktg_bytes_is(name, rows[i].name))
            continue;
        *ret = rows[i].type;
        return true;
    }
    return false;
}

static bool type_field(struct scene *s, const struct ktg_type *type, struct ktg_bytes name,
                       struct ktg_cel_type *ret)
{
    const struct ktg_field *f = ktg_shape_field(type->data, name);
    if (f)
        *ret = ktg_cel_field_type(f, &s->arena);
    return f != NULL;
}

/* A field of one of the types `A|B`. */
static bool union_field(struct scene *s, struct ktg_bytes types, struct ktg_bytes name,
                        struct ktg_cel_type *ret)
{
    struct ktg_bytes word;
    if (envelope_type(name, ret))
        return true;
    while (next_word(&types, '|', &word)) {
        const struct ktg_type *type = ktg_catalogue_type(s->catalogue, word);
        int class = ktg_catalogue_class(s->catalogue, word);
        if (word.size >= 7 && memcmp(word.data, "finding", 7) == 0) {
            *ret = (struct ktg_cel_type){.kind = KTG_CEL_DYN};
            return true;
        }
        if (type && type_field(s, type, name, ret))
            return true;
        for (size_t i = 0; class >= 0 && i < ktg_catalogue_type_count(s->catalogue); i++) {
            type = ktg_catalogue_type_at(s->catalogue, (int)i);
            if (type->classes >> class & 1 && type_field(s, type, name, ret))
                return true;
        }
    }
    return false;
}

static int scope_field(void *arg, const void *row, struct ktg_bytes name, struct ktg_cel_type *ret)
{
    return union_field(arg, *(const struct ktg_bytes *)row, name, ret) ? KTG_OK : KTG_ENOTFOUND;
}

static void named_type(struct scene *s, struct ktg_bytes text, struct ktg_cel_type *ret)
{
    bool list = text.size && text.data[0] == '[';
    struct ktg_cel_type *elem = ktg_arena_zalloc(&s->arena, sizeof *elem);
    struct ktg_bytes *row = ktg_arena_alloc(&s->arena, sizeof *row);
    assert_true(elem && row);
    if (list)
        text = ktg_bytes(text.data + 1, text.size - 1);
    *row = text;
    *elem = (struct ktg_cel_type){.kind = KTG_CEL_REF, .row = row};
    if (ktg_bytes_is(text, "?"))
        *elem = (struct ktg_cel_type){.kind = KTG_CEL_DYN};
    else if (ktg_bytes_is(text, "i"))
        *elem = (struct ktg_cel_type){.kind = KTG_CEL_INT};
    else if (ktg_bytes_is(text, "m"))
        *elem = (struct ktg_cel_type){.kind = KTG_CEL_MAP};
    *ret = list ? (struct ktg_cel_type){.kind = KTG_CEL_LIST, .elem = elem} : *elem;
}

static bool find_word(const struct scene *s, struct ktg_bytes name, struct ktg_bytes *ret_value)
{
    struct ktg_bytes left = s->names, word, key;
    while (next_word(&left, ' ', &word)) {
        *ret_value = word;
        if (next_word(ret_value, '=', &key) && ktg_bytes_eq(key, name))
            return true;
    }
    return false;
}

/* Aliases, then fields of the step's own event, then `with` and `let`. */
static int scope_name(void *arg, struct ktg_bytes name, int *ret_slot, struct ktg_cel_type *ret)
{
    static const struct ktg_cel_type string = {.kind = KTG_CEL_STRING},
                                     instant = {.kind = KTG_CEL_TIMESTAMP};
    struct scene *s = arg;
    struct ktg_bytes value, own;
    bool found = find_word(s, name, &value), event = find_word(s, KTG_LIT("."), &own);
    *ret_slot = 0;
    if (found && !ktg_bytes_is(value, "?")) {
        named_type(s, value, ret);
        return KTG_OK;
    }
    if (event && union_field(s, own, name, ret))
        return KTG_OK;
    *ret = (struct ktg_cel_type){.kind = KTG_CEL_DYN};
    if (found || (event && ktg_bytes_is(own, "?")))
        return KTG_OK;
    bool subject = ktg_bytes_is(name, "subject");
    *ret = subject ? string : instant;
    return subject || ktg_bytes_is(name, "now") || ktg_bytes_is(name, "deadline") ? KTG_OK
                                                                                  : KTG_ENOTFOUND;
}

static void scope_warn(void *arg, int line, int column, const char *text)
{
    struct scene *s = arg;
    s->warnings++;
    if (s->show_warnings)
        fprintf(stderr, "%d:%d: %s\n", line, column, text);
}

static bool check_line(struct scene *s, struct ktg_bytes line, int number)
{
    struct ktg_bytes rule, condition;
    struct ktg_err err = KTG_ERR_INIT;
    const struct ktg_cel *plan = NULL;
    char where[64];
    if (!next_word(&line, '\t', &rule) || !next_word(&line, '\t', &s->names) ||
        !next_word(&line, '\t', &condition))
        return false;
    struct ktg_cel_scope scope = {
        .arg = s, .name = scope_name, .field = scope_field, .warn = scope_warn};
    scope.decimals = rule.size > 7 && memcmp(rule.data, "weight:", 7) == 0;
    scope.identity_rule =
        ktg_bytes_is(rule, "identity-cluster-conflict") || ktg_bytes_is(rule, "doc-shared");
    snprintf(where, sizeof where, "%.*s", (int)rule.size, (const char *)rule.data);
    int rc = ktg_cel_compile(condition, where, number, 1, &scope, &s->arena, &plan, &err);
    if (rc)
        fprintf(stderr, "%s\n  %.*s\n", err.text, (int)condition.size,
                (const char *)condition.data);
    return rc == KTG_OK;
}

static void test_drafts__every_condition_compiles(void **unused)
{
    (void)unused;
    struct scene s = {0};
    struct ktg_files files = KTG_FILES_INIT, drafts = KTG_FILES_INIT;
    struct ktg_err err = KTG_ERR_INIT;
    assert_int_equal(ktg_files_read(&files, KTG_SCHEMA_DIR, "", &err), KTG_OK);
    assert_int_equal(ktg_catalogue_load(files.at, files.count, &s.catalogue, &err), KTG_OK);
    assert_int_equal(ktg_files_read_one(&drafts, KTG_SOURCE_DIR "/tests/unit/rules/cel/drafts.txt",
                                        "drafts", &err),
                     KTG_OK);
    struct ktg_bytes text = drafts.at[0].text, line;
    int number = 0, bad = 0;
    while (next_word(&text, '\n', &line))
        bad += !check_line(&s, line, ++number);
    assert_true(number > 400);
    assert_int_equal(bad, 0);
    fprintf(stderr, "the next four are refused:\n");
    assert_false(check_line(&s, KTG_LIT("x\te=border.crossing\te.directoin == 'entry'"), 1));
    assert_false(check_line(&s, KTG_LIT("x\te=border.crossing\te.nationality == 'UTO'"), 2));
    assert_false(check_line(&s, KTG_LIT("x\te=border.crossing\te.permitted_until == 'soon'"), 3));
    assert_false(
        check_line(&s, KTG_LIT("x\t.=border.crossing\tage(dob, date) - age(dob, now) > 1"), 4));
    ktg_arena_done(&s.arena);
    s.catalogue = ktg_catalogue_free(s.catalogue);
    ktg_files_done(&files);
    ktg_files_done(&drafts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_drafts__every_condition_compiles)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
