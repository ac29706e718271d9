/* cmd/help.h - what the table of commands says to people and to shells.
 *
 * Every text comes from the rows alone, in the language asked for.  Pure.  Floor 4.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_CMD_HELP_H
#define KTG_CMD_HELP_H

#include "cmd/command.h"

void ktg_help_all(struct ktg_buf *to, enum ktg_lang lang);
void ktg_help_command(const struct ktg_command *c, struct ktg_buf *to, enum ktg_lang lang);
void ktg_help_usage(const struct ktg_command *c,
                    struct ktg_buf *to);                        /* "kentongan x [--y N] FILE" */
void ktg_help_markdown(struct ktg_buf *to, enum ktg_lang lang); /* docs/reference/commands.md */
void ktg_help_man(struct ktg_buf *to, enum ktg_lang lang);      /* kentongan(1), mdoc */
void ktg_help_bash(struct ktg_buf *to);                         /* a completion script */

#endif
