/* tests/unit/brokers/ingest/test_in_force.c - the last rule set of a journal, found from outside.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "brokers/ingest/in_force.h"

#include "schema/record.h"
#include "schema/wire.h"
#include "tests/support/cmocka.h"
#include "tests/support/tmpdir.h"

static char dir[KTG_TMPDIR_SIZE];
static struct ktg_journal *j;
static ktg_position latest; /* where the last rule set stands */
static bool older;          /* snapshots do not say where */
static ktg_time now;

static void snapshot(void *arg, struct ktg_buf *to)
{
    (void)arg;
    ktg_wire_put_map(to, older ? 1 : 2);
    ktg_wire_put_text(to, "rules");
    ktg_wire_put_bin(to, latest ? ktg_bytes(dir, KTG_HASH_SIZE) : KTG_BYTES_NONE);
    if (older)
        return;
    ktg_wire_put_text(to, "rules_at");
    ktg_wire_put_int(to, (int64_t)latest);
}

static void open_journal(void)
{
    const struct ktg_journal_options o = {
        .segment_size = 64 << 10, .no_threads = true, .salted = true, .snapshot = snapshot};
    assert_int_equal(ktg_journal_open(dir, &o, &j, NULL), KTG_OK);
}
static void put(enum ktg_record_kind kind, struct ktg_bytes payload)
{
    ktg_position pos;
    assert_int_equal(ktg_journal_append(j, (uint8_t)kind, KTG_BYTES_NONE, payload, NULL, &pos),
                     KTG_OK);
    if (kind == KTG_RECORD_RULESET)
        latest = pos;
    assert_int_equal(ktg_journal_seal_and_wait(j, ++now, 0, NULL), KTG_OK);
}
static void put_rules(const char *text)
{
    put(KTG_RECORD_RULESET, ktg_bytes_str(text));
}
/* Enough to fill some segments. */
static void put_events(void)
{
    static uint8_t bytes[4096];
    for (int i = 0; i < 60; i++)
        put(KTG_RECORD_EVENT, ktg_bytes(bytes, sizeof bytes));
}

/* The text in force, "-": there is none. */
static const char *asked_at(ktg_position at)
{
    static char text[64];
    struct ktg_buf found = KTG_BUF_INIT;
    ktg_position pos = 0;
    int rc = ktg_in_force_read(dir, at, &found, &pos, NULL);
    assert_true(rc == KTG_OK || rc == KTG_ENOTFOUND);
    assert_int_equal(pos, rc ? 0 : latest);
    snprintf(text, sizeof text, "%s", rc ? "-" : ktg_buf_text(&found));
    ktg_buf_done(&found);
    return text;
}
static const char *asked(void)
{
    return asked_at(0);
}

static void test_in_force__is_the_last_one_wherever_it_stands(void **unused)
{
    (void)unused;
    assert_string_equal(asked(), "-"); /* no journal */
    open_journal();
    put_events();
    assert_string_equal(asked(), "-"); /* snapshots that know of none */
    put_rules("one");
    assert_string_equal(asked(), "one"); /* behind the newest snapshot */
    put_events();
    assert_string_equal(asked(), "one"); /* the newest snapshot says where */
    assert_string_equal(asked_at(latest), "one");
    put_rules("two");
    put_rules("three");
    assert_string_equal(asked(), "three");
    put_events();
    assert_string_equal(asked(), "three"); /* and beside the writer */
    assert_true(latest > 1);
}

static void test_in_force__is_found_without_help_of_an_older_snapshot(void **unused)
{
    (void)unused;
    older = true;
    open_journal();
    put_rules("one");
    put_events();
    put_rules("two");
    put_events();
    assert_string_equal(asked(), "two");
}

static void test_in_force__is_nothing_once_it_was_erased(void **unused)
{
    (void)unused;
    open_journal();
    put_rules("one");
    put_events();
    j = ktg_journal_close(j);
    assert_int_equal(ktg_journal_erase(dir, latest, NULL, NULL), KTG_OK);
    assert_string_equal(asked(), "-");
    assert_string_equal(asked_at(latest), "-");
}

static int make(void **unused)
{
    (void)unused;
    latest = 0, now = 0, older = false;
    ktg_tmpdir_make(dir);
    return 0;
}
static int clear(void **unused)
{
    (void)unused;
    j = ktg_journal_close(j);
    ktg_tmpdir_remove(dir);
    return 0;
}

#define EACH(test) cmocka_unit_test_setup_teardown(test, make, clear)
int main(void)
{
    const struct CMUnitTest tests[] = {
        EACH(test_in_force__is_the_last_one_wherever_it_stands),
        EACH(test_in_force__is_found_without_help_of_an_older_snapshot),
        EACH(test_in_force__is_nothing_once_it_was_erased),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
