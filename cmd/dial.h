/* cmd/dial.h - a command that calls the centre with a key of its own: its options, and the line they mean.
 *
 * Floor 4.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_CMD_DIAL_H
#define KTG_CMD_DIAL_H

#include "cmd/installation.h"
#include "consumers/terminal/caller.h"

#define KTG_DIAL_PARAMETERS                                                      \
    KTG_INSTALLATION_PARAMETERS, KTG_CALLER_PARAMETERS,                          \
    {                                                                            \
        .name = "wait", .kind = KTG_VALUE_DURATION, .fallback = "10s", .help = { \
            "for an answer of the centre",                                       \
            "menunggu jawaban pusat"                                             \
        }                                                                        \
    }

struct ktg_dial {
    struct ktg_settings *settings; /* what the options point into */
    struct ktg_caller_options options;
};
#define KTG_DIAL_INIT \
    {                 \
        0             \
    }

/* Done with it also after a failure. */
KTG_MUST_CHECK int ktg_dial_open(struct ktg_dial *d, struct ktg_call *call);
void ktg_dial_done(struct ktg_dial *d); /* the keys are overwritten */

#endif
