/* brokers/alerts/desk_questions.c - QUERY, answered from the casebook; see desk_parts.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "brokers/alerts/desk_parts.h"

#include "brokers/alerts/handed.h"
#include "brokers/alerts/listed.h"
#include "runtime/hash.h"

enum { PAGE = 100, PAGE_MOST = 500 };

struct shown { /* an alert that waits for its explanation */
    struct ktg_desk *desk;
    ktg_peer peer;
    uint64_t number, ref;
    struct ktg_buf item; /* the pairs of the map that are ready, without its head */
    uint32_t pairs;      /* 0: the answer of correlation alone (why-not) */
};

static bool wanted(struct ktg_bytes filter, const char *key, struct ktg_bytes value)
{
    struct ktg_wire_value v;
    return !filter.size || !ktg_wire_get(filter, key, &v) || ktg_bytes_eq(v.bytes, value);
}

struct listing {
    struct ktg_desk *desk;
    const struct session *session;
    struct ktg_bytes filter;
    uint64_t limit, found;
    bool more;
};

static int list_alert(void *arg, const struct ktg_alert *a)
{
    struct listing *l = arg;
    const struct ktg_track *t = ktg_alert_track(a, ktg_bytes_str(l->session->rights.agency));
    if (!t || !wanted(l->filter, "rule", a->rule) || !wanted(l->filter, "level", a->level) ||
        !wanted(l->filter, "state", a->state) ||
        !wanted(l->filter, "track", ktg_bytes_str(ktg_track_state_name(t->state))))
        return 0;
    if (l->found == l->limit || l->desk->items.size > ITEMS_BYTES) {
        l->more = true;
        return 1;
    }
    struct ktg_journal_item item;
    struct ktg_handed h = {0};
    bool read = ktg_handed_sees_all(t->agency) &&
                !ktg_journal_reader_at(l->desk->findings, a->position, &item, NULL) &&
                !item.erased && !ktg_handed_read(item.payload, &h);
    ktg_listed_row(a, t, read ? &h : NULL, &l->desk->items);
    l->found++;
    return 0;
}

void ktg_desk_answer(struct ktg_desk *d, ktg_peer peer, uint64_t number, uint64_t ref,
                     struct ktg_bytes items, bool more, const struct ktg_fault *fault)
{
    struct ktg_msg m = {.type = KTG_MSG_ANSWER, .session = number};
    static const uint8_t none[] = {0x90};
    m.answer = (struct ktg_msg_answer){.ref = ref,
                                       .more = more,
                                       .items = items.size ? items : ktg_bytes(none, 1),
                                       .code = fault ? ktg_bytes_str(fault->name) : KTG_BYTES_NONE,
                                       .text = fault ? ktg_bytes_str(fault->what) : KTG_BYTES_NONE};
    (void)ktg_desk_say(d, peer, &m); /* who hears nothing asks again */
}

/* The `order` of the last item of a page; nothing: the first page. */
static bool read_order(struct ktg_bytes text, uint64_t *ret_order)
{
    uint64_t order = 0;
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] < '0' || text.data[i] > '9' || order > UINT64_MAX / 10 - 1)
            return false;
        order = order * 10 + (uint64_t)(text.data[i] - '0');
    }
    *ret_order = order;
    return text.size == 0 || order > 0;
}

static void query_alerts(struct ktg_desk *d, const struct session *s, const struct ktg_msg_query *q)
{
    struct listing l = {d, s, q->filter, q->limit, 0, false};
    uint64_t before = 0;
    if (l.limit == 0)
        l.limit = PAGE;
    if (l.limit > PAGE_MOST)
        l.limit = PAGE_MOST;
    if (!read_order(q->after, &before)) {
        ktg_desk_answer(d, s->peer, s->number, q->ref, KTG_BYTES_NONE, false,
                        &ktg_faults[KTG_FAULT_BAD_MESSAGE]);
        return;
    }
    ktg_buf_clear(&d->items);
    int rc = ktg_casebook_alerts(d->options.casebook, before, list_alert, &l);
    struct ktg_buf list = KTG_BUF_INIT;
    ktg_wire_put_array(&list, (uint32_t)l.found);
    ktg_buf_put_bytes(&list, ktg_buf_view(&d->items));
    ktg_desk_answer(d, s->peer, s->number, q->ref, ktg_buf_view(&list), l.more,
                    rc < 0 ? &ktg_faults[KTG_FAULT_BUSY] : NULL);
    ktg_buf_done(&list);
}

static void show(struct ktg_desk *d, struct shown *w, struct ktg_bytes explanation)
{
    struct ktg_buf list = KTG_BUF_INIT;
    ktg_wire_put_array(&list, w->pairs || explanation.size);
    if (w->pairs)
        ktg_wire_put_map(&list, w->pairs + (explanation.size > 0));
    if (!w->pairs) {
        ktg_buf_put_bytes(&list, explanation);
    } else if (explanation.size) { /* "explanation" sorts after "body", before "tracks" */
        struct ktg_bytes ready = ktg_buf_view(&w->item);
        struct ktg_wire c = ktg_wire_open(ready);
        struct ktg_wire_value k, v;
        while (!ktg_wire_next(&c, &k) && !ktg_wire_next(&c, &v)) {
            if (ktg_bytes_is(k.bytes, "tracks")) {
                ktg_wire_put_text(&list, "explanation");
                ktg_buf_put_bytes(&list, explanation);
            }
            ktg_buf_put_bytes(&list, k.raw);
            ktg_buf_put_bytes(&list, v.raw);
        }
    } else {
        ktg_buf_put_bytes(&list, ktg_buf_view(&w->item));
    }
    ktg_desk_answer(d, w->peer, w->number, w->ref, ktg_buf_view(&list), false,
                    w->pairs || explanation.size ? NULL : &ktg_faults[KTG_FAULT_BUSY]);
    ktg_buf_done(&list);
    ktg_buf_done(&w->item);
    ktg_free(w);
}

void ktg_desk_told(void *arg, void *asked, struct ktg_bytes explanation)
{
    show(arg, asked, explanation);
}

/* What correlation alone answers: `why-not` for who sees all timelines, `rules`, which are counts, for everybody. */
static void query_correlation(struct ktg_desk *d, const struct session *s,
                              const struct ktg_msg_query *q)
{
    bool rules = q->what == KTG_QUERY_RULES;
    bool may = rules || ktg_handed_sees_all(ktg_bytes_str(s->rights.agency));
    struct shown *w = may ? ktg_zalloc(sizeof *w) : NULL;
    if (!w) {
        ktg_desk_answer(d, s->peer, s->number, q->ref, KTG_BYTES_NONE, false,
                        &ktg_faults[may ? KTG_FAULT_BUSY : KTG_FAULT_DENIED]);
        return;
    }
    *w = (struct shown){.desk = d, .peer = s->peer, .number = s->number, .ref = q->ref};
    if (rules ? ktg_asking_rules(d->asking, w) : ktg_asking_why_not(d->asking, q->filter, w))
        show(d, w, KTG_BYTES_NONE);
}

/* {alert, body, explanation?, tracks} */
static void query_alert(struct ktg_desk *d, const struct session *s, const struct ktg_msg_query *q)
{
    struct ktg_bytes agency = ktg_bytes_str(s->rights.agency);
    struct ktg_alert a = {0};
    struct ktg_journal_item item;
    struct ktg_handed h;
    char hex[33];
    int rc = ktg_casebook_alert(d->options.casebook, agency, q->id, &a);
    if (!rc)
        rc = ktg_journal_reader_at(d->findings, a.position, &item, NULL);
    if (!rc)
        rc = item.erased ? KTG_ENOTFOUND : ktg_handed_read(item.payload, &h);
    struct shown *w = rc ? NULL : ktg_zalloc(sizeof *w);
    if (!w) {
        ktg_desk_answer(
            d, s->peer, s->number, q->ref, KTG_BYTES_NONE, false,
            &ktg_faults[rc == KTG_ECONFLICT ? KTG_FAULT_AMBIGUOUS : KTG_FAULT_NO_SUCH_ALERT]);
        return;
    }
    *w = (struct shown){.desk = d, .peer = s->peer, .number = s->number, .ref = q->ref, .pairs = 3};
    ktg_hex(a.finding, 16, hex);
    ktg_wire_put_str_pair(&w->item, "alert", ktg_bytes(hex, 32));
    ktg_wire_put_text(&w->item, "body");
    ktg_handed_body(&h, agency, &w->item);
    ktg_listed_tracks(&a, agency, &w->item);
    if (!ktg_handed_sees_all(agency) || ktg_asking_ask(d->asking, a.finding, w))
        show(d, w, KTG_BYTES_NONE);
}

void ktg_desk_query(struct ktg_desk *d, const struct session *s, const struct ktg_msg_query *q)
{
    if (q->what == KTG_QUERY_ALERTS)
        query_alerts(d, s, q);
    else if (q->what == KTG_QUERY_ALERT)
        query_alert(d, s, q);
    else if (q->what == KTG_QUERY_WHY_NOT || q->what == KTG_QUERY_RULES)
        query_correlation(d, s, q);
    else
        ktg_desk_status(d, s, q);
}
