/* rules/engine/carried.c - whose the findings of a suspended rule are, when names merge or split: see engine_parts.h.
 *
 * Nothing is asked, so all that is known of a finding is its anchor: it goes with who stands in that event.  If several of
 * the pool do, or nobody, it stays where it was, or with who bears that name now.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "rules/engine/engine_parts.h"
#include "rules/engine/identity.h"

static size_t member_of(const struct ktg_pool *p, struct ktg_bytes name)
{
    size_t i = 0;
    while (i < p->count && !ktg_bytes_eq(p->members[i]->name, name))
        i++;
    return i;
}

int ktg_engine_bearer(struct ktg_engine *e, const struct ktg_pool *p,
                      const struct ktg_live_subject *from, const struct ktg_standing *f,
                      size_t *ret_member)
{
    struct ktg_event ev;
    struct ktg_event_names names = {0};
    struct ktg_bytes name = from->name;
    size_t best = p->count;
    int rc = ktg_timeline_event(&e->view, f->anchor_pos, &ev);
    if (!rc && ev.type)
        rc = ktg_timeline_names(&e->view, &ev, &e->record, &names);
    if (rc == KTG_ENOTFOUND) /* erased, or no event */
        rc = KTG_OK;
    for (size_t i = 0; !rc && i < names.subject_count; i++) {
        if (names.subjects[i].kind != e->view.person_kind)
            continue;
        rc = ktg_identity_name(e->state, &e->record, names.subjects[i].id, &name);
        size_t m = rc ? p->count : member_of(p, name);
        if (m < p->count && (best == p->count || p->members[m] == from))
            best = m;
        if (m < p->count && p->members[m] == from)
            break;
    }
    if (!rc && best == p->count &&
        !(rc = ktg_identity_name(e->state, &e->record, from->name, &name)))
        best = member_of(p, name);
    *ret_member = best < p->count ? best : member_of(p, from->name);
    return rc;
}
