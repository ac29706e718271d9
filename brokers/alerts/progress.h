/* brokers/alerts/progress.h - how far the centre is behind with its answers, as desks and operators are told.
 *
 *     event journal   1 ......... told ......... durable        behind: durable - told, answered by nobody or told to nobody yet
 *                                  ^ when it moved last         still:  it did not, for STILL_MS, though there is something to do
 *
 * One number for whatever may stand: correlation dead, held by a full disk or slow; this station slow or without room.  Positions
 * and times only.  Floor 3.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_BROKERS_ALERTS_PROGRESS_H
#define KTG_BROKERS_ALERTS_PROGRESS_H

#include "runtime/journal/journal.h"

enum { KTG_PROGRESS_STILL = 2000 }; /* ms */

struct ktg_progress {
    uint64_t told, durable;
    int64_t moved;     /* mono ms */
    ktg_time moved_at; /* domain time of the same moment */
};

struct ktg_progress_view {
    uint64_t behind;   /* positions */
    ktg_time told_at;  /* when the last one that is told was taken; 0: none yet */
    ktg_time still_at; /* since when nothing moved; 0: it moves, or there is nothing to do */
    uint64_t late,
        still; /* whole seconds of a real clock: the oldest that is not told is so old; nothing has moved for so long */
};

/* It stands like that now. */
void ktg_progress_look(struct ktg_progress *p, uint64_t told, uint64_t durable, int64_t mono,
                       ktg_time now);
/* `scale`: domain ms that pass in one. */
struct ktg_progress_view ktg_progress_tell(const struct ktg_progress *p,
                                           struct ktg_journal_reader *events, int64_t mono,
                                           ktg_time now, int32_t scale);

#endif
