/* schema/record.h - what a record of the event journal is: its kind, and the meta bytes beside its payload.
 *
 *   kind        payload                                             meta {e, p, s, t}
 *   CLOCK       none: the batch header itself
 *   EVENT       the event's canonical blob, as it came              producer, epoch, seq, position of the corrected event
 *   QUARANTINE  {code, what, where, got, want, next, apa, event}    producer, epoch, seq
 *   HEARTBEAT   the body of the HEARTBEAT message                   producer
 *   RULESET     a bundle of all texts that influence answers, and
 *               of the agencies that may be told                  "p": "SYSTEM.INGEST"
 *   PROGRESS    none                                                producer, epoch, seq: numbers taken by duplicates
 *   ERASURE     {positions[], reason}                               "p": "SYSTEM.ERASURE"
 *   AWAY        {from, until}: nobody could be heard meanwhile      "p": "SYSTEM.INGEST"
 *   RETIRED     {at, retired, source}: it sends no more from `at`
 *               on; false: that was taken back                    "p": "SYSTEM.INGEST"
 *
 * Meta stays when a record is erased, so it holds no personal data.
 * Pure.  Floor 1.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_SCHEMA_RECORD_H
#define KTG_SCHEMA_RECORD_H

#include "runtime/buf.h"
#include "runtime/bytes.h"
#include "runtime/clock.h"
#include "runtime/err.h"

enum ktg_record_kind {
    KTG_RECORD_CLOCK,
    KTG_RECORD_EVENT,
    KTG_RECORD_QUARANTINE,
    KTG_RECORD_HEARTBEAT,
    KTG_RECORD_RULESET,
    KTG_RECORD_PROGRESS,
    KTG_RECORD_ERASURE, /* written before those positions lose their payloads */
    KTG_RECORD_AWAY,
    KTG_RECORD_RETIRED,
    KTG_RECORD_KINDS
};

/* A source sends no more.  One word of an operator: (source, at) names it, and it is taken back once at most. */
struct ktg_retirement {
    struct ktg_bytes source;
    ktg_time at;  /* ms, by the centre's clock */
    bool retired; /* false: it was said by mistake */
};

struct ktg_record_meta {
    struct ktg_bytes producer;
    uint64_t epoch, seq;
    uint64_t target; /* of a correction: position of what it corrects; 0: none, or not there yet */
};

/* Canonical map, zeros left out. */
void ktg_record_meta_encode(const struct ktg_record_meta *m, struct ktg_buf *to);
/* All but the number of a record that has one and no target: the number is its last value, ktg_wire_put_int() ends it. */
void ktg_record_meta_begin(struct ktg_bytes producer, uint64_t epoch, struct ktg_buf *to);
/* Views into the bytes.  KTG_EINVALID: not such a map. */
KTG_MUST_CHECK int ktg_record_meta_decode(struct ktg_bytes meta, struct ktg_record_meta *ret_m);
/* The payload of AWAY: ms, from < until. */
void ktg_record_away_encode(ktg_time from, ktg_time until, struct ktg_buf *to);
/* KTG_EINVALID: no such payload. */
KTG_MUST_CHECK int ktg_record_away_decode(struct ktg_bytes payload, ktg_time *ret_from,
                                          ktg_time *ret_until);
/* The payload of RETIRED. */
void ktg_record_retired_encode(const struct ktg_retirement *r, struct ktg_buf *to);
/* A view into the payload.  KTG_EINVALID: no such payload. */
KTG_MUST_CHECK int ktg_record_retired_decode(struct ktg_bytes payload,
                                             struct ktg_retirement *ret_r);
const char *
ktg_record_kind_name(int kind); /* "event"; "kind-9" style names do not exist: "unknown" */

#endif
