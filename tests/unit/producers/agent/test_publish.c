/* tests/unit/producers/agent/test_publish.c - files, pipes, a centre in another process, an agent that runs already.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "producers/publish.h"
#include "producers/publish_input.h"
#include "runtime/mem.h"
#include "schema/files.h"
#include "tests/support/cmocka.h"
#define KTG_TMPDIR_MEMORY
#include "tests/support/tmpdir.h"
#include "tests/unit/producers/agent/fake_gateway.h"

static const char *const six[] = {
    "{\"id\":\"01936b2e-7c00-7000-8000-000000000001\",\"type\":\"border.crossing\",\"source\":"
    "\"IMI.ENTIKONG.1\",\"occurred_at\":\"2026-03-01T09:00:00+07:00\",\"data\":{\"direction\":"
    "\"entry\",\"mode\":\"land\",\"post\":\"ENTIKONG\",\"doc\":{\"kind\":\"P\",\"issuer\":\"UTO\","
    "\"number\":\"L898902C3\"},\"surname\":\"SPECIMEN\",\"given\":\"UTO\",\"dob\":\"1974-08-12\","
    "\"sex\":\"F\",\"nationality\":\"UTO\",\"visa_index\":\"B1\",\"permitted_until\":\"2026-03-"
    "31\"}}",
    "{\"id\":\"01936b2e-7c00-7000-8000-000000000002\",\"type\":\"lodging.checkin\",\"source\":"
    "\"APOA.SANGGAU.7\",\"occurred_at\":\"2026-03-01T15:00:00+07:00\",\"data\":{\"property\":\"H-"
    "7\",\"doc\":{\"kind\":\"P\",\"issuer\":\"UTO\",\"number\":\"L898902C3\"},\"surname\":"
    "\"SPECIMEN\",\"given\":\"UTO\"}}",
    "{\"id\":\"01936b2e-7c00-7000-8000-000000000003\",\"type\":\"permit.status\",\"source\":\"IMI."
    "SANGGAU\",\"occurred_at\":\"2026-03-20T10:00:00+07:00\",\"data\":{\"action\":\"extended\","
    "\"permit_no\":\"2C11AB0001\",\"doc\":{\"kind\":\"P\",\"issuer\":\"UTO\",\"number\":"
    "\"L898902C3\"},\"until\":\"2026-04-30\"}}",
    "{\"id\":\"01936b2e-7c00-7000-8000-000000000004\",\"type\":\"sponsor.link\",\"source\":\"IMI."
    "SANGGAU\",\"occurred_at\":\"2026-03-02T10:00:00+07:00\",\"data\":{\"action\":\"add\","
    "\"sponsor\":{\"kind\":\"person\",\"id\":\"0000000000000001\"},\"relation\":\"friend\",\"doc\":"
    "{\"kind\":\"P\",\"issuer\":\"UTO\",\"number\":\"L898902C3\"}}}",
    "{\"id\":\"01936b2e-7c00-7000-8000-000000000005\",\"type\":\"licence.status\",\"source\":"
    "\"PTSP.SANGGAU\",\"occurred_at\":\"2026-03-05T08:00:00+07:00\",\"data\":{\"nib\":"
    "\"0000000000001\",\"kind\":\"PMA\",\"status\":\"revoked\"}}",
    "{\"id\":\"01936b2e-7c00-7000-8000-000000000006\",\"type\":\"watchlist.entry\",\"source\":"
    "\"IMI.PUSAT\",\"occurred_at\":\"2026-03-06T08:00:00+07:00\",\"data\":{\"op\":\"add\",\"list\":"
    "\"tangkal\",\"docs\":[{\"kind\":\"P\",\"issuer\":\"UTO\",\"number\":\"L898902C3\"}],\"until\":"
    "\"2027-03-06\",\"action\":\"refer\"}}",
};

struct bench {
    char dir[KTG_TMPDIR_SIZE], outbox[KTG_TMPDIR_SIZE + 16], endpoint[KTG_TMPDIR_SIZE + 16],
        ipc[KTG_TMPDIR_SIZE + 16], file[KTG_TMPDIR_SIZE + 16];
    struct ktg_catalogue *catalogue;
    struct centre *centre; /* shared with the process that plays it */
    pid_t pid, agent;
    struct ktg_publish_counts counts;
    char wrong[1024], receipts[1024];
};

/* The centre, until killed. */
static void play_centre(struct bench *b, int ready)
{
    struct ktg_loop *loop = NULL;
    struct ktg_context *context = NULL;
    if (ktg_loop_new(&loop, NULL) ||
        ktg_context_new(loop, ktg_agent_lookup, NULL, &context, NULL) ||
        centre_open(b->centre, context, b->endpoint))
        _exit(1);
    if (write(ready, "x", 1) != 1)
        _exit(3);
    ktg_loop_run(loop);
    _exit(4);
}

/* An agent as a station of its own, until it is asked to stop. */
static void start_agent(struct bench *b)
{
    struct ktg_agent_options o = {
        .name = "IMI.ENTIKONG",
        .folder = b->outbox,
        .endpoint = b->endpoint,
        .ipc = b->ipc,
        .outbox = {.map_size = 16u << 20, .receipts = 1000, .rejects = 100}};
    b->agent = fork();
    assert_true(b->agent >= 0);
    if (b->agent == 0)
        _exit(-ktg_agent_run(&o, NULL));
    while (access(b->ipc + strlen("ipc://"), F_OK) != 0) /* its door is open */
        sched_yield();
}

static void start_centre(struct bench *b)
{
    int p[2];
    char c;
    assert_int_equal(pipe(p), 0);
    b->pid = fork();
    assert_true(b->pid >= 0);
    if (b->pid == 0)
        play_centre(b, p[1]);
    close(p[1]);
    assert_int_equal(read(p[0], &c, 1), 1);
    close(p[0]);
}

static void stop_centre(struct bench *b)
{
    if (b->pid > 0) {
        kill(b->pid, SIGKILL);
        waitpid(b->pid, NULL, 0);
    }
    b->pid = 0;
}

static int setup(void **state)
{
    struct bench *b = ktg_zalloc(sizeof *b);
    struct ktg_files files = KTG_FILES_INIT;
    struct ktg_err err = KTG_ERR_INIT;
    ktg_tmpdir_make(b->dir);
    snprintf(b->outbox, sizeof b->outbox, "%s/outbox", b->dir);
    snprintf(b->endpoint, sizeof b->endpoint, "ipc://%s/g.ipc", b->dir);
    snprintf(b->ipc, sizeof b->ipc, "ipc://%s/a.ipc", b->dir);
    snprintf(b->file, sizeof b->file, "%s/events.ndjson", b->dir);
    b->centre =
        mmap(NULL, sizeof *b->centre, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(b->centre != MAP_FAILED);
    if (ktg_files_read(&files, KTG_SCHEMA_DIR, "", &err) ||
        ktg_catalogue_load(files.at, files.count, &b->catalogue, &err))
        fail_msg("%s", err.text);
    ktg_files_done(&files);
    *state = b;
    return 0;
}

static int teardown(void **state)
{
    struct bench *b = *state;
    if (b->agent > 0) {
        kill(b->agent, SIGKILL);
        waitpid(b->agent, NULL, 0);
    }
    stop_centre(b);
    ktg_catalogue_free(b->catalogue);
    munmap(b->centre, sizeof *b->centre);
    ktg_tmpdir_remove(b->dir);
    ktg_free(b);
    return 0;
}

static void on_wrong(void *arg, uint64_t line, const struct ktg_err *why)
{
    struct bench *b = arg;
    size_t n = strlen(b->wrong);
    snprintf(b->wrong + n, sizeof b->wrong - n, "%llu %s %s|", (unsigned long long)line,
             why->fault ? why->fault->name : why->text, why->where);
}

static void on_receipt(void *arg, uint64_t line, const struct ktg_outbox_receipt *r,
                       const struct ktg_outbox_fault *fault)
{
    struct bench *b = arg;
    size_t n = strlen(b->receipts);
    snprintf(b->receipts + n, sizeof b->receipts - n, "%llu %s%s%.*s|", (unsigned long long)line,
             ktg_receipt_status_name(r->status), fault ? " " : "",
             fault ? (int)fault->code.size : 0, fault ? (const char *)fault->code.data : "");
}

static int publish(struct bench *b, struct ktg_publish_options o)
{
    struct ktg_publish_calls calls = {.on_wrong = on_wrong, .on_receipt = on_receipt, .arg = b};
    struct ktg_err err = KTG_ERR_INIT;
    b->wrong[0] = b->receipts[0] = '\0';
    o.file = o.file ? o.file : b->file;
    o.catalogue = b->catalogue;
    o.agent = (struct ktg_agent_options){
        .name = "IMI.ENTIKONG",
        .folder = b->outbox,
        .endpoint = b->endpoint,
        .retry_min = 10,
        .retry_max = 100,
        .outbox = {.map_size = 16u << 20, .receipts = 1000, .rejects = 100}};
    o.wait = o.wait ? o.wait : 10000;
    return ktg_publish_main(&o, &calls, &b->counts, &err);
}

static void write_lines(struct bench *b, const char *const *lines, size_t count)
{
    FILE *f = fopen(b->file, "w");
    assert_non_null(f);
    for (size_t i = 0; i < count; i++)
        fprintf(f, "%s%s", lines[i], i + 1 < count ? "\n" : ""); /* the last line has no end */
    fclose(f);
}

static void test_publish__six_lines_arrive_with_receipts_and_again_they_are_duplicates(void **state)
{
    struct bench *b = *state;
    write_lines(b, six, COUNT(six));
    start_centre(b);
    assert_int_equal(publish(b, (struct ktg_publish_options){0}), KTG_OK);
    assert_string_equal(b->receipts,
                        "1 accepted|2 accepted|3 accepted|4 accepted|5 accepted|6 accepted|");
    assert_int_equal(b->counts.lines, 6);
    assert_int_equal(b->counts.stored, 6);
    assert_int_equal(b->counts.accepted, 6);
    assert_int_equal(b->centre->count, 6);
    assert_int_equal(publish(b, (struct ktg_publish_options){0}), KTG_OK);
    assert_int_equal(b->counts.duplicate, 6);
    ktg_tmpdir_remove(b->outbox); /* and with a new outbox the centre says so */
    assert_int_equal(publish(b, (struct ktg_publish_options){0}), KTG_OK);
    assert_int_equal(b->counts.duplicate, 6);
    assert_int_equal(b->centre->count, 6);
}

static void test_publish__each_wrong_line_is_told_and_the_others_go_on(void **state)
{
    struct bench *b = *state;
    char *longest = ktg_alloc(400000);
    memset(longest, 'x', 400000);
    longest[399999] = '\0';
    const char *const lines[] = {
        "not json",
        "",
        six[0],
        "{\"id\":\"01936b2e-7c00-7000-8000-000000000007\",\"type\":\"border.crosing\",\"source\":"
        "\"IMI.ENTIKONG.1\",\"occurred_at\":\"2026-03-01T09:00:00+07:00\",\"data\":{}}",
        "  ",
        "{\"id\":\"01936b2e-7c00-7000-8000-000000000008\",\"type\":\"licence.status\",\"source\":"
        "\"PTSP.SANGGAU\",\"occurred_at\":\"2026-03-05T08:00:00+07:00\",\"data\":{\"nib\":"
        "\"0000000000001\",\"kind\":\"PMA\",\"status\":\"gone\"}}",
        longest,
        six[1],
        six[0],
        "{\"id\":\"01936b2e-7c00-7000-8000-000000000001\",\"type\":\"licence.status\",\"source\":"
        "\"PTSP.SANGGAU\",\"occurred_at\":\"2026-03-05T08:00:00+07:00\",\"data\":{\"nib\":"
        "\"0000000000001\",\"kind\":\"PMA\",\"status\":\"revoked\"}}"};
    write_lines(b, lines, COUNT(lines));
    ktg_free(longest);
    assert_int_equal(publish(b, (struct ktg_publish_options){.test = true}), KTG_EINVALID);
    assert_string_equal(
        b->wrong,
        "1 not-json column 3|4 unknown-type /type|6 wrong-code /data/status|7 oversize line|");
    assert_int_equal(b->counts.lines, 8);
    assert_int_equal(b->counts.stored, 0);
    start_centre(b);
    assert_int_equal(publish(b, (struct ktg_publish_options){0}), KTG_EINVALID);
    assert_int_equal(b->counts.invalid, 5); /* and the id that is another event's */
    assert_non_null(strstr(b->wrong, "10 id-conflict /id|"));
    assert_string_equal(b->receipts, "3 accepted|8 accepted|");
    assert_int_equal(b->counts.accepted, 3); /* line 9 is line 3 again */
    assert_int_equal(b->centre->count, 2);
}

static void test_publish__a_rejected_event_is_told_with_its_reason(void **state)
{
    struct bench *b = *state;
    b->centre->reject_every = 3;
    write_lines(b, six, COUNT(six));
    start_centre(b);
    assert_int_equal(publish(b, (struct ktg_publish_options){0}), KTG_EINVALID);
    assert_non_null(strstr(b->receipts, "3 rejected wrong-value|"));
    assert_non_null(strstr(b->receipts, "6 rejected wrong-value|"));
    assert_int_equal(b->counts.rejected, 2);
    assert_int_equal(b->counts.accepted, 4);
}

static void test_publish__nobody_answers_but_it_is_stored_for_the_next_run(void **state)
{
    struct bench *b = *state;
    write_lines(b, six, COUNT(six));
    assert_int_equal(publish(b, (struct ktg_publish_options){.wait = 200}), KTG_EUNREACHABLE);
    assert_int_equal(b->counts.stored, 6);
    assert_int_equal(b->counts.unanswered, 6);
    assert_int_equal(publish(b, (struct ktg_publish_options){.no_wait = true}), KTG_OK);
    start_centre(b);
    assert_int_equal(publish(b, (struct ktg_publish_options){0}), KTG_OK);
    assert_int_equal(b->counts.accepted, 6);
    assert_int_equal(b->centre->count, 6);
    assert_int_equal(publish(b, (struct ktg_publish_options){.file = "/nonexistent"}),
                     KTG_ENOTFOUND);
}

static void test_publish__an_unwanted_key_is_denied_without_waiting(void **state)
{
    struct bench *b = *state;
    b->centre->deny = true;
    write_lines(b, six, COUNT(six));
    start_centre(b);
    assert_int_equal(publish(b, (struct ktg_publish_options){.wait = 60000}), KTG_EDENIED);
    assert_int_equal(b->counts.stored, 6);
}

static void test_publish__a_running_agent_takes_them(void **state)
{
    struct bench *b = *state;
    b->centre->reject_every = 6;
    write_lines(b, six, COUNT(six));
    start_centre(b);
    start_agent(b);
    assert_int_equal(publish(b, (struct ktg_publish_options){0}),
                     KTG_ECONFLICT); /* the outbox is its own */
    assert_int_equal(publish(b, (struct ktg_publish_options){.ipc = b->ipc}), KTG_EINVALID);
    assert_int_equal(b->counts.stored, 6);
    assert_int_equal(b->counts.accepted, 5);
    assert_int_equal(b->counts.rejected, 1);
    assert_non_null(strstr(b->receipts, "6 rejected wrong-value|"));
    assert_int_equal(b->centre->count, 6);
    int status;
    assert_int_equal(kill(b->agent, SIGTERM), 0);
    assert_int_equal(waitpid(b->agent, &status, 0), b->agent);
    assert_int_equal(status, 0); /* it ended by itself, without a fault */
    b->agent = 0;
}

/* Until somebody has read all that is in the pipe. */
static void wait_drained(int pipe_end)
{
    int left = 1;
    while (ioctl(pipe_end, FIONREAD, &left) == 0 && left > 0)
        sched_yield();
}

static void feed_slowly(int to)
{
    for (size_t i = 0; i < COUNT(six); i++) {
        size_t n = strlen(six[i]);
        (void)!write(to, six[i], n / 2); /* half a line */
        wait_drained(to);
        (void)!write(to, six[i] + n / 2, n - n / 2);
        (void)!write(to, "\r\n", 2);
    }
    _exit(0);
}

static void test_publish__a_pipe_is_read_as_it_comes(void **state)
{
    struct bench *b = *state;
    int p[2];
    start_centre(b);
    assert_int_equal(pipe(p), 0);
    pid_t writer = fork();
    assert_true(writer >= 0);
    if (writer == 0)
        feed_slowly(p[1]);
    close(p[1]);
    assert_int_equal(publish(b, (struct ktg_publish_options){.file = "-", .in = p[0]}), KTG_OK);
    assert_int_equal(b->counts.accepted, 6);
    close(p[0]);
    waitpid(writer, NULL, 0);
}

static void test_publish__an_interrupt_ends_it_and_loses_nothing(void **state)
{
    struct bench *b = *state;
    int p[2];
    start_centre(b);
    assert_int_equal(pipe(p), 0);
    for (size_t i = 0; i < 3; i++) {
        assert_true(write(p[1], six[i], strlen(six[i])) > 0);
        assert_int_equal(write(p[1], "\n", 1), 1);
    }
    pid_t self = getpid(), killer = fork();
    assert_true(killer >= 0);
    if (killer == 0) {
        const volatile size_t *count = &b->centre->count; /* shared with the centre */
        while (*count < 3)
            sched_yield();
        kill(self, SIGINT);
        _exit(0);
    }
    assert_int_equal(publish(b, (struct ktg_publish_options){.file = "-", .in = p[0]}), KTG_EAGAIN);
    assert_true(b->counts.interrupted);
    assert_int_equal(b->counts.stored, 3);
    waitpid(killer, NULL, 0);
    close(p[0]);
    close(p[1]);
}

static void test_pending__agrees_with_a_plain_list(void **unused)
{
    (void)unused;
    enum { IDS = 300 };
    uint64_t line[IDS] = {0}, more[IDS] = {0}, x = 7;
    struct ktg_pending p = {0};
    size_t count = 0;
    for (int step = 0; step < 20000; step++) {
        x = x * 6364136223846793005u + 1442695040888963407u;
        size_t n = (size_t)(x >> 40) % IDS;
        uint8_t id[KTG_OUTBOX_ID] = {0};
        struct ktg_pending_row row;
        ktg_put_le64(id + 8, n);
        if ((x >> 60) < 8) {
            assert_int_equal(ktg_pending_put(&p, id, (uint64_t)step + 1), KTG_OK);
            if (line[n]) {
                more[n]++;
            } else {
                line[n] = (uint64_t)step + 1;
                count++;
            }
        } else {
            bool there = ktg_pending_take(&p, id, &row);
            assert_int_equal(there, line[n] != 0);
            if (there) {
                assert_int_equal(row.line, line[n]);
                assert_int_equal(row.more, more[n]);
                line[n] = more[n] = 0;
                count--;
            }
        }
        assert_int_equal(p.count, count);
    }
    ktg_pending_done(&p);
}

static void test_lines__come_whole_out_of_any_pieces(void **unused)
{
    (void)unused;
    static const char text[] = "one\n\nthree\r\n0123456789X\nfive\n0123456789\nseven";
    for (size_t piece = 1; piece <= sizeof text; piece++) {
        struct ktg_lines_in l = {0};
        char got[128] = "";
        for (size_t at = 0; at <= sizeof text - 1;) {
            size_t n = sizeof text - 1 - at < piece ? sizeof text - 1 - at : piece;
            assert_int_equal(ktg_lines_in_put(&l, ktg_bytes(text + at, n)), KTG_OK);
            struct ktg_bytes line;
            int r;
            while ((r = ktg_lines_in_next(&l, 10, &line)) != KTG_ENOTFOUND) {
                if (r)
                    strcat(got, "!");
                else
                    strncat(got, (const char *)line.data, line.size);
                strcat(got, "|");
            }
            if (n == 0)
                break;
            at += n;
        }
        assert_string_equal(got, "one||three|!|five|0123456789|seven|");
        assert_int_equal(l.number, 7);
        ktg_lines_in_done(&l);
    }
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(test_publish__six_lines_arrive_with_receipts_and_again_they_are_duplicates),
        T(test_publish__each_wrong_line_is_told_and_the_others_go_on),
        T(test_publish__a_rejected_event_is_told_with_its_reason),
        T(test_publish__nobody_answers_but_it_is_stored_for_the_next_run),
        T(test_publish__an_unwanted_key_is_denied_without_waiting),
        T(test_publish__a_running_agent_takes_them),
        T(test_publish__a_pipe_is_read_as_it_comes),
        T(test_publish__an_interrupt_ends_it_and_loses_nothing),
        cmocka_unit_test(test_pending__agrees_with_a_plain_list),
        cmocka_unit_test(test_lines__come_whole_out_of_any_pieces),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
