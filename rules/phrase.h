/* rules/phrase.h - texts of a rule cut at their keywords, with the place of every part.
 *
 *   "permit.status as p where p.action == 'x' to end_of_day(p.until)"     cut at {as, where, to}
 *    └ head (-1)  ┘    └0┘       └──────1───────┘    └───────2──────┘
 *
 * A keyword counts at bracket depth 0, outside quotes, between blanks, and not after a dot (LANGUAGE.md section 3).
 * Pure.  Floor 2.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_RULES_PHRASE_H
#define KTG_RULES_PHRASE_H

#include "rules/model.h"

struct ktg_part {
    int keyword;            /* index in the list, -1: the head */
    struct ktg_phrase text; /* trimmed */
};
enum { KTG_MAX_PARTS = 16 };

/* The phrase of a scalar node. */
struct ktg_phrase ktg_phrase_of(const struct ktg_yaml_node *n, const char *file);
/* `size` bytes of `p` from `at`, trimmed, at their place. */
struct ktg_phrase ktg_phrase_sub(const struct ktg_phrase *p, size_t at, size_t size);
/* Number of parts (the head is always the first, perhaps empty); 0: more than KTG_MAX_PARTS. */
size_t ktg_phrase_cut(const struct ktg_phrase *p, const char *const *keywords,
                      struct ktg_part parts[KTG_MAX_PARTS]);
/* The text between the bracket that `p` has at `open` and its partner; false: no partner.  *ret_end: just behind it. */
bool ktg_phrase_bracket(const struct ktg_phrase *p, size_t open, struct ktg_phrase *ret_inside,
                        size_t *ret_end);
/* Call `f` for every identifier outside quotes that does not follow a dot. */
void ktg_phrase_names(struct ktg_bytes text, void (*f)(void *arg, struct ktg_bytes name),
                      void *arg);
bool ktg_phrase_mentions(struct ktg_bytes text, const char *name);
bool ktg_word_ok(struct ktg_bytes name); /* an identifier: letters, digits, _ */

#endif
