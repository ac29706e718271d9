/* schema/wire.h - canonical msgpack: a bounded check, then a reader that stands in the bytes, and a writer.
 *
 * The profile (DESIGN.md section 5):
 *   maps     keys are str of 1 to 64 printable ASCII characters without blanks, the first one no '$' (JSON uses it);
 *            ascending in byte order, a prefix before what it begins, no key twice
 *   heads    the shortest form of every head and integer; integers within int64, from 0 up in the unsigned forms
 *   str      valid UTF-8 in NFC, no NUL, at most 31 marks on one letter; bin for bytes
 *   never    floats, ext, anything after the value
 * So one value has one sequence of bytes in every language, and one hash.
 *
 * (1) Bytes of a stranger go through ktg_wire_check() before anything else looks at them.  It is iterative, allocates
 *     nothing, and its cost is bounded by the limits (5 hostile bytes make msgpack-c allocate 512 MiB).
 * (2) The reader works on checked bytes only; on unchecked bytes it is still memory-safe and returns KTG_EINVALID.
 * (3) Views point into the bytes and live as long as they do.
 * Pure.  Floor 1.  With json.h the only room that knows <msgpack.h> (writer) and <jansson.h>.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_SCHEMA_WIRE_H
#define KTG_SCHEMA_WIRE_H

#include "runtime/buf.h"
#include "runtime/bytes.h"
#include "runtime/err.h"
#include "schema/faults.h"

struct ktg_wire_limits {
    uint32_t bytes, nodes;  /* largest whole; most values, map keys not counted */
    uint32_t depth, string; /* deepest nesting (at most KTG_WIRE_DEPTH), longest str or bin */
};
#define KTG_WIRE_DEPTH  32
#define KTG_WIRE_KEY    64
#define KTG_WIRE_LIMITS ((struct ktg_wire_limits){64u << 10, 4096, 16, 16u << 10})

/* Exactly one canonical value fills `bytes`.  KTG_EINVALID with a fault: malformed, oversize, too-deep, not-canonical;
 * `where` is the offset ("byte 17"). */
KTG_MUST_CHECK int ktg_wire_check(struct ktg_bytes bytes, const struct ktg_wire_limits *limits,
                                  struct ktg_err *err);

enum ktg_wire_kind {
    KTG_WIRE_NIL,
    KTG_WIRE_BOOL,
    KTG_WIRE_INT,
    KTG_WIRE_STR,
    KTG_WIRE_BIN,
    KTG_WIRE_ARRAY,
    KTG_WIRE_MAP
};

struct ktg_wire_value {
    enum ktg_wire_kind kind;
    uint32_t count;         /* array: elements, map: pairs */
    int64_t integer;        /* int; bool as 0 or 1 */
    struct ktg_bytes bytes; /* str, bin: content */
    struct ktg_bytes
        raw; /* the whole encoded value, head included (containers: with their content) */
};

struct ktg_wire { /* a cursor */
    const uint8_t *at, *end;
};
static inline struct ktg_wire ktg_wire_open(struct ktg_bytes b)
{
    return (struct ktg_wire){b.data, b.size ? b.data + b.size : b.data};
}

/* Read the value at the cursor and step over it, content of containers included.  KTG_EINVALID: bytes end early. */
KTG_MUST_CHECK int ktg_wire_next(struct ktg_wire *w, struct ktg_wire_value *ret_v);
/* Read only the head of the container at the cursor and step onto its first child; of *ret_v kind and count are set.
 * Cheaper than ktg_wire_next() and ktg_wire_inside(), which look through the content first.  KTG_EINVALID: no container. */
KTG_MUST_CHECK int ktg_wire_enter(struct ktg_wire *w, struct ktg_wire_value *ret_v);
/* A cursor over the children of a container: elements, or key, value, key, value ... */
struct ktg_wire ktg_wire_inside(const struct ktg_wire_value *v);
/* The value under `key` in an encoded map; false when absent or `map` is no map.  Linear, stops early (sorted). */
bool ktg_wire_get(struct ktg_bytes map, const char *key, struct ktg_wire_value *ret_v);
bool ktg_wire_find(struct ktg_bytes map, struct ktg_bytes key,
                   struct ktg_wire_value *ret_v); /* the same */

/* Writing, through msgpack-c.  The caller writes keys in ascending order; ktg_wire_check() proves it in tests. */
void ktg_wire_put_nil(struct ktg_buf *b);
void ktg_wire_put_bool(struct ktg_buf *b, bool v);
void ktg_wire_put_int(struct ktg_buf *b, int64_t v);
void ktg_wire_put_str(struct ktg_buf *b, struct ktg_bytes s);
void ktg_wire_put_text(struct ktg_buf *b, const char *s);
void ktg_wire_put_bin(struct ktg_buf *b, struct ktg_bytes s);
/* A key of a map with its value. */
void ktg_wire_put_str_pair(struct ktg_buf *b, const char *key, struct ktg_bytes v);
void ktg_wire_put_int_pair(struct ktg_buf *b, const char *key, int64_t v);
void ktg_wire_put_bool_pair(struct ktg_buf *b, const char *key, bool v);
void ktg_wire_put_array(struct ktg_buf *b, uint32_t count);
void ktg_wire_put_map(struct ktg_buf *b, uint32_t pairs);

#endif
