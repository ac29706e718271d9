/* brokers/alerts/confirmed.c - the picture and the numbered invariants are in confirmed.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "brokers/alerts/confirmed.h"

#include <string.h>

#include "runtime/mem.h"

const struct ktg_confirmed_row *ktg_confirmed_find(const struct ktg_confirmed *c, const char *user,
                                                   const char *sub)
{
    const struct ktg_confirmed_row *r = c->rows;
    while (r && (strcmp(r->user, user) != 0 || strcmp(r->sub, sub) != 0))
        r = r->next;
    return r;
}

int ktg_confirmed_keep(struct ktg_confirmed *c, const char *user, const char *sub,
                       uint64_t position)
{
    for (struct ktg_confirmed_row *r = c->rows; r; r = r->next)
        if (strcmp(r->user, user) == 0 && strcmp(r->sub, sub) == 0) {
            r->position = position;
            return KTG_OK;
        }
    if (c->count == KTG_CONFIRMED_MOST)
        return KTG_EFULL;
    struct ktg_confirmed_row *fresh = ktg_zalloc(sizeof *fresh);
    if (!fresh)
        return KTG_ENOMEM;
    size_t user_size = strlen(user) + 1, sub_size = strlen(sub) + 1;
    if (user_size > sizeof fresh->user || sub_size > sizeof fresh->sub) {
        ktg_free(fresh);
        return KTG_EINVALID;
    }
    memcpy(fresh->user, user, user_size);
    memcpy(fresh->sub, sub, sub_size);
    fresh->position = position;
    fresh->next = c->rows;
    c->rows = fresh;
    c->count++;
    return KTG_OK;
}

void ktg_confirmed_forget(struct ktg_confirmed *c)
{
    while (c->rows) {
        struct ktg_confirmed_row *next = c->rows->next;
        ktg_free(c->rows);
        c->rows = next;
    }
    c->count = 0;
}
