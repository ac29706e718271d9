/* producers/agent/agent.h - the producer's shell: takes events, keeps them, brings them to the
 * centre.
 *
 *     submit ──> queue ──(one transaction a turn)──> outbox ──PUBLISH──> gateway
 *     on_stored <────────────────┘                     ^                    │
 *     on_receipt <─────────────────────────────────────┴─────── ACK, NACK ──┘
 *     each source: HEARTBEAT every period, with what is complete
 *
 * (1) on_stored means: on this disk, and it will arrive.  on_receipt means: on the centre's disk,
 * and where. (2) Nothing is deleted before the centre has acknowledged it; a lost link costs time,
 * never an event. (3) One that the centre rejects goes to the rejects and does not hold up those
 * behind it. (4) A lost or restored outbox (seq-conflict) goes on in a new epoch by itself; whoever
 * is fenced off by a higher epoch, or whose key is refused, stops sending, goes on storing, and
 * says so. (5) No state outside the handle: one loop may carry many agents, each with its own
 * outbox and key.
 *
 * A shell.  Owner: the loop's thread.  Floor 3; needs runtime/, runtime/loop, runtime/link,
 * schema/, producers/outbox. SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_PRODUCERS_AGENT_AGENT_H
#define KTG_PRODUCERS_AGENT_AGENT_H

#include "producers/outbox/outbox.h"
#include "runtime/link/link.h"
#include "runtime/loop/loop.h"

struct ktg_agent;

struct ktg_agent_options { /* 0, NULL: the default in brackets */
    struct ktg_loop *loop;
    struct ktg_context *context;       /* with a doorkeeper if `ipc` is wanted (ktg_agent_lookup) */
    struct ktg_clock clock;            /* domain time of heartbeats; scale 0 means the true time */
    const char *name;                  /* of the key in the registry */
    const char *folder;                /* of the outbox; its lock is the installation's */
    struct ktg_outbox_options outbox;  /* [1 GiB, 10000 receipts, 10000 rejects] */
    const char *endpoint;              /* of the gateway; NULL: never connects (store only) */
    const struct ktg_curve_pair *keys; /* copied */
    const struct ktg_curve_key *server_key; /* copied */
    bool plain;                             /* without CURVE, loopback only */
    const char *const *sources;             /* for heartbeats; ended by NULL, copied; NULL: none */
    ktg_time heartbeat;            /* ms of domain time between two heartbeats of a source [60 s] */
    uint32_t batch_events;         /* in one PUBLISH [64] */
    uint32_t window;               /* most unacknowledged, if the centre grants as many [4096] */
    ktg_time answer_within;        /* ms [10 s] */
    ktg_time retry_min, retry_max; /* ms [250 ms, 30 s] */
    uint32_t queue_events;         /* most that wait for the disk [16384] */
    const char *ipc; /* "ipc://run/agent.ipc": take events of other processes; NULL: no */
};

enum ktg_agent_state {
    KTG_AGENT_OFFLINE, /* no connection */
    KTG_AGENT_CALLING, /* connected, no welcome yet */
    KTG_AGENT_ONLINE,  /* welcome */
    KTG_AGENT_REFUSED, /* the centre does not want this key; tried again slowly */
    KTG_AGENT_FENCED,  /* another installation with this key is at work, or the centre said do not
                          come back */
    KTG_AGENT_STOPPED,
};
const char *ktg_agent_state_name(enum ktg_agent_state s);

struct ktg_agent_calls { /* all from the loop; each may be NULL.  None may close the agent. */
    /* The i-th of what was submitted under `tag`: in the outbox, or known, or in conflict. */
    void (*on_stored)(void *arg, void *tag, const struct ktg_outbox_event *event,
                      const struct ktg_outbox_verdict *verdict);
    /* Final.  `fault` only with REJECTED, if the centre has said why; valid during the call. */
    void (*on_receipt)(void *arg, const struct ktg_outbox_receipt *r,
                       const struct ktg_outbox_fault *fault);
    /* `why` only when something is wrong; valid during the call. */
    void (*on_state)(void *arg, enum ktg_agent_state state, const struct ktg_err *why);
    /* The outbox is full, a message was not understood, a new epoch was begun: said once, goes on.
     */
    void (*on_trouble)(void *arg, const struct ktg_err *what);
    void (*on_room)(void *arg); /* submit said KTG_EAGAIN: try again */
    /* The disk failed (KTG_EIO): the agent is stopped, the process should end. */
    void (*on_broken)(void *arg, const struct ktg_err *why);
    void *arg;
};

/* Opens the outbox and begins to call the centre.  KTG_ECONFLICT: another agent works on this
 * folder. */
KTG_MUST_CHECK int ktg_agent_open(const struct ktg_agent_options *options,
                                  const struct ktg_agent_calls *calls, struct ktg_agent **ret_agent,
                                  struct ktg_err *err);
/* Stores what is queued, says BYE, closes.  What was not acknowledged stays in the outbox. */
struct ktg_agent *ktg_agent_close(struct ktg_agent *agent);

/* Queue one event (copied); on_stored follows with `tag`.  The blob must be a canonical event
 * (ktg_wire_check and ktg_event_read pass); rights and fields are checked by the centre.
 * KTG_EAGAIN: queue or outbox are full, nothing was taken, wait for on_room; KTG_EINVALID: no
 * event. */
KTG_MUST_CHECK int ktg_agent_submit(struct ktg_agent *agent, struct ktg_bytes blob, void *tag,
                                    struct ktg_err *err);
/* After KTG_AGENT_FENCED, when a person has made sure that the other installation is at rest: go on in a higher epoch.
 * KTG_EIO, KTG_EFULL: of the outbox. */
KTG_MUST_CHECK int ktg_agent_take_over(struct ktg_agent *agent, struct ktg_err *err);
/* Drop the connection or take it up again: a link that is cut on purpose, for demonstrations and
 * maintenance.  Storing goes on.
 * Taking it up again also ends KTG_AGENT_FENCED: a person has looked. */
void ktg_agent_pause(struct ktg_agent *agent, bool paused);

enum ktg_agent_state ktg_agent_state(const struct ktg_agent *agent);
bool ktg_agent_is_idle(const struct ktg_agent *agent); /* nothing queued, nothing unacknowledged */
struct ktg_outbox *
ktg_agent_outbox(struct ktg_agent *agent); /* for looking: stat, rejects, receipts */
struct ktg_agent_counts {
    uint64_t submitted, stored, sent, acked, rejected, heartbeats, hellos, epochs, local;
};
const struct ktg_agent_counts *ktg_agent_counts(const struct ktg_agent *agent);

/* The agent as a station of its own, logging as it goes, until SIGINT or SIGTERM; loop and context of the options are not
 * read.  KTG_OK after a signal; KTG_ECONFLICT: another agent works on this outbox; KTG_EIO: its disk failed. */
KTG_MUST_CHECK int ktg_agent_run(const struct ktg_agent_options *options, struct ktg_err *err);

/* Doorkeeper of agent.ipc: processes of our own user, and root.  Domain "agent". */
#define KTG_AGENT_DOMAIN "agent"
int ktg_agent_lookup(void *arg, const struct ktg_asker *asker, char user[static KTG_USER_SIZE],
                     const char **ret_reason);

#endif
