/* rules/names/alike.c - when two folds are alike, and the keys under which alike folds meet.
 *
 * Leaving letters out of both words makes words that are so many slips apart equal (the deletion neighbourhood of
 * Mor and Fraenkel, 1982; with a beginning of fixed length, Garbe 2012).  A slip at most shifts by one what stands in the
 * beginning, so leaving out as many letters of the two beginnings as there are slips makes those equal, too.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "rules/names/names.h"

enum { ONE_SLIP_FROM = 4, TWO_SLIPS_FROM = 8, BEGINNING = 8 };

static int slips_allowed(size_t shorter)
{
    return shorter >= TWO_SLIPS_FROM ? 2 : shorter >= ONE_SLIP_FROM ? 1 : 0;
}

/* Optimal string alignment, at most `most`; more is told as most + 1. */
static int distance(const char *a, size_t n, const char *b, size_t m, int most)
{
    uint8_t rows[3][KTG_NAME_LETTERS + 1];
    uint8_t *before = rows[0], *last = rows[1], *now = rows[2];
    for (size_t k = 0; k <= m; k++)
        last[k] = (uint8_t)k;
    for (size_t i = 1; i <= n; i++) {
        int least = now[0] = (uint8_t)i;
        for (size_t k = 1; k <= m; k++) {
            int v = last[k - 1] + (a[i - 1] != b[k - 1]);
            if (last[k] + 1 < v)
                v = last[k] + 1;
            if (now[k - 1] + 1 < v)
                v = now[k - 1] + 1;
            if (i > 1 && k > 1 && a[i - 1] == b[k - 2] && a[i - 2] == b[k - 1] &&
                before[k - 2] + 1 < v)
                v = before[k - 2] + 1;
            now[k] = (uint8_t)v;
            least = v < least ? v : least;
        }
        if (least > most)
            return most + 1;
        uint8_t *spare = before;
        before = last;
        last = now;
        now = spare;
    }
    return last[m];
}

int ktg_fold_slips(const char *a, size_t n, const char *b, size_t m)
{
    if (n == m && !memcmp(a, b, n))
        return 0;
    int most = slips_allowed(n < m ? n : m);
    if ((n > m ? n - m : m - n) > (size_t)most)
        return -1;
    int d = distance(a, n, b, m, most);
    return d <= most ? d : -1;
}

void ktg_token_join(const struct ktg_normaliser *n, const struct ktg_token *a,
                    const struct ktg_token *b, struct ktg_token *ret_t)
{
    char both[2 * KTG_NAME_LETTERS];
    memcpy(both, a->text, a->size);
    memcpy(both + a->size, b->text, b->size);
    ktg_token_make(n, both, (size_t)a->size + b->size, ret_t);
}

uint64_t ktg_fold_hash(const char *fold, size_t size)
{
    uint64_t h = UINT64_C(0xcbf29ce484222325); /* FNV-1a, RFC 9923; then mixed */
    for (size_t i = 0; i < size; i++)
        h = (h ^ (uint8_t)fold[i]) * UINT64_C(0x100000001b3);
    h ^= h >> 32;
    h *= UINT64_C(0x9e3779b97f4a7c15);
    return h ^ h >> 29;
}

static size_t put_key(const char *text, size_t size, uint64_t keys[KTG_NAME_DELETES], size_t n)
{
    uint64_t h = ktg_fold_hash(text, size);
    for (size_t i = 0; i < n; i++)
        if (keys[i] == h)
            return n;
    keys[n] = h;
    return n + 1;
}

static void without(const char *from, size_t size, size_t at, char *to)
{
    memcpy(to, from, at);
    memcpy(to + at, from + at + 1, size - at - 1);
}

size_t ktg_fold_deletes(const char *fold, size_t size, uint64_t keys[KTG_NAME_DELETES])
{
    int slips = slips_allowed(size);
    size_t head = size < BEGINNING ? size : BEGINNING, n = 0;
    char one[BEGINNING], two[BEGINNING];
    n = put_key(fold, head, keys, n);
    for (size_t i = 0; slips > 0 && i < head; i++) {
        without(fold, head, i, one);
        n = put_key(one, head - 1, keys, n);
        for (size_t k = i; slips > 1 && k + 1 < head; k++) {
            without(one, head - 1, k, two);
            n = put_key(two, head - 2, keys, n);
        }
    }
    return n;
}
