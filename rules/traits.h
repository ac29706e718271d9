/* rules/traits.h - the constant tests of one event type, and the sets of them that steps ask for.
 *
 *     test    direction == "entry"          mode in ["air", "sea"]
 *     trait   a set of tests: an event has it if it meets them all; trait 0 is the empty set
 *
 * traits.c numbers them while rules are loaded; traits_met.c then lays out how an event finds its own.
 * Private to those two.  Floor 2.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_RULES_TRAITS_H
#define KTG_RULES_TRAITS_H

#include "rules/model.h"

struct ktg_trait_test { /* field == literal, or field in [literals] */
    const struct ktg_field *field;
    const struct ktg_cel_value *literals;
    size_t count;
};

struct ktg_trait {
    const uint16_t *tests; /* ascending, each once */
    size_t count;
};

/* From a hash to a number; who asks compares. */
struct ktg_trait_numbers {
    uint64_t *slots; /* half of the hash, and the number + 1; 0: free */
    size_t size, count;
};
typedef bool ktg_trait_same(const void *arg, uint32_t number, const void *x);
/* The number of what is the same as x; UINT32_MAX: there is none. */
uint32_t ktg_trait_number(const struct ktg_trait_numbers *n, uint64_t hash, ktg_trait_same *same,
                          const void *arg, const void *x);
/* Note what is not there yet; without memory the load fails. */
void ktg_trait_note(struct ktg_load *l, struct ktg_trait_numbers *n, uint64_t hash,
                    uint32_t number);
uint64_t ktg_trait_hash(const struct ktg_cel_value *v, uint64_t seed);

struct ktg_trait_index; /* traits_met.c */
struct ktg_traits {     /* of one event type */
    struct ktg_trait_test *tests;
    struct ktg_trait *at; /* by number */
    size_t test_count, test_cap, count, cap;
    struct ktg_trait_numbers test_numbers, numbers;
    const struct ktg_trait_index *index; /* once all rules are compiled */
};

#endif
