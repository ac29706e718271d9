/* tests/unit/producers/outbox/test_outbox.c
 * SPDX-License-Identifier: Apache-2.0
 */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "producers/outbox/outbox.h"
#include "runtime/mem.h"
#include "tests/support/cmocka.h"
#define KTG_TMPDIR_MEMORY
#include "tests/support/tmpdir.h"

static const struct ktg_outbox_options small = {.map_size = 1u << 20, .receipts = 50, .rejects = 5};

static char dir[KTG_TMPDIR_SIZE], path[KTG_TMPDIR_SIZE + 8];

static int setup(void **unused)
{
    (void)unused;
    ktg_tmpdir_make(dir);
    snprintf(path, sizeof path, "%s/outbox", dir);
    return 0;
}

static int teardown(void **unused)
{
    (void)unused;
    ktg_tmpdir_remove(dir);
    return 0;
}

static struct ktg_outbox *open_with(const struct ktg_outbox_options *options, ktg_time now)
{
    struct ktg_outbox *ob = NULL;
    struct ktg_err err = KTG_ERR_INIT;
    if (ktg_outbox_open(path, options, now, &ob, &err))
        fail_msg("%s", err.text);
    return ob;
}

static struct ktg_outbox *open_outbox(void)
{
    return open_with(&small, 1000);
}

/* The n-th event of the test: its id and blob are told by n. */
static struct ktg_outbox_event event(uint64_t n, char blob[static 32])
{
    struct ktg_outbox_event e = {.source = KTG_LIT("IMI.ENTIKONG.1"),
                                 .occurred_at = (ktg_time)(n * 10)};
    ktg_put_be64(e.id, n);
    ktg_put_be64(e.id + 8, n);
    snprintf(blob, 32, "event %llu", (unsigned long long)n);
    e.blob = ktg_bytes_str(blob);
    return e;
}

static struct ktg_outbox_verdict add(struct ktg_outbox *ob, uint64_t n)
{
    char blob[32];
    struct ktg_outbox_event e = event(n, blob);
    struct ktg_outbox_verdict v;
    struct ktg_err err = KTG_ERR_INIT;
    if (ktg_outbox_add(ob, &e, 1, &v, &err))
        fail_msg("%s", err.text);
    return v;
}

static struct ktg_outbox_stat stat_of(struct ktg_outbox *ob)
{
    struct ktg_outbox_stat s;
    assert_int_equal(ktg_outbox_stat(ob, &s, NULL), KTG_OK);
    return s;
}

struct heard {
    size_t count;
    uint64_t seq[2000];
    struct ktg_outbox_receipt r[2000];
};

static void hear(void *arg, uint64_t seq, const struct ktg_outbox_receipt *r)
{
    struct heard *h = arg;
    h->seq[h->count] = seq;
    h->r[h->count++] = *r;
}

static int ack(struct ktg_outbox *ob, uint64_t upto, const struct ktg_outbox_run *runs,
               size_t count, struct heard *h)
{
    return ktg_outbox_ack(ob, upto, runs, count, 5000, h ? hear : NULL, h, NULL);
}

struct seen {
    uint64_t next, count, stop_after;
};

static int look(void *arg, uint64_t seq, struct ktg_bytes blob)
{
    struct seen *s = arg;
    (void)blob;
    assert_int_equal(seq, s->next);
    s->next++;
    return ++s->count == s->stop_after ? KTG_EAGAIN : KTG_OK;
}

static void test_outbox__numbers_what_it_stores_and_deletes_only_what_is_acknowledged(void **unused)
{
    (void)unused;
    struct ktg_outbox *ob = open_outbox();
    uint64_t epoch = stat_of(ob).epoch;
    assert_true(epoch >= 1000u << 10);
    for (uint64_t n = 1; n <= 5; n++) {
        struct ktg_outbox_verdict v = add(ob, n);
        assert_int_equal(v.kind, KTG_OUTBOX_NEW);
        assert_int_equal(v.seq, n);
    }
    struct heard h = {0};
    assert_int_equal(ack(ob, 6, NULL, 0, &h), KTG_EINVALID); /* never given out */
    static const struct ktg_outbox_run runs[] = {{1, 1, 700, KTG_RECEIPT_ACCEPTED},
                                                 {2, 2, 0, KTG_RECEIPT_DUPLICATE}};
    assert_int_equal(ack(ob, 3, runs, 2, &h), KTG_OK);
    assert_int_equal(h.count, 3);
    assert_int_equal(h.r[0].status, KTG_RECEIPT_ACCEPTED);
    assert_int_equal(h.r[0].position, 700);
    assert_int_equal(h.r[2].status, KTG_RECEIPT_DUPLICATE);
    assert_int_equal(h.seq[2], 3);
    assert_int_equal(ack(ob, 2, runs, 2, &h), KTG_OK); /* an echo */
    assert_int_equal(h.count, 3);
    ob = ktg_outbox_close(ob);

    ob = open_with(&small, 99999999); /* an old store keeps its epoch */
    struct ktg_outbox_stat s = stat_of(ob);
    assert_int_equal(s.epoch, epoch);
    assert_int_equal(s.acked_seq, 3);
    assert_int_equal(s.next_seq, 6);
    assert_int_equal(s.waiting, 2);
    assert_int_equal(s.oldest_at, 40);
    assert_int_equal(s.accepted, 1);
    assert_int_equal(s.duplicate, 2);
    struct seen seen = {.next = 4};
    assert_int_equal(ktg_outbox_peek(ob, 1, look, &seen, NULL), KTG_OK);
    assert_int_equal(seen.count, 2);
    seen = (struct seen){.next = 5, .stop_after = 1};
    assert_int_equal(ktg_outbox_peek(ob, 5, look, &seen, NULL), KTG_EAGAIN);
    assert_int_equal(ack(ob, 5, NULL, 0, &h), KTG_OK); /* nobody said what became of 4 and 5 */
    assert_int_equal(h.r[4].status, KTG_RECEIPT_STORED);
    assert_true(stat_of(ob).oldest_at == KTG_NEVER);
    seen = (struct seen){0};
    assert_int_equal(ktg_outbox_peek(ob, 1, look, &seen, NULL), KTG_OK);
    assert_int_equal(seen.count, 0);
    ktg_outbox_close(ob);
}

static void test_outbox__belongs_to_one_key(void **unused)
{
    (void)unused;
    struct ktg_outbox_options mine = small, yours = small;
    struct ktg_outbox *ob = open_with(&small, 1000), *none = NULL; /* nobody's so far */
    struct ktg_err err = KTG_ERR_INIT;
    mine.owner = "IMI.ENTIKONG.1";
    yours.owner = "POL.DESK";
    ob = ktg_outbox_close(ob);
    ob = open_with(&mine, 1000);
    ob = ktg_outbox_close(ob);
    assert_int_equal(ktg_outbox_open(path, &yours, 1000, &none, &err), KTG_ECONFLICT);
    assert_string_equal(err.fault->name, "outbox-of-another");
    assert_string_equal(err.got, "IMI.ENTIKONG.1");
    assert_null(none);
    ob = open_with(&mine, 1000);
    ktg_outbox_close(ob);
}

static void test_outbox__an_id_is_stored_once(void **unused)
{
    (void)unused;
    struct ktg_outbox *ob = open_outbox();
    char blob[32];
    struct ktg_outbox_event e = event(1, blob), batch[3];
    struct ktg_outbox_verdict v[3];
    batch[0] = batch[1] = batch[2] = e;
    batch[2].blob = KTG_LIT("another text");
    assert_int_equal(ktg_outbox_add(ob, batch, 3, v, NULL), KTG_OK);
    assert_int_equal(v[0].kind, KTG_OUTBOX_NEW);
    assert_int_equal(v[1].kind, KTG_OUTBOX_WAITING); /* within one batch, too */
    assert_int_equal(v[1].seq, 1);
    assert_int_equal(v[2].kind, KTG_OUTBOX_CONFLICT);
    static const struct ktg_outbox_run accepted = {1, 1, 42, KTG_RECEIPT_ACCEPTED};
    assert_int_equal(ack(ob, 1, &accepted, 1, NULL), KTG_OK);
    assert_int_equal(ktg_outbox_add(ob, batch, 3, v, NULL), KTG_OK);
    assert_int_equal(v[0].kind, KTG_OUTBOX_DONE);
    assert_int_equal(v[0].receipt.position, 42);
    assert_int_equal(v[2].kind, KTG_OUTBOX_CONFLICT);
    assert_int_equal(stat_of(ob).next_seq, 2);
    /* Receipts are bounded; a forgotten id is new again (the centre will call it a duplicate). */
    for (uint64_t n = 2; n <= 52; n++)
        add(ob, n);
    assert_int_equal(ack(ob, 52, NULL, 0, NULL), KTG_OK);
    assert_int_equal(stat_of(ob).receipts, small.receipts);
    struct ktg_outbox_receipt r;
    assert_int_equal(ktg_outbox_receipt(ob, e.id, &r, NULL), KTG_ENOTFOUND);
    assert_int_equal(add(ob, 1).kind, KTG_OUTBOX_NEW);
    ktg_outbox_close(ob);
}

struct rejects {
    size_t count;
    uint64_t no[8], id[8];
    char text[8][64];
};

static int note_reject(void *arg, const struct ktg_outbox_reject_view *v)
{
    struct rejects *r = arg;
    r->no[r->count] = v->no;
    r->id[r->count] = ktg_get_be64(v->id);
    snprintf(r->text[r->count++], sizeof r->text[0], "%.*s %.*s", (int)v->fault.code.size,
             v->fault.code.data, (int)v->blob.size, v->blob.data);
    return KTG_OK;
}

static void test_outbox__a_reject_is_kept_with_its_reason_whichever_comes_first(void **unused)
{
    (void)unused;
    static const struct ktg_outbox_fault fault = {.code = KTG_LIT("missing-field"),
                                                  .where = KTG_LIT("/data/post"),
                                                  .text = KTG_LIT("long story")};
    struct ktg_outbox *ob = open_outbox();
    struct heard h = {0};
    for (uint64_t n = 1; n <= 4; n++)
        add(ob, n);
    /* 1: reason, then ack.  2: ack, then reason.  3: reason, then a welcome that says nothing.  4: welcome, then reason. */
    assert_int_equal(ktg_outbox_reject(ob, 1, &fault, 1, NULL), KTG_OK);
    static const struct ktg_outbox_run runs[] = {{1, 2, 0, KTG_RECEIPT_REJECTED}};
    assert_int_equal(ack(ob, 2, runs, 1, &h), KTG_OK);
    assert_int_equal(ktg_outbox_reject(ob, 2, &fault, 1, NULL), KTG_OK);
    assert_int_equal(ktg_outbox_reject(ob, 3, &fault, 1, NULL), KTG_OK);
    assert_int_equal(ack(ob, 4, NULL, 0, &h), KTG_OK);
    assert_int_equal(h.r[3].status, KTG_RECEIPT_STORED);
    assert_int_equal(ktg_outbox_reject(ob, 4, &fault, 1, NULL), KTG_OK);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(h.r[i].status, KTG_RECEIPT_REJECTED);
    char blob[32];
    struct ktg_outbox_receipt receipt;
    assert_int_equal(ktg_outbox_receipt(ob, event(4, blob).id, &receipt, NULL), KTG_OK);
    assert_int_equal(receipt.status, KTG_RECEIPT_REJECTED);
    assert_int_equal(ktg_outbox_reject(ob, 5, &fault, 1, NULL), KTG_EINVALID);
    struct ktg_outbox_stat s = stat_of(ob);
    assert_int_equal(s.rejected, 4);
    assert_int_equal(s.stored_only, 0);
    struct rejects r = {0};
    assert_int_equal(ktg_outbox_rejects(ob, 0, note_reject, &r, NULL), KTG_OK);
    assert_int_equal(r.count, 4);
    assert_string_equal(r.text[0], "missing-field event 1");
    assert_string_equal(r.text[1], "missing-field event 2");
    assert_string_equal(r.text[2], "missing-field event 3");
    assert_string_equal(r.text[3], "missing-field "); /* the bytes were gone */

    /* Seen is gone, and a late echo of its reason does not bring it back. */
    assert_int_equal(ktg_outbox_seen(ob, r.no[0], NULL), KTG_OK);
    assert_int_equal(ktg_outbox_seen(ob, r.no[0], NULL), KTG_ENOTFOUND);
    assert_int_equal(ktg_outbox_reject(ob, 1, &fault, 1, NULL), KTG_OK);
    assert_int_equal(stat_of(ob).rejects, 3);

    /* What was rejected may come again; its old receipt does not forget the new one. */
    struct ktg_outbox_verdict v = add(ob, 1);
    assert_int_equal(v.kind, KTG_OUTBOX_NEW);
    static const struct ktg_outbox_run good = {5, 1, 9, KTG_RECEIPT_ACCEPTED};
    assert_int_equal(ack(ob, v.seq, &good, 1, NULL), KTG_OK);
    for (uint64_t n = 100; n < 149; n++)
        add(ob, n);
    assert_int_equal(ack(ob, stat_of(ob).next_seq - 1, NULL, 0, NULL), KTG_OK);
    assert_int_equal(ktg_outbox_receipt(ob, event(1, blob).id, &receipt, NULL), KTG_OK);
    assert_int_equal(receipt.position, 9);
    assert_int_equal(stat_of(ob).receipts, 50);

    /* Bounded: the oldest go first. */
    for (uint64_t n = 200; n < 210; n++)
        assert_int_equal(ktg_outbox_reject(ob, add(ob, n).seq, &fault, 1, NULL), KTG_OK);
    r = (struct rejects){0};
    assert_int_equal(ktg_outbox_rejects(ob, 0, note_reject, &r, NULL), KTG_OK);
    assert_int_equal(r.count, small.rejects);
    assert_int_equal(r.id[0], 205);
    ktg_outbox_close(ob);
}

static void test_outbox__a_new_epoch_numbers_what_waits_anew_in_the_same_order(void **unused)
{
    (void)unused;
    struct ktg_outbox *ob = open_outbox();
    for (uint64_t n = 1; n <= 10; n++)
        add(ob, n);
    assert_int_equal(ack(ob, 4, NULL, 0, NULL), KTG_OK);
    uint64_t epoch = stat_of(ob).epoch;
    assert_int_equal(ktg_outbox_renew(ob, 0, 1, NULL),
                     KTG_OK); /* the clock stands before the first epoch's */
    assert_int_equal(stat_of(ob).epoch, epoch + 1);
    assert_int_equal(ktg_outbox_renew(ob, epoch + 100, 1, NULL), KTG_OK);
    struct ktg_outbox_stat s = stat_of(ob);
    assert_int_equal(s.epoch, epoch + 100);
    assert_int_equal(s.acked_seq, 0);
    assert_int_equal(s.next_seq, 7);
    struct heard h = {0};
    static const struct ktg_outbox_run runs[] = {{1, 6, 50, KTG_RECEIPT_ACCEPTED}};
    assert_int_equal(add(ob, 11).seq, 7);
    assert_int_equal(add(ob, 5).seq, 1); /* waits under its new number */
    assert_int_equal(ack(ob, 6, runs, 1, &h), KTG_OK);
    for (size_t i = 0; i < 6; i++) {
        assert_int_equal(ktg_get_be64(h.r[i].id), 5 + i);
        assert_int_equal(h.r[i].position, 50 + i);
    }
    ob = ktg_outbox_close(ob);
    ktg_tmpdir_remove(path);
    ob = open_with(&small, 2000); /* a lost store: higher than the one before */
    assert_true(stat_of(ob).epoch > epoch);
    ktg_outbox_close(ob);
}

static void test_outbox__the_oldest_of_each_source_is_known(void **unused)
{
    (void)unused;
    static const struct {
        const char *source;
        ktg_time at;
    } events[] = {{"A", 50}, {"A.B", -5}, {"A", 30}, {"A", 90}, {"B", 7}};
    struct ktg_outbox *ob = open_outbox();
    ktg_time at;
    for (size_t i = 0; i < COUNT(events); i++) {
        char blob[32];
        struct ktg_outbox_event e = event(i + 1, blob);
        struct ktg_outbox_verdict v;
        e.source = ktg_bytes_str(events[i].source);
        e.occurred_at = events[i].at;
        assert_int_equal(ktg_outbox_add(ob, &e, 1, &v, NULL), KTG_OK);
    }
    assert_int_equal(ktg_outbox_oldest(ob, KTG_LIT("A"), &at, NULL), KTG_OK);
    assert_int_equal(at, 30);
    assert_int_equal(ktg_outbox_oldest(ob, KTG_LIT("A.B"), &at, NULL), KTG_OK);
    assert_int_equal(at, -5);
    assert_int_equal(stat_of(ob).oldest_at, -5);
    assert_int_equal(ack(ob, 3, NULL, 0, NULL), KTG_OK);
    assert_int_equal(ktg_outbox_oldest(ob, KTG_LIT("A"), &at, NULL), KTG_OK);
    assert_int_equal(at, 90);
    assert_int_equal(ktg_outbox_oldest(ob, KTG_LIT("A.B"), &at, NULL), KTG_ENOTFOUND);
    assert_int_equal(ktg_outbox_oldest(ob, KTG_LIT("nobody"), &at, NULL), KTG_ENOTFOUND);
    assert_int_equal(stat_of(ob).oldest_at, 7);
    ktg_outbox_close(ob);
}

static void
test_outbox__full_is_said_before_anything_is_lost_and_acknowledging_makes_room(void **unused)
{
    (void)unused;
    static const struct ktg_outbox_options tight = {
        .map_size = 256u << 10, .receipts = 1000000, .rejects = 1000000};
    struct ktg_outbox *ob = open_with(&tight, 1000);
    static uint8_t big[3000];
    uint64_t n = 0, acked = 0;
    for (int round = 0; round < 12; round++) {
        struct ktg_err err = KTG_ERR_INIT;
        int r = KTG_OK;
        uint64_t first = n + 1;
        while (!r) {
            struct ktg_outbox_event e[3];
            struct ktg_outbox_verdict v[3];
            for (size_t i = 0; i < 3; i++) {
                char blob[32];
                e[i] = event(n + 1 + i, blob);
                e[i].blob = ktg_bytes(big, round % 2 ? sizeof big : 40);
            }
            r = ktg_outbox_add(ob, e, 3, v, &err);
            n += r ? 0 : 3;
        }
        assert_int_equal(r, KTG_EFULL);
        assert_string_equal(err.fault->name, "outbox-full");
        struct ktg_outbox_stat s = stat_of(ob);
        assert_int_equal(s.next_seq, n + 1); /* all three or none */
        assert_int_equal(s.waiting, n - acked);
        assert_true(n - first > 10);
        ob = ktg_outbox_close(ob);
        ob = open_with(&tight, 1000);
        struct seen seen = {.next = acked + 1};
        assert_int_equal(ktg_outbox_peek(ob, 1, look, &seen, NULL), KTG_OK);
        assert_int_equal(seen.count, n - acked);
        struct ktg_outbox_run run = {acked + 1, n - acked, 1,
                                     round % 3 ? KTG_RECEIPT_ACCEPTED : KTG_RECEIPT_REJECTED};
        acked = n - (uint64_t)(round % 2); /* one may stay behind */
        assert_int_equal(ktg_outbox_ack(ob, acked, &run, 1, 1, NULL, NULL, &err), KTG_OK);
    }
    ktg_outbox_close(ob);
}

static void test_outbox__refuses_what_no_event_is(void **unused)
{
    (void)unused;
    struct ktg_outbox *ob = open_outbox();
    static uint8_t huge[KTG_OUTBOX_BLOB_MAX + 1];
    static const struct {
        size_t source, blob;
        int code;
    } cases[] = {{1, 0, KTG_EINVALID},
                 {0, 1, KTG_OK},
                 {KTG_OUTBOX_SOURCE_MAX, KTG_OUTBOX_BLOB_MAX, KTG_OK},
                 {KTG_OUTBOX_SOURCE_MAX + 1, 1, KTG_EINVALID},
                 {1, KTG_OUTBOX_BLOB_MAX + 1, KTG_EINVALID}};
    memset(huge, 'x', sizeof huge);
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct ktg_outbox_event e = {.source = ktg_bytes(huge, cases[i].source),
                                     .blob = ktg_bytes(huge, cases[i].blob)};
        struct ktg_outbox_verdict v;
        e.id[0] = (uint8_t)i;
        assert_int_equal(ktg_outbox_add(ob, &e, 1, &v, NULL), cases[i].code);
    }
    struct ktg_outbox *second = NULL;
    assert_int_equal(ktg_outbox_open(path, &small, 1, &second, NULL), KTG_ECONFLICT);
    ktg_outbox_close(ob);
}

/* A list of ids is the model; the outbox must agree with it after any sequence of calls, reopenings included. */
static void test_outbox__agrees_with_a_plain_list(void **unused)
{
    (void)unused;
    enum { MOST = 4000 };
    static uint64_t model[MOST]; /* ids in order; the first `acked` have left */
    uint64_t count = 0, acked = 0, base = 0, next_id = 1, x = 20260301;
    struct ktg_outbox *ob = open_outbox();
    for (int step = 0; step < 1500 && count < MOST - 20; step++) {
        x = x * 6364136223846793005u + 1442695040888963407u;
        unsigned dice = (unsigned)(x >> 40) % 100, many = 1 + (unsigned)(x >> 50) % 9;
        if (dice < 45) {
            struct ktg_outbox_event e[10];
            struct ktg_outbox_verdict v[10];
            char blob[10][32];
            for (unsigned i = 0; i < many; i++)
                e[i] = event(next_id + i, blob[i]);
            assert_int_equal(ktg_outbox_add(ob, e, many, v, NULL), KTG_OK);
            for (unsigned i = 0; i < many; i++) {
                model[count++] = next_id++;
                assert_int_equal(v[i].seq, count - base);
            }
        } else if (dice < 90 && acked < count) {
            uint64_t n = many < count - acked ? many : count - acked;
            static struct heard h;
            h.count = 0;
            struct ktg_outbox_run run = {acked + 1 - base, n, acked + 1000, KTG_RECEIPT_ACCEPTED};
            assert_int_equal(ack(ob, acked + n - base, &run, 1, &h), KTG_OK);
            assert_int_equal(h.count, n);
            for (uint64_t i = 0; i < n; i++) {
                assert_int_equal(ktg_get_be64(h.r[i].id), model[acked + i]);
                assert_int_equal(h.r[i].position, acked + 1000 + i);
            }
            acked += n;
        } else if (dice < 93) {
            assert_int_equal(ktg_outbox_renew(ob, 0, 1000 + step, NULL), KTG_OK);
            base = acked;
        } else {
            ob = ktg_outbox_close(ob);
            ob = open_outbox();
        }
        struct ktg_outbox_stat s = stat_of(ob);
        assert_int_equal(s.acked_seq, acked - base);
        assert_int_equal(s.next_seq, count - base + 1);
        assert_true(s.oldest_at == (acked < count ? (ktg_time)model[acked] * 10 : KTG_NEVER));
    }
    assert_int_equal(ack(ob, count - base, NULL, 0, NULL), KTG_OK);
    assert_int_equal(stat_of(ob).waiting_bytes, 0);
    ktg_outbox_close(ob);
}

static void test_outbox__any_allocation_may_fail_and_nothing_is_half_done(void **unused)
{
    (void)unused;
    for (int64_t n = 0;; n++) {
        struct ktg_outbox *ob = NULL;
        char blob[2][32];
        struct ktg_outbox_event e[2] = {event(2 * (uint64_t)n, blob[0]),
                                        event(2 * (uint64_t)n + 1, blob[1])};
        struct ktg_outbox_verdict v[2];
        static const struct ktg_outbox_fault fault = {.code = KTG_LIT("x")};
        bool acked = false;
        ktg_mem_fail_after(n);
        int r = ktg_outbox_open(path, &small, 1, &ob, NULL);
        if (!r)
            r = ktg_outbox_add(ob, e, 2, v, NULL);
        uint64_t seq = r ? 0 : v[1].seq;
        if (!r)
            r = ktg_outbox_reject(ob, seq, &fault, 1, NULL);
        if (!r)
            acked = (r = ack(ob, seq, NULL, 0, NULL)) == KTG_OK;
        int64_t failed = ktg_mem_failed();
        ktg_mem_fail_after(-1);
        if (ob) {
            struct ktg_outbox_stat s = stat_of(ob);
            assert_true(s.waiting % 2 == 0); /* both or none */
            assert_true(!acked || s.waiting == 0);
            assert_int_equal(ack(ob, s.next_seq - 1, NULL, 0, NULL), KTG_OK);
        }
        ktg_outbox_close(ob);
        if (!failed) {
            assert_int_equal(r, KTG_OK);
            return;
        }
        assert_int_equal(r, KTG_ENOMEM);
    }
}

static int say_to;

static int add_until_killed(void)
{
    struct ktg_outbox *ob = NULL;
    struct ktg_outbox_options options = {.map_size = 64u << 20, .receipts = 100, .rejects = 5};
    if (ktg_outbox_open(path, &options, 1, &ob, NULL))
        return 1;
    struct ktg_outbox_stat s;
    if (ktg_outbox_stat(ob, &s, NULL))
        return 1;
    for (uint64_t n = s.next_seq;;) {
        struct ktg_outbox_event e[3];
        struct ktg_outbox_verdict v[3];
        char blob[3][32];
        for (uint64_t i = 0; i < 3; i++)
            e[i] = event(n + i, blob[i]);
        if (ktg_outbox_add(ob, e, 3, v, NULL) || v[2].seq != n + 2)
            return 1;
        n += 3;
        if (write(say_to, &n, sizeof n) != sizeof n)
            return 1;
        if (n % 5 == 0 && ktg_outbox_ack(ob, n / 2, NULL, 0, 1, NULL, NULL, NULL))
            return 1;
    }
}

static void test_outbox__killed_at_any_instant_it_holds_what_it_said_without_holes(void **unused)
{
    (void)unused;
    uint64_t said = 1;
    for (unsigned round = 0; round < 20; round++) {
        int p[2];
        uint64_t n;
        assert_int_equal(pipe(p), 0);
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
            close(p[0]);
            say_to = p[1];
            _exit(add_until_killed());
        }
        close(p[1]);
        for (unsigned i = 0; i < 3 + round * 2; i++)
            assert_int_equal(read(p[0], &n, sizeof n), sizeof n);
        for (volatile unsigned spin = 0; spin < round * 15013; spin++)
            ;
        kill(pid, SIGKILL);
        int status;
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFSIGNALED(status));
        said = n;
        while (read(p[0], &n, sizeof n) == sizeof n)
            said = n;
        close(p[0]);
        struct ktg_outbox_options options = {.map_size = 64u << 20, .receipts = 100, .rejects = 5};
        struct ktg_outbox *ob = open_with(&options, 1);
        struct ktg_outbox_stat s = stat_of(ob);
        assert_true(s.next_seq == said || s.next_seq == said + 3);
        assert_true(s.acked_seq <= said / 2);
        struct seen seen = {.next = s.acked_seq + 1};
        assert_int_equal(ktg_outbox_peek(ob, 1, look, &seen, NULL), KTG_OK);
        assert_int_equal(seen.next, s.next_seq);
        ktg_outbox_close(ob);
    }
}

/* A process with the outbox open that does one step for each byte it hears, and answers it. */
struct owner {
    pid_t pid;
    int ask, answer;
};

static int own_until_the_end(int asked, int answer)
{
    struct ktg_outbox *ob = NULL;
    char blob[32], step;
    if (ktg_outbox_open(path, &small, 1000, &ob, NULL))
        return 1;
    for (uint64_t n = 1; read(asked, &step, 1) == 1; n++) {
        struct ktg_outbox_event e = event(n, blob);
        struct ktg_outbox_verdict v;
        struct ktg_outbox_run run = {n, 1, 0, KTG_RECEIPT_REJECTED};
        struct ktg_outbox_fault why = {.code = KTG_LIT("wrong-code")};
        int r = step == 'a'   ? ktg_outbox_add(ob, &e, 1, &v, NULL)
                : step == 'k' ? ktg_outbox_ack(ob, --n, &run, 1, 7000, NULL, NULL, NULL)
                              : ktg_outbox_reject(ob, --n, &why, 7000, NULL);
        if (r || write(answer, &step, 1) != 1)
            return 1;
    }
    ktg_outbox_close(ob);
    return 0;
}

static struct owner start_owner(void)
{
    int down[2], up[2];
    assert_int_equal(pipe(down), 0);
    assert_int_equal(pipe(up), 0);
    struct owner o = {fork(), down[1], up[0]};
    assert_true(o.pid >= 0);
    if (o.pid == 0) {
        close(down[1]);
        close(up[0]);
        _exit(own_until_the_end(down[0], up[1]));
    }
    close(down[0]);
    close(up[1]);
    return o;
}

static void step(struct owner *o, char what)
{
    char done = 0;
    assert_int_equal(write(o->ask, &what, 1), 1);
    assert_int_equal(read(o->answer, &done, 1), 1);
    assert_int_equal(done, what);
}

static void end_owner(struct owner *o)
{
    int status;
    close(o->ask);
    close(o->answer);
    assert_int_equal(waitpid(o->pid, &status, 0), o->pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static int count_reject(void *arg, const struct ktg_outbox_reject_view *r)
{
    size_t *count = arg;
    assert_true(ktg_bytes_is(r->fault.code, "wrong-code"));
    ++*count;
    return KTG_OK;
}

static void test_outbox__others_may_look_while_its_owner_works(void **unused)
{
    (void)unused;
    struct ktg_outbox *ob = NULL;
    struct ktg_err err = KTG_ERR_INIT;
    assert_int_equal(ktg_outbox_look(path, &small, &ob, &err), KTG_ENOTFOUND);
    assert_string_equal(err.fault->name, "outbox-none");
    assert_int_equal(access(path, F_OK), -1); /* looking makes nothing */
    struct owner o = start_owner();
    for (int i = 0; i < 3; i++)
        step(&o, 'a');
    assert_int_equal(ktg_outbox_look(path, &small, &ob, NULL), KTG_OK);
    struct ktg_outbox_stat s = stat_of(ob);
    assert_int_equal(s.waiting, 3);
    assert_int_equal(s.oldest_at, 10);
    assert_int_equal(s.last_ack, KTG_LONG_AGO);
    assert_int_equal(ktg_outbox_open(path, &small, 1, &(struct ktg_outbox *){NULL}, &err),
                     KTG_ECONFLICT);
    for (uint64_t i = 0; i < 300; i++) /* more than the slots of readers */
        assert_int_equal(stat_of(ob).waiting, 3);
    step(&o, 'k');
    step(&o, 'r');
    s = stat_of(ob); /* what was committed since */
    assert_int_equal(s.waiting, 0);
    assert_int_equal(s.last_ack, 7000);
    assert_int_equal(s.rejected, 1);
    size_t rejects = 0;
    assert_int_equal(ktg_outbox_rejects(ob, 0, count_reject, &rejects, NULL), KTG_OK);
    assert_int_equal(rejects, 1);
    step(&o, 'a'); /* the owner goes on while somebody has it open to look */
    assert_int_equal(stat_of(ob).waiting, 1);
    end_owner(&o);
    assert_int_equal(stat_of(ob).waiting, 1); /* and after it has gone */
    ktg_outbox_close(ob);
    assert_int_equal(ktg_outbox_look(path, &small, &ob, NULL), KTG_OK); /* nobody has it open */
    assert_int_equal(stat_of(ob).waiting, 1);
    ktg_outbox_close(ob);
    ktg_outbox_close(open_outbox());
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(test_outbox__numbers_what_it_stores_and_deletes_only_what_is_acknowledged),
        T(test_outbox__belongs_to_one_key),
        T(test_outbox__an_id_is_stored_once),
        T(test_outbox__a_reject_is_kept_with_its_reason_whichever_comes_first),
        T(test_outbox__a_new_epoch_numbers_what_waits_anew_in_the_same_order),
        T(test_outbox__the_oldest_of_each_source_is_known),
        T(test_outbox__full_is_said_before_anything_is_lost_and_acknowledging_makes_room),
        T(test_outbox__refuses_what_no_event_is),
        T(test_outbox__agrees_with_a_plain_list),
        T(test_outbox__any_allocation_may_fail_and_nothing_is_half_done),
        T(test_outbox__killed_at_any_instant_it_holds_what_it_said_without_holes),
        T(test_outbox__others_may_look_while_its_owner_works),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
