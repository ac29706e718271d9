/* runtime/link/peers.h - inside this room: who has been heard at a router, and over which
 * descriptor.
 *
 *     heard ----> live ----> gone (its connection ended; some of its messages may still wait) ---->
 * deleted
 *
 * (1) At most `limit` peers.  (2) A live peer's descriptor is open and belongs to no other live
 * peer. A message may be read after its connection has ended: such a peer is entered as gone. Pure
 * but for memory.  Floor 0. SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_RUNTIME_LINK_PEERS_H
#define KTG_RUNTIME_LINK_PEERS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "runtime/link/context.h"
#include "runtime/link/link.h"

struct ktg_peer_entry {
    ktg_peer id;
    int fd;          /* -1 once it is gone */
    ino_t inode;     /* of the socket, so that a descriptor used again is not mistaken for it */
    bool gone;       /* the connection has ended */
    bool kicked;     /* cut by us: what still comes is dropped */
    bool introduced; /* on_peer was called and liked it */
    char user[KTG_USER_SIZE];
    struct ktg_peer_entry *next; /* in its bucket */
};

struct ktg_peers {
    struct ktg_peer_entry **buckets; /* a power of two of them */
    size_t mask, count, limit;
    size_t gone;   /* entries that wait to be deleted */
    uint8_t *open; /* by descriptor: 1 while its connection lives */
    size_t open_cap;
};

KTG_MUST_CHECK int ktg_peers_init(struct ktg_peers *p, size_t limit); /* KTG_ENOMEM */
void ktg_peers_done(struct ktg_peers *p);
struct ktg_peer_entry *ktg_peers_get(const struct ktg_peers *p, ktg_peer id); /* or NULL */
/* KTG_EFULL, KTG_ENOMEM.  The caller has looked that it is not there.  `user` shorter than
 * KTG_USER_SIZE. */
KTG_MUST_CHECK int ktg_peers_add(struct ktg_peers *p, ktg_peer id, int fd, const char *user,
                                 struct ktg_peer_entry **ret_entry);
/* A connection on `fd` begins.  KTG_ENOMEM: cut it. */
KTG_MUST_CHECK int ktg_peers_open_fd(struct ktg_peers *p, int fd);
/* The connection on `fd` has ended: its peer, if any was heard, is gone. */
void ktg_peers_close_fd(struct ktg_peers *p, int fd);
/* Take one that is gone out of the table; NULL: none left.  Free it with ktg_free. */
struct ktg_peer_entry *ktg_peers_take_gone(struct ktg_peers *p);
/* The next in no order; *at starts as 0; NULL: no more.  Entries may be changed, not added or
 * deleted. */
struct ktg_peer_entry *ktg_peers_next(const struct ktg_peers *p, size_t *at,
                                      struct ktg_peer_entry *last);

#endif
