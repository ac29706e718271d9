/* runtime/log.c - see log.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "runtime/log.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "runtime/bytes.h"
#include "runtime/civil.h"

static const char *speaker = "kentongan";
static enum ktg_log_level quietest = KTG_LOG_INFO;

static bool to_journal; /* lines begin with their priority */

/* $JOURNAL_STREAM is "DEVICE:INODE" of the socket that leads to systemd's journal. */
static bool leads_to_journal(int fd)
{
    const char *stream = getenv("JOURNAL_STREAM");
    struct stat st;
    char own[64];
    if (!stream || fstat(fd, &st))
        return false;
    snprintf(own, sizeof own, "%llu:%llu", (unsigned long long)st.st_dev,
             (unsigned long long)st.st_ino);
    return strcmp(own, stream) == 0;
}

void ktg_log_setup(const char *station, enum ktg_log_level level)
{
    speaker = station;
    quietest = level;
    to_journal = leads_to_journal(STDERR_FILENO);
}

/* What stands around the time of a line. */
static void put_level(enum ktg_log_level level, char before[static 8], char after[static 16])
{
    const char *word = level == KTG_LOG_ERROR     ? "error: "
                       : level == KTG_LOG_WARNING ? "warning: "
                                                  : "";
    before[0] = after[0] = 0;
    if (to_journal)
        snprintf(before, 8, "<%d>", (int)level);
    else
        snprintf(after, 16, "%s", word);
}

void ktg_log(const struct ktg_message *m, const char *format, ...)
{
    if (m->level > quietest)
        return;
    char line[1024], when[KTG_INSTANT_TEXT], before[8], after[16];
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    ktg_instant_format((ktg_time)t.tv_sec * 1000 + t.tv_nsec / 1000000, 0, when);
    put_level(m->level, before, after);
    int n = snprintf(line, sizeof line - 1, "%s%s %s%s %s: %s", before, when, after, speaker, m->id,
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
