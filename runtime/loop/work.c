/* runtime/loop/work.c - see work.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "runtime/loop/work.h"

#include <sys/resource.h>

#include "runtime/loop/handle.h"

enum { BEHIND = 10 }; /* nice: whoever answers goes first */

struct ktg_work {
    struct ktg_handle handle;
    uv_async_t ended;
    uv_thread_t thread;
    bool joinable;
    ktg_loop_call *run, *done;
    void *arg;
};

static void join(struct ktg_work *w)
{
    if (w->joinable)
        uv_thread_join(&w->thread);
    w->joinable = false;
}

static void close_work(struct ktg_handle *h)
{
    struct ktg_work *w = (struct ktg_work *)h;
    join(w);
    ktg_handle_close_part(h, &w->ended);
}

static void body(void *arg)
{
    struct ktg_work *w = arg;
    setpriority(PRIO_PROCESS, 0,
                BEHIND); /* of this thread, on Linux; refused, it runs as the others do */
    w->run(w->arg);
    uv_async_send(&w->ended);
}

static void on_ended(uv_async_t *uv)
{
    struct ktg_work *w = uv->data;
    if (w->handle.closed)
        return;
    join(w);
    w->done(w->arg);
}

int ktg_work_start(struct ktg_loop *loop, ktg_loop_call *run, ktg_loop_call *done, void *arg,
                   struct ktg_work **ret_work, struct ktg_err *err)
{
    struct ktg_work *w = ktg_handle_new(loop, sizeof *w, close_work);
    if (!w)
        return ktg_err_set(err, KTG_ENOMEM, "work: no memory");
    w->run = run;
    w->done = done;
    w->arg = arg;
    int rc =
        ktg_handle_add_part(&w->handle, &w->ended, uv_async_init(&loop->uv, &w->ended, on_ended));
    if (rc == 0) {
        rc = uv_thread_create(&w->thread, body, w);
        w->joinable = rc == 0;
    }
    if (rc != 0) {
        ktg_handle_close(&w->handle);
        return ktg_handle_error(err, rc, "work");
    }
    *ret_work = w;
    return KTG_OK;
}

struct ktg_work *ktg_work_free(struct ktg_work *w)
{
    ktg_handle_close((struct ktg_handle *)w);
    return NULL;
}
