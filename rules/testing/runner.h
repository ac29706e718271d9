/* rules/testing/runner.h - the tests that stand in rule files, run on the engine.
 *
 *     files ─> rule set ─> its tests ─> for each: the rule alone (with `with rules` and what it stands on) ─> engine
 *                                       events, clock, silence, lists, settings ─> what is said ─> expected?
 *
 * (1) A test runs with its rule, the rules it names, and the rules whose findings these read by name; nothing else.
 * (2) Deterministic: ids and sources are made from the line.
 * (3) A test passes if it comes to the same end in every variant, too (variants.h).
 * Pure.  Floor 2.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_RULES_TESTING_RUNNER_H
#define KTG_RULES_TESTING_RUNNER_H

#include "rules/testing/play.h"

struct ktg_test_result {
    const char *rule, *test, *file;
    int line; /* where the events begin */
    bool passed;
    struct ktg_bytes report; /* why not: differences, or the error; valid during the call */
};
typedef void ktg_test_told(void *arg, const struct ktg_test_result *result);

/* Run the tests of `rule` (empty: of all rules) of the compiled files; each result is told.  KTG_ENOTFOUND: no such
 * rule.  *ret_failed, *ret_count may be NULL. */
KTG_MUST_CHECK int ktg_runner_run(const struct ktg_file *files, size_t count,
                                  const struct ktg_ruleset *rs, struct ktg_bytes rule,
                                  ktg_test_told *told, void *arg, size_t *ret_failed,
                                  size_t *ret_count, struct ktg_err *err);

enum ktg_try {
    KTG_TRY_QUICKLY, /* as it is written, and only whether it passes */
    KTG_TRY_ALL,     /* with variants; a failure is explained */
};
/* One test by itself.  `report` (appended to): why it did not pass.  A code: the test cannot be run, err says why. */
KTG_MUST_CHECK int ktg_runner_try(struct ktg_cast *cast, const struct ktg_rule *rule,
                                  const struct ktg_rule_test *test, struct ktg_compiled *compiled,
                                  enum ktg_try how, bool *ret_same, struct ktg_buf *report,
                                  struct ktg_err *err);

#endif
