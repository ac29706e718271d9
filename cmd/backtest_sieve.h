/* cmd/backtest_sieve.h - the events of a journal that some rules can do without.
 *
 *     an event is needed: a rule reads its type, or it ties identifiers of a person, or it corrects one that is needed,
 *                         or one that has not come yet
 *
 * (1) With `needs` in any rule all are needed: every event says that its source is alive.
 * (2) An event that is needed and corrects one that was passed over has no meaning here (KTG_EAGAIN): begin again without
 *     a sieve.  Sources seldom do that: a correction is of the type that it corrects, or of none that rules read.
 * Floor 4.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_CMD_BACKTEST_SIEVE_H
#define KTG_CMD_BACKTEST_SIEVE_H

#include "rules/ruleset.h"
#include "runtime/journal/journal.h"

struct ktg_backtest_sieve {
    const struct ktg_ruleset *rs;
    bool off;
    uint8_t *passed; /* bit per position, from 0 */
    uint64_t most;
    struct ktg_arena arena;
};

/* Positions up to `mark`. */
KTG_MUST_CHECK int ktg_backtest_sieve_init(struct ktg_backtest_sieve *s,
                                           const struct ktg_ruleset *rs, uint64_t mark);
void ktg_backtest_sieve_done(struct ktg_backtest_sieve *s);
/* KTG_EAGAIN: see (2). */
KTG_MUST_CHECK int ktg_backtest_sieve_item(struct ktg_backtest_sieve *s,
                                           const struct ktg_journal_item *item, bool *ret_needed,
                                           struct ktg_err *err);

#endif
