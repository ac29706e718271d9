/* rules/engine/difference.c - from an answer to what is said and what is posted.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdlib.h>

#include "rules/engine/engine_parts.h"
#include "rules/engine/identity.h"
#include "rules/engine/match.h"
#include "rules/engine/pack.h"
#include "rules/engine/patched.h"
#include "rules/engine/posted.h"
#include "rules/engine/record.h"
#include "runtime/hash.h"
#include "schema/place.h"

/* A copy in the arena of the record. */
static struct ktg_bytes keep(struct ktg_engine *e, struct ktg_bytes b, bool *bad)
{
    char *p = ktg_arena_strndup(&e->record, (const char *)b.data, b.size);
    *bad |= !p;
    return ktg_bytes(p, p ? b.size : 0);
}
static struct ktg_bytes keep_fit(struct ktg_engine *e, struct ktg_bytes b, bool *bad)
{
    char room[KTG_NAME_MAX + 1];
    return keep(e, ktg_name_fit(b, room), bad);
}

/* ---- a finding as it will stand ---------------------------------------------------------------------------------- */

static bool has_target(const struct ktg_target *t, size_t count, struct ktg_target x)
{
    for (size_t i = 0; i < count; i++) {
        if (ktg_bytes_eq(t[i].kind, x.kind) && ktg_bytes_eq(t[i].subject, x.subject))
            return true;
    }
    return false;
}

/* Where the finding is posted: its subject, what `about` names, and the cell of the anchor's place. */
static int targets(struct ktg_engine *e, int kind, struct ktg_bytes subject,
                   const struct ktg_finding *f, struct ktg_standing *to)
{
    struct ktg_target *t = ktg_arena_alloc(&e->record, (f->about_count + 2) * sizeof *t);
    size_t n = 0;
    bool bad = !t;
    if (bad)
        return KTG_ENOMEM;
    t[n++] = (struct ktg_target){ktg_bytes_str(ktg_catalogue_kind_name(e->view.catalogue, kind)),
                                 subject};
    for (size_t i = 0; i < f->about_count; i++) {
        const char *name = ktg_catalogue_kind_name(e->view.catalogue, f->about[i].kind);
        struct ktg_target x = {ktg_bytes_str(name ? name : ""), keep_fit(e, f->about[i].id, &bad)};
        if (name && x.subject.size && !has_target(t, n, x))
            t[n++] = x;
    }
    struct ktg_point p;
    char cell[KTG_CELL_TEXT];
    if (ktg_catalogue_kind(e->view.catalogue, KTG_LIT("cell")) >= 0 &&
        ktg_point_read(f->posted.place, &p) && ktg_cell_near(p, 0, 0, cell)) {
        struct ktg_target x = {KTG_LIT("cell"), keep(e, ktg_bytes_str(cell), &bad)};
        if (!has_target(t, n, x))
            t[n++] = x;
    }
    to->targets = t;
    to->target_count = n;
    return bad ? KTG_ENOMEM : KTG_OK;
}

/* As it is posted to the targets that it has. */
static int encode_posted(struct ktg_engine *e, const struct ktg_rule *rule,
                         const struct ktg_posted *p, struct ktg_standing *to)
{
    bool bad = false;
    struct ktg_bytes person = KTG_BYTES_NONE;
    int rc = p->person.size ? ktg_identity_name(e->state, &e->record, p->person, &person) : KTG_OK;
    if (rc)
        return rc;
    ktg_buf_clear(&e->temp);
    ktg_posted_encode(p, ktg_rule_name(rule), &e->temp);
    if ((rc = ktg_buf_check(&e->temp)))
        return rc;
    to->is_posted = true;
    to->posted_from = p->from;
    to->posted_blob = keep(e, ktg_buf_view(&e->temp), &bad);
    ktg_posted_key(to->targets[0].kind, p->id, to->posted_key);
    /* with the person's name: readers see that, and it changes when persons merge */
    ktg_blake2b_128((struct ktg_bytes[]){to->posted_blob, person}, 2, to->posted_hash);
    return bad ? KTG_ENOMEM : KTG_OK;
}

static int stand_posted(struct ktg_engine *e, const struct ktg_rule *rule, int kind,
                        struct ktg_bytes subject, const struct ktg_finding *f,
                        struct ktg_standing *to)
{
    bool bad = false;
    struct ktg_posted p = f->posted;
    p.person = keep_fit(e, p.person, &bad);
    int rc = bad ? KTG_ENOMEM : targets(e, kind, subject, f, to);
    return rc ? rc : encode_posted(e, rule, &p, to);
}

int ktg_engine_stand_as(struct ktg_engine *e, const struct ktg_rule *rule, struct ktg_bytes subject,
                        const struct ktg_standing *before, struct ktg_standing *to)
{
    struct ktg_key key;
    struct ktg_posted p;
    struct ktg_bytes value, name = ktg_bytes(before->posted_key, 16);
    *to = *before;
    if (!before->is_posted || !before->target_count)
        return KTG_OK;
    ktg_key_put(&key, 'o', &name, 1);
    int rc = ktg_state_get(e->state, ktg_key_view(&key), &value);
    if (!rc)
        rc = ktg_posted_decode(value, e->rules, &e->record, &p);
    struct ktg_target *t = ktg_arena_alloc(&e->record, before->target_count * sizeof *t);
    if (rc || !t)
        return rc == KTG_ENOTFOUND ? KTG_ECORRUPT : rc ? rc : KTG_ENOMEM;
    memcpy(t, before->targets, before->target_count * sizeof *t);
    t[0].subject = p.subject = subject;
    to->targets = t;
    ktg_posted_id(ktg_bytes_str(ktg_rule_name(rule)), subject, before->key, before->anchor, p.from,
                  p.id);
    return encode_posted(e, rule, &p, to);
}

int ktg_engine_stand(struct ktg_engine *e, const struct ktg_rule *rule, int kind,
                     struct ktg_bytes subject, const struct ktg_finding *f,
                     const struct ktg_standing *before, struct ktg_standing *to)
{
    bool bad = false;
    if (f->as_before) {
        *to = *before;
        return KTG_OK;
    }
    *to = (struct ktg_standing){.anchor_pos = f->anchor_pos,
                                .from = f->from,
                                .until = f->until,
                                .offset_min = f->offset_min,
                                .told = e->world.tell_internal ||
                                        ktg_rule_status(rule) != KTG_RULE_INTERNAL,
                                .unknown = f->unknown_source.size > 0,
                                .level = f->level,
                                .evidence_total = f->evidence_total,
                                .unknown_since = f->unknown_since};
    memcpy(to->anchor, f->anchor, 16);
    to->key = keep(e, f->key, &bad);
    to->values = keep(e, f->values, &bad);
    to->unknown_source = keep(e, f->unknown_source, &bad);
    to->evidence = keep(e, ktg_bytes(f->evidence, f->evidence_count * 16), &bad);
    ktg_buf_clear(&e->temp);
    ktg_buf_clear(&e->temp2);
    if (to->told)
        ktg_op_route(rule, ktg_catalogue_kind_name(e->view.catalogue, kind), f,
                     before ? before->route : KTG_BYTES_NONE, &e->temp, &e->temp2);
    if (bad || ktg_buf_check(&e->temp) || ktg_buf_check(&e->temp2))
        return KTG_ENOMEM;
    to->route = keep(e, ktg_buf_view(&e->temp), &bad);
    to->heed = keep(e, ktg_buf_view(&e->temp2), &bad);
    if (bad)
        return KTG_ENOMEM;
    if (before) {
        memcpy(to->anchor, before->anchor, 16);
        to->anchor_pos = before->anchor_pos;
        to->is_posted = before->is_posted;
        memcpy(to->posted_key, before->posted_key, 16);
        memcpy(to->posted_hash, before->posted_hash, 16);
        to->posted_from = before->posted_from;
        to->targets = before->targets;
        to->target_count = before->target_count;
        return KTG_OK;
    }
    bool posts = !to->unknown && e->dispatch.is_read[ktg_rule_index(rule)];
    return posts ? stand_posted(e, rule, kind, subject, f, to) : KTG_OK;
}

/* ---- labels ------------------------------------------------------------------------------------------------------ */

/* l LABEL -> standing, revisions said, and while it stands: rule, kind, subject */
static int label_get(struct ktg_engine *e, const uint8_t label[static 16], bool *ret_standing,
                     uint32_t *ret_rev)
{
    struct ktg_key key;
    struct ktg_bytes value, name = ktg_bytes(label, 16);
    ktg_key_put(&key, 'l', &name, 1);
    int rc = ktg_state_get(e->state, ktg_key_view(&key), &value);
    *ret_standing = false;
    *ret_rev = 0;
    if (rc)
        return rc == KTG_ENOTFOUND ? KTG_OK : rc;
    struct ktg_unpack u = ktg_unpack_open(value);
    *ret_standing = ktg_unpack_u8(&u);
    *ret_rev = ktg_unpack_u32(&u);
    return u.bad ? KTG_ECORRUPT : KTG_OK;
}

int ktg_engine_label(struct ktg_engine *e, const uint8_t label[static 16], bool standing,
                     uint32_t rev, struct ktg_bytes rule, struct ktg_bytes kind,
                     struct ktg_bytes subject)
{
    struct ktg_key key;
    struct ktg_bytes name = ktg_bytes(label, 16);
    struct ktg_buf *b;
    ktg_key_put(&key, 'l', &name, 1);
    int rc = ktg_state_edit(e->state, ktg_key_view(&key), &b);
    if (rc)
        return rc;
    ktg_buf_clear(b);
    ktg_pack_u8(b, standing);
    ktg_pack_u32(b, rev);
    if (standing) {
        ktg_pack_bytes(b, rule);
        ktg_pack_bytes(b, kind);
        ktg_pack_bytes(b, subject);
    }
    return ktg_buf_check(b);
}

/* BLAKE2b-128(rule, subject, key, anchor, n) with the first n that no standing finding bears. */
static int label_make(struct ktg_engine *e, struct ktg_bytes rule, struct ktg_bytes subject,
                      struct ktg_standing *f)
{
    for (uint32_t n = 0;; n++) {
        uint8_t size[3][4], no[4];
        ktg_put_be32(size[0], (uint32_t)rule.size);
        ktg_put_be32(size[1], (uint32_t)subject.size);
        ktg_put_be32(size[2], (uint32_t)f->key.size);
        ktg_put_be32(no, n);
        ktg_blake2b_128((struct ktg_bytes[]){ktg_bytes(size[0], 4), rule, ktg_bytes(size[1], 4),
                                             subject, ktg_bytes(size[2], 4), f->key,
                                             ktg_bytes(f->anchor, 16), ktg_bytes(no, 4)},
                        8, f->label);
        bool standing;
        int rc = label_get(e, f->label, &standing, &f->rev);
        if (rc || !standing)
            return rc;
    }
}

/* ---- saying ------------------------------------------------------------------------------------------------------ */

int ktg_engine_saying(struct ktg_engine *e, struct ktg_sayings *to, enum ktg_op_kind op,
                      enum ktg_reason why, struct ktg_bytes rule, struct ktg_bytes subject,
                      const struct ktg_standing *f, uint32_t rev)
{
    if (to->count == to->cap) {
        size_t cap = to->cap ? to->cap * 2 : 8;
        struct ktg_saying *more = ktg_arena_alloc(&e->record, cap * sizeof *more);
        if (!more)
            return KTG_ENOMEM;
        if (to->count)
            memcpy(more, to->list, to->count * sizeof *more);
        to->list = more;
        to->cap = cap;
    }
    bool bad = false;
    ktg_buf_clear(&e->temp);
    ktg_op_encode(&(struct ktg_op_context){op, why, e->at, rule, subject, f->label, rev}, f,
                  &e->temp);
    if (ktg_buf_check(&e->temp))
        return KTG_ENOMEM;
    struct ktg_bytes label = keep(e, ktg_bytes(f->label, 16), &bad),
                     payload = keep(e, ktg_buf_view(&e->temp), &bad);
    if (bad)
        return KTG_ENOMEM;
    to->list[to->count++] =
        (struct ktg_saying){f->from, subject, f->key, label.data, rev, op, payload};
    return KTG_OK;
}

static int by_place(const void *x, const void *y)
{
    const struct ktg_saying *a = x, *b = y;
    if (a->from != b->from)
        return a->from < b->from ? -1 : 1;
    int c = ktg_bytes_cmp(a->subject, b->subject);
    if (!c)
        c = ktg_bytes_cmp(a->key,
                          b->key); /* before the id, which is a hash that nobody can foresee */
    return c ? c : memcmp(a->label, b->label, 16);
}

int ktg_engine_say(struct ktg_engine *e, struct ktg_bytes rule, struct ktg_sayings *list)
{
    if (list->count > 1)
        qsort(list->list, list->count, sizeof *list->list, by_place);
    for (size_t i = 0; i < list->count; i++) {
        const struct ktg_saying *s = &list->list[i];
        struct ktg_op op = {.pos = e->pos,
                            .n = e->n,
                            .kind = s->op,
                            .at = e->at,
                            .rule = rule,
                            .subject = s->subject,
                            .rev = s->rev,
                            .payload = s->payload};
        memcpy(op.finding, s->label, 16);
        int rc = e->world.out(e->world.arg, &op);
        if (rc)
            return rc;
        e->n++;
    }
    return KTG_OK;
}

/* The reason as the op says it: what an event changes in the past, it changes by coming late. */
static enum ktg_reason reason_of(enum ktg_reason why, enum ktg_op_kind op,
                                 const struct ktg_side *old, const struct ktg_side *fresh)
{
    if (why == KTG_REASON_CLOCK && op == KTG_OP_UNKNOWN)
        return KTG_REASON_SOURCE_SILENT;
    if (why != KTG_REASON_EVENT)
        return why;
    if (op == KTG_OP_WITHDRAW)
        return KTG_REASON_LATE_EVENT;
    bool moved =
        op == KTG_OP_AMEND && (old->finding->from != fresh->finding->from ||
                               memcmp(old->finding->anchor, fresh->finding->anchor, 16) != 0);
    return moved ? KTG_REASON_LATE_EVENT : why;
}

/* ---- posting ----------------------------------------------------------------------------------------------------- */

/* Whoever reads it on the target's timeline is asked; `gone`: it was taken down there. */
static int mark_readers(struct ktg_engine *e, int index, const struct ktg_target *t, ktg_time since,
                        struct ktg_bytes blob, bool gone, enum ktg_reason why)
{
    int kind = ktg_catalogue_kind(e->view.catalogue, t->kind);
    struct ktg_bytes name = t->subject;
    struct ktg_live_subject *s;
    if (kind < 0)
        return KTG_OK;
    int rc = kind == e->view.person_kind
                 ? ktg_identity_name(e->state, &e->record, t->subject, &name)
                 : KTG_OK;
    if (rc || (rc = ktg_engine_subject(e, kind, name, &s)))
        return rc;
    if ((rc = gone ? ktg_patched_unpost(e, s, blob) : ktg_patched_post(e, s, blob)))
        return rc;
    return index < 0
               ? KTG_OK
               : ktg_engine_mark_posted(
                     e, s, &e->dispatch.by_finding[(size_t)index * KTG_MAX_KINDS + (size_t)kind],
                     since, why);
}

static int unpost(struct ktg_engine *e, int index, const struct ktg_standing *f,
                  enum ktg_reason why)
{
    struct ktg_key key;
    struct ktg_bytes name = ktg_bytes(f->posted_key, 16);
    ktg_key_put(&key, 'o', &name, 1);
    struct ktg_bytes blob = KTG_BYTES_NONE;
    bool bad = false;
    int rc = ktg_state_get(e->state, ktg_key_view(&key), &blob);
    if (!rc)
        blob = keep(e, blob, &bad);
    rc = bad ? KTG_ENOMEM : ktg_state_del(e->state, ktg_key_view(&key));
    for (size_t i = 0; !rc && i < f->target_count; i++) {
        struct ktg_buf *b;
        bool empty = false;
        ktg_key_subject(&key, 't', f->targets[i].kind, f->targets[i].subject);
        rc = ktg_state_edit(e->state, ktg_key_view(&key), &b);
        if (!rc &&
            (rc = ktg_record_unpost(b, f->posted_from, f->posted_key, &empty)) == KTG_ENOTFOUND)
            rc = KTG_ECORRUPT;
        if (!rc && empty)
            rc = ktg_state_del(e->state, ktg_key_view(&key));
        if (!rc)
            rc = mark_readers(e, index, &f->targets[i], f->posted_from, blob, true, why);
    }
    return rc;
}

static int post(struct ktg_engine *e, int index, const struct ktg_standing *f, enum ktg_reason why)
{
    struct ktg_key key;
    struct ktg_bytes name = ktg_bytes(f->posted_key, 16);
    ktg_key_put(&key, 'o', &name, 1);
    int rc = ktg_state_put(e->state, ktg_key_view(&key), f->posted_blob);
    for (size_t i = 0; !rc && i < f->target_count; i++) {
        struct ktg_buf *b;
        ktg_key_subject(&key, 't', f->targets[i].kind, f->targets[i].subject);
        if (!(rc = ktg_state_edit(e->state, ktg_key_view(&key), &b)) &&
            !(rc = ktg_record_post(b, f->posted_from, f->posted_key)))
            rc = mark_readers(e, index, &f->targets[i], f->posted_from, f->posted_blob, false, why);
    }
    return rc;
}

static int by_posted(const void *x, const void *y)
{
    return memcmp((*(struct ktg_standing *const *)x)->posted_key,
                  (*(struct ktg_standing *const *)y)->posted_key, 16);
}

static bool posted_alike(const struct ktg_standing *a, const struct ktg_standing *b)
{
    if (memcmp(a->posted_hash, b->posted_hash, 16) != 0 || a->target_count != b->target_count)
        return false;
    for (size_t i = 0; i < a->target_count; i++) {
        if (!has_target(b->targets, b->target_count, a->targets[i]))
            return false;
    }
    return true;
}

static struct ktg_standing **posted_list(struct ktg_engine *e, struct ktg_side *side, size_t count,
                                         size_t *ret_n)
{
    struct ktg_standing **list = ktg_arena_alloc(&e->record, count * sizeof *list + 1);
    *ret_n = 0;
    for (size_t i = 0; list && i < count; i++) {
        if (side[i].finding->is_posted)
            list[(*ret_n)++] = side[i].finding;
    }
    if (list && *ret_n > 1)
        qsort(list, *ret_n, sizeof *list, by_posted);
    return list;
}

/* Take down what is no more or is otherwise, put up what is new or otherwise. */
static int repost(struct ktg_engine *e, int index, struct ktg_side *old, size_t old_count,
                  struct ktg_side *fresh, size_t fresh_count, enum ktg_reason why)
{
    size_t on, fn;
    struct ktg_standing **o = posted_list(e, old, old_count, &on),
                        **f = posted_list(e, fresh, fresh_count, &fn);
    int rc = o && f ? KTG_OK : KTG_ENOMEM;
    for (size_t i = 0, j = 0; !rc && (i < on || j < fn);) {
        int c = i == on ? 1 : j == fn ? -1 : by_posted(&o[i], &f[j]);
        if (c != 0 || !posted_alike(o[i], f[j])) {
            if (c <= 0)
                rc = unpost(e, index, o[i], why);
            if (!rc && c >= 0)
                rc = post(e, index, f[j], why);
        }
        i += c <= 0;
        j += c >= 0;
    }
    return rc;
}

int ktg_engine_differ(struct ktg_engine *e, struct ktg_bytes rule, int index, int kind,
                      struct ktg_side *old, size_t old_count, struct ktg_side *fresh,
                      size_t fresh_count, enum ktg_reason why, struct ktg_sayings *to)
{
    const char *kind_text = ktg_catalogue_kind_name(e->view.catalogue, kind);
    struct ktg_bytes kind_name = ktg_bytes_str(kind_text ? kind_text : "");
    int rc = ktg_match(old, old_count, fresh, fresh_count, &e->record);
    for (size_t i = 0; !rc && i < fresh_count;
         i++) { /* labels: first those that stay, then new ones */
        struct ktg_standing *f = fresh[i].finding;
        const struct ktg_standing *o =
            fresh[i].other == SIZE_MAX ? NULL : old[fresh[i].other].finding;
        if (!f->told || !o || !o->told)
            continue;
        memcpy(f->label, o->label, 16);
        f->rev = o->rev;
        if (!ktg_bytes_eq(old[fresh[i].other].subject, fresh[i].subject))
            rc = ktg_engine_label(e, f->label, true, f->rev, rule, kind_name, fresh[i].subject);
    }
    for (size_t i = 0; !rc && i < fresh_count; i++) {
        struct ktg_standing *f = fresh[i].finding;
        const struct ktg_side *o = fresh[i].other == SIZE_MAX ? NULL : &old[fresh[i].other];
        enum ktg_op_kind op;
        if (f->told && (!o || !o->finding->told) &&
            ((rc = label_make(e, rule, fresh[i].subject, f)) ||
             (rc = ktg_engine_label(e, f->label, true, f->rev, rule, kind_name, fresh[i].subject))))
            break;
        if (f->told && ktg_match_op(o, &fresh[i], &op))
            rc = ktg_engine_saying(e, to, op, reason_of(why, op, o, &fresh[i]), rule,
                                   fresh[i].subject, f, ++f->rev);
    }
    for (size_t i = 0; !rc && i < old_count; i++) {
        struct ktg_standing *o = old[i].finding;
        bool stays = old[i].other != SIZE_MAX && fresh[old[i].other].finding->told;
        if (!o->told || stays)
            continue;
        rc = ktg_engine_saying(e, to, why == KTG_REASON_ERASED ? KTG_OP_NONE : KTG_OP_WITHDRAW,
                               reason_of(why, KTG_OP_WITHDRAW, &old[i], NULL), rule, old[i].subject,
                               o, o->rev + 1);
        if (!rc)
            rc = ktg_engine_label(e, o->label, false, o->rev + 1, KTG_BYTES_NONE, KTG_BYTES_NONE,
                                  KTG_BYTES_NONE);
    }
    return rc ? rc : repost(e, index, old, old_count, fresh, fresh_count, why);
}
