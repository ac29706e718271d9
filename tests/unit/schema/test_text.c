/* tests/unit/schema/test_text.c
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdlib.h>
#include <utf8proc.h>

#include "schema/text.h"
#include "tests/support/cmocka.h"

static void test_text__good_text_passes_and_each_flaw_is_told_apart(void **unused)
{
    (void)unused;
    static const struct {
        const char *text;
        size_t size;
        enum ktg_text_flaw flaw;
    } story[] = {
#define T(s, flaw) {s, sizeof(s) - 1, flaw}
        T("", KTG_TEXT_GOOD),
        T("SPECIMEN", KTG_TEXT_GOOD),
        T("caf\xc3\xa9", KTG_TEXT_GOOD),                 /* e acute, composed */
        T("cafe\xcc\x81", KTG_TEXT_NOT_NFC),             /* e + acute */
        T("x\xcc\x81", KTG_TEXT_GOOD),                   /* no composed form exists */
        T("\xcc\x81", KTG_TEXT_GOOD),                    /* a lone mark */
        T("a\xcc\x82\xcc\xa3", KTG_TEXT_NOT_NFC),        /* marks out of order */
        T("\xe1\xba\xad", KTG_TEXT_GOOD),                /* their composed form */
        T("\xc3\xa2\xcc\xa3", KTG_TEXT_NOT_NFC),         /* half composed */
        T("\xe2\x84\xab", KTG_TEXT_NOT_NFC),             /* angstrom sign */
        T("\xea\xb0\x80", KTG_TEXT_GOOD),                /* Hangul syllable */
        T("\xe1\x84\x80\xe1\x85\xa1", KTG_TEXT_NOT_NFC), /* the same as jamo */
        T("\xe0\xa5\x98", KTG_TEXT_NOT_NFC),             /* a composition exclusion */
        T("\xe4\xb8\xad\xe6\x96\x87", KTG_TEXT_GOOD),
        T("a\0b", KTG_TEXT_NUL),
        T("\xc0\x80", KTG_TEXT_NOT_UTF8),         /* overlong */
        T("\xed\xa0\x80", KTG_TEXT_NOT_UTF8),     /* surrogate */
        T("\xf4\x90\x80\x80", KTG_TEXT_NOT_UTF8), /* beyond U+10FFFF */
        T("\xe4\xb8", KTG_TEXT_NOT_UTF8),         /* cut */
        T("\x80", KTG_TEXT_NOT_UTF8),
#undef T
    };
    for (size_t i = 0; i < COUNT(story); i++)
        if (ktg_text_check(ktg_bytes(story[i].text, story[i].size)) != story[i].flaw)
            fail_msg("row %zu: %s", i, story[i].text);
}

static void test_text__one_letter_bears_31_marks_and_not_32(void **unused)
{
    (void)unused;
    struct ktg_buf b = KTG_BUF_INIT;
    ktg_buf_put_str(&b, "x");
    for (int i = 0; i < 31; i++)
        ktg_buf_put_str(&b, "\xcc\x81");
    assert_int_equal(ktg_text_check(ktg_buf_view(&b)), KTG_TEXT_GOOD);
    ktg_buf_put_str(&b, "\xcc\x81");
    assert_int_equal(ktg_text_check(ktg_buf_view(&b)), KTG_TEXT_NOT_NFC);
    ktg_buf_clear(&b); /* letters without marks may be as many as they like */
    for (int i = 0; i < 100; i++)
        ktg_buf_put_str(&b, "\xe4\xb8\xad\xea\xb0\x80\xd0\x96");
    assert_int_equal(ktg_text_check(ktg_buf_view(&b)), KTG_TEXT_GOOD);
    ktg_buf_clear(&b);
    for (int i = 0; i < 33; i++)
        ktg_buf_put_str(&b, i ? "\xcc\x81" : "x");
    struct ktg_buf to = KTG_BUF_INIT;
    assert_int_equal(ktg_text_put_nfc(&to, ktg_buf_view(&b)), KTG_EINVALID);
    assert_int_equal(to.size, 0);
    ktg_buf_done(&b);
    ktg_buf_done(&to);
}

/* The run-by-run answer against the library's own normalisation of the whole text. */
static void test_text__random_text_is_judged_as_the_library_judges_the_whole(void **unused)
{
    (void)unused;
    static const int32_t alphabet[] = {
        'a',    'E',    'o',    ' ',    0xe9,   0x301,  0x302,   0x323,   0x327,  0x1ea5,
        0x1100, 0x1161, 0x11a8, 0xac00, 0x9bc,  0x9c7,  0x9be,   0x3099,  0x304b, 0x4e2d,
        0x212b, 0x958,  0x345,  0x3b1,  0x1f00, 0x2126, 0x1d15e, 0x115b9, 0x115af};
    srand(7);
    for (int round = 0; round < 20000; round++) {
        struct ktg_buf b = KTG_BUF_INIT;
        for (int n = rand() % 9; n > 0; n--) {
            uint8_t bytes[4];
            ktg_buf_put(
                &b, bytes,
                (size_t)utf8proc_encode_char(alphabet[(size_t)rand() % COUNT(alphabet)], bytes));
        }
        ktg_buf_text(&b);
        uint8_t *whole = b.size ? utf8proc_NFC(b.data) : NULL;
        struct ktg_bytes nfc = ktg_bytes(whole, whole ? strlen((char *)whole) : 0);
        bool normal = ktg_bytes_eq(ktg_buf_view(&b), nfc);
        assert_int_equal(ktg_text_check(ktg_buf_view(&b)) == KTG_TEXT_GOOD, normal);
        struct ktg_buf ours = KTG_BUF_INIT;
        assert_int_equal(ktg_text_put_nfc(&ours, ktg_buf_view(&b)), KTG_OK);
        assert_true(ktg_bytes_eq(ktg_buf_view(&ours), nfc));
        free(whole);
        ktg_buf_done(&ours);
        ktg_buf_done(&b);
    }
}

static void test_text__forms_bring_the_writings_of_one_thing_together(void **unused)
{
    (void)unused;
    static const struct {
        enum ktg_text_form form;
        const char *text, *id;
    } story[] = {
        {KTG_FORM_NUMBER, "l898902c<3 ", "L898902C3"},
        {KTG_FORM_NUMBER, "2C11 AB0001", "2C11AB0001"},
        {KTG_FORM_NAME, " van  der<<Berg ", "VAN DER BERG"},
        {KTG_FORM_NAME, "m\xc3\xbcller", "M\xc3\x9cLLER"},
        {KTG_FORM_WORDS, "Jl. Merdeka No. 7, RT.03/RW 02", "JL MERDEKA NO 7 RT 03 RW 02"},
        {KTG_FORM_PHONE, "+62 (000) 12-34.56", "+62000123456"},
        {KTG_FORM_NUMBER, "ab-12/3.4", "AB1234"},
        {KTG_FORM_EMAIL, " Someone@Example.ORG ", "someone@example.org"},
        {KTG_FORM_AS_IS, " H-7 ", " H-7 "},
    };
    for (size_t i = 0; i < COUNT(story); i++) {
        struct ktg_buf b = KTG_BUF_INIT;
        ktg_text_put_form(&b, ktg_bytes_str(story[i].text), story[i].form);
        assert_string_equal(ktg_buf_text(&b), story[i].id);
        ktg_buf_done(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text__good_text_passes_and_each_flaw_is_told_apart),
        cmocka_unit_test(test_text__one_letter_bears_31_marks_and_not_32),
        cmocka_unit_test(test_text__random_text_is_judged_as_the_library_judges_the_whole),
        cmocka_unit_test(test_text__forms_bring_the_writings_of_one_thing_together),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
