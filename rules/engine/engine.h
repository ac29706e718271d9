/* rules/engine/engine.h - everything that remembers, so that findings are the difference between two answers in a row.
 *
 *     clock, event, heartbeat, away, retired, ruleset    in journal order
 *          │
 *          v
 *     liveness ─> identity ─> timelines ─> dirty (rule, subject) ─> answer, lowest stratum first ─> difference ─> out()
 *     (corrections) (ties)    (records)        ^                          │
 *                                              └── posted findings, timers ┘
 *
 * (1) What goes out depends on the sequence of inputs and on nothing else: no clock, no address, no hash order.
 * (2) All that is remembered lies in the state (state.h), so a checkpoint between two calls continues byte-identically.
 * (3) Answered after each record: batches never show.
 * (4) now = recorded_at of the batch; timers due before it fire first with now = recorded_at - 1 (docs/adr/0001).
 * (5) Posted findings go only to higher strata, and rules are answered in order of stratum: one pass settles a record.
 *
 * Internal rules are answered and posted but not told; shadow ones are told with route.status "shadow".
 * A rule that uses up its budget about a subject is not asked about them until its text changes (notice, spent.h); one that does
 * so about many, or is right too seldom, is suspended until then (suspended.h).  Its findings stay as they were said, under the
 * names that are borne now.
 * Pure.  Owned by one thread.  Floor 2, above rules/ and rules/cel.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_RULES_ENGINE_ENGINE_H
#define KTG_RULES_ENGINE_ENGINE_H

#include "rules/engine/state.h"
#include "rules/ruleset.h"

#define KTG_ENGINE_VERSION \
    7 /* a new number re-derives; it stands in findings journal and checkpoint */

struct ktg_engine;

enum ktg_op_kind {
    KTG_OP_RAISE,
    KTG_OP_AMEND,
    KTG_OP_WITHDRAW,
    KTG_OP_UNKNOWN,
    KTG_OP_NONE, /* it leaves with events that were erased: nothing is said of it (LANGUAGE.md 9) */
};

/* One difference, as it goes to the findings journal. */
struct ktg_op {
    uint64_t pos; /* of the journal position that brought it about ... */
    uint32_t n;   /* ... and its number there, from 0 */
    enum ktg_op_kind kind;
    ktg_time at;
    struct ktg_bytes rule, subject;
    uint8_t finding[16];
    uint32_t rev;
    struct ktg_bytes payload; /* canonical wire map: the object of DECISIONS 23 and `route` */
};

struct ktg_suspension;
struct ktg_notice {
    uint64_t pos;
    ktg_time at;
    const char *what; /* "rule-over-budget", "rule-suspended"; "rule-below-floor": it goes on */
    struct ktg_bytes rule;    /* may be empty */
    struct ktg_bytes kind;    /* of the subject; empty: not said */
    struct ktg_bytes subject; /* at which it used up its budget; else empty */
    const struct ktg_suspension *why;
};

/* What the engine needs from outside. */
/* How answers are worked out; all say the same bytes. */
enum ktg_answers_how {
    KTG_ANSWERS_RECENT, /* of long timelines only what can have changed (recent.h) */
    KTG_ANSWERS_WHOLE,  /* always the whole: what tests compare with */
    KTG_ANSWERS_SHORT, /* every timeline counts as long, and lies in many records; few events are kept decoded: for tests */
};

/* What is being done with the record at hand, beside answering it. */
enum ktg_engine_doing {
    KTG_ENGINE_ANSWERS,
    KTG_ENGINE_MERGES, /* names merged or split: all that lies under them is answered again */
    KTG_ENGINE_RELOADS /* another rule set: everybody is */
};

#define KTG_EVENT_BYTES 550 /* that one decoded event takes, at most */
struct ktg_engine_world {
    void *arg;
    /* The canonical blob of the event at a position.  KTG_ENOTFOUND: it was erased.  The view stays valid as long as
     * the engine (the mapped journal in life). */
    int (*event_at)(void *arg, uint64_t pos, struct ktg_bytes *ret_blob);
    /* Differences in order; the op is valid during the call.  A code other than 0 ends the current call with it. */
    int (*out)(void *arg, const struct ktg_op *op);
    void (*notice)(void *arg, const struct ktg_notice *notice); /* may be NULL */
    void (*working)(void *arg); /* between two answers: a record may need many.  May be NULL */
    /* Whenever it becomes another; ANSWERS at the end of the record.  May be NULL. */
    void (*doing)(void *arg, enum ktg_engine_doing what);
    size_t
        event_slots; /* events that are kept decoded, a power of two; KTG_EVENT_BYTES each; 0: 65536 */
    enum ktg_answers_how answers;
    bool tell_internal; /* internal rules are told like others: tests of rules */
    bool judges_nobody; /* dispositions are of other texts than the rules: backtests */
    /* The bundle compiled, an owner's share of it; KTG_ENOTFOUND: the engine compiles.  May be NULL. */
    int (*compiled)(void *arg, struct ktg_bytes bundle, struct ktg_ruleset **ret_rs);
};

/* An engine over a state; continues where the state stands.  The state is borrowed and must outlive the engine.
 * KTG_ECORRUPT: the state is not one of ours, or of another layout: rebuild it. */
KTG_MUST_CHECK int ktg_engine_new(struct ktg_state *state, const struct ktg_engine_world *world,
                                  struct ktg_engine **ret_e, struct ktg_err *err);
struct ktg_engine *ktg_engine_free(struct ktg_engine *e);

/* A batch begins: settles the one before, then fires what is due before `recorded_at`. */
KTG_MUST_CHECK int ktg_engine_clock(struct ktg_engine *e, uint64_t pos, ktg_time recorded_at,
                                    struct ktg_err *err);
/* `target`: position of the event that this one corrects, 0: none or not known yet.  Blobs have passed ingest. */
KTG_MUST_CHECK int ktg_engine_event(struct ktg_engine *e, uint64_t pos, struct ktg_bytes blob,
                                    uint64_t target, struct ktg_err *err);
/* heard.h; its `pos` is not read. */
struct ktg_beat;
KTG_MUST_CHECK int ktg_engine_heartbeat(struct ktg_engine *e, uint64_t pos,
                                        const struct ktg_beat *beat, struct ktg_err *err);
/* Nobody could be heard from `from` to `until`, which may lie after the clock: what is due between them is then not yet
 * answered. */
KTG_MUST_CHECK int ktg_engine_away(struct ktg_engine *e, uint64_t pos, ktg_time from,
                                   ktg_time until, struct ktg_err *err);
/* A source sends no more, or that is taken back.  One that is dated after the clock is not believed. */
struct ktg_retirement;
KTG_MUST_CHECK int ktg_engine_retired(struct ktg_engine *e, uint64_t pos,
                                      const struct ktg_retirement *r, struct ktg_err *err);
/* KTG_EINVALID: the bundle does not compile; nothing changed. */
KTG_MUST_CHECK int ktg_engine_ruleset(struct ktg_engine *e, uint64_t pos, struct ktg_bytes bundle,
                                      struct ktg_err *err);
/* The batch is over: answers what is due at its recorded_at.  Doing it twice, or leaving it to the next clock, gives
 * the same bytes. */
KTG_MUST_CHECK int ktg_engine_settle(struct ktg_engine *e, struct ktg_err *err);

/* Replay of a file without clock lines: step to `now`, which must not lie before the clock; at = now. */
KTG_MUST_CHECK int ktg_engine_step(struct ktg_engine *e, ktg_time now, struct ktg_err *err);
ktg_time
ktg_engine_due(const struct ktg_engine *e); /* the earliest timer, a lower bound; KTG_NEVER */

size_t ktg_engine_suspended(const struct ktg_engine *e);  /* rules, now */
uint64_t ktg_engine_position(const struct ktg_engine *e); /* answered up to here; 0: nothing */
ktg_time ktg_engine_now(const struct ktg_engine *e);
const struct ktg_ruleset *ktg_engine_rules(const struct ktg_engine *e); /* NULL: none yet */

/* The findings that stand, sorted by (rule, subject kind, subject, key, anchor, from). */
struct ktg_standing;
typedef int ktg_engine_each(void *arg, struct ktg_bytes rule, struct ktg_bytes kind,
                            struct ktg_bytes subject, const struct ktg_standing *finding);
KTG_MUST_CHECK int ktg_engine_standing(struct ktg_engine *e, ktg_engine_each *each, void *arg);

/* After a silent replay: what was told so far (told.h), and why it may differ from what stands now. */
struct ktg_told;
struct ktg_rederive {
    const struct ktg_told *told;
    uint32_t n;        /* number of the first difference at the engine's position */
    bool other_engine; /* what was told was not answered by this engine alone */
    void *arg;
    bool (*is_erased)(void *arg, const uint8_t event[static 16]); /* NULL: nothing was erased */
};
/* Say the differences between what was told and what stands, in order, with the reason "engine" or "erased", as of the engine's
 * position and clock.  What stands bears from now on the labels and revisions under which it was told, so a second call says
 * nothing.  A finding that stands no more and rests on an erased event, or leaves when nothing but erasure can be why, gets
 * KTG_OP_NONE.  Between two batches only.  KTG_ECORRUPT: what was told cannot be read. */
KTG_MUST_CHECK int ktg_engine_rederive(struct ktg_engine *e, const struct ktg_rederive *how,
                                       size_t *ret_said, struct ktg_err *err);

/* Why a standing finding stands: ktg_explain() over its timeline as of now.  KTG_ENOTFOUND: no such finding stands. */
KTG_MUST_CHECK int ktg_engine_explain(struct ktg_engine *e, const uint8_t finding[static 16],
                                      struct ktg_buf *to, struct ktg_err *err);

/* The rules that are suspended, or right too seldom, in order of answering. */
typedef int ktg_engine_each_suspended(void *arg, const struct ktg_rule *rule,
                                      const struct ktg_suspension *s);
KTG_MUST_CHECK int ktg_engine_suspensions(struct ktg_engine *e, ktg_engine_each_suspended *each,
                                          void *arg);

/* What all answers since the engine was opened took of their budgets: a measure of work that no clock tells. */
uint64_t ktg_engine_steps(const struct ktg_engine *e);

/* Why the rule says nothing (more) about a subject: ktg_why_not() over its timeline as of now.  `subject`: an
 * identifier, of the first kind of the rule's that knows it.  KTG_ENOTFOUND: no such rule. */
KTG_MUST_CHECK int ktg_engine_why_not(struct ktg_engine *e, struct ktg_bytes rule,
                                      struct ktg_bytes subject, struct ktg_buf *to,
                                      struct ktg_err *err);

#endif
