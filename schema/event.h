/* schema/event.h - one event: a view over its canonical bytes.
 *
 *   {basis?, data, id, occurred_at, retracts?, source, supersedes?, type, v}       (DESIGN.md section 5)
 *
 * (1) A view reads in place and allocates nothing; it lives as long as blob and catalogue.
 * (2) The content hash covers the blob; epoch, seq and recorded_at belong to PUBLISH and to the journal.
 * Pure.  Floor 1.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_SCHEMA_EVENT_H
#define KTG_SCHEMA_EVENT_H

#include "runtime/clock.h"
#include "runtime/mem.h"
#include "schema/catalogue.h"
#include "schema/wire.h"

#define KTG_ID_SIZE 16
#define KTG_ID_TEXT 37 /* 8-4-4-4-12 and a NUL */

struct ktg_event {
    struct ktg_bytes blob;
    const struct ktg_type *type; /* NULL while the type is unknown to the catalogue */
    struct ktg_bytes type_name, source, agency; /* agency: the source up to its first dot */
    const uint8_t *id;                          /* 16 bytes, UUIDv7 */
    const uint8_t *supersedes, *retracts;       /* 16 bytes or NULL */
    int64_t v;
    ktg_time occurred_at;
    int offset_min;
    struct ktg_bytes basis; /* raw wire value, empty when absent */
    struct ktg_bytes data;  /* raw wire map */
};

#define KTG_STRING_MAX 256  /* bytes of a string, phone or email field */
#define KTG_TEXT_MAX   4096 /* bytes of a text field */
#define KTG_LIST_MAX   256  /* elements of a list field */
#define KTG_SOURCE_MAX 64

/* Read the envelope of a blob that passed ktg_wire_check().  Faults: missing-field, wrong-type, unknown-field of the
 * envelope.  An unknown type is no fault here (type = NULL). */
KTG_MUST_CHECK int ktg_event_read(const struct ktg_catalogue *c, struct ktg_bytes blob,
                                  struct ktg_event *ret_e, struct ktg_err *err);
/* All that the catalogue demands: type known, id a UUIDv7, fields typed, required ones there and not empty, codes,
 * sizes, docs complete, places on earth, corrections name one smaller id.  Unknown fields of `data` are kept.  Who may
 * send the type is not asked here.  The fault names the field as a JSON pointer; `got` repeats a value only where the
 * catalogue calls its class quotable. */
KTG_MUST_CHECK int ktg_event_check(const struct ktg_catalogue *c, const struct ktg_event *e,
                                   struct ktg_err *err);

/* All three at once, canonical bytes, envelope and catalogue: true only if ktg_wire_check() with KTG_WIRE_LIMITS,
 * ktg_event_read() and ktg_event_check() would take the blob, and *ret_e is the view.  False decides nothing and leaves
 * *ret_e alone: ask the three (event_glance.c says what it does not look at). */
KTG_MUST_CHECK bool ktg_event_glance(const struct ktg_catalogue *c, struct ktg_bytes blob,
                                     struct ktg_event *ret_e);

/* A typed value out of an event: scalars by value, objects and lists as raw wire with their field row. */
struct ktg_field_value {
    const struct ktg_field
        *field; /* NULL for an unknown field of a free object: then kind by wire only */
    enum ktg_field_type type;
    bool list;       /* raw is an array of `type` */
    int64_t integer; /* INT, MONEY, BOOL, INSTANT (ms), DATE (days; see date_ok) */
    int offset_min;  /* INSTANT */
    bool date_ok; /* DATE: false when the text has unknown parts ("1974-<<-<<"); then only bytes */
    struct ktg_bytes bytes; /* STRING..EMAIL, CODE, DATE: text; UUID, unknown bin: bytes */
    struct ktg_bytes raw;   /* the wire value */
};
/* `name` within `object` (raw wire map) of `shape` (NULL: free).  The catalogue's default is NOT filled in here.
 * False: absent, null, or of another wire kind than the field's type. */
bool ktg_field_read(const struct ktg_shape *shape, struct ktg_bytes object, struct ktg_bytes name,
                    struct ktg_field_value *ret_v);
/* The same through a dotted path from the event's data: "sponsor.kind". */
bool ktg_event_field(const struct ktg_event *e, const char *path, struct ktg_field_value *ret_v);

/* A subject that an event names. */
struct ktg_subject {
    int kind, role;
    struct ktg_bytes
        id;    /* "doc:UTO:L898902C3", "9120001", "+62000..."; in the arena or in the blob */
    int block; /* persons: which holder block of the event (0 = the top one); -1 otherwise */
};
/* Ids, so that all writings of one thing meet (the forms: schema/text.h):
 *   person    "doc:ISSUER:NUMBER", "permit:NUMBER", "nik:NUMBER", "niora:NUMBER": the word is the catalogue's `as`;
 *             issuer in form number and by the code list's `same` (D is DEU)
 *   document  "doc:ISSUER:NUMBER"
 *   biodata   "SURNAME|GIVEN|1974-08-12|F" of a holder block with surname and full date of birth, names in form name
 *   cell      geohash of six characters of every place that has lat and lon; of a place `around` its neighbours too
 *   key       "field:value"
 *   source    the event's source
 *   address   form words; contact: form email with an '@', form phone with a leading '+', else as written
 *   others    as written
 * Every (kind, role, id) that the event names, computed kinds (biodata, cell, key, source) included, each once,
 * sorted by (kind, role, id).  Persons appear once per identifier of their block ("doc:", "niora:", "nik:", "permit:"
 * + value); ktg_event_ties() says which belong together. */
KTG_MUST_CHECK int ktg_event_subjects(const struct ktg_catalogue *c, const struct ktg_event *e,
                                      struct ktg_arena *arena, const struct ktg_subject **ret_s,
                                      size_t *ret_count);
/* The form of an id of this kind, for ids that conditions make (`about`).  In the arena, or `id` itself. */
KTG_MUST_CHECK int ktg_subject_form(const struct ktg_catalogue *c, int kind, struct ktg_bytes id,
                                    struct ktg_arena *arena, struct ktg_bytes *ret_id);
/* "doc:ISSUER:NUMBER" of an encoded doc; empty when issuer or number is missing. */
KTG_MUST_CHECK int ktg_doc_id(const struct ktg_catalogue *c, struct ktg_bytes doc,
                              struct ktg_arena *arena, struct ktg_bytes *ret_id);
/* The tie sets: the sorted identifiers that are one person, each once.  One set for each holder block that has any
 * (block 0 the top one, nested ones from 1 in the order of their fields), then those of the type's tie rules (block -1). */
struct ktg_tie {
    const struct ktg_bytes *ids;
    size_t count;
    int role;
    int block;
};
/* Subjects and ties by one walk over the event. */
struct ktg_event_names {
    const struct ktg_subject *subjects;
    const struct ktg_tie *ties;
    size_t subject_count, tie_count;
};
KTG_MUST_CHECK int ktg_event_names(const struct ktg_catalogue *c, const struct ktg_event *e,
                                   struct ktg_arena *arena, struct ktg_event_names *ret_n);
KTG_MUST_CHECK int ktg_event_ties(const struct ktg_catalogue *c, const struct ktg_event *e,
                                  struct ktg_arena *arena, const struct ktg_tie **ret_t,
                                  size_t *ret_count);

void ktg_id_format(const uint8_t id[static KTG_ID_SIZE], char to[static KTG_ID_TEXT]);
KTG_MUST_CHECK int ktg_id_parse(struct ktg_bytes text, uint8_t to[static KTG_ID_SIZE]);
/* UUIDv7 (RFC 9562 section 5.7): 48 bits of ms, then version, a 12-bit counter, variant and random bits.  Strictly rising within one
 * generator as long as `now` does not go back; when it does, it continues from its last value. */
struct ktg_id_source {
    ktg_time last_ms;
    uint32_t counter;
    uint64_t
        seed; /* of the deterministic tail, so tests and the synthetic country repeat; 0: random bytes */
};
void ktg_id_next(struct ktg_id_source *s, ktg_time now, uint8_t to[static KTG_ID_SIZE]);

#endif
