/* schema/event_parts.h - what event.c, event_check.c, subject.c and json.c share.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_SCHEMA_EVENT_PARTS_H
#define KTG_SCHEMA_EVENT_PARTS_H

#include "schema/event.h"

enum {
    KTG_ENV_BASIS,
    KTG_ENV_DATA,
    KTG_ENV_ID,
    KTG_ENV_OCCURRED_AT,
    KTG_ENV_RETRACTS,
    KTG_ENV_SOURCE,
    KTG_ENV_SUPERSEDES,
    KTG_ENV_TYPE,
    KTG_ENV_V,
    KTG_ENVELOPE_ROWS
};
struct ktg_envelope_row {
    const char *key;
    enum ktg_wire_kind kind;
    bool required;
    const char *want; /* for messages */
};
extern const struct ktg_envelope_row ktg_envelope[KTG_ENVELOPE_ROWS];
extern const struct ktg_bytes ktg_envelope_keys[KTG_ENVELOPE_ROWS]; /* with their sizes */
/* A value of the envelope into the view.  Faults: wrong-type. */
KTG_MUST_CHECK int ktg_event_take(struct ktg_event *e, size_t row, const struct ktg_wire_value *v,
                                  struct ktg_err *err);
/* What follows from the values taken: agency, type. */
void ktg_event_settle(struct ktg_event *e, const struct ktg_type *type);
/* The part of ktg_event_check() that does not look at data. */
KTG_MUST_CHECK int ktg_event_check_envelope(const struct ktg_catalogue *c,
                                            const struct ktg_event *e, struct ktg_err *err);
/* May a field of a textual type hold this text? */
bool ktg_field_takes(const struct ktg_field *f, struct ktg_bytes text);
/* What no field's type says: a document number has a letter or a digit; a place that has lat or lon has both, and they
 * are on earth. */
bool ktg_is_doc_number(struct ktg_bytes text);
bool ktg_is_on_earth(struct ktg_bytes place);

/* 0001-01-01 to 9999-12-31 in every zone, so that RFC 3339 can write it; offsets as RFC 3339 has them */
#define KTG_FIRST_INSTANT INT64_C(-62135510400000)
#define KTG_LAST_INSTANT  INT64_C(253402214399999)
#define KTG_OFFSET_MOST   1439

const char *ktg_wire_kind_name(enum ktg_wire_kind kind); /* "a text" */
enum ktg_wire_kind ktg_field_wire_kind(enum ktg_field_type type);
bool ktg_instant_is_good(int64_t ms, int64_t offset);
bool ktg_instant_read(const struct ktg_wire_value *v, ktg_time *ret_t, int *ret_offset);
bool ktg_date_is_partial(struct ktg_bytes text); /* "1974-<<-<<" */
/* The fault unknown-type with the nearest known name. */
int ktg_event_fail_type(const struct ktg_catalogue *c, struct ktg_bytes type_name,
                        struct ktg_err *err);
/* A wire value as a value of field `f` (NULL: by wire); false as ktg_field_read(). */
bool ktg_field_take(const struct ktg_field *f, const struct ktg_wire_value *w,
                    struct ktg_field_value *ret_v);

/* Where a value stands, as a chain towards the root; formatted only when something is wrong. */
struct ktg_pointer {
    const struct ktg_pointer *up;
    struct ktg_bytes key; /* no data: an index */
    uint32_t index;
};
void ktg_pointer_format(const struct ktg_pointer *p, char *to,
                        size_t size); /* "/data/docs/0/number" */

#endif
