/* rules/forms/score.c - `score`: findings of lower rules that add up (LANGUAGE.md 4.5).
 *
 *     posted findings in (t - within, t] ──one per rule, or per root event──> flags      the heaviest, then the earliest
 *                                          sum of weights, number, agencies that sent their evidence
 *
 * (1) A flag counts in full until it leaves the window, open or closed: no decay.
 * (2) It counts as it was posted: weight and agencies as of its `from`, with `update: change` as they stand.
 * (3) Flags are in order of (from, rule, id), and travel as the names of their rules.
 * Per bound: O(findings in the window).
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>
#include <stdlib.h>

#include "rules/forms/aggregate.h"
#include "rules/states/asof.h"

/* Of the form's values by name, and of the list that its state form gives. */
enum { AGENCIES, FLAGS, SCORE, VALUES };

static struct ktg_cel_value number(int64_t i)
{
    return (struct ktg_cel_value){.kind = KTG_CEL_INT, .i = i};
}
static struct ktg_cel_value word(struct ktg_bytes s)
{
    return (struct ktg_cel_value){.kind = KTG_CEL_STRING, .s = s};
}
static struct ktg_cel_value absent(void)
{
    return (struct ktg_cel_value){.kind = KTG_CEL_ABSENT};
}

/* ---- the state form ---- */

static struct ktg_cel_type type(const struct ktg_with *w)
{
    (void)w;
    return (struct ktg_cel_type){.kind = KTG_CEL_LIST};
}

/* Every finding has a key: its rule, or its root event. */
static void prepare(struct ktg_answer *a, const struct ktg_with *w, struct ktg_asof *s)
{
    ktg_asof_match(a, w, s);
    for (size_t i = 0; i < s->hit_count && !a->code; i++) {
        const struct ktg_posted *p = a->items[s->hits[i].item].e->posted;
        struct ktg_cel_value key =
            a->rule->score.per_root ? word(ktg_bytes(p->root, 16)) : number(p->rule);
        int *k = ktg_answer_alloc(a, sizeof *k);
        if (!k || (*k = ktg_intern(a, &s->keys, &key)) < 0)
            return;
        s->hits[i].keys = k;
        s->hits[i].key_count = 1;
    }
}

static int by_age(const void *x, const void *y)
{
    const struct ktg_item *a = *(const struct ktg_item *const *)x,
                          *b = *(const struct ktg_item *const *)y;
    if (a->at != b->at)
        return a->at < b->at ? -1 : 1;
    /* rules of one stratum are numbered by name, and strata are the same for every order of arrival */
    if (a->e->posted->rule != b->e->posted->rule)
        return a->e->posted->rule < b->e->posted->rule ? -1 : 1;
    return memcmp(a->e->id, b->e->id, KTG_POSTED_ID);
}

/* The flags as of b, in order; *ret_count of them. */
static const struct ktg_item **flags_at(struct ktg_answer *a, const struct ktg_with *w,
                                        struct ktg_asof *s, struct ktg_bound b, size_t *ret_count)
{
    size_t lo, hi, n = 0;
    const struct ktg_item **best =
        ktg_answer_alloc(a, sizeof(struct ktg_item *) * (s->keys.count + 1));
    *ret_count = 0;
    ktg_asof_window(a, w, s, b, &lo, &hi);
    if (!best || !ktg_answer_spend(a, hi - lo + s->keys.count / 4))
        return NULL;
    for (size_t i = lo; i < hi; i++) {
        const struct ktg_item *x = &a->items[s->hits[i].item], **at = &best[s->hits[i].keys[0]];
        int more = *at ? x->e->posted->weight - (*at)->e->posted->weight : 1;
        if (more > 0 || (!more && by_age(&x, at) < 0))
            *at = x;
    }
    for (size_t k = 0; k < s->keys.count; k++)
        if (best[k])
            best[n++] = best[k];
    if (n)
        qsort(best, n, sizeof(struct ktg_item *), by_age);
    *ret_count = n;
    return best;
}

static int by_bytes(const void *x, const void *y)
{
    return ktg_bytes_cmp(((const struct ktg_cel_value *)x)->s,
                         ((const struct ktg_cel_value *)y)->s);
}

static struct ktg_cel_value agencies_of(struct ktg_answer *a, const struct ktg_item **flags,
                                        size_t count)
{
    size_t n = 0, kept = 0;
    for (size_t i = 0; i < count; i++)
        n += flags[i]->e->posted->agency_count;
    struct ktg_cel_value *list = ktg_answer_alloc(a, sizeof *list * (n + 1));
    if (!list || !ktg_answer_spend(a, n))
        return absent();
    n = 0;
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < flags[i]->e->posted->agency_count; k++)
            list[n++] = word(flags[i]->e->posted->agencies[k]);
    if (n)
        qsort(list, n, sizeof *list, by_bytes);
    for (size_t i = 0; i < n; i++)
        if (!kept || !ktg_bytes_eq(list[kept - 1].s, list[i].s))
            list[kept++] = list[i];
    return ktg_asof_list(list, kept);
}

static struct ktg_cel_value value_at(struct ktg_answer *a, const struct ktg_with *w,
                                     struct ktg_asof *s, struct ktg_bound b)
{
    size_t n;
    const struct ktg_item **flags = flags_at(a, w, s, b, &n);
    struct ktg_cel_value *all = ktg_answer_alloc(a, sizeof *all * VALUES),
                         *list = ktg_answer_alloc(a, sizeof *list * (n + 1));
    int64_t sum = 0;
    if (!flags || !all || !list)
        return absent();
    for (size_t i = 0; i < n; i++) {
        list[i] = ktg_value_of_item(flags[i]);
        sum += flags[i]->e->posted->weight;
    }
    all[AGENCIES] = agencies_of(a, flags, n);
    all[FLAGS] = ktg_asof_list(list, n);
    all[SCORE] = number(sum);
    return ktg_asof_list(all, VALUES);
}

static void evidence(struct ktg_answer *a, const struct ktg_with *w, struct ktg_asof *s,
                     struct ktg_bound b, struct ktg_evidence *to)
{
    size_t n;
    const struct ktg_item **flags = flags_at(a, w, s, b, &n);
    for (size_t i = 0; flags && i < n; i++)
        ktg_evidence_add(a, to, flags[i]);
}

const struct ktg_asof_form ktg_asof_score = {.name = "score",
                                             .usage = "score: {from: STEP, at least: DECIMAL}",
                                             .help = "findings that add up",
                                             .window = true,
                                             .type = type,
                                             .prepare = prepare,
                                             .value = value_at,
                                             .evidence = evidence};

/* ---- the form ---- */

static struct ktg_cel_value value(const struct ktg_frame *f, size_t which)
{
    struct ktg_cel_value all = ktg_aggregate_value(f);
    return all.kind == KTG_CEL_LIST && all.list.count == VALUES ? all.list.items[which] : absent();
}

static int64_t size_or_zero(const struct ktg_cel_value *v)
{
    return v->kind == KTG_CEL_LIST ? (int64_t)v->list.count : v->kind == KTG_CEL_INT ? v->i : 0;
}

/* A threshold that cannot be told is not met. */
static bool reaches(const struct ktg_frame *f, size_t which, const struct ktg_cel *plan,
                    int64_t *ret_limit)
{
    struct ktg_cel_value have = value(f, which),
                         limit = plan ? ktg_answer_eval(f, plan) : number(1);
    *ret_limit = limit.i;
    return have.kind != KTG_CEL_ABSENT && limit.kind == KTG_CEL_INT &&
           size_or_zero(&have) >= limit.i;
}

static const struct ktg_cel *plan_of(const struct ktg_rule *r, size_t which)
{
    return which == SCORE ? r->threshold : which == FLAGS ? r->score.flags : r->score.agencies;
}

static bool crosses(const struct ktg_frame *f)
{
    int64_t limit;
    for (size_t i = VALUES; i-- > 0;) /* the sum first: it fails most often */
        if (!reaches(f, i, plan_of(f->a->rule, i), &limit))
            return false;
    return true;
}

static struct ktg_cel_value travels(const struct ktg_frame *f, size_t which)
{
    struct ktg_cel_value v = value(f, which);
    if (which != FLAGS || v.kind != KTG_CEL_LIST)
        return v;
    struct ktg_cel_value *names = ktg_answer_alloc(f->a, sizeof *names * (v.list.count + 1));
    for (size_t i = 0; names && i < v.list.count; i++) {
        const struct ktg_item *x = v.list.items[i].ref.p;
        names[i] = word(ktg_bytes_str(f->a->rs->rules[x->e->posted->rule]->name));
    }
    return ktg_asof_list(names, v.list.count);
}

static void put_hundredths(struct ktg_buf *to, int64_t n)
{
    ktg_buf_printf(to, "%lld.%02lld", (long long)(n / 100), (long long)(n % 100));
}

static size_t shows(const struct ktg_frame *f, struct ktg_shown to[KTG_SHOWN_MOST])
{
    static const struct {
        const char *text, *want;
    } rows[VALUES] = {[SCORE] = {"score", "at least"},
                      [FLAGS] = {"flags", "flags at least"},
                      [AGENCIES] = {"agencies", "agencies at least"}};
    struct ktg_cel_value flags = value(f, FLAGS);
    for (size_t i = 0; i < VALUES; i++) {
        size_t which = VALUES - 1 - i;
        struct ktg_cel_value have = value(f, which);
        int64_t limit = 0;
        to[i].met = reaches(f, which, plan_of(f->a->rule, which), &limit);
        to[i].text = ktg_bytes_str(rows[which].text);
        if (which == SCORE) {
            put_hundredths(&to[i].value, size_or_zero(&have));
            snprintf(to[i].want, sizeof to[i].want, "%s %lld.%02lld", rows[which].want,
                     (long long)(limit / 100), (long long)(limit % 100));
            continue;
        }
        ktg_buf_printf(&to[i].value, "%lld", (long long)size_or_zero(&have));
        snprintf(to[i].want, sizeof to[i].want, "%s %lld", rows[which].want, (long long)limit);
        for (size_t k = 0; which == AGENCIES && k < (size_t)size_or_zero(&have); k++) {
            ktg_buf_put_str(&to[i].value, k ? ", " : ": ");
            ktg_buf_put_bytes(&to[i].value, have.list.items[k].s);
        }
        for (size_t k = 0; which == FLAGS && k < (size_t)size_or_zero(&flags); k++) {
            const struct ktg_posted *p =
                ((const struct ktg_item *)flags.list.items[k].ref.p)->e->posted;
            ktg_buf_printf(&to[i].value, "%s%s ", k ? ", " : ": ", f->a->rs->rules[p->rule]->name);
            put_hundredths(&to[i].value, p->weight);
        }
    }
    return VALUES;
}

static const struct ktg_cel_type a_word = {.kind = KTG_CEL_STRING};

static struct ktg_cel_type type_of_flags(const struct ktg_rule *r)
{
    return (struct ktg_cel_type){.kind = KTG_CEL_LIST, .elem = &r->withs[r->counted].elem};
}

const struct ktg_aggregate ktg_aggregate_score = {
    .values = {[AGENCIES] = {"agencies", NULL, {.kind = KTG_CEL_LIST, .elem = &a_word}},
               [FLAGS] = {"flags", type_of_flags, {.kind = KTG_CEL_LIST, .elem = &a_word}},
               [SCORE] = {"score", NULL, {.kind = KTG_CEL_INT}}},
    .crosses = crosses,
    .value = value,
    .travels = travels,
    .shows = shows,
};
