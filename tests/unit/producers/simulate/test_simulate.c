/* tests/unit/producers/simulate/test_simulate.c - the same every time, lawful, and of the size told.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "producers/simulate/simulate.h"

#include <string.h>

#include "runtime/hash.h"
#include "runtime/mem.h"
#include "schema/files.h"
#include "schema/json.h"
#include "tests/support/cmocka.h"

static struct ktg_simulate *make_in(enum ktg_simulate_manner manner, uint64_t seed, int percent,
                                    enum ktg_simulate_order order)
{
    struct ktg_simulate *s = NULL;
    struct ktg_err err = KTG_ERR_INIT;
    const struct ktg_simulate_options o = {.scenario = "borneo-week",
                                           .seed = seed,
                                           .percent = percent,
                                           .order = order,
                                           .manner = manner};
    if (ktg_simulate_new(&o, &s, &err))
        fail_msg("%s", err.text);
    return s;
}

static struct ktg_simulate *make(uint64_t seed, int percent, enum ktg_simulate_order order)
{
    return make_in(KTG_SIMULATE_CLEAN, seed, percent, order);
}

/* All lines, one after the other. */
static struct ktg_hash digest(uint64_t seed, int percent)
{
    struct ktg_simulate *s = make(seed, percent, KTG_SIMULATE_ARRIVED);
    struct ktg_simulate_event e;
    struct ktg_buf b = KTG_BUF_INIT;
    struct ktg_hash h = {{0}};
    while (ktg_simulate_next(s, &e)) {
        ktg_buf_clear(&b);
        ktg_simulate_print(&e, true, &b);
        h = ktg_blake2b((const struct ktg_bytes[]){ktg_bytes(h.b, sizeof h.b), ktg_buf_view(&b)},
                        2);
    }
    ktg_buf_done(&b);
    ktg_simulate_free(s);
    return h;
}

static void test_simulate__same_seed_same_bytes(void **unused)
{
    (void)unused;
    struct ktg_hash one = digest(1, 10), again = digest(1, 10), two = digest(2, 10);
    assert_memory_equal(&one, &again, sizeof one);
    assert_memory_not_equal(&one, &two, sizeof one);
}

static void test_simulate__is_as_large_as_told(void **unused)
{
    (void)unused;
    struct ktg_simulate *s = make(1, 0, KTG_SIMULATE_ARRIVED);
    ktg_time start, live, end;
    ktg_simulate_span(s, &start, &live, &end);
    assert_in_range(ktg_simulate_count(s), 20000, 24000);
    assert_true(ktg_simulate_first(s) < start - 365 * KTG_DAY_MS); /* what took years */
    assert_in_range(ktg_simulate_source_count(s), 42, 46);
    size_t in_week = 0, companies = 0, late = 0;
    struct ktg_simulate_event e;
    const struct ktg_simulate_outage *outage = ktg_simulate_outage(s, 0);
    while (ktg_simulate_next(s, &e)) {
        assert_true(e.occurred_at <= e.made_at && e.made_at <= e.arrives_at && e.occurred_at < end);
        in_week += e.occurred_at >= live;
        if (strcmp(e.source, outage->source) != 0)
            continue;
        late += e.made_at < outage->until && e.arrives_at >= outage->until;
        assert_false(e.arrives_at >= outage->from && e.arrives_at < outage->until);
    }
    assert_in_range(in_week, 2500, 5000);
    assert_true(late >= 5);
    assert_int_equal((outage->until - outage->from) / 3600000, 48);
    for (size_t i = 0; i < ktg_simulate_truth_count(s); i++)
        companies += strcmp(ktg_simulate_truth(s, i)->rule, "sponsor-nib-revoked") == 0;
    assert_int_equal(companies, 74);
    ktg_simulate_free(s);
}

static void test_simulate__a_source_writes_in_the_order_of_its_ids(void **unused)
{
    (void)unused;
    for (int i = 0; ktg_simulate_manner_name((size_t)(i / 2)); i++) {
        enum ktg_simulate_order order = i % 2 ? KTG_SIMULATE_MADE : KTG_SIMULATE_ARRIVED;
        struct ktg_simulate *s = make_in((enum ktg_simulate_manner)(i / 2), 3, 20, order);
        uint8_t last[64][16] = {{0}};
        ktg_time clock = KTG_LONG_AGO;
        struct ktg_simulate_event e;
        while (ktg_simulate_next(s, &e)) {
            ktg_time at = order == KTG_SIMULATE_ARRIVED ? e.arrives_at : e.made_at;
            assert_true(at >= clock);
            clock = at;
            size_t k = 0;
            while (strcmp(ktg_simulate_source(s, k), e.source) != 0)
                k++;
            assert_true(memcmp(last[k], e.id, 16) < 0);
            memcpy(last[k], e.id, 16);
            if (e.supersedes)
                assert_true(memcmp(e.supersedes, e.id, 16) < 0);
        }
        ktg_simulate_free(s);
    }
}

/* Who is planted, and what must be found of them, does not depend on how it comes to the centre. */
static void test_simulate__the_truth_is_the_same_in_every_manner(void **unused)
{
    (void)unused;
    struct ktg_simulate *clean = make(2, 1, KTG_SIMULATE_ARRIVED);
    ktg_time start, live, end;
    ktg_simulate_span(clean, &start, &live, &end);
    for (size_t m = KTG_SIMULATE_LATE; ktg_simulate_manner_name(m); m++) {
        struct ktg_simulate *s = make_in((enum ktg_simulate_manner)m, 2, 1, KTG_SIMULATE_ARRIVED);
        struct ktg_simulate_event e;
        size_t corrections = 0, after = 0;
        assert_int_equal(ktg_simulate_truth_count(s), ktg_simulate_truth_count(clean));
        for (size_t i = 0; i < ktg_simulate_truth_count(s); i++) {
            assert_string_equal(ktg_simulate_truth(s, i)->rule, ktg_simulate_truth(clean, i)->rule);
            assert_string_equal(ktg_simulate_truth(s, i)->subject,
                                ktg_simulate_truth(clean, i)->subject);
        }
        while (ktg_simulate_next(s, &e)) {
            corrections += e.supersedes != NULL;
            after += e.arrives_at > end;
        }
        bool twice = m == KTG_SIMULATE_CORRECTED;
        assert_int_equal(ktg_simulate_count(s) > ktg_simulate_count(clean) + 500, twice);
        assert_int_equal(corrections > 500, twice);
        assert_int_equal(after > 20, m == KTG_SIMULATE_LATE);
        ktg_simulate_free(s);
    }
    ktg_simulate_free(clean);
}

static void check_lawful(enum ktg_simulate_manner manner)
{
    struct ktg_files f = KTG_FILES_INIT;
    struct ktg_catalogue *c = NULL;
    struct ktg_err err = KTG_ERR_INIT;
    assert_int_equal(ktg_files_read(&f, KTG_SCHEMA_DIR, "", &err), KTG_OK);
    assert_int_equal(ktg_catalogue_load(f.at, f.count, &c, &err), KTG_OK);
    struct ktg_simulate *s = make_in(manner, 1, manner ? 1 : 0, KTG_SIMULATE_ARRIVED);
    struct ktg_simulate_event e;
    struct ktg_buf line = KTG_BUF_INIT, blob = KTG_BUF_INIT;
    while (ktg_simulate_next(s, &e)) {
        struct ktg_json_extra extra;
        struct ktg_event event;
        ktg_buf_clear(&line);
        ktg_buf_clear(&blob);
        ktg_simulate_print(&e, true, &line);
        int rc = ktg_json_decode(c, ktg_buf_view(&line), &blob, &extra, &err);
        if (!rc)
            rc = ktg_event_read(c, ktg_buf_view(&blob), &event, &err);
        if (!rc)
            rc = ktg_event_check(c, &event, &err);
        if (rc)
            fail_msg("%s\n%s", err.text, ktg_buf_text(&line));
        assert_memory_equal(event.id, e.id, 16);
        assert_true(event.occurred_at == e.occurred_at);
        assert_true(e.arrives_at == e.occurred_at ||
                    (extra.has_recorded && extra.recorded_at == e.arrives_at));
        for (const char *p = ktg_buf_text(&line); (p = strstr(p, "\"issuer\":\"")); p++)
            assert_true(memcmp(p + 10, "UTO\"", 4) == 0 || memcmp(p + 10, "UNO\"", 4) == 0);
        for (const char *p = ktg_buf_text(&line); (p = strstr(p, "\"nib\":\"")); p++)
            assert_memory_equal(p + 7, "00000", 5);
    }
    ktg_buf_done(&line);
    ktg_buf_done(&blob);
    ktg_simulate_free(s);
    ktg_catalogue_free(c);
    ktg_files_done(&f);
}

static void test_simulate__every_event_is_lawful_and_nobody_is_real(void **unused)
{
    (void)unused;
    for (size_t m = 0; ktg_simulate_manner_name(m); m++)
        check_lawful((enum ktg_simulate_manner)m);
}

static void test_simulate__refuses_what_it_does_not_know(void **unused)
{
    (void)unused;
    struct ktg_simulate *s = NULL;
    struct ktg_err err = KTG_ERR_INIT;
    assert_int_equal(ktg_simulate_new(&(struct ktg_simulate_options){.scenario = "java"}, &s, &err),
                     KTG_ENOTFOUND);
    assert_int_equal(
        ktg_simulate_new(&(struct ktg_simulate_options){.scenario = "borneo-week", .percent = -1},
                         &s, &err),
        KTG_EINVALID);
    assert_null(s);
}

static void test_simulate__survives_each_missing_allocation(void **unused)
{
    (void)unused;
    const struct ktg_simulate_options o = {.scenario = "borneo-week", .seed = 1, .percent = 1};
    for (int64_t n = 0;; n += n < 50 ? 1 : 7) {
        struct ktg_simulate *s = NULL;
        ktg_mem_fail_after(n);
        int rc = ktg_simulate_new(&o, &s, NULL);
        int64_t failed = ktg_mem_failed();
        ktg_mem_fail_after(-1);
        if (!failed) {
            assert_int_equal(rc, KTG_OK);
            ktg_simulate_free(s);
            return;
        }
        assert_int_equal(rc, KTG_ENOMEM);
        assert_null(s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_simulate__same_seed_same_bytes),
        cmocka_unit_test(test_simulate__is_as_large_as_told),
        cmocka_unit_test(test_simulate__a_source_writes_in_the_order_of_its_ids),
        cmocka_unit_test(test_simulate__the_truth_is_the_same_in_every_manner),
        cmocka_unit_test(test_simulate__every_event_is_lawful_and_nobody_is_real),
        cmocka_unit_test(test_simulate__refuses_what_it_does_not_know),
        cmocka_unit_test(test_simulate__survives_each_missing_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
