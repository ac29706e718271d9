/* schema/finding.c - see finding.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "schema/finding.h"

#include "schema/wire.h"

void ktg_finding_meta_encode(uint64_t position, uint32_t n, struct ktg_buf *to)
{
    ktg_wire_put_map(to, 2);
    ktg_wire_put_text(to, "n");
    ktg_wire_put_int(to, n);
    ktg_wire_put_text(to, "p");
    ktg_wire_put_int(to, (int64_t)position);
}

int ktg_finding_meta_decode(struct ktg_bytes meta, uint64_t *ret_position, uint32_t *ret_n)
{
    struct ktg_wire_value n, p;
    if (!ktg_wire_get(meta, "n", &n) || !ktg_wire_get(meta, "p", &p) || n.kind != KTG_WIRE_INT ||
        n.integer < 0 || n.integer > UINT32_MAX || p.kind != KTG_WIRE_INT || p.integer < 0)
        return KTG_EINVALID;
    *ret_position = (uint64_t)p.integer;
    *ret_n = (uint32_t)n.integer;
    return KTG_OK;
}
