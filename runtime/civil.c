/* runtime/civil.c - see civil.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "runtime/civil.h"

#include <stdio.h>

ktg_date ktg_date_from_civil(int year, int month, int day)
{
    int y = year - (month <= 2);
    int era = (y >= 0 ? y : y - 399) / 400;
    int yoe = y - era * 400;
    int doy = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
    return era * 146097 + doe - 719468;
}

void ktg_date_to_civil(ktg_date d, int *ret_year, int *ret_month, int *ret_day)
{
    int z = d + 719468;
    int era = (z >= 0 ? z : z - 146096) / 146097;
    int doe = z - era * 146097;
    int yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int mp = (5 * doy + 2) / 153;
    *ret_day = doy - (153 * mp + 2) / 5 + 1;
    *ret_month = mp + (mp < 10 ? 3 : -9);
    *ret_year = yoe + era * 400 + (*ret_month <= 2);
}

bool ktg_civil_is_valid(int year, int month, int day)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (year < 1 || year > 9999 || month < 1 || month > 12 || day < 1)
        return false;
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return day <= days[month - 1] + (month == 2 && leap);
}

static ktg_time floor_div(ktg_time a, ktg_time b)
{
    ktg_time q = a / b;
    return q - (a % b != 0 && (a < 0) != (b < 0));
}

ktg_date ktg_date_of(ktg_time t, int offset_min)
{
    return (ktg_date)floor_div(t + (ktg_time)offset_min * 60000, KTG_DAY_MS);
}

ktg_time ktg_start_of_day(ktg_date d, int offset_min)
{
    return (ktg_time)d * KTG_DAY_MS - (ktg_time)offset_min * 60000;
}

ktg_time ktg_end_of_day(ktg_date d, int offset_min)
{
    return ktg_start_of_day(d, offset_min) + KTG_DAY_MS - 1;
}

/* Reads exactly n digits; -1 when there are not so many. */
static int digits(const uint8_t *p, const uint8_t *end, int n)
{
    int v = 0;
    if (end - p < n)
        return -1;
    for (int i = 0; i < n; i++) {
        if (p[i] < '0' || p[i] > '9')
            return -1;
        v = v * 10 + (p[i] - '0');
    }
    return v;
}

int ktg_date_parse(struct ktg_bytes text, ktg_date *ret_d)
{
    if (text.size != 10 || text.data[4] != '-' || text.data[7] != '-')
        return KTG_EINVALID;
    const uint8_t *p = text.data, *end = p + text.size;
    int y = digits(p, end, 4), m = digits(p + 5, end, 2), d = digits(p + 8, end, 2);
    if (y < 0 || m < 0 || d < 0 || !ktg_civil_is_valid(y, m, d))
        return KTG_EINVALID;
    *ret_d = ktg_date_from_civil(y, m, d);
    return KTG_OK;
}

void ktg_date_format(ktg_date d, char to[static KTG_DATE_TEXT])
{
    int y, m, day;
    ktg_date_to_civil(d, &y, &m, &day);
    snprintf(to, KTG_DATE_TEXT, "%04d-%02d-%02d", y % 10000, m % 100, day % 100);
}

/* "Z" or "+07:00". */
static int read_offset(const uint8_t *p, const uint8_t *end, int *ret_offset_min)
{
    if (end - p == 1 && (*p == 'Z' || *p == 'z')) {
        *ret_offset_min = 0;
        return KTG_OK;
    }
    if (end - p != 6 || (*p != '+' && *p != '-') || p[3] != ':')
        return KTG_EINVALID;
    int hours = digits(p + 1, end, 2), minutes = digits(p + 4, end, 2);
    if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59)
        return KTG_EINVALID;
    *ret_offset_min = (*p == '-' ? -1 : 1) * (hours * 60 + minutes);
    return KTG_OK;
}

static const struct {
    const char *name;
    int offset_min;
} zones[] = {{"WIB", 420}, {"WITA", 480}, {"WIT", 540}, {"UTC", 0}};

int ktg_zone_parse(struct ktg_bytes text, int *ret_offset_min)
{
    for (size_t i = 0; i < KTG_COUNT(zones); i++)
        if (ktg_bytes_is(text, zones[i].name)) {
            *ret_offset_min = zones[i].offset_min;
            return KTG_OK;
        }
    return text.size ? read_offset(text.data, text.data + text.size, ret_offset_min) : KTG_EINVALID;
}

void ktg_zone_format(int offset_min, char to[static KTG_ZONE_TEXT])
{
    int minutes = offset_min < 0 ? -offset_min : offset_min;
    for (size_t i = 0; i < KTG_COUNT(zones); i++)
        if (zones[i].offset_min == offset_min) {
            snprintf(to, KTG_ZONE_TEXT, "%s", zones[i].name);
            return;
        }
    snprintf(to, KTG_ZONE_TEXT, "%c%02d:%02d", offset_min < 0 ? '-' : '+', minutes / 60 % 100,
             minutes % 60);
}

int ktg_moment_parse(struct ktg_bytes text, int offset_min, ktg_time *ret_t)
{
    ktg_date day;
    int unused;
    if (ktg_date_parse(text, &day))
        return ktg_instant_parse(text, true, ret_t, &unused);
    *ret_t = ktg_start_of_day(day, offset_min);
    return KTG_OK;
}

int ktg_instant_parse(struct ktg_bytes text, bool lenient, ktg_time *ret_t, int *ret_offset_min)
{
    ktg_date date;
    if (text.size < 17 || ktg_date_parse(ktg_bytes(text.data, 10), &date))
        return KTG_EINVALID;
    const uint8_t *p = text.data, *end = p + text.size;
    if (p[10] != 'T' && p[10] != 't')
        return KTG_EINVALID;
    int hour = digits(p + 11, end, 2), minute = digits(p + 14, end, 2), second = 0, ms = 0;
    if (hour < 0 || hour > 23 || p[13] != ':' || minute < 0 || minute > 59)
        return KTG_EINVALID;
    p += 16;
    if (p < end && *p == ':') {
        second = digits(p + 1, end, 2);
        if (second < 0 || second > 59) /* a leap second has no place in whole-millisecond time */
            return KTG_EINVALID;
        p += 3;
        if (p < end && *p == '.') {
            int n = 0;
            for (p++; p < end && *p >= '0' && *p <= '9'; p++, n++) {
                if (n < 3)
                    ms = ms * 10 + (*p - '0');
                else if (*p != '0')
                    return KTG_EINVALID;
            }
            if (n == 0)
                return KTG_EINVALID;
            for (; n < 3; n++)
                ms *= 10;
        }
    } else if (!lenient) {
        return KTG_EINVALID;
    }
    int offset = 0;
    if (read_offset(p, end, &offset))
        return KTG_EINVALID;
    *ret_t =
        ktg_start_of_day(date, offset) + ((hour * 60 + minute) * 60 + second) * (ktg_time)1000 + ms;
    *ret_offset_min = offset;
    return KTG_OK;
}

void ktg_instant_format(ktg_time t, int offset_min, char to[static KTG_INSTANT_TEXT])
{
    ktg_date d = ktg_date_of(t, offset_min);
    int ms = (int)(t - ktg_start_of_day(d, offset_min));
    int y, m, day;
    ktg_date_to_civil(d, &y, &m, &day);
    char zone[16] = "Z", fraction[8] = "";
    int off = offset_min < 0 ? -offset_min : offset_min;
    if (offset_min)
        snprintf(zone, sizeof zone, "%c%02d:%02d", offset_min < 0 ? '-' : '+', off / 60 % 100,
                 off % 60);
    if (ms % 1000)
        snprintf(fraction, sizeof fraction, ".%03d", ms % 1000);
    snprintf(to, KTG_INSTANT_TEXT, "%04d-%02d-%02dT%02d:%02d:%02d%s%s", y % 10000, m % 100,
             day % 100, ms / 3600000 % 100, ms / 60000 % 60, ms / 1000 % 60, fraction, zone);
}

int ktg_duration_parse(struct ktg_bytes text, ktg_time *ret_ms)
{
    if (text.size == 0)
        return KTG_EINVALID;
    const uint8_t *p = text.data, *end = p + text.size;
    ktg_time total = 0;
    while (p < end) {
        ktg_time n = 0, unit;
        const uint8_t *start = p;
        for (; p < end && *p >= '0' && *p <= '9'; p++) {
            if (n > 1000000000000)
                return KTG_EINVALID;
            n = n * 10 + (*p - '0');
        }
        if (p == start || p == end)
            return KTG_EINVALID;
        switch (*p++) {
        case 's':
            unit = 1000;
            break;
        case 'm':
            unit = 60000;
            break;
        case 'h':
            unit = 3600000;
            break;
        case 'd':
            unit = KTG_DAY_MS;
            break;
        default:
            return KTG_EINVALID;
        }
        if (n > (INT64_MAX / 2 - total) / unit)
            return KTG_EINVALID;
        total += n * unit;
    }
    *ret_ms = total;
    return KTG_OK;
}
