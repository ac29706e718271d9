/* brokers/alerts/router.h - whom a finding is for: what its rule says in `to`, against the agencies as the journal has them.
 *
 *     to: [POL, SUPERIOR] ──┬─ a code    the agency of that code
 *     values, route ────────┼─ SELF      whose own matter it is: those that value `agency` or `agencies` names; else the agency of
 *                           │            the source that the finding is about; else those whose events are its evidence
 *                           ├─ SUPERIOR  who stands above each of these: `superior` of the table, else who coordinates
 *                           └─ LEAD      whom value `lead` names, else who coordinates
 *     agencies.yaml ────────── ... of these, who is in the table, is no system, and answers for the finding's district
 *
 * (1) IMI coordinates the team and always receives, whatever the table says.
 * (2) Nobody is told by a word who could not be told by name; whoever is left out is in `missed` with the reason.
 * (3) Without a table (a journal older than this one) a code is told as it stands and a word is nobody.
 * (4) A finding with too many recipients stops nobody: those for whom there is no track are left out like others.
 * Pure: the finding's bytes and the table, nothing else, so that a casebook built anew tells the same.  Floor 3.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_BROKERS_ALERTS_ROUTER_H
#define KTG_BROKERS_ALERTS_ROUTER_H

#include "brokers/alerts/handed.h"
#include "config/agencies.h"

enum ktg_miss {
    KTG_MISS_NO_AGENCY, /* the table has no agency of this code */
    KTG_MISS_SYSTEM,    /* it is a system, not an agency */
    KTG_MISS_DISTRICT,  /* it does not answer for the district */
    KTG_MISS_NOBODY,    /* the word names nobody in this finding */
    KTG_MISS_TOO_MANY,  /* the alert has no track left: KTG_TRACKS were told */
    KTG_MISSES
};
const char *ktg_miss_name(enum ktg_miss m);

enum { KTG_MISSED = 16 }; /* most that are remembered of one finding; the rest is only counted */

struct ktg_missed {
    struct ktg_bytes word; /* of `to`: a code, or LEAD, SUPERIOR, SELF */
    struct ktg_bytes code; /* what the word stood for; empty: nobody */
    enum ktg_miss why;
};

struct ktg_routed {
    struct ktg_bytes
        told[KTG_TRACKS]; /* IMI first, each once; views into the finding or the table */
    size_t told_count;
    struct ktg_missed missed[KTG_MISSED];
    size_t missed_count; /* may be above KTG_MISSED */
};

/* `table` may be NULL. */
void ktg_route(const struct ktg_agencies *table, const struct ktg_handed *h,
               struct ktg_routed *ret_r);
/* One more that was not told. */
void ktg_route_miss(struct ktg_routed *r, struct ktg_bytes word, struct ktg_bytes code,
                    enum ktg_miss why);

#endif
