/* cmd/demo_look.h - what stands in the two journals, read while they grow: for the status line and the last account.
 *
 *     data/journal ---> events, quarantine, who was heard of, did a person act
 *     data/findings --> what every rule said, how far it is answered, who must be told
 *
 * (1) It reads as any reader does: no further than the durable mark.
 * A shell.  Floor 4.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_CMD_DEMO_LOOK_H
#define KTG_CMD_DEMO_LOOK_H

#include "runtime/bytes.h"
#include "runtime/clock.h"
#include "runtime/err.h"

enum ktg_demo_op {
    KTG_DEMO_RAISE,
    KTG_DEMO_AMEND,
    KTG_DEMO_WITHDRAW,
    KTG_DEMO_UNKNOWN,
    KTG_DEMO_OPS
};

struct ktg_demo_rule {
    char name[64];
    uint64_t ops[KTG_DEMO_OPS];
};

struct ktg_demo_look_counts {
    uint64_t events, quarantined, own; /* own: of the alerts station */
    uint64_t mark, answered; /* position of the last event, and up to where rules have answered */
    uint64_t ops[KTG_DEMO_OPS]; /* that agencies are told of */
    bool acted;                 /* a person has acknowledged or closed */
};

struct ktg_demo_look;
KTG_MUST_CHECK int ktg_demo_look_new(const char *journal, const char *findings,
                                     struct ktg_demo_look **ret_l, struct ktg_err *err);
struct ktg_demo_look *ktg_demo_look_free(struct ktg_demo_look *l);
/* Read what is new.  A journal that is not there yet is no error. */
KTG_MUST_CHECK int ktg_demo_look_step(struct ktg_demo_look *l, struct ktg_err *err);

const struct ktg_demo_look_counts *ktg_demo_look_counts(const struct ktg_demo_look *l);
/* Sources that were heard of, and how many of them within the last `within` ms of mono time. */
void ktg_demo_look_sources(const struct ktg_demo_look *l, int64_t within, size_t *ret_all,
                           size_t *ret_live);
const struct ktg_demo_rule *ktg_demo_look_rule(const struct ktg_demo_look *l,
                                               size_t i); /* NULL: no more */
/* Differences that the agency must have been told of. */
uint64_t ktg_demo_look_due(const struct ktg_demo_look *l, const char *agency);
/* The event that brought about revision `rev` of a finding.  False: it was no event (time, a heartbeat), or not read yet. */
bool ktg_demo_look_cause(const struct ktg_demo_look *l, const uint8_t finding[static 16],
                         uint64_t rev, uint8_t ret_id[static 16]);

#endif
