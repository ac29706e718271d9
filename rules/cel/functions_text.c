/* rules/cel/functions_text.c - strings, as bytes of valid UTF-8.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "rules/cel/functions.h"

struct ktg_cel_value ktg_cel_fn_string_of(KTG_CEL_ARGS)
{
    (void)count;
    return ktg_cel_text_of(env, args);
}

struct ktg_cel_value ktg_cel_fn_lower(KTG_CEL_ARGS)
{
    (void)count;
    struct ktg_bytes s = args[0].s;
    uint8_t *to = ktg_cel_memory(env, s.size, 1);
    if (!to)
        return ktg_cel_absent();
    for (size_t i = 0; i < s.size; i++)
        to[i] = (uint8_t)(s.data[i] >= 'A' && s.data[i] <= 'Z' ? s.data[i] + 32 : s.data[i]);
    return ktg_cel_string(ktg_bytes(to, s.size));
}

struct ktg_cel_value ktg_cel_fn_starts_with(KTG_CEL_ARGS)
{
    (void)env, (void)count;
    struct ktg_bytes s = args[0].s, t = args[1].s;
    return ktg_cel_bool(s.size >= t.size && ktg_bytes_eq(ktg_bytes(s.data, t.size), t));
}

struct ktg_cel_value ktg_cel_fn_ends_with(KTG_CEL_ARGS)
{
    (void)env, (void)count;
    struct ktg_bytes s = args[0].s, t = args[1].s;
    return ktg_cel_bool(
        s.size >= t.size &&
        (t.size == 0 || ktg_bytes_eq(ktg_bytes(s.data + (s.size - t.size), t.size), t)));
}

struct ktg_cel_value ktg_cel_fn_contains(KTG_CEL_ARGS)
{
    (void)count;
    struct ktg_bytes s = args[0].s, t = args[1].s;
    if (!ktg_cel_spend(env, s.size / 16))
        return ktg_cel_absent();
    return ktg_cel_bool(t.size == 0 ||
                        (s.size >= t.size && memmem(s.data, s.size, t.data, t.size)));
}
