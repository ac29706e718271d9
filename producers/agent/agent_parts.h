/* producers/agent/agent_parts.h - what the files of the agent share: agent.c (life, queue, tick), talk.c (the talk
 * with the gateway), door.c (other processes).
 *
 *     callbacks of link and door only note what came and ask for a tick; the tick does the rest, in this order:
 *     acknowledgements -> outbox, queue -> outbox, then hello / publish / heartbeat / ping, then the next alarm
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_PRODUCERS_AGENT_AGENT_PARTS_H
#define KTG_PRODUCERS_AGENT_AGENT_PARTS_H

#include "producers/agent/agent.h"
#include "runtime/buf.h"
#include "runtime/link/sender.h"
#include "schema/protocol.h"

#define KTG_AGENT_RUNS     4096 /* most runs that wait to be applied; what others say comes again */
#define KTG_AGENT_REASONS  1024 /* most receipts that wait for the reason of a rejection */
#define KTG_AGENT_RENEWALS 3    /* most new epochs without an acknowledgement in between */

struct ktg_door;
struct ktg_ticket; /* a SUBMIT of the door that is not yet answered */

struct queued {
    uint8_t id[KTG_OUTBOX_ID];
    ktg_time occurred_at;
    size_t source_at, source_size, blob_at, blob_size; /* in the queue's bytes */
    void *tag;
    struct ktg_ticket *ticket; /* NULL: of our own process */
    uint32_t index;            /* in the ticket */
};

struct queue {
    struct queued *items;
    size_t count, cap, done; /* items before `done` are stored and told */
    struct ktg_buf bytes;
};

/* A rejected event: its receipt and its reason come apart, in either order. */
struct reason { /* of a rejected event whose receipt waits for it */
    uint64_t seq;
    ktg_time since; /* mono */
    struct ktg_outbox_receipt receipt;
};

struct ktg_agent {
    struct ktg_agent_options o;
    struct ktg_agent_calls calls;
    char *name, *endpoint, *folder;
    char **sources; /* ended by NULL */
    struct ktg_curve_pair keys;
    struct ktg_curve_key server_key;
    struct ktg_outbox *outbox;
    struct ktg_sender *sender;
    struct ktg_timer *timer;
    struct ktg_link *link; /* NULL: paused, fenced, stopped, or about to be made anew */
    struct ktg_door *door;
    struct ktg_agent_counts counts;
    enum ktg_agent_state state;
    bool paused, fenced, broken, reopen, room_wanted, full_said;
    bool in_tick;
    uint64_t epoch;

    /* the session */
    uint64_t session; /* 0: none */
    uint64_t frame_max, publish_max;
    uint64_t welcomed;            /* what it said it had: told to an earlier session */
    ktg_time heard_at, pinged_at; /* mono */
    ktg_time store_again_at;      /* mono: the disk was full; KTG_NEVER: no */
    ktg_time beat_at;             /* mono: next heartbeats */
    ktg_time beat_every;          /* mono ms */
    uint64_t beat_seconds;        /* the same in domain seconds */
    uint32_t renewals;            /* since the last acknowledgement */

    /* acknowledged, not yet applied */
    uint64_t acked;
    struct ktg_outbox_run *runs;
    size_t run_count, run_cap;
    struct reason *reasons;
    size_t reason_count, reason_cap;

    struct queue queue;
    struct ktg_buf frame, list; /* scratch */
};

static inline ktg_time ktg_agent_true_time(void)
{
    struct ktg_clock real = KTG_CLOCK_REAL;
    return ktg_clock_now(&real);
}
uint32_t ktg_agent_random(void);

/* agent.c */
void ktg_agent_wake(struct ktg_agent *a); /* a tick in the next turn */
/* How often heartbeats are due on the clock as it is now; a clock that has become faster brings the next one near. */
void ktg_agent_pace(struct ktg_agent *a, ktg_time now);
void ktg_agent_enter(struct ktg_agent *a, enum ktg_agent_state state, const struct ktg_err *why);
void ktg_agent_trouble(struct ktg_agent *a, const struct ktg_err *what);
void ktg_agent_break(struct ktg_agent *a, const struct ktg_err *why); /* the disk failed */
/* For the door: queue event `index` of a ticket.  As ktg_agent_submit. */
KTG_MUST_CHECK int ktg_agent_take(struct ktg_agent *a, struct ktg_bytes blob, void *tag,
                                  struct ktg_ticket *ticket, uint32_t index, struct ktg_err *err);
/* A full receipt for whoever wants to know. */
void ktg_agent_tell_receipt(struct ktg_agent *a, const struct ktg_outbox_receipt *r,
                            const struct ktg_outbox_fault *fault);

/* talk.c */
KTG_MUST_CHECK int ktg_talk_open_link(struct ktg_agent *a, struct ktg_err *err);
void ktg_talk_close_link(struct ktg_agent *a, bool polite);
KTG_MUST_CHECK int ktg_talk_new_sender(struct ktg_agent *a,
                                       struct ktg_err *err); /* as the outbox stands */
KTG_MUST_CHECK int ktg_talk_apply_acks(struct ktg_agent *a, struct ktg_err *err);
void ktg_talk_drive(struct ktg_agent *a, ktg_time now); /* hello, publish, heartbeats, ping */
ktg_time ktg_talk_wake_at(const struct ktg_agent *a);
KTG_MUST_CHECK int ktg_talk_renew(struct ktg_agent *a, uint64_t at_least, struct ktg_err *err);
void ktg_talk_tell_reasons(struct ktg_agent *a); /* those whose other half will not come any more */

/* door.c */
KTG_MUST_CHECK int ktg_door_open(struct ktg_agent *a, const char *endpoint,
                                 struct ktg_door **ret_door, struct ktg_err *err);
struct ktg_door *ktg_door_close(struct ktg_door *d);
/* The verdict on event `index` of a ticket; the ticket is answered and gone with its last one. */
void ktg_door_stored(struct ktg_door *d, struct ktg_ticket *ticket, uint32_t index,
                     const struct ktg_outbox_event *event,
                     const struct ktg_outbox_verdict *verdict);
void ktg_door_receipt(struct ktg_door *d, const struct ktg_outbox_receipt *r,
                      const struct ktg_outbox_fault *fault);
void ktg_door_room(struct ktg_door *d); /* the queue has room again */

#endif
