/* runtime/link/faults.c - see faults.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "runtime/link/faults.h"

static const struct ktg_fault faults[] = {
#define X(name, label, code, what, apa, next, langkah) \
    [KTG_LINK_##name] = {label, code, what, apa, next, langkah},
#include "runtime/link/faults.def"
#undef X
};

const struct ktg_fault *ktg_link_fault(enum ktg_link_fault f)
{
    return &faults[f];
}
