/* producers/outbox/receipts.c - what remains of an event that has left: its receipt, and its reject if it was one.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <assert.h>

#include "producers/outbox/rows.h"
#include "runtime/hash.h"
#include "runtime/mem.h"

#define VERSION      1
#define RECEIPT_SIZE (1 + 8 + 1 + 8 + 8 + KTG_OUTBOX_HASH)
#define REJECT_HEAD  25 /* ver, at, id */
#define REJECT_TEXTS 5

const char *ktg_receipt_status_name(enum ktg_receipt_status s)
{
    static const char *const names[] = {"accepted", "duplicate", "rejected", "stored"};
    return (size_t)s < KTG_COUNT(names) ? names[s] : "unknown";
}

static struct ktg_bytes row_key(uint64_t row, uint8_t to[static 8])
{
    ktg_put_be64(to, row);
    return ktg_bytes(to, 8);
}

/* ---- receipts ---- */

struct receipt_row {
    uint64_t row;
    struct ktg_outbox_receipt receipt;
    uint8_t hash[KTG_OUTBOX_HASH];
};

static bool read_receipt(struct ktg_bytes v, const uint8_t *id, struct receipt_row *ret_row)
{
    if (v.size != RECEIPT_SIZE || v.data[0] != VERSION || v.data[9] > KTG_RECEIPT_STORED)
        return false;
    ret_row->row = ktg_get_le64(v.data + 1);
    memcpy(ret_row->receipt.id, id, KTG_OUTBOX_ID);
    ret_row->receipt.status = (enum ktg_receipt_status)v.data[9];
    ret_row->receipt.position = ktg_get_le64(v.data + 10);
    ret_row->receipt.at = (ktg_time)ktg_get_le64(v.data + 18);
    memcpy(ret_row->hash, v.data + 26, KTG_OUTBOX_HASH);
    return true;
}

static int write_receipt(struct ktg_outbox *ob, struct ktg_txn *t, const struct receipt_row *row,
                         struct ktg_err *err)
{
    uint8_t v[RECEIPT_SIZE];
    v[0] = VERSION;
    ktg_put_le64(v + 1, row->row);
    v[9] = (uint8_t)row->receipt.status;
    ktg_put_le64(v + 10, row->receipt.position);
    ktg_put_le64(v + 18, (uint64_t)row->receipt.at);
    memcpy(v + 26, row->hash, KTG_OUTBOX_HASH);
    return ktg_txn_put(t, ob->receipts, ktg_bytes(row->receipt.id, KTG_OUTBOX_ID),
                       ktg_bytes(v, sizeof v), err);
}

/* Delete the oldest row of `order` or `rejects`; its value (a copy) is left in `value`. */
static int pop_oldest(struct ktg_txn *t, ktg_db db, struct ktg_buf *value, struct ktg_err *err)
{
    struct ktg_cursor *c = NULL;
    struct ktg_bytes v;
    struct ktg_range all = {.way = KTG_CURSOR_UP};
    int r = ktg_cursor_open(t, db, &all, &c, err);
    if (!r)
        r = ktg_cursor_next(c, NULL, &v, err);
    if (!r) {
        ktg_buf_clear(value);
        ktg_buf_put_bytes(value, v);
        r = ktg_buf_check(value) ? ktg_err_set(err, KTG_ENOMEM, "outbox: no memory")
                                 : ktg_cursor_del(c, err);
    }
    ktg_cursor_close(c);
    return r;
}

static int forget_oldest_receipt(struct ktg_outbox *ob, struct ktg_txn *t, struct state *s,
                                 struct ktg_err *err)
{
    struct ktg_buf id = KTG_BUF_INIT;
    int r = pop_oldest(t, ob->order, &id, err);
    if (!r)
        r = ktg_txn_del(t, ob->receipts, ktg_buf_view(&id), err);
    if (r == KTG_ENOTFOUND)
        r = ktg_outbox_damaged(ob, "receipts", err);
    if (!r)
        s->receipts--;
    ktg_buf_done(&id);
    return r;
}

int ktg_outbox_put_receipt(struct ktg_outbox *ob, struct ktg_txn *t, struct state *s, uint64_t row,
                           struct ktg_bytes blob, const struct ktg_outbox_receipt *r,
                           struct ktg_err *err)
{
    uint8_t key[8];
    struct receipt_row rr = {.row = row, .receipt = *r};
    ktg_blake2b_128(&blob, 1, rr.hash);
    int rc = write_receipt(ob, t, &rr, err);
    if (!rc)
        rc = ktg_txn_put(t, ob->order, row_key(row, key), ktg_bytes(r->id, KTG_OUTBOX_ID), err);
    if (rc)
        return rc;
    s->receipts++;
    while (!rc && s->receipts > ob->options.receipts)
        rc = forget_oldest_receipt(ob, t, s, err);
    return rc;
}

int ktg_outbox_drop_receipt(struct ktg_outbox *ob, struct ktg_txn *t, struct state *s,
                            const uint8_t *id, struct ktg_err *err)
{
    uint8_t key[8];
    struct ktg_bytes v;
    struct receipt_row row;
    int r = ktg_txn_get(t, ob->receipts, ktg_bytes(id, KTG_OUTBOX_ID), &v, err);
    if (r)
        return r;
    if (!read_receipt(v, id, &row))
        return ktg_outbox_damaged(ob, "receipts", err);
    r = ktg_txn_del(t, ob->receipts, ktg_bytes(id, KTG_OUTBOX_ID), err);
    if (!r)
        r = ktg_txn_del(t, ob->order, row_key(row.row, key), err);
    if (!r)
        s->receipts--;
    return r == KTG_ENOTFOUND ? ktg_outbox_damaged(ob, "order", err) : r;
}

int ktg_outbox_get_receipt(struct ktg_outbox *ob, struct ktg_txn *t, const uint8_t *id,
                           struct ktg_bytes blob, struct ktg_outbox_receipt *ret_r, bool *ret_same,
                           struct ktg_err *err)
{
    struct ktg_bytes v;
    struct receipt_row row;
    uint8_t hash[KTG_OUTBOX_HASH];
    int r = ktg_txn_get(t, ob->receipts, ktg_bytes(id, KTG_OUTBOX_ID), &v, err);
    if (r)
        return r;
    if (!read_receipt(v, id, &row))
        return ktg_outbox_damaged(ob, "receipts", err);
    ktg_blake2b_128(&blob, 1, hash);
    *ret_r = row.receipt;
    *ret_same = memcmp(hash, row.hash, sizeof hash) == 0;
    return KTG_OK;
}

int ktg_outbox_receipt(struct ktg_outbox *ob, const uint8_t id[static KTG_OUTBOX_ID],
                       struct ktg_outbox_receipt *ret_receipt, struct ktg_err *err)
{
    struct ktg_txn *t = NULL;
    struct ktg_outbox_receipt receipt;
    bool same;
    int r = ktg_txn_read(ob->store, &t, err);
    if (r)
        return r;
    r = ktg_outbox_get_receipt(ob, t, id, KTG_BYTES_NONE, &receipt, &same, err);
    ktg_txn_abort(t);
    if (!r)
        *ret_receipt = receipt;
    return r;
}

/* ---- rejects ---- */

static void put_cut(struct ktg_buf *to, struct ktg_bytes text)
{
    uint8_t len[2];
    size_t n = text.size < KTG_OUTBOX_TEXT ? text.size : KTG_OUTBOX_TEXT;
    while (n > 0 && n < text.size && (text.data[n] & 0xc0) == 0x80) /* not within a character */
        n--;
    ktg_put_le16(len, (uint16_t)n);
    ktg_buf_put(to, len, sizeof len);
    ktg_buf_put(to, text.data, n);
}

bool ktg_outbox_read_reject(struct ktg_bytes v, struct ktg_outbox_reject_view *ret_r)
{
    struct ktg_outbox_reject_view r = {0};
    struct ktg_bytes *texts[REJECT_TEXTS] = {&r.fault.code, &r.fault.where, &r.fault.got,
                                             &r.fault.want, &r.fault.text};
    if (v.size < REJECT_HEAD || v.data[0] != VERSION)
        return false;
    r.at = (ktg_time)ktg_get_le64(v.data + 1);
    memcpy(r.id, v.data + 9, sizeof r.id);
    size_t at = REJECT_HEAD;
    for (size_t i = 0; i < REJECT_TEXTS; i++) {
        if (v.size - at < 2 || v.size - at - 2 < ktg_get_le16(v.data + at))
            return false;
        *texts[i] = ktg_bytes(v.data + at + 2, ktg_get_le16(v.data + at));
        at += 2 + texts[i]->size;
    }
    r.blob = ktg_bytes(v.data + at, v.size - at);
    *ret_r = r;
    return true;
}

static int forget_oldest_reject(struct ktg_outbox *ob, struct ktg_txn *t, struct state *s,
                                struct ktg_err *err)
{
    struct ktg_buf old = KTG_BUF_INIT;
    int r = pop_oldest(t, ob->rejects, &old, err);
    if (r == KTG_ENOTFOUND)
        r = ktg_outbox_damaged(ob, "rejects", err);
    if (!r) {
        uint64_t cost = ktg_outbox_cost(old.size);
        s->rejects--;
        s->reject_bytes -= cost < s->reject_bytes ? cost : s->reject_bytes;
    }
    ktg_buf_done(&old);
    return r;
}

int ktg_outbox_put_reject(struct ktg_outbox *ob, struct ktg_txn *t, struct state *s, uint64_t row,
                          const uint8_t *id, struct ktg_bytes blob,
                          const struct ktg_outbox_fault *fault, ktg_time now, struct ktg_err *err)
{
    static const struct ktg_outbox_fault silent;
    uint8_t head[REJECT_HEAD], key[8];
    struct ktg_buf v = KTG_BUF_INIT;
    struct ktg_bytes old;
    const struct ktg_outbox_fault *f = fault ? fault : &silent;
    head[0] = VERSION;
    ktg_put_le64(head + 1, (uint64_t)now);
    memcpy(head + 9, id, KTG_OUTBOX_ID);
    ktg_buf_put(&v, head, sizeof head);
    put_cut(&v, f->code);
    put_cut(&v, f->where);
    put_cut(&v, f->got);
    put_cut(&v, f->want);
    put_cut(&v, f->text);
    ktg_buf_put_bytes(&v, blob);
    int r = ktg_buf_check(&v) ? ktg_err_set(err, KTG_ENOMEM, "outbox: no memory") : KTG_OK;
    if (!r)
        r = ktg_txn_get(t, ob->rejects, row_key(row, key), &old, err);
    if (!r) { /* completed: what it took before is taken off */
        uint64_t cost = ktg_outbox_cost(old.size);
        s->rejects--;
        s->reject_bytes -= cost < s->reject_bytes ? cost : s->reject_bytes;
    } else if (r == KTG_ENOTFOUND) {
        r = KTG_OK;
    }
    if (!r)
        r = ktg_txn_put(t, ob->rejects, row_key(row, key), ktg_buf_view(&v), err);
    if (!r) {
        s->rejects++;
        s->reject_bytes += ktg_outbox_cost(v.size);
    }
    while (!r && s->rejects > 1 &&
           (s->rejects > ob->options.rejects || s->reject_bytes > ob->options.map_size / 8))
        r = forget_oldest_reject(ob, t, s, err);
    ktg_buf_done(&v);
    return r;
}

/* The event has left and its fate was not heard, or heard wrongly: correct the receipt. */
static int correct_receipt(struct ktg_outbox *ob, struct ktg_txn *t, struct state *s, uint64_t row,
                           const struct ktg_outbox_fault *fault, ktg_time now, struct ktg_err *err)
{
    uint8_t key[8], id[KTG_OUTBOX_ID];
    struct ktg_bytes v;
    struct receipt_row rr;
    int r = ktg_txn_get(t, ob->order, row_key(row, key), &v, err);
    if (r)
        return r; /* long forgotten */
    if (v.size != sizeof id)
        return ktg_outbox_damaged(ob, "order", err);
    memcpy(id, v.data, sizeof id);
    r = ktg_txn_get(t, ob->receipts, ktg_bytes(id, sizeof id), &v, err);
    if (r == KTG_ENOTFOUND || (!r && !read_receipt(v, id, &rr)))
        return ktg_outbox_damaged(ob, "receipts", err);
    if (!r && rr.receipt.status == KTG_RECEIPT_REJECTED)
        return KTG_ENOTFOUND; /* its reject was seen and is gone */
    if (!r && rr.receipt.status == KTG_RECEIPT_STORED)
        s->stored_only--;
    if (!r) {
        rr.receipt.status = KTG_RECEIPT_REJECTED;
        rr.receipt.position = 0;
        s->rejected++;
        r = write_receipt(ob, t, &rr, err);
    }
    return r ? r : ktg_outbox_put_reject(ob, t, s, row, id, KTG_BYTES_NONE, fault, now, err);
}

/* A row that is still in `rejects`, or in `events`, gets (more of) its reason. */
static int explain(struct ktg_outbox *ob, struct ktg_txn *t, struct state *s, uint64_t row,
                   const struct ktg_outbox_fault *fault, ktg_time now, struct ktg_err *err)
{
    uint8_t key[8], id[KTG_OUTBOX_ID];
    struct ktg_bytes v;
    struct ktg_outbox_reject_view known = {0};
    struct event_row waiting = {0};
    struct ktg_buf blob = KTG_BUF_INIT;
    int r = ktg_txn_get(t, ob->rejects, row_key(row, key), &v, err);
    if (!r && !ktg_outbox_read_reject(v, &known))
        return ktg_outbox_damaged(ob, "rejects", err);
    if (r == KTG_ENOTFOUND) {
        r = ktg_txn_get(t, ob->events, row_key(row, key), &v, err);
        if (!r && !ktg_event_row_read(v, &waiting))
            return ktg_outbox_damaged(ob, "events", err);
    }
    if (r)
        return r;
    memcpy(id, waiting.id ? waiting.id : known.id, sizeof id);
    ktg_buf_put_bytes(&blob, waiting.id ? waiting.blob : known.blob);
    r = ktg_buf_check(&blob)
            ? ktg_err_set(err, KTG_ENOMEM, "outbox: no memory")
            : ktg_outbox_put_reject(ob, t, s, row, id, ktg_buf_view(&blob), fault, now, err);
    ktg_buf_done(&blob);
    return r;
}

int ktg_outbox_reject(struct ktg_outbox *ob, uint64_t seq, const struct ktg_outbox_fault *fault,
                      ktg_time now, struct ktg_err *err)
{
    struct ktg_txn *t = NULL;
    struct state s;
    if (seq == 0 || seq >= ob->s.next_row - ob->s.base)
        return ktg_err_set(err, KTG_EINVALID, "outbox: number %llu was never given out",
                           (unsigned long long)seq);
    uint64_t row = ob->s.base + seq;
    int r = ktg_outbox_begin(ob, &t, &s, err);
    if (r)
        return r;
    r = explain(ob, t, &s, row, fault, now, err);
    if (r == KTG_ENOTFOUND)
        r = correct_receipt(ob, t, &s, row, fault, now, err);
    if (r == KTG_ENOTFOUND) { /* seen, or long forgotten: nothing to keep */
        ktg_txn_abort(t);
        return KTG_OK;
    }
    return ktg_outbox_end(ob, t, &s, r, err);
}

int ktg_outbox_rejects(struct ktg_outbox *ob, uint64_t from,
                       int (*each)(void *arg, const struct ktg_outbox_reject_view *r), void *arg,
                       struct ktg_err *err)
{
    struct ktg_txn *t = NULL;
    struct ktg_cursor *c = NULL;
    struct ktg_bytes key, v;
    struct ktg_outbox_reject_view view;
    uint8_t from_key[8];
    struct ktg_range range = {.from = row_key(from, from_key), .way = KTG_CURSOR_UP};
    int r = ktg_txn_read(ob->store, &t, err);
    if (!r)
        r = ktg_cursor_open(t, ob->rejects, &range, &c, err);
    while (!r && (r = ktg_cursor_next(c, &key, &v, err)) == KTG_OK) {
        if (key.size != 8 || !ktg_outbox_read_reject(v, &view)) {
            r = ktg_outbox_damaged(ob, "rejects", err);
            break;
        }
        view.no = ktg_get_be64(key.data);
        r = each(arg, &view);
    }
    ktg_cursor_close(c);
    ktg_txn_abort(t);
    return r == KTG_ENOTFOUND ? KTG_OK : r;
}

int ktg_outbox_reason(struct ktg_outbox *ob, uint64_t seq,
                      int (*tell)(void *arg, const struct ktg_outbox_fault *fault), void *arg,
                      struct ktg_err *err)
{
    struct ktg_txn *t = NULL;
    struct ktg_bytes v;
    struct ktg_outbox_reject_view view;
    uint8_t key[8];
    int r = ktg_txn_read(ob->store, &t, err);
    if (!r)
        r = ktg_txn_get(t, ob->rejects, row_key(ob->s.base + seq, key), &v, err);
    if (!r && !ktg_outbox_read_reject(v, &view))
        r = ktg_outbox_damaged(ob, "rejects", err);
    if (!r)
        r = view.fault.code.size ? tell(arg, &view.fault) : KTG_ENOTFOUND;
    ktg_txn_abort(t);
    return r;
}

int ktg_outbox_seen(struct ktg_outbox *ob, uint64_t no, struct ktg_err *err)
{
    struct ktg_txn *t = NULL;
    struct state s;
    struct ktg_bytes v;
    uint8_t key[8];
    int r = ktg_outbox_begin(ob, &t, &s, err);
    if (r)
        return r;
    r = ktg_txn_get(t, ob->rejects, row_key(no, key), &v, err);
    if (r) {
        ktg_txn_abort(t);
        return r;
    }
    uint64_t cost = ktg_outbox_cost(v.size);
    s.rejects--;
    s.reject_bytes -= cost < s.reject_bytes ? cost : s.reject_bytes;
    return ktg_outbox_end(ob, t, &s, ktg_txn_del(t, ob->rejects, row_key(no, key), err), err);
}
