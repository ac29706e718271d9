/* brokers/ingest/in_force.h - the rule set that is in force: the last one in the event journal.
 *
 *     | ruleset | events ... | ruleset | events ... | snapshot | events ... mark
 *                            ^^^^^^^^^ <─ "rules_at" ─┘         └ a newer one would be here
 *
 * (1) What lies in the folders of an installation is a draft.  It comes into force by being recorded, and by nothing else.
 * (2) It is found without reading the whole journal, unless the newest snapshot is from before snapshots said where.
 *
 * May be asked beside the writer, from any process.  Reads the disk.  Floor 3.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_BROKERS_INGEST_IN_FORCE_H
#define KTG_BROKERS_INGEST_IN_FORCE_H

#include "runtime/journal/journal.h"

/* Append the bundle (rules/ruleset.h) and say where it stands.  `at`: its position, if that is known, else 0.
 * KTG_ENOTFOUND: there is no journal, or no rule set in it, or it was erased; others as ktg_journal_reader_open and
 * next. */
KTG_MUST_CHECK int ktg_in_force_read(const char *journal, ktg_position at, struct ktg_buf *to,
                                     ktg_position *ret_pos, struct ktg_err *err);

#endif
