/* brokers/correlation/bound.h - how much memory the station may hold.
 *
 *     three quarters of it ──> pages of files are let go ──> still nearly all ──> tight: a checkpoint now, no answer until it is there
 *
 * (1) Nothing is answered otherwise for want of memory, only later.
 * (2) What is held besides changes (rules, timers, the sieve, waiting sources) is not bounded by this: where that alone is over
 *     the limit, checkpoints are small and the station goes on.
 * Floor 3.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_BROKERS_CORRELATION_BOUND_H
#define KTG_BROKERS_CORRELATION_BOUND_H

#include <stdbool.h>
#include <stddef.h>

#include "runtime/resident.h"

struct ktg_bound {
    uint64_t limit; /* bytes */
    uint64_t held;  /* resident at the last look, bytes */
    bool near;      /* three quarters: to be looked at more often */
    bool over;      /* nearly all, without pages of files */
};

/* Look, and let go of what can be; some 20 us. */
void ktg_bound_look(struct ktg_bound *b);
/* Over, and changes of `dirty` bytes are worth a checkpoint. */
bool ktg_bound_is_tight(const struct ktg_bound *b, size_t dirty);

#endif
