/* brokers/correlation/repeat.c - see repeat.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "brokers/correlation/repeat.h"

#include <inttypes.h>

#include "brokers/correlation/feed.h"
#include "schema/finding.h"
#include "schema/record.h"

enum { STRIDE = 8192 }; /* positions between two words of progress */

struct repeat {
    struct ktg_journal_reader *events, *findings;
    struct ktg_repeat_report report;
    bool ended; /* the findings journal has no more */
    struct ktg_err err;
};

static int event_at(void *arg, uint64_t pos, struct ktg_bytes *ret_blob)
{
    struct repeat *r = arg;
    return ktg_feed_event_at(r->events, pos, ret_blob, &r->err);
}

/* The next finding that was written; *ret_has false: none. */
static int next_finding(struct repeat *r, struct ktg_journal_item *ret_item, bool *ret_has)
{
    int rc;
    do
        rc = ktg_journal_reader_next(r->findings, ret_item, &r->err);
    while (!rc && ret_item->kind != KTG_FINDING_RECORD);
    *ret_has = !rc;
    return rc == KTG_EAGAIN ? KTG_OK : rc;
}

static int compare(void *arg, const struct ktg_op *op)
{
    struct repeat *r = arg;
    struct ktg_journal_item item;
    uint64_t pos;
    uint32_t n;
    bool has = false;
    int rc = r->ended ? KTG_OK : next_finding(r, &item, &has);
    if (rc)
        return rc;
    if (!has) {
        r->ended = true;
        r->report.unsaid++;
        return KTG_OK;
    }
    if (ktg_finding_meta_decode(item.meta, &pos, &n) || pos != op->pos || n != op->n ||
        !ktg_bytes_eq(item.payload, op->payload))
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
    bool has = false;
    int rc = ktg_journal_reader_open(journal_dir, NULL, &r.events, &r.err);
    if (!rc)
        rc = ktg_journal_reader_open(findings_dir, NULL, &r.findings, &r.err);
    if (!rc)
        rc = ktg_state_new(NULL, &state);
    if (!rc)
        rc = ktg_engine_new(state, &world, &engine, &r.err);
    if (!rc)
        rc = answer_all(&r, engine, progress, arg);
    if (!rc && !r.ended)
        rc = next_finding(&r, &item, &has);
    if (!rc && has)
        rc = ktg_err_set(&r.err, KTG_ECORRUPT,
                         "findings position %" PRIu64
                         " answers an event that the journal does not hold",
                         item.pos);
    ktg_engine_free(engine);
    ktg_state_free(state);
    ktg_journal_reader_close(r.findings);
    ktg_journal_reader_close(r.events);
    if (rc && err)
        *err = r.err;
    *ret_report = r.report;
    return rc;
}
