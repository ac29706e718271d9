/* rules/scope.c - see scope.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "rules/scope.h"

#include <stdio.h>

#include "rules/forms/aggregate.h"
#include "rules/phrase.h"
#include "rules/states/asof.h"

/* The fields that the language gives, for events, for posted findings, for spans. */
static const struct ktg_builtin_field builtins[] = {
    {"id", KTG_B_ID, KTG_ON_EVENT | KTG_ON_FINDING, KTG_CEL_STRING, false, false},
    {"type", KTG_B_TYPE, KTG_ON_EVENT | KTG_ON_FINDING, KTG_CEL_STRING, false, false},
    {"source", KTG_B_SOURCE, KTG_ON_EVENT | KTG_ON_FINDING, KTG_CEL_STRING, false, false},
    {"agency", KTG_B_AGENCY, KTG_ON_EVENT | KTG_ON_FINDING, KTG_CEL_STRING, false, false},
    {"occurred_at", KTG_B_OCCURRED_AT, KTG_ON_EVENT | KTG_ON_FINDING, KTG_CEL_TIMESTAMP, false,
     false},
    {"date", KTG_B_DATE, KTG_ON_EVENT | KTG_ON_FINDING, KTG_CEL_DATE, false, false},
    {"person", KTG_B_PERSON, KTG_ON_EVENT | KTG_ON_FINDING, KTG_CEL_STRING, true, false},
    {"persons", KTG_B_PERSONS, KTG_ON_EVENT | KTG_ON_FINDING, KTG_CEL_STRING, false, true},
    {"document", KTG_B_DOCUMENT, KTG_ON_EVENT, KTG_CEL_STRING, true, false},
    {"rule", KTG_B_RULE, KTG_ON_FINDING, KTG_CEL_STRING, false, false},
    {"level", KTG_B_LEVEL, KTG_ON_FINDING, KTG_CEL_STRING, false, false},
    {"weight", KTG_B_WEIGHT, KTG_ON_FINDING, KTG_CEL_INT, false, false},
    {"agencies", KTG_B_AGENCIES, KTG_ON_FINDING, KTG_CEL_STRING, false, true},
    {"root", KTG_B_ROOT, KTG_ON_FINDING, KTG_CEL_STRING, false, false},
    {"open", KTG_B_OPEN, KTG_ON_FINDING | KTG_ON_SPAN, KTG_CEL_BOOL, false, false},
    {"place", KTG_B_PLACE, KTG_ON_FINDING, KTG_CEL_OBJECT, true, false},
    {"subject", KTG_B_SUBJECT, KTG_ON_FINDING, KTG_CEL_STRING, false, false},
    {"from", KTG_B_FROM, KTG_ON_FINDING | KTG_ON_SPAN, KTG_CEL_TIMESTAMP, false, false},
    {"until", KTG_B_UNTIL, KTG_ON_FINDING | KTG_ON_SPAN, KTG_CEL_TIMESTAMP, true, false},
    {"start", KTG_B_START, KTG_ON_SPAN, KTG_CEL_REF, false, false},
    {"end", KTG_B_END, KTG_ON_SPAN, KTG_CEL_REF, true, false},
    {"entry", KTG_B_ENTRY, KTG_ON_HIT, KTG_CEL_REF, false, false},
    {"score", KTG_B_SCORE, KTG_ON_HIT, KTG_CEL_INT, false, false},
    {"since", KTG_B_SINCE, KTG_ON_HIT, KTG_CEL_TIMESTAMP, false, false},
    {"id", KTG_B_ID, KTG_ON_HIT, KTG_CEL_STRING, false, false},
};

const struct ktg_builtin_field *ktg_builtin_at(size_t i)
{
    return i < KTG_COUNT(builtins) ? &builtins[i] : NULL;
}

const struct ktg_builtin_field *ktg_builtin_find(struct ktg_bytes name, int on)
{
    for (size_t i = 0; i < KTG_COUNT(builtins); i++)
        if ((builtins[i].on & on) && ktg_bytes_is(name, builtins[i].name))
            return &builtins[i];
    return NULL;
}

static struct ktg_cel_type builtin_type(const struct ktg_row *row,
                                        const struct ktg_builtin_field *b, struct ktg_arena *arena)
{
    struct ktg_cel_type t = {.kind = b->kind, .optional = b->optional};
    if (b->what == KTG_B_PLACE)
        t.shape = row->rs->place;
    if (b->kind == KTG_CEL_REF) {
        struct ktg_row *of = ktg_arena_zalloc(arena, sizeof *of);
        if (of) {
            *of = *row;
            of->span = of->hit = false;
        }
        t.row = of;
    }
    if (b->list) {
        struct ktg_cel_type *elem = ktg_arena_zalloc(arena, sizeof *elem);
        if (elem)
            *elem = t;
        t = (struct ktg_cel_type){.kind = KTG_CEL_LIST, .elem = elem};
    }
    return t;
}

struct merge {
    struct ktg_cel_type type;
    bool found, missing;
};

static void merge(struct merge *m, const struct ktg_cel_type *t)
{
    if (!t) {
        m->missing = true;
    } else if (!m->found) {
        m->type = *t;
        m->found = true;
    } else {
        bool optional = m->type.optional || t->optional;
        bool age = ktg_cel_says_age(&m->type) || ktg_cel_says_age(t);
        enum ktg_rules_may rules = m->type.rules > t->rules ? m->type.rules : t->rules;
        if (m->type.kind != t->kind || (t->kind == KTG_CEL_OBJECT && m->type.shape != t->shape))
            m->type = (struct ktg_cel_type){.kind = KTG_CEL_DYN};
        if (m->type.codes != t->codes)
            m->type.codes = NULL;
        m->type.optional = optional;
        m->type.rules = rules;
        m->type.age |= age;
    }
}

/* What a rule made of a field keeps its bounds, also in what it posts. */
static struct ktg_cel_type type_of_let(const struct ktg_let *let)
{
    struct ktg_cel_type t = {.kind = KTG_CEL_DYN};
    if (let->plan)
        t = ktg_cel_type_of(let->plan);
    if (let->plan && ktg_cel_reads_identity(let->plan))
        t.rules = KTG_RULES_IDENTITY_ONLY;
    return t;
}

static bool reads_identity(const struct ktg_with *w)
{
    const struct ktg_cel *plans[] = {w->key, w->from, w->past, w->step.where,
                                     w->until ? w->until->where : NULL};
    for (size_t i = 0; i < KTG_COUNT(plans); i++)
        if (plans[i] && ktg_cel_reads_identity(plans[i]))
            return true;
    return false;
}

static void field_of_rule(struct merge *m, const struct ktg_row *row, const struct ktg_rule *r,
                          struct ktg_bytes name, struct ktg_arena *arena)
{
    const struct ktg_builtin_field *b = ktg_builtin_find(name, KTG_ON_FINDING);
    if (b) {
        struct ktg_cel_type t = builtin_type(row, b, arena);
        merge(m, &t);
        return;
    }
    int own = ktg_form_value_find(r, name);
    if (own >= 0) {
        merge(m, &r->form->aggregate->values[own].travels);
        return;
    }
    for (size_t i = 0; i < r->let_count; i++) {
        if (r->lets[i].shared || !ktg_bytes_is(name, r->lets[i].name))
            continue;
        struct ktg_cel_type t = type_of_let(&r->lets[i]);
        if (t.kind == KTG_CEL_REF || t.kind == KTG_CEL_OBJECT) /* travels as its id, as wire */
            t = (struct ktg_cel_type){.kind = t.kind == KTG_CEL_REF ? KTG_CEL_STRING : KTG_CEL_DYN,
                                      .age = t.age,
                                      .rules = t.rules};
        t.optional = true; /* an absent result leaves the value out */
        merge(m, &t);
        return;
    }
    merge(m, NULL);
}

struct ktg_cel_type ktg_row_field(const struct ktg_row *row, struct ktg_bytes name,
                                  struct ktg_arena *arena, bool *ret_found)
{
    const struct ktg_ruleset *rs = row->rs;
    const struct ktg_builtin_field *b;
    *ret_found = true;
    if ((row->span || row->hit) &&
        (b = ktg_builtin_find(name, row->hit ? KTG_ON_HIT : KTG_ON_SPAN)))
        return builtin_type(row, b, arena);
    struct merge m = {.found = false};
    size_t types = ktg_catalogue_type_count(rs->catalogue);
    b = ktg_builtin_find(name, KTG_ON_EVENT);
    for (size_t i = 0; i < types; i++) {
        bool in = false;
        for (size_t k = 0; k < row->count; k++)
            in |= row->steps[k]->roles && row->steps[k]->roles[i];
        if (!in)
            continue;
        const struct ktg_field *f =
            ktg_shape_field(ktg_catalogue_type_at(rs->catalogue, (int)i)->data, name);
        struct ktg_cel_type t;
        if (f) /* what a type declares itself wins: the `date` of a marriage is not the day on which it was registered */
            t = ktg_cel_field_type(f, arena);
        else if (b)
            t = builtin_type(row, b, arena);
        merge(&m, b || f ? &t : NULL);
    }
    for (size_t i = 0; i < rs->count; i++) {
        bool in = false;
        for (size_t k = 0; k < row->count; k++)
            in |= row->steps[k]->reads && row->steps[k]->reads[i];
        if (in)
            field_of_rule(&m, row, rs->rules[i], name, arena);
    }
    if (!m.found &&
        (b = ktg_builtin_find(
             name, KTG_ON_FINDING))) /* a class that is empty here still has its fields */
        for (size_t k = 0; k < row->count; k++)
            if (row->steps[k]->any_finding) {
                m.type = builtin_type(row, b, arena);
                m.found = true;
            }
    *ret_found = m.found;
    m.type.optional |= m.missing;
    return m.type;
}

/* ---- names ---- */

static int slot_of(struct ktg_scope *s, enum ktg_name_kind kind, int index, struct ktg_bytes text)
{
    struct ktg_rule *r = s->r;
    for (size_t i = 0; i < r->name_count; i++)
        if (r->names[i].kind == kind && r->names[i].index == index &&
            (kind != KTG_NAME_FIELD || ktg_bytes_eq(r->names[i].text, text)))
            return (int)i;
    if (r->name_count == KTG_MAX_NAMES) {
        ktg_rule_error(s->l, r, s->text, "more than %d names in one rule", KTG_MAX_NAMES);
        return 0;
    }
    char *copy =
        ktg_arena_strndup(&s->l->rs->arena, text.size ? (const char *)text.data : "", text.size);
    if (!copy)
        s->l->code = KTG_ENOMEM;
    r->names[r->name_count] = (struct ktg_name){kind, index, ktg_bytes(copy, copy ? text.size : 0)};
    return (int)r->name_count++;
}

static int found_thing(struct ktg_scope *s, struct ktg_bytes name, enum ktg_name_kind kind,
                       int index, int *ret_slot)
{
    if (s->tuple_read)
        *s->tuple_read = true;
    *ret_slot = slot_of(s, kind, index, name);
    return KTG_OK;
}

/* Names that would make an event mean something else on another timeline. */
static bool is_of_a_timeline(const struct ktg_scope *s, struct ktg_bytes name)
{
    static const char *const words[] = {"subject", "now", "person", "persons", NULL};
    const struct ktg_rule *r = s->r;
    bool is = false;
    for (size_t i = 0; words[i]; i++)
        is |= ktg_bytes_is(name, words[i]);
    for (size_t i = 0; i < r->with_count; i++)
        is |= (int)i != r->counted && ktg_bytes_is(name, r->withs[i].name);
    for (size_t i = 0; i < r->let_count; i++)
        is |= ktg_bytes_is(name, r->lets[i].name);
    return is;
}

static void not_alone(struct ktg_scope *s, struct ktg_bytes name)
{
    ktg_rule_error(s->l, s->r, s->text,
                   "'%.*s' depends on whose timeline it is; here an event is looked at alone: its "
                   "fields, lists and settings",
                   (int)name.size, (const char *)name.data);
}

/* The names of a text that sees the event at hand and nothing else. */
static int alone_name(struct ktg_scope *s, struct ktg_bytes name, int *ret_slot,
                      struct ktg_cel_type *ret_type)
{
    bool found = false;
    if (s->own && name.size && ktg_bytes_eq(name, s->own_alias)) {
        *ret_type = (struct ktg_cel_type){.kind = KTG_CEL_REF, .row = s->own};
        *ret_slot = slot_of(s, KTG_NAME_OWN, 0, KTG_BYTES_NONE);
        return KTG_OK;
    }
    if (s->own && !ktg_bytes_is(name, "person") && !ktg_bytes_is(name, "persons"))
        *ret_type = ktg_row_field(s->own, name, &s->l->rs->arena, &found);
    if (ret_type->kind == KTG_CEL_LIST && !ret_type->elem)
        s->l->code = KTG_ENOMEM;
    if (!found) {
        if (!is_of_a_timeline(s, name))
            return KTG_ENOTFOUND;
        not_alone(s, name);
        ret_type->kind = KTG_CEL_DYN;
    }
    *ret_slot = slot_of(s, KTG_NAME_FIELD, 0, name);
    return KTG_OK;
}

static int scope_name(void *arg, struct ktg_bytes name, int *ret_slot,
                      struct ktg_cel_type *ret_type)
{
    struct ktg_scope *s = arg;
    struct ktg_rule *r = s->r;
    struct ktg_arena *arena = &s->l->rs->arena;
    memset(ret_type, 0, sizeof *ret_type);
    if (s->alone)
        return alone_name(s, name, ret_slot, ret_type);
    if (s->own && name.size &&
        (ktg_bytes_eq(name, s->own_alias) || ktg_bytes_eq(name, s->own_alias2))) {
        *ret_type = (struct ktg_cel_type){.kind = KTG_CEL_REF, .row = s->own};
        if (s->own_step >= 0)
            return found_thing(s, name, KTG_NAME_ALIAS, s->own_step, ret_slot);
        *ret_slot = slot_of(s, KTG_NAME_OWN, 0, KTG_BYTES_NONE);
        return KTG_OK;
    }
    for (size_t i = 0; i < s->tuple && i < r->step_count; i++)
        if (ktg_bytes_eq(name, r->steps[i].alias.text)) {
            *ret_type = (struct ktg_cel_type){.kind = KTG_CEL_REF, .row = &r->steps[i].row};
            return found_thing(s, name, KTG_NAME_ALIAS, (int)i, ret_slot);
        }
    if (s->each && r->each_name && ktg_bytes_is(name, r->each_name)) {
        *ret_type = r->each_type;
        return found_thing(s, name, KTG_NAME_EACH, 0, ret_slot);
    }
    if (s->deadline && ktg_bytes_is(name, "deadline")) {
        ret_type->kind = KTG_CEL_TIMESTAMP;
        return found_thing(s, name, KTG_NAME_DEADLINE, 0, ret_slot);
    }
    int of_form = s->count ? ktg_form_value_find(r, name) : -1;
    if (of_form >= 0) {
        const struct ktg_form_value *v = &r->form->aggregate->values[of_form];
        *ret_type = v->type ? v->type(r) : v->travels;
        return found_thing(s, name, KTG_NAME_FORM, of_form, ret_slot);
    }
    if (ktg_bytes_is(name, "subject") || ktg_bytes_is(name, "now")) {
        bool now = name.size == 3;
        ret_type->kind = now ? KTG_CEL_TIMESTAMP : KTG_CEL_STRING;
        *ret_slot = slot_of(s, now ? KTG_NAME_NOW : KTG_NAME_SUBJECT, 0, name);
        return KTG_OK;
    }
    if (s->own) {
        bool found;
        *ret_type = ktg_row_field(s->own, name, arena, &found);
        if (ret_type->kind == KTG_CEL_LIST && !ret_type->elem)
            s->l->code = KTG_ENOMEM;
        if (found) {
            *ret_slot = slot_of(s, KTG_NAME_FIELD, 0, name);
            return KTG_OK;
        }
    }
    for (size_t i = 0; i < r->with_count; i++) {
        struct ktg_with *w = &r->withs[i];
        if ((int)i == r->counted || !ktg_bytes_is(name, w->name))
            continue;
        ktg_with_compile(s->l, r, w);
        w->used = true;
        *ret_type = w->type;
        if (reads_identity(w))
            ret_type->rules = KTG_RULES_IDENTITY_ONLY;
        *ret_slot = slot_of(s, KTG_NAME_WITH, (int)i, name);
        return KTG_OK;
    }
    for (size_t i = 0; i < r->let_count; i++) {
        struct ktg_let *t = &r->lets[i];
        if (!ktg_bytes_is(name, t->name))
            continue;
        ktg_let_compile(s->l, r, t);
        t->used = true;
        if (t->tuple && s->aside)
            ktg_rule_error(s->l, r, s->text,
                           "'%s' speaks of a finding (an alias, deadline, each, or what the form "
                           "counts), which a "
                           "state form cannot see",
                           t->name);
        if (t->tuple && s->tuple_read)
            *s->tuple_read = true;
        *ret_type = type_of_let(t);
        *ret_slot = slot_of(s, KTG_NAME_LET, (int)i, name);
        return KTG_OK;
    }
    return KTG_ENOTFOUND;
}

static int scope_field(void *arg, const void *row, struct ktg_bytes name,
                       struct ktg_cel_type *ret_type)
{
    struct ktg_scope *s = arg;
    bool found;
    if (s->alone && (ktg_bytes_is(name, "person") || ktg_bytes_is(name, "persons")))
        not_alone(s, name);
    *ret_type = ktg_row_field(row, name, &s->l->rs->arena, &found);
    if (ret_type->kind == KTG_CEL_LIST && !ret_type->elem)
        s->l->code = KTG_ENOMEM;
    return found ? KTG_OK : KTG_ENOTFOUND;
}

enum { MAX_WORDS = 400 };
static size_t row_words(const struct ktg_row *row, const char **words, size_t n)
{
    const struct ktg_ruleset *rs = row->rs;
    const struct ktg_builtin_field *b;
    bool events = false, findings = false;
    for (size_t i = 0; i < ktg_catalogue_type_count(rs->catalogue); i++) {
        bool in = false;
        for (size_t k = 0; k < row->count; k++)
            in |= row->steps[k]->roles && row->steps[k]->roles[i];
        if (!in)
            continue;
        events = true;
        const struct ktg_shape *shape = ktg_catalogue_type_at(rs->catalogue, (int)i)->data;
        for (size_t k = 0; shape && k < shape->count && n < MAX_WORDS; k++)
            words[n++] = shape->fields[k].name;
    }
    for (size_t i = 0; i < rs->count; i++)
        for (size_t k = 0; k < row->count; k++)
            if (row->steps[k]->reads && row->steps[k]->reads[i]) {
                findings = true;
                for (size_t v = 0; v < rs->rules[i]->let_count && n < MAX_WORDS; v++)
                    words[n++] = rs->rules[i]->lets[v].name;
            }
    for (size_t i = 0; (b = ktg_builtin_at(i)) && n < MAX_WORDS; i++)
        if (((b->on & KTG_ON_EVENT) && events) || ((b->on & KTG_ON_FINDING) && findings) ||
            ((b->on & KTG_ON_SPAN) && row->span) || ((b->on & KTG_ON_HIT) && row->hit))
            words[n++] = b->name;
    return n;
}

/* Every shape is in the catalogue once a field has it. */
static enum ktg_rules_may strictest(const struct ktg_shape *shape, struct ktg_bytes name, int depth)
{
    enum ktg_rules_may may = KTG_RULES_MAY;
    for (size_t i = 0; shape && depth < 8 && i < shape->count; i++) {
        const struct ktg_field *f = &shape->fields[i];
        enum ktg_rules_may in = strictest(f->shape, name, depth + 1);
        if (ktg_bytes_is(name, f->name) && f->rules > may)
            may = f->rules;
        may = in > may ? in : may;
    }
    return may;
}

static enum ktg_rules_may scope_guarded(void *arg, struct ktg_bytes name)
{
    const struct ktg_scope *s = arg;
    const struct ktg_catalogue *c = s->l->rs->catalogue;
    enum ktg_rules_may may = KTG_RULES_MAY;
    for (size_t i = 0; i < ktg_catalogue_type_count(c); i++) {
        enum ktg_rules_may of = strictest(ktg_catalogue_type_at(c, (int)i)->data, name, 0);
        may = of > may ? of : may;
    }
    for (size_t i = 0; i < s->l->rs->count; i++) /* what findings carry keeps its mark, too */
        for (size_t k = 0; k < s->l->rs->rules[i]->let_count; k++) {
            const struct ktg_let *t = &s->l->rs->rules[i]->lets[k];
            struct ktg_cel_type type = {.kind = KTG_CEL_DYN};
            if (ktg_bytes_is(name, t->name))
                type = type_of_let(t);
            if (may < KTG_RULES_APART && ktg_cel_says_age(&type))
                may = KTG_RULES_APART;
            if (may < type.rules)
                may = type.rules;
        }
    return may;
}

static const char *scope_nearest(void *arg, const void *row, struct ktg_bytes name)
{
    struct ktg_scope *s = arg;
    const char *words[MAX_WORDS + 2 * KTG_MAX_WITHS + KTG_MAX_STEPS + 8], *got;
    size_t n = 0;
    if (row) {
        n = row_words(row, words, n);
    } else {
        if (s->own)
            n = row_words(s->own, words, n);
        for (size_t i = 0; i < s->tuple && i < s->r->step_count; i++)
            if (s->r->steps[i].alias.text.size &&
                (got = ktg_arena_strndup(&s->l->rs->arena,
                                         (const char *)s->r->steps[i].alias.text.data,
                                         s->r->steps[i].alias.text.size)))
                words[n++] = got;
        for (size_t i = 0; i < s->r->with_count; i++)
            words[n++] = s->r->withs[i].name;
        for (size_t i = 0; i < s->r->let_count; i++)
            words[n++] = s->r->lets[i].name;
        words[n++] = "subject";
        words[n++] = "now";
        if (s->deadline)
            words[n++] = "deadline";
    }
    words[n] = NULL;
    got = ktg_arena_strndup(&s->l->rs->arena, (const char *)name.data, name.size);
    return got ? ktg_yaml_nearest(got, words) : NULL;
}

static void scope_warn(void *arg, int line, int column, const char *text)
{
    struct ktg_scope *s = arg;
    ktg_load_warning(s->l, s->text->file, line, column, "%s", text);
}

/* "FILE:3:4: text" as it comes becomes "FILE:3:4: error: text". */
static void add_message(struct ktg_load *l, const char *file, const char *message, const char *hint)
{
    size_t n = strlen(file), at = 0;
    if (strncmp(message, file, n) == 0 && message[n] == ':') {
        const char *p = message + n + 1;
        while ((*p >= '0' && *p <= '9') || *p == ':')
            p++;
        if (*p == ' ')
            at = (size_t)(p - message) + 1;
    }
    ktg_buf_printf(&l->notes->text, "%.*serror: %s%s\n", (int)at, message, message + at, hint);
    l->notes->errors++;
}

static const char *const kind_words[] = {"nothing",    "null",       "a bool",  "an int", "a text",
                                         "a duration", "an instant", "a date",  "a list", "a map",
                                         "an object",  "an event",   "anything"};

static struct ktg_cel_value setting_of(void *arg, struct ktg_bytes name)
{
    const struct ktg_setting *s = ktg_ruleset_setting(arg, name);
    return s ? s->value : (struct ktg_cel_value){.kind = KTG_CEL_ABSENT};
}

/* How much of the spans that it names a text reads (states/spans.c). */
static void note_days(const struct ktg_scope *s, const struct ktg_cel *plan)
{
    struct ktg_cel_times of = {.arg = s->l->rs, .setting = setting_of};
    size_t count;
    const int *slots = ktg_cel_slots(plan, &count);
    for (size_t i = 0; i < count; i++) {
        const struct ktg_name *n = &s->r->names[slots[i]];
        struct ktg_with *w = n->kind == KTG_NAME_WITH ? &s->r->withs[n->index] : NULL;
        int64_t days;
        if (!w || w->form != &ktg_asof_spans)
            continue;
        w->days_alone &= ktg_cel_days_back(plan, slots[i], &of, &days);
        w->days_back = days > w->days_back ? days : w->days_back;
    }
}

const struct ktg_cel *ktg_scope_compile(struct ktg_scope *s, const struct ktg_phrase *text,
                                        uint32_t want, const char *what)
{
    if (!text->text.size || s->r->broken)
        return NULL;
    struct ktg_cel_scope cs = {.arg = s,
                               .name = scope_name,
                               .field = scope_field,
                               .guarded = scope_guarded,
                               .nearest = scope_nearest,
                               .identity_rule = s->r->identity,
                               .decimals = s->decimals,
                               .warn = scope_warn};
    struct ktg_err err = KTG_ERR_INIT;
    const struct ktg_cel *plan = NULL;
    s->text = text;
    int code = ktg_cel_compile(text->text, text->file, text->line, text->column, &cs,
                               &s->l->rs->arena, &plan, &err);
    if (code == KTG_ENOMEM) {
        s->l->code = code;
        return NULL;
    }
    if (code) {
        bool cut = text->plain && ktg_load_line_has_comment(s->l, text);
        s->r->broken = true;
        add_message(s->l, text->file, err.text,
                    cut       ? " (a ' #' in an unquoted text begins a comment: quote the text)"
                    : s->hint ? s->hint
                              : "");
        return NULL;
    }
    struct ktg_cel_type t = ktg_cel_type_of(plan);
    if (want && t.kind != KTG_CEL_DYN && !(want & KTG_WANT(t.kind))) {
        char wanted[160] = "";
        for (unsigned k = 0; k < KTG_COUNT(kind_words); k++)
            if (want & KTG_WANT(k)) {
                size_t n = strlen(wanted);
                snprintf(wanted + n, sizeof wanted - n, "%s%s", n ? " or " : "", kind_words[k]);
            }
        ktg_rule_error(s->l, s->r, text, "%s wants %s; '%.*s' gives %s", what, wanted,
                       (int)text->text.size, (const char *)text->text.data, kind_words[t.kind]);
        return NULL;
    }
    if (!s->r->identity && !s->keeps_age && t.kind != KTG_CEL_BOOL && ktg_cel_says_age(&t)) {
        ktg_rule_error(s->l, s->r, text,
                       "'%.*s' says how old somebody is: it can be compared with a number, and "
                       "stand in 'let' and in a title",
                       (int)text->text.size, (const char *)text->text.data);
        return NULL;
    }
    note_days(s, plan);
    return plan;
}

/* ---- with and let ---- */

void ktg_with_compile(struct ktg_load *l, struct ktg_rule *r, struct ktg_with *w)
{
    if (w->ready)
        return;
    if (w->busy) {
        ktg_rule_error(l, r, &w->text, "'%s' reads itself", w->name);
        return;
    }
    w->busy = 1;
    if (w->form->compile) {
        w->form->compile(l, r, w);
        w->type = w->form->type(w);
        w->busy = 0;
        w->ready = true;
        return;
    }
    ktg_step_resolve(l, r, &w->step);
    struct ktg_scope s = {.l = l,
                          .r = r,
                          .own = &w->step.row,
                          .own_alias = w->step.alias.text,
                          .own_step = -1,
                          .aside = true,
                          .alone = w->alone};
    if (w->until)
        ktg_step_resolve(l, r, w->until);
    w->both[0] = &w->step;
    w->both[1] = w->until;
    struct ktg_row *both = ktg_load_alloc(l, sizeof *both);
    if (!both)
        return;
    *both = (struct ktg_row){.steps = w->both, .count = w->until ? 2 : 1, .rs = l->rs};
    w->step.where =
        ktg_scope_compile(&s, &w->step.where_text, KTG_WANT(KTG_CEL_BOOL), "a condition");
    w->from = ktg_scope_compile(&s, &w->from_text, KTG_WANT(KTG_CEL_TIMESTAMP), "'from'");
    w->past = ktg_scope_compile(&s, &w->past_text, KTG_WANT(KTG_CEL_TIMESTAMP), "'past'");
    if (w->until) {
        struct ktg_scope u = s;
        u.own = &w->until->row;
        u.own_alias = w->until->alias.text;
        w->until->where =
            ktg_scope_compile(&u, &w->until->where_text, KTG_WANT(KTG_CEL_BOOL), "a condition");
        s.own = both;
        s.own_alias2 = w->until->alias.text;
    }
    w->key = ktg_scope_compile(&s, &w->key_text,
                               w->form == &ktg_asof_sum ? KTG_WANT(KTG_CEL_INT) : 0, "'sum'");
    w->row_steps[0] = &w->step;
    w->row = (struct ktg_row){
        .span = w->form == &ktg_asof_spans, .steps = w->row_steps, .count = 1, .rs = l->rs};
    w->elem = (struct ktg_cel_type){.kind = KTG_CEL_REF, .row = &w->row};
    if (w->form->key == KTG_KEY_OF) {
        w->elem = w->key ? ktg_cel_type_of(w->key) : (struct ktg_cel_type){.kind = KTG_CEL_DYN};
        if (w->elem.kind == KTG_CEL_LIST)
            w->elem = w->elem.elem ? *w->elem.elem : (struct ktg_cel_type){.kind = KTG_CEL_DYN};
        w->elem.optional = false;
    }
    w->type = w->form->type(w);
    w->busy = 0;
    w->ready = true;
}

void ktg_let_compile(struct ktg_load *l, struct ktg_rule *r, struct ktg_let *t)
{
    if (t->ready)
        return;
    if (t->busy) {
        ktg_rule_error(l, r, &t->text, "'%s' reads itself", t->name);
        return;
    }
    t->busy = 1;
    struct ktg_scope s = {.l = l,
                          .r = r,
                          .own_step = -1,
                          .tuple = r->step_count,
                          .deadline = r->by_text.text.size > 0,
                          .each = true,
                          .count = true,
                          .keeps_age = true,
                          .tuple_read = &t->tuple};
    t->plan = ktg_scope_compile(&s, &t->text, 0, "");
    t->busy = 0;
    t->ready = true;
}
