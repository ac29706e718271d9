/* producers/agent/agent.c - life of an agent, its queue, its tick.  See agent.h and agent_parts.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "producers/agent/agent.h"

#include <assert.h>
#include <stdio.h>
#include <unistd.h>

#include "producers/agent/agent_parts.h"
#include "runtime/hash.h"
#include "runtime/mem.h"
#include "schema/faults.h"

#define QUEUE_BYTES (16u << 20)
#define STORE_AGAIN 1000 /* ms after a full disk */
#define LOOK        500  /* ms between two looks at a clock that may change */
#define CHUNK       1024 /* events in one transaction */

uint32_t ktg_agent_random(void)
{
    uint32_t r;
    ktg_random(&r, sizeof r);
    return r;
}

const char *ktg_agent_state_name(enum ktg_agent_state s)
{
    static const char *const names[] = {"offline", "calling", "online",
                                        "refused", "fenced",  "stopped"};
    return (size_t)s < KTG_COUNT(names) ? names[s] : "unknown";
}

enum ktg_agent_state ktg_agent_state(const struct ktg_agent *agent)
{
    return agent->state;
}

struct ktg_outbox *ktg_agent_outbox(struct ktg_agent *agent)
{
    return agent->outbox;
}

const struct ktg_agent_counts *ktg_agent_counts(const struct ktg_agent *agent)
{
    return &agent->counts;
}

int ktg_agent_lookup(void *arg, const struct ktg_asker *asker, char user[static KTG_USER_SIZE],
                     const char **ret_reason)
{
    (void)arg;
    if (asker->proof != KTG_PROOF_UID || (asker->uid != geteuid() && asker->uid != 0)) {
        *ret_reason = "another user";
        return KTG_EDENIED;
    }
    snprintf(user, KTG_USER_SIZE, "uid:%u", asker->uid);
    return KTG_OK;
}

void ktg_agent_enter(struct ktg_agent *a, enum ktg_agent_state state, const struct ktg_err *why)
{
    if (a->state == state && !why)
        return;
    a->state = state;
    if (a->calls.on_state)
        a->calls.on_state(a->calls.arg, state, why);
}

void ktg_agent_trouble(struct ktg_agent *a, const struct ktg_err *what)
{
    if (a->calls.on_trouble)
        a->calls.on_trouble(a->calls.arg, what);
}

void ktg_agent_break(struct ktg_agent *a, const struct ktg_err *why)
{
    if (a->broken)
        return;
    a->broken = true;
    a->reopen = false;
    ktg_agent_enter(a, KTG_AGENT_STOPPED, why);
    if (a->calls.on_broken)
        a->calls.on_broken(a->calls.arg, why);
    ktg_agent_wake(a); /* the tick closes what a callback must not */
}

void ktg_agent_wake(struct ktg_agent *a)
{
    if (a->timer && !a->in_tick)
        ktg_timer_start(a->timer, 0, 0);
}

void ktg_agent_tell_receipt(struct ktg_agent *a, const struct ktg_outbox_receipt *r,
                            const struct ktg_outbox_fault *fault)
{
    if (a->calls.on_receipt)
        a->calls.on_receipt(a->calls.arg, r, fault);
    if (a->door)
        ktg_door_receipt(a->door, r, fault);
}

/* ---- in ---- */

/* What the outbox needs to know of an event; its fields are the centre's business. */
static int read_envelope(struct ktg_bytes blob, struct ktg_outbox_event *ret_e, struct ktg_err *err)
{
    struct ktg_wire_value v, ms;
    struct ktg_outbox_event e = {.blob = blob};
    int r = ktg_wire_check(blob, &KTG_WIRE_LIMITS, err);
    if (r)
        return r;
    if (!ktg_wire_get(blob, "id", &v) || v.kind != KTG_WIRE_BIN || v.bytes.size != sizeof e.id)
        return ktg_fault_set(err, KTG_FAULT_MISSING_FIELD, NULL, "16 bytes", "/id");
    memcpy(e.id, v.bytes.data, sizeof e.id);
    if (!ktg_wire_get(blob, "source", &v) || v.kind != KTG_WIRE_STR || v.bytes.size == 0 ||
        v.bytes.size > KTG_OUTBOX_SOURCE_MAX)
        return ktg_fault_set(err, KTG_FAULT_MISSING_FIELD, NULL, "AGENCY.OFFICE.DEVICE", "/source");
    e.source = v.bytes;
    if (!ktg_wire_get(blob, "type", &v) || v.kind != KTG_WIRE_STR)
        return ktg_fault_set(err, KTG_FAULT_MISSING_FIELD, NULL, "an event type", "/type");
    if (!ktg_wire_get(blob, "occurred_at", &v) || v.kind != KTG_WIRE_ARRAY || v.count != 2)
        return ktg_fault_set(err, KTG_FAULT_MISSING_FIELD, NULL, "ms and offset", "/occurred_at");
    struct ktg_wire w = ktg_wire_inside(&v);
    if (ktg_wire_next(&w, &ms) || ms.kind != KTG_WIRE_INT)
        return ktg_fault_set(err, KTG_FAULT_WRONG_TYPE, NULL, "ms and offset", "/occurred_at");
    e.occurred_at = ms.integer;
    *ret_e = e;
    return KTG_OK;
}

int ktg_agent_take(struct ktg_agent *a, struct ktg_bytes blob, void *tag, struct ktg_ticket *ticket,
                   uint32_t index, struct ktg_err *err)
{
    struct queue *q = &a->queue;
    struct ktg_outbox_event e = {.blob = blob};
    if (a->broken)
        return ktg_err_set(err, KTG_EIO, "the agent has stopped: its disk failed");
    int r = read_envelope(blob, &e, err);
    if (r)
        return r;
    if (q->count - q->done >= a->o.queue_events || q->bytes.size + blob.size > QUEUE_BYTES) {
        a->room_wanted = true;
        return ktg_err_set(err, KTG_EAGAIN, "the agent's queue is full");
    }
    if (ktg_grow(&q->items, &q->cap, q->count + 1, sizeof *q->items))
        return ktg_err_set(err, KTG_ENOMEM, "agent: no memory");
    size_t at = q->bytes.size;
    ktg_buf_put_bytes(&q->bytes, blob);
    if (ktg_buf_check(&q->bytes)) {
        q->bytes.bad = false; /* a failed append leaves the content as it was */
        return ktg_err_set(err, KTG_ENOMEM, "agent: no memory");
    }
    struct queued *item = &q->items[q->count++];
    *item = (struct queued){
        .occurred_at = e.occurred_at,
        .source_at = at + (size_t)(e.source.data - blob.data),
        .source_size = e.source.size,
        .blob_at = at,
        .blob_size = blob.size,
        .tag = tag,
        .ticket = ticket,
        .index = index,
    };
    memcpy(item->id, e.id, sizeof item->id);
    a->counts.submitted++;
    if (a->store_again_at == KTG_NEVER)
        ktg_agent_wake(a);
    return KTG_OK;
}

int ktg_agent_submit(struct ktg_agent *agent, struct ktg_bytes blob, void *tag, struct ktg_err *err)
{
    return ktg_agent_take(agent, blob, tag, NULL, 0, err);
}

static struct ktg_outbox_event event_of(const struct queue *q, const struct queued *item)
{
    struct ktg_outbox_event e = {
        .blob = ktg_bytes(q->bytes.data + item->blob_at, item->blob_size),
        .source = ktg_bytes(q->bytes.data + item->source_at, item->source_size),
        .occurred_at = item->occurred_at,
    };
    memcpy(e.id, item->id, sizeof e.id);
    return e;
}

static void tell_stored(struct ktg_agent *a, const struct queued *item,
                        const struct ktg_outbox_event *e, const struct ktg_outbox_verdict *v)
{
    a->counts.stored += v->kind == KTG_OUTBOX_NEW;
    if (item->ticket)
        ktg_door_stored(a->door, item->ticket, item->index, e, v);
    else if (a->calls.on_stored)
        a->calls.on_stored(a->calls.arg, item->tag, e, v);
}

/* The next `n` of the queue in one transaction; then everybody is told.  Callbacks may submit more: `q` may move. */
static int store_some(struct ktg_agent *a, size_t n, struct ktg_err *err)
{
    struct queue *q = &a->queue;
    struct ktg_outbox_event *events = ktg_calloc(n, sizeof *events);
    struct ktg_outbox_verdict *verdicts = ktg_calloc(n, sizeof *verdicts);
    int r = events && verdicts ? KTG_OK : ktg_err_set(err, KTG_ENOMEM, "agent: no memory");
    for (size_t i = 0; i < n && !r; i++)
        events[i] = event_of(q, &q->items[q->done + i]);
    if (!r)
        r = ktg_outbox_add(a->outbox, events, n, verdicts, err);
    for (size_t i = 0; i < n && !r; i++) {
        struct queued item = q->items[q->done++];
        struct ktg_outbox_event e = event_of(q, &item);
        tell_stored(a, &item, &e, &verdicts[i]);
    }
    ktg_free(events);
    ktg_free(verdicts);
    return r;
}

/* As much of the queue as there is room for.  KTG_EFULL: the rest waits. */
static int store_queue(struct ktg_agent *a, struct ktg_err *err)
{
    struct queue *q = &a->queue;
    size_t chunk = CHUNK;
    while (q->done < q->count) {
        size_t n = q->count - q->done < chunk ? q->count - q->done : chunk;
        int r = store_some(a, n, err);
        if (r == KTG_EFULL && n > 1) {
            chunk = n / 2; /* some of them may still fit */
            continue;
        }
        if (r)
            return r;
    }
    q->count = q->done = 0;
    ktg_buf_clear(&q->bytes);
    return KTG_OK;
}

/* KTG_EFULL and KTG_ENOMEM wait and are said once; what is left is the disk's failure. */
static void keep(struct ktg_agent *a, ktg_time now)
{
    struct ktg_err err = KTG_ERR_INIT;
    int r = ktg_talk_apply_acks(a, &err);
    if (!r || r == KTG_EFULL) {
        struct ktg_err inner = KTG_ERR_INIT;
        int q = store_queue(a, &inner);
        if (q && (!r || q != KTG_EFULL)) {
            r = q;
            err = inner;
        }
    }
    if (r == KTG_OK) {
        a->store_again_at = KTG_NEVER;
        a->full_said = false;
    } else if (r == KTG_EFULL || r == KTG_ENOMEM || r == KTG_EAGAIN) {
        a->store_again_at = now + STORE_AGAIN;
        if (!a->full_said)
            ktg_agent_trouble(a, &err);
        a->full_said = true;
    } else {
        ktg_agent_break(a, &err);
        return;
    }
    if (a->room_wanted && a->queue.count - a->queue.done < a->o.queue_events / 2) {
        a->room_wanted = false;
        if (a->door)
            ktg_door_room(a->door);
        if (a->calls.on_room)
            a->calls.on_room(a->calls.arg);
    }
}

bool ktg_agent_is_idle(const struct ktg_agent *a)
{
    struct ktg_outbox_stat s;
    if (a->queue.done < a->queue.count || a->reason_count)
        return false;
    return ktg_outbox_stat(a->outbox, &s, NULL) == KTG_OK && s.waiting == 0;
}

/* ---- the tick ---- */

static void open_if_wanted(struct ktg_agent *a)
{
    struct ktg_err err = KTG_ERR_INIT;
    if (a->link && (a->reopen || a->paused || a->fenced || a->broken)) {
        ktg_talk_close_link(a, !a->reopen && !a->broken);
        if (!a->fenced && !a->broken)
            ktg_agent_enter(a, KTG_AGENT_OFFLINE, NULL);
    }
    a->reopen = false;
    if (a->link || a->paused || a->fenced || a->broken || !a->o.endpoint)
        return;
    if (ktg_talk_open_link(
            a, &err)) { /* a bad address was refused at open: no descriptors, no memory */
        ktg_agent_trouble(a, &err);
        a->store_again_at = ktg_mono_ms() + STORE_AGAIN;
    }
}

static void tick(void *arg)
{
    struct ktg_agent *a = arg;
    ktg_time now = ktg_mono_ms();
    a->in_tick = true;
    if (!a->broken)
        keep(a, now);
    open_if_wanted(a);
    if (!a->broken)
        ktg_talk_drive(a, now);
    a->in_tick = false;
    if (a->broken)
        return;
    ktg_time at = ktg_talk_wake_at(a);
    at = a->store_again_at < at ? a->store_again_at : at;
    if (a->reopen || (a->queue.done < a->queue.count && a->store_again_at == KTG_NEVER))
        at = now;
    if (a->o.clock.file && a->session && at > now + LOOK)
        at = now + LOOK; /* the clock may become faster */
    if (at == KTG_NEVER)
        ktg_timer_stop(a->timer);
    else
        ktg_timer_start(a->timer, at > now ? at - now : 0, 0);
}

/* ---- life ---- */

static char **copy_sources(const char *const *sources)
{
    size_t n = 0;
    while (sources && sources[n])
        n++;
    char **copy = ktg_calloc(n + 1, sizeof *copy);
    for (size_t i = 0; copy && i < n; i++)
        if (!(copy[i] = ktg_strdup(sources[i]))) {
            while (i-- > 0)
                ktg_free(copy[i]);
            ktg_free(copy);
            return NULL;
        }
    return copy;
}

static void set_defaults(struct ktg_agent_options *o)
{
    o->clock.scale = o->clock.scale ? o->clock.scale : 1;
    o->outbox.map_size = o->outbox.map_size ? o->outbox.map_size : 1u << 30;
    o->outbox.receipts = o->outbox.receipts ? o->outbox.receipts : 10000;
    o->outbox.rejects = o->outbox.rejects ? o->outbox.rejects : 10000;
    o->heartbeat = o->heartbeat ? o->heartbeat : 60000;
    o->batch_events = o->batch_events ? o->batch_events : 64;
    o->window = o->window ? o->window : 4096;
    o->answer_within = o->answer_within ? o->answer_within : 10000;
    o->retry_min = o->retry_min ? o->retry_min : 250;
    o->retry_max = o->retry_max ? o->retry_max : 30000;
    o->queue_events = o->queue_events ? o->queue_events : 16384;
}

/* Heartbeats are a matter of domain time; on a fast clock they come often, but not oftener than five times a second. */
void ktg_agent_pace(struct ktg_agent *a, ktg_time now)
{
    int32_t scale = ktg_clock_scale(&a->o.clock);
    ktg_time every = a->o.heartbeat / scale;
    a->beat_every = every < 200 ? 200 : every;
    ktg_time seconds = (a->beat_every * scale + 999) / 1000;
    a->beat_seconds = (uint64_t)(seconds > 0 ? seconds : 1);
    a->beat_at = a->beat_at > now + a->beat_every ? now + a->beat_every : a->beat_at;
}

static int fill(struct ktg_agent *a, const struct ktg_agent_options *o, struct ktg_err *err)
{
    a->o = *o;
    set_defaults(&a->o);
    a->beat_at = KTG_LONG_AGO;
    ktg_agent_pace(a, 0);
    a->store_again_at = KTG_NEVER;
    a->name = ktg_strdup(o->name);
    a->folder = ktg_strdup(o->folder);
    a->endpoint = o->endpoint ? ktg_strdup(o->endpoint) : NULL;
    a->sources = copy_sources(o->sources);
    if (!a->name || !a->folder || (o->endpoint && !a->endpoint) || !a->sources)
        return ktg_err_set(err, KTG_ENOMEM, "agent: no memory");
    if (o->keys)
        a->keys = *o->keys;
    if (o->server_key)
        a->server_key = *o->server_key;
    a->o.name = a->name;
    a->o.folder = a->folder;
    a->o.endpoint = a->endpoint;
    a->o.keys = o->keys ? &a->keys : NULL;
    a->o.server_key = o->server_key ? &a->server_key : NULL;
    return KTG_OK;
}

int ktg_agent_open(const struct ktg_agent_options *options, const struct ktg_agent_calls *calls,
                   struct ktg_agent **ret_agent, struct ktg_err *err)
{
    assert(options->loop && options->context && options->name && options->folder);
    struct ktg_agent *a = ktg_zalloc(sizeof *a);
    if (!a)
        return ktg_err_set(err, KTG_ENOMEM, "agent: no memory");
    if (calls)
        a->calls = *calls;
    int r = fill(a, options, err);
    if (!r)
        a->o.outbox.owner = a->name;
    if (!r)
        r = ktg_outbox_open(a->folder, &a->o.outbox, ktg_agent_true_time(), &a->outbox, err);
    if (!r)
        r = ktg_talk_new_sender(a, err);
    if (!r)
        r = ktg_timer_new(a->o.loop, tick, a, &a->timer, err);
    if (!r && options->ipc)
        r = ktg_door_open(a, options->ipc, &a->door, err);
    if (!r && a->endpoint)
        r = ktg_talk_open_link(a, err);
    if (r) {
        a->broken = true; /* nothing to store, nobody to tell */
        ktg_agent_close(a);
        return r;
    }
    ktg_agent_wake(a);
    *ret_agent = a;
    return KTG_OK;
}

struct ktg_agent *ktg_agent_close(struct ktg_agent *a)
{
    if (!a)
        return NULL;
    a->in_tick = true; /* no more alarms */
    if (!a->broken)
        keep(a, ktg_mono_ms());
    ktg_talk_close_link(a, !a->broken);
    a->door = ktg_door_close(a->door);
    a->timer = ktg_timer_free(a->timer);
    ktg_sender_free(a->sender);
    ktg_outbox_close(a->outbox);
    ktg_curve_forget(&a->keys);
    for (size_t i = 0; a->sources && a->sources[i]; i++)
        ktg_free(a->sources[i]);
    ktg_free(a->sources);
    ktg_free(a->name);
    ktg_free(a->folder);
    ktg_free(a->endpoint);
    ktg_free(a->runs);
    ktg_free(a->reasons);
    ktg_free(a->queue.items);
    ktg_buf_done(&a->queue.bytes);
    ktg_buf_done(&a->frame);
    ktg_buf_done(&a->list);
    ktg_free(a);
    return NULL;
}

void ktg_agent_pause(struct ktg_agent *a, bool paused)
{
    a->paused = paused;
    if (!paused && !a->broken)
        a->fenced = false; /* a person has looked */
    ktg_agent_wake(a);
}

int ktg_agent_take_over(struct ktg_agent *a, struct ktg_err *err)
{
    int r = ktg_talk_renew(a, 0, err);
    if (r)
        return r;
    a->renewals = 0;
    a->fenced = false;
    ktg_agent_wake(a);
    return KTG_OK;
}
