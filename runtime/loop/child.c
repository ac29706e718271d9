/* runtime/loop/child.c - see child.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "runtime/loop/child.h"

#include <assert.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "runtime/loop/handle.h"
#include "runtime/mem.h"

enum { STDIN_MOST = 1 << 20, READ_AT_ONCE = 16384 };

struct ktg_child {
    struct ktg_handle handle;
    uv_process_t process;
    uv_pipe_t pipe[3];
    bool piped[3];
    bool running, stdin_closed;
    void (*on_output)(void *arg, int fd, struct ktg_bytes bytes);
    void (*on_exit)(void *arg, int status, int signal);
    void *arg;
    char input[READ_AT_ONCE]; /* both output pipes use it, one after the other */
};

static void close_child(struct ktg_handle *h)
{
    struct ktg_child *c = (struct ktg_child *)h;
    ktg_handle_close_part(h, &c->process);
    for (int i = 0; i < 3; i++)
        ktg_handle_close_part(h, &c->pipe[i]);
}

static void on_alloc(uv_handle_t *part, size_t wish, uv_buf_t *buf)
{
    (void)wish;
    struct ktg_child *c = part->data;
    *buf = uv_buf_init(c->input, sizeof c->input);
}

static void on_read(uv_stream_t *part, ssize_t n, const uv_buf_t *buf)
{
    struct ktg_child *c = part->data;
    if (n > 0)
        c->on_output(c->arg, part == (uv_stream_t *)&c->pipe[1] ? 1 : 2,
                     ktg_bytes(buf->base, (size_t)n));
    else if (n < 0) /* its end, or it broke: nothing will come any more */
        ktg_handle_close_part(&c->handle, part);
}

/* What the child wrote before it ended lies in the pipe; who else holds the pipe is not waited for.
 */
static void read_the_rest(struct ktg_child *c, int fd)
{
    uv_os_fd_t os;
    uv_handle_t *part = (uv_handle_t *)&c->pipe[fd];
    if (!c->piped[fd] || uv_is_closing(part) || uv_fileno(part, &os) != 0)
        return;
    ssize_t n;
    while (!c->handle.closed && (n = read(os, c->input, sizeof c->input)) > 0)
        c->on_output(c->arg, fd, ktg_bytes(c->input, (size_t)n));
}

static void on_end(uv_process_t *uv, int64_t status, int signal)
{
    struct ktg_child *c = uv->data;
    c->running = false;
    read_the_rest(c, 1);
    read_the_rest(c, 2);
    if (c->handle.closed)
        return;
    for (int i = 0; i < 3; i++)
        ktg_handle_close_part(&c->handle, &c->pipe[i]);
    c->stdin_closed = true;
    if (c->on_exit)
        c->on_exit(c->arg, (int)status, signal);
}

int ktg_child_spawn(struct ktg_loop *loop, const struct ktg_child_spec *spec,
                    struct ktg_child **ret_child, struct ktg_err *err)
{
    const enum ktg_child_stream how[3] = {spec->in, spec->out, spec->err};
    assert(spec->on_output || (how[1] != KTG_CHILD_PIPE && how[2] != KTG_CHILD_PIPE));
    struct ktg_child *c = ktg_handle_new(loop, sizeof *c, close_child);
    if (!c)
        return ktg_err_set(err, KTG_ENOMEM, "%s: no memory", spec->argv[0]);
    c->on_output = spec->on_output;
    c->on_exit = spec->on_exit;
    c->arg = spec->arg;

    uv_stdio_container_t io[3];
    int rc = 0;
    for (int i = 0; i < 3 && rc == 0; i++) {
        switch (how[i]) {
        case KTG_CHILD_NULL:
            io[i].flags = UV_IGNORE;
            break;
        case KTG_CHILD_INHERIT:
            io[i].flags = UV_INHERIT_FD;
            io[i].data.fd = i;
            break;
        case KTG_CHILD_PIPE:
            rc = ktg_handle_add_part(&c->handle, &c->pipe[i],
                                     uv_pipe_init(&loop->uv, &c->pipe[i], 0));
            io[i].flags =
                (uv_stdio_flags)(UV_CREATE_PIPE | (i ? UV_WRITABLE_PIPE : UV_READABLE_PIPE));
            io[i].data.stream = (uv_stream_t *)&c->pipe[i];
            c->piped[i] = true;
            break;
        }
    }
    if (rc == 0) {
        const uv_process_options_t o = {.file = spec->argv[0],
                                        .args = (char **)(uintptr_t)spec->argv, /* only read */
                                        .env = (char **)(uintptr_t)spec->env,
                                        .cwd = spec->dir,
                                        .stdio = io,
                                        .stdio_count = 3,
                                        .exit_cb = on_end};
        rc = uv_spawn(&loop->uv, &c->process, &o);
        (void)ktg_handle_add_part(&c->handle, &c->process, 0); /* to be closed even if it failed */
        c->running = rc == 0;
    }
    for (int i = 1; i < 3 && rc == 0; i++)
        if (c->piped[i])
            rc = uv_read_start((uv_stream_t *)&c->pipe[i], on_alloc, on_read);
    if (rc != 0) {
        if (c->running)
            uv_process_kill(&c->process, SIGKILL);
        ktg_handle_close(&c->handle);
        return ktg_handle_error(err, rc, spec->argv[0]);
    }
    *ret_child = c;
    return KTG_OK;
}

pid_t ktg_child_pid(const struct ktg_child *c)
{
    return c->running ? (pid_t)c->process.pid : 0;
}

int ktg_child_kill(struct ktg_child *c, int signal)
{
    if (!c->running)
        return KTG_ENOTFOUND;
    int rc = uv_process_kill(&c->process, signal);
    return rc == 0 ? KTG_OK : ktg_handle_error(NULL, rc, "kill");
}

struct pending_write {
    uv_write_t uv;
    char bytes[];
};

static void on_written(uv_write_t *uv, int status)
{
    (void)status; /* a broken pipe shows in the next write and in on_exit */
    ktg_free(uv);
}

int ktg_child_write(struct ktg_child *c, struct ktg_bytes bytes)
{
    assert(c->piped[0]);
    uv_stream_t *in = (uv_stream_t *)&c->pipe[0];
    if (c->stdin_closed)
        return KTG_EUNREACHABLE;
    if (uv_stream_get_write_queue_size(in) + bytes.size > STDIN_MOST)
        return KTG_EFULL;
    struct pending_write *w = ktg_alloc(sizeof *w + bytes.size);
    if (!w)
        return KTG_ENOMEM;
    memcpy(w->bytes, bytes.data, bytes.size);
    uv_buf_t buf = uv_buf_init(w->bytes, (unsigned)bytes.size);
    int rc = uv_write(&w->uv, in, &buf, 1, on_written);
    if (rc != 0)
        ktg_free(w);
    return rc == 0 ? KTG_OK : KTG_EUNREACHABLE;
}

static void on_shutdown(uv_shutdown_t *uv, int status)
{
    (void)status;
    if (!uv_is_closing((uv_handle_t *)uv->handle)) {
        struct ktg_child *c = uv->handle->data;
        ktg_handle_close_part(&c->handle, uv->handle);
    }
    ktg_free(uv);
}

void ktg_child_close_stdin(struct ktg_child *c)
{
    if (!c->piped[0] || c->stdin_closed)
        return;
    c->stdin_closed = true;
    uv_shutdown_t *uv = ktg_alloc(sizeof *uv);
    if (uv && uv_shutdown(uv, (uv_stream_t *)&c->pipe[0], on_shutdown) == 0)
        return;
    ktg_free(uv);
    ktg_handle_close_part(&c->handle, &c->pipe[0]); /* without what is queued */
}

struct ktg_child *ktg_child_free(struct ktg_child *c)
{
    ktg_handle_close((struct ktg_handle *)c);
    return NULL;
}

int ktg_child_die_with(pid_t parent)
{
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0)
        return KTG_EUSAGE;
    return getppid() == parent ? KTG_OK : KTG_EUNREACHABLE; /* it died before we asked */
}
