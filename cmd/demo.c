/* cmd/demo.c - demo: a week on the Borneo border, on the real parts, in a temporary folder.
 *
 *     this process                                     children
 *     country --> archive, 45 agents ==CURVE==> gateway ... (kentongan up)
 *     screen <-- 17 desks <===========CURVE====
 *            <-- both journals, as any reader
 *
 *     history -> the week, 5,760 times as fast -> real time: when the week is over, at once when a person acts
 *     Ctrl-C: feed stops -> everything acknowledged, answered and told -> centre stops -> account -> the folder goes
 * SPDX-License-Identifier: Apache-2.0
 */
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/demo_parts.h"
#include "cmd/installation.h"
#include "cmd/shipped.h"
#include "runtime/lockfile.h"
#include "runtime/log.h"
#include "runtime/mem.h"

extern char **environ;

#define DESK "IMI.DESK"

enum {
    TICK_MS = 20,
    START_MS = 30000,  /* most that the centre may take to listen */
    SETTLE_MS = 30000, /* most that the last acknowledgements and deliveries may take */
    EVENTS = 21884     /* of the scenario at a hundred percent */
};

/* ---- the centre ------------------------------------------------------------------------------------------------------ */

static void on_output(void *arg, int fd, struct ktg_bytes bytes)
{
    struct ktg_demo *d = arg;
    (void)fd;
    if (d->log)
        fwrite(bytes.data, 1, bytes.size, d->log);
    size_t n = bytes.size < KTG_DEMO_TAIL ? bytes.size : KTG_DEMO_TAIL;
    size_t keep = d->tail_size + n > KTG_DEMO_TAIL ? KTG_DEMO_TAIL - n : d->tail_size;
    memmove(d->tail, d->tail + d->tail_size - keep, keep);
    memcpy(d->tail + keep, bytes.data + bytes.size - n, n);
    d->tail_size = keep + n;
}

static void finish(struct ktg_demo *d, int code)
{
    if (!d->code)
        d->code = code;
    d->stage = DONE;
    ktg_loop_stop(d->loop);
}

static void on_centre_gone(void *arg, int status, int signal_number)
{
    struct ktg_demo *d = arg;
    d->centre = ktg_child_free(d->centre);
    if (d->stage == STOPPING || d->stage == DONE) {
        finish(d, KTG_OK);
        return;
    }
    finish(d, ktg_err_set(
                  &d->call->err, KTG_EIO,
                  "demo: the centre ended by itself (status %d, signal %d). Its last words:\n%.*s",
                  status, signal_number, (int)d->tail_size, d->tail));
}

static int start_centre(struct ktg_demo *d)
{
    char program[512], parent[48], path[KTG_DEMO_PATH + 64];
    size_t n = 0, kept = 0;
    ssize_t size = readlink("/proc/self/exe", program, sizeof program - 1);
    if (size < 0)
        return ktg_err_set(&d->call->err, KTG_EIO, "demo: cannot find the program itself");
    program[size] = 0;
    ktg_demo_site_path(&d->site, "centre.log", path);
    d->log = fopen(path, "we");
    while (environ[n])
        n++;
    const char **env = ktg_calloc(n + 2, sizeof *env);
    if (!env)
        return ktg_err_set(&d->call->err, KTG_ENOMEM, "demo: no memory");
    for (size_t i = 0; i < n; i++)
        if (strncmp(environ[i], "KTG_", 4) != 0)
            env[kept++] = environ[i];
    snprintf(parent, sizeof parent, "KTG_SUPERVISOR=%ld", (long)getpid());
    env[kept] = parent;
    const char *const args[] = {program, "up", "--config", d->site.config, NULL};
    const struct ktg_child_spec spec = {.argv = args,
                                        .env = env,
                                        .dir = d->site.dir,
                                        .in = KTG_CHILD_NULL,
                                        .out = KTG_CHILD_NULL,
                                        .err = KTG_CHILD_PIPE,
                                        .on_output = on_output,
                                        .on_exit = on_centre_gone,
                                        .arg = d};
    int rc = ktg_child_spawn(d->loop, &spec, &d->centre, &d->call->err);
    ktg_free(env);
    return rc;
}

/* ---- the story --------------------------------------------------------------------------------------------------------- */

static void on_line(void *arg, const char *source, bool back, uint64_t waiting)
{
    struct ktg_demo *d = arg;
    if (!back) {
        ktg_demo_beat(
            d,
            "%s is offline (simulated, two days): it keeps its events; heartbeats stop, and so "
            "does trust in its silence",
            "%s luring (peragaan, dua hari): kejadiannya disimpan; detaknya berhenti, begitu pula "
            "kepercayaan pada diamnya",
            source);
        return;
    }
    d->back = true;
    ktg_demo_beat(d, "%s is back: %" PRIu64 " events that waited are on their way",
                  "%s kembali: %" PRIu64 " kejadian yang menunggu sedang dikirim", source, waiting);
}

static void on_trouble(void *arg, const char *source, const struct ktg_err *what)
{
    ktg_demo_plain(arg, "%s: %s", "%s: %s", source, what->text);
}

/* The gateway listens: enter the desks and the installations. */
static int open_parts(struct ktg_demo *d)
{
    struct ktg_err *err = &d->call->err;
    const struct ktg_demo_feed_options feed = {.site = &d->site,
                                               .loop = d->loop,
                                               .context = d->context,
                                               .catalogue = d->catalogue,
                                               .country = d->country,
                                               .endpoint = d->endpoint,
                                               .server_key = &d->server_key,
                                               .speed = d->speed,
                                               .arg = d,
                                               .on_line = on_line,
                                               .on_trouble = on_trouble};
    int rc = ktg_demo_site_configure(&d->site, d->endpoint, DESK, err);
    if (!rc)
        rc = ktg_demo_desks_open(&d->site, d->agencies, d->loop, d->context, d->endpoint,
                                 &d->server_key, ktg_demo_item, d, &d->desks, err);
    if (!rc)
        rc = ktg_demo_feed_open(&feed, d->clock, &d->feed, err);
    if (rc)
        return rc;
    ktg_demo_beat(d, "the centre listens on %s, CURVE only (%.1f s); history is on its way",
                  "pusat mendengar di %s, hanya CURVE (%.1f dtk); riwayat sedang dikirim",
                  d->endpoint, (double)(ktg_mono_ms() - d->began) / 1000);
    d->stage = PLAYING;
    return KTG_OK;
}

static void enter_phase(struct ktg_demo *d, enum ktg_demo_phase phase)
{
    const struct ktg_demo_look_counts *n = ktg_demo_look_counts(d->look);
    d->phase = phase;
    d->stage_since = ktg_mono_ms();
    if (phase == KTG_DEMO_WEEK)
        ktg_demo_beat(
            d,
            "%" PRIu64 " events of history are answered (%.1f s); now the week: a day takes %.1f s",
            "%" PRIu64 " kejadian riwayat terjawab (%.1f dtk); kini pekannya: sehari %.1f dtk",
            n->events, (double)(ktg_mono_ms() - d->began) / 1000, 86400.0 / d->speed);
}

static void slow_down(struct ktg_demo *d, bool person)
{
    d->real_time = true;
    ktg_demo_feed_slow_down(d->feed);
    if (person)
        ktg_demo_beat(
            d, "real time now: a person has acted, and people live at the speed of people",
            "waktu nyata sekarang: ada petugas yang bertindak, dan orang hidup secepat orang");
    else
        ktg_demo_beat(
            d,
            "real time now: the week is over; the desk stays open - try alerts ls, show, ack "
            "(above); Ctrl-C ends it",
            "waktu nyata sekarang: pekan selesai; meja tetap buka - coba alerts ls, show, ack (di "
            "atas); Ctrl-C mengakhiri");
}

/* Is everything that the rules said about what stands up to `mark` at every desk? */
static bool is_told(const struct ktg_demo *d, uint64_t mark)
{
    bool told = ktg_demo_look_counts(d->look)->answered >= mark;
    for (size_t i = 0; told && i < ktg_demo_desks_count(d->desks); i++)
        told = ktg_demo_desks_heard(d->desks, i) >=
               ktg_demo_look_due(d->look, ktg_demo_desks_agency(d->desks, i));
    return told;
}

/* After the last event of history, or of all: has it come through?  Asked again and again. */
static bool is_settled(struct ktg_demo *d)
{
    if (!ktg_demo_feed_is_idle(d->feed))
        return false;
    if (!d->settle_mark)
        d->settle_mark = ktg_demo_look_counts(d->look)->mark;
    return is_told(d, d->settle_mark);
}

static void stop_centre(struct ktg_demo *d)
{
    d->stage = STOPPING;
    if (!d->centre || ktg_child_kill(d->centre, SIGTERM))
        finish(d, KTG_OK);
}

/* Ctrl-C, or the end of the week: no more events; what is on its way arrives. */
static void settle(struct ktg_demo *d)
{
    if (d->stage == STARTING) {
        stop_centre(d);
        return;
    }
    d->stage = SETTLING;
    d->stage_since = ktg_mono_ms();
    d->settle_mark = 0;
    if (!d->real_time)
        ktg_demo_feed_slow_down(d->feed);
    d->real_time = true;
    ktg_demo_feed_stop(d->feed);
    ktg_demo_beat(d, "stopping: waiting for the last acknowledgements and deliveries",
                  "berhenti: menunggu penerimaan dan penyampaian terakhir");
}

static int play(struct ktg_demo *d)
{
    struct ktg_err *err = &d->call->err;
    int rc = ktg_demo_feed_step(d->feed, err);
    enum ktg_demo_phase phase = ktg_demo_feed_phase(d->feed);
    const struct ktg_err *why = ktg_demo_desks_trouble(d->desks);
    if (rc)
        return rc;
    if (why)
        return ktg_err_set(err, why->code, "demo: %s", why->text);
    if (phase != d->phase)
        enter_phase(d, phase);
    if (phase == KTG_DEMO_CALLING && (is_settled(d) || ktg_mono_ms() - d->stage_since > SETTLE_MS))
        ktg_demo_feed_begin_week(d->feed);
    if (!d->real_time && phase >= KTG_DEMO_WEEK && ktg_demo_look_counts(d->look)->acted)
        slow_down(d, true);
    if (phase == KTG_DEMO_OVER && !d->real_time)
        slow_down(d, false);
    if (phase == KTG_DEMO_OVER && d->until_end)
        settle(d);
    return KTG_OK;
}

static void on_tick(void *arg)
{
    struct ktg_demo *d = arg;
    struct ktg_err *err = &d->call->err;
    int64_t now = ktg_mono_ms();
    /* While the centre stops, correlation may still say what nobody can be told any more. */
    int rc = d->stage == STOPPING ? KTG_OK : ktg_demo_look_step(d->look, err);
    d->style.width = ktg_demo_width();
    if (!rc && d->stage == STARTING && ktg_demo_site_endpoint(&d->site, d->endpoint))
        rc = open_parts(d);
    else if (!rc && d->stage == STARTING && now - d->began > START_MS)
        rc = ktg_err_set(err, KTG_EUNREACHABLE,
                         "demo: the centre does not listen. Its last words:\n%.*s",
                         (int)d->tail_size, d->tail);
    if (!rc && d->stage == PLAYING)
        rc = play(d);
    if (rc) {
        finish(d, rc);
        return;
    }
    if (d->stage == SETTLING && (is_settled(d) || now - d->stage_since > SETTLE_MS))
        stop_centre(d);
    ktg_demo_tell(d, now);
}

static void on_signal(void *arg, int number)
{
    struct ktg_demo *d = arg;
    (void)number;
    if (d->stage == STARTING || d->stage == PLAYING) {
        settle(d);
        return;
    }
    d->cut_short = true;
    if (d->centre && ktg_child_kill(d->centre, SIGKILL)) /* its stations die with it */
        d->centre = NULL;
    finish(d, KTG_OK);
}

/* ---- life ---------------------------------------------------------------------------------------------------------------- */

static int load(struct ktg_demo *d)
{
    struct ktg_call *call = d->call;
    struct ktg_files files = KTG_FILES_INIT;
    int64_t events = ktg_call_number(call, "events", EVENTS);
    int64_t percent = events * 100 / EVENTS;
    const struct ktg_simulate_options options = {
        .scenario = ktg_call_text(call, "scenario"),
        .seed = (uint64_t)ktg_call_number(call, "seed", 1),
        .percent = percent < 1       ? 1
                   : percent > 10000 ? 10000
                                     : (int)percent,
        .order = KTG_SIMULATE_MADE,
    };
    const struct ktg_shipped_choice as_shipped = {0};
    int rc = ktg_simulate_new(&options, &d->country, &call->err);
    if (!rc)
        rc = ktg_shipped_gather(&as_shipped, &files, &call->err);
    if (!rc)
        rc = ktg_shipped_catalogue(files.at, files.count, &d->catalogue, &call->err);
    if (!rc)
        rc = ktg_agencies_parse(ktg_installation_shipped_agencies(), "agencies.yaml (shipped)",
                                &d->agencies, &call->err);
    ktg_files_done(&files);
    return rc;
}

static int prepare(struct ktg_demo *d)
{
    static const int numbers[] = {SIGINT, SIGTERM};
    struct ktg_err *err = &d->call->err;
    struct ktg_curve_pair server;
    char path[KTG_DEMO_PATH + 64], findings[KTG_DEMO_PATH + 64];
    int rc = ktg_loop_new(&d->loop, err);
    for (size_t i = 0; !rc && i < KTG_COUNT(numbers); i++)
        rc = ktg_signal_new(d->loop, numbers[i], on_signal, d, &d->signals[i], err);
    if (!rc)
        rc = ktg_timer_new(d->loop, on_tick, d, &d->tick, err);
    if (!rc)
        rc = ktg_context_new(d->loop, NULL, NULL, &d->context, err);
    if (!rc)
        rc = load(d);
    if (!rc)
        rc = ktg_demo_site_configure(&d->site, NULL, DESK, err);
    if (!rc)
        rc = ktg_demo_site_enrol(&d->site, "gateway", "SYSTEM", KTG_ROLE_SERVER, "*", &server, err);
    if (rc)
        return rc;
    d->server_key = server.public_key;
    ktg_curve_forget(&server);
    ktg_demo_site_path(&d->site, "run", path);
    rc = ktg_rundir_prepare(path, 0750, err);
    ktg_demo_site_path(&d->site, "run/clock", path);
    if (!rc)
        rc = ktg_clockfile_create(path, ktg_simulate_first(d->country), 1, &d->clock, err);
    ktg_demo_site_path(&d->site, "data/journal", path);
    ktg_demo_site_path(&d->site, "data/findings", findings);
    if (!rc)
        rc = ktg_demo_look_new(path, findings, &d->look, err);
    if (!rc)
        rc = start_centre(d);
    return rc;
}

static void close_all(struct ktg_demo *d)
{
    d->desks = ktg_demo_desks_close(d->desks);
    d->feed = ktg_demo_feed_close(d->feed);
    d->look = ktg_demo_look_free(d->look);
    ktg_context_free(d->context);
    if (d->centre && ktg_child_kill(d->centre, SIGKILL))
        d->centre = NULL;
    ktg_loop_free(d->loop);
    ktg_clockfile_close(d->clock);
    ktg_catalogue_free(d->catalogue);
    ktg_agencies_free(d->agencies);
    ktg_simulate_free(d->country);
    ktg_free(d->shown);
    ktg_buf_done(&d->line);
    ktg_buf_done(&d->cells);
    if (d->log)
        fclose(d->log);
    ktg_demo_site_close(&d->site);
}

static int run_demo(struct ktg_call *call)
{
    struct ktg_demo d = {.call = call, .out = call->out->out, .began = ktg_mono_ms()};
    d.tty = isatty(fileno(d.out)) && !ktg_call_flag(call, "plain-text");
    d.style =
        (struct ktg_demo_style){ktg_demo_width(), call->out->colour && d.tty, call->out->lang};
    d.until_end = ktg_call_flag(call, "until-end");
    d.speed = (int32_t)ktg_call_number(call, "speed", 5760);
    int rc = ktg_demo_site_open(ktg_call_text(call, "keep"), &d.site, &call->err);
    if (rc)
        return rc;
    ktg_log_setup("demo", KTG_LOG_ERROR);
    rc = prepare(&d);
    if (!rc) {
        ktg_demo_banner(&d);
        ktg_timer_start(d.tick, 0, TICK_MS);
        ktg_loop_run(d.loop);
        rc = d.code;
        ktg_demo_wipe(&d);
        if (!rc && d.feed && !d.cut_short)
            ktg_demo_account(&d);
    }
    bool removed = d.site.janitor != 0;
    close_all(&d);
    if (!rc && removed)
        fprintf(call->out->messages,
                ktg_demo_in_indonesian(&d) ? "%s sudah dihapus\n" : "%s is removed\n", d.site.dir);
    else if (!rc)
        fprintf(call->out->messages, ktg_demo_in_indonesian(&d) ? "%s tetap ada\n" : "%s stays\n",
                d.site.dir);
    call->negative = call->negative || d.cut_short;
    return rc;
}

static const char *const scenarios[] = {"borneo-week", NULL};
static const struct ktg_parameter options[] = {
    {.name = "scenario",
     .kind = KTG_VALUE_CHOICE,
     .choices = scenarios,
     .fallback = "borneo-week",
     .help = {"which story", "cerita yang mana"}},
    {.name = "speed",
     .kind = KTG_VALUE_NUMBER,
     .least = 1,
     .most = 1000000,
     .fallback = "5760",
     .help = {"how many times as fast as life the week plays",
              "berapa kali lebih cepat dari kehidupan"}},
    {.name = "seed",
     .kind = KTG_VALUE_NUMBER,
     .fallback = "1",
     .help = {"the same seed gives the same country", "benih yang sama memberi negeri yang sama"}},
    {.name = "events",
     .kind = KTG_VALUE_NUMBER,
     .least = 1,
     .most = 2000000,
     .help = {"about how many in all (21884); planted cases stay",
              "kira-kira berapa semuanya (21884); kasus yang ditanam tetap"}},
    {.name = "keep",
     .kind = KTG_VALUE_FOLDER,
     .help = {"work in this new folder and leave it there",
              "bekerja di folder baru ini dan membiarkannya"}},
    {.name = "plain-text",
     .kind = KTG_VALUE_FLAG,
     .help = {"lines without colour or a status line, as in a pipe",
              "baris tanpa warna dan tanpa baris status, seperti di pipa"}},
    {.name = "until-end",
     .kind = KTG_VALUE_FLAG,
     .help = {"end with the week, instead of going on in real time",
              "berakhir bersama pekannya, tidak berlanjut dalam waktu nyata"}},
    KTG_END_PARAMETERS,
};
static const struct ktg_example examples[] = {
    {"kentongan demo",
     {"about two minutes, then real time; Ctrl-C ends it",
      "sekitar dua menit, lalu waktu nyata; Ctrl-C mengakhiri"}},
    {"kentongan demo --speed 20000 --until-end",
     {"the week in half a minute, then the account",
      "sepekan dalam setengah menit, lalu laporannya"}},
    {"kentongan demo --keep here --seed 7",
     {"another country, and everything it wrote stays",
      "negeri lain, dan semua tulisannya tetap ada"}},
    KTG_END_EXAMPLES,
};
const struct ktg_command ktg_cmd_demo = {
    .path = "demo",
    .summary = {"a week on the Borneo border, live, in a temporary folder",
                "sepekan di perbatasan Kalimantan, langsung, di folder sementara"},
    .detail = {"The whole centre, 45 producers and 17 desks on real ZeroMQ with CURVE, fed by a "
               "synthetic country.  Twelve\n"
               "weeks of history come first, then the week plays fast, then the clock slows to "
               "real time - at once when\n"
               "somebody acknowledges or closes an alert.  All data is made up.",
               "Seluruh pusat, 45 produsen, dan 17 meja melalui ZeroMQ dengan CURVE, diberi makan "
               "negeri rekaan.  Dua belas\n"
               "minggu riwayat datang dahulu, lalu pekannya diputar cepat, lalu jam melambat ke "
               "waktu nyata - seketika bila\n"
               "seseorang menerima atau menutup peringatan.  Semua data rekaan."},
    .options = options,
    .examples = examples,
    .run = run_demo,
};
