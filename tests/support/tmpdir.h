/* tests/support/tmpdir.h - a folder of its own for a test, and its removal.
 *
 * Header-only, so that no test room needs another library.  With KTG_TMPDIR_MEMORY defined before the include it lies in
 * memory (/dev/shm) where there is such a thing: for tests whose question is not the disk.  Tests only.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_TESTS_SUPPORT_TMPDIR_H
#define KTG_TESTS_SUPPORT_TMPDIR_H

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define KTG_TMPDIR_SIZE 64

#ifdef KTG_TMPDIR_MEMORY
#define KTG_TMPDIR_BASE (access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp")
#else
#define KTG_TMPDIR_BASE "/tmp"
#endif

/* A new folder, mode 0700, below TMPDIR or the base. */
static inline void ktg_tmpdir_make(char path[static KTG_TMPDIR_SIZE])
{
    const char *base = getenv("TMPDIR");
    int n = snprintf(path, KTG_TMPDIR_SIZE, "%s/ktg.XXXXXX", base ? base : KTG_TMPDIR_BASE);
    if (n >= KTG_TMPDIR_SIZE || !mkdtemp(path)) {
        perror("tmpdir");
        abort();
    }
}

static inline int ktg_tmpdir_unlink(const char *path, const struct stat *st, int kind,
                                    struct FTW *at)
{
    (void)st;
    (void)kind;
    (void)at;
    return remove(path);
}

static inline void ktg_tmpdir_remove(const char *path)
{
    (void)nftw(path, ktg_tmpdir_unlink, 16, FTW_DEPTH | FTW_PHYS);
}

#endif
