/* rules/values.h - values of conditions, made in one word.
 * Floor 2, private to rules/.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_RULES_VALUES_H
#define KTG_RULES_VALUES_H

#include "rules/cel/cel.h"

static inline struct ktg_cel_value ktg_absent(void)
{
    return (struct ktg_cel_value){.kind = KTG_CEL_ABSENT};
}
static inline struct ktg_cel_value ktg_text(struct ktg_bytes s)
{
    return (struct ktg_cel_value){.kind = KTG_CEL_STRING, .s = s};
}
static inline struct ktg_cel_value ktg_instant(ktg_time t, int offset_min)
{
    return (struct ktg_cel_value){.kind = KTG_CEL_TIMESTAMP, .offset_min = offset_min, .i = t};
}

#endif
