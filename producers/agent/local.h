/* producers/agent/local.h - what a process on the same machine says to a running agent, and hears
 * from it.
 *
 *     publisher --- SUBMIT ref [events] ---> agent          ipc, one canonical map a message
 *               <-- STORED ref first ---------               all of them are in the outbox (or
 * known)
 *               <-- REFUSED ref index code ..-               this one is not taken; of the rest
 * nothing is said
 *               <-- RECEIPT id status position               final, one by one, to those who watch
 *
 * (1) At most KTG_LOCAL_EVENTS events and KTG_LOCAL_BYTES bytes a message; one SUBMIT at a time per
 * connection. (2) A publisher that goes away loses receipts, never events.
 *
 * Pure.  Floor 3, needs schema/ only.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_PRODUCERS_AGENT_LOCAL_H
#define KTG_PRODUCERS_AGENT_LOCAL_H

#include "producers/outbox/outbox.h"
#include "runtime/buf.h"

#define KTG_LOCAL_EVENTS 256
#define KTG_LOCAL_BYTES  (1u << 20)

enum ktg_local_kind { KTG_LOCAL_SUBMIT, KTG_LOCAL_STORED, KTG_LOCAL_REFUSED, KTG_LOCAL_RECEIPT };

struct ktg_local {
    enum ktg_local_kind kind;
    uint64_t ref;            /* SUBMIT, STORED, REFUSED: the publisher's number of the message */
    bool watch;              /* SUBMIT: tell of final receipts, too */
    struct ktg_bytes events; /* SUBMIT: raw array of bin */
    uint64_t index;          /* REFUSED: which one, from 0 */
    struct ktg_outbox_receipt receipt; /* RECEIPT */
    struct ktg_outbox_fault fault;     /* REFUSED, RECEIPT when rejected */
};

/* Views into the frame.  KTG_EINVALID. */
KTG_MUST_CHECK int ktg_local_decode(struct ktg_bytes frame, struct ktg_local *ret_m,
                                    struct ktg_err *err);
KTG_MUST_CHECK int ktg_local_encode(const struct ktg_local *m, struct ktg_buf *to,
                                    struct ktg_err *err);

#endif
