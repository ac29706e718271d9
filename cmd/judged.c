/* cmd/judged.c - the picture and the numbered invariants are in judged.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cmd/judged.h"

#include <stdlib.h>

#include "runtime/hash.h"

struct ktg_judged_open {
    uint8_t id[16]; /* of (agency, alert) */
    size_t row;     /* and one more; 0: free */
    bool is;        /* told and not yet closed */
};

void ktg_judged_begin(struct ktg_judged_rows *j, const struct ktg_catalogue *c,
                      const char *const *codes, ktg_time since)
{
    *j = (struct ktg_judged_rows){
        .catalogue = c, .codes = codes, .since = since, .arena = KTG_ARENA_INIT};
}

void ktg_judged_done(struct ktg_judged_rows *j)
{
    ktg_free(j->open);
    ktg_free(j->rows);
    ktg_arena_done(&j->arena);
}

/* ---- who was told -------------------------------------------------------------------------------------------------- */

static struct ktg_judged_open *place(struct ktg_judged_open *table, size_t room,
                                     const uint8_t id[static 16])
{
    size_t at = (size_t)ktg_get_be64(id) & (room - 1);
    while (table[at].row && memcmp(table[at].id, id, 16) != 0)
        at = (at + 1) & (room - 1);
    return &table[at];
}

/* At most half full. */
static int make_room(struct ktg_judged_rows *j)
{
    if (j->used * 2 < j->room)
        return KTG_OK;
    size_t room = j->room ? j->room * 2 : 1024;
    struct ktg_judged_open *fresh = ktg_calloc(room, sizeof *fresh);
    if (!fresh)
        return KTG_ENOMEM;
    for (size_t i = 0; i < j->room; i++)
        if (j->open[i].row)
            *place(fresh, room, j->open[i].id) = j->open[i];
    ktg_free(j->open);
    j->open = fresh;
    j->room = room;
    return KTG_OK;
}

static void name(const struct ktg_verdict *v, uint8_t to[static 16])
{
    static const uint8_t nul = 0;
    struct ktg_bytes parts[] = {v->agency, ktg_bytes(&nul, 1), v->alert};
    ktg_blake2b_128(parts, KTG_COUNT(parts), to);
}

/* ---- rows ---------------------------------------------------------------------------------------------------------- */

static int copy(struct ktg_judged_rows *j, struct ktg_bytes text, struct ktg_bytes *ret_copy)
{
    char *c = ktg_arena_strndup(&j->arena, (const char *)text.data, text.size);
    *ret_copy = ktg_bytes(c, text.size);
    return c ? KTG_OK : KTG_ENOMEM;
}

static int row_of(struct ktg_judged_rows *j, struct ktg_bytes rule, struct ktg_bytes agency,
                  size_t *ret_row)
{
    struct ktg_judged_row r = {.right = 0};
    for (*ret_row = 0; *ret_row < j->count; ++*ret_row)
        if (ktg_bytes_eq(j->rows[*ret_row].rule, rule) &&
            ktg_bytes_eq(j->rows[*ret_row].agency, agency))
            return KTG_OK;
    int rc = ktg_grow(&j->rows, &j->cap, j->count + 1, sizeof *j->rows);
    if (!rc)
        rc = copy(j, rule, &r.rule);
    if (!rc && agency.size)
        rc = copy(j, agency, &r.agency);
    if (!rc)
        j->rows[j->count++] = r;
    return rc;
}

static size_t code_of(const struct ktg_judged_rows *j, struct ktg_bytes disposition)
{
    size_t i = 0;
    while (i + 1 < KTG_JUDGED_CODES && j->codes[i] && !ktg_bytes_is(disposition, j->codes[i]))
        i++;
    return j->codes[i] ? i : KTG_JUDGED_CODES - 1;
}

static int told(struct ktg_judged_rows *j, const struct ktg_verdict *v)
{
    uint8_t id[16];
    size_t row;
    int rc = make_room(j);
    if (!rc)
        rc = row_of(j, v->rule, v->agency, &row);
    if (rc)
        return rc;
    name(v, id);
    struct ktg_judged_open *o = place(j->open, j->room, id);
    j->used += !o->row;
    memcpy(o->id, id, sizeof id);
    o->row = row + 1;
    o->is = true;
    return KTG_OK;
}

static void closed(struct ktg_judged_rows *j, const struct ktg_verdict *v, bool counts)
{
    uint8_t id[16];
    name(v, id);
    struct ktg_judged_open *o = j->room ? place(j->open, j->room, id) : NULL;
    if (!o || !o->row || !o->is)
        return;
    o->is = false;
    struct ktg_judged_row *r = &j->rows[o->row - 1];
    if (!counts)
        return;
    r->as[code_of(j, v->disposition)]++;
    r->right += v->sense == KTG_VERDICT_RIGHT;
    r->wrong += v->sense == KTG_VERDICT_WRONG;
}

int ktg_judged_event(struct ktg_judged_rows *j, const struct ktg_event *e)
{
    struct ktg_verdict v;
    if (ktg_verdict_handed(j->catalogue, e, &v))
        return told(j, &v);
    if (ktg_verdict_closed(e, &v))
        closed(j, &v, e->occurred_at >= j->since);
    return KTG_OK;
}

/* ---- the end ------------------------------------------------------------------------------------------------------- */

static int by_rule(const void *x, const void *y)
{
    const struct ktg_judged_row *a = x, *b = y;
    int c = ktg_bytes_cmp(a->rule, b->rule);
    if (c || !a->agency.size != !b->agency.size) /* all of them: behind each */
        return c ? c : a->agency.size ? -1 : 1;
    return ktg_bytes_cmp(a->agency, b->agency);
}

static uint64_t dispositions(const struct ktg_judged_row *r)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < KTG_JUDGED_CODES; i++)
        sum += r->as[i];
    return sum;
}

int ktg_judged_end(struct ktg_judged_rows *j)
{
    size_t single = 0, all;
    for (size_t i = 0; i < j->count; i++) /* told, and nothing said of it */
        if (dispositions(&j->rows[i]))
            j->rows[single++] = j->rows[i];
    j->count = single;
    for (size_t i = 0; i < single; i++) {
        int rc = row_of(j, j->rows[i].rule, KTG_BYTES_NONE, &all);
        if (rc)
            return rc;
        struct ktg_judged_row *sum = &j->rows[all];
        sum->right += j->rows[i].right;
        sum->wrong += j->rows[i].wrong;
        for (size_t k = 0; k < KTG_JUDGED_CODES; k++)
            sum->as[k] += j->rows[i].as[k];
    }
    if (j->count)
        qsort(j->rows, j->count, sizeof *j->rows, by_rule);
    return KTG_OK;
}
