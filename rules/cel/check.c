/* rules/cel/check.c - tree to plan: names, fields, kinds; what is known to be wrong is refused here.
 *
 * KTG_CEL_DYN is let through everywhere; evaluation looks at it again.  Constants are folded, so a literal list, a
 * negative number or duration("24h") costs one node and no work.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>

#include "rules/cel/plan.h"

#define TEXT(b) (int)((b).size > 64 ? 64 : (b).size), (const char *)(b).data

static int no_memory(struct ktg_cel_checking *c)
{
    return ktg_err_set(c->err, KTG_ENOMEM, "no memory");
}

const char *ktg_cel_snippet(struct ktg_cel_checking *c, const struct ktg_cel_tree *t,
                            char to[static 64])
{
    bool cut = t->end - t->start > 60;
    size_t n = cut ? 57 : t->end - t->start;
    while (cut && n > 0 && (c->source->text.data[t->start + n] & 0xc0) == 0x80)
        n--;
    memcpy(to, c->source->text.data + t->start, n);
    memcpy(to + n, cut ? "..." : "", cut ? 4 : 1);
    return to;
}

int ktg_cel_emit(struct ktg_cel_checking *c, const struct ktg_cel_node *node, const uint32_t *kids,
                 size_t count, uint32_t *ret_node)
{
    if (ktg_grow(&c->nodes, &c->node_cap, c->node_count + 1, sizeof *c->nodes) ||
        ktg_grow(&c->kids, &c->kid_cap, c->kid_count + count + 1, sizeof *c->kids))
        return no_memory(c);
    struct ktg_cel_node *n = &c->nodes[c->node_count];
    *n = *node;
    n->first = (uint32_t)c->kid_count;
    n->count = (uint32_t)count;
    if (count)
        memcpy(c->kids + c->kid_count, kids, count * sizeof *kids);
    c->kid_count += count;
    *ret_node = (uint32_t)c->node_count++;
    return KTG_OK;
}

int ktg_cel_emit_literal(struct ktg_cel_checking *c, struct ktg_cel_value v, uint32_t *ret_node)
{
    return ktg_cel_emit(c, &(struct ktg_cel_node){.op = KTG_CEL_OP_LIT, .value = v}, NULL, 0,
                        ret_node);
}

static bool is_known(enum ktg_cel_kind kind)
{
    return kind != KTG_CEL_DYN;
}

/* The text of a name in the plan's arena. */
static int keep(struct ktg_cel_checking *c, struct ktg_bytes text, struct ktg_bytes *ret)
{
    char *copy = ktg_arena_strndup(c->arena, (const char *)text.data, text.size);
    if (!copy)
        return no_memory(c);
    *ret = ktg_bytes(copy, text.size);
    return KTG_OK;
}

static int check_rules(struct ktg_cel_checking *c, struct ktg_cel_tree *t)
{
    t->type.age |= t->type.rules == KTG_RULES_APART;
    c->reads_identity |= t->type.rules == KTG_RULES_IDENTITY_ONLY;
    if (t->type.rules == KTG_RULES_FORBIDDEN)
        return ktg_cel_fail(c->source, t->start, c->err, "'%.*s' cannot be read by rules",
                            TEXT(t->text));
    if (t->type.rules == KTG_RULES_IDENTITY_ONLY && !c->scope->identity_rule)
        return ktg_cel_fail(c->source, t->start, c->err,
                            "'%.*s' can be read by identity rules only", TEXT(t->text));
    return KTG_OK;
}

static int fail_unknown(struct ktg_cel_checking *c, const struct ktg_cel_tree *t, const char *what,
                        const char *near)
{
    /* the name itself begins `text` bytes before the end of a selection */
    uint32_t at = t->op == KTG_CEL_T_SELECT ? t->end - (uint32_t)t->text.size : t->start;
    if (near)
        return ktg_cel_fail(c->source, at, c->err, "unknown %s '%.*s' - did you mean '%s'?", what,
                            TEXT(t->text), near);
    return ktg_cel_fail(c->source, at, c->err, "unknown %s '%.*s'", what, TEXT(t->text));
}

static int check_name(struct ktg_cel_checking *c, struct ktg_cel_tree *t, uint32_t *ret_node)
{
    for (uint32_t i = c->local_count; i-- > 0;) {
        if (!ktg_bytes_eq(c->locals[i].name, t->text))
            continue;
        t->type = c->locals[i].type;
        return ktg_cel_emit(c, &(struct ktg_cel_node){.op = KTG_CEL_OP_LOCAL, .local = i}, NULL, 0,
                            ret_node);
    }
    int slot = -1;
    int rc =
        c->scope->name ? c->scope->name(c->scope->arg, t->text, &slot, &t->type) : KTG_ENOTFOUND;
    if (rc)
        return fail_unknown(c, t, "name",
                            c->scope->nearest ? c->scope->nearest(c->scope->arg, NULL, t->text)
                                              : NULL);
    rc = check_rules(c, t);
    return rc ? rc
              : ktg_cel_emit(c, &(struct ktg_cel_node){.op = KTG_CEL_OP_SLOT, .slot = slot}, NULL,
                             0, ret_node);
}

static int field_type(struct ktg_cel_checking *c, struct ktg_cel_tree *t)
{
    const struct ktg_cel_type *of = &t->first->type;
    char text[64];
    t->type = (struct ktg_cel_type){.kind = KTG_CEL_DYN};
    if (of->kind == KTG_CEL_REF && of->row) {
        if (!c->scope->field || c->scope->field(c->scope->arg, of->row, t->text, &t->type))
            return fail_unknown(
                c, t, "field",
                c->scope->nearest ? c->scope->nearest(c->scope->arg, of->row, t->text) : NULL);
        return KTG_OK;
    }
    if (of->kind == KTG_CEL_OBJECT && of->shape) {
        const struct ktg_field *f = ktg_shape_field(of->shape, t->text);
        if (!f)
            return fail_unknown(c, t, "field", ktg_shape_nearest(of->shape, t->text));
        t->type = ktg_cel_field_type(f, c->arena);
        t->type.optional |= of->optional;
        return KTG_OK;
    }
    if (of->kind == KTG_CEL_REF || of->kind == KTG_CEL_OBJECT || of->kind == KTG_CEL_MAP ||
        !is_known(of->kind)) { /* what it is shows when it is evaluated; what it may be is known */
        t->type.age = of->age;
        t->type.loop = of->loop;
        if (c->scope->guarded)
            t->type.rules = c->scope->guarded(c->scope->arg, t->text);
        return KTG_OK;
    }
    return ktg_cel_fail(c->source, t->end - (uint32_t)t->text.size, c->err,
                        "%s is %s and has no field '%.*s'", ktg_cel_snippet(c, t->first, text),
                        ktg_cel_kind_text(of->kind), TEXT(t->text));
}

static int check_select(struct ktg_cel_checking *c, struct ktg_cel_tree *t, uint32_t *ret_node)
{
    uint32_t of;
    struct ktg_cel_node n = {.op = KTG_CEL_OP_SELECT};
    int rc = ktg_cel_check(c, t->first, false, &of);
    if (!rc)
        rc = field_type(c, t);
    if (!rc)
        rc = check_rules(c, t);
    if (!rc)
        rc = keep(c, t->text, &n.name);
    return rc ? rc : ktg_cel_emit(c, &n, &of, 1, ret_node);
}

static int check_literal(struct ktg_cel_checking *c, struct ktg_cel_tree *t, bool tail,
                         uint32_t *ret_node)
{
    struct ktg_cel_value v = {.kind = KTG_CEL_NULL};
    int rc = KTG_OK;
    switch (t->op) {
    case KTG_CEL_T_INT:
        if (t->number > INT64_MAX)
            return ktg_cel_fail(c->source, t->start, c->err,
                                "the number does not fit into 64 bits");
        v = ktg_cel_int((int64_t)t->number);
        break;
    case KTG_CEL_T_DECIMAL:
        if (!c->scope->decimals)
            return ktg_cel_fail(c->source, t->start, c->err,
                                "decimals stand in weights only, here count in whole units");
        if (!tail)
            return ktg_cel_fail(c->source, t->start, c->err,
                                "a decimal is a weight and cannot be computed with");
        v = ktg_cel_int((int64_t)t->number);
        t->type.decimal = true;
        break;
    case KTG_CEL_T_STRING:
        v.kind = KTG_CEL_STRING;
        rc = keep(c, t->text, &v.s);
        break;
    case KTG_CEL_T_TRUE:
    case KTG_CEL_T_FALSE:
        v = ktg_cel_bool(t->op == KTG_CEL_T_TRUE);
        break;
    default:
        break;
    }
    t->type.kind = v.kind;
    return rc ? rc : ktg_cel_emit_literal(c, v, ret_node);
}

static int want(struct ktg_cel_checking *c, const struct ktg_cel_tree *t, enum ktg_cel_kind kind,
                const char *who)
{
    char text[64];
    if (t->type.kind == kind || !is_known(t->type.kind))
        return KTG_OK;
    return ktg_cel_fail(c->source, t->start, c->err, "%s wants %s, '%s' is %s", who,
                        ktg_cel_kind_text(kind), ktg_cel_snippet(c, t, text),
                        ktg_cel_kind_text(t->type.kind));
}

static int check_sign(struct ktg_cel_checking *c, struct ktg_cel_tree *t, uint32_t *ret_node)
{
    struct ktg_cel_tree *of = t->first;
    uint32_t node;
    bool not = t->op == KTG_CEL_T_NOT;
    if (!not &&of->op == KTG_CEL_T_INT) { /* -9223372036854775808 exists, its positive does not */
        t->type.kind = KTG_CEL_INT;
        return ktg_cel_emit_literal(c, ktg_cel_int((int64_t)(0 - of->number)), ret_node);
    }
    int rc = ktg_cel_check(c, of, false, &node);
    if (!rc)
        rc = want(c, of, not ? KTG_CEL_BOOL : KTG_CEL_INT, not ? "'!'" : "'-'");
    t->type = (struct ktg_cel_type){.kind = not ? KTG_CEL_BOOL : KTG_CEL_INT,
                                    .age = !not &&of->type.age,
                                    .loop = !not &&of->type.loop};
    return rc ? rc
              : ktg_cel_emit(c, &(struct ktg_cel_node){.op = not ? KTG_CEL_OP_NOT : KTG_CEL_OP_NEG},
                             &node, 1, ret_node);
}

/* All children, in order; *ret_kids in the scratch arena. */
static int check_children(struct ktg_cel_checking *c, struct ktg_cel_tree *t, uint32_t **ret_kids)
{
    uint32_t *kids = ktg_arena_alloc(c->scratch, (t->count + 1) * sizeof *kids), i = 0;
    if (!kids)
        return no_memory(c);
    for (struct ktg_cel_tree *k = t->first; k; k = k->next) {
        int rc = ktg_cel_check(c, k, false, &kids[i++]);
        if (rc)
            return rc;
    }
    *ret_kids = kids;
    return KTG_OK;
}

static int check_chain(struct ktg_cel_checking *c, struct ktg_cel_tree *t, uint32_t *ret_node)
{
    bool and = t->op == KTG_CEL_T_AND;
    uint32_t *kids;
    int rc = check_children(c, t, &kids);
    for (struct ktg_cel_tree *k = t->first; k && !rc; k = k->next)
        rc = want(c, k, KTG_CEL_BOOL, and? "'&&'" : "'||'");
    t->type.kind = KTG_CEL_BOOL;
    return rc ? rc
              : ktg_cel_emit(c, &(struct ktg_cel_node){.op = and? KTG_CEL_OP_AND : KTG_CEL_OP_OR},
                             kids, t->count, ret_node);
}

/* The type of what is of the one type or of the other; DYN, or a list of unknown elements, where they differ. */
static int join_types(struct ktg_cel_checking *c, const struct ktg_cel_type *a,
                      const struct ktg_cel_type *b, struct ktg_cel_type *ret)
{
    struct ktg_cel_type t = *a, *elem;
    t.codes = NULL;
    t.optional = a->optional || b->optional;
    t.age = a->age || b->age;
    t.loop = a->loop || b->loop;
    if (a->kind != b->kind) {
        *ret = (struct ktg_cel_type){.kind = KTG_CEL_DYN,
                                     .optional = t.optional,
                                     .age = ktg_cel_says_age(a) || ktg_cel_says_age(b),
                                     .loop = ktg_cel_holds_loop(a) || ktg_cel_holds_loop(b)};
        return KTG_OK;
    }
    if (a->row != b->row || a->shape != b->shape)
        t.row = t.shape = NULL;
    if (a->elem != b->elem) {
        const struct ktg_cel_type any = {.kind = KTG_CEL_DYN};
        elem = ktg_arena_alloc(c->arena, sizeof *elem);
        int rc = elem ? join_types(c, a->elem ? a->elem : &any, b->elem ? b->elem : &any, elem)
                      : no_memory(c);
        if (rc)
            return rc;
        t.elem = elem;
    }
    *ret = t;
    return KTG_OK;
}

static int check_conditional(struct ktg_cel_checking *c, struct ktg_cel_tree *t, bool tail,
                             uint32_t *ret_node)
{
    struct ktg_cel_tree *a = t->first->next, *b = a->next;
    uint32_t kids[3];
    int rc = ktg_cel_check(c, t->first, false, &kids[0]);
    if (!rc)
        rc = want(c, t->first, KTG_CEL_BOOL, "'?'");
    if (!rc)
        rc = ktg_cel_check(c, a, tail, &kids[1]);
    if (!rc)
        rc = ktg_cel_check(c, b, tail, &kids[2]);
    if (rc)
        return rc;
    if (a->type.decimal != b->type.decimal)
        return ktg_cel_fail(c->source, a->start, c->err,
                            "write both weights as decimals (1.0, not 1)");
    const struct ktg_cel_type *x = &a->type, *y = &b->type;
    if (x->kind == KTG_CEL_NULL || y->kind == KTG_CEL_NULL) { /* null or b is b */
        bool optional = x->optional || y->optional;
        t->type = x->kind == KTG_CEL_NULL ? *y : *x;
        t->type.codes = NULL;
        t->type.optional = optional;
    } else {
        rc = join_types(c, x, y, &t->type);
    }
    return rc ? rc
              : ktg_cel_emit(c, &(struct ktg_cel_node){.op = KTG_CEL_OP_COND}, kids, 3, ret_node);
}

static bool is_code(const char *const *codes, struct ktg_bytes text)
{
    for (; *codes; codes++)
        if (ktg_bytes_is(text, *codes))
            return true;
    return false;
}

/* A literal that the field can never be. */
static void warn_code(struct ktg_cel_checking *c, const struct ktg_cel_tree *field,
                      const struct ktg_cel_tree *literal)
{
    char text[160];
    int line, column;
    if (!c->scope->warn || !field->type.codes || literal->op != KTG_CEL_T_STRING ||
        is_code(field->type.codes, literal->text))
        return;
    ktg_cel_place(c->source, literal->start, &line, &column);
    snprintf(text, sizeof text, "'%.*s' is none of the codes of '%.*s'", TEXT(literal->text),
             TEXT(field->text));
    c->scope->warn(c->scope->arg, line, column, text);
}

static const char *kind_hint(enum ktg_cel_kind a, enum ktg_cel_kind b)
{
    if ((a == KTG_CEL_DATE && b == KTG_CEL_TIMESTAMP) ||
        (a == KTG_CEL_TIMESTAMP && b == KTG_CEL_DATE))
        return ": take date(instant), or end_of_day(date)";
    if ((a == KTG_CEL_DATE && b == KTG_CEL_STRING) || (a == KTG_CEL_STRING && b == KTG_CEL_DATE))
        return ": write date(\"2026-03-31\")";
    if ((a == KTG_CEL_DURATION && b == KTG_CEL_INT) || (a == KTG_CEL_INT && b == KTG_CEL_DURATION))
        return ": write duration(\"24h\"), days(n), or take hours(duration)";
    if ((a == KTG_CEL_LIST && b == KTG_CEL_INT) || (a == KTG_CEL_INT && b == KTG_CEL_LIST))
        return ": take size(list)";
    return "";
}

static int fail_kinds(struct ktg_cel_checking *c, const struct ktg_cel_tree *t, const char *what)
{
    enum ktg_cel_kind a = t->first->type.kind, b = t->last->type.kind;
    return ktg_cel_fail(c->source, t->start, c->err, "%s with %s cannot be %s%s",
                        ktg_cel_kind_text(a), ktg_cel_kind_text(b), what, kind_hint(a, b));
}

static int check_comparison(struct ktg_cel_checking *c, struct ktg_cel_tree *t, uint32_t *ret_node)
{
    struct ktg_cel_tree *a = t->first, *b = t->last;
    bool equality = t->op == KTG_CEL_T_EQ || t->op == KTG_CEL_T_NE;
    uint32_t kids[2];
    int rc = ktg_cel_check(c, a, false, &kids[0]);
    if (!rc)
        rc = ktg_cel_check(c, b, false, &kids[1]);
    if (rc)
        return rc;
    enum ktg_cel_kind x = a->type.kind, y = b->type.kind;
    bool null = x == KTG_CEL_NULL || y == KTG_CEL_NULL;
    rc = ktg_cel_check_ages(c, t, &a->type, &b->type);
    if (rc)
        return rc;
    if (!(equality && null) && is_known(x) && is_known(y) && x != y)
        return fail_kinds(c, t, "compared");
    if (!equality &&
        ((is_known(x) && x > KTG_CEL_DATE) || (is_known(y) && y > KTG_CEL_DATE) || null))
        return fail_kinds(c, t, "put in order");
    warn_code(c, a, b);
    warn_code(c, b, a);
    t->type.kind = KTG_CEL_BOOL;
    enum ktg_cel_op op = (enum ktg_cel_op)(KTG_CEL_OP_EQ + (t->op - KTG_CEL_T_EQ));
    return ktg_cel_emit(c, &(struct ktg_cel_node){.op = op}, kids, 2, ret_node);
}

static int check_in(struct ktg_cel_checking *c, struct ktg_cel_tree *t, uint32_t *ret_node)
{
    struct ktg_cel_tree *x = t->first, *in = t->last;
    uint32_t kids[2];
    int rc = ktg_cel_check(c, x, false, &kids[0]);
    if (!rc)
        rc = ktg_cel_check(c, in, false, &kids[1]);
    if (!rc)
        rc = ktg_cel_check_ages(c, t, &x->type, &in->type);
    if (rc)
        return rc;
    enum ktg_cel_kind kind = in->type.kind;
    const struct ktg_cel_node last = c->nodes[kids[1]];
    if (is_known(kind) && kind != KTG_CEL_LIST && kind != KTG_CEL_MAP)
        return ktg_cel_fail(c->source, in->start, c->err, "'in' wants a list or a map, not %s",
                            ktg_cel_kind_text(kind));
    t->type.kind = KTG_CEL_BOOL;
    for (struct ktg_cel_tree *k = in->op == KTG_CEL_T_LIST ? in->first : NULL; k; k = k->next)
        warn_code(c, x, k);
    if (last.op != KTG_CEL_OP_NAMED) {
        const struct ktg_cel_type *elem = kind == KTG_CEL_LIST ? in->type.elem : NULL;
        if (elem && is_known(elem->kind) && is_known(x->type.kind) && elem->kind != x->type.kind)
            return ktg_cel_fail(c->source, t->start, c->err,
                                "%s is looked for in a list whose elements are each %s",
                                ktg_cel_kind_text(x->type.kind), ktg_cel_kind_text(elem->kind));
        return ktg_cel_emit(c, &(struct ktg_cel_node){.op = KTG_CEL_OP_IN}, kids, 2, ret_node);
    }
    if (is_known(x->type.kind) && x->type.kind != KTG_CEL_STRING && x->type.kind != KTG_CEL_OBJECT)
        return want(c, x, KTG_CEL_STRING, "a reference list");
    return ktg_cel_emit(c, &(struct ktg_cel_node){.op = KTG_CEL_OP_IN_NAMED, .name = last.name},
                        kids, 1, ret_node);
}

static bool is_time(enum ktg_cel_kind k)
{
    return k == KTG_CEL_DATE || k == KTG_CEL_TIMESTAMP;
}

/* The kind of a + b or a - b; KTG_CEL_ABSENT: there is none. */
static enum ktg_cel_kind sum_kind(bool add, enum ktg_cel_kind a, enum ktg_cel_kind b)
{
    if (!is_known(a) || !is_known(b)) {
        enum ktg_cel_kind k = is_known(a) ? a : b;
        return k == KTG_CEL_INT || k == KTG_CEL_STRING || k == KTG_CEL_LIST || (is_time(a) && add)
                   ? k
                   : KTG_CEL_DYN;
    }
    if (is_time(a) && b == KTG_CEL_DURATION)
        return a;
    if (add && a == KTG_CEL_DURATION && is_time(b))
        return b;
    if (a != b)
        return KTG_CEL_ABSENT;
    if (a == KTG_CEL_INT || a == KTG_CEL_DURATION ||
        (add && (a == KTG_CEL_STRING || a == KTG_CEL_LIST)))
        return a;
    return !add && a == KTG_CEL_TIMESTAMP ? KTG_CEL_DURATION : KTG_CEL_ABSENT;
}

static int check_arithmetic(struct ktg_cel_checking *c, struct ktg_cel_tree *t, uint32_t *ret_node)
{
    struct ktg_cel_tree *a = t->first, *b = t->last;
    uint32_t kids[2];
    int rc = ktg_cel_check(c, a, false, &kids[0]);
    if (!rc)
        rc = ktg_cel_check(c, b, false, &kids[1]);
    bool sum = t->op == KTG_CEL_T_ADD || t->op == KTG_CEL_T_SUB,
         lists =
             t->op == KTG_CEL_T_ADD && a->type.kind == KTG_CEL_LIST && b->type.kind == KTG_CEL_LIST;
    if (!rc && !lists) /* one list after another is a list of all */
        rc = ktg_cel_check_ages(c, t, &a->type, &b->type);
    if (rc)
        return rc;
    t->type =
        (struct ktg_cel_type){.kind = KTG_CEL_INT,
                              .age = ktg_cel_says_age(&a->type) || ktg_cel_says_age(&b->type),
                              .loop = ktg_cel_holds_loop(&a->type) || ktg_cel_holds_loop(&b->type)};
    if (sum) {
        t->type.kind = sum_kind(t->op == KTG_CEL_T_ADD, a->type.kind, b->type.kind);
        if (t->type.kind == KTG_CEL_ABSENT && a->type.kind == KTG_CEL_DATE &&
            b->type.kind == KTG_CEL_DATE)
            return ktg_cel_fail(c->source, t->start, c->err,
                                "two dates cannot be subtracted: take days_between(a, b)");
        if (t->type.kind == KTG_CEL_ABSENT)
            return fail_kinds(c, t, t->op == KTG_CEL_T_ADD ? "added" : "subtracted");
        if (t->type.kind == KTG_CEL_LIST && a->type.kind == b->type.kind)
            rc = join_types(c, &a->type, &b->type, &t->type);
    } else {
        rc = want(c, a, KTG_CEL_INT, "arithmetic");
        if (!rc)
            rc = want(c, b, KTG_CEL_INT, "arithmetic");
    }
    enum ktg_cel_op op = (enum ktg_cel_op)(KTG_CEL_OP_ADD + (t->op - KTG_CEL_T_ADD));
    return rc ? rc : ktg_cel_emit(c, &(struct ktg_cel_node){.op = op}, kids, 2, ret_node);
}

static int check_index(struct ktg_cel_checking *c, struct ktg_cel_tree *t, uint32_t *ret_node)
{
    uint32_t kids[2];
    int rc = ktg_cel_check(c, t->first, false, &kids[0]);
    if (!rc)
        rc = ktg_cel_check(c, t->last, false, &kids[1]);
    if (rc)
        return rc;
    enum ktg_cel_kind of = t->first->type.kind;
    if (is_known(of) && of != KTG_CEL_LIST && of != KTG_CEL_MAP)
        return ktg_cel_fail(c->source, t->start, c->err,
                            "[ ] wants a list or a map before it, not %s", ktg_cel_kind_text(of));
    if (of == KTG_CEL_LIST && (rc = want(c, t->last, KTG_CEL_INT, "the index of a list")))
        return rc;
    rc = ktg_cel_check_ages(c, t, &t->first->type, &t->last->type);
    if (rc)
        return rc;
    t->type = of == KTG_CEL_LIST && t->first->type.elem
                  ? *t->first->type.elem
                  : (struct ktg_cel_type){.kind = KTG_CEL_DYN};
    t->type.age |= t->first->type.age || ktg_cel_says_age(&t->last->type);
    t->type.loop |= t->first->type.loop || ktg_cel_holds_loop(&t->last->type);
    return ktg_cel_emit(c, &(struct ktg_cel_node){.op = KTG_CEL_OP_INDEX}, kids, 2, ret_node);
}

/* A list of literals is a literal itself. */
static int check_list(struct ktg_cel_checking *c, struct ktg_cel_tree *t, uint32_t *ret_node)
{
    uint32_t *kids;
    int rc = check_children(c, t, &kids);
    if (rc)
        return rc;
    bool literal = true;
    size_t i = 0;
    struct ktg_cel_type *elem = t->first ? ktg_arena_alloc(c->arena, sizeof *elem) : NULL;
    if (t->first && !elem)
        return no_memory(c);
    for (struct ktg_cel_tree *k = t->first; k && !rc; k = k->next) {
        literal = literal && c->nodes[kids[i++]].op == KTG_CEL_OP_LIT;
        rc = join_types(c, k == t->first ? &k->type : elem, &k->type, elem);
    }
    if (rc)
        return rc;
    t->type = (struct ktg_cel_type){.kind = KTG_CEL_LIST, .elem = elem};
    if (!literal)
        return ktg_cel_emit(c, &(struct ktg_cel_node){.op = KTG_CEL_OP_LIST}, kids, t->count,
                            ret_node);
    struct ktg_cel_value *items = ktg_arena_alloc(c->arena, (t->count + 1) * sizeof *items);
    if (!items)
        return no_memory(c);
    for (i = 0; i < t->count; i++)
        items[i] = c->nodes[kids[i]].value;
    return ktg_cel_emit_literal(c, ktg_cel_list_of(items, t->count), ret_node);
}

static int check_map(struct ktg_cel_checking *c, struct ktg_cel_tree *t, uint32_t *ret_node)
{
    uint32_t *kids;
    int rc = check_children(c, t, &kids);
    for (struct ktg_cel_tree *k = t->first; k && !rc; k = k->next->next)
        if (is_known(k->type.kind) && k->type.kind != KTG_CEL_STRING &&
            k->type.kind != KTG_CEL_INT && k->type.kind != KTG_CEL_BOOL)
            rc = ktg_cel_fail(c->source, k->start, c->err,
                              "a key of a map is a string, an int or a bool, not %s",
                              ktg_cel_kind_text(k->type.kind));
    t->type.kind = KTG_CEL_MAP;
    for (struct ktg_cel_tree *k = t->first; k; k = k->next) {
        t->type.age |= ktg_cel_says_age(&k->type);
        t->type.loop |= ktg_cel_holds_loop(&k->type);
    }
    return rc ? rc
              : ktg_cel_emit(c, &(struct ktg_cel_node){.op = KTG_CEL_OP_MAP}, kids, t->count,
                             ret_node);
}

int ktg_cel_check(struct ktg_cel_checking *c, struct ktg_cel_tree *t, bool tail, uint32_t *ret_node)
{
    switch (t->op) {
    case KTG_CEL_T_NAME:
        return check_name(c, t, ret_node);
    case KTG_CEL_T_SELECT:
        return check_select(c, t, ret_node);
    case KTG_CEL_T_INDEX:
        return check_index(c, t, ret_node);
    case KTG_CEL_T_CALL:
    case KTG_CEL_T_METHOD:
        return ktg_cel_check_call(c, t, ret_node);
    case KTG_CEL_T_LIST:
        return check_list(c, t, ret_node);
    case KTG_CEL_T_MAP:
        return check_map(c, t, ret_node);
    case KTG_CEL_T_NOT:
    case KTG_CEL_T_NEG:
        return check_sign(c, t, ret_node);
    case KTG_CEL_T_AND:
    case KTG_CEL_T_OR:
        return check_chain(c, t, ret_node);
    case KTG_CEL_T_COND:
        return check_conditional(c, t, tail, ret_node);
    case KTG_CEL_T_EQ:
    case KTG_CEL_T_NE:
    case KTG_CEL_T_LT:
    case KTG_CEL_T_LE:
    case KTG_CEL_T_GT:
    case KTG_CEL_T_GE:
        return check_comparison(c, t, ret_node);
    case KTG_CEL_T_IN:
        return check_in(c, t, ret_node);
    case KTG_CEL_T_ADD:
    case KTG_CEL_T_SUB:
    case KTG_CEL_T_MUL:
    case KTG_CEL_T_DIV:
    case KTG_CEL_T_MOD:
        return check_arithmetic(c, t, ret_node);
    default:
        return check_literal(c, t, tail, ret_node);
    }
}
