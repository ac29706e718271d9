/* schema/place.h - degrees as decimal text, held as whole ten-millionths, and geohash cells of them.
 *
 *     "0.95"  ->  9500000          a cell of six characters is about 1.2 km x 0.6 km:  15 bits of each axis, taken
 *     "110.35" -> 1103500000       in turn (longitude first), five to a letter of 0-9 b-z without a, i, l, o
 *
 * No floats, so that every machine agrees.  Geohash as described by G. Niemeyer, geohash.org.
 * Pure.  Floor 1.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_SCHEMA_PLACE_H
#define KTG_SCHEMA_PLACE_H

#include "runtime/bytes.h"

#define KTG_DEGREE    10000000 /* units of one degree */
#define KTG_CELL_TEXT 7        /* six characters and a NUL */

struct ktg_point {
    int32_t lat, lon; /* ten-millionths of a degree; north and east are positive */
};

/* "-8.49": an optional minus, 1 to 3 digits, up to 7 decimals.  KTG_EINVALID: not that, or off the earth. */
KTG_MUST_CHECK int ktg_point_parse(struct ktg_bytes lat, struct ktg_bytes lon,
                                   struct ktg_point *ret_p);
/* lat and lon of an encoded place; false when it has none that are good. */
bool ktg_point_read(struct ktg_bytes place, struct ktg_point *ret_p);
/* The cell `east` columns and `north` rows away from that of the point; columns go round the earth.  False: beyond a
 * pole. */
bool ktg_cell_near(struct ktg_point p, int east, int north, char to[static KTG_CELL_TEXT]);

#endif
