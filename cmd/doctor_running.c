/* cmd/doctor_running.c - see doctor_parts.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/doctor_parts.h"
#include "runtime/clock.h"
#include "runtime/journal/journal.h"
#include "runtime/lockfile.h"
#include "runtime/metric.h"

enum {
    SILENT_S = 10,    /* metrics are written each second */
    FLAPPING_S = 600, /* a station that died so lately is worth a word */
    BEHIND = 10000,   /* positions */
    LATE_S = 60,
    STILL_S = 5,
    FULL_PERCENT = 85,
};

/* What a station has written of itself. */
struct report {
    char text[16384];
    int64_t age; /* s */
};

static bool is_alive(struct ktg_doctor *d, const char *name, bool *ret_ever)
{
    char path[320];
    snprintf(path, sizeof path, "%s/%s.lock", ktg_settings_text(d->settings, KTG_SET_PATHS_RUN),
             name);
    *ret_ever = access(path, F_OK) == 0;
    return ktg_lockfile_is_held(path); /* locked means alive */
}

static void read_report(struct ktg_doctor *d, const char *name, struct report *ret_r)
{
    char path[320];
    struct stat st;
    *ret_r = (struct report){0};
    snprintf(path, sizeof path, "%s/%s.metrics", ktg_settings_text(d->settings, KTG_SET_PATHS_RUN),
             name);
    FILE *f = fopen(path, "re");
    if (!f)
        return;
    size_t n = fread(ret_r->text, 1, sizeof ret_r->text - 1, f);
    ret_r->text[n] = 0;
    if (!fstat(fileno(f), &st))
        ret_r->age = ktg_clock_now(&KTG_CLOCK_REAL) / 1000 - (int64_t)st.st_mtime;
    fclose(f);
}

/* 0: it does not say. */
static int64_t value_of(const struct report *r, const char *name)
{
    int64_t v = 0;
    return ktg_metric_find(r->text, name, &v) ? v : 0;
}

static void check_station(struct ktg_doctor *d, const char *name, const struct report *own,
                          const struct report *up, bool up_lives)
{
    char restarts[96], calm[96];
    bool ever, alive = is_alive(d, name, &ever);
    snprintf(restarts, sizeof restarts, "kentongan_up_%s_restarts_total", name);
    snprintf(calm, sizeof calm, "kentongan_up_%s_calm_seconds", name);
    int64_t n = up_lives ? value_of(up, restarts) : 0, since = value_of(up, calm);
    if (!alive && n)
        ktg_doctor_say(d, name, KTG_VERDICT_WRONG, "its last lines in the log of up tell why",
                       "dies again and again: %" PRId64 " times, last %" PRId64 " s ago", n, since);
    else if (!alive)
        ktg_doctor_say(d, name, KTG_VERDICT_WARNING, "kentongan up",
                       ever ? "not running" : "never started here");
    else if (n && since < FLAPPING_S)
        ktg_doctor_say(
            d, name, KTG_VERDICT_WARNING, "what it said in the log of up before it died tells why",
            "running, started again %" PRId64 " times, last %" PRId64 " s ago", n, since);
    else if (own->text[0] && own->age > SILENT_S)
        ktg_doctor_say(d, name, KTG_VERDICT_WARNING,
                       "see its log and the disk of run; if it hangs, kill it: up starts it again",
                       "running, and has said nothing of itself for %" PRId64 " s", own->age);
    else
        ktg_doctor_say(d, name, KTG_VERDICT_OK, NULL, "running");
}

/* How full, of what its setting allows; or for how long it has had no room. */
static void check_map(struct ktg_doctor *d, const char *what, enum ktg_setting setting,
                      int64_t used, int64_t full_s, int64_t held, const char *next)
{
    int64_t most = ktg_settings_int(d->settings, setting);
    int64_t percent = most > 0 ? used / (most / 100 ? most / 100 : 1) : 0;
    if (full_s)
        ktg_doctor_say(d, what, KTG_VERDICT_WRONG, next,
                       "no room for %" PRId64 " s; %" PRId64 " KiB wait in memory", full_s,
                       held >> 10);
    else
        ktg_doctor_say(d, what, percent >= FULL_PERCENT ? KTG_VERDICT_WARNING : KTG_VERDICT_OK,
                       next, "%" PRId64 " %% of its map used", percent);
}

static void check_correlation(struct ktg_doctor *d, const struct report *r)
{
    int64_t suspended = value_of(r, "kentongan_correlation_suspended_rules"),
            full = value_of(r, "kentongan_correlation_full_seconds");
    if (full)
        ktg_doctor_say(d, "findings", KTG_VERDICT_WRONG,
                       "make room on the disk of the findings; it goes on by itself",
                       "no room for %" PRId64 " s: answers are held, no alert is raised", full);
    check_map(d, "state", KTG_SET_STATE_MAP, value_of(r, "kentongan_correlation_state_bytes"),
              value_of(r, "kentongan_correlation_state_full_seconds"),
              value_of(r, "kentongan_correlation_dirty_bytes"),
              "make room on its disk, or raise state.map and start correlation again");
    if (suspended)
        ktg_doctor_say(d, "suspended rules", KTG_VERDICT_WARNING,
                       "kentongan rules ls --key KEY shows them; mend the text and reload",
                       "%" PRId64 ": budget used up, or right too seldom; they answer nothing new",
                       suspended);
}

static void check_sources(struct ktg_doctor *d, const struct report *r)
{
    int64_t awaited = value_of(r, "kentongan_correlation_awaited_sources"),
            silent = value_of(r, "kentongan_correlation_silent_sources"),
            held = value_of(r, "kentongan_correlation_held_findings");
    if (silent)
        ktg_doctor_say(d, "sources", KTG_VERDICT_WARNING,
                       "kentongan source ls shows when each was heard: ask the post; kentongan "
                       "source retire NAME when it is gone for good",
                       "%" PRId64 " silent of %" PRId64 " that rules wait for; %" PRId64
                       " findings unknown for want of them",
                       silent, awaited, held);
    else
        ktg_doctor_say(d, "sources", KTG_VERDICT_OK, NULL,
                       "none silent of %" PRId64 " that rules wait for", awaited);
}

static void check_alerts(struct ktg_doctor *d, const struct report *r)
{
    int64_t held = value_of(r, "kentongan_alerts_held_subscriptions"),
            behind = value_of(r, "kentongan_alerts_behind"),
            late = value_of(r, "kentongan_alerts_late_seconds"),
            still = value_of(r, "kentongan_alerts_still_seconds");
    check_map(d, "casebook", KTG_SET_CASEBOOK_MAP, value_of(r, "kentongan_alerts_casebook_bytes"),
              value_of(r, "kentongan_alerts_full_seconds"),
              value_of(r, "kentongan_alerts_held_bytes"),
              "make room on its disk, or raise casebook.map and start alerts again");
    if (still >= STILL_S)
        ktg_doctor_say(d, "told", KTG_VERDICT_WRONG,
                       "see the rows of correlation, answers, findings and casebook",
                       "nothing moves for %" PRId64 " s: %" PRId64 " positions behind", still,
                       behind);
    else
        ktg_doctor_say(
            d, "told", late >= LATE_S || behind > BEHIND ? KTG_VERDICT_WARNING : KTG_VERDICT_OK,
            "see run/correlation.metrics and run/alerts.metrics; it catches up by itself",
            "%" PRId64 " positions behind, the oldest for %" PRId64 " s", behind, late);
    if (held)
        ktg_doctor_say(d, "deliveries", KTG_VERDICT_WRONG,
                       "delivery-held in the log of alerts; kentongan journal verify data/findings",
                       "%" PRId64 " subscriptions wait before an alert that cannot be read", held);
}

/* How far correlation is, from the marks of both journals: it may not be running. */
static void check_answers(struct ktg_doctor *d)
{
    static const char *const names[] = {"journal", "findings"};
    struct ktg_journal_mark_view v[2] = {0};
    for (int i = 0; i < 2; i++) {
        char path[320];
        struct ktg_journal_mark *m = NULL;
        struct ktg_err err = KTG_ERR_INIT;
        snprintf(path, sizeof path, "%s/%s", ktg_settings_text(d->settings, KTG_SET_PATHS_DATA),
                 names[i]);
        int rc = ktg_journal_mark_open(path, &m, &err);
        if (rc) {
            bool none = rc == KTG_ENOTFOUND;
            ktg_doctor_say(d, names[i], none ? KTG_VERDICT_WARNING : KTG_VERDICT_WRONG,
                           none ? "it is made when the centre starts"
                                : "ask as the user of the stations, or look at its folder",
                           "%s", err.text);
            return;
        }
        v[i] = ktg_journal_mark_read(m);
        ktg_journal_mark_close(m);
    }
    /* the second was read later: it may be ahead */
    uint64_t behind = v[0].mark > v[1].tag ? v[0].mark - v[1].tag : 0;
    ktg_doctor_say(d, "answers", behind > BEHIND ? KTG_VERDICT_WARNING : KTG_VERDICT_OK,
                   "see run/correlation.metrics; it catches up by itself",
                   "%" PRIu64 " positions behind of %" PRIu64, behind, v[0].mark);
}

void ktg_doctor_running(struct ktg_doctor *d)
{
    static const char *const names[] = {"ingest", "gateway", "correlation", "alerts"};
    static struct report up, own;
    bool ever, up_lives = is_alive(d, "up", &ever);
    read_report(d, "up", &up);
    for (size_t i = 0; i < KTG_COUNT(names); i++) {
        read_report(d, names[i], &own);
        check_station(d, names[i], &own, &up, up_lives && up.age <= SILENT_S);
    }
    check_answers(d);
    read_report(d, "correlation", &own);
    if (is_alive(d, "correlation", &ever) && own.text[0]) {
        check_correlation(d, &own);
        check_sources(d, &own);
    }
    read_report(d, "alerts", &own);
    if (is_alive(d, "alerts", &ever) && own.text[0])
        check_alerts(d, &own);
}
