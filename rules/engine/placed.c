/* rules/engine/placed.c - see placed.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "rules/engine/placed.h"

#include "rules/engine/pack.h"
#include "rules/engine/screen.h"
#include "rules/engine/verdict.h"

static struct ktg_bytes pairs_key(void)
{
    return KTG_LIT("u");
}

/* Does a rule read the type about the kind, or the engine itself? */
static bool is_wanted(const struct ktg_engine *e, int kind, int type)
{
    return e->world.answers == KTG_ANSWERS_WHOLE || kind == e->view.person_kind ||
           kind == ktg_verdict_kind(e->view.catalogue) ||
           (e->screen.on && ktg_screen_hangs_by(e, kind)) ||
           ktg_dispatch_type(&e->dispatch, kind, type)->count > 0;
}

static int kind_count(const struct ktg_engine *e)
{
    int n = 0;
    while (n < KTG_MAX_KINDS && ktg_catalogue_kind_name(e->view.catalogue, n))
        n++;
    return n;
}

/* The pairs of the state that the catalogue still has. */
static int read_pairs(struct ktg_engine *e, bool *to)
{
    struct ktg_bytes value;
    int rc = ktg_state_get(e->state, pairs_key(), &value);
    if (rc)
        return rc == KTG_ENOTFOUND ? KTG_OK : rc;
    struct ktg_unpack u = ktg_unpack_open(value);
    while (u.at < u.end && !u.bad) {
        int kind = ktg_catalogue_kind(e->view.catalogue, ktg_unpack_bytes(&u));
        const struct ktg_type *type = ktg_catalogue_type(e->view.catalogue, ktg_unpack_bytes(&u));
        if (kind >= 0 && type)
            to[(size_t)kind * e->dispatch.types + (size_t)type->index] = true;
    }
    return u.bad ? KTG_ECORRUPT : KTG_OK;
}

static int write_pairs(struct ktg_engine *e)
{
    struct ktg_buf *b;
    int rc = ktg_state_edit(e->state, pairs_key(), &b);
    if (rc)
        return rc;
    ktg_buf_clear(b);
    for (int kind = 0; kind < kind_count(e); kind++)
        for (size_t t = 0; t < e->dispatch.types; t++) {
            if (!ktg_placed(e, kind, (int)t))
                continue;
            ktg_pack_bytes(b, ktg_bytes_str(ktg_catalogue_kind_name(e->view.catalogue, kind)));
            ktg_pack_bytes(b,
                           ktg_bytes_str(ktg_catalogue_type_at(e->view.catalogue, (int)t)->name));
        }
    return ktg_buf_check(b);
}

/* What is placed from now on, and what of it has not been so far (e->fresh); *ret_more: there is some. */
static int find_pairs(struct ktg_engine *e, bool anew, bool *ret_more)
{
    size_t types = e->dispatch.types;
    bool *placed = ktg_calloc(KTG_MAX_KINDS * types + 1, sizeof *placed);
    bool *fresh = ktg_calloc(KTG_MAX_KINDS * types + 1, sizeof *fresh);
    int rc = placed && fresh ? KTG_OK : KTG_ENOMEM;
    if (!rc && !anew)
        rc = read_pairs(e, placed);
    *ret_more = false;
    for (int kind = 0; !rc && kind < kind_count(e); kind++)
        for (size_t t = 0; t < types; t++) {
            size_t at = (size_t)kind * types + t;
            fresh[at] = !placed[at] && is_wanted(e, kind, (int)t);
            *ret_more |= fresh[at];
            placed[at] |= fresh[at];
        }
    if (rc) {
        ktg_free(placed);
        ktg_free(fresh);
        return rc;
    }
    ktg_placed_done(e);
    e->placed = placed;
    e->fresh = fresh;
    return KTG_OK;
}

static void settle(struct ktg_engine *e)
{
    ktg_free(e->fresh);
    e->fresh = NULL;
}

int ktg_placed_load(struct ktg_engine *e)
{
    bool more;
    int rc = find_pairs(e, false, &more);
    settle(e);
    return rc || !more ? rc : KTG_ECORRUPT; /* the state was written under these rules */
}

int ktg_placed_walk(struct ktg_engine *e, ktg_placed_each *each)
{
    int rc = KTG_OK;
    for (uint64_t pos = 1; !rc && pos <= e->pos; pos++) {
        struct ktg_event ev;
        rc = ktg_timeline_event(&e->view, pos, &ev);
        if (rc == KTG_ENOTFOUND)
            rc = KTG_OK; /* erased, or no event */
        else if (!rc && ev.type)
            rc = each(e, pos, &ev);
    }
    return rc;
}

int ktg_placed_change(struct ktg_engine *e, bool anew)
{
    bool more;
    int rc = find_pairs(e, anew, &more);
    if (!rc && (more || anew))
        rc = write_pairs(e);
    if (!rc && more && !anew)
        rc = ktg_placed_walk(e, ktg_engine_place_fresh);
    settle(e);
    return rc;
}

void ktg_placed_done(struct ktg_engine *e)
{
    ktg_free(e->placed);
    ktg_free(e->fresh);
    e->placed = e->fresh = NULL;
}
