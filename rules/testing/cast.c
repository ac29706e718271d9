/* rules/testing/cast.c - see cast.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "rules/testing/cast.h"

#include "rules/testing/story.h"

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

struct ktg_bytes ktg_cast_next_document(struct ktg_bytes *rest)
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

struct ktg_bytes ktg_cast_rule_of(struct ktg_bytes document)
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

/* Rules that a document which takes part reads and names. */
static bool widen(struct ktg_cast *c, struct ktg_bytes document, const struct ktg_rule *reader)
{
    bool wider = false;
    for (size_t q = 0; q < ktg_ruleset_count(c->rs); q++) {
        const struct ktg_rule *other = ktg_ruleset_rule(c->rs, q);
        if (c->takes_part[q] || !ktg_rule_reads_finding(reader, (int)q))
            continue;
        if (mentions(document, ktg_bytes_str(ktg_rule_name(other))))
            wider = c->takes_part[q] = true;
    }
    return wider;
}

int ktg_cast_choose(struct ktg_cast *c, const struct ktg_rule *rule,
                    const struct ktg_rule_test *test)
{
    size_t rules = ktg_ruleset_count(c->rs);
    if (!c->takes_part && !(c->takes_part = ktg_calloc(rules + 1, sizeof *c->takes_part)))
        return KTG_ENOMEM;
    if (c->rule == rule && !c->with && !test->with_count)
        return KTG_OK;
    c->rule = rule;
    c->with = test->with_count > 0;
    for (size_t q = 0; q < rules; q++)
        c->takes_part[q] = ktg_ruleset_rule(c->rs, q) == rule;
    for (size_t i = 0; i < test->with_count; i++) {
        const struct ktg_rule *with = ktg_ruleset_find(c->rs, test->with[i]);
        if (with)
            c->takes_part[ktg_rule_index(with)] = true;
    }
    for (bool again = true; again;) {
        again = false;
        for (size_t f = 0; f < c->count; f++) {
            struct ktg_bytes rest = c->files[f].text;
            while (begins(c->files[f].name, "rules/") && rest.size) {
                struct ktg_bytes document = ktg_cast_next_document(&rest),
                                 name = ktg_cast_rule_of(document);
                const struct ktg_rule *reader = name.size ? ktg_ruleset_find(c->rs, name) : NULL;
                if (reader && c->takes_part[ktg_rule_index(reader)])
                    again |= widen(c, document, reader);
            }
        }
    }
    return KTG_OK;
}

void ktg_cast_done(struct ktg_cast *c)
{
    ktg_free(c->takes_part);
    c->takes_part = NULL;
}

static struct ktg_bytes only_them(const struct ktg_cast *c, struct ktg_bytes text,
                                  struct ktg_arena *a)
{
    char *copy = ktg_arena_strndup(a, (const char *)text.data, text.size);
    struct ktg_bytes rest = text;
    while (copy && rest.size) {
        struct ktg_bytes document = ktg_cast_next_document(&rest),
                         name = ktg_cast_rule_of(document);
        const struct ktg_rule *rule = name.size ? ktg_ruleset_find(c->rs, name) : NULL;
        if (!name.size || (rule && c->takes_part[ktg_rule_index(rule)]))
            continue;
        for (size_t i = 0; i < document.size; i++) {
            if (document.data[i] != '\n')
                copy[(size_t)(document.data - text.data) + i] = ' ';
        }
    }
    return ktg_bytes(copy, copy ? text.size : 0);
}

int ktg_cast_bundle(const struct ktg_cast *c, struct ktg_bytes lists, struct ktg_bytes settings,
                    struct ktg_buf *to, struct ktg_err *err)
{
    struct ktg_arena a = KTG_ARENA_INIT;
    struct ktg_file *files = ktg_arena_alloc(&a, (c->count + 1) * sizeof *files);
    struct ktg_buf local = KTG_BUF_INIT;
    size_t n = 0;
    for (size_t i = 0; files && i < c->count; i++) {
        if (!c->keeps_local && ktg_bytes_is(c->files[i].name, "local.yaml"))
            continue;
        files[n] = c->files[i];
        if (begins(files[n].name, "rules/"))
            files[n].text = only_them(c, files[n].text, &a);
        n++;
    }
    if (lists.size)
        ktg_buf_printf(&local, "lists:\n%.*s", (int)lists.size, (const char *)lists.data);
    if (settings.size)
        ktg_buf_printf(&local, "settings:\n%.*s", (int)settings.size, (const char *)settings.data);
    if (files && local.size)
        files[n++] = (struct ktg_file){.name = KTG_LIT("local.yaml"), .text = ktg_buf_view(&local)};
    ktg_buf_clear(to);
    int rc = files ? ktg_buf_check(&local) : KTG_ENOMEM;
    if (!rc)
        rc = ktg_bundle_encode(files, n, to);
    ktg_buf_done(&local);
    ktg_arena_done(&a);
    return rc ? ktg_err_set(err, rc, "the rules cannot be bundled") : KTG_OK;
}
