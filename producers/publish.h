/* producers/publish.h - `kentongan publish FILE|-`: events from a file, one JSON object a line, to the centre.
 *
 *     line ──> JSON ──> canonical event ──> catalogue ──> agent (one of our own; else the running one) ──> receipt
 *
 * (1) Every line is checked fully before it is queued; a wrong one is told with field, got, wanted, next, and the
 *     others go on.
 * (2) What is stored will arrive, with this run or the next: Ctrl-C ends it after the present transaction.
 * (3) The same event twice is success.
 * (4) Bounded: a line by KTG_JSON_LINE_MAX, what waits for its receipt by KTG_PUBLISH_PENDING; then reading waits.
 *
 * A shell; it prints nothing: its caller does, in the calls below.  Floor 3; needs runtime/, schema/, producers/agent.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_PRODUCERS_PUBLISH_H
#define KTG_PRODUCERS_PUBLISH_H

#include "producers/agent/agent.h"
#include "schema/catalogue.h"

#define KTG_PUBLISH_PENDING (1u << 20)

struct ktg_publish_counts {
    uint64_t lines;   /* that held anything */
    uint64_t invalid; /* refused here */
    uint64_t stored;  /* in the outbox */
    uint64_t accepted, duplicate, rejected, unanswered;
    bool interrupted; /* by SIGINT or SIGTERM */
};

struct ktg_publish_calls { /* each may be NULL */
    /* Line `line` was refused here; `why` has the field as a JSON pointer. */
    void (*on_wrong)(void *arg, uint64_t line, const struct ktg_err *why);
    /* Final.  `fault` only when it was rejected and the centre said why. */
    void (*on_receipt)(void *arg, uint64_t line, const struct ktg_outbox_receipt *r,
                       const struct ktg_outbox_fault *fault);
    /* Twice a second; `state` is that of the connection, or that another agent of this machine has them. */
    void (*on_progress)(void *arg, const struct ktg_publish_counts *counts, const char *state);
    void (*on_trouble)(
        void *arg,
        const struct ktg_err *what); /* the outbox is full, a new epoch ...; it goes on */
    void *arg;
};

struct ktg_publish_options {
    const char *file; /* path, or "-" */
    int in;           /* descriptor that "-" means */
    const struct ktg_catalogue *catalogue;
    bool test;     /* check only */
    bool no_wait;  /* end when stored, without waiting for receipts */
    ktg_time wait; /* ms without any receipt after which waiting ends [30 s] */
    /* What an agent of our own needs; loop, context and ipc are not read.  Needed unless `test`. */
    struct ktg_agent_options agent;
    const char *
        ipc; /* when another agent works on that outbox: where it listens; NULL: then that is an error */
};

/* Runs to its end.  KTG_OK: every line has an accepted or duplicate receipt (test: is right; no_wait: is stored).
 * KTG_EINVALID: a line was wrong or rejected; KTG_EUNREACHABLE: stored, but nobody answered in time; KTG_EDENIED: stored,
 * but the centre does not want this key; KTG_EAGAIN: interrupted; KTG_ENOTFOUND: no such file; others as they come.
 * *ret_counts is always filled. */
KTG_MUST_CHECK int ktg_publish_main(const struct ktg_publish_options *options,
                                    const struct ktg_publish_calls *calls,
                                    struct ktg_publish_counts *ret_counts, struct ktg_err *err);

#endif
