/* rules/testing/scalars.h - the texts of a rule's document where they stand in its file, so that one may be changed there.
 *
 *     unless:                              block of key `unless`
 *       - border.crossing where x == 1     scalar `unless`, entry 1        [start, end) without dash, quotes, comment
 *     let:
 *       days: >-                           scalar `let`, name `days`
 *         a + b
 *
 * (1) Only the layout that rules are written in: block maps and lists, one text each; flow lists are one scalar.
 * Pure.  Floor 2.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_RULES_TESTING_SCALARS_H
#define KTG_RULES_TESTING_SCALARS_H

#include "runtime/bytes.h"
#include "runtime/mem.h"

enum ktg_quoting { KTG_PLAIN, KTG_DOUBLE, KTG_SINGLE }; /* how YAML quotes the text */

struct ktg_scalar {
    struct ktg_bytes key;        /* of the document */
    struct ktg_bytes name;       /* in a map; else empty */
    size_t entry;                /* of a list, from 1; 0: none */
    size_t start, end;           /* of the content, in the file */
    size_t from, to;             /* of the whole lines, key or dash included */
    size_t block_from, block_to; /* of the whole key */
    enum ktg_quoting quoting;
};

/* The scalars of the document `[from, to)` of a file's text, in order.  KTG_ENOMEM. */
KTG_MUST_CHECK int ktg_scalars_find(struct ktg_bytes text, size_t from, size_t to,
                                    struct ktg_arena *a, const struct ktg_scalar **ret_list,
                                    size_t *ret_count);

#endif
