/* rules/cel/cel.h - conditions: a stated subset of the Common Expression Language, compiled to a small plan.
 *
 *     text ──lexer (re2c)──parser (lemon)──> tree ──check against the scope──> plan ──eval(env)──> value
 *
 * Subset and functions: LANGUAGE.md section 6.  No floats.  int is 64 bit and overflow is an error.
 *
 * (1) Pure: a value depends on the plan and on what the environment answers; no clock, no locale, no allocation outside
 *     the environment's arena.  (2) Evaluation is bounded: by depth (64) at compile time, by the step budget at run time.
 * (3) What goes wrong while evaluating (absent field, null where a value is wanted, wrong type, overflow, budget) is the
 *     value ABSENT, which && and || absorb as CEL's errors; a condition is met only if its value is BOOL true.
 * (4) A plan is immutable and may be evaluated by several threads, each with its own environment.
 * Floor 2, below rules/.  Uses schema/ for shapes and wire values.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_RULES_CEL_CEL_H
#define KTG_RULES_CEL_CEL_H

#include "runtime/civil.h"
#include "runtime/mem.h"
#include "schema/event.h"

enum ktg_cel_kind {
    KTG_CEL_ABSENT, /* error or nothing there */
    KTG_CEL_NULL,
    KTG_CEL_BOOL,
    KTG_CEL_INT,
    KTG_CEL_STRING,
    KTG_CEL_DURATION,  /* ms */
    KTG_CEL_TIMESTAMP, /* ms, with the offset in which its civil date is taken */
    KTG_CEL_DATE,      /* days since 1970-01-01 */
    KTG_CEL_LIST,
    KTG_CEL_MAP,    /* string keys; literals and baselines */
    KTG_CEL_OBJECT, /* a wire map of a known shape: doc, place ... */
    KTG_CEL_REF, /* an event, a posted finding, a span, a list hit: its fields come from the environment */
    KTG_CEL_DYN, /* static types only: not known before evaluation */
};

struct ktg_cel_value {
    enum ktg_cel_kind kind;
    int offset_min; /* TIMESTAMP */
    union {
        bool b;
        int64_t i; /* INT, DURATION, TIMESTAMP, DATE */
        struct ktg_bytes s;
        struct {
            const struct ktg_cel_value *items;
            size_t count;
        } list;
        struct {
            const struct ktg_cel_value *keys, *values;
            size_t count;
        } map;
        struct {
            const struct ktg_shape *shape;
            struct ktg_bytes raw;
        } object;
        struct {
            const void *p; /* what it is, the environment knows */
            int tag;
        } ref;
    };
};

/* Static types, for the check at load. */
struct ktg_cel_type {
    enum ktg_cel_kind kind;
    bool optional; /* a field that may be absent: `rules check` warns at !=, ! and not in */
    const struct ktg_cel_type *elem; /* LIST, may be NULL: unknown */
    const struct ktg_shape *shape;   /* OBJECT */
    const void *row;          /* REF: what kind of thing, for scope.field; NULL: any field, DYN */
    enum ktg_rules_may rules; /* of the field it came from */
    const char *const
        *codes; /* of the field it came from, ended by NULL, or NULL: another literal warns */
    bool
        age; /* says how old somebody is, or holds such a value: two are never set against each other */
    bool loop; /* one value after the other, of a macro over a list: no age is set against these */
    bool decimal; /* INT in hundredths, from decimal literals (scope.decimals) */
};
/* The type of a catalogue field; the element type of a list is put into the arena (NULL when there is no memory). */
struct ktg_cel_type ktg_cel_field_type(const struct ktg_field *field, struct ktg_arena *arena);

/* Does it say how old somebody is, or hold what does? */
bool ktg_cel_says_age(const struct ktg_cel_type *t);

/* What the names of a text mean; given at compile time. */
struct ktg_cel_scope {
    void *arg;
    /* A bare name: a slot number >= 0 of the caller's choosing, and its type.  KTG_ENOTFOUND. */
    int (*name)(void *arg, struct ktg_bytes name, int *ret_slot, struct ktg_cel_type *ret_type);
    /* A field of a REF whose type has this row.  KTG_ENOTFOUND. */
    int (*field)(void *arg, const void *row, struct ktg_bytes name, struct ktg_cel_type *ret_type);
    /* What rules may do with a field of this name, the strictest of all that bear it; for what is of no known type.  May be NULL. */
    enum ktg_rules_may (*guarded)(void *arg, struct ktg_bytes name);
    /* The nearest known name (row NULL: among bare names), or NULL. */
    const char *(*nearest)(void *arg, const void *row, struct ktg_bytes name);
    bool identity_rule; /* sex and birth_place may be read */
    bool
        decimals; /* a weight: `1.5` may be the result or a branch of `? :`; the type then says `decimal` */
    /* Called for what is allowed but suspicious (optional field under != and the like).  May be NULL. */
    void (*warn)(void *arg, int line, int column, const char *text);
};

struct ktg_cel; /* a plan */

/* Compile.  `where`:`line`:`column` (the place of the text's first character in its file) begin every message; the plan lives in the arena.
 * KTG_EINVALID: syntax, unknown name or function (with the nearest), wrong types, forbidden field, too deep. */
KTG_MUST_CHECK int ktg_cel_compile(struct ktg_bytes text, const char *where, int line, int column,
                                   const struct ktg_cel_scope *scope, struct ktg_arena *arena,
                                   const struct ktg_cel **ret_plan, struct ktg_err *err);
struct ktg_cel_type ktg_cel_type_of(const struct ktg_cel *plan);
/* Does it read a field that is for identity rules only?  What is made of it is for them only, too. */
bool ktg_cel_reads_identity(const struct ktg_cel *plan);
struct ktg_bytes ktg_cel_text(const struct ktg_cel *plan); /* as written, trimmed */
/* The slots of all bare names in the text, sorted, each once: what decides evidence (LANGUAGE.md 4.7). */
const int *ktg_cel_slots(const struct ktg_cel *plan, size_t *ret_count);
/* Steps that evaluating it takes where nothing is gone through, at most: every node costs one. */
size_t ktg_cel_node_count(const struct ktg_cel *plan);
/* The parts of a top-level && chain (the plan itself when there is none), for explanations. */
size_t ktg_cel_conjunct_count(const struct ktg_cel *plan);
const struct ktg_cel *ktg_cel_conjunct(const struct ktg_cel *plan, size_t i);
/* Constant text == / in-list predicates on a bare field or `alias.field`, for dispatch (false when conjunct i is nothing of
 * the kind): `slot` compared with literals; *ret_field is empty when the slot itself is compared.  The literals are STRING,
 * BOOL or INT values. */
bool ktg_cel_constant_field_test(const struct ktg_cel *plan, size_t i, int *ret_slot,
                                 struct ktg_bytes *ret_field,
                                 const struct ktg_cel_value **ret_literals, size_t *ret_count);

/* What can be said of a text when of some names alone it is known what they are worth (known.c). */
enum ktg_cel_shade {
    KTG_CEL_UNKNOWN,
    KTG_CEL_KNOWN, /* its value is the same whatever the other names are worth: that of ktg_cel_eval() */
    KTG_CEL_NEVER, /* not that, but it is not `true`, whatever they are worth */
};

/* Is the plan nothing but a literal? */
bool ktg_cel_is_literal(const struct ktg_cel *plan, struct ktg_cel_value *ret_v);
/* The operator of `A op B`, as it is written; NULL: the plan is no comparison.  Its sides are plans of their own. */
const char *ktg_cel_comparison(const struct ktg_cel *plan);

/* How long after an event's own time the instant lies that the text makes of it, at the latest, in ms; false: that cannot
 * be said.  Of sums of a time and lengths that are written down or set. */
struct ktg_cel_times {
    void *arg;
    /* Is the field of what stands in the slot the instant or the civil day of the event? */
    bool (*is_time)(void *arg, int slot, struct ktg_bytes field);
    struct ktg_cel_value (*setting)(void *arg, struct ktg_bytes name); /* ABSENT: not set */
};
bool ktg_cel_latest(const struct ktg_cel *plan, const struct ktg_cel_times *of, ktg_time *ret_t);
/* Are the spans in the slot read by covered_days() and day_reaching() alone?  Then the longest of their windows, in days; 0:
 * the text does not read them. */
bool ktg_cel_days_back(const struct ktg_cel *plan, int slot, const struct ktg_cel_times *of,
                       int64_t *ret_days);

/* What the world answers; given at evaluation. */
struct ktg_cel_env {
    void *arg;
    struct ktg_arena *arena;
    ktg_time now;   /* the evaluation instant: `now`, and where dated list entries are judged */
    int offset_min; /* the zone of the place */
    uint32_t
        steps; /* budget, counted down; 0 makes everything ABSENT.  An arena without memory sets it to 0 too. */
    struct ktg_cel_value (*slot)(void *arg, int slot);
    struct ktg_cel_value (*field)(void *arg, const struct ktg_cel_value *ref,
                                  struct ktg_bytes name);
    struct ktg_cel_value (*setting)(void *arg,
                                    struct ktg_bytes name); /* ABSENT: not set, the default holds */
    bool (*list_has)(void *arg, struct ktg_bytes list, struct ktg_bytes word, ktg_time at);
    struct ktg_cel_value (*list)(void *arg,
                                 struct ktg_bytes list); /* a LIST of STRING, valid at `now` */
    size_t
        used_most; /* bytes handed out by the arena, beyond which there are no steps; 0: no bound */
};

struct ktg_cel_value ktg_cel_eval(const struct ktg_cel *plan, struct ktg_cel_env *env);
/* The value of one side of a comparison: 0 left, 1 right; `x in list("n")` has the list as its right side. */
struct ktg_cel_value ktg_cel_eval_side(const struct ktg_cel *plan, uint32_t side,
                                       struct ktg_cel_env *env);
/* `of_slot` says it of a bare name, by its slot; env gives ABSENT for what is not KNOWN, and is asked for the rest.  A step
 * budget that is used up: UNKNOWN. */
enum ktg_cel_shade ktg_cel_shade_of(const struct ktg_cel *plan,
                                    enum ktg_cel_shade (*of_slot)(void *arg, int slot),
                                    struct ktg_cel_env *env);
static inline bool ktg_cel_is_true(struct ktg_cel_value v)
{
    return v.kind == KTG_CEL_BOOL && v.b;
}

/* A typed field of an event as a value (lists are read into the arena); catalogue defaults are filled in. ABSENT: not there. */
struct ktg_cel_value ktg_cel_from_field(const struct ktg_shape *shape, struct ktg_bytes object,
                                        struct ktg_bytes name, struct ktg_arena *arena);
/* The same of a field that is at hand. */
struct ktg_cel_value ktg_cel_of_field(const struct ktg_field *field, struct ktg_bytes object,
                                      struct ktg_arena *arena);
/* ... and of its value; NULL: it is not there. */
struct ktg_cel_value ktg_cel_of_value(const struct ktg_field *field, const struct ktg_wire_value *w,
                                      struct ktg_arena *arena);
/* A wire value back as a value, without types (findings' values): nil, bool, int, str, array, map. */
struct ktg_cel_value ktg_cel_from_wire(struct ktg_bytes raw, struct ktg_arena *arena);
/* A text as a value of another kind ("60" as INT, "24h" as DURATION, "2026-03-31" as DATE ...): settings, and the
 * values of posted findings, which travel without types.  A value of that kind already is returned as it is; ABSENT: cannot be. */
struct ktg_cel_value ktg_cel_as(struct ktg_cel_value v, enum ktg_cel_kind kind);
/* Canonical wire form for findings and comparison: DATE and TIMESTAMP as text (ISO 8601, RFC 3339), DURATION as "36h" text, OBJECT as its map,
 * doc objects as their subject id.  A REF becomes its `id` field.  KTG_EINVALID: ABSENT. */
KTG_MUST_CHECK int ktg_cel_to_wire(const struct ktg_cel_value *v, struct ktg_cel_env *env,
                                   struct ktg_buf *to);
/* Text for people (titles): lists joined by ", ", dates dd-mm-yyyy, ABSENT and NULL as "–". */
void ktg_cel_to_text(const struct ktg_cel_value *v, struct ktg_cel_env *env, struct ktg_buf *to);
/* Total order over values of one kind (kinds first), and equality as CEL's ==.  Docs are compared by issuer and number.
 * REFs are equal when they are the same thing; their order holds within one process only. */
int ktg_cel_compare(const struct ktg_cel_value *a, const struct ktg_cel_value *b);

/* The table of functions, for documentation and `rules check`. */
struct ktg_cel_function {
    const char *name, *signature, *help;
};
const struct ktg_cel_function *ktg_cel_functions(size_t *ret_count);

#endif
