/* rules/names/normalise.c - writings to tokens: the only file that knows ICU.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <assert.h>
#include <stdlib.h>
#include <unicode/ustring.h>
#include <unicode/utrans.h>

#include "rules/names/names.h"

/* NFKC first; Cyrillic by BGN/PCGN, which ICAO 9303-3 follows closely (ISO 9, ICU's own choice, keeps the difference in
 * marks that the next step drops); then every other script; then accents off. */
static const char ICU_ID[] = "NFKC; Russian-Latin/BGN; Any-Latin; Latin-ASCII; Lower";

struct spelling {
    const char *from, *to;
    uint8_t size;
    bool at_end;
};
static const struct spelling spellings[] = {
#define SPELLING(from, to, source) {from, to, 0, false},
#include "rules/names/spelling.def"
#undef SPELLING
};
static const struct {
    const char *word, *writings;
} variants[] = {
#define VARIANT(word, writings) {word, writings},
#include "rules/names/variants.def"
#undef VARIANT
};
#define COMPOUND(head)
#define COMMON(word)
#define PARTICLE(word) word,
static const char *const particles[] = {
#include "rules/names/words.def"
};
#undef PARTICLE
#undef COMPOUND
#define PARTICLE(word)
#define COMPOUND(head) head,
static const char *const compounds[] = {
#include "rules/names/words.def"
};
#undef COMPOUND
#undef COMMON
#define COMPOUND(head)
#define COMMON(word) word,
static const char *const commons[] = {
#include "rules/names/words.def"
};
#undef PARTICLE
#undef COMPOUND
#undef COMMON

enum word_kind { WORD_VARIANT, WORD_PARTICLE, WORD_COMMON };
struct word {
    char text[KTG_NAME_LETTERS];
    enum word_kind kind;
    const char *stands_for; /* VARIANT */
};

enum { MAX_WORDS = 1024 };
struct ktg_normaliser {
    struct spelling rows[KTG_COUNT(spellings)]; /* by first letter, longer ones first */
    uint16_t first[27];
    struct word words[MAX_WORDS]; /* by text and kind */
    size_t word_count;
    UTransliterator *icu;
    struct ktg_buf latin;
};

static int by_text(const void *x, const void *y)
{
    const struct word *a = x, *b = y;
    int c = strcmp(a->text, b->text);
    return c ? c : (a->kind > b->kind) - (a->kind < b->kind);
}

static int by_first(const void *x, const void *y)
{
    const struct spelling *a = x, *b = y;
    if (a->from[0] != b->from[0])
        return a->from[0] < b->from[0] ? -1 : 1;
    if (a->size != b->size)
        return a->size > b->size ? -1 : 1;
    return a->at_end != b->at_end ? (a->at_end ? -1 : 1) : strcmp(a->from, b->from);
}

static void add_word(struct ktg_normaliser *n, const char *text, size_t size, enum word_kind kind,
                     const char *stands_for)
{
    assert(n->word_count < MAX_WORDS && size < KTG_NAME_LETTERS);
    struct word *w = &n->words[n->word_count++];
    memcpy(w->text, text, size);
    w->text[size] = 0;
    w->kind = kind;
    w->stands_for = stands_for;
}

static void build_tables(struct ktg_normaliser *n)
{
    for (size_t i = 0; i < KTG_COUNT(spellings); i++) {
        struct spelling *s = &n->rows[i];
        *s = spellings[i];
        s->size = (uint8_t)strlen(s->from);
        s->at_end = s->from[s->size - 1] == '$';
        s->size = (uint8_t)(s->size - s->at_end);
    }
    qsort(n->rows, KTG_COUNT(spellings), sizeof *n->rows, by_first);
    for (size_t i = 0, c = 0; c < 27; c++) {
        n->first[c] = (uint16_t)i;
        while (i < KTG_COUNT(spellings) && n->rows[i].from[0] == (char)('a' + c))
            i++;
    }
    for (size_t i = 0; i < KTG_COUNT(variants); i++) {
        const char *p = variants[i].writings;
        add_word(n, variants[i].word, strlen(variants[i].word), WORD_VARIANT, variants[i].word);
        while (*p) {
            size_t size = strcspn(p, " ");
            add_word(n, p, size, WORD_VARIANT, variants[i].word);
            p += size + (p[size] == ' ');
        }
    }
    for (size_t i = 0; i < KTG_COUNT(particles); i++)
        add_word(n, particles[i], strlen(particles[i]), WORD_PARTICLE, NULL);
    for (size_t i = 0; i < KTG_COUNT(commons); i++)
        add_word(n, commons[i], strlen(commons[i]), WORD_COMMON, NULL);
    qsort(n->words, n->word_count, sizeof *n->words, by_text);
}

int ktg_normaliser_new(struct ktg_normaliser **ret_n)
{
    struct ktg_normaliser *n = ktg_zalloc(sizeof *n);
    if (!n)
        return KTG_ENOMEM;
    build_tables(n);
    *ret_n = n;
    return KTG_OK;
}

struct ktg_normaliser *ktg_normaliser_free(struct ktg_normaliser *n)
{
    if (!n)
        return NULL;
    if (n->icu)
        utrans_close(n->icu);
    ktg_buf_done(&n->latin);
    ktg_free(n);
    return NULL;
}

uint32_t ktg_names_version(void)
{
    UVersionInfo v;
    u_getVersion(v);
    return (uint32_t)KTG_NAMES_VERSION << 16 | (uint32_t)v[0] << 8 | v[1];
}

static const struct word *find(const struct ktg_normaliser *n, const char *text,
                               enum word_kind kind)
{
    size_t lo = 0, hi = n->word_count;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        int c = strcmp(n->words[mid].text, text);
        if (!c)
            c = (n->words[mid].kind > kind) - (n->words[mid].kind < kind);
        if (!c)
            return &n->words[mid];
        if (c < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return NULL;
}

/* ---- folding ---- */

static const struct spelling *row_at(const struct ktg_normaliser *n, const char *at, size_t left)
{
    if (*at < 'a' || *at > 'z')
        return NULL;
    size_t c = (size_t)(*at - 'a');
    for (size_t i = n->first[c]; i < n->first[c + 1]; i++) {
        const struct spelling *s = &n->rows[i];
        if (s->size <= left && !memcmp(s->from, at, s->size) && (!s->at_end || s->size == left))
            return s;
    }
    return NULL;
}

static void fold(const struct ktg_normaliser *n, const char *text, size_t size, struct ktg_token *t)
{
    size_t out = 0;
    for (size_t i = 0; i < size;) {
        const struct spelling *s = row_at(n, text + i, size - i);
        const char *put = s ? s->to : text + i;
        size_t put_size = s ? strlen(s->to) : 1;
        for (size_t k = 0; k < put_size && out + 1 < KTG_NAME_LETTERS; k++)
            if (!out || t->fold[out - 1] != put[k]) /* doubled letters are one */
                t->fold[out++] = put[k];
        i += s ? s->size : 1;
    }
    if (!out && size) /* nothing is left of "h" */
        t->fold[out++] = text[0];
    t->fold[out] = 0;
    t->fold_size = (uint8_t)out;
}

void ktg_token_make(const struct ktg_normaliser *n, const char *letters, size_t size,
                    struct ktg_token *ret_t)
{
    *ret_t = (struct ktg_token){0};
    if (size >= KTG_NAME_LETTERS)
        size = KTG_NAME_LETTERS - 1;
    memcpy(ret_t->text, letters, size);
    ret_t->size = (uint8_t)size;
    ret_t->initial = size == 1;
    const struct word *w = find(n, ret_t->text, WORD_VARIANT);
    const char *word = w ? w->stands_for : ret_t->text;
    ret_t->common = find(n, word, WORD_COMMON) != NULL;
    fold(n, word, strlen(word), ret_t);
}

/* ---- letters ---- */

static int to_latin(struct ktg_normaliser *n, struct ktg_bytes text, struct ktg_buf *to)
{
    UErrorCode code = U_ZERO_ERROR;
    UChar wide[4 * KTG_NAME_BYTES], id[sizeof ICU_ID];
    if (!n->icu) {
        u_charsToUChars(ICU_ID, id, sizeof ICU_ID);
        n->icu = utrans_openU(id, -1, UTRANS_FORWARD, NULL, 0, NULL, &code);
        if (U_FAILURE(code)) {
            n->icu = NULL;
            return code == U_MEMORY_ALLOCATION_ERROR ? KTG_ENOMEM : KTG_ECORRUPT;
        }
    }
    int32_t size = 0, limit;
    u_strFromUTF8WithSub(wide, KTG_NAME_BYTES, &size, (const char *)text.data, (int32_t)text.size,
                         ' ', NULL, &code);
    limit = size;
    utrans_transUChars(n->icu, wide, &size, (int32_t)KTG_COUNT(wide), 0, &limit, &code);
    if (U_FAILURE(code)) /* longer than any name: what cannot be written is no name */
        return code == U_MEMORY_ALLOCATION_ERROR ? KTG_ENOMEM : KTG_OK;
    for (int32_t i = 0; i < size && i < (int32_t)KTG_COUNT(wide); i++)
        ktg_buf_put_u8(to, wide[i] < 0x80 ? (uint8_t)wide[i] : '\'');
    return ktg_buf_check(to);
}

static bool is_ascii(struct ktg_bytes b)
{
    for (size_t i = 0; i < b.size; i++)
        if (b.data[i] >= 0x80)
            return false;
    return true;
}

static int put_latin(struct ktg_normaliser *n, struct ktg_bytes text)
{
    if (text.size > KTG_NAME_BYTES) /* to the end of a character */
        for (text.size = KTG_NAME_BYTES; text.size && (text.data[text.size] & 0xc0) == 0x80;)
            text.size--;
    int rc = KTG_OK;
    if (is_ascii(text))
        ktg_buf_put_bytes(&n->latin, text);
    else
        rc = to_latin(n, text, &n->latin);
    ktg_buf_put_u8(&n->latin, ' ');
    return rc ? rc : ktg_buf_check(&n->latin);
}

/* ---- tokens ---- */

struct words {
    const struct ktg_normaliser *n;
    struct ktg_arena *arena;
    struct ktg_tokens *name;
    bool particles; /* they count */
    bool bad;
};

static void put_token(struct words *w, const char *letters, size_t size)
{
    struct ktg_tokens *name = w->name;
    if (name->count == KTG_NAME_TOKENS || w->bad)
        return;
    struct ktg_token *t = ktg_arena_alloc(w->arena, sizeof *t);
    w->bad = !t;
    if (!t)
        return;
    struct ktg_token *join = NULL;
    const struct ktg_token *last = name->count ? name->tokens[name->count - 1] : NULL;
    if (last && !last->initial && size > 1) {
        join = ktg_arena_alloc(w->arena, sizeof *join);
        w->bad = !join;
    }
    ktg_token_make(w->n, letters, size, t);
    if (join) {
        ktg_token_join(w->n, last, t, join);
        name->joins[name->count - 1] = join;
    }
    name->tokens[name->count++] = t;
    name->full += !t->initial;
}

static void put_word(struct words *w, const char *letters, size_t size)
{
    if (size >= KTG_NAME_LETTERS)
        size = KTG_NAME_LETTERS - 1;
    char text[KTG_NAME_LETTERS] = {0};
    memcpy(text, letters, size);
    if (!w->particles && find(w->n, text, WORD_PARTICLE))
        return;
    bool known = find(w->n, text, WORD_VARIANT) != NULL; /* Abdullah is one word */
    for (size_t i = 0; !known && i < KTG_COUNT(compounds); i++) {
        size_t head = strlen(compounds[i]);
        if (size < head + 3 || memcmp(text, compounds[i], head) != 0)
            continue;
        put_token(w, text, head);
        put_token(w, text + head, size - head);
        return;
    }
    put_token(w, text, size);
}

static void cut_words(struct words *w, const struct ktg_buf *latin)
{
    char word[KTG_NAME_LETTERS];
    size_t size = 0;
    for (size_t i = 0; i < latin->size; i++) {
        uint8_t c = latin->data[i];
        if (c >= 'A' && c <= 'Z')
            c = (uint8_t)(c + 32);
        if (c == '\'' || c == '`') /* O'Neil, Ma'ruf: nothing between two letters */
            continue;
        if (c >= 'a' && c <= 'z') {
            if (size < sizeof word)
                word[size++] = (char)c;
            continue;
        }
        if (size)
            put_word(w, word, size);
        size = 0;
    }
    if (size)
        put_word(w, word, size);
}

int ktg_name_read(struct ktg_normaliser *n, const struct ktg_name_text *t, struct ktg_arena *a,
                  struct ktg_tokens *ret_name)
{
    struct ktg_tokens name = {.born = ktg_birth_read(t->born)};
    struct words w = {.n = n, .arena = a, .name = &name};
    ktg_buf_clear(&n->latin);
    int rc = put_latin(n, t->surname);
    if (!rc)
        rc = put_latin(n, t->given);
    if (rc)
        return rc;
    cut_words(&w, &n->latin);
    if (!name.full) { /* nothing but particles: they are the name */
        name = (struct ktg_tokens){.born = name.born};
        w.particles = true;
        cut_words(&w, &n->latin);
    }
    if (w.bad)
        return KTG_ENOMEM;
    *ret_name = name;
    return KTG_OK;
}

static int digits(const uint8_t *p, size_t size)
{
    int v = 0;
    for (size_t i = 0; i < size; i++) {
        if (p[i] < '0' || p[i] > '9')
            return 0;
        v = v * 10 + (p[i] - '0');
    }
    return v;
}

struct ktg_birth ktg_birth_read(struct ktg_bytes text)
{
    struct ktg_birth b = {0};
    if (text.size != 10 || text.data[4] != '-' || text.data[7] != '-')
        return b;
    b.year = (int16_t)digits(text.data, 4);
    b.month = (int8_t)digits(text.data + 5, 2);
    b.day = (int8_t)digits(text.data + 8, 2);
    if (b.month > 12 || b.day > 31)
        b = (struct ktg_birth){.year = b.year};
    return b;
}

uint32_t ktg_issuer_pack(struct ktg_bytes code)
{
    uint32_t v = 0;
    if (!code.size || code.size > 4)
        return 0;
    for (size_t i = 0; i < code.size; i++)
        v = v << 8 | code.data[i];
    return v;
}
