/* tests/unit/cmd/test_lines.c - lines of a file, one at a time and bounded.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cmd/lines.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/cmocka.h"

static void test_lines__of_a_file(void **unused)
{
    (void)unused;
    static const struct {
        const char *text;
        const char *lines[4]; /* ended by NULL */
        int end;              /* what the last call says */
    } story[] = {
        {"", {NULL}, KTG_ENOTFOUND},
        {"a\n", {"a", NULL}, KTG_ENOTFOUND},
        {"a", {"a", NULL}, KTG_ENOTFOUND},
        {"\xef\xbb\xbf"
         "a\nb\n",
         {"a", "b", NULL},
         KTG_ENOTFOUND}, /* an editor's mark */
        {"a\r\n\nbc", {"a", "", "bc", NULL}, KTG_ENOTFOUND},
        {"12345678\n", {"12345678", NULL}, KTG_ENOTFOUND},
        {"a\n123456789\n", {"a", NULL}, KTG_EINVALID}, /* longer than the 8 that are allowed */
    };
    for (size_t i = 0; i < COUNT(story); i++) {
        char path[] = "/tmp/ktg-lines-XXXXXX";
        int fd = mkstemp(path);
        assert_true(fd >= 0);
        assert_int_equal(write(fd, story[i].text, strlen(story[i].text)), strlen(story[i].text));
        close(fd);
        struct ktg_lines l;
        struct ktg_err err = KTG_ERR_INIT;
        struct ktg_bytes line;
        assert_int_equal(ktg_lines_open(&l, path, 8, &err), KTG_OK);
        for (size_t k = 0; story[i].lines[k]; k++) {
            assert_int_equal(ktg_lines_next(&l, &line, &err), KTG_OK);
            assert_true(ktg_bytes_is(line, story[i].lines[k]));
            assert_int_equal(l.number, k + 1);
        }
        assert_int_equal(ktg_lines_next(&l, &line, &err), story[i].end);
        ktg_lines_close(&l);
        unlink(path);
    }
}

static void test_lines__say_which_file_is_not_there(void **unused)
{
    (void)unused;
    struct ktg_lines l;
    struct ktg_err err = KTG_ERR_INIT;
    assert_int_equal(ktg_lines_open(&l, "/no/such/file", 8, &err), KTG_ENOTFOUND);
    assert_non_null(strstr(err.text, "/no/such/file"));
}

static bool is_b(struct ktg_bytes line)
{
    return ktg_bytes_is(line, "b");
}

static void test_lines__look_ahead_in_a_file_and_read_on_where_they_were(void **unused)
{
    (void)unused;
    char path[] = "/tmp/ktg-lines-XXXXXX";
    int fd = mkstemp(path), ends[2];
    assert_true(fd >= 0);
    for (int i = 0; i < 40000; i++)
        assert_int_equal(write(fd, "a\n", 2), 2);
    assert_int_equal(write(fd, "xb\nb\n", 5), 5);
    close(fd);
    struct ktg_lines l;
    struct ktg_err err = KTG_ERR_INIT;
    struct ktg_bytes line;
    assert_int_equal(ktg_lines_open(&l, path, 8, &err), KTG_OK);
    assert_true(ktg_lines_find(&l, "b", is_b));
    assert_true(ktg_lines_find(&l, "a\nxb", is_b)); /* the word may lie across two blocks */
    assert_false(ktg_lines_find(&l, "c", is_b));
    for (size_t i = 1; i <= 40001; i++) {
        assert_int_equal(ktg_lines_next(&l, &line, &err), KTG_OK);
        assert_int_equal(l.number, i);
    }
    assert_true(ktg_bytes_is(line, "xb"));
    assert_true(ktg_lines_find(&l, "b", is_b));
    assert_int_equal(ktg_lines_next(&l, &line, &err), KTG_OK);
    assert_false(ktg_lines_find(&l, "b", is_b));
    assert_int_equal(ktg_lines_next(&l, &line, &err), KTG_ENOTFOUND);
    ktg_lines_close(&l);
    unlink(path);
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], "b\n", 2), 2);
    close(ends[1]);
    l = (struct ktg_lines){.file = fdopen(ends[0], "rb"), .name = "pipe", .max = 8};
    assert_false(ktg_lines_find(&l, "b", is_b)); /* of a stream nothing is taken */
    assert_int_equal(ktg_lines_next(&l, &line, &err), KTG_OK);
    ktg_lines_close(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines__of_a_file),
        cmocka_unit_test(test_lines__look_ahead_in_a_file_and_read_on_where_they_were),
        cmocka_unit_test(test_lines__say_which_file_is_not_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
