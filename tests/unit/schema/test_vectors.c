/* tests/unit/schema/test_vectors.c - golden vectors: what once was agreed stays so.  The files are only ever added to.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdlib.h>

#include "runtime/hash.h"
#include "schema/json.h"
#include "tests/support/cmocka.h"
#include "tests/unit/schema/vectors.h"

static struct ktg_catalogue *c;
static struct ktg_err err;

static void test_vectors__each_line_gives_its_blob_its_hash_and_comes_back(void **unused)
{
    (void)unused;
    json_t *rows = vectors_load("events.json"), *row;
    size_t i;
    assert_true(json_array_size(rows) >= 14);
    json_array_foreach(rows, i, row)
    {
        struct ktg_buf blob = KTG_BUF_INIT, line = KTG_BUF_INIT, again = KTG_BUF_INIT;
        const char *text = vectors_text(row, "line"), *want = vectors_text(row, "blob");
        if (ktg_json_decode(c, ktg_bytes_str(text), &blob, NULL, &err))
            fail_msg("%s: %s", vectors_text(row, "name"), err.text);
        char *hex = malloc(2 * blob.size + 1), hash_hex[65];
        ktg_hex(blob.data, blob.size, hex);
        if (strcmp(hex, want) != 0)
            fail_msg("%s:\n got %s\nwant %s", vectors_text(row, "name"), hex, want);
        free(hex);
        struct ktg_bytes view = ktg_buf_view(&blob);
        struct ktg_hash hash = ktg_blake2b(&view, 1);
        ktg_hex(hash.b, sizeof hash.b, hash_hex);
        assert_string_equal(hash_hex, vectors_text(row, "blake2b"));

        struct ktg_event e;
        if (ktg_wire_check(view, &KTG_WIRE_LIMITS, &err) || ktg_event_read(c, view, &e, &err) ||
            ktg_event_check(c, &e, &err))
            fail_msg("%s: %s", vectors_text(row, "name"), err.text);
        assert_int_equal(ktg_json_encode(&e, NULL, &line), KTG_OK);
        assert_int_equal(ktg_json_decode(c, ktg_buf_view(&line), &again, NULL, &err), KTG_OK);
        assert_true(ktg_bytes_eq(view, ktg_buf_view(&again)));
        ktg_buf_done(&blob);
        ktg_buf_done(&line);
        ktg_buf_done(&again);
    }
    json_decref(rows);
}

static void test_vectors__each_bad_line_is_refused_by_its_fault_at_its_place(void **unused)
{
    (void)unused;
    json_t *rows = vectors_load("bad-events.json"), *row;
    size_t i;
    json_array_foreach(rows, i, row)
    {
        struct ktg_buf blob = KTG_BUF_INIT;
        struct ktg_event e;
        err = (struct ktg_err)KTG_ERR_INIT;
        int rc = ktg_json_decode(c, ktg_bytes_str(vectors_text(row, "line")), &blob, NULL, &err);
        if (rc) {
            assert_int_equal(blob.size, 0);
        } else {
            rc = ktg_event_read(c, ktg_buf_view(&blob), &e, &err);
            if (!rc)
                rc = ktg_event_check(c, &e, &err);
        }
        if (rc != KTG_EINVALID || !err.fault ||
            strcmp(err.fault->name, vectors_text(row, "fault")) != 0 ||
            (vectors_text(row, "where")[0] && strcmp(err.where, vectors_text(row, "where")) != 0))
            fail_msg("%s: rc %d: %s", vectors_text(row, "name"), rc, err.text);
        ktg_buf_done(&blob);
    }
    json_decref(rows);
}

static void test_vectors__bad_bytes_are_refused_by_their_fault_at_their_place(void **unused)
{
    (void)unused;
    json_t *rows = vectors_load("bad-bytes.json"), *row;
    size_t i;
    json_array_foreach(rows, i, row)
    {
        const char *hex = vectors_text(row, "bytes");
        size_t size = strlen(hex) / 2;
        uint8_t *bytes = malloc(size ? size : 1);
        assert_int_equal(ktg_unhex(hex, 2 * size, bytes), KTG_OK);
        assert_int_equal(ktg_wire_check(ktg_bytes(bytes, size), &KTG_WIRE_LIMITS, &err),
                         KTG_EINVALID);
        if (strcmp(err.fault->name, vectors_text(row, "fault")) != 0 ||
            strcmp(err.where, vectors_text(row, "where")) != 0)
            fail_msg("%s: %s", vectors_text(row, "name"), err.text);
        free(bytes);
    }
    json_decref(rows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors__each_line_gives_its_blob_its_hash_and_comes_back),
        cmocka_unit_test(test_vectors__each_bad_line_is_refused_by_its_fault_at_its_place),
        cmocka_unit_test(test_vectors__bad_bytes_are_refused_by_their_fault_at_their_place),
    };
    c = vectors_catalogue();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    c = ktg_catalogue_free(c);
    return failed;
}
