/* brokers/ingest/sequence.c - the picture and the numbered invariants are in sequence.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "brokers/ingest/sequence.h"

#include <assert.h>
#include <stdio.h>

#include "brokers/ingest/rows.h"
#include "runtime/mem.h"
#include "schema/wire.h"

void ktg_sequences_done(struct ktg_sequences *s)
{
    ktg_free(s->rows);
    *s = (struct ktg_sequences)KTG_SEQUENCES_INIT;
}

static int row_of(struct ktg_sequences *s, struct ktg_bytes producer, struct ktg_sequence **ret_row)
{
    bool found;
    size_t at = ktg_row_place(s->rows, s->count, sizeof *s->rows, producer, &found);
    if (!found) {
        if (producer.size == 0 || producer.size >= sizeof s->rows->producer)
            return KTG_EINVALID;
        if (ktg_grow(&s->rows, &s->cap, s->count + 1, sizeof *s->rows))
            return KTG_ENOMEM;
        memmove(&s->rows[at + 1], &s->rows[at], (s->count - at) * sizeof *s->rows);
        s->rows[at] = (struct ktg_sequence){0};
        memcpy(s->rows[at].producer, producer.data, producer.size);
        s->count++;
    }
    *ret_row = &s->rows[at];
    return KTG_OK;
}

struct ktg_sequence *ktg_sequences_find(const struct ktg_sequences *s, struct ktg_bytes producer)
{
    bool found;
    size_t at = ktg_row_place(s->rows, s->count, sizeof *s->rows, producer, &found);
    return found ? &s->rows[at] : NULL;
}

int ktg_sequences_hello(struct ktg_sequences *s, struct ktg_bytes producer, uint64_t epoch,
                        uint64_t *ret_acked)
{
    struct ktg_sequence *row;
    int rc = row_of(s, producer, &row);
    if (rc)
        return rc;
    if (epoch < row->epoch)
        return KTG_ECONFLICT;
    if (epoch > row->epoch) {
        row->epoch = epoch;
        row->last = 0;
    }
    *ret_acked = row->last;
    return KTG_OK;
}

enum ktg_sequence_place ktg_sequence_place(const struct ktg_sequence *row, uint64_t epoch,
                                           uint64_t seq)
{
    if (!row || row->epoch != epoch)
        return KTG_SEQ_FENCED;
    if (seq <= row->last)
        return KTG_SEQ_OLD;
    return seq == row->last + 1 ? KTG_SEQ_NEXT : KTG_SEQ_GAP;
}

void ktg_sequence_advance(struct ktg_sequence *row, uint64_t seq)
{
    assert(seq == row->last + 1);
    row->last = seq;
}

int ktg_sequences_recover(struct ktg_sequences *s, struct ktg_bytes producer, uint64_t epoch,
                          uint64_t seq)
{
    struct ktg_sequence *row;
    int rc = row_of(s, producer, &row);
    if (rc)
        return rc;
    if (epoch > row->epoch) {
        row->epoch = epoch;
        row->last = seq;
    } else if (epoch == row->epoch && seq > row->last) {
        row->last = seq;
    }
    return KTG_OK;
}

void ktg_sequences_encode(const struct ktg_sequences *s, struct ktg_buf *to)
{
    ktg_wire_put_map(to, (uint32_t)s->count);
    for (size_t i = 0; i < s->count; i++) {
        ktg_wire_put_text(to, s->rows[i].producer);
        ktg_wire_put_array(to, 2);
        ktg_wire_put_int(to, (int64_t)s->rows[i].epoch);
        ktg_wire_put_int(to, (int64_t)s->rows[i].last);
    }
}

int ktg_sequences_decode(struct ktg_sequences *s, struct ktg_bytes map)
{
    struct ktg_wire w = ktg_wire_open(map);
    struct ktg_wire_value v, name, pair, epoch, last;
    if (ktg_wire_next(&w, &v) || v.kind != KTG_WIRE_MAP)
        return KTG_EINVALID;
    w = ktg_wire_inside(&v);
    for (uint32_t i = 0; i < v.count; i++) {
        if (ktg_wire_next(&w, &name) || name.kind != KTG_WIRE_STR || ktg_wire_next(&w, &pair) ||
            pair.kind != KTG_WIRE_ARRAY || pair.count != 2)
            return KTG_EINVALID;
        struct ktg_wire inside = ktg_wire_inside(&pair);
        if (ktg_wire_next(&inside, &epoch) || ktg_wire_next(&inside, &last) ||
            epoch.kind != KTG_WIRE_INT || last.kind != KTG_WIRE_INT || epoch.integer < 0 ||
            last.integer < 0)
            return KTG_EINVALID;
        int rc =
            ktg_sequences_recover(s, name.bytes, (uint64_t)epoch.integer, (uint64_t)last.integer);
        if (rc)
            return rc;
    }
    return KTG_OK;
}
