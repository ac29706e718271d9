/* bench/figures.c - see figures.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "bench/figures.h"

enum { BITS = 7 };

static unsigned cell_of(uint64_t v)
{
    if (v < 1u << BITS)
        return (unsigned)v;
    unsigned shift = 63 - (unsigned)__builtin_clzll(v) - BITS;
    return ((shift + 1) << BITS) + (unsigned)((v >> shift) & ((1u << BITS) - 1));
}

static uint64_t value_of(unsigned cell)
{
    unsigned shift = cell >> BITS;
    if (shift == 0)
        return cell;
    return ((uint64_t)(cell & ((1u << BITS) - 1)) | 1u << BITS) << (shift - 1);
}

void ktg_figures_add(struct ktg_figures *f, int64_t ns, uint64_t times)
{
    uint64_t v = ns < 0 ? 0 : (uint64_t)ns;
    f->cells[cell_of(v)] += times;
    f->count += times;
    if (v > f->max)
        f->max = v;
}

int64_t ktg_figures_percentile(const struct ktg_figures *f, double percent)
{
    uint64_t want = (uint64_t)((double)f->count * percent / 100.0), seen = 0;
    for (unsigned i = 0; i < sizeof f->cells / sizeof *f->cells; i++) {
        seen += f->cells[i];
        if (f->cells[i] && seen >= want)
            return (int64_t)value_of(i);
    }
    return 0;
}
