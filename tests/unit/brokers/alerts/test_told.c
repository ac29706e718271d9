/* tests/unit/brokers/alerts/test_told.c - what the journal is told of who was told: the fields of the queued events.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/unit/brokers/alerts/book.h"

/* What waits in the outbox from `seq` on, as its readers see it: "POL raised high closed; IMI amended low<high open; ". */
static const char *waiting(struct ktg_casebook *c, uint64_t seq)
{
    static const char *const keys[] = {"agency_code", "level", "was", "state"};
    static char text[1024];
    struct ktg_bytes blob;
    size_t n = 0;
    text[0] = 0;
    for (; !ktg_casebook_outbox(c, seq, &blob); seq++) {
        struct ktg_wire_value type, data, v[COUNT(keys)] = {{0}};
        assert_true(ktg_wire_get(blob, "type", &type) && ktg_wire_get(blob, "data", &data));
        for (size_t i = 0; i < COUNT(keys); i++)
            if (!ktg_wire_get(data.raw, keys[i], &v[i]))
                v[i].bytes = KTG_LIT("");
        n += (size_t)snprintf(
            text + n, sizeof text - n, "%.*s%.*s %.*s%s%.*s%s%.*s; ", (int)v[0].bytes.size,
            (const char *)v[0].bytes.data, (int)type.bytes.size - 5,
            (const char *)type.bytes.data + 5, (int)v[1].bytes.size, (const char *)v[1].bytes.data,
            v[2].bytes.size ? "<" : "", (int)v[2].bytes.size, (const char *)v[2].bytes.data,
            v[3].bytes.size ? " " : "", (int)v[3].bytes.size, (const char *)v[3].bytes.data);
    }
    return text;
}

/* Deadlines on the officers' work begin with alert.raised, of whoever is told for the first time. */
static void test_told__whoever_is_told_later_is_told_as_the_first_were(void **unused)
{
    (void)unused;
    struct ktg_casebook *c = open_book("later");
    begin(c);
    fold(c, 2, &(struct difference){1, 1, "raise", "open", NULL, {NULL}, NULL, NULL, "low"});
    fold(c, 3, &(struct difference){1, 2, "amend", "open", NULL, {"POL"}, NULL, NULL, "low"});
    fold(c, 4,
         &(struct difference){1, 3, "amend", "closed", NULL, {"POL", "SPP"}, NULL, NULL, "low"});
    commit(c);
    assert_string_equal(waiting(c, 1), "IMI.raised low; "
                                       "IMI.amended low open; POL.raised low; "
                                       "IMI.amended low closed; POL.amended low closed; "
                                       "SPP.raised low closed; ");
    ktg_casebook_close(c);
}

static void test_told__another_level_says_what_it_was(void **unused)
{
    (void)unused;
    struct ktg_casebook *c = open_book("level");
    begin(c);
    fold(c, 2, &(struct difference){1, 1, "raise", "open", NULL, {NULL}, NULL, NULL, "low"});
    fold(c, 3, &(struct difference){1, 2, "amend", "open", NULL, {NULL}, NULL, NULL, "critical"});
    fold(c, 4, &(struct difference){1, 3, "amend", "open", NULL, {NULL}, NULL, NULL, "critical"});
    fold(c, 5,
         &(struct difference){1, 4, "withdraw", "withdrawn", NULL, {NULL}, NULL, NULL, "low"});
    fold(c, 6, &(struct difference){1, 5, "raise", "open", NULL, {NULL}, NULL, NULL, "medium"});
    commit(c);
    assert_string_equal(waiting(c, 1), "IMI.raised low; IMI.amended critical<low open; "
                                       "IMI.amended critical open; IMI.withdrawn ; "
                                       "IMI.raised medium; ");
    ktg_casebook_close(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_told__whoever_is_told_later_is_told_as_the_first_were),
        cmocka_unit_test(test_told__another_level_says_what_it_was),
    };
    return cmocka_run_group_tests(tests, make, clear);
}
