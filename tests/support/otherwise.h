/* tests/support/otherwise.h - an encoded map with one value put in another's place, or put in: what another engine would have said.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_TESTS_SUPPORT_OTHERWISE_H
#define KTG_TESTS_SUPPORT_OTHERWISE_H

#include "schema/wire.h"

/* `raw`: the new value, encoded.  The bytes are appended. */
static inline void otherwise(struct ktg_bytes map, const char *key, struct ktg_bytes raw,
                             struct ktg_buf *to)
{
    struct ktg_wire w = ktg_wire_open(map);
    struct ktg_wire_value head, k, v;
    struct ktg_bytes wanted = ktg_bytes_str(key);
    bool there = ktg_wire_get(map, key, &v), put = false;
    if (ktg_wire_enter(&w, &head))
        return;
    ktg_wire_put_map(to, head.count + !there);
    for (uint32_t i = 0; i < head.count && !ktg_wire_next(&w, &k) && !ktg_wire_next(&w, &v); i++) {
        if (!put && ktg_bytes_cmp(k.bytes, wanted) >= 0) {
            ktg_wire_put_text(to, key);
            ktg_buf_put_bytes(to, raw);
            put = true;
        }
        if (ktg_bytes_eq(k.bytes, wanted))
            continue;
        ktg_buf_put_bytes(to, k.raw);
        ktg_buf_put_bytes(to, v.raw);
    }
    if (!put) {
        ktg_wire_put_text(to, key);
        ktg_buf_put_bytes(to, raw);
    }
}

static inline void otherwise_text(struct ktg_bytes map, const char *key, const char *text,
                                  struct ktg_buf *to)
{
    struct ktg_buf raw = KTG_BUF_INIT;
    ktg_wire_put_text(&raw, text);
    otherwise(map, key, ktg_buf_view(&raw), to);
    ktg_buf_done(&raw);
}

static inline void otherwise_id(struct ktg_bytes map, const char *key, const uint8_t id[16],
                                struct ktg_buf *to)
{
    struct ktg_buf raw = KTG_BUF_INIT;
    ktg_wire_put_bin(&raw, ktg_bytes(id, 16));
    otherwise(map, key, ktg_buf_view(&raw), to);
    ktg_buf_done(&raw);
}

static inline void otherwise_instant(struct ktg_bytes map, const char *key, int64_t ms,
                                     struct ktg_buf *to)
{
    struct ktg_buf raw = KTG_BUF_INIT;
    ktg_wire_put_array(&raw, 2);
    ktg_wire_put_int(&raw, ms);
    ktg_wire_put_int(&raw, 420);
    otherwise(map, key, ktg_buf_view(&raw), to);
    ktg_buf_done(&raw);
}

#endif
