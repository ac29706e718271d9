/* schema/faults.h - the failures of events and messages that have a name (faults.def).
 * Pure.  Floor 1.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_SCHEMA_FAULTS_H
#define KTG_SCHEMA_FAULTS_H

#include "runtime/bytes.h"
#include "runtime/err.h"

enum ktg_fault_no {
#define X(symbol, name, code, what, apa, next, langkah) KTG_FAULT_##symbol,
#include "schema/faults.def"
#undef X
    KTG_FAULT_COUNT
};

extern const struct ktg_fault ktg_faults[KTG_FAULT_COUNT]; /* by enum ktg_fault_no */

/* The fault of that name, or NULL. */
const struct ktg_fault *ktg_fault_named(struct ktg_bytes name);
/* As ktg_err_fault(), with a printf for `where`; got and want may be NULL. */
int ktg_fault_set(struct ktg_err *err, enum ktg_fault_no no, const char *got, const char *want,
                  const char *where_format, ...) KTG_PRINTF(5, 6);

#endif
