/* tests/unit/rules/cel/test_match.c - patterns against texts, and what a pattern may not do to us.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "rules/cel/match.h"

#include <stdio.h>

#include "runtime/buf.h"
#include "tests/support/cmocka.h"

static const char *const texts[] = {"",
                                    "a",
                                    "b",
                                    "ab",
                                    "abc",
                                    "abcd",
                                    "aaa",
                                    "aab",
                                    "caac",
                                    "cde",
                                    "abe",
                                    "xabcabcc",
                                    "a.b",
                                    "a\nb",
                                    "123",
                                    "12-34",
                                    "foo bar",
                                    "me@example.org",
                                    "[x]",
                                    "\xc3"
                                    "\xa9"
                                    "",
                                    "a\xc3"
                                    "\xa9"
                                    "c",
                                    "z",
                                    "y",
                                    "xyz",
                                    "aaaa",
                                    "ababab",
                                    "d",
                                    "abd",
                                    "abcd1"};

/* A digit per text: does the pattern stand in it?  From another engine. */
static const struct {
    const char *pattern, *in;
} rows[] = {
    {"abc", "00001100000100000000000000001"},
    {"a.c", "00001100100100000000100000001"},
    {"^a", "01011111001011000000100011011"},
    {"a$", "01000010000000000000000010000"},
    {"^$", "10000000000000000000000000000"},
    {"", "11111111111111111111111111111"},
    {"a*", "11111111111111111111111111111"},
    {"a+b", "00011101001100000000000001011"},
    {"a?b", "00111101001111001000000001011"},
    {"ab|cd", "00011101011100000000000001011"},
    {"(ab|cd)e", "00000000011000000000000000000"},
    {"(?:ab)+c", "00001100000100000000000000001"},
    {"[abc]", "01111111111111001100100011011"},
    {"[^abc]", "00000100011111111111111100111"},
    {"[a-z]+[0-9]", "00000000000000000000000000001"},
    {"[]x]", "00000000000100000110000100000"},
    {"[^]]", "01111111111111111111111111111"},
    {"[a-]", "01011111101111011100100011011"},
    {"\\d{3}", "00000000000000100000000000000"},
    {"\\w+\\s\\w+", "00000000000001001000000000000"},
    {"\\D", "01111111111111011111111111111"},
    {"a{2}", "00000011100000000000000010000"},
    {"a{2,}", "00000011100000000000000010000"},
    {"^a{2,3}$", "00000010000000000000000000000"},
    {"(a|b)*c", "00001100110100000000100000001"},
    {"(a*)*b", "00111101001111001000000001011"},
    {"^(a|b|)c$", "00000000000000000000000000000"},
    {"x|^y|z$", "00000000000100000110011100000"},
    {"a\\.b", "00000000000010000000000000000"},
    {"\\[x\\]", "00000000000000000010000000000"},
    {"(a(b(c)?)?)?d", "00000100010000000000000000111"},
    {"^[\\d-]+$", "00000000000000110000000000000"},
    {"[\\w.]+@[\\w.]+", "00000000000000000100000000000"},
    {"a.*b", "00011101001110000000000001011"},
    {"^.$", "01100000000000000001011000100"},
    {"[^\\n]", "01111111111111111111111111111"},
    {".", "01111111111111111111111111111"},
    {"(^a|b$)", "01111111001011000000100011011"},
    {"a{0}b", "00111101001111001000000001011"},
    {"(ab){2,3}$", "00000000000000000000000001000"},
    {"^(a?){3}a{3}$", "00000010000000000000000010000"},
    {"a+?b", "00011101001100000000000001011"},
};

static const struct ktg_cel_match *compile(const char *pattern, struct ktg_arena *arena,
                                           const char **ret_what)
{
    const struct ktg_cel_match *m = NULL;
    size_t at;
    int rc = ktg_cel_match_compile(ktg_bytes_str(pattern), arena, &m, ret_what, &at);
    assert_true(rc == KTG_OK || rc == KTG_EINVALID);
    return m;
}

static void test_match__agrees_with_another_engine(void **unused)
{
    (void)unused;
    struct ktg_arena arena = KTG_ARENA_INIT;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *what = "";
        const struct ktg_cel_match *m = compile(rows[i].pattern, &arena, &what);
        if (!m)
            fprintf(stderr, "%s: %s\n", rows[i].pattern, what);
        assert_non_null(m);
        for (size_t k = 0; k < COUNT(texts); k++) {
            bool got = ktg_cel_match_run(m, ktg_bytes_str(texts[k]));
            if (got != (rows[i].in[k] == '1'))
                fprintf(stderr, "%s in %s: %d\n", rows[i].pattern, texts[k], got);
            assert_int_equal(got, rows[i].in[k] == '1');
        }
    }
    ktg_arena_done(&arena);
}

static void test_match__refuses_what_it_does_not_know(void **unused)
{
    (void)unused;
    static const struct {
        const char *pattern, *what;
    } wrong[] = {
        {"a(", "'(' is never closed"},
        {"a)", "')' without '('"},
        {"*a", "nothing before it"},
        {"a**", "a repeat of a repeat"},
        {"[a", "'[' is never closed"},
        {"[z-a]", "runs backwards"},
        {"[[:alpha:]]", "named classes"},
        {"(?i)a", "only (?: )"},
        {"a{3,2}", "runs backwards"},
        {"a{101}", "at most 100"},
        {"a{x}", "a repeat is written"},
        {"a{2", "a repeat is written"},
        {"\\", "a backslash at the end"},
        {"\\1", "not in the subset"},
        {"\\b", "not in the subset"},
        {"[\\D]", "cannot stand inside"},
        {"((((((a{100}){100}){100}){100}){100}){100})", "too large"},
        {"((((((((((((((((((((a|b)|c)|d)|e)|f)|g)|h)|i)|j)|k)|l)|m)|n)|o)|p)|q)|r)|s)|t)|u)",
         "too large"},
        {"((((((((((((((((((((((((((((((((((((((((a))))))))))))))))))))))))))))))))))))))))",
         "nested too deep"},
        {"((((((((((((((((((((((((((a*)*)*)*)*)*)*)*)*)*)*)*)*)*)*)*)*)*)*)*)*)*)*)*)*)*",
         "too large"},
    };
    struct ktg_arena arena = KTG_ARENA_INIT;
    for (size_t i = 0; i < COUNT(wrong); i++) {
        const char *what = "";
        assert_null(compile(wrong[i].pattern, &arena, &what));
        if (!strstr(what, wrong[i].what))
            fprintf(stderr, "%s: %s\n", wrong[i].pattern, what);
        assert_non_null(strstr(what, wrong[i].what));
    }
    ktg_arena_done(&arena);
}

/* (a*)*b and its like take exponential time in engines that go back. */
static void test_match__is_linear_in_the_text(void **unused)
{
    (void)unused;
    struct ktg_arena arena = KTG_ARENA_INIT;
    struct ktg_buf text = KTG_BUF_INIT;
    const char *what = "";
    for (int i = 0; i < 20000; i++)
        ktg_buf_put_u8(&text, 'a');
    assert_false(ktg_cel_match_run(compile("^(a*)*b$", &arena, &what), ktg_buf_view(&text)));
    assert_false(ktg_cel_match_run(compile("^(a|a|a?)+b", &arena, &what), ktg_buf_view(&text)));
    assert_true(ktg_cel_match_run(compile("^(a?){50}a{50}", &arena, &what), ktg_buf_view(&text)));
    ktg_buf_done(&text);
    ktg_arena_done(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_match__agrees_with_another_engine),
        cmocka_unit_test(test_match__refuses_what_it_does_not_know),
        cmocka_unit_test(test_match__is_linear_in_the_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
