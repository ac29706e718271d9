/* rules/tests_model.h - the `tests:` of a rule, as read: what the runner needs and nothing that it decides.
 *
 * The texts are the author's own lines; the runner parses them and names its faults by file and line.
 * All views live as long as the rule set.  Floor 2.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_RULES_TESTS_MODEL_H
#define KTG_RULES_TESTS_MODEL_H

#include "rules/ruleset.h"

struct ktg_rule_test {
    const char *name;
    bool amends;                  /* amends that neither open nor close are expected too */
    const struct ktg_bytes *with; /* names of other rules to run */
    size_t with_count;
    struct ktg_bytes events; /* the block, line by line */
    int events_line;         /* line of its first line in the file */
    struct ktg_bytes expect; /* empty: nothing may be said */
    int expect_line;
};

/* A mutation that no test of the rule can notice, and why that is right (`survives:`). */
struct ktg_survivor {
    const char *mutation, *because;
    int line;
};
const struct ktg_survivor *ktg_rule_survivors(const struct ktg_rule *r, size_t *ret_count);
const struct ktg_rule_test *ktg_rule_tests(const struct ktg_rule *r, size_t *ret_count);
const char *ktg_rule_file(const struct ktg_rule *r, int *ret_line); /* where the rule stands */
/* The kinds of `per`, in order of writing; the first is what `P1` in a test names. */
const int *ktg_rule_per(const struct ktg_rule *r, size_t *ret_count);

#endif
