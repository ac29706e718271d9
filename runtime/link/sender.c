/* runtime/link/sender.c - the picture and the numbered invariants are in sender.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "runtime/link/sender.h"

#include <assert.h>

#include "runtime/mem.h"

enum { FLIGHTS = 64 };

enum state { RESTING, CALLING, OPEN };

/* A batch in flight; when all places are taken, later batches join the last one. */
struct flight {
    uint64_t last, bytes;
};

struct ktg_sender {
    struct ktg_sender_limits limits;
    enum state state;
    uint64_t acked, sent, newest;
    uint64_t reach; /* highest item ever sent: a late answer to an earlier session may name it */
    uint64_t credit_items, credit_bytes;
    uint64_t window;                /* items; of the limits, less while sessions end in vain (6) */
    bool heard;                     /* something was acknowledged in this session */
    struct flight flights[FLIGHTS]; /* a ring, oldest at `oldest` */
    uint32_t oldest, flying;
    uint64_t flying_bytes;
    ktg_time rest;     /* length of the next rest */
    ktg_time deadline; /* RESTING: end of the rest; else end of patience, or KTG_NEVER */
    ktg_time hold;     /* asked not to send before; KTG_LONG_AGO: not asked */
};

int ktg_sender_new(uint64_t acked, uint64_t newest, const struct ktg_sender_limits *limits,
                   struct ktg_sender **ret_sender)
{
    if (limits->window_items == 0 || limits->window_bytes == 0 || limits->batch_items == 0 ||
        limits->batch_bytes == 0 || limits->answer_within <= 0 || limits->rest_min <= 0 ||
        limits->rest_max < limits->rest_min || acked > newest)
        return KTG_EINVALID;
    struct ktg_sender *s = ktg_zalloc(sizeof *s);
    if (!s)
        return KTG_ENOMEM;
    s->limits = *limits;
    s->acked = s->sent = s->reach = acked;
    s->newest = newest;
    s->window = limits->window_items;
    s->rest = limits->rest_min;
    s->deadline = s->hold = KTG_LONG_AGO;
    *ret_sender = s;
    return KTG_OK;
}

struct ktg_sender *ktg_sender_free(struct ktg_sender *s)
{
    ktg_free(s);
    return NULL;
}

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* Back to what is acknowledged (3). */
static void go_back(struct ktg_sender *s)
{
    s->sent = s->acked;
    s->flying = 0;
    s->flying_bytes = 0;
}

static void begin_rest(struct ktg_sender *s, ktg_time now, uint32_t random)
{
    uint64_t flying = s->sent - s->acked;
    if (s->state == OPEN && flying != 0 && !s->heard) /* (6) */
        s->window = flying > 1 ? flying / 2 : 1;
    ktg_time half = s->rest / 2, max = s->limits.rest_max;
    s->deadline = now + half + (ktg_time)((uint64_t)(s->rest - half) * random >> 32); /* (5) */
    s->rest = s->rest > max / 2 ? max : s->rest * 2;
    s->hold = KTG_LONG_AGO;
    s->state = RESTING;
}

struct ktg_sender_order ktg_sender_next(struct ktg_sender *s, ktg_time now, uint32_t random)
{
    const struct ktg_sender_order nothing = {.wish = KTG_SENDER_WAIT};
    assert(s->acked <= s->sent && s->sent <= s->newest); /* (1) */
    if (now >= s->deadline && s->state == RESTING) {
        s->state = CALLING;
        s->deadline = now + s->limits.answer_within;
        return (struct ktg_sender_order){.wish = KTG_SENDER_HELLO};
    }
    if (now >= s->deadline) /* silence (4) */
        begin_rest(s, now, random);
    if (s->state != OPEN || now < s->hold)
        return nothing;
    s->hold = KTG_LONG_AGO;

    uint64_t items = least(s->window, s->credit_items), flying = s->sent - s->acked;
    uint64_t bytes = least(s->limits.window_bytes, s->credit_bytes);
    if (s->sent == s->newest || items <= flying || bytes == 0) /* (2) */
        return nothing;
    if (bytes <= s->flying_bytes && flying != 0) /* (2) */
        return nothing;
    return (struct ktg_sender_order){
        .wish = KTG_SENDER_SEND,
        .first = s->sent + 1,
        .items = (uint32_t)least(least(items - flying, s->limits.batch_items), s->newest - s->sent),
        .bytes = least(bytes - s->flying_bytes, s->limits.batch_bytes),
        .alone = flying == 0,
    };
}

void ktg_sender_sent(struct ktg_sender *s, uint64_t last, uint64_t bytes, ktg_time now)
{
    assert(s->state == OPEN && last > s->sent && last <= s->newest);
    if (s->flying < FLIGHTS)
        s->flights[(s->oldest + s->flying++) % FLIGHTS] = (struct flight){.last = last};
    struct flight *f = &s->flights[(s->oldest + s->flying - 1) % FLIGHTS];
    f->last = last;
    f->bytes += bytes;
    s->flying_bytes += bytes;
    s->sent = last;
    if (s->reach < last)
        s->reach = last;
    if (s->deadline == KTG_NEVER) /* patience belongs to the oldest in flight */
        s->deadline = now + s->limits.answer_within;
}

void ktg_sender_newest(struct ktg_sender *s, uint64_t newest)
{
    if (newest > s->newest)
        s->newest = newest;
}

void ktg_sender_credit(struct ktg_sender *s, uint32_t items, uint64_t bytes)
{
    s->credit_items = items;
    s->credit_bytes = bytes;
}

int ktg_sender_opened(struct ktg_sender *s, uint64_t acked, uint32_t credit_items,
                      uint64_t credit_bytes, ktg_time now)
{
    (void)now;
    if (s->state != CALLING)
        return KTG_EINVALID;
    if (acked < s->acked)
        return KTG_ECORRUPT;
    if (acked > s->newest)
        return KTG_ECONFLICT;
    if (acked > s->acked)
        s->rest = s->limits.rest_min;
    s->state = OPEN;
    s->heard = false;
    s->deadline = KTG_NEVER;
    s->acked = acked;
    if (s->reach < acked)
        s->reach = acked;
    go_back(s);
    ktg_sender_credit(s, credit_items, credit_bytes);
    return KTG_OK;
}

int ktg_sender_acked(struct ktg_sender *s, uint64_t upto, ktg_time now)
{
    if (upto > s->reach)
        return KTG_EINVALID;
    if (upto <= s->acked) /* an echo */
        return KTG_OK;
    s->acked = upto;
    s->heard = true;
    s->window = least(s->window * 2, s->limits.window_items);
    s->rest = s->limits.rest_min;
    if (s->sent < upto) /* it came after we had gone back */
        s->sent = upto;
    while (s->flying && s->flights[s->oldest].last <= upto) {
        s->flying_bytes -= s->flights[s->oldest].bytes;
        s->oldest = (s->oldest + 1) % FLIGHTS;
        s->flying--;
    }
    if (s->state == OPEN)
        s->deadline = s->sent == s->acked ? KTG_NEVER : now + s->limits.answer_within;
    return KTG_OK;
}

void ktg_sender_retry(struct ktg_sender *s, ktg_time after, ktg_time now)
{
    if (s->state != OPEN)
        return;
    ktg_time wait = after < s->limits.rest_max ? after : s->limits.rest_max;
    s->hold = now + (wait > 0 ? wait : 0);
    s->deadline = KTG_NEVER;
    go_back(s);
}

void ktg_sender_disconnected(struct ktg_sender *s, ktg_time now, uint32_t random)
{
    if (s->state != RESTING)
        begin_rest(s, now, random);
}

ktg_time ktg_sender_wake_at(const struct ktg_sender *s)
{
    return s->hold != KTG_LONG_AGO && s->hold < s->deadline ? s->hold : s->deadline;
}

uint64_t ktg_sender_acked_seq(const struct ktg_sender *s)
{
    return s->acked;
}
