/* runtime/journal/copy.c - a copy of a journal while its writer goes on.
 *
 * Frames are copied up to the durable mark as it stood at the beginning, and not a byte further: a file copied as a
 * whole could hold a later frame and lack an earlier one that was written meanwhile.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "runtime/journal/mark.h"
#include "runtime/journal/segment.h"
#include "runtime/mem.h"
#include "runtime/path.h"

static int io_error(struct ktg_err *err, const char *what, const char *name)
{
    int rc = ktg_path_fail(err, name, errno, NULL);
    return ktg_err_wrap(err, rc, "copy: %s", what);
}

/* Where the frames up to `mark` end; *ret_done: the last of them is here. */
static uint64_t end_of(const struct ktg_segment *s, ktg_position mark, bool *ret_done)
{
    uint64_t at = KTG_SEGMENT_HEADER;
    struct ktg_frame f;
    *ret_done = false;
    while (!*ret_done && ktg_segment_frame(s, at, &f) && f.base <= mark) {
        *ret_done = f.base + f.count >= mark;
        at += f.size;
    }
    return at;
}

static int copy_segment(const struct ktg_segment *s, uint64_t end, int to, struct ktg_err *err)
{
    char name[KTG_SEGMENT_NAME];
    ktg_segment_name(s->head.base, ".log", name);
    int fd = ktg_disk_open(NULL, to, name, O_WRONLY | O_CREAT | O_EXCL, 0640);
    if (fd < 0)
        return io_error(err, "cannot make", name);
    int rc = KTG_OK;
    /* the rest of a segment is zeros: a hole reads as that, and the writer fills it before use */
    if (ktg_disk_pwrite(NULL, fd, s->map, (size_t)end, 0) || ftruncate(fd, (off_t)s->head.size) ||
        ktg_disk_fsync(NULL, fd))
        rc = io_error(err, "cannot write", name);
    close(fd);
    return rc;
}

static int copy_all(int from, int to, ktg_position mark, struct ktg_err *err)
{
    ktg_position *bases = NULL;
    size_t count = 0;
    struct ktg_mark m = {.fd = -1};
    uint8_t journal[KTG_JOURNAL_ID_SIZE];
    bool done = false;
    int rc = ktg_segment_list(from, &bases, &count, err);
    for (size_t i = 0; !rc && !done && i < count && bases[i] <= mark; i++) {
        struct ktg_segment s = {.fd = -1};
        rc = ktg_segment_open(from, bases[i], &s, err);
        if (!rc) {
            uint64_t end = end_of(&s, mark, &done);
            memcpy(journal, s.head.journal, sizeof journal);
            rc = copy_segment(&s, end, to, err);
        }
        ktg_segment_close(&s);
    }
    ktg_free(bases);
    if (!rc && mark && !done)
        rc = ktg_err_set(err, KTG_ECORRUPT, "copy: the journal ends before its durable mark %llu",
                         (unsigned long long)mark);
    if (!rc && mark)
        rc = ktg_mark_make(to, NULL, journal, mark, &m, err);
    ktg_mark_close(&m);
    if (!rc && ktg_disk_fsync(NULL, to))
        rc = io_error(err, "cannot sync", "the folder");
    return rc;
}

int ktg_journal_copy(const char *dir, const char *to, struct ktg_journal_report *ret_report,
                     struct ktg_err *err)
{
    struct ktg_journal_mark *m = NULL;
    int from_fd = -1, to_fd = -1;
    int rc = ktg_journal_mark_open(dir, &m, err);
    if (rc)
        return rc;
    ktg_position mark = ktg_journal_mark_read(m).mark;
    ktg_journal_mark_close(m);
    from_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    to_fd = open(to, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (from_fd < 0 || to_fd < 0)
        rc = ktg_path_fail(err, from_fd < 0 ? dir : to, errno, "the folder of a journal");
    if (!rc)
        rc = copy_all(from_fd, to_fd, mark, err);
    if (from_fd >= 0)
        close(from_fd);
    if (to_fd >= 0)
        close(to_fd);
    return rc ? rc : ktg_journal_verify(to, ret_report, err);
}
