/* brokers/correlation/answered.h - the findings journal as the engine writes it, or as it must repeat it.
 *
 *     what was written before ─────────────┐ end of it
 *     engine (after a restart): compared   │  appended
 *     ─────────────────────────────────────┘──────────────> time
 *
 *     another engine, or events erased:      silent ......> the event position that was answered last: compared as sets
 *
 * (1) As long as the journal holds records that the engine has not repeated, each difference must equal the next record, key and bytes;
 *     anything else is a bug, and stops the station (KTG_ECORRUPT).
 *     So is a difference for an event position that `done` covers, once nothing is left to repeat.
 * (2) Then differences are appended.  commit() makes them durable together with `done`; only after that may the state be saved
 *     (state.position <= findings.done).
 * (3) A tail can be repeated only if this engine alone has said it, and nothing in it was erased or re-derived.  Else it is silence()
 *     up to until(), where told() is compared with what stands (ktg_engine_rederive), and speak() lets the differences in: from
 *     next_n() on, for the position that was answered last.  A crash among them leaves fewer of them for the next time.
 * (4) A disk without room is no failure of an answer: put() keeps what the journal cannot take, and commit() says KTG_EFULL as often
 *     as it is called until all of it is durable.  Nobody answers on meanwhile, so what is kept is what one step answers.
 * Shell of the journal.  Floor 3.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_BROKERS_CORRELATION_ANSWERED_H
#define KTG_BROKERS_CORRELATION_ANSWERED_H

#include "rules/engine/engine.h"
#include "runtime/journal/journal.h"

struct ktg_answered;

/* `from`: findings position up to which the checkpoint has seen (0: none); `engine`: the version that answers now.  The options'
 * callbacks are left to the caller.
 * KTG_ENOTFOUND: the journal ends before it, so the checkpoint belongs to another one. */
KTG_MUST_CHECK int ktg_answered_open(const char *dir, const struct ktg_journal_options *options,
                                     uint64_t from, int64_t engine, struct ktg_answered **ret_a,
                                     struct ktg_err *err);
struct ktg_answered *ktg_answered_close(struct ktg_answered *a);

KTG_MUST_CHECK int ktg_answered_put(struct ktg_answered *a, const struct ktg_op *op, ktg_time clock,
                                    struct ktg_err *err);
/* Everything up to event position `done` is answered: durable when this returns.  KTG_EFULL: the disk has no room; nothing is
 * lost, call it again with the same `done`. */
KTG_MUST_CHECK int ktg_answered_commit(struct ktg_answered *a, ktg_time clock, uint64_t done,
                                       struct ktg_err *err);

bool ktg_answered_comparable(const struct ktg_answered *a);   /* (3) */
bool ktg_answered_other_engine(const struct ktg_answered *a); /* said some of that tail */
uint64_t ktg_answered_until(
    const struct ktg_answered *a); /* the greatest event position that was answered; 0: none */
void ktg_answered_silence(struct ktg_answered *a); /* put() and commit() do nothing ... */
void ktg_answered_speak(struct ktg_answered *a);   /* ... until here */
/* Everything that was said, in order, into `to`, which looks into the mapped journal until close().  KTG_ECORRUPT: a record cannot be
 * read. */
struct ktg_told;
KTG_MUST_CHECK int ktg_answered_told(struct ktg_answered *a, struct ktg_told *to,
                                     struct ktg_err *err);
/* After told(): the number of the next difference for event position `pos`. */
uint32_t ktg_answered_next_n(const struct ktg_answered *a, uint64_t pos);

uint64_t ktg_answered_done(const struct ktg_answered *a);     /* durable */
uint64_t ktg_answered_position(const struct ktg_answered *a); /* end of the findings journal */
bool ktg_answered_repeating(const struct ktg_answered *a);    /* or silent */
bool ktg_answered_is_silent(const struct ktg_answered *a);
/* Findings position up to which this engine has said or repeated it: where an open() may go on.  Not while silent. */
uint64_t ktg_answered_agreed(const struct ktg_answered *a);
uint64_t ktg_answered_repeated(const struct ktg_answered *a); /* records compared since open */
uint64_t ktg_answered_appended(const struct ktg_answered *a);
uint64_t ktg_answered_owed(const struct ktg_answered *a); /* said, and not durable yet */
struct ktg_journal *ktg_answered_journal(struct ktg_answered *a);

#endif
