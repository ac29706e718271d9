/* runtime/yaml/nearest.c - the known word that a person probably meant.
 *
 * Optimal string alignment distance: insertions, deletions, replacements and swaps of neighbours
 * cost 1 each. Three rows of the usual matrix are enough, because a swap looks two rows back.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "runtime/yaml/yaml.h"

enum { LONGEST = 64 }; /* longer words are nobody's typo */

static uint8_t lower(char c)
{
    return (uint8_t)(c >= 'A' && c <= 'Z' ? c + 32 : c);
}

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

static unsigned distance(const char *a, size_t n, const char *b, size_t m)
{
    unsigned rows[3][LONGEST + 1];
    for (size_t j = 0; j <= m; j++)
        rows[0][j] = (unsigned)j;
    for (size_t i = 1; i <= n; i++) {
        unsigned *row = rows[i % 3], *above = rows[(i + 2) % 3], *above2 = rows[(i + 1) % 3];
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= m; j++) {
            unsigned same = lower(a[i - 1]) == lower(b[j - 1]) ? 0 : 1;
            row[j] = least(above[j - 1] + same, least(above[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
                lower(a[i - 2]) == lower(b[j - 1]))
                row[j] = least(row[j], above2[j - 2] + 1);
        }
    }
    return rows[n % 3][m];
}

const char *ktg_yaml_nearest(const char *got, const char *const *words)
{
    size_t n = strlen(got);
    if (n > LONGEST)
        return NULL;
    const char *best = NULL;
    unsigned best_distance = (unsigned)(n / 3) + 1;
    for (; *words; words++) {
        size_t m = strlen(*words);
        if (m > LONGEST)
            continue;
        unsigned d = distance(got, n, *words, m);
        if (d < best_distance) {
            best = *words;
            best_distance = d;
        }
    }
    return best;
}
