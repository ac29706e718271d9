/* runtime/link/sender.h - which items of an outbox to send now, and when to call on the other end.
 *
 * The items are numbered 1, 2, 3...  A sender is a few marks on that line:
 *
 *     0 ........ acked ............ sent ............ newest
 *     | finished  |    in flight      |   to be sent    |
 *
 *     RESTING --wake_at, hello--> CALLING --opened(acked)--> OPEN --silence, gone--> RESTING
 *
 * (1) acked <= sent <= newest.  acked never falls.
 * (2) In flight are at most min(window, credit) items and bytes; but one item alone may always go.
 * (3) What is in flight when the session ends is to be sent again: the other end says in its
 *     welcome how far it came, and the line continues there.  So an item may be sent twice and is
 *     never skipped.
 * (4) While something is in flight or hello is unanswered, silence longer than `answer_within` ends
 *     the session.
 * (5) Rests double from rest_min to rest_max with each failure and become short again when
 *     something is acknowledged.  Half of each rest is left to `random`, so a thousand senders do
 *     not come back at once.
 * (6) A session that ends without one acknowledgement of what it had in flight: the next one has half as much in flight, down
 *     to one item, and each acknowledgement doubles it again.  A line that always breaks after so many messages, its answers
 *     with it, would else be given the same ones for ever.
 *
 * Pure: knows numbers and bytes, no event, socket, disk or clock; the shell brings mono time and
 * random numbers and obeys.  Owned by one loop, no locking.  Floor 0; needs runtime/ only.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_RUNTIME_LINK_SENDER_H
#define KTG_RUNTIME_LINK_SENDER_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/clock.h" /* ktg_time, KTG_NEVER */
#include "runtime/err.h"

struct ktg_sender;

struct ktg_sender_limits {
    uint32_t window_items;       /* most items in flight; at least 1 */
    uint64_t window_bytes;       /* most bytes in flight; at least 1 */
    uint32_t batch_items;        /* most items in one order; at least 1 */
    uint64_t batch_bytes;        /* most bytes in one order; at least 1 */
    ktg_time answer_within;      /* ms; above 0 */
    ktg_time rest_min, rest_max; /* ms; above 0, rest_max >= rest_min */
};

enum ktg_sender_wish {
    KTG_SENDER_WAIT,  /* nothing until wake_at() or the next input */
    KTG_SENDER_HELLO, /* (re)connect if need be and say hello; then opened() or disconnected() */
    KTG_SENDER_SEND,  /* send from `first` on, then tell by sent() */
};

struct ktg_sender_order {
    enum ktg_sender_wish wish;
    uint64_t first; /* SEND: the first item */
    uint32_t items; /* at most so many ... */
    uint64_t bytes; /* ... and so many bytes; but always the first, if `alone` */
    bool alone; /* nothing is in flight: the first item may go even if it is larger than `bytes` */
};

/* An outbox whose items up to `acked` are finished and whose last is `newest`.  It wishes to say
 * hello at once. KTG_EINVALID (limits, acked > newest), KTG_ENOMEM. */
KTG_MUST_CHECK int ktg_sender_new(uint64_t acked, uint64_t newest,
                                  const struct ktg_sender_limits *limits,
                                  struct ktg_sender **ret_sender);
struct ktg_sender *ktg_sender_free(struct ktg_sender *s);

/* What to do now.  Call until it says WAIT.  An order to SEND that cannot be obeyed (KTG_EAGAIN of
 * the link, first item does not fit) is simply not followed by sent(). */
struct ktg_sender_order ktg_sender_next(struct ktg_sender *s, ktg_time now, uint32_t random);
/* The order was followed: items first..last went out, `bytes` in all. */
void ktg_sender_sent(struct ktg_sender *s, uint64_t last, uint64_t bytes, ktg_time now);

/* The outbox has grown. */
void ktg_sender_newest(struct ktg_sender *s, uint64_t newest);
/* Welcome: the other end holds all up to `acked` and grants so much in flight (0: nothing for now).
 * KTG_ECORRUPT: it has forgotten what it acknowledged; KTG_ECONFLICT: it holds items that we never
 * had (our outbox was lost: a new epoch is needed); KTG_EINVALID: we did not say hello.  Then
 * nothing is changed. */
KTG_MUST_CHECK int ktg_sender_opened(struct ktg_sender *s, uint64_t acked, uint32_t credit_items,
                                     uint64_t credit_bytes, ktg_time now);
/* A new grant. */
void ktg_sender_credit(struct ktg_sender *s, uint32_t items, uint64_t bytes);
/* It holds all up to `upto`.  An echo is fine; KTG_EINVALID: never sent in any session, nothing
 * changed. */
KTG_MUST_CHECK int ktg_sender_acked(struct ktg_sender *s, uint64_t upto, ktg_time now);
/* It did not take what came after acked: send that again, but not before `after` ms. */
void ktg_sender_retry(struct ktg_sender *s, ktg_time after, ktg_time now);
/* The connection is gone, or the other end said goodbye. */
void ktg_sender_disconnected(struct ktg_sender *s, ktg_time now, uint32_t random);

/* When next() may have news even if nothing else happens; KTG_NEVER: not at all. */
ktg_time ktg_sender_wake_at(const struct ktg_sender *s);
uint64_t ktg_sender_acked_seq(const struct ktg_sender *s); /* all up to here may be deleted */

#endif
