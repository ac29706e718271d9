/* runtime/lockfile.c - see lockfile.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "runtime/lockfile.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/mem.h"
#include "runtime/path.h"

struct ktg_lockfile {
    int fd;
};

/* What the holder wrote; it may just be about to, so "?" is possible. */
static void read_holder(int fd, char *to, size_t size)
{
    char text[32] = "";
    ssize_t n = pread(fd, text, sizeof text - 1, 0);
    long pid = n > 0 ? strtol(text, NULL, 10) : 0;
    if (pid > 0)
        snprintf(to, size, "pid %ld", pid);
    else
        snprintf(to, size, "pid unknown");
}

static int write_pid(int fd)
{
    char text[32];
    int n = snprintf(text, sizeof text, "%ld\n", (long)getpid());
    if (ftruncate(fd, 0) != 0 || pwrite(fd, text, (size_t)n, 0) != n)
        return KTG_EIO;
    return KTG_OK;
}

int ktg_lockfile_open(const char *path, struct ktg_lockfile **ret_lock, struct ktg_err *err)
{
    int rc = KTG_OK;
    struct ktg_lockfile *lock = ktg_alloc(sizeof *lock);
    if (!lock)
        return ktg_err_set(err, KTG_ENOMEM, "%s: no memory", path);
    lock->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (lock->fd < 0) {
        rc = ktg_path_fail(err, path, errno, "a lock file that can be written");
        goto out;
    }
    if (flock(lock->fd, LOCK_EX | LOCK_NB) != 0) {
        char holder[32];
        int why = errno;
        read_holder(lock->fd, holder, sizeof holder);
        rc = why == EWOULDBLOCK
                 ? ktg_err_fault(err, &ktg_runtime_faults[KTG_RUNTIME_ALREADY_RUNNING], path,
                                 holder, NULL)
                 : ktg_err_set(err, KTG_EIO, "%s: cannot lock: %s", path, strerror(why));
        goto out;
    }
    rc = write_pid(lock->fd);
    if (rc != KTG_OK) {
        ktg_err_set(err, rc, "%s: cannot write the lock file: %s", path, strerror(errno));
        goto out;
    }
    *ret_lock = lock;
    lock = NULL;
out:
    ktg_lockfile_close(lock);
    return rc;
}

bool ktg_lockfile_is_held(const char *path)
{
    char text[32] = "";
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return false;
    ssize_t n = pread(fd, text, sizeof text - 1, 0);
    long pid = n > 0 ? strtol(text, NULL, 10) : 0;
    bool gone = pid > 0 && kill((pid_t)pid, 0) && errno == ESRCH;
    bool held = !gone && flock(fd, LOCK_SH | LOCK_NB) && errno == EWOULDBLOCK;
    close(fd);
    return held;
}

struct ktg_lockfile *ktg_lockfile_close(struct ktg_lockfile *lock)
{
    if (lock && lock->fd >= 0)
        close(lock->fd); /* the file stays: deleting it would let two processes hold two files */
    ktg_free(lock);
    return NULL;
}

int ktg_rundir_prepare(const char *path, unsigned mode, struct ktg_err *err)
{
    char got[64], want[64];
    if (mkdir(path, (mode_t)mode) == 0) {
        if (chmod(path, (mode_t)mode) == 0) /* whatever the umask said */
            return KTG_OK;
        return ktg_path_fail(err, path, errno, NULL);
    }
    if (errno != EEXIST)
        return ktg_path_fail(err, path, errno, "a directory that can be made");
    struct stat st;
    if (lstat(path, &st) != 0)
        return ktg_path_fail(err, path, errno, NULL);
    snprintf(want, sizeof want, "a directory of user %ld, rights %04o at most", (long)geteuid(),
             mode);
    if (!S_ISDIR(st.st_mode)) {
        snprintf(got, sizeof got, S_ISLNK(st.st_mode) ? "a link" : "a file");
        return ktg_err_fault(err, &ktg_runtime_faults[KTG_RUNTIME_OPEN_DIRECTORY], path, got, want);
    }
    if (st.st_uid != geteuid() || (st.st_mode & 07777 & ~(mode_t)mode) != 0) {
        snprintf(got, sizeof got, "user %ld, rights %04o", (long)st.st_uid,
                 (unsigned)(st.st_mode & 07777));
        return ktg_err_fault(err, &ktg_runtime_faults[KTG_RUNTIME_OPEN_DIRECTORY], path, got, want);
    }
    return KTG_OK;
}
