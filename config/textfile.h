/* config/textfile.h - small files that people edit: read whole, replaced whole.
 *
 *     NAME.new.PID  written, synced  --rename-->  NAME     then the folder is synced
 *
 * (1) A reader sees the old text or the new one, never a part, whatever happens in between.
 * (2) Nothing larger than the caller's limit is read.
 *
 * A shell of the world.  Floor 1, needs runtime/ only.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_CONFIG_TEXTFILE_H
#define KTG_CONFIG_TEXTFILE_H

#include <sys/types.h>

#include "runtime/buf.h"

/* Append the text to `to`.  KTG_ENOTFOUND: no such file; KTG_EDENIED; KTG_EINVALID: over `max`
 * bytes, or no plain file; KTG_EIO; KTG_ENOMEM. */
KTG_MUST_CHECK int ktg_textfile_read(const char *path, size_t max, struct ktg_buf *to,
                                     struct ktg_err *err);
/* Replace, or make, with exactly these rights.  `fresh`: KTG_ECONFLICT if the name is taken.
 * KTG_EFULL: disk; KTG_EDENIED; KTG_EIO. */
KTG_MUST_CHECK int ktg_textfile_write(const char *path, struct ktg_bytes text, mode_t mode,
                                      bool fresh, struct ktg_err *err);
/* Each name in `folder` that ends in `suffix`, in bytewise order, hidden ones left out.  Not KTG_OK
 * from `each` ends the walk and is returned.  KTG_ENOTFOUND: no such folder.  KTG_EINVALID: more
 * than `max` names. */
KTG_MUST_CHECK int ktg_textfile_each(const char *folder, const char *suffix, size_t max,
                                     int (*each)(void *arg, const char *name, struct ktg_err *err),
                                     void *arg, struct ktg_err *err);
#endif
