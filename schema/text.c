/* schema/text.c - see text.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "schema/text.h"

#include <utf8proc.h>

enum {
    ALWAYS_NORMAL = 0x300, /* below it no code point has marks, composes backwards or changes */
    RUN = 32               /* code points of one fully decomposed run: a letter and 31 marks */
};

/* One code point of valid UTF-8 (Unicode 15, table 3-7); 0 bytes: not valid. */
static size_t step(const uint8_t *p, const uint8_t *end, int32_t *cp)
{
    uint8_t a = p[0];
    if (a < 0x80) {
        *cp = a;
        return 1;
    }
    size_t n = a >= 0xf0 ? 4 : a >= 0xe0 ? 3 : 2;
    if (a < 0xc2 || a > 0xf4 || (size_t)(end - p) < n)
        return 0;
    int32_t v = a & (0x7f >> n);
    for (size_t i = 1; i < n; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return 0;
        v = (v << 6) | (p[i] & 0x3f);
    }
    if ((n == 3 && v < 0x800) || (n == 4 && v < 0x10000) || v > 0x10ffff ||
        (v >= 0xd800 && v <= 0xdfff))
        return 0;
    *cp = v;
    return n;
}

static bool is_mark(utf8proc_category_t c)
{
    return c == UTF8PROC_CATEGORY_MN || c == UTF8PROC_CATEGORY_MC || c == UTF8PROC_CATEGORY_ME;
}

/* May this code point join with what stands before it?  Marks may; so may the vowels and finals of
 * Hangul, and the vowel signs of Kirat Rai, which are letters. */
static bool joins(int32_t cp)
{
    if (cp < ALWAYS_NORMAL)
        return false;
    if ((cp >= 0x1160 && cp <= 0x11ff) || (cp >= 0xd7b0 && cp <= 0xd7ff) ||
        (cp >= 0x16d60 && cp <= 0x16d7f))
        return true;
    const utf8proc_property_t *p = utf8proc_get_property(cp);
    return p->combining_class != 0 || is_mark((utf8proc_category_t)p->category);
}

/* Compose the run into cps; how many, or -1 when it is too long. */
static ptrdiff_t compose(const uint8_t *run, size_t size, int32_t cps[static RUN])
{
    const utf8proc_option_t how = UTF8PROC_STABLE | UTF8PROC_COMPOSE;
    utf8proc_ssize_t n = utf8proc_decompose(run, (utf8proc_ssize_t)size, cps, RUN, how);
    if (n < 0 || n > RUN)
        return -1;
    return utf8proc_normalize_utf32(cps, n, how);
}

/* The run that begins at p: one code point and all that may join it. */
static size_t run_size(const uint8_t *p, const uint8_t *end)
{
    int32_t cp;
    size_t size = step(p, end, &cp);
    while (size && p + size < end) {
        size_t n = step(p + size, end, &cp);
        if (n == 0 || !joins(cp))
            break;
        size += n;
    }
    return size;
}

static bool run_is_normal(const uint8_t *run, size_t size)
{
    int32_t cps[RUN];
    ptrdiff_t n = compose(run, size, cps);
    const uint8_t *at = run;
    for (ptrdiff_t i = 0; i < n; i++) {
        int32_t cp;
        if (at >= run + size)
            return false;
        at += step(at, run + size, &cp);
        if (cp != cps[i])
            return false;
    }
    return n >= 0 && at == run + size;
}

/* Eight bytes at a time: is there none above 0x7f and no NUL?  (The usual trick: subtracting one from
 * a zero byte borrows into its high bit.) */
static bool is_plain_ascii(const uint8_t *p, size_t size)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), highs = UINT64_C(0x8080808080808080);
    uint64_t word, bad = 0;
    if (size < 8) {
        for (; size; p++, size--)
            bad |= (uint64_t)(*p == 0 || *p >= 0x80);
        return bad == 0;
    }
    for (const uint8_t *last = p + size - 8; p < last; p += 8) {
        memcpy(&word, p, 8);
        bad |= word | (word - ones);
        size -= 8;
    }
    memcpy(&word, p + size - 8, 8); /* the last eight, some of them once more */
    bad |= word | (word - ones);
    return (bad & highs) == 0;
}

enum ktg_text_flaw ktg_text_check(struct ktg_bytes text)
{
    if (text.size == 0 || is_plain_ascii(text.data, text.size))
        return KTG_TEXT_GOOD;
    const uint8_t *p = text.data, *end = p + text.size;
    const uint8_t *run = NULL; /* begins here and may go on */
    bool plain = true;         /* the open run holds nothing that needs a look */
    while (p < end) {
        int32_t cp;
        if (*p < 0x80) { /* most text */
            if (*p == 0)
                return KTG_TEXT_NUL;
            if (!plain && !run_is_normal(run, (size_t)(p - run)))
                return KTG_TEXT_NOT_NFC;
            run = p++;
            plain = true;
            continue;
        }
        size_t n = step(p, end, &cp);
        if (n == 0)
            return KTG_TEXT_NOT_UTF8;
        if (cp < ALWAYS_NORMAL || !joins(cp) || !run) {
            if (!plain && !run_is_normal(run, (size_t)(p - run)))
                return KTG_TEXT_NOT_NFC;
            run = p;
            plain = cp < ALWAYS_NORMAL;
        } else {
            plain = false;
        }
        p += n;
    }
    return plain || run_is_normal(run, (size_t)(p - run)) ? KTG_TEXT_GOOD : KTG_TEXT_NOT_NFC;
}

static void put_cp(struct ktg_buf *to, int32_t cp)
{
    uint8_t bytes[4];
    utf8proc_ssize_t n = utf8proc_encode_char(cp, bytes);
    if (n > 0)
        ktg_buf_put(to, bytes, (size_t)n);
}

int ktg_text_put_nfc(struct ktg_buf *to, struct ktg_bytes text)
{
    if (text.size == 0)
        return ktg_buf_check(to);
    const uint8_t *p = text.data, *end = p + text.size;
    size_t before = to->size;
    while (p < end) {
        size_t size = run_size(p, end);
        if (size == 1) {
            ktg_buf_put_u8(to, *p);
        } else {
            int32_t cps[RUN];
            ptrdiff_t n = size ? compose(p, size, cps) : -1;
            if (n < 0) {
                to->size = before;
                return KTG_EINVALID;
            }
            for (ptrdiff_t i = 0; i < n; i++)
                put_cp(to, cps[i]);
        }
        p += size;
    }
    return ktg_buf_check(to);
}

/* What a form makes of one code point: keep it, drop it, or let it part two words. */
enum fate { KEEP, DROP, PART };

static enum fate fate_of(int32_t cp, enum ktg_text_form form)
{
    utf8proc_category_t c = cp < 0x80 ? UTF8PROC_CATEGORY_CN : utf8proc_category(cp);
    bool blank = cp == ' ' || (cp >= 9 && cp <= 13) || c == UTF8PROC_CATEGORY_ZS;
    bool ascii_word =
        (cp >= '0' && cp <= '9') || (cp >= 'A' && cp <= 'Z') || (cp >= 'a' && cp <= 'z');
    bool word =
        ascii_word ||
        (cp >= 0x80 && (is_mark(c) || (c >= UTF8PROC_CATEGORY_LU && c <= UTF8PROC_CATEGORY_NO)));
    switch (form) {
    case KTG_FORM_NUMBER:
        return word ? KEEP : DROP;
    case KTG_FORM_NAME:
        return blank || cp == '<' ? PART : KEEP;
    case KTG_FORM_WORDS:
        return word ? KEEP : PART;
    case KTG_FORM_PHONE:
        return blank || (cp < 0x80 && strchr("-.()/", cp)) ? DROP : KEEP;
    case KTG_FORM_EMAIL:
        return blank ? DROP : KEEP;
    default:
        return KEEP;
    }
}

static int32_t in_case(int32_t cp, enum ktg_text_form form)
{
    if (form == KTG_FORM_EMAIL)
        return cp < 0x80 ? (cp >= 'A' && cp <= 'Z' ? cp + 32 : cp) : utf8proc_tolower(cp);
    if (form == KTG_FORM_PHONE || form == KTG_FORM_AS_IS)
        return cp;
    return cp < 0x80 ? (cp >= 'a' && cp <= 'z' ? cp - 32 : cp) : utf8proc_toupper(cp);
}

void ktg_text_put_form(struct ktg_buf *to, struct ktg_bytes text, enum ktg_text_form form)
{
    if (text.size == 0)
        return;
    const uint8_t *p = text.data, *end = p + text.size;
    if (form == KTG_FORM_AS_IS) {
        ktg_buf_put_bytes(to, text);
        return;
    }
    size_t start = to->size;
    bool part = false;
    while (p < end) {
        int32_t cp;
        size_t n = step(p, end, &cp);
        if (n == 0) { /* never in checked text */
            n = 1;
            cp = 0xfffd;
        }
        p += n;
        enum fate fate = fate_of(cp, form);
        if (fate == PART)
            part = true;
        if (fate != KEEP)
            continue;
        if (part && to->size > start)
            ktg_buf_put_u8(to, ' ');
        part = false;
        put_cp(to, in_case(cp, form));
    }
}
