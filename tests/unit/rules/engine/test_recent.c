/* tests/unit/rules/engine/test_recent.c - a busy property, asked by its recent past and by the whole of it.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "rules/engine/recent.h"

#include <stdio.h>
#include <stdlib.h>

#include "rules/engine/replay.h"
#include "tests/unit/rules/engine/world.h"

/* Windows, a lasting licence, keys of both kinds, findings of another rule, a deadline and its source. */
#define TITLE "title: {id: a, en: b}\nlevel: low\n"
static const char *const rules =
    "rule: many\nper: property\n" TITLE "with:\n"
    "  licence: last licence.status as l where l.kind == \"lodging\"\n"
    "  lately: count lodging.checkin within 3d\n"
    "while: lately >= 5 && (licence == null || licence.status == \"active\")\n"
    "let:\n  n: lately\n---\n"
    "rule: people\nper: property\n" TITLE
    "with:\n  late: count lodging.checkin where has(reported_at) && "
    "reported_at - occurred_at > duration(\"24h\") within 2d\n"
    "count: distinct(person) of lodging.checkin\nat least: 4\nwithin: 2d\n"
    "let:\n  tardy: late\n---\n"
    "rule: rooms\nper: property\n" TITLE "each: room\ncount: lodging.checkin\nat least: 3\n"
    "within: 4d\n---\n"
    "rule: payers\nper: property\n" TITLE "with:\n"
    "  here: distinct(payer) of lodging.checkin where has(payer) within 2d\n"
    "  all: count lodging.checkin where has(payer) within 5d\n"
    "each: p in here\nwhile: all >= 4\nlet:\n  n: all\n---\n"
    "rule: crowded\nper: property\nstatus: internal\nwith:\n"
    "  lately: distinct(person) of lodging.checkin within 1d\n"
    "while: size(lately) >= 3\n---\n"
    "rule: often\nper: property\n" TITLE "with:\n  times: count finding.crowded within 20d\n"
    "while: times >= 2\nlet:\n  n: times\n---\n"
    "rule: silent\nper: property\n" TITLE "with:\n"
    "  before: count lodging.checkin within 2d\n"
    "  licence: last licence.status as l where l.kind == \"lodging\"\n"
    "when: lodging.checkin as r where before >= 1\nunless: lodging.checkin\n"
    "by: end_of_day(r.date + days(setting(\"test.days\", 1)))\n"
    "where: licence == null || licence.status == \"active\"\n"
    "needs:\n  - lodging.checkin fresh within 24h\n---\n"
    "rule: again\nper: property\n" TITLE "with:\n  before: last lodging.checkin\n"
    "when:\n  - lodging.checkin as a where has(a.room)\n"
    "  - lodging.checkin as b where b.room == a.room\n"
    "unless: lodging.checkin as c where c.room == \"3\"\nwithin: 1d\n"
    "let:\n  seen: before.room\n"
    "needs:\n  - lodging.checkin fresh within 24h\n---\n"
    "rule: unpaid\nper: property\n" TITLE "when: lodging.checkin as r where r.payer == \"K0\"\n"
    "unless: lodging.checkin where payer == \"K1\"\nby: end_of_day(r.reported_at)\n"
    "moved by:\n"
    "  - lodging.checkin as m where m.room == \"2\" to end_of_day(m.date + days(2))\n"
    "update: daily\nlet:\n  n: civil_days_since(deadline)\n"
    "needs:\n  - lodging.checkin fresh within 24h\n---\n"
    "rule: lent\nper: property\nstatus: internal\nwith:\n"
    "  to: open lodging.checkin where payer == \"K1\" until lodging.checkin where payer == \"K2\""
    " past occurred_at + days(3)\n"
    "while: to != null\nupdate: change\nlet:\n  room: to.room\n---\n"
    "rule: full\nper: property\n" TITLE "with:\n"
    "  nights: spans lodging.checkin where has(room) until lodging.checkin where !has(room)\n"
    "  times: count finding.lent\n"
    "while: used >= 5\ntick: daily while times >= 1\n"
    "let:\n  used: covered_days(nights, 12)\n  n: times\n---\n"
    "rule: reached\nper: property\n" TITLE "with:\n"
    "  nights: spans lodging.checkin where has(room) until lodging.checkin where !has(room)\n"
    "when: lodging.checkin as r where has(room)\nunless: lodging.checkin\n"
    "by: end_of_day(day_reaching(nights, 4, 10) - days(1))\n"
    "let:\n  used: covered_days(nights, 10)\n---\n"
    "rule: both\nper: property\n" TITLE
    "score: {from: [crowded, lent], at least: 2.0, flags at least: 2, within: 9d}\n---\n"
    "rule: upon\nper: property\n" TITLE "with:\n"
    "  alerts: open(f.rule) finding.crowded or finding.lent as f past f.occurred_at + days(2)\n"
    "  lately: count lodging.checkin within 2d\n"
    "while: size(alerts) > 1 && lately >= 3\nlet:\n  n: size(alerts)\n";

struct line {
    ktg_time recorded;
    char text[700];
};
static int by_time(const void *x, const void *y)
{
    const struct line *a = x, *b = y;
    return a->recorded != b->recorded ? (a->recorded > b->recorded) - (a->recorded < b->recorded)
                                      : strcmp(a->text, b->text);
}

enum { EVENTS = 240 };
static const ktg_time begin = INT64_C(1767225600000);

static void write_line(struct random *r, int i, ktg_time t, struct line *to)
{
    static const uint32_t late[] = {1, 60, 3600, 86400, 20 * 86400}; /* seconds, at most */
    char at[KTG_INSTANT_TEXT], recorded[KTG_INSTANT_TEXT], reported[KTG_INSTANT_TEXT], data[400];
    to->recorded = t + (ktg_time)below(r, late[below(r, 5)]) * 1000;
    ktg_instant_format(t, 420, at);
    ktg_instant_format(to->recorded, 420, recorded);
    ktg_instant_format(t + (ktg_time)below(r, 48) * 3600000, 420, reported);
    const char *type = "lodging.checkin", *source = "APOA.H";
    int n = snprintf(data, sizeof data,
                     "\"property\":\"H\",\"doc\":{\"kind\":\"P\",\"issuer\":\"UTO\",\"number\":"
                     "\"P%u\"},\"surname\":\"SPECIMEN\",\"given\":\"UTO\",\"reported_at\":\"%s\"",
                     below(r, 12), reported);
    if (below(r, 2))
        n += snprintf(data + n, sizeof data - (size_t)n, ",\"room\":\"%u\"", below(r, 4));
    if (below(r, 3) == 0)
        snprintf(data + n, sizeof data - (size_t)n, ",\"payer\":\"K%u\"", below(r, 3));
    if (i % 60 == 59) {
        type = "licence.status";
        source = "PTSP.A";
        snprintf(data, sizeof data,
                 "\"nib\":\"0000000000001\",\"kind\":\"lodging\",\"property\":\"H\",\"status\":"
                 "\"%s\"",
                 below(r, 2) ? "active" : "frozen");
    }
    char takes_back[80] = "";
    if (i % 11 == 10 && i % 60 != 59) {
        int which = i - 1 - (int)below(r, 9);
        snprintf(takes_back, sizeof takes_back,
                 ",\"retracts\":\"01936b2e-7c00-7000-8000-0000000%05d\"",
                 which % 60 == 59 ? which - 1 : which); /* of its own source */
        snprintf(data, sizeof data, "\"reason\":\"mistaken\"");
        type = "correction";
    }
    snprintf(to->text, sizeof to->text,
             "{\"id\":\"01936b2e-7c00-7000-8000-0000000%05d\",\"type\":\"%s\",\"source\":\"%s\","
             "\"occurred_at\":\"%s\",\"recorded_at\":\"%s\"%s,\"data\":{%s}}",
             i, type, source, at, recorded, takes_back, data);
}

static void heartbeat(ktg_time t, struct line *to)
{
    char at[KTG_INSTANT_TEXT];
    ktg_instant_format(t, 420, at);
    to->recorded = t;
    snprintf(
        to->text, sizeof to->text,
        "{\"heartbeat\":{\"source\":\"APOA.H\",\"complete_until\":\"%s\"},\"recorded_at\":\"%s\"}",
        at, at);
}

static size_t write_story(uint64_t seed, struct line *list)
{
    struct random r = {seed * UINT64_C(0x9E3779B97F4A7C15) + 1};
    ktg_time t = begin;
    size_t n = 0;
    for (int i = 0; i < EVENTS; i++) {
        if (below(&r, 5)) /* else the same instant */
            t += (ktg_time)below(&r, below(&r, 30) ? 18 * 60 : 8 * 24 * 60) * 60000;
        write_line(&r, i, t, &list[n++]);
        if (i % 20 == 0)
            heartbeat(t, &list[n++]);
    }
    qsort(list, n, sizeof *list, by_time);
    return n;
}

struct play {
    const struct line *list;
    size_t count, at;
    struct ktg_buf out;
    size_t complaints;
};
static int line(void *arg, struct ktg_bytes *ret_line)
{
    struct play *p = arg;
    if (p->at == p->count)
        return KTG_ENOTFOUND;
    *ret_line = ktg_bytes_str(p->list[p->at++].text);
    return KTG_OK;
}
static int out(void *arg, const struct ktg_op *op)
{
    struct play *p = arg;
    ktg_buf_put_bytes(&p->out, op->rule);
    ktg_buf_put_str(&p->out, " ");
    ktg_buf_put_bytes(&p->out, op->payload); /* with what the line does not show: the route */
    return KTG_OK;
}
static void complain(void *arg, size_t number, const char *text)
{
    struct play *p = arg;
    if (!p->complaints++)
        print_message("line %zu: %s\n", number, text);
}

static struct ktg_buf play(const struct world *w, const struct line *list, size_t count,
                           enum ktg_answers_how how, size_t *ret_complaints)
{
    struct play p = {.list = list, .count = count, .out = KTG_BUF_INIT};
    struct ktg_err err = KTG_ERR_INIT;
    const struct ktg_replay_options o = {.arg = &p,
                                         .line = line,
                                         .out = out,
                                         .complain = complain,
                                         .until = list[count - 1].recorded + 60 * KTG_DAY_MS,
                                         .answers = how};
    if (ktg_replay(ktg_buf_view(&w->bundle), &o, NULL, &err))
        fail_msg("%s", err.text);
    *ret_complaints = p.complaints;
    return p.out;
}

static void test_recent__the_end_of_a_timeline_answers_like_the_whole(void **unused)
{
    (void)unused;
    static const char *const names[] = {"many",   "people", "rooms",  "payers", "often",
                                        "silent", "again",  "unpaid", "full",   "reached",
                                        "both",   "upon",   NULL};
    static struct line list[EVENTS * 2];
    struct world w;
    world_init(&w, rules, "settings:\n  test.days: 2\n");
    for (size_t i = 0; i < ktg_ruleset_count(w.rs); i++) {
        const struct ktg_rule *r = ktg_ruleset_rule(w.rs, i);
        assert_int_equal(ktg_rule_reach(r)->is, strcmp(ktg_rule_name(r), "rooms") != 0);
    }
    for (uint64_t seed = 1; seed <= 4; seed++) {
        size_t count = write_story(seed, list), complaints;
        struct ktg_buf whole = play(&w, list, count, KTG_ANSWERS_WHOLE, &complaints);
        assert_int_equal(complaints, 0);
        for (size_t i = 0; names[i]; i++)
            assert_non_null(memmem(whole.data, whole.size, names[i], strlen(names[i])));
        for (int how = KTG_ANSWERS_RECENT; how <= KTG_ANSWERS_SHORT; how++) {
            struct ktg_buf other = play(&w, list, count, (enum ktg_answers_how)how, &complaints);
            if (!ktg_bytes_eq(ktg_buf_view(&whole), ktg_buf_view(&other)))
                fail_msg("seed %llu: answers worked out in way %d say something else",
                         (unsigned long long)seed, how);
            ktg_buf_done(&other);
        }
        ktg_buf_done(&whole);
    }
    world_done(&w);
}

/* How far rules look, by their texts. */
static void test_reach__follows_from_the_text(void **unused)
{
    (void)unused;
    static const struct {
        const char *text;
        bool is;
        int64_t back_days, ahead_days; /* ahead: without what zones may differ by */
    } rows[] = {
        {"count: lodging.checkin\nat least: 3\nwithin: 30d\n", true, 30, 0},
        {"with:\n  a: count lodging.checkin within 3d\n  b: last licence.status\nwhile: a > 1 && b "
         "!= null\n",
         true, 3, 0},
        {"with:\n  a: count lodging.checkin within 3d\n  b: count lodging.checkin where a > 1 "
         "within "
         "5d\nwhile: b > 1\n",
         true, 8, 0},
        {"with:\n  a: count lodging.checkin within 3d\n  b: count lodging.checkin where a > "
         "1\nwhile: b > 1\n",
         false, 0, 0},
        {"with:\n  a: open(doc) lodging.checkin until lodging.checkin where has(room)\nwhile: "
         "size(a) > 1\n",
         true, 0, 0},
        {"with:\n  a: open lodging.checkin from reported_at\nwhile: a != null\n", false, 0, 0},
        {"with:\n  a: count lodging.checkin within 3d\n  b: open lodging.checkin until "
         "lodging.checkin where a > 1\nwhile: b != null\n",
         false, 0, 0},
        {"count: lodging.checkin\nat least: 3\nwithin: 30d\neach: room\n", false, 0, 0},
        {"count: lodging.checkin\nat least: 3\nwithin: 30d\nupdate: change\n", true, 30, 0},
        {"count: lodging.checkin\nat least: 3\nwithin: 30d\nonce per: subject\n", false, 0, 0},
        {"when: lodging.checkin as r\nunless: lodging.checkin\nby: end_of_day(r.date + days(14))\n",
         true, 0, 14},
        {"when: lodging.checkin as r\nunless: lodging.checkin\nby: r.occurred_at + "
         "duration(\"36h\") + days(setting(\"test.days\", 1))\n",
         true, 0, 6},
        {"when: lodging.checkin as r\nunless: lodging.checkin\nby: end_of_day(r.planned_out)\n",
         true, 0, 0},
        {"when: lodging.checkin as r\nby: end_of_day(r.planned_out)\n", false, 0, 0},
        {"when: lodging.checkin as r\nunless: lodging.checkin\nby: r.occurred_at + days(2)\nmoved "
         "by: licence.status to deadline + days(1)\n",
         true, 0, 0},
        {"when: lodging.checkin as r\nsince: r.reported_at\nunless: lodging.checkin\nby: "
         "end_of_day(r.planned_out)\n",
         false, 0, 0},
        {"when: lodging.checkin as r\n", true, 0, 0},
        {"when:\n  - lodging.checkin as a\n  - lodging.checkin as b\nwithin: 3d\n", true, 0, 3},
        {"when:\n  - lodging.checkin as a\n  - lodging.checkin as b\n", false, 0, 0},
        {"when: lodging.checkin as r\nuntil: lodging.checkin\n", false, 0, 0},
    };
    for (size_t i = 0; i < KTG_COUNT(rows); i++) {
        char text[600];
        struct world w;
        snprintf(text, sizeof text, "rule: r\nper: property\nstatus: internal\n%s", rows[i].text);
        world_init(&w, text, "settings:\n  test.days: 5\n");
        const struct ktg_reach *reach = ktg_rule_reach(ktg_ruleset_rule(w.rs, 0));
        if (reach->is != rows[i].is)
            fail_msg("%s", rows[i].text);
        assert_int_equal(reach->back, rows[i].back_days * KTG_DAY_MS);
        if (rows[i].ahead_days)
            assert_in_range(reach->ahead, rows[i].ahead_days * KTG_DAY_MS,
                            (rows[i].ahead_days + 3) * KTG_DAY_MS);
        world_done(&w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_recent__the_end_of_a_timeline_answers_like_the_whole),
        cmocka_unit_test(test_reach__follows_from_the_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
