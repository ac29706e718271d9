/* schema/wire_head.h - the head of one msgpack value: what a first byte announces.  Internal to the room.
 * Pure.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_SCHEMA_WIRE_HEAD_H
#define KTG_SCHEMA_WIRE_HEAD_H

#include "schema/wire.h"

struct ktg_wire_head { /* the kind, and how many bytes of length or value follow it */
    enum ktg_wire_kind kind;
    uint64_t size; /* str, bin: bytes; array: elements; map: pairs */
    int64_t integer;
    uint8_t length; /* bytes of the head */
    bool shortest;  /* no shorter head could say the same */
};

enum ktg_wire_verdict {
    KTG_WIRE_FINE,
    KTG_WIRE_ENDS_EARLY,
    KTG_WIRE_UNKNOWN_BYTE,
    KTG_WIRE_FLOAT_OR_EXT,
    KTG_WIRE_BEYOND_INT64
};

/* Heads of more than one byte, and nil and bool.  `left` is above 0. */
enum ktg_wire_verdict ktg_wire_long_head(const uint8_t *p, size_t left, struct ktg_wire_head *h);

/* The head at p.  Most heads are one byte: those are read where they are asked for. */
static inline __attribute__((always_inline)) enum ktg_wire_verdict
ktg_wire_head(const uint8_t *p, size_t left, struct ktg_wire_head *h)
{
    if (left == 0)
        return KTG_WIRE_ENDS_EARLY;
    uint8_t b = p[0];
    if (b >= 0xc0 && b < 0xe0)
        return ktg_wire_long_head(p, left, h);
    h->length = 1;
    h->shortest = true;
    if (b < 0x80 || b >= 0xe0) {
        *h = (struct ktg_wire_head){
            .kind = KTG_WIRE_INT, .integer = (int8_t)b, .length = 1, .shortest = true};
        return KTG_WIRE_FINE;
    }
    h->integer = 0;
    h->kind = b >= 0xa0 ? KTG_WIRE_STR : b < 0x90 ? KTG_WIRE_MAP : KTG_WIRE_ARRAY;
    h->size = b >= 0xa0 ? b & 0x1f : b & 0x0f;
    return KTG_WIRE_FINE;
}

#endif
