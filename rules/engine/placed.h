/* rules/engine/placed.h - on whose timelines an event lies: only where something reads it.
 *
 *     u -> the pairs (KIND, TYPE) of which every event that came is on its timelines
 *
 * A crossing names a person, a document, its holder's biodata, a post, a property or a sponsor, and its source: six records
 * under six keys.  Where no rule reads the type about the kind, and the engine does not either, there is none.
 *
 * (1) The engine itself reads: of persons everything (other names, company), where names are screened everything that an entry
 *     of a list may hang together by, and what is said of alerts.
 * (2) A pair that another rule set wants for the first time is put in place from the journal before anything is asked; a
 *     pair that none wants any more goes on, so this happens once.
 * (3) What is not placed is in no answer: an answer sees only types that a rule of the kind reads.  In the way of answering
 *     that tests compare with (KTG_ANSWERS_WHOLE) everything is placed.
 * Pure.  Floor 2.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_RULES_ENGINE_PLACED_H
#define KTG_RULES_ENGINE_PLACED_H

#include "rules/engine/engine_parts.h"

/* By the rule set in force and by what was placed before. */
KTG_MUST_CHECK int ktg_placed_load(struct ktg_engine *e);
/* The rule set is another.  `anew`: all timelines are made again afterwards, and nothing is on any now. */
KTG_MUST_CHECK int ktg_placed_change(struct ktg_engine *e, bool anew);
void ktg_placed_done(struct ktg_engine *e);

static inline bool ktg_placed(const struct ktg_engine *e, int kind, int type)
{
    return e->placed[(size_t)kind * e->dispatch.types + (size_t)type];
}

/* Calls `each` for every event that the journal holds up to the engine's position, in order. */
typedef int ktg_placed_each(struct ktg_engine *e, uint64_t pos, const struct ktg_event *ev);
KTG_MUST_CHECK int ktg_placed_walk(struct ktg_engine *e, ktg_placed_each *each);

#endif
