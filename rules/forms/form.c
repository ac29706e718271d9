/* rules/forms/form.c - the table of forms: which key makes a rule what it is.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "rules/answer_impl.h"

static const struct ktg_form forms[] = {
    {"when", "an event or a sequence", NULL, ktg_form_sequence},
    {"by", "absence: a deadline, from a field, that later events may move", NULL,
     ktg_form_deadline},
    {"while", "the state of things, as long as it lasts", NULL, ktg_form_state},
    {"count", "counts, distinct counts and sums in a sliding window", NULL, ktg_form_state},
    {"score", "findings that add up", "score", NULL},
    {"together", "who keeps appearing together", "together", NULL},
};

const struct ktg_form *ktg_form_of(const char *key)
{
    for (size_t i = 0; i < KTG_COUNT(forms); i++)
        if (!strcmp(forms[i].key, key))
            return &forms[i];
    return NULL;
}
