/* brokers/correlation/correlation.c - the shell; the picture and the numbered invariants are in correlation.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "brokers/correlation/correlation.h"

#include <inttypes.h>
#include <stdio.h>

#include "brokers/correlation/answered.h"
#include "brokers/correlation/bound.h"
#include "brokers/correlation/checkpoint.h"
#include "brokers/correlation/erased.h"
#include "brokers/correlation/feed.h"
#include "rules/engine/silent.h"
#include "rules/engine/suspended.h"
#include "rules/engine/told.h"
#include "runtime/link/hint.h"
#include "runtime/link/link.h"
#include "runtime/loop/work.h"
#include "runtime/mem.h"
#include "runtime/trouble.h"
#include "schema/faults.h"
#include "schema/protocol.h"
#include "schema/record.h"

static const struct ktg_message messages[] = {
#define X(symbol, id, level, text, action) {id, KTG_LOG_##level, text, action},
#include "brokers/correlation/messages.def"
#undef X
};
enum {
#define X(symbol, id, level, text, action) LOG_##symbol,
#include "brokers/correlation/messages.def"
#undef X
};

static struct ktg_histogram step_time, checkpoint_time;
static struct ktg_metric metrics[] = {
    {"kentongan_correlation_position", "positions", "answered up to here", KTG_GAUGE, 0, NULL},
    {"kentongan_correlation_lag", "positions", "durable and not answered", KTG_GAUGE, 0, NULL},
    {"kentongan_correlation_findings_total", "findings", "differences appended", KTG_COUNTER, 0,
     NULL},
    {"kentongan_correlation_repeated_total", "findings", "differences repeated after a start",
     KTG_COUNTER, 0, NULL},
    {"kentongan_correlation_events_total", "events", "events answered", KTG_COUNTER, 0, NULL},
    {"kentongan_correlation_dirty_bytes", "bytes", "changed since the last checkpoint", KTG_GAUGE,
     0, NULL},
    {"kentongan_correlation_state_bytes", "bytes", "used of the state's map", KTG_GAUGE, 0, NULL},
    {"kentongan_correlation_memory_bytes", "bytes", "resident at the last look", KTG_GAUGE, 0,
     NULL},
    {"kentongan_correlation_full_seconds", "seconds",
     "the findings journal has no room, since; 0: it has", KTG_GAUGE, 0, NULL},
    {"kentongan_correlation_state_full_seconds", "seconds",
     "the state has no room for a checkpoint, since; 0: it has", KTG_GAUGE, 0, NULL},
    {"kentongan_correlation_suspended_rules", "rules",
     "their budget is used up, or they are right too seldom", KTG_GAUGE, 0, NULL},
    {"kentongan_correlation_awaited_sources", "sources", "a live rule waits for what they send",
     KTG_GAUGE, 0, NULL},
    {"kentongan_correlation_silent_sources", "sources", "of these, those that are overdue",
     KTG_GAUGE, 0, NULL},
    {"kentongan_correlation_held_findings", "findings", "unknown for want of a silent source",
     KTG_GAUGE, 0, NULL},
    {"kentongan_correlation_unknown_findings", "findings", "unknown for want of any source",
     KTG_GAUGE, 0, NULL},
    {"kentongan_correlation_batch_seconds", "seconds", "the batch at hand is being answered",
     KTG_GAUGE, 0, NULL},
    {"kentongan_correlation_step_microseconds", "microseconds", "a step: answer and commit",
     KTG_HISTOGRAM, 0, &step_time},
    {"kentongan_correlation_checkpoint_microseconds", "microseconds", "a checkpoint", KTG_HISTOGRAM,
     0, &checkpoint_time},
};
enum {
    M_POSITION,
    M_LAG,
    M_FINDINGS,
    M_REPEATED,
    M_EVENTS,
    M_DIRTY,
    M_STATE,
    M_MEMORY,
    M_FULL,
    M_STATE_FULL,
    M_SUSPENDED,
    M_AWAITED,
    M_SILENT,
    M_HELD,
    M_UNKNOWN,
    M_BATCH
};

#ifdef KTG_MUTANT_SKIP_RELOAD /* for the proofs: a rule set that was recorded before this process began is passed over */
static uint64_t mutant_mark;
#define MUTANT_SKIPS(c, item)                                                          \
    ((mutant_mark = mutant_mark ? mutant_mark : ktg_journal_reader_mark((c)->reader)), \
     (item)->pos <= mutant_mark && (item)->kind == KTG_RECORD_RULESET &&               \
         ktg_engine_rules((c)->engine))
#else
#define MUTANT_SKIPS(c, item) false
#endif

enum { TURN_MS = 20, NEAR_MS = 4, FULL_MS = 1000 }; /* near: to the limit of memory */

/* A checkpoint on its way. */
struct saving {
    struct ktg_checkpoint *checkpoint;
    const struct ktg_changes *changes;
    struct ktg_checkpoint_mark mark;
    struct ktg_changes *spent; /* of the one before: freed by the next, off the loop */
    int64_t began;             /* mono ns */
    int code;
    bool running;
    bool full; /* the last one found no room: the next is a matter of time, not of size */
    struct ktg_trouble trouble;
    struct ktg_err err;
};

struct correlation {
    const struct ktg_correlation_options *options;
    struct ktg_station *station;
    struct ktg_context *context;
    struct ktg_link *link;          /* questions */
    struct ktg_hint *events, *news; /* news: ours, for alerts */
    struct ktg_timer *look;
    struct ktg_journal_reader *reader;
    struct ktg_checkpoint *checkpoint;
    struct ktg_answered *answered;
    struct ktg_state *state;
    struct ktg_engine *engine;
    uint64_t silent_until; /* re-derivation: the event position answered last; 0: none goes on */
    uint64_t erasure;      /* where the last batch begins that says that something was erased */
    struct ktg_erased erased;
    int64_t saved_at; /* mono ms */
    struct saving saving;
    struct ktg_work *work; /* that saves; NULL: none */
    enum ktg_engine_doing doing;
    struct ktg_bound bound;
    struct ktg_trouble short_of; /* answering waits for checkpoints: said once a minute */
    struct ktg_watch watch;      /* of reading the journal */
    int64_t batch_at;            /* mono ms when the batch at hand was begun; 0: none is */
    struct ktg_trouble full;     /* the findings journal has no room ... */
    uint64_t held;      /* ... for what is answered up to here; nothing is answered beyond */
    bool failed;        /* nothing is answered any more */
    struct ktg_err err; /* of the engine's callbacks and of the step that failed */
    struct ktg_arena arena;
    struct ktg_buf out, items;
};

/* ---- the engine's world ---------------------------------------------------------------------------------------------- */

static int event_at(void *arg, uint64_t pos, struct ktg_bytes *ret_blob)
{
    struct correlation *c = arg;
    int rc = ktg_feed_event_at(c->reader, pos, ret_blob, &c->err);
    ktg_watch_read(&c->watch); /* midnight is one record */
    return rc;
}

static int out(void *arg, const struct ktg_op *op)
{
    struct correlation *c = arg;
    return ktg_answered_put(c->answered, op, op->at, &c->err);
}

/* A batch is not left before its end, and a record is one piece: what can be seen of it moves meanwhile. */
static void working(void *arg)
{
    ktg_station_beat(((struct correlation *)arg)->station);
}

/* What it is at, in the mark of the findings journal, for whoever looks. */
static void show_phase(struct correlation *c)
{
    static const enum ktg_journal_phase phases[] = {[KTG_ENGINE_ANSWERS] = KTG_JOURNAL_IDLE,
                                                    [KTG_ENGINE_MERGES] = KTG_JOURNAL_MERGE,
                                                    [KTG_ENGINE_RELOADS] = KTG_JOURNAL_RELOAD};
    enum ktg_journal_phase phase = phases[c->doing];
    if (phase == KTG_JOURNAL_IDLE && c->saving.running)
        phase = KTG_JOURNAL_CHECKPOINT;
    ktg_journal_set_phase(ktg_answered_journal(c->answered), phase);
}

static void doing(void *arg, enum ktg_engine_doing what)
{
    struct correlation *c = arg;
    c->doing = what;
    show_phase(c);
}

static void notice(void *arg, const struct ktg_notice *n)
{
    (void)arg;
    ktg_log(&messages[LOG_NOTICE], /* never whom it is about */
            "what=%s rule=%.*s kind=%.*s why=%s right=%" PRIu32 " of=%" PRIu32 " floor=%" PRIu32
            " position=%" PRIu64,
            n->what, (int)n->rule.size, (const char *)n->rule.data, (int)n->kind.size,
            (const char *)n->kind.data, ktg_suspended_why_name(n->why->why), n->why->counted.right,
            n->why->counted.of, n->why->floor, n->pos);
}

/* ---- re-derivation ----------------------------------------------------------------------------------------------------- */

/* What is answered up to here is durable when this returns, or held until there is room for it.  How long it takes nobody knows: said
 * each minute. */
static int settle(struct correlation *c, uint64_t done, struct ktg_err *err)
{
    struct ktg_err why = KTG_ERR_INIT;
    int rc = ktg_answered_commit(c->answered, ktg_engine_now(c->engine), done, &why);
    c->held = rc == KTG_EFULL ? done : 0;
    if (c->held && ktg_trouble_say(&c->full, ktg_mono_ms()))
        ktg_log(&messages[LOG_DISK_FULL],
                "where=%s position=%" PRIu64 " held=%" PRIu64 " behind=%" PRIu64,
                c->options->findings_dir, done, ktg_answered_owed(c->answered),
                ktg_journal_reader_mark(c->reader) - done);
    if (!rc && ktg_trouble_over(&c->full))
        ktg_log(&messages[LOG_DISK_OK], "where=%s position=%" PRIu64, c->options->findings_dir,
                done);
    if (rc && !c->held)
        *err = why;
    return c->held ? KTG_OK : rc;
}

/* The silence has come to its end, at event position `pos`: tell what differs, in one go. */
static int speak(struct correlation *c, uint64_t pos, struct ktg_err *err)
{
    struct ktg_rederive how = {.other_engine = ktg_answered_other_engine(c->answered),
                               .arg = &c->erased,
                               .is_erased = ktg_erased_has};
    struct ktg_told *told = NULL;
    size_t said = 0, stood = 0;
    int rc = ktg_told_new(&told);
    if (!rc)
        rc = ktg_answered_told(c->answered, told, err);
    if (!rc) {
        stood = ktg_told_standing(told);
        how.told = told;
        how.n = ktg_answered_next_n(c->answered, ktg_engine_position(c->engine));
        ktg_answered_speak(c->answered);
        rc = ktg_engine_rederive(c->engine, &how, &said, err);
    }
    if (!rc)
        rc = settle(c, pos, err);
    ktg_told_free(told);
    if (rc)
        return rc;
    c->silent_until = 0;
    ktg_erased_done(&c->erased);
    ktg_log(&messages[LOG_REDERIVED], "position=%" PRIu64 " told=%zu differences=%zu", pos, stood,
            said);
    return KTG_OK;
}

/* ---- reading ----------------------------------------------------------------------------------------------------------- */

/* Answer whole batches, about `most` positions or until `until`: what is answered late in a backlog is told soon, and a
 * station that dies again and again still comes forward.  *ret_more: the durable mark was not reached. */
static int answer(struct correlation *c, uint32_t most, int64_t until, bool *ret_more,
                  struct ktg_err *err)
{
    struct ktg_journal_item item = {0};
    uint32_t n = 0;
    int rc = KTG_OK;
    *ret_more = true;
    while (item.left || (n < most && (n == 0 || ktg_mono_ms() < until))) {
        rc = ktg_journal_reader_next(c->reader, &item, err);
        if (rc == KTG_EAGAIN) {
            *ret_more = false;
            break;
        }
        c->batch_at = c->batch_at ? c->batch_at : ktg_mono_ms();
        if (!rc && item.kind == KTG_RECORD_EVENT)
            ktg_metric_add(&metrics[M_EVENTS], 1);
        if (!rc && !MUTANT_SKIPS(c, &item))
            rc = ktg_feed_item(c->engine, &c->arena, &item, err);
        if (!rc && c->silent_until)
            rc = ktg_erased_note(&c->erased, &item);
        if (rc)
            return rc;
        n++;
        ktg_watch_read(&c->watch);
        c->batch_at = item.left ? c->batch_at : 0;
        ktg_station_beat(c->station);
        if (c->silent_until && !item.left && item.pos >= c->silent_until)
            return speak(c, item.pos, err);
    }
    if (n == 0)
        return KTG_OK;
    bool was_repeating = ktg_answered_repeating(c->answered);
    rc = settle(c, item.pos, err);
    if (!rc && was_repeating && !ktg_answered_repeating(c->answered))
        ktg_log(&messages[LOG_REPEATED], "findings=%" PRIu64 " position=%" PRIu64,
                ktg_answered_repeated(c->answered), item.pos);
    return rc;
}

/* ---- checkpoint ---------------------------------------------------------------------------------------------------------- */

/* May a start go on from what is answered now?  (2); not before an erasure, where it would not be believed; not in silence, of
 * which the end compares everything. */
static bool is_resumable(const struct correlation *c)
{
    uint64_t position = ktg_engine_position(c->engine);
    return !ktg_answered_is_silent(c->answered) && ktg_answered_done(c->answered) >= position &&
           position >= c->erasure;
}

/* A mark for what is answered now; nobody's, so that a start builds the state again, where it may not go on from here. */
static int mark_here(struct correlation *c, struct ktg_checkpoint_mark *ret_m, struct ktg_err *err)
{
    *ret_m = (struct ktg_checkpoint_mark){0};
    if (!is_resumable(c))
        return KTG_OK;
    *ret_m = (struct ktg_checkpoint_mark){.position = ktg_engine_position(c->engine),
                                          .findings = ktg_answered_agreed(c->answered),
                                          .engine = c->options->test_engine};
    ktg_journal_reader_id(c->reader, ret_m->journal);
    return ktg_journal_reader_chain_at(c->reader, ret_m->position, &ret_m->chain, err);
}

/* On its own thread: nothing of the station but the store and what is frozen. */
static void store(struct saving *s)
{
    ktg_changes_free(s->spent);
    s->spent = NULL;
    s->code = ktg_checkpoint_store(s->checkpoint, s->changes, &s->mark, &s->err);
}

/* What came of it: seen from now on, or kept for the next one. */
static int saved(struct correlation *c, struct ktg_err *err)
{
    struct saving *s = &c->saving;
    int rc = s->code;
    s->running = false;
    show_phase(c);
    if (!rc)
        rc = ktg_checkpoint_see(c->checkpoint, c->state, &s->spent, &s->err);
    s->full = rc == KTG_EFULL;
    if (s->full) {
        if (ktg_trouble_say(&s->trouble, ktg_mono_ms()))
            ktg_log(&messages[LOG_CHECKPOINT_FULL], "where=%s kept=%zu why=\"%s\"",
                    c->options->state_dir, ktg_state_dirty_bytes(c->state), s->err.text);
        return KTG_OK;
    }
    if (!rc && ktg_trouble_over(&s->trouble))
        ktg_log(&messages[LOG_CHECKPOINT_OK], "where=%s position=%" PRIu64, c->options->state_dir,
                s->mark.position);
    if (rc) {
        *err = s->err;
        return rc;
    }
    int64_t took = ktg_mono_ns() - s->began;
    ktg_histogram_add(&checkpoint_time, (uint64_t)took / 1000);
    ktg_log(&messages[LOG_CHECKPOINT], "position=%" PRIu64 " ms=%" PRId64, s->mark.position,
            took / 1000000);
    return KTG_OK;
}

static void fail(struct correlation *c, int code, const struct ktg_err *err);

static void store_work(void *arg)
{
    store(&((struct correlation *)arg)->saving);
}

static void on_saved(void *arg)
{
    struct correlation *c = arg;
    struct ktg_err err = KTG_ERR_INIT;
    c->work = ktg_work_free(c->work);
    int rc = saved(c, &err);
    if (rc) {
        fail(c, rc, &err);
    } else if (c->bound.near) { /* what was held back goes on */
        ktg_changes_free(c->saving.spent);
        c->saving.spent = NULL;
        rc = ktg_checkpoint_trim(c->checkpoint, &err);
        ktg_resident_trim_heap();
        if (rc)
            fail(c, rc, &err);
        else
            ktg_timer_start(c->look, 0, 0);
    }
}

/* Freeze what is answered up to here and have it written while the answering goes on. */
static int save(struct correlation *c, struct ktg_err *err)
{
    struct saving *s = &c->saving;
    c->saved_at = ktg_mono_ms();
    int rc = mark_here(c, &s->mark, err);
    if (rc)
        return rc;
    rc = ktg_state_freeze(c->state, &s->changes);
    if (rc)
        return ktg_err_set(err, rc, "no memory for a checkpoint");
    s->checkpoint = c->checkpoint;
    s->err = (struct ktg_err)KTG_ERR_INIT;
    s->began = ktg_mono_ns();
    s->running = true;
    show_phase(c);
    rc = ktg_work_start(ktg_station_loop(c->station), store_work, on_saved, c, &c->work, err);
    if (rc) { /* no thread to be had: here, then */
        store(s);
        rc = saved(c, err);
    }
    return rc;
}

/* The one that runs, if any, and a last one. */
static int save_all(struct correlation *c, struct ktg_err *err)
{
    int rc = KTG_OK;
    if (c->saving.running) {
        c->work = ktg_work_free(c->work); /* waits */
        rc = saved(c, err);
    }
    struct ktg_checkpoint_mark mark;
    if (rc || !is_resumable(c))
        return rc == KTG_EFULL ? KTG_OK : rc;
    rc = mark_here(c, &mark, err);
    if (!rc)
        rc = ktg_checkpoint_write(c->checkpoint, c->state, &mark, err);
    return rc == KTG_EFULL ? KTG_OK : rc;
}

/* What checkpoints of all that is changed take, the one that runs included. */
static uint64_t spike(const struct correlation *c)
{
    return ktg_bound_spike(ktg_state_dirty_count(c->state), ktg_state_dirty_bytes(c->state),
                           ktg_checkpoint_pages(c->checkpoint));
}

static bool is_tight(const struct correlation *c)
{
    return ktg_bound_is_tight(&c->bound, ktg_state_dirty_bytes(c->state), spike(c));
}

static bool is_save_due(struct correlation *c)
{
    const struct saving *s = &c->saving;
    size_t dirty = ktg_state_dirty_bytes(c->state);
    if (c->bound.near)
        ktg_bound_look(&c->bound, spike(c));
    bool large = !s->full && (dirty >= c->options->checkpoint_bytes || is_tight(c));
    bool old = ktg_mono_ms() - c->saved_at >= c->options->checkpoint_ms;
    bool worth =
        dirty && (is_resumable(c) || s->full); /* refused: it is tried until there is room */
    return !s->running && (large || (old && worth));
}

/* More is answered than there is memory for, and what could make room is on its way or was refused. */
static bool must_wait(struct correlation *c)
{
    ktg_bound_look(&c->bound, spike(c));
    bool waits = is_tight(c) && (c->saving.running || c->saving.full);
    if (waits && ktg_trouble_say(&c->short_of, ktg_mono_ms()))
        ktg_log(&messages[LOG_MEMORY], "memory=%" PRIu64 " limit=%" PRIu64 " changes=%zu",
                c->bound.held, c->bound.limit, ktg_state_dirty_bytes(c->state));
    return waits;
}

/* ---- the turn -------------------------------------------------------------------------------------------------------------- */

static void fail(struct correlation *c, int code, const struct ktg_err *err)
{
    c->err = *err;
    c->failed = true;
    ktg_log(&messages[code == KTG_ECORRUPT ? LOG_STOPPED : LOG_FAILED], "%s", err->text);
    ktg_station_stop(c->station, code);
}

static void turn(void *arg)
{
    struct correlation *c = arg;
    struct ktg_err err = KTG_ERR_INIT;
    bool more = true, waits = must_wait(c);
    int64_t began = ktg_mono_ns(), until = ktg_mono_ms() + (c->bound.near ? NEAR_MS : TURN_MS);
    uint64_t before = ktg_answered_done(c->answered);
    int rc = c->held ? settle(c, c->held, &err) : KTG_OK;
    while (!rc && !c->held && more && !waits && ktg_mono_ms() < until)
        rc = answer(c, c->options->step, until, &more, &err);
    if (!rc && !c->held && is_save_due(c))
        rc = save(c, &err);
    if (rc) {
        if (!err.text[0])
            err = c->err;
        fail(c, rc, &err);
        return;
    }
    if (ktg_answered_done(c->answered) != before) {
        ktg_hint_send(c->news, ktg_answered_position(c->answered));
        ktg_histogram_add(&step_time, (uint64_t)(ktg_mono_ns() - began) / 1000);
    }
    bool watch = c->saving.running && c->bound.near; /* it looks at pages, too */
    int64_t rest = c->held ? FULL_MS : watch ? NEAR_MS : c->options->poll;
    ktg_timer_start(c->look, more && !waits && !c->held ? 0 : rest, 0);
}

static void on_hint(void *arg, uint64_t upto)
{
    struct correlation *c = arg;
    if (!c->failed && !c->held && upto > ktg_engine_position(c->engine))
        turn(c);
}

static void on_metrics(void *arg)
{
    struct correlation *c = arg;
    if (!c->engine || !c->answered)
        return;
    const struct ktg_silent sources = ktg_engine_silent(c->engine);
    uint64_t position = ktg_engine_position(c->engine), mark = ktg_journal_reader_mark(c->reader);
    ktg_metric_set(&metrics[M_POSITION], (int64_t)position);
    ktg_metric_set(&metrics[M_LAG], (int64_t)(mark > position ? mark - position : 0));
    ktg_metric_set(&metrics[M_FINDINGS], (int64_t)ktg_answered_appended(c->answered));
    ktg_metric_set(&metrics[M_REPEATED], (int64_t)ktg_answered_repeated(c->answered));
    ktg_metric_set(&metrics[M_DIRTY], (int64_t)ktg_state_dirty_bytes(c->state));
    ktg_metric_set(&metrics[M_BATCH], c->batch_at ? (ktg_mono_ms() - c->batch_at) / 1000 : 0);
    ktg_metric_set(&metrics[M_STATE], (int64_t)ktg_checkpoint_used(c->checkpoint));
    ktg_metric_set(&metrics[M_MEMORY], (int64_t)c->bound.held);
    ktg_metric_set(&metrics[M_SUSPENDED], (int64_t)ktg_engine_suspended(c->engine));
    ktg_metric_set(&metrics[M_AWAITED], (int64_t)sources.awaited);
    ktg_metric_set(&metrics[M_SILENT], (int64_t)sources.silent);
    ktg_metric_set(&metrics[M_HELD], (int64_t)sources.held);
    ktg_metric_set(&metrics[M_UNKNOWN], (int64_t)sources.unknown);
    ktg_metric_set(&metrics[M_FULL], ktg_trouble_seconds(&c->full, ktg_mono_ms()));
    ktg_metric_set(&metrics[M_STATE_FULL], ktg_trouble_seconds(&c->saving.trouble, ktg_mono_ms()));
}

/* ---- questions ---------------------------------------------------------------------------------------------------------------- */

/* QUERY why-not {rule, subject}: the nearest miss; {error}: there is no such rule. */
static int why_not(struct correlation *c, struct ktg_bytes filter)
{
    struct ktg_wire_value rule, subject;
    struct ktg_err err = KTG_ERR_INIT;
    if (!ktg_wire_get(filter, "rule", &rule) || !ktg_wire_get(filter, "subject", &subject) ||
        rule.kind != KTG_WIRE_STR || subject.kind != KTG_WIRE_STR)
        return KTG_EINVALID;
    int rc = ktg_engine_why_not(c->engine, rule.bytes, subject.bytes, &c->items, &err);
    if (!rc)
        return KTG_OK;
    ktg_buf_clear(&c->items);
    ktg_wire_put_array(&c->items, 1);
    ktg_wire_put_map(&c->items, 1);
    ktg_wire_put_text(&c->items, "error");
    ktg_wire_put_text(&c->items, err.text);
    return KTG_OK;
}

struct listing {
    struct ktg_buf rows;
    uint32_t count;
};
static int list_suspended(void *arg, const struct ktg_rule *r, const struct ktg_suspension *s)
{
    struct listing *l = arg;
    l->count++;
    ktg_suspension_put(s, r, &l->rows);
    return ktg_buf_check(&l->rows);
}

/* QUERY rules: {rules: [...]}, those that are suspended or right too seldom. */
static int rules(struct correlation *c)
{
    struct listing l = {KTG_BUF_INIT, 0};
    int rc = ktg_engine_suspensions(c->engine, list_suspended, &l);
    if (!rc) {
        ktg_wire_put_map(&c->items, 1);
        ktg_wire_put_text(&c->items, "rules");
        ktg_wire_put_array(&c->items, l.count);
        ktg_buf_put_bytes(&c->items, ktg_buf_view(&l.rows));
    }
    ktg_buf_done(&l.rows);
    return rc;
}

/* QUERY alert: why does this finding stand?  The id is the finding's, in hex. */
static void on_query(void *arg, struct ktg_link *link, const struct ktg_link_message *lm)
{
    struct correlation *c = arg;
    struct ktg_msg q, a = {.type = KTG_MSG_ANSWER};
    struct ktg_err err = KTG_ERR_INIT;
    uint8_t id[16];
    if (ktg_protocol_decode(lm->payload, &q, NULL) || q.type != KTG_MSG_QUERY)
        return;
    a.session = q.session;
    a.answer.ref = q.query.ref;
    ktg_buf_clear(&c->items);
    ktg_buf_clear(&c->out);
    ktg_wire_put_array(&c->items, 1);
    int rc = q.query.what == KTG_QUERY_ALERT && q.query.id.size == 32
                 ? ktg_unhex((const char *)q.query.id.data, 32, id)
                 : KTG_EINVALID;
    if (q.query.what == KTG_QUERY_WHY_NOT)
        rc = why_not(c, q.query.filter);
    else if (q.query.what == KTG_QUERY_RULES)
        rc = rules(c);
    else if (!rc)
        rc = ktg_engine_explain(c->engine, id, &c->items, &err);
    if (rc) {
        ktg_buf_clear(&c->items);
        ktg_wire_put_array(&c->items, 0);
        a.answer.code = ktg_bytes_str(ktg_faults[KTG_FAULT_NO_SUCH_ALERT].name);
        a.answer.text = ktg_bytes_str(ktg_faults[KTG_FAULT_NO_SUCH_ALERT].what);
    }
    a.answer.items = ktg_buf_view(&c->items);
    if (!ktg_protocol_encode(&a, &c->out, NULL) &&
        ktg_link_send(link, lm->peer, KTG_BYTES_NONE, ktg_buf_view(&c->out)))
        return; /* who asked asks again */
}

/* ---- life ------------------------------------------------------------------------------------------------------------------------ */

static int open_links(struct correlation *c, struct ktg_err *err)
{
    char ask[160], events[160], news[160];
    snprintf(ask, sizeof ask, "ipc://%s/correlation.ipc", c->options->run_dir);
    snprintf(events, sizeof events, "ipc://%s/hint.ipc", c->options->run_dir);
    snprintf(news, sizeof news, "ipc://%s/findings.ipc", c->options->run_dir);
    struct ktg_link_calls calls = {.on_message = on_query, .arg = c};
    struct ktg_link_options options = {
        .endpoint = ask, .domain = "correlation", .max_frame = KTG_FRAME_MAX};
    int rc =
        ktg_context_new(ktg_station_loop(c->station), ktg_context_own_user, NULL, &c->context, err);
    if (!rc)
        rc = ktg_hint_bind(c->context, news, "findings", &c->news, err);
    if (!rc)
        rc = ktg_link_bind(c->context, &options, &calls, &c->link, err);
    if (!rc)
        rc = ktg_hint_connect(c->context, events, on_hint, c, &c->events, err);
    return rc;
}

/* Does the checkpoint belong to this journal, and was nothing erased since?  KTG_ENOTFOUND: no, or there is none. */
static int agree(struct correlation *c, struct ktg_checkpoint_mark *ret_m)
{
    uint8_t journal[16];
    struct ktg_hash chain;
    int rc = ktg_checkpoint_mark(c->checkpoint, ret_m, NULL);
    if (rc == KTG_EIO || rc == KTG_ENOMEM)
        return rc;
    if (rc || ret_m->engine != c->options->test_engine)
        return KTG_ENOTFOUND;
    ktg_journal_reader_id(c->reader, journal);
    if (memcmp(journal, ret_m->journal, sizeof journal) != 0 ||
        ktg_journal_reader_chain_at(c->reader, ret_m->position, &chain, NULL) ||
        memcmp(chain.b, ret_m->chain.b, sizeof chain.b) != 0)
        return KTG_ENOTFOUND;
    rc = ktg_erased_scan(c->reader, ret_m->position, &c->watch, &c->erasure, NULL);
    return rc ? rc : c->erasure ? KTG_ENOTFOUND : KTG_OK;
}

/* Continue after the mark; 0: from the beginning. */
static int begin_after(struct correlation *c, const struct ktg_checkpoint_mark *mark,
                       struct ktg_err *err)
{
    const struct ktg_correlation_options *o = c->options;
    struct ktg_engine_world world = {.arg = c,
                                     .event_at = event_at,
                                     .out = out,
                                     .notice = notice,
                                     .working = working,
                                     .doing = doing,
                                     .event_slots = ktg_bound_events(o->memory)};
    struct ktg_journal_options findings = o->findings;
    findings.salted = false;
    findings.strict_clock = false;
    int rc = ktg_answered_open(o->findings_dir, &findings, mark->findings, o->test_engine,
                               &c->answered, err);
    if (!rc && !mark->position)
        rc = ktg_erased_scan(c->reader, 0, &c->watch, &c->erasure, err);
    if (!rc && (c->erasure || !ktg_answered_comparable(c->answered))) {
        c->silent_until = ktg_answered_until(c->answered);
        ktg_log(&messages[LOG_REDERIVE], "until=%" PRIu64 " engine=%d erasure=%" PRIu64,
                c->silent_until, ktg_answered_other_engine(c->answered), c->erasure);
    }
    if (!rc && c->silent_until)
        ktg_answered_silence(c->answered);
    if (!rc)
        rc = ktg_state_new(ktg_checkpoint_records(c->checkpoint), &c->state);
    if (!rc)
        rc = ktg_engine_new(c->state, &world, &c->engine, err);
    if (!rc)
        rc = ktg_journal_reader_seek(c->reader, mark->position + 1, err);
    return rc;
}

static void end_engine(struct correlation *c)
{
    c->engine = ktg_engine_free(c->engine);
    c->state = ktg_state_free(c->state);
    c->answered = ktg_answered_close(c->answered);
    c->silent_until = 0;
    ktg_erased_done(&c->erased);
}

/* The state is disposable: if it does not belong to both journals, or is not one of ours, it is built again. */
static int open_stores(struct correlation *c, struct ktg_err *err)
{
    const struct ktg_correlation_options *o = c->options;
    struct ktg_journal_reader_options reading = {.test_ignore_mark = o->test_ignore_mark};
    struct ktg_checkpoint_mark mark = {0};
    int rc = ktg_journal_reader_open(o->journal_dir, &reading, &c->reader, err);
    if (!rc)
        rc = ktg_checkpoint_open(o->state_dir, o->map_size, &c->checkpoint, err);
    if (rc)
        return rc;
    ktg_checkpoint_watch(c->checkpoint, o->memory);
    rc = agree(c, &mark);
    if (!rc)
        rc = begin_after(c, &mark, err);
    if (!rc) {
        ktg_log(&messages[LOG_RESUMED], "position=%" PRIu64 " findings=%" PRIu64, mark.position,
                mark.findings);
        return KTG_OK;
    }
    if (rc != KTG_ENOTFOUND && rc != KTG_ECORRUPT)
        return rc;
    end_engine(c);
    mark = (struct ktg_checkpoint_mark){0};
    bool none = ktg_checkpoint_mark(c->checkpoint, &mark, NULL) == KTG_ENOTFOUND;
    mark = (struct ktg_checkpoint_mark){0};
    rc = ktg_checkpoint_clear(c->checkpoint, err);
    if (!rc)
        rc = begin_after(c, &mark, err);
    if (!rc) /* a first start is not a loss */
        ktg_log(&messages[none && !ktg_answered_until(c->answered) ? LOG_FRESH : LOG_REBUILD],
                NULL);
    return rc;
}

static void close_all(struct correlation *c)
{
    c->work = ktg_work_free(c->work);
    ktg_changes_free(c->saving.spent);
    c->link = ktg_link_close(c->link);
    c->events = ktg_hint_close(c->events);
    c->news = ktg_hint_close(c->news);
    c->context = ktg_context_free(c->context);
    c->station = ktg_station_close(c->station);
    end_engine(c);
    c->checkpoint = ktg_checkpoint_close(c->checkpoint);
    c->reader = ktg_journal_reader_close(c->reader);
    ktg_arena_done(&c->arena);
    ktg_buf_done(&c->out);
    ktg_buf_done(&c->items);
}

int ktg_correlation_run(const struct ktg_correlation_options *options, struct ktg_err *err)
{
    struct ktg_correlation_options o = *options;
    struct correlation c = {.options = &o};
    struct ktg_station_options station = {.name = "correlation",
                                          .run_dir = o.run_dir,
                                          .clock = o.clock,
                                          .log_level = o.log_level,
                                          .metrics = metrics,
                                          .metric_count = KTG_COUNT(metrics),
                                          .on_metrics = on_metrics,
                                          .arg = &c};
    o.map_size = o.map_size ? o.map_size : UINT64_C(64) << 30;
    o.checkpoint_ms = o.checkpoint_ms ? o.checkpoint_ms : 30000;
    o.checkpoint_bytes = o.checkpoint_bytes ? o.checkpoint_bytes : 64u << 20;
    o.memory = o.memory ? o.memory : UINT64_C(2) << 30;
    o.poll = o.poll ? o.poll : 50;
    o.step = o.step ? o.step : 4096;
    c.bound.limit = c.watch.limit = o.memory;
    o.test_engine = o.test_engine ? o.test_engine : KTG_ENGINE_VERSION;
    int rc = ktg_station_open(&station, &c.station, err);
    if (!rc)
        rc = open_stores(&c, err);
    if (!rc)
        rc = open_links(&c, err);
    if (!rc)
        rc = ktg_timer_new(ktg_station_loop(c.station), turn, &c, &c.look, err);
    if (!rc) {
        c.saved_at = ktg_mono_ms();
        ktg_timer_start(c.look, 0, 0);
        ktg_station_ready(c.station);
        rc = ktg_station_run(c.station);
        if (rc)
            rc = ktg_err_set(err, rc, "%s", c.err.text);
        else
            rc = save_all(&c, err);
    }
    close_all(&c);
    return rc;
}
