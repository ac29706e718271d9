/* brokers/alerts/track.h - an alert and its agencies' tracks as bytes, and the few moves there are.
 *
 *     new ──ack──> acknowledged ──close──> closed          (close may also come at once)
 *      ^──────── withdrawn and back again ────────┘
 *
 * Pure.  Floor 3.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_BROKERS_ALERTS_TRACK_H
#define KTG_BROKERS_ALERTS_TRACK_H

#include "brokers/alerts/casebook.h"

/* Canonical map.  `finding` is the key, not in the value. */
void ktg_alert_encode(const struct ktg_alert *a, struct ktg_buf *to);
KTG_MUST_CHECK int ktg_alert_decode(struct ktg_bytes value,
                                    struct ktg_alert *a); /* KTG_ECORRUPT; views into value */
struct ktg_track *ktg_alert_find(struct ktg_alert *a, struct ktg_bytes agency); /* NULL: none */
/* The agency is told from now on: a new track, unless it has one.  KTG_EFULL. */
KTG_MUST_CHECK int ktg_alert_tell(struct ktg_alert *a, struct ktg_bytes agency, ktg_time at);
/* Nobody has done anything about it yet. */
void ktg_alert_anew(struct ktg_alert *a, ktg_time at);
/* It is now as it says: remember that.  Where no more fits, the last row becomes one without a state: it was otherwise, too,
 * and any filter may have passed it (filter.h). */
void ktg_alert_saw(struct ktg_alert *a);
void ktg_alert_put_seen(const struct ktg_alert *a, struct ktg_buf *to);
/* What put_seen wrote; false: it is none.  `list` has room for KTG_SEEN. */
bool ktg_seen_read(const struct ktg_wire_value *v, struct ktg_seen *list, size_t *ret_count);
/* May an officer of this agency do that now?  KTG_EDENIED: not entitled; KTG_ECONFLICT: the state does not allow it. */
KTG_MUST_CHECK int ktg_alert_may(const struct ktg_alert *a, struct ktg_bytes agency, bool close);

#endif
