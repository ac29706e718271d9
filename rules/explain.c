/* rules/explain.c - why it fired, and what would disprove it: the object of `alerts show` and of every export.
 *
 * The finding is found again by the same machinery that answers, so an explanation cannot differ from the answer.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "rules/forms/aggregate.h"

enum { MAX_CONDITIONS = 64, MAX_NOT_COUNTED = 50 };

static void put_pair(struct ktg_buf *b, const char *key, const char *text)
{
    ktg_wire_put_text(b, key);
    if (text)
        ktg_wire_put_text(b, text);
    else
        ktg_wire_put_nil(b);
}

static void put_instant(struct ktg_buf *b, const char *key, ktg_time t, int offset_min)
{
    char text[KTG_INSTANT_TEXT];
    ktg_instant_format(t, offset_min, text);
    put_pair(b, key, text);
}

/* "days=5, stay=...": the names of a condition with what they are worth. */
static void put_names(const struct ktg_frame *f, const struct ktg_cel *plan, struct ktg_buf *b)
{
    struct ktg_answer *a = f->a;
    struct ktg_buf text = KTG_BUF_INIT;
    size_t count = 0;
    const int *slots = ktg_cel_slots(plan, &count);
    for (size_t i = 0; i < count; i++) {
        const struct ktg_name *n = &a->rule->names[slots[i]];
        if (n->kind == KTG_NAME_FIELD || n->kind == KTG_NAME_OWN)
            continue;
        const char *name = n->kind == KTG_NAME_WITH  ? a->rule->withs[n->index].name
                           : n->kind == KTG_NAME_LET ? a->rule->lets[n->index].name
                                                     : NULL;
        ktg_buf_put_str(&text, text.size ? ", " : "");
        if (name)
            ktg_buf_put_str(&text, name);
        else
            ktg_buf_put_bytes(&text, n->text);
        ktg_buf_put_str(&text, "=");
        struct ktg_cel_value v = ktg_answer_slot(f, slots[i]);
        if (v.kind == KTG_CEL_REF && v.ref.tag == KTG_REF_ITEM) {
            const struct ktg_item *x = v.ref.p;
            ktg_buf_put_bytes(&text, x->e->event
                                         ? x->e->event->type_name
                                         : ktg_bytes_str(a->rs->rules[x->e->posted->rule]->name));
            char at[KTG_INSTANT_TEXT];
            ktg_instant_format(x->at, x->offset_min, at);
            ktg_buf_printf(&text, " of %s", at);
        } else if (v.kind == KTG_CEL_REF && v.ref.tag == KTG_REF_HIT) {
            ktg_hit_explain(v.ref.p, &text);
        } else if (v.kind == KTG_CEL_LIST && v.list.count && v.list.items[0].kind == KTG_CEL_REF) {
            ktg_buf_printf(&text, "%zu", v.list.count);
        } else if (v.kind == KTG_CEL_MAP) { /* a baseline */
            for (size_t k = 0; k < v.map.count; k++) {
                ktg_buf_put_str(&text, k ? ", " : "{");
                ktg_answer_text(f, &v.map.keys[k], &text);
                ktg_buf_put_str(&text, ": ");
                ktg_answer_text(f, &v.map.values[k], &text);
            }
            ktg_buf_put_str(&text, v.map.count ? "}" : "{}");
        } else {
            ktg_answer_text(f, &v, &text);
        }
    }
    ktg_wire_put_str_pair(b, "value", ktg_buf_view(&text));
    if (text.bad)
        a->code = KTG_ENOMEM;
    ktg_buf_done(&text);
}

/* {met, text, value, want} for each part of a condition */
static uint32_t put_condition(const struct ktg_frame *f, const struct ktg_cel *plan,
                              struct ktg_buf *b)
{
    uint32_t n = 0;
    for (size_t i = 0; plan && i < ktg_cel_conjunct_count(plan); i++, n++) {
        const struct ktg_cel *part = ktg_cel_conjunct(plan, i);
        ktg_wire_put_map(b, 4);
        ktg_wire_put_text(b, "met");
        ktg_wire_put_bool(b, ktg_answer_is_met(f, part));
        ktg_wire_put_str_pair(b, "text", ktg_cel_text(part));
        put_names(f, part, b);
        put_pair(b, "want", "true");
    }
    return n;
}

static uint32_t put_aggregate(const struct ktg_frame *f, struct ktg_buf *b)
{
    struct ktg_shown shown[KTG_SHOWN_MOST] = {{.met = false}};
    size_t n = f->a->rule->form->aggregate->shows(f, shown);
    for (size_t i = 0; i < n; i++) {
        ktg_wire_put_map(b, 4);
        ktg_wire_put_text(b, "met");
        ktg_wire_put_bool(b, shown[i].met);
        ktg_wire_put_str_pair(b, "text", shown[i].text);
        ktg_wire_put_str_pair(b, "value", ktg_buf_view(&shown[i].value));
        put_pair(b, "want", shown[i].want);
        if (shown[i].value.bad)
            f->a->code = KTG_ENOMEM;
        ktg_buf_done(&shown[i].value);
    }
    return (uint32_t)n;
}

static uint32_t put_conditions(struct ktg_answer *a, const struct ktg_found *f,
                               const struct ktg_frame *frame, struct ktg_buf *b)
{
    const struct ktg_rule *r = a->rule;
    struct ktg_frame start = ktg_frame_of(a, f, f->start);
    uint32_t n = 0;
    if (f->has_deadline) {
        char text[KTG_INSTANT_TEXT];
        ktg_instant_format(f->deadline, f->deadline_offset, text);
        ktg_wire_put_map(b, 4);
        ktg_wire_put_text(b, "met");
        ktg_wire_put_bool(b, true);
        ktg_wire_put_str_pair(b, "text", r->by_text.text);
        put_pair(b, "value", text);
        put_pair(b, "want", "not passed before it happens");
        n++;
    }
    if (r->form->aggregate)
        n += put_aggregate(frame, b);
    for (size_t i = 0; i < r->step_count; i++) {
        struct ktg_frame own = start;
        own.b = ktg_bound_before(f->tuple[i]);
        own.own = f->tuple[i];
        n += put_condition(&own, r->steps[i].where, b);
    }
    n += put_condition(r->step_count ? &start : frame, r->where, b);
    n += put_condition(frame, r->while_, b);
    return n;
}

static void put_event(struct ktg_buf *b, const struct ktg_item *x, bool counted)
{
    const struct ktg_event *e = x->e->event;
    char id[KTG_ID_TEXT];
    ktg_id_format(e->id, id);
    ktg_wire_put_map(b, 7);
    put_instant(b, "at", x->at, x->offset_min);
    ktg_wire_put_text(b, "counted");
    ktg_wire_put_bool(b, counted);
    put_pair(b, "id", id);
    put_pair(b, "note", counted ? "" : "read by the rule, and not behind this finding");
    ktg_wire_put_text(b, "position");
    ktg_wire_put_int(b, (int64_t)x->e->pos);
    ktg_wire_put_str_pair(b, "source", e->source);
    ktg_wire_put_str_pair(b, "type", e->type_name);
}

static uint32_t put_evidence(struct ktg_answer *a, const struct ktg_evidence *e, struct ktg_buf *b)
{
    uint32_t n = 0;
    size_t not_counted = 0;
    size_t skip = e->count > KTG_MAX_EVIDENCE ? e->count - KTG_MAX_EVIDENCE : 0;
    for (size_t k = skip; k < e->count; k++) {
        const struct ktg_item *x = NULL;
        for (size_t i = 0; i < a->count && !x; i++)
            if (a->items[i].e->event && !memcmp(a->items[i].e->event->id, e->items[k].id, 16))
                x = &a->items[i];
        if (x) {
            put_event(b, x, true);
        } else { /* stands on another timeline, behind a posted finding */
            char id[KTG_ID_TEXT];
            ktg_id_format(e->items[k].id, id);
            ktg_wire_put_map(b, 5);
            put_instant(b, "at", e->items[k].at, 0);
            ktg_wire_put_text(b, "counted");
            ktg_wire_put_bool(b, true);
            put_pair(b, "id", id);
            put_pair(b, "note", "behind a finding about another subject");
            ktg_wire_put_text(b, "position");
            ktg_wire_put_int(b, (int64_t)e->items[k].pos);
        }
        n++;
    }
    for (size_t i = a->count; i-- > 0 && not_counted < MAX_NOT_COUNTED;) {
        bool in = false;
        for (size_t k = 0; k < e->count; k++)
            in |= a->items[i].e->event && !memcmp(a->items[i].e->event->id, e->items[k].id, 16);
        if (in || !a->items[i].e->event)
            continue;
        put_event(b, &a->items[i], false);
        not_counted++;
        n++;
    }
    return n;
}

static uint32_t put_sources(struct ktg_answer *a, const struct ktg_evidence *e, struct ktg_buf *b)
{
    for (size_t i = 0; i < e->source_count; i++) {
        ktg_time heard = 0;
        bool known = a->world && a->world->heard &&
                     a->world->heard(a->world->arg, e->sources[i], &heard),
             live = true;
        for (size_t k = 0; k < a->rule->need_count; k++)
            live = live && (!known || heard >= a->now - a->rule->needs[k].within);
        ktg_wire_put_map(b, 3);
        ktg_wire_put_text(b, "heard");
        if (known) {
            char text[KTG_INSTANT_TEXT];
            ktg_instant_format(heard, 0, text);
            ktg_wire_put_text(b, text);
        } else {
            ktg_wire_put_nil(b);
        }
        ktg_wire_put_text(b, "live");
        ktg_wire_put_bool(b, live);
        ktg_wire_put_str_pair(b, "source", e->sources[i]);
    }
    return (uint32_t)e->source_count;
}

static void put_list(struct ktg_buf *to, const char *key, uint32_t count,
                     const struct ktg_buf *body)
{
    ktg_wire_put_text(to, key);
    ktg_wire_put_array(to, count);
    ktg_buf_put_bytes(to, ktg_buf_view(body));
    if (body->bad)
        to->bad = true;
}

int ktg_explain(const struct ktg_ruleset *rs, const struct ktg_rule *rule,
                const struct ktg_timeline *t, const struct ktg_finding *f, ktg_time now,
                const struct ktg_answer_world *world, struct ktg_arena *arena, struct ktg_buf *to)
{
    struct ktg_answer a = ktg_answer_begin(rs, rule, t, now, world, arena);
    struct ktg_bound b;
    bool closed;
    struct ktg_buf conditions = KTG_BUF_INIT, events = KTG_BUF_INIT, sources = KTG_BUF_INIT;
    const struct ktg_found *found = ktg_answer_find_one(&a, f, &b, &closed);
    if (!found) {
        ktg_buf_done(&a.scratch);
        return a.code ? a.code : KTG_ENOTFOUND;
    }
    struct ktg_frame frame = ktg_frame_of(&a, found, b);
    struct ktg_evidence e = {.count = 0};
    char version[33];
    ktg_evidence_of(&a, found, b, closed, &e);
    uint32_t condition_count = put_conditions(&a, found, &frame, &conditions);
    uint32_t event_count = put_evidence(&a, &e, &events),
             source_count = put_sources(&a, &e, &sources);
    ktg_hex(rule->hash, 16, version);

    ktg_wire_put_map(to, 10 + (found->has_deadline ? 1 : 0));
    put_list(to, "conditions", condition_count, &conditions);
    if (found->has_deadline)
        put_instant(to, "deadline", found->deadline, found->deadline_offset);
    ktg_wire_put_text(to, "disproved_by");
    ktg_wire_put_map(to, 2);
    put_pair(to, "en", rule->disproved_en);
    put_pair(to, "id", rule->disproved_id);
    put_list(to, "evidence", event_count, &events);
    put_pair(to, "legal", rule->legal);
    put_pair(to, "level", ktg_level_name(f->level));
    put_pair(to, "rule", rule->name);
    put_list(to, "sources", source_count, &sources);
    ktg_wire_put_text(to, "title");
    ktg_wire_put_map(to, 2);
    ktg_wire_put_str_pair(to, "en", f->title_en);
    ktg_wire_put_str_pair(to, "id", f->title_id);
    ktg_wire_put_text(to, "values");
    if (f->values.size)
        ktg_buf_put_bytes(to, f->values);
    else
        ktg_wire_put_map(to, 0);
    put_pair(to, "version", version);
    ktg_buf_done(&conditions);
    ktg_buf_done(&events);
    ktg_buf_done(&sources);
    ktg_buf_done(&a.scratch);
    return a.code ? a.code : ktg_buf_check(to);
}
