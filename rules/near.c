/* rules/near.c - why a rule says nothing (more) about a subject: the nearest miss.
 *
 *     every candidate of the form ──> its conditions, each with value and threshold ──> the one that came furthest
 *
 * (1) Further: a later stage; then the fewer conditions unmet; then the larger count or sum; then the later candidate.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>

#include "rules/answer_impl.h"

struct candidate {
    const struct ktg_item *anchor;
    ktg_time as_of;
    int stage;
    size_t count, unmet;
    int64_t share; /* what a threshold has, by the form's own measure */
    struct ktg_buf conditions;
};

struct ktg_near {
    struct ktg_answer *a;
    struct candidate best, at; /* kept; at hand */
    bool any;
};

/* ---- a condition --------------------------------------------------------------------------------------------------- */

static void put_row(struct ktg_near *n, bool met, struct ktg_bytes text, struct ktg_bytes value,
                    struct ktg_bytes want)
{
    struct ktg_buf *b = &n->at.conditions;
    ktg_wire_put_map(b, 4);
    ktg_wire_put_text(b, "met");
    ktg_wire_put_bool(b, met);
    ktg_wire_put_str_pair(b, "text", text);
    ktg_wire_put_str_pair(b, "value", value);
    ktg_wire_put_str_pair(b, "want", want);
    n->at.count++;
    n->at.unmet += !met;
}

static void value_text(const struct ktg_frame *f, const struct ktg_cel_value *v, struct ktg_buf *to)
{
    char at[KTG_INSTANT_TEXT];
    if (v->kind == KTG_CEL_REF && v->ref.tag == KTG_REF_ITEM) {
        const struct ktg_item *x = v->ref.p;
        ktg_instant_format(x->at, x->offset_min, at);
        ktg_buf_put_bytes(to, x->e->event
                                  ? x->e->event->type_name
                                  : ktg_bytes_str(f->a->rs->rules[x->e->posted->rule]->name));
        ktg_buf_printf(to, " of %s", at);
    } else if (v->kind == KTG_CEL_LIST && v->list.count && v->list.items[0].kind == KTG_CEL_REF) {
        ktg_buf_printf(to, "%zu", v->list.count);
    } else if (v->kind == KTG_CEL_NULL || v->kind == KTG_CEL_ABSENT) {
        ktg_buf_put_str(to, v->kind == KTG_CEL_NULL ? "null" : "absent");
    } else {
        ktg_answer_text(f, v, to);
    }
}

/* "days=5, stay=...": the names of a condition with what they are worth. */
static void names_text(const struct ktg_frame *f, const struct ktg_cel *plan, struct ktg_buf *to)
{
    const struct ktg_rule *r = f->a->rule;
    size_t count = 0;
    const int *slots = ktg_cel_slots(plan, &count);
    for (size_t i = 0; i < count; i++) {
        const struct ktg_name *n = &r->names[slots[i]];
        struct ktg_bytes name = n->kind == KTG_NAME_WITH  ? ktg_bytes_str(r->withs[n->index].name)
                                : n->kind == KTG_NAME_LET ? ktg_bytes_str(r->lets[n->index].name)
                                                          : n->text;
        struct ktg_cel_value v = ktg_answer_slot(f, slots[i]);
        ktg_buf_printf(to, "%s%.*s=", to->size ? ", " : "", (int)name.size,
                       (const char *)name.data);
        value_text(f, &v, to);
    }
}

void ktg_near_condition(struct ktg_near *n, const struct ktg_frame *f, const struct ktg_cel *plan)
{
    for (size_t i = 0; plan && i < ktg_cel_conjunct_count(plan); i++) {
        const struct ktg_cel *part = ktg_cel_conjunct(plan, i);
        const char *op = ktg_cel_comparison(part);
        struct ktg_buf value = KTG_BUF_INIT, want = KTG_BUF_INIT;
        if (op) {
            struct ktg_cel_value left = ktg_answer_side(f, part, 0),
                                 right = ktg_answer_side(f, part, 1);
            value_text(f, &left, &value);
            ktg_buf_printf(&want, "%s ", op);
            value_text(f, &right, &want);
        } else {
            names_text(f, part, &value);
            ktg_buf_put_str(&want, "true");
        }
        put_row(n, ktg_answer_is_met(f, part), ktg_cel_text(part), ktg_buf_view(&value),
                ktg_buf_view(&want));
        if (value.bad || want.bad)
            n->a->code = KTG_ENOMEM;
        ktg_buf_done(&value);
        ktg_buf_done(&want);
    }
}

void ktg_near_fact(struct ktg_near *n, bool met, struct ktg_bytes text, const char *value,
                   const char *want)
{
    put_row(n, met, text, ktg_bytes_str(value), ktg_bytes_str(want));
}

/* ---- candidates ---------------------------------------------------------------------------------------------------- */

void ktg_near_begin(struct ktg_near *n, const struct ktg_item *anchor, ktg_time as_of, int stage)
{
    ktg_buf_clear(&n->at.conditions);
    n->at.anchor = anchor;
    n->at.as_of = as_of;
    n->at.stage = stage;
    n->at.count = n->at.unmet = 0;
    n->at.share = 0;
}

void ktg_near_share(struct ktg_near *n, int64_t share)
{
    n->at.share = share;
}

static bool is_nearer(const struct candidate *x, const struct candidate *y)
{
    if (x->stage != y->stage)
        return x->stage > y->stage;
    if (x->unmet != y->unmet)
        return x->unmet < y->unmet;
    if (x->share != y->share)
        return x->share > y->share;
    return x->as_of >= y->as_of;
}

void ktg_near_end(struct ktg_near *n)
{
    if (n->any && !is_nearer(&n->at, &n->best))
        return;
    struct candidate spare = n->best;
    n->best = n->at;
    n->at = spare;
    n->any = true;
}

/* ---- the object ---------------------------------------------------------------------------------------------------- */

static void put_instant(struct ktg_buf *b, const char *key, ktg_time t, int offset_min)
{
    char text[KTG_INSTANT_TEXT];
    if (t == KTG_LONG_AGO) { /* nothing has been heard yet */
        ktg_wire_put_text(b, key);
        ktg_wire_put_nil(b);
        return;
    }
    ktg_instant_format(t, offset_min, text);
    ktg_wire_put_str_pair(b, key, ktg_bytes_str(text));
}

static void put_candidate(const struct ktg_near *n, struct ktg_buf *to)
{
    const struct ktg_item *x = n->any ? n->best.anchor : NULL;
    char id[KTG_ID_TEXT + 1];
    ktg_wire_put_text(to, "candidate");
    if (!x) {
        ktg_wire_put_nil(to);
        return;
    }
    ktg_wire_put_map(to, 3);
    put_instant(to, "at", x->at, x->offset_min);
    if (x->e->event)
        ktg_id_format(x->e->event->id, id);
    else
        ktg_hex(x->e->posted->id, 16, id);
    ktg_wire_put_str_pair(to, "id", ktg_bytes_str(id));
    ktg_wire_put_str_pair(to, "type",
                          x->e->event ? x->e->event->type_name
                                      : ktg_bytes_str(n->a->rs->rules[x->e->posted->rule]->name));
}

static void put_standing(struct ktg_answer *a, struct ktg_buf *to)
{
    uint32_t count = 0;
    for (size_t i = 0; i < a->found_count; i++)
        count += !a->found[i].dropped && a->found[i].from <= a->now;
    ktg_wire_put_text(to, "standing");
    ktg_wire_put_array(to, count);
    for (size_t i = 0; i < a->found_count; i++) {
        const struct ktg_found *f = &a->found[i];
        if (f->dropped || f->from > a->now)
            continue;
        ktg_wire_put_map(to, 3);
        put_instant(to, "from", f->from, f->offset_min);
        ktg_wire_put_str_pair(to, "key", f->key);
        ktg_wire_put_str_pair(to, "state", ktg_bytes_str(f->until <= a->now ? "closed" : "open"));
    }
}

int ktg_why_not(const struct ktg_ruleset *rs, const struct ktg_rule *rule,
                const struct ktg_timeline *t, ktg_time now, const struct ktg_answer_world *world,
                struct ktg_arena *arena, struct ktg_buf *to)
{
    struct ktg_timeline all = *t; /* without traits: what a step turns away is a near miss, too */
    struct ktg_entry *entries = ktg_arena_alloc(arena, t->count * sizeof *entries + 1);
    if (!entries)
        return KTG_ENOMEM;
    struct ktg_answer a = ktg_answer_begin(rs, rule, &all, now, world, arena);
    struct ktg_near n = {.a = &a};
    for (size_t i = 0; i < t->count; i++) {
        entries[i] = t->entries[i];
        entries[i].traits = NULL;
    }
    all.entries = entries;
    char version[33];
    ktg_answer_find(&a);
    size_t read = ktg_answer_near(&a, &n);
    int zone = n.any && n.best.anchor ? n.best.anchor->offset_min : 420;
    ktg_hex(rule->hash, 16, version);
    ktg_wire_put_map(to, 8);
    put_instant(to, "as_of", n.any ? n.best.as_of : now, zone);
    put_candidate(&n, to);
    ktg_wire_put_text(to, "conditions");
    ktg_wire_put_array(to, n.any ? (uint32_t)n.best.count : 0);
    if (n.any)
        ktg_buf_put_bytes(to, ktg_buf_view(&n.best.conditions));
    ktg_wire_put_text(to, "read");
    ktg_wire_put_int(to, (int64_t)read);
    ktg_wire_put_str_pair(to, "rule", ktg_bytes_str(rule->name));
    put_standing(&a, to);
    ktg_wire_put_str_pair(to, "subject", t->subject);
    ktg_wire_put_str_pair(to, "version", ktg_bytes_str(version));
    if (n.best.conditions.bad || n.at.conditions.bad)
        a.code = KTG_ENOMEM;
    ktg_buf_done(&n.best.conditions);
    ktg_buf_done(&n.at.conditions);
    ktg_buf_done(&a.scratch);
    return a.code ? a.code : ktg_buf_check(to);
}
