/* tests/unit/rules/cel/test_eval.c - what conditions mean: expression by expression.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/unit/rules/cel/world.h"

#include <stdio.h>

#include "tests/support/cmocka.h"

struct row {
    const char *text, *value;
};

static void check_rows(const struct row *rows, size_t count)
{
    struct world w;
    int bad = 0;
    for (size_t i = 0; i < count; i++) {
        world_init(&w);
        struct ktg_cel_value v = world_eval(&w, rows[i].text);
        const char *got = world_show(&w, &v);
        if (strcmp(got, rows[i].value)) {
            fprintf(stderr, "%s\n  gives %s\n  not   %s\n", rows[i].text, got, rows[i].value);
            bad++;
        }
        world_done(&w);
    }
    assert_int_equal(bad, 0);
}

static void test_eval__numbers_and_precedence(void **unused)
{
    (void)unused;
    static const struct row rows[] = {
        {"1 + 2 * 3", "7"},
        {"(1 + 2) * 3", "9"},
        {"10 - 3 - 2", "5"},
        {"100 / 7 / 2", "7"},
        {"-42 / 2", "-21"},
        {"-7 / 2", "-3"},
        {"-7 % 2", "-1"},
        {"42 % (-5)", "2"},
        {"-42 % (-5)", "-2"},
        {"0x1F + 0Xa", "41"},
        {"-(-42)", "42"},
        {"--42", "42"},
        {"9223372036854775807", "9223372036854775807"},
        {"-9223372036854775808", "-9223372036854775808"},
        {"9223372036854775807 + 1", "absent"},
        {"-9223372036854775808 - 1", "absent"},
        {"9223372036854775807 * 2", "absent"},
        {"-9223372036854775808 / -1", "absent"},
        {"-9223372036854775808 % -1", "absent"},
        {"-(-9223372036854775808)", "absent"},
        {"15 / 0", "absent"},
        {"42 % 0", "absent"},
        {"1 < 2 == true", "true"},
        {"true || false && false", "true"},
        {"(true || false) && false", "false"},
        {"!true || true", "true"},
        {"!(true || true)", "false"},
        {"1 + 1 == 2 && 2 in [1 + 1]", "true"},
        {"true ? 1 : false ? 2 : 3", "1"},
        {"false ? 1 : false ? 2 : 3", "3"},
        {"1 > 2 ? 'a' : 'b'", "'b'"},
        {"seven - 1 > 5 && seven + 1 < 9", "true"},
        {"[1, 2][1] * 3", "6"},
        {"2 * numbers[2]", "6"},
        {"-numbers[0]", "-1"},
        {"// nothing\n 1 // one\n + 1", "2"},
        {"true == false == false", "true"}, /* from the left */
        {"!!!!true", "true"},
    };
    check_rows(rows, COUNT(rows));
}

static void test_eval__errors_are_absorbed_as_in_cel(void **unused)
{
    (void)unused;
    static const char *const words[] = {"true", "false",
                                        "absent"}; /* `absent` is a name of the world, too */
    static const char and[3][3] = {{'t', 'f', 'a'}, {'f', 'f', 'f'}, {'a', 'f', 'a'}};
    static const char or [3][3] = {{'t', 't', 't'}, {'t', 'f', 'a'}, {'t', 'a', 'a'}};
    struct world w;
    world_init(&w);
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++) {
            char text[64];
            snprintf(text, sizeof text, "%s && %s", words[i], words[j]);
            struct ktg_cel_value v = world_eval(&w, text);
            assert_int_equal(world_show(&w, &v)[0], and[i][j]);
            snprintf(text, sizeof text, "%s || %s", words[i], words[j]);
            v = world_eval(&w, text);
            assert_int_equal(world_show(&w, &v)[0], or [i][j]);
        }
    world_done(&w);
    static const struct row rows[] = {
        {"1/0 != 0 && true", "absent"},
        {"false && (2 / 0 > 3 ? false : true)", "false"},
        {"(2 / 0 > 3 ? false : true) && false", "false"},
        {"(2 / 0 > 3 ? false : true) || true", "true"},
        {"2 / 0 > 4 ? 'baz' : 'quux'", "absent"},
        {"!absent", "absent"},
        {"absent == 1", "absent"},
        {"absent != 1", "absent"},
        {"absent == null", "absent"},
        {"any == 7 || absent", "true"},
        {"word && false", "false"}, /* a string is no bool, but the other side decides */
        {"any || true", "true"},
        {"any && true", "absent"},
        {"word == any", "absent"},
        {"word != any", "absent"},
        {"word < any", "absent"},
        {"word + any", "absent"},
        {"[absent]", "absent"},
        {"{'a': absent}", "absent"},
        {"size(absent)", "absent"},
        {"absent in [1]", "absent"},
        {"1 in absent", "absent"},
    };
    check_rows(rows, COUNT(rows));
}

static void test_eval__null_and_absent(void **unused)
{
    (void)unused;
    static const struct row rows[] = {
        {"gone == null", "true"},
        {"gone != null", "false"},
        {"e == null", "false"},
        {"e != null", "true"},
        {"null == null", "true"},
        {"nobody == 1", "false"},
        {"nobody < 1", "absent"},
        {"nobody + 1", "absent"},
        {"gone.post", "absent"},
        {"gone.post == 'ARUK'", "absent"},
        {"gone == null || gone.post != 'ARUK'", "true"},
        {"has(gone.post)", "false"},
        {"has(gone)", "false"},
        {"has(e)", "true"},
        {"has(e.post)", "true"},
        {"has(e.place)", "false"},
        {"has(e.place.lat)", "false"},
        {"has(e.children)", "false"}, /* it is null */
        {"has(absent)", "false"},
        {"!has(absent)", "true"},
        {"default(absent, 5)", "5"},
        {"default(nobody, 5)", "5"},
        {"default(any, 5)", "7"},
        {"default(absent, absent)", "absent"},
        {"default(e.transit, false)", "false"},
        {"default(1 / 0, 3)", "3"},
        {"size(default(e.keys, []))", "0"},
        {"e.traveller", "'passenger'"}, /* the catalogue's default */
        {"has(e.traveller)", "true"},
        {"e.doc.number", "'0001'"},
    };
    check_rows(rows, COUNT(rows));
}

static void test_eval__strings(void **unused)
{
    (void)unused;
    static const struct row rows[] = {
        {"'a' + \"b\"", "'ab'"},
        {"'' + ''", "''"},
        {"size(text)", "13"},
        {"text.size()", "13"},
        {"text.startsWith('Kopi')", "true"},
        {"text.startsWith('')", "true"},
        {"'a'.startsWith('ab')", "false"},
        {"text.endsWith('\\u00e9')", "true"},
        {"text.contains('Tub')", "true"},
        {"text.contains('tub')", "false"},
        {"lower('ABC\\u00c9z')", "'abc\xc3\x89z'"},
        {"'\\x41\\101\\t\\U0001F600'", "'AA\t\xf0\x9f\x98\x80'"},
        {"r'\\d' + R\"\\\"", "'\\d\\'"},
        {"'''it's''' + \"\"\"a\"b\"\"\"", "'it'sa\"b'"},
        {"'''a\nb'''", "'a\nb'"},
        {"r'''x\\'''", "'x\\'"},
        {"'\\\\ \\? \\\" \\' \\`'", "'\\ ? \" ' `'"},
        {"'b' > 'a' && 'a' < 'aa' && 'z' >= 'z'", "true"},
        {"string(7) + string(true) + string('s')", "'7trues'"},
        {"string(duration('1d12h'))", "'129600s'"}, /* as CEL */
        {"string(duration('90s'))", "'90s'"},
        {"string(duration('-90s'))", "'-90s'"},
        {"string(duration('0s'))", "'0s'"},
        {"string(now - deadline)", "'864000.001s'"},
        {"string(deadline - now + duration('1s'))", "'-863999.001s'"},
        {"string(date('2026-03-31'))", "'2026-03-31'"},
        {"string(now)", "'2026-04-10T00:00:00+07:00'"},
        {"string(e.doc)", "'doc:UTO:0001'"},
        {"string([1])", "absent"},
        {"'a1b22'.matches('[0-9]{2}')", "true"},
        {"'a1b2'.matches('^[0-9]')", "false"},
        {"matches(subject, '^P\\\\d+$')", "true"},
    };
    check_rows(rows, COUNT(rows));
}

static void test_eval__lists_and_maps(void **unused)
{
    (void)unused;
    static const struct row rows[] = {
        {"[1, 2] + [3]", "[1, 2, 3]"},
        {"[0, 1, 2]+[3, 4, 5]==[0, 1, 2, 3, 4, 5]", "true"},
        {"[1, 2] == [2, 1]", "false"},
        {"[1, 2,]", "[1, 2]"},
        {"[]", "[]"},
        {"numbers[3]", "absent"},
        {"numbers[-1]", "absent"},
        {"2 in numbers", "true"},
        {"'2' in mixed", "false"},
        {"'foo' in mixed", "true"},
        {"!(4 in numbers)", "true"},
        {"{'b': 2, 'a': 1}", "{'a': 1, 'b': 2}"},
        {"{'b': 2, 'a': 1} == {'a': 1, 'b': 2}", "true"},
        {"{'a': 1, 'a': 2}", "absent"},
        {"{0: 'zero', 1: 'one'}[1]", "'one'"},
        {"{'a': 1}.a", "1"},
        {"{'a': 1}['a']", "1"},
        {"{'a': 1}.b", "absent"},
        {"has({'a': 1}.b)", "false"},
        {"'a' in {'a': 1}", "true"},
        {"size({'a': 1})", "1"},
        {"{}", "{}"},
        {"usual.sum / usual.n", "5"},
        {"[1, 2, 3].exists(e, e > 2)", "true"}, /* hides the name e */
        {"[1, 2, 3].all(e, e > 0)", "true"},
        {"[].all(x, x > 0)", "true"},
        {"[].exists(x, x > 0)", "false"},
        {"[[1], ['a']][1][0] == 'a'", "true"}, /* the second list is not like the first */
        {"[['a'], [1, 'b']][1].exists(x, x == 1)", "true"},
        {"(hit ? ['a'] : [1])[0] == 'a'", "true"},
        {"(['a'] + [1])[1] == 1", "true"},
        {"[[1], [2]][1][0] + 1", "3"},
        {"mixed.exists(x, x != '1')", "true"},
        {"mixed.exists(x, x == '10')", "absent"},
        {"mixed.all(x, x == 1)", "false"},
        {"mixed.all(x, x % 2 == 1)", "absent"},
        {"[1, 2, 3].all(x, 6 / (2 - x) == 6)", "false"},
        {"[1, 2, 3].all(x, x / 0 != 17)", "absent"},
        {"[6, 7, 8].exists_one(x, x % 5 == 2)", "true"},
        {"[0, 1, 2, 3, 4].exists_one(x, x % 2 == 1)", "false"},
        {"[3, 2, 1, 0].exists_one(x, 12 / x > 1)", "absent"},
        {"[2, 4, 6].map(x, x / 2)", "[1, 2, 3]"},
        {"[2, 1, 0].map(x, 4 / x)", "absent"},
        {"[1, 2, 3].map(x, x > 1, x * x)", "[4, 9]"},
        {"[0, 1, 2, 3, 4].filter(x, x % 2 == 1)", "[1, 3]"},
        {"[3, 2, 1, 0].filter(x, 12 / x > 4)", "absent"},
        {"{'key1': 1, 'key2': 2}.exists(k, k == 'key2')", "true"},
        {"!{'key': 1, 1: 42}.exists(k, k == 2)", "absent"},
        {"{1: 1, 2: 4, 3: 9}.map(x, x * x)", "[1, 4, 9]"},
        {"numbers.exists(a, numbers.exists(b, a + b == 6 && a != b))", "false"},
        {"numbers.map(a, numbers.map(b, a * b))[2]", "[3, 6, 9]"},
        {"numbers.map(a, numbers.filter(a, a > 2))[0]",
         "[3]"}, /* the inner one hides the outer one */
        {"e.companions.map(x, x.number)", "['0002', '0003']"},
        {"size(e.companions)", "2"},
        {"unique([3, 1, 3, 2, 1])", "[3, 1, 2]"},
        {"unique([])", "[]"},
        {"flatten([[1, 2], [], [3]])", "[1, 2, 3]"},
        {"common([3, 1, 2, 3], [2, 3, 9])", "[3, 2]"},
        {"size(common(['a'], ['b']))", "0"},
        {"pairs(['c', 'a', 'b', 'a'])", "['a+b', 'a+c', 'b+c']"},
        {"pairs(['a'])", "[]"},
        {"pairs([1, 2])", "absent"},
        {"disjoint([['a', 'b'], ['b', 'c'], ['c'], [], ['a', 'd']])", "2"},
        {"disjoint([])", "0"},
        {"first(numbers) + last(numbers)", "4"},
        {"last([])", "absent"},
        {"min(3, 1, 2) + max(numbers)", "4"},
        {"max([])", "absent"},
        {"max('a', 'b')", "'b'"},
        {"max(deadline, now) == now", "true"},
        {"max(word, any)", "absent"},
        {"percent(1, 3)", "33"},
        {"percent(20, 100) >= 20", "true"},
        {"percent(5, 0)", "absent"},
        {"percent(-1, 3)", "-34"},
        {"percent(9223372036854775807, 1)", "absent"},
        {"percent(9223372036854775807, 9223372036854775807)", "100"},
        {"above(11, usual, 3)", "false"}, /* 5 + 3 * 2 = 11: not above */
        {"above(12, usual, 3)", "true"},
        {"above(5, usual, 0)", "false"},
        {"above(6, usual, 0)", "true"},
        {"above(4, usual, 0)", "false"},
        {"above(9223372036854775807, usual, 3)",
         "absent"}, /* (10 x - 50)^2 needs more than 126 bits */
        {"above(100000000000000000, usual, 3)", "true"},
        {"above(1, {'n': 0, 'sum': 0, 'squares': 0}, 3)", "absent"},
        {"above(1, {'n': 1}, 3)", "absent"},
    };
    check_rows(rows, COUNT(rows));
}

static void test_eval__time(void **unused)
{
    (void)unused;
    static const struct row rows[] = {
        {"end_of_day(date('2026-03-31'))",
         "2026-03-31T23:59:59.999+07:00"}, /* the zone of the place */
        {"start_of_day(date('2026-03-31'))", "2026-03-31T00:00:00+07:00"},
        {"end_of_day(eastern)", "2026-04-10T23:59:59.999+09:00"}, /* an instant has its own */
        {"date(eastern)", "2026-04-10"},
        {"date(timestamp('2026-03-31T23:30:00+07:00'))", "2026-03-31"},
        {"date(timestamp('2026-03-31T23:30:00+09:00'))", "2026-03-31"},
        {"date(timestamp('2026-03-31T16:30:00Z'))", "2026-03-31"},
        {"date(deadline)", "2026-03-30"},
        {"civil_days_since(deadline)", "11"},
        {"civil_days_since(date('2026-04-10'))", "0"},
        {"civil_days_since(now)", "0"},
        {"days_between(date('2026-03-31'), date('2026-03-01'))", "-30"},
        {"days_between(now, date('2026-04-11'))", "1"},
        {"date('2026-03-31') + days(1)", "2026-04-01"},
        {"date('2026-03-01') - days(1)", "2026-02-28"},
        {"days(2) + date('2024-02-28')", "2024-03-01"},
        {"date('2026-03-31') + duration('24h')", "2026-04-01"},
        {"date('2026-03-31') + duration('23h')", "absent"},
        {"date('9999-12-31') + days(1)", "absent"},
        {"date('0001-01-01') - days(1)", "absent"},
        {"now + days(1)", "2026-04-11T00:00:00+07:00"},
        {"eastern + duration('24h')", "2026-04-11T00:00:00+09:00"},
        {"timestamp('9999-12-31T23:59:59Z') + duration('1s')", "absent"},
        {"now - deadline > days(10)", "true"},
        {"now - deadline", "864000001ms"},
        {"now - duration('1m') < now", "true"},
        {"duration('1h') + duration('30m') == duration('90m')", "true"},
        {"duration('-1h') < duration('0s')", "true"},
        {"days(9223372036854775807 + any - any)", "absent"},
        {"days(any * 1000000000000000)", "absent"},
        {"days(seven)", "604800000ms"},
        /* 64 bits of nanoseconds: what lasts longer than 292 years is an error in CEL, too */
        {"duration('9223372036s') + duration('0s')", "9223372036000ms"},
        {"duration('9223372036s') + duration('1s')", "absent"},
        {"duration('-9223372036s') - duration('1s')", "absent"},
        {"days(106751)", "9223286400000ms"},
        {"days(100000 + seven * 1000)", "absent"},
        {"timestamp('9999-12-31T23:59:59Z') - timestamp('0001-01-01T00:00:00Z')", "absent"},
        {"timestamp('2292-04-10T00:00:00Z') - timestamp('2000-01-01T00:00:00Z')",
         "9223286400000ms"},
        {"minutes(duration('90s'))", "1"},
        {"hours(now - deadline)", "240"},
        {"timestamp('2026-04-10T00:00:00+07:00') == timestamp('2026-04-09T17:00:00Z')", "true"},
        {"never", "absent"},
        {"never > now", "absent"},
        {"end_of_day(never)", "absent"},
        {"age(date('2008-02-29'), date('2026-02-28'))", "17"},
        {"age(date('2008-02-29'), date('2026-03-01'))", "18"},
        {"age(date('2008-04-10'), now)", "18"},
        {"age(date('2008-04-11'), now)", "17"},
        {"age(e.dob, e.departs_at) < 18", "false"},
        {"anniversary(date('2026-03-01'), 2)", "2028-03-01"},
        {"anniversary(date('2024-02-29'), 1)", "2025-03-01"},
        {"anniversary(date('2024-02-29'), 4)", "2028-02-29"},
        {"anniversary(eastern, -1)", "2025-04-10"},
        {"anniversary(date('9999-03-01'), 1)", "absent"},
        {"anniversary(date('2026-03-01'), -2026)", "absent"},
        {"e.until", "'2026-<<-<<'"}, /* unknown parts: text, and not a date */
        {"age(e.until, now)", "absent"},
        {"e.until < date('2026-01-01')", "absent"},
        {"e.departs_at", "2026-04-10T02:00:00+09:00"},
        {"e.doc.expiry < date(now)", "true"},
        {"days_between(e.doc.expiry, now)", "1"},
        {"covered_days(stays, 180)", "20"}, /* 10 in March, 1..10 April */
        {"covered_days(stays, 10)", "10"},
        {"covered_days(stays, 33)", "12"},
        {"covered_days(stays.filter(s, s.open), 45)", "10"},
        {"covered_days([], 45)", "0"},
        {"covered_days(stays, 0)", "absent"},
        {"day_reaching(stays, 20, 180)", "2026-04-10"},
        {"day_reaching(stays, 21, 180)", "2026-04-11"},
        {"day_reaching(stays, 90, 180)", "2026-06-19"},
        {"day_reaching(stays, 5, 180)",
         "2026-04-01"}, /* reached before: the first day of the open span */
        {"day_reaching(stays, 181, 180)", "absent"},
        {"day_reaching(stays.filter(s, !s.open), 5, 180)", "absent"},
        {"end_of_day(day_reaching(stays, 90, 180) - days(1))", "2026-06-18T23:59:59.999+07:00"},
    };
    check_rows(rows, COUNT(rows));
}

static void test_eval__settings_lists_and_places(void **unused)
{
    (void)unused;
    static const struct row rows[] = {
        {"setting('fee.days', 60)", "45"},
        {"setting('other', 60)", "60"},
        {"setting('odd', 60)", "absent"}, /* set, but not to a number: never silently the default */
        {"setting('odd', 'x')", "'many'"},
        {"days(setting('fee.days', 60))", "3888000000ms"},
        {"e.post in list('posts')", "true"},
        {"'BADAU' in list('posts')", "false"}, /* ended before now */
        {"e.doc in list('posts')", "true"},
        {"!((subject + '/' + e.post) in list('known'))", "true"},
        {"any in list('posts')", "absent"},
        {"list('posts')", "['ARUK']"},
        {"size(list('posts'))", "1"},
        {"km(jakarta, jakarta)", "0"},
        {"km(jakarta, merauke) == km(merauke, jakarta)", "true"},
        {"km(jakarta, merauke)", "3713"},
        {"metres(jakarta, {'lat': '-6.2', 'lon': '106.801'})", "110"},
        {"metres(jakarta, {'lat': '91', 'lon': '0'})", "absent"},
        {"metres(jakarta, {'lat': 'x', 'lon': '0'})", "absent"},
        {"km(e.place, jakarta)", "absent"},
        {"direction in ['entry', 'exit'] && seven == 7", "true"},
    };
    check_rows(rows, COUNT(rows));
}

static void test_eval__dated_entries_are_judged_at_the_instant(void **unused)
{
    (void)unused;
    struct world w;
    world_init(&w);
    w.env.now -= 1;
    struct ktg_cel_value v = world_eval(&w, "'BADAU' in list('posts')");
    assert_true(ktg_cel_is_true(v));
    world_done(&w);
}

static void test_eval__civil_days_follow_the_zone(void **unused)
{
    (void)unused;
    static const int zones[] = {420, 480, 540}; /* WIB, WITA, WIT */
    struct world w;
    world_init(&w);
    for (size_t i = 0; i < COUNT(zones); i++) {
        w.env.offset_min = zones[i];
        struct ktg_cel_value end = world_eval(&w, "end_of_day(date('2026-03-31'))");
        assert_int_equal(end.i, ktg_end_of_day(20543, zones[i]));
        w.env.now = end.i; /* the last ms is still the day, the next one is not */
        assert_int_equal(world_eval(&w, "civil_days_since(date('2026-03-31'))").i, 0);
        w.env.now = end.i + 1;
        assert_int_equal(world_eval(&w, "civil_days_since(date('2026-03-31'))").i, 1);
    }
    world_done(&w);
}

static void test_eval__budget_ends_everything(void **unused)
{
    (void)unused;
    struct world w;
    world_init(&w);
    const struct ktg_cel *bomb =
        world_compile(&w, "numbers.all(a, numbers.all(b, numbers.all(c, numbers.all(d, "
                          "numbers.all(f, numbers.all(g, numbers.all(h, "
                          "numbers.all(i, numbers.all(j, numbers.all(k, a + b + c + d + f + g + h "
                          "+ i + j + k > 0))))))))))");
    assert_non_null(bomb);
    w.env.steps = 10000;
    assert_int_equal(ktg_cel_eval(bomb, &w.env).kind, KTG_CEL_ABSENT);
    assert_int_equal(w.env.steps, 0);
    const struct ktg_cel *hidden = world_compile(&w, "!has(absent) || true");
    assert_int_equal(ktg_cel_eval(hidden, &w.env).kind,
                     KTG_CEL_ABSENT);              /* nothing is true without steps */
    for (uint32_t steps = 1; steps < 8; steps++) { /* wherever they end */
        w.env.steps = steps;
        struct ktg_cel_value v = ktg_cel_eval(hidden, &w.env);
        assert_int_equal(v.kind, w.env.steps ? KTG_CEL_BOOL : KTG_CEL_ABSENT);
    }
    w.env.steps = 100;
    assert_true(ktg_cel_is_true(ktg_cel_eval(hidden, &w.env)));
    /* growth is paid for, too: each level makes 8 strings out of one */
    const struct ktg_cel *grow =
        world_compile(&w, "[text].map(a, a+a+a+a+a+a+a+a).map(a, a+a+a+a+a+a+a+a).map(a, "
                          "a+a+a+a+a+a+a+a).map(a, a+a+a+a+a+a+a+a)"
                          ".map(a, a+a+a+a+a+a+a+a).map(a, a+a+a+a+a+a+a+a).map(a, "
                          "a+a+a+a+a+a+a+a).map(a, a+a+a+a+a+a+a+a)");
    w.env.steps = 1000000;
    assert_int_equal(ktg_cel_eval(grow, &w.env).kind, KTG_CEL_ABSENT);
    assert_true(w.arena.used < 16u << 20);
    world_done(&w);
}

static void test_eval__what_the_arena_may_hand_out_is_bounded(void **unused)
{
    (void)unused;
    struct world w;
    world_init(&w);
    const struct ktg_cel *plan = world_compile(&w, "size(numbers.map(a, text + text)) == 3");
    struct ktg_cel_env env = w.env;
    size_t before = w.arena.used;
    assert_true(ktg_cel_is_true(ktg_cel_eval(plan, &w.env)));
    size_t takes = w.arena.used - before;
    for (size_t most = 0; most <= takes; most++) {
        w.env = env;
        before = w.arena.used;
        w.env.used_most = before + most;
        struct ktg_cel_value v = ktg_cel_eval(plan, &w.env);
        assert_true(w.arena.used - before <= most);
        assert_int_equal(v.kind, most == takes ? KTG_CEL_BOOL : KTG_CEL_ABSENT);
        assert_true(most == takes ? w.env.steps > 0 : w.env.steps == 0);
    }
    /* a list that the world reads out of an event is memory, too: 81 times two documents */
    plan = world_compile(&w, "numbers.all(a, numbers.all(b, numbers.all(c, numbers.all(d, "
                             "size(e.companions) == 2))))");
    w.env = env;
    w.env.used_most = w.arena.used + 2000;
    before = w.arena.used;
    assert_int_equal(ktg_cel_eval(plan, &w.env).kind, KTG_CEL_ABSENT);
    assert_int_equal(w.env.steps, 0);
    assert_in_range(w.arena.used - before, 2000, 2500);
    world_done(&w);
}

static void test_eval__without_memory_is_absent_and_says_so(void **unused)
{
    (void)unused;
    struct world w;
    world_init(&w);
    const struct ktg_cel *plan =
        world_compile(&w, "!has(absent) && size(unique(numbers + numbers)) == 3");
    int64_t n = 0;
    for (bool done = false; !done && n < 50; n++) {
        struct ktg_arena small = KTG_ARENA_INIT;
        w.env.arena = &small;
        w.env.steps = 1000;
        ktg_mem_fail_after(n);
        struct ktg_cel_value v = ktg_cel_eval(plan, &w.env);
        done = ktg_mem_failed() == 0;
        ktg_mem_fail_after(-1);
        assert_int_equal(v.kind, done ? KTG_CEL_BOOL : KTG_CEL_ABSENT);
        assert_true(done ? w.env.steps > 0 : w.env.steps == 0);
        ktg_arena_done(&small);
    }
    assert_in_range(n, 2, 49);
    world_done(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_eval__numbers_and_precedence),
        cmocka_unit_test(test_eval__errors_are_absorbed_as_in_cel),
        cmocka_unit_test(test_eval__null_and_absent),
        cmocka_unit_test(test_eval__strings),
        cmocka_unit_test(test_eval__lists_and_maps),
        cmocka_unit_test(test_eval__time),
        cmocka_unit_test(test_eval__settings_lists_and_places),
        cmocka_unit_test(test_eval__dated_entries_are_judged_at_the_instant),
        cmocka_unit_test(test_eval__civil_days_follow_the_zone),
        cmocka_unit_test(test_eval__budget_ends_everything),
        cmocka_unit_test(test_eval__what_the_arena_may_hand_out_is_bounded),
        cmocka_unit_test(test_eval__without_memory_is_absent_and_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
