/* brokers/ingest/rows.h - rows in order of the names that they begin with.
 * Pure.  Floor 3; private to ingest.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_BROKERS_INGEST_ROWS_H
#define KTG_BROKERS_INGEST_ROWS_H

#include "runtime/bytes.h"

/* Where `name` stands among `count` rows of `size` bytes, or would stand. */
static inline size_t ktg_row_place(const void *rows, size_t count, size_t size,
                                   struct ktg_bytes name, bool *ret_found)
{
    size_t low = 0, high = count;
    *ret_found = false;
    while (low < high) {
        size_t mid = (low + high) / 2;
        int c = ktg_bytes_cmp(ktg_bytes_str((const char *)rows + mid * size), name);
        if (c == 0) {
            *ret_found = true;
            return mid;
        }
        if (c < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

#endif
