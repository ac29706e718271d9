/* rules/testing/mutants.h - a rule with one thing changed, in the text: what its tests should notice.
 *
 *     number           60 -> 61, 59        setting("n", 60) -> (setting("n", 60) + 1), - 1       30d -> 31d, 29d   2.0 -> 2.1, 1.9
 *     comparison       < <-> <=, > <-> >=, == <-> !=
 *     deadline         by: D -> D + 1 day, D - 1 day, D + 1 ms; the same for `to D` of a mover
 *     step             `unless`, `until`, `moved by`, `where`, `while`, `once per` dropped, whole or one entry; ` where ...`
 *     level            each word of a level's expression -> another
 *     needs            dropped, whole or one entry; ` from all`
 *     about            dropped, whole or one entry; the first of a list alone; a name that the rule binds -> another
 *     weight           dropped, unless it is what a rule without one has; 1.5 -> 1.6, 1.4
 *
 * (1) A mutant is one edit of the file that leaves every other line where it is.  (2) Whether it still is a rule is for the
 * compiler to say: one that it refuses is none.
 * (3) Its name is stable as long as the text is: "KEY: BEFORE -> AFTER", with "(2)" behind the second of the same name.
 * Not changed: tests, texts for people, how fresh a source must be, and names.
 * Pure.  Floor 2.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_RULES_TESTING_MUTANTS_H
#define KTG_RULES_TESTING_MUTANTS_H

#include "runtime/buf.h"
#include "runtime/mem.h"

struct ktg_mutant {
    const char *name;
    int line;                       /* of the edit, in the file */
    size_t from, to;                /* the bytes of the file ... */
    struct ktg_bytes with;          /* ... that become these (newlines kept) */
    struct ktg_bytes before, after; /* the line, trimmed, as it was and as it is */
};

/* The mutants of the document [from, to) of a file. */
KTG_MUST_CHECK int ktg_mutants_find(struct ktg_bytes text, size_t from, size_t to,
                                    struct ktg_arena *a, const struct ktg_mutant **ret_list,
                                    size_t *ret_count);
/* The file with the mutant in it; `to` is overwritten. */
void ktg_mutant_apply(const struct ktg_mutant *m, struct ktg_bytes text, struct ktg_buf *to);

#endif
