/* schema/faults.c - see faults.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "schema/faults.h"

#include <stdarg.h>
#include <stdio.h>

const struct ktg_fault ktg_faults[KTG_FAULT_COUNT] = {
#define X(symbol, name, code, what, apa, next, langkah) \
    {name, KTG_##code, what, apa, next, langkah},
#include "schema/faults.def"
#undef X
};

const struct ktg_fault *ktg_fault_named(struct ktg_bytes name)
{
    for (size_t i = 0; i < KTG_FAULT_COUNT; i++)
        if (ktg_bytes_is(name, ktg_faults[i].name))
            return &ktg_faults[i];
    return NULL;
}

int ktg_fault_set(struct ktg_err *err, enum ktg_fault_no no, const char *got, const char *want,
                  const char *where_format, ...)
{
    char where[96];
    va_list ap;
    va_start(ap, where_format);
    vsnprintf(where, sizeof where, where_format, ap);
    va_end(ap);
    return ktg_err_fault(err, &ktg_faults[no], where, got, want);
}
