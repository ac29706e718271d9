/* rules/cel/plan.c - compiling from end to end, and what may be asked of a plan.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>
#include <stdlib.h>

#include "rules/cel/plan.h"

static bool is_path(const struct ktg_cel_tree *t)
{
    return t->op == KTG_CEL_T_NAME || (t->op == KTG_CEL_T_SELECT && is_path(t->first));
}

static bool same_path(const struct ktg_cel_tree *a, const struct ktg_cel_tree *b)
{
    return a->op == b->op && ktg_bytes_eq(a->text, b->text) &&
           (a->op == KTG_CEL_T_NAME || same_path(a->first, b->first));
}

static bool is_call_of(const struct ktg_cel_tree *t, const char *name)
{
    return t->op == KTG_CEL_T_CALL && ktg_bytes_is(t->text, name);
}

/* Does has(path) stand somewhere in the text? */
static bool is_guarded(const struct ktg_cel_tree *in, const struct ktg_cel_tree *path)
{
    if (is_call_of(in, "has"))
        return is_path(in->first) && same_path(in->first, path);
    for (const struct ktg_cel_tree *k = in->first; k; k = k->next)
        if (is_guarded(k, path))
            return true;
    return false;
}

/* A field below `t` that may be absent and is not guarded, or NULL. */
static const struct ktg_cel_tree *unguarded(const struct ktg_cel_tree *root,
                                            const struct ktg_cel_tree *t)
{
    if (is_call_of(t, "has") || is_call_of(t, "default"))
        return NULL;
    if (is_path(t))
        return t->type.optional && !is_guarded(root, t) ? t : NULL;
    for (const struct ktg_cel_tree *k = t->first; k; k = k->next) {
        const struct ktg_cel_tree *found = unguarded(root, k);
        if (found)
            return found;
    }
    return NULL;
}

static void warn_below(struct ktg_cel_checking *c, const struct ktg_cel_tree *root,
                       const struct ktg_cel_tree *t)
{
    bool null =
        t->op == KTG_CEL_T_NE && (t->first->op == KTG_CEL_T_NULL || t->last->op == KTG_CEL_T_NULL);
    if (t->op == KTG_CEL_T_NOT || (t->op == KTG_CEL_T_NE && !null)) {
        const struct ktg_cel_tree *field = unguarded(root, t);
        if (field) {
            char name[64], text[256];
            int line, column;
            ktg_cel_snippet(c, field, name);
            ktg_cel_place(c->source, t->start, &line, &column);
            snprintf(text, sizeof text,
                     "'%s' may be absent, and then this is not true: write default(%s, ...) or ask "
                     "has(%s)",
                     name, name, name);
            c->scope->warn(c->scope->arg, line, column, text);
            return;
        }
    }
    for (const struct ktg_cel_tree *k = t->first; k; k = k->next)
        warn_below(c, root, k);
}

void ktg_cel_warn_absent(struct ktg_cel_checking *c, const struct ktg_cel_tree *root)
{
    if (c->scope->warn)
        warn_below(c, root, root);
}

static int by_number(const void *a, const void *b)
{
    int x = *(const int *)a, y = *(const int *)b;
    return (x > y) - (x < y);
}

static size_t gather_slots(const struct ktg_cel *plan, uint32_t at, int *to, size_t count)
{
    const struct ktg_cel_node *n = &plan->nodes[at];
    if (n->op == KTG_CEL_OP_SLOT)
        to[count++] = n->slot;
    for (uint32_t i = 0; i < n->count; i++)
        count = gather_slots(plan, plan->kids[n->first + i], to, count);
    return count;
}

static size_t count_nodes(const struct ktg_cel *plan, uint32_t at)
{
    const struct ktg_cel_node *n = &plan->nodes[at];
    size_t count = 1;
    for (uint32_t i = 0; i < n->count; i++)
        count += count_nodes(plan, plan->kids[n->first + i]);
    return count;
}

static int find_slots(struct ktg_cel *plan, struct ktg_arena *arena)
{
    int *slots = ktg_arena_alloc(arena, count_nodes(plan, plan->root) * sizeof *slots);
    if (!slots)
        return KTG_ENOMEM;
    size_t count = gather_slots(plan, plan->root, slots, 0), kept = 0;
    qsort(slots, count, sizeof *slots, by_number);
    for (size_t i = 0; i < count; i++)
        if (!kept || slots[kept - 1] != slots[i])
            slots[kept++] = slots[i];
    plan->slots = slots;
    plan->slot_count = kept;
    return KTG_OK;
}

/* `slot` or `slot.field`. */
static bool test_subject(struct ktg_cel *plan, const struct ktg_cel_node *n)
{
    if (n->op == KTG_CEL_OP_SLOT) {
        plan->test.slot = n->slot;
        plan->test.field = KTG_BYTES_NONE;
        return true;
    }
    if (n->op != KTG_CEL_OP_SELECT || plan->nodes[plan->kids[n->first]].op != KTG_CEL_OP_SLOT)
        return false;
    plan->test.slot = plan->nodes[plan->kids[n->first]].slot;
    plan->test.field = n->name;
    return true;
}

static bool is_plain(const struct ktg_cel_value *v)
{
    return v->kind == KTG_CEL_STRING || v->kind == KTG_CEL_BOOL || v->kind == KTG_CEL_INT;
}

/* Is this condition `x == literal`, `literal == x`, `x in [literals]`, `x` or `!x` (bools)? */
static void find_test(struct ktg_cel *plan)
{
    static const struct ktg_cel_value truth[2] = {{.kind = KTG_CEL_BOOL, .b = false},
                                                  {.kind = KTG_CEL_BOOL, .b = true}};
    const struct ktg_cel_node *n = &plan->nodes[plan->root], *a, *b;
    bool not = n->op == KTG_CEL_OP_NOT;
    a = not || n->op == KTG_CEL_OP_EQ || n->op == KTG_CEL_OP_IN ? &plan->nodes[plan->kids[n->first]]
                                                                : n;
    if (not || a == n) {
        plan->test.is = (plan->type.kind == KTG_CEL_BOOL) && test_subject(plan, a);
        plan->test.literals = &truth[!not ];
        plan->test.count = 1;
        return;
    }
    b = &plan->nodes[plan->kids[n->first + 1]];
    if (n->op == KTG_CEL_OP_EQ && a->op == KTG_CEL_OP_LIT) {
        const struct ktg_cel_node *swap = a;
        a = b;
        b = swap;
    }
    if (b->op != KTG_CEL_OP_LIT || !test_subject(plan, a))
        return;
    plan->test.literals = &b->value;
    plan->test.count = 1;
    if (n->op == KTG_CEL_OP_IN) {
        if (b->value.kind != KTG_CEL_LIST)
            return;
        plan->test.literals = b->value.list.items;
        plan->test.count = b->value.list.count;
    }
    plan->test.is = true;
    for (size_t i = 0; i < plan->test.count; i++)
        plan->test.is = plan->test.is && is_plain(&plan->test.literals[i]);
}

/* Conjuncts, slots, tests.  KTG_ENOMEM. */
static int finish(struct ktg_cel *plan, const struct ktg_cel_tree *root, struct ktg_arena *arena)
{
    const struct ktg_cel_node *n = &plan->nodes[plan->root];
    if (find_slots(plan, arena))
        return KTG_ENOMEM;
    find_test(plan);
    if (n->op != KTG_CEL_OP_AND)
        return KTG_OK;
    struct ktg_cel *parts = ktg_arena_zalloc(arena, n->count * sizeof *parts);
    if (!parts)
        return KTG_ENOMEM;
    const struct ktg_cel_tree *t = root->first;
    for (uint32_t i = 0; i < n->count; i++, t = t->next) {
        parts[i] = (struct ktg_cel){.nodes = plan->nodes,
                                    .kids = plan->kids,
                                    .root = plan->kids[n->first + i],
                                    .type = t->type};
        parts[i].text = ktg_bytes(plan->text.data + (t->start - root->start), t->end - t->start);
        if (find_slots(&parts[i], arena))
            return KTG_ENOMEM;
        find_test(&parts[i]);
    }
    plan->conjuncts = parts;
    plan->conjunct_count = n->count;
    return KTG_OK;
}

/* Move what the checker wrote into the arena. */
static int seal(struct ktg_cel_checking *c, const struct ktg_cel_tree *root, uint32_t at,
                const struct ktg_cel **ret_plan)
{
    struct ktg_cel *plan = ktg_arena_zalloc(c->arena, sizeof *plan);
    struct ktg_cel_node *nodes = ktg_arena_alloc(c->arena, c->node_count * sizeof *nodes);
    uint32_t *kids = ktg_arena_alloc(c->arena, (c->kid_count + 1) * sizeof *kids);
    char *text = ktg_arena_strndup(c->arena, (const char *)c->source->text.data + root->start,
                                   root->end - root->start);
    if (!plan || !nodes || !kids || !text)
        return KTG_ENOMEM;
    memcpy(nodes, c->nodes, c->node_count * sizeof *nodes);
    if (c->kid_count)
        memcpy(kids, c->kids, c->kid_count * sizeof *kids);
    *plan = (struct ktg_cel){.nodes = nodes,
                             .kids = kids,
                             .root = at,
                             .type = root->type,
                             .reads_identity = c->reads_identity};
    plan->text = ktg_bytes(text, root->end - root->start);
    int rc = finish(plan, root, c->arena);
    if (!rc)
        *ret_plan = plan;
    return rc;
}

int ktg_cel_compile(struct ktg_bytes text, const char *where, int line, int column,
                    const struct ktg_cel_scope *scope, struct ktg_arena *arena,
                    const struct ktg_cel **ret_plan, struct ktg_err *err)
{
    struct ktg_arena scratch = KTG_ARENA_INIT;
    struct ktg_cel_source source = {.text = text, .where = where, .line = line, .column = column};
    struct ktg_cel_checking c = {
        .source = &source, .scope = scope, .arena = arena, .scratch = &scratch, .err = err};
    struct ktg_cel_tree *root = NULL;
    uint32_t at = 0;
    int rc;
    if (text.size > KTG_CEL_TEXT_MAX)
        return ktg_cel_fail(&source, 0, err, "the condition is longer than %u bytes",
                            KTG_CEL_TEXT_MAX);
    char *copy = ktg_arena_strndup(&scratch, text.size ? (const char *)text.data : "", text.size);
    if (!copy) {
        rc = ktg_err_set(err, KTG_ENOMEM, "no memory");
        goto out;
    }
    source.text = ktg_bytes(copy, text.size);
    rc = ktg_cel_parse(&source, &scratch, &root, err);
    if (!rc)
        rc = ktg_cel_check(&c, root, true, &at);
    if (!rc) {
        ktg_cel_warn_absent(&c, root);
        if (seal(&c, root, at, ret_plan))
            rc = ktg_err_set(err, KTG_ENOMEM, "no memory");
    }
out:
    ktg_free(c.nodes);
    ktg_free(c.kids);
    ktg_arena_done(&scratch);
    return rc;
}

struct ktg_cel_type ktg_cel_type_of(const struct ktg_cel *plan)
{
    return plan->type;
}

bool ktg_cel_reads_identity(const struct ktg_cel *plan)
{
    return plan->reads_identity;
}

struct ktg_bytes ktg_cel_text(const struct ktg_cel *plan)
{
    return plan->text;
}

const int *ktg_cel_slots(const struct ktg_cel *plan, size_t *ret_count)
{
    *ret_count = plan->slot_count;
    return plan->slots;
}

size_t ktg_cel_node_count(const struct ktg_cel *plan)
{
    return (size_t)plan->root + 1; /* the root is made last */
}

size_t ktg_cel_conjunct_count(const struct ktg_cel *plan)
{
    return plan->conjuncts ? plan->conjunct_count : 1;
}

const struct ktg_cel *ktg_cel_conjunct(const struct ktg_cel *plan, size_t i)
{
    return plan->conjuncts ? &plan->conjuncts[i] : plan;
}

bool ktg_cel_constant_field_test(const struct ktg_cel *plan, size_t i, int *ret_slot,
                                 struct ktg_bytes *ret_field,
                                 const struct ktg_cel_value **ret_literals, size_t *ret_count)
{
    if (i >= ktg_cel_conjunct_count(plan))
        return false;
    const struct ktg_cel *part = ktg_cel_conjunct(plan, i);
    if (!part->test.is)
        return false;
    *ret_slot = part->test.slot;
    *ret_field = part->test.field;
    *ret_literals = part->test.literals;
    *ret_count = part->test.count;
    return true;
}

bool ktg_cel_is_literal(const struct ktg_cel *plan, struct ktg_cel_value *ret_v)
{
    const struct ktg_cel_node *root = &plan->nodes[plan->root];
    if (root->op != KTG_CEL_OP_LIT)
        return false;
    *ret_v = root->value;
    return true;
}

const char *ktg_cel_comparison(const struct ktg_cel *plan)
{
    static const char *const words[] = {
        [KTG_CEL_OP_EQ] = "==", [KTG_CEL_OP_NE] = "!=",      [KTG_CEL_OP_LT] = "<",
        [KTG_CEL_OP_LE] = "<=", [KTG_CEL_OP_GT] = ">",       [KTG_CEL_OP_GE] = ">=",
        [KTG_CEL_OP_IN] = "in", [KTG_CEL_OP_IN_NAMED] = "in"};
    enum ktg_cel_op op = plan->nodes[plan->root].op;
    return (size_t)op < KTG_COUNT(words) ? words[op] : NULL;
}
