/* rules/cel/match.c - see match.h.
 *
 * A pattern is compiled by a recursive descent that writes states; a repeat {m,n} compiles its operand again from the
 * text, so the program grows with what is written and the limit on states holds.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "rules/cel/match.h"

enum { DEPTH = 32, REPEAT = 100, WORK = 20000 };

enum state_op {
    S_SET,   /* one character of the set, then next */
    S_SPLIT, /* next and other */
    S_JUMP,  /* next */
    S_BEGIN, /* only at the beginning */
    S_END,   /* only at the end */
    S_MATCH,
};

struct range {
    uint32_t low, high;
};

struct state {
    enum state_op op;
    uint16_t next, other;
    uint16_t first_range, ranges; /* S_SET */
    bool negated;
};

struct ktg_cel_match {
    const struct state *states;
    const struct range *ranges;
    size_t count;
};

struct compiling {
    struct ktg_bytes text;
    size_t at;
    int depth,
        work; /* `work` counts atoms: those in nested repeats and alternatives are written again and again */
    struct state states[KTG_CEL_MATCH_STATES];
    struct range ranges[KTG_CEL_MATCH_STATES * 2];
    size_t count, range_count;
    const char *what;
    size_t what_at;
};

static bool wrong(struct compiling *c, size_t at, const char *what)
{
    if (!c->what) {
        c->what = what;
        c->what_at = at;
    }
    return false;
}

static bool emit(struct compiling *c, enum state_op op, uint16_t next, uint16_t other,
                 size_t *ret_at)
{
    if (c->count == KTG_CEL_MATCH_STATES)
        return wrong(c, c->at, "the pattern is too large");
    *ret_at = c->count;
    c->states[c->count++] = (struct state){.op = op, .next = next, .other = other};
    return true;
}

static bool add_range(struct compiling *c, uint32_t low, uint32_t high)
{
    if (c->range_count == KTG_COUNT(c->ranges))
        return wrong(c, c->at, "the pattern is too large");
    c->ranges[c->range_count++] = (struct range){low, high};
    return true;
}

/* One code point of valid UTF-8; steps over it.  Stops at the end whatever the bytes are. */
static uint32_t code_point(struct ktg_bytes s, size_t *at)
{
    uint8_t lead = s.data[(*at)++];
    uint32_t v = lead < 0x80   ? lead
                 : lead < 0xe0 ? lead & 0x1f
                 : lead < 0xf0 ? lead & 0x0f
                               : lead & 0x07;
    while (*at < s.size && (s.data[*at] & 0xc0) == 0x80)
        v = v << 6 | (s.data[(*at)++] & 0x3f);
    return v;
}

/* \d \w \s and the letter escapes into ranges; *ret_negated for \D \W \S. */
static bool escape(struct compiling *c, bool *ret_negated, uint32_t *ret_single)
{
    size_t start = c->at - 1;
    if (c->at == c->text.size)
        return wrong(c, start, "a backslash at the end");
    uint8_t e = c->text.data[c->at++];
    *ret_negated = e == 'D' || e == 'W' || e == 'S';
    *ret_single = UINT32_MAX;
    switch (e) {
    case 'd':
    case 'D':
        return add_range(c, '0', '9');
    case 'w':
    case 'W':
        return add_range(c, '0', '9') && add_range(c, 'A', 'Z') && add_range(c, 'a', 'z') &&
               add_range(c, '_', '_');
    case 's':
    case 'S':
        return add_range(c, '\t', '\n') && add_range(c, '\f', '\r') && add_range(c, ' ', ' ');
    case 'n':
        *ret_single = '\n';
        break;
    case 't':
        *ret_single = '\t';
        break;
    case 'r':
        *ret_single = '\r';
        break;
    default:
        if (e >= 0x80 || (e >= '0' && e <= '9') || (e >= 'a' && e <= 'z') || (e >= 'A' && e <= 'Z'))
            return wrong(c, start, "this escape is not in the subset");
        *ret_single = e;
    }
    return add_range(c, *ret_single, *ret_single);
}

/* [...], behind its opening bracket. */
static bool bracket(struct compiling *c, struct state *set)
{
    size_t start = c->at - 1;
    if (c->at < c->text.size && c->text.data[c->at] == '^') {
        set->negated = true;
        c->at++;
    }
    for (bool first = true;; first = false) {
        if (c->at >= c->text.size)
            return wrong(c, start, "'[' is never closed");
        if (c->text.data[c->at] == ']' && !first)
            break;
        if (c->text.data[c->at] == '[' && c->at + 1 < c->text.size &&
            c->text.data[c->at + 1] == ':')
            return wrong(c, c->at, "named classes are not in the subset");
        bool negated = false;
        uint32_t low = code_point(c->text, &c->at), high;
        if (low == '\\') {
            if (!escape(c, &negated, &low))
                return false;
            if (negated)
                return wrong(c, c->at - 2, "\\D \\W \\S cannot stand inside [ ]");
            if (low == UINT32_MAX)
                continue;
            c->range_count--; /* it may begin a range */
        }
        high = low;
        if (c->at + 1 < c->text.size && c->text.data[c->at] == '-' &&
            c->text.data[c->at + 1] != ']') {
            c->at++;
            high = code_point(c->text, &c->at);
            if (high == '\\') {
                if (!escape(c, &negated, &high))
                    return false;
                if (high == UINT32_MAX)
                    return wrong(c, c->at - 2, "a class cannot end a range");
                c->range_count--;
            }
            if (high < low)
                return wrong(c, start, "a range in [ ] runs backwards");
        }
        if (!add_range(c, low, high))
            return false;
    }
    c->at++;
    return true;
}

/* Every part is written so that it begins at its first state and leaves through the state after its last one. */
static bool alternatives(struct compiling *c);

static bool atom(struct compiling *c)
{
    size_t at, start = c->at;
    if (++c->work > WORK)
        return wrong(c, start, "the pattern is too large");
    uint32_t p = code_point(c->text, &c->at);
    if (p == '(') {
        if (c->at + 1 < c->text.size && c->text.data[c->at] == '?') {
            if (c->text.data[c->at + 1] != ':')
                return wrong(c, start, "only (?: ) is in the subset");
            c->at += 2;
        }
        if (++c->depth > DEPTH)
            return wrong(c, start, "groups are nested too deep");
        if (!alternatives(c))
            return false;
        c->depth--;
        if (c->at >= c->text.size)
            return wrong(c, start, "'(' is never closed");
        c->at++;
        return true;
    }
    if (p == '^' || p == '$')
        return emit(c, p == '^' ? S_BEGIN : S_END, (uint16_t)(c->count + 1), 0, &at);
    if (p == '*' || p == '+' || p == '?' || p == '{')
        return wrong(c, start, "there is nothing before it to repeat");
    if (!emit(c, S_SET, (uint16_t)(c->count + 1), 0, &at))
        return false;
    struct state *set = &c->states[at];
    set->first_range = (uint16_t)c->range_count;
    uint32_t single;
    bool ok = p == '.'    ? (set->negated = true, add_range(c, '\n', '\n'))
              : p == '['  ? bracket(c, set)
              : p == '\\' ? escape(c, &set->negated, &single)
                          : add_range(c, p, p);
    set->ranges = (uint16_t)(c->range_count - set->first_range);
    return ok;
}

/* {m}, {m,}, {m,n} at the cursor, the brace included.  *ret_most -1: no end. */
static bool read_braces(struct compiling *c, int *ret_least, int *ret_most)
{
    size_t start = c->at++;
    int bounds[2] = {0, 0}, given[2] = {0, 0}, i = 0;
    for (; c->at < c->text.size && c->text.data[c->at] != '}'; c->at++) {
        uint8_t d = c->text.data[c->at];
        if (d == ',' && i == 0 && given[0]) {
            i = 1;
            continue;
        }
        if (d < '0' || d > '9')
            return wrong(c, start, "a repeat is written {m}, {m,} or {m,n}");
        given[i] = 1;
        bounds[i] = bounds[i] * 10 + (d - '0');
        if (bounds[i] > REPEAT)
            return wrong(c, start, "a repeat is at most 100");
    }
    if (c->at >= c->text.size || !given[0])
        return wrong(c, start, "a repeat is written {m}, {m,} or {m,n}");
    c->at++;
    *ret_least = bounds[0];
    *ret_most = i == 0 ? bounds[0] : given[1] ? bounds[1] : -1;
    if (*ret_most >= 0 && *ret_most < *ret_least)
        return wrong(c, start, "a repeat runs backwards");
    return true;
}

/* The operand at `from`, written once more. */
static bool again(struct compiling *c, size_t from)
{
    size_t behind = c->at;
    c->at = from;
    bool ok = atom(c);
    c->at = behind;
    return ok;
}

static bool optional_times(struct compiling *c, size_t from, int times)
{
    size_t splits[REPEAT];
    for (int i = 0; i < times; i++) {
        if (!emit(c, S_SPLIT, (uint16_t)(c->count + 1), 0, &splits[i]) || !again(c, from))
            return false;
    }
    for (int i = 0; i < times; i++)
        c->states[splits[i]].other = (uint16_t)c->count;
    return true;
}

static bool star(struct compiling *c, size_t from)
{
    size_t split, jump;
    if (!emit(c, S_SPLIT, (uint16_t)(c->count + 1), 0, &split) || !again(c, from) ||
        !emit(c, S_JUMP, (uint16_t)split, 0, &jump))
        return false;
    c->states[split].other = (uint16_t)c->count;
    return true;
}

static bool repeated(struct compiling *c)
{
    size_t from = c->at, before = c->count, ranges_before = c->range_count;
    if (!atom(c))
        return false;
    int least = 1, most = 1;
    uint8_t op = c->at < c->text.size ? c->text.data[c->at] : 0;
    if (op == '*' || op == '+' || op == '?') {
        c->at++;
        least = op == '+';
        most = op == '?' ? 1 : -1;
    } else if (op == '{') {
        if (!read_braces(c, &least, &most))
            return false;
    } else {
        return true;
    }
    uint8_t after = c->at < c->text.size ? c->text.data[c->at] : 0;
    if (after == '?') /* lazy: the same set of texts */
        c->at++;
    else if (after == '*' || after == '+' || after == '{')
        return wrong(c, c->at, "a repeat of a repeat needs a group");
    c->count = before;
    c->range_count = ranges_before;
    for (int i = 0; i < least; i++)
        if (!again(c, from))
            return false;
    return most < 0 ? star(c, from) : optional_times(c, from, most - least);
}

static bool sequence(struct compiling *c)
{
    while (c->at < c->text.size && c->text.data[c->at] != '|' && c->text.data[c->at] != ')')
        if (!repeated(c))
            return false;
    return true;
}

/* a|b: SPLIT a' b';  a ... JUMP end;  b ...  The split is put before `a` when the bar is seen, so `a` is written again. */
static bool alternatives(struct compiling *c)
{
    size_t jumps[64], count = 0;
    for (;;) {
        size_t from = c->at, before = c->count, ranges_before = c->range_count, split;
        if (!sequence(c))
            return false;
        if (c->at >= c->text.size || c->text.data[c->at] != '|')
            break;
        if (count == KTG_COUNT(jumps))
            return wrong(c, c->at, "the pattern has too many alternatives");
        c->count = before;
        c->range_count = ranges_before;
        c->at = from;
        if (!emit(c, S_SPLIT, (uint16_t)(c->count + 1), 0, &split) || !sequence(c) ||
            !emit(c, S_JUMP, 0, 0, &jumps[count]))
            return false;
        c->states[split].other = (uint16_t)c->count;
        count++;
        c->at++;
    }
    for (size_t i = 0; i < count; i++)
        c->states[jumps[i]].next = (uint16_t)c->count;
    return true;
}

int ktg_cel_match_compile(struct ktg_bytes pattern, struct ktg_arena *arena,
                          const struct ktg_cel_match **ret_m, const char **ret_what, size_t *ret_at)
{
    struct compiling *c = ktg_zalloc(sizeof *c);
    struct ktg_cel_match *m = ktg_arena_zalloc(arena, sizeof *m);
    size_t end;
    int rc = KTG_ENOMEM;
    *ret_what = "no memory";
    *ret_at = 0;
    if (!c || !m)
        goto out;
    c->text = pattern;
    bool ok = pattern.size <= 1024 || wrong(c, 0, "the pattern is longer than 1024 bytes");
    ok = ok && alternatives(c);
    ok = ok && (c->at == pattern.size || wrong(c, c->at, "')' without '('"));
    ok = ok && emit(c, S_MATCH, 0, 0, &end);
    if (!ok) {
        *ret_what = c->what;
        *ret_at = c->what_at;
        rc = KTG_EINVALID;
        goto out;
    }
    struct state *states = ktg_arena_alloc(arena, c->count * sizeof *states);
    struct range *ranges = ktg_arena_alloc(arena, (c->range_count + 1) * sizeof *ranges);
    if (!states || !ranges)
        goto out;
    memcpy(states, c->states, c->count * sizeof *states);
    memcpy(ranges, c->ranges, c->range_count * sizeof *ranges);
    *m = (struct ktg_cel_match){states, ranges, c->count};
    *ret_m = m;
    rc = KTG_OK;
out:
    ktg_free(c);
    return rc;
}

struct running {
    uint16_t list[KTG_CEL_MATCH_STATES];
    size_t count;
    uint8_t in[KTG_CEL_MATCH_STATES];
};

/* A state and all that is reached from it without reading; true: the match is there. */
static bool enter(const struct ktg_cel_match *m, struct running *r, uint16_t from, bool begin,
                  bool end)
{
    uint16_t stack[KTG_CEL_MATCH_STATES + 1];
    size_t depth = 0;
    if (!r->in[from]) {
        r->in[from] = 1;
        stack[depth++] = from;
    }
    while (depth) {
        uint16_t at = stack[--depth], to[2];
        const struct state *s = &m->states[at];
        int n = 0;
        switch (s->op) {
        case S_MATCH:
            return true;
        case S_SET:
            r->list[r->count++] = at;
            break;
        case S_SPLIT:
            to[n++] = s->next;
            to[n++] = s->other;
            break;
        case S_JUMP:
            to[n++] = s->next;
            break;
        case S_BEGIN:
        case S_END:
            if (s->op == S_BEGIN ? begin : end)
                to[n++] = s->next;
            break;
        }
        while (n--) {
            if (r->in[to[n]])
                continue;
            r->in[to[n]] = 1; /* each state stands on the stack at most once */
            stack[depth++] = to[n];
        }
    }
    return false;
}

static bool meets(const struct ktg_cel_match *m, const struct state *s, uint32_t p)
{
    bool in = false;
    for (size_t i = 0; i < s->ranges && !in; i++)
        in = p >= m->ranges[s->first_range + i].low && p <= m->ranges[s->first_range + i].high;
    return in != s->negated;
}

bool ktg_cel_match_run(const struct ktg_cel_match *m, struct ktg_bytes text)
{
    struct running sets[2];
    struct running *now = &sets[0], *then = &sets[1];
    now->count = 0;
    memset(now->in, 0, m->count);
    for (size_t at = 0;;) {
        if (enter(m, now, 0, at == 0, at == text.size)) /* it may begin anywhere */
            return true;
        if (at == text.size)
            return false;
        uint32_t p = code_point(text, &at);
        then->count = 0;
        memset(then->in, 0, m->count);
        for (size_t i = 0; i < now->count; i++) {
            const struct state *s = &m->states[now->list[i]];
            if (meets(m, s, p) && enter(m, then, s->next, false, at == text.size))
                return true;
        }
        struct running *swap = now;
        now = then;
        then = swap;
    }
}

size_t ktg_cel_match_cost(const struct ktg_cel_match *m, struct ktg_bytes text)
{
    return 1 + text.size * m->count / 16;
}
