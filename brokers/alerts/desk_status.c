/* brokers/alerts/desk_status.c - QUERY status, answered to a desk about itself; see desk_parts.h.
 *
 *     kept cursors of the key (casebook, confirmations not written yet) ─┬─> one row for each name and filter ─> items
 *     subscriptions that live in one of its sessions ────────────────────┘
 *
 * Beside them one item tells how far the whole centre is behind (progress.h); with `id` centre it is the only one, and costs nothing.
 * What is pending is counted in STATUS_ROWS rows of the audience, all subscriptions together.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "brokers/alerts/desk_parts.h"

#include "runtime/mem.h"

struct standing { /* of one subscription */
    char kept[KTG_SUB_KEPT];
    uint64_t cursor;
    const struct ktg_subscription *live;
};

struct standings {
    struct standing rows[STATUS_ITEMS];
    size_t count;
    bool more;
};

static struct standing *standing_of(struct standings *all, struct ktg_bytes kept)
{
    for (size_t i = 0; i < all->count; i++)
        if (ktg_bytes_is(kept, all->rows[i].kept))
            return &all->rows[i];
    if (all->count == STATUS_ITEMS || kept.size >= KTG_SUB_KEPT) {
        all->more = true;
        return NULL;
    }
    struct standing *row = &all->rows[all->count++];
    *row = (struct standing){0};
    memcpy(row->kept, kept.data, kept.size);
    return row;
}

static void on_kept(void *arg, struct ktg_bytes sub, uint64_t position)
{
    struct standing *row = standing_of(arg, sub);
    if (row)
        row->cursor = position;
}

static void gather_live(struct standings *all, const struct session *s)
{
    for (int i = 0; i < SUBS; i++) {
        const struct ktg_subscription *sub = s->subs[i];
        struct standing *row = sub ? standing_of(all, ktg_bytes_str(sub->kept)) : NULL;
        if (!row)
            continue;
        row->live = sub;
        row->cursor = sub->delivery.confirmed;
    }
}

static int gather(struct ktg_desk *d, const struct session *s, struct standings *all)
{
    size_t kept;
    int rc = ktg_casebook_subs(d->options.casebook, ktg_bytes_str(s->user), on_kept, all, &kept);
    for (const struct ktg_confirmed_row *c = d->confirmed.rows; c; c = c->next)
        if (strcmp(c->user, s->user) == 0)
            on_kept(all, ktg_bytes_str(c->sub), c->position);
    for (size_t i = 0; i < d->session_count; i++)
        if (strcmp(d->sessions[i]->user, s->user) == 0)
            gather_live(all, d->sessions[i]);
    return rc;
}

/* Of a filter that no session has said again only a hash is kept: what it would let pass nobody knows. */
static void put_standing(struct ktg_desk *d, const struct session *s, const struct standing *row,
                         uint64_t *rows, struct ktg_buf *to)
{
    size_t name = strcspn(row->kept, "\n");
    bool filtered = row->kept[name] != 0, known = row->live || !filtered;
    uint64_t pending = 0;
    int rc = known ? ktg_casebook_pending(d->options.casebook, ktg_bytes_str(s->rights.agency),
                                          row->live ? row->live->filter : NULL, row->cursor, rows,
                                          &pending)
                   : KTG_OK;
    known = known && (!rc || rc == KTG_EAGAIN);
    ktg_wire_put_map(to, 5 + 2 * known);
    if (known)
        ktg_wire_put_bool_pair(to, "at_least", rc == KTG_EAGAIN);
    ktg_wire_put_int_pair(to, "cursor", row->cursor);
    ktg_wire_put_bool_pair(to, "filtered", filtered);
    ktg_wire_put_bool_pair(to, "live", row->live != NULL);
    ktg_wire_put_str_pair(to, "of", KTG_LIT("subscription"));
    if (known)
        ktg_wire_put_int_pair(to, "pending", pending);
    ktg_wire_put_str_pair(to, "sub", ktg_bytes(row->kept, name));
}

static void put_centre(struct ktg_desk *d, struct ktg_buf *to)
{
    struct ktg_progress_view v = d->options.progress(d->options.arg);
    ktg_wire_put_map(to, 7);
    ktg_wire_put_int_pair(to, "behind", (int64_t)v.behind);
    ktg_wire_put_bool_pair(to, "full", d->full);
    ktg_wire_put_int_pair(to, "late", (int64_t)v.late);
    ktg_wire_put_str_pair(to, "of", KTG_LIT("centre"));
    ktg_wire_put_int_pair(to, "still", (int64_t)v.still);
    ktg_wire_put_int_pair(to, "still_at", v.still_at);
    ktg_wire_put_int_pair(to, "told_at", v.told_at);
}

static void answer(struct ktg_desk *d, const struct session *s, uint64_t ref, bool more)
{
    bool bad = ktg_buf_check(&d->items);
    ktg_desk_answer(d, s->peer, s->number, ref, bad ? KTG_BYTES_NONE : ktg_buf_view(&d->items),
                    !bad && more, bad ? &ktg_faults[KTG_FAULT_BUSY] : NULL);
}

void ktg_desk_status(struct ktg_desk *d, const struct session *s, const struct ktg_msg_query *q)
{
    if (ktg_bytes_is(q->id, "centre")) {
        ktg_buf_clear(&d->items);
        ktg_wire_put_array(&d->items, 1);
        put_centre(d, &d->items);
        answer(d, s, q->ref, false);
        return;
    }
    struct standings *all = ktg_zalloc(sizeof *all);
    uint64_t rows = STATUS_ROWS;
    if (!all || gather(d, s, all)) {
        ktg_free(all);
        ktg_desk_answer(d, s->peer, s->number, q->ref, KTG_BYTES_NONE, false,
                        &ktg_faults[KTG_FAULT_BUSY]);
        return;
    }
    ktg_buf_clear(&d->items);
    ktg_wire_put_array(&d->items, (uint32_t)all->count + 2);
    ktg_wire_put_map(&d->items, 5);
    ktg_wire_put_str_pair(&d->items, "agency", ktg_bytes_str(s->rights.agency));
    ktg_wire_put_int_pair(&d->items, "head", ktg_casebook_place(d->options.casebook).findings);
    ktg_wire_put_str_pair(&d->items, "name", ktg_bytes_str(s->user));
    ktg_wire_put_str_pair(&d->items, "of", KTG_LIT("desk"));
    ktg_wire_put_int_pair(&d->items, "subscriptions", all->count);
    put_centre(d, &d->items);
    for (size_t i = 0; i < all->count; i++)
        put_standing(d, s, &all->rows[i], &rows, &d->items);
    answer(d, s, q->ref, all->more);
    ktg_free(all);
}
