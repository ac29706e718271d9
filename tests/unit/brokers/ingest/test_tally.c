/* tests/unit/brokers/ingest/test_tally.c - what the centre has heard of each producer's sources.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "brokers/ingest/tally.h"

#include <stdio.h>

#include "runtime/mem.h"
#include "schema/wire.h"
#include "tests/support/cmocka.h"

#define A KTG_LIT("UTO.A")
#define B KTG_LIT("UTO.B")

static void event(struct ktg_tallies *t, struct ktg_bytes producer, const char *source,
                  uint64_t epoch, uint64_t seq, ktg_time at)
{
    ktg_tally_event(t, ktg_tallies_of(t, producer), ktg_bytes_str(source), epoch, seq, at);
}

static int64_t number(struct ktg_bytes item, const char *key)
{
    struct ktg_wire_value v;
    if (!ktg_wire_get(item, key, &v))
        return -1;
    assert_int_equal(v.kind, KTG_WIRE_INT);
    return v.integer;
}

static struct ktg_retired retired = KTG_RETIRED_INIT; /* whom nobody expects any more */

/* "producer 5/2 q1 n3 | S1 2 100 0 0 gone 90 | ...": what a page says, and "+" if there is more. */
static const char *page(const struct ktg_tallies *t, struct ktg_bytes producer, uint64_t epoch,
                        const char *after, uint64_t limit)
{
    static char text[1024];
    struct ktg_buf b = KTG_BUF_INIT;
    struct ktg_err err = KTG_ERR_INIT;
    struct ktg_wire_value list, v, of;
    bool more;
    size_t n = 0;
    text[0] = 0;
    ktg_tally_answer(ktg_tallies_find(t, producer), producer, epoch, 9, &retired,
                     ktg_bytes_str(after), limit, &b, &more);
    const struct ktg_wire_limits limits = {1u << 20, 8192, 16, 65536};
    assert_int_equal(ktg_wire_check(ktg_buf_view(&b), &limits, &err), KTG_OK); /* canonical */
    struct ktg_wire w = ktg_wire_open(ktg_buf_view(&b));
    assert_int_equal(ktg_wire_next(&w, &list), KTG_OK);
    for (w = ktg_wire_inside(&list); !ktg_wire_next(&w, &v) && n < sizeof text;) {
        struct ktg_wire_value s;
        assert_true(ktg_wire_get(v.raw, "of", &of));
        const char *gap = n ? " | " : "";
        if (ktg_bytes_is(of.bytes, "producer")) {
            n += (size_t)snprintf(text + n, sizeof text - n, "%sproducer %d/%d q%d n%d", gap,
                                  (int)number(v.raw, "epoch"), (int)number(v.raw, "acked_seq"),
                                  (int)number(v.raw, "quarantined"), (int)number(v.raw, "sources"));
            continue;
        }
        assert_true(ktg_bytes_is(of.bytes, "source") && ktg_wire_get(v.raw, "source", &s));
        n += (size_t)snprintf(text + n, sizeof text - n, "%s%.*s %d %d %d %d", gap,
                              (int)s.bytes.size, (const char *)s.bytes.data,
                              (int)number(v.raw, "seq"), (int)number(v.raw, "event_at"),
                              (int)number(v.raw, "heartbeat_at"), (int)number(v.raw, "queued"));
        if (number(v.raw, "retired_at"))
            n += (size_t)snprintf(text + n, sizeof text - n, " gone %d",
                                  (int)number(v.raw, "retired_at"));
    }
    if (more)
        snprintf(text + n, sizeof text - n, "+");
    ktg_buf_done(&b);
    return text;
}

static void test_tally__each_key_sees_its_own_part_of_a_source(void **unused)
{
    (void)unused;
    struct ktg_tallies t = KTG_TALLIES_INIT;
    event(&t, A, "S2", 7, 1, 100);
    event(&t, A, "S1", 7, 2, 110);
    event(&t, B, "S1", 3, 40, 120);
    ktg_tally_heartbeat(&t, ktg_tallies_of(&t, A), KTG_LIT("S1"), 5, 130);
    ktg_tally_heartbeat(&t, ktg_tallies_of(&t, A), KTG_LIT("S3"), 0, 140);
    ktg_tally_quarantined(ktg_tallies_of(&t, A));
    assert_string_equal(page(&t, A, 7, "", 100),
                        "producer 7/9 q1 n3 | S1 2 110 130 5 | S2 1 100 0 0 | S3 0 0 140 0");
    assert_string_equal(page(&t, B, 3, "", 100), "producer 3/9 q0 n1 | S1 40 120 0 0");
    assert_string_equal(page(&t, KTG_LIT("UTO.C"), 0, "", 100), "producer 0/9 q0 n0");
    /* a new epoch: the old number says nothing any more, the time does */
    event(&t, A, "S2", 8, 1, 150);
    assert_string_equal(page(&t, A, 8, "", 100),
                        "producer 8/9 q1 n3 | S1 0 110 130 5 | S2 1 150 0 0 | S3 0 0 140 0");
    ktg_tallies_done(&t);
}

static void say(const char *source, ktg_time at, bool is)
{
    const struct ktg_retirement word = {ktg_bytes_str(source), at, is};
    assert_int_equal(ktg_retired_take(&retired, &word), KTG_OK);
}

static void test_tally__a_key_is_told_that_a_source_of_its_is_retired(void **unused)
{
    (void)unused;
    struct ktg_tallies t = KTG_TALLIES_INIT;
    event(&t, A, "S1", 7, 1, 100);
    event(&t, A, "S2", 7, 2, 110);
    event(&t, B, "S1", 3, 40, 120);
    say("S1", 200, true);
    say("S9", 200, true); /* of which neither has sent */
    assert_string_equal(page(&t, A, 7, "", 9),
                        "producer 7/9 q0 n2 | S1 1 100 0 0 gone 200 | S2 2 110 0 0");
    assert_string_equal(page(&t, B, 3, "", 9), "producer 3/9 q0 n1 | S1 40 120 0 0 gone 200");
    event(&t, A, "S1", 7, 3, 210); /* an event may have waited: it brings nobody back ... */
    assert_string_equal(page(&t, A, 7, "", 2), "producer 7/9 q0 n2 | S1 3 210 0 0 gone 200+");
    ktg_retired_heard(&retired, KTG_LIT("S1"), 220); /* ... a heartbeat does */
    assert_string_equal(page(&t, A, 7, "", 2), "producer 7/9 q0 n2 | S1 3 210 0 0+");
    say("S2", 300, true);
    say("S2", 300, false);
    assert_string_equal(page(&t, A, 7, "S1", 2), "S2 2 110 0 0");
    ktg_retired_done(&retired);
    ktg_tallies_done(&t);
}

static void test_tally__pages_join_without_gap_or_repeat(void **unused)
{
    (void)unused;
    struct ktg_tallies t = KTG_TALLIES_INIT;
    for (const char *const *s = (const char *const[]){"S3", "S1", "S4", "S2", NULL}; *s; s++)
        event(&t, A, *s, 7, 1, 100);
    assert_string_equal(page(&t, A, 7, "", 2), "producer 7/9 q0 n4 | S1 1 100 0 0+");
    assert_string_equal(page(&t, A, 7, "S1", 2), "S2 1 100 0 0 | S3 1 100 0 0+");
    assert_string_equal(page(&t, A, 7, "S3", 2), "S4 1 100 0 0");
    assert_string_equal(page(&t, A, 7, "S4", 2), "");
    assert_string_equal(page(&t, A, 7, "S25", 1), "S3 1 100 0 0+"); /* one that has gone since */
    assert_string_equal(page(&t, A, 7, "", 1), "producer 7/9 q0 n4+");
    assert_string_equal(page(&t, KTG_LIT("UTO.C"), 7, "S1", 2), "");
    ktg_tallies_done(&t);
}

static void test_tally__a_snapshot_brings_all_of_it_back(void **unused)
{
    (void)unused;
    struct ktg_tallies t = KTG_TALLIES_INIT, again = KTG_TALLIES_INIT;
    struct ktg_buf b = KTG_BUF_INIT, twice = KTG_BUF_INIT;
    event(&t, A, "S2", 7, 1, 100);
    event(&t, B, "S1", INT64_MAX, 40, 120);
    ktg_tally_heartbeat(&t, ktg_tallies_of(&t, A), KTG_LIT("S1"), 5, 130);
    ktg_tally_quarantined(ktg_tallies_of(&t, A));
    ktg_tally_quarantined(ktg_tallies_of(&t, KTG_LIT("UTO.C"))); /* no source of it was readable */
    ktg_tallies_encode(&t, &b);
    assert_int_equal(ktg_tallies_decode(&again, ktg_buf_view(&b)), KTG_OK);
    ktg_tallies_encode(&again, &twice);
    assert_true(ktg_bytes_eq(ktg_buf_view(&b), ktg_buf_view(&twice)));
    assert_string_equal(page(&again, A, 7, "", 9),
                        "producer 7/9 q1 n2 | S1 0 0 130 5 | S2 1 100 0 0");
    for (size_t cut = 0; cut < b.size; cut++) { /* half of one is refused, not taken for less */
        struct ktg_tallies half = KTG_TALLIES_INIT;
        assert_int_equal(ktg_tallies_decode(&half, ktg_bytes(b.data, cut)), KTG_EINVALID);
        ktg_tallies_done(&half);
    }
    ktg_buf_done(&b);
    ktg_buf_done(&twice);
    ktg_tallies_done(&t);
    ktg_tallies_done(&again);
}

static void test_tally__what_a_stranger_can_grow_has_an_end(void **unused)
{
    (void)unused;
    struct ktg_tallies t = KTG_TALLIES_INIT;
    char name[KTG_TALLY_NAME + 8], producer[32];
    memset(name, 'X', sizeof name);
    name[sizeof name - 1] = 0;
    event(&t, A, name, 7, 1, 100);
    event(&t, A, "", 7, 1, 100);
    assert_null(ktg_tallies_of(&t, ktg_bytes_str(name)));
    assert_int_equal(t.sources, 0);
    for (int p = 0; p < KTG_TALLY_ALL / KTG_TALLY_EACH + 1; p++)
        for (int i = 0; i < KTG_TALLY_EACH + 2; i++) {
            snprintf(producer, sizeof producer, "UTO.%02d", p);
            snprintf(name, sizeof name, "S%06d", i * 7919 % 10007);
            event(&t, ktg_bytes_str(producer), name, 7, 1, 1000 + i);
        }
    assert_int_equal(t.sources, KTG_TALLY_ALL);
    const struct ktg_tally *first = ktg_tallies_find(&t, KTG_LIT("UTO.00"));
    assert_int_equal(first->count, KTG_TALLY_EACH);
    for (size_t i = 0; i < first->count; i++) { /* the two heard longest ago gave way */
        assert_true(first->sources[i].event_at >= 1002);
        assert_true(i == 0 || strcmp(first->sources[i - 1].name, first->sources[i].name) < 0);
    }
    assert_int_equal(ktg_tallies_find(&t, KTG_LIT("UTO.16"))->count, 0); /* and nobody else's */
    ktg_tallies_done(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tally__each_key_sees_its_own_part_of_a_source),
        cmocka_unit_test(test_tally__a_key_is_told_that_a_source_of_its_is_retired),
        cmocka_unit_test(test_tally__pages_join_without_gap_or_repeat),
        cmocka_unit_test(test_tally__a_snapshot_brings_all_of_it_back),
        cmocka_unit_test(test_tally__what_a_stranger_can_grow_has_an_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
