/* rules/engine/player.h - a journal in memory that drives the engine: what replay and the tests of rules have in common.
 *
 *     event, heartbeat, away, retired, ruleset at recorded_at ──> every timer due before it, one instant after the other
 *                                              ──> the record ──> what is due at recorded_at
 *     clock line ────────────────────────────────> a batch begins, as in the journal (then nothing is stepped through;
 *                                                  a record beyond clock + ahead begins a batch of its own)
 *
 * (1) The clock never goes back: a record with an earlier recorded_at is taken at the clock.
 * (2) Positions are counted from 1 in order of arrival; blobs are kept until free.
 * Pure.  Owned by one thread.  Floor 2.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_RULES_ENGINE_PLAYER_H
#define KTG_RULES_ENGINE_PLAYER_H

#include "rules/engine/engine.h"
#include "rules/engine/heard.h"

struct ktg_player;
struct ktg_player_options {
    void *arg;
    int (*out)(void *arg, const struct ktg_op *op);
    void (*notice)(void *arg, const struct ktg_notice *notice); /* may be NULL */
    ktg_time ahead;     /* how far occurred_at may lie beyond recorded_at */
    bool lenient;       /* tests of rules: required fields may be missing ... */
    bool clocked;       /* the clock steps at clock lines from the start */
    bool tell_internal; /* ... and internal rules are told ... */
    bool judges_nobody; /* ... and what is said of alerts stops no rule: it depends on the order */
    enum ktg_answers_how answers;
    struct ktg_state *state; /* NULL: one of its own; else borrowed */
    bool restarts; /* after every record and every instant the engine begins anew from its state */
    int (*compiled)(void *arg, struct ktg_bytes bundle, struct ktg_ruleset **ret_rs); /* or NULL */
};

/* Record 0 is the bundle. */
KTG_MUST_CHECK int ktg_player_new(struct ktg_bytes bundle, const struct ktg_player_options *options,
                                  struct ktg_player **ret_p, struct ktg_err *err);
struct ktg_player *ktg_player_free(struct ktg_player *p);
struct ktg_engine *ktg_player_engine(struct ktg_player *p);

/* As ingest would: KTG_ECONFLICT (id there with other bytes), KTG_EINVALID (against the catalogue, too far ahead, a correction
 * of another source's event): not taken, err says why.  *ret_again: the same event once more, passed over. */
KTG_MUST_CHECK int ktg_player_event(struct ktg_player *p, struct ktg_bytes blob,
                                    ktg_time recorded_at, bool *ret_again, struct ktg_err *err);
KTG_MUST_CHECK int ktg_player_heartbeat(struct ktg_player *p, const struct ktg_beat *beat,
                                        ktg_time recorded_at, struct ktg_err *err);
KTG_MUST_CHECK int ktg_player_away(struct ktg_player *p, ktg_time from, ktg_time until,
                                   ktg_time recorded_at, struct ktg_err *err);
KTG_MUST_CHECK int ktg_player_retired(struct ktg_player *p, const struct ktg_retirement *r,
                                      ktg_time recorded_at, struct ktg_err *err);
KTG_MUST_CHECK int ktg_player_ruleset(struct ktg_player *p, struct ktg_bytes bundle, ktg_time at,
                                      struct ktg_err *err);
/* A clock line: from now on the clock steps at these only. */
KTG_MUST_CHECK int ktg_player_clock(struct ktg_player *p, ktg_time at, struct ktg_err *err);
/* With clock lines: does a record of this time belong to the batch that has begun? */
bool ktg_player_in_batch(struct ktg_player *p, ktg_time recorded_at);
/* The clock goes on to `until`, through every due instant; with clock lines, in one step. */
KTG_MUST_CHECK int ktg_player_reach(struct ktg_player *p, ktg_time until, struct ktg_err *err);

#endif
