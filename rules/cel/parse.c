/* rules/cel/parse.c - drives lexer and grammar, builds the tree, and says what is wrong where.
 *
 * Brackets, `?` and signs are counted before the grammar sees them, so that its stack (grammar.y, %stack_size) cannot
 * overflow: with at most 64 of them open, less than 64 * 16 symbols are pending.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdarg.h>
#include <stdio.h>

#include "rules/cel/tree.h"

#include "rules/cel/grammar.h" /* token numbers, made from grammar.y */

/* What lemon makes of grammar.y. */
void *ktg_cel_grammarAlloc(void *(*alloc)(size_t));
void ktg_cel_grammarFree(void *parser, void (*release)(void *));
void ktg_cel_grammar(void *parser, int token, struct ktg_cel_token t, struct ktg_cel_parsing *p);

void ktg_cel_place(const struct ktg_cel_source *s, uint32_t offset, int *ret_line, int *ret_column)
{
    int line = s->line, column = s->column;
    for (uint32_t i = 0; i < offset && i < s->text.size; i++) {
        if (s->text.data[i] == '\n') {
            line++;
            column = 1;
        } else if ((s->text.data[i] & 0xc0) != 0x80) {
            column++;
        }
    }
    *ret_line = line;
    *ret_column = column;
}

int ktg_cel_fail(const struct ktg_cel_source *s, uint32_t offset, struct ktg_err *err,
                 const char *format, ...)
{
    char text[384];
    int line, column;
    va_list ap;
    va_start(ap, format);
    vsnprintf(text, sizeof text, format, ap);
    va_end(ap);
    ktg_cel_place(s, offset, &line, &column);
    return ktg_err_set(err, KTG_EINVALID, "%s:%d:%d: %s", s->where, line, column, text);
}

static struct ktg_cel_tree *no_memory(struct ktg_cel_parsing *p)
{
    p->rc = ktg_err_set(p->err, KTG_ENOMEM, "no memory");
    return NULL;
}

static struct ktg_cel_tree *too_deep(struct ktg_cel_parsing *p, uint32_t offset)
{
    if (!p->rc)
        p->rc = ktg_cel_fail(p->source, offset, p->err, "the condition is nested deeper than %d",
                             KTG_CEL_DEPTH);
    return NULL;
}

static struct ktg_cel_tree *tree_new(struct ktg_cel_parsing *p, enum ktg_cel_shape_of op)
{
    struct ktg_cel_tree *t = p->rc ? NULL : ktg_arena_zalloc(p->arena, sizeof *t);
    if (!t)
        return p->rc ? NULL : no_memory(p);
    t->op = op;
    t->height = 1;
    return t;
}

static struct ktg_cel_tree *add_child(struct ktg_cel_parsing *p, struct ktg_cel_tree *t,
                                      struct ktg_cel_tree *child)
{
    if (!t || !child)
        return NULL;
    if (child->height >= t->height)
        t->height = child->height + 1;
    if (t->height > KTG_CEL_DEPTH)
        return too_deep(p, child->start);
    child->next = NULL;
    if (t->last)
        t->last->next = child;
    else
        t->first = child;
    t->last = child;
    t->count++;
    return t;
}

/* All children of `from`, in order; `from` is no more after it. */
static struct ktg_cel_tree *add_children(struct ktg_cel_parsing *p, struct ktg_cel_tree *t,
                                         struct ktg_cel_tree *from)
{
    for (struct ktg_cel_tree *c = from->first, *next; c && t; c = next) {
        next = c->next;
        t = add_child(p, t, c);
    }
    return t;
}

struct ktg_cel_tree *ktg_cel_leaf(struct ktg_cel_parsing *p, enum ktg_cel_shape_of op,
                                  struct ktg_cel_token token)
{
    struct ktg_cel_tree *t = tree_new(p, op);
    if (!t)
        return NULL;
    t->start = token.start;
    t->end = token.end;
    t->text = token.text;
    t->number = token.number;
    return t;
}

struct ktg_cel_tree *ktg_cel_name(struct ktg_cel_parsing *p, struct ktg_cel_token token)
{
    if (!p->rc && ktg_cel_is_reserved(token.text)) {
        p->rc = ktg_cel_fail(p->source, token.start, p->err,
                             "'%.*s' is a reserved word and cannot be a name", (int)token.text.size,
                             (const char *)token.text.data);
        return NULL;
    }
    return ktg_cel_leaf(p, KTG_CEL_T_NAME, token);
}

struct ktg_cel_tree *ktg_cel_join(struct ktg_cel_parsing *p, enum ktg_cel_shape_of op,
                                  struct ktg_cel_tree *a, struct ktg_cel_tree *b,
                                  struct ktg_cel_tree *c)
{
    struct ktg_cel_tree *t = tree_new(p, op), *parts[] = {a, b, c};
    if (!t || !a)
        return NULL;
    uint32_t end = a->end;
    for (size_t i = 0; i < 3 && t; i++) {
        if (!parts[i])
            continue;
        bool chain = (op == KTG_CEL_T_AND || op == KTG_CEL_T_OR) && parts[i]->op == op; /* (1) */
        end = parts[i]->end;
        t = chain ? add_children(p, t, parts[i]) : add_child(p, t, parts[i]);
    }
    if (!t)
        return NULL;
    t->start = a->start;
    t->end = end;
    return t;
}

struct ktg_cel_tree *ktg_cel_push(struct ktg_cel_parsing *p, struct ktg_cel_tree *list,
                                  struct ktg_cel_tree *item)
{
    if (!list)
        list = tree_new(p, KTG_CEL_T_LIST);
    return add_child(p, list, item);
}

struct ktg_cel_tree *ktg_cel_call(struct ktg_cel_parsing *p, enum ktg_cel_shape_of op,
                                  struct ktg_cel_token name, struct ktg_cel_tree *first,
                                  struct ktg_cel_tree *list)
{
    struct ktg_cel_tree *t = ktg_cel_leaf(p, op, name);
    if (t && first) {
        t->start = first->start;
        t = add_child(p, t, first);
    }
    if (t && list)
        t = add_children(p, t, list);
    return t;
}

struct ktg_cel_tree *ktg_cel_span(struct ktg_cel_tree *t, uint32_t start, uint32_t end)
{
    if (!t)
        return NULL;
    if (start < t->start)
        t->start = start;
    if (end > t->end)
        t->end = end;
    return t;
}

void ktg_cel_overflow(struct ktg_cel_parsing *p)
{
    too_deep(p, p->at); /* cannot be: the count below comes first */
}

void ktg_cel_syntax(struct ktg_cel_parsing *p, int token, struct ktg_cel_token t)
{
    if (p->rc)
        return;
    const char *want =
        p->after_value ? "an operator or the end" : "a value, a name or an opening bracket";
    if (!token) {
        p->rc = ktg_cel_fail(p->source, t.start, p->err,
                             "the condition ends too early: %s is missing", want);
        return;
    }
    const char *hint = "";
    if (p->after_value && token == KTG_CEL_TOK_IDENT) {
        hint = ktg_bytes_is(t.text, "and")   ? " ('and' is written '&&')"
               : ktg_bytes_is(t.text, "or")  ? " ('or' is written '||')"
               : ktg_bytes_is(t.text, "not") ? " ('x not in y' is written '!(x in y)')"
                                             : "";
    }
    p->rc = ktg_cel_fail(p->source, t.start, p->err, "'%.*s' cannot stand here, %s must%s",
                         (int)(t.end - t.start > 40 ? 40 : t.end - t.start),
                         (const char *)p->source->text.data + t.start, want, hint);
}

/* What the grammar still holds open at a token: brackets, and since each of them `?` and signs (! and -). */
struct depth {
    int total, brackets;
    struct {
        int questions, signs;
    } level[KTG_CEL_DEPTH + 1];
};

static bool is_deeper(struct depth *d, int token, bool after_value)
{
    int *questions = &d->level[d->brackets].questions, *signs = &d->level[d->brackets].signs;
    switch (token) {
    case KTG_CEL_TOK_LPAREN:
    case KTG_CEL_TOK_LBRACKET:
    case KTG_CEL_TOK_LBRACE:
        if (++d->total > KTG_CEL_DEPTH)
            return true;
        d->brackets++;
        d->level[d->brackets].questions = d->level[d->brackets].signs = 0;
        return false;
    case KTG_CEL_TOK_RPAREN:
    case KTG_CEL_TOK_RBRACKET:
    case KTG_CEL_TOK_RBRACE:
        if (d->brackets > 0) {
            d->total -= 1 + *questions + *signs;
            d->brackets--;
        }
        return false;
    case KTG_CEL_TOK_IDENT:
    case KTG_CEL_TOK_DOT:
        return false;
    case KTG_CEL_TOK_NOT:
    case KTG_CEL_TOK_MINUS:
        if (!after_value) {
            ++*signs;
            return ++d->total > KTG_CEL_DEPTH;
        }
        break;
    default:
        break;
    }
    if (!after_value) /* a literal, or a syntax error to come */
        return false;
    d->total -= *signs; /* an operator: the signs before it have been taken in */
    *signs = 0;
    if (token == KTG_CEL_TOK_COMMA) {
        d->total -= *questions;
        *questions = 0;
    } else if (token == KTG_CEL_TOK_QUESTION) {
        ++*questions;
        return ++d->total > KTG_CEL_DEPTH;
    }
    return false;
}

static bool ends_value(int token)
{
    switch (token) {
    case KTG_CEL_TOK_IDENT:
    case KTG_CEL_TOK_INT:
    case KTG_CEL_TOK_DECIMAL:
    case KTG_CEL_TOK_STRING:
    case KTG_CEL_TOK_TRUE:
    case KTG_CEL_TOK_FALSE:
    case KTG_CEL_TOK_NULL:
    case KTG_CEL_TOK_RPAREN:
    case KTG_CEL_TOK_RBRACKET:
    case KTG_CEL_TOK_RBRACE:
        return true;
    default:
        return false;
    }
}

int ktg_cel_parse(const struct ktg_cel_source *source, struct ktg_arena *arena,
                  struct ktg_cel_tree **ret_root, struct ktg_err *err)
{
    struct ktg_cel_parsing p = {.source = source, .arena = arena, .err = err};
    struct depth depth = {0};
    if (source->text.size > KTG_CEL_TEXT_MAX)
        return ktg_cel_fail(source, 0, err, "the condition is longer than %u bytes",
                            KTG_CEL_TEXT_MAX);
    void *parser = ktg_cel_grammarAlloc(ktg_alloc);
    if (!parser)
        return ktg_err_set(err, KTG_ENOMEM, "no memory");
    for (int token = 1; token && !p.rc;) {
        struct ktg_cel_token t = {0};
        token = ktg_cel_lex(&p, &t);
        if (p.rc)
            break;
        if (is_deeper(&depth, token, p.after_value)) {
            too_deep(&p, t.start);
            break;
        }
        ktg_cel_grammar(parser, token, t, &p);
        p.after_value = ends_value(token);
    }
    ktg_cel_grammarFree(parser, ktg_free);
    if (p.rc)
        return p.rc;
    *ret_root = p.root;
    return KTG_OK;
}
