/* runtime/metric.h - counters, gauges and histograms of one station, each with name, unit and help.
 *
 * A station lays its metrics out as one static array of `struct ktg_metric` and changes them in place; the
 * text form is OpenMetrics (names end in their unit, counters in _total).  Never a personal datum in a label.
 * Counters may be changed from any thread (relaxed atomics).
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_RUNTIME_METRIC_H
#define KTG_RUNTIME_METRIC_H

#include <stdatomic.h>
#include <stdint.h>

#include "runtime/buf.h"

enum ktg_metric_kind { KTG_COUNTER, KTG_GAUGE, KTG_HISTOGRAM };

/* Log-linear: 32 sub-buckets per octave, so a percentile is exact within about 3 %. */
struct ktg_histogram {
    _Atomic uint64_t count, sum, max;
    _Atomic uint64_t bucket[64 * 32];
};

struct ktg_metric {
    const char *name; /* kentongan_ingest_events_total */
    const char *unit; /* "events", "bytes", "microseconds" */
    const char *help;
    enum ktg_metric_kind kind;
    _Atomic int64_t value;      /* counter, gauge */
    struct ktg_histogram *hist; /* histogram */
};

static inline void ktg_metric_add(struct ktg_metric *m, int64_t n)
{
    atomic_fetch_add_explicit(&m->value, n, memory_order_relaxed);
}
static inline void ktg_metric_set(struct ktg_metric *m, int64_t v)
{
    atomic_store_explicit(&m->value, v, memory_order_relaxed);
}
void ktg_histogram_add(struct ktg_histogram *h, uint64_t v);
uint64_t ktg_histogram_percentile(const struct ktg_histogram *h, double percent); /* 0 when empty */

/* Append the OpenMetrics text of all of them. */
void ktg_metric_text(const struct ktg_metric *metrics, size_t count, struct ktg_buf *to);
/* The same as a file, replaced whole.  Metrics are for looking at: what fails here leaves the file as it was and stops nobody. */
void ktg_metric_store(const struct ktg_metric *metrics, size_t count, const char *path);
/* A counter or gauge of such a text (NUL-ended).  False: it has none of this name. */
bool ktg_metric_find(const char *text, const char *name, int64_t *ret_value);

#endif
