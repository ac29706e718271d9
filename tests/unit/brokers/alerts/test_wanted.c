/* tests/unit/brokers/alerts/test_wanted.c - which alerts reach whom: filters, replays, the words of `to`.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/unit/brokers/alerts/desk_world.h"

#include "rules/ruleset.h"

/* ---- filters ---- */

static void filtered(uint64_t session, int from, const char *filter)
{
    struct ktg_msg m = {.type = KTG_MSG_SUBSCRIBE, .session = session};
    m.subscribe = (struct ktg_msg_subscribe){
        .sub = KTG_LIT("t"), .from = from, .window = 9, .filter = ktg_bytes_str(filter)};
    line_say(l, "POL.DESK", &m);
}
static uint64_t of_rule(uint8_t label, uint64_t rev, const char *op, const char *state,
                        const char *rule, const char *level)
{
    return differ(&(struct difference){.label = label,
                                       .rev = rev,
                                       .op = op,
                                       .state = state,
                                       .rule = rule,
                                       .to = {"POL"},
                                       .level = level});
}

static void test_desk__a_filter_has_a_cursor_of_its_own_and_tells_on_what_it_told(void **unused)
{
    (void)unused;
    uint64_t at[8];
    at[0] = of_rule(1, 1, "raise", "open", "overstay-fee", "medium");
    at[1] = of_rule(2, 1, "raise", "open", "case-linked", "high");
    at[2] = of_rule(1, 2, "amend", "open", "overstay-fee", "high");
    at[3] = of_rule(2, 2, "amend", "open", "case-linked", "low"); /* it was high: told on */
    begin();
    hello("POL.DESK", 1);
    filtered(1, KTG_FROM_CURSOR, "level == 'high'");
    assert_string_equal(items(1, 3), cursors(at, 1, 4));
    confirm("POL.DESK", 1, at[3]);
    hello("POL.DESK",
          2); /* another filter of the same name: what the first passed over is not lost */
    filtered(2, KTG_FROM_CURSOR, "rule.startsWith('overstay-')");
    uint64_t stay[] = {at[0], at[2]};
    assert_string_equal(items(2, 2), cursors(stay, 0, 2));
    confirm("POL.DESK", 2, at[2]);
    (void)line_is_quiet(l, "POL.DESK");
    at[4] = of_rule(1, 3, "withdraw", "withdrawn", "overstay-fee", "low");
    at[5] = of_rule(3, 1, "raise", "open", "overstay-deport", "low");
    uint64_t later[] = {at[4], at[5]};
    assert_string_equal(items(2, 2), cursors(later, 0, 2));
    end(SIGTERM);
    begin(); /* each goes on where it was confirmed */
    hello("POL.DESK", 1);
    filtered(1, KTG_FROM_CURSOR, "level == 'high'");
    assert_string_equal(items(1, 1), cursors(at, 4, 5));
    confirm("POL.DESK", 1, at[4]);
    at[6] = of_rule(4, 1, "raise", "open", "case-linked", "low");
    at[7] = of_rule(5, 1, "raise", "open", "case-linked", "high");
    assert_string_equal(items(1, 1), cursors(at, 7, 8));
    hello("POL.DESK", 2);
    filtered(2, KTG_FROM_CURSOR, "rule.startsWith('overstay-')");
    assert_string_equal(items(2, 2), cursors(later, 0, 2));
    hello("POL.DESK", 3);
    filtered(3, KTG_FROM_CURSOR, "district == '6105'");
    uint64_t more = of_rule(6, 1, "raise", "open", "case-linked", "high");
    hello("POL.DESK", 4);
    filtered(4, KTG_FROM_CURSOR, "district == 'sanggau' && level == 'high' && state == 'open'");
    uint64_t there[] = {at[1], at[2], at[3], at[4], at[7], more}; /* nothing for 3 in between */
    assert_string_equal(items(4, 6), cursors(there, 0, 6));
    end(SIGTERM);
}

/* ---- once more ---- */

static void again(uint64_t session, const char *tag, uint64_t from, uint64_t to, uint64_t rate)
{
    struct ktg_msg m = {.type = KTG_MSG_REPLAY, .session = session};
    m.replay = (struct ktg_msg_replay){
        .sub = KTG_LIT("t"), .tag = ktg_bytes_str(tag), .from = from, .to = to, .rate = rate};
    line_say(l, "POL.DESK", &m);
}
/* "3 6;": the cursors that came under this tag, up to the end of it. */
static const char *items_of(const char *tag)
{
    static char text[2048];
    size_t at = 0;
    text[0] = 0;
    for (;;) {
        struct ktg_msg m = line_expect(l, KTG_MSG_DELIVER);
        struct ktg_wire w = ktg_list_open(m.deliver.items);
        struct ktg_item item;
        int n = 0;
        if (!ktg_bytes_is(m.deliver.sub, tag))
            continue;
        for (; !ktg_item_next(&w, &item); n++)
            at += (size_t)snprintf(text + at, sizeof text - at, "%s%d", at ? " " : "",
                                   (int)item.cursor);
        if (n == 0)
            return text;
    }
}

static void test_desk__old_alerts_come_once_more_beside_the_live_cursor(void **unused)
{
    (void)unused;
    uint64_t at[200];
    at[0] = of_rule(1, 1, "raise", "open", "overstay-fee", "medium");
    at[1] = of_rule(2, 1, "raise", "open", "case-linked", "high");
    at[2] = of_rule(3, 1, "raise", "open", "overstay-fee", "low");
    at[3] = of_rule(4, 1, "raise", "open", "overstay-fee", "high");
    begin();
    hello("POL.DESK", 1);
    subscribe("POL.DESK", 1, KTG_FROM_CURSOR, 9);
    assert_string_equal(items(1, 4), cursors(at, 0, 4));
    confirm("POL.DESK", 1, at[3]);
    again(1, "x", at[1], at[2], 0);
    assert_string_equal(items_of("x"), cursors(at, 1, 3));
    again(1, "x", at[1], at[3] + 1000, 20); /* two and a third, a twentieth of a second each */
    assert_string_equal(items_of("x"), cursors(at, 1, 4));
    again(1, "x", at[3] + 1, at[3] + 9, 0); /* nothing there: the end at once */
    assert_string_equal(items_of("x"), "");
    at[4] = of_rule(5, 1, "raise", "open", "overstay-fee", "high");
    assert_string_equal(items(1, 1), cursors(at, 4, 5)); /* the live cursor went on */
    confirm("POL.DESK", 1, at[4]);
    bye("POL.DESK", 1);
    (void)line_is_quiet(l, "POL.DESK");
    for (int i = 5; i < 200; i++) /* several frames */
        at[i] = of_rule((uint8_t)(i + 1), 1, "raise", "open", "case-linked", "low");
    hello("POL.DESK", 2);
    while (line_is_quiet(l, "POL.DESK") < at[199])
        ;
    filtered(2, KTG_FROM_NOW, "rule == 'overstay-fee'");
    again(2, "y", 0, at[199], 0);
    uint64_t fees[] = {at[0], at[2], at[3], at[4]};
    assert_string_equal(items_of("y"), cursors(fees, 0, 4)); /* its filter holds */
    filtered(2, KTG_FROM_NOW, "rule == 'case-linked'");
    again(2, "z", at[100], at[199], 0);
    assert_string_equal(items_of("z"), cursors(at, 100, 200));
    again(2, "t", 0, 9, 0); /* a tag that is a subscription */
    expect_bye("bad-message");
    hello("POL.DESK", 3);
    again(3, "x", 0, 9, 0); /* of no subscription of this session */
    expect_bye("bad-message");
    hello("POL.DESK", 4);
    subscribe("POL.DESK", 4, KTG_FROM_NOW, 9);
    again(4, "x", 9, 8, 0);
    expect_bye("bad-message");
    end(SIGTERM);
}

/* ---- routing ---- */

static void texts(const char *name, const char *text)
{
    struct ktg_buf meta = KTG_BUF_INIT, bundle = KTG_BUF_INIT;
    struct ktg_record_meta m = {KTG_LIT("SYSTEM.INGEST"), 0, 0, 0};
    const struct ktg_file files[] = {{.name = KTG_LIT("settings.yaml"), .text = KTG_LIT("a: 1")},
                                     {.name = ktg_bytes_str(name), .text = ktg_bytes_str(text)}};
    ktg_position pos;
    ktg_record_meta_encode(&m, &meta);
    assert_int_equal(ktg_bundle_encode(files, COUNT(files), &bundle), KTG_OK);
    assert_int_equal(ktg_journal_append(events, KTG_RECORD_RULESET, ktg_buf_view(&meta),
                                        ktg_buf_view(&bundle), NULL, &pos),
                     KTG_OK);
    assert_int_equal(ktg_journal_seal_and_wait(events, 1, 0, NULL), KTG_OK);
    ktg_buf_done(&meta);
    ktg_buf_done(&bundle);
}
static uint64_t for_whom(uint8_t label, const char *to, const char *agency)
{
    return differ(
        &(struct difference){label, 1, "raise", "open", "alert-stale", {to}, NULL, agency, NULL});
}

static bool has_counted(void *arg)
{
    return station_metric(run, "alerts", "kentongan_alerts_unrouted_total") >= *(uint64_t *)arg;
}

static void test_desk__words_reach_whom_they_mean_and_nobody_else(void **unused)
{
    (void)unused;
    static const char text[] =
        "- {code: IMI, name: {id: a, en: b}, tier: district, districts: ['*']}\n"
        "- {code: POL, name: {id: a, en: b}, tier: district, districts: ['*'], superior: KUA}\n"
        "- {code: KUA, name: {id: a, en: b}, tier: province, districts: ['*']}\n";
    uint64_t at[5], all = 3;
    snprintf(said, sizeof said, "%s/said", dir);
    at[0] = for_whom(1, "SUPERIOR", "POL"); /* no agencies in the journal yet: IMI alone */
    texts("agencies.yaml", text);
    at[1] = for_whom(2, "SELF", "POL");
    at[2] = for_whom(3, "SUPERIOR", "POL");
    at[3] = for_whom(4, "NOBODY", "POL");
    at[4] = for_whom(5, "NOBODY", "POL");
    begin();
    hello("POL.DESK", 1);
    hello("KUA.DESK", 2);
    hello("IMI.DESK", 3);
    while (line_is_quiet(l, "POL.DESK") < at[4])
        ;
    subscribe("POL.DESK", 1, KTG_FROM_EARLIEST, 9);
    assert_string_equal(items(1, 1), cursors(at, 1, 2));
    subscribe("KUA.DESK", 2, KTG_FROM_EARLIEST, 9);
    assert_string_equal(items(2, 1), cursors(at, 2, 3));
    subscribe("IMI.DESK", 3, KTG_FROM_EARLIEST, 9);
    assert_string_equal(items(3, 5), cursors(at, 0, 5));
    assert_true(line_wait(has_counted, &all, LINE_PATIENCE));
    assert_int_equal(station_metric(run, "alerts", "kentongan_alerts_unrouted_total"), 3);
    end(SIGKILL);
    begin(); /* it goes on with the agencies that it had met */
    hello("KUA.DESK", 1);
    uint64_t more = for_whom(6, "SUPERIOR", "POL");
    subscribe("KUA.DESK", 1, KTG_FROM_CURSOR, 9);
    uint64_t both[] = {at[2], more};
    assert_string_equal(items(1, 2), cursors(both, 0, 2));
    end(SIGTERM);
    char log[8192] = "";
    FILE *f = fopen(said, "r");
    assert_non_null(f);
    log[fread(log, 1, sizeof log - 1, f)] = 0;
    fclose(f);
    static const char word[] = "rule=alert-stale to=SUPERIOR agency=- why=names-nobody",
                      code[] = "rule=alert-stale to=NOBODY agency=NOBODY why=no-such-agency";
    const char *first = strstr(log, code);
    if (!strstr(log, word) || !first || strstr(first + 1, code)) /* said, and said once */
        fail_msg("%s", log);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        EACH(test_desk__a_filter_has_a_cursor_of_its_own_and_tells_on_what_it_told),
        EACH(test_desk__old_alerts_come_once_more_beside_the_live_cursor),
        EACH(test_desk__words_reach_whom_they_mean_and_nobody_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
