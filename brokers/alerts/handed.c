/* brokers/alerts/handed.c - the picture and the numbered invariants are in handed.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "brokers/alerts/handed.h"

#include "runtime/hash.h"
#include "schema/wire.h"

#define SOURCE "SYSTEM.ALERTS.1"

static bool get(struct ktg_bytes map, const char *key, enum ktg_wire_kind kind,
                struct ktg_wire_value *ret_v)
{
    return ktg_wire_get(map, key, ret_v) && ret_v->kind == kind;
}

int ktg_handed_read(struct ktg_bytes payload, struct ktg_handed *ret_h)
{
    struct ktg_handed h = {.payload = payload};
    struct ktg_wire_value v, route, ms, offset;
    const struct {
        const char *key;
        struct ktg_bytes *to;
    } texts[] = {{"op", &h.op},       {"rule", &h.rule},       {"state", &h.state},
                 {"level", &h.level}, {"subject", &h.subject}, {"reason", &h.reason}};
    for (size_t i = 0; i < KTG_COUNT(texts); i++) {
        if (!get(payload, texts[i].key, KTG_WIRE_STR, &v))
            return KTG_ECORRUPT;
        *texts[i].to = v.bytes;
    }
    if (get(payload, "key", KTG_WIRE_STR, &v))
        h.key = v.bytes;
    if (!get(payload, "finding", KTG_WIRE_BIN, &v) || v.bytes.size != sizeof h.finding)
        return KTG_ECORRUPT;
    memcpy(h.finding, v.bytes.data, sizeof h.finding);
    if (!get(payload, "rev", KTG_WIRE_INT, &v))
        return KTG_ECORRUPT;
    h.rev = (uint64_t)v.integer;
    if (!get(payload, "at", KTG_WIRE_ARRAY, &v) || v.count != 2)
        return KTG_ECORRUPT;
    struct ktg_wire w = ktg_wire_inside(&v);
    if (ktg_wire_next(&w, &ms) || ktg_wire_next(&w, &offset))
        return KTG_ECORRUPT;
    h.at = ms.integer;
    h.offset_min = (int)offset.integer;
    if (!get(payload, "route", KTG_WIRE_MAP, &route) || !get(route.raw, "to", KTG_WIRE_ARRAY, &v))
        return KTG_ECORRUPT;
    h.to = v.raw;
    h.route = route.raw;
    if (get(payload, "values", KTG_WIRE_MAP, &v))
        h.values = v.raw;
    if (get(route.raw, "district", KTG_WIRE_STR, &v))
        h.district = v.bytes;
    if (get(route.raw, "kind", KTG_WIRE_STR, &v))
        h.kind = v.bytes;
    h.live = get(route.raw, "status", KTG_WIRE_STR, &v) && ktg_bytes_is(v.bytes, "live");
    if (!h.live) { /* (3) */
        h.op = KTG_LIT("withdraw");
        h.state = KTG_LIT("withdrawn");
    }
    *ret_h = h;
    return KTG_OK;
}

/* UUIDv7 (RFC 9562) whose time is `at` and whose random part is a hash.  `beside`: what the event says beside the usual, for a
 * journal of an older release may have the usual one under the id without that. */
static void derive_id(const struct ktg_handed *h, struct ktg_bytes beside, struct ktg_bytes agency,
                      uint8_t to[static 16])
{
    uint8_t rev[8], at[8];
    ktg_put_be64(rev, h->rev);
    struct ktg_bytes parts[] = {KTG_LIT("alert"), ktg_bytes(h->finding, 16), ktg_bytes(rev, 8),
                                agency, beside};
    ktg_blake2b_128(parts, KTG_COUNT(parts), to);
    ktg_put_be64(at, (uint64_t)h->at << 16);
    memcpy(to, at, 6);
    to[6] = (uint8_t)(0x70 | (to[6] & 0x0f));
    to[8] = (uint8_t)(0x80 | (to[8] & 0x3f));
}

/* {data, id, occurred_at, source, type, v}: opened here, `data` is written by the caller in between. */
static void begin_event(struct ktg_buf *b)
{
    ktg_wire_put_map(b, 6);
    ktg_wire_put_text(b, "data");
}

static void end_event(struct ktg_buf *b, const uint8_t id[static 16], ktg_time at, int offset_min,
                      const char *type)
{
    ktg_wire_put_text(b, "id");
    ktg_wire_put_bin(b, ktg_bytes(id, 16));
    ktg_wire_put_text(b, "occurred_at");
    ktg_wire_put_array(b, 2);
    ktg_wire_put_int(b, at);
    ktg_wire_put_int(b, offset_min);
    ktg_wire_put_str_pair(b, "source", KTG_LIT(SOURCE));
    ktg_wire_put_str_pair(b, "type", ktg_bytes_str(type));
    ktg_wire_put_text(b, "v");
    ktg_wire_put_int(b, 1);
}

/* The journal's code list of reasons for a withdrawal; others (corrections of many kinds) are told as correction. */
static struct ktg_bytes withdrawal_reason(struct ktg_bytes reason)
{
    static const char *const known[] = {"late-event",   "correction",      "merge", "list-changed",
                                        "rule-changed", "setting-changed", "engine"};
    for (size_t i = 0; i < KTG_COUNT(known); i++)
        if (ktg_bytes_is(reason, known[i]))
            return reason;
    return KTG_LIT("correction");
}

void ktg_handed_event(const struct ktg_handed *h, const struct ktg_alert *a,
                      const struct ktg_track *t, struct ktg_buf *to)
{
    char hex[33];
    uint8_t id[16];
    bool withdrawn = ktg_bytes_is(h->op, "withdraw");
    bool raised = !withdrawn && t->fresh, over = ktg_bytes_is(h->state, "closed");
    bool level = !withdrawn && !raised && a->was.size; /* it is another one now */
    bool state = raised ? over : !withdrawn && (over || ktg_bytes_is(h->state, "open"));
    struct ktg_bytes alert = ktg_bytes(hex, 32);
    ktg_hex(h->finding, 16, hex);
    derive_id(h,
              raised && over         ? KTG_LIT("over")
              : raised && h->rev > 1 ? KTG_LIT("raised")
              : level                ? KTG_LIT("level")
                                     : KTG_BYTES_NONE,
              t->agency, id);
    begin_event(to);
    ktg_wire_put_map(to, 5u + (raised || level) + state + level);
    ktg_wire_put_str_pair(to, "agency_code", t->agency);
    ktg_wire_put_str_pair(to, "alert", alert);
    ktg_wire_put_str_pair(to, "finding", alert);
    if (withdrawn)
        ktg_wire_put_str_pair(to, "reason", withdrawal_reason(h->reason));
    else
        ktg_wire_put_str_pair(to, "level", h->level);
    ktg_wire_put_text(to, "rev");
    ktg_wire_put_int(to, (int64_t)h->rev);
    if (raised || level)
        ktg_wire_put_str_pair(to, "rule", h->rule);
    if (state)
        ktg_wire_put_str_pair(to, "state", h->state);
    if (level)
        ktg_wire_put_str_pair(to, "was", a->was);
    end_event(to, id, h->at, h->offset_min,
              withdrawn ? "alert.withdrawn"
              : raised  ? "alert.raised"
                        : "alert.amended");
}

bool ktg_handed_sees_all(struct ktg_bytes agency)
{
    return ktg_bytes_is(agency, "IMI");
}

/* The finding itself, with op and state as they are told. */
static void put_whole(const struct ktg_handed *h, struct ktg_buf *to)
{
    struct ktg_wire w = ktg_wire_open(h->payload);
    struct ktg_wire_value map, key, v;
    if (h->live || ktg_wire_next(&w, &map) || map.kind != KTG_WIRE_MAP) {
        ktg_buf_put_bytes(to, h->payload);
        return;
    }
    ktg_wire_put_map(to, map.count);
    for (w = ktg_wire_inside(&map); !ktg_wire_next(&w, &key) && !ktg_wire_next(&w, &v);) {
        ktg_buf_put_bytes(to, key.raw);
        if (ktg_bytes_is(key.bytes, "op"))
            ktg_wire_put_str(to, h->op);
        else if (ktg_bytes_is(key.bytes, "state"))
            ktg_wire_put_str(to, h->state);
        else
            ktg_buf_put_bytes(to, v.raw);
    }
}

/* As that a rule is suspended: counts, and its name. */
static bool speaks_of_nobody(const struct ktg_handed *h)
{
    struct ktg_wire_value agencies, one;
    if (!ktg_bytes_is(h->kind, "rule") || !get(h->route, "agencies", KTG_WIRE_ARRAY, &agencies) ||
        agencies.count != 1)
        return false;
    struct ktg_wire w = ktg_wire_inside(&agencies);
    return !ktg_wire_next(&w, &one) && one.kind == KTG_WIRE_STR &&
           ktg_bytes_is(one.bytes, "SYSTEM");
}

void ktg_handed_body(const struct ktg_handed *h, struct ktg_bytes agency, struct ktg_buf *to)
{
    if (ktg_handed_sees_all(agency) || speaks_of_nobody(h)) {
        put_whole(h, to);
        return;
    }
    char hex[33];
    ktg_hex(h->finding, 16, hex);
    ktg_wire_put_map(to, 7u + (h->district.size > 0));
    ktg_wire_put_text(to, "at");
    ktg_wire_put_array(to, 2);
    ktg_wire_put_int(to, h->at);
    ktg_wire_put_int(to, h->offset_min);
    if (h->district.size)
        ktg_wire_put_str_pair(to, "district", h->district);
    ktg_wire_put_str_pair(to, "level", h->level);
    ktg_wire_put_str_pair(to, "op", h->op);
    ktg_wire_put_str_pair(to, "reference", ktg_bytes(hex, 32));
    ktg_wire_put_text(to, "rev");
    ktg_wire_put_int(to, (int64_t)h->rev);
    ktg_wire_put_str_pair(to, "rule", h->rule);
    ktg_wire_put_str_pair(to, "state", h->state);
}

bool ktg_handed_pair(const struct ktg_handed *h, struct ktg_bytes disposition)
{
    static const char *const parting[] = {"not-match"};
    bool is = false;
    for (size_t i = 0; i < KTG_COUNT(parting); i++)
        is |= ktg_bytes_is(disposition, parting[i]);
    return is && h->key.size && ktg_bytes_is(h->kind, "person");
}

void ktg_handed_part(struct ktg_handed_action *action, struct ktg_bytes payload)
{
    struct ktg_handed h;
    if (ktg_handed_read(payload, &h) || !ktg_handed_pair(&h, action->disposition))
        return;
    action->about = h.subject;
    action->key = h.key;
}

void ktg_handed_action_event(const struct ktg_handed_action *action, const uint8_t id[static 16],
                             ktg_time at, struct ktg_buf *to)
{
    const struct {
        const char *key;
        struct ktg_bytes text;
    } rows[] = {
        {"about", action->close ? action->about : KTG_BYTES_NONE},
        {"agency_code", action->agency},
        {"alert", action->alert},
        {"disposition", action->close ? action->disposition : KTG_BYTES_NONE},
        {"key", action->close ? action->key : KTG_BYTES_NONE},
        {"note", action->note},
        {"officer", action->officer},
        {"reason", action->close ? action->reason : KTG_BYTES_NONE},
    };
    uint32_t filled = 0;
    for (size_t i = 0; i < KTG_COUNT(rows); i++)
        filled += rows[i].text.size > 0;
    begin_event(to);
    ktg_wire_put_map(to, filled);
    for (size_t i = 0; i < KTG_COUNT(rows); i++)
        if (rows[i].text.size)
            ktg_wire_put_str_pair(to, rows[i].key, rows[i].text);
    end_event(to, id, at, 420, action->close ? "alert.closed" : "alert.ack");
}
