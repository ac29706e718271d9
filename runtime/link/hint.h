/* runtime/link/hint.h - "there is news up to N": a wake-up between stations that may be lost.
 *
 *     publisher  ktg_hint_send(7) (8) (9)  - - - ipc - - ->  listener  on_hint(9)
 *
 * (1) Only the latest number counts; earlier ones may be skipped, all of them may be lost.  Whoever
 *     listens also looks by itself now and then.  Never a payload.
 * (2) Neither side waits for the other, and nothing piles up.
 *
 * Owner: the loop's thread.  Floor 0.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_RUNTIME_LINK_HINT_H
#define KTG_RUNTIME_LINK_HINT_H

#include <stdint.h>

#include "runtime/err.h"
#include "runtime/link/context.h"

struct ktg_hint;

/* Publisher at ipc://PATH (rules of ktg_link_bind; the doorkeeper is asked under `domain`). */
KTG_MUST_CHECK int ktg_hint_bind(struct ktg_context *context, const char *endpoint,
                                 const char *domain, struct ktg_hint **ret_hint,
                                 struct ktg_err *err);
/* Listener; succeeds whether or not anybody is there. */
KTG_MUST_CHECK int ktg_hint_connect(struct ktg_context *context, const char *endpoint,
                                    void (*on_hint)(void *arg, uint64_t upto), void *arg,
                                    struct ktg_hint **ret_hint, struct ktg_err *err);
void ktg_hint_send(struct ktg_hint *hint, uint64_t upto);
struct ktg_hint *ktg_hint_close(struct ktg_hint *hint);

#endif
