/* brokers/ingest/tally.c - the picture and the numbered invariants are in tally.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "brokers/ingest/tally.h"

#include "brokers/ingest/rows.h"
#include "runtime/mem.h"
#include "schema/wire.h"

void ktg_tallies_done(struct ktg_tallies *t)
{
    for (size_t i = 0; i < t->count; i++)
        ktg_free(t->rows[i].sources);
    ktg_free(t->rows);
    *t = (struct ktg_tallies)KTG_TALLIES_INIT;
}

/* ---- rows ------------------------------------------------------------------------------------------------------------ */

const struct ktg_tally *ktg_tallies_find(const struct ktg_tallies *t, struct ktg_bytes producer)
{
    bool found;
    size_t at = ktg_row_place(t->rows, t->count, sizeof *t->rows, producer, &found);
    return found ? &t->rows[at] : NULL;
}

struct ktg_tally *ktg_tallies_of(struct ktg_tallies *t, struct ktg_bytes producer)
{
    bool found;
    size_t at = ktg_row_place(t->rows, t->count, sizeof *t->rows, producer, &found);
    if (found)
        return &t->rows[at];
    if (producer.size == 0 || producer.size >= KTG_TALLY_NAME ||
        ktg_grow(&t->rows, &t->cap, t->count + 1, sizeof *t->rows))
        return NULL;
    memmove(&t->rows[at + 1], &t->rows[at], (t->count - at) * sizeof *t->rows);
    t->rows[at] = (struct ktg_tally){0};
    memcpy(t->rows[at].producer, producer.data, producer.size);
    t->count++;
    return &t->rows[at];
}

static ktg_time heard_at(const struct ktg_tally_source *s)
{
    return s->event_at > s->heartbeat_at ? s->event_at : s->heartbeat_at;
}

static void drop_oldest(struct ktg_tallies *t, struct ktg_tally *row)
{
    size_t oldest = 0;
    for (size_t i = 1; i < row->count; i++)
        if (heard_at(&row->sources[i]) < heard_at(&row->sources[oldest]))
            oldest = i;
    row->count--;
    t->sources--;
    memmove(&row->sources[oldest], &row->sources[oldest + 1],
            (row->count - oldest) * sizeof *row->sources);
}

/* Sources of one producer differ in the beginning or the end of their names. */
static uint16_t *hint_of(struct ktg_tally *row, struct ktg_bytes name)
{
    uint64_t first = 0, last = 0;
    size_t n = name.size < 8 ? name.size : 8;
    memcpy(&first, name.data, n);
    memcpy(&last, name.data + name.size - n, n);
    uint64_t mixed = (first ^ last * UINT64_C(0x9e3779b97f4a7c15)) * UINT64_C(0xbf58476d1ce4e5b9);
    return &row->hint[mixed >> 56];
}

static struct ktg_tally_source *add_source(struct ktg_tallies *t, struct ktg_tally *row,
                                           struct ktg_bytes name)
{
    bool found;
    if (row->count && (row->count == KTG_TALLY_EACH || t->sources == KTG_TALLY_ALL))
        drop_oldest(t, row);
    if (t->sources == KTG_TALLY_ALL ||
        ktg_grow(&row->sources, &row->cap, row->count + 1, sizeof *row->sources))
        return NULL;
    size_t at = ktg_row_place(row->sources, row->count, sizeof *row->sources, name, &found);
    struct ktg_tally_source *s = &row->sources[at];
    memmove(s + 1, s, (row->count - at) * sizeof *s);
    *s = (struct ktg_tally_source){.size = name.size};
    memcpy(s->name, name.data, name.size);
    row->count++;
    t->sources++;
    return s;
}

/* NULL: it has no place. */
static struct ktg_tally_source *source_of(struct ktg_tallies *t, struct ktg_tally *row,
                                          struct ktg_bytes name)
{
    bool found;
    if (!row || name.size == 0 || name.size >= KTG_TALLY_NAME)
        return NULL;
    uint16_t *hint = hint_of(row, name);
    struct ktg_tally_source *s = *hint < row->count ? &row->sources[*hint] : NULL;
    if (s && s->size == name.size && memcmp(s->name, name.data, name.size) == 0)
        return s;
    size_t at = ktg_row_place(row->sources, row->count, sizeof *row->sources, name, &found);
    s = found ? &row->sources[at] : add_source(t, row, name);
    if (s)
        *hint = (uint16_t)(s - row->sources);
    return s;
}

/* ---- folding --------------------------------------------------------------------------------------------------------- */

void ktg_tally_event(struct ktg_tallies *t, struct ktg_tally *row, struct ktg_bytes source,
                     uint64_t epoch, uint64_t seq, ktg_time at)
{
    struct ktg_tally_source *s = source_of(t, row, source);
    if (!s)
        return;
    s->epoch = epoch;
    s->seq = seq;
    s->event_at = at;
}

void ktg_tally_heartbeat(struct ktg_tallies *t, struct ktg_tally *row, struct ktg_bytes source,
                         uint64_t queued, ktg_time at)
{
    struct ktg_tally_source *s = source_of(t, row, source);
    if (!s)
        return;
    s->heartbeat_at = at;
    s->queued = queued;
}

void ktg_tally_quarantined(struct ktg_tally *row)
{
    if (row)
        row->quarantined++;
}

/* ---- snapshot -------------------------------------------------------------------------------------------------------- */

static void encode_row(const struct ktg_tally *row, struct ktg_buf *to)
{
    ktg_wire_put_text(to, row->producer);
    ktg_wire_put_array(to, 2);
    ktg_wire_put_int(to, (int64_t)row->quarantined);
    ktg_wire_put_map(to, (uint32_t)row->count);
    for (size_t i = 0; i < row->count; i++) {
        const struct ktg_tally_source *s = &row->sources[i];
        ktg_wire_put_text(to, s->name);
        ktg_wire_put_array(to, 5);
        ktg_wire_put_int(to, (int64_t)s->epoch);
        ktg_wire_put_int(to, s->event_at);
        ktg_wire_put_int(to, s->heartbeat_at);
        ktg_wire_put_int(to, (int64_t)s->queued);
        ktg_wire_put_int(to, (int64_t)s->seq);
    }
}

void ktg_tallies_encode(const struct ktg_tallies *t, struct ktg_buf *to)
{
    ktg_wire_put_map(to, (uint32_t)t->count);
    for (size_t i = 0; i < t->count; i++)
        encode_row(&t->rows[i], to);
}

static int read_number(struct ktg_wire *w, int64_t *ret_n)
{
    struct ktg_wire_value v;
    if (ktg_wire_next(w, &v) || v.kind != KTG_WIRE_INT || v.integer < 0)
        return KTG_EINVALID;
    *ret_n = v.integer;
    return KTG_OK;
}

static int decode_source(struct ktg_tallies *t, struct ktg_tally *row, struct ktg_wire *w)
{
    struct ktg_wire_value name, list;
    int64_t n[5];
    if (ktg_wire_next(w, &name) || name.kind != KTG_WIRE_STR || ktg_wire_next(w, &list) ||
        list.kind != KTG_WIRE_ARRAY || list.count != KTG_COUNT(n))
        return KTG_EINVALID;
    struct ktg_wire inside = ktg_wire_inside(&list);
    for (size_t i = 0; i < KTG_COUNT(n); i++)
        if (read_number(&inside, &n[i]))
            return KTG_EINVALID;
    struct ktg_tally_source *s = source_of(t, row, name.bytes);
    if (s) {
        s->epoch = (uint64_t)n[0];
        s->event_at = n[1];
        s->heartbeat_at = n[2];
        s->queued = (uint64_t)n[3];
        s->seq = (uint64_t)n[4];
    }
    return KTG_OK;
}

static int decode_row(struct ktg_tallies *t, struct ktg_wire *w)
{
    struct ktg_wire_value name, pair, map;
    int64_t quarantined;
    if (ktg_wire_next(w, &name) || name.kind != KTG_WIRE_STR || ktg_wire_next(w, &pair) ||
        pair.kind != KTG_WIRE_ARRAY || pair.count != 2)
        return KTG_EINVALID;
    struct ktg_wire inside = ktg_wire_inside(&pair);
    if (read_number(&inside, &quarantined) || ktg_wire_next(&inside, &map) ||
        map.kind != KTG_WIRE_MAP)
        return KTG_EINVALID;
    struct ktg_tally *row = ktg_tallies_of(t, name.bytes);
    if (!row)
        return KTG_ENOMEM;
    row->quarantined = (uint64_t)quarantined;
    int rc = KTG_OK;
    inside = ktg_wire_inside(&map);
    for (uint32_t i = 0; !rc && i < map.count; i++)
        rc = decode_source(t, row, &inside);
    return rc;
}

int ktg_tallies_decode(struct ktg_tallies *t, struct ktg_bytes map)
{
    struct ktg_wire w = ktg_wire_open(map);
    struct ktg_wire_value v;
    if (ktg_wire_next(&w, &v) || v.kind != KTG_WIRE_MAP)
        return KTG_EINVALID;
    int rc = KTG_OK;
    w = ktg_wire_inside(&v);
    for (uint32_t i = 0; !rc && i < v.count; i++)
        rc = decode_row(t, &w);
    return rc;
}

/* ---- the answer ------------------------------------------------------------------------------------------------------ */

static void put_source(const struct ktg_tally_source *s, uint64_t epoch,
                       const struct ktg_retired *retired, struct ktg_buf *to)
{
    const struct ktg_retired_word *word = ktg_retired_holds(retired, ktg_bytes(s->name, s->size));
    ktg_wire_put_map(to, 7);
    ktg_wire_put_int_pair(to, "event_at", s->event_at);
    ktg_wire_put_int_pair(to, "heartbeat_at", s->heartbeat_at);
    ktg_wire_put_str_pair(to, "of", KTG_LIT("source"));
    ktg_wire_put_int_pair(to, "queued", s->queued);
    ktg_wire_put_int_pair(to, "retired_at", word ? word->at : 0);
    ktg_wire_put_int_pair(to, "seq", s->epoch == epoch ? s->seq : 0);
    ktg_wire_put_str_pair(to, "source", ktg_bytes_str(s->name));
}

void ktg_tally_answer(const struct ktg_tally *row, struct ktg_bytes producer, uint64_t epoch,
                      uint64_t acked, const struct ktg_retired *retired, struct ktg_bytes after,
                      uint64_t limit, struct ktg_buf *to, bool *ret_more)
{
    size_t count = row ? row->count : 0, from = 0;
    bool found = false, first = after.size == 0;
    if (!first && row) {
        from = ktg_row_place(row->sources, count, sizeof *row->sources, after, &found);
        from += found;
    }
    uint64_t room = limit - (first && limit), left = count - from;
    *ret_more = left > room;
    if (left > room)
        left = room;
    ktg_wire_put_array(to, (uint32_t)(left + first));
    if (first) {
        ktg_wire_put_map(to, 6);
        ktg_wire_put_int_pair(to, "acked_seq", acked);
        ktg_wire_put_int_pair(to, "epoch", epoch);
        ktg_wire_put_str_pair(to, "name", producer);
        ktg_wire_put_str_pair(to, "of", KTG_LIT("producer"));
        ktg_wire_put_int_pair(to, "quarantined", row ? row->quarantined : 0);
        ktg_wire_put_int_pair(to, "sources", count);
    }
    for (size_t i = from; i < from + left; i++)
        put_source(&row->sources[i], epoch, retired, to);
}
