/* tests/unit/brokers/correlation/test_bound.c
 * SPDX-License-Identifier: Apache-2.0
 */
#include "brokers/correlation/bound.h"

#include <malloc.h>
#include <stdio.h>

#include "brokers/correlation/checkpoint.h"
#include "tests/support/cmocka.h"
#define KTG_TMPDIR_MEMORY
#include "tests/support/tmpdir.h"

#define MIB ((uint64_t)1 << 20)

#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
#define OWN_HEAP false /* theirs is not asked by mallinfo2(3) */
#elif defined __has_feature
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define OWN_HEAP false
#endif
#endif
#ifndef OWN_HEAP
#define OWN_HEAP true
#endif

static char dir[KTG_TMPDIR_SIZE], path[KTG_TMPDIR_SIZE + 8];

/* ---- what a checkpoint takes ----------------------------------------------------------------------------------------- */

static void test_bound__charges_a_page_for_a_record_where_records_lie_alone(void **unused)
{
    (void)unused;
    static const struct {
        size_t count, dirty;
        uint64_t pages, least, most; /* KiB */
    } story[] = {
        {0, 0, 0, 0, 0},                     /* nothing changed                                */
        {1000, 250000, 0, 300, 600},         /* a new state: as large as what is put there     */
        {1000, 250000, 1000000, 4000, 6000}, /* far apart: a page each, a few split            */
        {100000, 25000000, 10000, 75000,
         110000}, /* close together: all pages, and the new ones    */
        {9000000, 1 << 20, 9000000, 524288,
         1 << 21}, /* LMDB writes early what is more than half a GiB */
    };
    for (size_t i = 0; i < sizeof story / sizeof *story; i++) {
        uint64_t kib = ktg_bound_spike(story[i].count, story[i].dirty, story[i].pages) >> 10;
        if (kib < story[i].least || kib > story[i].most)
            fail_msg("row %zu: %llu KiB", i, (unsigned long long)kib);
    }
}

static void change(struct ktg_state *s, uint64_t from, uint64_t to, uint64_t every)
{
    char key[32], value[170];
    memset(value, 'v', sizeof value);
    for (uint64_t i = from; i < to; i += every) {
        uint64_t h = ktg_hash64(&i, sizeof i, 0); /* anywhere */
        int n = snprintf(key, sizeof key, "t%016llx", (unsigned long long)h);
        assert_int_equal(
            ktg_state_put(s, ktg_bytes(key, (size_t)n), ktg_bytes(value, sizeof value)), KTG_OK);
    }
}

static size_t heap(void)
{
    struct mallinfo2 m = mallinfo2();
    return m.uordblks + m.hblkhd;
}

/* The heap that storing took, of which LMDB keeps the pages; *ret_spike: what was charged. */
static size_t taken_by(struct ktg_checkpoint *c, struct ktg_state *s, uint64_t *ret_spike)
{
    static const struct ktg_checkpoint_mark mark = {.position = 1, .engine = 1};
    const struct ktg_changes *changes;
    struct ktg_changes *spent = NULL;
    *ret_spike = ktg_bound_spike(ktg_state_dirty_count(s), ktg_state_dirty_bytes(s),
                                 ktg_checkpoint_pages(c));
    assert_int_equal(ktg_state_freeze(s, &changes), KTG_OK);
    size_t before = heap();
    assert_int_equal(ktg_checkpoint_store(c, changes, &mark, NULL), KTG_OK);
    size_t after = heap();
    assert_int_equal(ktg_checkpoint_see(c, s, &spent, NULL), KTG_OK);
    ktg_changes_free(spent);
    return after > before ? after - before : 0;
}

static void test_bound__charges_what_lmdb_takes_and_keeps_until_it_is_trimmed(void **unused)
{
    (void)unused;
    static const struct {
        uint64_t from, to, every;
    } story[] = {{0, 60000, 1}, {0, 60000, 40}, {0, 60000, 7}, {60000, 70000, 1}};
    struct ktg_checkpoint *c = NULL;
    struct ktg_state *s = NULL;
    assert_int_equal(ktg_checkpoint_open(path, 256 * MIB, &c, NULL), KTG_OK);
    assert_int_equal(ktg_state_new(ktg_checkpoint_records(c), &s), KTG_OK);
    for (size_t i = 0; i < sizeof story / sizeof *story; i++) {
        uint64_t spike;
        change(s, story[i].from, story[i].to, story[i].every);
        size_t taken = taken_by(c, s, &spike), held = heap();
        if (OWN_HEAP && (taken > spike + spike / 10 || taken < spike / 4))
            fail_msg("row %zu: %zu taken, %llu charged", i, taken, (unsigned long long)spike);
        assert_int_equal(ktg_checkpoint_trim(c, NULL), KTG_OK);
        if (OWN_HEAP && heap() > held - taken + MIB)
            fail_msg("row %zu: %zu of %zu kept", i, heap() - (held - taken), taken);
    }
    struct ktg_bytes value;
    uint64_t first = 0;
    char key[32];
    int n = snprintf(key, sizeof key, "t%016llx",
                     (unsigned long long)ktg_hash64(&first, sizeof first, 0));
    assert_int_equal(ktg_state_get(s, ktg_bytes(key, (size_t)n), &value), KTG_OK);
    assert_int_equal(value.size, 170);
    ktg_state_free(s);
    ktg_checkpoint_close(c);
}

/* ---- when it is tight ------------------------------------------------------------------------------------------------- */

static void test_bound__is_tight_before_the_checkpoint_that_would_not_fit(void **unused)
{
    (void)unused;
    struct ktg_bound b = {.limit = 4 * ktg_resident_bytes()};
    ktg_bound_look(&b, 0);
    assert_false(b.near || b.over);
    ktg_bound_look(&b, b.limit / 8 * 5); /* with a quarter held: seven eighths */
    assert_true(b.near);
    assert_false(ktg_bound_is_tight(&b, b.limit / 8, b.limit / 8 * 5));
    ktg_bound_look(&b, b.limit / 8 * 7);
    assert_true(ktg_bound_is_tight(&b, b.limit / 8, b.limit / 8 * 7));
    assert_false(
        ktg_bound_is_tight(&b, 4096, 4096)); /* what else is held: a checkpoint is no help */
}

static void test_bound__keeps_fewer_events_decoded_where_memory_is_small(void **unused)
{
    (void)unused;
    assert_int_equal(ktg_bound_events(64 * MIB), 4096);
    assert_int_equal(ktg_bound_events(192 * MIB), 16384);
    assert_int_equal(ktg_bound_events(2048 * MIB), 65536);
}

static int make(void **unused)
{
    (void)unused;
    ktg_tmpdir_make(dir);
    snprintf(path, sizeof path, "%s/state", dir);
    return 0;
}
static int clear(void **unused)
{
    (void)unused;
    ktg_tmpdir_remove(dir);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bound__charges_a_page_for_a_record_where_records_lie_alone),
        cmocka_unit_test_setup_teardown(
            test_bound__charges_what_lmdb_takes_and_keeps_until_it_is_trimmed, make, clear),
        cmocka_unit_test(test_bound__is_tight_before_the_checkpoint_that_would_not_fit),
        cmocka_unit_test(test_bound__keeps_fewer_events_decoded_where_memory_is_small),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
