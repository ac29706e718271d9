/* cmd/demo_desks.c - see demo_desks.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cmd/demo_desks.h"

#include <stdio.h>
#include <string.h>

#include "runtime/hash.h"
#include "runtime/mem.h"

struct desk {
    struct ktg_demo_desks *of;
    char user[32];
    const char *agency;
    struct ktg_caller_options options;
    struct ktg_caller_watch watch;
    struct ktg_caller *caller;
    uint64_t *ledger; /* what was heard, by a hash of reference and revision; sorted */
    size_t count, cap;
};

struct ktg_demo_desks {
    struct desk desks[KTG_DEMO_DESKS];
    size_t count;
    void (*on_item)(void *arg, const struct ktg_item *item);
    void *arg;
    bool ended;
    struct ktg_err why;
};

static int enter(struct desk *d, const struct ktg_item *item, bool *ret_first)
{
    uint8_t rev[8], hash[16];
    ktg_put_be64(rev, item->rev);
    const struct ktg_bytes parts[] = {item->alert, ktg_bytes(rev, sizeof rev)};
    ktg_blake2b_128(parts, KTG_COUNT(parts), hash);
    uint64_t key = ktg_get_le64(hash);
    size_t lo = 0, hi = d->count;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (d->ledger[mid] < key)
            lo = mid + 1;
        else
            hi = mid;
    }
    *ret_first = lo == d->count || d->ledger[lo] != key;
    if (!*ret_first)
        return KTG_OK;
    int rc = ktg_grow(&d->ledger, &d->cap, d->count + 1, sizeof *d->ledger);
    if (rc)
        return rc;
    memmove(d->ledger + lo + 1, d->ledger + lo, (d->count - lo) * sizeof *d->ledger);
    d->ledger[lo] = key;
    d->count++;
    return KTG_OK;
}

static int on_item(void *arg, const struct ktg_item *item)
{
    struct desk *d = arg;
    bool first;
    int rc = enter(d, item, &first);
    if (!rc && first && d == d->of->desks)
        d->of->on_item(d->of->arg, item);
    return rc;
}

static void on_end(void *arg, int code, const struct ktg_err *err)
{
    struct desk *d = arg;
    d->of->ended = true;
    (void)ktg_err_set(&d->of->why, code, "%s: %s", d->user, err->text);
}

static int open_desk(struct ktg_demo_desks *all, struct desk *d, const struct ktg_demo_site *site,
                     struct ktg_loop *loop, struct ktg_context *context, struct ktg_err *err)
{
    char pattern[32];
    snprintf(d->user, sizeof d->user, "%s.DESK", d->agency);
    snprintf(pattern, sizeof pattern, "%s.*", d->agency);
    d->of = all;
    d->options.user = d->user;
    d->options.patience = 10000;
    d->watch = (struct ktg_caller_watch){.sub = "demo",
                                         .from = KTG_FROM_EARLIEST,
                                         .window = 256,
                                         .arg = d,
                                         .on_item = on_item,
                                         .on_end = on_end};
    int rc = ktg_demo_site_enrol(site, d->user, d->agency, KTG_ROLE_OFFICER, pattern,
                                 &d->options.keys, err);
    return rc ? rc : ktg_caller_open(&d->options, &d->watch, loop, context, &d->caller, err);
}

int ktg_demo_desks_open(const struct ktg_demo_site *site, const struct ktg_agencies *agencies,
                        struct ktg_loop *loop, struct ktg_context *context, const char *endpoint,
                        const struct ktg_curve_key *server_key,
                        void (*on_item_call)(void *arg, const struct ktg_item *item), void *arg,
                        struct ktg_demo_desks **ret_d, struct ktg_err *err)
{
    struct ktg_demo_desks *all = ktg_zalloc(sizeof *all);
    int rc = KTG_OK;
    if (!all)
        return ktg_err_set(err, KTG_ENOMEM, "demo: no memory");
    all->on_item = on_item_call;
    all->arg = arg;
    while (!rc && all->count < KTG_DEMO_DESKS && all->count < ktg_agencies_count(agencies)) {
        struct desk *d = &all->desks[all->count];
        d->agency = ktg_agencies_at(agencies, all->count)->code; /* those at the table come first */
        d->options.endpoint = endpoint;
        d->options.server_key = *server_key;
        all->count++;
        rc = open_desk(all, d, site, loop, context, err);
    }
    if (rc)
        ktg_demo_desks_close(all);
    else
        *ret_d = all;
    return rc;
}

struct ktg_demo_desks *ktg_demo_desks_close(struct ktg_demo_desks *all)
{
    if (!all)
        return NULL;
    for (size_t i = 0; i < all->count; i++) {
        ktg_caller_close(all->desks[i].caller);
        ktg_curve_forget(&all->desks[i].options.keys);
        ktg_free(all->desks[i].ledger);
    }
    ktg_free(all);
    return NULL;
}

size_t ktg_demo_desks_count(const struct ktg_demo_desks *all)
{
    return all->count;
}

const char *ktg_demo_desks_agency(const struct ktg_demo_desks *all, size_t i)
{
    return all->desks[i].agency;
}

uint64_t ktg_demo_desks_heard(const struct ktg_demo_desks *all, size_t i)
{
    return all->desks[i].count;
}

const struct ktg_err *ktg_demo_desks_trouble(const struct ktg_demo_desks *all)
{
    return all->ended ? &all->why : NULL;
}
