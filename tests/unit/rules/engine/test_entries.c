/* Entries of a subject over many records: the same as in one, whatever the order of arrival.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdlib.h>

#include "rules/engine/entries.h"
#include "tests/support/cmocka.h"

enum { MOST = 600 };
#define KIND    KTG_LIT("post")
#define SUBJECT KTG_LIT("UTO.1")

static struct ktg_packed made[MOST];

/* As the journal says it: here by position. */
static int in_order(void *arg, uint64_t a, uint64_t b)
{
    (void)arg;
    return (a > b) - (a < b);
}
static int by_place(const void *x, const void *y)
{
    const struct ktg_packed *a = x, *b = y;
    return a->key != b->key ? (a->key > b->key) - (a->key < b->key)
                            : in_order(NULL, ktg_packed_pos(*a), ktg_packed_pos(*b));
}

/* Positions are dealt in arrival order, so equal keys arrive in and out of order. */
static void fill(struct ktg_state *s, size_t n, size_t part, unsigned late)
{
    const struct ktg_record_order order = {NULL, in_order};
    for (size_t i = 0; i < n; i++) {
        uint8_t id[16] = {0};
        ktg_time at =
            (unsigned)rand() % 100 < late ? rand() % (ktg_time)(i / 2 + 1) : (ktg_time)(i / 2);
        ktg_put_be64(id, (uint64_t)(at + rand() % 2) << 16 | 0x7000);
        made[i] = ktg_packed_make(at * 1000, id, rand() % 2 ? i + 1 : 2 * MOST - i,
                                  (uint32_t)rand() % 70, 1);
        assert_int_equal(ktg_entries_insert(s, KIND, SUBJECT, made[i], &order, part), KTG_OK);
    }
    qsort(made, n, sizeof made[0], by_place);
}

static void check(struct ktg_state *s, size_t n, size_t part, bool bounded)
{
    struct ktg_entries e;
    size_t at = 0;
    assert_int_equal(ktg_entries_open(s, KIND, SUBJECT, &e), KTG_OK);
    assert_int_equal(ktg_entries_count(&e), n);
    for (size_t k = 0; k <= e.parts; k++) {
        struct ktg_record r;
        uint64_t types = 0;
        assert_int_equal(ktg_entries_record(&e, k, &r), KTG_OK);
        assert_true(r.count > 0);
        if (bounded)
            assert_true(r.count < 2 * part);
        for (size_t i = 0; i < r.count; i++, at++) {
            struct ktg_packed p = ktg_record_at(&r, i);
            assert_memory_equal(&p, &made[at], sizeof p);
            types |= UINT64_C(1) << ktg_packed_type(p) % 64;
        }
        ktg_time last = (ktg_time)(ktg_record_at(&r, r.count - 1).key >> 22);
        assert_true(ktg_entries_may_have(&e, k, last, 0));
        if (k < e.parts) {
            assert_false(ktg_entries_may_have(&e, k, last + 1, 0));
            assert_true(ktg_entries_may_have(&e, k, last + 1, types & -types));
            assert_false(ktg_entries_may_have(&e, k, last + 1, ~types));
        }
    }
    assert_int_equal(at, n);
}

static void test_entries__over_many_records_as_in_one(void **unused)
{
    (void)unused;
    srand(11);
    for (int round = 0; round < 200; round++) {
        struct ktg_state *s;
        size_t n = 1 + (size_t)rand() % MOST, part = 4 + (size_t)rand() % 40;
        assert_int_equal(ktg_state_new(NULL, &s), KTG_OK);
        fill(s, n, part, (unsigned)rand() % 60);
        check(s, n, part, false);
        for (int k = 0; k < 10; k++) {
            size_t i = (size_t)rand() % n;
            bool dead = rand() % 2;
            assert_int_equal(ktg_entries_mark(s, KIND, SUBJECT, made[i], dead), KTG_OK);
            made[i].word = (made[i].word & ~KTG_PACKED_DEAD) | (dead ? KTG_PACKED_DEAD : 0);
        }
        check(s, n, part, false);
        struct ktg_packed absent = made[n / 2];
        absent.pos = 5 * MOST;
        assert_int_equal(ktg_entries_mark(s, KIND, SUBJECT, absent, true), KTG_ENOTFOUND);
        s = ktg_state_free(s);
    }
}

static void test_entries__no_record_grows_with_the_subject(void **unused)
{
    (void)unused;
    struct ktg_state *s;
    srand(12);
    assert_int_equal(ktg_state_new(NULL, &s), KTG_OK);
    fill(s, MOST, 16, 10);
    check(s, MOST, 16, true);
    s = ktg_state_free(s);
}

/* Where the key never changes nothing can be split; where it does, it is split there. */
static void test_entries__equal_keys_stay_together(void **unused)
{
    (void)unused;
    const struct ktg_record_order order = {NULL, in_order};
    struct ktg_state *s;
    struct ktg_entries e;
    uint8_t id[16] = {0};
    assert_int_equal(ktg_state_new(NULL, &s), KTG_OK);
    for (uint64_t i = 0; i < 100; i++) {
        struct ktg_packed p = ktg_packed_make(5, id, 100 - i, 1, 1);
        assert_int_equal(ktg_entries_insert(s, KIND, SUBJECT, p, &order, 4), KTG_OK);
    }
    assert_int_equal(ktg_entries_open(s, KIND, SUBJECT, &e), KTG_OK);
    assert_int_equal(e.parts, 0);
    struct ktg_packed p = ktg_packed_make(6, id, 200, 1, 1);
    assert_int_equal(ktg_entries_insert(s, KIND, SUBJECT, p, &order, 4), KTG_OK);
    assert_int_equal(ktg_entries_open(s, KIND, SUBJECT, &e), KTG_OK);
    assert_int_equal(e.parts, 1);
    assert_int_equal(e.older, 100);
    assert_int_equal(e.newest.count, 1);
    s = ktg_state_free(s);
}

static void test_entries__none(void **unused)
{
    (void)unused;
    struct ktg_state *s;
    struct ktg_entries e;
    struct ktg_record r;
    assert_int_equal(ktg_state_new(NULL, &s), KTG_OK);
    assert_int_equal(ktg_entries_open(s, KIND, SUBJECT, &e), KTG_OK);
    assert_int_equal(ktg_entries_count(&e), 0);
    assert_int_equal(ktg_entries_record(&e, 0, &r), KTG_OK);
    assert_int_equal(r.count, 0);
    assert_int_equal(
        ktg_state_put(s, KTG_LIT("tpost\0UTO.1"), KTG_LIT("\1\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0")),
        KTG_OK);
    assert_int_equal(ktg_entries_open(s, KIND, SUBJECT, &e),
                     KTG_ECORRUPT); /* older ones, and no directory */
    s = ktg_state_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_entries__over_many_records_as_in_one),
        cmocka_unit_test(test_entries__no_record_grows_with_the_subject),
        cmocka_unit_test(test_entries__equal_keys_stay_together),
        cmocka_unit_test(test_entries__none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
