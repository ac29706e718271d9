/* rules/engine/silent.h - who is missed now, and how much is unknown for want of it: what an operator asks.
 *
 *     IMI.ARUK.1  -> 12 findings      counted as answers take the place of others, and when the state is read
 *     IMI.BADAU.1 ->  3
 *
 * (1) A source is awaited iff it is under a regime (heard.h) and sends a type of which a live rule has a need; retired ones are not.
 * (2) It is silent iff its next heartbeat is overdue at the engine's clock; time in which nobody listened does not count.
 * (3) Counted are findings of live rules.  Of several silent sources of a finding the one heard longest ago has it (LANGUAGE.md 8).
 * (4) Nothing of it is remembered or said: answers do not depend on it.
 * Pure.  Floor 2.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_RULES_ENGINE_SILENT_H
#define KTG_RULES_ENGINE_SILENT_H

#include "rules/engine/standing.h"

struct ktg_engine;

struct ktg_held_source { /* a source that holds findings back */
    struct ktg_buf name;
    size_t findings;
};
struct ktg_held {
    struct ktg_held_source *list;
    size_t count, cap;
};
#define KTG_HELD_INIT \
    {                 \
        0             \
    }

void ktg_held_done(struct ktg_held *h);
/* These stand from now on. */
KTG_MUST_CHECK int ktg_held_add(struct ktg_held *h, const struct ktg_standing *list, size_t count);
/* These, which were added, stand no more. */
void ktg_held_take(struct ktg_held *h, const struct ktg_standing *list, size_t count);

struct ktg_silent {
    size_t awaited, silent; /* sources */
    size_t held, unknown;   /* findings: for want of a silent source; of any */
};
struct ktg_silent ktg_engine_silent(const struct ktg_engine *e);

#endif
