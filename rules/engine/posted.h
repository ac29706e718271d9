/* rules/engine/posted.h - findings as events on timelines: how the state keeps them.
 *
 *     o KEY -> rule and everything of struct ktg_posted          KEY = BLAKE2b-128(subject kind, posted id)
 *     timeline records hold (from, KEY)                          (record.h)
 *
 * The key holds the kind because two kinds may have a subject of the same name (a document, and the person it names).
 * Pure.  Floor 2.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_RULES_ENGINE_POSTED_H
#define KTG_RULES_ENGINE_POSTED_H

#include "rules/ruleset.h"

void ktg_posted_key(struct ktg_bytes kind, const uint8_t id[static 16], uint8_t to[static 16]);
void ktg_posted_encode(const struct ktg_posted *p, const char *rule, struct ktg_buf *to);
/* Views into `value`, arrays in the arena.  KTG_ENOTFOUND: the rule set has no such rule. */
KTG_MUST_CHECK int ktg_posted_decode(struct ktg_bytes value, const struct ktg_ruleset *rs,
                                     struct ktg_arena *a, struct ktg_posted *ret_p);

#endif
