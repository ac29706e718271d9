/* rules/testing/nearest.h - why a finding that a test expects was not said: the condition that was not met, and its value.
 *
 * (1) Said at another time, or with other values: the report says which.
 * (2) Not said at all: the story is played up to the expected instant, and the engine is asked.
 * Pure.  Floor 2.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_RULES_TESTING_NEAREST_H
#define KTG_RULES_TESTING_NEAREST_H

#include "rules/testing/play.h"

/* Lines for the first expected lines that are missing, appended to `report`. */
KTG_MUST_CHECK int ktg_nearest_tell(const struct ktg_scene *scene,
                                    const struct ktg_expected *wanted,
                                    const struct ktg_heard_ops *said, struct ktg_buf *report,
                                    struct ktg_err *err);
/* What ktg_why_not() answered, as lines for people. */
void ktg_nearest_put(struct ktg_bytes answer, struct ktg_buf *to);

#endif
