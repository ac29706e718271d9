/* runtime/civil.h - civil dates and RFC 3339, without a time-zone database.
 *
 * A date is a count of days since 1970-01-01 (proleptic Gregorian); an offset is minutes east of UTC.
 * Offsets come with the data, so no answer ever depends on an installed zone table.
 * Formulas: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms" (days_from_civil, civil_from_days).
 * Pure.  Floor 0.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_RUNTIME_CIVIL_H
#define KTG_RUNTIME_CIVIL_H

#include <stdbool.h>

#include "runtime/bytes.h"
#include "runtime/clock.h"

typedef int32_t ktg_date; /* days since 1970-01-01 */

#define KTG_DAY_MS       ((ktg_time)86400000)
#define KTG_INSTANT_TEXT 40 /* bytes that a formatted instant needs, NUL included */
#define KTG_DATE_TEXT    12

ktg_date ktg_date_from_civil(int year, int month, int day); /* 1..12, 1..31, not checked */
void ktg_date_to_civil(ktg_date d, int *ret_year, int *ret_month, int *ret_day);
bool ktg_civil_is_valid(int year, int month, int day); /* years 0001..9999 */

ktg_date ktg_date_of(ktg_time t, int offset_min);      /* the civil day that t falls on there */
ktg_time ktg_start_of_day(ktg_date d, int offset_min); /* its first ms */
ktg_time ktg_end_of_day(ktg_date d, int offset_min);   /* its last ms */

/* "2026-03-31".  KTG_EINVALID: not a date. */
KTG_MUST_CHECK int ktg_date_parse(struct ktg_bytes text, ktg_date *ret_d);
void ktg_date_format(ktg_date d, char to[static KTG_DATE_TEXT]);

/* RFC 3339 with a zone: "2026-03-01T09:00:00[.fff](Z|+07:00)"; seconds may be left out when `lenient`.
 * KTG_EINVALID: not that, no zone, or finer than a millisecond (DECISIONS: whole milliseconds). */
KTG_MUST_CHECK int ktg_instant_parse(struct ktg_bytes text, bool lenient, ktg_time *ret_t,
                                     int *ret_offset_min);
/* "2026-03-01T09:00:00+07:00"; the fraction (".001") only when it is not zero; offset 0 is "Z". */
void ktg_instant_format(ktg_time t, int offset_min, char to[static KTG_INSTANT_TEXT]);

#define KTG_ZONE_TEXT 8
/* "WIB", "WITA", "WIT", "Z", "+07:00", into minutes east of UTC.  KTG_EINVALID: none of these. */
KTG_MUST_CHECK int ktg_zone_parse(struct ktg_bytes text, int *ret_offset_min);
/* "WIB", "WITA", "WIT", "UTC", "+05:30". */
void ktg_zone_format(int offset_min, char to[static KTG_ZONE_TEXT]);
/* What a person calls a moment: RFC 3339 with a zone, or a day, which means its first ms where the clocks are
 * `offset_min` ahead.  KTG_EINVALID: neither. */
KTG_MUST_CHECK int ktg_moment_parse(struct ktg_bytes text, int offset_min, ktg_time *ret_t);

/* "90s", "10m", "24h", "30d" and sums such as "1d12h", into ms (a day is 24 h).  KTG_EINVALID: not that. */
KTG_MUST_CHECK int ktg_duration_parse(struct ktg_bytes text, ktg_time *ret_ms);

#endif
