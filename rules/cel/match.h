/* rules/cel/match.h - a subset of RE2's patterns, matched in time linear in the text.
 *
 *     a|b*c   ─compile─>  a program of states  ─run─>  all states at once, one character after the other (Thompson 1968)
 *
 * Subset: letters, `.` (not a line end), [a-z] [^a-z], \d \w \s \D \W \S, \ before punctuation, ( ) and (?: ), |,
 * * + ? {m} {m,} {m,n}, ^ $.  Characters are Unicode code points; classes \d \w \s are ASCII, as in RE2.
 * (1) No step of the run depends on what the text said before but through the set of states, so there is no backtracking:
 *     cost <= characters * states, states <= KTG_CEL_MATCH_STATES.
 * Pure.  Private to rules/cel.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_RULES_CEL_MATCH_H
#define KTG_RULES_CEL_MATCH_H

#include "runtime/bytes.h"
#include "runtime/mem.h"

#define KTG_CEL_MATCH_STATES 512

struct ktg_cel_match;

/* KTG_EINVALID with *ret_what (a fixed text) and *ret_at (a byte of the pattern); KTG_ENOMEM. */
KTG_MUST_CHECK int ktg_cel_match_compile(struct ktg_bytes pattern, struct ktg_arena *arena,
                                         const struct ktg_cel_match **ret_m, const char **ret_what,
                                         size_t *ret_at);
/* Does the pattern stand anywhere in the text (valid UTF-8)? */
bool ktg_cel_match_run(const struct ktg_cel_match *m, struct ktg_bytes text);
size_t ktg_cel_match_cost(const struct ktg_cel_match *m,
                          struct ktg_bytes text); /* steps to charge */

#endif
