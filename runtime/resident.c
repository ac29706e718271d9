/* runtime/resident.c - see resident.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "runtime/resident.h"

#include <malloc.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

uint64_t ktg_resident_bytes(void)
{
    char line[256], *end = NULL;
    unsigned long long pages = 0;
    FILE *f = fopen("/proc/self/statm", "re");
    if (f && fgets(line, sizeof line, f)) {
        (void)strtoull(line, &end, 10); /* the first number is that of mapped pages */
        pages = strtoull(end, NULL, 10);
    }
    if (f)
        fclose(f);
    return pages * (uint64_t)sysconf(_SC_PAGESIZE);
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
