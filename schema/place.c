/* schema/place.c - see place.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "schema/place.h"

#include "schema/wire.h"

static int parse_degrees(struct ktg_bytes text, int32_t most, int32_t *ret)
{
    const uint8_t *p = text.data, *end = p + text.size;
    bool minus = p < end && *p == '-';
    int64_t v = 0;
    int whole = 0, decimals = 0;
    for (p += minus; p < end && *p >= '0' && *p <= '9' && whole < 4; p++, whole++)
        v = v * 10 + (*p - '0');
    if (whole < 1 || whole > 3)
        return KTG_EINVALID;
    if (p < end && *p == '.') {
        for (p++; p < end && *p >= '0' && *p <= '9' && decimals < 8; p++, decimals++)
            v = v * 10 + (*p - '0');
        if (decimals < 1 || decimals > 7)
            return KTG_EINVALID;
    }
    for (; decimals < 7; decimals++)
        v *= 10;
    if (p != end || v > (int64_t)most * KTG_DEGREE)
        return KTG_EINVALID;
    *ret = (int32_t)(minus ? -v : v);
    return KTG_OK;
}

int ktg_point_parse(struct ktg_bytes lat, struct ktg_bytes lon, struct ktg_point *ret_p)
{
    struct ktg_point p;
    if (parse_degrees(lat, 90, &p.lat) || parse_degrees(lon, 180, &p.lon))
        return KTG_EINVALID;
    *ret_p = p;
    return KTG_OK;
}

bool ktg_point_read(struct ktg_bytes place, struct ktg_point *ret_p)
{
    struct ktg_wire_value lat, lon;
    return ktg_wire_get(place, "lat", &lat) && lat.kind == KTG_WIRE_STR &&
           ktg_wire_get(place, "lon", &lon) && lon.kind == KTG_WIRE_STR &&
           ktg_point_parse(lat.bytes, lon.bytes, ret_p) == KTG_OK;
}

bool ktg_cell_near(struct ktg_point p, int east, int north, char to[static KTG_CELL_TEXT])
{
    enum { BITS = 15, CELLS = 1 << BITS };
    int64_t column =
        ((int64_t)p.lon + INT64_C(180) * KTG_DEGREE) * CELLS / (INT64_C(360) * KTG_DEGREE);
    int64_t row = ((int64_t)p.lat + INT64_C(90) * KTG_DEGREE) * CELLS / (INT64_C(180) * KTG_DEGREE);
    row = (row < CELLS ? row : CELLS - 1) + north; /* the pole belongs to the last row */
    column = ((column < CELLS ? column : CELLS - 1) + east + CELLS) % CELLS;
    if (row < 0 || row >= CELLS)
        return false;
    uint32_t bits = 0;
    for (int i = BITS - 1; i >= 0; i--)
        bits = bits << 2 | (uint32_t)(column >> i & 1) << 1 | (uint32_t)(row >> i & 1);
    for (int i = 0; i < KTG_CELL_TEXT - 1; i++)
        to[i] = "0123456789bcdefghjkmnpqrstuvwxyz"[bits >> (25 - 5 * i) & 31];
    to[KTG_CELL_TEXT - 1] = 0;
    return true;
}
