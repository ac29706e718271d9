/* cmd/ever_heard.h - was a heartbeat of this source ever heard?  Answered without the years of the journal.
 *
 *     journal  |===================== as the state has it =====================| read here |
 *                                                                             position   durable mark
 *
 * (1) The engine's state knows every source that it heard a heartbeat of, up to its position; the journal is read behind it alone.
 *     A running centre's is half a minute old, a stopped one's as new as its journal.
 * (2) A state that is not there, of another journal, engine or layout, or ahead of what the journal has, is not asked: then all of the
 *     journal is read.  It is slower and says the same.
 * Looks at the disk beside the stations, and writes nothing.  Floor 4.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_CMD_EVER_HEARD_H
#define KTG_CMD_EVER_HEARD_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/err.h"

/* `data`: the folder of journal and state; `map_size` bytes of the state.  KTG_ENOTFOUND: there is no journal. */
KTG_MUST_CHECK int ktg_ever_heard(const char *data, int64_t map_size, const char *source,
                                  bool *ret_heard, struct ktg_err *err);

#endif
