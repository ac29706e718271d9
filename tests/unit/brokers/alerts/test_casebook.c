/* tests/unit/brokers/alerts/test_casebook.c
 * SPDX-License-Identifier: Apache-2.0
 */
#include "brokers/alerts/casebook.h"

#include <stdio.h>

#include "brokers/alerts/handed.h"
#include "brokers/alerts/track.h"
#include "tests/support/cmocka.h"
#include "tests/unit/brokers/alerts/book.h"

static const uint8_t journals[32] = {1, 2, 3}, others[32] = {9};

/* An officer's event; returns whether it moved a track. */
static bool act(struct ktg_casebook *c, uint8_t label, const char *agency, bool close, int64_t at)
{
    char hex[33];
    uint8_t finding[16], id[16] = {1, 2, 3};
    bool took = false;
    struct ktg_buf b = KTG_BUF_INIT;
    memset(finding, label, sizeof finding);
    ktg_hex(finding, 16, hex);
    struct ktg_handed_action a = {close,
                                  ktg_bytes(hex, 32),
                                  ktg_bytes_str(agency),
                                  KTG_LIT("piket-1"),
                                  KTG_LIT("dismissed"),
                                  KTG_LIT("late"),
                                  KTG_BYTES_NONE,
                                  KTG_BYTES_NONE,
                                  KTG_BYTES_NONE};
    ktg_handed_action_event(&a, id, at, &b);
    assert_int_equal(ktg_casebook_fold_event(c, ktg_buf_view(&b), &took, NULL), KTG_OK);
    ktg_buf_done(&b);
    return took;
}

/* "1 4 6": the positions that are for this agency. */
static const char *told(struct ktg_casebook *c, const char *agency)
{
    static char text[8192];
    uint64_t after = 0, position;
    size_t n = 0;
    text[0] = 0;
    while (!ktg_casebook_next_for(c, ktg_bytes_str(agency), NULL, after, &position)) {
        n += (size_t)snprintf(text + n, sizeof text - n, "%s%d", n ? " " : "", (int)position);
        after = position;
    }
    return text;
}

/* "IMI:new POL:closed" */
static const char *tracks(struct ktg_casebook *c, uint8_t label)
{
    static char text[512];
    char hex[33];
    uint8_t finding[16];
    struct ktg_alert a = {0};
    size_t n = 0;
    memset(finding, label, sizeof finding);
    ktg_hex(finding, 16, hex);
    text[0] = 0;
    assert_int_equal(ktg_casebook_alert(c, KTG_BYTES_NONE, ktg_bytes(hex, 32), &a), KTG_OK);
    for (size_t i = 0; i < a.track_count; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, "%s%.*s:%s", n ? " " : "",
                              (int)a.tracks[i].agency.size, (const char *)a.tracks[i].agency.data,
                              ktg_track_state_name(a.tracks[i].state));
    return text;
}

static int put_alert(void *arg, const struct ktg_alert *a)
{
    ktg_buf_put(arg, a->finding, 16);
    ktg_alert_encode(a, arg);
    return 0;
}

static size_t count_subs(struct ktg_casebook *c, struct ktg_bytes user,
                         void (*each)(void *arg, struct ktg_bytes sub, uint64_t position),
                         void *arg)
{
    size_t count;
    assert_int_equal(ktg_casebook_subs(c, user, each, arg, &count), KTG_OK);
    return count;
}

static void test_casebook__whoever_was_told_is_told_of_the_end(void **unused)
{
    (void)unused;
    struct ktg_casebook *c = open_book("told");
    begin(c);
    fold(c, 2, &(struct difference){1, 1, "raise", "open", NULL, {"POL"}, NULL, NULL, NULL});
    fold(c, 4,
         &(struct difference){
             1, 2, "amend", "open", NULL, {"SPP"}, NULL, NULL, NULL}); /* drops POL, adds SPP */
    fold(c, 5, &(struct difference){2, 1, "raise", "open", NULL, {"BNN"}, NULL, NULL, NULL});
    fold(c, 9, &(struct difference){1, 3, "withdraw", "withdrawn", NULL, {NULL}, NULL, NULL, NULL});
    commit(c);
    assert_string_equal(told(c, "IMI"), "2 4 5 9");
    assert_string_equal(told(c, "POL"), "2 4 9");
    assert_string_equal(told(c, "SPP"), "4 9");
    assert_string_equal(told(c, "BNN"), "5");
    assert_string_equal(told(c, "KUA"), "");
    assert_string_equal(tracks(c, 1), "IMI:new POL:new SPP:new");
    assert_int_equal(ktg_casebook_place(c).newest,
                     2 + 3 + 2 + 3); /* one event for each that was told */
    ktg_casebook_close(c);
}

static void test_casebook__what_was_said_in_shadow_is_nobodys(void **unused)
{
    (void)unused;
    struct ktg_casebook *c = open_book("shadow");
    begin(c);
    fold(c, 2, &(struct difference){1, 1, "raise", "open", NULL, {"POL"}, "shadow", NULL, NULL});
    fold(c, 3,
         &(struct difference){1, 2, "withdraw", "withdrawn", NULL, {"POL"}, NULL, NULL, NULL});
    commit(c);
    assert_string_equal(told(c, "IMI"), "");
    assert_string_equal(told(c, "POL"), "");
    assert_int_equal(ktg_casebook_place(c).newest, 0);
    ktg_casebook_close(c);
}

static void test_casebook__a_rule_that_goes_into_shadow_takes_its_alerts_back(void **unused)
{
    (void)unused;
    struct ktg_casebook *c = open_book("to-shadow");
    struct ktg_alert a = {0};
    begin(c);
    fold(c, 2, &(struct difference){1, 1, "raise", "open", NULL, {"POL"}, NULL, NULL, NULL});
    fold(c, 4, &(struct difference){1, 2, "amend", "open", NULL, {"SPP"}, "shadow", NULL, NULL});
    fold(c, 5, &(struct difference){1, 3, "amend", "closed", NULL, {"SPP"}, "shadow", NULL, NULL});
    commit(c);
    assert_string_equal(told(c, "POL"), "2 4"); /* it is taken back, once; the rest is nobody's */
    assert_string_equal(told(c, "SPP"), "");
    assert_string_equal(tracks(c, 1), "IMI:new POL:new");
    assert_int_equal(ktg_casebook_alert(c, KTG_BYTES_NONE, KTG_LIT("0101"), &a), KTG_OK);
    assert_true(ktg_bytes_is(a.state, "withdrawn"));
    begin(c);
    fold(c, 6, &(struct difference){1, 4, "amend", "closed", NULL, {"SPP"}, NULL, NULL, NULL});
    fold(c, 7, &(struct difference){1, 5, "withdraw", "withdrawn", NULL, {NULL}, NULL, NULL, NULL});
    fold(c, 8, &(struct difference){1, 6, "raise", "open", NULL, {NULL}, "shadow", NULL, NULL});
    commit(c);
    assert_string_equal(told(c, "POL"), "2 4 6 7"); /* live again: it is heard of again */
    assert_string_equal(told(c, "SPP"), "6 7");
    ktg_casebook_close(c);
}

/* The types of what waits in the outbox, from `seq` on: "raised withdrawn". */
static const char *outbox(struct ktg_casebook *c, uint64_t seq)
{
    static char text[512];
    struct ktg_bytes blob;
    struct ktg_wire_value type;
    size_t n = 0;
    text[0] = 0;
    for (; !ktg_casebook_outbox(c, seq, &blob); seq++) {
        assert_true(ktg_wire_get(blob, "type", &type) && type.bytes.size > 6);
        n += (size_t)snprintf(text + n, sizeof text - n, "%s%.*s", n ? " " : "",
                              (int)type.bytes.size - 6, (const char *)type.bytes.data + 6);
    }
    return text;
}

static void test_casebook__what_comes_back_is_new_for_everybody(void **unused)
{
    (void)unused;
    struct ktg_casebook *c = open_book("back");
    begin(c);
    fold(c, 2, &(struct difference){1, 1, "raise", "open", NULL, {"POL"}, NULL, NULL, NULL});
    assert_true(act(c, 1, "IMI", false, 9));
    fold(c, 4, &(struct difference){1, 2, "withdraw", "withdrawn", NULL, {NULL}, NULL, NULL, NULL});
    assert_true(act(c, 1, "POL", true, 10));
    assert_string_equal(tracks(c, 1), "IMI:acknowledged POL:closed");
    fold(c, 5, &(struct difference){1, 3, "raise", "open", NULL, {NULL}, NULL, NULL, NULL});
    commit(c);
    assert_string_equal(tracks(c, 1), "IMI:new POL:new");
    assert_string_equal(outbox(c, 1), "raised raised withdrawn withdrawn raised raised");
    begin(c);
    assert_true(act(c, 1, "POL", true, 11)); /* it can be acted upon */
    fold(c, 6, &(struct difference){1, 4, "amend", "open", NULL, {NULL}, NULL, NULL, NULL});
    commit(c);
    assert_string_equal(tracks(c, 1), "IMI:new POL:closed"); /* an amendment changes no track */
    assert_string_equal(outbox(c, 7), "amended amended");
    ktg_casebook_close(c);
}

static void test_casebook__what_left_is_forgotten_and_may_come_again(void **unused)
{
    (void)unused;
    struct ktg_casebook *c = open_book("left");
    struct ktg_buf alerts = KTG_BUF_INIT;
    uint8_t finding[16];
    struct ktg_alert a;
    memset(finding, 1, sizeof finding);
    begin(c);
    fold(c, 2, &(struct difference){1, 1, "raise", "open", NULL, {"POL"}, NULL, NULL, NULL});
    fold(c, 3, &(struct difference){2, 1, "raise", "open", NULL, {"POL"}, NULL, NULL, NULL});
    uint64_t newest = ktg_casebook_place(c).newest;
    assert_int_equal(ktg_casebook_forget(c, finding, NULL), KTG_OK);
    assert_int_equal(ktg_casebook_forget(c, finding, NULL), KTG_OK); /* nothing is left to forget */
    commit(c);
    assert_int_equal(ktg_casebook_place(c).newest, newest); /* nobody is told */
    assert_int_equal(ktg_casebook_alert(c, KTG_BYTES_NONE, KTG_LIT("0101"), &a), KTG_ENOTFOUND);
    assert_int_equal(ktg_casebook_alerts(c, 0, put_alert, &alerts), KTG_OK);
    assert_false(act(c, 1, "POL", false, 9));
    begin(c);
    fold(c, 8, &(struct difference){1, 3, "raise", "open", NULL, {"SPP"}, NULL, NULL, NULL});
    commit(c);
    assert_string_equal(tracks(c, 1),
                        "IMI:new SPP:new"); /* POL was never told, as far as we know */
    ktg_buf_done(&alerts);
    ktg_casebook_close(c);
}

static void test_casebook__a_track_moves_forward_and_is_its_agencys_own(void **unused)
{
    (void)unused;
    static const struct {
        const char *agency;
        bool close, took;
        const char *after;
    } story[] = {
        {"POL", false, true, "IMI:new POL:acknowledged"},
        {"POL", false, false, "IMI:new POL:acknowledged"}, /* two officers at once */
        {"KUA", false, false, "IMI:new POL:acknowledged"}, /* not told: no track */
        {"POL", true, true, "IMI:new POL:closed"},
        {"POL", false, false, "IMI:new POL:closed"}, /* what is closed is not taken again */
        {"POL", true, false, "IMI:new POL:closed"},
        {"IMI", true, true, "IMI:closed POL:closed"}, /* at once */
    };
    struct ktg_casebook *c = open_book("tracks");
    begin(c);
    fold(c, 2, &(struct difference){1, 1, "raise", "open", NULL, {"POL"}, NULL, NULL, NULL});
    for (size_t i = 0; i < COUNT(story); i++) {
        assert_int_equal(act(c, 1, story[i].agency, story[i].close, 100 + (int64_t)i),
                         story[i].took);
        assert_string_equal(tracks(c, 1), story[i].after);
    }
    fold(c, 3, &(struct difference){1, 2, "amend", "open", NULL, {"POL"}, NULL, NULL, NULL});
    assert_string_equal(tracks(c, 1), "IMI:closed POL:closed"); /* an amendment moves no track */
    assert_false(act(c, 9, "POL", false, 1));                   /* of no alert of ours */
    commit(c);
    ktg_casebook_close(c);
}

/* ---- DECISIONS 20: drop it, build it again, compare ---- */

static void step(struct ktg_casebook *c, uint64_t i)
{
    static const char *const names[] = {"POL", "SPP", "PAR", "NAK", "PTSP"};
    uint64_t r = i * UINT64_C(0x9e3779b97f4a7c15);
    uint8_t label = (uint8_t)(1 + (r >> 60));
    r = (r >> 32) & 0xff;
    if (i > 20 && r % 5 == 0) {
        (void)act(c, label, r % 2 ? "IMI" : names[r % 5], r % 3 == 0, (int64_t)i);
        return;
    }
    struct difference d = {label,
                           i,
                           r % 7 == 0 ? "withdraw"
                           : i < 20   ? "raise"
                                      : "amend",
                           r % 7 == 0 ? "withdrawn"
                           : r % 3    ? "open"
                                      : "closed",
                           NULL,
                           {names[r % 5], r % 2 ? names[(r + 1) % 5] : NULL},
                           NULL,
                           NULL,
                           NULL};
    fold(c, i, &d);
}

static struct ktg_casebook *fold_all(const char *name, uint64_t batch)
{
    struct ktg_casebook *c = open_book(name);
    uint64_t seq = 1;
    for (uint64_t i = 1; i <= 400;) {
        begin(c);
        for (uint64_t n = 0; n < batch && i <= 400; n++, i++)
            step(c, i);
        assert_int_equal(ktg_casebook_moved(c, seq++, i - 1, NULL), KTG_OK);
        commit(c);
    }
    return c;
}

static void dump(struct ktg_casebook *c, struct ktg_buf *to)
{
    static const char *const names[] = {"IMI", "POL", "SPP", "PAR", "NAK", "PTSP", "KUA"};
    struct ktg_bytes blob;
    assert_int_equal(ktg_casebook_alerts(c, 0, put_alert, to), KTG_OK);
    for (size_t i = 0; i < COUNT(names); i++)
        ktg_buf_put_str(to, told(c, names[i]));
    for (uint64_t seq = 1; seq <= ktg_casebook_place(c).newest; seq++) {
        assert_int_equal(ktg_casebook_outbox(c, seq, &blob), KTG_OK);
        ktg_buf_put_bytes(to, blob);
    }
}

static void test_casebook__built_again_it_is_the_same_byte_for_byte(void **unused)
{
    (void)unused;
    static const uint64_t batches[] = {1, 7, 1000};
    struct ktg_buf first = KTG_BUF_INIT, again = KTG_BUF_INIT;
    for (size_t i = 0; i < COUNT(batches); i++) {
        char name[16];
        snprintf(name, sizeof name, "again%zu", i);
        struct ktg_casebook *c = fold_all(name, batches[i]);
        ktg_buf_clear(&again);
        dump(c, i ? &again : &first);
        ktg_casebook_close(c);
        assert_true(first.size > 10000);
        if (i)
            assert_true(ktg_bytes_eq(ktg_buf_view(&first), ktg_buf_view(&again)));
    }
    ktg_buf_done(&first);
    ktg_buf_done(&again);
}

static bool has_seen(const struct ktg_alert *a, const char *district)
{
    for (size_t i = 0; i < a->seen_count; i++)
        if (ktg_bytes_is(a->seen[i].district, district))
            return true;
    return false;
}

static bool passes(const struct ktg_alert *a, const char *filter)
{
    struct ktg_filter *f = NULL;
    assert_int_equal(ktg_filter_new(ktg_bytes_str(filter), &f, NULL), KTG_OK);
    bool is = ktg_filter_passes(f, KTG_LIT("r"), a->seen, a->seen_count);
    ktg_filter_free(f);
    return is;
}

static void test_casebook__remembers_how_an_alert_was_and_that_there_was_more(void **unused)
{
    (void)unused;
    struct ktg_alert a = {.level = KTG_LIT("high"), .state = KTG_LIT("open")}, b = {0};
    struct ktg_buf bytes = KTG_BUF_INIT;
    char districts[KTG_SEEN + 5][5];
    for (int i = 0; i < KTG_SEEN + 5; i++) {
        snprintf(districts[i], sizeof districts[i], "%04d", i);
        a.district = ktg_bytes_str(districts[i]);
        ktg_alert_saw(&a);
        ktg_alert_saw(&a); /* once */
        assert_int_equal(a.seen_count, i < KTG_SEEN ? i + 1 : KTG_SEEN);
        assert_int_equal(has_seen(&a, districts[i]), i < KTG_SEEN);
        if (i == KTG_SEEN - 1)
            assert_false(passes(&a, "district == '9999'"));
    }
    a.state = KTG_LIT("withdrawn");
    ktg_alert_saw(&a);
    ktg_alert_encode(&a, &bytes);
    assert_int_equal(ktg_alert_decode(ktg_buf_view(&bytes), &b), KTG_OK);
    assert_int_equal(b.seen_count, KTG_SEEN);
    assert_true(has_seen(&b, "0000"));
    for (int i = 0; i < KTG_SEEN + 5; i++) { /* whoever asked for one of them is told of the end */
        char filter[40];
        snprintf(filter, sizeof filter, "district == '%04d' && state == 'open'", i);
        if (!passes(&b, filter))
            fail_msg("%s", filter);
    }
    ktg_buf_done(&bytes);
}

/* ---- who may be told is what the journal said by then ---- */

#define ROW(code, more) \
    "- {code: " code ", name: {id: a, en: b}, tier: district, districts: ['*']" more "}\n"

static void agencies(struct ktg_casebook *c, const char *text, int wanted)
{
    assert_int_equal(ktg_casebook_agencies(c, ktg_bytes_str(text), NULL), wanted);
}

/* "r POL - why": those who were named and not told in the last transaction. */
static const char *missed(struct ktg_casebook *c)
{
    static char text[4096];
    const struct ktg_casebook_missed *list;
    size_t count = ktg_casebook_missed(c, &list), n = 0;
    text[0] = 0;
    for (size_t i = 0; i < count && i < KTG_CASEBOOK_MISSED; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, "%s%s %s %s %s", n ? "; " : "",
                              list[i].rule, list[i].word, list[i].code[0] ? list[i].code : "-",
                              list[i].why);
    return text;
}

static void test_casebook__tells_by_the_agencies_that_the_journal_has(void **unused)
{
    (void)unused;
    struct ktg_casebook *c = open_book("agencies");
    static const struct difference late = {
        1, 1, "raise", "open", "alert-stale", {"SUPERIOR", "POL"}, NULL, "POL", NULL};
    struct difference d = late;
    begin(c);
    fold(c, 1, &d); /* no table yet: a code stands, a word is nobody */
    commit(c);
    assert_string_equal(tracks(c, 1), "IMI:new POL:new");
    assert_string_equal(missed(c), "alert-stale SUPERIOR - names-nobody");
    begin(c);
    agencies(c, ROW("IMI", "") ROW("POL", ", superior: POLDA") ROW("POLDA", ""), KTG_OK);
    d.label = 2;
    fold(c, 2, &d);
    commit(c);
    assert_string_equal(tracks(c, 2), "IMI:new POL:new POLDA:new");
    assert_string_equal(missed(c), "");
    begin(c); /* a table that never was */
    agencies(c, ROW("IMI", "") ROW("POL", ""), KTG_OK);
    agencies(c, ROW("IMI", ""), KTG_OK);
    ktg_casebook_abort(c);
    begin(c);
    agencies(c, "- {code: IMI}", KTG_EINVALID); /* nothing changed */
    d.label = 3;
    fold(c, 3, &d);
    commit(c);
    assert_string_equal(tracks(c, 3), "IMI:new POL:new POLDA:new");
    ktg_casebook_close(c);
    c = open_book("agencies"); /* and so it stands on disk */
    begin(c);
    d.label = 4;
    fold(c, 4, &d);
    agencies(c, ROW("IMI", "") ROW("BNN", ""), KTG_OK);
    d = (struct difference){2, 2, "amend", "open", "alert-stale", {"POL", "SPP"}, NULL, NULL, NULL};
    fold(c, 5, &d); /* POL and its superior were told: they are told on, though they are no more */
    commit(c);
    assert_string_equal(tracks(c, 4), "IMI:new POL:new POLDA:new");
    assert_string_equal(told(c, "POLDA"), "2 3 4 5");
    assert_string_equal(told(c, "SPP"), "");
    assert_string_equal(missed(c),
                        "alert-stale POL POL no-such-agency; alert-stale SPP SPP no-such-agency");
    begin(c);
    assert_int_equal(ktg_casebook_renew(c, journals, NULL), KTG_OK);
    d = late;
    fold(c, 1, &d);
    commit(c);
    assert_string_equal(tracks(c, 1), "IMI:new POL:new"); /* as at the first time */
    begin(c);
    assert_string_equal(missed(c), "");
    for (uint64_t i = 0; i < KTG_CASEBOOK_MISSED + 5; i++)
        fold(c, 2 + i, &d);
    const struct ktg_casebook_missed *list;
    assert_int_equal(ktg_casebook_missed(c, &list), KTG_CASEBOOK_MISSED + 5);
    ktg_casebook_abort(c);
    assert_string_equal(missed(c), "");
    ktg_casebook_close(c);
}

static void test_casebook__too_many_recipients_stop_nobody(void **unused)
{
    (void)unused;
    struct ktg_casebook *c = open_book("many");
    struct difference d = {1, 1, "raise", "open", "r", {NULL}, NULL, NULL, NULL};
    char codes[4][8];
    begin(c);
    for (int i = 0; i < KTG_TRACKS;
         i += 4) { /* four more each time: the last one is one too many */
        for (int k = 0; k < 4; k++) {
            snprintf(codes[k], sizeof codes[k], "A%d", i + k);
            d.to[k] = codes[k];
        }
        fold(c, (uint64_t)i + 1, &d);
        d.rev++;
    }
    d = (struct difference){2, 1, "raise", "open", "r", {"POL"}, NULL, NULL, NULL};
    fold(c, 90, &d);
    commit(c);
    assert_string_equal(missed(c), "r A63 A63 too-many");
    assert_string_equal(told(c, "A62"), "61");
    assert_string_equal(told(c, "A63"), "");
    assert_string_equal(told(c, "POL"), "90");
    ktg_casebook_close(c);
}

static void test_casebook__what_is_aborted_never_was(void **unused)
{
    (void)unused;
    struct ktg_casebook *c = open_book("abort");
    begin(c);
    fold(c, 2, &(struct difference){1, 1, "raise", "open", NULL, {"POL"}, NULL, NULL, NULL});
    assert_int_equal(ktg_casebook_moved(c, 5, 2, NULL), KTG_OK);
    commit(c);
    struct ktg_casebook_place before = ktg_casebook_place(c);
    begin(c);
    fold(c, 3, &(struct difference){2, 1, "raise", "open", NULL, {"POL"}, NULL, NULL, NULL});
    assert_true(act(c, 1, "POL", true, 9));
    assert_int_equal(ktg_casebook_moved(c, 9, 3, NULL), KTG_OK);
    ktg_casebook_abort(c);
    struct ktg_casebook_place after = ktg_casebook_place(c);
    assert_memory_equal(&before, &after, sizeof before);
    assert_string_equal(told(c, "POL"), "2");
    assert_string_equal(tracks(c, 1), "IMI:new POL:new");
    ktg_casebook_close(c);
    c = open_book("abort"); /* and so it stands on disk */
    after = ktg_casebook_place(c);
    assert_memory_equal(&before, &after, sizeof before);
    ktg_casebook_close(c);
}

/* Cursors that moved alone ask no disk: they stand in memory, and on disk with the next commit, an aborted one left out. */
static void test_casebook__cursors_may_wait_for_the_next_commit(void **unused)
{
    (void)unused;
    struct ktg_casebook *c = open_book("owed");
    begin(c);
    fold(c, 2, &(struct difference){1, 1, "raise", "open", NULL, {"POL"}, NULL, NULL, NULL});
    assert_true(ktg_casebook_changed(c));
    assert_int_equal(ktg_casebook_moved(c, 5, 2, NULL), KTG_OK);
    assert_true(ktg_casebook_owes(c));
    commit(c);
    assert_false(ktg_casebook_owes(c));
    begin(c);
    assert_int_equal(ktg_casebook_moved(c, 7, 2, NULL), KTG_OK);
    assert_false(ktg_casebook_changed(c));
    ktg_casebook_end(c);
    assert_true(ktg_casebook_owes(c));
    begin(c);
    assert_int_equal(ktg_casebook_moved(c, 8, 2, NULL), KTG_OK);
    ktg_casebook_abort(c);
    assert_int_equal(ktg_casebook_place(c).event, 7);
    ktg_casebook_close(c);
    c = open_book("owed"); /* it ended before the next commit */
    assert_int_equal(ktg_casebook_place(c).event, 5);
    begin(c);
    assert_int_equal(ktg_casebook_moved(c, 7, 2, NULL), KTG_OK);
    ktg_casebook_end(c);
    begin(c);
    fold(c, 3, &(struct difference){2, 1, "raise", "open", NULL, {"POL"}, NULL, NULL, NULL});
    commit(c); /* nothing moved in this one, and yet */
    ktg_casebook_close(c);
    c = open_book("owed");
    assert_int_equal(ktg_casebook_place(c).event, 7);
    assert_string_equal(told(c, "POL"), "2 3");
    ktg_casebook_close(c);
}

static void test_casebook__a_new_epoch_numbers_what_waits_from_one(void **unused)
{
    (void)unused;
    struct ktg_casebook *c = open_book("epoch");
    uint64_t seq;
    struct ktg_bytes blob;
    begin(c);
    for (int i = 1; i <= 5; i++) {
        char text[2] = {(char)('0' + i), 0};
        assert_int_equal(ktg_casebook_queue(c, ktg_bytes_str(text), &seq, NULL), KTG_OK);
        assert_int_equal(seq, i);
    }
    assert_int_equal(ktg_casebook_sent(c, 2, NULL), KTG_OK);
    commit(c);
    begin(c);
    assert_int_equal(ktg_casebook_new_epoch(c, 77, NULL), KTG_OK);
    commit(c);
    struct ktg_casebook_place p = ktg_casebook_place(c);
    assert_true(p.epoch == 77 && p.acked == 0 && p.newest == 3);
    for (uint64_t i = 1; i <= 3; i++) {
        assert_int_equal(ktg_casebook_outbox(c, i, &blob), KTG_OK);
        assert_int_equal(blob.data[0], '0' + (int)i + 2);
    }
    assert_int_equal(ktg_casebook_outbox(c, 4, &blob), KTG_ENOTFOUND);
    begin(c); /* nothing waits: an epoch all the same */
    assert_int_equal(ktg_casebook_sent(c, 3, NULL), KTG_OK);
    assert_int_equal(ktg_casebook_new_epoch(c, 78, NULL), KTG_OK);
    commit(c);
    assert_int_equal(ktg_casebook_place(c).newest, 0);
    ktg_casebook_close(c);
}

static void test_casebook__an_alert_is_found_by_its_beginning(void **unused)
{
    (void)unused;
    struct ktg_casebook *c = open_book("prefix");
    struct ktg_alert a;
    begin(c);
    fold(c, 2, &(struct difference){0xab, 1, "raise", "open", NULL, {NULL}, NULL, NULL, NULL});
    fold(c, 3, &(struct difference){0xac, 1, "raise", "open", NULL, {NULL}, NULL, NULL, NULL});
    commit(c);
    static const struct {
        const char *hex;
        int code;
    } rows[] = {
        {"abab", KTG_OK},         {"acacacacacacacacacacacacacacacac", KTG_OK},
        {"ababa", KTG_OK},        {"aba", KTG_ENOTFOUND}, /* fewer than four */
        {"", KTG_ENOTFOUND},      {"adad", KTG_ENOTFOUND},
        {"xyzz", KTG_ENOTFOUND},  {"acacacacacacacacacacacacacacacacac", KTG_ENOTFOUND},
        {"ababb", KTG_ENOTFOUND},
    };
    for (size_t i = 0; i < COUNT(rows); i++)
        if (ktg_casebook_alert(c, KTG_BYTES_NONE, ktg_bytes_str(rows[i].hex), &a) != rows[i].code)
            fail_msg("%s", rows[i].hex);
    ktg_casebook_close(c);
}

/* A difference of a finding whose id ends otherwise. */
static void fold_alike(struct ktg_casebook *c, uint64_t position, const struct difference *d,
                       uint8_t last)
{
    struct ktg_buf b = KTG_BUF_INIT;
    struct ktg_difference f = {position, difference_bytes(d, &b)};
    uint8_t *at = memmem(b.data, b.size, "finding", 7);
    assert_non_null(at);
    at[7 + 2 + 15] = last; /* behind the key and the head of 16 bytes */
    assert_int_equal(ktg_casebook_fold_finding(c, &f, NULL), KTG_OK);
    ktg_buf_done(&b);
}

static void test_casebook__other_agencies_alerts_make_no_id_ambiguous(void **unused)
{
    (void)unused;
    struct ktg_casebook *c = open_book("alike");
    struct ktg_alert a;
    begin(c);
    fold_alike(c, 2, &(struct difference){7, 1, "raise", "open", NULL, {"POL"}, NULL, NULL, NULL},
               1);
    fold_alike(c, 3, &(struct difference){7, 1, "raise", "open", NULL, {"BNN"}, NULL, NULL, NULL},
               2);
    fold_alike(c, 4, &(struct difference){7, 1, "raise", "open", NULL, {"BNN"}, NULL, NULL, NULL},
               3);
    commit(c);
    static const struct {
        const char *agency;
        int code;
    } rows[] = {{"POL", KTG_OK},
                {"BNN", KTG_ECONFLICT},
                {"IMI", KTG_ECONFLICT},
                {"KUA", KTG_ENOTFOUND}, /* there is nothing, as far as they can tell */
                {"", KTG_ECONFLICT}};
    for (size_t i = 0; i < COUNT(rows); i++)
        if (ktg_casebook_alert(c, ktg_bytes_str(rows[i].agency), KTG_LIT("0707"), &a) !=
            rows[i].code)
            fail_msg("%s", rows[i].agency);
    assert_int_equal(ktg_casebook_alert(c, KTG_LIT("POL"), KTG_LIT("0707"), &a), KTG_OK);
    assert_int_equal(a.finding[15], 1);
    ktg_casebook_close(c);
}

static void test_casebook__cursors_of_a_subscriber_are_its_own(void **unused)
{
    (void)unused;
    struct ktg_casebook *c = open_book("subs");
    uint64_t at = 0;
    begin(c);
    assert_int_equal(ktg_casebook_confirm(c, KTG_LIT("POL.A"), KTG_LIT("x"), 5, NULL), KTG_OK);
    assert_int_equal(ktg_casebook_confirm(c, KTG_LIT("POL.A"), KTG_LIT("y"), 6, NULL), KTG_OK);
    assert_int_equal(ktg_casebook_confirm(c, KTG_LIT("POL.AB"), KTG_LIT("x"), 7, NULL), KTG_OK);
    commit(c);
    assert_int_equal(count_subs(c, KTG_LIT("POL.A"), NULL, NULL), 2);
    assert_int_equal(count_subs(c, KTG_LIT("POL.AB"), NULL, NULL), 1);
    assert_int_equal(count_subs(c, KTG_LIT("POL"), NULL, NULL), 0);
    assert_int_equal(ktg_casebook_confirmed(c, KTG_LIT("POL.A"), KTG_LIT("x"), &at), KTG_OK);
    assert_int_equal(at, 5);
    assert_int_equal(ktg_casebook_confirmed(c, KTG_LIT("POL.A"), KTG_LIT("z"), &at), KTG_ENOTFOUND);
    ktg_casebook_close(c);
}

static void note_sub(void *arg, struct ktg_bytes sub, uint64_t position)
{
    char *text = arg;
    size_t n = strlen(text);
    snprintf(text + n, 64 - n, "%.*s=%d ", (int)sub.size, (const char *)sub.data, (int)position);
}

static void test_casebook__what_is_pending_is_counted_within_bounds(void **unused)
{
    (void)unused;
    struct ktg_casebook *c = open_book("pending");
    struct ktg_filter *high = NULL;
    uint64_t rows = 100, n = 0;
    char subs[64] = "";
    begin(c);
    for (uint8_t i = 1; i <= 6; i++) /* every other one is for the police */
        fold(c, i,
             &(struct difference){
                 i, 1, "raise", "open", NULL, {i % 2 ? "POL" : "NAK"}, NULL, NULL, NULL});
    assert_int_equal(ktg_casebook_confirm(c, KTG_LIT("POL.A"), KTG_LIT("y"), 6, NULL), KTG_OK);
    assert_int_equal(ktg_casebook_confirm(c, KTG_LIT("POL.A"), KTG_LIT("x\nab"), 5, NULL), KTG_OK);
    commit(c);
    assert_int_equal(ktg_casebook_pending(c, KTG_LIT("POL"), NULL, 0, &rows, &n), KTG_OK);
    assert_true(n == 3 && rows == 94);
    assert_int_equal(ktg_casebook_pending(c, KTG_LIT("POL"), NULL, 3, &rows, &n), KTG_OK);
    assert_true(n == 1 && rows == 91);
    assert_int_equal(ktg_casebook_pending(c, KTG_LIT("KUA"), NULL, 0, &rows, &n), KTG_OK);
    assert_int_equal(n, 0);
    assert_int_equal(ktg_filter_new(KTG_LIT("rule == \"no-such\""), &high, NULL), KTG_OK);
    assert_int_equal(ktg_casebook_pending(c, KTG_LIT("POL"), high, 0, &rows, &n), KTG_OK);
    assert_int_equal(n, 0);
    rows = 2;
    assert_int_equal(ktg_casebook_pending(c, KTG_LIT("POL"), NULL, 0, &rows, &n), KTG_EAGAIN);
    assert_true(n == 1 && rows == 0);
    rows = 6; /* just enough is not too few */
    assert_int_equal(ktg_casebook_pending(c, KTG_LIT("POL"), NULL, 0, &rows, &n), KTG_OK);
    assert_int_equal(count_subs(c, KTG_LIT("POL.A"), note_sub, subs), 2);
    assert_string_equal(subs, "x\nab=5 y=6 ");
    ktg_filter_free(high);
    ktg_casebook_close(c);
}

static void test_casebook__of_other_journals_is_renewed(void **unused)
{
    (void)unused;
    struct ktg_casebook *c = open_book("belongs");
    assert_int_equal(ktg_casebook_belongs(c, journals), KTG_ENOTFOUND); /* new */
    begin(c);
    assert_int_equal(ktg_casebook_renew(c, journals, NULL), KTG_OK);
    fold(c, 2, &(struct difference){1, 1, "raise", "open", NULL, {"POL"}, NULL, NULL, NULL});
    assert_int_equal(ktg_casebook_confirm(c, KTG_LIT("POL.A"), KTG_LIT("x"), 2, NULL), KTG_OK);
    assert_int_equal(ktg_casebook_moved(c, 5, 2, NULL), KTG_OK);
    commit(c);
    assert_int_equal(ktg_casebook_belongs(c, journals), KTG_OK);
    assert_int_equal(ktg_casebook_belongs(c, others), KTG_ENOTFOUND);
    begin(c);
    assert_int_equal(ktg_casebook_renew(c, others, NULL), KTG_OK);
    commit(c);
    ktg_casebook_close(c);
    c = open_book("belongs");
    struct ktg_casebook_place p = ktg_casebook_place(c);
    assert_true(p.event == 0 && p.findings == 0 && p.newest == 0);
    assert_string_equal(told(c, "POL"), "");
    assert_int_equal(count_subs(c, KTG_LIT("POL.A"), NULL, NULL), 0);
    assert_int_equal(ktg_casebook_belongs(c, others), KTG_OK);
    ktg_casebook_close(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_casebook__whoever_was_told_is_told_of_the_end),
        cmocka_unit_test(test_casebook__what_was_said_in_shadow_is_nobodys),
        cmocka_unit_test(test_casebook__a_rule_that_goes_into_shadow_takes_its_alerts_back),
        cmocka_unit_test(test_casebook__what_comes_back_is_new_for_everybody),
        cmocka_unit_test(test_casebook__what_left_is_forgotten_and_may_come_again),
        cmocka_unit_test(test_casebook__a_track_moves_forward_and_is_its_agencys_own),
        cmocka_unit_test(test_casebook__built_again_it_is_the_same_byte_for_byte),
        cmocka_unit_test(test_casebook__remembers_how_an_alert_was_and_that_there_was_more),
        cmocka_unit_test(test_casebook__tells_by_the_agencies_that_the_journal_has),
        cmocka_unit_test(test_casebook__too_many_recipients_stop_nobody),
        cmocka_unit_test(test_casebook__what_is_aborted_never_was),
        cmocka_unit_test(test_casebook__cursors_may_wait_for_the_next_commit),
        cmocka_unit_test(test_casebook__a_new_epoch_numbers_what_waits_from_one),
        cmocka_unit_test(test_casebook__an_alert_is_found_by_its_beginning),
        cmocka_unit_test(test_casebook__other_agencies_alerts_make_no_id_ambiguous),
        cmocka_unit_test(test_casebook__cursors_of_a_subscriber_are_its_own),
        cmocka_unit_test(test_casebook__what_is_pending_is_counted_within_bounds),
        cmocka_unit_test(test_casebook__of_other_journals_is_renewed),
    };
    return cmocka_run_group_tests(tests, make, clear);
}
