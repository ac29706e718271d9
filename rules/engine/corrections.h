/* rules/engine/corrections.h - which events are live (LANGUAGE.md section 1).
 *
 *     c ID SOURCE -> position (0: not come yet), live, what it corrects, the ids of its correctors, greatest first
 *
 *     e1 <──supersedes── e4 <──retracts── e7        e7 live, so e4 is not, so e1 is
 *      ^──supersedes── e5                           unless e5 corrects it: then e5 stands for e1
 *
 * (1) An event is live iff no live event corrects it and, of the live corrections of one event, it is the greatest id.
 *     Correctors have greater ids and the same source, so this is decided from the greatest id down.
 * (2) The order of arrival does not matter: a correction that comes first waits here for its target.
 * (3) Only events that correct or are corrected have a record; all others are live.
 * Pure.  Floor 2.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_RULES_ENGINE_CORRECTIONS_H
#define KTG_RULES_ENGINE_CORRECTIONS_H

#include "rules/engine/state.h"
#include "runtime/mem.h"

struct ktg_flip { /* an event that came earlier, and is live now, or is no more */
    uint64_t pos;
    bool live;
};

/* The event `id` of `source` arrives at `pos`.  `corrects` (NULL: nothing) is a smaller id; target: its position, if it
 * came before (0: not known).  *ret_live: is the new event live; *ret_flips: the others that changed, in the arena. */
KTG_MUST_CHECK int ktg_corrections_add(struct ktg_state *s, struct ktg_arena *a,
                                       const uint8_t id[static 16], uint64_t pos,
                                       struct ktg_bytes source, const uint8_t *corrects,
                                       uint64_t target, bool *ret_live,
                                       const struct ktg_flip **ret_flips, size_t *ret_count);
KTG_MUST_CHECK int ktg_corrections_live(struct ktg_state *s, const uint8_t id[static 16],
                                        struct ktg_bytes source, bool *ret_live);

#endif
