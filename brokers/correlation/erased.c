/* brokers/correlation/erased.c - see erased.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "brokers/correlation/erased.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/mem.h"
#include "schema/record.h"

void ktg_erased_done(struct ktg_erased *e)
{
    ktg_free(e->ids);
    *e = KTG_ERASED_INIT;
}

int ktg_erased_note(struct ktg_erased *e, const struct ktg_journal_item *item)
{
    if (!item->erased || !item->id)
        return KTG_OK;
    int rc = ktg_grow(&e->ids, &e->cap, e->count + 1, sizeof *e->ids);
    if (rc)
        return rc;
    memcpy(e->ids[e->count++], item->id, 16);
    e->sorted = false;
    return KTG_OK;
}

static int by_id(const void *x, const void *y)
{
    return memcmp(x, y, 16);
}

bool ktg_erased_has(void *erased, const uint8_t id[static 16])
{
    struct ktg_erased *e = erased;
    if (!e->count)
        return false;
    if (!e->sorted)
        qsort(e->ids, e->count, sizeof *e->ids, by_id);
    e->sorted = true;
    return bsearch(id, e->ids, e->count, sizeof *e->ids, by_id) != NULL;
}

int ktg_erased_scan(struct ktg_journal_reader *r, uint64_t after, struct ktg_watch *watch,
                    uint64_t *ret_pos, struct ktg_err *err)
{
    struct ktg_journal_item item;
    int rc = ktg_journal_reader_seek(r, after + 1, err);
    *ret_pos = 0;
    while (!rc && !(rc = ktg_journal_reader_next(r, &item, err))) {
        if ((item.erased || item.kind == KTG_RECORD_ERASURE) && item.base > after)
            *ret_pos = item.base;
        ktg_watch_read(watch);
    }
    return rc == KTG_EAGAIN ? KTG_OK : rc;
}
