/* schema/finding.h - a record of the findings journal.
 *
 *     kind 1, meta {n, p}: number n of the differences that event position p brought about
 *     payload: canonical map, the findings object of DECISIONS 23 and `route`
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

void ktg_finding_meta_encode(uint64_t position, uint32_t n, struct ktg_buf *to);
KTG_MUST_CHECK int ktg_finding_meta_decode(struct ktg_bytes meta, uint64_t *ret_position,
                                           uint32_t *ret_n);

#endif
