/* brokers/alerts/alerts.h - the station that hands findings to the agencies that may act.
 *
 *     event journal ─┐
 *     findings ──────┴─ fold ─> casebook ─┬─ deliveries: cursor, window, confirmation ─> gateway ─> duty desks
 *                                         ├─ answers: ls, show (with the explanation that correlation gives)
 *     ingest <─ sender ─ outbox <─────────┴─ actions: ack, close, and what was handed out, as events
 *
 * (1) It binds only ipc; every subscriber's session ends at the gateway.
 * (2) An action changes nothing until its event is read back from the journal; then the officer hears where it stands.
 * (3) A slow subscriber costs a cursor.  A delivery is repeated until it is confirmed.  It goes out before the commit of what it
 *     tells, which both journals hold; a confirmation goes to the disk with the next commit, 50 ms later at most.  So a crash may
 *     repeat what was confirmed just now, and loses nothing (docs/adr/0016).
 * (4) What an agency may not see never leaves this process (handed.h).
 * Shell.  Floor 3; single-threaded.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_BROKERS_ALERTS_ALERTS_H
#define KTG_BROKERS_ALERTS_ALERTS_H

#include "runtime/bytes.h"
#include "runtime/station/station.h"

struct ktg_alerts_user {
    char agency[16];
    bool subscribes, acts;
};

struct ktg_alerts_options {
    const char *run_dir, *journal_dir, *findings_dir, *casebook_dir;
    struct ktg_clock clock;
    enum ktg_log_level log_level;
    uint64_t map_size;            /* of the casebook; default 16 GiB */
    uint32_t window;              /* most deliveries in flight to one subscription; default 256 */
    int64_t retry_min, retry_max; /* mono ms before a delivery is repeated; defaults 2 s, 30 s */
    uint32_t max_sessions;        /* default 1024 */
    uint32_t subscriptions;       /* cursors kept of one key; default 64 */
    int64_t poll;                 /* mono ms between looks for news that no hint told; default 50 */

    void *arg;
    /* KTG_ENOTFOUND, KTG_EDENIED: no such user now. */
    int (*user_named)(void *arg, struct ktg_bytes name, struct ktg_alerts_user *ret_user);
    void (*on_reload)(void *arg); /* SIGHUP: who users are may have changed; may be NULL */
};

/* Runs until a signal.  KTG_OK, or the code of what went wrong with its text in err. */
KTG_MUST_CHECK int ktg_alerts_run(const struct ktg_alerts_options *options, struct ktg_err *err);

#endif
