/* rules/names/score.c - how alike two names are: pairs of tokens, then what the dates of birth say.
 *
 *     points of the name = sum of (weight x points of a pair) / (weights of the shorter name + lone initials) - extra tokens
 *
 * Pairs are taken greedily, best first, then by their places, so the result is the same on every machine.
 * The thresholds that a person knows (85 to tell, 70 to look at) are those of DOMAIN.md, in the rule; here stand only the
 * worths of single observations.  Jaro-Winkler is not used: it needs fractions, and it forgives a different ending of a
 * long common beginning, which is where names of one family differ.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <assert.h>

#include "rules/names/names.h"

/* All constants of the scorer; another value is another KTG_NAMES_VERSION. */
enum {
    WEIGHT_FULL = 100,
    WEIGHT_INITIAL = 30,
    POINTS_SAME = 100,
    POINTS_SPELLING = 95,
    POINTS_JOINED = 97,
    POINTS_INITIAL = 90,
    EXTRA_EACH = 4, /* full tokens of the longer name without a partner */
    EXTRA_MOST = 12,
};
/* by the length of the shorter fold */
static const uint8_t points_slip[] = {0, 0, 0, 0, 74, 78, 82, 84, 86};
static const uint8_t points_slips[] = {0, 0, 0, 0, 0, 0, 0, 0, 68, 70, 74};
static const struct {
    int8_t minus;
    uint8_t most;
    const char *words;
} born[] = {
    [KTG_BORN_SAME] = {0, 100, "born the same day"},
    [KTG_BORN_SWAPPED] = {3, 100, "day and month of birth swapped"},
    [KTG_BORN_NEAR] = {5, 100, "born within a year of each other"},
    [KTG_BORN_PARTLY] = {5, 100, "dates of birth agree as far as known"},
    [KTG_BORN_ISSUER] = {5, 100,
                         "a date of birth unknown, document of an issuer that the entry names"},
    [KTG_BORN_UNKNOWN] = {5, KTG_SCORE_REVIEW, "a date of birth unknown"},
    [KTG_BORN_OTHER] = {0, 0, "another date of birth"},
};
static const char *const how_words[] = {
    [KTG_PAIR_SAME] = "same",     [KTG_PAIR_SPELLING] = "spelling", [KTG_PAIR_JOINED] = "joined",
    [KTG_PAIR_SLIP] = "one slip", [KTG_PAIR_SLIPS] = "two slips",   [KTG_PAIR_INITIAL] = "initial",
};

/* ---- dates of birth ---- */

static bool is_full(struct ktg_birth b)
{
    return b.year && b.month && b.day;
}

enum ktg_born_how ktg_birth_compare(struct ktg_birth a, struct ktg_birth b)
{
    if (!a.year || !b.year)
        return KTG_BORN_UNKNOWN;
    if (is_full(a) && is_full(b)) {
        if (a.year == b.year && a.month == b.month && a.day == b.day)
            return KTG_BORN_SAME;
        if (a.year == b.year && a.month == b.day && a.day == b.month)
            return KTG_BORN_SWAPPED;
        int32_t days = ktg_date_from_civil(a.year, a.month, a.day) -
                       ktg_date_from_civil(b.year, b.month, b.day);
        return days >= -366 && days <= 366 ? KTG_BORN_NEAR : KTG_BORN_OTHER;
    }
    if (a.year != b.year) /* 31 December and an unknown day of the year after may be a day apart */
        return a.year - b.year >= -1 && a.year - b.year <= 1 ? KTG_BORN_NEAR : KTG_BORN_OTHER;
    return KTG_BORN_PARTLY;
}

static bool issuer_named(const struct ktg_tokens *person, const struct ktg_tokens *entry)
{
    for (size_t i = 0; i < KTG_NAME_ISSUERS && person->issuers[i]; i++)
        for (size_t k = 0; k < KTG_NAME_ISSUERS && entry->issuers[k]; k++)
            if (person->issuers[i] == entry->issuers[k])
                return true;
    return false;
}

/* ---- tokens ---- */

enum { MAX_CANDIDATES = KTG_NAME_TOKENS * KTG_NAME_TOKENS };
struct candidates {
    struct ktg_pair at[MAX_CANDIDATES];
    size_t count;
};

static bool before(const struct ktg_pair *a, const struct ktg_pair *b)
{
    if (a->points != b->points)
        return a->points > b->points;
    if (a->person != b->person)
        return a->person < b->person;
    return a->entry < b->entry;
}

static void add(struct candidates *c, struct ktg_pair p)
{
    if (c->count == MAX_CANDIDATES)
        return;
    size_t i = c->count++;
    for (; i && before(&p, &c->at[i - 1]); i--)
        c->at[i] = c->at[i - 1];
    c->at[i] = p;
}

static bool same_fold(const struct ktg_token *a, const struct ktg_token *b)
{
    return a->fold_size == b->fold_size && !memcmp(a->fold, b->fold, a->fold_size);
}

static uint8_t worth(const uint8_t *table, size_t rows, size_t length)
{
    return table[length < rows ? length : rows - 1];
}

static void compare(struct candidates *c, const struct ktg_token *a, const struct ktg_token *b,
                    size_t i, size_t k)
{
    struct ktg_pair p = {(uint8_t)i, (uint8_t)k, (uint8_t)i, (uint8_t)k, 0, 0};
    size_t shorter = a->fold_size < b->fold_size ? a->fold_size : b->fold_size;
    if (a->initial || b->initial) {
        if (a->text[0] != b->text[0])
            return;
        p.how = KTG_PAIR_INITIAL;
        p.points = a->initial && b->initial ? POINTS_SAME : POINTS_INITIAL;
        add(c, p);
        return;
    }
    switch (ktg_fold_slips(a->fold, a->fold_size, b->fold, b->fold_size)) {
    case 0:
        p.how = a->size == b->size && !memcmp(a->text, b->text, a->size) ? KTG_PAIR_SAME
                                                                         : KTG_PAIR_SPELLING;
        p.points = p.how == KTG_PAIR_SAME ? POINTS_SAME : POINTS_SPELLING;
        break;
    case 1:
        p.how = KTG_PAIR_SLIP;
        p.points = worth(points_slip, sizeof points_slip, shorter);
        break;
    case 2:
        p.how = KTG_PAIR_SLIPS;
        p.points = worth(points_slips, sizeof points_slips, shorter);
        break;
    default:
        return;
    }
    add(c, p);
}

static void compare_joins(struct candidates *c, const struct ktg_tokens *p,
                          const struct ktg_tokens *e)
{
    for (size_t i = 0; i + 1 < p->count; i++)
        for (size_t k = 0; p->joins[i] && k < e->count; k++)
            if (!e->tokens[k]->initial && same_fold(p->joins[i], e->tokens[k]))
                add(c, (struct ktg_pair){(uint8_t)i, (uint8_t)k, (uint8_t)(i + 1), (uint8_t)k,
                                         KTG_PAIR_JOINED, POINTS_JOINED});
    for (size_t k = 0; k + 1 < e->count; k++)
        for (size_t i = 0; e->joins[k] && i < p->count; i++)
            if (!p->tokens[i]->initial && same_fold(p->tokens[i], e->joins[k]))
                add(c, (struct ktg_pair){(uint8_t)i, (uint8_t)k, (uint8_t)i, (uint8_t)(k + 1),
                                         KTG_PAIR_JOINED, POINTS_JOINED});
}

/* Greedy: the best pair whose tokens are still free. */
static void choose(const struct candidates *c, struct ktg_likeness *s, uint32_t *ret_person,
                   uint32_t *ret_entry)
{
    uint32_t person = 0, entry = 0;
    for (size_t i = 0; i < c->count && s->count < KTG_NAME_TOKENS; i++) {
        const struct ktg_pair *p = &c->at[i];
        uint32_t a = 1u << p->person | 1u << p->person2, b = 1u << p->entry | 1u << p->entry2;
        if ((person & a) || (entry & b))
            continue;
        person |= a;
        entry |= b;
        s->pairs[s->count++] = *p;
    }
    *ret_person = person;
    *ret_entry = entry;
}

struct side { /* what is left of one name */
    int full, initials;
};
static struct side left(const struct ktg_tokens *n, uint32_t taken)
{
    struct side s = {0, 0};
    for (size_t i = 0; i < n->count; i++)
        if (!(taken >> i & 1)) {
            s.full += !n->tokens[i]->initial;
            s.initials += n->tokens[i]->initial;
        }
    return s;
}

/* Points of the name alone; 0 when too little is alike. */
static int weigh(struct ktg_likeness *s, const struct ktg_tokens *p, const struct ktg_tokens *e,
                 uint32_t taken_p, uint32_t taken_e)
{
    struct side lp = left(p, taken_p), le = left(e, taken_e);
    int sum = 0, weights = 0, alike = 0;
    for (size_t i = 0; i < s->count; i++) {
        bool initial = s->pairs[i].how == KTG_PAIR_INITIAL;
        int w = initial ? WEIGHT_INITIAL : WEIGHT_FULL;
        alike += !initial;
        sum += w * s->pairs[i].points;
        weights += w;
    }
    if (!alike || (alike < 2 && s->born != KTG_BORN_SAME))
        return 0;
    int fewer = lp.full < le.full ? lp.full : le.full; /* of the shorter, without a partner */
    s->extra = (lp.full > le.full ? lp.full : le.full) - fewer;
    /* an initial has nothing to find only where everything of the other name is taken */
    s->lone = (le.full + le.initials ? lp.initials : 0) + (lp.full + lp.initials ? le.initials : 0);
    weights += WEIGHT_FULL * fewer + WEIGHT_INITIAL * s->lone;
    int minus = s->extra * EXTRA_EACH;
    int points = (sum + weights / 2) / weights - (minus > EXTRA_MOST ? EXTRA_MOST : minus);
    return points > 0 ? points : 0;
}

int ktg_name_score(const struct ktg_tokens *person, const struct ktg_tokens *entry,
                   struct ktg_likeness *ret_score)
{
    struct ktg_likeness s = {.born = ktg_birth_compare(person->born, entry->born)};
    struct candidates c;
    uint32_t taken_p, taken_e;
    c.count = 0;
    if (s.born == KTG_BORN_UNKNOWN && issuer_named(person, entry))
        s.born = KTG_BORN_ISSUER;
    if (s.born != KTG_BORN_OTHER) {
        for (size_t i = 0; i < person->count; i++)
            for (size_t k = 0; k < entry->count; k++)
                compare(&c, person->tokens[i], entry->tokens[k], i, k);
        compare_joins(&c, person, entry);
        choose(&c, &s, &taken_p, &taken_e);
        s.names = weigh(&s, person, entry, taken_p, taken_e);
        s.points = s.names - (s.names ? born[s.born].minus : 0);
        if (s.points > born[s.born].most)
            s.points = born[s.born].most;
        if (s.points < KTG_SCORE_LEAST)
            s.points = 0;
    }
    if (ret_score)
        *ret_score = s;
    return s.points;
}

/* ---- words ---- */

static void put_tokens(const struct ktg_tokens *n, size_t from, size_t to, struct ktg_buf *b)
{
    ktg_buf_printf(b, "%s%s%s", n->tokens[from]->text, to > from ? " " : "",
                   to > from ? n->tokens[to]->text : "");
}

static void put_left(const struct ktg_tokens *n, const struct ktg_likeness *s, bool person,
                     struct ktg_buf *b)
{
    uint32_t taken = 0;
    for (size_t i = 0; i < s->count; i++)
        taken |= person ? 1u << s->pairs[i].person | 1u << s->pairs[i].person2
                        : 1u << s->pairs[i].entry | 1u << s->pairs[i].entry2;
    for (size_t i = 0; i < n->count; i++)
        if (!(taken >> i & 1))
            ktg_buf_printf(b, "%s without a partner in the %s; ", n->tokens[i]->text,
                           person ? "entry" : "person's name");
}

void ktg_score_explain(const struct ktg_likeness *s, const struct ktg_tokens *person,
                       const struct ktg_tokens *entry, struct ktg_buf *to)
{
    for (size_t i = 0; i < s->count; i++) {
        const struct ktg_pair *p = &s->pairs[i];
        put_tokens(person, p->person, p->person2, to);
        ktg_buf_put_str(to, p->how == KTG_PAIR_SAME ? "=" : "~");
        put_tokens(entry, p->entry, p->entry2, to);
        ktg_buf_printf(to, " %d (%s); ", p->points, how_words[p->how]);
    }
    put_left(person, s, true, to);
    put_left(entry, s, false, to);
    ktg_buf_printf(to, "names %d; %s; %d", s->names, born[s->born].words, s->points);
}
