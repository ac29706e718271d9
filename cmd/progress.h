/* cmd/progress.h - a line on a terminal that says how far it is: bar, share, rate, time left.
 *
 *     mutants  [=========>          ]  46 %  1,204 of 2,600  96/s  15 s left
 *
 * (1) Only where messages go to a terminal and nobody asked for quiet; it is wiped when it is over.
 * (2) Nothing is shown in the first half second, and not more than ten times a second.
 * Owned by one thread.  Floor 4.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_CMD_PROGRESS_H
#define KTG_CMD_PROGRESS_H

#include "cmd/output.h"

struct ktg_progress {
    struct ktg_output *out;
    struct ktg_label what;
    uint64_t total;       /* 0: nobody knows */
    int64_t began, shown; /* ms of the monotonic clock; shown 0: not yet */
    bool can;
};

void ktg_progress_begin(struct ktg_progress *p, struct ktg_output *out, struct ktg_label what,
                        uint64_t total);
void ktg_progress_at(struct ktg_progress *p, uint64_t done);
void ktg_progress_end(struct ktg_progress *p);

/* The line alone.  Pure. */
void ktg_progress_line(const char *what, uint64_t done, uint64_t total, int64_t elapsed_ms,
                       enum ktg_lang lang, char *to, size_t size);

#endif
