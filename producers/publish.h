/* producers/publish.h - `kentongan publish FILE|-`: events from a file, one JSON object a line, to
 * the centre.
 *
 *     line ──> JSON ──> canonical event ──> catalogue ──> agent (running: by ipc; else one of our
 * own) ──> receipt
 *
 * (1) Every line is checked fully before it is queued; a wrong one is told with line, field, got,
 * wanted, next, and the others go on. (2) Receipts go to stdout (table on a terminal, NDJSON in a
 * pipe), everything else to stderr. (3) Ctrl-C ends it after the present transaction; what is
 * stored will be sent by the next run.
 *
 * A shell.  Floor 3.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_PRODUCERS_PUBLISH_H
#define KTG_PRODUCERS_PUBLISH_H

#include <stdio.h>

#include "producers/agent/agent.h"
#include "schema/catalogue.h"

struct ktg_publish_options {
    const char *file; /* path, or "-" */
    const struct ktg_catalogue *catalogue;
    bool test;     /* check only */
    bool no_wait;  /* end when stored, without waiting for receipts */
    bool table;    /* receipts as a table, not as NDJSON */
    bool quiet;    /* no progress */
    ktg_time wait; /* ms without any receipt after which waiting ends; 0: 30 s */
    /* One of the two: a running agent, or what an agent of our own needs (loop, context and ipc are
     * not read). */
    const char *ipc;
    struct ktg_agent_options agent;
    FILE *in, *out, *err; /* NULL: stdin, stdout, stderr */
};

struct ktg_publish_counts {
    uint64_t lines, invalid, stored, accepted, duplicate, rejected, unanswered;
};

/* Runs to its end.  KTG_OK: every line has an accepted or duplicate receipt (with test: is right;
 * with no_wait: is stored); KTG_EINVALID: a line was wrong or rejected; KTG_EUNREACHABLE: stored,
 * but nobody answered in time; KTG_EAGAIN: stopped by a signal; KTG_ENOTFOUND: no such file; others
 * as they come.  *ret_counts is always filled. */
KTG_MUST_CHECK int ktg_publish_main(const struct ktg_publish_options *options,
                                    struct ktg_publish_counts *ret_counts, struct ktg_err *err);

#endif
