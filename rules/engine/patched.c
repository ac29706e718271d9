/* rules/engine/patched.c - see patched.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "rules/engine/patched.h"

#include "rules/engine/posted.h"

/* Of entries without roles: posted findings are read in one. */
static int order(const struct ktg_entry *a, const struct ktg_entry *b)
{
    return a->at != b->at ? (a->at > b->at) - (a->at < b->at) : memcmp(a->id, b->id, sizeof a->id);
}

/* The first entry that does not stand before x. */
static size_t place_of(const struct ktg_timeline *t, const struct ktg_entry *x)
{
    size_t lo = 0, hi = t->count;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (order(&t->entries[mid], x) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

static bool is_at(const struct ktg_timeline *t, size_t i, const struct ktg_entry *x)
{
    return i < t->count && order(&t->entries[i], x) == 0;
}

/* The finding as an entry; *ret_is: such a timeline would hold it. */
static int entry_of(struct ktg_engine *e, const struct ktg_live_subject *s, struct ktg_bytes blob,
                    struct ktg_entry *x, bool *ret_is)
{
    struct ktg_posted *p = ktg_arena_alloc(&e->lines, sizeof *p);
    uint8_t *own = ktg_arena_alloc(&e->lines, blob.size + 1);
    *ret_is = false;
    if (!p || !own)
        return KTG_ENOMEM;
    memcpy(own, blob.data, blob.size);
    int rc = ktg_posted_decode(ktg_bytes(own, blob.size), e->rules, &e->lines, p);
    if (rc)
        return rc == KTG_ENOTFOUND ? KTG_OK : rc;
    *x = (struct ktg_entry){.at = p->from, .role = KTG_ROLE_HOLDER, .posted = p};
    x->id[0] = '~';
    memcpy(x->id + 1, p->id, 16);
    *ret_is =
        p->from <= e->now && (p->from >= s->timeline_from || e->dispatch.lasting_findings[s->kind]);
    return KTG_OK;
}

/* `more` of x in place of `less` entries at `at`.  Most is posted near the end: little moves. */
static int replace(struct ktg_engine *e, struct ktg_live_subject *s, size_t at, size_t less,
                   const struct ktg_entry *x, size_t more)
{
    struct ktg_timeline *t = &s->timeline;
    if (s->patched != t->entries || t->count + more > s->room) {
        size_t room = t->count + t->count / 8 + 16;
        struct ktg_entry *list = ktg_arena_alloc(&e->lines, room * sizeof *list);
        if (!list)
            return KTG_ENOMEM;
        if (t->count)
            memcpy(list, t->entries, t->count * sizeof *list);
        t->entries = s->patched = list;
        s->room = room;
    }
    memmove(s->patched + at + more, s->patched + at + less,
            (t->count - at - less) * sizeof *s->patched);
    if (more)
        s->patched[at] = *x;
    t->count = t->count - less + more;
    s->screened_at = 0;
    return KTG_OK;
}

static bool is_at_hand(const struct ktg_engine *e, const struct ktg_live_subject *s)
{
    return s->generation == e->generation && e->lines.used <= KTG_LINES_MOST;
}

/* The timeline at hand holds it from now on, or no more.  One that is not at hand is read anew. */
static int patch(struct ktg_engine *e, struct ktg_live_subject *s, struct ktg_bytes blob,
                 bool holds)
{
    struct ktg_entry x;
    bool is;
    if (!is_at_hand(e, s) || !blob.size) {
        s->generation = s->screened_at = 0;
        return KTG_OK;
    }
    int rc = entry_of(e, s, blob, &x, &is);
    if (rc || !is)
        return rc;
    size_t at = place_of(&s->timeline, &x), there = is_at(&s->timeline, at, &x);
    return holds || there ? replace(e, s, at, there, &x, holds) : KTG_OK;
}

int ktg_patched_post(struct ktg_engine *e, struct ktg_live_subject *s, struct ktg_bytes blob)
{
    return patch(e, s, blob, true);
}

int ktg_patched_unpost(struct ktg_engine *e, struct ktg_live_subject *s, struct ktg_bytes blob)
{
    return patch(e, s, blob, false);
}
