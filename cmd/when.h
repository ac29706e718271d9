/* cmd/when.h - a moment as a person at a desk writes it: short, in one zone, the day only when it is another one.
 *
 *     09:12        02 Mar 23:58        31 Des 2025 07:00
 *     today        this year           else
 *
 * The zone is not in it: whoever shows several says it once.  Pure.  Floor 4.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_CMD_WHEN_H
#define KTG_CMD_WHEN_H

#include "cmd/output.h"
#include "runtime/civil.h"

#define KTG_WHEN_TEXT 24

void ktg_when_format(ktg_time at, ktg_time now, int offset_min, enum ktg_lang lang,
                     char to[static KTG_WHEN_TEXT]);
const char *ktg_when_month(int month, enum ktg_lang lang); /* 1..12: "Mar" */

#endif
