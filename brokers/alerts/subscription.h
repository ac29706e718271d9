/* brokers/alerts/subscription.h - what one SUBSCRIBE asked for: which alerts, from where on, and under which name its cursor is kept.
 *
 *     sub "terminal", filter "level == ..."  ─┬─ filter      which alerts (filter.h); none: all that the agency may see
 *                                             ├─ delivery    what was sent and what is confirmed (delivery.h)
 *                                             └─ kept        the name, and of the filter a hash
 *
 * (1) The cursor is that of the name and the filter: what one filter passed over, another still delivers.
 * Pure.  Owned by the desk.  Floor 3.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_BROKERS_ALERTS_SUBSCRIPTION_H
#define KTG_BROKERS_ALERTS_SUBSCRIPTION_H

#include "brokers/alerts/confirmed.h" /* KTG_SUB_KEPT */
#include "brokers/alerts/delivery.h"
#include "brokers/alerts/filter.h"
#include "schema/faults.h"
#include "schema/protocol.h"

enum { KTG_SUB_NAME = 65 }; /* bytes, NUL included */

struct ktg_subscription {
    char name[KTG_SUB_NAME];
    char kept[KTG_SUB_KEPT];
    struct ktg_filter *filter;    /* NULL: all */
    struct ktg_delivery delivery; /* for the desk to begin */
    bool held;                    /* said once */
};

/* NULL: *ret_fault says why, err what is wrong with the filter (empty: nothing is). */
struct ktg_subscription *ktg_subscription_new(const struct ktg_msg_subscribe *m,
                                              enum ktg_fault_no *ret_fault, struct ktg_err *err);
struct ktg_subscription *ktg_subscription_free(struct ktg_subscription *s);

#endif
