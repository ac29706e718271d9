/* rules/engine/silent.c - see silent.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "rules/engine/silent.h"

#include "rules/engine/engine_parts.h"
#include "schema/wire.h"

void ktg_held_done(struct ktg_held *h)
{
    for (size_t i = 0; i < h->count; i++)
        ktg_buf_done(&h->list[i].name);
    ktg_free(h->list);
    *h = (struct ktg_held)KTG_HELD_INIT;
}

static size_t lower(const struct ktg_held *h, struct ktg_bytes source)
{
    size_t lo = 0, hi = h->count;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (ktg_bytes_cmp(ktg_buf_view(&h->list[mid].name), source) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

static struct ktg_held_source *find(const struct ktg_held *h, struct ktg_bytes source)
{
    size_t i = lower(h, source);
    return i < h->count && ktg_bytes_eq(ktg_buf_view(&h->list[i].name), source) ? &h->list[i]
                                                                                : NULL;
}

/* Unknown, and of a rule that was live when it was found. */
static bool is_held(const struct ktg_standing *f)
{
    struct ktg_wire w = ktg_wire_open(f->heed);
    struct ktg_wire_value list, status;
    return f->unknown && !ktg_wire_enter(&w, &list) && !ktg_wire_next(&w, &status) &&
           ktg_bytes_is(status.bytes, "live");
}

static int add_one(struct ktg_held *h, struct ktg_bytes source)
{
    struct ktg_held_source *is = find(h, source), fresh = {KTG_BUF_INIT, 1};
    if (is) {
        is->findings++;
        return KTG_OK;
    }
    size_t i = lower(h, source);
    ktg_buf_put_bytes(&fresh.name, source);
    int rc = ktg_buf_check(&fresh.name);
    if (!rc)
        rc = ktg_grow(&h->list, &h->cap, h->count + 1, sizeof *h->list);
    if (rc) {
        ktg_buf_done(&fresh.name);
        return rc;
    }
    memmove(h->list + i + 1, h->list + i, (h->count++ - i) * sizeof *h->list);
    h->list[i] = fresh;
    return KTG_OK;
}

int ktg_held_add(struct ktg_held *h, const struct ktg_standing *list, size_t count)
{
    int rc = KTG_OK;
    for (size_t i = 0; !rc && i < count; i++)
        rc = is_held(&list[i]) ? add_one(h, list[i].unknown_source) : KTG_OK;
    return rc;
}

void ktg_held_take(struct ktg_held *h, const struct ktg_standing *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct ktg_held_source *is = is_held(&list[i]) ? find(h, list[i].unknown_source) : NULL;
        if (is && --is->findings == 0) {
            ktg_buf_done(&is->name);
            memmove(is, is + 1, (size_t)(h->list + --h->count - is) * sizeof *is);
        }
    }
}

struct ktg_silent ktg_engine_silent(const struct ktg_engine *e)
{
    struct ktg_silent x = {0};
    struct ktg_bytes source;
    bool silent;
    for (size_t i = 0; i < e->held.count; i++)
        x.unknown += e->held.list[i].findings;
    for (size_t at = 0; e->rules && ktg_heard_awaited(e->heard, e->dispatch.awaited, e->clock, &at,
                                                      &source, &silent);) {
        const struct ktg_held_source *is = silent ? find(&e->held, source) : NULL;
        x.awaited++;
        x.silent += silent;
        x.held += is ? is->findings : 0;
    }
    return x;
}
