/* tests/unit/schema/test_catalogue.c
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdlib.h>

#include "schema/catalogue.h"
#include "schema/files.h"
#include "tests/support/cmocka.h"

static struct ktg_err err;

static void test_catalogue__the_shipped_one_loads_and_knows_every_type(void **unused)
{
    (void)unused;
    struct ktg_files f = KTG_FILES_INIT;
    struct ktg_catalogue *c = NULL;
    assert_int_equal(ktg_files_read(&f, KTG_SCHEMA_DIR, "", &err), KTG_OK);
    if (ktg_catalogue_load(f.at, f.count, &c, &err))
        fail_msg("%s", err.text);
    static const char *const types[] = {
        "border.crossing",  "api.passenger",       "pnr.booking",
        "visa.application", "permit.status",       "sponsor.link",
        "licence.status",   "lodging.checkin",     "lodging.checkout",
        "address.report",   "marriage.registered", "divorce.registered",
        "rptka.status",     "tka.employment",      "tka.transfer-report",
        "community.report", "biometric.hit",       "case.reference",
        "watchlist.entry",  "document.status",     "inspection.result",
        "removal",          "correction",          "alert.raised",
        "alert.amended",    "alert.withdrawn",     "alert.ack",
        "alert.closed",     "alert.escalated",     "task",
        "lookup.audit",     "producer.heartbeat",  "producer.gap",
        "rule.suspended",   "centre.away",         "source.retired"};
    assert_int_equal(ktg_catalogue_type_count(c), COUNT(types));
    for (size_t i = 0; i < COUNT(types); i++) {
        const struct ktg_type *t = ktg_catalogue_type(c, ktg_bytes_str(types[i]));
        if (!t)
            fail_msg("%s", types[i]);
        assert_ptr_equal(ktg_catalogue_type_at(c, t->index), t);
        assert_true(t->title_id[0] && t->title_en[0]);
        for (size_t k = 0; k < t->data->count;
             k++) /* every code list that a type names is shipped */
            if (t->data->fields[k].list_name &&
                !ktg_catalogue_codes(c, t->data->fields[k].list_name))
                fail_msg("%s: no list %s", types[i], t->data->fields[k].list_name);
    }
    const struct ktg_type *crossing = ktg_catalogue_type(c, KTG_LIT("border.crossing"));
    assert_true(crossing->holder && !crossing->system && !crossing->any);
    assert_int_equal(crossing->classes, 1u << ktg_catalogue_class(c, KTG_LIT("sighting")));
    const struct ktg_field *doc = ktg_shape_field(crossing->data, KTG_LIT("doc"));
    assert_int_equal(doc->kinds, 1u << ktg_catalogue_kind(c, KTG_LIT("person")) |
                                     1u << ktg_catalogue_kind(c, KTG_LIT("document")));
    assert_true(doc->ties);
    assert_string_equal(doc->as, "doc");
    assert_string_equal(ktg_shape_field(crossing->data, KTG_LIT("permit_no"))->as, "permit");
    assert_int_equal(ktg_shape_field(crossing->data, KTG_LIT("nationality"))->rules,
                     KTG_RULES_FORBIDDEN);
    const struct ktg_field *companions = ktg_shape_field(crossing->data, KTG_LIT("companions"));
    assert_true(companions->list);
    assert_string_equal(ktg_catalogue_role_name(c, companions->role), "companions");
    assert_int_equal(ktg_catalogue_role(c, KTG_LIT("companions")), companions->role);
    assert_int_equal(doc->role, KTG_ROLE_HOLDER);
    const struct ktg_type *link = ktg_catalogue_type(c, KTG_LIT("sponsor.link"));
    const struct ktg_field *sponsor = ktg_shape_field(link->data, KTG_LIT("sponsor"));
    assert_true(sponsor->required);
    assert_string_equal(
        ktg_catalogue_sens_name(c, ktg_shape_field(sponsor->shape, KTG_LIT("phone"))->sens),
        "contact");
    assert_true(ktg_catalogue_type(c, KTG_LIT("correction"))->any);
    assert_true(ktg_catalogue_type(c, KTG_LIT("correction"))->needs_retracts);
    assert_true(ktg_catalogue_type(c, KTG_LIT("alert.ack"))->system);
    assert_int_equal(ktg_catalogue_type(c, KTG_LIT("document.status"))->tie_rule_count, 1);
    assert_true(ktg_type_is_from(crossing, KTG_LIT("IMI")));
    assert_false(ktg_type_is_from(crossing, KTG_LIT("SYSTEM")));
    assert_true(ktg_type_is_from(ktg_catalogue_type(c, KTG_LIT("correction")), KTG_LIT("PAR")));
    assert_true(ktg_type_is_from(ktg_catalogue_type(c, KTG_LIT("alert.ack")), KTG_LIT("SYSTEM")));
    assert_false(ktg_type_is_from(ktg_catalogue_type(c, KTG_LIT("alert.ack")), KTG_LIT("IMI")));
    assert_null(ktg_catalogue_type(c, KTG_LIT("border.crosing")));
    assert_string_equal(ktg_catalogue_nearest_type(c, KTG_LIT("border.crosing")),
                        "border.crossing");
    assert_string_equal(ktg_shape_nearest(crossing->data, KTG_LIT("permited_until")),
                        "permitted_until");
    assert_true(ktg_catalogue_code_ok(c, "icao-states", KTG_LIT("IDN")));
    assert_true(ktg_catalogue_code_ok(c, "icao-states", KTG_LIT("UTO")));
    assert_true(ktg_catalogue_code_ok(c, "icao-states", KTG_LIT("XXB")));
    assert_false(ktg_catalogue_code_ok(c, "icao-states", KTG_LIT("ZZZ")));
    assert_true(ktg_catalogue_code_ok(c, "no-such-list", KTG_LIT("ZZZ")));
    assert_true(ktg_catalogue_codes(c, "icao-states")->count > 270);
    const struct ktg_code_entry *post =
        ktg_code_list_find(ktg_catalogue_codes(c, "posts"), KTG_LIT("SKOUW"));
    assert_int_equal(post->offset_min, 540);
    assert_false(ktg_catalogue_sens_quotable(c, ktg_catalogue_sens(c, KTG_LIT("identity"))));
    assert_true(ktg_catalogue_sens_quotable(c, ktg_catalogue_sens(c, KTG_LIT("operational"))));

    struct ktg_catalogue *again = NULL; /* another order, the same catalogue */
    struct ktg_file *turned = calloc(f.count, sizeof *turned);
    for (size_t i = 0; i < f.count; i++)
        turned[i] = f.at[f.count - 1 - i];
    assert_int_equal(ktg_catalogue_load(turned, f.count, &again, &err), KTG_OK);
    struct ktg_hash a = ktg_catalogue_hash(c), b = ktg_catalogue_hash(again);
    assert_memory_equal(&a, &b, sizeof a);
    free(turned);
    again = ktg_catalogue_free(again);
    c = ktg_catalogue_free(c);
    ktg_files_done(&f);
}

static const char common[] =
    "envelope: {id: {type: uuid, need: yes}}\n"
    "person:\n"
    "  doc: {type: doc, subject: [person, document], ties: yes, sens: identity}\n"
    "shapes:\n"
    "  doc: {issuer: {type: string}, number: {type: string}}\n"
    "  place: {lat: {type: string}, lon: {type: string}}\n"
    "sensitivity: [public, identity]\n";

static int load(const char *text, struct ktg_catalogue **ret)
{
    struct ktg_file files[] = {
        {.name = KTG_LIT("events/_common.yaml"), .text = ktg_bytes_str(common)},
        {.name = KTG_LIT("events/x.yaml"), .text = ktg_bytes_str(text)},
        {.name = KTG_LIT("rules/other.yaml"), .text = KTG_LIT("rule: [")}, /* passed over */
        {.name = KTG_LIT("README.md"), .text = KTG_LIT("?")}};
    return ktg_catalogue_load(files, COUNT(files), ret, &err);
}

#define TYPE(fields) "type: x\ntitle: {id: a, en: b}\nfrom: [IMI]\nfields:\n" fields

static void test_catalogue__a_wrong_file_is_named_with_line_and_nearest_word(void **unused)
{
    (void)unused;
    static const struct {
        const char *text, *says;
    } story[] = {
        {TYPE("  a: {type: string, sens: public}\n"), NULL},
        {TYPE("  a: {type: strnig, sens: public}\n"),
         "events/x.yaml:5:13: unknown type 'strnig' - did you mean 'string'?"},
        {TYPE("  a: {type: string}\n"), "events/x.yaml:5:6: key 'sens' is missing"},
        {TYPE("  a: {type: string, sens: secret}\n"),
         "events/x.yaml:5:27: unknown class of sensitivity 'secret'"},
        {TYPE("  a: {type: string, sens: public, ned: yes}\n"),
         "events/x.yaml:5:35: unknown key 'ned' - did you mean 'need'?"},
        {TYPE("  a: {type: string, sens: public, need: maybe}\n"),
         "events/x.yaml:5:41: 'need' takes yes or no"},
        {TYPE("  a: {type: code, sens: public}\n"),
         "events/x.yaml:5:6: a code takes 'codes' or 'list'"},
        {TYPE("  a: {type: code, codes: [p, q], default: r, sens: public}\n"),
         "events/x.yaml:5:43: 'r' is no value"},
        {TYPE("  a: {type: code, codes: [p, q], right: [p], wrong: [q], sens: public}\n"), NULL},
        {TYPE("  a: {type: code, codes: [p, q], right: [p], wrong: [p], sens: public}\n"),
         "events/x.yaml:5:41: 'p' is no code of this field, or both right and wrong"},
        {TYPE("  a: {type: code, codes: [p, q], wrong: [r], sens: public}\n"),
         "events/x.yaml:5:41: 'r' is no code of this field"},
        {"type: x\ntitle: {id: a, en: b}\nfrom: [IMI]\njudges: y\nfields: {}\n",
         "events/x.yaml:4:9: 'y' is no type"},
        {"type: x\ntitle: {id: a, en: b}\nfrom: [IMI]\njudges: x\nsuspensions: yes\nfields: {}\n",
         NULL},
        {TYPE("  A: {type: string, sens: public}\n"),
         "events/x.yaml:5:3: a field's name is made of"},
        {TYPE("  a.b.c: {type: string, sens: public}\n"),
         "events/x.yaml:5:3: a field's name is made of"},
        {TYPE("  a: {type: string, sens: public}\n  a.b: {type: string, sens: public}\n"),
         "events/x.yaml:6:3: field 'a' stands twice"},
        {TYPE("  a: {type: string, partial: yes, sens: public}\n"),
         "events/x.yaml:5:30: 'partial' is for dates"},
        {TYPE("  a: {type: place, subject: person, sens: public}\n"),
         "events/x.yaml:5:29: an object that names"},
        {"type: x\ntitle: {id: a, en: b}\nfrom: [IMI]\nholder: yes\nfields:\n  doc: {type: doc, "
         "sens: public}\n",
         "events/x.yaml:6:3: field 'doc' stands twice"},
        {"type: x\nfrom: [IMI]\nfields: {}\n", "events/x.yaml:1:1: key 'title' is missing"},
        {"type: X\ntitle: {id: a, en: b}\nfrom: [IMI]\nfields: {}\n",
         "events/x.yaml:1:7: a type's name"},
        {"zebra: x\n", "events/x.yaml:1:1: neither an event type"},
        {"type: x\n---\ntype: y\n", "events/x.yaml:3:1: one document"},
        {"codes: c\ntitle: {id: a, en: b}\nentries: [{code: A, id: a, en: a}, {code: A, id: b, en: "
         "b}]\n",
         "events/x.yaml:1:1: code 'A' stands twice"},
    };
    for (size_t i = 0; i < COUNT(story); i++) {
        struct ktg_catalogue *c = NULL;
        int rc = load(story[i].text, &c);
        if (!story[i].says) {
            assert_int_equal(rc, KTG_OK);
        } else {
            assert_int_equal(rc, KTG_EINVALID);
            assert_null(c);
            if (strncmp(err.text, story[i].says, strlen(story[i].says)) != 0)
                fail_msg("row %zu said %s", i, err.text);
        }
        c = ktg_catalogue_free(c);
    }
}

static void test_catalogue__every_allocation_may_fail(void **unused)
{
    (void)unused;
    int rc = KTG_ENOMEM;
    for (int64_t n = 0; rc != KTG_OK; n++) {
        struct ktg_catalogue *c = NULL;
        assert_true(n < 1000);
        ktg_mem_fail_after(n);
        rc = load(TYPE("  a.b: {type: code, codes: [p, q], subject: [person, z], sens: public}\n"),
                  &c);
        int64_t failed = ktg_mem_failed();
        ktg_mem_fail_after(-1);
        assert_int_equal(rc, failed ? KTG_ENOMEM : KTG_OK);
        assert_int_equal(c == NULL, failed != 0);
        c = ktg_catalogue_free(c);
    }
}

static void test_files__reads_sorted_and_refuses_what_is_not_there_or_twice(void **unused)
{
    (void)unused;
    struct ktg_files f = KTG_FILES_INIT;
    assert_int_equal(ktg_files_read(&f, KTG_SOURCE_DIR "/no-such-folder", "", &err), KTG_ENOTFOUND);
    assert_int_equal(ktg_files_put(&f, "b.yaml", KTG_LIT("1"), &err), KTG_OK);
    assert_int_equal(ktg_files_put(&f, "a.yaml", KTG_LIT("22"), &err), KTG_OK);
    assert_int_equal(ktg_files_put(&f, "b.yaml", KTG_LIT("3"), &err), KTG_EINVALID);
    assert_int_equal(f.count, 2);
    assert_true(ktg_bytes_is(f.at[0].name, "a.yaml") && ktg_bytes_is(f.at[0].text, "22"));
    assert_int_equal(ktg_files_read(&f, KTG_SOURCE_DIR "/schema/codes", "codes/", &err), KTG_OK);
    for (size_t i = 1; i < f.count; i++)
        assert_true(ktg_bytes_cmp(f.at[i - 1].name, f.at[i].name) < 0);
    ktg_files_done(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_catalogue__the_shipped_one_loads_and_knows_every_type),
        cmocka_unit_test(test_catalogue__a_wrong_file_is_named_with_line_and_nearest_word),
        cmocka_unit_test(test_catalogue__every_allocation_may_fail),
        cmocka_unit_test(test_files__reads_sorted_and_refuses_what_is_not_there_or_twice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
