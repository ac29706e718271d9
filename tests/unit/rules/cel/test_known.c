/* tests/unit/rules/cel/test_known.c - what can be said of a text when some names are worth nothing and others anything.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/support/cmocka.h"
#include "tests/unit/rules/cel/world.h"

/* `gone` is null, `stays` the empty list, `seven` 0; of the others nothing is known. */
static int slot_of(struct world *w, const char *name)
{
    size_t count;
    return ktg_cel_slots(world_compile(w, name), &count)[0];
}

static int gone, stays, seven;
static struct ktg_cel_value other; /* what all the others are worth just now */

static enum ktg_cel_shade shade_of(void *arg, int slot)
{
    (void)arg;
    return slot == gone || slot == stays || slot == seven ? KTG_CEL_KNOWN : KTG_CEL_UNKNOWN;
}

static struct ktg_cel_value value_of(void *arg, int slot)
{
    (void)arg;
    if (slot == gone)
        return (struct ktg_cel_value){.kind = KTG_CEL_NULL};
    if (slot == stays)
        return (struct ktg_cel_value){.kind = KTG_CEL_LIST};
    return slot == seven ? (struct ktg_cel_value){.kind = KTG_CEL_INT} : other;
}

static const struct {
    const char *text;
    enum ktg_cel_shade shade;
} rows[] = {
    {"true", KTG_CEL_KNOWN},
    {"any", KTG_CEL_UNKNOWN},
    {"gone.post == 'ARUK'", KTG_CEL_KNOWN},
    {"gone.post == word", KTG_CEL_KNOWN},
    {"gone.post == word || hit", KTG_CEL_UNKNOWN},
    {"gone.post == word && any > 3", KTG_CEL_NEVER},
    {"!(gone.post == word && any > 3)", KTG_CEL_UNKNOWN},
    {"gone == null", KTG_CEL_KNOWN},
    {"gone == null && any > 3", KTG_CEL_UNKNOWN},
    {"gone != null && any > 3", KTG_CEL_KNOWN},
    {"gone == null || any > 3", KTG_CEL_KNOWN},
    {"seven > 2", KTG_CEL_KNOWN},
    {"seven + 1 >= 4 * setting('fee.days', 10)", KTG_CEL_KNOWN},
    {"seven + any >= 4", KTG_CEL_UNKNOWN},
    {"size(stays) > 0", KTG_CEL_KNOWN},
    {"size(stays.filter(s, s.from > any)) > 0", KTG_CEL_KNOWN},
    {"stays.exists(s, s.open) && hit", KTG_CEL_KNOWN},
    {"stays.all(s, s.open) && hit", KTG_CEL_UNKNOWN},
    {"numbers.exists(n, n > any)", KTG_CEL_UNKNOWN},
    {"covered_days(stays, 90) > 60", KTG_CEL_KNOWN},
    {"civil_days_since(date('2026-03-01')) > seven", KTG_CEL_UNKNOWN}, /* reads the clock */
    {"has(gone.post)", KTG_CEL_KNOWN},
    {"has(e.post)", KTG_CEL_UNKNOWN},
    {"default(gone.post, 'x') == 'x'", KTG_CEL_KNOWN},
    {"default(gone.post, word) == 'x'", KTG_CEL_UNKNOWN},
    {"default(e.post, 'x') == 'x'", KTG_CEL_UNKNOWN},
    {"gone.post in ['ARUK']", KTG_CEL_KNOWN},
    {"word in ['ARUK']", KTG_CEL_UNKNOWN},
    {"'BADAU' in list('posts')", KTG_CEL_UNKNOWN}, /* entries may be dated */
    {"hit ? seven > 3 : gone.post == word", KTG_CEL_NEVER},
    {"hit ? seven > 3 : seven < 3", KTG_CEL_UNKNOWN},
    {"gone == null ? seven > 3 : hit", KTG_CEL_KNOWN},
    {"(gone.post == word || seven > 3) && hit", KTG_CEL_NEVER},
    {"(gone.post == word && hit) || (seven > 3 && any == 1)", KTG_CEL_NEVER},
};

static void test_known__is_what_holds_whatever_the_rest_is_worth(void **unused)
{
    (void)unused;
    static const struct ktg_cel_value one = {.kind = KTG_CEL_INT, .i = 1};
    const struct ktg_cel_value worth[] = {{.kind = KTG_CEL_ABSENT},
                                          {.kind = KTG_CEL_NULL},
                                          {.kind = KTG_CEL_BOOL, .b = true},
                                          {.kind = KTG_CEL_BOOL},
                                          {.kind = KTG_CEL_INT, .i = 5},
                                          {.kind = KTG_CEL_INT, .i = 1},
                                          {.kind = KTG_CEL_LIST},
                                          {.kind = KTG_CEL_LIST, .list = {&one, 1}},
                                          {.kind = KTG_CEL_REF},
                                          {.kind = KTG_CEL_STRING, .s = KTG_LIT("x")}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct world w;
        world_init(&w);
        gone = slot_of(&w, "gone");
        stays = slot_of(&w, "stays");
        seven = slot_of(&w, "seven");
        const struct ktg_cel *plan = world_compile(&w, rows[i].text);
        if (!plan)
            fail_msg("%s: %s", rows[i].text, w.err.text);
        w.env.slot = value_of;
        other = worth[0];
        enum ktg_cel_shade shade = ktg_cel_shade_of(plan, shade_of, &w.env);
        struct ktg_cel_value known = ktg_cel_eval(plan, &w.env);
        if (shade != rows[i].shade)
            fail_msg("%s: %d", rows[i].text, (int)shade);
        for (size_t k = 0; k < COUNT(worth); k++) {
            other = worth[k];
            struct ktg_cel_value v = ktg_cel_eval(plan, &w.env);
            if (shade == KTG_CEL_KNOWN &&
                (v.kind != known.kind || ktg_cel_compare(&v, &known) != 0))
                fail_msg("%s: known, but with value %zu another", rows[i].text, k);
            if (shade == KTG_CEL_NEVER && ktg_cel_is_true(v))
                fail_msg("%s: never met, but with value %zu it is", rows[i].text, k);
        }
        world_done(&w);
    }
}

/* However a text is nested, the looking is bounded, and says nothing when it was cut off. */
static void test_known__is_bounded(void **unused)
{
    (void)unused;
    struct world w;
    world_init(&w);
    gone = slot_of(&w, "gone");
    const struct ktg_cel *plan = world_compile(&w, "gone.post == word && any > 3");
    w.env.slot = value_of;
    w.env.steps = 3;
    assert_int_equal(ktg_cel_shade_of(plan, shade_of, &w.env), KTG_CEL_UNKNOWN);
    world_done(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known__is_what_holds_whatever_the_rest_is_worth),
        cmocka_unit_test(test_known__is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
