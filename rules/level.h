/* rules/level.h - how grave a finding is: five words in order, the same in rules, findings, filters and commands.
 * Floor 2.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_RULES_LEVEL_H
#define KTG_RULES_LEVEL_H

#include <stdint.h>

#include "runtime/bytes.h"
#include "runtime/err.h"

enum { KTG_LEVEL_MOST = 4 };
extern const char *const ktg_level_names[]; /* informational .. critical, ended by NULL */
const char *ktg_level_name(int level);      /* of a number outside: the nearest */
/* KTG_EINVALID: no such word. */
KTG_MUST_CHECK int ktg_level_of(struct ktg_bytes name, int32_t *ret_level);

#endif
