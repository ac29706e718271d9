/* tests/unit/rules/testing/test_mutants.c - the mutants of a document by name, and what becomes of them.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "rules/testing/mutation.h"
#include "runtime/mem.h"
#include "schema/files.h"
#include "tests/support/cmocka.h"

/* ---- names ---------------------------------------------------------------------------------------------------------- */

static const struct {
    const char *document;
    const char *names[20];
} table[] = {
    {"rule: a # 5 < 6\nlegal: \"art. 78(1)\"\nto: [IMI, E23]\nstatus: live\ntests:\n  - name: 7 < "
     "8\n",
     {NULL}},
    {"where: days >= 60 # 5 < 6\n",
     {"where: all of it -> nothing", "where: >= -> >", "where: 60 -> 61", "where: 60 -> 59"}},
    {"at least: setting(\"n\", 5)\nwithin: 1d12h\n",
     {"at least: setting(\"n\", 5) -> (setting(\"n\", 5) + 1)",
      "at least: setting(\"n\", 5) -> (setting(\"n\", 5) - 1)", "within: 1d12h -> 2d12h",
      "within: 1d12h -> 0d12h"}},
    {"by: >- # folded\n  x.at +\n  duration(\"24h\")\n",
     {"by: x.at + duration(\"24h\") -> a day later",
      "by: x.at + duration(\"24h\") -> a day earlier",
      "by: x.at + duration(\"24h\") -> a millisecond later", "by: 24h -> 25h", "by: 24h -> 23h"}},
    {"moved by:\n  - a.b as p where p.x == \"1 to 2\" to end(p.until)\n",
     {"moved by[1]: end(p.until) -> a day later", "moved by[1]: end(p.until) -> a day earlier",
      "moved by[1]: end(p.until) -> a millisecond later", "moved by: all of it -> nothing",
      "moved by[1]: - a.b as p where p.x == \"1 to 2\" to end(p.until) -> nothing",
      "moved by[1]: where p.x == \"1 to 2\" -> nothing", "moved by[1]: == -> !="}},
    {"unless:\n  - a.b\n  - finding.overstay-30d where x != null\n",
     {"unless: all of it -> nothing", "unless[1]: - a.b -> nothing",
      "unless[2]: - finding.overstay-30d where x != null -> nothing",
      "unless[2]: where x != null -> nothing", "unless[2]: != -> =="}},
    {"with:\n  s: open a.b where x == 'q' until c where y within 2d\n",
     {"with.s: where x == 'q' -> nothing", "with.s: where y -> nothing",
      "with.s: == -> !=", "with.s: 2d -> 3d", "with.s: 2d -> 1d"}},
    {"score: {from: [a-1], at least: 2.0, flags at least: 2}\n",
     {"score: 1 -> 2", "score: 1 -> 0", "score: 2.0 -> 2.1", "score: 2.0 -> 1.9", "score: 2 -> 3",
      "score: 2 -> 1"}},
    {"together:\n  of: a.b\n  span: 10m\n",
     {"together.span: 10m -> 11m", "together.span: 10m -> 9m"}},
    {"let:\n  n: \"!has(x) && s == \\\"7\\\" ? 1 : 1\"\n",
     {"let.n: == -> !=", "let.n: 1 -> 2", "let.n: 1 -> 0", "let.n: 1 -> 2 (2)",
      "let.n: 1 -> 0 (2)"}},
    {"level: 'd > 3 ? \"high\" : \"low\"'\n",
     {"level: > -> >=", "level: 3 -> 4", "level: 3 -> 2", "level: high -> medium",
      "level: low -> informational"}},
    {"weight: 1.5\n", {"weight: all of it -> nothing", "weight: 1.5 -> 1.6", "weight: 1.5 -> 1.4"}},
    {"weight: 1.0 # what a rule without one weighs\n",
     {"weight: 1.0 -> 1.1", "weight: 1.0 -> 0.9"}},
    {"weight: 'n >= 3 ? 2.0 : 1.0'\n",
     {"weight: all of it -> nothing", "weight: >= -> >", "weight: 3 -> 4", "weight: 3 -> 2",
      "weight: 2.0 -> 2.1", "weight: 2.0 -> 1.9", "weight: 1.0 -> 1.1", "weight: 1.0 -> 0.9"}},
    {"needs: [\"a.b fresh within 6h\"]\n", {"needs: all of it -> nothing"}},
    {"needs: [a.b fresh within 6h from all, \"c.d fresh within 24h\"] # 3 < 4\n",
     {"needs: all of it -> nothing", "needs[1]: a.b fresh within 6h from all -> nothing",
      "needs[1]: from all -> nothing", "needs[2]: c.d fresh within 24h -> nothing"}},
    {"needs:\n  - a.b fresh within 6h from all\n  - c.d fresh within 24h\n",
     {"needs: all of it -> nothing", "needs[1]: - a.b fresh within 6h from all -> nothing",
      "needs[1]: from all -> nothing", "needs[2]: - c.d fresh within 24h -> nothing"}},
    {"with:\n  links: open(s) a.b\nwhen:\n  - a.b as one\n  - a.b as two where x\n"
     "about: {person: one.person, sponsor: \"links.map(l, l.one + 'one')\"}\n",
     {"when[2]: where x -> nothing", "about: all of it -> nothing",
      "about.person: one.person -> nothing", "about.person: one.person -> the first alone",
      "about.person: one -> links", "about.person: one -> two",
      "about.sponsor: links.map(l, l.one + 'one') -> nothing",
      "about.sponsor: links.map(l, l.one + 'one') -> the first alone",
      "about.sponsor: links -> one", "about.sponsor: links -> two"}},
    {"each: h in gone\nlet:\n  who: h.p\nabout:\n  person: \"[h.person]\"\n  phone: 'x != 1 ? [] : "
     "[]'\n",
     {"about: all of it -> nothing", "about.person: [h.person] -> nothing",
      "about.person: h -> who", "about.phone: x != 1 ? [] : [] -> nothing",
      "about.phone: != -> ==", "about.phone: 1 -> 2", "about.phone: 1 -> 0"}},
    {"about: {person: \"[a.p, b.p]\"}\n",
     {"about: all of it -> nothing", "about.person: [a.p, b.p] -> the first alone"}},
};

static void test_mutants__are_known_by_name(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < COUNT(table); i++) {
        struct ktg_arena a = KTG_ARENA_INIT;
        struct ktg_buf to = KTG_BUF_INIT;
        struct ktg_bytes text = ktg_bytes_str(table[i].document);
        const struct ktg_mutant *list;
        size_t count, want = 0;
        while (want < COUNT(table[i].names) && table[i].names[want])
            want++;
        assert_int_equal(ktg_mutants_find(text, 0, text.size, &a, &list, &count), KTG_OK);
        for (size_t k = 0; k < count || k < want; k++) {
            if (k >= count || k >= want)
                fail_msg("document %zu: %zu mutants, wanted %zu; at %zu %s", i, count, want, k,
                         k < count ? list[k].name : table[i].names[k]);
            assert_string_equal(list[k].name, table[i].names[k]);
            ktg_mutant_apply(&list[k], text, &to);
            size_t lines = 0, was = 0;
            for (size_t b = 0; b < to.size; b++)
                lines += to.data[b] == '\n';
            for (size_t b = 0; b < text.size; b++)
                was += text.data[b] == '\n';
            assert_int_equal(lines, was); /* every other line stays where it is */
        }
        ktg_buf_done(&to);
        ktg_arena_done(&a);
    }
}

static void test_mutants__show_the_line_before_and_after(void **unused)
{
    (void)unused;
    struct ktg_arena a = KTG_ARENA_INIT;
    const struct ktg_mutant *list;
    size_t count;
    struct ktg_bytes text = KTG_LIT("rule: x\n\nwhere: a < 3\nwhile: b\n");
    assert_int_equal(ktg_mutants_find(text, 0, text.size, &a, &list, &count), KTG_OK);
    assert_int_equal(list[1].line, 3);
    assert_true(ktg_bytes_is(list[1].before, "where: a < 3"));
    assert_true(ktg_bytes_is(list[1].after, "where: a <= 3"));
    ktg_arena_done(&a);
}

/* ---- trials --------------------------------------------------------------------------------------------------------- */

static const char rules_text[] =
    "rule: low\n"
    "status: internal\n"
    "per: person\n"
    "when: lodging.checkin where property == \"H1\"\n"
    "---\n"
    "rule: three\n"
    "title: {id: a, en: a}\n"
    "per: person\n"
    "count: finding.low\n"
    "at least: 2\n"
    "within: 10d\n"
    "weight: 1.5\n"
    "needs: [lodging.checkin fresh within 6h]\n"
    "survives:\n"
    "  - {mutation: \"within: 10d -> 11d\", because: \"the window is round\"}\n"
    "  - {mutation: \"at least: 2 -> 3\", because: \"not so\"}\n"
    "  - {mutation: \"at least: 9 -> 8\", because: \"there is none\"}\n"
    "tests:\n"
    "  - name: two\n"
    "    events: |\n"
    "      lodging.checkin {person: P1, property: H1} @2026-03-01T09:00\n"
    "      lodging.checkin {person: P1, property: H2} @2026-03-02T09:00\n"
    "      lodging.checkin {person: P1, property: H1} @2026-03-03T09:00\n"
    "      lodging.checkin {person: P2, property: H1} @2026-03-01T09:00\n"
    "    expect: |\n"
    "      raise three P1 @2026-03-03T09:00\n";

static const struct {
    const char *rule, *name;
    enum ktg_mutation_verdict verdict;
} verdicts[] = {
    {"low", "when: where property == \"H1\" -> nothing",
     KTG_MUTANT_NOTICED}, /* by the rule above it */
    {"low", "when: == -> !=", KTG_MUTANT_NOTICED},
    {"three", "at least: 2 -> 3", KTG_MUTANT_STALE},
    {"three", "at least: 2 -> 1", KTG_MUTANT_NOTICED},
    {"three", "within: 10d -> 11d", KTG_MUTANT_EXPLAINED},
    {"three", "within: 10d -> 9d", KTG_MUTANT_ALIVE},
    {"three", "weight: all of it -> nothing", KTG_MUTANT_ALIVE},
    {"three", "weight: 1.5 -> 1.6", KTG_MUTANT_ALIVE},
    {"three", "weight: 1.5 -> 1.4", KTG_MUTANT_ALIVE},
    {"three", "needs: all of it -> nothing", KTG_MUTANT_ALIVE},
};

static void test_mutation__every_mutant_has_its_verdict(void **unused)
{
    (void)unused;
    struct ktg_files files = KTG_FILES_INIT;
    struct ktg_notes notes = {.text = KTG_BUF_INIT};
    struct ktg_err err = KTG_ERR_INIT;
    struct ktg_ruleset *rs = NULL;
    struct ktg_mutation plan;
    struct ktg_mutation_worker w;
    const struct ktg_rule *rule;
    assert_int_equal(ktg_files_read(&files, KTG_SOURCE_DIR "/schema", "", &err), KTG_OK);
    assert_int_equal(ktg_files_put(&files, "rules/own.yaml", ktg_bytes_str(rules_text), &err),
                     KTG_OK);
    if (ktg_ruleset_compile(files.at, files.count, &rs, &notes, &err))
        fail_msg("%s", ktg_buf_text(&notes.text));
    assert_int_equal(ktg_mutation_plan(files.at, files.count, rs, KTG_LIT("nobody"), &plan, &err),
                     KTG_ENOTFOUND);
    assert_int_equal(ktg_mutation_plan(files.at, files.count, rs, KTG_BYTES_NONE, &plan, &err),
                     KTG_OK);
    assert_int_equal(plan.count, COUNT(verdicts));
    assert_int_equal(ktg_mutation_worker_init(&w, &plan), KTG_OK);
    for (size_t i = 0; i < plan.count; i++) {
        assert_string_equal(ktg_rule_name(plan.cases[i].rule), verdicts[i].rule);
        assert_string_equal(plan.cases[i].mutant.name, verdicts[i].name);
        assert_int_equal(ktg_mutation_try(&w, &plan.cases[i], &plan.cases[i].verdict), KTG_OK);
        assert_int_equal(plan.cases[i].verdict, verdicts[i].verdict);
    }
    const struct ktg_survivor *nameless = ktg_mutation_nameless(&plan, 0, &rule);
    assert_non_null(nameless);
    assert_string_equal(nameless->mutation, "at least: 9 -> 8");
    assert_int_equal(nameless->line, 17);
    assert_null(ktg_mutation_nameless(&plan, 1, &rule));
    ktg_mutation_worker_done(&w);
    ktg_mutation_done(&plan);
    ktg_buf_done(&notes.text);
    ktg_ruleset_free(rs);
    ktg_files_done(&files);
}

static void test_survives__wants_a_reason(void **unused)
{
    (void)unused;
    static const struct {
        const char *survives, *message;
    } wrong[] = {
        {"survives: x\n", "'survives' is a list of {mutation, because}"},
        {"survives:\n  - {mutation: a}\n", "a survivor is {mutation: ..., because: ...}"},
        {"survives:\n  - {mutation: a, because: \"\"}\n", "says because of what it may live"}};
    for (size_t i = 0; i < COUNT(wrong); i++) {
        struct ktg_files files = KTG_FILES_INIT;
        struct ktg_notes notes = {.text = KTG_BUF_INIT};
        struct ktg_err err = KTG_ERR_INIT;
        struct ktg_ruleset *rs = NULL;
        struct ktg_buf text = KTG_BUF_INIT;
        ktg_buf_printf(&text,
                       "rule: a\ntitle: {id: a, en: a}\nper: person\nwhen: permit.status\n%s",
                       wrong[i].survives);
        assert_int_equal(ktg_files_read(&files, KTG_SOURCE_DIR "/schema", "", &err), KTG_OK);
        assert_int_equal(ktg_files_put(&files, "rules/own.yaml", ktg_buf_view(&text), &err),
                         KTG_OK);
        assert_int_equal(ktg_ruleset_compile(files.at, files.count, &rs, &notes, &err),
                         KTG_EINVALID);
        if (!strstr(ktg_buf_text(&notes.text), wrong[i].message))
            fail_msg("%s", ktg_buf_text(&notes.text));
        ktg_buf_done(&text);
        ktg_buf_done(&notes.text);
        ktg_files_done(&files);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mutants__are_known_by_name),
        cmocka_unit_test(test_mutants__show_the_line_before_and_after),
        cmocka_unit_test(test_mutation__every_mutant_has_its_verdict),
        cmocka_unit_test(test_survives__wants_a_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
