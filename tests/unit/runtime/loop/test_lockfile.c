/* tests/unit/runtime/loop/test_lockfile.c
 * SPDX-License-Identifier: Apache-2.0
 */
#include "runtime/lockfile.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/bytes.h"
#include "runtime/mem.h"
#include "tests/support/cmocka.h"

static char dir[] = "/tmp/ktg-lock-XXXXXX";

static int set_up(void **unused)
{
    (void)unused;
    return mkdtemp(dir) ? 0 : -1;
}

static int tear_down(void **unused)
{
    (void)unused;
    char command[64];
    snprintf(command, sizeof command, "rm -rf %s", dir);
    return system(command);
}

static void test_lockfile__a_second_start_is_told_who_holds_it(void **unused)
{
    (void)unused;
    char path[64], want[64];
    struct ktg_lockfile *a = NULL, *b = NULL;
    struct ktg_err err = KTG_ERR_INIT;
    snprintf(path, sizeof path, "%s/ingest.lock", dir);
    assert_int_equal(ktg_lockfile_open(path, &a, &err), KTG_OK);
    assert_int_equal(ktg_lockfile_open(path, &b, &err), KTG_ECONFLICT);
    assert_null(b);
    assert_string_equal(err.fault->name, "already-running");
    snprintf(want, sizeof want, "pid %ld", (long)getpid());
    assert_string_equal(err.got, want);
    assert_string_equal(err.where, path);
    a = ktg_lockfile_close(a);
    assert_int_equal(ktg_lockfile_open(path, &b, &err), KTG_OK);
    b = ktg_lockfile_close(b);
}

static void test_lockfile__who_only_looks_takes_and_writes_nothing(void **unused)
{
    (void)unused;
    char path[64], text[32] = "";
    struct ktg_lockfile *a = NULL;
    snprintf(path, sizeof path, "%s/looked.lock", dir);
    assert_false(ktg_lockfile_is_held(path));
    assert_int_not_equal(access(path, F_OK), 0);
    assert_int_equal(ktg_lockfile_open(path, &a, NULL), KTG_OK);
    assert_true(ktg_lockfile_is_held(path));
    a = ktg_lockfile_close(a);
    assert_false(ktg_lockfile_is_held(path)); /* its pid lives and holds it no more */
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs("999999999\n", f); /* of nobody */
    fclose(f);
    assert_false(ktg_lockfile_is_held(path));
    f = fopen(path, "r");
    assert_non_null(f);
    assert_non_null(fgets(text, sizeof text, f));
    fclose(f);
    assert_string_equal(text, "999999999\n");
}

static void test_lockfile__is_free_again_when_its_holder_was_killed(void **unused)
{
    (void)unused;
    char path[64], want[64];
    int fds[2], status;
    struct ktg_lockfile *a = NULL;
    struct ktg_err err = KTG_ERR_INIT;
    snprintf(path, sizeof path, "%s/killed.lock", dir);
    assert_int_equal(pipe(fds), 0);
    pid_t pid = fork();
    if (pid == 0) {
        if (ktg_lockfile_open(path, &a, NULL) != KTG_OK || write(fds[1], "+", 1) != 1)
            _exit(1);
        for (;;)
            pause();
    }
    char c;
    assert_int_equal(read(fds[0], &c, 1), 1);
    assert_int_equal(ktg_lockfile_open(path, &a, &err), KTG_ECONFLICT);
    snprintf(want, sizeof want, "pid %ld", (long)pid);
    assert_string_equal(err.got, want);
    kill(pid, SIGKILL);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(ktg_lockfile_open(path, &a, &err), KTG_OK);
    a = ktg_lockfile_close(a);
    close(fds[0]);
    close(fds[1]);
}

static void test_lockfile__does_not_follow_links_and_needs_its_directory(void **unused)
{
    (void)unused;
    char path[64], target[64];
    struct ktg_lockfile *a = NULL;
    snprintf(path, sizeof path, "%s/link.lock", dir);
    snprintf(target, sizeof target, "%s/target", dir);
    assert_int_equal(symlink(target, path), 0);
    assert_int_equal(ktg_lockfile_open(path, &a, NULL), KTG_EDENIED);
    snprintf(path, sizeof path, "%s/no/such.lock", dir);
    assert_int_equal(ktg_lockfile_open(path, &a, NULL), KTG_ENOTFOUND);
    ktg_mem_fail_after(0);
    assert_int_equal(ktg_lockfile_open(path, &a, NULL), KTG_ENOMEM);
    ktg_mem_fail_after(-1);
    assert_null(a);
}

static void test_rundir__is_made_ours_and_refused_if_it_is_open_to_others(void **unused)
{
    (void)unused;
    char path[64];
    struct stat st;
    struct ktg_err err = KTG_ERR_INIT;
    snprintf(path, sizeof path, "%s/run", dir);
    umask(0077);
    assert_int_equal(ktg_rundir_prepare(path, 0750, &err), KTG_OK);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0750);
    static const struct {
        unsigned is, mode;
        int rc;
    } table[] = {
        {0750, 0750, KTG_OK},      {0700, 0750, KTG_OK},      {0750, 0700, KTG_EDENIED},
        {0770, 0750, KTG_EDENIED}, {0701, 0700, KTG_EDENIED}, {01700, 0700, KTG_EDENIED},
    };
    for (size_t i = 0; i < COUNT(table); i++) {
        assert_int_equal(chmod(path, table[i].is), 0);
        assert_int_equal(ktg_rundir_prepare(path, table[i].mode, &err), table[i].rc);
        if (table[i].rc != KTG_OK)
            assert_string_equal(err.fault->name, "open-directory");
    }
    assert_int_equal(chmod(path, 0700), 0);
    char link[64];
    snprintf(link, sizeof link, "%s/link", dir);
    assert_int_equal(symlink(path, link), 0);
    assert_int_equal(ktg_rundir_prepare(link, 0700, &err), KTG_EDENIED);
    assert_string_equal(err.got, "a link");
    snprintf(link, sizeof link, "%s/no/run", dir);
    assert_int_equal(ktg_rundir_prepare(link, 0700, &err), KTG_ENOTFOUND);
    assert_string_equal(err.fault->name, "path-missing");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lockfile__a_second_start_is_told_who_holds_it),
        cmocka_unit_test(test_lockfile__who_only_looks_takes_and_writes_nothing),
        cmocka_unit_test(test_lockfile__is_free_again_when_its_holder_was_killed),
        cmocka_unit_test(test_lockfile__does_not_follow_links_and_needs_its_directory),
        cmocka_unit_test(test_rundir__is_made_ours_and_refused_if_it_is_open_to_others),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
