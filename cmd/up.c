/* cmd/up.c - up: every station of the centre, each in its own process, started again when it dies.
 *
 *     ingest ─ready─> gateway, correlation ─ready─> alerts ─ready─> "up"
 *        │ died: after 200 ms, 400 ms ... 30 s (settings supervisor.*); short again once it has served for a while
 *
 * (1) A station is started when those whose files it reads have been ready once.
 * (2) SIGINT, SIGTERM: all are asked to stop, in the opposite order; after STOP_MS they are killed.
 * (3) SIGHUP is passed on.
 * (4) What can be seen to be wrong before the first station is started ends it there (centre.h), and leaves nothing behind.
 *     A station that never served and refuses (2 to 5: usage, input, nothing there, not allowed; 7: a port in use) is not
 *     started again: it would say the same.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/centre.h"
#include "runtime/lockfile.h"
#include "runtime/log.h"
#include "runtime/loop/child.h"
#include "runtime/mem.h"
#include "runtime/metric.h"

extern char **environ;

enum {
    INGEST,
    GATEWAY,
    CORRELATION,
    ALERTS,
    STATIONS,
    STOP_MS = 10000,
    STEADY_MS = 10000,
    METRICS_MS = 1000,
    MOST_ARGS = 64
};

static const struct {
    const char *command;
    int after; /* which must have been ready once; -1: none */
    int leads; /* whom its clients reach through it: asked to stop after it; -1: only the one before */
} plan[STATIONS] = {{"ingest", -1, -1},
                    {"gateway", INGEST, ALERTS},
                    {"correlation", INGEST, -1},
                    {"alerts-station", CORRELATION, -1}};

static const struct ktg_message messages[] = {
    {"up", KTG_LOG_NOTICE, "every station serves", ""},
    {"station-died", KTG_LOG_ERROR, "a station died and will be started again",
     "its own last lines tell why"},
    {"station-refused", KTG_LOG_ERROR, "a station cannot start",
     "mend what its last line says, then start again"},
    {"station-killed", KTG_LOG_WARNING, "a station did not stop when asked", ""},
};
enum { UP, DIED, REFUSED, KILLED };

#define OF_STATION(name)                                                                           \
    {"kentongan_up_" name "_restarts_total", "restarts", "of this station", KTG_COUNTER, 0, NULL}, \
    {                                                                                              \
        "kentongan_up_" name "_calm_seconds", "seconds", "since it died last, or since the start", \
            KTG_GAUGE, 0, NULL                                                                     \
    }
static struct ktg_metric metrics[] = {OF_STATION("ingest"), OF_STATION("gateway"),
                                      OF_STATION("correlation"), OF_STATION("alerts")};
enum { M_RESTARTS, M_CALM, M_EACH };

struct supervisor;
struct station {
    struct supervisor *of;
    int index;
    struct ktg_child *child;
    struct ktg_timer *again;
    bool ready;     /* of this run */
    bool was_ready; /* of any run */
    int64_t since, rest;
    int64_t died; /* mono ms; at first: the start */
};

struct supervisor {
    struct ktg_call *call;
    struct ktg_loop *loop;
    struct ktg_timer *last_call, *metrics;
    char metrics_path[256];
    struct station stations[STATIONS];
    int64_t rest_min, rest_max;
    const char *args[MOST_ARGS];
    size_t arg_count;
    char **env;
    bool stopping, told;
    int code;
};

static void start(void *arg);

static void start_followers(struct supervisor *s)
{
    bool all = true;
    if (s->stopping) /* one that was still starting has got ready meanwhile */
        return;
    for (int i = 0; i < STATIONS; i++) {
        struct station *st = &s->stations[i];
        all = all && st->ready;
        if (!st->child && !ktg_timer_is_running(st->again) && !st->was_ready &&
            (plan[i].after < 0 || s->stations[plan[i].after].was_ready))
            start(st);
    }
    if (all && !s->told)
        ktg_log(&messages[UP], NULL);
    s->told = s->told || all;
}

static void on_output(void *arg, int fd, struct ktg_bytes bytes)
{
    struct station *st = arg;
    (void)fd;
    if (bytes.size && !st->ready) { /* the one byte that says ready */
        st->ready = st->was_ready = true;
        st->since = ktg_mono_ms();
        start_followers(st->of);
    }
}

static void write_metrics(void *arg)
{
    struct supervisor *s = arg;
    int64_t now = ktg_mono_ms();
    for (int i = 0; i < STATIONS; i++)
        ktg_metric_set(&metrics[i * M_EACH + M_CALM], (now - s->stations[i].died) / 1000);
    ktg_metric_store(metrics, KTG_COUNT(metrics), s->metrics_path);
}

static bool is_all_gone(const struct supervisor *s)
{
    for (int i = 0; i < STATIONS; i++)
        if (s->stations[i].child)
            return false;
    return true;
}

/* Ask those to stop that nobody needs any more: the followers first. */
static void stop_next(struct supervisor *s)
{
    for (int i = STATIONS; i-- > 0;) {
        bool needed = false;
        for (int j = 0; j < STATIONS; j++)
            needed |= (plan[j].after == i || plan[j].leads == i) && s->stations[j].child;
        if (s->stations[i].child && !needed && ktg_child_kill(s->stations[i].child, SIGTERM))
            continue; /* it has just ended: on_exit follows */
    }
    if (is_all_gone(s))
        ktg_loop_stop(s->loop);
}

static void stop_all(struct supervisor *s)
{
    if (s->stopping)
        return;
    s->stopping = true;
    for (int i = 0; i < STATIONS; i++)
        ktg_timer_stop(s->stations[i].again);
    ktg_timer_start(s->last_call, STOP_MS, 0);
    stop_next(s);
}

/* It would say the same again: usage, input, nothing there, not allowed, somebody was there first (a port in use). */
static bool is_refusal(int status)
{
    return (status >= 2 && status <= 5) || status == 7;
}

static void on_exit_of(void *arg, int status, int signal_number)
{
    struct station *st = arg;
    struct supervisor *s = st->of;
    bool steady = st->ready && ktg_mono_ms() - st->since >= STEADY_MS;
    st->child = ktg_child_free(st->child);
    st->ready = false;
    if (s->stopping) {
        stop_next(s);
        return;
    }
    if (!signal_number && is_refusal(status) && !st->was_ready) {
        ktg_log(&messages[REFUSED], "station=%s status=%d", plan[st->index].command, status);
        s->code = ktg_call_fail(s->call, KTG_CMD_CANNOT_START, plan[st->index].command, NULL, NULL);
        stop_all(s);
        return;
    }
    st->died = ktg_mono_ms();
    ktg_metric_add(&metrics[st->index * M_EACH + M_RESTARTS], 1);
    st->rest = steady || !st->rest          ? s->rest_min
               : st->rest * 2 > s->rest_max ? s->rest_max
                                            : st->rest * 2;
    ktg_log(&messages[DIED], "station=%s status=%d signal=%d again_ms=%" PRId64,
            plan[st->index].command, status, signal_number, st->rest);
    ktg_timer_start(st->again, st->rest, 0);
}

static void start(void *arg)
{
    struct station *st = arg;
    struct supervisor *s = st->of;
    struct ktg_err err = KTG_ERR_INIT;
    s->args[1] = plan[st->index].command;
    struct ktg_child_spec spec = {.argv = s->args,
                                  .env = (const char *const *)s->env,
                                  .in = KTG_CHILD_NULL,
                                  .out = KTG_CHILD_PIPE,
                                  .err = KTG_CHILD_INHERIT,
                                  .on_output = on_output,
                                  .on_exit = on_exit_of,
                                  .arg = st};
    if (ktg_child_spawn(s->loop, &spec, &st->child, &err)) {
        ktg_log(&messages[DIED], "station=%s why=\"%s\"", plan[st->index].command, err.text);
        ktg_timer_start(st->again, s->rest_max, 0);
    }
}

static void on_signal(void *arg, int number)
{
    struct supervisor *s = arg;
    if (number != SIGHUP) {
        stop_all(s);
        return;
    }
    for (int i = 0; i < STATIONS; i++)
        if (s->stations[i].child && ktg_child_kill(s->stations[i].child, SIGHUP))
            continue; /* it has just ended */
}

static void on_last_call(void *arg)
{
    struct supervisor *s = arg;
    for (int i = 0; i < STATIONS; i++)
        if (s->stations[i].child) {
            ktg_log(&messages[KILLED], "station=%s", plan[i].command);
            if (ktg_child_kill(s->stations[i].child, SIGKILL))
                continue; /* it has just ended */
        }
}

/* PROGRAM STATION [--config FILE] [--set ...] */
static int prepare_args(struct supervisor *s, char program[static 512])
{
    struct ktg_call *call = s->call;
    ssize_t n = readlink("/proc/self/exe", program, 511);
    if (n < 0)
        return ktg_err_set(&call->err, KTG_EIO, "cannot find the program itself");
    program[n] = 0;
    s->args[s->arg_count++] = program;
    s->args[s->arg_count++] = NULL;
    s->args[s->arg_count++] = call->out->lang == KTG_LANG_ID ? "--lang=id" : "--lang=en";
    const char *config = ktg_call_text(call, "config");
    if (config) {
        s->args[s->arg_count++] = "--config";
        s->args[s->arg_count++] = config;
    }
    for (size_t i = 0; ktg_call_nth(call, "set", i); i++) {
        if (s->arg_count + 3 > MOST_ARGS)
            return ktg_call_too_many(&call->err, "up --set", (MOST_ARGS - 5) / 2);
        s->args[s->arg_count++] = "--set";
        s->args[s->arg_count++] = ktg_call_nth(call, "set", i);
    }
    s->args[s->arg_count] = NULL;
    return KTG_OK;
}

static int prepare_env(struct supervisor *s, char ours[2][48])
{
    size_t n = 0;
    while (environ[n])
        n++;
    s->env = ktg_calloc(n + 3, sizeof *s->env);
    if (!s->env)
        return KTG_ENOMEM;
    memcpy(s->env, environ, n * sizeof *s->env);
    snprintf(ours[0], 48, "KTG_READY_FD=1");
    snprintf(ours[1], 48, "KTG_SUPERVISOR=%ld", (long)getpid());
    s->env[n] = ours[0];
    s->env[n + 1] = ours[1];
    return KTG_OK;
}

/* Started by another kentongan (a demo), it ends with that one, and hears of Ctrl-C only through it. */
static int follow_parent(struct ktg_call *call)
{
    const char *parent = getenv("KTG_SUPERVISOR");
    if (!parent)
        return KTG_OK;
    if (ktg_child_die_with((pid_t)strtol(parent, NULL, 10)))
        return ktg_err_set(&call->err, KTG_EUNREACHABLE,
                           "the process that started this one is gone");
    unsetenv("KTG_SUPERVISOR"); /* the stations follow us */
    (void)setsid();             /* no success: it leads a session of its own already */
    return KTG_OK;
}

static int run_up(struct ktg_call *call)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
    struct supervisor s = {.call = call};
    struct ktg_settings *settings = NULL;
    struct ktg_lockfile *lock = NULL;
    struct ktg_signal *signals[3];
    char program[512], ours[2][48], path[320];
    int rc = follow_parent(call);
    if (!rc)
        rc = ktg_installation_settings(call, &settings);
    if (rc)
        goto out;
    ktg_log_setup("up", (enum ktg_log_level)ktg_settings_int(settings, KTG_SET_LOG_LEVEL));
    s.rest_min = ktg_settings_int(settings, KTG_SET_SUPERVISOR_RESTART_MIN);
    s.rest_max = ktg_settings_int(settings, KTG_SET_SUPERVISOR_RESTART_MAX);
    snprintf(path, sizeof path, "%s/up.lock", ktg_settings_text(settings, KTG_SET_PATHS_RUN));
    snprintf(s.metrics_path, sizeof s.metrics_path, "%s/up.metrics",
             ktg_settings_text(settings, KTG_SET_PATHS_RUN));
    if (!ktg_lockfile_is_held(path)) /* else the lock says who it is */
        rc = ktg_centre_check(call);
    if (!rc)
        rc = ktg_rundir_prepare(ktg_settings_text(settings, KTG_SET_PATHS_RUN), 0750, &call->err);
    if (!rc)
        rc = ktg_lockfile_open(path, &lock, &call->err);
    if (!rc)
        rc = prepare_args(&s, program);
    if (!rc)
        rc = prepare_env(&s, ours);
    if (!rc)
        rc = ktg_loop_new(&s.loop, &call->err);
    for (size_t i = 0; !rc && i < KTG_COUNT(numbers); i++)
        rc = ktg_signal_new(s.loop, numbers[i], on_signal, &s, &signals[i], &call->err);
    if (!rc)
        rc = ktg_timer_new(s.loop, on_last_call, &s, &s.last_call, &call->err);
    for (int i = 0; !rc && i < STATIONS; i++) {
        s.stations[i] = (struct station){.of = &s, .index = i, .died = ktg_mono_ms()};
        rc = ktg_timer_new(s.loop, start, &s.stations[i], &s.stations[i].again, &call->err);
    }
    if (!rc)
        rc = ktg_timer_new(s.loop, write_metrics, &s, &s.metrics, &call->err);
    if (!rc) {
        ktg_timer_start(s.metrics, METRICS_MS, METRICS_MS);
        start_followers(&s);
        ktg_loop_run(s.loop);
        rc = s.code;
    }
out:
    ktg_loop_free(s.loop);
    ktg_lockfile_close(lock);
    ktg_settings_free(settings);
    ktg_free(s.env);
    return rc;
}

static const struct ktg_parameter options[] = {
    KTG_INSTALLATION_PARAMETERS,
    KTG_END_PARAMETERS,
};
static const struct ktg_example examples[] = {
    {"kentongan up", {"the centre of ./kentongan.yaml", "pusat menurut ./kentongan.yaml"}},
    {"kentongan up --config /etc/kentongan/kentongan.yaml", {"another one", "yang lain"}},
    KTG_END_EXAMPLES,
};
const struct ktg_command ktg_cmd_up = {
    .path = "up",
    .summary = {"run the whole centre on this machine", "jalankan seluruh pusat di mesin ini"},
    .detail =
        {"Starts gateway, ingest, correlation and alerts, each in its own process, and "
         "starts again what dies.\n"
         "Ctrl-C stops them in order.  Rules go on as the journal has them; SIGHUP, or kentongan "
         "reload: what lies in the\n"
         "folders is taken.",
         "Menjalankan gateway, ingest, correlation, dan alerts, masing-masing dalam "
         "prosesnya sendiri, dan menjalankan\n"
         "ulang yang mati.  Ctrl-C menghentikannya berurutan.  Aturan berlaku menurut jurnal; "
         "SIGHUP, atau kentongan\n"
         "reload: isi foldernya diambil."},
    .options = options,
    .examples = examples,
    .run = run_up,
};
