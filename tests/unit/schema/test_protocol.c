/* tests/unit/schema/test_protocol.c
 * SPDX-License-Identifier: Apache-2.0
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include "schema/protocol.h"
#include "tests/support/cmocka.h"

static struct ktg_err err;
static const uint8_t boot[KTG_BOOT_SIZE] = {1, 2, 3};

static struct ktg_bytes text(const char *s)
{
    return ktg_bytes_str(s);
}

static void raw_strs(struct ktg_buf *b, const char *const *words, uint32_t n)
{
    ktg_wire_put_array(b, n);
    for (uint32_t i = 0; i < n; i++)
        ktg_wire_put_text(b, words[i]);
}

static void round_trip(const struct ktg_msg *m, struct ktg_buf *frame, struct ktg_msg *back)
{
    struct ktg_buf again = KTG_BUF_INIT;
    ktg_buf_clear(frame);
    assert_int_equal(ktg_protocol_encode(m, frame, &err), KTG_OK);
    if (ktg_protocol_decode(ktg_buf_view(frame), back, &err))
        fail_msg("%s", err.text);
    assert_int_equal(back->type, m->type);
    assert_true(back->session == m->session);
    assert_int_equal(ktg_protocol_encode(back, &again, &err), KTG_OK);
    assert_true(ktg_bytes_eq(ktg_buf_view(frame), ktg_buf_view(&again)));
    ktg_buf_done(&again);
}

static void test_protocol__a_producers_day_round_trips(void **unused)
{
    (void)unused;
    struct ktg_buf frame = KTG_BUF_INIT, list = KTG_BUF_INIT, list2 = KTG_BUF_INIT;
    struct ktg_msg back;
    raw_strs(&list, (const char *const[]){"publish"}, 1);
    raw_strs(&list2, (const char *const[]){"IMI.ENTIKONG.1", "IMI.ENTIKONG.2"}, 2);
    round_trip(&(struct ktg_msg){.type = KTG_MSG_HELLO,
                                 .hello = {1, 1, 17, 4711, text("imi-entikong-1"), text("test 0"),
                                           ktg_buf_view(&list), ktg_buf_view(&list2)}},
               &frame, &back);
    assert_true(ktg_bytes_is(back.hello.producer, "imi-entikong-1"));
    assert_true(back.hello.epoch == 17 && back.hello.next_seq == 4711 && back.hello.proto_max == 1);
    assert_int_equal(ktg_list_count(back.hello.sources), 2);

    round_trip(&(struct ktg_msg){.type = KTG_MSG_WELCOME,
                                 .session = 9,
                                 .welcome = {1,
                                             9,
                                             4710,
                                             {256, 1 << 20},
                                             {1 << 20, 1024},
                                             1772330400000,
                                             ktg_bytes(boot, sizeof boot)}},
               &frame, &back);
    assert_true(back.welcome.credit.bytes == 1 << 20 && back.welcome.limits.events == 1024);
    assert_memory_equal(back.welcome.boot.data, boot, sizeof boot);

    ktg_buf_clear(&list);
    ktg_wire_put_array(&list, 2);
    ktg_wire_put_bin(&list, KTG_LIT("\x80"));
    ktg_wire_put_bin(&list, KTG_LIT("\x81\xa1"
                                    "a\x01"));
    round_trip(&(struct ktg_msg){.type = KTG_MSG_PUBLISH,
                                 .session = 9,
                                 .publish = {4711, ktg_buf_view(&list)}},
               &frame, &back);
    struct ktg_wire w = ktg_list_open(back.publish.events);
    struct ktg_wire_value v;
    assert_int_equal(ktg_wire_next(&w, &v), KTG_OK);
    assert_int_equal(ktg_wire_next(&w, &v), KTG_OK);
    assert_true(v.kind == KTG_WIRE_BIN && v.bytes.size == 4);
    assert_int_equal(ktg_wire_next(&w, &v), KTG_EINVALID);

    ktg_buf_clear(&list);
    ktg_wire_put_array(&list, 2);
    ktg_run_put(&list, &(struct ktg_run){4711, 1, 900, KTG_RUN_ACCEPTED});
    ktg_run_put(&list, &(struct ktg_run){4712, 1, 0, KTG_RUN_DUPLICATE});
    round_trip(
        &(struct ktg_msg){.type = KTG_MSG_ACK, .session = 9, .ack = {4712, ktg_buf_view(&list)}},
        &frame, &back);
    struct ktg_run run;
    w = ktg_list_open(back.ack.runs);
    assert_int_equal(ktg_run_next(&w, &run), KTG_OK);
    assert_true(run.first_seq == 4711 && run.first_position == 900 &&
                run.status == KTG_RUN_ACCEPTED);
    assert_int_equal(ktg_run_next(&w, &run), KTG_OK);
    assert_int_equal(run.status, KTG_RUN_DUPLICATE);
    assert_int_equal(ktg_run_next(&w, &run), KTG_EINVALID);

    round_trip(&(struct ktg_msg){.type = KTG_MSG_NACK,
                                 .nack = {.seq = 5,
                                          .nack_class = KTG_NACK_SEQ_GAP,
                                          .expected = 3,
                                          .code = text("sequence-gap"),
                                          .text = text("numbers are missing")}},
               &frame, &back);
    assert_int_equal(back.nack.nack_class, KTG_NACK_SEQ_GAP);
    assert_true(back.nack.expected == 3 && back.nack.where.size == 0 && back.nack.retry_after == 0);
    round_trip(&(struct ktg_msg){.type = KTG_MSG_CREDIT, .credit = {0, 0}}, &frame, &back);
    assert_int_equal(frame.size, KTG_FRAME_HEAD + 1); /* absent means 0 */
    ktg_buf_clear(&list);
    raw_strs(&list, (const char *const[]){"border.crossing"}, 1);
    round_trip(&(struct ktg_msg){.type = KTG_MSG_HEARTBEAT,
                                 .heartbeat = {text("IMI.ENTIKONG.1"), 1000, 999, 3, 60,
                                               ktg_buf_view(&list)}},
               &frame, &back);
    assert_true(back.heartbeat.complete_until == 999 && back.heartbeat.queued == 3 &&
                back.heartbeat.period == 60);
    round_trip(&(struct ktg_msg){.type = KTG_MSG_PING, .ping = {-5, 0, KTG_BYTES_NONE}}, &frame,
               &back);
    assert_true(back.ping.t == -5);
    round_trip(
        &(struct ktg_msg){.type = KTG_MSG_PONG, .pong = {7, 12, ktg_bytes(boot, sizeof boot)}},
        &frame, &back);
    round_trip(
        &(struct ktg_msg){.type = KTG_MSG_BYE, .bye = {text("restarting"), text("boot changed")}},
        &frame, &back);
    assert_true(ktg_bytes_is(back.bye.code, "restarting"));
    ktg_buf_done(&frame);
    ktg_buf_done(&list);
    ktg_buf_done(&list2);
}

static void test_protocol__a_duty_officers_day_round_trips(void **unused)
{
    (void)unused;
    struct ktg_buf frame = KTG_BUF_INIT, list = KTG_BUF_INIT;
    struct ktg_msg back;
    round_trip(&(struct ktg_msg){.type = KTG_MSG_SUBSCRIBE,
                                 .subscribe = {text("desk"), KTG_BYTES_NONE, KTG_FROM_NOW, 64}},
               &frame, &back);
    assert_int_equal(back.subscribe.from, KTG_FROM_NOW);
    ktg_wire_put_array(&list, 1);
    ktg_item_put(&list, &(struct ktg_item){12, 2, text("a1"), KTG_LIT("\x81\xa5level\xa1m")});
    round_trip(
        &(struct ktg_msg){.type = KTG_MSG_DELIVER, .deliver = {text("desk"), ktg_buf_view(&list)}},
        &frame, &back);
    struct ktg_wire w = ktg_list_open(back.deliver.items);
    struct ktg_item item;
    assert_int_equal(ktg_item_next(&w, &item), KTG_OK);
    assert_true(item.cursor == 12 && item.rev == 2 && ktg_bytes_is(item.alert, "a1") &&
                item.body.size == 9);
    round_trip(&(struct ktg_msg){.type = KTG_MSG_CONFIRM, .confirm = {text("desk"), 12}}, &frame,
               &back);
    assert_true(back.confirm.cursor == 12);
    round_trip(&(struct ktg_msg){.type = KTG_MSG_REPLAY,
                                 .replay = {text("desk"), text("again"), 1, 12, 100}},
               &frame, &back);
    assert_true(back.replay.from == 1 && back.replay.to == 12 && back.replay.rate == 100);
    round_trip(&(struct ktg_msg){.type = KTG_MSG_QUERY,
                                 .query = {77, 50, KTG_QUERY_ALERTS, KTG_BYTES_NONE, KTG_BYTES_NONE,
                                           KTG_LIT("\x81\xa5level\xa4high")}},
               &frame, &back);
    assert_int_equal(back.query.filter.size, 12);
    ktg_buf_clear(&list);
    ktg_wire_put_array(&list, 1);
    ktg_wire_put_map(&list, 0);
    round_trip(&(struct ktg_msg){.type = KTG_MSG_ANSWER,
                                 .answer = {.ref = 77, .more = true, .items = ktg_buf_view(&list)}},
               &frame, &back);
    assert_true(back.answer.more && ktg_list_count(back.answer.items) == 1);
    round_trip(&(struct ktg_msg){.type = KTG_MSG_ANSWER,
                                 .answer = {.ref = 78, .code = text("no-such-alert")}},
               &frame, &back);
    assert_int_equal(ktg_list_count(back.answer.items), 0);
    round_trip(&(struct ktg_msg){.type = KTG_MSG_ACTION,
                                 .action = {.ref = 5,
                                            .action = KTG_ACTION_CLOSE,
                                            .alert = text("a1"),
                                            .officer = text("duty-1"),
                                            .disposition = text("confirmed")}},
               &frame, &back);
    assert_int_equal(back.action.action, KTG_ACTION_CLOSE);
    round_trip(&(struct ktg_msg){.type = KTG_MSG_RESULT,
                                 .result = {5, 1234, text("done"), KTG_BYTES_NONE}},
               &frame, &back);
    assert_true(back.result.position == 1234);
    ktg_buf_done(&frame);
    ktg_buf_done(&list);
}

/* A frame of raw parts, so that it may be wrong. */
static int decode(uint8_t type, struct ktg_bytes body)
{
    struct ktg_msg m = {.type = 99};
    size_t size = KTG_FRAME_HEAD + body.size;
    uint8_t *frame = calloc(1, size);
    memcpy(frame, "KT\x01", 3);
    frame[3] = type;
    memcpy(frame + KTG_FRAME_HEAD, body.data, body.size);
    err = (struct ktg_err)KTG_ERR_INIT;
    int rc = ktg_protocol_decode(ktg_bytes(frame, size), &m, &err);
    assert_int_equal(m.type == 99, rc != 0);
    free(frame);
    return rc;
}

static void test_protocol__a_wrong_body_is_named_by_message_and_key(void **unused)
{
    (void)unused;
    static const struct {
        uint8_t type;
        const char *body;
        size_t size;
        const char *where; /* NULL: taken */
    } story[] = {
#define B(type, s, where) {KTG_MSG_##type, s, sizeof(s) - 1, where}
        B(CONFIRM,
          "\x82\xa6"
          "cursor\x01\xa3sub\xa1"
          "d",
          NULL),
        B(CONFIRM,
          "\x83\xa6"
          "cursor\x01\xa3sub\xa1"
          "d\xa3zzz\x07",
          NULL), /* a later version's field */
        B(CONFIRM,
          "\x81\xa3sub\xa1"
          "d",
          "CONFIRM.cursor"),
        B(CONFIRM,
          "\x82\xa6"
          "cursor\xff\xa3sub\xa1"
          "d",
          "CONFIRM.cursor"),
        B(CONFIRM,
          "\x82\xa6"
          "cursor\xa1"
          "1\xa3sub\xa1"
          "d",
          "CONFIRM.cursor"),
        B(CONFIRM,
          "\x82\xa6"
          "cursor\xc0\xa3sub\xa1"
          "d",
          "CONFIRM.cursor"),
        B(CONFIRM, "\x90", "CONFIRM"),
        B(CONFIRM,
          "\x82\xa3sub\xa1"
          "d\xa6"
          "cursor\x01",
          "byte 7"), /* keys out of order */
        B(CONFIRM, "", "byte 0"),
        B(PUBLISH,
          "\x82\xa6"
          "events\x91\xa1x\xa9"
          "first_seq\x01",
          "PUBLISH.events"),
        B(PUBLISH,
          "\x82\xa6"
          "events\x91\xc4\x01x\xa9"
          "first_seq\x01",
          NULL),
        B(ACK, "\x82\xa4runs\x91\x94\x01\x01\x01\x03\xa3seq\x01", "ACK.runs"),
        B(ACK, "\x82\xa4runs\x91\x93\x01\x01\x01\xa3seq\x01", "ACK.runs"),
        B(ACK, "\x82\xa4runs\x91\x94\x01\x01\x01\x02\xa3seq\x01", NULL),
        B(NACK,
          "\x82\xa5"
          "class\xa5other\xa4"
          "code\xa1x",
          "NACK.class"),
        B(NACK,
          "\x82\xa5"
          "class\xa6"
          "denied\xa4"
          "code\xa1x",
          NULL),
        B(WELCOME,
          "\x87\xa9"
          "acked_seq\x00\xa4"
          "boot\xc4\x11"
          "01234567890123456\xa6"
          "credit\x80\xa6limits\x80\xa5proto\x01\xabserver_time\x00\xa7session\x01",
          "WELCOME.boot"),
        B(WELCOME,
          "\x87\xa9"
          "acked_seq\x00\xa4"
          "boot\xc4\x10"
          "0123456789012345\xa6"
          "credit\x81\xa5"
          "bytes\xff\xa6limits\x80\xa5proto\x01\xabserver_time\x00\xa7session\x01",
          "WELCOME.bytes"),
        B(DELIVER,
          "\x82\xa5items\x91\x80\xa3sub\xa1"
          "d",
          "DELIVER.items"),
        B(QUERY,
          "\x83\xa6"
          "filter\x90\xa3ref\x01\xa4what\xa6"
          "alerts",
          "QUERY.filter"),
#undef B
    };
    for (size_t i = 0; i < COUNT(story); i++) {
        int rc = decode(story[i].type, ktg_bytes(story[i].body, story[i].size));
        if (rc != (story[i].where ? KTG_EINVALID : KTG_OK) ||
            (rc && strcmp(err.where, story[i].where) != 0))
            fail_msg("row %zu said %s", i, err.text);
    }
}

static void test_frame__the_head_is_judged_alone_and_carries_the_session(void **unused)
{
    (void)unused;
    uint8_t frame[KTG_FRAME_HEAD + 1] = "KT\x01\x0b";
    enum ktg_msg_type type = 0;
    uint64_t session = 0;
    ktg_frame_set_session(frame, 0x0102030405060708);
    assert_int_equal(frame[8], 1);
    assert_int_equal(ktg_frame_read(ktg_bytes(frame, sizeof frame), &type, &session, &err), KTG_OK);
    assert_true(type == KTG_MSG_PING && session == 0x0102030405060708);
    static const struct {
        int at;
        uint8_t byte;
        size_t size;
        enum ktg_fault_no fault;
        const char *got;
    } story[] = {
        {0, 'X', 17, KTG_FAULT_BAD_FRAME, "magic"},
        {1, 't', 17, KTG_FAULT_BAD_FRAME, "magic"},
        {1, 'T', 1, KTG_FAULT_BAD_FRAME, "magic"},
        {1, 'T', 15, KTG_FAULT_BAD_FRAME, "a short head"},
        {2, 2, 17, KTG_FAULT_WRONG_VERSION, "version 2"},
        {3, 0, 17, KTG_FAULT_BAD_FRAME, "message 0"},
        {3, KTG_MSG_LAST + 1, 17, KTG_FAULT_BAD_FRAME, "message 19"},
        {3, 255, 17, KTG_FAULT_BAD_FRAME, "message 255"},
    };
    for (size_t i = 0; i < COUNT(story); i++) {
        uint8_t bad[sizeof frame];
        memcpy(bad, frame, sizeof bad);
        bad[story[i].at] = story[i].byte;
        assert_int_equal(ktg_frame_read(ktg_bytes(bad, story[i].size), &type, &session, &err),
                         KTG_EINVALID);
        assert_ptr_equal(err.fault, &ktg_faults[story[i].fault]);
        assert_string_equal(err.got, story[i].got);
    }
    assert_int_equal(ktg_frame_read(KTG_BYTES_NONE, &type, &session, &err), KTG_EINVALID);
    uint8_t *large = calloc(1, KTG_FRAME_MAX + 1);
    memcpy(large, frame, sizeof frame);
    assert_int_equal(ktg_frame_read(ktg_bytes(large, KTG_FRAME_MAX), &type, &session, &err),
                     KTG_OK);
    assert_int_equal(ktg_frame_read(ktg_bytes(large, KTG_FRAME_MAX + 1), &type, &session, &err),
                     KTG_EINVALID);
    struct ktg_buf b = KTG_BUF_INIT; /* nor do we send one */
    ktg_buf_put_str(&b, "before");
    struct ktg_msg m = {.type = KTG_MSG_PUBLISH, .publish = {1, ktg_bytes(large, KTG_FRAME_MAX)}};
    assert_int_equal(ktg_protocol_encode(&m, &b, &err), KTG_EFULL);
    assert_string_equal(ktg_buf_text(&b), "before");
    ktg_buf_done(&b);
    free(large);
}

static void test_protocol__tables_are_sorted_and_every_type_has_its_row(void **unused)
{
    (void)unused;
#define X(name_, number, sender_)                                            \
    assert_string_equal(ktg_protocol_row(KTG_MSG_##name_)->name, #name_);    \
    assert_string_equal(ktg_protocol_row(KTG_MSG_##name_)->sender, sender_); \
    assert_int_equal(ktg_protocol_row(KTG_MSG_##name_)->type, number);
    KTG_MSG_MAP(X)
#undef X
    for (int t = 1; t <= KTG_MSG_LAST; t++)
        for (const struct ktg_msg_field *f = ktg_protocol_row((enum ktg_msg_type)t)->fields;
             f->key && f[1].key; f++)
            assert_true(strcmp(f[0].key, f[1].key) < 0);
    assert_null(ktg_protocol_row(0));
    assert_null(ktg_protocol_row(KTG_MSG_LAST + 1));
}

/* The page's tables, row by row, against ours. */
static void test_protocol__the_page_and_the_tables_say_the_same(void **unused)
{
    (void)unused;
    FILE *page = fopen(KTG_SOURCE_DIR "/schema/PROTOCOL.md", "r");
    assert_non_null(page);
    char line[2000], name[40], sender[8], key[64], kind[64], need[8];
    const struct ktg_msg_row *row = NULL;
    const struct ktg_msg_field *f = NULL;
    int number, messages = 0;
    while (fgets(line, sizeof line, page)) {
        if (sscanf(line, "### %39s %d %7s", name, &number, sender) == 3) {
            if (f && f->key)
                fail_msg("%s: the page lacks %s", row->name, f->key);
            row = ktg_protocol_row((enum ktg_msg_type)number);
            assert_non_null(row);
            assert_string_equal(row->name, name);
            assert_string_equal(row->sender, sender);
            f = row->fields;
            messages++;
        } else if (strncmp(line, "## 6", 4) == 0) {
            break;
        } else if (row &&
                   sscanf(line, "| %63[a-z0-9_] | %63[a-z ] | %7[a-z] |", key, kind, need) == 3) {
            kind[strlen(kind) - (kind[strlen(kind) - 1] == ' ')] = 0;
            if (!f->key || strcmp(f->key, key) != 0 ||
                strcmp(ktg_msg_kind_name(f->kind), kind) != 0 ||
                f->required != (strcmp(need, "yes") == 0))
                fail_msg("%s: the page has %s, the table %s", row->name, key,
                         f->key ? f->key : "nothing");
            for (const char *const *w = f->words; w && *w; w++)
                if (!strstr(line, *w))
                    fail_msg("%s: the page lacks the word %s", row->name, *w);
            f++;
        }
    }
    fclose(page);
    assert_int_equal(messages, KTG_MSG_LAST);
    assert_true(f && !f->key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_protocol__a_producers_day_round_trips),
        cmocka_unit_test(test_protocol__a_duty_officers_day_round_trips),
        cmocka_unit_test(test_protocol__a_wrong_body_is_named_by_message_and_key),
        cmocka_unit_test(test_frame__the_head_is_judged_alone_and_carries_the_session),
        cmocka_unit_test(test_protocol__tables_are_sorted_and_every_type_has_its_row),
        cmocka_unit_test(test_protocol__the_page_and_the_tables_say_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
