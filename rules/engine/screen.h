/* rules/engine/screen.h - names against lists, in both directions (LANGUAGE.md section 5.4).
 *
 *     event of a person   -> its names under `named.h`;  when a rule with `match` is answered: the entries that are like them
 *                            are put on the timeline in the role `like` (a search in the index)
 *     event of a list     -> into the index;  everybody whose name may be like one of the entry's is answered again
 *
 *     n v -> version of the names      n l POSITION -> a live event of a list
 *
 * (1) What is put on a timeline depends on the live events up to `now` alone: every entry with a name that scores at least
 *     KTG_SCORE_LEAST against a name on the timeline, and whatever else stands about the same entry (its listing).
 * (2) Nothing is kept while no rule asks; when one does, and when the version of the names changes, all is made anew.
 * (3) The index is in memory, made from `n l` and the journal when it is first needed.
 * Floor 2.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_RULES_ENGINE_SCREEN_H
#define KTG_RULES_ENGINE_SCREEN_H

#include "rules/engine/engine_parts.h"

void ktg_screen_done(struct ktg_screen *s);
/* The rule set is another: is there anything to screen?  *ret_stale: all records must be placed again. */
KTG_MUST_CHECK int ktg_screen_adopt(struct ktg_engine *e, bool *ret_stale);
/* KTG_ECORRUPT: the state's names are of another version. */
KTG_MUST_CHECK int ktg_screen_check(struct ktg_engine *e);
/* Forget everything under `n`, before all is placed again. */
KTG_MUST_CHECK int ktg_screen_clear(struct ktg_engine *e);
/* An event is live now, or is no more.  `identifier`: of its holder's record, or empty. */
KTG_MUST_CHECK int ktg_screen_place(struct ktg_engine *e, uint64_t pos, const struct ktg_event *ev,
                                    struct ktg_bytes identifier, bool live);
/* The event is looked at again: a list's event whose time has come. */
KTG_MUST_CHECK int ktg_screen_touch(struct ktg_engine *e, uint64_t pos, const struct ktg_event *ev);
/* Is it a kind of subject by which the events of one entry hang together?  What an event names beside persons, documents, its
 * source. */
bool ktg_screen_hangs_by(const struct ktg_engine *e, int kind);
/* Mark everybody whose name may be like one of the entries touched. */
KTG_MUST_CHECK int ktg_screen_spread(struct ktg_engine *e);
/* The timeline of a person with the entries that are like its names.  Made from s->timeline. */
KTG_MUST_CHECK int ktg_screen_timeline(struct ktg_engine *e, struct ktg_live_subject *s);

#endif
