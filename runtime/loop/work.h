/* runtime/loop/work.h - one piece of work on a thread of its own, its end told on the loop.
 *
 *     loop   start ................................. done(arg)
 *     thread        run(arg) -------------------- |
 *
 * (1) run and done see the same arg, never at the same time; between start and done it belongs to
 *     the thread.
 * (2) A work is freed by its owner after done; freeing it earlier waits (joins) for run and skips
 *     done.
 *
 * (3) The thread is nicer than the others: where a core is wanted, whoever answers goes first.
 *
 * Not a pool: a fsync or a compaction waits for no other work.  Floor 0; lifetime rules of loop.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_RUNTIME_LOOP_WORK_H
#define KTG_RUNTIME_LOOP_WORK_H

#include "runtime/loop/loop.h"

struct ktg_work;

/* KTG_EAGAIN: no thread to be had. */
KTG_MUST_CHECK int ktg_work_start(struct ktg_loop *loop, ktg_loop_call *run, ktg_loop_call *done,
                                  void *arg, struct ktg_work **ret_work, struct ktg_err *err);
struct ktg_work *ktg_work_free(struct ktg_work *work);

#endif
