/* runtime/store/cursor.h - walking a range of a table, up or down.
 *
 *     keys   a1  a2  b1  b2  b3  c1
 *     prefix "b", up:            b1 b2 b3 .      down:  b3 b2 b1 .
 *     from "b2", prefix "b", up:    b2 b3 .      from "b2", down: b2 b1 .   (from is included; if
 * absent, the next one)
 *
 * (1) Views are valid as long as the transaction's other views (txn.h).
 * (2) Lives within its transaction: close it before the transaction ends.
 * (3) ktg_cursor_del deletes what next gave last; the walk goes on behind it.
 *
 * Floor 0.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_RUNTIME_STORE_CURSOR_H
#define KTG_RUNTIME_STORE_CURSOR_H

#include "runtime/store/txn.h"

struct ktg_cursor;

enum ktg_cursor_way { KTG_CURSOR_UP, KTG_CURSOR_DOWN };

struct ktg_range {
    struct ktg_bytes
        from; /* empty: the end that the walk begins at; borrowed until the first next */
    struct ktg_bytes prefix; /* empty: the whole table; copied */
    enum ktg_cursor_way way;
};

KTG_MUST_CHECK int ktg_cursor_open(struct ktg_txn *txn, ktg_db db, const struct ktg_range *range,
                                   struct ktg_cursor **ret_cursor, struct ktg_err *err);
/* Walk another range of the same table with the same cursor (no allocation).  KTG_EINVALID: longer
 * than KTG_KEY_MAX. */
KTG_MUST_CHECK int ktg_cursor_range(struct ktg_cursor *c, const struct ktg_range *range,
                                    struct ktg_err *err);
struct ktg_cursor *ktg_cursor_close(struct ktg_cursor *c);

/* The next pair; either pointer may be NULL.  KTG_ENOTFOUND: the range is done, err untouched. */
KTG_MUST_CHECK int ktg_cursor_next(struct ktg_cursor *c, struct ktg_bytes *ret_key,
                                   struct ktg_bytes *ret_value, struct ktg_err *err);
KTG_MUST_CHECK int ktg_cursor_del(struct ktg_cursor *c, struct ktg_err *err);

#endif
