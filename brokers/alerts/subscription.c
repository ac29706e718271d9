/* brokers/alerts/subscription.c - see subscription.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "brokers/alerts/subscription.h"

#include "runtime/hash.h"
#include "runtime/mem.h"

static bool name_kept(const struct ktg_msg_subscribe *m, char to[static KTG_SUB_KEPT])
{
    uint8_t hash[16];
    if (m->sub.size == 0 || m->sub.size >= KTG_SUB_NAME || memchr(m->sub.data, '\n', m->sub.size))
        return false;
    memcpy(to, m->sub.data, m->sub.size);
    to[m->sub.size] = 0;
    if (m->filter.size) {
        ktg_blake2b_128(&m->filter, 1, hash);
        to[m->sub.size] = '\n';
        ktg_hex(hash, 16, to + m->sub.size + 1);
    }
    return true;
}

struct ktg_subscription *ktg_subscription_new(const struct ktg_msg_subscribe *m,
                                              enum ktg_fault_no *ret_fault, struct ktg_err *err)
{
    struct ktg_subscription *s = ktg_zalloc(sizeof *s);
    *ret_fault = KTG_FAULT_BUSY;
    if (!s)
        return NULL;
    *ret_fault = KTG_FAULT_BAD_MESSAGE;
    if (!name_kept(m, s->kept))
        return ktg_subscription_free(s);
    int rc = m->filter.size ? ktg_filter_new(m->filter, &s->filter, err) : KTG_OK;
    *ret_fault = rc == KTG_EINVALID ? KTG_FAULT_BAD_FILTER : KTG_FAULT_BUSY;
    if (rc)
        return ktg_subscription_free(s);
    memcpy(s->name, m->sub.data, m->sub.size);
    return s;
}

struct ktg_subscription *ktg_subscription_free(struct ktg_subscription *s)
{
    if (s)
        ktg_filter_free(s->filter);
    ktg_free(s);
    return NULL;
}
