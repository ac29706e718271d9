/* rules/engine/trait_sets.h - the traits of events, each set kept once.
 *
 *     {entry, CGK}  ─┐
 *     {entry, SUB}  ─┼─> the same words: one set            slots, timelines and touches point to it
 *     {exit, CGK}   ──> another
 *
 * However many rules there are, what is kept beside a decoded event is a pointer.  Events fall into few sets.
 *
 * (1) A set is valid until trait_sets_drop().
 * Owned by one engine.  Pure.  Floor 2.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_RULES_ENGINE_TRAIT_SETS_H
#define KTG_RULES_ENGINE_TRAIT_SETS_H

#include "rules/ruleset.h"
#include "runtime/mem.h"

struct ktg_trait_set;
struct ktg_trait_sets {
    struct ktg_arena arena;
    struct ktg_trait_set **slots;
    size_t size, count;
    uint64_t *room; /* the one that is being looked for */
    size_t room_words;
    size_t most; /* bytes; with more of them start anew */
};

/* ktg_ruleset_traits() of the event.  KTG_ENOMEM. */
KTG_MUST_CHECK int ktg_trait_sets_of(struct ktg_trait_sets *s, const struct ktg_ruleset *rs,
                                     const struct ktg_event *e, const uint64_t **ret_traits);
bool ktg_trait_sets_are_many(const struct ktg_trait_sets *s);
void ktg_trait_sets_drop(struct ktg_trait_sets *s); /* all of them; it may be used again */

#endif
