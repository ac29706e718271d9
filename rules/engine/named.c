/* rules/engine/named.c - see named.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "rules/engine/named.h"

#include <stdlib.h>

#include "rules/engine/keys.h"
#include "rules/engine/pack.h"

static uint32_t birth_word(struct ktg_birth b)
{
    return (uint32_t)b.year << 16 | (uint32_t)b.month << 8 | (uint32_t)b.day;
}
static bool is_full(struct ktg_birth b)
{
    return b.year && b.month && b.day;
}

/* n LETTER HASH NUMBER */
static void key_of(struct ktg_key *k, char letter, uint64_t hash, uint32_t number)
{
    uint8_t raw[13];
    struct ktg_bytes part = ktg_bytes(raw, sizeof raw);
    raw[0] = (uint8_t)letter;
    ktg_put_be64(raw + 1, hash);
    ktg_put_be32(raw + 9, number);
    ktg_key_put(k, 'n', &part, 1);
}

static uint64_t name_hash(const struct ktg_tokens *n)
{
    uint64_t h = birth_word(n->born);
    for (size_t i = 0; i < n->count; i++)
        h = h * UINT64_C(0x100000001b3) + ktg_fold_hash(n->tokens[i]->text, n->tokens[i]->size);
    return h;
}

/* ---- adding ---- */

/* Has the identifier this name already?  If not, it is noted. */
static int note_name(struct ktg_state *s, struct ktg_bytes identifier, uint64_t hash,
                     bool *ret_known)
{
    struct ktg_key k;
    struct ktg_bytes parts[] = {KTG_LIT("q"), identifier}, value = KTG_BYTES_NONE;
    struct ktg_buf *b;
    ktg_key_put(&k, 'n', parts, 2);
    int rc = ktg_state_get(s, ktg_key_view(&k), &value);
    *ret_known = false;
    if (rc && rc != KTG_ENOTFOUND)
        return rc;
    for (size_t i = 0; i + 8 <= value.size && !*ret_known; i += 8)
        *ret_known = ktg_get_le64(value.data + i) == hash;
    if (*ret_known || (rc = ktg_state_edit(s, ktg_key_view(&k), &b)))
        return *ret_known ? KTG_OK : rc;
    ktg_pack_u64(b, hash);
    return ktg_buf_check(b);
}

static bool has_fold(struct ktg_bytes list, const struct ktg_token *t)
{
    for (struct ktg_unpack u = ktg_unpack_open(list); u.at < u.end && !u.bad;)
        if (ktg_bytes_eq(ktg_unpack_bytes(&u), ktg_bytes(t->fold, t->fold_size)))
            return true;
    return false;
}

static int add_fold(struct ktg_state *s, const struct ktg_token *t)
{
    uint64_t keys[KTG_NAME_DELETES];
    size_t count = ktg_fold_deletes(t->fold, t->fold_size, keys);
    for (size_t i = 0; i < count; i++) {
        struct ktg_key k;
        struct ktg_bytes value = KTG_BYTES_NONE;
        struct ktg_buf *b;
        key_of(&k, 'd', keys[i], 0);
        int rc = ktg_state_get(s, ktg_key_view(&k), &value);
        if (rc && rc != KTG_ENOTFOUND)
            return rc;
        if (!rc && has_fold(value, t)) /* then it stands under the others, too */
            return KTG_OK;
        if ((rc = ktg_state_edit(s, ktg_key_view(&k), &b)))
            return rc;
        ktg_pack_bytes(b, ktg_bytes(t->fold, t->fold_size));
        if ((rc = ktg_buf_check(b)))
            return rc;
    }
    return KTG_OK;
}

static int add_year(struct ktg_state *s, uint64_t fold, int year)
{
    struct ktg_key k;
    struct ktg_buf *b;
    key_of(&k, 'z', fold, 0);
    int rc = ktg_state_edit(s, ktg_key_view(&k), &b);
    if (rc)
        return rc;
    ktg_pack_u32(b, (uint32_t)year);
    return ktg_buf_check(b);
}

/* The token that stands under the date of birth alone: a common one, else the shortest.  None of a name without a year. */
static size_t left_out(const struct ktg_tokens *n)
{
    size_t best = KTG_NAME_TOKENS;
    for (size_t i = 0; n->full > 1 && n->born.year && i < n->count; i++) {
        const struct ktg_token *t = n->tokens[i],
                               *b = best < KTG_NAME_TOKENS ? n->tokens[best] : NULL;
        if (!t->initial && (!b || (t->common && !b->common) ||
                            (t->common == b->common && t->fold_size < b->fold_size)))
            best = i;
    }
    return best;
}

static int add_item(struct ktg_state *s, const struct ktg_tokens *n,
                    const struct ktg_name_unit *units, size_t count, const struct ktg_token *t,
                    bool by_birth, struct ktg_bytes identifier)
{
    struct ktg_key k;
    struct ktg_buf *b;
    uint64_t fold = ktg_fold_hash(t->fold, t->fold_size);
    key_of(&k, by_birth ? 'b' : 'y', fold, by_birth ? birth_word(n->born) : (uint32_t)n->born.year);
    int rc = ktg_state_edit(s, ktg_key_view(&k), &b);
    if (!rc && !by_birth && !b->size)
        rc = add_year(s, fold, n->born.year);
    if (rc)
        return rc;
    ktg_pack_u32(b, birth_word(n->born));
    ktg_pack_u8(b, (uint8_t)count);
    for (size_t i = 0; i < count; i++)
        ktg_pack_u32(b, units[i].hash);
    ktg_pack_bytes(b, identifier);
    return ktg_buf_check(b);
}

int ktg_named_add(struct ktg_state *s, struct ktg_bytes identifier, const struct ktg_tokens *name)
{
    struct ktg_name_unit units[KTG_NAME_UNITS];
    size_t count = ktg_name_units(name, units), out = left_out(name);
    bool known;
    int rc = name->full ? note_name(s, identifier, name_hash(name), &known) : KTG_OK;
    if (rc || !name->full || known)
        return rc;
    for (size_t i = 0; !rc && i < name->count; i++)
        if (!name->tokens[i]->initial)
            rc = add_fold(s, name->tokens[i]);
    for (int join = 0; join < 2; join++)
        for (size_t i = 0; !rc && i < name->count; i++) {
            const struct ktg_token *t = join ? name->joins[i] : name->tokens[i];
            bool aside = i == out || (join && i + 1 == out);
            if (t && !t->initial && (!aside || is_full(name->born)))
                rc = add_item(s, name, units, count, t, aside, identifier);
        }
    return rc;
}

/* ---- finding ---- */

struct finding {
    struct ktg_state *s;
    const struct ktg_tokens *name;
    uint64_t *folds; /* that some unit is alike to, and their lower halves, sorted */
    uint32_t *hashes;
    size_t count, cap;
    ktg_named_each *each;
    void *arg;
};

static int by_hash(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static int put_fold(struct finding *f, uint64_t fold)
{
    for (size_t i = 0; i < f->count; i++)
        if (f->folds[i] == fold)
            return KTG_OK;
    int rc = ktg_grow(&f->folds, &f->cap, f->count + 1, sizeof *f->folds);
    if (!rc)
        f->folds[f->count++] = fold;
    return rc;
}

static int put_alike(struct finding *f, const struct ktg_name_unit *u)
{
    const struct ktg_token *t = u->token;
    uint64_t keys[KTG_NAME_DELETES];
    size_t count = u->join ? 0 : ktg_fold_deletes(t->fold, t->fold_size, keys);
    int rc = put_fold(f, ktg_fold_hash(t->fold, t->fold_size));
    for (size_t i = 0; !rc && i < count; i++) {
        struct ktg_key k;
        struct ktg_bytes value = KTG_BYTES_NONE;
        key_of(&k, 'd', keys[i], 0);
        rc = ktg_state_get(f->s, ktg_key_view(&k), &value);
        if (rc == KTG_ENOTFOUND)
            rc = KTG_OK;
        for (struct ktg_unpack v = ktg_unpack_open(value); !rc && v.at < v.end;) {
            struct ktg_bytes fold = ktg_unpack_bytes(&v);
            if (v.bad)
                return KTG_ECORRUPT;
            const char *text = (const char *)fold.data;
            if (ktg_fold_slips(t->fold, t->fold_size, text, fold.size) >= 0)
                rc = put_fold(f, ktg_fold_hash(text, fold.size));
        }
    }
    return rc;
}

static int read_items(struct finding *f, char letter, uint64_t fold, uint32_t number)
{
    struct ktg_key k;
    struct ktg_bytes value = KTG_BYTES_NONE;
    key_of(&k, letter, fold, number);
    int rc = ktg_state_get(f->s, ktg_key_view(&k), &value);
    if (rc)
        return rc == KTG_ENOTFOUND ? KTG_OK : rc;
    for (struct ktg_unpack u = ktg_unpack_open(value); !rc && u.at < u.end;) {
        uint32_t word = ktg_unpack_u32(&u);
        struct ktg_birth born = {(int16_t)(word >> 16), (int8_t)(word >> 8), (int8_t)word};
        int alike = 0;
        for (uint8_t n = ktg_unpack_u8(&u); n > 0; n--) {
            uint32_t hash = ktg_unpack_u32(&u);
            alike += bsearch(&hash, f->hashes, f->count, sizeof hash, by_hash) != NULL;
        }
        struct ktg_bytes identifier = ktg_unpack_bytes(&u);
        if (u.bad)
            return KTG_ECORRUPT;
        enum ktg_born_how how = ktg_birth_compare(born, f->name->born);
        /* a name without a year may borrow one from another event of the person */
        if (how != KTG_BORN_OTHER && alike >= (how == KTG_BORN_SAME || !born.year ? 1 : 2))
            rc = f->each(f->arg, identifier);
    }
    return rc;
}

static int read_years(struct finding *f, uint64_t fold)
{
    struct ktg_key k;
    struct ktg_bytes value = KTG_BYTES_NONE;
    key_of(&k, 'z', fold, 0);
    int rc = ktg_state_get(f->s, ktg_key_view(&k), &value);
    if (rc)
        return rc == KTG_ENOTFOUND ? KTG_OK : rc;
    for (struct ktg_unpack u = ktg_unpack_open(value); !rc && u.at < u.end;) {
        int year = (int)ktg_unpack_u32(&u), mine = f->name->born.year;
        if (u.bad)
            return KTG_ECORRUPT;
        if (!year || !mine || (year - mine >= -1 && year - mine <= 1))
            rc = read_items(f, 'y', fold, (uint32_t)year);
    }
    return rc;
}

int ktg_named_find(struct ktg_state *s, struct ktg_arena *a, const struct ktg_tokens *name,
                   ktg_named_each *each, void *arg)
{
    struct ktg_name_unit units[KTG_NAME_UNITS];
    struct finding f = {.s = s, .name = name, .each = each, .arg = arg};
    size_t count = ktg_name_units(name, units);
    int rc = KTG_OK;
    for (size_t i = 0; !rc && i < count; i++)
        rc = put_alike(&f, &units[i]);
    if (!rc && !(f.hashes = ktg_arena_alloc(a, (f.count + 1) * sizeof *f.hashes)))
        rc = KTG_ENOMEM;
    for (size_t i = 0; !rc && i < f.count; i++)
        f.hashes[i] = (uint32_t)f.folds[i];
    if (!rc && f.count)
        qsort(f.hashes, f.count, sizeof *f.hashes, by_hash);
    for (size_t i = 0; !rc && i < f.count; i++) {
        rc = read_years(&f, f.folds[i]);
        if (!rc && is_full(name->born))
            rc = read_items(&f, 'b', f.folds[i], birth_word(name->born));
    }
    ktg_free(f.folds);
    return rc;
}
