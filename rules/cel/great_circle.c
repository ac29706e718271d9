/* rules/cel/great_circle.c - see great_circle.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "rules/cel/great_circle.h"

typedef __int128 wide;
typedef unsigned __int128 uwide;

enum { BITS = 60 };
#define ONE       ((int64_t)1 << BITS)
#define PI        ((int64_t)3622009729038561421) /* pi * 2^60 */
#define RADIUS_DM ((int64_t)63710088)            /* decimetres */

bool ktg_degrees_parse(struct ktg_bytes text, int most, int32_t *ret_degrees)
{
    bool minus = text.size > 0 && text.data[0] == '-', point = false;
    size_t at = minus, digits = 0, places = 0;
    int64_t v = 0;
    if (text.size > 24)
        return false;
    for (; at < text.size; at++) {
        uint8_t c = text.data[at];
        if (c == '.' && !point && digits) {
            point = true;
            continue;
        }
        if (c < '0' || c > '9')
            return false;
        digits++;
        if (point && ++places > 7)
            continue;
        v = v * 10 + (c - '0');
        if (v > (int64_t)1000 * KTG_DEGREE)
            return false;
    }
    if (!digits || (point && !places))
        return false;
    for (; places < 7; places++) {
        v *= 10;
        if (v > (int64_t)1000 * KTG_DEGREE)
            return false;
    }
    if (v > (int64_t)most * KTG_DEGREE)
        return false;
    *ret_degrees = (int32_t)(minus ? -v : v);
    return true;
}

static int64_t times(int64_t a, int64_t b)
{
    return (int64_t)(((wide)a * b) >> BITS);
}

/* Taylor series of sine, x in [0, pi/4]: x - x^3/3! + ...; the last term of 12 is below 2^-75. */
static int64_t series(int64_t x, int64_t first, int start)
{
    int64_t square = times(x, x), term = first, sum = first;
    for (int i = start; i < start + 24; i += 2) {
        term = -times(term, square) / ((int64_t)i * (i + 1));
        sum += term;
    }
    return sum;
}

/* Sine and cosine of 1e-7 degrees, exact in symmetry: computed in the first octant only. */
static void sin_cos(int32_t degrees, int64_t *ret_sin, int64_t *ret_cos)
{
    int64_t a = degrees < 0 ? -(int64_t)degrees : degrees; /* 0 .. 180 degrees */
    bool beyond = a > (int64_t)90 * KTG_DEGREE;
    if (beyond)
        a = (int64_t)180 * KTG_DEGREE - a;
    bool upper = a > (int64_t)45 * KTG_DEGREE;
    if (upper)
        a = (int64_t)90 * KTG_DEGREE - a;
    int64_t x = (int64_t)((wide)a * PI / ((int64_t)180 * KTG_DEGREE));
    int64_t s = series(x, x, 2), c = series(x, ONE, 1);
    int64_t sine = upper ? c : s, cosine = upper ? s : c;
    *ret_sin = degrees < 0 ? -sine : sine;
    *ret_cos = beyond ? -cosine : cosine;
}

/* Floor of the square root. */
static uwide root(uwide v)
{
    uwide r = 0, bit = (uwide)1 << 126;
    while (bit > v)
        bit >>= 2;
    for (; bit; bit >>= 2) {
        if (v >= r + bit) {
            v -= r + bit;
            r = (r >> 1) + bit;
        } else {
            r >>= 1;
        }
    }
    return r;
}

/* atan of t in [0, 1]: twice atan(t) = 2 atan(t / (1 + sqrt(1 + t^2))), then the series for t < 0.2. */
static int64_t arc_tangent(int64_t t)
{
    for (int i = 0; i < 2; i++) {
        uwide square = ((uwide)1 << (2 * BITS)) + (uwide)((wide)t * t);
        wide below = (wide)ONE + (wide)root(square);
        t = (int64_t)(((wide)t << BITS) / below);
    }
    int64_t square = times(t, t), power = t, sum = t;
    for (int i = 3; i < 33; i += 2) {
        power = -times(power, square);
        sum += power / i;
    }
    return sum * 4;
}

int64_t ktg_great_circle_metres(int32_t lat1, int32_t lon1, int32_t lat2, int32_t lon2)
{
    int64_t sa, ca, so, co, a[3], b[3];
    if (lat1 == lat2 && lon1 == lon2)
        return 0;
    sin_cos(lat1, &sa, &ca);
    sin_cos(lon1, &so, &co);
    a[0] = times(ca, co), a[1] = times(ca, so), a[2] = sa;
    sin_cos(lat2, &sa, &ca);
    sin_cos(lon2, &so, &co);
    b[0] = times(ca, co), b[1] = times(ca, so), b[2] = sa;
    uwide near = 0, far = 0;
    for (int i = 0; i < 3; i++) {
        int64_t d = a[i] - b[i], s = a[i] + b[i];
        near += (uwide)((wide)d * d); /* at most 4 * 2^120 in sum */
        far += (uwide)((wide)s * s);
    }
    wide c = (wide)root(near), s = (wide)root(far);
    int64_t angle = c <= s ? 2 * arc_tangent((int64_t)((c << BITS) / s))
                           : PI - 2 * arc_tangent((int64_t)((s << BITS) / c));
    return (int64_t)(((wide)angle * RADIUS_DM / 10) >> BITS);
}
