/* runtime/trouble.h - something that is wrong for a while: said when it begins, again each minute, and when it is over.
 *
 *     say() ─true─> one line     say() ... false     a minute later: true     over() ─true─> one line
 *
 * Pure: time is an argument (mono ms).  Floor 0.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_RUNTIME_TROUBLE_H
#define KTG_RUNTIME_TROUBLE_H

#include <stdbool.h>
#include <stdint.h>

enum { KTG_TROUBLE_MS = 60000 };

struct ktg_trouble {
    int64_t since, said; /* mono ms; since 0: all is well */
};

/* It is so now.  True: a line is due. */
bool ktg_trouble_say(struct ktg_trouble *t, int64_t now);
/* It is so no more.  True: it was until now. */
bool ktg_trouble_over(struct ktg_trouble *t);
/* Whole seconds since it began, at least 1; 0: all is well. */
int64_t ktg_trouble_seconds(const struct ktg_trouble *t, int64_t now);

#endif
