/* runtime/loop/loop.c - see loop.h; the common part of all handles is in handle.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "runtime/loop/loop.h"

#include <assert.h>

#include "runtime/clock.h"
#include "runtime/loop/handle.h"
#include "runtime/mem.h"

/* ---- what all handles share ---- */

int ktg_handle_error(struct ktg_err *err, int rc, const char *what)
{
    static const struct {
        int uv, code;
    } map[] = {
        {UV_ENOENT, KTG_ENOTFOUND}, {UV_ESRCH, KTG_ENOTFOUND}, {UV_EACCES, KTG_EDENIED},
        {UV_EPERM, KTG_EDENIED},    {UV_ENOMEM, KTG_ENOMEM},   {UV_EAGAIN, KTG_EAGAIN},
        {UV_EMFILE, KTG_EAGAIN},    {UV_ENFILE, KTG_EAGAIN},   {UV_EPIPE, KTG_EUNREACHABLE},
        {UV_EINVAL, KTG_EUSAGE},    {UV_EBADF, KTG_EUSAGE},
    };
    int code = KTG_EIO;
    for (size_t i = 0; i < KTG_COUNT(map); i++)
        if (map[i].uv == rc)
            code = map[i].code;
    return ktg_err_set(err, code, "%s: %s", what, uv_strerror(rc));
}

void *ktg_handle_new(struct ktg_loop *loop, size_t size, void (*close)(struct ktg_handle *))
{
    struct ktg_handle *h = ktg_zalloc(size);
    if (!h)
        return NULL;
    h->loop = loop;
    h->close = close;
    h->next = loop->handles;
    if (h->next)
        h->next->prev = h;
    loop->handles = h;
    return h;
}

int ktg_handle_add_part(struct ktg_handle *h, void *part, int rc)
{
    if (rc == 0) {
        ((uv_handle_t *)part)->data = h;
        h->parts++;
    }
    return rc;
}

static void release_if_closed(struct ktg_handle *h)
{
    if (h->closed && h->parts == 0)
        ktg_free(h);
}

static void on_part_closed(uv_handle_t *part)
{
    struct ktg_handle *h = part->data;
    h->parts--;
    release_if_closed(h);
}

void ktg_handle_close_part(struct ktg_handle *h, void *part)
{
    uv_handle_t *p = part;
    if (p->data == h && !uv_is_closing(p)) /* data is set when the part was initialised */
        uv_close(p, on_part_closed);
}

void ktg_handle_close(struct ktg_handle *h)
{
    if (!h || h->closed)
        return;
    *(h->prev ? &h->prev->next : &h->loop->handles) = h->next;
    if (h->next)
        h->next->prev = h->prev;
    h->closed = true;
    h->close(h);
    release_if_closed(h); /* nothing had been initialised */
}

/* ---- the loop ---- */

static void on_deadline(uv_timer_t *t)
{
    (void)t;
} /* it only ends the wait */

static void on_counter(uv_check_t *c)
{
    ((struct ktg_loop *)c->data)->turn++;
}

int ktg_loop_new(struct ktg_loop **ret_loop, struct ktg_err *err)
{
    struct ktg_loop *loop = ktg_zalloc(sizeof *loop);
    if (!loop)
        return ktg_err_set(err, KTG_ENOMEM, "event loop: no memory");
    int rc = uv_loop_init(&loop->uv);
    if (rc != 0) {
        ktg_free(loop);
        return ktg_handle_error(err, rc, "event loop");
    }
    rc = uv_timer_init(&loop->uv, &loop->deadline);
    assert(rc == 0); /* cannot fail */
    uv_unref((uv_handle_t *)&loop->deadline);
    rc = uv_check_init(&loop->uv, &loop->counter);
    assert(rc == 0);
    loop->counter.data = loop;
    loop->turn = 1;
    uv_check_start(&loop->counter, on_counter);
    uv_unref((uv_handle_t *)&loop->counter);
    *ret_loop = loop;
    return KTG_OK;
}

struct ktg_loop *ktg_loop_free(struct ktg_loop *loop)
{
    if (!loop)
        return NULL;
    assert(!loop->running);
    while (loop->handles)
        ktg_handle_close(loop->handles);
    uv_close((uv_handle_t *)&loop->deadline, NULL);
    uv_close((uv_handle_t *)&loop->counter, NULL);
    while (uv_run(&loop->uv, UV_RUN_DEFAULT) != 0)
        ; /* a stop that was asked for before ends a run early */
    int rc = uv_loop_close(&loop->uv);
    assert(rc == 0); /* every handle is on the list */
    (void)rc;
    ktg_free(loop);
    return NULL;
}

void ktg_loop_run(struct ktg_loop *loop)
{
    assert(!loop->running);
    loop->running = true;
    uv_run(&loop->uv, UV_RUN_DEFAULT);
    loop->running = false;
}

bool ktg_loop_run_until(struct ktg_loop *loop, bool (*done)(void *arg), void *arg,
                        int64_t deadline_ms)
{
    assert(!loop->running);
    loop->running = true;
    bool is_done, is_alive = true;
    int64_t left;
    while (!(is_done = done(arg)) && is_alive && (left = deadline_ms - ktg_mono_ms()) > 0) {
        uv_update_time(&loop->uv);
        /* again each ms: if it is due at once, uv calls it before the wait, and the wait needs an end too */
        uv_timer_start(&loop->deadline, on_deadline, (uint64_t)left, 1);
        is_alive = uv_run(&loop->uv, UV_RUN_ONCE) != 0;
    }
    uv_timer_stop(&loop->deadline);
    loop->running = false;
    return is_done;
}

void ktg_loop_stop(struct ktg_loop *loop)
{
    uv_stop(&loop->uv);
}

/* ---- timer ---- */

struct ktg_timer {
    struct ktg_handle handle;
    uv_timer_t uv;
    uint64_t turn; /* in which it fired last */
    ktg_loop_call *call;
    void *arg;
};

static void close_timer(struct ktg_handle *h)
{
    ktg_handle_close_part(h, &((struct ktg_timer *)h)->uv);
}

int ktg_timer_new(struct ktg_loop *loop, ktg_loop_call *call, void *arg,
                  struct ktg_timer **ret_timer, struct ktg_err *err)
{
    struct ktg_timer *t = ktg_handle_new(loop, sizeof *t, close_timer);
    if (!t)
        return ktg_err_set(err, KTG_ENOMEM, "timer: no memory");
    t->call = call;
    t->arg = arg;
    int rc = ktg_handle_add_part(&t->handle, &t->uv, uv_timer_init(&loop->uv, &t->uv));
    assert(rc == 0);
    (void)rc;
    *ret_timer = t;
    return KTG_OK;
}

static void on_timer(uv_timer_t *uv)
{
    struct ktg_timer *t = uv->data;
    /* uv calls a timer that was started again with 0 in the same breath, and never looks at anything else */
    if (t->turn == t->handle.loop->turn) {
        uv_timer_start(uv, on_timer, 1, uv_timer_get_repeat(uv));
        return;
    }
    t->turn = t->handle.loop->turn;
    t->call(t->arg);
}

void ktg_timer_start(struct ktg_timer *t, int64_t delay_ms, int64_t repeat_ms)
{
    uv_update_time(
        &t->handle.loop->uv); /* uv counts from the start of the turn, which may be long ago */
    uv_timer_start(&t->uv, on_timer, delay_ms > 0 ? (uint64_t)delay_ms : 0,
                   repeat_ms > 0 ? (uint64_t)repeat_ms : 0);
}

void ktg_timer_stop(struct ktg_timer *t)
{
    uv_timer_stop(&t->uv);
}

bool ktg_timer_is_running(const struct ktg_timer *t)
{
    return uv_is_active((const uv_handle_t *)&t->uv) != 0;
}

struct ktg_timer *ktg_timer_free(struct ktg_timer *t)
{
    ktg_handle_close((struct ktg_handle *)t);
    return NULL;
}

/* ---- wake ---- */

struct ktg_wake {
    struct ktg_handle handle;
    uv_async_t uv;
    ktg_loop_call *call;
    void *arg;
};

static void close_wake(struct ktg_handle *h)
{
    ktg_handle_close_part(h, &((struct ktg_wake *)h)->uv);
}

static void on_wake(uv_async_t *uv)
{
    struct ktg_wake *w = uv->data;
    if (!w->handle.closed)
        w->call(w->arg);
}

int ktg_wake_new(struct ktg_loop *loop, ktg_loop_call *call, void *arg, struct ktg_wake **ret_wake,
                 struct ktg_err *err)
{
    struct ktg_wake *w = ktg_handle_new(loop, sizeof *w, close_wake);
    if (!w)
        return ktg_err_set(err, KTG_ENOMEM, "wake: no memory");
    w->call = call;
    w->arg = arg;
    int rc = ktg_handle_add_part(&w->handle, &w->uv, uv_async_init(&loop->uv, &w->uv, on_wake));
    if (rc != 0) {
        ktg_handle_close(&w->handle);
        return ktg_handle_error(err, rc, "wake");
    }
    *ret_wake = w;
    return KTG_OK;
}

void ktg_wake_send(struct ktg_wake *w)
{
    uv_async_send(&w->uv);
}

struct ktg_wake *ktg_wake_free(struct ktg_wake *w)
{
    ktg_handle_close((struct ktg_handle *)w);
    return NULL;
}

/* ---- signal ---- */

struct ktg_signal {
    struct ktg_handle handle;
    uv_signal_t uv;
    void (*call)(void *arg, int number);
    void *arg;
};

static void close_signal(struct ktg_handle *h)
{
    ktg_handle_close_part(h, &((struct ktg_signal *)h)->uv);
}

static void on_signal(uv_signal_t *uv, int number)
{
    struct ktg_signal *s = uv->data;
    if (!s->handle.closed)
        s->call(s->arg, number);
}

int ktg_signal_new(struct ktg_loop *loop, int number, void (*call)(void *arg, int number),
                   void *arg, struct ktg_signal **ret_signal, struct ktg_err *err)
{
    struct ktg_signal *s = ktg_handle_new(loop, sizeof *s, close_signal);
    if (!s)
        return ktg_err_set(err, KTG_ENOMEM, "signal: no memory");
    s->call = call;
    s->arg = arg;
    int rc = ktg_handle_add_part(&s->handle, &s->uv, uv_signal_init(&loop->uv, &s->uv));
    if (rc == 0)
        rc = uv_signal_start(&s->uv, on_signal, number);
    if (rc != 0) {
        ktg_handle_close(&s->handle);
        return ktg_handle_error(err, rc, "signal");
    }
    *ret_signal = s;
    return KTG_OK;
}

struct ktg_signal *ktg_signal_free(struct ktg_signal *s)
{
    ktg_handle_close((struct ktg_handle *)s);
    return NULL;
}

/* ---- watch ---- */

struct ktg_watch {
    struct ktg_handle handle;
    uv_poll_t uv;
    void (*call)(void *arg, int what);
    void *arg;
};

static void close_watch(struct ktg_handle *h)
{
    ktg_handle_close_part(h, &((struct ktg_watch *)h)->uv);
}

int ktg_watch_new(struct ktg_loop *loop, int fd, void (*call)(void *arg, int what), void *arg,
                  struct ktg_watch **ret_watch, struct ktg_err *err)
{
    struct ktg_watch *w = ktg_handle_new(loop, sizeof *w, close_watch);
    if (!w)
        return ktg_err_set(err, KTG_ENOMEM, "watch: no memory");
    w->call = call;
    w->arg = arg;
    int rc = ktg_handle_add_part(&w->handle, &w->uv, uv_poll_init(&loop->uv, &w->uv, fd));
    if (rc != 0) {
        ktg_handle_close(&w->handle);
        return ktg_handle_error(err, rc, "watch");
    }
    *ret_watch = w;
    return KTG_OK;
}

static void on_watch(uv_poll_t *uv, int status, int events)
{
    struct ktg_watch *w = uv->data;
    int what =
        (events & UV_READABLE ? KTG_WATCH_READ : 0) | (events & UV_WRITABLE ? KTG_WATCH_WRITE : 0);
    w->call(w->arg, status < 0 ? KTG_WATCH_READ | KTG_WATCH_WRITE : what);
}

int ktg_watch_start(struct ktg_watch *w, int what)
{
    int events =
        (what & KTG_WATCH_READ ? UV_READABLE : 0) | (what & KTG_WATCH_WRITE ? UV_WRITABLE : 0);
    int rc = events ? uv_poll_start(&w->uv, events, on_watch) : uv_poll_stop(&w->uv);
    return rc == 0 ? KTG_OK : ktg_handle_error(NULL, rc, "watch");
}

struct ktg_watch *ktg_watch_free(struct ktg_watch *w)
{
    ktg_handle_close((struct ktg_handle *)w);
    return NULL;
}

/* ---- pump ---- */

struct ktg_pump {
    struct ktg_handle handle;
    uv_poll_t poll;
    uv_prepare_t prepare; /* before the wait */
    uv_idle_t idle;       /* running: the wait is no wait */
    uv_check_t check;     /* after the wait */
    bool (*ready)(void *arg);
    void (*step)(void *arg);
    void *arg;
};

static void close_pump(struct ktg_handle *h)
{
    struct ktg_pump *p = (struct ktg_pump *)h;
    ktg_handle_close_part(h, &p->poll);
    ktg_handle_close_part(h, &p->prepare);
    ktg_handle_close_part(h, &p->idle);
    ktg_handle_close_part(h, &p->check);
}

static void on_edge(uv_poll_t *uv, int status, int events)
{ /* it has woken the loop; the work is done in on_check */
    (void)uv, (void)status, (void)events;
}

static void on_idle(uv_idle_t *uv)
{
    (void)uv;
}

static void on_prepare(uv_prepare_t *uv)
{
    struct ktg_pump *p = uv->data;
    if (p->ready(p->arg) && !p->handle.closed)
        uv_idle_start(&p->idle, on_idle);
}

static void on_check(uv_check_t *uv)
{
    struct ktg_pump *p = uv->data;
    uv_idle_stop(&p->idle);
    p->step(p->arg);
}

int ktg_pump_new(struct ktg_loop *loop, int fd, bool (*ready)(void *arg), void (*step)(void *arg),
                 void *arg, struct ktg_pump **ret_pump, struct ktg_err *err)
{
    struct ktg_pump *p = ktg_handle_new(loop, sizeof *p, close_pump);
    if (!p)
        return ktg_err_set(err, KTG_ENOMEM, "pump: no memory");
    p->ready = ready;
    p->step = step;
    p->arg = arg;
    int rc = 0;
    if (fd >= 0) {
        rc = ktg_handle_add_part(&p->handle, &p->poll, uv_poll_init(&loop->uv, &p->poll, fd));
        if (rc == 0)
            rc = uv_poll_start(&p->poll, UV_READABLE, on_edge);
    }
    if (rc != 0) {
        ktg_handle_close(&p->handle);
        return ktg_handle_error(err, rc, "pump");
    }
    /* these three cannot fail */
    (void)ktg_handle_add_part(&p->handle, &p->prepare, uv_prepare_init(&loop->uv, &p->prepare));
    (void)ktg_handle_add_part(&p->handle, &p->idle, uv_idle_init(&loop->uv, &p->idle));
    (void)ktg_handle_add_part(&p->handle, &p->check, uv_check_init(&loop->uv, &p->check));
    uv_prepare_start(&p->prepare, on_prepare);
    uv_check_start(&p->check, on_check);
    *ret_pump = p;
    return KTG_OK;
}

struct ktg_pump *ktg_pump_free(struct ktg_pump *p)
{
    ktg_handle_close((struct ktg_handle *)p);
    return NULL;
}
