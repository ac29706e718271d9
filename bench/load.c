/* bench/load.c - one producer: sends events in PUBLISH frames and waits for their acknowledgements.
 *
 *     bench_load ENDPOINT PRODUCER SECONDS [name=value ...]
 *         rate=N       events a second; 0 (default): as fast as the window allows
 *         frame=N      most events in a frame (64)
 *         events=N     stop after so many; 0 (default): after SECONDS
 *         window=N     most events in flight (24576); never more than the credit
 *         persons=N    (1000000)        seed=N (1)
 *         refused=N    events of 65536 that raise an alert at once (1311)
 *         overdue=N    events of 65536 that become due `ahead` ms after they were sent (0)
 *         ahead=N      ms (1500)
 *         server=KEY secret=KEY         Z85; without them plain
 *
 * With a rate each event has its instant, t0 + n / rate; it is sent at the first look after it, and latency counts from
 * that instant, not from when it was sent.  Without one, latency counts from the sending.  What is in flight at the end
 * is waited for.  One JSON line: what was acknowledged, in how long, and how long that took event by event.
 * SPDX-License-Identifier: Apache-2.0
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include "bench/client.h"
#include "bench/figures.h"
#include "bench/traffic.h"
#include "cmd/shipped.h"

enum {
    RING = 1 << 20,
    LOOK_NS = 50000,
    SETTLE_NS = 500000000,
    DAY = 24 * 3600 * 1000,
    PATIENCE_NS = 30
};

static struct ktg_figures answers;
static int64_t sent_at[RING]; /* or due at, of sequence number % RING */
static uint8_t incoming[KTG_FRAME_MAX];

struct load {
    struct ktg_client client;
    struct ktg_traffic *traffic;
    uint64_t rate, frame, events, window, persons, seed, refused, overdue, ahead;
    const char *server, *secret;
    int64_t began, wall; /* mono ns; realtime - mono */
    uint64_t seq, acked, rejected, bytes, held;
    struct ktg_buf list, out;
};

static int read_options(struct load *l, int argc, char **argv)
{
    const struct {
        const char *name;
        uint64_t *to;
    } numbers[] = {{"rate", &l->rate},       {"frame", &l->frame},     {"events", &l->events},
                   {"window", &l->window},   {"persons", &l->persons}, {"seed", &l->seed},
                   {"refused", &l->refused}, {"overdue", &l->overdue}, {"ahead", &l->ahead}};
    for (int i = 0; i < argc; i++) {
        char *value = strchr(argv[i], '=');
        if (!value)
            return -1;
        *value++ = 0;
        bool known = true;
        if (strcmp(argv[i], "server") == 0)
            l->server = value;
        else if (strcmp(argv[i], "secret") == 0)
            l->secret = value;
        else
            known = false;
        for (size_t k = 0; !known && k < KTG_COUNT(numbers); k++)
            if (strcmp(argv[i], numbers[k].name) == 0) {
                *numbers[k].to = strtoull(value, NULL, 10);
                known = true;
            }
        if (!known) {
            fprintf(stderr, "bench_load: what is %s?\n", argv[i]);
            return -1;
        }
    }
    return l->frame >= 1 && l->frame <= KTG_PUBLISH_EVENTS ? 0 : -1;
}

/* When event `seq` (from 1) is due, mono ns. */
static int64_t due(const struct load *l, uint64_t seq)
{
    return l->began + (int64_t)((double)(seq - 1) * 1e9 / (double)l->rate);
}

/* How many may go now. */
static uint64_t allowed(const struct load *l, int64_t now)
{
    uint64_t flying = l->seq - l->acked, n = flying < l->window ? l->window - flying : 0;
    if (n > l->frame)
        n = l->frame;
    if (l->events && n > l->events - l->seq)
        n = l->events - l->seq;
    if (!l->rate)
        return n;
    uint64_t k = 0;
    while (k < n && due(l, l->seq + k + 1) <= now)
        k++;
    return k;
}

static int send_frame(struct load *l, uint64_t count, int64_t now)
{
    uint64_t first = l->seq + 1;
    ktg_buf_clear(&l->out);
    uint8_t head[KTG_FRAME_HEAD] = {'K', 'T', KTG_PROTO_VERSION, KTG_MSG_PUBLISH};
    ktg_frame_set_session(head, l->client.session);
    ktg_buf_put(&l->out, head, sizeof head);
    ktg_wire_put_map(&l->out, 2);
    ktg_wire_put_text(&l->out, "events");
    ktg_wire_put_array(&l->out, (uint32_t)count);
    for (uint64_t i = 0; i < count; i++) {
        int64_t at = l->rate ? due(l, ++l->seq) : (l->seq++, now), wall = at + l->wall;
        enum ktg_traffic_kind kind =
            ktg_traffic_kind(l->traffic, (uint32_t)l->refused, (uint32_t)l->overdue);
        ktg_time occurred =
            wall / 1000000 - (kind == KTG_TRAFFIC_OVERDUE ? DAY - (int64_t)l->ahead : 0);
        struct ktg_bytes e = ktg_traffic_next(l->traffic, kind, wall, occurred);
        sent_at[l->seq % RING] = at;
        ktg_wire_put_bin(&l->out, e);
        l->bytes += e.size;
    }
    ktg_wire_put_text(&l->out, "first_seq");
    ktg_wire_put_int(&l->out, (int64_t)first);
    return ktg_client_send_frame(&l->client, l->out.data, l->out.size);
}

static void on_ack(struct load *l, uint64_t upto, int64_t now)
{
    for (uint64_t s = l->acked + 1; s <= upto; s++)
        if (now - l->began > SETTLE_NS)
            ktg_figures_add(&answers, now - sent_at[s % RING], 1);
    if (upto > l->acked)
        l->acked = upto;
}

/* All that has come.  -1: it is over. */
static int listen_to(struct load *l)
{
    struct ktg_msg m;
    int got;
    while ((got = ktg_client_receive(&l->client, incoming, sizeof incoming, &m)) > 0) {
        if (m.type == KTG_MSG_ACK) {
            on_ack(l, m.ack.seq, ktg_mono_ns());
        } else if (m.type == KTG_MSG_NACK) {
            if (m.nack.nack_class == KTG_NACK_REJECT && l->rejected++)
                continue;
            fprintf(stderr, "bench_load: refused: %.*s %.*s got %.*s\n", (int)m.nack.code.size,
                    (const char *)m.nack.code.data, (int)m.nack.where.size,
                    (const char *)m.nack.where.data, (int)m.nack.got.size,
                    (const char *)m.nack.got.data);
            if (m.nack.nack_class != KTG_NACK_REJECT)
                return -1;
        }
    }
    return got;
}

static int run(struct load *l, int64_t length)
{
    int64_t now = l->began = ktg_mono_ns();
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    l->wall = (int64_t)t.tv_sec * 1000000000 + t.tv_nsec - now;
    while (now - l->began < length && (!l->events || l->seq < l->events)) {
        uint64_t n = allowed(l, now);
        if (n && send_frame(l, n, now))
            return -1;
        if (listen_to(l))
            return -1;
        if (l->rate ? n < l->frame : n == 0) {
            l->held += l->seq - l->acked >= l->window;
            ktg_client_wait(&l->client, l->rate ? LOOK_NS : 1000000);
        }
        now = ktg_mono_ns();
    }
    while (l->acked < l->seq && ktg_mono_ns() - now < PATIENCE_NS * INT64_C(1000000000)) {
        ktg_client_wait(&l->client, 1000000);
        if (listen_to(l))
            return -1;
    }
    return l->acked == l->seq ? 0 : -1;
}

int main(int argc, char **argv)
{
    static struct load l = {.frame = 64,
                            .window = 24576,
                            .persons = 1000000,
                            .seed = 1,
                            .refused = 1311,
                            .ahead = 1500};
    struct ktg_files files = KTG_FILES_INIT;
    struct ktg_shipped_choice shipped = {0};
    struct ktg_catalogue *catalogue = NULL;
    struct ktg_err err = KTG_ERR_INIT;
    if (argc < 4 || read_options(&l, argc - 4, argv + 4)) {
        fprintf(stderr, "bench_load ENDPOINT PRODUCER SECONDS [name=value ...]: see the head of "
                        "bench/load.c\n");
        return 2;
    }
    if (ktg_shipped_gather(&shipped, &files, &err) ||
        ktg_shipped_catalogue(files.at, files.count, &catalogue, &err) ||
        ktg_traffic_new(catalogue, l.seed, l.persons, ktg_clock_now(&KTG_CLOCK_REAL), &l.traffic,
                        &err)) {
        fprintf(stderr, "bench_load: %s\n", err.text);
        return 1;
    }
    struct ktg_client_options o = {.endpoint = argv[1],
                                   .producer = argv[2],
                                   .server_key = l.server,
                                   .secret_key = l.secret,
                                   .wants = "publish"};
    int rc = ktg_client_open(&l.client, &o);
    if (!rc && l.client.welcome.credit.events < l.window)
        l.window = l.client.welcome.credit.events;
    if (!rc)
        rc = run(&l, (int64_t)(strtod(argv[3], NULL) * 1e9));
    double seconds = (double)(ktg_mono_ns() - l.began) / 1e9;
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    double cpu = (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
                 (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
    printf("{\"ok\":%s,\"acked\":%" PRIu64 ",\"rejected\":%" PRIu64
           ",\"seconds\":%.3f,\"events_per_s\":%.0f,"
           "\"bytes_per_event\":%.1f,\"window\":%" PRIu64 ",\"held\":%" PRIu64
           ",\"ack_us_p50\":%.1f,\"ack_us_p99\":%.1f,"
           "\"cpu_s\":%.2f}\n",
           rc ? "false" : "true", l.acked, l.rejected, seconds, (double)l.acked / seconds,
           l.seq ? (double)l.bytes / (double)l.seq : 0, l.window, l.held,
           (double)ktg_figures_percentile(&answers, 50) / 1e3,
           (double)ktg_figures_percentile(&answers, 99) / 1e3, cpu);
    ktg_client_close(&l.client);
    ktg_buf_done(&l.out);
    ktg_traffic_free(l.traffic);
    ktg_catalogue_free(catalogue);
    ktg_files_done(&files);
    return rc ? 1 : 0;
}
