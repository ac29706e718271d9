/* brokers/alerts/listed.h - an alert as one agency sees it in a list, and who was told of it.
 *
 * Who sees all sees every agency's track, subject and title; the others see their own track and no person.
 * Pure.  Floor 3.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_BROKERS_ALERTS_LISTED_H
#define KTG_BROKERS_ALERTS_LISTED_H

#include "brokers/alerts/handed.h"

/* {alert, at, district?, level, order, rev, rule, state, subject?, title?, track}; `h` is the latest difference, NULL: it
 * cannot be read. */
void ktg_listed_row(const struct ktg_alert *a, const struct ktg_track *own,
                    const struct ktg_handed *h, struct ktg_buf *to);
/* "tracks" and its map, as a pair of an outer map. */
void ktg_listed_tracks(const struct ktg_alert *a, struct ktg_bytes agency, struct ktg_buf *to);

#endif
