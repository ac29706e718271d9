/* rules/engine/keys.c - see keys.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "rules/engine/keys.h"

#include <assert.h>

#include "runtime/hash.h"

void ktg_key_put(struct ktg_key *k, char letter, const struct ktg_bytes *parts, size_t count)
{
    k->data[0] = (uint8_t)letter;
    k->size = 1;
    for (size_t i = 0; i < count; i++) {
        assert(parts[i].size <= sizeof k->data - k->size);
        if (parts[i].size)
            memcpy(k->data + k->size, parts[i].data, parts[i].size);
        k->size += parts[i].size;
    }
}

void ktg_key_subject(struct ktg_key *k, char letter, struct ktg_bytes kind,
                     struct ktg_bytes subject)
{
    ktg_key_put(k, letter, (struct ktg_bytes[]){kind, ktg_bytes("", 1), subject}, 3);
}

bool ktg_key_subject_parts(struct ktg_bytes key, struct ktg_bytes *ret_kind,
                           struct ktg_bytes *ret_subject)
{
    const uint8_t *nul = key.size > 1 ? memchr(key.data + 1, 0, key.size - 1) : NULL;
    if (!nul)
        return false;
    *ret_kind = ktg_bytes(key.data + 1, (size_t)(nul - key.data) - 1);
    *ret_subject = ktg_bytes(nul + 1, (size_t)(key.data + key.size - nul) - 1);
    return true;
}

struct ktg_bytes ktg_name_fit(struct ktg_bytes name, char room[static KTG_NAME_MAX + 1])
{
    if (name.size <= KTG_NAME_MAX)
        return name;
    uint8_t hash[16];
    ktg_blake2b_128(&name, 1, hash);
    size_t keep = KTG_NAME_MAX - 33;
    while (keep && (name.data[keep] & 0xc0) == 0x80) /* not inside a character */
        keep--;
    memcpy(room, name.data, keep);
    room[keep] = '#';
    ktg_hex(hash, sizeof hash, room + keep + 1);
    return ktg_bytes(room, keep + 33);
}
