/* tests/fuzz/names/fuzz_names.c - whatever strangers write into name fields: "SURNAME\nGIVEN\nDOB\nSURNAME\nGIVEN\nDOB".
 *
 * Every token is made of a-z and folds to something; reading a token again gives the same; a name scores 100 or nothing
 * against itself; a score does not depend on whether it is explained; what scores is found by an index of one.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdlib.h>

#include "rules/names/index.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool truth)
{
    if (!truth)
        abort();
}

static struct ktg_bytes line(struct ktg_bytes *rest)
{
    const uint8_t *end = rest->size ? memchr(rest->data, '\n', rest->size) : NULL;
    struct ktg_bytes part = ktg_bytes(rest->data, end ? (size_t)(end - rest->data) : rest->size);
    size_t used = part.size + (end != NULL);
    *rest = ktg_bytes(rest->data + used, rest->size - used);
    return part;
}

static void read(struct ktg_normaliser *n, struct ktg_bytes *rest, struct ktg_arena *a,
                 struct ktg_tokens *to)
{
    struct ktg_name_text t;
    t.surname = line(rest);
    t.given = line(rest);
    t.born = line(rest);
    must(ktg_name_read(n, &t, a, to) == KTG_OK);
    must(to->count <= KTG_NAME_TOKENS && to->full <= to->count);
    for (size_t i = 0; i < to->count; i++) {
        const struct ktg_token *k = to->tokens[i];
        struct ktg_token again;
        must(k->size > 0 && k->size < KTG_NAME_LETTERS && k->fold_size > 0);
        must(k->fold_size < KTG_NAME_LETTERS && k->initial == (k->size == 1));
        for (size_t c = 0; c < k->size; c++)
            must(k->text[c] >= 'a' && k->text[c] <= 'z');
        ktg_token_make(n, k->text, k->size, &again);
        must(!memcmp(&again, k, sizeof again));
        uint64_t keys[KTG_NAME_DELETES];
        must(ktg_fold_deletes(k->fold, k->fold_size, keys) <= KTG_NAME_DELETES);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct ktg_normaliser *n; /* once for all inputs */
    struct ktg_arena arena = KTG_ARENA_INIT;
    struct ktg_bytes rest = ktg_bytes(data, size);
    struct ktg_tokens a, b;
    struct ktg_likeness s;
    struct ktg_buf words = KTG_BUF_INIT;
    struct ktg_name_index *x = NULL;
    const struct ktg_name_hit *hits;
    size_t count;
    if (!n)
        must(ktg_normaliser_new(&n) == KTG_OK);
    read(n, &rest, &arena, &a);
    read(n, &rest, &arena, &b);
    int points = ktg_name_score(&a, &b, &s), self = ktg_name_score(&a, &a, NULL);
    must(points == s.points && points == ktg_name_score(&a, &b, NULL));
    must(points == 0 || (points >= KTG_SCORE_LEAST && points <= 100));
    must(self == 0 || self == 100 || !a.born.year || !a.born.month || !a.born.day);
    ktg_score_explain(&s, &a, &b, &words);
    must(ktg_buf_check(&words) == KTG_OK);
    must(ktg_name_index_new(n, &x) == KTG_OK && ktg_name_index_add(x, 1, &b) == KTG_OK);
    must(ktg_name_index_find(x, &a, KTG_SCORE_LEAST, &hits, &count) == KTG_OK);
    must(points ? count == 1 && hits[0].points == points : count == 0);
    ktg_name_index_free(x);
    ktg_buf_done(&words);
    ktg_arena_done(&arena);
    return 0;
}
