/* cmd/demo_tell.c - what a demo shows while it plays.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cmd/demo_parts.h"
#include "consumers/terminal/view.h"
#include "runtime/civil.h"
#include "runtime/mem.h"
#include "schema/wire.h"

enum { STATUS_TTY_MS = 250, STATUS_PLAIN_MS = 5000 };

/* ---- what is told beside the alerts ------------------------------------------------------------------------------- */

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
_Static_assert((int)STORIES <= (int)KTG_DEMO_STORIES, "room for what was told");

/* ---- the screen ------------------------------------------------------------------------------------------------------ */

bool ktg_demo_in_indonesian(const struct ktg_demo *d)
{
    return d->style.lang == KTG_LANG_ID;
}

void ktg_demo_wipe(struct ktg_demo *d)
{
    if (d->tty)
        fputs("\r\33[K", d->out);
}

static void put_status(struct ktg_demo *d)
{
    if (d->tty && d->status[0])
        fputs(d->status, d->out);
    fflush(d->out);
}

static void put_line(struct ktg_demo *d) /* d->line, above the status */
{
    ktg_demo_wipe(d);
    fwrite(d->line.data, 1, d->line.size, d->out);
    put_status(d);
    ktg_buf_clear(&d->line);
}

static void say(struct ktg_demo *d, const char *mark, const char *colour, const char *text)
{
    bool with = d->style.colour;
    ktg_buf_printf(&d->line, "%s%s%s%s\n", with ? colour : "", mark, text, with ? "\33[0m" : "");
    put_line(d);
}

/* Something has happened in the story. */
void ktg_demo_beat(struct ktg_demo *d, const char *en, const char *id, ...)
{
    char text[512];
    va_list args;
    va_start(args, id);
    vsnprintf(text, sizeof text, ktg_demo_in_indonesian(d) ? id : en, args);
    va_end(args);
    say(d, ">> ", "\33[1;36m", text);
}

void ktg_demo_plain(struct ktg_demo *d, const char *en, const char *id, ...)
{
    char text[512];
    va_list args;
    va_start(args, id);
    vsnprintf(text, sizeof text, ktg_demo_in_indonesian(d) ? id : en, args);
    va_end(args);
    say(d, "", "", text);
}

void ktg_demo_heading(struct ktg_demo *d, const char *en, const char *id)
{
    say(d, "", "\33[1m", ktg_demo_in_indonesian(d) ? id : en);
}

int ktg_demo_width(void)
{
    struct winsize w;
    return ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col ? w.ws_col : 120;
}

void ktg_demo_banner(struct ktg_demo *d)
{
    int64_t days = 0;
    ktg_time start, live, end;
    ktg_simulate_span(d->country, &start, &live, &end);
    days = (live - start) / KTG_DAY_MS;
    ktg_demo_heading(d, "KENTONGAN  a week on the Borneo border",
                     "KENTONGAN  sepekan di perbatasan Kalimantan");
    ktg_demo_plain(d, "synthetic data only: every person, document and company is made up",
                   "hanya data rekaan: setiap orang, dokumen, dan perusahaan dibuat-buat");
    ktg_demo_plain(d, "folder  %s%s", "folder  %s%s", d->site.dir,
                   d->site.janitor ? ktg_demo_in_indonesian(d) ? "  (dihapus di akhir)"
                                                               : "  (removed at the end)"
                                   : "");
    ktg_demo_plain(d,
                   "plan    %" PRId64 " days of history, a week in %" PRId64
                   " s, then real time; %zu sources, %d desks",
                   "rencana %" PRId64 " hari riwayat, sepekan dalam %" PRId64
                   " dtk, lalu waktu nyata; %zu sumber, %d meja",
                   days, (end - live) / d->speed / 1000, ktg_simulate_source_count(d->country),
                   KTG_DEMO_DESKS);
    ktg_demo_plain(d, "in another terminal:", "di terminal lain:");
    ktg_demo_plain(d, "  %s alerts ls   --config %s", "  %s alerts ls   --config %s",
                   d->call->program, d->site.config);
    ktg_demo_plain(d, "  %s alerts show ALERT --config %s", "  %s alerts show ALERT --config %s",
                   d->call->program, d->site.config);
    ktg_demo_plain(d, "  %s alerts ack  ALERT --config %s --officer me",
                   "  %s alerts ack  ALERT --config %s --officer saya", d->call->program,
                   d->site.config);
    ktg_demo_plain(d, "Ctrl-C ends it and gives an account.",
                   "Ctrl-C mengakhiri dan memberi laporan.");
}

static ktg_time now_of(const struct ktg_demo *d)
{
    return ktg_clock_now(&(struct ktg_clock){.scale = 1, .file = d->clock});
}

/* Once a tick: events of the last seconds. */
static void measure(struct ktg_demo *d, int64_t now)
{
    size_t n = KTG_COUNT(d->events_then);
    if (now / 1000 == d->second)
        return;
    d->second = now / 1000;
    memmove(d->events_then + 1, d->events_then, (n - 1) * sizeof *d->events_then);
    d->events_then[0] = ktg_demo_look_counts(d->look)->events;
}

static uint64_t rate(const struct ktg_demo *d, uint64_t events)
{
    size_t n = KTG_COUNT(d->events_then);
    return (events - d->events_then[n - 1]) / n;
}

static void show_status(struct ktg_demo *d)
{
    const struct ktg_demo_look_counts *n = ktg_demo_look_counts(d->look);
    char when[24], text[256];
    size_t all, live;
    int32_t scale = d->real_time ? 1 : d->phase == KTG_DEMO_WEEK ? d->speed : 0;
    /* Alive is who was heard of within three heartbeats: one a minute of the clock, at most five a second. */
    int64_t beat = scale > 300 || !scale ? 200 : 60000 / scale;
    ktg_demo_look_sources(d->look, 3 * beat + 1500, &all, &live);
    ktg_demo_screen_time(now_of(d), KTG_DEMO_WIB, d->style.lang, when);
    size_t sources = ktg_simulate_source_count(d->country);
    if (d->phase <= KTG_DEMO_CALLING)
        snprintf(text, sizeof text,
                 ktg_demo_in_indonesian(d) ? "%s | riwayat | %" PRIu64 " kejadian, %" PRIu64
                                             "/dtk | %" PRIu64 " peringatan"
                                           : "%s | history | %" PRIu64 " events, %" PRIu64
                                             "/s | %" PRIu64 " alerts",
                 when, n->events, rate(d, n->events), n->ops[KTG_DEMO_RAISE]);
    else
        snprintf(text, sizeof text,
                 ktg_demo_in_indonesian(d)
                     ? "%s x%d | %zu/%zu%s hidup%s | %" PRIu64 " kej/dtk | %" PRIu64
                       " peringatan, %" PRIu64 " dicabut"
                     : "%s x%d | %zu/%zu%s live%s | %" PRIu64 " ev/s | %" PRIu64 " alerts, %" PRIu64
                       " withdrawn",
                 when, scale, live, sources,
                 d->style.width < 90         ? ""
                 : ktg_demo_in_indonesian(d) ? " sumber"
                                             : " sources",
                 live < sources ? " (!)" : "", rate(d, n->events), n->ops[KTG_DEMO_RAISE],
                 n->ops[KTG_DEMO_WITHDRAW]);
    if (!d->tty) {
        ktg_demo_plain(d, "-- %s", "-- %s", text);
        return;
    }
    if ((int)strlen(text) >= d->style.width) /* ASCII but for nothing: bytes are columns */
        text[d->style.width - 1] = 0;
    snprintf(d->status, sizeof d->status, "%s%s%s", d->style.colour ? "\33[7m" : "", text,
             d->style.colour ? "\33[0m" : "");
    ktg_demo_wipe(d);
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

static void name_of_district(const struct ktg_demo *d, const char *code, char to[static 64])
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

static void remember(struct ktg_demo *d, struct ktg_bytes body, uint64_t rev)
{
    struct ktg_wire_value v;
    if (!ktg_wire_get(body, "finding", &v) || v.bytes.size != 16 ||
        ktg_grow(&d->shown, &d->shown_cap, d->shown_count + 1, sizeof *d->shown))
        return;
    struct ktg_demo_shown *s = &d->shown[d->shown_count++];
    memcpy(s->finding, v.bytes.data, sizeof s->finding);
    s->rev = rev;
    s->at = ktg_mono_ns();
}

static bool is_late(struct ktg_bytes body)
{
    struct ktg_wire_value v;
    return ktg_wire_get(body, "reason", &v) && ktg_bytes_is(v.bytes, "late-event");
}

void ktg_demo_item(void *arg, const struct ktg_item *item)
{
    struct ktg_demo *d = arg;
    struct ktg_view_row r;
    struct ktg_wire_value at, ms;
    char to[64], place[64];
    ktg_buf_clear(&d->cells);
    ktg_view_row(item->body, ktg_demo_in_indonesian(d), &d->cells, &r);
    bool amend = strcmp(r.op, "amend") == 0, over = amend && strcmp(r.state, "closed") == 0;
    bool grows = amend && !over;
    if (grows && d->phase < KTG_DEMO_WEEK)
        return; /* a finding that grows through the weeks: the status counts it */
    if (strcmp(r.level, "informational") == 0)
        return; /* reminders and work-lists are in the account, not on a duty officer's screen */
    const struct story *story = NULL;
    int64_t value = number_at(item->body, r.rule, &story), now = ktg_mono_ms();
    bool show =
        ktg_demo_bursts_take(&d->bursts, r.rule, over ? "over" : r.op, amend ? -1 : value, now);
    if (show) {
        struct ktg_demo_row row = {.offset_min = KTG_DEMO_WIB,
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
            ktg_demo_beat(d, "first alert on screen %.1f s after the start",
                          "peringatan pertama di layar %.1f dtk setelah mulai",
                          (double)(now - d->began) / 1000);
        d->first_told = true;
    }
    if (strcmp(r.op, "unknown") == 0 && !d->unknown_told) {
        d->unknown_told = true;
        ktg_demo_beat(d,
                      "uncertain: while a source is silent, what is missing proves nothing; "
                      "it is decided when the source is heard again",
                      "tak pasti: selama sebuah sumber diam, yang tidak ada tidak membuktikan apa "
                      "pun; diputuskan setelah sumbernya terdengar lagi");
    }
    if (strcmp(r.op, "withdraw") == 0 && d->back && !d->late_told && is_late(item->body)) {
        d->late_told = true;
        ktg_demo_beat(
            d,
            "withdrawn by itself: an event that came late shows that it was never true; everybody "
            "who was told is told",
            "dicabut sendiri: kejadian yang datang terlambat menunjukkan bahwa itu tidak pernah "
            "benar; semua penerima diberi tahu");
    }
}

static void show_bursts(struct ktg_demo *d, int64_t now)
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
            ktg_demo_beat(
                d, "%" PRIu64 " %s, %" PRId64 " %s: %s", "%" PRIu64 " %s, %" PRId64 " %s: %s",
                b->total, ktg_label_text(t->alerts, d->style.lang), b->sum,
                ktg_label_text(t->sum, d->style.lang), ktg_label_text(t->text, d->style.lang));
        }
}

void ktg_demo_tell(struct ktg_demo *d, int64_t now)
{
    show_bursts(d, now);
    measure(d, now);
    if (d->feed && d->stage != STOPPING &&
        now - d->status_at >= (d->tty ? STATUS_TTY_MS : STATUS_PLAIN_MS)) {
        d->status_at = now;
        show_status(d);
    }
}
