/* config/faults.h - the named failures of this room (faults.def).
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_CONFIG_FAULTS_H
#define KTG_CONFIG_FAULTS_H

#include "runtime/err.h"
#include "runtime/yaml/yaml.h"

enum ktg_config_fault_no {
#define X(NAME, label, code, what, apa, next, langkah) KTG_CONFIG_##NAME,
#include "config/faults.def"
#undef X
    KTG_CONFIG_FAULT_COUNT
};

extern const struct ktg_fault ktg_config_faults[KTG_CONFIG_FAULT_COUNT];

/* As ktg_err_fault(); `where` is "NAME:LINE:COLUMN" of the node, or NAME when it is NULL. */
int ktg_config_fail_at(struct ktg_err *err, enum ktg_config_fault_no no,
                       const struct ktg_yaml_node *at, const char *name, const char *got,
                       const char *want);
/* What ktg_yaml_parse() gave: a text that is no YAML gets its name, the rest goes through.  err may be NULL. */
int ktg_config_yaml(struct ktg_err *err, int rc);
int ktg_config_fail(struct ktg_err *err, enum ktg_config_fault_no no, const char *where,
                    const char *got, const char *want);

#endif
