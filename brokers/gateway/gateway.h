/* brokers/gateway/gateway.h - the station that faces the network, and holds nothing that matters.
 *
 *     agencies ══ CURVE ══> front router ─┬─ [who][frame] ─> ingest   (those that publish)
 *     duty desks ═ CURVE ═>               └─ [who][frame] ─> alerts   (those that subscribe, ask, act)
 *                 <═════════ frames ══════════ by session number
 *
 * (1) Who a client is, the doorkeeper reads from its key; its frames say nothing about it that counts.
 * (2) A session is one connection and one station behind.  It begins with HELLO; anything before is answered with BYE.
 * (3) Every frame is checked for size, head and session; PUBLISH also for rate and credit, QUERY for rate.  What is inside an event,
 *     ingest alone judges.
 * (4) Memory is bounded: sessions, frame size, queue lengths, credit; what libzmq holds beyond that, by an end and a new start.  It may be killed at any time: clients come back.
 * (5) When a station behind restarts (it is gone, or its boot id changes), its sessions end with BYE restarting.
 * (6) A key that is revoked, or whose time is over, ends the live sessions of that key within a second; one whose role is
 *     another, the session that it no longer may have.
 * (7) The plain listener has a domain of its own; without a key nobody passes the other one.
 * (8) An ACK never overtakes the reason of a rejection: a client for whose reason there is no room has no session any more,
 *     says hello again, and is told both anew.
 * Shell.  Floor 3; single-threaded.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_BROKERS_GATEWAY_GATEWAY_H
#define KTG_BROKERS_GATEWAY_GATEWAY_H

#include "runtime/link/curve.h"
#include "runtime/station/station.h"

struct ktg_gateway_user {
    char name[96]; /* of the key in the registry */
    bool publishes, subscribes;
    int64_t rate, burst; /* events per second, and at once; 0: unlimited */
};

struct ktg_gateway_options {
    const char *run_dir;
    const char *listen;        /* tcp://127.0.0.1:7701 */
    const char *endpoint_file; /* the real endpoint is written here when it is bound; may be NULL */
    const char *plain;      /* a second listener without CURVE: loopback only; NULL or "": none */
    const char *plain_user; /* whom everybody who comes in there is taken for */
    struct ktg_curve_pair keys;
    struct ktg_clock clock;
    enum ktg_log_level log_level;
    uint32_t max_sessions; /* default 1024 */
    uint32_t max_frame;    /* bytes; default 1 MiB */
    int64_t handshake;     /* ms; default 2000 */
    uint32_t
        answers; /* that wait for one client: as many as it has credit for, and some; default 1024 */
    int64_t heartbeat;     /* ms of silence before a peer is asked; default 2000 */
    int64_t registry_poll; /* ms between looks at the registry; default 250 */
    uint64_t memory; /* resident bytes at which it ends, to be started anew; default 512 MiB */

    void *arg;
    /* Who holds this public key (Z85)?  KTG_EDENIED with a reason that the client is told. */
    int (*user_of_key)(void *arg, const char *public_key, struct ktg_gateway_user *ret_user,
                       const char **ret_reason);
    /* Who is the user of this name now?  KTG_ENOTFOUND, KTG_EDENIED: no longer welcome. */
    int (*user_named)(void *arg, const char *name, struct ktg_gateway_user *ret_user);
    /* Called each registry_poll, before user_named is asked about everybody: look whether the registry changed. */
    bool (*registry_changed)(void *arg);
    void (*on_reload)(
        void *arg); /* SIGHUP, before the same: read it even if it seems not to have; may be NULL */
};

/* Runs until a signal.  KTG_ECONFLICT "port-in-use" and the like come with their text. */
KTG_MUST_CHECK int ktg_gateway_run(const struct ktg_gateway_options *options, struct ktg_err *err);

#endif
