/* bench/tape.h - events one behind the other in memory, as the mapped journal would hold them.
 *
 * (1) The pages are shared ones: they do not count as the engine's own (RssAnon of /proc/self/status).
 * (2) What was added stays where it is until free.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_BENCH_TAPE_H
#define KTG_BENCH_TAPE_H

#include "runtime/bytes.h"
#include "runtime/err.h"

struct ktg_tape;

/* Room for so many events of 512 bytes; what is not used costs nothing.  KTG_ENOMEM. */
KTG_MUST_CHECK int ktg_tape_new(uint64_t most, struct ktg_tape **ret_t);
struct ktg_tape *ktg_tape_free(struct ktg_tape *t);
/* Copied.  KTG_EFULL. */
KTG_MUST_CHECK int ktg_tape_add(struct ktg_tape *t, struct ktg_bytes event);
uint64_t ktg_tape_count(const struct ktg_tape *t);
struct ktg_bytes ktg_tape_at(const struct ktg_tape *t, uint64_t i); /* i < count */

#endif
