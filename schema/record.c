/* schema/record.c - see record.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "schema/record.h"

#include "schema/wire.h"

static void begin(const struct ktg_record_meta *m, bool has_seq, struct ktg_buf *to)
{
    ktg_wire_put_map(to, 1u + (m->epoch != 0) + has_seq + (m->target != 0));
    if (m->epoch) {
        ktg_wire_put_text(to, "e");
        ktg_wire_put_int(to, (int64_t)m->epoch);
    }
    ktg_wire_put_text(to, "p");
    ktg_wire_put_str(to, m->producer);
    if (has_seq)
        ktg_wire_put_text(to, "s");
}

void ktg_record_meta_begin(struct ktg_bytes producer, uint64_t epoch, struct ktg_buf *to)
{
    begin(&(struct ktg_record_meta){producer, epoch, 0, 0}, true, to);
}

void ktg_record_meta_encode(const struct ktg_record_meta *m, struct ktg_buf *to)
{
    begin(m, m->seq != 0, to);
    if (m->seq)
        ktg_wire_put_int(to, (int64_t)m->seq);
    if (m->target) {
        ktg_wire_put_text(to, "t");
        ktg_wire_put_int(to, (int64_t)m->target);
    }
}

static int number(struct ktg_bytes map, const char *key, uint64_t *ret)
{
    struct ktg_wire_value v;
    *ret = 0;
    if (!ktg_wire_get(map, key, &v))
        return KTG_OK;
    if (v.kind != KTG_WIRE_INT || v.integer < 0)
        return KTG_EINVALID;
    *ret = (uint64_t)v.integer;
    return KTG_OK;
}

int ktg_record_meta_decode(struct ktg_bytes meta, struct ktg_record_meta *ret_m)
{
    struct ktg_record_meta m;
    struct ktg_wire_value v;
    if (!ktg_wire_get(meta, "p", &v) || v.kind != KTG_WIRE_STR)
        return KTG_EINVALID;
    m.producer = v.bytes;
    if (number(meta, "e", &m.epoch) || number(meta, "s", &m.seq) || number(meta, "t", &m.target))
        return KTG_EINVALID;
    *ret_m = m;
    return KTG_OK;
}

void ktg_record_away_encode(ktg_time from, ktg_time until, struct ktg_buf *to)
{
    ktg_wire_put_map(to, 2);
    ktg_wire_put_int_pair(to, "from", from);
    ktg_wire_put_int_pair(to, "until", until);
}

int ktg_record_away_decode(struct ktg_bytes payload, ktg_time *ret_from, ktg_time *ret_until)
{
    struct ktg_wire_value from, until;
    if (!ktg_wire_get(payload, "from", &from) || from.kind != KTG_WIRE_INT ||
        !ktg_wire_get(payload, "until", &until) || until.kind != KTG_WIRE_INT ||
        from.integer >= until.integer)
        return KTG_EINVALID;
    *ret_from = from.integer;
    *ret_until = until.integer;
    return KTG_OK;
}

void ktg_record_retired_encode(const struct ktg_retirement *r, struct ktg_buf *to)
{
    ktg_wire_put_map(to, 3);
    ktg_wire_put_int_pair(to, "at", r->at);
    ktg_wire_put_text(to, "retired");
    ktg_wire_put_bool(to, r->retired);
    ktg_wire_put_str_pair(to, "source", r->source);
}

int ktg_record_retired_decode(struct ktg_bytes payload, struct ktg_retirement *ret_r)
{
    struct ktg_wire_value at, retired, source;
    if (!ktg_wire_get(payload, "at", &at) || at.kind != KTG_WIRE_INT ||
        !ktg_wire_get(payload, "retired", &retired) || retired.kind != KTG_WIRE_BOOL ||
        !ktg_wire_get(payload, "source", &source) || source.kind != KTG_WIRE_STR ||
        !source.bytes.size)
        return KTG_EINVALID;
    *ret_r = (struct ktg_retirement){source.bytes, at.integer, retired.integer != 0};
    return KTG_OK;
}

const char *ktg_record_kind_name(int kind)
{
    static const char *const names[KTG_RECORD_KINDS] = {"clock",     "event",   "quarantine",
                                                        "heartbeat", "ruleset", "progress",
                                                        "erasure",   "away",    "retired"};
    return kind >= 0 && kind < KTG_RECORD_KINDS ? names[kind] : "unknown";
}
