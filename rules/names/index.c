/* rules/names/index.c - see index.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "rules/names/index.h"

#include <assert.h>
#include <stdlib.h>

struct item { /* an entry that has a fold, while the fold is rare */
    uint32_t entry;
    int16_t year, unused;
};
struct bucket { /* entries of one year, when it is not */
    uint32_t *entries;
    size_t count, cap;
};
struct fold { /* a distinct fold of a token */
    uint8_t size;
    char text[KTG_NAME_LETTERS];
    uint32_t look;                  /* the last look for alike folds that saw it */
    uint32_t *alike;                /* folds alike to it, itself included, as they were ... */
    uint32_t alike_count, alike_at; /* ... when there were so many folds; 0: not looked for */
    struct item *items;
    struct bucket *years; /* YEARS of them, once there are more than RARE items */
    size_t count, cap;
};
struct entry {
    uint64_t ref;
    struct ktg_birth born;
    uint32_t first_token, first_unit, first_issuer; /* in the arrays below */
    uint32_t next_of_ref;                           /* entry + 1 */
    uint8_t tokens, full, issuers, dead;
};
struct node {
    uint32_t key, what, next; /* key: its lower half; next: node + 1 */
};
/* Chains under hashed keys.  Keys that fall together share a chain: who walks it looks himself. */
struct chains {
    uint32_t *heads;
    size_t head_count;
    struct node *nodes;
    size_t count, cap;
};
struct seen { /* by a search */
    uint32_t search,
        units; /* the last that met the entry, and which of its units did; with the flags below */
};
struct lookup { /* open addressing: index + 1 of what a text stands for */
    uint32_t *slots;
    size_t size, used;
};
enum { RARE = 256, YEARS = 256, YEAR_FIRST = 1850 };
#define CANDIDATE (UINT32_C(1) << 31)
#define JOINED    (UINT32_C(1) << 30) /* two tokens as one may be a pair */
#define BORN      (UINT32_C(1) << 29) /* on the same day */
#define UNITS     (BORN - 1)
struct ktg_name_index {
    const struct ktg_normaliser *normaliser;
    struct ktg_arena arena; /* tokens */
    const struct ktg_token **tokens;
    size_t token_count, token_cap;
    struct lookup by_text, by_fold;
    struct fold *folds;
    size_t fold_count, fold_cap;
    struct entry *entries;
    size_t entry_count, entry_cap, dead;
    uint32_t *entry_tokens, *units, *issuers;
    size_t entry_token_count, entry_token_cap, unit_count, unit_cap, issuer_count, issuer_cap;
    struct chains deletes, joins, births, refs;

    struct seen *seen; /* by entry */
    size_t seen_cap;
    uint32_t search, look;
    const struct ktg_name_unit *asked; /* units of the search at hand */
    size_t asked_count;
    uint32_t *candidates, *found; /* entries; folds */
    size_t candidate_count, candidate_cap, found_count, found_cap;
    struct ktg_name_hit *hits;
    size_t hit_count, hit_cap;
};

size_t ktg_name_units(const struct ktg_tokens *n, struct ktg_name_unit units[KTG_NAME_UNITS])
{
    size_t count = 0;
    for (int join = 0; join < 2; join++)
        for (size_t i = 0; i < n->count; i++) {
            const struct ktg_token *t = join ? n->joins[i] : n->tokens[i];
            if (t && !t->initial)
                units[count++] = (struct ktg_name_unit){
                    t, (uint32_t)ktg_fold_hash(t->fold, t->fold_size), join != 0};
        }
    return count;
}

/* ---- chains and look-ups ---- */

static uint64_t mix(uint64_t a, uint64_t b)
{
    uint64_t h = (a ^ b * UINT64_C(0x9e3779b97f4a7c15)) * UINT64_C(0xbf58476d1ce4e5b9);
    return h ^ h >> 31;
}

static int chain_spread(struct chains *c)
{
    size_t want = c->head_count ? c->head_count * 2 : 1024;
    uint32_t *heads = ktg_calloc(want, sizeof *heads);
    if (!heads)
        return KTG_ENOMEM;
    for (size_t i = 0; i < c->count; i++) {
        uint32_t *head = &heads[c->nodes[i].key & (want - 1)];
        c->nodes[i].next = *head;
        *head = (uint32_t)i + 1;
    }
    ktg_free(c->heads);
    c->heads = heads;
    c->head_count = want;
    return KTG_OK;
}

static int chain_add(struct chains *c, uint64_t key, uint32_t what)
{
    int rc = c->count >= c->head_count ? chain_spread(c) : KTG_OK;
    if (!rc)
        rc = ktg_grow(&c->nodes, &c->cap, c->count + 1, sizeof *c->nodes);
    if (rc)
        return rc;
    uint32_t *head = &c->heads[(uint32_t)key & (c->head_count - 1)];
    c->nodes[c->count] = (struct node){(uint32_t)key, what, *head};
    *head = (uint32_t)++c->count;
    return KTG_OK;
}

static uint32_t chain_first(const struct chains *c, uint64_t key)
{
    return c->head_count ? c->heads[(uint32_t)key & (c->head_count - 1)] : 0;
}

static void chain_done(struct chains *c)
{
    ktg_free(c->heads);
    ktg_free(c->nodes);
}

static size_t chain_bytes(const struct chains *c)
{
    return c->head_count * sizeof *c->heads + c->cap * sizeof *c->nodes;
}

/* The slot of a text: where it stands, or where it would. */
static uint32_t *slot_of(const struct ktg_name_index *x, const struct lookup *l, const char *text,
                         size_t size)
{
    bool fold = l == &x->by_fold;
    size_t at = ktg_hash64(text, size, 0) & (l->size - 1);
    while (l->slots[at]) {
        uint32_t i = l->slots[at] - 1;
        size_t has = fold ? x->folds[i].size : x->tokens[i]->size;
        if (has == size && !memcmp(fold ? x->folds[i].text : x->tokens[i]->text, text, size))
            break;
        at = (at + 1) & (l->size - 1);
    }
    return &l->slots[at];
}

static int lookup_room(struct ktg_name_index *x, struct lookup *l)
{
    if (l->used * 2 < l->size)
        return KTG_OK;
    struct lookup fresh = {NULL, l->size ? l->size * 2 : 1024, l->used};
    struct lookup old = *l;
    fresh.slots = ktg_calloc(fresh.size, sizeof *fresh.slots);
    if (!fresh.slots)
        return KTG_ENOMEM;
    bool fold = l == &x->by_fold;
    *l = fresh;
    for (size_t i = 0; i < old.size; i++) {
        if (!old.slots[i])
            continue;
        uint32_t k = old.slots[i] - 1;
        *slot_of(x, l, fold ? x->folds[k].text : x->tokens[k]->text,
                 fold ? x->folds[k].size : x->tokens[k]->size) = old.slots[i];
    }
    ktg_free(old.slots);
    return KTG_OK;
}

/* ---- adding and removing ---- */

static int add_fold(struct ktg_name_index *x, const struct ktg_token *t)
{
    int rc = lookup_room(x, &x->by_fold);
    if (rc)
        return rc;
    uint32_t *slot = slot_of(x, &x->by_fold, t->fold, t->fold_size);
    if (*slot)
        return KTG_OK;
    if ((rc = ktg_grow(&x->folds, &x->fold_cap, x->fold_count + 1, sizeof *x->folds)))
        return rc;
    x->folds[x->fold_count] = (struct fold){.size = t->fold_size};
    memcpy(x->folds[x->fold_count].text, t->fold, t->fold_size);
    uint64_t keys[KTG_NAME_DELETES];
    size_t count = ktg_fold_deletes(t->fold, t->fold_size, keys);
    for (size_t i = 0; !rc && i < count; i++)
        rc = chain_add(&x->deletes, keys[i], (uint32_t)x->fold_count);
    *slot = (uint32_t)++x->fold_count;
    x->by_fold.used++;
    return rc;
}

static int add_token(struct ktg_name_index *x, const struct ktg_token *t, uint32_t *ret_token)
{
    int rc = lookup_room(x, &x->by_text);
    if (rc)
        return rc;
    uint32_t *slot = slot_of(x, &x->by_text, t->text, t->size);
    if (!*slot) {
        struct ktg_token *copy = ktg_arena_alloc(&x->arena, sizeof *copy);
        if (!copy ||
            ktg_grow(&x->tokens, &x->token_cap, x->token_count + 1, sizeof(struct ktg_token *)))
            return KTG_ENOMEM;
        *copy = *t;
        x->tokens[x->token_count] = copy;
        *slot = (uint32_t)++x->token_count;
        x->by_text.used++;
        if (!t->initial && (rc = add_fold(x, copy)))
            return rc;
    }
    *ret_token = *slot - 1;
    return KTG_OK;
}

static uint64_t birth_key(struct ktg_birth b)
{
    return b.year && b.month && b.day
               ? mix((uint64_t)b.year * 512 + (uint64_t)b.month * 32 + (uint64_t)b.day, 3)
               : 0;
}

static int add_arrays(struct ktg_name_index *x, const struct ktg_tokens *name, struct entry *e)
{
    struct ktg_name_unit units[KTG_NAME_UNITS];
    size_t count = ktg_name_units(name, units);
    if (ktg_grow(&x->entry_tokens, &x->entry_token_cap, x->entry_token_count + name->count,
                 sizeof *x->entry_tokens) ||
        ktg_grow(&x->units, &x->unit_cap, x->unit_count + count, sizeof *x->units) ||
        ktg_grow(&x->issuers, &x->issuer_cap, x->issuer_count + KTG_NAME_ISSUERS,
                 sizeof *x->issuers))
        return KTG_ENOMEM;
    e->first_token = (uint32_t)x->entry_token_count;
    e->first_unit = (uint32_t)x->unit_count;
    e->first_issuer = (uint32_t)x->issuer_count;
    for (size_t i = 0; i < name->count; i++) {
        int rc = add_token(x, name->tokens[i], &x->entry_tokens[x->entry_token_count]);
        if (rc)
            return rc;
        x->entry_token_count++;
        e->tokens++;
    }
    for (size_t i = 0; i < count; i++)
        x->units[x->unit_count++] = units[i].hash;
    for (size_t i = 0; i < KTG_NAME_ISSUERS && name->issuers[i]; i++) {
        x->issuers[x->issuer_count++] = name->issuers[i];
        e->issuers++;
    }
    return KTG_OK;
}

static size_t bucket_of(int year)
{
    if (!year)
        return 0;
    return year <= YEAR_FIRST          ? 1
           : year - YEAR_FIRST < YEARS ? (size_t)(year - YEAR_FIRST)
                                       : YEARS - 1;
}

static int bucket_add(struct fold *f, uint32_t entry, int year)
{
    struct bucket *b = &f->years[bucket_of(year)];
    int rc = ktg_grow(&b->entries, &b->cap, b->count + 1, sizeof *b->entries);
    if (!rc)
        b->entries[b->count++] = entry;
    return rc;
}

static int fold_add(struct fold *f, uint32_t entry, int16_t year)
{
    int rc = KTG_OK;
    if (!f->years && f->count < RARE) {
        if (!(rc = ktg_grow(&f->items, &f->cap, f->count + 1, sizeof *f->items)))
            f->items[f->count++] = (struct item){entry, year, 0};
        return rc;
    }
    if (!f->years) {
        if (!(f->years = ktg_calloc(YEARS, sizeof *f->years)))
            return KTG_ENOMEM;
        for (size_t i = 0; !rc && i < f->count; i++)
            rc = bucket_add(f, f->items[i].entry, f->items[i].year);
        ktg_free(f->items);
        f->items = NULL;
        f->cap = 0;
    }
    if (!rc)
        rc = bucket_add(f, entry, year);
    f->count++;
    return rc;
}

static int add_keys(struct ktg_name_index *x, const struct ktg_tokens *name, uint32_t entry)
{
    struct ktg_name_unit units[KTG_NAME_UNITS];
    size_t count = ktg_name_units(name, units);
    int rc = KTG_OK;
    for (size_t i = 0; !rc && i < count; i++) {
        const struct ktg_token *t = units[i].token;
        if (units[i].join)
            rc = chain_add(&x->joins, units[i].hash, entry);
        else
            rc = fold_add(&x->folds[*slot_of(x, &x->by_fold, t->fold, t->fold_size) - 1], entry,
                          name->born.year);
    }
    uint64_t birth = birth_key(name->born);
    return !rc && birth ? chain_add(&x->births, birth, entry) : rc;
}

int ktg_name_index_add(struct ktg_name_index *x, uint64_t ref, const struct ktg_tokens *name)
{
    assert(ref);
    struct entry e = {.ref = ref, .born = name->born, .full = (uint8_t)name->full};
    if (!name->full)
        return KTG_OK;
    int rc = ktg_grow(&x->entries, &x->entry_cap, x->entry_count + 1, sizeof *x->entries);
    if (!rc)
        rc = ktg_grow(&x->seen, &x->seen_cap, x->entry_count + 1, sizeof *x->seen);
    if (!rc)
        rc = add_arrays(x, name, &e);
    if (rc)
        return rc;
    uint32_t at = (uint32_t)x->entry_count;
    x->seen[at] = (struct seen){0, 0};
    x->entries[x->entry_count++] = e;
    rc = chain_add(&x->refs, mix(ref, 1), at);
    return rc ? rc : add_keys(x, name, at);
}

/* The name of an entry again; joins are made in `room`: of a search only those that one of its tokens may be. */
static bool is_asked(const struct ktg_name_index *x, uint32_t hash)
{
    for (size_t i = 0; i < x->asked_count; i++)
        if (!x->asked[i].join && x->asked[i].hash == hash)
            return true;
    return !x->asked;
}

static void name_of(const struct ktg_name_index *x, const struct entry *e, struct ktg_tokens *n,
                    struct ktg_token room[KTG_NAME_TOKENS])
{
    uint32_t join = e->first_unit + e->full; /* its joins stand behind its full tokens */
    *n = (struct ktg_tokens){.count = e->tokens, .full = e->full, .born = e->born};
    for (size_t i = 0; i < e->tokens; i++) {
        n->tokens[i] = x->tokens[x->entry_tokens[e->first_token + i]];
        if (i && !n->tokens[i]->initial && !n->tokens[i - 1]->initial &&
            is_asked(x, x->units[join++])) {
            ktg_token_join(x->normaliser, n->tokens[i - 1], n->tokens[i], &room[i - 1]);
            n->joins[i - 1] = &room[i - 1];
        }
    }
    for (size_t i = 0; i < e->issuers; i++)
        n->issuers[i] = x->issuers[e->first_issuer + i];
}

static void done(struct ktg_name_index *x)
{
    ktg_arena_done(&x->arena);
    ktg_free(x->tokens);
    ktg_free(x->by_text.slots);
    ktg_free(x->by_fold.slots);
    for (size_t i = 0; i < x->fold_count; i++) {
        for (size_t y = 0; x->folds[i].years && y < YEARS; y++)
            ktg_free(x->folds[i].years[y].entries);
        ktg_free(x->folds[i].years);
        ktg_free(x->folds[i].items);
        ktg_free(x->folds[i].alike);
    }
    ktg_free(x->folds);
    ktg_free(x->entries);
    ktg_free(x->entry_tokens);
    ktg_free(x->units);
    ktg_free(x->issuers);
    chain_done(&x->deletes);
    chain_done(&x->joins);
    chain_done(&x->births);
    chain_done(&x->refs);
    ktg_free(x->seen);
    ktg_free(x->candidates);
    ktg_free(x->found);
    ktg_free(x->hits);
}

static int sweep(struct ktg_name_index *x)
{
    struct ktg_name_index fresh = {.normaliser = x->normaliser};
    int rc = KTG_OK;
    x->asked = NULL;
    x->asked_count = 0;
    for (size_t i = 0; !rc && i < x->entry_count; i++) {
        struct ktg_token room[KTG_NAME_TOKENS];
        struct ktg_tokens n;
        if (x->entries[i].dead)
            continue;
        name_of(x, &x->entries[i], &n, room);
        rc = ktg_name_index_add(&fresh, x->entries[i].ref, &n);
    }
    if (rc) {
        done(&fresh);
        return rc;
    }
    done(x);
    *x = fresh;
    return KTG_OK;
}

int ktg_name_index_remove(struct ktg_name_index *x, uint64_t ref)
{
    for (uint32_t n = chain_first(&x->refs, mix(ref, 1)); n; n = x->refs.nodes[n - 1].next) {
        struct entry *e = &x->entries[x->refs.nodes[n - 1].what];
        if (e->ref != ref || e->dead)
            continue;
        e->dead = 1;
        x->dead++;
    }
    return x->dead > 4096 && x->dead * 2 > x->entry_count ? sweep(x) : KTG_OK;
}

int ktg_name_index_new(const struct ktg_normaliser *n, struct ktg_name_index **ret_x)
{
    struct ktg_name_index *x = ktg_zalloc(sizeof *x);
    if (!x)
        return KTG_ENOMEM;
    x->normaliser = n;
    *ret_x = x;
    return KTG_OK;
}

struct ktg_name_index *ktg_name_index_free(struct ktg_name_index *x)
{
    if (x) {
        done(x);
        ktg_free(x);
    }
    return NULL;
}

/* ---- searching ---- */

/* An entry stands under a fold that a unit is alike to; the second unit that says so makes it a candidate. */
static int meet(struct ktg_name_index *x, uint32_t entry, uint32_t units)
{
    struct seen *seen = &x->seen[entry];
    if (seen->search != x->search) {
        *seen = (struct seen){x->search, units};
        return KTG_OK;
    }
    bool second = !(seen->units & CANDIDATE) && (units & ~seen->units & (UNITS | BORN));
    seen->units |= units;
    if (!second)
        return KTG_OK;
    seen->units |= CANDIDATE;
    int rc =
        ktg_grow(&x->candidates, &x->candidate_cap, x->candidate_count + 1, sizeof *x->candidates);
    if (!rc)
        x->candidates[x->candidate_count++] = entry;
    return rc;
}

static int meet_bucket(struct ktg_name_index *x, const struct bucket *b, uint32_t unit)
{
    int rc = KTG_OK;
    for (size_t i = 0; !rc && i < b->count; i++)
        rc = meet(x, b->entries[i], unit);
    return rc;
}

/* The entries of a fold that may be born when the name is. */
static int meet_fold(struct ktg_name_index *x, const struct fold *f, int year, uint32_t unit)
{
    int rc = KTG_OK;
    if (f->years) {
        size_t from = year ? bucket_of(year - 1) : 1, to = year ? bucket_of(year + 1) : YEARS - 1;
        rc = meet_bucket(x, &f->years[0], unit);
        for (size_t y = from ? from : 1; !rc && y <= to; y++)
            rc = meet_bucket(x, &f->years[y], unit);
        return rc;
    }
    for (size_t i = 0; !rc && i < f->count; i++) {
        int apart = f->items[i].year - year;
        if (!year || !f->items[i].year || (apart >= -1 && apart <= 1))
            rc = meet(x, f->items[i].entry, unit);
    }
    return rc;
}

static int meet_joins(struct ktg_name_index *x, uint32_t hash, uint32_t unit)
{
    int rc = KTG_OK;
    for (uint32_t n = chain_first(&x->joins, hash); n && !rc; n = x->joins.nodes[n - 1].next)
        if (x->joins.nodes[n - 1].key == hash)
            rc = meet(x, x->joins.nodes[n - 1].what, unit | JOINED);
    return rc;
}

/* The folds alike to a token, in x->found. */
static int look_for_alike(struct ktg_name_index *x, const struct ktg_token *t)
{
    uint64_t keys[KTG_NAME_DELETES];
    size_t count = ktg_fold_deletes(t->fold, t->fold_size, keys);
    int rc = KTG_OK;
    x->look++;
    x->found_count = 0;
    for (size_t k = 0; k < count; k++)
        for (uint32_t n = chain_first(&x->deletes, keys[k]); n && !rc;
             n = x->deletes.nodes[n - 1].next) {
            uint32_t what = x->deletes.nodes[n - 1].what;
            struct fold *f = &x->folds[what];
            if (x->deletes.nodes[n - 1].key != (uint32_t)keys[k] || f->look == x->look)
                continue;
            f->look = x->look;
            if (ktg_fold_slips(t->fold, t->fold_size, f->text, f->size) < 0)
                continue;
            rc = ktg_grow(&x->found, &x->found_cap, x->found_count + 1, sizeof *x->found);
            if (!rc)
                x->found[x->found_count++] = what;
        }
    return rc;
}

static int meet_unit(struct ktg_name_index *x, const struct ktg_name_unit *u, int year,
                     uint32_t unit)
{
    const struct ktg_token *t = u->token;
    uint32_t slot = x->by_fold.size ? *slot_of(x, &x->by_fold, t->fold, t->fold_size) : 0;
    struct fold *own = slot ? &x->folds[slot - 1] : NULL;
    if (u->join)
        return own ? meet_fold(x, own, year, unit | JOINED) : KTG_OK;
    int rc = meet_joins(x, u->hash, unit);
    if (!rc && own && own->alike_at == x->fold_count) { /* looked for before, and no fold is new */
        for (size_t i = 0; !rc && i < own->alike_count; i++)
            rc = meet_fold(x, &x->folds[own->alike[i]], year, unit);
        return rc;
    }
    if (!rc)
        rc = look_for_alike(x, t);
    for (size_t i = 0; !rc && i < x->found_count; i++)
        rc = meet_fold(x, &x->folds[x->found[i]], year, unit);
    if (rc || !own)
        return rc;
    ktg_free(own->alike);
    own->alike_at = 0;
    own->alike = ktg_calloc(x->found_count, sizeof *own->alike);
    if (!own->alike)
        return KTG_ENOMEM;
    memcpy(own->alike, x->found, x->found_count * sizeof *own->alike);
    own->alike_count = (uint32_t)x->found_count;
    own->alike_at = (uint32_t)x->fold_count;
    return KTG_OK;
}

static int add_hit(struct ktg_name_index *x, uint64_t ref, int points)
{
    int rc = ktg_grow(&x->hits, &x->hit_cap, x->hit_count + 1, sizeof *x->hits);
    if (!rc)
        x->hits[x->hit_count++] = (struct ktg_name_hit){ref, points};
    return rc;
}

static int judge(struct ktg_name_index *x, const struct ktg_tokens *name, const struct entry *e,
                 int least)
{
    struct ktg_token room[KTG_NAME_TOKENS];
    struct ktg_tokens n;
    name_of(x, e, &n, room);
    int points = ktg_name_score(name, &n, NULL);
    return points >= least ? add_hit(x, e->ref, points) : KTG_OK;
}

static int by_ref(const void *a, const void *b)
{
    const struct ktg_name_hit *x = a, *y = b;
    if (x->ref != y->ref)
        return x->ref < y->ref ? -1 : 1;
    return (y->points > x->points) - (y->points < x->points);
}

static void give(struct ktg_name_index *x, const struct ktg_name_hit **ret_hits, size_t *ret_count)
{
    size_t n = 0;
    if (x->hit_count)
        qsort(x->hits, x->hit_count, sizeof *x->hits, by_ref);
    for (size_t i = 0; i < x->hit_count; i++)
        if (!n || x->hits[n - 1].ref != x->hits[i].ref)
            x->hits[n++] = x->hits[i];
    *ret_hits = x->hits;
    *ret_count = n;
}

static void begin(struct ktg_name_index *x, const struct ktg_name_unit *units, size_t count)
{
    x->hit_count = x->candidate_count = 0;
    x->asked = units;
    x->asked_count = count;
    if (++x->search == 0) { /* once in four thousand million searches */
        if (x->entry_count)
            memset(x->seen, 0, x->entry_count * sizeof *x->seen);
        x->search = 1;
    }
}

/* Can so few pairs of tokens be enough?  Known without a look at the tokens when there are no initials and no joins. */
static bool may_reach(const struct entry *e, const struct ktg_tokens *name, uint32_t units,
                      int least)
{
    size_t fewer = name->full < e->full ? name->full : e->full;
    if ((units & JOINED) || name->full < name->count || e->full < e->tokens || !fewer)
        return true;
    return (100 * (size_t)__builtin_popcount(units & UNITS) + fewer / 2) / fewer >= (size_t)least;
}

int ktg_name_index_find(struct ktg_name_index *x, const struct ktg_tokens *name, int least,
                        const struct ktg_name_hit **ret_hits, size_t *ret_count)
{
    struct ktg_name_unit units[KTG_NAME_UNITS];
    size_t count = x->entry_count > x->dead ? ktg_name_units(name, units) : 0;
    uint64_t birth = birth_key(name->born);
    int rc = KTG_OK;
    begin(x, units, count);
    for (size_t i = 0; !rc && i < count && (name->full > 1 || birth); i++)
        rc = meet_unit(x, &units[i], name->born.year, UINT32_C(1) << i);
    for (uint32_t n = count && birth ? chain_first(&x->births, birth) : 0; n && !rc;
         n = x->births.nodes[n - 1].next)
        if (x->births.nodes[n - 1].key == (uint32_t)birth &&
            x->seen[x->births.nodes[n - 1].what].search == x->search)
            rc = meet(x, x->births.nodes[n - 1].what, BORN);
    for (size_t i = 0; !rc && i < x->candidate_count; i++) {
        const struct entry *e = &x->entries[x->candidates[i]];
        if (!e->dead && may_reach(e, name, x->seen[x->candidates[i]].units, least) &&
            ktg_birth_compare(name->born, e->born) != KTG_BORN_OTHER)
            rc = judge(x, name, e, least);
    }
    x->asked = NULL;
    give(x, ret_hits, ret_count);
    return rc;
}

int ktg_name_index_scan(struct ktg_name_index *x, const struct ktg_tokens *name, int least,
                        const struct ktg_name_hit **ret_hits, size_t *ret_count)
{
    struct ktg_name_unit units[KTG_NAME_UNITS];
    int rc = KTG_OK;
    begin(x, units, ktg_name_units(name, units));
    for (size_t i = 0; !rc && i < x->entry_count; i++)
        if (!x->entries[i].dead)
            rc = judge(x, name, &x->entries[i], least);
    x->asked = NULL;
    give(x, ret_hits, ret_count);
    return rc;
}

size_t ktg_name_index_count(const struct ktg_name_index *x)
{
    return x->entry_count - x->dead;
}

size_t ktg_name_index_bytes(const struct ktg_name_index *x)
{
    size_t lists = 0;
    for (size_t i = 0; i < x->fold_count; i++) {
        lists += x->folds[i].cap * sizeof(struct item) + x->folds[i].alike_count * sizeof(uint32_t);
        for (size_t y = 0; x->folds[i].years && y < YEARS; y++)
            lists += sizeof(struct bucket) + x->folds[i].years[y].cap * sizeof(uint32_t);
    }
    return lists + x->arena.used + x->token_cap * sizeof(struct ktg_token *) +
           (x->by_text.size + x->by_fold.size + 2 * x->seen_cap + x->entry_token_cap + x->unit_cap +
            x->issuer_cap + x->candidate_cap + x->found_cap) *
               sizeof(uint32_t) +
           x->fold_cap * sizeof *x->folds + x->entry_cap * sizeof *x->entries +
           chain_bytes(&x->deletes) + chain_bytes(&x->joins) + chain_bytes(&x->births) +
           chain_bytes(&x->refs);
}
