/* tests/unit/rules/engine/test_screen.c - names against lists: nobody is missed, rules come and go, and it explains itself.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>
#include <stdlib.h>

#include "bench/names_made.h"
#include "rules/engine/named.h"
#include "rules/engine/player.h"
#include "tests/unit/rules/engine/world.h"

/* ---- from an entry to persons -------------------------------------------------------------------------------------- */

enum { PEOPLE = 1500, ENTRIES = 300 };

static void read(struct ktg_normaliser *n, const struct ktg_made_name *m, struct ktg_arena *a,
                 struct ktg_tokens *to)
{
    struct ktg_name_text t = {ktg_bytes_str(m->surname), ktg_bytes_str(m->given),
                              ktg_bytes_str(m->born)};
    assert_int_equal(ktg_name_read(n, &t, a, to), KTG_OK);
}

static int found(void *arg, struct ktg_bytes identifier)
{
    char text[16] = {0};
    bool *seen = arg;
    assert_true(identifier.size < sizeof text);
    memcpy(text, identifier.data, identifier.size);
    seen[atoi(text + 1)] = true;
    return KTG_OK;
}

static void test_named__finds_everybody_whom_an_entry_may_mean(void **unused)
{
    (void)unused;
    static struct ktg_tokens people[PEOPLE];
    struct ktg_made_name made[PEOPLE];
    struct ktg_normaliser *n = NULL;
    struct ktg_state *state;
    struct ktg_arena keep = KTG_ARENA_INIT, arena = KTG_ARENA_INIT;
    uint64_t seed = 11;
    size_t alike = 0, asked = 0;
    assert_int_equal(ktg_normaliser_new(&n), KTG_OK);
    assert_int_equal(ktg_state_new(NULL, &state), KTG_OK);
    for (int i = 0; i < PEOPLE; i++) {
        char id[16];
        snprintf(id, sizeof id, "P%d", i);
        ktg_made_name(&seed, &made[i]);
        read(n, &made[i], &keep, &people[i]);
        for (int twice = 0; twice < 2; twice++) /* the second time changes nothing */
            assert_int_equal(ktg_named_add(state, ktg_bytes_str(id), &people[i]), KTG_OK);
    }
    for (int i = 0; i < ENTRIES; i++) {
        struct ktg_made_name other = made[ktg_made_random(&seed) % PEOPLE];
        struct ktg_tokens entry;
        bool seen[PEOPLE] = {false};
        if (i % 4)
            ktg_made_distort(&seed, &other);
        read(n, &other, &arena, &entry);
        assert_int_equal(ktg_named_find(state, &arena, &entry, found, seen), KTG_OK);
        for (int k = 0; k < PEOPLE; k++) {
            int points = ktg_name_score(&people[k], &entry, NULL);
            alike += points > 0;
            asked += seen[k];
            if (points && !seen[k])
                fail_msg("%s, %s %s is missed: %d", made[k].surname, made[k].given, made[k].born,
                         points);
        }
        ktg_arena_reset(&arena);
    }
    assert_true(alike > ENTRIES / 2);
    assert_true(asked < alike * 10); /* and it is no scan */
    ktg_arena_done(&arena);
    ktg_arena_done(&keep);
    ktg_state_free(state);
    ktg_normaliser_free(n);
}

/* ---- rules come and go --------------------------------------------------------------------------------------------- */

static int write_short(void *arg, const struct ktg_op *op)
{
    static const char *const kinds[] = {"raise", "amend", "withdraw", "unknown"};
    ktg_buf_printf(arg, "%s %.*s %.*s; ", kinds[op->kind], (int)op->rule.size,
                   (const char *)op->rule.data, (int)op->subject.size,
                   (const char *)op->subject.data);
    return KTG_OK;
}

static const char *const screening =
    "rule: like\ntitle: {id: a, en: a}\nper: person\nstatus: shadow\nwith:\n"
    "  listed: >-\n    open(has(w.entry) ? w.entry : w.id) watchlist.entry(like) as w where w.op "
    "!= "
    "\"remove\" until watchlist.entry(like) as w where w.op == \"remove\"\n"
    "  hits: match(name, listed) at least 70\neach: h in hits\nwhile: h.score > 0\n";
static const char *const plain =
    "rule: other\ntitle: {id: a, en: a}\nper: document\nstatus: shadow\nwhen: border.crossing "
    "where direction == \"refused\"\n";

static void put_rules(struct ktg_player *p, struct ktg_player **make, const char *rules,
                      const struct ktg_player_options *o, ktg_time at)
{
    struct world w;
    struct ktg_err err = KTG_ERR_INIT;
    world_init(&w, rules, NULL);
    if (make ? ktg_player_new(ktg_buf_view(&w.bundle), o, make, &err)
             : ktg_player_ruleset(p, ktg_buf_view(&w.bundle), at, &err))
        fail_msg("%s", err.text);
    world_done(&w);
}

static void test_screen__a_rule_that_comes_later_finds_what_came_before(void **unused)
{
    (void)unused;
    struct ktg_buf said = KTG_BUF_INIT;
    struct ktg_arena a = KTG_ARENA_INIT;
    struct ktg_err err = KTG_ERR_INIT;
    struct ktg_player *p = NULL;
    const struct ktg_story_step *steps;
    size_t count;
    bool again;
    const struct ktg_player_options o = {
        .arg = &said, .out = write_short, .ahead = KTG_DAY_MS, .lenient = true};
    const char *story =
        "border.crossing {person: P1, direction: entry, surname: SOEHARTO, given: BUDI, dob: "
        "1970-01-02} @2026-03-01T10:00\n"
        "watchlist.entry {op: add, entry: W1, list: interest, names: [{surname: BOEDI, given: "
        "SUHARTO, dob: 1970-01-02}], action: refer} @2026-03-01T11:00\n"
        "border.crossing {person: P2, direction: entry, surname: SUHARTO, given: BUDI, dob: "
        "1970-02-01} @2026-03-01T12:00\n"
        "watchlist.entry {op: remove, entry: W1, list: interest, action: refer} @2026-03-01T13:00\n"
        "watchlist.entry {op: add, list: interest, names: [{surname: SUHARTO, given: BUDI}], "
        "action: refer} @2026-03-01T14:00\n";
    put_rules(NULL, &p, plain, &o, 0);
    assert_int_equal(ktg_story_parse(ktg_ruleset_catalogue(ktg_engine_rules(ktg_player_engine(p))),
                                     ktg_bytes_str(story), "s", 1, &a, &steps, &count, &err),
                     KTG_OK);
    static const char *const rules[] = {screening, plain, screening, NULL, NULL};
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(ktg_player_event(p, steps[i].blob, steps[i].at, &again, &err), KTG_OK);
        if (i > 0 && i < COUNT(rules) && rules[i - 1]) {
            ktg_buf_put_str(&said, "| ");
            put_rules(p, NULL, rules[i - 1], &o, steps[i].at + 1000);
        }
    }
    assert_string_equal(ktg_buf_text(&said),
                        "| raise like doc:UTO:P1; "
                        "raise like doc:UTO:P2; "
                        "| withdraw like doc:UTO:P1; withdraw like doc:UTO:P2; "
                        "| raise like doc:UTO:P1; raise like doc:UTO:P2; "
                        "raise like doc:UTO:P1; raise like doc:UTO:P2; ");
    ktg_player_free(p);
    ktg_arena_done(&a);
    ktg_buf_done(&said);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_named__finds_everybody_whom_an_entry_may_mean),
        cmocka_unit_test(test_screen__a_rule_that_comes_later_finds_what_came_before),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
