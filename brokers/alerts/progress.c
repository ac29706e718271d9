/* brokers/alerts/progress.c - see progress.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "brokers/alerts/progress.h"

void ktg_progress_look(struct ktg_progress *p, uint64_t told, uint64_t durable, int64_t mono,
                       ktg_time now)
{
    bool idle = p->told >= p->durable; /* what has come since is no older than this moment */
    if (told != p->told || told >= durable || idle) {
        p->moved = mono;
        p->moved_at = now;
    }
    p->told = told;
    p->durable = durable;
}

/* When it was taken; 0: it is not there. */
static ktg_time taken_at(struct ktg_journal_reader *events, uint64_t position)
{
    struct ktg_journal_item item;
    return position && !ktg_journal_reader_at(events, position, &item, NULL) ? item.recorded_at : 0;
}

struct ktg_progress_view ktg_progress_tell(const struct ktg_progress *p,
                                           struct ktg_journal_reader *events, int64_t mono,
                                           ktg_time now, int32_t scale)
{
    struct ktg_progress_view v = {.behind = p->durable > p->told ? p->durable - p->told : 0,
                                  .told_at = taken_at(events, p->told)};
    ktg_time oldest = v.behind ? taken_at(events, p->told + 1) : 0;
    if (oldest && now > oldest)
        v.late = (uint64_t)((now - oldest) / (scale > 0 ? scale : 1) / 1000);
    if (v.behind && mono - p->moved >= KTG_PROGRESS_STILL) {
        v.still_at = p->moved_at;
        v.still = (uint64_t)(mono - p->moved) / 1000;
    }
    return v;
}
