/* brokers/correlation/feed.h - a position of the event journal as the engine takes it.
 * Floor 3.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_BROKERS_CORRELATION_FEED_H
#define KTG_BROKERS_CORRELATION_FEED_H

#include "rules/engine/engine.h"
#include "runtime/journal/journal.h"

/* The blob of the event at a position, for the engine's world.  KTG_ENOTFOUND: erased, or no event. */
KTG_MUST_CHECK int ktg_feed_event_at(struct ktg_journal_reader *reader, uint64_t pos,
                                     struct ktg_bytes *ret_blob, struct ktg_err *err);
/* Give the item to the engine, and settle after the last of its batch.  Quarantine, progress and erased records change no
 * answer.  The arena is scratch.  KTG_ECORRUPT: a record cannot be read. */
KTG_MUST_CHECK int ktg_feed_item(struct ktg_engine *engine, struct ktg_arena *scratch,
                                 const struct ktg_journal_item *item, struct ktg_err *err);

#endif
