/* rules/engine/runs.h - the heartbeats of one source, as the runs that they make.
 *
 *     heartbeats    |  |  |  |           |  |
 *     each vouches  ====                 ====           from its own time for two of its periods, at least KTG_RUN_LEAST
 *     runs          [from ..... until]=  [from..until]=
 *                                     expected: when the next one had to come at the latest
 *
 * (1) A run is a union of overlapping stretches, so the runs are a function of the set of heartbeats: the order of
 *     arrival and repeats do not show.
 * (2) Kept are the latest KTG_RUNS_MOST: what a source may say for years costs as many entries as it had outages.  One that
 *     is dropped for want of room is told, for the findings that rest on it leave with it (LANGUAGE.md 9).
 * (3) The times when nobody listened are such unions too, `until` and `expected` the same.  All are kept: without one of them
 *     a silence would come back that was none.
 * Pure.  Floor 2.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_RULES_ENGINE_RUNS_H
#define KTG_RULES_ENGINE_RUNS_H

#include <stdbool.h>
#include <stddef.h>

#include "runtime/clock.h"
#include "runtime/err.h"

#define KTG_RUN_LEAST \
    120000 /* ms that a heartbeat vouches for, at least: two of the usual minute */
#define KTG_PERIOD_MOST \
    3600 /* s between heartbeats that a source may promise; more counts as so much */
#define KTG_RUNS_MOST 1000

struct ktg_run {
    ktg_time from, until, expected; /* first and last heartbeat; see above */
    uint64_t pos;                   /* of the first heartbeat in the journal */
};

struct ktg_runs {
    struct ktg_run *at; /* in order of time */
    size_t count, cap;
};

struct ktg_runs_news {
    bool changed; /* some run is another */
    bool dropped; /* `gone` had no room any more */
    struct ktg_run gone;
};

/* One more heartbeat.  `period`: seconds, as it promised.  KTG_ENOMEM. */
KTG_MUST_CHECK int ktg_runs_add(struct ktg_runs *r, ktg_time at, uint64_t period, uint64_t pos,
                                struct ktg_runs_news *ret_news);
/* One more stretch [from, expected], united with those that it meets; none is dropped.  KTG_ENOMEM. */
KTG_MUST_CHECK int ktg_runs_unite(struct ktg_runs *r, struct ktg_run one, bool *ret_changed);
/* Away with the one that begins at `from`.  False: there is none. */
bool ktg_runs_take(struct ktg_runs *r, ktg_time from);
/* One that was kept, behind all others. */
KTG_MUST_CHECK int ktg_runs_put(struct ktg_runs *r, const struct ktg_run *run);
void ktg_runs_done(struct ktg_runs *r);

#endif
