/* tests/unit/consumers/terminal/test_view.c
 * SPDX-License-Identifier: Apache-2.0
 */
#include "consumers/terminal/view.h"

#include <stdio.h>
#include <string.h>

#include "schema/json.h"
#include "tests/support/cmocka.h"

/* What IMI receives, and what everybody else does; ids are bin. */
#define FINDING "{\"$bin\":\"9c1e42000000000000000000000000ff\"}"
#define EVENT   "{\"$bin\":\"01936b2e7c0070008000000000000001\"}"
#define TITLE   "{\"en\":\"9 days past permitted stay\",\"id\":\"Lewat izin tinggal 9 hari\"}"
#define ROUTE                                                        \
    "{\"disproved_by\":{\"en\":\"an "                                \
    "extension\",\"id\":\"perpanjangan\"},\"district\":\"sanggau\"," \
    "\"legal\":\"UU 6/2011 art. 78(1)\",\"title\":" TITLE "}"
#define WHOLE                                                                                      \
    "{\"at\":[1772330400000,420],\"evidence\":[" EVENT "],\"finding\":" FINDING                    \
    ",\"level\":\"high\",\"op\":\"raise\",\"reason\":\"event\",\"rev\":3,\"route\":" ROUTE         \
    ",\"rule\":\"overstay-fee\",\"state\":\"open\",\"subject\":\"doc:UTO:L898902C3\",\"values\":{" \
    "\"days\":9}}"
#define LITTLE                                                                                  \
    "{\"at\":[1772330400000,420],\"district\":\"sanggau\",\"level\":\"high\",\"op\":\"raise\"," \
    "\"reference\":\"9c1e42000000000000000000000000ff\",\"rev\":3,\"rule\":\"overstay-fee\","   \
    "\"state\":\"open\"}"

static struct ktg_buf value = KTG_BUF_INIT, text = KTG_BUF_INIT;

static struct ktg_bytes canonical(const char *json)
{
    struct ktg_err err = KTG_ERR_INIT;
    ktg_buf_clear(&value);
    if (ktg_json_parse(ktg_bytes_str(json), &value, &err))
        fail_msg("%s", err.text);
    return ktg_buf_view(&value);
}

static void test_view__an_item_is_one_line_of_json(void **unused)
{
    (void)unused;
    struct ktg_item item = {12, 3, KTG_LIT("9c1e42000000000000000000000000ff"), canonical(LITTLE)};
    ktg_buf_clear(&text);
    ktg_view_item_json(&item, &text);
    assert_string_equal(
        ktg_buf_text(&text),
        "{\"cursor\":12,\"alert\":\"9c1e42000000000000000000000000ff\","
        "\"at\":\"2026-03-01T09:00:00+07:00\",\"district\":\"sanggau\",\"level\":\"high\","
        "\"op\":\"raise\",\"reference\":\"9c1e42000000000000000000000000ff\",\"rev\":3,"
        "\"rule\":\"overstay-fee\",\"state\":\"open\"}");
    item.body = canonical(WHOLE);
    ktg_buf_clear(&text);
    ktg_view_item_json(&item, &text);
    /* ids of events as people write them, ids of findings in hex, texts without a line end */
    assert_non_null(
        strstr(ktg_buf_text(&text), "\"evidence\":[\"01936b2e-7c00-7000-8000-000000000001\"]"));
    assert_non_null(
        strstr(ktg_buf_text(&text), "\"finding\":\"9c1e42000000000000000000000000ff\""));
    assert_null(strchr(ktg_buf_text(&text), '\n'));
    item.body = canonical("{}"); /* erased meanwhile */
    ktg_buf_clear(&text);
    ktg_view_item_json(&item, &text);
    assert_string_equal(ktg_buf_text(&text),
                        "{\"cursor\":12,\"alert\":\"9c1e42000000000000000000000000ff\",\"rev\":3}");
}

static void test_view__strange_texts_stay_within_their_line(void **unused)
{
    (void)unused;
    struct ktg_item item = {
        1, 1, KTG_LIT("00"),
        canonical("{\"subject\":\"a\\n\\\"b\\u001b[31m\",\"n\":null,\"t\":true}")};
    ktg_buf_clear(&text);
    ktg_view_item_json(&item, &text);
    assert_null(strchr(ktg_buf_text(&text), '\n'));
    assert_null(strchr(ktg_buf_text(&text), '\033'));
    assert_non_null(strstr(ktg_buf_text(&text), "\"n\":null"));
    assert_non_null(strstr(ktg_buf_text(&text), "\"t\":true"));
}

static void test_view__a_row_has_what_the_agency_may_see(void **unused)
{
    (void)unused;
    struct ktg_view_row r;
    ktg_buf_clear(&text);
    ktg_view_row(canonical(WHOLE), false, &text, &r);
    assert_string_equal(r.at, "2026-03-01T09:00:00+07:00");
    assert_string_equal(r.level, "high");
    assert_string_equal(r.op, "raise");
    assert_string_equal(r.title, "9 days past permitted stay");
    assert_string_equal(r.subject, "doc:UTO:L898902C3");
    assert_string_equal(r.district, "sanggau");
    ktg_buf_clear(&text);
    ktg_view_row(canonical(WHOLE), true, &text, &r);
    assert_string_equal(r.title, "Lewat izin tinggal 9 hari");
    ktg_buf_clear(&text);
    ktg_view_row(canonical(LITTLE), true, &text, &r);
    assert_string_equal(r.title, "");
    assert_string_equal(r.subject, "");
    assert_string_equal(r.district, "sanggau");
    assert_string_equal(r.alert, "9c1e42000000000000000000000000ff");
    assert_int_equal(r.order, 0);
    ktg_buf_clear(&text);
    ktg_view_row(
        canonical("{\"alert\":\"ab\",\"order\":7,\"title\":{\"en\":\"only\"},\"track\":\"new\"}"),
        true, &text, &r);
    assert_string_equal(r.title, "only"); /* the other language, rather than nothing */
    assert_string_equal(r.track, "new");
    assert_int_equal(r.order, 7);
}

#define EXPLANATION                                                                                \
    "{\"conditions\":[{\"met\":true,\"text\":\"days <= "                                           \
    "60\",\"value\":9},{\"met\":false,\"text\":\"hold\",\"want\":\"x\"}],"                         \
    "\"evidence\":[{\"at\":[1772330400000,420],\"position\":44,\"source\":\"IMI.ENTIKONG.1\","     \
    "\"type\":\"border.crossing\"}],"                                                              \
    "\"sources\":[{\"live\":true,\"source\":\"IMI.ENTIKONG.1\"},{\"live\":false,\"source\":\"IMI." \
    "ARUK.1\"}]}"
#define TRACKS \
    "{\"POL\":{\"at\":[1772330400000,420],\"officer\":\"piket-1\",\"state\":\"acknowledged\"}}"

static void shown(const char *item, bool indonesian, bool colour)
{
    ktg_buf_clear(&text);
    ktg_view_alert(canonical(item), indonesian, colour, &text);
}

static void test_view__an_alert_tells_why_and_what_would_disprove_it(void **unused)
{
    (void)unused;
    static const char item[] = "{\"alert\":\"9c1e42\",\"body\":" WHOLE
                               ",\"explanation\":" EXPLANATION ",\"tracks\":" TRACKS "}";
    static const char *const en[] = {
        "9 days past permitted stay",
        "Conditions\n  \xe2\x9c\x93 days <= 60   = 9\n  \xe2\x9c\x97 hold   (x)\n",
        "journal:44",
        "IMI.ENTIKONG.1 live",
        "IMI.ARUK.1 silent",
        "Would be disproved by  an extension\n",
        "a lead, not a verdict",
        "POL  acknowledged",
        "piket-1",
        "days=9",
        "UU 6/2011 art. 78(1)"};
    static const char *const id[] = {"Lewat izin tinggal 9 hari",
                                     "Syarat\n",
                                     "IMI.ENTIKONG.1 hidup",
                                     "IMI.ARUK.1 diam",
                                     "Akan terbantah oleh  perpanjangan\n",
                                     "petunjuk, bukan putusan",
                                     "journal:44"};
    shown(item, false, false);
    for (size_t i = 0; i < COUNT(en); i++)
        if (!strstr(ktg_buf_text(&text), en[i]))
            fail_msg("'%s' is missing in\n%s", en[i], ktg_buf_text(&text));
    assert_null(strchr(ktg_buf_text(&text), '\033'));
    shown(item, true, false);
    for (size_t i = 0; i < COUNT(id); i++)
        if (!strstr(ktg_buf_text(&text), id[i]))
            fail_msg("'%s' is missing in\n%s", id[i], ktg_buf_text(&text));
    shown(item, true, true);
    assert_non_null(strstr(ktg_buf_text(&text), "\033[31mhigh\033[0m"));
}

static void test_view__an_alert_without_an_explanation_says_so(void **unused)
{
    (void)unused;
    shown("{\"alert\":\"9c1e42\",\"body\":" WHOLE ",\"tracks\":" TRACKS "}", false, false);
    assert_non_null(strstr(ktg_buf_text(&text), "no explanation now"));
    shown("{\"alert\":\"9c1e42\",\"body\":" LITTLE ",\"tracks\":" TRACKS "}", false, false);
    assert_null(
        strstr(ktg_buf_text(&text), "no explanation")); /* this agency has no right to one */
    assert_non_null(strstr(ktg_buf_text(&text), "overstay-fee"));
    assert_non_null(strstr(ktg_buf_text(&text), "POL  acknowledged"));
    shown("{}", true, true); /* nothing at all: no crash, no colour without a level */
    assert_null(strchr(ktg_buf_text(&text), '\033'));
}

static void test_view__nobody_steers_the_terminal_of_an_officer(void **unused)
{
    (void)unused;
    shown("{\"alert\":\"9c\",\"body\":{\"rule\":\"r\",\"subject\":\"a\\u001b]0;"
          "x\\u0007b\\u009b31mc\\r\\nd\\u007fe \\u00e9\"}}",
          false, false);
    for (const char *c = ktg_buf_text(&text); *c; c++)
        assert_true(*c == '\n' || (unsigned char)*c >= 0x20);
    assert_non_null(strstr(ktg_buf_text(&text), "a?]0;x?b?31mc??d?e \xc3\xa9"));
}

static int done(void **unused)
{
    (void)unused;
    ktg_buf_done(&value);
    ktg_buf_done(&text);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_view__an_item_is_one_line_of_json),
        cmocka_unit_test(test_view__strange_texts_stay_within_their_line),
        cmocka_unit_test(test_view__a_row_has_what_the_agency_may_see),
        cmocka_unit_test(test_view__an_alert_tells_why_and_what_would_disprove_it),
        cmocka_unit_test(test_view__an_alert_without_an_explanation_says_so),
        cmocka_unit_test(test_view__nobody_steers_the_terminal_of_an_officer),
    };
    return cmocka_run_group_tests(tests, NULL, done);
}
