/* schema/catalogue.h - the event types as data: what they hold, whom they speak of, who may see it.
 *
 * Loaded at start from YAML texts (schema/events, schema/codes, or the bundle that the journal holds), so that an agency's new type needs no
 * compiler.  Indexes (type, kind, role, class, sensitivity) are small integers in the order of the sorted names, so
 * the same texts give the same numbers on every machine; they are never stored, names are.  Role 0 is the holder.
 *
 * Immutable after load; may be read from any thread.  Floor 1.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_SCHEMA_CATALOGUE_H
#define KTG_SCHEMA_CATALOGUE_H

#include "runtime/bytes.h"
#include "runtime/civil.h"
#include "runtime/err.h"
#include "runtime/hash.h"

struct ktg_file { /* a text with its name, as it stands in a folder or in a bundle */
    struct ktg_bytes name, text;
    struct ktg_bytes path; /* as a person calls it, for messages only; empty: by its name */
};

static inline struct ktg_bytes ktg_file_shown(const struct ktg_file *f)
{
    return f->path.size ? f->path : f->name;
}

enum ktg_field_type {
    KTG_F_STRING,
    KTG_F_TEXT,
    KTG_F_CODE,
    KTG_F_PHONE,
    KTG_F_EMAIL, /* wire: str */
    KTG_F_INT,
    KTG_F_MONEY, /* wire: int */
    KTG_F_BOOL,
    KTG_F_DATE,    /* wire: str "2026-03-31" */
    KTG_F_INSTANT, /* wire: array [ms since 1970 UTC, offset in minutes]; JSON: RFC 3339 */
    KTG_F_UUID,    /* wire: bin 16; JSON: text */
    KTG_F_OBJECT,  /* wire: map; `shape` says which fields it has, NULL = free */
};

struct
    ktg_shape; /* the fields of an object: an event's data, `doc`, `place`, `person`, or sponsor.* of a type */

/* One entry of a code list. */
struct ktg_code_entry {
    const char *code, *id, *en;
    const char *same;                 /* the code that this one is another writing of, or NULL */
    const char *district, *lat, *lon; /* a place, or NULL */
    int offset_min;                   /* minutes east of UTC; KTG_NO_OFFSET: not said */
};
#define KTG_NO_OFFSET INT32_MIN
struct ktg_code_list {
    const char *name, *title_id, *title_en;
    const struct ktg_code_entry *entries; /* sorted by code */
    size_t count;
};

/* What conditions may do with a field, the stricter the greater.  APART: read it, and never set two of it against each other. */
enum ktg_rules_may { KTG_RULES_MAY, KTG_RULES_APART, KTG_RULES_IDENTITY_ONLY, KTG_RULES_FORBIDDEN };

struct ktg_field {
    const char *name;     /* one step: "sponsor", in its shape "kind" */
    struct ktg_bytes key; /* the same, with its size */
    enum ktg_field_type type;
    uint8_t wire; /* enum ktg_wire_kind that `type` has */
    bool list;    /* an array of `type` */
    bool required;
    bool ties;      /* of a holder block: identifiers that are one person */
    const char *as; /* ties: the word before the colon of the identifier; "doc" for documents */
    bool partial;   /* DATE: unknown parts ("1974-<<-<<") are taken */
    bool around;    /* place: the eight cells around its own too */
    uint32_t kinds; /* bit per subject kind that this field names */
    int role;       /* of those subjects; KTG_ROLE_HOLDER mostly */
    int sens;       /* index of the sensitivity class; -1: that of the field that holds this one */
    enum ktg_rules_may rules;
    const struct ktg_shape *shape;           /* KTG_F_OBJECT */
    const char *const *codes;                /* inline codes, ended by NULL, or NULL */
    const char *const *right, *const *wrong; /* those that speak for and against a rule; or NULL */
    const char *list_name;                   /* name of a code list, or NULL */
    const struct ktg_code_list *code_list;   /* that list, or NULL when it is not loaded */
    const char *default_text;                /* catalogue default as text, or NULL */
    const char *unit, *note;
};

struct ktg_shape {
    const char *name;
    const struct ktg_field *fields; /* sorted by name */
    size_t count;
    size_t required; /* how many of the fields are */
    const struct ktg_shape_names
        *names; /* for ktg_event_glance(); NULL: it does not look at this shape */
};

/* Identifiers that are one person although they stand in no holder block: all of `fields`, when field `when` has one
 * of the codes `is` (document.status: doc and replaced_by, when status is renewed). */
struct ktg_tie_rule {
    const char *const *fields; /* ended by NULL; of the top of `data` */
    const char *when;          /* NULL: always */
    const char *const *is;     /* ended by NULL */
};

#define KTG_ROLE_HOLDER 0
#define KTG_CODE_MAX    64 /* bytes of a code */
#define KTG_MAX_KINDS   32

struct ktg_type {
    const char *name, *title_id, *title_en;
    int index;
    int version;
    bool holder; /* the person block stands at the top of `data` */
    bool system; /* made by the pipeline, or by any producer (from: [system] / [any]) */
    bool any;
    const char *const *from; /* agency codes, ended by NULL */
    uint32_t classes;        /* bit per class ("sighting") */
    bool heartbeats;    /* stands for runs of heartbeats: nobody sends it, the engine makes it */
    bool suspensions;   /* stands for a rule that is suspended; as above */
    const char *judges; /* says what came of what that type handed out; NULL: nothing of the kind */
    bool absences;      /* stands for times when nobody listened: the same */
    bool retirements;   /* stands for the end of a source: the same */
    bool needs_retracts; /* nothing but a retraction: the envelope must carry `retracts` */
    const struct ktg_tie_rule *tie_rules;
    size_t tie_rule_count;
    const struct ktg_shape *data;
};

struct ktg_catalogue;

/* Files whose names end in .yaml: one type each ("_common.yaml" holds envelope, person block, shapes, kinds,
 * sensitivity), plus code lists (top key `codes:`; two files may fill one list).  Of files in folders only those in
 * events/ and codes/ are read, so a whole bundle may be given.  The texts need not outlive the call.
 * KTG_EINVALID names file, line, key and nearest. */
KTG_MUST_CHECK int ktg_catalogue_load(const struct ktg_file *files, size_t count,
                                      struct ktg_catalogue **ret_c, struct ktg_err *err);
struct ktg_catalogue *ktg_catalogue_free(struct ktg_catalogue *c);
/* BLAKE2b-256 over names and texts of the files read, sorted by name, each with its length before it. */
struct ktg_hash ktg_catalogue_hash(const struct ktg_catalogue *c);

const struct ktg_type *ktg_catalogue_type(const struct ktg_catalogue *c,
                                          struct ktg_bytes name); /* NULL: unknown */
const struct ktg_type *ktg_catalogue_type_at(const struct ktg_catalogue *c, int index);
/* The type that stands for runs of heartbeats on the timelines of their sources; NULL: none. */
const struct ktg_type *ktg_catalogue_heartbeats(const struct ktg_catalogue *c);
/* The type that stands for suspended rules on the timelines of these rules; NULL: none. */
const struct ktg_type *ktg_catalogue_suspensions(const struct ktg_catalogue *c);
/* The one that stands for the times when the centre could hear none of them; NULL: none. */
const struct ktg_type *ktg_catalogue_absences(const struct ktg_catalogue *c);
/* The one that says that a source was retired, on its timeline; NULL: none. */
const struct ktg_type *ktg_catalogue_retirements(const struct ktg_catalogue *c);
size_t ktg_catalogue_type_count(const struct ktg_catalogue *c);
/* May an agency send this type, as far as the catalogue says (`from`)?  The pipeline itself is agency SYSTEM. */
bool ktg_type_is_from(const struct ktg_type *t, struct ktg_bytes agency);
int ktg_catalogue_kind(const struct ktg_catalogue *c,
                       struct ktg_bytes name); /* "person" ...; -1: none */
const char *ktg_catalogue_kind_name(const struct ktg_catalogue *c, int kind);
int ktg_catalogue_role(const struct ktg_catalogue *c,
                       struct ktg_bytes name); /* "companions" ...; -1 */
int ktg_catalogue_class(const struct ktg_catalogue *c, struct ktg_bytes name); /* "sighting"; -1 */
const char *ktg_catalogue_role_name(const struct ktg_catalogue *c, int role);
size_t ktg_catalogue_kind_count(const struct ktg_catalogue *c);
const char *ktg_catalogue_sens_name(const struct ktg_catalogue *c,
                                    int sens); /* NULL: no such class */
int ktg_catalogue_sens(const struct ktg_catalogue *c, struct ktg_bytes name); /* -1: none */
bool ktg_catalogue_sens_quotable(const struct ktg_catalogue *c,
                                 int sens); /* may stand in an error message */
/* "doc", "place", "variant", "person", "envelope"; NULL: none. */
const struct ktg_shape *ktg_catalogue_shape(const struct ktg_catalogue *c, const char *name);
/* Nearest known type name for a message, or NULL. */
const char *ktg_catalogue_nearest_type(const struct ktg_catalogue *c, struct ktg_bytes name);
const struct ktg_field *ktg_shape_field(const struct ktg_shape *s,
                                        struct ktg_bytes name); /* NULL: none */
const char *ktg_shape_nearest(const struct ktg_shape *s, struct ktg_bytes name);
const struct ktg_code_list *ktg_catalogue_codes(const struct ktg_catalogue *c,
                                                const char *list_name); /* or NULL */
const struct ktg_code_entry *ktg_code_list_find(const struct ktg_code_list *l,
                                                struct ktg_bytes code); /* or NULL */
/* Is `code` in the code list `list_name`?  Unknown lists hold everything (they are configured elsewhere). */
bool ktg_catalogue_code_ok(const struct ktg_catalogue *c, const char *list_name,
                           struct ktg_bytes code);

#endif
