/* tests/unit/brokers/line.h - a station in a process of its own, and somebody on the line to it by ipc.
 *
 * The station is forked before the test makes a context; it is killed or asked to stop by its pid.  What comes on the line is
 * kept, decoded, in order.  Tests only; asserts.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_TESTS_UNIT_BROKERS_LINE_H
#define KTG_TESTS_UNIT_BROKERS_LINE_H

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/link/link.h"
#include "runtime/mem.h"
#include "schema/protocol.h"
#include "tests/support/cmocka.h"

enum { LINE_MOST = 4096, LINE_PATIENCE = 20000 };

struct line {
    struct ktg_loop *loop;
    struct ktg_context *context;
    struct ktg_link *link;
    struct ktg_buf frames[LINE_MOST];
    size_t count, taken;
    int ups; /* connections so far */
    struct ktg_buf out;
};

static inline void line_look(void *arg)
{
    (void)arg; /* only so that the loop turns and the condition is looked at */
}
/* Until the condition holds; false: it did not in time. */
static inline bool line_wait(bool (*condition)(void *arg), void *arg, int64_t patience)
{
    struct ktg_loop *loop = NULL;
    struct ktg_timer *timer = NULL;
    assert_int_equal(ktg_loop_new(&loop, NULL), KTG_OK);
    assert_int_equal(ktg_timer_new(loop, line_look, NULL, &timer, NULL), KTG_OK);
    ktg_timer_start(timer, 2, 2);
    (void)!ktg_loop_run_until(loop, condition, arg, ktg_mono_ms() + patience);
    ktg_loop_free(loop);
    return condition(arg);
}

static inline pid_t station_start(int (*run)(void *arg), void *arg)
{
    fflush(NULL);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        signal(SIGALRM, SIG_DFL);
        alarm(120); /* whatever becomes of the test */
        _exit(run(arg));
    }
    return pid;
}
/* What a station says of itself, once a second; 0: nothing yet. */
static inline uint64_t station_metric(const char *run_dir, const char *station, const char *name)
{
    char path[160], row[256];
    unsigned long long n = 0;
    size_t size = strlen(name);
    snprintf(path, sizeof path, "%s/%s.metrics", run_dir, station);
    FILE *f = fopen(path, "r");
    while (f && fgets(row, sizeof row, f) &&
           !(strncmp(row, name, size) == 0 && sscanf(row + size, " %llu", &n) == 1))
        ;
    if (f)
        fclose(f);
    return n;
}
static inline int station_end(pid_t pid, int signal_number)
{
    int status = 0;
    if (signal_number)
        kill(pid, signal_number);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static inline void line_hear(void *arg, struct ktg_link *link, const struct ktg_link_message *m)
{
    struct line *l = arg;
    (void)link;
    assert_true(l->count < LINE_MOST);
    ktg_buf_put_bytes(&l->frames[l->count++], m->payload);
}
static inline void line_state(void *arg, struct ktg_link *link, enum ktg_link_state state)
{
    (void)link;
    ((struct line *)arg)->ups += state == KTG_LINK_UP;
}
static inline bool line_is_up(void *arg)
{
    return ktg_link_is_up(((struct line *)arg)->link);
}

static inline int line_admit(void *arg, const struct ktg_asker *asker,
                             char user[static KTG_USER_SIZE], const char **ret_reason)
{
    (void)arg, (void)asker, (void)ret_reason;
    snprintf(user, KTG_USER_SIZE, "station");
    return KTG_OK;
}

static inline struct line *line_open_with(struct ktg_link_options o)
{
    struct line *l = ktg_zalloc(sizeof *l);
    struct ktg_link_calls calls = {.on_message = line_hear, .on_state = line_state, .arg = l};
    assert_non_null(l);
    o.max_frame = KTG_FRAME_MAX;
    o.send_queue = o.recv_queue = 4096;
    o.retry_min = 10;
    o.retry_max = 50;
    assert_int_equal(ktg_loop_new(&l->loop, NULL), KTG_OK);
    assert_int_equal(ktg_context_new(l->loop, line_admit, l, &l->context, NULL), KTG_OK);
    assert_int_equal(ktg_link_connect(l->context, &o, &calls, &l->link, NULL), KTG_OK);
    assert_true(ktg_loop_run_until(l->loop, line_is_up, l, ktg_mono_ms() + LINE_PATIENCE));
    return l;
}
static inline struct line *line_open(const char *endpoint)
{
    return line_open_with((struct ktg_link_options){.endpoint = endpoint, .relay = true});
}
static inline void line_close(struct line *l)
{
    ktg_link_close(l->link);
    ktg_context_free(l->context);
    ktg_loop_free(l->loop);
    for (size_t i = 0; i < l->count; i++)
        ktg_buf_done(&l->frames[i]);
    ktg_buf_done(&l->out);
    ktg_free(l);
}

/* user NULL: the line does not relay. */
static inline void line_say(struct line *l, const char *user, const struct ktg_msg *m)
{
    ktg_buf_clear(&l->out);
    assert_int_equal(ktg_protocol_encode(m, &l->out, NULL), KTG_OK);
    assert_int_equal(ktg_link_send(l->link, 0, user ? ktg_bytes_str(user) : KTG_BYTES_NONE,
                                   ktg_buf_view(&l->out)),
                     KTG_OK);
}

static inline bool line_has_news(void *arg)
{
    const struct line *l = arg;
    return l->taken < l->count;
}
/* The next message; PONGs of session 0 too. */
static inline struct ktg_msg line_next(struct line *l)
{
    struct ktg_msg m;
    if (!ktg_loop_run_until(l->loop, line_has_news, l, ktg_mono_ms() + LINE_PATIENCE) ||
        !line_has_news(l))
        fail_msg("nothing came");
    assert_int_equal(ktg_protocol_decode(ktg_buf_view(&l->frames[l->taken++]), &m, NULL), KTG_OK);
    return m;
}
static inline struct ktg_msg line_expect(struct line *l, enum ktg_msg_type type)
{
    struct ktg_msg m = line_next(l);
    if (m.type != type)
        fail_msg("message %d instead of %d%s%.*s", m.type, type, m.type == KTG_MSG_BYE ? ": " : "",
                 m.type == KTG_MSG_BYE ? (int)m.bye.code.size : 0,
                 m.type == KTG_MSG_BYE ? (const char *)m.bye.code.data : "");
    return m;
}
/* Nothing but the answer to a PING comes: everything before was silent. */
static inline uint64_t line_is_quiet(struct line *l, const char *user)
{
    struct ktg_msg m = {.type = KTG_MSG_PING};
    line_say(l, user, &m);
    return line_expect(l, KTG_MSG_PONG).pong.durable;
}

#endif
