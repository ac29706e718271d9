/* runtime/resident.h - how much memory this process holds, and giving back what files stand behind.
 *
 * Pages of a mapped file stay with a process until the machine runs short, and count as its own in every table an
 * operator looks at.  They can be let go at any time: the next look fetches them again, mostly from the page cache.
 * Thread-safe.  Floor 0.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_RUNTIME_RESIDENT_H
#define KTG_RUNTIME_RESIDENT_H

#include <stdint.h>

/* Bytes in memory, pages of files included: /proc/self/statm, proc(5).  0 where there is none. */
uint64_t ktg_resident_bytes(void);
/* Let go of the pages of every file that is mapped for reading and shared ("r--s" in /proc/self/maps: segments of a
 * journal, the map of a store); what they say stays as it is.  madvise(2), MADV_DONTNEED. */
void ktg_resident_trim_files(void);
/* Give freed memory of the heap back to the system: malloc_trim(3). */
void ktg_resident_trim_heap(void);

/* One thread's watch over the pages of files that its reading brings in.  A fault of a file's page maps those around it, 64 KiB
 * as a rule (fault_around_bytes) and 2 MiB where the page cache holds large folios, so that a map is resident long before it was read:
 * they are let go when there may be no room for more. */
struct ktg_watch {
    uint64_t limit;        /* bytes that the process may hold; 0: nothing is watched */
    uint64_t faults;       /* of this thread, at which it looks again */
    uint64_t reads, until; /* so many cannot have brought in that much */
};
/* After a read of a mapped file.  Pages are let go of above seven eighths of the limit; views stay valid. */
void ktg_watch_read(struct ktg_watch *w);

#endif
