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

#endif
