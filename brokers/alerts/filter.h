/* brokers/alerts/filter.h - which alerts a subscription wants: a condition over what every agency may see of one.
 *
 *     level in ["high", "critical"] && rule.startsWith("overstay-") && district == "6105"
 *
 *     district   four digits; absent: none of the alert's                level   informational low medium high critical
 *     rule       the rule's name                                         state   open closed withdrawn unknown
 *
 * The language is that of rules (rules/cel); there are no other names, no lists and no settings.
 *
 * (1) Whoever was told of an alert is told of its end: an alert passes if it meets the condition as it is now, or met it
 *     as it was at any of its changes so far, or was in more ways than are remembered.
 * (2) Persons, subjects and values cannot be asked for: what passes may say no more than an alert's body.
 * (3) A constant that no alert ever has (a mistyped level) is an error: a filter that lets nothing pass looks like calm.
 * Pure.  Floor 3.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_BROKERS_ALERTS_FILTER_H
#define KTG_BROKERS_ALERTS_FILTER_H

#include "runtime/buf.h"
#include "runtime/bytes.h"
#include "runtime/err.h"

enum { KTG_FILTER_MOST = 1024 }; /* bytes of its text */

/* An alert as it was at one of its changes; without a state: at some that are not remembered. */
struct ktg_seen {
    struct ktg_bytes district, level, state;
};

struct ktg_filter;
/* KTG_EINVALID: the text is no such condition; err says where and what. */
KTG_MUST_CHECK int ktg_filter_new(struct ktg_bytes text, struct ktg_filter **ret_f,
                                  struct ktg_err *err);
struct ktg_filter *ktg_filter_free(struct ktg_filter *f);
bool ktg_filter_passes(struct ktg_filter *f, struct ktg_bytes rule, const struct ktg_seen *seen,
                       size_t count);

#endif
