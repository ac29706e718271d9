/* brokers/correlation/bound.c - see bound.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "brokers/correlation/bound.h"

enum { SHARE = 16 };

void ktg_bound_look(struct ktg_bound *b)
{
    b->held = ktg_resident_bytes();
    b->near = b->held > b->limit / 4 * 3;
    if (b->near) {
        ktg_resident_trim_files();
        b->held = ktg_resident_bytes();
    }
    b->over = b->held > b->limit - b->limit / SHARE;
}

bool ktg_bound_is_tight(const struct ktg_bound *b, size_t dirty)
{
    return b->over && dirty >= b->limit / SHARE;
}
