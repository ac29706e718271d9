/* tests/unit/cmd/test_junit.c
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cmd/junit.h"

#include "tests/support/cmocka.h"

static void test_junit__is_the_document_that_servers_read(void **unused)
{
    (void)unused;
    struct ktg_junit j = {.tests = 0};
    struct ktg_buf to = KTG_BUF_INIT;
    ktg_junit_add(&j, &(struct ktg_junit_case){"a", "one", "f.yaml", 3, 1500000, true, {0}});
    ktg_junit_add(&j, &(struct ktg_junit_case){"a", "two < \"three\" & \1", "f.yaml", 9, 1, false,
                                               KTG_LIT("- raise\n+ <none>\n")});
    ktg_junit_add(&j, &(struct ktg_junit_case){"b", "one", "g.yaml", 3, 20, true, {0}});
    assert_int_equal(ktg_junit_end(&j, &to), KTG_OK);
    assert_string_equal(
        ktg_buf_text(&to),
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        "<testsuites name=\"rules\" tests=\"3\" failures=\"1\" errors=\"0\" time=\"1.500021\">\n"
        "  <testsuite name=\"a\" tests=\"2\" failures=\"1\" errors=\"0\" skipped=\"0\" "
        "time=\"1.500001\" file=\"f.yaml\">\n"
        "    <testcase name=\"one\" classname=\"a\" file=\"f.yaml\" line=\"3\" "
        "time=\"1.500000\"/>\n"
        "    <testcase name=\"two &lt; &quot;three&quot; &amp; ?\" classname=\"a\" file=\"f.yaml\" "
        "line=\"9\" time=\"0.000001\">\n"
        "      <failure type=\"failure\" message=\"- raise\">- raise\n+ &lt;none&gt;\n</failure>\n"
        "    </testcase>\n"
        "  </testsuite>\n"
        "  <testsuite name=\"b\" tests=\"1\" failures=\"0\" errors=\"0\" skipped=\"0\" "
        "time=\"0.000020\" file=\"g.yaml\">\n"
        "    <testcase name=\"one\" classname=\"b\" file=\"g.yaml\" line=\"3\" "
        "time=\"0.000020\"/>\n"
        "  </testsuite>\n"
        "</testsuites>\n");
    ktg_buf_done(&to);
}

static void test_junit__nothing_is_a_document_too(void **unused)
{
    (void)unused;
    struct ktg_junit j = {.tests = 0};
    struct ktg_buf to = KTG_BUF_INIT;
    assert_int_equal(ktg_junit_end(&j, &to), KTG_OK);
    assert_string_equal(
        ktg_buf_text(&to),
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"rules\" "
        "tests=\"0\" failures=\"0\" errors=\"0\" time=\"0.000000\">\n</testsuites>\n");
    ktg_buf_done(&to);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_junit__is_the_document_that_servers_read),
        cmocka_unit_test(test_junit__nothing_is_a_document_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
