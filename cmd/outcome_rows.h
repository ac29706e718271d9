/* cmd/outcome_rows.h - two runs of rules side by side, as rows: shared by rules diff and rules backtest.
 * Floor 4.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_CMD_OUTCOME_ROWS_H
#define KTG_CMD_OUTCOME_ROWS_H

#include "cmd/command.h"
#include "rules/testing/outcomes.h"

struct ktg_outcome_rows {
    struct ktg_call *call;
    size_t most; /* rows of a kind that are shown; all are counted */
    size_t more, less, otherwise;
};
void ktg_outcome_rows_begin(struct ktg_outcome_rows *r); /* the caller ends the table */
void ktg_outcome_rows_differ(void *arg, const struct ktg_outcome *a, const struct ktg_outcome *b);

#endif
