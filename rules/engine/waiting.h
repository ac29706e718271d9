/* rules/engine/waiting.h - which subjects have a finding that is unknown for want of a source.
 *
 * (1) A hint, like a timer: whoever takes the names of a source answers them again, and what is still unknown is put
 *     back.  A name may stand twice.
 * In memory only, rebuilt from the state.  Pure.  Floor 2.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_RULES_ENGINE_WAITING_H
#define KTG_RULES_ENGINE_WAITING_H

#include "runtime/buf.h"

struct ktg_waiting_source {
    struct ktg_buf source;
    struct ktg_buf names; /* u32 size, bytes; one after the other */
    size_t last;          /* offset of the last name, to keep repeats short */
};
struct ktg_waiting {
    struct ktg_waiting_source *list;
    size_t count, cap;
};
#define KTG_WAITING_INIT \
    {                    \
        0                \
    }

void ktg_waiting_done(struct ktg_waiting *w);
KTG_MUST_CHECK int ktg_waiting_put(struct ktg_waiting *w, struct ktg_bytes source,
                                   struct ktg_bytes name);
/* The names that wait for the source, packed as above, moved out; empty when none do.  The caller does done. */
struct ktg_buf ktg_waiting_take(struct ktg_waiting *w, struct ktg_bytes source);

#endif
