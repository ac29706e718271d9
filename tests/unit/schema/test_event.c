/* tests/unit/schema/test_event.c
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>
#include <stdlib.h>

#include "schema/event.h"
#include "schema/event_parts.h"
#include "schema/json.h"
#include "schema/place.h"
#include "tests/support/cmocka.h"
#include "tests/unit/schema/vectors.h"

static struct ktg_catalogue *c;
static struct ktg_err err;
static struct ktg_arena arena = KTG_ARENA_INIT;
static struct ktg_buf blob = KTG_BUF_INIT;

#define LINE(type, source, data)                                                                  \
    "{\"id\":\"01936b2e-7c00-7000-8000-000000000042\",\"type\":\"" type "\",\"source\":\"" source \
    "\",\"occurred_at\":\"2026-03-01T09:00:00+07:00\",\"data\":" data "}"
#define DOC(number) "{\"kind\":\"P\",\"issuer\":\"UTO\",\"number\":\"" number "\"}"

static struct ktg_event event_of(const char *line)
{
    struct ktg_event e = {0};
    ktg_buf_clear(&blob);
    if (ktg_json_decode(c, ktg_bytes_str(line), &blob, NULL, &err) ||
        ktg_event_read(c, ktg_buf_view(&blob), &e, &err))
        fail_msg("%s: %s", line, err.text);
    return e;
}

static void test_event__the_envelope_is_read_in_place(void **unused)
{
    (void)unused;
    struct ktg_event e =
        event_of(LINE("lodging.checkin", "APOA.SANGGAU.7", "{\"property\":\"H-7\"}"));
    assert_string_equal(e.type->name, "lodging.checkin");
    assert_true(ktg_bytes_is(e.agency, "APOA") && ktg_bytes_is(e.source, "APOA.SANGGAU.7"));
    assert_int_equal(e.offset_min, 420);
    assert_true(e.occurred_at == INT64_C(1772330400000));
    assert_true(e.v == 1 && !e.supersedes && !e.retracts && e.basis.size == 0);
    char id[KTG_ID_TEXT];
    ktg_id_format(e.id, id);
    assert_string_equal(id, "01936b2e-7c00-7000-8000-000000000042");
    assert_int_equal(ktg_event_check(c, &e, &err), KTG_OK);
}

/* Envelopes that JSON would not let through. */
static void test_event__a_wrong_envelope_is_named_by_its_key(void **unused)
{
    (void)unused;
    enum { FULL, NO_V, EXTRA, SHORT_ID, TEXT_TIME, FAR_TIME, ODD_OFFSET, DATA_LIST, V_TEXT };
    static const struct {
        int how;
        enum ktg_fault_no fault;
        const char *where;
    } story[] = {{NO_V, KTG_FAULT_MISSING_FIELD, "/v"},
                 {EXTRA, KTG_FAULT_UNKNOWN_FIELD, "/extra"},
                 {SHORT_ID, KTG_FAULT_WRONG_TYPE, "/id"},
                 {TEXT_TIME, KTG_FAULT_WRONG_TYPE, "/occurred_at"},
                 {FAR_TIME, KTG_FAULT_WRONG_TYPE, "/occurred_at"},
                 {ODD_OFFSET, KTG_FAULT_WRONG_TYPE, "/occurred_at"},
                 {DATA_LIST, KTG_FAULT_WRONG_TYPE, "/data"},
                 {V_TEXT, KTG_FAULT_WRONG_TYPE, "/v"}};
    for (int i = -1; i < (int)COUNT(story); i++) {
        int how = i < 0 ? FULL : story[i].how;
        struct ktg_buf b = KTG_BUF_INIT;
        struct ktg_event e = {.v = 77};
        ktg_wire_put_map(&b, how == NO_V ? 5 : how == EXTRA ? 7 : 6);
        ktg_wire_put_text(&b, "data");
        if (how == DATA_LIST)
            ktg_wire_put_array(&b, 0);
        else
            ktg_wire_put_map(&b, 0);
        if (how == EXTRA) {
            ktg_wire_put_text(&b, "extra");
            ktg_wire_put_nil(&b);
        }
        ktg_wire_put_text(&b, "id");
        ktg_wire_put_bin(&b, ktg_bytes("0123456789abcdef", how == SHORT_ID ? 15 : 16));
        ktg_wire_put_text(&b, "occurred_at");
        if (how == TEXT_TIME) {
            ktg_wire_put_text(&b, "2026-03-01T09:00:00+07:00");
        } else {
            ktg_wire_put_array(&b, 2);
            ktg_wire_put_int(&b, how == FAR_TIME ? INT64_MAX : 0);
            ktg_wire_put_int(&b, how == ODD_OFFSET ? 1440 : 0);
        }
        ktg_wire_put_text(&b, "source");
        ktg_wire_put_text(&b, "IMI.X");
        ktg_wire_put_text(&b, "type");
        ktg_wire_put_text(&b, "no.such");
        if (how != NO_V) {
            ktg_wire_put_text(&b, "v");
            if (how == V_TEXT)
                ktg_wire_put_text(&b, "1");
            else
                ktg_wire_put_int(&b, 1);
        }
        int rc = ktg_event_read(c, ktg_buf_view(&b), &e, &err);
        if (i < 0) {
            assert_int_equal(rc, KTG_OK);
            assert_null(e.type); /* unknown here is no fault, but the check says so */
            assert_int_equal(ktg_event_check(c, &e, &err), KTG_EINVALID);
            assert_ptr_equal(err.fault, &ktg_faults[KTG_FAULT_UNKNOWN_TYPE]);
        } else {
            assert_int_equal(rc, KTG_EINVALID);
            assert_ptr_equal(err.fault, &ktg_faults[story[i].fault]);
            assert_string_equal(err.where, story[i].where);
            assert_true(e.v == 77);
        }
        ktg_buf_done(&b);
    }
}

static void test_event__the_catalogue_describes_the_envelope_that_is_read(void **unused)
{
    (void)unused;
    const struct ktg_shape *s = ktg_catalogue_shape(c, "envelope");
    assert_int_equal(s->count, KTG_ENVELOPE_ROWS);
    for (size_t i = 0; i < s->count; i++) {
        assert_string_equal(s->fields[i].name, ktg_envelope[i].key);
        assert_int_equal(ktg_field_wire_kind(s->fields[i].type), ktg_envelope[i].kind);
        assert_int_equal(s->fields[i].required || s->fields[i].default_text,
                         ktg_envelope[i].required);
    }
}

static void test_event__fields_come_out_typed(void **unused)
{
    (void)unused;
    struct ktg_event e = event_of(LINE(
        "lodging.checkin", "APOA.SANGGAU.7",
        "{\"property\":\"H-7\",\"reported_at\":\"2026-03-01T10:00:00.5+08:00\",\"planned_out\":"
        "\"2026-03-31\","
        "\"dob\":\"1974-<<-<<\",\"place\":{\"lat\":\"0.95\",\"lon\":\"110.35\",\"accuracy_m\":7},"
        "\"companions\":[" DOC("1") "],\"room\":null,\"later\":{\"n\":5}}"));
    struct ktg_field_value v;
    assert_true(ktg_event_field(&e, "property", &v) && v.type == KTG_F_STRING &&
                ktg_bytes_is(v.bytes, "H-7"));
    assert_true(ktg_event_field(&e, "reported_at", &v) && v.integer == INT64_C(1772330400500) &&
                v.offset_min == 480);
    assert_true(ktg_event_field(&e, "planned_out", &v) && v.date_ok && v.integer == 20543);
    assert_true(ktg_event_field(&e, "dob", &v) && !v.date_ok &&
                ktg_bytes_is(v.bytes, "1974-<<-<<"));
    assert_true(ktg_event_field(&e, "place.accuracy_m", &v) && v.type == KTG_F_INT &&
                v.integer == 7);
    assert_true(ktg_event_field(&e, "companions", &v) && v.list && v.type == KTG_F_OBJECT);
    assert_true(ktg_event_field(&e, "later.n", &v) && !v.field && v.type == KTG_F_INT &&
                v.integer == 5);
    assert_false(ktg_event_field(&e, "room", &v));    /* null is absent */
    assert_false(ktg_event_field(&e, "surname", &v)); /* absent */
    assert_false(ktg_event_field(&e, "companions.kind", &v));
    assert_false(ktg_event_field(&e, "property.x", &v));
    assert_false(ktg_event_field(&e, "", &v));
}

/* "kind role id block;" in order */
static const char *subjects_of(const struct ktg_event *e, struct ktg_buf *b)
{
    const struct ktg_subject *s;
    size_t n;
    ktg_arena_reset(&arena);
    ktg_buf_clear(b);
    assert_int_equal(ktg_event_subjects(c, e, &arena, &s, &n), KTG_OK);
    for (size_t i = 0; i < n; i++)
        ktg_buf_printf(b, "%s %s %.*s %d\n", ktg_catalogue_kind_name(c, s[i].kind),
                       ktg_catalogue_role_name(c, s[i].role), (int)s[i].id.size,
                       (const char *)s[i].id.data, s[i].block);
    return ktg_buf_text(b);
}

/* "block: id id;" in order */
static const char *ties_of(const struct ktg_event *e, struct ktg_buf *b)
{
    const struct ktg_tie *t;
    size_t n;
    ktg_buf_clear(b);
    assert_int_equal(ktg_event_ties(c, e, &arena, &t, &n), KTG_OK);
    for (size_t i = 0; i < n; i++) {
        ktg_buf_printf(b, "%d:", t[i].block);
        for (size_t k = 0; k < t[i].count; k++)
            ktg_buf_printf(b, " %.*s", (int)t[i].ids[k].size, (const char *)t[i].ids[k].data);
        ktg_buf_put_str(b, "\n");
    }
    return ktg_buf_text(b);
}

static void test_event__speaks_of_these_and_ties_those(void **unused)
{
    (void)unused;
    static const struct {
        const char *line, *subjects, *ties;
    } story[] = {
        {LINE(
             "border.crossing", "IMI.ENTIKONG.1",
             "{\"direction\":\"entry\",\"mode\":\"land\",\"post\":\"ENTIKONG\",\"flight\":\"KB 1\","
             "\"doc\":{\"kind\":\"P\",\"issuer\":\"D\",\"number\":\"l898902c<3\"},\"permit_no\":"
             "\"2c11 0001\","
             "\"prev_doc\":" DOC(
                 "OLD") ",\"surname\":\"Specimen\",\"given\":\"Anna<Maria\",\"dob\":\"1974-08-12\","
                        "\"sex\":\"F\",\"phone\":\"+62 "
                        "000-12\",\"place\":{\"lat\":\"0.95\",\"lon\":\"110.35\"},"
                        "\"companions\":[" DOC("C1") "," DOC("C1") "]}"),
         "biodata holder SPECIMEN|ANNA MARIA|1974-08-12|F -1\n"
         "cell holder w2nmrh -1\n"
         "contact holder +6200012 -1\n"
         "document holder doc:DEU:L898902C3 -1\n"
         "person holder doc:DEU:L898902C3 0\n"
         "person holder doc:UTO:OLD 0\n"
         "person holder permit:2C110001 0\n"
         "person companions doc:UTO:C1 -1\n"
         "post holder ENTIKONG -1\n"
         "source holder IMI.ENTIKONG.1 -1\n"
         "vehicle holder KB 1 -1\n",
         "0: doc:DEU:L898902C3 doc:UTO:OLD permit:2C110001\n"},
        {LINE("marriage.registered", "KUA.SANGGAU",
              "{\"act_no\":\"A1\",\"date\":\"2026-03-01\",\"foreigner\":{\"doc\":" DOC(
                  "P4") ",\"nik\":\"00000 4\","
                        "\"surname\":\"SPECIMEN\",\"dob\":\"1990-<<-<<\"},\"citizen\":{\"nik\":"
                        "\"0000000000000002\"}}"),
         "document holder doc:UTO:P4 -1\n"
         "marriage holder A1 -1\n"
         "person holder doc:UTO:P4 1\n"
         "person holder nik:000004 1\n"
         "source holder KUA.SANGGAU -1\n"
         "sponsor holder 0000000000000002 -1\n",
         "1: doc:UTO:P4 nik:000004\n"},
        {LINE("document.status", "POL.X",
              "{\"doc\":" DOC("A") ",\"status\":\"renewed\",\"replaced_by\":" DOC("B") "}"),
         "document holder doc:UTO:A -1\nsource holder POL.X -1\n", "-1: doc:UTO:A doc:UTO:B\n"},
        {LINE("document.status", "POL.X",
              "{\"doc\":" DOC("A") ",\"status\":\"lost\",\"replaced_by\":" DOC("B") "}"),
         "document holder doc:UTO:A -1\nsource holder POL.X -1\n", ""},
        {LINE("watchlist.entry", "IMI.PUSAT",
              "{\"op\":\"add\",\"list\":\"tangkal\",\"action\":\"refer\",\"docs\":[" DOC(
                  "B") "," DOC("A") "]}"),
         "person holder doc:UTO:A -1\nperson holder doc:UTO:B -1\nsource holder IMI.PUSAT -1\n",
         ""},
        {LINE("sponsor.link", "IMI.SANGGAU",
              "{\"action\":\"add\",\"relation\":\"friend\",\"doc\":" DOC(
                  "A") ",\"sponsor\":{\"kind\":\"person\","
                       "\"id\":\"0000000000000001\",\"address\":\"Jl. Contoh  "
                       "no.1\",\"email\":\"A@Example.org\"}}"),
         "address holder JL CONTOH NO 1 -1\ncontact holder a@example.org -1\ndocument holder "
         "doc:UTO:A -1\n"
         "person holder doc:UTO:A 0\nsource holder IMI.SANGGAU -1\nsponsor holder 0000000000000001 "
         "-1\n",
         "0: doc:UTO:A\n"},
        {LINE("licence.status", "PTSP.SANGGAU",
              "{\"nib\":\"0000000000001\",\"kind\":\"PMA\",\"status\":\"revoked\"}"),
         "employer holder 0000000000001 -1\nsource holder PTSP.SANGGAU -1\nsponsor holder "
         "0000000000001 -1\n",
         ""},
        {LINE("lodging.checkin", "APOA.X", "{\"property\":\"H-7\",\"device\":\"d9\"}"),
         "key holder device:d9 -1\nproperty holder H-7 -1\nsource holder APOA.X -1\n", ""},
        {LINE("community.report", "KSB.X",
              "{\"category\":\"work\",\"place\":{\"lat\":\"0.95\",\"lon\":\"110.35\"},\"reporter\":"
              "\"t1\"}"),
         "cell holder w2nmqg -1\ncell holder w2nmqu -1\ncell holder w2nmqv -1\ncell holder w2nmr5 "
         "-1\n"
         "cell holder w2nmr7 -1\ncell holder w2nmrh -1\ncell holder w2nmrj -1\ncell holder w2nmrk "
         "-1\n"
         "cell holder w2nmrm -1\nkey holder reporter:t1 -1\nsource holder KSB.X -1\n",
         ""},
    };
    struct ktg_buf b = KTG_BUF_INIT;
    for (size_t i = 0; i < COUNT(story); i++) {
        struct ktg_event e = event_of(story[i].line);
        const char *got = subjects_of(&e, &b);
        if (strcmp(got, story[i].subjects) != 0)
            fail_msg("row %zu\n%s", i, got);
        got = ties_of(&e, &b);
        if (strcmp(got, story[i].ties) != 0)
            fail_msg("row %zu ties\n%s", i, got);
    }
    struct ktg_event e = event_of(story[0].line); /* every allocation may fail */
    int rc = KTG_ENOMEM;
    for (int64_t n = 0; rc != KTG_OK; n++) {
        struct ktg_arena a = KTG_ARENA_INIT;
        const struct ktg_subject *s;
        const struct ktg_tie *t;
        size_t count;
        assert_true(n < 50);
        ktg_mem_fail_after(n);
        rc = ktg_event_subjects(c, &e, &a, &s, &count);
        if (!rc)
            rc = ktg_event_ties(c, &e, &a, &t, &count);
        assert_int_equal(rc, ktg_mem_failed() ? KTG_ENOMEM : KTG_OK);
        ktg_mem_fail_after(-1);
        ktg_arena_done(&a);
    }
    ktg_buf_done(&b);
}

static void test_event__an_id_that_a_rule_makes_takes_the_form_of_its_kind(void **unused)
{
    (void)unused;
    static const struct {
        const char *kind, *id, *form;
    } story[] = {{"address", "Jl. Contoh 1", "JL CONTOH 1"},
                 {"contact", "+62 000 1", "+620001"},
                 {"contact", "0000000000000001", "0000000000000001"},
                 {"contact", "X@Y.z", "x@y.z"},
                 {"property", "h-7", "h-7"}};
    for (size_t i = 0; i < COUNT(story); i++) {
        struct ktg_bytes id;
        int kind = ktg_catalogue_kind(c, ktg_bytes_str(story[i].kind));
        assert_true(kind >= 0);
        assert_int_equal(ktg_subject_form(c, kind, ktg_bytes_str(story[i].id), &arena, &id),
                         KTG_OK);
        assert_true(ktg_bytes_is(id, story[i].form));
    }
}

static void test_place__known_cells_edges_and_neighbours(void **unused)
{
    (void)unused;
    static const struct {
        const char *lat, *lon, *cell;
    } story[] = {
        {"57.64911", "10.40744", "u4pruy"},
        {"0", "0", "s00000"},
        {"-90.0", "-180.0", "000000"},
        {"90", "180", "zzzzzz"},
        {"-8.49", "140.40", "rn7zdy"},
        {"91", "0", NULL},
        {"0", "180.0000001", NULL},
        {"1.", "0", NULL},
        {".5", "0", NULL},
        {"1e1", "0", NULL},
        {"+1", "0", NULL},
        {"1.12345678", "0", NULL},
        {"", "0", NULL},
        {"-", "0", NULL},
        {"0001", "0", NULL},
    };
    char cell[KTG_CELL_TEXT];
    for (size_t i = 0; i < COUNT(story); i++) {
        struct ktg_point p;
        int rc = ktg_point_parse(ktg_bytes_str(story[i].lat), ktg_bytes_str(story[i].lon), &p);
        assert_int_equal(rc, story[i].cell ? KTG_OK : KTG_EINVALID);
        if (rc)
            continue;
        assert_true(ktg_cell_near(p, 0, 0, cell));
        assert_string_equal(cell, story[i].cell);
    }
    struct ktg_point corner = {90 * KTG_DEGREE,
                               180 * KTG_DEGREE}; /* round the earth, not over the pole */
    assert_false(ktg_cell_near(corner, 0, 1, cell));
    assert_true(ktg_cell_near(corner, 1, 0, cell));
    assert_string_equal(cell, "bpbpbp");
}

static void test_id__rises_repeats_with_its_seed_and_parses_only_itself(void **unused)
{
    (void)unused;
    struct ktg_id_source s = {.seed = 7}, again = {.seed = 7}, chance = {0};
    uint8_t before[KTG_ID_SIZE] = {0}, id[KTG_ID_SIZE], same[KTG_ID_SIZE];
    char text[KTG_ID_TEXT];
    for (int i = 0; i < 20000; i++) { /* more than the counter holds, and a clock that goes back */
        ktg_time now = 1772330400000 + (i < 10000 ? i / 6000 : -5000);
        ktg_id_next(&s, now, id);
        ktg_id_next(&again, now, same);
        assert_memory_equal(id, same, sizeof id);
        assert_true(memcmp(before, id, sizeof id) < 0);
        assert_true(id[6] >> 4 == 7 && id[8] >> 6 == 2);
        memcpy(before, id, sizeof id);
    }
    ktg_id_next(&chance, 1772330400000, id);
    ktg_id_next(&chance, 1772330400000, same);
    assert_true(memcmp(id + 8, same + 8, 8) != 0);
    ktg_id_format(id, text);
    assert_int_equal(ktg_id_parse(ktg_bytes_str(text), same), KTG_OK);
    assert_memory_equal(id, same, sizeof id);
    assert_int_equal(ktg_id_parse(ktg_bytes(text, 35), same), KTG_EINVALID);
    text[8] = '0';
    assert_int_equal(ktg_id_parse(ktg_bytes_str(text), same), KTG_EINVALID);
    text[8] = '-';
    text[9] = 'g';
    assert_int_equal(ktg_id_parse(ktg_bytes_str(text), same), KTG_EINVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_event__the_envelope_is_read_in_place),
        cmocka_unit_test(test_event__a_wrong_envelope_is_named_by_its_key),
        cmocka_unit_test(test_event__the_catalogue_describes_the_envelope_that_is_read),
        cmocka_unit_test(test_event__fields_come_out_typed),
        cmocka_unit_test(test_event__speaks_of_these_and_ties_those),
        cmocka_unit_test(test_event__an_id_that_a_rule_makes_takes_the_form_of_its_kind),
        cmocka_unit_test(test_place__known_cells_edges_and_neighbours),
        cmocka_unit_test(test_id__rises_repeats_with_its_seed_and_parses_only_itself),
    };
    c = vectors_catalogue();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    c = ktg_catalogue_free(c);
    ktg_arena_done(&arena);
    ktg_buf_done(&blob);
    return failed;
}
