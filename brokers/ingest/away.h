/* brokers/ingest/away.h - since when nobody can be heard, and what of it the journal does not say yet.
 *
 *     last batch        start          gateway there            gateway gone, or no room on the disk
 *     |<────────────────── away ──────>|                        |<──────── away ...
 *                       AWAY  AWAY  AWAY                                 AWAY  AWAY
 *
 * (1) A start says at once what lies between the last batch and it.  While it runs, an absence is said when it is
 *     KTG_AWAY_STEP long; either is said again whenever it has grown by as much, and at its end.
 * (2) All that is said of it begins where it began, so the last word holds the whole; a kill while nobody is heard leaves out
 *     less than a step.
 * Pure.  Floor 3.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_BROKERS_INGEST_AWAY_H
#define KTG_BROKERS_INGEST_AWAY_H

#include <stdbool.h>

#include "runtime/clock.h"

#define KTG_AWAY_STEP ((ktg_time)5000) /* ms */

struct ktg_away {
    ktg_time since; /* nobody is heard since; KTG_NEVER: whoever is there is heard */
    ktg_time told;  /* the journal says so up to here */
    bool starts;    /* nothing was said since the start */
};

/* A start; nobody was heard since the last batch.  Of a new journal: KTG_NEVER. */
void ktg_away_begin(struct ktg_away *a, ktg_time since);
/* True: [*ret_from, now] is to go into the journal; when it has, say so to ktg_away_told().  Else ask again. */
bool ktg_away_look(struct ktg_away *a, bool listening, ktg_time now, ktg_time *ret_from);
void ktg_away_told(struct ktg_away *a, bool listening, ktg_time now);

#endif
