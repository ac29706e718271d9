/* rules/engine/named.h - who is called how: from a name to the identifiers of persons that it may be like.
 *
 *     n q IDENTIFIER     -> hashes of the names that stand under it            n d DELETION KEY -> folds
 *     n y FOLD YEAR      -> (date of birth, hashes of units, identifier)...    n z FOLD         -> years
 *     n b FOLD BIRTH     -> the same
 *
 * The reverse of rules/names/index.h, for tens of millions of persons, so in the state.  A name stands under the year of birth
 * with every unit but one token and the joins of that token, and these stand under the full date of birth.  So nothing is missed:
 * of two pairs of alike units that share no token at most one is left out, and one pair alone needs the same date.
 *
 * (1) A hint: whoever is found is answered again, and the answer decides.  So nothing is ever taken out; what a correction
 *     made untrue costs an answer.
 * (2) No name stands here: folded single tokens (n d), which belong to nobody, and hashes.
 * Pure.  Floor 2.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_RULES_ENGINE_NAMED_H
#define KTG_RULES_ENGINE_NAMED_H

#include "rules/engine/state.h"
#include "rules/names/index.h"

typedef int ktg_named_each(void *arg, struct ktg_bytes identifier);

/* An event called the person of the identifier so. */
KTG_MUST_CHECK int ktg_named_add(struct ktg_state *s, struct ktg_bytes identifier,
                                 const struct ktg_tokens *name);
/* Every identifier with a name that scores above 0 against this one, and perhaps others; some several times. */
KTG_MUST_CHECK int ktg_named_find(struct ktg_state *s, struct ktg_arena *a,
                                  const struct ktg_tokens *name, ktg_named_each *each, void *arg);

#endif
