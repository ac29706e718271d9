/* rules/check.c - what `rules check` says of a rule that compiles: is it fit to accuse somebody?
 *
 * Errors: a live rule without `disproved by`; lists that do not exist.
 * Warnings: settings that the table does not know, state forms that nobody reads, conditions that nothing meets.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "rules/phrase.h"
#include "rules/states/asof.h"

/* `setting("name"` and `list("name"` in a text. */
static void check_calls(struct ktg_load *l, struct ktg_rule *r, const struct ktg_phrase *p)
{
    static const char *const calls[] = {"setting", "list", NULL};
    struct ktg_bytes t = p->text;
    for (size_t i = 0; i < t.size; i++)
        for (size_t k = 0; calls[k]; k++) {
            size_t n = strlen(calls[k]);
            if (i + n + 3 > t.size || memcmp(t.data + i, calls[k], n) != 0 ||
                t.data[i + n] != '(' ||
                (i > 0 && ((t.data[i - 1] | 32) >= 'a' && (t.data[i - 1] | 32) <= 'z')))
                continue;
            uint8_t quote = t.data[i + n + 1];
            if (quote != '"' && quote != '\'')
                continue;
            const uint8_t *from = t.data + i + n + 2,
                          *end = memchr(from, quote, t.size - (i + n + 2));
            if (!end)
                continue;
            struct ktg_bytes name = ktg_bytes(from, (size_t)(end - from));
            struct ktg_phrase at = *p;
            at.column += (int)(i + n + 2);
            const char *words[512];
            size_t count = 0;
            for (size_t w = 0; k == 0 && w < l->rs->setting_count && count < 511; w++)
                words[count++] = (const char *)l->rs->settings[w].name.data;
            for (size_t w = 0; k == 1 && w < l->rs->list_count && count < 511; w++)
                words[count++] = (const char *)l->rs->lists[w].name.data;
            words[count] = NULL;
            char *got = ktg_arena_strndup(&l->rs->arena, (const char *)name.data, name.size);
            if (!got)
                return;
            const char *near = ktg_yaml_nearest(got, words);
            if (k == 0 && !ktg_ruleset_setting(l->rs, name))
                ktg_load_warning(l, at.file, at.line, at.column,
                                 "setting '%s' is not in settings.yaml%s%s%s", got,
                                 near ? " - did you mean '" : "; its default holds",
                                 near ? near : "", near ? "'?" : "");
            if (k == 1 && !ktg_ruleset_list(l->rs, name))
                ktg_rule_error(l, r, &at, "there is no list '%s'%s%s%s", got,
                               near ? " - did you mean '" : "", near ? near : "", near ? "'?" : "");
        }
}

struct texts {
    struct ktg_load *l;
    struct ktg_rule *r;
};
/* What it costs a rule when a condition cannot be met. */
static void check_met(struct ktg_load *l, const struct ktg_rule *r, const struct ktg_phrase *p,
                      const struct ktg_cel *plan, const char *cost)
{
    if (plan && ktg_rule_is_never_true(l, r, plan))
        ktg_load_warning(l, p->file, p->line, p->column, "this is never true: %s", cost);
}

static void check_step(void *arg, struct ktg_step *s)
{
    struct texts *t = arg;
    check_calls(t->l, t->r, &s->where_text);
    check_met(t->l, t->r, &s->where_text, s->where, "the step is never reached");
}

void ktg_rule_check(struct ktg_load *l, struct ktg_rule *r)
{
    struct texts t = {l, r};
    const struct ktg_phrase *texts[] = {&r->by_text,
                                        &r->since_text,
                                        &r->where_text,
                                        &r->while_text,
                                        &r->tick_text,
                                        &r->update_text,
                                        &r->once_text,
                                        &r->each_text,
                                        &r->threshold_text,
                                        &r->level_text,
                                        &r->to_text,
                                        &r->weight_text,
                                        &r->score.flags_text,
                                        &r->score.agencies_text,
                                        &r->together.times_text,
                                        &r->together.persons_text};
    for (size_t i = 0; i < KTG_COUNT(texts); i++)
        check_calls(l, r, texts[i]);
    check_met(l, r, &r->where_text, r->where, "the rule finds nothing");
    check_met(l, r, &r->while_text, r->while_, "the rule finds nothing");
    for (size_t i = 0; i < r->together.at_count; i++)
        check_calls(l, r, &r->together.at_text[i]);
    ktg_rule_each_step(r, check_step, &t);
    for (size_t i = 0; i < r->mover_count; i++)
        check_calls(l, r, &r->movers[i].to_text);
    for (size_t i = 0; i < r->let_count; i++)
        check_calls(l, r, &r->lets[i].text);
    for (size_t i = 0; i < r->about_count; i++)
        check_calls(l, r, &r->about[i].text);
    for (size_t i = 0; i < r->with_count; i++) {
        const struct ktg_with *w = &r->withs[i];
        check_calls(l, r, &w->key_text);
        check_calls(l, r, &w->from_text);
        check_calls(l, r, &w->past_text);
        if (!w->used && !w->shared && !r->broken)
            ktg_load_warning(l, w->text.file, w->text.line, w->text.column, "nothing reads '%s'",
                             w->name);
    }
    if (r->status != KTG_RULE_LIVE)
        return;
    if (!r->disproved_id)
        ktg_rule_error(l, r, NULL,
                       "rule '%s' is live and does not say what would disprove it: 'disproved by: "
                       "{id: ..., en: ...}'",
                       r->name);
}
