/* runtime/buf.h - bytes that grow.
 *
 * (1) A failed append leaves the content as it was and marks the buffer bad; later appends do nothing, so a
 *     writer may check once at the end.
 * Pure.  Floor 0.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_RUNTIME_BUF_H
#define KTG_RUNTIME_BUF_H

#include <stdarg.h>

#include "runtime/bytes.h"
#include "runtime/err.h"

struct ktg_arena;
struct ktg_buf {
    uint8_t *data;
    size_t size, cap;
    bool bad;                /* an append found no memory */
    struct ktg_arena *arena; /* grows in there, and goes with it; NULL: on the heap */
};
#define KTG_BUF_INIT \
    {                \
        0            \
    }

void ktg_buf_done(struct ktg_buf *b);  /* frees; the buffer may be used again */
void ktg_buf_clear(struct ktg_buf *b); /* empty, keeps the memory, no longer bad */
uint8_t *ktg_buf_extend(struct ktg_buf *b,
                        size_t size); /* room for `size` more, counted in; NULL: bad */
/* The usual append, in place: most of what is written are a few bytes into room that is there. */
static inline void ktg_buf_put(struct ktg_buf *b, const void *data, size_t size)
{
    uint8_t *at = NULL;
    if (!b->bad && size <= b->cap - b->size && size) {
        at = b->data + b->size;
        b->size += size;
    } else if (size) { /* no arithmetic on an empty buffer's NULL */
        at = ktg_buf_extend(b, size);
    }
    if (at)
        memcpy(at, data, size);
}
static inline void ktg_buf_put_bytes(struct ktg_buf *b, struct ktg_bytes bytes)
{
    ktg_buf_put(b, bytes.data, bytes.size);
}
static inline void ktg_buf_put_u8(struct ktg_buf *b, uint8_t v)
{
    ktg_buf_put(b, &v, 1);
}
void ktg_buf_put_str(struct ktg_buf *b, const char *s); /* without the NUL */
void ktg_buf_printf(struct ktg_buf *b, const char *format, ...) KTG_PRINTF(2, 3);
void ktg_buf_vprintf(struct ktg_buf *b, const char *format, va_list ap) KTG_PRINTF(2, 0);
/* NUL-terminated text of the content, valid until the next append; "" when empty or bad. */
const char *ktg_buf_text(struct ktg_buf *b);
KTG_MUST_CHECK int ktg_buf_check(const struct ktg_buf *b); /* KTG_OK, or KTG_ENOMEM when bad */
static inline struct ktg_bytes ktg_buf_view(const struct ktg_buf *b)
{
    return ktg_bytes(b->data, b->size);
}

#endif
