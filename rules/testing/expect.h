/* rules/testing/expect.h - what a test of a rule expects, against what was said (LANGUAGE.md section 11).
 *
 *     raise|close|withdraw|unknown|amend RULE SUBJECT @TIME [value=text ...] [level=...] [weight=HUNDREDTHS]
 *
 * (1) `close` is an amend that leaves a finding closed that was not; amends that neither open nor close are left out
 *     unless the test says `amends: true`.
 * (2) Compared: op, rule, subject, time to the second, and the values that the line names.
 * (3) Only the rules that the lines name and the rule under test are looked at.
 * Pure.  Floor 2.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_RULES_TESTING_EXPECT_H
#define KTG_RULES_TESTING_EXPECT_H

#include "rules/engine/engine.h"

struct ktg_said { /* an op as a test sees it */
    const char *op;
    struct ktg_bytes rule, subject;
    ktg_time at;
    int offset_min;
    bool minor;               /* an amend that neither opens nor closes */
    struct ktg_bytes payload; /* copied */
};

struct ktg_heard_ops { /* of one run */
    struct ktg_arena *a;
    struct ktg_said *list;
    size_t count, cap;
    struct ktg_open *open; /* labels and whether they were closed last */
    size_t open_count, open_cap;
};
/* An `out` of the engine: arg is a struct ktg_heard_ops. */
int ktg_expect_listen(void *arg, const struct ktg_op *op);
void ktg_expect_done(struct ktg_heard_ops *h);

/* A line of `expect`; views into it. */
struct ktg_wanted {
    struct ktg_bytes text, op, rule, subject;
    ktg_time at;
    struct ktg_bytes names[16], values[16];
    size_t value_count;
    bool missing; /* nothing that was said is this */
};
/* Is the subject the one that a test's word names?  P1 names the document P1 of UTO; anything else itself. */
bool ktg_expect_is_subject(struct ktg_bytes subject, struct ktg_bytes word);
void ktg_expect_put_subject(struct ktg_buf *to, struct ktg_bytes word); /* as that document */
bool ktg_expect_is_same_second(ktg_time a, ktg_time b);
struct ktg_expected { /* all lines; zeroed at first */
    struct ktg_wanted *list;
    size_t count;
};
/* What was said, as a line of a report that begins with `mark`. */
void ktg_expect_put_said(struct ktg_buf *to, char mark, const struct ktg_said *s);
/* A named value of what was said, appended; `level` is the level, `weight` the weight in
 * hundredths, unless a value is called so.  False: it has none. */
bool ktg_expect_value(const struct ktg_said *s, struct ktg_bytes name, struct ktg_buf *to);

/* `ret_wanted` may be NULL; ktg_expected_done() it.  *ret_same; where they differ, lines of "  raise ..." (as
 * expected), "- ..." (missing) and "+ ..." (said) in `report`.
 * KTG_EINVALID: the expectation cannot be read (err names file and line). */
KTG_MUST_CHECK int ktg_expect_compare(struct ktg_bytes expect, const char *file, int line,
                                      const char *rule, bool amends,
                                      const struct ktg_heard_ops *said, bool *ret_same,
                                      struct ktg_buf *report, struct ktg_expected *ret_wanted,
                                      struct ktg_err *err);
void ktg_expected_done(struct ktg_expected *e);

#endif
