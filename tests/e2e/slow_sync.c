/* tests/e2e/slow_sync.c - a slow disk: preloaded, it makes fdatasync below one folder wait before it begins.
 *
 *     LD_PRELOAD=slow_sync.so KTG_SLOW_SYNC_UNDER=/mnt/journal KTG_SLOW_SYNC_MS=30
 *
 * What was written and is not yet synced stays so for that long: a power cut finds it.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

int fdatasync(int fd)
{
    static int (*real)(int);
    const char *under = getenv("KTG_SLOW_SYNC_UNDER"), *ms = getenv("KTG_SLOW_SYNC_MS");
    char link[64], path[512];
    if (!real)
        *(void **)&real = dlsym(RTLD_NEXT, "fdatasync");
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, sizeof path - 1);
    if (under && ms && n > 0 && (size_t)n >= strlen(under) &&
        strncmp(path, under, strlen(under)) == 0) {
        long ns = strtol(ms, NULL, 10) * 1000000;
        struct timespec rest = {ns / 1000000000, ns % 1000000000};
        clock_nanosleep(CLOCK_MONOTONIC, 0, &rest, NULL);
    }
    return real(fd);
}
