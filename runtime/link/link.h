/* runtime/link/link.h - messages between stations and with the agencies.
 *
 *     dealer (connect) ------ [payload] ----> router (bind)      tcp:// with CURVE: the network
 *     dealer (connect) -- [who][payload] ---> router (bind)      ipc://: a gateway relays
 *
 * (1) One payload frame a message.  On a relaying link one frame more, before it: for whom the
 *     other end speaks.  Anything else is dropped, counted, and the peer is kicked.
 * (2) Every message at a router carries the user id that the doorkeeper gave; without one it is
 *     dropped.  The routing id proves nothing: a peer that chose its own is kicked.
 * (3) Nothing waits: a send says KTG_EAGAIN (full, or no connection) or KTG_EUNREACHABLE (no such
 *     peer).  What was "sent" may still be lost with the connection: acknowledge in the protocol.
 * (4) At most `budget` messages a turn of the loop, so timers and other links run in between.
 * (5) A peer is heard of by on_gone exactly once if on_peer was called for it, after its last
 *     message.
 * (6) What a stranger can grow has a limit: peers, frame size, queue lengths, handshake time.
 *
 * A bound ipc path is guarded by PATH.lock (runtime/lockfile.h): libzmq would let a second process
 * steal it.
 * Owner: the loop's thread.  Floor 0; needs runtime/, runtime/loop, libzmq.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_RUNTIME_LINK_LINK_H
#define KTG_RUNTIME_LINK_LINK_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/bytes.h"
#include "runtime/err.h"
#include "runtime/link/context.h"

/* Could a router bind it now?  Binds a tcp address and lets go of it; of an ipc path the form alone is looked at. */
KTG_MUST_CHECK int ktg_endpoint_check_free(const char *endpoint, bool plain, struct ktg_err *err);

struct ktg_link;
typedef uint64_t ktg_peer; /* one connection at a router; never used again; 0: nobody */

struct ktg_link_message {
    ktg_peer peer;            /* whom to answer; 0 at a dealer */
    const char *user;         /* who it proved to be; "" at a dealer */
    struct ktg_bytes relayed; /* for whom it speaks; empty unless the link relays */
    struct ktg_bytes payload; /* all views are valid during the call */
};

enum ktg_link_state {
    KTG_LINK_UP,      /* a connection stands: say hello */
    KTG_LINK_DOWN,    /* it is gone; the link tries again by itself */
    KTG_LINK_REFUSED, /* the other end does not want our key, or is another; tried again, slowly */
};

/* Called from the loop.  All may be NULL but on_message.  The link may be sent to and kicked from,
 * not closed. */
struct ktg_link_calls {
    void (*on_message)(void *arg, struct ktg_link *link, const struct ktg_link_message *m);
    /* A router hears a peer for the first time.  Not KTG_OK: it is kicked, its message dropped. */
    int (*on_peer)(void *arg, struct ktg_link *link, ktg_peer peer, const char *user);
    void (*on_gone)(void *arg, struct ktg_link *link, ktg_peer peer, const char *user);
    void (*on_state)(void *arg, struct ktg_link *link, enum ktg_link_state state); /* dealer */
    void (*on_writable)(void *arg, struct ktg_link *link); /* dealer: after a KTG_EAGAIN, try now */
    /* After the messages of one turn: do once what need not be done per message (answer, flush). */
    void (*on_burst)(void *arg, struct ktg_link *link);
    void *arg;
};

struct ktg_link_options { /* 0, NULL: the default in brackets; times in ms */
    const char *endpoint; /* tcp://127.0.0.1:7171, tcp://127.0.0.1:*, ipc://run/in.ipc */
    const char *domain;   /* bind: the name under which the doorkeeper knows this link; needed */
    const struct ktg_curve_pair *keys;      /* tcp: ours; needed unless plain */
    const struct ktg_curve_key *server_key; /* connect, tcp: whom we expect; needed unless plain */
    bool plain;                             /* tcp without CURVE; only on a loopback address */
    bool relay;                             /* ipc only: a frame "for whom" may come first */
    size_t max_frame;    /* largest payload, bytes [1 MiB]; a larger one cuts the connection */
    uint32_t send_queue; /* messages per peer before KTG_EAGAIN [1024] */
    uint32_t recv_queue; /* messages per peer that wait unread [64] */
    uint32_t budget;     /* messages a turn [64] */
    uint32_t max_peers;  /* connections at a router [1024] */
    uint32_t handshake;  /* a connection that is not done by then is cut [2000] */
    uint32_t heartbeat;  /* asked after that much silence; three times that: it is gone [2000] */
    uint32_t retry_min, retry_max; /* dealer: between attempts, doubling [250, 30000] */
    uint32_t retry_jitter; /* dealer: added to retry_min; a random number below retry_min [0] */
    unsigned ipc_mode;     /* bind, ipc: rights of the socket [0600] */
};

/* A router.  KTG_ECONFLICT "port-in-use" (says who, if it can be found) or "already-running";
 * KTG_EUSAGE "path-too-long", "no-keys", "not-loopback", "bad-endpoint"; KTG_EDENIED, KTG_ENOMEM.
 */
KTG_MUST_CHECK int ktg_link_bind(struct ktg_context *context,
                                 const struct ktg_link_options *options,
                                 const struct ktg_link_calls *calls, struct ktg_link **ret_link,
                                 struct ktg_err *err);
/* A dealer.  Succeeds whether or not anybody is there: on_state tells. */
KTG_MUST_CHECK int ktg_link_connect(struct ktg_context *context,
                                    const struct ktg_link_options *options,
                                    const struct ktg_link_calls *calls, struct ktg_link **ret_link,
                                    struct ktg_err *err);
/* What was not yet on the wire is dropped.  No callback is called any more, on_gone neither. */
struct ktg_link *ktg_link_close(struct ktg_link *link);

/* At a router to `peer`, at a dealer to 0.  `relayed` empty: no such frame; else only on a relaying
 * link. KTG_EAGAIN, KTG_EUNREACHABLE, KTG_EINVALID (too big for max_frame), KTG_ENOMEM: nothing was
 * sent. */
KTG_MUST_CHECK int ktg_link_send(struct ktg_link *link, ktg_peer peer, struct ktg_bytes relayed,
                                 struct ktg_bytes payload);

/* Cut the connection; what still waits of it is dropped.  A dealer there reconnects as a new peer
 * and is asked for its key again.  KTG_ENOTFOUND: no such peer. */
KTG_MUST_CHECK int ktg_link_kick(struct ktg_link *link, ktg_peer peer);
size_t ktg_link_kick_user(struct ktg_link *link, const char *user); /* how many were cut */
/* Each live peer that has been heard, in no order; `each` must not send or kick. */
void ktg_link_peers(const struct ktg_link *link,
                    void (*each)(void *arg, ktg_peer peer, const char *user), void *arg);

const char *ktg_link_endpoint(const struct ktg_link *link); /* the real one, with its port */
bool ktg_link_is_up(const struct ktg_link *link);           /* dealer: a connection stands */

struct ktg_link_counts {
    uint64_t received, received_bytes, sent, sent_bytes; /* messages, payload bytes */
    uint64_t full;                                       /* sends that met KTG_EAGAIN */
    uint64_t bad_shape, bad_user, bad_id; /* dropped: frames; no user id; own routing id */
    uint64_t refused_peers;               /* dropped: max_peers, or on_peer said no */
    uint64_t kicked;
    uint64_t accepted, opened, closed; /* connections: begun, handshake done, ended */
    uint64_t failed_auth, failed_protocol, failed_other; /* handshakes */
    uint64_t live;                                       /* accepted and not yet ended */
};
const struct ktg_link_counts *ktg_link_counts(const struct ktg_link *link);

#endif
