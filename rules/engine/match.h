/* rules/engine/match.h - which finding of the new answer is which of the old one, and what is to be said of it.
 *
 *     old  a  b  c          same key, anchor and from          labels stay with their findings,
 *          |     |          then same key and anchor           though a late event moved the anchor
 *     new  a'    c'  d      then same key, spans that overlap  b is withdrawn, d raised
 *
 * (1) Both sides are the findings of one rule about one subject, or about all names that merged or split in one record.
 * (2) In each pass, in order of (from, anchor, subject); each finding is matched once.
 * Pure.  Floor 2.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_RULES_ENGINE_MATCH_H
#define KTG_RULES_ENGINE_MATCH_H

#include "rules/engine/engine.h"
#include "rules/engine/standing.h"

struct ktg_side { /* a finding and whose it is */
    struct ktg_bytes subject;
    struct ktg_standing *finding;
    size_t other; /* index on the other side; SIZE_MAX: none */
};

/* Fills in `other` on both sides; sorts both by (from, anchor, subject, key). */
KTG_MUST_CHECK int ktg_match(struct ktg_side *old, size_t old_count, struct ktg_side *fresh,
                             size_t fresh_count, struct ktg_arena *a);

/* The row of the table of LANGUAGE.md section 2; old or fresh may be NULL.  False: nothing is said. */
bool ktg_match_op(const struct ktg_side *old, const struct ktg_side *fresh,
                  enum ktg_op_kind *ret_op);

#endif
