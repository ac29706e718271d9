/* tests/unit/cmd/test_phrase.c - what went wrong, in Indonesian.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cmd/phrase.h"

#include <errno.h>
#include <string.h>

#include "cmd/command.h"
#include "config/faults.h"
#include "runtime/path.h"
#include "schema/faults.h"
#include "tests/support/cmocka.h"

static void test_phrase__the_longest_fits_and_what_is_unknown_stays(void **unused)
{
    (void)unused;
    static const struct {
        const char *en, *id;
    } story[] = {
        {"a number", "bilangan"},
        {"a number, 1 to 65536", "bilangan, 1 sampai 65536"},
        {"at most 64 bytes", "paling banyak 64 bita"},
        {"at most 7", "paling banyak 7"},
        {"perhaps 'border.crossing'", "mungkin 'border.crossing'"},
        {"perhaps ''", "perhaps ''"}, /* % is one character or more */
        {"an answer within 10 s", "jawaban dalam 10 detik"},
        {"xyzzy", "xyzzy"},
        {"", ""},
    };
    char to[KTG_PHRASE_TEXT];
    for (size_t i = 0; i < COUNT(story); i++) {
        assert_string_equal(ktg_phrase(story[i].en, KTG_LANG_ID, to), story[i].id);
        assert_string_equal(ktg_phrase(story[i].en, KTG_LANG_EN, to), story[i].en);
    }
    char huge[3 * KTG_PHRASE_TEXT];
    memset(huge, 'x', sizeof huge - 1);
    huge[sizeof huge - 1] = 0;
    memcpy(huge, "at most ", 8);
    assert_int_equal(strlen(ktg_phrase(huge, KTG_LANG_ID, to)), KTG_PHRASE_TEXT - 1);
}

static void test_phrase__a_failure_is_told_whole_in_either_language(void **unused)
{
    (void)unused;
    struct ktg_err err = KTG_ERR_INIT;
    char to[KTG_PHRASE_TEXT];
    (void)ktg_err_fault(&err, &ktg_cmd_faults[KTG_CMD_BAD_VALUE], "alerts ls", "--limit x",
                        "a number, 1 to 1000000");
    assert_string_equal(ktg_phrase_err(&err, KTG_LANG_EN, to), err.text);
    assert_string_equal(
        ktg_phrase_err(&err, KTG_LANG_ID, to),
        "alerts ls: nilai tidak sesuai (didapat --limit x); seharusnya bilangan, 1 sampai "
        "1000000. Lihat --help perintah ini [bad-value]");
    (void)ktg_fault_set(&err, KTG_FAULT_AMBIGUOUS, NULL, NULL, "the centre");
    (void)ktg_err_wrap(&err, err.code, "85e3");
    assert_string_equal(ktg_phrase_err(&err, KTG_LANG_ID, to),
                        "85e3: pusat: beberapa hal berawalan huruf ini. Tulis lebih banyak huruf "
                        "dari pengenalnya [ambiguous]");
    (void)ktg_path_fail(&err, "run", ENOENT, "the folder of a journal");
    (void)ktg_err_wrap(&err, err.code, "restore");
    assert_string_equal(
        ktg_phrase_err(&err, KTG_LANG_ID, to),
        "restore: run: tidak ada apa pun di sini (didapat tidak ada berkas atau "
        "folder itu); seharusnya folder sebuah jurnal. Periksa jalurnya, dan folder "
        "tempat perintah dijalankan [path-missing]");
    (void)ktg_err_set(&err, KTG_EINVALID, "an event without an id");
    (void)ktg_err_wrap(&err, err.code, "line 7");
    assert_string_equal(ktg_phrase_err(&err, KTG_LANG_ID, to), "line 7: kejadian tanpa id");
    (void)ktg_err_set(&err, KTG_EIO, "/dev/x: what the system said");
    assert_string_equal(ktg_phrase_err(&err, KTG_LANG_ID, to), err.text);
    (void)ktg_err_set(&err, KTG_ENOTFOUND, "/no/such: No such file or directory");
    assert_string_equal(ktg_phrase_err(&err, KTG_LANG_ID, to),
                        "/no/such: tidak ada berkas atau folder seperti itu");
}

static void test_phrase__no_fault_lacks_a_part(void **unused)
{
    (void)unused;
    const struct {
        const struct ktg_fault *at;
        size_t count;
    } tables[] = {{ktg_faults, KTG_FAULT_COUNT},
                  {ktg_cmd_faults, KTG_CMD_FAULTS},
                  {ktg_config_faults, KTG_CONFIG_FAULT_COUNT},
                  {ktg_runtime_faults, KTG_RUNTIME_FAULTS}};
    for (size_t t = 0; t < COUNT(tables); t++)
        for (size_t i = 0; i < tables[t].count; i++) {
            const struct ktg_fault *f = &tables[t].at[i];
            for (int lang = KTG_LANG_EN; lang <= KTG_LANG_ID; lang++) {
                assert_true(strlen(ktg_phrase_what(f, (enum ktg_lang)lang)) > 3);
                assert_true(strlen(ktg_phrase_next(f, (enum ktg_lang)lang)) > 3);
            }
            assert_string_not_equal(f->what, f->apa);
            assert_string_not_equal(f->next, f->langkah);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_phrase__the_longest_fits_and_what_is_unknown_stays),
        cmocka_unit_test(test_phrase__a_failure_is_told_whole_in_either_language),
        cmocka_unit_test(test_phrase__no_fault_lacks_a_part),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
