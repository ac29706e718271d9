/* tests/unit/rules/engine/test_rederive.c - what was told against what a silent replay comes to.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdlib.h>

#include "rules/engine/player.h"
#include "rules/engine/told.h"
#include "tests/support/otherwise.h"
#include "tests/unit/rules/engine/world.h"

/* Three overstays: one closed, one open, one that was heard of late. */
#define STORY                                                                      \
    "border.crossing {person: P1, direction: entry, permitted_until: 2026-03-05} " \
    "@2026-03-02T09:00 as a\n"                                                     \
    "border.crossing {person: P2, direction: entry, permitted_until: 2026-03-06} " \
    "@2026-03-02T10:00 as b\n"                                                     \
    "border.crossing {person: P1, direction: exit} @2026-03-09T09:00 as c\n"       \
    "border.crossing {person: P3, direction: entry, permitted_until: 2026-03-07} " \
    "@2026-03-02T11:00 arrives 2026-03-12T09:00 as d\n"
#define RULE                                                                                       \
    "rule: over\nlevel: medium\nstatus: live\ntitle: {id: x, en: x}\ndisproved by: {id: x, en: "   \
    "x}\nper: person\nto: [POL]\nlet:\n  stayed: days_between(a.occurred_at, a.permitted_until)\n" \
    "when: border.crossing as a where direction == \"entry\"\n"                                    \
    "by: end_of_day(a.permitted_until)\nunless: border.crossing where direction == \"exit\"\n"     \
    "tests:\n  - name: t\n    events: |\n      clock @2026-03-01\n    expect: []\n"                \
    "  - name: f\n    events: |\n      border.crossing {person: P1, direction: entry, "            \
    "permitted_until: 2026-03-05} @2026-03-02T09:00\n      clock @2026-03-07\n    expect: |\n"     \
    "      raise over P1 @2026-03-06T00:00\n"

struct said {
    uint8_t finding[16];
    uint32_t rev, n;
    enum ktg_op_kind kind;
    struct ktg_buf payload;
};
struct saids {
    struct said list[64];
    size_t count;
};

static int keep(void *arg, const struct ktg_op *op)
{
    struct saids *s = arg;
    struct said *one = &s->list[s->count++];
    assert_true(s->count <= COUNT(s->list));
    *one = (struct said){.rev = op->rev, .n = op->n, .kind = op->kind, .payload = KTG_BUF_INIT};
    memcpy(one->finding, op->finding, 16);
    ktg_buf_put_bytes(&one->payload, op->payload);
    return KTG_OK;
}
static void forget(struct saids *s)
{
    for (size_t i = 0; i < s->count; i++)
        ktg_buf_done(&s->list[i].payload);
    s->count = 0;
}

static struct world w;

/* Plays STORY; what is said goes to `to`. */
static struct ktg_player *play(struct saids *to)
{
    struct ktg_arena a = KTG_ARENA_INIT;
    const struct ktg_story_step *steps;
    struct ktg_player *p = NULL;
    struct ktg_err err = KTG_ERR_INIT;
    size_t count;
    bool again;
    const struct ktg_player_options o = {
        .arg = to, .out = keep, .ahead = KTG_DAY_MS, .lenient = true};
    int rc = ktg_story_parse(ktg_ruleset_catalogue(w.rs), KTG_LIT(STORY), "story", 1, &a, &steps,
                             &count, &err);
    if (!rc)
        rc = ktg_player_new(ktg_buf_view(&w.bundle), &o, &p, &err);
    for (size_t i = 0; !rc && i < count; i++)
        rc = ktg_player_event(p, steps[i].blob, steps[i].at, &again, &err);
    if (rc)
        fail_msg("%s", err.text);
    ktg_arena_done(&a);
    return p;
}

static void told_put(struct ktg_told *t, const struct said *s)
{
    assert_int_equal(
        ktg_told_put(t, s->finding, s->rev, ktg_buf_view((struct ktg_buf *)&s->payload)), KTG_OK);
}

static const char *text(struct ktg_bytes map, const char *key)
{
    static char room[64];
    struct ktg_wire_value v = {0};
    assert_true(ktg_wire_get(map, key, &v) && v.bytes.size < sizeof room);
    memcpy(room, v.bytes.data, v.bytes.size);
    room[v.bytes.size] = 0;
    return room;
}

static size_t rederive(struct ktg_player *p, struct ktg_told *t, bool other_engine)
{
    struct ktg_rederive how = {.told = t, .n = 7, .other_engine = other_engine};
    struct ktg_err err = KTG_ERR_INIT;
    size_t said = 99;
    if (ktg_engine_rederive(ktg_player_engine(p), &how, &said, &err))
        fail_msg("%s", err.text);
    return said;
}

static int make(void **unused)
{
    (void)unused;
    world_init(&w, RULE, NULL);
    return 0;
}
static int clear(void **unused)
{
    (void)unused;
    world_done(&w);
    return 0;
}

static void test_rederive__says_nothing_when_the_same_stands(void **unused)
{
    (void)unused;
    struct saids first = {0}, second = {0};
    struct ktg_told *t = NULL;
    ktg_player_free(play(&first));
    struct ktg_player *p = play(&second);
    assert_int_equal(ktg_told_new(&t), KTG_OK);
    for (size_t i = 0; i < first.count; i++)
        told_put(t, &first.list[i]);
    assert_int_equal(ktg_told_standing(t), 3);
    size_t before = second.count;
    assert_int_equal(rederive(p, t, true), 0);
    assert_int_equal(second.count, before);
    ktg_player_free(p);
    ktg_told_free(t);
    forget(&first);
    forget(&second);
}

enum change { DROP, ADD, ALTER, WITHDRAWN, BARE };

/* `one` as another engine has told it; `to` keeps the bytes.  The label it bears then. */
static void told_otherwise(struct ktg_told *t, const struct said *one, enum change what,
                           struct ktg_buf to[3], uint8_t label[16])
{
    struct ktg_bytes payload = ktg_buf_view((struct ktg_buf *)&one->payload);
    uint32_t rev = one->rev;
    memcpy(label, one->finding, 16);
    switch (what) {
    case DROP:
        return;
    case ADD: /* one more, that ended long ago */
        told_put(t, one);
        label[0] ^= 0xff;
        otherwise_id(payload, "anchor", label, &to[0]);
        otherwise_instant(ktg_buf_view(&to[0]), "from", 1000, &to[1]);
        otherwise_instant(ktg_buf_view(&to[1]), "until", 1001, &to[2]);
        payload = ktg_buf_view(&to[2]);
        break;
    case ALTER:
        otherwise_text(payload, "level", "high", &to[0]);
        payload = ktg_buf_view(&to[0]);
        break;
    case WITHDRAWN:
        otherwise_text(payload, "op", "withdraw", &to[0]);
        payload = ktg_buf_view(&to[0]);
        rev = 5;
        break;
    case BARE:
        payload = KTG_BYTES_NONE;
        rev = 5;
    }
    assert_int_equal(ktg_told_put(t, label, rev, payload), KTG_OK);
}

static void test_rederive__tells_each_difference_with_its_reason(void **unused)
{
    (void)unused;
    static const struct {
        enum change what;
        bool other_engine;
        enum ktg_op_kind op;
        const char *reason;
        uint32_t rev;
    } rows[] = {
        {DROP, true, KTG_OP_RAISE, "engine", 1},      /* it had missed one: told anew */
        {DROP, false, KTG_OP_RAISE, "erased", 1},     /* what answered it is gone */
        {ADD, true, KTG_OP_WITHDRAW, "engine", 2},    /* it had found one too many */
        {ADD, false, KTG_OP_NONE, "erased", 2},       /* never a withdraw */
        {ALTER, true, KTG_OP_AMEND, "engine", 2},     /* it had another level */
        {ALTER, false, KTG_OP_AMEND, "erased", 2},    /* one event of several is gone */
        {WITHDRAWN, true, KTG_OP_RAISE, "engine", 6}, /* labels keep their count for ever */
        {BARE, false, KTG_OP_AMEND, "erased", 6},     /* its record is gone, and it stands */
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct saids first = {0}, second = {0};
        struct ktg_buf changed[3] = {KTG_BUF_INIT, KTG_BUF_INIT, KTG_BUF_INIT};
        struct ktg_told *t = NULL;
        uint8_t label[16];
        ktg_player_free(play(&first));
        struct ktg_player *p = play(&second);
        size_t before = second.count, victim = first.count;
        assert_int_equal(ktg_told_new(&t), KTG_OK);
        for (size_t k = 0; k < first.count; k++) /* the last one that was raised stands open */
            victim = first.list[k].kind == KTG_OP_RAISE ? k : victim;
        for (size_t k = 0; k < first.count; k++) {
            if (k != victim)
                told_put(t, &first.list[k]);
        }
        told_otherwise(t, &first.list[victim], rows[i].what, changed, label);
        assert_int_equal(rederive(p, t, rows[i].other_engine), 1);
        assert_int_equal(second.count, before + 1);
        const struct said *s = &second.list[before];
        if (s->kind != rows[i].op || s->rev != rows[i].rev)
            fail_msg("row %zu: op %d rev %u", i, (int)s->kind, s->rev);
        assert_string_equal(text(ktg_buf_view((struct ktg_buf *)&s->payload), "reason"),
                            rows[i].reason);
        assert_memory_equal(s->finding, label, 16);
        assert_int_equal(s->n, 7);
        told_put(t, s); /* and then nothing more */
        assert_int_equal(rederive(p, t, rows[i].other_engine), 0);
        ktg_player_free(p);
        ktg_told_free(t);
        forget(&first);
        forget(&second);
        for (size_t k = 0; k < COUNT(changed); k++)
            ktg_buf_done(&changed[k]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_rederive__says_nothing_when_the_same_stands, make,
                                        clear),
        cmocka_unit_test_setup_teardown(test_rederive__tells_each_difference_with_its_reason, make,
                                        clear),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
