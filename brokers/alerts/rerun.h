/* brokers/alerts/rerun.h - one REPLAY: old alerts once more, at most so many in a second, beside the live cursor.
 *
 *     from ... next ....... to        tag instead of the subscription's name; that one's filter; nothing is confirmed
 *
 * (1) After t ms at most 1 + rate x t / 1000 alerts went out; without a rate there is no bound but the line's.
 * (2) `to` is what there was when it was asked for: it ends.
 * Pure: mono time is an argument.  Owned by the desk.  Floor 3.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_BROKERS_ALERTS_RERUN_H
#define KTG_BROKERS_ALERTS_RERUN_H

#include "brokers/alerts/subscription.h"

struct ktg_rerun {
    char sub[KTG_SUB_NAME], tag[KTG_SUB_NAME]; /* tag "": none is running */
    uint64_t after, to;                        /* the next is looked for behind `after` */
    uint64_t rate, sent;                       /* rate: a second; 0: no bound */
    ktg_time since;
};

/* False: names that are none, or a range that is none. */
bool ktg_rerun_begin(struct ktg_rerun *r, const struct ktg_msg_replay *m, uint64_t newest,
                     ktg_time mono);
/* How many may go out now, at most `most`. */
uint32_t ktg_rerun_room(const struct ktg_rerun *r, ktg_time mono, uint32_t most);

#endif
