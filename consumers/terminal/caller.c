/* consumers/terminal/caller.c - the picture and the numbered invariants are in caller.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "consumers/terminal/caller.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>

#include "runtime/hash.h"
#include "runtime/link/link.h"
#include "runtime/mem.h"
#include "schema/event.h"
#include "schema/faults.h"

enum {
#define X(NAME, label, code, what, apa, next, langkah) FAULT_##NAME,
#include "consumers/terminal/faults.def"
#undef X
};
static const struct ktg_fault faults[] = {
#define X(NAME, label, code, what, apa, next, langkah) {label, code, what, apa, next, langkah},
#include "consumers/terminal/faults.def"
#undef X
};

enum { SILENCE_MS = 10000, PING_MS = 3000, TICK_MS = 250, ASK_MS = 3000, LATE_S = 5 };

struct ktg_caller {
    const struct ktg_caller_options *options;
    const struct ktg_caller_watch *watch; /* NULL: one question or action */
    const struct ktg_msg *request;
    int (*on_answer)(void *arg, const struct ktg_msg_answer *a);
    void *arg;
    uint64_t position;
    struct ktg_id_source ids;
    uint8_t act[16]; /* id of the action; made once, at the first welcome */
    bool numbered;
    struct ktg_loop *loop;
    struct ktg_context *context;
    struct ktg_link *link;
    struct ktg_timer *tick;
    struct ktg_signal *signals[2];
    uint64_t session; /* 0: not welcome yet */
    uint64_t confirmed, to_confirm;
    int64_t heard_at, pinged_at, hello_at, deadline; /* mono ms */
    int64_t rest;                                    /* before the next hello, after a goodbye */
    int64_t asked_at;                                /* how late it is; mono ms */
    bool is_late;                                    /* said so */
    bool subscribed;           /* the centre has heard of it: `now` is remembered there */
    bool done, refused, guest; /* guest: loop and context are somebody else's */
    int code;
    struct ktg_err *err, own_err;
    struct ktg_buf frame;
};

static void finish(struct ktg_caller *c, int code)
{
    bool first = !c->done;
    if (first)
        c->code = code;
    c->done = true;
    if (!c->guest)
        ktg_loop_stop(c->loop);
    else if (first && c->watch->on_end)
        c->watch->on_end(c->watch->arg, code, c->err);
}

static void tell(struct ktg_caller *c, bool live, const char *why)
{
    if (c->watch && c->watch->on_state)
        c->watch->on_state(c->watch->arg, live, why);
}

static bool send_message(struct ktg_caller *c, const struct ktg_msg *m)
{
    ktg_buf_clear(&c->frame);
    return !ktg_protocol_encode(m, &c->frame, NULL) &&
           !ktg_link_send(c->link, 0, KTG_BYTES_NONE, ktg_buf_view(&c->frame));
}

static void say_hello(struct ktg_caller *c)
{
    struct ktg_buf caps = KTG_BUF_INIT;
    struct ktg_msg m = {.type = KTG_MSG_HELLO};
    ktg_wire_put_array(&caps, 3);
    ktg_wire_put_text(&caps, "act");
    ktg_wire_put_text(&caps, "query");
    ktg_wire_put_text(&caps, "subscribe");
    m.hello = (struct ktg_msg_hello){.proto_min = KTG_PROTO_VERSION,
                                     .proto_max = KTG_PROTO_VERSION,
                                     .producer = ktg_bytes_str(c->options->user),
                                     .client = KTG_LIT("kentongan terminal"),
                                     .caps = ktg_buf_view(&caps)};
    c->session = 0;
    c->hello_at = ktg_mono_ms();
    if (!ktg_buf_check(&caps) && !send_message(c, &m))
        tell(c, false, "no connection");
    ktg_buf_done(&caps);
}

static void on_welcome(struct ktg_caller *c, const struct ktg_msg_welcome *w)
{
    c->session = w->session;
    c->rest = 0;
    if (!c->watch) {
        struct ktg_msg m = *c->request;
        m.session = c->session;
        if (!c->numbered)
            ktg_id_next(&c->ids, w->server_time, c->act);
        c->numbered = true;
        if (m.type == KTG_MSG_ACTION) /* said again after a break it is the same act */
            m.action.id = ktg_bytes(c->act, sizeof c->act);
        if (!send_message(c, &m))
            c->session = 0; /* said again with the next hello */
        return;
    }
    struct ktg_msg m = {.type = KTG_MSG_SUBSCRIBE, .session = c->session};
    m.subscribe = (struct ktg_msg_subscribe){
        .sub = ktg_bytes_str(c->watch->sub),
        .filter = ktg_bytes_str(c->watch->filter ? c->watch->filter : ""),
        /* after the first time it goes on where it was confirmed, whatever the beginning was */
        .from = c->confirmed || (c->subscribed && c->watch->from == KTG_FROM_NOW)
                    ? KTG_FROM_CURSOR
                    : (int)c->watch->from,
        .window = c->watch->window,
    };
    if (send_message(c, &m))
        tell(c, true, "");
}

static bool send_confirm(struct ktg_caller *c)
{
    struct ktg_msg m = {.type = KTG_MSG_CONFIRM, .session = c->session};
    if (c->to_confirm <= c->confirmed)
        return true;
    m.confirm = (struct ktg_msg_confirm){ktg_bytes_str(c->watch->sub), c->to_confirm};
    if (!send_message(c, &m))
        return false; /* it is delivered again, and confirmed then */
    c->confirmed = c->to_confirm;
    return true;
}

static void on_deliver(struct ktg_caller *c, const struct ktg_msg_deliver *d)
{
    struct ktg_wire w = ktg_list_open(d->items);
    struct ktg_item item;
    int rc = KTG_OK;
    while (!rc && !ktg_item_next(&w, &item)) {
        rc = c->watch->on_item(c->watch->arg, &item);
        if (!rc || rc == KTG_EFULL)
            c->to_confirm = item.cursor;
    }
    if (c->watch->on_burst)
        c->watch->on_burst(c->watch->arg);
    if (c->to_confirm < c->confirmed) /* a repeat of what was confirmed already: say it again */
        c->confirmed = 0;
    (void)send_confirm(c);
    if (rc)
        finish(c, rc == KTG_EFULL ? KTG_OK : rc);
}

/* A goodbye that will not change by coming back. */
static bool is_final(struct ktg_bytes code)
{
    static const char *const again[] = {"restarting", "busy", "no-session"};
    for (size_t i = 0; i < KTG_COUNT(again); i++)
        if (ktg_bytes_is(code, again[i]))
            return false;
    return true;
}

static int no_desk(struct ktg_caller *c)
{
    return ktg_fault_set(c->err, KTG_FAULT_NO_DESK, NULL, NULL, "%s", c->options->user);
}

/* Every desk may ask for its alerts. */
static bool asks_for_alerts(const struct ktg_caller *c)
{
    return c->request->type == KTG_MSG_QUERY && (c->request->query.what == KTG_QUERY_ALERTS ||
                                                 c->request->query.what == KTG_QUERY_ALERT);
}

/* The gateway takes a key that sends events to ingest: that knows of epochs, of which we have none, and of no questions. */
static bool is_of_ingest(struct ktg_bytes code)
{
    return ktg_bytes_is(code, "fenced") || ktg_bytes_is(code, "unexpected-message");
}

static void on_bye(struct ktg_caller *c, const struct ktg_msg_bye *b)
{
    const struct ktg_fault *fault = ktg_fault_named(b->code);
    c->session = 0;
    if (is_of_ingest(b->code)) {
        finish(c, no_desk(c));
        return;
    }
    if (is_final(b->code)) {
        char text[200], word[64]; /* what it says beyond the fault itself */
        snprintf(word, sizeof word, "%.*s", (int)b->code.size, (const char *)b->code.data);
        snprintf(text, sizeof text, "%.*s", (int)b->text.size,
                 b->text.size ? (const char *)b->text.data : "");
        bool more = fault && text[0] && strcmp(text, fault->what) != 0;
        finish(c, fault ? ktg_err_fault(c->err, fault, "the centre", more ? text : NULL, NULL)
                        : ktg_err_fault(c->err, &faults[FAULT_GOODBYE], "the centre", word, NULL));
        return;
    }
    tell(c, false, fault ? fault->what : "the centre said goodbye");
    c->rest = c->rest ? (c->rest * 2 > 5000 ? 5000 : c->rest * 2) : 250;
}

static void on_answer(struct ktg_caller *c, const struct ktg_msg_answer *a)
{
    if (a->code.size) {
        const struct ktg_fault *fault = ktg_fault_named(a->code);
        bool denied = ktg_bytes_is(a->code, "denied") && asks_for_alerts(c);
        finish(c, denied  ? no_desk(c)
                  : fault ? ktg_err_fault(c->err, fault, NULL, NULL, NULL)
                          : ktg_err_set(c->err, KTG_EINVALID, "%.*s", (int)a->text.size,
                                        (const char *)a->text.data));
        return;
    }
    finish(c, c->on_answer(c->arg, a));
}

/* How late the centre is, for who watches.  One that does not know the question tells more, or a fault: nothing is said then. */
static void on_lateness(struct ktg_caller *c, const struct ktg_msg_answer *a)
{
    struct ktg_wire w = ktg_list_open(a->items);
    struct ktg_wire_value item, of, behind, late, still;
    while (!ktg_wire_next(&w, &item)) {
        if (!ktg_wire_get(item.raw, "of", &of) || !ktg_bytes_is(of.bytes, "centre") ||
            !ktg_wire_get(item.raw, "behind", &behind) || !ktg_wire_get(item.raw, "late", &late) ||
            !ktg_wire_get(item.raw, "still", &still))
            continue;
        bool is = late.integer >= LATE_S || still.integer >= LATE_S;
        int64_t most = late.integer > still.integer ? late.integer : still.integer;
        struct ktg_caller_late l = {.behind = (uint64_t)behind.integer,
                                    .late = is ? (uint64_t)most : 0,
                                    .still = still.integer > 0};
        if (is != c->is_late && (is || late.integer == 0))
            c->watch->on_late(c->watch->arg, &l);
        c->is_late = is || (c->is_late && late.integer > 0);
    }
}

static void ask_how_late(struct ktg_caller *c, int64_t now)
{
    struct ktg_msg m = {.type = KTG_MSG_QUERY, .session = c->session};
    m.query = (struct ktg_msg_query){.ref = 1, .what = KTG_QUERY_STATUS, .id = KTG_LIT("centre")};
    c->asked_at = now;
    (void)send_message(c, &m); /* asked again */
}

static void on_result(struct ktg_caller *c, const struct ktg_msg_result *r)
{
    if (ktg_bytes_is(r->status, "done")) {
        c->position = r->position;
        finish(c, KTG_OK);
        return;
    }
    const struct ktg_fault *fault = ktg_fault_named(r->status);
    finish(c, fault ? ktg_err_fault(c->err, fault, NULL, NULL, NULL)
                    : ktg_err_set(c->err, KTG_EINVALID, "%.*s", (int)r->text.size,
                                  (const char *)r->text.data));
}

static void on_message(void *arg, struct ktg_link *link, const struct ktg_link_message *lm)
{
    struct ktg_caller *c = arg;
    struct ktg_msg m;
    (void)link;
    c->heard_at = ktg_mono_ms();
    if (ktg_protocol_decode(lm->payload, &m, NULL) || c->done)
        return;
    if (m.type == KTG_MSG_WELCOME)
        on_welcome(c, &m.welcome);
    else if (m.type == KTG_MSG_BYE)
        on_bye(c, &m.bye);
    else if (m.session != c->session)
        return;
    else if (m.type == KTG_MSG_PONG) /* what was said before it was heard, too */
        c->subscribed = c->subscribed || c->session;
    else if (m.type == KTG_MSG_DELIVER && c->watch && ktg_bytes_is(m.deliver.sub, c->watch->sub))
        on_deliver(c, &m.deliver);
    else if (m.type == KTG_MSG_ANSWER && c->watch)
        on_lateness(c, &m.answer);
    else if (m.type == KTG_MSG_ANSWER)
        on_answer(c, &m.answer);
    else if (m.type == KTG_MSG_RESULT && !c->watch)
        on_result(c, &m.result);
}

static void on_state(void *arg, struct ktg_link *link, enum ktg_link_state state)
{
    struct ktg_caller *c = arg;
    (void)link;
    if (c->done)
        return;
    c->refused = state == KTG_LINK_REFUSED;
    if (state == KTG_LINK_UP) {
        c->heard_at = ktg_mono_ms();
        say_hello(c);
        return;
    }
    c->session = 0;
    if (!c->refused)
        tell(c, false, "the line is down");
    else
        finish(c, ktg_err_fault(c->err, &faults[FAULT_KEY_TURNED_AWAY], c->options->endpoint,
                                c->options->user, NULL));
}

/* Nobody has answered for as long as the caller is patient: a question ends, a watch says so and goes on trying. */
static void on_no_answer(struct ktg_caller *c)
{
    const char *why = !ktg_link_is_up(c->link) ? "nobody listens there"
                      : c->session             ? "the centre is busy"
                                               : "the centre is starting";
    char want[64];
    snprintf(want, sizeof want, "an answer within %" PRId64 " s", c->options->patience / 1000);
    if (!c->watch)
        finish(c, ktg_err_fault(c->err, &faults[FAULT_NO_ANSWER], c->options->endpoint, why, want));
    else if (!c->session)
        tell(c, false, why);
    c->deadline = INT64_MAX;
}

static void on_tick(void *arg)
{
    struct ktg_caller *c = arg;
    int64_t now = ktg_mono_ms();
    if (c->done)
        return;
    if (now >= c->deadline) {
        on_no_answer(c);
        return;
    }
    if (!ktg_link_is_up(c->link))
        return;
    if (!c->session) {
        if (now - c->hello_at >= (c->rest ? c->rest : 2000))
            say_hello(c);
        return;
    }
    if (now - c->heard_at >= SILENCE_MS) {
        tell(c, false, "the centre is silent");
        c->heard_at = now;
        say_hello(c);
    } else if (now - c->pinged_at >= PING_MS) {
        struct ktg_msg m = {.type = KTG_MSG_PING, .session = c->session};
        m.ping.t = now;
        c->pinged_at = now;
        (void)send_message(c, &m); /* silence shows */
    } else if (c->watch && c->watch->on_late && now - c->asked_at >= ASK_MS) {
        ask_how_late(c, now);
    }
}

static void on_signal(void *arg, int number)
{
    (void)number;
    finish(arg, KTG_OK);
}

/* The line of `c` on its loop and context. */
static int dial(struct ktg_caller *c)
{
    const struct ktg_caller_options *o = c->options;
    uint32_t jitter;
    ktg_random(&jitter, sizeof jitter);
    struct ktg_link_calls calls = {.on_message = on_message, .on_state = on_state, .arg = c};
    struct ktg_link_options options = {.endpoint = o->endpoint,
                                       .keys = o->plain ? NULL : &o->keys,
                                       .server_key = o->plain ? NULL : &o->server_key,
                                       .plain = o->plain,
                                       .max_frame = KTG_FRAME_MAX,
                                       .recv_queue = 1024,
                                       .retry_max = 2000,
                                       .retry_jitter = jitter % 250};
    int rc = ktg_timer_new(c->loop, on_tick, c, &c->tick, c->err);
    if (!rc)
        rc = ktg_link_connect(c->context, &options, &calls, &c->link, c->err);
    if (!rc) {
        c->deadline = ktg_mono_ms() + o->patience;
        ktg_timer_start(c->tick, TICK_MS, TICK_MS);
    }
    return rc;
}

static int call(struct ktg_caller *c)
{
    static const int numbers[] = {SIGINT, SIGTERM};
    int rc = ktg_loop_new(&c->loop, c->err);
    for (int i = 0; !rc && i < 2; i++)
        rc = ktg_signal_new(c->loop, numbers[i], on_signal, c, &c->signals[i], c->err);
    if (!rc)
        rc = ktg_context_new(c->loop, NULL, NULL, &c->context, c->err);
    if (!rc)
        rc = dial(c);
    if (!rc) {
        ktg_loop_run(c->loop);
        rc = c->code;
    }
    ktg_link_close(c->link);
    ktg_context_free(c->context);
    ktg_loop_free(c->loop);
    ktg_buf_done(&c->frame);
    return rc;
}

int ktg_caller_open(const struct ktg_caller_options *o, const struct ktg_caller_watch *w,
                    struct ktg_loop *loop, struct ktg_context *context,
                    struct ktg_caller **ret_caller, struct ktg_err *err)
{
    struct ktg_caller *c = ktg_zalloc(sizeof *c);
    if (!c)
        return ktg_err_set(err, KTG_ENOMEM, "caller: no memory");
    *c = (struct ktg_caller){
        .options = o, .watch = w, .loop = loop, .context = context, .guest = true, .err = err};
    int rc = dial(c);
    c->err = &c->own_err;
    if (rc)
        ktg_caller_close(c);
    else
        *ret_caller = c;
    return rc;
}

struct ktg_caller *ktg_caller_close(struct ktg_caller *c)
{
    if (!c)
        return NULL;
    ktg_timer_free(c->tick);
    ktg_link_close(c->link);
    ktg_buf_done(&c->frame);
    ktg_free(c);
    return NULL;
}

int ktg_caller_watch(const struct ktg_caller_options *o, const struct ktg_caller_watch *w,
                     struct ktg_err *err)
{
    struct ktg_caller c = {.options = o, .watch = w, .err = err};
    return call(&c);
}

int ktg_caller_ask(const struct ktg_caller_options *o, const struct ktg_msg_query *q,
                   int (*on_answer_call)(void *arg, const struct ktg_msg_answer *a), void *arg,
                   struct ktg_err *err)
{
    struct ktg_msg m = {.type = KTG_MSG_QUERY, .query = *q};
    struct ktg_caller c = {
        .options = o, .request = &m, .on_answer = on_answer_call, .arg = arg, .err = err};
    m.query.ref = 1;
    return call(&c);
}

int ktg_caller_act(const struct ktg_caller_options *o, const struct ktg_msg_action *a,
                   uint64_t *ret_position, struct ktg_err *err)
{
    struct ktg_msg m = {.type = KTG_MSG_ACTION, .action = *a};
    struct ktg_caller c = {.options = o, .request = &m, .err = err};
    m.action.ref = 1;
    int rc = call(&c);
    if (!rc)
        *ret_position = c.position;
    return rc;
}
