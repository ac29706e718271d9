/* tests/unit/rules/cel/test_great_circle.c - distances against 50-digit arithmetic.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "rules/cel/great_circle.h"

#include "tests/support/cmocka.h"

/* Sphere of 6371008.8 m, 2 atan2(|a - b|, |a + b|) computed with 50 digits, rounded down. */
static const struct {
    const char *lat1, *lon1, *lat2, *lon2;
    int64_t metres;
} rows[] = {
    {"-6.1754", "106.8272", "-6.1754", "106.8272", 0},        /* Jakarta, Jakarta */
    {"-6.1754", "106.8272", "-8.7482", "115.1675", 962930},   /* Jakarta, Denpasar */
    {"-6.1754", "106.8272", "-8.49", "140.40", 3710377},      /* Jakarta, Merauke */
    {"0.95", "110.35", "-8.49", "140.40", 3491683},           /* Entikong, Merauke */
    {"1.1301", "104.0529", "1.3592", "103.9894", 26434},      /* Batam, Singapore */
    {"0.95", "110.35", "1.6094", "109.5967", 111305},         /* Entikong, Aruk */
    {"90", "0", "-90", "123", 20015114},                      /* north pole, south pole */
    {"90", "0", "-0.1807", "-78.4678", 10027650},             /* north pole, Quito */
    {"-6.1754", "106.8272", "-0.1807", "-78.4678", 19095944}, /* Jakarta, Quito */
    {"-17.5", "179.9", "-17.5", "-179.9", 21209},            /* east of the date line, west of it */
    {"0", "0", "0", "180", 20015114},                        /* origin, its antipode */
    {"0", "180", "0.0000001", "-179.9999999", 0},            /* its antipode, almost */
    {"0", "0", "0.0000001", "-179.9999999", 20015114},       /* origin, almost */
    {"0", "0", "0.0000001", "0", 0},                         /* origin, one unit north */
    {"-6.1754", "106.8272", "90", "0", 10694231},            /* Jakarta, north pole */
    {"1.3592", "103.9894", "-0.1807", "-78.4678", 19712112}, /* Singapore, Quito */
    /* within a micrometre of a whole metre, from above and from below */
    {"64.3855187", "-93.5471924", "-64.2076378", "-169.8776502", 15581137},
    {"14.2444019", "-96.7056303", "22.1627037", "-139.7304041", 4613667},
    {"-33.4119374", "-158.5284150", "69.8090190", "-94.1655666", 12574933},
    {"23.6112353", "159.7293335", "40.3292261", "70.8707671", 8245058},
    {"-29.6185911", "11.7127740", "-40.0871131", "-10.7506871", 2347350},
    {"88.1358868", "-89.1216271", "-48.1818415", "91.6628569", 15572400},
    {"4.4784072", "65.1776220", "-89.4019545", "-31.6293584", 10513388},
    {"39.1989872", "-59.4027037", "-27.8310363", "-132.5637738", 10623591},
    {"15.2703062", "111.3650973", "11.4308658", "27.4838447", 9029056},
    {"50.0122509", "-66.8108061", "29.9373637", "-178.0673941", 8851437},
    {"78.5891582", "26.3052222", "-59.7918972", "55.9707985", 15513869},
};

static int32_t degrees(const char *text, int most)
{
    int32_t d = 0;
    assert_true(ktg_degrees_parse(ktg_bytes_str(text), most, &d));
    return d;
}

static void test_great_circle__is_exact_to_the_metre(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < COUNT(rows); i++) {
        int32_t a = degrees(rows[i].lat1, 90), b = degrees(rows[i].lon1, 180);
        int32_t c = degrees(rows[i].lat2, 90), d = degrees(rows[i].lon2, 180);
        assert_int_equal(ktg_great_circle_metres(a, b, c, d), rows[i].metres);
        assert_int_equal(ktg_great_circle_metres(c, d, a, b), rows[i].metres);
        assert_int_equal(ktg_great_circle_metres(-a, -b, -c, -d),
                         rows[i].metres); /* a mirrored globe */
        assert_int_equal(ktg_great_circle_metres(a, b, a, b), 0);
    }
}

static void test_great_circle__obeys_the_triangle(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < COUNT(rows); i++)
        for (size_t k = 0; k < COUNT(rows); k++) {
            int32_t a = degrees(rows[i].lat1, 90), b = degrees(rows[i].lon1, 180);
            int32_t c = degrees(rows[i].lat2, 90), d = degrees(rows[i].lon2, 180);
            int32_t x = degrees(rows[k].lat2, 90), y = degrees(rows[k].lon2, 180);
            assert_true(ktg_great_circle_metres(a, b, c, d) <=
                        ktg_great_circle_metres(a, b, x, y) + ktg_great_circle_metres(x, y, c, d) +
                            2);
        }
}

static void test_great_circle__reads_plain_decimals_only(void **unused)
{
    (void)unused;
    static const struct {
        const char *text;
        bool ok;
        int32_t value;
    } texts[] = {
        {"-6.2", true, -62000000},
        {"6", true, 60000000},
        {"0.00000019", true, 1},
        {"90", true, 900000000},
        {"90.0000001", false, 0},
        {"-90.1", false, 0},
        {"", false, 0},
        {"-", false, 0},
        {".5", false, 0},
        {"5.", false, 0},
        {"1.2.3", false, 0},
        {"+1", false, 0},
        {"1e1", false, 0},
        {" 1", false, 0},
        {"99999999999999", false, 0},
        {"0.0000000000000000000000000001", false, 0},
        {"-0", true, 0},
    };
    for (size_t i = 0; i < COUNT(texts); i++) {
        int32_t v = 0;
        assert_int_equal(ktg_degrees_parse(ktg_bytes_str(texts[i].text), 90, &v), texts[i].ok);
        assert_int_equal(v, texts[i].value);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_great_circle__is_exact_to_the_metre),
        cmocka_unit_test(test_great_circle__obeys_the_triangle),
        cmocka_unit_test(test_great_circle__reads_plain_decimals_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
