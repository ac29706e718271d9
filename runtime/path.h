/* runtime/path.h - what is wrong with a path that somebody named: nothing there, a folder where a file is wanted, no right, no room.
 *
 * Pure.  Floor 0.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_RUNTIME_PATH_H
#define KTG_RUNTIME_PATH_H

#include "runtime/err.h"

enum ktg_runtime_fault {
#define X(name, label, code, what, apa, next, langkah) KTG_RUNTIME_##name,
#include "runtime/faults.def"
#undef X
    KTG_RUNTIME_FAULTS
};
extern const struct ktg_fault ktg_runtime_faults[KTG_RUNTIME_FAULTS];

/* The failure that errno `number` is, at `path`; of a path too long for the error its end is told.  `want` may be NULL.
 * Returns the code: ENOTFOUND, EDENIED, EFULL, ECONFLICT (something is there), EINVALID (a folder), ENOMEM, else EIO. */
int ktg_path_fail(struct ktg_err *err, const char *path, int number, const char *want);

#endif
