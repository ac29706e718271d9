/* brokers/correlation/answered.c - the picture and the numbered invariants are in answered.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "brokers/correlation/answered.h"

#include <inttypes.h>

#include "brokers/correlation/said.h"
#include "runtime/mem.h"

struct ktg_answered {
    struct ktg_journal *journal;
    struct ktg_journal_reader *reader; /* while there is something to repeat */
    struct ktg_journal_reader *said;   /* of told() */
    struct ktg_journal_item next;      /* the record that must come next */
    struct ktg_finding_meta next_meta,
        last_meta; /* last: of the journal, once told() has read it */
    int64_t engine;
    bool comparable, other_engine, silent,
        speaks; /* speaks: differences of a re-derivation are let in */
    uint64_t until;
    uint64_t done, repeated, appended;
    struct ktg_buf meta;
    struct ktg_buf owed; /* (4) of struct owed, meta, payload */
    size_t paid;         /* bytes of it that the journal has */
    uint64_t owed_count;
    char dir[];
};

struct owed {
    uint32_t kind, meta, payload; /* bytes of what follows */
};

/* Step to the next record that was written before; none left: from now on append. */
static int advance(struct ktg_answered *a, struct ktg_err *err)
{
    int rc = ktg_said_next(a->reader, &a->next, &a->next_meta, err);
    if (rc != KTG_EAGAIN)
        return rc;
    a->reader = ktg_journal_reader_close(a->reader);
    return KTG_OK;
}

/* Can what follows `from` be repeated, and how far does it answer? */
static int look_ahead(struct ktg_answered *a, uint64_t from, struct ktg_err *err)
{
    struct ktg_journal_item item;
    struct ktg_finding_meta m;
    int rc = ktg_journal_reader_seek(a->reader, from + 1, err);
    while (!rc && !(rc = ktg_said_next(a->reader, &item, &m, err))) {
        a->comparable = a->comparable && ktg_said_repeats(&item, &m, a->engine);
        a->other_engine = a->other_engine || m.engine != a->engine;
        a->until = m.position > a->until ? m.position : a->until;
    }
    return rc == KTG_EAGAIN ? ktg_journal_reader_seek(a->reader, from + 1, err) : rc;
}

int ktg_answered_open(const char *dir, const struct ktg_journal_options *options, uint64_t from,
                      int64_t engine, struct ktg_answered **ret_a, struct ktg_err *err)
{
    struct ktg_journal_end end;
    size_t size = strlen(dir) + 1;
    struct ktg_answered *a = ktg_zalloc(sizeof *a + size);
    if (!a)
        return ktg_err_set(err, KTG_ENOMEM, "findings: out of memory");
    memcpy(a->dir, dir, size);
    int rc = ktg_journal_open(dir, options, &a->journal, err);
    if (!rc) {
        ktg_journal_end(a->journal, &end);
        a->done = a->until = end.tag;
        a->engine = engine;
        a->comparable = true;
        if (from > end.mark)
            rc = ktg_err_set(err, KTG_ENOTFOUND,
                             "findings: the checkpoint has seen position %" PRIu64
                             ", the journal ends at %" PRIu64,
                             from, end.mark);
        else if (from < end.mark)
            rc = ktg_journal_reader_open(dir, NULL, &a->reader, err);
    }
    if (!rc && a->reader)
        rc = look_ahead(a, from, err);
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
    ktg_journal_reader_close(a->said);
    ktg_journal_close(a->journal);
    ktg_buf_done(&a->meta);
    ktg_buf_done(&a->owed);
    ktg_free(a);
    return NULL;
}

static int repeat(struct ktg_answered *a, const struct ktg_op *op, struct ktg_err *err)
{
    if (op->pos != a->next_meta.position || op->n != a->next_meta.n ||
        !ktg_bytes_eq(op->payload, a->next.payload))
        return ktg_err_set(
            err, KTG_ECORRUPT,
            "the engine does not repeat itself: findings position %" PRIu64 " holds answer %" PRIu32
            " of event position %" PRIu64 ", now rule %.*s gives answer %" PRIu32
            " of position %" PRIu64 "%s. This is a bug: keep both journals and report it",
            a->next.pos, a->next_meta.n, a->next_meta.position, (int)op->rule.size,
            (const char *)op->rule.data, op->n, op->pos,
            op->pos == a->next_meta.position && op->n == a->next_meta.n ? " with other bytes" : "");
    a->repeated++;
    return advance(a, err);
}

/* ---- appending ----------------------------------------------------------------------------------------------------------- */

/* Into the open batch; one that is full is sealed first: `done` stays where it was.  KTG_EFULL: the disk. */
static int append(struct ktg_answered *a, uint8_t kind, struct ktg_bytes meta,
                  struct ktg_bytes payload, ktg_time clock)
{
    ktg_position pos;
    int rc;
    for (;;) {
        rc = ktg_journal_append(a->journal, kind, meta, payload, NULL, &pos);
        if (rc == KTG_EFULL && ktg_journal_pending(a->journal))
            rc = ktg_journal_seal_and_wait(a->journal, clock, a->done, NULL);
        else if (rc == KTG_EAGAIN)
            rc = ktg_journal_wait(a->journal);
        else
            break;
        if (rc)
            return rc;
    }
    a->appended += rc == KTG_OK;
    return rc;
}

static int owe(struct ktg_answered *a, uint8_t kind, struct ktg_bytes meta,
               struct ktg_bytes payload)
{
    struct owed o = {kind, (uint32_t)meta.size, (uint32_t)payload.size};
    size_t size = a->owed.size;
    ktg_buf_put(&a->owed, &o, sizeof o);
    ktg_buf_put_bytes(&a->owed, meta);
    ktg_buf_put_bytes(&a->owed, payload);
    if (ktg_buf_check(&a->owed)) {
        a->owed.size = size;
        return KTG_ENOMEM;
    }
    a->owed_count++;
    return KTG_OK;
}

/* In the order in which it was said; what the journal has taken is not given again. */
static int pay(struct ktg_answered *a, ktg_time clock)
{
    while (a->paid < a->owed.size) {
        struct owed o;
        const uint8_t *at = a->owed.data + a->paid;
        memcpy(&o, at, sizeof o);
        int rc = append(a, (uint8_t)o.kind, ktg_bytes(at + sizeof o, o.meta),
                        ktg_bytes(at + sizeof o + o.meta, o.payload), clock);
        if (rc)
            return rc;
        a->paid += sizeof o + o.meta + o.payload;
        a->owed_count--;
    }
    ktg_buf_done(&a->owed);
    a->paid = 0;
    return KTG_OK;
}

/* Its own words for a disk that is full: nothing else is wrong then. */
static int fail(const struct ktg_answered *a, int rc, struct ktg_err *err)
{
    if (rc == KTG_EFULL)
        return ktg_err_set(err, rc, "%s: there is no room for another segment", a->dir);
    return ktg_err_set(err, rc, "%s: answers could not be written: %s", a->dir,
                       ktg_code_advice(rc));
}

int ktg_answered_put(struct ktg_answered *a, const struct ktg_op *op, ktg_time clock,
                     struct ktg_err *err)
{
    if (a->silent)
        return KTG_OK;
    if (a->reader)
        return repeat(a, op, err);
    if (op->pos <= a->done && !a->speaks)
        return ktg_err_set(
            err, KTG_ECORRUPT,
            "the engine does not repeat itself: event position %" PRIu64
            " was answered before, up to %" PRIu64 ", and now rule %.*s gives answer %" PRIu32
            " more. This is a bug: keep both journals and report it",
            op->pos, a->done, (int)op->rule.size, (const char *)op->rule.data, op->n);
    ktg_buf_clear(&a->meta);
    struct ktg_finding_meta m = {
        .position = op->pos, .n = op->n, .rev = op->rev, .engine = a->engine};
    memcpy(m.finding, op->finding, sizeof m.finding);
    ktg_finding_meta_encode(&m, &a->meta);
    if (ktg_buf_check(&a->meta))
        return ktg_err_set(err, KTG_ENOMEM, "findings: out of memory");
    uint8_t kind = op->kind == KTG_OP_NONE ? KTG_FINDING_LEFT : KTG_FINDING_RECORD;
    struct ktg_bytes meta = ktg_buf_view(&a->meta);
    int rc = a->owed_count ? KTG_EFULL : append(a, kind, meta, op->payload, clock);
    if (rc == KTG_EFULL)
        rc = owe(a, kind, meta, op->payload);
    return rc ? fail(a, rc, err) : KTG_OK;
}

int ktg_answered_commit(struct ktg_answered *a, ktg_time clock, uint64_t done, struct ktg_err *err)
{
    if (a->silent)
        return KTG_OK;
    if (a->reader) {
        if (done >= a->next_meta.position)
            return ktg_err_set(
                err, KTG_ECORRUPT,
                "the engine does not repeat itself: answer %" PRIu32 " of event position %" PRIu64
                " (findings position %" PRIu64
                ") was not given again. This is a bug: keep both journals and report it",
                a->next_meta.n, a->next_meta.position, a->next.pos);
        return KTG_OK;
    }
    a->speaks = false;
    int rc = pay(a, clock);
    if (!rc && done <= a->done && !ktg_journal_pending(a->journal))
        return KTG_OK;
    if (!rc)
        rc = ktg_journal_seal_and_wait(a->journal, clock, done, NULL);
    if (rc)
        return fail(a, rc, err);
    a->done = done;
    return KTG_OK;
}

/* ---- re-derivation ------------------------------------------------------------------------------------------------------- */

bool ktg_answered_comparable(const struct ktg_answered *a)
{
    return a->comparable;
}
bool ktg_answered_other_engine(const struct ktg_answered *a)
{
    return a->other_engine;
}
uint64_t ktg_answered_until(const struct ktg_answered *a)
{
    return a->until;
}

void ktg_answered_silence(struct ktg_answered *a)
{
    a->reader = ktg_journal_reader_close(a->reader);
    a->silent = true;
}

void ktg_answered_speak(struct ktg_answered *a)
{
    a->silent = false;
    a->speaks = true;
}

int ktg_answered_told(struct ktg_answered *a, struct ktg_told *to, struct ktg_err *err)
{
    a->said = ktg_journal_reader_close(a->said);
    int rc = ktg_journal_reader_open(a->dir, NULL, &a->said, err);
    return rc ? rc : ktg_said_fold(a->said, to, &a->last_meta, err);
}

uint32_t ktg_answered_next_n(const struct ktg_answered *a, uint64_t pos)
{
    return a->last_meta.position == pos ? a->last_meta.n + 1 : 0;
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
    return a->reader || a->silent;
}
bool ktg_answered_is_silent(const struct ktg_answered *a)
{
    return a->silent;
}
uint64_t ktg_answered_agreed(const struct ktg_answered *a)
{
    return a->reader ? a->next.pos - 1 : ktg_answered_position(a);
}
uint64_t ktg_answered_repeated(const struct ktg_answered *a)
{
    return a->repeated;
}
uint64_t ktg_answered_appended(const struct ktg_answered *a)
{
    return a->appended;
}
uint64_t ktg_answered_owed(const struct ktg_answered *a)
{
    return a->owed_count + ktg_journal_pending(a->journal);
}
struct ktg_journal *ktg_answered_journal(struct ktg_answered *a)
{
    return a->journal;
}
