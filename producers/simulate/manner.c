/* producers/simulate/manner.c - how what is planted comes to the centre: clean, late, corrected, misspelt, misread.
 *
 *     draft ──> clean       as it is
 *           ──> late        made days after it happened
 *           ──> corrected   twice: with a wrong digit, then right, superseding the first
 *           ──> misspelt    one name in three with two letters changed about
 *           ──> misread     one document number in four with a letter that looks like its digit (0 O, 1 I, 5 S, 8 B);
 *                           not at posts, where check digits would show it
 *
 * What is a correction in its story stays as it is, but comes after what it corrects.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "producers/simulate/country.h"

#define SEED_MANNER 5000

/* The text between the quotes after `key`; false: there is none. */
static bool find_value(struct ktg_buf *b, const char *key, char **ret_text, size_t *ret_size)
{
    char *end = (char *)b->data + b->size;
    char *at = memmem(b->data, b->size, key, strlen(key));
    if (!at)
        return false;
    at += strlen(key);
    char *quote = memchr(at, '"', (size_t)(end - at));
    *ret_text = at;
    *ret_size = quote ? (size_t)(quote - at) : 0;
    return *ret_size > 0;
}

static bool change_letters_about(struct ktg_buf *b)
{
    char *name = NULL;
    size_t size = 0;
    if (!find_value(b, "\"surname\":\"", &name, &size))
        return false;
    for (size_t i = size / 2; i + 1 < size; i++)
        if (name[i] != name[i + 1]) {
            char first = name[i];
            name[i] = name[i + 1];
            name[i + 1] = first;
            return true;
        }
    return false;
}

static bool put_lookalike(struct ktg_buf *b)
{
    static const char like[] = "OI...S..B."; /* of each digit */
    char *number = NULL;
    size_t size = 0;
    if (!find_value(b, "\"doc\":{\"kind\":\"P\",\"issuer\":\"UTO\",\"number\":\"", &number, &size))
        return false;
    for (size_t i = size; i-- > 1;)
        if (number[i] >= '0' && number[i] <= '9' && like[number[i] - '0'] != '.') {
            number[i] = like[number[i] - '0'];
            return true;
        }
    return false;
}

/* A digit inside the number that says whom or what it is about; nobody else has that number. */
static bool put_wrong_digit(struct ktg_buf *b, char *ret_right, char **ret_at)
{
    enum { FROM_END = 6 };
    static const char *const keys[] = {"\"number\":\"", "\"nib\":\""};
    for (size_t k = 0; k < KTG_COUNT(keys); k++) {
        char *number = NULL;
        size_t size = 0;
        if (!find_value(b, keys[k], &number, &size) || size < FROM_END)
            continue;
        *ret_at = &number[size - FROM_END];
        *ret_right = **ret_at;
        **ret_at = *ret_right == '7' ? '8' : '7';
        return true;
    }
    return false;
}

static uint32_t draft_corrected(struct country *c, struct ktg_random_stream *r, const char *source,
                                const char *type, ktg_time at, ktg_time made)
{
    char right = 0, *digit = NULL;
    if (!put_wrong_digit(&c->scratch, &right, &digit))
        return draft_plainly(c, source, type, at, made, 0);
    uint32_t wrong = draft_plainly(c, source, type, at, made, 0);
    *digit = right;
    made = (made ? made : at) + ktg_random_between(r, 60, 30 * 60) * MINUTE;
    return draft_plainly(c, source, type, at, made, wrong);
}

static bool is_read_by_machine(const char *type)
{
    return strcmp(type, "border.crossing") == 0 || strcmp(type, "api.passenger") == 0;
}

uint32_t draft(struct country *c, const char *source, const char *type, ktg_time at, ktg_time made,
               uint32_t corrects)
{
    if (!c->planting || c->manner == KTG_SIMULATE_CLEAN || c->scratch.bad)
        return draft_plainly(c, source, type, at, made, corrects);
    struct ktg_random_stream r = ktg_random_split(c->seed, SEED_MANNER, c->count);
    if (c->manner == KTG_SIMULATE_CORRECTED && !corrects)
        return draft_corrected(c, &r, source, type, at, made);
    if (c->manner == KTG_SIMULATE_LATE)
        made = (made ? made : at) + ktg_random_between(&r, 24 * 60, 5 * 24 * 60) * MINUTE;
    if (c->manner == KTG_SIMULATE_MISSPELT && ktg_random_chance(&r, 33))
        change_letters_about(&c->scratch);
    if (c->manner == KTG_SIMULATE_MISREAD && !is_read_by_machine(type) && ktg_random_chance(&r, 25))
        put_lookalike(&c->scratch);
    if (corrects && (made ? made : at) <= c->drafts[corrects - 1].made)
        made = c->drafts[corrects - 1].made + 10 * MINUTE;
    if (corrects && c->drafts[corrects - 1].corrects) /* a correction names the original */
        corrects = c->drafts[corrects - 1].corrects;
    return draft_plainly(c, source, type, at, made, corrects);
}
