/* brokers/gateway/session.c - the picture and the numbered invariants are in session.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "brokers/gateway/session.h"

enum { MILLI = 1000 };

void ktg_session_init(struct ktg_session *s, int64_t rate, int64_t burst, ktg_time now)
{
    *s = (struct ktg_session){.rate = rate, .burst = burst < 1 ? 1 : burst, .filled_at = now};
    s->tokens = s->burst * MILLI;
}

void ktg_session_grant(struct ktg_session *s, uint64_t events, uint64_t bytes)
{
    s->credit_events = events;
    s->credit_bytes = bytes;
}

void ktg_session_resume(struct ktg_session *s, uint64_t acked)
{
    s->acked = s->last = acked;
    s->bytes = s->copies = 0;
    s->head = s->count = 0;
}

/* Seconds are ms here and events thousandths, so rate events/s = rate thousandths/ms. */
static bool take_tokens(struct ktg_session *s, uint64_t count, ktg_time now, ktg_time *ret_wait)
{
    if (s->rate <= 0)
        return true;
    int64_t want = (int64_t)count * MILLI, most = s->burst * MILLI;
    if (want > most) /* a frame larger than the burst passes when the bucket is full */
        want = most;
    if (now > s->filled_at) {
        ktg_time since = now - s->filled_at;
        int64_t room = most - s->tokens;
        s->tokens = since > room / s->rate ? most : s->tokens + since * s->rate;
        s->filled_at = now;
    }
    if (s->tokens < want) {
        *ret_wait = (want - s->tokens + s->rate - 1) / s->rate;
        return false;
    }
    s->tokens -= want;
    return true;
}

bool ktg_session_single(struct ktg_session *s, ktg_time now)
{
    ktg_time wait;
    return take_tokens(s, 1, now, &wait);
}

/* The newest frames whose numbers come again. */
static uint64_t bytes_again(const struct ktg_session *s, uint64_t first_seq, uint32_t *ret_frames)
{
    uint64_t bytes = 0;
    uint32_t n = 0;
    while (n < s->count) {
        const struct ktg_session_flight *f =
            &s->flight[(s->head + s->count - 1 - n) % KTG_SESSION_FRAMES];
        if (f->last_seq < first_seq)
            break;
        bytes += f->bytes;
        n++;
    }
    *ret_frames = n;
    return bytes;
}

int ktg_session_publish(struct ktg_session *s, uint64_t first_seq, uint64_t count, uint64_t bytes,
                        ktg_time now, ktg_time *ret_wait)
{
    uint64_t last = first_seq + count - 1;
    if (count == 0 || count > s->credit_events || last < first_seq)
        return KTG_EFULL;
    if (last > s->acked && last - s->acked > s->credit_events)
        return KTG_EFULL;
    uint32_t frames;
    uint64_t again = bytes_again(s, first_seq, &frames), rest = s->bytes - again;
    if (rest && rest + bytes > s->credit_bytes) /* one alone may always go */
        return KTG_EFULL;
    if (again && s->copies + again > s->credit_bytes)
        return KTG_EFULL;
    if (!take_tokens(s, count, now, ret_wait))
        return KTG_EAGAIN;
    s->count -= frames;
    s->bytes = rest;
    s->copies += again;
    if (again)
        s->copies_until = s->last;
    if (s->count < KTG_SESSION_FRAMES)
        s->flight[(s->head + s->count++) % KTG_SESSION_FRAMES] =
            (struct ktg_session_flight){last, 0};
    struct ktg_session_flight *newest = &s->flight[(s->head + s->count - 1) % KTG_SESSION_FRAMES];
    if (last > newest->last_seq)
        newest->last_seq = last;
    newest->bytes += bytes;
    s->bytes += bytes;
    if (last > s->last)
        s->last = last;
    return KTG_OK;
}

void ktg_session_acked(struct ktg_session *s, uint64_t seq)
{
    if (seq > s->acked)
        s->acked = seq;
    if (seq >= s->copies_until)
        s->copies = 0;
    while (s->count && s->flight[s->head].last_seq <= seq) {
        s->bytes -= s->flight[s->head].bytes;
        s->head = (s->head + 1) % KTG_SESSION_FRAMES;
        s->count--;
    }
}

void ktg_session_retry(struct ktg_session *s)
{
    s->bytes = s->copies = 0;
    s->head = s->count = 0;
}
