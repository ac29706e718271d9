/* cmd/texts.h - the texts of an installation: what lies in its folders, and what is in force.
 *
 *     rules/ lists/ schema/ agencies.yaml ──gather──> a bundle: a draft        reload: the draft is recorded, if it is right
 *     event journal ─────────in_force───────────────> a bundle: what holds
 *
 * (1) What has no folder here comes with the program.  `own.yaml` in the bundle lists what had one.
 * (2) A folder that is in force and is not there any more is a fault, never a step back to the shipped texts: a disk that is
 *     not mounted would withdraw every alert that stands.  Who means it leaves a folder with a `local.yaml` in it.
 * Reads the disk.  Floor 4.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_CMD_TEXTS_H
#define KTG_CMD_TEXTS_H

#include "cmd/installation.h"
#include "schema/files.h"

enum { KTG_TEXTS_PARTS = 4 };
/* What an installation may have of its own. */
struct ktg_texts_part {
    const char *name;      /* "rules" */
    enum ktg_setting path; /* of a folder; `agencies` is a file */
    const char *begins[2]; /* how its texts begin in a bundle */
};
extern const struct ktg_texts_part ktg_texts_parts[KTG_TEXTS_PARTS];
bool ktg_texts_is_file(const struct ktg_texts_part *p);
/* Does the installation have it? */
bool ktg_texts_is_there(const struct ktg_settings *s, const struct ktg_texts_part *p);

/* The draft, named as in a bundle, and whose rows are sorted.  `in_force`: the bundle that it would replace, or empty.  The
 * caller has initialised `files` and calls ktg_files_done().  KTG_ENOTFOUND "texts-gone": (2); others as
 * ktg_files_read(). */
KTG_MUST_CHECK int ktg_texts_gather(const struct ktg_settings *s, struct ktg_bytes in_force,
                                    struct ktg_files *files, struct ktg_err *err);
/* Does the installation have this folder (paths.rules, .lists, .schema)?  Its path, as long as the settings live; NULL: the
 * shipped texts are used. */
const char *ktg_texts_folder(const struct ktg_settings *s, enum ktg_setting which);

/* Append the bundle that is in force and say where it stands; errors as ktg_in_force_read(). */
KTG_MUST_CHECK int ktg_texts_in_force(const struct ktg_settings *s, struct ktg_buf *to,
                                      uint64_t *ret_position, struct ktg_err *err);
/* The texts that are in force, as files, and where they stand; 0: none are yet, and these are what a first start would take.
 * The caller has initialised `files` and calls ktg_files_done(). */
KTG_MUST_CHECK int ktg_texts_that_hold(const struct ktg_settings *s, struct ktg_files *files,
                                       uint64_t *ret_position, struct ktg_err *err);
/* How many texts of the draft differ from those in force, agencies aside, which need no reload; append which:
 * "rules/a.yaml changed, rules/b.yaml new, lists/c.yaml gone", a few of them.  A bundle that cannot be read has all
 * of them new. */
size_t ktg_texts_differ(struct ktg_bytes in_force, const struct ktg_files *draft,
                        struct ktg_buf *to);

#endif
