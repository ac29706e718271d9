/* rules/forms/form.c - the table of forms: which key makes a rule what it is.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "rules/forms/aggregate.h"

static const struct ktg_form forms[] = {
    {"when", "an event or a sequence", ktg_form_sequence, NULL},
    {"by", "absence: a deadline, from a field, that later events may move", ktg_form_deadline,
     NULL},
    {"while", "the state of things, as long as it lasts", ktg_form_state, NULL},
    {"count", "counts, distinct counts and sums in a sliding window", ktg_form_state,
     &ktg_aggregate_count},
    {"score", "findings that add up", ktg_form_state, &ktg_aggregate_score},
    {"together", "who keeps appearing together", ktg_form_state, &ktg_aggregate_together},
};

const struct ktg_form *ktg_form_at(size_t i)
{
    return i < KTG_COUNT(forms) ? &forms[i] : NULL;
}

const struct ktg_form *ktg_form_of(const char *key)
{
    for (size_t i = 0; i < KTG_COUNT(forms); i++)
        if (!strcmp(forms[i].key, key))
            return &forms[i];
    return NULL;
}

size_t ktg_form_value_count(const struct ktg_rule *r)
{
    const struct ktg_aggregate *g = r->form ? r->form->aggregate : NULL;
    size_t n = 0;
    while (g && n < KTG_VALUES_MOST && g->values[n].name)
        n++;
    return n;
}

int ktg_form_value_find(const struct ktg_rule *r, struct ktg_bytes name)
{
    for (size_t i = 0; i < ktg_form_value_count(r); i++)
        if (ktg_bytes_is(name, r->form->aggregate->values[i].name))
            return (int)i;
    return -1;
}

struct ktg_cel_value ktg_aggregate_value(const struct ktg_frame *f)
{
    return ktg_asof_value(f->a, (size_t)f->a->rule->counted, f->b);
}
