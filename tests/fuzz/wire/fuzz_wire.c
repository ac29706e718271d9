/* tests/fuzz/wire/fuzz_wire.c - strangers' bytes.
 *
 * Whatever the check accepts, msgpack-c reads whole and packs into the same bytes again, and our reader walks to its
 * end; whatever it refuses, the reader survives.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <msgpack.h>
#include <stdlib.h>

#include "schema/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool truth)
{
    if (!truth)
        abort();
}

static void walk(const struct ktg_wire_value *v, int levels)
{
    struct ktg_wire w = ktg_wire_inside(v);
    struct ktg_wire_value child;
    uint64_t children = v->kind == KTG_WIRE_MAP ? 2 * (uint64_t)v->count : v->count;
    if (levels == 0)
        return;
    for (uint64_t i = 0; i < children && (v->kind == KTG_WIRE_MAP || v->kind == KTG_WIRE_ARRAY);
         i++) {
        if (ktg_wire_next(&w, &child))
            return;
        walk(&child, levels - 1);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ktg_bytes b = ktg_bytes(data, size);
    struct ktg_err err = KTG_ERR_INIT;
    struct ktg_wire w = ktg_wire_open(b);
    struct ktg_wire_value v;
    bool accepted = ktg_wire_check(b, &KTG_WIRE_LIMITS, &err) == KTG_OK;
    if (ktg_wire_next(&w, &v) == KTG_OK)
        walk(&v, KTG_WIRE_DEPTH);
    (void)ktg_wire_get(b, "data", &v);
    if (!accepted) {
        must(err.fault != NULL);
        return 0;
    }
    must(w.at == w.end);
    msgpack_unpacked u;
    msgpack_unpacked_init(&u);
    size_t at = 0;
    must(msgpack_unpack_next(&u, (const char *)data, size, &at) == MSGPACK_UNPACK_SUCCESS &&
         at == size);
    msgpack_sbuffer again;
    msgpack_sbuffer_init(&again);
    msgpack_packer p;
    msgpack_packer_init(&p, &again, msgpack_sbuffer_write);
    msgpack_pack_object(&p, u.data);
    must(ktg_bytes_eq(b, ktg_bytes(again.data, again.size)));
    msgpack_sbuffer_destroy(&again);
    msgpack_unpacked_destroy(&u);
    return 0;
}
