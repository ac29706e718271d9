/* rules/testing/runner.c - see runner.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "rules/testing/runner.h"

#include "rules/testing/nearest.h"
#include "rules/testing/variants.h"
#include "runtime/hash.h"

/* The story as it is written against what is expected; then the nearest miss, or the variants. */
static int check(const struct ktg_scene *scene, const struct ktg_rule *rule,
                 const struct ktg_rule_test *test, enum ktg_try how, bool *ret_same,
                 struct ktg_buf *report, struct ktg_err *err)
{
    const char *name = ktg_rule_name(rule);
    struct ktg_take take;
    struct ktg_expected wanted = {NULL, 0};
    bool same = false;
    int rc = ktg_play(scene, &(struct ktg_play_how){.way = KTG_PLAY_WRITTEN}, &take, err);
    if (!rc)
        rc = ktg_expect_compare(test->expect, scene->file, test->expect_line, name, test->amends,
                                &take.said, &same, report, &wanted, err);
    if (!rc && take.suspended.size) {
        ktg_buf_printf(report, "suspended, its budget is used up: %s\n",
                       ktg_buf_text(&take.suspended));
        same = false;
    }
    if (!rc && !same && how == KTG_TRY_ALL)
        rc = ktg_nearest_tell(scene, &wanted, &take.said, report, err);
    if (!rc && same && how == KTG_TRY_ALL)
        rc = ktg_variants_check(scene, &take, ktg_hash64(test->name, strlen(test->name), 0), &same,
                                report, err);
    *ret_same = !rc && same;
    ktg_expected_done(&wanted);
    ktg_take_done(&take);
    return rc;
}

int ktg_runner_try(struct ktg_cast *cast, const struct ktg_rule *rule,
                   const struct ktg_rule_test *test, struct ktg_compiled *compiled,
                   enum ktg_try how, bool *ret_same, struct ktg_buf *report, struct ktg_err *err)
{
    struct ktg_arena a = KTG_ARENA_INIT;
    struct ktg_scene scene = {.cast = cast, .compiled = compiled};
    struct ktg_buf bundle = KTG_BUF_INIT;
    int unused;
    scene.file = ktg_rule_file(rule, &unused);
    int rc = ktg_cast_choose(cast, rule, test);
    if (!rc)
        rc = ktg_story_parse(ktg_ruleset_catalogue(cast->rs), test->events, scene.file,
                             test->events_line, &a, &scene.steps, &scene.count, err);
    if (!rc)
        rc = ktg_cast_bundle(cast, KTG_BYTES_NONE, KTG_BYTES_NONE, &bundle, err);
    scene.bundle = ktg_buf_view(&bundle);
    if (!rc)
        rc = check(&scene, rule, test, how, ret_same, report, err);
    ktg_arena_done(&a);
    ktg_buf_done(&bundle);
    return rc;
}

/* One test, told.  KTG_ENOMEM alone ends the run. */
static int run_one(struct ktg_cast *cast, const struct ktg_rule *rule,
                   const struct ktg_rule_test *test, struct ktg_compiled *compiled,
                   ktg_test_told *told, void *arg, size_t *failed)
{
    struct ktg_buf report = KTG_BUF_INIT;
    struct ktg_err why = KTG_ERR_INIT;
    bool same = false;
    int unused, rc = ktg_runner_try(cast, rule, test, compiled, KTG_TRY_ALL, &same, &report, &why);
    if (rc)
        ktg_buf_printf(&report, "%s\n", why.text);
    *failed += !same || rc;
    told(arg,
         &(struct ktg_test_result){ktg_rule_name(rule), test->name, ktg_rule_file(rule, &unused),
                                   test->events_line, !rc && same, ktg_buf_view(&report)});
    ktg_buf_done(&report);
    return rc == KTG_ENOMEM ? rc : KTG_OK;
}

int ktg_runner_run(const struct ktg_file *files, size_t count, const struct ktg_ruleset *rs,
                   struct ktg_bytes rule, ktg_test_told *told, void *arg, size_t *ret_failed,
                   size_t *ret_count, struct ktg_err *err)
{
    struct ktg_cast cast = {.files = files, .count = count, .rs = rs};
    struct ktg_compiled compiled = {.next = 0};
    size_t failed = 0, done = 0;
    int rc = KTG_OK;
    if (rule.size && !ktg_ruleset_find(rs, rule))
        return ktg_err_set(err, KTG_ENOTFOUND, "no rule is called '%.*s'", (int)rule.size,
                           (const char *)rule.data);
    for (size_t i = 0; !rc && i < ktg_ruleset_count(rs); i++) {
        const struct ktg_rule *one = ktg_ruleset_rule(rs, i);
        size_t tests;
        const struct ktg_rule_test *list = ktg_rule_tests(one, &tests);
        if (rule.size && !ktg_bytes_is(rule, ktg_rule_name(one)))
            continue;
        for (size_t t = 0; !rc && t < tests; t++, done++)
            rc = run_one(&cast, one, &list[t], &compiled, told, arg, &failed);
    }
    ktg_compiled_done(&compiled);
    ktg_cast_done(&cast);
    if (!rc && ret_failed)
        *ret_failed = failed;
    if (!rc && ret_count)
        *ret_count = done;
    return rc ? ktg_err_set(err, rc, "no memory") : KTG_OK;
}
