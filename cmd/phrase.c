/* cmd/phrase.c - see phrase.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cmd/phrase.h"

#include <string.h>

#define MOST_PARTS 6 /* % of a phrase */

static const struct ktg_label phrases[] = {
#define X(en, id) {en, id},
#include "cmd/phrases.def"
#undef X
};

struct part {
    const char *at;
    size_t size;
};

/* Does `text` have the form of `pattern`, % standing for one character or more, as few as will do?  parts[] are these. */
static bool fits(const char *pattern, const char *text, struct part *parts, size_t room)
{
    while (*pattern && *pattern != '%') {
        if (*pattern++ != *text++)
            return false;
    }
    if (!*pattern)
        return !*text;
    if (!room)
        return false;
    for (size_t n = 1; text[0] && text[n - 1]; n++)
        if (fits(pattern + 1, text + n, parts + 1, room - 1)) {
            *parts = (struct part){text, n};
            return true;
        }
    return false;
}

/* A phrase without %, or NULL. */
static const char *word_for_word(const struct part *p)
{
    for (size_t i = 0; i < KTG_COUNT(phrases); i++)
        if (strlen(phrases[i].en) == p->size && memcmp(phrases[i].en, p->at, p->size) == 0)
            return phrases[i].id;
    return NULL;
}

/* What is told may be a phrase itself; a single word is a name. */
static void fill(const char *pattern, const struct part *parts, char *to, size_t size)
{
    size_t n = 0;
    for (const char *p = pattern; *p && n < size; p++) {
        if (*p == '%') {
            const char *said = memchr(parts->at, ' ', parts->size) ? word_for_word(parts) : NULL;
            n += said ? (size_t)snprintf(to + n, size - n, "%s", said)
                      : (size_t)snprintf(to + n, size - n, "%.*s", (int)parts->size, parts->at);
            parts++;
        } else {
            n += (size_t)snprintf(to + n, size - n, "%c", *p);
        }
    }
}

/* The phrase with the most letters of its own wins: "at most % bytes" over "at most %". */
static const char *look_up(const char *text, char *to, size_t size)
{
    const struct ktg_label *best = NULL;
    struct part parts[MOST_PARTS], best_parts[MOST_PARTS];
    size_t most = 0;
    for (size_t i = 0; i < KTG_COUNT(phrases); i++) {
        size_t own = strlen(phrases[i].en);
        if (own <= most || !fits(phrases[i].en, text, parts, MOST_PARTS))
            continue;
        best = &phrases[i];
        most = own;
        memcpy(best_parts, parts, sizeof parts);
    }
    if (!best)
        return NULL;
    fill(best->id, best_parts, to, size);
    return to;
}

const char *ktg_phrase(const char *text, enum ktg_lang lang, char to[static KTG_PHRASE_TEXT])
{
    const char *found = lang == KTG_LANG_ID ? look_up(text, to, KTG_PHRASE_TEXT) : NULL;
    return found ? found : text;
}

const char *ktg_phrase_what(const struct ktg_fault *fault, enum ktg_lang lang)
{
    return lang == KTG_LANG_ID ? fault->apa : fault->what;
}

const char *ktg_phrase_next(const struct ktg_fault *fault, enum ktg_lang lang)
{
    return lang == KTG_LANG_ID ? fault->langkah : fault->next;
}

/* A plain failure; what callers put before it ("restore: ...") stays. */
static void put_plain(const char *text, char *to)
{
    for (const char *p = text; p; p = strstr(p, ": ")) {
        p += p > text ? 2 : 0;
        char rest[KTG_PHRASE_TEXT];
        if (!look_up(p, rest, sizeof rest))
            continue;
        snprintf(to, KTG_PHRASE_TEXT, "%.*s%s", (int)(p - text), text, rest);
        return;
    }
    snprintf(to, KTG_PHRASE_TEXT, "%s", text);
}

/* A named one: PREFIX: WHERE: what (got GOT); wanted WANT. next [name] */
static void put_fault(const struct ktg_err *err, char *to)
{
    const struct ktg_fault *f = err->fault;
    char part[KTG_PHRASE_TEXT];
    const char *what = strstr(err->text, f->what);
    size_t front = what ? (size_t)(what - err->text) : 0,
           own = err->where[0] ? strlen(err->where) + 2 : 0;
    size_t n = (size_t)snprintf(to, KTG_PHRASE_TEXT, "%.*s", (int)(front > own ? front - own : 0),
                                err->text);
    const struct {
        const char *before, *text, *after;
    } parts[] = {
        {"", err->where, ": "},           {"", f->apa, ""},       {" (didapat ", err->got, ")"},
        {"; seharusnya ", err->want, ""}, {". ", f->langkah, ""}, {" [", f->name, "]"},
    };
    for (size_t i = 0; i < KTG_COUNT(parts) && n < KTG_PHRASE_TEXT; i++)
        if (parts[i].text && parts[i].text[0])
            n += (size_t)snprintf(to + n, KTG_PHRASE_TEXT - n, "%s%s%s", parts[i].before,
                                  ktg_phrase(parts[i].text, KTG_LANG_ID, part), parts[i].after);
}

const char *ktg_phrase_err(const struct ktg_err *err, enum ktg_lang lang,
                           char to[static KTG_PHRASE_TEXT])
{
    if (lang != KTG_LANG_ID)
        return err->text;
    if (err->fault)
        put_fault(err, to);
    else
        put_plain(err->text, to);
    return to;
}
