/* rules/needs.c - may we speak at all? (LANGUAGE.md section 8)
 *
 *   unknown  iff  for some source S in scope  heard(S) < from  and  heard(S) + DUR < now
 *
 * A source under no heartbeat regime counts as live.  Of several silent sources the one heard longest ago is named.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "rules/answer_impl.h"

struct silence {
    struct ktg_bytes source;
    ktg_time heard;
};

static void judge(struct ktg_answer *a, const struct ktg_found *f, const struct ktg_need *need,
                  struct ktg_bytes source, struct silence *s)
{
    ktg_time heard;
    if (!a->world->heard(a->world->arg, source, &heard) || heard >= f->from)
        return;
    if (heard >=
        a->now -
            need->within) { /* fresh still; silence would come one millisecond after the duration */
        ktg_answer_wake(a, heard + need->within + 1);
        return;
    }
    if (!s->source.size || heard < s->heard ||
        (heard == s->heard && ktg_bytes_cmp(source, s->source) < 0))
        *s = (struct silence){source, heard};
}

struct ktg_bytes ktg_needs_unmet(struct ktg_answer *a, const struct ktg_found *f,
                                 const struct ktg_evidence *e, ktg_time *ret_since)
{
    struct silence s = {KTG_BYTES_NONE, 0};
    const struct ktg_answer_world *w = a->world;
    for (size_t i = 0; i < a->rule->need_count && w && w->heard; i++) {
        const struct ktg_need *need = &a->rule->needs[i];
        struct ktg_bytes source;
        if (need->all)
            for (size_t at = 0;
                 w->source_of_type && w->source_of_type(w->arg, need->type, &at, &source);)
                judge(a, f, need, source, &s);
        else
            for (size_t n = 0; n < e->source_count; n++)
                if (!w->sends || w->sends(w->arg, e->sources[n], need->type))
                    judge(a, f, need, e->sources[n], &s);
    }
    *ret_since = s.heard;
    return s.source;
}
