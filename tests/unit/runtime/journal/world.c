/* tests/unit/runtime/journal/world.c - see world.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/unit/runtime/journal/world.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void on_durable(void *arg, ktg_position mark)
{
    struct world *w = arg;
    w->durable = mark;
}

static void on_fatal(void *arg, const char *text)
{
    struct world *w = arg;
    assert_non_null(strstr(text, "journal: "));
    w->deaths++;
}

static void make_dir(struct world *w)
{
    const char *base = getenv("TMPDIR");
    if (!base)
        base = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    snprintf(w->dir, sizeof w->dir, "%s/ktg-journal-XXXXXX", base);
    assert_non_null(mkdtemp(w->dir));
}

void world_make(struct world *w, bool threads)
{
    memset(w, 0, sizeof *w);
    make_dir(w);
    w->disk.after = -1;
    w->options = (struct ktg_journal_options){
        .segment_size = WORLD_SEGMENT,
        .batch_records = 128,
        .salted = true,
        .strict_clock = true,
        .no_threads = !threads,
        .arg = w,
        .on_durable = on_durable,
        .on_fatal = on_fatal,
        .disk = &w->disk,
    };
}

static void remove_dir(const char *dir)
{
    DIR *d = opendir(dir);
    if (!d)
        return;
    for (struct dirent *e; (e = readdir(d));)
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
            unlinkat(dirfd(d), e->d_name, 0);
    closedir(d);
    rmdir(dir);
}

void world_close(struct world *w)
{
    w->j = ktg_journal_close(w->j);
}

void world_done(struct world *w)
{
    world_close(w);
    ktg_disk_done(&w->disk);
    remove_dir(w->dir);
}

int world_open(struct world *w, struct ktg_err *err)
{
    w->options.arg = w;
    w->options.disk = &w->disk;
    return ktg_journal_open(w->dir, &w->options, &w->j, err);
}

static void copy_file(int from, int to, const char *name)
{
    int in = openat(from, name, O_RDONLY),
        out = openat(to, name, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    static uint8_t bytes[WORLD_SEGMENT];
    assert_true(in >= 0 && out >= 0);
    for (ssize_t n; (n = read(in, bytes, sizeof bytes)) > 0;)
        assert_int_equal(write(out, bytes, (size_t)n), n);
    close(in);
    close(out);
}

void world_copy(const struct world *from, struct world *to)
{
    *to = *from;
    to->j = NULL;
    to->disk = (struct ktg_disk){.after = -1};
    make_dir(to);
    DIR *d = opendir(from->dir);
    int out = open(to->dir, O_RDONLY | O_DIRECTORY);
    assert_true(d && out >= 0);
    for (struct dirent *e; (e = readdir(d));)
        if (e->d_name[0] != '.')
            copy_file(dirfd(d), out, e->d_name);
    closedir(d);
    close(out);
}

static uint64_t scramble(uint64_t n)
{
    return ktg_hash64(&n, sizeof n, 42);
}

void world_id(uint64_t n, uint8_t to[static 16])
{
    ktg_put_be64(to, n | (uint64_t)1 << 62); /* in rising order, as ids that carry a time */
    ktg_put_le64(to + 8, scramble(n));
}

static struct ktg_bytes fill(uint64_t n, uint8_t *to, size_t size)
{
    for (size_t i = 0; i < size; i++)
        to[i] = (uint8_t)(scramble(n + i / 8 * 7919) >> (i % 8 * 8));
    return ktg_bytes(to, size);
}

struct ktg_bytes world_meta(uint64_t n, uint8_t to[static 64])
{
    return fill(n, to, n % 41);
}

struct ktg_bytes world_payload(uint64_t n, uint8_t to[static 1024])
{
    return fill(n + 1, to, scramble(n) % 700);
}

int world_batch(struct world *w, unsigned records)
{
    uint8_t id[16], meta[64], payload[1024];
    ktg_position pos, end;
    int rc = KTG_OK;
    for (unsigned i = 0; i < records; i++) {
        uint64_t n = w->appended + 1;
        world_id(n, id);
        do /* the next segment is being prepared by another thread */
            rc = ktg_journal_append(w->j, (uint8_t)(1 + n % 5), world_meta(n, meta),
                                    world_payload(n, payload), id, &pos);
        while (rc == KTG_EAGAIN);
        if (rc)
            return rc;
        w->appended = n;
    }
    rc = ktg_journal_seal_and_wait(w->j, 1000, 7000 + w->batches, &end);
    if (rc == KTG_OK || w->deaths) { /* dead: it may or may not be there when it is opened again */
        w->ends[w->batches] = end;
        w->upto[w->batches++] = w->appended;
    }
    return rc;
}

size_t world_check(const struct world *w)
{
    struct ktg_journal_reader *r = NULL;
    struct ktg_journal_item item;
    struct ktg_err err = KTG_ERR_INIT;
    uint8_t id[16], meta[64], payload[1024];
    uint64_t n = 0;
    size_t batch = 0;
    ktg_position pos = 0;
    int rc = ktg_journal_reader_open(w->dir, NULL, &r, &err);
    assert_int_equal(rc, KTG_OK);
    while ((rc = ktg_journal_reader_next(r, &item, &err)) == KTG_OK) {
        assert_int_equal(item.pos, ++pos);
        if (item.kind == 0) {
            assert_int_equal(item.pos, item.base);
            assert_int_equal(item.tag, 7000 + batch);
            assert_true(item.recorded_at >= 1000 && item.payload.size == 0);
        } else {
            world_id(++n, id);
            assert_memory_equal(item.id, id, 16);
            assert_int_equal(item.kind, 1 + n % 5);
            assert_true(ktg_bytes_eq(item.meta, world_meta(n, meta)));
            assert_true(item.erased || ktg_bytes_eq(item.payload, world_payload(n, payload)));
        }
        if (item.left == 0) {
            assert_true(batch < w->batches);
            assert_int_equal(item.pos, w->ends[batch]);
            assert_int_equal(n, w->upto[batch]);
            batch++;
        }
    }
    if (rc != KTG_EAGAIN)
        fail_msg("%s", err.text);
    assert_int_equal(pos, ktg_journal_reader_mark(r));
    assert_true(batch == 0 || pos == w->ends[batch - 1]);
    ktg_journal_reader_close(r);
    return batch;
}

void world_check_ids(struct world *w, uint64_t upto)
{
    uint8_t id[16], payload[1024], content[16], want[16];
    ktg_position pos;
    for (uint64_t n = 1; n <= upto; n++) {
        world_id(n, id);
        assert_int_equal(ktg_journal_find(w->j, id, &pos, content, NULL), KTG_OK);
        ktg_journal_content_hash(world_payload(n, payload), want);
        assert_memory_equal(content, want, 16);
    }
    world_id(upto + 1, id);
    assert_int_equal(ktg_journal_find(w->j, id, &pos, content, NULL), KTG_ENOTFOUND);
}

static int open_file(const struct world *w, const char *name, int flags)
{
    char path[160];
    snprintf(path, sizeof path, "%s/%s", w->dir, name);
    return open(path, flags);
}

void world_patch(const struct world *w, const char *name, uint64_t at, const void *bytes,
                 size_t size)
{
    int fd = open_file(w, name, O_WRONLY);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, bytes, size, (off_t)at), size);
    close(fd);
}

void world_peek(const struct world *w, const char *name, uint64_t at, void *bytes, size_t size)
{
    int fd = open_file(w, name, O_RDONLY);
    assert_true(fd >= 0);
    assert_int_equal(pread(fd, bytes, size, (off_t)at), size);
    close(fd);
}

uint64_t world_size(const struct world *w, const char *name)
{
    struct stat st;
    int fd = open_file(w, name, O_RDONLY);
    if (fd < 0)
        return 0;
    assert_int_equal(fstat(fd, &st), 0);
    close(fd);
    return (uint64_t)st.st_size;
}

void world_remove(const struct world *w, const char *name)
{
    char path[160];
    snprintf(path, sizeof path, "%s/%s", w->dir, name);
    assert_int_equal(unlink(path), 0);
}

void world_set_mark(const struct world *w, ktg_position mark)
{
    uint8_t b[8];
    ktg_put_le64(b, mark);
    world_patch(w, "mark", 8, b, sizeof b);
}

const char *world_segment(ktg_position base, const char *suffix)
{
    static char name[40];
    snprintf(name, sizeof name, "%020" PRIu64 "%s", base, suffix);
    return name;
}

void world_find_frame(const struct world *w, ktg_position segment, ktg_position base,
                      uint64_t *ret_at, uint32_t *ret_size)
{
    uint8_t head[24];
    for (uint64_t at = 4096;; at += ktg_get_le32(head + 4)) {
        world_peek(w, world_segment(segment, ".log"), at, head, sizeof head);
        assert_memory_equal(head, "KTGF", 4);
        if (ktg_get_le64(head + 16) == base) {
            *ret_at = at;
            *ret_size = ktg_get_le32(head + 4);
            return;
        }
    }
}
