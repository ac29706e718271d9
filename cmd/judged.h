/* cmd/judged.h - what agencies said of the alerts of each rule, counted from the events of a journal.
 *
 *     told (agency, alert) -> rule ─┐
 *     closed by that agency ────────┴─> row (rule, agency): how often each disposition, how often right and wrong
 *
 * (1) The first closing after each telling counts, as in the engine (docs/adr/0017-precision.md); but all texts that the rule
 *     ever had together, and every disposition.
 * (2) Counts, and nothing else, leave this room.
 * Pure.  Floor 4.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_CMD_JUDGED_H
#define KTG_CMD_JUDGED_H

#include "rules/engine/verdict.h"
#include "runtime/mem.h"

enum {
    KTG_JUDGED_CODES = 12
}; /* dispositions that are told apart; the last stands for all others */

struct ktg_judged_row {
    struct ktg_bytes rule, agency; /* agency empty: of all agencies */
    uint64_t right, wrong;
    uint64_t as[KTG_JUDGED_CODES]; /* by place in the list of codes */
};

struct ktg_judged_open;
struct ktg_judged_rows {
    const struct ktg_catalogue *catalogue; /* borrowed */
    const char *const *codes;              /* ended by NULL */
    ktg_time since;                        /* closed earlier: not counted */
    struct ktg_arena arena;
    struct ktg_judged_open *open; /* a hash table: who was told of what and has not closed it */
    size_t room, used;
    struct ktg_judged_row *rows;
    size_t count, cap;
};

void ktg_judged_begin(struct ktg_judged_rows *j, const struct ktg_catalogue *c,
                      const char *const *codes, ktg_time since);
void ktg_judged_done(struct ktg_judged_rows *j);
/* The next event, in order of the journal.  KTG_ENOMEM. */
KTG_MUST_CHECK int ktg_judged_event(struct ktg_judged_rows *j, const struct ktg_event *e);
/* Sorted by rule, then agency; behind those of a rule the row of all of them.  After it no event. */
KTG_MUST_CHECK int ktg_judged_end(struct ktg_judged_rows *j);

#endif
