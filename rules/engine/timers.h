/* rules/engine/timers.h - what is due when: a heap of (instant, subject), cancelled lazily.
 *
 * (1) An entry is a hint: whoever takes it out looks whether the subject still wants to be woken then.
 * (2) Order: instant, then bytes of the name, so equal sets give equal order.
 * (3) Stale entries are at most about as many as wanted ones.  They are looked for a few at a time: no record of the journal
 *     waits until all have been looked at.
 * Rebuilt from the state at start.  Pure.  Floor 2.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_RULES_ENGINE_TIMERS_H
#define KTG_RULES_ENGINE_TIMERS_H

#include "runtime/bytes.h"
#include "runtime/clock.h"

struct ktg_timer {
    ktg_time due;
    uint32_t size;
    uint8_t name[]; /* a state key */
};

struct ktg_timers {
    struct ktg_timer **heap;
    size_t count, cap;
    size_t stale; /* known to be: as many as the others begin a round */
    size_t late;  /* of them, known since the round began */
    size_t at;    /* where the round goes on */
    bool in_round;
};
#define KTG_TIMERS_INIT \
    {                   \
        0               \
    }

void ktg_timers_done(struct ktg_timers *t);
KTG_MUST_CHECK int ktg_timers_put(struct ktg_timers *t, ktg_time due, struct ktg_bytes name);
ktg_time ktg_timers_next(const struct ktg_timers *t); /* KTG_NEVER: none */
/* Take the earliest out; the caller frees it with ktg_free.  NULL: none. */
struct ktg_timer *ktg_timers_take(struct ktg_timers *t);
/* One that was put is wanted no more. */
void ktg_timers_stale(struct ktg_timers *t);
/* To call after each record: look at a few entries, if stale ones may have piled up, and drop those for which `keep` says no. */
void ktg_timers_tidy(struct ktg_timers *t, bool (*keep)(void *arg, const struct ktg_timer *timer),
                     void *arg);

#endif
