/* runtime/log.h - structured lines on stderr, one per thing that an operator may have to act on.
 *
 *     2026-11-21T19:40:00.123Z ingest session-opened producer=IMI.ENTIKONG.1 acked=4711
 *     2026-11-21T19:40:00.123Z warning: ingest disk-low free=14      to people: a grave one says so
 *     <4>2026-11-21T19:40:00.123Z ingest disk-low free=14            to systemd's journal, which takes the number as priority
 *
 * (1) Floors 0 to 2 never log; a shell logs once, where the failure is dealt with.
 * (2) A message is a row of the station's messages.def: id, level, text, and what the operator should do.
 * (3) Fields are codes, counts, positions and registry names.  Never a name, a document, a contact.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_RUNTIME_LOG_H
#define KTG_RUNTIME_LOG_H

#include "runtime/err.h"

enum ktg_log_level {
    KTG_LOG_ERROR = 3,
    KTG_LOG_WARNING = 4,
    KTG_LOG_NOTICE = 5,
    KTG_LOG_INFO = 6,
    KTG_LOG_DEBUG = 7
};

struct ktg_message {
    const char *id; /* kebab-case, unique in the station */
    enum ktg_log_level level;
    const char *text;   /* what happened */
    const char *action; /* what the operator should do; "" = nothing */
};

/* Name of the station that speaks (borrowed for good) and the quietest level that is still written.  Also looks where
 * stderr goes: $JOURNAL_STREAM (systemd.exec(5)) names the journal's. */
void ktg_log_setup(const char *station, enum ktg_log_level level);
/* `format` makes the fields: "producer=%s acked=%llu"; NULL for none.  Thread-safe; one write per line. */
void ktg_log(const struct ktg_message *m, const char *format, ...) KTG_PRINTF(2, 3);

#endif
