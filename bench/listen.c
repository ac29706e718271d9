/* bench/listen.c - one subscriber: when did which alert arrive?
 *
 *     bench_listen ENDPOINT USER SUB [server=KEY secret=KEY]       until SIGTERM, then one JSON line
 *
 * Of the rule bench-alert: how long after the event that it tells of was due to be sent (the instant in its id).
 * Of the rule bench-late: how long after the clock record that made it due (`at`, whole ms, so up to 1 ms is added).
 * Each item is confirmed.  What comes in the first half second after the first item is not counted.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>

#include "bench/client.h"
#include "bench/figures.h"
#include "bench/traffic.h"

enum { SETTLE_NS = 500000000, WINDOW = 60000 };

static volatile sig_atomic_t over;
static struct ktg_figures alerts, lates;
static uint64_t others;
static int64_t first;
static uint8_t incoming[KTG_FRAME_MAX];

static void on_signal(int number)
{
    (void)number;
    over = 1;
}

static int64_t wall_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void count(const struct ktg_item *item, int64_t now)
{
    struct ktg_wire_value rule, op, v, ms;
    if (!ktg_wire_get(item->body, "rule", &rule) || !ktg_wire_get(item->body, "op", &op) ||
        !ktg_bytes_is(op.bytes, "raise"))
        return;
    if (!first)
        first = now;
    if (now - first < SETTLE_NS)
        return;
    if (ktg_bytes_is(rule.bytes, "bench-alert") && ktg_wire_get(item->body, "anchor", &v) &&
        v.bytes.size == 16) {
        ktg_figures_add(&alerts, now - ktg_traffic_due(v.bytes.data), 1);
    } else if (ktg_bytes_is(rule.bytes, "bench-late") && ktg_wire_get(item->body, "at", &v)) {
        struct ktg_wire w = ktg_wire_inside(&v);
        if (!ktg_wire_next(&w, &ms))
            ktg_figures_add(&lates, now - ms.integer * 1000000, 1);
    } else {
        others++;
    }
}

static int take(struct ktg_client *c, const struct ktg_msg_deliver *d, int64_t now)
{
    struct ktg_wire w = ktg_list_open(d->items);
    struct ktg_item item;
    uint64_t cursor = 0;
    while (!ktg_item_next(&w, &item)) {
        count(&item, now);
        cursor = item.cursor;
    }
    struct ktg_msg m = {.type = KTG_MSG_CONFIRM, .session = c->session};
    m.confirm = (struct ktg_msg_confirm){d->sub, cursor};
    return ktg_client_send(c, &m);
}

static void put(const char *name, const struct ktg_figures *f)
{
    printf("\"%s\":{\"count\":%" PRIu64
           ",\"us_p50\":%.1f,\"us_p99\":%.1f,\"us_p999\":%.1f,\"us_max\":%.1f}",
           name, f->count, (double)ktg_figures_percentile(f, 50) / 1e3,
           (double)ktg_figures_percentile(f, 99) / 1e3,
           (double)ktg_figures_percentile(f, 99.9) / 1e3, (double)f->max / 1e3);
}

int main(int argc, char **argv)
{
    struct ktg_client c;
    struct ktg_client_options o = {.wants = "subscribe"};
    for (int i = 4; i < argc; i++) {
        if (strncmp(argv[i], "server=", 7) == 0)
            o.server_key = argv[i] + 7;
        if (strncmp(argv[i], "secret=", 7) == 0)
            o.secret_key = argv[i] + 7;
    }
    if (argc < 4) {
        fprintf(stderr, "bench_listen ENDPOINT USER SUB [server=KEY secret=KEY]\n");
        return 2;
    }
    o.endpoint = argv[1];
    o.producer = argv[2];
    struct sigaction stop = {.sa_handler = on_signal};
    sigaction(SIGTERM, &stop, NULL);
    struct ktg_msg m = {.type = KTG_MSG_SUBSCRIBE};
    int rc = ktg_client_open(&c, &o);
    m.session = c.session;
    m.subscribe = (struct ktg_msg_subscribe){
        .sub = ktg_bytes_str(argv[3]), .from = KTG_FROM_NOW, .window = WINDOW};
    if (!rc)
        rc = ktg_client_send(&c, &m);
    if (!rc) {
        printf("{\"ready\":true}\n");
        fflush(stdout);
    }
    while (!rc && !over) {
        ktg_client_wait(&c, 100000000);
        int got;
        while (!rc && (got = ktg_client_receive(&c, incoming, sizeof incoming, &m)) != 0)
            rc = got < 0 ? -1 : m.type == KTG_MSG_DELIVER ? take(&c, &m.deliver, wall_ns()) : 0;
    }
    printf("{\"ok\":%s,", rc ? "false" : "true");
    put("alerts", &alerts);
    printf(",");
    put("lates", &lates);
    printf(",\"others\":%" PRIu64 "}\n", others);
    ktg_client_close(&c);
    return rc ? 1 : 0;
}
