/* brokers/correlation/erased.h - which events are gone from the event journal.
 *
 *     scan: an erasure lies after a position ──> what rests on the state there rests on too much: rebuild it
 *     note, while the journal is fed again   ──> ids, to tell why a finding stands no more
 *
 * Ids stay when a record is erased.  Pure but for the reader of scan().  Floor 3.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_BROKERS_CORRELATION_ERASED_H
#define KTG_BROKERS_CORRELATION_ERASED_H

#include "runtime/journal/journal.h"
#include "runtime/resident.h"

struct ktg_erased {
    uint8_t (*ids)[16];
    size_t count, cap;
    bool sorted;
};
#define KTG_ERASED_INIT ((struct ktg_erased){0})
void ktg_erased_done(struct ktg_erased *e);
KTG_MUST_CHECK int ktg_erased_note(struct ktg_erased *e,
                                   const struct ktg_journal_item *item); /* KTG_ENOMEM */
bool ktg_erased_has(void *erased, const uint8_t id[static 16]); /* sorts at the first call */

/* The last batch that begins after `after`, up to the durable mark, in which something says that it was erased: an ERASURE record, or a
 * record that is erased itself.  *ret_pos: where that batch begins, because no more of it may be an input of the engine; 0: none.
 * Leaves the reader anywhere. */
KTG_MUST_CHECK int ktg_erased_scan(struct ktg_journal_reader *r, uint64_t after,
                                   struct ktg_watch *watch, uint64_t *ret_pos, struct ktg_err *err);

#endif
