/* rules/testing/nearest.c - see nearest.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "rules/testing/nearest.h"

int ktg_nearest_tell(const struct ktg_scene *scene, const struct ktg_expected *wanted,
                     const struct ktg_heard_ops *said, struct ktg_buf *report, struct ktg_err *err)
{
    (void)scene, (void)wanted, (void)said, (void)err;
    return ktg_buf_check(report);
}
