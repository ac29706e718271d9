/* tests/unit/cmd/test_backtest_sieve.c - which events of a story a rule can do without.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cmd/backtest_sieve.h"

#include <string.h>

#include "rules/testing/story.h"
#include "schema/files.h"
#include "schema/record.h"
#include "tests/support/cmocka.h"

static const char rules_text[] =
    "rule: stays\ntitle: {id: a, en: a}\nper: person\nwhen: lodging.checkin\n";
static const char needs_text[] =
    "rule: stays\ntitle: {id: a, en: a}\nper: person\nwhen: lodging.checkin\n"
    "needs: [\"lodging.checkin fresh within 6h\"]\n";

/* `target`: the line (from 1) whose position the record names; 0: ingest knew none. */
static const struct {
    const char *line;
    uint64_t target;
    int verdict;
    bool needed;
} story[] = {
    {"lodging.checkin {person: P1, property: H1} @2026-03-01T09:00 as in", 0, KTG_OK, true},
    {"border.crossing {person: P1, direction: entry} @2026-03-01T10:00 as over", 0, KTG_OK, false},
    {"border.crossing {person: P1, direction: entry, prev_doc: P2} @2026-03-01T11:00", 0, KTG_OK,
     true}, /* ties */
    {"retract in @2026-03-02T09:00 as gone", 1, KTG_OK, true},
    {"retract over @2026-03-02T10:00", 2, KTG_OK, false},
    {"retract gone @2026-03-02T11:00", 4, KTG_OK, true}, /* what it takes back was needed */
    {"retract over @2026-03-02T12:00", 0, KTG_OK, true}, /* of something that has not come */
    {"lodging.checkin {person: P1, property: H2} @2026-03-03T09:00 supersedes over", 2, KTG_EAGAIN,
     true},
};

struct world {
    struct ktg_files files;
    struct ktg_ruleset *rs;
    struct ktg_arena arena;
    const struct ktg_story_step *steps;
    size_t count;
};

static void load(struct world *w, const char *rules)
{
    struct ktg_notes notes = {.text = KTG_BUF_INIT};
    struct ktg_err err = KTG_ERR_INIT;
    struct ktg_buf text = KTG_BUF_INIT;
    memset(w, 0, sizeof *w);
    for (size_t i = 0; i < COUNT(story); i++)
        ktg_buf_printf(&text, "%s\n", story[i].line);
    assert_int_equal(ktg_files_read(&w->files, KTG_SOURCE_DIR "/schema", "", &err), KTG_OK);
    assert_int_equal(ktg_files_put(&w->files, "rules/own.yaml", ktg_bytes_str(rules), &err),
                     KTG_OK);
    if (ktg_ruleset_compile(w->files.at, w->files.count, &w->rs, &notes, &err))
        fail_msg("%s", ktg_buf_text(&notes.text));
    if (ktg_story_parse(ktg_ruleset_catalogue(w->rs), ktg_buf_view(&text), "story", 1, &w->arena,
                        &w->steps, &w->count, &err))
        fail_msg("%s", err.text);
    assert_int_equal(w->count, COUNT(story));
    ktg_buf_done(&text);
    ktg_buf_done(&notes.text);
}

static void done(struct world *w)
{
    ktg_ruleset_free(w->rs);
    ktg_files_done(&w->files);
    ktg_arena_done(&w->arena);
}

static int sieve(struct ktg_backtest_sieve *s, const struct world *w, size_t i, bool *ret_needed)
{
    struct ktg_buf bytes = KTG_BUF_INIT;
    struct ktg_err err = KTG_ERR_INIT;
    const struct ktg_record_meta meta = {
        .producer = KTG_LIT("IMI.TEST"), .epoch = 1, .seq = i + 1, .target = story[i].target};
    ktg_record_meta_encode(&meta, &bytes);
    const struct ktg_journal_item item = {.pos = i + 1,
                                          .kind = KTG_RECORD_EVENT,
                                          .meta = ktg_buf_view(&bytes),
                                          .payload = w->steps[i].blob};
    int rc = ktg_backtest_sieve_item(s, &item, ret_needed, &err);
    ktg_buf_done(&bytes);
    return rc;
}

static void test_sieve__passes_over_what_changes_no_answer(void **unused)
{
    (void)unused;
    struct world w;
    struct ktg_backtest_sieve s;
    load(&w, rules_text);
    assert_int_equal(ktg_backtest_sieve_init(&s, w.rs, w.count), KTG_OK);
    for (size_t i = 0; i < w.count; i++) {
        bool needed = !story[i].needed;
        int rc = sieve(&s, &w, i, &needed);
        if (rc != story[i].verdict || needed != story[i].needed)
            fail_msg("%s: %d, %s", story[i].line, rc, needed ? "needed" : "not needed");
    }
    ktg_backtest_sieve_done(&s);
    done(&w);
}

static void test_sieve__holds_all_where_a_source_must_be_alive(void **unused)
{
    (void)unused;
    struct world w;
    struct ktg_backtest_sieve s;
    load(&w, needs_text);
    assert_int_equal(ktg_backtest_sieve_init(&s, w.rs, w.count), KTG_OK);
    for (size_t i = 0; i < w.count; i++) {
        bool needed = false;
        assert_int_equal(sieve(&s, &w, i, &needed), KTG_OK);
        assert_true(needed);
    }
    ktg_backtest_sieve_done(&s);
    done(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sieve__passes_over_what_changes_no_answer),
        cmocka_unit_test(test_sieve__holds_all_where_a_source_must_be_alive),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
