/* runtime/station/station.h - what every station has: a name, a lock, a loop, signals, a clock, and a way to say "ready".
 *
 *     open: run directory -> NAME.lock (a second start is refused with the pid) -> loop -> signals
 *     run:  until SIGINT or SIGTERM, or ktg_station_stop
 *     SIGHUP: on_reload.   Once a second: metrics to RUN/NAME.metrics (OpenMetrics text, replaced whole), in between by
 *     ktg_station_beat() too.
 *
 * (1) Nothing else is opened before the lock is held.
 * (2) "Ready" is one byte on the descriptor that KTG_READY_FD names (a pipe to the supervisor); alone, it is only logged.
 * A shell.  Floor 0, needs runtime/, runtime/loop, the lock file.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_RUNTIME_STATION_STATION_H
#define KTG_RUNTIME_STATION_STATION_H

#include "runtime/clock.h"
#include "runtime/log.h"
#include "runtime/loop/loop.h"
#include "runtime/metric.h"

struct ktg_station_options {
    const char *name;    /* "ingest"; borrowed for the station's life */
    const char *run_dir; /* lock, ipc sockets, metrics; made if missing (0750) */
    struct ktg_clock clock;
    enum ktg_log_level log_level;
    struct ktg_metric *metrics;
    size_t metric_count;
    void (*on_metrics)(void *arg); /* bring gauges up to date; may be NULL */
    void (*on_reload)(void *arg);  /* SIGHUP; may be NULL */
    void *arg;
};

struct ktg_station;

/* KTG_ECONFLICT "already-running", KTG_EDENIED, KTG_EIO, KTG_ENOMEM. */
KTG_MUST_CHECK int ktg_station_open(const struct ktg_station_options *options,
                                    struct ktg_station **ret_s, struct ktg_err *err);
struct ktg_station *ktg_station_close(struct ktg_station *s); /* NULL is fine; returns NULL */

struct ktg_loop *ktg_station_loop(struct ktg_station *s);
ktg_time ktg_station_now(const struct ktg_station *s); /* domain time */
void ktg_station_ready(struct ktg_station *s);         /* tell the supervisor, and the log */
/* For work that keeps the loop for long: the metrics, if they are a second old.  Cheap otherwise. */
void ktg_station_beat(struct ktg_station *s);
/* Run until stopped.  Returns KTG_OK after a signal or ktg_station_stop(KTG_OK), else the code of the stop. */
int ktg_station_run(struct ktg_station *s);
void ktg_station_stop(struct ktg_station *s, int code);

#endif
