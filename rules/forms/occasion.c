/* rules/forms/occasion.c - see occasion.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "rules/forms/occasion.h"

#include "runtime/hash.h"

bool ktg_occasion_of(struct ktg_answer *a, const struct ktg_item *x, uint8_t ret_key[static 16])
{
    const struct ktg_together *t = &a->rule->together;
    struct ktg_frame f = {.a = a, .b = ktg_bound_before(x), .own = x, .offset_min = x->offset_min};
    struct ktg_buf key = KTG_BUF_INIT;
    bool has = true;
    for (size_t i = 0; i < t->at_count && has; i++) {
        struct ktg_cel_value v = ktg_answer_eval(&f, t->at[i]);
        has = v.kind != KTG_CEL_ABSENT && v.kind != KTG_CEL_NULL &&
              ktg_answer_wire(&f, &v, &key) == KTG_OK;
    }
    if (key.bad)
        a->code = KTG_ENOMEM;
    else if (has)
        ktg_blake2b_128((struct ktg_bytes[]){ktg_bytes_str(a->rule->name), ktg_bytes("", 1),
                                             ktg_buf_view(&key)},
                        3, ret_key);
    ktg_buf_done(&key);
    return has && !a->code;
}

bool ktg_together_limits(struct ktg_answer *a, int64_t *ret_times, int64_t *ret_others)
{
    struct ktg_frame f = {.a = a};
    struct ktg_cel_value times = ktg_answer_eval(&f, a->rule->together.times),
                         persons = ktg_answer_eval(&f, a->rule->together.persons);
    if (times.kind != KTG_CEL_INT || persons.kind != KTG_CEL_INT || times.i < 1 || persons.i < 2 ||
        persons.i > KTG_MAX_PERSONS)
        return false;
    *ret_times = times.i;
    *ret_others = persons.i - 1;
    return true;
}

/* ---- for the engine ---- */

bool ktg_rule_together(const struct ktg_rule *r, ktg_time *ret_span, int64_t *ret_times)
{
    struct ktg_arena arena = KTG_ARENA_INIT;
    struct ktg_timeline none = {.kind = r->rs->person_kind};
    struct ktg_answer a = ktg_answer_begin(r->rs, r, &none, 0, NULL, &arena);
    int64_t others;
    if (!r->together.span)
        return false;
    *ret_span = r->together.span;
    if (!ktg_together_limits(&a, ret_times, &others))
        *ret_times = INT64_MAX;
    ktg_arena_done(&arena);
    return true;
}

int ktg_rule_occasion(const struct ktg_rule *r, const struct ktg_event *e, int role,
                      struct ktg_arena *arena, uint8_t ret_key[static 16])
{
    struct ktg_entry entry = {.at = e->occurred_at, .role = role, .event = e};
    struct ktg_item item = {&entry, entry.at, e->offset_min, 0};
    struct ktg_timeline none = {.kind = r->rs->person_kind, .entries = &entry, .count = 1};
    struct ktg_answer a = ktg_answer_begin(r->rs, r, &none, entry.at, NULL, arena);
    a.items = &item;
    a.count = 1;
    memcpy(entry.id + 1, e->id, 16);
    bool is = ktg_step_matches(&a, &r->withs[r->counted].step, &item, NULL) &&
              ktg_occasion_of(&a, &item, ret_key);
    ktg_buf_done(&a.scratch);
    if (a.code == KTG_ENOMEM)
        return KTG_ENOMEM;
    return is ? KTG_OK : KTG_ENOTFOUND;
}
