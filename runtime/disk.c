/* runtime/disk.c - see disk.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "runtime/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "runtime/mem.h"

/* What a write that is not synced yet has overwritten. */
struct ktg_disk_undo {
    struct ktg_disk_undo *older;
    int fd; /* our own, the writer may close its */
    ino_t inode;
    off_t at;
    size_t size;
    uint8_t bytes[];
};

static pthread_mutex_t undo_lock = PTHREAD_MUTEX_INITIALIZER; /* tests only: no lock without LOSE */

static void undo_note(struct ktg_disk *d, int fd, size_t size, off_t at)
{
    struct stat st;
    struct ktg_disk_undo *u = ktg_zalloc(sizeof *u + size);
    if (!u)
        return;
    ssize_t n = pread(fd, u->bytes, size, at); /* beyond the end: zeros */
    (void)n;
    u->fd = dup(fd);
    u->inode = fstat(fd, &st) == 0 ? st.st_ino : 0;
    u->at = at;
    u->size = size;
    pthread_mutex_lock(&undo_lock);
    u->older = d->undo;
    d->undo = u;
    pthread_mutex_unlock(&undo_lock);
}

/* inode 0: all.  `lost`: put the old bytes back. */
static void undo_drop(struct ktg_disk *d, ino_t inode, bool lost)
{
    pthread_mutex_lock(&undo_lock);
    for (struct ktg_disk_undo **at = &d->undo; *at;) {
        struct ktg_disk_undo *u = *at;
        if (inode && u->inode != inode) {
            at = &u->older;
            continue;
        }
        if (lost) {
            ssize_t n = pwrite(u->fd, u->bytes, u->size, u->at);
            (void)n;
        }
        *at = u->older;
        close(u->fd);
        ktg_free(u);
    }
    pthread_mutex_unlock(&undo_lock);
}

void ktg_disk_done(struct ktg_disk *d)
{
    undo_drop(d, 0, false);
}

static void undo_synced(struct ktg_disk *d, int fd)
{
    struct stat st;
    if (d && d->fault == KTG_DISK_LOSE && fstat(fd, &st) == 0)
        undo_drop(d, st.st_ino, false);
}

/* Put a breakpoint here to stand where the fault was injected. */
static int injected_failure(struct ktg_disk *d)
{
    errno =
        d->fault == KTG_DISK_FAIL || d->fault == KTG_DISK_SHORT ? (d->error ? d->error : EIO) : EIO;
    return -1;
}

/* Counts the call; true: it must not be made as it is. */
static bool must_fail(struct ktg_disk *d, bool *ret_now)
{
    *ret_now = false;
    if (!d)
        return false;
    if (atomic_load(&d->crashed))
        return true;
    atomic_fetch_add(&d->calls, 1);
    if (d->fault == KTG_DISK_SOUND || atomic_load(&d->after) < 0)
        return false;
    if (atomic_fetch_sub(&d->after, 1) != 0)
        return false;
    if (d->fault >= KTG_DISK_CRASH)
        atomic_store(&d->crashed, 1);
    if (d->fault == KTG_DISK_LOSE)
        undo_drop(d, 0, true);
    *ret_now = true;
    return true;
}

#define REFUSE_IF_BROKEN(d)             \
    do {                                \
        bool now_;                      \
        if (must_fail(d, &now_))        \
            return injected_failure(d); \
    } while (0)

int ktg_disk_open(struct ktg_disk *d, int dir, const char *name, int flags, mode_t mode)
{
    REFUSE_IF_BROKEN(d);
    return openat(dir, name, flags | O_CLOEXEC, mode);
}

int ktg_disk_pwrite(struct ktg_disk *d, int fd, const void *data, size_t size, off_t at)
{
    const uint8_t *p = data;
    size_t once = size;
    bool now;
    if (must_fail(d, &now)) {
        if (now && d->fault == KTG_DISK_TORN && size > 1) {
            ssize_t n = pwrite(fd, p, size / 2, at);
            (void)n;
        }
        if (!now || d->fault != KTG_DISK_SHORT)
            return injected_failure(d);
        once = size / 2
                   ? size / 2
                   : size; /* the loop below goes on, as it would after the kernel's short write */
    }
    if (d && d->fault == KTG_DISK_LOSE)
        undo_note(d, fd, size, at);
    while (size) {
        ssize_t n = pwrite(fd, p, once, at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n == 0)
            errno = EIO;
        if (n <= 0)
            return -1;
        p += n;
        at += n;
        size -= (size_t)n;
        once = size;
    }
    return 0;
}

int ktg_disk_fdatasync(struct ktg_disk *d, int fd)
{
    REFUSE_IF_BROKEN(d);
    int rc = fdatasync(fd);
    if (rc == 0)
        undo_synced(d, fd);
    return rc;
}

int ktg_disk_fsync(struct ktg_disk *d, int fd)
{
    REFUSE_IF_BROKEN(d);
    return fsync(fd);
}

int ktg_disk_reserve(struct ktg_disk *d, int fd, off_t size)
{
    REFUSE_IF_BROKEN(d);
    return fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, size);
}

int ktg_disk_rename(struct ktg_disk *d, int dir, const char *from, const char *to)
{
    REFUSE_IF_BROKEN(d);
    return renameat(dir, from, dir, to);
}

int ktg_disk_unlink(struct ktg_disk *d, int dir, const char *name)
{
    REFUSE_IF_BROKEN(d);
    return unlinkat(dir, name, 0);
}

int ktg_disk_free_percent(struct ktg_disk *d, int fd)
{
    (void)d;
    struct statvfs s;
    if (fstatvfs(fd, &s) != 0 || s.f_blocks == 0)
        return -1;
    return (int)(s.f_bavail * 100 / s.f_blocks);
}

uint64_t ktg_disk_free_bytes(const char *path)
{
    struct statvfs s;
    return statvfs(path, &s) == 0 ? (uint64_t)s.f_bavail * s.f_frsize : 0;
}
