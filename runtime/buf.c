/* runtime/buf.c - see buf.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "runtime/buf.h"

#include <stdio.h>

#include "runtime/mem.h"

void ktg_buf_done(struct ktg_buf *b)
{
    if (!b->arena)
        ktg_free(b->data);
    *b = (struct ktg_buf)KTG_BUF_INIT;
}

void ktg_buf_clear(struct ktg_buf *b)
{
    b->size = 0;
    b->bad = false;
}

static int grow_in_arena(struct ktg_buf *b, size_t want)
{
    size_t cap = b->cap > 16 ? 2 * b->cap : 32;
    cap = cap < want ? want : cap;
    uint8_t *data = want <= b->cap ? b->data : ktg_arena_alloc(b->arena, cap);
    if (!data)
        return KTG_ENOMEM;
    if (data != b->data && b->size)
        memcpy(data, b->data, b->size);
    b->cap = data != b->data ? cap : b->cap;
    b->data = data;
    return KTG_OK;
}

uint8_t *ktg_buf_extend(struct ktg_buf *b, size_t size)
{
    if (b->bad || size > b->cap - b->size) {
        size_t want = size > SIZE_MAX - b->size ? SIZE_MAX : b->size + size;
        if (b->bad || want == SIZE_MAX ||
            (b->arena ? grow_in_arena(b, want) : ktg_grow(&b->data, &b->cap, want, 1))) {
            b->bad = true;
            return NULL;
        }
    }
    uint8_t *at = b->data + b->size;
    b->size += size;
    return at;
}

void ktg_buf_put_str(struct ktg_buf *b, const char *s)
{
    ktg_buf_put(b, s, strlen(s));
}

void ktg_buf_vprintf(struct ktg_buf *b, const char *format, va_list ap)
{
    va_list again;
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, format, again);
    va_end(again);
    if (n < 0) {
        b->bad = true;
        return;
    }
    uint8_t *at = ktg_buf_extend(b, (size_t)n + 1);
    if (!at)
        return;
    vsnprintf((char *)at, (size_t)n + 1, format, ap);
    b->size--; /* the NUL is not content */
}

void ktg_buf_printf(struct ktg_buf *b, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    ktg_buf_vprintf(b, format, ap);
    va_end(ap);
}

const char *ktg_buf_text(struct ktg_buf *b)
{
    uint8_t *at = ktg_buf_extend(b, 1);
    if (!at)
        return "";
    *at = 0;
    b->size--;
    return (const char *)b->data;
}

int ktg_buf_check(const struct ktg_buf *b)
{
    return b->bad ? KTG_ENOMEM : KTG_OK;
}
