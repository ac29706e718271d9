/* cmd/demo.c - demo: a week on the Borneo border, on the real parts, in a temporary folder.
 *
 *     this process                                     children
 *     country --> archive, 41 agents ==CURVE==> gateway ... (kentongan up)
 *     screen <-- 17 desks <===========CURVE====
 *            <-- both journals, as any reader
 *
 *     history -> the week, 5,760 times as fast -> real time: when the week is over, at once when a person acts
 *     Ctrl-C: feed stops -> everything acknowledged, answered and told -> centre stops -> account -> the folder goes
 * SPDX-License-Identifier: Apache-2.0
 */
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/command.h"
#include "cmd/demo_desks.h"
#include "cmd/demo_feed.h"
#include "cmd/demo_look.h"
#include "cmd/demo_screen.h"
#include "cmd/installation.h"
#include "cmd/shipped.h"
#include "consumers/terminal/view.h"
#include "runtime/journal/journal.h"
#include "runtime/lockfile.h"
#include "runtime/log.h"
#include "runtime/loop/child.h"
#include "runtime/mem.h"
#include "schema/wire.h"

extern char **environ;

enum {
    TICK_MS = 20,
    STATUS_TTY_MS = 250,
    STATUS_PLAIN_MS = 5000,
    START_MS = 30000,  /* most that the centre may take to listen */
    SETTLE_MS = 30000, /* most that the last acknowledgements and deliveries may take */
    WIB = 420,
    TAIL = 2048,   /* last bytes of the centre's log, for when it fails */
    EVENTS = 21220 /* of the scenario at a hundred percent */
};

/* ---- what is told beside the alerts ------------------------------------------------------------------------------- */

#define DESK "IMI.DESK"

/* A value of alerts that is worth adding up, and what is said once the sum stands: "74 sponsors, 126 people: ..." */
static const struct story {
    const char *rule, *value;
    uint64_t least; /* alerts */
    struct ktg_label alerts, sum, text;
} stories[] = {
    {"sponsor-nib-revoked",
     "people",
     10,
     {"sponsors", "penjamin"},
     {"people", "orang"},
     {"licences were revoked in one morning; only PTSP and IMI together can see who is left behind",
      "izin dicabut dalam satu pagi; hanya PTSP dan IMI bersama-sama melihat siapa yang "
      "tertinggal"}},
};

enum { STORIES = KTG_COUNT(stories) };

enum stage { STARTING, PLAYING, SETTLING, STOPPING, DONE };

struct shown { /* one alert on the screen */
    uint8_t finding[16];
    uint64_t rev;
    int64_t at; /* mono ns */
};

struct demo {
    struct ktg_call *call;
    FILE *out;
    bool tty, until_end;
    struct ktg_demo_style style;
    struct ktg_demo_site site;
    struct ktg_catalogue *catalogue;
    struct ktg_agencies *agencies;
    struct ktg_simulate *country;
    struct ktg_clockfile *clock;
    struct ktg_loop *loop;
    struct ktg_context *context;
    struct ktg_signal *signals[2];
    struct ktg_timer *tick;
    struct ktg_child *centre;
    struct ktg_demo_feed *feed;
    struct ktg_demo_desks *desks;
    struct ktg_demo_look *look;
    struct ktg_curve_key server_key;
    char endpoint[128];
    int32_t speed;

    enum stage stage;
    enum ktg_demo_phase phase;
    bool real_time, headed, first_told, story_told[STORIES], back, late_told, cut_short;
    int64_t began, stage_since, status_at; /* mono ms */
    struct ktg_demo_bursts bursts;
    struct shown *shown;
    size_t shown_count, shown_cap;
    uint64_t events_then[5]; /* at the last seconds: for the rate */
    int64_t second;
    uint64_t settle_mark;
    struct ktg_buf line, cells;
    char status[512], tail[TAIL];
    size_t tail_size;
    FILE *log;
    int code;
};

/* ---- the screen ------------------------------------------------------------------------------------------------------ */

static bool in_indonesian(const struct demo *d)
{
    return d->style.lang == KTG_LANG_ID;
}

static void wipe(struct demo *d)
{
    if (d->tty)
        fputs("\r\33[K", d->out);
}

static void put_status(struct demo *d)
{
    if (d->tty && d->status[0])
        fputs(d->status, d->out);
    fflush(d->out);
}

static void put_line(struct demo *d) /* d->line, above the status */
{
    wipe(d);
    fwrite(d->line.data, 1, d->line.size, d->out);
    put_status(d);
    ktg_buf_clear(&d->line);
}

static void say(struct demo *d, const char *mark, const char *colour, const char *text)
{
    bool with = d->style.colour;
    ktg_buf_printf(&d->line, "%s%s%s%s\n", with ? colour : "", mark, text, with ? "\33[0m" : "");
    put_line(d);
}

/* Something has happened in the story. */
static void beat(struct demo *d, const char *en, const char *id, ...)
    __attribute__((format(printf, 2, 4), format(printf, 3, 4)));
static void beat(struct demo *d, const char *en, const char *id, ...)
{
    char text[512];
    va_list args;
    va_start(args, id);
    vsnprintf(text, sizeof text, in_indonesian(d) ? id : en, args);
    va_end(args);
    say(d, ">> ", "\33[1;36m", text);
}

static void plain(struct demo *d, const char *en, const char *id, ...)
    __attribute__((format(printf, 2, 4), format(printf, 3, 4)));
static void plain(struct demo *d, const char *en, const char *id, ...)
{
    char text[512];
    va_list args;
    va_start(args, id);
    vsnprintf(text, sizeof text, in_indonesian(d) ? id : en, args);
    va_end(args);
    say(d, "", "", text);
}

static int width_of_screen(void)
{
    struct winsize w;
    return ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col ? w.ws_col : 120;
}

static void put_banner(struct demo *d)
{
    int64_t days = 0;
    ktg_time start, live, end;
    ktg_simulate_span(d->country, &start, &live, &end);
    days = (live - start) / KTG_DAY_MS;
    say(d, "", "\33[1m",
        in_indonesian(d) ? "KENTONGAN  sepekan di perbatasan Kalimantan"
                         : "KENTONGAN  a week on the Borneo border");
    plain(d, "synthetic data only: every person, document and company is made up",
          "hanya data rekaan: setiap orang, dokumen, dan perusahaan dibuat-buat");
    plain(d, "folder  %s%s", "folder  %s%s", d->site.dir,
          d->site.janitor ? in_indonesian(d) ? "  (dihapus di akhir)" : "  (removed at the end)"
                          : "");
    plain(d,
          "plan    %" PRId64 " days of history, a week in %" PRId64
          " s, then real time; %zu sources, %d desks",
          "rencana %" PRId64 " hari riwayat, sepekan dalam %" PRId64
          " dtk, lalu waktu nyata; %zu sumber, %d meja",
          days, (end - live) / d->speed / 1000, ktg_simulate_source_count(d->country),
          KTG_DEMO_DESKS);
    plain(d, "in another terminal:", "di terminal lain:");
    plain(d, "  %s alerts ls   --config %s", "  %s alerts ls   --config %s", d->call->program,
          d->site.config);
    plain(d, "  %s alerts show ALERT --config %s", "  %s alerts show ALERT --config %s",
          d->call->program, d->site.config);
    plain(d, "  %s alerts ack  ALERT --config %s --officer me",
          "  %s alerts ack  ALERT --config %s --officer saya", d->call->program, d->site.config);
    plain(d, "Ctrl-C ends it and gives an account.", "Ctrl-C mengakhiri dan memberi laporan.");
}

static ktg_time now_of(const struct demo *d)
{
    return ktg_clock_now(&(struct ktg_clock){.scale = 1, .file = d->clock});
}

/* Once a tick: events of the last seconds. */
static void measure(struct demo *d, int64_t now)
{
    size_t n = KTG_COUNT(d->events_then);
    if (now / 1000 == d->second)
        return;
    d->second = now / 1000;
    memmove(d->events_then + 1, d->events_then, (n - 1) * sizeof *d->events_then);
    d->events_then[0] = ktg_demo_look_counts(d->look)->events;
}

static uint64_t rate(const struct demo *d, uint64_t events)
{
    size_t n = KTG_COUNT(d->events_then);
    return (events - d->events_then[n - 1]) / n;
}

static void show_status(struct demo *d)
{
    const struct ktg_demo_look_counts *n = ktg_demo_look_counts(d->look);
    char when[24], text[256];
    size_t all, live;
    int32_t scale = d->real_time ? 1 : d->phase == KTG_DEMO_WEEK ? d->speed : 0;
    /* Three heartbeats, of which there is one a minute of the clock and at most five a second. */
    ktg_demo_look_sources(d->look, scale == 1 ? 200000 : 2000, &all, &live);
    ktg_demo_screen_time(now_of(d), WIB, d->style.lang, when);
    size_t sources = ktg_simulate_source_count(d->country);
    if (d->phase <= KTG_DEMO_CALLING)
        snprintf(text, sizeof text,
                 in_indonesian(d) ? "%s | riwayat | %" PRIu64 " kejadian, %" PRIu64
                                    "/dtk | %" PRIu64 " peringatan"
                                  : "%s | history | %" PRIu64 " events, %" PRIu64 "/s | %" PRIu64
                                    " alerts",
                 when, n->events, rate(d, n->events), n->ops[KTG_DEMO_RAISE]);
    else
        snprintf(text, sizeof text,
                 in_indonesian(d) ? "%s x%d | %zu/%zu sumber hidup%s | %" PRIu64
                                    " kejadian/dtk | %" PRIu64 " peringatan, %" PRIu64 " dicabut"
                                  : "%s x%d | %zu/%zu sources live%s | %" PRIu64
                                    " events/s | %" PRIu64 " alerts, %" PRIu64 " withdrawn",
                 when, scale, live, sources, live < sources ? " (!)" : "", rate(d, n->events),
                 n->ops[KTG_DEMO_RAISE], n->ops[KTG_DEMO_WITHDRAW]);
    if (!d->tty) {
        plain(d, "-- %s", "-- %s", text);
        return;
    }
    if ((int)strlen(text) >= d->style.width) /* ASCII but for nothing: bytes are columns */
        text[d->style.width - 1] = 0;
    snprintf(d->status, sizeof d->status, "%s%s%s", d->style.colour ? "\33[7m" : "", text,
             d->style.colour ? "\33[0m" : "");
    wipe(d);
    put_status(d);
}

/* ---- alerts ------------------------------------------------------------------------------------------------------------ */

static int64_t number_at(struct ktg_bytes body, const char *rule, const struct story **ret_story)
{
    struct ktg_wire_value values, v;
    for (size_t i = 0; i < STORIES; i++)
        if (strcmp(stories[i].rule, rule) == 0 && ktg_wire_get(body, "values", &values) &&
            ktg_wire_get(values.raw, stories[i].value, &v) && v.kind == KTG_WIRE_INT) {
            *ret_story = &stories[i];
            return v.integer;
        }
    return -1;
}

static void put_agencies(struct ktg_bytes body, char *to, size_t size)
{
    struct ktg_wire_value route, list, v;
    size_t n = (size_t)snprintf(to, size, "%s", "");
    if (!ktg_wire_get(body, "route", &route) || !ktg_wire_get(route.raw, "to", &list) ||
        list.kind != KTG_WIRE_ARRAY)
        return;
    struct ktg_wire w = ktg_wire_inside(&list);
    for (uint32_t i = 0; i < list.count && !ktg_wire_next(&w, &v) && n < size; i++)
        n += (size_t)snprintf(to + n, size - n, "%s%.*s", n ? " " : "", (int)v.bytes.size,
                              (const char *)v.bytes.data);
    if (!n)
        snprintf(to, size, "IMI");
}

static void name_of_district(const struct demo *d, const char *code, char to[static 64])
{
    static const char *const before[] = {"Kabupaten ", "Kota "};
    const struct ktg_code_list *list = ktg_catalogue_codes(d->catalogue, "districts");
    const struct ktg_code_entry *e = list ? ktg_code_list_find(list, ktg_bytes_str(code)) : NULL;
    const char *name = e ? e->id : code;
    for (size_t i = 0; i < KTG_COUNT(before); i++)
        if (strncmp(name, before[i], strlen(before[i])) == 0)
            name += strlen(before[i]);
    snprintf(to, 64, "%s", name);
}

static void remember(struct demo *d, struct ktg_bytes body, uint64_t rev)
{
    struct ktg_wire_value v;
    if (!ktg_wire_get(body, "finding", &v) || v.bytes.size != 16 ||
        ktg_grow(&d->shown, &d->shown_cap, d->shown_count + 1, sizeof *d->shown))
        return;
    struct shown *s = &d->shown[d->shown_count++];
    memcpy(s->finding, v.bytes.data, sizeof s->finding);
    s->rev = rev;
    s->at = ktg_mono_ns();
}

static bool is_late(struct ktg_bytes body)
{
    struct ktg_wire_value v;
    return ktg_wire_get(body, "reason", &v) && ktg_bytes_is(v.bytes, "late-event");
}

static void on_item(void *arg, const struct ktg_item *item)
{
    struct demo *d = arg;
    struct ktg_view_row r;
    struct ktg_wire_value at, ms;
    char to[64], place[64];
    ktg_buf_clear(&d->cells);
    ktg_view_row(item->body, in_indonesian(d), &d->cells, &r);
    bool amend = strcmp(r.op, "amend") == 0, over = amend && strcmp(r.state, "closed") == 0;
    bool grows = amend && !over;
    if (grows && d->phase < KTG_DEMO_WEEK)
        return; /* a finding that grows through the weeks: the status counts it */
    const struct story *story = NULL;
    int64_t value = number_at(item->body, r.rule, &story), now = ktg_mono_ms();
    bool show =
        ktg_demo_bursts_take(&d->bursts, r.rule, over ? "over" : r.op, amend ? -1 : value, now);
    if (show) {
        struct ktg_demo_row row = {.offset_min = WIB,
                                   .level = r.level,
                                   .op = r.op,
                                   .state = r.state,
                                   .title = r.title,
                                   .subject = r.subject,
                                   .place = place,
                                   .to = to};
        if (ktg_wire_get(item->body, "at", &at) && at.kind == KTG_WIRE_ARRAY) {
            struct ktg_wire w = ktg_wire_inside(&at);
            if (!ktg_wire_next(&w, &ms))
                row.at = ms.integer;
        }
        put_agencies(item->body, to, sizeof to);
        name_of_district(d, r.district, place);
        if (!d->headed)
            ktg_demo_screen_head(&d->style, &d->line);
        d->headed = true;
        ktg_demo_screen_row(&d->style, &row, &d->line);
        put_line(d);
        remember(d, item->body, item->rev);
        if (!d->first_told)
            beat(d, "first alert on screen %.1f s after the start",
                 "peringatan pertama di layar %.1f dtk setelah mulai",
                 (double)(now - d->began) / 1000);
        d->first_told = true;
    }
    if (strcmp(r.op, "withdraw") == 0 && d->back && !d->late_told && is_late(item->body)) {
        d->late_told = true;
        beat(d,
             "withdrawn by itself: an event that came late shows that it was never true; everybody "
             "who was told is told",
             "dicabut sendiri: kejadian yang datang terlambat menunjukkan bahwa itu tidak pernah "
             "benar; semua penerima diberi tahu");
    }
}

static void show_bursts(struct demo *d, int64_t now)
{
    const struct ktg_demo_burst *b;
    uint64_t hidden;
    while ((b = ktg_demo_bursts_next(&d->bursts, now, &hidden))) {
        ktg_demo_screen_burst(&d->style, b, hidden, &d->line);
        put_line(d);
    }
    for (size_t i = 0; i < d->bursts.count; i++)
        for (size_t k = 0; k < STORIES; k++) {
            b = &d->bursts.at[i];
            if (d->story_told[k] || b->sum < 0 || strcmp(b->rule, stories[k].rule) != 0 ||
                b->total < stories[k].least || now - b->last <= KTG_DEMO_MOMENT)
                continue;
            d->story_told[k] = true;
            const struct story *t = &stories[k];
            beat(d, "%" PRIu64 " %s, %" PRId64 " %s: %s", "%" PRIu64 " %s, %" PRId64 " %s: %s",
                 b->total, ktg_label_text(t->alerts, d->style.lang), b->sum,
                 ktg_label_text(t->sum, d->style.lang), ktg_label_text(t->text, d->style.lang));
        }
}

/* ---- the centre ------------------------------------------------------------------------------------------------------ */

static void on_output(void *arg, int fd, struct ktg_bytes bytes)
{
    struct demo *d = arg;
    (void)fd;
    if (d->log)
        fwrite(bytes.data, 1, bytes.size, d->log);
    size_t n = bytes.size < TAIL ? bytes.size : TAIL;
    size_t keep = d->tail_size + n > TAIL ? TAIL - n : d->tail_size;
    memmove(d->tail, d->tail + d->tail_size - keep, keep);
    memcpy(d->tail + keep, bytes.data + bytes.size - n, n);
    d->tail_size = keep + n;
}

static void finish(struct demo *d, int code)
{
    if (!d->code)
        d->code = code;
    d->stage = DONE;
    ktg_loop_stop(d->loop);
}

static void on_centre_gone(void *arg, int status, int signal_number)
{
    struct demo *d = arg;
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

static int start_centre(struct demo *d)
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
    struct demo *d = arg;
    if (!back) {
        beat(d,
             "%s is offline (simulated, two days): it keeps its events; heartbeats stop, and so "
             "does trust in its silence",
             "%s luring (peragaan, dua hari): kejadiannya disimpan; detaknya berhenti, begitu pula "
             "kepercayaan pada diamnya",
             source);
        return;
    }
    d->back = true;
    beat(d, "%s is back: %" PRIu64 " events that waited are on their way",
         "%s kembali: %" PRIu64 " kejadian yang menunggu sedang dikirim", source, waiting);
}

static void on_trouble(void *arg, const char *source, const struct ktg_err *what)
{
    plain(arg, "%s: %s", "%s: %s", source, what->text);
}

/* The gateway listens: enter the desks and the installations. */
static int open_parts(struct demo *d)
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
                                 &d->server_key, on_item, d, &d->desks, err);
    if (!rc)
        rc = ktg_demo_feed_open(&feed, d->clock, &d->feed, err);
    if (rc)
        return rc;
    beat(d, "the centre listens on %s, CURVE only (%.1f s); history is on its way",
         "pusat mendengar di %s, hanya CURVE (%.1f dtk); riwayat sedang dikirim", d->endpoint,
         (double)(ktg_mono_ms() - d->began) / 1000);
    d->stage = PLAYING;
    return KTG_OK;
}

static void enter_phase(struct demo *d, enum ktg_demo_phase phase)
{
    const struct ktg_demo_look_counts *n = ktg_demo_look_counts(d->look);
    d->phase = phase;
    d->stage_since = ktg_mono_ms();
    if (phase == KTG_DEMO_WEEK)
        beat(d,
             "%" PRIu64
             " events of history are answered (%.1f s); now the week: a day takes %.1f s",
             "%" PRIu64 " kejadian riwayat terjawab (%.1f dtk); kini pekannya: sehari %.1f dtk",
             n->events, (double)(ktg_mono_ms() - d->began) / 1000, 86400.0 / d->speed);
}

static void slow_down(struct demo *d, bool person)
{
    d->real_time = true;
    ktg_demo_feed_slow_down(d->feed);
    if (person)
        beat(d, "real time now: a person has acted, and people live at the speed of people",
             "waktu nyata sekarang: ada petugas yang bertindak, dan orang hidup secepat orang");
    else
        beat(d,
             "real time now: the week is over; the desk stays open - try alerts ls, show, ack "
             "(above); Ctrl-C ends it",
             "waktu nyata sekarang: pekan selesai; meja tetap buka - coba alerts ls, show, ack (di "
             "atas); Ctrl-C mengakhiri");
}

/* Is everything that the rules said about what stands up to `mark` at every desk? */
static bool is_told(const struct demo *d, uint64_t mark)
{
    bool told = ktg_demo_look_counts(d->look)->answered >= mark;
    for (size_t i = 0; told && i < ktg_demo_desks_count(d->desks); i++)
        told = ktg_demo_desks_heard(d->desks, i) >=
               ktg_demo_look_due(d->look, ktg_demo_desks_agency(d->desks, i));
    return told;
}

/* After the last event of history, or of all: has it come through?  Asked again and again. */
static bool is_settled(struct demo *d)
{
    if (!ktg_demo_feed_is_idle(d->feed))
        return false;
    if (!d->settle_mark)
        d->settle_mark = ktg_demo_look_counts(d->look)->mark;
    return is_told(d, d->settle_mark);
}

static void stop_centre(struct demo *d)
{
    d->stage = STOPPING;
    if (!d->centre || ktg_child_kill(d->centre, SIGTERM))
        finish(d, KTG_OK);
}

/* Ctrl-C, or the end of the week: no more events; what is on its way arrives. */
static void settle(struct demo *d)
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
    beat(d, "stopping: waiting for the last acknowledgements and deliveries",
         "berhenti: menunggu penerimaan dan penyampaian terakhir");
}

static int play(struct demo *d)
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
    struct demo *d = arg;
    struct ktg_err *err = &d->call->err;
    int64_t now = ktg_mono_ms();
    /* While the centre stops, correlation may still say what nobody can be told any more. */
    int rc = d->stage == STOPPING ? KTG_OK : ktg_demo_look_step(d->look, err);
    d->style.width = width_of_screen();
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
    show_bursts(d, now);
    measure(d, now);
    if (d->feed && d->stage != STOPPING &&
        now - d->status_at >= (d->tty ? STATUS_TTY_MS : STATUS_PLAIN_MS)) {
        d->status_at = now;
        show_status(d);
    }
}

static void on_signal(void *arg, int number)
{
    struct demo *d = arg;
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

/* ---- the account ------------------------------------------------------------------------------------------------------- */

static void account_of_rules(struct demo *d)
{
    const struct ktg_demo_rule *r;
    plain(d, "  %-24s %8s %8s %10s %10s", "  %-24s %8s %8s %10s %10s",
          in_indonesian(d) ? "aturan" : "rule", in_indonesian(d) ? "baru" : "raised",
          in_indonesian(d) ? "berubah" : "amended", in_indonesian(d) ? "dicabut" : "withdrawn",
          in_indonesian(d) ? "tak pasti" : "uncertain");
    for (size_t i = 0; (r = ktg_demo_look_rule(d->look, i)); i++)
        plain(d, "  %-24s %8" PRIu64 " %8" PRIu64 " %10" PRIu64 " %10" PRIu64,
              "  %-24s %8" PRIu64 " %8" PRIu64 " %10" PRIu64 " %10" PRIu64, r->name,
              r->ops[KTG_DEMO_RAISE], r->ops[KTG_DEMO_AMEND], r->ops[KTG_DEMO_WITHDRAW],
              r->ops[KTG_DEMO_UNKNOWN]);
}

static void account_of_latency(struct demo *d)
{
    int64_t *took = ktg_calloc(d->shown_count + 1, sizeof *took);
    size_t n = 0;
    uint8_t id[16];
    for (size_t i = 0; took && i < d->shown_count; i++) {
        const struct shown *s = &d->shown[i];
        int64_t at = ktg_demo_look_cause(d->look, s->finding, s->rev, id)
                         ? ktg_demo_feed_submitted(d->feed, id)
                         : 0;
        if (at && s->at > at)
            took[n++] = s->at - at;
    }
    if (n) {
        double p50 = (double)ktg_demo_percentile(took, n, 50) / 1e6;
        double p99 = (double)ktg_demo_percentile(took, n, 99) / 1e6;
        plain(d,
              "latency    median %.0f ms, p99 %.0f ms, from the event that completes an alert to "
              "the screen (%zu of the week's alerts)",
              "waktu      median %.0f md, p99 %.0f md, dari kejadian yang melengkapi peringatan "
              "sampai layar (%zu peringatan pekan ini)",
              p50, p99, n);
    }
    ktg_free(took);
}

static int account_of_journal(struct demo *d, const char *name)
{
    char path[KTG_DEMO_PATH + 64], short_name[64];
    struct ktg_journal_report r = {0};
    struct ktg_err err = KTG_ERR_INIT;
    snprintf(short_name, sizeof short_name, "data/%s", name);
    ktg_demo_site_path(&d->site, short_name, path);
    int rc = ktg_journal_verify(path, &r, &err);
    plain(d, "journal    verify %-9s %s: %" PRIu64 " records in %" PRIu64 " frames%s%s",
          "jurnal     verify %-9s %s: %" PRIu64 " catatan dalam %" PRIu64 " bingkai%s%s", name,
          rc ? "FAILED" : "ok", r.records, r.frames, rc ? ": " : "", rc ? err.text : "");
    return rc;
}

static void account_of_desks(struct demo *d)
{
    size_t whole = 0, n = ktg_demo_desks_count(d->desks);
    uint64_t due = 0, heard = 0;
    for (size_t i = 0; i < n; i++) {
        uint64_t must = ktg_demo_look_due(d->look, ktg_demo_desks_agency(d->desks, i));
        uint64_t has = ktg_demo_desks_heard(d->desks, i);
        whole += has >= must;
        due += must;
        heard += has;
    }
    plain(d,
          "desks      %zu of %zu have everything they must be told: %" PRIu64
          " deliveries of %" PRIu64,
          "meja       %zu dari %zu menerima semua yang harus disampaikan: %" PRIu64
          " dari %" PRIu64,
          whole, n, heard, due);
    if (whole < n)
        d->call->negative = true;
}

static void give_account(struct demo *d)
{
    const struct ktg_demo_feed_counts *f = ktg_demo_feed_counts(d->feed);
    const struct ktg_demo_look_counts *n = ktg_demo_look_counts(d->look);
    uint64_t acked = f->accepted + f->duplicate + f->rejected + f->stored;
    d->status[0] = 0;
    say(d, "", "\33[1m", in_indonesian(d) ? "\nLAPORAN" : "\nACCOUNT");
    plain(d,
          "events     %" PRIu64 " sent, %" PRIu64 " acknowledged, %" PRIu64 " duplicates, %" PRIu64
          " rejected",
          "kejadian   %" PRIu64 " dikirim, %" PRIu64 " diterima, %" PRIu64 " ganda, %" PRIu64
          " ditolak",
          f->submitted, acked, f->duplicate, f->rejected);
    plain(d,
          "alerts     %" PRIu64 " raised, %" PRIu64 " amended, %" PRIu64 " withdrawn, %" PRIu64
          " uncertain",
          "peringatan %" PRIu64 " baru, %" PRIu64 " berubah, %" PRIu64 " dicabut, %" PRIu64
          " tak pasti",
          n->ops[KTG_DEMO_RAISE], n->ops[KTG_DEMO_AMEND], n->ops[KTG_DEMO_WITHDRAW],
          n->ops[KTG_DEMO_UNKNOWN]);
    account_of_rules(d);
    account_of_desks(d);
    account_of_latency(d);
    if (account_of_journal(d, "journal") || account_of_journal(d, "findings") ||
        acked < f->submitted)
        d->call->negative = true;
}

/* ---- life ---------------------------------------------------------------------------------------------------------------- */

static int load(struct demo *d)
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

static int prepare(struct demo *d)
{
    static const int numbers[] = {SIGINT, SIGTERM};
    struct ktg_err *err = &d->call->err;
    struct ktg_curve_pair server;
    char path[KTG_DEMO_PATH + 64], findings[KTG_DEMO_PATH + 64];
    ktg_time start, live, end;
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
    ktg_simulate_span(d->country, &start, &live, &end);
    if (!rc)
        rc = ktg_clockfile_create(path, start, 1, &d->clock, err);
    ktg_demo_site_path(&d->site, "data/journal", path);
    ktg_demo_site_path(&d->site, "data/findings", findings);
    if (!rc)
        rc = ktg_demo_look_new(path, findings, &d->look, err);
    if (!rc)
        rc = start_centre(d);
    return rc;
}

static void close_all(struct demo *d)
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
    struct demo d = {.call = call, .out = call->out->out, .began = ktg_mono_ms()};
    d.tty = isatty(fileno(d.out)) && !ktg_call_flag(call, "plain-text");
    d.style =
        (struct ktg_demo_style){width_of_screen(), call->out->colour && d.tty, call->out->lang};
    d.until_end = ktg_call_flag(call, "until-end");
    d.speed = (int32_t)ktg_call_number(call, "speed", 5760);
    int rc = ktg_demo_site_open(ktg_call_text(call, "keep"), &d.site, &call->err);
    if (rc)
        return rc;
    ktg_log_setup("demo", KTG_LOG_ERROR);
    rc = prepare(&d);
    if (!rc) {
        put_banner(&d);
        ktg_timer_start(d.tick, 0, TICK_MS);
        ktg_loop_run(d.loop);
        rc = d.code;
        wipe(&d);
        if (!rc && d.feed && !d.cut_short)
            give_account(&d);
    }
    bool removed = d.site.janitor != 0;
    close_all(&d);
    if (!rc && removed)
        fprintf(call->out->messages, in_indonesian(&d) ? "%s sudah dihapus\n" : "%s is removed\n",
                d.site.dir);
    else if (!rc)
        fprintf(call->out->messages, in_indonesian(&d) ? "%s tetap ada\n" : "%s stays\n",
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
     .help = {"about how many in all (21220); planted cases stay",
              "kira-kira berapa semuanya (21220); kasus yang ditanam tetap"}},
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
    .detail = {"The whole centre, 41 producers and 17 desks on real ZeroMQ with CURVE, fed by a "
               "synthetic country.  Twelve\n"
               "weeks of history come first, then the week plays fast, then the clock slows to "
               "real time - at once when\n"
               "somebody acknowledges or closes an alert.  All data is made up.",
               "Seluruh pusat, 41 produsen, dan 17 meja melalui ZeroMQ dengan CURVE, diberi makan "
               "negeri rekaan.  Dua belas\n"
               "minggu riwayat datang dahulu, lalu pekannya diputar cepat, lalu jam melambat ke "
               "waktu nyata - seketika bila\n"
               "seseorang menerima atau menutup peringatan.  Semua data rekaan."},
    .options = options,
    .examples = examples,
    .run = run_demo,
};
