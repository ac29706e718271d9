/* rules/engine/op.c - see op.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "rules/engine/op.h"

static const char *const reasons[] = {
    [KTG_REASON_EVENT] = "event",
    [KTG_REASON_CLOCK] = "clock",
    [KTG_REASON_SOURCE_HEARD] = "source-heard",
    [KTG_REASON_CENTRE_AWAY] = "centre-away",
    [KTG_REASON_SOURCE_RETIRED] = "source-retired",
    [KTG_REASON_SOURCE_RESTORED] = "source-restored",
    [KTG_REASON_SOURCE_SILENT] = "source-silent",
    [KTG_REASON_LATE_EVENT] = "late-event",
    [KTG_REASON_CORRECTION] = "correction",
    [KTG_REASON_RETRACTION] = "retraction",
    [KTG_REASON_MERGE] = "merge",
    [KTG_REASON_SPLIT] = "split",
    [KTG_REASON_LIST_CHANGED] = "list-changed",
    [KTG_REASON_SETTING_CHANGED] = "setting-changed",
    [KTG_REASON_RULE_CHANGED] = "rule-changed",
    [KTG_REASON_CATALOGUE_CHANGED] = "catalogue-changed",
    [KTG_REASON_ERASED] = "erased",
    [KTG_REASON_ENGINE] = "engine",
};
static const char *const ops[] = {"raise", "amend", "withdraw", "unknown", "none"};
static const char *const statuses[] = {[KTG_RULE_LIVE] = "live",
                                       [KTG_RULE_SHADOW] = "shadow",
                                       [KTG_RULE_OFF] = "off",
                                       [KTG_RULE_INTERNAL] = "internal"};

const char *ktg_reason_name(enum ktg_reason r)
{
    return reasons[r];
}
const char *ktg_op_name(enum ktg_op_kind k)
{
    return ops[k];
}
static void put_instant(struct ktg_buf *b, ktg_time t, int offset_min)
{
    ktg_wire_put_array(b, 2);
    ktg_wire_put_int(b, t);
    ktg_wire_put_int(b, offset_min);
}

static void put_words(struct ktg_buf *b, const char *key, const struct ktg_bytes *words,
                      size_t count)
{
    if (key)
        ktg_wire_put_text(b, key);
    ktg_wire_put_array(b, (uint32_t)count);
    for (size_t i = 0; i < count; i++)
        ktg_wire_put_str(b, words[i]);
}

static void put_text_pair(struct ktg_buf *b, const char *key, struct ktg_bytes en,
                          struct ktg_bytes id)
{
    ktg_wire_put_text(b, key);
    ktg_wire_put_map(b, 2);
    ktg_wire_put_text(b, "en");
    ktg_wire_put_str(b, en);
    ktg_wire_put_text(b, "id");
    ktg_wire_put_str(b, id);
}

static struct ktg_bytes rule_text(const struct ktg_rule *rule, const char *what)
{
    const char *text = ktg_rule_text(rule, what);
    return text ? ktg_bytes_str(text) : KTG_BYTES_NONE;
}

void ktg_op_route(const struct ktg_rule *rule, const char *kind, const struct ktg_finding *f,
                  struct ktg_bytes before, struct ktg_buf *route, struct ktg_buf *heed)
{
    struct ktg_wire_value district, agencies;
    struct ktg_bytes place = before.size ? before : f->posted.place;
    bool has_district =
        place.size && ktg_wire_get(place, "district", &district) && district.kind == KTG_WIRE_STR;
    struct ktg_bytes legal = rule_text(rule, "legal");
    uint8_t version[16];
    ktg_rule_version_hash(rule, version);
    ktg_wire_put_map(route, 8 + has_district + (legal.size > 0));
    if (before.size && ktg_wire_get(before, "agencies", &agencies)) {
        ktg_wire_put_text(route, "agencies");
        ktg_buf_put_bytes(route, agencies.raw);
    } else {
        put_words(route, "agencies", f->posted.agencies, f->posted.agency_count);
    }
    put_text_pair(route, "disproved_by", rule_text(rule, "disproved_by.en"),
                  rule_text(rule, "disproved_by.id"));
    if (has_district) {
        ktg_wire_put_text(route, "district");
        ktg_wire_put_str(route, district.bytes);
    }
    ktg_wire_put_text(route, "kind");
    ktg_wire_put_text(route, kind);
    if (legal.size) {
        ktg_wire_put_text(route, "legal");
        ktg_wire_put_str(route, legal);
    }
    ktg_wire_put_text(route, "rule_version");
    ktg_wire_put_bin(route, ktg_bytes(version, sizeof version));
    ktg_wire_put_text(route, "status");
    ktg_wire_put_text(route, statuses[ktg_rule_status(rule)]);
    put_text_pair(route, "title", f->title_en, f->title_id);
    put_words(route, "to", f->to, f->to_count);
    ktg_wire_put_text(route, "weight");
    ktg_wire_put_int(route, f->weight);

    ktg_wire_put_array(heed, 2);
    ktg_wire_put_text(heed, statuses[ktg_rule_status(rule)]);
    put_words(heed, NULL, f->to, f->to_count);
}

/* Of a finding that leaves: who it was about, and why, is gone. */
static void encode_none(const struct ktg_op_context *c, const struct ktg_standing *f,
                        struct ktg_buf *to)
{
    ktg_wire_put_map(to, 6);
    ktg_wire_put_text(to, "at");
    put_instant(to, c->at, f->offset_min);
    ktg_wire_put_text(to, "finding");
    ktg_wire_put_bin(to, ktg_bytes(c->label, 16));
    ktg_wire_put_text(to, "op");
    ktg_wire_put_text(to, ops[c->op]);
    ktg_wire_put_text(to, "reason");
    ktg_wire_put_text(to, reasons[c->reason]);
    ktg_wire_put_text(to, "rev");
    ktg_wire_put_int(to, c->rev);
    ktg_wire_put_text(to, "rule");
    ktg_wire_put_str(to, c->rule);
}

void ktg_op_encode(const struct ktg_op_context *c, const struct ktg_standing *f, struct ktg_buf *to)
{
    bool unknown = c->op == KTG_OP_UNKNOWN, closed = f->until != KTG_NEVER;
    if (c->op == KTG_OP_NONE) {
        encode_none(c, f, to);
        return;
    }
    const char *state = unknown                    ? "unknown"
                        : c->op == KTG_OP_WITHDRAW ? "withdrawn"
                        : closed                   ? "closed"
                                                   : "open";
    ktg_wire_put_map(to, 16u + unknown + closed);
    ktg_wire_put_text(to, "anchor");
    ktg_wire_put_bin(to, ktg_bytes(f->anchor, 16));
    ktg_wire_put_text(to, "at");
    put_instant(to, c->at, f->offset_min);
    ktg_wire_put_text(to, "evidence");
    ktg_wire_put_array(to, (uint32_t)(f->evidence.size / 16));
    for (size_t i = 0; i + 16 <= f->evidence.size; i += 16)
        ktg_wire_put_bin(to, ktg_bytes(f->evidence.data + i, 16));
    ktg_wire_put_text(to, "evidence_total");
    ktg_wire_put_int(to, (int64_t)f->evidence_total);
    ktg_wire_put_text(to, "finding");
    ktg_wire_put_bin(to, ktg_bytes(c->label, 16));
    ktg_wire_put_text(to, "from");
    put_instant(to, f->from, f->offset_min);
    ktg_wire_put_text(to, "key");
    ktg_wire_put_str(to, f->key);
    ktg_wire_put_text(to, "level");
    ktg_wire_put_text(to, ktg_level_name(f->level));
    ktg_wire_put_text(to, "op");
    ktg_wire_put_text(to, ops[c->op]);
    ktg_wire_put_text(to, "reason");
    ktg_wire_put_text(to, reasons[c->reason]);
    ktg_wire_put_text(to, "rev");
    ktg_wire_put_int(to, c->rev);
    ktg_wire_put_text(to, "route");
    ktg_buf_put_bytes(to, f->route);
    ktg_wire_put_text(to, "rule");
    ktg_wire_put_str(to, c->rule);
    ktg_wire_put_text(to, "state");
    ktg_wire_put_text(to, state);
    ktg_wire_put_text(to, "subject");
    ktg_wire_put_str(to, c->subject);
    if (unknown) {
        ktg_wire_put_text(to, "unknown");
        ktg_wire_put_map(to, 2);
        ktg_wire_put_text(to, "since");
        put_instant(to, f->unknown_since, f->offset_min);
        ktg_wire_put_text(to, "source");
        ktg_wire_put_str(to, f->unknown_source);
    }
    if (closed) {
        ktg_wire_put_text(to, "until");
        put_instant(to, f->until, f->offset_min);
    }
    ktg_wire_put_text(to, "values");
    if (f->values.size)
        ktg_buf_put_bytes(to, f->values);
    else
        ktg_wire_put_map(to, 0);
}
