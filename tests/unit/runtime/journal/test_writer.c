/* tests/unit/runtime/journal/test_writer.c - what goes in comes out, limits hold, ids are found,
 * readers follow.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/runtime/journal/world.h"

static void test_journal__records_come_back_across_segments_and_reopening(void **unused)
{
    (void)unused;
    struct world w;
    struct ktg_err err = KTG_ERR_INIT;
    for (int threads = 0; threads < 2; threads++) {
        world_make(&w, threads);
        for (unsigned i = 0; i < 90; i++) {
            if (i % 30 == 0) {
                world_close(&w);
                if (world_open(&w, &err))
                    fail_msg("%s", err.text);
                world_check_ids(&w, w.appended);
            }
            assert_int_equal(world_batch(&w, i % 17), KTG_OK);
            assert_int_equal(w.durable, w.ends[w.batches - 1]);
        }
        assert_int_equal(world_check(&w), 90);
        world_check_ids(&w, w.appended);
        world_close(&w);
        assert_int_equal(world_check(&w), 90);
        struct ktg_journal_report report;
        if (ktg_journal_verify(w.dir, &report, &err))
            fail_msg("%s", err.text);
        assert_int_equal(report.frames, 90);
        assert_int_equal(report.records, w.appended);
        assert_int_equal(report.last, w.ends[89]);
        assert_int_equal(report.mark, report.last);
        assert_int_equal(report.tail_bytes, 0);
        assert_true(report.segments > 4);
        world_done(&w);
    }
}

static void test_journal__the_clock_rises_when_strict_and_else_does_not_go_back(void **unused)
{
    (void)unused;
    static const struct {
        ktg_time given, strict, loose;
    } story[] = {{500, 500, 500}, {500, 501, 500}, {400, 502, 500}, {900, 900, 900}};
    for (int strict = 0; strict < 2; strict++) {
        struct world w;
        struct ktg_journal_end end;
        world_make(&w, false);
        w.options.strict_clock = strict;
        for (size_t i = 0; i < COUNT(story); i++) {
            assert_int_equal(world_open(&w, NULL), KTG_OK); /* it holds over reopening */
            assert_int_equal(ktg_journal_seal(w.j, story[i].given, i, NULL), KTG_OK);
            ktg_journal_end(w.j, &end);
            assert_int_equal(end.recorded_at, strict ? story[i].strict : story[i].loose);
            assert_int_equal(end.mark, i + 1); /* an empty batch is one position */
            assert_int_equal(end.tag, i);
            world_close(&w);
        }
        world_done(&w);
    }
}

static void test_journal__limits_push_back_and_change_nothing(void **unused)
{
    (void)unused;
    struct world w;
    ktg_position pos = 0;
    static const uint8_t big[70000], none[16];
    world_make(&w, false);
    w.options.batch_records = 3;
    w.options.batch_bytes = 2048;
    assert_int_equal(world_open(&w, NULL), KTG_OK);
    struct ktg_bytes x = KTG_LIT("x");
    assert_int_equal(ktg_journal_append(w.j, 0, x, x, NULL, &pos), KTG_EINVALID);
    assert_int_equal(ktg_journal_append(w.j, 1, ktg_bytes(big, 65536), x, NULL, &pos),
                     KTG_EINVALID);
    assert_int_equal(ktg_journal_append(w.j, 1, x, ktg_bytes(big, 2000), NULL, &pos), KTG_EINVALID);
    assert_int_equal(ktg_journal_append(w.j, 1, x, x, none, &pos), KTG_EINVALID);
    assert_int_equal(pos, 0);
    assert_int_equal(ktg_journal_append(w.j, 1, x, ktg_bytes(big, 1200), NULL, &pos), KTG_OK);
    assert_int_equal(pos, 2);
    assert_int_equal(ktg_journal_append(w.j, 1, x, ktg_bytes(big, 1200), NULL, &pos), KTG_EFULL);
    assert_int_equal(ktg_journal_append(w.j, 1, x, x, NULL, &pos), KTG_OK);
    assert_int_equal(ktg_journal_append(w.j, 1, x, x, NULL, &pos), KTG_OK);
    assert_int_equal(ktg_journal_append(w.j, 1, x, x, NULL, &pos), KTG_EFULL);
    assert_int_equal(pos, 4);
    assert_int_equal(ktg_journal_pending(w.j), 3);
    assert_int_equal(ktg_journal_seal(w.j, 1, 0, &pos), KTG_OK);
    assert_int_equal(pos, 4);
    world_close(&w);
    w.options.segment_size = 12345;
    assert_int_equal(world_open(&w, NULL), KTG_EINVALID);
    world_done(&w);
}

static void test_journal__a_second_writer_and_the_other_salt_are_refused_by_name(void **unused)
{
    (void)unused;
    struct world w;
    struct ktg_journal *second = NULL;
    struct ktg_err err = KTG_ERR_INIT;
    world_make(&w, false);
    assert_int_equal(world_open(&w, &err), KTG_OK);
    assert_int_equal(ktg_journal_open(w.dir, &w.options, &second, &err), KTG_ECONFLICT);
    assert_string_equal(err.fault->name, "journal-locked");
    assert_int_equal(ktg_journal_erase(w.dir, 1, NULL, &err), KTG_ECONFLICT);
    world_close(&w);
    w.options.salted = false;
    assert_int_equal(world_open(&w, &err), KTG_EINVALID);
    assert_string_equal(err.fault->name, "journal-salt");
    world_done(&w);
}

static void
test_journal__ids_are_found_open_on_their_way_sealed_and_with_damaged_indexes(void **unused)
{
    (void)unused;
    struct world w;
    ktg_position pos;
    uint8_t id[16], content[16], garbage[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    struct ktg_bytes x = KTG_LIT("x");
    world_make(&w, false);
    assert_int_equal(world_open(&w, NULL), KTG_OK);
    for (unsigned i = 0; i < 60; i++)
        assert_int_equal(world_batch(&w, 10), KTG_OK);
    uint64_t size = world_size(&w, world_segment(1, ".idx"));
    assert_true(size > 256);
    world_id(601, id);
    assert_int_equal(ktg_journal_append(w.j, 1, x, x, id, &pos), KTG_OK);
    ktg_position appended = pos;
    assert_int_equal(ktg_journal_find(w.j, id, &pos, content, NULL), KTG_OK);
    assert_int_equal(pos, appended);
    world_close(&w); /* the open batch is gone with the process */
    static const struct {
        const char *story;
        int64_t at; /* of the damage; negative: from the end; INT64_MAX: file removed */
    } damages[] = {{"header", 40}, {"Bloom filter", 256}, {"entries", -50}, {"missing", INT64_MAX}};
    for (size_t i = 0; i < COUNT(damages); i++) {
        if (damages[i].at == INT64_MAX)
            world_remove(&w, world_segment(1, ".idx"));
        else
            world_patch(&w, world_segment(1, ".idx"),
                        damages[i].at < 0 ? size - (uint64_t)-damages[i].at
                                          : (uint64_t)damages[i].at,
                        garbage, sizeof garbage);
        assert_int_equal(world_open(&w, NULL), KTG_OK);
        world_check_ids(&w, 600);
        world_close(&w);
        world_remove(&w, world_segment(1, ".idx"));
        assert_int_equal(world_open(&w, NULL), KTG_OK); /* built again */
        assert_int_equal(world_size(&w, world_segment(1, ".idx")), size);
        world_close(&w);
    }
    world_done(&w);
}

struct owner {
    struct world *w;
    uint64_t covered;   /* what a snapshot said */
    ktg_position from;  /* the position that it covers */
    ktg_position next;  /* expected by on_recover */
    uint64_t recovered; /* records */
};

static void owner_snapshot(void *arg, struct ktg_buf *to)
{
    struct owner *o = arg;
    uint8_t n[8];
    ktg_put_le64(n, o->w->appended);
    ktg_buf_put(to, n, sizeof n);
}

static int owner_on_snapshot(void *arg, ktg_position upto, struct ktg_bytes bytes)
{
    struct owner *o = arg;
    assert_int_equal(bytes.size, 8);
    o->covered = ktg_get_le64(bytes.data);
    o->from = upto;
    o->next = upto + 1;
    return KTG_OK;
}

static int owner_on_recover(void *arg, const struct ktg_journal_item *item)
{
    struct owner *o = arg;
    assert_int_equal(item->pos, o->next++);
    o->recovered += item->kind != 0;
    return KTG_OK;
}

static struct ktg_journal *owner_open(struct owner *o)
{
    struct ktg_journal *j = NULL;
    struct ktg_err err = KTG_ERR_INIT;
    struct ktg_journal_options options = o->w->options;
    options.arg = o;
    options.on_durable = NULL;
    options.on_fatal = NULL;
    options.snapshot = owner_snapshot;
    options.on_snapshot = owner_on_snapshot;
    options.on_recover = owner_on_recover;
    *o = (struct owner){.w = o->w, .next = 1};
    if (ktg_journal_open(o->w->dir, &options, &j, &err))
        fail_msg("%s", err.text);
    return j;
}

static void test_journal__a_snapshot_and_the_records_after_it_are_everything(void **unused)
{
    (void)unused;
    struct world w;
    struct owner o = {.w = &w};
    for (int threads = 0; threads < 2; threads++) {
        world_make(&w, threads);
        bool used = false;
        for (unsigned i = 0; i < 100; i++) {
            if (i % 9 == 0) {
                ktg_journal_close(w.j);
                w.j = owner_open(&o);
                assert_int_equal(o.covered + o.recovered, w.appended);
                used = used || o.from;
            }
            assert_int_equal(world_batch(&w, 12), KTG_OK);
        }
        assert_true(used);
        assert_true(o.recovered < w.appended / 2); /* it did not read everything again */
        w.j = ktg_journal_close(w.j);
        world_done(&w);
    }
}

/* Every position up to the mark, in no order, as the one reader finds it and as the other comes to it. */
static ktg_position agree_up_to(struct world *w, struct ktg_journal_reader *r,
                                struct ktg_journal_reader *walk)
{
    struct ktg_journal_item a, b;
    struct ktg_hash chain;
    ktg_position mark = ktg_journal_mark(w->j);
    assert_int_equal(ktg_journal_reader_at(r, 0, &b, NULL), KTG_ENOTFOUND);
    assert_int_equal(ktg_journal_reader_at(r, mark + 1, &b, NULL), KTG_ENOTFOUND);
    for (ktg_position i = 0; i < mark; i++) {
        ktg_position pos = (i * 7919) % mark + 1; /* all of them, in no order */
        assert_int_equal(ktg_journal_reader_at(r, pos, &a, NULL), KTG_OK);
        assert_int_equal(a.pos, pos);
        assert_int_equal(ktg_journal_reader_seek(walk, pos, NULL), KTG_OK);
        assert_int_equal(ktg_journal_reader_next(walk, &b, NULL), KTG_OK);
        assert_int_equal(b.pos, pos);
        assert_int_equal(b.base, a.base);
        assert_true(ktg_bytes_eq(a.payload, b.payload) && ktg_bytes_eq(a.meta, b.meta));
        assert_int_equal(ktg_journal_reader_chain_at(r, pos, &chain, NULL), KTG_OK);
        assert_memory_equal(&chain, b.chain, sizeof chain);
        if (pos < mark) {
            assert_int_equal(ktg_journal_reader_next(walk, &b, NULL), KTG_OK);
            assert_int_equal(b.pos, pos + 1);
        }
    }
    return mark;
}

static void test_reader__at_seek_and_chain_agree_with_next(void **unused)
{
    (void)unused;
    struct world w;
    struct ktg_journal_reader *r = NULL, *walk = NULL;
    struct ktg_journal_item a;
    struct ktg_hash chain;
    world_make(&w, false);
    assert_int_equal(ktg_journal_reader_open(w.dir, NULL, &r, NULL), KTG_ENOTFOUND);
    assert_int_equal(world_open(&w, NULL), KTG_OK);
    assert_int_equal(world_batch(&w, 1), KTG_OK);
    assert_int_equal(ktg_journal_reader_open(w.dir, NULL, &r, NULL), KTG_OK);
    assert_int_equal(ktg_journal_reader_open(w.dir, NULL, &walk, NULL), KTG_OK);
    ktg_position mark = 0;
    for (unsigned round = 0; round < 5; round++) { /* segments grow old under the readers */
        for (unsigned i = 0; i < 40; i++)
            assert_int_equal(world_batch(&w, i % 3 ? i : 0), KTG_OK);
        mark = agree_up_to(&w, r, walk);
    }
    assert_int_equal(ktg_journal_reader_chain_at(r, 0, &chain, NULL), KTG_OK);
    assert_int_equal(ktg_journal_reader_seek(r, mark + 2, NULL), KTG_ENOTFOUND);
    assert_int_equal(ktg_journal_reader_seek(r, mark + 1, NULL), KTG_OK);
    assert_int_equal(ktg_journal_reader_next(r, &a, NULL), KTG_EAGAIN);
    for (unsigned i = 0; i < 40; i++) { /* a reader notices what comes, new segments too */
        assert_int_equal(world_batch(&w, 20), KTG_OK);
        for (int k = 0; k < 21; k++)
            assert_int_equal(ktg_journal_reader_next(r, &a, NULL), KTG_OK);
        assert_int_equal(a.pos, ktg_journal_mark(w.j));
        assert_int_equal(ktg_journal_reader_next(r, &a, NULL), KTG_EAGAIN);
    }
    ktg_journal_reader_close(r);
    ktg_journal_reader_close(walk);
    world_done(&w);
}

static void test_journal__a_full_disk_is_said_at_the_segment_and_later_it_goes_on(void **unused)
{
    (void)unused;
    struct world w;
    int rc = KTG_OK;
    world_make(&w, false);
    assert_int_equal(world_open(&w, NULL), KTG_OK);
    uint8_t payload[1024];
    ktg_position pos;
    w.disk.fault = KTG_DISK_FAIL;
    w.disk.error = ENOSPC;
    while (rc == KTG_OK) {
        w.disk.after =
            1; /* an append touches the disk only to make `next`: open, then reserve, which fails */
        rc = ktg_journal_append(w.j, 1, KTG_BYTES_NONE, world_payload(2, payload), NULL, &pos);
        w.disk.after = -1;
        if (rc == KTG_OK && ktg_journal_pending(w.j) == 20)
            assert_int_equal(ktg_journal_seal(w.j, 1, 0, NULL), KTG_OK);
    }
    assert_int_equal(rc, KTG_EFULL);
    assert_true(ktg_journal_disk_full(w.j));
    assert_int_equal(world_size(&w, "next"), 0); /* nothing half done */
    assert_int_equal(w.deaths, 0);
    assert_int_equal(ktg_journal_seal(w.j, 1, 0, NULL), KTG_OK); /* what was taken has its place */
    assert_int_equal(ktg_journal_disk_full(w.j), true);
    for (unsigned i = 0; i < 200; i++) {
        assert_int_equal(
            ktg_journal_append(w.j, 1, KTG_BYTES_NONE, world_payload(2, payload), NULL, &pos),
            KTG_OK);
        if (i % 20 == 19)
            assert_int_equal(ktg_journal_seal(w.j, 1, 0, NULL), KTG_OK);
    }
    assert_false(ktg_journal_disk_full(w.j));
    ktg_journal_force_disk_state(w.j, KTG_JOURNAL_DISK_STOP);
    assert_int_equal(ktg_journal_disk_state(w.j), KTG_JOURNAL_DISK_STOP);
    world_done(&w);
}

static void test_mark__outsiders_see_position_tag_phase_and_boot(void **unused)
{
    (void)unused;
    struct world w;
    struct ktg_journal_mark *m = NULL;
    static const uint8_t none[16];
    world_make(&w, false);
    assert_int_equal(ktg_journal_mark_open(w.dir, &m, NULL), KTG_ENOTFOUND);
    assert_int_equal(world_open(&w, NULL), KTG_OK);
    assert_int_equal(world_batch(&w, 3), KTG_OK);
    assert_int_equal(ktg_journal_mark_open(w.dir, &m, NULL), KTG_OK);
    struct ktg_journal_mark_view v = ktg_journal_mark_read(m);
    assert_int_equal(v.mark, 4);
    assert_int_equal(v.tag, 7000);
    assert_int_equal(v.phase, KTG_JOURNAL_IDLE);
    assert_false(v.clean);
    assert_memory_not_equal(v.boot_id, none, 16);
    ktg_journal_set_phase(w.j, KTG_JOURNAL_CHECKPOINT);
    assert_int_equal(ktg_journal_mark_read(m).phase, KTG_JOURNAL_CHECKPOINT);
    ktg_journal_set_phase(w.j, KTG_JOURNAL_RELOAD);
    assert_int_equal(world_batch(&w, 3), KTG_OK); /* between batches it is the owner's again */
    assert_int_equal(ktg_journal_mark_read(m).phase, KTG_JOURNAL_RELOAD);
    world_close(&w);
    v = ktg_journal_mark_read(m);
    assert_true(v.clean);
    ktg_journal_mark_close(m);
    world_done(&w);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_journal__records_come_back_across_segments_and_reopening),
        cmocka_unit_test(test_journal__the_clock_rises_when_strict_and_else_does_not_go_back),
        cmocka_unit_test(test_journal__limits_push_back_and_change_nothing),
        cmocka_unit_test(test_journal__a_second_writer_and_the_other_salt_are_refused_by_name),
        cmocka_unit_test(
            test_journal__ids_are_found_open_on_their_way_sealed_and_with_damaged_indexes),
        cmocka_unit_test(test_journal__a_snapshot_and_the_records_after_it_are_everything),
        cmocka_unit_test(test_reader__at_seek_and_chain_agree_with_next),
        cmocka_unit_test(test_journal__a_full_disk_is_said_at_the_segment_and_later_it_goes_on),
        cmocka_unit_test(test_mark__outsiders_see_position_tag_phase_and_boot),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
