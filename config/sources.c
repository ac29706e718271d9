/* config/sources.c - see sources.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "config/sources.h"

#include <string.h>

#include "config/faults.h"
#include "config/textfile.h"
#include "runtime/civil.h"
#include "runtime/mem.h"

#define WORDS_MOST 10000
#define FILE_MOST  (2u << 20)

struct ktg_source_words {
    struct ktg_arena arena;
    struct ktg_source_word *rows;
    size_t count;
};

static int wrong(const struct ktg_yaml_node *at, const char *name, const char *got,
                 const char *want, struct ktg_err *err)
{
    return ktg_config_fail_at(err, KTG_CONFIG_SOURCE_WRONG, at, name, got, want);
}

static bool is_source(const char *s)
{
    size_t n = strlen(s);
    return n > 0 && n < KTG_SOURCE_NAME && s[0] != '.' && s[n - 1] != '.' &&
           strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_") == n;
}

static const struct ktg_source_word *find(const struct ktg_source_words *w,
                                          const struct ktg_source_word *like)
{
    for (size_t i = 0; i < w->count; i++) {
        const struct ktg_source_word *r = &w->rows[i];
        if (r->at == like->at && r->retired == like->retired &&
            strcmp(r->source, like->source) == 0)
            return r;
    }
    return NULL;
}

static int read_word(struct ktg_source_words *w, const struct ktg_yaml_node *map, const char *name,
                     struct ktg_err *err)
{
    static const struct ktg_yaml_key keys[] = {
        {"source", true}, {"at", true}, {"retired", true}, {NULL, false}};
    struct ktg_source_word *r = &w->rows[w->count];
    int unused, rc = ktg_yaml_check_keys(map, name, keys, err);
    if (rc)
        return rc;
    const struct ktg_yaml_node *source = ktg_yaml_get(map, "source"), *at = ktg_yaml_get(map, "at"),
                               *retired = ktg_yaml_get(map, "retired");
    const char *who = ktg_yaml_text(source), *when = ktg_yaml_text(at),
               *is = ktg_yaml_text(retired);
    if (!who || !is_source(who))
        return wrong(source, name, who, "source: the name of a source", err);
    if (!when || ktg_instant_parse(ktg_bytes_str(when), false, &r->at, &unused))
        return wrong(at, name, when, "at: an instant with a zone", err);
    if (!is || (strcmp(is, "yes") != 0 && strcmp(is, "no") != 0))
        return wrong(retired, name, is, "retired: yes or no", err);
    r->source = who;
    r->retired = strcmp(is, "yes") == 0;
    const struct ktg_source_word said = {r->source, r->at, true};
    if (find(w, r))
        return wrong(map, name, who, "each word once", err);
    if (!r->retired && !find(w, &said))
        return wrong(map, name, who, "the word that is taken back, before", err);
    w->count++;
    return KTG_OK;
}

int ktg_source_words_parse(struct ktg_bytes text, const char *name, struct ktg_source_words **ret_w,
                           struct ktg_err *err)
{
    const struct ktg_yaml_node **roots = NULL;
    size_t count = 0;
    struct ktg_source_words *w = ktg_zalloc(sizeof *w);
    if (!w)
        return ktg_err_set(err, KTG_ENOMEM, "%s: no memory", name);
    int rc = ktg_yaml_parse(text, name, &KTG_YAML_LIMITS, &w->arena, &roots, &count, err);
    if (!rc && (count != 1 || roots[0]->kind != KTG_YAML_LIST || roots[0]->count > WORDS_MOST))
        rc = wrong(count ? roots[0] : NULL, name, NULL, "one list of at most 10000 words", err);
    if (!rc && !(w->rows = ktg_arena_zalloc(&w->arena, (roots[0]->count + 1) * sizeof *w->rows)))
        rc = ktg_err_set(err, KTG_ENOMEM, "%s: no memory", name);
    for (size_t i = 0; !rc && i < roots[0]->count; i++)
        rc = read_word(w, roots[0]->items[i], name, err);
    if (rc)
        ktg_source_words_free(w);
    else
        *ret_w = w;
    return rc;
}

int ktg_source_words_load(const char *path, struct ktg_source_words **ret_w, struct ktg_err *err)
{
    struct ktg_buf text = KTG_BUF_INIT;
    int rc = ktg_textfile_read(path, FILE_MOST, &text, err);
    if (!rc)
        rc = ktg_source_words_parse(ktg_buf_view(&text), path, ret_w, err);
    ktg_buf_done(&text);
    return rc;
}

struct ktg_source_words *ktg_source_words_free(struct ktg_source_words *w)
{
    if (w) {
        ktg_arena_done(&w->arena);
        ktg_free(w);
    }
    return NULL;
}

size_t ktg_source_words_count(const struct ktg_source_words *w)
{
    return w->count;
}

const struct ktg_source_word *ktg_source_words_at(const struct ktg_source_words *w, size_t i)
{
    return &w->rows[i];
}

int ktg_source_words_add(const char *path, const struct ktg_source_word *word, struct ktg_err *err)
{
    struct ktg_buf text = KTG_BUF_INIT;
    struct ktg_source_words *after = NULL;
    char at[KTG_INSTANT_TEXT];
    int rc = ktg_textfile_read(path, FILE_MOST, &text, err);
    bool fresh = rc == KTG_ENOTFOUND;
    if (fresh) {
        ktg_buf_clear(&text);
        ktg_buf_put_str(&text, "# What operators said of sources: kentongan source retire.  A list "
                               "that only grows.\n");
        rc = KTG_OK;
    }
    if (!rc && text.size && text.data[text.size - 1] != '\n')
        ktg_buf_put_u8(&text, '\n');
    ktg_instant_format(word->at, 0, at);
    ktg_buf_printf(&text, "- {source: '%s', at: '%s', retired: %s}\n", word->source, at,
                   word->retired ? "yes" : "no");
    if (!rc && ktg_buf_check(&text))
        rc = ktg_err_set(err, KTG_ENOMEM, "%s: no memory", path);
    if (!rc) /* what we are about to write must be readable */
        rc = ktg_source_words_parse(ktg_buf_view(&text), path, &after, err);
    if (!rc)
        rc = ktg_textfile_write(path, ktg_buf_view(&text), 0644, fresh, err);
    ktg_source_words_free(after);
    ktg_buf_done(&text);
    return rc;
}
