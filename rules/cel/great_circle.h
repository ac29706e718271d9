/* rules/cel/great_circle.h - distance on a sphere in integers, so that every machine gives the same answer.
 *
 * Sphere of the mean radius 6 371 008.8 m (IUGG).  Vectors a, b of length 1 in 60-bit fixed point from Taylor series;
 *
 *     angle = 2 atan2(|a - b|, |a + b|)
 *
 * which is well conditioned for near, far and opposite points.  Error of the computation: below a micrometre (measured
 * against 60-digit arithmetic); the result is that, rounded down.  The sphere itself errs by up to 0.6 % against the
 * ellipsoid; that is the definition, not an error of this code.
 * Pure.  Private to rules/cel.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_RULES_CEL_GREAT_CIRCLE_H
#define KTG_RULES_CEL_GREAT_CIRCLE_H

#include "runtime/bytes.h"

#define KTG_DEGREE 10000000 /* coordinates are whole 1e-7 degrees */

/* "-6.20" as 1e-7 degrees; further digits are cut.  False: not a plain decimal, or beyond `most` degrees. */
bool ktg_degrees_parse(struct ktg_bytes text, int most, int32_t *ret_degrees);
/* Whole metres, rounded down.  Symmetric; 0 for one and the same point. */
int64_t ktg_great_circle_metres(int32_t lat1, int32_t lon1, int32_t lat2, int32_t lon2);

#endif
