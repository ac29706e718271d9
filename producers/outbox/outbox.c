/* producers/outbox/outbox.c - see outbox.h; the tables are in rows.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "producers/outbox/outbox.h"

#include <assert.h>
#include <stdio.h>

#include "producers/outbox/rows.h"
#include "runtime/hash.h"
#include "runtime/mem.h"
#include "runtime/path.h"

#define VERSION       1
#define ACK_ROWS      1024 /* most rows in one transaction of an acknowledgement */
#define LOOKERS_EVERY 64   /* transactions */
#define EVENT_HEAD    26   /* ver, occurred_at, id, source length */

enum {
#define X(name, label, code, what, apa, next, langkah) FAULT_##name,
#include "producers/outbox/faults.def"
#undef X
};
static const struct ktg_fault faults[] = {
#define X(name, label, code, what, apa, next, langkah) {label, code, what, apa, next, langkah},
#include "producers/outbox/faults.def"
#undef X
};

int ktg_outbox_damaged(struct ktg_outbox *ob, const char *what, struct ktg_err *err)
{
    (void)ob;
    return ktg_err_fault(err, &faults[FAULT_FOREIGN], "outbox", what, NULL);
}

/* ---- the state ---- */

int ktg_outbox_put_state(struct ktg_outbox *ob, struct ktg_txn *t, const struct state *s,
                         struct ktg_err *err)
{
    uint8_t value[1 + sizeof *s];
    _Static_assert(sizeof *s == KTG_OUTBOX_STATE_WORDS * 8, "the state is words of eight bytes");
    value[0] = VERSION;
    memcpy(value + 1, s, sizeof *s);
    return ktg_txn_put(t, ob->meta, KTG_LIT("state"), ktg_bytes(value, sizeof value), err);
}

static int read_state(struct ktg_outbox *ob, struct ktg_txn *t, struct state *ret_s,
                      struct ktg_err *err)
{
    struct ktg_bytes v;
    int r = ktg_txn_get(t, ob->meta, KTG_LIT("state"), &v, err);
    if (r)
        return r;
    if (v.size != 1 + sizeof *ret_s || v.data[0] != VERSION)
        return ktg_outbox_damaged(ob, "state", err);
    memcpy(ret_s, v.data + 1, sizeof *ret_s);
    if (ret_s->base > ret_s->acked_row || ret_s->acked_row >= ret_s->next_row)
        return ktg_outbox_damaged(ob, "state", err);
    return KTG_OK;
}

int ktg_outbox_begin(struct ktg_outbox *ob, struct ktg_txn **ret_t, struct state *ret_s,
                     struct ktg_err *err)
{
    *ret_s = ob->s;
    if (ob->writes++ % LOOKERS_EVERY == 0)
        ktg_store_check_readers(ob->store); /* who looked and was killed keeps no pages for ever */
    return ktg_txn_write(ob->store, ret_t, err);
}

int ktg_outbox_end(struct ktg_outbox *ob, struct ktg_txn *t, const struct state *s, int r,
                   struct ktg_err *err)
{
    if (!r)
        r = ktg_outbox_put_state(ob, t, s, err);
    if (r) {
        ktg_txn_abort(t);
        return r;
    }
    r = ktg_txn_commit(&t, err);
    if (!r)
        ob->s = *s;
    return r;
}

/* Above every epoch that this installation may have had: the clock in the high bits, chance in the low ones. */
static uint64_t fresh_epoch(ktg_time now)
{
    uint16_t chance;
    ktg_random(&chance, sizeof chance);
    return ((uint64_t)(now > 0 ? now : 1) << 10) | (chance & 1023);
}

/* ---- life ---- */

static int open_tables(struct ktg_outbox *ob, struct ktg_err *err)
{
    static const char *const names[] = {"meta",     "events", "ids",     "times",
                                        "receipts", "order",  "rejects", NULL};
    ktg_db db[KTG_COUNT(names) - 1];
    int r = ktg_store_dbs(ob->store, names, db, err);
    if (r)
        return r;
    ob->meta = db[0];
    ob->events = db[1];
    ob->ids = db[2];
    ob->times = db[3];
    ob->receipts = db[4];
    ob->order = db[5];
    ob->rejects = db[6];
    return KTG_OK;
}

/* An outbox that was never owned belongs to the first who comes with a name. */
static int check_owner(struct ktg_outbox *ob, const char *path, struct ktg_err *err)
{
    struct ktg_txn *t = NULL;
    struct ktg_bytes v;
    char got[96];
    if (!ob->options.owner)
        return KTG_OK;
    int r = ktg_txn_write(ob->store, &t, err);
    if (r)
        return r;
    r = ktg_txn_get(t, ob->meta, KTG_LIT("owner"), &v, err);
    if (r == KTG_ENOTFOUND) {
        r = ktg_txn_put(t, ob->meta, KTG_LIT("owner"), ktg_bytes_str(ob->options.owner), err);
        if (!r)
            return ktg_txn_commit(&t, err);
    } else if (!r && !ktg_bytes_is(v, ob->options.owner)) {
        snprintf(got, sizeof got, "%.*s", (int)(v.size < 80 ? v.size : 80), (const char *)v.data);
        r = ktg_err_fault(err, &faults[FAULT_ANOTHER], path, got, ob->options.owner);
    }
    ktg_txn_abort(t);
    return r;
}

static int open_state(struct ktg_outbox *ob, ktg_time now, struct ktg_err *err)
{
    struct ktg_txn *t = NULL;
    struct state s = {0};
    int r = ktg_txn_write(ob->store, &t, err);
    if (r)
        return r;
    r = read_state(ob, t, &ob->s, err);
    if (r != KTG_ENOTFOUND) {
        ktg_txn_abort(t);
        return r;
    }
    s.epoch = fresh_epoch(now);
    s.next_row = 1;
    s.last_ack = KTG_LONG_AGO;
    return ktg_outbox_end(ob, t, &s, KTG_OK, err);
}

int ktg_outbox_open(const char *path, const struct ktg_outbox_options *options, ktg_time now,
                    struct ktg_outbox **ret_ob, struct ktg_err *err)
{
    assert(options->map_size >= 256 << 10 && options->receipts > 0 && options->rejects > 0);
    struct ktg_outbox *ob = ktg_zalloc(sizeof *ob);
    if (!ob)
        return ktg_err_set(err, KTG_ENOMEM, "outbox: no memory");
    ob->options = *options;
    if (ob->options.receipts > options->map_size / 1024) /* a quarter of the map, at most */
        ob->options.receipts = options->map_size / 1024;
    struct ktg_store_options so = {.map_size = options->map_size, .max_dbs = 8};
    int r = ktg_store_open(path, &so, &ob->store, err);
    const struct ktg_fault *plain = &ktg_runtime_faults[KTG_RUNTIME_PATH_DENIED];
    if (r == KTG_EDENIED && err && (!err->fault || err->fault == plain)) {
        char why[sizeof err->got];
        snprintf(why, sizeof why, "%s", err->fault ? err->got : err->text);
        r = ktg_err_fault(err, &faults[FAULT_DENIED], path, why, NULL);
    }
    if (!r)
        r = open_tables(ob, err);
    if (!r)
        r = open_state(ob, now, err);
    if (!r)
        r = check_owner(ob, path, err);
    if (r)
        ktg_outbox_close(ob);
    else
        *ret_ob = ob;
    return r;
}

int ktg_outbox_look(const char *path, const struct ktg_outbox_options *options,
                    struct ktg_outbox **ret_ob, struct ktg_err *err)
{
    struct ktg_outbox *ob = ktg_zalloc(sizeof *ob);
    if (!ob)
        return ktg_err_set(err, KTG_ENOMEM, "outbox: no memory");
    ob->options = *options;
    struct ktg_store_options so = {.map_size = options->map_size, .max_dbs = 8};
    int r = ktg_store_look(path, &so, &ob->store, err);
    if (!r)
        r = open_tables(ob, err);
    if (!r)
        *ret_ob = ob;
    else
        ktg_outbox_close(ob);
    return r == KTG_ENOTFOUND ? ktg_err_fault(err, &faults[FAULT_NONE], path, NULL, NULL) : r;
}

struct ktg_outbox *ktg_outbox_close(struct ktg_outbox *ob)
{
    if (!ob)
        return NULL;
    ktg_store_close(ob->store);
    ktg_free(ob);
    return NULL;
}

/* ---- in ---- */

static struct ktg_bytes row_key(uint64_t row, uint8_t to[static 8])
{
    ktg_put_be64(to, row);
    return ktg_bytes(to, 8);
}

static void times_key(struct ktg_key *k, struct ktg_bytes source, ktg_time at, uint64_t row)
{
    ktg_key_init(k);
    ktg_key_put_text(k, source);
    ktg_key_put_i64(k, at);
    ktg_key_put_u64(k, row);
}

bool ktg_event_row_read(struct ktg_bytes v, struct event_row *ret_row)
{
    if (v.size < EVENT_HEAD || v.data[0] != VERSION || v.size < EVENT_HEAD + (size_t)v.data[25])
        return false;
    *ret_row = (struct event_row){
        .occurred_at = (ktg_time)ktg_get_le64(v.data + 1),
        .id = v.data + 9,
        .source = ktg_bytes(v.data + EVENT_HEAD, v.data[25]),
        .blob = ktg_bytes(v.data + EVENT_HEAD + v.data[25], v.size - EVENT_HEAD - v.data[25]),
    };
    return true;
}

static int get_row(struct ktg_outbox *ob, struct ktg_txn *t, uint64_t row,
                   struct event_row *ret_row, struct ktg_err *err)
{
    uint8_t key[8];
    struct ktg_bytes v;
    int r = ktg_txn_get(t, ob->events, row_key(row, key), &v, err);
    if (r == KTG_ENOTFOUND || (!r && !ktg_event_row_read(v, ret_row)))
        return ktg_outbox_damaged(ob, "events", err);
    return r;
}

/* Is the id known?  KTG_ENOTFOUND: it is new. */
static int look_up(struct ktg_outbox *ob, struct ktg_txn *t, struct state *s,
                   const struct ktg_outbox_event *e, struct ktg_outbox_verdict *v,
                   struct ktg_err *err)
{
    struct ktg_bytes found;
    int r = ktg_txn_get(t, ob->ids, ktg_bytes(e->id, sizeof e->id), &found, err);
    if (!r) {
        struct event_row row;
        uint64_t no = found.size == 8 ? ktg_get_le64(found.data) : 0;
        r = get_row(ob, t, no, &row, err);
        if (r)
            return r;
        v->kind = ktg_bytes_eq(row.blob, e->blob) ? KTG_OUTBOX_WAITING : KTG_OUTBOX_CONFLICT;
        v->seq = no - s->base;
        return KTG_OK;
    }
    if (r != KTG_ENOTFOUND)
        return r;
    bool same = false;
    r = ktg_outbox_get_receipt(ob, t, e->id, e->blob, &v->receipt, &same, err);
    if (!r &&
        v->receipt.status == KTG_RECEIPT_REJECTED) { /* mended, or tried again: as if it were new */
        r = ktg_outbox_drop_receipt(ob, t, s, e->id, err);
        return r ? r : KTG_ENOTFOUND;
    }
    if (!r)
        v->kind = same ? KTG_OUTBOX_DONE : KTG_OUTBOX_CONFLICT;
    return r;
}

static int put_event(struct ktg_outbox *ob, struct ktg_txn *t, struct state *s,
                     const struct ktg_outbox_event *e, struct ktg_err *err)
{
    uint8_t key[8], row_le[8], *room;
    struct ktg_key times;
    size_t size = EVENT_HEAD + e->source.size + e->blob.size;
    times_key(&times, e->source, e->occurred_at, s->next_row);
    ktg_put_le64(row_le, s->next_row);
    int r = ktg_txn_reserve(t, ob->events, row_key(s->next_row, key), size, &room, err);
    if (r)
        return r;
    room[0] = VERSION;
    ktg_put_le64(room + 1, (uint64_t)e->occurred_at);
    memcpy(room + 9, e->id, sizeof e->id);
    room[25] = (uint8_t)e->source.size;
    if (e->source.size)
        memcpy(room + EVENT_HEAD, e->source.data, e->source.size);
    memcpy(room + EVENT_HEAD + e->source.size, e->blob.data, e->blob.size);
    r = ktg_txn_put(t, ob->ids, ktg_bytes(e->id, sizeof e->id), ktg_bytes(row_le, 8), err);
    if (!r)
        r = ktg_txn_put(t, ob->times, ktg_key_view(&times), KTG_BYTES_NONE, err);
    if (r)
        return r;
    s->next_row++;
    s->stored++;
    s->waiting_bytes += ktg_outbox_cost(size);
    return KTG_OK;
}

static int check_event(const struct ktg_outbox_event *e, struct ktg_err *err)
{
    if (e->source.size > KTG_OUTBOX_SOURCE_MAX ||
        (e->source.size && memchr(e->source.data, 0, e->source.size)))
        return ktg_err_set(err, KTG_EINVALID, "outbox: a source's name has at most %d bytes",
                           KTG_OUTBOX_SOURCE_MAX);
    if (e->blob.size == 0 || e->blob.size > KTG_OUTBOX_BLOB_MAX)
        return ktg_err_set(err, KTG_EINVALID, "outbox: an event has 1 to %u bytes",
                           KTG_OUTBOX_BLOB_MAX);
    return KTG_OK;
}

static int say_full(struct ktg_outbox *ob, const struct state *s, struct ktg_err *err)
{
    char got[96];
    (void)ob;
    snprintf(got, sizeof got, "%llu events wait",
             (unsigned long long)(s->next_row - 1 - s->acked_row));
    return ktg_err_fault(err, &faults[FAULT_FULL], "outbox", got, NULL);
}

/* No more room in the map, which is a setting; else it is the disk that has none. */
static bool is_map_full(const struct ktg_err *err)
{
    return err && err->fault && strcmp(err->fault->name, "store-full") == 0;
}

int ktg_outbox_add(struct ktg_outbox *ob, const struct ktg_outbox_event *events, size_t count,
                   struct ktg_outbox_verdict *verdicts, struct ktg_err *err)
{
    struct ktg_txn *t = NULL;
    struct state s;
    int r = KTG_OK;
    for (size_t i = 0; i < count && !r; i++)
        r = check_event(&events[i], err);
    if (!r)
        r = ktg_outbox_begin(ob, &t, &s, err);
    if (r)
        return r;
    uint64_t before = s.next_row;
    for (size_t i = 0; i < count && !r; i++) {
        verdicts[i] = (struct ktg_outbox_verdict){.kind = KTG_OUTBOX_NEW};
        r = look_up(ob, t, &s, &events[i], &verdicts[i], err);
        if (r != KTG_ENOTFOUND)
            continue;
        verdicts[i].kind = KTG_OUTBOX_NEW;
        verdicts[i].seq = s.next_row - s.base;
        r = put_event(ob, t, &s, &events[i], err);
        /* Half of the map is for what waits, so that acknowledging always finds room. */
        if (!r && s.waiting_bytes > ob->options.map_size / 2)
            r = say_full(ob, &s, err);
    }
    if (!r && s.next_row == before) { /* nothing new: nothing to sync */
        ktg_txn_abort(t);
        return KTG_OK;
    }
    r = ktg_outbox_end(ob, t, &s, r, err);
    if (r == KTG_EFULL && is_map_full(err))
        return say_full(ob, &ob->s, err);
    return r;
}

/* ---- out ---- */

int ktg_outbox_peek(struct ktg_outbox *ob, uint64_t first,
                    int (*each)(void *arg, uint64_t seq, struct ktg_bytes blob), void *arg,
                    struct ktg_err *err)
{
    struct ktg_txn *t = NULL;
    struct ktg_cursor *c = NULL;
    struct ktg_bytes key, value;
    struct event_row row;
    uint8_t from[8];
    uint64_t want = ob->s.base + first;
    if (want <= ob->s.acked_row)
        want = ob->s.acked_row + 1;
    struct ktg_range range = {.from = row_key(want, from), .way = KTG_CURSOR_UP};
    int r = ktg_txn_read(ob->store, &t, err);
    if (!r)
        r = ktg_cursor_open(t, ob->events, &range, &c, err);
    while (!r && (r = ktg_cursor_next(c, &key, &value, err)) == KTG_OK) {
        if (key.size != 8 || ktg_get_be64(key.data) != want || !ktg_event_row_read(value, &row))
            r = ktg_outbox_damaged(ob, "events", err);
        else
            r = each(arg, want - ob->s.base, row.blob);
        want++;
    }
    ktg_cursor_close(c);
    ktg_txn_abort(t);
    return r == KTG_ENOTFOUND ? KTG_OK : r;
}

static int remove_row(struct ktg_outbox *ob, struct ktg_txn *t, struct state *s, uint64_t no,
                      const struct event_row *row, struct ktg_err *err)
{
    uint8_t key[8], id[KTG_OUTBOX_ID];
    struct ktg_key times;
    memcpy(id, row->id, sizeof id);
    times_key(&times, row->source, row->occurred_at, no);
    uint64_t cost = ktg_outbox_cost(EVENT_HEAD + row->source.size + row->blob.size);
    s->waiting_bytes -= cost < s->waiting_bytes ? cost : s->waiting_bytes;
    int r = ktg_txn_del(t, ob->times, ktg_key_view(&times), err);
    if (!r)
        r = ktg_txn_del(t, ob->ids, ktg_bytes(id, sizeof id), err);
    if (!r)
        r = ktg_txn_del(t, ob->events, row_key(no, key), err);
    return r == KTG_ENOTFOUND ? ktg_outbox_damaged(ob, "indexes", err) : r;
}

static struct ktg_outbox_receipt fate_of(const struct ktg_outbox_run *runs, size_t count,
                                         uint64_t seq, ktg_time now)
{
    struct ktg_outbox_receipt r = {.status = KTG_RECEIPT_STORED, .at = now};
    for (size_t i = count; i-- > 0;) /* the last word counts */
        if (seq >= runs[i].first_seq && seq - runs[i].first_seq < runs[i].count) {
            r.status = runs[i].status;
            if (r.status == KTG_RECEIPT_ACCEPTED && runs[i].first_position)
                r.position = runs[i].first_position + (seq - runs[i].first_seq);
            break;
        }
    return r;
}

static void count_fate(struct state *s, enum ktg_receipt_status status)
{
    switch (status) {
    case KTG_RECEIPT_ACCEPTED:
        s->accepted++;
        break;
    case KTG_RECEIPT_DUPLICATE:
        s->duplicate++;
        break;
    case KTG_RECEIPT_REJECTED:
        s->rejected++;
        break;
    case KTG_RECEIPT_STORED:
        s->stored_only++;
        break;
    }
}

/* `scratch` holds a copy of the blob: what a row points to moves with the first change. */
static int ack_row(struct ktg_outbox *ob, struct ktg_txn *t, struct state *s, uint64_t no,
                   struct ktg_outbox_receipt *receipt, struct ktg_buf *scratch, struct ktg_err *err)
{
    struct event_row row;
    struct ktg_bytes found;
    uint8_t key[8];
    int r = get_row(ob, t, no, &row, err);
    if (r)
        return r;
    memcpy(receipt->id, row.id, sizeof receipt->id);
    ktg_buf_clear(scratch);
    ktg_buf_put_bytes(scratch, row.blob);
    if (ktg_buf_check(scratch))
        return ktg_err_set(err, KTG_ENOMEM, "outbox: no memory");
    r = ktg_txn_get(t, ob->rejects, row_key(no, key), &found, err);
    if (r == KTG_OK) /* its reject came before */
        receipt->status = KTG_RECEIPT_REJECTED;
    else if (r != KTG_ENOTFOUND)
        return r;
    bool unexplained = r == KTG_ENOTFOUND && receipt->status == KTG_RECEIPT_REJECTED;
    struct ktg_bytes blob = ktg_buf_view(scratch);
    r = remove_row(ob, t, s, no, &row, err);
    if (!r && unexplained)
        r = ktg_outbox_put_reject(ob, t, s, no, receipt->id, blob, NULL, receipt->at, err);
    if (!r)
        r = ktg_outbox_put_receipt(ob, t, s, no, blob, receipt, err);
    if (r)
        return r;
    count_fate(s, receipt->status);
    s->acked_row = no;
    return KTG_OK;
}

/* Rows acked_row + 1 .. last in one transaction; receipts[] are theirs, when it says KTG_OK. */
static int ack_some(struct ktg_outbox *ob, uint64_t last, const struct ktg_outbox_run *runs,
                    size_t count, ktg_time now, struct ktg_outbox_receipt *receipts,
                    struct ktg_err *err)
{
    struct ktg_txn *t = NULL;
    struct state s;
    struct ktg_buf scratch = KTG_BUF_INIT;
    int r = ktg_outbox_begin(ob, &t, &s, err);
    if (r)
        return r;
    for (uint64_t no = s.acked_row + 1, i = 0; no <= last && !r; no++, i++) {
        receipts[i] = fate_of(runs, count, no - s.base, now);
        r = ack_row(ob, t, &s, no, &receipts[i], &scratch, err);
    }
    ktg_buf_done(&scratch);
    s.last_ack = now;
    return ktg_outbox_end(ob, t, &s, r, err);
}

int ktg_outbox_ack(struct ktg_outbox *ob, uint64_t upto, const struct ktg_outbox_run *runs,
                   size_t count, ktg_time now,
                   void (*on_receipt)(void *arg, uint64_t seq, const struct ktg_outbox_receipt *r),
                   void *arg, struct ktg_err *err)
{
    int r = KTG_OK;
    if (upto >= ob->s.next_row - ob->s.base)
        return ktg_err_set(err, KTG_EINVALID, "outbox: number %llu was never given out",
                           (unsigned long long)upto);
    uint64_t last = ob->s.base + upto;
    if (last <= ob->s.acked_row)
        return KTG_OK;
    size_t most = last - ob->s.acked_row < ACK_ROWS ? (size_t)(last - ob->s.acked_row) : ACK_ROWS;
    struct ktg_outbox_receipt *receipts = ktg_calloc(most, sizeof *receipts);
    if (!receipts)
        return ktg_err_set(err, KTG_ENOMEM, "outbox: no memory");
    while (!r && ob->s.acked_row < last) {
        uint64_t from = ob->s.acked_row;
        uint64_t end = last - from > most ? from + most : last;
        r = ack_some(ob, end, runs, count, now, receipts, err);
        if (r == KTG_EFULL && is_map_full(err)) {
            /* acknowledging needs a few pages: it gets them, whatever the setting says */
            struct ktg_store_stat st;
            ktg_store_stat(ob->store, &st);
            r = ktg_store_grow(ob->store, st.map_size + st.map_size / 8, err);
            if (!r)
                r = ack_some(ob, end, runs, count, now, receipts, err);
        }
        for (uint64_t no = from + 1; !r && on_receipt && no <= end; no++)
            on_receipt(arg, no - ob->s.base, &receipts[no - from - 1]);
    }
    ktg_free(receipts);
    return r;
}

int ktg_outbox_renew(struct ktg_outbox *ob, uint64_t at_least, ktg_time now, struct ktg_err *err)
{
    struct ktg_txn *t = NULL;
    struct state s;
    int r = ktg_outbox_begin(ob, &t, &s, err);
    if (r)
        return r;
    uint64_t epoch = fresh_epoch(now);
    if (epoch <= s.epoch)
        epoch = s.epoch + 1;
    s.epoch = epoch < at_least ? at_least : epoch;
    s.base = s.acked_row; /* the oldest that waits is number 1 */
    return ktg_outbox_end(ob, t, &s, KTG_OK, err);
}

/* ---- looking ---- */

int ktg_outbox_oldest(struct ktg_outbox *ob, struct ktg_bytes source, ktg_time *ret_at,
                      struct ktg_err *err)
{
    struct ktg_txn *t = NULL;
    struct ktg_cursor *c = NULL;
    struct ktg_key prefix;
    struct ktg_bytes key;
    ktg_key_init(&prefix);
    ktg_key_put_text(&prefix, source);
    struct ktg_range range = {.prefix = ktg_key_view(&prefix), .way = KTG_CURSOR_UP};
    if (prefix.bad)
        return KTG_ENOTFOUND;
    int r = ktg_txn_read(ob->store, &t, err);
    if (!r)
        r = ktg_cursor_open(t, ob->times, &range, &c, err);
    if (!r)
        r = ktg_cursor_next(c, &key, NULL, err);
    if (!r && key.size != prefix.size + 16)
        r = ktg_outbox_damaged(ob, "times", err);
    if (!r)
        *ret_at = ktg_key_get_i64(key.data + prefix.size);
    ktg_cursor_close(c);
    ktg_txn_abort(t);
    return r;
}

/* The oldest of all: the first row of each source in `times`, skipping from source to source. */
static int oldest_of_all(struct ktg_outbox *ob, struct ktg_txn *t, ktg_time *ret_at,
                         struct ktg_err *err)
{
    struct ktg_cursor *c = NULL;
    struct ktg_bytes key;
    struct ktg_key from;
    ktg_time oldest = KTG_NEVER;
    ktg_key_init(&from);
    struct ktg_range range = {.way = KTG_CURSOR_UP};
    int r = ktg_cursor_open(t, ob->times, &range, &c, err);
    while (!r && (r = ktg_cursor_next(c, &key, NULL, err)) == KTG_OK) {
        if (key.size < 17) {
            r = ktg_outbox_damaged(ob, "times", err);
            break;
        }
        ktg_time at = ktg_key_get_i64(key.data + key.size - 16);
        oldest = at < oldest ? at : oldest;
        ktg_key_init(&from); /* behind all of this source: its name, then a byte above the NUL */
        ktg_key_put(&from, key.data, key.size - 17);
        ktg_key_put_u8(&from, 1);
        range.from = ktg_key_view(&from);
        r = ktg_cursor_range(c, &range, err);
    }
    ktg_cursor_close(c);
    if (r != KTG_ENOTFOUND)
        return r;
    *ret_at = oldest;
    return KTG_OK;
}

int ktg_outbox_stat(struct ktg_outbox *ob, struct ktg_outbox_stat *ret_stat, struct ktg_err *err)
{
    struct ktg_txn *t = NULL;
    struct state s;
    struct ktg_store_stat st;
    ktg_time oldest = KTG_NEVER;
    int r = ktg_txn_read(ob->store, &t, err);
    if (!r)
        r = read_state(ob, t, &s, err); /* of the same instant as what waits */
    if (!r)
        r = oldest_of_all(ob, t, &oldest, err);
    ktg_txn_abort(t);
    if (r)
        return r;
    struct ktg_outbox_stat stat = {
        .epoch = s.epoch,
        .acked_seq = s.acked_row - s.base,
        .next_seq = s.next_row - s.base,
        .waiting = s.next_row - 1 - s.acked_row,
        .waiting_bytes = s.waiting_bytes,
        .oldest_at = oldest,
        .stored = s.stored,
        .accepted = s.accepted,
        .duplicate = s.duplicate,
        .rejected = s.rejected,
        .stored_only = s.stored_only,
        .rejects = s.rejects,
        .receipts = s.receipts,
        .last_ack = s.last_ack,
    };
    ktg_store_stat(ob->store, &st);
    stat.map_size = st.map_size;
    stat.used_bytes = st.used_bytes;
    *ret_stat = stat;
    return KTG_OK;
}

int ktg_outbox_copy(struct ktg_outbox *ob, const char *path, struct ktg_err *err)
{
    return ktg_store_copy(ob->store, path, true, err);
}
