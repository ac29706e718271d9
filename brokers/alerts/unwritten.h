/* brokers/alerts/unwritten.h - a casebook that has no room: when a commit is tried again, and how much may wait for it.
 *
 *     commit ─no room─> folded again in memory, alerts go out ─┬─ every second: is there more room than when it failed? ─> try
 *                                                              └─ after 1 s, 2 s ... 1 min, whatever the disk says ─────> try
 *
 * (1) Both journals are on disk and fold to the same again: what is unwritten is lost by nobody, only told again after a crash.
 * (2) What waits is bounded: at the bound nothing is folded and no alert goes out, until there is room.
 * (3) A map that is full (setting casebook.map) gets no room while the station runs: nothing is tried.
 * Pure: time (mono ms) and free bytes are arguments.  Floor 3.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_BROKERS_ALERTS_UNWRITTEN_H
#define KTG_BROKERS_ALERTS_UNWRITTEN_H

#include <stddef.h>

#include "runtime/trouble.h"

enum {
    KTG_UNWRITTEN_LOOK = 1000, /* ms between looks at the disk */
    KTG_UNWRITTEN_REST = 60000,
    KTG_UNWRITTEN_MOST = 64 << 20, /* bytes of changes, with what a page of each costs */
};

struct ktg_unwritten {
    struct ktg_trouble trouble; /* there is no room, since */
    bool map;                   /* (3) */
    int64_t rest, try_at, look_at;
    uint64_t free; /* bytes on the disk when it failed */
};

/* A commit found no room. */
void ktg_unwritten_failed(struct ktg_unwritten *u, uint64_t free, int64_t now);
/* Is it time to ask the disk how much is free? */
bool ktg_unwritten_looks(const struct ktg_unwritten *u, int64_t now);
/* May `size` bytes be committed?  Call it when looks() says so; also while all is well. */
bool ktg_unwritten_tries(struct ktg_unwritten *u, size_t size, uint64_t free, int64_t now);
/* A commit went through.  True: it had not, before. */
bool ktg_unwritten_written(struct ktg_unwritten *u);

#endif
