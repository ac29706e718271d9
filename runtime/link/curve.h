/* runtime/link/curve.h - CurveZMQ keys: 32 bytes, written as 40 characters of Z85 (ZeroMQ RFC 32).
 *
 * Floor 0.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_RUNTIME_LINK_CURVE_H
#define KTG_RUNTIME_LINK_CURVE_H

#include <stdint.h>

#include "runtime/bytes.h"
#include "runtime/err.h"

enum { KTG_CURVE_KEY = 32, KTG_CURVE_TEXT = 41 }; /* text with its NUL */

struct ktg_curve_key {
    uint8_t b[KTG_CURVE_KEY];
};
struct ktg_curve_pair {
    struct ktg_curve_key public_key, secret_key;
};

/* A fresh pair. */
KTG_MUST_CHECK int ktg_curve_generate(struct ktg_curve_pair *ret_pair, struct ktg_err *err);
/* The public half of a secret. */
KTG_MUST_CHECK int ktg_curve_derive(const struct ktg_curve_key *secret,
                                    struct ktg_curve_key *ret_public, struct ktg_err *err);
void ktg_curve_format(const struct ktg_curve_key *key, char to[static KTG_CURVE_TEXT]);
/* KTG_EINVALID "not-a-key": not exactly 40 characters of Z85.  The text is never repeated in the
 * error. */
KTG_MUST_CHECK int ktg_curve_parse(struct ktg_bytes text, struct ktg_curve_key *ret_key,
                                   struct ktg_err *err);
void ktg_curve_forget(struct ktg_curve_pair *pair); /* overwrites both halves */

#endif
