/* schema/json.h - events and findings as JSON, both ways.
 *
 *     {"id":"0193...","type":"border.crossing","occurred_at":"2026-03-01T09:00:00+07:00","data":{...}}
 *                        |  ^
 *               decode   v  |  encode        types come from the catalogue: instants, uuids, dates, codes
 *     canonical msgpack, one sequence of bytes
 *
 * (1) decode, encode, decode gives the same bytes; unknown fields of data are kept.
 * (2) In unknown fields, and wherever the catalogue does not help, bytes are {"$bin": "00ff"} (hex).
 * (3) A line is bounded in size and depth before the library reads it; names twice, numbers with a fraction and
 *     integers beyond 64 bits are refused.  Text is brought into NFC.
 * Pure.  Floor 1.  The only room that knows <jansson.h> is this one.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_SCHEMA_JSON_H
#define KTG_SCHEMA_JSON_H

#include "runtime/buf.h"
#include "schema/event.h"

#define KTG_JSON_LINE_MAX (256u << 10) /* bytes of one line */
#define KTG_JSON_DEPTH    20

/* What a line says beside the event. */
struct ktg_json_extra {
    bool has_recorded;
    ktg_time recorded_at;
};

/* One event line; appends the canonical blob to `to`, which is as it was on failure.  The blob passes ktg_wire_check()
 * and ktg_event_read(), not yet ktg_event_check(): required fields may be missing.  An absent `v` is 1; `recorded_at`
 * goes to *ret_extra (may be NULL), never into the blob.  Faults: not-json, oversize, too-deep, unknown-type,
 * unknown-field, missing-field (of the envelope), wrong-type, wrong-value, not-canonical; `where` is a JSON pointer. */
KTG_MUST_CHECK int ktg_json_decode(const struct ktg_catalogue *c, struct ktg_bytes line,
                                   struct ktg_buf *to, struct ktg_json_extra *ret_extra,
                                   struct ktg_err *err);
/* Append the event as one line without its end.  `extra` may be NULL.  Values of other kinds than the catalogue wants
 * are written as they are.  KTG_EINVALID: not checked bytes; KTG_ENOMEM. */
KTG_MUST_CHECK int ktg_json_encode(const struct ktg_event *e, const struct ktg_json_extra *extra,
                                   struct ktg_buf *to);

/* Any checked value as JSON, without a catalogue.  The outermost map's keys stand in the order of `order` (ended by
 * NULL; NULL: none), then the others sorted; inner maps sorted.  KTG_EINVALID, KTG_ENOMEM. */
KTG_MUST_CHECK int ktg_json_format(struct ktg_bytes value, const char *const *order,
                                   struct ktg_buf *to);
/* Any JSON text as a canonical value, without a catalogue; appends to `to`.  Faults as ktg_json_decode(). */
KTG_MUST_CHECK int ktg_json_parse(struct ktg_bytes text, struct ktg_buf *to, struct ktg_err *err);
/* Append a text as a JSON string with its quotes. */
void ktg_json_put_text(struct ktg_buf *to, struct ktg_bytes text);

#endif
