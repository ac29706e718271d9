/* brokers/alerts/unwritten.c - see unwritten.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "brokers/alerts/unwritten.h"

enum { REST_MIN = 1000, SPARE = 64 << 10 };

void ktg_unwritten_failed(struct ktg_unwritten *u, uint64_t free, int64_t now)
{
    u->rest = !u->rest                           ? REST_MIN
              : u->rest * 2 < KTG_UNWRITTEN_REST ? u->rest * 2
                                                 : KTG_UNWRITTEN_REST;
    u->try_at = now + u->rest;
    u->look_at = now + KTG_UNWRITTEN_LOOK;
    u->free = free;
}

bool ktg_unwritten_looks(const struct ktg_unwritten *u, int64_t now)
{
    return !u->trouble.since || now >= u->look_at;
}

bool ktg_unwritten_tries(struct ktg_unwritten *u, size_t size, uint64_t free, int64_t now)
{
    if (!u->trouble.since)
        return true;
    u->look_at = now + KTG_UNWRITTEN_LOOK;
    return !u->map && (now >= u->try_at || free >= u->free + size + SPARE);
}

bool ktg_unwritten_written(struct ktg_unwritten *u)
{
    bool was = ktg_trouble_over(&u->trouble);
    *u = (struct ktg_unwritten){0};
    return was;
}
