/* runtime/station/station.c - see station.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "runtime/station/station.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "runtime/lockfile.h"
#include "runtime/mem.h"

static const struct ktg_message messages[] = {
    {"ready", KTG_LOG_INFO, "the station serves", ""},
    {"stopping", KTG_LOG_INFO, "asked to stop", ""},
    {"reload", KTG_LOG_NOTICE, "asked to read its texts again", ""},
};
enum { READY, STOPPING, RELOAD };

enum { SIGNALS = 3, METRICS_MS = 1000 };

struct ktg_station {
    struct ktg_station_options options;
    char metrics_path[256];
    struct ktg_lockfile *lock;
    struct ktg_loop *loop;
    struct ktg_signal *signals[SIGNALS];
    struct ktg_timer *metrics_timer;
    int64_t metrics_at; /* mono ms when they were written */
    int code;
};

static void write_metrics(void *arg)
{
    struct ktg_station *s = arg;
    s->metrics_at = ktg_mono_ms();
    if (s->options.on_metrics)
        s->options.on_metrics(s->options.arg);
    ktg_metric_store(s->options.metrics, s->options.metric_count, s->metrics_path);
}

void ktg_station_beat(struct ktg_station *s)
{
    if (ktg_mono_ms() - s->metrics_at >= METRICS_MS)
        write_metrics(s);
}

static void on_signal(void *arg, int number)
{
    struct ktg_station *s = arg;
    if (number == SIGHUP) {
        ktg_log(&messages[RELOAD], NULL);
        if (s->options.on_reload)
            s->options.on_reload(s->options.arg);
        return;
    }
    ktg_log(&messages[STOPPING], "signal=%d", number);
    ktg_station_stop(s, KTG_OK);
}

int ktg_station_open(const struct ktg_station_options *options, struct ktg_station **ret_s,
                     struct ktg_err *err)
{
    static const int numbers[SIGNALS] = {SIGINT, SIGTERM, SIGHUP};
    char lock[256];
    int rc;
    struct ktg_station *s = ktg_zalloc(sizeof *s);
    if (!s)
        return ktg_err_set(err, KTG_ENOMEM, "%s: out of memory", options->name);
    s->options = *options;
    ktg_log_setup(options->name, options->log_level);
    signal(SIGPIPE, SIG_IGN);
    snprintf(s->metrics_path, sizeof s->metrics_path, "%s/%s.metrics", options->run_dir,
             options->name);
    snprintf(lock, sizeof lock, "%s/%s.lock", options->run_dir, options->name);
    rc = ktg_rundir_prepare(options->run_dir, 0750, err);
    if (!rc)
        rc = ktg_lockfile_open(lock, &s->lock, err);
    if (!rc)
        rc = ktg_loop_new(&s->loop, err);
    for (int i = 0; !rc && i < SIGNALS; i++)
        rc = ktg_signal_new(s->loop, numbers[i], on_signal, s, &s->signals[i], err);
    if (!rc)
        rc = ktg_timer_new(s->loop, write_metrics, s, &s->metrics_timer, err);
    if (rc) {
        ktg_station_close(s);
        return ktg_err_wrap(err, rc, "%s", options->name);
    }
    ktg_timer_start(s->metrics_timer, METRICS_MS, METRICS_MS);
    *ret_s = s;
    return KTG_OK;
}

struct ktg_station *ktg_station_close(struct ktg_station *s)
{
    if (!s)
        return NULL;
    if (s->loop && s->metrics_timer)
        write_metrics(s);
    ktg_loop_free(s->loop); /* and with it signals and timer */
    ktg_lockfile_close(s->lock);
    ktg_free(s);
    return NULL;
}

struct ktg_loop *ktg_station_loop(struct ktg_station *s)
{
    return s->loop;
}

ktg_time ktg_station_now(const struct ktg_station *s)
{
    return ktg_clock_now(&s->options.clock);
}

void ktg_station_ready(struct ktg_station *s)
{
    const char *text = getenv("KTG_READY_FD");
    ktg_log(&messages[READY], "pid=%d", (int)getpid());
    write_metrics(s);
    if (!text)
        return;
    int fd = (int)strtol(text, NULL, 10);
    if (fd > 0) {
        ssize_t written = write(fd, "R", 1); /* a supervisor that is gone needs no answer */
        (void)written;
    }
    unsetenv("KTG_READY_FD");
}

int ktg_station_run(struct ktg_station *s)
{
    ktg_loop_run(s->loop);
    return s->code;
}

void ktg_station_stop(struct ktg_station *s, int code)
{
    if (!s->code)
        s->code = code;
    ktg_loop_stop(s->loop);
}
