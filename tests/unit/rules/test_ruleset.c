/* tests/unit/rules/test_ruleset.c - what a load says: places, nearest names, traps, strata; bundles; all patterns.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>
#include <stdlib.h>

#include "rules/testing/runner.h"
#include "schema/files.h"
#include "schema/json.h"
#include "tests/support/cmocka.h"
#include "tests/unit/rules/story.h"

#define HEAD              "rule: r\nstatus: internal\nper: person\n"
#define SCORE(from, more) "score: {from: " from ", at least: " more "}\n"
#define TOGETHER(of, at, times, more)                                                       \
    "together:\n  of: " of "\n  at: [" at "]\n  span: 10m\n  times: " times "\n  persons: " \
    "3\n" more
#define TITLE "title: {id: a, en: b}\n"
#define TESTS                                                                                  \
    "tests:\n  - name: a\n    events: |\n      clock @2026-01-01T00:00\n    expect: |\n      " \
    "raise r P1 @2026-01-01T00:00\n"                                                           \
    "  - name: b\n    events: |\n      clock @2026-01-01T00:00\n    expect: []\n"

static const struct {
    const char *rule, *wants; /* "": loads without a message */
} messages[] = {
    {HEAD "when: border.crossing as x where direction == \"exit\"\n", ""},
    /* keys and names, with the nearest */
    {HEAD "wen: border.crossing\n", "rules/identity.yaml:4:1: "},
    {HEAD "wen: border.crossing\n", "unknown key 'wen' - did you mean 'when'?"},
    {HEAD "when: border.crosing\n", "rules/identity.yaml:4:7: error: no event type or class "
                                    "'border.crosing' - did you mean 'border.crossing'?"},
    {HEAD "when: border.crossing as x where direktion == \"exit\"\n",
     "rules/identity.yaml:4:34: error: "},
    {HEAD "when: border.crossing as x where direktion == \"exit\"\n", "did you mean 'direction'"},
    {HEAD "when: border.crossing as x\nlet:\n  a: x.permited_until\n",
     "did you mean 'permitted_until'"},
    {HEAD "when: finding.overstay\n", "rules/identity.yaml:4:7: error: no rule 'overstay'"},
    {HEAD "when: border.crossing(guests) as x\n", "no role 'guests'"},
    {"rule: r\nstatus: internal\nper: persn\nwhen: border.crossing\n",
     "no kind of subject 'persn'; known: "},
    {"rule: R r\nper: person\nwhen: border.crossing\n", "a rule's name is made of a-z, 0-9 and -"},
    {HEAD "with:\n  a: lst border.crossing\nwhile: a != null\n",
     "'lst' is no state form; known: last, first, "},
    {HEAD "with:\n  a: last border.crossing until lodging.checkin\nwhile: a != null\n",
     "'until' does not belong here"},
    {HEAD "when: border.crossing\nlevel: severe\n", "rules/identity.yaml:5:8: error: "},
    {HEAD "when: border.crossing\nlevel: lo\n", "unknown name 'lo'; a level is informational, low, "
                                                "medium, high or critical, or an expression"},
    /* forms */
    {HEAD "let:\n  a: 1\n", "the rule has no form"},
    {HEAD "when: border.crossing\ncount: border.crossing\n", "a rule has one form"},
    {HEAD "count: border.crossing\n", "a count needs 'at least' or 'more than'"},
    {HEAD "when: border.crossing\nmoved by: border.crossing to now\n",
     "'moved by' needs a deadline: 'by'"},
    {HEAD "while: 1 == 1\nunless: border.crossing\n", "'unless' belongs to a rule with 'when'"},
    {HEAD "when: border.crossing as e\nby: e.date\n",
     "'by' wants an instant; 'e.date' gives a date"},
    {HEAD "when: border.crossing as e\nby: now\nmoved by: border.crossing as p\n",
     "a mover is 'STEP to EXPR'"},
    {HEAD "when: border.crossing as e\nwithin: soon\n", "'soon' is no duration"},
    {HEAD "while: 1\n", "'while' wants a bool"},
    {HEAD "score: {from: finding}\n", "rules/identity.yaml:4:8: key 'at least' is missing"},
    {HEAD SCORE("lodging.checkin", "2.0"), "'score' adds up findings"},
    {HEAD SCORE("[]", "2.0"), "'from' names no rule"},
    {HEAD SCORE("[nobody]", "2.0"), "rules/identity.yaml:4:16: error: no rule 'nobody'"},
    {HEAD SCORE("finding", "2"), "the threshold of a score is a decimal"},
    {HEAD SCORE("finding", "2.0, one per: day"), "one per is 'rule' or 'root'"},
    {HEAD SCORE("finding", "2.0, within: long"), "'long' is no duration"},
    {HEAD SCORE("finding", "2.0, flags: 2"), "unknown key 'flags'"},
    {HEAD SCORE("finding", "2.0") "within: 30d\n", "the window of 'score' and 'together' stands"},
    {HEAD SCORE("finding", "2.0") "let:\n  flags: 1\n", "the name 'flags' is bound twice"},
    {HEAD "score: 2.0\n", "'score' is a map with from"},
    {HEAD "together:\n  of: border.crossing\n", "key 'at' is missing"},
    {HEAD TOGETHER("border.crossing", "post", "3", ""), ""},
    {HEAD TOGETHER("border.crossing", "pots", "3", ""),
     "unknown name 'pots' - did you mean 'post'"},
    {HEAD TOGETHER("finding.r", "post", "3", ""), "'together' looks at events"},
    {HEAD TOGETHER("border.crossing", "post", "many", ""), "unknown name 'many'"},
    {HEAD TOGETHER("border.crossing", "post", "'setting(\"a.days\", 3)'", ""), ""},
    {HEAD TOGETHER("border.crossing where stay != null", "post", "3",
                   "with:\n  stay: last border.crossing\nwhile: stay != null\n"),
     "'stay' depends on whose timeline it is"},
    {HEAD TOGETHER("border.crossing", "person", "3", ""),
     "'person' depends on whose timeline it is"},
    {HEAD TOGETHER("border.crossing as b", "b.persons", "3", ""),
     "'persons' depends on whose timeline it is"},
    {HEAD TOGETHER("border.crossing", "post", "3", "each: post\n"),
     "'together' has 'at', not 'each'"},
    {"rule: r\nstatus: internal\nper: document\n" TOGETHER("border.crossing", "post", "3", ""),
     "it is 'per: person'"},
    {HEAD "with:\n  a: baseline(1d, 9d) of distinct(person) of border.crossing\nwhile: above(9, a, "
          "3)\n",
     ""},
    {HEAD "with:\n  a: baseline(1d) of distinct(person) of border.crossing\nwhile: a != null\n",
     "'baseline' wants the length of a window and a time of 2 to 1000 of them"},
    {HEAD "with:\n  a: baseline(5d, 9d) of distinct(person) of border.crossing\nwhile: a != null\n",
     "'baseline' wants the length of a window"},
    {HEAD "with:\n  a: baseline(1m, 9d) of distinct(person) of border.crossing\nwhile: a != null\n",
     "'baseline' wants the length of a window"},
    {HEAD "with:\n  a: baseline(1d, 9d) of border.crossing\nwhile: a != null\n",
     "write 'baseline(W, H) of distinct(EXPR) of STEP'"},
    {HEAD
     "with:\n  a: baseline(1d, 9d) of distinct(post) of border.crossing within 3d\nwhile: a != "
     "null\n",
     "takes none"},
    {HEAD "with:\n  a: match(name, watchlist) at least 70\nwhile: a != null\n",
     "'watchlist' is no list of names; define it under 'with'"},
    {HEAD "with:\n  b: last border.crossing\n  a: match(name, b) at least 70\nwhile: a != null\n",
     "'b' is no list of names"},
    {HEAD "with:\n  a: match(surname, b) at least 70\nwhile: a != null\n",
     "write 'match(name, LIST) at least N'"},
    {HEAD "with:\n  a: match(name, b) at least 59\nwhile: a != null\n",
     "'at least' wants a whole number from 60 to 100"},
    {HEAD "with:\n  a: match(name, b) at least 7O\nwhile: a != null\n",
     "'at least' wants a whole number from 60 to 100"},
    {HEAD "with:\n  a: match(name, a) at least 70\nwhile: a != null\n", "'a' is no list of names"},
    {HEAD "when: border.crossing(like)\n",
     "an event of 'border.crossing' never stands on a timeline of this kind"},
    {"rule: r\nstatus: internal\nper: document\nwhen: watchlist.entry(like)\n",
     "an event of 'watchlist.entry' never stands on a timeline of this kind"},
    /* unreachable */
    {"rule: r\nstatus: internal\nper: sponsor\nwhen: border.crossing\n",
     "an event of 'border.crossing' never stands on a timeline of this kind"},
    {"rule: a\nstatus: internal\nper: sponsor\nwhen: sponsor.link\n---\n" HEAD "when: finding.a\n",
     "findings of 'a' are never posted on a timeline of this kind"},
    {"rule: a\nstatus: off\nper: person\ntitle: {id: a, en: b}\nwhen: sponsor.link\n---\n" HEAD
     "when: finding.a\n",
     "rule 'a' is off"},
    /* names that clash, circles */
    {HEAD "when: border.crossing as a\nlet:\n  a: 1\n", "the name 'a' is bound twice"},
    {HEAD "with:\n  a: last border.crossing\nwhile: a != null\nlet:\n  a: 1\n",
     "this name is bound twice"},
    {HEAD "when: border.crossing\nlet:\n  a: b\n  b: a\n", "reads itself"},
    {HEAD "with:\n  a: last border.crossing where b != null\n  b: last border.crossing where a != "
          "null\nwhile: a != null\n",
     "reads itself"},
    {HEAD "with:\n  a: last border.crossing where n == 1\nwhen: border.crossing as e\nwhere: a != "
          "null\nlet:\n  n: e.days_granted\n",
     "which a state form cannot see"},
    {"rule: a\nstatus: internal\nper: person\nwhen: finding.b\n---\nrule: b\nstatus: "
     "internal\nper: person\nwhen: finding.a\n",
     "a circle of rules: a reads b reads a"},
    {HEAD "when: border.crossing\n---\n" HEAD "when: border.crossing\n",
     "rule 'r' stands twice: also rules/identity.yaml:1"},
    /* what rules must not read */
    {HEAD "when: border.crossing as e where e.nationality == \"UTO\"\n", "nationality"},
    /* the traps of YAML */
    {HEAD "when: border.crossing\nlet: {a: max(1, 2)}\n", "error: "},
    {HEAD "when: border.crossing\nlet:\n  a: 1 == 1 ? 2 : 3\n", "rules/identity.yaml:6:"},
    {HEAD "when: border.crossing as e where e.room == 1 # 2\n", "error: "},
    {HEAD "when: border.crossing as e where e.post == #\"x\"\n",
     "a ' #' in an unquoted text begins a comment"},
    {HEAD "when:\n  - border.crossing as e where e.post == \"a\": 1\n", "error"},
    /* a live rule answers for what it says */
    {"rule: r\nstatus: live\nper: person\n" TITLE "when: border.crossing\n" TESTS,
     "does not say what would disprove it"},
    {"rule: r\nstatus: live\nper: person\n" TITLE
     "when: border.crossing\ndisproved by: {id: a, en: b}\n",
     "warning: rule 'r' has no test that fires and none that stays silent: it is loaded as shadow"},
    {"rule: r\nstatus: live\nper: person\n" TITLE
     "when: border.crossing\ndisproved by: {id: a, en: b}\n" TESTS,
     ""},
    {"rule: r\nstatus: live\nper: person\nwhen: border.crossing\n", "the rule has no title"},
    {"rule: r\nper: person\ntitle: {id: \"{a}\", en: b}\nwhen: border.crossing\n",
     "unknown name 'a'"},
    {"rule: r\nper: person\ntitle: {id: \"{a b}\", en: b}\nwhen: border.crossing\n",
     "a title takes {name} or {name.field}"},
    {HEAD "when: border.crossing\nweight: 2\n", "'weight' is a decimal"},
    {HEAD "when: border.crossing\nneeds: [\"border.crossing fresh 6h\"]\n",
     "a need is 'TYPE fresh within DURATION [from all]'"},
    {HEAD "when: border.crossing as e where e.post in list(\"posst\")\n",
     "there is no list 'posst' - did you mean 'posts'?"},
    {HEAD "when: border.crossing as e where e.days_granted > setting(\"a.dayz\", 3)\n",
     "warning: setting 'a.dayz' is not in settings.yaml - did you mean 'a.days'?"},
    {HEAD "when: border.crossing as e where e.post != \"x\"\nwith:\n  k: last lodging.checkin\n",
     "warning: nothing reads 'k'"},
    {HEAD "when: border.crossing as e where 1 > 2 && e.post == \"x\"\n",
     "warning: this is never true: the step is never reached"},
    {HEAD "when: border.crossing\nwhere: setting(\"a.days\", 3) > 9\n", ""},
    {HEAD "when: border.crossing\nwhile: 2 == 1\n",
     "warning: this is never true: the rule finds nothing"},
    {"define: persn\nlet:\n  a: 1\n", "'define' names a kind of subject"},
    {"rules: x\n", "a document is a 'rule:' or a 'define:'"},
};

static void test_ruleset__says_what_is_wrong_and_where(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < COUNT(messages); i++) {
        struct ktg_notes notes = {.text = KTG_BUF_INIT};
        struct ktg_ruleset *rs =
            story_rules(messages[i].rule, "posts: [ENTIKONG]\n", "a.days: 3\n", &notes);
        const char *got = ktg_buf_text(&notes.text);
        bool warning = strstr(messages[i].wants, "warning: ") != NULL;
        if (*messages[i].wants ? !strstr(got, messages[i].wants) : *got != 0)
            fail_msg("%s\nwanted: %s\ngot:    %s", messages[i].rule, messages[i].wants, got);
        assert_int_equal(rs != NULL, !*messages[i].wants || warning);
        ktg_buf_done(&notes.text);
        ktg_ruleset_free(rs);
    }
}

static void test_ruleset__tells_all_messages_not_only_the_first(void **unused)
{
    (void)unused;
    struct ktg_notes notes = {.text = KTG_BUF_INIT};
    assert_null(
        story_rules("rule: a\nper: person\ntitel: x\nlevl: y\nwhen: border.crossing\n---\n" HEAD
                    "when: border.crosing\n---\n"
                    "rule: c\nstatus: internal\nper: person\nscore: {}\n",
                    NULL, NULL, &notes));
    assert_int_equal(notes.errors, 4);
    ktg_buf_done(&notes.text);
}

static void test_ruleset__orders_by_stratum_then_name(void **unused)
{
    (void)unused;
    struct ktg_ruleset *rs =
        story_rules("rule: z\nstatus: internal\nper: person\nwhen: border.crossing\n---\n"
                    "rule: m\nstatus: internal\nper: person\nwhen: finding.z\n---\n"
                    "rule: a\nstatus: internal\nper: person\nwith:\n  x: last finding.m\nwhile: x "
                    "!= null\n---\n"
                    "rule: b\nstatus: internal\nper: person\nwhen: finding\n",
                    NULL, NULL, NULL);
    static const char *const order[] = {
        "b", "z", "m",
        "a"}; /* nothing is live here, so the class is empty and b stands on nothing */
    for (size_t i = 0; i < COUNT(order); i++)
        assert_string_equal(ktg_rule_name(ktg_ruleset_rule(rs, i)), order[i]);
    const struct ktg_rule *z = ktg_ruleset_find(rs, KTG_LIT("z")),
                          *m = ktg_ruleset_find(rs, KTG_LIT("m")),
                          *a = ktg_ruleset_find(rs, KTG_LIT("a"));
    assert_true(ktg_rule_is_read(z) && ktg_rule_is_read(m) && !ktg_rule_is_read(a));
    assert_true(ktg_rule_reads_finding(m, ktg_rule_index(z)) &&
                ktg_rule_reads_finding(a, ktg_rule_index(m)));
    assert_false(ktg_rule_reads_finding(a, ktg_rule_index(z)));
    assert_true(ktg_rule_reads_type(
        z, ktg_catalogue_type(ktg_ruleset_catalogue(rs), KTG_LIT("border.crossing"))->index));
    assert_false(ktg_rule_reads_type(
        m, ktg_catalogue_type(ktg_ruleset_catalogue(rs), KTG_LIT("border.crossing"))->index));
    ktg_ruleset_free(rs);
}

/* ---- the patterns ---- */

static void read_patterns(struct ktg_files *f)
{
    struct ktg_err err = KTG_ERR_INIT;
    assert_int_equal(ktg_files_read(f, "schema", "", &err), KTG_OK);
    assert_int_equal(ktg_files_read(f, "tests/unit/rules/patterns", "rules/", &err), KTG_OK);
    assert_int_equal(ktg_files_read(f, "tests/unit/rules/patterns_lists", "lists/", &err), KTG_OK);
}

static void told(void *arg, const struct ktg_test_result *r)
{
    (void)arg;
    if (!r->passed)
        print_message("%s:%d: %s: %s\n%.*s", r->file, r->line, r->rule, r->test,
                      (int)r->report.size, (const char *)r->report.data);
}

static void test_ruleset__runs_the_tests_of_all_patterns(void **unused)
{
    (void)unused;
    struct ktg_files f = KTG_FILES_INIT;
    struct ktg_notes notes = {.text = KTG_BUF_INIT};
    struct ktg_ruleset *rs = NULL;
    struct ktg_err err = KTG_ERR_INIT;
    size_t failed = 0, count = 0;
    read_patterns(&f);
    if (ktg_ruleset_compile(f.at, f.count, &rs, &notes, &err))
        fail_msg("%s", ktg_buf_text(&notes.text));
    assert_int_equal(ktg_ruleset_count(rs), 97);
    assert_int_equal(
        ktg_runner_run(f.at, f.count, rs, KTG_BYTES_NONE, told, NULL, &failed, &count, &err),
        KTG_OK);
    assert_int_equal(failed, 0);
    assert_int_equal(count, 100);
    ktg_ruleset_free(rs);
    ktg_buf_done(&notes.text);
    ktg_files_done(&f);
}

/* ---- bundles ---- */

static void test_ruleset__bundle_comes_back_and_order_of_files_does_not_matter(void **unused)
{
    (void)unused;
    struct ktg_files f = KTG_FILES_INIT;
    struct ktg_err err = KTG_ERR_INIT;
    struct ktg_buf a = KTG_BUF_INIT, b = KTG_BUF_INIT;
    struct ktg_notes notes = {.text = KTG_BUF_INIT};
    struct ktg_arena arena = KTG_ARENA_INIT;
    struct ktg_ruleset *one = NULL, *two = NULL;
    assert_int_equal(ktg_files_read(&f, "schema", "", &err), KTG_OK);
    assert_int_equal(ktg_files_read(&f, "rules/packs", "rules/", &err), KTG_OK);
    assert_int_equal(ktg_files_read(&f, "rules/lists", "lists/", &err), KTG_OK);
    assert_int_equal(ktg_bundle_encode(f.at, f.count, &a), KTG_OK);
    assert_int_equal(ktg_ruleset_compile(f.at, f.count, &one, &notes, &err), KTG_OK);
    for (size_t i = 0; i < f.count / 2; i++) {
        struct ktg_file swap = f.at[i];
        f.at[i] = f.at[f.count - 1 - i];
        f.at[f.count - 1 - i] = swap;
    }
    assert_int_equal(ktg_bundle_encode(f.at, f.count, &b), KTG_OK);
    assert_true(ktg_bytes_eq(ktg_buf_view(&a), ktg_buf_view(&b)));
    const struct ktg_file *back;
    size_t count;
    assert_int_equal(ktg_bundle_decode(ktg_buf_view(&a), &arena, &back, &count, &err), KTG_OK);
    assert_int_equal(count, f.count);
    assert_int_equal(ktg_ruleset_compile(back, count, &two, &notes, &err), KTG_OK);
    struct ktg_hash x = ktg_ruleset_hash(one), y = ktg_ruleset_hash(two);
    assert_memory_equal(x.b, y.b, sizeof x.b);
    for (size_t i = 0; i < ktg_ruleset_count(one); i++) {
        uint8_t v[16], w[16];
        assert_string_equal(ktg_rule_name(ktg_ruleset_rule(one, i)),
                            ktg_rule_name(ktg_ruleset_rule(two, i)));
        ktg_rule_version_hash(ktg_ruleset_rule(one, i), v);
        ktg_rule_version_hash(ktg_ruleset_rule(two, i), w);
        assert_memory_equal(v, w, 16);
    }
    for (size_t n = 0; n < a.size; n += 1 + a.size / 400) /* cut anywhere: refused, never read */
        assert_int_equal(ktg_bundle_decode(ktg_bytes(a.data, n), &arena, &back, &count, &err),
                         KTG_EINVALID);
    ktg_ruleset_free(one);
    ktg_ruleset_free(two);
    ktg_arena_done(&arena);
    ktg_buf_done(&a);
    ktg_buf_done(&b);
    ktg_buf_done(&notes.text);
    ktg_files_done(&f);
}

static void test_ruleset__memory_that_fails_is_said(void **unused)
{
    (void)unused;
    struct ktg_files f = KTG_FILES_INIT;
    struct ktg_err err = KTG_ERR_INIT;
    assert_int_equal(ktg_files_read(&f, "schema", "", &err), KTG_OK);
    assert_int_equal(ktg_files_read(&f, "rules/packs", "rules/", &err), KTG_OK);
    assert_int_equal(ktg_files_read(&f, "rules/lists", "lists/", &err), KTG_OK);
    for (int64_t n = 0;; n += 1 + n / 40) {
        struct ktg_notes notes = {.text = KTG_BUF_INIT};
        struct ktg_ruleset *rs = NULL;
        ktg_mem_fail_after(n);
        int rc = ktg_ruleset_compile(f.at, f.count, &rs, &notes, &err);
        int64_t failed = ktg_mem_failed();
        ktg_mem_fail_after(-1);
        ktg_buf_done(&notes.text);
        if (!failed) {
            assert_int_equal(rc, KTG_OK);
            ktg_ruleset_free(rs);
            break;
        }
        if (rc != KTG_ENOMEM)
            fail_msg("allocation %lld: %s", (long long)n, rc ? err.text : "ok");
        assert_null(rs);
    }
    ktg_files_done(&f);
}

/* ---- what travels ---- */

static void test_ruleset__findings_travel_frozen_and_explained(void **unused)
{
    (void)unused;
    struct ktg_ruleset *rs = story_shipped();
    struct story p, s;
    struct ktg_arena arena = KTG_ARENA_INIT;
    size_t count;
    ktg_time wake, now = story_time("2026-03-20T00:00+07:00");
    story_begin(&p, rs, "person", "doc:UTO:P1");
    p.next_id = 100; /* other events than those of the sponsor's story */
    story_events(&p, "sponsor.link "
                     "{\"doc\":$P1,\"action\":\"add\",\"sponsor\":{\"kind\":\"company\",\"id\":"
                     "\"9120001\"}} @2026-02-01T10:00+07:00 from IMI.A.1\n"
                     "border.crossing {\"doc\":$P1,\"direction\":\"exit\"} @2026-03-08T10:00+07:00 "
                     "from IMI.B.1\n");
    const struct ktg_finding *f = story_findings(&p, "away", now, &arena, &count, &wake);
    assert_int_equal(count, 1);
    assert_int_equal(f->about_count, 1);
    assert_true(ktg_bytes_is(f->about[0].id, "9120001"));
    assert_int_equal(f->about[0].kind,
                     ktg_catalogue_kind(ktg_ruleset_catalogue(rs), KTG_LIT("sponsor")));
    assert_true(ktg_bytes_is(f->posted.source, "IMI.B.1"));
    assert_true(ktg_bytes_is(f->posted.person, "doc:UTO:P1"));
    assert_int_equal(f->posted.agency_count, 1);
    assert_int_equal(f->posted.evidence_count, 1);
    assert_int_equal(f->posted.evidence_pos[0], 102);

    story_begin(&s, rs, "sponsor", "9120001");
    story_events(&s, "sponsor.link "
                     "{\"doc\":$P1,\"action\":\"add\",\"sponsor\":{\"kind\":\"company\",\"id\":"
                     "\"9120001\"}} @2026-02-01T10:00+07:00\n"
                     "sponsor.link "
                     "{\"doc\":$P2,\"action\":\"add\",\"sponsor\":{\"kind\":\"company\",\"id\":"
                     "\"9120001\"}} @2026-02-01T10:00+07:00\n"
                     "licence.status {\"nib\":\"9120001\",\"kind\":\"PMA\",\"status\":\"revoked\"} "
                     "@2026-03-05T08:00+07:00\n");
    story_post(&s, &p, "away", "2026-03-20T00:00+07:00");
    const struct ktg_finding *g =
        story_findings(&s, "sponsor-nib-revoked", now, &arena, &count, &wake);
    assert_int_equal(count, 1);
    struct ktg_buf values = KTG_BUF_INIT, why = KTG_BUF_INIT, text = KTG_BUF_INIT;
    assert_int_equal(ktg_json_format(g->values, NULL, &values), KTG_OK);
    assert_string_equal(ktg_buf_text(&values),
                        "{\"nib\":\"9120001\",\"people\":1,\"status\":\"revoked\"}");
    ktg_buf_clear(&values);
    assert_int_equal(ktg_json_format(g->posted.values, NULL, &values),
                     KTG_OK); /* as it was when it began */
    assert_string_equal(ktg_buf_text(&values),
                        "{\"nib\":\"9120001\",\"people\":2,\"status\":\"revoked\"}");
    assert_true(ktg_bytes_is(g->title_en, "Sponsor whose licence is revoked still has 1 people"));
    assert_int_equal(g->evidence_count,
                     4); /* both links, the licence, and the exit behind the posted finding */
    struct ktg_timeline t = story_timeline(&s, now);
    struct ktg_answer_world w = story_world(&s);
    const struct ktg_rule *r = ktg_ruleset_find(rs, KTG_LIT("sponsor-nib-revoked"));
    assert_int_equal(ktg_explain(rs, r, &t, g, now, &w, &arena, &why), KTG_OK);
    struct ktg_err err = KTG_ERR_INIT;
    if (ktg_wire_check(ktg_buf_view(&why), &KTG_WIRE_LIMITS, &err))
        fail_msg("%s", err.text);
    assert_int_equal(ktg_json_format(ktg_buf_view(&why), NULL, &text), KTG_OK);
    static const char *const said[] = {
        "\"text\":\"people > 0\",\"value\":\"people=1\"",
        "\"text\":\"licence.status in [\\\"revoked\\\", \\\"frozen\\\"]\"",
        "\"note\":\"behind a finding about another subject\"", "\"disproved_by\":{",
        "\"position\":102"};
    for (size_t i = 0; i < COUNT(said); i++)
        if (!strstr(ktg_buf_text(&text), said[i]))
            fail_msg("not said: %s\n%s", said[i], ktg_buf_text(&text));
    ktg_buf_done(&values);
    ktg_buf_done(&why);
    ktg_buf_done(&text);
    ktg_arena_done(&arena);
    story_done(&p);
    story_done(&s);
    ktg_ruleset_free(rs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ruleset__says_what_is_wrong_and_where),
        cmocka_unit_test(test_ruleset__tells_all_messages_not_only_the_first),
        cmocka_unit_test(test_ruleset__orders_by_stratum_then_name),
        cmocka_unit_test(test_ruleset__runs_the_tests_of_all_patterns),
        cmocka_unit_test(test_ruleset__bundle_comes_back_and_order_of_files_does_not_matter),
        cmocka_unit_test(test_ruleset__memory_that_fails_is_said),
        cmocka_unit_test(test_ruleset__findings_travel_frozen_and_explained),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
