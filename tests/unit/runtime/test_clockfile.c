/* tests/unit/runtime/test_clockfile.c
 * SPDX-License-Identifier: Apache-2.0
 */
#include "runtime/clockfile.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/cmocka.h"

static char folder[] = "/tmp/ktg-clock-XXXXXX";
static char path[64];

static struct ktg_clockfile *make(ktg_time start, int32_t scale)
{
    struct ktg_clockfile *f = NULL;
    unlink(path);
    assert_int_equal(ktg_clockfile_create(path, start, scale, &f, NULL), KTG_OK);
    return f;
}

static void test_clockfile__every_reader_sees_the_same_line(void **unused)
{
    (void)unused;
    struct ktg_clockfile *w = make(1000000, 5000), *r = NULL;
    assert_int_equal(ktg_clockfile_open(path, &r, NULL), KTG_OK);
    ktg_time now = ktg_clock_now(&KTG_CLOCK_REAL);
    assert_int_equal(ktg_clockfile_at(r, now + 100) - ktg_clockfile_at(r, now), 500000);
    assert_int_equal(ktg_clockfile_at(r, now), ktg_clockfile_at(w, now));
    struct ktg_clock c = {.scale = 1, .file = r};
    assert_int_equal(ktg_clock_scale(&c), 5000);
    assert_true(ktg_clock_now(&c) >= 1000000);
    ktg_clockfile_close(r);
    ktg_clockfile_close(w);
}

static void test_clockfile__a_change_of_pace_neither_jumps_nor_goes_back(void **unused)
{
    (void)unused;
    static const int32_t paces[] = {5760, 1,    1, 100,
                                    7,    5760, 1}; /* some while a change is still ahead */
    struct ktg_clockfile *f = make(0, 60);
    for (size_t i = 0; i < KTG_COUNT(paces); i++) {
        ktg_time real = ktg_clock_now(&KTG_CLOCK_REAL), last = ktg_clockfile_at(f, real),
                 was = real;
        ktg_clockfile_set(f, KTG_LONG_AGO, paces[i]);
        real = ktg_clock_now(&KTG_CLOCK_REAL); /* it may have waited for the change before */
        assert_true(ktg_clockfile_at(f, real) >= last);
        assert_true(ktg_clockfile_at(f, real) - last <= (real - was) * 5760);
        last = ktg_clockfile_at(f, real);
        for (ktg_time t = real; t < real + 3 * KTG_CLOCKFILE_LEAD; t++) {
            ktg_time at = ktg_clockfile_at(f, t);
            assert_true(at >= last);
            assert_true(at - last <= 5760);
            last = at;
        }
        real += 10 * KTG_CLOCKFILE_LEAD;
        assert_int_equal(ktg_clockfile_at(f, real + 1) - ktg_clockfile_at(f, real), paces[i]);
    }
    ktg_clockfile_close(f);
}

static void test_clockfile__jumps_forward_when_told_and_never_back(void **unused)
{
    (void)unused;
    struct ktg_clockfile *f = make(5000, 1);
    ktg_clockfile_set(f, 90000000, 1);
    ktg_time real = ktg_clock_now(&KTG_CLOCK_REAL);
    assert_true(ktg_clockfile_at(f, real) >= 90000000);
    ktg_clockfile_set(f, 1, 1);
    assert_true(ktg_clockfile_at(f, real + 1000) >= 90000000);
    ktg_clockfile_close(f);
}

/* Another process looks all the time while the pace changes: what it sees never goes back. */
static void test_clockfile__another_process_never_sees_it_go_back(void **unused)
{
    (void)unused;
    struct ktg_clockfile *f = make(0, 1);
    pid_t child = fork();
    if (child == 0) {
        struct ktg_clockfile *r = NULL;
        if (ktg_clockfile_open(path, &r, NULL))
            _exit(2);
        struct ktg_clock c = {.scale = 1, .file = r};
        for (ktg_time last = KTG_LONG_AGO, now; (now = ktg_clock_now(&c)) < 100000000000;
             last = now)
            if (now < last)
                _exit(1);
        _exit(0);
    }
    for (int i = 0; i < 20; i++)
        ktg_clockfile_set(f, KTG_LONG_AGO, i % 2 ? 1 : 900000);
    ktg_clockfile_set(f, 100000000000, 1);
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    ktg_clockfile_close(f);
}

static void test_clockfile__says_what_is_no_clock(void **unused)
{
    (void)unused;
    struct ktg_clockfile *f = NULL, *w = make(0, 1);
    assert_int_equal(ktg_clockfile_create(path, 0, 1, &f, NULL), KTG_EIO); /* there is one */
    ktg_clockfile_close(w);
    assert_int_equal(truncate(path, 8), 0);
    assert_int_equal(ktg_clockfile_open(path, &f, NULL), KTG_EINVALID);
    assert_int_equal(truncate(path, 0), 0);
    assert_int_equal(truncate(path, 4096), 0);
    assert_int_equal(ktg_clockfile_open(path, &f, NULL), KTG_EINVALID);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(ktg_clockfile_open(path, &f, NULL), KTG_ENOTFOUND);
    assert_null(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_clockfile__every_reader_sees_the_same_line),
        cmocka_unit_test(test_clockfile__a_change_of_pace_neither_jumps_nor_goes_back),
        cmocka_unit_test(test_clockfile__jumps_forward_when_told_and_never_back),
        cmocka_unit_test(test_clockfile__another_process_never_sees_it_go_back),
        cmocka_unit_test(test_clockfile__says_what_is_no_clock),
    };
    if (!mkdtemp(folder))
        return 1;
    snprintf(path, sizeof path, "%s/clock", folder);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(path);
    rmdir(folder);
    return failed;
}
