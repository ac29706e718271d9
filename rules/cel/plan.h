/* rules/cel/plan.h - what a condition is compiled to, and the rows of functions.
 *
 *     nodes   [LIT 1][SLOT 3][SELECT "until" 1][LE][AND] ...      each says where its operands' numbers stand
 *     kids    [ ... 2 0 ... ]                                     in here
 *
 * (1) A plan holds no pointer into the parse tree; literals are values, functions are rows, `x in list("n")` is a node.
 * (2) Children come before their parents, and no path is longer than KTG_CEL_DEPTH.
 * Private to rules/cel.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_RULES_CEL_PLAN_H
#define KTG_RULES_CEL_PLAN_H

#include "rules/cel/tree.h"

enum ktg_cel_op {
    KTG_CEL_OP_LIT,
    KTG_CEL_OP_SLOT,
    KTG_CEL_OP_LOCAL,  /* the variable of a macro */
    KTG_CEL_OP_SELECT, /* name; 1 */
    KTG_CEL_OP_HAS,    /* 1 */
    KTG_CEL_OP_DEFAULT,
    KTG_CEL_OP_INDEX,
    KTG_CEL_OP_NOT,
    KTG_CEL_OP_NEG,
    KTG_CEL_OP_AND, /* any number */
    KTG_CEL_OP_OR,
    KTG_CEL_OP_COND,
    KTG_CEL_OP_EQ,
    KTG_CEL_OP_NE,
    KTG_CEL_OP_LT,
    KTG_CEL_OP_LE,
    KTG_CEL_OP_GT,
    KTG_CEL_OP_GE,
    KTG_CEL_OP_IN,
    KTG_CEL_OP_IN_NAMED, /* x in list(name); 1 */
    KTG_CEL_OP_NAMED,    /* list(name) */
    KTG_CEL_OP_SETTING,  /* name; the default */
    KTG_CEL_OP_ADD,
    KTG_CEL_OP_SUB,
    KTG_CEL_OP_MUL,
    KTG_CEL_OP_DIV,
    KTG_CEL_OP_MOD,
    KTG_CEL_OP_LIST,
    KTG_CEL_OP_MAP,
    KTG_CEL_OP_CALL,
    KTG_CEL_OP_MATCHES, /* 1, with a compiled pattern */
    KTG_CEL_OP_ALL, /* macros: what is gone through, then the body (MAP_IF: condition and body) */
    KTG_CEL_OP_EXISTS,
    KTG_CEL_OP_ONE,
    KTG_CEL_OP_FILTER,
    KTG_CEL_OP_MAP_TO,
    KTG_CEL_OP_MAP_IF,
};

struct ktg_cel_fn;
struct ktg_cel_match; /* a pattern (match.h) */

struct ktg_cel_node {
    enum ktg_cel_op op;
    uint32_t local;        /* LOCAL, macros: number of the variable, by nesting */
    uint32_t first, count; /* operands: kids[first .. first + count) */
    union {
        struct ktg_cel_value value; /* LIT */
        int slot;
        struct ktg_bytes name;
        const struct ktg_cel_fn *fn;
        const struct ktg_cel_match *match;
    };
};

struct ktg_cel {
    const struct ktg_cel_node *nodes;
    const uint32_t *kids;
    uint32_t root;
    struct ktg_cel_type type;
    bool reads_identity;
    struct ktg_bytes text;
    const int *slots;
    size_t slot_count;
    const struct ktg_cel *conjuncts; /* NULL: the plan itself is the only one */
    size_t conjunct_count;
    struct {
        bool is;
        int slot;
        struct ktg_bytes field;
        const struct ktg_cel_value *literals;
        size_t count;
    } test; /* for dispatch */
};

/* The checker's work in progress: scope and nodes so far (check.c, check_call.c). */
struct ktg_cel_checking {
    const struct ktg_cel_source *source;
    const struct ktg_cel_scope *scope;
    struct ktg_arena *arena;   /* of the plan */
    struct ktg_arena *scratch; /* until the end of the compilation */
    struct ktg_err *err;
    struct ktg_cel_node *nodes;
    size_t node_count, node_cap;
    uint32_t *kids;
    size_t kid_count, kid_cap;
    struct {
        struct ktg_bytes name;
        struct ktg_cel_type type;
    } locals[KTG_CEL_DEPTH];
    uint32_t local_count;
    bool reads_identity; /* so far, a field for identity rules only */
};
/* Check a tree and write its nodes; *ret_node is its number.  t->type says its static type afterwards.
 * `tail`: its value is the value of the whole text, so a decimal may stand here. */
KTG_MUST_CHECK int ktg_cel_check(struct ktg_cel_checking *c, struct ktg_cel_tree *t, bool tail,
                                 uint32_t *ret_node);
KTG_MUST_CHECK int ktg_cel_check_call(struct ktg_cel_checking *c, struct ktg_cel_tree *t,
                                      uint32_t *ret_node);
KTG_MUST_CHECK int ktg_cel_emit(struct ktg_cel_checking *c, const struct ktg_cel_node *node,
                                const uint32_t *kids, size_t count, uint32_t *ret_node);
KTG_MUST_CHECK int ktg_cel_emit_literal(struct ktg_cel_checking *c, struct ktg_cel_value v,
                                        uint32_t *ret_node);
/* Does a value of a macro stand anywhere in it? */
bool ktg_cel_holds_loop(const struct ktg_cel_type *t);
/* KTG_EINVALID: what is worked on here together would tell one age from another (ages.c). */
KTG_MUST_CHECK int ktg_cel_check_ages(struct ktg_cel_checking *c, const struct ktg_cel_tree *t,
                                      const struct ktg_cel_type *a, const struct ktg_cel_type *b);
/* Text of a tree for a message, cut. */
const char *ktg_cel_snippet(struct ktg_cel_checking *c, const struct ktg_cel_tree *t,
                            char to[static 64]);
/* Warn where an absent field makes a negation false (LANGUAGE.md section 6). */
void ktg_cel_warn_absent(struct ktg_cel_checking *c, const struct ktg_cel_tree *root);

/* What a call gives, beside a plain kind. */
enum {
    KTG_CEL_GIVES_FIRST = 100,
    KTG_CEL_GIVES_ELEM,
    KTG_CEL_GIVES_FLAT,
    KTG_CEL_GIVES_STRINGS,
    KTG_CEL_GIVES_AGE
};

struct ktg_cel_fn {
    const char *name;
    int least, most;
    const char *kinds; /* a letter per argument, the last one repeats: ktg_cel_letter_takes() */
    int gives;         /* enum ktg_cel_kind or KTG_CEL_GIVES_* */
    const char *
        style; /* 'f' f(x), 'm' x.f(), 'c' folded when all arguments are literals; NULL eval: the checker's own */
    struct ktg_cel_value (*eval)(struct ktg_cel_env *env, const struct ktg_cel_value *args,
                                 size_t count);
};
const struct ktg_cel_fn *ktg_cel_fn_find(struct ktg_bytes name); /* NULL: none */
const char *ktg_cel_fn_nearest(struct ktg_bytes name);           /* NULL: none */
/* Does an argument of this kind fit the letter?  i int, s string, b bool, d duration, t timestamp, D date, w date or
 * timestamp, l list, m map, o object or map (a place), c list, string or map, * anything. */
bool ktg_cel_letter_takes(char letter, enum ktg_cel_kind kind);
const char *ktg_cel_letter_text(char letter);
const char *ktg_cel_kind_text(enum ktg_cel_kind kind);
static inline char ktg_cel_fn_letter(const struct ktg_cel_fn *fn, size_t i)
{
    size_t n = strlen(fn->kinds);
    return fn->kinds[i < n ? i : n - 1];
}

/* For evaluation. */
#define KTG_CEL_STRING_MAX (64u << 10) /* bytes of a string that an evaluation may make */
#define KTG_CEL_TIME_MIN   ((ktg_time)-62135596800000) /* 0001-01-01T00:00Z */
#define KTG_CEL_TIME_MAX   ((ktg_time)253402300799999) /* 9999-12-31T23:59:59.999Z */
#define KTG_CEL_DATE_MIN   ((int64_t)-719162)
#define KTG_CEL_DATE_MAX   ((int64_t)2932896)
#define KTG_CEL_DURATION_MAX \
    ((int64_t)9223372036854) /* ms, as CEL's 64 bits of nanoseconds: 292 years to either side */

static inline struct ktg_cel_value ktg_cel_absent(void)
{
    return (struct ktg_cel_value){.kind = KTG_CEL_ABSENT};
}
static inline struct ktg_cel_value ktg_cel_bool(bool b)
{
    return (struct ktg_cel_value){.kind = KTG_CEL_BOOL, .b = b};
}
static inline struct ktg_cel_value ktg_cel_int(int64_t i)
{
    return (struct ktg_cel_value){.kind = KTG_CEL_INT, .i = i};
}
static inline struct ktg_cel_value ktg_cel_string(struct ktg_bytes s)
{
    return (struct ktg_cel_value){.kind = KTG_CEL_STRING, .s = s};
}
static inline struct ktg_cel_value ktg_cel_list_of(const struct ktg_cel_value *items, size_t count)
{
    return (struct ktg_cel_value){.kind = KTG_CEL_LIST, .list = {items, count}};
}
struct ktg_cel_value ktg_cel_timestamp(ktg_time t,
                                       int offset_min); /* ABSENT outside the years 1 to 9999 */
struct ktg_cel_value ktg_cel_date(int64_t days);        /* the same */
struct ktg_cel_value ktg_cel_duration(int64_t ms);      /* ABSENT beyond KTG_CEL_DURATION_MAX */
/* Take n steps from the budget; false: there are not so many, and none are left. */
bool ktg_cel_spend(struct ktg_cel_env *env, size_t n);
/* Arena memory for an evaluation; NULL: none, and no steps are left. */
void *ktg_cel_memory(struct ktg_cel_env *env, size_t count, size_t size);
/* A field of whatever has fields. */
struct ktg_cel_value ktg_cel_select(struct ktg_cel_env *env, const struct ktg_cel_value *v,
                                    struct ktg_bytes name);
bool ktg_cel_in_calendar(
    const struct ktg_cel_value *v); /* a date or timestamp of the years 1 to 9999 */
/* The civil day of a date or timestamp; of the calendar's ends when it lies outside. */
ktg_date ktg_cel_day(const struct ktg_cel_value *v);
/* "doc:ISSUER:NUMBER" of an object of shape doc; false: not one, or parts missing. */
bool ktg_cel_doc_parts(const struct ktg_cel_value *v, struct ktg_bytes *ret_issuer,
                       struct ktg_bytes *ret_number);
struct ktg_cel_value ktg_cel_text_of(struct ktg_cel_env *env,
                                     const struct ktg_cel_value *v); /* string(v) */

#endif
