/* brokers/alerts/asking.c - see asking.h.
 * SPDX-License-Identifier: Apache-2.0
 */
#include "brokers/alerts/asking.h"

#include <stdio.h>

#include "runtime/clock.h"
#include "runtime/mem.h"
#include "schema/protocol.h"

struct question {
    uint64_t ref; /* 0: free */
    int64_t deadline;
    void *asked;
};

struct ktg_asking {
    struct ktg_link *link;
    struct ktg_timer *timer;
    ktg_asking_told *told;
    void *arg;
    uint64_t next_ref;
    struct question questions[ASKING_MOST];
    struct ktg_buf frame;
};

static void end(struct ktg_asking *e, struct question *q, struct ktg_bytes explanation)
{
    void *asked = q->asked;
    *q = (struct question){0};
    e->told(e->arg, asked, explanation);
}

static void on_message(void *arg, struct ktg_link *link, const struct ktg_link_message *lm)
{
    struct ktg_asking *e = arg;
    struct ktg_msg m;
    struct ktg_wire_value v;
    (void)link;
    if (ktg_protocol_decode(lm->payload, &m, NULL) || m.type != KTG_MSG_ANSWER)
        return;
    for (size_t i = 0; i < ASKING_MOST; i++) {
        if (!m.answer.ref || e->questions[i].ref != m.answer.ref)
            continue;
        struct ktg_wire w = ktg_list_open(m.answer.items);
        end(e, &e->questions[i], ktg_wire_next(&w, &v) ? KTG_BYTES_NONE : v.raw);
        return;
    }
}

static void on_timer(void *arg)
{
    struct ktg_asking *e = arg;
    int64_t now = ktg_mono_ms();
    for (size_t i = 0; i < ASKING_MOST; i++)
        if (e->questions[i].ref && e->questions[i].deadline <= now)
            end(e, &e->questions[i], KTG_BYTES_NONE);
}

int ktg_asking_open(struct ktg_context *context, struct ktg_loop *loop, const char *run_dir,
                    ktg_asking_told *told, void *arg, struct ktg_asking **ret_e,
                    struct ktg_err *err)
{
    char endpoint[160];
    struct ktg_asking *e = ktg_zalloc(sizeof *e);
    if (!e)
        return ktg_err_set(err, KTG_ENOMEM, "explanations: out of memory");
    e->told = told;
    e->arg = arg;
    snprintf(endpoint, sizeof endpoint, "ipc://%s/correlation.ipc", run_dir);
    struct ktg_link_calls calls = {.on_message = on_message, .arg = e};
    struct ktg_link_options options = {
        .endpoint = endpoint, .max_frame = KTG_FRAME_MAX, .retry_min = 50, .retry_max = 500};
    int rc = ktg_timer_new(loop, on_timer, e, &e->timer, err);
    if (!rc)
        rc = ktg_link_connect(context, &options, &calls, &e->link, err);
    if (rc) {
        ktg_asking_close(e);
        return rc;
    }
    ktg_timer_start(e->timer, 250, 250);
    *ret_e = e;
    return KTG_OK;
}

struct ktg_asking *ktg_asking_close(struct ktg_asking *e)
{
    if (!e)
        return NULL;
    for (size_t i = 0; i < ASKING_MOST; i++)
        if (e->questions[i].ref)
            end(e, &e->questions[i], KTG_BYTES_NONE);
    ktg_link_close(e->link);
    ktg_timer_free(e->timer);
    ktg_buf_done(&e->frame);
    ktg_free(e);
    return NULL;
}

static int ask(struct ktg_asking *e, struct ktg_msg_query query, void *asked)
{
    struct question *q = NULL;
    for (size_t i = 0; i < ASKING_MOST && !q; i++)
        if (!e->questions[i].ref)
            q = &e->questions[i];
    if (!q)
        return KTG_EFULL;
    struct ktg_msg m = {.type = KTG_MSG_QUERY, .query = query};
    m.query.ref = ++e->next_ref;
    ktg_buf_clear(&e->frame);
    if (ktg_protocol_encode(&m, &e->frame, NULL))
        return KTG_ENOMEM;
    if (ktg_link_send(e->link, 0, KTG_BYTES_NONE, ktg_buf_view(&e->frame)))
        return KTG_EUNREACHABLE;
    *q = (struct question){m.query.ref, ktg_mono_ms() + ASKING_MS, asked};
    return KTG_OK;
}

int ktg_asking_ask(struct ktg_asking *e, const uint8_t finding[static 16], void *asked)
{
    char hex[33];
    ktg_hex(finding, 16, hex);
    return ask(e, (struct ktg_msg_query){.what = KTG_QUERY_ALERT, .id = ktg_bytes(hex, 32)}, asked);
}

int ktg_asking_why_not(struct ktg_asking *e, struct ktg_bytes filter, void *asked)
{
    return ask(e, (struct ktg_msg_query){.what = KTG_QUERY_WHY_NOT, .filter = filter}, asked);
}

int ktg_asking_rules(struct ktg_asking *e, void *asked)
{
    return ask(e, (struct ktg_msg_query){.what = KTG_QUERY_RULES}, asked);
}
