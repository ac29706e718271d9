/* rules/states/match.c - `match(name, LIST) at least N`: entries of a list whose names are like a name on the timeline.
 *
 *     LIST      a keyed `open` whose opening events stand on the timeline in the role `like`: the engine puts there every entry
 *               that may match (KTG_ROLE_LIKE), so what is found stays a function of the timeline
 *     names     of the holder, on events as of b; one without a year of birth borrows the latest that was given as of b
 *     value     per entry that holds as of b and scores at least N: {id, entry, score, since}, and the entry's own fields
 *
 * `since`: since when the names of both sides are what they are.  A dismissal later than that still holds.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdlib.h>

#include "rules/phrase.h"
#include "rules/scope.h"
#include "rules/states/asof.h"

struct said { /* a name on the timeline */
    size_t item;
    struct ktg_tokens name;
};
struct given { /* a date of birth, other than the one given before it */
    size_t item;
    struct ktg_birth born;
};
struct listed { /* the names of an entry */
    const struct ktg_tokens *names;
    size_t count;
};
struct match {
    struct said *said;
    size_t said_count;
    struct given *given;
    size_t given_count;
    struct listed *listed; /* by interval of the list */
};

/* ---- the text ---- */

static bool parse(struct ktg_load *l, struct ktg_rule *r, struct ktg_with *w,
                  const struct ktg_phrase *rest)
{
    static const char least[] = "at least ";
    const uint8_t *comma =
        w->key_text.text.size ? memchr(w->key_text.text.data, ',', w->key_text.text.size) : NULL;
    struct ktg_phrase what, list;
    size_t at = comma ? (size_t)(comma - w->key_text.text.data) : 0;
    what = ktg_phrase_sub(&w->key_text, 0, at);
    list = ktg_phrase_sub(&w->key_text, at + 1, comma ? w->key_text.text.size - at - 1 : 0);
    if (!comma || !ktg_bytes_is(what.text, "name") || !ktg_word_ok(list.text) ||
        rest->text.size < sizeof least || memcmp(rest->text.data, least, sizeof least - 1) != 0) {
        ktg_rule_error(l, r, &w->text, "write '%s'", w->form->usage);
        return false;
    }
    for (size_t i = sizeof least - 1; i < rest->text.size; i++) {
        uint8_t c = rest->text.data[i];
        w->at_least =
            c >= '0' && c <= '9' && w->at_least <= 100 ? w->at_least * 10 + (c - '0') : 1000;
    }
    if (w->at_least < KTG_SCORE_LEAST || w->at_least > 100) {
        ktg_rule_error(l, r, rest, "'at least' wants a whole number from %d to 100",
                       (int)KTG_SCORE_LEAST);
        return false;
    }
    w->list_text = list;
    w->key_text = (struct ktg_phrase){.plain = false};
    w->step.resolved = true;
    return true;
}

static bool is_list(const struct ktg_with *w, size_t types)
{
    bool like = w->form == &ktg_asof_open && w->key && w->step.roles;
    for (size_t i = 0; like && i < types; i++)
        like = !(w->step.roles[i] & ~(UINT32_C(1) << KTG_ROLE_LIKE));
    return like;
}

static void compile(struct ktg_load *l, struct ktg_rule *r, struct ktg_with *w)
{
    const struct ktg_catalogue *c = l->rs->catalogue;
    size_t types = ktg_catalogue_type_count(c);
    w->list = -1;
    for (size_t i = 0; i < r->with_count; i++)
        if (&r->withs[i] != w && ktg_bytes_is(w->list_text.text, r->withs[i].name))
            w->list = (int)i;
    w->step.roles = ktg_load_alloc(l, sizeof *w->step.roles * (types + 1));
    w->step.reads = ktg_load_alloc(l, l->rs->count + 1);
    if (!w->step.roles || !w->step.reads)
        return;
    w->step.self = &w->step;
    w->step.row = (struct ktg_row){.steps = &w->step.self, .count = 1, .rs = l->rs};
    for (size_t i = 0; i < types; i++)
        if (ktg_called_has_holder(c, ktg_catalogue_type_at(c, (int)i)))
            w->step.roles[i] = 1u << KTG_ROLE_HOLDER;
    if (w->list >= 0) {
        struct ktg_with *list = &r->withs[w->list];
        ktg_with_compile(l, r, list);
        list->used = true;
        if (is_list(list, types)) {
            w->row = list->row;
            w->row.hit = true;
            w->elem = (struct ktg_cel_type){.kind = KTG_CEL_REF, .row = &w->row};
            return;
        }
    }
    if (!r->broken)
        ktg_rule_error(
            l, r, &w->list_text,
            "'%.*s' is no list of names; define it under 'with' as open(KEY) TYPE(like) ...",
            (int)w->list_text.text.size, (const char *)w->list_text.text.data);
    w->list = -1;
}

static struct ktg_cel_type type(const struct ktg_with *w)
{
    return (struct ktg_cel_type){.kind = KTG_CEL_LIST, .elem = &w->elem};
}

/* ---- names on the timeline ---- */

/* A name said again is no news, unless it gives another date of birth than the one before: others borrow it. */
static void take_name(struct ktg_answer *a, struct match *m, size_t i,
                      const struct ktg_tokens *name)
{
    const struct ktg_birth *last =
        m->given_count ? &m->given[m->given_count - 1].born : &(struct ktg_birth){0};
    bool again = false, other = last->year != name->born.year || last->month != name->born.month ||
                                last->day != name->born.day;
    if (name->born.year && other) {
        a->relevant[i] = 1;
        m->given[m->given_count++] = (struct given){i, name->born};
    }
    for (size_t j = 0; j < m->said_count && !again; j++)
        again = ktg_name_is_same(&m->said[j].name, name);
    if (again || !ktg_answer_spend(a, m->said_count / 4 + 1))
        return;
    a->relevant[i] = 1;
    m->said[m->said_count++] = (struct said){i, *name};
}

static void prepare(struct ktg_answer *a, const struct ktg_with *w, struct ktg_asof *s)
{
    struct ktg_normaliser *n = a->world ? a->world->names : NULL;
    struct ktg_asof *list = ktg_asof_of(a, (size_t)w->list);
    struct match *m = ktg_answer_alloc(a, sizeof *m);
    if (!n || !m)
        return;
    m->said = ktg_answer_alloc(a, sizeof *m->said * (2 * a->count + 1));
    m->given = ktg_answer_alloc(a, sizeof *m->given * (2 * a->count + 1));
    m->listed = ktg_answer_alloc(a, sizeof *m->listed * (list->interval_count + 1));
    for (size_t i = 0; m->listed && i < list->interval_count && !a->code; i++) {
        int rc = ktg_called_list(a->rs->catalogue, n, list->intervals[i].open->e->event, a->arena,
                                 &m->listed[i].names, &m->listed[i].count);
        if (rc)
            a->code = rc;
    }
    for (size_t i = 0;
         list->interval_count && m->said && m->given && m->listed && i < a->count && !a->code;
         i++) { /* nobody is listed: nobody is read */
        const struct ktg_tokens *names;
        size_t count = 0;
        if (!ktg_answer_spend(a, 1) || !ktg_step_is_of_type(&w->step, a->items[i].e))
            continue;
        int rc =
            ktg_called_holder(a->rs->catalogue, n, a->items[i].e->event, a->arena, &names, &count);
        if (rc)
            a->code = rc;
        for (size_t k = 0; !rc && k < count; k++)
            take_name(a, m, i, &names[k]);
    }
    s->own = a->code ? NULL : m;
}

/* ---- values ---- */

static struct ktg_tokens as_of(const struct match *m, size_t i, struct ktg_bound b)
{
    struct ktg_tokens n = m->said[i].name;
    for (size_t k = m->given_count; k-- > 0 && !n.born.year;)
        if (m->given[k].item < b.n)
            n.born = m->given[k].born;
    return n;
}

static bool same_names(const struct listed *a, const struct listed *b)
{
    bool same = a->count == b->count;
    for (size_t i = 0; same && i < a->count; i++)
        same = ktg_name_is_same(&a->names[i], &b->names[i]);
    return same;
}

/* Since when the entry has had these names: the first of its openings in a row that had them. */
static ktg_time listed_since(const struct match *m, const struct ktg_asof *list, size_t interval)
{
    const struct ktg_interval *v = &list->intervals[interval];
    ktg_time since = v->open->at;
    for (size_t i = interval; i-- > 0;) {
        if (list->intervals[i].key != v->key)
            continue;
        if (!same_names(&m->listed[interval], &m->listed[i]))
            break;
        since = list->intervals[i].open->at;
    }
    return since;
}

/* The best of the pairs of names; false: none is good enough. */
static bool judge(struct ktg_answer *a, const struct ktg_with *w, const struct match *m,
                  const struct ktg_asof *list, size_t interval, struct ktg_bound b,
                  struct ktg_hit_value *h)
{
    const struct listed *x = &m->listed[interval];
    ktg_time said = KTG_LONG_AGO;
    for (size_t i = 0; i < m->said_count && m->said[i].item < b.n && !a->code; i++) {
        struct ktg_tokens n = as_of(m, i, b);
        bool like = false;
        for (size_t k = 0; k < x->count && ktg_answer_spend(a, 4); k++) {
            int points = ktg_name_score(&n, &x->names[k], NULL);
            like |= points >= w->at_least;
            if (points > h->points) {
                h->points = points;
                h->said = n;
                h->listed = &x->names[k];
            }
        }
        if (like && a->items[m->said[i].item].at > said)
            said = a->items[m->said[i].item].at;
    }
    if (h->points < w->at_least)
        return false;
    h->entry = list->intervals[interval].open;
    h->since = listed_since(m, list, interval);
    h->since = said > h->since ? said : h->since;
    struct ktg_cel_value key = list->keys.values[list->intervals[interval].key];
    struct ktg_frame f = {.a = a, .b = b, .offset_min = h->entry->offset_min};
    h->id = ktg_value_name(&f, &key);
    return true;
}

/* The hits as of b, in order of their entries. */
static size_t hits(struct ktg_answer *a, const struct ktg_with *w, struct ktg_asof *s,
                   struct ktg_bound b, struct ktg_hit_value **ret)
{
    struct ktg_asof *list = ktg_asof_of(a, (size_t)w->list);
    const struct ktg_interval **held =
        ktg_answer_alloc(a, sizeof(struct ktg_interval *) * (list->interval_count + 1));
    size_t n = held && s->own ? ktg_asof_holding(a, &a->rule->withs[w->list], list, b, held) : 0,
           count = 0;
    struct ktg_hit_value *h = ktg_answer_alloc(a, sizeof *h * (n + 1));
    for (size_t i = 0; h && i < n && !a->code; i++) {
        memset(&h[count], 0, sizeof *h);
        count += judge(a, w, s->own, list, (size_t)(held[i] - list->intervals), b, &h[count]);
    }
    *ret = h;
    return h ? count : 0;
}

static struct ktg_cel_value value(struct ktg_answer *a, const struct ktg_with *w,
                                  struct ktg_asof *s, struct ktg_bound b)
{
    struct ktg_hit_value *h;
    size_t n = hits(a, w, s, b, &h);
    struct ktg_cel_value *items = ktg_answer_alloc(a, sizeof *items * (n + 1));
    for (size_t i = 0; items && i < n; i++) {
        items[i].kind = KTG_CEL_REF;
        items[i].ref.p = &h[i];
        items[i].ref.tag = KTG_REF_HIT;
    }
    return ktg_asof_list(items, n);
}

static void evidence(struct ktg_answer *a, const struct ktg_with *w, struct ktg_asof *s,
                     struct ktg_bound b, struct ktg_evidence *to)
{
    struct ktg_hit_value *h;
    size_t n = hits(a, w, s, b, &h);
    for (size_t i = 0; i < n; i++)
        ktg_evidence_add(a, to, h[i].entry);
}

void ktg_hit_explain(const struct ktg_hit_value *h, struct ktg_buf *to)
{
    struct ktg_likeness s;
    ktg_name_score(&h->said, h->listed, &s);
    ktg_buf_printf(to, "%.*s [", (int)h->id.size, (const char *)h->id.data);
    ktg_score_explain(&s, &h->said, h->listed, to);
    ktg_buf_put_str(to, "]");
}

const struct ktg_asof_form ktg_asof_like = {.name = "match",
                                            .usage = "match(name, LIST) at least N",
                                            .help = "entries of a list with names like these",
                                            .key = KTG_KEY_MAY,
                                            .parse = parse,
                                            .compile = compile,
                                            .type = type,
                                            .prepare = prepare,
                                            .value = value,
                                            .evidence = evidence};
