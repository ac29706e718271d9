/* tests/unit/runtime/yaml/test_yaml.c
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>

#include "runtime/buf.h"
#include "runtime/yaml/yaml.h"
#include "tests/support/cmocka.h"

static const struct ktg_yaml_node **roots;
static size_t count;
static struct ktg_arena arena = KTG_ARENA_INIT;
static struct ktg_err err;

static int parse(const char *text)
{
    ktg_arena_reset(&arena);
    err = (struct ktg_err)KTG_ERR_INIT;
    roots = NULL;
    count = 99;
    return ktg_yaml_parse(ktg_bytes_str(text), "rules/a.yaml", &KTG_YAML_LIMITS, &arena, &roots,
                          &count, &err);
}

static void test_yaml__every_scalar_is_text_and_knows_its_place_and_its_dress(void **unused)
{
    (void)unused;
    assert_int_equal(parse("rule: overstay\n"
                           "yes: no\n"
                           "day: 060\n"
                           "said: \"a\\tb\"\n"
                           "list:\n"
                           "  - 1.0\n"
                           "  - ~\n"
                           "  - {x: 'null'}\n"
                           "note: >-\n"
                           "  two\n"
                           "  lines\n"),
                     KTG_OK);
    assert_int_equal(count, 1);
    const struct ktg_yaml_node *map = roots[0];
    assert_int_equal(map->kind, KTG_YAML_MAP);
    assert_int_equal(map->count, 6);
    static const struct {
        const char *key, *text;
        int line;
        bool plain, block;
    } story[] = {
        {"rule", "overstay", 1, true, false},  {"yes", "no", 2, true, false},
        {"day", "060", 3, true, false},        {"said", "a\tb", 4, false, false},
        {"note", "two lines", 9, false, true},
    };
    for (size_t i = 0; i < COUNT(story); i++) {
        const struct ktg_yaml_node *n = ktg_yaml_get(map, story[i].key);
        assert_string_equal(ktg_yaml_text(n), story[i].text);
        assert_int_equal(n->line, story[i].line);
        assert_int_equal(n->plain, story[i].plain);
        assert_int_equal(n->block, story[i].block);
    }
    const struct ktg_yaml_node *list = ktg_yaml_get(map, "list");
    assert_int_equal(list->count, 3);
    assert_string_equal(ktg_yaml_text(list->items[0]), "1.0");
    assert_string_equal(ktg_yaml_text(list->items[1]), "~");
    assert_string_equal(ktg_yaml_text(ktg_yaml_get(list->items[2], "x")), "null");
    assert_int_equal(list->items[2]->column, 5);
    assert_null(ktg_yaml_text(list));
    assert_null(ktg_yaml_get(map, "absent"));
    assert_null(ktg_yaml_get(list, "absent"));
    assert_null(ktg_yaml_get(NULL, "absent"));
    assert_null(ktg_yaml_text(NULL));
}

static void test_yaml__several_documents_give_several_roots_and_empty_ones_none(void **unused)
{
    (void)unused;
    assert_int_equal(parse("---\nrule: a\n---\n# nothing here\n---\nrule: b\n...\n---\n- c\n"),
                     KTG_OK);
    assert_int_equal(count, 3);
    assert_string_equal(ktg_yaml_text(ktg_yaml_get(roots[1], "rule")), "b");
    assert_int_equal(roots[1]->line, 6);
    assert_int_equal(roots[2]->kind, KTG_YAML_LIST);
    assert_int_equal(parse(""), KTG_OK);
    assert_int_equal(count, 0);
    assert_int_equal(parse("\xef\xbb\xbf"
                           "a: b\r\nc: d\r\n"),
                     KTG_OK);
    assert_string_equal(ktg_yaml_text(ktg_yaml_get(roots[0], "c")), "d");
}

static void test_yaml__what_we_do_not_take_is_refused_with_its_place(void **unused)
{
    (void)unused;
    static const struct {
        const char *text, *says;
    } story[] = {
        {"a: 1\nb: 2\na: 3\n", "rules/a.yaml:3:1: key 'a' stands twice, first on line 1"},
        {"a: &x 1\n", "rules/a.yaml:1:4: anchors are not taken"},
        {"a: *x\n", "rules/a.yaml:1:4: aliases are not taken"},
        {"a: !has(x)\n", "rules/a.yaml:1:4: tags are not taken"},
        {"\xc3\xa4: ! b\n", "rules/a.yaml:1:4: tags are not taken"}, /* counted in characters */
        {"a: ! [b]\n", "rules/a.yaml:1:4: tags are not taken"},
        {"a: !!str b\n", "rules/a.yaml:1:4: tags are not taken"},
        {"{a: b}: c\n", "rules/a.yaml:1:1: a key must be a text"},
        {"? - a\n: b\n", "rules/a.yaml:1:3: a key must be a text"},
        {"a: \"\\0\"\n", "rules/a.yaml:1:4: a NUL character"},
        {"a: b: c\n", "rules/a.yaml:1:5: mapping values are not allowed"},
        {"a: [b\n", "rules/a.yaml:2:1: "},
        {"a: \xff\n", "rules/a.yaml: "},
        {"\tx: y", "rules/a.yaml:1:1: "},
        {"[]r-", "rules/a.yaml:1:3: "},
    };
    for (size_t i = 0; i < COUNT(story); i++) {
        assert_int_equal(parse(story[i].text), KTG_EINVALID);
        if (strncmp(err.text, story[i].says, strlen(story[i].says)) != 0)
            fail_msg("%s\n said: %s\n not:  %s", story[i].text, err.text, story[i].says);
        assert_null(roots);
        assert_int_equal(count, 99);
    }
}

static int parse_limited(struct ktg_bytes text, struct ktg_yaml_limits limits)
{
    ktg_arena_reset(&arena);
    return ktg_yaml_parse(text, "x", &limits, &arena, &roots, &count, &err);
}

static void test_yaml__limits_hold_to_the_byte_the_node_and_the_level(void **unused)
{
    (void)unused;
    struct ktg_bytes t = KTG_LIT("a: [[b]]\n"); /* map, a, list, list, b: 5 nodes, 3 deep */
    struct ktg_yaml_limits l = {t.size, 5, 3};
    assert_int_equal(parse_limited(t, l), KTG_OK);
    l.bytes--;
    assert_int_equal(parse_limited(t, l), KTG_EINVALID);
    assert_string_equal(err.text, "x: 9 bytes are more than 8");
    l = (struct ktg_yaml_limits){t.size, 4, 3};
    assert_int_equal(parse_limited(t, l), KTG_EINVALID);
    assert_string_equal(err.text, "x:1:6: more than 4 values");
    l = (struct ktg_yaml_limits){t.size, 5, 2};
    assert_int_equal(parse_limited(t, l), KTG_EINVALID);
    assert_string_equal(err.text, "x:1:5: nested deeper than 2");

    struct ktg_buf deep = KTG_BUF_INIT;
    for (int i = 0; i < 100000; i++)
        ktg_buf_put_u8(&deep, '[');
    assert_int_equal(parse_limited(ktg_buf_view(&deep), KTG_YAML_LIMITS), KTG_EINVALID);
    ktg_buf_clear(&deep);
    for (int i = 0; i < 50000;
         i++) /* many keys: the search for a second one must not be quadratic */
        ktg_buf_printf(&deep, "k%d: v\n", i);
    ktg_buf_put_str(&deep, "k0: v\n");
    assert_int_equal(parse_limited(ktg_buf_view(&deep), KTG_YAML_LIMITS), KTG_EINVALID);
    assert_string_equal(err.text, "x:50001:1: key 'k0' stands twice, first on line 1");
    ktg_buf_done(&deep);
}

static void test_yaml__every_allocation_may_fail(void **unused)
{
    (void)unused;
    static const char text[] = "a: {b: [c, d]}\n---\ne: f\n";
    int rc = KTG_ENOMEM;
    for (int64_t n = 0; rc != KTG_OK; n++) {
        assert_true(n < 100);
        struct ktg_arena a = KTG_ARENA_INIT;
        roots = NULL;
        ktg_mem_fail_after(n);
        rc = ktg_yaml_parse(KTG_LIT(text), "x", &KTG_YAML_LIMITS, &a, &roots, &count, &err);
        int64_t failed = ktg_mem_failed();
        ktg_mem_fail_after(-1);
        assert_int_equal(rc, failed ? KTG_ENOMEM : KTG_OK);
        assert_int_equal(roots == NULL, failed != 0);
        ktg_arena_done(&a);
    }
}

static void test_yaml__keys_are_checked_against_the_table_and_a_typo_is_understood(void **unused)
{
    (void)unused;
    static const struct ktg_yaml_key keys[] = {
        {"title", true}, {"level", false}, {"when", false}, {0}};
    static const struct {
        const char *text, *says;
    } story[] = {
        {"title: a\nlevel: b\n", NULL},
        {"title: a\ntitel: b\n", "f:2:1: unknown key 'titel' - did you mean 'title'?"},
        {"title: a\nLevle: b\n", "f:2:1: unknown key 'Levle' - did you mean 'level'?"},
        {"title: a\nzebra: b\n", "f:2:1: unknown key 'zebra'"},
        {"level: a\n", "f:1:1: key 'title' is missing"},
        {"- a\n", "f:1:1: a map of keys must stand here"},
    };
    for (size_t i = 0; i < COUNT(story); i++) {
        assert_int_equal(parse(story[i].text), KTG_OK);
        int rc = ktg_yaml_check_keys(roots[0], "f", keys, &err);
        assert_int_equal(rc, story[i].says ? KTG_EINVALID : KTG_OK);
        if (rc)
            assert_string_equal(err.text, story[i].says);
    }
    assert_int_equal(ktg_yaml_check_keys(NULL, "f", keys, &err), KTG_EINVALID);
    assert_string_equal(err.text, "f: a map of keys must stand here");
}

static void test_nearest__within_a_third_of_the_letters_and_not_further(void **unused)
{
    (void)unused;
    static const char *const words[] = {"permitted_until", "post", "place", "border.crossing",
                                        NULL};
    static const struct {
        const char *got, *near;
    } story[] = {
        {"permited_until", "permitted_until"},
        {"boarder.crosing", "border.crossing"},
        {"psot", "post"},
        {"plcae", "place"},
        {"pos", "post"},
        {"po", NULL},
        {"pqrst", NULL},
        {"", NULL},
        {"POST", "post"},
    };
    for (size_t i = 0; i < COUNT(story); i++) {
        const char *near = ktg_yaml_nearest(story[i].got, words);
        if (story[i].near)
            assert_string_equal(near, story[i].near);
        else
            assert_null(near);
    }
    char endless[200];
    memset(endless, 'p', sizeof endless);
    endless[sizeof endless - 1] = 0;
    assert_null(ktg_yaml_nearest(endless, words));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_yaml__every_scalar_is_text_and_knows_its_place_and_its_dress),
        cmocka_unit_test(test_yaml__several_documents_give_several_roots_and_empty_ones_none),
        cmocka_unit_test(test_yaml__what_we_do_not_take_is_refused_with_its_place),
        cmocka_unit_test(test_yaml__limits_hold_to_the_byte_the_node_and_the_level),
        cmocka_unit_test(test_yaml__every_allocation_may_fail),
        cmocka_unit_test(test_yaml__keys_are_checked_against_the_table_and_a_typo_is_understood),
        cmocka_unit_test(test_nearest__within_a_third_of_the_letters_and_not_further),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    ktg_arena_done(&arena);
    return failed;
}
