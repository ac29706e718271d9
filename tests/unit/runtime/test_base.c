/* tests/unit/runtime/test_base.c
 * SPDX-License-Identifier: Apache-2.0
 */
#include <errno.h>

#include "runtime/buf.h"
#include "runtime/bytes.h"
#include "runtime/civil.h"
#include "runtime/clock.h"
#include "runtime/err.h"
#include "runtime/hash.h"
#include "runtime/mem.h"
#include "runtime/metric.h"
#include "tests/support/cmocka.h"

static void
test_err__the_text_grows_outwards_and_a_fault_says_what_where_got_wanted_next(void **unused)
{
    (void)unused;
    struct ktg_err e = KTG_ERR_INIT;
    assert_int_equal(ktg_err_set(&e, KTG_EFULL, "no %s", "space"), KTG_EFULL);
    assert_int_equal(ktg_err_wrap(&e, KTG_EFULL, "journal"), KTG_EFULL);
    assert_string_equal(e.text, "journal: no space");
    assert_int_equal(ktg_err_wrap(&e, KTG_EFULL, "%s", "journal"), KTG_EFULL);
    assert_string_equal(e.text, "journal: no space"); /* not twice */
    assert_int_equal(ktg_err_wrap(&e, KTG_EFULL, "jour"), KTG_EFULL);
    assert_string_equal(e.text, "jour: journal: no space");
    static const struct ktg_fault f = {"too-late",  KTG_EINVALID,      "came too late",
                                       "terlambat", "Send it earlier", "Kirim lebih awal"};
    assert_int_equal(ktg_err_fault(&e, &f, "line 3", "noon", "morning"), KTG_EINVALID);
    assert_string_equal(
        e.text, "line 3: came too late (got noon); wanted morning. Send it earlier [too-late]");
    assert_int_equal(ktg_err_fault(NULL, &f, NULL, NULL, NULL), KTG_EINVALID);
    assert_int_equal(ktg_code_exit_status(KTG_EINVALID), 3);
    assert_string_equal(ktg_code_name(-99), "E?");
    assert_int_equal(ktg_code_of_errno(ENOTDIR), KTG_ENOTFOUND);
    assert_int_equal(ktg_code_of_errno(EACCES), KTG_EDENIED);
    assert_int_equal(ktg_code_of_errno(ENOSPC), KTG_EFULL);
    assert_int_equal(ktg_code_of_errno(EIO), KTG_EIO);
}

static void test_mem__the_nth_allocation_fails_and_the_buffer_says_so_once(void **unused)
{
    (void)unused;
    struct ktg_buf b = KTG_BUF_INIT;
    ktg_mem_fail_after(0);
    ktg_buf_put_str(&b, "lost");
    ktg_mem_fail_after(-1);
    ktg_buf_put_str(&b, "also lost");
    assert_int_equal(ktg_buf_check(&b), KTG_ENOMEM);
    assert_int_equal(b.size, 0);
    ktg_buf_clear(&b);
    ktg_buf_printf(&b, "%d-%s", 42, "x");
    assert_int_equal(ktg_buf_check(&b), KTG_OK);
    assert_string_equal(ktg_buf_text(&b), "42-x");
    assert_int_equal(b.size, 4);
    ktg_buf_done(&b);
}

static void test_mem__says_how_much_was_held_at_most(void **unused)
{
    (void)unused;
    void *p = ktg_alloc(1000);
    ktg_mem_count();
    assert_int_equal(ktg_mem_most(), 0);
    for (int i = 0; i < 10; i++) /* one after the other */
        ktg_free(ktg_calloc(10, 10000));
    assert_in_range(ktg_mem_most(), 100000, 110000);
    void *q = ktg_realloc(ktg_alloc(200000), 300000);
    assert_in_range(ktg_mem_most(), 300000, 510000); /* both, while it moves */
    ktg_free(q);
    ktg_mem_count();
    ktg_free(p); /* from before */
    ktg_free(ktg_alloc(1000));
    assert_in_range(ktg_mem_most(), 0, 1100);
}

static void test_arena__hands_out_aligned_memory_and_forgets_it_all_at_once(void **unused)
{
    (void)unused;
    struct ktg_arena a = KTG_ARENA_INIT;
    for (size_t i = 1; i < 3000; i += 7) {
        uint8_t *p = ktg_arena_alloc(&a, i);
        assert_int_equal((uintptr_t)p % 16, 0);
        memset(p, 0xab, i);
    }
    ktg_arena_reset(&a);
    assert_int_equal(a.used, 0);
    assert_string_equal(ktg_arena_strndup(&a, "kentongan", 3), "ken");
    ktg_arena_done(&a);
}

static void test_bytes__known_vectors(void **unused)
{
    (void)unused;
    assert_int_equal(ktg_crc32c(0, "123456789", 9), 0xE3069283u);
    assert_int_equal(ktg_crc32c(ktg_crc32c(0, "12345", 5), "6789", 4), 0xE3069283u);
    char hex[65];
    struct ktg_bytes abc = KTG_LIT("abc"), parts[] = {KTG_LIT("a"), KTG_LIT("bc")};
    struct ktg_hash h = ktg_blake2b(&abc, 1), again = ktg_blake2b(parts, 2);
    ktg_hex(h.b, sizeof h.b, hex); /* BLAKE2b-256 of "abc" */
    assert_string_equal(hex, "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319");
    assert_memory_equal(h.b, again.b, sizeof h.b);
    uint8_t back[32];
    assert_int_equal(ktg_unhex(hex, 64, back), KTG_OK);
    assert_memory_equal(back, h.b, 32);
    assert_int_equal(ktg_unhex("0g", 2, back), KTG_EINVALID);
    assert_true(ktg_bytes_cmp(KTG_LIT("doc"), KTG_LIT("doc:1")) < 0);
    uint8_t be[8];
    ktg_put_be64(be, 0x0102030405060708u);
    assert_int_equal(be[0], 1);
    assert_true(ktg_get_be64(be) == 0x0102030405060708u);
}

static void test_civil__every_day_of_four_centuries_comes_back(void **unused)
{
    (void)unused;
    int y, m, d;
    for (ktg_date day = ktg_date_from_civil(1800, 1, 1); day < ktg_date_from_civil(2200, 1, 1);
         day++) {
        ktg_date_to_civil(day, &y, &m, &d);
        assert_true(ktg_civil_is_valid(y, m, d));
        assert_int_equal(ktg_date_from_civil(y, m, d), day);
    }
}

static void test_civil__zones_and_what_people_call_a_moment(void **unused)
{
    (void)unused;
    static const struct {
        const char *text;
        int verdict, minutes;
        const char *back;
    } zones[] = {{"WIB", KTG_OK, 420, "WIB"},
                 {"WITA", KTG_OK, 480, "WITA"},
                 {"WIT", KTG_OK, 540, "WIT"},
                 {"UTC", KTG_OK, 0, "UTC"},
                 {"Z", KTG_OK, 0, "UTC"},
                 {"+07:00", KTG_OK, 420, "WIB"},
                 {"-03:30", KTG_OK, -210, "-03:30"},
                 {"+05:45", KTG_OK, 345, "+05:45"},
                 {"wib", KTG_EINVALID, 0, NULL},
                 {"+7", KTG_EINVALID, 0, NULL},
                 {"+07:60", KTG_EINVALID, 0, NULL},
                 {"", KTG_EINVALID, 0, NULL}};
    for (size_t i = 0; i < COUNT(zones); i++) {
        int minutes = 0;
        char back[KTG_ZONE_TEXT];
        assert_int_equal(ktg_zone_parse(ktg_bytes_str(zones[i].text), &minutes), zones[i].verdict);
        assert_int_equal(minutes, zones[i].minutes);
        if (zones[i].back) {
            ktg_zone_format(minutes, back);
            assert_string_equal(back, zones[i].back);
        }
    }
    static const struct {
        const char *text, *same; /* at +07:00 */
    } moments[] = {{"2026-11-22", "2026-11-22T00:00:00+07:00"},
                   {"2026-11-22T00:00:00+08:00", "2026-11-22T00:00:00+08:00"},
                   {"2026-11-22T01:00Z", "2026-11-22T01:00:00Z"}};
    for (size_t i = 0; i < COUNT(moments); i++) {
        ktg_time t = 0, want = 1;
        int unused_offset;
        assert_int_equal(ktg_moment_parse(ktg_bytes_str(moments[i].text), 420, &t), KTG_OK);
        assert_int_equal(
            ktg_instant_parse(ktg_bytes_str(moments[i].same), false, &want, &unused_offset),
            KTG_OK);
        assert_true(t == want);
    }
    ktg_time t;
    assert_int_equal(ktg_moment_parse(KTG_LIT("2026-02-30"), 420, &t), KTG_EINVALID);
    assert_int_equal(ktg_moment_parse(KTG_LIT("2026-11-22T01:00:00"), 420, &t), KTG_EINVALID);
}

static void test_civil__instants(void **unused)
{
    (void)unused;
    static const struct {
        const char *text;
        bool lenient;
        int verdict;
        ktg_time ms;
        int offset;
        const char *back;
    } rows[] = {
        {"2026-11-22T00:00:00+07:00", false, KTG_OK, 1795280400000, 420,
         "2026-11-22T00:00:00+07:00"},
        {"2026-11-22T00:00:00+08:00", false, KTG_OK, 1795276800000, 480,
         "2026-11-22T00:00:00+08:00"},
        {"2026-11-22T00:00:00+09:00", false, KTG_OK, 1795273200000, 540,
         "2026-11-22T00:00:00+09:00"},
        {"1969-12-31T23:59:59.999Z", false, KTG_OK, -1, 0, "1969-12-31T23:59:59.999Z"},
        {"2026-03-01T09:00+07:00", true, KTG_OK, 1772330400000, 420, "2026-03-01T09:00:00+07:00"},
        {"2026-03-01T09:00+07:00", false, KTG_EINVALID, 0, 0, NULL},
        {"2026-03-01T09:00:00.1230Z", false, KTG_OK, 1772355600123, 0, "2026-03-01T09:00:00.123Z"},
        {"2026-03-01T09:00:00.1234Z", false, KTG_EINVALID, 0, 0, NULL},
        {"2026-03-01T09:00:00", false, KTG_EINVALID, 0, 0, NULL},
        {"2026-02-29T09:00:00Z", false, KTG_EINVALID, 0, 0, NULL},
        {"2026-03-01T24:00:00Z", false, KTG_EINVALID, 0, 0, NULL},
        {"", false, KTG_EINVALID, 0, 0, NULL},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        ktg_time t = 0;
        int offset = 0;
        assert_int_equal(
            ktg_instant_parse(ktg_bytes_str(rows[i].text), rows[i].lenient, &t, &offset),
            rows[i].verdict);
        if (rows[i].verdict)
            continue;
        char back[KTG_INSTANT_TEXT];
        assert_true(t == rows[i].ms);
        assert_int_equal(offset, rows[i].offset);
        ktg_instant_format(t, offset, back);
        assert_string_equal(back, rows[i].back);
    }
    ktg_date d;
    ktg_time t;
    int offset;
    assert_int_equal(ktg_date_parse(KTG_BYTES_NONE, &d), KTG_EINVALID); /* no arithmetic on NULL */
    assert_int_equal(ktg_instant_parse(KTG_BYTES_NONE, true, &t, &offset), KTG_EINVALID);
    assert_int_equal(ktg_duration_parse(KTG_BYTES_NONE, &t), KTG_EINVALID);
    assert_int_equal(ktg_date_parse(KTG_LIT("2026-03-31"), &d), KTG_OK);
    assert_true(ktg_end_of_day(d, 420) + 1 == ktg_start_of_day(d + 1, 420));
    assert_int_equal(ktg_date_of(ktg_end_of_day(d, 540), 540), d);
    ktg_time ms;
    assert_int_equal(ktg_duration_parse(KTG_LIT("1d12h"), &ms), KTG_OK);
    assert_true(ms == 36 * 3600000);
    assert_int_equal(ktg_duration_parse(KTG_LIT("12"), &ms), KTG_EINVALID);
    assert_int_equal(ktg_duration_parse(KTG_LIT("99999999999999999d"), &ms), KTG_EINVALID);
}

static void test_clock__the_three_numbers_travel_as_text(void **unused)
{
    (void)unused;
    struct ktg_clock c = {1000, 2000, 600, NULL}, back;
    char text[80];
    ktg_clock_format(&c, text, sizeof text);
    assert_int_equal(ktg_clock_parse(text, &back), KTG_OK);
    assert_true(back.start == 1000 && back.anchor == 2000 && back.scale == 600);
    assert_int_equal(ktg_clock_parse("1,2,0", &back), KTG_EINVALID);
    assert_int_equal(ktg_clock_parse("1,2,3x", &back), KTG_EINVALID);
}

static void test_metric__is_found_by_its_whole_name(void **unused)
{
    (void)unused;
    static const char text[] = "# TYPE a_b gauge\na_b_c 7\na_b -3\nb{quantile=\"0.5\"} 4\nz 9";
    int64_t v = 0;
    assert_true(ktg_metric_find(text, "a_b", &v) && v == -3);
    assert_true(ktg_metric_find(text, "a_b_c", &v) && v == 7);
    assert_true(ktg_metric_find(text, "z", &v) && v == 9);
    assert_false(ktg_metric_find(text, "b", &v) || ktg_metric_find(text, "a", &v) ||
                 ktg_metric_find("", "z", &v));
    assert_int_equal(v, 9);
}

static void test_metric__percentiles_are_within_three_percent(void **unused)
{
    (void)unused;
    static struct ktg_histogram h;
    for (uint64_t v = 1; v <= 10000; v++)
        ktg_histogram_add(&h, v);
    uint64_t p50 = ktg_histogram_percentile(&h, 50), p99 = ktg_histogram_percentile(&h, 99);
    assert_in_range(p50, 4850, 5150);
    assert_in_range(p99, 9600, 10000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            test_err__the_text_grows_outwards_and_a_fault_says_what_where_got_wanted_next),
        cmocka_unit_test(test_mem__the_nth_allocation_fails_and_the_buffer_says_so_once),
        cmocka_unit_test(test_mem__says_how_much_was_held_at_most),
        cmocka_unit_test(test_arena__hands_out_aligned_memory_and_forgets_it_all_at_once),
        cmocka_unit_test(test_bytes__known_vectors),
        cmocka_unit_test(test_civil__every_day_of_four_centuries_comes_back),
        cmocka_unit_test(test_civil__instants),
        cmocka_unit_test(test_civil__zones_and_what_people_call_a_moment),
        cmocka_unit_test(test_clock__the_three_numbers_travel_as_text),
        cmocka_unit_test(test_metric__percentiles_are_within_three_percent),
        cmocka_unit_test(test_metric__is_found_by_its_whole_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
