/* rules/forms/form.c - the table of forms: which key makes a rule what it is.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "rules/answer_impl.h"

#define SCAN \
    "nothing kept: the subject's timeline (30 B an entry) is scanned at each event it reads; "
static const struct ktg_form forms[] = {
    {"when", "an event or a sequence",
     SCAN "a step that refers to another costs entries x entries inside `within`; no timers", NULL,
     ktg_form_sequence},
    {"by", "absence: a deadline, from a field, that later events may move",
     SCAN "one timer per open watch, then one a day while open and `update: daily`", NULL,
     ktg_form_deadline},
    {"while", "the state of things, as long as it lasts",
     SCAN "each instant at which it can change is tested; timers at interval ends, at window "
          "expiries while it holds, and at ticks",
     NULL, ktg_form_state},
    {"count", "counts, distinct counts and sums in a sliding window",
     SCAN
     "each event and each expiry inside the window is tested; a timer at the next expiry while "
     "it holds",
     NULL, ktg_form_state},
    {"score", "findings that add up", NULL, "score", NULL},
    {"together", "who keeps appearing together", NULL, "together", NULL},
};

const struct ktg_form *ktg_form_of(const char *key)
{
    for (size_t i = 0; i < KTG_COUNT(forms); i++)
        if (!strcmp(forms[i].key, key))
            return &forms[i];
    return NULL;
}
