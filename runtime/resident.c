/* runtime/resident.c - see resident.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "runtime/resident.h"

#include <fcntl.h>
#include <malloc.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

uint64_t ktg_resident_bytes(void)
{
    char line[256], *end = NULL;
    int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    ssize_t n = fd >= 0 ? read(fd, line, sizeof line - 1) : 0;
    if (fd >= 0)
        close(fd);
    line[n > 0 ? n : 0] = 0;
    (void)strtoull(line, &end, 10); /* the first number is that of mapped pages */
    return strtoull(end, NULL, 10) * (uint64_t)sysconf(_SC_PAGESIZE);
}

/* FROM-TO RIGHTS ..., proc(5) */
static void trim(const char *line)
{
    char *end;
    unsigned long long from = strtoull(line, &end, 16), to = *end ? strtoull(end + 1, &end, 16) : 0;
    if (from < to && strncmp(end, " r--s ", 6) == 0)
        (void)madvise((void *)(uintptr_t)from, (size_t)(to - from), MADV_DONTNEED);
}

void ktg_resident_trim_files(void)
{
    char line[512];
    bool begins = true; /* a long path takes more than one turn */
    FILE *f = fopen("/proc/self/maps", "re");
    while (f && fgets(line, sizeof line, f)) {
        if (begins)
            trim(line);
        begins = strchr(line, '\n') != NULL;
    }
    if (f)
        fclose(f);
}

void ktg_resident_trim_heap(void)
{
    malloc_trim(0);
}

enum { AROUND = 2 << 20 }; /* bytes that a fault brings in at most */
enum {
    FAULTS = 4,
    STEP = 4
}; /* of one read: the levels of a tree; reads from look to look at least */
enum {
    LEAST = 32,
    SHARES = 4
}; /* at least a 32nd of the limit, else a quarter of what is free: two threads read */

static uint64_t faults(void)
{
    struct rusage used;
    return getrusage(RUSAGE_THREAD, &used) ? 0 : (uint64_t)(used.ru_minflt + used.ru_majflt);
}

/* Bytes that this thread may bring in before it looks again. */
static uint64_t make_room(uint64_t limit)
{
    uint64_t held = ktg_resident_bytes();
    if (held > limit / 8 * 7) {
        ktg_resident_trim_files();
        held = ktg_resident_bytes();
    }
    uint64_t room = held < limit ? (limit - held) / SHARES : 0;
    return room > limit / LEAST ? room : limit / LEAST;
}

void ktg_watch_read(struct ktg_watch *w)
{
    if (!w->limit || w->reads++ < w->until)
        return;
    uint64_t now = faults();
    if (now >= w->faults)
        w->faults = now + make_room(w->limit) / AROUND + 1;
    w->until = w->reads + (w->faults - now) / FAULTS + STEP;
}
