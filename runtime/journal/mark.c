/* runtime/journal/mark.c - see mark.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "runtime/journal/mark.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/mem.h"
#include "runtime/path.h"

static const char magic[8] = {'K', 'T', 'G', 'M', 'A', 'R', 'K', '1'};

void ktg_mark_boot_id(uint8_t to[static 16])
{
    char text[37] = "", hex[33];
    memset(to, 0, 16);
    int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    ssize_t n = read(fd, text, sizeof text - 1);
    close(fd);
    size_t used = 0;
    for (ssize_t i = 0; i < n && used < 32; i++)
        if (text[i] != '-')
            hex[used++] = text[i];
    if (used != 32 || ktg_unhex(hex, 32, to))
        memset(to, 0, 16);
}

/* Maps `mark`; *ret_m.at stays NULL if the file is not there. */
static int map_mark(int dir, bool writable, struct ktg_mark *ret_m, struct ktg_err *err)
{
    struct ktg_mark m = {.fd = -1};
    m.fd = openat(dir, "mark", (writable ? O_RDWR : O_RDONLY) | O_CLOEXEC);
    if (m.fd < 0 && errno == ENOENT) {
        *ret_m = m;
        return KTG_OK;
    }
    if (m.fd < 0)
        return ktg_err_set(err, KTG_EIO, "mark: %s", strerror(errno));
    struct stat st;
    if (fstat(m.fd, &st) != 0 || st.st_size != (off_t)sizeof *m.at) {
        close(m.fd);
        return ktg_err_fault(err, ktg_journal_fault(KTG_JOURNAL_FAULT_MARK), "mark", "another size",
                             "64 bytes");
    }
    void *map =
        mmap(NULL, sizeof *m.at, PROT_READ | (writable ? PROT_WRITE : 0), MAP_SHARED, m.fd, 0);
    if (map == MAP_FAILED) {
        close(m.fd);
        return ktg_err_set(err, KTG_ENOMEM, "mark: cannot map: %s", strerror(errno));
    }
    m.at = map;
    if (memcmp(m.at->magic, magic, sizeof magic) != 0) {
        ktg_mark_close(&m);
        return ktg_err_fault(err, ktg_journal_fault(KTG_JOURNAL_FAULT_MARK), "mark", "other bytes",
                             "KTGMARK1");
    }
    *ret_m = m;
    return KTG_OK;
}

int ktg_mark_load(int dir, const uint8_t journal[static 16], struct ktg_mark *ret_m,
                  struct ktg_err *err)
{
    struct ktg_mark m;
    int rc = map_mark(dir, true, &m, err);
    if (rc)
        return rc;
    if (m.at && memcmp(m.at->journal, journal, sizeof m.at->journal) != 0) {
        ktg_mark_close(&m);
        return ktg_err_fault(err, ktg_journal_fault(KTG_JOURNAL_FAULT_MARK), "mark",
                             "another journal's id", NULL);
    }
    *ret_m = m;
    return KTG_OK;
}

int ktg_mark_make(int dir, struct ktg_disk *disk, const uint8_t journal[static 16],
                  ktg_position mark, struct ktg_mark *ret_m, struct ktg_err *err)
{
    struct ktg_mark_bytes b = {.mark = mark};
    memcpy(b.magic, magic, sizeof magic);
    memcpy(b.journal, journal, sizeof b.journal);
    int fd = ktg_disk_open(disk, dir, "mark.tmp", O_RDWR | O_CREAT | O_TRUNC, 0640);
    if (fd < 0)
        return ktg_err_set(err, KTG_EIO, "mark: %s", strerror(errno));
    if (ktg_disk_pwrite(disk, fd, &b, sizeof b, 0) || ktg_disk_fdatasync(disk, fd) ||
        ktg_disk_rename(disk, dir, "mark.tmp", "mark") || ktg_disk_fsync(disk, dir)) {
        int code = errno == ENOSPC || errno == EDQUOT ? KTG_EFULL : KTG_EIO;
        ktg_err_set(err, code, "mark: %s", strerror(errno));
        close(fd);
        return code;
    }
    close(fd);
    int rc = map_mark(dir, true, ret_m, err);
    if (rc == KTG_OK && !ret_m->at)
        rc = ktg_err_set(err, KTG_EIO, "mark: it went away");
    return rc;
}

void ktg_mark_begin(struct ktg_mark *m, ktg_position mark, uint64_t tag)
{
    ktg_mark_boot_id(m->at->boot_id);
    m->at->opens++;
    atomic_store(&m->at->clean, 0);
    atomic_store(&m->at->phase, KTG_JOURNAL_IDLE);
    ktg_mark_publish(m, mark, tag);
}

void ktg_mark_publish(struct ktg_mark *m, ktg_position mark, uint64_t tag)
{
    atomic_store_explicit(&m->at->mark, mark, memory_order_release);
    atomic_store_explicit(&m->at->tag, tag, memory_order_release);
}

void ktg_mark_close(struct ktg_mark *m)
{
    if (m->at)
        munmap(m->at, sizeof *m->at);
    if (m->fd >= 0)
        close(m->fd);
    *m = (struct ktg_mark){.fd = -1};
}

struct ktg_journal_mark {
    struct ktg_mark m;
};

int ktg_journal_mark_open(const char *dir, struct ktg_journal_mark **ret_m, struct ktg_err *err)
{
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return ktg_path_fail(err, dir, errno, "the folder of a journal");
    struct ktg_journal_mark *m = ktg_zalloc(sizeof *m);
    int rc = m ? map_mark(fd, false, &m->m, err) : ktg_err_set(err, KTG_ENOMEM, "out of memory");
    close(fd);
    if (rc == KTG_OK && !m->m.at)
        rc = ktg_err_fault(err, ktg_journal_fault(KTG_JOURNAL_FAULT_NONE), dir, NULL, NULL);
    if (rc) {
        ktg_free(m);
        return rc;
    }
    *ret_m = m;
    return KTG_OK;
}

struct ktg_journal_mark *ktg_journal_mark_close(struct ktg_journal_mark *m)
{
    if (m) {
        ktg_mark_close(&m->m);
        ktg_free(m);
    }
    return NULL;
}

struct ktg_journal_mark_view ktg_journal_mark_read(const struct ktg_journal_mark *m)
{
    struct ktg_mark_bytes *b = m->m.at;
    struct ktg_journal_mark_view v = {
        .tag = atomic_load_explicit(&b->tag,
                                    memory_order_acquire), /* before the mark: never ahead of it */
        .phase = (enum ktg_journal_phase)atomic_load(&b->phase),
        .clean = atomic_load(&b->clean) == 1,
    };
    v.mark = atomic_load_explicit(&b->mark, memory_order_acquire);
    memcpy(v.boot_id, b->boot_id, sizeof v.boot_id);
    return v;
}
