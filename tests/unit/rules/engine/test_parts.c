/* tests/unit/rules/engine/test_parts.c - the engine's parts, each alone.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>
#include <stdlib.h>

#include "rules/engine/corrections.h"
#include "rules/engine/heard.h"
#include "rules/engine/identity.h"
#include "rules/engine/keys.h"
#include "rules/engine/match.h"
#include "rules/engine/record.h"
#include "rules/engine/standing.h"
#include "rules/engine/state.h"
#include "runtime/mem.h"
#include "tests/support/cmocka.h"

/* ---- state ------------------------------------------------------------------------------------------------------- */

struct shelf { /* a store of two records */
    struct ktg_bytes key[2], value[2];
};
static int shelf_get(void *arg, struct ktg_bytes key, struct ktg_bytes *ret_value)
{
    struct shelf *s = arg;
    for (int i = 0; i < 2; i++) {
        if (ktg_bytes_eq(s->key[i], key)) {
            *ret_value = s->value[i];
            return KTG_OK;
        }
    }
    return KTG_ENOTFOUND;
}
static int shelf_scan(void *arg, struct ktg_bytes prefix, ktg_state_each *each, void *each_arg)
{
    struct shelf *s = arg;
    int rc = KTG_OK;
    for (int i = 0; !rc && i < 2; i++) {
        if (s->key[i].size >= prefix.size && memcmp(s->key[i].data, prefix.data, prefix.size) == 0)
            rc = each(each_arg, s->key[i], s->value[i]);
    }
    return rc;
}
static int write_down(void *arg, struct ktg_bytes key, struct ktg_bytes value)
{
    ktg_buf_printf(arg, "%.*s=%.*s ", (int)key.size, (const char *)key.data, (int)value.size,
                   (const char *)value.data);
    return KTG_OK;
}
static int write_gone(void *arg, struct ktg_bytes key, struct ktg_bytes value)
{
    (void)value;
    ktg_buf_printf(arg, "-%.*s ", (int)key.size, (const char *)key.data);
    return KTG_OK;
}

static void test_state__changes_lie_over_the_store_until_they_are_flushed(void **unused)
{
    (void)unused;
    struct shelf shelf = {{KTG_LIT("tb"), KTG_LIT("td")}, {KTG_LIT("2"), KTG_LIT("4")}};
    struct ktg_records store = {&shelf, shelf_get, shelf_scan};
    struct ktg_state *s;
    struct ktg_bytes v;
    struct ktg_buf *b, out = KTG_BUF_INIT;
    const struct ktg_changes *f;
    assert_int_equal(ktg_state_new(&store, &s), KTG_OK);
    assert_int_equal(ktg_state_put(s, KTG_LIT("ta"), KTG_LIT("1")), KTG_OK);
    assert_int_equal(ktg_state_put(s, KTG_LIT("x"), KTG_LIT("9")), KTG_OK);
    assert_int_equal(ktg_state_edit(s, KTG_LIT("tb"), &b), KTG_OK);
    ktg_buf_put_str(b, "2"); /* edits begin with what is stored */
    assert_int_equal(ktg_state_del(s, KTG_LIT("td")), KTG_OK);
    assert_int_equal(ktg_state_put(s, KTG_LIT("tc"), KTG_LIT("3")), KTG_OK);
    assert_int_equal(ktg_state_del(s, KTG_LIT("tc")), KTG_OK); /* never stored: nothing to write */
    assert_int_equal(ktg_state_get(s, KTG_LIT("td"), &v), KTG_ENOTFOUND);
    assert_int_equal(ktg_state_scan(s, KTG_LIT("t"), write_down, &out), KTG_OK);
    assert_string_equal(ktg_buf_text(&out), "ta=1 tb=22 ");
    ktg_buf_clear(&out);
    assert_int_equal(ktg_state_dirty_count(s), 4);
    assert_in_range(ktg_state_dirty_bytes(s), 9, 2000);
    assert_int_equal(ktg_state_freeze(s, &f), KTG_OK);
    assert_int_equal(ktg_state_dirty_count(s), 4); /* not committed yet */
    /* the engine goes on: what is frozen stays as it was */
    assert_int_equal(ktg_state_edit(s, KTG_LIT("tb"), &b), KTG_OK);
    assert_string_equal(ktg_buf_text(b), "22");
    ktg_buf_put_str(b, "2");
    assert_int_equal(ktg_state_put(s, KTG_LIT("td"), KTG_LIT("5")), KTG_OK);
    assert_int_equal(ktg_state_del(s, KTG_LIT("td")), KTG_OK); /* below it is removed already */
    assert_int_equal(ktg_state_del(s, KTG_LIT("x")), KTG_OK);
    assert_int_equal(ktg_state_scan(s, KTG_LIT(""), write_down, &out), KTG_OK);
    assert_string_equal(ktg_buf_text(&out), "ta=1 tb=222 ");
    ktg_buf_clear(&out);
    assert_int_equal(ktg_changes_write(f, write_down, write_gone, &out), KTG_OK);
    assert_string_equal(ktg_buf_text(&out), "ta=1 tb=22 -td x=9 ");
    ktg_buf_clear(&out);
    /* it could not be written: the next one holds it all, each record as it is now */
    assert_int_equal(ktg_state_freeze(s, &f), KTG_OK);
    assert_int_equal(ktg_state_put(s, KTG_LIT("ta"), KTG_LIT("7")), KTG_OK);
    assert_int_equal(ktg_state_get(s, KTG_LIT("tb"), &v), KTG_OK);
    assert_true(ktg_bytes_is(v, "222"));
    assert_int_equal(ktg_state_scan(s, KTG_LIT(""), write_down, &out), KTG_OK);
    assert_string_equal(ktg_buf_text(&out), "ta=7 tb=222 ");
    ktg_buf_clear(&out);
    assert_int_equal(ktg_changes_write(f, write_down, write_gone, &out), KTG_OK);
    assert_string_equal(ktg_buf_text(&out), "ta=1 tb=222 -td -x ");
    assert_int_equal(ktg_state_freeze(s, &f), KTG_OK);
    size_t dirty = ktg_state_dirty_count(s);
    for (int i = 0; i < 100; i++) /* a full disk: what waits does not grow by waiting */
        assert_int_equal(ktg_state_freeze(s, &f), KTG_OK);
    assert_int_equal(ktg_state_dirty_count(s), dirty);
    ktg_buf_clear(&out);
    assert_int_equal(ktg_changes_write(f, write_down, write_gone, &out), KTG_OK);
    assert_string_equal(ktg_buf_text(&out), "ta=7 tb=222 -td -x ");
    assert_int_equal(ktg_state_del(s, KTG_LIT("ta")), KTG_OK);
    ktg_changes_free(ktg_state_forget(s));
    assert_int_equal(ktg_state_freeze(s, &f), KTG_OK);
    ktg_changes_free(ktg_state_forget(s));
    assert_int_equal(ktg_state_dirty_count(s), 0);
    assert_int_equal(ktg_state_dirty_bytes(s), 0);
    assert_int_equal(ktg_state_get(s, KTG_LIT("td"), &v), KTG_OK); /* the shelf never changed */
    ktg_buf_done(&out);
    ktg_state_free(s);
}

/* A key that comes later, that was there before, that was removed: the sieve in front of the state changes nothing. */
static void test_state__finds_what_is_mostly_not_there(void **unused)
{
    (void)unused;
    struct shelf shelf = {{KTG_LIT("ib"), KTG_LIT("cd")}, {KTG_LIT("2"), KTG_LIT("4")}};
    struct ktg_records store = {&shelf, shelf_get, shelf_scan};
    struct ktg_state *s;
    struct ktg_bytes v;
    assert_int_equal(ktg_state_new(&store, &s), KTG_OK);
    assert_int_equal(ktg_state_get(s, KTG_LIT("ia"), &v), KTG_ENOTFOUND);
    assert_int_equal(ktg_state_get(s, KTG_LIT("ib"), &v), KTG_OK);
    assert_int_equal(ktg_state_get(s, KTG_LIT("cd"), &v), KTG_OK);
    assert_int_equal(ktg_state_put(s, KTG_LIT("ia"), KTG_LIT("1")), KTG_OK);
    assert_int_equal(ktg_state_get(s, KTG_LIT("ia"), &v), KTG_OK);
    assert_int_equal(ktg_state_del(s, KTG_LIT("ib")), KTG_OK);
    assert_int_equal(ktg_state_get(s, KTG_LIT("ib"), &v), KTG_ENOTFOUND);
    ktg_state_free(s);
}

/* ---- records ----------------------------------------------------------------------------------------------------- */

struct happening { /* an event as the record sees it; position = index + 1 */
    ktg_time at;
    uint8_t id[16];
};
static struct happening line[512];

static int in_order(void *arg, uint64_t a, uint64_t b)
{
    (void)arg;
    const struct happening *x = &line[a - 1], *y = &line[b - 1];
    return x->at != y->at ? (x->at > y->at) - (x->at < y->at) : memcmp(x->id, y->id, 16);
}
static void make_id(uint8_t id[16], ktg_time made, unsigned low)
{
    memset(id, 0, 16);
    ktg_put_be64(id, (uint64_t)made << 16 | 0x7000);
    ktg_put_be32(id + 12, low);
}

static void test_record__any_order_of_arrival_gives_timeline_order(void **unused)
{
    (void)unused;
    const struct ktg_record_order order = {NULL, in_order};
    srand(7);
    for (int round = 0; round < 60; round++) {
        struct ktg_buf b = KTG_BUF_INIT;
        struct ktg_record r;
        size_t n = 1 + (size_t)rand() % 200;
        for (size_t i = 0; i < n;
             i++) { /* few instants, ids made before and long after, also before 1970 */
            static const ktg_time at[] = {-5,           0, 1000, 1001, 90000, INT64_C(1) << 42,
                                          INT64_MAX / 2};
            line[i].at = at[rand() % 7];
            make_id(line[i].id, rand() % 2 ? 1000 + rand() % 9000 : INT64_C(1700000000000),
                    (unsigned)rand());
            struct ktg_packed p = ktg_packed_make(line[i].at, line[i].id, i + 1, 3, 1);
            assert_int_equal(ktg_record_insert(&b, p, &order), KTG_OK);
        }
        assert_int_equal(ktg_record_open(ktg_buf_view(&b), &r), KTG_OK);
        assert_int_equal(r.count, n);
        for (size_t i = 1; i < n; i++)
            assert_true(in_order(NULL, ktg_packed_pos(ktg_record_at(&r, i - 1)),
                                 ktg_packed_pos(ktg_record_at(&r, i))) < 0);
        size_t k = (size_t)rand() % n;
        struct ktg_packed p = ktg_packed_make(line[k].at, line[k].id, k + 1, 3, 1);
        assert_int_equal(ktg_record_mark(&b, p, true), KTG_OK);
        size_t dead = 0;
        assert_int_equal(ktg_record_open(ktg_buf_view(&b), &r), KTG_OK);
        for (size_t i = 0; i < n; i++) {
            struct ktg_packed q = ktg_record_at(&r, i);
            assert_int_equal(ktg_packed_is_dead(q), ktg_packed_pos(q) == k + 1);
            dead += ktg_packed_is_dead(q);
        }
        assert_int_equal(dead, 1);
        ktg_buf_done(&b);
    }
}

static void test_record__holds_positions_of_40_bits_roles_and_what_was_posted(void **unused)
{
    (void)unused;
    const struct ktg_record_order order = {NULL, in_order};
    uint8_t id[16], post[3][16] = {{1}, {2}, {3}};
    make_id(id, 5, 1);
    struct ktg_packed p = ktg_packed_make(5, id, UINT64_C(0xab12345678), 4095, 255);
    assert_true(ktg_packed_pos(p) == UINT64_C(0xab12345678));
    assert_int_equal(ktg_packed_type(p), 4095);
    assert_int_equal(ktg_packed_role(p), 255);
    struct ktg_buf b = KTG_BUF_INIT;
    struct ktg_record r;
    ktg_time from;
    uint8_t got[16];
    bool empty;
    assert_int_equal(ktg_record_post(&b, 20, post[1]), KTG_OK);
    assert_int_equal(ktg_record_post(&b, 10, post[2]), KTG_OK);
    assert_int_equal(ktg_record_insert(&b, p, &order), KTG_OK);
    assert_int_equal(ktg_record_post(&b, 20, post[0]), KTG_OK);
    assert_int_equal(ktg_record_post(&b, 20, post[0]), KTG_OK); /* once */
    assert_int_equal(ktg_record_open(ktg_buf_view(&b), &r), KTG_OK);
    assert_int_equal(r.posted_count, 3);
    static const int want[] = {3, 1, 2};
    for (size_t i = 0; i < 3; i++) {
        ktg_record_posted_at(&r, i, &from, got);
        assert_int_equal(got[0], want[i]);
        assert_int_equal(from, i ? 20 : 10);
    }
    assert_int_equal(r.count, 1);
    assert_int_equal(ktg_packed_pos(ktg_record_at(&r, 0)), ktg_packed_pos(p));
    assert_int_equal(ktg_record_unpost(&b, 20, post[0], &empty), KTG_OK);
    assert_int_equal(ktg_record_unpost(&b, 20, post[0], &empty), KTG_ENOTFOUND);
    assert_false(empty);
    assert_int_equal(ktg_record_open(KTG_LIT("\2garbage garbage garbage"), &r), KTG_ECORRUPT);
    ktg_buf_done(&b);
}

/* ---- corrections ------------------------------------------------------------------------------------------------- */

struct corrector {
    uint8_t id, corrects; /* 0: nothing */
};
static const struct {
    const char *story;
    struct corrector events[6];
    const char *live; /* ids */
} histories[] = {
    {"nothing is corrected", {{1, 0}, {2, 0}}, "12"},
    {"one corrects", {{1, 0}, {2, 1}}, "2"},
    {"the correction is corrected: the first is live again, and the last stands too",
     {{1, 0}, {2, 1}, {3, 2}},
     "13"},
    {"a chain of four", {{1, 0}, {2, 1}, {3, 2}, {4, 3}}, "24"},
    {"of two corrections the greater", {{1, 0}, {2, 1}, {3, 1}}, "3"},
    {"the greater is taken back, so the smaller holds", {{1, 0}, {2, 1}, {3, 1}, {4, 3}}, "24"},
    {"both are taken back", {{1, 0}, {2, 1}, {3, 1}, {4, 3}, {5, 2}}, "145"},
    {"three, the middle one taken back", {{1, 0}, {2, 1}, {3, 1}, {4, 1}, {5, 3}}, "45"},
    {"three, the two greater taken back", {{1, 0}, {2, 1}, {3, 1}, {4, 1}, {5, 3}, {6, 4}}, "256"},
    {"the target never comes", {{2, 1}, {3, 2}}, "3"},
    {"two tails", {{1, 0}, {2, 1}, {3, 2}, {4, 2}, {5, 4}}, "135"},
};

static void arrive(const struct corrector *events, const int *order, int n, char *live)
{
    struct ktg_state *s;
    struct ktg_arena a = KTG_ARENA_INIT;
    bool is[16] = {0}, come[16] = {0};
    assert_int_equal(ktg_state_new(NULL, &s), KTG_OK);
    for (int i = 0; i < n; i++) {
        const struct corrector *e = &events[order[i]];
        uint8_t id[16] = {0}, target[16] = {0};
        id[15] = e->id;
        target[15] = e->corrects;
        const struct ktg_flip *flips;
        size_t count;
        bool now, flipped[16] = {0};
        assert_int_equal(
            ktg_corrections_add(s, &a, id, e->id, KTG_LIT("POST.A"), e->corrects ? target : NULL,
                                come[e->corrects] ? e->corrects : 0, &now, &flips, &count),
            KTG_OK);
        is[e->id] = now;
        come[e->id] = true;
        for (size_t f = 0; f < count; f++) {
            assert_true(come[flips[f].pos]);
            assert_true(is[flips[f].pos] != flips[f].live); /* a flip is a change */
            assert_false(flipped[flips[f].pos]); /* decided once: from the greatest id down */
            flipped[flips[f].pos] = true;
            is[flips[f].pos] = flips[f].live;
        }
        bool asked;
        assert_int_equal(ktg_corrections_live(s, id, KTG_LIT("POST.A"), &asked), KTG_OK);
        assert_int_equal(asked, now);
        ktg_arena_reset(&a);
    }
    for (int i = 1; i < 16; i++) {
        if (is[i])
            *live++ = (char)('0' + i);
    }
    *live = 0;
    ktg_arena_done(&a);
    ktg_state_free(s);
}

static bool next_order(int *a, int n)
{
    int i = n - 2, k = n - 1;
    while (i >= 0 && a[i] > a[i + 1])
        i--;
    if (i < 0)
        return false;
    while (a[k] < a[i])
        k--;
    int t = a[i];
    a[i] = a[k];
    a[k] = t;
    for (i++, k = n - 1; i < k; i++, k--) {
        t = a[i];
        a[i] = a[k];
        a[k] = t;
    }
    return true;
}

static void test_corrections__every_order_of_arrival_leaves_the_same_events_live(void **unused)
{
    (void)unused;
    for (size_t h = 0; h < KTG_COUNT(histories); h++) {
        int n = 0, order[6];
        while (n < 6 && histories[h].events[n].id) {
            order[n] = n;
            n++;
        }
        do {
            char live[16];
            arrive(histories[h].events, order, n, live);
            if (strcmp(live, histories[h].live) != 0)
                fail_msg("%s: live %s, not %s (first to come: %d)", histories[h].story, live,
                         histories[h].live, histories[h].events[order[0]].id);
        } while (next_order(order, n));
    }
}

static void test_corrections__another_source_corrects_nothing(void **unused)
{
    (void)unused;
    struct ktg_state *s;
    struct ktg_arena a = KTG_ARENA_INIT;
    uint8_t one[16] = {1}, two[16] = {2};
    const struct ktg_flip *flips;
    size_t count;
    bool live;
    assert_int_equal(ktg_state_new(NULL, &s), KTG_OK);
    assert_int_equal(
        ktg_corrections_add(s, &a, two, 1, KTG_LIT("POST.B"), one, 0, &live, &flips, &count),
        KTG_OK);
    assert_int_equal(
        ktg_corrections_add(s, &a, one, 2, KTG_LIT("POST.A"), NULL, 0, &live, &flips, &count),
        KTG_OK);
    assert_true(live);
    ktg_arena_done(&a);
    ktg_state_free(s);
}

/* ---- identity ---------------------------------------------------------------------------------------------------- */

static int changes;
static int on_change(void *arg, struct ktg_bytes identifier, struct ktg_bytes was,
                     struct ktg_bytes is)
{
    (void)arg;
    (void)identifier;
    assert_false(ktg_bytes_eq(was, is));
    changes++;
    return KTG_OK;
}

static int count_one(void *arg, struct ktg_bytes key, struct ktg_bytes value)
{
    (void)key;
    (void)value;
    ++*(size_t *)arg;
    return KTG_OK;
}

static void
test_identity__ties_come_and_go_and_the_components_are_those_of_what_is_left(void **unused)
{
    (void)unused;
    enum { IDS = 9, TIES = 14 };
    static const char *const names[IDS] = {"a", "b", "c", "d", "e", "f", "g", "h", "i"};
    srand(11);
    for (int round = 0; round < 150; round++) {
        struct ktg_state *s;
        struct ktg_arena a = KTG_ARENA_INIT;
        int tie[TIES][3], size[TIES];
        bool in[TIES] = {0};
        assert_int_equal(ktg_state_new(NULL, &s), KTG_OK);
        for (int t = 0; t < TIES; t++) { /* sorted sets of one to three */
            size[t] = 0;
            for (int i = rand() % IDS; i < IDS && size[t] < 1 + t % 3; i += 1 + rand() % 3)
                tie[t][size[t]++] = i;
        }
        for (int step = 0; step < 60; step++) {
            int t = rand() % TIES;
            struct ktg_bytes ids[3];
            for (int i = 0; i < size[t]; i++)
                ids[i] = ktg_bytes_str(names[tie[t][i]]);
            in[t] = !in[t];
            assert_int_equal(
                ktg_identity_tie(s, &a, ids, (size_t)size[t], in[t] ? 1 : -1, on_change, NULL),
                KTG_OK);
            int name[IDS]; /* the slow way */
            for (int i = 0; i < IDS; i++)
                name[i] = i;
            for (int again = 0; again < IDS; again++) {
                for (int k = 0; k < TIES; k++) {
                    for (int i = 1; in[k] && i < size[k]; i++) {
                        int x = name[tie[k][0]], y = name[tie[k][i]];
                        for (int j = 0; j < IDS; j++)
                            name[j] = name[j] == x || name[j] == y ? (x < y ? x : y) : name[j];
                    }
                }
            }
            size_t groups = 0, records = 0;
            for (int i = 0; i < IDS; i++) {
                struct ktg_bytes got;
                const struct ktg_bytes *members;
                size_t count, want = 0;
                assert_int_equal(ktg_identity_name(s, &a, ktg_bytes_str(names[i]), &got), KTG_OK);
                assert_true(ktg_bytes_is(got, names[name[i]]));
                if (name[i] != i)
                    continue;
                assert_int_equal(ktg_identity_members(s, &a, got, &members, &count), KTG_OK);
                for (int k = 0; k < IDS; k++) {
                    if (name[k] == i)
                        assert_true(ktg_bytes_is(members[want++], names[k]));
                }
                assert_int_equal(count, want);
                groups += count > 1;
            }
            assert_int_equal(ktg_state_scan(s, KTG_LIT("g"), count_one, &records), KTG_OK);
            assert_int_equal(records, groups); /* a name that nobody bears any more has none */
            ktg_arena_reset(&a);
        }
        for (int t = 0; t < TIES; t++) { /* take all back: nothing is left in the state */
            struct ktg_bytes ids[3];
            for (int i = 0; i < size[t]; i++)
                ids[i] = ktg_bytes_str(names[tie[t][i]]);
            if (in[t])
                assert_int_equal(ktg_identity_tie(s, &a, ids, (size_t)size[t], -1, on_change, NULL),
                                 KTG_OK);
        }
        struct ktg_buf left = KTG_BUF_INIT;
        assert_int_equal(ktg_state_scan(s, KTG_BYTES_NONE, write_down, &left), KTG_OK);
        assert_int_equal(left.size, 0);
        ktg_buf_done(&left);
        ktg_arena_done(&a);
        ktg_state_free(s);
    }
    assert_true(changes > 1000);
}

/* ---- matching and the table of ops -------------------------------------------------------------------------------- */

static struct ktg_standing finding(char anchor, ktg_time from, ktg_time until)
{
    struct ktg_standing f = {.from = from, .until = until, .told = true};
    f.anchor[15] = (uint8_t)anchor;
    return f;
}

static void test_match__first_the_anchor_then_overlap_in_order_of_from(void **unused)
{
    (void)unused;
    struct ktg_arena a = KTG_ARENA_INIT;
    /* ENGINE.md 10, trap 1: the breach keeps its label when its anchor moves; what is left beside it is new. */
    struct ktg_standing old[] = {finding('e', 25, 40), finding('x', 60, KTG_NEVER),
                                 finding('y', 80, KTG_NEVER)};
    struct ktg_standing new[] = {finding('d', 20, 30), finding('e', 35, 40),
                                 finding('z', 70, KTG_NEVER), finding('q', 1, 2)};
    struct ktg_side o[3], n[4];
    for (size_t i = 0; i < 3; i++)
        o[i] = (struct ktg_side){KTG_LIT("s"), &old[i], 0};
    for (size_t i = 0; i < 4; i++)
        n[i] = (struct ktg_side){KTG_LIT("s"), &new[i], 0};
    assert_int_equal(ktg_match(o, 3, n, 4, &a), KTG_OK);
    /* sorted by from: n = q d e z; o = e x y.  e-e by anchor; d overlaps e, which is taken; z overlaps x, the earlier. */
    assert_true(n[0].other == SIZE_MAX && n[1].other == SIZE_MAX);
    assert_int_equal(n[2].other, 0);
    assert_int_equal(n[3].other, 1);
    assert_int_equal(o[1].other, 3);
    assert_true(o[2].other == SIZE_MAX);
    old[1].key = KTG_LIT("k"); /* another key is another finding */
    for (size_t i = 0; i < 3; i++)
        o[i] = (struct ktg_side){KTG_LIT("s"), &old[i], 0};
    assert_int_equal(ktg_match(o, 3, n, 4, &a), KTG_OK);
    assert_int_equal(n[3].other, 2);
    ktg_arena_done(&a);
}

static void test_match__says_what_the_table_says(void **unused)
{
    (void)unused;
    struct ktg_standing known = finding('a', 1, KTG_NEVER), closed = finding('a', 1, 9),
                        silent = known, other = known, later = known, internal = known;
    silent.unknown = other.unknown = later.unknown = true;
    silent.unknown_source = later.unknown_source = KTG_LIT("POST.A");
    other.unknown_source = KTG_LIT("POST.B");
    later.from = 5;
    internal.told = false;
    const struct {
        struct ktg_standing *old, *new;
        int op; /* -1: nothing */
    } table[] = {
        {NULL, &known, KTG_OP_RAISE},
        {NULL, &closed, KTG_OP_RAISE},
        {&known, &known, -1},
        {&known, &closed, KTG_OP_AMEND},
        {&closed, &known, KTG_OP_AMEND},
        {&known, NULL, KTG_OP_WITHDRAW},
        {&silent, NULL, KTG_OP_WITHDRAW},
        {NULL, &silent, KTG_OP_UNKNOWN},
        {&known, &silent, KTG_OP_UNKNOWN},
        {&silent, &silent, -1},
        {&silent, &other, KTG_OP_UNKNOWN},
        {&silent, &later, KTG_OP_UNKNOWN},
        {&silent, &known, KTG_OP_RAISE},
        {&silent, &closed, KTG_OP_RAISE},
        {NULL, &internal, -1},
        {&internal, &known, KTG_OP_RAISE},
        {&known, &internal, KTG_OP_WITHDRAW},
        {&internal, NULL, -1},
    };
    for (size_t i = 0; i < KTG_COUNT(table); i++) {
        struct ktg_side o = {KTG_LIT("s"), table[i].old, 0}, n = {KTG_LIT("s"), table[i].new, 0};
        enum ktg_op_kind op;
        bool says = ktg_match_op(table[i].old ? &o : NULL, table[i].new ? &n : NULL, &op);
        if (says != (table[i].op >= 0) || (says && (int)op != table[i].op))
            fail_msg("row %zu: %d, not %d", i, says ? (int)op : -1, table[i].op);
    }
}

/* ---- names, standing answers ------------------------------------------------------------------------------ */

static void test_keys__a_long_name_is_cut_and_stays_its_own(void **unused)
{
    (void)unused;
    char room[KTG_NAME_MAX + 1], room2[KTG_NAME_MAX + 1], text[600];
    memset(text, 'x', sizeof text);
    struct ktg_bytes a = ktg_name_fit(ktg_bytes(text, 500), room),
                     b = ktg_name_fit(ktg_bytes(text, 501), room2);
    assert_int_equal(a.size, KTG_NAME_MAX);
    assert_false(ktg_bytes_eq(a, b));
    struct ktg_bytes same = ktg_name_fit(ktg_bytes(text, KTG_NAME_MAX), room);
    assert_ptr_equal(same.data, text);
    struct ktg_key k;
    struct ktg_bytes kind, subject;
    ktg_key_subject(&k, 't', KTG_LIT("person"), KTG_LIT("doc:UTO:1"));
    assert_true(ktg_key_subject_parts(ktg_key_view(&k), &kind, &subject));
    assert_true(ktg_bytes_is(kind, "person") && ktg_bytes_is(subject, "doc:UTO:1"));
}

static void test_standing__comes_back_as_it_was_and_cut_bytes_are_refused(void **unused)
{
    (void)unused;
    struct ktg_arena a = KTG_ARENA_INIT;
    struct ktg_buf b = KTG_BUF_INIT, again = KTG_BUF_INIT;
    struct ktg_answers x = {0}, y;
    struct ktg_target targets[] = {{KTG_LIT("person"), KTG_LIT("p")},
                                   {KTG_LIT("sponsor"), KTG_LIT("s")}};
    struct ktg_standing f[2] = {finding('a', 5, KTG_NEVER), finding('b', 7, 9)};
    f[0].unknown = true;
    f[0].unknown_source = KTG_LIT("POST.A");
    f[1].is_posted = true;
    f[1].targets = targets;
    f[1].target_count = 2;
    f[1].values = KTG_LIT("\x80");
    struct ktg_answers_part *p = ktg_answers_part_put(&x, &a, KTG_LIT("zulu"));
    p->findings = f;
    p->count = 2;
    p = ktg_answers_part_put(&x, &a, KTG_LIT("alpha"));
    p->wake = 1234;
    ktg_answers_part_put(&x, &a, KTG_LIT("mike")); /* nothing in it: not kept */
    ktg_answers_encode(&x, &b);
    assert_int_equal(ktg_answers_wake(ktg_buf_view(&b)), 1234);
    assert_int_equal(ktg_answers_decode(ktg_buf_view(&b), &a, &y), KTG_OK);
    assert_int_equal(y.count, 2);
    ktg_answers_encode(&y, &again); /* nobody asked: put back as it was */
    assert_true(ktg_bytes_eq(ktg_buf_view(&b), ktg_buf_view(&again)));
    ktg_buf_clear(&again);
    assert_int_equal(ktg_answers_open(&y.parts[1], &a), KTG_OK);
    assert_true(ktg_bytes_is(y.parts[1].findings[1].targets[1].subject, "s"));
    ktg_answers_encode(&y, &again);
    assert_true(ktg_bytes_eq(ktg_buf_view(&b), ktg_buf_view(&again)));
    for (size_t cut = 1; cut < b.size; cut++)
        assert_int_equal(ktg_answers_decode(ktg_bytes(b.data, cut), &a, &y), KTG_ECORRUPT);
    assert_int_equal(ktg_answers_decode(ktg_buf_view(&b), &a, &y), KTG_OK);
    for (y.parts[1].raw.size--; y.parts[1].raw.size; y.parts[1].raw.size--)
        assert_int_equal(ktg_answers_open(&y.parts[1], &a), KTG_ECORRUPT);
    ktg_buf_done(&b);
    ktg_buf_done(&again);
    ktg_arena_done(&a);
}

static void test_heard__grows_and_survives_a_restart(void **unused)
{
    (void)unused;
    struct ktg_state *s;
    struct ktg_heard *h;
    bool grew;
    struct ktg_beat_news news;
    ktg_time at;
    struct ktg_bytes types[] = {KTG_LIT("border.crossing")};
    struct ktg_beat beat = {
        .source = KTG_LIT("POST.B"), .complete_until = 40, .types = types, .type_count = 1};
    assert_int_equal(ktg_state_new(NULL, &s), KTG_OK);
    assert_int_equal(ktg_heard_new(s, &h), KTG_OK);
    assert_int_equal(ktg_heard_event(h, KTG_LIT("POST.B"), 50, &grew), KTG_OK);
    assert_true(grew);
    assert_false(ktg_heard_of(h, KTG_LIT("POST.B"), &at)); /* no heartbeat: under no regime */
    assert_int_equal(ktg_heard_beat(h, &beat, &news), KTG_OK);
    assert_true(!news.grew && news.regime && news.runs.changed);
    beat.complete_until = 60;
    assert_int_equal(ktg_heard_beat(h, &beat, &news), KTG_OK);
    assert_true(news.grew && !news.regime && !news.runs.changed);
    beat.at = 10000000;
    beat.pos = 7;
    assert_int_equal(ktg_heard_beat(h, &beat, &news), KTG_OK);
    assert_true(!news.grew && !news.regime && news.runs.changed);
    ktg_heard_free(h);
    assert_int_equal(ktg_heard_new(s, &h), KTG_OK);
    assert_true(ktg_heard_of(h, KTG_LIT("POST.B"), &at));
    assert_int_equal(at, 60);
    const struct ktg_runs *runs = ktg_heard_runs(h, KTG_LIT("POST.B"));
    assert_true(runs && runs->count == 2 && runs->at[0].until == 0 && runs->at[1].pos == 7 &&
                runs->at[1].expected == 10000000 + KTG_RUN_LEAST);
    struct ktg_bytes name;
    assert_true(ktg_heard_regime(h, 0, &name) && ktg_bytes_is(name, "POST.B"));
    assert_false(ktg_heard_regime(h, 1, &name));
    assert_null(ktg_heard_runs(h, KTG_LIT("POST.C")));
    ktg_heard_free(h);
    ktg_state_free(s);
}

/* ---- runs: a function of the set of heartbeats ---- */

static uint64_t draw(uint64_t *s)
{
    *s = *s * UINT64_C(6364136223846793005) + 1442695040888963407;
    return *s >> 33;
}

static void test_runs__are_the_same_in_any_order_and_what_a_look_at_all_gives(void **unused)
{
    (void)unused;
    enum { MOST = 60 };
    uint64_t seed = 7;
    for (int round = 0; round < 300; round++) {
        size_t n = 1 + draw(&seed) % MOST;
        struct {
            ktg_time at;
            uint64_t period, pos;
        } beats[MOST];
        struct ktg_runs first = {0}, again = {0}, plain = {0};
        struct ktg_runs_news news = {.changed = true};
        for (size_t i = 0; i < n; i++) {
            beats[i].at = (ktg_time)(draw(&seed) % 4000) * 1000;
            beats[i].period = draw(&seed) % 4 ? 30 : draw(&seed) % 5 ? 200 : 1u << 30;
            beats[i].pos = (uint64_t)beats[i].at; /* the same for equal instants */
        }
        for (size_t i = 0; i < n; i++)
            assert_int_equal(
                ktg_runs_add(&first, beats[i].at, beats[i].period, beats[i].pos, &news), KTG_OK);
        for (size_t i = n; i-- > 0;)
            for (int twice = 0; twice < 2; twice++)
                assert_int_equal(
                    ktg_runs_add(&again, beats[i].at, beats[i].period, beats[i].pos, &news),
                    KTG_OK);
        assert_false(news.changed);                  /* said again: nothing new */
        for (ktg_time t = 0; t < 4000000; t += 1000) /* the plain way: instant by instant */
            for (size_t i = 0; i < n; i++) {
                ktg_time two = 2000 * (ktg_time)(beats[i].period < 3600 ? beats[i].period : 3600);
                ktg_time end = t + (two > 120000 ? two : 120000);
                struct ktg_run *r = plain.count ? &plain.at[plain.count - 1] : NULL;
                if (beats[i].at != t)
                    continue;
                if (!r || t > r->expected) {
                    assert_int_equal(
                        ktg_runs_put(&plain, &(struct ktg_run){t, t, end, beats[i].pos}), KTG_OK);
                    continue;
                }
                r->until = t;
                r->expected = end > r->expected ? end : r->expected;
            }
        assert_int_equal(first.count, plain.count);
        assert_int_equal(again.count, plain.count);
        assert_memory_equal(first.at, plain.at, plain.count * sizeof *plain.at);
        assert_memory_equal(again.at, plain.at, plain.count * sizeof *plain.at);
        ktg_runs_done(&first);
        ktg_runs_done(&again);
        ktg_runs_done(&plain);
    }
}

static void test_runs__the_latest_thousand_are_kept(void **unused)
{
    (void)unused;
    struct ktg_runs r = {0};
    struct ktg_runs_news news;
    for (ktg_time i = 0; i < KTG_RUNS_MOST + 5; i++) {
        assert_int_equal(ktg_runs_add(&r, i * 1000000, 60, 1, &news), KTG_OK);
        assert_int_equal(news.dropped, i >= KTG_RUNS_MOST);
        if (news.dropped)
            assert_int_equal(news.gone.from, (i - KTG_RUNS_MOST) * 1000000);
    }
    assert_int_equal(r.count, KTG_RUNS_MOST);
    assert_int_equal(r.at[0].from, 5000000);
    assert_int_equal(r.at[KTG_RUNS_MOST - 1].from, (ktg_time)(KTG_RUNS_MOST + 4) * 1000000);
    ktg_runs_done(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_state__changes_lie_over_the_store_until_they_are_flushed),
        cmocka_unit_test(test_record__any_order_of_arrival_gives_timeline_order),
        cmocka_unit_test(test_record__holds_positions_of_40_bits_roles_and_what_was_posted),
        cmocka_unit_test(test_corrections__every_order_of_arrival_leaves_the_same_events_live),
        cmocka_unit_test(test_corrections__another_source_corrects_nothing),
        cmocka_unit_test(
            test_identity__ties_come_and_go_and_the_components_are_those_of_what_is_left),
        cmocka_unit_test(test_match__first_the_anchor_then_overlap_in_order_of_from),
        cmocka_unit_test(test_match__says_what_the_table_says),
        cmocka_unit_test(test_keys__a_long_name_is_cut_and_stays_its_own),
        cmocka_unit_test(test_state__finds_what_is_mostly_not_there),
        cmocka_unit_test(test_standing__comes_back_as_it_was_and_cut_bytes_are_refused),
        cmocka_unit_test(test_heard__grows_and_survives_a_restart),
        cmocka_unit_test(test_runs__are_the_same_in_any_order_and_what_a_look_at_all_gives),
        cmocka_unit_test(test_runs__the_latest_thousand_are_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
