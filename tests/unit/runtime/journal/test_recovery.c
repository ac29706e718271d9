/* tests/unit/runtime/journal/test_recovery.c - torn ends are cut, damage is refused by name,
 * erasure leaves a proof.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/runtime/journal/world.h"

/* A journal of four batches in one segment, closed; the last frame is small, so that every offset
 * of it can be tried. */
static void four_batches(struct world *w)
{
    static const unsigned records[] = {3, 0, 5, 2};
    world_make(w, false);
    assert_int_equal(world_open(w, NULL), KTG_OK);
    for (size_t i = 0; i < COUNT(records); i++)
        assert_int_equal(world_batch(w, records[i]), KTG_OK);
    world_close(w);
}

/* Open, look, go on writing, look again. */
static void opens_with(struct world *w, size_t batches)
{
    struct ktg_err err = KTG_ERR_INIT;
    struct ktg_journal_report report;
    if (world_open(w, &err))
        fail_msg("%s", err.text);
    assert_int_equal(world_check(w), batches);
    w->batches = batches;
    w->appended = batches ? w->upto[batches - 1] : 0;
    world_check_ids(w, w->appended);
    assert_int_equal(world_batch(w, 2), KTG_OK);
    assert_int_equal(world_check(w), batches + 1);
    world_close(w);
    if (ktg_journal_verify(w->dir, &report, &err))
        fail_msg("%s", err.text);
    assert_int_equal(report.tail_bytes, 0);
}

static void refuses_with(struct world *w, const char *fault, const char *where)
{
    struct ktg_err err = KTG_ERR_INIT;
    int rc = world_open(w, &err);
    if (rc == KTG_OK)
        fail_msg("opened instead of %s", fault);
    assert_non_null(err.fault);
    assert_string_equal(err.fault->name, fault);
    assert_int_equal(rc, err.fault->code);
    if (where && !strstr(err.where, where))
        fail_msg("where is %s, not %s", err.where, where);
}

static void test_recovery__a_torn_tail_is_cut_at_every_byte_of_the_last_frame(void **unused)
{
    (void)unused;
    struct world w, c;
    uint64_t at;
    uint32_t size;
    four_batches(&w);
    world_set_mark(&w, w.ends[2]);
    world_find_frame(&w, 1, w.ends[2] + 1, &at, &size);
    uint8_t *zeros = calloc(1, size);
    assert_non_null(zeros);
    for (uint32_t n = 0; n <= size; n++) {
        bool whole = true; /* cutting zeros away changes nothing */
        uint8_t *tail = calloc(1, size + 1);
        assert_non_null(tail);
        if (n < size)
            world_peek(&w, world_segment(1, ".log"), at + n, tail, size - n);
        for (uint32_t i = 0; i < size - n; i++)
            whole = whole && tail[i] == 0;
        free(tail);
        world_copy(&w, &c); /* the write got as far as n */
        world_patch(&c, world_segment(1, ".log"), at + n, zeros, size - n);
        opens_with(&c, whole ? 4 : 3);
        world_done(&c);
        if (n == 0)
            continue;
        world_copy(&w, &c); /* the end of it reached the disk, the beginning did not */
        world_patch(&c, world_segment(1, ".log"), at, zeros, n);
        opens_with(&c, 3);
        world_done(&c);
    }
    free(zeros);
    world_done(&w);
}

static void
test_recovery__a_flipped_bit_is_cut_refused_as_missing_or_refused_as_damage(void **unused)
{
    (void)unused;
    struct world w, c;
    four_batches(&w);
    for (size_t batch = 0; batch < 4; batch++) {
        uint64_t at;
        uint32_t size;
        char where[64];
        world_find_frame(&w, 1, batch ? w.ends[batch - 1] + 1 : 1, &at, &size);
        for (uint32_t n = 0; n < size; n += batch == 3 ? 1 : 37) {
            uint8_t b;
            world_copy(&w, &c);
            world_peek(&c, world_segment(1, ".log"), at + n, &b, 1);
            b ^= (uint8_t)(1u << (n % 8));
            world_patch(&c, world_segment(1, ".log"), at + n, &b, 1);
            snprintf(where, sizeof where, ".log at %llu", (unsigned long long)at);
            if (batch < 3) {
                refuses_with(&c, "journal-damaged-middle", where);
            } else {
                refuses_with(&c, "journal-acknowledged-missing", where);
                world_set_mark(&c,
                               w.ends[2]); /* it was never acknowledged: then it is a cut write */
                opens_with(&c, 3);
            }
            world_done(&c);
        }
    }
    world_done(&w);
}

/* Eleven batches of some KB: more than two segments. */
static void some_segments(struct world *w)
{
    world_make(w, false);
    assert_int_equal(world_open(w, NULL), KTG_OK);
    for (int i = 0; i < 11; i++)
        assert_int_equal(world_batch(w, 40), KTG_OK);
    world_close(w);
}

/* Names of its segments, in order. */
static size_t segment_names(const struct world *w, char names[16][40])
{
    size_t count = 0;
    snprintf(names[count++], 40, "%s", world_segment(1, ".log"));
    for (size_t i = 0; i < w->batches && count < 16; i++)
        if (world_size(w, world_segment(w->ends[i] + 1, ".log")))
            snprintf(names[count++], 40, "%s", world_segment(w->ends[i] + 1, ".log"));
    return count;
}

static void test_recovery__what_is_missing_or_foreign_is_refused_by_name(void **unused)
{
    (void)unused;
    struct world w, c, other;
    some_segments(&w);
    char names[16][40];
    size_t count = segment_names(&w, names);
    assert_true(count >= 3);
    const char *last = names[count - 1];

    world_copy(&w, &c); /* the mark says more than there is */
    world_set_mark(&c, w.ends[10] + 1);
    refuses_with(&c, "journal-acknowledged-missing", last);
    world_done(&c);

    world_copy(&w, &c); /* the last segment is gone */
    world_remove(&c, last);
    refuses_with(&c, "journal-acknowledged-missing", NULL);
    world_done(&c);

    world_copy(&w, &c); /* one in the middle is gone */
    world_remove(&c, names[1]);
    refuses_with(&c, "journal-segment-missing", names[2]);
    world_done(&c);

    world_copy(&w, &c); /* all of them */
    for (size_t i = 0; i < count; i++)
        world_remove(&c, names[i]);
    refuses_with(&c, "journal-acknowledged-missing", "mark");
    world_done(&c);

    world_copy(&w, &c); /* cut short */
    char path[160];
    snprintf(path, sizeof path, "%s/%s", c.dir, last);
    assert_int_equal(truncate(path, 5000), 0);
    refuses_with(&c, "journal-acknowledged-missing", last);
    assert_int_equal(truncate(path, 100), 0);
    refuses_with(&c, "journal-segment-header", last);
    world_done(&c);

    world_copy(&w, &c); /* a header with another byte */
    world_patch(&c, last, 2000, "x", 1);
    refuses_with(&c, "journal-segment-header", last);
    world_done(&c);

    world_copy(&w, &c); /* a mark with other bytes, a mark that is no mark */
    world_patch(&c, "mark", 56, "otherone", 8);
    refuses_with(&c, "journal-mark", "mark");
    world_patch(&c, "mark", 0, "x", 1);
    refuses_with(&c, "journal-mark", "mark");
    world_remove(&c, "mark"); /* without one, what is whole counts */
    opens_with(&c, 11);
    world_done(&c);

    some_segments(&other); /* a segment of another journal in its place */
    world_copy(&w, &c);
    uint8_t *bytes = malloc(WORLD_SEGMENT);
    assert_non_null(bytes);
    world_peek(&other, last, 0, bytes, WORLD_SEGMENT);
    world_patch(&c, last, 0, bytes, WORLD_SEGMENT);
    refuses_with(&c, "journal-segment-missing", NULL);
    free(bytes);
    world_done(&c);
    world_done(&other);

    world_copy(&w, &c); /* damage in a sealed segment whose index vouches for it: opening trusts it,
                           verify does not */
    struct ktg_journal_report report;
    struct ktg_err err = KTG_ERR_INIT;
    world_patch(&c, world_segment(1, ".log"), 9000, "damage", 6);
    assert_int_equal(ktg_journal_verify(c.dir, &report, &err), KTG_ECORRUPT);
    assert_string_equal(err.fault->name, "journal-damaged-middle");
    world_remove(&c, world_segment(1, ".idx"));
    refuses_with(&c, "journal-frame", world_segment(1, ".log"));
    world_done(&c);
    world_done(&w);
}

static void test_recovery__bytes_of_an_older_life_never_look_valid(void **unused)
{
    (void)unused;
    struct world w;
    uint64_t at, at2;
    uint32_t size, size2;
    static uint8_t frame[WORLD_SEGMENT];
    four_batches(&w);
    world_find_frame(&w, 1, 1, &at, &size);
    world_find_frame(&w, 1, w.ends[2] + 1, &at2, &size2);
    world_peek(&w, world_segment(1, ".log"), at, frame, size);
    /* a copy of the first frame behind the last one, as recycled blocks would leave it: not a frame
     * there */
    world_patch(&w, world_segment(1, ".log"), at2 + size2 + 256, frame, size);
    opens_with(&w, 4);
    world_done(&w);
}

static void test_verify__names_the_first_fault_exactly(void **unused)
{
    (void)unused;
    struct world w, c;
    struct ktg_journal_report report;
    struct ktg_err err = KTG_ERR_INIT;
    uint64_t at;
    uint32_t size;
    static uint8_t frame[WORLD_SEGMENT];
    four_batches(&w);
    assert_int_equal(ktg_journal_verify(w.dir, &report, &err), KTG_OK);
    struct ktg_hash head = report.chain;

    /* somebody who knows the format changes a payload and mends the CRC */
    world_copy(&w, &c);
    world_find_frame(&w, 1, w.ends[1] + 1, &at, &size);
    world_peek(&w, world_segment(1, ".log"), at, frame, size);
    frame[size - 20] ^= 1;
    uint8_t bound[32];
    world_peek(&w, world_segment(1, ".log"), 16, bound, 16);
    ktg_put_le64(bound + 16, 1);
    ktg_put_le64(bound + 24, at);
    uint32_t crc = ktg_crc32c(0, bound, sizeof bound);
    crc = ktg_crc32c(crc, frame + 12, size - 12);
    ktg_put_le32(frame + 8, ktg_crc32c(crc, frame + 4, 4));
    world_patch(&c, world_segment(1, ".log"), at, frame, size);
    assert_int_equal(ktg_journal_verify(c.dir, &report, &err), KTG_ECORRUPT);
    assert_string_equal(err.fault->name, "journal-record-hash");
    assert_int_equal(report.frames, 2); /* what was sound before it */
    char want[64];
    snprintf(want, sizeof want, "position %llu", (unsigned long long)w.ends[2]);
    assert_string_equal(err.got, want);
    world_done(&c);

    world_copy(&w, &c); /* a cut write behind the end is no fault */
    world_patch(&c, world_segment(1, ".log"), 40000, "KTGFxyz", 7);
    assert_int_equal(ktg_journal_verify(c.dir, &report, &err), KTG_OK);
    assert_true(report.tail_bytes > 0);
    assert_memory_equal(&report.chain, &head, sizeof head);
    world_done(&c);
    world_done(&w);
}

/* The record at pos, as a reader sees it. */
static bool is_erased(const struct world *w, ktg_position pos)
{
    struct ktg_journal_reader *r = NULL;
    struct ktg_journal_item item;
    assert_int_equal(ktg_journal_reader_open(w->dir, NULL, &r, NULL), KTG_OK);
    assert_int_equal(ktg_journal_reader_at(r, pos, &item, NULL), KTG_OK);
    bool erased = item.erased, zero = true;
    for (size_t i = 0; i < item.payload.size; i++)
        zero = zero && item.payload.data[i] == 0;
    assert_int_equal(erased, zero);
    ktg_journal_reader_close(r);
    return erased;
}

static void test_erase__destroys_the_bytes_and_leaves_the_proof(void **unused)
{
    (void)unused;
    struct world w;
    struct ktg_journal_report before, after;
    struct ktg_err err = KTG_ERR_INIT;
    uint8_t id[16], content[16];
    static const uint8_t none[16];
    ktg_position pos;
    some_segments(&w);
    assert_int_equal(ktg_journal_verify(w.dir, &before, NULL), KTG_OK);
    const ktg_position victims[] = {2, 3, w.ends[10]}; /* sealed, sealed, the very last */
    for (size_t i = 0; i < COUNT(victims); i++) {
        for (int twice = 0; twice < 2; twice++)
            if (ktg_journal_erase(w.dir, victims[i], NULL, &err))
                fail_msg("%s", err.text);
        assert_true(is_erased(&w, victims[i]));
    }
    assert_int_equal(ktg_journal_erase(w.dir, 1, NULL, &err), KTG_EINVALID);
    assert_int_equal(ktg_journal_erase(w.dir, w.ends[10] + 1, NULL, &err), KTG_ENOTFOUND);
    assert_int_equal(ktg_journal_verify(w.dir, &after, &err), KTG_OK);
    assert_int_equal(after.erased, 3);
    assert_int_equal(after.records, before.records);
    assert_memory_equal(&after.chain, &before.chain, sizeof after.chain);
    assert_int_equal(world_size(&w, world_segment(1, ".idx")),
                     0); /* it knew a hash of the payload */
    assert_int_equal(world_open(&w, &err), KTG_OK);
    world_id(1, id);
    assert_int_equal(ktg_journal_find(w.j, id, &pos, content, NULL),
                     KTG_OK); /* still a duplicate */
    assert_int_equal(pos, 2);
    assert_memory_equal(content, none, 16);
    assert_int_equal(world_check(&w), 11);
    world_close(&w);
    /* a second fault behind an erased stub is still found */
    uint64_t at;
    uint32_t size;
    world_find_frame(&w, 1, w.ends[1] + 1, &at, &size);
    world_patch(&w, world_segment(1, ".log"), at + 200, "changed", 7);
    assert_int_equal(ktg_journal_verify(w.dir, &after, &err), KTG_ECORRUPT);
    world_done(&w);
}

static void test_erase__a_crash_at_any_call_leaves_it_done_or_not_begun(void **unused)
{
    (void)unused;
    struct world w, c;
    struct ktg_journal_report report;
    struct ktg_err err = KTG_ERR_INIT;
    int done = 0, not_begun = 0;
    some_segments(&w);
    for (int fault = KTG_DISK_CRASH; fault <= KTG_DISK_LOSE; fault++)
        for (int n = 0;; n++) {
            world_copy(&w, &c);
            struct ktg_disk disk = KTG_DISK_INIT(fault, n);
            int rc = ktg_journal_erase(c.dir, 5, &disk, &err);
            ktg_disk_done(&disk);
            if (rc == KTG_OK) {
                assert_true(is_erased(&c, 5));
                world_done(&c);
                break;
            }
            if (world_open(&c, &err))
                fail_msg("fault %d at call %d: %s", fault, n, err.text);
            assert_int_equal(world_check(&c), 11);
            world_close(&c);
            if (ktg_journal_verify(c.dir, &report, &err))
                fail_msg("fault %d at call %d: %s", fault, n, err.text);
            *(is_erased(&c, 5) ? &done : &not_begun) += 1;
            world_done(&c);
        }
    assert_true(done >= 6 && not_begun >= 6);
    world_done(&w);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_recovery__a_torn_tail_is_cut_at_every_byte_of_the_last_frame),
        cmocka_unit_test(
            test_recovery__a_flipped_bit_is_cut_refused_as_missing_or_refused_as_damage),
        cmocka_unit_test(test_recovery__what_is_missing_or_foreign_is_refused_by_name),
        cmocka_unit_test(test_recovery__bytes_of_an_older_life_never_look_valid),
        cmocka_unit_test(test_verify__names_the_first_fault_exactly),
        cmocka_unit_test(test_erase__destroys_the_bytes_and_leaves_the_proof),
        cmocka_unit_test(test_erase__a_crash_at_any_call_leaves_it_done_or_not_begun),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
