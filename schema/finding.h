/* schema/finding.h - a record of the findings journal.
 *
 *     kind RECORD  meta {e, f, n, p, r}: number n of the differences that event position p brought about, as engine e answered it;
 *                  revision r of finding f, which stay when the payload is erased
 *                  payload: canonical map, the findings object of DECISIONS 23 and `route`
 *     kind LEFT    the same meta; payload {at, finding, op "none", reason, rev, rule}: a finding that leaves with erased events;
 *                  nobody is told
 *     tag of a batch: the event position up to which everything is answered, even when the batch holds nothing
 *
 * Pure.  Floor 1.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_SCHEMA_FINDING_H
#define KTG_SCHEMA_FINDING_H

#include "runtime/buf.h"
#include "runtime/bytes.h"
#include "runtime/err.h"

#define KTG_FINDING_RECORD 1
#define KTG_FINDING_LEFT   17 /* no number of a record of the event journal */

static inline bool ktg_finding_is(int kind)
{
    return kind == KTG_FINDING_RECORD || kind == KTG_FINDING_LEFT;
}

struct ktg_finding_meta {
    uint64_t position; /* in the event journal */
    uint32_t n, rev;
    int64_t
        engine; /* its version; 0: older than this field, then `finding` and `rev` are not there either */
    uint8_t finding[16];
};

void ktg_finding_meta_encode(const struct ktg_finding_meta *m, struct ktg_buf *to);
KTG_MUST_CHECK int ktg_finding_meta_decode(struct ktg_bytes meta,
                                           struct ktg_finding_meta *ret_m); /* KTG_EINVALID */

#endif
