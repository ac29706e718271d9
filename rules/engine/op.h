/* rules/engine/op.h - a difference as bytes: the findings object of DECISIONS 23 with its route (docs/adr/0001).
 *
 *     {anchor, at, evidence[], evidence_total, finding, from, key, level, op, reason, rev, route, rule, state, subject,
 *      unknown{since, source}?, until?, values}                                         canonical wire map
 *
 * KTG_OP_NONE: {at, finding, op, reason, rev, rule} alone, because the rest is what must be forgotten.
 * Instants are [ms, offset], ids 16 bytes.  state: open, closed, unknown, withdrawn.  level: a word.
 * `route`: {agencies[], disproved_by{en, id}, district?, kind, legal?, rule_version, status, title{en, id}, to[], weight}.
 * Pure.  Floor 2.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_RULES_ENGINE_OP_H
#define KTG_RULES_ENGINE_OP_H

#include "rules/engine/engine.h"
#include "rules/engine/standing.h"
#include "rules/level.h"

enum ktg_reason { /* what brought a difference about; from the weakest to the strongest of one record */
                  KTG_REASON_CLOCK,
                  KTG_REASON_SOURCE_SILENT,
                  KTG_REASON_SOURCE_HEARD,
                  KTG_REASON_CENTRE_AWAY,     /* nobody listened */
                  KTG_REASON_SOURCE_RETIRED,  /* an operator said so ... */
                  KTG_REASON_SOURCE_RESTORED, /* ... or took it back */
                  KTG_REASON_EVENT,
                  KTG_REASON_LATE_EVENT,
                  KTG_REASON_CORRECTION,
                  KTG_REASON_RETRACTION,
                  KTG_REASON_MERGE,
                  KTG_REASON_SPLIT,
                  KTG_REASON_CATALOGUE_CHANGED,
                  KTG_REASON_LIST_CHANGED,
                  KTG_REASON_SETTING_CHANGED,
                  KTG_REASON_RULE_CHANGED,
                  KTG_REASON_ERASED, /* events are gone, of which nothing more may be said ... */
                  KTG_REASON_ENGINE, /* ... or another engine answers (DECISIONS 13) */
};
const char *ktg_reason_name(enum ktg_reason r);
const char *ktg_op_name(enum ktg_op_kind k);

/* What the finding will be routed by.  `heed` gets the part whose change is worth an amend.  `before`: the route of a
 * finding that goes on, which gives what is told of its beginning (district and agencies); else empty. */
void ktg_op_route(const struct ktg_rule *rule, const char *kind, const struct ktg_finding *f,
                  struct ktg_bytes before, struct ktg_buf *route, struct ktg_buf *heed);

struct ktg_op_context {
    enum ktg_op_kind op;
    enum ktg_reason reason;
    ktg_time at;
    struct ktg_bytes rule, subject;
    const uint8_t *label;
    uint32_t rev;
};
void ktg_op_encode(const struct ktg_op_context *c, const struct ktg_standing *f,
                   struct ktg_buf *to);

#endif
