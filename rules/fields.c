/* rules/fields.c - what the fields of events, posted findings, spans and list hits are worth.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdlib.h>

#include "rules/answer_impl.h"
#include "rules/values.h"

static bool is_time(enum ktg_cel_kind kind)
{
    return kind == KTG_CEL_DATE || kind == KTG_CEL_TIMESTAMP || kind == KTG_CEL_DURATION;
}

static struct ktg_cel_value text_or_absent(struct ktg_bytes s)
{
    return s.size ? ktg_text(s) : ktg_absent();
}

static struct ktg_cel_value id_text(struct ktg_answer *a, const uint8_t id[16], bool posted)
{
    char *to = ktg_arena_alloc(a->arena, KTG_ID_TEXT + 1);
    if (!to) {
        a->code = KTG_ENOMEM;
        return ktg_absent();
    }
    if (posted) {
        to[0] = '~';
        ktg_hex(id, 16, to + 1);
        return ktg_text(ktg_bytes(to, 33));
    }
    ktg_id_format(id, to);
    return ktg_text(ktg_bytes_str(to));
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

struct ktg_cel_value ktg_value_words(struct ktg_answer *a, struct ktg_bytes *names, size_t count)
{
    struct ktg_cel_value *items = ktg_answer_alloc(a, sizeof *items * (count + 1));
    if (!items)
        return ktg_absent();
    if (count)
        qsort(names, count, sizeof *names, by_bytes);
    size_t n = 0;
    for (size_t i = 0; i < count; i++)
        if (names[i].size && (n == 0 || !ktg_bytes_eq(items[n - 1].s, names[i])))
            items[n++] = ktg_text(names[i]);
    return (struct ktg_cel_value){.kind = KTG_CEL_LIST, .list = {items, n}};
}

/* Every person that the event names, in whatever role, by the name of the component. */
static struct ktg_cel_value persons_of(struct ktg_answer *a, const struct ktg_item *x)
{
    if (x->e->posted) {
        struct ktg_bytes one = resolve(a, x->e->posted->person);
        return ktg_value_words(a, &one, 1);
    }
    const struct ktg_subject *s = NULL;
    size_t count = 0, n = 0;
    if (ktg_event_subjects(a->rs->catalogue, x->e->event, a->arena, &s, &count)) {
        a->code = KTG_ENOMEM;
        return ktg_absent();
    }
    struct ktg_bytes *names = ktg_answer_alloc(a, sizeof *names * (count + 1));
    for (size_t i = 0; names && i < count; i++)
        if (s[i].kind == a->rs->person_kind)
            names[n++] = resolve(a, s[i].id);
    return names ? ktg_value_words(a, names, n) : ktg_absent();
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
                    return ktg_absent();
                memcpy(copy, w.bytes.data, w.bytes.size);
                return ktg_text(ktg_bytes(copy, w.bytes.size));
            }
        }
        return ktg_absent();
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
    return ktg_absent();
}

/* A value of a finding, which travels without types: as the `let` of its rule has it. */
static struct ktg_cel_value posted_value(struct ktg_answer *a, const struct ktg_posted *p,
                                         struct ktg_bytes name)
{
    const struct ktg_rule *r = a->rs->rules[p->rule];
    struct ktg_wire_value w;
    if (!ktg_wire_find(p->values, name, &w))
        return ktg_absent();
    struct ktg_cel_value v = ktg_cel_from_wire(w.raw, a->arena);
    for (size_t i = 0; i < r->let_count; i++) {
        if (!ktg_bytes_is(name, r->lets[i].name) || !r->lets[i].plan)
            continue;
        struct ktg_cel_type t = ktg_cel_type_of(r->lets[i].plan);
        if (is_time(t.kind))
            return ktg_cel_as(v, t.kind);
        if (v.kind != KTG_CEL_LIST || t.kind != KTG_CEL_LIST || !t.elem || !is_time(t.elem->kind))
            continue;
        struct ktg_cel_value *items = ktg_answer_alloc(a, sizeof *items * (v.list.count + 1));
        for (size_t k = 0; items && k < v.list.count; k++)
            items[k] = ktg_cel_as(v.list.items[k], t.elem->kind);
        v.list.items = items;
        v.list.count = items ? v.list.count : 0;
    }
    return v;
}

/* "finding.RULE" */
static struct ktg_cel_value posted_type(struct ktg_answer *a, const struct ktg_rule *r)
{
    size_t n = strlen(r->name);
    uint8_t *to = ktg_answer_alloc(a, n + 8);
    if (!to)
        return ktg_absent();
    memcpy(to, "finding.", 8);
    memcpy(to + 8, r->name, n);
    return ktg_text(ktg_bytes(to, n + 8));
}

static struct ktg_cel_value posted_agencies(struct ktg_answer *a, const struct ktg_posted *p)
{
    struct ktg_bytes *names = ktg_answer_alloc(a, sizeof *names * (p->agency_count + 1));
    if (!names)
        return ktg_absent();
    for (size_t i = 0; i < p->agency_count; i++)
        names[i] = p->agencies[i];
    return ktg_value_words(a, names, p->agency_count);
}

static struct ktg_cel_value posted_agency(const struct ktg_posted *p)
{
    const uint8_t *dot = p->source.size ? memchr(p->source.data, '.', p->source.size) : NULL;
    return text_or_absent(
        ktg_bytes(p->source.data, dot ? (size_t)(dot - p->source.data) : p->source.size));
}

static struct ktg_cel_value posted_field(struct ktg_answer *a, const struct ktg_item *x,
                                         struct ktg_bytes name)
{
    const struct ktg_builtin_field *b = ktg_builtin_find(name, KTG_ON_FINDING);
    const struct ktg_posted *p = x->e->posted;
    const struct ktg_rule *r = a->rs->rules[p->rule];
    if (!b)
        return posted_value(a, p, name);
    switch (b->what) {
    case KTG_B_ID:
        return id_text(a, p->id, true);
    case KTG_B_TYPE:
        return posted_type(a, r);
    case KTG_B_SOURCE:
        return text_or_absent(p->source);
    case KTG_B_AGENCY:
        return posted_agency(p);
    case KTG_B_OCCURRED_AT:
    case KTG_B_FROM:
        return ktg_instant(p->from, p->offset_min);
    case KTG_B_DATE:
        return (struct ktg_cel_value){.kind = KTG_CEL_DATE,
                                      .i = ktg_date_of(p->from, p->offset_min)};
    case KTG_B_PERSON:
        return text_or_absent(resolve(a, p->person));
    case KTG_B_PERSONS:
        return persons_of(a, x);
    case KTG_B_RULE:
        return ktg_text(ktg_bytes_str(r->name));
    case KTG_B_LEVEL:
        return ktg_text(ktg_bytes_str(ktg_level_name(p->level)));
    case KTG_B_WEIGHT:
        return (struct ktg_cel_value){.kind = KTG_CEL_INT, .i = p->weight};
    case KTG_B_AGENCIES:
        return posted_agencies(a, p);
    case KTG_B_ROOT:
        return id_text(a, p->root, false);
    case KTG_B_OPEN:
        return (struct ktg_cel_value){.kind = KTG_CEL_BOOL, .b = p->until == KTG_NEVER};
    case KTG_B_PLACE:
        if (!p->place.size || !a->rs->place)
            return ktg_absent();
        return (struct ktg_cel_value){.kind = KTG_CEL_OBJECT, .object = {a->rs->place, p->place}};
    case KTG_B_SUBJECT:
        return text_or_absent(p->subject);
    case KTG_B_UNTIL:
        return p->until == KTG_NEVER ? ktg_absent() : ktg_instant(p->until, p->offset_min);
    default:
        return ktg_absent();
    }
}

/* Where the fields lie that the type knows: the keys of the bytes and the fields of the shape are in the same order. */
static void place_fields(const struct ktg_event *e, struct ktg_judged *j)
{
    const struct ktg_shape *shape = e->type->data;
    struct ktg_wire at = ktg_wire_open(e->data);
    struct ktg_wire_value map, key, value;
    memset(j->placed, 0, sizeof j->placed);
    j->is_placed = true;
    if (ktg_wire_enter(&at, &map))
        return;
    for (size_t i = 0; map.count && i < shape->count && i < KTG_PLACED_MOST; map.count--) {
        if (ktg_wire_next(&at, &key))
            return;
        const uint8_t *begin = at.at;
        if (ktg_wire_next(&at, &value))
            return;
        while (i < shape->count && ktg_bytes_cmp(shape->fields[i].key, key.bytes) < 0)
            i++;
        if (i < shape->count && i < KTG_PLACED_MOST &&
            ktg_bytes_eq(shape->fields[i].key, key.bytes))
            j->placed[i] = (uint16_t)(begin - e->data.data);
    }
}

/* A field of the type; of an event at hand its place is remembered. */
static struct ktg_cel_value own_field(struct ktg_answer *a, const struct ktg_entry *x,
                                      const struct ktg_field *own)
{
    const struct ktg_event *e = x->event;
    struct ktg_judged *j = x->judged;
    size_t i = (size_t)(own - e->type->data->fields);
    struct ktg_wire_value w;
    if (!j || j->pos != x->pos || i >= KTG_PLACED_MOST || e->data.size > UINT16_MAX)
        return ktg_cel_of_field(own, e->data, a->arena);
    if (!j->is_placed)
        place_fields(e, j);
    struct ktg_wire at =
        ktg_wire_open(ktg_bytes(e->data.data + j->placed[i], e->data.size - j->placed[i]));
    bool is = j->placed[i] && !ktg_wire_next(&at, &w);
    return ktg_cel_of_value(own, is ? &w : NULL, a->arena);
}

struct ktg_cel_value ktg_item_field(struct ktg_answer *a, const struct ktg_item *x,
                                    struct ktg_bytes name)
{
    if (x->e->posted)
        return posted_field(a, x, name);
    const struct ktg_event *e = x->e->event;
    const struct ktg_field *own = e->type ? ktg_shape_field(e->type->data, name) : NULL;
    if (own)
        return own_field(a, x->e, own);
    const struct ktg_builtin_field *b = ktg_builtin_find(name, KTG_ON_EVENT);
    if (!b)
        return e->type ? ktg_cel_from_field(e->type->data, e->data, name, a->arena) : ktg_absent();
    switch (b->what) {
    case KTG_B_ID:
        return id_text(a, e->id, false);
    case KTG_B_TYPE:
        return ktg_text(e->type_name);
    case KTG_B_SOURCE:
        return ktg_text(e->source);
    case KTG_B_AGENCY:
        return ktg_text(e->agency);
    case KTG_B_OCCURRED_AT:
        return ktg_instant(e->occurred_at, e->offset_min);
    case KTG_B_DATE:
        return (struct ktg_cel_value){.kind = KTG_CEL_DATE,
                                      .i = ktg_date_of(e->occurred_at, e->offset_min)};
    case KTG_B_PERSON:
        return text_or_absent(ktg_item_holder(a, x));
    case KTG_B_PERSONS:
        return persons_of(a, x);
    case KTG_B_DOCUMENT:
        return e->type ? document_in(a, e->type->data, e->data, 0) : ktg_absent();
    default:
        return ktg_absent();
    }
}

static struct ktg_cel_value hit_field(struct ktg_answer *a, const struct ktg_hit_value *h,
                                      struct ktg_bytes name)
{
    const struct ktg_builtin_field *b = ktg_builtin_find(name, KTG_ON_HIT);
    switch (b ? b->what : KTG_B_TYPE) {
    case KTG_B_ID:
        return ktg_text(h->id);
    case KTG_B_ENTRY:
        return ktg_value_of_item(h->entry);
    case KTG_B_SCORE:
        return (struct ktg_cel_value){.kind = KTG_CEL_INT, .i = h->points};
    case KTG_B_SINCE:
        return ktg_instant(h->since, h->entry->offset_min);
    default:
        return ktg_item_field(a, h->entry, name);
    }
}

struct ktg_cel_value ktg_ref_field(struct ktg_answer *a, const struct ktg_cel_value *ref,
                                   struct ktg_bytes name)
{
    if (ref->ref.tag == KTG_REF_ITEM)
        return ktg_item_field(a, ref->ref.p, name);
    if (ref->ref.tag == KTG_REF_HIT)
        return hit_field(a, ref->ref.p, name);
    const struct ktg_span_value *s = ref->ref.p;
    const struct ktg_builtin_field *b = ktg_builtin_find(name, KTG_ON_SPAN);
    if (!b)
        return ktg_item_field(a, s->open, name);
    switch (b->what) {
    case KTG_B_OPEN:
        return (struct ktg_cel_value){.kind = KTG_CEL_BOOL, .b = s->until == KTG_NEVER};
    case KTG_B_FROM:
        return ktg_instant(s->from, s->open->offset_min);
    case KTG_B_UNTIL:
        return s->until == KTG_NEVER
                   ? ktg_absent()
                   : ktg_instant(s->until, s->end ? s->end->offset_min : s->open->offset_min);
    case KTG_B_START:
        return ktg_value_of_item(s->open);
    case KTG_B_END:
        return ktg_value_of_item(s->end);
    default:
        return ktg_absent();
    }
}
