/* brokers/alerts/delivery.c - the picture and the numbered invariants are in delivery.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "brokers/alerts/delivery.h"

#include <assert.h>

void ktg_delivery_init(struct ktg_delivery *d, uint64_t confirmed, uint32_t window,
                       ktg_time retry_min, ktg_time retry_max)
{
    *d = (struct ktg_delivery){.confirmed = confirmed,
                               .sent = confirmed,
                               .reach = confirmed,
                               .window = window < 1                     ? 1
                                         : window > KTG_DELIVERY_WINDOW ? KTG_DELIVERY_WINDOW
                                                                        : window,
                               .retry_min = retry_min,
                               .retry_max = retry_max,
                               .patience = retry_min,
                               .deadline = KTG_NEVER};
}

bool ktg_delivery_look(struct ktg_delivery *d, ktg_time now, uint64_t *ret_after)
{
    if (now >= d->deadline) { /* silence: go back to the oldest unconfirmed, more patiently (3) */
        d->patience = d->patience > d->retry_max / 2 ? d->retry_max : d->patience * 2;
        d->deadline = KTG_NEVER;
        d->sent = d->confirmed;
        d->head = d->count = 0;
    }
    if (d->count == d->window) /* (2) */
        return false;
    *ret_after = d->sent;
    return true;
}

void ktg_delivery_sent(struct ktg_delivery *d, uint64_t position, ktg_time now)
{
    assert(position > d->sent && d->count < d->window); /* (1), (2) */
    d->flight[(d->head + d->count++) % KTG_DELIVERY_WINDOW] = position;
    d->sent = position;
    if (position > d->reach)
        d->reach = position;
    if (d->deadline == KTG_NEVER) /* it belongs to the oldest in flight */
        d->deadline = now + d->patience;
}

void ktg_delivery_passed(struct ktg_delivery *d, uint64_t position)
{
    if (position > d->sent)
        d->sent = position;
}

int ktg_delivery_confirm(struct ktg_delivery *d, uint64_t upto, ktg_time now)
{
    if (upto <= d->confirmed) /* an echo */
        return KTG_OK;
    if (upto > d->reach)
        return KTG_EINVALID;
    while (d->count && d->flight[d->head] <= upto) {
        d->head = (d->head + 1) % KTG_DELIVERY_WINDOW;
        d->count--;
    }
    if (d->sent < upto) /* it arrived after we had already gone back */
        d->sent = upto;
    d->confirmed = upto;
    d->patience = d->retry_min;
    d->deadline = d->count ? now + d->patience : KTG_NEVER;
    return KTG_OK;
}

ktg_time ktg_delivery_wake_at(const struct ktg_delivery *d)
{
    return d->deadline;
}
