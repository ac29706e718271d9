/* rules/engine/run_entry.h - a run of heartbeats, or an absence of the centre, as the entry of a timeline that rules read.
 *
 *     run [from .. until] =expected   ->   an event of the type that stands for runs, at `from`, with a name of its own
 *     absence [from .. until]         ->   one of the type that stands for absences, named after `from`, the last of its instant
 *     retirement [at .. at]           ->   one of the type that stands for them, the last of its instant but an absence
 *
 * No record holds it and no source sent it: it is made each time, and depends on nothing but the source and the run.
 * Pure.  Floor 2.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_RULES_ENGINE_RUN_ENTRY_H
#define KTG_RULES_ENGINE_RUN_ENTRY_H

#include "rules/engine/runs.h"
#include "rules/ruleset.h"

/* The name that the run's entry bears. */
void ktg_run_id(struct ktg_bytes source, ktg_time from, uint8_t to[static 16]);
/* `type`: that of heartbeats in the rules' catalogue, of absences or of retirements.  The entry lives in `a`.  KTG_ENOMEM; KTG_ECORRUPT: the type has other fields. */
KTG_MUST_CHECK int ktg_run_entry(const struct ktg_ruleset *rules, const struct ktg_type *type,
                                 struct ktg_bytes source, const struct ktg_run *r,
                                 struct ktg_arena *a, struct ktg_entry *ret_x);

#endif
