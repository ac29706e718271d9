/* bench/syncs.c - how long a station's journal takes to commit: preloaded, it times pwrite to fdatasync, frame by frame.
 *
 *     LD_PRELOAD=libbench_syncs.so KTG_BENCH_SYNCS=FILE KTG_BENCH_SYNCS_UNDER=FOLDER
 *
 * Counts the syncs of files below FOLDER that a pwrite of the same thread went before, from the first one on; at the end of
 * the program FILE is one JSON object.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <dlfcn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bench/figures.h"

static struct ktg_figures commits; /* one thread commits */
static _Thread_local int64_t written_at;
static _Thread_local int written_to = -1;

static int64_t now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* A segment of the journal: not its mark, not what is being prepared. */
static bool is_segment(int fd)
{
    const char *under = getenv("KTG_BENCH_SYNCS_UNDER");
    char link[64], path[512] = "";
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, sizeof path - 1);
    size_t size = under ? strlen(under) : 0;
    return size && n > 0 && (size_t)n > size && strncmp(path, under, size) == 0 &&
           strstr(path + size, ".log");
}

ssize_t pwrite(int fd, const void *data, size_t size, off_t at)
{
    static ssize_t (*real)(int, const void *, size_t, off_t);
    if (!real)
        *(void **)&real = dlsym(RTLD_NEXT, "pwrite");
    static const char zeros[16];
    bool frame = size >= sizeof zeros && memcmp(data, zeros, sizeof zeros) != 0;
    written_at = now();
    written_to = frame ? fd : -1; /* zeros are written ahead of the frames */
    return real(fd, data, size, at);
}

int fdatasync(int fd)
{
    static int (*real)(int);
    if (!real)
        *(void **)&real = dlsym(RTLD_NEXT, "fdatasync");
    int rc = real(fd);
    if (fd == written_to && is_segment(fd))
        ktg_figures_add(&commits, now() - written_at, 1);
    written_to = -1;
    return rc;
}

__attribute__((destructor)) static void tell(void)
{
    const char *path = getenv("KTG_BENCH_SYNCS");
    FILE *f = path ? fopen(path, "w") : NULL;
    if (!f)
        return;
    fprintf(f, "{\"commits\":%llu,\"us_p50\":%.1f,\"us_p99\":%.1f,\"us_max\":%.1f}\n",
            (unsigned long long)commits.count, (double)ktg_figures_percentile(&commits, 50) / 1e3,
            (double)ktg_figures_percentile(&commits, 99) / 1e3, (double)commits.max / 1e3);
    fclose(f);
}
