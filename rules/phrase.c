/* rules/phrase.c - see phrase.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "rules/phrase.h"

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}
static bool is_letter(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
static bool is_word(uint8_t c)
{
    return is_letter(c) || (c >= '0' && c <= '9');
}

bool ktg_word_ok(struct ktg_bytes name)
{
    if (name.size == 0 || name.size > 64 || !is_letter(name.data[0]))
        return false;
    for (size_t i = 1; i < name.size; i++)
        if (!is_word(name.data[i]))
            return false;
    return true;
}

struct ktg_phrase ktg_phrase_of(const struct ktg_yaml_node *n, const char *file)
{
    struct ktg_phrase p = {n->text, file, n->line, n->column, n->plain};
    if (n->block) { /* the text begins on the line after the mark */
        p.line++;
        p.column = 1;
    } else if (!n->plain) {
        p.column++; /* behind the quote */
    }
    return ktg_phrase_sub(&p, 0, p.text.size);
}

struct ktg_phrase ktg_phrase_sub(const struct ktg_phrase *p, size_t at, size_t size)
{
    const uint8_t *t = p->text.data;
    while (size > 0 && is_blank(t[at])) {
        at++;
        size--;
    }
    while (size > 0 && is_blank(t[at + size - 1]))
        size--;
    struct ktg_phrase s = *p;
    s.text = ktg_bytes(t ? t + at : NULL, size);
    for (size_t i = 0; i < at; i++) {
        if (t[i] == '\n') {
            s.line++;
            s.column = 1;
        } else {
            s.column++;
        }
    }
    return s;
}

/* Behind the quoted text that begins at i, or the end. */
static size_t skip_quoted(struct ktg_bytes t, size_t i)
{
    uint8_t quote = t.data[i++];
    while (i < t.size && t.data[i] != quote)
        i += t.data[i] == '\\' && i + 1 < t.size ? 2 : 1;
    return i < t.size ? i + 1 : t.size;
}

static int keyword_at(struct ktg_bytes t, size_t i, size_t *ret_size, const char *const *keywords)
{
    for (int k = 0; keywords[k]; k++) {
        size_t n = strlen(keywords[k]);
        if (i + n <= t.size && memcmp(t.data + i, keywords[k], n) == 0 &&
            (i + n == t.size || is_blank(t.data[i + n]) || t.data[i + n] == '(')) {
            *ret_size = n;
            return k;
        }
    }
    return -1;
}

size_t ktg_phrase_cut(const struct ktg_phrase *p, const char *const *keywords,
                      struct ktg_part parts[KTG_MAX_PARTS])
{
    struct ktg_bytes t = p->text;
    size_t count = 0, start = 0;
    int depth = 0, keyword = -1;
    for (size_t i = 0; i < t.size;) {
        uint8_t c = t.data[i];
        if (c == '"' || c == '\'') {
            i = skip_quoted(t, i);
            continue;
        }
        if (c == '(' || c == '[' || c == '{')
            depth++;
        else if (c == ')' || c == ']' || c == '}')
            depth--;
        size_t n;
        int k;
        if (depth == 0 && is_letter(c) && (i == 0 || is_blank(t.data[i - 1])) &&
            (k = keyword_at(t, i, &n, keywords)) >= 0) {
            if (count + 1 >= KTG_MAX_PARTS)
                return 0;
            parts[count++] = (struct ktg_part){keyword, ktg_phrase_sub(p, start, i - start)};
            keyword = k;
            i += n;
            start = i;
            continue;
        }
        i++;
    }
    parts[count++] = (struct ktg_part){keyword, ktg_phrase_sub(p, start, t.size - start)};
    return count;
}

bool ktg_phrase_bracket(const struct ktg_phrase *p, size_t open, struct ktg_phrase *ret_inside,
                        size_t *ret_end)
{
    struct ktg_bytes t = p->text;
    int depth = 0;
    for (size_t i = open; i < t.size;) {
        uint8_t c = t.data[i];
        if (c == '"' || c == '\'') {
            i = skip_quoted(t, i);
            continue;
        }
        if (c == '(' || c == '[' || c == '{')
            depth++;
        else if ((c == ')' || c == ']' || c == '}') && --depth == 0) {
            *ret_inside = ktg_phrase_sub(p, open + 1, i - open - 1);
            *ret_end = i + 1;
            return true;
        }
        i++;
    }
    return false;
}

void ktg_phrase_names(struct ktg_bytes t, void (*f)(void *arg, struct ktg_bytes name), void *arg)
{
    for (size_t i = 0; i < t.size;) {
        uint8_t c = t.data[i];
        if (c == '"' || c == '\'') {
            i = skip_quoted(t, i);
        } else if (is_word(c)) {
            size_t from = i;
            while (i < t.size && is_word(t.data[i]))
                i++;
            if (is_letter(c) && (from == 0 || t.data[from - 1] != '.'))
                f(arg, ktg_bytes(t.data + from, i - from));
        } else {
            i++;
        }
    }
}

struct search {
    const char *name;
    bool found;
};
static void compare(void *arg, struct ktg_bytes name)
{
    struct search *s = arg;
    s->found |= ktg_bytes_is(name, s->name);
}
bool ktg_phrase_mentions(struct ktg_bytes text, const char *name)
{
    struct search s = {name, false};
    ktg_phrase_names(text, compare, &s);
    return s.found;
}
