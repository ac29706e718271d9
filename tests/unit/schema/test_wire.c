/* tests/unit/schema/test_wire.c
 * SPDX-License-Identifier: Apache-2.0
 */
#include <msgpack.h>
#include <stdlib.h>

#include "schema/wire.h"
#include "tests/support/cmocka.h"

static struct ktg_err err;

static int check(struct ktg_bytes b)
{
    return ktg_wire_check(b, &KTG_WIRE_LIMITS, &err);
}

static void test_wire__what_the_writer_wrote_the_check_passes_and_the_reader_reads(void **unused)
{
    (void)unused;
    struct ktg_buf b = KTG_BUF_INIT;
    static const int64_t edges[] = {0,
                                    1,
                                    127,
                                    128,
                                    255,
                                    256,
                                    65535,
                                    65536,
                                    INT64_C(4294967295),
                                    INT64_C(4294967296),
                                    INT64_MAX,
                                    -1,
                                    -32,
                                    -33,
                                    -128,
                                    -129,
                                    -32768,
                                    -32769,
                                    INT32_MIN,
                                    (int64_t)INT32_MIN - 1,
                                    INT64_MIN};
    ktg_wire_put_map(&b, 5);
    ktg_wire_put_text(&b, "a");
    ktg_wire_put_array(&b, COUNT(edges));
    for (size_t i = 0; i < COUNT(edges); i++)
        ktg_wire_put_int(&b, edges[i]);
    ktg_wire_put_text(&b, "ab");
    ktg_wire_put_bin(&b, KTG_LIT("\x00\xff"));
    ktg_wire_put_text(&b, "b");
    ktg_wire_put_bool(&b, true);
    ktg_wire_put_text(&b, "n");
    ktg_wire_put_nil(&b);
    ktg_wire_put_text(&b, "t");
    char long_text[300];
    memset(long_text, 'x', sizeof long_text);
    ktg_wire_put_str(&b, ktg_bytes(long_text, sizeof long_text));
    struct ktg_bytes map = ktg_buf_view(&b);
    assert_int_equal(check(map), KTG_OK);

    struct ktg_wire_value v, e;
    assert_true(ktg_wire_get(map, "a", &v));
    assert_int_equal(v.kind, KTG_WIRE_ARRAY);
    assert_int_equal(v.count, COUNT(edges));
    struct ktg_wire w = ktg_wire_inside(&v);
    for (size_t i = 0; i < COUNT(edges); i++) {
        assert_int_equal(ktg_wire_next(&w, &e), KTG_OK);
        assert_true(e.kind == KTG_WIRE_INT && e.integer == edges[i]);
    }
    assert_int_equal(ktg_wire_next(&w, &e), KTG_EINVALID);
    assert_true(ktg_wire_get(map, "ab", &v) && v.kind == KTG_WIRE_BIN && v.bytes.size == 2);
    assert_true(ktg_wire_get(map, "b", &v) && v.kind == KTG_WIRE_BOOL && v.integer == 1);
    assert_true(ktg_wire_get(map, "n", &v) && v.kind == KTG_WIRE_NIL);
    assert_true(ktg_wire_get(map, "t", &v) && v.bytes.size == 300 && v.raw.size == 303);
    assert_false(ktg_wire_get(map, "aa", &v));
    assert_false(ktg_wire_get(map, "z", &v));
    assert_false(ktg_wire_get(v.raw, "z", &v));
    assert_false(ktg_wire_get(KTG_BYTES_NONE, "z", &v));
    for (size_t n = 0; n < map.size; n++) { /* every cut is refused, and is safe to read */
        uint8_t *cut = malloc(n ? n : 1);
        memcpy(cut, map.data, n);
        assert_int_equal(check(ktg_bytes(cut, n)), KTG_EINVALID);
        assert_ptr_equal(err.fault, &ktg_faults[KTG_FAULT_MALFORMED]);
        struct ktg_wire open = ktg_wire_open(ktg_bytes(cut, n));
        assert_int_equal(ktg_wire_next(&open, &e), KTG_EINVALID);
        (void)ktg_wire_get(ktg_bytes(cut, n), "t", &v);
        free(cut);
    }
    ktg_buf_done(&b);
}

static void test_wire__each_way_to_be_wrong_has_its_name_and_place(void **unused)
{
    (void)unused;
    static const struct {
        const char *bytes;
        size_t size;
        enum ktg_fault_no fault;
        const char *where;
    } story[] = {
#define B(s, fault, where) {s, sizeof(s) - 1, KTG_FAULT_##fault, where}
        B("", MALFORMED, "byte 0"),
        B("\xc1", MALFORMED, "byte 0"),
        B("\x01\x02", MALFORMED, "byte 1"),
        B("\xdd\x01\x00\x00\x00", MALFORMED, "byte 0"), /* 5 bytes claim 16 million elements */
        B("\xdf\x00\x40\x00\x00", MALFORMED, "byte 0"), /* 4 million pairs */
        B("\xdb\x40\x00\x00\x00", MALFORMED, "byte 0"), /* a text of 1 GiB */
        B("\xdd\xff\xff\xff\xff", MALFORMED, "byte 0"),
        B("\x92\x01", MALFORMED, "byte 0"),
        B("\x91\xa2"
          "a",
          MALFORMED, "byte 1"),
        B("\xa1\xff", MALFORMED, "byte 0"),
        B("\xca\x00\x00\x00\x00", NOT_CANONICAL, "byte 0"),
        B("\xcb\x00\x00\x00\x00\x00\x00\x00\x00", NOT_CANONICAL, "byte 0"),
        B("\xd6\xff\x00\x00\x00\x00", NOT_CANONICAL, "byte 0"),
        B("\xc7\x00\x01", NOT_CANONICAL, "byte 0"),
        B("\xcc\x7f", NOT_CANONICAL, "byte 0"),
        B("\xcd\x00\xff", NOT_CANONICAL, "byte 0"),
        B("\xce\x00\x00\xff\xff", NOT_CANONICAL, "byte 0"),
        B("\xcf\x00\x00\x00\x00\xff\xff\xff\xff", NOT_CANONICAL, "byte 0"),
        B("\xcf\x80\x00\x00\x00\x00\x00\x00\x00", NOT_CANONICAL, "byte 0"),
        B("\xd0\xe0", NOT_CANONICAL, "byte 0"),
        B("\xd0\x05", NOT_CANONICAL, "byte 0"), /* positive in a signed form */
        B("\xd1\xff\x80", NOT_CANONICAL, "byte 0"),
        B("\xd2\xff\xff\x80\x00", NOT_CANONICAL, "byte 0"),
        B("\xd3\xff\xff\xff\xff\x80\x00\x00\x00", NOT_CANONICAL, "byte 0"),
        B("\xd9\x01"
          "a",
          NOT_CANONICAL, "byte 0"),
        B("\xda\x00\x01"
          "a",
          NOT_CANONICAL, "byte 0"),
        B("\xdb\x00\x00\x00\x01"
          "a",
          NOT_CANONICAL, "byte 0"),
        B("\xc5\x00\x01"
          "a",
          NOT_CANONICAL, "byte 0"),
        B("\xc6\x00\x00\x00\x01"
          "a",
          NOT_CANONICAL, "byte 0"),
        B("\xdc\x00\x00", NOT_CANONICAL, "byte 0"),
        B("\xdd\x00\x00\x00\x00", NOT_CANONICAL, "byte 0"),
        B("\xde\x00\x00", NOT_CANONICAL, "byte 0"),
        B("\xdf\x00\x00\x00\x00", NOT_CANONICAL, "byte 0"),
        B("\x82\xa1"
          "b\x01\xa1"
          "a\x02",
          NOT_CANONICAL, "byte 4"),
        B("\x82\xa1"
          "a\x01\xa1"
          "a\x02",
          NOT_CANONICAL, "byte 4"),
        B("\x82\xa2"
          "ab\x01\xa1"
          "a\x02",
          NOT_CANONICAL, "byte 5"), /* a prefix comes first */
        B("\x81\x01\x02", NOT_CANONICAL, "byte 1"),
        B("\x81\xc4\x01"
          "a\x02",
          NOT_CANONICAL, "byte 1"),
        B("\x81\x90\x02", NOT_CANONICAL, "byte 1"),
        B("\x81\xa0\x02", NOT_CANONICAL, "byte 1"),
        B("\x81\xa2\xc3\xa9\x02", NOT_CANONICAL, "byte 1"),
        B("\x81\xa1 \x02", NOT_CANONICAL, "byte 1"),
        B("\x81\xa4$bin\x02", NOT_CANONICAL, "byte 1"),
        B("\xa3"
          "e\xcc\x81",
          NOT_CANONICAL, "byte 0"),
        B("\xa1\x00", NOT_CANONICAL, "byte 0"),
        B("\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x90", TOO_DEEP,
          "byte 16"),
#undef B
    };
    for (size_t i = 0; i < COUNT(story); i++) {
        uint8_t *exact = malloc(story[i].size ? story[i].size : 1);
        memcpy(exact, story[i].bytes, story[i].size);
        err = (struct ktg_err)KTG_ERR_INIT;
        if (check(ktg_bytes(exact, story[i].size)) != KTG_EINVALID ||
            err.fault != &ktg_faults[story[i].fault] || strcmp(err.where, story[i].where) != 0)
            fail_msg("row %zu said %s", i, err.text);
        free(exact);
    }
}

static void test_wire__limits_hold_to_the_last_byte_value_level_and_letter(void **unused)
{
    (void)unused;
    /* {"k": ["ab", [1]]}: 4 values and a list inside a list */
    struct ktg_bytes b = KTG_LIT("\x81\xa1k\x92\xa2"
                                 "ab\x91\x01");
    struct ktg_wire_limits fits = {(uint32_t)b.size, 5, 3, 2};
    assert_int_equal(ktg_wire_check(b, &fits, &err), KTG_OK);
    static const struct {
        int bytes, nodes, depth, string;
        enum ktg_fault_no fault;
    } story[] = {{-1, 0, 0, 0, KTG_FAULT_OVERSIZE},
                 {0, -1, 0, 0, KTG_FAULT_OVERSIZE},
                 {0, 0, -1, 0, KTG_FAULT_TOO_DEEP},
                 {0, 0, 0, -1, KTG_FAULT_OVERSIZE}};
    for (size_t i = 0; i < COUNT(story); i++) {
        struct ktg_wire_limits l = {
            fits.bytes + (uint32_t)story[i].bytes, fits.nodes + (uint32_t)story[i].nodes,
            fits.depth + (uint32_t)story[i].depth, fits.string + (uint32_t)story[i].string};
        assert_int_equal(ktg_wire_check(b, &l, &err), KTG_EINVALID);
        assert_ptr_equal(err.fault, &ktg_faults[story[i].fault]);
    }
    struct ktg_wire_limits endless = {1u << 20, 1u << 20, UINT32_MAX, 1u << 20};
    uint8_t deep[100];
    memset(deep, 0x91, sizeof deep);
    deep[KTG_WIRE_DEPTH] = 0x90; /* one level more than the stack of the check */
    assert_int_equal(ktg_wire_check(ktg_bytes(deep, KTG_WIRE_DEPTH + 1), &endless, &err),
                     KTG_EINVALID);
    assert_ptr_equal(err.fault, &ktg_faults[KTG_FAULT_TOO_DEEP]);
    deep[KTG_WIRE_DEPTH - 1] = 0x90;
    assert_int_equal(ktg_wire_check(ktg_bytes(deep, KTG_WIRE_DEPTH), &endless, &err), KTG_OK);
}

/* --- msgpack-c as the oracle --- */

static void put_random(struct ktg_buf *b, int depth)
{
    static const char *const texts[] = {"",
                                        "a",
                                        "SPECIMEN",
                                        "caf\xc3\xa9",
                                        "\xe4\xb8\xad",
                                        "x\xcc\x81",
                                        "a text of more than thirty-one bytes, so str8"};
    char key[8];
    int n = rand() % 5;
    switch (rand() % (depth ? 8 : 6)) {
    case 0:
        ktg_wire_put_nil(b);
        break;
    case 1:
        ktg_wire_put_bool(b, rand() % 2);
        break;
    case 2:
    case 3:
        ktg_wire_put_int(
            b, (int64_t)(((uint64_t)rand() << 33 ^ (uint64_t)rand() << 2) << (rand() % 3)) >>
                   (rand() % 64));
        break;
    case 4:
        ktg_wire_put_text(b, texts[(size_t)rand() % COUNT(texts)]);
        break;
    case 5:
        ktg_wire_put_bin(b, ktg_bytes("\x00\x01\x02\x03\xff", (size_t)n));
        break;
    case 6:
        n *= rand() % 8 ? 1 : 5;
        ktg_wire_put_array(b, (uint32_t)n);
        for (int i = 0; i < n; i++)
            put_random(b, depth - 1);
        break;
    default:
        n *= rand() % 8 ? 1 : 5;
        ktg_wire_put_map(b, (uint32_t)n);
        for (int i = 0; i < n; i++) {
            snprintf(key, sizeof key, "k%02d", i);
            ktg_wire_put_text(b, key);
            put_random(b, depth - 1);
        }
    }
}

static void compare(const struct ktg_wire_value *v, const msgpack_object *o);

static void compare_children(const struct ktg_wire_value *v, const msgpack_object *o)
{
    struct ktg_wire w = ktg_wire_inside(v);
    struct ktg_wire_value c;
    for (uint32_t i = 0; i < v->count; i++) {
        assert_int_equal(ktg_wire_next(&w, &c), KTG_OK);
        if (v->kind == KTG_WIRE_ARRAY) {
            compare(&c, &o->via.array.ptr[i]);
            continue;
        }
        compare(&c, &o->via.map.ptr[i].key);
        char key[KTG_WIRE_KEY + 1] = {0};
        memcpy(key, c.bytes.data, c.bytes.size);
        struct ktg_wire_value got;
        assert_true(ktg_wire_get(v->raw, key, &got));
        assert_int_equal(ktg_wire_next(&w, &c), KTG_OK);
        assert_ptr_equal(got.raw.data, c.raw.data);
        compare(&c, &o->via.map.ptr[i].val);
    }
    assert_ptr_equal(w.at, w.end);
}

static void compare(const struct ktg_wire_value *v, const msgpack_object *o)
{
    switch (o->type) {
    case MSGPACK_OBJECT_NIL:
        assert_int_equal(v->kind, KTG_WIRE_NIL);
        break;
    case MSGPACK_OBJECT_BOOLEAN:
        assert_true(v->kind == KTG_WIRE_BOOL && v->integer == o->via.boolean);
        break;
    case MSGPACK_OBJECT_POSITIVE_INTEGER:
    case MSGPACK_OBJECT_NEGATIVE_INTEGER:
        assert_true(v->kind == KTG_WIRE_INT && v->integer == o->via.i64);
        break;
    case MSGPACK_OBJECT_STR:
        assert_true(v->kind == KTG_WIRE_STR &&
                    ktg_bytes_eq(v->bytes, ktg_bytes(o->via.str.ptr, o->via.str.size)));
        break;
    case MSGPACK_OBJECT_BIN:
        assert_true(v->kind == KTG_WIRE_BIN &&
                    ktg_bytes_eq(v->bytes, ktg_bytes(o->via.bin.ptr, o->via.bin.size)));
        break;
    case MSGPACK_OBJECT_ARRAY:
        assert_true(v->kind == KTG_WIRE_ARRAY && v->count == o->via.array.size);
        compare_children(v, o);
        break;
    case MSGPACK_OBJECT_MAP:
        assert_true(v->kind == KTG_WIRE_MAP && v->count == o->via.map.size);
        compare_children(v, o);
        break;
    default:
        fail_msg("a type that the profile forbids: %d", o->type);
    }
}

/* Accepted bytes: msgpack-c reads the same value out of all of them, and packs it into the same
 * bytes again. */
static void compare_with_oracle(struct ktg_bytes b)
{
    msgpack_unpacked u;
    msgpack_unpacked_init(&u);
    size_t at = 0;
    assert_int_equal(msgpack_unpack_next(&u, (const char *)b.data, b.size, &at),
                     MSGPACK_UNPACK_SUCCESS);
    assert_int_equal(at, b.size);
    struct ktg_wire w = ktg_wire_open(b);
    struct ktg_wire_value v;
    assert_int_equal(ktg_wire_next(&w, &v), KTG_OK);
    compare(&v, &u.data);
    msgpack_sbuffer again;
    msgpack_sbuffer_init(&again);
    msgpack_packer p;
    msgpack_packer_init(&p, &again, msgpack_sbuffer_write);
    msgpack_pack_object(&p, u.data);
    assert_true(ktg_bytes_eq(b, ktg_bytes(again.data, again.size)));
    msgpack_sbuffer_destroy(&again);
    msgpack_unpacked_destroy(&u);
}

static void test_wire__random_values_and_their_mutations_agree_with_the_oracle(void **unused)
{
    (void)unused;
    srand(42);
    int accepted = 0, refused = 0;
    for (int round = 0; round < 3000; round++) {
        struct ktg_buf b = KTG_BUF_INIT;
        put_random(&b, 4);
        assert_int_equal(check(ktg_buf_view(&b)), KTG_OK);
        compare_with_oracle(ktg_buf_view(&b));
        for (int m = 0; m < 8; m++) {
            size_t at = (size_t)rand() % b.size;
            uint8_t was = b.data[at];
            b.data[at] = (uint8_t)rand();
            if (check(ktg_buf_view(&b)) == KTG_OK) {
                compare_with_oracle(ktg_buf_view(&b));
                accepted++;
            } else {
                refused++;
            }
            b.data[at] = was;
        }
        ktg_buf_done(&b);
    }
    assert_true(accepted > 100 && refused > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wire__what_the_writer_wrote_the_check_passes_and_the_reader_reads),
        cmocka_unit_test(test_wire__each_way_to_be_wrong_has_its_name_and_place),
        cmocka_unit_test(test_wire__limits_hold_to_the_last_byte_value_level_and_letter),
        cmocka_unit_test(test_wire__random_values_and_their_mutations_agree_with_the_oracle),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
