/* rules/evidence.c - the ordinary events behind a finding: decided by the texts, never by the order of evaluation.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdlib.h>

#include "rules/answer_impl.h"

/* Grow an array in the arena. */
static bool room(struct ktg_answer *a, void *array, size_t count, size_t *cap, size_t size)
{
    void **at = array;
    if (count < *cap)
        return true;
    size_t more = *cap ? *cap * 2 : 8;
    void *grown = ktg_answer_alloc(a, more * size);
    if (!grown)
        return false;
    if (count)
        memcpy(grown, *at, count * size);
    *at = grown;
    *cap = more;
    return true;
}

static void add_proof(struct ktg_answer *a, struct ktg_evidence *to, ktg_time at,
                      const uint8_t id[16], uint64_t pos)
{
    if (!room(a, &to->items, to->count, &to->cap, sizeof *to->items))
        return;
    struct ktg_proof *p = &to->items[to->count++];
    p->at = at;
    p->pos = pos;
    memcpy(p->id, id, 16);
}

static void add_name(struct ktg_answer *a, struct ktg_bytes **names, size_t *count, size_t *cap,
                     struct ktg_bytes name)
{
    if (!name.size)
        return;
    for (size_t i = *count; i-- > 0 && i + 8 > *count;) /* mostly one of the last */
        if (ktg_bytes_eq((*names)[i], name))
            return;
    if (room(a, names, *count, cap, sizeof **names))
        (*names)[(*count)++] = name;
}

void ktg_evidence_add(struct ktg_answer *a, struct ktg_evidence *to, const struct ktg_item *x)
{
    if (a->code || !x || !ktg_answer_spend(a, 1))
        return;
    const struct ktg_posted *p = x->e->posted;
    if (p) {
        for (size_t i = 0; i < p->evidence_count && !a->code; i++)
            add_proof(a, to, p->evidence_at[i], p->evidence[i], p->evidence_pos[i]);
        for (size_t i = 0; i < p->agency_count; i++)
            add_name(a, &to->agencies, &to->agency_count, &to->agency_cap, p->agencies[i]);
        add_name(a, &to->sources, &to->source_count, &to->source_cap, p->source);
        return;
    }
    const struct ktg_event *e = x->e->event;
    add_proof(a, to, e->occurred_at, e->id, x->e->pos);
    add_name(a, &to->agencies, &to->agency_count, &to->agency_cap, e->agency);
    add_name(a, &to->sources, &to->source_count, &to->source_cap, e->source);
}

static int by_time(const void *a, const void *b)
{
    const struct ktg_proof *x = a, *y = b;
    if (x->at != y->at)
        return x->at < y->at ? -1 : 1;
    return memcmp(x->id, y->id, 16);
}

static int by_bytes(const void *x, const void *y)
{
    return ktg_bytes_cmp(*(const struct ktg_bytes *)x, *(const struct ktg_bytes *)y);
}

static size_t sort_names(struct ktg_bytes *names, size_t count)
{
    size_t n = 0;
    if (count)
        qsort(names, count, sizeof *names, by_bytes);
    for (size_t i = 0; i < count; i++)
        if (!n || !ktg_bytes_eq(names[n - 1], names[i]))
            names[n++] = names[i];
    return n;
}

void ktg_evidence_sort(struct ktg_evidence *e)
{
    size_t n = 0;
    if (e->count)
        qsort(e->items, e->count, sizeof *e->items, by_time);
    for (size_t i = 0; i < e->count; i++)
        if (!n || memcmp(e->items[n - 1].id, e->items[i].id, 16) != 0)
            e->items[n++] = e->items[i];
    e->count = n;
    e->agency_count = sort_names(e->agencies, e->agency_count);
    e->source_count = sort_names(e->sources, e->source_count);
}

/* `each NAME in LIST` where nothing else reads LIST: what stands behind this one element. */
static void add_element(struct ktg_answer *a, const struct ktg_found *f, struct ktg_bound b,
                        struct ktg_evidence *to)
{
    struct ktg_frame frame = ktg_frame_of(a, f, b);
    if (!frame.has_each)
        return;
    if (frame.each.kind != KTG_CEL_REF) {
        ktg_evidence_add(a, to, ktg_distinct_first(a, (size_t)a->rule->each_with, b, &frame.each));
    } else if (frame.each.ref.tag == KTG_REF_ITEM) {
        ktg_evidence_add(a, to, frame.each.ref.p);
    } else if (frame.each.ref.tag == KTG_REF_HIT) {
        ktg_evidence_add(a, to, ((const struct ktg_hit_value *)frame.each.ref.p)->entry);
    } else if (frame.each.ref.tag == KTG_REF_SPAN) {
        const struct ktg_span_value *span = frame.each.ref.p;
        ktg_evidence_add(a, to, span->open);
        ktg_evidence_add(a, to, span->end);
    }
}

void ktg_evidence_of(struct ktg_answer *a, const struct ktg_found *f, struct ktg_bound b,
                     bool closed, struct ktg_evidence *to)
{
    for (size_t i = 0; i < a->rule->step_count; i++)
        ktg_evidence_add(a, to, f->tuple[i]);
    ktg_evidence_add(a, to, f->setter);
    if (closed)
        ktg_evidence_add(a, to, f->closer);
    for (size_t i = 0; i < a->rule->with_count; i++)
        if (a->rule->proves[i])
            ktg_asof_evidence(a, i, b, to);
    if (a->rule->each_with >= 0 && !a->rule->proves[a->rule->each_with])
        add_element(a, f, b, to);
    ktg_evidence_sort(to);
}
