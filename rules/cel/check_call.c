/* rules/cel/check_call.c - calls: functions by their rows, and those that are more than a function: has, default,
 * setting, list, matches and the macros, whose arguments are names, conditions or texts known at load.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>

#include "rules/cel/match.h"
#include "rules/cel/plan.h"

#define TEXT(b) (int)((b).size > 64 ? 64 : (b).size), (const char *)(b).data

static bool has_style(const struct ktg_cel_fn *fn, char style)
{
    return strchr(fn->style, style) != NULL;
}

static int check_has(struct ktg_cel_checking *c, struct ktg_cel_tree *t, uint32_t *ret_node)
{
    uint32_t of;
    struct ktg_cel_tree *x = t->first;
    if (x->op != KTG_CEL_T_NAME && x->op != KTG_CEL_T_SELECT)
        return ktg_cel_fail(c->source, x->start, c->err, "has() wants a field, as in has(a.b)");
    int rc = ktg_cel_check(c, x, false, &of);
    t->type.kind = KTG_CEL_BOOL;
    return rc ? rc
              : ktg_cel_emit(c, &(struct ktg_cel_node){.op = KTG_CEL_OP_HAS}, &of, 1, ret_node);
}

static int check_default(struct ktg_cel_checking *c, struct ktg_cel_tree *t, uint32_t *ret_node)
{
    struct ktg_cel_tree *x = t->first, *v = t->last;
    uint32_t kids[2];
    int rc = ktg_cel_check(c, x, false, &kids[0]);
    if (!rc)
        rc = ktg_cel_check(c, v, false, &kids[1]);
    if (rc)
        return rc;
    enum ktg_cel_kind a = x->type.kind, b = v->type.kind;
    if (a != KTG_CEL_DYN && b != KTG_CEL_DYN && a != KTG_CEL_NULL && b != KTG_CEL_NULL && a != b)
        return ktg_cel_fail(c->source, v->start, c->err, "the default is %s, but the field is %s",
                            ktg_cel_kind_text(b), ktg_cel_kind_text(a));
    t->type = a == KTG_CEL_DYN || a == KTG_CEL_NULL ? v->type : x->type;
    t->type.optional = v->type.optional;
    t->type.age |= ktg_cel_says_age(&x->type) || ktg_cel_says_age(&v->type);
    t->type.loop |= ktg_cel_holds_loop(&x->type) || ktg_cel_holds_loop(&v->type);
    return ktg_cel_emit(c, &(struct ktg_cel_node){.op = KTG_CEL_OP_DEFAULT}, kids, 2, ret_node);
}

/* The first argument as a text that is known at load, kept with the plan. */
static int literal_text(struct ktg_cel_checking *c, const struct ktg_cel_tree *x, const char *who,
                        struct ktg_bytes *ret)
{
    if (x->op != KTG_CEL_T_STRING)
        return ktg_cel_fail(c->source, x->start, c->err,
                            "%s() wants its name written out, as in %s(\"name\")", who, who);
    char *copy = ktg_arena_strndup(c->arena, (const char *)x->text.data, x->text.size);
    if (!copy)
        return ktg_err_set(c->err, KTG_ENOMEM, "no memory");
    *ret = ktg_bytes(copy, x->text.size);
    return KTG_OK;
}

static int check_setting(struct ktg_cel_checking *c, struct ktg_cel_tree *t, uint32_t *ret_node)
{
    struct ktg_cel_node n = {.op = KTG_CEL_OP_SETTING};
    uint32_t fallback;
    int rc = literal_text(c, t->first, "setting", &n.name);
    if (!rc)
        rc = ktg_cel_check(c, t->last, false, &fallback);
    t->type = t->last->type;
    return rc ? rc : ktg_cel_emit(c, &n, &fallback, 1, ret_node);
}

static const struct ktg_cel_type a_string = {.kind = KTG_CEL_STRING};

static int check_named(struct ktg_cel_checking *c, struct ktg_cel_tree *t, uint32_t *ret_node)
{
    struct ktg_cel_node n = {.op = KTG_CEL_OP_NAMED};
    int rc = literal_text(c, t->first, "list", &n.name);
    t->type = (struct ktg_cel_type){.kind = KTG_CEL_LIST, .elem = &a_string};
    return rc ? rc : ktg_cel_emit(c, &n, NULL, 0, ret_node);
}

static int check_matches(struct ktg_cel_checking *c, struct ktg_cel_tree *t, uint32_t *ret_node)
{
    struct ktg_cel_node n = {.op = KTG_CEL_OP_MATCHES};
    struct ktg_cel_tree *s = t->first, *pattern = t->last;
    uint32_t of;
    const char *what;
    size_t at;
    int rc = ktg_cel_check(c, s, false, &of);
    if (rc)
        return rc;
    if (s->type.kind != KTG_CEL_STRING && s->type.kind != KTG_CEL_DYN)
        return ktg_cel_fail(c->source, s->start, c->err, "matches() wants a string, not %s",
                            ktg_cel_kind_text(s->type.kind));
    if (pattern->op != KTG_CEL_T_STRING)
        return ktg_cel_fail(c->source, pattern->start, c->err,
                            "matches() wants its pattern written out as a string");
    rc = ktg_cel_match_compile(pattern->text, c->arena, &n.match, &what, &at);
    if (rc == KTG_EINVALID)
        return ktg_cel_fail(c->source, pattern->start, c->err, "in the pattern, character %zu: %s",
                            at + 1, what);
    if (rc)
        return ktg_err_set(c->err, rc, "%s", what);
    t->type.kind = KTG_CEL_BOOL;
    return ktg_cel_emit(c, &n, &of, 1, ret_node);
}

static int check_variable(struct ktg_cel_checking *c, const struct ktg_cel_tree *range,
                          const struct ktg_cel_tree *x)
{
    char text[64];
    enum ktg_cel_kind kind = range->type.kind;
    if (kind != KTG_CEL_LIST && kind != KTG_CEL_MAP && kind != KTG_CEL_DYN)
        return ktg_cel_fail(c->source, range->start, c->err,
                            "'%s' is %s, a list must stand before a macro",
                            ktg_cel_snippet(c, range, text), ktg_cel_kind_text(kind));
    if (x->op != KTG_CEL_T_NAME)
        return ktg_cel_fail(c->source, x->start, c->err,
                            "a variable's name must stand here, as in list.exists(x, x > 1)");
    if (c->local_count == KTG_CEL_DEPTH)
        return ktg_cel_fail(c->source, x->start, c->err, "macros are nested deeper than %d",
                            KTG_CEL_DEPTH);
    return KTG_OK;
}

/* An element of what stands before a macro; of an event, its fields are those of the event. */
static struct ktg_cel_type type_of_variable(const struct ktg_cel_type *range)
{
    struct ktg_cel_type t = range->kind == KTG_CEL_LIST && range->elem
                                ? *range->elem
                                : (struct ktg_cel_type){.kind = KTG_CEL_DYN};
    t.age |= range->age;
    t.loop = t.kind != KTG_CEL_REF && t.kind != KTG_CEL_OBJECT;
    return t;
}

static int check_macro(struct ktg_cel_checking *c, struct ktg_cel_tree *t, enum ktg_cel_op op,
                       uint32_t *ret_node)
{
    struct ktg_cel_tree *range = t->first, *x = range->next, *body = x->next;
    struct ktg_cel_node n = {.op =
                                 op == KTG_CEL_OP_MAP_TO && t->count == 4 ? KTG_CEL_OP_MAP_IF : op};
    uint32_t kids[3];
    size_t count = 1;
    int rc = ktg_cel_check(c, range, false, &kids[0]);
    if (!rc)
        rc = check_variable(c, range, x);
    if (rc)
        return rc;
    n.local = c->local_count;
    c->locals[c->local_count].name = x->text;
    c->locals[c->local_count].type = type_of_variable(&range->type);
    c->local_count++;
    for (struct ktg_cel_tree *k = body; k && !rc; k = k->next) {
        bool condition = k == body && n.op != KTG_CEL_OP_MAP_TO;
        rc = ktg_cel_check(c, k, false, &kids[count++]);
        if (!rc && condition && k->type.kind != KTG_CEL_BOOL && k->type.kind != KTG_CEL_DYN)
            rc =
                ktg_cel_fail(c->source, k->start, c->err, "a condition must stand here, this is %s",
                             ktg_cel_kind_text(k->type.kind));
    }
    c->local_count--;
    if (rc)
        return rc;
    if (op == KTG_CEL_OP_FILTER) {
        t->type = range->type.kind == KTG_CEL_LIST
                      ? range->type
                      : (struct ktg_cel_type){
                            .kind = KTG_CEL_LIST, .age = range->type.age, .loop = range->type.loop};
    } else if (op == KTG_CEL_OP_MAP_TO) {
        struct ktg_cel_type *elem = ktg_arena_alloc(c->arena, sizeof *elem);
        if (!elem)
            return ktg_err_set(c->err, KTG_ENOMEM, "no memory");
        *elem = t->last->type;
        elem->optional = false;
        t->type = (struct ktg_cel_type){.kind = KTG_CEL_LIST, .elem = elem};
    } else {
        t->type.kind = KTG_CEL_BOOL;
    }
    t->type.optional = range->type.optional;
    return ktg_cel_emit(c, &n, kids, count, ret_node);
}

static const struct {
    const char *name;
    int (*check)(struct ktg_cel_checking *c, struct ktg_cel_tree *t, uint32_t *ret_node);
} special[] = {
    {"has", check_has},    {"default", check_default}, {"setting", check_setting},
    {"list", check_named}, {"matches", check_matches},
};

static const struct {
    const char *name;
    enum ktg_cel_op op;
} macros[] = {
    {"all", KTG_CEL_OP_ALL},       {"exists", KTG_CEL_OP_EXISTS}, {"exists_one", KTG_CEL_OP_ONE},
    {"filter", KTG_CEL_OP_FILTER}, {"map", KTG_CEL_OP_MAP_TO},
};

static struct ktg_cel_type given(const struct ktg_cel_fn *fn, const struct ktg_cel_tree *t)
{
    struct ktg_cel_type first =
        t->first ? t->first->type : (struct ktg_cel_type){.kind = KTG_CEL_DYN};
    const struct ktg_cel_type dyn = {.kind = KTG_CEL_DYN};
    switch (fn->gives) {
    case KTG_CEL_GIVES_FIRST: /* of min and max over one list: its element */
        first.optional = false;
        first.codes = NULL;
        if (fn->kinds[0] == '*' && t->count == 1 && first.kind == KTG_CEL_LIST)
            return first.elem ? *first.elem : dyn;
        return first;
    case KTG_CEL_GIVES_ELEM:
        return first.kind == KTG_CEL_LIST && first.elem ? *first.elem : dyn;
    case KTG_CEL_GIVES_FLAT:
        if (first.kind == KTG_CEL_LIST && first.elem && first.elem->kind == KTG_CEL_LIST)
            return *first.elem;
        return (struct ktg_cel_type){.kind = KTG_CEL_LIST};
    case KTG_CEL_GIVES_STRINGS:
        return (struct ktg_cel_type){.kind = KTG_CEL_LIST, .elem = &a_string};
    case KTG_CEL_GIVES_AGE:
        return (struct ktg_cel_type){.kind = KTG_CEL_INT, .age = true};
    default:
        return (struct ktg_cel_type){.kind = (enum ktg_cel_kind)fn->gives};
    }
}

static int check_argument(struct ktg_cel_checking *c, const struct ktg_cel_fn *fn,
                          const struct ktg_cel_tree *k, size_t i)
{
    char text[64];
    char letter = ktg_cel_fn_letter(fn, i);
    enum ktg_cel_kind kind = k->type.kind;
    if (kind == KTG_CEL_DYN || ktg_cel_letter_takes(letter, kind))
        return KTG_OK;
    return ktg_cel_fail(c->source, k->start, c->err, "%s() wants %s as argument %zu, '%s' is %s",
                        fn->name, ktg_cel_letter_text(letter), i + 1, ktg_cel_snippet(c, k, text),
                        ktg_cel_kind_text(kind));
}

/* Evaluate a call of literals now; what cannot be evaluated will never be. */
static int fold(struct ktg_cel_checking *c, const struct ktg_cel_fn *fn,
                const struct ktg_cel_tree *t, const uint32_t *kids, uint32_t *ret_node)
{
    char text[64];
    struct ktg_cel_env env = {.arena = c->arena, .steps = 1000};
    struct ktg_cel_value args[4];
    for (size_t i = 0; i < t->count && i < KTG_COUNT(args); i++)
        args[i] = c->nodes[kids[i]].value;
    struct ktg_cel_value v = fn->eval(&env, args, t->count);
    if (v.kind == KTG_CEL_ABSENT)
        return ktg_cel_fail(c->source, t->start, c->err, "'%s' is not %s",
                            ktg_cel_snippet(c, t, text),
                            ktg_cel_kind_text((enum ktg_cel_kind)fn->gives));
    return ktg_cel_emit_literal(c, v, ret_node);
}

static bool is_many(const struct ktg_cel_type *t)
{
    return t->kind == KTG_CEL_LIST || t->kind == KTG_CEL_MAP || t->kind == KTG_CEL_DYN;
}

static int check_function(struct ktg_cel_checking *c, const struct ktg_cel_fn *fn,
                          struct ktg_cel_tree *t, uint32_t *ret_node)
{
    uint32_t kids[16];
    size_t i = 0;
    bool literal = has_style(fn, 'c') && t->count <= 4;
    struct ktg_cel_type all = {.kind = KTG_CEL_DYN};
    for (struct ktg_cel_tree *k = t->first; k; k = k->next, i++) {
        int rc = ktg_cel_check(c, k, false, &kids[i]);
        if (!rc)
            rc = check_argument(c, fn, k, i);
        if (rc)
            return rc;
        literal = literal && c->nodes[kids[i]].op == KTG_CEL_OP_LIT;
        rc = ktg_cel_check_ages(c, t, &all, &k->type);
        if (!rc && has_style(fn, 'x') && is_many(&k->type))
            rc = ktg_cel_check_ages(c, t, &k->type, &k->type);
        if (rc)
            return rc;
        all.age |= ktg_cel_says_age(&k->type);
        all.loop |= ktg_cel_holds_loop(&k->type);
    }
    t->type = given(fn, t);
    if (t->type.kind != KTG_CEL_BOOL) {
        t->type.age |= all.age;
        t->type.loop |= all.loop;
    }
    if (literal)
        return fold(c, fn, t, kids, ret_node);
    return ktg_cel_emit(c, &(struct ktg_cel_node){.op = KTG_CEL_OP_CALL, .fn = fn}, kids, i,
                        ret_node);
}

static int check_count(struct ktg_cel_checking *c, const struct ktg_cel_fn *fn,
                       const struct ktg_cel_tree *t)
{
    int before = t->op == KTG_CEL_T_METHOD, count = (int)t->count;
    if (count >= fn->least && count <= fn->most)
        return KTG_OK;
    int least = fn->least - before, most = fn->most - before;
    if (least == most)
        return ktg_cel_fail(c->source, t->start, c->err, "%s() wants %d argument%s, got %d",
                            fn->name, least, least == 1 ? "" : "s", count - before);
    return ktg_cel_fail(c->source, t->start, c->err, "%s() wants %d to %d arguments, got %d",
                        fn->name, least, most, count - before);
}

int ktg_cel_check_call(struct ktg_cel_checking *c, struct ktg_cel_tree *t, uint32_t *ret_node)
{
    const struct ktg_cel_fn *fn = ktg_cel_fn_find(t->text);
    bool method = t->op == KTG_CEL_T_METHOD;
    if (!fn) {
        const char *near = ktg_cel_fn_nearest(t->text);
        return near ? ktg_cel_fail(c->source, t->start, c->err,
                                   "unknown function '%.*s' - did you mean '%s'?", TEXT(t->text),
                                   near)
                    : ktg_cel_fail(c->source, t->start, c->err, "unknown function '%.*s'",
                                   TEXT(t->text));
    }
    if (!has_style(fn, method ? 'm' : 'f'))
        return ktg_cel_fail(c->source, t->start, c->err,
                            method ? "'%s' is written before its value: %s(x)"
                                   : "'%s' is written behind its value: x.%s(...)",
                            fn->name, fn->name);
    int rc = check_count(c, fn, t);
    if (rc)
        return rc;
    for (size_t i = 0; i < KTG_COUNT(special); i++)
        if (!strcmp(special[i].name, fn->name))
            return special[i].check(c, t, ret_node);
    for (size_t i = 0; i < KTG_COUNT(macros); i++)
        if (!strcmp(macros[i].name, fn->name))
            return check_macro(c, t, macros[i].op, ret_node);
    return check_function(c, fn, t, ret_node);
}
