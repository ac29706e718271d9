/* runtime/link/faults.h - the named failures of this room; the rows are in faults.def.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_RUNTIME_LINK_FAULTS_H
#define KTG_RUNTIME_LINK_FAULTS_H

#include "runtime/err.h"

enum ktg_link_fault {
#define X(name, label, code, what, apa, next, langkah) KTG_LINK_##name,
#include "runtime/link/faults.def"
#undef X
    KTG_LINK_FAULT_COUNT
};

const struct ktg_fault *ktg_link_fault(enum ktg_link_fault f);

#endif
