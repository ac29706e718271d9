/* tests/unit/rules/engine/test_replay.c - the engine on lines of a file.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "rules/engine/replay.h"

#include <stdio.h>

#include "schema/json.h"
#include "tests/unit/rules/engine/world.h"

struct file {
    struct ktg_bytes rest;
    struct ktg_buf out, complaints;
};

static int line(void *arg, struct ktg_bytes *ret_line)
{
    struct file *f = arg;
    if (!f->rest.size)
        return KTG_ENOTFOUND;
    const uint8_t *end = memchr(f->rest.data, '\n', f->rest.size);
    size_t n = end ? (size_t)(end - f->rest.data) : f->rest.size;
    *ret_line = ktg_bytes(f->rest.data, n);
    f->rest = ktg_bytes(f->rest.data + n + (end != NULL), f->rest.size - n - (end != NULL));
    return KTG_OK;
}
static int out(void *arg, const struct ktg_op *op)
{
    struct file *f = arg;
    if (ktg_bytes_is(op->rule, "permit-near-expiry")) /* everybody whose permit ends is reminded */
        return KTG_OK;
    int rc = ktg_op_print(op, &f->out);
    ktg_buf_put_str(&f->out, "\n");
    return rc;
}
static void complain(void *arg, size_t number, const char *text)
{
    struct file *f = arg;
    ktg_buf_printf(&f->complaints, "%zu: %s\n", number, text);
}

static struct ktg_replay_counts run(const struct world *w, const char *text, struct file *f,
                                    size_t batch, const char *until)
{
    struct ktg_err err = KTG_ERR_INIT;
    struct ktg_replay_counts counts;
    int unused;
    struct ktg_replay_options o = {.arg = f,
                                   .line = line,
                                   .out = out,
                                   .complain = complain,
                                   .until = KTG_LONG_AGO,
                                   .batch = batch};
    f->rest = ktg_bytes_str(text);
    ktg_buf_clear(&f->out);
    ktg_buf_clear(&f->complaints);
    if (until)
        assert_int_equal(ktg_instant_parse(ktg_bytes_str(until), true, &o.until, &unused), KTG_OK);
    if (ktg_replay(ktg_buf_view(&w->bundle), &o, &counts, &err))
        fail_msg("%s", err.text);
    return counts;
}
static void file_done(struct file *f)
{
    ktg_buf_done(&f->out);
    ktg_buf_done(&f->complaints);
}

#define P "\"doc\":{\"kind\":\"P\",\"issuer\":\"UTO\",\"number\":\"L898902C3\"}"
/* The six first golden vectors of the project. */
static const char *const six =
    "{\"id\":\"01936b2e-7c00-7000-8000-000000000001\",\"type\":\"border.crossing\",\"source\":"
    "\"IMI.ENTIKONG.1\",\"occurred_at\":"
    "\"2026-03-01T09:00:00+07:00\",\"data\":{\"direction\":\"entry\",\"mode\":\"land\",\"post\":"
    "\"ENTIKONG\"," P ",\"surname\":\"SPECIMEN\",\"given\":\"UTO\",\"dob\":\"1974-08-12\",\"sex\":"
    "\"F\",\"nationality\":\"UTO\",\"visa_index\":\"B1\","
    "\"permitted_until\":\"2026-03-31\"}}\n"
    "{\"id\":\"01936b2e-7c00-7000-8000-000000000002\",\"type\":\"lodging.checkin\",\"source\":"
    "\"APOA.SANGGAU.7\",\"occurred_at\":"
    "\"2026-03-01T15:00:00+07:00\",\"data\":{\"property\":\"H-7\"," P
    ",\"surname\":\"SPECIMEN\",\"given\":\"UTO\"}}\n"
    "{\"id\":\"01936b2e-7c00-7000-8000-000000000003\",\"type\":\"permit.status\",\"source\":\"IMI."
    "SANGGAU\",\"occurred_at\":"
    "\"2026-03-20T10:00:00+07:00\",\"data\":{\"action\":\"extended\",\"permit_no\":"
    "\"2C11AB0001\"," P ",\"until\":\"2026-04-30\"}}\n"
    "{\"id\":\"01936b2e-7c00-7000-8000-000000000004\",\"type\":\"sponsor.link\",\"source\":\"IMI."
    "SANGGAU\",\"occurred_at\":"
    "\"2026-03-02T10:00:00+07:00\",\"data\":{\"action\":\"add\",\"sponsor\":{\"kind\":\"person\","
    "\"id\":\"0000000000000001\"},"
    "\"relation\":\"friend\"," P "}}\n"
    "{\"id\":\"01936b2e-7c00-7000-8000-000000000005\",\"type\":\"licence.status\",\"source\":"
    "\"PTSP.SANGGAU\",\"occurred_at\":"
    "\"2026-03-05T08:00:00+07:00\",\"data\":{\"nib\":\"0000000000001\",\"kind\":\"PMA\",\"status\":"
    "\"revoked\"}}\n"
    "{\"id\":\"01936b2e-7c00-7000-8000-000000000006\",\"type\":\"watchlist.entry\",\"source\":"
    "\"IMI.PUSAT\",\"occurred_at\":"
    "\"2026-03-06T08:00:00+07:00\",\"data\":{\"op\":\"add\",\"list\":\"tangkal\",\"docs\":[{"
    "\"kind\":\"P\",\"issuer\":\"UTO\","
    "\"number\":\"L898902C3\"}],\"until\":\"2027-03-06\",\"action\":\"refer\"}}\n";

static void test_replay__the_six_lines_give_two_findings_in_the_stated_form(void **unused)
{
    (void)unused;
    struct world w;
    struct file f = {.out = KTG_BUF_INIT};
    world_init(&w, NULL, NULL);
    struct ktg_replay_counts c = run(&w, six, &f, 1, "2026-05-01T00:00:01+07:00");
    assert_string_equal(ktg_buf_text(&f.complaints), "");
    assert_int_equal(c.events, 6);
    size_t lines = 0;
    for (size_t i = 0; i < f.out.size; i++)
        lines += f.out.data[i] == '\n';
    assert_int_equal(lines, 2);
    /* the list is told at its own line, which came after the permit's: the clock stood there already */
    const char *first = strstr(
        ktg_buf_text(&f.out),
        "{\"at\":\"2026-03-20T10:00:00+07:00\",\"op\":\"raise\",\"rule\":\"watchlist-exact\","
        "\"subject\":\"doc:UTO:L898902C3\"");
    assert_ptr_equal(first, ktg_buf_text(&f.out));
    const char *second = strchr(first, '\n') + 1;
    static const char head[] = "{\"at\":\"2026-05-01T00:00:00+07:00\",\"op\":\"raise\",\"rule\":"
                               "\"overstay-fee\",\"subject\":\"doc:UTO:"
                               "L898902C3\",\"key\":\"\",\"finding\":\"";
    static const char tail[] = "\",\"rev\":1,\"state\":\"open\",\"from\":\"2026-05-01T00:00:00+07:"
                               "00\",\"anchor\":\"01936b2e-7c00-7000-8000-"
                               "000000000003\",\"evidence\":[\"01936b2e-7c00-7000-8000-"
                               "000000000001\",\"01936b2e-7c00-7000-8000-000000000003\"],"
                               "\"evidence_total\":2,\"values\":{\"days\":1,\"fee\":1000000,"
                               "\"until\":\"2026-04-30\"},\"level\":\"medium\","
                               "\"reason\":\"clock\"}\n";
    assert_memory_equal(second, head, sizeof head - 1);
    assert_string_equal(second + sizeof head - 1 + 32, tail);
    file_done(&f);
    world_done(&w);
}

static void test_replay__batch_size_and_repetition_do_not_show(void **unused)
{
    (void)unused;
    static const char *const story =
        "border.crossing {person: P1, direction: entry, mode: land, post: ARUK, visa_index: B1, "
        "permitted_until: 2026-03-05} "
        "@2026-03-01T10:00 as a\n"
        "border.crossing {person: P2, direction: entry, mode: land, post: ARUK, visa_index: B1, "
        "permitted_until: 2026-03-09} "
        "@2026-03-02T10:00\n"
        "border.crossing {person: P1, direction: exit, mode: land, post: ARUK} @2026-03-04T10:00 "
        "arrives 2026-03-08T10:00\n"
        "retract a @2026-03-09T10:00\n"
        "permit.status {person: P2, action: extended, permit_no: K1, until: 2026-03-12} "
        "@2026-03-09T11:00\n"
        "border.crossing {person: P2, direction: exit, mode: land, post: ARUK} @2026-03-20T10:00\n";
    struct world w;
    struct ktg_arena a = KTG_ARENA_INIT;
    const struct ktg_story_step *steps;
    size_t count;
    struct ktg_err err = KTG_ERR_INIT;
    struct ktg_buf lines = KTG_BUF_INIT, dump = KTG_BUF_INIT;
    struct file f = {.out = KTG_BUF_INIT}, g = {.out = KTG_BUF_INIT};
    world_init(&w, NULL, NULL);
    assert_int_equal(ktg_story_parse(ktg_ruleset_catalogue(w.rs), ktg_bytes_str(story), "s", 1, &a,
                                     &steps, &count, &err),
                     KTG_OK);
    for (size_t i = 0; i < count; i++) {
        struct ktg_event e;
        char at[KTG_INSTANT_TEXT];
        struct ktg_json_extra extra = {true, steps[i].at};
        assert_int_equal(ktg_event_read(ktg_ruleset_catalogue(w.rs), steps[i].blob, &e, NULL),
                         KTG_OK);
        assert_int_equal(ktg_json_encode(&e, &extra, &lines), KTG_OK);
        ktg_buf_put_str(&lines, "\n");
        ktg_instant_format(steps[i].at, 420, at);
        ktg_buf_printf(&dump, "{\"clock\":\"%s\"}\n", at);
        assert_int_equal(ktg_json_encode(&e, &extra, &dump), KTG_OK);
        ktg_buf_put_str(&dump, "\n");
        if (i == 2) { /* once more: passed over */
            assert_int_equal(ktg_json_encode(&e, &extra, &lines), KTG_OK);
            ktg_buf_put_str(&lines, "\n{\"quarantine\":{}}\n\n");
        }
    }
    struct ktg_replay_counts c = run(&w, ktg_buf_text(&lines), &f, 1, "2026-03-25T00:00:00+07:00");
    assert_int_equal(c.duplicates, 1);
    assert_int_equal(c.events, 6);
    assert_true(c.ops > 6);
    static const size_t batches[] = {1, 7, 1000};
    for (size_t i = 0; i < COUNT(batches); i++) {
        run(&w, ktg_buf_text(&lines), &g, batches[i], "2026-03-25T00:00:00+07:00");
        assert_string_equal(ktg_buf_text(&f.out), ktg_buf_text(&g.out));
    }
    /* a dump steps at its clock lines alone: what a deadline brings is said at the next of them, with the true `from` */
    c = run(&w, ktg_buf_text(&dump), &g, 7, "2026-03-25T00:00:00+07:00");
    assert_int_equal(c.clocks, 6);
    assert_non_null(
        strstr(ktg_buf_text(&f.out),
               "{\"at\":\"2026-03-06T00:00:00+07:00\",\"op\":\"raise\",\"rule\":\"overstay-fee\""));
    assert_null(strstr(ktg_buf_text(&g.out), "{\"at\":\"2026-03-06"));
    assert_non_null(
        strstr(ktg_buf_text(&g.out),
               "{\"at\":\"2026-03-08T10:00:00+07:00\",\"op\":\"raise\",\"rule\":\"overstay-fee\""));
    ktg_buf_done(&lines);
    ktg_buf_done(&dump);
    file_done(&f);
    file_done(&g);
    ktg_arena_done(&a);
    world_done(&w);
}

static void test_replay__names_what_it_passes_over(void **unused)
{
    (void)unused;
#define EVENT(id, at, source, more)                                                            \
    "{\"id\":\"01936b2e-7c00-7000-8000-00000000000" id                                         \
    "\",\"type\":\"licence.status\",\"source\":\"" source "\",\"occurred_at\":\"" at "\"" more \
    ",\"data\":{\"nib\":\"0000000000001\",\"kind\":\"PMA\",\"status\":\"revoked\"}}\n"
    static const char *const text = EVENT("1", "2026-03-05T08:00:00+07:00", "PTSP.A", "")
        EVENT("1", "2026-03-05T09:00:00+07:00", "PTSP.A", "") /* other bytes */
        "not json\n" EVENT("2", "2026-03-05T10:00:00+07:00", "PTSP.A",
                           ",\"recorded_at\":\"2026-03-05T09:00:00+07:00\"") /* ahead */
        EVENT(
            "3", "2026-03-05T10:00:00+07:00", "PTSP.B",
            ",\"retracts\":\"01936b2e-7c00-7000-8000-000000000001\"") "{\"heartbeat\":{\"source\":"
                                                                      "\"PTSP.A\"}}\n"
                                                                      "{\"heartbeat\":{\"source\":"
                                                                      "\"PTSP.A\",\"complete_"
                                                                      "until\":\"2026-03-06T08:00:"
                                                                      "00+07:00\"}}\n" EVENT(
                                                                          "4",
                                                                          "2027-03-05T10:00:00+07:"
                                                                          "00",
                                                                          "PTSP.A", "");
    struct world w;
    struct file f = {.out = KTG_BUF_INIT};
    world_init(&w, NULL, NULL);
    struct ktg_replay_counts c = run(&w, text, &f, 3, "2026-04-01T00:00:00+07:00");
    assert_int_equal(c.events, 1);
    assert_int_equal(c.conflicts, 1);
    assert_int_equal(c.refused, 4);
    assert_int_equal(c.heartbeats, 1);
    static const char *const want[] = {"2: ", "3: ", "4: ", "5: ", "6: "};
    for (size_t i = 0; i < COUNT(want); i++)
        assert_non_null(strstr(ktg_buf_text(&f.complaints), want[i]));
    struct ktg_err err = KTG_ERR_INIT;
    struct ktg_replay_options o = {.arg = &f, .line = line, .out = out, .until = KTG_LONG_AGO};
    f.rest = ktg_bytes_str(EVENT("1", "2026-03-05T08:00:00+07:00", "PTSP.A",
                                 "") "{\"clock\":\"2026-03-05T09:00:00Z\"}\n");
    assert_int_equal(ktg_replay(ktg_buf_view(&w.bundle), &o, NULL, &err), KTG_EINVALID);
    assert_non_null(strstr(err.text, "line 2"));
    f.rest = KTG_BYTES_NONE;
    assert_int_equal(ktg_replay(KTG_LIT("no bundle"), &o, NULL, &err), KTG_EINVALID);
    file_done(&f);
    world_done(&w);
}

/* Lines before and between the clock lines: the caller says that there are some (a stream cannot look ahead). */
static void test_replay__clock_lines_further_on_step_the_clock_alone(void **unused)
{
    (void)unused;
    struct world w;
    struct file f = {.out = KTG_BUF_INIT};
    struct ktg_err err = KTG_ERR_INIT;
    struct ktg_buf text = KTG_BUF_INIT;
    struct ktg_replay_counts c;
    world_init(&w, NULL, NULL);
    ktg_buf_put_bytes(&text, ktg_bytes(six, (size_t)(strchr(six, '\n') + 1 - six)));
    ktg_buf_put_str(&text,
                    "{\"clock\":\"2026-04-03T12:00:00+07:00\"}\n"
                    "{\"id\":\"01936b2e-7c00-7000-8000-000000000019\",\"type\":\"border.crossing\","
                    "\"source\":\"IMI.ENTIKONG.1\",\"occurred_at\":\"2026-04-05T09:00:00+07:00\","
                    "\"data\":{\"direction\":\"exit\",\"mode\":\"land\",\"post\":\"ENTIKONG\"," P
                    "}}\n");
    static const size_t batches[] = {1, 7};
    for (size_t i = 0; i < COUNT(batches); i++) {
        struct ktg_replay_options o = {.arg = &f,
                                       .line = line,
                                       .out = out,
                                       .complain = complain,
                                       .until = KTG_LONG_AGO,
                                       .clocked = true,
                                       .batch = batches[i]};
        f.rest = ktg_bytes_str(ktg_buf_text(&text));
        ktg_buf_clear(&f.out);
        ktg_buf_clear(&f.complaints);
        assert_int_equal(ktg_replay(ktg_buf_view(&w.bundle), &o, &c, &err), KTG_OK);
        assert_int_equal(c.events, 2);
        assert_int_equal(c.clocks, 1);
        assert_int_equal(c.refused, 0);
        const char *at = strstr(ktg_buf_text(&f.out), "\"rule\":\"overstay-fee\"");
        assert_non_null(at);
        /* said at the clock line and at no midnight before it; the line after it is a batch of its own */
        assert_non_null(strstr(ktg_buf_text(&f.out),
                               "{\"at\":\"2026-04-03T12:00:00+07:00\",\"op\":\"raise\",\"rule\":"
                               "\"overstay-fee\""));
        assert_null(strstr(ktg_buf_text(&f.out), "{\"at\":\"2026-04-02"));
        assert_non_null(strstr(ktg_buf_text(&f.out),
                               "{\"at\":\"2026-04-05T09:00:00+07:00\",\"op\":\"amend\",\"rule\":"
                               "\"overstay-fee\""));
    }
    assert_true(ktg_replay_is_clock(KTG_LIT(" { \"clock\":\"2026-04-03T12:00:00+07:00\"}")));
    assert_false(ktg_replay_is_clock(KTG_LIT("{\"id\":\"clock\"}")));
    ktg_buf_done(&text);
    file_done(&f);
    world_done(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_replay__the_six_lines_give_two_findings_in_the_stated_form),
        cmocka_unit_test(test_replay__batch_size_and_repetition_do_not_show),
        cmocka_unit_test(test_replay__names_what_it_passes_over),
        cmocka_unit_test(test_replay__clock_lines_further_on_step_the_clock_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
