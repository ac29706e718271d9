/* rules/engine/verdict.c - see verdict.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "rules/engine/verdict.h"

/* Fields of both types, as the catalogue spells them; the first names a subject of a kind of the same name. */
enum { ALERT, AGENCY, RULE, DISPOSITION };
static const char *const fields[] = {
    [ALERT] = "alert", [AGENCY] = "agency_code", [RULE] = "rule", [DISPOSITION] = "disposition"};

static bool text_at(const struct ktg_event *e, int field, struct ktg_bytes *ret_text,
                    const struct ktg_field **ret_field)
{
    struct ktg_field_value v;
    if (!ktg_event_field(e, fields[field], &v) || !v.field || v.list || !v.bytes.size)
        return false;
    *ret_text = v.bytes;
    *ret_field = v.field;
    return true;
}

static bool is_among(struct ktg_bytes word, const char *const *words)
{
    for (; words && *words; words++)
        if (ktg_bytes_is(word, *words))
            return true;
    return false;
}

bool ktg_verdict_handed(const struct ktg_catalogue *c, const struct ktg_event *e,
                        struct ktg_verdict *ret_v)
{
    const struct ktg_field *unused;
    bool is = false;
    for (size_t i = 0; e->type && !is && i < ktg_catalogue_type_count(c); i++) {
        const struct ktg_type *t = ktg_catalogue_type_at(c, (int)i);
        is = t->judges && strcmp(t->judges, e->type->name) == 0;
    }
    *ret_v = (struct ktg_verdict){.sense = KTG_VERDICT_NEITHER};
    return is && text_at(e, ALERT, &ret_v->alert, &unused) &&
           text_at(e, AGENCY, &ret_v->agency, &unused) && text_at(e, RULE, &ret_v->rule, &unused);
}

bool ktg_verdict_closed(const struct ktg_event *e, struct ktg_verdict *ret_v)
{
    const struct ktg_field *f;
    *ret_v = (struct ktg_verdict){.sense = KTG_VERDICT_NEITHER};
    if (!e->type || !e->type->judges || !text_at(e, ALERT, &ret_v->alert, &f) ||
        !text_at(e, AGENCY, &ret_v->agency, &f) ||
        !text_at(e, DISPOSITION, &ret_v->disposition, &f))
        return false;
    if (is_among(ret_v->disposition, f->right))
        ret_v->sense = KTG_VERDICT_RIGHT;
    else if (is_among(ret_v->disposition, f->wrong))
        ret_v->sense = KTG_VERDICT_WRONG;
    return true;
}

int ktg_verdict_kind(const struct ktg_catalogue *c)
{
    return ktg_catalogue_kind(c, ktg_bytes_str(fields[ALERT]));
}
