/* tests/unit/runtime/loop/test_loop.c
 * SPDX-License-Identifier: Apache-2.0
 */
#include "runtime/loop/loop.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "runtime/clock.h"
#include "runtime/loop/work.h"
#include "runtime/mem.h"
#include "tests/support/cmocka.h"

static bool is_positive(void *arg)
{
    return *(int *)arg > 0;
}
static bool is_three(void *arg)
{
    return *(int *)arg >= 3;
}
static bool never(void *arg)
{
    (void)arg;
    return false;
}
static void count(void *arg)
{
    ++*(int *)arg;
}

static bool run_until(struct ktg_loop *loop, bool (*done)(void *arg), void *arg)
{
    return ktg_loop_run_until(loop, done, arg, ktg_mono_ms() + 20000);
}

struct
    busy { /* always more to do; gives up after many calls, so that a starved loop is a failure and not a hang */
    struct ktg_timer *timer;
    int calls, heard;
};
static void work_on(void *arg)
{
    struct busy *b = arg;
    if (++b->calls < 100000)
        ktg_timer_start(b->timer, 0, 0);
}
static void hear(void *arg, int what)
{
    (void)what;
    ((struct busy *)arg)->heard++;
}

static void test_timer__that_starts_itself_again_at_once_leaves_room_for_others(void **unused)
{
    (void)unused;
    struct ktg_loop *loop = NULL;
    struct ktg_watch *watch = NULL;
    struct busy b = {0};
    int fd = eventfd(1, EFD_CLOEXEC);
    assert_int_equal(ktg_loop_new(&loop, NULL), KTG_OK);
    assert_int_equal(ktg_timer_new(loop, work_on, &b, &b.timer, NULL), KTG_OK);
    assert_int_equal(ktg_watch_new(loop, fd, hear, &b, &watch, NULL), KTG_OK);
    assert_int_equal(ktg_watch_start(watch, KTG_WATCH_READ), KTG_OK);
    ktg_timer_start(b.timer, 0, 0);
    assert_true(run_until(loop, is_positive, &b.heard));
    assert_true(b.calls < 100);
    watch = ktg_watch_free(watch);
    loop = ktg_loop_free(loop);
    close(fd);
}

static void test_timer__fires_once_or_again_and_again_and_not_after_stop(void **unused)
{
    (void)unused;
    struct ktg_loop *loop = NULL;
    struct ktg_timer *once = NULL, *again = NULL, *stopped = NULL;
    int n_once = 0, n_again = 0, n_stopped = 0;
    assert_int_equal(ktg_loop_new(&loop, NULL), KTG_OK);
    assert_int_equal(ktg_timer_new(loop, count, &n_once, &once, NULL), KTG_OK);
    assert_int_equal(ktg_timer_new(loop, count, &n_again, &again, NULL), KTG_OK);
    assert_int_equal(ktg_timer_new(loop, count, &n_stopped, &stopped, NULL), KTG_OK);
    ktg_timer_start(once, -5, 0);
    ktg_timer_start(again, 1, 1);
    ktg_timer_start(stopped, 0, 1);
    ktg_timer_stop(stopped);
    assert_true(ktg_timer_is_running(again));
    assert_false(ktg_timer_is_running(stopped));
    assert_true(run_until(loop, is_three, &n_again));
    assert_int_equal(n_once, 1);
    assert_int_equal(n_stopped, 0);
    once = ktg_timer_free(once);
    loop = ktg_loop_free(loop); /* frees the two that are left */
}

static void test_loop__ends_when_nothing_can_happen_at_stop_and_at_the_deadline(void **unused)
{
    (void)unused;
    struct ktg_loop *loop = NULL;
    struct ktg_timer *timer = NULL;
    int n = 0;
    assert_int_equal(ktg_loop_new(&loop, NULL), KTG_OK);
    ktg_loop_run(loop); /* nothing there */
    assert_false(run_until(loop, never, NULL));
    assert_int_equal(ktg_timer_new(loop, count, &n, &timer, NULL), KTG_OK);
    ktg_timer_start(timer, 3600000, 0);
    int64_t before = ktg_mono_ms();
    assert_false(ktg_loop_run_until(loop, never, NULL, before + 5));
    assert_true(ktg_mono_ms() >= before + 5);
    for (int i = 0; i < 1000;
         i++) /* a deadline that passes while the wait begins ends it all the same */
        assert_false(ktg_loop_run_until(loop, never, NULL, ktg_mono_ms() + 1));
    ktg_timer_free(timer);
    assert_int_equal(
        ktg_timer_new(loop, (ktg_loop_call *)(void *)ktg_loop_stop, loop, &timer, NULL), KTG_OK);
    ktg_timer_start(timer, 0, 1); /* would go on for ever */
    ktg_loop_run(loop);
    ktg_loop_free(loop);
}

struct suicide {
    struct ktg_timer *timer;
    int calls;
};

static void free_myself(void *arg)
{
    struct suicide *s = arg;
    s->calls++;
    s->timer = ktg_timer_free(s->timer);
}

static void test_timer__may_be_freed_from_its_own_callback(void **unused)
{
    (void)unused;
    struct ktg_loop *loop = NULL;
    struct suicide s = {0};
    assert_int_equal(ktg_loop_new(&loop, NULL), KTG_OK);
    assert_int_equal(ktg_timer_new(loop, free_myself, &s, &s.timer, NULL), KTG_OK);
    ktg_timer_start(s.timer, 0, 1);
    ktg_loop_run(loop); /* ends: the only handle is gone */
    assert_int_equal(s.calls, 1);
    ktg_loop_free(loop);
    assert_null(ktg_timer_free(NULL));
    assert_null(ktg_loop_free(NULL));
}

struct other_thread {
    struct ktg_wake *wake;
    atomic_int sent;
};

static void *send_many(void *arg)
{
    struct other_thread *t = arg;
    for (int i = 0; i < 1000; i++) {
        atomic_fetch_add(&t->sent, 1);
        ktg_wake_send(t->wake);
    }
    return NULL;
}

struct wake_story {
    struct other_thread t;
    int calls, seen;
};

static void on_wake(void *arg)
{
    struct wake_story *s = arg;
    s->calls++;
    s->seen = atomic_load(&s->t.sent);
}

static bool has_seen_all(void *arg)
{
    return ((struct wake_story *)arg)->seen == 1000;
}

static void
test_wake__many_sends_from_a_thread_become_at_least_one_call_after_the_last(void **unused)
{
    (void)unused;
    struct ktg_loop *loop = NULL;
    struct wake_story s = {.calls = 0};
    pthread_t thread;
    assert_int_equal(ktg_loop_new(&loop, NULL), KTG_OK);
    assert_int_equal(ktg_wake_new(loop, on_wake, &s, &s.t.wake, NULL), KTG_OK);
    assert_int_equal(pthread_create(&thread, NULL, send_many, &s.t), 0);
    assert_true(run_until(loop, has_seen_all, &s));
    pthread_join(thread, NULL);
    assert_in_range(s.calls, 1, 1000);
    ktg_wake_free(s.t.wake);
    ktg_loop_free(loop);
}

static int signals[3], signals_seen;
static void on_signal(void *arg, int number)
{
    (void)arg;
    signals[signals_seen++ % 3] = number;
}
static bool has_seen_three(void *arg)
{
    (void)arg;
    return signals_seen == 3;
}

static void test_signal__int_term_and_hup_arrive_as_calls(void **unused)
{
    (void)unused;
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
    struct ktg_loop *loop = NULL;
    struct ktg_signal *s[3];
    assert_int_equal(ktg_loop_new(&loop, NULL), KTG_OK);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(ktg_signal_new(loop, numbers[i], on_signal, NULL, &s[i], NULL), KTG_OK);
        assert_int_equal(kill(getpid(), numbers[i]), 0);
    }
    assert_true(run_until(loop, has_seen_three, NULL));
    assert_int_equal(signals[0] + signals[1] + signals[2], SIGINT + SIGTERM + SIGHUP);
    s[0] = ktg_signal_free(s[0]);
    struct ktg_signal *none = NULL;
    struct ktg_err err = KTG_ERR_INIT;
    assert_int_equal(ktg_signal_new(loop, SIGKILL, on_signal, NULL, &none, &err), KTG_EUSAGE);
    assert_null(none);
    ktg_loop_free(loop);
}

static void note_what(void *arg, int what)
{
    *(int *)arg |= what;
}

static void test_watch__tells_readable_and_writable_and_nothing_after_stop(void **unused)
{
    (void)unused;
    struct ktg_loop *loop = NULL;
    struct ktg_watch *w = NULL;
    int fds[2], what = 0;
    assert_int_equal(pipe(fds), 0);
    assert_int_equal(ktg_loop_new(&loop, NULL), KTG_OK);
    assert_int_equal(ktg_watch_new(loop, fds[0], note_what, &what, &w, NULL), KTG_OK);
    assert_int_equal(ktg_watch_start(w, KTG_WATCH_READ), KTG_OK);
    assert_int_equal(write(fds[1], "x", 1), 1);
    assert_true(run_until(loop, is_positive, &what));
    assert_int_equal(what, KTG_WATCH_READ);
    assert_int_equal(ktg_watch_start(w, 0), KTG_OK);
    what = 0;
    ktg_loop_run(loop); /* stopped: nothing can happen any more */
    assert_int_equal(what, 0);
    w = ktg_watch_free(w);
    assert_int_equal(ktg_watch_new(loop, fds[1], note_what, &what, &w, NULL), KTG_OK);
    assert_int_equal(ktg_watch_start(w, KTG_WATCH_WRITE), KTG_OK);
    assert_true(run_until(loop, is_positive, &what));
    assert_int_equal(what, KTG_WATCH_WRITE);
    ktg_watch_free(w);
    assert_int_equal(ktg_watch_new(loop, -1, note_what, &what, &w, NULL), KTG_EUSAGE);
    ktg_loop_free(loop);
    close(fds[0]);
    close(fds[1]);
}

/* A source that says once that there is something and then has a thousand things: like a ZMQ_FD. */
struct shy {
    int fd, left, taken, steps;
};
static bool shy_ready(void *arg)
{
    return ((struct shy *)arg)->left > 0;
}
static void shy_step(void *arg)
{
    struct shy *s = arg;
    uint64_t drained;
    if (read(s->fd, &drained, sizeof drained) == sizeof drained)
        s->left += 1000;
    if (s->left > 0) {
        s->left--;
        s->taken++;
    }
    s->steps++;
}
static bool shy_done(void *arg)
{
    return ((struct shy *)arg)->taken == 1000;
}

static void test_pump__one_edge_is_enough_for_a_thousand_steps(void **unused)
{
    (void)unused;
    struct ktg_loop *loop = NULL;
    struct ktg_pump *p = NULL;
    struct shy s = {.fd = eventfd(1, EFD_NONBLOCK | EFD_CLOEXEC)};
    assert_int_equal(ktg_loop_new(&loop, NULL), KTG_OK);
    assert_int_equal(ktg_pump_new(loop, s.fd, shy_ready, shy_step, &s, &p, NULL), KTG_OK);
    assert_true(run_until(loop, shy_done, &s));
    assert_false(ktg_loop_run_until(loop, never, NULL, ktg_mono_ms() + 5));
    assert_in_range(s.steps, 1000, 1010); /* and then it waits, it does not spin */
    p = ktg_pump_free(p);
    assert_int_equal(ktg_pump_new(loop, -1, shy_ready, shy_step, &s, &p, NULL), KTG_OK);
    ktg_loop_free(loop);
    close(s.fd);
}

struct work_story {
    pthread_t self, ran_on;
    int done;
};
static void run_work(void *arg)
{
    ((struct work_story *)arg)->ran_on = pthread_self();
}
static void end_work(void *arg)
{
    ((struct work_story *)arg)->done++;
}
static bool work_done(void *arg)
{
    return ((struct work_story *)arg)->done == 1;
}

static void test_work__runs_elsewhere_and_ends_here(void **unused)
{
    (void)unused;
    struct ktg_loop *loop = NULL;
    struct ktg_work *w = NULL;
    struct work_story s = {.self = pthread_self()}, freed_early = {.self = pthread_self()};
    assert_int_equal(ktg_loop_new(&loop, NULL), KTG_OK);
    assert_int_equal(ktg_work_start(loop, run_work, end_work, &s, &w, NULL), KTG_OK);
    assert_true(run_until(loop, work_done, &s));
    assert_false(pthread_equal(s.self, s.ran_on));
    w = ktg_work_free(w);
    assert_int_equal(ktg_work_start(loop, run_work, end_work, &freed_early, &w, NULL), KTG_OK);
    w = ktg_work_free(w);
    ktg_loop_run(loop);
    assert_false(pthread_equal(freed_early.self, freed_early.ran_on)); /* it did run, */
    assert_int_equal(freed_early.done, 0);                             /* but is not told */
    assert_int_equal(ktg_work_start(loop, run_work, end_work, &freed_early, &w, NULL), KTG_OK);
    ktg_loop_free(loop);
}

static void test_loop__without_memory_makes_nothing_and_loses_nothing(void **unused)
{
    (void)unused;
    struct ktg_loop *loop = NULL;
    struct ktg_err err = KTG_ERR_INIT;
    ktg_mem_fail_after(0);
    assert_int_equal(ktg_loop_new(&loop, &err), KTG_ENOMEM);
    assert_null(loop);
    ktg_mem_fail_after(-1);
    assert_int_equal(ktg_loop_new(&loop, NULL), KTG_OK);
    struct ktg_timer *t = NULL;
    struct ktg_wake *w = NULL;
    struct ktg_pump *p = NULL;
    struct ktg_work *work = NULL;
    int n = 0;
    for (int i = 0; i < 4; i++) {
        ktg_mem_fail_after(0);
        int rc = i == 0   ? ktg_timer_new(loop, count, &n, &t, &err)
                 : i == 1 ? ktg_wake_new(loop, count, &n, &w, &err)
                 : i == 2 ? ktg_pump_new(loop, -1, is_positive, count, &n, &p, &err)
                          : ktg_work_start(loop, count, count, &n, &work, &err);
        ktg_mem_fail_after(-1);
        assert_int_equal(rc, KTG_ENOMEM);
    }
    assert_true(!t && !w && !p && !work);
    ktg_loop_free(loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_timer__that_starts_itself_again_at_once_leaves_room_for_others),
        cmocka_unit_test(test_timer__fires_once_or_again_and_again_and_not_after_stop),
        cmocka_unit_test(test_loop__ends_when_nothing_can_happen_at_stop_and_at_the_deadline),
        cmocka_unit_test(test_timer__may_be_freed_from_its_own_callback),
        cmocka_unit_test(
            test_wake__many_sends_from_a_thread_become_at_least_one_call_after_the_last),
        cmocka_unit_test(test_signal__int_term_and_hup_arrive_as_calls),
        cmocka_unit_test(test_watch__tells_readable_and_writable_and_nothing_after_stop),
        cmocka_unit_test(test_pump__one_edge_is_enough_for_a_thousand_steps),
        cmocka_unit_test(test_work__runs_elsewhere_and_ends_here),
        cmocka_unit_test(test_loop__without_memory_makes_nothing_and_loses_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
