/* cmd/rules_mutate.h - rules test --mutate: every mutant of the rules, over the cores.
 * Floor 4.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_CMD_RULES_MUTATE_H
#define KTG_CMD_RULES_MUTATE_H

#include "cmd/rules.h"

/* A row per mutant that lives, is explained or whose explanation is stale; call->negative unless all is as it should be. */
KTG_MUST_CHECK int ktg_rules_mutate(struct ktg_call *call, const struct ktg_files *files,
                                    const struct ktg_ruleset *rs, struct ktg_bytes rule);

#endif
