/* brokers/ingest/session.c - who is connected, and what they are told; see ingest_parts.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "brokers/ingest/ingest_parts.h"

#include "runtime/mem.h"

/* ---- sessions ---------------------------------------------------------------------------------------------------- */

static size_t session_place(const struct ktg_ingest *in, ktg_peer peer, uint64_t number,
                            bool *ret_found)
{
    size_t low = 0, high = in->session_count;
    while (low < high) {
        size_t mid = (low + high) / 2;
        const struct ktg_ingest_session *s = in->sessions[mid];
        if (s->peer == peer && s->number == number) {
            *ret_found = true;
            return mid;
        }
        if (s->peer < peer || (s->peer == peer && s->number < number))
            low = mid + 1;
        else
            high = mid;
    }
    *ret_found = false;
    return low;
}

struct ktg_ingest_session *ktg_ingest_session_find(const struct ktg_ingest *in, ktg_peer peer,
                                                   uint64_t number)
{
    bool found;
    size_t at = session_place(in, peer, number, &found);
    return found ? in->sessions[at] : NULL;
}

static struct ktg_ingest_session *session_free(struct ktg_ingest_session *s)
{
    if (s)
        ktg_receipts_done(&s->receipts);
    ktg_free(s);
    return NULL;
}

void ktg_ingest_session_drop(struct ktg_ingest *in, ktg_peer peer, uint64_t number)
{
    bool found;
    size_t at = session_place(in, peer, number, &found);
    if (!found)
        return;
    session_free(in->sessions[at]);
    in->session_count--;
    memmove(&in->sessions[at], &in->sessions[at + 1],
            (in->session_count - at) * sizeof *in->sessions);
}

struct ktg_ingest_session *ktg_ingest_session_add(struct ktg_ingest *in, ktg_peer peer,
                                                  uint64_t number, struct ktg_bytes producer)
{
    bool found;
    size_t at = session_place(in, peer, number, &found);
    struct ktg_ingest_session *s = ktg_zalloc(sizeof *s);
    if (!s || (!found && (in->session_count == in->options->max_sessions ||
                          ktg_grow(&in->sessions, &in->session_cap, in->session_count + 1,
                                   sizeof *in->sessions))))
        return session_free(s);
    s->peer = peer;
    s->number = number;
    memcpy(s->producer, producer.data, producer.size); /* the size was checked by its hello */
    if (found) {
        session_free(in->sessions[at]);
    } else {
        memmove(&in->sessions[at + 1], &in->sessions[at],
                (in->session_count - at) * sizeof *in->sessions);
        in->session_count++;
    }
    in->sessions[at] = s;
    return s;
}

/* ---- answers ----------------------------------------------------------------------------------------------------- */

/* The batch after which what was just taken, or was taken before, is durable. */
uint64_t ktg_ingest_answer_batch(const struct ktg_ingest *in)
{
    return ktg_journal_pending(in->journal) ? in->open_batch : in->open_batch - 1;
}

struct ktg_bytes ktg_ingest_encode(struct ktg_ingest *in, const struct ktg_msg *m)
{
    ktg_buf_clear(&in->out);
    if (ktg_protocol_encode(m, &in->out, NULL))
        return KTG_BYTES_NONE;
    return ktg_buf_view(&in->out);
}

static bool send_frame(struct ktg_ingest *in, ktg_peer peer, struct ktg_bytes frame)
{
    if (!frame.size || !ktg_link_send(in->link, peer, KTG_BYTES_NONE, frame))
        return true;
    ktg_metric_add(&ktg_ingest_metrics[M_RETRIES], 1);
    return false;
}

/* Lossy on purpose: a frame that finds no room is repeated when the producer says hello again. */
void ktg_ingest_send_now(struct ktg_ingest *in, ktg_peer peer, struct ktg_bytes frame)
{
    (void)send_frame(in, peer, frame);
}

void ktg_ingest_say_bye(struct ktg_ingest *in, ktg_peer peer, uint64_t number,
                        enum ktg_fault_no fault)
{
    struct ktg_msg m = {.type = KTG_MSG_BYE, .session = number};
    m.bye.code = ktg_bytes_str(ktg_faults[fault].name);
    m.bye.text = ktg_bytes_str(ktg_faults[fault].what);
    ktg_ingest_send_now(in, peer, ktg_ingest_encode(in, &m));
    ktg_ingest_session_drop(in, peer, number);
}

struct ktg_msg ktg_ingest_nack(const struct ktg_ingest_session *s, int nack_class, uint64_t seq,
                               const struct ktg_err *fault)
{
    struct ktg_msg m = {.type = KTG_MSG_NACK, .session = s->number};
    m.nack.nack_class = nack_class;
    m.nack.seq = seq;
    m.nack.code = ktg_bytes_str(fault->fault ? fault->fault->name : "error");
    m.nack.text = ktg_bytes_str(fault->text);
    m.nack.where = ktg_bytes_str(fault->where);
    m.nack.got = ktg_bytes_str(fault->got);
    m.nack.want = ktg_bytes_str(fault->want);
    return m;
}

void ktg_ingest_nack_retry(struct ktg_ingest *in, const struct ktg_ingest_session *s, uint64_t seq,
                           enum ktg_fault_no no, uint64_t after)
{
    struct ktg_err fault = KTG_ERR_INIT;
    (void)ktg_fault_set(&fault, no, NULL, NULL, "centre");
    struct ktg_msg m = ktg_ingest_nack(s, KTG_NACK_RETRY, seq, &fault);
    m.nack.retry_after = after;
    ktg_metric_add(&ktg_ingest_metrics[M_RETRIES], 1);
    ktg_ingest_send_now(in, s->peer, ktg_ingest_encode(in, &m));
}

/* ---- questions --------------------------------------------------------------------------------------------------- */

enum { PAGE = 100, PAGE_MOST = 500 };

static void put_status(struct ktg_ingest *in, const struct ktg_ingest_session *s,
                       const struct ktg_msg_query *q, bool *ret_more)
{
    struct ktg_bytes producer = ktg_bytes_str(s->producer);
    const struct ktg_sequence *row = ktg_sequences_find(&in->sequences, producer);
    uint64_t limit = q->limit == 0 ? PAGE : q->limit > PAGE_MOST ? PAGE_MOST : q->limit;
    ktg_buf_clear(&in->runs);
    ktg_tally_answer(ktg_tallies_find(&in->roll.tallies, producer), producer, row ? row->epoch : 0,
                     row ? row->last : 0, &in->roll.retired, q->after, limit, &in->runs, ret_more);
}

/* What it tells is on disk when it leaves: the numbers are those of the open batch. */
void ktg_ingest_query(struct ktg_ingest *in, struct ktg_ingest_session *s,
                      const struct ktg_msg_query *q)
{
    static const uint8_t none[] = {0x90};
    const struct ktg_fault *fault = NULL;
    struct ktg_rights rights;
    struct ktg_msg m = {.type = KTG_MSG_ANSWER, .session = s->number};
    if (in->options->rights_of(in->options->arg, ktg_bytes_str(s->producer), &rights)) {
        ktg_ingest_say_bye(in, s->peer, s->number, KTG_FAULT_REVOKED_KEY);
        return;
    }
    m.answer.ref = q->ref;
    if (q->what != KTG_QUERY_STATUS)
        fault = &ktg_faults[KTG_FAULT_DENIED]; /* alerts are for those who subscribe */
    else if (s->answer_batch > in->durable_batch)
        fault = &ktg_faults[KTG_FAULT_BUSY];
    else
        put_status(in, s, q, &m.answer.more);
    m.answer.items = fault ? ktg_bytes(none, 1) : ktg_buf_view(&in->runs);
    m.answer.code = ktg_bytes_str(fault ? fault->name : "");
    m.answer.text = ktg_bytes_str(fault ? fault->what : "");
    if (fault) {
        ktg_ingest_send_now(in, s->peer, ktg_ingest_encode(in, &m));
        return;
    }
    s->answer_batch = ktg_ingest_answer_batch(in);
    if (ktg_buf_check(&in->runs) || ktg_ingest_note(in, s, &m))
        ktg_ingest_say_bye(in, s->peer, s->number, KTG_FAULT_BUSY);
}

/* False: the session is over.  An ACK never overtakes the reason of a rejection: without room for that the producer is made to
 * say hello again, and is told both anew. */
static bool flush_session(struct ktg_ingest *in, struct ktg_ingest_session *s)
{
    struct ktg_msg m = {.type = KTG_MSG_ACK, .session = s->number};
    struct ktg_bytes note;
    while (ktg_receipts_take_note(&s->receipts, in->durable_batch, &note))
        if (!send_frame(in, s->peer, note)) {
            ktg_ingest_say_bye(in, s->peer, s->number, KTG_FAULT_BUSY);
            return false;
        }
    ktg_buf_clear(&in->runs);
    while (ktg_receipts_take(&s->receipts, in->durable_batch, &m.ack.seq, &in->runs)) {
        m.ack.runs = ktg_buf_view(&in->runs);
        ktg_ingest_send_now(in, s->peer, ktg_ingest_encode(in, &m));
        ktg_buf_clear(&in->runs);
    }
    return true;
}

void ktg_ingest_flush_sessions(struct ktg_ingest *in)
{
    for (size_t i = 0; i < in->session_count;)
        i +=
            !ktg_receipts_waiting(&in->sessions[i]->receipts) || flush_session(in, in->sessions[i]);
}
