/* tests/unit/rules/cel/test_check.c - what is refused at load and how it is said; what a plan knows of itself.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>
#include <stdlib.h>

#include "tests/support/cmocka.h"
#include "tests/unit/rules/cel/world.h"

struct row {
    const char *text, *message;
};

static void test_check__says_what_is_wrong_and_where(void **unused)
{
    (void)unused;
    static const struct row rows[] = {
        {"", "a.yaml:3:9: the condition ends too early: a value, a name or an opening bracket is "
             "missing"},
        {"1 +", "a.yaml:3:12: the condition ends too early: a value, a name or an opening bracket "
                "is missing"},
        {"(1", "a.yaml:3:11: the condition ends too early: an operator or the end is missing"},
        {"1 2", "a.yaml:3:11: '2' cannot stand here, an operator or the end must"},
        {"1)", "a.yaml:3:10: ')' cannot stand here, an operator or the end must"},
        {"hit and hit",
         "'and' cannot stand here, an operator or the end must ('and' is written '&&')"},
        {"hit or hit", "('or' is written '||')"},
        {"1 not in numbers", "('x not in y' is written '!(x in y)')"},
        {"seven = 7", "a.yaml:3:15: '=' is not an operator: equality is written '=='"},
        {"hit & hit", "'and' is written '&&'"},
        {"hit | hit", "'or' is written '||'"},
        {"1 +\n  * 2",
         "a.yaml:4:3: '*' cannot stand here, a value, a name or an opening bracket must"},
        {"seven # 7", "this character has no meaning outside a string"},
        {"'abc", "a.yaml:3:9: the string has no end"},
        {"'a\nb'", "the string has no end"},
        {"'\\q'", "a.yaml:3:10: no such escape in a string: a backslash is written '\\\\'"},
        {"'\\ud800'", "no such escape"},
        {"'\\400'", "no such escape"},
        {"'\xff'", "the string is not UTF-8"},
        {"'\xed\xa0\x80'", "the string is not UTF-8"},
        {"1.5", "decimals stand in weights only"},
        {"1e5", "there are no floating-point numbers here"},
        {"1u", "there are no unsigned numbers here"},
        {"b'x'", "there are no byte strings here"},
        {"9223372036854775808", "the number does not fit into 64 bits"},
        {"99999999999999999999", "the number does not fit into 64 bits"},
        {"package == 1", "'package' is a reserved word and cannot be a name"},
        {"!-seven", "'-' cannot stand here"},
        {"true ? 1", "the condition ends too early"},
        {"sevn", "a.yaml:3:9: unknown name 'sevn' - did you mean 'seven'?"},
        {"e.directoin == 'entry'",
         "a.yaml:3:11: unknown field 'directoin' - did you mean 'direction'?"},
        {"e.doc.isuer == 'UTO'", "a.yaml:3:15: unknown field 'isuer' - did you mean 'issuer'?"},
        {"seven.x", "a.yaml:3:15: seven is an int and has no field 'x'"},
        {"end_of_dai(now)", "unknown function 'end_of_dai' - did you mean 'end_of_day'?"},
        {"frobnicate(now)", "unknown function 'frobnicate'"},
        {"seven.km(1)", "'km' is written before its value: km(x)"},
        {"startsWith('a', 'b')", "'startsWith' is written behind its value: x.startsWith(...)"},
        {"km(jakarta)", "km() wants 2 arguments, got 1"},
        {"days()", "days() wants 1 argument, got 0"},
        {"numbers.exists(x)", "exists() wants 2 arguments, got 1"},
        {"numbers.map(x)", "map() wants 2 to 3 arguments, got 1"},
        {"end_of_day(seven)",
         "end_of_day() wants a date or an instant as argument 1, 'seven' is an int"},
        {"minutes(now)", "minutes() wants a duration as argument 1, 'now' is an instant"},
        {"duration('7x')", "'duration('7x')' is not a duration"},
        {"duration('7x') == duration('1h') || true", "'duration('7x')' is not a duration"},
        {"timestamp('2026-03-01')", "is not an instant"},
        {"date('2026-02-30')", "is not a date"},
        {"days(9223372036854775807)", "is not a duration"},
        {"seven == 'x'", "an int with a string cannot be compared"},
        {"now == date(now)",
         "an instant with a date cannot be compared: take date(instant), or end_of_day(date)"},
        {"e.doc.expiry < e.departs_at", "a date with an instant cannot be compared"},
        {"e.dob == '2000-01-01'",
         "a date with a string cannot be compared: write date(\"2026-03-31\")"},
        {"now - deadline > 5", "write duration(\"24h\"), days(n), or take hours(duration)"},
        {"numbers >= 5", "a list with an int cannot be compared: take size(list)"},
        {"numbers < numbers", "a list with a list cannot be put in order"},
        {"e < null", "an event with null cannot be compared"},
        {"seven + 'x'", "an int with a string cannot be added"},
        {"now + now", "an instant with an instant cannot be added"},
        {"date(now) - date(now)", "two dates cannot be subtracted: take days_between(a, b)"},
        {"'a' - 'b'", "a string with a string cannot be subtracted"},
        {"null + 1", "null with an int cannot be added"},
        {"'a' * 2", "arithmetic wants an int, ''a'' is a string"},
        {"!seven", "'!' wants a bool, 'seven' is an int"},
        {"-hit", "'-' wants an int, 'hit' is a bool"},
        {"hit && seven", "'&&' wants a bool, 'seven' is an int"},
        {"'x' || hit", "'||' wants a bool, ''x'' is a string"},
        {"seven ? 1 : 2", "'?' wants a bool, 'seven' is an int"},
        {"1 in seven", "'in' wants a list or a map, not an int"},
        {"'a' in numbers", "a string is looked for in a list whose elements are each an int"},
        {"seven in list('posts')", "a reference list wants a string, 'seven' is an int"},
        {"seven[0]", "[ ] wants a list or a map before it, not an int"},
        {"numbers['a']", "the index of a list wants an int"},
        {"{date(now): 1}", "a key of a map is a string, an int or a bool, not a date"},
        {"seven.exists(x, true)", "'seven' is an int, a list must stand before a macro"},
        {"numbers.exists(1, true)", "a variable's name must stand here"},
        {"numbers.exists(x, x)", "a condition must stand here, this is an int"},
        {"numbers.exists(x, y > 1)", "unknown name 'y'"},
        {"numbers.exists(x, x > 1) && x > 1", "a.yaml:3:37: unknown name 'x'"},
        {"has(seven + 1)", "has() wants a field, as in has(a.b)"},
        {"default(seven, 'x')", "the default is a string, but the field is an int"},
        {"setting(subject, 1)", "setting() wants its name written out"},
        {"list(subject)", "list() wants its name written out"},
        {"subject.matches(subject)", "matches() wants its pattern written out as a string"},
        {"subject.matches('a(')", "in the pattern, character 2: '(' is never closed"},
        {"e.nationality == 'UTO'", "a.yaml:3:9: 'nationality' cannot be read by rules"},
        {"has(e.nationality)", "'nationality' cannot be read by rules"},
        {"e.birth_place == 'X'", "'birth_place' can be read by identity rules only"},
        {"age(e.dob, now) - age(e.dob, now)", "two ages cannot be set against each other"},
        {"age(e.dob, now) > age(e.dob, now) + 10", "two ages cannot be set against each other"},
        {"max(age(e.dob, now), age(e.dob, now)) == 1", "two ages cannot be set against each other"},
        {"[0, age(e.dob, now)][1] > age(e.dob, now)", "two ages cannot be set against each other"},
        {"(hit ? [age(e.dob, now)] : ['a'])[0] == age(e.dob, now)",
         "two ages cannot be set against each other"},
        {"string(age(e.dob, now)) == string(age(e.dob, now))",
         "two ages cannot be set against each other"},
        {"{'x': age(e.dob, now)}.x == age(e.dob, now)",
         "two ages cannot be set against each other"},
        {"age(e.dob, now) in [age(e.dob, now)]", "two ages cannot be set against each other"},
        {"size(unique([age(e.dob, now), 1])) == 1", "two ages cannot be set against each other"},
        {"days_between(e.dob, e.dob) > 1", "two ages cannot be set against each other"},
        {"[e.dob].exists(d, d < e.dob)", "two ages cannot be set against each other"},
        {"numbers.exists(n, age(e.dob, now) < n)", "an age can be compared with what is written"},
        {"[[1], [age(e.dob, now)]][1][0] == age(e.dob, now)",
         "two ages cannot be set against each other"},
        {"duration('9223372037s') > duration('1s')", "is not a duration"},
    };
    int bad = 0;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct world w;
        world_init(&w);
        if (world_compile(&w, rows[i].text) || !strstr(w.err.text, rows[i].message)) {
            fprintf(stderr, "%s\n  says %s\n  not  %s\n", rows[i].text, w.err.text,
                    rows[i].message);
            bad++;
        }
        assert_true(w.err.text[0] == 0 || w.err.code == KTG_EINVALID);
        world_done(&w);
    }
    assert_int_equal(bad, 0);
}

static void test_check__identity_rules_may_read_more(void **unused)
{
    (void)unused;
    struct world w;
    world_init(&w);
    w.scope.identity_rule = true;
    assert_non_null(world_compile(&w, "e.birth_place == 'X'"));
    assert_null(world_compile(&w, "e.nationality == 'UTO'"));
    const struct ktg_cel *plan = world_compile(&w, "days_between(e.dob, e.dob) > 366");
    assert_true(plan && !ktg_cel_reads_identity(plan));
    plan = world_compile(&w, "[e.birth_place].exists(b, b == 'X')"); /* and it is remembered */
    assert_true(plan && ktg_cel_reads_identity(plan));
    plan = world_compile(&w, "[e.dob]");
    assert_non_null(plan);
    struct ktg_cel_type type = ktg_cel_type_of(plan);
    assert_true(ktg_cel_says_age(&type));
    world_done(&w);
}

static void test_check__a_forbidden_field_is_absent_however_it_is_reached(void **unused)
{
    (void)unused;
    struct world w;
    world_init(&w);
    struct ktg_cel_value v = world_eval(&w, "has([e, any][0].nationality)");
    assert_int_equal(v.kind, KTG_CEL_BOOL);
    assert_false(v.b);
    world_done(&w);
}

static void test_check__warns_where_an_absent_field_surprises(void **unused)
{
    (void)unused;
    static const struct {
        const char *text;
        int warnings;
    } rows[] = {
        {"e.transit != true", 1},
        {"!e.transit", 1},
        {"!(e.place.district in ['a'])", 1},
        {"e.place.district != 'x'", 1},
        {"!(e.children > 0)", 1},
        {"!(e.dob < date(now))", 1},
        {"has(e.transit) && e.transit != true", 0},
        {"!has(e.transit)", 0},
        {"!has(e.transit) || !e.transit", 0},
        {"!default(e.transit, false)", 0},
        {"default(e.children, 0) != 1", 0},
        {"e.transit == true", 0},
        {"e.post != 'ARUK'", 0},
        {"e.traveller != 'crew'", 0}, /* the catalogue has a default */
        {"gone != null", 0},
        {"absent != null", 0},
        {"e.direction == 'enrty'", 1},
        {"direction in ['entry', 'leave']", 1},
        {"'exit' == direction", 0},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct world w;
        world_init(&w);
        assert_non_null(world_compile(&w, rows[i].text));
        if (w.warned != rows[i].warnings)
            fprintf(stderr, "%s: %s\n", rows[i].text, ktg_buf_text(&w.warnings));
        assert_int_equal(w.warned, rows[i].warnings);
        world_done(&w);
    }
    struct world w;
    world_init(&w);
    assert_non_null(world_compile(&w, "seven > 1 && e.transit != true"));
    assert_string_equal(ktg_buf_text(&w.warnings),
                        "3:22: 'e.transit' may be absent, and then this is not true: write "
                        "default(e.transit, ...) or ask "
                        "has(e.transit)\n");
    world_done(&w);
}

static void test_check__weights_are_hundredths(void **unused)
{
    (void)unused;
    struct world w;
    world_init(&w);
    w.scope.decimals = true;
    struct ktg_cel_value v = world_eval(&w, "seven > 5 ? 1.5 : 0.25");
    assert_int_equal(v.i, 150);
    assert_true(ktg_cel_type_of(world_compile(&w, "seven > 5 ? 1.5 : 0.25")).decimal);
    assert_false(ktg_cel_type_of(world_compile(&w, "2")).decimal);
    assert_int_equal(world_eval(&w, ".05").i, 5);
    assert_null(world_compile(&w, "seven > 5 ? 1.5 : 2"));
    assert_non_null(strstr(w.err.text, "write both weights as decimals"));
    assert_null(world_compile(&w, "1.5 + 1.5"));
    assert_null(world_compile(&w, "seven > 1.5 ? 1.0 : 2.0"));
    assert_null(world_compile(&w, "1.555"));
    world_done(&w);
}

static void test_check__depth_is_bounded(void **unused)
{
    (void)unused;
    static const struct {
        const char *open, *middle, *close;
    } bombs[] = {
        {"(", "1", ")"},
        {"!", "hit", ""},
        {"-", "seven", ""},
        {"[", "1", "]"},
        {"{'a':", "1", "}"},
        {"string(", "'a'", ")"},
        {"true ? 1 : ", "2", ""},
        {"numbers[", "0", "]"},
        {"1 + ", "1", ""},
        {"!(", "hit", ")"},
        {"hit && (", "hit", ")"},
        {"numbers.exists(x, ", "hit", ")"},
        {"1 < 2 == (", "hit", ")"},
        {"", "any", ".a"},
        {"", "any", "[0]"},
        {"(hit ? !", "hit", ": !hit)"},
        {"hit || seven + seven * -max(1, ", "1", ") > 1"},
    };
    for (size_t i = 0; i < COUNT(bombs); i++) {
        for (int n = 30; n <= 10000; n += n == 30 ? 9970 : 1) {
            struct ktg_buf b = KTG_BUF_INIT;
            struct world w;
            world_init(&w);
            for (int k = 0; k < n; k++)
                ktg_buf_put_str(&b, bombs[i].open);
            ktg_buf_put_str(&b, bombs[i].middle);
            for (int k = 0; k < n; k++)
                ktg_buf_put_str(&b, bombs[i].close);
            const struct ktg_cel *plan = world_compile(&w, ktg_buf_text(&b));
            if (n == 10000) {
                assert_null(plan);
                assert_true(strstr(w.err.text, "nested deeper than 64") ||
                            strstr(w.err.text, "longer than 16384 bytes"));
            } else if (!plan && !strstr(w.err.text, "nested deeper")) {
                fail_msg("%s: %s", ktg_buf_text(&b), w.err.text);
            }
            if (plan)
                (void)ktg_cel_eval(plan, &w.env);
            world_done(&w);
            ktg_buf_done(&b);
        }
    }
}

static void test_check__what_cel_demands_of_nesting_is_there(void **unused)
{
    (void)unused;
    static const char *const texts[] = {
        "((((((((((((((((((((((((((((((((7))))))))))))))))))))))))))))))))",
        "!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!true",
        "--------------------------------19",
        "3 - 3 + 3 - 3 + 3 - 3 + 3 - 3 + 3 - 3 + 3 - 3 + 3 - 3 + 3 - 3 + 3 - 3 + 3 - 3 + 3 - 3 + 3 "
        "- 3 + 3",
        "numbers[numbers[numbers[numbers[numbers[numbers[numbers[numbers[numbers[numbers[numbers["
        "numbers[0]]]]]]]]]]]]",
        "[[[[[[[[[[[['foo']]]]]]]]]]]][0][0][0][0][0][0][0][0][0][0][0][0]",
        ("true?true:true?true:true?true:true?true:true?true:true?true:true?true:true?true:true?"
         "true:"
         "true?true:true?true:"
         "true?true:true?true:true?true:true?true:true?true:true?true:true?true:true?true:true?"
         "true:"
         "true?true:true?true:"
         "true?true:true?true:false"),
    };
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct world w;
        world_init(&w);
        const struct ktg_cel *plan = world_compile(&w, texts[i]);
        if (!plan)
            fprintf(stderr, "%s\n", w.err.text);
        assert_non_null(plan);
        world_done(&w);
    }
    struct ktg_buf b = KTG_BUF_INIT; /* a chain may be long, it is flat */
    for (int i = 0; i < 1000; i++)
        ktg_buf_put_str(&b, "false || ");
    ktg_buf_put_str(&b, "true");
    struct world w;
    world_init(&w);
    assert_true(ktg_cel_is_true(world_eval(&w, ktg_buf_text(&b))));
    world_done(&w);
    ktg_buf_done(&b);
}

static void test_check__a_plan_knows_its_names_and_parts(void **unused)
{
    (void)unused;
    struct world w;
    world_init(&w);
    const struct ktg_cel *plan = world_compile(
        &w, "  (hit && seven > 1) && numbers.exists(e, e == seven)\n && (hit || any == 7)  ");
    size_t n;
    const int *slots = ktg_cel_slots(plan, &n);
    assert_int_equal(n, 4);
    for (size_t i = 1; i < n; i++)
        assert_true(slots[i - 1] < slots[i]);
    static const char *const parts[] = {"hit", "seven > 1", "numbers.exists(e, e == seven)",
                                        "(hit || any == 7)"};
    static const size_t counts[] = {1, 1, 2, 2};
    assert_int_equal(ktg_cel_conjunct_count(plan), COUNT(parts));
    for (size_t i = 0; i < COUNT(parts); i++) {
        assert_true(ktg_bytes_is(ktg_cel_text(ktg_cel_conjunct(plan, i)), parts[i]));
        (void)ktg_cel_slots(ktg_cel_conjunct(plan, i), &n);
        assert_int_equal(n, counts[i]);
    }
    assert_false(ktg_cel_is_true(ktg_cel_eval(ktg_cel_conjunct(plan, 2), &w.env)));
    assert_true(ktg_cel_is_true(ktg_cel_eval(ktg_cel_conjunct(plan, 3), &w.env)));
    assert_true(
        ktg_bytes_is(ktg_cel_text(plan),
                     "(hit && seven > 1) && numbers.exists(e, e == seven)\n && (hit || any == 7)"));
    const struct ktg_cel *one = world_compile(&w, "hit || hit");
    assert_int_equal(ktg_cel_conjunct_count(one), 1);
    assert_ptr_equal(ktg_cel_conjunct(one, 0), one);
    world_done(&w);
}

static void test_check__constant_tests_for_dispatch(void **unused)
{
    (void)unused;
    static const struct {
        const char *text, *field, *literals; /* literals NULL: none */
    } rows[] = {
        {"direction == 'entry'", "", "['entry']"},
        {"'entry' == direction", "", "['entry']"},
        {"direction in ['entry', 'exit']", "", "['entry', 'exit']"},
        {"e.direction == 'entry'", "direction", "['entry']"},
        {"hit", "", "[true]"},
        {"!hit", "", "[false]"},
        {"seven == 7", "", "[7]"},
        {"seven == -7", "", "[-7]"},
        {"!e.transit", "transit", "[false]"},
        {"direction != 'entry'", NULL, NULL},
        {"seven > 7", NULL, NULL},
        {"e == null", NULL, NULL},
        {"direction in list('posts')", NULL, NULL},
        {"e.doc.issuer == 'UTO'", NULL, NULL},
        {"seven == any", NULL, NULL},
        {"e.dob == date('2000-01-01')", NULL, NULL},
        {"true", NULL, NULL},
        {"!(direction == 'entry')", NULL, NULL},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct world w;
        world_init(&w);
        const struct ktg_cel *plan = world_compile(&w, rows[i].text);
        const struct ktg_cel_value *literals;
        struct ktg_bytes field = KTG_BYTES_NONE;
        size_t count;
        int slot;
        assert_non_null(plan);
        bool is = ktg_cel_constant_field_test(plan, 0, &slot, &field, &literals, &count);
        if (is != (rows[i].literals != NULL))
            fprintf(stderr, "%s\n", rows[i].text);
        assert_int_equal(is, rows[i].literals != NULL);
        if (is) {
            struct ktg_cel_value list = {.kind = KTG_CEL_LIST, .list = {literals, count}};
            assert_string_equal(world_show(&w, &list), rows[i].literals);
            assert_true(ktg_bytes_is(field, rows[i].field));
        }
        assert_false(ktg_cel_constant_field_test(plan, 1, &slot, &field, &literals, &count));
        world_done(&w);
    }
}

static void test_check__types_are_known(void **unused)
{
    (void)unused;
    static const struct {
        const char *text;
        enum ktg_cel_kind kind;
    } rows[] = {
        {"1", KTG_CEL_INT},
        {"hit ? 'a' : 'b'", KTG_CEL_STRING},
        {"hit ? 'a' : 1", KTG_CEL_DYN},
        {"hit ? null : date(now)", KTG_CEL_DATE},
        {"e.doc", KTG_CEL_OBJECT},
        {"e", KTG_CEL_REF},
        {"e.departs_at", KTG_CEL_TIMESTAMP},
        {"e.departs_at - now", KTG_CEL_DURATION},
        {"e.dob + days(1)", KTG_CEL_DATE},
        {"first(numbers)", KTG_CEL_INT},
        {"max(numbers)", KTG_CEL_INT},
        {"max(now, deadline)", KTG_CEL_TIMESTAMP},
        {"numbers.map(x, x > 1)[0]", KTG_CEL_BOOL},
        {"flatten([numbers])[0]", KTG_CEL_INT},
        {"e.companions.filter(x, true)[0].expiry", KTG_CEL_DATE},
        {"default(e.dob, date(now))", KTG_CEL_DATE},
        {"setting('x', duration('1h'))", KTG_CEL_DURATION},
        {"list('x')[0]", KTG_CEL_STRING},
        {"any + 1", KTG_CEL_INT},
        {"any", KTG_CEL_DYN},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct world w;
        world_init(&w);
        const struct ktg_cel *plan = world_compile(&w, rows[i].text);
        if (!plan || ktg_cel_type_of(plan).kind != rows[i].kind)
            fprintf(stderr, "%s %s\n", rows[i].text, w.err.text);
        assert_non_null(plan);
        assert_int_equal(ktg_cel_type_of(plan).kind, rows[i].kind);
        world_done(&w);
    }
}

static void test_check__every_function_is_documented(void **unused)
{
    (void)unused;
    size_t count;
    const struct ktg_cel_function *rows = ktg_cel_functions(&count);
    assert_true(count > 40);
    for (size_t i = 0; i < count; i++) {
        assert_non_null(strstr(rows[i].signature, rows[i].name));
        assert_true(strlen(rows[i].help) > 5);
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(rows[i].name, rows[k].name);
    }
}

static void test_check__memory_may_end_anywhere(void **unused)
{
    (void)unused;
    static const char *const texts[] = {
        ("e.direction == 'entry' && !(e.post in list('posts')) && numbers.map(x, x > 1, x + 1) == "
         "[]"),
        "subject.matches('^(a|b)+[0-9]{2,3}$') || {'a': duration('1h')}.a > e.departs_at - now",
        "has(e.nationality)",
    };
    for (size_t i = 0; i < COUNT(texts); i++) {
        bool done = false;
        for (int64_t n = 0; !done && n < 200; n++) {
            struct world w;
            world_init(&w);
            ktg_mem_fail_after(n);
            const struct ktg_cel *plan = world_compile(&w, texts[i]);
            done = ktg_mem_failed() == 0;
            ktg_mem_fail_after(-1);
            if (!done && !plan)
                assert_int_equal(w.err.code, KTG_ENOMEM);
            else
                assert_int_equal(plan != NULL, i != 2);
            world_done(&w);
        }
        assert_true(done);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_check__says_what_is_wrong_and_where),
        cmocka_unit_test(test_check__identity_rules_may_read_more),
        cmocka_unit_test(test_check__a_forbidden_field_is_absent_however_it_is_reached),
        cmocka_unit_test(test_check__warns_where_an_absent_field_surprises),
        cmocka_unit_test(test_check__weights_are_hundredths),
        cmocka_unit_test(test_check__depth_is_bounded),
        cmocka_unit_test(test_check__what_cel_demands_of_nesting_is_there),
        cmocka_unit_test(test_check__a_plan_knows_its_names_and_parts),
        cmocka_unit_test(test_check__constant_tests_for_dispatch),
        cmocka_unit_test(test_check__types_are_known),
        cmocka_unit_test(test_check__every_function_is_documented),
        cmocka_unit_test(test_check__memory_may_end_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
