/* brokers/alerts/rerun.c - see rerun.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "brokers/alerts/rerun.h"

#include <string.h>

static bool put_name(struct ktg_bytes name, char to[static KTG_SUB_NAME])
{
    if (name.size == 0 || name.size >= KTG_SUB_NAME || memchr(name.data, '\n', name.size))
        return false;
    memcpy(to, name.data, name.size);
    to[name.size] = 0;
    return true;
}

bool ktg_rerun_begin(struct ktg_rerun *r, const struct ktg_msg_replay *m, uint64_t newest,
                     ktg_time mono)
{
    struct ktg_rerun fresh = {.after = m->from ? m->from - 1 : 0,
                              .to = m->to < newest ? m->to : newest,
                              .rate = m->rate,
                              .since = mono};
    if (!put_name(m->sub, fresh.sub) || !put_name(m->tag, fresh.tag) || m->from > m->to)
        return false;
    *r = fresh;
    return true;
}

uint32_t ktg_rerun_room(const struct ktg_rerun *r, ktg_time mono, uint32_t most)
{
    if (r->rate == 0)
        return most;
    uint64_t ms = mono > r->since ? (uint64_t)(mono - r->since) : 0;
    uint64_t rate = r->rate < 1000000 ? r->rate : 1000000, may = 1 + rate * ms / 1000;
    if (may <= r->sent)
        return 0;
    return may - r->sent < most ? (uint32_t)(may - r->sent) : most;
}
