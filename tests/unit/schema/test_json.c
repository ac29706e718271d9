/* tests/unit/schema/test_json.c
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>
#include <stdlib.h>

#include "schema/json.h"
#include "tests/support/cmocka.h"
#include "tests/unit/schema/vectors.h"

static struct ktg_catalogue *c;
static struct ktg_err err;

static const char first_line[] = "{\"id\":\"01936b2e-7c00-7000-8000-000000000001\",\"type\":"
                                 "\"border.crossing\",\"source\":\"IMI.ENTIKONG.1\","
                                 "\"occurred_at\":\"2026-03-01T09:00:00+07:00\",\"recorded_at\":"
                                 "\"2026-03-01T03:00:00Z\",\"data\":{\"direction\":"
                                 "\"entry\",\"doc\":{\"issuer\":\"UTO\",\"kind\":\"P\",\"number\":"
                                 "\"L898902C3\"},\"mode\":\"land\",\"post\":"
                                 "\"ENTIKONG\"}}";

static void test_json__a_line_comes_back_and_its_recording_time_stands_aside(void **unused)
{
    (void)unused;
    struct ktg_buf blob = KTG_BUF_INIT, line = KTG_BUF_INIT, with = KTG_BUF_INIT;
    struct ktg_json_extra extra = {0}, none = {true, 7};
    struct ktg_event e;
    assert_int_equal(ktg_json_decode(c, KTG_LIT(first_line), &blob, &extra, &err), KTG_OK);
    assert_true(extra.has_recorded && extra.recorded_at == INT64_C(1772334000000));
    assert_int_equal(ktg_event_read(c, ktg_buf_view(&blob), &e, &err), KTG_OK);
    assert_int_equal(ktg_json_encode(&e, NULL, &line), KTG_OK);
    assert_null(strstr(ktg_buf_text(&line), "recorded_at"));
    assert_int_equal(ktg_json_encode(&e, &extra, &with), KTG_OK);
    char want[sizeof first_line + 8]; /* in the zone of the event */
    snprintf(want, sizeof want, "%s", first_line);
    memcpy(strstr(want, "03:00:00Z"), "10:00:00+", 9);
    char *tail = strstr(want, "10:00:00+") + 9;
    memmove(tail + 5, tail, strlen(tail) + 1);
    memcpy(tail, "07:00", 5);
    assert_string_equal(ktg_buf_text(&with), want);
    struct ktg_buf again = KTG_BUF_INIT;
    assert_int_equal(ktg_json_decode(c, ktg_buf_view(&line), &again, &none, &err), KTG_OK);
    assert_false(none.has_recorded);
    assert_true(ktg_bytes_eq(ktg_buf_view(&again), ktg_buf_view(&blob)));
    ktg_buf_done(&again);
    ktg_buf_done(&blob);
    ktg_buf_done(&line);
    ktg_buf_done(&with);
}

static void
test_json__an_error_says_where_got_wanted_and_keeps_personal_values_to_itself(void **unused)
{
    (void)unused;
    static const struct {
        const char *from, *to, *says;
    } story[] = {
        {"\"entry\"", "\"in\"",
         "/data/direction: the code is not in its list (got 'in'); wanted one of entry exit "
         "refused cancelled. Use a "
         "code of the list [wrong-code]"},
        {"border.crossing", "border.crosing",
         "/type: the catalogue has no such event type (got 'border.crosing'); wanted perhaps "
         "'border.crossing'. See "
         "kentongan schema ls, or add the type to schema/events [unknown-type]"},
        {"\"UTO\"", "\"SECRET\"",
         "/data/doc/issuer: the code is not in its list (got 6 bytes); wanted a code of the list "
         "icao-states. Use a code of the list [wrong-code]"},
        {"\"land\"", "7",
         "/data/mode: a field has the wrong type of value (got an integer); wanted a code. Send "
         "the wanted "
         "type [wrong-type]"},
    };
    for (size_t i = 0; i < COUNT(story); i++) {
        struct ktg_buf line = KTG_BUF_INIT, blob = KTG_BUF_INIT;
        struct ktg_event e;
        const char *at = strstr(first_line, story[i].from);
        ktg_buf_put(&line, first_line, (size_t)(at - first_line));
        ktg_buf_put_str(&line, story[i].to);
        ktg_buf_put_str(&line, at + strlen(story[i].from));
        int rc = ktg_json_decode(c, ktg_buf_view(&line), &blob, NULL, &err);
        if (!rc)
            rc = ktg_event_read(c, ktg_buf_view(&blob), &e, &err) || ktg_event_check(c, &e, &err);
        assert_int_not_equal(rc, 0);
        assert_string_equal(err.text, story[i].says);
        ktg_buf_done(&line);
        ktg_buf_done(&blob);
    }
}

static void test_json__any_map_is_printed_in_the_order_that_is_asked_for(void **unused)
{
    (void)unused;
    static const struct {
        const char *in, *out;
        const char *order[4];
    } story[] = {
        {"{\"b\":1,\"a\":{\"z\":[1,null,true,-5],\"y\":\"q\\\"\\\\\\n\\u0001\"},\"op\":\"raise\","
         "\"at\":2}",
         "{\"at\":2,\"op\":\"raise\",\"a\":{\"y\":\"q\\\"\\\\\\n\\u0001\",\"z\":[1,null,true,-5]},"
         "\"b\":1}",
         {"at", "op", "none"}},
        {"{\"b\":1,\"a\":2}", "{\"a\":2,\"b\":1}", {NULL}},
        {"{}", "{}", {"at"}},
        {"\"a\\\"[[[[[[[[[[[[[[[[[[[[[[[[[\"", "\"a\\\"[[[[[[[[[[[[[[[[[[[[[[[[[\"", {NULL}},
        {"[1,[]]", "[1,[]]", {"at"}},
        {"{\"x\":{\"$bin\":\"00FF\"}}", "{\"x\":{\"$bin\":\"00ff\"}}", {NULL}},
        {"9223372036854775807", "9223372036854775807", {NULL}},
    };
    for (size_t i = 0; i < COUNT(story); i++) {
        struct ktg_buf value = KTG_BUF_INIT, text = KTG_BUF_INIT;
        if (ktg_json_parse(ktg_bytes_str(story[i].in), &value, &err))
            fail_msg("%s: %s", story[i].in, err.text);
        assert_int_equal(ktg_wire_check(ktg_buf_view(&value), &KTG_WIRE_LIMITS, &err), KTG_OK);
        assert_int_equal(
            ktg_json_format(ktg_buf_view(&value), story[i].order[0] ? story[i].order : NULL, &text),
            KTG_OK);
        assert_string_equal(ktg_buf_text(&text), story[i].out);
        ktg_buf_done(&value);
        ktg_buf_done(&text);
    }
    struct ktg_buf text = KTG_BUF_INIT;
    assert_int_equal(ktg_json_format(KTG_LIT("\x92\x01"), NULL, &text), KTG_EINVALID);
    assert_int_equal(ktg_json_format(KTG_BYTES_NONE, NULL, &text), KTG_EINVALID);
    ktg_buf_done(&text);
}

static void test_json__hostile_texts_are_stopped_before_the_library(void **unused)
{
    (void)unused;
    static const struct {
        const char *text;
        enum ktg_fault_no fault;
    } story[] = {
        {"", KTG_FAULT_NOT_JSON},
        {"{", KTG_FAULT_NOT_JSON},
        {"{\"a\":1}x", KTG_FAULT_NOT_JSON},
        {"\"\\u0000\"", KTG_FAULT_NOT_JSON},
        {"\"\\ud800\"", KTG_FAULT_NOT_JSON},
        {"1.5", KTG_FAULT_WRONG_TYPE},
        {"1e3", KTG_FAULT_WRONG_TYPE},
        {"{\"$bin\":\"0\"}", KTG_FAULT_NOT_CANONICAL},
        {"{\"\":1}", KTG_FAULT_NOT_CANONICAL},
        {"\"\xff\"", KTG_FAULT_NOT_JSON},
    };
    struct ktg_buf to = KTG_BUF_INIT;
    ktg_buf_put_str(&to, "before");
    for (size_t i = 0; i < COUNT(story); i++) {
        assert_int_equal(ktg_json_parse(ktg_bytes_str(story[i].text), &to, &err), KTG_EINVALID);
        if (err.fault != &ktg_faults[story[i].fault])
            fail_msg("%s: %s", story[i].text, err.text);
        assert_string_equal(ktg_buf_text(&to), "before");
    }
    struct ktg_buf deep = KTG_BUF_INIT;
    for (int i = 0; i < 200000; i++)
        ktg_buf_put_u8(&deep, '[');
    assert_int_equal(ktg_json_parse(ktg_buf_view(&deep), &to, &err), KTG_EINVALID);
    assert_ptr_equal(err.fault, &ktg_faults[KTG_FAULT_TOO_DEEP]);
    for (int i = 0; i < 200000; i++)
        ktg_buf_put_u8(&deep, '[');
    assert_int_equal(ktg_json_parse(ktg_buf_view(&deep), &to, &err), KTG_EINVALID);
    assert_ptr_equal(err.fault, &ktg_faults[KTG_FAULT_OVERSIZE]);
    ktg_buf_done(&deep);
    ktg_buf_done(&to);
}

/* --- random events of random types: line, blob, line, blob --- */

static void put_random_value(struct ktg_buf *b, const struct ktg_field *f, bool list);

static void put_random_object(struct ktg_buf *b, const struct ktg_shape *s)
{
    bool first = true;
    ktg_buf_put_u8(b, '{');
    for (size_t i = 0; i < s->count; i++) {
        if (!s->fields[i].required && rand() % 3)
            continue;
        ktg_buf_printf(b, "%s\"%s\":", first ? "" : ",", s->fields[i].name);
        put_random_value(b, &s->fields[i], s->fields[i].list);
        first = false;
    }
    if (rand() % 4 == 0)
        ktg_buf_printf(b, "%s\"zz_later\":[1,{\"a\":null},\"\\u0065\\u0301\"]", first ? "" : ",");
    ktg_buf_put_u8(b, '}');
}

static void put_random_code(struct ktg_buf *b, const struct ktg_field *f)
{
    size_t n = 0;
    if (f->codes) {
        while (f->codes[n])
            n++;
        ktg_buf_printf(b, "\"%s\"", f->codes[(size_t)rand() % n]);
    } else {
        const struct ktg_code_list *l = ktg_catalogue_codes(c, f->list_name);
        ktg_buf_printf(b, "\"%s\"", l->entries[(size_t)rand() % l->count].code);
    }
}

static void put_random_value(struct ktg_buf *b, const struct ktg_field *f, bool list)
{
    if (list) {
        ktg_buf_put_u8(b, '[');
        for (int i = 0, n = 1 + rand() % 3; i < n; i++) {
            ktg_buf_put_str(b, i ? "," : "");
            put_random_value(b, f, false);
        }
        ktg_buf_put_u8(b, ']');
        return;
    }
    switch (f->type) {
    case KTG_F_CODE:
        put_random_code(b, f);
        break;
    case KTG_F_PHONE:
        ktg_buf_printf(b, "\"+62 000 %06d\"", rand() % 1000000);
        break;
    case KTG_F_EMAIL:
        ktg_buf_put_str(b, "\"someone@example.org\"");
        break;
    case KTG_F_INT:
    case KTG_F_MONEY:
        ktg_buf_printf(b, "%lld", (long long)(rand() % 2 ? rand() : -rand()));
        break;
    case KTG_F_BOOL:
        ktg_buf_put_str(b, rand() % 2 ? "true" : "false");
        break;
    case KTG_F_DATE:
        ktg_buf_printf(b, "\"20%02d-0%d-1%d\"", rand() % 100, 1 + rand() % 9, rand() % 10);
        break;
    case KTG_F_INSTANT:
        ktg_buf_printf(b, "\"2026-03-01T0%d:00:00.%03d+0%d:00\"", rand() % 10, rand() % 1000,
                       rand() % 10);
        break;
    case KTG_F_UUID:
        ktg_buf_printf(b, "\"01936B2E-7c00-7000-8000-%012d\"", rand());
        break;
    case KTG_F_OBJECT:
        if (f->shape && strcmp(f->shape->name, "place") == 0)
            ktg_buf_printf(b, "{\"lat\":\"%d.5\",\"lon\":\"-%d.25\"}", rand() % 90, rand() % 180);
        else if (f->shape)
            put_random_object(b, f->shape);
        else
            ktg_buf_put_str(b, "{\"legal\":\"x\"}");
        break;
    default:
        ktg_buf_printf(b, "\"text %d\"", rand());
    }
}

static void test_json__random_events_of_every_type_round_trip_to_the_byte(void **unused)
{
    (void)unused;
    srand(11);
    for (int round = 0; round < 2000; round++) {
        const struct ktg_type *t =
            ktg_catalogue_type_at(c, round % (int)ktg_catalogue_type_count(c));
        struct ktg_buf line = KTG_BUF_INIT, blob = KTG_BUF_INIT, back = KTG_BUF_INIT,
                       again = KTG_BUF_INIT;
        struct ktg_event e;
        if (t->heartbeats || t->absences || t->retirements) /* nobody sends it: bad-events.json */
            continue;
        ktg_buf_printf(
            &line,
            "{\"type\":\"%s\",\"source\":\"X.Y\",\"v\":%d,\"id\":\"01936b2e-7c00-7000-8000-%012d\"",
            t->name, 1 + rand() % 3, 5 + rand() % 1000000);
        ktg_buf_put_str(&line, ",\"occurred_at\":\"2026-03-01T09:00:00+07:00\"");
        if (t->needs_retracts)
            ktg_buf_put_str(&line, ",\"retracts\":\"01936b2e-7c00-7000-8000-000000000001\"");
        ktg_buf_put_str(&line, ",\"data\":");
        put_random_object(&line, t->data);
        ktg_buf_put_u8(&line, '}');
        if (ktg_json_decode(c, ktg_buf_view(&line), &blob, NULL, &err) ||
            ktg_event_read(c, ktg_buf_view(&blob), &e, &err) || ktg_event_check(c, &e, &err))
            fail_msg("%s\n%s", ktg_buf_text(&line), err.text);
        assert_int_equal(ktg_json_encode(&e, NULL, &back), KTG_OK);
        assert_int_equal(ktg_json_decode(c, ktg_buf_view(&back), &again, NULL, &err), KTG_OK);
        assert_true(ktg_bytes_eq(ktg_buf_view(&blob), ktg_buf_view(&again)));
        struct ktg_arena arena = KTG_ARENA_INIT; /* and its subjects come sorted, each once */
        const struct ktg_subject *s;
        size_t count;
        assert_int_equal(ktg_event_subjects(c, &e, &arena, &s, &count), KTG_OK);
        for (size_t i = 1; i < count; i++)
            assert_true(s[i - 1].kind < s[i].kind || s[i - 1].role < s[i].role ||
                        ktg_bytes_cmp(s[i - 1].id, s[i].id) < 0);
        ktg_arena_done(&arena);
        ktg_buf_done(&line);
        ktg_buf_done(&blob);
        ktg_buf_done(&back);
        ktg_buf_done(&again);
    }
}

/* An agency's own type, added as text: lists of instants and ids, a list that must not be empty. */
static void test_json__a_type_that_was_added_as_text_round_trips_too(void **unused)
{
    (void)unused;
    static const char type[] = "type: agency.own\ntitle: {id: a, en: b}\nfrom: [IMI]\nfields:\n"
                               "  seen[]: {type: instant, need: yes, sens: operational}\n"
                               "  refs[]: {type: uuid, sens: operational}\n";
#define OWN(data)                                                                                \
    "{\"id\":\"01936b2e-7c00-7000-8000-000000000001\",\"type\":\"agency.own\",\"source\":\"IMI." \
    "X\",\"occurred_at\":"                                                                       \
    "\"2026-03-01T09:00:00+07:00\",\"data\":" data "}"
    static const struct {
        const char *line;
        int fault; /* -1: taken */
    } story[] = {
        {OWN("{\"refs\":[\"01936b2e-7c00-7000-8000-000000000009\"],\"seen\":[\"2026-03-01T09:00:"
             "00Z\"]}"),
         -1},
        {OWN("{\"seen\":[]}"), KTG_FAULT_MISSING_FIELD},
        {OWN("{\"seen\":\"2026-03-01T09:00:00Z\"}"), KTG_FAULT_WRONG_TYPE},
        {OWN("{\"seen\":[\"2026-03-01\"]}"), KTG_FAULT_WRONG_VALUE},
        {OWN("{\"seen\":[null]}"), KTG_FAULT_WRONG_TYPE},
    };
    struct ktg_files f = KTG_FILES_INIT;
    struct ktg_catalogue *own = NULL;
    assert_int_equal(ktg_files_read(&f, KTG_SCHEMA_DIR, "", &err), KTG_OK);
    assert_int_equal(ktg_files_put(&f, "events/agency.own.yaml", KTG_LIT(type), &err), KTG_OK);
    assert_int_equal(ktg_catalogue_load(f.at, f.count, &own, &err), KTG_OK);
    for (size_t i = 0; i < COUNT(story); i++) {
        struct ktg_buf blob = KTG_BUF_INIT, line = KTG_BUF_INIT;
        struct ktg_event e;
        int rc = ktg_json_decode(own, ktg_bytes_str(story[i].line), &blob, NULL, &err);
        if (!rc)
            rc = ktg_event_read(own, ktg_buf_view(&blob), &e, &err);
        if (!rc)
            rc = ktg_event_check(own, &e, &err);
        assert_int_equal(rc, story[i].fault < 0 ? KTG_OK : KTG_EINVALID);
        if (rc) {
            assert_ptr_equal(err.fault, &ktg_faults[story[i].fault]);
        } else {
            assert_int_equal(ktg_json_encode(&e, NULL, &line), KTG_OK);
            assert_string_equal(ktg_buf_text(&line), story[i].line);
        }
        ktg_buf_done(&blob);
        ktg_buf_done(&line);
    }
    own = ktg_catalogue_free(own);
    ktg_files_done(&f);
}

static void test_json__every_allocation_of_ours_may_fail(void **unused)
{
    (void)unused;
    int rc = KTG_ENOMEM;
    for (int64_t n = 0; rc != KTG_OK; n++) {
        struct ktg_buf blob = KTG_BUF_INIT;
        assert_true(n < 100);
        ktg_mem_fail_after(n);
        rc = ktg_json_decode(c, KTG_LIT(first_line), &blob, NULL, &err);
        int64_t failed = ktg_mem_failed();
        ktg_mem_fail_after(-1);
        assert_int_equal(rc, failed ? KTG_ENOMEM : KTG_OK);
        assert_int_equal(blob.size == 0, rc != 0);
        ktg_buf_done(&blob);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json__a_line_comes_back_and_its_recording_time_stands_aside),
        cmocka_unit_test(
            test_json__an_error_says_where_got_wanted_and_keeps_personal_values_to_itself),
        cmocka_unit_test(test_json__any_map_is_printed_in_the_order_that_is_asked_for),
        cmocka_unit_test(test_json__hostile_texts_are_stopped_before_the_library),
        cmocka_unit_test(test_json__random_events_of_every_type_round_trip_to_the_byte),
        cmocka_unit_test(test_json__a_type_that_was_added_as_text_round_trips_too),
        cmocka_unit_test(test_json__every_allocation_of_ours_may_fail),
    };
    c = vectors_catalogue();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    c = ktg_catalogue_free(c);
    return failed;
}
