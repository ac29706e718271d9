/* schema/wire.c - see wire.h.  The check and the reader are ours, the writer is msgpack-c's.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "schema/wire.h"

#include <msgpack.h>
#include <stdio.h>

#include "schema/text.h"
#include "schema/wire_head.h"

static uint64_t big_endian(const uint8_t *p, unsigned n)
{
    uint64_t v = 0;
    for (unsigned i = 0; i < n; i++)
        v = (v << 8) | p[i];
    return v;
}

/* 0xcc..0xcf, 0xd0..0xd3: 1, 2, 4, 8 bytes follow */
static enum ktg_wire_verdict read_integer(const uint8_t *p, size_t left, struct ktg_wire_head *h)
{
    unsigned n = 1u << (p[0] & 3);
    bool is_signed = p[0] >= 0xd0;
    if (left < 1 + n)
        return KTG_WIRE_ENDS_EARLY;
    uint64_t v = big_endian(p + 1, n);
    h->kind = KTG_WIRE_INT;
    h->length = (uint8_t)(1 + n);
    if (!is_signed) {
        if (v > INT64_MAX)
            return KTG_WIRE_BEYOND_INT64;
        h->integer = (int64_t)v;
        h->shortest = n == 1 ? v > 0x7f : v >> (4 * n) != 0;
        return KTG_WIRE_FINE;
    }
    unsigned unused = 64 - 8 * n;
    h->integer = (int64_t)(v << unused) >> unused;
    h->shortest =
        h->integer < 0 && (n == 1 ? h->integer < -32 : h->integer < -(INT64_C(1) << (4 * n - 1)));
    return KTG_WIRE_FINE;
}

/* c4..c6 bin, d9..db str, dc..dd array, de..df map; n bytes of size follow, `floor` is what a
 * shorter head holds */
static enum ktg_wire_verdict read_sized(const uint8_t *p, size_t left, struct ktg_wire_head *h,
                                        enum ktg_wire_kind kind, unsigned n, uint64_t floor)
{
    if (left < 1 + n)
        return KTG_WIRE_ENDS_EARLY;
    h->kind = kind;
    h->size = big_endian(p + 1, n);
    h->length = (uint8_t)(1 + n);
    h->shortest = h->size > floor;
    return KTG_WIRE_FINE;
}

enum ktg_wire_verdict ktg_wire_long_head(const uint8_t *p, size_t left, struct ktg_wire_head *h)
{
    uint8_t b = p[0];
    h->length = 1;
    h->shortest = true;
    h->size = 0;
    h->integer = 0;
    switch (b) {
    case 0xc0:
        h->kind = KTG_WIRE_NIL;
        return KTG_WIRE_FINE;
    case 0xc2:
    case 0xc3:
        h->kind = KTG_WIRE_BOOL;
        h->integer = b & 1;
        return KTG_WIRE_FINE;
    case 0xc4:
        read_sized(p, left, h, KTG_WIRE_BIN, 1, 0);
        h->shortest = true;
        return left < 2 ? KTG_WIRE_ENDS_EARLY : KTG_WIRE_FINE;
    case 0xc5:
        return read_sized(p, left, h, KTG_WIRE_BIN, 2, UINT8_MAX);
    case 0xc6:
        return read_sized(p, left, h, KTG_WIRE_BIN, 4, UINT16_MAX);
    case 0xcc:
    case 0xcd:
    case 0xce:
    case 0xcf:
    case 0xd0:
    case 0xd1:
    case 0xd2:
    case 0xd3:
        return read_integer(p, left, h);
    case 0xd9:
        return read_sized(p, left, h, KTG_WIRE_STR, 1, 31);
    case 0xda:
        return read_sized(p, left, h, KTG_WIRE_STR, 2, UINT8_MAX);
    case 0xdb:
        return read_sized(p, left, h, KTG_WIRE_STR, 4, UINT16_MAX);
    case 0xdc:
        return read_sized(p, left, h, KTG_WIRE_ARRAY, 2, 15);
    case 0xdd:
        return read_sized(p, left, h, KTG_WIRE_ARRAY, 4, UINT16_MAX);
    case 0xde:
        return read_sized(p, left, h, KTG_WIRE_MAP, 2, 15);
    case 0xdf:
        return read_sized(p, left, h, KTG_WIRE_MAP, 4, UINT16_MAX);
    case 0xc1:
        return KTG_WIRE_UNKNOWN_BYTE;
    default: /* c7..c9 ext, ca cb floats, d4..d8 fixext */
        return KTG_WIRE_FLOAT_OR_EXT;
    }
}

/* --- the check --- */

struct level {
    uint64_t left;        /* values still to come; in a map keys count too */
    struct ktg_bytes key; /* the last key of a map */
    bool map;
};

struct checking {
    struct ktg_bytes all;
    const struct ktg_wire_limits *limits;
    struct ktg_err *err;
};

static int fail(const struct checking *c, enum ktg_fault_no fault, const uint8_t *at,
                const char *got, const char *want)
{
    return ktg_fault_set(c->err, fault, got, want, "byte %zu", (size_t)(at - c->all.data));
}

static int fail_verdict(const struct checking *c, enum ktg_wire_verdict v, const uint8_t *at)
{
    switch (v) {
    case KTG_WIRE_ENDS_EARLY:
        return fail(c, KTG_FAULT_MALFORMED, at, "the end of the bytes", "a whole value");
    case KTG_WIRE_FLOAT_OR_EXT:
        return fail(c, KTG_FAULT_NOT_CANONICAL, at, "a float or ext", "an integer, text or bytes");
    case KTG_WIRE_BEYOND_INT64:
        return fail(c, KTG_FAULT_NOT_CANONICAL, at, "an integer beyond 63 bits",
                    "an integer within int64");
    default:
        return fail(c, KTG_FAULT_MALFORMED, at, "byte 0xc1", "a msgpack head");
    }
}

/* Eight characters at a time: is each above a blank and below DEL?  What lies behind the key counts as 'a'; a borrow or
 * carry leaves only a byte that is bad itself. */
static bool is_printable(const uint8_t *text, size_t size, const uint8_t *end)
{
    const uint64_t each = UINT64_C(0x0101010101010101);
    uint64_t bad = 0;
    for (; size; text += 8) {
        uint64_t word = 'a' * each;
        if (size >= 8) {
            memcpy(&word, text, 8);
            size -= 8;
        } else {
            if (end - text >= 8) {
                uint64_t known = (UINT64_C(1) << (8 * size)) - 1, all;
                memcpy(&all, text, 8);
                word = (all & known) | (word & ~known);
            } else {
                memcpy(&word, text, size);
            }
            size = 0;
        }
        bad |= word | (word + each) | (word - 0x21 * each);
    }
    return (bad & 0x80 * each) == 0;
}

static int check_key(const struct checking *c, struct level *l, const struct ktg_wire_head *h,
                     const uint8_t *at)
{
    const uint8_t *text = at + h->length;
    if (h->kind != KTG_WIRE_STR || h->size == 0 || h->size > KTG_WIRE_KEY)
        return fail(c, KTG_FAULT_NOT_CANONICAL, at, "another key",
                    "a str of 1 to 64 characters as key");
    if (text[0] == '$' || !is_printable(text, (size_t)h->size, c->all.data + c->all.size))
        return fail(c, KTG_FAULT_NOT_CANONICAL, at, "another character in a key",
                    "printable ASCII");
    struct ktg_bytes key = ktg_bytes(text, (size_t)h->size);
    if (l->key.data) {
        int order = ktg_bytes_cmp(l->key, key);
        if (order >= 0)
            return fail(c, KTG_FAULT_NOT_CANONICAL, at,
                        order ? "a key out of order" : "a key twice",
                        "keys in ascending byte order");
    }
    l->key = key;
    return KTG_OK;
}

static int check_text(const struct checking *c, const struct ktg_wire_head *h, const uint8_t *at)
{
    switch (ktg_text_check(ktg_bytes(at + h->length, (size_t)h->size))) {
    case KTG_TEXT_GOOD:
        return KTG_OK;
    case KTG_TEXT_NOT_UTF8:
        return fail(c, KTG_FAULT_MALFORMED, at, "bytes that are no UTF-8", "str in UTF-8, or bin");
    case KTG_TEXT_NUL:
        return fail(c, KTG_FAULT_NOT_CANONICAL, at, "a NUL in a str", "text, or bin");
    default:
        return fail(c, KTG_FAULT_NOT_CANONICAL, at, "text in another normal form", "text in NFC");
    }
}

static int fail_size(const struct checking *c, const uint8_t *at, uint64_t got, uint64_t most,
                     const char *unit)
{
    char is[48], may[48];
    snprintf(is, sizeof is, "%llu %s", (unsigned long long)got, unit);
    snprintf(may, sizeof may, "at most %llu", (unsigned long long)most);
    return fail(c, KTG_FAULT_OVERSIZE, at, is, may);
}

int ktg_wire_check(struct ktg_bytes bytes, const struct ktg_wire_limits *limits,
                   struct ktg_err *err)
{
    struct checking c = {bytes, limits, err};
    struct level levels[KTG_WIRE_DEPTH + 1]; /* the lowest one holds the single value */
    levels[0] = (struct level){.left = 1};
    size_t depth = 0, most = limits->depth < KTG_WIRE_DEPTH ? limits->depth : KTG_WIRE_DEPTH;
    uint32_t nodes = 0;
    const uint8_t *p = bytes.size ? bytes.data : (const uint8_t *)"", *end = p + bytes.size;
    c.all.data = p;
    if (bytes.size > limits->bytes)
        return fail_size(&c, p, bytes.size, limits->bytes, "bytes");
    for (;;) {
        struct level *l = &levels[depth];
        if (l->left == 0) {
            if (depth == 0)
                break;
            depth--;
            continue;
        }
        struct ktg_wire_head h;
        enum ktg_wire_verdict v = ktg_wire_head(p, (size_t)(end - p), &h);
        if (v)
            return fail_verdict(&c, v, p);
        if (!h.shortest)
            return fail(&c, KTG_FAULT_NOT_CANONICAL, p, "a longer form than needed",
                        "the shortest form");
        bool key = l->map && l->left % 2 == 0;
        if (!key && ++nodes > limits->nodes)
            return fail_size(&c, p, nodes, limits->nodes, "values");
        l->left--;
        size_t left = (size_t)(end - p) - h.length;
        if (h.kind == KTG_WIRE_ARRAY || h.kind == KTG_WIRE_MAP) {
            uint64_t children = h.kind == KTG_WIRE_MAP ? 2 * h.size : h.size;
            if (key)
                return check_key(&c, l, &h, p);
            if (children > left) /* each takes a byte at least */
                return fail(&c, KTG_FAULT_MALFORMED, p, "more elements than bytes", "a true count");
            if (depth >= most)
                return fail(&c, KTG_FAULT_TOO_DEEP, p, "a deeper level", NULL);
            levels[++depth] = (struct level){.left = children, .map = h.kind == KTG_WIRE_MAP};
            p += h.length;
            continue;
        }
        if (h.size > left)
            return fail(&c, KTG_FAULT_MALFORMED, p, "the end of the bytes", "a whole value");
        int rc = KTG_OK;
        if (key)
            rc = check_key(&c, l, &h, p);
        else if (h.size > limits->string)
            rc = fail_size(&c, p, h.size, limits->string, "bytes of text");
        else if (h.kind == KTG_WIRE_STR)
            rc = check_text(&c, &h, p);
        if (rc)
            return rc;
        p += h.length + h.size;
    }
    if (p != end)
        return fail(&c, KTG_FAULT_MALFORMED, p, "bytes after the value", "exactly one value");
    return KTG_OK;
}

/* --- the reader --- */

/* Step over one value and all that it holds; NULL when the bytes end or are not msgpack of ours. */
static const uint8_t *skip(const uint8_t *p, const uint8_t *end)
{
    for (uint64_t left = 1; left; left--) {
        struct ktg_wire_head h;
        if (p < end && *p < 0x80) { /* a small integer */
            p++;
            continue;
        }
        if (p < end && (*p & 0xe0) == 0xa0 && (*p & 0x1f) < end - p) { /* a short text */
            p += 1 + (*p & 0x1f);
            continue;
        }
        if (ktg_wire_head(p, (size_t)(end - p), &h))
            return NULL;
        p += h.length;
        if (h.kind == KTG_WIRE_ARRAY || h.kind == KTG_WIRE_MAP) {
            uint64_t children = h.kind == KTG_WIRE_MAP ? 2 * h.size : h.size;
            if (children > (size_t)(end - p))
                return NULL;
            left += children;
        } else {
            if (h.size > (size_t)(end - p))
                return NULL;
            p += h.size;
        }
    }
    return p;
}

int ktg_wire_next(struct ktg_wire *w, struct ktg_wire_value *ret_v)
{
    struct ktg_wire_head h;
    const uint8_t *at = w->at, *after;
    if (!at || ktg_wire_head(at, (size_t)(w->end - at), &h))
        return KTG_EINVALID;
    struct ktg_bytes bytes = KTG_BYTES_NONE;
    uint32_t count = 0;
    if (h.kind == KTG_WIRE_ARRAY || h.kind == KTG_WIRE_MAP) {
        after = skip(at, w->end);
        if (!after)
            return KTG_EINVALID;
        count = (uint32_t)h.size;
    } else {
        if (h.size > (size_t)(w->end - at) - h.length)
            return KTG_EINVALID;
        after = at + h.length + h.size;
        if (h.kind == KTG_WIRE_STR || h.kind == KTG_WIRE_BIN)
            bytes = ktg_bytes(at + h.length, (size_t)h.size);
    }
    w->at = after;
    ret_v->kind = h.kind;
    ret_v->count = count;
    ret_v->integer = h.integer;
    ret_v->bytes = bytes;
    ret_v->raw = ktg_bytes(at, (size_t)(after - at));
    return KTG_OK;
}

int ktg_wire_enter(struct ktg_wire *w, struct ktg_wire_value *ret_v)
{
    struct ktg_wire_head h;
    if (!w->at || ktg_wire_head(w->at, (size_t)(w->end - w->at), &h) ||
        (h.kind != KTG_WIRE_ARRAY && h.kind != KTG_WIRE_MAP))
        return KTG_EINVALID;
    w->at += h.length;
    *ret_v = (struct ktg_wire_value){.kind = h.kind, .count = (uint32_t)h.size};
    return KTG_OK;
}

struct ktg_wire ktg_wire_inside(const struct ktg_wire_value *v)
{
    struct ktg_wire_head h;
    if ((v->kind != KTG_WIRE_ARRAY && v->kind != KTG_WIRE_MAP) ||
        ktg_wire_head(v->raw.data, v->raw.size, &h))
        return (struct ktg_wire){NULL, NULL};
    return (struct ktg_wire){v->raw.data + h.length, v->raw.data + v->raw.size};
}

bool ktg_wire_get(struct ktg_bytes map, const char *key, struct ktg_wire_value *ret_v)
{
    return ktg_wire_find(map, ktg_bytes_str(key), ret_v);
}

bool ktg_wire_find(struct ktg_bytes map, struct ktg_bytes wanted, struct ktg_wire_value *ret_v)
{
    struct ktg_wire_head h;
    const uint8_t *p = map.data;
    if (!map.size || ktg_wire_head(p, map.size, &h) || h.kind != KTG_WIRE_MAP)
        return false;
    const uint8_t *end = p + map.size;
    p += h.length;
    for (uint64_t pairs = h.size; pairs; pairs--) {
        struct ktg_wire_head k;
        if (ktg_wire_head(p, (size_t)(end - p), &k) || k.kind != KTG_WIRE_STR ||
            k.size > (size_t)(end - p) - k.length)
            return false;
        int order = ktg_bytes_cmp(ktg_bytes(p + k.length, (size_t)k.size), wanted);
        p += k.length + k.size;
        if (order > 0)
            return false;
        if (order == 0) {
            struct ktg_wire w = {p, end};
            return ktg_wire_next(&w, ret_v) == KTG_OK;
        }
        p = skip(p, end);
        if (!p)
            return false;
    }
    return false;
}

/* --- the writer --- */

static int append(void *to, const char *data, size_t size)
{
    ktg_buf_put(to, data, size);
    return 0; /* a full memory shows in the buffer */
}

static msgpack_packer packer(struct ktg_buf *b)
{
    msgpack_packer p;
    msgpack_packer_init(&p, b, append);
    return p;
}

void ktg_wire_put_nil(struct ktg_buf *b)
{
    msgpack_packer p = packer(b);
    msgpack_pack_nil(&p);
}

void ktg_wire_put_bool(struct ktg_buf *b, bool v)
{
    msgpack_packer p = packer(b);
    if (v)
        msgpack_pack_true(&p);
    else
        msgpack_pack_false(&p);
}

void ktg_wire_put_int(struct ktg_buf *b, int64_t v)
{
    msgpack_packer p = packer(b);
    msgpack_pack_int64(&p, v);
}

void ktg_wire_put_str(struct ktg_buf *b, struct ktg_bytes s)
{
    msgpack_packer p = packer(b);
    msgpack_pack_str(&p, s.size);
    msgpack_pack_str_body(&p, s.data, s.size);
}

void ktg_wire_put_text(struct ktg_buf *b, const char *s)
{
    ktg_wire_put_str(b, ktg_bytes_str(s));
}

void ktg_wire_put_str_pair(struct ktg_buf *b, const char *key, struct ktg_bytes v)
{
    ktg_wire_put_text(b, key);
    ktg_wire_put_str(b, v);
}

void ktg_wire_put_int_pair(struct ktg_buf *b, const char *key, int64_t v)
{
    ktg_wire_put_text(b, key);
    ktg_wire_put_int(b, v);
}

void ktg_wire_put_bool_pair(struct ktg_buf *b, const char *key, bool v)
{
    ktg_wire_put_text(b, key);
    ktg_wire_put_bool(b, v);
}

void ktg_wire_put_bin(struct ktg_buf *b, struct ktg_bytes s)
{
    msgpack_packer p = packer(b);
    msgpack_pack_bin(&p, s.size);
    msgpack_pack_bin_body(&p, s.data, s.size);
}

void ktg_wire_put_array(struct ktg_buf *b, uint32_t count)
{
    msgpack_packer p = packer(b);
    msgpack_pack_array(&p, count);
}

void ktg_wire_put_map(struct ktg_buf *b, uint32_t pairs)
{
    msgpack_packer p = packer(b);
    msgpack_pack_map(&p, pairs);
}
