/* brokers/correlation/repeat.c - see repeat.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "brokers/correlation/repeat.h"

#include <inttypes.h>

#include "brokers/correlation/erased.h"
#include "brokers/correlation/feed.h"
#include "brokers/correlation/said.h"
#include "schema/record.h"

enum { STRIDE = 8192 }; /* positions between two words of progress */

struct repeat {
    struct ktg_journal_reader *events, *findings;
    struct ktg_repeat_report report;
    bool ended;            /* the findings journal has no more */
    uint64_t silent_until; /* while not 0: nothing is compared yet */
    struct ktg_erased erased;
    struct ktg_err err;
};

static int event_at(void *arg, uint64_t pos, struct ktg_bytes *ret_blob)
{
    struct repeat *r = arg;
    return ktg_feed_event_at(r->events, pos, ret_blob, &r->err);
}

/* The next finding that was written; *ret_has false: none. */
static int next_finding(struct repeat *r, struct ktg_journal_item *ret_item,
                        struct ktg_finding_meta *ret_m, bool *ret_has)
{
    int rc = ktg_said_next(r->findings, ret_item, ret_m, &r->err);
    *ret_has = !rc;
    return rc == KTG_EAGAIN ? KTG_OK : rc;
}

static int compare(void *arg, const struct ktg_op *op)
{
    struct repeat *r = arg;
    struct ktg_journal_item item;
    struct ktg_finding_meta m;
    bool has = false;
    if (r->silent_until)
        return KTG_OK;
    int rc = r->ended ? KTG_OK : next_finding(r, &item, &m, &has);
    if (rc)
        return rc;
    if (!has) {
        r->ended = true;
        r->report.unsaid++;
        return KTG_OK;
    }
    if (m.position != op->pos || m.n != op->n || !ktg_bytes_eq(item.payload, op->payload))
        return ktg_err_set(&r->err, KTG_ECORRUPT,
                           "findings position %" PRIu64
                           " is not what the events answer: rule %.*s, event position %" PRIu64
                           ", answer %" PRIu32,
                           item.pos, (int)op->rule.size, (const char *)op->rule.data, op->pos,
                           op->n);
    struct ktg_bytes parts[] = {ktg_bytes(r->report.digest.b, sizeof r->report.digest.b),
                                op->payload};
    r->report.digest = ktg_blake2b(parts, KTG_COUNT(parts));
    r->report.findings++;
    return KTG_OK;
}

/* Can bytes be compared?  If not: until where in silence. */
static int plan(struct repeat *r, const char *findings_dir)
{
    struct ktg_journal_item item;
    struct ktg_finding_meta m;
    struct ktg_journal_mark *mark = NULL;
    uint64_t erasure, until = 0;
    bool comparable = true;
    if (!ktg_journal_mark_open(findings_dir, &mark, NULL))
        until = ktg_journal_mark_read(mark).tag;
    ktg_journal_mark_close(mark);
    int rc = ktg_erased_scan(r->events, 0, &(struct ktg_watch){0}, &erasure, &r->err);
    if (!rc)
        rc = ktg_journal_reader_seek(r->events, 0, &r->err);
    while (!rc && !(rc = ktg_said_next(r->findings, &item, &m, &r->err))) {
        comparable = comparable && ktg_said_repeats(&item, &m, KTG_ENGINE_VERSION);
        r->report.other_engine = r->report.other_engine || m.engine != KTG_ENGINE_VERSION;
        until = m.position > until ? m.position : until;
    }
    r->report.erased = erasure != 0;
    r->report.by_standing = erasure || !comparable;
    r->silent_until = r->report.by_standing ? until : 0;
    return rc == KTG_EAGAIN ? ktg_journal_reader_seek(r->findings, 0, &r->err) : rc;
}

/* The end of the silence: what is said from now on is beyond the findings journal. */
static int compare_standing(struct repeat *r, struct ktg_engine *engine)
{
    struct ktg_rederive how = {
        .other_engine = r->report.other_engine, .arg = &r->erased, .is_erased = ktg_erased_has};
    struct ktg_told *told = NULL;
    struct ktg_finding_meta last;
    size_t said = 0;
    int rc = ktg_told_new(&told);
    if (!rc)
        rc = ktg_said_fold(r->findings, told, &last, &r->err);
    if (!rc) {
        how.told = told;
        r->report.stood = ktg_told_standing(told);
        rc = ktg_engine_rederive(engine, &how, &said, &r->err);
    }
    ktg_told_free(told);
    r->report.differences = said;
    r->silent_until = 0;
    r->ended = true;
    if (!rc && said && !r->report.other_engine && !r->report.erased)
        rc =
            ktg_err_set(&r->err, KTG_ECORRUPT,
                        "what stands differs %zu times from what the findings journal tells", said);
    return rc;
}

static int answer_all(struct repeat *r, struct ktg_engine *engine,
                      void (*progress)(void *, uint64_t, uint64_t), void *arg)
{
    struct ktg_arena scratch = KTG_ARENA_INIT;
    struct ktg_journal_item item;
    uint64_t all = ktg_journal_reader_mark(r->events);
    int rc;
    while (!(rc = ktg_journal_reader_next(r->events, &item, &r->err))) {
        if ((rc = ktg_feed_item(engine, &scratch, &item, &r->err)))
            break;
        r->report.positions = item.pos;
        r->report.events += item.kind == KTG_RECORD_EVENT;
        if (r->silent_until &&
            ((rc = ktg_erased_note(&r->erased, &item)) ||
             (!item.left && item.pos >= r->silent_until && (rc = compare_standing(r, engine)))))
            break;
        if (progress && item.pos % STRIDE == 0)
            progress(arg, item.pos, all);
    }
    ktg_arena_done(&scratch);
    return rc == KTG_EAGAIN ? KTG_OK : rc;
}

int ktg_repeat(const char *journal_dir, const char *findings_dir,
               void (*progress)(void *, uint64_t, uint64_t), void *arg,
               struct ktg_repeat_report *ret_report, struct ktg_err *err)
{
    struct repeat r = {0};
    struct ktg_engine_world world = {.arg = &r, .event_at = event_at, .out = compare};
    struct ktg_state *state = NULL;
    struct ktg_engine *engine = NULL;
    struct ktg_journal_item item;
    struct ktg_finding_meta m;
    bool has = false;
    int rc = ktg_journal_reader_open(journal_dir, NULL, &r.events, &r.err);
    if (!rc)
        rc = ktg_journal_reader_open(findings_dir, NULL, &r.findings, &r.err);
    if (!rc)
        rc = plan(&r, findings_dir);
    if (!rc)
        rc = ktg_state_new(NULL, &state);
    if (!rc)
        rc = ktg_engine_new(state, &world, &engine, &r.err);
    if (!rc)
        rc = answer_all(&r, engine, progress, arg);
    if (!rc && !r.ended)
        rc = next_finding(&r, &item, &m, &has);
    if (!rc && (has || r.silent_until))
        rc = ktg_err_set(&r.err, KTG_ECORRUPT,
                         "findings position %" PRIu64
                         " answers an event that the journal does not hold",
                         has ? item.pos : ktg_journal_reader_mark(r.findings));
    ktg_engine_free(engine);
    ktg_state_free(state);
    ktg_erased_done(&r.erased);
    ktg_journal_reader_close(r.findings);
    ktg_journal_reader_close(r.events);
    if (rc && err)
        *err = r.err;
    *ret_report = r.report;
    return rc;
}
