/* schema/subject.c - whom an event speaks of, and which identifiers are one person.
 *
 *   data of a holder type             block 0
 *   data.foreigner (type person)      block 1, the next such field block 2
 *
 * One walk over data finds every field that ties, names a subject, is a place or is a holder block.
 * Ids are written into the arena, so an event costs no heap allocation.  Declared in event.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdlib.h>

#include "schema/catalogue_parts.h"
#include "schema/event_parts.h"
#include "schema/place.h"

enum { TOP_BLOCK = 0, NO_BLOCK = -1 };

struct block { /* a holder block while it is walked */
    int number, role;
    struct ktg_bytes surname, given, dob, sex;
};

struct walk {
    const struct ktg_catalogue *c;
    struct ktg_arena *arena;
    struct ktg_subject *at;
    size_t count, cap;
    bool persons_only; /* for ties: nothing but the identifiers of blocks */
    int blocks;        /* nested ones so far */
};

/* --- making ids --- */

/* A buffer in the arena with room for `size` bytes in any form: a change of case at most doubles a
 * letter. */
static int scratch(struct ktg_arena *arena, size_t size, struct ktg_buf *ret)
{
    size_t cap = 2 * size + 32;
    uint8_t *data = ktg_arena_alloc(arena, cap);
    if (!data)
        return KTG_ENOMEM;
    *ret = (struct ktg_buf){.data = data, .cap = cap};
    return KTG_OK;
}

static enum ktg_text_form form_of(enum ktg_kind_form kind, struct ktg_bytes id)
{
    if (kind == KTG_KIND_WORDS)
        return KTG_FORM_WORDS;
    if (kind == KTG_KIND_CONTACT && id.size && memchr(id.data, '@', id.size))
        return KTG_FORM_EMAIL;
    if (kind == KTG_KIND_CONTACT && id.size && id.data[0] == '+')
        return KTG_FORM_PHONE;
    return KTG_FORM_AS_IS;
}

int ktg_subject_form(const struct ktg_catalogue *c, int kind, struct ktg_bytes id,
                     struct ktg_arena *arena, struct ktg_bytes *ret_id)
{
    enum ktg_text_form form =
        kind >= 0 && kind < KTG_MAX_KINDS ? form_of(c->kind_forms[kind], id) : KTG_FORM_AS_IS;
    struct ktg_buf b;
    if (form == KTG_FORM_AS_IS) {
        *ret_id = id;
        return KTG_OK;
    }
    if (scratch(arena, id.size, &b))
        return KTG_ENOMEM;
    ktg_text_put_form(&b, id, form);
    *ret_id = ktg_buf_view(&b);
    return KTG_OK;
}

/* "WORD:NUMBER"; empty when nothing of the text is left. */
static int number_id(struct ktg_arena *arena, const char *word, struct ktg_bytes text,
                     struct ktg_bytes *ret)
{
    struct ktg_buf b;
    if (scratch(arena, strlen(word) + 1 + text.size, &b))
        return KTG_ENOMEM;
    ktg_buf_put_str(&b, word);
    ktg_buf_put_u8(&b, ':');
    size_t before = b.size;
    ktg_text_put_form(&b, text, KTG_FORM_NUMBER);
    *ret = b.size > before ? ktg_buf_view(&b) : KTG_BYTES_NONE;
    return KTG_OK;
}

static bool get_text(struct ktg_bytes map, const char *key, struct ktg_bytes *ret)
{
    struct ktg_wire_value v;
    if (!ktg_wire_get(map, key, &v) || v.kind != KTG_WIRE_STR || v.bytes.size == 0)
        return false;
    *ret = v.bytes;
    return true;
}

/* The writing that stands for all writings of the issuer ("D" is "DEU"). */
static const char *issuer_same(const struct ktg_catalogue *c, struct ktg_bytes issuer)
{
    const struct ktg_field *f = ktg_shape_field(c->doc, KTG_LIT("issuer"));
    const struct ktg_code_entry *e = ktg_code_list_find(f->code_list, issuer);
    return e ? e->same : NULL;
}

int ktg_doc_id(const struct ktg_catalogue *c, struct ktg_bytes doc, struct ktg_arena *arena,
               struct ktg_bytes *ret_id)
{
    struct ktg_bytes issuer, number;
    struct ktg_buf b;
    if (!get_text(doc, "issuer", &issuer) || !get_text(doc, "number", &number)) {
        *ret_id = KTG_BYTES_NONE;
        return KTG_OK;
    }
    if (scratch(arena, issuer.size + number.size + 8, &b))
        return KTG_ENOMEM;
    ktg_buf_put_str(&b, "doc:");
    size_t at = b.size;
    ktg_text_put_form(&b, issuer, KTG_FORM_NUMBER);
    const char *same = issuer_same(c, ktg_bytes(b.data + at, b.size - at));
    if (same && strlen(same) <= issuer.size + 16) {
        b.size = at;
        ktg_buf_put_str(&b, same);
    }
    ktg_buf_put_u8(&b, ':');
    at = b.size;
    ktg_text_put_form(&b, number, KTG_FORM_NUMBER);
    *ret_id = b.size > at ? ktg_buf_view(&b) : KTG_BYTES_NONE;
    return KTG_OK;
}

/* --- the walk --- */

static int add(struct walk *w, int kind, int role, int block, struct ktg_bytes id)
{
    if (id.size == 0)
        return KTG_OK;
    if (w->count == w->cap) {
        size_t cap = w->cap ? 2 * w->cap : 16;
        struct ktg_subject *grown = ktg_arena_alloc(w->arena, cap * sizeof *grown);
        if (!grown)
            return KTG_ENOMEM;
        if (w->count)
            memcpy(grown, w->at, w->count * sizeof *grown);
        w->at = grown;
        w->cap = cap;
    }
    w->at[w->count++] = (struct ktg_subject){.kind = kind, .role = role, .id = id, .block = block};
    return KTG_OK;
}

static int add_key(struct walk *w, const struct ktg_field *f, struct ktg_bytes value)
{
    struct ktg_buf b;
    if (scratch(w->arena, strlen(f->name) + 1 + value.size, &b))
        return KTG_ENOMEM;
    ktg_buf_put_str(&b, f->name);
    ktg_buf_put_u8(&b, ':');
    ktg_buf_put_bytes(&b, value);
    return add(w, w->c->key_kind, f->role, NO_BLOCK, ktg_buf_view(&b));
}

static int add_cells(struct walk *w, const struct ktg_field *f, struct ktg_bytes place)
{
    struct ktg_point p;
    int reach = f->around ? 1 : 0, rc = KTG_OK;
    if (!ktg_point_read(place, &p))
        return KTG_OK;
    for (int north = -reach; north <= reach && !rc; north++)
        for (int east = -reach; east <= reach && !rc; east++) {
            char cell[KTG_CELL_TEXT];
            if (!ktg_cell_near(p, east, north, cell))
                continue;
            char *id = ktg_arena_strndup(w->arena, cell, KTG_CELL_TEXT - 1);
            rc = id ? add(w, w->c->cell_kind, f->role, NO_BLOCK, ktg_bytes(id, KTG_CELL_TEXT - 1))
                    : KTG_ENOMEM;
        }
    return rc;
}

/* One value of a field that ties or names subjects; `block` is NULL outside of holder blocks. */
static int add_value(struct walk *w, const struct ktg_field *f, const struct block *block,
                     const struct ktg_wire_value *v)
{
    struct ktg_bytes id = v->bytes;
    bool ties = f->ties && block, doc = f->shape && f->shape == w->c->doc;
    int rc = KTG_OK;
    if (v->kind != ktg_field_wire_kind(f->type) || (v->kind != KTG_WIRE_STR && !doc))
        return KTG_OK;
    if (doc)
        rc = ktg_doc_id(w->c, v->raw, w->arena, &id);
    if (!rc && ties) {
        struct ktg_bytes identifier = id;
        if (!doc)
            rc = number_id(w->arena, f->as, v->bytes, &identifier);
        if (!rc)
            rc = add(w, w->c->person_kind, block->role, block->number, identifier);
    }
    uint32_t kinds = w->persons_only ? 0 : f->kinds;
    for (; !rc && kinds; kinds &= kinds - 1) {
        int kind = __builtin_ctz(kinds);
        if (ties && kind == w->c->person_kind)
            continue; /* done above, with its block */
        if (kind == w->c->key_kind) {
            rc = add_key(w, f, v->bytes);
            continue;
        }
        struct ktg_bytes formed;
        rc = ktg_subject_form(w->c, kind, id, w->arena, &formed);
        if (!rc)
            rc = add(w, kind, f->role, NO_BLOCK, formed);
    }
    return rc;
}

static int add_biodata(struct walk *w, const struct block *block)
{
    struct ktg_buf b;
    ktg_date day;
    if (w->persons_only || !block->surname.size || !block->dob.size ||
        ktg_date_parse(block->dob, &day))
        return KTG_OK;
    if (scratch(w->arena, block->surname.size + block->given.size + block->sex.size + 16, &b))
        return KTG_ENOMEM;
    ktg_text_put_form(&b, block->surname, KTG_FORM_NAME);
    ktg_buf_put_u8(&b, '|');
    ktg_text_put_form(&b, block->given, KTG_FORM_NAME);
    ktg_buf_put_u8(&b, '|');
    ktg_buf_put_bytes(&b, block->dob);
    ktg_buf_put_u8(&b, '|');
    ktg_text_put_form(&b, block->sex, KTG_FORM_NAME);
    return add(w, w->c->biodata_kind, block->role, NO_BLOCK, ktg_buf_view(&b));
}

static void note_biodata(struct block *block, const struct ktg_wire_value *key,
                         const struct ktg_wire_value *v)
{
    const struct {
        struct ktg_bytes name, *to;
    } parts[] = {{KTG_LIT("surname"), &block->surname},
                 {KTG_LIT("given"), &block->given},
                 {KTG_LIT("dob"), &block->dob},
                 {KTG_LIT("sex"), &block->sex}};
    for (size_t i = 0; i < KTG_COUNT(parts); i++)
        if (v->kind == KTG_WIRE_STR && ktg_bytes_eq(key->bytes, parts[i].name))
            *parts[i].to = v->bytes;
}

static int walk_object(struct walk *w, const struct ktg_shape *shape, struct block *block,
                       const struct ktg_wire_value *map);

static int walk_value(struct walk *w, const struct ktg_field *f, struct block *block,
                      const struct ktg_wire_value *v)
{
    if (f->ties || f->kinds) {
        int rc = add_value(w, f, block, v);
        if (rc)
            return rc;
    }
    if (f->type != KTG_F_OBJECT || !f->shape || v->kind != KTG_WIRE_MAP)
        return KTG_OK;
    if (f->shape == w->c->place)
        return w->persons_only ? KTG_OK : add_cells(w, f, v->raw);
    if (f->shape != w->c->person)
        return f->shape == w->c->doc ? KTG_OK : walk_object(w, f->shape, NULL, v);
    struct block nested = {.number = ++w->blocks, .role = f->role};
    return walk_object(w, f->shape, &nested, v);
}

static int walk_object(struct walk *w, const struct ktg_shape *shape, struct block *block,
                       const struct ktg_wire_value *map)
{
    struct ktg_wire in = ktg_wire_inside(map);
    struct ktg_wire_value key, value, item;
    size_t next = 0;
    for (uint32_t i = 0; i < map->count; i++) {
        if (ktg_wire_next(&in, &key) || ktg_wire_next(&in, &value))
            return KTG_EINVALID;
        int order = -1;
        while (next < shape->count &&
               (order = ktg_bytes_cmp(shape->fields[next].key, key.bytes)) < 0)
            next++;
        if (next == shape->count)
            break;
        if (order != 0)
            continue;
        const struct ktg_field *f = &shape->fields[next++];
        if (block)
            note_biodata(block, &key, &value);
        struct ktg_wire items = ktg_wire_inside(&value);
        bool list = f->list && value.kind == KTG_WIRE_ARRAY;
        for (uint32_t k = 0; k < (list ? value.count : 1); k++) {
            if (list && ktg_wire_next(&items, &item))
                return KTG_EINVALID;
            int rc = walk_value(w, f, block, list ? &item : &value);
            if (rc)
                return rc;
        }
    }
    return block ? add_biodata(w, block) : KTG_OK;
}

static int walk_event(struct walk *w, const struct ktg_event *e)
{
    struct ktg_wire open = ktg_wire_open(e->data);
    struct ktg_wire_value data;
    if (!e->type)
        return KTG_OK;
    if (ktg_wire_next(&open, &data) || data.kind != KTG_WIRE_MAP)
        return KTG_EINVALID;
    struct block top = {.number = TOP_BLOCK, .role = KTG_ROLE_HOLDER};
    return walk_object(w, e->type->data, e->type->holder ? &top : NULL, &data);
}

/* By kind, role, id; of equals the one that stands in a block comes first. */
static int by_subject(const void *a, const void *b)
{
    const struct ktg_subject *x = a, *y = b;
    if (x->kind != y->kind)
        return x->kind < y->kind ? -1 : 1;
    if (x->role != y->role)
        return x->role < y->role ? -1 : 1;
    int c = ktg_bytes_cmp(x->id, y->id);
    unsigned bx = (unsigned)x->block, by = (unsigned)y->block;
    return c ? c : (bx > by) - (bx < by);
}

static bool same_subject(const struct ktg_subject *x, const struct ktg_subject *y)
{
    return x->kind == y->kind && x->role == y->role && ktg_bytes_eq(x->id, y->id);
}

/* --- ties --- */

static int by_bytes(const void *a, const void *b)
{
    return ktg_bytes_cmp(*(const struct ktg_bytes *)a, *(const struct ktg_bytes *)b);
}

static size_t sort_ids(struct ktg_bytes *ids, size_t count)
{
    size_t kept = 0;
    if (count)
        qsort(ids, count, sizeof *ids, by_bytes);
    for (size_t i = 0; i < count; i++)
        if (kept == 0 || !ktg_bytes_eq(ids[kept - 1], ids[i]))
            ids[kept++] = ids[i];
    return kept;
}

static bool rule_holds(const struct ktg_tie_rule *r, const struct ktg_event *e)
{
    struct ktg_bytes value;
    if (!r->when)
        return true;
    if (!get_text(e->data, r->when, &value))
        return false;
    for (const char *const *w = r->is; *w; w++)
        if (ktg_bytes_is(value, *w))
            return true;
    return false;
}

static int tie_of_rule(const struct ktg_catalogue *c, const struct ktg_tie_rule *r,
                       const struct ktg_event *e, struct ktg_arena *arena, struct ktg_tie *ret)
{
    size_t most = 0, count = 0;
    while (r->fields[most])
        most++;
    struct ktg_bytes *ids = ktg_arena_alloc(arena, (most + 1) * sizeof *ids);
    if (!ids)
        return KTG_ENOMEM;
    for (size_t i = 0; i < most; i++) {
        struct ktg_wire_value v;
        struct ktg_bytes id;
        if (!ktg_wire_get(e->data, r->fields[i], &v) || v.kind != KTG_WIRE_MAP)
            continue;
        int rc = ktg_doc_id(c, v.raw, arena, &id);
        if (rc)
            return rc;
        if (id.size)
            ids[count++] = id;
    }
    *ret = (struct ktg_tie){ids, sort_ids(ids, count), KTG_ROLE_HOLDER, NO_BLOCK};
    return KTG_OK;
}

static int tie_of_block(const struct walk *w, int block, struct ktg_arena *arena,
                        struct ktg_tie *ret)
{
    struct ktg_bytes *ids = ktg_arena_alloc(arena, (w->count + 1) * sizeof *ids);
    size_t count = 0;
    if (!ids)
        return KTG_ENOMEM;
    *ret = (struct ktg_tie){.block = block};
    for (size_t i = 0; i < w->count; i++)
        if (w->at[i].block == block) {
            ids[count++] = w->at[i].id;
            ret->role = w->at[i].role;
        }
    ret->ids = ids;
    ret->count = sort_ids(ids, count);
    return KTG_OK;
}

static int ties_of(const struct walk *w, const struct ktg_event *e, const struct ktg_tie **ret_t,
                   size_t *ret_count)
{
    size_t rules = e->type ? e->type->tie_rule_count : 0, count = 0;
    struct ktg_tie *ties =
        ktg_arena_alloc(w->arena, ((size_t)w->blocks + 1 + rules) * sizeof *ties);
    if (!ties)
        return KTG_ENOMEM;
    for (int block = TOP_BLOCK; block <= w->blocks; block++) {
        int rc = tie_of_block(w, block, w->arena, &ties[count]);
        if (rc)
            return rc;
        count += ties[count].count > 0;
    }
    for (size_t i = 0; i < rules; i++) {
        if (!rule_holds(&e->type->tie_rules[i], e))
            continue;
        int rc = tie_of_rule(w->c, &e->type->tie_rules[i], e, w->arena, &ties[count]);
        if (rc)
            return rc;
        count += ties[count].count > 0;
    }
    *ret_t = ties;
    *ret_count = count;
    return KTG_OK;
}

int ktg_event_ties(const struct ktg_catalogue *c, const struct ktg_event *e,
                   struct ktg_arena *arena, const struct ktg_tie **ret_t, size_t *ret_count)
{
    struct walk w = {.c = c, .arena = arena, .persons_only = true};
    int rc = walk_event(&w, e);
    return rc ? rc : ties_of(&w, e, ret_t, ret_count);
}

/* --- subjects --- */

int ktg_event_names(const struct ktg_catalogue *c, const struct ktg_event *e,
                    struct ktg_arena *arena, struct ktg_event_names *ret_n)
{
    struct walk w = {.c = c, .arena = arena};
    int rc = add(&w, c->source_kind, KTG_ROLE_HOLDER, NO_BLOCK, e->source);
    if (!rc)
        rc = walk_event(&w, e);
    if (!rc)
        rc = ties_of(&w, e, &ret_n->ties, &ret_n->tie_count);
    if (rc)
        return rc;
    size_t kept = 0;
    if (w.count)
        qsort(w.at, w.count, sizeof *w.at, by_subject);
    for (size_t i = 0; i < w.count; i++)
        if (kept == 0 || !same_subject(&w.at[kept - 1], &w.at[i]))
            w.at[kept++] = w.at[i];
    ret_n->subjects = w.at;
    ret_n->subject_count = kept;
    return KTG_OK;
}

int ktg_event_subjects(const struct ktg_catalogue *c, const struct ktg_event *e,
                       struct ktg_arena *arena, const struct ktg_subject **ret_s, size_t *ret_count)
{
    struct ktg_event_names n;
    int rc = ktg_event_names(c, e, arena, &n);
    if (rc)
        return rc;
    *ret_s = n.subjects;
    *ret_count = n.subject_count;
    return KTG_OK;
}
