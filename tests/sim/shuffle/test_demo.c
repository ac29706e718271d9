/* tests/sim/shuffle/test_demo.c - the demo's own events, in any order of arrival (DECISIONS 27).
 *
 *     the synthetic country ──> arrival = occurred_at + random lateness, ORDERS times ──> the same findings stand at the end
 *
 * From the live week on the sources vouch for themselves, as their agents do in the demo, one heartbeat in four hours; the post that
 * is offline for two days does not, and every third source falls silent at the end of the week.  Heartbeats and the clock stay where
 * they are.
 *
 *     test_demo SEED ORDERS [PERCENT]          PERCENT: of the ordinary population; who is planted stays (100, as in the demo)
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>
#include <stdlib.h>

#include "producers/simulate/simulate.h"
#include "runtime/mem.h"
#include "schema/json.h"
#include "tests/sim/shuffle/orders.h"

#define BEAT      ((ktg_time)4 * 3600 * 1000)
#define LATE_MOST ((ktg_time)40 * KTG_DAY_MS)

struct country {
    struct ktg_simulate *simulate;
    struct ktg_arena blobs;
    struct orders_arrival *list; /* events in order of arrival, then heartbeats */
    ktg_time *occurred;
    size_t events, count;
    ktg_time end; /* everything has arrived, in every order */
};

static int read_events(struct country *n, const struct ktg_catalogue *catalogue,
                       struct ktg_err *err)
{
    struct ktg_buf line = KTG_BUF_INIT, blob = KTG_BUF_INIT;
    struct ktg_simulate_event e;
    int rc = KTG_OK;
    while (!rc && ktg_simulate_next(n->simulate, &e)) {
        ktg_buf_clear(&line);
        ktg_buf_clear(&blob);
        ktg_simulate_print(&e, false, &line);
        if ((rc = ktg_json_decode(catalogue, ktg_buf_view(&line), &blob, NULL, err)))
            break;
        char *copy = ktg_arena_strndup(&n->blobs, (const char *)blob.data, blob.size);
        if (!copy)
            rc = KTG_ENOMEM;
        n->occurred[n->events] = e.occurred_at;
        n->list[n->events++] =
            (struct orders_arrival){.blob = ktg_bytes(copy, blob.size), .at = e.arrives_at};
    }
    ktg_buf_done(&line);
    ktg_buf_done(&blob);
    return rc;
}

static bool is_offline(const struct ktg_simulate *s, const char *source, ktg_time t)
{
    for (size_t i = 0; i < ktg_simulate_outage_count(s); i++) {
        const struct ktg_simulate_outage *o = ktg_simulate_outage(s, i);
        if (strcmp(o->source, source) == 0 && t >= o->from && t < o->until)
            return true;
    }
    return false;
}

static int make(struct country *n, int percent, const struct ktg_catalogue *catalogue,
                struct ktg_err *err)
{
    const struct ktg_simulate_options options = {
        .scenario = "borneo-week", .seed = 1, .percent = percent};
    ktg_time start, live, end;
    int rc = ktg_simulate_new(&options, &n->simulate, err);
    if (rc)
        return rc;
    ktg_simulate_span(n->simulate, &start, &live, &end);
    n->end = end + LATE_MOST;
    size_t sources = ktg_simulate_source_count(n->simulate), most = ktg_simulate_count(n->simulate);
    size_t room = most + sources * (size_t)((n->end - live) / BEAT + 1);
    n->list = ktg_calloc(room, sizeof *n->list);
    n->occurred = ktg_calloc(most, sizeof *n->occurred);
    if (!n->list || !n->occurred)
        return KTG_ENOMEM;
    if ((rc = read_events(n, catalogue, err)))
        return rc;
    n->count = n->events;
    for (ktg_time t = live; t < n->end; t += BEAT) {
        for (size_t i = 0; i < sources; i++) {
            const char *source = ktg_simulate_source(n->simulate, i);
            bool fell_silent = t >= end && i % 3 == 0;
            if (!fell_silent && !is_offline(n->simulate, source, t))
                n->list[n->count++] = (struct orders_arrival){
                    .source = ktg_bytes_str(source), .at = t, .tie = UINT32_MAX};
        }
    }
    return KTG_OK;
}

static int shuffle(const struct country *n, struct ktg_bytes bundle, uint64_t seed, int orders,
                   struct orders_counts *c, struct ktg_err *err)
{
    struct orders_random r = orders_random(seed);
    struct ktg_buf first = KTG_BUF_INIT, now = KTG_BUF_INIT;
    struct orders_arrival *list = ktg_calloc(n->count, sizeof *list);
    int rc = list ? KTG_OK : KTG_ENOMEM;
    for (int order = 0; !rc && order <= orders; order++) { /* 0: as the demo has it */
        memcpy(list, n->list, n->count * sizeof *list);
        for (size_t i = 0; order && i < n->events; i++) {
            list[i].at = n->occurred[i] + orders_lateness(&r);
            list[i].tie = orders_next(&r, UINT32_MAX - 1);
        }
        c->answers = order % 10 == 9 ? KTG_ANSWERS_WHOLE : (enum ktg_answers_how)(order % 2 * 2);
        rc = orders_play(bundle, list, n->count, n->end, false, !order, c, order ? &now : &first,
                         err);
        if (!rc && order && !ktg_bytes_eq(ktg_buf_view(&first), ktg_buf_view(&now))) {
            printf("seed %llu, order %d: other findings stand\n", (unsigned long long)seed, order);
            orders_tell_difference(&first, &now);
            rc = ktg_err_set(err, KTG_ECORRUPT, "order matters");
        }
    }
    c->findings = orders_lines(&first);
    if (!rc && !c->findings)
        rc = ktg_err_set(err, KTG_ENOTFOUND, "nothing stands: nothing was shuffled");
    ktg_free(list);
    ktg_buf_done(&first);
    ktg_buf_done(&now);
    return rc;
}

int main(int argc, char **argv)
{
    uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 10) : 1;
    int orders = (argc > 2 ? atoi(argv[2]) : 5) * orders_scale();
    int percent = argc > 3 ? atoi(argv[3]) : 100;
    struct country n = {.blobs = KTG_ARENA_INIT};
    struct orders_counts c = {.rules = KTG_BUF_INIT};
    struct ktg_ruleset *rs = NULL;
    struct ktg_buf bundle = KTG_BUF_INIT;
    struct ktg_err err = KTG_ERR_INIT;
    /* as the demo has it: a heartbeat in four hours is no silence */
    int rc = orders_bundle(NULL, "settings: {producer.silent: 12h}\n", &rs, &bundle, &err);
    if (!rc)
        rc = make(&n, percent, ktg_ruleset_catalogue(rs), &err);
    if (!rc)
        rc = shuffle(&n, ktg_buf_view(&bundle), seed, orders, &c, &err);
    printf("seed %llu, %d %% of the country: %zu events, %zu heartbeats, %d orders: ",
           (unsigned long long)seed, percent, n.events, n.count - n.events, orders);
    orders_tell(&c);
    printf("%s\n", rc ? err.text : "");
    ktg_buf_done(&bundle);
    orders_done(&c);
    ktg_ruleset_free(rs);
    ktg_free(n.list);
    ktg_free(n.occurred);
    ktg_arena_done(&n.blobs);
    ktg_simulate_free(n.simulate);
    return rc != 0;
}
