/* cmd/kept.h - the texts of an installation in its backup.
 *
 *     kentongan.yaml, --config FILE ──> DIR/texts/kentongan.yaml
 *     paths.agencies                ──> DIR/texts/agencies.yaml
 *     paths.rules, .lists, .schema  ──> DIR/texts/rules/ lists/ schema/     every .yaml, as the centre reads them
 *
 * (1) Whatever the settings call them, in a backup they have these names; on the way back the settings say where they go.
 * (2) Nothing is written over: what lies there has to be the same, else it is a fault and nothing was written.
 * (3) Settings hold in this order: --config FILE, ./kentongan.yaml, that of the backup.  A file that was named is not compared.
 * Reads and writes the disk.  Floor 4.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_CMD_KEPT_H
#define KTG_CMD_KEPT_H

#include <sys/types.h>

#include "cmd/installation.h"
#include "schema/files.h"

/* Copy them into the folder DIR/texts, which must not be there.  *ret_count: files. */
KTG_MUST_CHECK int ktg_kept_save(struct ktg_call *call, const struct ktg_settings *s,
                                 const char *dir, size_t *ret_count);
/* The settings of an installation that comes back from `dir`. */
KTG_MUST_CHECK int ktg_kept_settings(struct ktg_call *call, const char *dir,
                                     struct ktg_settings **ret_s);
/* KTG_ECONFLICT "text-differs": something lies there that is not what would be put back; it is named.  KTG_ENOTFOUND:
 * `whole` was asked for, and something is not there. */
KTG_MUST_CHECK int ktg_kept_compare(struct ktg_call *call, const struct ktg_settings *s,
                                    const char *dir, bool whole);
/* Put back what is not there.  After a comparison.  *ret_count: files that were. */
KTG_MUST_CHECK int ktg_kept_restore(struct ktg_call *call, const struct ktg_settings *s,
                                    const char *dir, size_t *ret_count);

/* The file under its name in `folder`, with the folders that its name has.  KTG_ECONFLICT: it is there. */
KTG_MUST_CHECK int ktg_kept_write(const char *folder, const struct ktg_file *f,
                                  struct ktg_err *err);
/* Make a folder that is not there.  KTG_EFULL, KTG_EDENIED. */
KTG_MUST_CHECK int ktg_kept_folder(const char *path, mode_t rights, struct ktg_err *err);

#endif
