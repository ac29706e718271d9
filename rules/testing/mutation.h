/* rules/testing/mutation.h - are the tests of the rules good enough?  Every mutant of a rule must fail one of them.
 *
 *     rules ─> mutants ─> each: refused by the compiler, noticed by a test, or alive
 *
 * (1) A mutant is held against the tests of its rule, then those of rules that stand on it.
 * (2) A mutant that lives is right only if its rule says so, with a reason (`survives:`); a reason for a mutant that does
 *     not live, or is none, is stale.
 * (3) Trials are independent of one another: several threads may try, each with its own ktg_mutation_worker.
 * Pure.  Floor 2.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_RULES_TESTING_MUTATION_H
#define KTG_RULES_TESTING_MUTATION_H

#include "rules/testing/mutants.h"
#include "rules/testing/runner.h"

enum ktg_mutation_verdict {
    KTG_MUTANT_UNTRIED,
    KTG_MUTANT_REFUSED,   /* no rule any more */
    KTG_MUTANT_NOTICED,   /* a test failed */
    KTG_MUTANT_ALIVE,     /* no test failed, and nobody says why */
    KTG_MUTANT_EXPLAINED, /* no test failed, as the rule says */
    KTG_MUTANT_STALE,     /* the rule says that none would, and one failed */
};

struct ktg_mutation_case {
    const struct ktg_rule *rule;
    size_t file; /* of the files */
    struct ktg_mutant mutant;
    enum ktg_mutation_verdict verdict;
};

struct ktg_mutation {
    const struct ktg_file *files;
    size_t file_count;
    const struct ktg_ruleset *rs;
    struct ktg_mutation_case *cases; /* by file and place */
    size_t count, cap;
    bool *stands_on; /* [reader * rules + rule]: a test of `reader` runs with `rule` */
    struct ktg_arena arena;
};

/* All mutants of `rule` (empty: of all rules that are not off).  Files and rule set are borrowed; done() it.
 * KTG_ENOTFOUND: no such rule. */
KTG_MUST_CHECK int ktg_mutation_plan(const struct ktg_file *files, size_t count,
                                     const struct ktg_ruleset *rs, struct ktg_bytes rule,
                                     struct ktg_mutation *m, struct ktg_err *err);
void ktg_mutation_done(struct ktg_mutation *m);

struct ktg_mutation_worker {
    const struct ktg_mutation *plan;
    struct ktg_file *files; /* as the plan's, one of them mutated */
    struct ktg_cast cast;
    struct ktg_compiled compiled;
    struct ktg_buf text;
};
KTG_MUST_CHECK int ktg_mutation_worker_init(struct ktg_mutation_worker *w,
                                            const struct ktg_mutation *plan);
void ktg_mutation_worker_done(struct ktg_mutation_worker *w);
/* Try one case.  KTG_ENOMEM. */
KTG_MUST_CHECK int ktg_mutation_try(struct ktg_mutation_worker *w,
                                    const struct ktg_mutation_case *c,
                                    enum ktg_mutation_verdict *ret_verdict);
/* The n-th explanation of the rules that names no mutant at all; NULL: no more. */
const struct ktg_survivor *ktg_mutation_nameless(const struct ktg_mutation *m, size_t n,
                                                 const struct ktg_rule **ret_rule);

#endif
