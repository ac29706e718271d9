/* cmd/producer.c - see producer.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cmd/producer.h"

void ktg_producer_agent(const struct ktg_call *call, const struct ktg_settings *s,
                        const struct ktg_installation_caller *caller,
                        struct ktg_agent_options *ret_o)
{
    const char *outbox = ktg_call_text(call, "outbox");
    *ret_o = (struct ktg_agent_options){
        .clock = ktg_settings_clock(s),
        .name = caller->name,
        .folder = outbox ? outbox : ktg_settings_text(s, KTG_SET_AGENT_OUTBOX),
        .outbox = {.map_size = (uint64_t)ktg_settings_int(s, KTG_SET_AGENT_MAP),
                   .receipts = (uint64_t)ktg_settings_int(s, KTG_SET_AGENT_RECEIPTS),
                   .rejects = (uint64_t)ktg_settings_int(s, KTG_SET_AGENT_REJECTS)},
        .endpoint = caller->endpoint,
        .keys = &caller->keys,
        .server_key = &caller->server_key,
        .heartbeat = ktg_settings_int(s, KTG_SET_AGENT_HEARTBEAT),
        .batch_events = (uint32_t)ktg_settings_int(s, KTG_SET_AGENT_BATCH_EVENTS),
        .window = (uint32_t)ktg_settings_int(s, KTG_SET_AGENT_WINDOW),
        .answer_within = ktg_settings_int(s, KTG_SET_AGENT_ANSWER),
        .retry_min = ktg_settings_int(s, KTG_SET_AGENT_RETRY_MIN),
        .retry_max = ktg_settings_int(s, KTG_SET_AGENT_RETRY_MAX),
    };
}

void ktg_producer_ipc(const struct ktg_settings *s, char *to, size_t size)
{
    snprintf(to, size, "ipc://%s/agent.ipc", ktg_settings_text(s, KTG_SET_PATHS_RUN));
}
