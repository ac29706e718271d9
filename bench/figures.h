/* bench/figures.h - a histogram of nanoseconds for the measuring programs: 1/128 exact, from 1 ns to hours.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_BENCH_FIGURES_H
#define KTG_BENCH_FIGURES_H

#include <stdint.h>

struct ktg_figures {
    uint64_t count, max;
    uint64_t cells[64 * 128];
};

void ktg_figures_add(struct ktg_figures *f, int64_t ns, uint64_t times); /* below 0 counts as 0 */
int64_t ktg_figures_percentile(const struct ktg_figures *f, double percent); /* ns; 0 when empty */

#endif
