/* config/textfile.c - see textfile.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config/textfile.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/faults.h"
#include "runtime/mem.h"
#include "runtime/path.h"

static int fail(struct ktg_err *err, int rc, const char *path)
{
    const char *why = strerrordesc_np(rc);
    switch (rc) {
    case ENOENT:
    case ENOTDIR:
        return ktg_config_fail(err, KTG_CONFIG_FILE_MISSING, path, why, NULL);
    case EACCES:
    case EPERM:
    case EROFS:
    case ELOOP:
        return ktg_config_fail(err, KTG_CONFIG_FILE_DENIED, path, why, NULL);
    default:
        return ktg_path_fail(err, path, rc, NULL);
    }
}

int ktg_textfile_read(const char *path, size_t max, struct ktg_buf *to, struct ktg_err *err)
{
    struct stat st;
    int r = KTG_OK;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe must not hold us up */
    if (fd < 0)
        return fail(err, errno, path);
    if (fstat(fd, &st) != 0) {
        r = fail(err, errno, path);
        goto out;
    }
    if (!S_ISREG(st.st_mode)) {
        r = ktg_config_fail(err, KTG_CONFIG_FILE_LARGE, path, NULL, "a plain file");
        goto out;
    }
    for (size_t got = 0;;) {
        uint8_t piece[8192];
        ssize_t n = read(fd, piece, sizeof piece);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            r = fail(err, errno, path);
            goto out;
        }
        if (n == 0)
            break;
        got += (size_t)n;
        if (got > max) {
            char want[40];
            snprintf(want, sizeof want, "at most %zu bytes", max);
            r = ktg_config_fail(err, KTG_CONFIG_FILE_LARGE, path, NULL, want);
            goto out;
        }
        ktg_buf_put(to, piece, (size_t)n);
    }
    if (ktg_buf_check(to))
        r = ktg_err_set(err, KTG_ENOMEM, "%s: no memory", path);
out:
    close(fd);
    return r;
}

static int sync_folder_of(const char *path)
{
    char folder[PATH_MAX];
    snprintf(folder, sizeof folder, "%s", path);
    char *slash = strrchr(folder, '/');
    if (slash)
        slash[slash == folder ? 1 : 0] = '\0';
    int fd = open(slash ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int rc = fd < 0 || fsync(fd) != 0 ? errno : 0;
    if (fd >= 0)
        close(fd);
    return rc;
}

static int write_all(int fd, struct ktg_bytes text)
{
    for (size_t done = 0; done < text.size;) {
        ssize_t n = write(fd, text.data + done, text.size - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno;
        done += (size_t)n;
    }
    return 0;
}

int ktg_textfile_write(const char *path, struct ktg_bytes text, mode_t mode, bool fresh,
                       struct ktg_err *err)
{
    char temporary[PATH_MAX];
    if (snprintf(temporary, sizeof temporary, "%s.new.%ld", path, (long)getpid()) >=
        (int)sizeof temporary)
        return fail(err, ENOENT, path);
    int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return fail(err, errno, path);
    int rc = write_all(fd, text);
    if (!rc && (fchmod(fd, mode) != 0 || fsync(fd) != 0))
        rc = errno;
    if (close(fd) != 0 && !rc)
        rc = errno;
    if (!rc && fresh &&
        link(temporary, path) != 0) /* fails when the name is taken, rename would not */
        rc = errno;
    if (!rc && !fresh && rename(temporary, path) != 0)
        rc = errno;
    if (rc || fresh)
        unlink(temporary);
    if (!rc)
        rc = sync_folder_of(path);
    if (rc == EEXIST)
        return ktg_path_fail(err, path, rc, NULL);
    return rc ? fail(err, rc, path) : KTG_OK;
}

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool ends_in(const char *name, const char *suffix)
{
    size_t n = strlen(name), s = strlen(suffix);
    return n > s && memcmp(name + n - s, suffix, s) == 0;
}

int ktg_textfile_each(const char *folder, const char *suffix, size_t max,
                      int (*each)(void *arg, const char *name, struct ktg_err *err), void *arg,
                      struct ktg_err *err)
{
    char **names = NULL;
    size_t count = 0, cap = 0;
    int r = KTG_OK;
    DIR *d = opendir(folder);
    if (!d)
        return fail(err, errno, folder);
    for (;;) {
        errno = 0;
        const struct dirent *e = readdir(d);
        if (!e && errno)
            r = fail(err, errno, folder);
        if (!e)
            break;
        if (e->d_name[0] == '.' || !ends_in(e->d_name, suffix))
            continue;
        if (count == max)
            r = ktg_err_set(err, KTG_EINVALID, "%s: more than %zu files", folder, max);
        else if (ktg_grow(&names, &cap, count + 1, sizeof *names) ||
                 !(names[count] = ktg_strdup(e->d_name)))
            r = ktg_err_set(err, KTG_ENOMEM, "%s: no memory", folder);
        if (r)
            break;
        count++;
    }
    closedir(d);
    if (count)
        qsort(names, count, sizeof *names, by_bytes);
    for (size_t i = 0; i < count && !r; i++)
        r = each(arg, names[i], err);
    for (size_t i = 0; i < count; i++)
        ktg_free(names[i]);
    ktg_free(names);
    return r;
}
