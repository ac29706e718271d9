/* tests/unit/rules/names/test_index.c - the index finds what a scan of the same entries finds, no more and no less.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdlib.h>

#include "bench/names_made.h"
#include "rules/names/index.h"
#include "tests/support/cmocka.h"

enum { ENTRIES = 3000, SEARCHES = 600 };

static void read(struct ktg_normaliser *n, const struct ktg_made_name *m, struct ktg_arena *a,
                 struct ktg_tokens *to)
{
    struct ktg_name_text t = {ktg_bytes_str(m->surname), ktg_bytes_str(m->given),
                              ktg_bytes_str(m->born)};
    assert_int_equal(ktg_name_read(n, &t, a, to), KTG_OK);
}

static size_t compare(struct ktg_name_index *x, const struct ktg_tokens *name, int least)
{
    const struct ktg_name_hit *hits;
    size_t count, other;
    assert_int_equal(ktg_name_index_find(x, name, least, &hits, &count), KTG_OK);
    struct ktg_name_hit *copy = calloc(count + 1, sizeof *copy);
    assert_non_null(copy);
    if (count)
        memcpy(copy, hits, count * sizeof *copy);
    assert_int_equal(ktg_name_index_scan(x, name, least, &hits, &other), KTG_OK);
    assert_int_equal(count, other);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(copy[i].ref, hits[i].ref);
        assert_int_equal(copy[i].points, hits[i].points);
    }
    free(copy);
    return count;
}

static void test_index__finds_what_a_scan_finds(void **unused)
{
    struct ktg_normaliser *n = NULL;
    struct ktg_name_index *x = NULL;
    struct ktg_arena arena = KTG_ARENA_INIT;
    const char *scale = getenv("KTG_PROVE_SCALE");
    size_t found = 0, searches = SEARCHES * (size_t)(scale ? atoi(scale) : 1);
    struct ktg_made_name made[ENTRIES];
    uint64_t seed = 20260301;
    (void)unused;
    assert_int_equal(ktg_normaliser_new(&n), KTG_OK);
    assert_int_equal(ktg_name_index_new(n, &x), KTG_OK);
    for (size_t i = 0; i < ENTRIES; i++) {
        struct ktg_tokens name;
        ktg_made_name(&seed, &made[i]);
        read(n, &made[i], &arena, &name);
        if (i % 3 == 0)
            name.issuers[0] = ktg_issuer_pack(KTG_LIT("UTO"));
        assert_int_equal(ktg_name_index_add(x, 1 + i / 2, &name), KTG_OK); /* two names each */
        ktg_arena_reset(&arena);
    }
    for (size_t i = 0; i < searches; i++) {
        struct ktg_made_name other = made[ktg_made_random(&seed) % ENTRIES];
        struct ktg_tokens name;
        if (i % 4)
            ktg_made_distort(&seed, &other);
        read(n, &other, &arena, &name);
        if (i % 2)
            name.issuers[0] = ktg_issuer_pack(KTG_LIT("UTO"));
        found += compare(x, &name, i % 5 ? 70 : KTG_SCORE_LEAST);
        ktg_arena_reset(&arena);
    }
    assert_true(found > searches / 2);
    ktg_arena_done(&arena);
    ktg_name_index_free(x);
    ktg_normaliser_free(n);
}

static void test_index__forgets_what_was_removed(void **unused)
{
    struct ktg_normaliser *n = NULL;
    struct ktg_name_index *x = NULL;
    struct ktg_arena arena = KTG_ARENA_INIT;
    struct ktg_tokens name, alias;
    const struct ktg_name_hit *hits;
    size_t count;
    (void)unused;
    assert_int_equal(ktg_normaliser_new(&n), KTG_OK);
    assert_int_equal(ktg_name_index_new(n, &x), KTG_OK);
    struct ktg_name_text t = {KTG_LIT("SOEHARTO"), KTG_LIT("BUDI"), KTG_LIT("1970-01-02")},
                         u = {KTG_LIT("SUHARTO"), KTG_LIT("BUDI"), KTG_LIT("1970-01-02")};
    assert_int_equal(ktg_name_read(n, &t, &arena, &name), KTG_OK);
    assert_int_equal(ktg_name_read(n, &u, &arena, &alias), KTG_OK);
    assert_int_equal(ktg_name_index_find(x, &name, 70, &hits, &count), KTG_OK);
    assert_int_equal(count, 0);               /* empty */
    for (int round = 0; round < 3; round++) { /* over the limit of the sweep */
        for (uint64_t ref = 1; ref <= 3000; ref++) {
            assert_int_equal(ktg_name_index_add(x, ref, &name), KTG_OK);
            assert_int_equal(ktg_name_index_add(x, ref, &alias), KTG_OK);
        }
        assert_int_equal(ktg_name_index_find(x, &name, 70, &hits, &count), KTG_OK);
        assert_int_equal(count, 3000);
        assert_int_equal(hits[0].points, 100); /* the better of the two names */
        for (uint64_t ref = 1; ref <= 3000; ref++)
            if (ref != 1234)
                assert_int_equal(ktg_name_index_remove(x, ref), KTG_OK);
        assert_int_equal(ktg_name_index_find(x, &name, 70, &hits, &count), KTG_OK);
        assert_int_equal(count, 1);
        assert_int_equal(hits[0].ref, 1234);
        assert_int_equal(ktg_name_index_remove(x, 1234), KTG_OK);
        assert_int_equal(ktg_name_index_count(x), 0);
    }
    ktg_arena_done(&arena);
    ktg_name_index_free(x);
    ktg_normaliser_free(n);
}

static void test_index__every_failed_allocation_is_told(void **unused)
{
    struct ktg_normaliser *n = NULL;
    struct ktg_arena arena = KTG_ARENA_INIT;
    struct ktg_tokens name;
    (void)unused;
    assert_int_equal(ktg_normaliser_new(&n), KTG_OK);
    struct ktg_name_text t = {KTG_LIT("SOEHARTO"), KTG_LIT("BUDI SANTOSO"), KTG_LIT("1970-01-02")};
    assert_int_equal(ktg_name_read(n, &t, &arena, &name), KTG_OK);
    bool done = false;
    for (int64_t after = 0; !done; after++) {
        struct ktg_name_index *x = NULL;
        const struct ktg_name_hit *hits;
        size_t count = 0;
        ktg_mem_fail_after(after);
        int rc = ktg_name_index_new(n, &x);
        if (!rc)
            rc = ktg_name_index_add(x, 1, &name);
        if (!rc)
            rc = ktg_name_index_find(x, &name, 70, &hits, &count);
        done = ktg_mem_failed() == 0;
        ktg_mem_fail_after(-1);
        assert_true(done ? !rc && count == 1 : rc == KTG_ENOMEM);
        ktg_name_index_free(x);
    }
    ktg_arena_done(&arena);
    ktg_normaliser_free(n);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_index__finds_what_a_scan_finds),
        cmocka_unit_test(test_index__forgets_what_was_removed),
        cmocka_unit_test(test_index__every_failed_allocation_is_told)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
