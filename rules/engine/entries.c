/* rules/engine/entries.c - see entries.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "rules/engine/entries.h"

#include "rules/engine/keys.h"

#define HEADER  8
#define ROW     32
#define VERSION 1

struct row {
    uint64_t first, last;
    uint32_t count, number;
    uint64_t types;
};

static struct row row_at(const uint8_t *rows, size_t i)
{
    const uint8_t *p = rows + i * ROW;
    return (struct row){ktg_get_le64(p), ktg_get_le64(p + 8), ktg_get_le32(p + 16),
                        ktg_get_le32(p + 20), ktg_get_le64(p + 24)};
}

static void row_put(uint8_t *rows, size_t i, struct row r)
{
    uint8_t *p = rows + i * ROW;
    ktg_put_le64(p, r.first);
    ktg_put_le64(p + 8, r.last);
    ktg_put_le32(p + 16, r.count);
    ktg_put_le32(p + 20, r.number);
    ktg_put_le64(p + 24, r.types);
}

static uint64_t types_of(const struct ktg_record *r)
{
    uint64_t types = 0;
    for (size_t i = 0; i < r->count; i++)
        types |= UINT64_C(1) << ktg_packed_type(ktg_record_at(r, i)) % 64;
    return types;
}

static struct row row_of(const struct ktg_record *r, uint32_t number)
{
    return (struct row){ktg_record_at(r, 0).key, ktg_record_at(r, r->count - 1).key,
                        (uint32_t)r->count, number, types_of(r)};
}

static void part_key(struct ktg_key *k, struct ktg_bytes kind, struct ktg_bytes subject,
                     uint32_t number)
{
    uint8_t raw[4];
    ktg_put_be32(raw, number);
    ktg_key_put(k, 'e',
                (struct ktg_bytes[]){kind, ktg_bytes("", 1), subject, ktg_bytes("", 1),
                                     ktg_bytes(raw, sizeof raw)},
                5);
}

static int open_record(struct ktg_state *s, const struct ktg_key *key, struct ktg_record *ret_r)
{
    struct ktg_bytes value = KTG_BYTES_NONE;
    int rc = ktg_state_get(s, ktg_key_view(key), &value);
    return rc && rc != KTG_ENOTFOUND ? rc : ktg_record_open(value, ret_r);
}

static int check_rows(struct ktg_bytes directory, size_t *ret_parts)
{
    if (directory.size < HEADER || directory.data[0] != VERSION ||
        (directory.size - HEADER) % ROW != 0)
        return KTG_ECORRUPT;
    *ret_parts = (directory.size - HEADER) / ROW;
    return KTG_OK;
}

int ktg_entries_open(struct ktg_state *s, struct ktg_bytes kind, struct ktg_bytes subject,
                     struct ktg_entries *ret_e)
{
    struct ktg_entries e = {.state = s, .kind = kind, .subject = subject};
    struct ktg_key key;
    ktg_key_subject(&key, 't', kind, subject);
    int rc = open_record(s, &key, &e.newest);
    if (!rc && e.newest.has_older) {
        struct ktg_bytes directory;
        ktg_key_subject(&key, 'd', kind, subject);
        rc = ktg_state_get(s, ktg_key_view(&key), &directory);
        if (!rc && !(rc = check_rows(directory, &e.parts)))
            e.rows = directory.data + HEADER;
        rc = rc == KTG_ENOTFOUND ? KTG_ECORRUPT : rc;
        for (size_t i = 0; i < e.parts; i++)
            e.older += row_at(e.rows, i).count;
    }
    *ret_e = e;
    return rc;
}

int ktg_entries_record(const struct ktg_entries *e, size_t i, struct ktg_record *ret_r)
{
    struct ktg_key key;
    *ret_r = e->newest;
    if (i == e->parts)
        return KTG_OK;
    part_key(&key, e->kind, e->subject, row_at(e->rows, i).number);
    int rc = open_record(e->state, &key, ret_r);
    return !rc && ret_r->count != row_at(e->rows, i).count ? KTG_ECORRUPT : rc;
}

uint64_t ktg_entries_types(const struct ktg_entries *e)
{
    uint64_t types = types_of(&e->newest);
    for (size_t i = 0; i < e->parts; i++)
        types |= row_at(e->rows, i).types;
    return types;
}

bool ktg_entries_may_have(const struct ktg_entries *e, size_t i, ktg_time from, uint64_t types)
{
    if (i == e->parts)
        return true;
    struct row r = row_at(e->rows, i);
    return r.last >= ktg_packed_key_since(from) || (r.types & types);
}

/* ---- changing ---------------------------------------------------------------------------------------------------- */

/* The part in which a key lies; `parts`: in the newest record. */
static size_t part_of(const uint8_t *rows, size_t parts, uint64_t key)
{
    if (!parts || key > row_at(rows, parts - 1).last)
        return parts;
    size_t lo = 0, hi = parts; /* the last that begins at or before the key, else the first */
    while (hi - lo > 1) {
        size_t mid = lo + (hi - lo) / 2;
        if (row_at(rows, mid).first <= key)
            lo = mid;
        else
            hi = mid;
    }
    return lo;
}

/* How many of the oldest entries to split off: about `part`, where the key changes; 0: it changes nowhere. */
static size_t cut_of(const struct ktg_record *r, size_t part)
{
    for (size_t far = 0; far < r->count; far++) {
        size_t down = part > far ? part - far : 0, up = part + far;
        if (down && ktg_record_at(r, down - 1).key != ktg_record_at(r, down).key)
            return down;
        if (up < r->count && ktg_record_at(r, up - 1).key != ktg_record_at(r, up).key)
            return up;
    }
    return 0;
}

/* The directory to change, made if it is missing. */
static int edit_rows(struct ktg_state *s, struct ktg_bytes kind, struct ktg_bytes subject,
                     struct ktg_buf **ret_b, size_t *ret_parts)
{
    static const uint8_t empty[HEADER] = {VERSION};
    struct ktg_key key;
    ktg_key_subject(&key, 'd', kind, subject);
    int rc = ktg_state_edit(s, ktg_key_view(&key), ret_b);
    if (rc)
        return rc;
    if (!(*ret_b)->size)
        ktg_buf_put(*ret_b, empty, sizeof empty);
    rc = ktg_buf_check(*ret_b);
    return rc ? rc : check_rows(ktg_buf_view(*ret_b), ret_parts);
}

/* The oldest `cut` entries of `b` become a part of their own, before part `at`; `b` keeps the rest. */
static int split_off(struct ktg_state *s, struct ktg_bytes kind, struct ktg_bytes subject,
                     struct ktg_buf *b, size_t cut, struct ktg_buf *rows, size_t at)
{
    struct ktg_key key;
    struct ktg_buf *fresh;
    struct ktg_record r;
    uint32_t number = ktg_get_le32(rows->data + 4);
    part_key(&key, kind, subject, number);
    int rc = ktg_state_edit(s, ktg_key_view(&key), &fresh);
    if (rc || (rc = ktg_record_split(b, cut, fresh)) ||
        (rc = ktg_record_open(ktg_buf_view(fresh), &r)))
        return rc;
    size_t tail = rows->size - HEADER - at * ROW;
    if (!ktg_buf_extend(rows, ROW))
        return KTG_ENOMEM;
    uint8_t *to = rows->data + HEADER + at * ROW;
    memmove(to + ROW, to, tail);
    row_put(rows->data + HEADER, at, row_of(&r, number));
    ktg_put_le32(rows->data + 4, number + 1);
    return KTG_OK;
}

static int insert_newest(struct ktg_state *s, struct ktg_bytes kind, struct ktg_bytes subject,
                         struct ktg_packed p, const struct ktg_record_order *order, size_t part)
{
    struct ktg_key key;
    struct ktg_buf *b, *rows;
    struct ktg_record r;
    size_t parts, cut;
    ktg_key_subject(&key, 't', kind, subject);
    int rc = ktg_state_edit(s, ktg_key_view(&key), &b);
    if (rc || (rc = ktg_record_insert(b, p, order)) || (rc = ktg_record_open(ktg_buf_view(b), &r)))
        return rc;
    if (r.count < 2 * part || !(cut = cut_of(&r, part)))
        return KTG_OK;
    if ((rc = edit_rows(s, kind, subject, &rows, &parts)) ||
        (rc = split_off(s, kind, subject, b, cut, rows, parts)))
        return rc;
    ktg_record_set_older(b);
    return KTG_OK;
}

static int insert_older(const struct ktg_entries *e, size_t at, struct ktg_packed p,
                        const struct ktg_record_order *order, size_t part)
{
    struct ktg_key key;
    struct ktg_buf *b, *rows;
    struct ktg_record r;
    size_t parts, cut;
    struct row row = row_at(e->rows, at);
    part_key(&key, e->kind, e->subject, row.number);
    int rc = ktg_state_edit(e->state, ktg_key_view(&key), &b);
    if (rc || (rc = ktg_record_insert(b, p, order)) ||
        (rc = ktg_record_open(ktg_buf_view(b), &r)) ||
        (rc = edit_rows(e->state, e->kind, e->subject, &rows, &parts)))
        return rc;
    if (r.count >= 2 * part && (cut = cut_of(&r, part))) {
        if ((rc = split_off(e->state, e->kind, e->subject, b, cut, rows, at)) ||
            (rc = ktg_record_open(ktg_buf_view(b), &r)))
            return rc;
        at++;
    }
    row_put(rows->data + HEADER, at, row_of(&r, row.number));
    return KTG_OK;
}

int ktg_entries_insert(struct ktg_state *s, struct ktg_bytes kind, struct ktg_bytes subject,
                       struct ktg_packed p, const struct ktg_record_order *order, size_t part)
{
    struct ktg_entries e;
    int rc = ktg_entries_open(s, kind, subject, &e);
    if (rc)
        return rc;
    size_t at = part_of(e.rows, e.parts, p.key);
    return at == e.parts ? insert_newest(s, kind, subject, p, order, part)
                         : insert_older(&e, at, p, order, part);
}

int ktg_entries_mark(struct ktg_state *s, struct ktg_bytes kind, struct ktg_bytes subject,
                     struct ktg_packed p, bool dead)
{
    struct ktg_entries e;
    struct ktg_key key;
    struct ktg_buf *b;
    int rc = ktg_entries_open(s, kind, subject, &e);
    if (rc)
        return rc;
    size_t at = part_of(e.rows, e.parts, p.key);
    if (at == e.parts)
        ktg_key_subject(&key, 't', kind, subject);
    else
        part_key(&key, kind, subject, row_at(e.rows, at).number);
    rc = ktg_state_edit(s, ktg_key_view(&key), &b);
    return rc ? rc : ktg_record_mark(b, p, dead);
}
