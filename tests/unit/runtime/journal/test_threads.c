/* tests/unit/runtime/journal/test_threads.c - one writer with its threads, readers beside it; also
 * run under tsan.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <pthread.h>
#include <sched.h>
#include <string.h>

#include "tests/unit/runtime/journal/world.h"

enum { READERS = 2, TOTAL = 6000 };

struct follower {
    const char *dir;
    uint64_t records;
    ktg_position beyond; /* an item that was given beyond the mark */
    int rc;
    char text[512];
};

/* Reads until it has seen TOTAL records. */
static void *follow(void *arg)
{
    struct follower *f = arg;
    struct ktg_journal_reader *r = NULL;
    struct ktg_journal_mark *m = NULL;
    struct ktg_err err = KTG_ERR_INIT;
    ktg_position next = 1;
    f->rc = ktg_journal_reader_open(f->dir, NULL, &r, &err);
    if (f->rc == KTG_OK)
        f->rc = ktg_journal_mark_open(f->dir, &m, &err);
    while (f->rc == KTG_OK && f->records < TOTAL) {
        struct ktg_journal_item item, again;
        int rc = ktg_journal_reader_next(r, &item, &err);
        if (rc == KTG_EAGAIN) {
            sched_yield();
            continue;
        }
        f->rc = rc;
        if (rc == KTG_OK && item.pos != next++)
            f->rc = KTG_ECONFLICT;
        if (rc == KTG_OK && item.pos > ktg_journal_mark_read(m).mark)
            f->beyond = item.pos;
        if (rc == KTG_OK && item.pos % 97 == 0)
            f->rc = ktg_journal_reader_at(r, item.pos / 2 + 1, &again, &err);
        f->records += item.kind != 0;
    }
    memcpy(f->text, err.text, sizeof f->text);
    ktg_journal_mark_close(m);
    ktg_journal_reader_close(r);
    return NULL;
}

static void test_journal__readers_beside_a_writer_never_pass_the_mark(void **unused)
{
    (void)unused;
    struct world w;
    struct follower f[READERS];
    pthread_t threads[READERS];
    uint8_t id[16], payload[1024], content[16];
    ktg_position pos, end = 0;
    world_make(&w, true);
    assert_int_equal(world_open(&w, NULL), KTG_OK);
    for (int i = 0; i < READERS; i++) {
        f[i] = (struct follower){.dir = w.dir};
        assert_int_equal(pthread_create(&threads[i], NULL, follow, &f[i]), 0);
    }
    uint64_t n = 0;
    while (n < TOTAL) { /* natural batches: whatever came while the last one was on its way */
        world_id(n + 1, id);
        int rc =
            ktg_journal_append(w.j, 1, KTG_BYTES_NONE, world_payload(n + 1, payload), id, &pos);
        if (rc == KTG_OK)
            n++;
        else
            assert_true(rc == KTG_EAGAIN || rc == KTG_EFULL);
        if (n % 10 == 0 || rc) {
            rc = ktg_journal_seal(w.j, (ktg_time)n, n, &end);
            assert_true(rc == KTG_OK || rc == KTG_EAGAIN);
        }
        if (n % 64 == 0 && n) {
            world_id(n / 2 + 1, id);
            assert_int_equal(ktg_journal_find(w.j, id, &pos, content, NULL), KTG_OK);
        }
    }
    assert_int_equal(ktg_journal_seal_and_wait(w.j, TOTAL, n, &end), KTG_OK);
    assert_int_equal(w.durable, end);
    for (int i = 0; i < READERS; i++) {
        pthread_join(threads[i], NULL);
        if (f[i].rc)
            fail_msg("%d: %s", f[i].rc, f[i].text);
        assert_int_equal(f[i].beyond, 0);
        assert_int_equal(f[i].records, TOTAL);
    }
    struct ktg_journal_report report;
    assert_int_equal(ktg_journal_verify(w.dir, &report, NULL), KTG_OK); /* beside the writer */
    assert_int_equal(report.records, TOTAL);
    world_done(&w);
}

static void test_journal__dies_in_its_thread_and_says_so_to_its_owner(void **unused)
{
    (void)unused;
    for (int64_t n = 0; n < 4; n++) {
        struct world w;
        uint8_t payload[1024];
        ktg_position pos;
        world_make(&w, true);
        assert_int_equal(world_open(&w, NULL), KTG_OK);
        assert_int_equal(
            ktg_journal_append(w.j, 1, KTG_BYTES_NONE, world_payload(1, payload), NULL, &pos),
            KTG_OK);
        w.disk.fault = KTG_DISK_CRASH;
        w.disk.after = n % 2; /* the write, or the sync */
        assert_int_equal(ktg_journal_seal(w.j, 1, 1, NULL), KTG_OK);
        assert_int_equal(ktg_journal_wait(w.j), KTG_EIO);
        assert_int_equal(
            ktg_journal_append(w.j, 1, KTG_BYTES_NONE, world_payload(1, payload), NULL, &pos),
            KTG_EIO);
        assert_int_equal(ktg_journal_seal(w.j, 1, 1, NULL), KTG_EIO);
        assert_int_equal(ktg_journal_seal_and_wait(w.j, 1, 1, NULL), KTG_EIO);
        assert_int_equal(w.deaths, 1);
        assert_int_equal(w.durable, 0);
        world_done(&w);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_journal__readers_beside_a_writer_never_pass_the_mark),
        cmocka_unit_test(test_journal__dies_in_its_thread_and_says_so_to_its_owner),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
