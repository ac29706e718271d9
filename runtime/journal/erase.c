/* runtime/journal/erase.c - destroying a record's payload and salt in place, so that a crash leaves
 * it done or not begun.
 *
 * docs/journal-format.md section 9.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/journal/writer.h"
#include "runtime/mem.h"

/* The file `erase`: magic 8, CRC of the rest 4, length of the frame 4, segment base 8, offset 8,
 * frame. */
enum { HEADER = 32 };

static int failed(struct ktg_err *err, const char *what)
{
    return ktg_err_fault(err, ktg_journal_fault(KTG_JOURNAL_FAULT_DISK), what, strerror(errno),
                         NULL);
}

static int read_note(int dir, uint8_t **ret_note, size_t *ret_size, struct ktg_err *err)
{
    struct stat st;
    uint8_t *note = NULL;
    int fd = openat(dir, "erase", O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? KTG_ENOTFOUND : failed(err, "erase");
    int rc = KTG_ECORRUPT;
    if (fstat(fd, &st) != 0 || st.st_size < HEADER + KTG_FRAME_HEADER ||
        st.st_size > KTG_SEGMENT_MAX)
        goto out;
    size_t size = (size_t)st.st_size;
    note = ktg_alloc(size);
    if (!note) {
        rc = KTG_ENOMEM;
        goto out;
    }
    if (pread(fd, note, size, 0) != (ssize_t)size || memcmp(note, "KTGERASE", 8) != 0 ||
        ktg_get_le32(note + 12) != size - HEADER ||
        ktg_crc32c(0, note + 12, size - 12) != ktg_get_le32(note + 8))
        goto out;
    *ret_note = note;
    *ret_size = size;
    note = NULL;
    rc = KTG_OK;
out:
    if (rc)
        ktg_err_set(err, rc, "the note of an erasure cannot be read");
    ktg_free(note);
    close(fd);
    return rc;
}

/* Write the frame of a complete note over the old one. */
int ktg_erase_finish(int dir, struct ktg_disk *disk, struct ktg_err *err)
{
    uint8_t *note = NULL;
    size_t size = 0;
    char name[KTG_SEGMENT_NAME];
    int fd = -1;
    int rc = read_note(dir, &note, &size, err);
    if (rc == KTG_ENOTFOUND)
        return KTG_OK;
    if (rc)
        return rc;
    ktg_position base = ktg_get_le64(note + 16);
    uint64_t offset = ktg_get_le64(note + 24);
    struct ktg_segment s = {.fd = -1};
    struct ktg_frame f;
    rc = ktg_segment_open(dir, base, &s, err);
    if (rc)
        goto out;
    struct ktg_frame_place place = {.segment_base = base, .offset = offset};
    memcpy(place.journal, s.head.journal, sizeof place.journal);
    if (offset < KTG_SEGMENT_HEADER || offset + (size - HEADER) > s.head.size ||
        !ktg_frame_check(&place, note + HEADER, size - HEADER, &f) || f.size != size - HEADER) {
        rc = ktg_err_set(err, KTG_ECORRUPT, "the note of an erasure does not fit its segment");
        goto out;
    }
    ktg_segment_name(base, ".log", name);
    fd = ktg_disk_open(disk, dir, name, O_RDWR, 0);
    if (fd < 0 || ktg_disk_pwrite(disk, fd, note + HEADER, size - HEADER, (off_t)offset) ||
        ktg_disk_fdatasync(disk, fd)) {
        rc = failed(err, name);
        goto out;
    }
    ktg_segment_name(base, ".idx", name); /* it knows a hash of what was erased */
    if ((ktg_disk_unlink(disk, dir, name) && errno != ENOENT) || ktg_disk_fsync(disk, dir) ||
        ktg_disk_unlink(disk, dir, "erase") || ktg_disk_fsync(disk, dir))
        rc = failed(err, name);
out:
    if (fd >= 0)
        close(fd);
    ktg_segment_close(&s);
    ktg_free(note);
    return rc;
}

static int write_note(int dir, struct ktg_disk *disk, uint8_t *note, size_t size,
                      struct ktg_err *err)
{
    ktg_put_le32(note + 8, ktg_crc32c(0, note + 12, size - 12));
    int fd = ktg_disk_open(disk, dir, "erase.tmp", O_RDWR | O_CREAT | O_TRUNC, 0640);
    if (fd < 0)
        return failed(err, "erase.tmp");
    int rc = KTG_OK;
    if (ktg_disk_pwrite(disk, fd, note, size, 0) || ktg_disk_fdatasync(disk, fd) ||
        ktg_disk_rename(disk, dir, "erase.tmp", "erase") || ktg_disk_fsync(disk, dir))
        rc = failed(err, "erase.tmp");
    close(fd);
    return rc;
}

/* The frame of s that holds pos. */
static int find_frame(const struct ktg_segment *s, ktg_position pos, uint64_t *ret_offset,
                      struct ktg_frame *ret_f)
{
    uint64_t at = KTG_SEGMENT_HEADER;
    struct ktg_frame f;
    while (ktg_segment_frame(s, at, &f)) {
        if (f.base <= pos && pos <= f.base + f.count) {
            *ret_offset = at;
            *ret_f = f;
            return KTG_OK;
        }
        at += f.size;
    }
    return KTG_ENOTFOUND;
}

static int erase_in(int dir, struct ktg_disk *disk, const struct ktg_segment *s, ktg_position pos,
                    struct ktg_err *err)
{
    uint64_t offset;
    struct ktg_frame f;
    int rc = find_frame(s, pos, &offset, &f);
    if (rc)
        return ktg_err_set(err, rc, "there is no such position");
    if (f.base == pos)
        return ktg_err_set(err, KTG_EINVALID, "the position is a clock record");
    uint32_t at = KTG_FRAME_HEADER;
    for (ktg_position p = f.base + 1; p < pos; p++)
        at += ktg_get_le32(f.bytes + at);
    if (f.bytes[at + 5] & KTG_RECORD_ERASED)
        return KTG_OK;
    size_t size = (size_t)HEADER + f.size;
    uint8_t *note = ktg_zalloc(size);
    if (!note)
        return ktg_err_set(err, KTG_ENOMEM, "out of memory");
    uint8_t *frame = note + HEADER, *r = frame + at;
    memcpy(note, "KTGERASE", 8);
    ktg_put_le32(note + 12, f.size);
    ktg_put_le64(note + 16, s->head.base);
    ktg_put_le64(note + 24, offset);
    memcpy(frame, f.bytes, f.size);
    r[5] |= KTG_RECORD_ERASED;
    memset(r + 32, 0, 16);
    memset(r + KTG_RECORD_HEADER + ktg_get_le16(r + 6), 0, ktg_get_le32(r + 8));
    struct ktg_frame_place place = {.segment_base = s->head.base, .offset = offset};
    memcpy(place.journal, s->head.journal, sizeof place.journal);
    ktg_put_le32(frame + 8, ktg_frame_crc(&place, frame, f.size));
    rc = write_note(dir, disk, note, size, err);
    ktg_free(note);
    return rc ? rc : ktg_erase_finish(dir, disk, err);
}

int ktg_journal_erase(const char *dir, ktg_position pos, struct ktg_disk *disk, struct ktg_err *err)
{
    ktg_position *bases = NULL;
    size_t count = 0, i;
    struct ktg_segment s = {.fd = -1};
    int fd = -1;
    int rc = ktg_journal_lock(dir, &fd, err);
    if (rc)
        return rc;
    rc = ktg_erase_finish(fd, disk, err);
    if (rc == KTG_OK)
        rc = ktg_segment_list(fd, &bases, &count, err);
    if (rc)
        goto out;
    for (i = count; i > 0 && bases[i - 1] > pos; i--)
        ;
    if (i == 0) {
        rc = ktg_err_set(err, KTG_ENOTFOUND, "there is no such position");
        goto out;
    }
    rc = ktg_segment_open(fd, bases[i - 1], &s, err);
    if (rc == KTG_OK)
        rc = erase_in(fd, disk, &s, pos, err);
out:
    ktg_segment_close(&s);
    ktg_free(bases);
    close(fd);
    return rc;
}
