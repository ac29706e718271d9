/* tests/unit/rules/engine/test_engine.c - the engine as a whole, on the shipped rules and on small ones.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "rules/engine/engine.h"

#include <stdio.h>
#include <stdlib.h>

#include "rules/engine/op.h"
#include "rules/engine/player.h"
#include "rules/engine/replay.h"
#include "rules/engine/spent.h"
#include "rules/engine/standing.h"
#include "schema/json.h"
#include "tests/unit/rules/engine/world.h"

/* ---- a journal of batches, and a store that can be left and opened again ------------------------------------------- */

enum { CLOCK, EVENT, BEAT, RULES };
struct item {
    int kind;
    struct ktg_bytes bytes; /* blob, source, bundle */
    ktg_time at;            /* CLOCK: recorded_at; BEAT: complete_until */
};
struct journal {
    struct item items[400];
    size_t count;
    struct ktg_arena arena;
    struct ktg_buf said; /* every op: position, number, JSON */
    char notices[600];
};

static int journal_event(void *arg, uint64_t pos, struct ktg_bytes *ret_blob)
{
    struct journal *j = arg;
    if (!pos || pos > j->count || j->items[pos - 1].kind != EVENT)
        return KTG_ENOTFOUND;
    *ret_blob = j->items[pos - 1].bytes;
    return KTG_OK;
}
/* Ops as bytes: position, number and object; and the payload is canonical. */
static int write_op(void *arg, const struct ktg_op *op)
{
    struct journal *j = arg;
    struct ktg_wire_limits limits = KTG_WIRE_LIMITS;
    struct ktg_err err = KTG_ERR_INIT;
    if (ktg_wire_check(op->payload, &limits, &err))
        fail_msg("not canonical: %s", err.text);
    ktg_buf_printf(&j->said, "%llu.%u ", (unsigned long long)op->pos, op->n);
    int rc = ktg_op_print(op, &j->said);
    ktg_buf_put_str(&j->said, "\n");
    return rc;
}
static void note(void *arg, const struct ktg_notice *n)
{
    struct journal *j = arg;
    snprintf(j->notices + strlen(j->notices), sizeof j->notices - strlen(j->notices), "%s %.*s;",
             n->what, (int)n->rule.size, (const char *)n->rule.data);
}

/* The journal of a story: a batch per line, and an empty one now and then. */
static void journal_make(struct journal *j, const struct world *w, const char *story)
{
    const struct ktg_story_step *steps;
    size_t count;
    struct ktg_err err = KTG_ERR_INIT;
    ktg_time clock = 0;
    *j = (struct journal){.arena = KTG_ARENA_INIT};
    if (ktg_story_parse(ktg_ruleset_catalogue(w->rs), ktg_bytes_str(story), "story", 1, &j->arena,
                        &steps, &count, &err))
        fail_msg("%s", err.text);
    j->items[j->count++] = (struct item){CLOCK, KTG_BYTES_NONE, steps[0].at - 1};
    j->items[j->count++] = (struct item){RULES, ktg_buf_view(&w->bundle), 0};
    for (size_t i = 0; i < count; i++) {
        assert_true(j->count + 3 < COUNT(j->items));
        ktg_time at = steps[i].at > clock ? steps[i].at : clock + 1;
        if (steps[i].kind != KTG_STORY_SILENT) {
            clock = at;
            j->items[j->count++] = (struct item){CLOCK, KTG_BYTES_NONE, clock};
        }
        if (steps[i].kind == KTG_STORY_EVENT)
            j->items[j->count++] = (struct item){EVENT, steps[i].blob, 0};
        if (steps[i].kind == KTG_STORY_SILENT)
            j->items[j->count++] = (struct item){BEAT, steps[i].name, steps[i].at};
    }
}

static uint64_t target_of(struct journal *j, const struct world *w, size_t i)
{
    struct ktg_event e, t;
    assert_int_equal(ktg_event_read(ktg_ruleset_catalogue(w->rs), j->items[i].bytes, &e, NULL),
                     KTG_OK);
    const uint8_t *id = e.supersedes ? e.supersedes : e.retracts;
    for (size_t k = 0; id && k < i; k++) {
        if (j->items[k].kind == EVENT &&
            !ktg_event_read(ktg_ruleset_catalogue(w->rs), j->items[k].bytes, &t, NULL) &&
            memcmp(t.id, id, 16) == 0)
            return k + 1;
    }
    return 0;
}

static void play(struct ktg_engine *e, struct journal *j, const struct world *w, size_t from,
                 size_t to)
{
    struct ktg_err err = KTG_ERR_INIT;
    for (size_t i = from; i < to; i++) {
        const struct item *x = &j->items[i];
        int rc = KTG_OK;
        switch (x->kind) {
        case CLOCK:
            rc = ktg_engine_clock(e, i + 1, x->at, &err);
            break;
        case EVENT:
            rc = ktg_engine_event(e, i + 1, x->bytes, target_of(j, w, i), &err);
            break;
        case BEAT:
            rc = ktg_engine_heartbeat(
                e, i + 1,
                &(struct ktg_beat){
                    .source = x->bytes, .at = x->at, .complete_until = x->at, .period = 60},
                &err);
            break;
        default:
            rc = ktg_engine_ruleset(e, i + 1, x->bytes, &err);
        }
        if (!rc && (i + 1 == j->count || j->items[i + 1].kind == CLOCK))
            rc = ktg_engine_settle(e, &err);
        if (rc)
            fail_msg("item %zu: %s", i, err.text);
        assert_int_equal(ktg_engine_position(e), i + 1);
    }
}

/* A store over another map of records. */
static int store_get(void *arg, struct ktg_bytes key, struct ktg_bytes *ret_value)
{
    return ktg_state_get(arg, key, ret_value);
}
static int store_scan(void *arg, struct ktg_bytes prefix, ktg_state_each *each, void *each_arg)
{
    return ktg_state_scan(arg, prefix, each, each_arg);
}
static int store_put(void *arg, struct ktg_bytes key, struct ktg_bytes value)
{
    return ktg_state_put(arg, key, value);
}
static int store_del(void *arg, struct ktg_bytes key, struct ktg_bytes value)
{
    (void)value;
    return ktg_state_del(arg, key);
}

static const char *const week =
    "silent POST.A since 2026-03-20T10:00\n"
    "sponsor.link {person: P1, action: add, sponsor: {kind: company, id: \"9120001\"}, relation: "
    "employer} @2026-02-01T10:00\n"
    "sponsor.link {person: P2, action: add, sponsor: {kind: company, id: \"9120001\"}, relation: "
    "employer} @2026-02-02T10:00\n"
    "border.crossing {person: P1, direction: entry, visa_index: B1, permitted_until: 2026-03-05} "
    "@2026-02-03T10:00 as e1\n"
    "border.crossing {person: P2, direction: entry, visa_index: B1, permitted_until: 2026-03-25} "
    "@2026-02-04T10:00 from POST.A\n"
    "lodging.checkin {person: P1, property: H1, surname: SOEHARTO, given: BUDI, dob: 1974-08-12} "
    "@2026-02-04T20:00\n"
    "watchlist.entry {op: add, entry: W7, list: interest, names: [{surname: SUHARTO, given: BOEDI, "
    "dob: 1974-08-12}], action: refer} @2026-02-05T08:00 as w7\n"
    "lodging.checkin {person: P2, property: H1, surname: SUHARTO, given: BUDI, dob: 1974-12-08} "
    "@2026-02-06T20:00\n"
    "licence.status {nib: \"9120001\", kind: PMA, status: revoked} @2026-03-05T08:00\n"
    "watchlist.entry {op: add, entry: W1, list: tangkal, docs: [P2], owner: POL, action: refer} "
    "@2026-03-06T08:00\n"
    "document.status {doc: P1, status: renewed, replaced_by: P3} @2026-03-07T10:00 as t1\n"
    "watchlist.entry {op: update, entry: W7, list: interest, names: [{surname: SUHARTO, given: "
    "ANNA, dob: 1974-08-12}], action: refer} @2026-03-07T11:00 as w8\n"
    "retract w8 @2026-03-07T12:00\n"
    "border.crossing {person: P3, direction: entry, visa_index: B1, permitted_until: 2026-04-25} "
    "@2026-03-08T10:00\n"
    "retract t1 @2026-03-09T10:00\n"
    "border.crossing {person: P1, direction: exit} @2026-03-01T10:00 arrives 2026-03-12T10:00 as "
    "x1\n"
    "retract x1 @2026-03-13T10:00 as r1\n"
    "permit.status {person: P1, action: extended, until: 2026-03-20} @2026-03-04T10:00 arrives "
    "2026-03-14T10:00\n"
    "border.crossing {person: P2, direction: exit} @2026-03-26T10:00 from POST.A\n"
    "clock @2026-03-28T00:00:00.001+07:00\n"
    "border.crossing {person: P1, direction: entry, visa_index: B1, permitted_until: 2026-03-29} "
    "@2026-02-03T10:00 arrives "
    "2026-03-29T10:00 supersedes e1\n"
    "clock @2026-04-30T00:00\n";

static const struct ktg_engine_world *outside(struct journal *j)
{
    static struct ktg_engine_world w;
    w = (struct ktg_engine_world){
        .arg = j, .event_at = journal_event, .out = write_op, .notice = note};
    return &w;
}

/* Play the journal, leaving the engine after every `step` items: what is dirty goes to the store, and another engine
 * on another map goes on. */
static void play_in_steps(struct journal *j, const struct world *w, size_t step)
{
    struct ktg_state *store, *state;
    struct ktg_engine *e;
    struct ktg_err err = KTG_ERR_INIT;
    assert_int_equal(ktg_state_new(NULL, &store), KTG_OK);
    const struct ktg_records records = {store, store_get, store_scan};
    ktg_buf_clear(&j->said);
    for (size_t i = 0; i < j->count; i += step) {
        size_t end = i + step < j->count ? i + step : j->count;
        assert_int_equal(ktg_state_new(&records, &state), KTG_OK);
        if (ktg_engine_new(state, outside(j), &e, &err))
            fail_msg("opened at %zu: %s", i, err.text);
        assert_int_equal(ktg_engine_position(e), i);
        size_t half = i + (end - i) / 2; /* and once without opening again: clean in between */
        play(e, j, w, i, half);
        const struct ktg_changes *f;
        size_t third = half + (end - half) / 2; /* written while the engine has gone on */
        assert_int_equal(ktg_state_freeze(state, &f), KTG_OK);
        play(e, j, w, half, third);
        assert_int_equal(ktg_changes_write(f, store_put, store_del, store), KTG_OK);
        ktg_changes_free(ktg_state_forget(state));
        play(e, j, w, third, end);
        assert_int_equal(ktg_state_freeze(state, &f), KTG_OK);
        assert_int_equal(ktg_changes_write(f, store_put, store_del, store), KTG_OK);
        ktg_engine_free(e);
        ktg_state_free(state);
    }
    ktg_state_free(store);
}

static void test_engine__left_at_any_record_and_opened_again_it_says_the_same_bytes(void **unused)
{
    (void)unused;
    struct world w;
    struct journal j;
    world_init(&w, NULL, NULL);
    journal_make(&j, &w, week);
    play_in_steps(&j, &w, j.count);
    struct ktg_buf whole = j.said;
    j.said = (struct ktg_buf)KTG_BUF_INIT;
    assert_non_null(strstr(ktg_buf_text(&whole), "\"op\":\"unknown\""));
    assert_non_null(strstr(ktg_buf_text(&whole), "\"reason\":\"split\""));
    assert_non_null(strstr(ktg_buf_text(&whole), "\"rule\":\"watchlist-fuzzy\""));
    assert_non_null(strstr(ktg_buf_text(&whole), "\"reason\":\"late-event\""));
    for (size_t step = 1; step < j.count; step += step < 4 ? 1 : 5) {
        play_in_steps(&j, &w, step);
        if (!ktg_bytes_eq(ktg_buf_view(&whole), ktg_buf_view(&j.said)))
            fail_msg("left after every %zu: \n%s\nwhole:\n%s", step, ktg_buf_text(&j.said),
                     ktg_buf_text(&whole));
    }
    ktg_buf_done(&whole);
    ktg_buf_done(&j.said);
    ktg_arena_done(&j.arena);
    world_done(&w);
}

/* ---- stories: what is said, in short ------------------------------------------------------------------------------- */

struct short_ops {
    struct ktg_buf text; /* "raise P1 a r1 event;": op, subject, label as a letter, rev, reason */
    uint8_t labels[26][16];
    size_t label_count;
};

static int write_short(void *arg, const struct ktg_op *op)
{
    struct short_ops *s = arg;
    size_t i = 0;
    struct ktg_wire_value reason;
    while (i < s->label_count && memcmp(s->labels[i], op->finding, 16) != 0)
        i++;
    if (i == s->label_count)
        memcpy(s->labels[s->label_count++], op->finding, 16);
    assert_true(ktg_wire_get(op->payload, "reason", &reason));
    size_t cut = op->subject.size > 8 && memcmp(op->subject.data, "doc:UTO:", 8) == 0 ? 8 : 0;
    ktg_buf_printf(&s->text, "%s %.*s %c%u %.*s; ", ktg_op_name(op->kind),
                   (int)(op->subject.size - cut), (const char *)op->subject.data + cut,
                   (char)('a' + i), op->rev, (int)reason.bytes.size,
                   (const char *)reason.bytes.data);
    return KTG_OK;
}

/* What one rule (a text) says of a story. */
static void tell(const char *rules, const char *story, const char *want)
{
    struct world w;
    struct ktg_arena a = KTG_ARENA_INIT;
    struct short_ops said = {.text = KTG_BUF_INIT};
    struct ktg_err err = KTG_ERR_INIT;
    struct ktg_player *p;
    const struct ktg_story_step *steps;
    size_t count;
    world_init(&w, rules, NULL);
    const struct ktg_player_options o = {
        .arg = &said, .out = write_short, .ahead = KTG_DAY_MS, .lenient = true};
    if (ktg_story_parse(ktg_ruleset_catalogue(w.rs), ktg_bytes_str(story), "story", 1, &a, &steps,
                        &count, &err) ||
        ktg_player_new(ktg_buf_view(&w.bundle), &o, &p, &err))
        fail_msg("%s", err.text);
    for (size_t i = 0; i < count; i++) {
        bool again;
        int rc = steps[i].kind == KTG_STORY_CLOCK
                     ? ktg_player_reach(p, steps[i].at, &err)
                     : ktg_player_event(p, steps[i].blob, steps[i].at, &again, &err);
        if (rc)
            fail_msg("line %d: %s", steps[i].line, err.text);
    }
    if (strcmp(ktg_buf_text(&said.text), want) != 0)
        fail_msg("said:   %s\nwanted: %s", ktg_buf_text(&said.text), want);
    ktg_player_free(p);
    ktg_buf_done(&said.text);
    ktg_arena_done(&a);
    world_done(&w);
}

static const char *const two_in_ten =
    "rule: busy\ntitle: {id: a, en: a}\nper: person\nstatus: shadow\n"
    "count: lodging.checkin\nat least: 2\nwithin: 10m\nupdate: change\n";

static void
test_engine__a_breach_keeps_its_label_while_its_anchor_moves_and_what_splits_off_gets_another(
    void **unused)
{
    (void)unused; /* ENGINE.md 10, trap 1, in minutes of one hour */
    tell(two_in_ten,
         "lodging.checkin {person: P1} @2026-03-01T10:20 as a\n"
         "lodging.checkin {person: P1} @2026-03-01T10:25 arrives 2026-03-01T10:27\n"
         "lodging.checkin {person: P1} @2026-03-01T10:16 arrives 2026-03-01T10:28\n"
         "lodging.checkin {person: P1} @2026-03-01T10:12 arrives 2026-03-01T10:29\n"
         "clock @2026-03-01T11:00\n"
         "retract a @2026-03-01T12:00\n",
         "raise P1 a1 event; "      /* 25 */
         "amend P1 a2 late-event; " /* 20 */
         "amend P1 a3 late-event; " /* 16 */
         "amend P1 a4 clock; "      /* 20 + 10: over */
         "amend P1 a5 retraction; " /* [16, 22) */
         "raise P1 b1 retraction; ") /* [25, 26): its label n = 0 is still borne by the first */;
}

static const char *const visits =
    "rule: visit\ntitle: {id: a, en: a}\nper: person\nstatus: shadow\n"
    "when: border.crossing as e where direction == \"entry\"\n"
    "unless: border.crossing where direction == \"exit\"\n"
    "by: e.occurred_at + duration(\"1h\")\n";

static void test_engine__findings_follow_a_person_through_merge_and_split(void **unused)
{
    (void)unused;
    tell(visits,
         "border.crossing {person: P2, direction: entry} @2026-03-01T10:00\n"
         "border.crossing {person: P3, direction: entry} @2026-03-01T10:30\n"
         "clock @2026-03-01T12:00\n"
         "document.status {doc: P2, status: renewed, replaced_by: P1} @2026-03-01T13:00 as t1\n"
         "document.status {doc: P2, status: renewed, replaced_by: P3} @2026-03-01T14:00 as t2\n"
         "retract t2 @2026-03-01T15:00\n"
         "retract t1 @2026-03-01T16:00\n",
         "raise P2 a1 clock; raise P3 b1 clock; "
         "amend P1 a2 merge; "
         "amend P1 b2 merge; "
         "amend P3 b3 split; "
         "amend P2 a3 split; ");
}

static void test_engine__two_names_one_breach_the_earlier_stays(void **unused)
{
    (void)unused;
    tell("rule: stay\ntitle: {id: a, en: a}\nper: person\nstatus: shadow\n"
         "with:\n  stay: open border.crossing where direction == \"entry\" until border.crossing "
         "where direction == \"exit\"\n"
         "while: stay != null\nupdate: change\n",
         "border.crossing {person: P1, direction: entry} @2026-03-01T10:00\n"
         "border.crossing {person: P2, direction: entry} @2026-03-02T10:00\n"
         "border.crossing {person: P2, direction: exit} @2026-03-03T10:00\n"
         "border.crossing {person: P1, direction: exit, prev_doc: P2} @2026-03-04T10:00 as x\n"
         "retract x @2026-03-05T10:00\n",
         "raise P1 a1 event; raise P2 b1 event; amend P2 b2 event; "
         "amend P1 a2 merge; withdraw P2 b3 merge; "
         "amend P1 a3 split; raise P2 b4 split; ");
}

static void test_engine__an_event_dated_ahead_counts_from_its_time(void **unused)
{
    (void)unused;
    tell("rule: entry\ntitle: {id: a, en: a}\nper: person\nstatus: shadow\nwhen: border.crossing\n",
         "border.crossing {person: P1} @2026-03-01T10:04 arrives 2026-03-01T10:00\n"
         "border.crossing {person: P2} @2026-03-01T10:01\n"
         "border.crossing {person: P3} @2026-03-01T10:09 arrives 2026-03-01T10:05 as x\n"
         "retract x @2026-03-01T10:06\n"
         "clock @2026-03-01T11:00\n",
         "raise P2 a1 event; raise P1 b1 clock; ");
}

static void test_engine__corrections_in_every_order_of_arrival(void **unused)
{
    (void)unused;
    static const char *const rule =
        "rule: entry\ntitle: {id: a, en: a}\nper: person\nstatus: shadow\n"
        "when: border.crossing where direction == \"entry\"\n";
    tell(rule,
         "border.crossing {person: P1, direction: entry} @2026-03-01T10:00 as x\n"
         "border.crossing {person: P2, direction: entry} @2026-03-01T10:00 arrives "
         "2026-03-01T11:00 supersedes x as y\n"
         "retract y @2026-03-01T12:00\n",
         "raise P1 a1 event; withdraw P1 a2 correction; raise P2 b1 correction; "
         "raise P1 a3 retraction; withdraw P2 b2 retraction; ");
    tell(
        rule, /* the story's order gives the ids; the correction itself is told before its target */
        "border.crossing {person: P3, direction: exit} @2026-03-01T09:00 as x\n"
        "border.crossing {person: P1, direction: entry} @2026-03-01T10:00 supersedes x as y\n"
        "border.crossing {person: P2, direction: entry} @2026-03-01T10:00 arrives 2026-03-01T11:00 "
        "supersedes x\n"
        "retract y @2026-03-01T12:00\n",
        "raise P1 a1 correction; withdraw P1 a2 correction; raise P2 b1 correction; ");
}

/* ---- another rule set ---------------------------------------------------------------------------------------------- */

static void bundle_of(struct ktg_files *f, const char *rules, const char *lists,
                      const char *extra_type, struct ktg_buf *to)
{
    struct ktg_err err = KTG_ERR_INIT;
    *f = (struct ktg_files)KTG_FILES_INIT;
    ktg_buf_clear(to);
    int rc = ktg_files_read(f, KTG_SOURCE_DIR "/schema", "", &err);
    if (!rc)
        rc = ktg_files_put(f, "rules/test.yaml", ktg_bytes_str(rules), &err);
    if (!rc)
        rc = ktg_files_put(f, "lists/test.yaml", ktg_bytes_str(lists), &err);
    if (!rc && extra_type)
        rc = ktg_files_put(f, "events/aaa.first.yaml", ktg_bytes_str(extra_type), &err);
    if (!rc)
        rc = ktg_bundle_encode(f->at, f->count, to);
    if (rc)
        fail_msg("%s", err.text);
    ktg_files_done(f);
}

static void test_engine__another_list_rule_or_catalogue_answers_everything_again(void **unused)
{
    (void)unused;
    static const char *const listed =
        "rule: listed\ntitle: {id: a, en: a}\nper: person\nstatus: shadow\n"
        "when: border.crossing where post in list(\"bad\")\n";
    static const char *const edited =
        "rule: listed\ntitle: {id: a, en: a}\nper: person\nstatus: shadow\n"
        "when: border.crossing where post in list(\"bad\") && direction == \"entry\"\n";
    static const char *const other =
        "rule: other\ntitle: {id: a, en: a}\nper: person\nstatus: shadow\nwhen: border.crossing\n";
    static const char *const hidden = "rule: other\ntitle: {id: a, en: a}\nper: person\nstatus: "
                                      "internal\nwhen: border.crossing\n";
    static const char *const type = "type: aaa.first\ntitle: {id: a, en: a}\nfrom: [any]\nfields:\n"
                                    "  doc: {type: doc, subject: person, sens: identity}\n";
    struct ktg_files f;
    struct ktg_buf bundle = KTG_BUF_INIT;
    struct short_ops said = {.text = KTG_BUF_INIT};
    struct ktg_err err = KTG_ERR_INIT;
    struct ktg_arena a = KTG_ARENA_INIT;
    struct ktg_player *p;
    const struct ktg_story_step *steps;
    size_t count;
    bool again;
    const struct ktg_player_options o = {
        .arg = &said, .out = write_short, .ahead = KTG_DAY_MS, .lenient = true};
    bundle_of(&f, listed, "bad: [ARUK, BADAU]\n", NULL, &bundle);
    if (ktg_player_new(ktg_buf_view(&bundle), &o, &p, &err))
        fail_msg("%s", err.text);
    const char *story =
        "border.crossing {person: P1, post: ARUK, direction: entry, prev_doc: P9} "
        "@2026-03-01T10:00\n"
        "border.crossing {person: P2, post: ARUK, direction: exit} @2026-03-01T11:00\n"
        "border.crossing {person: P3, post: BADAU, direction: entry} @2026-03-01T12:00\n";
    assert_int_equal(ktg_story_parse(ktg_ruleset_catalogue(ktg_engine_rules(ktg_player_engine(p))),
                                     ktg_bytes_str(story), "s", 1, &a, &steps, &count, &err),
                     KTG_OK);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(ktg_player_event(p, steps[i].blob, steps[i].at, &again, &err), KTG_OK);
    const struct {
        const char *rules, *lists, *type;
    } changes[] = {{listed, "bad: [ARUK]\n", NULL}, {edited, "bad: [ARUK]\n", NULL},
                   {edited, "bad: [ARUK]\n", type}, {other, "bad: []\n", type},
                   {hidden, "bad: []\n", NULL},     {other, "bad: []\n", NULL}};
    for (size_t i = 0; i < COUNT(changes); i++) {
        ktg_buf_put_str(&said.text, "| ");
        bundle_of(&f, changes[i].rules, changes[i].lists, changes[i].type, &bundle);
        if (ktg_player_ruleset(p, ktg_buf_view(&bundle), steps[2].at + 1000, &err))
            fail_msg("%s", err.text);
    }
    assert_string_equal(
        ktg_buf_text(&said.text),
        "raise P1 a1 event; raise P2 b1 event; raise P3 c1 event; "
        "| withdraw P3 c2 list-changed; "
        "| withdraw P2 b2 rule-changed; "
        "| " /* other numbers of all types, and nothing to say */
        "| withdraw P1 a2 rule-changed; raise P1 d1 rule-changed; raise P2 e1 rule-changed; "
        "raise P3 f1 rule-changed; "
        "| withdraw P1 d2 rule-changed; withdraw P2 e2 rule-changed; withdraw P3 f2 rule-changed; "
        "| raise P1 d3 rule-changed; raise P2 e3 rule-changed; raise P3 f3 rule-changed; ");
    bundle_of(&f, "rule: broken\n", "bad: []\n", NULL, &bundle);
    size_t before = said.text.size;
    assert_int_equal(ktg_player_ruleset(p, ktg_buf_view(&bundle), steps[2].at + 2000, &err),
                     KTG_EINVALID);
    assert_int_equal(said.text.size, before);
    assert_non_null(ktg_ruleset_find(ktg_engine_rules(ktg_player_engine(p)), KTG_LIT("other")));
    ktg_player_free(p);
    ktg_buf_done(&bundle);
    ktg_buf_done(&said.text);
    ktg_arena_done(&a);
}

/* ---- silence ------------------------------------------------------------------------------------------------------- */

static void test_engine__two_days_offline_and_the_heartbeat_first_is_no_accusation(void **unused)
{
    (void)unused; /* DECISIONS 5 */
    struct world w;
    struct ktg_arena a = KTG_ARENA_INIT;
    struct short_ops said = {.text = KTG_BUF_INIT};
    struct ktg_err err = KTG_ERR_INIT;
    struct ktg_player *p;
    const struct ktg_story_step *s;
    size_t count;
    bool again;
    world_init(&w,
               "rule: late\ntitle: {id: a, en: a}\nper: person\nstatus: shadow\nwhen: "
               "border.crossing as e where direction == "
               "\"entry\"\nunless: border.crossing where direction == \"exit\"\nby: e.occurred_at "
               "+ duration(\"24h\")\n"
               "needs: [border.crossing fresh within 6h]\n",
               NULL);
    const struct ktg_player_options o = {
        .arg = &said, .out = write_short, .ahead = KTG_DAY_MS, .lenient = true};
    assert_int_equal(ktg_player_new(ktg_buf_view(&w.bundle), &o, &p, &err), KTG_OK);
    const char *story =
        "border.crossing {person: P1, direction: entry} @2026-03-01T10:00 from POST.A\n"
        "border.crossing {person: P1, direction: exit} @2026-03-01T20:00 arrives 2026-03-03T20:10 "
        "from POST.A\n";
    assert_int_equal(ktg_story_parse(ktg_ruleset_catalogue(w.rs), ktg_bytes_str(story), "s", 1, &a,
                                     &s, &count, &err),
                     KTG_OK);
    ktg_time hour = 3600000, ten = s[0].at;
    struct ktg_beat beat = {.source = KTG_LIT("POST.A"), .at = ten, .complete_until = ten};
    assert_int_equal(ktg_player_heartbeat(p, &beat, ten, &err), KTG_OK);
    assert_int_equal(ktg_player_event(p, s[0].blob, ten, &again, &err), KTG_OK);
    assert_int_equal(ktg_player_reach(p, ten + 50 * hour, &err), KTG_OK);
    assert_string_equal(ktg_buf_text(&said.text), "unknown P1 a1 source-silent; ");
    /* back at 20:00 two days later; the exit is still in its outbox, so it vouches for the time before only */
    beat.at = ten + 58 * hour;
    beat.complete_until = ten + 10 * hour - 1;
    assert_int_equal(ktg_player_heartbeat(p, &beat, beat.at, &err), KTG_OK);
    assert_int_equal(ktg_player_event(p, s[1].blob, s[1].at, &again, &err), KTG_OK);
    assert_string_equal(ktg_buf_text(&said.text),
                        "unknown P1 a1 source-silent; withdraw P1 a2 late-event; ");
    ktg_player_free(p);
    ktg_buf_done(&said.text);
    ktg_arena_done(&a);
    world_done(&w);
}

/* ---- when things fail ----------------------------------------------------------------------------------------------- */

static void test_engine__no_memory_is_an_error_and_nothing_leaks(void **unused)
{
    (void)unused;
    struct world w;
    struct journal j;
    struct ktg_err err;
    world_init(&w, two_in_ten, NULL);
    journal_make(&j, &w,
                 "lodging.checkin {person: P1, prev_doc: P2} @2026-03-01T10:20 as a\n"
                 "lodging.checkin {person: P1} @2026-03-01T10:25\n"
                 "retract a @2026-03-01T12:00\n");
    bool ended = false;
    for (int64_t n = 0; n < 4000 && !ended; n += n < 200 ? 1 : 37) {
        struct ktg_state *state;
        struct ktg_engine *e = NULL;
        int rc = KTG_OK;
        err = (struct ktg_err)KTG_ERR_INIT;
        assert_int_equal(ktg_state_new(NULL, &state), KTG_OK);
        assert_int_equal(ktg_engine_new(state, outside(&j), &e, &err), KTG_OK);
        assert_int_equal(ktg_engine_clock(e, 1, j.items[0].at, &err), KTG_OK);
        assert_int_equal(ktg_engine_ruleset(e, 2, j.items[1].bytes, &err), KTG_OK);
        ktg_mem_fail_after(n);
        for (size_t i = 2; i < j.count && !rc; i++)
            rc = j.items[i].kind == CLOCK ? ktg_engine_clock(e, i + 1, j.items[i].at, &err)
                                          : ktg_engine_event(e, i + 1, j.items[i].bytes, 0, &err);
        ended = ktg_mem_failed() == 0;
        ktg_mem_fail_after(-1);
        if (!ended && rc)
            assert_int_equal(rc, KTG_ENOMEM);
        ktg_engine_free(e);
        ktg_state_free(state);
    }
    assert_true(ended);
    ktg_buf_done(&j.said);
    ktg_arena_done(&j.arena);
    world_done(&w);
}

#define GREEDY /* three events to the power of eighteen */                                       \
    "rule: greedy\ntitle: {id: a, en: a}\nper: person\nstatus: shadow\nwith:\n  xs: all "        \
    "lodging.checkin\n"                                                                          \
    "when: lodging.checkin\nwhere: xs.all(a, xs.all(b, xs.all(c, xs.all(d, xs.all(e, xs.all(f, " \
    "xs.all(g, xs.all(h, "                                                                       \
    "xs.all(i, xs.all(j, xs.all(k, xs.all(l, xs.all(m, xs.all(n, xs.all(o, xs.all(p, xs.all(q, " \
    "xs.all(r, a.property == "                                                                   \
    "r.property))))))))))))))))))\n---\n"                                                        \
    "rule: modest\ntitle: {id: a, en: a}\nper: person\nstatus: shadow\nwhen: lodging.checkin\n"

static void
test_engine__a_rule_that_uses_up_its_budget_is_suspended_until_its_text_changes(void **unused)
{
    (void)unused;
    static const char *const greedy = GREEDY
        "---\n" /* answered before it, and again after it */
        "rule: a-teller\ntitle: {id: a, en: a}\nper: rule\nstatus: shadow\nwhen: rule.suspended as "
        "s\nlet:\n  why: s.why\n";
    struct world w;
    struct journal j;
    struct ktg_state *state;
    struct ktg_engine *e;
    struct ktg_err err = KTG_ERR_INIT;
    struct ktg_buf story = KTG_BUF_INIT, changed = KTG_BUF_INIT;
    for (int i = 0; i < KTG_SPENT_MOST * 4; i++) /* about one after the other */
        ktg_buf_printf(&story,
                       "lodging.checkin {person: P%d, property: H1} @2026-03-01T%02d:%02d\n", i / 4,
                       10 + i / 60, i % 60);
    world_init(&w, greedy, NULL);
    journal_make(&j, &w, ktg_buf_text(&story));
    assert_int_equal(ktg_state_new(NULL, &state), KTG_OK);
    assert_int_equal(ktg_engine_new(state, outside(&j), &e, &err), KTG_OK);
    play(e, &j, &w, 0, j.count);
    assert_int_equal(strlen(j.notices), KTG_SPENT_MOST * strlen("rule-over-budget greedy;") + 22);
    assert_non_null(strstr(j.notices, "greedy;rule-suspended greedy;"));
    assert_non_null(strstr(ktg_buf_text(&j.said), "greedy")); /* what it had said stands */
    const char *told = strstr(ktg_buf_text(&j.said), "\"rule\":\"a-teller\"");
    assert_non_null(told);
    assert_non_null(strstr(told, "\"why\":\"budget\""));
    assert_null(strstr(told + 1, "\"rule\":\"a-teller\""));
    assert_null(strstr(ktg_buf_text(&j.said), "withdraw"));
    ktg_engine_free(e); /* opened again it is still suspended; the other rule goes on */
    assert_int_equal(ktg_engine_new(state, outside(&j), &e, &err), KTG_OK);
    ktg_buf_clear(&j.said);
    size_t count = j.count;
    assert_int_equal(ktg_engine_clock(e, count + 1, ktg_engine_now(e) + 1000, &err), KTG_OK);
    j.items[j.count++] = (struct item){CLOCK, KTG_BYTES_NONE, ktg_engine_now(e)};
    struct ktg_arena a = KTG_ARENA_INIT;
    const struct ktg_story_step *steps;
    size_t n;
    assert_int_equal(
        ktg_story_parse(
            ktg_ruleset_catalogue(w.rs),
            ktg_bytes_str(
                "lodging.checkin {person: P99, property: H1} @2026-03-01T09:00 from X.Y\n"),
            "s", 1, &a, &steps, &n, &err),
        KTG_OK);
    j.items[j.count++] = (struct item){EVENT, steps[0].blob, 0};
    assert_int_equal(ktg_engine_event(e, j.count, steps[0].blob, 0, &err), KTG_OK);
    assert_null(strstr(ktg_buf_text(&j.said), "greedy"));
    assert_non_null(strstr(ktg_buf_text(&j.said), "modest"));
    struct ktg_files f;
    char *better = ktg_strdup(greedy);
    char *where = strstr(better, "where: ");
    memset(where, ' ', strcspn(where, "\n"));
    where[0] = '#';
    bundle_of(&f, better, "bad: []\n", NULL, &changed);
    if (ktg_engine_ruleset(e, j.count + 1, ktg_buf_view(&changed), &err))
        fail_msg("%s", err.text);
    assert_non_null(strstr(ktg_buf_text(&j.said), "greedy"));
    told = strstr(ktg_buf_text(&j.said), "\"rule\":\"a-teller\"");
    assert_non_null(told);
    assert_non_null(strstr(ktg_buf_text(&j.said), "withdraw"));
    ktg_free(better);
    ktg_arena_done(&a);
    ktg_engine_free(e);
    ktg_state_free(state);
    ktg_buf_done(&j.said);
    ktg_buf_done(&story);
    ktg_buf_done(&changed);
    ktg_arena_done(&j.arena);
    world_done(&w);
}

static void test_engine__a_state_of_another_layout_is_refused(void **unused)
{
    (void)unused;
    struct ktg_state *state;
    struct ktg_engine *e = NULL;
    struct ktg_err err = KTG_ERR_INIT;
    struct journal j = {.count = 0};
    assert_int_equal(ktg_state_new(NULL, &state), KTG_OK);
    assert_int_equal(ktg_state_put(state, KTG_LIT("m"), KTG_LIT("\x63 not ours")), KTG_OK);
    assert_int_equal(ktg_engine_new(state, outside(&j), &e, &err), KTG_ECORRUPT);
    assert_non_null(strstr(err.text, "rebuild"));
    ktg_state_free(state);
}

static void test_engine__explains_what_stands(void **unused)
{
    (void)unused;
    struct world w;
    struct journal j;
    struct ktg_state *state;
    struct ktg_engine *e;
    struct ktg_err err = KTG_ERR_INIT;
    struct ktg_buf why = KTG_BUF_INIT;
    struct ktg_wire_value v;
    uint8_t label[16];
    world_init(&w, NULL, NULL);
    journal_make(&j, &w,
                 "border.crossing {person: P1, direction: entry, permitted_until: 2026-03-05} "
                 "@2026-03-01T10:00\n"
                 "clock @2026-03-08T10:00\n");
    assert_int_equal(ktg_state_new(NULL, &state), KTG_OK);
    assert_int_equal(ktg_engine_new(state, outside(&j), &e, &err), KTG_OK);
    play(e, &j, &w, 0, j.count);
    const char *at = strstr(ktg_buf_text(&j.said), "\"finding\":\"");
    assert_non_null(at);
    assert_int_equal(ktg_unhex(at + 11, 32, label), KTG_OK);
    if (ktg_engine_explain(e, label, &why, &err))
        fail_msg("%s", err.text);
    assert_true(ktg_wire_get(ktg_buf_view(&why), "rule", &v) &&
                ktg_bytes_is(v.bytes, "overstay-fee"));
    label[0] ^= 1;
    assert_int_equal(ktg_engine_explain(e, label, &why, &err), KTG_ENOTFOUND);
    ktg_engine_free(e);
    ktg_state_free(state);
    ktg_buf_done(&why);
    ktg_buf_done(&j.said);
    ktg_arena_done(&j.arena);
    world_done(&w);
}

static void test_engine__explains_a_likeness_token_by_token(void **unused)
{
    (void)unused;
    struct world w;
    struct journal j;
    struct ktg_state *state;
    struct ktg_engine *e;
    struct ktg_err err = KTG_ERR_INIT;
    struct ktg_buf why = KTG_BUF_INIT, text = KTG_BUF_INIT;
    uint8_t label[16];
    world_init(&w, NULL, NULL);
    journal_make(&j, &w,
                 "watchlist.entry {op: add, entry: W7, list: interest, names: [{surname: SUHARTO, "
                 "given: BUDI}, {surname: SOEHARTO, given: BUDDI ANNA, dob: 1974-12-08}], action: "
                 "refer} @2026-02-05T08:00\n"
                 "lodging.checkin {person: P1, property: H1, surname: ANNA, given: SUHARTO BUDI, "
                 "dob: 1974-08-12} @2026-03-01T10:00\n"
                 "clock @2026-03-01T10:00\n");
    assert_int_equal(ktg_state_new(NULL, &state), KTG_OK);
    assert_int_equal(ktg_engine_new(state, outside(&j), &e, &err), KTG_OK);
    play(e, &j, &w, 0, j.count);
    const char *at = strstr(ktg_buf_text(&j.said), "watchlist-fuzzy");
    assert_non_null(at);
    while (at > ktg_buf_text(&j.said) && at[-1] != '\n')
        at--;
    at = strstr(at, "\"finding\":\"");
    assert_int_equal(ktg_unhex(at + 11, 32, label), KTG_OK);
    if (ktg_engine_explain(e, label, &why, &err))
        fail_msg("%s", err.text);
    assert_int_equal(ktg_json_format(ktg_buf_view(&why), NULL, &text), KTG_OK);
    if (!strstr(ktg_buf_text(&text),
                "W7 [anna=anna 100 (same); suharto~soeharto 95 (spelling); budi~buddi 95 "
                "(spelling); names 97; day and month of birth swapped; 94]"))
        fail_msg("%s", ktg_buf_text(&text));
    ktg_engine_free(e);
    ktg_state_free(state);
    ktg_buf_done(&why);
    ktg_buf_done(&text);
    ktg_buf_done(&j.said);
    ktg_arena_done(&j.arena);
    world_done(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_engine__left_at_any_record_and_opened_again_it_says_the_same_bytes),
        cmocka_unit_test(
            test_engine__a_breach_keeps_its_label_while_its_anchor_moves_and_what_splits_off_gets_another),
        cmocka_unit_test(test_engine__findings_follow_a_person_through_merge_and_split),
        cmocka_unit_test(test_engine__two_names_one_breach_the_earlier_stays),
        cmocka_unit_test(test_engine__an_event_dated_ahead_counts_from_its_time),
        cmocka_unit_test(test_engine__corrections_in_every_order_of_arrival),
        cmocka_unit_test(test_engine__another_list_rule_or_catalogue_answers_everything_again),
        cmocka_unit_test(test_engine__two_days_offline_and_the_heartbeat_first_is_no_accusation),
        cmocka_unit_test(test_engine__no_memory_is_an_error_and_nothing_leaks),
        cmocka_unit_test(
            test_engine__a_rule_that_uses_up_its_budget_is_suspended_until_its_text_changes),
        cmocka_unit_test(test_engine__a_state_of_another_layout_is_refused),
        cmocka_unit_test(test_engine__explains_what_stands),
        cmocka_unit_test(test_engine__explains_a_likeness_token_by_token),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
