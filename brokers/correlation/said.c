/* brokers/correlation/said.c - see said.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "brokers/correlation/said.h"

#include <inttypes.h>

#include "rules/engine/op.h"
#include "schema/wire.h"

int ktg_said_next(struct ktg_journal_reader *r, struct ktg_journal_item *item,
                  struct ktg_finding_meta *ret_m, struct ktg_err *err)
{
    int rc;
    do
        rc = ktg_journal_reader_next(r, item, err);
    while (!rc && !ktg_finding_is(item->kind));
    if (!rc && ktg_finding_meta_decode(item->meta, ret_m))
        return ktg_err_set(err, KTG_ECORRUPT, "findings: position %" PRIu64 " has no key",
                           item->pos);
    return rc;
}

bool ktg_said_repeats(const struct ktg_journal_item *item, const struct ktg_finding_meta *m,
                      int64_t engine)
{
    struct ktg_wire_value reason;
    if (m->engine != engine || item->kind != KTG_FINDING_RECORD || item->erased)
        return false;
    return !ktg_wire_get(item->payload, "reason", &reason) ||
           (!ktg_bytes_is(reason.bytes, ktg_reason_name(KTG_REASON_ENGINE)) &&
            !ktg_bytes_is(reason.bytes, ktg_reason_name(KTG_REASON_ERASED)));
}

int ktg_said_fold(struct ktg_journal_reader *r, struct ktg_told *to,
                  struct ktg_finding_meta *ret_last, struct ktg_err *err)
{
    struct ktg_journal_item item;
    struct ktg_finding_meta m;
    struct ktg_wire_value finding, rev;
    int rc;
    while (!(rc = ktg_said_next(r, &item, &m, err))) {
        if (m.engine == 0) { /* older: they stand in the payload */
            if (item.erased || !ktg_wire_get(item.payload, "finding", &finding) ||
                !ktg_wire_get(item.payload, "rev", &rev) || finding.bytes.size != 16)
                return ktg_err_set(err, KTG_ECORRUPT,
                                   "findings: position %" PRIu64 " cannot be read", item.pos);
            memcpy(m.finding, finding.bytes.data, 16);
            m.rev = (uint32_t)rev.integer;
        }
        rc = ktg_told_put(to, m.finding, m.rev, item.erased ? KTG_BYTES_NONE : item.payload);
        if (rc)
            return ktg_err_set(err, rc, "findings: position %" PRIu64 " cannot be read", item.pos);
        *ret_last = m;
    }
    return rc == KTG_EAGAIN ? KTG_OK : rc;
}
