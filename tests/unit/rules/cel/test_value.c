/* tests/unit/rules/cel/test_value.c - values from the wire, to the wire, to text, and their order.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>
#include <stdlib.h>

#include "tests/support/cmocka.h"
#include "tests/unit/rules/cel/world.h"

static void test_value__goes_over_the_wire_and_back(void **unused)
{
    (void)unused;
    static const struct {
        const char *text, *back; /* as read back, without types */
    } rows[] = {
        {"null", "null"},
        {"true", "true"},
        {"-9223372036854775808", "-9223372036854775808"},
        {"'kopi'", "'kopi'"},
        {"date('2026-03-31')", "'2026-03-31'"},
        {"now", "'2026-04-10T00:00:00+07:00'"},
        {"timestamp('2026-03-01T09:00:00.001Z')", "'2026-03-01T09:00:00.001Z'"},
        {"days(1) + duration('12h')", "'36h'"},
        {"duration('-90s')", "'-1m30s'"},
        {"e.doc", "'doc:UTO:0001'"},
        {"e.companions", "['doc:UTO:0002', 'doc:UTO:0003']"},
        {"[1, ['a'], {}]", "[1, ['a'], {}]"},
        {"{'b': 2, 'a': date('2026-03-31'), 'ab': 3}", "{'a': '2026-03-31', 'ab': 3, 'b': 2}"},
        {"jakarta", "{'lat': '-6.2', 'lon': '106.8'}"},
        {"e", "'01020300-0000-0000-0000-000000000000'"},
        {"[e]", "['01020300-0000-0000-0000-000000000000']"},
        {"absent", NULL},
        {"{1: 2}", NULL}, /* keys on the wire are strings */
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct world w;
        struct ktg_buf b = KTG_BUF_INIT;
        struct ktg_err err = KTG_ERR_INIT;
        world_init(&w);
        ktg_buf_put_u8(&b, 0xc0);
        struct ktg_cel_value v = world_eval(&w, rows[i].text);
        int rc = ktg_cel_to_wire(&v, &w.env, &b);
        assert_int_equal(rc, rows[i].back ? KTG_OK : KTG_EINVALID);
        if (rc) {
            assert_int_equal(b.size, 1); /* nothing half-written */
        } else {
            struct ktg_bytes raw = ktg_bytes(b.data + 1, b.size - 1);
            assert_int_equal(ktg_wire_check(raw, &KTG_WIRE_LIMITS, &err), KTG_OK);
            v = ktg_cel_from_wire(raw, &w.arena);
            assert_string_equal(world_show(&w, &v), rows[i].back);
        }
        ktg_buf_done(&b);
        world_done(&w);
    }
}

static void test_value__keys_of_any_order_become_canonical(void **unused)
{
    (void)unused;
    static const struct ktg_cel_value keys[] = {
        {.kind = KTG_CEL_STRING, .s = {(const uint8_t *)"b", 1}},
        {.kind = KTG_CEL_STRING, .s = {(const uint8_t *)"a", 1}}};
    static const struct ktg_cel_value values[] = {{.kind = KTG_CEL_INT, .i = 2},
                                                  {.kind = KTG_CEL_INT, .i = 1}};
    struct ktg_cel_value v = {.kind = KTG_CEL_MAP, .map = {keys, values, 2}};
    struct ktg_buf b = KTG_BUF_INIT;
    struct ktg_err err = KTG_ERR_INIT;
    struct world w;
    world_init(&w);
    assert_int_equal(ktg_cel_to_wire(&v, &w.env, &b), KTG_OK);
    assert_int_equal(ktg_wire_check(ktg_buf_view(&b), &KTG_WIRE_LIMITS, &err), KTG_OK);
    v = ktg_cel_from_wire(ktg_buf_view(&b), &w.arena);
    assert_string_equal(world_show(&w, &v), "{'a': 1, 'b': 2}");
    ktg_buf_done(&b);
    world_done(&w);
}

static void test_value__cut_bytes_are_absent(void **unused)
{
    (void)unused;
    struct world w;
    world_init(&w);
    for (size_t n = 0; n < w.event.size; n++) {
        uint8_t *cut = malloc(n ? n : 1); /* so that a read past the end is seen */
        assert_non_null(cut);
        memcpy(cut, w.event.data, n);
        assert_int_equal(ktg_cel_from_wire(ktg_bytes(cut, n), &w.arena).kind, KTG_CEL_ABSENT);
        free(cut);
    }
    assert_int_equal(ktg_cel_from_wire(ktg_buf_view(&w.event), &w.arena).kind, KTG_CEL_MAP);
    struct ktg_buf deep = KTG_BUF_INIT;
    for (int i = 0; i < 1000; i++)
        ktg_buf_put_u8(&deep, 0x91);
    ktg_buf_put_u8(&deep, 0xc0);
    assert_int_equal(ktg_cel_from_wire(ktg_buf_view(&deep), &w.arena).kind, KTG_CEL_ABSENT);
    ktg_buf_done(&deep);
    world_done(&w);
}

static void test_value__free_objects_have_fields_too(void **unused)
{
    (void)unused;
    struct world w;
    world_init(&w);
    struct ktg_cel_value v =
        ktg_cel_from_field(NULL, ktg_buf_view(&w.event), KTG_LIT("post"), &w.arena);
    assert_string_equal(world_show(&w, &v), "'ARUK'");
    assert_int_equal(
        ktg_cel_from_field(NULL, ktg_buf_view(&w.event), KTG_LIT("nothing"), &w.arena).kind,
        KTG_CEL_ABSENT);
    world_done(&w);
}

static void test_value__text_for_people(void **unused)
{
    (void)unused;
    static const struct {
        const char *text, *shown;
    } rows[] = {
        {"absent", "\xe2\x80\x93"},
        {"nobody", "\xe2\x80\x93"},
        {"never", "\xe2\x80\x93"},
        {"jakarta", "\xe2\x80\x93"},
        {"true", "true"},
        {"seven", "7"},
        {"subject", "P1"},
        {"date('2026-03-31')", "31-03-2026"},
        {"now", "10-04-2026 00:00 WIB"},
        {"eastern", "10-04-2026 00:00 WIT"},
        {"timestamp('2026-03-31T09:05:00+08:00')", "31-03-2026 09:05 WITA"},
        {"timestamp('2026-03-31T09:05:00-03:30')", "31-03-2026 09:05 -03:30"},
        {"duration('36h')", "36h"},
        {"['a', 'b', absent]", "\xe2\x80\x93"}, /* the list is absent */
        {"['a', null, date('2026-03-31')]", "a, \xe2\x80\x93, 31-03-2026"},
        {"[]", ""},
        {"e.doc", "doc:UTO:0001"},
        {"e", "01020300-0000-0000-0000-000000000000"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct world w;
        struct ktg_buf b = KTG_BUF_INIT;
        world_init(&w);
        struct ktg_cel_value v = world_eval(&w, rows[i].text);
        ktg_cel_to_text(&v, &w.env, &b);
        assert_string_equal(ktg_buf_text(&b), rows[i].shown);
        ktg_buf_done(&b);
        world_done(&w);
    }
}

static void test_value__text_gets_its_kind_back(void **unused)
{
    (void)unused;
    static const struct {
        const char *text;
        enum ktg_cel_kind kind;
        const char *value;
    } rows[] = {
        {"60", KTG_CEL_INT, "60"},
        {"-9223372036854775808", KTG_CEL_INT, "-9223372036854775808"},
        {"9223372036854775807", KTG_CEL_INT, "9223372036854775807"},
        {"9223372036854775808", KTG_CEL_INT, "absent"},
        {"-9223372036854775809", KTG_CEL_INT, "absent"},
        {"", KTG_CEL_INT, "absent"},
        {"-", KTG_CEL_INT, "absent"},
        {"6x", KTG_CEL_INT, "absent"},
        {"true", KTG_CEL_BOOL, "true"},
        {"false", KTG_CEL_BOOL, "false"},
        {"yes", KTG_CEL_BOOL, "absent"},
        {"36h", KTG_CEL_DURATION, "129600000ms"},
        {"-1h", KTG_CEL_DURATION, "-3600000ms"},
        {"2026-03-31", KTG_CEL_DATE, "2026-03-31"},
        {"2026-02-29", KTG_CEL_DATE, "absent"},
        {"2026-03-31T10:00:00+07:00", KTG_CEL_TIMESTAMP, "2026-03-31T10:00:00+07:00"},
        {"kopi", KTG_CEL_STRING, "'kopi'"},
        {"kopi", KTG_CEL_DYN, "'kopi'"},
        {"kopi", KTG_CEL_LIST, "absent"},
    };
    struct world w;
    world_init(&w);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct ktg_cel_value v = {.kind = KTG_CEL_STRING, .s = ktg_bytes_str(rows[i].text)};
        v = ktg_cel_as(v, rows[i].kind);
        assert_string_equal(world_show(&w, &v), rows[i].value);
    }
    struct ktg_cel_value seven = {.kind = KTG_CEL_INT, .i = 7};
    assert_int_equal(ktg_cel_as(seven, KTG_CEL_DATE).kind, KTG_CEL_ABSENT);
    world_done(&w);
}

static void test_value__has_a_total_order(void **unused)
{
    (void)unused;
    static const char *const rising[] = {
        "absent",
        "null",
        "false",
        "true",
        "-1",
        "7",
        "''",
        "'a'",
        "'aa'",
        "'b'",
        "duration('-1h')",
        "duration('1h')",
        "deadline",
        "now",
        "date('2026-01-01')",
        "date('2026-01-02')",
        "[]",
        "[1]",
        "[1, 1]",
        "[2]",
        "{}",
        "{'a': 1}",
        "{'a': 2}",
        "{'b': 0}",
        "e.companions[0]",
        "e.companions[1]",
        "e",
    };
    struct world w;
    world_init(&w);
    struct ktg_cel_value v[COUNT(rising)];
    for (size_t i = 0; i < COUNT(rising); i++)
        v[i] = world_eval(&w, rising[i]);
    for (size_t i = 0; i < COUNT(rising); i++)
        for (size_t k = 0; k < COUNT(rising); k++) {
            int c = ktg_cel_compare(&v[i], &v[k]);
            if ((c > 0) - (c < 0) != (i > k) - (i < k))
                fprintf(stderr, "%s and %s\n", rising[i], rising[k]);
            assert_int_equal((c > 0) - (c < 0), (i > k) - (i < k));
        }
    world_done(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_value__goes_over_the_wire_and_back),
        cmocka_unit_test(test_value__keys_of_any_order_become_canonical),
        cmocka_unit_test(test_value__cut_bytes_are_absent),
        cmocka_unit_test(test_value__free_objects_have_fields_too),
        cmocka_unit_test(test_value__text_for_people),
        cmocka_unit_test(test_value__text_gets_its_kind_back),
        cmocka_unit_test(test_value__has_a_total_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
