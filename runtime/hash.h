/* runtime/hash.h - BLAKE2b (RFC 7693) and random bytes; with runtime/link the only room that knows libsodium.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_RUNTIME_HASH_H
#define KTG_RUNTIME_HASH_H

#include "runtime/bytes.h"

#define KTG_HASH_SIZE 32
struct ktg_hash {
    uint8_t b[KTG_HASH_SIZE];
};

/* BLAKE2b-256 over the parts, one after the other.  Include lengths yourself where parts could run together. */
struct ktg_hash ktg_blake2b(const struct ktg_bytes *parts, size_t count);
/* BLAKE2b-128 over the parts, into `to`. */
void ktg_blake2b_128(const struct ktg_bytes *parts, size_t count, uint8_t to[static 16]);
/* Unpredictable bytes: keys, salts, boot ids.  Never in anything that is replayed. */
void ktg_random(void *to, size_t size);

#endif
