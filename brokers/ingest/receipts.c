/* brokers/ingest/receipts.c - the picture and the numbered invariants are in receipts.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "brokers/ingest/receipts.h"

#include "runtime/mem.h"

enum { MOST_RUNS = 1024, NOTE_HEAD = 12 };

void ktg_receipts_done(struct ktg_receipts *r)
{
    ktg_free(r->rows);
    ktg_buf_done(&r->notes);
    *r = (struct ktg_receipts)KTG_RECEIPTS_INIT;
}

static bool continues(const struct ktg_receipt *last, uint64_t seq, int status, uint64_t position,
                      uint64_t batch)
{
    const struct ktg_run *run = &last->run;
    if (last->batch != batch || run->status != status || run->first_seq + run->count != seq)
        return false;
    return run->first_position == 0 ? position == 0 : run->first_position + run->count == position;
}

int ktg_receipts_add(struct ktg_receipts *r, uint64_t seq, int status, uint64_t position,
                     uint64_t batch)
{
    if (r->count && continues(&r->rows[r->head + r->count - 1], seq, status, position, batch)) {
        r->rows[r->head + r->count - 1].run.count++;
        return KTG_OK;
    }
    if (r->head && r->head + r->count == r->cap) {
        memmove(r->rows, r->rows + r->head, r->count * sizeof *r->rows);
        r->head = 0;
    }
    if (ktg_grow(&r->rows, &r->cap, r->head + r->count + 1, sizeof *r->rows))
        return KTG_ENOMEM;
    r->rows[r->head + r->count++] = (struct ktg_receipt){{seq, 1, position, status}, batch};
    return KTG_OK;
}

int ktg_receipts_note(struct ktg_receipts *r, struct ktg_bytes frame, uint64_t batch)
{
    if (r->note_head == r->notes.size) {
        ktg_buf_clear(&r->notes);
        r->note_head = 0;
    }
    uint8_t *at = ktg_buf_extend(&r->notes, NOTE_HEAD + frame.size);
    if (!at) {
        r->notes.bad = false; /* what waits already is still whole */
        return KTG_ENOMEM;
    }
    ktg_put_le64(at, batch);
    ktg_put_le32(at + 8, (uint32_t)frame.size);
    memcpy(at + NOTE_HEAD, frame.data, frame.size);
    return KTG_OK;
}

bool ktg_receipts_take(struct ktg_receipts *r, uint64_t durable_batch, uint64_t *ret_seq,
                       struct ktg_buf *runs)
{
    size_t n = 0;
    while (n < r->count && n < MOST_RUNS && r->rows[r->head + n].batch <= durable_batch)
        n++;
    if (n == 0)
        return false;
    ktg_wire_put_array(runs, (uint32_t)n);
    for (size_t i = 0; i < n; i++) {
        const struct ktg_run *run = &r->rows[r->head + i].run;
        ktg_run_put(runs, run);
        if (run->first_seq + run->count - 1 > r->acked)
            r->acked = run->first_seq + run->count - 1;
    }
    r->head += n;
    r->count -= n;
    if (r->count == 0)
        r->head = 0;
    *ret_seq = r->acked;
    return true;
}

bool ktg_receipts_take_note(struct ktg_receipts *r, uint64_t durable_batch,
                            struct ktg_bytes *ret_frame)
{
    if (r->note_head == r->notes.size)
        return false;
    const uint8_t *at = r->notes.data + r->note_head;
    if (ktg_get_le64(at) > durable_batch)
        return false;
    *ret_frame = ktg_bytes(at + NOTE_HEAD, ktg_get_le32(at + 8));
    r->note_head += NOTE_HEAD + ret_frame->size;
    return true;
}
