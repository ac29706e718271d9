/* rules/engine/patched.h - a timeline at hand follows what is posted on it, and is not built anew each time.
 *
 *     post      [e1 e2 ~f1 e3]  ──>  [e1 e2 ~f1 ~f2 e3]          in order of (at, id), each once
 *     unpost    [e1 e2 ~f1 e3]  ──>  [e1 e2 e3]
 *
 * (1) What it holds is what ktg_timeline_build() would give; without a timeline at hand nothing is done.
 * Pure.  Floor 2.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_RULES_ENGINE_PATCHED_H
#define KTG_RULES_ENGINE_PATCHED_H

#include "rules/engine/engine_parts.h"

/* `blob`: the posted finding as the state keeps it (posted.h).  KTG_ENOMEM, KTG_ECORRUPT. */
KTG_MUST_CHECK int ktg_patched_post(struct ktg_engine *e, struct ktg_live_subject *s,
                                    struct ktg_bytes blob);
KTG_MUST_CHECK int ktg_patched_unpost(struct ktg_engine *e, struct ktg_live_subject *s,
                                      struct ktg_bytes blob);

#endif
