/* runtime/blake2b.h - BLAKE2b-256 of many messages at once.
 *
 *   message  0 | 1 | ... | 7      lanes of one vector register; a lane that is done takes the next message
 *
 * The answers are those of ktg_blake2b (hash.h), twice as many per second where the processor has AVX2 (four lanes),
 * four times with AVX-512 (eight); elsewhere it is ktg_blake2b in a loop.  RFC 7693 section 3.
 * Pure.  Floor 0.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_RUNTIME_BLAKE2B_H
#define KTG_RUNTIME_BLAKE2B_H

#include "runtime/hash.h"

/* Hash of each message into `to`. */
void ktg_blake2b_many(const struct ktg_bytes *messages, size_t count, struct ktg_hash *to);
/* The same with at most so many lanes, for tests. */
void ktg_blake2b_lanes(const struct ktg_bytes *messages, size_t count, unsigned most,
                       struct ktg_hash *to);

#endif
