/* rules/engine/waiting.c - see waiting.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "rules/engine/waiting.h"

#include "rules/engine/pack.h"
#include "runtime/mem.h"

void ktg_waiting_done(struct ktg_waiting *w)
{
    for (size_t i = 0; i < w->count; i++) {
        ktg_buf_done(&w->list[i].source);
        ktg_buf_done(&w->list[i].names);
    }
    ktg_free(w->list);
    *w = (struct ktg_waiting)KTG_WAITING_INIT;
}

/* Sources that are waited for are few: those that are silent. */
static struct ktg_waiting_source *find(struct ktg_waiting *w, struct ktg_bytes source)
{
    for (size_t i = 0; i < w->count; i++) {
        if (ktg_bytes_eq(ktg_buf_view(&w->list[i].source), source))
            return &w->list[i];
    }
    return NULL;
}

int ktg_waiting_put(struct ktg_waiting *w, struct ktg_bytes source, struct ktg_bytes name)
{
    struct ktg_waiting_source *s = find(w, source);
    if (!s) {
        int rc = ktg_grow(&w->list, &w->cap, w->count + 1, sizeof *w->list);
        if (rc)
            return rc;
        s = &w->list[w->count];
        *s = (struct ktg_waiting_source){KTG_BUF_INIT, KTG_BUF_INIT, 0};
        ktg_buf_put_bytes(&s->source, source);
        if (ktg_buf_check(&s->source))
            return KTG_ENOMEM;
        w->count++;
    }
    struct ktg_unpack u =
        ktg_unpack_open(ktg_bytes(s->names.data + s->last, s->names.size - s->last));
    if (s->names.size && ktg_bytes_eq(ktg_unpack_bytes(&u), name))
        return KTG_OK;
    size_t last = s->names.size;
    ktg_pack_bytes(&s->names, name);
    s->last = last;
    return ktg_buf_check(&s->names);
}

struct ktg_buf ktg_waiting_take(struct ktg_waiting *w, struct ktg_bytes source)
{
    struct ktg_waiting_source *s = find(w, source);
    struct ktg_buf names = KTG_BUF_INIT;
    if (s) {
        names = s->names;
        ktg_buf_done(&s->source);
        *s = w->list[--w->count];
    }
    return names;
}
