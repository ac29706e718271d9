/* brokers/gateway/session.h - what one connected client may still send.
 *
 *     acked ........ in flight ........ | credit
 *       frames: {last seq, bytes} ...   | what would pass it ends the session
 *
 * (1) In flight = events and bytes sent since the last acknowledgement; both stay within the credit that WELCOME or CREDIT gave.
 * (2) The rate is a token bucket: `rate` events a second, `burst` at once.  Over it the frame is sent back with the time to wait;
 *     it is not a crime.  Over the credit is: such a client would grow our memory.
 * (3) After a retry the client sends again what was in flight: the account starts anew.  What it had sent before it heard
 *     of the retry crosses that on the way: a frame that comes again replaces its first copy in the account, and the copies
 *     have an account of their own, as large as the credit, until all of them are acknowledged.
 * Pure: time is an argument (mono ms).  Floor 3.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_BROKERS_GATEWAY_SESSION_H
#define KTG_BROKERS_GATEWAY_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/clock.h"
#include "runtime/err.h"

enum {
    KTG_SESSION_FRAMES = 256
}; /* accounted one by one; further ones are counted with the newest, so released a little late */

struct ktg_session_flight {
    uint64_t last_seq, bytes;
};

struct ktg_session {
    uint64_t credit_events, credit_bytes; /* 0 before WELCOME: nothing may be sent */
    uint64_t acked, last;                 /* sequence numbers */
    uint64_t bytes;                       /* in flight */
    uint64_t copies, copies_until;        /* bytes that were sent again, and up to which number */
    struct ktg_session_flight flight[KTG_SESSION_FRAMES];
    uint32_t head, count;
    int64_t rate, burst; /* events per second, and at once; rate 0: unlimited */
    int64_t tokens;      /* thousandths of an event */
    ktg_time filled_at;
};

void ktg_session_init(struct ktg_session *s, int64_t rate, int64_t burst, ktg_time now);
/* WELCOME or CREDIT came from the station behind. */
void ktg_session_grant(struct ktg_session *s, uint64_t events, uint64_t bytes);
void ktg_session_resume(struct ktg_session *s, uint64_t acked); /* WELCOME: nothing is in flight */
/* A PUBLISH of `count` events from `first_seq`, `bytes` in all.  KTG_OK: pass it on, it is accounted.  KTG_EAGAIN: over the
 * rate, *ret_wait ms; not accounted.  KTG_EFULL: over the credit. */
KTG_MUST_CHECK int ktg_session_publish(struct ktg_session *s, uint64_t first_seq, uint64_t count,
                                       uint64_t bytes, ktg_time now, ktg_time *ret_wait);
/* A message that is journalled but has no number (HEARTBEAT) counts like one event; false: over the rate. */
KTG_MUST_CHECK bool ktg_session_single(struct ktg_session *s, ktg_time now);
void ktg_session_acked(struct ktg_session *s, uint64_t seq);
void ktg_session_retry(struct ktg_session *s); /* NACK retry or seq-gap went out */

#endif
