/* rules/testing/runner.c - see runner.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "rules/testing/runner.h"

#include "rules/engine/player.h"
#include "rules/testing/expect.h"
#include "rules/testing/story.h"

#define AHEAD        \
    ((ktg_time)366 * \
     KTG_DAY_MS) /* an event may arrive before it happens only by a slip of the author */

struct run {
    const struct ktg_file *files;
    size_t count;
    const struct ktg_ruleset *rs;
    const struct ktg_rule *rule;
    const struct ktg_rule_test *test;
    bool *needed; /* per rule of rs */
    struct ktg_arena a;
    struct ktg_buf lists, settings; /* YAML of local.yaml so far */
    struct ktg_buf bundle, report;
    struct ktg_player *player;
    struct ktg_heard_ops said;
};

/* ---- the rules of a test ------------------------------------------------------------------------------------------ */

static bool in_word(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
}

/* Does the text mention the name as a word? */
static bool mentions(struct ktg_bytes text, struct ktg_bytes name)
{
    const uint8_t *at = text.data, *end = text.data + text.size;
    while (at < end && (at = memmem(at, (size_t)(end - at), name.data, name.size))) {
        bool before = at > text.data && in_word(at[-1]);
        bool after = at + name.size < end && in_word(at[name.size]);
        if (!before && !after)
            return true;
        at++;
    }
    return false;
}

static bool begins(struct ktg_bytes text, const char *with)
{
    size_t n = strlen(with);
    return text.size >= n && memcmp(text.data, with, n) == 0;
}

/* The documents of a file: cut at lines that begin with "---". */
static struct ktg_bytes next_document(struct ktg_bytes *rest)
{
    size_t i = 0;
    bool body = false;
    while (i < rest->size) {
        size_t end = i;
        while (end < rest->size && rest->data[end] != '\n')
            end++;
        bool cut = end - i >= 3 && memcmp(rest->data + i, "---", 3) == 0;
        if (cut && body)
            break;
        body |= !cut;
        i = end < rest->size ? end + 1 : end;
    }
    struct ktg_bytes document = ktg_bytes(rest->data, i);
    *rest = ktg_bytes(rest->data + i, rest->size - i);
    return document;
}

/* The rule that a document holds: the word behind "rule:" at the beginning of a line; empty for a define. */
static struct ktg_bytes rule_of(struct ktg_bytes document)
{
    for (size_t i = 0; i < document.size;) {
        size_t end = i;
        while (end < document.size && document.data[end] != '\n')
            end++;
        struct ktg_bytes line = ktg_bytes(document.data + i, end - i);
        if (begins(line, "rule:")) {
            struct ktg_bytes rest = ktg_bytes(line.data + 5, line.size - 5);
            struct ktg_bytes word = ktg_story_word(&rest);
            if (word.size >= 2 && (word.data[0] == '"' || word.data[0] == '\''))
                word = ktg_bytes(word.data + 1, word.size - 2);
            return word;
        }
        i = end + 1;
    }
    return KTG_BYTES_NONE;
}

/* Lower rules that a needed document names. */
static bool widen(struct run *r, struct ktg_bytes document, const struct ktg_rule *reader)
{
    bool wider = false;
    for (size_t q = 0; q < ktg_ruleset_count(r->rs); q++) {
        const struct ktg_rule *other = ktg_ruleset_rule(r->rs, q);
        if (r->needed[q] || (reader && !ktg_rule_reads_finding(reader, (int)q)))
            continue;
        if (mentions(document, ktg_bytes_str(ktg_rule_name(other))))
            wider = r->needed[q] = true;
    }
    return wider;
}

static void choose(struct run *r)
{
    for (size_t q = 0; q < ktg_ruleset_count(r->rs); q++)
        r->needed[q] = ktg_ruleset_rule(r->rs, q) == r->rule;
    for (size_t i = 0; i < r->test->with_count; i++) {
        const struct ktg_rule *with = ktg_ruleset_find(r->rs, r->test->with[i]);
        if (with)
            r->needed[ktg_rule_index(with)] = true;
    }
    for (bool again = true; again;) {
        again = false;
        for (size_t f = 0; f < r->count; f++) {
            struct ktg_bytes rest = r->files[f].text;
            while (begins(r->files[f].name, "rules/") && rest.size) {
                struct ktg_bytes document = next_document(&rest), name = rule_of(document);
                const struct ktg_rule *reader = name.size ? ktg_ruleset_find(r->rs, name) : NULL;
                if (reader && r->needed[ktg_rule_index(reader)])
                    again |= widen(r, document, reader);
            }
        }
    }
}

/* The documents that are not needed become empty lines, so that places in messages stay right. */
static struct ktg_bytes only_needed(struct run *r, struct ktg_bytes text)
{
    char *copy = ktg_arena_strndup(&r->a, (const char *)text.data, text.size);
    struct ktg_bytes rest = text;
    while (copy && rest.size) {
        struct ktg_bytes document = next_document(&rest), name = rule_of(document);
        const struct ktg_rule *rule = name.size ? ktg_ruleset_find(r->rs, name) : NULL;
        if (!name.size || (rule && r->needed[ktg_rule_index(rule)]))
            continue;
        for (size_t i = 0; i < document.size; i++) {
            if (document.data[i] != '\n')
                copy[(size_t)(document.data - text.data) + i] = ' ';
        }
    }
    return ktg_bytes(copy, copy ? text.size : 0);
}

static int make_bundle(struct run *r, struct ktg_err *err)
{
    struct ktg_file *files = ktg_arena_alloc(&r->a, (r->count + 1) * sizeof *files);
    struct ktg_buf local = KTG_BUF_INIT;
    size_t n = 0;
    if (!files)
        return ktg_err_set(err, KTG_ENOMEM, "no memory");
    for (size_t i = 0; i < r->count; i++) {
        if (ktg_bytes_is(r->files[i].name,
                         "local.yaml")) /* an installation's own has no part in tests */
            continue;
        files[n] = r->files[i];
        if (begins(files[n].name, "rules/"))
            files[n].text = only_needed(r, files[n].text);
        n++;
    }
    if (r->lists.size)
        ktg_buf_printf(&local, "lists:\n%s", ktg_buf_text(&r->lists));
    if (r->settings.size)
        ktg_buf_printf(&local, "settings:\n%s", ktg_buf_text(&r->settings));
    if (local.size)
        files[n++] = (struct ktg_file){KTG_LIT("local.yaml"), ktg_buf_view(&local)};
    ktg_buf_clear(&r->bundle);
    int rc = ktg_buf_check(&local);
    if (!rc)
        rc = ktg_bundle_encode(files, n, &r->bundle);
    ktg_buf_done(&local);
    return rc ? ktg_err_set(err, rc, "the rules cannot be bundled") : KTG_OK;
}

/* ---- a run -------------------------------------------------------------------------------------------------------- */

/* Lists and settings that come before anything else belong to the rule set from the start. */
static int begin(struct run *r, struct ktg_err *err)
{
    if (r->player)
        return KTG_OK;
    const struct ktg_player_options options = {.arg = &r->said,
                                               .out = ktg_expect_listen,
                                               .ahead = AHEAD,
                                               .lenient = true,
                                               .tell_internal = true};
    int rc = make_bundle(r, err);
    return rc ? rc : ktg_player_new(ktg_buf_view(&r->bundle), &options, &r->player, err);
}

static int local(struct run *r, const struct ktg_story_step *s, struct ktg_err *err)
{
    ktg_buf_printf(s->kind == KTG_STORY_LIST ? &r->lists : &r->settings, "  %.*s: %.*s\n",
                   (int)s->name.size, (const char *)s->name.data, (int)s->value.size,
                   (const char *)s->value.data);
    if (!r->player)
        return KTG_OK;
    int rc = make_bundle(r, err);
    return rc ? rc
              : ktg_player_ruleset(r->player, ktg_buf_view(&r->bundle),
                                   ktg_engine_now(ktg_player_engine(r->player)), err);
}

static int take(struct run *r, const struct ktg_story_step *s, struct ktg_err *err)
{
    bool again;
    int rc;
    if (s->kind == KTG_STORY_LIST || s->kind == KTG_STORY_SETTING)
        return local(r, s, err);
    if ((rc = begin(r, err)))
        return rc;
    ktg_time now = ktg_engine_now(ktg_player_engine(r->player));
    switch (s->kind) {
    case KTG_STORY_EVENT:
        return ktg_player_event(r->player, s->blob, s->at, &again, err);
    case KTG_STORY_CLOCK:
        return ktg_player_reach(r->player, s->at, err);
    case KTG_STORY_SILENT: /* one heartbeat: said now, about then */
        return ktg_player_heartbeat(r->player, s->name, s->at, NULL, 0, now, err);
    default:
        return KTG_OK;
    }
}

static int run_one(struct run *r, bool *ret_same, struct ktg_err *err)
{
    const struct ktg_story_step *steps;
    size_t count;
    int unused;
    const char *file = ktg_rule_file(r->rule, &unused);
    choose(r);
    int rc = ktg_story_parse(ktg_ruleset_catalogue(r->rs), r->test->events, file,
                             r->test->events_line, &r->a, &steps, &count, err);
    for (size_t i = 0; !rc && i < count; i++) {
        if ((rc = take(r, &steps[i], err)))
            ktg_err_wrap(err, rc, "%s:%d", file, steps[i].line);
    }
    if (rc)
        return rc;
    return ktg_expect_compare(r->test->expect, file, r->test->expect_line, ktg_rule_name(r->rule),
                              &r->said, ret_same, &r->report, err);
}

int ktg_runner_run(const struct ktg_file *files, size_t count, const struct ktg_ruleset *rs,
                   struct ktg_bytes rule, ktg_test_told *told, void *arg, size_t *ret_failed,
                   size_t *ret_count, struct ktg_err *err)
{
    size_t failed = 0, done = 0, rules = ktg_ruleset_count(rs);
    bool *needed = ktg_calloc(rules + 1, sizeof *needed);
    int rc = !needed ? ktg_err_set(err, KTG_ENOMEM, "no memory")
             : rule.size && !ktg_ruleset_find(rs, rule)
                 ? ktg_err_set(err, KTG_ENOTFOUND, "no rule is called '%.*s'", (int)rule.size,
                               (const char *)rule.data)
                 : KTG_OK;
    for (size_t i = 0; !rc && i < rules; i++) {
        const struct ktg_rule *one = ktg_ruleset_rule(rs, i);
        size_t tests;
        const struct ktg_rule_test *list = ktg_rule_tests(one, &tests);
        if (rule.size && !ktg_bytes_is(rule, ktg_rule_name(one)))
            continue;
        for (size_t t = 0; !rc && t < tests; t++) {
            struct run r = {.files = files,
                            .count = count,
                            .rs = rs,
                            .rule = one,
                            .test = &list[t],
                            .needed = needed};
            struct ktg_err why = KTG_ERR_INIT;
            bool same = false;
            int unused, outcome;
            r.said.a = &r.a;
            r.said.amends = list[t].amends;
            outcome = run_one(&r, &same, &why);
            if (outcome == KTG_ENOMEM)
                rc = ktg_err_set(err, KTG_ENOMEM, "no memory");
            if (outcome)
                ktg_buf_printf(&r.report, "%s\n", why.text);
            failed += !same;
            done++;
            told(arg, &(struct ktg_test_result){ktg_rule_name(one), list[t].name,
                                                ktg_rule_file(one, &unused), list[t].events_line,
                                                same, ktg_buf_view(&r.report)});
            ktg_player_free(r.player);
            ktg_expect_done(&r.said);
            ktg_arena_done(&r.a);
            ktg_buf_done(&r.lists);
            ktg_buf_done(&r.settings);
            ktg_buf_done(&r.bundle);
            ktg_buf_done(&r.report);
        }
    }
    ktg_free(needed);
    if (!rc && ret_failed)
        *ret_failed = failed;
    if (!rc && ret_count)
        *ret_count = done;
    return rc;
}
