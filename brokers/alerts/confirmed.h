/* brokers/alerts/confirmed.h - what subscribers have confirmed and no transaction has written yet.
 *
 *     CONFIRM ─> keep (user, subscription, position) ─> each ─> one transaction ─> forget
 *
 * (1) One row for each (user, subscription): the latest position.  It outlives the session that said it.
 * (2) At most KTG_CONFIRMED_MOST rows.
 * Pure.  Owned by the desk.  Floor 3.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_BROKERS_ALERTS_CONFIRMED_H
#define KTG_BROKERS_ALERTS_CONFIRMED_H

#include "runtime/bytes.h"
#include "runtime/err.h"

enum {
    KTG_CONFIRMED_MOST = 4096,
    KTG_SUB_KEPT =
        100 /* bytes of a subscription as it is kept, NUL included: its name, and of its filter a hash */
};

struct ktg_confirmed_row {
    struct ktg_confirmed_row *next;
    uint64_t position;
    char user[96], sub[KTG_SUB_KEPT];
};

struct ktg_confirmed {
    struct ktg_confirmed_row *rows;
    size_t count;
};

/* KTG_EFULL, KTG_ENOMEM, KTG_EINVALID (a name that is too long): not kept. */
KTG_MUST_CHECK int ktg_confirmed_keep(struct ktg_confirmed *c, const char *user, const char *sub,
                                      uint64_t position);
const struct ktg_confirmed_row *ktg_confirmed_find(const struct ktg_confirmed *c, const char *user,
                                                   const char *sub); /* NULL: none */
void ktg_confirmed_forget(struct ktg_confirmed *c); /* all of them: written, or the end */

#endif
