/* runtime/journal/prepare.c - segments before they are used and after they are full: making `next`,
 * zeros ahead of the writer, the index of what was sealed.  docs/journal-format.md section 7.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "runtime/journal/writer.h"
#include "runtime/mem.h"

enum {
    FIRST_ZEROS = 4 * 1024 * 1024, /* before a segment may be used */
    CHUNK = 256 * 1024,            /* zeroed at once; the committer may have to wait for one */
    SYNC_EVERY = 4,                /* chunks */
};

static _Alignas(KTG_DISK_BLOCK) const uint8_t zeros[CHUNK];

struct ktg_running *ktg_running_new(int fd, uint64_t size, uint64_t zeroed)
{
    struct ktg_running *r = ktg_zalloc(sizeof *r);
    if (!r) {
        close(fd);
        return NULL;
    }
    r->fd = fd;
    r->direct = -1;
    r->size = size;
    r->zeroed = zeroed;
    pthread_mutex_init(&r->lock, NULL);
    return r;
}

struct ktg_running *ktg_running_free(struct ktg_running *r)
{
    if (r) {
        close(r->fd);
        if (r->direct >= 0)
            close(r->direct);
        pthread_mutex_destroy(&r->lock);
        ktg_free(r);
    }
    return NULL;
}

struct ktg_sealed *ktg_sealed_free(struct ktg_sealed *s)
{
    if (s) {
        ktg_idtable_done(&s->table);
        ktg_index_close(&s->index);
        ktg_buf_done(&s->snapshot);
        ktg_running_free(s->running);
        ktg_free(s);
    }
    return NULL;
}

/* Zeros past the page cache: it would copy them, hold them, and write them back in a rush at the next sync.  A
 * filesystem that cannot gets them through the cache.  0, or -1 and errno. */
static int open_direct(struct ktg_disk *disk, int dir, struct ktg_running *r)
{
    r->direct = ktg_disk_open(disk, dir, "next", O_WRONLY | O_DIRECT, 0);
    return r->direct >= 0 || errno == EINVAL || errno == EOPNOTSUPP ? 0 : -1;
}

/* One chunk of zeros at the frontier; the first one after a frame only to the end of its block.  0, or -1 and errno. */
static int zero_chunk(struct ktg_disk *disk, struct ktg_running *r)
{
    pthread_mutex_lock(&r->lock);
    uint64_t at = r->zeroed;
    uint64_t n = at < r->size ? r->size - at : 0;
    uint64_t past = at % KTG_DISK_BLOCK, most = past ? KTG_DISK_BLOCK - past : CHUNK;
    if (n > most)
        n = most;
    int fd = r->direct >= 0 && !past && n % KTG_DISK_BLOCK == 0 ? r->direct : r->fd;
    int rc = n ? ktg_disk_pwrite(disk, fd, zeros, n, (off_t)at) : 0;
    if (rc == 0)
        atomic_store(&r->zeroed, at + n);
    pthread_mutex_unlock(&r->lock);
    return rc;
}

static bool no_room(int error)
{
    return error == ENOSPC || error == EDQUOT || error == EFBIG;
}

int ktg_spare_make(struct ktg_journal *j, struct ktg_running **ret_r)
{
    uint64_t size = j->o.segment_size, first = size < FIRST_ZEROS ? size : FIRST_ZEROS;
    int fd = ktg_disk_open(j->o.disk, j->dir, "next", O_RDWR | O_CREAT | O_TRUNC, 0640);
    struct ktg_running *r = NULL;
    if (fd < 0)
        goto failed;
    r = ktg_running_new(fd, size, 0);
    if (!r)
        return KTG_ENOMEM;
    if (open_direct(j->o.disk, j->dir, r))
        goto failed;
    if (ktg_disk_reserve(j->o.disk, fd, (off_t)size)) {
        if (errno != EOPNOTSUPP && errno != ENOSYS)
            goto failed;
        first = size; /* this filesystem reserves only what is written */
    }
    while (r->zeroed < first)
        if (zero_chunk(j->o.disk, r))
            goto failed;
    if (ktg_disk_fdatasync(j->o.disk, fd))
        goto failed;
    atomic_store(&j->full, false);
    *ret_r = r;
    return KTG_OK;
failed:;
    int error = errno;
    ktg_running_free(r);
    if (no_room(error)) {
        if (fd >= 0)
            (void)ktg_disk_unlink(j->o.disk, j->dir,
                                  "next"); /* what is left would be truncated anyway */
        atomic_store(&j->full, true);
        return KTG_EFULL;
    }
    errno = error;
    ktg_journal_fatal(j, "cannot make the next segment");
    return KTG_EIO;
}

int ktg_spare_want(struct ktg_journal *j)
{
    int rc;
    pthread_mutex_lock(&j->lock);
    if (j->spare_state == KTG_SPARE_READY) {
        rc = KTG_OK;
    } else if (j->threads) {
        if (j->spare_state == KTG_SPARE_NONE) {
            j->spare_state = KTG_SPARE_WANTED;
            pthread_cond_signal(&j->prepare);
        }
        rc = j->full ? KTG_EFULL : KTG_EAGAIN;
    } else {
        struct ktg_running *r = NULL;
        pthread_mutex_unlock(&j->lock);
        rc = ktg_spare_make(j, &r);
        pthread_mutex_lock(&j->lock);
        if (rc == KTG_OK) {
            j->spare = r;
            j->spare_state = KTG_SPARE_READY;
        }
    }
    pthread_mutex_unlock(&j->lock);
    return rc;
}

int ktg_spare_use(struct ktg_journal *j, struct ktg_running *spare, ktg_position base,
                  const struct ktg_hash *prev)
{
    struct ktg_segment_head h = {.flags = j->flags,
                                 .base = base,
                                 .size = spare->size,
                                 .generation = j->generation + 1,
                                 .prev = *prev};
    memcpy(h.journal, j->id, sizeof h.journal);
    uint8_t bytes[KTG_SEGMENT_HEADER];
    char name[KTG_SEGMENT_NAME];
    ktg_segment_head_encode(&h, bytes);
    ktg_segment_name(base, ".log", name);
    if (ktg_disk_pwrite(j->o.disk, spare->fd, bytes, sizeof bytes, 0) ||
        ktg_disk_fdatasync(j->o.disk, spare->fd) ||
        ktg_disk_rename(j->o.disk, j->dir, "next", name) || ktg_disk_fsync(j->o.disk, j->dir)) {
        ktg_journal_fatal(j, "cannot take the next segment into use");
        return KTG_EIO;
    }
    j->generation++;
    j->live_base = base;
    j->at = KTG_SEGMENT_HEADER;
    return KTG_OK;
}

void ktg_sealed_index(struct ktg_journal *j, struct ktg_sealed *s)
{
    int rc = KTG_EIO;
    if (!j->dead)
        rc = ktg_index_write(j->dir, j->o.disk, &s->head, &s->table, ktg_buf_view(&s->snapshot),
                             NULL);
    s->running = ktg_running_free(s->running);
    if (rc == KTG_OK) /* else the table goes on answering, and the next opening builds the file */
        atomic_store(&s->written, true);
}

/* Zeros ahead in r; true: there was something to do. */
static bool zero_ahead(struct ktg_journal *j, struct ktg_running *r, unsigned *chunks)
{
    if (!r || r->zeroed >= r->size)
        return false;
    int rc = zero_chunk(j->o.disk, r);
    if (rc == 0 && (++*chunks % SYNC_EVERY == 0 || r->zeroed >= r->size))
        rc = ktg_disk_fdatasync(j->o.disk, r->fd);
    if (rc) /* also for a failed sync here: this descriptor would not report it to the committer
               again */
        ktg_journal_fatal(j, "cannot write zeros ahead");
    return rc == 0;
}

void *ktg_prepare_thread(void *journal)
{
    struct ktg_journal *j = journal;
    unsigned chunks = 0;
    pthread_mutex_lock(&j->lock);
    while (!j->stop && !j->dead) {
        struct ktg_running *r = NULL;
        struct ktg_sealed *s = j->jobs;
        if (j->spare_state == KTG_SPARE_WANTED) {
            j->spare_state = KTG_SPARE_MAKING;
            pthread_mutex_unlock(&j->lock);
            int rc = ktg_spare_make(j, &r);
            pthread_mutex_lock(&j->lock);
            j->spare = rc == KTG_OK ? r : NULL;
            j->spare_state = rc == KTG_OK ? KTG_SPARE_READY : KTG_SPARE_NONE;
            pthread_cond_broadcast(&j->idle);
            continue;
        }
        struct ktg_running *live = j->live, *spare = j->spare;
        if (s)
            j->jobs = s->next;
        pthread_mutex_unlock(&j->lock);
        bool worked = zero_ahead(j, live, &chunks);
        if (s)
            ktg_sealed_index(j, s);
        else if (!worked)
            worked = zero_ahead(j, spare, &chunks);
        pthread_mutex_lock(&j->lock);
        if (!worked && !s && !j->stop && !j->jobs && j->spare_state != KTG_SPARE_WANTED)
            pthread_cond_wait(&j->prepare, &j->lock);
    }
    pthread_mutex_unlock(&j->lock);
    return NULL;
}
