/* tests/unit/schema/test_finding.c
 * SPDX-License-Identifier: Apache-2.0
 */
#include "schema/finding.h"

#include "schema/json.h"
#include "schema/wire.h"
#include "tests/support/cmocka.h"

static void test_finding__its_key_comes_back(void **unused)
{
    (void)unused;
    struct ktg_finding_meta m = {
        .position = 4711, .n = 3, .rev = 9, .engine = 2, .finding = {1, 2, 3}};
    struct ktg_finding_meta back;
    struct ktg_buf b = KTG_BUF_INIT;
    ktg_finding_meta_encode(&m, &b);
    assert_int_equal(ktg_wire_check(ktg_buf_view(&b), &KTG_WIRE_LIMITS, NULL), KTG_OK);
    assert_int_equal(ktg_finding_meta_decode(ktg_buf_view(&b), &back), KTG_OK);
    assert_memory_equal(&m, &back, sizeof m);
    ktg_buf_done(&b);
}

static void test_finding__what_is_no_key_is_refused(void **unused)
{
    (void)unused;
    static const struct {
        const char *json;
        int code;
    } rows[] = {
        {"{\"n\":1,\"p\":2}", KTG_OK}, /* older: no engine, no finding */
        {"{\"p\":2}", KTG_EINVALID},
        {"{\"n\":-1,\"p\":2}", KTG_EINVALID},
        {"{\"n\":4294967296,\"p\":2}", KTG_EINVALID},
        {"{\"n\":1,\"p\":\"2\"}", KTG_EINVALID},
        {"{\"e\":1,\"n\":1,\"p\":2}", KTG_EINVALID}, /* an engine, and no finding */
        {"{\"e\":1,\"f\":\"x\",\"n\":1,\"p\":2,\"r\":1}", KTG_EINVALID},
    };
    struct ktg_buf b = KTG_BUF_INIT;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct ktg_finding_meta m = {.engine = 77};
        ktg_buf_clear(&b);
        assert_int_equal(ktg_json_parse(ktg_bytes_str(rows[i].json), &b, NULL), KTG_OK);
        if (ktg_finding_meta_decode(ktg_buf_view(&b), &m) != rows[i].code)
            fail_msg("%s", rows[i].json);
        assert_int_equal(m.engine, rows[i].code ? 77 : 0);
    }
    ktg_buf_done(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_finding__its_key_comes_back),
        cmocka_unit_test(test_finding__what_is_no_key_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
