/* rules/step.c - steps and state forms out of their phrases; which types and rules a step means.
 *
 *   TYPE [or TYPE]... [as NAME] [where CEL]              a step
 *   STEP to EXPR                                         a mover
 *   last STEP within W, open(KEY) STEP from EXPR until STEP past EXPR, distinct(EXPR) of STEP within W ...
 * SPDX-License-Identifier: Apache-2.0
 */
#include "rules/phrase.h"
#include "rules/states/asof.h"

enum { AS, WHERE, TO, UNTIL, PAST, FROM, WITHIN };
static const char *const step_words[] = {"as", "where", NULL};
static const char *const mover_words[] = {"as", "where", "to", NULL};
static const char *const state_words[] = {"as",   "where", "to",     "until",
                                          "past", "from",  "within", NULL};

static bool parse_terms(struct ktg_load *l, struct ktg_rule *r, const struct ktg_phrase *text,
                        struct ktg_step *s)
{
    static const char *const or_words[] = {"or", NULL};
    struct ktg_part parts[KTG_MAX_PARTS];
    size_t count = ktg_phrase_cut(text, or_words, parts);
    struct ktg_term *terms = ktg_load_alloc(l, sizeof *terms * (count ? count : 1));
    if (!terms)
        return false;
    for (size_t i = 0; i < count; i++) {
        struct ktg_phrase t = parts[i].text;
        const uint8_t *open = t.text.size ? memchr(t.text.data, '(', t.text.size) : NULL;
        if (open) {
            size_t end, at = (size_t)(open - t.text.data);
            if (!ktg_phrase_bracket(&t, at, &terms[i].role_name, &end) || end != t.text.size) {
                ktg_rule_error(l, r, &t, "'%.*s' is no step: write TYPE or TYPE(ROLE)",
                               (int)t.text.size, (const char *)t.text.data);
                return false;
            }
            t = ktg_phrase_sub(&t, 0, at);
        }
        for (size_t k = 0; k < t.text.size; k++) {
            uint8_t c = t.text.data[k];
            if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '.' || c == '-' || c == '_'))
                t.text.size = 0;
        }
        if (t.text.size == 0) {
            ktg_rule_error(
                l, r, &parts[i].text,
                "'%.*s' is no event type; a step is TYPE [or TYPE]... [as NAME] [where CONDITION]",
                (int)parts[i].text.text.size, (const char *)parts[i].text.text.data);
            return false;
        }
        terms[i].name = t;
    }
    if (count == 0) {
        ktg_rule_error(l, r, text, "too many types in one step");
        return false;
    }
    s->terms = terms;
    s->term_count = count;
    s->self = s;
    return true;
}

/* Put one part of a step in its place; false with a message. */
static bool take_part(struct ktg_load *l, struct ktg_rule *r, struct ktg_step *s,
                      const struct ktg_part *part)
{
    struct ktg_phrase *to = part->keyword == AS ? &s->alias : &s->where_text;
    if (to->text.size) {
        ktg_rule_error(l, r, &part->text, "'%s' stands twice in one step",
                       part->keyword == AS ? "as" : "where");
        return false;
    }
    if (part->keyword == AS && !ktg_word_ok(part->text.text)) {
        ktg_rule_error(l, r, &part->text,
                       "'%.*s' is no name: letters, digits and _, beginning with a letter",
                       (int)part->text.text.size, (const char *)part->text.text.data);
        return false;
    }
    if (part->text.text.size == 0) {
        ktg_rule_error(l, r, &part->text, "'%s' without a condition", "where");
        return false;
    }
    *to = part->text;
    return true;
}

bool ktg_step_parse(struct ktg_load *l, struct ktg_rule *r, const struct ktg_phrase *text,
                    struct ktg_step *ret_s)
{
    struct ktg_part parts[KTG_MAX_PARTS];
    size_t count = ktg_phrase_cut(text, step_words, parts);
    memset(ret_s, 0, sizeof *ret_s);
    ret_s->text = *text;
    if (count == 0) {
        ktg_rule_error(l, r, text, "a step that is too long");
        return false;
    }
    for (size_t i = 1; i < count; i++)
        if (!take_part(l, r, ret_s, &parts[i]))
            return false;
    return parse_terms(l, r, &parts[0].text, ret_s);
}

bool ktg_mover_parse(struct ktg_load *l, struct ktg_rule *r, const struct ktg_phrase *text,
                     struct ktg_mover *ret_m)
{
    struct ktg_part parts[KTG_MAX_PARTS];
    size_t count = ktg_phrase_cut(text, mover_words, parts);
    memset(ret_m, 0, sizeof *ret_m);
    ret_m->step.text = *text;
    for (size_t i = 1; i < count; i++) {
        if (parts[i].keyword == TO)
            ret_m->to_text = parts[i].text;
        else if (!take_part(l, r, &ret_m->step, &parts[i]))
            return false;
    }
    if (count == 0 || ret_m->to_text.text.size == 0) {
        ktg_rule_error(l, r, text, "a mover is 'STEP to EXPR': no 'to' here");
        return false;
    }
    return parse_terms(l, r, &parts[0].text, &ret_m->step);
}

/* Of "baseline(W, H) of distinct(EXPR) of STEP" what follows the first bracket, whose text is in w->key_text. */
static bool parse_nested(struct ktg_load *l, struct ktg_rule *r, const struct ktg_phrase *head,
                         const struct ktg_phrase *rest, struct ktg_with *w,
                         struct ktg_phrase *ret_step)
{
    static const char inner[] = "of distinct";
    const size_t n = sizeof inner - 1;
    struct ktg_bytes both = w->key_text.text;
    const uint8_t *comma = both.size ? memchr(both.data, ',', both.size) : NULL;
    size_t at = comma ? (size_t)(comma - both.data) : 0, end = 0;
    struct ktg_phrase every = ktg_phrase_sub(&w->key_text, 0, at), over = {0};
    if (comma)
        over = ktg_phrase_sub(&w->key_text, at + 1, both.size - at - 1);
    if (!comma || ktg_duration_parse(every.text, &w->every) ||
        ktg_duration_parse(over.text, &w->over) || w->every <= 0 || w->over / w->every < 2 ||
        w->over / w->every > KTG_MAX_WINDOWS) {
        ktg_rule_error(l, r, head,
                       "'%s' wants the length of a window and a time of 2 to %d of them, such as "
                       "%s(14d, 180d)",
                       w->form->name, KTG_MAX_WINDOWS, w->form->name);
        return false;
    }
    if (rest->text.size <= n || memcmp(rest->text.data, inner, n) != 0 ||
        rest->text.data[n] != '(' || !ktg_phrase_bracket(rest, n, &w->key_text, &end) ||
        !w->key_text.text.size) {
        ktg_rule_error(l, r, head, "write '%s'", w->form->usage);
        return false;
    }
    struct ktg_phrase step = ktg_phrase_sub(rest, end, rest->text.size - end);
    if (step.text.size <= 3 || memcmp(step.text.data, "of ", 3) != 0) {
        ktg_rule_error(l, r, head, "write '%s'", w->form->usage);
        return false;
    }
    *ret_step = ktg_phrase_sub(&step, 3, step.text.size - 3);
    return true;
}

/* "last(KEY) STEP": the form, its bracket, and where the step begins. */
static bool parse_head(struct ktg_load *l, struct ktg_rule *r, const struct ktg_phrase *head,
                       struct ktg_with *w, struct ktg_phrase *ret_step)
{
    size_t n = 0;
    while (n < head->text.size && head->text.data[n] >= 'a' && head->text.data[n] <= 'z')
        n++;
    w->form = ktg_asof_form_find(ktg_bytes(head->text.data, n));
    if (!w->form) {
        char names[160];
        ktg_asof_form_names(names, sizeof names);
        ktg_rule_error(l, r, head, "'%.*s' is no state form; known: %s", (int)n,
                       (const char *)head->text.data, names);
        return false;
    }
    size_t end = n;
    if (n < head->text.size && head->text.data[n] == '(') {
        if (!ktg_phrase_bracket(head, n, &w->key_text, &end) || w->key_text.text.size == 0) {
            ktg_rule_error(l, r, head, "the bracket after '%s' does not close, or is empty",
                           w->form->name);
            return false;
        }
    }
    struct ktg_phrase rest = ktg_phrase_sub(head, end, head->text.size - end);
    if (w->form->nested)
        return parse_nested(l, r, head, &rest, w, ret_step);
    bool of = rest.text.size > 3 && memcmp(rest.text.data, "of ", 3) == 0;
    if (w->form->key == KTG_KEY_OF) {
        if (!w->key_text.text.size || !of) {
            ktg_rule_error(l, r, head, "write '%s(EXPR) of STEP'", w->form->name);
            return false;
        }
        rest = ktg_phrase_sub(&rest, 3, rest.text.size - 3);
    } else if (of || (w->key_text.text.size && w->form->key == KTG_KEY_NONE)) {
        ktg_rule_error(l, r, head, "write '%s'", w->form->usage);
        return false;
    }
    *ret_step = rest;
    return true;
}

bool ktg_with_parse(struct ktg_load *l, struct ktg_rule *r, const struct ktg_phrase *text,
                    struct ktg_with *w)
{
    struct ktg_part parts[KTG_MAX_PARTS];
    size_t count = ktg_phrase_cut(text, state_words, parts);
    struct ktg_phrase step_text, until_text = {0};
    w->text = *text;
    if (count == 0) {
        ktg_rule_error(l, r, text, "a state form that is too long");
        return false;
    }
    if (!parse_head(l, r, &parts[0].text, w, &step_text))
        return false;
    if (w->form->parse)
        return w->form->parse(l, r, w, &step_text);
    w->step.text = *text;
    struct ktg_step *at = &w->step;
    for (size_t i = 1; i < count; i++) {
        const struct ktg_phrase *part = &parts[i].text;
        switch (parts[i].keyword) {
        case AS:
        case WHERE:
            if (!take_part(l, r, at, &parts[i]))
                return false;
            break;
        case UNTIL:
            if (w->until || !w->form->intervals)
                goto misplaced;
            w->until = ktg_load_alloc(l, sizeof *w->until);
            if (!w->until)
                return false;
            until_text = *part;
            w->until->text = *part;
            at = w->until;
            break;
        case PAST:
            if (w->past_text.text.size || !w->form->intervals || !part->text.size)
                goto misplaced;
            w->past_text = *part;
            break;
        case FROM:
            if (w->from_text.text.size || !w->form->intervals || !part->text.size)
                goto misplaced;
            w->from_text = *part;
            break;
        case WITHIN:
            if (w->within || !w->form->window || ktg_duration_parse(part->text, &w->within) ||
                w->within <= 0) {
                ktg_rule_error(l, r, part,
                               "'within' wants one duration such as 30d or 24h; '%s' %s",
                               w->form->name, w->form->window ? "takes it once" : "takes none");
                return false;
            }
            break;
        default:
        misplaced:
            ktg_rule_error(l, r, part,
                           "'%s' does not belong here; write '%s' (a field of that name is written "
                           "p.%s or in brackets)",
                           state_words[parts[i].keyword], w->form->usage,
                           state_words[parts[i].keyword]);
            return false;
        }
    }
    if (!parse_terms(l, r, &step_text, &w->step))
        return false;
    return !w->until || parse_terms(l, r, &until_text, w->until);
}

static struct ktg_rule *rule_named(const struct ktg_ruleset *rs, struct ktg_bytes name)
{
    for (size_t i = 0; i < rs->count; i++)
        if (ktg_bytes_is(name, rs->rules[i]->name))
            return rs->rules[i];
    return NULL;
}

static void unknown_rule(struct ktg_load *l, struct ktg_rule *r, const struct ktg_phrase *at,
                         struct ktg_bytes name)
{
    const char **names = ktg_load_alloc(l, sizeof *names * (l->rs->count + 1));
    char *got = ktg_arena_strndup(&l->rs->arena, (const char *)name.data, name.size);
    if (!names || !got)
        return;
    for (size_t i = 0; i < l->rs->count; i++)
        names[i] = l->rs->rules[i]->name;
    const char *near = ktg_yaml_nearest(got, names);
    ktg_rule_error(l, r, at, "no rule '%s'%s%s%s", got, near ? " - did you mean '" : "",
                   near ? near : "", near ? "'?" : "");
}

/* May an event of the type stand on a timeline of the kind in this role? Computed kinds are not judged. */
static bool shape_names(const struct ktg_shape *s, uint32_t kinds, int role, int depth)
{
    if (!s || depth > 8)
        return false;
    for (size_t i = 0; i < s->count; i++) {
        const struct ktg_field *f = &s->fields[i];
        if ((f->kinds & kinds) && f->role == role)
            return true;
        if (shape_names(f->shape, kinds, role, depth + 1))
            return true;
    }
    return false;
}
static bool kind_is_computed(const struct ktg_catalogue *c, int kind)
{
    static const char *const computed[] = {"biodata", "cell", "key", "source", NULL};
    const char *name = ktg_catalogue_kind_name(c, kind);
    for (size_t i = 0; name && computed[i]; i++)
        if (!strcmp(name, computed[i]))
            return true;
    return false;
}
static bool reachable(const struct ktg_rule *r, const struct ktg_type *t, int role)
{
    if (role == KTG_ROLE_LIKE)
        return r->rs->person_kind >= 0 && (r->kinds >> r->rs->person_kind & 1) &&
               ktg_called_has_list(r->rs->catalogue, t);
    for (size_t i = 0; i < r->per_count; i++)
        if (kind_is_computed(r->rs->catalogue, r->per[i]))
            return true;
    return shape_names(t->data, r->kinds, role, 0);
}

static bool resolve_finding(struct ktg_load *l, struct ktg_rule *r, struct ktg_step *s,
                            const struct ktg_term *t)
{
    struct ktg_bytes name = ktg_bytes(t->name.text.data + 8, t->name.text.size - 8);
    struct ktg_rule *other = rule_named(l->rs, name);
    if (!other) {
        unknown_rule(l, r, &t->name, name);
        return false;
    }
    if (other->status == KTG_RULE_OFF) {
        ktg_rule_error(l, r, &t->name, "rule '%s' is off, so this step is never reached",
                       other->name);
        return false;
    }
    s->reads[other->index] = 1;
    uint32_t posted = other->kinds | (l->rs->cell_kind >= 0 ? 1u << l->rs->cell_kind : 0);
    for (size_t i = 0; i < other->about_count; i++)
        if (other->about[i].kind >= 0)
            posted |= 1u << other->about[i].kind;
    if (!(posted & r->kinds)) {
        ktg_rule_error(
            l, r, &t->name,
            "findings of '%s' are never posted on a timeline of this kind: give it 'about'",
            other->name);
        return false;
    }
    return true;
}

void ktg_step_resolve(struct ktg_load *l, struct ktg_rule *r, struct ktg_step *s)
{
    const struct ktg_catalogue *c = l->rs->catalogue;
    size_t types = ktg_catalogue_type_count(c);
    if (s->resolved || !s->term_count)
        return;
    s->resolved = true;
    s->roles = ktg_load_alloc(l, sizeof *s->roles * (types + 1));
    s->reads = ktg_load_alloc(l, l->rs->count + 1);
    if (!s->roles || !s->reads)
        return;
    s->self = s;
    s->row = (struct ktg_row){.steps = &s->self, .count = 1, .rs = l->rs};
    for (size_t i = 0; i < s->term_count; i++) {
        struct ktg_term *t = (struct ktg_term *)&s->terms[i];
        struct ktg_bytes name = t->name.text;
        t->role = KTG_ROLE_HOLDER;
        if (ktg_bytes_is(t->role_name.text, "like"))
            t->role = KTG_ROLE_LIKE;
        else if (t->role_name.text.size &&
                 (t->role = ktg_catalogue_role(c, t->role_name.text)) < 0) {
            ktg_rule_error(l, r, &t->role_name, "no role '%.*s' in the catalogue",
                           (int)t->role_name.text.size, (const char *)t->role_name.text.data);
            continue;
        }
        if (ktg_bytes_is(name, "finding")) {
            s->any_finding = true;
            continue;
        }
        if (name.size > 8 && memcmp(name.data, "finding.", 8) == 0) {
            resolve_finding(l, r, s, t);
            continue;
        }
        const struct ktg_type *type = ktg_catalogue_type(c, name);
        int class = type ? -1 : ktg_catalogue_class(c, name);
        if (!type && class < 0) {
            const char *near = ktg_catalogue_nearest_type(c, name);
            ktg_rule_error(l, r, &t->name, "no event type or class '%.*s'%s%s%s", (int)name.size,
                           (const char *)name.data, near ? " - did you mean '" : "",
                           near ? near : "", near ? "'?" : "");
            continue;
        }
        if (type && !reachable(r, type, t->role)) {
            ktg_rule_error(l, r, &t->name,
                           "an event of '%s' never stands on a timeline of this kind%s: this step "
                           "is never reached",
                           type->name, t->role ? " in that role" : "");
            continue;
        }
        for (size_t k = 0; k < types; k++) {
            const struct ktg_type *other = ktg_catalogue_type_at(c, (int)k);
            if (other == type || (class >= 0 && (other->classes >> class & 1)))
                s->roles[other->index] |= 1u << t->role;
        }
    }
}

void ktg_rule_each_step(const struct ktg_rule *r, void (*f)(void *arg, struct ktg_step *s),
                        void *arg)
{
    for (size_t i = 0; i < r->step_count; i++)
        f(arg, &r->steps[i]);
    for (size_t i = 0; i < r->unless_count; i++)
        f(arg, &r->unless[i]);
    for (size_t i = 0; i < r->until_count; i++)
        f(arg, &r->until[i]);
    for (size_t i = 0; i < r->mover_count; i++)
        f(arg, &r->movers[i].step);
    for (size_t i = 0; i < r->with_count; i++) {
        if (!r->withs[i].used)
            continue;
        f(arg, &r->withs[i].step);
        if (r->withs[i].until)
            f(arg, r->withs[i].until);
    }
}
