/* tests/unit/producers/agent/test_crash.c - agents that are killed, centres that go away.
 *
 * The agent is a process of its own: it is killed at any instant, also between storing and sending.  It tells by a pipe
 * what it has stored; at the end every event that it told of is at the centre once, and the numbers have no hole.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <signal.h>
#include <sys/wait.h>

#include "runtime/mem.h"
#include "tests/support/cmocka.h"
#define KTG_TMPDIR_MEMORY
#include "tests/support/tmpdir.h"
#include "tests/unit/producers/agent/fake_gateway.h"

static char dir[KTG_TMPDIR_SIZE], outbox[KTG_TMPDIR_SIZE + 8], endpoint[KTG_TMPDIR_SIZE + 16];

struct child {
    struct ktg_agent *agent;
    struct ktg_timer *timer;
    uint64_t next;
    int told;
};

static void child_stored(void *arg, void *tag, const struct ktg_outbox_event *e,
                         const struct ktg_outbox_verdict *v)
{
    struct child *c = arg;
    uint64_t n = ktg_get_be32(e->id + 12);
    (void)tag;
    (void)v;
    if (write(c->told, &n, sizeof n) != sizeof n)
        _exit(3);
}

static void child_tick(void *arg)
{
    struct child *c = arg;
    for (int i = 0; i < 7; i++) {
        struct ktg_buf blob = KTG_BUF_INIT;
        make_event(c->next, "IMI.ENTIKONG.1", &blob);
        if (ktg_agent_submit(c->agent, ktg_buf_view(&blob), NULL, NULL) == KTG_OK)
            c->next++;
        ktg_buf_done(&blob);
    }
}

/* Submits from `next` on, without end. */
static int agent_process(uint64_t next, int told)
{
    struct child c = {.next = next, .told = told};
    struct ktg_loop *loop = NULL;
    struct ktg_context *context = NULL;
    struct ktg_agent_calls calls = {.on_stored = child_stored, .arg = &c};
    if (ktg_loop_new(&loop, NULL) || ktg_context_new(loop, NULL, NULL, &context, NULL))
        return 4;
    struct ktg_agent_options o = {
        .loop = loop,
        .context = context,
        .name = "IMI.ENTIKONG",
        .folder = outbox,
        .endpoint = endpoint,
        .retry_min = 10,
        .retry_max = 50,
        .batch_events = 16,
        .outbox = {.map_size = 64u << 20, .receipts = 1000, .rejects = 10}};
    struct ktg_err err = KTG_ERR_INIT;
    if (ktg_agent_open(&o, &calls, &c.agent, &err)) {
        fprintf(stderr, "%s\n", err.text);
        return 5;
    }
    if (ktg_timer_new(loop, child_tick, &c, &c.timer, NULL))
        return 6;
    ktg_timer_start(c.timer, 0, 2);
    ktg_loop_run(loop);
    return 7;
}

static bool never(void *arg)
{
    (void)arg;
    return false;
}

struct drain {
    struct centre *centre;
    uint64_t want;
};

static bool has_all(void *arg)
{
    struct drain *d = arg;
    return d->centre->count >= d->want;
}

static void
test_agent__killed_at_any_instant_every_stored_event_arrives_once_without_holes(void **unused)
{
    (void)unused;
    static struct centre centre;
    static bool told[1u << 20];
    struct ktg_loop *loop = NULL;
    struct ktg_context *context = NULL;
    uint64_t next = 1, highest = 0;
    ktg_tmpdir_make(dir);
    snprintf(outbox, sizeof outbox, "%s/outbox", dir);
    snprintf(endpoint, sizeof endpoint, "ipc://%s/g.ipc", dir);
    for (unsigned round = 0; round < 20; round++) {
        int p[2];
        assert_int_equal(pipe(p), 0);
        pid_t pid = fork(); /* before the threads of a context are there */
        assert_true(pid >= 0);
        if (pid == 0) {
            close(p[0]);
            _exit(agent_process(next, p[1]));
        }
        close(p[1]);
        assert_int_equal(ktg_loop_new(&loop, NULL), KTG_OK);
        assert_int_equal(ktg_context_new(loop, ktg_agent_lookup, NULL, &context, NULL), KTG_OK);
        assert_int_equal(centre_open(&centre, context, endpoint), KTG_OK);
        centre.cut_after = round % 3 == 2 ? 9 : 0; /* and the centre hangs up, too */
        int64_t ms = 60 + (round * 37) % 90;
        assert_false(ktg_loop_run_until(loop, never, NULL, ktg_mono_ms() + ms));
        assert_int_equal(kill(pid, SIGKILL), 0);
        int status;
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFSIGNALED(status));
        uint64_t n;
        while (read(p[0], &n, sizeof n) == sizeof n) {
            assert_true(n < COUNT(told));
            told[n] = true;
            highest = n > highest ? n : highest;
        }
        close(p[0]);
        next = highest + 1; /* what it had not told of is submitted again: perhaps it was stored */
        assert_false(ktg_loop_run_until(loop, never, NULL,
                                        ktg_mono_ms() + 5)); /* what is in the pipes still counts */
        centre_close(&centre);
        ktg_context_free(context);
        ktg_loop_free(loop);
    }
    /* A last agent, left in peace. */
    assert_int_equal(ktg_loop_new(&loop, NULL), KTG_OK);
    assert_int_equal(ktg_context_new(loop, ktg_agent_lookup, NULL, &context, NULL), KTG_OK);
    centre.cut_after = 0;
    assert_int_equal(centre_open(&centre, context, endpoint), KTG_OK);
    struct ktg_agent *agent = NULL;
    struct ktg_agent_options o = {
        .loop = loop,
        .context = context,
        .name = "IMI.ENTIKONG",
        .folder = outbox,
        .endpoint = endpoint,
        .retry_min = 10,
        .retry_max = 50,
        .outbox = {.map_size = 64u << 20, .receipts = 1000, .rejects = 10}};
    assert_int_equal(ktg_agent_open(&o, NULL, &agent, NULL), KTG_OK);
    struct ktg_outbox_stat st;
    assert_int_equal(ktg_outbox_stat(ktg_agent_outbox(agent), &st, NULL), KTG_OK);
    struct drain d = {&centre, st.next_seq - 1};
    assert_true(ktg_loop_run_until(loop, has_all, &d, ktg_mono_ms() + 20000));
    assert_int_equal(centre.last, st.next_seq - 1);
    assert_int_equal(centre.count, centre.last); /* each number once */
    assert_int_equal(centre.gaps, 0);
    assert_true(highest > 200);
    for (uint64_t n = 1; n <= highest; n++)
        if (told[n])
            assert_int_equal(centre_holds(&centre, n), 1);
    ktg_agent_close(agent);
    centre_close(&centre);
    ktg_context_free(context);
    ktg_loop_free(loop);
    ktg_tmpdir_remove(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            test_agent__killed_at_any_instant_every_stored_event_arrives_once_without_holes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
