/* runtime/metric.c - see metric.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "runtime/metric.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SUB_BITS = 5, SUB = 1 << SUB_BITS };

static size_t bucket_of(uint64_t v)
{
    if (v < SUB)
        return (size_t)v;
    int octave = 63 - __builtin_clzll(v);
    return (size_t)(octave - SUB_BITS + 1) * SUB + (size_t)(v >> (octave - SUB_BITS) & (SUB - 1));
}

static uint64_t bucket_low(size_t i)
{
    if (i < SUB)
        return i;
    int octave = (int)(i / SUB) + SUB_BITS - 1;
    return (UINT64_C(1) << octave) + ((uint64_t)(i % SUB) << (octave - SUB_BITS));
}

void ktg_histogram_add(struct ktg_histogram *h, uint64_t v)
{
    atomic_fetch_add_explicit(&h->bucket[bucket_of(v)], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&h->count, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&h->sum, v, memory_order_relaxed);
    uint64_t max = atomic_load_explicit(&h->max, memory_order_relaxed);
    while (v > max && !atomic_compare_exchange_weak(&h->max, &max, v))
        ;
}

uint64_t ktg_histogram_percentile(const struct ktg_histogram *h, double percent)
{
    uint64_t count = h->count;
    if (count == 0)
        return 0;
    uint64_t want = (uint64_t)(percent / 100.0 * (double)count), seen = 0;
    for (size_t i = 0; i < KTG_COUNT(h->bucket); i++) {
        seen += h->bucket[i];
        if (seen > want)
            return bucket_low(i);
    }
    return h->max;
}

void ktg_metric_text(const struct ktg_metric *metrics, size_t count, struct ktg_buf *to)
{
    static const char *const kinds[] = {"counter", "gauge", "summary"};
    static const double quantiles[] = {50, 99, 99.9};
    for (size_t i = 0; i < count; i++) {
        const struct ktg_metric *m = &metrics[i];
        ktg_buf_printf(to, "# TYPE %s %s\n# UNIT %s %s\n# HELP %s %s\n", m->name, kinds[m->kind],
                       m->name, m->unit, m->name, m->help);
        if (m->kind != KTG_HISTOGRAM) {
            ktg_buf_printf(to, "%s %" PRId64 "\n", m->name, (int64_t)m->value);
            continue;
        }
        for (size_t q = 0; q < KTG_COUNT(quantiles); q++)
            ktg_buf_printf(to, "%s{quantile=\"%g\"} %" PRIu64 "\n", m->name, quantiles[q] / 100,
                           ktg_histogram_percentile(m->hist, quantiles[q]));
        ktg_buf_printf(to, "%s_sum %" PRIu64 "\n%s_count %" PRIu64 "\n", m->name,
                       (uint64_t)m->hist->sum, m->name, (uint64_t)m->hist->count);
    }
}

void ktg_metric_store(const struct ktg_metric *metrics, size_t count, const char *path)
{
    struct ktg_buf text = KTG_BUF_INIT;
    char fresh[320];
    ktg_metric_text(metrics, count, &text);
    snprintf(fresh, sizeof fresh, "%s.new", path);
    int fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
    if (fd >= 0) {
        if (!ktg_buf_check(&text) && write(fd, text.data, text.size) == (ssize_t)text.size)
            rename(fresh, path);
        close(fd);
    }
    ktg_buf_done(&text);
}

bool ktg_metric_find(const char *text, const char *name, int64_t *ret_value)
{
    size_t n = strlen(name);
    for (const char *line = text; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, name, n) != 0 || line[n] != ' ')
            continue;
        *ret_value = strtoll(line + n + 1, NULL, 10);
        return true;
    }
    return false;
}
