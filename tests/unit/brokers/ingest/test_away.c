/* tests/unit/brokers/ingest/test_away.c
 * SPDX-License-Identifier: Apache-2.0
 */
#include "brokers/ingest/away.h"
#include "tests/support/cmocka.h"

static void test_away__tells_this_story(void **unused)
{
    (void)unused;
    static const struct {
        ktg_time at; /* s */
        bool listening, fails;
        ktg_time from; /* s; -1: nothing is to be said */
    } story[] = {
        {900, false, false, 100},   /* a start, long after the last batch               */
        {901, false, false, -1},    /* nobody on the line yet                           */
        {904, false, false, -1},    /* ... not for so long that it is worth a word      */
        {905, false, false, 100},   /* now it is: the same absence, grown               */
        {907, true, false, 100},    /* the gateway comes: the rest of it                */
        {908, true, false, -1},     /* heard                                            */
        {990, true, false, -1},     /* and heard                                        */
        {1000, false, false, -1},   /* gone: from now on                                */
        {1004, true, false, -1},    /* ... and back: too short                          */
        {1020, false, false, -1},   /* gone again                                       */
        {1025, false, true, 1020},  /* the journal has no room                          */
        {1026, false, false, 1020}, /* so it is said as soon as it has                  */
        {1050, true, true, 1020},   /* back, and again no room                          */
        {1051, true, false, 1020},  /* said late, with a second in which nothing was taken */
        {1052, true, false, -1},
        {1060, false, false, -1},
        {1065, false, false, 1060},
        {1065, true, false, -1}, /* back in the same instant: all is said            */
        {1066, true, false, -1},
        {1100, false, false, -1},
        {900, false, false, -1}, /* a clock that was set back: nothing can be said   */
        {901, true, false, -1},
    };
    struct ktg_away a;
    ktg_time unused_from;
    ktg_away_begin(&a, KTG_NEVER); /* a new journal: nobody was missed before */
    assert_false(ktg_away_look(&a, false, 0, &unused_from));
    ktg_away_begin(&a, 100000);
    for (size_t i = 0; i < COUNT(story); i++) {
        ktg_time from = -1000, now = story[i].at * 1000;
        if (ktg_away_look(&a, story[i].listening, now, &from) && !story[i].fails)
            ktg_away_told(&a, story[i].listening, now);
        if (from != story[i].from * 1000)
            fail_msg("at %d s: %d", (int)story[i].at, (int)(from / 1000));
    }
}

/* Whenever it is killed and started again: what was said leaves out less than a step. */
static void test_away__a_kill_at_any_second_leaves_out_less_than_a_step(void **unused)
{
    (void)unused;
    enum { END = 200, BACK = 150 };
    for (int kill = 1; kill < END; kill++) {
        bool away[END] = {false};
        ktg_time last = 0; /* of the last batch: one a second while it runs */
        struct ktg_away a;
        ktg_away_begin(&a, 0);
        for (int s = 20; s < END; s++) {
            bool listening = s >= BACK && s >= kill + 5;
            ktg_time from, now = s * 1000;
            if (s >= kill && s < kill + 5)
                continue; /* not running */
            if (s == kill + 5)
                ktg_away_begin(&a, last);
            if (ktg_away_look(&a, listening, now, &from)) {
                ktg_away_told(&a, listening, now);
                for (ktg_time t = from / 1000; t < s; t++)
                    away[t] = true;
            }
            last = now;
        }
        int missed = 0;
        for (int s = 0; s < BACK; s++)
            missed += !away[s];
        assert_true(missed < KTG_AWAY_STEP / 1000);
        for (int s = kill + 5 > BACK ? kill + 5 : BACK; s < END; s++)
            assert_false(away[s]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_away__tells_this_story),
        cmocka_unit_test(test_away__a_kill_at_any_second_leaves_out_less_than_a_step),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
