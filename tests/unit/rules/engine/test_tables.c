/* tests/unit/rules/engine/test_tables.c - what grows by and by: sieve, timers, the state's table.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>
#include <stdlib.h>

#include "rules/engine/sieve.h"
#include "rules/engine/state.h"
#include "rules/engine/timers.h"
#include "runtime/mem.h"
#include "tests/support/cmocka.h"

static void test_sieve__never_denies_a_key_and_seldom_invents_one(void **unused)
{
    (void)unused;
    struct ktg_sieve s = KTG_SIEVE_INIT;
    enum { KEYS = 20000 };
    size_t invented = 0;
    assert_true(ktg_sieve_may_have(&s, 1)); /* one without memory says yes */
    ktg_sieve_size(&s, 0);                  /* it has to grow, more than once */
    for (uint32_t i = 0; i < KEYS; i++)
        ktg_sieve_add(&s, ktg_hash64(&i, sizeof i, 0));
    assert_in_range(s.count, 3, 4);
    for (uint32_t i = 0; i < KEYS; i++)
        assert_true(ktg_sieve_may_have(&s, ktg_hash64(&i, sizeof i, 0)));
    for (uint32_t i = KEYS; i < 2 * KEYS; i++)
        invented += ktg_sieve_may_have(&s, ktg_hash64(&i, sizeof i, 0));
    assert_in_range(invented, 0, KEYS / 100);
    ktg_sieve_size(&s, KEYS); /* anew, for all */
    assert_false(ktg_sieve_may_have(&s, ktg_hash64(&(uint32_t){1}, sizeof(uint32_t), 0)));
    for (uint32_t i = 0; i < KEYS; i++)
        ktg_sieve_add(&s, ktg_hash64(&i, sizeof i, 0));
    assert_int_equal(s.count, 1);
    ktg_sieve_done(&s);
}

static bool is_even(void *arg, const struct ktg_timer *t)
{
    (void)arg;
    return t->due % 2 == 0;
}

static bool never_asked(void *arg, const struct ktg_timer *t)
{
    (void)arg;
    (void)t;
    fail_msg("nothing is stale");
    return true;
}

static void test_timers__that_are_all_wanted_are_not_looked_through(void **unused)
{
    (void)unused;
    struct ktg_timers t = KTG_TIMERS_INIT;
    for (int i = 0; i < 20000; i++) {
        assert_int_equal(ktg_timers_put(&t, i, KTG_LIT("x")), KTG_OK);
        ktg_timers_tidy(&t, never_asked, NULL);
    }
    ktg_timers_done(&t);
}

/* Stale entries that pile up are dropped a few at a time; those that are wanted come out, in order. */
static void test_timers__come_out_in_order_and_are_kept_tidy(void **unused)
{
    (void)unused;
    enum { TIMERS = 20000 };
    struct ktg_timers t = KTG_TIMERS_INIT;
    size_t wanted = 0, most = 0;
    srand(3);
    for (int i = 0; i < TIMERS; i++) {
        ktg_time due = rand() % 10000 * 2 + (i % 10 != 0); /* one of ten is even */
        wanted += due % 2 == 0;
        assert_int_equal(ktg_timers_put(&t, due, KTG_LIT("x")), KTG_OK);
        if (due % 2)
            ktg_timers_stale(&t);
        size_t before = t.count;
        ktg_timers_tidy(&t, is_even, NULL);
        assert_in_range(before - t.count, 0, 8);
        most = t.count > most ? t.count : most;
    }
    assert_in_range(most, 4000, 10000); /* in place of 20000 */
    assert_in_range(t.count, wanted, 9000);
    ktg_time last = 0;
    size_t found = 0;
    for (struct ktg_timer *one; ktg_timers_next(&t) != KTG_NEVER; ktg_free(one)) {
        one = ktg_timers_take(&t);
        assert_true(one->due >= last);
        last = one->due;
        found += one->due % 2 == 0;
    }
    assert_int_equal(found, wanted);
    ktg_timers_done(&t);
}

/* Thousands of records come and go: each is where it should be while the table grows by a few buckets at a time. */
static void test_state__grows_a_few_slots_at_a_time(void **unused)
{
    (void)unused;
    enum { RECORDS = 20000, LOOK = 1500 };
    static bool there[RECORDS];
    struct ktg_state *s;
    struct ktg_bytes v;
    char key[16];
    assert_int_equal(ktg_state_new(NULL, &s), KTG_OK);
    for (int i = 0; i < RECORDS; i++) {
        snprintf(key, sizeof key, "t%d", i);
        assert_int_equal(ktg_state_put(s, ktg_bytes_str(key), ktg_bytes(&i, sizeof i)), KTG_OK);
        there[i] = true;
        if (i % 3 == 0) {
            snprintf(key, sizeof key, "t%d", i / 2);
            assert_int_equal(ktg_state_del(s, ktg_bytes_str(key)), KTG_OK);
            there[i / 2] = false;
        }
        for (int k = 0; i % LOOK == 0 && k <= i; k++) {
            snprintf(key, sizeof key, "t%d", k);
            int rc = ktg_state_get(s, ktg_bytes_str(key), &v);
            assert_int_equal(rc, there[k] ? KTG_OK : KTG_ENOTFOUND);
            if (there[k])
                assert_memory_equal(v.data, &k, sizeof k);
        }
    }
    ktg_state_free(s);
}

/* ---- a plain map, and a store that is written now and then, or cannot be ---- */

enum { KEYS = 300, NONE = -1 };
struct plain {
    int committed[KEYS], now[KEYS]; /* NONE: not there */
};

static const char *name_of(int k, char *to)
{
    snprintf(to, 8, "%c%03d", "ct"[k % 2], k);
    return to;
}
static int number_of(struct ktg_bytes key)
{
    return atoi((const char[]){(char)key.data[1], (char)key.data[2], (char)key.data[3], 0});
}
static int plain_get(void *arg, struct ktg_bytes key, struct ktg_bytes *ret_value)
{
    const struct plain *p = arg;
    const int *at = &p->committed[number_of(key)];
    if (*at == NONE)
        return KTG_ENOTFOUND;
    *ret_value = ktg_bytes(at, sizeof *at);
    return KTG_OK;
}
static int plain_scan(void *arg, struct ktg_bytes prefix, ktg_state_each *each, void *each_arg)
{
    struct plain *p = arg;
    char name[8];
    int rc = KTG_OK;
    for (int letter = 0; letter < 2; letter++)
        for (int k = letter; !rc && k < KEYS; k += 2)
            if (p->committed[k] != NONE && !memcmp(name_of(k, name), prefix.data, prefix.size))
                rc = each(each_arg, ktg_bytes_str(name), ktg_bytes(&p->committed[k], sizeof(int)));
    return rc;
}
static int commit_one(void *arg, struct ktg_bytes key, struct ktg_bytes value)
{
    memcpy(&((struct plain *)arg)->committed[number_of(key)], value.data, sizeof(int));
    return KTG_OK;
}
static int delete_one(void *arg, struct ktg_bytes key, struct ktg_bytes value)
{
    (void)value;
    ((struct plain *)arg)->committed[number_of(key)] = NONE;
    return KTG_OK;
}
struct seen {
    const struct plain *p;
    char last[8];
    size_t count;
};
static int see(void *arg, struct ktg_bytes key, struct ktg_bytes value)
{
    struct seen *s = arg;
    assert_memory_equal(value.data, &s->p->now[number_of(key)], sizeof(int));
    assert_true(memcmp(s->last, key.data, 4) < 0); /* ascending, each once */
    memcpy(s->last, key.data, 4);
    s->count++;
    return KTG_OK;
}
static void same_as(struct ktg_state *s, const struct plain *p)
{
    char name[8];
    struct ktg_bytes v;
    struct seen seen = {.p = p};
    size_t there = 0;
    for (int k = 0; k < KEYS; k++) {
        int rc = ktg_state_get(s, ktg_bytes_str(name_of(k, name)), &v);
        assert_int_equal(rc, p->now[k] == NONE ? KTG_ENOTFOUND : KTG_OK);
        if (!rc)
            assert_memory_equal(v.data, &p->now[k], sizeof(int));
        there += !rc;
    }
    assert_int_equal(ktg_state_scan(s, KTG_LIT(""), see, &seen), KTG_OK);
    assert_int_equal(seen.count, there);
}

static void change_one(struct ktg_state *s, struct plain *p, int k, int i)
{
    char name[8];
    struct ktg_buf *b;
    if (i % 3 == 0) {
        assert_int_equal(ktg_state_del(s, ktg_bytes_str(name_of(k, name))), KTG_OK);
        p->now[k] = NONE;
    } else if (i % 3 == 1) {
        assert_int_equal(ktg_state_put(s, ktg_bytes_str(name_of(k, name)), ktg_bytes(&i, sizeof i)),
                         KTG_OK);
        p->now[k] = i;
    } else {
        assert_int_equal(ktg_state_edit(s, ktg_bytes_str(name_of(k, name)), &b), KTG_OK);
        assert_int_equal(b->size, p->now[k] == NONE ? 0 : sizeof(int));
        ktg_buf_clear(b);
        ktg_buf_put(b, &i, sizeof i);
        p->now[k] = i;
    }
}

/* Every third checkpoint cannot be written; the state goes on meanwhile, and what the store has at the end is what was. */
static void test_state__is_a_map_over_a_store_whatever_fails(void **unused)
{
    (void)unused;
    static struct plain p;
    struct ktg_records store = {&p, plain_get, plain_scan};
    struct ktg_state *s;
    const struct ktg_changes *f = NULL;
    srand(11);
    for (int k = 0; k < KEYS; k++)
        p.committed[k] = p.now[k] = k % 5 ? NONE : k;
    assert_int_equal(ktg_state_new(&store, &s), KTG_OK);
    for (int i = 0; i < 40000; i++) {
        change_one(s, &p, rand() % KEYS, i);
        if (i % 97 == 0)
            same_as(s, &p);
        if (i % 150 == 0)
            assert_int_equal(ktg_state_freeze(s, &f), KTG_OK);
        if (i % 150 == 70 && i % 9 > 2) {
            assert_int_equal(ktg_changes_write(f, commit_one, delete_one, &p), KTG_OK);
            ktg_changes_free(ktg_state_forget(s));
        }
    }
    for (int last = 0; last < 2; last++) { /* what is frozen, then what came after it */
        assert_int_equal(ktg_state_freeze(s, &f), KTG_OK);
        assert_int_equal(ktg_changes_write(f, commit_one, delete_one, &p), KTG_OK);
        ktg_changes_free(ktg_state_forget(s));
    }
    assert_memory_equal(p.committed, p.now, sizeof p.now);
    assert_int_equal(ktg_state_dirty_count(s), 0);
    same_as(s, &p);
    ktg_state_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sieve__never_denies_a_key_and_seldom_invents_one),
        cmocka_unit_test(test_timers__that_are_all_wanted_are_not_looked_through),
        cmocka_unit_test(test_timers__come_out_in_order_and_are_kept_tidy),
        cmocka_unit_test(test_state__grows_a_few_slots_at_a_time),
        cmocka_unit_test(test_state__is_a_map_over_a_store_whatever_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
