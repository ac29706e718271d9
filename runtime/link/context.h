/* runtime/link/context.h - what links stand on, and the doorkeeper who says who may come in.
 *
 *     peer --- handshake ---> link (bind) --- who is this? ---> doorkeeper: lookup(asker)
 *                                         <-- user, or a reason --
 *
 * (1) No link is bound without a doorkeeper (ZAP, ZeroMQ RFC 27), and every bound link has a
 *     domain, which is enforced: without it an unknown key would be let in silently.
 * (2) The lookup runs on the loop's thread: the registry needs no lock.
 * (3) Asked only once per connection: whoever is struck off later must also be kicked
 *     (ktg_link_kick_user).
 *
 * With link.h and hint.h the only room that knows libzmq.  One thread, the loop's.  Floor 0.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_RUNTIME_LINK_CONTEXT_H
#define KTG_RUNTIME_LINK_CONTEXT_H

#include "runtime/err.h"
#include "runtime/link/curve.h"
#include "runtime/loop/loop.h"

struct ktg_context;

enum { KTG_USER_SIZE = 128 }; /* a user id with its NUL: printable ASCII without blanks */

enum ktg_asker_proof {
    KTG_PROOF_KEY, /* CURVE: holds the secret half of `key` */
    KTG_PROOF_UID, /* ipc: the kernel vouches for uid, gid and pid */
    KTG_PROOF_NONE /* plain tcp on loopback (ktg_link_options.plain) */
};

struct ktg_asker {
    enum ktg_asker_proof proof;
    const char *domain;              /* of the link that it wants to enter */
    const char *address;             /* "192.0.2.7"; "localhost" by ipc */
    const struct ktg_curve_key *key; /* KTG_PROOF_KEY, else NULL */
    uint32_t uid, gid;               /* KTG_PROOF_UID */
    int32_t pid;
};

/* KTG_OK: write the user id into `user`.  Else refused: *ret_reason may point to a short text
 * (ASCII) that the asker is told; it must stay valid until the next lookup. */
typedef int ktg_context_lookup(void *arg, const struct ktg_asker *asker,
                               char user[static KTG_USER_SIZE], const char **ret_reason);

/* A lookup for links between the stations of one machine: by ipc and of this user, nobody else. */
int ktg_context_own_user(void *arg, const struct ktg_asker *asker, char user[static KTG_USER_SIZE],
                         const char **ret_reason);

/* `lookup` NULL: no doorkeeper, then nothing can be bound.  KTG_EUSAGE "zmq-too-weak": the library
 * on this machine has no CURVE or does not enforce the domain. */
KTG_MUST_CHECK int ktg_context_new(struct ktg_loop *loop, ktg_context_lookup *lookup, void *arg,
                                   struct ktg_context **ret_context, struct ktg_err *err);
/* Close links and hints first, and before the loop is freed. */
struct ktg_context *ktg_context_free(struct ktg_context *context);

struct ktg_context_counts {
    uint64_t admitted, refused, malformed; /* answers of the doorkeeper */
};
const struct ktg_context_counts *ktg_context_counts(const struct ktg_context *context);

#endif
