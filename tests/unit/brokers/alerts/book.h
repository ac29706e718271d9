/* tests/unit/brokers/alerts/book.h - casebooks in a folder of the test, and what is folded into them.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_TESTS_UNIT_BROKERS_ALERTS_BOOK_H
#define KTG_TESTS_UNIT_BROKERS_ALERTS_BOOK_H

#include <stdio.h>

#include "brokers/alerts/casebook.h"
#include "tests/support/cmocka.h"
#define KTG_TMPDIR_MEMORY
#include "tests/support/tmpdir.h"
#include "tests/unit/brokers/alerts/finding.h"

static char dir[KTG_TMPDIR_SIZE];

static inline struct ktg_casebook *open_book(const char *name)
{
    char path[KTG_TMPDIR_SIZE + 16];
    struct ktg_casebook *c = NULL;
    struct ktg_err err = KTG_ERR_INIT;
    snprintf(path, sizeof path, "%s/%s", dir, name);
    if (ktg_casebook_open(path, 16u << 20, &c, &err))
        fail_msg("%s", err.text);
    return c;
}

static inline void begin(struct ktg_casebook *c)
{
    assert_int_equal(ktg_casebook_begin(c, NULL), KTG_OK);
}
static inline void commit(struct ktg_casebook *c)
{
    assert_int_equal(ktg_casebook_commit(c, NULL), KTG_OK);
}

static inline void fold(struct ktg_casebook *c, uint64_t position, const struct difference *d)
{
    struct ktg_buf b = KTG_BUF_INIT;
    struct ktg_difference f = {position, difference_bytes(d, &b)};
    struct ktg_err err = KTG_ERR_INIT;
    if (ktg_casebook_fold_finding(c, &f, &err))
        fail_msg("%s", err.text);
    ktg_buf_done(&b);
}

static inline int make(void **unused)
{
    (void)unused;
    ktg_tmpdir_make(dir);
    return 0;
}
static inline int clear(void **unused)
{
    (void)unused;
    ktg_tmpdir_remove(dir);
    return 0;
}

#endif
