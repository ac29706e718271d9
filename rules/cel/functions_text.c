/* rules/cel/functions_text.c - strings, as bytes of valid UTF-8.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <inttypes.h>
#include <stdio.h>

#include "rules/cel/functions.h"

/* As CEL writes it: the seconds, and as many digits after the point as there are. */
static struct ktg_cel_value seconds(struct ktg_cel_env *env, int64_t ms)
{
    char text[32];
    uint64_t n = ms < 0 ? 0 - (uint64_t)ms : (uint64_t)ms;
    int size = snprintf(text, sizeof text, "%s%" PRIu64, ms < 0 ? "-" : "", n / 1000);
    if (n % 1000) {
        size += snprintf(text + size, sizeof text - (size_t)size, ".%03" PRIu64, n % 1000);
        while (text[size - 1] == '0')
            size--;
    }
    text[size++] = 's';
    char *to = ktg_cel_memory(env, (size_t)size, 1);
    if (!to)
        return ktg_cel_absent();
    memcpy(to, text, (size_t)size);
    return ktg_cel_string(ktg_bytes(to, (size_t)size));
}

struct ktg_cel_value ktg_cel_fn_string_of(KTG_CEL_ARGS)
{
    (void)count;
    return args[0].kind == KTG_CEL_DURATION ? seconds(env, args[0].i) : ktg_cel_text_of(env, args);
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
