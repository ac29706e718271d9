/* producers/publish_input.c - see publish_input.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "producers/publish_input.h"

#include "runtime/mem.h"

int ktg_lines_in_put(struct ktg_lines_in *l, struct ktg_bytes piece)
{
    if (piece.size == 0) {
        l->ended = true;
        return KTG_OK;
    }
    if (l->at) { /* what was given out is forgotten */
        memmove(l->bytes.data, l->bytes.data + l->at, l->bytes.size - l->at);
        l->bytes.size -= l->at;
        l->at = 0;
    }
    ktg_buf_put_bytes(&l->bytes, piece);
    return ktg_buf_check(&l->bytes);
}

int ktg_lines_in_next(struct ktg_lines_in *l, size_t max, struct ktg_bytes *ret_line)
{
    for (;;) {
        size_t left = l->bytes.size - l->at;
        const uint8_t *from = left ? l->bytes.data + l->at : NULL;
        const uint8_t *end = left ? memchr(from, '\n', left) : NULL;
        size_t size = end ? (size_t)(end - from) : left;
        if (!end && !l->ended) {
            if (size <= max || l->skipping) {
                if (l->skipping)
                    l->at = l->bytes.size;
                return KTG_ENOTFOUND;
            }
            l->skipping = true; /* its end has not even come */
            l->at = l->bytes.size;
            l->number++;
            return KTG_EINVALID;
        }
        if (left == 0)
            return KTG_ENOTFOUND;
        l->at += size + (end ? 1 : 0);
        if (l->skipping) { /* the rest of a line that was told already */
            l->skipping = false;
            continue;
        }
        l->number++;
        if (size > max)
            return KTG_EINVALID;
        if (size && from[size - 1] == '\r')
            size--;
        *ret_line = ktg_bytes(from, size);
        return KTG_OK;
    }
}

void ktg_lines_in_done(struct ktg_lines_in *l)
{
    ktg_buf_done(&l->bytes);
    *l = (struct ktg_lines_in){0};
}

static size_t place_of(const struct ktg_pending *p, const uint8_t *id)
{
    size_t i = (size_t)ktg_hash64(id, KTG_OUTBOX_ID, 0) & (p->cap - 1);
    while (p->rows[i].line && memcmp(p->rows[i].id, id, KTG_OUTBOX_ID) != 0)
        i = (i + 1) & (p->cap - 1);
    return i;
}

static int grow(struct ktg_pending *p)
{
    struct ktg_pending bigger = {.count = p->count, .cap = p->cap ? p->cap * 2 : 64};
    bigger.rows = ktg_calloc(bigger.cap, sizeof *bigger.rows);
    if (!bigger.rows)
        return KTG_ENOMEM;
    for (size_t i = 0; i < p->cap; i++)
        if (p->rows[i].line)
            bigger.rows[place_of(&bigger, p->rows[i].id)] = p->rows[i];
    ktg_free(p->rows);
    *p = bigger;
    return KTG_OK;
}

int ktg_pending_put(struct ktg_pending *p, const uint8_t id[static KTG_OUTBOX_ID], uint64_t line)
{
    if (p->count * 2 >= p->cap && grow(p))
        return KTG_ENOMEM;
    struct ktg_pending_row *row = &p->rows[place_of(p, id)];
    if (row->line) {
        row->more++;
        return KTG_OK;
    }
    memcpy(row->id, id, KTG_OUTBOX_ID);
    row->line = line;
    row->more = 0;
    p->count++;
    return KTG_OK;
}

bool ktg_pending_take(struct ktg_pending *p, const uint8_t id[static KTG_OUTBOX_ID],
                      struct ktg_pending_row *ret_row)
{
    if (p->count == 0)
        return false;
    size_t hole = place_of(p, id), mask = p->cap - 1;
    if (!p->rows[hole].line)
        return false;
    *ret_row = p->rows[hole];
    p->count--;
    for (size_t i = (hole + 1) & mask; p->rows[i].line;
         i = (i + 1) & mask) { /* move up what the hole cuts off */
        size_t home = (size_t)ktg_hash64(p->rows[i].id, KTG_OUTBOX_ID, 0) & mask;
        if (((i - home) & mask) >= ((i - hole) & mask)) {
            p->rows[hole] = p->rows[i];
            hole = i;
        }
    }
    p->rows[hole].line = 0;
    return true;
}

void ktg_pending_done(struct ktg_pending *p)
{
    ktg_free(p->rows);
    *p = (struct ktg_pending){0};
}
