/* cmd/in_force.h - the texts and the journals of an installation, for commands that read them where they lie.
 * Floor 4.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_CMD_IN_FORCE_H
#define KTG_CMD_IN_FORCE_H

#include "cmd/installation.h"
#include "schema/files.h"

enum { KTG_IN_FORCE_PATH = 512 };

/* The last rule set of its journal; of a journal without one, what a first start would take. */
KTG_MUST_CHECK int ktg_in_force_texts(struct ktg_call *call, const struct ktg_settings *s,
                                      struct ktg_files *files);
/* The folder that `option` names, else `name` among the installation's data, in `room`. */
const char *ktg_in_force_folder(const struct ktg_call *call, const struct ktg_settings *s,
                                const char *option, const char *name,
                                char room[static KTG_IN_FORCE_PATH]);

#endif
