/* tests/unit/brokers/alerts/test_full.c - the station itself when its casebook has no room.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <sys/resource.h>

#include "tests/unit/brokers/alerts/desk_world.h"

/* A limit on the size of files is a disk that is full: no page behind the first two can be written. */
static void make_room(rlim_t bytes)
{
    struct rlimit limit = {.rlim_cur = bytes, .rlim_max = RLIM_INFINITY};
    assert_int_equal(prlimit(pid, RLIMIT_FSIZE, &limit, NULL), 0);
}

static int times_said(const char *what)
{
    char line[1024];
    int n = 0;
    FILE *f = fopen(said, "r");
    assert_non_null(f);
    while (fgets(line, sizeof line, f))
        n += strstr(line, what) != NULL;
    fclose(f);
    return n;
}

static bool is_full(void *arg)
{
    (void)arg;
    return station_metric(run, "alerts", "kentongan_alerts_full_seconds") > 0;
}

static void begin_that_says(void)
{
    snprintf(said, sizeof said, "%s/said", dir);
    signal(SIGXFSZ, SIG_IGN); /* the station inherits it */
    begin();
    hello("POL.DESK", 1);
    subscribe("POL.DESK", 1, KTG_FROM_CURSOR, 256);
}

/* Each of these has come, some perhaps twice, and nothing that is not of them. */
static void expect_all(const uint64_t *at, int count)
{
    bool seen[256] = {false};
    for (int left = count; left > 0;) {
        struct ktg_msg m = line_expect(l, KTG_MSG_DELIVER);
        struct ktg_wire w = ktg_list_open(m.deliver.items);
        struct ktg_item item;
        while (!ktg_item_next(&w, &item)) {
            int i = 0;
            while (i < count && at[i] != item.cursor)
                i++;
            assert_true(i < count);
            left -= !seen[i];
            seen[i] = true;
        }
    }
}

static void test_full__alerts_go_out_and_actions_are_refused_until_there_is_room(void **unused)
{
    (void)unused;
    uint64_t at[40];
    at[0] = raised(1);
    begin_that_says();
    expect_all(at, 1);
    make_room(8192);
    for (uint8_t i = 1; i < 20; i++)
        at[i] = raised((uint8_t)(i + 1));
    expect_all(at, 20);
    assert_true(line_wait(is_full, NULL, LINE_PATIENCE));
    for (uint8_t i = 20; i < 40; i++)
        at[i] = raised((uint8_t)(i + 1));
    expect_all(at, 40);
    confirm("POL.DESK", 1, at[30]);
    assert_true(is_status(act("POL.DESK", 1, KTG_ACTION_ACK, "0202", NULL), "disk-low"));
    assert_int_equal(times_said("casebook-full"), 1);
    make_room(RLIM_INFINITY);
    struct ktg_msg m;
    do
        m = act("POL.DESK", 1, KTG_ACTION_ACK, "0202", NULL);
    while (ktg_bytes_is(m.result.status, "disk-low"));
    assert_true(is_status(m, "done"));
    assert_int_equal(times_said("casebook-full"), 1);
    end(SIGTERM);
    begin(); /* what was told from memory is written, and so is what was confirmed of it */
    hello("POL.DESK", 1);
    subscribe("POL.DESK", 1, KTG_FROM_CURSOR, 256);
    expect_all(at + 31, 9);
    end(SIGTERM);
}

static void test_full__killed_meanwhile_it_tells_again_and_forgets_nothing(void **unused)
{
    (void)unused;
    uint64_t at[30];
    begin_that_says();
    make_room(8192);
    for (uint8_t i = 0; i < 30; i++)
        at[i] = raised((uint8_t)(i + 1));
    expect_all(at, 30);
    assert_true(line_wait(is_full, NULL, LINE_PATIENCE));
    confirm("POL.DESK", 1, at[29]);
    end(SIGKILL);
    begin();
    hello("POL.DESK", 1);
    subscribe("POL.DESK", 1, KTG_FROM_CURSOR, 256);
    expect_all(at, 30); /* nothing of it was on disk */
    assert_true(is_status(act("POL.DESK", 1, KTG_ACTION_ACK, "0202", NULL), "done"));
    end(SIGTERM);
}

static void test_full__alerts_go_out_of_a_map_that_its_setting_has_filled(void **unused)
{
    (void)unused;
    uint64_t at[250];
    map_size = 256u << 10;
    begin_that_says();
    for (int i = 0; i < 250; i++)
        at[i] = raised((uint8_t)(i + 1));
    expect_all(at, 250);
    assert_true(line_wait(is_full, NULL, LINE_PATIENCE));
    assert_int_equal(times_said("casebook-full"), 1);
    confirm("POL.DESK", 1, at[249]);
    end(SIGTERM);
    map_size = 16u << 20; /* casebook.map is raised */
    begin();
    hello("POL.DESK", 1);
    subscribe("POL.DESK", 1, KTG_FROM_EARLIEST, 256);
    expect_all(at, 250);
    assert_true(is_status(act("POL.DESK", 1, KTG_ACTION_ACK, "0202", NULL), "done"));
    end(SIGTERM);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        EACH(test_full__alerts_go_out_and_actions_are_refused_until_there_is_room),
        EACH(test_full__killed_meanwhile_it_tells_again_and_forgets_nothing),
        EACH(test_full__alerts_go_out_of_a_map_that_its_setting_has_filled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
