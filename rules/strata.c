/* rules/strata.c - who reads whose findings: strata, from below.
 *
 *     stratum(R) = 1 + the greatest stratum of the rules whose findings R reads, 0 when it reads none
 *
 * The class `finding` is every delivered (live) rule that does not itself read the class, directly or through others;
 * its readers stand above all of these.  A circle is refused.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdlib.h>

#include "rules/model.h"

struct walk {
    struct ktg_load *l;
    struct ktg_rule *r;
    uint8_t *edges; /* by rule index */
    bool any;
};

static void resolve_one(void *arg, struct ktg_step *s)
{
    struct walk *w = arg;
    ktg_step_resolve(w->l, w->r, s);
    if (!s->reads)
        return;
    w->any |= s->any_finding;
    for (size_t i = 0; i < w->l->rs->count; i++)
        w->edges[i] |= s->reads[i];
}

static void add_class(void *arg, struct ktg_step *s)
{
    struct walk *w = arg;
    for (size_t i = 0; s->any_finding && s->reads && i < w->l->rs->count; i++)
        s->reads[i] |= w->edges[i];
}

static void renumber(void *arg, struct ktg_step *s)
{
    struct walk *w = arg; /* edges: old index -> scratch; the new index stands in the rules */
    if (!s->reads)
        return;
    memset(w->edges, 0, w->l->rs->count);
    for (size_t i = 0; i < w->l->rs->count; i++)
        w->edges[i] = s->reads[w->l->rs->rules[i]->index];
    memcpy(s->reads, w->edges, w->l->rs->count);
}

static int by_name(const void *a, const void *b)
{
    return strcmp((*(struct ktg_rule *const *)a)->name, (*(struct ktg_rule *const *)b)->name);
}

static int by_stratum(const void *a, const void *b)
{
    const struct ktg_rule *x = *(struct ktg_rule *const *)a, *y = *(struct ktg_rule *const *)b;
    return x->stratum != y->stratum ? (x->stratum > y->stratum) - (x->stratum < y->stratum)
                                    : strcmp(x->name, y->name);
}

/* Longest path from below; grey rules on the way mean a circle, whose names are reported. */
struct depth {
    struct ktg_load *l;
    uint8_t *edges;  /* [reader * count + read] */
    uint8_t *colour; /* 1: on the way, 2: done */
    size_t *way;
    size_t way_count;
};

static bool measure(struct depth *d, size_t i)
{
    struct ktg_ruleset *rs = d->l->rs;
    struct ktg_rule *r = rs->rules[i];
    if (d->colour[i] == 2)
        return true;
    d->way[d->way_count++] = i;
    if (d->colour[i] == 1) {
        struct ktg_buf b = KTG_BUF_INIT;
        size_t from = d->way_count - 1;
        while (from > 0 && d->way[from - 1] != i)
            from--;
        for (size_t k = from ? from - 1 : 0; k < d->way_count; k++)
            ktg_buf_printf(&b, "%s%s", b.size ? " reads " : "", rs->rules[d->way[k]]->name);
        ktg_rule_error(d->l, r, NULL, "a circle of rules: %s", ktg_buf_text(&b));
        ktg_buf_done(&b);
        d->way_count--;
        return false;
    }
    d->colour[i] = 1;
    r->stratum = 0;
    bool ok = true;
    for (size_t k = 0; k < rs->count && ok; k++) {
        if (!d->edges[i * rs->count + k])
            continue;
        ok = measure(d, k);
        if (rs->rules[k]->stratum + 1 > r->stratum)
            r->stratum = rs->rules[k]->stratum + 1;
    }
    d->colour[i] = 2;
    d->way_count--;
    return ok;
}

bool ktg_load_strata(struct ktg_load *l)
{
    struct ktg_ruleset *rs = l->rs;
    size_t n = rs->count;
    if (!n)
        return true;
    qsort(rs->rules, n, sizeof(struct ktg_rule *), by_name);
    for (size_t i = 0; i < n; i++)
        rs->rules[i]->index = (int)i;
    bool ok = true;
    uint8_t *edges = ktg_calloc(n, n), *above = ktg_calloc(n, 1), *class = ktg_calloc(n, 1),
            *colour = ktg_calloc(n, 1);
    size_t *way = ktg_calloc(n + 1, sizeof *way);
    if (!edges || !above || !class || !colour || !way) {
        l->code = KTG_ENOMEM;
        goto out;
    }
    for (size_t i = 0; i < n; i++) {
        struct walk w = {l, rs->rules[i], edges + i * n, false};
        ktg_rule_each_step(rs->rules[i], resolve_one, &w);
        above[i] = w.any;
    }
    for (bool more = true; more;) { /* readers of readers of the class are above it as well */
        more = false;
        for (size_t i = 0; i < n; i++)
            for (size_t k = 0; k < n && !above[i]; k++)
                if (edges[i * n + k] && above[k])
                    above[i] = more = true;
    }
    for (size_t i = 0; i < n; i++)
        class[i] = !above[i] && rs->rules[i]->status == KTG_RULE_LIVE;
    for (size_t i = 0; i < n; i++) {
        struct walk w = {l, rs->rules[i], class, false};
        ktg_rule_each_step(rs->rules[i], add_class, &w);
        struct walk again = {l, rs->rules[i], edges + i * n, false};
        ktg_rule_each_step(rs->rules[i], resolve_one, &again);
    }
    struct depth d = {l, edges, colour, way, 0};
    for (size_t i = 0; i < n && ok; i++)
        ok = measure(&d, i);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < n; k++)
            rs->rules[k]->is_read |= edges[i * n + k];
    qsort(rs->rules, n, sizeof(struct ktg_rule *), by_stratum);
    for (size_t i = 0; i < n; i++) {
        struct walk w = {l, rs->rules[i], colour, false};
        ktg_rule_each_step(rs->rules[i], renumber, &w);
    }
    for (size_t i = 0; i < n; i++)
        rs->rules[i]->index = (int)i;
out:
    ktg_free(edges);
    ktg_free(above);
    ktg_free(class);
    ktg_free(colour);
    ktg_free(way);
    return ok && !l->code;
}
