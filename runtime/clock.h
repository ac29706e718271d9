/* runtime/clock.h - time as an argument.
 *
 *   ktg_time   milliseconds since 1970-01-01T00:00Z, domain time: what events, journals and rules speak of
 *   mono       milliseconds (or ns) of a clock that never jumps: time-outs, back-off, latency; never scaled
 *
 * Only a shell may ask what time it is, here; everything below it is given `now`.
 *
 *   domain = start + (realtime - anchor) * scale        (an ordinary station: start = anchor, scale = 1)
 *
 * so that a demo may play weeks in minutes while every station agrees (the three numbers are handed to each).
 * With `file` the line stands in a mapped file and may be changed while all run (clockfile.h).
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_RUNTIME_CLOCK_H
#define KTG_RUNTIME_CLOCK_H

#include <stddef.h>
#include <stdint.h>

#include "runtime/err.h"

typedef int64_t ktg_time; /* ms */
#define KTG_NEVER    INT64_MAX
#define KTG_LONG_AGO INT64_MIN

struct ktg_clockfile;

struct ktg_clock {
    ktg_time start, anchor; /* ms; at realtime `anchor` the domain clock stood at `start` */
    int32_t scale;          /* domain ms per real ms; at least 1 */
    const struct ktg_clockfile *file; /* borrowed; NULL: the three numbers hold for good */
};
#define KTG_CLOCK_REAL ((struct ktg_clock){0, 0, 1, NULL})

ktg_time
ktg_clock_now(const struct ktg_clock *c); /* reads the wall clock; never use below a shell */
int32_t ktg_clock_scale(const struct ktg_clock *c); /* at this moment */
ktg_time ktg_mono_ms(void);
int64_t ktg_mono_ns(void);

/* "START,ANCHOR,SCALE" in decimal, as handed from the supervisor to a station.  KTG_EINVALID: not that. */
KTG_MUST_CHECK int ktg_clock_parse(const char *text, struct ktg_clock *ret_c);
void ktg_clock_format(const struct ktg_clock *c, char *to, size_t size);

#endif
