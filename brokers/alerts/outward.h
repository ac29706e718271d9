/* brokers/alerts/outward.h - the casebook's outbox on its way to ingest: the pure sender and a relaying link.
 *
 * (1) Ids are derived or new; numbers are the outbox's.  What ingest acknowledges leaves with the next commit.
 * (2) If ingest knows more numbers than the casebook ever gave (the casebook was lost), a new epoch begins; duplicates are no harm.
 * Shell.  Floor 3.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_BROKERS_ALERTS_OUTWARD_H
#define KTG_BROKERS_ALERTS_OUTWARD_H

#include "brokers/alerts/casebook.h"
#include "runtime/link/link.h"

struct ktg_outward;

struct ktg_outward_calls {
    void *arg;
    void (*on_progress)(
        void *arg); /* something was acknowledged, or a new epoch is wanted: run a transaction */
    void (*on_rejected)(void *arg, uint64_t seq, struct ktg_bytes code);
    void (*on_renumber)(void *arg); /* ingest knows other numbers: a new epoch is wanted */
};

KTG_MUST_CHECK int ktg_outward_open(struct ktg_context *context, struct ktg_loop *loop,
                                    const char *run_dir, struct ktg_casebook *casebook,
                                    const struct ktg_outward_calls *calls,
                                    struct ktg_outward **ret_o, struct ktg_err *err);
struct ktg_outward *ktg_outward_close(struct ktg_outward *o);
void ktg_outward_newest(struct ktg_outward *o);        /* the outbox has grown: committed */
bool ktg_outward_owes(const struct ktg_outward *o);    /* there is something for a transaction */
bool ktg_outward_presses(const struct ktg_outward *o); /* and nothing is sent before its commit */
/* Inside the station's transaction: what leaves the outbox, or the new epoch. */
KTG_MUST_CHECK int ktg_outward_settle(struct ktg_outward *o, struct ktg_err *err);
void ktg_outward_settled(struct ktg_outward *o); /* the transaction is committed */

#endif
