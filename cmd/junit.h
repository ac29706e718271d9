/* cmd/junit.h - results of tests as JUnit XML, the form that CI servers read.
 *
 *     testsuites ─ testsuite (a rule) ─ testcase (a test) ─ failure (the report)
 *
 * (1) Cases of one suite come one after the other.  (2) What XML cannot hold (control characters) becomes '?'.
 * Pure: bytes into a buffer.  Floor 4.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_CMD_JUNIT_H
#define KTG_CMD_JUNIT_H

#include "runtime/buf.h"

struct ktg_junit {
    struct ktg_buf suites, cases; /* finished suites; cases of the one at hand */
    struct ktg_buf suite;         /* its name */
    struct ktg_buf file;
    size_t tests, failures, all_tests, all_failures;
    int64_t us, all_us;
};

struct ktg_junit_case {
    const char *suite, *name, *file;
    int line;
    int64_t us; /* it took, in microseconds */
    bool passed;
    struct ktg_bytes report;
};

void ktg_junit_add(struct ktg_junit *j, const struct ktg_junit_case *c);
/* The whole document.  KTG_ENOMEM.  Releases everything. */
KTG_MUST_CHECK int ktg_junit_end(struct ktg_junit *j, struct ktg_buf *to);

#endif
