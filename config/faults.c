/* config/faults.c - see faults.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config/faults.h"

#include <stdio.h>
#include <string.h>

const struct ktg_fault ktg_config_faults[KTG_CONFIG_FAULT_COUNT] = {
#define X(NAME, label, code, what, apa, next, langkah) {label, code, what, apa, next, langkah},
#include "config/faults.def"
#undef X
};

int ktg_config_fail(struct ktg_err *err, enum ktg_config_fault_no no, const char *where,
                    const char *got, const char *want)
{
    return ktg_err_fault(err, &ktg_config_faults[no], where, got, want);
}

int ktg_config_fail_at(struct ktg_err *err, enum ktg_config_fault_no no,
                       const struct ktg_yaml_node *at, const char *name, const char *got,
                       const char *want)
{
    char where[96];
    if (!at)
        return ktg_config_fail(err, no, name, got, want);
    size_t n = strlen(name);
    if (n >
        72) /* the end of a long path tells more than its beginning, and line and column must fit */
        name += n - 72;
    snprintf(where, sizeof where, "%s:%d:%d", name, at->line, at->column);
    return ktg_config_fail(err, no, where, got, want);
}

int ktg_config_yaml(struct ktg_err *err, int rc)
{
    char where[sizeof err->where], got[sizeof err->got];
    if (rc != KTG_EINVALID || !err || err->fault)
        return rc;
    const char *colon = strstr(err->text, ": "); /* NAME:LINE:COLUMN: what the parser saw */
    size_t n = colon ? (size_t)(colon - err->text) : 0;
    const char *from = err->text + (n < sizeof where ? 0 : n - sizeof where + 1);
    snprintf(where, sizeof where, "%.*s", (int)(err->text + n - from), from);
    snprintf(got, sizeof got, "%s", colon ? colon + 2 : err->text);
    return ktg_config_fail(err, KTG_CONFIG_TEXT_WRONG, where, got, NULL);
}
