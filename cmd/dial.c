/* cmd/dial.c - see dial.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cmd/dial.h"

void ktg_dial_done(struct ktg_dial *d)
{
    ktg_curve_forget(&d->options.keys);
    d->settings = ktg_settings_free(d->settings);
}

int ktg_dial_open(struct ktg_dial *d, struct ktg_call *call)
{
    struct ktg_installation_caller caller;
    int rc = ktg_installation_settings(call, &d->settings);
    if (!rc)
        rc = ktg_installation_caller(call, d->settings, &caller);
    if (rc)
        return rc;
    d->options.user = caller.name;
    d->options.endpoint = caller.endpoint;
    d->options.keys = caller.keys;
    d->options.server_key = caller.server_key;
    d->options.patience = ktg_call_duration(call, "wait", 10000);
    ktg_curve_forget(&caller.keys);
    return KTG_OK;
}
