/* rules/testing/cast.h - the rules that take part in a test, as a bundle of their own.
 *
 *     files ─> the rule, `with rules`, and the rules whose findings these read by name ─> bundle (+ lists, settings)
 *
 * (1) The documents that do not take part become blank lines, so that places in messages stay right.
 * (2) An installation's own texts (local.yaml) have no part in tests, unless `keeps_local`.
 * Pure.  Floor 2.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_RULES_TESTING_CAST_H
#define KTG_RULES_TESTING_CAST_H

#include "rules/tests_model.h"

struct ktg_cast {
    const struct ktg_file *files; /* borrowed, as is the rule set */
    size_t count;
    const struct ktg_ruleset *rs;
    const struct ktg_rule *rule;
    bool *takes_part; /* per rule of rs */
    bool with;        /* ... because a test names more rules */
    bool keeps_local; /* an installation's own texts take part, too */
};

/* The documents of a file: cut off its rest at lines that begin with "---". */
struct ktg_bytes ktg_cast_next_document(struct ktg_bytes *rest);
/* The name of the rule that a document holds; empty for a define. */
struct ktg_bytes ktg_cast_rule_of(struct ktg_bytes document);

/* Who takes part.  Asked again for the same rule it stays as it was, also when `files` were replaced by others in
 * between that name no more rules.  KTG_ENOMEM. */
KTG_MUST_CHECK int ktg_cast_choose(struct ktg_cast *c, const struct ktg_rule *rule,
                                   const struct ktg_rule_test *test);
void ktg_cast_done(struct ktg_cast *c);
/* `lists`, `settings`: lines "  name: value" that replace shipped ones; may be empty.  `to` is overwritten. */
KTG_MUST_CHECK int ktg_cast_bundle(const struct ktg_cast *c, struct ktg_bytes lists,
                                   struct ktg_bytes settings, struct ktg_buf *to,
                                   struct ktg_err *err);

#endif
