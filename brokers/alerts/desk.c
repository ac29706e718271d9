/* brokers/alerts/desk.c - the picture and the numbered invariants are in desk.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "brokers/alerts/desk_parts.h"

#include "brokers/alerts/handed.h"
#include "brokers/alerts/track.h"
#include "runtime/hash.h"

/* ---- sessions -------------------------------------------------------------------------------------------------------------- */

static struct session *session_find(struct ktg_desk *d, ktg_peer peer, uint64_t number)
{
    for (size_t i = 0; i < d->session_count; i++)
        if (d->sessions[i]->peer == peer && d->sessions[i]->number == number)
            return d->sessions[i];
    return NULL;
}

static struct session *session_free(struct session *s)
{
    for (int i = 0; s && i < SUBS; i++)
        ktg_subscription_free(s->subs[i]);
    ktg_free(s);
    return NULL;
}

static void session_drop(struct ktg_desk *d, size_t i)
{
    session_free(d->sessions[i]);
    d->sessions[i] = d->sessions[--d->session_count];
}

static void drop_numbered(struct ktg_desk *d, ktg_peer peer, uint64_t number)
{
    for (size_t i = 0; i < d->session_count; i++)
        if (d->sessions[i]->peer == peer && d->sessions[i]->number == number) {
            session_drop(d, i);
            return;
        }
}

/* The same subscription lives once: a newer session takes it over. */
static void take_over(struct ktg_desk *d, const struct session *mine, const char *name)
{
    for (size_t i = 0; i < d->session_count; i++) {
        struct session *s = d->sessions[i];
        if (s == mine || strcmp(s->user, mine->user) != 0)
            continue;
        for (int n = 0; n < SUBS; n++)
            if (s->subs[n] && strcmp(s->subs[n]->name, name) == 0)
                s->subs[n] = ktg_subscription_free(s->subs[n]);
    }
}

/* ---- answers ----------------------------------------------------------------------------------------------------------------- */

bool ktg_desk_say(struct ktg_desk *d, ktg_peer peer, const struct ktg_msg *m)
{
    ktg_buf_clear(&d->frame);
    return !ktg_protocol_encode(m, &d->frame, NULL) &&
           !ktg_link_send(d->options.link, peer, KTG_BYTES_NONE, ktg_buf_view(&d->frame));
}

static void say_bye_because(struct ktg_desk *d, ktg_peer peer, uint64_t number,
                            enum ktg_fault_no fault, const char *text)
{
    struct ktg_msg m = {.type = KTG_MSG_BYE, .session = number};
    m.bye.code = ktg_bytes_str(ktg_faults[fault].name);
    m.bye.text = ktg_bytes_str(text);
    (void)ktg_desk_say(d, peer, &m); /* a lost goodbye shows as silence */
    drop_numbered(d, peer, number);
}

static void say_bye(struct ktg_desk *d, ktg_peer peer, uint64_t number, enum ktg_fault_no fault)
{
    say_bye_because(d, peer, number, fault, ktg_faults[fault].what);
}

static void say_result(struct ktg_desk *d, ktg_peer peer, uint64_t number, uint64_t ref,
                       const char *status, const char *text, uint64_t position)
{
    struct ktg_msg m = {.type = KTG_MSG_RESULT, .session = number};
    m.result = (struct ktg_msg_result){ref, position, ktg_bytes_str(status), ktg_bytes_str(text)};
    (void)ktg_desk_say(d, peer, &m); /* who hears nothing asks `alerts show` */
}

static void refuse(struct ktg_desk *d, const struct session *s, uint64_t ref,
                   enum ktg_fault_no fault)
{
    say_result(d, s->peer, s->number, ref, ktg_faults[fault].name, ktg_faults[fault].what, 0);
}

/* ---- hello and subscriptions --------------------------------------------------------------------------------------------------- */

static void on_hello(struct ktg_desk *d, const struct ktg_link_message *lm, uint64_t number)
{
    struct ktg_alerts_user rights;
    drop_numbered(d, lm->peer, number);
    if (d->options.user_named(d->options.users_arg, lm->relayed, &rights) || !rights.subscribes) {
        say_bye(d, lm->peer, number, KTG_FAULT_DENIED);
        return;
    }
    struct session *s = ktg_zalloc(sizeof *s);
    if (!s || lm->relayed.size >= sizeof s->user || d->session_count == d->options.max_sessions ||
        ktg_grow(&d->sessions, &d->session_cap, d->session_count + 1, sizeof *d->sessions)) {
        session_free(s);
        say_bye(d, lm->peer, number, KTG_FAULT_BUSY);
        return;
    }
    s->peer = lm->peer;
    s->number = number;
    s->rights = rights;
    memcpy(s->user, lm->relayed.data, lm->relayed.size);
    d->sessions[d->session_count++] = s;
    struct ktg_msg m = {.type = KTG_MSG_WELCOME, .session = number};
    m.welcome = (struct ktg_msg_welcome){.proto = KTG_PROTO_VERSION,
                                         .session = number,
                                         .limits = {KTG_FRAME_MAX, KTG_PUBLISH_EVENTS},
                                         .server_time = ktg_station_now(d->options.station),
                                         .boot = ktg_bytes(d->boot, sizeof d->boot)};
    (void)ktg_desk_say(d, lm->peer, &m); /* the client says hello again */
}

/* KTG_ENOTFOUND: nothing was ever confirmed. */
static int confirmed_up_to(struct ktg_desk *d, const struct session *s, const char *name,
                           uint64_t *ret_position)
{
    const struct ktg_confirmed_row *c = ktg_confirmed_find(&d->confirmed, s->user, name);
    if (!c)
        return ktg_casebook_confirmed(d->options.casebook, ktg_bytes_str(s->user),
                                      ktg_bytes_str(name), ret_position);
    *ret_position = c->position;
    return KTG_OK;
}

/* Where a subscription of this name lives in the session, or may. */
static struct ktg_subscription **place_for(struct session *s, const char *name)
{
    struct ktg_subscription **place = NULL;
    for (int i = 0; i < SUBS; i++) {
        if (s->subs[i] && strcmp(s->subs[i]->name, name) == 0)
            return &s->subs[i];
        if (!place && !s->subs[i])
            place = &s->subs[i];
    }
    return place;
}

static void on_subscribe(struct ktg_desk *d, struct session *s, const struct ktg_msg_subscribe *m)
{
    struct ktg_err err = KTG_ERR_INIT;
    uint64_t from = 0;
    enum ktg_fault_no fault;
    struct ktg_subscription *sub = ktg_subscription_new(m, &fault, &err);
    if (!sub) {
        say_bye_because(d, s->peer, s->number, fault,
                        err.text[0] ? err.text : ktg_faults[fault].what);
        return;
    }
    size_t kept = 0;
    int rc = confirmed_up_to(d, s, sub->kept, &from), counted = KTG_OK;
    if (rc == KTG_ENOTFOUND)
        counted = ktg_casebook_subs(d->options.casebook, ktg_bytes_str(s->user), NULL, NULL, &kept);
    if (kept >= d->options.subscriptions) {
        ktg_subscription_free(sub);
        say_bye(d, s->peer, s->number, KTG_FAULT_DENIED);
        return;
    }
    struct ktg_subscription **place = place_for(s, sub->name);
    if (rc || m->from == KTG_FROM_EARLIEST)
        from = 0;
    if (m->from == KTG_FROM_NOW) /* remembered like a confirmation */
        from = ktg_casebook_place(d->options.casebook).findings;
    if (!place || counted || (rc && rc != KTG_ENOTFOUND) ||
        (m->from == KTG_FROM_NOW && ktg_confirmed_keep(&d->confirmed, s->user, sub->kept, from))) {
        ktg_subscription_free(sub);
        say_bye(d, s->peer, s->number, KTG_FAULT_BUSY);
        return;
    }
    uint32_t window = m->window > d->options.window ? d->options.window : (uint32_t)m->window;
    ktg_delivery_init(&sub->delivery, from, window, d->options.retry_min, d->options.retry_max);
    take_over(d, s, sub->name);
    ktg_subscription_free(*place);
    *place = sub;
    d->options.on_event(d->options.arg, KTG_DESK_SUBSCRIBED, s->user);
}

static struct ktg_subscription *sub_named(struct session *s, const char *name)
{
    struct ktg_subscription **place = place_for(s, name);
    return place && *place && strcmp((*place)->name, name) == 0 ? *place : NULL;
}

/* Another takes the place of the one that runs. */
static void on_replay(struct ktg_desk *d, struct session *s, const struct ktg_msg_replay *m)
{
    struct ktg_rerun fresh;
    if (ktg_rerun_begin(&fresh, m, ktg_casebook_place(d->options.casebook).findings,
                        ktg_mono_ms()) &&
        sub_named(s, fresh.sub) && !sub_named(s, fresh.tag))
        s->rerun = fresh;
    else
        say_bye(d, s->peer, s->number, KTG_FAULT_BAD_MESSAGE);
}

static void on_confirm(struct ktg_desk *d, struct session *s, const struct ktg_msg_confirm *m)
{
    for (int i = 0; i < SUBS; i++) {
        struct ktg_subscription *sub = s->subs[i];
        if (!sub || !ktg_bytes_is(m->sub, sub->name))
            continue;
        uint64_t before = sub->delivery.confirmed;
        if (ktg_delivery_confirm(&sub->delivery, m->cursor, ktg_mono_ms()))
            say_bye(d, s->peer, s->number,
                    KTG_FAULT_BAD_MESSAGE); /* confirms what was never sent */
        else if (sub->delivery.confirmed != before &&
                 ktg_confirmed_keep(&d->confirmed, s->user, sub->kept, sub->delivery.confirmed))
            say_bye(d, s->peer, s->number, KTG_FAULT_BUSY); /* it is delivered again */
        return;
    }
}

/* ---- delivering ------------------------------------------------------------------------------------------------------------------ */

/* KTG_ENOTFOUND: it was erased, or is older than what is kept: there is nothing left to tell.  Anything else: not now. */
static int put_item(struct ktg_desk *d, const struct session *s, uint64_t position)
{
    struct ktg_journal_item item;
    struct ktg_handed h;
    char hex[33];
    size_t size = d->items.size;
    int rc = ktg_journal_reader_at(d->findings, position, &item, NULL);
    if (!rc)
        rc = item.erased ? KTG_ENOTFOUND : ktg_handed_read(item.payload, &h);
    if (rc)
        return rc;
    ktg_hex(h.finding, 16, hex);
    ktg_buf_clear(&d->body);
    ktg_handed_body(&h, ktg_bytes_str(s->rights.agency), &d->body);
    struct ktg_item out = {.cursor = position,
                           .rev = h.rev,
                           .alert = ktg_bytes(hex, 32),
                           .body = ktg_buf_view(&d->body)};
    ktg_item_put(&d->items, &out);
    if (!ktg_buf_check(&d->body) && !ktg_buf_check(&d->items))
        return KTG_OK;
    d->items.size = size; /* what is there already is whole */
    d->items.bad = false;
    return KTG_ENOMEM;
}

/* Gather what is due, at most a frame full; *ret_more: there may be more. */
static uint32_t gather(struct ktg_desk *d, struct session *s, struct ktg_subscription *sub,
                       ktg_time mono, bool *ret_more)
{
    uint64_t after, position;
    uint32_t n = 0;
    ktg_buf_clear(&d->items);
    while (n < MOST_ITEMS && d->items.size < ITEMS_BYTES &&
           (*ret_more = ktg_delivery_look(&sub->delivery, mono, &after))) {
        int rc = ktg_casebook_next_for(d->options.casebook, ktg_bytes_str(s->rights.agency),
                                       sub->filter, after, &position);
        int put = rc ? KTG_OK : put_item(d, s, position);
        if (put && put != KTG_ENOTFOUND) { /* never passed over: an alert would be missed */
            if (!sub->held)
                d->options.on_event(d->options.arg, KTG_DESK_HELD, s->user);
            sub->held = true;
            *ret_more = false;
            break;
        }
        if (rc && rc != KTG_ENOTFOUND) {
            *ret_more = false;
            break;
        }
        if (rc || put) {
            ktg_delivery_passed(&sub->delivery, position);
            *ret_more = !rc;
            if (rc)
                break;
            continue;
        }
        ktg_delivery_sent(&sub->delivery, position, mono);
        sub->held = false;
        n++;
    }
    return n;
}

/* What lies in d->items, under this name.  False: no room, later. */
static bool send_items(struct ktg_desk *d, const struct session *s, const char *name, uint32_t n)
{
    struct ktg_msg m = {.type = KTG_MSG_DELIVER, .session = s->number};
    struct ktg_buf list = KTG_BUF_INIT; /* the array's head is known only now */
    ktg_wire_put_array(&list, n);
    ktg_buf_put_bytes(&list, ktg_buf_view(&d->items));
    m.deliver = (struct ktg_msg_deliver){ktg_bytes_str(name), ktg_buf_view(&list)};
    bool gone_out = !ktg_buf_check(&list) && ktg_desk_say(d, s->peer, &m);
    ktg_buf_done(&list);
    return gone_out;
}

static int64_t deliver_to(struct ktg_desk *d, struct session *s, struct ktg_subscription *sub,
                          ktg_time mono)
{
    int64_t total = 0;
    for (bool more = true; more;) {
        struct ktg_delivery before = sub->delivery;
        uint32_t n = gather(d, s, sub, mono, &more);
        if (n == 0)
            return total;
        if (!send_items(d, s, sub->name, n)) {
            sub->delivery = before; /* no room: later */
            return total;
        }
        total += n;
    }
    return total;
}

/* A frame of old alerts.  *ret_over: there are no more. */
static int gather_again(struct ktg_desk *d, struct session *s, const struct ktg_subscription *sub,
                        uint32_t room, uint32_t *ret_n, bool *ret_over)
{
    struct ktg_rerun *r = &s->rerun;
    uint64_t position;
    *ret_n = 0;
    ktg_buf_clear(&d->items);
    for (*ret_over = r->after >= r->to;
         !*ret_over && *ret_n < room && d->items.size < ITEMS_BYTES;) {
        int rc = ktg_casebook_next_for(d->options.casebook, ktg_bytes_str(s->rights.agency),
                                       sub->filter, r->after, &position);
        *ret_over = rc == KTG_ENOTFOUND || position > r->to;
        if (*ret_over)
            return KTG_OK;
        int put = rc ? rc : put_item(d, s, position);
        if (put && put != KTG_ENOTFOUND)
            return put; /* not now */
        r->after = position;
        *ret_n += !put;
    }
    return KTG_OK;
}

/* Old alerts once more; when there are no more, a delivery of nothing. */
static int64_t deliver_again(struct ktg_desk *d, struct session *s, ktg_time mono)
{
    struct ktg_rerun *r = &s->rerun;
    int64_t total = 0;
    for (int i = 0; r->tag[0] && i < RERUN_FRAMES; i++) {
        const struct ktg_subscription *sub = sub_named(s, r->sub);
        struct ktg_rerun before = *r;
        uint32_t n, room = ktg_rerun_room(r, mono, MOST_ITEMS);
        bool over;
        if (!sub) { /* another session took it over */
            r->tag[0] = 0;
            break;
        }
        int rc = gather_again(d, s, sub, room, &n, &over);
        if (!rc && n == 0 && !over)
            break; /* it waits for its rate */
        if (rc || !send_items(d, s, r->tag, n)) {
            *r = before;
            break;
        }
        r->sent += n;
        total += n;
        if (n == 0)
            r->tag[0] = 0;
    }
    return total;
}

/* Actions whose event did not come back in time: the officer shall not wait for ever. */
static void give_up_actions(struct ktg_desk *d, ktg_time mono)
{
    for (struct action **at = &d->actions; *at;) {
        struct action *a = *at;
        if (mono - a->since < ACTION_MS) {
            at = &a->next;
            continue;
        }
        say_result(d, a->peer, a->number, a->ref, ktg_faults[KTG_FAULT_BUSY].name,
                   "it is not in the journal yet: look again with kentongan alerts show", 0);
        *at = a->next;
        d->action_count--;
        ktg_free(a);
    }
}

int64_t ktg_desk_deliver(struct ktg_desk *d, ktg_time mono)
{
    int64_t total = 0;
    give_up_actions(d, mono);
    for (size_t i = 0; i < d->session_count; i++)
        for (int n = 0; n < SUBS; n++)
            if (d->sessions[i]->subs[n])
                total += deliver_to(d, d->sessions[i], d->sessions[i]->subs[n], mono);
    for (size_t i = 0; i < d->session_count; i++)
        total += deliver_again(d, d->sessions[i], mono);
    return total;
}

/* ---- actions ---------------------------------------------------------------------------------------------------------------------- */

enum {
    SAID_AGAIN_MS = 10 * 60 * 1000
}; /* less than the least time in which an officer must act: nobody acts earlier by saying so */

/* The id of the act's event and when it was done: as its officer numbered it, so that it is one act however often it is said. */
static ktg_time number_act(struct ktg_desk *d, const struct ktg_msg_action *m, uint8_t id[16])
{
    ktg_time now = ktg_station_now(d->options.station);
    if (m->id.size == 16 && m->id.data[6] >> 4 == 7) {
        ktg_time at = (ktg_time)(ktg_get_be64(m->id.data) >> 16);
        if (at <= now && now - at < SAID_AGAIN_MS) {
            memcpy(id, m->id.data, 16);
            return at;
        }
    }
    ktg_id_next(&d->ids, now, id);
    return now;
}

/* Did this very act bring the track to where it is?  Then its officer did not hear so, and says it again. */
static bool stands_already(const struct ktg_alert *a, struct ktg_bytes agency,
                           const struct ktg_msg_action *m, ktg_time at)
{
    const struct ktg_track *t = ktg_alert_track(a, agency);
    bool close = m->action == KTG_ACTION_CLOSE;
    return m->id.size == 16 && t && t->at == at &&
           t->state == (close ? KTG_TRACK_CLOSED : KTG_TRACK_ACKNOWLEDGED) &&
           ktg_bytes_eq(t->officer, m->officer) &&
           ktg_bytes_eq(t->disposition, close ? m->disposition : KTG_BYTES_NONE);
}

static void on_action(struct ktg_desk *d, struct session *s, const struct ktg_msg_action *m)
{
    struct ktg_alert a = {0};
    struct ktg_buf blob = KTG_BUF_INIT;
    char hex[33];
    bool close = m->action == KTG_ACTION_CLOSE;
    struct ktg_bytes agency = ktg_bytes_str(s->rights.agency);
    int rc = s->rights.acts ? ktg_casebook_alert(d->options.casebook, agency, m->alert, &a)
                            : KTG_EDENIED;
    bool ambiguous = rc == KTG_ECONFLICT;
    uint8_t id[16];
    ktg_time at = number_act(d, m, id);
    if (!rc)
        rc = ktg_alert_may(&a, agency, close);
    if (rc == KTG_ECONFLICT && !ambiguous && stands_already(&a, agency, m, at)) {
        say_result(d, s->peer, s->number, m->ref, "done", "", 0);
        return;
    }
    if (!rc &&
        (m->officer.size == 0 || (close && (m->disposition.size == 0 || m->reason.size == 0))))
        rc = KTG_EINVALID;
    if (!rc && (d->full || d->action_count == MOST_ACTIONS))
        rc = KTG_EFULL;
    if (rc) {
        refuse(d, s, m->ref,
               !s->rights.acts       ? KTG_FAULT_DENIED
               : ambiguous           ? KTG_FAULT_AMBIGUOUS
               : rc == KTG_ECONFLICT ? KTG_FAULT_WRONG_STATE
               : rc == KTG_EINVALID  ? KTG_FAULT_MISSING_FIELD
               : rc == KTG_EFULL     ? d->full ? KTG_FAULT_DISK_LOW : KTG_FAULT_BUSY
                                     : KTG_FAULT_NO_SUCH_ALERT);
        return;
    }
    ktg_hex(a.finding, 16, hex);
    struct ktg_handed_action action = {close,      ktg_bytes(hex, 32), agency,
                                       m->officer, m->disposition,     m->reason,
                                       m->note,    KTG_BYTES_NONE,     KTG_BYTES_NONE};
    struct ktg_journal_item item;
    if (close && !ktg_journal_reader_at(d->findings, a.position, &item, NULL) && !item.erased)
        ktg_handed_part(&action, item.payload);
    ktg_handed_action_event(&action, id, at, &blob);
    struct action *act = ktg_buf_check(&blob) ? NULL : ktg_alloc(sizeof *act + blob.size);
    if (!act) {
        refuse(d, s, m->ref, KTG_FAULT_BUSY);
    } else {
        *act = (struct action){.next = d->actions,
                               .peer = s->peer,
                               .number = s->number,
                               .ref = m->ref,
                               .since = ktg_mono_ms(),
                               .size = blob.size};
        memcpy(act->id, id, sizeof id);
        memcpy(act->blob, blob.data, blob.size);
        d->actions = act;
        d->action_count++;
        d->wants = true;
        d->options.on_event(d->options.arg, KTG_DESK_ACTED, s->user);
    }
    ktg_buf_done(&blob);
}

void ktg_desk_stands(struct ktg_desk *d, const uint8_t id[static 16], uint64_t position, bool took)
{
    for (struct action *a = d->actions; a; a = a->next)
        if (memcmp(a->id, id, sizeof a->id) == 0) {
            a->position = position;
            a->took = took;
        }
}

void ktg_desk_rejected(struct ktg_desk *d, const uint8_t id[static 16], struct ktg_bytes code)
{
    for (struct action **at = &d->actions; *at; at = &(*at)->next) {
        struct action *a = *at;
        if (memcmp(a->id, id, sizeof a->id) != 0)
            continue;
        const struct ktg_fault *fault = ktg_fault_named(code);
        say_result(d, a->peer, a->number, a->ref,
                   fault ? fault->name : ktg_faults[KTG_FAULT_DENIED].name,
                   fault ? fault->what : "the centre refused it", 0);
        *at = a->next;
        d->action_count--;
        ktg_free(a);
        return;
    }
}

/* ---- the transaction -------------------------------------------------------------------------------------------------------------- */

bool ktg_desk_wants(const struct ktg_desk *d)
{
    return d->wants || d->confirmed.count;
}

bool ktg_desk_presses(const struct ktg_desk *d)
{
    bool stands = false;
    for (const struct action *a = d->actions; !stands && a; a = a->next)
        stands = a->position != 0;
    return stands || d->wants || d->confirmed.count > KTG_CONFIRMED_MOST / 2;
}

int ktg_desk_write(struct ktg_desk *d, struct ktg_err *err)
{
    int rc = KTG_OK;
    for (const struct ktg_confirmed_row *c = d->confirmed.rows; !rc && c; c = c->next)
        rc = ktg_casebook_confirm(d->options.casebook, ktg_bytes_str(c->user),
                                  ktg_bytes_str(c->sub), c->position, err);
    for (struct action *a = d->actions; !rc && a; a = a->next) {
        uint64_t seq;
        a->was_queued = a->queued;
        if (a->queued)
            continue;
        rc = ktg_casebook_queue(d->options.casebook, ktg_bytes(a->blob, a->size), &seq, err);
        a->queued = !rc;
    }
    return rc;
}

void ktg_desk_written(struct ktg_desk *d, bool committed)
{
    d->wants = d->wants && !committed;
    if (committed)
        ktg_confirmed_forget(&d->confirmed);
    for (struct action **at = &d->actions; *at;) {
        struct action *a = *at;
        if (!committed) {
            a->queued = a->was_queued;
            a->position = 0;
        }
        if (!committed || !a->position) {
            at = &a->next;
            continue;
        }
        say_result(d, a->peer, a->number, a->ref,
                   a->took ? "done" : ktg_faults[KTG_FAULT_WRONG_STATE].name,
                   a->took ? "" : "another officer was faster", a->position);
        *at = a->next;
        d->action_count--;
        ktg_free(a);
    }
}

/* ---- messages, life ----------------------------------------------------------------------------------------------------------------- */

void ktg_desk_message(struct ktg_desk *d, const struct ktg_link_message *lm)
{
    struct ktg_msg m;
    if (ktg_protocol_decode(lm->payload, &m, NULL))
        return;
    if (m.type == KTG_MSG_PING) {
        struct ktg_msg pong = {.type = KTG_MSG_PONG, .session = m.session};
        pong.pong =
            (struct ktg_msg_ping){m.ping.t, ktg_casebook_place(d->options.casebook).findings,
                                  ktg_bytes(d->boot, sizeof d->boot)};
        (void)ktg_desk_say(d, lm->peer, &pong); /* the next ping comes soon */
        return;
    }
    if (m.type == KTG_MSG_HELLO) {
        on_hello(d, lm, m.session);
        return;
    }
    struct session *s = session_find(d, lm->peer, m.session);
    if (m.type == KTG_MSG_BYE) {
        drop_numbered(d, lm->peer, m.session);
    } else if (!s || !ktg_bytes_is(lm->relayed, s->user)) {
        say_bye(d, lm->peer, m.session, KTG_FAULT_NO_SESSION);
    } else if (d->options.user_named(d->options.users_arg, lm->relayed, &s->rights)) {
        say_bye(d, lm->peer, m.session, KTG_FAULT_REVOKED_KEY);
    } else if (!s->rights.subscribes) {
        say_bye(d, lm->peer, m.session, KTG_FAULT_DENIED);
    } else if (m.type == KTG_MSG_SUBSCRIBE) {
        on_subscribe(d, s, &m.subscribe);
    } else if (m.type == KTG_MSG_CONFIRM) {
        on_confirm(d, s, &m.confirm);
    } else if (m.type == KTG_MSG_REPLAY) {
        on_replay(d, s, &m.replay);
    } else if (m.type == KTG_MSG_QUERY) {
        ktg_desk_query(d, s, &m.query);
    } else if (m.type == KTG_MSG_ACTION) {
        on_action(d, s, &m.action);
    } else {
        say_bye(d, lm->peer, m.session, KTG_FAULT_UNEXPECTED_MESSAGE);
    }
}

void ktg_desk_full(struct ktg_desk *d, bool full)
{
    d->full = full;
}

void ktg_desk_gone(struct ktg_desk *d, ktg_peer peer)
{
    for (size_t i = d->session_count; i-- > 0;)
        if (d->sessions[i]->peer == peer)
            session_drop(d, i);
}

size_t ktg_desk_sessions(const struct ktg_desk *d)
{
    return d->session_count;
}

size_t ktg_desk_held(const struct ktg_desk *d)
{
    size_t held = 0;
    for (size_t i = 0; i < d->session_count; i++)
        for (int n = 0; n < SUBS; n++)
            held += d->sessions[i]->subs[n] && d->sessions[i]->subs[n]->held;
    return held;
}

int ktg_desk_open(const struct ktg_desk_options *options, struct ktg_desk **ret_d,
                  struct ktg_err *err)
{
    struct ktg_desk *d = ktg_zalloc(sizeof *d);
    if (!d)
        return ktg_err_set(err, KTG_ENOMEM, "desk: out of memory");
    d->options = *options;
    ktg_random(d->boot, sizeof d->boot);
    int rc = ktg_journal_reader_open(options->findings_dir, NULL, &d->findings, err);
    if (!rc)
        rc = ktg_asking_open(options->context, ktg_station_loop(options->station), options->run_dir,
                             ktg_desk_told, d, &d->asking, err);
    if (rc) {
        ktg_desk_close(d);
        return rc;
    }
    *ret_d = d;
    return KTG_OK;
}

struct ktg_desk *ktg_desk_close(struct ktg_desk *d)
{
    if (!d)
        return NULL;
    ktg_asking_close(d->asking); /* tells those who wait */
    while (d->session_count)
        session_drop(d, 0);
    ktg_free(d->sessions);
    ktg_confirmed_forget(&d->confirmed);
    while (d->actions) {
        struct action *next = d->actions->next;
        ktg_free(d->actions);
        d->actions = next;
    }
    ktg_journal_reader_close(d->findings);
    ktg_buf_done(&d->frame);
    ktg_buf_done(&d->items);
    ktg_buf_done(&d->body);
    ktg_free(d);
    return NULL;
}
