/* rules/forms/occasion.h - what makes an event an occasion of a `together` rule, for the form and for the engine's index.
 *
 *     event ──`of` matches──> at values ──BLAKE2b-128──> key: equal keys are equal places, rules kept apart
 *
 * (1) Decided by the event alone, lists and settings: the same on whoever's timeline it stands.
 * Floor 2, private to rules/.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_RULES_FORMS_OCCASION_H
#define KTG_RULES_FORMS_OCCASION_H

#include "rules/answer_impl.h"

/* The key of an item that matches `of`; false: an `at` value is absent, so it is no occasion. */
bool ktg_occasion_of(struct ktg_answer *a, const struct ktg_item *x, uint8_t ret_key[static 16]);
/* `times` and `persons` - 1; false: they are no numbers from 1 on, and nothing ever holds. */
bool ktg_together_limits(struct ktg_answer *a, int64_t *ret_times, int64_t *ret_others);

#endif
