/* tests/unit/config/test_agencies.c
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config/agencies.h"
#include "config/textfile.h"
#include "tests/support/cmocka.h"
#include "tests/support/tmpdir.h"

static void test_agencies__the_shipped_ones_are_seventeen_and_their_helpers(void **unused)
{
    (void)unused;
    static const char *const codes[] = {"IMI", "POL", "NAK", "DUK",  "KUA", "BNN",
                                        "KEJ", "KSB", "KDM", "LNL",  "BIN", "BAI",
                                        "BC",  "SPP", "PAR", "PTSP", "PEM"};
    struct ktg_agencies *a = NULL;
    struct ktg_err err = KTG_ERR_INIT;
    if (ktg_agencies_load(KTG_SOURCE_DIR "/config/agencies.yaml", &a, &err))
        fail_msg("%s", err.text);
    for (size_t i = 0; i < COUNT(codes); i++)
        assert_string_equal(ktg_agencies_at(a, i)->code, codes[i]);
    assert_true(ktg_agencies_count(a) > COUNT(codes));
    assert_non_null(ktg_agencies_find(a, KTG_LIT("SYSTEM")));
    assert_non_null(ktg_agencies_find(a, KTG_LIT("APOA")));
    assert_null(ktg_agencies_find(a, KTG_LIT("imi")));
    assert_string_equal(ktg_agencies_nearest(a, "PSTP"), "PTSP");
    assert_true(ktg_agency_reaches(ktg_agencies_at(a, 0), KTG_LIT("6105")));
    ktg_agencies_free(a);
}

static void test_agencies__each_mistake_says_where_got_and_wanted(void **unused)
{
    (void)unused;
    static const struct {
        const char *text, *says;
    } cases[] = {
        {"", "one list"},
        {"a: b", "a.yaml:1:1"},
        {"- {code: X, name: {id: a, en: b}, tier: district, districts: []}",
         "a.yaml:1:10: an agency's code is wrong (got X)"},
        {"- {code: imi, name: {id: a, en: b}, tier: district, districts: []}", "code is wrong"},
        {"- {code: IMI, name: {id: a, en: b}, tier: galaxy, districts: []}", "got galaxy"},
        {"- {code: IMI, name: {id: a, en: b}, tier: district, districts: [61]}", "four digits"},
        {"- {code: IMI, name: {id: a}, tier: district, districts: []}", "a.yaml:1"},
        {"- {code: IMI, nama: {id: a, en: b}, tier: district, districts: []}", "nama"},
        {"- {code: IMI, name: {id: a, en: b}, tier: district, districts: []}\n"
         "- {code: IMI, name: {id: a, en: b}, tier: district, districts: []}",
         "a.yaml:2:10: there is an agency with this code"},
        {"- {code: IMI, name: {id: a, en: b}, tier: district, districts: [], superior: POL}",
         "got POL"},
        {"- {code: IMI, name: {id: a, en: b}, tier: district, districts: [], superior: [POL]}",
         "the code of an agency"},
        {"- {code: IMI, name: {id: a, en: b}, tier: district, districts: [], superior: IMI}",
         "does not stand below it"},
        {"- {code: A1, name: {id: a, en: b}, tier: district, districts: [], superior: A2}\n"
         "- {code: A2, name: {id: a, en: b}, tier: district, districts: [], superior: A3}\n"
         "- {code: A3, name: {id: a, en: b}, tier: district, districts: [], superior: A2}",
         "a.yaml:1:77"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct ktg_agencies *a = NULL;
        struct ktg_err err = KTG_ERR_INIT;
        assert_int_not_equal(ktg_agencies_parse(ktg_bytes_str(cases[i].text), "a.yaml", &a, &err),
                             KTG_OK);
        assert_null(a);
        if (!strstr(err.text, cases[i].says))
            fail_msg("%s\n   does not say\n%s", err.text, cases[i].says);
    }
}

static void test_agencies__one_more_is_added_at_the_end_and_comments_stay(void **unused)
{
    (void)unused;
    char dir[KTG_TMPDIR_SIZE], path[KTG_TMPDIR_SIZE + 16];
    struct ktg_err err = KTG_ERR_INIT;
    ktg_tmpdir_make(dir);
    snprintf(path, sizeof path, "%s/a.yaml", dir);
    static const char text[] =
        "# ours\n- {code: IMI, name: {id: a, en: b}, tier: district, districts: ['*']}";
    assert_int_equal(ktg_textfile_write(path, ktg_bytes_str(text), 0644, true, &err), KTG_OK);
    static const char *const districts[] = {"6105", "6109", NULL};
    struct ktg_agency more = {
        "KODAM", "Komando 'Tanjungpura'", "Command: #1", KTG_TIER_PROVINCE, districts, 2, "IMI"};
    if (ktg_agencies_add(path, &more, &err))
        fail_msg("%s", err.text);
    assert_int_equal(ktg_agencies_add(path, &more, &err), KTG_ECONFLICT);
    more.code = "kodim";
    assert_int_equal(ktg_agencies_add(path, &more, &err), KTG_EINVALID);
    struct ktg_agencies *a = NULL;
    assert_int_equal(ktg_agencies_load(path, &a, &err), KTG_OK);
    assert_int_equal(ktg_agencies_count(a), 2);
    const struct ktg_agency *k = ktg_agencies_find(a, KTG_LIT("KODAM"));
    assert_string_equal(k->name_id, "Komando 'Tanjungpura'");
    assert_string_equal(k->name_en, "Command: #1");
    assert_int_equal(k->tier, KTG_TIER_PROVINCE);
    assert_string_equal(k->superior, "IMI");
    assert_null(ktg_agencies_find(a, KTG_LIT("IMI"))->superior);
    assert_true(ktg_agency_reaches(k, KTG_LIT("6109")));
    assert_false(ktg_agency_reaches(k, KTG_LIT("6101")));
    assert_true(ktg_agency_reaches(k, KTG_LIT("")));
    ktg_agencies_free(a);
    struct ktg_buf b = KTG_BUF_INIT;
    assert_int_equal(ktg_textfile_read(path, 4096, &b, &err), KTG_OK);
    assert_memory_equal(b.data, text, sizeof text - 1);
    ktg_buf_done(&b);
    ktg_tmpdir_remove(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_agencies__the_shipped_ones_are_seventeen_and_their_helpers),
        cmocka_unit_test(test_agencies__each_mistake_says_where_got_and_wanted),
        cmocka_unit_test(test_agencies__one_more_is_added_at_the_end_and_comments_stay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
