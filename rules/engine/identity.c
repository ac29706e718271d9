/* rules/engine/identity.c - see identity.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "rules/engine/identity.h"

#include <stdlib.h>

#include "rules/engine/keys.h"
#include "rules/engine/pack.h"

struct edge {
    struct ktg_bytes to;
    uint32_t count;
};
struct node { /* record `i`, decoded */
    struct ktg_bytes name;
    struct edge *edges;
    uint32_t count;
};

static struct ktg_bytes keep(struct ktg_arena *a, struct ktg_bytes b, bool *bad)
{
    char *p = ktg_arena_strndup(a, (const char *)b.data, b.size);
    *bad |= !p;
    return ktg_bytes(p, p ? b.size : 0);
}

/* The node of an identifier with room for one more edge; without a record: its own name and no edges. */
static int node_get(struct ktg_state *s, struct ktg_arena *a, struct ktg_bytes id,
                    struct node *ret_n)
{
    struct ktg_key key;
    struct ktg_bytes value = KTG_BYTES_NONE;
    ktg_key_put(&key, 'i', &id, 1);
    int rc = ktg_state_get(s, ktg_key_view(&key), &value);
    if (rc && rc != KTG_ENOTFOUND)
        return rc;
    struct node n = {id, NULL, 0};
    bool bad = false;
    struct ktg_unpack u = ktg_unpack_open(value);
    if (!rc) {
        n.name = keep(a, ktg_unpack_bytes(&u), &bad);
        n.count = ktg_unpack_count(&u, 8);
    }
    n.edges = ktg_arena_alloc(a, (n.count + 1) * sizeof *n.edges);
    if (!n.edges)
        return KTG_ENOMEM;
    for (uint32_t i = 0; i < n.count; i++) {
        n.edges[i].count = ktg_unpack_u32(&u);
        n.edges[i].to = keep(a, ktg_unpack_bytes(&u), &bad);
    }
    if (bad)
        return KTG_ENOMEM;
    if (!rc && !ktg_unpack_done(&u))
        return KTG_ECORRUPT;
    *ret_n = n;
    return KTG_OK;
}

static int node_put(struct ktg_state *s, struct ktg_bytes id, const struct node *n)
{
    struct ktg_key key;
    ktg_key_put(&key, 'i', &id, 1);
    if (!n->count)
        return ktg_state_del(s, ktg_key_view(&key));
    struct ktg_buf *b;
    int rc = ktg_state_edit(s, ktg_key_view(&key), &b);
    if (rc)
        return rc;
    ktg_buf_clear(b);
    ktg_pack_bytes(b, n->name);
    ktg_pack_u32(b, n->count);
    for (uint32_t i = 0; i < n->count; i++) {
        ktg_pack_u32(b, n->edges[i].count);
        ktg_pack_bytes(b, n->edges[i].to);
    }
    return ktg_buf_check(b);
}

int ktg_identity_name(struct ktg_state *s, struct ktg_arena *a, struct ktg_bytes id,
                      struct ktg_bytes *ret_name)
{
    struct ktg_key key;
    struct ktg_bytes value;
    ktg_key_put(&key, 'i', &id, 1);
    int rc = ktg_state_get(s, ktg_key_view(&key), &value);
    if (rc == KTG_ENOTFOUND) {
        *ret_name = id;
        return KTG_OK;
    }
    if (rc)
        return rc;
    struct ktg_unpack u = ktg_unpack_open(value);
    struct ktg_bytes name = ktg_unpack_bytes(&u);
    if (u.bad)
        return KTG_ECORRUPT;
    bool bad = false;
    *ret_name = ktg_bytes_eq(name, id) ? id : keep(a, name, &bad);
    return bad ? KTG_ENOMEM : KTG_OK;
}

int ktg_identity_members(struct ktg_state *s, struct ktg_arena *a, struct ktg_bytes name,
                         const struct ktg_bytes **ret_ids, size_t *ret_count)
{
    struct ktg_key key;
    struct ktg_bytes value;
    ktg_key_put(&key, 'g', &name, 1);
    int rc = ktg_state_get(s, ktg_key_view(&key), &value);
    if (rc && rc != KTG_ENOTFOUND)
        return rc;
    uint32_t count = 1;
    struct ktg_unpack u = {0};
    if (!rc) {
        u = ktg_unpack_open(value);
        count = ktg_unpack_count(&u, 4);
    }
    struct ktg_bytes *ids = ktg_arena_alloc(a, (count ? count : 1) * sizeof *ids);
    bool bad = !ids;
    if (ids && rc)
        ids[0] = name;
    for (uint32_t i = 0; ids && !rc && i < count; i++)
        ids[i] = keep(a, ktg_unpack_bytes(&u), &bad);
    if (bad)
        return KTG_ENOMEM;
    if (!rc && (!ktg_unpack_done(&u) || count < 2))
        return KTG_ECORRUPT;
    *ret_ids = ids;
    *ret_count = count;
    return KTG_OK;
}

static int members_put(struct ktg_state *s, struct ktg_bytes name, const struct ktg_bytes *ids,
                       size_t count)
{
    struct ktg_key key;
    ktg_key_put(&key, 'g', &name, 1);
    if (count < 2)
        return ktg_state_del(s, ktg_key_view(&key));
    struct ktg_buf *b;
    int rc = ktg_state_edit(s, ktg_key_view(&key), &b);
    if (rc)
        return rc;
    ktg_buf_clear(b);
    ktg_pack_u32(b, (uint32_t)count);
    for (size_t i = 0; i < count; i++)
        ktg_pack_bytes(b, ids[i]);
    return ktg_buf_check(b);
}

/* Count the edge from one end; *ret_weight: how many events tie the two now. */
static int edge_add(struct ktg_state *s, struct ktg_arena *a, struct ktg_bytes from,
                    struct ktg_bytes to, int by, uint32_t *ret_weight)
{
    struct node n;
    int rc = node_get(s, a, from, &n);
    if (rc)
        return rc;
    uint32_t i = 0;
    while (i < n.count && !ktg_bytes_eq(n.edges[i].to, to))
        i++;
    if (i == n.count) {
        if (by < 0)
            return KTG_ECORRUPT;
        n.edges[n.count++] = (struct edge){to, 0};
    }
    n.edges[i].count += (uint32_t)by;
    *ret_weight = n.edges[i].count;
    if (!n.edges[i].count)
        n.edges[i] = n.edges[--n.count];
    return node_put(s, from, &n);
}

static int rename_to(struct ktg_state *s, struct ktg_arena *a, struct ktg_bytes id,
                     struct ktg_bytes was, struct ktg_bytes is, ktg_identity_change *change,
                     void *arg)
{
    if (ktg_bytes_eq(was, is))
        return KTG_OK;
    struct node n;
    int rc = node_get(s, a, id, &n);
    if (rc)
        return rc;
    n.name = is;
    rc = node_put(s, id, &n);
    return rc ? rc : change(arg, id, was, is);
}

static int by_bytes(const void *x, const void *y)
{
    return ktg_bytes_cmp(*(const struct ktg_bytes *)x, *(const struct ktg_bytes *)y);
}

static int merge(struct ktg_state *s, struct ktg_arena *a, struct ktg_bytes x, struct ktg_bytes y,
                 ktg_identity_change *change, void *arg)
{
    struct ktg_bytes xn, yn;
    int rc = ktg_identity_name(s, a, x, &xn);
    if (!rc)
        rc = ktg_identity_name(s, a, y, &yn);
    if (rc || ktg_bytes_eq(xn, yn))
        return rc;
    const struct ktg_bytes *xs, *ys;
    size_t nx, ny;
    if ((rc = ktg_identity_members(s, a, xn, &xs, &nx)) ||
        (rc = ktg_identity_members(s, a, yn, &ys, &ny)))
        return rc;
    struct ktg_bytes name = ktg_bytes_cmp(xn, yn) < 0 ? xn : yn;
    struct ktg_bytes *all = ktg_arena_alloc(a, (nx + ny) * sizeof *all);
    if (!all)
        return KTG_ENOMEM;
    memcpy(all, xs, nx * sizeof *all);
    memcpy(all + nx, ys, ny * sizeof *all);
    for (size_t i = 0; !rc && i < nx + ny; i++)
        rc = rename_to(s, a, all[i], i < nx ? xn : yn, name, change, arg);
    qsort(all, nx + ny, sizeof *all, by_bytes);
    if (!rc)
        rc = members_put(s, ktg_bytes_eq(name, xn) ? yn : xn, NULL, 0);
    return rc ? rc : members_put(s, name, all, nx + ny);
}

/* Everything that hangs together with `start`, sorted.  `members` is the old component, which bounds the walk. */
static int reach(struct ktg_state *s, struct ktg_arena *a, struct ktg_bytes start,
                 const struct ktg_bytes *members, size_t count, struct ktg_bytes **ret_found,
                 size_t *ret_count)
{
    struct ktg_bytes *found = ktg_arena_alloc(a, count * sizeof *found);
    uint8_t *seen = ktg_arena_zalloc(a, count);
    if (!found || !seen)
        return KTG_ENOMEM;
    size_t n = 0;
    found[n++] = start;
    const struct ktg_bytes *self = bsearch(&start, members, count, sizeof *members, by_bytes);
    if (!self)
        return KTG_ECORRUPT;
    seen[self - members] = 1;
    for (size_t i = 0; i < n; i++) {
        struct node at;
        int rc = node_get(s, a, found[i], &at);
        if (rc)
            return rc;
        for (uint32_t e = 0; e < at.count; e++) {
            const struct ktg_bytes *to =
                bsearch(&at.edges[e].to, members, count, sizeof *members, by_bytes);
            if (!to)
                return KTG_ECORRUPT;
            if (!seen[to - members]) {
                seen[to - members] = 1;
                found[n++] = *to;
            }
        }
    }
    qsort(found, n, sizeof *found, by_bytes);
    *ret_found = found;
    *ret_count = n;
    return KTG_OK;
}

/* An edge between x and y is gone: if nothing else holds them together, there are two components now. */
static int split(struct ktg_state *s, struct ktg_arena *a, struct ktg_bytes was, struct ktg_bytes x,
                 struct ktg_bytes y, ktg_identity_change *change, void *arg)
{
    const struct ktg_bytes *members;
    struct ktg_bytes *part[2];
    size_t count, n[2];
    int rc = ktg_identity_members(s, a, was, &members, &count);
    if (rc || (rc = reach(s, a, x, members, count, &part[0], &n[0])))
        return rc;
    if (bsearch(&y, part[0], n[0], sizeof *members, by_bytes))
        return KTG_OK;
    if ((rc = reach(s, a, y, members, count, &part[1], &n[1])))
        return rc;
    for (int p = 0; !rc && p < 2; p++) {
        for (size_t i = 0; !rc && i < n[p]; i++)
            rc = rename_to(s, a, part[p][i], was, part[p][0], change, arg);
        if (!rc)
            rc = members_put(s, part[p][0], part[p], n[p]);
    }
    return rc;
}

int ktg_identity_tie(struct ktg_state *s, struct ktg_arena *a, const struct ktg_bytes *ids,
                     size_t count, int by, ktg_identity_change *change, void *arg)
{
    int rc = KTG_OK;
    for (size_t i = 1; !rc && i < count;
         i++) { /* a star around the smallest: the same component as all pairs */
        uint32_t weight = 0;
        struct ktg_bytes was = KTG_BYTES_NONE;
        if ((rc = ktg_identity_name(s, a, ids[0], &was)) ||
            (rc = edge_add(s, a, ids[0], ids[i], by, &weight)) ||
            (rc = edge_add(s, a, ids[i], ids[0], by, &weight)))
            break;
        if (by > 0 && weight == 1)
            rc = merge(s, a, ids[0], ids[i], change, arg);
        else if (by < 0 && weight == 0)
            rc = split(s, a, was, ids[0], ids[i], change, arg);
    }
    return rc;
}
