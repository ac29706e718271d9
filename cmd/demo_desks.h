/* cmd/demo_desks.h - the duty desks of seventeen agencies, each a subscriber with its own key and its ledger.
 *
 * (1) Only what a desk has entered in its ledger is confirmed.  An alert may come twice and counts once.
 * A shell.  Owner: the loop's thread.  Floor 4.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_CMD_DEMO_DESKS_H
#define KTG_CMD_DEMO_DESKS_H

#include "cmd/demo_site.h"
#include "config/agencies.h"
#include "consumers/terminal/caller.h"

#define KTG_DEMO_DESKS 17

struct ktg_demo_desks;

/* on_item: the first time that desk 0 hears of it; the item is valid during the call. */
KTG_MUST_CHECK int ktg_demo_desks_open(const struct ktg_demo_site *site,
                                       const struct ktg_agencies *agencies, struct ktg_loop *loop,
                                       struct ktg_context *context, const char *endpoint,
                                       const struct ktg_curve_key *server_key,
                                       void (*on_item)(void *arg, const struct ktg_item *item),
                                       void *arg, struct ktg_demo_desks **ret_d,
                                       struct ktg_err *err);
struct ktg_demo_desks *ktg_demo_desks_close(struct ktg_demo_desks *d);

size_t ktg_demo_desks_count(const struct ktg_demo_desks *d);
const char *ktg_demo_desks_agency(const struct ktg_demo_desks *d, size_t i);
uint64_t ktg_demo_desks_heard(const struct ktg_demo_desks *d, size_t i); /* each revision once */
/* What ended a desk's line for good; NULL: all are on the line. */
const struct ktg_err *ktg_demo_desks_trouble(const struct ktg_demo_desks *d);

#endif
