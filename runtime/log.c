/* runtime/log.c - see log.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "runtime/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "runtime/bytes.h"
#include "runtime/civil.h"

static const char *speaker = "kentongan";
static enum ktg_log_level quietest = KTG_LOG_INFO;

void ktg_log_setup(const char *station, enum ktg_log_level level)
{
    speaker = station;
    quietest = level;
}

void ktg_log(const struct ktg_message *m, const char *format, ...)
{
    if (m->level > quietest)
        return;
    char line[1024], when[KTG_INSTANT_TEXT];
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    ktg_instant_format((ktg_time)t.tv_sec * 1000 + t.tv_nsec / 1000000, 0, when);
    int n = snprintf(line, sizeof line - 1, "<%d>%s %s %s: %s", (int)m->level, when, speaker, m->id,
                     m->text);
    if (n < 0)
        return;
    size_t used = (size_t)n < sizeof line - 1 ? (size_t)n : sizeof line - 2;
    if (format && used + 2 < sizeof line) {
        line[used++] = ' ';
        va_list ap;
        va_start(ap, format);
        n = vsnprintf(line + used, sizeof line - 1 - used, format, ap);
        va_end(ap);
        if (n > 0)
            used += (size_t)n < sizeof line - 1 - used ? (size_t)n : sizeof line - 2 - used;
    }
    for (size_t i = 0; i < used; i++) /* one message, one line */
        if (line[i] == '\n' || line[i] == '\r')
            line[i] = ' ';
    line[used++] = '\n';
    ssize_t written = write(STDERR_FILENO, line, used);
    (void)written; /* nowhere to complain to */
}
