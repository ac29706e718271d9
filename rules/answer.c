/* rules/answer.c - answer(R, s): filter and split the timeline, let the form find stretches, then what all forms have in
 * common (LANGUAGE.md 4.7): `while`, `until`, `once per`, refreshing, evidence, needs, and what is posted.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "rules/answer.h"

#include <stdlib.h>

#include "rules/forms/aggregate.h"
#include "rules/states/asof.h"

/* ---- time ---- */

ktg_time ktg_just_after(ktg_time t)
{
    return t >= KTG_NEVER - 1 ? KTG_NEVER : t + 1;
}
ktg_time ktg_midnight_after(ktg_time t, int offset_min)
{
    return ktg_start_of_day(ktg_date_of(t, offset_min) + 1, offset_min);
}
ktg_time ktg_midnight_upto(ktg_time t, int offset_min)
{
    return ktg_start_of_day(ktg_date_of(t, offset_min), offset_min);
}

void ktg_answer_wake(struct ktg_answer *a, ktg_time t)
{
    if (t > a->now && t < a->wake)
        a->wake = t;
}

/* ---- views ---- */

static void enter_view(struct ktg_answer *a, const struct ktg_view *v)
{
    a->view = v;
    a->items = v->items;
    a->count = v->count;
    a->states = v->states;
    a->relevant = v->relevant;
}

static bool reads(const struct ktg_rule *r, const struct ktg_entry *e)
{
    if (e->posted)
        return r->reads_rules[e->posted->rule] && e->role == KTG_ROLE_HOLDER;
    return e->event && e->event->type && e->role >= 0 && e->role < 32 &&
           (r->reads_types[e->event->type->index] >> e->role & 1) &&
           ktg_rule_may_read(r, e->event->type->index, e->traits);
}

static bool new_view(struct ktg_answer *a, struct ktg_view *v, size_t cap)
{
    v->items = ktg_answer_alloc(a, sizeof *v->items * (cap + 1));
    v->states = ktg_answer_alloc(a, sizeof *v->states * (a->rule->with_count + 1));
    v->relevant = ktg_answer_alloc(a, cap + 1);
    return v->items && v->states && v->relevant;
}

/* Of a resumed answer: may the entry matter? */
static bool is_recent(const struct ktg_answer *a, const struct ktg_entry *e, ktg_time from)
{
    const struct ktg_reach *r = &a->rule->reach;
    return e->at >= from || (e->posted ? r->findings : r->types[e->event->type->index]);
}

static void push(struct ktg_view *v, const struct ktg_entry *e)
{
    v->items[v->count] = (struct ktg_item){
        e, e->at, e->event ? e->event->offset_min : e->posted->offset_min, v->count};
    v->count++;
}

/* One view, or with `each: EXPR` one per value; what has no value is in all of them. */
size_t ktg_answer_split(struct ktg_answer *a, struct ktg_view **ret_views)
{
    const struct ktg_timeline *t = a->timeline;
    struct ktg_view *whole = ktg_answer_alloc(a, sizeof *whole);
    if (!whole || !new_view(a, whole, t->count - ktg_answer_first_entry(a)))
        return 0;
    ktg_time from = a->resume ? ktg_reach_from(&a->rule->reach, a->resume->since, a->now) : 0;
    for (size_t i = ktg_answer_first_entry(a); i < t->count; i++)
        if (t->entries[i].at <= a->now && reads(a->rule, &t->entries[i]) &&
            (!a->resume || is_recent(a, &t->entries[i], from)))
            push(whole, &t->entries[i]);
    *ret_views = whole;
    enter_view(a, whole);
    if (!a->rule->each || a->rule->each_name)
        return 1;
    struct ktg_intern values = {.count = 0};
    int *of = ktg_answer_alloc(a, sizeof *of * (whole->count + 1));
    for (size_t i = 0; of && i < whole->count && !a->code; i++) {
        const struct ktg_item *x = &whole->items[i];
        struct ktg_frame f = {
            .a = a, .b = ktg_bound_before(x), .own = x, .offset_min = x->offset_min};
        struct ktg_cel_value v = ktg_answer_eval(&f, a->rule->each);
        struct ktg_bytes name = ktg_value_name(&f, &v);
        struct ktg_cel_value key = {.kind = KTG_CEL_STRING, .s = name};
        of[i] = name.size ? ktg_intern(a, &values, &key) : -1;
    }
    struct ktg_view *views = ktg_answer_alloc(a, sizeof *views * (values.count + 1));
    for (size_t k = 0; views && of && k < values.count && !a->code; k++) {
        if (!ktg_answer_spend(a, whole->count / 8 + 1) || !new_view(a, &views[k], whole->count))
            return 0;
        views[k].key = values.values[k].s;
        for (size_t i = 0; i < whole->count; i++)
            if (of[i] < 0 || of[i] == (int)k)
                push(&views[k], whole->items[i].e);
    }
    *ret_views = views;
    return values.count;
}

/* ---- findings on their way ---- */

struct ktg_found *ktg_found_new(struct ktg_answer *a, const struct ktg_item *anchor)
{
    if (a->found_count == a->found_cap) {
        size_t cap = a->found_cap ? a->found_cap * 2 : 8;
        struct ktg_found *grown = ktg_answer_alloc(a, sizeof *grown * cap);
        if (!grown)
            return NULL;
        if (a->found_count)
            memcpy(grown, a->found, sizeof *grown * a->found_count);
        a->found = grown;
        a->found_cap = cap;
    }
    struct ktg_found *f = &a->found[a->found_count];
    *f = (struct ktg_found){.view = a->view,
                            .anchor = anchor,
                            .key = a->view->key,
                            .offset_min = anchor->offset_min,
                            .until = KTG_NEVER,
                            .order = a->found_count};
    a->found_count++;
    return f;
}

struct ktg_bytes ktg_each_key(const struct ktg_frame *f, const struct ktg_cel_value *element)
{
    const struct ktg_rule *r = f->a->rule;
    if (r->each_with >= 0 && element->kind == KTG_CEL_REF && element->ref.tag == KTG_REF_ITEM) {
        const struct ktg_item *x = element->ref.p;
        struct ktg_frame own = {
            .a = f->a, .b = ktg_bound_before(x), .own = x, .offset_min = x->offset_min};
        struct ktg_cel_value v = ktg_answer_eval(&own, r->withs[r->each_with].key);
        return ktg_value_name(&own, &v);
    }
    return ktg_value_name(f, element);
}

struct ktg_cel_value ktg_each_element(const struct ktg_frame *f, struct ktg_bytes key)
{
    struct ktg_cel_value list = ktg_answer_eval(f, f->a->rule->each);
    for (size_t i = 0; list.kind == KTG_CEL_LIST && i < list.list.count; i++)
        if (ktg_bytes_eq(ktg_each_key(f, &list.list.items[i]), key))
            return list.list.items[i];
    return (struct ktg_cel_value){.kind = KTG_CEL_ABSENT};
}

struct ktg_frame ktg_frame_of(struct ktg_answer *a, const struct ktg_found *f, struct ktg_bound b)
{
    struct ktg_frame frame = {.a = a,
                              .b = b,
                              .tuple = f->tuple,
                              .has_deadline = f->has_deadline,
                              .deadline = f->deadline,
                              .deadline_offset = f->deadline_offset,
                              .offset_min = f->offset_min};
    if (a->rule->each_name) {
        frame.each = ktg_each_element(&frame, f->key);
        frame.has_each = frame.each.kind != KTG_CEL_ABSENT;
    }
    return frame;
}

bool ktg_item_is_relevant(struct ktg_answer *a, const struct ktg_item *x)
{
    const struct ktg_rule *r = a->rule;
    if (a->relevant[x->index])
        return true;
    for (size_t i = 0; i < r->step_count; i++)
        if (ktg_step_is_of_type(&r->steps[i], x->e))
            return true;
    for (size_t i = 0; i < r->unless_count; i++)
        if (ktg_step_is_of_type(&r->unless[i], x->e))
            return true;
    for (size_t i = 0; i < r->mover_count; i++)
        if (ktg_step_is_of_type(&r->movers[i].step, x->e))
            return true;
    return false;
}

/* `until` and `while` of a rule with `when`: the span ends at the first of them, for good. */
static void cut_span(struct ktg_answer *a, struct ktg_found *f)
{
    const struct ktg_rule *r = a->rule;
    if (!r->step_count)
        return;
    const struct ktg_item *last = f->tuple[r->step_count - 1];
    struct ktg_frame frame = ktg_frame_of(a, f, f->start);
    for (size_t i = last->index + 1;
         r->until_count && i < a->count && a->items[i].at < f->until && !a->code; i++)
        for (size_t k = 0; k < r->until_count; k++)
            if (ktg_step_matches(a, &r->until[k], &a->items[i], &frame) &&
                a->items[i].at < f->until) {
                f->until = a->items[i].at;
                f->closer = &a->items[i];
            }
    if (f->until <= f->from)
        f->dropped = true;
    if (!r->while_ || f->dropped)
        return;
    if (!ktg_answer_is_met(&frame, r->while_)) {
        f->dropped = true;
        return;
    }
    ktg_time midnight =
        r->update == KTG_UPDATE_DAILY ? ktg_midnight_after(f->from, f->offset_min) : KTG_NEVER;
    /* what comes behind the last step in its own instant is later, too */
    size_t i = f->start.mode == KTG_AT ? f->start.n : last->index + 1;
    while (!a->code) {
        ktg_time t = i < a->count ? a->items[i].at : KTG_NEVER;
        if (midnight < t)
            t = midnight;
        if (t > a->now || t >= f->until)
            return;
        frame.b = ktg_bound_at(a, t);
        if (!ktg_answer_is_met(&frame, r->while_)) {
            f->until = t;
            f->closer = NULL;
            f->dropped = t == f->from;
            return;
        }
        i = frame.b.n;
        if (t == midnight)
            midnight = ktg_midnight_after(t, f->offset_min);
    }
}

/* ---- once per ---- */

static int by_from(const void *a, const void *b)
{
    const struct ktg_found *x = a, *y = b;
    if (x->from != y->from)
        return x->from < y->from ? -1 : 1;
    if (x->anchor->at != y->anchor->at)
        return x->anchor->at < y->anchor->at ? -1 : 1;
    int c = memcmp(x->anchor->e->id, y->anchor->e->id, KTG_POSTED_ID);
    if (c)
        return c;
    c = ktg_bytes_cmp(x->key, y->key);
    return c ? c : (x->order > y->order) - (x->order < y->order);
}

static void anchor_id(const struct ktg_item *x, uint8_t to[16], uint64_t *pos)
{
    if (x->e->posted) {
        memcpy(to, x->e->posted->root, 16);
        *pos = x->e->posted->root_pos;
    } else {
        memcpy(to, x->e->event->id, 16);
        *pos = x->e->pos;
    }
}

static void drop_repeats(struct ktg_answer *a)
{
    const struct ktg_rule *r = a->rule;
    if (a->found_count)
        qsort(a->found, a->found_count, sizeof *a->found, by_from);
    for (size_t i = 0; i < a->found_count && !a->code; i++) {
        struct ktg_found *f = &a->found[i];
        uint8_t mine[16], its[16];
        uint64_t pos;
        anchor_id(f->anchor, mine, &pos);
        for (size_t k = i; k-- > 0 && !f->dropped && ktg_answer_spend(a, 1);) {
            const struct ktg_found *kept = &a->found[k];
            if (kept->from != f->from &&
                (!r->once || (r->once_within && f->from - kept->from >= r->once_within)))
                break; /* they are in order: those before it lie further off still */
            if (kept->dropped)
                continue;
            anchor_id(kept->anchor, its, &pos);
            if (kept->from == f->from && ktg_bytes_eq(kept->key, f->key) && !memcmp(mine, its, 16))
                f->dropped = true; /* two tuples, one finding */
            if (!r->once || f->once.kind == KTG_CEL_ABSENT || f->once.kind != kept->once.kind ||
                ktg_cel_compare(&f->once, &kept->once))
                continue;
            f->dropped |=
                r->once_within ? f->from - kept->from < r->once_within : kept->until > f->from;
        }
    }
}

/* ---- e(now) ---- */

/* The bound as of which values stand, and whether the finding is closed. */
static struct ktg_bound refreshed(struct ktg_answer *a, const struct ktg_found *f, bool *ret_closed)
{
    const struct ktg_rule *r = a->rule;
    *ret_closed = f->until != KTG_NEVER && f->until <= a->now;
    if (*ret_closed)
        return f->until - 1 > f->from || f->start.mode == KTG_AT ? ktg_bound_at(a, f->until - 1)
                                                                 : f->start;
    if (r->update == KTG_UPDATE_DAILY) {
        for (ktg_time m = ktg_midnight_upto(a->now, f->offset_min);
             m > f->from && ktg_answer_spend(a, 1); m = ktg_midnight_upto(m - 1, f->offset_min)) {
            struct ktg_bound b = ktg_bound_at(a, m);
            if (!r->update_where)
                return b;
            struct ktg_frame frame = ktg_frame_of(a, f, b);
            if (ktg_answer_is_met(&frame, r->update_where))
                return b;
        }
    }
    if (r->update != KTG_UPDATE_CHANGE)
        return f->start;
    ktg_time last = ktg_asof_last_joined(a, f->from);
    for (size_t i = a->count; i-- > 0 && a->items[i].at > last;)
        if (ktg_item_is_relevant(a, &a->items[i]))
            last = a->items[i].at;
    return last > f->from ? ktg_bound_at(a, last) : f->start;
}

static void plan_refresh(struct ktg_answer *a, const struct ktg_found *f, struct ktg_bound now)
{
    const struct ktg_rule *r = a->rule;
    if (r->update != KTG_UPDATE_DAILY)
        return;
    ktg_time next = ktg_midnight_after(a->now, f->offset_min);
    bool moved = a->count > 0 &&
                 a->items[a->count - 1].at > now.t; /* something came after the last refresh */
    if (r->timed || r->update_where || moved || now.mode != KTG_AT) {
        ktg_answer_wake(a, next);
        return;
    }
    ktg_time edge = ktg_asof_next_edge(
        a, now.t); /* or something will end by itself: fresh at the midnight after that */
    if (edge != KTG_NEVER)
        ktg_answer_wake(a, edge <= next ? next : ktg_midnight_after(edge - 1, f->offset_min));
}

/* ---- finishing ---- */

static struct ktg_bytes keep(struct ktg_answer *a, const struct ktg_buf *b)
{
    if (b->bad) {
        a->code = KTG_ENOMEM;
        return KTG_BYTES_NONE;
    }
    uint8_t *to = b->size ? ktg_answer_alloc(a, b->size) : NULL;
    if (to)
        memcpy(to, b->data, b->size);
    return ktg_bytes(to, to ? b->size : 0);
}

static bool put_form_value(const struct ktg_frame *f, size_t which, struct ktg_buf *to)
{
    const struct ktg_aggregate *g = f->a->rule->form->aggregate;
    struct ktg_cel_value v = g->travels ? g->travels(f, which) : g->value(f, which);
    size_t before = to->size;
    ktg_wire_put_text(to, g->values[which].name);
    if (!ktg_answer_wire(f, &v, to))
        return true;
    to->size = before;
    return false;
}

static struct ktg_bytes values_of(struct ktg_answer *a, const struct ktg_frame *f)
{
    const struct ktg_rule *r = a->rule;
    struct ktg_buf body = KTG_BUF_INIT, all = KTG_BUF_INIT;
    uint32_t pairs = 0;
    size_t which = 0, given = ktg_form_value_count(r);
    for (size_t i = 0; i <= r->let_count && !a->code; i++) {
        for (; which < given; which++) { /* of the form, at their place in the order of names */
            const struct ktg_aggregate *g = r->form->aggregate;
            if (i < r->let_count && strcmp(r->lets[i].name, g->values[which].name) < 0)
                break;
            pairs += put_form_value(f, which, &body);
        }
        if (i == r->let_count || r->lets[i].shared || !r->lets[i].plan)
            continue;
        struct ktg_frame own = *f;
        struct ktg_cel_value v = ktg_answer_eval(&own, r->lets[i].plan);
        size_t before = body.size;
        if (v.kind == KTG_CEL_ABSENT)
            continue;
        ktg_wire_put_text(&body, r->lets[i].name);
        if (ktg_answer_wire(f, &v, &body)) {
            body.size = before;
            continue;
        }
        pairs++;
    }
    ktg_wire_put_map(&all, pairs);
    ktg_buf_put_bytes(&all, ktg_buf_view(&body));
    struct ktg_bytes values = keep(a, &all);
    if (body.bad)
        a->code = KTG_ENOMEM;
    ktg_buf_done(&body);
    ktg_buf_done(&all);
    return values;
}

static int level_at(const struct ktg_frame *f)
{
    const struct ktg_rule *r = f->a->rule;
    if (!r->level_plan)
        return r->level;
    struct ktg_cel_value v = ktg_answer_eval(f, r->level_plan);
    int32_t level = 2; /* if none can be told: medium, as without the key */
    if (v.kind == KTG_CEL_STRING && ktg_level_of(v.s, &level))
        level = 2;
    return level;
}

static int weight_at(const struct ktg_frame *f)
{
    const struct ktg_rule *r = f->a->rule;
    if (!r->weight_plan)
        return r->weight;
    struct ktg_cel_value v = ktg_answer_eval(f, r->weight_plan);
    return v.kind == KTG_CEL_INT && v.i >= 0 && v.i <= 100000 ? (int)v.i : 0;
}

static int by_bytes(const void *x, const void *y)
{
    return ktg_bytes_cmp(*(const struct ktg_bytes *)x, *(const struct ktg_bytes *)y);
}

static void tell_whom(struct ktg_answer *a, const struct ktg_frame *f, struct ktg_finding *to)
{
    const struct ktg_rule *r = a->rule;
    struct ktg_cel_value v = {.kind = KTG_CEL_ABSENT};
    if (r->to_plan)
        v = ktg_answer_eval(f, r->to_plan);
    size_t n = v.kind == KTG_CEL_LIST ? v.list.count : r->to_count, kept = 0;
    struct ktg_bytes *names = ktg_answer_alloc(a, sizeof *names * (n + 1));
    if (!names)
        return;
    for (size_t i = 0; i < n; i++) {
        struct ktg_bytes name = r->to_plan ? ktg_value_name(f, &v.list.items[i]) : r->to[i];
        if (name.size && !ktg_bytes_is(name, "IMI"))
            names[kept++] = name;
    }
    if (kept)
        qsort(names, kept, sizeof *names, by_bytes);
    n = 0;
    for (size_t i = 0; i < kept; i++)
        if (!n || !ktg_bytes_eq(names[n - 1], names[i]))
            names[n++] = names[i];
    to->to = names;
    to->to_count = n;
}

static int by_kind(const void *x, const void *y)
{
    const struct ktg_about *a = x, *b = y;
    return a->kind != b->kind ? (a->kind > b->kind) - (a->kind < b->kind)
                              : ktg_bytes_cmp(a->id, b->id);
}

/* The id is a value of a field as somebody wrote it; events stand under its normal form. */
static void add_about(struct ktg_answer *a, struct ktg_about **to, size_t *count, size_t *cap,
                      int kind, struct ktg_bytes id)
{
    if (id.size && ktg_subject_form(a->rs->catalogue, kind, id, a->arena, &id))
        a->code = KTG_ENOMEM;
    if (!id.size || a->code)
        return;
    if (*count == *cap) {
        size_t more = *cap ? *cap * 2 : 4;
        struct ktg_about *grown = ktg_answer_alloc(a, sizeof *grown * more);
        if (!grown)
            return;
        if (*count)
            memcpy(grown, *to, sizeof *grown * *count);
        *to = grown;
        *cap = more;
    }
    (*to)[(*count)++] = (struct ktg_about){kind, id};
}

static void post_where(struct ktg_answer *a, const struct ktg_frame *f,
                       const struct ktg_item *anchor, struct ktg_finding *to)
{
    const struct ktg_rule *r = a->rule;
    struct ktg_about *list = NULL;
    size_t count = 0, cap = 0, n = 0;
    for (size_t i = 0; i < r->about_count && !a->code; i++) {
        struct ktg_cel_value v = ktg_answer_eval(f, r->about[i].plan);
        if (v.kind == KTG_CEL_LIST)
            for (size_t k = 0; k < v.list.count; k++)
                add_about(a, &list, &count, &cap, r->about[i].kind,
                          ktg_value_name(f, &v.list.items[k]));
        else
            add_about(a, &list, &count, &cap, r->about[i].kind, ktg_value_name(f, &v));
    }
    if (a->rs->cell_read && anchor->e->event) { /* the cell of its anchor's place */
        const struct ktg_subject *s = NULL;
        size_t subjects = 0;
        if (ktg_event_subjects(a->rs->catalogue, anchor->e->event, a->arena, &s, &subjects))
            a->code = KTG_ENOMEM;
        for (size_t i = 0; i < subjects; i++)
            if (s[i].kind == a->rs->cell_kind)
                add_about(a, &list, &count, &cap, s[i].kind, s[i].id);
    }
    if (count)
        qsort(list, count, sizeof *list, by_kind);
    for (size_t i = 0; i < count; i++)
        if (!n || by_kind(&list[n - 1], &list[i]))
            list[n++] = list[i];
    to->about = list;
    to->about_count = n;
}

struct proofs { /* evidence as the parallel arrays of answer.h, the latest ones */
    const uint8_t (*ids)[16];
    const ktg_time *at;
    const uint64_t *pos;
    size_t count;
};

static struct proofs arrays_of(struct ktg_answer *a, const struct ktg_evidence *e)
{
    size_t n = e->count < KTG_MAX_EVIDENCE ? e->count : KTG_MAX_EVIDENCE, skip = e->count - n;
    uint8_t(*ids)[16] = ktg_answer_alloc(a, sizeof *ids * (n + 1));
    ktg_time *at = ktg_answer_alloc(a, sizeof *at * (n + 1));
    uint64_t *pos = ktg_answer_alloc(a, sizeof *pos * (n + 1));
    for (size_t i = 0; ids && at && pos && i < n; i++) {
        memcpy(ids[i], e->items[skip + i].id, 16);
        at[i] = e->items[skip + i].at;
        pos[i] = e->items[skip + i].pos;
    }
    return (struct proofs){(const uint8_t(*)[16])ids, at, pos, n};
}

void ktg_posted_id(struct ktg_bytes rule, struct ktg_bytes subject, struct ktg_bytes key,
                   const uint8_t anchor[static 16], ktg_time from, uint8_t to[static 16])
{
    uint8_t sizes[12], begins[8];
    ktg_put_le32(sizes, (uint32_t)rule.size);
    ktg_put_le32(sizes + 4, (uint32_t)subject.size);
    ktg_put_le32(sizes + 8, (uint32_t)key.size);
    ktg_put_le64(begins, (uint64_t)from);
    struct ktg_bytes parts[] = {
        ktg_bytes(sizes, sizeof sizes),  rule, subject, key, ktg_bytes(anchor, 16),
        ktg_bytes(begins, sizeof begins)};
    ktg_blake2b_128(parts, KTG_COUNT(parts), to);
}

/* The finding as of e(now). */
static struct ktg_evidence finish_now(struct ktg_answer *a, const struct ktg_found *f,
                                      struct ktg_bound now, bool closed, struct ktg_finding *to)
{
    const struct ktg_rule *r = a->rule;
    struct ktg_frame frame = ktg_frame_of(a, f, now);
    struct ktg_evidence evidence = {.count = 0};
    ktg_evidence_of(a, f, now, closed, &evidence);
    to->key = f->key;
    to->from = f->from;
    to->until = closed ? f->until : KTG_NEVER;
    to->offset_min = f->offset_min;
    to->evidence_total = evidence.count;
    struct proofs p = arrays_of(a, &evidence);
    to->evidence = p.ids;
    to->evidence_at = p.at;
    to->evidence_pos = p.pos;
    to->evidence_count = p.count;
    to->values = values_of(a, &frame);
    to->level = level_at(&frame);
    to->weight = weight_at(&frame);
    tell_whom(a, &frame, to);
    to->title_id = ktg_title_format(a, &r->title_id, &frame);
    to->title_en = ktg_title_format(a, &r->title_en, &frame);
    return evidence;
}

static void finish(struct ktg_answer *a, const struct ktg_found *f, struct ktg_finding *to)
{
    const struct ktg_rule *r = a->rule;
    bool closed;
    struct ktg_bound now = refreshed(a, f, &closed);
    struct ktg_evidence evidence = finish_now(a, f, now, closed, to);
    struct ktg_frame frame = ktg_frame_of(a, f, now);
    anchor_id(f->anchor, to->anchor, &to->anchor_pos);
    struct proofs p = {to->evidence, to->evidence_at, to->evidence_pos, to->evidence_count};
    to->unknown_source = ktg_needs_unmet(a, f, &evidence, &to->unknown_since);
    if (!closed)
        plan_refresh(a, f, now);

    /* what travels: frozen at `from`, or with `update: change` as it stands */
    struct ktg_posted *post = &to->posted;
    bool frozen =
        r->update != KTG_UPDATE_CHANGE &&
        (now.mode != f->start.mode || now.t != f->start.t || now.n != f->start.n || closed);
    if (frozen) {
        struct ktg_evidence then = {.count = 0};
        frame = ktg_frame_of(a, f, f->start);
        ktg_evidence_of(a, f, f->start, false, &then);
        evidence = then;
        p = arrays_of(a, &then);
        post->values = values_of(a, &frame);
        post->level = level_at(&frame);
        post->weight = weight_at(&frame);
    } else {
        post->values = to->values;
        post->level = to->level;
        post->weight = to->weight;
    }
    if (r->is_read)
        post_where(a, &frame, f->anchor, to);
    post->rule = r->index;
    post->from = to->from;
    post->until = to->until;
    post->offset_min = to->offset_min;
    post->subject = a->timeline->subject;
    memcpy(post->root, to->anchor, 16);
    post->root_pos = to->anchor_pos;
    post->evidence = p.ids;
    post->evidence_at = p.at;
    post->evidence_pos = p.pos;
    post->evidence_count = p.count;
    post->agencies = evidence.agencies;
    post->agency_count = evidence.agency_count;
    const struct ktg_entry *e = f->anchor->e;
    struct ktg_wire_value place;
    post->source = e->posted ? e->posted->source : e->event->source;
    post->person = a->timeline->kind == a->rs->person_kind ? a->timeline->subject
                   : e->posted                             ? e->posted->person
                                                           : ktg_item_holder(a, f->anchor);
    if (e->posted)
        post->place = e->posted->place;
    else if (ktg_wire_get(e->event->data, "place", &place) && place.kind == KTG_WIRE_MAP)
        post->place = place.raw;
    if (r->is_read)
        ktg_posted_id(ktg_bytes_str(r->name), post->subject, to->key, to->anchor, to->from,
                      post->id);
}

/* A state that goes on: what is read as of the last midnight may be otherwise, what travels is as it was. */
static void finish_still(struct ktg_answer *a, const struct ktg_still *s, struct ktg_finding *to)
{
    struct ktg_found f = {.view = s->view,
                          .from = s->of->from,
                          .until = KTG_NEVER,
                          .start = ktg_bound_at(a, s->of->from),
                          .key = s->of->key,
                          .offset_min = s->of->offset_min};
    bool closed;
    struct ktg_bound now = refreshed(a, &f, &closed);
    to->resumed = s->of;
    to->as_before = now.t == f.from;
    if (!to->as_before)
        finish_now(a, &f, now, closed, to);
    plan_refresh(a, &f, now);
}

static int by_key(const void *x, const void *y)
{
    const struct ktg_finding *a = x, *b = y;
    int c = ktg_bytes_cmp(a->key, b->key);
    if (!c)
        c = memcmp(a->anchor, b->anchor, 16);
    return c ? c : (a->from > b->from) - (a->from < b->from);
}

/* ---- the whole ---- */

void ktg_answer_find(struct ktg_answer *a)
{
    bool open = a->resume && a->resume->open_count;
    if (!open && !(a->world && a->world->plain) && ktg_answer_is_empty(a))
        return;
    struct ktg_view *views = NULL;
    size_t count = ktg_answer_split(a, &views);
    for (size_t i = 0; i < count && !a->code; i++) {
        enter_view(a, &views[i]);
        size_t first = a->found_count;
        if (a->rule->form->answer(a))
            break;
        for (size_t k = first; k < a->found_count && !a->code; k++) {
            cut_span(a, &a->found[k]);
            if (a->rule->once && !a->found[k].dropped) {
                struct ktg_frame f = ktg_frame_of(a, &a->found[k], a->found[k].start);
                a->found[k].once = ktg_answer_eval(&f, a->rule->once);
            }
        }
    }
    if (open && a->still_count < a->resume->open_count && !a->code)
        a->code = KTG_EAGAIN; /* nothing of it is left to be read */
    drop_repeats(a);
}

size_t ktg_answer_near(struct ktg_answer *a, struct ktg_near *n)
{
    struct ktg_view *views = NULL;
    size_t count = ktg_answer_split(a, &views), read = 0;
    for (size_t i = 0; i < a->timeline->count; i++)
        read += a->timeline->entries[i].at <= a->now && reads(a->rule, &a->timeline->entries[i]);
    for (size_t i = 0; i < count && !a->code; i++) {
        enter_view(a, &views[i]);
        ktg_near_form(n, a);
    }
    return read;
}

const struct ktg_found *ktg_answer_find_one(struct ktg_answer *a, const struct ktg_finding *f,
                                            struct ktg_bound *ret_now, bool *ret_closed)
{
    ktg_answer_find(a);
    for (size_t i = 0; i < a->found_count && !a->code; i++) {
        const struct ktg_found *x = &a->found[i];
        uint8_t id[16];
        uint64_t pos;
        if (x->dropped || x->from != f->from || !ktg_bytes_eq(x->key, f->key))
            continue;
        anchor_id(x->anchor, id, &pos);
        if (memcmp(id, f->anchor, 16) != 0)
            continue;
        enter_view(a, x->view);
        *ret_now = refreshed(a, x, ret_closed);
        return x;
    }
    return NULL;
}

struct ktg_answer ktg_answer_begin(const struct ktg_ruleset *rs, const struct ktg_rule *rule,
                                   const struct ktg_timeline *t, ktg_time now,
                                   const struct ktg_answer_world *world, struct ktg_arena *arena)
{
    return (struct ktg_answer){.rs = rs,
                               .rule = rule,
                               .timeline = t,
                               .now = now,
                               .wake = KTG_NEVER,
                               .world = world,
                               .arena = arena,
                               .lasting = arena,
                               .used_before = arena->used,
                               .env = {.steps = KTG_ANSWER_STEPS, .arena = arena}};
}

int ktg_answer(const struct ktg_ruleset *rs, const struct ktg_rule *rule,
               const struct ktg_timeline *t, ktg_time now, const struct ktg_answer_world *world,
               struct ktg_arena *arena, const struct ktg_finding **ret_findings, size_t *ret_count,
               ktg_time *ret_wake)
{
    return ktg_answer_resumed(rs, rule, t, now, world, NULL, arena, ret_findings, ret_count,
                              ret_wake);
}

int ktg_answer_resumed(const struct ktg_ruleset *rs, const struct ktg_rule *rule,
                       const struct ktg_timeline *t, ktg_time now,
                       const struct ktg_answer_world *world, const struct ktg_resume *resume,
                       struct ktg_arena *arena, const struct ktg_finding **ret_findings,
                       size_t *ret_count, ktg_time *ret_wake)
{
    struct ktg_answer a = ktg_answer_begin(rs, rule, t, now, world, arena);
    size_t n = 0;
    a.resume = resume;
    ktg_answer_find(&a);
    struct ktg_finding *findings =
        ktg_answer_alloc(&a, sizeof *findings * (a.found_count + a.still_count + 1));
    for (size_t i = 0; findings && i < a.found_count && !a.code; i++) {
        if (a.found[i].dropped)
            continue;
        enter_view(&a, a.found[i].view);
        finish(&a, &a.found[i], &findings[n++]);
    }
    for (size_t i = 0; findings && i < a.still_count && !a.code; i++) {
        enter_view(&a, a.still[i].view);
        finish_still(&a, &a.still[i], &findings[n++]);
    }
    ktg_answer_add_up(&a);
    if (a.code)
        return a.code;
    if (n)
        qsort(findings, n, sizeof *findings, by_key);
    *ret_findings = findings;
    *ret_count = n;
    *ret_wake = a.wake;
    return KTG_OK;
}
