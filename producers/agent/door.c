/* producers/agent/door.c - other processes of this machine hand their events to the running agent (local.h).
 *
 * (1) A ticket is one SUBMIT that is not yet answered; it lives until its last event has its verdict, even when its
 *     publisher has gone.
 * (2) Bounded: one ticket a connection, KTG_LOCAL_EVENTS events in it, DOOR_PEERS connections.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>

#include "producers/agent/agent_parts.h"
#include "producers/agent/local.h"
#include "runtime/mem.h"
#include "schema/faults.h"

#define DOOR_PEERS 64

struct ktg_ticket {
    struct ktg_ticket *next;
    ktg_peer peer; /* 0: gone */
    uint64_t ref;
    uint32_t left; /* events without a verdict */
    /* What the queue had no room for: the frame's events, from `from` on. */
    struct ktg_buf events;
    uint32_t from;
};

struct guest {
    ktg_peer peer; /* 0: free */
    bool watch;
};

struct ktg_door {
    struct ktg_agent *agent;
    struct ktg_link *link;
    struct ktg_ticket *tickets;
    struct guest guests[DOOR_PEERS];
    struct ktg_buf frame;
};

static struct guest *find_guest(struct ktg_door *d, ktg_peer peer)
{
    for (size_t i = 0; i < DOOR_PEERS; i++)
        if (d->guests[i].peer == peer)
            return &d->guests[i];
    return NULL;
}

/* A guest that does not read loses this answer; its events are safe, and it will ask again. */
static void answer(struct ktg_door *d, ktg_peer peer, const struct ktg_local *m)
{
    ktg_buf_clear(&d->frame);
    if (peer && ktg_local_encode(m, &d->frame, NULL) == KTG_OK)
        (void)!ktg_link_send(d->link, peer, KTG_BYTES_NONE, ktg_buf_view(&d->frame));
}

static void refuse(struct ktg_door *d, const struct ktg_ticket *t, uint32_t index,
                   const struct ktg_err *err)
{
    struct ktg_local m = {
        .kind = KTG_LOCAL_REFUSED,
        .ref = t->ref,
        .index = index,
        .fault = {.code = ktg_bytes_str(err->fault ? err->fault->name : ktg_code_name(err->code)),
                  .where = ktg_bytes_str(err->where),
                  .got = ktg_bytes_str(err->got),
                  .want = ktg_bytes_str(err->want),
                  .text = ktg_bytes_str(err->text)}};
    answer(d, t->peer, &m);
}

static void finish(struct ktg_door *d, struct ktg_ticket *t)
{
    struct ktg_local m = {.kind = KTG_LOCAL_STORED, .ref = t->ref};
    answer(d, t->peer, &m);
    for (struct ktg_ticket **at = &d->tickets; *at; at = &(*at)->next)
        if (*at == t) {
            *at = t->next;
            break;
        }
    ktg_buf_done(&t->events);
    ktg_free(t);
}

/* Queue what is left of a ticket, as far as there is room. */
static void feed(struct ktg_door *d, struct ktg_ticket *t)
{
    struct ktg_wire w = ktg_list_open(ktg_buf_view(&t->events));
    struct ktg_wire_value v;
    uint32_t count = ktg_list_count(ktg_buf_view(&t->events));
    for (uint32_t i = 0; i < count; i++) {
        struct ktg_err err = KTG_ERR_INIT;
        if (ktg_wire_next(&w, &v))
            break; /* was checked when it came */
        if (i < t->from)
            continue;
        int r = ktg_agent_take(d->agent, v.bytes, NULL, t, i, &err);
        if (r == KTG_EAGAIN)
            return; /* ktg_door_room goes on */
        t->from = i + 1;
        if (r) {
            refuse(d, t, i, &err);
            t->left--;
        } else {
            d->agent->counts.local++;
        }
    }
    ktg_buf_done(&t->events);
    if (t->left == 0)
        finish(d, t);
}

void ktg_door_room(struct ktg_door *d)
{
    struct ktg_ticket *next;
    for (struct ktg_ticket *t = d->tickets; t; t = next) {
        next = t->next;
        if (t->events.size)
            feed(d, t);
    }
}

void ktg_door_stored(struct ktg_door *d, struct ktg_ticket *t, uint32_t index,
                     const struct ktg_outbox_event *event, const struct ktg_outbox_verdict *verdict)
{
    (void)event;
    if (verdict->kind == KTG_OUTBOX_CONFLICT) {
        struct ktg_err err = KTG_ERR_INIT;
        (void)ktg_fault_set(&err, KTG_FAULT_ID_CONFLICT, NULL, NULL, "/id");
        refuse(d, t, index, &err);
    } else if (verdict->kind == KTG_OUTBOX_DONE) {
        struct ktg_local m = {.kind = KTG_LOCAL_RECEIPT, .receipt = verdict->receipt};
        answer(d, t->peer, &m);
    }
    if (--t->left == 0)
        finish(d, t);
}

void ktg_door_receipt(struct ktg_door *d, const struct ktg_outbox_receipt *r,
                      const struct ktg_outbox_fault *fault)
{
    struct ktg_local m = {.kind = KTG_LOCAL_RECEIPT, .receipt = *r};
    if (fault)
        m.fault = *fault;
    for (size_t i = 0; i < DOOR_PEERS; i++)
        if (d->guests[i].watch)
            answer(d, d->guests[i].peer, &m);
}

static void submit(struct ktg_door *d, ktg_peer peer, const struct ktg_local *m)
{
    for (const struct ktg_ticket *t = d->tickets; t; t = t->next)
        if (t->peer == peer) { /* one at a time */
            (void)!ktg_link_kick(d->link, peer);
            return;
        }
    struct ktg_ticket *t = ktg_zalloc(sizeof *t);
    if (t)
        ktg_buf_put_bytes(&t->events, m->events);
    if (!t || ktg_buf_check(&t->events)) {
        ktg_free(t);
        (void)!ktg_link_kick(d->link, peer); /* nothing was taken; it comes again */
        return;
    }
    t->peer = peer;
    t->ref = m->ref;
    t->left = ktg_list_count(m->events);
    t->next = d->tickets;
    d->tickets = t;
    struct guest *g = find_guest(d, peer);
    if (g)
        g->watch = m->watch;
    feed(d, t);
}

static void on_message(void *arg, struct ktg_link *link, const struct ktg_link_message *lm)
{
    struct ktg_door *d = arg;
    struct ktg_local m;
    if (ktg_local_decode(lm->payload, &m, NULL) || m.kind != KTG_LOCAL_SUBMIT) {
        (void)!ktg_link_kick(link, lm->peer);
        return;
    }
    submit(d, lm->peer, &m);
}

static int on_peer(void *arg, struct ktg_link *link, ktg_peer peer, const char *user)
{
    struct ktg_door *d = arg;
    (void)link;
    (void)user;
    struct guest *g = find_guest(d, 0);
    if (!g)
        return KTG_EFULL;
    *g = (struct guest){.peer = peer};
    return KTG_OK;
}

static void on_gone(void *arg, struct ktg_link *link, ktg_peer peer, const char *user)
{
    struct ktg_door *d = arg;
    (void)link;
    (void)user;
    struct guest *g = find_guest(d, peer);
    if (g)
        *g = (struct guest){0};
    for (struct ktg_ticket *t = d->tickets; t; t = t->next)
        if (t->peer == peer)
            t->peer = 0;
}

int ktg_door_open(struct ktg_agent *a, const char *endpoint, struct ktg_door **ret_door,
                  struct ktg_err *err)
{
    struct ktg_door *d = ktg_zalloc(sizeof *d);
    if (!d)
        return ktg_err_set(err, KTG_ENOMEM, "agent: no memory");
    d->agent = a;
    struct ktg_link_options o = {.endpoint = endpoint,
                                 .domain = KTG_AGENT_DOMAIN,
                                 .max_frame = KTG_LOCAL_BYTES,
                                 .send_queue = 4096,
                                 .max_peers = DOOR_PEERS};
    struct ktg_link_calls calls = {
        .on_message = on_message, .on_peer = on_peer, .on_gone = on_gone, .arg = d};
    int r = ktg_link_bind(a->o.context, &o, &calls, &d->link, err);
    if (r)
        ktg_free(d);
    else
        *ret_door = d;
    return r;
}

struct ktg_door *ktg_door_close(struct ktg_door *d)
{
    if (!d)
        return NULL;
    ktg_link_close(d->link);
    while (d->tickets) {
        struct ktg_ticket *t = d->tickets;
        d->tickets = t->next;
        ktg_buf_done(&t->events);
        ktg_free(t);
    }
    ktg_buf_done(&d->frame);
    ktg_free(d);
    return NULL;
}
