/* runtime/journal/writer.c - appending, sealing, committing; the picture is in writer.h, the order
 * of writes and why in docs/journal-format.md section 7.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "runtime/journal/writer.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

#include "runtime/mem.h"
#include "runtime/path.h"

#ifdef KTG_MUTANT_SKIP_SYNC
#define MUTANT_SKIP_SYNC true
#else
#define MUTANT_SKIP_SYNC false
#endif
#ifdef KTG_MUTANT_ACK_EARLY
#define MUTANT_ACK_EARLY true
#else
#define MUTANT_ACK_EARLY false
#endif

void ktg_journal_fatal(struct ktg_journal *j, const char *what)
{
    char text[256];
    snprintf(text, sizeof text, "journal: %s: %s; stopping, what was acknowledged is on disk\n",
             what, strerror(errno));
    atomic_store(&j->dead, true);
    if (j->o.on_fatal) {
        j->o.on_fatal(j->o.arg, text);
        return;
    }
    ssize_t n = write(STDERR_FILENO, text, strlen(text));
    (void)n;
    _exit(74);
}

int ktg_journal_lock(const char *dir, int *ret_fd, struct ktg_err *err)
{
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return ktg_path_fail(err, dir, errno, "the folder of a journal");
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        int rc =
            errno == EWOULDBLOCK
                ? ktg_err_fault(err, ktg_journal_fault(KTG_JOURNAL_FAULT_LOCKED), dir, NULL, NULL)
                : ktg_err_set(err, KTG_EIO, "%s: %s", dir, strerror(errno));
        close(fd);
        return rc;
    }
    *ret_fd = fd;
    return KTG_OK;
}

void ktg_journal_content_hash(struct ktg_bytes payload, uint8_t to[static 16])
{
    struct ktg_hash h = ktg_blake2b(&payload, 1);
    memcpy(to, h.b, 16);
}

static void batch_reset(struct ktg_batch *b, ktg_position base)
{
    b->size = KTG_FRAME_HEADER;
    b->count = 0;
    b->base = base;
    b->sealing = NULL;
    b->fresh = NULL;
}

uint32_t ktg_journal_pending(const struct ktg_journal *j)
{
    return j->open->count;
}

int ktg_journal_append(struct ktg_journal *j, uint8_t kind, struct ktg_bytes meta,
                       struct ktg_bytes payload, const uint8_t *id, ktg_position *ret_pos)
{
    static const uint8_t no_id[16];
    struct ktg_batch *b = j->open;
    if (j->dead)
        return KTG_EIO;
    if (kind == 0 || meta.size > KTG_JOURNAL_META_MAX || (id && memcmp(id, no_id, 16) == 0) ||
        payload.size > j->o.batch_bytes)
        return KTG_EINVALID;
    uint64_t size = ktg_frame_record_size(meta.size, payload.size);
    if (KTG_FRAME_HEADER + size > j->o.batch_bytes)
        return KTG_EINVALID;
    if (b->count == j->o.batch_records || b->size + size > j->o.batch_bytes)
        return KTG_EFULL;
    bool fits = j->offset + b->size + size <= j->segment_size;
    bool beyond = j->offset + b->size > j->segment_size; /* then the spare is ours already */
    if (!fits && !beyond) {
        int rc = ktg_spare_want(j);
        if (rc)
            return rc;
    }
    ktg_position pos = b->base + 1 + b->count;
    b->entries[b->count] = NULL;
    b->at[b->count] = b->size;
    if (id) {
        int rc = ktg_idtable_reserve(&j->table, 1);
        if (rc)
            return rc;
        b->entries[b->count] = ktg_idtable_put(&j->table, id, pos);
    }
    ktg_frame_put_record(b->bytes + b->size, kind, meta, payload, id);
    b->size += (uint32_t)size;
    b->count++;
    *ret_pos = pos;
    return KTG_OK;
}

int ktg_journal_room_for_sealed(struct ktg_journal *j)
{
    return ktg_grow(&j->sealed, &j->sealed_cap, j->sealed_count + 1, sizeof(struct ktg_sealed *));
}

/* The ids of the open batch, into the table of the segment that begins with it. */
static int move_ids(struct ktg_idtable *table, struct ktg_batch *b)
{
    int rc = ktg_idtable_reserve(table, b->count);
    for (uint32_t i = 0; i < b->count && rc == KTG_OK; i++)
        if (b->entries[i])
            b->entries[i] = ktg_idtable_put(table, b->bytes + b->at[i] + 16, b->base + 1 + i);
    return rc;
}

/* The open batch does not fit: the running segment ends before it, and what it knows goes into a
 * new sealed one. */
static int begin_segment(struct ktg_journal *j, struct ktg_batch *b)
{
    struct ktg_idtable fresh = {0};
    struct ktg_sealed *s = ktg_zalloc(sizeof *s);
    int rc = s ? ktg_journal_room_for_sealed(j) : KTG_ENOMEM;
    if (rc == KTG_OK) /* the next segment will hold about as many */
        rc = ktg_idtable_expect(&fresh, j->table.count);
    if (rc == KTG_OK)
        rc = move_ids(&fresh, b); /* nothing fails after this */
    if (rc) {
        ktg_idtable_done(&fresh);
        ktg_free(s);
        return rc;
    }
    memcpy(s->head.journal, j->id, sizeof j->id);
    s->head.base = j->segment_base;
    s->head.end = b->base - 1;
    s->head.end_offset = j->offset;
    s->table = j->table; /* with the ids of this batch, too: they are above s->head.end */
    j->table = fresh;
    if (j->o.snapshot) {
        j->o.snapshot(j->o.arg, &s->snapshot);
        if (ktg_buf_check(&s->snapshot) == KTG_OK)
            s->head.snapshot_pos = b->base + b->count;
        else
            ktg_buf_clear(&s->snapshot);
    }
    j->sealed[j->sealed_count++] = s;
    j->segment_base = b->base;
    j->segment_size = j->o.segment_size;
    j->offset = KTG_SEGMENT_HEADER;
    pthread_mutex_lock(&j->lock);
    assert(j->spare_state == KTG_SPARE_READY);
    b->sealing = s;
    b->fresh = j->spare;
    j->spare = NULL;
    j->spare_state = KTG_SPARE_TAKEN;
    pthread_mutex_unlock(&j->lock);
    return KTG_OK;
}

/* Close the open batch and open the other one.  Nothing may be flying. */
static int close_batch(struct ktg_journal *j, ktg_time now, uint64_t tag, struct ktg_batch **ret_b)
{
    struct ktg_batch *b = j->open;
    if (j->offset + b->size > j->segment_size) {
        int rc = ktg_spare_want(j);
        if (rc == KTG_OK)
            rc = begin_segment(j, b);
        if (rc)
            return rc;
    }
    j->offset += b->size;
    if (j->threads && j->offset > j->segment_size / 2) {
        int ahead = ktg_spare_want(j); /* only a wish: the answer counts when the segment is full */
        (void)ahead;
    }
    ktg_time least = j->recorded_at;
    if (j->o.strict_clock)
        least = least == KTG_LONG_AGO ? least : least + 1;
    b->recorded_at = j->recorded_at = now > least ? now : least;
    b->tag = tag;
    j->open = b == &j->batches[0] ? &j->batches[1] : &j->batches[0];
    batch_reset(j->open, b->base + b->count + 1);
    *ret_b = b;
    return KTG_OK;
}

/* The frame goes out with zeros to the end of its last block (zeros over zeros), so that the kernel need not read that
 * block first; segments end with a block. */
static int write_frame(struct ktg_journal *j, struct ktg_batch *b)
{
    struct ktg_running *r = j->live;
    uint64_t end = (j->at + b->size + KTG_DISK_BLOCK - 1) / KTG_DISK_BLOCK * KTG_DISK_BLOCK;
    size_t size = (size_t)(end - j->at);
    memset(b->bytes + b->size, 0, size - b->size);
    atomic_store(&j->mark.at->phase, KTG_JOURNAL_WRITING);
    if (atomic_load(&r->zeroed) < end) { /* past the zeros: nobody may zero over the frame */
        pthread_mutex_lock(&r->lock);
        if (r->zeroed < end)
            atomic_store(&r->zeroed, end);
        pthread_mutex_unlock(&r->lock);
    }
    if (ktg_disk_pwrite(j->o.disk, r->fd, b->bytes, size, (off_t)j->at)) {
        ktg_journal_fatal(j, "cannot write a frame");
        return KTG_EIO;
    }
    if (j->o.test_skip_sync || MUTANT_SKIP_SYNC)
        return KTG_OK;
    atomic_store(&j->mark.at->phase, KTG_JOURNAL_SYNCING);
    int64_t before = ktg_mono_ns();
    if (ktg_disk_fdatasync(j->o.disk, r->fd)) {
        ktg_journal_fatal(j, "cannot sync a frame");
        return KTG_EIO;
    }
    int64_t took = ktg_mono_ns() - before;
    pthread_mutex_lock(&j->lock);
    j->end.sync_ns += (uint64_t)took;
    pthread_mutex_unlock(&j->lock);
    return KTG_OK;
}

/* What is far behind is mostly read already.  Given back, its pages take the next frames: pages that were never used cost
 * more than writing to them, the more so where a host must find them first.  Whoever comes later reads from the disk. */
static void let_go_of_old_pages(struct ktg_journal *j)
{
    enum { KEPT = 32 << 20, STEP = 2 << 20 };
    struct ktg_running *r = j->live;
    for (; r->let_go + STEP + KEPT <= j->at; r->let_go += STEP)
        (void)posix_fadvise(r->fd, (off_t)r->let_go, STEP, POSIX_FADV_DONTNEED); /* only advice */
}

/* The old segment's last facts, and the new one in its place. */
static int roll(struct ktg_journal *j, struct ktg_batch *b)
{
    struct ktg_sealed *s = b->sealing;
    s->head.chain = j->end.chain;
    s->head.recorded_at = j->end.recorded_at;
    s->head.tag = j->end.tag;
    atomic_store(&j->mark.at->phase, KTG_JOURNAL_WRITING);
    if (ktg_spare_use(j, b->fresh, b->base, &j->end.chain))
        return KTG_EIO;
    s->running = j->live;
    pthread_mutex_lock(&j->lock);
    j->live = b->fresh;
    b->fresh = NULL;
    j->spare_state = KTG_SPARE_NONE;
    pthread_mutex_unlock(&j->lock);
    if (ktg_disk_fdatasync(j->o.disk, j->mark.fd)) {
        ktg_journal_fatal(j, "cannot sync the mark");
        return KTG_EIO;
    }
    return KTG_OK;
}

/* What commits, from start to report.  KTG_EIO: dead. */
static int commit(struct ktg_journal *j, struct ktg_batch *b)
{
    ktg_position mark = b->base + b->count;
    struct ktg_sealed *s = b->sealing;
    bool early = j->o.test_ack_early || MUTANT_ACK_EARLY;
    int rc = s ? roll(j, b) : KTG_OK;
    if (rc == KTG_OK) {
        struct ktg_frame_place place = {.segment_base = j->live_base, .offset = j->at};
        memcpy(place.journal, j->id, sizeof place.journal);
        rc = ktg_frame_finish(b->bytes, b->size, b->at, b->count, b->base, b->recorded_at, b->tag,
                              &j->end.chain, j->flags & KTG_SEGMENT_SALTED, &place, &j->hashing);
        if (rc == KTG_ENOMEM) { /* the batch is promised a place; without memory for its hashes
                                   there is no way on */
            errno = ENOMEM;
            ktg_journal_fatal(j, "cannot hash a frame");
            rc = KTG_EIO;
        }
    }
    for (uint32_t i = 0; i < b->count && rc == KTG_OK; i++)
        if (b->entries[i])
            memcpy(b->entries[i]->content, j->hashing.content[i].b, sizeof b->entries[i]->content);
    if (rc == KTG_OK && early) {
        ktg_mark_publish(&j->mark, mark, b->tag);
        if (j->o.on_durable)
            j->o.on_durable(j->o.arg, mark);
    }
    if (rc == KTG_OK)
        rc = write_frame(j, b);
    if (rc == KTG_OK) {
        j->at += b->size;
        if (!early)
            ktg_mark_publish(&j->mark, mark, b->tag);
        let_go_of_old_pages(j);
        atomic_store(&j->mark.at->phase, atomic_load(&j->resting));
    }
    pthread_mutex_lock(&j->lock);
    if (rc == KTG_OK) {
        j->end.mark = mark;
        j->end.recorded_at = b->recorded_at;
        j->end.tag = b->tag;
        memcpy(j->end.chain.b, b->bytes + 80, KTG_HASH_SIZE);
        j->end.commits++;
        if (s) {
            s->head.snapshot_chain = j->end.chain;
            if (j->threads) {
                struct ktg_sealed **last = &j->jobs;
                while (*last)
                    last = &(*last)->next;
                *last = s;
                pthread_cond_signal(&j->prepare);
            }
        }
    }
    j->flying = NULL;
    pthread_cond_broadcast(&j->idle);
    pthread_mutex_unlock(&j->lock);
    if (rc == KTG_OK && s && !j->threads)
        ktg_sealed_index(j, s);
    if (rc == KTG_OK && !early && j->o.on_durable)
        j->o.on_durable(j->o.arg, mark);
    return rc;
}

void *ktg_commit_thread(void *journal)
{
    struct ktg_journal *j = journal;
    pthread_mutex_lock(&j->lock);
    for (;;) {
        while (!j->flying && !j->stop)
            pthread_cond_wait(&j->work, &j->lock);
        struct ktg_batch *b = j->flying;
        if (!b)
            break;
        pthread_mutex_unlock(&j->lock);
        int rc = commit(j, b); /* a failure has been said by fatal(), and `dead` tells the owner */
        (void)rc;
        pthread_mutex_lock(&j->lock);
    }
    pthread_mutex_unlock(&j->lock);
    return NULL;
}

int ktg_journal_seal(struct ktg_journal *j, ktg_time now, uint64_t tag, ktg_position *ret_end)
{
    struct ktg_batch *b;
    if (j->dead)
        return KTG_EIO;
    pthread_mutex_lock(&j->lock);
    bool busy = j->flying != NULL;
    pthread_mutex_unlock(&j->lock);
    if (busy)
        return KTG_EAGAIN;
    int rc = close_batch(j, now, tag, &b);
    if (rc)
        return rc;
    if (ret_end)
        *ret_end = b->base + b->count;
    if (!j->threads)
        return commit(j, b);
    pthread_mutex_lock(&j->lock);
    j->flying = b;
    pthread_cond_signal(&j->work);
    pthread_mutex_unlock(&j->lock);
    return KTG_OK;
}

int ktg_journal_wait(struct ktg_journal *j)
{
    pthread_mutex_lock(&j->lock);
    while (j->flying)
        pthread_cond_wait(&j->idle, &j->lock);
    pthread_mutex_unlock(&j->lock);
    return j->dead ? KTG_EIO : KTG_OK;
}

int ktg_journal_seal_and_wait(struct ktg_journal *j, ktg_time now, uint64_t tag,
                              ktg_position *ret_end)
{
    struct ktg_batch *b;
    int rc = ktg_journal_wait(j);
    if (rc)
        return rc;
    while ((rc = close_batch(j, now, tag, &b)) == KTG_EAGAIN) {
        pthread_mutex_lock(&j->lock);
        while (j->spare_state == KTG_SPARE_WANTED || j->spare_state == KTG_SPARE_MAKING)
            pthread_cond_wait(&j->idle, &j->lock);
        pthread_mutex_unlock(&j->lock);
        if (j->dead)
            return KTG_EIO;
    }
    if (rc)
        return rc;
    if (ret_end)
        *ret_end = b->base + b->count;
    return commit(j, b);
}

/* The file can answer now: let the table go. */
static void take_index(struct ktg_journal *j, struct ktg_sealed *s)
{
    if (!s->index.map && atomic_load(&s->written) &&
        ktg_index_open(j->dir, j->id, s->head.base, &s->index) == KTG_OK)
        ktg_idtable_done(&s->table);
}

static int rebuild_table(struct ktg_journal *j, struct ktg_sealed *s, struct ktg_err *err)
{
    struct ktg_segment seg;
    struct ktg_index_head head;
    int rc = ktg_segment_open(j->dir, s->head.base, &seg, err);
    if (rc)
        return rc;
    rc = ktg_recovery_walk(&seg, s->head.end + 1, &s->table, &head, err);
    ktg_segment_close(&seg);
    if (rc) {
        ktg_idtable_done(&s->table);
        return rc;
    }
    ktg_index_close(&s->index);
    atomic_store(&s->written, false);
    return KTG_OK;
}

/* Of a record in the open batch or in the one on its way, whose bytes stay until the next seal. */
static void pending_content(struct ktg_journal *j, ktg_position pos, uint8_t to[static 16])
{
    const struct ktg_batch *b = j->open;
    if (pos < b->base)
        b = b == &j->batches[0] ? &j->batches[1] : &j->batches[0];
    assert(pos > b->base && pos <= b->base + b->count);
    ktg_journal_content_hash(ktg_frame_record_at(b->bytes, b->at[pos - b->base - 1]).payload, to);
}

void ktg_journal_prefetch(const struct ktg_journal *j, const uint8_t id[static 16])
{
    ktg_idtable_prefetch(&j->table, id);
}

int ktg_journal_find(struct ktg_journal *j, const uint8_t id[static 16], ktg_position *ret_pos,
                     uint8_t ret_content[static 16], struct ktg_err *err)
{
    struct ktg_identry found;
    const struct ktg_identry *e = ktg_idtable_get(&j->table, id);
    for (size_t i = j->sealed_count; !e && i > 0; i--) {
        struct ktg_sealed *s = j->sealed[i - 1];
        take_index(j, s);
        if (s->index.map) {
            int rc = ktg_index_find(&s->index, id, &found);
            if (rc == KTG_OK)
                e = &found;
            if (rc == KTG_ECORRUPT && (rc = rebuild_table(j, s, err)) != KTG_OK)
                return rc;
        }
        if (!s->index.map)
            e = ktg_idtable_get(&s->table, id);
    }
    if (!e)
        return KTG_ENOTFOUND;
    *ret_pos = ktg_get_le64(e->pos);
    if (*ret_pos > ktg_journal_mark(j)) /* the committer may just be writing that field */
        pending_content(j, *ret_pos, ret_content);
    else
        memcpy(ret_content, e->content, 16);
    return KTG_OK;
}

void ktg_journal_end(struct ktg_journal *j, struct ktg_journal_end *ret_end)
{
    pthread_mutex_lock(&j->lock);
    *ret_end = j->end;
    pthread_mutex_unlock(&j->lock);
}

ktg_position ktg_journal_mark(const struct ktg_journal *j)
{
    return atomic_load_explicit(&j->mark.at->mark, memory_order_acquire);
}

enum ktg_journal_disk_state ktg_journal_disk_state(struct ktg_journal *j)
{
    if (j->forced_disk >= 0)
        return (enum ktg_journal_disk_state)j->forced_disk;
    int free_percent = ktg_disk_free_percent(j->o.disk, j->dir);
    if (free_percent < 0 || free_percent >= j->o.disk_warn_percent)
        return KTG_JOURNAL_DISK_OK;
    return free_percent >= j->o.disk_stop_percent ? KTG_JOURNAL_DISK_WARN : KTG_JOURNAL_DISK_STOP;
}

void ktg_journal_force_disk_state(struct ktg_journal *j, int state)
{
    j->forced_disk = state;
}

bool ktg_journal_disk_full(struct ktg_journal *j)
{
    return j->full;
}

void ktg_journal_set_phase(struct ktg_journal *j, enum ktg_journal_phase phase)
{
    uint32_t was = atomic_exchange(&j->resting, phase);
    (void)atomic_compare_exchange_strong(&j->mark.at->phase, &was,
                                         phase); /* else: after the batch */
}

/* ---- open and close
 * --------------------------------------------------------------------------------------------- */

static int settle_options(struct ktg_journal_options *o, struct ktg_err *err)
{
    if (o->segment_size == 0)
        o->segment_size = 256 * 1024 * 1024;
    if (o->batch_records == 0)
        o->batch_records = 8192;
    if (o->batch_bytes == 0)
        o->batch_bytes = 4 * 1024 * 1024;
    if (o->disk_warn_percent == 0)
        o->disk_warn_percent = 15;
    if (o->disk_stop_percent == 0)
        o->disk_stop_percent = 8;
    if (o->segment_size < KTG_SEGMENT_MIN || o->segment_size > KTG_SEGMENT_MAX ||
        o->segment_size % 4096)
        return ktg_err_set(err, KTG_EINVALID,
                           "segment size %llu; wanted a multiple of 4096, 64 KiB to 1 GiB",
                           (unsigned long long)o->segment_size);
    if (o->batch_bytes > o->segment_size - KTG_SEGMENT_HEADER)
        o->batch_bytes = (uint32_t)(o->segment_size - KTG_SEGMENT_HEADER);
    o->batch_bytes &= ~7u;
    if (o->batch_bytes < 1024 || o->disk_stop_percent > o->disk_warn_percent)
        return ktg_err_set(err, KTG_EINVALID, "batch_bytes below 1024, or disk marks out of order");
    return KTG_OK;
}

static int start_threads(struct ktg_journal *j, struct ktg_err *err)
{
    if (j->o.no_threads)
        return KTG_OK;
    if (pthread_create(&j->committer, NULL, ktg_commit_thread, j) != 0)
        return ktg_err_set(err, KTG_ENOMEM, "cannot start a thread");
    if (pthread_create(&j->preparer, NULL, ktg_prepare_thread, j) != 0) {
        pthread_mutex_lock(&j->lock);
        j->stop = true;
        pthread_cond_broadcast(&j->work);
        pthread_mutex_unlock(&j->lock);
        pthread_join(j->committer, NULL);
        return ktg_err_set(err, KTG_ENOMEM, "cannot start a thread");
    }
    j->threads = true;
    return KTG_OK;
}

int ktg_journal_open(const char *dir, const struct ktg_journal_options *options,
                     struct ktg_journal **ret_j, struct ktg_err *err)
{
    struct ktg_journal *j = ktg_zalloc(sizeof *j);
    if (!j)
        return ktg_err_set(err, KTG_ENOMEM, "out of memory");
    j->dir = -1;
    j->mark.fd = -1;
    j->forced_disk = -1;
    j->o = *options;
    int rc = settle_options(&j->o, err);
    if (rc)
        goto out;
    pthread_mutex_init(&j->lock, NULL);
    pthread_cond_init(&j->work, NULL);
    pthread_cond_init(&j->idle, NULL);
    pthread_cond_init(&j->prepare, NULL);
    j->locks = true;
    for (int i = 0; i < 2; i++) {
        j->batches[i].bytes = ktg_alloc((size_t)j->o.batch_bytes + KTG_DISK_BLOCK);
        j->batches[i].entries = ktg_calloc(j->o.batch_records, sizeof(struct ktg_identry *));
        j->batches[i].at = ktg_calloc(j->o.batch_records, sizeof(uint32_t));
        if (!j->batches[i].bytes || !j->batches[i].entries || !j->batches[i].at) {
            rc = ktg_err_set(err, KTG_ENOMEM, "out of memory");
            goto out;
        }
    }
    uint8_t warm[16];
    ktg_random(warm, sizeof warm); /* lets the hash library choose its fastest code */
    rc = ktg_journal_lock(dir, &j->dir, err);
    if (rc == KTG_OK)
        rc = ktg_recovery_run(j, dir, err);
    if (rc)
        goto out;
    j->recorded_at = j->end.recorded_at;
    j->open = &j->batches[0];
    batch_reset(j->open, j->end.mark + 1);
    rc = start_threads(j, err);
out:
    if (rc) {
        if (j->o.on_fatal && j->dead && err && !err->text[0])
            ktg_err_set(err, rc, "journal: the disk failed");
        j->dead = true; /* nothing more goes to the disk */
        ktg_journal_close(j);
        return rc;
    }
    *ret_j = j;
    return KTG_OK;
}

struct ktg_journal *ktg_journal_close(struct ktg_journal *j)
{
    if (!j)
        return NULL;
    if (j->threads) {
        int rc = ktg_journal_wait(j); /* dead or not, nothing flies after it */
        (void)rc;
        pthread_mutex_lock(&j->lock);
        j->stop = true;
        pthread_cond_broadcast(&j->work);
        pthread_cond_broadcast(&j->prepare);
        pthread_mutex_unlock(&j->lock);
        pthread_join(j->committer, NULL);
        pthread_join(j->preparer, NULL);
        while (j->jobs) {
            struct ktg_sealed *s = j->jobs;
            j->jobs = s->next;
            ktg_sealed_index(j, s);
        }
    }
    if (!j->dead) {
        atomic_store(&j->mark.at->phase, KTG_JOURNAL_IDLE);
        atomic_store(&j->mark.at->clean, 1);
        if (ktg_disk_fdatasync(j->o.disk, j->mark.fd) == 0 && j->spare)
            (void)ktg_disk_unlink(j->o.disk, j->dir, "next"); /* opening would remove it, too */
    }
    for (int i = 0; i < 2; i++) {
        ktg_running_free(j->batches[i].fresh);
        ktg_free(j->batches[i].bytes);
        ktg_free(j->batches[i].entries);
        ktg_free(j->batches[i].at);
    }
    for (size_t i = 0; i < j->sealed_count; i++)
        ktg_sealed_free(j->sealed[i]);
    ktg_free(j->sealed);
    ktg_idtable_done(&j->table);
    ktg_running_free(j->spare);
    ktg_running_free(j->live);
    ktg_frame_work_done(&j->hashing);
    ktg_mark_close(&j->mark);
    if (j->dir >= 0)
        close(j->dir);
    if (j->locks) {
        pthread_mutex_destroy(&j->lock);
        pthread_cond_destroy(&j->work);
        pthread_cond_destroy(&j->idle);
        pthread_cond_destroy(&j->prepare);
    }
    ktg_free(j);
    return NULL;
}
