/* tests/unit/brokers/correlation/test_checkpoint.c
 * SPDX-License-Identifier: Apache-2.0
 */
#include "brokers/correlation/checkpoint.h"

#include <stdio.h>
#include <string.h>

#include "tests/support/cmocka.h"
#define KTG_TMPDIR_MEMORY
#include "tests/support/tmpdir.h"

static char dir[KTG_TMPDIR_SIZE], path[KTG_TMPDIR_SIZE + 8];

static struct ktg_checkpoint *open_it(uint64_t size)
{
    struct ktg_checkpoint *c = NULL;
    struct ktg_err err = KTG_ERR_INIT;
    if (ktg_checkpoint_open(path, size, &c, &err))
        fail_msg("%s", err.text);
    return c;
}
static struct ktg_state *state_of(struct ktg_checkpoint *c)
{
    struct ktg_state *s = NULL;
    assert_int_equal(ktg_state_new(ktg_checkpoint_records(c), &s), KTG_OK);
    return s;
}
static void put(struct ktg_state *s, const char *key, const char *value)
{
    assert_int_equal(ktg_state_put(s, ktg_bytes_str(key), ktg_bytes_str(value)), KTG_OK);
}
static void expect(struct ktg_state *s, const char *key, const char *value)
{
    struct ktg_bytes v;
    int rc = ktg_state_get(s, ktg_bytes_str(key), &v);
    assert_int_equal(rc, value ? KTG_OK : KTG_ENOTFOUND);
    if (value)
        assert_true(ktg_bytes_is(v, value));
}

static const struct ktg_checkpoint_mark mark = {.position = UINT64_C(0x1122334455667788),
                                                .chain = {{1, 2, 3}},
                                                .journal = {4, 5},
                                                .findings = 99,
                                                .engine = 1};

static void test_checkpoint__comes_back_as_it_was_written(void **unused)
{
    (void)unused;
    struct ktg_checkpoint *c = open_it(16u << 20);
    struct ktg_checkpoint_mark m;
    assert_int_equal(ktg_checkpoint_mark(c, &m, NULL), KTG_ENOTFOUND);
    struct ktg_state *s = state_of(c);
    put(s, "a", "one");
    put(s, "b", "two");
    assert_int_equal(ktg_checkpoint_write(c, s, &mark, NULL), KTG_OK);
    assert_int_equal(ktg_state_dirty_count(s), 0);
    put(s, "a", "changed"); /* never written: gone with the process */
    ktg_state_free(s);
    ktg_checkpoint_close(c);
    c = open_it(16u << 20);
    assert_int_equal(ktg_checkpoint_mark(c, &m, NULL), KTG_OK);
    assert_memory_equal(&m, &mark, sizeof mark);
    s = state_of(c);
    expect(s, "a", "one");
    expect(s, "b", "two");
    assert_int_equal(ktg_state_del(s, KTG_LIT("a")), KTG_OK);
    m.position++;
    assert_int_equal(ktg_checkpoint_write(c, s, &m, NULL), KTG_OK);
    expect(s, "a", NULL);
    expect(s, "b", "two");
    ktg_state_free(s);
    assert_int_equal(ktg_checkpoint_clear(c, NULL), KTG_OK);
    assert_int_equal(ktg_checkpoint_mark(c, &m, NULL), KTG_ENOTFOUND);
    s = state_of(c);
    expect(s, "b", NULL);
    ktg_state_free(s);
    ktg_checkpoint_close(c);
}

/* The map is full: nothing of it is written, nothing is forgotten, and what was there stands. */
static void test_checkpoint__one_that_finds_no_room_changes_nothing(void **unused)
{
    (void)unused;
    struct ktg_checkpoint *c = open_it(256u << 10);
    struct ktg_state *s = state_of(c);
    struct ktg_checkpoint_mark m, later = mark;
    char key[16], value[4096];
    memset(value, 'v', sizeof value - 1);
    value[sizeof value - 1] = 0;
    put(s, "first", "stands");
    assert_int_equal(ktg_checkpoint_write(c, s, &mark, NULL), KTG_OK);
    for (int i = 0; i < 200; i++) {
        snprintf(key, sizeof key, "k%d", i);
        put(s, key, value);
    }
    later.position++;
    size_t dirty = ktg_state_dirty_count(s);
    assert_int_equal(ktg_checkpoint_write(c, s, &later, NULL), KTG_EFULL);
    assert_int_equal(ktg_state_dirty_count(s), dirty);
    expect(s, "k7", value);
    expect(s, "first", "stands");
    assert_int_equal(ktg_checkpoint_mark(c, &m, NULL), KTG_OK);
    assert_int_equal(m.position, mark.position);
    ktg_state_free(s);
    ktg_checkpoint_close(c);
    c = open_it(16u << 20);
    s = state_of(c);
    expect(s, "k7", NULL);
    expect(s, "first", "stands");
    ktg_state_free(s);
    ktg_checkpoint_close(c);
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
        cmocka_unit_test_setup_teardown(test_checkpoint__comes_back_as_it_was_written, make, clear),
        cmocka_unit_test_setup_teardown(test_checkpoint__one_that_finds_no_room_changes_nothing,
                                        make, clear),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
