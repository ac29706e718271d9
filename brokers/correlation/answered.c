/* brokers/correlation/answered.c - the picture and the numbered invariants are in answered.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "brokers/correlation/answered.h"

#include <inttypes.h>

#include "runtime/mem.h"
#include "schema/finding.h"

struct ktg_answered {
    struct ktg_journal *journal;
    struct ktg_journal_reader *reader; /* while there is something to repeat */
    struct ktg_journal_item next;      /* the record that must come next */
    uint64_t next_pos;
    uint32_t next_n;
    uint64_t done, repeated, appended;
    struct ktg_buf meta;
};

/* Step to the next record that was written before; none left: from now on append. */
static int advance(struct ktg_answered *a, struct ktg_err *err)
{
    for (;;) {
        int rc = ktg_journal_reader_next(a->reader, &a->next, err);
        if (rc == KTG_EAGAIN) {
            a->reader = ktg_journal_reader_close(a->reader);
            return KTG_OK;
        }
        if (rc)
            return rc;
        if (a->next.kind != KTG_FINDING_RECORD)
            continue;
        if (ktg_finding_meta_decode(a->next.meta, &a->next_pos, &a->next_n))
            return ktg_err_set(err, KTG_ECORRUPT, "findings: position %" PRIu64 " has no key",
                               a->next.pos);
        return KTG_OK;
    }
}

int ktg_answered_open(const char *dir, const struct ktg_journal_options *options, uint64_t from,
                      struct ktg_answered **ret_a, struct ktg_err *err)
{
    struct ktg_journal_end end;
    struct ktg_answered *a = ktg_zalloc(sizeof *a);
    if (!a)
        return ktg_err_set(err, KTG_ENOMEM, "findings: out of memory");
    int rc = ktg_journal_open(dir, options, &a->journal, err);
    if (!rc) {
        ktg_journal_end(a->journal, &end);
        a->done = end.tag;
        if (from > end.mark)
            rc = ktg_err_set(err, KTG_ENOTFOUND,
                             "findings: the checkpoint has seen position %" PRIu64
                             ", the journal ends at %" PRIu64,
                             from, end.mark);
        else if (from < end.mark)
            rc = ktg_journal_reader_open(dir, NULL, &a->reader, err);
    }
    if (!rc && a->reader)
        rc = ktg_journal_reader_seek(a->reader, from + 1, err);
    if (!rc && a->reader)
        rc = advance(a, err);
    if (rc) {
        ktg_answered_close(a);
        return rc;
    }
    *ret_a = a;
    return KTG_OK;
}

struct ktg_answered *ktg_answered_close(struct ktg_answered *a)
{
    if (!a)
        return NULL;
    ktg_journal_reader_close(a->reader);
    ktg_journal_close(a->journal);
    ktg_buf_done(&a->meta);
    ktg_free(a);
    return NULL;
}

static int repeat(struct ktg_answered *a, const struct ktg_op *op, struct ktg_err *err)
{
    if (op->pos != a->next_pos || op->n != a->next_n || !ktg_bytes_eq(op->payload, a->next.payload))
        return ktg_err_set(err, KTG_ECORRUPT,
                           "the engine does not repeat itself: findings position %" PRIu64
                           " holds answer %" PRIu32 " of event position %" PRIu64
                           ", now rule %.*s gives answer %" PRIu32 " of position %" PRIu64
                           "%s. This is a bug: keep both journals and report it",
                           a->next.pos, a->next_n, a->next_pos, (int)op->rule.size,
                           (const char *)op->rule.data, op->n, op->pos,
                           op->pos == a->next_pos && op->n == a->next_n ? " with other bytes" : "");
    a->repeated++;
    return advance(a, err);
}

int ktg_answered_put(struct ktg_answered *a, const struct ktg_op *op, ktg_time clock,
                     struct ktg_err *err)
{
    ktg_position pos;
    if (a->reader)
        return repeat(a, op, err);
    if (op->pos <= a->done)
        return ktg_err_set(
            err, KTG_ECORRUPT,
            "the engine does not repeat itself: event position %" PRIu64
            " was answered before, up to %" PRIu64 ", and now rule %.*s gives answer %" PRIu32
            " more. This is a bug: keep both journals and report it",
            op->pos, a->done, (int)op->rule.size, (const char *)op->rule.data, op->n);
    ktg_buf_clear(&a->meta);
    ktg_finding_meta_encode(op->pos, op->n, &a->meta);
    if (ktg_buf_check(&a->meta))
        return ktg_err_set(err, KTG_ENOMEM, "findings: out of memory");
    for (;;) {
        int rc = ktg_journal_append(a->journal, KTG_FINDING_RECORD, ktg_buf_view(&a->meta),
                                    op->payload, NULL, &pos);
        if (rc == KTG_EFULL &&
            ktg_journal_pending(a->journal)) /* a full batch: `done` stays where it was */
            rc = ktg_journal_seal_and_wait(a->journal, clock, a->done, NULL);
        else if (rc == KTG_EAGAIN)
            rc = ktg_journal_wait(a->journal);
        else {
            a->appended += rc == KTG_OK;
            return rc ? ktg_err_set(err, rc, "findings: a record could not be written") : KTG_OK;
        }
        if (rc)
            return ktg_err_set(err, rc, "findings: a batch could not be written");
    }
}

int ktg_answered_commit(struct ktg_answered *a, ktg_time clock, uint64_t done, struct ktg_err *err)
{
    if (a->reader) {
        if (done >= a->next_pos)
            return ktg_err_set(
                err, KTG_ECORRUPT,
                "the engine does not repeat itself: answer %" PRIu32 " of event position %" PRIu64
                " (findings position %" PRIu64
                ") was not given again. This is a bug: keep both journals and report it",
                a->next_n, a->next_pos, a->next.pos);
        return KTG_OK;
    }
    if (done <= a->done && !ktg_journal_pending(a->journal))
        return KTG_OK;
    int rc = ktg_journal_seal_and_wait(a->journal, clock, done, NULL);
    if (rc)
        return ktg_err_set(err, rc, "findings: a batch could not be written");
    a->done = done;
    return KTG_OK;
}

uint64_t ktg_answered_done(const struct ktg_answered *a)
{
    return a->done;
}
uint64_t ktg_answered_position(const struct ktg_answered *a)
{
    return ktg_journal_mark(a->journal);
}
bool ktg_answered_repeating(const struct ktg_answered *a)
{
    return a->reader != NULL;
}
uint64_t ktg_answered_repeated(const struct ktg_answered *a)
{
    return a->repeated;
}
uint64_t ktg_answered_appended(const struct ktg_answered *a)
{
    return a->appended;
}
struct ktg_journal *ktg_answered_journal(struct ktg_answered *a)
{
    return a->journal;
}
