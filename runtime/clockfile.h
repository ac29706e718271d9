/* runtime/clockfile.h - a domain clock that its owner may change while others read it: one small mapped file.
 *
 *     domain                  after
 *       |              .--''''          the file holds two lines, before and after `anchor`:
 *       |            /|                   domain = start + (realtime - anchor) * scale
 *       |          /  |
 *       |        /    anchor
 *       |   before
 *       +---------------------- realtime
 *
 * (1) The clock never goes back and does not jump at a change of pace: the new line begins at `anchor` with what the
 *     old one says there.  It jumps forward only when it is told to (at_least).
 * (2) A reader asks for the real time first and looks into the file then; a change is announced LEAD ms ahead when the
 *     clock becomes slower.  So whoever has not seen the change yet has not passed its anchor, either.
 * (3) One writer; any number of readers in any process; a reader never waits for longer than six stores take.
 *
 * A shell.  Floor 0, needs runtime/ only.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_RUNTIME_CLOCKFILE_H
#define KTG_RUNTIME_CLOCKFILE_H

#include "runtime/clock.h"

#define KTG_CLOCKFILE_LEAD 50 /* ms */

/* Make the file (it must not be there) with a clock that stands at `start` now and runs `scale` times as fast. */
KTG_MUST_CHECK int ktg_clockfile_create(const char *path, ktg_time start, int32_t scale,
                                        struct ktg_clockfile **ret_f, struct ktg_err *err);
/* To read.  KTG_ENOTFOUND; KTG_EINVALID: it is no clock of ours. */
KTG_MUST_CHECK int ktg_clockfile_open(const char *path, struct ktg_clockfile **ret_f,
                                      struct ktg_err *err);
struct ktg_clockfile *ktg_clockfile_close(struct ktg_clockfile *f);

/* The writer: from now on (LEAD ms from now when it becomes slower) the clock runs `scale` times as fast, and stands at
 * `at_least` or later (KTG_LONG_AGO: just goes on).  It takes the place of a change that is still ahead. */
void ktg_clockfile_set(struct ktg_clockfile *f, ktg_time at_least, int32_t scale);

ktg_time ktg_clockfile_at(const struct ktg_clockfile *f, ktg_time real); /* real: ms since 1970 */
int32_t ktg_clockfile_scale(const struct ktg_clockfile *f);              /* of the newest line */

#endif
