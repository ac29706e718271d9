/* brokers/correlation/correlation.h - the station that notices what no single agency can see.
 *
 *     event journal ══files, up to the durable mark══> engine ──> findings journal ──(done)──> alerts
 *                                                        │
 *                                              changed records ──checkpoint──> LMDB, with the position
 *
 * (1) It never reads past the durable mark; at start its checkpoint must agree with the journal, or it is rebuilt.
 * (2) Order of durability: state.position <= findings.done <= event mark.
 * (3) After a restart the tail is answered again and compared with what was said; a difference stops the station.
 *     If another engine said it, or events of it were erased, it is answered again in silence; then the findings that stand are
 *     compared with those that were told, and the differences are told with the reason (docs/adr/0009).
 * (4) Its memory is bounded (bound.h): what lies in files is let go, and answering waits for a checkpoint.
 * (5) It writes only the findings journal and its state; both can be derived again from the event journal.
 *
 * What an operator must know: "does-not-repeat" is a bug and never goes away by restarting; keep the journals.  A state that
 * is lost or does not agree costs a replay, nothing else.
 * Shell.  Floor 3; single-threaded.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_BROKERS_CORRELATION_CORRELATION_H
#define KTG_BROKERS_CORRELATION_CORRELATION_H

#include "runtime/journal/journal.h"
#include "runtime/station/station.h"

struct ktg_correlation_options {
    const char *run_dir, *journal_dir, *findings_dir, *state_dir;
    struct ktg_clock clock;
    enum ktg_log_level log_level;
    struct ktg_journal_options findings; /* sizes; callbacks are the station's own */
    uint64_t map_size;                   /* of the state; default 64 GiB */
    int64_t checkpoint_ms;               /* mono ms between checkpoints; default 30 s */
    uint64_t checkpoint_bytes;           /* or so much changed; default 64 MiB */
    uint64_t memory;                     /* resident bytes, bound.h; default 2 GiB */
    int64_t poll;          /* mono ms between looks for news that no hint told; default 50 */
    uint32_t step;         /* journal positions answered before a commit; default 4096 */
    bool test_ignore_mark; /* mutant: reads what is not yet durable */
    int64_t test_engine;   /* answers under this version; 0: KTG_ENGINE_VERSION */
};

/* Runs until a signal.  KTG_OK, or the code of what went wrong with its text in err. */
KTG_MUST_CHECK int ktg_correlation_run(const struct ktg_correlation_options *options,
                                       struct ktg_err *err);

#endif
