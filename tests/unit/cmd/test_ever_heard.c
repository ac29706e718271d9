/* tests/unit/cmd/test_ever_heard.c - the state answers for what lies before its position, the journal for the rest.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cmd/ever_heard.h"

#include <stdio.h>
#include <sys/stat.h>

#include "brokers/correlation/checkpoint.h"
#include "rules/engine/engine.h"
#include "rules/engine/heard.h"
#include "runtime/journal/journal.h"
#include "schema/record.h"
#include "schema/wire.h"
#include "tests/support/cmocka.h"
#define KTG_TMPDIR_MEMORY
#include "tests/support/tmpdir.h"

enum { MAP = 16 << 20 };
static char dir[KTG_TMPDIR_SIZE], journal[KTG_TMPDIR_SIZE + 8], state[KTG_TMPDIR_SIZE + 8];

static void put(struct ktg_journal *j, const char *source, int64_t at)
{
    struct ktg_buf body = KTG_BUF_INIT;
    ktg_position pos;
    ktg_wire_put_map(&body, 1);
    ktg_wire_put_str_pair(&body, "source", ktg_bytes_str(source));
    assert_int_equal(
        ktg_journal_append(j, KTG_RECORD_HEARTBEAT, KTG_LIT("m"), ktg_buf_view(&body), NULL, &pos),
        KTG_OK);
    assert_int_equal(ktg_journal_seal_and_wait(j, at, 0, NULL), KTG_OK);
    ktg_buf_done(&body);
}

/* A state that answers up to position 2 of the journal, and has heard of UTO.9 alone: it says who was asked. */
static void take_checkpoint(int64_t engine, uint8_t slip)
{
    struct ktg_checkpoint_mark mark = {.position = 2, .findings = 0, .engine = engine};
    struct ktg_journal_reader *r = NULL;
    struct ktg_checkpoint *c = NULL;
    struct ktg_state *s = NULL;
    struct ktg_heard *h = NULL;
    struct ktg_beat_news news;
    const struct ktg_beat beat = {.source = KTG_LIT("UTO.9"), .at = 1, .period = 60};
    assert_int_equal(ktg_journal_reader_open(journal, NULL, &r, NULL), KTG_OK);
    ktg_journal_reader_id(r, mark.journal);
    assert_int_equal(ktg_journal_reader_chain_at(r, 2, &mark.chain, NULL), KTG_OK);
    mark.chain.b[0] ^= slip;
    ktg_journal_reader_close(r);
    assert_int_equal(ktg_checkpoint_open(state, MAP, &c, NULL), KTG_OK);
    assert_int_equal(ktg_state_new(ktg_checkpoint_records(c), &s), KTG_OK);
    assert_int_equal(ktg_heard_new(s, &h), KTG_OK);
    assert_int_equal(ktg_heard_beat(h, &beat, &news), KTG_OK);
    assert_int_equal(ktg_checkpoint_write(c, s, &mark, NULL), KTG_OK);
    ktg_heard_free(h);
    ktg_state_free(s);
    ktg_checkpoint_close(c);
}

/* "1 2 -": which of them were heard. */
static void expect(const char *want)
{
    static const char *const sources[] = {"UTO.1", "UTO.2", "UTO.9", "UTO.4"};
    char got[8] = "";
    struct ktg_err err = KTG_ERR_INIT;
    for (size_t i = 0; i < COUNT(sources); i++) {
        bool heard = false;
        if (ktg_ever_heard(dir, MAP, sources[i], &heard, &err))
            fail_msg("%s", err.text);
        snprintf(got + i, 2, "%c", heard ? sources[i][4] : '-');
    }
    assert_string_equal(got, want);
}

static void test_ever_heard__before_its_position_the_state_answers_alone(void **unused)
{
    (void)unused;
    const struct ktg_journal_options o = {.no_threads = true};
    struct ktg_journal *j = NULL;
    bool heard;
    ktg_tmpdir_make(dir);
    snprintf(journal, sizeof journal, "%s/journal", dir);
    snprintf(state, sizeof state, "%s/state", dir);
    assert_int_equal(ktg_ever_heard(dir, MAP, "UTO.1", &heard, NULL), KTG_ENOTFOUND);
    assert_int_equal(mkdir(journal, 0700), 0);
    assert_int_equal(ktg_journal_open(journal, &o, &j, NULL), KTG_OK);
    put(j, "UTO.1", 100); /* positions 1, 2 */
    put(j, "UTO.2", 200);
    expect("12--"); /* there is no state */
    take_checkpoint(0, 0);
    expect("12--"); /* nobody's */
    take_checkpoint(KTG_ENGINE_VERSION, 1);
    expect("12--"); /* of what a power cut took back */
    take_checkpoint(KTG_ENGINE_VERSION, 0);
    expect("-29-"); /* UTO.1 was not looked for: nothing is read there */
    ktg_journal_close(j);
    ktg_tmpdir_remove(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ever_heard__before_its_position_the_state_answers_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
