/* tests/unit/brokers/alerts/test_handed.c
 * SPDX-License-Identifier: Apache-2.0
 */
#include "brokers/alerts/handed.h"

#include "tests/support/cmocka.h"
#include "tests/unit/brokers/alerts/finding.h"

static const char *const agencies[] = {"IMI", "POL", "NAK", "DUK",  "KUA", "BNN",
                                       "KEJ", "KSB", "KDM", "LNL",  "BIN", "BAI",
                                       "BC",  "SPP", "PAR", "PTSP", "PEM"};
static const char *const rules[] = {
    "overstay-fee",       "overstay-deport", "lodging-missing-24h", "lodging-no-valid-stay",
    "entry-without-exit", "sponsor-repeat",  "sponsor-nib-revoked", "watchlist-exact"};

/* "{a b c{d}}": the keys of a value, inner maps too. */
static void keys_of(struct ktg_bytes value, struct ktg_buf *to)
{
    struct ktg_wire w = ktg_wire_open(value);
    struct ktg_wire_value v, k, inner;
    assert_int_equal(ktg_wire_next(&w, &v), KTG_OK);
    if (v.kind != KTG_WIRE_MAP)
        return;
    ktg_buf_put_str(to, "{");
    w = ktg_wire_inside(&v);
    for (uint32_t i = 0; !ktg_wire_next(&w, &k) && !ktg_wire_next(&w, &inner); i++) {
        ktg_buf_put_str(to, i ? " " : "");
        ktg_buf_put_bytes(to, k.bytes);
        keys_of(inner.raw, to);
    }
    ktg_buf_put_str(to, "}");
}

static bool holds(struct ktg_bytes bytes, const char *text)
{
    return memmem(bytes.data, bytes.size, text, strlen(text)) != NULL;
}

/* The snapshot of what leaves the station: a new key here is a decision, not an accident. */
static void test_handed__only_IMI_receives_what_speaks_of_a_person(void **unused)
{
    (void)unused;
    static const struct {
        const char *op, *state;
    } ops[] = {
        {"raise", "open"}, {"amend", "closed"}, {"withdraw", "withdrawn"}, {"unknown", "unknown"}};
    struct ktg_buf payload = KTG_BUF_INIT, body = KTG_BUF_INIT, keys = KTG_BUF_INIT;
    for (size_t a = 0; a < COUNT(agencies); a++)
        for (size_t r = 0; r < COUNT(rules); r++)
            for (size_t o = 0; o < COUNT(ops); o++) {
                struct difference d = {.label = 7,
                                       .rev = 3,
                                       .op = ops[o].op,
                                       .state = ops[o].state,
                                       .rule = rules[r],
                                       .to = {agencies[a]}};
                struct ktg_handed h;
                assert_int_equal(ktg_handed_read(difference_bytes(&d, &payload), &h), KTG_OK);
                ktg_buf_clear(&body);
                ktg_buf_clear(&keys);
                ktg_handed_body(&h, ktg_bytes_str(agencies[a]), &body);
                assert_int_equal(ktg_wire_check(ktg_buf_view(&body), &KTG_WIRE_LIMITS, NULL),
                                 KTG_OK);
                keys_of(ktg_buf_view(&body), &keys);
                if (a == 0) {
                    assert_string_equal(
                        ktg_buf_text(&keys),
                        "{anchor at evidence evidence_total finding from key level op reason rev "
                        "route{agencies disproved_by{en id} district kind legal rule_version "
                        "status "
                        "title{en id} to weight} rule state subject values{biometric_ref case_no "
                        "phone "
                        "spouse}}");
                    continue;
                }
                assert_string_equal(ktg_buf_text(&keys),
                                    "{at district level op reference rev rule state}");
                assert_false(holds(ktg_buf_view(&body), PERSON));
            }
    ktg_buf_done(&payload);
    ktg_buf_done(&body);
    ktg_buf_done(&keys);
}

static void test_handed__an_agency_that_nobody_knows_sees_no_more_than_the_others(void **unused)
{
    (void)unused;
    static const char *const strange[] = {"", "imi", "IMI2", "SYSTEM", "X"};
    struct ktg_buf payload = KTG_BUF_INIT, body = KTG_BUF_INIT;
    struct difference d = {.label = 7, .rev = 1, .op = "raise", .state = "open"};
    struct ktg_handed h;
    assert_int_equal(ktg_handed_read(difference_bytes(&d, &payload), &h), KTG_OK);
    for (size_t i = 0; i < COUNT(strange); i++) {
        ktg_buf_clear(&body);
        ktg_handed_body(&h, ktg_bytes_str(strange[i]), &body);
        assert_false(holds(ktg_buf_view(&body), PERSON));
    }
    ktg_buf_done(&payload);
    ktg_buf_done(&body);
}

static void test_handed__what_is_said_in_shadow_takes_back_what_was_told(void **unused)
{
    (void)unused;
    struct ktg_buf payload = KTG_BUF_INIT, body = KTG_BUF_INIT, whole = KTG_BUF_INIT;
    struct difference d = {
        .label = 7, .rev = 2, .op = "amend", .state = "open", .status = "shadow"};
    struct ktg_handed h;
    struct ktg_wire_value v;
    assert_int_equal(ktg_handed_read(difference_bytes(&d, &payload), &h), KTG_OK);
    assert_false(h.live);
    for (int i = 0; i < 2; i++) {
        ktg_buf_clear(&body);
        ktg_handed_body(&h, i ? KTG_LIT("POL") : KTG_LIT("IMI"), &body);
        assert_int_equal(ktg_wire_check(ktg_buf_view(&body), &KTG_WIRE_LIMITS, NULL), KTG_OK);
        assert_true(ktg_wire_get(ktg_buf_view(&body), "op", &v));
        assert_true(ktg_bytes_is(v.bytes, "withdraw"));
        assert_true(ktg_wire_get(ktg_buf_view(&body), "state", &v));
        assert_true(ktg_bytes_is(v.bytes, "withdrawn"));
        if (i == 0) { /* all else is as it was said */
            d.op = "withdraw";
            d.state = "withdrawn";
            assert_true(ktg_bytes_eq(ktg_buf_view(&body), difference_bytes(&d, &whole)));
        }
    }
    ktg_buf_done(&payload);
    ktg_buf_done(&body);
    ktg_buf_done(&whole);
}

/* The event that says who was told goes through the journal: it names no person either, for any agency. */
static void test_handed__the_event_repeats_for_the_same_finding_rev_and_agency(void **unused)
{
    (void)unused;
    struct ktg_buf payload = KTG_BUF_INIT, one = KTG_BUF_INIT, two = KTG_BUF_INIT;
    struct difference d = {.label = 7, .rev = 1, .op = "raise", .state = "open"};
    struct ktg_handed h;
    const struct ktg_alert a = {.first = 5};
    const struct ktg_track pol = {.agency = KTG_LIT("POL"), .fresh = true};
    const struct ktg_track imi = {.agency = KTG_LIT("IMI"), .fresh = true};
    assert_int_equal(ktg_handed_read(difference_bytes(&d, &payload), &h), KTG_OK);
    ktg_handed_event(&h, &a, &pol, &one);
    ktg_handed_event(&h, &a, &pol, &two);
    assert_true(ktg_bytes_eq(ktg_buf_view(&one), ktg_buf_view(&two)));
    assert_int_equal(ktg_wire_check(ktg_buf_view(&one), &KTG_WIRE_LIMITS, NULL), KTG_OK);
    assert_false(holds(ktg_buf_view(&one), PERSON));
    ktg_buf_clear(&two);
    ktg_handed_event(&h, &a, &imi, &two);
    struct ktg_wire_value id, other;
    assert_true(ktg_wire_get(ktg_buf_view(&one), "id", &id) &&
                ktg_wire_get(ktg_buf_view(&two), "id", &other));
    assert_memory_not_equal(id.bytes.data, other.bytes.data, 16);
    assert_int_equal(id.bytes.data[6] >> 4, 7); /* UUIDv7 */
    ktg_buf_done(&payload);
    ktg_buf_done(&one);
    ktg_buf_done(&two);
}

static void test_handed__a_pair_is_parted_only_by_saying_so(void **unused)
{
    (void)unused;
    struct ktg_buf payload = KTG_BUF_INIT, event = KTG_BUF_INIT;
    struct difference d = {.label = 7, .rev = 1, .op = "raise", .state = "open"};
    struct ktg_handed h;
    struct ktg_wire_value data, v;
    uint8_t id[16] = {1};
    assert_int_equal(ktg_handed_read(difference_bytes(&d, &payload), &h), KTG_OK);
    assert_true(ktg_handed_pair(&h, KTG_LIT("not-match")));
    assert_false(ktg_handed_pair(&h, KTG_LIT("dismissed")));
    assert_false(ktg_handed_pair(&h, KTG_LIT("confirmed")));
    struct ktg_handed_action a = {.close = true,
                                  .alert = KTG_LIT("07"),
                                  .officer = KTG_LIT("piket-1"),
                                  .disposition = KTG_LIT("dismissed")};
    ktg_handed_part(&a, ktg_buf_view(&payload));
    assert_int_equal(a.about.size + a.key.size, 0);
    a.disposition = KTG_LIT("not-match");
    ktg_handed_part(&a, ktg_buf_view(&payload));
    ktg_handed_action_event(&a, id, 5, &event);
    assert_int_equal(ktg_wire_check(ktg_buf_view(&event), &KTG_WIRE_LIMITS, NULL), KTG_OK);
    assert_true(ktg_wire_get(ktg_buf_view(&event), "data", &data) &&
                ktg_wire_get(data.raw, "about", &v) && ktg_bytes_eq(v.bytes, h.subject));
    assert_true(ktg_wire_get(data.raw, "key", &v) && ktg_bytes_eq(v.bytes, h.key));
    h.key = KTG_BYTES_NONE;
    assert_false(ktg_handed_pair(&h, KTG_LIT("not-match")));
    assert_int_equal(ktg_handed_read(ktg_buf_view(&payload), &h), KTG_OK);
    h.kind = KTG_LIT("property");
    assert_false(ktg_handed_pair(&h, KTG_LIT("not-match")));
    ktg_buf_done(&payload);
    ktg_buf_done(&event);
}

static void test_handed__a_payload_that_lacks_something_is_refused(void **unused)
{
    (void)unused;
    struct ktg_buf payload = KTG_BUF_INIT, cut = KTG_BUF_INIT;
    struct difference d = {.label = 7, .rev = 1, .op = "raise", .state = "open"};
    struct ktg_handed h;
    struct ktg_bytes whole = difference_bytes(&d, &payload);
    static const char *const needed[] = {"op",     "rule",    "state", "level", "subject",
                                         "reason", "finding", "rev",   "at",    "route"};
    for (size_t i = 0; i < COUNT(needed); i++) {
        struct ktg_wire w = ktg_wire_open(whole);
        struct ktg_wire_value map, k, v;
        assert_int_equal(ktg_wire_next(&w, &map), KTG_OK);
        ktg_buf_clear(&cut);
        ktg_wire_put_map(&cut, map.count - 1);
        w = ktg_wire_inside(&map);
        while (!ktg_wire_next(&w, &k) && !ktg_wire_next(&w, &v))
            if (!ktg_bytes_is(k.bytes, needed[i])) {
                ktg_buf_put_bytes(&cut, k.raw);
                ktg_buf_put_bytes(&cut, v.raw);
            }
        assert_int_equal(ktg_handed_read(ktg_buf_view(&cut), &h), KTG_ECORRUPT);
    }
    ktg_buf_done(&payload);
    ktg_buf_done(&cut);
}

/* Its owner is told why, whoever that is; what rests on events of an agency is not told on. */
static void test_handed__a_finding_about_a_rule_speaks_of_nobody(void **unused)
{
    (void)unused;
    static const struct {
        const char *kind, *sender;
        bool whole;
    } story[] = {{"rule", "SYSTEM", true},
                 {"rule", "IMI", false},
                 {"person", "SYSTEM", false},
                 {"source", "SYSTEM", false}};
    struct ktg_buf payload = KTG_BUF_INIT, body = KTG_BUF_INIT;
    for (size_t i = 0; i < COUNT(story); i++) {
        struct difference d = {.label = 7, .rev = 3, .op = "raise", .state = "open", .to = {"POL"}};
        struct ktg_handed h;
        struct ktg_wire_value v;
        struct ktg_bytes bytes = difference_about(&d, story[i].kind, story[i].sender, &payload);
        assert_int_equal(ktg_handed_read(bytes, &h), KTG_OK);
        ktg_buf_clear(&body);
        ktg_handed_body(&h, KTG_LIT("POL"), &body);
        assert_int_equal(ktg_wire_get(ktg_buf_view(&body), "values", &v), story[i].whole);
        assert_int_equal(holds(ktg_buf_view(&body), PERSON), story[i].whole);
    }
    ktg_buf_done(&payload);
    ktg_buf_done(&body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_handed__only_IMI_receives_what_speaks_of_a_person),
        cmocka_unit_test(test_handed__an_agency_that_nobody_knows_sees_no_more_than_the_others),
        cmocka_unit_test(test_handed__what_is_said_in_shadow_takes_back_what_was_told),
        cmocka_unit_test(test_handed__the_event_repeats_for_the_same_finding_rev_and_agency),
        cmocka_unit_test(test_handed__a_pair_is_parted_only_by_saying_so),
        cmocka_unit_test(test_handed__a_payload_that_lacks_something_is_refused),
        cmocka_unit_test(test_handed__a_finding_about_a_rule_speaks_of_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
