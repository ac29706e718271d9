/* brokers/ingest/ingest.h - the station that alone writes the event journal.
 *
 *     gateway ──[who][frame]──> admission ──> open batch ──seal──> committer (pwrite, fdatasync) ──> mark
 *     gateway <──ACK, NACK, WELCOME── receipts <───────────── durable ────────────────────────────────┘
 *
 * (1) Nothing is answered before the batch that carries it is durable; WELCOME waits too, so what it says is on disk.
 * (2) One batch is open, one is being written; whatever arrives meanwhile goes into the next (natural group commit).
 * (3) An idle ingest writes an empty batch each clock period: that is the engine's clock.
 * (4) Rejected events, sequence gaps and conflicts lie in quarantine with their bytes; only RETRY consumes nothing.
 * (5) The rule set that answers depend on is a record of the journal, and the last one there is in force: a start goes on
 *     with it.  The folders are read when the journal has none and when asked (SIGHUP); what is wrong is refused at the
 *     door.  The agencies that travel with it are taken also when they change, with the rules as they are.
 * (6) When nobody could be heard, because it did not run, no gateway was on its line or the disk had no room, it says so in
 *     the journal (away.h).  After a start this goes alone into the first batch, recorded 1 ms after the last one: before the
 *     clock passes the gap, so nothing that was due within it is answered without it.
 * (7) That a source sends no more is the operator's word, and goes into the journal once (retired.h).
 *
 * What an operator must know: a failed write or sync ends the process (74); the supervisor starts it again and the
 * journal recovers.  When free space falls under disk.stop it takes no events and says so (NACK retry, disk-low).
 * Shell.  Floor 3; single-threaded but for the journal's committer.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_BROKERS_INGEST_INGEST_H
#define KTG_BROKERS_INGEST_INGEST_H

#include "brokers/ingest/admission.h"
#include "runtime/journal/journal.h"
#include "runtime/station/station.h"
#include "schema/record.h"

struct ktg_ingest_options {
    const char *run_dir, *journal_dir;
    struct ktg_clock clock;
    enum ktg_log_level log_level;
    struct ktg_journal_options journal; /* sizes and marks; callbacks are the station's own */
    ktg_time clock_period; /* domain ms between clock records of an idle ingest; default 1000 */
    ktg_time skew_ahead;   /* ms; default 5 min */
    uint64_t credit_events, credit_bytes; /* a session may have in flight; defaults 8192, 4 MiB */
    uint32_t max_sessions;                /* default 1024 */
    uint64_t queue_bytes; /* PUBLISH frames that wait for room in the batch; default 64 MiB */

    void *arg;
    /* What the producer of this name may send.  KTG_ENOTFOUND: no such key any more. */
    int (*rights_of)(void *arg, struct ktg_bytes producer, struct ktg_rights *ret_rights);
    /* All texts of the folders that influence answers, encoded as a bundle.  At start (to record them if the journal has
     * none, else to say whether they are others) and on SIGHUP.  `in_force`: the bundle that they would replace, or empty. */
    int (*load_bundle)(void *arg, struct ktg_bytes in_force, struct ktg_buf *to,
                       struct ktg_err *err);
    void (*on_reload)(void *arg); /* SIGHUP, before the bundle is read; may be NULL */
    /* Each turn of the clock: time to look whether keys or agencies changed.  May be NULL. */
    void (*look_round)(void *arg);
    /* The text of the installation's own agencies.yaml, if it changed since this was asked last, else KTG_ENOTFOUND.  Asked after look_round and
     * after rights_of, so that a new agency is in the journal before its first event.  What rights_of gave stays valid.
     * May be NULL. */
    int (*fresh_agencies)(void *arg, struct ktg_buf *to, struct ktg_err *err);
    /* What operators said of sources that send no more (schema/record.h): all of it, in order, to `each`, whose failure is passed
     * on.  KTG_ENOTFOUND: nothing changed since this was asked last; with `again` it is said all the same.  Other failures
     * are told once.  Asked each turn of the clock.  May be NULL. */
    int (*source_words)(void *arg, bool again,
                        int (*each)(void *to, const struct ktg_retirement *w), void *to,
                        struct ktg_err *err);
};

/* Runs until a signal.  KTG_OK, or the code of what went wrong with its text in err. */
KTG_MUST_CHECK int ktg_ingest_run(const struct ktg_ingest_options *options, struct ktg_err *err);

#endif
