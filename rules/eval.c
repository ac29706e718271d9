/* rules/eval.c - what names and fields are worth at one point of an evaluation.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdlib.h>

#include "rules/forms/aggregate.h"

void *ktg_answer_alloc(struct ktg_answer *a, size_t size)
{
    void *p = size <= KTG_ANSWER_BYTES ? ktg_arena_zalloc(a->arena, size) : NULL;
    if (!p)
        a->code = size <= KTG_ANSWER_BYTES ? KTG_ENOMEM : KTG_EFULL;
    return p;
}

bool ktg_answer_spend(struct ktg_answer *a, size_t steps)
{
    if (a->env.steps <= steps) {
        a->env.steps = 0;
        if (!a->code)
            a->code = KTG_EFULL;
        return false;
    }
    a->env.steps -= (uint32_t)steps;
    return true;
}

static struct ktg_cel_value absent(void)
{
    return (struct ktg_cel_value){.kind = KTG_CEL_ABSENT};
}
static struct ktg_cel_value text(struct ktg_bytes s)
{
    return (struct ktg_cel_value){.kind = KTG_CEL_STRING, .s = s};
}
static struct ktg_cel_value text_or_absent(struct ktg_bytes s)
{
    return s.size ? text(s) : absent();
}
static struct ktg_cel_value instant(ktg_time t, int offset_min)
{
    return (struct ktg_cel_value){.kind = KTG_CEL_TIMESTAMP, .offset_min = offset_min, .i = t};
}

struct ktg_cel_value ktg_value_of_item(const struct ktg_item *x)
{
    struct ktg_cel_value v = {.kind = x ? KTG_CEL_REF : KTG_CEL_NULL};
    if (x) {
        v.ref.p = x;
        v.ref.tag = KTG_REF_ITEM;
    }
    return v;
}

bool ktg_value_instant(const struct ktg_cel_value *v, ktg_time *ret_t)
{
    if (v->kind != KTG_CEL_TIMESTAMP)
        return false;
    *ret_t = v->i;
    return true;
}

/* ---- fields ---- */

static struct ktg_cel_value id_text(struct ktg_answer *a, const uint8_t id[16], bool posted)
{
    char *to = ktg_arena_alloc(a->arena, KTG_ID_TEXT + 1);
    if (!to) {
        a->code = KTG_ENOMEM;
        return absent();
    }
    if (posted) {
        to[0] = '~';
        ktg_hex(id, 16, to + 1);
        return text(ktg_bytes(to, 33));
    }
    ktg_id_format(id, to);
    return text(ktg_bytes_str(to));
}

static struct ktg_bytes resolve(const struct ktg_answer *a, struct ktg_bytes identifier)
{
    return identifier.size && a->world && a->world->person
               ? a->world->person(a->world->arg, identifier)
               : identifier;
}

struct ktg_bytes ktg_item_holder(const struct ktg_answer *a, const struct ktg_item *x)
{
    const struct ktg_entry *e = x->e;
    return e->event && !e->person.size && a->world && a->world->holder
               ? a->world->holder(a->world->arg, e)
               : e->person;
}

static int by_bytes(const void *x, const void *y)
{
    return ktg_bytes_cmp(*(const struct ktg_bytes *)x, *(const struct ktg_bytes *)y);
}

static struct ktg_cel_value list_of(struct ktg_answer *a, struct ktg_bytes *names, size_t count)
{
    struct ktg_cel_value *items = ktg_answer_alloc(a, sizeof *items * (count + 1));
    if (!items)
        return absent();
    if (count)
        qsort(names, count, sizeof *names, by_bytes);
    size_t n = 0;
    for (size_t i = 0; i < count; i++)
        if (names[i].size && (n == 0 || !ktg_bytes_eq(items[n - 1].s, names[i])))
            items[n++] = text(names[i]);
    return (struct ktg_cel_value){.kind = KTG_CEL_LIST, .list = {items, n}};
}

/* Every person that the event names, in whatever role, by the name of the component. */
static struct ktg_cel_value persons_of(struct ktg_answer *a, const struct ktg_item *x)
{
    if (x->e->posted) {
        struct ktg_bytes one = resolve(a, x->e->posted->person);
        return list_of(a, &one, 1);
    }
    const struct ktg_subject *s = NULL;
    size_t count = 0, n = 0;
    if (ktg_event_subjects(a->rs->catalogue, x->e->event, a->arena, &s, &count)) {
        a->code = KTG_ENOMEM;
        return absent();
    }
    struct ktg_bytes *names = ktg_answer_alloc(a, sizeof *names * (count + 1));
    for (size_t i = 0; names && i < count; i++)
        if (s[i].kind == a->rs->person_kind)
            names[n++] = resolve(a, s[i].id);
    return names ? list_of(a, names, n) : absent();
}

/* The document in an object, as the subject id that it names; goes into nested blocks (foreigner.doc). */
static struct ktg_cel_value document_in(struct ktg_answer *a, const struct ktg_shape *shape,
                                        struct ktg_bytes object, int depth)
{
    struct ktg_cel_value doc = ktg_cel_from_field(shape, object, KTG_LIT("doc"), a->arena);
    if (doc.kind == KTG_CEL_OBJECT) {
        struct ktg_buf *b = &a->scratch;
        struct ktg_wire_value w;
        ktg_buf_clear(b);
        if (ktg_cel_to_wire(&doc, &a->env, b) == KTG_OK) {
            struct ktg_wire at = ktg_wire_open(ktg_buf_view(b));
            if (ktg_wire_next(&at, &w) == KTG_OK && w.kind == KTG_WIRE_STR) {
                uint8_t *copy = ktg_answer_alloc(a, w.bytes.size + 1);
                if (!copy)
                    return absent();
                memcpy(copy, w.bytes.data, w.bytes.size);
                return text(ktg_bytes(copy, w.bytes.size));
            }
        }
        return absent();
    }
    for (size_t i = 0; shape && i < shape->count && depth < 3; i++) {
        const struct ktg_field *f = &shape->fields[i];
        struct ktg_wire_value w;
        if (f->type != KTG_F_OBJECT || f->list || !f->shape ||
            !ktg_shape_field(f->shape, KTG_LIT("doc")) || !ktg_wire_get(object, f->name, &w) ||
            w.kind != KTG_WIRE_MAP)
            continue;
        struct ktg_cel_value v = document_in(a, f->shape, w.raw, depth + 1);
        if (v.kind != KTG_CEL_ABSENT)
            return v;
    }
    return absent();
}

static struct ktg_cel_value posted_field(struct ktg_answer *a, const struct ktg_item *x,
                                         const struct ktg_builtin_field *b, struct ktg_bytes name)
{
    const struct ktg_posted *p = x->e->posted;
    const struct ktg_rule *r = a->rs->rules[p->rule];
    struct ktg_wire_value w;
    if (!b) {
        char key[80];
        if (name.size >= sizeof key)
            return absent();
        memcpy(key, name.data, name.size);
        key[name.size] = 0;
        if (!ktg_wire_get(p->values, key, &w))
            return absent();
        struct ktg_cel_value v = ktg_cel_from_wire(w.raw, a->arena);
        for (size_t i = 0; i < r->let_count; i++) {
            if (!ktg_bytes_is(name, r->lets[i].name) || !r->lets[i].plan)
                continue;
            struct ktg_cel_type t = ktg_cel_type_of(r->lets[i].plan);
            const struct ktg_cel_type *elem = t.kind == KTG_CEL_LIST ? t.elem : NULL;
            if (t.kind == KTG_CEL_DATE || t.kind == KTG_CEL_TIMESTAMP || t.kind == KTG_CEL_DURATION)
                return ktg_cel_as(v, t.kind);
            if (v.kind == KTG_CEL_LIST && elem &&
                (elem->kind == KTG_CEL_DATE || elem->kind == KTG_CEL_TIMESTAMP ||
                 elem->kind == KTG_CEL_DURATION)) {
                struct ktg_cel_value *items =
                    ktg_answer_alloc(a, sizeof *items * (v.list.count + 1));
                for (size_t k = 0; items && k < v.list.count; k++)
                    items[k] = ktg_cel_as(v.list.items[k], elem->kind);
                v.list.items = items;
                v.list.count = items ? v.list.count : 0;
            }
        }
        return v;
    }
    switch (b->what) {
    case KTG_B_ID:
        return id_text(a, p->id, true);
    case KTG_B_TYPE: {
        size_t n = strlen(r->name);
        uint8_t *to = ktg_answer_alloc(a, n + 8);
        if (!to)
            return absent();
        memcpy(to, "finding.", 8);
        memcpy(to + 8, r->name, n);
        return text(ktg_bytes(to, n + 8));
    }
    case KTG_B_SOURCE:
        return text_or_absent(p->source);
    case KTG_B_AGENCY: {
        const uint8_t *dot = p->source.size ? memchr(p->source.data, '.', p->source.size) : NULL;
        return text_or_absent(
            ktg_bytes(p->source.data, dot ? (size_t)(dot - p->source.data) : p->source.size));
    }
    case KTG_B_OCCURRED_AT:
    case KTG_B_FROM:
        return instant(p->from, p->offset_min);
    case KTG_B_DATE:
        return (struct ktg_cel_value){.kind = KTG_CEL_DATE,
                                      .i = ktg_date_of(p->from, p->offset_min)};
    case KTG_B_PERSON:
        return text_or_absent(resolve(a, p->person));
    case KTG_B_PERSONS:
        return persons_of(a, x);
    case KTG_B_RULE:
        return text(ktg_bytes_str(r->name));
    case KTG_B_LEVEL:
        return text(ktg_bytes_str(ktg_level_name(p->level)));
    case KTG_B_WEIGHT:
        return (struct ktg_cel_value){.kind = KTG_CEL_INT, .i = p->weight};
    case KTG_B_AGENCIES: {
        struct ktg_bytes *names = ktg_answer_alloc(a, sizeof *names * (p->agency_count + 1));
        if (!names)
            return absent();
        for (size_t i = 0; i < p->agency_count; i++)
            names[i] = p->agencies[i];
        return list_of(a, names, p->agency_count);
    }
    case KTG_B_ROOT:
        return id_text(a, p->root, false);
    case KTG_B_OPEN:
        return (struct ktg_cel_value){.kind = KTG_CEL_BOOL, .b = p->until == KTG_NEVER};
    case KTG_B_PLACE:
        if (!p->place.size || !a->rs->place)
            return absent();
        return (struct ktg_cel_value){.kind = KTG_CEL_OBJECT, .object = {a->rs->place, p->place}};
    case KTG_B_SUBJECT:
        return text_or_absent(p->subject);
    case KTG_B_UNTIL:
        return p->until == KTG_NEVER ? absent() : instant(p->until, p->offset_min);
    default:
        return absent();
    }
}

static struct ktg_cel_value item_field(struct ktg_answer *a, const struct ktg_item *x,
                                       struct ktg_bytes name)
{
    if (x->e->posted)
        return posted_field(a, x, ktg_builtin_find(name, KTG_ON_FINDING), name);
    const struct ktg_event *e = x->e->event;
    const struct ktg_field *own = e->type ? ktg_shape_field(e->type->data, name) : NULL;
    if (own)
        return ktg_cel_of_field(own, e->data, a->arena);
    const struct ktg_builtin_field *b = ktg_builtin_find(name, KTG_ON_EVENT);
    if (!b)
        return e->type ? ktg_cel_from_field(e->type->data, e->data, name, a->arena) : absent();
    switch (b->what) {
    case KTG_B_ID:
        return id_text(a, e->id, false);
    case KTG_B_TYPE:
        return text(e->type_name);
    case KTG_B_SOURCE:
        return text(e->source);
    case KTG_B_AGENCY:
        return text(e->agency);
    case KTG_B_OCCURRED_AT:
        return instant(e->occurred_at, e->offset_min);
    case KTG_B_DATE:
        return (struct ktg_cel_value){.kind = KTG_CEL_DATE,
                                      .i = ktg_date_of(e->occurred_at, e->offset_min)};
    case KTG_B_PERSON:
        return text_or_absent(ktg_item_holder(a, x));
    case KTG_B_PERSONS:
        return persons_of(a, x);
    case KTG_B_DOCUMENT:
        return e->type ? document_in(a, e->type->data, e->data, 0) : absent();
    default:
        return absent();
    }
}

static struct ktg_cel_value hit_field(struct ktg_answer *a, const struct ktg_hit_value *h,
                                      struct ktg_bytes name)
{
    const struct ktg_builtin_field *b = ktg_builtin_find(name, KTG_ON_HIT);
    switch (b ? b->what : KTG_B_TYPE) {
    case KTG_B_ID:
        return text(h->id);
    case KTG_B_ENTRY:
        return ktg_value_of_item(h->entry);
    case KTG_B_SCORE:
        return (struct ktg_cel_value){.kind = KTG_CEL_INT, .i = h->points};
    case KTG_B_SINCE:
        return instant(h->since, h->entry->offset_min);
    default:
        return item_field(a, h->entry, name);
    }
}

static struct ktg_cel_value env_field(void *arg, const struct ktg_cel_value *ref,
                                      struct ktg_bytes name)
{
    struct ktg_answer *a = ((struct ktg_frame *)arg)->a;
    if (ref->ref.tag == KTG_REF_ITEM)
        return item_field(a, ref->ref.p, name);
    if (ref->ref.tag == KTG_REF_HIT)
        return hit_field(a, ref->ref.p, name);
    const struct ktg_span_value *s = ref->ref.p;
    const struct ktg_builtin_field *b = ktg_builtin_find(name, KTG_ON_SPAN);
    if (!b)
        return item_field(a, s->open, name);
    switch (b->what) {
    case KTG_B_OPEN:
        return (struct ktg_cel_value){.kind = KTG_CEL_BOOL, .b = s->until == KTG_NEVER};
    case KTG_B_FROM:
        return instant(s->from, s->open->offset_min);
    case KTG_B_UNTIL:
        return s->until == KTG_NEVER
                   ? absent()
                   : instant(s->until, s->end ? s->end->offset_min : s->open->offset_min);
    case KTG_B_START:
        return ktg_value_of_item(s->open);
    case KTG_B_END:
        return ktg_value_of_item(s->end);
    default:
        return absent();
    }
}

/* ---- names ---- */

static struct ktg_cel_value env_slot(void *arg, int slot)
{
    struct ktg_frame *f = arg;
    struct ktg_answer *a = f->a;
    const struct ktg_name *n = &a->rule->names[slot];
    switch (n->kind) {
    case KTG_NAME_SUBJECT:
        return text(a->timeline->subject);
    case KTG_NAME_NOW:
        return instant(f->b.t, f->offset_min);
    case KTG_NAME_DEADLINE:
        return f->has_deadline ? instant(f->deadline, f->deadline_offset) : absent();
    case KTG_NAME_EACH:
        return f->has_each ? f->each : absent();
    case KTG_NAME_FORM:
        return a->rule->form->aggregate->value(f, (size_t)n->index);
    case KTG_NAME_ALIAS:
        if (!f->tuple || !f->tuple[n->index])
            return absent();
        return ktg_value_of_item(f->tuple[n->index]);
    case KTG_NAME_OWN:
        return f->own ? ktg_value_of_item(f->own) : absent();
    case KTG_NAME_FIELD:
        return f->own ? item_field(a, f->own, n->text) : absent();
    case KTG_NAME_WITH:
        return ktg_asof_value(a, (size_t)n->index, f->b);
    case KTG_NAME_LET: {
        const struct ktg_cel *plan = a->rule->lets[n->index].plan;
        if (!plan)
            return absent();
        struct ktg_frame outer = *f; /* a let has no event at hand */
        outer.own = NULL;
        return ktg_answer_eval(&outer, plan);
    }
    }
    return absent();
}

static struct ktg_cel_value env_setting(void *arg, struct ktg_bytes name)
{
    const struct ktg_setting *s = ktg_ruleset_setting(((struct ktg_frame *)arg)->a->rs, name);
    return s ? s->value : absent();
}

static bool entry_is_valid(const struct ktg_list_entry *e, ktg_time at, int offset_min)
{
    if (e->from == INT32_MIN && e->until == INT32_MAX)
        return true;
    ktg_date d = ktg_date_of(at, offset_min);
    return d >= e->from && d <= e->until;
}

static bool env_list_has(void *arg, struct ktg_bytes list, struct ktg_bytes word, ktg_time at)
{
    struct ktg_frame *f = arg;
    const struct ktg_list *l = ktg_ruleset_list(f->a->rs, list);
    size_t lo = 0, hi = l ? l->count : 0;
    while (lo < hi) { /* the first entry of that word */
        size_t mid = lo + (hi - lo) / 2;
        if (ktg_bytes_cmp(l->entries[mid].word, word) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    for (; l && lo < l->count && ktg_bytes_eq(l->entries[lo].word, word); lo++)
        if (entry_is_valid(&l->entries[lo], at, f->offset_min))
            return true;
    return false;
}

static struct ktg_cel_value env_list(void *arg, struct ktg_bytes list)
{
    struct ktg_frame *f = arg;
    const struct ktg_list *l = ktg_ruleset_list(f->a->rs, list);
    if (!l)
        return absent();
    struct ktg_bytes *words = ktg_answer_alloc(f->a, sizeof *words * (l->count + 1));
    size_t n = 0;
    for (size_t i = 0; words && i < l->count; i++)
        if (entry_is_valid(&l->entries[i], f->b.t, f->offset_min))
            words[n++] = l->entries[i].word;
    return words ? list_of(f->a, words, n) : absent();
}

static struct ktg_cel_env enter(const struct ktg_frame *f)
{
    struct ktg_cel_env *env = &f->a->env, saved = *env;
    env->arg = (void *)f;
    env->arena = f->a->arena;
    env->now = f->b.t;
    env->offset_min = f->offset_min;
    env->slot = env_slot;
    env->field = env_field;
    env->setting = env_setting;
    env->list_has = env_list_has;
    env->list = env_list;
    return saved;
}

static void leave(struct ktg_answer *a, struct ktg_cel_env saved)
{
    saved.steps = a->env.steps; /* one budget for all */
    a->env = saved;
    if (a->arena->used > KTG_ANSWER_BYTES && a->arena->used - a->used_before > KTG_ANSWER_BYTES)
        a->env.steps = 0;
    if (!a->env.steps && !a->code)
        a->code = KTG_EFULL;
}

struct ktg_cel_value ktg_answer_eval(const struct ktg_frame *f, const struct ktg_cel *plan)
{
    struct ktg_cel_env saved = enter(f);
    struct ktg_cel_value v = ktg_cel_eval(plan, &f->a->env);
    leave(f->a, saved);
    return v;
}

struct ktg_cel_value ktg_answer_side(const struct ktg_frame *f, const struct ktg_cel *plan,
                                     uint32_t side)
{
    struct ktg_cel_env saved = enter(f);
    struct ktg_cel_value v = ktg_cel_eval_side(plan, side, &f->a->env);
    leave(f->a, saved);
    return v;
}

struct ktg_cel_value ktg_answer_slot(const struct ktg_frame *f, int slot)
{
    struct ktg_cel_env saved = enter(f);
    struct ktg_cel_value v = env_slot((void *)f, slot);
    leave(f->a, saved);
    return v;
}

bool ktg_answer_is_met(const struct ktg_frame *f, const struct ktg_cel *plan)
{
    return !plan || ktg_cel_is_true(ktg_answer_eval(f, plan));
}

void ktg_answer_text(const struct ktg_frame *f, const struct ktg_cel_value *v, struct ktg_buf *to)
{
    struct ktg_cel_env saved = enter(f);
    ktg_cel_to_text(v, &f->a->env, to);
    leave(f->a, saved);
}

int ktg_answer_wire(const struct ktg_frame *f, const struct ktg_cel_value *v, struct ktg_buf *to)
{
    struct ktg_cel_env saved = enter(f);
    int rc = ktg_cel_to_wire(v, &f->a->env, to);
    leave(f->a, saved);
    return rc;
}

struct ktg_bytes ktg_value_name(const struct ktg_frame *f, const struct ktg_cel_value *v)
{
    struct ktg_buf b = KTG_BUF_INIT;
    struct ktg_bytes name = KTG_BYTES_NONE;
    struct ktg_wire_value w;
    if (v->kind == KTG_CEL_STRING)
        return v->s;
    if (v->kind == KTG_CEL_ABSENT || v->kind == KTG_CEL_NULL || ktg_answer_wire(f, v, &b))
        goto out;
    struct ktg_wire at = ktg_wire_open(ktg_buf_view(&b));
    if (ktg_wire_next(&at, &w))
        goto out;
    if (w.kind != KTG_WIRE_STR) { /* numbers and lists, as text */
        ktg_buf_clear(&b);
        ktg_answer_text(f, v, &b);
        w.bytes = ktg_buf_view(&b);
    }
    uint8_t *copy = w.bytes.size ? ktg_answer_alloc(f->a, w.bytes.size) : NULL;
    if (copy) {
        memcpy(copy, w.bytes.data, w.bytes.size);
        name = ktg_bytes(copy, w.bytes.size);
    }
out:
    if (b.bad)
        f->a->code = KTG_ENOMEM;
    ktg_buf_done(&b);
    return name;
}

/* ---- bounds and steps ---- */

struct ktg_bound ktg_bound_before(const struct ktg_item *x)
{
    return (struct ktg_bound){KTG_BEFORE, x->at, x->index};
}
struct ktg_bound ktg_bound_after(const struct ktg_item *x)
{
    return (struct ktg_bound){KTG_AFTER, x->at, x->index + 1};
}

struct ktg_bound ktg_bound_at(const struct ktg_answer *a, ktg_time t)
{
    size_t lo = 0, hi = a->count;
    while (lo < hi) { /* the first item with at > t */
        size_t mid = lo + (hi - lo) / 2;
        if (a->items[mid].at <= t)
            lo = mid + 1;
        else
            hi = mid;
    }
    return (struct ktg_bound){KTG_AT, t, lo};
}

bool ktg_step_is_of_type(const struct ktg_step *s, const struct ktg_entry *e)
{
    if (e->posted)
        return s->reads[e->posted->rule] && e->role == KTG_ROLE_HOLDER;
    return e->event && e->event->type && e->role >= 0 && e->role < 32 &&
           (s->roles[e->event->type->index] >> e->role & 1);
}

bool ktg_step_may_match(const struct ktg_step *s, const struct ktg_entry *e)
{
    return ktg_step_is_of_type(s, e) &&
           (!e->traits || (e->traits >> s->traits[e->event->type->index] & 1));
}

bool ktg_step_matches(struct ktg_answer *a, const struct ktg_step *s, const struct ktg_item *x,
                      const struct ktg_frame *parent)
{
    if (!ktg_answer_spend(a, 1) || !ktg_step_may_match(s, x->e))
        return false;
    if (!s->where || (x->e->traits && s->settled[x->e->event->type->index]))
        return true;
    struct ktg_frame f = {.a = a, .offset_min = x->offset_min};
    if (parent)
        f = *parent;
    f.b = ktg_bound_before(x);
    f.own = x;
    if (x->e->judged && s->judged[x->e->event->type->index] && f.offset_min == x->offset_min)
        return ktg_judged_and_met(&f, s);
    return ktg_answer_is_met(&f, s->where);
}
