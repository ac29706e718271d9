/* brokers/correlation/feed.c - see feed.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "brokers/correlation/feed.h"

#include <inttypes.h>

#include "rules/engine/heard.h"
#include "schema/record.h"
#include "schema/wire.h"

int ktg_feed_event_at(struct ktg_journal_reader *reader, uint64_t pos, struct ktg_bytes *ret_blob,
                      struct ktg_err *err)
{
    struct ktg_journal_item item;
    int rc = ktg_journal_reader_at(reader, pos, &item, err);
    if (rc)
        return rc;
    if (item.erased || item.kind != KTG_RECORD_EVENT)
        return KTG_ENOTFOUND;
    *ret_blob = item.payload;
    return KTG_OK;
}

static int feed_heartbeat(struct ktg_engine *engine, struct ktg_arena *scratch,
                          const struct ktg_journal_item *item, struct ktg_err *err)
{
    struct ktg_wire_value source, at, until, period, types, v;
    struct ktg_bytes *names = NULL;
    size_t count = 0;
    if (!ktg_wire_get(item->payload, "source", &source) ||
        !ktg_wire_get(item->payload, "at", &at) ||
        !ktg_wire_get(item->payload, "period", &period) ||
        !ktg_wire_get(item->payload, "complete_until", &until))
        return ktg_err_set(err, KTG_ECORRUPT, "heartbeat at %" PRIu64 " cannot be read", item->pos);
    if (ktg_wire_get(item->payload, "types", &types) && types.kind == KTG_WIRE_ARRAY &&
        types.count) {
        names = ktg_arena_alloc(scratch, types.count * sizeof *names);
        if (!names)
            return KTG_ENOMEM;
        for (struct ktg_wire w = ktg_wire_inside(&types);
             count < types.count && !ktg_wire_next(&w, &v);)
            names[count++] = v.bytes;
    }
    const struct ktg_beat beat = {.source = source.bytes,
                                  .at = at.integer,
                                  .complete_until = until.integer,
                                  .period = (uint64_t)period.integer,
                                  .types = names,
                                  .type_count = count};
    int rc = ktg_engine_heartbeat(engine, item->pos, &beat, err);
    ktg_arena_reset(scratch);
    return rc;
}

static int feed_away(struct ktg_engine *engine, const struct ktg_journal_item *item,
                     struct ktg_err *err)
{
    ktg_time from, until;
    if (ktg_record_away_decode(item->payload, &from, &until))
        return ktg_err_set(err, KTG_ECORRUPT, "absence at %" PRIu64 " cannot be read", item->pos);
    return ktg_engine_away(engine, item->pos, from, until, err);
}

static int feed_retired(struct ktg_engine *engine, const struct ktg_journal_item *item,
                        struct ktg_err *err)
{
    struct ktg_retirement r;
    if (ktg_record_retired_decode(item->payload, &r))
        return ktg_err_set(err, KTG_ECORRUPT, "retirement at %" PRIu64 " cannot be read",
                           item->pos);
    return ktg_engine_retired(engine, item->pos, &r, err);
}

static int feed_record(struct ktg_engine *engine, struct ktg_arena *scratch,
                       const struct ktg_journal_item *item, struct ktg_err *err)
{
    struct ktg_record_meta meta;
    if (item->erased)
        return KTG_OK;
    switch (item->kind) {
    case KTG_RECORD_CLOCK:
        return ktg_engine_clock(engine, item->pos, item->recorded_at, err);
    case KTG_RECORD_EVENT:
        if (ktg_record_meta_decode(item->meta, &meta))
            return ktg_err_set(err, KTG_ECORRUPT, "event at %" PRIu64 " has no meta", item->pos);
        return ktg_engine_event(engine, item->pos, item->payload, meta.target, err);
    case KTG_RECORD_HEARTBEAT:
        return feed_heartbeat(engine, scratch, item, err);
    case KTG_RECORD_AWAY:
        return feed_away(engine, item, err);
    case KTG_RECORD_RETIRED:
        return feed_retired(engine, item, err);
    case KTG_RECORD_RULESET:
        return ktg_engine_ruleset(engine, item->pos, item->payload, err);
    default:
        return KTG_OK;
    }
}

int ktg_feed_item(struct ktg_engine *engine, struct ktg_arena *scratch,
                  const struct ktg_journal_item *item, struct ktg_err *err)
{
    int rc = feed_record(engine, scratch, item, err);
    return rc || item->left ? rc : ktg_engine_settle(engine, err);
}
