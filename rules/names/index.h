/* rules/names/index.h - which of up to millions of names score at least so much against one name, without a scan.
 *
 *     unit      a full token, or two neighbouring ones as one; known by the hash of its fold
 *     folds ── deletion keys ──> alike folds of a unit       (alike.c)
 *     (unit, year of birth) ──> entries                      year 0: unknown
 *     (date of birth) ──> entries
 *
 * Why nothing is missed.  A score above 0 needs years of birth at most one apart or unknown, and either two pairs of alike
 * units that share no token, or one and the same full date of birth (names.h (2)).
 *   - two pairs: of two units without a common token at most one is the token that a search leaves out (the one with most
 *     entries behind it); the other is alike to a unit of the entry, which stands under (that fold, its year);
 *   - the same date: it stands under the date.
 * Every candidate is then scored by the scorer itself, so nothing is found that a scan does not find.
 *
 * Entries live in memory and come from the journal; removed ones are swept when they outnumber the others.
 * Pure.  Owned by one thread.  Floor 2.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_RULES_NAMES_INDEX_H
#define KTG_RULES_NAMES_INDEX_H

#include "rules/names/names.h"

enum { KTG_NAME_UNITS = 2 * KTG_NAME_TOKENS };

struct ktg_name_unit {
    const struct ktg_token *token; /* with its fold */
    uint32_t hash;                 /* of the fold */
    bool join;
};
/* The units of a name, tokens first.  Returns their number. */
size_t ktg_name_units(const struct ktg_tokens *n, struct ktg_name_unit units[KTG_NAME_UNITS]);

struct ktg_name_index;
struct ktg_name_hit {
    uint64_t ref;
    int points;
};

/* The normaliser is borrowed. */
KTG_MUST_CHECK int ktg_name_index_new(const struct ktg_normaliser *n,
                                      struct ktg_name_index **ret_x);
struct ktg_name_index *ktg_name_index_free(struct ktg_name_index *x);
/* One name of an entry; an entry may have several, under one ref (not 0).  A name without full tokens is left out. */
KTG_MUST_CHECK int ktg_name_index_add(struct ktg_name_index *x, uint64_t ref,
                                      const struct ktg_tokens *name);
KTG_MUST_CHECK int ktg_name_index_remove(struct ktg_name_index *x,
                                         uint64_t ref); /* unknown is fine */
/* Entries that score at least `least` (no less than KTG_SCORE_LEAST), each once with its best name, by ref.  Valid until the
 * next call. */
KTG_MUST_CHECK int ktg_name_index_find(struct ktg_name_index *x, const struct ktg_tokens *name,
                                       int least, const struct ktg_name_hit **ret_hits,
                                       size_t *ret_count);
/* The same by scoring every entry: what the index is held against. */
KTG_MUST_CHECK int ktg_name_index_scan(struct ktg_name_index *x, const struct ktg_tokens *name,
                                       int least, const struct ktg_name_hit **ret_hits,
                                       size_t *ret_count);
size_t ktg_name_index_count(const struct ktg_name_index *x); /* names that are in it */
size_t ktg_name_index_bytes(const struct ktg_name_index *x);

#endif
