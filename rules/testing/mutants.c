/* rules/testing/mutants.c - see mutants.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "rules/testing/mutants.h"

#include <stdio.h>

#include "rules/level.h"
#include "rules/testing/scalars.h"

struct making {
    struct ktg_bytes text;
    struct ktg_arena *a;
    struct ktg_mutant *list;
    size_t count, cap;
    const struct ktg_scalar *s; /* at hand ... */
    bool first;                 /* ... the first of its key */
    struct ktg_bytes *bound;    /* names that the rule gives to events and values */
    size_t bound_count, bound_cap;
    int code;
};

static const char *const changed[] = {"when",     "unless",    "by",    "moved by", "since",
                                      "within",   "where",     "while", "until",    "count",
                                      "at least", "more than", "score", "together", "tick",
                                      "update",   "once per",  "let",   "with",     "each",
                                      "level",    "weight",    "needs", "about",    NULL};
static const char *const dropped[] = {"unless",   "until", "moved by", "where",  "while",
                                      "once per", "needs", "about",    "weight", NULL};
static const char *const deadlines[] = {"by", NULL};

static bool is_one_of(struct ktg_bytes word, const char *const *list)
{
    for (; *list; list++)
        if (ktg_bytes_is(word, *list))
            return true;
    return false;
}

/* ---- an edit ------------------------------------------------------------------------------------------------------- */

static void put_flat(struct ktg_buf *to, struct ktg_bytes text) /* on one line, blanks once */
{
    bool blank = true;
    for (size_t i = 0; i < text.size; i++) {
        uint8_t c = text.data[i] == '\n' ? ' ' : text.data[i];
        if (c != ' ' || !blank)
            ktg_buf_put_u8(to, c);
        blank = c == ' ';
    }
    while (to->size && to->data[to->size - 1] == ' ')
        to->size--;
}

static struct ktg_bytes kept(struct making *m, struct ktg_buf *b)
{
    char *copy = b->bad ? NULL : ktg_arena_strndup(m->a, (const char *)b->data, b->size);
    if (!copy)
        m->code = KTG_ENOMEM;
    ktg_buf_clear(b);
    return ktg_bytes(copy, copy ? strlen(copy) : 0);
}

/* The line of `at`, or with an edit in it. */
static struct ktg_bytes line_of(struct making *m, size_t at, const struct ktg_mutant *edit)
{
    struct ktg_buf b = KTG_BUF_INIT, flat = KTG_BUF_INIT;
    size_t from = at, to = edit->to > at ? edit->to : at;
    while (from > 0 && m->text.data[from - 1] != '\n')
        from--;
    while (to < m->text.size && m->text.data[to] != '\n')
        to++;
    ktg_buf_put(&b, m->text.data + from, edit->from - from);
    ktg_buf_put_bytes(&b, edit->with);
    ktg_buf_put(&b, m->text.data + edit->to, to - edit->to);
    put_flat(&flat, ktg_buf_view(&b));
    struct ktg_bytes line = kept(m, &flat);
    ktg_buf_done(&b);
    ktg_buf_done(&flat);
    return line;
}

static const char *name_of(struct making *m, struct ktg_bytes before, struct ktg_bytes after)
{
    struct ktg_buf b = KTG_BUF_INIT;
    const struct ktg_scalar *s = m->s;
    size_t same = 1;
    put_flat(&b, s->key);
    if (s->name.size)
        ktg_buf_printf(&b, ".%.*s", (int)s->name.size, (const char *)s->name.data);
    if (s->entry)
        ktg_buf_printf(&b, "[%zu]", s->entry);
    ktg_buf_printf(&b, ": %.*s -> %.*s", (int)before.size, (const char *)before.data,
                   (int)after.size, (const char *)after.data);
    struct ktg_bytes name = kept(m, &b);
    for (size_t i = 0; i < m->count; i++) /* a later one of the same name begins with it */
        same += strncmp(m->list[i].name, (const char *)name.data, name.size) == 0 &&
                (!m->list[i].name[name.size] || m->list[i].name[name.size] == ' ');
    if (same > 1) {
        ktg_buf_printf(&b, "%.*s (%zu)", (int)name.size, (const char *)name.data, same);
        name = kept(m, &b);
    }
    ktg_buf_done(&b);
    return (const char *)name.data;
}

/* [from, to) becomes `with`; the texts are for the name. */
static void edit(struct making *m, size_t from, size_t to, const char *with, const char *before,
                 const char *after)
{
    struct ktg_buf b = KTG_BUF_INIT;
    if (m->code || (m->code = ktg_grow(&m->list, &m->cap, m->count + 1, sizeof *m->list)))
        return;
    struct ktg_mutant x = {.from = from, .to = to, .line = 1};
    for (size_t i = 0; i < from; i++)
        x.line += m->text.data[i] == '\n';
    ktg_buf_put_str(&b, with);
    x.with = kept(m, &b);
    put_flat(&b, before ? ktg_bytes_str(before) : ktg_bytes(m->text.data + from, to - from));
    struct ktg_bytes was = kept(m, &b);
    ktg_buf_done(&b);
    if (m->code)
        return;
    const struct ktg_mutant none = {
        .from = from, .to = to, .with = ktg_bytes(m->text.data + from, to - from)};
    x.before = line_of(m, from, &none);
    x.after = line_of(m, from, &x);
    x.name = name_of(m, was, ktg_bytes_str(after ? after : with));
    m->list[m->count++] = x;
}

/* [from, to) is gone; its lines stay. */
static void drop(struct making *m, size_t from, size_t to, const char *what)
{
    struct ktg_buf b = KTG_BUF_INIT;
    for (size_t i = from; i < to; i++)
        if (m->text.data[i] == '\n')
            ktg_buf_put_u8(&b, '\n');
    const char *lines = ktg_buf_text(&b);
    edit(m, from, to, lines, what, "nothing");
    ktg_buf_done(&b);
}

/* ---- what is changed ----------------------------------------------------------------------------------------------- */

static bool is_letter(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

/* How many bytes the quote at `i` has: 0 for none. */
static size_t quote_at(const struct making *m, size_t i)
{
    const uint8_t *t = m->text.data;
    enum ktg_quoting q = m->s->quoting;
    if (q == KTG_DOUBLE && t[i] == '\\' && i + 1 < m->s->end && t[i + 1] == '"')
        return 2;
    if (q == KTG_SINGLE && t[i] == '\'' && i + 1 < m->s->end && t[i + 1] == '\'')
        return 2;
    return (t[i] == '"' && q != KTG_DOUBLE) || (t[i] == '\'' && q != KTG_SINGLE);
}

/* Behind the string that begins at `i`; *ret_from, *ret_to: its content. */
static size_t string_end(const struct making *m, size_t i, size_t *ret_from, size_t *ret_to)
{
    const uint8_t *t = m->text.data;
    size_t n = quote_at(m, i), k = i + n;
    *ret_from = k;
    while (k < m->s->end && !(quote_at(m, k) == n && t[k] == t[i]))
        k += t[k] == '\\' && n == 1 ? 2 : 1;
    *ret_to = k < m->s->end ? k : m->s->end;
    return k + n;
}

/* Behind the bracket that closes the one at `i`. */
static size_t bracket_end(const struct making *m, size_t i)
{
    int depth = 0;
    size_t from, to;
    while (i < m->s->end) {
        uint8_t c = m->text.data[i];
        if (quote_at(m, i)) {
            i = string_end(m, i, &from, &to);
            continue;
        }
        depth += (c == '(' || c == '[' || c == '{') - (c == ')' || c == ']' || c == '}');
        i++;
        if (depth == 0)
            return i;
    }
    return m->s->end;
}

/* A number, with a unit or without, at [from, to): one more, one less. */
static void change_number(struct making *m, size_t from, size_t to)
{
    char text[64];
    unsigned long long n = 0;
    size_t digits = from;
    for (; digits < to && is_digit(m->text.data[digits]); digits++) {
        if (n > 1000000000000000ULL)
            return;
        n = n * 10 + (m->text.data[digits] - '0');
    }
    int rest = (int)(to - digits);
    if (rest > 24)
        return;
    const char *unit = (const char *)m->text.data + digits;
    snprintf(text, sizeof text, "%llu%.*s", n + 1, rest, unit);
    edit(m, from, to, text, NULL, NULL);
    if (n > 0) {
        snprintf(text, sizeof text, "%llu%.*s", n - 1, rest, unit);
        edit(m, from, to, text, NULL, NULL);
    }
}

/* "2.0": its last digit one more, one less. */
static void change_decimal(struct making *m, size_t from, size_t to)
{
    char text[64];
    unsigned long long n = 0, unit = 1;
    bool behind = false;
    for (size_t i = from; i < to; i++) {
        uint8_t c = m->text.data[i];
        if ((c != '.' && !is_digit(c)) || (c == '.' && behind) || n > 1000000000ULL)
            return;
        behind |= c == '.';
        unit *= behind && c != '.' ? 10 : 1;
        n = c == '.' ? n : n * 10 + (c - '0');
    }
    int places =
        (int)(to - from) - 1 -
        (int)((const uint8_t *)memchr(m->text.data + from, '.', to - from) - (m->text.data + from));
    for (int more = 1; more >= 0; more--) {
        unsigned long long k = more ? n + 1 : n - 1;
        if (!more && n == 0)
            return;
        snprintf(text, sizeof text, "%llu.%0*llu", k / unit, places, k % unit);
        edit(m, from, to, text, NULL, NULL);
    }
}

static void wrap(struct making *m, size_t from, size_t to, const char *open, const char *close,
                 const char *after)
{
    struct ktg_buf b = KTG_BUF_INIT;
    ktg_buf_put_str(&b, open);
    ktg_buf_put(&b, m->text.data + from, to - from);
    ktg_buf_put_str(&b, close);
    const char *with = ktg_buf_text(&b);
    edit(m, from, to, with, NULL, after ? after : with);
    ktg_buf_done(&b);
}

/* A day more, a day less, a millisecond more. */
static void change_deadline(struct making *m, size_t from, size_t to)
{
    const char *q = m->s->quoting == KTG_SINGLE ? "\"" : "'";
    char close[160];
    for (int i = 0; i < 2; i++) {
        snprintf(close, sizeof close, ") %c duration(%s24h%s)", i ? '-' : '+', q, q);
        wrap(m, from, to, "(", close, i ? "a day earlier" : "a day later");
    }
    snprintf(close, sizeof close,
             ") + (timestamp(%s2026-01-01T00:00:00.001Z%s) - timestamp(%s2026-01-01T00:00:00Z%s))",
             q, q, q, q);
    wrap(m, from, to, "(", close, "a millisecond later");
}

static size_t change_operator(struct making *m, size_t i)
{
    static const char *const pairs[][2] = {{"<=", "<"},  {">=", ">"}, {"==", "!="},
                                           {"!=", "=="}, {"<", "<="}, {">", ">="}};
    for (size_t k = 0; k < KTG_COUNT(pairs); k++) {
        size_t n = strlen(pairs[k][0]);
        if (i + n > m->s->end || memcmp(m->text.data + i, pairs[k][0], n) != 0)
            continue;
        edit(m, i, i + n, pairs[k][1], NULL, NULL);
        return i + n;
    }
    return i + 1;
}

/* A word and what belongs to it. */
static size_t pass_word(struct making *m, size_t i)
{
    const uint8_t *t = m->text.data;
    size_t from = i, begin, end;
    bool finding = i + 8 <= m->s->end && memcmp(t + i, "finding.", 8) == 0;
    while (i < m->s->end &&
           (is_letter(t[i]) || is_digit(t[i]) || t[i] == '.' || (finding && t[i] == '-')))
        i++;
    struct ktg_bytes word = ktg_bytes(t + from, i - from);
    if (i >= m->s->end || t[i] != '(')
        return i;
    if (ktg_bytes_is(word, "setting")) {
        end = bracket_end(m, i);
        wrap(m, from, end, "(", " + 1)", NULL);
        wrap(m, from, end, "(", " - 1)", NULL);
        return end;
    }
    if (ktg_bytes_is(word, "duration") && quote_at(m, i + 1)) {
        string_end(m, i + 1, &begin, &end);
        change_number(m, begin, end);
        return bracket_end(m, i);
    }
    return i;
}

static void change_level(struct making *m, size_t from, size_t to)
{
    struct ktg_bytes word = ktg_bytes(m->text.data + from, to - from);
    int32_t level;
    if (ktg_level_of(word, &level) == KTG_OK)
        edit(m, from, to, ktg_level_names[level ? level - 1 : 1], NULL, NULL);
}

/* Numbers, comparisons and words of one text. */
static void change_text(struct making *m)
{
    const uint8_t *t = m->text.data;
    bool level = ktg_bytes_is(m->s->key, "level");
    for (size_t i = m->s->start, from, to; i < m->s->end && !m->code;) {
        if (quote_at(m, i)) {
            i = string_end(m, i, &from, &to);
            if (level)
                change_level(m, from, to);
        } else if (is_letter(t[i])) {
            i = pass_word(m, i);
        } else if (is_digit(t[i])) {
            from = i;
            while (i < m->s->end && (is_digit(t[i]) || is_letter(t[i]) || t[i] == '.'))
                i++;
            if (memchr(t + from, '.', i - from))
                change_decimal(m, from, i);
            else
                change_number(m, from, i);
        } else {
            i = change_operator(m, i);
        }
    }
}

/* The word between blanks at depth 0, from `at` on; `end`: none. */
static size_t find_word(const struct making *m, size_t at, const char *const *words)
{
    const uint8_t *t = m->text.data;
    for (size_t i = at, from, to; i < m->s->end;) {
        if (quote_at(m, i)) {
            i = string_end(m, i, &from, &to);
        } else if (t[i] == '(' || t[i] == '[' || t[i] == '{') {
            i = bracket_end(m, i);
        } else if (is_letter(t[i])) {
            from = i;
            while (i < m->s->end && (is_letter(t[i]) || is_digit(t[i]) || t[i] == '.'))
                i++;
            if (is_one_of(ktg_bytes(t + from, i - from), words) && from > m->s->start &&
                (t[from - 1] == ' ' || t[from - 1] == '\n'))
                return from;
        } else {
            i++;
        }
    }
    return m->s->end;
}

/* ` where ...` of a step, up to the next word that a step or state form knows. */
static void drop_where(struct making *m)
{
    static const char *const where[] = {"where", NULL}, *const next[] = {"until",  "past", "from",
                                                                         "within", "to",   NULL};
    for (size_t at = m->s->start; at < m->s->end;) {
        size_t from = find_word(m, at, where);
        if (from == m->s->end)
            return;
        size_t to = find_word(m, from + 5, next);
        drop(m, from, to, NULL);
        at = to;
    }
}

/* All of the key at hand. */
static void drop_all(struct making *m)
{
    const struct ktg_scalar *s = m->s;
    struct ktg_scalar whole = *s; /* a list of one is the whole */
    whole.entry = 0;
    whole.name = KTG_BYTES_NONE;
    m->s = &whole;
    drop(m, s->block_from, s->block_to, "all of it");
    m->s = s;
}

/* One entry of the key; told by its content or by its whole line. */
static void drop_scalar(struct making *m, const struct ktg_scalar *s, bool content)
{
    struct ktg_buf b = KTG_BUF_INIT;
    ktg_buf_put(&b, m->text.data + s->start, s->end - s->start);
    drop(m, s->from, s->to, content ? ktg_buf_text(&b) : NULL);
    ktg_buf_done(&b);
}

/* ---- entries of needs, about ---------------------------------------------------------------------------------------- */

/* The entry of the flow list or map at hand that begins at or behind *at, which moves behind it.  Its [from, to) takes one comma
 * with it. */
static bool next_entry(const struct making *m, size_t *at, struct ktg_scalar *entry)
{
    const uint8_t *t = m->text.data;
    size_t i = *at, end = m->s->end - 1, from, to;
    while (i < end && (t[i] == ' ' || t[i] == '\n'))
        i++;
    if (i >= end)
        return false;
    *entry = (struct ktg_scalar){.key = m->s->key, .start = i, .from = i};
    while (i < end && t[i] != ',') {
        if (t[i] == ':' && !entry->name.size && t[m->s->start] == '{') {
            entry->name = ktg_bytes(t + entry->start, i - entry->start);
            entry->start = ++i;
        } else if (quote_at(m, i)) {
            i = string_end(m, i, &from, &to);
        } else {
            i = t[i] == '(' || t[i] == '[' || t[i] == '{' ? bracket_end(m, i) : i + 1;
        }
    }
    entry->end = entry->to = i;
    if (i < end)
        entry->to++;
    else if (*at > m->s->start + 1) /* the last of several: with the comma before it */
        entry->from = *at - 1;
    *at = entry->to;
    while (entry->start < entry->end && t[entry->start] == ' ')
        entry->start++;
    while (entry->end > entry->start && (t[entry->end - 1] == ' ' || t[entry->end - 1] == '\n'))
        entry->end--;
    if (quote_at(m, entry->start)) {
        entry->quoting = t[entry->start] == '"' ? KTG_DOUBLE : KTG_SINGLE;
        entry->start++;
        entry->end--;
    }
    return true;
}

/* A list that is written out, of one or none: [a.b], has(x) ? [x] : [] */
static bool lists_one(const struct making *m)
{
    const uint8_t *t = m->text.data;
    for (size_t i = m->s->start, from, to; i < m->s->end;) {
        if (quote_at(m, i)) {
            i = string_end(m, i, &from, &to);
        } else if (t[i] == '[' || t[i] == '(' || t[i] == '{') {
            to = bracket_end(m, i);
            if (t[i] == '[' && memchr(t + i, ',', to - i))
                return false;
            i = to;
        } else {
            i++;
        }
    }
    return t[m->s->end - 1] == ']';
}

/* The first of a list alone; another name of the rule in place of one. */
static void change_subject(struct making *m)
{
    const uint8_t *t = m->text.data;
    if (!lists_one(m))
        wrap(m, m->s->start, m->s->end, "first(", ")", "the first alone");
    for (size_t i = m->s->start, from, to; i < m->s->end && !m->code;) {
        if (quote_at(m, i)) {
            i = string_end(m, i, &from, &to);
            continue;
        }
        for (from = i; i < m->s->end && (is_letter(t[i]) || is_digit(t[i])); i++)
            ;
        struct ktg_bytes word = ktg_bytes(t + from, i - from);
        bool field = from > m->s->start && t[from - 1] == '.', bound = false;
        for (size_t k = 0; k < m->bound_count; k++)
            bound |= !field && ktg_bytes_eq(m->bound[k], word);
        for (size_t k = 0; bound && k < m->bound_count; k++) {
            const char *other =
                ktg_arena_strndup(m->a, (const char *)m->bound[k].data, m->bound[k].size);
            if (!other)
                m->code = KTG_ENOMEM;
            else if (!ktg_bytes_eq(m->bound[k], word))
                edit(m, from, i, other, NULL, NULL);
        }
        i += i == from;
    }
}

static void change_entry(struct making *m)
{
    static const char *const from_word[] = {"from", NULL};
    if (ktg_bytes_is(m->s->key, "about")) {
        change_subject(m);
        change_text(m);
        return;
    }
    size_t from = find_word(m, m->s->start, from_word);
    if (from < m->s->end)
        drop(m, from - 1, m->s->end, "from all");
}

static void change_entries(struct making *m)
{
    const struct ktg_scalar *whole = m->s;
    struct ktg_scalar one;
    uint8_t first = m->text.data[whole->start];
    if (whole->quoting != KTG_PLAIN || (first != '[' && first != '{')) { /* one of a block */
        change_entry(m);
        return;
    }
    size_t at = whole->start + 1, count = 0;
    while (next_entry(m, &at, &one))
        count++;
    at = whole->start + 1;
    for (size_t n = 1; next_entry(m, &at, &one); n++) {
        one.entry = one.name.size ? 0 : n;
        m->s = &one;
        if (count > 1)
            drop_scalar(m, &one, true);
        change_entry(m);
        m->s = whole;
    }
}

/* ---- names that a rule binds ---------------------------------------------------------------------------------------- */

static void bind(struct making *m, struct ktg_bytes name)
{
    for (size_t i = 0; i < m->bound_count; i++)
        if (ktg_bytes_eq(m->bound[i], name))
            return;
    if (!m->code &&
        !(m->code = ktg_grow(&m->bound, &m->bound_cap, m->bound_count + 1, sizeof *m->bound)))
        m->bound[m->bound_count++] = name;
}

/* `with` and `let` by name, steps `as NAME`, `each: NAME in LIST`. */
static void bind_names(struct making *m)
{
    static const char *const named[] = {"with", "let", NULL}, *const as[] = {"as", NULL},
                             *const in[] = {"in", NULL};
    static const char *const steps[] = {"when", "unless", "count", NULL};
    const struct ktg_scalar *s = m->s;
    const uint8_t *t = m->text.data;
    size_t from = s->start, to = s->start;
    if (is_one_of(s->key, named) && s->name.size)
        bind(m, s->name);
    if (is_one_of(s->key, steps)) {
        from = find_word(m, s->start, as) + 3;
        for (to = from; to < s->end && (is_letter(t[to]) || is_digit(t[to])); to++)
            ;
    } else if (ktg_bytes_is(s->key, "each") && (to = find_word(m, s->start, in)) < s->end) {
        to--;
    } else {
        return;
    }
    if (to > from && to <= s->end)
        bind(m, ktg_bytes(t + from, to - from));
}

/* The weight that a rule without the key has. */
static bool is_one(const struct making *m)
{
    static const char *const ones[] = {"1", "1.0", "1.00", NULL};
    return ktg_bytes_is(m->s->key, "weight") &&
           is_one_of(ktg_bytes(m->text.data + m->s->start, m->s->end - m->s->start), ones);
}

static void make(struct making *m)
{
    static const char *const entries[] = {"needs", "about", NULL};
    static const char *const to_word[] = {"to", NULL};
    const struct ktg_scalar *s = m->s;
    if (is_one_of(s->key, deadlines))
        change_deadline(m, s->start, s->end);
    if (ktg_bytes_is(s->key, "moved by")) {
        size_t to = find_word(m, s->start, to_word);
        if (to < s->end) {
            size_t from = to + 2;
            while (from < s->end && m->text.data[from] == ' ')
                from++;
            change_deadline(m, from, s->end);
        }
    }
    if (is_one_of(s->key, dropped) && m->first && !is_one(m))
        drop_all(m);
    if (is_one_of(s->key, dropped) && (s->entry || s->name.size))
        drop_scalar(m, s, s->name.size > 0);
    if (is_one_of(s->key, entries)) {
        change_entries(m);
        return;
    }
    drop_where(m);
    change_text(m);
}

int ktg_mutants_find(struct ktg_bytes text, size_t from, size_t to, struct ktg_arena *a,
                     const struct ktg_mutant **ret_list, size_t *ret_count)
{
    struct making m = {.text = text, .a = a};
    const struct ktg_scalar *scalars;
    size_t count;
    m.code = ktg_scalars_find(text, from, to, a, &scalars, &count);
    for (size_t i = 0; !m.code && i < count; i++) {
        m.s = &scalars[i];
        bind_names(&m);
    }
    for (size_t i = 0; !m.code && i < count; i++) {
        if (!is_one_of(scalars[i].key, changed))
            continue;
        m.s = &scalars[i];
        m.first = i == 0 || scalars[i].block_from != scalars[i - 1].block_from;
        make(&m);
    }
    struct ktg_mutant *copy = m.code ? NULL : ktg_arena_alloc(a, m.count * sizeof *copy + 1);
    if (copy) {
        if (m.count)
            memcpy(copy, m.list, m.count * sizeof *copy);
        *ret_list = copy;
        *ret_count = m.count;
    }
    ktg_free(m.list);
    ktg_free(m.bound);
    return copy ? KTG_OK : KTG_ENOMEM;
}

void ktg_mutant_apply(const struct ktg_mutant *m, struct ktg_bytes text, struct ktg_buf *to)
{
    ktg_buf_clear(to);
    ktg_buf_put(to, text.data, m->from);
    ktg_buf_put_bytes(to, m->with);
    ktg_buf_put(to, text.data + m->to, text.size - m->to);
}
