/* runtime/link/curve.c - see curve.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "runtime/link/curve.h"

#include <sodium.h>
#include <zmq.h>

#include "runtime/link/faults.h"

_Static_assert(crypto_box_PUBLICKEYBYTES == KTG_CURVE_KEY, "CurveZMQ keys are those of crypto_box");
_Static_assert(crypto_box_SECRETKEYBYTES == KTG_CURVE_KEY, "CurveZMQ keys are those of crypto_box");

int ktg_curve_generate(struct ktg_curve_pair *ret_pair, struct ktg_err *err)
{
    if (sodium_init() < 0)
        return ktg_err_set(err, KTG_EIO, "keys: no random numbers to be had");
    crypto_box_keypair(ret_pair->public_key.b, ret_pair->secret_key.b);
    return KTG_OK;
}

int ktg_curve_derive(const struct ktg_curve_key *secret, struct ktg_curve_key *ret_public,
                     struct ktg_err *err)
{
    if (crypto_scalarmult_base(ret_public->b, secret->b) != 0)
        return ktg_err_set(err, KTG_EINVALID, "keys: not a secret key");
    return KTG_OK;
}

void ktg_curve_format(const struct ktg_curve_key *key, char to[static KTG_CURVE_TEXT])
{
    zmq_z85_encode(to, key->b, sizeof key->b);
}

int ktg_curve_parse(struct ktg_bytes text, struct ktg_curve_key *ret_key, struct ktg_err *err)
{
    char copy[KTG_CURVE_TEXT] = "", back[KTG_CURVE_TEXT];
    struct ktg_curve_key key;
    int rc = KTG_EINVALID;
    if (text.size == sizeof copy - 1 && !memchr(text.data, 0, text.size)) {
        memcpy(copy, text.data, text.size);
        /* the decoder is lenient with foreign characters: only what comes back the same is a key */
        if (zmq_z85_decode(key.b, copy) && zmq_z85_encode(back, key.b, sizeof key.b) &&
            sodium_memcmp(copy, back, sizeof copy) == 0)
            rc = KTG_OK;
    }
    if (rc == KTG_OK)
        *ret_key = key;
    else
        rc = ktg_err_fault(err, ktg_link_fault(KTG_LINK_NOT_A_KEY), NULL, NULL,
                           "40 characters of Z85");
    sodium_memzero(copy, sizeof copy);
    sodium_memzero(back, sizeof back);
    sodium_memzero(&key, sizeof key);
    return rc;
}

void ktg_curve_forget(struct ktg_curve_pair *pair)
{
    sodium_memzero(pair, sizeof *pair);
}
