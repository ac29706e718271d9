/* runtime/clock.c - see clock.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "runtime/clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "runtime/clockfile.h"

static int64_t read_ns(clockid_t id)
{
    struct timespec t;
    clock_gettime(id, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

ktg_time ktg_clock_now(const struct ktg_clock *c)
{
    ktg_time real =
        read_ns(CLOCK_REALTIME) / 1000000; /* before the file is looked at: clockfile.h (2) */
    return c->file ? ktg_clockfile_at(c->file, real) : c->start + (real - c->anchor) * c->scale;
}

int32_t ktg_clock_scale(const struct ktg_clock *c)
{
    return c->file ? ktg_clockfile_scale(c->file) : c->scale;
}

ktg_time ktg_mono_ms(void)
{
    return read_ns(CLOCK_MONOTONIC) / 1000000;
}

int64_t ktg_mono_ns(void)
{
    return read_ns(CLOCK_MONOTONIC);
}

int ktg_clock_parse(const char *text, struct ktg_clock *ret_c)
{
    struct ktg_clock c = KTG_CLOCK_REAL;
    int end = 0;
    if (sscanf(text, "%" SCNd64 ",%" SCNd64 ",%" SCNd32 "%n", &c.start, &c.anchor, &c.scale,
               &end) != 3 ||
        text[end] || c.scale < 1)
        return KTG_EINVALID;
    *ret_c = c;
    return KTG_OK;
}

void ktg_clock_format(const struct ktg_clock *c, char *to, size_t size)
{
    snprintf(to, size, "%" PRId64 ",%" PRId64 ",%" PRId32, c->start, c->anchor, c->scale);
}
