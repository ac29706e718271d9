/* bench/names.c - screening names against a list: the index beside a scan of the same entries by the same scorer.
 *
 *     bench_names ENTRIES NAMES SCANNED [SEED]
 *
 * Half of the names that are screened are entries as another clerk wrote them, half are strangers.  Both sides run on one
 * thread and are timed by its CPU time; the first SCANNED names are also looked for by the scan, and what the two find must be the same.
 * One JSON line: names a second of both, microseconds of a search (p50, p99), hits, bytes.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "bench/names_made.h"
#include "rules/names/index.h"

enum { LEAST = 70 };

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void must(int rc)
{
    if (rc) {
        fprintf(stderr, "bench_names: error %d\n", rc);
        exit(1);
    }
}

static void read_made(struct ktg_normaliser *n, const struct ktg_made_name *m, struct ktg_arena *a,
                      struct ktg_tokens *to)
{
    must(ktg_name_read(n,
                       &(struct ktg_name_text){ktg_bytes_str(m->surname), ktg_bytes_str(m->given),
                                               ktg_bytes_str(m->born)},
                       a, to));
}

/* The i-th name to be screened. */
static void pick(uint64_t seed, size_t i, size_t entries, struct ktg_made_name *to)
{
    uint64_t state = seed ^ (i + 1) * UINT64_C(0xd1342543de82ef95);
    if (i % 2) {
        ktg_made_name(&state, to);
        return;
    }
    uint64_t entry = seed + ktg_made_random(&state) % entries;
    ktg_made_name(&entry, to);
    ktg_made_distort(&state, to);
}

int main(int argc, char **argv)
{
    size_t entries = argc > 1 ? strtoul(argv[1], NULL, 10) : 1000000,
           names = argc > 2 ? strtoul(argv[2], NULL, 10) : 20000,
           scanned = argc > 3 ? strtoul(argv[3], NULL, 10) : 10;
    uint64_t seed = argc > 4 ? strtoull(argv[4], NULL, 10) : 1;
    struct ktg_normaliser *n = NULL;
    struct ktg_name_index *x = NULL;
    struct ktg_arena arena = KTG_ARENA_INIT;
    must(ktg_normaliser_new(&n));
    must(ktg_name_index_new(n, &x));
    double began = now();
    for (size_t i = 0; i < entries; i++) {
        struct ktg_made_name made;
        struct ktg_tokens name;
        uint64_t state = seed + i;
        ktg_made_name(&state, &made);
        read_made(n, &made, &arena, &name);
        must(ktg_name_index_add(x, i + 1, &name));
        ktg_arena_reset(&arena);
    }
    double built = now() - began, took = 0, scan_took = 0;
    double *each = calloc(names + 1, sizeof *each);
    size_t found = 0, differences = 0;
    for (size_t i = 0; each && i < names; i++) {
        struct ktg_made_name made;
        struct ktg_tokens name;
        const struct ktg_name_hit *hits;
        size_t count, other;
        pick(seed, i, entries, &made);
        ktg_arena_reset(&arena);
        double from = now();
        read_made(n, &made, &arena, &name);
        must(ktg_name_index_find(x, &name, LEAST, &hits, &count));
        each[i] = now() - from;
        took += each[i];
        found += count;
        if (i >= scanned)
            continue;
        struct ktg_name_hit *copy = malloc((count + 1) * sizeof *copy);
        if (!copy)
            return 1;
        if (count)
            memcpy(copy, hits, count * sizeof *copy);
        from = now();
        must(ktg_name_index_scan(x, &name, LEAST, &hits, &other));
        scan_took += now() - from;
        differences += count != other || (count && memcmp(copy, hits, count * sizeof *copy) != 0);
        free(copy);
    }
    qsort(each, names, sizeof *each, by_size);
    printf("{\"ok\": %s, \"entries\": %zu, \"names\": %zu, \"scanned\": %zu, \"differences\": %zu, "
           "\"found\": %zu, "
           "\"index_rate\": %.1f, \"scan_rate\": %.4f, \"p50_us\": %.1f, \"p99_us\": %.1f, "
           "\"max_us\": %.1f, "
           "\"build_s\": %.2f, \"bytes\": %zu}\n",
           differences ? "false" : "true", entries, names, scanned, differences, found,
           (double)names / took, scanned ? (double)scanned / scan_took : 0, each[names / 2] * 1e6,
           each[names * 99 / 100] * 1e6, each[names - 1] * 1e6, built, ktg_name_index_bytes(x));
    free(each);
    ktg_arena_done(&arena);
    ktg_name_index_free(x);
    ktg_normaliser_free(n);
    return differences ? 1 : 0;
}
