/* runtime/journal/recovery.c - opening a journal after whatever has happened.
 *
 * The steps are numbered as in docs/journal-format.md section 8.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "runtime/blake2b.h"
#include "runtime/journal/writer.h"
#include "runtime/mem.h"

enum { CHUNK = 1024 * 1024, DIRECT = 4096 };

/* Where a walk over frames stands. */
struct walk {
    const struct ktg_segment *s;
    uint64_t offset;
    ktg_position pos; /* the base that the next frame must have */
    struct ktg_hash chain;
    ktg_time recorded_at;
    uint64_t tag;
};

static struct walk walk_begin(const struct ktg_segment *s, ktg_time recorded_at, uint64_t tag)
{
    return (struct walk){s, KTG_SEGMENT_HEADER, s->head.base, s->head.prev, recorded_at, tag};
}

static int fault(struct ktg_err *err, enum ktg_journal_fault which, ktg_position base,
                 uint64_t offset, const char *got, const char *want)
{
    char where[64];
    return ktg_err_fault(err, ktg_journal_fault(which), ktg_segment_where(base, offset, where), got,
                         want);
}

/* KTG_OK: a frame, in its place in the chain; KTG_ENOTFOUND: no sound frame here; KTG_ECORRUPT:
 * sound, but not ours. */
static int walk_next(struct walk *w, struct ktg_frame *ret_f, struct ktg_err *err)
{
    struct ktg_frame f;
    if (!ktg_segment_frame(w->s, w->offset, &f))
        return KTG_ENOTFOUND;
    if (f.base != w->pos)
        return fault(err, KTG_JOURNAL_FAULT_CHAIN, w->s->head.base, w->offset, "another position",
                     NULL);
    if (memcmp(f.prev->b, w->chain.b, sizeof w->chain.b) != 0)
        return fault(err, KTG_JOURNAL_FAULT_CHAIN, w->s->head.base, w->offset,
                     "another previous hash", NULL);
    if (f.recorded_at < w->recorded_at)
        return fault(err, KTG_JOURNAL_FAULT_CHAIN, w->s->head.base, w->offset,
                     "a time before the last", NULL);
    w->offset += f.size;
    w->pos = f.base + f.count + 1;
    w->chain = *f.chain;
    w->recorded_at = f.recorded_at;
    w->tag = f.tag;
    *ret_f = f;
    return KTG_OK;
}

int ktg_recovery_add_ids(struct ktg_idtable *table, const struct ktg_frame *f)
{
    enum { AT_ONCE = 16 };
    static const uint8_t no_id[16];
    struct ktg_identry *entries[AT_ONCE];
    struct ktg_bytes payloads[AT_ONCE];
    struct ktg_hash hashes[AT_ONCE];
    uint32_t at = KTG_FRAME_HEADER, n = 0;
    if (ktg_idtable_reserve(table, f->count))
        return KTG_ENOMEM;
    for (uint32_t i = 0; i <= f->count; i++) {
        if (n == AT_ONCE || i == f->count) {
            ktg_blake2b_many(payloads, n, hashes);
            for (uint32_t k = 0; k < n; k++)
                memcpy(entries[k]->content, hashes[k].b, sizeof entries[k]->content);
            n = 0;
        }
        if (i == f->count)
            break;
        struct ktg_frame_record r = ktg_frame_record_at(f->bytes, at);
        at += r.size;
        struct ktg_identry *e =
            memcmp(r.id, no_id, 16) == 0 ? NULL : ktg_idtable_put(table, r.id, f->base + 1 + i);
        if (e && !(r.flags & KTG_RECORD_ERASED)) { /* an erased record's content hash stays zero */
            entries[n] = e;
            payloads[n++] = r.payload;
        }
    }
    return KTG_OK;
}

int ktg_recovery_walk(const struct ktg_segment *s, ktg_position stop, struct ktg_idtable *table,
                      struct ktg_index_head *ret_head, struct ktg_err *err)
{
    struct walk w = walk_begin(s, KTG_LONG_AGO, 0);
    while (w.pos < stop) {
        struct ktg_frame f;
        int rc = walk_next(&w, &f, err);
        if (rc == KTG_ENOTFOUND)
            rc = fault(err, KTG_JOURNAL_FAULT_FRAME, s->head.base, w.offset, NULL, NULL);
        if (rc == KTG_OK && ktg_recovery_add_ids(table, &f))
            rc = ktg_err_set(err, KTG_ENOMEM, "out of memory");
        if (rc)
            return rc;
    }
    *ret_head = (struct ktg_index_head){
        .base = s->head.base,
        .end = w.pos - 1,
        .end_offset = w.offset,
        .chain = w.chain,
        .recorded_at = w.recorded_at,
        .tag = w.tag,
    };
    memcpy(ret_head->journal, s->head.journal, sizeof ret_head->journal);
    return KTG_OK;
}

/* ---- 2: sealed segments
 * ----------------------------------------------------------------------------------------- */

static bool joins(const struct ktg_index_head *h, const struct ktg_segment_head *next)
{
    return h->end + 1 == next->base && memcmp(h->chain.b, next->prev.b, sizeof h->chain.b) == 0;
}

static int recover_sealed(struct ktg_journal *j, ktg_position base,
                          const struct ktg_segment_head *next, struct ktg_err *err)
{
    struct ktg_segment seg = {.fd = -1};
    struct ktg_sealed *s = ktg_zalloc(sizeof *s);
    int rc = s ? ktg_journal_room_for_sealed(j) : KTG_ENOMEM;
    if (rc) {
        ktg_err_set(err, rc, "out of memory");
        goto out;
    }
    if (ktg_index_open(j->dir, j->id, base, &s->index) == KTG_OK) {
        if (joins(&s->index.head, next)) {
            s->head = s->index.head;
            s->written = true;
            goto done;
        }
        ktg_index_close(&s->index);
    }
    rc = ktg_segment_open(j->dir, base, &seg, err);
    if (rc == KTG_OK)
        rc = ktg_recovery_walk(&seg, next->base, &s->table, &s->head, err);
    if (rc == KTG_OK && !joins(&s->head, next))
        rc = fault(err, KTG_JOURNAL_FAULT_SEGMENT_MISSING, next->base, 0, NULL, NULL);
    if (rc)
        goto out;
    ktg_sealed_index(j, s);
done:
    j->sealed[j->sealed_count++] = s;
    s = NULL;
    rc = KTG_OK;
out:
    ktg_segment_close(&seg);
    ktg_sealed_free(s);
    return rc;
}

/* Reads all headers, and checks that the segments join.  *ret_last: the last one, open. */
static int recover_segments(struct ktg_journal *j, const ktg_position *bases, size_t count,
                            struct ktg_segment *ret_last, struct ktg_err *err)
{
    struct ktg_segment last = {.fd = -1};
    int rc = ktg_segment_open(j->dir, bases[count - 1], &last, err);
    if (rc)
        return rc;
    memcpy(j->id, last.head.journal, sizeof j->id);
    j->flags = last.head.flags;
    if ((j->flags & KTG_SEGMENT_SALTED) != (j->o.salted ? KTG_SEGMENT_SALTED : 0u))
        rc = ktg_err_fault(err, ktg_journal_fault(KTG_JOURNAL_FAULT_OTHER_SETTINGS), NULL,
                           j->o.salted ? "salted" : "not salted", NULL);
    for (size_t i = 0; i < count && rc == KTG_OK; i++) {
        struct ktg_segment s = {.fd = -1}, next = {.fd = -1};
        rc = ktg_segment_open(j->dir, bases[i], &s, err);
        if (rc == KTG_OK && i == 0 && s.head.base == 1) {
            struct ktg_hash genesis = ktg_segment_genesis(s.head.journal, s.head.flags);
            if (memcmp(genesis.b, s.head.prev.b, sizeof genesis.b) != 0)
                rc = fault(err, KTG_JOURNAL_FAULT_SEGMENT_HEADER, bases[i], 0, NULL, NULL);
        }
        if (rc == KTG_OK && i + 1 < count)
            rc = ktg_segment_open(j->dir, bases[i + 1], &next, err);
        if (rc == KTG_OK && i + 1 < count &&
            (memcmp(s.head.journal, next.head.journal, 16) != 0 ||
             s.head.flags != next.head.flags || s.head.generation + 1 != next.head.generation))
            rc = fault(err, KTG_JOURNAL_FAULT_SEGMENT_MISSING, bases[i + 1], 0,
                       "another journal or generation", NULL);
        if (rc == KTG_OK && i + 1 < count)
            rc = recover_sealed(j, bases[i], &next.head, err);
        ktg_segment_close(&next);
        ktg_segment_close(&s);
    }
    if (rc) {
        ktg_segment_close(&last);
        return rc;
    }
    *ret_last = last;
    return KTG_OK;
}

/* ---- 3, 4, 6: the last segment
 * ---------------------------------------------------------------------------------- */

/* What recovering the last segment found. */
struct found {
    struct walk end;
    uint64_t mark_offset; /* after the frame that ends at the mark; the first frame if the mark lies
                             before */
};

static int walk_last(struct ktg_journal *j, const struct ktg_segment *s, ktg_position mark,
                     struct found *ret_found, struct ktg_err *err)
{
    struct ktg_index_head *before = j->sealed_count ? &j->sealed[j->sealed_count - 1]->head : NULL;
    struct walk w =
        walk_begin(s, before ? before->recorded_at : KTG_LONG_AGO, before ? before->tag : 0);
    uint64_t mark_offset = KTG_SEGMENT_HEADER;
    int rc;
    for (;;) {
        struct ktg_frame f;
        ktg_position bad = 0;
        rc = walk_next(&w, &f, err);
        if (rc)
            break;
        if (w.pos - 1 > mark && f.base <= mark)
            return fault(err, KTG_JOURNAL_FAULT_MARK, s->head.base, w.offset - f.size,
                         "a mark inside a frame", NULL);
        if (w.pos - 1 > mark)
            rc = ktg_frame_prove(&f, &j->hashing, &bad);
        else
            mark_offset = w.offset;
        if (rc == KTG_OK)
            rc = ktg_recovery_add_ids(&j->table, &f);
        if (rc)
            return ktg_err_set(err, rc, "out of memory");
        if (bad)
            return fault(err,
                         bad == f.base ? KTG_JOURNAL_FAULT_CHAIN : KTG_JOURNAL_FAULT_RECORD_HASH,
                         s->head.base, w.offset - f.size, NULL, NULL);
    }
    if (rc != KTG_ENOTFOUND)
        return rc;
    if (ktg_segment_used(s, w.offset) < s->seen) { /* 4: something is there that is no frame */
        uint64_t later = ktg_segment_search(s, w.offset);
        char got[64];
        if (later) {
            snprintf(got, sizeof got, "a sound frame at %" PRIu64, later);
            return fault(err, KTG_JOURNAL_FAULT_TORN_MIDDLE, s->head.base, w.offset, got, NULL);
        }
    }
    if (mark > w.pos - 1) { /* 6 */
        char got[64], want[64];
        snprintf(got, sizeof got, "records up to %" PRIu64, w.pos - 1);
        snprintf(want, sizeof want, "%" PRIu64 ", as acknowledged", mark);
        return fault(err, KTG_JOURNAL_FAULT_MARK_BEYOND, s->head.base, w.offset, got, want);
    }
    *ret_found = (struct found){w, mark_offset};
    return KTG_OK;
}

/* ---- 5, 7: make the disk agree
 * ---------------------------------------------------------------------------------- */

static int disk_failed(struct ktg_err *err, const char *what)
{
    return ktg_err_fault(err, ktg_journal_fault(KTG_JOURNAL_FAULT_DISK), what, strerror(errno),
                         NULL);
}

static int zero_tail(struct ktg_disk *disk, int fd, const struct ktg_segment *s, uint64_t from,
                     struct ktg_err *err)
{
    static const uint8_t zeros[64 * 1024];
    bool wrote = false;
    for (uint64_t at = ktg_segment_used(s, from); at < s->seen; at = ktg_segment_used(s, at)) {
        uint64_t n = s->seen - at < sizeof zeros ? s->seen - at : sizeof zeros;
        if (ktg_disk_pwrite(disk, fd, zeros, n, (off_t)at))
            return disk_failed(err, "cannot cut the torn end");
        wrote = true;
        at += n;
    }
    if (wrote && ktg_disk_fdatasync(disk, fd))
        return disk_failed(err, "cannot cut the torn end");
    return KTG_OK;
}

/* Is from..to on the disk itself as it is in memory?  Where the filesystem cannot read past the
 * cache, the pages are dropped and read again. */
static int read_back(int dir, const struct ktg_segment *s, uint64_t from, uint64_t to,
                     struct ktg_err *err)
{
    char name[KTG_SEGMENT_NAME];
    ktg_segment_name(s->head.base, ".log", name);
    uint8_t *memory = ktg_alloc(CHUNK + DIRECT);
    if (!memory)
        return ktg_err_set(err, KTG_ENOMEM, "out of memory");
    uint8_t *bytes = (uint8_t *)(((uintptr_t)memory + DIRECT - 1) & ~(uintptr_t)(DIRECT - 1));
    int fd = openat(dir, name, O_RDONLY | O_DIRECT | O_CLOEXEC), rc = KTG_OK;
    if (fd < 0)
        fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        rc = disk_failed(err, name);
        goto out;
    }
    posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
    for (uint64_t at = from & ~(uint64_t)(DIRECT - 1); at < to && rc == KTG_OK; at += CHUNK) {
        ssize_t n = pread(fd, bytes, CHUNK, (off_t)at);
        uint64_t low = at < from ? from - at : 0, high = to - at < CHUNK ? to - at : CHUNK;
        if (n < 0)
            rc = disk_failed(err, name);
        else if ((uint64_t)n < high || memcmp(bytes + low, s->map + at + low, high - low) != 0)
            rc = ktg_err_fault(err, ktg_journal_fault(KTG_JOURNAL_FAULT_DISK), name,
                               "other bytes than were written", NULL);
    }
out:
    if (fd >= 0)
        close(fd);
    ktg_free(memory);
    return rc;
}

static int write_again(struct ktg_journal *j, int fd, const struct ktg_segment *s, uint64_t from,
                       uint64_t to, struct ktg_err *err)
{
    if (from >= to)
        return KTG_OK;
    uint8_t *copy = ktg_alloc(CHUNK); /* not from the mapping itself: the pages are being written */
    int rc = KTG_OK;
    if (!copy)
        return ktg_err_set(err, KTG_ENOMEM, "out of memory");
    for (uint64_t at = from; at < to && rc == KTG_OK; at += CHUNK) {
        uint64_t n = to - at < CHUNK ? to - at : CHUNK;
        memcpy(copy, s->map + at, n);
        if (ktg_disk_pwrite(j->o.disk, fd, copy, n, (off_t)at))
            rc = disk_failed(err, "cannot write the recovered end");
    }
    ktg_free(copy);
    if (rc == KTG_OK && ktg_disk_fdatasync(j->o.disk, fd))
        rc = disk_failed(err, "cannot sync the recovered end");
    return rc ? rc : read_back(j->dir, s, from, to, err);
}

/* ---- 8: the owner's state
 * --------------------------------------------------------------------------------------- */

static int recall(struct ktg_journal *j, const char *dir, struct ktg_err *err)
{
    struct ktg_journal_reader *r = NULL;
    struct ktg_buf bytes = KTG_BUF_INIT;
    ktg_position from = 0;
    int rc = KTG_OK;
    if (!j->o.on_recover && !j->o.on_snapshot)
        return KTG_OK;
    rc = ktg_journal_reader_open(dir, NULL, &r, err);
    if (rc == KTG_OK && j->o.on_snapshot) {
        rc = ktg_journal_reader_snapshot(r, &bytes, &from);
        rc = rc == KTG_ENOTFOUND ? KTG_OK
             : rc                ? ktg_err_set(err, rc, "out of memory")
                                 : j->o.on_snapshot(j->o.arg, from, ktg_buf_view(&bytes));
    }
    if (rc == KTG_OK && j->o.on_recover && from < j->end.mark) {
        struct ktg_journal_item item;
        rc = ktg_journal_reader_seek(r, from ? from + 1 : 0, err);
        while (rc == KTG_OK) {
            rc = ktg_journal_reader_next(r, &item, err);
            if (rc == KTG_EAGAIN) { /* the end; the owner's own codes go out as they are */
                rc = KTG_OK;
                break;
            }
            if (rc == KTG_OK)
                rc = j->o.on_recover(j->o.arg, &item);
        }
    }
    ktg_buf_done(&bytes);
    ktg_journal_reader_close(r);
    return rc;
}

/* ---- 1 and the whole
 * -------------------------------------------------------------------------------------------- */

static int remove_leftovers(struct ktg_journal *j, struct ktg_err *err)
{
    static const char *const names[] = {"next", "mark.tmp", "idx.tmp", "erase.tmp"};
    for (size_t i = 0; i < KTG_COUNT(names); i++)
        if (ktg_disk_unlink(j->o.disk, j->dir, names[i]) && errno != ENOENT)
            return disk_failed(err, names[i]);
    return KTG_OK;
}

static int create(struct ktg_journal *j, const char *path, struct ktg_err *err)
{
    struct ktg_mark m = {.fd = -1};
    struct ktg_running *r = NULL;
    uint8_t unknown[16] = {0};
    int rc = ktg_mark_load(j->dir, unknown, &m, NULL);
    if (rc == KTG_ECORRUPT || m.at) { /* a mark without segments: they have been taken away */
        ktg_mark_close(&m);
        return ktg_err_fault(err, ktg_journal_fault(KTG_JOURNAL_FAULT_MARK_BEYOND), "mark",
                             "no segment at all", NULL);
    }
    if (rc)
        return ktg_err_set(err, rc, "mark: %s", strerror(errno));
    ktg_random(j->id, sizeof j->id);
    j->flags = j->o.salted ? KTG_SEGMENT_SALTED : 0;
    j->end = (struct ktg_journal_end){.recorded_at = KTG_LONG_AGO,
                                      .chain = ktg_segment_genesis(j->id, j->flags)};
    rc = ktg_spare_make(j, &r);
    if (rc == KTG_EFULL)
        return ktg_err_fault(err, ktg_journal_fault(KTG_JOURNAL_FAULT_NO_SPACE), path, NULL, NULL);
    if (rc)
        return ktg_err_set(err, rc, "cannot make the first segment");
    j->live = r;
    rc = ktg_spare_use(j, r, 1, &j->end.chain);
    if (rc)
        return ktg_err_set(err, rc, "cannot make the first segment");
    j->segment_base = 1;
    j->segment_size = r->size;
    j->offset = KTG_SEGMENT_HEADER;
    return KTG_OK;
}

static int take_up(struct ktg_journal *j, const ktg_position *bases, size_t count,
                   struct ktg_err *err)
{
    struct ktg_segment last = {.fd = -1};
    struct found found = {.mark_offset = 0};
    char name[KTG_SEGMENT_NAME];
    int rc = recover_segments(j, bases, count, &last, err);
    if (rc)
        return rc;
    posix_fadvise(last.fd, 0, 0,
                  POSIX_FADV_DONTNEED); /* 3: what is only in memory is not to be trusted */
    rc = ktg_mark_load(j->dir, j->id, &j->mark, err);
    if (rc)
        goto out;
    rc = walk_last(j, &last, j->mark.at ? j->mark.at->mark : 0, &found, err);
    if (rc)
        goto out;
    ktg_segment_name(last.head.base, ".log", name);
    int fd = ktg_disk_open(j->o.disk, j->dir, name, O_RDWR, 0);
    if (fd < 0) {
        rc = disk_failed(err, name);
        goto out;
    }
    j->live = ktg_running_new(fd, last.head.size, last.seen);
    if (!j->live) {
        rc = ktg_err_set(err, KTG_ENOMEM, "out of memory");
        goto out;
    }
    if (ktg_disk_reserve(j->o.disk, fd, (off_t)last.head.size) && errno != EOPNOTSUPP &&
        errno != ENOSYS) {
        rc = errno == ENOSPC || errno == EDQUOT
                 ? ktg_err_fault(err, ktg_journal_fault(KTG_JOURNAL_FAULT_NO_SPACE), name, NULL,
                                 NULL)
                 : disk_failed(err, name);
        goto out;
    }
    rc = zero_tail(j->o.disk, fd, &last, found.end.offset, err);
    if (rc == KTG_OK)
        rc = write_again(j, fd, &last, found.mark_offset, found.end.offset, err);
    if (rc)
        goto out;
    j->generation = last.head.generation;
    j->live_base = j->segment_base = last.head.base;
    j->segment_size = last.head.size;
    j->at = j->offset = found.end.offset;
    j->end = (struct ktg_journal_end){.mark = found.end.pos - 1,
                                      .recorded_at = found.end.recorded_at,
                                      .tag = found.end.tag,
                                      .chain = found.end.chain};
out:
    ktg_segment_close(&last);
    return rc;
}

int ktg_recovery_run(struct ktg_journal *j, const char *dir, struct ktg_err *err)
{
    ktg_position *bases = NULL;
    size_t count = 0;
    int rc = remove_leftovers(j, err);
    if (rc == KTG_OK)
        rc = ktg_erase_finish(j->dir, j->o.disk, err);
    if (rc == KTG_OK)
        rc = ktg_segment_list(j->dir, &bases, &count, err);
    if (rc == KTG_OK)
        rc = count ? take_up(j, bases, count, err) : create(j, dir, err);
    ktg_free(bases);
    if (rc)
        return rc;
    memcpy(j->end.id, j->id, sizeof j->id);
    if (!j->mark.at)
        rc = ktg_mark_make(j->dir, j->o.disk, j->id, j->end.mark, &j->mark, err);
    if (rc)
        return rc;
    ktg_mark_begin(&j->mark, j->end.mark, j->end.tag);
    if (ktg_disk_fdatasync(j->o.disk, j->mark.fd) || ktg_disk_fsync(j->o.disk, j->dir))
        return disk_failed(err, "cannot sync the mark");
    return recall(j, dir, err);
}
