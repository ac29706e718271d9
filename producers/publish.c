/* producers/publish.c - see publish.h.
 *
 *     read ──> lines ──> checked ──> own agent: submit            receipts come by call
 *                              └──> running agent: SUBMIT of up to 256, one at a time; STORED, then RECEIPT ...
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "producers/publish.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "producers/agent/local.h"
#include "producers/publish_input.h"
#include "runtime/mem.h"
#include "runtime/path.h"
#include "schema/event.h"
#include "schema/faults.h"
#include "schema/json.h"

#define PIECE    65536
#define BUDGET   2000   /* lines a turn */
#define PROGRESS 500    /* ms */
#define BATCH    900000 /* bytes of one SUBMIT */

struct publish {
    const struct ktg_publish_options *o;
    struct ktg_publish_calls calls;
    struct ktg_publish_counts counts;
    struct ktg_loop *loop;
    struct ktg_context *context;
    struct ktg_agent *agent; /* our own, or NULL */
    struct ktg_link *link;   /* to the running one, or NULL */
    struct ktg_timer *turn, *progress;
    struct ktg_signal *stop[2];
    struct ktg_watch *watch; /* of a pipe; files need none */
    int fd;
    bool close_fd, readable, ended, full;
    struct ktg_lines_in lines;
    struct ktg_pending pending; /* waits for a receipt */
    struct ktg_buf blob;        /* of the line that is being checked */
    uint64_t blob_line;         /* ... and could not be handed over yet; 0: none */
    uint64_t unstored;          /* handed to the agent, not yet stored */
    ktg_time news_at;           /* mono: when anything was stored or receipted last */
    enum ktg_agent_state state;
    int denied;
    struct ktg_err why; /* of denied */
    /* to the running agent */
    struct ktg_buf batch, frame;
    uint32_t batch_count;
    uint64_t ref, *batch_lines;
    uint8_t (*batch_ids)[KTG_OUTBOX_ID];
    bool sent; /* the batch went out and waits for STORED */
};

static void wake(struct publish *p)
{
    ktg_timer_start(p->turn, 0, 0);
}

static void say_wrong(struct publish *p, uint64_t line, const struct ktg_err *why)
{
    p->counts.invalid++;
    if (p->calls.on_wrong)
        p->calls.on_wrong(p->calls.arg, line, why);
}

/* ---- checking ---- */

/* The canonical event of a line into p->blob; false: the line was wrong and told. */
static bool check_line(struct publish *p, struct ktg_bytes line, uint64_t number)
{
    struct ktg_err err = KTG_ERR_INIT;
    struct ktg_event e;
    ktg_buf_clear(&p->blob);
    int r = ktg_json_decode(p->o->catalogue, line, &p->blob, NULL, &err);
    if (!r)
        r = ktg_event_read(p->o->catalogue, ktg_buf_view(&p->blob), &e, &err);
    if (!r)
        r = ktg_event_check(p->o->catalogue, &e, &err);
    if (r)
        say_wrong(p, number, &err);
    return r == KTG_OK;
}

static bool is_blank(struct ktg_bytes line)
{
    for (size_t i = 0; i < line.size; i++)
        if (line.data[i] != ' ' && line.data[i] != '\t')
            return false;
    return true;
}

/* The next right event into p->blob.  KTG_ENOTFOUND: no line is there now. */
static int next_event(struct publish *p, uint64_t *ret_line)
{
    struct ktg_bytes line;
    for (;;) {
        int r = ktg_lines_in_next(&p->lines, KTG_JSON_LINE_MAX, &line);
        if (r == KTG_ENOTFOUND)
            return r;
        if (r == KTG_EINVALID) {
            struct ktg_err err = KTG_ERR_INIT;
            (void)ktg_fault_set(&err, KTG_FAULT_OVERSIZE, NULL, "at most 262144 bytes a line",
                                "line");
            p->counts.lines++;
            say_wrong(p, p->lines.number, &err);
            continue;
        }
        if (is_blank(line))
            continue;
        p->counts.lines++;
        if (check_line(p, line, p->lines.number)) {
            *ret_line = p->lines.number;
            return KTG_OK;
        }
    }
}

/* ---- receipts ---- */

static void take_receipt(struct publish *p, const struct ktg_outbox_receipt *r,
                         const struct ktg_outbox_fault *fault)
{
    struct ktg_pending_row row;
    if (!ktg_pending_take(&p->pending, r->id, &row))
        return; /* of an event that waited from an earlier run */
    uint64_t n = 1 + row.more;
    p->counts.accepted +=
        r->status == KTG_RECEIPT_ACCEPTED || r->status == KTG_RECEIPT_STORED ? n : 0;
    p->counts.duplicate += r->status == KTG_RECEIPT_DUPLICATE ? n : 0;
    p->counts.rejected += r->status == KTG_RECEIPT_REJECTED ? n : 0;
    p->news_at = ktg_mono_ms();
    if (p->calls.on_receipt)
        p->calls.on_receipt(p->calls.arg, row.line, r, fault);
    wake(p);
}

/* It had its receipt in an earlier run: for this one it is a duplicate. */
static void take_old_receipt(struct publish *p, const struct ktg_outbox_receipt *r)
{
    struct ktg_outbox_receipt old = *r;
    if (old.status == KTG_RECEIPT_ACCEPTED || old.status == KTG_RECEIPT_STORED)
        old.status = KTG_RECEIPT_DUPLICATE;
    take_receipt(p, &old, NULL);
}

static void conflict(struct publish *p, const uint8_t *id, uint64_t line)
{
    struct ktg_err err = KTG_ERR_INIT;
    char text[KTG_ID_TEXT];
    ktg_id_format(id, text);
    (void)ktg_fault_set(&err, KTG_FAULT_ID_CONFLICT, text, "an id of its own", "/id");
    say_wrong(p, line, &err);
}

/* ---- our own agent ---- */

static void on_stored(void *arg, void *tag, const struct ktg_outbox_event *e,
                      const struct ktg_outbox_verdict *v)
{
    struct publish *p = arg;
    p->unstored--;
    p->news_at = ktg_mono_ms();
    if (v->kind == KTG_OUTBOX_CONFLICT) {
        conflict(p, e->id, (uint64_t)(uintptr_t)tag);
    } else {
        p->counts.stored++;
        if (!p->o->no_wait && ktg_pending_put(&p->pending, e->id, (uint64_t)(uintptr_t)tag))
            p->counts.unanswered++; /* no memory to wait with; it is stored */
        if (v->kind == KTG_OUTBOX_DONE)
            take_old_receipt(p, &v->receipt);
    }
    wake(p);
}

static void on_receipt(void *arg, const struct ktg_outbox_receipt *r,
                       const struct ktg_outbox_fault *fault)
{
    take_receipt(arg, r, fault);
}

static void on_state(void *arg, enum ktg_agent_state state, const struct ktg_err *why)
{
    struct publish *p = arg;
    p->state = state;
    if (state == KTG_AGENT_ONLINE)
        p->news_at = ktg_mono_ms();
    if (state == KTG_AGENT_REFUSED || state == KTG_AGENT_FENCED) {
        p->denied = KTG_EDENIED;
        if (why)
            p->why = *why;
    }
    wake(p);
}

static void on_trouble(void *arg, const struct ktg_err *what)
{
    struct publish *p = arg;
    if (p->calls.on_trouble)
        p->calls.on_trouble(p->calls.arg, what);
}

static void on_room(void *arg)
{
    struct publish *p = arg;
    p->full = false;
    wake(p);
}

static void on_broken(void *arg, const struct ktg_err *why)
{
    struct publish *p = arg;
    p->denied = KTG_EIO;
    p->why = *why;
    wake(p);
}

/* KTG_EAGAIN: not now. */
static int hand_over(struct publish *p, uint64_t line, struct ktg_err *err)
{
    int r = ktg_agent_submit(p->agent, ktg_buf_view(&p->blob), (void *)(uintptr_t)line, err);
    if (!r)
        p->unstored++;
    p->full = r == KTG_EAGAIN;
    return r;
}

/* ---- the running agent ---- */

static void send_batch(struct publish *p)
{
    if (p->sent || p->batch_count == 0 || !ktg_link_is_up(p->link))
        return;
    struct ktg_buf events = KTG_BUF_INIT;
    ktg_wire_put_array(&events, p->batch_count);
    ktg_buf_put_bytes(&events, ktg_buf_view(&p->batch));
    struct ktg_local m = {.kind = KTG_LOCAL_SUBMIT,
                          .ref = p->ref,
                          .watch = !p->o->no_wait,
                          .events = ktg_buf_view(&events)};
    ktg_buf_clear(&p->frame);
    if (ktg_buf_check(&events) == KTG_OK && ktg_local_encode(&m, &p->frame, NULL) == KTG_OK &&
        ktg_link_send(p->link, 0, KTG_BYTES_NONE, ktg_buf_view(&p->frame)) == KTG_OK)
        p->sent = true; /* else with the next turn */
    ktg_buf_done(&events);
}

/* KTG_EAGAIN: the batch is full, or under way. */
static int join_batch(struct publish *p, uint64_t line, struct ktg_err *err)
{
    struct ktg_wire_value id;
    if (p->sent || p->batch_count == KTG_LOCAL_EVENTS ||
        (p->batch_count && p->batch.size + p->blob.size > BATCH)) {
        p->full = true;
        return KTG_EAGAIN;
    }
    if (!ktg_wire_get(ktg_buf_view(&p->blob), "id", &id) || id.bytes.size != KTG_OUTBOX_ID)
        return ktg_err_set(err, KTG_EINVALID, "an event without an id"); /* was checked before */
    if (!p->o->no_wait && ktg_pending_put(&p->pending, id.bytes.data, line))
        return ktg_err_set(err, KTG_ENOMEM, "publish: no memory");
    ktg_wire_put_bin(&p->batch, ktg_buf_view(&p->blob));
    if (ktg_buf_check(&p->batch))
        return ktg_err_set(err, KTG_ENOMEM, "publish: no memory");
    memcpy(p->batch_ids[p->batch_count], id.bytes.data, KTG_OUTBOX_ID);
    p->batch_lines[p->batch_count++] = line;
    p->unstored++;
    return KTG_OK;
}

static void refused(struct publish *p, const struct ktg_local *m)
{
    struct ktg_err err = KTG_ERR_INIT;
    struct ktg_pending_row row;
    if (m->ref != p->ref || !p->sent || m->index >= p->batch_count || !p->batch_lines[m->index])
        return;
    const struct ktg_fault *fault = ktg_fault_named(m->fault.code);
    if (fault)
        (void)ktg_err_fault(&err, fault, "/id", NULL, NULL);
    else
        (void)ktg_err_set(&err, KTG_EINVALID, "%.*s", (int)m->fault.text.size,
                          (const char *)m->fault.text.data);
    (void)!ktg_pending_take(&p->pending, p->batch_ids[m->index], &row);
    say_wrong(p, p->batch_lines[m->index], &err);
    p->batch_lines[m->index] = 0; /* told; the batch may have to be sent once more */
    p->unstored--;
}

static void on_local(void *arg, struct ktg_link *link, const struct ktg_link_message *lm)
{
    struct publish *p = arg;
    struct ktg_local m;
    (void)link;
    if (ktg_local_decode(lm->payload, &m, NULL))
        return;
    p->news_at = ktg_mono_ms();
    switch (m.kind) {
    case KTG_LOCAL_STORED:
        if (m.ref != p->ref || !p->sent)
            break;
        p->counts.stored += p->unstored;
        p->unstored = 0;
        p->batch_count = 0;
        ktg_buf_clear(&p->batch);
        p->sent = p->full = false;
        p->ref++;
        break;
    case KTG_LOCAL_REFUSED:
        refused(p, &m);
        break;
    case KTG_LOCAL_RECEIPT:
        take_receipt(p, &m.receipt, m.fault.code.size ? &m.fault : NULL);
        break;
    case KTG_LOCAL_SUBMIT:
        break;
    }
    wake(p);
}

static void on_local_state(void *arg, struct ktg_link *link, enum ktg_link_state state)
{
    struct publish *p = arg;
    (void)link;
    if (state == KTG_LINK_DOWN)
        p->sent = false; /* once more: what was stored is known there */
    p->state = state == KTG_LINK_UP ? KTG_AGENT_ONLINE : KTG_AGENT_OFFLINE;
    wake(p);
}

static int open_local(struct publish *p, struct ktg_err *err)
{
    struct ktg_link_options o = {
        .endpoint = p->o->ipc, .max_frame = KTG_LOCAL_BYTES, .recv_queue = 4096};
    struct ktg_link_calls calls = {.on_message = on_local, .on_state = on_local_state, .arg = p};
    p->batch_lines = ktg_calloc(KTG_LOCAL_EVENTS, sizeof *p->batch_lines);
    p->batch_ids = ktg_calloc(KTG_LOCAL_EVENTS, sizeof *p->batch_ids);
    if (!p->batch_lines || !p->batch_ids)
        return ktg_err_set(err, KTG_ENOMEM, "publish: no memory");
    return ktg_link_connect(p->context, &o, &calls, &p->link, err);
}

/* ---- reading ---- */

static void on_readable(void *arg, int what)
{
    struct publish *p = arg;
    (void)what;
    p->readable = true;
    (void)!ktg_watch_start(p->watch, 0); /* until it is read */
    wake(p);
}

/* One piece, if it can be had without waiting.  KTG_EAGAIN: not now. */
static int read_piece(struct publish *p, bool may_wait, struct ktg_err *err)
{
    uint8_t piece[PIECE];
    if (p->watch && !may_wait && !p->readable)
        return KTG_EAGAIN;
    p->readable = false;
    ssize_t n = read(p->fd, piece, sizeof piece);
    if (n < 0 && (errno == EINTR || errno == EAGAIN))
        return KTG_EAGAIN;
    if (n < 0)
        return ktg_path_fail(err, p->o->file, errno, "a file of events");
    p->ended = n == 0;
    int r = ktg_lines_in_put(&p->lines, ktg_bytes(piece, (size_t)n));
    return r ? ktg_err_set(err, r, "publish: no memory") : KTG_OK;
}

static int open_file(struct publish *p, struct ktg_err *err)
{
    p->fd = p->o->in;
    if (strcmp(p->o->file, "-") == 0)
        return KTG_OK;
    p->fd = open(p->o->file, O_RDONLY | O_CLOEXEC);
    if (p->fd < 0)
        return ktg_path_fail(err, p->o->file, errno, "a file of events");
    p->close_fd = true;
    struct stat st;
    if (fstat(p->fd, &st) == 0 && S_ISDIR(st.st_mode))
        return ktg_path_fail(err, p->o->file, EISDIR, "a file of events");
    return KTG_OK;
}

/* ---- turns ---- */

static void stop_loop(struct publish *p, int code, const struct ktg_err *why)
{
    p->denied = p->denied ? p->denied : code;
    if (why && code)
        p->why = *why;
    ktg_loop_stop(p->loop);
}

/* Lines to the agent, until either has no more. */
static int pass_on(struct publish *p, struct ktg_err *err)
{
    int budget = BUDGET, r = KTG_OK;
    while (budget-- > 0 && !p->full && p->pending.count < KTG_PUBLISH_PENDING) {
        if (!p->blob_line && (r = next_event(p, &p->blob_line)) == KTG_ENOTFOUND) {
            if (p->ended)
                return KTG_OK;
            r = read_piece(p, false, err);
            if (r)
                return r == KTG_EAGAIN ? KTG_OK : r;
            continue;
        }
        r = p->agent ? hand_over(p, p->blob_line, err) : join_batch(p, p->blob_line, err);
        if (r == KTG_EAGAIN)
            return KTG_OK;
        if (r == KTG_EINVALID)
            say_wrong(p, p->blob_line, err);
        else if (r)
            return r;
        p->blob_line = 0;
    }
    return KTG_OK;
}

static bool all_read(const struct publish *p)
{
    return p->ended && !p->blob_line && p->lines.at == p->lines.bytes.size;
}

static void turn(void *arg)
{
    struct publish *p = arg;
    struct ktg_err err = KTG_ERR_INIT;
    ktg_time now = ktg_mono_ms();
    if (p->denied == KTG_EIO || p->counts.interrupted) {
        stop_loop(p, p->denied, NULL);
        return;
    }
    int r = pass_on(p, &err);
    if (p->link)
        send_batch(p);
    if (r) {
        stop_loop(p, r, &err);
        return;
    }
    if (all_read(p) && p->unstored == 0) {
        bool silent = now - p->news_at >= (p->o->wait ? p->o->wait : 30000);
        if (p->pending.count == 0 || silent || p->denied) {
            stop_loop(p, KTG_OK, NULL);
            return;
        }
    } else if (p->link && p->unstored && now - p->news_at >= (p->o->wait ? p->o->wait : 30000)) {
        (void)ktg_err_set(&err, KTG_EUNREACHABLE, "%s: the agent does not answer", p->o->ipc);
        stop_loop(p, KTG_EUNREACHABLE, &err);
        return;
    }
    bool hungry = !p->ended && !p->full && !p->blob_line && p->pending.count < KTG_PUBLISH_PENDING;
    bool more = hungry ? !p->watch || p->readable : !all_read(p) && !p->full;
    if (hungry && p->watch && !p->readable && ktg_watch_start(p->watch, KTG_WATCH_READ))
        more = false; /* no memory: the timer looks again */
    ktg_timer_start(p->turn, more ? 0 : 50, 0);
}

/* What another agent knows of its line is not known here: that it is there says nothing of the centre. */
static const char *state_of(const struct publish *p)
{
    if (!p->link)
        return ktg_agent_state_name(p->state);
    return p->state == KTG_AGENT_ONLINE ? "with the agent" : "the agent does not answer";
}

static void on_progress(void *arg)
{
    struct publish *p = arg;
    if (p->calls.on_progress)
        p->calls.on_progress(p->calls.arg, &p->counts, state_of(p));
    wake(p);
}

static void on_signal(void *arg, int number)
{
    struct publish *p = arg;
    (void)number;
    p->counts.interrupted = true;
    wake(p);
}

/* ---- life ---- */

static int open_agent(struct publish *p, struct ktg_err *err)
{
    struct ktg_agent_options o = p->o->agent;
    struct ktg_agent_calls calls = {.on_stored = on_stored,
                                    .on_receipt = on_receipt,
                                    .on_state = on_state,
                                    .on_trouble = on_trouble,
                                    .on_room = on_room,
                                    .on_broken = on_broken,
                                    .arg = p};
    o.loop = p->loop;
    o.context = p->context;
    o.ipc = NULL;
    int r = ktg_agent_open(&o, &calls, &p->agent, err);
    bool is_held = r == KTG_ECONFLICT &&
                   !(err && err->fault && strcmp(err->fault->name, "outbox-of-another") == 0);
    return is_held && p->o->ipc ? open_local(p, err) : r;
}

static int open_all(struct publish *p, struct ktg_err *err)
{
    struct stat st;
    static const int signals[2] = {SIGINT, SIGTERM};
    int r = ktg_loop_new(&p->loop, err);
    if (!r)
        r = ktg_context_new(p->loop, NULL, NULL, &p->context, err);
    if (!r)
        r = ktg_timer_new(p->loop, turn, p, &p->turn, err);
    if (!r)
        r = ktg_timer_new(p->loop, on_progress, p, &p->progress, err);
    for (size_t i = 0; i < 2 && !r; i++)
        r = ktg_signal_new(p->loop, signals[i], on_signal, p, &p->stop[i], err);
    if (!r && (fstat(p->fd, &st) != 0 ||
               !S_ISREG(st.st_mode))) /* files are always ready, and cannot be watched */
        r = ktg_watch_new(p->loop, p->fd, on_readable, p, &p->watch, err);
    if (!r)
        r = open_agent(p, err);
    return r;
}

static void close_all(struct publish *p)
{
    p->agent = ktg_agent_close(p->agent);
    p->link = ktg_link_close(p->link);
    p->watch = p->watch ? ktg_watch_free(p->watch) : NULL;
    for (size_t i = 0; i < 2; i++)
        p->stop[i] = p->stop[i] ? ktg_signal_free(p->stop[i]) : NULL;
    p->turn = p->turn ? ktg_timer_free(p->turn) : NULL;
    p->progress = p->progress ? ktg_timer_free(p->progress) : NULL;
    if (p->context)
        ktg_context_free(p->context);
    if (p->loop)
        ktg_loop_free(p->loop);
    ktg_free(p->batch_lines);
    ktg_free(p->batch_ids);
    ktg_buf_done(&p->batch);
    ktg_buf_done(&p->frame);
}

static int run(struct publish *p, struct ktg_err *err)
{
    int r = open_all(p, err);
    if (!r) {
        p->news_at = ktg_mono_ms();
        ktg_timer_start(p->turn, 0, 0);
        ktg_timer_start(p->progress, PROGRESS, PROGRESS);
        ktg_loop_run(p->loop);
        p->counts.unanswered += p->pending.count;
        r = p->denied;
        if (r && err)
            *err = p->why;
        if (r == KTG_EDENIED && p->pending.count == 0 && all_read(p))
            r = KTG_OK; /* it was refused for a moment only */
    }
    close_all(p); /* stores what is queued, says goodbye */
    return r;
}

static int test_only(struct publish *p, struct ktg_err *err)
{
    int r = KTG_OK;
    while (!r && !p->ended) {
        uint64_t line;
        r = read_piece(p, true, err);
        r = r == KTG_EAGAIN ? KTG_OK : r;
        while (!r && next_event(p, &line) == KTG_OK)
            ;
    }
    return r;
}

static int verdict(const struct publish *p, int r, struct ktg_err *err)
{
    const struct ktg_publish_counts *c = &p->counts;
    if (r)
        return r;
    if (c->interrupted)
        return ktg_err_set(err, KTG_EAGAIN,
                           "interrupted; what was stored will be sent by the next run");
    if (c->invalid || c->rejected)
        return ktg_err_set(err, KTG_EINVALID, "%llu of %llu lines were not taken",
                           (unsigned long long)(c->invalid + c->rejected),
                           (unsigned long long)c->lines);
    if (c->unanswered)
        return ktg_err_set(err, KTG_EUNREACHABLE,
                           "%llu events are stored, but the centre has not answered yet",
                           (unsigned long long)c->unanswered);
    return KTG_OK;
}

int ktg_publish_main(const struct ktg_publish_options *options,
                     const struct ktg_publish_calls *calls, struct ktg_publish_counts *ret_counts,
                     struct ktg_err *err)
{
    static const struct ktg_publish_calls none;
    struct publish *p = ktg_zalloc(sizeof *p);
    *ret_counts = (struct ktg_publish_counts){0};
    if (!p)
        return ktg_err_set(err, KTG_ENOMEM, "publish: no memory");
    p->o = options;
    p->calls = calls ? *calls : none;
    int r = open_file(p, err);
    if (!r)
        r = options->test ? test_only(p, err) : run(p, err);
    r = verdict(p, r, err);
    *ret_counts = p->counts;
    if (p->close_fd)
        close(p->fd);
    ktg_lines_in_done(&p->lines);
    ktg_pending_done(&p->pending);
    ktg_buf_done(&p->blob);
    ktg_free(p);
    return r;
}
