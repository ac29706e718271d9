/* brokers/ingest/roll.h - who was heard of, and who is retired: what the event journal says of sources.
 *
 *     | ... | snapshot {tallies, retired} | event  heartbeat  RETIRED ... mark
 *                                           └────────── folded ──────────┘
 *
 * (1) Ingest folds it while it recovers, and anybody may fold it beside the writer, from the newest snapshot on.
 * (2) A tally has room for so many sources (tally.h); of one that it has lost the journal itself still knows.
 *
 * Reads the disk.  Floor 3.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_BROKERS_INGEST_ROLL_H
#define KTG_BROKERS_INGEST_ROLL_H

#include "brokers/ingest/retired.h"
#include "brokers/ingest/tally.h"
#include "runtime/journal/journal.h"

struct ktg_roll {
    struct ktg_tallies tallies;
    struct ktg_retired retired;
};
#define KTG_ROLL_INIT                      \
    {                                      \
        KTG_TALLIES_INIT, KTG_RETIRED_INIT \
    }
void ktg_roll_done(struct ktg_roll *r);

/* One more record.  KTG_ECORRUPT: a retirement that cannot be read.  KTG_ENOMEM. */
KTG_MUST_CHECK int ktg_roll_fold(struct ktg_roll *r, const struct ktg_journal_item *item,
                                 const struct ktg_record_meta *meta);
/* What a snapshot of ingest says, into an empty one; *ret_whole: it says all, none is from before there were any.
 * KTG_ECORRUPT. */
KTG_MUST_CHECK int ktg_roll_recover(struct ktg_roll *r, struct ktg_bytes snapshot, bool *ret_whole);

/* Into an empty one, by all that is durable.  KTG_ENOTFOUND: there is no journal; others as the reader. */
KTG_MUST_CHECK int ktg_roll_read(struct ktg_roll *r, const char *journal, struct ktg_err *err);
/* Was a heartbeat of the source heard behind position `after`?  All of the journal from there on is read; 0: all of it. */
KTG_MUST_CHECK int ktg_roll_look_for(const char *journal, ktg_position after,
                                     struct ktg_bytes source, bool *ret_heard, struct ktg_err *err);

#endif
