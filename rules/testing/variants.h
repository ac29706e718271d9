/* rules/testing/variants.h - what every test is also held to, without its author writing it.
 *
 *     twice, restarted     said is the same, to the byte
 *     shuffled             what stands at the end is the same: rule, subject, key, anchor, span, evidence, values, level
 *
 * (1) Labels, revisions and reasons may depend on the order of arrival (LANGUAGE.md section 2): they are no part of what stands.
 * Pure.  Floor 2.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_RULES_TESTING_VARIANTS_H
#define KTG_RULES_TESTING_VARIANTS_H

#include "rules/testing/play.h"

/* `written`: the take of the story as it is written.  *ret_same; else `report` names the first variant that differs, and
 * how.  `seed` makes the orders. */
KTG_MUST_CHECK int ktg_variants_check(const struct ktg_scene *scene, const struct ktg_take *written,
                                      uint64_t seed, bool *ret_same, struct ktg_buf *report,
                                      struct ktg_err *err);

#endif
