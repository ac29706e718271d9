/* runtime/journal/reader.c - reading up to the durable mark.
 *
 * Each segment has a walked part: its frames have been checked once, and one place in 4 positions
 * is remembered (one in 16 where two segments are newer):
 *
 *     4096            walked
 *     | frame | frame |  not looked at yet ...
 *       ^   ^   ^   ^    struct place {position, frame, record}
 *
 * (1) The walked part never passes a frame that begins beyond the mark.  (2) What is walked is
 * never checked again. The places live in memory only and are found again by walking.  (3) Where a
 * position was found it stays: segments are mapped until the reader is closed.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "runtime/journal/index.h"
#include "runtime/journal/segment.h"
#include "runtime/mem.h"
#include "runtime/path.h"

enum {
    DENSE = 4,
    SPARSE = 16
}; /* positions between two places: of the two newest segments, of older ones */
enum { FOUND = 1 << 16 }; /* places found last, by position */

#ifdef KTG_MUTANT_IGNORE_MARK
#define MUTANT_IGNORE_MARK true
#else
#define MUTANT_IGNORE_MARK false
#endif

struct place {
    ktg_position pos;
    uint32_t frame, record; /* offset in the file; offset in the frame, 0: its header */
};

struct part {
    ktg_position base;
    struct ktg_segment s; /* s.map NULL: not opened yet */
    struct place *places;
    size_t count, cap;
    uint32_t every;    /* positions between two places */
    uint64_t walked;   /* offset */
    ktg_position next; /* base of the frame at `walked` */
};

struct cursor {
    struct ktg_frame frame;
    uint32_t at, n; /* offset in the frame; n-th position of it */
};

struct found {
    ktg_position pos; /* 0: none */
    const uint8_t *frame;
    uint32_t record, n;
};

struct ktg_journal_reader {
    int dir;
    struct ktg_journal_mark *mark;
    bool ignore_mark;
    struct part **parts; /* rising; pointers, because places are kept */
    size_t count, cap;
    uint8_t id[KTG_JOURNAL_ID_SIZE];
    struct found *found; /* FOUND of them, made when first asked for; NULL: none */
    struct cursor cursor;
    bool standing;       /* the cursor is on the item given last */
    ktg_position wanted; /* else: what next() gives */
};

static ktg_position limit(const struct ktg_journal_reader *r)
{
    return r->ignore_mark ? UINT64_MAX / 2 : ktg_journal_mark_read(r->mark).mark;
}

/* Most of what is asked for is new: of an old segment fewer places do. */
static void thin(struct part *p)
{
    size_t kept = 0;
    p->every = SPARSE;
    for (size_t i = 0; i < p->count; i += SPARSE / DENSE)
        p->places[kept++] = p->places[i];
    p->count = kept;
    struct place *less = kept ? ktg_realloc(p->places, kept * sizeof *less) : NULL;
    if (less) {
        p->places = less;
        p->cap = kept;
    }
}

static int add_part(struct ktg_journal_reader *r, ktg_position base, struct part **ret_p)
{
    if (ktg_grow(&r->parts, &r->cap, r->count + 1, sizeof *r->parts))
        return KTG_ENOMEM;
    struct part *p = ktg_zalloc(sizeof *p);
    if (!p)
        return KTG_ENOMEM;
    p->base = p->next = base;
    p->every = DENSE;
    p->walked = KTG_SEGMENT_HEADER;
    p->s.fd = -1;
    r->parts[r->count++] = p;
    if (r->count > 2)
        thin(r->parts[r->count - 3]);
    if (ret_p)
        *ret_p = p;
    return KTG_OK;
}

static int open_part(struct ktg_journal_reader *r, struct part *p, struct ktg_err *err)
{
    char where[64];
    if (p->s.map)
        return KTG_OK;
    int rc = ktg_segment_open(r->dir, p->base, &p->s, err);
    if (rc)
        return rc;
    if (memcmp(p->s.head.journal, r->id, sizeof r->id) != 0) {
        ktg_segment_close(&p->s);
        return ktg_err_fault(err, ktg_journal_fault(KTG_JOURNAL_FAULT_SEGMENT_HEADER),
                             ktg_segment_where(p->base, 0, where), "another journal's id", NULL);
    }
    return KTG_OK;
}

static int remember(struct part *p, ktg_position pos, uint64_t frame, uint32_t record)
{
    if (p->count && pos - p->places[p->count - 1].pos < p->every)
        return KTG_OK;
    if (ktg_grow(&p->places, &p->cap, p->count + 1, sizeof *p->places))
        return KTG_ENOMEM;
    p->places[p->count++] = (struct place){pos, (uint32_t)frame, record};
    return KTG_OK;
}

/* Take the frame at `walked` into the walked part.  KTG_ENOTFOUND: there is none. */
static int walk_frame(struct part *p, struct ktg_err *err)
{
    struct ktg_frame f;
    char where[64];
    if (!ktg_segment_frame(&p->s, p->walked, &f)) {
        ktg_segment_look(&p->s); /* the file may have grown */
        if (!ktg_segment_frame(&p->s, p->walked, &f))
            return KTG_ENOTFOUND;
    }
    if (f.base != p->next)
        return ktg_err_fault(err, ktg_journal_fault(KTG_JOURNAL_FAULT_CHAIN),
                             ktg_segment_where(p->base, p->walked, where), "another position",
                             NULL);
    size_t before = p->count;
    int rc = remember(p, f.base, p->walked, 0);
    uint32_t at = KTG_FRAME_HEADER;
    for (uint32_t i = 0; i < f.count && rc == KTG_OK; i++) {
        rc = remember(p, f.base + 1 + i, p->walked, at);
        at += ktg_get_le32(f.bytes + at);
    }
    if (rc) {
        p->count = before;
        return ktg_err_set(err, rc, "out of memory");
    }
    p->walked += f.size;
    p->next = f.base + f.count + 1;
    return KTG_OK;
}

/* The newest part that begins at or before pos; NULL: before the first. */
static struct part *part_of(const struct ktg_journal_reader *r, ktg_position pos)
{
    size_t low = 0, high = r->count;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (r->parts[mid]->base <= pos)
            low = mid + 1;
        else
            high = mid;
    }
    return low ? r->parts[low - 1] : NULL;
}

/* pos is in no frame of the last part: is there a newer segment, which must begin there? */
static int find_newer(struct ktg_journal_reader *r, struct part *p, struct part **ret_p,
                      struct ktg_err *err)
{
    char name[KTG_SEGMENT_NAME], where[64];
    ktg_segment_name(p->next, ".log", name);
    if (p->next == p->base || faccessat(r->dir, name, F_OK, 0) != 0) {
        if (r->ignore_mark)
            return KTG_ENOTFOUND;
        return ktg_err_fault(err, ktg_journal_fault(KTG_JOURNAL_FAULT_FRAME),
                             ktg_segment_where(p->base, p->walked, where), NULL, NULL);
    }
    if (p->s.fd >= 0) { /* it grows no more */
        close(p->s.fd);
        p->s.fd = -1;
    }
    int rc = add_part(r, p->next, ret_p);
    return rc ? ktg_err_set(err, rc, "out of memory") : KTG_OK;
}

static struct ktg_frame frame_at(const uint8_t *b)
{
    return (struct ktg_frame){.bytes = b,
                              .size = ktg_get_le32(b + 4),
                              .count = ktg_get_le32(b + 12),
                              .base = ktg_get_le64(b + 16),
                              .recorded_at = (ktg_time)ktg_get_le64(b + 24),
                              .tag = ktg_get_le64(b + 32),
                              .prev = (const struct ktg_hash *)(b + 48),
                              .chain = (const struct ktg_hash *)(b + 80)};
}

static struct cursor cursor_at(const struct part *p, const struct place *place)
{
    struct ktg_frame f = frame_at(p->s.map + place->frame);
    return (struct cursor){.frame = f, .at = place->record, .n = (uint32_t)(place->pos - f.base)};
}

static void step(struct cursor *c)
{
    c->at = c->n == 0 ? KTG_FRAME_HEADER : c->at + ktg_get_le32(c->frame.bytes + c->at);
    c->n++;
}

/* pos lies in the walked part of p. */
static struct cursor find_place(const struct part *p, ktg_position pos)
{
    size_t low = 0, high = p->count; /* the last place that is not beyond pos */
    while (high - low > 1) {
        size_t mid = low + (high - low) / 2;
        if (p->places[mid].pos <= pos)
            low = mid;
        else
            high = mid;
    }
    struct cursor c = cursor_at(p, &p->places[low]);
    while (pos > c.frame.base + c.frame.count) {
        struct place next = {c.frame.base + c.frame.count + 1,
                             (uint32_t)((uint64_t)(c.frame.bytes - p->s.map) + c.frame.size), 0};
        c = cursor_at(p, &next);
    }
    while (c.frame.base + c.n < pos)
        step(&c);
    return c;
}

/* KTG_ENOTFOUND: before the first segment, or (ignoring the mark) at the end. */
static int locate(struct ktg_journal_reader *r, ktg_position pos, struct cursor *ret_c,
                  struct ktg_err *err)
{
    struct part *p = part_of(r, pos);
    if (!p)
        return ktg_err_set(err, KTG_ENOTFOUND, "position %llu lies before the first segment",
                           (unsigned long long)pos);
    for (;;) {
        int rc = open_part(r, p, err);
        while (rc == KTG_OK && p->next <= pos)
            rc = walk_frame(p, err);
        if (rc == KTG_OK) {
            *ret_c = find_place(p, pos);
            return KTG_OK;
        }
        if (rc != KTG_ENOTFOUND)
            return rc;
        if (!p->s.map) /* its file is gone */
            return KTG_ENOTFOUND;
        rc = find_newer(r, p, &p, err);
        if (rc)
            return rc;
    }
}

int ktg_journal_reader_open(const char *dir, const struct ktg_journal_reader_options *options,
                            struct ktg_journal_reader **ret_r, struct ktg_err *err)
{
    ktg_position *bases = NULL;
    size_t count = 0;
    struct ktg_segment first = {.fd = -1};
    struct ktg_journal_reader *r = ktg_zalloc(sizeof *r);
    if (!r)
        return ktg_err_set(err, KTG_ENOMEM, "out of memory");
    r->ignore_mark = MUTANT_IGNORE_MARK || (options && options->test_ignore_mark);
    r->dir = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int rc = KTG_OK;
    if (r->dir < 0)
        rc = ktg_path_fail(err, dir, errno, "the folder of a journal");
    if (rc == KTG_OK)
        rc = ktg_segment_list(r->dir, &bases, &count, err);
    if (rc == KTG_OK && count == 0)
        rc = ktg_err_fault(err, ktg_journal_fault(KTG_JOURNAL_FAULT_NONE), dir, NULL, NULL);
    if (rc == KTG_OK)
        rc = ktg_segment_open(r->dir, bases[0], &first, err);
    if (rc == KTG_OK && (!r->ignore_mark || faccessat(r->dir, "mark", F_OK, 0) == 0))
        rc = ktg_journal_mark_open(dir, &r->mark, err);
    for (size_t i = 0; i < count && rc == KTG_OK; i++)
        if (add_part(r, bases[i], NULL))
            rc = ktg_err_set(err, KTG_ENOMEM, "out of memory");
    ktg_free(bases);
    if (rc) {
        ktg_segment_close(&first);
        ktg_journal_reader_close(r);
        return rc;
    }
    memcpy(r->id, first.head.journal, sizeof r->id);
    r->parts[0]->s = first;
    r->wanted = r->parts[0]->base;
    *ret_r = r;
    return KTG_OK;
}

struct ktg_journal_reader *ktg_journal_reader_close(struct ktg_journal_reader *r)
{
    if (!r)
        return NULL;
    for (size_t i = 0; i < r->count; i++) {
        ktg_segment_close(&r->parts[i]->s);
        ktg_free(r->parts[i]->places);
        ktg_free(r->parts[i]);
    }
    ktg_free(r->parts);
    ktg_free(r->found);
    ktg_journal_mark_close(r->mark);
    if (r->dir >= 0)
        close(r->dir);
    ktg_free(r);
    return NULL;
}

static void keep(struct ktg_journal_reader *r, const struct cursor *c)
{
    ktg_position pos = c->frame.base + c->n;
    if (r->found)
        r->found[pos % FOUND] = (struct found){pos, c->frame.bytes, c->at, c->n};
}

int ktg_journal_reader_next(struct ktg_journal_reader *r, struct ktg_journal_item *ret_item,
                            struct ktg_err *err)
{
    struct cursor c = r->cursor;
    if (r->standing && c.n < c.frame.count) {
        step(&c);
    } else {
        ktg_position pos = r->standing ? c.frame.base + c.frame.count + 1 : r->wanted;
        if (pos > limit(r))
            return KTG_EAGAIN;
        int rc = locate(r, pos, &c, err);
        if (rc)
            return rc == KTG_ENOTFOUND && r->ignore_mark ? KTG_EAGAIN : rc;
    }
    r->cursor = c;
    r->standing = true;
    keep(r, &c);
    ktg_frame_item(&c.frame, c.at, c.n, ret_item);
    return KTG_OK;
}

int ktg_journal_reader_seek(struct ktg_journal_reader *r, ktg_position pos, struct ktg_err *err)
{
    if (pos == 0)
        pos = r->parts[0]->base;
    if (pos < r->parts[0]->base || pos > limit(r) + 1)
        return ktg_err_set(err, KTG_ENOTFOUND, "position %llu is not in the journal",
                           (unsigned long long)pos);
    r->wanted = pos;
    r->standing = false;
    return KTG_OK;
}

int ktg_journal_reader_at(struct ktg_journal_reader *r, ktg_position pos,
                          struct ktg_journal_item *ret_item, struct ktg_err *err)
{
    struct cursor c;
    if (r->standing && pos == r->cursor.frame.base + r->cursor.n) { /* mostly: the one at hand */
        ktg_frame_item(&r->cursor.frame, r->cursor.at, r->cursor.n, ret_item);
        return KTG_OK;
    }
    if (!r->found)
        r->found = ktg_calloc(FOUND, sizeof *r->found);
    const struct found *f = r->found ? &r->found[pos % FOUND] : NULL;
    if (f && pos && f->pos == pos) {
        c.frame = frame_at(f->frame);
        ktg_frame_item(&c.frame, f->record, f->n, ret_item);
        return KTG_OK;
    }
    if (pos == 0 || pos > limit(r))
        return ktg_err_set(err, KTG_ENOTFOUND, "position %llu is not in the journal",
                           (unsigned long long)pos);
    int rc = locate(r, pos, &c, err);
    if (rc)
        return rc;
    keep(r, &c);
    ktg_frame_item(&c.frame, c.at, c.n, ret_item);
    return KTG_OK;
}

int ktg_journal_reader_chain_at(struct ktg_journal_reader *r, ktg_position pos,
                                struct ktg_hash *ret_chain, struct ktg_err *err)
{
    struct ktg_journal_item item;
    if (pos == 0 && r->parts[0]->base == 1) {
        *ret_chain = r->parts[0]->s.head.prev;
        return KTG_OK;
    }
    int rc = ktg_journal_reader_at(r, pos, &item, err);
    if (rc == KTG_OK)
        *ret_chain = *item.chain;
    return rc;
}

/* Of this segment, if what it covers is what lies here. */
static int take_snapshot(struct ktg_journal_reader *r, ktg_position base, struct ktg_buf *to,
                         ktg_position *ret_upto)
{
    struct ktg_index x;
    struct ktg_bytes bytes;
    struct ktg_hash chain;
    int rc = ktg_index_open(r->dir, r->id, base, &x);
    if (rc)
        return rc;
    if (ktg_index_snapshot(&x, &bytes) ||
        ktg_journal_reader_chain_at(r, x.head.snapshot_pos, &chain, NULL) ||
        memcmp(chain.b, x.head.snapshot_chain.b, sizeof chain.b) != 0)
        rc = KTG_ENOTFOUND;
    if (!rc) {
        ktg_buf_put_bytes(to, bytes);
        rc = ktg_buf_check(to);
    }
    if (!rc)
        *ret_upto = x.head.snapshot_pos;
    ktg_index_close(&x);
    return rc;
}

int ktg_journal_reader_snapshot(struct ktg_journal_reader *r, struct ktg_buf *to,
                                ktg_position *ret_upto)
{
    int rc = KTG_ENOTFOUND;
    for (size_t i = r->count; i-- > 0 && rc == KTG_ENOTFOUND;)
        rc = take_snapshot(r, r->parts[i]->base, to, ret_upto);
    return rc;
}

ktg_position ktg_journal_reader_mark(const struct ktg_journal_reader *r)
{
    return r->mark ? ktg_journal_mark_read(r->mark).mark : 0;
}

ktg_position ktg_journal_reader_first(const struct ktg_journal_reader *r)
{
    return r->parts[0]->base;
}

void ktg_journal_reader_id(const struct ktg_journal_reader *r, uint8_t to[static 16])
{
    memcpy(to, r->id, sizeof r->id);
}
