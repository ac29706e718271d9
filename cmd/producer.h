/* cmd/producer.h - an agent as settings and a command line describe it; shared by publish, agent and spool.
 * Floor 4.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_CMD_PRODUCER_H
#define KTG_CMD_PRODUCER_H

#include "cmd/installation.h"
#include "producers/agent/agent.h"

#define KTG_OUTBOX_PARAMETER                                                      \
    {                                                                             \
        .name = "outbox", .kind = KTG_VALUE_FOLDER, .help = {                     \
            "where events wait for the centre; else the setting agent.outbox",    \
            "tempat kejadian menunggu pusat; jika tidak, pengaturan agent.outbox" \
        }                                                                         \
    }

/* Everything but loop, context, sources and ipc; borrows from call, settings and caller. */
void ktg_producer_agent(const struct ktg_call *call, const struct ktg_settings *s,
                        const struct ktg_installation_caller *caller,
                        struct ktg_agent_options *ret_o);
/* Where the agent of this installation listens. */
void ktg_producer_ipc(const struct ktg_settings *s, char *to, size_t size);

#endif
