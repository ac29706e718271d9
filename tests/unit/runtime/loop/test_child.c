/* tests/unit/runtime/loop/test_child.c
 * SPDX-License-Identifier: Apache-2.0
 */
#include "runtime/loop/child.h"

#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/buf.h"
#include "runtime/clock.h"
#include "runtime/mem.h"
#include "tests/support/cmocka.h"

struct story {
    struct ktg_buf out, err;
    int exits, status, signal;
};

static void on_output(void *arg, int fd, struct ktg_bytes bytes)
{
    struct story *s = arg;
    assert_int_equal(s->exits, 0); /* never after on_exit */
    ktg_buf_put_bytes(fd == 1 ? &s->out : &s->err, bytes);
}

static void on_exit_call(void *arg, int status, int signal)
{
    struct story *s = arg;
    s->exits++;
    s->status = status;
    s->signal = signal;
}

static bool has_ended(void *arg)
{
    return ((struct story *)arg)->exits > 0;
}

static void run(struct ktg_loop *loop, struct story *s)
{
    assert_true(ktg_loop_run_until(loop, has_ended, s, ktg_mono_ms() + 20000));
    assert_int_equal(s->exits, 1);
}

static void test_child__speaks_and_ends_with_a_status(void **unused)
{
    (void)unused;
    static const char *const argv[] = {"sh", "-c", "pwd; echo $WHO; echo oops >&2; exit 7", NULL};
    static const char *const env[] = {"WHO=post", "PATH=/usr/bin:/bin", NULL};
    struct story s = {.exits = 0};
    struct ktg_loop *loop = NULL;
    struct ktg_child *c = NULL;
    assert_int_equal(ktg_loop_new(&loop, NULL), KTG_OK);
    const struct ktg_child_spec spec = {.argv = argv,
                                        .env = env,
                                        .dir = "/",
                                        .out = KTG_CHILD_PIPE,
                                        .err = KTG_CHILD_PIPE,
                                        .on_output = on_output,
                                        .on_exit = on_exit_call,
                                        .arg = &s};
    assert_int_equal(ktg_child_spawn(loop, &spec, &c, NULL), KTG_OK);
    assert_true(ktg_child_pid(c) > 0);
    run(loop, &s);
    assert_int_equal(s.status, 7);
    assert_int_equal(s.signal, 0);
    assert_string_equal(ktg_buf_text(&s.out), "/\npost\n");
    assert_string_equal(ktg_buf_text(&s.err), "oops\n");
    assert_int_equal(ktg_child_pid(c), 0);
    assert_int_equal(ktg_child_kill(c, SIGTERM), KTG_ENOTFOUND);
    c = ktg_child_free(c);
    ktg_loop_free(loop);
    ktg_buf_done(&s.out);
    ktg_buf_done(&s.err);
}

static void test_child__that_is_killed_tells_the_signal(void **unused)
{
    (void)unused;
    static const char *const argv[] = {"sleep", "1000", NULL};
    struct story s = {.exits = 0};
    struct ktg_loop *loop = NULL;
    struct ktg_child *c = NULL;
    assert_int_equal(ktg_loop_new(&loop, NULL), KTG_OK);
    const struct ktg_child_spec spec = {.argv = argv, .on_exit = on_exit_call, .arg = &s};
    assert_int_equal(ktg_child_spawn(loop, &spec, &c, NULL), KTG_OK);
    assert_int_equal(ktg_child_kill(c, SIGKILL), KTG_OK);
    run(loop, &s);
    assert_int_equal(s.signal, SIGKILL);
    ktg_loop_free(loop); /* frees the child too */
}

static void test_child__reads_what_it_is_written_until_its_stdin_is_closed(void **unused)
{
    (void)unused;
    static const char *const argv[] = {"cat", NULL};
    struct story s = {.exits = 0};
    struct ktg_loop *loop = NULL;
    struct ktg_child *c = NULL;
    assert_int_equal(ktg_loop_new(&loop, NULL), KTG_OK);
    const struct ktg_child_spec spec = {.argv = argv,
                                        .in = KTG_CHILD_PIPE,
                                        .out = KTG_CHILD_PIPE,
                                        .on_output = on_output,
                                        .on_exit = on_exit_call,
                                        .arg = &s};
    assert_int_equal(ktg_child_spawn(loop, &spec, &c, NULL), KTG_OK);
    static char block[100000]; /* more than a pipe holds */
    memset(block, 'x', sizeof block);
    int written = 0, rc;
    while ((rc = ktg_child_write(c, ktg_bytes(block, sizeof block))) == KTG_OK)
        written++;
    assert_int_equal(rc, KTG_EFULL);
    ktg_child_close_stdin(c);
    assert_int_equal(ktg_child_write(c, KTG_LIT("more")), KTG_EUNREACHABLE);
    run(loop, &s);
    assert_int_equal(s.out.size, (size_t)written * sizeof block);
    ktg_loop_free(loop);
    ktg_buf_done(&s.out);
}

static void test_child__that_does_not_exist_is_a_named_error(void **unused)
{
    (void)unused;
    static const char *const missing[] = {"/no/such/program", NULL}, *const closed[] = {
                                                                         "/etc/passwd", NULL};
    struct ktg_loop *loop = NULL;
    struct ktg_child *c = NULL;
    struct ktg_err err = KTG_ERR_INIT;
    assert_int_equal(ktg_loop_new(&loop, NULL), KTG_OK);
    assert_int_equal(ktg_child_spawn(loop, &(struct ktg_child_spec){.argv = missing}, &c, &err),
                     KTG_ENOTFOUND);
    assert_non_null(strstr(err.text, "/no/such/program"));
    assert_int_equal(ktg_child_spawn(loop, &(struct ktg_child_spec){.argv = closed}, &c, &err),
                     KTG_EDENIED);
    ktg_mem_fail_after(0);
    assert_int_equal(ktg_child_spawn(loop, &(struct ktg_child_spec){.argv = closed}, &c, &err),
                     KTG_ENOMEM);
    ktg_mem_fail_after(-1);
    assert_null(c);
    ktg_loop_free(loop);
}

static void test_child__dies_with_its_parent(void **unused)
{
    (void)unused;
    int fds[2];
    assert_int_equal(pipe(fds), 0);
    pid_t middle = fork();
    assert_true(middle >= 0);
    if (middle == 0) {
        pid_t self = getpid();
        if (fork() == 0) {
            close(fds[0]);
            if (ktg_child_die_with(self) != KTG_OK || write(fds[1], "+", 1) != 1)
                _exit(1);
            for (;;)
                pause();
        }
        close(fds[1]);
        char c;
        _exit(read(fds[0], &c, 1) == 1 ? 0 : 1); /* the grandchild is armed: now leave it alone */
    }
    close(fds[1]);
    int status = -1;
    assert_int_equal(waitpid(middle, &status, 0), middle);
    assert_int_equal(status, 0);
    char c;
    assert_int_equal(read(fds[0], &c, 1), 0); /* the end of the pipe: nobody holds it any more */
    close(fds[0]);
    assert_int_equal(ktg_child_die_with(getpid()),
                     KTG_EUNREACHABLE); /* we are not our own parent */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_child__speaks_and_ends_with_a_status),
        cmocka_unit_test(test_child__that_is_killed_tells_the_signal),
        cmocka_unit_test(test_child__reads_what_it_is_written_until_its_stdin_is_closed),
        cmocka_unit_test(test_child__that_does_not_exist_is_a_named_error),
        cmocka_unit_test(test_child__dies_with_its_parent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
