/* schema/id.c - event ids: UUIDv7 (RFC 9562 section 5.7).  Declared in event.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "runtime/hash.h"
#include "schema/event.h"

void ktg_id_format(const uint8_t id[static KTG_ID_SIZE], char to[static KTG_ID_TEXT])
{
    static const uint8_t groups[] = {4, 2, 2, 2, 6};
    for (size_t g = 0; g < sizeof groups; g++) {
        ktg_hex(id, groups[g], to);
        id += groups[g];
        to += 2 * groups[g];
        *to++ = '-';
    }
    to[-1] = 0;
}

int ktg_id_parse(struct ktg_bytes text, uint8_t to[static KTG_ID_SIZE])
{
    char hex[2 * KTG_ID_SIZE];
    size_t n = 0;
    if (text.size != KTG_ID_TEXT - 1)
        return KTG_EINVALID;
    for (size_t i = 0; i < text.size; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (dash != (text.data[i] == '-'))
            return KTG_EINVALID;
        if (!dash)
            hex[n++] = (char)text.data[i];
    }
    uint8_t id[KTG_ID_SIZE];
    if (ktg_unhex(hex, sizeof hex, id))
        return KTG_EINVALID;
    memcpy(to, id, sizeof id);
    return KTG_OK;
}

void ktg_id_next(struct ktg_id_source *s, ktg_time now, uint8_t to[static KTG_ID_SIZE])
{
    enum { COUNTS = 1 << 12 };
    if (now > s->last_ms) {
        s->last_ms = now;
        s->counter = 0;
    } else if (++s->counter == COUNTS) {
        s->last_ms++;
        s->counter = 0;
    }
    uint8_t tail[16];
    if (s->seed) {
        uint8_t from[20];
        ktg_put_le64(from, s->seed);
        ktg_put_le64(from + 8, (uint64_t)s->last_ms);
        ktg_put_le32(from + 16, s->counter);
        struct ktg_bytes part = ktg_bytes(from, sizeof from);
        ktg_blake2b_128(&part, 1, tail);
    } else {
        ktg_random(tail, sizeof tail);
    }
    uint8_t ms[8];
    ktg_put_be64(ms, (uint64_t)s->last_ms);
    memcpy(to, ms + 2, 6);
    ktg_put_be16(to + 6, (uint16_t)(0x7000 | s->counter));
    memcpy(to + 8, tail, 8);
    to[8] = (uint8_t)(0x80 | (to[8] & 0x3f));
}
