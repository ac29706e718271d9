/* rules/engine/match.c - see match.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "rules/engine/match.h"

#include <stdlib.h>

static int by_start(const void *x, const void *y)
{
    const struct ktg_side *a = x, *b = y;
    if (a->finding->from != b->finding->from)
        return a->finding->from < b->finding->from ? -1 : 1;
    int c = memcmp(a->finding->anchor, b->finding->anchor, 16);
    if (!c)
        c = ktg_bytes_cmp(a->subject, b->subject);
    return c ? c : ktg_bytes_cmp(a->finding->key, b->finding->key);
}

/* An index over one side, sorted by (key, anchor, from), so that the first two passes are not quadratic. */
static int by_anchor(const void *x, const void *y)
{
    const struct ktg_side *a = *(struct ktg_side *const *)x, *b = *(struct ktg_side *const *)y;
    int c = ktg_bytes_cmp(a->finding->key, b->finding->key);
    if (!c)
        c = memcmp(a->finding->anchor, b->finding->anchor, 16);
    if (c)
        return c;
    if (a->finding->from != b->finding->from)
        return a->finding->from < b->finding->from ? -1 : 1;
    return ktg_bytes_cmp(a->subject, b->subject);
}

static int same_anchor(const struct ktg_side *a, const struct ktg_side *b, bool with_from)
{
    int c = ktg_bytes_cmp(a->finding->key, b->finding->key);
    if (!c)
        c = memcmp(a->finding->anchor, b->finding->anchor, 16);
    if (!c && with_from && a->finding->from != b->finding->from)
        c = a->finding->from < b->finding->from ? -1 : 1;
    return c;
}

static void pair(struct ktg_side *old, struct ktg_side *fresh, struct ktg_side *o,
                 struct ktg_side *f)
{
    o->other = (size_t)(f - fresh);
    f->other = (size_t)(o - old);
}

static bool overlap(const struct ktg_standing *a, const struct ktg_standing *b)
{
    return a->from < b->until && b->from < a->until;
}

int ktg_match(struct ktg_side *old, size_t old_count, struct ktg_side *fresh, size_t fresh_count,
              struct ktg_arena *a)
{
    if (old_count)
        qsort(old, old_count, sizeof *old, by_start);
    if (fresh_count)
        qsort(fresh, fresh_count, sizeof *fresh, by_start);
    for (size_t i = 0; i < old_count; i++)
        old[i].other = SIZE_MAX;
    for (size_t i = 0; i < fresh_count; i++)
        fresh[i].other = SIZE_MAX;
    struct ktg_side **os = ktg_arena_alloc(a, old_count * sizeof *os + 1);
    struct ktg_side **fs = ktg_arena_alloc(a, fresh_count * sizeof *fs + 1);
    if (!os || !fs)
        return KTG_ENOMEM;
    for (int pass = 0; pass < 2; pass++) { /* with from, then without */
        size_t on = 0, fn = 0;
        for (size_t i = 0; i < old_count; i++)
            if (old[i].other == SIZE_MAX)
                os[on++] = &old[i];
        for (size_t i = 0; i < fresh_count; i++)
            if (fresh[i].other == SIZE_MAX)
                fs[fn++] = &fresh[i];
        qsort(os, on, sizeof *os, by_anchor);
        qsort(fs, fn, sizeof *fs, by_anchor);
        for (size_t i = 0, j = 0; i < on && j < fn;) {
            int c = same_anchor(os[i], fs[j], pass == 0);
            if (c == 0)
                pair(old, fresh, os[i++], fs[j++]);
            else if (c < 0)
                i++;
            else
                j++;
        }
    }
    for (size_t j = 0; j < fresh_count; j++) {
        for (size_t i = 0; fresh[j].other == SIZE_MAX && i < old_count; i++) {
            if (old[i].other == SIZE_MAX &&
                ktg_bytes_eq(old[i].finding->key, fresh[j].finding->key) &&
                overlap(old[i].finding, fresh[j].finding))
                pair(old, fresh, &old[i], &fresh[j]);
        }
    }
    return KTG_OK;
}

static bool differs(const struct ktg_side *old, const struct ktg_side *fresh)
{
    const struct ktg_standing *a = old->finding, *b = fresh->finding;
    return !ktg_bytes_eq(old->subject, fresh->subject) || memcmp(a->anchor, b->anchor, 16) != 0 ||
           a->from != b->from || a->until != b->until || a->level != b->level ||
           a->evidence_total != b->evidence_total || !ktg_bytes_eq(a->evidence, b->evidence) ||
           !ktg_bytes_eq(a->values, b->values) || !ktg_bytes_eq(a->heed, b->heed);
}

bool ktg_match_op(const struct ktg_side *old, const struct ktg_side *fresh,
                  enum ktg_op_kind *ret_op)
{
    const struct ktg_standing *a = old && old->finding->told ? old->finding : NULL;
    const struct ktg_standing *b = fresh && fresh->finding->told ? fresh->finding : NULL;
    if (!a && !b)
        return false;
    if (!b) {
        *ret_op = KTG_OP_WITHDRAW;
        return true;
    }
    if (b->unknown) {
        *ret_op = KTG_OP_UNKNOWN;
        return !a || !a->unknown || a->from != b->from ||
               !ktg_bytes_eq(old->subject, fresh->subject) ||
               !ktg_bytes_eq(a->unknown_source, b->unknown_source);
    }
    if (!a || a->unknown) {
        *ret_op = KTG_OP_RAISE;
        return true;
    }
    *ret_op = KTG_OP_AMEND;
    return differs(old, fresh);
}
