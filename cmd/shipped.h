/* cmd/shipped.h - the texts that this binary carries, and how a command line replaces some of them.
 *
 *     events/ codes/ rules/ lists/ settings.yaml        agencies.yaml rates.yaml
 *     └──────────── a bundle (rules/ruleset.h) ─┘
 *
 * (1) Without options the shipped texts are used, so a single file works anywhere.
 * (2) Events and codes add to the shipped ones; a text of the same name replaces the shipped one.
 * (3) Rules stand in place of the shipped rules, lists in place of the shipped lists.  A folder of rules that holds none,
 *     only `local.yaml` with an installation's own settings and lists, leaves the shipped rules in force.
 * Floor 4.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_CMD_SHIPPED_H
#define KTG_CMD_SHIPPED_H

#include "schema/files.h"

extern const struct ktg_file ktg_shipped[]; /* sorted by name */
extern const size_t ktg_shipped_count;

#define KTG_SHIPPED_RATES "rates.yaml" /* rules/rates.h; beside rules, and none */

struct ktg_shipped_choice {   /* NULL: as shipped */
    const char *const *rules; /* folders, files; a folder may hold events/, codes/, lists/ too */
    size_t rule_count;
    const char *schema;   /* folder with events/ and codes/, or with event types directly */
    const char *lists;    /* folder or file */
    const char *settings; /* file */
};

/* The texts to use, named as in a bundle.  The caller has initialised `files` and calls
 * ktg_files_done().  KTG_ENOTFOUND, KTG_EINVALID and so on as ktg_files_read(). */
KTG_MUST_CHECK int ktg_shipped_gather(const struct ktg_shipped_choice *choice,
                                      struct ktg_files *files, struct ktg_err *err);
/* Do the chosen folders hold rules, or cannot be read?  Else the shipped rules are in force. */
bool ktg_shipped_are_replaced(const struct ktg_shipped_choice *choice);
/* The catalogue of a bundle: its events and codes, whatever else it holds. */
KTG_MUST_CHECK int ktg_shipped_catalogue(const struct ktg_file *files, size_t count,
                                         struct ktg_catalogue **ret_c, struct ktg_err *err);

#endif
