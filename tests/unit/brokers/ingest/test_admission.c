/* tests/unit/brokers/ingest/test_admission.c
 * SPDX-License-Identifier: Apache-2.0
 */
#include "brokers/ingest/admission.h"

#include <stdio.h>

#include "runtime/hash.h"
#include "schema/faults.h"
#include "schema/json.h"
#include "tests/support/cmocka.h"
#include "tests/unit/schema/vectors.h"

#define NOW  INT64_C(1772330400000) /* 2026-03-01T09:00+07:00 */
#define SKEW 300000

#define EVENT(id, at, extra, data)                                                        \
    "{\"id\":\"01936b2e-7c00-7000-8000-0000000000" id                                     \
    "\",\"type\":\"lodging.checkin\",\"source\":\"APOA.SANGGAU.7\",\"occurred_at\":\"" at \
    "\"" extra ",\"data\":" data "}"
#define AT "2026-03-01T09:00:00+07:00"
#define GOOD                                                                                      \
    "{\"property\":\"H-7\",\"doc\":{\"kind\":\"P\",\"issuer\":\"UTO\",\"number\":\"L898902C3\"}," \
    "\"surname\":\"SPECIMEN\",\"given\":\"UTO\"}"

static struct ktg_catalogue *c;

/* ---- a journal of two events: 07 of APOA.SANGGAU.7, 05 of another source ---- */

struct world {
    uint8_t content[16]; /* of event 07 */
    int find_fails;
    bool unreadable; /* the target lies in a batch that is not durable, or was erased */
};

static int find(void *arg, const uint8_t id[static 16], uint64_t *ret_pos,
                uint8_t ret_content[static 16])
{
    struct world *w = arg;
    if (w->find_fails)
        return w->find_fails;
    if (id[15] != 0x07 && id[15] != 0x05)
        return KTG_ENOTFOUND;
    *ret_pos = id[15] == 0x07 ? 70 : 50;
    memcpy(ret_content, w->content, 16);
    return KTG_OK;
}
static int source_at(void *arg, uint64_t pos, struct ktg_bytes *ret_source)
{
    const struct world *w = arg;
    if (w->unreadable)
        return KTG_ENOTFOUND;
    *ret_source = pos == 70 ? KTG_LIT("APOA.SANGGAU.7") : KTG_LIT("APOA.ELSEWHERE.1");
    return KTG_OK;
}

static bool yes(void *arg, struct ktg_bytes what)
{
    (void)arg, (void)what;
    return true;
}
static bool no(void *arg, struct ktg_bytes what)
{
    (void)arg, (void)what;
    return false;
}
static const struct ktg_rights all = {NULL, yes, yes};

static struct ktg_bytes blob_of(const char *line, struct ktg_buf *b)
{
    struct ktg_err err = KTG_ERR_INIT;
    ktg_buf_clear(b);
    if (ktg_json_decode(c, ktg_bytes_str(line), b, NULL, &err))
        fail_msg("%s: %s", line, err.text);
    return ktg_buf_view(b);
}

static struct ktg_admission_verdict check(struct ktg_bytes blob, const struct ktg_rights *rights,
                                          struct world *w)
{
    struct ktg_admission_verdict v;
    struct ktg_admission_world world = {w, find, source_at};
    ktg_admission_read(c, blob, &v);
    assert_int_equal(ktg_admission_judge(c, rights, NOW, SKEW, &world, &v), KTG_OK);
    return v;
}

static void test_admission__the_verdict_of_each_row(void **unused)
{
    (void)unused;
    static const struct ktg_rights no_type = {NULL, no, yes}, no_source = {NULL, yes, no};
    static const struct {
        const char *line;
        const struct ktg_rights *rights;
        int what, fault; /* fault -1: none */
        const char *where;
        uint64_t target;
    } rows[] = {
        {EVENT("42", AT, "", GOOD), &all, KTG_ADMIT_ACCEPT, -1, "", 0},
        {EVENT("42", AT, "", "{}"), &all, KTG_ADMIT_REJECT, KTG_FAULT_MISSING_FIELD, NULL, 0},
        {EVENT("42", AT, "",
               "{\"property\":\"H-7\",\"doc\":{\"kind\":\"?\",\"issuer\":\"UTO\",\"number\":\"1\"},"
               "\"surname\":\"X\"}"),
         &all, KTG_ADMIT_REJECT, KTG_FAULT_WRONG_CODE, "/data/doc/kind", 0},
        {EVENT("42", AT, "", GOOD), &no_type, KTG_ADMIT_REJECT, KTG_FAULT_FORBIDDEN_TYPE, "/type",
         0},
        {EVENT("42", AT, "", GOOD), &no_source, KTG_ADMIT_REJECT, KTG_FAULT_FORBIDDEN_SOURCE,
         "/source", 0},
        {EVENT("42", "2026-03-01T09:05:00.000+07:00", "", GOOD), &all, KTG_ADMIT_ACCEPT, -1, "", 0},
        {EVENT("42", "2026-03-01T09:05:00.001+07:00", "", GOOD), &all, KTG_ADMIT_REJECT,
         KTG_FAULT_TIME_IN_FUTURE, "/occurred_at", 0},
        {EVENT("07", AT, "", GOOD), &all, KTG_ADMIT_DUPLICATE, -1, "", 0},
        {EVENT("07", AT, "", "{}"), &all, KTG_ADMIT_REJECT, KTG_FAULT_ID_CONFLICT, "/id", 0},
        /* corrections */
        {EVENT("42", AT, ",\"supersedes\":\"01936b2e-7c00-7000-8000-000000000007\"", GOOD), &all,
         KTG_ADMIT_ACCEPT, -1, "", 70},
        {EVENT("42", AT, ",\"retracts\":\"01936b2e-7c00-7000-8000-000000000007\"", GOOD), &all,
         KTG_ADMIT_ACCEPT, -1, "", 70},
        {EVENT("42", AT, ",\"supersedes\":\"01936b2e-7c00-7000-8000-000000000006\"", GOOD), &all,
         KTG_ADMIT_ACCEPT, -1, "", 0}, /* not seen yet: it waits for it */
        {EVENT("42", AT, ",\"supersedes\":\"01936b2e-7c00-7000-8000-000000000005\"", GOOD), &all,
         KTG_ADMIT_REJECT, KTG_FAULT_BAD_CORRECTION, "/supersedes", 0},
        {EVENT("42", AT, ",\"retracts\":\"01936b2e-7c00-7000-8000-000000000005\"", GOOD), &all,
         KTG_ADMIT_REJECT, KTG_FAULT_BAD_CORRECTION, "/retracts", 0},
        {EVENT("42", AT, ",\"supersedes\":\"01936b2e-7c00-7000-8000-000000000042\"", GOOD), &all,
         KTG_ADMIT_REJECT, KTG_FAULT_BAD_CORRECTION, NULL, 0}, /* itself */
        {EVENT("42", AT, ",\"supersedes\":\"01936b2e-7c00-7000-8000-000000000043\"", GOOD), &all,
         KTG_ADMIT_REJECT, KTG_FAULT_BAD_CORRECTION, NULL, 0}, /* a later one */
    };
    struct ktg_buf b = KTG_BUF_INIT;
    struct world w = {0};
    struct ktg_bytes known = blob_of(EVENT("07", AT, "", GOOD), &b);
    memcpy(w.content, ktg_blake2b(&known, 1).b, 16);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct ktg_admission_verdict v = check(blob_of(rows[i].line, &b), rows[i].rights, &w);
        const struct ktg_fault *fault = rows[i].fault < 0 ? NULL : &ktg_faults[rows[i].fault];
        if (v.what != (enum ktg_admission)rows[i].what || v.fault.fault != fault)
            fail_msg("row %zu: verdict %d, %s", i, v.what, v.fault.text);
        if (rows[i].where)
            assert_string_equal(v.fault.where, rows[i].where);
        if (v.what == KTG_ADMIT_ACCEPT)
            assert_int_equal(v.target, rows[i].target);
        if (v.what == KTG_ADMIT_DUPLICATE)
            assert_int_equal(v.position, 70);
    }
    ktg_buf_done(&b);
}

static void test_admission__bytes_that_are_no_event_are_named(void **unused)
{
    (void)unused;
    static const struct {
        struct ktg_bytes blob;
        enum ktg_fault_no fault;
    } rows[] = {
        {KTG_LIT("\xc1"), KTG_FAULT_MALFORMED},
        {KTG_LIT(""), KTG_FAULT_MALFORMED},
        {KTG_LIT("\xdd\xff\xff\xff\xff"), KTG_FAULT_MALFORMED}, /* a length bomb */
        {KTG_LIT("\x81\xa1\x61\xcc\x01"), KTG_FAULT_NOT_CANONICAL},
        {KTG_LIT("\x81\xa1\x61\xcb\x3f\xf0\x00\x00\x00\x00\x00\x00"), KTG_FAULT_NOT_CANONICAL},
        {KTG_LIT("\x80"), KTG_FAULT_MISSING_FIELD},
        {KTG_LIT("\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91"
                 "\xc0"),
         KTG_FAULT_TOO_DEEP},
    };
    struct world w = {0};
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct ktg_admission_verdict v = check(rows[i].blob, &all, &w);
        assert_int_equal(v.what, KTG_ADMIT_REJECT);
        if (v.fault.fault != &ktg_faults[rows[i].fault])
            fail_msg("row %zu: %s", i, v.fault.text);
    }
}

static struct ktg_bytes event_of_type(const char *type, struct ktg_buf *b)
{
    static const uint8_t id[16] = {1, 0x93, 0x6b, 0x2e, 0x7c, 0, 0x70, 0, 0x80};
    ktg_buf_clear(b);
    ktg_wire_put_map(b, 6);
    ktg_wire_put_text(b, "data");
    ktg_wire_put_map(b, 0);
    ktg_wire_put_text(b, "id");
    ktg_wire_put_bin(b, ktg_bytes(id, 16));
    ktg_wire_put_text(b, "occurred_at");
    ktg_wire_put_array(b, 2);
    ktg_wire_put_int(b, NOW);
    ktg_wire_put_int(b, 420);
    ktg_wire_put_text(b, "source");
    ktg_wire_put_text(b, "APOA.SANGGAU.7");
    ktg_wire_put_text(b, "type");
    ktg_wire_put_text(b, type);
    ktg_wire_put_text(b, "v");
    ktg_wire_put_int(b, 1);
    return ktg_buf_view(b);
}

static void test_admission__an_unknown_type_is_refused(void **unused)
{
    (void)unused;
    struct ktg_buf b = KTG_BUF_INIT;
    struct world w = {0};
    struct ktg_admission_verdict v = check(event_of_type("no.such", &b), &all, &w);
    assert_ptr_equal(v.fault.fault, &ktg_faults[KTG_FAULT_UNKNOWN_TYPE]);
    ktg_buf_done(&b);
}

static void test_admission__trouble_with_the_journal_decides_nothing(void **unused)
{
    (void)unused;
    struct ktg_buf b = KTG_BUF_INIT;
    struct ktg_admission_verdict v;
    static const int codes[] = {KTG_EIO, KTG_ENOMEM};
    for (size_t i = 0; i < COUNT(codes); i++) {
        struct world w = {.find_fails = codes[i]};
        struct ktg_admission_world world = {&w, find, source_at};
        ktg_admission_read(c, blob_of(EVENT("42", AT, "", GOOD), &b), &v);
        assert_true(v.readable && v.good);
        assert_int_equal(ktg_admission_judge(c, &all, NOW, SKEW, &world, &v), codes[i]);
        assert_true(v.what == KTG_ADMIT_REJECT && v.position == 0 && !v.fault.code);
    }
    ktg_buf_done(&b);
}

static void test_admission__the_target_that_cannot_be_read_is_let_go(void **unused)
{
    (void)unused;
    struct ktg_buf b = KTG_BUF_INIT;
    struct world w = {.unreadable = true};
    struct ktg_admission_verdict v = check(
        blob_of(EVENT("42", AT, ",\"supersedes\":\"01936b2e-7c00-7000-8000-000000000005\"", GOOD),
                &b),
        &all, &w);
    assert_int_equal(v.what, KTG_ADMIT_ACCEPT); /* the engine looks at the source again */
    assert_int_equal(v.target, 50);
    ktg_buf_done(&b);
}

/* What a stranger sent may be cut in the middle of a letter where it is quoted; the record must be readable all the same. */
static void test_admission__what_quarantine_keeps_is_canonical(void **unused)
{
    (void)unused;
    struct ktg_buf b = KTG_BUF_INIT, kept = KTG_BUF_INIT;
    struct world w = {0};
    for (int pad = 0; pad < 4; pad++) {
        char type[200] = "";
        for (int i = 0; i < pad; i++)
            strcat(type, "x");
        for (int i = 0; i < 60; i++)
            strcat(type, "\xe4\xb8\xad"); /* three bytes each */
        struct ktg_bytes blob = event_of_type(type, &b);
        struct ktg_admission_verdict v = check(blob, &all, &w);
        assert_int_equal(v.what, KTG_ADMIT_REJECT);
        ktg_buf_clear(&kept);
        ktg_admission_quarantine(&v.fault, blob, &kept);
        struct ktg_err err = KTG_ERR_INIT;
        if (ktg_wire_check(ktg_buf_view(&kept), &KTG_WIRE_LIMITS, &err))
            fail_msg("pad %d, got %s: %s", pad, v.fault.got, err.text);
        struct ktg_wire_value e, code;
        assert_true(ktg_wire_get(ktg_buf_view(&kept), "event", &e) && ktg_bytes_eq(e.bytes, blob));
        assert_true(ktg_wire_get(ktg_buf_view(&kept), "code", &code) &&
                    ktg_bytes_is(code.bytes, v.fault.fault->name));
    }
    ktg_buf_done(&kept);
    ktg_buf_done(&b);
}

static void test_admission__a_quarantine_id_tells_why_who_and_what(void **unused)
{
    (void)unused;
    uint8_t id[5][16];
    ktg_admission_quarantine_id("reject", KTG_LIT("IMI.A"), KTG_LIT("bytes"), id[0]);
    ktg_admission_quarantine_id("gap", KTG_LIT("IMI.A"), KTG_LIT("bytes"), id[1]);
    ktg_admission_quarantine_id("reject", KTG_LIT("IMI.B"), KTG_LIT("bytes"), id[2]);
    ktg_admission_quarantine_id("reject", KTG_LIT("IMI.A"), KTG_LIT("byte"), id[3]);
    ktg_admission_quarantine_id("reject", KTG_LIT("IMI.Ab"), KTG_LIT("ytes"), id[4]);
    for (int i = 0; i < 5; i++)
        for (int k = 0; k < i; k++)
            assert_memory_not_equal(id[i], id[k], 16);
    uint8_t again[16];
    ktg_admission_quarantine_id("reject", KTG_LIT("IMI.A"), KTG_LIT("bytes"), again);
    assert_memory_equal(id[0], again, 16);
}

static int load(void **unused)
{
    (void)unused;
    c = vectors_catalogue();
    return c ? 0 : -1;
}
static int unload(void **unused)
{
    (void)unused;
    ktg_catalogue_free(c);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_admission__the_verdict_of_each_row),
        cmocka_unit_test(test_admission__bytes_that_are_no_event_are_named),
        cmocka_unit_test(test_admission__an_unknown_type_is_refused),
        cmocka_unit_test(test_admission__trouble_with_the_journal_decides_nothing),
        cmocka_unit_test(test_admission__the_target_that_cannot_be_read_is_let_go),
        cmocka_unit_test(test_admission__what_quarantine_keeps_is_canonical),
        cmocka_unit_test(test_admission__a_quarantine_id_tells_why_who_and_what),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
