/* rules/engine/census.h - how much lies on the timelines of a country that was played: the figures of rates.yaml, measured.
 *
 *     engine ──> every entry and posted finding of every subject ──> per kind and name, in windows of some days:
 *                the most that lies within such a window on one timeline; mean and 99th percentile over the subjects
 *
 * (1) Counted is what is kept: entries of the records themselves, dead ones too; of a person, those of all identifiers, each event
 *     once.  An engine that leaves out what no rule reads (placed.h) is counted short: play it in KTG_ANSWERS_WHOLE.
 * (2) `days` is the time in which the middle 98 of 100 entries lie: a few old ones do not make a long history.  Longer windows
 *     are left out, since nobody has seen one.
 * (3) The same state gives the same bytes.
 * Pure.  Floor 2.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_RULES_ENGINE_CENSUS_H
#define KTG_RULES_ENGINE_CENSUS_H

#include "rules/engine/engine.h"

/* The text of rates.yaml (rules/rates.h) but for how many events there were, appended to `to`.  KTG_ENOTFOUND: nothing lies
 * on any timeline; KTG_ENOMEM; KTG_ECORRUPT. */
KTG_MUST_CHECK int ktg_census(struct ktg_engine *e, struct ktg_buf *to);

#endif
