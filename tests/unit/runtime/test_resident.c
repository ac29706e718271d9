/* tests/unit/runtime/test_resident.c
 * SPDX-License-Identifier: Apache-2.0
 */
#include "runtime/resident.h"

#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/mman.h>

#include "tests/support/cmocka.h"
#include "tests/support/tmpdir.h"

#define MIB ((uint64_t)1 << 20)
enum { SIZE = 128 << 20, PAGE = 4096 };

/* Reads each page of a file, and looks at what is held; the most that was. */
static uint64_t read_all(const volatile uint8_t *map, struct ktg_watch *w)
{
    uint64_t most = 0;
    for (size_t at = 0; at < SIZE; at += PAGE) {
        assert_int_equal(map[at], at == 0 ? 'x' : 0);
        ktg_watch_read(w);
        uint64_t held = at % MIB == 0 ? ktg_resident_bytes() : 0;
        most = held > most ? held : most;
    }
    return most;
}

static void test_watch__reading_a_file_larger_than_memory_stays_within_it(void **unused)
{
    (void)unused;
    char dir[KTG_TMPDIR_SIZE], path[KTG_TMPDIR_SIZE + 8];
    ktg_tmpdir_make(dir);
    snprintf(path, sizeof path, "%s/file", dir);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0 && ftruncate(fd, SIZE) == 0 && pwrite(fd, "x", 1, 0) == 1);
    void *map = mmap(NULL, SIZE, PROT_READ, MAP_SHARED, fd, 0);
    assert_true(map != MAP_FAILED);
    uint64_t limit =
        2 * ktg_resident_bytes() > 48 * MIB ? ktg_resident_bytes() + 48 * MIB : 48 * MIB;
    struct ktg_watch watch = {.limit = limit}, none = {0};
    uint64_t most = read_all(map, &watch);
    if (most > limit)
        fail_msg("%llu held, %llu allowed", (unsigned long long)most, (unsigned long long)limit);
    assert_true(read_all(map, &none) > limit); /* nobody watches: that is what it would be */
    munmap(map, SIZE);
    close(fd);
    ktg_tmpdir_remove(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_watch__reading_a_file_larger_than_memory_stays_within_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
