/* tests/unit/brokers/ingest/test_retired.c
 * SPDX-License-Identifier: Apache-2.0
 */
#include "brokers/ingest/retired.h"
#include "schema/wire.h"
#include "tests/support/cmocka.h"

enum what { SAY, BACK, BEAT };

static void again(struct ktg_retired *r)
{
    struct ktg_buf b = KTG_BUF_INIT;
    ktg_retired_encode(r, &b);
    ktg_retired_done(r);
    assert_int_equal(ktg_wire_check(ktg_buf_view(&b), &KTG_WIRE_LIMITS, NULL), KTG_OK);
    assert_int_equal(ktg_retired_decode(r, ktg_buf_view(&b)), KTG_OK);
    ktg_buf_done(&b);
}

static void test_retired__tells_this_story_over_snapshots(void **unused)
{
    (void)unused;
    static const struct {
        enum what what;
        const char *source;
        ktg_time at;
        bool news;
        ktg_time holds; /* of A.1 afterwards; 0: it is not retired */
    } story[] = {
        {BACK, "A.1", 10, false, 0},  /* nothing was said that could be taken back */
        {SAY, "A.1", 10, true, 10},   /* it sends no more                          */
        {SAY, "A.1", 10, false, 10},  /* said again                                */
        {BEAT, "A.1", 10, false, 10}, /* of the same instant: before it            */
        {BEAT, "A.2", 99, false, 10}, /* of another                                */
        {SAY, "A.10", 12, true, 10},  /* a name that begins alike                  */
        {BACK, "A.1", 10, true, 0},   /* it was a mistake                          */
        {BACK, "A.1", 10, false, 0},  /* taken back once                           */
        {SAY, "A.1", 10, false, 0},   /* and it never stands again                 */
        {SAY, "A.1", 20, true, 20},   /* a new word                                */
        {SAY, "A.1", 15, true, 20},   /* one of before                             */
        {BEAT, "A.1", 21, false, 0},  /* heard again                               */
        {BEAT, "A.1", 5, false, 0},   /* an old one                                */
        {SAY, "A.1", 30, true, 30},   /* retired again                             */
        {BACK, "A.1", 20, true, 30},  /* the word of before is another one         */
    };
    struct ktg_retired r = KTG_RETIRED_INIT;
    for (size_t i = 0; i < COUNT(story); i++) {
        struct ktg_bytes source = ktg_bytes_str(story[i].source);
        const struct ktg_retirement w = {source, story[i].at, story[i].what == SAY};
        if (story[i].what == BEAT) {
            ktg_retired_heard(&r, source, story[i].at);
        } else {
            assert_int_equal(ktg_retired_is_news(&r, &w), story[i].news);
            assert_int_equal(ktg_retired_take(&r, &w), KTG_OK);
            assert_false(ktg_retired_is_news(&r, &w));
        }
        again(&r);
        const struct ktg_retired_word *holds = ktg_retired_holds(&r, KTG_LIT("A.1"));
        if ((holds ? holds->at : 0) != story[i].holds)
            fail_msg("line %zu: %lld", i, (long long)(holds ? holds->at : 0));
    }
    assert_int_equal(ktg_retired_holds(&r, KTG_LIT("A.10"))->at, 12);
    assert_null(ktg_retired_holds(&r, KTG_LIT("A")));
    ktg_retired_done(&r);
}

static void test_retired__bad_bytes_and_names_are_refused(void **unused)
{
    (void)unused;
    struct ktg_retired r = KTG_RETIRED_INIT;
    char name[KTG_RETIRED_NAME + 1];
    memset(name, 'A', sizeof name - 1);
    name[KTG_RETIRED_NAME] = 0;
    assert_int_equal(ktg_retired_take(&r, &(struct ktg_retirement){ktg_bytes_str(name), 1, true}),
                     KTG_EINVALID);
    assert_int_equal(ktg_retired_take(&r, &(struct ktg_retirement){KTG_BYTES_NONE, 1, true}),
                     KTG_EINVALID);
    static const struct ktg_bytes bad[] = {KTG_LIT("\x80"), KTG_LIT("\x91\x01"),
                                           KTG_LIT("\x91\x93\xa1"
                                                   "A\x01\xa1"
                                                   "B")};
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_int_equal(ktg_retired_decode(&r, bad[i]), KTG_EINVALID);
    ktg_retired_done(&r);
}

static void test_retired__a_record_is_read_as_it_was_written(void **unused)
{
    (void)unused;
    struct ktg_buf b = KTG_BUF_INIT;
    struct ktg_retirement r;
    ktg_record_retired_encode(&(struct ktg_retirement){KTG_LIT("A.1"), 1234, true}, &b);
    assert_int_equal(ktg_wire_check(ktg_buf_view(&b), &KTG_WIRE_LIMITS, NULL), KTG_OK);
    assert_int_equal(ktg_record_retired_decode(ktg_buf_view(&b), &r), KTG_OK);
    assert_true(ktg_bytes_is(r.source, "A.1") && r.at == 1234 && r.retired);
    ktg_buf_clear(&b);
    ktg_record_retired_encode(&(struct ktg_retirement){KTG_BYTES_NONE, 1234, false}, &b);
    assert_int_equal(ktg_record_retired_decode(ktg_buf_view(&b), &r), KTG_EINVALID);
    assert_int_equal(ktg_record_retired_decode(KTG_LIT("\x80"), &r), KTG_EINVALID);
    ktg_buf_done(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_retired__tells_this_story_over_snapshots),
        cmocka_unit_test(test_retired__bad_bytes_and_names_are_refused),
        cmocka_unit_test(test_retired__a_record_is_read_as_it_was_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
