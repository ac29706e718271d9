/* rules/testing/mutation.c - see mutation.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "rules/testing/mutation.h"

static bool begins(struct ktg_bytes text, const char *with)
{
    size_t n = strlen(with);
    return text.size >= n && memcmp(text.data, with, n) == 0;
}

/* ---- the plan ------------------------------------------------------------------------------------------------------ */

static int plan_document(struct ktg_mutation *m, size_t file, struct ktg_bytes document,
                         const struct ktg_rule *rule)
{
    const struct ktg_mutant *list;
    size_t count, from = (size_t)(document.data - m->files[file].text.data);
    int rc =
        ktg_mutants_find(m->files[file].text, from, from + document.size, &m->arena, &list, &count);
    if (!rc && ktg_grow(&m->cases, &m->cap, m->count + count, sizeof *m->cases))
        rc = KTG_ENOMEM;
    for (size_t i = 0; !rc && i < count; i++)
        m->cases[m->count++] = (struct ktg_mutation_case){rule, file, list[i], KTG_MUTANT_UNTRIED};
    return rc;
}

/* Whose tests run with whom. */
static int plan_readers(struct ktg_mutation *m)
{
    size_t rules = ktg_ruleset_count(m->rs);
    struct ktg_cast cast = {.files = m->files, .count = m->file_count, .rs = m->rs};
    int rc = (m->stands_on = ktg_calloc(rules * rules + 1, 1)) ? KTG_OK : KTG_ENOMEM;
    for (size_t q = 0; !rc && q < rules; q++) {
        const struct ktg_rule *reader = ktg_ruleset_rule(m->rs, q);
        size_t tests;
        const struct ktg_rule_test *list = ktg_rule_tests(reader, &tests);
        for (size_t t = 0; !rc && t < tests; t++) {
            rc = ktg_cast_choose(&cast, reader, &list[t]);
            for (size_t k = 0; !rc && k < rules; k++)
                m->stands_on[q * rules + k] |= cast.takes_part[k];
        }
    }
    ktg_cast_done(&cast);
    return rc;
}

int ktg_mutation_plan(const struct ktg_file *files, size_t count, const struct ktg_ruleset *rs,
                      struct ktg_bytes rule, struct ktg_mutation *m, struct ktg_err *err)
{
    *m = (struct ktg_mutation){.files = files, .file_count = count, .rs = rs};
    if (rule.size && !ktg_ruleset_find(rs, rule))
        return ktg_err_set(err, KTG_ENOTFOUND, "no rule is called '%.*s'", (int)rule.size,
                           (const char *)rule.data);
    int rc = plan_readers(m);
    for (size_t f = 0; !rc && f < count; f++) {
        struct ktg_bytes rest = files[f].text;
        while (!rc && begins(files[f].name, "rules/") && rest.size) {
            struct ktg_bytes document = ktg_cast_next_document(&rest);
            struct ktg_bytes name = ktg_cast_rule_of(document);
            const struct ktg_rule *r = name.size ? ktg_ruleset_find(rs, name) : NULL;
            if (r && ktg_rule_status(r) != KTG_RULE_OFF && (!rule.size || ktg_bytes_eq(rule, name)))
                rc = plan_document(m, f, document, r);
        }
    }
    return rc ? ktg_err_set(err, rc, "no memory for the mutants") : KTG_OK;
}

void ktg_mutation_done(struct ktg_mutation *m)
{
    ktg_free(m->cases);
    ktg_free(m->stands_on);
    ktg_arena_done(&m->arena);
    *m = (struct ktg_mutation){.files = NULL};
}

static const struct ktg_survivor *explained(const struct ktg_mutation_case *c)
{
    size_t count;
    const struct ktg_survivor *list = ktg_rule_survivors(c->rule, &count);
    for (size_t i = 0; i < count; i++)
        if (strcmp(list[i].mutation, c->mutant.name) == 0)
            return &list[i];
    return NULL;
}

const struct ktg_survivor *ktg_mutation_nameless(const struct ktg_mutation *m, size_t n,
                                                 const struct ktg_rule **ret_rule)
{
    for (size_t q = 0; q < ktg_ruleset_count(m->rs); q++) {
        const struct ktg_rule *rule = ktg_ruleset_rule(m->rs, q);
        size_t count;
        const struct ktg_survivor *list = ktg_rule_survivors(rule, &count);
        bool planned = false;
        for (size_t i = 0; i < m->count; i++)
            planned |= m->cases[i].rule == rule;
        for (size_t s = 0; planned && s < count; s++) {
            bool named = false;
            for (size_t i = 0; i < m->count; i++)
                named |= m->cases[i].rule == rule && explained(&m->cases[i]) == &list[s];
            if (!named && n-- == 0) {
                *ret_rule = rule;
                return &list[s];
            }
        }
    }
    return NULL;
}

/* ---- a trial ------------------------------------------------------------------------------------------------------- */

int ktg_mutation_worker_init(struct ktg_mutation_worker *w, const struct ktg_mutation *plan)
{
    *w = (struct ktg_mutation_worker){.plan = plan};
    w->files = ktg_calloc(plan->file_count + 1, sizeof *w->files);
    if (!w->files)
        return KTG_ENOMEM;
    memcpy(w->files, plan->files, plan->file_count * sizeof *w->files);
    w->cast = (struct ktg_cast){.files = w->files, .count = plan->file_count, .rs = plan->rs};
    return KTG_OK;
}

void ktg_mutation_worker_done(struct ktg_mutation_worker *w)
{
    ktg_free(w->files);
    ktg_cast_done(&w->cast);
    ktg_compiled_done(&w->compiled);
    ktg_buf_done(&w->text);
}

/* Does the rule, with what its tests need, still compile? */
static int compiles(struct ktg_mutation_worker *w, const struct ktg_rule *rule, bool *ret_does)
{
    struct ktg_buf bundle = KTG_BUF_INIT;
    struct ktg_ruleset *rs = NULL;
    int rc = ktg_cast_choose(&w->cast, rule, &(struct ktg_rule_test){.name = ""});
    if (!rc)
        rc = ktg_cast_bundle(&w->cast, KTG_BYTES_NONE, KTG_BYTES_NONE, &bundle, NULL);
    if (!rc)
        rc = ktg_compiled_get(&w->compiled, ktg_buf_view(&bundle), &rs);
    *ret_does = !rc;
    if (!rc)
        ktg_ruleset_free(rs);
    ktg_buf_done(&bundle);
    return rc == KTG_ENOMEM ? rc : KTG_OK;
}

static int tests_of(struct ktg_mutation_worker *w, const struct ktg_rule *rule, bool *ret_noticed)
{
    struct ktg_buf report = KTG_BUF_INIT;
    size_t tests;
    const struct ktg_rule_test *list = ktg_rule_tests(rule, &tests);
    int rc = KTG_OK;
    for (size_t t = 0; !rc && !*ret_noticed && t < tests; t++) {
        struct ktg_err err = KTG_ERR_INIT;
        bool same = false;
        rc = ktg_runner_try(&w->cast, rule, &list[t], &w->compiled, KTG_TRY_QUICKLY, &same, &report,
                            &err);
        *ret_noticed = rc || !same;
        rc = rc == KTG_ENOMEM ? rc : KTG_OK;
        ktg_buf_clear(&report);
    }
    ktg_buf_done(&report);
    return rc;
}

int ktg_mutation_try(struct ktg_mutation_worker *w, const struct ktg_mutation_case *c,
                     enum ktg_mutation_verdict *ret_verdict)
{
    const struct ktg_mutation *plan = w->plan;
    size_t rules = ktg_ruleset_count(plan->rs), own = (size_t)ktg_rule_index(c->rule);
    bool is_rule = false, noticed = false;
    ktg_mutant_apply(&c->mutant, plan->files[c->file].text, &w->text);
    w->files[c->file].text = ktg_buf_view(&w->text);
    int rc = w->text.bad ? KTG_ENOMEM : compiles(w, c->rule, &is_rule);
    if (!rc && is_rule)
        rc = tests_of(w, c->rule, &noticed);
    for (size_t q = 0; !rc && is_rule && !noticed && q < rules; q++) {
        if (q != own && plan->stands_on[q * rules + own])
            rc = tests_of(w, ktg_ruleset_rule(plan->rs, q), &noticed);
    }
    w->files[c->file].text = plan->files[c->file].text;
    if (rc)
        return rc;
    bool because = explained(c) != NULL;
    *ret_verdict = !is_rule  ? KTG_MUTANT_REFUSED
                   : noticed ? (because ? KTG_MUTANT_STALE : KTG_MUTANT_NOTICED)
                   : because ? KTG_MUTANT_EXPLAINED
                             : KTG_MUTANT_ALIVE;
    return KTG_OK;
}
