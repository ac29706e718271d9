/* schema/files.h - the texts of a folder as named files, in memory.
 *
 *     events/border.crossing.yaml   = "type: border.crossing..."
 *     codes/posts.yaml              = "codes: posts..."
 *
 * This is how texts travel: from folders into the journal's rule set, from there into every reader.
 * Reads the disk; nothing else here does.  Owned by one thread.  Floor 1.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_SCHEMA_FILES_H
#define KTG_SCHEMA_FILES_H

#include "runtime/mem.h"
#include "schema/catalogue.h"

#define KTG_FILE_MAX  (4u << 20) /* bytes of one text */
#define KTG_FILES_MAX 2000

struct ktg_files { /* names and texts live in the arena */
    struct ktg_arena arena;
    struct ktg_file *at; /* sorted by name */
    size_t count, cap;
};
#define KTG_FILES_INIT \
    {                  \
        0              \
    }

/* Add all files of `folder` that end in ".yaml", and of its folders one level down, under `prefix` + their path:
 * ktg_files_read(&f, "schema", "", err) gives "events/x.yaml".  Hidden files are passed over.  KTG_ENOTFOUND: no such
 * folder; KTG_EINVALID: too large, too many, or a name that is there already; KTG_EIO, KTG_ENOMEM. */
KTG_MUST_CHECK int ktg_files_read(struct ktg_files *f, const char *folder, const char *prefix,
                                  struct ktg_err *err);
/* Add one file of the disk, whose path messages show, or one text (copied). */
KTG_MUST_CHECK int ktg_files_read_one(struct ktg_files *f, const char *path, const char *name,
                                      struct ktg_err *err);
KTG_MUST_CHECK int ktg_files_put(struct ktg_files *f, const char *name, struct ktg_bytes text,
                                 struct ktg_err *err);
/* A copy of another's file under a name of its own; messages call it as before. */
KTG_MUST_CHECK int ktg_files_put_as(struct ktg_files *f, const char *name,
                                    const struct ktg_file *file, struct ktg_err *err);
void ktg_files_done(struct ktg_files *f);

#endif
