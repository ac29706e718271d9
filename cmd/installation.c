/* cmd/installation.c - see installation.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cmd/installation.h"

#include <unistd.h>

#include "cmd/shipped.h"

#define HERE "kentongan.yaml"

int ktg_installation_settings(struct ktg_call *call, struct ktg_settings **ret_s)
{
    struct ktg_settings *s = NULL;
    const char *file = ktg_call_text(call, "config"), *assignment;
    int rc = ktg_settings_new(&s, &call->err);
    if (!rc && (file || access(HERE, F_OK) == 0))
        rc = ktg_settings_load(s, file ? file : HERE, &call->err);
    for (size_t i = 0; !rc && (assignment = ktg_call_nth(call, "set", i)); i++)
        rc = ktg_settings_set(s, assignment, &call->err);
    if (rc)
        ktg_settings_free(s);
    else
        *ret_s = s;
    return rc;
}

struct ktg_bytes ktg_installation_shipped_agencies(void)
{
    for (size_t i = 0; i < ktg_shipped_count; i++)
        if (ktg_bytes_is(ktg_shipped[i].name, "agencies.yaml"))
            return ktg_shipped[i].text;
    return KTG_BYTES_NONE;
}

int ktg_installation_agencies(struct ktg_call *call, const struct ktg_settings *s,
                              struct ktg_agencies **ret_a)
{
    const char *path = ktg_settings_text(s, KTG_SET_PATHS_AGENCIES);
    if (access(path, F_OK) == 0)
        return ktg_agencies_load(path, ret_a, &call->err);
    return ktg_agencies_parse(ktg_installation_shipped_agencies(), "agencies.yaml (shipped)", ret_a,
                              &call->err);
}
