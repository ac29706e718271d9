/* tests/fuzz/journal/fuzz_journal.c - arbitrary bytes where a journal should be: recovery, reader,
 * verify and erasure may refuse, they may not crash; and what recovery accepted without a mark,
 * verify proves.
 *
 * The first byte chooses where the bytes go:
 *   0 the whole segment file   1 after a sound header   2 the same, CRCs and hashes mended so that
 * the deep paths are reached   3 an index   4 the note of an erasure   5 the mark   6 as 2, in
 * front of a mark (second byte)
 * SPDX-License-Identifier: Apache-2.0
 */
#include <assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "runtime/journal/index.h"
#include "runtime/journal/segment.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const names[] = {"00000000000000000001.log",
                                    "00000000000000000001.idx",
                                    "mark",
                                    "erase",
                                    "next",
                                    "mark.tmp",
                                    "idx.tmp",
                                    "erase.tmp"};
static const uint8_t journal_id[16];

static void put_file(const char *dir, const char *name, const void *a, size_t an, const void *b,
                     size_t bn)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert(fd >= 0);
    ssize_t n = an ? write(fd, a, an) : 0;
    n += bn ? write(fd, b, bn) : 0;
    assert(n == (ssize_t)(an + bn));
    close(fd);
}

/* Gives each frame in the bytes that has a frame's shape its place, its CRC and its hashes. */
static void mend(uint8_t *p, size_t size, struct ktg_hash chain)
{
    struct ktg_frame_work hashing = {.at = NULL};
    ktg_position next = 1;
    for (size_t at = 0; size - at >= KTG_FRAME_HEADER;) {
        struct ktg_frame_place place = {.segment_base = 1, .offset = KTG_SEGMENT_HEADER + at};
        uint8_t *f = p + at;
        uint32_t n = ktg_get_le32(f + 4);
        struct ktg_frame frame;
        if (n < KTG_FRAME_HEADER || n > size - at)
            break;
        ktg_put_le32(f + 8, ktg_frame_crc(&place, f, n));
        if (!ktg_frame_check(&place, f, n, &frame))
            break;
        if (ktg_frame_walk(&frame, &hashing) ||
            ktg_frame_finish(f, n, hashing.at, frame.count, next, frame.recorded_at, frame.tag,
                             &chain, false, &place, &hashing))
            break;
        chain = *(const struct ktg_hash *)(f + 80);
        next += frame.count + 1;
        at += n;
    }
    ktg_frame_work_done(&hashing);
}

static void read_all(const char *dir, bool ignore_mark)
{
    struct ktg_journal_reader_options o = {.test_ignore_mark = ignore_mark};
    struct ktg_journal_reader *r = NULL;
    struct ktg_journal_item item, again;
    if (ktg_journal_reader_open(dir, &o, &r, NULL))
        return;
    uint64_t sum = 0; /* every byte that is handed out can be read */
    ktg_position last = 0;
    while (ktg_journal_reader_next(r, &item, NULL) == KTG_OK) {
        for (size_t i = 0; i < item.payload.size; i++)
            sum += item.payload.data[i];
        last = item.pos;
    }
    for (ktg_position pos = last; pos > 0 && pos + 40 > last; pos--)
        if (ktg_journal_reader_at(r, pos, &again, NULL) == KTG_OK)
            assert(again.pos == pos);
    assert(sum < UINT64_MAX);
    ktg_journal_reader_close(r);
}

static void look_in_index(const char *dir)
{
    struct ktg_index x;
    struct ktg_identry e;
    struct ktg_bytes snapshot;
    int fd = open(dir, O_RDONLY | O_DIRECTORY);
    if (ktg_index_open(fd, journal_id, 1, &x) == KTG_OK) {
        int rc = ktg_index_find(&x, x.map + 168, &e);
        assert(rc == KTG_OK || rc == KTG_ENOTFOUND || rc == KTG_ECORRUPT);
        rc = ktg_index_snapshot(&x, &snapshot);
        assert(rc == KTG_OK || rc == KTG_ENOTFOUND);
        ktg_index_close(&x);
    }
    close(fd);
}

static int on_recover(void *arg, const struct ktg_journal_item *item)
{
    ktg_position *next = arg;
    assert(item->pos == ++*next);
    return KTG_OK;
}

static void no_death(void *arg, const char *text)
{
    (void)arg;
    (void)text;
}

static void live(const char *dir, bool has_mark)
{
    ktg_position next = 0;
    struct ktg_journal_options o = {.segment_size = KTG_SEGMENT_MIN,
                                    .batch_bytes = 4096,
                                    .no_threads = true,
                                    .arg = &next,
                                    .on_recover = on_recover,
                                    .on_fatal = no_death};
    struct ktg_journal *j = NULL;
    struct ktg_journal_report report;
    struct ktg_err err = KTG_ERR_INIT;
    ktg_position pos;
    int rc = ktg_journal_open(dir, &o, &j, &err);
    if (rc)
        return;
    struct ktg_journal_end end;
    ktg_journal_end(j, &end);
    assert(next == end.mark);
    if (ktg_journal_append(j, 1, KTG_LIT("meta"), KTG_LIT("payload"),
                           (const uint8_t *)"0123456789abcdef", &pos) == KTG_OK)
        rc = ktg_journal_seal(j, 0, 0, NULL);
    ktg_journal_close(j);
    rc = ktg_journal_verify(dir, &report, &err);
    assert(has_mark ||
           rc == KTG_OK); /* opening believes what a mark vouches for; verify does not */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char dir[64];
    static const struct ktg_segment_head plain = {
        .base = 1, .size = KTG_SEGMENT_MIN, .generation = 1};
    struct ktg_segment_head head = plain;
    uint8_t first[KTG_SEGMENT_HEADER];
    if (!dir[0]) {
        snprintf(dir, sizeof dir, "%s/ktg-fuzz-XXXXXX",
                 access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
        char *made = mkdtemp(dir);
        assert(made);
        (void)made;
    }
    if (size < 2 || size > KTG_SEGMENT_MIN)
        return 0;
    unsigned where = data[0] % 7, mark = data[1];
    data += 2;
    size -= 2;
    head.prev = ktg_segment_genesis(journal_id, 0);
    ktg_segment_head_encode(&head, first);
    uint8_t *bytes = malloc(size + 1);
    assert(bytes);
    memcpy(bytes, data, size);
    if (where == 2 || where == 6)
        mend(bytes, size, head.prev);
    if (where == 0)
        put_file(dir, names[0], bytes, size, NULL, 0);
    else if (where == 1 || where == 2 || where == 6)
        put_file(dir, names[0], first, sizeof first, bytes, size);
    else
        put_file(dir, names[0], first, sizeof first, NULL, 0);
    if (where == 3)
        put_file(dir, names[1], bytes, size, NULL, 0);
    if (where == 4)
        put_file(dir, names[3], bytes, size, NULL, 0);
    if (where == 5)
        put_file(dir, names[2], bytes, size, NULL, 0);
    if (where == 6) {
        uint8_t m[64] = "KTGMARK1";
        m[8] = (uint8_t)mark;
        put_file(dir, names[2], m, sizeof m, NULL, 0);
    }
    free(bytes);
    struct ktg_journal_report report;
    int rc = ktg_journal_verify(dir, &report, NULL);
    (void)rc;
    read_all(dir, true);
    read_all(dir, false);
    look_in_index(dir);
    live(dir, where >= 4);
    rc = ktg_journal_erase(dir, mark, NULL, NULL);
    rc = ktg_journal_verify(dir, &report, NULL);
    read_all(dir, true);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char path[128];
        snprintf(path, sizeof path, "%s/%s", dir, names[i]);
        unlink(path);
    }
    rmdir(dir); /* made again for the next input: nothing is left behind at the end */
    dir[0] = 0;
    return 0;
}
