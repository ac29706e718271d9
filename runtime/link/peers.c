/* runtime/link/peers.c - see peers.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "runtime/link/peers.h"

#include <stdio.h>
#include <string.h>

#include "runtime/mem.h"

int ktg_peers_init(struct ktg_peers *p, size_t limit)
{
    size_t n = 16;
    while (n < limit)
        n *= 2;
    *p = (struct ktg_peers){.mask = n - 1, .limit = limit};
    p->buckets = ktg_calloc(n, sizeof *p->buckets);
    return p->buckets ? KTG_OK : KTG_ENOMEM;
}

void ktg_peers_done(struct ktg_peers *p)
{
    for (size_t i = 0; p->buckets && i <= p->mask; i++)
        for (struct ktg_peer_entry *e = p->buckets[i], *next; e; e = next) {
            next = e->next;
            ktg_free(e);
        }
    ktg_free(p->buckets);
    ktg_free(p->open);
    *p = (struct ktg_peers){0};
}

/* libzmq counts ids up from a random start: the low bits spread by themselves */
static struct ktg_peer_entry **bucket(const struct ktg_peers *p, ktg_peer id)
{
    return &p->buckets[id & p->mask];
}

struct ktg_peer_entry *ktg_peers_get(const struct ktg_peers *p, ktg_peer id)
{
    struct ktg_peer_entry *e = *bucket(p, id);
    while (e && e->id != id)
        e = e->next;
    return e;
}

struct ktg_peer_entry *ktg_peers_next(const struct ktg_peers *p, size_t *at,
                                      struct ktg_peer_entry *last)
{
    struct ktg_peer_entry *e = last ? last->next : NULL;
    while (!e && *at <= p->mask)
        e = p->buckets[(*at)++];
    return e;
}

static void set_gone(struct ktg_peers *p, struct ktg_peer_entry *e)
{
    e->gone = true;
    e->fd = -1;
    p->gone++;
}

static void mark_gone(struct ktg_peers *p, int fd)
{
    size_t at = 0;
    for (struct ktg_peer_entry *e = NULL; (e = ktg_peers_next(p, &at, e));)
        if (e->fd == fd && !e->gone) {
            set_gone(p, e);
            return;
        }
}

static bool is_open(const struct ktg_peers *p, int fd)
{
    return fd >= 0 && (size_t)fd < p->open_cap && p->open[fd];
}

int ktg_peers_open_fd(struct ktg_peers *p, int fd)
{
    if (fd < 0)
        return KTG_OK; /* it cannot be told apart: its peer counts as gone */
    size_t old = p->open_cap;
    if (ktg_grow(&p->open, &p->open_cap, (size_t)fd + 1, 1) != KTG_OK)
        return KTG_ENOMEM;
    if (p->open_cap > old)
        memset(p->open + old, 0, p->open_cap - old);
    p->open[fd] = 1;
    return KTG_OK;
}

void ktg_peers_close_fd(struct ktg_peers *p, int fd)
{
    if (is_open(p, fd)) {
        p->open[fd] = 0;
        mark_gone(p, fd);
    }
}

int ktg_peers_add(struct ktg_peers *p, ktg_peer id, int fd, const char *user,
                  struct ktg_peer_entry **ret_entry)
{
    if (p->count >= p->limit)
        return KTG_EFULL;
    struct ktg_peer_entry *e = ktg_zalloc(sizeof *e);
    if (!e)
        return KTG_ENOMEM;
    mark_gone(p, fd); /* (2): its owner before has lost it, we only have not heard yet */
    e->id = id;
    e->fd = fd;
    snprintf(e->user, sizeof e->user, "%s", user);
    e->next = *bucket(p, id);
    *bucket(p, id) = e;
    p->count++;
    if (!is_open(p, fd))
        set_gone(p, e);
    *ret_entry = e;
    return KTG_OK;
}

struct ktg_peer_entry *ktg_peers_take_gone(struct ktg_peers *p)
{
    for (size_t i = 0; p->gone > 0 && i <= p->mask; i++)
        for (struct ktg_peer_entry **at = &p->buckets[i], *e; (e = *at); at = &e->next)
            if (e->gone) {
                *at = e->next;
                p->gone--;
                p->count--;
                return e;
            }
    return NULL;
}
