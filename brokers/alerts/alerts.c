/* brokers/alerts/alerts.c - the shell; the picture and the numbered invariants are in alerts.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "brokers/alerts/alerts.h"

#include <inttypes.h>
#include <stdio.h>

#include "brokers/alerts/desk.h"
#include "brokers/alerts/outward.h"
#include "brokers/alerts/unwritten.h"
#include "rules/ruleset.h"
#include "runtime/disk.h"
#include "runtime/journal/journal.h"
#include "runtime/link/hint.h"
#include "schema/finding.h"
#include "schema/protocol.h"
#include "schema/record.h"

static const struct ktg_message messages[] = {
#define X(symbol, id, level, text, action) {id, KTG_LOG_##level, text, action},
#include "brokers/alerts/messages.def"
#undef X
};
enum {
#define X(symbol, id, level, text, action) LOG_##symbol,
#include "brokers/alerts/messages.def"
#undef X
};

static struct ktg_metric metrics[] = {
    {"kentongan_alerts_position", "positions", "event journal folded up to here", KTG_GAUGE, 0,
     NULL},
    {"kentongan_alerts_findings_position", "positions", "findings journal folded up to here",
     KTG_GAUGE, 0, NULL},
    {"kentongan_alerts_deliveries_total", "alerts", "handed to subscribers, repeats too",
     KTG_COUNTER, 0, NULL},
    {"kentongan_alerts_actions_total", "actions", "officers' actions taken", KTG_COUNTER, 0, NULL},
    {"kentongan_alerts_outbox", "events", "waiting for ingest", KTG_GAUGE, 0, NULL},
    {"kentongan_alerts_unrouted_total", "recipients",
     "named in a rule's `to` and not told: unknown, a system, of other districts", KTG_COUNTER, 0,
     NULL},
    {"kentongan_alerts_sessions", "sessions", "desks connected", KTG_GAUGE, 0, NULL},
    {"kentongan_alerts_full_seconds", "seconds", "the casebook has no room, since; 0: it has",
     KTG_GAUGE, 0, NULL},
    {"kentongan_alerts_behind", "positions", "durable, and not answered and told yet", KTG_GAUGE, 0,
     NULL},
    {"kentongan_alerts_late_seconds", "seconds", "since the oldest of these was taken", KTG_GAUGE,
     0, NULL},
    {"kentongan_alerts_still_seconds", "seconds", "since when nothing of these moved; 0: it moves",
     KTG_GAUGE, 0, NULL},
    {"kentongan_alerts_held_subscriptions", "subscriptions",
     "that wait before an alert that cannot be read", KTG_GAUGE, 0, NULL},
    {"kentongan_alerts_casebook_bytes", "bytes", "used of the casebook's map", KTG_GAUGE, 0, NULL},
    {"kentongan_alerts_held_bytes", "bytes", "folded and told, and not in the casebook yet",
     KTG_GAUGE, 0, NULL},
};
enum {
    M_POSITION,
    M_FINDINGS,
    M_DELIVERIES,
    M_ACTIONS,
    M_OUTBOX,
    M_UNROUTED,
    M_SESSIONS,
    M_FULL,
    M_BEHIND,
    M_LATE,
    M_STILL,
    M_HELD_SUBS,
    M_CASEBOOK,
    M_HELD
};

enum { OWED_MS = 50, FULL_MS = 1000, STEP = 4096, UNROUTED_SAID = 256 };
#define WIDER (UINT64_C(256) << 20) /* address space, of what stays in memory */

struct alerts {
    const struct ktg_alerts_options *options;
    struct ktg_station *station;
    struct ktg_context *context;
    struct ktg_link *link;
    struct ktg_hint *hint;
    struct ktg_timer *look;
    struct ktg_journal_reader *events, *findings;
    struct ktg_journal_mark *answered; /* its tag: how far correlation has answered */
    struct ktg_journal_item held;      /* the next finding that was not folded yet */
    uint64_t held_pos;                 /* its event position; 0: none is held */
    uint8_t held_finding[16];
    struct ktg_casebook *casebook;
    struct ktg_outward *outward;
    struct ktg_desk *desk;
    bool in_turn, again;
    int64_t
        owed_since; /* mono ms: since when something waits for a commit that brings more; 0: nothing does */
    struct ktg_casebook_missed unrouted[UNROUTED_SAID]; /* each is said once */
    size_t unrouted_count;
    bool leaving;    /* the last turn: nothing stays owed */
    bool open;       /* a transaction is, since a turn before: its commit would find no room */
    bool stuck;      /* and there is no memory for more of it: nothing is folded */
    uint64_t newest; /* of the outbox when it began */
    struct ktg_unwritten unwritten;
    struct ktg_progress progress;
    bool failed; /* nothing is done any more */
    struct ktg_err err;
};

/* ---- fold ---------------------------------------------------------------------------------------------------------------- */

static int hold_next(struct alerts *a, struct ktg_err *err)
{
    struct ktg_finding_meta m;
    a->held_pos = 0;
    for (;;) {
        int rc = ktg_journal_reader_next(a->findings, &a->held, err);
        if (rc)
            return rc == KTG_EAGAIN ? KTG_OK : rc;
        if (!ktg_finding_is(a->held.kind))
            continue;
        if (ktg_finding_meta_decode(a->held.meta, &m))
            return ktg_err_set(err, KTG_ECORRUPT, "findings: position %" PRIu64 " has no key",
                               a->held.pos);
        a->held_pos = m.position;
        memcpy(a->held_finding, m.finding, sizeof a->held_finding);
        return KTG_OK;
    }
}

/* The findings of event position `pos`, after the event itself. */
static int fold_findings(struct alerts *a, uint64_t pos, uint64_t *findings, struct ktg_err *err)
{
    int rc = KTG_OK;
    if (!a->held_pos)
        rc = hold_next(a, err);
    while (!rc && a->held_pos && a->held_pos <= pos) {
        struct ktg_difference d = {a->held.pos, a->held.payload};
        if (a->held.kind == KTG_FINDING_LEFT)
            rc = ktg_casebook_forget(a->casebook, a->held_finding, err);
        else if (!a->held.erased)
            rc = ktg_casebook_fold_finding(a->casebook, &d, err);
        *findings = a->held.pos;
        if (!rc)
            rc = hold_next(a, err);
    }
    return rc;
}

/* Of the texts that took effect here, the agencies; a journal from before they travelled with them has none. */
static int fold_texts(struct alerts *a, const struct ktg_journal_item *item, struct ktg_err *err)
{
    struct ktg_arena arena = KTG_ARENA_INIT;
    const struct ktg_file *files = NULL;
    size_t count = 0;
    int rc = ktg_bundle_decode(item->payload, &arena, &files, &count, err);
    for (size_t i = 0; !rc && i < count; i++)
        if (ktg_bytes_is(files[i].name, "agencies.yaml"))
            rc = ktg_casebook_agencies(a->casebook, files[i].text, err);
    ktg_arena_done(&arena);
    return rc;
}

static int fold_event(struct alerts *a, const struct ktg_journal_item *item, struct ktg_err *err)
{
    struct ktg_record_meta meta;
    if (item->kind == KTG_RECORD_RULESET && !item->erased)
        return fold_texts(a, item, err);
    if (item->kind != KTG_RECORD_EVENT || item->erased ||
        ktg_record_meta_decode(item->meta, &meta) || !ktg_bytes_is(meta.producer, "SYSTEM.ALERTS"))
        return KTG_OK;
    bool took;
    int rc = ktg_casebook_fold_event(a->casebook, item->payload, &took, err);
    if (!rc && item->id) /* told to the officer once this transaction is committed */
        ktg_desk_stands(a->desk, item->id, item->pos, took);
    return rc;
}

/* Fold what correlation has answered, about STEP positions.  *ret_more: there is more. */
static int fold(struct alerts *a, bool *ret_more, struct ktg_err *err)
{
    uint64_t answered = ktg_journal_mark_read(a->answered).tag;
    struct ktg_casebook_place place = ktg_casebook_place(a->casebook);
    uint64_t event = place.event, findings = place.findings;
    int rc = KTG_OK;
    *ret_more = false;
    if (event) /* a re-derivation speaks of positions that were answered long ago */
        rc = fold_findings(a, event, &findings, err);
    for (int n = 0; !rc && event < answered; n++) {
        struct ktg_journal_item item;
        if (n == STEP) {
            *ret_more = true;
            break;
        }
        rc = ktg_journal_reader_next(a->events, &item, err);
        if (rc == KTG_EAGAIN) /* the answer is known before our view of the mark: look again */
            return ktg_casebook_moved(a->casebook, event, findings, err);
        if (!rc)
            rc = fold_event(a, &item, err);
        if (!rc)
            rc = fold_findings(a, item.pos, &findings, err);
        if (!rc)
            event = item.pos;
    }
    return rc ? rc : ktg_casebook_moved(a->casebook, event, findings, err);
}

/* After an aborted transaction the readers stand too far. */
static int go_back(struct alerts *a, struct ktg_err *err)
{
    struct ktg_casebook_place place = ktg_casebook_place(a->casebook);
    a->held_pos = 0;
    int rc = ktg_journal_reader_seek(a->events, place.event + 1, err);
    return rc ? rc : ktg_journal_reader_seek(a->findings, place.findings + 1, err);
}

/* Who was named and not told: counted each time, said once. */
static void say_unrouted(struct alerts *a)
{
    const struct ktg_casebook_missed *list;
    size_t count = ktg_casebook_missed(a->casebook, &list);
    ktg_metric_add(&metrics[M_UNROUTED], (int64_t)count);
    for (size_t i = 0; i < count && i < KTG_CASEBOOK_MISSED; i++) {
        const struct ktg_casebook_missed *m = &list[i];
        size_t n = 0;
        while (n < a->unrouted_count &&
               (strcmp(a->unrouted[n].rule, m->rule) != 0 ||
                strcmp(a->unrouted[n].word, m->word) != 0 ||
                strcmp(a->unrouted[n].code, m->code) != 0 || a->unrouted[n].why != m->why))
            n++;
        if (n < a->unrouted_count || n == UNROUTED_SAID)
            continue;
        a->unrouted[a->unrouted_count++] = *m;
        ktg_log(&messages[LOG_UNROUTED], "rule=%s to=%s agency=%s why=%s", m->rule, m->word,
                m->code[0] ? m->code : "-", m->why);
    }
}

/* ---- the turn: one transaction --------------------------------------------------------------------------------------------- */

static void deliver(struct alerts *a)
{
    ktg_metric_add(&metrics[M_DELIVERIES], ktg_desk_deliver(a->desk, ktg_mono_ms()));
}

/* Cursors that moved, confirmations and what ingest has acknowledged are no reason to wait for the disk: after a crash they
 * are folded, delivered and sent again.  They go with what is one, or after OWED_MS. */
static bool is_commit_due(struct alerts *a)
{
    int64_t now = ktg_mono_ms();
    bool owes =
        ktg_casebook_owes(a->casebook) || ktg_desk_wants(a->desk) || ktg_outward_owes(a->outward);
    if (!owes || !a->owed_since)
        a->owed_since = owes ? now : 0;
    return ktg_casebook_changed(a->casebook) || ktg_desk_presses(a->desk) ||
           ktg_outward_presses(a->outward) ||
           (owes && (a->leaving || now - a->owed_since >= OWED_MS));
}

static int commit(struct alerts *a, struct ktg_err *err)
{
    int rc = ktg_casebook_commit(a->casebook, err);
    ktg_desk_written(a->desk, rc == KTG_OK);
    if (rc)
        return rc;
    a->owed_since = 0;
    ktg_outward_settled(a->outward);
    say_unrouted(a);
    if (ktg_unwritten_written(&a->unwritten)) {
        ktg_desk_full(a->desk, false);
        ktg_log(&messages[LOG_ROOM], "where=%s event=%" PRIu64, a->options->casebook_dir,
                ktg_casebook_place(a->casebook).event);
    }
    return KTG_OK;
}

/* ---- a casebook without room (unwritten.h) ------------------------------------------------------------------------------- */

static void say_full(struct alerts *a, const char *why)
{
    if (!ktg_trouble_say(&a->unwritten.trouble, ktg_mono_ms()))
        return;
    struct ktg_casebook_place place = ktg_casebook_place(a->casebook);
    ktg_log(&messages[LOG_FULL],
            "where=%s event=%" PRIu64 " findings=%" PRIu64 " held=%zu stuck=%d why=\"%s\"",
            a->options->casebook_dir, place.event, place.findings, ktg_casebook_held(a->casebook),
            a->stuck, why);
}

/* The transaction is gone.  A map that is full is full for good: what stays in memory gets addresses of its own. */
static int begin_again(struct alerts *a, const struct ktg_err *why, struct ktg_err *err)
{
    bool map = why->fault && strcmp(why->fault->name, "store-full") == 0;
    int rc = KTG_OK;
    a->stuck = map && a->unwritten.map; /* else what was folded is folded again */
    ktg_unwritten_failed(&a->unwritten, ktg_disk_free_bytes(a->options->casebook_dir),
                         ktg_mono_ms());
    if (map && !a->unwritten.map)
        rc = ktg_casebook_widen(a->casebook, WIDER, err);
    a->unwritten.map = a->unwritten.map || map;
    ktg_desk_full(a->desk, true);
    say_full(a, why->text);
    return rc ? rc : go_back(a, err);
}

static bool may_commit(struct alerts *a)
{
    int64_t now = ktg_mono_ms();
    return a->leaving ? !a->unwritten.map
                      : ktg_unwritten_looks(&a->unwritten, now) &&
                            ktg_unwritten_tries(&a->unwritten, ktg_casebook_held(a->casebook),
                                                ktg_disk_free_bytes(a->options->casebook_dir), now);
}

/* As far as there is memory. */
static int fold_if_it_fits(struct alerts *a, bool *ret_more, struct ktg_err *err)
{
    a->stuck = a->unwritten.trouble.since &&
               (a->stuck || ktg_casebook_held(a->casebook) >= KTG_UNWRITTEN_MOST);
    *ret_more = false;
    return a->stuck ? KTG_OK : fold(a, ret_more, err);
}

static int begin(struct alerts *a, struct ktg_err *err)
{
    if (a->open)
        return KTG_OK;
    a->newest = ktg_casebook_place(a->casebook).newest;
    int rc = ktg_casebook_begin(a->casebook, err);
    a->open = !rc;
    return rc;
}

static int write_all(struct alerts *a, struct ktg_err *err)
{
    int rc = ktg_desk_write(a->desk, err);
    if (!rc)
        rc = ktg_outward_settle(a->outward, err);
    return rc ? rc : commit(a, err);
}

static int transact(struct alerts *a, bool *ret_more, struct ktg_err *err)
{
    struct ktg_err why = KTG_ERR_INIT;
    int rc = begin(a, err);
    if (rc)
        return rc;
    rc = fold_if_it_fits(a, ret_more, &why);
    bool folded = !rc, due = folded && is_commit_due(a) && may_commit(a);
    if (folded) /* both journals are on disk and fold to the same again: it may go out before its commit */
        deliver(a);
    if (due)
        rc = write_all(a, &why);
    a->open = !rc && !due && ktg_casebook_changed(a->casebook); /* else there is no room for it */
    if (rc) {
        ktg_casebook_abort(a->casebook);
        ktg_desk_written(a->desk, false);
    } else if (!due && !a->open) {
        ktg_casebook_end(a->casebook);
    }
    if (a->unwritten.trouble.since && !rc)
        say_full(a, "");
    if (rc == KTG_EFULL) {
        rc = begin_again(a, &why, err);
        *ret_more = !rc && !a->stuck && !a->leaving;
    } else if (rc) {
        *err = why;
    } else if (due && ktg_casebook_place(a->casebook).newest != a->newest) {
        ktg_outward_newest(a->outward);
    }
    if (!rc && !folded)
        deliver(a);
    return rc;
}

static void look_at_progress(struct alerts *a)
{
    ktg_progress_look(&a->progress, ktg_casebook_place(a->casebook).event,
                      ktg_journal_reader_mark(a->events), ktg_mono_ms(),
                      ktg_station_now(a->station));
}

static void turn(void *arg)
{
    struct alerts *a = arg;
    struct ktg_err err = KTG_ERR_INIT;
    bool more = false;
    if (a->failed)
        return;
    if (a->in_turn) { /* called back from within: once more after this one */
        a->again = true;
        return;
    }
    a->in_turn = true;
    int rc = KTG_OK;
    do {
        a->again = false;
        rc = transact(a, &more, &err);
    } while (!rc && a->again);
    a->in_turn = false;
    look_at_progress(a);
    if (rc) {
        a->err = err;
        a->failed = true;
        ktg_log(&messages[LOG_STOPPED], "%s", err.text);
        ktg_station_stop(a->station, rc);
        return;
    }
    ktg_timer_start(a->look, a->stuck ? FULL_MS : more || a->again ? 0 : a->options->poll, 0);
}

static void on_hint(void *arg, uint64_t upto)
{
    (void)upto;
    turn(arg);
}

/* ---- desks and outbox --------------------------------------------------------------------------------------------------------- */

static void on_message(void *arg, struct ktg_link *link, const struct ktg_link_message *lm)
{
    struct alerts *a = arg;
    (void)link;
    ktg_desk_message(a->desk, lm);
}

static void on_burst(void *arg, struct ktg_link *link)
{
    struct alerts *a = arg;
    (void)link;
    if (ktg_desk_wants(a->desk))
        turn(a);
}

static void on_gone(void *arg, struct ktg_link *link, ktg_peer peer, const char *user)
{
    struct alerts *a = arg;
    (void)link, (void)user;
    ktg_desk_gone(a->desk, peer);
}

static void on_rejected(void *arg, uint64_t seq, struct ktg_bytes code)
{
    struct alerts *a = arg;
    struct ktg_bytes blob;
    struct ktg_wire_value id;
    ktg_log(&messages[LOG_REJECTED], "seq=%" PRIu64 " code=%.*s", seq, (int)code.size,
            (const char *)code.data);
    if (!ktg_casebook_outbox(a->casebook, seq, &blob) && ktg_wire_get(blob, "id", &id) &&
        id.bytes.size == 16)
        ktg_desk_rejected(a->desk, id.bytes.data, code);
}

static void on_renumber(void *arg)
{
    struct alerts *a = arg;
    struct ktg_casebook_place place = ktg_casebook_place(a->casebook);
    ktg_log(&messages[LOG_OUTBOX_LOST], "epoch=%" PRIu64 " acked=%" PRIu64 " newest=%" PRIu64,
            place.epoch, place.acked, place.newest);
}

static void on_desk_event(void *arg, enum ktg_desk_event what, const char *user)
{
    static const int says[KTG_DESK_EVENTS] = {[KTG_DESK_SUBSCRIBED] = LOG_SUBSCRIBED,
                                              [KTG_DESK_ACTED] = LOG_ACTION,
                                              [KTG_DESK_HELD] = LOG_HELD};
    (void)arg;
    if (what == KTG_DESK_ACTED)
        ktg_metric_add(&metrics[M_ACTIONS], 1);
    ktg_log(&messages[says[what]], "user=%s", user);
}

static void on_reload(void *arg)
{
    struct alerts *a = arg;
    if (a->options->on_reload)
        a->options->on_reload(a->options->arg);
}

static struct ktg_progress_view on_progress(void *arg)
{
    struct alerts *a = arg;
    look_at_progress(a);
    return ktg_progress_tell(&a->progress, a->events, ktg_mono_ms(), ktg_station_now(a->station),
                             ktg_clock_scale(&a->options->clock));
}

static void on_metrics(void *arg)
{
    struct alerts *a = arg;
    if (!a->casebook || !a->desk)
        return;
    struct ktg_casebook_place place = ktg_casebook_place(a->casebook);
    ktg_metric_set(&metrics[M_POSITION], (int64_t)place.event);
    ktg_metric_set(&metrics[M_FINDINGS], (int64_t)place.findings);
    ktg_metric_set(&metrics[M_OUTBOX], (int64_t)(place.newest - place.acked));
    ktg_metric_set(&metrics[M_FULL], ktg_trouble_seconds(&a->unwritten.trouble, ktg_mono_ms()));
    struct ktg_progress_view v = on_progress(a);
    ktg_metric_set(&metrics[M_BEHIND], (int64_t)v.behind);
    ktg_metric_set(&metrics[M_LATE], (int64_t)v.late);
    ktg_metric_set(&metrics[M_STILL], (int64_t)v.still);
    ktg_metric_set(&metrics[M_HELD_SUBS], (int64_t)ktg_desk_held(a->desk));
    ktg_metric_set(&metrics[M_CASEBOOK], (int64_t)ktg_casebook_used(a->casebook));
    ktg_metric_set(&metrics[M_HELD], a->open ? (int64_t)ktg_casebook_held(a->casebook) : 0);
    ktg_metric_set(&metrics[M_SESSIONS], (int64_t)ktg_desk_sessions(a->desk));
}

/* ---- life ------------------------------------------------------------------------------------------------------------------------ */

/* A casebook of other journals (one was lost and derived again) is built anew; positions of its own mean nothing there. */
static int belong(struct alerts *a, struct ktg_err *err)
{
    uint8_t journals[32];
    struct ktg_casebook_place place = ktg_casebook_place(a->casebook);
    ktg_journal_reader_id(a->events, journals);
    ktg_journal_reader_id(a->findings, journals + 16);
    int rc = ktg_casebook_belongs(a->casebook, journals);
    if (!rc && (place.event > ktg_journal_reader_mark(a->events) ||
                place.findings > ktg_journal_reader_mark(a->findings)))
        return ktg_err_set(err, KTG_EAGAIN,
                           "the casebook has folded event position %" PRIu64
                           " and findings position %" PRIu64
                           ", and a journal ends before it. Start ingest and correlation first; if "
                           "journals were brought back from a backup, move %s away",
                           place.event, place.findings, a->options->casebook_dir);
    if (rc != KTG_ENOTFOUND)
        return rc;
    if (place.event)
        ktg_log(&messages[LOG_REBUILD], "event=%" PRIu64 " findings=%" PRIu64, place.event,
                place.findings);
    rc = ktg_casebook_begin(a->casebook, err);
    if (rc)
        return rc;
    rc = ktg_casebook_renew(a->casebook, journals, err);
    if (!rc)
        return ktg_casebook_commit(a->casebook, err);
    ktg_casebook_abort(a->casebook);
    return rc;
}

static int open_stores(struct alerts *a, struct ktg_err *err)
{
    const struct ktg_alerts_options *o = a->options;
    int rc = ktg_casebook_open(o->casebook_dir, o->map_size, &a->casebook, err);
    if (!rc)
        rc = ktg_journal_reader_open(o->journal_dir, NULL, &a->events, err);
    if (!rc)
        rc = ktg_journal_reader_open(o->findings_dir, NULL, &a->findings, err);
    if (!rc)
        rc = ktg_journal_mark_open(o->findings_dir, &a->answered, err);
    if (!rc)
        rc = belong(a, err);
    if (!rc)
        rc = go_back(a, err);
    if (!rc) {
        struct ktg_casebook_place place = ktg_casebook_place(a->casebook);
        ktg_log(&messages[LOG_OPENED], "event=%" PRIu64 " findings=%" PRIu64, place.event,
                place.findings);
    }
    return rc;
}

static int open_links(struct alerts *a, struct ktg_err *err)
{
    const struct ktg_alerts_options *o = a->options;
    char endpoint[160], news[160];
    snprintf(endpoint, sizeof endpoint, "ipc://%s/alerts.ipc", o->run_dir);
    snprintf(news, sizeof news, "ipc://%s/findings.ipc", o->run_dir);
    struct ktg_link_calls calls = {
        .on_message = on_message, .on_gone = on_gone, .on_burst = on_burst, .arg = a};
    struct ktg_link_options options = {.endpoint = endpoint,
                                       .domain = "alerts",
                                       .relay = true,
                                       .max_frame = KTG_FRAME_MAX,
                                       .send_queue = 16384,
                                       .recv_queue = 1024};
    int rc =
        ktg_context_new(ktg_station_loop(a->station), ktg_context_own_user, NULL, &a->context, err);
    if (!rc)
        rc = ktg_link_bind(a->context, &options, &calls, &a->link, err);
    struct ktg_desk_options desk = {.casebook = a->casebook,
                                    .findings_dir = o->findings_dir,
                                    .run_dir = o->run_dir,
                                    .link = a->link,
                                    .context = a->context,
                                    .station = a->station,
                                    .window = o->window,
                                    .retry_min = o->retry_min,
                                    .retry_max = o->retry_max,
                                    .max_sessions = o->max_sessions,
                                    .subscriptions = o->subscriptions,
                                    .arg = a,
                                    .users_arg = o->arg,
                                    .user_named = o->user_named,
                                    .progress = on_progress,
                                    .on_event = on_desk_event};
    if (!rc)
        rc = ktg_desk_open(&desk, &a->desk, err);
    struct ktg_outward_calls out = {a, turn, on_rejected, on_renumber};
    if (!rc)
        rc = ktg_outward_open(a->context, ktg_station_loop(a->station), o->run_dir, a->casebook,
                              &out, &a->outward, err);
    if (!rc)
        rc = ktg_hint_connect(a->context, news, on_hint, a, &a->hint, err);
    return rc;
}

static void close_all(struct alerts *a)
{
    a->hint = ktg_hint_close(a->hint);
    a->outward = ktg_outward_close(a->outward);
    a->desk = ktg_desk_close(a->desk);
    a->link = ktg_link_close(a->link);
    a->context = ktg_context_free(a->context);
    a->station = ktg_station_close(a->station);
    a->casebook = ktg_casebook_close(a->casebook);
    a->events = ktg_journal_reader_close(a->events);
    a->findings = ktg_journal_reader_close(a->findings);
    a->answered = ktg_journal_mark_close(a->answered);
}

int ktg_alerts_run(const struct ktg_alerts_options *options, struct ktg_err *err)
{
    struct ktg_alerts_options o = *options;
    struct alerts a = {.options = &o};
    struct ktg_station_options station = {.name = "alerts",
                                          .run_dir = o.run_dir,
                                          .clock = o.clock,
                                          .log_level = o.log_level,
                                          .metrics = metrics,
                                          .metric_count = KTG_COUNT(metrics),
                                          .on_metrics = on_metrics,
                                          .on_reload = on_reload,
                                          .arg = &a};
    o.map_size = o.map_size ? o.map_size : UINT64_C(16) << 30;
    o.window = o.window ? o.window : 256;
    o.retry_min = o.retry_min ? o.retry_min : 2000;
    o.retry_max = o.retry_max ? o.retry_max : 30000;
    o.max_sessions = o.max_sessions ? o.max_sessions : 1024;
    o.subscriptions = o.subscriptions ? o.subscriptions : 64;
    o.poll = o.poll ? o.poll : 50;
    int rc = ktg_station_open(&station, &a.station, err);
    if (!rc)
        rc = open_stores(&a, err);
    if (!rc)
        rc = ktg_timer_new(ktg_station_loop(a.station), turn, &a, &a.look, err);
    if (!rc)
        rc = open_links(&a, err);
    if (!rc) {
        ktg_timer_start(a.look, 0, 0);
        ktg_station_ready(a.station);
        rc = ktg_station_run(a.station);
        if (rc) {
            rc = ktg_err_set(err, rc, "%s", a.err.text);
        } else {
            bool more;
            a.leaving = true;
            rc = transact(&a, &more, err);
        }
    }
    close_all(&a);
    return rc;
}
