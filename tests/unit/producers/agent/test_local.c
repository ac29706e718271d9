/* tests/unit/producers/agent/test_local.c - the words between a publisher and a running agent, and the door itself.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "producers/agent/local.h"
#include "runtime/mem.h"
#include "tests/support/cmocka.h"
#define KTG_TMPDIR_MEMORY
#include "tests/support/tmpdir.h"
#include "tests/unit/producers/agent/fake_gateway.h"

static void test_local__what_is_encoded_is_decoded_and_canonical(void **unused)
{
    (void)unused;
    struct ktg_buf events = KTG_BUF_INIT, frame = KTG_BUF_INIT;
    ktg_wire_put_array(&events, 2);
    ktg_wire_put_bin(&events, KTG_LIT("one"));
    ktg_wire_put_bin(&events, KTG_LIT("two"));
    const struct ktg_outbox_fault fault = {KTG_LIT("c"), KTG_LIT("w"), KTG_LIT("g"), KTG_LIT("n"),
                                           KTG_LIT("t")};
    const struct ktg_local cases[] = {
        {.kind = KTG_LOCAL_SUBMIT, .ref = 7, .watch = true, .events = ktg_buf_view(&events)},
        {.kind = KTG_LOCAL_STORED, .ref = 7},
        {.kind = KTG_LOCAL_REFUSED, .ref = 7, .index = 1, .fault = fault},
        {.kind = KTG_LOCAL_RECEIPT, .receipt = {{1, 2}, KTG_RECEIPT_ACCEPTED, 99, -5}},
        {.kind = KTG_LOCAL_RECEIPT, .receipt = {{3}, KTG_RECEIPT_REJECTED, 0, 5}, .fault = fault},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct ktg_local *c = &cases[i];
        struct ktg_local m;
        struct ktg_err err = KTG_ERR_INIT;
        ktg_buf_clear(&frame);
        assert_int_equal(ktg_local_encode(c, &frame, &err), KTG_OK);
        if (ktg_local_decode(ktg_buf_view(&frame), &m, &err))
            fail_msg("%zu: %s", i, err.text);
        assert_int_equal(m.kind, c->kind);
        assert_int_equal(m.ref, c->ref);
        assert_int_equal(m.watch, c->watch);
        assert_int_equal(m.index, c->index);
        assert_true(ktg_bytes_eq(m.events, c->events));
        assert_memory_equal(m.receipt.id, c->receipt.id, sizeof m.receipt.id);
        assert_int_equal(m.receipt.status, c->receipt.status);
        assert_int_equal(m.receipt.position, c->receipt.position);
        assert_int_equal(m.receipt.at, c->receipt.at);
        assert_true(ktg_bytes_eq(m.fault.code, c->fault.code));
        assert_true(ktg_bytes_eq(m.fault.want, c->fault.want));
        assert_true(ktg_bytes_eq(m.fault.where, c->fault.where));
        for (size_t n = 0; n < frame.size; n++) /* every part of it is refused */
            assert_int_equal(ktg_local_decode(ktg_bytes(frame.data, n), &m, NULL), KTG_EINVALID);
        for (size_t n = 0; n < frame.size; n++) { /* and every broken byte is survived */
            frame.data[n] ^= 0x55;
            (void)!ktg_local_decode(ktg_buf_view(&frame), &m, NULL);
            frame.data[n] ^= 0x55;
        }
    }
    ktg_buf_done(&events);
    ktg_buf_done(&frame);
}

struct bench {
    struct ktg_loop *loop;
    struct ktg_context *context;
    char dir[KTG_TMPDIR_SIZE], outbox[KTG_TMPDIR_SIZE + 16], endpoint[KTG_TMPDIR_SIZE + 16],
        ipc[KTG_TMPDIR_SIZE + 16];
    struct centre *centre;
    struct ktg_agent *agent;
    struct ktg_link *link;
    size_t stored, refused, receipts, rejected, downs;
    uint64_t last_ref;
    char code[64];
    bool up;
    size_t want;
};

static void heard(void *arg, struct ktg_link *link, const struct ktg_link_message *lm)
{
    struct bench *b = arg;
    struct ktg_local m;
    (void)link;
    assert_int_equal(ktg_local_decode(lm->payload, &m, NULL), KTG_OK);
    switch (m.kind) {
    case KTG_LOCAL_STORED:
        b->stored++;
        b->last_ref = m.ref;
        break;
    case KTG_LOCAL_REFUSED:
        b->refused++;
        snprintf(b->code, sizeof b->code, "%llu %.*s", (unsigned long long)m.index,
                 (int)m.fault.code.size, (const char *)m.fault.code.data);
        break;
    case KTG_LOCAL_RECEIPT:
        b->receipts++;
        if (m.receipt.status == KTG_RECEIPT_REJECTED) {
            b->rejected++;
            assert_true(ktg_bytes_is(m.fault.code, "wrong-value"));
        }
        break;
    case KTG_LOCAL_SUBMIT:
        fail();
    }
}

static void heard_state(void *arg, struct ktg_link *link, enum ktg_link_state state)
{
    struct bench *b = arg;
    (void)link;
    b->up = state == KTG_LINK_UP;
    b->downs += state == KTG_LINK_DOWN;
}

static bool is_up(void *arg)
{
    return ((struct bench *)arg)->up;
}
static bool has_stored(void *arg)
{
    return ((struct bench *)arg)->stored >= ((struct bench *)arg)->want;
}
static bool has_receipts(void *arg)
{
    return ((struct bench *)arg)->receipts >= ((struct bench *)arg)->want;
}
static bool was_cut(void *arg)
{
    return ((struct bench *)arg)->downs >= ((struct bench *)arg)->want;
}

static void wait_for(struct bench *b, bool (*what)(void *), size_t want)
{
    b->want = want;
    assert_true(ktg_loop_run_until(b->loop, what, b, ktg_mono_ms() + 20000));
}

static void open_bench(struct bench *b, uint32_t queue)
{
    ktg_tmpdir_make(b->dir);
    snprintf(b->outbox, sizeof b->outbox, "%s/outbox", b->dir);
    snprintf(b->endpoint, sizeof b->endpoint, "ipc://%s/g.ipc", b->dir);
    snprintf(b->ipc, sizeof b->ipc, "ipc://%s/a.ipc", b->dir);
    b->centre = ktg_zalloc(sizeof *b->centre);
    b->centre->reject_every = 10;
    assert_int_equal(ktg_loop_new(&b->loop, NULL), KTG_OK);
    assert_int_equal(ktg_context_new(b->loop, ktg_agent_lookup, NULL, &b->context, NULL), KTG_OK);
    assert_int_equal(centre_open(b->centre, b->context, b->endpoint), KTG_OK);
    struct ktg_agent_options o = {
        .loop = b->loop,
        .context = b->context,
        .name = "IMI.ENTIKONG",
        .folder = b->outbox,
        .endpoint = b->endpoint,
        .ipc = b->ipc,
        .retry_min = 10,
        .retry_max = 50,
        .queue_events = queue,
        .outbox = {.map_size = 16u << 20, .receipts = 5000, .rejects = 1000}};
    struct ktg_err err = KTG_ERR_INIT;
    if (ktg_agent_open(&o, NULL, &b->agent, &err))
        fail_msg("%s", err.text);
    struct ktg_link_options lo = {
        .endpoint = b->ipc, .max_frame = KTG_LOCAL_BYTES, .recv_queue = 5000, .retry_min = 10};
    struct ktg_link_calls calls = {.on_message = heard, .on_state = heard_state, .arg = b};
    assert_int_equal(ktg_link_connect(b->context, &lo, &calls, &b->link, NULL), KTG_OK);
    wait_for(b, is_up, 0);
}

static void close_bench(struct bench *b)
{
    ktg_link_close(b->link);
    ktg_agent_close(b->agent);
    centre_close(b->centre);
    ktg_context_free(b->context);
    ktg_loop_free(b->loop);
    ktg_free(b->centre);
    ktg_tmpdir_remove(b->dir);
}

static void send_events(struct bench *b, uint64_t ref, uint64_t first, uint32_t count,
                        const char *source, bool spoil)
{
    struct ktg_buf events = KTG_BUF_INIT, frame = KTG_BUF_INIT;
    ktg_wire_put_array(&events, count + spoil);
    if (spoil)
        ktg_wire_put_bin(&events, KTG_LIT("no event"));
    for (uint64_t n = first; n < first + count; n++) {
        struct ktg_buf blob = KTG_BUF_INIT;
        make_event(n, source, &blob);
        ktg_wire_put_bin(&events, ktg_buf_view(&blob));
        ktg_buf_done(&blob);
    }
    struct ktg_local m = {
        .kind = KTG_LOCAL_SUBMIT, .ref = ref, .watch = true, .events = ktg_buf_view(&events)};
    assert_int_equal(ktg_local_encode(&m, &frame, NULL), KTG_OK);
    assert_int_equal(ktg_link_send(b->link, 0, KTG_BYTES_NONE, ktg_buf_view(&frame)), KTG_OK);
    ktg_buf_done(&events);
    ktg_buf_done(&frame);
}

static void test_door__stores_answers_and_tells_receipts(void **unused)
{
    (void)unused;
    struct bench b = {.loop = NULL};
    open_bench(&b, 100); /* less room than one message has events */
    for (uint64_t ref = 1; ref <= 10; ref++) {
        send_events(&b, ref, (ref - 1) * 200 + 1, 200, "IMI.ENTIKONG.1", ref == 5);
        wait_for(&b, has_stored, ref);
        assert_int_equal(b.last_ref, ref);
    }
    wait_for(&b, has_receipts, 2000);
    assert_int_equal(b.rejected, 200);
    assert_int_equal(b.refused, 1); /* no event; the others of its message were taken */
    assert_string_equal(b.code, "0 malformed");
    assert_int_equal(b.centre->count, 2000);
    /* Known events are success: stored is said, and their receipts come at once (rejected ones are tried anew). */
    send_events(&b, 11, 1, 9, "IMI.ENTIKONG.1", false);
    wait_for(&b, has_stored, 11);
    wait_for(&b, has_receipts, 2009);
    assert_int_equal(b.centre->count, 2000);
    send_events(&b, 12, 1, 1, "IMI.ENTIKONG.2", false); /* the same id, another event */
    wait_for(&b, has_stored, 12);
    assert_string_equal(b.code, "0 id-conflict");
    close_bench(&b);
}

static void test_door__who_speaks_otherwise_or_twice_at_once_is_shown_out(void **unused)
{
    (void)unused;
    struct bench b = {.loop = NULL};
    open_bench(&b, 1000);
    assert_int_equal(ktg_link_send(b.link, 0, KTG_BYTES_NONE, KTG_LIT("\xc1")), KTG_OK);
    wait_for(&b, was_cut, 1);
    wait_for(&b, is_up, 0);
    struct ktg_buf frame = KTG_BUF_INIT;
    struct ktg_local m = {.kind = KTG_LOCAL_STORED, .ref = 1};
    assert_int_equal(ktg_local_encode(&m, &frame, NULL), KTG_OK);
    assert_int_equal(ktg_link_send(b.link, 0, KTG_BYTES_NONE, ktg_buf_view(&frame)), KTG_OK);
    ktg_buf_done(&frame);
    wait_for(&b, was_cut, 2);
    wait_for(&b, is_up, 0);
    send_events(&b, 1, 1, 200, "IMI.ENTIKONG.1", false);
    send_events(&b, 2, 201, 200, "IMI.ENTIKONG.1", false);
    b.want = 3;
    bool cut = ktg_loop_run_until(b.loop, was_cut, &b, ktg_mono_ms() + 300);
    assert_true(cut || b.stored == 2); /* unless the first was answered before the second came */
    close_bench(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_local__what_is_encoded_is_decoded_and_canonical),
        cmocka_unit_test(test_door__stores_answers_and_tells_receipts),
        cmocka_unit_test(test_door__who_speaks_otherwise_or_twice_at_once_is_shown_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
