/* rules/testing/scalars.c - see scalars.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "rules/testing/scalars.h"

struct finding {
    struct ktg_bytes text;
    size_t to; /* end of the document */
    struct ktg_scalar *list;
    size_t count, cap;
    struct ktg_bytes key;
    size_t block_from, block_to, entry;
};

static size_t line_end(const struct finding *f, size_t at)
{
    const uint8_t *end = memchr(f->text.data + at, '\n', f->to - at);
    return end ? (size_t)(end - f->text.data) : f->to;
}

static size_t next_line(const struct finding *f, size_t at)
{
    size_t end = line_end(f, at);
    return end < f->to ? end + 1 : f->to;
}

static size_t indent(const struct finding *f, size_t at)
{
    size_t i = at;
    while (i < f->to && f->text.data[i] == ' ')
        i++;
    return i - at;
}

static bool is_blank_line(const struct finding *f, size_t at)
{
    size_t i = at + indent(f, at);
    return i >= f->to || f->text.data[i] == '\n' || f->text.data[i] == '\r' ||
           f->text.data[i] == '#';
}

/* The first line from `at` on that is indented by no more than `depth`. */
static size_t lines_below(const struct finding *f, size_t at, size_t depth)
{
    while (at < f->to && (is_blank_line(f, at) || indent(f, at) > depth))
        at = next_line(f, at);
    return at;
}

/* Behind "word:" at `at`; 0: none stands there. */
static size_t behind_key(const struct finding *f, size_t at, size_t end, struct ktg_bytes *ret_word)
{
    size_t i = at;
    while (i < end && f->text.data[i] != ':' && f->text.data[i] != '"' && f->text.data[i] != '\'')
        i++;
    if (i == at || i >= end || f->text.data[i] != ':' ||
        (i + 1 < end && f->text.data[i + 1] != ' '))
        return 0;
    *ret_word = ktg_bytes(f->text.data + at, i - at);
    return i + 1;
}

/* Where a plain text ends: before a comment and the blanks at the end of the line. */
static size_t plain_end(const struct finding *f, size_t start, size_t to)
{
    size_t end = start;
    for (size_t i = start; i < to; i++) {
        uint8_t c = f->text.data[i];
        if (c == '#' && i > start && f->text.data[i - 1] == ' ') {
            while (i < to && f->text.data[i] != '\n')
                i++;
            continue;
        }
        if (c != ' ' && c != '\n' && c != '\r')
            end = i + 1;
    }
    return end;
}

static int add(struct finding *f, struct ktg_scalar s, size_t start, size_t to)
{
    const uint8_t *t = f->text.data;
    while (start < to && t[start] == ' ')
        start++;
    if (start >= to)
        return KTG_OK;
    s.key = f->key;
    s.entry = f->entry;
    s.block_from = f->block_from;
    s.block_to = f->block_to;
    s.start = start;
    if (t[start] == '|' || t[start] == '>') {
        s.start = next_line(f, start);
        s.end = plain_end(f, s.start, to);
    } else if (t[start] == '"' || t[start] == '\'') {
        s.quoting = t[start] == '"' ? KTG_DOUBLE : KTG_SINGLE;
        s.start = start + 1;
        for (s.end = s.start; s.end < to && t[s.end] != t[start]; s.end++) {
            if (s.quoting == KTG_DOUBLE && t[s.end] == '\\')
                s.end++;
            else if (s.quoting == KTG_SINGLE && t[s.end] == '\'' && s.end + 1 < to &&
                     t[s.end + 1] == '\'')
                s.end++;
        }
    } else {
        s.end = plain_end(f, start, to);
    }
    if (s.end > to)
        s.end = to;
    while (s.start < s.end && t[s.start] == ' ')
        s.start++;
    if (s.start >= s.end)
        return KTG_OK;
    if (ktg_grow(&f->list, &f->cap, f->count + 1, sizeof *f->list))
        return KTG_ENOMEM;
    f->list[f->count++] = s;
    return KTG_OK;
}

/* Entries and names below a key whose own line holds no text. */
static int below(struct finding *f, size_t at)
{
    int rc = KTG_OK;
    while (!rc && at < f->block_to) {
        if (is_blank_line(f, at)) {
            at = next_line(f, at);
            continue;
        }
        size_t depth = indent(f, at), start = at + depth, end = line_end(f, at);
        size_t to = lines_below(f, next_line(f, at), depth);
        struct ktg_scalar s = {.from = at, .to = to};
        f->entry = 0;
        if (f->text.data[start] == '-' && start + 1 < end) {
            start++;
            f->entry = 1;
            for (size_t i = 0; i < f->count; i++)
                f->entry += f->list[i].block_from == f->block_from;
        } else {
            size_t behind = behind_key(f, start, end, &s.name);
            start = behind ? behind : start;
        }
        rc = add(f, s, start, to);
        at = to;
    }
    return rc;
}

int ktg_scalars_find(struct ktg_bytes text, size_t from, size_t to, struct ktg_arena *a,
                     const struct ktg_scalar **ret_list, size_t *ret_count)
{
    struct finding f = {.text = text, .to = to};
    int rc = KTG_OK;
    for (size_t at = from; !rc && at < to;) {
        size_t end = line_end(&f, at), behind;
        if (is_blank_line(&f, at) || indent(&f, at) ||
            !(behind = behind_key(&f, at, end, &f.key))) {
            at = next_line(&f, at);
            continue;
        }
        f.block_from = at;
        f.block_to = lines_below(&f, next_line(&f, at), 0);
        f.entry = 0;
        size_t first = behind;
        while (first < end && text.data[first] == ' ')
            first++;
        if (first < end && text.data[first] != '#' && text.data[first] != '\r')
            rc = add(&f, (struct ktg_scalar){.from = at, .to = f.block_to}, first, f.block_to);
        else
            rc = below(&f, next_line(&f, at));
        at = f.block_to;
    }
    struct ktg_scalar *copy = rc ? NULL : ktg_arena_alloc(a, f.count * sizeof *copy + 1);
    if (copy) {
        if (f.count)
            memcpy(copy, f.list, f.count * sizeof *copy);
        *ret_list = copy;
        *ret_count = f.count;
    }
    ktg_free(f.list);
    return copy ? KTG_OK : KTG_ENOMEM;
}
