/* tests/unit/rules/engine/test_outages.c - what is found of a source's silences, for years.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "rules/engine/player.h"
#include "rules/engine/runs.h"
#include "tests/unit/rules/engine/world.h"

static int count_ops(void *arg, const struct ktg_op *op)
{
    size_t *counts = arg; /* by kind */
    counts[op->kind]++;
    return KTG_OK;
}

/* What a source was long ago is forgotten in the end, and is not taken back as if it had never been so. */
static void test_outages__those_without_room_leave_and_are_not_withdrawn(void **unused)
{
    (void)unused;
    enum { BEATS = KTG_RUNS_MOST + 3 };
    struct world w;
    struct ktg_err err = KTG_ERR_INIT;
    struct ktg_player *p;
    size_t counts[KTG_OP_NONE + 1] = {0};
    world_init(&w,
               "rule: silent\ntitle: {id: a, en: a}\nper: source\nstatus: shadow\n"
               "when: producer.heartbeat as h\nunless: producer.heartbeat\n"
               "by: max(h.until + duration(\"5m\"), h.expected)\n",
               NULL);
    const struct ktg_player_options o = {
        .arg = counts, .out = count_ops, .ahead = KTG_DAY_MS, .lenient = true};
    assert_int_equal(ktg_player_new(ktg_buf_view(&w.bundle), &o, &p, &err), KTG_OK);
    for (size_t i = 0; i < BEATS; i++) {
        ktg_time at = (ktg_time)20000 * KTG_DAY_MS + (ktg_time)i * 600000;
        struct ktg_beat beat = {
            .source = KTG_LIT("IMI.ARUK.1"), .at = at, .complete_until = at, .period = 60};
        assert_int_equal(ktg_player_heartbeat(p, &beat, at, &err), KTG_OK);
    }
    assert_int_equal(counts[KTG_OP_RAISE], BEATS - 1);
    assert_int_equal(counts[KTG_OP_AMEND], BEATS - 1); /* each ended */
    assert_int_equal(counts[KTG_OP_NONE], BEATS - KTG_RUNS_MOST);
    assert_int_equal(counts[KTG_OP_WITHDRAW], 0);
    ktg_player_free(p);
    world_done(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_outages__those_without_room_leave_and_are_not_withdrawn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
