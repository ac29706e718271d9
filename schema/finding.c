/* schema/finding.c - see finding.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "schema/finding.h"

#include "schema/wire.h"

void ktg_finding_meta_encode(const struct ktg_finding_meta *m, struct ktg_buf *to)
{
    ktg_wire_put_map(to, 5);
    ktg_wire_put_text(to, "e");
    ktg_wire_put_int(to, m->engine);
    ktg_wire_put_text(to, "f");
    ktg_wire_put_bin(to, ktg_bytes(m->finding, sizeof m->finding));
    ktg_wire_put_text(to, "n");
    ktg_wire_put_int(to, m->n);
    ktg_wire_put_text(to, "p");
    ktg_wire_put_int(to, (int64_t)m->position);
    ktg_wire_put_text(to, "r");
    ktg_wire_put_int(to, m->rev);
}

static bool get_number(struct ktg_bytes meta, const char *key, int64_t most, int64_t *ret)
{
    struct ktg_wire_value v;
    if (!ktg_wire_get(meta, key, &v) || v.kind != KTG_WIRE_INT || v.integer < 0 || v.integer > most)
        return false;
    *ret = v.integer;
    return true;
}

int ktg_finding_meta_decode(struct ktg_bytes meta, struct ktg_finding_meta *ret_m)
{
    struct ktg_finding_meta m = {0};
    struct ktg_wire_value f;
    int64_t n, p, rev = 0;
    if (!get_number(meta, "n", UINT32_MAX, &n) || !get_number(meta, "p", INT64_MAX, &p))
        return KTG_EINVALID;
    if (get_number(meta, "e", INT64_MAX, &m.engine)) {
        if (!get_number(meta, "r", UINT32_MAX, &rev) || !ktg_wire_get(meta, "f", &f) ||
            f.kind != KTG_WIRE_BIN || f.bytes.size != sizeof m.finding)
            return KTG_EINVALID;
        memcpy(m.finding, f.bytes.data, sizeof m.finding);
    }
    m.position = (uint64_t)p;
    m.n = (uint32_t)n;
    m.rev = (uint32_t)rev;
    *ret_m = m;
    return KTG_OK;
}
