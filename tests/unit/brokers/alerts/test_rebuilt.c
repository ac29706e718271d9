/* tests/unit/brokers/alerts/test_rebuilt.c - what a casebook queues that is built anew, against what the journal has of it.
 *
 * Ingest keeps the first of two events with one id and puts the other into quarantine (ID_CONFLICT), each time that it comes.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>

#include "brokers/alerts/casebook.h"
#include "brokers/alerts/handed.h"
#include "tests/support/cmocka.h"
#define KTG_TMPDIR_MEMORY
#include "tests/support/tmpdir.h"
#include "tests/unit/brokers/alerts/finding.h"

enum { MOST = 64 };
static char dir[KTG_TMPDIR_SIZE];

struct journal { /* as ingest: by id */
    struct ktg_buf events[MOST];
    size_t count, again, conflicts;
};

static void take(struct journal *j, struct ktg_bytes blob)
{
    struct ktg_wire_value id, known;
    assert_true(ktg_wire_get(blob, "id", &id));
    for (size_t i = 0; i < j->count; i++) {
        struct ktg_bytes there = ktg_buf_view(&j->events[i]);
        assert_true(ktg_wire_get(there, "id", &known));
        if (ktg_bytes_eq(known.bytes, id.bytes)) {
            j->again += ktg_bytes_eq(there, blob);
            j->conflicts += !ktg_bytes_eq(there, blob);
            return;
        }
    }
    assert_true(j->count < MOST);
    ktg_buf_put_bytes(&j->events[j->count++], blob);
}

/* Every type with its number: "raised 2 amended 1". */
static const char *types(const struct journal *j)
{
    static const char *const names[] = {"raised", "amended", "withdrawn"};
    static char text[80];
    size_t used = 0;
    text[0] = 0;
    for (size_t n = 0; n < COUNT(names); n++) {
        int count = 0;
        for (size_t i = 0; i < j->count; i++) {
            struct ktg_wire_value v;
            assert_true(ktg_wire_get(ktg_buf_view(&j->events[i]), "type", &v));
            count += strncmp((const char *)v.bytes.data + 6, names[n], v.bytes.size - 6) == 0;
        }
        if (count)
            used += (size_t)snprintf(text + used, sizeof text - used, "%s%s %d", used ? " " : "",
                                     names[n], count);
    }
    return text;
}

static void forget(struct journal *j)
{
    for (size_t i = 0; i < j->count; i++)
        ktg_buf_done(&j->events[i]);
    *j = (struct journal){.count = 0};
}

static const struct difference story[] = {
    {1, 1, "raise", "open", NULL, {"POL"}, NULL, NULL, NULL},
    {1, 2, "amend", "open", NULL, {"POL"}, NULL, NULL, "medium"},
    {1, 3, "withdraw", "withdrawn", NULL, {NULL}, NULL, NULL, NULL},
    {1, 4, "raise", "open", NULL, {"POL"}, NULL, NULL, NULL},
    {1, 5, "amend", "closed", NULL, {"POL"}, NULL, NULL, NULL},
};

/* A new casebook folds the story from `from` on, and the journal takes what it queues. */
static void build(const char *name, size_t from, struct journal *j)
{
    char path[KTG_TMPDIR_SIZE + 16];
    struct ktg_casebook *c = NULL;
    struct ktg_err err = KTG_ERR_INIT;
    struct ktg_bytes blob;
    snprintf(path, sizeof path, "%s/%s", dir, name);
    if (ktg_casebook_open(path, 16u << 20, &c, &err) || ktg_casebook_begin(c, &err))
        fail_msg("%s", err.text);
    for (size_t i = from; i < COUNT(story); i++) {
        struct ktg_buf b = KTG_BUF_INIT;
        struct ktg_difference d = {10 + i, difference_bytes(&story[i], &b)};
        if (ktg_casebook_fold_finding(c, &d, &err))
            fail_msg("%s", err.text);
        ktg_buf_done(&b);
    }
    assert_int_equal(ktg_casebook_commit(c, &err), KTG_OK);
    for (uint64_t seq = 1; !ktg_casebook_outbox(c, seq, &blob); seq++)
        take(j, blob);
    ktg_casebook_close(c);
}

static void test_rebuilt__the_same_events_are_queued_again(void **unused)
{
    (void)unused;
    struct journal j = {.count = 0};
    build("one", 0, &j);
    assert_string_equal(types(&j), "raised 4 amended 4 withdrawn 2");
    build("two", 0, &j);
    assert_int_equal(j.again, 10);
    assert_int_equal(j.conflicts, 0);
    forget(&j);
}

/* The first words about a finding were erased meanwhile: what was an amendment is the first that the new casebook hears. */
static void
test_rebuilt__without_its_beginning_an_alert_is_raised_and_that_is_another_event(void **unused)
{
    (void)unused;
    struct journal j = {.count = 0};
    build("whole", 0, &j);
    build("rest", 1, &j);
    assert_int_equal(j.conflicts, 0);
    assert_int_equal(j.again, 6); /* withdrawn, raised again, closed: of both agencies */
    assert_string_equal(types(&j), "raised 6 amended 4 withdrawn 2");
    build("rest again", 1, &j); /* and once more it is known */
    assert_int_equal(j.conflicts, 0);
    assert_string_equal(types(&j), "raised 6 amended 4 withdrawn 2");
    forget(&j);
}

/* Before, what came back after a withdrawal was told as an amendment, and none said that the level is another: a journal of that
 * time has it so. */
static void test_rebuilt__what_an_older_one_told_otherwise_is_another_event(void **unused)
{
    (void)unused;
    static const char *const agencies[] = {"IMI", "POL"};
    struct journal j = {.count = 0};
    for (size_t i = 0; i < COUNT(story); i++)
        for (size_t k = 0; k < COUNT(agencies); k++) {
            struct ktg_buf payload = KTG_BUF_INIT, blob = KTG_BUF_INIT;
            const struct ktg_alert a = {.first = 10};
            struct ktg_track t = {.agency = ktg_bytes_str(agencies[k]), .fresh = i == 0};
            struct ktg_handed h;
            assert_int_equal(ktg_handed_read(difference_bytes(&story[i], &payload), &h), KTG_OK);
            ktg_handed_event(&h, &a, &t, &blob);
            take(&j, ktg_buf_view(&blob));
            ktg_buf_done(&payload);
            ktg_buf_done(&blob);
        }
    assert_string_equal(types(&j), "raised 2 amended 6 withdrawn 2");
    build("new", 0, &j);
    assert_int_equal(j.conflicts, 0);
    assert_int_equal(j.again, 6); /* all else is told as it was */
    assert_string_equal(types(&j), "raised 4 amended 8 withdrawn 2");
    forget(&j);
}

static int make(void **unused)
{
    (void)unused;
    ktg_tmpdir_make(dir);
    return 0;
}
static int clear(void **unused)
{
    (void)unused;
    ktg_tmpdir_remove(dir);
    return 0;
}

#define EACH(test) cmocka_unit_test_setup_teardown(test, make, clear)
int main(void)
{
    const struct CMUnitTest tests[] = {
        EACH(test_rebuilt__the_same_events_are_queued_again),
        EACH(test_rebuilt__without_its_beginning_an_alert_is_raised_and_that_is_another_event),
        EACH(test_rebuilt__what_an_older_one_told_otherwise_is_another_event),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
