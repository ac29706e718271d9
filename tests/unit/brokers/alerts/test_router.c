/* tests/unit/brokers/alerts/test_router.c
 * SPDX-License-Identifier: Apache-2.0
 */
#include "brokers/alerts/router.h"

#include <stdio.h>

#include "tests/support/cmocka.h"

#define ROW(code, tier, districts, more)                                                           \
    "- {code: " code ", name: {id: a, en: b}, tier: " tier ", districts: [" districts "]" more "}" \
    "\n"

static const char table_text[] =
    ROW("IMI", "district", "6105", "") ROW("POL", "district", "'*'", ", superior: POLDA")
        ROW("POLDA", "province", "'*'", "") ROW("NAK", "district", "6105", ", superior: NAKER")
            ROW("NAKER", "central", "6109", "") ROW("BC", "district", "'*'", "")
                ROW("APOA", "system", "'*'", "") ROW("SYSTEM", "system", "'*'", "");

/* One finding: words are "A B C" and become an array; `agency`, `lead` one text, "agencies" an array. */
struct finding {
    const char *to, *senders, *agency, *agencies, *lead, *kind, *subject, *district;
};

static void put_words(struct ktg_buf *b, const char *words)
{
    char copy[256], *save = NULL, *at[64];
    uint32_t n = 0;
    snprintf(copy, sizeof copy, "%s", words ? words : "");
    for (char *w = strtok_r(copy, " ", &save); w; w = strtok_r(NULL, " ", &save))
        at[n++] = w;
    ktg_wire_put_array(b, n);
    for (uint32_t i = 0; i < n; i++)
        ktg_wire_put_text(b, at[i]);
}

/* "IMI POL; SELF APOA system; LEAD - names-nobody" */
static const char *routed(const struct ktg_agencies *table, const struct finding *f)
{
    static char text[4096];
    struct ktg_buf to = KTG_BUF_INIT, route = KTG_BUF_INIT, values = KTG_BUF_INIT;
    struct ktg_handed h = {.kind = ktg_bytes_str(f->kind ? f->kind : "person"),
                           .subject = ktg_bytes_str(f->subject ? f->subject : "doc:UTO:1"),
                           .district = ktg_bytes_str(f->district ? f->district : "")};
    struct ktg_routed r;
    size_t n = 0;
    put_words(&to, f->to);
    ktg_wire_put_map(&route, 1);
    ktg_wire_put_text(&route, "agencies");
    put_words(&route, f->senders);
    ktg_wire_put_map(&values, (f->agencies != NULL) + (f->agency != NULL) + (f->lead != NULL));
    if (f->agencies) {
        ktg_wire_put_text(&values, "agencies");
        put_words(&values, f->agencies);
    }
    if (f->agency) {
        ktg_wire_put_text(&values, "agency");
        ktg_wire_put_text(&values, f->agency);
    }
    if (f->lead) {
        ktg_wire_put_text(&values, "lead");
        ktg_wire_put_text(&values, f->lead);
    }
    h.to = ktg_buf_view(&to);
    h.route = ktg_buf_view(&route);
    h.values = ktg_buf_view(&values);
    ktg_route(table, &h, &r);
    text[0] = 0;
    for (size_t i = 0; i < r.told_count; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, "%s%.*s", i ? " " : "",
                              (int)r.told[i].size, (const char *)r.told[i].data);
    for (size_t i = 0; i < r.missed_count; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, "; %.*s %.*s %s",
                              (int)r.missed[i].word.size, (const char *)r.missed[i].word.data,
                              (int)(r.missed[i].code.size ? r.missed[i].code.size : 1),
                              r.missed[i].code.size ? (const char *)r.missed[i].code.data : "-",
                              ktg_miss_name(r.missed[i].why));
    ktg_buf_done(&to);
    ktg_buf_done(&route);
    ktg_buf_done(&values);
    return text;
}

static struct ktg_agencies *table(void)
{
    struct ktg_agencies *a = NULL;
    struct ktg_err err = KTG_ERR_INIT;
    if (ktg_agencies_parse(ktg_bytes_str(table_text), "t.yaml", &a, &err))
        fail_msg("%s", err.text);
    return a;
}

static void test_router__tells_those_whom_to_names(void **unused)
{
    (void)unused;
    static const struct {
        struct finding f;
        const char *told;
    } cases[] = {
        {{.to = ""}, "IMI"},
        {{.to = "POL BC POL IMI"}, "IMI POL BC"},
        {{.to = "POL FOO"}, "IMI POL; FOO FOO no-such-agency"},
        {{.to = "APOA"}, "IMI; APOA APOA system"},
        {{.to = "NAK", .district = "6105"}, "IMI NAK"},
        {{.to = "NAK", .district = "6109"}, "IMI; NAK NAK other-district"},
        {{.to = "NAK"}, "IMI NAK"},                     /* no district: everybody's */
        {{.to = "POL", .district = "6109"}, "IMI POL"}, /* IMI of 6105 too: it coordinates */
        /* whose own matter it is */
        {{.to = "SELF", .senders = "BC POL"}, "IMI BC POL"},
        {{.to = "SELF", .senders = "IMI"}, "IMI"},
        {{.to = "SELF", .senders = "APOA BC"}, "IMI BC; SELF APOA system"},
        {{.to = "SELF"}, "IMI; SELF - names-nobody"},
        {{.to = "SELF", .senders = "SYSTEM", .agency = "POL"}, "IMI POL"},
        {{.to = "SELF", .senders = "SYSTEM", .agencies = "POL BC"}, "IMI POL BC"},
        {{.to = "SELF", .agencies = "POL BC", .agency = "NAK"},
         "IMI NAK"}, /* one, before several */
        {{.to = "SELF", .senders = "BC", .agencies = ""}, "IMI BC"},
        {{.to = "SELF", .senders = "BC", .agency = "XX"}, "IMI; SELF XX no-such-agency"},
        {{.to = "SELF", .senders = "SYSTEM", .kind = "source", .subject = "POL.POLRES.1"},
         "IMI POL"},
        {{.to = "SELF", .senders = "BC", .kind = "source", .subject = "POL"}, "IMI POL"},
        {{.to = "SELF", .senders = "BC", .kind = "document", .subject = "POL.POLRES.1"}, "IMI BC"},
        {{.to = "SELF", .kind = "source", .subject = "APOA.X.1"}, "IMI; SELF APOA system"},
        {{.to = "SELF", .senders = "NAK", .district = "6109"}, "IMI; SELF NAK other-district"},
        /* who stands above those */
        {{.to = "SUPERIOR", .senders = "SYSTEM", .agency = "POL"}, "IMI POLDA"},
        {{.to = "SUPERIOR", .agencies = "POL NAK"}, "IMI POLDA NAKER"},
        {{.to = "SUPERIOR", .agencies = "POL NAK", .district = "6105"},
         "IMI POLDA; SUPERIOR NAKER other-district"},
        {{.to = "SUPERIOR", .agency = "BC"}, "IMI"}, /* nobody is named: who coordinates */
        {{.to = "SUPERIOR", .agency = "IMI"}, "IMI"},
        {{.to = "SUPERIOR", .agency = "XX"}, "IMI; SUPERIOR XX no-such-agency"},
        {{.to = "SUPERIOR"}, "IMI; SUPERIOR - names-nobody"},
        /* who leads */
        {{.to = "LEAD", .lead = "BC", .agency = "POL"}, "IMI BC"},
        {{.to = "LEAD", .senders = "POL"}, "IMI"},
        {{.to = "LEAD", .lead = "APOA"}, "IMI; LEAD APOA system"},
        {{.to = "LEAD", .lead = "Polres"}, "IMI; LEAD Polres no-such-agency"},
        {{.to = "LEAD SELF SUPERIOR", .lead = "BC", .agency = "POL"}, "IMI BC POL POLDA"},
    };
    struct ktg_agencies *a = table();
    for (size_t i = 0; i < COUNT(cases); i++)
        if (strcmp(routed(a, &cases[i].f), cases[i].told) != 0)
            fail_msg("to %s: %s, not %s", cases[i].f.to, routed(a, &cases[i].f), cases[i].told);
    ktg_agencies_free(a);
}

static void test_router__without_a_table_codes_stand_and_words_are_nobody(void **unused)
{
    (void)unused;
    assert_string_equal(routed(NULL, &(struct finding){.to = "POL FOO", .district = "6109"}),
                        "IMI POL FOO");
    assert_string_equal(routed(NULL, &(struct finding){.to = "SELF LEAD SUPERIOR",
                                                       .senders = "POL",
                                                       .agency = "BC",
                                                       .lead = "BC"}),
                        "IMI; SELF - names-nobody; LEAD - names-nobody; SUPERIOR - names-nobody");
}

static void test_router__remembers_so_many_and_counts_the_rest(void **unused)
{
    (void)unused;
    struct ktg_buf to = KTG_BUF_INIT;
    struct ktg_handed h = {0};
    struct ktg_routed r;
    struct ktg_agencies *a = table();
    ktg_wire_put_array(&to, KTG_TRACKS + 1);
    for (int i = 0; i <= KTG_TRACKS; i++) {
        char code[8];
        snprintf(code, sizeof code, "A%d", i);
        ktg_wire_put_text(&to, code);
    }
    h.to = ktg_buf_view(&to);
    ktg_route(a, &h, &r);
    assert_int_equal(r.told_count, 1);
    assert_int_equal(r.missed_count, KTG_TRACKS + 1);
    assert_true(ktg_bytes_is(r.missed[KTG_MISSED - 1].word, "A15"));
    ktg_route(NULL, &h, &r); /* told as they stand: two too many, with IMI */
    assert_int_equal(r.told_count, KTG_TRACKS);
    assert_int_equal(r.missed_count, 2);
    assert_true(ktg_bytes_is(r.missed[0].code, "A63") && r.missed[0].why == KTG_MISS_TOO_MANY);
    ktg_agencies_free(a);
    ktg_buf_done(&to);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_router__tells_those_whom_to_names),
        cmocka_unit_test(test_router__without_a_table_codes_stand_and_words_are_nobody),
        cmocka_unit_test(test_router__remembers_so_many_and_counts_the_rest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
