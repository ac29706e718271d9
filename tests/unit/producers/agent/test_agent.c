/* tests/unit/producers/agent/test_agent.c - an agent against a centre that goes wrong in every way it may.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "runtime/clockfile.h"
#include "runtime/mem.h"
#include "tests/support/cmocka.h"
#define KTG_TMPDIR_MEMORY
#include "tests/support/tmpdir.h"
#include "tests/unit/producers/agent/fake_gateway.h"

enum { PATIENCE = 20000, EVENTS_MOST = 5000 };

struct bench {
    struct ktg_loop *loop;
    struct ktg_context *context;
    char dir[KTG_TMPDIR_SIZE], outbox[KTG_TMPDIR_SIZE + 16], endpoint[KTG_TMPDIR_SIZE + 16],
        ipc[KTG_TMPDIR_SIZE + 16];
    struct centre *centre;
    struct ktg_agent *agent;
    uint64_t submitted;
    /* what the callbacks told */
    size_t stored, conflicts, receipts[4], faults, troubles, rooms;
    uint64_t receipt_of[EVENTS_MOST]; /* how many receipts each event had */
    enum ktg_agent_state state;
    char why[512], trouble[64];
    uint64_t want;
};

static void on_stored(void *arg, void *tag, const struct ktg_outbox_event *e,
                      const struct ktg_outbox_verdict *v)
{
    struct bench *b = arg;
    (void)tag;
    (void)e;
    b->conflicts += v->kind == KTG_OUTBOX_CONFLICT;
    b->stored++;
}

static void on_receipt(void *arg, const struct ktg_outbox_receipt *r,
                       const struct ktg_outbox_fault *fault)
{
    struct bench *b = arg;
    b->receipts[r->status]++;
    b->receipt_of[ktg_get_be32(r->id + 12)]++;
    if (fault) {
        assert_int_equal(r->status, KTG_RECEIPT_REJECTED);
        assert_true(ktg_bytes_is(fault->code, "wrong-value"));
        b->faults++;
    }
}

static void on_state(void *arg, enum ktg_agent_state state, const struct ktg_err *why)
{
    struct bench *b = arg;
    b->state = state;
    if (why)
        snprintf(b->why, sizeof b->why, "%s", why->text);
}

static void on_trouble(void *arg, const struct ktg_err *what)
{
    struct bench *b = arg;
    b->troubles++;
    snprintf(b->trouble, sizeof b->trouble, "%s", what->fault ? what->fault->name : what->text);
}

static void on_room(void *arg)
{
    ((struct bench *)arg)->rooms++;
}

static void open_agent(struct bench *b, struct ktg_agent_options o)
{
    static const char *const sources[] = {"IMI.ENTIKONG.1", "IMI.ENTIKONG.2", NULL};
    struct ktg_agent_calls calls = {.on_stored = on_stored,
                                    .on_receipt = on_receipt,
                                    .on_state = on_state,
                                    .on_trouble = on_trouble,
                                    .on_room = on_room,
                                    .arg = b};
    struct ktg_err err = KTG_ERR_INIT;
    o.loop = b->loop;
    o.context = b->context;
    o.name = "IMI.ENTIKONG";
    o.folder = b->outbox;
    o.endpoint = b->endpoint;
    o.sources = o.sources ? o.sources : sources;
    o.retry_min = o.retry_min ? o.retry_min : 10;
    o.retry_max = o.retry_max ? o.retry_max : 50;
    o.outbox.map_size = o.outbox.map_size ? o.outbox.map_size : 16u << 20;
    if (ktg_agent_open(&o, &calls, &b->agent, &err))
        fail_msg("%s", err.text);
}

static void close_agent(struct bench *b)
{
    b->agent = ktg_agent_close(b->agent);
}

static int submit(struct bench *b, uint64_t n)
{
    struct ktg_buf blob = KTG_BUF_INIT;
    make_event(n, "IMI.ENTIKONG.1", &blob);
    int r = ktg_agent_submit(b->agent, ktg_buf_view(&blob), NULL, NULL);
    ktg_buf_done(&blob);
    return r;
}

static void submit_more(struct bench *b, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++)
        assert_int_equal(submit(b, ++b->submitted), KTG_OK);
}

static bool all_receipts(void *arg)
{
    struct bench *b = arg;
    return b->receipts[0] + b->receipts[1] + b->receipts[2] + b->receipts[3] >= b->want;
}

static void wait_receipts(struct bench *b, uint64_t want)
{
    b->want = want;
    if (!ktg_loop_run_until(b->loop, all_receipts, b, ktg_mono_ms() + PATIENCE))
        fail_msg("%zu %zu %zu %zu of %llu receipts; state %s, %s, %s", b->receipts[0],
                 b->receipts[1], b->receipts[2], b->receipts[3], (unsigned long long)want,
                 ktg_agent_state_name(b->state), b->why, b->trouble);
}

static void wait_for(struct bench *b, bool (*what)(void *))
{
    assert_true(ktg_loop_run_until(b->loop, what, b, ktg_mono_ms() + PATIENCE));
}

static bool is_online(void *arg)
{
    return ((struct bench *)arg)->state == KTG_AGENT_ONLINE;
}
static bool is_fenced(void *arg)
{
    return ((struct bench *)arg)->state == KTG_AGENT_FENCED;
}
static bool never(void *arg)
{
    (void)arg;
    return false;
}
static void let_pass(struct bench *b, int64_t ms)
{
    assert_false(ktg_loop_run_until(b->loop, never, b, ktg_mono_ms() + ms));
}

/* Every event that was submitted is at the centre once, and has one receipt. */
static void check_all_arrived_once(struct bench *b)
{
    for (uint64_t n = 1; n <= b->submitted; n++) {
        if (centre_holds(b->centre, n) != 1)
            fail_msg("event %llu is %d times at the centre", (unsigned long long)n,
                     centre_holds(b->centre, n));
        if (b->receipt_of[n] != 1)
            fail_msg("event %llu has %llu receipts", (unsigned long long)n,
                     (unsigned long long)b->receipt_of[n]);
    }
    assert_int_equal(b->centre->count, b->submitted);
    assert_true(ktg_agent_is_idle(b->agent));
}

static int setup(void **state)
{
    struct bench *b = ktg_zalloc(sizeof *b);
    b->centre = ktg_zalloc(sizeof *b->centre);
    ktg_tmpdir_make(b->dir);
    snprintf(b->outbox, sizeof b->outbox, "%s/outbox", b->dir);
    snprintf(b->endpoint, sizeof b->endpoint, "ipc://%s/g.ipc", b->dir);
    snprintf(b->ipc, sizeof b->ipc, "ipc://%s/a.ipc", b->dir);
    assert_int_equal(ktg_loop_new(&b->loop, NULL), KTG_OK);
    assert_int_equal(ktg_context_new(b->loop, ktg_agent_lookup, NULL, &b->context, NULL), KTG_OK);
    assert_int_equal(centre_open(b->centre, b->context, b->endpoint), KTG_OK);
    *state = b;
    return 0;
}

static int teardown(void **state)
{
    struct bench *b = *state;
    close_agent(b);
    centre_close(b->centre);
    ktg_context_free(b->context);
    ktg_loop_free(b->loop);
    ktg_tmpdir_remove(b->dir);
    ktg_free(b->centre);
    ktg_free(b);
    return 0;
}

static void
test_agent__brings_events_in_batches_within_the_credit_and_tells_where_they_are(void **state)
{
    struct bench *b = *state;
    b->centre->credit = 100;
    open_agent(b, (struct ktg_agent_options){.batch_events = 64});
    wait_for(b, is_online);
    assert_string_equal(b->centre->sources, "2");
    submit_more(b, 2000);
    wait_receipts(b, 2000);
    assert_int_equal(b->receipts[KTG_RECEIPT_ACCEPTED], 2000);
    assert_int_equal(b->stored, 2000);
    assert_int_equal(b->centre->biggest, 64);
    assert_in_range(b->centre->publishes, 2000 / 64, 200);
    assert_int_equal(b->centre->gaps + b->centre->duplicates, 0);
    check_all_arrived_once(b);
    uint64_t last = b->submitted;
    assert_int_equal(submit(b, last),
                     KTG_OK); /* the same again: its receipt is known, nothing is sent */
    let_pass(b, 50);
    assert_int_equal(b->centre->count, 2000);
    struct ktg_outbox_stat st;
    assert_int_equal(ktg_outbox_stat(ktg_agent_outbox(b->agent), &st, NULL), KTG_OK);
    assert_int_equal(st.waiting, 0);
    assert_int_equal(st.accepted, 2000);
}

static void test_agent__whichever_message_is_the_last_of_a_connection_nothing_is_lost(void **state)
{
    struct bench *b = *state;
    for (int cut = 1; cut <= 12; cut++)
        for (int taken = 0; taken < 2; taken++) {
            b->centre->cut_after = cut;
            b->centre->cut_before_take = !taken;
            if (!b->agent)
                open_agent(b, (struct ktg_agent_options){.batch_events = 4, .window = 20});
            submit_more(b, 60);
            let_pass(b, cut <= 2 ? 60 : 20);
            if (cut <= 3 + 2) { /* a connection that never gets to publish: let it through now */
                b->centre->cut_after = 0;
            }
            wait_receipts(b, b->submitted);
            if (cut % 4 == 0)
                close_agent(b); /* and a new process on the same outbox */
        }
    if (!b->agent)
        open_agent(b, (struct ktg_agent_options){0});
    check_all_arrived_once(b);
    assert_int_equal(b->centre->gaps, 0);
    assert_true(b->centre->hellos > 40);
    assert_int_equal(b->receipts[KTG_RECEIPT_STORED], 0); /* each one's fate was heard in the end */
    assert_true(b->receipts[KTG_RECEIPT_DUPLICATE] > 0);
}

static void test_agent__echoes_of_acknowledgements_are_harmless(void **state)
{
    struct bench *b = *state;
    b->centre->echo_acks = true;
    open_agent(b, (struct ktg_agent_options){.batch_events = 16});
    submit_more(b, 500);
    wait_receipts(b, 500);
    let_pass(b, 30);
    check_all_arrived_once(b);
}

static void
test_agent__a_rejected_event_is_told_with_its_reason_and_does_not_hold_up_the_others(void **state)
{
    struct bench *b = *state;
    b->centre->reject_every = 7;
    open_agent(b, (struct ktg_agent_options){.batch_events = 16});
    for (int first = 0; first < 2; first++) {
        b->centre->reason_first = first;
        submit_more(b, 210);
        wait_receipts(b, b->submitted);
    }
    check_all_arrived_once(b);
    assert_int_equal(b->receipts[KTG_RECEIPT_REJECTED], 60);
    assert_int_equal(b->faults, 60);
    assert_int_equal(b->receipts[KTG_RECEIPT_ACCEPTED], 360);
    struct ktg_outbox_stat st;
    assert_int_equal(ktg_outbox_stat(ktg_agent_outbox(b->agent), &st, NULL), KTG_OK);
    assert_int_equal(st.rejects, 60);
}

static void test_agent__a_busy_centre_is_tried_again_and_a_mute_one_left(void **state)
{
    struct bench *b = *state;
    b->centre->retries = 5;
    open_agent(b, (struct ktg_agent_options){.answer_within = 150});
    submit_more(b, 100);
    wait_receipts(b, 100);
    assert_int_equal(b->centre->retries, 0);
    assert_int_equal(b->centre->hellos, 1); /* a retry is no reason to hang up */
    b->centre->mute = true;
    submit_more(b, 100);
    let_pass(b, 500);
    assert_true(b->centre->hellos > 1);
    b->centre->mute = false;
    wait_receipts(b, 200);
    check_all_arrived_once(b);
}

static void
test_agent__asks_whether_a_silent_centre_is_there_and_calls_anew_when_it_is_not(void **state)
{
    struct bench *b = *state;
    open_agent(b, (struct ktg_agent_options){.answer_within = 150});
    wait_for(b, is_online);
    let_pass(b, 400); /* nothing to do, but pings are answered: no new hello */
    assert_int_equal(b->centre->hellos, 1);
    assert_true(b->centre->pings >= 3);
    b->centre->mute = true;
    let_pass(b, 500);
    assert_true(b->centre->hellos >= 2);
}

static void test_agent__a_lost_outbox_goes_on_in_a_new_epoch(void **state)
{
    struct bench *b = *state;
    open_agent(b, (struct ktg_agent_options){0});
    submit_more(b, 50);
    wait_receipts(b, 50);
    uint64_t epoch = b->centre->epoch;
    close_agent(b);
    ktg_tmpdir_remove(b->outbox);
    open_agent(b, (struct ktg_agent_options){0});
    b->submitted = 30; /* its adapter sends the last twenty once more */
    submit_more(b, 70);
    wait_receipts(b, 120);
    assert_true(b->centre->epoch > epoch);
    assert_int_equal(b->receipts[KTG_RECEIPT_DUPLICATE], 20);
    assert_int_equal(b->centre->count, 100);
    for (uint64_t n = 1; n <= 100; n++)
        assert_int_equal(centre_holds(b->centre, n), 1);
}

static void test_agent__an_outbox_restored_from_a_copy_goes_on_in_a_new_epoch(void **state)
{
    struct bench *b = *state;
    char copy[KTG_TMPDIR_SIZE + 16];
    struct ktg_err err = KTG_ERR_INIT;
    snprintf(copy, sizeof copy, "%s/copy", b->dir);
    /* Two ways to meet it: by the welcome (behind), and by a number that was used for another event (conflict). */
    for (int conflict = 0; conflict < 2; conflict++) {
        open_agent(b, (struct ktg_agent_options){0});
        submit_more(b, 20);
        wait_receipts(b, b->submitted);
        assert_int_equal(ktg_outbox_copy(ktg_agent_outbox(b->agent), copy, &err), KTG_OK);
        submit_more(b, 10);
        wait_receipts(b, b->submitted);
        uint64_t epoch = b->centre->epoch;
        close_agent(b);
        ktg_tmpdir_remove(b->outbox);
        assert_int_equal(rename(copy, b->outbox), 0);
        size_t troubles = b->troubles;
        if (conflict) { /* the centre has lost its memory of how far we came, not of what it holds */
            b->centre->last -= 10;
            struct taken *t = &b->centre->last_of_seq[b->centre->last];
            t->id[0] ^= 0xff;
            b->centre->last += 1;
        }
        open_agent(b, (struct ktg_agent_options){0});
        submit_more(b, 20);
        wait_receipts(b, b->submitted);
        assert_true(b->centre->epoch > epoch);
        assert_true(b->troubles > troubles);
        assert_true(strcmp(b->trouble, "outbox-behind") == 0 ||
                    strcmp(b->trouble, "sequence-conflict") == 0);
        check_all_arrived_once(b);
        close_agent(b);
    }
    open_agent(b, (struct ktg_agent_options){0});
}

static void test_agent__a_centre_that_forgot_is_told_so_and_gets_what_comes(void **state)
{
    struct bench *b = *state;
    open_agent(b, (struct ktg_agent_options){0});
    submit_more(b, 20);
    wait_receipts(b, 20);
    close_agent(b);
    b->centre->last = 10; /* restored from an old copy */
    open_agent(b, (struct ktg_agent_options){0});
    submit_more(b, 5);
    wait_receipts(b, 25);
    assert_string_equal(b->trouble, "centre-behind");
    check_all_arrived_once(b);
}

static void test_agent__fenced_it_stops_sending_goes_on_storing_and_may_take_over(void **state)
{
    struct bench *b = *state;
    b->centre->epoch = 1ull << 60;
    open_agent(b, (struct ktg_agent_options){0});
    submit_more(b, 10);
    wait_for(b, is_fenced);
    assert_non_null(strstr(b->why, "[fenced]"));
    size_t hellos = b->centre->hellos;
    submit_more(b, 10);
    let_pass(b, 200);
    assert_int_equal(b->stored, 20);
    assert_int_equal(b->centre->hellos, hellos);
    b->centre->epoch = 1; /* the other installation was put away */
    assert_int_equal(ktg_agent_take_over(b->agent, NULL), KTG_OK);
    wait_receipts(b, 20);
    check_all_arrived_once(b);
}

static void test_agent__a_key_that_is_not_wanted_is_said_and_not_tried_again(void **state)
{
    struct bench *b = *state;
    b->centre->deny = true;
    open_agent(b, (struct ktg_agent_options){0});
    submit_more(b, 3);
    wait_for(b, is_fenced);
    assert_non_null(strstr(b->why, "[revoked-key]"));
    size_t hellos = b->centre->hellos;
    let_pass(b, 200);
    assert_int_equal(b->centre->hellos, hellos);
    b->centre->deny = false;
    ktg_agent_pause(b->agent, false); /* a person has looked */
    wait_receipts(b, 3);
}

static void test_agent__heartbeats_do_not_vouch_for_what_waits(void **state)
{
    struct bench *b = *state;
    static const char *const one[] = {"IMI.ENTIKONG.1", NULL};
    struct ktg_clock clock = {.start = 1000000, .anchor = 0, .scale = 1};
    struct ktg_clock real = KTG_CLOCK_REAL;
    clock.anchor = ktg_clock_now(&real);
    b->centre->mute = true;
    open_agent(b, (struct ktg_agent_options){.sources = one, .clock = clock, .heartbeat = 200});
    wait_for(b, is_online);
    let_pass(b, 100);
    assert_string_equal(b->centre->last_source, "IMI.ENTIKONG.1");
    assert_true(b->centre->last_until >= 1000000 && b->centre->last_until < 1010000);
    b->submitted = 499;
    submit_more(b, 10); /* the oldest at 500 s; nobody acknowledges */
    let_pass(b, 450);
    assert_int_equal(b->centre->last_until, 499999);
    b->centre->mute = false;
    close_agent(b);
    open_agent(b, (struct ktg_agent_options){.sources = one, .clock = clock, .heartbeat = 200});
    wait_receipts(b, 10);
    let_pass(b, 450);
    assert_true(b->centre->last_until >= 1000000);
    assert_int_equal(b->centre->byes, 1); /* it said goodbye when it was closed */
}

static void test_agent__heartbeats_follow_a_clock_that_becomes_faster(void **state)
{
    struct bench *b = *state;
    static const char *const one[] = {"IMI.ENTIKONG.1", NULL};
    char path[128];
    struct ktg_clockfile *file = NULL;
    snprintf(path, sizeof path, "%s/clock", b->dir);
    assert_int_equal(ktg_clockfile_create(path, 1000000, 1, &file, NULL), KTG_OK);
    open_agent(b, (struct ktg_agent_options){.sources = one, .clock = {.scale = 1, .file = file}});
    wait_for(b, is_online);
    let_pass(b, 100);
    uint64_t first = ktg_agent_counts(b->agent)->heartbeats;
    let_pass(b, 300);
    assert_int_equal(ktg_agent_counts(b->agent)->heartbeats, first); /* one a minute */
    ktg_clockfile_set(file, KTG_LONG_AGO, 5760);
    let_pass(b, 1300);
    assert_true(ktg_agent_counts(b->agent)->heartbeats >=
                first + 3); /* it did not wait for its minute */
    assert_true(b->centre->last_until > 1000000 + 5760 * 500);
    close_agent(b);
    ktg_clockfile_close(file);
    unlink(path);
}

static void test_agent__offline_it_stores_and_when_the_link_is_back_all_arrives(void **state)
{
    struct bench *b = *state;
    open_agent(b, (struct ktg_agent_options){0});
    wait_for(b, is_online);
    ktg_agent_pause(b->agent, true);
    submit_more(b, 1000);
    let_pass(b, 200);
    assert_int_equal(b->stored, 1000);
    assert_int_equal(b->centre->count, 0);
    assert_int_equal(ktg_agent_state(b->agent), KTG_AGENT_OFFLINE);
    ktg_agent_pause(b->agent, false);
    wait_receipts(b, 1000);
    check_all_arrived_once(b);
}

static void test_agent__full_it_says_so_takes_nothing_and_goes_on_when_there_is_room(void **state)
{
    struct bench *b = *state;
    ktg_agent_close(NULL);
    b->centre->mute = true;
    open_agent(b, (struct ktg_agent_options){
                      .outbox = {.map_size = 512u << 10, .receipts = 100, .rejects = 5},
                      .queue_events = 200,
                      .answer_within = 300});
    int r = KTG_OK;
    for (int i = 0; i < 200 && !r; i++) {
        while ((r = submit(b, b->submitted + 1)) == KTG_OK)
            b->submitted++;
        assert_int_equal(r, KTG_EAGAIN);
        let_pass(b, 10);
        r = b->troubles ? KTG_EFULL : KTG_OK;
    }
    assert_int_equal(r, KTG_EFULL);
    assert_string_equal(b->trouble, "outbox-full");
    size_t rooms = b->rooms;
    b->centre->mute = false;
    wait_receipts(b, b->submitted);
    assert_true(b->rooms > rooms);
    submit_more(b, 100);
    wait_receipts(b, b->submitted);
    check_all_arrived_once(b);
}

static void test_agent__what_is_no_event_is_refused_at_once(void **state)
{
    struct bench *b = *state;
    static const struct {
        const char *bytes;
        size_t size;
    } cases[] = {
        {"", 0}, {"\xc0", 1}, {"\x80", 1}, {"\x81\xa2id\xc4\x01x", 7}, {"\xdf\xff\xff\xff\xff", 5}};
    open_agent(b, (struct ktg_agent_options){0});
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct ktg_err err = KTG_ERR_INIT;
        assert_int_equal(
            ktg_agent_submit(b->agent, ktg_bytes(cases[i].bytes, cases[i].size), NULL, &err),
            KTG_EINVALID);
        assert_true(err.fault || err.text[0]);
    }
    struct ktg_buf other = KTG_BUF_INIT; /* one id, two contents */
    submit_more(b, 1);
    make_event(1, "IMI.ENTIKONG.2", &other);
    assert_int_equal(ktg_agent_submit(b->agent, ktg_buf_view(&other), NULL, NULL), KTG_OK);
    ktg_buf_done(&other);
    wait_receipts(b, 1);
    assert_int_equal(b->conflicts, 1);
}

static void test_agent__forty_of_them_share_a_loop(void **state)
{
    struct bench *b = *state;
    struct ktg_agent *agents[40];
    char folders[40][KTG_TMPDIR_SIZE + 16];
    static const char *const none[] = {NULL};
    struct centre *centres = ktg_calloc(4, sizeof *centres);
    char endpoints[4][KTG_TMPDIR_SIZE + 16];
    struct ktg_agent_calls calls = {.on_receipt = on_receipt, .arg = b};
    for (size_t i = 0; i < 4; i++) {
        snprintf(endpoints[i], sizeof endpoints[i], "ipc://%s/g%zu", b->dir, i);
        assert_int_equal(centre_open(&centres[i], b->context, endpoints[i]), KTG_OK);
    }
    for (size_t i = 0; i < 40; i++) {
        snprintf(folders[i], sizeof folders[i], "%s/o%zu", b->dir, i);
        struct ktg_agent_options o = {
            .loop = b->loop,
            .context = b->context,
            .name = "UTO.POST",
            .folder = folders[i],
            .sources = none,
            .outbox = {.map_size = 4u << 20, .receipts = 100, .rejects = 10}};
        /* only four have a centre of their own: the others store and wait */
        o.endpoint = i < 4 ? endpoints[i] : NULL;
        assert_int_equal(ktg_agent_open(&o, &calls, &agents[i], NULL), KTG_OK);
        for (uint64_t n = 1; n <= 20; n++) {
            struct ktg_buf blob = KTG_BUF_INIT;
            make_event(i * 100 + n, "UTO.POST.1", &blob);
            assert_int_equal(ktg_agent_submit(agents[i], ktg_buf_view(&blob), NULL, NULL), KTG_OK);
            ktg_buf_done(&blob);
        }
    }
    wait_receipts(b, 80);
    for (size_t i = 0; i < 40; i++) {
        struct ktg_outbox_stat st;
        assert_int_equal(ktg_outbox_stat(ktg_agent_outbox(agents[i]), &st, NULL), KTG_OK);
        assert_int_equal(st.waiting, i < 4 ? 0 : 20);
        ktg_agent_close(agents[i]);
    }
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(centres[i].count, 20);
        centre_close(&centres[i]);
    }
    ktg_free(centres);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(test_agent__brings_events_in_batches_within_the_credit_and_tells_where_they_are),
        T(test_agent__whichever_message_is_the_last_of_a_connection_nothing_is_lost),
        T(test_agent__echoes_of_acknowledgements_are_harmless),
        T(test_agent__a_rejected_event_is_told_with_its_reason_and_does_not_hold_up_the_others),
        T(test_agent__a_busy_centre_is_tried_again_and_a_mute_one_left),
        T(test_agent__asks_whether_a_silent_centre_is_there_and_calls_anew_when_it_is_not),
        T(test_agent__a_lost_outbox_goes_on_in_a_new_epoch),
        T(test_agent__an_outbox_restored_from_a_copy_goes_on_in_a_new_epoch),
        T(test_agent__a_centre_that_forgot_is_told_so_and_gets_what_comes),
        T(test_agent__fenced_it_stops_sending_goes_on_storing_and_may_take_over),
        T(test_agent__a_key_that_is_not_wanted_is_said_and_not_tried_again),
        T(test_agent__heartbeats_do_not_vouch_for_what_waits),
        T(test_agent__heartbeats_follow_a_clock_that_becomes_faster),
        T(test_agent__offline_it_stores_and_when_the_link_is_back_all_arrives),
        T(test_agent__full_it_says_so_takes_nothing_and_goes_on_when_there_is_room),
        T(test_agent__what_is_no_event_is_refused_at_once),
        T(test_agent__forty_of_them_share_a_loop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
