/* brokers/correlation/bound.c - see bound.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "brokers/correlation/bound.h"

#include "rules/engine/engine.h"

enum { SHARE = 16 };
enum { MOST_EVENTS = 65536 };  /* decoded: how many are enough */
enum { PAGE = 4096 + 16 };     /* of LMDB, and what malloc puts beside it */
enum { RECORD = 2 * 32 };      /* the list that is sorted, and qsort(3)'s copy of it */
enum { SPLIT = 4 };            /* one of so many touched pages is split ... */
enum { FRESH = 2048 };         /* ... and new records fill so much of a page */
enum { MOST_PAGES = 1 << 17 }; /* LMDB 0.9 writes early what is beyond: MDB_IDL_UM_MAX */

uint64_t ktg_bound_spike(size_t count, size_t dirty, uint64_t pages)
{
    double n = (double)count, p = (double)pages;
    uint64_t touched = count ? (uint64_t)(2 * n * p / (2 * p + n)) : 0;
    touched = touched < pages ? touched : pages;
    touched += touched / SPLIT + dirty / FRESH;
    touched = touched < MOST_PAGES ? touched : MOST_PAGES;
    return touched * PAGE + (uint64_t)count * RECORD;
}

void ktg_bound_look(struct ktg_bound *b, uint64_t spike)
{
    b->held = ktg_resident_bytes();
    b->near = b->held + spike > b->limit / 4 * 3;
    b->over = b->held + spike > b->limit - b->limit / SHARE;
    if (b->over) {
        ktg_resident_trim_files();
        b->held = ktg_resident_bytes();
        b->over = b->held + spike > b->limit - b->limit / SHARE;
    }
}

size_t ktg_bound_events(uint64_t limit)
{
    size_t n = 1;
    while (n < MOST_EVENTS && 2 * n * KTG_EVENT_BYTES <= limit / SHARE)
        n *= 2;
    return n;
}

bool ktg_bound_is_tight(const struct ktg_bound *b, size_t dirty, uint64_t spike)
{
    return b->over && dirty + spike >= b->limit / SHARE;
}
