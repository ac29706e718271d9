/* rules/engine/verdict.h - what an event says about a rule: an agency was told, or an agency closed what it was told.
 *
 *     handed out (the type that another one `judges`)   {alert, agency, rule}
 *     closed     (the type with `judges`)               {alert, agency, disposition, right | wrong | neither}
 *
 * Which types these are, and which dispositions speak for and against a rule, the catalogue says (docs/adr/0017-precision.md).
 * Pure; views into the event.  Floor 2.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_RULES_ENGINE_VERDICT_H
#define KTG_RULES_ENGINE_VERDICT_H

#include "schema/event.h"

enum ktg_verdict_sense { KTG_VERDICT_NEITHER, KTG_VERDICT_RIGHT, KTG_VERDICT_WRONG };

struct ktg_verdict {
    struct ktg_bytes alert, agency;
    struct ktg_bytes rule;        /* handed out */
    struct ktg_bytes disposition; /* closed */
    enum ktg_verdict_sense sense;
};

/* False: it is neither, or an alert, agency, rule or disposition is missing. */
bool ktg_verdict_handed(const struct ktg_catalogue *c, const struct ktg_event *e,
                        struct ktg_verdict *ret_v);
bool ktg_verdict_closed(const struct ktg_event *e, struct ktg_verdict *ret_v);
/* The subject kind of alerts; -1: the catalogue has none. */
int ktg_verdict_kind(const struct ktg_catalogue *c);

#endif
