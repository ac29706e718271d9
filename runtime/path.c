/* runtime/path.c - see path.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "runtime/path.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

const struct ktg_fault ktg_runtime_faults[KTG_RUNTIME_FAULTS] = {
#define X(name, label, code, what, apa, next, langkah) {label, code, what, apa, next, langkah},
#include "runtime/faults.def"
#undef X
};

static const struct {
    int number;
    enum ktg_runtime_fault fault;
} meanings[] = {
    {ENOENT, KTG_RUNTIME_PATH_MISSING},  {ENOTDIR, KTG_RUNTIME_PATH_NO_FOLDER},
    {EISDIR, KTG_RUNTIME_PATH_NO_FILE},  {EACCES, KTG_RUNTIME_PATH_DENIED},
    {EPERM, KTG_RUNTIME_PATH_DENIED},    {EROFS, KTG_RUNTIME_PATH_DENIED},
    {ELOOP, KTG_RUNTIME_PATH_DENIED},    {ENOSPC, KTG_RUNTIME_PATH_FULL},
    {EDQUOT, KTG_RUNTIME_PATH_FULL},     {EEXIST, KTG_RUNTIME_PATH_TAKEN},
    {ENOTEMPTY, KTG_RUNTIME_PATH_TAKEN}, {ENAMETOOLONG, KTG_RUNTIME_PATH_LONG},
};

/* The end says more than the beginning. */
static const char *shorten(const char *path, char *to, size_t size)
{
    size_t n = strlen(path);
    if (n < size)
        return path;
    const char *end = path + n - (size - 4);
    while ((*end & 0xc0) == 0x80)
        end++;
    snprintf(to, size, "...%s", end);
    return to;
}

int ktg_path_fail(struct ktg_err *err, const char *path, int number, const char *want)
{
    char room[sizeof err->where];
    enum ktg_runtime_fault fault = KTG_RUNTIME_PATH_DISK;
    if (number == ENOMEM)
        return ktg_err_set(err, KTG_ENOMEM, "%s: out of memory", path);
    for (size_t i = 0; i < KTG_COUNT(meanings); i++)
        if (meanings[i].number == number)
            fault = meanings[i].fault;
    return ktg_err_fault(err, &ktg_runtime_faults[fault], shorten(path, room, sizeof room),
                         strerror(number), want);
}
