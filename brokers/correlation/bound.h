/* brokers/correlation/bound.h - how much memory the station may hold.
 *
 *     0          held          + spike      15/16   limit
 *     |───────────────────────|············|  |       |
 *      rules, timers, changes  pages that a checkpoint of the changes will take
 *
 *     15/16 ──> pages of files are let go ──> still ──> tight: a checkpoint now, no answer until it is there
 *
 * (1) Nothing is answered otherwise for want of memory, only later.
 * (2) A checkpoint is paid for before it is taken: LMDB copies each page that it changes to the heap, and in a state larger than the
 *     changes nearly every record lies on a page of its own, twenty times its size.
 * (3) What is held besides changes (rules, decoded events, timers, the sieve, waiting sources) is not bounded by this: where that alone
 *     is over the limit, checkpoints are small and the station goes on.
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
    bool near;      /* three quarters, spike included: to be looked at more often */
    bool over;      /* nearly all, without pages of files */
};

/* Bytes that a checkpoint takes for a while: of `count` changed records, `dirty` bytes, put into a state on `pages` pages of 4 KiB.
 * Records lie anywhere, so n of them touch P (1 - e^(-n/P)) of P pages, which is at most 2 n P / (2 P + n) (Padé); a quarter of these is
 * split.  Pure. */
uint64_t ktg_bound_spike(size_t count, size_t dirty, uint64_t pages);
/* How many events the engine may keep decoded: a 16th of the limit, at most 36 MB.  Pure. */
size_t ktg_bound_events(uint64_t limit);
/* Look, and let go of pages of files if that makes room; some 20 us. */
void ktg_bound_look(struct ktg_bound *b, uint64_t spike);
/* Over, and changes of `dirty` bytes are worth a checkpoint. */
bool ktg_bound_is_tight(const struct ktg_bound *b, size_t dirty, uint64_t spike);

#endif
