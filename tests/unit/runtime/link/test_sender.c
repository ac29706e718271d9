/* tests/unit/runtime/link/test_sender.c
 * SPDX-License-Identifier: Apache-2.0
 */
#include "runtime/link/sender.h"

#include <stdio.h>

#include "runtime/bytes.h"
#include "runtime/mem.h"
#include "tests/support/cmocka.h"

static const struct ktg_sender_limits limits = {.window_items = 5,
                                                .window_bytes = 100,
                                                .batch_items = 3,
                                                .batch_bytes = 60,
                                                .answer_within = 50,
                                                .rest_min = 10,
                                                .rest_max = 25};

enum input { NOTHING, NEWEST, OPENED, CREDIT, SENT, ACKED, RETRY, GONE };
#define W KTG_SENDER_WAIT
#define H KTG_SENDER_HELLO
#define S KTG_SENDER_SEND

static void test_sender__tells_this_story(void **unused)
{
    (void)unused;
    /* clang-format off */
    static const struct {
        ktg_time at;
        enum input input; /* first this arrives, with a, b, c ... */
        uint64_t a, b, c;
        int verdict;
        struct ktg_sender_order order; /* ... then this is asked for, with random 0 */
        ktg_time wake;
    } story[] = {
        {0, NOTHING, 0, 0, 0, 0, {H, 0, 0, 0, 0}, 50},             /* hello at once; 50 to answer */
        {1, NOTHING, 0, 0, 0, 0, {W, 0, 0, 0, 0}, 50},             /* no second hello */
        {1, OPENED, 6, 5, 100, KTG_ECORRUPT, {W, 0, 0, 0, 0}, 50}, /* it forgot item 7: refused */
        {1, OPENED, 13, 5, 100, KTG_ECONFLICT, {W, 0, 0, 0, 0}, 50}, /* it holds what we never had */
        {2, OPENED, 8, 5, 100, 0, {S, 9, 3, 60, 1}, KTG_NEVER},    /* it holds 8: go on with 9 */
        {2, OPENED, 8, 5, 100, KTG_EINVALID, {S, 9, 3, 60, 1}, KTG_NEVER}, /* welcome unasked */
        {3, SENT, 10, 30, 0, 0, {S, 11, 2, 60, 0}, 53},            /* two went; two are left */
        {4, SENT, 11, 30, 0, 0, {S, 12, 1, 40, 0}, 53},            /* 40 bytes of window left */
        {5, NEWEST, 20, 0, 0, 0, {S, 12, 2, 40, 0}, 53},           /* the window: 5 items */
        {6, SENT, 12, 40, 0, 0, {W, 0, 0, 0, 0}, 53},              /* the window: 100 bytes are full */
        {7, ACKED, 9, 0, 0, 0, {W, 0, 0, 0, 0}, 57},               /* half a batch frees no bytes */
        {8, ACKED, 10, 0, 0, 0, {S, 13, 3, 30, 0}, 58},            /* now it does */
        {9, ACKED, 10, 0, 0, 0, {S, 13, 3, 30, 0}, 58},            /* an echo changes nothing */
        {9, ACKED, 13, 0, 0, KTG_EINVALID, {S, 13, 3, 30, 0}, 58}, /* never sent */
        {10, CREDIT, 2, 100, 0, 0, {W, 0, 0, 0, 0}, 58},           /* granted 2, 2 are in flight */
        {11, CREDIT, 3, 80, 0, 0, {S, 13, 1, 10, 0}, 58},          /* granted 3, and 80 bytes */
        {12, CREDIT, 3, 70, 0, 0, {W, 0, 0, 0, 0}, 58},            /* 70 are in flight */
        {13, ACKED, 12, 0, 0, 0, {S, 13, 3, 60, 1}, KTG_NEVER},    /* all answered, alone again */
        {14, CREDIT, 3, 0, 0, 0, {W, 0, 0, 0, 0}, KTG_NEVER},      /* no bytes granted: a pause */
        {15, CREDIT, 9, 999, 0, 0, {S, 13, 3, 60, 1}, KTG_NEVER},  /* more than our window */
        {16, SENT, 13, 500, 0, 0, {W, 0, 0, 0, 0}, 66},            /* a giant goes alone */
        {17, RETRY, 7, 0, 0, 0, {W, 0, 0, 0, 0}, 24},              /* not taken: again in 7 */
        {23, NOTHING, 0, 0, 0, 0, {W, 0, 0, 0, 0}, 24},            /* not yet */
        {24, NOTHING, 0, 0, 0, 0, {S, 13, 3, 60, 1}, KTG_NEVER},   /* now */
        {25, SENT, 13, 500, 0, 0, {W, 0, 0, 0, 0}, 75},            /* sent, and no answer ... */
        {74, NOTHING, 0, 0, 0, 0, {W, 0, 0, 0, 0}, 75},
        {75, NOTHING, 0, 0, 0, 0, {W, 0, 0, 0, 0}, 80},            /* ... a rest of 10, half chance */
        {76, RETRY, 9, 0, 0, 0, {W, 0, 0, 0, 0}, 80},              /* too late: the session is over */
        {77, GONE, 0, 0, 0, 0, {W, 0, 0, 0, 0}, 80},               /* we know */
        {80, NOTHING, 0, 0, 0, 0, {H, 0, 0, 0, 0}, 130},           /* hello */
        {130, NOTHING, 0, 0, 0, 0, {W, 0, 0, 0, 0}, 140},          /* silence: rests 20 */
        {140, NOTHING, 0, 0, 0, 0, {H, 0, 0, 0, 0}, 190},
        {141, GONE, 0, 0, 0, 0, {W, 0, 0, 0, 0}, 153},             /* refused: rests 25, the longest */
        {153, NOTHING, 0, 0, 0, 0, {H, 0, 0, 0, 0}, 203},
        {154, OPENED, 12, 9, 999, 0, {S, 13, 3, 60, 1}, KTG_NEVER}, /* it has not got 13 */
        {155, ACKED, 13, 0, 0, 0, {S, 14, 3, 60, 1}, KTG_NEVER},   /* it has: the ack was late */
        {156, SENT, 16, 60, 0, 0, {S, 17, 2, 40, 0}, 206},
        {157, GONE, 0, 0, 0, 0, {W, 0, 0, 0, 0}, 162},             /* an ack made rests short: 10 */
        {158, ACKED, 15, 0, 0, 0, {W, 0, 0, 0, 0}, 162},           /* an ack that was under way */
        {162, NOTHING, 0, 0, 0, 0, {H, 0, 0, 0, 0}, 212},
        {163, OPENED, 18, 9, 999, 0, {S, 19, 2, 60, 1}, KTG_NEVER}, /* an heir of ours had sent more */
        {164, ACKED, 18, 0, 0, 0, {S, 19, 2, 60, 1}, KTG_NEVER},
        {165, RETRY, 999, 0, 0, 0, {W, 0, 0, 0, 0}, 190},          /* no rest is longer than 25 */
        {166, RETRY, (uint64_t)-5, 0, 0, 0, {S, 19, 2, 60, 1}, KTG_NEVER}, /* nonsense: at once */
        {167, SENT, 20, 9, 0, 0, {W, 0, 0, 0, 0}, 217},            /* that was the last */
        {168, RETRY, 20, 0, 0, 0, {W, 0, 0, 0, 0}, 188},
        {169, GONE, 0, 0, 0, 0, {W, 0, 0, 0, 0}, 174},             /* the end also ends the hold */
        {174, NOTHING, 0, 0, 0, 0, {H, 0, 0, 0, 0}, 224},
        {175, OPENED, 20, 9, 999, 0, {W, 0, 0, 0, 0}, KTG_NEVER},  /* all done: no timer */
        {176, NEWEST, 19, 0, 0, 0, {W, 0, 0, 0, 0}, KTG_NEVER},    /* an outbox does not shrink */
        {177, GONE, 0, 0, 0, 0, {W, 0, 0, 0, 0}, 182},             /* rests short: 20 was new */
        {182, NOTHING, 0, 0, 0, 0, {H, 0, 0, 0, 0}, 232},
        {183, NEWEST, 30, 0, 0, 0, {W, 0, 0, 0, 0}, 232},
        {184, OPENED, 20, 9, 999, 0, {S, 21, 3, 60, 1}, KTG_NEVER},
        {185, SENT, 25, 60, 0, 0, {W, 0, 0, 0, 0}, 235},           /* a window full ... */
        {186, GONE, 0, 0, 0, 0, {W, 0, 0, 0, 0}, 196},             /* ... in vain */
        {196, NOTHING, 0, 0, 0, 0, {H, 0, 0, 0, 0}, 246},
        {197, OPENED, 20, 9, 999, 0, {S, 21, 2, 60, 1}, KTG_NEVER}, /* then half of five */
        {198, SENT, 22, 20, 0, 0, {W, 0, 0, 0, 0}, 248},
        {248, NOTHING, 0, 0, 0, 0, {W, 0, 0, 0, 0}, 260},          /* silence: as much in vain */
        {260, NOTHING, 0, 0, 0, 0, {H, 0, 0, 0, 0}, 310},
        {261, OPENED, 20, 9, 999, 0, {S, 21, 1, 60, 1}, KTG_NEVER}, /* one, and never less */
        {262, SENT, 21, 10, 0, 0, {W, 0, 0, 0, 0}, 312},
        {263, ACKED, 21, 0, 0, 0, {S, 22, 2, 60, 1}, KTG_NEVER},   /* each answer doubles it ... */
        {264, SENT, 23, 20, 0, 0, {W, 0, 0, 0, 0}, 314},
        {265, ACKED, 22, 0, 0, 0, {S, 24, 3, 60, 0}, 315},
        {266, ACKED, 23, 0, 0, 0, {S, 24, 3, 60, 1}, KTG_NEVER},
        {267, SENT, 26, 30, 0, 0, {S, 27, 2, 60, 0}, 317},         /* ... up to the limit */
        {268, ACKED, 24, 0, 0, 0, {S, 27, 3, 60, 0}, 318},
        {269, GONE, 0, 0, 0, 0, {W, 0, 0, 0, 0}, 274},             /* the session was not in vain */
        {274, NOTHING, 0, 0, 0, 0, {H, 0, 0, 0, 0}, 324},
        {275, OPENED, 24, 9, 999, 0, {S, 25, 3, 60, 1}, KTG_NEVER},
        {276, SENT, 27, 30, 0, 0, {S, 28, 2, 60, 0}, 326},
    };
    /* clang-format on */
    struct ktg_sender *s = NULL;
    assert_int_equal(ktg_sender_new(7, 12, &limits, &s), KTG_OK);
    for (size_t i = 0; i < COUNT(story); i++) {
        uint64_t a = story[i].a, b = story[i].b;
        ktg_time now = story[i].at;
        int verdict = KTG_OK;
        switch (story[i].input) {
        case NOTHING:
            break;
        case NEWEST:
            ktg_sender_newest(s, a);
            break;
        case OPENED:
            verdict = ktg_sender_opened(s, a, (uint32_t)b, story[i].c, now);
            break;
        case CREDIT:
            ktg_sender_credit(s, (uint32_t)a, b);
            break;
        case SENT:
            ktg_sender_sent(s, a, b, now);
            break;
        case ACKED:
            verdict = ktg_sender_acked(s, a, now);
            break;
        case RETRY:
            ktg_sender_retry(s, (ktg_time)a, now);
            break;
        case GONE:
            ktg_sender_disconnected(s, now, 0);
            break;
        }
        struct ktg_sender_order o = ktg_sender_next(s, now, 0), want = story[i].order;
        if (verdict != story[i].verdict || o.wish != want.wish || o.first != want.first ||
            o.items != want.items || o.bytes != want.bytes || o.alone != want.alone ||
            ktg_sender_wake_at(s) != story[i].wake)
            fail_msg("line %zu at %lld: verdict %d, wish %d first %llu items %u bytes %llu alone "
                     "%d, wake %lld",
                     i, (long long)now, verdict, (int)o.wish, (unsigned long long)o.first, o.items,
                     (unsigned long long)o.bytes, o.alone, (long long)ktg_sender_wake_at(s));
    }
    assert_int_equal(ktg_sender_acked_seq(s), 24);
    s = ktg_sender_free(s);
}

static void test_sender__rests_between_half_and_the_whole_by_chance(void **unused)
{
    (void)unused;
    struct ktg_sender_limits l = limits;
    l.rest_min = l.rest_max = 1000;
    struct ktg_sender *s = NULL;
    assert_int_equal(ktg_sender_new(0, 0, &l, &s), KTG_OK); /* always the same is fine too */
    s = ktg_sender_free(s);
    l.rest_max = 4000;
    static const struct {
        uint32_t random;
        ktg_time rest; /* of 1000, 2000, 4000, 4000 */
    } table[] = {{0, 500}, {UINT32_MAX, 1999}, {1u << 31, 3000}, {UINT32_MAX, 3999}};
    assert_int_equal(ktg_sender_new(0, 0, &l, &s), KTG_OK);
    ktg_time now = 0;
    for (size_t i = 0; i < COUNT(table); i++) {
        assert_int_equal(ktg_sender_next(s, now, 0).wish, KTG_SENDER_HELLO);
        ktg_sender_disconnected(s, now, table[i].random);
        assert_int_equal(ktg_sender_wake_at(s) - now, table[i].rest);
        now = ktg_sender_wake_at(s);
    }
    s = ktg_sender_free(s);
}

static void test_sender__counts_bytes_also_when_more_batches_fly_than_it_has_places(void **unused)
{
    (void)unused;
    struct ktg_sender_limits l = limits;
    l.window_items = 1000;
    l.window_bytes = 1000;
    l.batch_bytes = 1000;
    struct ktg_sender *s = NULL;
    assert_int_equal(ktg_sender_new(0, 1000, &l, &s), KTG_OK);
    assert_int_equal(ktg_sender_next(s, 0, 0).wish, KTG_SENDER_HELLO);
    assert_int_equal(ktg_sender_opened(s, 0, 1000, 1000, 0), KTG_OK);
    for (uint64_t round = 0; round < 3; round++) { /* the ring of places turns */
        for (uint64_t i = 1; i <= 100; i++)
            ktg_sender_sent(s, round * 100 + i, 10, 0);
        assert_int_equal(ktg_sender_next(s, 0, 0).wish, KTG_SENDER_WAIT); /* 1000 bytes in flight */
        assert_int_equal(ktg_sender_acked(s, round * 100 + 40, 0), KTG_OK);
        assert_int_equal(ktg_sender_next(s, 0, 0).bytes, 400);
        assert_int_equal(ktg_sender_acked(s, round * 100 + 99, 0), KTG_OK);
        struct ktg_sender_order o =
            ktg_sender_next(s, 0, 0); /* the last place holds 37: not yet free */
        assert_int_equal(o.first, round * 100 + 101);
        assert_false(o.alone);
        assert_int_equal(o.bytes, 630);
        assert_int_equal(ktg_sender_acked(s, round * 100 + 100, 0), KTG_OK);
        assert_true(ktg_sender_next(s, 0, 0).alone);
    }
    s = ktg_sender_free(s);
}

static void test_sender__refuses_limits_that_cannot_work(void **unused)
{
    (void)unused;
    struct ktg_sender *s = NULL;
    for (int i = 0; i < 7; i++) {
        struct ktg_sender_limits l = limits;
        if (i == 0)
            l.window_items = 0;
        if (i == 1)
            l.window_bytes = 0;
        if (i == 2)
            l.batch_items = 0;
        if (i == 3)
            l.batch_bytes = 0;
        if (i == 4)
            l.answer_within = 0;
        if (i == 5)
            l.rest_min = 0;
        if (i == 6)
            l.rest_max = l.rest_min - 1;
        assert_int_equal(ktg_sender_new(0, 0, &l, &s), KTG_EINVALID);
    }
    assert_int_equal(ktg_sender_new(2, 1, &limits, &s), KTG_EINVALID);
    ktg_mem_fail_after(0);
    assert_int_equal(ktg_sender_new(0, 0, &limits, &s), KTG_ENOMEM);
    ktg_mem_fail_after(-1);
    assert_null(s);
    assert_null(ktg_sender_free(NULL));
}

/* A line that breaks whenever four items are on it, and takes the answers along. */
static void test_sender__gets_on_over_a_line_that_always_breaks_at_the_same_place(void **unused)
{
    (void)unused;
    struct ktg_sender_limits l = limits;
    l.window_items = 100;
    struct ktg_sender *s = NULL;
    ktg_time now = 0;
    int sessions = 0;
    assert_int_equal(ktg_sender_new(0, 100, &l, &s), KTG_OK);
    for (; ktg_sender_acked_seq(s) < 100 && sessions < 200; sessions++) {
        uint64_t taken = ktg_sender_acked_seq(s), on_line = 0;
        assert_int_equal(ktg_sender_next(s, now, 0).wish, KTG_SENDER_HELLO);
        assert_int_equal(ktg_sender_opened(s, taken, 100, 1000, now), KTG_OK);
        while (on_line < 4 && taken < 100) {
            struct ktg_sender_order o;
            while ((o = ktg_sender_next(s, now, 0)).wish == KTG_SENDER_SEND && on_line < 4) {
                taken = o.first + o.items - 1;
                on_line += o.items;
                ktg_sender_sent(s, taken, o.items, now);
            }
            if (on_line >= 4)
                break; /* the line breaks before an answer is on it */
            assert_int_equal(ktg_sender_acked(s, taken, now), KTG_OK);
            on_line = 0;
        }
        ktg_sender_disconnected(s, now, 0);
        now = ktg_sender_wake_at(s);
    }
    assert_int_equal(ktg_sender_acked_seq(s), 100);
    assert_in_range(sessions, 2, 100);
    s = ktg_sender_free(s);
}

/* ---- a simulated world: a line that loses, repeats and breaks, and a receiver that takes in order
 * ---- */

enum { ITEMS = 400, PACKETS = 64 };

struct packet {
    enum { NONE, HELLO, WELCOME, PUBLISH, ACK, NACK } kind;
    int session;
    uint64_t first, last;
    ktg_time due;
};

struct world {
    uint64_t seed;
    struct packet line[PACKETS];
    int sessions, session; /* of the sender */
    struct {               /* the receiver */
        int session;
        uint64_t taken;
        int busy;
    } to;
    uint64_t duplicates;
};

static uint32_t chance(struct world *w) /* SplitMix64, upper half */
{
    uint64_t z = w->seed += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return (uint32_t)((z ^ z >> 31) >> 32);
}

static bool one_in(struct world *w, uint32_t n)
{
    return chance(w) % n == 0;
}

static uint64_t size_of(uint64_t item)
{
    return item % 17 == 0 ? 150 : 5 + item % 20;
}

/* The line keeps the order within a session (it is one connection), but may lose the tail. */
static void put(struct world *w, struct packet p, ktg_time now)
{
    int copies = one_in(w, 50) ? 0 : one_in(w, 50) ? 2 : 1;
    p.due = now + 1;
    for (int i = 0; i < PACKETS && copies; i++)
        if (w->line[i].kind == NONE) {
            w->line[i] = p;
            copies--;
        }
}

static void receiver_takes(struct world *w, struct packet p, ktg_time now)
{
    if (p.kind == HELLO) {
        w->to.session = p.session;
        put(w, (struct packet){.kind = WELCOME, .session = p.session, .last = w->to.taken}, now);
    } else if (p.session == w->to.session) {
        if (p.first > w->to.taken + 1 || one_in(w, 30)) { /* a gap, or busy */
            put(w, (struct packet){.kind = NACK, .session = p.session, .first = chance(w) % 20},
                now);
            return;
        }
        for (uint64_t i = p.first; i <= p.last; i++) {
            if (i == w->to.taken + 1)
                w->to.taken++; /* exactly once, in order */
            else
                w->duplicates++;
        }
        put(w, (struct packet){.kind = ACK, .session = p.session, .last = w->to.taken}, now);
    }
}

static void sender_takes(struct world *w, struct ktg_sender *s, struct packet p, ktg_time now)
{
    uint32_t items = one_in(w, 20) ? 0 : 1 + chance(w) % 60;
    if (p.kind == ACK) {
        assert_int_equal(ktg_sender_acked(s, p.last, now),
                         KTG_OK); /* also one of an earlier session */
        return;
    }
    if (p.session != w->session)
        return;
    if (p.kind == WELCOME && ktg_sender_opened(s, p.last, items, 400, now) == KTG_OK)
        return;
    if (p.kind == NACK)
        ktg_sender_retry(s, (ktg_time)p.first, now);
}

static void follow(struct world *w, struct ktg_sender *s, struct ktg_sender_order o, ktg_time now)
{
    if (o.wish == KTG_SENDER_HELLO) {
        w->session = ++w->sessions;
        put(w, (struct packet){.kind = HELLO, .session = w->session}, now);
        return;
    }
    uint64_t last = o.first - 1, bytes = 0;
    while (last - (o.first - 1) < o.items &&
           (bytes + size_of(last + 1) <= o.bytes || (o.alone && last == o.first - 1)))
        bytes += size_of(++last);
    if (last < o.first)
        return; /* the next is too big to go with others: it waits until it can go alone */
    ktg_sender_sent(s, last, bytes, now);
    put(w, (struct packet){.kind = PUBLISH, .session = w->session, .first = o.first, .last = last},
        now);
}

static void test_sender__brings_everything_once_and_in_order_through_any_weather(void **unused)
{
    (void)unused;
    uint64_t duplicates = 0;
    for (uint64_t seed = 1; seed <= 1000; seed++) {
        struct world w = {.seed = seed * 1000003};
        struct ktg_sender_limits l = {20, 300, 8, 120, 40, 10, 80};
        struct ktg_sender *s = NULL;
        uint64_t newest = 0;
        ktg_time now = 0;
        assert_int_equal(ktg_sender_new(0, 0, &l, &s), KTG_OK);
        for (; now < 200000 && ktg_sender_acked_seq(s) < ITEMS; now++) {
            if (newest < ITEMS && one_in(&w, 3))
                ktg_sender_newest(s, ++newest);
            if (one_in(&w, 200)) { /* the connection breaks: what is on the line is lost */
                memset(w.line, 0, sizeof w.line);
                ktg_sender_disconnected(s, now, chance(&w));
            }
            if (one_in(&w, 400)) { /* our process dies; the outbox knows what was acknowledged */
                uint64_t acked = ktg_sender_acked_seq(s);
                memset(w.line, 0, sizeof w.line);
                s = ktg_sender_free(s);
                assert_int_equal(ktg_sender_new(acked, newest, &l, &s), KTG_OK);
            }
            if (one_in(&w, 40))
                ktg_sender_credit(s, chance(&w) % 30, chance(&w) % 500);
            for (int i = 0; i < PACKETS; i++)
                if (w.line[i].kind != NONE && w.line[i].due <= now) {
                    struct packet p = w.line[i];
                    w.line[i].kind = NONE;
                    if (p.kind == HELLO || p.kind == PUBLISH)
                        receiver_takes(&w, p, now);
                    else
                        sender_takes(&w, s, p, now);
                }
            for (int i = 0; i < 10; i++) {
                struct ktg_sender_order o = ktg_sender_next(s, now, chance(&w));
                if (o.wish == KTG_SENDER_WAIT)
                    break;
                follow(&w, s, o, now);
            }
            assert_true(ktg_sender_acked_seq(s) <=
                        w.to.taken); /* nothing counts as done that is not */
        }
        if (ktg_sender_acked_seq(s) != ITEMS)
            fail_msg("seed %llu: stopped at %llu of %d", (unsigned long long)seed,
                     (unsigned long long)ktg_sender_acked_seq(s), ITEMS);
        assert_int_equal(w.to.taken, ITEMS);
        duplicates += w.duplicates;
        s = ktg_sender_free(s);
    }
    assert_true(duplicates > 1000); /* the weather was bad enough to test anything */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sender__tells_this_story),
        cmocka_unit_test(test_sender__rests_between_half_and_the_whole_by_chance),
        cmocka_unit_test(test_sender__counts_bytes_also_when_more_batches_fly_than_it_has_places),
        cmocka_unit_test(test_sender__gets_on_over_a_line_that_always_breaks_at_the_same_place),
        cmocka_unit_test(test_sender__refuses_limits_that_cannot_work),
        cmocka_unit_test(test_sender__brings_everything_once_and_in_order_through_any_weather),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
