/* rules/aggregate_keys.c - the keys of `count`, `score` and `together`: each becomes a state form of the rule's own.
 *
 *     count: distinct(EXPR) of STEP                 at least, more than, within stand beside it
 *     score: {from, one per, at least, flags at least, agencies at least, within}
 *     together: {of, at, span, times, persons, within}
 * SPDX-License-Identifier: Apache-2.0
 */
#include "rules/keys.h"
#include "rules/phrase.h"
#include "rules/states/asof.h"

static const struct ktg_yaml_key score_keys[] = {{"from", true},
                                                 {"one per", false},
                                                 {"at least", true},
                                                 {"flags at least", false},
                                                 {"agencies at least", false},
                                                 {"within", false},
                                                 {NULL, false}};
static const struct ktg_yaml_key together_keys[] = {
    {"of", true},      {"at", true},      {"span", true}, {"times", true},
    {"persons", true}, {"within", false}, {NULL, false}};

/* The state form that the rule's form stands on; NULL: no room (reported). */
static struct ktg_with *own_with(struct ktg_load *l, struct ktg_rule *r, const char *name,
                                 const struct ktg_yaml_node *at)
{
    if (r->with_count == KTG_MAX_WITHS) {
        ktg_keys_error(l, r, at, "too many state forms in one rule");
        return NULL;
    }
    struct ktg_with *w = &r->withs[r->with_count];
    w->name = name;
    w->used = true;
    return w;
}

static void keep_with(struct ktg_rule *r)
{
    r->counted = (int)r->with_count++;
}

static void take_count(struct ktg_load *l, struct ktg_rule *r, const struct ktg_yaml_node *doc)
{
    static const char *const heads[] = {"distinct", "sum", NULL};
    struct ktg_phrase p;
    bool has_head = false;
    if (!r->has_threshold)
        ktg_keys_error(l, r, doc, "a count needs 'at least' or 'more than'");
    if (!ktg_keys_scalar(l, r, doc, "count", &p))
        return;
    for (size_t i = 0; heads[i]; i++) {
        size_t n = strlen(heads[i]);
        has_head |=
            p.text.size > n && memcmp(p.text.data, heads[i], n) == 0 && p.text.data[n] == '(';
    }
    struct ktg_phrase text = p;
    if (!has_head) {
        size_t size = p.text.size + 6;
        char *t = ktg_load_alloc(l, size + 1);
        if (!t)
            return;
        memcpy(t, "count ", 6);
        memcpy(t + 6, p.text.data, p.text.size);
        text.text = ktg_bytes(t, size);
        text.column -= 6;
    }
    struct ktg_with *w = own_with(l, r, "count", ktg_yaml_get(doc, "count"));
    if (!w || !ktg_with_parse(l, r, &text, w))
        return;
    if (w->within) {
        ktg_rule_error(l, r, &p, "the window of a count stands in its own key 'within'");
        return;
    }
    w->within = r->within;
    keep_with(r);
}

static bool keys_are(struct ktg_load *l, struct ktg_rule *r, const struct ktg_yaml_node *n,
                     const struct ktg_yaml_key *keys, const char *usage)
{
    struct ktg_err err = KTG_ERR_INIT;
    if (n->kind != KTG_YAML_MAP) {
        ktg_keys_error(l, r, n, usage);
        return false;
    }
    if (!ktg_yaml_check_keys(n, r->file, keys, &err))
        return true;
    r->broken = true;
    ktg_buf_printf(&l->notes->text, "%s\n", err.text);
    l->notes->errors++;
    return false;
}

static void take_window(struct ktg_load *l, struct ktg_rule *r, const struct ktg_yaml_node *n,
                        struct ktg_with *w)
{
    struct ktg_phrase p;
    if (ktg_keys_scalar(l, r, n, "within", &p))
        ktg_keys_duration(l, r, &p, &w->within);
}

/* ---- score ---- */

/* `from: [a, b]` is the step "finding.a or finding.b". */
static bool named_rules(struct ktg_load *l, struct ktg_rule *r, const struct ktg_yaml_node *n,
                        struct ktg_step *s)
{
    struct ktg_phrase *names = NULL;
    size_t count = ktg_keys_phrases(l, r, n, "from", &names);
    struct ktg_term *terms = count ? ktg_load_alloc(l, sizeof *terms * count) : NULL;
    if (!terms) {
        if (n->kind == KTG_YAML_LIST && !n->count)
            ktg_keys_error(l, r, n, "'from' names no rule");
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        size_t size = names[i].text.size + 8;
        char *t = ktg_load_alloc(l, size + 1);
        if (!t)
            return false;
        memcpy(t, "finding.", 8);
        memcpy(t + 8, names[i].text.data, names[i].text.size);
        terms[i].name = names[i];
        terms[i].name.text = ktg_bytes(t, size);
    }
    s->text = names[0];
    s->terms = terms;
    s->term_count = count;
    s->self = s;
    return true;
}

static bool findings_only(struct ktg_load *l, struct ktg_rule *r, const struct ktg_step *s)
{
    for (size_t i = 0; i < s->term_count; i++) {
        struct ktg_bytes name = s->terms[i].name.text;
        if (ktg_bytes_is(name, "finding") ||
            (name.size > 8 && memcmp(name.data, "finding.", 8) == 0))
            continue;
        ktg_rule_error(l, r, &s->terms[i].name,
                       "'score' adds up findings: 'from' is 'finding', 'finding.RULE' or a list of "
                       "rules, not '%.*s'",
                       (int)name.size, (const char *)name.data);
        return false;
    }
    return true;
}

static void take_score(struct ktg_load *l, struct ktg_rule *r, const struct ktg_yaml_node *doc)
{
    const struct ktg_yaml_node *n = ktg_yaml_get(doc, "score"), *from;
    struct ktg_phrase p;
    if (!keys_are(l, r, n, score_keys,
                  "'score' is a map with from, one per, at least, flags at least, agencies at "
                  "least and within"))
        return;
    struct ktg_with *w = own_with(l, r, "score", n);
    if (!w)
        return;
    w->form = &ktg_asof_score;
    from = ktg_yaml_get(n, "from");
    bool ok;
    if (from->kind == KTG_YAML_LIST)
        ok = named_rules(l, r, from, &w->step);
    else
        ok = ktg_keys_scalar(l, r, n, "from", &p) && ktg_step_parse(l, r, &p, &w->step);
    if (!ok || !findings_only(l, r, &w->step))
        return;
    w->text = w->step.text;
    if (ktg_keys_scalar(l, r, n, "one per", &p)) {
        r->score.per_root = ktg_bytes_is(p.text, "root");
        if (!r->score.per_root && !ktg_bytes_is(p.text, "rule"))
            ktg_rule_error(l, r, &p, "one per is 'rule' or 'root'");
    }
    r->has_threshold = ktg_keys_scalar(l, r, n, "at least", &r->threshold_text);
    ktg_keys_scalar(l, r, n, "flags at least", &r->score.flags_text);
    ktg_keys_scalar(l, r, n, "agencies at least", &r->score.agencies_text);
    take_window(l, r, n, w);
    keep_with(r);
}

/* ---- together ---- */

static void take_together(struct ktg_load *l, struct ktg_rule *r, const struct ktg_yaml_node *doc)
{
    const struct ktg_yaml_node *n = ktg_yaml_get(doc, "together");
    struct ktg_together *t = &r->together;
    struct ktg_phrase p, *at = NULL;
    if (!keys_are(l, r, n, together_keys,
                  "'together' is a map with of, at, span, times, persons and within"))
        return;
    if (r->kinds != 1u << l->rs->person_kind || l->rs->person_kind < 0) {
        ktg_keys_error(l, r, n, "'together' asks who appears with whom: it is 'per: person'");
        return;
    }
    struct ktg_with *w = own_with(l, r, "together", n);
    if (!w)
        return;
    w->form = &ktg_asof_together;
    w->alone = true;
    if (!ktg_keys_scalar(l, r, n, "of", &p) || !ktg_step_parse(l, r, &p, &w->step))
        return;
    w->text = w->step.text;
    for (size_t i = 0; i < w->step.term_count; i++) {
        struct ktg_bytes name = w->step.terms[i].name.text;
        if (name.size >= 7 && memcmp(name.data, "finding", 7) == 0 &&
            (name.size == 7 || name.data[7] == '.'))
            ktg_rule_error(l, r, &w->step.terms[i].name,
                           "'together' looks at events: a finding has no company");
    }
    size_t count = ktg_keys_phrases(l, r, ktg_yaml_get(n, "at"), "at", &at);
    if (count > KTG_MAX_AT)
        ktg_keys_error(l, r, ktg_yaml_get(n, "at"), "at most eight values in 'at'");
    for (size_t i = 0; i < count && i < KTG_MAX_AT; i++)
        t->at_text[t->at_count++] = at[i];
    if (ktg_keys_scalar(l, r, n, "span", &p))
        ktg_keys_duration(l, r, &p, &t->span);
    ktg_keys_scalar(l, r, n, "times", &t->times_text);
    ktg_keys_scalar(l, r, n, "persons", &t->persons_text);
    take_window(l, r, n, w);
    keep_with(r);
}

void ktg_keys_aggregate(struct ktg_load *l, struct ktg_rule *r, const struct ktg_yaml_node *doc)
{
    static const struct {
        const char *key;
        void (*take)(struct ktg_load *l, struct ktg_rule *r, const struct ktg_yaml_node *doc);
    } table[] = {{"count", take_count}, {"score", take_score}, {"together", take_together}};
    for (size_t i = 0; i < KTG_COUNT(table); i++)
        if (!strcmp(r->form->key, table[i].key))
            table[i].take(l, r, doc);
}
