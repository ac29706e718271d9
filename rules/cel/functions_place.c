/* rules/cel/functions_place.c - distances between two places ({lat, lon} as decimal text).
 * SPDX-License-Identifier: Apache-2.0
 */
#include "rules/cel/functions.h"
#include "rules/cel/great_circle.h"

static bool read_place(struct ktg_cel_env *env, const struct ktg_cel_value *place, int32_t *ret_lat,
                       int32_t *ret_lon)
{
    struct ktg_cel_value lat = ktg_cel_select(env, place, KTG_LIT("lat"));
    struct ktg_cel_value lon = ktg_cel_select(env, place, KTG_LIT("lon"));
    return lat.kind == KTG_CEL_STRING && lon.kind == KTG_CEL_STRING &&
           ktg_degrees_parse(lat.s, 90, ret_lat) && ktg_degrees_parse(lon.s, 180, ret_lon);
}

struct ktg_cel_value ktg_cel_fn_metres(KTG_CEL_ARGS)
{
    (void)count;
    int32_t lat[2], lon[2];
    if (!ktg_cel_spend(env, 16) || !read_place(env, &args[0], &lat[0], &lon[0]) ||
        !read_place(env, &args[1], &lat[1], &lon[1]))
        return ktg_cel_absent();
    return ktg_cel_int(ktg_great_circle_metres(lat[0], lon[0], lat[1], lon[1]));
}

struct ktg_cel_value ktg_cel_fn_km(KTG_CEL_ARGS)
{
    struct ktg_cel_value v = ktg_cel_fn_metres(env, args, count);
    if (v.kind == KTG_CEL_INT)
        v.i /= 1000;
    return v;
}
