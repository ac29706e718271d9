/* rules/engine/company.h - the company of an occasion: who was at the same place about the same time (`together`).
 *
 *     w KEY BUCKET -> (at, position, identifier)...       KEY: rule and `at` values (ruleset.h), BUCKET: at / span
 *
 * (1) An entry per live event, together rule and person on whose timeline the event lies in the role that the step
 *     asks for; the person as the identifier under which it lies, so that merges and splits leave the index alone.
 * (2) An event put in or taken out marks everybody within `span` of it for that rule; so does an identifier that bears
 *     another name now, at each of its occasions.  Who has fewer entries than `times` is passed over: nothing can hold.
 * (3) Built anew from the journal when the rule set changes: what an occasion is depends on rules, lists and settings.
 * One bucket per (rule, place, span): reading an occasion reads three.
 * Pure.  Floor 2.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_RULES_ENGINE_COMPANY_H
#define KTG_RULES_ENGINE_COMPANY_H

#include "rules/engine/engine_parts.h"

#define KTG_COMPANY_OCCASION 20 /* bytes of an entry of a bucket, beside the identifier */

/* The event at `pos` is live now, or is no more; `s`: where it lies (places of apply.c). */
KTG_MUST_CHECK int ktg_company_put(struct ktg_engine *e, uint64_t pos, const struct ktg_event *ev,
                                   const struct ktg_subject *s, size_t count, bool live);
/* Something about the event is different for those near it, who are to be answered again.  `why` at least. */
KTG_MUST_CHECK int ktg_company_meet(struct ktg_engine *e, const struct ktg_event *ev,
                                    const struct ktg_subject *s, size_t count, enum ktg_reason why);
/* Mark everybody near what was put or met in this record. */
KTG_MUST_CHECK int ktg_company_spread(struct ktg_engine *e);
/* Another rule set: forget all, then put the live events of every record in again. */
KTG_MUST_CHECK int ktg_company_drop(struct ktg_engine *e);
KTG_MUST_CHECK int ktg_company_fill(struct ktg_engine *e);

#endif
