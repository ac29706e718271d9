/* rules/keys.c - the keys of a rule's document: texts with their places, steps and state forms taken apart.
 *
 * What a text means is compiled later (compile.c); here it is only cut up and put in its place.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>

#include "rules/keys.h"
#include "rules/phrase.h"
#include "rules/states/asof.h"

static const char *const status_names[] = {"live", "shadow", "off", "internal", NULL};
static const char *const reserved[] = {"subject", "now",  "deadline", "true",
                                       "false",   "null", "in",       NULL};
static const struct ktg_yaml_key test_keys[] = {{"name", true},        {"amends", false},
                                                {"with rules", false}, {"events", true},
                                                {"expect", true},      {NULL, false}};

/* ---- reading nodes ---- */

void ktg_keys_error(struct ktg_load *l, struct ktg_rule *r, const struct ktg_yaml_node *n,
                    const char *text)
{
    struct ktg_phrase at = {KTG_BYTES_NONE, r->file, n->line, n->column, false};
    ktg_rule_error(l, r, &at, "%s", text);
}

bool ktg_keys_scalar(struct ktg_load *l, struct ktg_rule *r, const struct ktg_yaml_node *map,
                     const char *key, struct ktg_phrase *to)
{
    const struct ktg_yaml_node *n = ktg_yaml_get(map, key);
    if (!n)
        return false;
    if (n->kind != KTG_YAML_SCALAR) {
        char text[200];
        snprintf(text, sizeof text,
                 "'%s' wants one text; YAML read a %s: quote the text or write it as a >- block",
                 key, n->kind == KTG_YAML_MAP ? "map" : "list");
        ktg_keys_error(l, r, n, text);
        return false;
    }
    *to = ktg_phrase_of(n, r->file);
    if (to->text.size == 0) {
        char text[200];
        snprintf(text, sizeof text, "'%s' is empty%s", key,
                 n->plain ? "; a text that begins with # must be quoted" : "");
        ktg_keys_error(l, r, n, text);
        return false;
    }
    return true;
}

bool ktg_keys_duration(struct ktg_load *l, struct ktg_rule *r, const struct ktg_phrase *p,
                       ktg_time *to)
{
    if (ktg_duration_parse(p->text, to) == KTG_OK && *to > 0)
        return true;
    ktg_rule_error(l, r, p,
                   "'%.*s' is no duration: write 90s, 10m, 24h, 30d or a sum such as 1d12h",
                   (int)p->text.size, (const char *)p->text.data);
    return false;
}

size_t ktg_keys_phrases(struct ktg_load *l, struct ktg_rule *r, const struct ktg_yaml_node *n,
                        const char *what, struct ktg_phrase **to)
{
    if (!n)
        return 0;
    size_t count = n->kind == KTG_YAML_LIST ? n->count : 1;
    struct ktg_phrase *p = ktg_load_alloc(l, sizeof *p * (count + 1));
    if (!p)
        return 0;
    for (size_t i = 0; i < count; i++) {
        const struct ktg_yaml_node *item = n->kind == KTG_YAML_LIST ? n->items[i] : n;
        if (item->kind != KTG_YAML_SCALAR || item->text.size == 0) {
            char text[200];
            snprintf(text, sizeof text,
                     "%s: YAML read a %s where one text is wanted; quote the text, or write the "
                     "list as a block",
                     what,
                     item->kind == KTG_YAML_MAP ? "map (a ': ' in an unquoted text does that)"
                                                : "list or nothing");
            ktg_keys_error(l, r, item, text);
            return 0;
        }
        p[i] = ktg_phrase_of(item, r->file);
    }
    *to = p;
    return count;
}

static bool is_reserved(struct ktg_bytes name)
{
    for (size_t i = 0; reserved[i]; i++)
        if (ktg_bytes_is(name, reserved[i]))
            return true;
    return false;
}

static bool binding_name(struct ktg_load *l, struct ktg_rule *r, const struct ktg_yaml_node *key)
{
    if (ktg_word_ok(key->text) && !is_reserved(key->text))
        return true;
    struct ktg_phrase at = {KTG_BYTES_NONE, r->file, key->line, key->column, false};
    ktg_rule_error(l, r, &at, "'%.*s' cannot be a name%s", (int)key->text.size,
                   (const char *)key->text.data,
                   is_reserved(key->text) ? ": the language uses it"
                                          : ": letters, digits and _, beginning with a letter");
    return false;
}

/* ---- parts of a rule ---- */

static bool is_bound(const struct ktg_rule *r, const char *name)
{
    bool bound = false;
    for (size_t i = 0; i < r->with_count; i++)
        bound |= !strcmp(r->withs[i].name, name);
    for (size_t i = 0; i < r->let_count; i++)
        bound |= !strcmp(r->lets[i].name, name);
    return bound;
}

static bool take_withs(struct ktg_load *l, struct ktg_rule *r, const struct ktg_yaml_node *n,
                       const char *file, bool shared)
{
    if (!n)
        return true;
    if (n->kind != KTG_YAML_MAP) {
        ktg_keys_error(l, r, n, "'with' is a map NAME: STATE FORM");
        return false;
    }
    for (size_t i = 0; i < n->count; i++) {
        const struct ktg_yaml_node *v = n->items[i];
        const char *name = (const char *)n->keys[i]->text.data;
        bool known = is_bound(r, name);
        if (known && shared)
            continue; /* a rule's own wins */
        if (known) {
            ktg_keys_error(l, r, n->keys[i], "this name is bound twice");
            return false;
        }
        if (!binding_name(l, r, n->keys[i]))
            return false;
        if (r->with_count == KTG_MAX_WITHS) {
            ktg_keys_error(l, r, v, "too many state forms in one rule");
            return false;
        }
        if (v->kind != KTG_YAML_SCALAR || !v->text.size) {
            ktg_keys_error(
                l, r, v,
                "a state form is one text; YAML read something else: quote it or use a >- block");
            return false;
        }
        struct ktg_with *w = &r->withs[r->with_count++];
        struct ktg_phrase text = ktg_phrase_of(v, file);
        w->name = name;
        w->shared = shared;
        if (!ktg_with_parse(l, r, &text, w))
            return false;
    }
    return true;
}

static bool take_lets(struct ktg_load *l, struct ktg_rule *r, const struct ktg_yaml_node *n,
                      const char *file, bool shared)
{
    if (!n)
        return true;
    if (n->kind != KTG_YAML_MAP) {
        ktg_keys_error(l, r, n, "'let' is a block map NAME: EXPR");
        return false;
    }
    for (size_t i = 0; i < n->count; i++) {
        const struct ktg_yaml_node *v = n->items[i];
        const char *name = (const char *)n->keys[i]->text.data;
        bool known = is_bound(r, name);
        if (known && shared)
            continue; /* a rule's own wins */
        if (known) {
            ktg_keys_error(l, r, n->keys[i], "this name is bound twice");
            return false;
        }
        if (!binding_name(l, r, n->keys[i]))
            return false;
        if (r->let_count == KTG_MAX_WITHS) {
            ktg_keys_error(l, r, v, "too many names in one rule");
            return false;
        }
        if (v->kind != KTG_YAML_SCALAR || !v->text.size) {
            ktg_keys_error(l, r, v,
                           "one expression is wanted; in a flow map {..} a comma or ': ' cuts it: "
                           "write 'let' as a block map, or quote it");
            return false;
        }
        struct ktg_let *t = &r->lets[r->let_count++];
        t->name = name;
        t->text = ktg_phrase_of(v, file);
        t->shared = shared;
        t->used = !shared;
    }
    return true;
}

static bool take_steps(struct ktg_load *l, struct ktg_rule *r, const struct ktg_yaml_node *n,
                       const char *what, struct ktg_step **to, size_t *count)
{
    struct ktg_phrase *texts = NULL;
    size_t k = ktg_keys_phrases(l, r, n, what, &texts);
    if (!n)
        return true;
    if (!k)
        return false;
    if (k > KTG_MAX_STEPS) {
        ktg_keys_error(l, r, n, "at most eight steps");
        return false;
    }
    struct ktg_step *s = ktg_load_alloc(l, sizeof *s * k);
    if (!s)
        return false;
    for (size_t i = 0; i < k; i++)
        if (!ktg_step_parse(l, r, &texts[i], &s[i]))
            return false;
    *to = s;
    *count = k;
    return true;
}

static const char *two_languages(struct ktg_load *l, struct ktg_rule *r,
                                 const struct ktg_yaml_node *n, const char *what,
                                 struct ktg_phrase *id, struct ktg_phrase *en)
{
    if (!n)
        return NULL;
    const struct ktg_yaml_node *a = ktg_yaml_get(n, "id"), *b = ktg_yaml_get(n, "en");
    if (n->kind != KTG_YAML_MAP || n->count != 2 || !a || !b || a->kind != KTG_YAML_SCALAR ||
        b->kind != KTG_YAML_SCALAR) {
        char text[120];
        snprintf(text, sizeof text, "'%s' is {id: \"...\", en: \"...\"}", what);
        ktg_keys_error(l, r, n, text);
        return NULL;
    }
    *id = ktg_phrase_of(a, r->file);
    *en = ktg_phrase_of(b, r->file);
    return "";
}

static void take_text(struct ktg_load *l, struct ktg_rule *r, const struct ktg_yaml_node *doc)
{
    struct ktg_phrase p, id, en;
    if (ktg_keys_scalar(l, r, doc, "legal", &p))
        r->legal = (const char *)ktg_yaml_get(doc, "legal")->text.data;
    if (ktg_keys_scalar(l, r, doc, "owner", &r->owner_at))
        r->owner = (const char *)ktg_yaml_get(doc, "owner")->text.data;
    if (two_languages(l, r, ktg_yaml_get(doc, "disproved by"), "disproved by", &id, &en)) {
        r->disproved_id =
            (const char *)ktg_yaml_get(ktg_yaml_get(doc, "disproved by"), "id")->text.data;
        r->disproved_en =
            (const char *)ktg_yaml_get(ktg_yaml_get(doc, "disproved by"), "en")->text.data;
    }
    const struct ktg_yaml_node *n = ktg_yaml_get(doc, "falsepositives");
    if (n) {
        struct ktg_phrase *list = NULL;
        size_t count = ktg_keys_phrases(l, r, n, "falsepositives", &list);
        struct ktg_buf b = KTG_BUF_INIT;
        for (size_t i = 0; i < count; i++) {
            ktg_buf_put_str(&b, i ? "; " : "");
            ktg_buf_put_bytes(&b, list[i].text);
        }
        r->falsepositives = b.bad || !b.size
                                ? NULL
                                : ktg_arena_strndup(&l->rs->arena, (const char *)b.data, b.size);
        if (b.bad || (b.size && !r->falsepositives))
            l->code = KTG_ENOMEM;
        ktg_buf_done(&b);
    }
    two_languages(l, r, ktg_yaml_get(doc, "title"), "title", &r->title_id.text, &r->title_en.text);
}

static void take_weight(struct ktg_load *l, struct ktg_rule *r, const struct ktg_yaml_node *doc)
{
    r->weight = 100;
    ktg_keys_scalar(l, r, doc, "weight", &r->weight_text);
}

/* Kinds of subjects whose names hold what identity rules alone may read. */
static const char *const of_identity[] = {"biodata"};

static void take_head(struct ktg_load *l, struct ktg_rule *r, const struct ktg_yaml_node *doc)
{
    struct ktg_phrase p;
    r->status = KTG_RULE_SHADOW;
    if (ktg_keys_scalar(l, r, doc, "status", &p)) {
        int k = 0;
        while (status_names[k] && !ktg_bytes_is(p.text, status_names[k]))
            k++;
        if (!status_names[k])
            ktg_rule_error(l, r, &p, "status is live, shadow, off or internal");
        else
            r->status = (enum ktg_rule_status)k;
    }
    r->level = 2;
    if (ktg_keys_scalar(l, r, doc, "level", &p)) {
        int32_t level;
        if (ktg_level_of(p.text, &level) == KTG_OK)
            r->level = level;
        else
            r->level_text = p;
    }
    const struct ktg_yaml_node *to = ktg_yaml_get(doc, "to");
    if (to && to->kind == KTG_YAML_SCALAR) {
        ktg_keys_scalar(l, r, doc, "to", &r->to_text);
    } else if (to) {
        struct ktg_phrase *list = NULL;
        size_t count = ktg_keys_phrases(l, r, to, "to", &list);
        r->to = ktg_load_alloc(l, sizeof *r->to * (count + 1));
        for (size_t i = 0; r->to && i < count; i++)
            r->to[r->to_count++] = list[i].text;
        r->to_at = list;
    }
    struct ktg_phrase *kinds = NULL;
    size_t count = ktg_keys_phrases(l, r, ktg_yaml_get(doc, "per"), "per", &kinds);
    for (size_t i = 0; i < count && i < KTG_MAX_KINDS; i++) {
        int kind = ktg_catalogue_kind(l->rs->catalogue, kinds[i].text);
        if (kind < 0) {
            struct ktg_buf b = KTG_BUF_INIT;
            const char *name;
            for (int k = 0; (name = ktg_catalogue_kind_name(l->rs->catalogue, k)); k++)
                ktg_buf_printf(&b, "%s%s", k ? ", " : "", name);
            ktg_rule_error(l, r, &kinds[i], "no kind of subject '%.*s'; known: %s",
                           (int)kinds[i].text.size, (const char *)kinds[i].text.data,
                           ktg_buf_text(&b));
            ktg_buf_done(&b);
            continue;
        }
        for (size_t k = 0; k < KTG_COUNT(of_identity) && !r->identity; k++)
            if (ktg_bytes_is(kinds[i].text, of_identity[k]))
                ktg_rule_error(l, r, &kinds[i],
                               "'%s' can be read by identity rules only: its names hold sex and "
                               "date of birth",
                               of_identity[k]);
        r->per_text[r->per_count] = kinds[i];
        r->per[r->per_count++] = kind;
        r->kinds |= 1u << kind;
    }
}

static void take_each(struct ktg_load *l, struct ktg_rule *r, const struct ktg_yaml_node *doc)
{
    static const char *const in_word[] = {"in", NULL};
    struct ktg_part parts[KTG_MAX_PARTS];
    if (!ktg_keys_scalar(l, r, doc, "each", &r->each_text))
        return;
    size_t count = ktg_phrase_cut(&r->each_text, in_word, parts);
    if (count == 2 && ktg_word_ok(parts[0].text.text)) {
        if (is_reserved(parts[0].text.text)) {
            ktg_rule_error(l, r, &parts[0].text, "the language uses this name");
            return;
        }
        r->each_name = ktg_arena_strndup(&l->rs->arena, (const char *)parts[0].text.text.data,
                                         parts[0].text.text.size);
        r->each_text = parts[1].text;
    }
}

static void take_update(struct ktg_load *l, struct ktg_rule *r, const struct ktg_yaml_node *doc,
                        bool when)
{
    static const char *const where_word[] = {"where", NULL}, *const tick_words[] = {"while", NULL},
                             *const within_word[] = {"within", NULL};
    struct ktg_part parts[KTG_MAX_PARTS];
    struct ktg_phrase p;
    r->update = when ? KTG_UPDATE_NONE : KTG_UPDATE_DAILY;
    if (ktg_keys_scalar(l, r, doc, "update", &p)) {
        size_t count = ktg_phrase_cut(&p, where_word, parts);
        if (count == 1 && ktg_bytes_is(parts[0].text.text, "change"))
            r->update = KTG_UPDATE_CHANGE;
        else if (count <= 2 && ktg_bytes_is(parts[0].text.text, "daily"))
            r->update = KTG_UPDATE_DAILY;
        else
            ktg_rule_error(l, r, &p, "update is 'daily', 'daily where EXPR' or 'change'");
        if (count == 2)
            r->update_text = parts[1].text;
    }
    if (ktg_keys_scalar(l, r, doc, "tick", &p)) {
        size_t count = ktg_phrase_cut(&p, tick_words, parts);
        if (count != 2 || !ktg_bytes_is(parts[0].text.text, "daily") || !parts[1].text.text.size)
            ktg_rule_error(l, r, &p, "tick is 'daily while EXPR'");
        else
            r->tick_text = parts[1].text;
    }
    if (ktg_keys_scalar(l, r, doc, "once per", &p)) {
        size_t count = ktg_phrase_cut(&p, within_word, parts);
        if (count < 1 || count > 2 || !parts[0].text.text.size)
            ktg_rule_error(l, r, &p, "once per is 'EXPR' or 'EXPR within DURATION'");
        else
            r->once_text = parts[0].text;
        if (count == 2)
            ktg_keys_duration(l, r, &parts[1].text, &r->once_within);
    }
    if (ktg_keys_scalar(l, r, doc, "within", &p))
        ktg_keys_duration(l, r, &p, &r->within);
}

static void take_needs(struct ktg_load *l, struct ktg_rule *r, const struct ktg_yaml_node *doc)
{
    static const char *const words[] = {"fresh", "within", "from", NULL};
    struct ktg_phrase *list = NULL;
    size_t count = ktg_keys_phrases(l, r, ktg_yaml_get(doc, "needs"), "needs", &list);
    r->needs = ktg_load_alloc(l, sizeof *r->needs * (count + 1));
    for (size_t i = 0; r->needs && i < count; i++) {
        struct ktg_part parts[KTG_MAX_PARTS];
        size_t n = ktg_phrase_cut(&list[i], words, parts);
        struct ktg_need *need = &r->needs[r->need_count];
        bool form = (n == 3 || n == 4) && parts[1].keyword == 0 && !parts[1].text.text.size &&
                    parts[2].keyword == 1 &&
                    (n == 3 || (parts[3].keyword == 2 && ktg_bytes_is(parts[3].text.text, "all")));
        if (!form) {
            ktg_rule_error(l, r, &list[i], "a need is 'TYPE fresh within DURATION [from all]'");
            continue;
        }
        need->type_name = parts[0].text;
        need->all = n == 4;
        const struct ktg_type *t = ktg_catalogue_type(l->rs->catalogue, need->type_name.text);
        if (!t) {
            const char *near = ktg_catalogue_nearest_type(l->rs->catalogue, need->type_name.text);
            ktg_rule_error(l, r, &need->type_name, "no event type '%.*s'%s%s%s",
                           (int)need->type_name.text.size, (const char *)need->type_name.text.data,
                           near ? " - did you mean '" : "", near ? near : "", near ? "'?" : "");
            continue;
        }
        need->type = t->index;
        if (ktg_keys_duration(l, r, &parts[2].text, &need->within))
            r->need_count++;
    }
}

static void take_about(struct ktg_load *l, struct ktg_rule *r, const struct ktg_yaml_node *doc)
{
    const struct ktg_yaml_node *n = ktg_yaml_get(doc, "about");
    if (!n)
        return;
    if (n->kind != KTG_YAML_MAP) {
        ktg_keys_error(l, r, n, "'about' is a map KIND: EXPR");
        return;
    }
    r->about = ktg_load_alloc(l, sizeof *r->about * (n->count + 1));
    for (size_t i = 0; r->about && i < n->count; i++) {
        struct ktg_about_text *a = &r->about[r->about_count];
        a->kind = ktg_catalogue_kind(l->rs->catalogue, n->keys[i]->text);
        a->kind_name = (const char *)n->keys[i]->text.data;
        if (a->kind < 0) {
            ktg_keys_error(l, r, n->keys[i], "no such kind of subject");
            continue;
        }
        if (n->items[i]->kind != KTG_YAML_SCALAR || !n->items[i]->text.size) {
            ktg_keys_error(l, r, n->items[i],
                           "one expression is wanted: quote it, or write 'about' as a block map");
            continue;
        }
        a->text = ktg_phrase_of(n->items[i], r->file);
        r->about_count++;
    }
}

/* The first line of a block in the file. */
static int block_line(const struct ktg_yaml_node *n)
{
    return n->block ? n->line + 1 : n->line;
}

static void take_tests(struct ktg_load *l, struct ktg_rule *r, const struct ktg_yaml_node *doc)
{
    const struct ktg_yaml_node *n = ktg_yaml_get(doc, "tests");
    if (!n)
        return;
    if (n->kind != KTG_YAML_LIST) {
        ktg_keys_error(l, r, n, "'tests' is a list");
        return;
    }
    r->tests = ktg_load_alloc(l, sizeof *r->tests * (n->count + 1));
    for (size_t i = 0; r->tests && i < n->count; i++) {
        const struct ktg_yaml_node *t = n->items[i];
        struct ktg_err err = KTG_ERR_INIT;
        if (t->kind != KTG_YAML_MAP) {
            ktg_keys_error(l, r, t, "a test is a map with name, events and expect");
            continue;
        }
        if (ktg_yaml_check_keys(t, r->file, test_keys, &err)) {
            r->broken = true;
            ktg_buf_printf(&l->notes->text, "%s\n", err.text);
            l->notes->errors++;
            continue;
        }
        const struct ktg_yaml_node *events = ktg_yaml_get(t, "events"),
                                   *expect = ktg_yaml_get(t, "expect");
        struct ktg_rule_test *test = &r->tests[r->test_count];
        test->name = ktg_yaml_text(ktg_yaml_get(t, "name"));
        if (!test->name || events->kind != KTG_YAML_SCALAR) {
            ktg_keys_error(l, r, events, "'events' is a literal block: write 'events: |'");
            continue;
        }
        test->events = events->text;
        test->events_line = block_line(events);
        if (expect->kind == KTG_YAML_SCALAR) {
            test->expect = expect->text;
        } else if (expect->count) {
            ktg_keys_error(l, r, expect,
                           "'expect' is a literal block ('expect: |') or [] for nothing");
            continue;
        }
        test->expect_line = block_line(expect);
        const char *amends = ktg_yaml_text(ktg_yaml_get(t, "amends"));
        test->amends = amends && !strcmp(amends, "true");
        struct ktg_phrase *list = NULL;
        size_t count = ktg_keys_phrases(l, r, ktg_yaml_get(t, "with rules"), "with rules", &list);
        struct ktg_bytes *with = ktg_load_alloc(l, sizeof *with * (count + 1));
        for (size_t k = 0; with && k < count; k++)
            with[k] = list[k].text;
        test->with = with;
        test->with_count = with ? count : 0;
        r->test_count++;
    }
}

static bool fires(const struct ktg_rule *r, const struct ktg_rule_test *t)
{
    struct ktg_bytes e = t->expect;
    size_t n = strlen(r->name);
    for (size_t i = 0; i + 6 < e.size; i++) {
        if ((i == 0 || e.data[i - 1] == '\n') && (memcmp(e.data + i, "raise ", 6) == 0) &&
            i + 6 + n <= e.size && memcmp(e.data + i + 6, r->name, n) == 0)
            return true;
    }
    return false;
}

/* A rule that was not shown to fire and to stay silent does not accuse anybody: it is loaded as shadow, and said. */
static void demote_untested(struct ktg_load *l, struct ktg_rule *r, const struct ktg_yaml_node *doc)
{
    bool fired = false, silent = false;
    for (size_t i = 0; i < r->test_count; i++) {
        fired |= fires(r, &r->tests[i]);
        silent |= r->tests[i].expect.size == 0;
    }
    if (r->status != KTG_RULE_LIVE || (fired && silent))
        return;
    r->status = KTG_RULE_SHADOW;
    r->untested = true;
    ktg_load_warning(l, r->file, doc->line, doc->column,
                     "rule '%s' has no test that %s: it is loaded as shadow, not live; give it one",
                     r->name,
                     fired    ? "stays silent (expect: [])"
                     : silent ? "fires"
                              : "fires and none that stays silent");
}

/* ---- forms ---- */

static void take_form(struct ktg_load *l, struct ktg_rule *r, const struct ktg_yaml_node *doc)
{
    static const char *const makers[] = {"when", "count", "score", "together", NULL};
    const char *made = NULL;
    for (size_t i = 0; makers[i]; i++) {
        const struct ktg_yaml_node *n = ktg_yaml_get(doc, makers[i]);
        if (n && made) {
            ktg_keys_error(
                l, r, n,
                "a rule has one form: 'when', 'while' alone, 'count', 'score' or 'together'");
            return;
        }
        if (n)
            made = makers[i];
    }
    if (!made && ktg_yaml_get(doc, "while"))
        made = "while";
    if (!made) {
        ktg_keys_error(
            l, r, doc,
            "the rule has no form: it needs 'when', 'while', 'count', 'score' or 'together'");
        return;
    }
    bool when = !strcmp(made, "when");
    r->form = ktg_form_of(when && ktg_yaml_get(doc, "by") ? "by" : made);
    take_update(l, r, doc, when);
    take_steps(l, r, ktg_yaml_get(doc, "when"), "when", &r->steps, &r->step_count);
    take_steps(l, r, ktg_yaml_get(doc, "unless"), "unless", &r->unless, &r->unless_count);
    take_steps(l, r, ktg_yaml_get(doc, "until"), "until", &r->until, &r->until_count);
    ktg_keys_scalar(l, r, doc, "by", &r->by_text);
    ktg_keys_scalar(l, r, doc, "since", &r->since_text);
    ktg_keys_scalar(l, r, doc, "where", &r->where_text);
    ktg_keys_scalar(l, r, doc, "while", &r->while_text);
    struct ktg_phrase *movers = NULL;
    size_t count = ktg_keys_phrases(l, r, ktg_yaml_get(doc, "moved by"), "moved by", &movers);
    r->movers = ktg_load_alloc(l, sizeof *r->movers * (count + 1));
    for (size_t i = 0; r->movers && i < count; i++)
        if (ktg_mover_parse(l, r, &movers[i], &r->movers[r->mover_count]))
            r->mover_count++;
    if (ktg_keys_scalar(l, r, doc, "at least", &r->threshold_text))
        r->has_threshold = true;
    if (ktg_yaml_get(doc, "more than")) {
        if (r->has_threshold)
            ktg_keys_error(l, r, ktg_yaml_get(doc, "more than"),
                           "'at least' or 'more than', not both");
        else if (ktg_keys_scalar(l, r, doc, "more than", &r->threshold_text))
            r->has_threshold = r->threshold_more = true;
    }
    ktg_keys_aggregate(l, r, doc);

    /* keys that belong to other forms */
    static const struct {
        const char *key, *forms, *why;
    } only[] = {
        {"by", "by", "'by' belongs to a rule with 'when'"},
        {"moved by", "by", "'moved by' needs a deadline: 'by'"},
        {"since", "by", "'since' says from when 'unless' counts for a deadline: it needs 'by'"},
        {"unless", "by when", "'unless' belongs to a rule with 'when'"},
        {"count", "count", ""},
        {"at least", "count", "'at least' is the threshold of a count"},
        {"more than", "count", "'more than' is the threshold of a count"},
        {"tick", "while count score together", "'tick' is for state rules"},
        {"within", "when by count",
         "'within' is the length of a sequence, or the window of a count; the window of 'score' "
         "and 'together' stands in them"},
        {"each", "when by while count score", "'together' has 'at', not 'each'"},
    };
    for (size_t i = 0; i < KTG_COUNT(only); i++) {
        const struct ktg_yaml_node *n = ktg_yaml_get(doc, only[i].key);
        if (n && !strstr(only[i].forms, r->form->key))
            ktg_keys_error(l, r, n, only[i].why);
    }
    if (when && r->each_name) {
        ktg_rule_error(l, r, &r->each_text,
                       "'each NAME in LIST' is for state rules; with 'when' write 'each: EXPR'");
    }
}

static void mark_used(void *arg, struct ktg_bytes name)
{
    struct ktg_rule *r = arg;
    for (size_t i = 0; i < r->with_count; i++) {
        struct ktg_with *w = &r->withs[i];
        if (w->busy || !ktg_bytes_is(name, w->name))
            continue;
        w->busy = 1; /* here: seen */
        ktg_phrase_names(w->text.text, mark_used, r);
    }
    for (size_t i = 0; i < r->let_count; i++) {
        struct ktg_let *t = &r->lets[i];
        if (t->busy || !ktg_bytes_is(name, t->name))
            continue;
        t->busy = 1;
        ktg_phrase_names(t->text.text, mark_used, r);
    }
}

/* Shared state forms and names that no text mentions are dropped before anything is resolved (model.h (3)). */
static void drop_unmentioned(struct ktg_rule *r, const struct ktg_yaml_node *doc)
{
    for (size_t i = 0; i < doc->count; i++) {
        const struct ktg_yaml_node *v = doc->items[i];
        if (ktg_bytes_is(doc->keys[i]->text, "tests") ||
            ktg_bytes_is(doc->keys[i]->text, "survives"))
            continue;
        const struct ktg_yaml_node *stack[64];
        size_t n = 0;
        stack[n++] = v;
        while (n) {
            const struct ktg_yaml_node *at = stack[--n];
            if (at->kind == KTG_YAML_SCALAR)
                ktg_phrase_names(at->text, mark_used, r);
            else
                for (size_t k = 0; k < at->count && n < KTG_COUNT(stack); k++)
                    stack[n++] = at->items[k];
        }
    }
    size_t kept = 0;
    for (size_t i = 0; i < r->with_count; i++) {
        bool keep = !r->withs[i].shared || r->withs[i].busy;
        r->withs[i].busy = 0;
        r->withs[i].used = true; /* until compiling knows better */
        if (!keep)
            continue;
        if (r->counted == (int)i)
            r->counted = (int)kept;
        if (kept != i) {
            r->withs[kept] = r->withs[i];
            r->withs[kept].step.self = &r->withs[kept].step;
        }
        kept++;
    }
    r->with_count = kept;
    kept = 0;
    for (size_t i = 0; i < r->let_count; i++) {
        bool keep = !r->lets[i].shared || r->lets[i].busy;
        r->lets[i].busy = 0;
        if (keep)
            r->lets[kept++] = r->lets[i];
    }
    r->let_count = kept;
}

static void sort_lets(struct ktg_rule *r)
{
    for (size_t i = 1; i < r->let_count; i++)
        for (size_t k = i; k > 0 && strcmp(r->lets[k - 1].name, r->lets[k].name) > 0; k--) {
            struct ktg_let t = r->lets[k];
            r->lets[k] = r->lets[k - 1];
            r->lets[k - 1] = t;
        }
}

void ktg_load_rule(struct ktg_load *l, struct ktg_rule *r, const struct ktg_yaml_node *doc)
{
    const struct ktg_ruleset *rs = l->rs;
    r->counted = -1;
    r->each_with = -1;
    r->withs = ktg_load_alloc(l, sizeof *r->withs * KTG_MAX_WITHS);
    r->lets = ktg_load_alloc(l, sizeof *r->lets * KTG_MAX_WITHS);
    r->names = ktg_load_alloc(l, sizeof *r->names * KTG_MAX_NAMES);
    if (!r->withs || !r->lets || !r->names)
        return;
    take_head(l, r, doc);
    take_text(l, r, doc);
    take_weight(l, r, doc);
    take_each(l, r, doc);
    take_form(l, r, doc);
    take_withs(l, r, ktg_yaml_get(doc, "with"), r->file, false);
    take_lets(l, r, ktg_yaml_get(doc, "let"), r->file, false);
    take_needs(l, r, doc);
    take_about(l, r, doc);
    take_tests(l, r, doc);
    ktg_load_survives(l, r, doc);
    demote_untested(l, r, doc);
    for (size_t i = 0; i < rs->define_count; i++) {
        int kind = ktg_catalogue_kind(rs->catalogue, ktg_bytes_str(rs->defines[i].kind_name));
        if (kind < 0 || !(r->kinds >> kind & 1))
            continue;
        take_withs(l, r, ktg_yaml_get(rs->defines[i].node, "with"), rs->defines[i].file, true);
        take_lets(l, r, ktg_yaml_get(rs->defines[i].node, "let"), rs->defines[i].file, true);
    }
    drop_unmentioned(r, doc);
    sort_lets(r);
    if (r->status != KTG_RULE_INTERNAL && !r->title_id.text.text.size)
        ktg_keys_error(l, r, doc, "the rule has no title; only internal rules go without");
}
