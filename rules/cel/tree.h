/* rules/cel/tree.h - the parse tree of a condition, between parser and checker.
 *
 *     a.b == "x" && c          AND ─┬─ EQ ─┬─ SELECT b ── NAME a
 *                                   │      └─ STRING x
 *                                   └─ NAME c
 *
 * (1) && and || are flat: one node with all parts of the chain.
 * (2) No tree is higher than KTG_CEL_DEPTH, so whoever walks it may recurse.
 * (3) [start, end) of a node are bytes of the text, brackets around it included.
 * Private to rules/cel.  Trees live in the arena given to the parser.
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef KTG_RULES_CEL_TREE_H
#define KTG_RULES_CEL_TREE_H

#include "rules/cel/cel.h"

#define KTG_CEL_DEPTH    64          /* nesting of brackets and operators */
#define KTG_CEL_TEXT_MAX (16u << 10) /* bytes of one condition */

enum ktg_cel_shape_of {
    KTG_CEL_T_INT,     /* number, up to 2^63 */
    KTG_CEL_T_DECIMAL, /* number in hundredths */
    KTG_CEL_T_STRING,
    KTG_CEL_T_TRUE,
    KTG_CEL_T_FALSE,
    KTG_CEL_T_NULL,
    KTG_CEL_T_NAME,
    KTG_CEL_T_SELECT, /* text is the field; one child */
    KTG_CEL_T_INDEX,
    KTG_CEL_T_CALL,   /* text is the function; children are the arguments */
    KTG_CEL_T_METHOD, /* the same, the first child is what stands before the dot */
    KTG_CEL_T_LIST,
    KTG_CEL_T_MAP, /* key, value, key, value ... */
    KTG_CEL_T_NOT,
    KTG_CEL_T_NEG,
    KTG_CEL_T_AND,
    KTG_CEL_T_OR,
    KTG_CEL_T_COND,
    KTG_CEL_T_EQ,
    KTG_CEL_T_NE,
    KTG_CEL_T_LT,
    KTG_CEL_T_LE,
    KTG_CEL_T_GT,
    KTG_CEL_T_GE,
    KTG_CEL_T_IN,
    KTG_CEL_T_ADD,
    KTG_CEL_T_SUB,
    KTG_CEL_T_MUL,
    KTG_CEL_T_DIV,
    KTG_CEL_T_MOD,
};

struct ktg_cel_tree {
    enum ktg_cel_shape_of op;
    uint32_t start, end; /* place in the text */
    int height;
    uint32_t count; /* children */
    uint64_t number;
    struct ktg_bytes text;
    struct ktg_cel_tree *first, *last, *next;
    struct ktg_cel_type type; /* written by the checker */
};

/* A text with its place in a file. */
struct ktg_cel_source {
    struct ktg_bytes text; /* NUL-terminated behind its size */
    const char *where;
    int line, column;
};

struct ktg_cel_token {
    uint32_t start, end;
    uint64_t number;
    struct ktg_bytes text;
};

struct ktg_cel_parsing {
    const struct ktg_cel_source *source;
    struct ktg_arena *arena;
    struct ktg_err *err;
    struct ktg_cel_tree *root;
    uint32_t at;      /* of the lexer */
    bool after_value; /* the token before could end an operand */
    int rc;
};

/* KTG_EINVALID with "WHERE:LINE:COLUMN: " before the text; `offset` is a byte of the source. */
int ktg_cel_fail(const struct ktg_cel_source *s, uint32_t offset, struct ktg_err *err,
                 const char *format, ...) KTG_PRINTF(4, 5);
void ktg_cel_place(const struct ktg_cel_source *s, uint32_t offset, int *ret_line, int *ret_column);

/* KTG_EINVALID with the place, or KTG_ENOMEM. */
KTG_MUST_CHECK int ktg_cel_parse(const struct ktg_cel_source *source, struct ktg_arena *arena,
                                 struct ktg_cel_tree **ret_root, struct ktg_err *err);

/* For lexer.re and grammar.y.  All return NULL or a negative code after a failure, and rc says which. */
int ktg_cel_lex(struct ktg_cel_parsing *p, struct ktg_cel_token *ret_t); /* a token, 0 at the end */
int ktg_cel_lex_fail(struct ktg_cel_parsing *p, uint32_t offset, const char *text);
int ktg_cel_lex_string(struct ktg_cel_parsing *p, uint32_t quote, bool raw,
                       struct ktg_cel_token *t);
int ktg_cel_lex_number(struct ktg_cel_parsing *p, int base, struct ktg_cel_token *t);
int ktg_cel_lex_decimal(struct ktg_cel_parsing *p, struct ktg_cel_token *t);
bool ktg_cel_is_reserved(struct ktg_bytes word);
struct ktg_cel_tree *ktg_cel_leaf(struct ktg_cel_parsing *p, enum ktg_cel_shape_of op,
                                  struct ktg_cel_token t);
struct ktg_cel_tree *ktg_cel_name(struct ktg_cel_parsing *p, struct ktg_cel_token t);
struct ktg_cel_tree *ktg_cel_join(struct ktg_cel_parsing *p, enum ktg_cel_shape_of op,
                                  struct ktg_cel_tree *a, struct ktg_cel_tree *b,
                                  struct ktg_cel_tree *c); /* b, c may be NULL: not there */
struct ktg_cel_tree *ktg_cel_push(struct ktg_cel_parsing *p, struct ktg_cel_tree *list,
                                  struct ktg_cel_tree *item);
/* A node with a name, and the children of `list` (may be NULL: none) after `first` (may be NULL). */
struct ktg_cel_tree *ktg_cel_call(struct ktg_cel_parsing *p, enum ktg_cel_shape_of op,
                                  struct ktg_cel_token name, struct ktg_cel_tree *first,
                                  struct ktg_cel_tree *list);
struct ktg_cel_tree *ktg_cel_span(struct ktg_cel_tree *t, uint32_t start, uint32_t end);
void ktg_cel_syntax(struct ktg_cel_parsing *p, int token, struct ktg_cel_token t);
void ktg_cel_overflow(struct ktg_cel_parsing *p);

#endif
