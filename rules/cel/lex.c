/* rules/cel/lex.c - numbers and strings, once the lexer (lexer.re) has found where they begin.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "rules/cel/tree.h"

int ktg_cel_lex_fail(struct ktg_cel_parsing *p, uint32_t offset, const char *text)
{
    return p->rc = ktg_cel_fail(p->source, offset, p->err, "%s", text);
}

/* CEL keeps these for the languages around it; as field names after a dot they are fine. */
bool ktg_cel_is_reserved(struct ktg_bytes word)
{
    static const char *const words[] = {
        "as",  "break", "const",   "continue",  "else",   "for", "function", "if",   "import",
        "let", "loop",  "package", "namespace", "return", "var", "void",     "while"};
    for (size_t i = 0; i < KTG_COUNT(words); i++)
        if (ktg_bytes_is(word, words[i]))
            return true;
    return false;
}

static int hex_digit(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* At most 2^63: the checker refuses 2^63 itself unless a minus stands before it. */
int ktg_cel_lex_number(struct ktg_cel_parsing *p, int base, struct ktg_cel_token *t)
{
    uint64_t most = (uint64_t)1 << 63, v = 0;
    for (size_t i = base == 16 ? 2 : 0; i < t->text.size; i++) {
        uint64_t digit = (uint64_t)hex_digit(t->text.data[i]);
        if (v > (most - digit) / (uint64_t)base)
            return ktg_cel_lex_fail(p, t->start, "the number does not fit into 64 bits");
        v = v * (uint64_t)base + digit;
    }
    t->number = v;
    return KTG_OK;
}

int ktg_cel_lex_decimal(struct ktg_cel_parsing *p, struct ktg_cel_token *t)
{
    uint64_t v = 0;
    size_t i = 0, places = 0;
    for (; t->text.data[i] != '.'; i++) {
        v = v * 10 + (uint64_t)(t->text.data[i] - '0');
        if (v > 1000000)
            return ktg_cel_lex_fail(p, t->start, "a weight is at most 1000000");
    }
    for (i++; i < t->text.size; i++, places++) {
        if (places == 2)
            return ktg_cel_lex_fail(p, t->start,
                                    "a decimal has at most two digits after the point");
        v = v * 10 + (uint64_t)(t->text.data[i] - '0');
    }
    t->number = places == 1 ? v * 10 : v;
    return KTG_OK;
}

/* Bytes of the UTF-8 sequence at s, 0 when it is not one (RFC 3629: shortest form, no surrogates). */
static size_t utf8_at(const uint8_t *s, size_t left)
{
    if (s[0] < 0x80)
        return 1;
    size_t n = s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;
    if (s[0] < 0xc2 || s[0] > 0xf4 || left < n)
        return 0;
    for (size_t i = 1; i < n; i++)
        if ((s[i] & 0xc0) != 0x80)
            return 0;
    if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
        (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
        return 0;
    return n;
}

static size_t put_utf8(uint8_t *to, uint32_t c)
{
    if (c < 0x80) {
        to[0] = (uint8_t)c;
        return 1;
    }
    size_t n = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    static const uint8_t lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
    for (size_t i = n; i-- > 1; c >>= 6)
        to[i] = (uint8_t)(0x80 | (c & 0x3f));
    to[0] = (uint8_t)(lead[n] | c);
    return n;
}

/* Reads `digits` digits of a base; -1 when there are not so many. */
static int64_t code_point(const uint8_t *s, size_t left, size_t digits, int base)
{
    int64_t v = 0;
    if (left < digits)
        return -1;
    for (size_t i = 0; i < digits; i++) {
        int d = hex_digit(s[i]);
        if (d < 0 || d >= base)
            return -1;
        v = v * base + d;
    }
    return v > 0x10ffff || (v >= 0xd800 && v <= 0xdfff) ? -1 : v;
}

/* The escape at s (behind the backslash) into `to`; bytes read, or 0: no such escape. */
static size_t escape(const uint8_t *s, size_t left, uint8_t *to, size_t *ret_written)
{
    static const char from[] = "\\?\"'`abfnrtv", into[] = "\\?\"'`\a\b\f\n\r\t\v";
    if (left == 0)
        return 0;
    const char *simple = s[0] ? strchr(from, s[0]) : NULL;
    if (simple) {
        to[0] = (uint8_t)into[simple - from];
        *ret_written = 1;
        return 1;
    }
    size_t digits = s[0] == 'x' || s[0] == 'X' ? 2 : s[0] == 'u' ? 4 : s[0] == 'U' ? 8 : 0;
    int64_t c = -1;
    size_t read = 1 + digits;
    if (digits) {
        c = code_point(s + 1, left - 1, digits, 16);
    } else if (s[0] >= '0' && s[0] <= '3') {
        c = code_point(s, left, 3, 8);
        read = 3;
    }
    if (c < 0)
        return 0;
    *ret_written = put_utf8(to, (uint32_t)c);
    return read;
}

int ktg_cel_lex_string(struct ktg_cel_parsing *p, uint32_t quotes, bool raw,
                       struct ktg_cel_token *t)
{
    const uint8_t *s = p->source->text.data;
    size_t size = p->source->text.size, at = p->at, n = 0;
    uint8_t quote = s[at - 1];
    uint8_t *to = ktg_arena_alloc(p->arena, size - at + 4);
    if (!to)
        return p->rc = ktg_err_set(p->err, KTG_ENOMEM, "no memory");
    for (;;) {
        if (at >= size || (quotes == 1 && (s[at] == '\n' || s[at] == '\r')))
            return ktg_cel_lex_fail(p, t->start, "the string has no end");
        if (s[at] == quote &&
            (quotes == 1 || (size - at >= 3 && s[at + 1] == quote && s[at + 2] == quote)))
            break;
        if (s[at] == '\\' && !raw) {
            size_t written = 0, read = escape(s + at + 1, size - at - 1, to + n, &written);
            if (!read)
                return ktg_cel_lex_fail(
                    p, (uint32_t)at, "no such escape in a string: a backslash is written '\\\\'");
            at += 1 + read;
            n += written;
            continue;
        }
        size_t bytes = utf8_at(s + at, size - at);
        if (!bytes || !s[at])
            return ktg_cel_lex_fail(
                p, (uint32_t)at, s[at] ? "the string is not UTF-8" : "a NUL character in a string");
        memcpy(to + n, s + at, bytes);
        n += bytes;
        at += bytes;
    }
    t->end = p->at = (uint32_t)(at + quotes);
    t->text = ktg_bytes(to, n);
    return KTG_OK;
}
