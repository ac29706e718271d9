/* brokers/correlation/said.h - reading a findings journal as what was said.
 * Floor 3.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_BROKERS_CORRELATION_SAID_H
#define KTG_BROKERS_CORRELATION_SAID_H

#include "rules/engine/told.h"
#include "runtime/journal/journal.h"
#include "schema/finding.h"

/* The next record of a finding, told or left.  KTG_EAGAIN: no more; KTG_ECORRUPT: it has no key. */
KTG_MUST_CHECK int ktg_said_next(struct ktg_journal_reader *r, struct ktg_journal_item *ret_item,
                                 struct ktg_finding_meta *ret_m, struct ktg_err *err);
/* Would this engine say it again, byte for byte?  Not what another one said, what was erased, and what a re-derivation said. */
bool ktg_said_repeats(const struct ktg_journal_item *item, const struct ktg_finding_meta *m,
                      int64_t engine);
/* All that follows, into `to`, which looks into the reader's journal.  *ret_last: of the last one; untouched if there is none. */
KTG_MUST_CHECK int ktg_said_fold(struct ktg_journal_reader *r, struct ktg_told *to,
                                 struct ktg_finding_meta *ret_last, struct ktg_err *err);

#endif
