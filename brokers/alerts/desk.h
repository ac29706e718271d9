/* brokers/alerts/desk.h - the sessions of duty desks: what they subscribed to, asked, and did.
 *
 *     message ─┬─ HELLO, SUBSCRIBE, CONFIRM        kept in memory; confirmations are written by the next commit
 *              ├─ QUERY   answered from the casebook; `alert` waits for correlation's explanation, at most ASKING_MS
 *              └─ ACTION  checked, then an event in the outbox (same transaction); RESULT when the journal has it
 *
 * (1) What a transaction must carry is gathered here and written by ktg_desk_write(); if it fails, it is gathered still.
 * (2) Every message is judged by the user's rights as they are now.
 * (3) A confirmation outlives its session: it is kept until it is written, and a newer session goes on after it.
 * (4) Every action is answered exactly once: done, the name of a fault, or busy after ACTION_MS (it may still stand later).
 * Shell.  Floor 3; owned by the station's loop.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_BROKERS_ALERTS_DESK_H
#define KTG_BROKERS_ALERTS_DESK_H

#include "brokers/alerts/alerts.h"
#include "brokers/alerts/casebook.h"
#include "brokers/alerts/progress.h"
#include "runtime/link/link.h"

struct ktg_desk;

enum ktg_desk_event {
    KTG_DESK_SUBSCRIBED,
    KTG_DESK_ACTED,
    KTG_DESK_HELD, /* an alert cannot be read now: the deliveries of this user stop before it */
    KTG_DESK_EVENTS
};

struct ktg_desk_options {
    struct ktg_casebook *casebook;
    const char *findings_dir, *run_dir;
    struct ktg_link *link; /* to the gateway */
    struct ktg_context *context;
    struct ktg_station *station;
    uint32_t window, max_sessions;
    uint32_t subscriptions; /* cursors kept of one user */
    int64_t retry_min, retry_max;
    void *arg; /* of on_event */
    void *users_arg;
    int (*user_named)(void *arg, struct ktg_bytes name, struct ktg_alerts_user *ret_user);
    struct ktg_progress_view (*progress)(void *arg);
    void (*on_event)(void *arg, enum ktg_desk_event what, const char *user);
};

KTG_MUST_CHECK int ktg_desk_open(const struct ktg_desk_options *options, struct ktg_desk **ret_d,
                                 struct ktg_err *err);
struct ktg_desk *ktg_desk_close(struct ktg_desk *d);

/* The casebook has no room (or has again): alerts are told, questions answered, and actions refused. */
void ktg_desk_full(struct ktg_desk *d, bool full);
void ktg_desk_message(struct ktg_desk *d, const struct ktg_link_message *lm);
void ktg_desk_gone(struct ktg_desk *d, ktg_peer peer);
bool ktg_desk_wants(const struct ktg_desk *d);   /* there is something for a transaction */
bool ktg_desk_presses(const struct ktg_desk *d); /* and somebody waits for its commit */

/* Inside a transaction. */
KTG_MUST_CHECK int ktg_desk_write(struct ktg_desk *d, struct ktg_err *err);
/* The event with this id stands in the journal, and took effect or came too late: its officer is told once the transaction
 * is committed. */
void ktg_desk_stands(struct ktg_desk *d, const uint8_t id[static 16], uint64_t position, bool took);
void ktg_desk_written(struct ktg_desk *d, bool committed);
/* Outside a transaction: ingest put the event with this id into quarantine; its officer is told why. */
void ktg_desk_rejected(struct ktg_desk *d, const uint8_t id[static 16], struct ktg_bytes code);

/* Send what is due to whoever has room; returns how many alerts went out. */
int64_t ktg_desk_deliver(struct ktg_desk *d, ktg_time mono);
size_t ktg_desk_sessions(const struct ktg_desk *d);
size_t ktg_desk_held(const struct ktg_desk *d); /* subscriptions that wait before an alert */

#endif
