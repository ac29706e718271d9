/* bench/limits.c - what the disk under a folder can do: append the same events to a segment that is there already.
 *
 *     bench_limits FOLDER BATCH SECONDS
 *
 * One file of 256 MiB, its zeros written and synced before the clock starts; then BATCH events at a time, each with its
 * length and CRC-32C, in one pwrite and one fdatasync, around and around.  No network, no checks, no hashes.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "bench/figures.h"
#include "bench/texts.h"
#include "bench/traffic.h"
#include "runtime/hash.h"

enum { MIB = 1 << 20, SEGMENT = 256 * MIB, REFUSED = 1311, OVERDUE = 0 };

static struct ktg_figures commits;

static int prepare(const char *folder)
{
    char path[512];
    static uint8_t zeros[MIB];
    snprintf(path, sizeof path, "%s/limit.segment", folder);
    int fd = open(path, O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0600);
    for (off_t at = 0; fd >= 0 && at < SEGMENT; at += MIB)
        if (pwrite(fd, zeros, MIB, at) != MIB)
            return -1;
    unlink(path); /* the descriptor keeps it */
    return fd >= 0 && fsync(fd) == 0 ? fd : -1;
}

static size_t fill(struct ktg_traffic *t, uint8_t *to, long batch)
{
    size_t n = 0;
    int64_t now = ktg_mono_ns();
    for (long i = 0; i < batch; i++) {
        struct ktg_bytes e =
            ktg_traffic_next(t, ktg_traffic_kind(t, REFUSED, OVERDUE), now, now / 1000000);
        ktg_put_le32(to + n, (uint32_t)e.size);
        ktg_put_le32(to + n + 4, ktg_crc32c(0, e.data, e.size));
        memcpy(to + n + 8, e.data, e.size);
        n += 8 + e.size;
    }
    return n;
}

int main(int argc, char **argv)
{
    struct ktg_texts texts;
    struct ktg_traffic *t = NULL;
    struct ktg_err err = KTG_ERR_INIT;
    if (argc != 4) {
        fprintf(stderr, "bench_limits FOLDER BATCH SECONDS\n");
        return 2;
    }
    long batch = strtol(argv[2], NULL, 10);
    int64_t length = (int64_t)(strtod(argv[3], NULL) * 1e9), events = 0, bytes = 0;
    if (ktg_texts_open(NULL, &texts, &err) ||
        ktg_traffic_new(texts.catalogue, 42, 1000000, ktg_clock_now(&KTG_CLOCK_REAL), &t, &err)) {
        fprintf(stderr, "bench_limits: %s\n", err.text);
        return 1;
    }
    int fd = prepare(argv[1]);
    uint8_t *buffer = ktg_alloc((size_t)batch * 520);
    if (fd < 0 || !buffer || batch < 1) {
        perror("bench_limits");
        return 1;
    }
    int64_t began = ktg_mono_ns(), now = began;
    for (off_t at = 0; now - began < length; events += batch) {
        int64_t from = now;
        size_t size = fill(t, buffer, batch);
        if (at + (off_t)size > SEGMENT)
            at = 0;
        if (pwrite(fd, buffer, size, at) != (ssize_t)size || fdatasync(fd)) {
            perror("bench_limits");
            return 1;
        }
        at += (off_t)size;
        bytes += (int64_t)size;
        now = ktg_mono_ns();
        ktg_figures_add(&commits, now - from, 1);
    }
    double seconds = (double)(now - began) / 1e9;
    printf("{\"events_per_s\":%.0f,\"mb_per_s\":%.1f,\"bytes_per_event\":%.1f,\"commit_us_p50\":%."
           "1f,\"commit_us_p99\":%.1f,"
           "\"commits\":%llu}\n",
           (double)events / seconds, (double)bytes / seconds / 1e6, (double)bytes / (double)events,
           (double)ktg_figures_percentile(&commits, 50) / 1e3,
           (double)ktg_figures_percentile(&commits, 99) / 1e3, (unsigned long long)commits.count);
    close(fd);
    ktg_free(buffer);
    ktg_traffic_free(t);
    ktg_texts_done(&texts);
    return 0;
}
