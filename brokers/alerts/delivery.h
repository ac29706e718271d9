/* brokers/alerts/delivery.h - what one subscriber was sent and has not yet confirmed.
 *
 * Alerts stand on the line of findings positions; only some of them are for this subscriber.
 *
 *     0 ........ confirmed ...x....x......x sent ........ reach ........ newest
 *     | finished |       x = in flight      | again       | to look at |
 *
 * (1) confirmed <= sent <= reach.  (2) At most `window` positions are in flight.
 * (3) Past the deadline, what is in flight is sent again, oldest first, and patience doubles.
 * So a subscriber may see an alert twice and never misses one: handling must be idempotent.
 *
 * Pure: no clock, socket or disk; the shell brings mono time and obeys.  Owned by one loop.  Floor 3.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_BROKERS_ALERTS_DELIVERY_H
#define KTG_BROKERS_ALERTS_DELIVERY_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/clock.h"
#include "runtime/err.h"

enum { KTG_DELIVERY_WINDOW = 1024 }; /* the largest window that is granted */

struct ktg_delivery {
    uint64_t confirmed, sent, reach;
    uint64_t flight[KTG_DELIVERY_WINDOW]; /* positions sent and not confirmed, rising */
    uint32_t head, count, window;
    ktg_time retry_min, retry_max, patience, deadline; /* ms; KTG_NEVER: nothing is in flight */
};

/* Resume after `confirmed`.  window 1..KTG_DELIVERY_WINDOW (cut to it), retry_min > 0. */
void ktg_delivery_init(struct ktg_delivery *d, uint64_t confirmed, uint32_t window,
                       ktg_time retry_min, ktg_time retry_max);
/* From which position on to look for the next alert (exclusive); false: the window is full, wait.  Goes back to `confirmed` when
 * the deadline has passed. */
bool ktg_delivery_look(struct ktg_delivery *d, ktg_time now, uint64_t *ret_after);
void ktg_delivery_sent(struct ktg_delivery *d, uint64_t position,
                       ktg_time now); /* an alert for it: in flight */
void ktg_delivery_passed(struct ktg_delivery *d,
                         uint64_t position); /* nothing up to here is for it */
/* The subscriber holds all up to `upto`.  Repeats are fine; KTG_EINVALID: never sent, nothing changed. */
KTG_MUST_CHECK int ktg_delivery_confirm(struct ktg_delivery *d, uint64_t upto, ktg_time now);
ktg_time ktg_delivery_wake_at(const struct ktg_delivery *d);

#endif
