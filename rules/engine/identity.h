/* rules/engine/identity.h - which identifiers are one person.
 *
 *     i IDENTIFIER -> name, [(neighbour, how many live events tie the two)]        edges, both ways
 *     g NAME       -> the sorted members of the component, two or more
 *
 *     doc:UTO:A ──2── doc:UTO:B ──1── niora:7          name of all three: doc:UTO:A
 *
 * (1) A component is what live events tie together, for all time; its name is its smallest identifier (bytewise).
 * (2) An identifier that is tied to nothing has no record and is its own name.
 * (3) Edges are counted, so taking a tie back is exact; only then is the component walked again.
 * Pure.  Floor 2.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_RULES_ENGINE_IDENTITY_H
#define KTG_RULES_ENGINE_IDENTITY_H

#include "rules/engine/state.h"
#include "runtime/mem.h"

/* Called for each identifier whose name changed; `was` and `is` are valid during the call. */
typedef int ktg_identity_change(void *arg, struct ktg_bytes identifier, struct ktg_bytes was,
                                struct ktg_bytes is);

/* The name of an identifier, in the arena (or the identifier itself). */
KTG_MUST_CHECK int ktg_identity_name(struct ktg_state *s, struct ktg_arena *a,
                                     struct ktg_bytes identifier, struct ktg_bytes *ret_name);
/* The identifiers that bear a name, sorted, in the arena; at least the name itself. */
KTG_MUST_CHECK int ktg_identity_members(struct ktg_state *s, struct ktg_arena *a,
                                        struct ktg_bytes name, const struct ktg_bytes **ret_ids,
                                        size_t *ret_count);
/* One live event more (by = 1) or less (-1) ties `ids` (sorted, each once) together. */
KTG_MUST_CHECK int ktg_identity_tie(struct ktg_state *s, struct ktg_arena *a,
                                    const struct ktg_bytes *ids, size_t count, int by,
                                    ktg_identity_change *change, void *arg);

#endif
